#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/quantity.h"
#include "registry/profile.h"
#include "registry/text.h"

// The table of a profile's keys: one row a field, its text and its bounds.
namespace ets::registry {
namespace {

// ---- Text ----

template <typename Items, typename Words>
std::string Joined(const Items& items, const char* separator, const Words& words) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : separator) + words(item);
  return text.empty() ? "none" : text;
}

// Digits and an optional sign, nothing else; low <= number <= high.
template <typename Number>
bool ReadNumber(std::string_view text, std::int64_t low, std::int64_t high, Number& number) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < low || value > high) return false;
  number = static_cast<Number>(value);
  return true;
}

// ---- Places: a path of members, or of a unit type in the array of unit rules ----

template <typename Object, typename Class, typename Member>
auto& Step(Object& object, Member Class::*member) {
  return object.*member;
}
template <typename Array>
auto& Step(Array& array, UnitType type) {
  return array[static_cast<std::size_t>(type)];
}
template <auto first, auto... rest, typename Object>
auto& At(Object& object) {
  if constexpr (sizeof...(rest) == 0) {
    return Step(object, first);
  } else {
    return At<rest...>(Step(object, first));
  }
}

// ---- Kinds of value: how each is written, read and described ----

using Type = ProfileField::Type;

template <auto... path>
struct YesNo {
  static constexpr Type kType = Type::kFlag;
  static std::string Allowed() { return "true or false"; }
  static std::string Get(const Profile& profile) { return At<path...>(profile) ? "true" : "false"; }
  static bool Set(Profile& profile, std::string_view text) {
    if (text != "true" && text != "false") return false;
    At<path...>(profile) = text == "true";
    return true;
  }
};

template <std::int64_t low, std::int64_t high, auto... path>
struct Number {
  static constexpr Type kType = Type::kNumber;
  static std::string Allowed() { return std::to_string(low) + " to " + std::to_string(high); }
  static std::string Get(const Profile& profile) { return std::to_string(At<path...>(profile)); }
  static bool Set(Profile& profile, std::string_view text) {
    return ReadNumber(text, low, high, At<path...>(profile));
  }
};

template <auto... path>
using Minute = Number<0, 1'439, path...>;
template <auto... path>
using BasisPoints = Number<0, 10'000, path...>;

// One of a few words. `names` is an array of pairs.
template <const auto& names, auto... path>
struct OneOf {
  static constexpr Type kType = Type::kText;
  static std::string Allowed() {
    return Joined(names, ", ", [](const auto& name) { return std::string(name.second); });
  }
  static std::string Get(const Profile& profile) {
    const auto is_it = [&](const auto& name) { return name.first == At<path...>(profile); };
    const auto found = std::find_if(std::begin(names), std::end(names), is_it);
    return found == std::end(names) ? "unknown" : found->second;
  }
  static bool Set(Profile& profile, std::string_view text) {
    const auto is_it = [&](const auto& name) { return text == name.second; };
    const auto found = std::find_if(std::begin(names), std::end(names), is_it);
    if (found == std::end(names)) return false;
    At<path...>(profile) = found->first;
    return true;
  }
};

struct Name {
  static constexpr Type kType = Type::kText;
  static constexpr std::size_t kLengthMax = 32;

  static std::string Allowed() { return "1 to 32 of a-z, 0-9, '-' and '_'"; }
  static std::string Get(const Profile& profile) { return profile.name; }
  static bool Set(Profile& profile, std::string_view text) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    if (text.empty() || text.size() > kLengthMax) return false;
    if (text.find_first_not_of(kLetters) != std::string_view::npos) return false;
    profile.name = text;
    return true;
  }
};

struct Holidays {
  static constexpr Type kType = Type::kText;
  static constexpr std::size_t kDaysMax = 1'000;

  static std::string Allowed() { return "none, or dates: 2027-01-01, 2027-12-25"; }
  static std::string Get(const Profile& profile) {
    return Joined(profile.holidays, ", ", [](Date date) { return ToString(date); });
  }
  static bool Set(Profile& profile, std::string_view text) {
    std::vector<Date> days;
    for (const std::string_view part : Split(text, ',')) {
      if (text == "none") break;
      const auto date = Date::Parse(part);
      if (!date || days.size() == kDaysMax) return false;
      days.push_back(*date);
    }
    std::sort(days.begin(), days.end());
    days.erase(std::unique(days.begin(), days.end()), days.end());
    profile.holidays = std::move(days);
    return true;
  }
};

