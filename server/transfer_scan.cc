#include "server/transfer_scan.h"

#include <span>

namespace ets::server {

namespace {

constexpr SimTime kMicrosPerHour = 3'600'000'000;
constexpr std::uint64_t kSeenPerLook = 16'384;    // Transfers between two looks at the clock.
constexpr std::size_t kRecordsPerLookUp = 1'024;  // Of accounts.
// Reading begins with checking a whole batch. Records no further apart than this are read in one
// go, past those in between.
constexpr std::uint64_t kReadOnRecords = 4'096;

// One walk through a journal.
class Scan {
 public:
  Scan(LiveRegistry& live, const TransferView& view, wire::TransferPath begin,
       const Patience& patience, const std::function<bool(const MadeTransfer&)>& take)
      : live_(live), view_(view), begin_(begin), patience_(patience), take_(take) {}

  ScanEnd All(std::uint64_t last) {
    const std::uint64_t first = std::max<std::uint64_t>(begin_.sequence, 1);
    if (first <= last) Read(first, last);
    return end_;
  }

  ScanEnd OfAccounts(const std::vector<AccountId>& accounts, std::uint64_t last) {
    std::uint64_t first = std::max<std::uint64_t>(begin_.sequence, 1);
    while (first <= last && !is_over_) {
      const auto records = live_.RecordsOf(accounts, first, last, kRecordsPerLookUp, patience_);
      if (!records.ok()) {
        end_.failure = records.error();
        break;
      }
      for (std::size_t from = 0; from < records->size() && !is_over_;) {
        std::size_t to = from + 1;
        while (to < records->size() && (*records)[to] - (*records)[to - 1] <= kReadOnRecords) ++to;
        Read(std::span(*records).subspan(from, to - from));
        from = to;
      }
      if (records->size() < kRecordsPerLookUp) break;
      first = records->back() + 1;
    }
    return end_;
  }

 private:
  void Read(std::uint64_t first, std::uint64_t last) {
    end_.failure =
        live_.Records(first, last, [this](const JournalRecord& record) { return Take(record); });
    is_over_ = is_over_ || end_.failure.has_value();
  }

  // Those records and no others.
  void Read(std::span<const std::uint64_t> wanted) {
    const auto take = [&](const JournalRecord& record) {
      if (record.sequence != wanted.front()) return true;
      wanted = wanted.subspan(1);
      return Take(record) && !wanted.empty();
    };
    end_.failure = live_.Records(wanted.front(), wanted.back(), take);
    is_over_ = is_over_ || end_.failure.has_value();
  }

  // False: it is over.
  bool Take(const JournalRecord& record) {
    if (seen_ >= kSeenPerLook) {
      seen_ = 0;
      if (patience_.ended()) {
        end_.go_on_at = PositionOf({record.sequence, 0});
        is_over_ = true;
        return false;
      }
    }
    moved_.clear();
    ++seen_;
    if (record.sequence == 1 || !registry::Registry::DecodeTransfers(record, moved_)) return true;
    seen_ += moved_.size();
    const SimTime time = record.envelope.sim_time;
    for (std::uint32_t index = record.sequence == begin_.sequence ? begin_.index : 0;
         index < moved_.size(); ++index) {
      if (!view_.Takes(moved_[index], time)) continue;
      const Unit unit = live_.UnitOf(moved_[index].ledger).value_or(Unit());
      if (take_({moved_[index], unit, {record.sequence, index}, time})) continue;
      is_over_ = true;
      return false;
    }
    return true;
  }

  LiveRegistry& live_;
  const TransferView& view_;
  const wire::TransferPath begin_;
  const Patience& patience_;
  const std::function<bool(const MadeTransfer&)>& take_;
  ScanEnd end_;
  std::vector<registry::Transfer> moved_;
  std::uint64_t seen_ = 0;
  bool is_over_ = false;
};

}  // namespace

TransferView::TransferView(const registry::Registry& state, const Caller& caller,
                           const TransferFilter& filter)
    : filter_(filter),
      published_until_(state.now() - state.profile().tape_delay_hours * kMicrosPerHour) {
  const std::uint32_t count = state.account_count();
  if (filter.account) accounts_ = {*filter.account};
  if (filter.entity) {
    of_entity_.resize(std::max(count, 1U));
    for (std::uint32_t id = 0; id < count; ++id) {
      const registry::AccountView account = state.account(AccountId(id));
      of_entity_[id] = registry::RowOf(account.kind).has_entity && account.entity == *filter.entity;
    }
    if (!accounts_) {
      accounts_.emplace();
      for (std::uint32_t id = 0; id < count; ++id) {
        if (of_entity_[id]) accounts_->push_back(AccountId(id));
      }
    }
  }
  if (MayReadAll(caller)) return;
  readable_.resize(std::max(count, 1U));
  for (std::uint32_t id = 0; id < count; ++id) {
    readable_[id] = MayRead(state, caller, AccountId(id));
  }
}

bool TransferView::Takes(const registry::Transfer& transfer, SimTime made_at) const {
  if (filter_.account && transfer.debit != *filter_.account &&
      transfer.credit != *filter_.account) {
    return false;
  }
  if (filter_.ledger && transfer.ledger != *filter_.ledger) return false;
  if (filter_.code && transfer.code != *filter_.code) return false;
  if (!IsMarked(of_entity_, transfer.debit) && !IsMarked(of_entity_, transfer.credit)) return false;
  return made_at <= published_until_ || IsMarked(readable_, transfer.debit) ||
         IsMarked(readable_, transfer.credit);
}

ScanEnd ScanTransfers(LiveRegistry& live, const TransferView& view, wire::TransferPath begin,
                      std::uint64_t last, const Patience& patience,
                      const std::function<bool(const MadeTransfer&)>& take) {
  Scan scan(live, view, begin, patience, take);
  return view.accounts() == nullptr ? scan.All(last) : scan.OfAccounts(*view.accounts(), last);
}

}  // namespace ets::server
