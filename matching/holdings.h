#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/ids.h"

namespace ets::matching {

// What one member has on the exchange in one ledger. All >= 0.
struct Holding {
  std::int64_t available = 0;  // Free to sell, spend or withdraw (withdraw: settled part only).
  std::int64_t reserved = 0;   // Bound by orders and bids.
  std::int64_t bought_today =
      0;  // Units bought in the running session; available the next one (T+1).

  std::int64_t total() const { return available + reserved + bought_today; }

  friend bool operator==(const Holding&, const Holding&) = default;
};

// The members' mirror of their escrow: one dense table, ledger by ledger, across all books, because
// cash is shared. Every order reserves here before it reaches a book, so every trade settles.
// Amounts are never negative, and what leaves one holding without reaching another is said by name.
// Not thread-safe.
class Holdings {
 public:
  explicit Holdings(std::uint16_t ledger_count_max)
      : ledgers_(ledger_count_max), totals_(ledger_count_max), ledger_count_(ledger_count_max) {}

  void AddMember();

  const Holding& at(MemberId member, LedgerId ledger) const {
    ETS_ASSERT(member.raw() < member_count_ && ledger.raw() < ledger_count_);
    return ledgers_[ledger.raw()][member.raw()];
  }
  // Every member's holding in one ledger, by member.
  std::span<const Holding> all(LedgerId ledger) const { return ledgers_[ledger.raw()]; }
  // Sum over all members. A ledger whose total is 0 has only empty holdings.
  std::int64_t total(LedgerId ledger) const { return totals_[ledger.raw()]; }

  // From outside into available: a deposit, or the proceeds of a sale.
  void Credit(MemberId member, LedgerId ledger, std::int64_t amount);
  // From outside into bought_today.
  void CreditBought(MemberId member, LedgerId ledger, std::int64_t amount);
  // Moves available -> reserved, or changes nothing and returns false when available is short.
  bool Reserve(MemberId member, LedgerId ledger, std::int64_t amount) {
    ETS_ASSERT(amount >= 0);
    Holding& holding = Row(member, ledger);
    if (amount > holding.available) return false;
    holding.available -= amount;
    holding.reserved += amount;
    return true;
  }
  // Moves reserved -> available. REQUIRES: amount <= reserved.
  void Release(MemberId member, LedgerId ledger, std::int64_t amount) {
    Holding& holding = Row(member, ledger);
    ETS_ASSERT(amount >= 0 && amount <= holding.reserved);
    holding.reserved -= amount;
    holding.available += amount;
  }
  // Reserves what `needs` exceeds `had` by, or releases what it falls short of it by. REQUIRES: as
  // for these.
  void Rebind(MemberId member, LedgerId ledger, std::int64_t had, std::int64_t needs) {
    Holding& holding = Row(member, ledger);
    const std::int64_t more = needs - had;
    ETS_ASSERT(more <= holding.available && -more <= holding.reserved);
    holding.available -= more;
    holding.reserved += more;
  }
  // Takes from reserved for good (a sale or a payment). REQUIRES: amount <= reserved.
  void Consume(MemberId member, LedgerId ledger, std::int64_t amount);
  // Moves from one member's reserved to another's available, or bought_today. The total stays.
  // REQUIRES: amount <= reserved.
  void Pass(MemberId from, MemberId to, LedgerId ledger, std::int64_t amount, bool as_bought) {
    Holding& giver = Row(from, ledger);
    Holding& taker = Row(to, ledger);
    ETS_ASSERT(amount >= 0 && amount <= giver.reserved);
    giver.reserved -= amount;
    std::int64_t& taken = as_bought ? taker.bought_today : taker.available;
    if (as_bought && taken == 0) bought_.emplace_back(to, ledger);
    taken += amount;
  }
  // Takes from available for good, or changes nothing and returns false when available is short.
  bool Withdraw(MemberId member, LedgerId ledger, std::int64_t amount);
  // Puts a holding back from a snapshot. REQUIRES: it is empty, nothing of `holding` is negative.
  void Restore(MemberId member, LedgerId ledger, const Holding& holding);
  // Bought units become available; at the start of a session. O(holdings bought into).
  void EndSettlementDay();
  // Empties available and bought_today of every member.
  void Drop(LedgerId ledger);

  std::size_t member_count() const { return member_count_; }
  std::uint16_t ledger_count_max() const { return ledger_count_; }

  // Of every holding; equal holdings give equal hashes.
  std::uint64_t StateHash() const;
  // Asserts that nothing is negative and that totals are sums; O(members x ledgers in use).
  void CheckInvariants() const;

 private:
  Holding& Row(MemberId member, LedgerId ledger) {
    ETS_ASSERT(member.raw() < member_count_ && ledger.raw() < ledger_count_);
    return ledgers_[ledger.raw()][member.raw()];
  }

  std::vector<std::vector<Holding>> ledgers_;          // [ledger][member].
  std::vector<std::int64_t> totals_;                   // [ledger].
  std::vector<std::pair<MemberId, LedgerId>> bought_;  // Where bought_today may be above 0.
  std::size_t member_count_ = 0;
  std::uint16_t ledger_count_;
};

}  // namespace ets::matching
