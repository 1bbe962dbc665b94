#include "sim/registry_rules.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/assert.h"
#include "sim/scenario_schema.h"

namespace ets::sim {
namespace {

using registry::AccountKind;
using registry::Profile;
using registry::ProfileField;

constexpr std::uint16_t kNoLead = 0;
constexpr std::uint16_t kYearMax = 9'999;

// Said by compliance.first_banking_vintage and offsets.limit.
constexpr std::array<std::string_view, 3> kSaidElsewhere = {
    "surrender.eligibility", "surrender.arrears_vintage_from", "surrender.offsets"};

Path PathOf(std::string_view field_key) {
  Path path{"registry", "rules"};
  for (std::string& part : Split(field_key)) path.push_back(std::move(part));
  return path;
}

Key ProfileKey() {
  Key key;
  key.pattern = {"registry", "profile"};
  key.kind = Kind::kText;
  for (const Profile& profile : registry::Profiles()) key.choices.push_back(profile.name);
  key.words = "rule profile of the registry; docs/profiles.md has all of each";
  key.source = "China's vintages and quota without delays and second persons";
  key.fallback = Value(Scenario{}.registry_profile);
  key.store = [](Scenario& scenario, const Path&, const Value& value) {
    scenario.registry_profile = std::get<std::string>(value);
  };
  return key;
}

Key RuleKey(const ProfileField& field) {
  Key key;
  key.pattern = PathOf(field.key);
  key.kind = Kind::kRule;
  key.rule = &field;
  key.words = field.words;
  key.store = [&field](Scenario& scenario, const Path&, const Value& value) {
    scenario.registry_rules[field.key] = std::get<std::string>(value);
  };
  return key;
}

bool MayHold(const registry::UnitRule& rule, AccountKind kind) {
  return (rule.holdable_by >> static_cast<unsigned>(kind) & 1U) != 0;
}

// Firms and project owners, their accounts on the exchange and the authority's hold what is issued,
// sold, surrendered and cancelled.
bool RunCanHold(const registry::UnitRule& rule) {
  return std::ranges::all_of(registry::Kinds(), [&](const registry::KindRow& row) {
    const bool is_used =
        row.central || row.kind == AccountKind::kHolder || row.kind == AccountKind::kEscrow;
    return !is_used || row.kind == AccountKind{} || MayHold(rule, row.kind);
  });
}

// Gathers what a run cannot do under a law.
class LawChecker {
 public:
  LawChecker(const Scenario& scenario, const Profile& profile)
      : scenario_(scenario), profile_(profile) {}

  std::vector<LawMistake> Run() {
    if (const auto mistake = registry::CheckProfile(profile_)) {
      const Path beside = PathOf(mistake->other_key);
      mistakes_.push_back({PathOf(mistake->key), beside,
                           "contradicts " + Join(beside) + ": " + mistake->words +
                               "; allowed: values that go together"});
    }
    Unit(UnitType::kAllowance, "units.allowance");
    Unit(UnitType::kOffset, "units.offset");
    if (profile_.banking_years >= 0) {
      Report("surrender.banking_years", "-1, a run's vintages expire by its own rules");
    }
    if (profile_.compliance != registry::ComplianceRule::kPerYear) {
      Report("compliance.rule", "\"per_year\", firms plan year by year");
    }
    EmissionsDue();
    return std::move(mistakes_);
  }

 private:
  void Report(const std::string& key, const std::string& allowed) {
    const ProfileField* const field = registry::FindProfileField(key);
    ETS_ASSERT(field != nullptr);
    mistakes_.push_back(
        {PathOf(key),
         {"registry", "profile"},
         "is " + FormatRule(*field, field->get(profile_)) + " in a run; allowed: " + allowed});
  }

  void Unit(UnitType type, const std::string& prefix) {
    const registry::UnitRule& rule = profile_.units[static_cast<std::size_t>(type)];
    if (!rule.transferable) Report(prefix + ".transferable", "true, firms trade it");
    if (!rule.surrenderable) Report(prefix + ".surrenderable", "true, firms surrender it");
    if (!RunCanHold(rule)) {
      Report(prefix + ".holdable_by",
             "with holder, escrow and the authority's kinds, such as \"all\"");
    }
  }

  // Whoever is blocked on that day could not trade until verified.
  void EmissionsDue() {
    const registry::MonthDay due = profile_.emissions_due;
    const int verified = std::max(scenario_.verification_power, scenario_.verification_industry);
    if (due.month == 0 || due.month * 100 + due.day > verified) return;
    Report("compliance.emissions_due", "\"off\", or a day after the last verification");
  }

  const Scenario& scenario_;
  const Profile& profile_;
  std::vector<LawMistake> mistakes_;
};

}  // namespace

std::vector<Key> RegistryKeys() {
  std::vector<Key> keys{ProfileKey()};
  for (const ProfileField& field : registry::ProfileFields()) {
    if (std::ranges::find(kSaidElsewhere, field.key) == kSaidElsewhere.end()) {
      keys.push_back(RuleKey(field));
    }
  }
  return keys;
}

Profile RegistryProfile(const Scenario& scenario) {
  const Profile* const base = registry::FindProfile(scenario.registry_profile);
  ETS_ASSERT(base != nullptr);
  Profile profile = *base;
  const auto first = static_cast<std::uint16_t>(scenario.first_banking_vintage);
  const auto before = static_cast<std::uint16_t>(first - 1);
  profile.eligibility = {{0, before, 0, before, kNoLead},
                         {first, kYearMax, first, kYearMax, kNoLead}};
  profile.arrears_vintage_from = first;
  profile.offsets = {{0, static_cast<std::uint16_t>(std::lround(scenario.offset_limit * 10'000))}};
  for (const auto& [key, text] : scenario.registry_rules) {
    const ProfileField* const field = registry::FindProfileField(key);
    ETS_ASSERT(field != nullptr && field->set(profile, text));
  }
  return profile;
}

std::vector<LawMistake> CheckLaw(const Scenario& scenario) {
  const Profile profile = RegistryProfile(scenario);
  return LawChecker(scenario, profile).Run();
}

std::string FormatRule(const ProfileField& field, const std::string& text) {
  return field.type == ProfileField::Type::kText ? FormatText(text) : text;
}

}  // namespace ets::sim
