// ets.market.v1.MarketDataService: what everybody may see, at each one's own speed.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <utility>

#include "ets/market/v1/market_data_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "market/rules_file.h"
#include "server/exchange_services_impl.h"
#include "server/exchange_stream.h"
#include "server/registry_errors.h"
#include "server/visible_orders.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

using grpc::CallbackServerContext;
using grpc::Status;
using grpc::StatusCode;
using matching::Side;

constexpr std::size_t kTradesMax = 1'000;
constexpr std::size_t kBarsMax = 10'000;
constexpr std::size_t kPageUsual = 100;
constexpr std::uint32_t kMinutesOfDay = 1'440;

std::size_t PageOf(std::uint32_t asked, std::size_t most) {
  return asked == 0 ? kPageUsual : std::min<std::size_t>(asked, most);
}

// ---- What each stream keeps and sends. ----

using Levels = std::map<std::int64_t, LevelChange>;
struct TwoSides {
  Levels bids, offers;

  Levels& of(Side side) { return side == Side::kBuy ? bids : offers; }
  void Take(const LevelChange& level) {
    Levels& levels = of(level.side);
    if (level.orders == 0) {
      levels.erase(level.price.minor_per_tonne());
    } else {
      levels[level.price.minor_per_tonne()] = level;
    }
  }
  void Take(const BookAnew& book) {
    bids.clear();
    offers.clear();
    for (const LevelChange& level : book.levels) Take(level);
  }
  // The best `count` (0: all) of a side, best first.
  std::vector<LevelChange> Best(Side side, std::size_t count) const {
    std::vector<LevelChange> best;
    const auto full = [&] { return count != 0 && best.size() == count; };
    if (side == Side::kBuy) {
      for (auto it = bids.rbegin(); it != bids.rend() && !full(); ++it) best.push_back(it->second);
    } else {
      for (auto it = offers.begin(); it != offers.end() && !full(); ++it) {
        best.push_back(it->second);
      }
    }
    return best;
  }
};

void FillLevel(const LevelChange& level, mk::Level* out) {
  out->set_price(level.price.minor_per_tonne());
  out->set_quantity(level.quantity.count());
  out->set_orders(level.orders);
}

// Says for which change a response holds; `from` is a snapshot or an update.
template <typename Response, typename From>
Response Marked(Response response, const From& from) {
  response.set_number(from.number);
  response.set_sequence(from.sequence);
  wire::Fill(from.time, response.mutable_time());
  return response;
}

// What a response counts while it waits: what is in it. A snapshot counts as one, for none waits
// behind another.
std::size_t WeightOf(const mk::WatchQuotesResponse&) { return 1; }
std::size_t WeightOf(const mk::WatchStatusResponse&) { return 1; }
std::size_t WeightOf(const mk::WatchDepthResponse& depth) {
  return depth.snapshot() ? 1 : static_cast<std::size_t>(depth.bids_size() + depth.offers_size());
}
std::size_t WeightOf(const mk::WatchOrdersResponse& orders) {
  return orders.snapshot() ? 1 : static_cast<std::size_t>(orders.orders_size());
}
std::size_t WeightOf(const mk::WatchTradesResponse& trades) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(trades.trades_size()));
}
// Whether it takes the place of all that waits.
template <typename Response>
bool IsSnapshot(const Response& response) {
  if constexpr (requires { response.snapshot(); }) return response.snapshot();
  return false;
}

// A stream's memory of one instrument: it turns a snapshot and updates into at most one response.
class QuotesFeed {
 public:
  using Response = mk::WatchQuotesResponse;
  static constexpr bool kNewestWins = true;

  QuotesFeed(ExchangeEdge& edge, InstrumentId instrument, const mk::WatchQuotesRequest&)
      : edge_(edge), instrument_(instrument) {}

