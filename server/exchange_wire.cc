// What ets.market.v1 says, in the market's words and back.
#include <google/protobuf/timestamp.pb.h>

#include "server/exchange_edge.h"
#include "server/registry_errors.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

using grpc::Status;

// Our enumerators have the wire's numbers, and 0 stands for `fallback`.
template <typename Enum>
OrStatus<Enum> ReadEnum(std::string_view field, int value, int last, Enum fallback) {
  if (value == 0) return fallback;
  if (value < 0 || value > last) {
    return Fail{FieldError(field, std::to_string(value), "a value of its enum")};
  }
  return static_cast<Enum>(value);
}

OrStatus<matching::Side> ReadSide(int value) {
  if (value == mk::SIDE_BUY || value == mk::SIDE_SELL) return static_cast<matching::Side>(value);
  return Fail{FieldError("side", std::to_string(value), "SIDE_BUY or SIDE_SELL")};
}

OrStatus<matching::ClientOrderId> ReadClientId(std::string_view field, const std::string& text) {
  const auto id = matching::ClientOrderId::Parse(text);
  if (id) return *id;
  return Fail{RefusalStatus(market::Refusal::kClientOrderIdInvalid, WrongInClientId(text),
                            std::string(field) + ": " + wire::Quoted(text) +
                                "; allowed: up to 20 printable ASCII characters "
                                "without spaces")};
}

OrStatus<Date> ReadDate(std::string_view field, const std::string& text) {
  if (text.empty()) return Date(0);
  const auto date = Date::Parse(text);
  if (date) return *date;
  return Fail{FieldError(field, text, "a date as in 2026-03-02")};
}

std::string TextOf(Date date) { return date == Date(0) ? std::string() : ToString(date); }

Price PriceOf(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

void FillFee(const matching::FeeRate& rate, mk::FeeRate* out) {
  out->set_basis_points(rate.bp);
  out->set_per_tonne(rate.per_tonne.minor_per_tonne());
}

void FillType(const market::SessionType& type, mk::SessionType* out) {
  out->set_name(type.name);
  out->set_mechanism(static_cast<mk::Mechanism>(type.mechanism));
  for (std::string& hours : market::HoursOf(type)) out->add_hours(std::move(hours));
  out->set_opening_call_minutes(type.opening_call);
  out->set_closing_call_minutes(type.closing_call);
  out->set_volatility_call_minutes(type.volatility_call);
  out->set_band_basis_points(type.band_bp);
  out->set_static_range_basis_points(type.static_range_bp);
  out->set_dynamic_range_basis_points(type.dynamic_range_bp);
  out->set_lot(type.lot.count());
  out->set_quantity_from(type.quantity_from.count());
  out->set_quantity_below(type.quantity_below.count());
  out->set_quantity_max(type.quantity_max.count());
  out->set_open_orders_max(type.open_orders_max);
  for (const market::TickTable::Row& row : type.ticks.rows) {
    if (row.tick == Price()) break;
    mk::TickRow& ticks = *out->add_ticks();
    ticks.set_from(row.from.minor_per_tonne());
    ticks.set_tick(row.tick.minor_per_tonne());
  }
  out->set_visible_levels(type.visible_levels);
  out->set_resale_next_day(type.resale_next_day);
  out->set_close(static_cast<mk::CloseRule>(type.close));
  FillFee(type.fees.maker, out->mutable_maker_fee());
  FillFee(type.fees.taker, out->mutable_taker_fee());
}

}  // namespace

OrStatus<market::PlaceOrder> ExchangeEdge::Read(const mk::OrderDraft& draft) {
  market::PlaceOrder order;
  const auto instrument = InstrumentOf(draft.instrument());
  if (!instrument.ok()) return Fail{instrument.error()};
  const auto side = ReadSide(draft.side());
  if (!side.ok()) return Fail{side.error()};
  const auto type =
      ReadEnum("type", draft.type(), mk::ORDER_TYPE_STOP_LIMIT, matching::OrderType::kLimit);
  if (!type.ok()) return Fail{type.error()};
  const auto time_in_force =
      ReadEnum("time_in_force", draft.time_in_force(), mk::TIME_IN_FORCE_GOOD_TILL_DATE,
               matching::TimeInForce::kDay);
  if (!time_in_force.ok()) return Fail{time_in_force.error()};
  const auto self_trade = ReadEnum("self_trade_prevention", draft.self_trade_prevention(),
                                   mk::SELF_TRADE_PREVENTION_DECREMENT_BOTH,
                                   matching::SelfTradePrevention::kCancelResting);
  if (!self_trade.ok()) return Fail{self_trade.error()};
  const auto expire = ReadDate("expire_date", draft.expire_date());
  if (!expire.ok()) return Fail{expire.error()};
  const auto id = ReadClientId("client_order_id", draft.client_order_id());
  if (!id.ok()) return Fail{id.error()};
  order.instrument = *instrument;
  order.side = *side;
  order.type = *type;
  order.time_in_force = *time_in_force;
  order.self_trade = *self_trade;
  order.expire = *expire;
  order.client_id = *id;
  order.limit = PriceOf(draft.price());
  order.stop = PriceOf(draft.stop_price());
  order.quantity = Tonnes(draft.quantity());
  order.display = Tonnes(draft.display_quantity());
  order.minimum = Tonnes(draft.minimum_quantity());
  order.post_only = draft.post_only();
  return order;
}

