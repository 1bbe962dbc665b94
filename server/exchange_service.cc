#include "server/exchange_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "ets/market/v1/market_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/registry_errors.h"

namespace ets::server {
namespace {

namespace pb = ::ets::market::v1;
using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;
using market::Refusal;

constexpr std::size_t kClientIdMax = 20;
constexpr std::size_t kClientIdsKept = std::size_t{1} << 20U;
constexpr std::string_view kMembers = "members/";
constexpr std::string_view kInstruments = "instruments/";

StatusCode CodeOf(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMemberNotFound:
    case Refusal::kInstrumentNotFound:
    case Refusal::kOrderNotFound:
    case Refusal::kLedgerNotFound:
    case Refusal::kOfferNotFound:
      return StatusCode::NOT_FOUND;
    case Refusal::kQuantityNotPositive:
    case Refusal::kPriceOffTick:
    case Refusal::kBidNotInLots:
    case Refusal::kAmountTooLarge:
    case Refusal::kAuctionFormatInvalid:
    case Refusal::kQuantityOffLot:
    case Refusal::kOrderFieldsContradict:
    case Refusal::kStopPriceInvalid:
    case Refusal::kExpireDateInvalid:
    case Refusal::kClientOrderIdInvalid:
    case Refusal::kSessionTypeUnknown:
    case Refusal::kReferenceInvalid:
    case Refusal::kWindowInvalid:
    case Refusal::kNothingChanges:
      return StatusCode::INVALID_ARGUMENT;
    case Refusal::kDuplicateClientOrderId:
      return StatusCode::ALREADY_EXISTS;
    case Refusal::kBookFull:
    case Refusal::kTooManyOpenOrders:
      return StatusCode::RESOURCE_EXHAUSTED;
    case Refusal::kMemberBlocked:
    case Refusal::kNotTheCounterparty:
      return StatusCode::PERMISSION_DENIED;
    case Refusal::kStreamGap:
    case Refusal::kTimeGoesBack:
      return StatusCode::OUT_OF_RANGE;
    case Refusal::kInstrumentNotTrading:
    case Refusal::kQuantityOfWrongChannel:
    case Refusal::kPriceOutsideBand:
    case Refusal::kInsufficientUnits:
    case Refusal::kInsufficientCash:
    case Refusal::kWouldNotFill:
    case Refusal::kSameParty:
    case Refusal::kAuctionNotOpen:
    case Refusal::kBidBelowReserve:
    case Refusal::kTooManyBids:
    case Refusal::kSessionAlreadyOpen:
    case Refusal::kAuctionAlreadyOpen:
    case Refusal::kLedgerStillTraded:
    case Refusal::kInstrumentHalted:
    case Refusal::kInstrumentExpired:
    case Refusal::kUnitsBoughtToday:
    case Refusal::kAboveHoldingLimit:
    case Refusal::kWrongSession:
    case Refusal::kQuantityAboveMax:
    case Refusal::kWouldTakeLiquidity:
    case Refusal::kNothingToTradeWith:
    case Refusal::kBiddingNotOpen:
    case Refusal::kAlreadySo:
    case Refusal::kBidIrrevocable:
      return StatusCode::FAILED_PRECONDITION;
  }
  return StatusCode::FAILED_PRECONDITION;
}

Status StatusOf(const ExchangeFailure& failure) {
  if (!failure.refusal) return Error(Reason::kNotServing, failure.message);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ToString(*failure.refusal)));
  info.set_domain("capclear");
  google::rpc::Status details;
  details.set_code(CodeOf(*failure.refusal));
  details.set_message(failure.message);
  details.add_details()->PackFrom(info);
  return {CodeOf(*failure.refusal), failure.message, details.SerializeAsString()};
}

Status StatusOf(const LiveFailure& failure) { return Error(Reason::kNotServing, failure.message); }

template <typename T>
using OrStatus = Result<T, Status>;

OrStatus<AccountId> ParseMember(const std::string& name) {
  std::uint32_t number = 0;
  if (name.starts_with(kMembers)) {
    const char* const begin = name.data() + kMembers.size();
    const char* const last = name.data() + name.size();
    const auto [end, wrong] = std::from_chars(begin, last, number);
    if (wrong == std::errc() && end == last && begin != last) return AccountId(number);
  }
  return Fail{FieldError("member", name, "members/ and the number of an escrow account")};
}

std::string InstrumentName(Unit unit, Unit cash) {
  return std::string(kInstruments) + ToString(unit) + "-" + ToString(cash);
}

