// Orders: the gate in front of an instrument's engine, and what is told of what it does.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {
namespace {

using matching::EngineRefusal;
using matching::Event;
using matching::EventKind;
using matching::OrderType;
using matching::Side;

// What makes a second input with a client id the same order again.
std::uint64_t DigestOf(const PlaceOrder& order) {
  ets::StateHash hash;
  hash.Add(std::uint64_t{order.instrument.raw()} << 32U |
           static_cast<std::uint64_t>(order.side) << 24U |
           static_cast<std::uint64_t>(order.time_in_force) << 16U |
           static_cast<std::uint64_t>(order.type) << 8U |
           static_cast<std::uint64_t>(order.self_trade) << 4U | std::uint64_t{order.post_only});
  hash.Add(order.limit.minor_per_tonne());
  hash.Add(order.quantity.count());
  hash.Add(order.stop.minor_per_tonne());
  hash.Add(order.display.count());
  hash.Add(order.minimum.count());
  hash.Add(std::int64_t{order.expire.days()});
  return hash.value();
}
std::uint64_t DigestOf(const ChangeOrder& change) {
  ets::StateHash hash;
  hash.Add(std::uint64_t{change.instrument.raw()} << 2U |
           std::uint64_t{change.limit.has_value()} << 1U |
           std::uint64_t{change.quantity.has_value()});
  hash.Add(change.order.raw());
  hash.Add(change.client_id.text());
  hash.Add(change.limit.value_or(Price()).minor_per_tonne());
  hash.Add(change.quantity.value_or(Tonnes()).count());
  return hash.value();
}

std::uint64_t DigestOf(const SubmitBid& bid) {
  ets::StateHash hash;
  hash.Add(bid.price.minor_per_tonne());
  hash.Add(bid.quantity.count());
  hash.Add(std::uint64_t{bid.auction});
  return hash.value();
}

std::uint64_t DigestOf(const SubmitBids& schedule) {
  ets::StateHash hash;
  for (const SubmitBids::Step& step : schedule.bids) {
    hash.Add(step.price.minor_per_tonne());
    hash.Add(step.quantity.count());
  }
  hash.Add(std::uint64_t{schedule.auction});
  return hash.value();
}

// A bid's answer has its number, an order's the order.
template <typename In>
constexpr bool kIsBid = std::is_same_v<In, SubmitBid> || std::is_same_v<In, SubmitBids>;

Refusal RefusalOf(EngineRefusal why) {
  switch (why) {
    case EngineRefusal::kFieldsContradict:
      return Refusal::kOrderFieldsContradict;
    case EngineRefusal::kHalted:
      return Refusal::kInstrumentHalted;
    case EngineRefusal::kNotInCall:
      return Refusal::kWrongSession;
    case EngineRefusal::kDuplicateClientId:
      return Refusal::kDuplicateClientOrderId;
    case EngineRefusal::kOrderNotFound:
      return Refusal::kOrderNotFound;
    case EngineRefusal::kNothingChanges:
      return Refusal::kNothingChanges;
    case EngineRefusal::kQuantityNotPositive:
      return Refusal::kQuantityNotPositive;
    case EngineRefusal::kPriceOutOfRange:
      return Refusal::kPriceOutsideBand;
    case EngineRefusal::kStopPassed:
      return Refusal::kStopPriceInvalid;
    case EngineRefusal::kBookFull:
      return Refusal::kBookFull;
    case EngineRefusal::kInsufficientUnits:
      return Refusal::kInsufficientUnits;
    case EngineRefusal::kInsufficientCash:
      return Refusal::kInsufficientCash;
    case EngineRefusal::kWouldTake:
      return Refusal::kWouldTakeLiquidity;
    case EngineRefusal::kNothingToTradeWith:
      return Refusal::kNothingToTradeWith;
    case EngineRefusal::kWouldNotFill:
      return Refusal::kWouldNotFill;
  }
  return Refusal::kOrderFieldsContradict;
}

OrderEventKind KindOf(const Event& event) {
  switch (event.kind) {
    case EventKind::kRested:
      return OrderEventKind::kRested;
    case EventKind::kTraded:
      return OrderEventKind::kTraded;
    case EventKind::kReduced:
      return OrderEventKind::kReduced;
    case EventKind::kReplaced:
      return OrderEventKind::kReplaced;
    case EventKind::kTriggered:
      return OrderEventKind::kTriggered;
    case EventKind::kCancelled:
      return event.why == matching::Departure::kDayPassed ? OrderEventKind::kExpired
                                                          : OrderEventKind::kCancelled;
    case EventKind::kWaits:
      return OrderEventKind::kWaits;
    case EventKind::kRefreshed:
      return OrderEventKind::kRefreshed;
  }
  return OrderEventKind::kCancelled;
}

CancelReason ReasonOf(matching::Departure why, CancelReason by_operator) {
  switch (why) {
    case matching::Departure::kNone:
      return CancelReason::kNone;
    case matching::Departure::kByMember:
      return CancelReason::kByMember;
    case matching::Departure::kNotFilledAtOnce:
      return CancelReason::kNotFilledAtOnce;
    case matching::Departure::kSelfTrade:
      return CancelReason::kSelfTrade;
    case matching::Departure::kDayPassed:
      return CancelReason::kDayPassed;
    case matching::Departure::kOutsideRange:
      return CancelReason::kOutsideBand;
    case matching::Departure::kReplacedToNothing:
      return CancelReason::kReplacedToNothing;
    case matching::Departure::kUnfunded:
      return CancelReason::kUnfunded;
    case matching::Departure::kByOperator:
      return by_operator;
  }
  return CancelReason::kNone;
}

}  // namespace

