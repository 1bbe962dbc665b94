#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "matching/engine_words.h"

namespace ets::matching {

// The engine again, slow and obvious, for comparing: one list of orders, scanned for every
// question, and what is free worked out anew from what was given and what the orders bind. Same
// operations, ids, events, refusals and hash as Engine, whose header says what they mean.
class ReferenceEngine {
 public:
  ReferenceEngine(std::size_t members, const EngineTerms& terms);

  void Give(MemberId member, std::int64_t units, std::int64_t cash);

  void OpenRange(Price lowest, Price highest);
  void SetPhase(BookPhase phase);
  void SetCollar(Price low, Price high);
  Result<Placed, Refused> Place(const OrderEntry& entry);
  Result<Placed, Refused> Change(MemberId owner, OrderId order, std::optional<Price> limit,
                                 std::optional<Tonnes> quantity,
                                 const ClientOrderId& new_client_id);
  bool Cancel(MemberId owner, OrderId order, Departure why);
  std::size_t CancelAll(std::optional<MemberId> owner, std::optional<Side> side, Departure why);
  std::size_t Expire(Date day);
  void Uncross(Price price);
  bool IsCrossed() const;

  const std::vector<Event>& events() const { return events_; }
  std::vector<OrderView> All() const;  // In the order of Engine::ForEach().
  BookPhase phase() const { return phase_; }
  std::uint64_t StateHash() const;

  struct Purse {
    std::int64_t units = 0;  // Reserved ones included.
    std::int64_t cash = 0;
    std::int64_t bought_today = 0;
  };
  const Purse& purse(MemberId member) const { return purses_[member.raw()]; }
  std::int64_t Reserved(MemberId member, Side side) const;

 private:
  struct Order {
    OrderView view;
    std::uint64_t turn = 0;    // When it joined its level.
    bool is_incoming = false;  // Not in the book, and bound for the worst.
    bool live = true;

    std::int64_t hidden() const { return view.open.count() - view.visible.count(); }
  };
  using Index = std::size_t;
  static constexpr Index kNone = static_cast<Index>(-1);

  void Begin();
  std::vector<Index> InOrder() const;
  static std::int64_t PriceOf(const Order& order);
  static bool ComesFirst(const Order& a, const Order& b);
  std::int64_t NeedOf(const Order& order) const;
  std::int64_t Free(MemberId member, Side side) const;
  std::optional<Refused> CheckFunds(MemberId owner, Side side, std::int64_t need,
                                    std::int64_t has) const;
  Index Find(MemberId owner, OrderId order) const;
  Index FindClient(MemberId owner, const ClientOrderId& id) const;
  Index Best(Side side, OrderState state) const;
  std::optional<Refused> Check(const OrderEntry& entry, std::int64_t limit) const;
  std::int64_t AtHand(const OrderEntry& entry, std::int64_t limit) const;
  void Enter(Index index, Placed& placed);
  void Match(Index index, Placed& placed);
  void Trade(Index maker, Index taker, std::int64_t price, std::int64_t quantity, bool in_call);
  void RefreshOrGo(Index index);
  void TakeFrom(Index index, std::int64_t quantity, Departure why);
  void Remove(Index index, Departure why);
  void Join(Index index, OrderState state, EventKind kind);
  void RunTriggers();
  Event& Say(EventKind kind, Index index, std::int64_t price, std::int64_t quantity);
  Index UncrossHead(Side side, std::int64_t price) const;

  EngineTerms terms_;
  std::vector<Purse> purses_;
  std::vector<Order> orders_;  // Gone ones are dropped by Begin().
  std::vector<Event> events_;
  BookPhase phase_ = BookPhase::kHalted;
  std::int64_t lowest_ = 1, highest_ = 0, collar_low_ = 1, collar_high_ = 0, last_ = 0;
  std::int64_t reach_low_ = kAmountMax, reach_high_ = 0;
  bool interrupted_ = false;
  std::uint64_t turns_ = 0;
};

}  // namespace ets::matching
