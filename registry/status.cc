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
                                                        : CumulativeStatus(firm, false);
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

// EU Art. 33 and the UK registry's DynamicComplianceCalculator: everything surrendered against
// everything verified up to the year before. In an operator's last year the running year counts too
// (LastYearDynamicComplianceCalculator), but not for the official status.
ComplianceStatus Registry::Impl::CumulativeStatus(const Firm& firm, bool official) const {
  ComplianceStatus status;
  const int first = FirstYearOf(firm);
  const int last_year = firm.info.last_year;
  if (first == 0) return {};
  const bool is_last_year = last_year == current_year;
  int last = is_last_year && !official ? current_year : current_year - 1;
  if (last_year != 0) last = std::min(last, last_year);
  bool missing = false;
  bool all_excluded = !firm.info.excluded.empty();
  for (int y = first; y <= last; ++y) {
    const auto number = static_cast<std::uint16_t>(y);
    if (IsExcluded(firm, number)) continue;
    all_excluded = false;
    const Year* const year = FindYear(firm, number);
    const bool is_known = year != nullptr && year->verified;
    missing |= !is_known;
    if (!is_known) continue;
    status.figure -= year->emissions;
    status.corrected |= year->source != EmissionsSource::kVerified;
  }
  for (const Year& year : firm.years) status.figure += year.surrendered;
  if (last >= first) status.year = static_cast<std::uint16_t>(last);
  const bool too_early = current_year < first || (current_year == first && !is_last_year);
  status.symbol = too_early           ? Symbol::kNotApplicable
                  : all_excluded      ? Symbol::kExcluded
                  : missing           ? Symbol::kC
                  : status.figure < 0 ? Symbol::kB
                                      : Symbol::kA;
  return status;
}

// What counts on the day on which a year's status is fixed.
ComplianceStatus Registry::Impl::OfficialStatus(const Firm& firm) const {
  if (profile.compliance == ComplianceRule::kPerYear) return LastStatus(firm);
  ComplianceStatus status = CumulativeStatus(firm, true);
  status.as_of = LastStatus(firm).as_of;
  if (status != LastStatus(firm)) status.as_of = at;
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

// Of a year that fell due in this registry; a later year's figure does not stand for an earlier's.
bool Registry::Impl::LacksEmissions(const Firm& firm) const {
  const int first = FirstYearOf(firm);
  if (profile.emissions_due.month == 0 || first == 0) return false;
  const int last = firm.info.last_year == 0 ? due_year : std::min(due_year, firm.info.last_year);
  for (int y = std::max<int>(first, due_from); y <= last; ++y) {
    const auto number = static_cast<std::uint16_t>(y);
    const Year* const year = FindYear(firm, number);
    if (!IsExcluded(firm, number) && (year == nullptr || !year->verified)) return true;
  }
  return false;
}

// Blocked from the day the emissions were due until all that are overdue are recorded (EU Art. 32).
void Registry::Impl::UpdateEmissionsBlock(const Firm& firm) {
  if (due_year == 0) return;
  const bool is_missing = LacksEmissions(firm);
  for (const AccountId id : firm.accounts) {
    if (!RowAt(id).has_obligations || At(id).emissions_missing == is_missing) continue;
    accounts.Change(id.raw(), [&](Account& account) { account.emissions_missing = is_missing; });
  }
}

}  // namespace ets::registry
