// ets.market.v1.MarketService: one call, one answer, for people and for programs without haste.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "ets/market/v1/market_service.grpc.pb.h"
#include "server/exchange_edge.h"
#include "server/exchange_services_impl.h"
#include "server/registry_errors.h"

namespace ets::server {
namespace {

using grpc::ServerContext;
using grpc::Status;
using market::Refusal;

// The row of a session type that an instrument may name: one with an order book. Empty: the first.
OrStatus<std::uint8_t> SessionOf(const market::VenueRules& rules, const std::string& name) {
  std::string allowed;
  for (std::size_t i = 0; i < rules.sessions.size(); ++i) {
    const market::SessionType& type = rules.sessions[i];
    if (type.mechanism != market::Mechanism::kOrderBook) continue;
    if (name.empty() || type.name == name) return static_cast<std::uint8_t>(i);
    allowed += (allowed.empty() ? "" : ", ") + type.name;
  }
  const auto known = std::find_if(rules.sessions.begin(), rules.sessions.end(),
                                  [&](const auto& type) { return type.name == name; });
  if (known != rules.sessions.end()) allowed += " (one with an order book)";
  return Fail{FieldError("session_type", name, allowed)};
}

// Days that are named stand in their order.
Status CheckDays(const market::ListInstrument& input) {
  if (input.last_day != Date() && input.last_day < input.first_day) {
    return FieldError("last_day", ToString(input.last_day),
                      "first_day (" + ToString(input.first_day) + ") or later");
  }
  const Date last = std::max(input.first_day, input.last_day);
  if (input.delisting_day != Date() && input.delisting_day <= last) {
    return FieldError("delisting_day", ToString(input.delisting_day),
                      "a day after " + ToString(last));
  }
  return Status::OK;
}

class MarketService final : public mk::MarketService::Service {
 public:
  explicit MarketService(ExchangeEdge& edge) : edge_(edge), exchange_(edge.exchange()) {}

  Status ListInstrument(ServerContext* context, const mk::ListInstrumentRequest* request,
                        mk::ListInstrumentResponse* response) override;
  Status DelistInstrument(ServerContext* context, const mk::DelistInstrumentRequest* request,
                          mk::DelistInstrumentResponse* response) override;
  Status SetHoldingLimit(ServerContext* context, const mk::SetHoldingLimitRequest* request,
                         mk::SetHoldingLimitResponse* response) override;
  Status ListLargeHolders(ServerContext* context, const mk::ListLargeHoldersRequest* request,
                          mk::ListLargeHoldersResponse* response) override;
  Status OpenSession(ServerContext* context, const mk::OpenSessionRequest* request,
                     mk::OpenSessionResponse* response) override;

  Status PlaceOrder(ServerContext* context, const mk::PlaceOrderRequest* request,
                    mk::PlaceOrderResponse* response) override;
  Status ChangeOrder(ServerContext* context, const mk::ChangeOrderRequest* request,
                     mk::ChangeOrderResponse* response) override {
    return ForMember(*context, request->member(), edge_.Read(request->change()), response);
  }
  Status CancelOrder(ServerContext* context, const mk::CancelOrderRequest* request,
                     mk::CancelOrderResponse* response) override {
    mk::OrderKey key;
    key.set_instrument(request->instrument());
    key.set_order(request->order());
    key.set_client_order_id(request->client_order_id());
    const auto done = DoForMember(*context, request->member(), edge_.Read(key));
    if (!done.ok()) return done.error();
    response->set_sequence(done->sequence);
    return Status::OK;
  }
  Status CancelOrders(ServerContext* context, const mk::CancelOrdersRequest* request,
                      mk::CancelOrdersResponse* response) override {
    return ForMember(*context, request->member(), edge_.Read(request->which()), response);
  }
  Status ListOrders(ServerContext* context, const mk::ListOrdersRequest* request,
                    mk::ListOrdersResponse* response) override;

