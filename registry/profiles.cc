#include <algorithm>
#include <initializer_list>

#include "registry/profile.h"

// The shipped profiles. Beside each value its source. EU: Regulation (EU) 2019/1122 unless said;
// UK: the Greenhouse Gas Emissions Trading Scheme Order 2020 and the published source of its
// registry; CA: 17 CCR; CN: the interim regulation (State Council Decree 775) and the allocation
// plans. "By custom": no source says it, the value is our choice.
namespace ets::registry {
namespace {

using KindMask = std::uint32_t;

constexpr std::uint16_t kAnyLead = 9'999;
constexpr std::uint16_t kNoVintage = 9'999;
constexpr std::int64_t kNotPublished = 876'000;  // A hundred years.

constexpr std::uint16_t Minute(int hour) { return static_cast<std::uint16_t>(hour * 60); }

KindMask Only(std::initializer_list<AccountKind> kinds) {
  KindMask mask = 0;
  for (const AccountKind kind : kinds) mask |= 1U << static_cast<unsigned>(kind);
  return mask;
}

KindMask AllBut(std::initializer_list<AccountKind> kinds) { return ~Only(kinds); }

// The authority's accounts and these.
KindMask CentralAnd(std::initializer_list<AccountKind> kinds) {
  KindMask others = 0;
  for (const KindRow& row : Kinds()) {
    if (row.has_entity) others |= 1U << static_cast<unsigned>(row.kind);
  }
  return ~others | Only(kinds);
}

UnitRule& RuleOf(Profile& profile, UnitType type) {
  return profile.units[static_cast<std::size_t>(type)];
}

// A unit that the scheme does not have.
void Leave(Profile& profile, std::initializer_list<UnitType> types) {
  for (const UnitType type : types) RuleOf(profile, type) = {false, false, 0};
}

// What all of them start from. Nothing of a unit is forbidden but this: CBAM certificates are sold
// to authorised declarants and bought back from them by the authority, and go nowhere else (Reg.
// (EU) 2023/956 Art. 20, 22, 23).
Profile Start(const char* name, Zone zone) {
  Profile profile;
  profile.name = name;
  profile.zone = zone;
  RuleOf(profile, UnitType::kCertificate) = {false, true, CentralAnd({AccountKind::kImporter})};
  return profile;
}

// ---- The European Union ----

void SetEuropeanTransfers(Profile& profile) {
  using Kind = ExecutionRule::Kind;
  profile.four_eyes = true;                // Art. 20(1), (2): two representatives.
  profile.trusted_waives_approval = true;  // Art. 20(4), if the account holder so decides.
  profile.trusted_list_only = true;        // Art. 55(2); (3): unless opted out.
  // Art. 35(2): between 10:00 and 16:00 of a working day. Boundary instants, which it leaves open,
  // are inside.
  profile.trusted.kind = Kind::kInWindow;
  profile.trusted.open_minute = Minute(10);
  profile.trusted.close_minute = Minute(16);
  // Art. 35(3): before 12:00 at 12:00 of the next working day, after it of the second.
  profile.untrusted.kind = Kind::kAtMinute;
  profile.untrusted.cutoff_minute = Minute(12);
  profile.untrusted.at_minute = Minute(12);
  profile.auction_delivery_waits = true;
  // Art. 23: 12:00 of the fourth working day, whenever it was added.
  profile.trusted_entry.kind = Kind::kAtMinute;
  profile.trusted_entry.cutoff_minute = 1'439;
  profile.trusted_entry.at_minute = Minute(12);
  profile.trusted_entry.days_before = 4;
  profile.trusted_entry.days_after = 4;
  profile.abort_before_minutes = 120;  // Art. 35(5).
  profile.proposal_hours = 24;         // Art. 74(1).
  profile.tape_delay_hours = 26'280;   // Annex XIII: transactions after three years.
}

// Annex I, Table I-I. Compliance and limited-use accounts are Californian.
void SetEuropeanUnits(Profile& profile) {
  using enum AccountKind;
  const KindMask general = AllBut({kRegulatedEntity, kCompliance, kLimitedUse, kImporter});
  RuleOf(profile, UnitType::kAllowance).holdable_by = general;
  RuleOf(profile, UnitType::kAviation).holdable_by = general;
  // Art. 36(5): no Chapter IVa units in installations', aircraft and maritime operators' accounts.
  RuleOf(profile, UnitType::kRegulated).holdable_by =
      CentralAnd({kRegulatedEntity, kTrading, kEscrow});
  RuleOf(profile, UnitType::kCountryCoded) = {true, false, general};  // Art. 56(5).
  Leave(profile, {UnitType::kOffset});  // Dir. 2003/87/EC Art. 11a: no credits since 2021.
  profile.cap_binds = true;             // Art. 41: the Total Quantity Account holds what is set.
  // Dir. 2003/87/EC Art. 13: valid without end, from the first year of the ten-year period whose
  // mark they bear (Art. 37(3)). No year of issue matters.
  profile.eligibility = {{2013, 2020, 2013, 2020, kAnyLead},
                         {2021, 2030, 2013, 2030, kAnyLead},
                         {2031, 2040, 2013, 2040, kAnyLead}};
  profile.arrears_vintage_from = kNoVintage;
  profile.retirement = RetirementOrder::kOldestThenOffsets;  // By custom.
  profile.lineage = Lineage::kFifo;  // By custom: serials are hidden (Annex XIII pt 6(a)).
}

Profile EuropeanUnion() {
  Profile profile = Start("eu", {60, true});  // Central European time.
  // Art. 3(11), 35(8): national holidays only where a Member State published them. None here.
  SetEuropeanTransfers(profile);
  SetEuropeanUnits(profile);
  profile.compliance = ComplianceRule::kCumulative;  // Art. 33.
  profile.emissions_due = {4, 1};                    // Art. 32(1). Fuel suppliers': 1 May.
  profile.status_frozen = {10, 1};                   // Art. 33(1). Fuel suppliers': 1 June.
  profile.allocation_needs_a = true;                 // Art. 48(2).
  profile.shortfall = Shortfall::kFixedFine;
  profile.fine_minor = 10'000;  // Dir. 2003/87/EC Art. 16(3): EUR 100, before indexation.
  // Art. 58(2), (3): requested within 10, proposed within 30 working days.
  profile.reverse_surrender_days = 30;
  profile.reverse_deletion_days = 30;
  profile.reverse_allocation_days = 30;
  profile.reversal_in_working_days = true;
  profile.reversal_keeps_compliance = true;
  return profile;
}

// ---- The United Kingdom ----

// The day itself, or the next that is neither at the weekend nor a bank holiday already.
Date Substitute(Date date, const std::vector<Date>& taken) {
  while (date.weekday() >= Weekday::kSaturday ||
         std::find(taken.begin(), taken.end(), date) != taken.end()) {
    date = date + 1;
  }
  return date;
}

// England and Wales: Banking and Financial Dealings Act 1971, Sch. 1, with the days that have been
// proclaimed each year since 1974 and 1978 (New Year's Day, first Monday of May), and once: for the
// jubilee of 2022, for which the last Monday of May was moved, a funeral and a coronation.
std::vector<Date> BankHolidays(int first_year, int last_year) {
  std::vector<Date> days;
  for (int year = first_year; year <= last_year; ++year) {
    days.push_back(Substitute(Date::Of(year, 1, 1), days));
    days.push_back(EasterSunday(year) - 2);
    days.push_back(EasterSunday(year) + 1);
    days.push_back(MondayOf(Date::Of(year, 5, 7)));
    days.push_back(year == 2022 ? Date::Of(2022, 6, 2) : MondayOf(Date::Of(year, 5, 31)));
    days.push_back(MondayOf(Date::Of(year, 8, 31)));
    days.push_back(Substitute(Date::Of(year, 12, 25), days));
    days.push_back(Substitute(Date::Of(year, 12, 26), days));
  }
  days.insert(days.end(), {Date::Of(2022, 6, 3), Date::Of(2022, 9, 19), Date::Of(2023, 5, 8)});
  std::sort(days.begin(), days.end());
  return days;
}

// The registry's source computes the delays (TransactionDelayService); how long they are is a
// setting of its operator. These are the values that its own tests start from.
void SetBritishTransfers(Profile& profile) {
  profile.holidays = BankHolidays(2021, 2035);
  profile.four_eyes = true;                // Two authorised representatives.
  profile.trusted_waives_approval = true;  // Unless the account requires the second.
  profile.trusted_list_only = true;        // Check 2507.
  profile.trusted.kind = ExecutionRule::Kind::kInWindow;
  profile.trusted.open_minute = Minute(10);
  profile.trusted.close_minute = Minute(16);
  profile.untrusted = profile.trusted;
  profile.untrusted.delay_days = 1;  // 1,440 minutes, counted in working days.
  profile.trusted_entry = profile.trusted;
  profile.trusted_entry.delay_days = 2;  // 2,880 minutes.
  profile.trusted.next_full_minute = true;
  profile.untrusted.next_full_minute = true;
  profile.abort_before_minutes = 0;
  profile.proposal_hours = 0;
  profile.tape_delay_hours = 0;  // Order Sch. 5A para 34 as amended by SI 2025/124: published.
}

Profile UnitedKingdom() {
  using enum AccountKind;
  Profile profile = Start("uk", {0, true});
  SetBritishTransfers(profile);
  RuleOf(profile, UnitType::kAllowance).holdable_by =
      AllBut({kRegulatedEntity, kCompliance, kLimitedUse, kImporter});
  Leave(profile,
        {UnitType::kOffset, UnitType::kAviation, UnitType::kRegulated, UnitType::kCountryCoded});
  // A year's cap only warns; that of the phase, 2021 to 2030, binds (check 3500).
  profile.cap_binds = false;
  profile.cap_phase_from = 2021;
  profile.cap_phase_years = 10;
  // Units bear a phase, not a year (applicable_period of a unit block); the first began in 2021.
  profile.eligibility = {{2021, 9'999, 2021, 9'999, kAnyLead}};
  profile.arrears_vintage_from = kNoVintage;
  profile.retirement = RetirementOrder::kOldestThenOffsets;  // UnitReservationService: FIFO.
  profile.lineage = Lineage::kFifo;                          // The same.
  profile.compliance = ComplianceRule::kCumulative;          // DynamicComplianceCalculator.
  profile.emissions_due = {};      // The registry restricts no account for it by itself.
  profile.status_frozen = {5, 1};  // After the last day to surrender, 30 April (Order Art. 27).
  profile.allocation_needs_a = false;
  profile.shortfall = Shortfall::kFixedFine;
  profile.fine_minor = 10'000;           // Order Art. 52: GBP 100, before indexation.
  profile.reverse_surrender_days = 0;    // No limit.
  profile.reverse_deletion_days = 0;     // No limit; type 10-190.
  profile.reverse_allocation_days = 14;  // Check 3020.
  profile.reversal_in_working_days = false;
  profile.reversal_keeps_compliance = false;  // No check asks for it.
  return profile;
}

// ---- California ----

void SetCalifornianHoldings(Profile& profile) {
  using enum AccountKind;
  RuleOf(profile, UnitType::kAllowance).holdable_by = AllBut({kRegulatedEntity, kImporter});
  // 95831(a)(3): a limited use holding account takes consigned allowances only.
  RuleOf(profile, UnitType::kOffset).holdable_by =
      AllBut({kRegulatedEntity, kLimitedUse, kImporter});
  Leave(profile, {UnitType::kAviation, UnitType::kRegulated, UnitType::kCountryCoded});
  profile.cap_binds = true;  // 95841: annual allowance budgets.
  // 95920(d): 10 % of 25 million and 2.5 % of the rest of the annual budget.
  profile.limit_base_t = 25'000'000;
  profile.limit_base_bp = 1'000;
  profile.limit_rest_bp = 250;
  profile.limit_cure_days = 5;  // 95920(b): business days after the reclassification of 1 January.
  profile.lineage = Lineage::kFifo;  // By custom.
}

Profile California() {
  // Pacific standard time: the rule for daylight saving in base/ is the European one.
  Profile profile = Start("ca", {-480, false});
  profile.four_eyes = true;                 // 95921(a): a second representative confirms ...
  profile.proposal_hours = 48;              // ... within two days, ...
  profile.receiver_accepts = true;          // ... and the receiver accepts ...
  profile.acceptance_hours = 72;            // ... within three days of the submission.
  profile.trusted_waives_approval = false;  // There is no trusted list.
  profile.trusted_list_only = false;
  profile.tape_delay_hours = kNotPublished;
  SetCalifornianHoldings(profile);
  profile.eligibility = {{2013, 9'999, 2013, 9'999, 0}};  // 95856(b)(2): vintage <= the year.
  profile.arrears_vintage_from = kNoVintage;
  profile.offsets = {{2013, 800}, {2021, 400}, {2026, 600}};  // 95854.
  profile.compliance = ComplianceRule::kPerYear;  // Periods of three years are not modelled.
  profile.retirement = RetirementOrder::kOffsetsThenOldest;  // 95856(h).
  profile.shortfall = Shortfall::kUnits;                     // 95857(b).
  profile.units_multiple = 4;                                // 95857(b)(2).
  profile.allowance_share_bp = 7'500;                        // 95857(b): at least three quarters.
  return profile;
}

// ---- China ----

Profile China() {
  using enum AccountKind;
  Profile profile = Start("cn", {480, false});
  // The holidays that the State Council sets each year matter to no rule below.
  profile.four_eyes = true;  // By custom: an account has a proposing and a confirming deputy.
  profile.trusted_waives_approval = false;  // There is no trusted list.
  profile.tape_delay_hours = kNotPublished;
  RuleOf(profile, UnitType::kAllowance).holdable_by =
      AllBut({kRegulatedEntity, kCompliance, kLimitedUse, kImporter});
  RuleOf(profile, UnitType::kOffset).holdable_by =
      AllBut({kRegulatedEntity, kCompliance, kLimitedUse, kImporter});
  Leave(profile, {UnitType::kAviation, UnitType::kRegulated, UnitType::kCountryCoded});
  profile.cap_binds = true;  // Issued by the provinces' written instruction, checked twice.
  // Plan for 2023 and 2024: no borrowing. Plan for 2025 and 2026: from 2025 on only vintages from
  // 2025; any vintage to 2026 settles arrears. The joint vintage 2019-20 is 2020.
  profile.eligibility = {{0, 2024, 0, 2024, 0}, {2025, 9'999, 2025, 9'999, 0}};
  profile.arrears_vintage_from = 2025;
  profile.offsets = {{0, 500}};                   // Order 19, Art. 29.
  profile.compliance = ComplianceRule::kPerYear;  // Decree 775: the previous year's emissions.
  profile.retirement = RetirementOrder::kOffsetsThenOldest;  // By custom.
  profile.lineage = Lineage::kFifo;                          // By custom.
  profile.shortfall = Shortfall::kPriceFine;  // Decree 775 Art. 24: 5 to 10 times the month's mean.
  return profile;
}

// ---- The simulation: China's law without its delays and second persons ----

Profile Simulation() {
  Profile profile = Start("sim", {480, false});
  profile.eligibility = {{0, 2024, 0, 2024, 0}, {2025, 9'999, 2025, 9'999, 0}};
  profile.arrears_vintage_from = 2025;
  profile.offsets = {{0, 500}};
  return profile;
}

}  // namespace

std::span<const Profile> Profiles() {
  static const std::array<Profile, 5> profiles = {China(), EuropeanUnion(), UnitedKingdom(),
                                                  California(), Simulation()};
  return profiles;
}

const Profile* FindProfile(std::string_view name) {
  const auto profiles = Profiles();
  const auto found = std::find_if(profiles.begin(), profiles.end(),
                                  [&](const Profile& profile) { return profile.name == name; });
  return found == profiles.end() ? nullptr : &*found;
}

}  // namespace ets::registry