// ---- Inputs. ----

// The member's second input under a client id gets the answer of the first.
template <typename In>
Outcome Market::Impl::AnswerOnce(const In& input, const matching::ClientOrderId& id,
                                 Outcome (Impl::*handle)(const In&)) {
  if (id.empty()) return (this->*handle)(input);
  const std::uint64_t digest = DigestOf(input);
  if (const ClientAnswer* const known = answers.Find(input.member, id)) {
    if (known->digest != digest) {
      return Refuse(Refusal::kDuplicateClientOrderId, 0,
                    static_cast<std::int64_t>(known->order.raw()));
    }
    if (known->refusal != Refusal{}) {
      detail = known->detail;
      return Fail{known->refusal};
    }
    Receipt receipt;
    receipt.sequence = known->sequence;
    if constexpr (kIsBid<In>) {
      receipt.id = static_cast<std::uint32_t>(known->order.raw());
    } else {
      receipt.order = known->order;
    }
    receipt.traded = known->traded;
    receipt.resting = known->resting;
    receipt.value = known->value;
    return receipt;
  }
  const Outcome outcome = (this->*handle)(input);
  ClientAnswer answer;
  answer.digest = digest;
  answer.sequence = sequence;
  if (outcome.ok()) {
    answer.order = kIsBid<In> ? OrderId(outcome->id) : outcome->order;
    answer.traded = outcome->traded;
    answer.resting = outcome->resting;
    answer.value = outcome->value;
  } else {
    answer.refusal = outcome.error();
    answer.detail = detail;
  }
  answers.Remember(input.member, id, answer);
  return outcome;
}

Outcome Market::Impl::On(const PlaceOrder& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  return AnswerOnce(input, input.client_id, &Impl::Place);
}

Outcome Market::Impl::On(const SubmitBid& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  return AnswerOnce(input, input.client_id, &Impl::Submit);
}

Outcome Market::Impl::On(const SubmitBids& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  return AnswerOnce(input, input.client_id, &Impl::Submit);
}

