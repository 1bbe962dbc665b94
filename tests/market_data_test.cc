// Market data over gRPC, held against the engine: books rebuilt from snapshot and increments are
// the server's book at every record, under random orders, in sight of five levels and of all; L1,
// status, halts, indicative prices, the directory and bars say what the market says.

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "market/session_types.h"
#include "server/exchange_live.h"
#include "tests/market_place.h"

namespace ets {
namespace {

using Prices = std::map<std::int64_t, std::int64_t>;  // Quantity by price.

// One side's orders as they would trade at a price.
using Queue = std::vector<std::pair<std::uint64_t, std::int64_t>>;
using Queues = std::map<std::int64_t, Queue>;

// The book after one record.
struct Book {
  Prices bids, offers;
  Queues bid_orders, offer_orders;

  friend bool operator==(const Book&, const Book&) = default;
};

template <typename Map>
void KeepBest(Map& levels, std::size_t count, bool highest) {
  while (count != 0 && levels.size() > count) {
    levels.erase(highest ? levels.begin() : std::prev(levels.end()));
  }
}

// The engine's own, within the best levels.
Book EngineBook(MarketPlace& place, std::size_t levels, std::uint64_t& sequence) {
  Book book;
  place.server().exchange()->Read([&](const market::Market& market) {
    sequence = market.sequence();
    market.engine(InstrumentId(0)).ForEach([&](const matching::OrderView& order) {
      if (order.state != matching::OrderState::kResting) return;
      const bool is_bid = order.side == matching::Side::kBuy;
      const std::int64_t price = order.limit.minor_per_tonne();
      (is_bid ? book.bids : book.offers)[price] += order.visible.count();
      (is_bid ? book.bid_orders : book.offer_orders)[price].emplace_back(order.id.raw(),
                                                                         order.visible.count());
    });
  });
  KeepBest(book.bids, levels, true), KeepBest(book.bid_orders, levels, true);
  KeepBest(book.offers, levels, false), KeepBest(book.offer_orders, levels, false);
  return book;
}

// What a reader of L2 knows.
struct DepthReader {
  Book book;

  void Take(const mk::WatchDepthResponse& told) {
    if (told.snapshot()) book = {};
    for (auto [levels, out] :
         {std::pair(&told.bids(), &book.bids), {&told.offers(), &book.offers}}) {
      for (const mk::Level& level : *levels) {
        if (level.quantity() == 0) {
          out->erase(level.price());
        } else {
          (*out)[level.price()] = level.quantity();
        }
      }
    }
  }
};

// What a reader of L3 knows.
struct OrdersReader {
  std::map<std::uint64_t, std::pair<mk::Side, std::int64_t>> where;
  Queues bids, offers;

