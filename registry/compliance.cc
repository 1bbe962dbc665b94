#include <algorithm>

#include "registry/impl.h"

namespace ets::registry {
namespace {

constexpr std::size_t kEmissionsMax = 100'000;  // In one RunCompliance.

// factor x amount, or kAmountMax where that is more.
std::int64_t Times(std::int64_t amount, std::int64_t factor) {
  return factor > 0 && amount > kAmountMax / factor ? kAmountMax : amount * factor;
}

}  // namespace

// ---- Firms and their years ----

const Firm* Registry::Impl::FindFirm(std::uint32_t entity) const {
  const auto found = firm_of_entity.find(entity);
  return found == firm_of_entity.end() ? nullptr : &firms[found->second];
}

Firm* Registry::Impl::FindFirm(std::uint32_t entity) {
  return const_cast<Firm*>(std::as_const(*this).FindFirm(entity));
}

std::vector<std::uint32_t> Registry::Impl::FirmsInOrder() const {
  std::vector<std::uint32_t> order(firms.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return firms[a].entity < firms[b].entity; });
  return order;
}

const Year* Registry::Impl::FindYear(const Firm& firm, std::uint16_t year) {
  for (const Year& found : firm.years) {
    if (found.year == year) return &found;
  }
  return nullptr;
}

MaybeRefusal Registry::Impl::CheckEntity(std::uint32_t entity) const {
  if (FindFirm(entity) == nullptr) return Refuse(Refusal::kEntityNotFound, {.asked = entity});
  return {};
}

// ---- Emissions ----

// The journal keeps the deposit; nothing is computed from it here.
MaybeRefusal Registry::Impl::Check(const DepositMonthlyData& command) const {
  if (const auto refusal = CheckEntity(command.entity)) return refusal;
  if (const auto refusal = CheckAmountOrZero(command.emissions.count())) return refusal;
  if (command.month < 1 || command.month > 12) {
    return Refuse(Refusal::kValueInvalid, {.asked = command.month});
  }
  return CheckYear(command.year);
}

Receipt Registry::Impl::Do(const DepositMonthlyData&) { return {}; }

MaybeRefusal Registry::Impl::Check(const ReportEmissions& command) const {
  return Check(VerifyEmissions{command.entity, command.year, command.emissions});
}

Receipt Registry::Impl::Do(const ReportEmissions& command) {
  ChangeYear(*FindFirm(command.entity), command.year,
             [&](Year& year) { year.reported = command.emissions.count(); });
  return {};
}

MaybeRefusal Registry::Impl::Check(const VerifyEmissions& command) const {
  if (const auto refusal = CheckEntity(command.entity)) return refusal;
  if (const auto refusal = CheckAmountOrZero(command.emissions.count())) return refusal;
  if (const auto refusal = CheckYear(command.year)) return refusal;
  const Year* const year = FindYear(*FindFirm(command.entity), command.year);
  if (year != nullptr && year->verified) {
    return Refuse(Refusal::kEmissionsAlreadyVerified,
                  {.asked = command.emissions.count(), .limit = year->emissions});
  }
  return {};
}

Receipt Registry::Impl::Do(const VerifyEmissions& command) {
  Firm& firm = *FindFirm(command.entity);
  EmissionsVersion version;
  version.emissions = command.emissions;
  version.source = EmissionsSource::kVerified;
  RecordEmissions(firm, command.year, version);
  UpdateStatus(firm);
  return {};
}

MaybeRefusal Registry::Impl::Check(const CorrectEmissions& command) const {
  if (const auto refusal = CheckEntity(command.entity)) return refusal;
  if (const auto refusal = CheckAmountOrZero(command.emissions.count())) return refusal;
  if (command.source < EmissionsSource::kVerified || command.source > EmissionsSource::kCorrected) {
    return Refuse(Refusal::kValueInvalid);
  }
  if (const auto refusal = CheckYear(command.year)) return refusal;
  const Year* const year = FindYear(*FindFirm(command.entity), command.year);
  const bool is_first = year == nullptr || !year->verified;
  if (is_first && (command.withdrawn || command.source != EmissionsSource::kEstimated)) {
    return Refuse(Refusal::kEmissionsNotVerified);
  }
  return {};
}

Receipt Registry::Impl::Do(const CorrectEmissions& command) {
  Firm& firm = *FindFirm(command.entity);
  EmissionsVersion version;
  version.emissions = command.emissions;
  version.source = command.source;
  version.withdrawn = command.withdrawn;
  RecordEmissions(firm, command.year, version);
  UpdateStatus(firm);
  return {};
}

