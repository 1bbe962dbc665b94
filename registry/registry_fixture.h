#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/journal.h"
#include "registry/registry.h"

namespace ets::registry {

// A journal that tests can read back. It owns what it keeps.
class KeptJournal final : public Journal {
 public:
  void Append(const JournalRecord& record) override {
    payloads_.emplace_back(record.payload);
    records_.push_back(record);
    records_.back().payload = payloads_.back();
  }
  const std::vector<JournalRecord>& records() const { return records_; }

 private:
  std::deque<std::string> payloads_;
  std::vector<JournalRecord> records_;
};

// A law with two periods: vintages from 2025 on are for emission years from 2025 on, older ones for
// older years; no borrowing; arrears may be paid with any vintage since 2025; offsets cover 5% of a
// year. No delays, no second person, no limits.
inline Profile TwoPeriods() {
  Profile profile;
  profile.eligibility = {{0, 2024, 0, 2024, 0}, {2025, 9'999, 2025, 9'999, 0}};
  profile.arrears_vintage_from = 2025;
  profile.offsets = {{0, 500}};
  return profile;
}

// What a scheme opens on its first day, and two firms: names for the ids a registry gives.
struct Opened {
  AccountId issuance, bank, allocation, reserve, stability, stock, treasury;
  AccountId surrender, cancellation, converted, expired;
  AccountId holder, escrow;              // Of entity 0.
  AccountId other_holder, other_escrow;  // Of entity 1.
  LedgerId cea24, cea25, cea26, ccer, cny;
};

inline AccountId Open(Registry& registry, AccountKind kind, std::uint32_t entity = 0) {
  return AccountId(registry.Apply({}, OpenAccount{kind, entity}).value().id);
}
inline LedgerId Open(Registry& registry, Unit unit, std::int64_t cap = 0) {
  return LedgerId(static_cast<std::uint16_t>(registry.Apply({}, OpenLedger{unit, cap}).value().id));
}

inline Opened OpenScheme(Registry& registry) {
  Opened opened;
  opened.issuance = Open(registry, AccountKind::kIssuance);
  opened.bank = Open(registry, AccountKind::kBank);
  opened.allocation = Open(registry, AccountKind::kAllocation);
  opened.reserve = Open(registry, AccountKind::kReserve);
  opened.stability = Open(registry, AccountKind::kStability);
  opened.stock = Open(registry, AccountKind::kAuctionStock);
  opened.treasury = Open(registry, AccountKind::kTreasury);
  opened.surrender = Open(registry, AccountKind::kSurrender);
  opened.cancellation = Open(registry, AccountKind::kCancellation);
  opened.converted = Open(registry, AccountKind::kConverted);
  opened.expired = Open(registry, AccountKind::kExpired);
  opened.holder = Open(registry, AccountKind::kHolder, 0);
  opened.escrow = Open(registry, AccountKind::kEscrow, 0);
  opened.other_holder = Open(registry, AccountKind::kHolder, 1);
  opened.other_escrow = Open(registry, AccountKind::kEscrow, 1);
  opened.cea24 = Open(registry, Unit::Allowance(2024));
  opened.cea25 = Open(registry, Unit::Allowance(2025));
  opened.cea26 = Open(registry, Unit::Allowance(2026));
  opened.ccer = Open(registry, Unit::Offset());
  opened.cny = Open(registry, Unit::Cash(Currency::kCny));
  return opened;
}

}  // namespace ets::registry