  std::optional<Response> Begin(const MarketSnapshot& snapshot) {
    sides_.Take(snapshot.book);
    view_ = snapshot.view;
    return Made(snapshot);
  }
  std::optional<Response> GoOn(const MarketUpdates& updates) {
    for (const MarketUpdate& update : updates.updates) {
      if (const auto* const level = std::get_if<LevelChange>(&update.what)) sides_.Take(*level);
      if (const auto* const book = std::get_if<BookAnew>(&update.what)) sides_.Take(*book);
      if (const auto* const status = std::get_if<StatusChange>(&update.what)) view_ = status->view;
    }
    return Made(updates.updates.back());
  }

 private:
  template <typename From>
  std::optional<Response> Made(const From& from) {
    Response response;
    const auto bid = sides_.Best(Side::kBuy, 1), offer = sides_.Best(Side::kSell, 1);
    if (!bid.empty()) FillLevel(bid[0], response.mutable_bid());
    if (!offer.empty()) FillLevel(offer[0], response.mutable_offer());
    edge_.Fill(instrument_, view_, response.mutable_instrument());
    std::string seen = response.SerializeAsString();
    if (seen == seen_) return std::nullopt;
    seen_ = std::move(seen);
    return Marked(response, from);
  }

  ExchangeEdge& edge_;
  const InstrumentId instrument_;
  TwoSides sides_;
  market::InstrumentView view_;
  std::string seen_;
};

class DepthFeed {
 public:
  using Response = mk::WatchDepthResponse;
  static constexpr bool kNewestWins = false;
  static constexpr bool kBeginsAnew = true;  // A slow reader gets a snapshot.

  DepthFeed(ExchangeEdge&, InstrumentId, const mk::WatchDepthRequest& request)
      : count_(request.levels()) {}

  std::optional<Response> Begin(const MarketSnapshot& snapshot) {
    sides_.Take(snapshot.book);
    if (snapshot.visible_levels != 0) {
      const std::size_t most = snapshot.visible_levels;
      count_ = count_ == 0 ? most : std::min(count_, most);
    }
    sent_bids_ = sides_.Best(Side::kBuy, count_);
    sent_offers_ = sides_.Best(Side::kSell, count_);
    Response response;
    response.set_snapshot(true);
    for (const LevelChange& level : sent_bids_) FillLevel(level, response.add_bids());
    for (const LevelChange& level : sent_offers_) FillLevel(level, response.add_offers());
    return Marked(response, snapshot);
  }
  std::optional<Response> GoOn(const MarketUpdates& updates) {
    for (const MarketUpdate& update : updates.updates) {
      if (const auto* const level = std::get_if<LevelChange>(&update.what)) sides_.Take(*level);
      if (const auto* const book = std::get_if<BookAnew>(&update.what)) sides_.Take(*book);
    }
    Response response;
    Compare(sides_.Best(Side::kBuy, count_), sent_bids_, *response.mutable_bids());
    Compare(sides_.Best(Side::kSell, count_), sent_offers_, *response.mutable_offers());
    if (response.bids_size() == 0 && response.offers_size() == 0) return std::nullopt;
    return Marked(response, updates.updates.back());
  }

 private:
  using Out = google::protobuf::RepeatedPtrField<mk::Level>;
  // What turns `sent` into `now`, which it becomes.
  static void Compare(std::vector<LevelChange> now, std::vector<LevelChange>& sent, Out& out) {
    std::map<std::int64_t, const LevelChange*> left;
    for (const LevelChange& level : sent) left[level.price.minor_per_tonne()] = &level;
    for (const LevelChange& level : now) {
      const auto known = left.find(level.price.minor_per_tonne());
      const bool is_same = known != left.end() && known->second->quantity == level.quantity &&
                           known->second->orders == level.orders;
      if (known != left.end()) left.erase(known);
      if (!is_same) FillLevel(level, out.Add());
    }
    for (const auto& [price, level] : left) out.Add()->set_price(price);
    sent = std::move(now);
  }

  std::size_t count_;
  TwoSides sides_;
  std::vector<LevelChange> sent_bids_, sent_offers_;
};

class OrdersFeed {
 public:
  using Response = mk::WatchOrdersResponse;
  static constexpr bool kNewestWins = false;
  static constexpr bool kBeginsAnew = false;

