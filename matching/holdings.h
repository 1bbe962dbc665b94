#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace ets::matching {

// What one member has on the exchange in one ledger. All >= 0.
struct Holding {
  std::int64_t available = 0;     // Free to sell, spend or withdraw (withdraw: settled part only).
  std::int64_t reserved = 0;      // Bound by orders and bids.
  std::int64_t bought_today = 0;  // Units bought in the running session; available the next one (T+1).

  std::int64_t total() const { return available + reserved + bought_today; }
};

// The members' mirror of their escrow: one dense table, member x ledger, across all books, because
// cash is shared. Every order reserves here before it reaches a book, so every trade settles. Not
// thread-safe.
class Holdings {
 public:
  explicit Holdings(std::uint16_t ledger_count_max) : stride_(ledger_count_max) {}

  void AddMember() { table_.resize(table_.size() + stride_); }
  Holding& at(MemberId member, LedgerId ledger) {
    return table_[std::size_t{member.raw()} * stride_ + ledger.raw()];
  }
  const Holding& at(MemberId member, LedgerId ledger) const {
    return table_[std::size_t{member.raw()} * stride_ + ledger.raw()];
  }

  // Moves available -> reserved, or changes nothing and returns false when available is short.
  bool Reserve(MemberId member, LedgerId ledger, std::int64_t amount);
  // Moves reserved -> available. REQUIRES: amount <= reserved.
  void Release(MemberId member, LedgerId ledger, std::int64_t amount);
  // Takes from reserved for good (a sale or a payment). REQUIRES: amount <= reserved.
  void Consume(MemberId member, LedgerId ledger, std::int64_t amount);
  // Bought units become available; at the start of a session.
  void EndSettlementDay();

  std::size_t member_count() const { return stride_ == 0 ? 0 : table_.size() / stride_; }
  std::uint16_t ledger_count_max() const { return stride_; }

 private:
  std::uint16_t stride_;
  std::vector<Holding> table_;
};

}  // namespace ets::matching