  Status QuoteBlock(ServerContext* context, const mk::QuoteBlockRequest* request,
                    mk::QuoteBlockResponse* response) override {
    return ForMember(*context, request->member(), edge_.Read(request->quote()), response);
  }
  Status ConfirmBlock(ServerContext* context, const mk::ConfirmBlockRequest* request,
                      mk::ConfirmBlockResponse* response) override {
    const OrStatus<market::ConfirmBlock> input =
        market::ConfirmBlock{{}, market::OfferId(request->offer())};
    return ForMember(*context, request->member(), input, response);
  }
  Status CancelBlock(ServerContext* context, const mk::CancelBlockRequest* request,
                     mk::CancelBlockResponse* response) override {
    const OrStatus<market::CancelBlock> input =
        market::CancelBlock{{}, market::OfferId(request->offer())};
    return ForMember(*context, request->member(), input, response);
  }
  Status ListBlocks(ServerContext* context, const mk::ListBlocksRequest* request,
                    mk::ListBlocksResponse* response) override;

  Status Withdraw(ServerContext* context, const mk::WithdrawRequest* request,
                  mk::WithdrawResponse* response) override;
  Status GetBook(ServerContext* context, const mk::GetBookRequest* request,
                 mk::GetBookResponse* response) override;
  Status GetMember(ServerContext* context, const mk::GetMemberRequest* request,
                   mk::GetMemberResponse* response) override;
  Status CloseDay(ServerContext* context, const mk::CloseDayRequest*,
                  mk::CloseDayResponse* response) override;
  Status GetStatus(ServerContext* context, const mk::GetStatusRequest*,
                   mk::GetStatusResponse* response) override;

  Status HaltTrading(ServerContext* context, const mk::HaltTradingRequest* request,
                     mk::HaltTradingResponse* response) override {
    market::HaltTrading input;
    input.cancel_orders = request->cancel_orders();
    return ForAny(*context, request->instrument(), input, response);
  }
  Status ResumeTrading(ServerContext* context, const mk::ResumeTradingRequest* request,
                       mk::ResumeTradingResponse* response) override {
    return ForAny(*context, request->instrument(), market::ResumeTrading{}, response);
  }
  Status SetPhase(ServerContext* context, const mk::SetPhaseRequest* request,
                  mk::SetPhaseResponse* response) override;
  Status BlockMember(ServerContext* context, const mk::BlockMemberRequest* request,
                     mk::BlockMemberResponse* response) override;

 private:
  OrStatus<market::Receipt> Do(const market::Input& input) {
    const auto done = exchange_.Do(input);
    if (!done.ok()) return Fail{StatusOf(done.error())};
    return *done;
  }
  // Who asks comes before what is asked.
  template <typename In>
  OrStatus<market::Receipt> DoForMember(const ServerContext& context, const std::string& name,
                                        OrStatus<In> input) {
    const auto member = edge_.MemberOf(context, name);
    if (!member.ok()) return Fail{member.error()};
    if (!input.ok()) return Fail{input.error()};
    input.value().member = *member;
    return Do(input.value());
  }
  template <typename In, typename Response>
  Status ForMember(const ServerContext& context, const std::string& name, OrStatus<In> input,
                   Response* response) {
    const auto done = DoForMember(context, name, std::move(input));
    if (!done.ok()) return done.error();
    ExchangeEdge::Fill(*done, response->mutable_receipt());
    return Status::OK;
  }
  // The operator's, for one instrument or all.
  template <typename In, typename Response>
  Status ForAny(const ServerContext& context, const std::string& name, In input,
                Response* response) {
    if (Status may = edge_.NeedsOperator(context); !may.ok()) return may;
    if (!name.empty()) {
      const auto instrument = edge_.InstrumentOf(name);
      if (!instrument.ok()) return instrument.error();
      input.instrument = *instrument;
    }
    const auto done = Do(input);
    if (!done.ok()) return done.error();
    ExchangeEdge::Fill(*done, response->mutable_receipt());
    return Status::OK;
  }