void Registry::Impl::RecordEmissions(Firm& firm, std::uint16_t year, EmissionsVersion version) {
  version.recorded_at = at;
  version.version = 1;
  for (const YearVersion& earlier : firm.versions) {
    if (earlier.year == year) ++version.version;
  }
  firm.versions.push_back({year, version});
  firms_hash += HashOf({firm.entity, kPartVersion}, firm.versions.back());
  ChangeYear(firm, year, [&](Year& changed) {
    changed.verified = !version.withdrawn;
    changed.emissions = version.withdrawn ? 0 : version.emissions.count();
    changed.source = version.source;
  });
}

// ---- Surrender ----

bool Registry::Impl::InArrears(const Year& year) const {
  return profile.shortfall == Shortfall::kUnits && year.symbol == ComplianceSymbol::kShort;
}

std::int64_t Registry::Impl::Owed(const Firm& firm, const Year& year) const {
  if (InArrears(year)) return year.owed_in_units;
  std::int64_t owed = IsExcluded(firm, year.year) ? 0 : year.emissions - year.surrendered;
  if (profile.compliance == ComplianceRule::kCumulative) {
    owed = 0;
    for (const Year& each : firm.years) {
      if (each.year <= year.year && !IsExcluded(firm, each.year)) owed += each.emissions;
      owed -= each.surrendered;
    }
  }
  return std::max<std::int64_t>(owed, 0);
}

// How many more offsets the year takes.
std::int64_t Registry::Impl::OffsetRoom(const Year& year) const {
  constexpr std::int64_t kAll = 10'000;
  if (InArrears(year)) {
    const std::int64_t total = Times(year.shortfall, profile.units_multiple);
    const std::int64_t share = kAll - profile.allowance_share_bp;
    return std::max<std::int64_t>(MulDivFloor(total, share, kAll) - year.offsets_in_arrears, 0);
  }
  const std::int64_t share = OffsetLimitBp(profile, year.year);
  return std::max<std::int64_t>(MulDivFloor(year.emissions, share, kAll) - year.offsets, 0);
}

bool Registry::Impl::IsEligible(LedgerId ledger, const Year& year) const {
  return !IsCash(ledger) &&
         MaySurrender(profile, UnitOf(ledger), year.year, year.symbol == ComplianceSymbol::kShort);
}

MaybeRefusal Registry::Impl::Check(const Surrender& command) const {
  if (const auto refusal = CheckAccounts({command.holder})) return refusal;
  if (!First(AccountKind::kSurrender)) return Refuse(Refusal::kAccountNotFound);
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  const About about{.account = command.holder, .ledger = command.ledger, .asked = command.amount};
  if (const auto refusal = CheckAmount(about)) return refusal;
  if (const auto refusal = CheckYear(command.year)) return refusal;
  const Account& holder = At(command.holder);
  if (const auto refusal = CheckKind(command.holder, HasObligations)) return refusal;
  if (const auto refusal = CheckStanding({{command.holder, kMaySurrender}})) return refusal;
  if (const auto refusal = CheckHoldable(command.holder, command.ledger)) return refusal;
  const Firm& firm = *FindFirm(holder.entity);
  const Year* const found = FindYear(firm, command.year);
  const Year year = found == nullptr ? Year{command.year} : *found;
  if (!IsEligible(command.ledger, year)) return Refuse(Refusal::kUnitNotEligible, about);
  if (const auto refusal = CheckAvailable(command.holder, command.ledger, command.amount)) {
    return refusal;
  }
  const bool per_year = profile.compliance == ComplianceRule::kPerYear;
  const bool is_offset = UnitOf(command.ledger).type == UnitType::kOffset;
  if (is_offset && (year.verified || !per_year) && command.amount > OffsetRoom(year)) {
    return Refuse(Refusal::kOffsetLimitExceeded, {.account = command.holder,
                                                  .ledger = command.ledger,
                                                  .asked = command.amount,
                                                  .limit = OffsetRoom(year)});
  }
  return per_year ? CheckOwed(firm, year, about) : MaybeRefusal();
}

MaybeRefusal Registry::Impl::CheckOwed(const Firm& firm, const Year& year,
                                       const About& about) const {
  if (!year.verified) return Refuse(Refusal::kEmissionsNotVerified, about);
  const std::int64_t owed = Owed(firm, year);
  if (about.asked <= owed) return {};
  return Refuse(
      Refusal::kMoreThanOwed,
      {.account = about.account, .ledger = about.ledger, .asked = about.asked, .limit = owed});
}