class MarketService final : public pb::MarketService::Service {
 public:
  MarketService(LiveExchange& exchange, const ExchangeServiceOptions& options)
      : exchange_(exchange), options_(options) {}

  Status ListInstrument(ServerContext* context, const pb::ListInstrumentRequest* request,
                        pb::ListInstrumentResponse* response) override {
    if (const Status may = NeedsOperator(*context); !may.ok()) return may;
    const auto unit = LedgerOf("unit", request->unit());
    if (!unit.ok()) return unit.error();
    const auto cash = LedgerOf("cash_unit", request->cash_unit());
    if (!cash.ok()) return cash.error();
    if (request->reference_price() <= 0) {
      return FieldError("reference_price", std::to_string(request->reference_price()),
                        "above 0, in minor units a tonne");
    }
    if (exchange_.FindInstrument(unit->first, cash->first)) {
      return {StatusCode::ALREADY_EXISTS, "the instrument is listed"};
    }
    const auto done = exchange_.Do(market::ListInstrument{
        unit->first, cash->first, Price::FromMinorPerTonne(request->reference_price())});
    if (!done.ok()) return StatusOf(done.error());
    response->set_sequence(done->sequence);
    response->set_instrument(InstrumentName(unit->second, cash->second));
    return Status::OK;
  }

  Status OpenSession(ServerContext* context, const pb::OpenSessionRequest* request,
                     pb::OpenSessionResponse* response) override {
    if (const Status may = NeedsOperator(*context); !may.ok()) return may;
    const auto date = Date::Parse(request->date());
    if (!date) return FieldError("date", request->date(), "a date as in 2026-03-02");
    const auto done = exchange_.Do(market::OpenSession{*date});
    if (!done.ok()) return StatusOf(done.error());
    response->set_sequence(done->sequence);
    return Status::OK;
  }

  Status PlaceOrder(ServerContext* context, const pb::PlaceOrderRequest* request,
                    pb::PlaceOrderResponse* response) override;

  Status CancelOrder(ServerContext* context, const pb::CancelOrderRequest* request,
                     pb::CancelOrderResponse* response) override {
    const auto member = MemberOf(*context, request->member());
    if (!member.ok()) return member.error();
    const auto instrument = InstrumentOf(request->instrument());
    if (!instrument.ok()) return instrument.error();
    const auto done =
        exchange_.Do(market::CancelOrder{*member, *instrument, OrderId(request->order())});
    if (!done.ok()) return StatusOf(done.error());
    response->set_sequence(done->sequence);
    return Status::OK;
  }

  Status Withdraw(ServerContext* context, const pb::WithdrawRequest* request,
                  pb::WithdrawResponse* response) override {
    const auto member = MemberOf(*context, request->member());
    if (!member.ok()) return member.error();
    const auto ledger = LedgerOf("unit", request->unit());
    if (!ledger.ok()) return ledger.error();
    const auto done = exchange_.Do(market::Withdraw{*member, ledger->first, request->amount()});
    if (!done.ok()) return StatusOf(done.error());
    response->set_sequence(done->sequence);
    return Status::OK;
  }

  Status GetBook(ServerContext* context, const pb::GetBookRequest* request,
                 pb::GetBookResponse* response) override {
    if (!CallerOf(*context)) return Unknown();
    const auto instrument = InstrumentOf(request->instrument());
    if (!instrument.ok()) return instrument.error();
    exchange_.Read([&](const market::Market& market) {
      const market::InstrumentView& view = market.instrument(*instrument);
      response->set_sequence(market.sequence());
      response->set_session_open(market.session_open());
      response->set_band_low(view.band_low.minor_per_tonne());
      response->set_band_high(view.band_high.minor_per_tonne());
      response->set_previous_close(view.previous_close.minor_per_tonne());
      response->set_close(view.close.minor_per_tonne());
      FillLevels(market.engine(*instrument), *response);
    });
    return Status::OK;
  }

  Status GetMember(ServerContext* context, const pb::GetMemberRequest* request,
                   pb::GetMemberResponse* response) override {
    const auto member = MemberOf(*context, request->member());
    if (!member.ok()) return member.error();
    const auto ledgers = exchange_.link().Ledgers();
    if (!ledgers.ok()) return StatusOf(ledgers.error());
    exchange_.Read([&](const market::Market& market) {
      response->set_sequence(market.sequence());
      response->set_account("accounts/" + std::to_string(market.holder(*member).raw()));
      for (const auto& [number, unit] : *ledgers) {
        if (number >= exchange_.ledger_count_max()) continue;
        const matching::Holding& holding = market.holding(*member, LedgerId(number));
        if (holding.total() == 0) continue;
        pb::MemberHolding& out = *response->add_holdings();
        out.set_unit(ToString(unit));
        out.set_available(holding.available);
        out.set_reserved(holding.reserved);
        out.set_bought_today(holding.bought_today);
      }
    });
    return Status::OK;
  }