  Queues& Of(mk::Side side) { return side == mk::SIDE_BUY ? bids : offers; }
  void Remove(std::uint64_t order) {
    const auto known = where.find(order);
    if (known == where.end()) return;
    Queues& side = Of(known->second.first);
    Queue& queue = side[known->second.second];
    std::erase_if(queue, [&](const auto& one) { return one.first == order; });
    if (queue.empty()) side.erase(known->second.second);
    where.erase(known);
  }
  void Take(const mk::WatchOrdersResponse& told) {
    if (told.snapshot()) *this = {};
    for (const mk::BookOrder& order : told.orders()) {
      const auto known = where.find(order.order());
      const bool stays = known != where.end() && !order.to_the_end() &&
                         known->second == std::pair(order.side(), order.price());
      if (order.quantity() != 0 && stays) {
        for (auto& [id, quantity] : Of(order.side())[order.price()]) {
          if (id == order.order()) quantity = order.quantity();
        }
        continue;
      }
      Remove(order.order());
      if (order.quantity() == 0) continue;
      where[order.order()] = {order.side(), order.price()};
      Of(order.side())[order.price()].emplace_back(order.order(), order.quantity());
    }
  }
};

// Members who place, change and cancel at random; every record's book is remembered.
class RandomFlow {
 public:
  RandomFlow(MarketPlace& place, std::size_t levels, std::uint64_t seed)
      : place_(place), levels_(levels), dice_(seed) {
    Remember();
  }
  void Step() {
    const int member = static_cast<int>(Below(place_.members()));
    const std::int64_t what = Below(10);
    if (what < 7 || orders_.empty()) {
      Place(member);
    } else {
      Touch(orders_[static_cast<std::size_t>(Below(static_cast<std::int64_t>(orders_.size())))],
            what == 9);
    }
    Remember();
  }
  // Takes every offer and waits in front, which no book before looked like.
  void End() {
    mk::PlaceOrderRequest request;
    request.set_member(MarketPlace::Member(0));
    request.set_instrument(MarketPlace::kInstrument);
    request.set_side(mk::SIDE_BUY);
    request.set_price(7'600);
    request.set_quantity(99'000);
    mk::PlaceOrderResponse response;
    MarketPlace::Must(
        Call(place_.market(), &mk::MarketService::Stub::PlaceOrder, request, response));
    Remember();
  }
  // The book as it stood when record `sequence` was applied.
  const Book& At(std::uint64_t sequence) const {
    return std::prev(books_.upper_bound(sequence))->second;
  }
  std::uint64_t last() const { return books_.rbegin()->first; }

 private:
  struct Own {
    int member;
    std::uint64_t order;
  };
  std::int64_t Below(std::int64_t bound) {
    return static_cast<std::int64_t>(dice_() % static_cast<std::uint64_t>(bound));
  }
  void Remember() {
    std::uint64_t sequence = 0;
    Book book = EngineBook(place_, levels_, sequence);
    books_[sequence] = std::move(book);
  }
  void Place(int member) {
    mk::PlaceOrderRequest request;
    request.set_member(MarketPlace::Member(member));
    request.set_instrument(MarketPlace::kInstrument);
    request.set_side(Below(2) == 0 ? mk::SIDE_BUY : mk::SIDE_SELL);
    const std::int64_t away = Below(12) - 3;
    request.set_price(request.side() == mk::SIDE_BUY ? 7'000 - away : 7'001 + away);
    request.set_quantity(1 + Below(40));
    if (Below(8) == 0) request.set_display_quantity(1 + Below(request.quantity()));
    mk::PlaceOrderResponse response;
    const auto done =
        Call(place_.market(), &mk::MarketService::Stub::PlaceOrder, request, response);
    if (done.ok() && response.resting() > 0) orders_.push_back({member, response.order()});
  }
  void Touch(const Own& own, bool cancels) {
    mk::ChangeOrderRequest change;
    change.set_member(MarketPlace::Member(own.member));
    change.mutable_change()->mutable_key()->set_instrument(MarketPlace::kInstrument);
    change.mutable_change()->mutable_key()->set_order(own.order);
    change.mutable_change()->set_quantity(1 + Below(40));
    if (Below(2) == 0) change.mutable_change()->set_price(6'990 + Below(20));
    mk::ChangeOrderResponse changed;
    if (!cancels) {
      Call(place_.market(), &mk::MarketService::Stub::ChangeOrder, change, changed);
      return;
    }
    mk::CancelOrderRequest cancel;
    cancel.set_member(change.member());
    cancel.set_instrument(MarketPlace::kInstrument);
    cancel.set_order(own.order);
    mk::CancelOrderResponse cancelled;
    Call(place_.market(), &mk::MarketService::Stub::CancelOrder, cancel, cancelled);
  }

  MarketPlace& place_;
  const std::size_t levels_;
  std::mt19937_64 dice_;
  std::vector<Own> orders_;
  std::map<std::uint64_t, Book> books_;  // By the first record it holds for.
};

market::VenueRules ContinuousWithoutHours() {
  market::VenueRules rules;
  market::SessionType type = *market::FindSessionType("continuous");
  type.hours = {};
  type.opening_call = type.closing_call = type.volatility_call = 0;
  type.static_range_bp = type.dynamic_range_bp = 0;
  rules.sessions[0] = type;
  return rules;
}

class Rebuilt : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  // Both books, rebuilt after every message, are the engine's.
  static void Check(MarketPlace& place, std::size_t levels, std::uint64_t seed) {
    grpc::ClientContext depth_context, orders_context;
    mk::WatchDepthRequest depth_request;
    depth_request.set_instrument(MarketPlace::kInstrument);
    mk::WatchOrdersRequest orders_request;
    orders_request.set_instrument(MarketPlace::kInstrument);
    RandomFlow flow(place, levels, seed);
    for (int i = 0; i < 60; ++i) flow.Step();
    const auto depth = place.data().WatchDepth(&depth_context, depth_request);
    const auto orders = place.data().WatchOrders(&orders_context, orders_request);
    DepthReader l2;
    OrdersReader l3;
    mk::WatchDepthResponse levels_told;
    mk::WatchOrdersResponse orders_told;
    ASSERT_TRUE(depth->Read(&levels_told));
    ASSERT_TRUE(orders->Read(&orders_told));
    EXPECT_TRUE(levels_told.snapshot() && orders_told.snapshot());
    for (int i = 0; i < 400; ++i) flow.Step();
    flow.End();
    int messages = 0;
    std::uint64_t number = 0;
    const Book& end = flow.At(flow.last());
    for (bool more = true; more; ++messages) {
      EXPECT_GT(levels_told.number(), number);
      number = levels_told.number();
      l2.Take(levels_told);
      const Book& book = flow.At(levels_told.sequence());
      EXPECT_EQ(l2.book.bids, book.bids) << "record " << levels_told.sequence();
      EXPECT_EQ(l2.book.offers, book.offers) << "record " << levels_told.sequence();
      if (HasFailure()) return;
      more =
          (l2.book.bids != end.bids || l2.book.offers != end.offers) && depth->Read(&levels_told);
    }
    for (bool more = true; more; ++messages) {
      l3.Take(orders_told);
      const Book& book = flow.At(orders_told.sequence());
      EXPECT_EQ(l3.bids, book.bid_orders) << "record " << orders_told.sequence();
      EXPECT_EQ(l3.offers, book.offer_orders) << "record " << orders_told.sequence();
      if (HasFailure()) return;
      more = (l3.bids != end.bid_orders || l3.offers != end.offer_orders) &&
             orders->Read(&orders_told);
    }
    EXPECT_GT(messages, 200);
    depth_context.TryCancel();
    orders_context.TryCancel();
  }
};

TEST_P(Rebuilt, IsTheEnginesBookAtEveryRecordWithinFiveLevels) {
  MarketPlace place(3, {}, false);
  Check(place, 5, GetParam());
}

// Whoever is too slow for what happens is shown the book anew: here everybody is.
TEST_P(Rebuilt, IsTheEnginesBookWhenAllOfItIsConflated) {
  server::VenueOptions venue;
  venue.market_data.waiting_max = 0;
  MarketPlace place(3, venue, false);
  Check(place, 5, GetParam());
}

TEST_P(Rebuilt, IsTheEnginesBookAtEveryRecordInFull) {
  MarketPlace place(3, {}, false, 65'536, ContinuousWithoutHours());
  Check(place, 0, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Rebuilt, ::testing::Values(1, 2, 3));

// ---- The rest of the market's face ----

class Face : public ::testing::Test {
 protected:
  grpc::Status Place(int member, mk::Side side, std::int64_t price, std::int64_t quantity) {
    mk::PlaceOrderRequest request;
    request.set_member(MarketPlace::Member(member));
    request.set_instrument(MarketPlace::kInstrument);
    request.set_side(side);
    request.set_price(price);
    request.set_quantity(quantity);
    mk::PlaceOrderResponse response;
    return Call(place_.market(), &mk::MarketService::Stub::PlaceOrder, request, response);
  }
  grpc::Status Halt(bool cancels = false) {
    mk::HaltTradingRequest request;
    request.set_instrument(MarketPlace::kInstrument);
    request.set_cancel_orders(cancels);
    return Call(place_.market(), &mk::MarketService::Stub::HaltTrading, request, halted_);
  }
  grpc::Status Resume() {
    mk::ResumeTradingRequest request;
    request.set_instrument(MarketPlace::kInstrument);
    mk::ResumeTradingResponse response;
    return Call(place_.market(), &mk::MarketService::Stub::ResumeTrading, request, response);
  }
  template <typename Reader, typename Response, typename Holds>
  static void ReadUntil(Reader& reader, Response& response, const Holds& holds) {
    while (!holds()) ASSERT_TRUE(reader->Read(&response)) << "the stream ended";
  }
  static std::string ReasonIn(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    if (!details.ParseFromString(status.error_details()) || details.details_size() == 0) return {};
    details.details(0).UnpackTo(&info);
    return info.reason();
  }

  MarketPlace place_{2};
  mk::HaltTradingResponse halted_;
};

TEST_F(Face, ShowsTheBestPricesAndTheDaysNumbersAsTheyChange) {
  grpc::ClientContext context;
  mk::WatchQuotesRequest request;
  request.set_instrument(MarketPlace::kInstrument);
  const auto reader = place_.data().WatchQuotes(&context, request);
  mk::WatchQuotesResponse quote;
  ASSERT_TRUE(reader->Read(&quote));
  EXPECT_EQ(quote.bid().quantity(), 0);
  EXPECT_EQ(quote.instrument().session_type(), "cn-listed");
  EXPECT_EQ(quote.instrument().band_high(), 7'700);
  ASSERT_TRUE(Place(0, mk::SIDE_SELL, 7'010, 100).ok());
  ASSERT_TRUE(Place(1, mk::SIDE_BUY, 6'990, 50).ok());
  ASSERT_TRUE(Place(1, mk::SIDE_BUY, 7'020, 30).ok());
  ReadUntil(reader, quote, [&] { return quote.instrument().volume() == 30; });
  EXPECT_EQ(quote.bid().price(), 6'990);
  EXPECT_EQ(quote.bid().orders(), 1U);
  EXPECT_EQ(quote.offer().price(), 7'010);
  EXPECT_EQ(quote.offer().quantity(), 70);
  EXPECT_EQ(quote.instrument().last(), 7'010);
  EXPECT_EQ(quote.instrument().value(), 30 * 7'010);
  EXPECT_EQ(quote.instrument().trades(), 1U);
  context.TryCancel();
}

TEST_F(Face, TellsOfHaltsAndResumptionsAndRefusesOrdersMeanwhile) {
  grpc::ClientContext context;
  mk::WatchStatusRequest request;
  request.set_instrument(MarketPlace::kInstrument);
  const auto reader = place_.data().WatchStatus(&context, request);
  mk::WatchStatusResponse status;
  ASSERT_TRUE(reader->Read(&status));
  EXPECT_EQ(status.instrument().phase(), mk::PHASE_CONTINUOUS);
  ASSERT_TRUE(Place(0, mk::SIDE_SELL, 7'010, 100).ok());
  ASSERT_TRUE(Halt().ok());
  ReadUntil(reader, status, [&] { return status.instrument().phase() == mk::PHASE_HALTED; });
  EXPECT_EQ(ReasonIn(Place(1, mk::SIDE_BUY, 7'010, 10)), "INSTRUMENT_HALTED");
  EXPECT_EQ(ReasonIn(Halt()), "ALREADY_SO");
  ASSERT_TRUE(Resume().ok());
  ReadUntil(reader, status, [&] { return status.instrument().phase() == mk::PHASE_CONTINUOUS; });
  EXPECT_EQ(ReasonIn(Resume()), "ALREADY_SO");
  EXPECT_TRUE(Place(1, mk::SIDE_BUY, 7'010, 10).ok()) << "the resting order has stayed";
  ASSERT_TRUE(Halt(true).ok());
  EXPECT_EQ(halted_.receipt().cancelled(), 1U);
  place_.CloseDay();
  ReadUntil(reader, status, [&] { return status.instrument().phase() == mk::PHASE_CLOSED; });
  context.TryCancel();
}

TEST_F(Face, ShowsWhereACallWouldClear) {
  grpc::ClientContext context;
  mk::WatchStatusRequest request;
  request.set_instrument(MarketPlace::kInstrument);
  const auto reader = place_.data().WatchStatus(&context, request);
  mk::WatchStatusResponse status;
  mk::SetPhaseRequest to;
  to.set_instrument(MarketPlace::kInstrument);
  to.set_phase(mk::PHASE_OPENING_CALL);
  mk::SetPhaseResponse moved;
  const auto phase = &mk::MarketService::Stub::SetPhase;
  ASSERT_TRUE(Call(place_.market(), phase, to, moved).ok());
  ASSERT_TRUE(Place(0, mk::SIDE_SELL, 6'990, 100).ok());
  ASSERT_TRUE(Place(1, mk::SIDE_BUY, 7'010, 60).ok());
  ReadUntil(reader, status, [&] { return status.has_indicative(); });
  EXPECT_EQ(status.indicative_volume(), 60);
  EXPECT_EQ(status.imbalance(), -40);
  const std::int64_t indicative = status.indicative_price();
  to.set_phase(mk::PHASE_CONTINUOUS);
  ASSERT_TRUE(Call(place_.market(), phase, to, moved).ok());
  ReadUntil(reader, status, [&] { return status.instrument().phase() == mk::PHASE_CONTINUOUS; });
  EXPECT_FALSE(status.has_indicative());
  EXPECT_EQ(status.instrument().last(), indicative);
  EXPECT_EQ(status.instrument().volume(), 60);
  context.TryCancel();
}

TEST(Tape, LacksNoTradeWhenMarketDataIsConflated) {
  server::VenueOptions venue;
  venue.market_data.waiting_max = 0;
  MarketPlace place(2, venue, false);
  const auto trade = [&place] {
    for (const auto& [member, side] : {std::pair(0, mk::SIDE_SELL), {1, mk::SIDE_BUY}}) {
      mk::PlaceOrderRequest request;
      request.set_member(MarketPlace::Member(member));
      request.set_instrument(MarketPlace::kInstrument);
      request.set_side(side);
      request.set_price(7'000);
      request.set_quantity(1);
      mk::PlaceOrderResponse response;
      MarketPlace::Must(
          Call(place.market(), &mk::MarketService::Stub::PlaceOrder, request, response));
    }
  };
  for (int i = 0; i < 3; ++i) trade();
  grpc::ClientContext all_context, new_context;
  mk::WatchTradesRequest request;
  request.set_instrument(MarketPlace::kInstrument);
  const auto of_new = place.data().WatchTrades(&new_context, request);
  request.set_from_trade_id(1);
  const auto of_all = place.data().WatchTrades(&all_context, request);
  mk::WatchTradesResponse told;
  ASSERT_TRUE(of_new->Read(&told));
  EXPECT_EQ(told.trades_size(), 0);
  constexpr std::uint64_t kLast = 43;
  for (std::uint64_t id = 4; id <= kLast; ++id) trade();
  for (const auto& [reader, first] : {std::pair(&of_all, std::uint64_t{1}), {&of_new, 4}}) {
    std::uint64_t next = first;
    while (next <= kLast && (*reader)->Read(&told)) {
      for (const mk::Trade& one : told.trades()) EXPECT_EQ(one.trade_id(), next++);
    }
    EXPECT_GT(next, kLast);
  }
  all_context.TryCancel();
  new_context.TryCancel();
}

TEST_F(Face, ListsInstrumentsAndTellsATapeFromAnyTradeOn) {
  mk::ListInstrumentsResponse directory;
  const auto list = &mk::MarketDataService::Stub::ListInstruments;
  MarketPlace::Must(Call(place_.data(), list, mk::ListInstrumentsRequest(), directory));
  ASSERT_EQ(directory.instruments_size(), 1);
  const mk::Instrument& one = directory.instruments(0);
  EXPECT_EQ(one.name(), MarketPlace::kInstrument);
  EXPECT_EQ(one.unit(), "CEA26");
  EXPECT_EQ(one.cash_unit(), "CNY");
  EXPECT_TRUE(one.listed());
  EXPECT_EQ(one.band_low(), 6'300);
  EXPECT_EQ(one.block_band_high(), 9'100);
  EXPECT_EQ(one.tick(), 1);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(Place(0, mk::SIDE_SELL, 7'000 + i, 10).ok());
    ASSERT_TRUE(Place(1, mk::SIDE_BUY, 7'000 + i, 10).ok());
  }
  grpc::ClientContext context;
  mk::WatchTradesRequest request;
  request.set_instrument(MarketPlace::kInstrument);
  request.set_from_trade_id(2);
  const auto reader = place_.data().WatchTrades(&context, request);
  std::vector<std::int64_t> prices;
  mk::WatchTradesResponse told;
  while (prices.size() < 3 && reader->Read(&told)) {
    for (const mk::Trade& trade : told.trades()) prices.push_back(trade.price());
  }
  EXPECT_EQ(prices, (std::vector<std::int64_t>{7'001, 7'002, 7'003}));
  context.TryCancel();
}

TEST_F(Face, NamesTheFieldOfAQuestionThatCannotBeAnswered) {
  mk::ListBarsRequest bars;
  bars.set_instrument(MarketPlace::kInstrument);
  bars.set_minutes(7);
  mk::ListBarsResponse none;
  const auto refused = Call(place_.data(), &mk::MarketDataService::Stub::ListBars, bars, none);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), ::testing::HasSubstr("minutes: \"7\"; allowed: 1 to 1440"));
  for (const char* const name : {"", "CEA26", "instruments/CEA26-ZZZ", "instruments/CEA30-CNY"}) {
    grpc::ClientContext context;
    mk::WatchDepthRequest request;
    request.set_instrument(name);
    const auto reader = place_.data().WatchDepth(&context, request);
    mk::WatchDepthResponse depth;
    EXPECT_FALSE(reader->Read(&depth)) << name;
    EXPECT_NE(ReasonIn(reader->Finish()), "") << name;
  }
}

}  // namespace
}  // namespace ets