Receipt Registry::Impl::Do(const Surrender& command) {
  Firm& firm = *FindFirm(At(command.holder).entity);
  SurrenderUnits(firm, command.holder, command.ledger, command.year, command.amount);
  UpdateStatus(firm);
  return {};
}

void Registry::Impl::SurrenderUnits(Firm& firm, AccountId holder, LedgerId ledger,
                                    std::uint16_t year, std::int64_t amount) {
  Move({holder, *First(AccountKind::kSurrender), ledger, amount, TransferCode::kSurrender, year});
  bool in_arrears = false;
  ChangeYear(firm, year, [&](Year& changed) {
    in_arrears = InArrears(changed);
    const std::int64_t offsets = UnitOf(ledger).type == UnitType::kOffset ? amount : 0;
    changed.surrendered += amount;
    changed.offsets += offsets;
    if (!in_arrears) return;
    changed.owed_in_units -= amount;
    changed.offsets_in_arrears += offsets;
  });
  surrendered += amount;
  KeepReversible(in_arrears);
}

MaybeRefusal Registry::Impl::Check(const SurrenderInOrder& command) const {
  if (const auto refusal = CheckAccounts({command.holder})) return refusal;
  if (!First(AccountKind::kSurrender)) return Refuse(Refusal::kAccountNotFound);
  const About about{.account = command.holder, .asked = command.amount};
  if (const auto refusal = CheckAmount(about)) return refusal;
  if (const auto refusal = CheckYear(command.year)) return refusal;
  const Account& holder = At(command.holder);
  if (const auto refusal = CheckKind(command.holder, HasObligations)) return refusal;
  if (const auto refusal = CheckStanding({{command.holder, kMaySurrender}})) return refusal;
  if (profile.compliance != ComplianceRule::kPerYear) return {};
  const Firm& firm = *FindFirm(holder.entity);
  const Year* const year = FindYear(firm, command.year);
  return CheckOwed(firm, year == nullptr ? Year{command.year} : *year, about);
}

Receipt Registry::Impl::Do(const SurrenderInOrder& command) {
  Firm& firm = *FindFirm(At(command.holder).entity);
  Receipt receipt;
  receipt.amount = SurrenderOrdered(firm, command.holder, command.year, command.amount);
  UpdateStatus(firm);
  return receipt;
}

std::int64_t Registry::Impl::SurrenderOrdered(Firm& firm, AccountId holder, std::uint16_t year,
                                              std::int64_t amount) {
  std::int64_t left = amount;
  for (const LedgerId ledger : retirement_order) {
    if (left == 0) break;
    const Year* const found = FindYear(firm, year);
    const Year now_owing = found == nullptr ? Year{year} : *found;
    if (!IsEligible(ledger, now_owing)) continue;
    std::int64_t taken = std::min(left, Available(holder, ledger));
    if (UnitOf(ledger).type == UnitType::kOffset) taken = std::min(taken, OffsetRoom(now_owing));
    if (taken <= 0) continue;
    SurrenderUnits(firm, holder, ledger, year, taken);
    left -= taken;
  }
  return amount - left;
}

bool Registry::Impl::WouldBeShort(const Firm& firm, const Transfer& surrender) const {
  if (profile.compliance == ComplianceRule::kCumulative) {
    return LastStatus(firm).figure < surrender.amount;
  }
  const Year& year = *FindYear(firm, surrender.year);
  return year.verified && year.emissions > year.surrendered - surrender.amount;
}

void Registry::Impl::ReverseSurrender(const Reversible& kept) {
  const Transfer& done = kept.transfer;
  Firm& firm = *FindFirm(At(done.debit).entity);
  ChangeYear(firm, done.year, [&](Year& year) {
    const std::int64_t offsets = UnitOf(done.ledger).type == UnitType::kOffset ? done.amount : 0;
    year.surrendered -= done.amount;
    year.offsets -= offsets;
    if (!InArrears(year)) return;
    year.owed_in_units += done.amount;
    if (kept.in_arrears) year.offsets_in_arrears -= offsets;
  });
  surrendered -= done.amount;
  UpdateStatus(firm);
}

// ---- Assessment ----

