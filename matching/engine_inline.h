#pragma once

// The small parts of Engine that its source files share, where the compiler can put them in line.

#include "matching/engine.h"
#include "matching/order_types.h"

namespace ets::matching {

inline void Engine::Begin() {
  event_count_ = 0;
  interrupted_ = false;
  for (const std::uint32_t place : released_) {
    free_.Set(place);
    lowest_free_ = std::min(lowest_free_, place);
  }
  released_.clear();
}

inline std::int64_t Engine::LimitOf(std::uint32_t place) const {
  const OrderRecord& order = orders_[place];
  if (!HasLimit(order.type)) return EdgeFor(order.side);
  return order.has_extra ? extras_[place].limit : book(order.side).PriceOf(order.level);
}

inline std::int64_t Engine::PriceIn(std::uint32_t place) const {
  const OrderRecord& order = orders_[place];
  if (order.state == OrderState::kAtMarket) return EdgeFor(order.side);
  return LadderOf(order.state, order.side).PriceOf(order.level);
}

inline std::int64_t Engine::CostOf(std::int64_t limit, std::int64_t open, const FeeRate& rate) {
  std::int64_t value = 0;
  if (__builtin_mul_overflow(limit, open, &value) || value > kAmountMax) return kAmountMax + 1;
  return rate.IsFree() ? value : value + FeeOn(rate, value, open);
}

inline void Engine::Rebind(MemberId owner, Side side, std::int64_t had, std::int64_t needs) {
  if (needs > had) {
    ETS_ASSERT(holdings_.Reserve(owner, LedgerOf(side), needs - had));
  } else {
    holdings_.Release(owner, LedgerOf(side), had - needs);
  }
}

inline std::uint32_t Engine::PlaceIfLive(MemberId owner, OrderId order) const {
  const std::uint32_t place = PlaceOf(order);
  if (place >= orders_.size()) return kNone;
  const OrderRecord& record = orders_[place];
  const bool is_it = record.id == order.raw() && record.live && record.owner == owner.raw();
  return is_it ? place : kNone;
}

inline Event& Engine::Say(EventKind kind, std::uint32_t place, std::int64_t price,
                          std::int64_t quantity) {
  const OrderRecord& order = orders_[place];
  Event& event = NextEvent();
  event = Event{.kind = kind,
                .side = order.side,
                .state = order.state,
                .owner = MemberId(order.owner),
                .order = OrderId(order.id),
                .price = Price::FromMinorPerTonne(price),
                .quantity = Tonnes(quantity),
                .open = Tonnes(OpenOf(place)),
                .visible = Tonnes(order.visible)};
  if (order.state == OrderState::kResting) {
    const Ladder& ladder = book(order.side);
    const Ladder::Level& level = ladder[ladder.LevelOf(price)];
    event.level_quantity = Tonnes(level.visible);
    event.level_orders = level.count;
  }
  return event;
}

// Of an order that rests, or would, and hides nothing.
inline Event& Engine::SayPlain(EventKind kind, std::uint32_t place, std::int64_t price,
                               std::int64_t quantity) {
  const OrderRecord& order = orders_[place];
  const Ladder::Level& level = book(order.side)[order.level];
  Event& event = NextEvent();
  event = Event{.kind = kind,
                .side = order.side,
                .state = OrderState::kResting,
                .owner = MemberId(order.owner),
                .order = OrderId(order.id),
                .price = Price::FromMinorPerTonne(price),
                .quantity = Tonnes(quantity),
                .open = Tonnes(order.visible),
                .visible = Tonnes(order.visible),
                .level_quantity = Tonnes(level.visible),
                .level_orders = level.count};
  return event;
}

inline void Engine::Count(std::uint32_t place, std::int64_t open) {
  const OrderRecord& order = orders_[place];
  if (order.owner >= of_member_.size()) of_member_.resize(holdings_.member_count());
  OfMember& member = of_member_[order.owner];
  ++member.open_orders;
  member.open_buys += order.side == Side::kBuy ? open : 0;
  ++live_count_;
}

inline void Engine::Forget(std::uint32_t place) {
  OrderRecord& order = orders_[place];
  OfMember& member = of_member_[order.owner];
  const std::int64_t open = OpenOf(place);
  member.open_buys -= order.side == Side::kBuy ? open : 0;
  --member.open_orders;
  if (!order.client_id.empty()) {
    clients_.Erase(ClientIndex::HashOf(MemberId(order.owner), order.client_id), place);
  }
  order.live = false;
  --live_count_;
  released_.push_back(place);
}

inline void Engine::RemovePlain(std::uint32_t place, Departure why) {
  const OrderRecord& order = orders_[place];
  Ladder& ladder = book(order.side);
  const std::int64_t price = ladder.PriceOf(order.level);
  const std::int64_t value = price * order.visible;
  const Ladder::Level& level = ladder.Leave(orders_.data(), place);
  holdings_.Release(MemberId(order.owner), LedgerOf(order.side),
                    order.side == Side::kBuy ? value : order.visible);
  Event& event = NextEvent();
  event = Event{.kind = EventKind::kCancelled,
                .why = why,
                .side = order.side,
                .state = OrderState::kResting,
                .owner = MemberId(order.owner),
                .order = OrderId(order.id),
                .price = Price::FromMinorPerTonne(price),
                .quantity = Tonnes(order.visible),
                .level_quantity = Tonnes(level.visible),
                .level_orders = level.count};
  Forget(place);
}

inline void Engine::Remove(std::uint32_t place, Departure why) {
  const OrderRecord& order = orders_[place];
  if (is_free_ && order.state == OrderState::kResting && !order.has_extra) {
    RemovePlain(place, why);
    return;
  }
  const std::int64_t open = OpenOf(place);
  const std::int64_t price = PriceIn(place);
  LadderOf(order.state, order.side).Leave(orders_.data(), place);
  holdings_.Release(MemberId(order.owner), LedgerOf(order.side), BoundBy(place));
  Event& event = Say(EventKind::kCancelled, place, price, open);
  event.why = why;
  event.open = event.visible = Tonnes(0);
  Forget(place);
}

inline void Engine::Wait(std::uint32_t place, OrderState state, EventKind kind) {
  OrderRecord& order = orders_[place];
  order.state = state;
  LadderOf(state, order.side).Join(orders_.data(), place);
  Say(kind, place, PriceIn(place), OpenOf(place));
}

inline Engine::FeesPaid Engine::Settle(MemberId seller, MemberId buyer, std::int64_t price,
                                       std::int64_t quantity, const FeeRate& seller_rate,
                                       const FeeRate& buyer_rate) {
  const std::int64_t value = price * quantity;
  FeesPaid fees;
  if (!is_free_) {
    fees.seller = std::min(value, FeeOn(seller_rate, value, quantity));
    fees.buyer = FeeOn(buyer_rate, value, quantity);
    holdings_.Consume(buyer, terms_.cash_ledger, fees.seller + fees.buyer);
  }
  holdings_.Pass(seller, buyer, terms_.unit_ledger, quantity, terms_.resale_next_day);
  holdings_.Pass(buyer, seller, terms_.cash_ledger, value - fees.seller, false);
  return fees;
}

inline void Engine::RefreshOrGo(std::uint32_t place) {
  OrderRecord& order = orders_[place];
  Ladder& ladder = LadderOf(order.state, order.side);
  ladder.Leave(orders_.data(), place);
  if (HiddenOf(place) == 0) {
    Forget(place);
    return;
  }
  OrderExtra& extra = extras_[place];
  order.visible = std::min(extra.hidden, extra.display);
  extra.hidden -= order.visible;
  ladder.Join(orders_.data(), place);
  Say(EventKind::kRefreshed, place, ladder.PriceOf(order.level), order.visible);
}

}  // namespace ets::matching