Outcome Market::Impl::Place(const PlaceOrder& input) {
  if (const Gate no = CheckMember(input.member)) return *no;
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (const Gate no = CheckOpen(input.instrument)) return *no;
  Instrument& instrument = At(input.instrument);
  const InstrumentView& view = instrument.view;
  const SessionType& type = TypeOf(view);
  if (const Gate no = CheckPhase(input.instrument)) return *no;
  if (const Gate no = CheckQuantity(type, input.quantity)) return *no;
  for (const Price price : {input.limit, input.stop}) {
    if (price == Price()) continue;  // Whether it may be missing is the engine's to say.
    if (const Gate no = CheckPrice(type.ticks, price, view.band_low, view.band_high)) return *no;
  }
  if (input.time_in_force == matching::TimeInForce::kGoodTillDate) {
    if (const Gate no = CheckExpiry(view, input.expire)) return *no;
  }
  if (type.open_orders_max != 0) {
    const std::uint32_t open = instrument.engine.open_orders(input.member);
    if (open >= type.open_orders_max) {
      return Refuse(Refusal::kTooManyOpenOrders, std::int64_t{open} + 1, type.open_orders_max);
    }
  }
  if (input.side == Side::kBuy) {
    if (const Gate no = CheckHoldingLimit(input.member, input.instrument, input.quantity)) {
      return *no;
    }
  }
  matching::OrderEntry entry;
  entry.number = next_order;
  entry.owner = input.member;
  entry.side = input.side;
  entry.type = input.type;
  entry.time_in_force = input.time_in_force;
  entry.self_trade = input.self_trade;
  entry.post_only = input.post_only;
  entry.limit = input.limit;
  entry.stop = input.stop;
  entry.quantity = input.quantity;
  entry.display = input.display;
  entry.minimum = input.minimum;
  entry.expire = input.expire;
  entry.client_id = input.client_id;
  const auto placed = instrument.engine.Place(entry);
  if (!placed.ok()) return RefuseAs(placed.error(), instrument, input.member);
  ++next_order;
  ++orders_accepted;
  if (listener != nullptr) TellAccepted(input, placed->order);
  Report(input.instrument);
  AfterOrders(input.instrument);
  return ReceiptOf(*placed);
}

Outcome Market::Impl::On(const ChangeOrder& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  return AnswerOnce(input, input.new_client_id, &Impl::Change);
}

Outcome Market::Impl::Change(const ChangeOrder& input) {
  if (const Gate no = CheckMember(input.member)) return *no;
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (const Gate no = CheckOpen(input.instrument)) return *no;
  Instrument& instrument = At(input.instrument);
  const InstrumentView& view = instrument.view;
  const SessionType& type = TypeOf(view);
  if (const Gate no = CheckPhase(input.instrument)) return *no;
  const OrderId id = FindOrder(instrument, input.member, input.order, input.client_id);
  if (id == OrderId()) {
    return Refuse(Refusal::kOrderNotFound, static_cast<std::int64_t>(input.order.raw()));
  }
  if (input.quantity) {
    if (const Gate no = CheckQuantity(type, *input.quantity)) return *no;
  }
  if (input.limit) {
    if (const Gate no = CheckPrice(type.ticks, *input.limit, view.band_low, view.band_high)) {
      return *no;
    }
  }
  const matching::OrderView before = instrument.engine.View(id);
  if (before.side == Side::kBuy && input.quantity && *input.quantity > before.quantity) {
    const Tonnes more = *input.quantity - before.quantity;
    if (const Gate no = CheckHoldingLimit(input.member, input.instrument, more)) return *no;
  }
  const auto changed =
      instrument.engine.Change(input.member, id, input.limit, input.quantity, input.new_client_id);
  if (!changed.ok()) return RefuseAs(changed.error(), instrument, input.member);
  Report(input.instrument);
  AfterOrders(input.instrument);
  return ReceiptOf(*changed);
}