  OrdersFeed(ExchangeEdge&, InstrumentId, const mk::WatchOrdersRequest&) {}

  std::optional<Response> Begin(const MarketSnapshot& snapshot) {
    Response response;
    orders_.emplace(snapshot.visible_levels);
    Anew(snapshot.book, response);
    return Marked(response, snapshot);
  }
  std::optional<Response> GoOn(const MarketUpdates& updates) {
    Response response;
    std::vector<OrderChange> changes;
    for (const MarketUpdate& update : updates.updates) {
      if (const auto* const order = std::get_if<OrderChange>(&update.what)) {
        changes.push_back(*order);
      } else if (const auto* const book = std::get_if<BookAnew>(&update.what)) {
        changes.clear();
        Anew(*book, response);
      }
    }
    Fill(orders_->GoOn(changes), response);
    if (response.orders_size() == 0 && !response.snapshot()) return std::nullopt;
    return Marked(response, updates.updates.back());
  }

 private:
  static void Fill(const std::vector<OrderChange>& changes, Response& response) {
    for (const OrderChange& order : changes) {
      mk::BookOrder& out = *response.add_orders();
      out.set_order(order.order.raw());
      out.set_side(static_cast<mk::Side>(order.side));
      out.set_price(order.price.minor_per_tonne());
      out.set_quantity(order.quantity.count());
      out.set_to_the_end(order.to_the_end);
    }
  }
  void Anew(const BookAnew& book, Response& response) {
    response.clear_orders();
    response.set_snapshot(true);
    Fill(orders_->Begin(book), response);
  }

  std::optional<VisibleOrders> orders_;
};

class TradesFeed {
 public:
  using Response = mk::WatchTradesResponse;
  static constexpr bool kNewestWins = false;
  static constexpr bool kBeginsAnew = false;

  TradesFeed(ExchangeEdge& edge, InstrumentId instrument, const mk::WatchTradesRequest& request)
      : edge_(edge), instrument_(instrument), from_(request.from_trade_id()) {}

  std::optional<Response> Begin(const MarketSnapshot& snapshot) {
    Response response;
    const bool is_first = !std::exchange(has_begun_, true);
    if (is_first && from_ == 0) {
      since_ = snapshot.sequence;
      return response;  // Says that the stream stands.
    }
    // The first time what it asked for; later what came since it was told of the last.
    for (const auto& trade : edge_.venue().market_data().Trades(
             instrument_, std::max(from_, last_ + 1), std::numeric_limits<std::size_t>::max())) {
      last_ = trade.print.trade_id;
      if (trade.sequence > since_) edge_.Fill(trade, response.add_trades());
    }
    if (!is_first && response.trades_size() == 0) return std::nullopt;
    return response;
  }
  std::optional<Response> GoOn(const MarketUpdates& updates) {
    Response response;
    for (const MarketUpdate& update : updates.updates) {
      const auto* const print = std::get_if<TradePrint>(&update.what);
      if (print == nullptr || print->trade_id <= last_) continue;
      last_ = print->trade_id;
      edge_.Fill({instrument_, update.sequence, update.time, *print}, response.add_trades());
    }
    if (response.trades_size() == 0) return std::nullopt;
    return response;
  }

 private:
  ExchangeEdge& edge_;
  const InstrumentId instrument_;
  const std::uint64_t from_;
  bool has_begun_ = false;
  std::uint64_t since_ = 0;  // Trades of this record and before are not asked for.
  std::uint64_t last_ = 0;   // That was told, or need not be.
};

class StatusFeed {
 public:
  using Response = mk::WatchStatusResponse;
  static constexpr bool kNewestWins = false;
  static constexpr bool kBeginsAnew = true;

  StatusFeed(ExchangeEdge& edge, InstrumentId instrument, const mk::WatchStatusRequest&)
      : edge_(edge), instrument_(instrument) {}

