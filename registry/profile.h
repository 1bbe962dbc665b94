#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/local_time.h"
#include "base/result.h"
#include "base/unit.h"
#include "registry/words.h"

namespace ets::registry {

// ---- How the law of a place binds the ledger: data, never an `if` on a country. ----

// When a transfer that was proposed (or approved) is carried out. Working days are Monday to Friday
// without the profile's holidays; clocks are the profile's zone. Both ends of a window are inside.
struct ExecutionRule {
  enum class Kind : std::uint8_t {
    kAtOnce = 0,
    // The clock starts at the next instant inside the window on a working day; then delay_days
    // working days and delay_minutes pass, and again the next instant inside the window counts; of
    // a day that is no working day the next working day at the same time (EU Art. 35(2) with no
    // delay; UK TransactionDelayService).
    kInWindow = 1,
    // At `at_minute`, days_before working days later when proposed before the cutoff or on it, else
    // days_after (EU Art. 35(3)). Proposed on a day that is no working day counts as proposed on
    // the next working day before its cutoff.
    kAtMinute = 2,
  };
  Kind kind = Kind::kAtOnce;
  std::uint16_t open_minute = 0;  // Of the day.
  std::uint16_t close_minute = 1'439;
  std::uint16_t delay_days = 0;  // Working days.
  std::uint16_t delay_minutes = 0;
  bool next_full_minute = false;  // In the end cut to the minute, plus one (UK): a minute after
                                  // the window at the latest.
  std::uint16_t cutoff_minute = 0;
  std::uint16_t at_minute = 0;
  std::uint16_t days_before = 1;
  std::uint16_t days_after = 2;

  friend bool operator==(const ExecutionRule&, const ExecutionRule&) = default;
};

// For emission years year_from..year_to, allowances of vintage vintage_from ..
// min(vintage_to, year + lead) may be surrendered.
struct EligibilityRow {
  std::uint16_t year_from = 0;
  std::uint16_t year_to = 9'999;
  std::uint16_t vintage_from = 0;
  std::uint16_t vintage_to = 9'999;
  std::uint16_t lead = 0;  // Years of borrowing; 9,999: no bound.

  friend bool operator==(const EligibilityRow&, const EligibilityRow&) = default;
};

// The share of a year's verified emissions that offsets may cover, from a year on.
struct OffsetRow {
  std::uint16_t year_from = 0;
  std::uint16_t basis_points = 0;

  friend bool operator==(const OffsetRow&, const OffsetRow&) = default;
};

// What a unit type may do.
struct UnitRule {
  bool transferable = true;  // Between holders.
  bool surrenderable = true;
  std::uint32_t holdable_by = ~0U;  // Bit n: accounts of kind n may hold it.

  friend bool operator==(const UnitRule&, const UnitRule&) = default;
};

enum class ComplianceRule : std::uint8_t {
  kPerYear = 1,     // Each emission year on its own (China).
  kCumulative = 2,  // All surrendered against all verified to the year before (EU Art. 33, UK).
};

enum class Shortfall : std::uint8_t {
  kNone = 0,
  kFixedFine = 1,  // fine_minor per tonne (EU, UK: 100 a tonne).
  kPriceFine = 2,  // A multiple of the market price, charged by the authority (China: 5 to 10).
  kUnits = 3,      // units_multiple x the shortfall is owed (17 CCR 95857: 4).
};

// What is retired first when the registry chooses.
enum class RetirementOrder : std::uint8_t {
  kOffsetsThenOldest = 1,  // 17 CCR 95856(h).
  kOldestThenOffsets = 2,
  kNewestFirst = 3,
};

// How serials travel with fungible transfers (registry/lineage.h).
enum class Lineage : std::uint8_t { kFifo = 1, kLifo = 2, kProportional = 3 };

struct MonthDay {
  std::uint8_t month = 0;  // 0: the rule is off.
  std::uint8_t day = 0;

  friend bool operator==(const MonthDay&, const MonthDay&) = default;
};

// Written as text in record 1 of every registry's journal, one `key = value` a line, so that a
// journal says by itself under which law it was kept. Every key is a row of ProfileFields().
struct Profile {
  std::string name = "sim";
  Zone zone{480, false};
  std::vector<Date> holidays;  // Sorted.

  // Transfers.
  bool four_eyes = false;               // A proposal needs a second person.
  bool trusted_waives_approval = true;  // A transfer to a trusted account needs none (Art. 20(4)).
  bool trusted_list_only = false;       // Holders send to trusted accounts only, unless opted out.
  // What goes to another firm, that firm's representative must accept (17 CCR 95921(a)).
  bool receiver_accepts = false;
  ExecutionRule trusted;                   // Transfers to accounts on the trusted list, or central.
  ExecutionRule untrusted;                 // Other transfers.
  ExecutionRule trusted_entry;             // When an entry of the trusted list begins to count.
  std::uint16_t abort_before_minutes = 0;  // Until then a delayed transfer may be aborted.
  std::uint32_t proposal_hours = 0;        // An unapproved proposal expires after this; 0: never.
  std::uint32_t acceptance_hours = 0;      // One that no receiver accepts, too; from the proposal.
  // What leaves an auction delivery account waits like what goes to no trusted one (Art. 35(3)).
  bool auction_delivery_waits = false;