  Status CloseDay(ServerContext* context, const pb::CloseDayRequest*,
                  pb::CloseDayResponse* response) override {
    if (const Status may = NeedsOperator(*context); !may.ok()) return may;
    const bool is_named = context->deadline() != std::chrono::system_clock::time_point::max();
    const auto longest = std::chrono::system_clock::now() + options_.day_patience;
    const auto report = exchange_.CloseDay(
        {is_named ? context->deadline() : longest, [context] { return context->IsCancelled(); }});
    if (!report.ok()) return StatusOf(report.error());
    response->set_settlement_sequence(report->settlement_sequence);
    response->set_failed(report->failed);
    exchange_.Read([&](const market::Market& market) {
      for (const MemberId member : report->mismatches) {
        response->add_mismatches(std::string(kMembers) +
                                 std::to_string(market.escrow(member).raw()));
      }
    });
    return Status::OK;
  }

  Status GetStatus(ServerContext* context, const pb::GetStatusRequest*,
                   pb::GetStatusResponse* response) override {
    if (!CallerOf(*context)) return Unknown();
    response->set_alarms(exchange_.alarms());
    exchange_.Read([&](const market::Market& market) {
      response->set_sequence(market.sequence());
      response->set_session_open(market.session_open());
      response->set_settlement_sequence(market.settlement_sequence());
      response->set_members(market.member_count());
      response->set_instruments(market.instrument_count());
    });
    return Status::OK;
  }

 private:
  static Status Unknown() {
    return Error(
        Reason::kUnauthenticated,
        "nobody is known by that token; allowed: metadata \"authorization: Bearer TOKEN\"");
  }

  std::optional<Caller> CallerOf(const ServerContext& context) const {
    constexpr Caller kOperator{0, registry::Role::kRegistryAdmin, true};
    if (!options_.auth.required) return kOperator;
    const auto header = context.client_metadata().find("authorization");
    if (header == context.client_metadata().end()) return std::nullopt;
    const std::string_view authorization(header->second.data(), header->second.size());
    if (options_.registry != nullptr) {
      return Authenticate(options_.auth, *options_.registry, authorization, {});
    }
    constexpr std::string_view kBearer = "Bearer ";
    if (!authorization.starts_with(kBearer)) return std::nullopt;
    const auto hash = HashOfToken(authorization.substr(kBearer.size()));
    if (!EqualInConstantTime(hash, options_.auth.operator_hash)) return std::nullopt;
    return kOperator;
  }

  Status NeedsOperator(const ServerContext& context) const {
    const auto caller = CallerOf(context);
    if (!caller) return Unknown();
    if (HasRole(*caller, {registry::Role::kExchange})) return Status::OK;
    return Error(Reason::kRoleRequired, "allowed: the operator, or a principal with role exchange");
  }

  // Who may not know of a member is told that there is none.
  OrStatus<MemberId> MemberOf(const ServerContext& context, const std::string& name) {
    const auto caller = CallerOf(context);
    if (!caller) return Fail{Unknown()};
    const auto escrow = ParseMember(name);
    if (!escrow.ok()) return Fail{escrow.error()};
    bool may = HasRole(*caller, {registry::Role::kExchange});
    if (!may && options_.registry != nullptr) {
      const Patience patience{std::chrono::system_clock::now() + options_.patience, {}};
      options_.registry->Read(patience, [&](const registry::Registry& state, const StatePoint&) {
        may = MayInitiate(state, *caller, *escrow);
      });
    }
    const auto member = exchange_.FindMember(*escrow);
    if (!may || !member) {
      return Fail{StatusOf(
          ExchangeFailure{Refusal::kMemberNotFound, name + ": nothing was deposited there"})};
    }
    return *member;
  }

  OrStatus<std::pair<LedgerId, Unit>> LedgerOf(std::string_view field, const std::string& text) {
    const auto unit = ParseUnit(text);
    if (!unit) return Fail{FieldError(field, text, "a unit as in CEA26, CCER or CNY")};
    const auto ledgers = exchange_.link().Ledgers();
    if (!ledgers.ok()) return Fail{StatusOf(ledgers.error())};
    for (const auto& [number, known] : *ledgers) {
      if (known == *unit) return std::pair(LedgerId(number), known);
    }
    return Fail{StatusOf(
        ExchangeFailure{Refusal::kLedgerNotFound, text + ": the registry has no such ledger"})};
  }

