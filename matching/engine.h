#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "matching/call_auction.h"
#include "matching/client_index.h"
#include "matching/engine_words.h"
#include "matching/holdings.h"
#include "matching/ladder.h"
#include "matching/level_bitmap.h"

namespace ets::matching {

// What contradicts in an order's own fields: the first that does.
Contradiction WhatContradicts(const OrderEntry& entry);

// One instrument's trading: its limit order book (price, then time), what waits in front of it
// (stops, market orders in a call, the hidden parts of icebergs), the index of its members' own
// order ids, and the reservations of all of these in a table of holdings that many engines share.
//
//   continuous   an order trades at the resting orders' prices, best first, then oldest first; what
//                is left rests, waits or goes as its time in force says
//   call         orders are collected; Uncross() trades at one price
//   halted       orders may leave or shrink, nothing else
//
// Everything is checked before anything is touched: a refusal changes nothing. What is accepted is
// reserved: a seller's units, a buyer's limit x quantity and the highest fee that may come (a
// market order's limit is the end of the range, which binds it too). So every trade settles, at the
// maker's price on every path; what a better price leaves is free at once.
//
// A stop triggers when a trade reaches its price, during a call's uncrossing as well; of several,
// the side whose next one was entered first goes first, on each side the nearest price and in it
// the oldest. Each is done before the next is looked for, so what it trades may trigger more.
//
// An iceberg shows `display` tonnes at a time; when they have traded, the next part joins the end
// of its level. An order never trades with one of the same member unless `self_trade` of the
// incoming one (in a call: of the younger) is kOff. Fill-or-kill and a minimum count only what
// self-trade prevention would let trade.
//
// A state machine with no clock and no thread: equal operations give equal events, ids and hashes,
// here and in ReferenceEngine, which is slow and obvious. Not thread-safe. An operation allocates
// only when more orders live, or more happens at once, than ever before.
class Engine {
 public:
  // The holdings must outlive the engine and know its members. In no range and halted at first.
  Engine(Holdings& holdings, const EngineTerms& terms);

  // ---- Operations. Each begins a new list of events(). ----

  // A new session's prices, both ends included. Orders whose limit or stop lies outside are
  // cancelled, in the order of ForEach(); market orders that wait are reserved anew at the range's
  // end. The collar becomes the range. Memory grows with the range. REQUIRES: 0 < lowest <=
  // highest.
  void OpenRange(Price lowest, Price highest);
  // REQUIRES: no market order waits when a call is left: uncross first.
  void SetPhase(BookPhase phase);
  // No trade outside these prices: where the next one would be, matching stops, the rest of the
  // order rests if it may, and the phase becomes kCall. Clamped to the range.
  void SetCollar(Price low, Price high);
  // Fees of trades and orders from now on; live orders keep what they have reserved at least.
  // REQUIRES: no order is live.
  void SetFees(const FeeRates& fees);

  Result<Placed, Refused> Place(const OrderEntry& entry);
  // Changes an order's limit or whole quantity (filled part included, as in FIX: a change that
  // crosses a fill on its way does not oversell). Less quantity at the same limit keeps the place,
  // anything else loses it and may trade at once. At or below what is filled, it goes.
  Result<Placed, Refused> Change(MemberId owner, OrderId order, std::optional<Price> limit,
                                 std::optional<Tonnes> quantity,
                                 const ClientOrderId& new_client_id = {});
  // False: the member has no such order.
  bool Cancel(MemberId owner, OrderId order, Departure why = Departure::kByMember);
  // All that fit: of this owner, on this side (empty: any), in the order of ForEach(). Returns how
  // many.
  std::size_t CancelAll(std::optional<MemberId> owner, std::optional<Side> side, Departure why);
  // Day orders, those whose last day is not after `day`, and stops that would trade at once or not
  // at all and that nothing has triggered. At a session's end.
  std::size_t Expire(Date day);

  // What a call would come to now: both sides with hidden parts, best first.
  void AppendCallLevels(Side side, std::vector<CallLevel>& levels) const;
  Tonnes at_market(Side side) const;
  // Trades at one price: market orders, then those at better prices, each oldest first, until a
  // side has no more at the price. What is left of market orders is cancelled. Self-trade
  // prevention may leave the book crossed: as long as IsCrossed(), clear again. REQUIRES: kCall.
  void Uncross(Price price);
  bool IsCrossed() const;

  // What the last operation did. Views of its orders stand until the next operation, gone or not.
  std::span<const Event> events() const { return {events_.data(), event_count_}; }

