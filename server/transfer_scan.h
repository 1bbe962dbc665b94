#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "server/call.h"

namespace ets::server {

// Which transfers of a journal somebody asks for and may see.
struct TransferFilter {
  std::optional<AccountId> account;
  std::optional<std::uint32_t> entity;
  std::optional<LedgerId> ledger;
  std::optional<registry::TransferCode> code;
  SimTime start = std::numeric_limits<SimTime>::min();
  SimTime end = std::numeric_limits<SimTime>::max();  // Before it.
};

// What a filter comes to in one state: which accounts it takes, and which the caller may read.
// Whoever may read neither account of a transfer sees it when it has been published, which is the
// profile's tape delay after it was made.
class TransferView {
 public:
  TransferView(const registry::Registry& state, const Caller& caller, const TransferFilter& filter);

  bool Takes(const registry::Transfer& transfer, SimTime made_at) const;
  // Those that every transfer it takes moves something on; null: it may be any.
  const std::vector<AccountId>* accounts() const { return accounts_ ? &*accounts_ : nullptr; }

 private:
  bool IsMarked(const std::vector<bool>& marks, AccountId account) const {
    return marks.empty() || (account.raw() < marks.size() && marks[account.raw()]);
  }

  TransferFilter filter_;
  std::optional<std::vector<AccountId>> accounts_;
  std::vector<bool> of_entity_;  // By account; empty: all.
  std::vector<bool> readable_;   // By account; empty: all.
  SimTime published_until_ = 0;
};

// Where a transfer stands in a journal, as one number that grows.
inline constexpr unsigned kIndexBits = 20;
constexpr std::uint64_t PositionOf(wire::TransferPath path) {
  return path.sequence << kIndexBits | path.index;
}
constexpr wire::TransferPath PathAt(std::uint64_t position) {
  return {position >> kIndexBits,
          static_cast<std::uint32_t>(position & ((std::uint64_t{1} << kIndexBits) - 1))};
}

// Hands out the transfers of committed records from `begin` to record `last` that the view takes,
// until `take` returns false or the patience has ended; the latter leaves where to go on, else it
// is 0. When the view is of accounts, only their records are read.
struct ScanEnd {
  std::optional<LiveFailure> failure;
  std::uint64_t go_on_at = 0;
};
ScanEnd ScanTransfers(LiveRegistry& live, const TransferView& view, wire::TransferPath begin,
                      std::uint64_t last, const Patience& patience,
                      const std::function<bool(const MadeTransfer&)>& take);

}  // namespace ets::server
