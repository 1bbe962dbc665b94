#include "registry/balance_table.h"

#include <algorithm>

#include "base/assert.h"
#include "base/state_hash.h"

namespace ets::registry {
namespace {

// Zero for an empty cell, so that opening accounts and ledgers leaves the sum alone.
std::uint64_t CellHash(AccountId account, LedgerId ledger, std::int64_t balance) {
  StateHash hash;
  hash.Add((std::uint64_t{account.raw()} << 16U) | ledger.raw());
  hash.Add(balance);
  return balance == 0 ? 0 : hash.value();
}

}  // namespace

Pool PoolOf(AccountKind kind) {
  switch (kind) {
    case AccountKind::kIssuance:
    case AccountKind::kBank:
      return Pool::kSource;
    case AccountKind::kAllocation:
    case AccountKind::kReserve:
    case AccountKind::kStability:
    case AccountKind::kAuctionStock:
    case AccountKind::kTreasury:
    case AccountKind::kHolder:
    case AccountKind::kEscrow:
      return Pool::kHeld;
    case AccountKind::kSurrender:
      return Pool::kSurrendered;
    case AccountKind::kCancellation:
      return Pool::kCancelled;
    case AccountKind::kConverted:
      return Pool::kConverted;
    case AccountKind::kExpired:
      return Pool::kExpired;
  }
  ETS_ASSERT(false);
}

void BalanceTable::AddAccount(Pool pool) {
  pools_.push_back(pool);
  cells_.resize(pools_.size() * stride_);
}

void BalanceTable::AddLedger() {
  totals_.push_back({});
  if (totals_.size() <= stride_) return;
  const std::size_t wider = stride_ + 8;
  std::vector<std::int64_t> cells(pools_.size() * wider);
  for (std::size_t row = 0; row < pools_.size(); ++row) {
    std::copy_n(&cells_[row * stride_], stride_, &cells[row * wider]);
  }
  cells_ = std::move(cells);
  stride_ = wider;
}

void BalanceTable::Move(AccountId debit, AccountId credit, LedgerId ledger, std::int64_t amount) {
  AddTo(debit, ledger, -amount);
  AddTo(credit, ledger, amount);
}

void BalanceTable::AddTo(AccountId account, LedgerId ledger, std::int64_t amount) {
  std::int64_t& cell = cells_[CellIndex(account, ledger)];
  hash_ -= CellHash(account, ledger, cell);
  cell += amount;
  hash_ += CellHash(account, ledger, cell);
  totals_[ledger.raw()][static_cast<std::size_t>(pools_[account.raw()])] += amount;
}

void BalanceTable::CheckInvariants() const {
  const std::size_t ledgers = totals_.size();
  std::vector<std::int64_t> sums(kPoolCount * ledgers);
  std::int64_t signs = 0;  // Negative as soon as one balance outside the sources is.
  for (std::size_t row = 0; row < pools_.size(); ++row) {
    const std::int64_t* const balances = &cells_[row * stride_];
    std::int64_t* const sum = sums.data() + static_cast<std::size_t>(pools_[row]) * ledgers;
    std::int64_t row_signs = 0;
    for (std::size_t ledger = 0; ledger < ledgers; ++ledger) {
      sum[ledger] += balances[ledger];
      row_signs |= balances[ledger];
    }
    if (pools_[row] != Pool::kSource) signs |= row_signs;
  }
  ETS_ASSERT(signs >= 0);
  for (std::size_t ledger = 0; ledger < ledgers; ++ledger) {
    std::int64_t all = 0;
    for (std::size_t pool = 0; pool < kPoolCount; ++pool) {
      const std::int64_t sum = sums[pool * ledgers + ledger];
      ETS_ASSERT(sum == totals_[ledger][pool]);
      all += sum;
    }
    ETS_ASSERT(all == 0);
  }
}

}  // namespace ets::registry
