// The exchange over gRPC streams: order entry, reports, drop copy, market data; what one client
// does wrong touches nobody else.

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <random>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/market_place.h"

namespace ets {
namespace {

using What = mk::TradeResponse::WhatCase;

// One order-entry stream of a member.
class Trader {
 public:
  Trader(MarketPlace& place, int member, bool cancel_on_disconnect = false,
         std::uint32_t heartbeat_ms = 0, bool groups = false)
      : stream_(place.entry().Trade(&context_)) {
    mk::TradeRequest request;
    request.mutable_logon()->set_member(MarketPlace::Member(member));
    request.mutable_logon()->set_cancel_on_disconnect(cancel_on_disconnect);
    request.mutable_logon()->set_heartbeat_ms(heartbeat_ms);
    request.mutable_logon()->set_groups(groups);
    stream_->Write(request);
    stream_->Read(&logged_on_);
  }
  ~Trader() {
    if (has_ended_) return;
    context_.TryCancel();
    stream_->Finish();
  }

  std::uint64_t Place(mk::Side side, std::int64_t price, std::int64_t quantity,
                      const std::string& id = {}) {
    mk::TradeRequest request;
    request.set_request(++last_);
    mk::OrderDraft& draft = *request.mutable_place();
    draft.set_instrument(MarketPlace::kInstrument);
    draft.set_side(side);
    draft.set_price(price);
    draft.set_quantity(quantity);
    draft.set_client_order_id(id);
    Send(request);
    return last_;
  }
  bool Send(const mk::TradeRequest& request) { return stream_->Write(request); }
  mk::TradeResponse Read() {
    mk::TradeResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }
  // What comes next, one or a group; nothing: the stream ended.
  std::vector<mk::TradeResponse> ReadAll() {
    mk::TradeResponse response;
    if (!stream_->Read(&response)) return {};
    if (!response.has_group()) return {response};
    return {response.group().responses().begin(), response.group().responses().end()};
  }
  // Until the answer to `request`; what was reported meanwhile stays in reports().
  mk::TradeResponse Answer(std::uint64_t request) {
    mk::TradeResponse response;
    while (stream_->Read(&response)) {
      if (response.has_execution()) reports_.push_back(response.execution());
      if (response.has_desk()) desk_.push_back(response.desk());
      const bool is_answer = response.has_receipt() || response.has_rejection();
      if (is_answer && response.request() == request) return response;
    }
    ADD_FAILURE() << "the stream ended";
    return response;
  }
  mk::TradeResponse Ask(const mk::TradeRequest& request) {
    Send(request);
    return Answer(request.request());
  }
  // The next report of a desk, or the next of one kind.
  mk::DeskReport Desk(mk::DeskKind kind = mk::DESK_KIND_UNSPECIFIED) {
    mk::TradeResponse response;
    while (true) {
      while (!desk_.empty()) {
        const mk::DeskReport report = desk_.front();
        desk_.pop_front();
        if (kind == mk::DESK_KIND_UNSPECIFIED || report.kind() == kind) return report;
      }
      if (!stream_->Read(&response)) break;
      if (response.has_desk()) desk_.push_back(response.desk());
    }
    ADD_FAILURE() << "the stream ended";
    return {};
  }
  mk::ExecutionReport Report(mk::ExecutionKind kind) {
    mk::TradeResponse response;
    for (const auto& report : reports_) {
      if (report.kind() == kind) return report;
    }
    while (stream_->Read(&response)) {
      if (response.has_execution()) reports_.push_back(response.execution());
      if (response.has_execution() && response.execution().kind() == kind) {
        return response.execution();
      }
    }
    ADD_FAILURE() << "never reported: " << mk::ExecutionKind_Name(kind);
    return {};
  }
  grpc::Status End() {
    stream_->WritesDone();
    mk::TradeResponse response;
    while (stream_->Read(&response)) {
    }
    has_ended_ = true;
    return stream_->Finish();
  }
  const mk::LoggedOn& logged_on() const { return logged_on_.logged_on(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<mk::TradeRequest, mk::TradeResponse>> stream_;
  mk::TradeResponse logged_on_;
  std::vector<mk::ExecutionReport> reports_;
  std::deque<mk::DeskReport> desk_;
  std::uint64_t last_ = 0;
  bool has_ended_ = false;
};

std::string ReasonIn(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0) return {};
  details.details(0).UnpackTo(&info);
  return info.reason();
}

std::vector<mk::Order> OrdersOf(MarketPlace& place, int member) {
  mk::ListOrdersRequest request;
  request.set_member(MarketPlace::Member(member));
  mk::ListOrdersResponse response;
  MarketPlace::Must(Call(place.market(), &mk::MarketService::Stub::ListOrders, request, response));
  return {response.orders().begin(), response.orders().end()};
}

void Eventually(const std::function<bool()>& holds, const char* what) {
  for (int i = 0; i < 1'000; ++i) {
    if (holds()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "never: " << what;
}

TEST(MarketStreams, AnswersEachRequestAndReportsTheOrdersOfTheMember) {
  MarketPlace place(2);
  Trader seller(place, 0), buyer(place, 1);
  const auto sold = seller.Answer(seller.Place(mk::SIDE_SELL, 7'000, 100, "s1"));
  ASSERT_TRUE(sold.has_receipt()) << sold.rejection().message();
  EXPECT_EQ(sold.receipt().resting(), 100);
  const auto bought = buyer.Answer(buyer.Place(mk::SIDE_BUY, 7'100, 60, "b1"));
  ASSERT_TRUE(bought.has_receipt()) << bought.rejection().message();
  EXPECT_EQ(bought.receipt().traded(), 60);
  EXPECT_EQ(bought.receipt().value(), 60 * 7'000);
  const mk::ExecutionReport fill = seller.Report(mk::EXECUTION_KIND_TRADED);
  EXPECT_EQ(fill.last_price(), 7'000);
  EXPECT_EQ(fill.last_quantity(), 60);
  EXPECT_EQ(fill.open(), 40);
  EXPECT_EQ(fill.client_order_id(), "s1");
  EXPECT_EQ(fill.member(), MarketPlace::Member(0));
  EXPECT_EQ(fill.request(), 0U) << "the buyer's request caused it";
}

TEST(MarketStreams, RefusesWithTheMarketsNumberAndTheLimit) {
  MarketPlace place(1);
  Trader trader(place, 0);
  const auto refused = trader.Answer(trader.Place(mk::SIDE_BUY, 9'000, 100));
  ASSERT_TRUE(refused.has_rejection());
  EXPECT_EQ(refused.rejection().number(), 7U);
  EXPECT_EQ(refused.rejection().reason(), "PRICE_OUTSIDE_BAND");
  EXPECT_EQ(refused.rejection().asked(), 9'000);
  EXPECT_EQ(refused.rejection().limit(), 7'700);
  // The same by a unary call.
  mk::PlaceOrderRequest request;
  request.set_member(MarketPlace::Member(0));
  request.set_instrument(MarketPlace::kInstrument);
  request.set_side(mk::SIDE_BUY);
  request.set_price(9'000);
  request.set_quantity(100);
  mk::PlaceOrderResponse response;
  const auto status = Call(place.market(), &mk::MarketService::Stub::PlaceOrder, request, response);
  EXPECT_EQ(ReasonIn(status), "PRICE_OUTSIDE_BAND");
}

TEST(MarketStreams, TakePricesOnTheTickAlone) {
  market::VenueRules rules;
  market::TickTable& ticks = rules.sessions[0].ticks;
  ticks.rows[0].tick = Price::FromMinorPerTonne(1);
  ticks.rows[1] = {Price::FromMinorPerTonne(7'100), Price::FromMinorPerTonne(10)};
  MarketPlace place(1, {}, false, 65'536, rules);
  Trader trader(place, 0);
  const auto is_off = [](const mk::TradeResponse& response, std::int64_t asked) {
    return response.rejection().number() == 6 &&
           response.rejection().reason() == "PRICE_OFF_TICK" &&
           response.rejection().asked() == asked && response.rejection().limit() == 10;
  };
  EXPECT_TRUE(trader.Answer(trader.Place(mk::SIDE_SELL, 7'099, 10)).has_receipt());
  EXPECT_TRUE(trader.Answer(trader.Place(mk::SIDE_SELL, 7'110, 10, "s1")).has_receipt());
  EXPECT_TRUE(is_off(trader.Answer(trader.Place(mk::SIDE_SELL, 7'111, 10)), 7'111));
  mk::TradeRequest request;
  request.set_request(100);
  mk::OrderDraft& stop = *request.mutable_place();
  stop.set_instrument(MarketPlace::kInstrument);
  stop.set_side(mk::SIDE_BUY);
  stop.set_type(mk::ORDER_TYPE_STOP_LIMIT);
  stop.set_price(7'200);
  stop.set_stop_price(7'105);
  stop.set_quantity(1);
  EXPECT_TRUE(is_off(trader.Ask(request), 7'105));
  request.set_request(101);
  mk::OrderChange& change = *request.mutable_change();
  change.mutable_key()->set_instrument(MarketPlace::kInstrument);
  change.mutable_key()->set_client_order_id("s1");
  change.set_price(7'119);
  EXPECT_TRUE(is_off(trader.Ask(request), 7'119));
}

TEST(MarketStreams, AppliesARepeatedClientOrderIdOnceAlsoAfterARestart) {
  MarketPlace place(1);
  std::uint64_t order = 0;
  {
    Trader trader(place, 0);
    const auto first = trader.Answer(trader.Place(mk::SIDE_SELL, 7'000, 100, "once"));
    const auto again = trader.Answer(trader.Place(mk::SIDE_SELL, 7'000, 100, "once"));
    order = first.receipt().order();
    EXPECT_EQ(again.receipt().order(), order);
    const auto other = trader.Answer(trader.Place(mk::SIDE_SELL, 7'000, 99, "once"));
    EXPECT_EQ(other.rejection().reason(), "DUPLICATE_CLIENT_ORDER_ID");
  }
  place.Stop();
  place.Start();
  Trader trader(place, 0);
  ASSERT_EQ(trader.logged_on().orders_size(), 1);
  EXPECT_EQ(trader.logged_on().orders(0).order(), order);
  EXPECT_EQ(trader.Answer(trader.Place(mk::SIDE_SELL, 7'000, 100, "once")).receipt().order(),
            order);
  EXPECT_EQ(OrdersOf(place, 0).size(), 1U);
}

TEST(MarketStreams, CancelsOnDisconnectWhatTheStreamEnteredAndNothingElse) {
  MarketPlace place(1);
  Trader stays(place, 0);
  stays.Answer(stays.Place(mk::SIDE_SELL, 7'001, 10, "stays"));
  {
    Trader goes(place, 0, true);
    goes.Answer(goes.Place(mk::SIDE_SELL, 7'002, 10, "goes"));
    EXPECT_EQ(OrdersOf(place, 0).size(), 2U);
  }
  Eventually([&] { return OrdersOf(place, 0).size() == 1; }, "the order is cancelled");
  EXPECT_EQ(OrdersOf(place, 0)[0].client_order_id(), "stays");
  EXPECT_EQ(stays.Report(mk::EXECUTION_KIND_CANCELLED).client_order_id(), "goes");
}

// Quotes to all and announcements are told to everybody, what is addressed to the two it is
// between, a sealed bid to its bidder and the applicant.
TEST(MarketStreams, TellsOfTheDesksWhomItConcerns) {
  MarketPlace place(3);
  Trader one(place, 0), two(place, 1), three(place, 2);
  const auto quote = [](mk::TradeRequest& request, const std::string& to) {
    mk::BlockQuote& block = *request.mutable_quote_block();
    block.set_instrument(MarketPlace::kInstrument);
    block.set_side(mk::SIDE_SELL);
    block.set_price(7'500);
    block.set_quantity(100'000);
    block.set_counterparty(to);
  };
  mk::TradeRequest to_two, to_all, announce, bid;
  to_two.set_request(101);
  quote(to_two, MarketPlace::Member(1));
  const auto addressed = one.Ask(to_two);
  ASSERT_TRUE(addressed.has_receipt()) << addressed.rejection().message();
  to_all.set_request(102);
  quote(to_all, "");
  ASSERT_TRUE(one.Ask(to_all).has_receipt());
  // Three hears of the second first: the first was not for it.
  EXPECT_EQ(two.Desk().offer(), addressed.receipt().offer());
  const mk::DeskReport open_quote = three.Desk();
  EXPECT_EQ(open_quote.kind(), mk::DESK_KIND_BLOCK_QUOTED);
  EXPECT_EQ(open_quote.member(), MarketPlace::Member(0));
  EXPECT_EQ(open_quote.quantity(), 100'000);
  EXPECT_EQ(open_quote.counterparty(), "");
  EXPECT_EQ(two.Desk().offer(), open_quote.offer());

  announce.set_request(103);
  mk::OneWayAnnouncement& sale = *announce.mutable_announce_one_way();
  sale.set_instrument(MarketPlace::kInstrument);
  sale.set_side(mk::SIDE_SELL);
  sale.set_price(7'000);
  sale.set_quantity(1'000);
  sale.mutable_open_time()->set_seconds(1'772'409'600);
  sale.mutable_close_time()->set_seconds(1'772'409'600 + 3'600);
  const auto announced = one.Ask(announce);
  ASSERT_TRUE(announced.has_receipt()) << announced.rejection().message();
  const mk::DeskReport told = two.Desk();
  EXPECT_EQ(told.kind(), mk::DESK_KIND_ONE_WAY_ANNOUNCED);
  EXPECT_EQ(told.close_time().seconds(), 1'772'409'600 + 3'600);
  EXPECT_EQ(three.Desk().offer(), told.offer());
  bid.set_request(104);
  bid.mutable_bid_one_way()->set_announcement(told.offer());
  bid.mutable_bid_one_way()->set_price(7'100);
  bid.mutable_bid_one_way()->set_quantity(500);
  ASSERT_TRUE(two.Ask(bid).has_receipt());
  EXPECT_EQ(one.Desk(mk::DESK_KIND_ONE_WAY_BID).price(), 7'100);
  EXPECT_EQ(two.Desk().kind(), mk::DESK_KIND_ONE_WAY_BID);
  // What three hears next is not the bid, but the withdrawal of the quote to all.
  mk::TradeRequest withdraw;
  withdraw.set_request(105);
  withdraw.mutable_cancel_block()->set_offer(open_quote.offer());
  ASSERT_TRUE(one.Ask(withdraw).has_receipt());
  EXPECT_EQ(three.Desk().kind(), mk::DESK_KIND_BLOCK_WITHDRAWN);
}

TEST(MarketStreams, AnswersInTheOrderSentAlsoWhatCannotBeRead) {
  MarketPlace place(1);
  for (const bool groups : {false, true}) {
    Trader trader(place, 0, false, 0, groups);
    constexpr int kRounds = 5, kOrders = 100;
    for (int round = 0; round < kRounds; ++round) {
      for (int i = 0; i < kOrders; ++i) trader.Place(mk::SIDE_BUY, 6'900 + i % 50, 1);
      trader.Place(mk::SIDE_UNSPECIFIED, 7'000, 1);
    }
    std::uint64_t last = 0;
    while (last < kRounds * (kOrders + 1)) {
      const std::vector<mk::TradeResponse> responses = trader.ReadAll();
      ASSERT_FALSE(responses.empty());
      for (const mk::TradeResponse& response : responses) {
        if (!response.has_receipt() && !response.has_rejection()) continue;
        ASSERT_EQ(response.request(), ++last);
        EXPECT_EQ(response.has_rejection(), last % (kOrders + 1) == 0) << last;
      }
    }
  }
}

TEST(MarketStreams, EndsAStreamThatIsSilentForTwoHeartbeats) {
  MarketPlace place(1);
  Trader silent(place, 0, false, 100);
  bool has_beaten = false;
  grpc::Status status;
  mk::TradeResponse response = silent.Read();
  has_beaten = response.has_heartbeat();
  EXPECT_TRUE(has_beaten);
  grpc::ClientContext context;
  Eventually([&] { return place.server().venue()->session_count() == 0; }, "the session ends");
}

TEST(MarketStreams, EndsWithAReasonWhatIsNoMessageAndTouchesNobodyElse) {
  MarketPlace place(2);
  Trader other(place, 1);
  {
    Trader twice(place, 0);
    mk::TradeRequest request;
    request.mutable_logon()->set_member(MarketPlace::Member(0));
    twice.Send(request);
    const grpc::Status status = twice.End();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonIn(status), "MESSAGE_INVALID");
  }
  std::mt19937_64 dice(7);
  for (int round = 0; round < 200; ++round) {
    grpc::ClientContext context;
    grpc::GenericStub generic(place.channel());
    grpc::CompletionQueue queue;
    auto call = generic.PrepareCall(&context, "/ets.market.v1.OrderEntryService/Trade", &queue);
    const auto done = [&] {
      void* tag = nullptr;
      bool ok = false;
      queue.Next(&tag, &ok);
      return ok;
    };
    call->StartCall(nullptr);
    done();
    mk::TradeRequest logon;
    logon.mutable_logon()->set_member(MarketPlace::Member(0));
    std::string bytes = logon.SerializeAsString();
    if (round % 2 == 0) {
      bytes.resize(1 + dice() % 64);
      for (char& c : bytes) c = static_cast<char>(dice());
    } else {
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    }
    grpc::Slice slice(bytes);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    done();
    call->WritesDone(nullptr);
    done();
    grpc::Status status;
    call->Finish(&status, nullptr);
    context.TryCancel();
    done();
  }
  const auto answer = other.Answer(other.Place(mk::SIDE_SELL, 7'000, 10));
  EXPECT_TRUE(answer.has_receipt());
}

TEST(MarketStreams, DepthIsASnapshotAndWhatChanged) {
  MarketPlace place(2);
  Trader seller(place, 0), buyer(place, 1);
  seller.Answer(seller.Place(mk::SIDE_SELL, 7'000, 100));
  grpc::ClientContext context;
  mk::WatchDepthRequest request;
  request.set_instrument(MarketPlace::kInstrument);
  auto reader = place.data().WatchDepth(&context, request);
  mk::WatchDepthResponse depth;
  ASSERT_TRUE(reader->Read(&depth));
  EXPECT_TRUE(depth.snapshot());
  std::map<std::int64_t, std::int64_t> bids, offers;
  std::uint64_t number = 0;
  const auto take = [&] {
    EXPECT_GT(depth.number(), number);
    number = depth.number();
    if (depth.snapshot()) bids.clear(), offers.clear();
    for (auto [levels, out] : {std::pair(&depth.bids(), &bids), {&depth.offers(), &offers}}) {
      for (const mk::Level& level : *levels) {
        if (level.quantity() == 0) {
          out->erase(level.price());
        } else {
          (*out)[level.price()] = level.quantity();
        }
      }
    }
  };
  take();
  std::mt19937_64 dice(11);
  for (int i = 0; i < 300; ++i) {
    Trader& who = dice() % 2 == 0 ? seller : buyer;
    const auto side = &who == &seller ? mk::SIDE_SELL : mk::SIDE_BUY;
    who.Answer(who.Place(side, 6'990 + static_cast<std::int64_t>(dice() % 20),
                         1 + static_cast<std::int64_t>(dice() % 50)));
  }
  mk::GetBookRequest ask;
  ask.set_instrument(MarketPlace::kInstrument);
  mk::GetBookResponse book;
  MarketPlace::Must(Call(place.market(), &mk::MarketService::Stub::GetBook, ask, book));
  const auto map_of = [](const auto& levels) {
    std::map<std::int64_t, std::int64_t> map;
    for (const mk::Level& level : levels) map[level.price()] = level.quantity();
    return map;
  };
  const auto want_bids = map_of(book.bids()), want_offers = map_of(book.offers());
  while ((bids != want_bids || offers != want_offers) && reader->Read(&depth)) take();
  EXPECT_EQ(bids, want_bids);
  EXPECT_EQ(offers, want_offers);
  context.TryCancel();
}

TEST(MarketStreams, TheTapeAndTheBarsTellOfEachTradeAlsoAfterARestart) {
  MarketPlace place(2);
  {
    Trader seller(place, 0), buyer(place, 1);
    for (int i = 0; i < 5; ++i) {
      seller.Answer(seller.Place(mk::SIDE_SELL, 7'000 + i, 10));
      buyer.Answer(buyer.Place(mk::SIDE_BUY, 7'000 + i, 10));
    }
  }
  const auto check = [&] {
    mk::ListTradesResponse trades;
    mk::ListTradesRequest request;
    request.set_instrument(MarketPlace::kInstrument);
    MarketPlace::Must(
        Call(place.data(), &mk::MarketDataService::Stub::ListTrades, request, trades));
    ASSERT_EQ(trades.trades_size(), 5);
    EXPECT_EQ(trades.trades(4).price(), 7'004);
    mk::ListBarsResponse bars;
    mk::ListBarsRequest ask;
    ask.set_instrument(MarketPlace::kInstrument);
    MarketPlace::Must(Call(place.data(), &mk::MarketDataService::Stub::ListBars, ask, bars));
    ASSERT_EQ(bars.bars_size(), 1);
    EXPECT_EQ(bars.bars(0).open(), 7'000);
    EXPECT_EQ(bars.bars(0).high(), 7'004);
    EXPECT_EQ(bars.bars(0).volume(), 50);
    EXPECT_EQ(bars.bars(0).trades(), 5U);
  };
  Eventually(
      [&] {
        mk::ListTradesResponse trades;
        mk::ListTradesRequest request;
        Call(place.data(), &mk::MarketDataService::Stub::ListTrades, request, trades);
        return trades.trades_size() == 5;
      },
      "the tape");
  check();
  place.Stop();
  place.Start();
  check();
}

TEST(MarketStreams, DropCopyHearsOfEverybodysOrders) {
  MarketPlace place(2);
  grpc::ClientContext context;
  auto reader = place.entry().DropCopy(&context, mk::DropCopyRequest());
  mk::DropCopyResponse copy;
  ASSERT_TRUE(reader->Read(&copy));
  EXPECT_TRUE(copy.has_heartbeat());
  Trader seller(place, 0), buyer(place, 1);
  seller.Answer(seller.Place(mk::SIDE_SELL, 7'000, 10));
  buyer.Answer(buyer.Place(mk::SIDE_BUY, 7'000, 10));
  std::map<std::string, int> fills;
  while (fills.size() < 2 && reader->Read(&copy)) {
    if (copy.has_execution() && copy.execution().kind() == mk::EXECUTION_KIND_TRADED) {
      ++fills[copy.execution().member()];
    }
  }
  EXPECT_EQ(fills.size(), 2U);
  context.TryCancel();
}

}  // namespace
}  // namespace ets