  ExchangeEdge& edge_;
  LiveExchange& exchange_;
};

Status MarketService::ListInstrument(ServerContext* context,
                                     const mk::ListInstrumentRequest* request,
                                     mk::ListInstrumentResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto unit = edge_.LedgerOf("unit", request->unit());
  if (!unit.ok()) return unit.error();
  const auto cash = edge_.LedgerOf("cash_unit", request->cash_unit());
  if (!cash.ok()) return cash.error();
  if (request->reference_price() <= 0) {
    return FieldError("reference_price", std::to_string(request->reference_price()),
                      "above 0, in minor units a tonne");
  }
  market::ListInstrument input;
  input.unit_ledger = unit->first;
  input.cash_ledger = cash->first;
  input.reference = Price::FromMinorPerTonne(request->reference_price());
  const market::VenueRules& rules = edge_.rules();
  input.holding_limit =
      request->has_holding_limit() ? Tonnes(request->holding_limit()) : rules.holding_limit;
  input.large_holder_from = request->has_large_holder_from() ? Tonnes(request->large_holder_from())
                                                             : rules.large_holder_from;
  const auto session = SessionOf(rules, request->session_type());
  if (!session.ok()) return session.error();
  input.session = *session;
  for (const auto& [field, text, date] :
       {std::tuple("first_day", &request->first_day(), &input.first_day),
        {"last_day", &request->last_day(), &input.last_day},
        {"delisting_day", &request->delisting_day(), &input.delisting_day}}) {
    if (text->empty()) continue;
    const auto parsed = Date::Parse(*text);
    if (!parsed) return FieldError(field, *text, "a date as in 2026-03-02");
    *date = *parsed;
  }
  if (const Status wrong = CheckDays(input); !wrong.ok()) return wrong;
  const auto known = exchange_.FindInstrument(unit->first, cash->first);
  bool is_listed = false;
  exchange_.Read(
      [&](const market::Market& market) { is_listed = known && market.instrument(*known).listed; });
  if (is_listed) {
    return RefusalStatus(Refusal::kAlreadySo, {known->raw(), 0},
                         edge_.NameOf(*known) + ": is listed already");
  }
  const auto done = Do(input);
  if (!done.ok()) return done.error();
  response->set_sequence(done->sequence);
  response->set_instrument(edge_.NameOf(InstrumentId(static_cast<std::uint16_t>(done->id))));
  return Status::OK;
}

Status MarketService::DelistInstrument(ServerContext* context,
                                       const mk::DelistInstrumentRequest* request,
                                       mk::DelistInstrumentResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto instrument = edge_.InstrumentOf(request->instrument());
  if (!instrument.ok()) return instrument.error();
  const auto done = Do(market::DelistInstrument{*instrument});
  if (!done.ok()) return done.error();
  ExchangeEdge::Fill(*done, response->mutable_receipt());
  return Status::OK;
}

Status MarketService::SetHoldingLimit(ServerContext* context,
                                      const mk::SetHoldingLimitRequest* request,
                                      mk::SetHoldingLimitResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto instrument = edge_.InstrumentOf(request->instrument());
  if (!instrument.ok()) return instrument.error();
  market::SetHoldingLimit input{*member, *instrument, {}};
  if (request->has_limit()) input.limit = Tonnes(request->limit());
  const auto done = Do(input);
  if (!done.ok()) return done.error();
  ExchangeEdge::Fill(*done, response->mutable_receipt());
  return Status::OK;
}

Status MarketService::ListLargeHolders(ServerContext* context,
                                       const mk::ListLargeHoldersRequest* request,
                                       mk::ListLargeHoldersResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  std::optional<InstrumentId> only;
  if (!request->instrument().empty()) {
    const auto instrument = edge_.InstrumentOf(request->instrument());
    if (!instrument.ok()) return instrument.error();
    only = *instrument;
  }
  exchange_.Read([&](const market::Market& market) {
    response->set_sequence(market.sequence());
    for (std::uint16_t i = 0; i < market.instrument_count(); ++i) {
      const InstrumentId id(i);
      const market::InstrumentView& view = market.instrument(id);
      if (only ? id != *only : !view.listed) continue;
      for (const MemberId member : market.large_holders(id)) {
        mk::LargeHolder& holder = *response->add_holders();
        holder.set_member(edge_.NameOf(member));
        holder.set_instrument(edge_.NameOf(id));
        holder.set_held(market.holding(member, view.unit_ledger).total());
        holder.set_from(view.large_holder_from.count());
      }
    }
  });
  return Status::OK;
}

Status MarketService::OpenSession(ServerContext* context, const mk::OpenSessionRequest* request,
                                  mk::OpenSessionResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto date = Date::Parse(request->date());
  if (!date) return FieldError("date", request->date(), "a date as in 2026-03-02");
  const auto done = Do(market::OpenSession{*date});
  if (!done.ok()) return done.error();
  response->set_sequence(done->sequence);
  return Status::OK;
}

Status MarketService::PlaceOrder(ServerContext* context, const mk::PlaceOrderRequest* request,
                                 mk::PlaceOrderResponse* response) {
  mk::OrderDraft draft;
  draft.set_instrument(request->instrument());
  draft.set_side(request->side());
  draft.set_type(request->type());
  draft.set_time_in_force(request->time_in_force());
  draft.set_price(request->price());
  draft.set_stop_price(request->stop_price());
  draft.set_quantity(request->quantity());
  draft.set_display_quantity(request->display_quantity());
  draft.set_minimum_quantity(request->minimum_quantity());
  draft.set_post_only(request->post_only());
  draft.set_self_trade_prevention(request->self_trade_prevention());
  draft.set_expire_date(request->expire_date());
  draft.set_client_order_id(request->client_order_id());
  const auto done = DoForMember(*context, request->member(), edge_.Read(draft));
  if (!done.ok()) return done.error();
  response->set_sequence(done->sequence);
  response->set_order(done->order.raw());
  response->set_traded(done->traded.count());
  response->set_resting(done->resting.count());
  response->set_value(done->value.minor());
  return Status::OK;
}

Status MarketService::ListOrders(ServerContext* context, const mk::ListOrdersRequest* request,
                                 mk::ListOrdersResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  std::optional<InstrumentId> only;
  if (!request->instrument().empty()) {
    const auto instrument = edge_.InstrumentOf(request->instrument());
    if (!instrument.ok()) return instrument.error();
    only = *instrument;
  }
  exchange_.Read([&](const market::Market& market) {
    response->set_sequence(market.sequence());
    edge_.ForEachOrder(market, *member, [&](InstrumentId instrument, const auto& order) {
      if (!only || instrument == *only) edge_.Fill(instrument, order, response->add_orders());
    });
  });
  return Status::OK;
}

Status MarketService::ListBlocks(ServerContext* context, const mk::ListBlocksRequest* request,
                                 mk::ListBlocksResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  exchange_.Read([&](const market::Market& market) {
    response->set_sequence(market.sequence());
    for (const market::BlockQuoteView& open : market.block_quotes()) {
      const auto& counterparty = open.quote.counterparty;
      if (open.quote.member != *member && counterparty && *counterparty != *member) continue;
      mk::OpenBlock& out = *response->add_blocks();
      out.set_offer(open.offer.raw());
      out.set_member(edge_.NameOf(open.quote.member));
      out.mutable_quote()->set_instrument(edge_.NameOf(open.quote.instrument));
      out.mutable_quote()->set_side(static_cast<mk::Side>(open.quote.side));
      out.mutable_quote()->set_price(open.quote.price.minor_per_tonne());
      out.mutable_quote()->set_quantity(open.quote.quantity.count());
      if (counterparty) out.mutable_quote()->set_counterparty(edge_.NameOf(*counterparty));
    }
  });
  return Status::OK;
}

Status MarketService::Withdraw(ServerContext* context, const mk::WithdrawRequest* request,
                               mk::WithdrawResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto ledger = edge_.LedgerOf("unit", request->unit());
  if (!ledger.ok()) return ledger.error();
  const auto done = Do(market::Withdraw{*member, ledger->first, request->amount()});
  if (!done.ok()) return done.error();
  response->set_sequence(done->sequence);
  return Status::OK;
}

Status MarketService::GetBook(ServerContext* context, const mk::GetBookRequest* request,
                              mk::GetBookResponse* response) {
  if (Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
  const auto instrument = edge_.InstrumentOf(request->instrument());
  if (!instrument.ok()) return instrument.error();
  exchange_.Read([&](const market::Market& market) {
    const market::InstrumentView& view = market.instrument(*instrument);
    response->set_sequence(market.sequence());
    response->set_session_open(market.session_open());
    response->set_band_low(view.band_low.minor_per_tonne());
    response->set_band_high(view.band_high.minor_per_tonne());
    response->set_previous_close(view.previous_close.minor_per_tonne());
    response->set_close(market.close_so_far(*instrument).minor_per_tonne());
    response->set_phase(static_cast<mk::Phase>(view.phase));
    response->set_last(view.last.minor_per_tonne());
    const std::uint8_t visible = market.rules().sessions[view.session].visible_levels;
    const std::size_t shown = visible == 0 ? std::numeric_limits<std::size_t>::max() : visible;
    for (const matching::Side side : {matching::Side::kBuy, matching::Side::kSell}) {
      std::vector<matching::Engine::Quote> levels;
      market.engine(*instrument).AppendDepth(side, shown, levels);
      for (const auto& level : levels) {
        mk::Level& out =
            side == matching::Side::kBuy ? *response->add_bids() : *response->add_offers();
        out.set_price(level.price.minor_per_tonne());
        out.set_quantity(level.quantity.count());
        out.set_orders(level.orders);
      }
    }
  });
  return Status::OK;
}

Status MarketService::GetMember(ServerContext* context, const mk::GetMemberRequest* request,
                                mk::GetMemberResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto ledgers = exchange_.link().Ledgers();
  if (!ledgers.ok()) return Error(Reason::kNotServing, ledgers.error().message);
  exchange_.Read([&](const market::Market& market) {
    response->set_sequence(market.sequence());
    response->set_account("accounts/" + std::to_string(market.holder(*member).raw()));
    for (const auto& [number, unit] : *ledgers) {
      if (number >= exchange_.ledger_count_max()) continue;
      const matching::Holding& holding = market.holding(*member, LedgerId(number));
      if (holding.total() == 0) continue;
      mk::MemberHolding& out = *response->add_holdings();
      out.set_unit(ToString(unit));
      out.set_available(holding.available);
      out.set_reserved(holding.reserved);
      out.set_bought_today(holding.bought_today);
    }
    for (std::uint16_t i = 0; i < market.instrument_count(); ++i) {
      const InstrumentId id(i);
      const Tonnes limit = market.holding_limit(*member, id);
      const bool is_own = market.has_own_limit(*member, id);
      if (!market.instrument(id).listed || (limit == Tonnes(0) && !is_own)) continue;
      mk::MemberLimit& out = *response->add_limits();
      out.set_instrument(edge_.NameOf(id));
      out.set_limit(limit.count());
      out.set_own(is_own);
    }
  });
  return Status::OK;
}

Status MarketService::CloseDay(ServerContext* context, const mk::CloseDayRequest*,
                               mk::CloseDayResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const bool is_named = context->deadline() != std::chrono::system_clock::time_point::max();
  const auto longest = std::chrono::system_clock::now() + edge_.options().day_patience;
  const auto report = exchange_.CloseDay(
      {is_named ? context->deadline() : longest, [context] { return context->IsCancelled(); }});
  if (!report.ok()) return StatusOf(report.error());
  response->set_settlement_sequence(report->settlement_sequence);
  response->set_failed(report->failed);
  for (const MemberId member : report->mismatches) {
    response->add_mismatches(edge_.NameOf(member));
  }
  return Status::OK;
}

Status MarketService::GetStatus(ServerContext* context, const mk::GetStatusRequest*,
                                mk::GetStatusResponse* response) {
  if (Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
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

Status MarketService::SetPhase(ServerContext* context, const mk::SetPhaseRequest* request,
                               mk::SetPhaseResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto instrument = edge_.InstrumentOf(request->instrument());
  if (!instrument.ok()) return instrument.error();
  const int phase = request->phase();
  if (phase < mk::PHASE_CLOSED || phase > mk::PHASE_CLOSING_CALL) {
    return FieldError("phase", std::to_string(phase), "a PHASE other than PHASE_HALTED");
  }
  const auto done = Do(market::SetPhase{*instrument, static_cast<market::Phase>(phase)});
  if (!done.ok()) return done.error();
  ExchangeEdge::Fill(*done, response->mutable_receipt());
  return Status::OK;
}

Status MarketService::BlockMember(ServerContext* context, const mk::BlockMemberRequest* request,
                                  mk::BlockMemberResponse* response) {
  if (Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto done = Do(market::BlockMember{*member, request->blocked()});
  if (!done.ok()) return done.error();
  ExchangeEdge::Fill(*done, response->mutable_receipt());
  return Status::OK;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeMarketService(ExchangeEdge& edge) {
  return std::make_unique<MarketService>(edge);
}

}  // namespace ets::server