MaybeRefusal Registry::Impl::Check(const AssessCompliance& command) const {
  if (const auto refusal = CheckEntity(command.entity)) return refusal;
  if (const auto refusal = CheckYear(command.year)) return refusal;
  const Year* const year = FindYear(*FindFirm(command.entity), command.year);
  if (year == nullptr || !year->verified) return Refuse(Refusal::kEmissionsNotVerified);
  if (year->symbol != ComplianceSymbol::kOpen) return Refuse(Refusal::kYearAlreadyAssessed);
  return {};
}

Receipt Registry::Impl::Do(const AssessCompliance& command) {
  Firm& firm = *FindFirm(command.entity);
  Receipt receipt;
  receipt.amount = Assess(firm, command.year);
  UpdateStatus(firm);
  return receipt;
}

std::int64_t Registry::Impl::Assess(Firm& firm, std::uint16_t year) {
  const std::int64_t owed = Owed(firm, *FindYear(firm, year));
  ChangeYear(firm, year, [&](Year& assessed) {
    assessed.symbol = owed == 0 ? ComplianceSymbol::kCompliant : ComplianceSymbol::kShort;
    assessed.shortfall = owed;
    if (profile.shortfall == Shortfall::kFixedFine) {
      assessed.fine = Times(owed, profile.fine_minor);
    }
    if (profile.shortfall == Shortfall::kUnits) {
      assessed.owed_in_units = Times(owed, profile.units_multiple);
    }
  });
  return owed;
}

// ---- A whole scheme ----

MaybeRefusal Registry::Impl::Check(const RunCompliance& command) const {
  if (!First(AccountKind::kSurrender)) return Refuse(Refusal::kAccountNotFound);
  for (const EmissionsEntry& entry : command.emissions) {
    if (const auto refusal = CheckEntity(entry.entity)) return refusal;
  }
  MaybeRefusal first;  // By its place in the enum, wherever it stands in the list.
  for (const EmissionsEntry& entry : command.emissions) {
    const auto refusal = CheckAmountOrZero(entry.emissions.count());
    if (refusal && (!first || *refusal < *first)) first = refusal;
  }
  if (first) return first;
  const auto unordered = std::adjacent_find(
      command.emissions.begin(), command.emissions.end(),
      [](const EmissionsEntry& a, const EmissionsEntry& b) { return a.entity >= b.entity; });
  if (command.emissions.size() > kEmissionsMax || unordered != command.emissions.end()) {
    return Refuse(Refusal::kValueInvalid);
  }
  if (const auto refusal = CheckYear(command.year)) return refusal;
  for (const EmissionsEntry& entry : command.emissions) {
    const Year* const year = FindYear(*FindFirm(entry.entity), command.year);
    if (year != nullptr && year->verified) {
      return Refuse(Refusal::kEmissionsAlreadyVerified, {.asked = entry.entity});
    }
  }
  return {};
}

Receipt Registry::Impl::Do(const RunCompliance& command) {
  for (const EmissionsEntry& entry : command.emissions) {
    EmissionsVersion version;
    version.emissions = entry.emissions;
    version.source = EmissionsSource::kVerified;
    RecordEmissions(*FindFirm(entry.entity), command.year, version);
    if (!command.surrender && !command.assess) UpdateStatus(*FindFirm(entry.entity));
  }
  Receipt receipt;
  if (!command.surrender && !command.assess) return receipt;
  for (const std::uint32_t index : FirmsInOrder()) {
    Firm& firm = firms[index];
    const Year* const year = FindYear(firm, command.year);
    if (year == nullptr || !year->verified) continue;
    if (IsExcluded(firm, command.year)) {
      UpdateStatus(firm);  // Its emissions may be among those just recorded.
      continue;
    }
    ++receipt.id;
    if (command.surrender) SurrenderOwed(firm, command.year);
    const Year& now_owing = *FindYear(firm, command.year);
    if (command.assess && now_owing.symbol == ComplianceSymbol::kOpen) {
      receipt.amount += Assess(firm, command.year);
    } else {
      receipt.amount += Owed(firm, now_owing);
    }
    UpdateStatus(firm);
  }
  return receipt;
}

// Out of every account of the firm that may, in the order of their numbers.
void Registry::Impl::SurrenderOwed(Firm& firm, std::uint16_t year) {
  for (const AccountId account : std::vector(firm.accounts)) {
    const Account& holder = At(account);
    if (!RowOf(holder.kind).has_obligations || holder.closed ||
        (holder.capabilities & kMaySurrender) == 0) {
      continue;
    }
    const std::int64_t owed = Owed(firm, *FindYear(firm, year));
    if (owed == 0) return;
    SurrenderOrdered(firm, account, year, owed);
  }
}

}  // namespace ets::registry