OrStatus<market::CancelOrder> ExchangeEdge::Read(const mk::OrderKey& key) {
  const auto instrument = InstrumentOf(key.instrument());
  if (!instrument.ok()) return Fail{instrument.error()};
  const auto id = ReadClientId("client_order_id", key.client_order_id());
  if (!id.ok()) return Fail{id.error()};
  if (key.order() == 0 && id->empty()) {
    return Fail{FieldError("order", "0", "the exchange's number, or a client_order_id")};
  }
  return market::CancelOrder{{}, *instrument, OrderId(key.order()), *id};
}

OrStatus<market::ChangeOrder> ExchangeEdge::Read(const mk::OrderChange& change) {
  const auto key = Read(change.key());
  if (!key.ok()) return Fail{key.error()};
  const auto new_id = ReadClientId("new_client_order_id", change.new_client_order_id());
  if (!new_id.ok()) return Fail{new_id.error()};
  market::ChangeOrder out{{}, key->instrument, key->order, key->client_id, {}, {}, *new_id};
  if (change.has_price()) out.limit = PriceOf(change.price());
  if (change.has_quantity()) out.quantity = Tonnes(change.quantity());
  return out;
}

OrStatus<market::CancelOrders> ExchangeEdge::Read(const mk::MassCancel& which) {
  market::CancelOrders out;
  if (!which.instrument().empty()) {
    const auto instrument = InstrumentOf(which.instrument());
    if (!instrument.ok()) return Fail{instrument.error()};
    out.instrument = *instrument;
  }
  if (which.side() != mk::SIDE_UNSPECIFIED) {
    const auto side = ReadSide(which.side());
    if (!side.ok()) return Fail{side.error()};
    out.side = *side;
  }
  return out;
}

OrStatus<market::QuoteBlock> ExchangeEdge::Read(const mk::BlockQuote& quote) {
  const auto instrument = InstrumentOf(quote.instrument());
  if (!instrument.ok()) return Fail{instrument.error()};
  const auto side = ReadSide(quote.side());
  if (!side.ok()) return Fail{side.error()};
  market::QuoteBlock out{{}, *instrument, *side, PriceOf(quote.price()), Tonnes(quote.quantity()),
                         {}};
  if (quote.counterparty().empty()) return out;
  constexpr std::string_view kMembers = "members/";
  for (std::uint32_t id = 0; exchange_.EscrowOf(MemberId(id)); ++id) {
    if (NameOf(MemberId(id)) == quote.counterparty()) out.counterparty = MemberId(id);
  }
  if (out.counterparty) return out;
  return Fail{quote.counterparty().starts_with(kMembers)
                  ? RefusalStatus(market::Refusal::kMemberNotFound, {},
                                  "counterparty: " + quote.counterparty() + " is no member")
                  : FieldError("counterparty", quote.counterparty(), "a member as in members/13")};
}

OrStatus<market::AnnounceOneWay> ExchangeEdge::Read(const mk::OneWayAnnouncement& announcement) {
  const auto instrument = InstrumentOf(announcement.instrument());
  if (!instrument.ok()) return Fail{instrument.error()};
  const auto side = ReadSide(announcement.side());
  if (!side.ok()) return Fail{side.error()};
  const auto pricing = ReadEnum("pricing", announcement.pricing(), mk::ONE_WAY_PRICING_UNIFORM,
                                market::OneWayPricing::kPayAsBid);
  if (!pricing.ok()) return Fail{pricing.error()};
  const auto opens = wire::ParseTime("open_time", announcement.open_time(), wire::Rounding::kUp);
  if (!opens.ok()) return Fail{opens.error()};
  const auto closes = wire::ParseTime("close_time", announcement.close_time(), wire::Rounding::kUp);
  if (!closes.ok()) return Fail{closes.error()};
  const std::int64_t from = announcement.bid_from() == 0 ? 1 : announcement.bid_from();
  return market::AnnounceOneWay{{},
                                *instrument,
                                *side,
                                PriceOf(announcement.price()),
                                Tonnes(announcement.quantity()),
                                Tonnes(from),
                                Tonnes(announcement.sell_from()),
                                *pricing,
                                *opens,
                                *closes};
}