// "all", "none", the kinds, or "all but" the kinds; the last also takes in kinds of later versions.
template <UnitType type>
struct Kind {
  static constexpr Type kType = Type::kText;
  static constexpr std::uint32_t kEvery = ~0U;

  static std::string Allowed() {
    return "all, none, account kinds (holder, trading), or all but some (all but importer)";
  }
  static std::string Get(const Profile& profile) {
    const std::uint32_t mask = At<&Profile::units, type, &UnitRule::holdable_by>(profile);
    if (mask == kEvery) return "all";
    const bool is_rest = (mask & 1U) != 0;  // No kind has number 0.
    return (is_rest ? "all but " : "") + Listed(is_rest ? ~mask : mask);
  }
  static bool Set(Profile& profile, std::string_view text) {
    constexpr std::string_view kAllBut = "all but ";
    std::uint32_t& mask = At<&Profile::units, type, &UnitRule::holdable_by>(profile);
    if (text == "all" || text == "none") {
      mask = text == "all" ? kEvery : 0;
      return true;
    }
    const bool is_rest = text.starts_with(kAllBut);
    const auto kinds = Read(is_rest ? text.substr(kAllBut.size()) : text);
    if (kinds) mask = is_rest ? ~*kinds : *kinds;
    return kinds.has_value();
  }

 private:
  static std::string Listed(std::uint32_t kinds) {
    std::vector<const char*> names;
    for (std::size_t kind = 1; kind < kAccountKindCount; ++kind) {
      if ((kinds >> kind & 1U) != 0) names.push_back(Kinds()[kind].name);
    }
    return Joined(names, ", ", [](const char* name) { return std::string(name); });
  }
  static std::optional<std::uint32_t> Read(std::string_view text) {
    std::uint32_t kinds = 0;
    for (const std::string_view part : Split(text, ',')) {
      std::size_t kind = 1;
      while (kind < kAccountKindCount && part != Kinds()[kind].name) ++kind;
      if (kind == kAccountKindCount) return {};
      kinds |= 1U << kind;
    }
    return kinds;
  }
};

constexpr std::size_t kRowsMax = 64;
constexpr std::int64_t kYearMax = 9'999;

// "2025-9999"
bool ReadYears(std::string_view text, std::uint16_t& from, std::uint16_t& to) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  return ReadNumber(text.substr(0, dash), 0, kYearMax, from) &&
         ReadNumber(text.substr(dash + 1), from, kYearMax, to);
}

struct Eligibility {
  static constexpr Type kType = Type::kText;
  static std::string Allowed() {
    return "none, or rows: 2019-2024 takes 2020-2024 lead 0; 2025-9999 takes 2025-9999 lead 0";
  }
  static std::string Get(const Profile& profile) {
    return Joined(profile.eligibility, "; ", [](const EligibilityRow& row) {
      return std::to_string(row.year_from) + "-" + std::to_string(row.year_to) + " takes " +
             std::to_string(row.vintage_from) + "-" + std::to_string(row.vintage_to) + " lead " +
             std::to_string(row.lead);
    });
  }
  static bool Set(Profile& profile, std::string_view text) {
    std::vector<EligibilityRow> rows;
    for (const std::string_view part : Split(text, ';')) {
      if (text == "none") break;
      EligibilityRow row;
      if (!Read(part, row) || rows.size() == kRowsMax) return false;
      rows.push_back(row);
    }
    profile.eligibility = std::move(rows);
    return true;
  }

 private:
  static bool Read(std::string_view text, EligibilityRow& row) {
    const std::vector<std::string_view> words = Split(text, ' ');
    return words.size() == 5 && words[1] == "takes" && words[3] == "lead" &&
           ReadYears(words[0], row.year_from, row.year_to) &&
           ReadYears(words[2], row.vintage_from, row.vintage_to) &&
           ReadNumber(words[4], 0, kYearMax, row.lead);
  }
};