  std::optional<Response> Begin(const MarketSnapshot& snapshot) {
    view_ = snapshot.view;
    indicative_ = snapshot.indicative;
    return Made(snapshot);
  }
  std::optional<Response> GoOn(const MarketUpdates& updates) {
    bool is_new = false;
    for (const MarketUpdate& update : updates.updates) {
      if (const auto* const status = std::get_if<StatusChange>(&update.what)) {
        is_new = is_new || status->view.phase != view_.phase ||
                 status->view.band_low != view_.band_low ||
                 status->view.band_high != view_.band_high || status->view.listed != view_.listed ||
                 status->view.phase_until != view_.phase_until;
        view_ = status->view;
        if (!market::IsCall(view_.phase)) indicative_.reset();
      } else if (const auto* const call = std::get_if<market::IndicativeEvent>(&update.what)) {
        indicative_ = *call;
        is_new = true;
      }
    }
    if (!is_new) return std::nullopt;
    return Made(updates.updates.back());
  }

 private:
  template <typename From>
  std::optional<Response> Made(const From& from) {
    Response response;
    edge_.Fill(instrument_, view_, response.mutable_instrument());
    if (indicative_ && indicative_->has_price) {
      response.set_has_indicative(true);
      response.set_indicative_price(indicative_->price.minor_per_tonne());
      response.set_indicative_volume(indicative_->volume.count());
      response.set_imbalance(indicative_->imbalance);
    }
    return Marked(response, from);
  }

  ExchangeEdge& edge_;
  const InstrumentId instrument_;
  market::InstrumentView view_;
  std::optional<market::IndicativeEvent> indicative_;
};

// ---- The stream around them. ----

template <typename Feed>
class Watch final : public grpc::ServerWriteReactor<typename Feed::Response> {
 public:
  using Response = typename Feed::Response;

  Watch(ExchangeEdge& edge, Pulse& pulse, InstrumentId instrument, Feed feed) {
    out_ = std::make_shared<Outgoing<Response>>(
        edge.options().stream_responses_max,
        [this](const Response& response, bool more) { this->StartWrite(&response, HintOf(more)); },
        [this](const Status& status) { this->Finish(status); });
    ears_ = std::make_shared<Ears>(std::move(feed), out_);
    if (!pulse.Add(ears_)) ears_->End();
    auto subscription = edge.venue().market_data().Subscribe(instrument, ears_);
    if (!subscription) {
      out_->Finish(RefusalStatus(market::Refusal::kInstrumentNotFound, {}, "is not listed"));
    }
    ears_->Keep(std::move(subscription));
  }
  void OnWriteDone(bool ok) override { out_->OnWriteDone(ok); }
  void OnCancel() override {
    out_->Finish(Status::CANCELLED);
    ears_->Keep(nullptr);
  }
  void OnDone() override {
    ears_->Keep(nullptr);
    delete this;
  }

 private:
  class Ears final : public MarketDataListener, public Pulsed {
   public:
    Ears(Feed feed, std::shared_ptr<Outgoing<Response>> out)
        : feed_(std::move(feed)), out_(std::move(out)) {}

    void Keep(std::shared_ptr<Subscription> subscription) {
      const std::lock_guard lock(mutex_);
      subscription_.swap(subscription);
    }
    void OnSnapshot(const std::shared_ptr<const MarketSnapshot>& snapshot) override {
      missed_ = false;
      Tell(feed_.Begin(*snapshot));
    }
    void OnUpdates(const std::shared_ptr<const MarketUpdates>& updates) override {
      if (!missed_) Tell(feed_.GoOn(*updates));
    }
    void OnEnd() override { End(); }

    // A reader who has caught up begins anew.
    void Beat() override {
      if (!missed_ || !out_->idle()) return;
      std::shared_ptr<Subscription> subscription;
      {
        const std::lock_guard lock(mutex_);
        subscription = subscription_;
      }
      if (subscription) subscription->Refresh();
    }
    void End() override { out_->Finish(Error(Reason::kNotServing, "the exchange stops")); }

   private:
    void Tell(std::optional<Response> response) {
      if (!response) return;
      if (Feed::kNewestWins || IsSnapshot(*response)) out_->Drop();
      const std::size_t weight = WeightOf(*response);
      if (out_->Write(std::move(*response), weight)) return;
      if constexpr (!Feed::kNewestWins) {
        if constexpr (Feed::kBeginsAnew) {
          missed_ = true;
          out_->Drop();
        } else {
          out_->Finish(ReadsTooSlowly());
        }
      }
    }