market::BidOneWay ExchangeEdge::Read(const mk::OneWayBid& bid) {
  return {{}, market::OfferId(bid.announcement()), PriceOf(bid.price()), Tonnes(bid.quantity())};
}

// ---- To the wire ----

void ExchangeEdge::Fill(const market::Receipt& receipt, mk::Receipt* out) {
  out->set_sequence(receipt.sequence);
  out->set_order(receipt.order.raw());
  out->set_offer(receipt.offer.raw());
  out->set_cancelled(receipt.count);
  out->set_traded(receipt.traded.count());
  out->set_resting(receipt.resting.count());
  out->set_value(receipt.value.minor());
}

void ExchangeEdge::Fill(const Report& report, mk::ExecutionReport* out) {
  const market::OrderEvent& event = report.event;
  out->set_sequence(report.sequence);
  wire::Fill(report.time, out->mutable_time());
  out->set_member(NameOf(event.member));
  out->set_instrument(NameOf(event.instrument));
  out->set_order(event.order.raw());
  out->set_client_order_id(std::string(event.client_id.text()));
  out->set_kind(static_cast<mk::ExecutionKind>(event.kind));
  if (event.reason != market::CancelReason::kNone) {
    out->set_cancel_reason(Upper(ToString(event.reason)));
  }
  out->set_side(static_cast<mk::Side>(event.side));
  out->set_type(static_cast<mk::OrderType>(event.type));
  out->set_price(event.price.minor_per_tonne());
  out->set_quantity(event.quantity.count());
  out->set_filled(event.filled.count());
  out->set_open(event.open.count());
  out->set_visible(event.visible.count());
  out->set_last_price(event.last_price.minor_per_tonne());
  out->set_last_quantity(event.last_quantity.count());
  out->set_fee(event.fee.minor());
  out->set_trade_id(event.trade_id);
  out->set_request(report.tag);
}

void ExchangeEdge::Fill(const TradeReport& report, mk::TradeReport* out) {
  const bool is_buyer = report.side == matching::Side::kBuy;
  const market::Fill& fill = report.fill;
  out->set_sequence(report.sequence);
  wire::Fill(report.time, out->mutable_time());
  out->set_member(NameOf(is_buyer ? fill.buyer : fill.seller));
  out->set_instrument(NameOf(fill.instrument));
  out->set_trade_id(fill.trade_id);
  out->set_channel(static_cast<mk::Channel>(fill.channel));
  out->set_side(static_cast<mk::Side>(report.side));
  out->set_price(fill.price.minor_per_tonne());
  out->set_quantity(fill.quantity.count());
  out->set_fee((is_buyer ? fill.buyer_fee : fill.seller_fee).minor());
}

void ExchangeEdge::Fill(const DeskReport& report, mk::DeskReport* out) {
  const market::DeskEvent& event = report.event;
  out->set_sequence(report.sequence);
  wire::Fill(report.time, out->mutable_time());
  out->set_kind(static_cast<mk::DeskKind>(event.kind));
  out->set_offer(event.offer.raw());
  out->set_bid(event.bid.raw());
  out->set_member(NameOf(event.member));
  out->set_instrument(NameOf(event.instrument));
  out->set_side(static_cast<mk::Side>(event.side));
  out->set_price(event.price.minor_per_tonne());
  out->set_quantity(event.quantity.count());
  if (event.counterparty) out->set_counterparty(NameOf(*event.counterparty));
  if (event.opens != 0) wire::Fill(event.opens, out->mutable_open_time());
  if (event.closes != 0) wire::Fill(event.closes, out->mutable_close_time());
}

void ExchangeEdge::Fill(const LargeHolderReport& report, mk::LargeHolderReport* out) {
  out->set_sequence(report.sequence);
  wire::Fill(report.time, out->mutable_time());
  out->set_member(NameOf(report.event.member));
  out->set_instrument(NameOf(report.event.instrument));
  out->set_held(report.event.held.count());
  out->set_large(report.event.is_large);
}