Outcome Market::Impl::On(const CancelOrder& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  Instrument& instrument = At(input.instrument);
  const OrderId id = FindOrder(instrument, input.member, input.order, input.client_id);
  const bool by_member = last_envelope.source != SourceKind::kStream;
  const auto why = by_member ? matching::Departure::kByMember : matching::Departure::kByOperator;
  if (id == OrderId() || !instrument.engine.Cancel(input.member, id, why)) {
    return Refuse(Refusal::kOrderNotFound, static_cast<std::int64_t>(input.order.raw()));
  }
  Report(input.instrument, CancelReason::kDisconnected);
  AfterOrders(input.instrument);
  Receipt receipt;
  receipt.order = id;
  receipt.count = 1;
  return receipt;
}

Outcome Market::Impl::On(const CancelOrders& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  if (input.instrument && !Has(*input.instrument)) {
    return Refuse(Refusal::kInstrumentNotFound);
  }
  Receipt receipt;
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    const InstrumentId id(i);
    if (input.instrument && *input.instrument != id) continue;
    receipt.count += static_cast<std::uint32_t>(
        CancelAll(id, input.member, input.side, CancelReason::kByMember));
  }
  return receipt;
}

// ---- Between the market and an engine. ----

Gate Market::Impl::CheckPhase(InstrumentId id) {
  const Phase phase = At(id).view.phase;
  if (phase == Phase::kHalted) return Refuse(Refusal::kInstrumentHalted, id.raw());
  if (phase == Phase::kContinuous || IsCall(phase)) return std::nullopt;
  return Refuse(Refusal::kWrongSession, static_cast<std::int64_t>(phase),
                static_cast<std::int64_t>(Phase::kContinuous));
}

Gate Market::Impl::CheckExpiry(const InstrumentView& view, Date expire) {
  if (expire < session_date) {
    return Refuse(Refusal::kExpireDateInvalid, expire.days(), session_date.days());
  }
  if (view.last_day != Date() && expire > view.last_day) {
    return Refuse(Refusal::kExpireDateInvalid, expire.days(), view.last_day.days());
  }
  return std::nullopt;
}

OrderId Market::Impl::FindOrder(const Instrument& instrument, MemberId member, OrderId order,
                                const matching::ClientOrderId& id) {
  if (order == OrderId())
    return id.empty() ? OrderId() : instrument.engine.FindClientId(member, id);
  if (!instrument.engine.IsLive(order)) return OrderId();
  return instrument.engine.View(order).owner == member ? order : OrderId();
}

Fail<Refusal> Market::Impl::RefuseAs(const matching::Refused& refused, const Instrument& instrument,
                                     MemberId member) {
  Refusal refusal = RefusalOf(refused.why);
  if (refused.why == EngineRefusal::kNotInCall) {
    return Refuse(refusal, static_cast<std::int64_t>(instrument.view.phase),
                  static_cast<std::int64_t>(Phase::kContinuous));
  }
  if (refused.why == EngineRefusal::kInsufficientUnits) {
    const std::int64_t tomorrow = holdings.at(member, instrument.view.unit_ledger).bought_today;
    if (refused.asked <= refused.limit + tomorrow) refusal = Refusal::kUnitsBoughtToday;
  }
  return Refuse(refusal, refused.asked, refused.limit);
}

Receipt Market::Impl::ReceiptOf(const matching::Placed& placed) const {
  Receipt receipt;
  receipt.order = placed.order;
  receipt.traded = placed.traded;
  receipt.resting = placed.open;
  receipt.value = placed.value;
  return receipt;
}

std::size_t Market::Impl::CancelAll(InstrumentId id, std::optional<MemberId> member,
                                    std::optional<Side> side, CancelReason reason) {
  matching::Engine& engine = At(id).engine;
  if (engine.live_count() == 0) return 0;
  const auto why = reason == CancelReason::kByMember    ? matching::Departure::kByMember
                   : reason == CancelReason::kDayPassed ? matching::Departure::kDayPassed
                                                        : matching::Departure::kByOperator;
  const std::size_t gone = engine.CancelAll(member, side, why);
  Report(id, reason);
  AfterOrders(id);
  return gone;
}