    Feed feed_;  // Of the market data's thread.
    const std::shared_ptr<Outgoing<Response>> out_;
    std::atomic<bool> missed_ = false;
    std::mutex mutex_;
    std::shared_ptr<Subscription> subscription_;
  };

  std::shared_ptr<Outgoing<Response>> out_;
  std::shared_ptr<Ears> ears_;
};

using Base = mk::MarketDataService::WithCallbackMethod_WatchQuotes<
    mk::MarketDataService::WithCallbackMethod_WatchDepth<
        mk::MarketDataService::WithCallbackMethod_WatchOrders<
            mk::MarketDataService::WithCallbackMethod_WatchTrades<
                mk::MarketDataService::WithCallbackMethod_WatchStatus<
                    mk::MarketDataService::Service>>>>>;

class MarketDataService final : public Base {
 public:
  MarketDataService(ExchangeEdge& edge, Pulse& pulse) : edge_(edge), pulse_(pulse) {}

  grpc::ServerWriteReactor<mk::WatchQuotesResponse>* WatchQuotes(
      CallbackServerContext* context, const mk::WatchQuotesRequest* request) override {
    return Begin<QuotesFeed>(*context, *request);
  }
  grpc::ServerWriteReactor<mk::WatchDepthResponse>* WatchDepth(
      CallbackServerContext* context, const mk::WatchDepthRequest* request) override {
    return Begin<DepthFeed>(*context, *request);
  }
  grpc::ServerWriteReactor<mk::WatchOrdersResponse>* WatchOrders(
      CallbackServerContext* context, const mk::WatchOrdersRequest* request) override {
    return Begin<OrdersFeed>(*context, *request);
  }
  grpc::ServerWriteReactor<mk::WatchTradesResponse>* WatchTrades(
      CallbackServerContext* context, const mk::WatchTradesRequest* request) override {
    return Begin<TradesFeed>(*context, *request);
  }
  grpc::ServerWriteReactor<mk::WatchStatusResponse>* WatchStatus(
      CallbackServerContext* context, const mk::WatchStatusRequest* request) override {
    return Begin<StatusFeed>(*context, *request);
  }

