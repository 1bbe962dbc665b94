#include <algorithm>

#include "registry/impl.h"

namespace ets::registry {

std::uint64_t Registry::Impl::HashOfFirm(const Firm& firm) const {
  std::uint64_t sum = HashOf({firm.entity, kPartInfo}, firm.info) +
                      HashOf({firm.entity, kPartOfficial}, firm.official);
  for (const Year& year : firm.years) sum += HashOf({firm.entity, kPartYear}, year);
  for (const YearVersion& version : firm.versions) {
    sum += HashOf({firm.entity, kPartVersion}, version);
  }
  for (const EntitlementView& entry : firm.entitlements) {
    sum += HashOf({firm.entity, kPartEntitlement}, entry);
  }
  for (const ComplianceStatus& event : firm.events) {
    sum += HashOf({firm.entity, kPartEvent}, event);
  }
  return sum;
}

bool Registry::Impl::IsExcluded(const Firm& firm, std::uint16_t year) {
  return std::binary_search(firm.info.excluded.begin(), firm.info.excluded.end(), year);
}

std::uint16_t Registry::Impl::FirstYearOf(const Firm& firm) {
  if (firm.info.first_year != 0) return firm.info.first_year;
  for (const Year& year : firm.years) {
    if (year.verified) return year.year;
  }
  return 0;
}

ComplianceStatus Registry::Impl::LastStatus(const Firm& firm) const {
  return firm.events.empty() ? ComplianceStatus{} : firm.events.back();
}

ComplianceStatus Registry::Impl::StatusOf(const Firm& firm) const {
  return profile.compliance == ComplianceRule::kPerYear ? PerYearStatus(firm)
                                                        : CumulativeStatus(firm);
}

// Every verified year on its own; what one has too much does not help another.
ComplianceStatus Registry::Impl::PerYearStatus(const Firm& firm) const {
  ComplianceStatus status;
  bool all_excluded = true;
  for (const Year& year : firm.years) {
    if (!year.verified) continue;
    status.year = year.year;
    if (IsExcluded(firm, year.year)) continue;
    all_excluded = false;
    status.figure += std::min<std::int64_t>(year.surrendered - year.emissions, 0);
    status.corrected |= year.source != EmissionsSource::kVerified;
  }
  if (status.year == 0) return {};
  status.symbol = all_excluded ? Symbol::kExcluded : status.figure < 0 ? Symbol::kB : Symbol::kA;
  return status;
}

// EU Art. 33 and the UK registry's calculator: everything surrendered against everything verified
// up to the year before; in an operator's last year with that year's emissions once they are known.
ComplianceStatus Registry::Impl::CumulativeStatus(const Firm& firm) const {
  ComplianceStatus status;
  const int first = FirstYearOf(firm);
  if (first == 0) return {};
  const int last_year = firm.info.last_year == 0 ? kVintageMax : firm.info.last_year;
  int last = std::min(current_year - 1, last_year);
  const Year* const final_year = FindYear(firm, firm.info.last_year);
  if (last_year == current_year && final_year != nullptr && final_year->verified) last = last_year;
  bool missing = false;
  bool all_excluded = true;
  for (int y = first; y <= last; ++y) {
    const auto number = static_cast<std::uint16_t>(y);
    if (IsExcluded(firm, number)) continue;
    all_excluded = false;
    const Year* const year = FindYear(firm, number);
    missing |= year == nullptr || !year->verified;
    if (year == nullptr || !year->verified) continue;
    status.figure -= year->emissions;
    status.corrected |= year->source != EmissionsSource::kVerified;
  }
  for (const Year& year : firm.years) status.figure += year.surrendered;
  if (last >= first) status.year = static_cast<std::uint16_t>(last);
  status.symbol = last < first        ? Symbol::kNotApplicable
                  : all_excluded      ? Symbol::kExcluded
                  : missing           ? Symbol::kC
                  : status.figure < 0 ? Symbol::kB
                                      : Symbol::kA;
  return status;
}

void Registry::Impl::UpdateStatus(Firm& firm) {
  UpdateEmissionsBlock(firm);
  ComplianceStatus status = StatusOf(firm);
  status.as_of = LastStatus(firm).as_of;
  if (status == LastStatus(firm)) return;
  status.as_of = at;
  firm.events.push_back(status);
  firms_hash += HashOf({firm.entity, kPartEvent}, status);
}

// Blocked from the day the emissions were due until they are recorded (EU Art. 32).
void Registry::Impl::UpdateEmissionsBlock(const Firm& firm) {
  if (due_year == 0) return;
  const std::uint16_t first = FirstYearOf(firm);
  const std::uint16_t last = firm.info.last_year;
  const Year* const year = FindYear(firm, due_year);
  const bool is_missing = profile.emissions_due.month != 0 && first != 0 && first <= due_year &&
                          (last == 0 || due_year <= last) && !IsExcluded(firm, due_year) &&
                          (year == nullptr || !year->verified);
  for (const AccountId id : firm.accounts) {
    if (!RowAt(id).has_obligations || At(id).emissions_missing == is_missing) continue;
    accounts.Change(id.raw(), [&](Account& account) { account.emissions_missing = is_missing; });
  }
}

}  // namespace ets::registry
