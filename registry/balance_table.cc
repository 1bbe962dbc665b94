#include "registry/balance_table.h"

#include <algorithm>
#include <cstring>
#include <string>

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

bool BalanceTable::IsEmpty(AccountId account) const {
  const auto row = cells_.begin() + static_cast<std::ptrdiff_t>(CellIndex(account, LedgerId(0)));
  return std::all_of(row, row + static_cast<std::ptrdiff_t>(totals_.size()),
                     [](std::int64_t balance) { return balance == 0; });
}

void BalanceTable::SaveCells(std::string& out) const {
  for (std::size_t row = 0; row < pools_.size(); ++row) {
    out.append(reinterpret_cast<const char*>(&cells_[row * stride_]),
               totals_.size() * sizeof(std::int64_t));
  }
}

bool BalanceTable::LoadCells(std::string_view cells) {
  const std::size_t row_size = totals_.size() * sizeof(std::int64_t);
  if (cells.size() != pools_.size() * row_size) return false;
  for (std::uint32_t id = 0; id < pools_.size() && row_size > 0; ++id) {
    std::memcpy(&cells_[id * stride_], cells.data() + id * row_size, row_size);
    for (std::uint16_t ledger = 0; ledger < totals_.size(); ++ledger) {
      const std::int64_t balance = cells_[id * stride_ + ledger];
      hash_ += CellHash(AccountId(id), LedgerId(ledger), balance);
      std::int64_t& total = totals_[ledger][static_cast<std::size_t>(pools_[id])];
      // Bytes that are no snapshot may add up to anything; the state hash tells.
      total = static_cast<std::int64_t>(static_cast<std::uint64_t>(total) +
                                        static_cast<std::uint64_t>(balance));
    }
  }
  return true;
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