  Status ListInstruments(grpc::ServerContext* context, const mk::ListInstrumentsRequest*,
                         mk::ListInstrumentsResponse* response) override {
    if (Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
    const auto traded = edge_.exchange().Instruments();
    for (const auto& row : traded) {
      edge_.UnitOf(row.unit);
      edge_.UnitOf(row.cash);
    }
    edge_.exchange().Read([&](const market::Market& market) {
      response->set_sequence(market.sequence());
      for (std::uint16_t id = 0; id < traded.size(); ++id) {
        market::InstrumentView view = market.instrument(InstrumentId(id));
        view.close = market.close_so_far(InstrumentId(id));
        edge_.FillTerms(InstrumentId(id), view, response->add_instruments());
      }
    });
    return Status::OK;
  }
  Status GetVenueRules(grpc::ServerContext* context, const mk::GetVenueRulesRequest*,
                       mk::GetVenueRulesResponse* response) override {
    if (Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
    ExchangeEdge::Fill(edge_.rules(), response->mutable_rules());
    response->set_file(market::FormatRules(edge_.rules()));
    return Status::OK;
  }
  Status ListTrades(grpc::ServerContext* context, const mk::ListTradesRequest* request,
                    mk::ListTradesResponse* response) override {
    if (Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
    std::optional<InstrumentId> only;
    if (!request->instrument().empty()) {
      const auto instrument = edge_.InstrumentOf(request->instrument());
      if (!instrument.ok()) return instrument.error();
      only = *instrument;
    }
    for (const auto& trade : edge_.venue().market_data().Trades(
             only, request->from_trade_id(), PageOf(request->page_size(), kTradesMax))) {
      edge_.Fill(trade, response->add_trades());
    }
    return Status::OK;
  }
  Status ListBars(grpc::ServerContext* context, const mk::ListBarsRequest* request,
                  mk::ListBarsResponse* response) override;

 private:
  template <typename Feed, typename Request>
  grpc::ServerWriteReactor<typename Feed::Response>* Begin(CallbackServerContext& context,
                                                           const Request& request) {
    using Response = typename Feed::Response;
    if (const Status may = edge_.NeedsCaller(context); !may.ok()) {
      return new Refusing<grpc::ServerWriteReactor<Response>>(may);
    }
    const auto instrument = edge_.InstrumentOf(request.instrument());
    if (!instrument.ok()) {
      return new Refusing<grpc::ServerWriteReactor<Response>>(instrument.error());
    }
    return new Watch<Feed>(edge_, pulse_, *instrument, Feed(edge_, *instrument, request));
  }

  ExchangeEdge& edge_;
  Pulse& pulse_;
};

Status MarketDataService::ListBars(grpc::ServerContext* context, const mk::ListBarsRequest* request,
                                   mk::ListBarsResponse* response) {
  if (Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
  const auto instrument = edge_.InstrumentOf(request->instrument());
  if (!instrument.ok()) return instrument.error();
  const std::uint32_t minutes = request->minutes() == 0 ? 1 : request->minutes();
  if (minutes > kMinutesOfDay || kMinutesOfDay % minutes != 0) {
    return FieldError("minutes", std::to_string(minutes), "1 to 1440, and a divisor of 1440");
  }
  SimTime from = 0, to = std::numeric_limits<SimTime>::max();
  if (request->has_from_time()) {
    const auto time = wire::ParseTime("from_time", request->from_time(), wire::Rounding::kDown);
    if (!time.ok()) return time.error();
    from = *time;
  }
  if (request->has_to_time()) {
    const auto time = wire::ParseTime("to_time", request->to_time(), wire::Rounding::kUp);
    if (!time.ok()) return time.error();
    to = *time;
  }
  for (const Bar& bar : edge_.venue().market_data().Bars(*instrument, minutes, from, to,
                                                         PageOf(request->page_size(), kBarsMax))) {
    mk::Bar& out = *response->add_bars();
    wire::Fill(bar.begin, out.mutable_begin());
    out.set_open(bar.open.minor_per_tonne());
    out.set_high(bar.high.minor_per_tonne());
    out.set_low(bar.low.minor_per_tonne());
    out.set_close(bar.close.minor_per_tonne());
    out.set_volume(bar.volume.count());
    out.set_value(bar.value.minor());
    out.set_trades(bar.trades);
  }
  return Status::OK;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeMarketDataService(ExchangeEdge& edge, Pulse& pulse) {
  return std::make_unique<MarketDataService>(edge, pulse);
}

// ---- All of them ----

struct ExchangeServices::Impl {
  Impl(Venue& venue, const ExchangeServiceOptions& options)
      : edge(venue, options),
        market(MakeMarketService(edge)),
        order_entry(MakeOrderEntryService(edge, pulse)),
        market_data(MakeMarketDataService(edge, pulse)),
        auctions(MakeAuctionService(edge, pulse)) {}

  ExchangeEdge edge;
  Pulse pulse;
  std::unique_ptr<grpc::Service> market, order_entry, market_data, auctions;
};

ExchangeServices::ExchangeServices(Venue& venue, const ExchangeServiceOptions& options)
    : impl_(std::make_unique<Impl>(venue, options)) {}
ExchangeServices::~ExchangeServices() { Stop(); }

std::vector<grpc::Service*> ExchangeServices::all() const {
  return {impl_->market.get(), impl_->order_entry.get(), impl_->market_data.get(),
          impl_->auctions.get()};
}
std::vector<const char*> ExchangeServices::Names() {
  return {"ets.market.v1.MarketService", "ets.market.v1.OrderEntryService",
          "ets.market.v1.MarketDataService", "ets.auction.v1.AuctionService"};
}
void ExchangeServices::Stop() { impl_->pulse.Stop(); }

}  // namespace ets::server
