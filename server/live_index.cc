#include <algorithm>

#include "server/live_registry_impl.h"

namespace ets::server {

using Kind = LiveFailure::Kind;

namespace {

constexpr std::uint64_t kMovedPerLook = 65'536;

}  // namespace

void AccountRecords::Note(AccountId account, std::uint64_t sequence) {
  if (account.raw() >= records_.size()) records_.resize(account.raw() + std::size_t{1});
  std::vector<std::uint64_t>& records = records_[account.raw()];
  if (records.empty() || records.back() < sequence) records.push_back(sequence);
}

std::vector<std::uint64_t> AccountRecords::Of(const std::vector<AccountId>& accounts,
                                              std::uint64_t first, std::uint64_t last,
                                              std::size_t records_max) const {
  std::vector<std::uint64_t> found;
  for (const AccountId account : accounts) {
    if (account.raw() >= records_.size()) continue;
    const std::vector<std::uint64_t>& records = records_[account.raw()];
    auto at = std::lower_bound(records.begin(), records.end(), first);
    for (std::size_t i = 0; i < records_max && at != records.end() && *at <= last; ++i, ++at) {
      found.push_back(*at);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.size() > records_max) found.resize(records_max);
  return found;
}

std::optional<LiveFailure> LiveRegistry::Impl::IndexUpTo(std::uint64_t last,
                                                         const Patience& patience) {
  if (indexed >= last) return std::nullopt;
  std::optional<LiveFailure> ended;
  std::vector<registry::Transfer> moved;
  std::uint64_t seen = 0;
  const auto failure = Records(indexed + 1, last, [&](const JournalRecord& record) {
    moved.clear();
    // Record 1 is the profile.
    if (record.sequence > 1 && !registry::Registry::DecodeTransfers(record, moved)) {
      ended = LiveFailure{Kind::kDataLoss, "a record cannot be decoded"};
      return false;
    }
    for (const registry::Transfer& transfer : moved) {
      by_account.Note(transfer.debit, record.sequence);
      by_account.Note(transfer.credit, record.sequence);
    }
    indexed = record.sequence;
    seen += moved.size() + 1;
    if (seen < kMovedPerLook) return true;
    seen = 0;
    if (!patience.ended()) return true;
    ended = LiveFailure{Kind::kExpired, "the deadline passed before the answer was there"};
    return false;
  });
  return failure ? failure : ended;
}

Live<std::vector<std::uint64_t>> LiveRegistry::RecordsOf(const std::vector<AccountId>& accounts,
                                                         std::uint64_t first, std::uint64_t last,
                                                         std::size_t records_max,
                                                         const Patience& patience) {
  Impl& it = *impl_;
  const std::unique_lock lock(it.index_mutex, patience.deadline);
  if (!lock.owns_lock()) {
    return Fail{LiveFailure{Kind::kExpired, "the deadline passed before the answer was there"}};
  }
  if (const auto failure = it.IndexUpTo(last, patience)) return Fail{*failure};
  return it.by_account.Of(accounts, first, last, records_max);
}

}  // namespace ets::server