  // Units.
  std::array<UnitRule, kUnitTypeCount> units;  // By UnitType.
  bool cap_binds = true;                       // Issue above a ledger's cap is refused; else only
                          // warned of, and the caps of its phase together bind.
  std::uint16_t cap_phase_from = 0;   // First vintage of the first phase.
  std::uint16_t cap_phase_years = 0;  // Vintages in each; 0: there are none.

  // Surrender and compliance.
  std::vector<EligibilityRow> eligibility;
  // Years assessed as short: any vintage from this on, too. 9,999: none.
  std::uint16_t arrears_vintage_from = 0;
  // A unit counts for emission years up to so many after its vintage. -1: for all.
  std::int32_t banking_years = -1;
  std::vector<OffsetRow> offsets;  // Sorted by year.
  ComplianceRule compliance = ComplianceRule::kPerYear;
  MonthDay emissions_due{};         // Without verified emissions of the year before: may not send.
  MonthDay status_frozen{};         // The official symbol of the year is that of this day.
  bool allocation_needs_a = false;  // Allocation only to accounts with symbol A, or blocked ones.
  RetirementOrder retirement = RetirementOrder::kOffsetsThenOldest;
  Shortfall shortfall = Shortfall::kPriceFine;
  std::int64_t fine_minor = 0;           // Per tonne; kFixedFine.
  std::uint16_t units_multiple = 1;      // kUnits: in all, the shortfall itself included.
  std::uint16_t allowance_share_bp = 0;  // kUnits: at least this share in allowances.

  // Reversal, in days from completion to the proposal. -1: never; 0: for ever.
  std::int32_t reverse_surrender_days = -1;
  std::int32_t reverse_deletion_days = -1;
  std::int32_t reverse_allocation_days = -1;
  bool reversal_in_working_days = false;
  bool reversal_keeps_compliance = true;  // Refused where it would make an operator short.

  // Holding limit of a group, in t: base_share x min(base, budget) + rest_share x the rest, where
  // budget is the cap of the vintage (17 CCR 95920(d)). Base 0: none.
  std::int64_t limit_base_t = 0;
  std::uint16_t limit_base_bp = 0;
  std::uint16_t limit_rest_bp = 0;
  // Working days to cure a breach of 1 January or by a withdrawal; then consigned, and what is
  // reserved or frozen then on the first working day after it is free.
  std::uint16_t limit_cure_days = 5;

  Lineage lineage = Lineage::kFifo;
  std::int64_t tape_delay_hours = 0;  // From completion to publication of a transfer's parties.

  friend bool operator==(const Profile&, const Profile&) = default;
};

// One key of a profile. The text form, --set, the scenario's [registry] table and the docs walk
// these rows.
struct ProfileField {
  enum class Type : std::uint8_t { kFlag, kNumber, kText };

  std::string key;  // "trusted.open_minute"
  Type type{};
  std::string words;    // What it means, with its unit.
  std::string allowed;  // "0 to 1439"
  std::string (*get)(const Profile&);
  bool (*set)(Profile&, std::string_view text);  // False: not allowed; nothing has changed.
};
std::span<const ProfileField> ProfileFields();
const ProfileField* FindProfileField(std::string_view key);

// Two values that are allowed alone and contradict each other, such as a window that closes before
// it opens.
struct ProfileMistake {
  std::string key;
  std::string other_key;
  std::string words;  // "trusted.open_minute = 900 is after trusted.close_minute = 600"
};
std::optional<ProfileMistake> CheckProfile(const Profile& profile);

// The shipped profiles: cn, eu, uk, ca, sim. Each value's legal source stands beside it in
// profiles.cc.
std::span<const Profile> Profiles();
const Profile* FindProfile(std::string_view name);

std::string ProfileText(const Profile& profile);
std::string ProfileReference();  // docs/profiles.md.
// Reads what ProfileText() writes, and empty lines and lines that begin with '#'; a key that is
// missing keeps its value in `sim`. Or what is wrong: "line 3: trusted.open_minute = 2000: 0 to
// 1439".
Result<Profile, std::string> ParseProfile(std::string_view text);

// Whether a unit may be surrendered for an emission year. `in_arrears`: the year was assessed as
// short. Eligibility rows are about vintages; an offset has none and counts for any year, a CBAM
// certificate for the year of its import only, and money for none.
bool MaySurrender(const Profile& profile, const Unit& unit, std::uint16_t year, bool in_arrears);
std::uint16_t OffsetLimitBp(const Profile& profile, std::uint16_t year);

// ---- Working time ----

bool IsWorkingDay(const Profile& profile, Date date);
Date NextWorkingDay(const Profile& profile, Date date);                     // After it.
Date AddWorkingDays(const Profile& profile, Date date, std::int32_t days);  // days >= 0.
// When a transfer proposed at `proposed` is carried out; at or after it.
SimTime ExecutionTime(const Profile& profile, const ExecutionRule& rule, SimTime proposed);
// When a trusted-list entry made at `now` begins to count.
SimTime TrustedFrom(const Profile& profile, SimTime now);

}  // namespace ets::registry