void ExchangeEdge::Fill(InstrumentId instrument, const market::InstrumentView& view,
                        mk::Instrument* out) {
  const market::SessionType& type = rules_.sessions[view.session];
  out->set_name(NameOf(instrument));
  if (const auto unit = KnownUnit(view.unit_ledger)) out->set_unit(ToString(*unit));
  if (const auto cash = KnownUnit(view.cash_ledger)) out->set_cash_unit(ToString(*cash));
  out->set_session_type(type.name);
  out->set_listed(view.listed);
  out->set_phase(static_cast<mk::Phase>(view.phase));
  if (view.phase_until != 0) wire::Fill(view.phase_until, out->mutable_phase_until());
  out->set_previous_close(view.previous_close.minor_per_tonne());
  out->set_band_low(view.band_low.minor_per_tonne());
  out->set_band_high(view.band_high.minor_per_tonne());
  out->set_block_band_low(view.block_band_low.minor_per_tonne());
  out->set_block_band_high(view.block_band_high.minor_per_tonne());
  out->set_open(view.open.minor_per_tonne());
  out->set_high(view.high.minor_per_tonne());
  out->set_low(view.low.minor_per_tonne());
  out->set_close(view.close.minor_per_tonne());
  out->set_last(view.last.minor_per_tonne());
  out->set_volume(view.listed_volume.count());
  out->set_value(view.listed_value.minor());
  out->set_block_volume(view.block_volume.count());
  out->set_tick(type.ticks.TickAt(view.previous_close).minor_per_tonne());
  out->set_lot(type.lot.count());
  out->set_first_day(TextOf(view.first_day));
  out->set_last_day(TextOf(view.last_day));
  out->set_holding_limit(view.holding_limit.count());
  out->set_trades(view.listed_trades);
  out->set_number(instrument.raw());
  out->set_delisting_day(TextOf(view.delisting_day));
  out->set_large_holder_from(view.large_holder_from.count());
}

void ExchangeEdge::FillTerms(InstrumentId instrument, const market::InstrumentView& view,
                             mk::Instrument* out) {
  Fill(instrument, view, out);
  const market::SessionType& type = rules_.sessions[view.session];
  for (std::string& hours : market::HoursOf(type)) out->add_hours(std::move(hours));
  out->set_quantity_from(type.quantity_from.count());
  out->set_quantity_below(type.quantity_below.count());
  out->set_quantity_max(type.quantity_max.count());
  out->set_open_orders_max(type.open_orders_max);
}

void ExchangeEdge::Fill(const market::VenueRules& rules, mk::VenueRules* out) {
  for (const market::SessionType& type : rules.sessions) FillType(type, out->add_session_types());
  out->set_zone_offset_minutes(rules.zone.offset_minutes);
  out->set_daylight_saving(rules.zone.daylight_saving);
  for (const Date day : rules.closed_days) out->add_closed_days(ToString(day));
  if (rules.HasFees()) {
    out->set_fee_account("accounts/" + std::to_string(rules.fee_account.raw()));
  }
  out->set_holding_limit(rules.holding_limit.count());
  out->set_large_holder_from(rules.large_holder_from.count());
  out->set_bids_per_bidder_max(rules.bids_per_bidder_max);
}

void ExchangeEdge::Fill(InstrumentId instrument, const matching::OrderView& order, mk::Order* out) {
  out->set_order(order.id.raw());
  out->set_client_order_id(std::string(order.client_id.text()));
  out->set_member(NameOf(order.owner));
  out->set_instrument(NameOf(instrument));
  out->set_side(static_cast<mk::Side>(order.side));
  out->set_type(static_cast<mk::OrderType>(order.type));
  out->set_time_in_force(static_cast<mk::TimeInForce>(order.time_in_force));
  if (order.type == matching::OrderType::kLimit || order.type == matching::OrderType::kStopLimit) {
    out->set_price(order.limit.minor_per_tonne());
  }
  out->set_stop_price(order.stop.minor_per_tonne());
  out->set_quantity(order.quantity.count());
  out->set_open(order.open.count());
  out->set_visible(order.visible.count());
  out->set_display_quantity(order.display.count());
  out->set_expire_date(TextOf(order.expire));
  out->set_waits(order.state != matching::OrderState::kResting);
}

void ExchangeEdge::Fill(const MarketData::Trade& trade, mk::Trade* out) {
  out->set_trade_id(trade.print.trade_id);
  out->set_instrument(NameOf(trade.instrument));
  out->set_channel(static_cast<mk::Channel>(trade.print.channel));
  out->set_price(trade.print.price.minor_per_tonne());
  out->set_quantity(trade.print.quantity.count());
  if (trade.print.channel == market::Channel::kListed) {
    out->set_taker(static_cast<mk::Side>(trade.print.taker));
  }
  wire::Fill(trade.time, out->mutable_time());
  out->set_sequence(trade.sequence);
}

}  // namespace ets::server
