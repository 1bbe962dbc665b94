#include "server/transfer_scan.h"

namespace ets::server {

namespace {

constexpr SimTime kMicrosPerHour = 3'600'000'000;

}  // namespace

TransferView::TransferView(const registry::Registry& state, const Caller& caller,
                           const TransferFilter& filter)
    : filter_(filter),
      published_until_(state.now() - state.profile().tape_delay_hours * kMicrosPerHour) {
  const std::uint32_t count = state.account_count();
  if (filter.entity) {
    of_entity_.resize(std::max(count, 1U));
    for (std::uint32_t id = 0; id < count; ++id) {
      const registry::AccountView account = state.account(AccountId(id));
      of_entity_[id] = registry::RowOf(account.kind).has_entity && account.entity == *filter.entity;
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
                      std::uint64_t last, std::uint64_t seen_max, const Patience& patience,
                      const std::function<bool(const MadeTransfer&)>& take) {
  ScanEnd end;
  if (begin.sequence > last) return end;
  std::vector<registry::Transfer> moved;
  std::uint64_t seen = 0;
  const auto on_record = [&](const JournalRecord& record) {
    const bool is_enough = seen >= seen_max || (record.sequence % 1'024 == 0 && patience.ended());
    if (is_enough) {
      end.go_on_at = PositionOf({record.sequence, 0});
      return false;
    }
    moved.clear();
    ++seen;
    if (record.sequence == 1 || !registry::Registry::DecodeTransfers(record, moved)) return true;
    seen += moved.size();
    const SimTime time = record.envelope.sim_time;
    for (std::uint32_t index = record.sequence == begin.sequence ? begin.index : 0;
         index < moved.size(); ++index) {
      if (!view.Takes(moved[index], time)) continue;
      const Unit unit = live.UnitOf(moved[index].ledger).value_or(Unit());
      if (!take({moved[index], unit, {record.sequence, index}, time})) return false;
    }
    return true;
  };
  end.failure = live.Records(std::max<std::uint64_t>(begin.sequence, 1), last, on_record);
  return end;
}

}  // namespace ets::server