struct Offsets {
  static constexpr Type kType = Type::kText;
  static std::string Allowed() {
    return "none, or rising years and basis points: 2021: 400; 2026: 600";
  }
  static std::string Get(const Profile& profile) {
    return Joined(profile.offsets, "; ", [](const OffsetRow& row) {
      return std::to_string(row.year_from) + ": " + std::to_string(row.basis_points);
    });
  }
  static bool Set(Profile& profile, std::string_view text) {
    std::vector<OffsetRow> rows;
    for (const std::string_view part : Split(text, ';')) {
      if (text == "none") break;
      const std::vector<std::string_view> words = Split(part, ':');
      OffsetRow row;
      if (words.size() != 2 || rows.size() == kRowsMax) return false;
      if (!ReadNumber(words[0], rows.empty() ? 0 : rows.back().year_from + 1, kYearMax,
                      row.year_from) ||
          !ReadNumber(words[1], 0, 10'000, row.basis_points)) {
        return false;
      }
      rows.push_back(row);
    }
    profile.offsets = std::move(rows);
    return true;
  }
};

// A day of every year, so 02-29 is none.
template <auto member>
struct DayOfYear {
  static constexpr Type kType = Type::kText;
  static std::string Allowed() { return "off, or a month and a day: 04-01"; }
  static std::string Get(const Profile& profile) {
    const MonthDay day = profile.*member;
    if (day.month == 0) return "off";
    return ToString(Date::Of(kAnyYear, day.month, day.day)).substr(5);
  }
  static bool Set(Profile& profile, std::string_view text) {
    if (text == "off") {
      profile.*member = MonthDay{};
      return true;
    }
    const auto date = Date::Parse(std::to_string(kAnyYear) + "-" + std::string(text));
    if (!date) return false;
    profile.*
        member = {static_cast<std::uint8_t>(date->month()), static_cast<std::uint8_t>(date->day())};
    return true;
  }

 private:
  static constexpr int kAnyYear = 2027;
};

// ---- The table ----

using RuleKind = ExecutionRule::Kind;
template <typename Enum>
using Named = std::pair<Enum, const char*>;
constexpr Named<RuleKind> kRuleKinds[] = {{RuleKind::kAtOnce, "at_once"},
                                          {RuleKind::kInWindow, "in_window"},
                                          {RuleKind::kAtMinute, "at_minute"}};
constexpr Named<ComplianceRule> kComplianceRules[] = {{ComplianceRule::kPerYear, "per_year"},
                                                      {ComplianceRule::kCumulative, "cumulative"}};
constexpr Named<Shortfall> kShortfalls[] = {{Shortfall::kNone, "none"},
                                            {Shortfall::kFixedFine, "fixed_fine"},
                                            {Shortfall::kPriceFine, "price_fine"},
                                            {Shortfall::kUnits, "units"}};
constexpr Named<RetirementOrder> kRetirementOrders[] = {
    {RetirementOrder::kOffsetsThenOldest, "offsets_then_oldest"},
    {RetirementOrder::kOldestThenOffsets, "oldest_then_offsets"},
    {RetirementOrder::kNewestFirst, "newest_first"}};
constexpr Named<Lineage> kLineages[] = {
    {Lineage::kFifo, "fifo"}, {Lineage::kLifo, "lifo"}, {Lineage::kProportional, "proportional"}};

class Table {
 public:
  Table() {
    AddPlace();
    AddTransfers();
    AddUnit<UnitType::kAllowance>("units.allowance", "an allowance");
    AddUnit<UnitType::kOffset>("units.offset", "an offset");
    AddUnit<UnitType::kAviation>("units.aviation", "an aviation allowance");
    AddUnit<UnitType::kRegulated>("units.regulated", "a fuel supplier's allowance");
    AddUnit<UnitType::kCountryCoded>("units.country_coded", "a country-coded allowance");
    AddUnit<UnitType::kCertificate>("units.certificate", "a CBAM certificate");
    AddSurrender();
    AddCompliance();
    AddReversal();
    AddLimits();
  }
  const std::vector<ProfileField>& rows() const { return rows_; }

 private:
  template <typename Field>
  void Add(std::string key, std::string words) {
    rows_.push_back(
        {std::move(key), Field::kType, std::move(words), Field::Allowed(), Field::Get, Field::Set});
  }

  void AddPlace() {
    Add<Name>("name", "what the profile is called");
    Add<Number<-720, 840, &Profile::zone, &Zone::offset_minutes>>(
        "zone.offset_minutes", "minutes that local clocks are ahead of UTC in winter");
    Add<YesNo<&Profile::zone, &Zone::daylight_saving>>(
        "zone.daylight_saving",
        "clocks are an hour ahead from the last Sunday of March to that of October, as in the EU "
        "and the UK");
    Add<Holidays>("holidays", "days from Monday to Friday that are no working days");
  }

