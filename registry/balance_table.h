#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "registry/words.h"

namespace ets::registry {

// The posted balance of every account in every ledger, with running totals per ledger and a running
// hash. A dense table: one row an account, one column a ledger. It knows no rules; the caller has
// checked them. Not thread-safe.
class BalanceTable {
 public:
  void AddAccount(Pool pool);
  void AddLedger();

  std::uint32_t account_count() const { return static_cast<std::uint32_t>(pools_.size()); }
  std::uint16_t ledger_count() const { return static_cast<std::uint16_t>(totals_.size()); }
  std::int64_t balance(AccountId account, LedgerId ledger) const {
    return cells_[CellIndex(account, ledger)];
  }
  std::int64_t total(LedgerId ledger, Pool pool) const {
    return totals_[ledger.raw()][static_cast<std::size_t>(pool)];
  }
  std::int64_t issued(LedgerId ledger) const { return -total(ledger, Pool::kSource); }
  bool IsEmpty(AccountId account) const;  // No balance in any ledger.

  // REQUIRES: both accounts and the ledger exist, amount > 0, no rule is broken by the result.
  void Move(AccountId debit, AccountId credit, LedgerId ledger, std::int64_t amount);

  // The sum over all cells that are not zero of a hash of (account, ledger, balance).
  std::uint64_t hash() const { return hash_; }

  // Fills the cells of the accounts and ledgers there are, row by row; totals and hash follow from
  // them. `cells` gives what SaveCells() appended. False when the size is another.
  void SaveCells(std::string& out) const;
  bool LoadCells(std::string_view cells);

  // Adds up the whole table and asserts that it agrees with the running totals, that every ledger
  // sums to zero, and that only sources are negative. One linear pass.
  void CheckInvariants() const;

 private:
  using PoolTotals = std::array<std::int64_t, kPoolCount>;

  std::size_t CellIndex(AccountId account, LedgerId ledger) const {
    return std::size_t{account.raw()} * stride_ + ledger.raw();
  }
  void AddTo(AccountId account, LedgerId ledger, std::int64_t amount);

  std::size_t stride_ = 8;           // Columns there is room for; grows by a cache line's worth.
  std::vector<std::int64_t> cells_;  // account_count() rows of stride_.
  std::vector<Pool> pools_;          // By account.
  std::vector<PoolTotals> totals_;   // By ledger.
  std::uint64_t hash_ = 0;
};

}  // namespace ets::registry
