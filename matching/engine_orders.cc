// One order at a time: entering, matching, changing, leaving.
#include <array>
#include <bit>

#include "matching/engine_inline.h"

namespace ets::matching {

// ---- Checking what most orders are; the rest is in engine_checks.cc. ----

// A plain limit order in continuous trading, of a venue without fees, that nothing speaks against
// but its name and funds; anything else is looked at rule by rule.
inline bool Engine::IsPlainAndFine(const OrderEntry& entry) const {
  const std::int64_t special = entry.stop.minor_per_tonne() | entry.display.count() |
                               entry.minimum.count() | std::int64_t{entry.expire.days()} |
                               std::int64_t{entry.post_only};
  const bool is_plain = entry.type == OrderType::kLimit && special == 0 &&
                        entry.time_in_force <= TimeInForce::kGoodTillCancel &&
                        entry.time_in_force != TimeInForce::kFillOrKill;
  // As unsigned numbers, what is too low is too high.
  const auto depth = static_cast<std::uint64_t>(entry.limit.minor_per_tonne() - lowest_);
  const auto quantity = static_cast<std::uint64_t>(entry.quantity.count() - 1);
  return is_plain && is_free_ && phase_ == BookPhase::kContinuous &&
         depth <= static_cast<std::uint64_t>(highest_ - lowest_) && quantity < kAmountMax &&
         live_count_ < terms_.orders_max;
}

std::optional<Refused> Engine::CheckFunds(MemberId owner, Side side, std::int64_t need,
                                          std::int64_t has) const {
  const std::int64_t free = holdings_.at(owner, LedgerOf(side)).available + has;
  if (need <= free) return {};
  return Refused{
      side == Side::kBuy ? EngineRefusal::kInsufficientCash : EngineRefusal::kInsufficientUnits,
      need, free};
}

// ---- Entering. ----

[[gnu::flatten]] Result<Placed, Refused> Engine::Place(const OrderEntry& entry) {
  Begin();
  const std::uint32_t hash =
      entry.client_id.empty() ? 0 : ClientIndex::HashOf(entry.owner, entry.client_id);
  const bool is_taken =
      !entry.client_id.empty() && FindHashed(hash, entry.owner, entry.client_id) != kNone;
  return !is_taken && IsPlainAndFine(entry) ? PlacePlain(entry, hash) : PlaceByRules(entry, hash);
}

inline Result<Placed, Refused> Engine::PlacePlain(const OrderEntry& entry,
                                                  std::uint32_t client_hash) {
  const std::int64_t limit = entry.limit.minor_per_tonne();
  const std::int64_t need = CostOf(EachBinds(entry.side, limit), entry.quantity.count(), FeeRate{});
  if (!holdings_.Reserve(entry.owner, LedgerOf(entry.side), need)) {
    return Fail{*CheckFunds(entry.owner, entry.side, need, 0)};
  }
  const std::uint32_t place = WriteRecord(entry, limit, client_hash, false);
  return EnterPlain(place, limit, need, false);
}

[[gnu::noinline]] Result<Placed, Refused> Engine::PlaceByRules(const OrderEntry& entry,
                                                               std::uint32_t client_hash) {
  const std::int64_t limit =
      HasLimit(entry.type) ? entry.limit.minor_per_tonne() : EdgeFor(entry.side);
  if (const auto refused = CheckEntry(entry, limit)) return Fail{*refused};
  const bool waits = IsStop(entry.type);
  const std::int64_t quantity = entry.quantity.count();
  const std::int64_t need = NeedOf(entry.side, OrderState::kResting, limit, quantity, true);
  if (const auto refused = CheckFunds(entry.owner, entry.side, need, 0)) return Fail{*refused};
  if (!waits && phase_ == BookPhase::kContinuous) {
    if (const auto refused = CheckMarketable(entry, limit)) return Fail{*refused};
  }

  const bool has_extra = waits || entry.display > Tonnes(0) || entry.expire != Date(0);
  const std::uint32_t place = WriteRecord(entry, limit, client_hash, has_extra);
  ETS_ASSERT(holdings_.Reserve(entry.owner, LedgerOf(entry.side), need));
  Placed placed;
  placed.order = OrderId(orders_[place].id);
  if (waits) {
    orders_[place].level =
        LadderOf(OrderState::kStopped, entry.side).LevelOf(entry.stop.minor_per_tonne());
    List(place);
    Wait(place, OrderState::kStopped, EventKind::kWaits);
    placed.open = entry.quantity;
    return placed;
  }
  const Taking taking = Enter(place, need, false);
  placed.traded = Tonnes(taking.traded);
  placed.value = Money::FromMinor(taking.value);
  placed.open = Tonnes(orders_[place].live() ? OpenOf(place) : 0);
  if (taking.traded > 0) RunTriggers();
  placed.interrupted = interrupted_;
  return placed;
}

inline std::uint32_t Engine::WriteRecord(const OrderEntry& entry, std::int64_t limit,
                                         std::uint32_t client_hash, bool has_extra) {
  if (lowest_free_ == kNone) GrowPlaces(orders_.size() * 2);
  const std::uint32_t place = lowest_free_;
  // Field by field: as a whole it would be made elsewhere and copied.
  OrderRecord& order = orders_[place];
  order.id = OrderIdOf(entry.number, place).raw();
  order.visible = entry.quantity.count();
  order.quantity = entry.quantity.count();
  order.owner = entry.owner.raw();
  order.level = book(entry.side).LevelOf(limit);
  order.client_hash = client_hash;
  order.client_id = entry.client_id;
  OrderTraits traits(entry.side, entry.type, entry.time_in_force, entry.self_trade);
  traits.set_state(OrderState::kResting);
  traits.set_post_only(entry.post_only);
  traits.set_has_extra(has_extra);
  order.traits() = traits;
  if (has_extra) {
    extras_[place] = {.stop = entry.stop.minor_per_tonne(),
                      .limit = limit,
                      .display = entry.display.count(),
                      .hidden = 0,
                      .expire = entry.expire};
  }
  return place;
}

[[gnu::noinline]] void Engine::GrowPlaces(std::size_t count) {
  const auto first = static_cast<std::uint32_t>(orders_.size());
  count = std::bit_ceil(std::clamp<std::size_t>(count, 64, kOrdersMax));
  if (count <= first) return;
  orders_.resize(count);
  links_.resize(count);
  extras_.resize(count);
  free_.Resize(count);
  for (std::uint32_t place = first; place < count; ++place) free_.Set(place);
  lowest_free_ = std::min(lowest_free_, first);
  clients_.Resize(count);
  for (std::uint32_t place = 0; place < first; ++place) {
    const OrderRecord& order = orders_[place];
    if (!order.live() || order.client_id.empty()) continue;
    clients_.Insert(order.client_hash, place);
  }
}

inline void Engine::List(std::uint32_t place) {
  OrderRecord& order = orders_[place];
  free_.Reset(place);
  if (lowest_free_ == place) lowest_free_ = free_.LowestFrom(place);
  order.set_live(true);
  Count(place, order.visible);
  if (!order.client_id.empty()) clients_.Insert(order.client_hash, place);
}

inline Result<Placed, Refused> Engine::EnterPlain(std::uint32_t place, std::int64_t limit,
                                                  std::int64_t bound, bool is_listed) {
  OrderRecord& order = orders_[place];
  const Side side = order.side();
  const std::int64_t whole = order.visible;
  Taking taking;
  if (MayTake(order)) Match(place, taking);
  const std::int64_t left = order.visible;
  const bool rests =
      left > 0 && !taking.is_over && order.time_in_force() != TimeInForce::kImmediateOrCancel;
  if (is_listed) of_member_[order.owner].open[Of(side)] -= whole - left;
  if (left < whole || !rests) {
    const std::int64_t spent = std::array{taking.value, taking.traded}[Of(side)];
    const std::int64_t binds = EachBinds(side, limit) * (rests ? left : 0);
    holdings_.Release(MemberId(order.owner), LedgerOf(side), bound - spent - binds);
  }
  if (rests) {
    const Ladder::Level& level = book(side).Join(links_.data(), order, place);
    SayPlain(EventKind::kRested, place, limit, left, level);
    if (!is_listed) List(place);
  } else {
    if (left > 0) {
      const Ladder::Level& level = book(side)[order.level];
      SayPlain(EventKind::kCancelled, place, limit, 0, level).why =
          taking.is_over ? Departure::kSelfTrade : Departure::kNotFilledAtOnce;
    }
    if (is_listed) Forget(place, left);
  }
  const OrderId id(order.id);
  if (taking.traded > 0) RunTriggers();
  return Placed{.order = id,
                .traded = Tonnes(taking.traded),
                .value = Money::FromMinor(taking.value),
                .open = Tonnes(rests ? left : 0),
                .interrupted = interrupted_};
}

[[gnu::noinline]] Engine::Taking Engine::Enter(std::uint32_t place, std::int64_t bound,
                                               bool is_listed) {
  OrderRecord& order = orders_[place];
  const Side side = order.side();
  const MemberId owner(order.owner);
  const std::int64_t quantity = order.visible;
  Taking taking;
  if (phase_ == BookPhase::kContinuous && MayTake(order)) Match(place, taking);
  if (is_listed) of_member_[order.owner].open[Of(side)] -= quantity - order.visible;
  const std::int64_t spent = side == Side::kBuy ? taking.value + taking.fees : taking.traded;
  const std::int64_t left_bound = bound - spent;
  const bool at_market = !HasLimit(order.type());
  const bool may_wait = at_market ? phase_ == BookPhase::kCall && !interrupted_
                                  : RowOf(order.time_in_force()).may_rest;
  if (taking.is_over || order.visible == 0 || !may_wait) {
    if (order.visible > 0) {
      Event& event = Say(EventKind::kCancelled, place, LimitOf(place), order.visible);
      event.why = taking.is_over ? Departure::kSelfTrade : Departure::kNotFilledAtOnce;
      event.open = event.visible = Tonnes(0);
    }
    if (left_bound > 0) holdings_.Release(owner, LedgerOf(side), left_bound);
    if (is_listed) Forget(place, order.visible);
    return taking;
  }
  order.set_state(at_market ? OrderState::kAtMarket : OrderState::kResting);
  const std::int64_t needs = BoundBy(place);
  if (left_bound > needs) holdings_.Release(owner, LedgerOf(side), left_bound - needs);
  if (!is_listed) List(place);
  if (order.has_extra() && extras_[place].display > 0 && order.visible > extras_[place].display) {
    extras_[place].hidden = order.visible - extras_[place].display;
    order.visible = extras_[place].display;
  }
  if (at_market) order.level = 0;
  Wait(place, order.state(), at_market ? EventKind::kWaits : EventKind::kRested);
  return taking;
}

inline bool Engine::MayTake(const OrderRecord& order) const {
  return book(Opposite(order.side())).best() <= DeepestFor(order);
}

inline void Engine::Match(std::uint32_t place, Taking& taking) {
  OrderRecord& order = orders_[place];
  Ladder& against = book(Opposite(order.side()));
  const std::uint32_t deepest = DeepestFor(order);
  const std::int64_t collar =
      against.DepthOf(order.side() == Side::kBuy ? collar_high_ : collar_low_);
  while (order.visible > 0 && against.best() <= deepest) {
    if (against.best() > collar) {
      interrupted_ = true;
      phase_ = BookPhase::kCall;
      return;
    }
    const std::uint32_t maker = against[against.best()].first;
    if (const std::uint32_t next = links_[maker].next; next != kNone) {
      __builtin_prefetch(&orders_[next]);  // In a deep book it is far away.
    }
    if (orders_[maker].owner == order.owner && order.self_trade() != SelfTradePrevention::kOff) {
      taking.is_over = !PreventSelfTrade(maker, place);
      if (taking.is_over) return;
      continue;
    }
    Fill(against, maker, place, taking);
  }
}

inline void Engine::Fill(Ladder& against, std::uint32_t maker, std::uint32_t taker,
                         Taking& taking) {
  OrderRecord& resting = orders_[maker];
  OrderRecord& incoming = orders_[taker];
  const std::int64_t price = against.PriceOf(against.best());
  const std::int64_t quantity = std::min(incoming.visible, resting.visible);
  const MemberId maker_owner(resting.owner);
  const MemberId taker_owner(incoming.owner);
  const Side side = resting.side();
  const std::int64_t value = price * quantity;
  const FeesPaid fees =
      Settle(maker_owner, side, taker_owner, price, quantity, terms_.fees.maker, terms_.fees.taker);
  against.Shrink(against.best(), quantity);
  resting.visible -= quantity;
  incoming.visible -= quantity;
  of_member_[resting.owner].open[Of(side)] -= quantity;
  const std::int64_t open = OpenOf(maker);
  if (!is_free_ && side == Side::kBuy) {
    const FeeRate& rate = terms_.fees.maker;
    const std::int64_t freed = CostOf(price, open + quantity, rate) - CostOf(price, open, rate);
    holdings_.Release(maker_owner, terms_.cash_ledger, freed - value - fees.one);
  }
  taking.traded += quantity;
  taking.value += value;
  taking.fees += fees.other;
  Reach(price);

  const Ladder::Level& level = against[against.best()];
  Event& event = NextEvent();
  event = Event{.kind = EventKind::kTraded,
                .side = side,
                .state = OrderState::kResting,
                .owner = maker_owner,
                .order = OrderId(resting.id),
                .price = Price::FromMinorPerTonne(price),
                .quantity = Tonnes(quantity),
                .open = Tonnes(open),
                .visible = Tonnes(resting.visible),
                .level_quantity = Tonnes(level.visible),
                .level_orders = level.count - (open == 0 ? 1U : 0U),
                .other_owner = taker_owner,
                .other = OrderId(incoming.id),
                .other_open = Tonnes(incoming.visible),
                .fee = Money::FromMinor(fees.one),
                .other_fee = Money::FromMinor(fees.other)};
  if (resting.visible > 0) return;
  if (resting.has_extra()) {
    RefreshOrGo(maker);
  } else {
    against.Leave(links_.data(), resting, maker);
    Forget(maker, 0);
  }
}

[[gnu::noinline]] void Engine::RefreshOrGo(std::uint32_t place) {
  OrderRecord& order = orders_[place];
  Ladder& ladder = LadderOf(order.state(), order.side());
  Leave(place);
  if (HiddenOf(place) == 0) {
    Forget(place, 0);
    return;
  }
  OrderExtra& extra = extras_[place];
  order.visible = std::min(extra.hidden, extra.display);
  extra.hidden -= order.visible;
  Join(place);
  Say(EventKind::kRefreshed, place, ladder.PriceOf(order.level), order.visible);
}

[[gnu::noinline]] bool Engine::PreventSelfTrade(std::uint32_t resting, std::uint32_t incoming) {
  OrderRecord& order = orders_[incoming];
  switch (order.self_trade()) {
    case SelfTradePrevention::kOff:
      return true;
    case SelfTradePrevention::kCancelResting:
      Remove(resting, Departure::kSelfTrade);
      return true;
    case SelfTradePrevention::kCancelIncoming:
      return false;
    case SelfTradePrevention::kDecrementBoth:
      break;
  }
  const std::int64_t cut = std::min(OpenOf(resting), order.visible);
  TakeFrom(resting, cut, Departure::kSelfTrade);
  if (order.visible == cut) return false;
  // What it had bound for them is freed with what it does not need in the end.
  order.visible -= cut;
  order.quantity -= cut;
  Say(EventKind::kReduced, incoming, LimitOf(incoming), cut);
  return true;
}

// ---- Stops. ----

[[gnu::noinline]] void Engine::RunTriggers() {
  const Ladder& buy_stops = LadderOf(OrderState::kStopped, Side::kBuy);
  const Ladder& sell_stops = LadderOf(OrderState::kStopped, Side::kSell);
  while (phase_ == BookPhase::kContinuous && reach_low_ <= reach_high_) {
    const bool buys = !buy_stops.empty() && buy_stops.PriceOf(buy_stops.best()) <= reach_high_;
    const bool sells = !sell_stops.empty() && sell_stops.PriceOf(sell_stops.best()) >= reach_low_;
    if (!buys && !sells) {
      reach_low_ = kAmountMax;
      reach_high_ = 0;
      break;
    }
    const std::uint32_t buy = buys ? buy_stops[buy_stops.best()].first : kNone;
    const std::uint32_t sell = sells ? sell_stops[sell_stops.best()].first : kNone;
    const bool buy_is_next = buys && (!sells || NumberOf(OrderId(orders_[buy].id)) <
                                                    NumberOf(OrderId(orders_[sell].id)));
    Trigger(buy_is_next ? buy : sell);
  }
}

void Engine::Trigger(std::uint32_t place) {
  OrderRecord& order = orders_[place];
  Leave(place);
  const std::int64_t stop = extras_[place].stop;
  const std::int64_t bound = BoundBy(place);
  const std::int64_t limit = LimitOf(place);
  order.set_type(order.type() == OrderType::kStop ? OrderType::kMarket : OrderType::kLimit);
  order.set_state(OrderState::kResting);
  order.level = book(order.side()).LevelOf(limit);
  extras_[place].stop = 0;
  Say(EventKind::kTriggered, place, stop, OpenOf(place));
  Enter(place, bound, true);
}

// ---- Changing and leaving. ----

// Less of a live order, the hidden part first; what it bound for that is free. It keeps its place,
// or goes when nothing is left.
[[gnu::noinline]] void Engine::TakeFrom(std::uint32_t place, std::int64_t quantity, Departure why) {
  OrderRecord& order = orders_[place];
  const std::int64_t open = OpenOf(place);
  if (quantity >= open) {
    Remove(place, why);
    return;
  }
  const std::int64_t had = BoundBy(place);
  const std::int64_t needs =
      NeedOf(order.side(), order.state(), LimitOf(place), open - quantity, false);
  holdings_.Release(MemberId(order.owner), LedgerOf(order.side()), had - needs);
  const std::int64_t from_hidden = std::min(HiddenOf(place), quantity);
  if (from_hidden > 0) extras_[place].hidden -= from_hidden;
  order.quantity -= quantity;
  LadderOf(place).Shrink(order.level, quantity - from_hidden);
  order.visible -= quantity - from_hidden;
  of_member_[order.owner].open[Of(order.side())] -= quantity;
  Say(EventKind::kReduced, place, PriceIn(place), quantity).why = why;
}

[[gnu::noinline]] void Engine::RemoveAny(std::uint32_t place, Departure why) {
  const OrderRecord& order = orders_[place];
  const std::int64_t open = OpenOf(place);
  const std::int64_t price = PriceIn(place);
  Leave(place);
  holdings_.Release(MemberId(order.owner), LedgerOf(order.side()), BoundBy(place));
  Event& event = Say(EventKind::kCancelled, place, price, open);
  event.why = why;
  event.open = event.visible = Tonnes(0);
  Forget(place, open);
}

[[gnu::flatten]] Result<Placed, Refused> Engine::Change(MemberId owner, OrderId id,
                                                        std::optional<Price> limit,
                                                        std::optional<Tonnes> quantity,
                                                        const ClientOrderId& new_client_id) {
  using Why = EngineRefusal;
  Begin();
  const std::uint32_t place = PlaceIfLive(owner, id);
  if (place == kNone) {
    return Fail{Refused{Why::kOrderNotFound, static_cast<std::int64_t>(id.raw())}};
  }
  OrderRecord& order = orders_[place];
  const std::int64_t open = OpenOf(place);
  const std::int64_t old_limit = LimitOf(place);
  const std::int64_t new_limit = limit ? limit->minor_per_tonne() : old_limit;
  const std::int64_t new_quantity = quantity ? quantity->count() : order.quantity;
  const std::int64_t new_open = new_quantity - (order.quantity - open);
  const bool same_limit = new_limit == old_limit;
  const bool keeps_place = new_open <= 0 || (same_limit && new_open <= open);
  if (limit && !HasLimit(order.type())) {
    return Fail{Refused{Why::kFieldsContradict, static_cast<std::int64_t>(Contradiction::kLimit)}};
  }
  if (phase_ == BookPhase::kHalted && !keeps_place) return Fail{Refused{Why::kHalted}};
  const bool renames = !new_client_id.empty() && new_client_id != order.client_id;
  if (renames) {
    const OrderId other = FindClientId(owner, new_client_id);
    if (other != OrderId()) {
      return Fail{Refused{Why::kDuplicateClientId, 0, static_cast<std::int64_t>(other.raw())}};
    }
  }
  if (same_limit && new_open == open && !renames) return Fail{Refused{Why::kNothingChanges}};
  if (new_quantity <= 0 || new_quantity > kAmountMax) {
    return Fail{Refused{Why::kQuantityNotPositive, new_quantity, 1}};
  }
  if (new_limit < lowest_) return Fail{Refused{Why::kPriceOutOfRange, new_limit, lowest_}};
  if (new_limit > highest_) return Fail{Refused{Why::kPriceOutOfRange, new_limit, highest_}};

  Placed placed;
  placed.order = id;
  if (keeps_place) {
    if (renames) Rename(place, new_client_id);
    TakeFrom(place, open - new_open,
             new_open <= 0 ? Departure::kReplacedToNothing : Departure::kNone);
    placed.open = Tonnes(std::max<std::int64_t>(new_open, 0));
    return placed;
  }
  const std::int64_t had = BoundBy(place);
  const std::int64_t needs = NeedOf(order.side(), order.state(), new_limit, new_open, true);
  if (const auto refused = CheckFunds(owner, order.side(), needs, had)) return Fail{*refused};
  const Ladder& against = book(Opposite(order.side()));
  if (order.post_only() && order.state() == OrderState::kResting &&
      phase_ == BookPhase::kContinuous && !against.empty()) {
    const std::int64_t best = against.PriceOf(against.best());
    if (order.side() == Side::kBuy ? new_limit >= best : new_limit <= best) {
      return Fail{Refused{Why::kWouldTake, new_limit, best}};
    }
  }
  if (renames) Rename(place, new_client_id);
  const std::int64_t left_price = PriceIn(place);
  Leave(place);
  Rebind(owner, order.side(), had, needs);
  of_member_[order.owner].open[Of(order.side())] += new_open - open;
  order.visible = new_open;
  order.quantity = new_quantity;
  if (order.has_extra()) {
    extras_[place].hidden = 0;
    extras_[place].limit = new_limit;
  }
  Say(EventKind::kReplaced, place, left_price, open);
  if (order.state() != OrderState::kResting) {
    if (order.state() == OrderState::kAtMarket) Rebind(owner, order.side(), needs, BoundBy(place));
    Wait(place, order.state(), EventKind::kWaits);
    placed.open = Tonnes(new_open);
    return placed;
  }
  order.level = book(order.side()).LevelOf(new_limit);
  if (IsPlain(place) && phase_ == BookPhase::kContinuous) {
    return EnterPlain(place, new_limit, needs, true);
  }
  const Taking taking = Enter(place, needs, true);
  placed.traded = Tonnes(taking.traded);
  placed.value = Money::FromMinor(taking.value);
  placed.open = Tonnes(order.live() ? OpenOf(place) : 0);
  if (taking.traded > 0) RunTriggers();
  placed.interrupted = interrupted_;
  return placed;
}

[[gnu::noinline]] void Engine::Rename(std::uint32_t place, const ClientOrderId& id) {
  OrderRecord& order = orders_[place];
  if (!order.client_id.empty()) clients_.Erase(order.client_hash, place);
  order.client_id = id;
  order.client_hash = ClientIndex::HashOf(MemberId(order.owner), id);
  clients_.Insert(order.client_hash, place);
}

[[gnu::flatten]] bool Engine::Cancel(MemberId owner, OrderId order, Departure why) {
  Begin();
  const std::uint32_t place = PlaceIfLive(owner, order);
  if (place == kNone) return false;
  Remove(place, why);
  return true;
}

inline std::uint32_t Engine::FindHashed(std::uint32_t hash, MemberId owner,
                                        const ClientOrderId& id) const {
  return clients_.Find(hash, [&](std::uint32_t place) {
    return orders_[place].owner == owner.raw() && orders_[place].client_id == id;
  });
}

OrderId Engine::FindClientId(MemberId owner, const ClientOrderId& id) const {
  const std::uint32_t place = FindHashed(ClientIndex::HashOf(owner, id), owner, id);
  return place == kNone ? OrderId() : OrderId(orders_[place].id);
}

}  // namespace ets::matching
