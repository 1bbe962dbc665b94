#include "matching/engine.h"

#include <algorithm>

#include "matching/engine_hash.h"
#include "matching/order_types.h"

namespace ets::matching {
namespace {

constexpr bool IsStop(OrderType type) {
  return type == OrderType::kStop || type == OrderType::kStopLimit;
}
constexpr bool HasLimit(OrderType type) {
  return type == OrderType::kLimit || type == OrderType::kStopLimit;
}

}  // namespace

std::string_view WhatContradicts(const OrderEntry& entry) {
  const TimeInForceRow& rules = RowOf(entry.time_in_force);
  const bool takes_at_once = !rules.may_rest;
  if (HasLimit(entry.type) != (entry.limit > Price())) {
    return HasLimit(entry.type) ? "limit: missing" : "limit: a market order has none";
  }
  if (IsStop(entry.type) != (entry.stop > Price())) {
    return IsStop(entry.type) ? "stop: missing" : "stop: only a stop order has one";
  }
  if (entry.post_only && (!HasLimit(entry.type) || takes_at_once)) {
    return "post_only: needs a limit and a time in force that may rest";
  }
  if (entry.display < Tonnes(0) || entry.display > entry.quantity) {
    return "display: more than the whole quantity";
  }
  if (entry.display > Tonnes(0) && (!HasLimit(entry.type) || takes_at_once)) {
    return "display: needs a limit and a time in force that may rest";
  }
  if (entry.minimum < Tonnes(0) || entry.minimum > entry.quantity) {
    return "minimum: more than the whole quantity";
  }
  if (entry.minimum > Tonnes(0) && (entry.post_only || IsStop(entry.type))) {
    return "minimum: not for an order that does not trade at once";
  }
  if ((entry.time_in_force == TimeInForce::kGoodTillDate) != (entry.expire != Date(0))) {
    return "expire: of a good-till-date order, and of no other";
  }
  return {};
}

Engine::Engine(Holdings& holdings, const EngineTerms& terms) : holdings_(holdings), terms_(terms) {
  ETS_ASSERT(0 < terms.orders_max && terms.orders_max <= kOrdersMax);
  buys_at_market_.Resize(1);
  sells_at_market_.Resize(1);
  SetFees(terms.fees);
}

void Engine::Begin() {
  events_.clear();
  interrupted_ = false;
  for (const std::uint32_t place : released_) {
    free_.Set(place);
    lowest_free_ = std::min(lowest_free_, place);
  }
  released_.clear();
}

// ---- Sessions. ----

void Engine::OpenRange(Price lowest, Price highest) {
  ETS_ASSERT(Price() < lowest && lowest <= highest);
  Begin();
  scratch_.clear();
  Walk([this](std::uint32_t place) { scratch_.push_back(place); });
  const std::int64_t low = lowest.minor_per_tonne();
  const std::int64_t high = highest.minor_per_tonne();
  const auto is_within = [low, high](std::int64_t price) { return low <= price && price <= high; };
  std::erase_if(scratch_, [&](std::uint32_t place) {
    const Record& record = records_[place];
    const bool stays = (!HasLimit(record.type) || is_within(record.limit)) &&
                       (record.state != OrderState::kStopped || is_within(extras_[place].stop));
    if (!stays) Remove(place, Departure::kOutsideRange);
    return !stays;
  });
  // The others leave the old levels and join the new ones in the same order.
  for (const std::uint32_t place : scratch_) {
    LadderOf(records_[place].state, records_[place].side).Leave(nodes_, place);
  }
  lowest_ = collar_low_ = low;
  highest_ = collar_high_ = high;
  const auto levels = static_cast<std::size_t>(high - low) + 1;
  for (Ladder* const ladder : {&bids_, &offers_, &buy_stops_, &sell_stops_}) ladder->Resize(levels);
  for (const std::uint32_t place : scratch_) {
    const Record& record = records_[place];
    LadderNode& node = nodes_[place];
    if (record.state != OrderState::kAtMarket) {
      node.level =
          LevelOf(record.state == OrderState::kStopped ? extras_[place].stop : record.limit);
    }
    LadderOf(record.state, record.side).Join(nodes_, place);
  }
  for (const std::uint32_t place : scratch_) {
    if (HasLimit(records_[place].type)) continue;
    Record& record = records_[place];
    const std::int64_t edge = EdgeFor(record.side);
    const std::int64_t open = OpenOf(place);
    const std::int64_t had = NeedOf(record.side, record.state, record.limit, open, false);
    const std::int64_t needs = NeedOf(record.side, record.state, edge, open, false);
    if (CheckFunds(MemberId(nodes_[place].owner), record.side, needs, had)) {
      Remove(place, Departure::kUnfunded);
      continue;
    }
    Rebind(MemberId(nodes_[place].owner), record.side, had, needs);
    record.limit = edge;
  }
}

void Engine::SetPhase(BookPhase phase) {
  Begin();
  if (phase == BookPhase::kContinuous) {
    ETS_ASSERT(buys_at_market_.empty() && sells_at_market_.empty() && !IsCrossed());
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

// ---- Orders. ----

Result<Placed, Refused> Engine::Place(const OrderEntry& entry) {
  Begin();
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

  const std::uint32_t place = TakePlace(entry.number);
  LadderNode& node = nodes_[place];
  Record& record = records_[place];
  node.owner = entry.owner.raw();
  node.visible = quantity;
  record.client_id = entry.client_id;
  record.state = OrderState::kResting;
  record.side = entry.side;
  record.type = entry.type;
  record.time_in_force = entry.time_in_force;
  record.limit = limit;
  record.quantity = quantity;
  record.hidden = 0;
  record.self_trade = entry.self_trade;
  record.post_only = entry.post_only;
  record.has_extra = waits || entry.display > Tonnes(0) || entry.expire != Date(0);
  record.live = true;
  if (record.has_extra) {
    extras_[place] = {.stop = entry.stop.minor_per_tonne(),
                      .display = entry.display.count(),
                      .expire = entry.expire};
  }
  if (!entry.client_id.empty()) {
    record.client_hash = ClientIndex::HashOf(entry.owner, entry.client_id);
    clients_.Insert(record.client_hash, place);
  }
  ++live_count_;
  OfMember& member = MemberAt(entry.owner);
  ++member.open_orders;
  if (entry.side == Side::kBuy) member.open_buys += quantity;
  ETS_ASSERT(holdings_.Reserve(entry.owner, LedgerOf(entry.side), need));

  const OrderId id(node.id);
  Placed placed;
  placed.order = id;
  if (waits) {
    node.level = LevelOf(extras_[place].stop);
    Wait(place, OrderState::kStopped, EventKind::kWaits);
    placed.open = entry.quantity;
    return placed;
  }
  const Taking taking = Enter(place, need);
  placed.traded = Tonnes(taking.traded);
  placed.value = Money::FromMinor(taking.value);
  placed.open = Tonnes(records_[place].live ? OpenOf(place) : 0);
  RunTriggers();
  placed.interrupted = interrupted_;
  return placed;
}

std::optional<Refused> Engine::CheckEntry(const OrderEntry& entry, std::int64_t limit) const {
  using Why = EngineRefusal;
  if (!WhatContradicts(entry).empty()) return Refused{Why::kFieldsContradict};
  if (phase_ == BookPhase::kHalted) return Refused{Why::kHalted};
  const bool takes_at_once = !RowOf(entry.time_in_force).may_rest;
  if (phase_ == BookPhase::kCall && !IsStop(entry.type) &&
      (takes_at_once || entry.minimum > Tonnes(0))) {
    return Refused{Why::kNotInCall};
  }
  if (!entry.client_id.empty()) {
    const OrderId other = FindClientId(entry.owner, entry.client_id);
    if (other != OrderId()) {
      return Refused{Why::kDuplicateClientId, 0, static_cast<std::int64_t>(other.raw())};
    }
  }
  if (entry.quantity <= Tonnes(0) || entry.quantity.count() > kAmountMax) {
    return Refused{Why::kQuantityNotPositive, entry.quantity.count(), 1};
  }
  if (lowest_ > highest_) return Refused{Why::kPriceOutOfRange, limit, 0};
  const std::int64_t stop = IsStop(entry.type) ? entry.stop.minor_per_tonne() : lowest_;
  for (const std::int64_t price : {limit, stop}) {
    if (price < lowest_) return Refused{Why::kPriceOutOfRange, price, lowest_};
    if (price > highest_) return Refused{Why::kPriceOutOfRange, price, highest_};
  }
  if (IsStop(entry.type) && last_ != 0 &&
      (entry.side == Side::kBuy ? last_ >= stop : last_ <= stop)) {
    return Refused{Why::kStopPassed, stop, last_};
  }
  if (live_count_ >= terms_.orders_max) {
    return Refused{Why::kBookFull, static_cast<std::int64_t>(live_count_) + 1, terms_.orders_max};
  }
  return {};
}

std::optional<Refused> Engine::CheckMarketable(const OrderEntry& entry, std::int64_t limit) const {
  using Why = EngineRefusal;
  const Ladder& against = book(Opposite(entry.side));
  if (entry.type == OrderType::kMarket && against.empty()) {
    return Refused{Why::kNothingToTradeWith};
  }
  if (entry.post_only && !against.empty()) {
    const std::int64_t best = PriceAt(against.best());
    if (entry.side == Side::kBuy ? limit >= best : limit <= best) {
      return Refused{Why::kWouldTake, limit, best};
    }
  }
  const std::int64_t enough =
      RowOf(entry.time_in_force).may_fill_partly ? entry.minimum.count() : entry.quantity.count();
  if (enough == 0) return {};
  const std::int64_t at_hand =
      AtHand(entry.side, entry.owner, entry.self_trade, limit, entry.quantity.count(), enough);
  if (at_hand < enough) return Refused{Why::kWouldNotFill, enough, at_hand};
  return {};
}

// What would trade, counted until it is enough. Within a level every order's visible part comes
// before any hidden one.
std::int64_t Engine::AtHand(Side side, MemberId owner, SelfTradePrevention mode, std::int64_t limit,
                            std::int64_t quantity, std::int64_t enough) const {
  const Ladder& against = book(Opposite(side));
  std::int64_t left = quantity;
  std::int64_t found = 0;
  const auto count = [&](std::int64_t part) {
    const std::int64_t traded = std::min(left, part);
    found += traded;
    left -= traded;
    return left == 0 || found >= enough;
  };
  for (std::uint32_t at = against.best(); at != kNone; at = against.After(at)) {
    const std::int64_t price = PriceAt(at);
    if (side == Side::kBuy ? price > std::min(limit, collar_high_)
                           : price < std::max(limit, collar_low_)) {
      break;
    }
    std::int64_t hidden = 0;
    for (std::uint32_t i = against[at].first; i != kNone; i = nodes_[i].next) {
      const bool is_own = nodes_[i].owner == owner.raw() && mode != SelfTradePrevention::kOff;
      if (!is_own) {
        hidden += records_[i].hidden;
        if (count(nodes_[i].visible)) return found;
      } else if (mode == SelfTradePrevention::kCancelIncoming) {
        return found;
      } else if (mode == SelfTradePrevention::kDecrementBoth) {
        left -= std::min(left, OpenOf(i));
        if (left == 0) return found;
      }
    }
    if (count(hidden)) return found;
  }
  return found;
}

std::uint32_t Engine::TakePlace(std::uint64_t number) {
  std::uint32_t place = lowest_free_;
  if (place == kNone) {
    place = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
    records_.emplace_back();
    extras_.emplace_back();
    free_.Resize(nodes_.capacity());
  } else {
    lowest_free_ = free_.Above(place);
    free_.Reset(place);
  }
  nodes_[place].id = OrderIdOf(number, place).raw();
  return place;
}

Engine::Taking Engine::Enter(std::uint32_t place, std::int64_t bound) {
  Record& record = records_[place];
  const Side side = record.side;
  const MemberId owner(nodes_[place].owner);
  Taking taking;
  if (phase_ == BookPhase::kContinuous) {
    side == Side::kBuy ? Match<Side::kBuy>(place, taking) : Match<Side::kSell>(place, taking);
  }
  LadderNode& node = nodes_[place];
  const std::int64_t spent = side == Side::kBuy ? taking.value + taking.fees : taking.traded;
  std::int64_t left_bound = bound - spent;
  const bool at_market = !HasLimit(record.type);
  const bool may_wait = at_market ? phase_ == BookPhase::kCall && !interrupted_
                                  : RowOf(record.time_in_force).may_rest;
  if (taking.is_over || node.visible == 0 || !may_wait) {
    if (node.visible > 0) {
      Event& event = Say(EventKind::kCancelled, place, record.limit, node.visible);
      event.why = taking.is_over ? Departure::kSelfTrade : Departure::kNotFilledAtOnce;
      event.open = event.visible = Tonnes(0);
    }
    if (left_bound > 0) holdings_.Release(owner, LedgerOf(side), left_bound);
    Forget(place);
    return taking;
  }
  record.state = at_market ? OrderState::kAtMarket : OrderState::kResting;
  const std::int64_t needs = NeedOf(side, record.state, record.limit, node.visible, false);
  if (left_bound > needs) holdings_.Release(owner, LedgerOf(side), left_bound - needs);
  if (record.has_extra && extras_[place].display > 0 && node.visible > extras_[place].display) {
    record.hidden = node.visible - extras_[place].display;
    node.visible = extras_[place].display;
  }
  node.level = at_market ? 0 : LevelOf(record.limit);
  Wait(place, record.state, at_market ? EventKind::kWaits : EventKind::kRested);
  return taking;
}

template <Side kTaker>
void Engine::Match(std::uint32_t place, Taking& taking) {
  Ladder& against = kTaker == Side::kBuy ? offers_ : bids_;
  const std::int64_t limit = records_[place].limit;
  const std::uint32_t owner = nodes_[place].owner;
  const SelfTradePrevention mode = records_[place].self_trade;
  while (nodes_[place].visible > 0 && !against.empty()) {
    const std::int64_t price = PriceAt(against.best());
    if (kTaker == Side::kBuy ? price > limit : price < limit) return;
    if (kTaker == Side::kBuy ? price > collar_high_ : price < collar_low_) {
      interrupted_ = true;
      phase_ = BookPhase::kCall;
      return;
    }
    const std::uint32_t maker = against[against.best()].first;
    if (nodes_[maker].owner == owner && mode != SelfTradePrevention::kOff) {
      if (!PreventSelfTrade(maker, place, taking)) return;
      continue;
    }
    const std::int64_t quantity = std::min(nodes_[place].visible, nodes_[maker].visible);
    Fill(maker, place, price, quantity, taking);
  }
}

void Engine::Fill(std::uint32_t maker, std::uint32_t taker, std::int64_t price,
                  std::int64_t quantity, Taking& taking) {
  LadderNode& resting = nodes_[maker];
  LadderNode& incoming = nodes_[taker];
  const Side side = records_[maker].side;
  const MemberId maker_owner(resting.owner);
  const MemberId taker_owner(incoming.owner);
  const bool buys = side == Side::kBuy;
  const std::int64_t had =
      is_free_ ? 0
               : NeedOf(side, OrderState::kResting, records_[maker].limit, OpenOf(maker), false);
  const FeesPaid fees = Settle(buys ? taker_owner : maker_owner, buys ? maker_owner : taker_owner,
                               price, quantity, buys ? terms_.fees.taker : terms_.fees.maker,
                               buys ? terms_.fees.maker : terms_.fees.taker);
  const std::int64_t value = price * quantity;
  LadderOf(OrderState::kResting, side).Shrink(resting, quantity);
  incoming.visible -= quantity;
  of_member_[(buys ? maker_owner : taker_owner).raw()].open_buys -= quantity;
  if (buys && !is_free_) {
    const std::int64_t needs =
        NeedOf(side, OrderState::kResting, records_[maker].limit, OpenOf(maker), false);
    holdings_.Release(maker_owner, terms_.cash_ledger, had - value - fees.buyer - needs);
  }
  taking.traded += quantity;
  taking.value += value;
  taking.fees += buys ? fees.seller : fees.buyer;
  Reach(price);

  Event& event = Say(EventKind::kTraded, maker, price, quantity);
  event.other_owner = taker_owner;
  event.other = OrderId(incoming.id);
  event.other_open = Tonnes(incoming.visible);
  event.fee = Money::FromMinor(buys ? fees.buyer : fees.seller);
  event.other_fee = Money::FromMinor(buys ? fees.seller : fees.buyer);
  if (resting.visible == 0) {
    const std::size_t traded = events_.size() - 1;
    RefreshOrGo(maker);
    CountWithout(maker, traded);
  }
}

Engine::FeesPaid Engine::Settle(MemberId seller, MemberId buyer, std::int64_t price,
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

void Engine::RefreshOrGo(std::uint32_t place) {
  Record& record = records_[place];
  LadderNode& node = nodes_[place];
  Ladder& ladder = LadderOf(record.state, record.side);
  ladder.Leave(nodes_, place);
  if (record.hidden == 0) {
    Forget(place);
    return;
  }
  node.visible = std::min(record.hidden, extras_[place].display);
  record.hidden -= node.visible;
  ladder.Join(nodes_, place);
  Say(EventKind::kRefreshed, place, PriceAt(node.level), node.visible);
}

// An order that a trade has used up no longer counts in its level.
void Engine::CountWithout(std::uint32_t place, std::size_t traded) {
  const Record& record = records_[place];
  Event& event = events_[traded];
  if (record.live || record.state != OrderState::kResting) return;
  const std::uint32_t level = LevelOf(event.price.minor_per_tonne());
  if (nodes_[place].level == level) event.level_orders = book(record.side)[level].count;
}

bool Engine::PreventSelfTrade(std::uint32_t resting, std::uint32_t incoming, Taking& taking) {
  switch (records_[incoming].self_trade) {
    case SelfTradePrevention::kOff:
      return true;
    case SelfTradePrevention::kCancelResting:
      Remove(resting, Departure::kSelfTrade);
      return true;
    case SelfTradePrevention::kCancelIncoming:
      taking.is_over = true;
      return false;
    case SelfTradePrevention::kDecrementBoth:
      break;
  }
  const std::int64_t cut = std::min(OpenOf(resting), OpenOf(incoming));
  TakeFrom(resting, cut, Departure::kSelfTrade);
  LadderNode& node = nodes_[incoming];
  if (node.visible == cut) {
    taking.is_over = true;
    return false;
  }
  // What it had bound for them is freed with what it does not need in the end.
  node.visible -= cut;
  records_[incoming].quantity -= cut;
  if (records_[incoming].side == Side::kBuy) of_member_[node.owner].open_buys -= cut;
  Say(EventKind::kReduced, incoming, records_[incoming].limit, cut);
  return true;
}

// ---- Waiting, triggering, leaving. ----

void Engine::Wait(std::uint32_t place, OrderState state, EventKind kind) {
  Record& record = records_[place];
  record.state = state;
  LadderOf(state, record.side).Join(nodes_, place);
  const std::int64_t price =
      state == OrderState::kAtMarket ? record.limit : PriceAt(nodes_[place].level);
  Say(kind, place, price, OpenOf(place));
}

void Engine::Reach(std::int64_t price) {
  last_ = price;
  reach_low_ = std::min(reach_low_, price);
  reach_high_ = std::max(reach_high_, price);
}

void Engine::RunTriggers() {
  while (phase_ == BookPhase::kContinuous && reach_low_ <= reach_high_) {
    const bool buys = !buy_stops_.empty() && PriceAt(buy_stops_.best()) <= reach_high_;
    const bool sells = !sell_stops_.empty() && PriceAt(sell_stops_.best()) >= reach_low_;
    if (!buys && !sells) {
      reach_low_ = kAmountMax;
      reach_high_ = 0;
      break;
    }
    const std::uint32_t buy = buys ? buy_stops_[buy_stops_.best()].first : kNone;
    const std::uint32_t sell = sells ? sell_stops_[sell_stops_.best()].first : kNone;
    const bool buy_is_next =
        buys && (!sells || NumberOf(OrderId(nodes_[buy].id)) < NumberOf(OrderId(nodes_[sell].id)));
    Trigger(buy_is_next ? buy : sell);
  }
}

void Engine::Trigger(std::uint32_t place) {
  Record& record = records_[place];
  LadderOf(OrderState::kStopped, record.side).Leave(nodes_, place);
  const std::int64_t stop = extras_[place].stop;
  const std::int64_t bound =
      NeedOf(record.side, OrderState::kStopped, record.limit, OpenOf(place), false);
  record.type = record.type == OrderType::kStop ? OrderType::kMarket : OrderType::kLimit;
  record.state = OrderState::kResting;
  extras_[place].stop = 0;
  Say(EventKind::kTriggered, place, stop, OpenOf(place));
  Enter(place, bound);
}

void Engine::Remove(std::uint32_t place, Departure why) {
  const Record& record = records_[place];
  LadderNode& node = nodes_[place];
  const std::int64_t open = OpenOf(place);
  const std::int64_t price =
      record.state == OrderState::kAtMarket ? record.limit : PriceAt(node.level);
  LadderOf(record.state, record.side).Leave(nodes_, place);
  holdings_.Release(MemberId(node.owner), LedgerOf(record.side),
                    NeedOf(record.side, record.state, record.limit, open, false));
  Event& event = Say(EventKind::kCancelled, place, price, open);
  event.why = why;
  event.open = event.visible = Tonnes(0);
  Forget(place);
}

void Engine::Forget(std::uint32_t place) {
  Record& record = records_[place];
  OfMember& member = of_member_[nodes_[place].owner];
  if (record.side == Side::kBuy) member.open_buys -= OpenOf(place);
  --member.open_orders;
  if (!record.client_id.empty()) clients_.Erase(record.client_hash, place);
  record.live = false;
  --live_count_;
  released_.push_back(place);
}

// Less of a live order, the hidden part first; what it bound for that is free. It keeps its place,
// or goes when nothing is left.
void Engine::TakeFrom(std::uint32_t place, std::int64_t quantity, Departure why) {
  Record& record = records_[place];
  LadderNode& node = nodes_[place];
  const std::int64_t open = OpenOf(place);
  if (quantity >= open) {
    Remove(place, why);
    return;
  }
  const std::int64_t had = NeedOf(record.side, record.state, record.limit, open, false);
  const std::int64_t needs =
      NeedOf(record.side, record.state, record.limit, open - quantity, false);
  holdings_.Release(MemberId(node.owner), LedgerOf(record.side), had - needs);
  const std::int64_t from_hidden = std::min(record.hidden, quantity);
  record.hidden -= from_hidden;
  record.quantity -= quantity;
  LadderOf(record.state, record.side).Shrink(node, quantity - from_hidden);
  if (record.side == Side::kBuy) of_member_[node.owner].open_buys -= quantity;
  Say(EventKind::kReduced, place, PriceIn(place), quantity).why = why;
}

Event& Engine::Say(EventKind kind, std::uint32_t place, std::int64_t price, std::int64_t quantity) {
  const Record& record = records_[place];
  const LadderNode& node = nodes_[place];
  Event& event = events_.emplace_back();
  event.kind = kind;
  event.side = record.side;
  event.state = record.state;
  event.owner = MemberId(node.owner);
  event.order = OrderId(node.id);
  event.price = Price::FromMinorPerTonne(price);
  event.quantity = Tonnes(quantity);
  event.open = Tonnes(node.visible + record.hidden);
  event.visible = Tonnes(node.visible);
  if (record.state == OrderState::kResting) {
    const Ladder::Level& level = book(record.side)[LevelOf(price)];
    event.level_quantity = Tonnes(level.visible);
    event.level_orders = level.count;
  }
  return event;
}

// ---- Changing and leaving. ----

Result<Placed, Refused> Engine::Change(MemberId owner, OrderId order, std::optional<Price> limit,
                                       std::optional<Tonnes> quantity,
                                       const ClientOrderId& new_client_id) {
  using Why = EngineRefusal;
  Begin();
  const std::uint32_t place = PlaceIfLive(owner, order);
  if (place == kNone) {
    return Fail{Refused{Why::kOrderNotFound, static_cast<std::int64_t>(order.raw())}};
  }
  Record& record = records_[place];
  LadderNode& node = nodes_[place];
  const std::int64_t open = OpenOf(place);
  const std::int64_t new_limit = limit ? limit->minor_per_tonne() : record.limit;
  const std::int64_t new_quantity = quantity ? quantity->count() : record.quantity;
  const std::int64_t new_open = new_quantity - (record.quantity - open);
  const bool same_limit = new_limit == record.limit;
  const bool keeps_place = new_open <= 0 || (same_limit && new_open <= open);
  if (limit && !HasLimit(record.type)) return Fail{Refused{Why::kFieldsContradict}};
  if (phase_ == BookPhase::kHalted && !keeps_place) return Fail{Refused{Why::kHalted}};
  if (!new_client_id.empty() && new_client_id != record.client_id) {
    const OrderId other = FindClientId(owner, new_client_id);
    if (other != OrderId()) {
      return Fail{Refused{Why::kDuplicateClientId, 0, static_cast<std::int64_t>(other.raw())}};
    }
  }
  const bool renames = !new_client_id.empty() && new_client_id != record.client_id;
  if (same_limit && new_open == open && !renames) return Fail{Refused{Why::kNothingChanges}};
  if (new_quantity <= 0 || new_quantity > kAmountMax) {
    return Fail{Refused{Why::kQuantityNotPositive, new_quantity, 1}};
  }
  if (new_limit < lowest_) return Fail{Refused{Why::kPriceOutOfRange, new_limit, lowest_}};
  if (new_limit > highest_) return Fail{Refused{Why::kPriceOutOfRange, new_limit, highest_}};

  Placed placed;
  placed.order = order;
  if (keeps_place) {
    if (renames) Rename(place, new_client_id);
    TakeFrom(place, open - new_open,
             new_open <= 0 ? Departure::kReplacedToNothing : Departure::kNone);
    placed.open = Tonnes(std::max<std::int64_t>(new_open, 0));
    return placed;
  }
  const std::int64_t had = NeedOf(record.side, record.state, record.limit, open, false);
  const std::int64_t needs = NeedOf(record.side, record.state, new_limit, new_open, true);
  if (const auto refused = CheckFunds(owner, record.side, needs, had)) return Fail{*refused};
  const Ladder& against = book(Opposite(record.side));
  if (record.post_only && record.state == OrderState::kResting &&
      phase_ == BookPhase::kContinuous && !against.empty()) {
    const std::int64_t best = PriceAt(against.best());
    if (record.side == Side::kBuy ? new_limit >= best : new_limit <= best) {
      return Fail{Refused{Why::kWouldTake, new_limit, best}};
    }
  }
  if (renames) Rename(place, new_client_id);
  const std::int64_t left_price = PriceIn(place);
  LadderOf(record.state, record.side).Leave(nodes_, place);
  Rebind(owner, record.side, had, needs);
  if (record.side == Side::kBuy) of_member_[owner.raw()].open_buys += new_open - open;
  node.visible = new_open;
  record.hidden = 0;
  record.quantity = new_quantity;
  record.limit = new_limit;
  Say(EventKind::kReplaced, place, left_price, open);
  if (record.state != OrderState::kResting) {
    if (record.state == OrderState::kAtMarket) {
      Rebind(owner, record.side, needs,
             NeedOf(record.side, record.state, new_limit, new_open, false));
    }
    Wait(place, record.state, EventKind::kWaits);
    placed.open = Tonnes(new_open);
    return placed;
  }
  const Taking taking = Enter(place, needs);
  placed.traded = Tonnes(taking.traded);
  placed.value = Money::FromMinor(taking.value);
  placed.open = Tonnes(records_[place].live ? OpenOf(place) : 0);
  RunTriggers();
  placed.interrupted = interrupted_;
  return placed;
}

void Engine::Rename(std::uint32_t place, const ClientOrderId& id) {
  Record& record = records_[place];
  if (!record.client_id.empty()) clients_.Erase(record.client_hash, place);
  record.client_id = id;
  record.client_hash = ClientIndex::HashOf(MemberId(nodes_[place].owner), id);
  clients_.Insert(record.client_hash, place);
}

bool Engine::Cancel(MemberId owner, OrderId order, Departure why) {
  Begin();
  const std::uint32_t place = PlaceIfLive(owner, order);
  if (place == kNone) return false;
  Remove(place, why);
  return true;
}

std::size_t Engine::CancelAll(std::optional<MemberId> owner, std::optional<Side> side,
                              Departure why) {
  Begin();
  scratch_.clear();
  Walk([&](std::uint32_t place) {
    if (owner && nodes_[place].owner != owner->raw()) return;
    if (side && records_[place].side != *side) return;
    scratch_.push_back(place);
  });
  for (const std::uint32_t place : scratch_) Remove(place, why);
  return scratch_.size();
}

std::size_t Engine::Expire(Date day) {
  Begin();
  scratch_.clear();
  Walk([&](std::uint32_t place) {
    const Record& record = records_[place];
    const bool is_over =
        record.time_in_force == TimeInForce::kDay ||
        (record.time_in_force == TimeInForce::kGoodTillDate && extras_[place].expire <= day);
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
    for (std::uint32_t i = ladder[at].first; i != kNone; i = nodes_[i].next) {
      quantity += records_[i].hidden;
    }
    levels.push_back({Price::FromMinorPerTonne(PriceAt(at)), Tonnes(quantity)});
  }
}

Tonnes Engine::at_market(Side side) const {
  return Tonnes(LadderOf(OrderState::kAtMarket, side)[0].visible);
}

bool Engine::IsCrossed() const {
  if (!buys_at_market_.empty()) return !sells_at_market_.empty() || !offers_.empty();
  if (!sells_at_market_.empty()) return !bids_.empty();
  return !bids_.empty() && !offers_.empty() && bids_.best() >= offers_.best();
}

std::uint32_t Engine::UncrossHead(Side side, std::uint32_t limit) const {
  const Ladder& waiting = LadderOf(OrderState::kAtMarket, side);
  if (!waiting.empty()) return waiting[0].first;
  const Ladder& ladder = book(side);
  if (ladder.empty() || ladder.IsBetter(limit, ladder.best())) return kNone;
  return ladder[ladder.best()].first;
}

void Engine::Uncross(Price price) {
  ETS_ASSERT(phase_ == BookPhase::kCall && lowest() <= price && price <= highest());
  Begin();
  const std::int64_t minor = price.minor_per_tonne();
  while (true) {
    const std::uint32_t seller = UncrossHead(Side::kSell, LevelOf(minor));
    const std::uint32_t buyer = UncrossHead(Side::kBuy, LevelOf(minor));
    if (seller == kNone || buyer == kNone) break;
    UncrossPair(seller, buyer, minor);
  }
  for (Ladder* const waiting : {&buys_at_market_, &sells_at_market_}) {
    while (!waiting->empty()) Remove((*waiting)[0].first, Departure::kNotFilledAtOnce);
  }
}

void Engine::UncrossPair(std::uint32_t seller, std::uint32_t buyer, std::int64_t price) {
  LadderNode& sells = nodes_[seller];
  LadderNode& buys = nodes_[buyer];
  if (sells.owner == buys.owner) {
    const bool seller_is_younger = NumberOf(OrderId(sells.id)) > NumberOf(OrderId(buys.id));
    const std::uint32_t younger = seller_is_younger ? seller : buyer;
    const std::uint32_t older = seller_is_younger ? buyer : seller;
    switch (records_[younger].self_trade) {
      case SelfTradePrevention::kOff:
        break;
      case SelfTradePrevention::kCancelResting:
        Remove(older, Departure::kSelfTrade);
        return;
      case SelfTradePrevention::kCancelIncoming:
        Remove(younger, Departure::kSelfTrade);
        return;
      case SelfTradePrevention::kDecrementBoth:
        const std::int64_t cut = std::min(OpenOf(older), OpenOf(younger));
        TakeFrom(older, cut, Departure::kSelfTrade);
        TakeFrom(younger, cut, Departure::kSelfTrade);
        return;
    }
  }
  const std::int64_t quantity = std::min(sells.visible, buys.visible);
  const MemberId buying(buys.owner);
  const OrderState buyer_state = records_[buyer].state;
  const std::int64_t limit = records_[buyer].limit;
  const std::int64_t had = NeedOf(Side::kBuy, buyer_state, limit, OpenOf(buyer), false);
  const FeesPaid fees =
      Settle(MemberId(sells.owner), buying, price, quantity, terms_.fees.maker, terms_.fees.maker);
  LadderOf(records_[seller].state, Side::kSell).Shrink(sells, quantity);
  LadderOf(buyer_state, Side::kBuy).Shrink(buys, quantity);
  of_member_[buying.raw()].open_buys -= quantity;
  const std::int64_t needs = NeedOf(Side::kBuy, buyer_state, limit, OpenOf(buyer), false);
  holdings_.Release(buying, terms_.cash_ledger, had - price * quantity - fees.buyer - needs);
  Reach(price);
  Event& event = Say(EventKind::kTraded, seller, price, quantity);
  event.other_owner = buying;
  event.other = OrderId(buys.id);
  event.other_open = Tonnes(OpenOf(buyer));
  event.fee = Money::FromMinor(fees.seller);
  event.other_fee = Money::FromMinor(fees.buyer);
  if (sells.visible == 0) {
    const std::size_t traded = events_.size() - 1;
    RefreshOrGo(seller);
    CountWithout(seller, traded);
  }
  if (buys.visible == 0) RefreshOrGo(buyer);
}

// ---- Reservations. ----

std::int64_t Engine::CostOf(std::int64_t limit, std::int64_t open, const FeeRate& rate) {
  std::int64_t value = 0;
  if (__builtin_mul_overflow(limit, open, &value) || value > kAmountMax) return kAmountMax + 1;
  return rate.IsFree() ? value : value + FeeOn(rate, value, open);
}

std::int64_t Engine::NeedOf(Side side, OrderState state, std::int64_t limit, std::int64_t open,
                            bool is_incoming) const {
  if (side == Side::kSell) return open;
  const bool may_take = is_incoming || state == OrderState::kStopped;
  return CostOf(limit, open, may_take ? highest_rate_ : terms_.fees.maker);
}

std::optional<Refused> Engine::CheckFunds(MemberId owner, Side side, std::int64_t need,
                                          std::int64_t has) const {
  const std::int64_t free = holdings_.at(owner, LedgerOf(side)).available + has;
  if (need <= free) return {};
  return Refused{
      side == Side::kBuy ? EngineRefusal::kInsufficientCash : EngineRefusal::kInsufficientUnits,
      need, free};
}

void Engine::Rebind(MemberId owner, Side side, std::int64_t had, std::int64_t needs) {
  if (needs > had) {
    ETS_ASSERT(holdings_.Reserve(owner, LedgerOf(side), needs - had));
  } else {
    holdings_.Release(owner, LedgerOf(side), had - needs);
  }
}

// ---- What is known. ----

Ladder& Engine::LadderOf(OrderState state, Side side) {
  const bool buys = side == Side::kBuy;
  switch (state) {
    case OrderState::kResting:
      return buys ? bids_ : offers_;
    case OrderState::kStopped:
      return buys ? buy_stops_ : sell_stops_;
    case OrderState::kAtMarket:
      return buys ? buys_at_market_ : sells_at_market_;
  }
  return bids_;
}

std::int64_t Engine::PriceIn(std::uint32_t place) const {
  const Record& record = records_[place];
  return record.state == OrderState::kAtMarket ? record.limit : PriceAt(nodes_[place].level);
}

Engine::OfMember& Engine::MemberAt(MemberId owner) {
  if (owner.raw() >= of_member_.size()) of_member_.resize(holdings_.member_count());
  return of_member_[owner.raw()];
}

std::uint32_t Engine::PlaceIfLive(MemberId owner, OrderId order) const {
  const std::uint32_t place = PlaceOf(order);
  return IsLive(order) && nodes_[place].owner == owner.raw() ? place : kNone;
}

bool Engine::IsLive(OrderId order) const {
  const std::uint32_t place = PlaceOf(order);
  return place < nodes_.size() && nodes_[place].id == order.raw() && records_[place].live;
}

OrderId Engine::FindClientId(MemberId owner, const ClientOrderId& id) const {
  const std::uint32_t place =
      clients_.Find(ClientIndex::HashOf(owner, id), [&](std::uint32_t candidate) {
        return nodes_[candidate].owner == owner.raw() && records_[candidate].client_id == id;
      });
  return place == kNone ? OrderId() : OrderId(nodes_[place].id);
}

OrderView Engine::View(OrderId order) const {
  const std::uint32_t place = PlaceOf(order);
  ETS_ASSERT(place < nodes_.size() && nodes_[place].id == order.raw());
  return ViewAt(place);
}

OrderView Engine::ViewAt(std::uint32_t place) const {
  const LadderNode& node = nodes_[place];
  const Record& record = records_[place];
  OrderView view;
  view.id = OrderId(node.id);
  view.owner = MemberId(node.owner);
  view.state = record.state;
  view.side = record.side;
  view.type = record.type;
  view.time_in_force = record.time_in_force;
  view.self_trade = record.self_trade;
  view.post_only = record.post_only;
  view.limit = Price::FromMinorPerTonne(record.limit);
  view.quantity = Tonnes(record.quantity);
  view.open = Tonnes(record.live ? OpenOf(place) : 0);
  view.visible = Tonnes(record.live ? node.visible : 0);
  view.client_id = record.client_id;
  if (record.has_extra) {
    view.stop = Price::FromMinorPerTonne(extras_[place].stop);
    view.display = Tonnes(extras_[place].display);
    view.expire = extras_[place].expire;
  }
  return view;
}

Engine::Quote Engine::best(Side side) const {
  const Ladder& ladder = book(side);
  if (ladder.empty()) return {};
  const Ladder::Level& level = ladder[ladder.best()];
  return {true, Price::FromMinorPerTonne(PriceAt(ladder.best())), Tonnes(level.visible),
          level.count};
}

void Engine::AppendDepth(Side side, std::size_t levels_max, std::vector<Quote>& levels) const {
  const Ladder& ladder = book(side);
  std::size_t count = 0;
  for (std::uint32_t at = ladder.best(); at != kNone && count < levels_max; at = ladder.After(at)) {
    levels.push_back({true, Price::FromMinorPerTonne(PriceAt(at)), Tonnes(ladder[at].visible),
                      ladder[at].count});
    ++count;
  }
}

std::uint32_t Engine::open_orders(MemberId owner) const {
  return owner.raw() < of_member_.size() ? of_member_[owner.raw()].open_orders : 0;
}
Tonnes Engine::open_buys(MemberId owner) const {
  return Tonnes(owner.raw() < of_member_.size() ? of_member_[owner.raw()].open_buys : 0);
}

// ---- Snapshots, hash, invariants. ----

void Engine::Restore(const OrderView& order) {
  const std::uint32_t place = PlaceOf(order.id);
  while (nodes_.size() <= place) {
    const auto added = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
    records_.emplace_back();
    extras_.emplace_back();
    free_.Resize(nodes_.capacity());
    free_.Set(added);
  }
  free_.Reset(place);
  lowest_free_ = free_.Lowest();
  LadderNode& node = nodes_[place];
  Record& record = records_[place];
  node = {.id = order.id.raw(), .visible = order.visible.count(), .owner = order.owner.raw()};
  record.client_id = order.client_id;
  record.state = order.state;
  record.side = order.side;
  record.type = order.type;
  record.time_in_force = order.time_in_force;
  record.limit = order.limit.minor_per_tonne();
  record.quantity = order.quantity.count();
  record.hidden = order.open.count() - order.visible.count();
  record.self_trade = order.self_trade;
  record.post_only = order.post_only;
  record.has_extra = order.stop > Price() || order.display > Tonnes(0) || order.expire != Date(0);
  record.live = true;
  extras_[place] = {order.stop.minor_per_tonne(), order.display.count(), order.expire};
  if (!order.client_id.empty()) {
    record.client_hash = ClientIndex::HashOf(order.owner, order.client_id);
    clients_.Insert(record.client_hash, place);
  }
  if (order.state == OrderState::kAtMarket) {
    node.level = 0;
  } else {
    node.level = LevelOf(order.state == OrderState::kStopped ? extras_[place].stop : record.limit);
  }
  LadderOf(record.state, record.side).Join(nodes_, place);
  ++live_count_;
  OfMember& member = MemberAt(order.owner);
  ++member.open_orders;
  if (order.side == Side::kBuy) member.open_buys += order.open.count();
}

void Engine::RestoreTrades(const TradeMarks& marks) {
  last_ = marks.last.minor_per_tonne();
  reach_low_ = marks.reach_low.minor_per_tonne();
  reach_high_ = marks.reach_high.minor_per_tonne();
}

Engine::TradeMarks Engine::trade_marks() const {
  return {Price::FromMinorPerTonne(last_), Price::FromMinorPerTonne(reach_low_),
          Price::FromMinorPerTonne(reach_high_)};
}

std::uint64_t Engine::StateHash() const {
  EngineHash hash(phase_,
                  {lowest_, highest_, collar_low_, collar_high_, last_, reach_low_, reach_high_});
  ForEach([&hash](const OrderView& order) { hash.Add(order); });
  return hash.value();
}

void Engine::AddReserved(std::vector<std::int64_t>& units_of_member,
                         std::vector<std::int64_t>& cash_of_member) const {
  Walk([&](std::uint32_t place) {
    const Record& record = records_[place];
    auto& reserved = record.side == Side::kBuy ? cash_of_member : units_of_member;
    reserved[nodes_[place].owner] +=
        NeedOf(record.side, record.state, record.limit, OpenOf(place), false);
  });
}

void Engine::CheckInvariants() const {
  std::size_t count = 0;
  for (const Ladder* const ladder :
       {&bids_, &offers_, &buy_stops_, &sell_stops_, &buys_at_market_, &sells_at_market_}) {
    count += ladder->CheckInvariants(nodes_);
  }
  ETS_ASSERT(count == live_count_);
  if (phase_ == BookPhase::kContinuous) ETS_ASSERT(!IsCrossed());
  std::size_t with_client_id = 0;
  std::vector<OfMember> of_member(of_member_.size());
  Walk([&](std::uint32_t place) {
    const Record& record = records_[place];
    ETS_ASSERT(record.live && record.hidden >= 0 && OpenOf(place) <= record.quantity);
    const MemberId owner(nodes_[place].owner);
    ++of_member[owner.raw()].open_orders;
    if (record.side == Side::kBuy) of_member[owner.raw()].open_buys += OpenOf(place);
    if (record.client_id.empty()) return;
    ETS_ASSERT(FindClientId(owner, record.client_id).raw() == nodes_[place].id);
    ++with_client_id;
  });
  ETS_ASSERT(with_client_id == clients_.count());
  for (std::size_t i = 0; i < of_member.size(); ++i) {
    ETS_ASSERT(of_member[i].open_orders == of_member_[i].open_orders);
    ETS_ASSERT(of_member[i].open_buys == of_member_[i].open_buys);
  }
}

}  // namespace ets::matching
