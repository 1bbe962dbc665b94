#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/quantity.h"

namespace ets::market {

// Fees taken from the mirror and not yet sent to the registry, by member and ledger.
class FeesDue {
 public:
  void Add(MemberId member, LedgerId ledger, Money fee) {
    if (fee == Money()) return;
    if (ledger.raw() >= due_.size()) due_.resize(ledger.raw() + std::size_t{1});
    std::vector<std::int64_t>& row = due_[ledger.raw()];
    if (member.raw() >= row.size()) row.resize(member.raw() + std::size_t{1});
    if (row[member.raw()] == 0) touched_.emplace_back(ledger, member);
    row[member.raw()] += fee.minor();
  }
  bool empty() const { return touched_.empty(); }
  std::int64_t at(MemberId member, LedgerId ledger) const {
    if (ledger.raw() >= due_.size() || member.raw() >= due_[ledger.raw()].size()) return 0;
    return due_[ledger.raw()][member.raw()];
  }
  // By ledger, then member.
  std::vector<std::pair<LedgerId, MemberId>> Sorted() const {
    std::vector<std::pair<LedgerId, MemberId>> sorted = touched_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  void Clear() {
    for (const auto& [ledger, member] : touched_) due_[ledger.raw()][member.raw()] = 0;
    touched_.clear();
  }

 private:
  std::vector<std::vector<std::int64_t>> due_;          // [ledger][member].
  std::vector<std::pair<LedgerId, MemberId>> touched_;  // Where it is above 0.
};

}  // namespace ets::market