  template <auto rule>
  void AddRule(const std::string& prefix, const std::string& what) {
    using Rule = ExecutionRule;
    Add<OneOf<kRuleKinds, rule, &Rule::kind>>(
        prefix + ".kind", "when " + what +
                              ": at once, inside a daily window after a delay, or at one minute of "
                              "a later day");
    Add<Minute<rule, &Rule::open_minute>>(prefix + ".open_minute",
                                          "in_window: minute of the day at which the window opens");
    Add<Minute<rule, &Rule::close_minute>>(prefix + ".close_minute",
                                           "in_window: minute at which it closes, itself inside");
    Add<Number<0, 250, rule, &Rule::delay_days>>(prefix + ".delay_days",
                                                 "in_window: working days of delay");
    Add<Minute<rule, &Rule::delay_minutes>>(prefix + ".delay_minutes",
                                            "in_window: minutes of delay after those days");
    Add<YesNo<rule, &Rule::next_full_minute>>(
        prefix + ".next_full_minute", "in_window: in the end cut to the minute, plus one minute");
    Add<Minute<rule, &Rule::cutoff_minute>>(
        prefix + ".cutoff_minute", "at_minute: minute until which a day counts, itself inside");
    Add<Minute<rule, &Rule::at_minute>>(prefix + ".at_minute",
                                        "at_minute: minute of the day at which it happens");
    Add<Number<0, 250, rule, &Rule::days_before>>(
        prefix + ".days_before", "at_minute: working days until then, when before the cutoff");
    Add<Number<1, 250, rule, &Rule::days_after>>(
        prefix + ".days_after", "at_minute: working days until then, when after the cutoff");
  }

