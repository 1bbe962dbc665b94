#include "matching/engine.h"

#include "matching/engine_inline.h"

namespace ets::matching {

Engine::Engine(Holdings& holdings, const EngineTerms& terms)
    : holdings_(holdings),
      terms_(terms),
      ledgers_{terms.cash_ledger, terms.unit_ledger},
      bought_waits_{false, terms.resale_next_day} {
  ETS_ASSERT(0 < terms.orders_max && terms.orders_max <= kOrdersMax);
  for (const Side side : {Side::kBuy, Side::kSell}) {
    LadderOf(OrderState::kAtMarket, side).SetRange(0, 0);
  }
  SetFees(terms.fees);
}

[[gnu::noinline]] void Engine::GrowEvents() { events_.resize(event_room_ *= 2); }

// ---- Sessions. ----

void Engine::OpenRange(Price lowest, Price highest) {
  ETS_ASSERT(Price() < lowest && lowest <= highest);
  Begin();
  scratch_.clear();
  Walk([this](std::uint32_t place) { scratch_.push_back(place); });
  const std::int64_t low = lowest.minor_per_tonne();
  const std::int64_t high = highest.minor_per_tonne();
  RemoveOutside(low, high);
  // The others leave the old levels and join the new ones in the same order.
  std::vector<std::int64_t> prices;
  std::vector<std::int64_t> bound;
  for (const std::uint32_t place : scratch_) {
    prices.push_back(PriceIn(place));
    bound.push_back(BoundBy(place));
    Leave(place);
  }
  const std::array<std::int64_t, 2> old_edges = {EdgeFor(Side::kBuy), EdgeFor(Side::kSell)};
  lowest_ = collar_low_ = low;
  highest_ = collar_high_ = high;
  for (const OrderState state : {OrderState::kResting, OrderState::kStopped}) {
    for (const Side side : {Side::kBuy, Side::kSell}) LadderOf(state, side).SetRange(low, high);
  }
  for (std::size_t i = 0; i < scratch_.size(); ++i) {
    OrderRecord& order = orders_[scratch_[i]];
    Ladder& ladder = LadderOf(order.state(), order.side());
    if (order.state() != OrderState::kAtMarket) order.level = ladder.LevelOf(prices[i]);
    ladder.Join(links_.data(), order, scratch_[i]);
  }
  for (std::size_t i = 0; i < scratch_.size(); ++i) {
    const std::uint32_t place = scratch_[i];
    if (HasLimit(orders_[place].type())) continue;
    FundAtNewEdge(place, bound[i], old_edges[Of(orders_[place].side())]);
  }
}

void Engine::RemoveOutside(std::int64_t low, std::int64_t high) {
  const auto is_within = [low, high](std::int64_t price) { return low <= price && price <= high; };
  std::erase_if(scratch_, [&](std::uint32_t place) {
    OrderRecord& order = orders_[place];
    const std::int64_t limit = LimitOf(place);
    const bool stays = (!HasLimit(order.type()) || is_within(limit)) &&
                       (order.state() != OrderState::kStopped || is_within(extras_[place].stop));
    if (stays) return false;
    Remove(place, Departure::kOutsideRange);
    // Its view outlives the levels that say its limit.
    if (!order.has_extra()) extras_[place] = OrderExtra{.limit = limit};
    order.set_has_extra(true);
    return true;
  });
}

// An order without a limit is bound for the new end of the range, or goes.
void Engine::FundAtNewEdge(std::uint32_t place, std::int64_t had, std::int64_t old_edge) {
  const OrderRecord& order = orders_[place];
  const MemberId owner(order.owner);
  const std::int64_t needs = BoundBy(place);
  if (!CheckFunds(owner, order.side(), needs, had)) {
    Rebind(owner, order.side(), had, needs);
    return;
  }
  const std::int64_t open = OpenOf(place);
  const std::int64_t price = order.state() == OrderState::kAtMarket ? old_edge : PriceIn(place);
  Leave(place);
  holdings_.Release(owner, LedgerOf(order.side()), had);
  Event& event = Say(EventKind::kCancelled, place, price, open);
  event.why = Departure::kUnfunded;
  event.open = event.visible = Tonnes(0);
  Forget(place, open);
}

void Engine::SetPhase(BookPhase phase) {
  Begin();
  if (phase == BookPhase::kContinuous) {
    ETS_ASSERT(at_market(Side::kBuy) == Tonnes(0) && at_market(Side::kSell) == Tonnes(0));
    ETS_ASSERT(!IsCrossed());
  }
  phase_ = phase;
  if (phase == BookPhase::kContinuous) RunTriggers();
}

void Engine::SetCollar(Price low, Price high) {
  Begin();
  collar_low_ = std::max(lowest_, low.minor_per_tonne());
  collar_high_ = std::min(highest_, high.minor_per_tonne());
}

void Engine::SetFees(const FeeRates& fees) {
  ETS_ASSERT(live_count_ == 0);
  terms_.fees = fees;
  highest_rate_ = {.bp = std::max(fees.maker.bp, fees.taker.bp),
                   .per_tonne = std::max(fees.maker.per_tonne, fees.taker.per_tonne)};
  is_free_ = fees.AreFree();
}

Engine::FeesPaid Engine::PayFees(MemberId one, Side side, MemberId other,
                                 std::array<std::int64_t, 2>& gives, const FeeRate& one_rate,
                                 const FeeRate& other_rate) {
  const auto [value, quantity] = gives;
  FeesPaid fees = {.one = FeeOn(one_rate, value, quantity),
                   .other = FeeOn(other_rate, value, quantity)};
  std::int64_t& of_seller = side == Side::kSell ? fees.one : fees.other;
  of_seller = std::min(of_seller, value);
  gives[Of(Side::kBuy)] -= of_seller;
  holdings_.Consume(side == Side::kBuy ? one : other, terms_.cash_ledger, fees.one + fees.other);
  return fees;
}

std::size_t Engine::CancelAll(std::optional<MemberId> owner, std::optional<Side> side,
                              Departure why) {
  Begin();
  scratch_.clear();
  Walk([&](std::uint32_t place) {
    if (owner && orders_[place].owner != owner->raw()) return;
    if (side && orders_[place].side() != *side) return;
    scratch_.push_back(place);
  });
  for (const std::uint32_t place : scratch_) Remove(place, why);
  return scratch_.size();
}

std::size_t Engine::Expire(Date day) {
  Begin();
  scratch_.clear();
  Walk([&](std::uint32_t place) {
    const OrderRecord& order = orders_[place];
    const bool is_over =
        order.time_in_force() == TimeInForce::kDay || !RowOf(order.time_in_force()).may_rest ||
        (order.time_in_force() == TimeInForce::kGoodTillDate && extras_[place].expire <= day);
    if (is_over) scratch_.push_back(place);
  });
  for (const std::uint32_t place : scratch_) Remove(place, Departure::kDayPassed);
  return scratch_.size();
}

// ---- The call. ----

void Engine::AppendCallLevels(Side side, std::vector<CallLevel>& levels) const {
  const Ladder& ladder = book(side);
  for (std::uint32_t at = ladder.best(); at != kNone; at = ladder.After(at)) {
    std::int64_t quantity = ladder[at].visible;
    for (std::uint32_t i = ladder[at].first; i != kNone; i = links_[i].next) {
      quantity += HiddenOf(i);
    }
    levels.push_back({Price::FromMinorPerTonne(ladder.PriceOf(at)), Tonnes(quantity)});
  }
}

Tonnes Engine::at_market(Side side) const {
  return Tonnes(LadderOf(OrderState::kAtMarket, side)[0].visible);
}

bool Engine::IsCrossed() const {
  const Ladder& bids = book(Side::kBuy);
  const Ladder& offers = book(Side::kSell);
  const bool buys = !LadderOf(OrderState::kAtMarket, Side::kBuy).empty();
  const bool sells = !LadderOf(OrderState::kAtMarket, Side::kSell).empty();
  if (buys) return sells || !offers.empty();
  if (sells) return !bids.empty();
  return !bids.empty() && !offers.empty() &&
         bids.PriceOf(bids.best()) >= offers.PriceOf(offers.best());
}

std::uint32_t Engine::UncrossHead(Side side, std::int64_t price) const {
  const Ladder& waiting = LadderOf(OrderState::kAtMarket, side);
  if (!waiting.empty()) return waiting[0].first;
  const Ladder& ladder = book(side);
  if (ladder.best() > ladder.LevelOf(price)) return kNone;
  return ladder[ladder.best()].first;
}

void Engine::Uncross(Price price) {
  ETS_ASSERT(phase_ == BookPhase::kCall && lowest() <= price && price <= highest());
  Begin();
  const std::int64_t minor = price.minor_per_tonne();
  while (true) {
    const std::uint32_t seller = UncrossHead(Side::kSell, minor);
    const std::uint32_t buyer = UncrossHead(Side::kBuy, minor);
    if (seller == kNone || buyer == kNone) break;
    UncrossPair(seller, buyer, minor);
  }
  for (const Side side : {Side::kBuy, Side::kSell}) {
    const Ladder& waiting = LadderOf(OrderState::kAtMarket, side);
    while (!waiting.empty()) Remove(waiting[0].first, Departure::kNotFilledAtOnce);
  }
}

bool Engine::PreventSelfTradeInCall(std::uint32_t seller, std::uint32_t buyer) {
  const bool seller_is_younger =
      NumberOf(OrderId(orders_[seller].id)) > NumberOf(OrderId(orders_[buyer].id));
  const std::uint32_t younger = seller_is_younger ? seller : buyer;
  const std::uint32_t older = seller_is_younger ? buyer : seller;
  switch (orders_[younger].self_trade()) {
    case SelfTradePrevention::kOff:
      return false;
    case SelfTradePrevention::kCancelResting:
      Remove(older, Departure::kSelfTrade);
      return true;
    case SelfTradePrevention::kCancelIncoming:
      Remove(younger, Departure::kSelfTrade);
      return true;
    case SelfTradePrevention::kDecrementBoth:
      break;
  }
  const std::int64_t cut = std::min(OpenOf(older), OpenOf(younger));
  TakeFrom(older, cut, Departure::kSelfTrade);
  TakeFrom(younger, cut, Departure::kSelfTrade);
  return true;
}

void Engine::UncrossPair(std::uint32_t seller, std::uint32_t buyer, std::int64_t price) {
  OrderRecord& sells = orders_[seller];
  OrderRecord& buys = orders_[buyer];
  if (sells.owner == buys.owner && PreventSelfTradeInCall(seller, buyer)) return;
  const std::int64_t quantity = std::min(sells.visible, buys.visible);
  const MemberId buying(buys.owner);
  const std::int64_t had = BoundBy(buyer);
  const FeesPaid fees = Settle(MemberId(sells.owner), Side::kSell, buying, price, quantity,
                               terms_.fees.maker, terms_.fees.maker);
  LadderOf(seller).Shrink(orders_[seller].level, quantity);
  LadderOf(buyer).Shrink(orders_[buyer].level, quantity);
  sells.visible -= quantity;
  buys.visible -= quantity;
  of_member_[sells.owner].open[Of(Side::kSell)] -= quantity;
  of_member_[buys.owner].open[Of(Side::kBuy)] -= quantity;
  holdings_.Release(buying, terms_.cash_ledger,
                    had - price * quantity - fees.other - BoundBy(buyer));
  Reach(price);
  Event& event = Say(EventKind::kTraded, seller, price, quantity);
  event.other_owner = buying;
  event.other = OrderId(buys.id);
  event.other_open = Tonnes(OpenOf(buyer));
  event.fee = Money::FromMinor(fees.one);
  event.other_fee = Money::FromMinor(fees.other);
  // An order that is used up no longer counts in the level of the price, if it is in that one.
  const bool is_there = orders_[seller].state() == OrderState::kResting && PriceIn(seller) == price;
  if (is_there && OpenOf(seller) == 0) --event.level_orders;
  if (sells.visible == 0) RefreshOrGo(seller);
  if (buys.visible == 0) RefreshOrGo(buyer);
}

}  // namespace ets::matching
