#pragma once

// The small parts of Engine that its source files share, where the compiler can put them in line.

#include "matching/engine.h"
#include "matching/order_types.h"

namespace ets::matching {

constexpr bool IsStop(OrderType type) {
  return type == OrderType::kStop || type == OrderType::kStopLimit;
}

inline void Engine::Begin() {
  event_count_ = 0;
  interrupted_ = false;
}

inline std::int64_t Engine::LimitOf(std::uint32_t place) const {
  const OrderRecord& order = orders_[place];
  if (!HasLimit(order.type())) return EdgeFor(order.side());
  return order.has_extra() ? extras_[place].limit : book(order.side()).PriceOf(order.level);
}

inline std::int64_t Engine::PriceIn(std::uint32_t place) const {
  const OrderRecord& order = orders_[place];
  if (order.state() == OrderState::kAtMarket) return EdgeFor(order.side());
  return LadderOf(order.state(), order.side()).PriceOf(order.level);
}

inline std::int64_t Engine::CostOf(std::int64_t limit, std::int64_t open, const FeeRate& rate) {
  std::int64_t value = 0;
  if (__builtin_mul_overflow(limit, open, &value) || value > kAmountMax) return kAmountMax + 1;
  return rate.IsFree() ? value : value + FeeOn(rate, value, open);
}

inline void Engine::Rebind(MemberId owner, Side side, std::int64_t had, std::int64_t needs) {
  holdings_.Rebind(owner, LedgerOf(side), had, needs);
}

inline std::uint32_t Engine::PlaceIfLive(MemberId owner, OrderId order) const {
  const std::uint32_t place = PlaceOf(order);
  if (place >= orders_.size()) return kNone;
  const OrderRecord& record = orders_[place];
  const bool is_it = record.id == order.raw() && record.live() && record.owner == owner.raw();
  return is_it ? place : kNone;
}

inline Event& Engine::Say(EventKind kind, std::uint32_t place, std::int64_t price,
                          std::int64_t quantity) {
  const OrderRecord& order = orders_[place];
  Event& event = NextEvent();
  event = Event{.kind = kind,
                .side = order.side(),
                .state = order.state(),
                .owner = MemberId(order.owner),
                .order = OrderId(order.id),
                .price = Price::FromMinorPerTonne(price),
                .quantity = Tonnes(quantity),
                .open = Tonnes(OpenOf(place)),
                .visible = Tonnes(order.visible)};
  if (order.state() == OrderState::kResting) {
    const Ladder& ladder = book(order.side());
    const Ladder::Level& level = ladder[ladder.LevelOf(price)];
    event.level_quantity = Tonnes(level.visible);
    event.level_orders = level.count;
  }
  return event;
}

// Of a plain order that rests at its level, or is about to, or did; all of it that is there.
inline Event& Engine::SayPlain(EventKind kind, std::uint32_t place, std::int64_t price,
                               std::int64_t open, const Ladder::Level& level) {
  const OrderRecord& order = orders_[place];
  Event& event = NextEvent();
  event = Event{.kind = kind,
                .side = orders_[place].side(),
                .state = OrderState::kResting,
                .owner = MemberId(order.owner),
                .order = OrderId(order.id),
                .price = Price::FromMinorPerTonne(price),
                .quantity = Tonnes(order.visible),
                .open = Tonnes(open),
                .visible = Tonnes(open),
                .level_quantity = Tonnes(level.visible),
                .level_orders = level.count};
  return event;
}

inline void Engine::Count(std::uint32_t place, std::int64_t open) {
  const OrderRecord& order = orders_[place];
  if (order.owner >= of_member_.size()) of_member_.resize(holdings_.member_count());
  OfMember& member = of_member_[order.owner];
  ++member.open_orders;
  member.open[Of(order.side())] += open;
  ++live_count_;
}

inline void Engine::Forget(std::uint32_t place, std::int64_t open) {
  OrderRecord& order = orders_[place];
  OfMember& member = of_member_[order.owner];
  member.open[Of(order.side())] -= open;
  --member.open_orders;
  --live_count_;
  order.set_live(false);
  free_.Set(place);
  lowest_free_ = std::min(lowest_free_, place);
  if (!order.client_id.empty()) clients_.Erase(order.client_hash, place);
}

inline void Engine::RemovePlain(std::uint32_t place, Departure why) {
  const OrderRecord& order = orders_[place];
  const Side side = order.side();
  const std::int64_t open = order.visible;
  Ladder& ladder = book(side);
  const std::int64_t price = ladder.PriceOf(order.level);
  const Ladder::Level& level = ladder.Leave(links_.data(), order, place);
  SayPlain(EventKind::kCancelled, place, price, 0, level).why = why;
  holdings_.Release(MemberId(order.owner), LedgerOf(side), EachBinds(side, price) * open);
  Forget(place, open);
}

inline void Engine::Remove(std::uint32_t place, Departure why) {
  IsPlain(place) ? RemovePlain(place, why) : RemoveAny(place, why);
}

inline void Engine::Wait(std::uint32_t place, OrderState state, EventKind kind) {
  OrderRecord& order = orders_[place];
  order.set_state(state);
  Join(place);
  Say(kind, place, PriceIn(place), OpenOf(place));
}

inline Engine::FeesPaid Engine::Settle(MemberId one, Side side, MemberId other, std::int64_t price,
                                       std::int64_t quantity, const FeeRate& one_rate,
                                       const FeeRate& other_rate) {
  // Both sides are settled alike, so that no branch depends on who sells.
  std::array<std::int64_t, 2> gives = {price * quantity, quantity};  // By side.
  FeesPaid fees;
  if (!is_free_) {
    fees = PayFees(one, side, other, gives, one_rate, other_rate);
  }
  const Side other_side = Opposite(side);
  holdings_.Pass(one, other, LedgerOf(side), gives[Of(side)], bought_waits_[Of(side)]);
  holdings_.Pass(other, one, LedgerOf(other_side), gives[Of(other_side)],
                 bought_waits_[Of(other_side)]);
  return fees;
}

}  // namespace ets::matching