  void AddTransfers() {
    Add<YesNo<&Profile::four_eyes>>("transfers.four_eyes",
                                    "what one person proposes another must approve");
    Add<YesNo<&Profile::trusted_waives_approval>>(
        "transfers.trusted_waives_approval",
        "but not a transfer to an account on the trusted list");
    Add<YesNo<&Profile::trusted_list_only>>(
        "transfers.trusted_list_only",
        "holders send to accounts on their trusted list only, unless opted out");
    Add<YesNo<&Profile::receiver_accepts>>(
        "transfers.receiver_accepts",
        "what goes to another firm's account waits until that firm's representative accepts it");
    Add<YesNo<&Profile::auction_delivery_waits>>(
        "transfers.auction_delivery_waits",
        "what leaves an auction delivery account happens as what goes to no trusted account");
    AddRule<&Profile::trusted>("trusted", "a transfer to an account on the trusted list happens");
    AddRule<&Profile::untrusted>("untrusted", "any other transfer happens");
    AddRule<&Profile::trusted_entry>("trusted_entry", "an entry of the trusted list counts");
    Add<Number<0, 10'080, &Profile::abort_before_minutes>>(
        "transfers.abort_before_minutes",
        "minutes before a delayed transfer happens from which it can no longer be taken back");
    Add<Number<0, 87'600, &Profile::proposal_hours>>(
        "transfers.proposal_hours", "hours until an unapproved proposal lapses; 0: never");
    Add<Number<0, 87'600, &Profile::acceptance_hours>>(
        "transfers.acceptance_hours",
        "hours from the proposal until what no receiver accepts lapses; 0: never");
    Add<Number<0, 876'000, &Profile::tape_delay_hours>>(
        "transfers.tape_delay_hours", "hours from a transfer to the publication of who made it");
  }

  template <UnitType type>
  void AddUnit(const std::string& prefix, const std::string& what) {
    Add<YesNo<&Profile::units, type, &UnitRule::transferable>>(
        prefix + ".transferable", what + " may go from one holder to another");
    Add<YesNo<&Profile::units, type, &UnitRule::surrenderable>>(
        prefix + ".surrenderable", what + " may be surrendered at all");
    Add<Kind<type>>(prefix + ".holdable_by", "kinds of account that may hold " + what);
  }

  void AddSurrender() {
    Add<Eligibility>("surrender.eligibility",
                     "for which emission years which vintages count; lead: years that a vintage "
                     "may be after the emission year");
    Add<Number<0, kYearMax, &Profile::arrears_vintage_from>>(
        "surrender.arrears_vintage_from",
        "for a year assessed as short every vintage from this one on counts, too; 9999: none");
    Add<Number<-1, 1'000, &Profile::banking_years>>(
        "surrender.banking_years",
        "years after its vintage that a unit still counts for, also in arrears; -1: all");
    Add<Offsets>("surrender.offsets",
                 "basis points of a year's verified emissions that offsets may cover, from a year "
                 "on");
    Add<OneOf<kRetirementOrders, &Profile::retirement>>(
        "surrender.retirement", "what goes first when the registry chooses");
  }

  void AddCompliance() {
    Add<OneOf<kComplianceRules, &Profile::compliance>>(
        "compliance.rule", "each emission year on its own, or all years together");
    Add<DayOfYear<&Profile::emissions_due>>(
        "compliance.emissions_due",
        "day from which a firm without verified emissions of the year before may not send");
    Add<DayOfYear<&Profile::status_frozen>>("compliance.status_frozen",
                                            "day whose symbol is the official one of the year");
    Add<YesNo<&Profile::allocation_needs_a>>(
        "compliance.allocation_needs_a", "free units only for accounts with symbol A, or blocked");
    Add<OneOf<kShortfalls, &Profile::shortfall>>("shortfall.rule", "what a shortfall costs");
    Add<Number<0, 1'000'000'000, &Profile::fine_minor>>(
        "shortfall.fine_minor", "fixed_fine: fen, cents or pence a missing tonne");
    Add<Number<1, 100, &Profile::units_multiple>>(
        "shortfall.units_multiple", "units: units owed for each missing one, itself included");
    Add<BasisPoints<&Profile::allowance_share_bp>>(
        "shortfall.allowance_share_bp", "units: at least this share of them in allowances");
  }

  void AddReversal() {
    constexpr std::int64_t kDaysMax = 36'500;
    Add<Number<-1, kDaysMax, &Profile::reverse_surrender_days>>(
        "reversal.surrender_days",
        "days in which a surrender may be reversed; 0: for ever, -1: never");
    Add<Number<-1, kDaysMax, &Profile::reverse_deletion_days>>(
        "reversal.deletion_days",
        "days in which a cancellation may be reversed; 0: for ever, -1: never");
    Add<Number<-1, kDaysMax, &Profile::reverse_allocation_days>>(
        "reversal.allocation_days",
        "days in which an allocation may be reversed; 0: for ever, -1: never");
    Add<YesNo<&Profile::reversal_in_working_days>>("reversal.in_working_days",
                                                   "those days are working days");
    Add<YesNo<&Profile::reversal_keeps_compliance>>("reversal.keeps_compliance",
                                                    "refused where it would make a firm short");
  }

  void AddLimits() {
    Add<YesNo<&Profile::cap_binds>>("units.cap_binds",
                                    "issue above a cap is refused; else only warned of");
    Add<Number<0, kYearMax, &Profile::cap_phase_from>>(
        "units.cap_phase_from", "first vintage of the first phase, for caps that only warn");
    Add<Number<0, 100, &Profile::cap_phase_years>>(
        "units.cap_phase_years",
        "vintages whose caps together bind where each alone only warns; 0: nothing binds");
    Add<OneOf<kLineages, &Profile::lineage>>("units.lineage",
                                             "which serials travel with a transfer");
    Add<Number<0, kAmountMax, &Profile::limit_base_t>>(
        "holding_limit.base_t",
        "t of a vintage's cap to which the first share applies; 0: no limit");
    Add<BasisPoints<&Profile::limit_base_bp>>("holding_limit.base_bp",
                                              "basis points of it that a group may hold");
    Add<BasisPoints<&Profile::limit_rest_bp>>(
        "holding_limit.rest_bp", "basis points of the rest of the cap that it may hold besides");
    Add<Number<0, 250, &Profile::limit_cure_days>>(
        "holding_limit.cure_days",
        "working days to cure a breach on 1 January, after which the rest is consigned");
  }

  std::vector<ProfileField> rows_;
};

}  // namespace

std::span<const ProfileField> ProfileFields() {
  static const Table table;
  return table.rows();
}

const ProfileField* FindProfileField(std::string_view key) {
  const auto fields = ProfileFields();
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const ProfileField& field) { return field.key == key; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace ets::registry