void Market::Impl::Report(InstrumentId id, CancelReason by_operator) {
  const Instrument& instrument = At(id);
  const LedgerId cash = instrument.view.cash_ledger;
  for (const Event& event : instrument.engine.events()) {
    if (event.kind != EventKind::kTraded) {
      if (listener != nullptr) TellEvent(id, event, by_operator);
      continue;
    }
    const bool sells = event.side == Side::kSell;
    Fill fill;
    fill.instrument = id;
    fill.seller = sells ? event.owner : event.other_owner;
    fill.buyer = sells ? event.other_owner : event.owner;
    fill.price = event.price;
    fill.quantity = event.quantity;
    fill.seller_fee = sells ? event.fee : event.other_fee;
    fill.buyer_fee = sells ? event.other_fee : event.fee;
    fill.taker = matching::Opposite(event.side);
    fill.sell_order = sells ? event.order : event.other;
    fill.buy_order = sells ? event.other : event.order;
    fees_due.Add(fill.seller, cash, fill.seller_fee);
    fees_due.Add(fill.buyer, cash, fill.buyer_fee);
    Print(fill);
    if (listener != nullptr) TellTraded(id, fill, event);
  }
}

// ---- What is told. ----

void Market::Impl::TellAccepted(const PlaceOrder& input, OrderId order) {
  OrderEvent event;
  event.kind = OrderEventKind::kAccepted;
  event.side = input.side;
  event.type = input.type;
  event.instrument = input.instrument;
  event.member = input.member;
  event.order = order;
  event.client_id = input.client_id;
  event.price = input.limit;
  event.quantity = event.open = input.quantity;
  listener->OnOrder(event);
}

OrderEvent Market::Impl::EventOf(InstrumentId id, OrderId order) const {
  const matching::OrderView view = At(id).engine.View(order);
  OrderEvent event;
  event.side = view.side;
  event.type = view.type;
  event.instrument = id;
  event.member = view.owner;
  event.order = order;
  event.client_id = view.client_id;
  event.price =
      view.type == OrderType::kLimit || view.type == OrderType::kStopLimit ? view.limit : Price();
  event.quantity = view.quantity;
  return event;
}

void Market::Impl::TellEvent(InstrumentId id, const Event& event, CancelReason by_operator) {
  OrderEvent told = EventOf(id, event.order);
  told.kind = KindOf(event);
  told.reason = ReasonOf(event.why, by_operator);
  told.open = event.open;
  told.visible = event.visible;
  const bool went =
      told.kind == OrderEventKind::kCancelled || told.kind == OrderEventKind::kExpired;
  if (went || told.kind == OrderEventKind::kReduced) told.last_quantity = event.quantity;
  told.filled = told.quantity - told.open - (went ? event.quantity : Tonnes());
  if (event.state == matching::OrderState::kResting) {
    told.level_quantity = event.level_quantity;
    told.level_orders = event.level_orders;
  }
  listener->OnOrder(told);
}

// First the order that rested (in a call: that sells), then the other.
void Market::Impl::TellTraded(InstrumentId id, const Fill& fill, const Event& event) {
  const bool in_call =
      At(id).engine.phase() == matching::BookPhase::kCall && IsCall(At(id).view.phase);
  OrderEvent told = EventOf(id, event.order);
  told.kind = OrderEventKind::kTraded;
  told.open = event.open;
  told.visible = event.visible;
  told.filled = told.quantity - told.open;
  told.last_price = event.price;
  told.last_quantity = event.quantity;
  told.fee = event.fee;
  told.trade_id = fill.trade_id;
  if (!in_call) {
    told.level_quantity = event.level_quantity;
    told.level_orders = event.level_orders;
  }
  listener->OnOrder(told);
  OrderEvent other = EventOf(id, event.other);
  other.kind = OrderEventKind::kTraded;
  other.open = event.other_open;
  other.filled = other.quantity - other.open;
  other.last_price = event.price;
  other.last_quantity = event.quantity;
  other.fee = event.other_fee;
  other.trade_id = fill.trade_id;
  listener->OnOrder(other);
}

}  // namespace ets::market