  // ---- What is known. ----

  // The order if it lives and is the member's; else no id.
  OrderId FindClientId(MemberId owner, const ClientOrderId& id) const;
  bool IsLive(OrderId order) const;
  // REQUIRES: live, or named by events().
  OrderView View(OrderId order) const;
  // How much of a live order has traded. REQUIRES: live.
  Tonnes FilledOf(OrderId order) const {
    const std::uint32_t place = PlaceOf(order);
    return Tonnes(orders_[place].quantity - OpenOf(place));
  }
  BookPhase phase() const { return phase_; }
  Price lowest() const { return Price::FromMinorPerTonne(lowest_); }
  Price highest() const { return Price::FromMinorPerTonne(highest_); }
  Price collar_low() const { return Price::FromMinorPerTonne(collar_low_); }
  Price collar_high() const { return Price::FromMinorPerTonne(collar_high_); }
  Price last() const { return Price::FromMinorPerTonne(last_); }  // Trade; 0 before the first.
  struct Quote {
    bool present = false;
    Price price;
    Tonnes quantity;  // Shown on the whole level.
    std::uint32_t orders = 0;
  };
  Quote best(Side side) const;
  // Shown levels, best first, at most so many.
  void AppendDepth(Side side, std::size_t levels_max, std::vector<Quote>& levels) const;
  std::size_t live_count() const { return live_count_; }
  std::uint32_t open_orders(MemberId owner) const;
  Tonnes open_buys(MemberId owner) const;  // That may still be bought.

  // Bids and offers best first, then buy and sell stops nearest first, then market orders that buy
  // and sell; each level oldest first.
  template <typename Visit>
  void ForEach(Visit visit) const {
    Walk([this, &visit](std::uint32_t place) { visit(ViewAt(place)); });
  }
  // Puts an order back from a snapshot without matching or reserving. In the order of ForEach(),
  // into an engine whose range and phase are set.
  void Restore(const OrderView& order);
  // The last trade, and how far trades have reached that no stop was yet looked for after.
  struct TradeMarks {
    Price last;
    Price reach_low;
    Price reach_high;
  };
  TradeMarks trade_marks() const;
  void RestoreTrades(const TradeMarks& marks);

  // Of terms, phase, range, collar, last trade and every order in the order of ForEach().
  std::uint64_t StateHash() const;
  // Adds what this engine's orders bind. For conservation: all engines' sums are what is reserved.
  void AddReserved(std::vector<std::int64_t>& units_of_member,
                   std::vector<std::int64_t>& cash_of_member) const;
  void CheckInvariants() const;  // Asserts; O(orders + range).

 private:
  static constexpr std::uint32_t kNone = OrderLinks::kNone;

  struct alignas(32) OfMember {
    std::array<std::int64_t, 2> open{};  // By side.
    std::uint32_t open_orders = 0;
  };
  // What an incoming order has done so far.
  struct Taking {
    std::int64_t traded = 0;
    std::int64_t value = 0;
    std::int64_t fees = 0;
    bool is_over = false;  // Self-trade prevention has ended it.
  };

  void Begin();
  // Of the orders in scratch_, for OpenRange().
  void RemoveOutside(std::int64_t low, std::int64_t high);
  void FundAtNewEdge(std::uint32_t place, std::int64_t had, std::int64_t old_edge);

  // ---- What an order is. ----
  static constexpr bool HasLimit(OrderType type) {
    return type == OrderType::kLimit || type == OrderType::kStopLimit;
  }
  static constexpr std::size_t Of(Side side) { return static_cast<std::size_t>(side) - 1; }
  std::int64_t HiddenOf(std::uint32_t place) const {
    return orders_[place].has_extra() ? extras_[place].hidden : 0;
  }
  std::int64_t OpenOf(std::uint32_t place) const {
    return orders_[place].visible + HiddenOf(place);
  }
  // Rests in the book of a venue without fees and hides nothing.
  bool IsPlain(std::uint32_t place) const { return is_free_ && orders_[place].is_plain(); }
  std::int64_t EdgeFor(Side side) const { return side == Side::kBuy ? highest_ : lowest_; }
  // Of an order without one: the end of the range.
  std::int64_t LimitOf(std::uint32_t place) const;
  std::int64_t PriceIn(std::uint32_t place) const;  // Its level's.
  OrderView ViewAt(std::uint32_t place) const;
  std::uint32_t PlaceIfLive(MemberId owner, OrderId order) const;
  // The ladder that an order in this state is in.
  Ladder& LadderOf(OrderState state, Side side) {
    return ladders_[static_cast<std::size_t>(state) * 2 + Of(side) - 2];
  }
  const Ladder& LadderOf(OrderState state, Side side) const {
    return const_cast<Engine*>(this)->LadderOf(state, side);
  }
  // The ladder that the order at a place is in, or is about to join.
  Ladder& LadderOf(std::uint32_t place) {
    return LadderOf(orders_[place].state(), orders_[place].side());
  }
  void Join(std::uint32_t place) { LadderOf(place).Join(links_.data(), orders_[place], place); }
  void Leave(std::uint32_t place) { LadderOf(place).Leave(links_.data(), orders_[place], place); }
  Ladder& book(Side side) { return ladders_[Of(side)]; }
  const Ladder& book(Side side) const { return ladders_[Of(side)]; }

