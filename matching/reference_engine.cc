#include "matching/reference_engine.h"

#include <algorithm>

#include "base/assert.h"
#include "matching/engine.h"
#include "matching/engine_hash.h"
#include "matching/order_types.h"

namespace ets::matching {
namespace {

bool IsStop(OrderType type) { return type == OrderType::kStop || type == OrderType::kStopLimit; }
bool HasLimit(OrderType type) { return type == OrderType::kLimit || type == OrderType::kStopLimit; }
Price At(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

// Bids, offers, buy stops, sell stops, market orders that buy, that sell.
int QueueOf(const OrderView& view) {
  return static_cast<int>(view.state) * 2 + (view.side == Side::kSell ? 1 : 0);
}

}  // namespace

ReferenceEngine::ReferenceEngine(std::size_t members, const EngineTerms& terms)
    : terms_(terms), purses_(members) {}

void ReferenceEngine::Give(MemberId member, std::int64_t units, std::int64_t cash) {
  purses_[member.raw()].units += units;
  purses_[member.raw()].cash += cash;
}

void ReferenceEngine::Begin() {
  events_.clear();
  interrupted_ = false;
  std::erase_if(orders_, [](const Order& order) { return !order.live; });
}

std::int64_t ReferenceEngine::PriceOf(const Order& order) {
  return (order.view.state == OrderState::kStopped ? order.view.stop : order.view.limit)
      .minor_per_tonne();
}

bool ReferenceEngine::ComesFirst(const Order& a, const Order& b) {
  if (QueueOf(a.view) != QueueOf(b.view)) return QueueOf(a.view) < QueueOf(b.view);
  if (a.view.state != OrderState::kAtMarket && PriceOf(a) != PriceOf(b)) {
    const bool highest_first =
        (a.view.side == Side::kBuy) == (a.view.state == OrderState::kResting);
    return highest_first ? PriceOf(a) > PriceOf(b) : PriceOf(a) < PriceOf(b);
  }
  return a.turn < b.turn;
}

std::vector<ReferenceEngine::Index> ReferenceEngine::InOrder() const {
  std::vector<Index> indices;
  for (Index i = 0; i < orders_.size(); ++i) {
    if (orders_[i].live && !orders_[i].is_incoming) indices.push_back(i);
  }
  std::sort(indices.begin(), indices.end(),
            [this](Index a, Index b) { return ComesFirst(orders_[a], orders_[b]); });
  return indices;
}

std::vector<OrderView> ReferenceEngine::All() const {
  std::vector<OrderView> views;
  for (const Index i : InOrder()) views.push_back(orders_[i].view);
  return views;
}

ReferenceEngine::Index ReferenceEngine::Best(Side side, OrderState state) const {
  for (const Index i : InOrder()) {
    if (orders_[i].view.side == side && orders_[i].view.state == state) return i;
  }
  return kNone;
}

// ---- What is free. ----

std::int64_t ReferenceEngine::NeedOf(const Order& order) const {
  const OrderView& view = order.view;
  if (view.side == Side::kSell) return view.open.count();
  const bool may_take = order.is_incoming || view.state == OrderState::kStopped;
  FeeRate rate = terms_.fees.maker;
  if (may_take) {
    rate.bp = std::max(rate.bp, terms_.fees.taker.bp);
    rate.per_tonne = std::max(rate.per_tonne, terms_.fees.taker.per_tonne);
  }
  std::int64_t value = 0;
  if (__builtin_mul_overflow(view.limit.minor_per_tonne(), view.open.count(), &value) ||
      value > kAmountMax) {
    return kAmountMax + 1;
  }
  return value + FeeOn(rate, value, view.open.count());
}

std::int64_t ReferenceEngine::Reserved(MemberId member, Side side) const {
  std::int64_t sum = 0;
  for (const Order& order : orders_) {
    if (order.live && order.view.owner == member && order.view.side == side) sum += NeedOf(order);
  }
  return sum;
}

std::int64_t ReferenceEngine::Free(MemberId member, Side side) const {
  const Purse& purse = purses_[member.raw()];
  const std::int64_t held = side == Side::kBuy ? purse.cash : purse.units - purse.bought_today;
  return held - Reserved(member, side);
}

std::optional<Refused> ReferenceEngine::CheckFunds(MemberId owner, Side side, std::int64_t need,
                                                   std::int64_t has) const {
  const std::int64_t free = Free(owner, side) + has;
  if (need <= free) return {};
  return Refused{
      side == Side::kBuy ? EngineRefusal::kInsufficientCash : EngineRefusal::kInsufficientUnits,
      need, free};
}

// ---- Sessions. ----

void ReferenceEngine::OpenRange(Price lowest, Price highest) {
  Begin();
  const auto is_within = [&](Price price) { return lowest <= price && price <= highest; };
  for (const Index i : InOrder()) {
    const OrderView& view = orders_[i].view;
    const bool stays = (!HasLimit(view.type) || is_within(view.limit)) &&
                       (view.state != OrderState::kStopped || is_within(view.stop));
    if (!stays) Remove(i, Departure::kOutsideRange);
  }
  lowest_ = collar_low_ = lowest.minor_per_tonne();
  highest_ = collar_high_ = highest.minor_per_tonne();
  for (const Index i : InOrder()) {
    Order& order = orders_[i];
    if (HasLimit(order.view.type)) continue;
    const std::int64_t has = NeedOf(order);
    Order moved = order;
    moved.view.limit = order.view.side == Side::kBuy ? highest : lowest;
    if (CheckFunds(order.view.owner, order.view.side, NeedOf(moved), has)) {
      Remove(i, Departure::kUnfunded);
    } else {
      order.view.limit = moved.view.limit;
    }
  }
}

void ReferenceEngine::SetPhase(BookPhase phase) {
  Begin();
  phase_ = phase;
  RunTriggers();
}

void ReferenceEngine::SetCollar(Price low, Price high) {
  Begin();
  collar_low_ = std::max(lowest_, low.minor_per_tonne());
  collar_high_ = std::min(highest_, high.minor_per_tonne());
}

// ---- Orders. ----

std::optional<Refused> ReferenceEngine::Check(const OrderEntry& entry, std::int64_t limit) const {
  using Why = EngineRefusal;
  const bool buys = entry.side == Side::kBuy;
  const TimeInForceRow& rules = RowOf(entry.time_in_force);
  if (const auto what = WhatContradicts(entry); what != Contradiction::kNone) {
    return Refused{Why::kFieldsContradict, static_cast<std::int64_t>(what)};
  }
  if (phase_ == BookPhase::kHalted) return Refused{Why::kHalted};
  if (phase_ == BookPhase::kCall && !IsStop(entry.type) &&
      (!rules.may_rest || entry.minimum > Tonnes(0))) {
    return Refused{Why::kNotInCall};
  }
  const Index same = entry.client_id.empty() ? kNone : FindClient(entry.owner, entry.client_id);
  if (same != kNone) {
    return Refused{Why::kDuplicateClientId, 0,
                   static_cast<std::int64_t>(orders_[same].view.id.raw())};
  }
  if (entry.quantity <= Tonnes(0) || entry.quantity > Tonnes(kAmountMax)) {
    return Refused{Why::kQuantityNotPositive, entry.quantity.count(), 1};
  }
  if (lowest_ > highest_) return Refused{Why::kPriceOutOfRange, limit, 0};
  std::vector<std::int64_t> prices = {limit};
  if (IsStop(entry.type)) prices.push_back(entry.stop.minor_per_tonne());
  for (const std::int64_t price : prices) {
    if (price < lowest_) return Refused{Why::kPriceOutOfRange, price, lowest_};
    if (price > highest_) return Refused{Why::kPriceOutOfRange, price, highest_};
  }
  if (IsStop(entry.type) && last_ != 0) {
    const std::int64_t stop = entry.stop.minor_per_tonne();
    if (buys ? last_ >= stop : last_ <= stop) return Refused{Why::kStopPassed, stop, last_};
  }
  const auto live =
      std::count_if(orders_.begin(), orders_.end(), [](const Order& order) { return order.live; });
  if (live >= terms_.orders_max) return Refused{Why::kBookFull, live + 1, terms_.orders_max};

  Order order;
  order.view.side = entry.side;
  order.view.limit = At(limit);
  order.view.open = entry.quantity;
  order.is_incoming = true;
  if (const auto refused = CheckFunds(entry.owner, entry.side, NeedOf(order), 0)) return refused;
  if (IsStop(entry.type) || phase_ != BookPhase::kContinuous) return {};

  const Index best = Best(Opposite(entry.side), OrderState::kResting);
  if (entry.type == OrderType::kMarket && best == kNone) return Refused{Why::kNothingToTradeWith};
  if (entry.post_only && best != kNone) {
    const std::int64_t price = PriceOf(orders_[best]);
    if (buys ? limit >= price : limit <= price) return Refused{Why::kWouldTake, limit, price};
  }
  const std::int64_t enough =
      rules.may_fill_partly ? entry.minimum.count() : entry.quantity.count();
  const std::int64_t at_hand = enough == 0 ? 0 : AtHand(entry, limit);
  if (at_hand < enough) return Refused{Why::kWouldNotFill, enough, at_hand};
  return {};
}

// Tried out on a copy.
std::int64_t ReferenceEngine::AtHand(const OrderEntry& entry, std::int64_t limit) const {
  ReferenceEngine trial = *this;
  Order order;
  order.view.owner = entry.owner;
  order.view.side = entry.side;
  order.view.limit = At(limit);
  order.view.quantity = order.view.open = order.view.visible = entry.quantity;
  order.view.self_trade = entry.self_trade;
  order.is_incoming = true;
  trial.orders_.push_back(order);
  Placed placed;
  trial.Match(trial.orders_.size() - 1, placed);
  return placed.traded.count();
}

Result<Placed, Refused> ReferenceEngine::Place(const OrderEntry& entry) {
  Begin();
  const bool buys = entry.side == Side::kBuy;
  const std::int64_t limit =
      HasLimit(entry.type) ? entry.limit.minor_per_tonne() : (buys ? highest_ : lowest_);
  if (const auto refused = Check(entry, limit)) return Fail{*refused};
  std::uint32_t place = 0;
  while (std::any_of(orders_.begin(), orders_.end(),
                     [&](const Order& order) { return PlaceOf(order.view.id) == place; })) {
    ++place;
  }
  Order order;
  order.view = {.id = OrderIdOf(entry.number, place),
                .owner = entry.owner,
                .state = OrderState::kResting,
                .side = entry.side,
                .type = entry.type,
                .time_in_force = entry.time_in_force,
                .self_trade = entry.self_trade,
                .post_only = entry.post_only,
                .limit = At(limit),
                .stop = entry.stop,
                .quantity = entry.quantity,
                .open = entry.quantity,
                .visible = entry.quantity,
                .display = entry.display,
                .expire = entry.expire,
                .client_id = entry.client_id};
  order.is_incoming = true;
  orders_.push_back(order);
  const Index index = orders_.size() - 1;
  Placed placed;
  placed.order = order.view.id;
  if (IsStop(entry.type)) {
    Join(index, OrderState::kStopped, EventKind::kWaits);
    placed.open = entry.quantity;
    return placed;
  }
  Enter(index, placed);
  RunTriggers();
  placed.interrupted = interrupted_;
  return placed;
}

void ReferenceEngine::Enter(Index index, Placed& placed) {
  if (phase_ == BookPhase::kContinuous) Match(index, placed);
  Order& order = orders_[index];
  const bool at_market = !HasLimit(order.view.type);
  const bool may_wait = at_market ? phase_ == BookPhase::kCall && !interrupted_
                                  : RowOf(order.view.time_in_force).may_rest;
  if (!order.live || order.view.open == Tonnes(0) || !may_wait) {
    if (order.live && order.view.open > Tonnes(0)) {
      Event& event = Say(EventKind::kCancelled, index, order.view.limit.minor_per_tonne(),
                         order.view.open.count());
      event.why = Departure::kNotFilledAtOnce;
      event.open = event.visible = Tonnes(0);
    }
    order.live = false;
    order.view.open = order.view.visible = Tonnes(0);
    return;
  }
  if (order.view.display > Tonnes(0)) {
    order.view.visible = std::min(order.view.open, order.view.display);
  }
  Join(index, at_market ? OrderState::kAtMarket : OrderState::kResting,
       at_market ? EventKind::kWaits : EventKind::kRested);
  placed.open = orders_[index].view.open;
}

void ReferenceEngine::Match(Index index, Placed& placed) {
  while (orders_[index].view.open > Tonnes(0)) {
    Order& taker = orders_[index];
    const bool buys = taker.view.side == Side::kBuy;
    const Index best = Best(Opposite(taker.view.side), OrderState::kResting);
    if (best == kNone) return;
    Order& maker = orders_[best];
    const std::int64_t price = PriceOf(maker);
    const std::int64_t limit = taker.view.limit.minor_per_tonne();
    if (buys ? price > limit : price < limit) return;
    if (buys ? price > collar_high_ : price < collar_low_) {
      interrupted_ = true;
      phase_ = BookPhase::kCall;
      return;
    }
    if (maker.view.owner == taker.view.owner &&
        taker.view.self_trade != SelfTradePrevention::kOff) {
      if (taker.view.self_trade == SelfTradePrevention::kCancelResting) {
        Remove(best, Departure::kSelfTrade);
        continue;
      }
      const std::int64_t cut = taker.view.self_trade == SelfTradePrevention::kCancelIncoming
                                   ? 0
                                   : std::min(maker.view.open.count(), taker.view.open.count());
      if (cut > 0) TakeFrom(best, cut, Departure::kSelfTrade);
      if (cut == 0 || taker.view.open.count() == cut) {
        Event& event = Say(EventKind::kCancelled, index, limit, taker.view.open.count());
        event.why = Departure::kSelfTrade;
        event.open = event.visible = Tonnes(0);
        taker.live = false;
        return;
      }
      taker.view.open -= Tonnes(cut);
      taker.view.visible -= Tonnes(cut);
      taker.view.quantity -= Tonnes(cut);
      Say(EventKind::kReduced, index, limit, cut);
      continue;
    }
    const Tonnes quantity = std::min(taker.view.open, maker.view.visible);
    placed.traded += quantity;
    placed.value += At(price) * quantity;
    Trade(best, index, price, quantity.count(), false);
  }
}

// `maker` sells and `taker` buys in a call.
void ReferenceEngine::Trade(Index maker, Index taker, std::int64_t price, std::int64_t quantity,
                            bool in_call) {
  OrderView& resting = orders_[maker].view;
  OrderView& incoming = orders_[taker].view;
  for (OrderView* const view : {&resting, &incoming}) {
    view->open -= Tonnes(quantity);
    view->visible -= Tonnes(quantity);
  }
  const FeeRate other_rate = in_call ? terms_.fees.maker : terms_.fees.taker;
  const bool maker_buys = resting.side == Side::kBuy;
  const std::int64_t value = price * quantity;
  std::int64_t fee = FeeOn(terms_.fees.maker, value, quantity);
  std::int64_t other_fee = FeeOn(other_rate, value, quantity);
  (maker_buys ? other_fee : fee) = std::min(value, maker_buys ? other_fee : fee);
  Purse& seller = purses_[(maker_buys ? incoming.owner : resting.owner).raw()];
  Purse& buyer = purses_[(maker_buys ? resting.owner : incoming.owner).raw()];
  seller.units -= quantity;
  seller.cash += value - (maker_buys ? other_fee : fee);
  buyer.units += quantity;
  if (terms_.resale_next_day) buyer.bought_today += quantity;
  buyer.cash -= value + (maker_buys ? fee : other_fee);
  last_ = price;
  reach_low_ = std::min(reach_low_, price);
  reach_high_ = std::max(reach_high_, price);
  Event& event = Say(EventKind::kTraded, maker, price, quantity);
  event.other_owner = incoming.owner;
  event.other = incoming.id;
  event.other_open = incoming.open;
  event.fee = Money::FromMinor(fee);
  event.other_fee = Money::FromMinor(other_fee);
  RefreshOrGo(maker);
  if (in_call) RefreshOrGo(taker);
}

void ReferenceEngine::RefreshOrGo(Index index) {
  Order& order = orders_[index];
  if (order.view.visible > Tonnes(0)) return;
  if (order.view.open == Tonnes(0)) {
    order.live = false;
    return;
  }
  order.view.visible = std::min(order.view.open, order.view.display);
  order.turn = ++turns_;
  Say(EventKind::kRefreshed, index, PriceOf(order), order.view.visible.count());
}

void ReferenceEngine::Join(Index index, OrderState state, EventKind kind) {
  Order& order = orders_[index];
  order.is_incoming = false;
  order.view.state = state;
  order.turn = ++turns_;
  Say(kind, index, PriceOf(order), order.view.open.count());
}

void ReferenceEngine::RunTriggers() {
  while (phase_ == BookPhase::kContinuous && reach_low_ <= reach_high_) {
    Index buy = Best(Side::kBuy, OrderState::kStopped);
    Index sell = Best(Side::kSell, OrderState::kStopped);
    if (buy != kNone && PriceOf(orders_[buy]) > reach_high_) buy = kNone;
    if (sell != kNone && PriceOf(orders_[sell]) < reach_low_) sell = kNone;
    if (buy == kNone && sell == kNone) {
      reach_low_ = kAmountMax;
      reach_high_ = 0;
      return;
    }
    const bool buy_is_next = buy != kNone && (sell == kNone || NumberOf(orders_[buy].view.id) <
                                                                   NumberOf(orders_[sell].view.id));
    const Index next = buy_is_next ? buy : sell;
    Order& order = orders_[next];
    const std::int64_t stop = order.view.stop.minor_per_tonne();
    order.is_incoming = true;
    order.view.state = OrderState::kResting;
    order.view.stop = Price();
    order.view.type = order.view.type == OrderType::kStop ? OrderType::kMarket : OrderType::kLimit;
    Say(EventKind::kTriggered, next, stop, order.view.open.count());
    Placed ignored;
    Enter(next, ignored);
  }
}

// ---- Changing and leaving. ----

Result<Placed, Refused> ReferenceEngine::Change(MemberId owner, OrderId id,
                                                std::optional<Price> limit,
                                                std::optional<Tonnes> quantity,
                                                const ClientOrderId& new_client_id) {
  using Why = EngineRefusal;
  Begin();
  const Index index = Find(owner, id);
  if (index == kNone) {
    return Fail{Refused{Why::kOrderNotFound, static_cast<std::int64_t>(id.raw())}};
  }
  Order& order = orders_[index];
  OrderView& view = order.view;
  Order changed = order;
  changed.view.limit = limit.value_or(view.limit);
  changed.view.quantity = quantity.value_or(view.quantity);
  const std::int64_t filled = view.quantity.count() - view.open.count();
  const std::int64_t new_open = changed.view.quantity.count() - filled;
  const bool same_limit = changed.view.limit == view.limit;
  const bool keeps_place = new_open <= 0 || (same_limit && new_open <= view.open.count());
  if (limit && !HasLimit(view.type)) {
    return Fail{Refused{Why::kFieldsContradict, static_cast<std::int64_t>(Contradiction::kLimit)}};
  }
  if (phase_ == BookPhase::kHalted && !keeps_place) return Fail{Refused{Why::kHalted}};
  const bool renames = !new_client_id.empty() && new_client_id != view.client_id;
  if (renames) {
    const Index other = FindClient(owner, new_client_id);
    if (other != kNone) {
      return Fail{Refused{Why::kDuplicateClientId, 0,
                          static_cast<std::int64_t>(orders_[other].view.id.raw())}};
    }
  }
  if (same_limit && new_open == view.open.count() && !renames) {
    return Fail{Refused{Why::kNothingChanges}};
  }
  if (changed.view.quantity <= Tonnes(0) || changed.view.quantity > Tonnes(kAmountMax)) {
    return Fail{Refused{Why::kQuantityNotPositive, changed.view.quantity.count(), 1}};
  }
  const std::int64_t price = changed.view.limit.minor_per_tonne();
  if (price < lowest_) return Fail{Refused{Why::kPriceOutOfRange, price, lowest_}};
  if (price > highest_) return Fail{Refused{Why::kPriceOutOfRange, price, highest_}};
  Placed placed;
  placed.order = id;
  if (keeps_place) {
    if (renames) view.client_id = new_client_id;
    const std::int64_t cut = view.open.count() - new_open;
    TakeFrom(index, cut, new_open <= 0 ? Departure::kReplacedToNothing : Departure::kNone);
    placed.open = Tonnes(std::max<std::int64_t>(new_open, 0));
    return placed;
  }
  changed.view.open = changed.view.visible = Tonnes(new_open);
  changed.is_incoming = true;
  if (const auto refused = CheckFunds(owner, view.side, NeedOf(changed), NeedOf(order))) {
    return Fail{*refused};
  }
  const Index best = Best(Opposite(view.side), OrderState::kResting);
  if (view.post_only && view.state == OrderState::kResting && phase_ == BookPhase::kContinuous &&
      best != kNone) {
    const std::int64_t against = PriceOf(orders_[best]);
    if (view.side == Side::kBuy ? price >= against : price <= against) {
      return Fail{Refused{Why::kWouldTake, price, against}};
    }
  }
  if (renames) changed.view.client_id = new_client_id;
  const std::int64_t old_price = PriceOf(order);
  const std::int64_t old_open = view.open.count();
  order = changed;
  Say(EventKind::kReplaced, index, old_price, old_open);
  if (view.state != OrderState::kResting) {
    Join(index, view.state, EventKind::kWaits);
    placed.open = Tonnes(new_open);
    return placed;
  }
  Enter(index, placed);
  RunTriggers();
  placed.interrupted = interrupted_;
  return placed;
}

void ReferenceEngine::TakeFrom(Index index, std::int64_t quantity, Departure why) {
  Order& order = orders_[index];
  if (quantity >= order.view.open.count()) {
    Remove(index, why);
    return;
  }
  const std::int64_t shown = std::max<std::int64_t>(quantity - order.hidden(), 0);
  order.view.open -= Tonnes(quantity);
  order.view.visible -= Tonnes(shown);
  order.view.quantity -= Tonnes(quantity);
  Say(EventKind::kReduced, index, PriceOf(order), quantity).why = why;
}

void ReferenceEngine::Remove(Index index, Departure why) {
  Order& order = orders_[index];
  const Tonnes open = order.view.open;
  order.live = false;
  Event& event = Say(EventKind::kCancelled, index, PriceOf(order), open.count());
  event.why = why;
  event.open = event.visible = Tonnes(0);
}

bool ReferenceEngine::Cancel(MemberId owner, OrderId order, Departure why) {
  Begin();
  const Index index = Find(owner, order);
  if (index == kNone) return false;
  Remove(index, why);
  return true;
}

std::size_t ReferenceEngine::CancelAll(std::optional<MemberId> owner, std::optional<Side> side,
                                       Departure why) {
  Begin();
  std::size_t count = 0;
  for (const Index i : InOrder()) {
    const OrderView& view = orders_[i].view;
    if ((owner && view.owner != *owner) || (side && view.side != *side)) continue;
    Remove(i, why);
    ++count;
  }
  return count;
}

std::size_t ReferenceEngine::Expire(Date day) {
  Begin();
  std::size_t count = 0;
  for (const Index i : InOrder()) {
    const OrderView& view = orders_[i].view;
    const bool is_over = view.time_in_force == TimeInForce::kDay ||
                         !RowOf(view.time_in_force).may_rest ||
                         (view.time_in_force == TimeInForce::kGoodTillDate && view.expire <= day);
    if (!is_over) continue;
    Remove(i, Departure::kDayPassed);
    ++count;
  }
  return count;
}

// ---- The call. ----

ReferenceEngine::Index ReferenceEngine::UncrossHead(Side side, std::int64_t price) const {
  const Index at_market = Best(side, OrderState::kAtMarket);
  if (at_market != kNone) return at_market;
  const Index best = Best(side, OrderState::kResting);
  if (best == kNone) return kNone;
  const std::int64_t limit = PriceOf(orders_[best]);
  return (side == Side::kBuy ? limit >= price : limit <= price) ? best : kNone;
}

void ReferenceEngine::Uncross(Price price) {
  Begin();
  const std::int64_t minor = price.minor_per_tonne();
  while (true) {
    const Index seller = UncrossHead(Side::kSell, minor);
    const Index buyer = UncrossHead(Side::kBuy, minor);
    if (seller == kNone || buyer == kNone) break;
    const bool seller_is_younger =
        NumberOf(orders_[seller].view.id) > NumberOf(orders_[buyer].view.id);
    const Index younger = seller_is_younger ? seller : buyer;
    const Index older = seller_is_younger ? buyer : seller;
    const SelfTradePrevention mode = orders_[younger].view.self_trade;
    const bool is_own = orders_[seller].view.owner == orders_[buyer].view.owner;
    if (!is_own || mode == SelfTradePrevention::kOff) {
      const Tonnes quantity = std::min(orders_[seller].view.visible, orders_[buyer].view.visible);
      Trade(seller, buyer, minor, quantity.count(), true);
    } else if (mode == SelfTradePrevention::kDecrementBoth) {
      const std::int64_t cut =
          std::min(orders_[older].view.open, orders_[younger].view.open).count();
      TakeFrom(older, cut, Departure::kSelfTrade);
      TakeFrom(younger, cut, Departure::kSelfTrade);
    } else {
      Remove(mode == SelfTradePrevention::kCancelResting ? older : younger, Departure::kSelfTrade);
    }
  }
  for (const Side side : {Side::kBuy, Side::kSell}) {
    for (Index i = Best(side, OrderState::kAtMarket); i != kNone;
         i = Best(side, OrderState::kAtMarket)) {
      Remove(i, Departure::kNotFilledAtOnce);
    }
  }
}

bool ReferenceEngine::IsCrossed() const {
  const Index bid = Best(Side::kBuy, OrderState::kResting);
  const Index offer = Best(Side::kSell, OrderState::kResting);
  const bool buys_at_market = Best(Side::kBuy, OrderState::kAtMarket) != kNone;
  const bool sells_at_market = Best(Side::kSell, OrderState::kAtMarket) != kNone;
  if (buys_at_market && (sells_at_market || offer != kNone)) return true;
  if (sells_at_market && bid != kNone) return true;
  return bid != kNone && offer != kNone && PriceOf(orders_[bid]) >= PriceOf(orders_[offer]);
}

// ---- What is known. ----

ReferenceEngine::Index ReferenceEngine::Find(MemberId owner, OrderId order) const {
  for (Index i = 0; i < orders_.size(); ++i) {
    if (orders_[i].live && orders_[i].view.id == order && orders_[i].view.owner == owner) return i;
  }
  return kNone;
}

ReferenceEngine::Index ReferenceEngine::FindClient(MemberId owner, const ClientOrderId& id) const {
  for (Index i = 0; i < orders_.size(); ++i) {
    const Order& order = orders_[i];
    if (order.live && order.view.owner == owner && order.view.client_id == id) return i;
  }
  return kNone;
}

Event& ReferenceEngine::Say(EventKind kind, Index index, std::int64_t price,
                            std::int64_t quantity) {
  const OrderView& view = orders_[index].view;
  Event& event = events_.emplace_back();
  event.kind = kind;
  event.side = view.side;
  event.state = view.state;
  event.owner = view.owner;
  event.order = view.id;
  event.price = At(price);
  event.quantity = Tonnes(quantity);
  event.open = view.open;
  event.visible = view.visible;
  if (view.state != OrderState::kResting) return event;
  for (const Order& order : orders_) {
    const bool is_there =
        order.live && !order.is_incoming && order.view.state == OrderState::kResting &&
        order.view.side == view.side && PriceOf(order) == price && order.view.open > Tonnes(0);
    if (!is_there) continue;
    event.level_quantity += order.view.visible;
    ++event.level_orders;
  }
  return event;
}

std::uint64_t ReferenceEngine::StateHash() const {
  EngineHash hash(phase_,
                  {lowest_, highest_, collar_low_, collar_high_, last_, reach_low_, reach_high_});
  for (const OrderView& view : All()) hash.Add(view);
  return hash.value();
}

}  // namespace ets::matching
