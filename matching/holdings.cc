#include "matching/holdings.h"

#include <bit>

#include "base/state_hash.h"

namespace ets::matching {

void Holdings::AddMember() {
  for (std::vector<Holding>& ledger : ledgers_) ledger.emplace_back();
  ++member_count_;
}

void Holdings::Credit(MemberId member, LedgerId ledger, std::int64_t amount) {
  ETS_ASSERT(amount >= 0);
  Row(member, ledger).available += amount;
  totals_[ledger.raw()] += amount;
}

void Holdings::CreditBought(MemberId member, LedgerId ledger, std::int64_t amount) {
  ETS_ASSERT(amount >= 0);
  Holding& holding = Row(member, ledger);
  if (holding.bought_today == 0) bought_.emplace_back(member, ledger);
  holding.bought_today += amount;
  totals_[ledger.raw()] += amount;
}

void Holdings::Consume(MemberId member, LedgerId ledger, std::int64_t amount) {
  Holding& holding = Row(member, ledger);
  ETS_ASSERT(amount >= 0 && amount <= holding.reserved);
  holding.reserved -= amount;
  totals_[ledger.raw()] -= amount;
}

bool Holdings::Withdraw(MemberId member, LedgerId ledger, std::int64_t amount) {
  ETS_ASSERT(amount >= 0);
  Holding& holding = Row(member, ledger);
  if (amount > holding.available) return false;
  holding.available -= amount;
  totals_[ledger.raw()] -= amount;
  return true;
}

void Holdings::Restore(MemberId member, LedgerId ledger, const Holding& holding) {
  Holding& row = Row(member, ledger);
  ETS_ASSERT(row == Holding{} && holding.available >= 0 && holding.reserved >= 0 &&
             holding.bought_today >= 0);
  row = holding;
  totals_[ledger.raw()] += holding.total();
  if (holding.bought_today > 0) bought_.emplace_back(member, ledger);
}

void Holdings::EndSettlementDay() {
  for (const auto& [member, ledger] : bought_) {
    Holding& holding = Row(member, ledger);
    holding.available += holding.bought_today;
    holding.bought_today = 0;
  }
  bought_.clear();
}

void Holdings::Drop(LedgerId ledger) {
  std::int64_t left = 0;
  for (Holding& holding : ledgers_[ledger.raw()]) {
    holding.available = 0;
    holding.bought_today = 0;
    left += holding.reserved;
  }
  totals_[ledger.raw()] = left;
}

std::uint64_t Holdings::StateHash() const {
  ets::StateHash hash;
  for (std::size_t i = 0; i < ledgers_.size(); ++i) {
    if (totals_[i] == 0) continue;
    // Rows are fingerprinted one by one and summed: nothing waits for the row before it.
    std::uint64_t sum = 0;
    for (std::size_t member = 0; member < member_count_; ++member) {
      const Holding& holding = ledgers_[i][member];
      if (holding.total() == 0) continue;
      std::uint64_t row = (member + 1) * 0x9E3779B97F4A7C15U;
      row = (row ^ static_cast<std::uint64_t>(holding.available)) * 0xBF58476D1CE4E5B9U;
      row =
          (std::rotl(row, 31) ^ static_cast<std::uint64_t>(holding.reserved)) * 0x94D049BB133111EBU;
      row = (std::rotl(row, 31) ^ static_cast<std::uint64_t>(holding.bought_today)) *
            0xD6E8FEB86659FD93U;
      sum += row ^ (row >> 32U);
    }
    hash.Add(static_cast<std::uint64_t>(i));
    hash.Add(sum);
  }
  return hash.value();
}

void Holdings::CheckInvariants() const {
  for (std::size_t i = 0; i < ledgers_.size(); ++i) {
    ETS_ASSERT(ledgers_[i].size() == member_count_);
    if (totals_[i] == 0) continue;
    std::int64_t total = 0;
    std::int64_t signs = 0;  // Negative as soon as one amount is.
    for (const Holding& holding : ledgers_[i]) {
      signs |= holding.available | holding.reserved | holding.bought_today;
      total += holding.total();
    }
    ETS_ASSERT(signs >= 0 && total == totals_[i]);
  }
}

}  // namespace ets::matching