  // ---- Reservations. ----
  // What a tonne of a plain order binds: its limit in cash, or itself.
  static constexpr std::int64_t EachBinds(Side side, std::int64_t limit) {
    return 1 + (limit - 1) * (2 - static_cast<std::int64_t>(side));  // No branch.
  }
  static std::int64_t CostOf(std::int64_t limit, std::int64_t open, const FeeRate& rate);
  // What an order in this state binds: units of a seller, cash of a buyer.
  std::int64_t NeedOf(Side side, OrderState state, std::int64_t limit, std::int64_t open,
                      bool is_incoming) const {
    if (is_free_ || side == Side::kSell) return CostOf(EachBinds(side, limit), open, FeeRate{});
    const bool may_take = is_incoming || state == OrderState::kStopped;
    return CostOf(limit, open, may_take ? highest_rate_ : terms_.fees.maker);
  }
  std::int64_t BoundBy(std::uint32_t place) const {
    const OrderRecord& order = orders_[place];
    return NeedOf(order.side(), order.state(), LimitOf(place), OpenOf(place), false);
  }
  // Cash of who buys, units of who sells.
  LedgerId LedgerOf(Side side) const { return ledgers_[Of(side)]; }
  std::optional<Refused> CheckFunds(MemberId owner, Side side, std::int64_t need,
                                    std::int64_t has) const;
  // From `had` to `needs`.
  void Rebind(MemberId owner, Side side, std::int64_t had, std::int64_t needs);

  std::uint32_t FindHashed(std::uint32_t hash, MemberId owner, const ClientOrderId& id) const;

  // ---- Entering and matching. ----
  // Place() takes a straight way (PlacePlain, EnterPlain) with what most orders are, and asks
  // everything else rule by rule.
  bool IsPlainAndFine(const OrderEntry& entry) const;
  Result<Placed, Refused> PlacePlain(const OrderEntry& entry, std::uint32_t client_hash);
  Result<Placed, Refused> PlaceByRules(const OrderEntry& entry, std::uint32_t client_hash);
  std::optional<Refused> CheckEntry(const OrderEntry& entry, std::int64_t limit) const;
  std::optional<Refused> CheckMarketable(const OrderEntry& entry, std::int64_t limit) const;
  std::int64_t AtHand(Side side, MemberId owner, SelfTradePrevention mode, std::int64_t limit,
                      std::int64_t quantity, std::int64_t enough) const;
  void GrowPlaces(std::size_t count);
  // Writes the order into the lowest free place, which stays free until the order waits. Places are
  // free as soon as their orders are gone: an operation writes one record, before any order goes.
  std::uint32_t WriteRecord(const OrderEntry& entry, std::int64_t limit, std::uint32_t client_hash,
                            bool has_extra);
  // An order at a place waits from now on: counted, and found by its client id.
  void List(std::uint32_t place);
  // Matches the order at a place, then rests, waits or drops what is left. `bound` is what it has
  // reserved, as incoming.
  Taking Enter(std::uint32_t place, std::int64_t bound, bool is_listed);
  // The same of a plain one in continuous trading.
  Result<Placed, Refused> EnterPlain(std::uint32_t place, std::int64_t limit, std::int64_t bound,
                                     bool is_listed);
  // The deepest level of the other side that an order may trade with: levels of both sides count
  // from the best price of each, so they add up to the range.
  std::uint32_t DeepestFor(const OrderRecord& order) const {
    return static_cast<std::uint32_t>(highest_ - lowest_) - order.level;
  }
  bool MayTake(const OrderRecord& order) const;
  void Match(std::uint32_t place, Taking& taking);
  // One fill of the first order of a level by the incoming one.
  void Fill(Ladder& against, std::uint32_t maker, std::uint32_t taker, Taking& taking);
  // Moves units and cash of a trade between one, on this side, and the other. Returns their fees.
  struct FeesPaid {
    std::int64_t one = 0;
    std::int64_t other = 0;
  };
  FeesPaid Settle(MemberId one, Side side, MemberId other, std::int64_t price,
                  std::int64_t quantity, const FeeRate& one_rate, const FeeRate& other_rate);
  // Takes the fees out of what the buyer has bound and out of what it gives to the seller.
  FeesPaid PayFees(MemberId one, Side side, MemberId other, std::array<std::int64_t, 2>& gives,
                   const FeeRate& one_rate, const FeeRate& other_rate);
  void TakeFrom(std::uint32_t place, std::int64_t quantity, Departure why);
  void Rename(std::uint32_t place, const ClientOrderId& id);
  // A resting order that shows nothing more: shows its next part, or is gone.
  void RefreshOrGo(std::uint32_t place);
  bool PreventSelfTradeInCall(std::uint32_t seller, std::uint32_t buyer);
  // The incoming order meets one of its own member. False: the incoming one is done with.
  bool PreventSelfTrade(std::uint32_t resting, std::uint32_t incoming);
  void Wait(std::uint32_t place, OrderState state, EventKind kind);
  void Trigger(std::uint32_t place);
  void RunTriggers();
  void Reach(std::int64_t price) {
    last_ = price;
    reach_low_ = std::min(reach_low_, price);
    reach_high_ = std::max(reach_high_, price);
  }
  // Takes an order out of its ladder, frees what it binds and forgets it.
  void Remove(std::uint32_t place, Departure why);
  void RemovePlain(std::uint32_t place, Departure why);
  void RemoveAny(std::uint32_t place, Departure why);
  void Count(std::uint32_t place, std::int64_t open);
  // Of which so much was open.
  void Forget(std::uint32_t place, std::int64_t open);