  OrStatus<InstrumentId> InstrumentOf(const std::string& name) {
    const std::size_t dash = name.rfind('-');
    if (!name.starts_with(kInstruments) || dash == name.npos || dash < kInstruments.size()) {
      return Fail{FieldError("instrument", name, "a name as in instruments/CEA26-CNY")};
    }
    const auto unit =
        LedgerOf("instrument", name.substr(kInstruments.size(), dash - kInstruments.size()));
    if (!unit.ok()) return Fail{unit.error()};
    const auto cash = LedgerOf("instrument", name.substr(dash + 1));
    if (!cash.ok()) return Fail{cash.error()};
    const auto instrument = exchange_.FindInstrument(unit->first, cash->first);
    if (instrument) return *instrument;
    return Fail{StatusOf(ExchangeFailure{Refusal::kInstrumentNotFound, name + ": is not listed"})};
  }

  static void FillLevels(const matching::Engine& engine, pb::GetBookResponse& out) {
    for (const matching::Side side : {matching::Side::kBuy, matching::Side::kSell}) {
      std::vector<matching::Engine::Quote> quotes;
      engine.AppendDepth(side, SIZE_MAX, quotes);
      for (const matching::Engine::Quote& quote : quotes) {
        pb::Level& level = side == matching::Side::kBuy ? *out.add_bids() : *out.add_offers();
        level.set_price(quote.price.minor_per_tonne());
        level.set_quantity(quote.quantity.count());
        level.set_orders(quote.orders);
      }
    }
  }

  LiveExchange& exchange_;
  const ExchangeServiceOptions options_;

  // What was answered to a member's ids; one order entry at a time looks and remembers.
  using ClientId = std::pair<std::uint32_t, std::string>;
  std::mutex answers_mutex_;
  std::map<ClientId, pb::PlaceOrderResponse> answers_;
  std::deque<ClientId> answers_by_age_;
};

Status MarketService::PlaceOrder(ServerContext* context, const pb::PlaceOrderRequest* request,
                                 pb::PlaceOrderResponse* response) {
  const auto member = MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto instrument = InstrumentOf(request->instrument());
  if (!instrument.ok()) return instrument.error();
  if (request->side() != pb::SIDE_BUY && request->side() != pb::SIDE_SELL) {
    return FieldError("side", std::to_string(request->side()), "SIDE_BUY or SIDE_SELL");
  }
  if (!pb::TimeInForce_IsValid(request->time_in_force())) {
    return FieldError("time_in_force", std::to_string(request->time_in_force()), "a TIME_IN_FORCE");
  }
  const std::string& id = request->client_order_id();
  const bool is_printable =
      std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (id.size() > kClientIdMax || !is_printable) {
    return FieldError("client_order_id", id, "up to 20 printable ASCII characters");
  }
  const int time_in_force = request->time_in_force() == pb::TIME_IN_FORCE_UNSPECIFIED
                                ? pb::TIME_IN_FORCE_DAY
                                : request->time_in_force();
  const market::PlaceOrder order{*member,
                                 *instrument,
                                 static_cast<matching::Side>(request->side()),
                                 static_cast<matching::TimeInForce>(time_in_force),
                                 Price::FromMinorPerTonne(request->price()),
                                 Tonnes(request->quantity())};
  const ClientId key(member->raw(), id);
  std::unique_lock lock(answers_mutex_, std::defer_lock);
  if (!id.empty()) {
    lock.lock();
    const auto known = answers_.find(key);
    if (known != answers_.end()) {
      *response = known->second;
      return Status::OK;
    }
  }
  const auto done = exchange_.Do(order);
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  response->set_order(done->order.raw());
  response->set_traded(done->traded.count());
  response->set_resting(done->resting.count());
  response->set_value(done->value.minor());
  if (id.empty()) return Status::OK;
  answers_[key] = *response;
  answers_by_age_.push_back(key);
  if (answers_by_age_.size() > kClientIdsKept) {
    answers_.erase(answers_by_age_.front());
    answers_by_age_.pop_front();
  }
  return Status::OK;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeMarketService(LiveExchange& exchange,
                                                 const ExchangeServiceOptions& options) {
  return std::make_unique<MarketService>(exchange, options);
}

}  // namespace ets::server