  // ---- Saying. ----
  void GrowEvents();
  Event& NextEvent() {
    if (event_count_ == event_room_) GrowEvents();
    return events_[event_count_++];
  }
  // Of an order as it is now. The level is that of a resting one.
  Event& Say(EventKind kind, std::uint32_t place, std::int64_t price, std::int64_t quantity);
  Event& SayPlain(EventKind kind, std::uint32_t place, std::int64_t price, std::int64_t open,
                  const Ladder::Level& level);
  std::uint32_t UncrossHead(Side side, std::int64_t price) const;
  void UncrossPair(std::uint32_t seller, std::uint32_t buyer, std::int64_t price);

  template <typename Visit>
  void Walk(Visit visit) const {
    for (const Ladder& ladder : ladders_) ladder.ForEach(links_, visit);
  }

  Holdings& holdings_;
  EngineTerms terms_;
  std::array<LedgerId, 2> ledgers_;   // By side: what it gives.
  std::array<bool, 2> bought_waits_;  // By side: what it gives is the other's on the next day only.
  FeeRate highest_rate_;              // The worse of the two in each part.
  bool is_free_ = true;               // No fees at all.
  BookPhase phase_ = BookPhase::kHalted;
  bool interrupted_ = false;
  std::int64_t lowest_ = 1;
  std::int64_t highest_ = 0;
  std::int64_t collar_low_ = 1;
  std::int64_t collar_high_ = 0;
  std::int64_t last_ = 0;
  // Trades since stops were looked for lay within; low > high: there were none.
  std::int64_t reach_low_ = kAmountMax;
  std::int64_t reach_high_ = 0;

  // Bids, offers, buy stops, sell stops, market orders that buy and that sell (one level each).
  std::array<Ladder, 6> ladders_{Ladder{true}, Ladder{false}, Ladder{false},
                                 Ladder{true}, Ladder{false}, Ladder{false}};
  std::vector<OrderRecord> orders_;  // By place.
  std::vector<OrderLinks> links_;    // By place.
  std::vector<OrderExtra> extras_;   // By place.
  LevelBitmap free_;                 // Places of gone orders.
  std::uint32_t lowest_free_ = kNone;
  ClientIndex clients_;
  std::vector<OfMember> of_member_;
  std::size_t live_count_ = 0;
  std::size_t event_count_ = 0;
  std::size_t event_room_ = 64;
  std::vector<Event> events_ = std::vector<Event>(event_room_);  // The first event_count_ count.
  std::vector<std::uint32_t> scratch_;
};

}  // namespace ets::matching
