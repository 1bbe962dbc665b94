#include "sim/registry_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/run_fixture.h"

namespace ets::sim {
namespace {

using registry::Profile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ParsedScenario Changed(const std::string& lines, const std::vector<std::string>& overrides = {}) {
  const std::string base = TextOf("scenarios/china-transition.toml");
  std::vector<SourceFile> files{{"china-transition.toml", base},
                                {"mine.toml", "extends = \"china-transition.toml\"\n" + lines}};
  std::map<std::string, std::string> data;
  for (const std::string& file : MentionsOf(base).data) data[file] = TextOf("scenarios/" + file);
  return ParseScenario(files, overrides, data);
}

std::vector<std::string> SaidOf(const std::string& lines,
                                const std::vector<std::string>& overrides = {}) {
  std::vector<std::string> said;
  for (const Problem& problem : Changed(lines, overrides).problems) {
    said.push_back(ToString(problem));
  }
  return said;
}

TEST(RegistryLaw, IsTheSimulationsUnlessTheScenarioSaysMore) {
  EXPECT_EQ(RegistryProfile(Default()), *registry::FindProfile("sim"));
  EXPECT_EQ(Default().registry_profile, "sim");
  EXPECT_THAT(Default().registry_rules, IsEmpty());
}

TEST(RegistryLaw, TakesVintagesAndQuotaFromTheScenariosOwnKeysWhateverTheProfile) {
  const ParsedScenario parsed = Changed(
      "[compliance]\nfirst_banking_vintage = 2027\n[offsets]\nlimit = 0.08\n"
      "[registry]\nprofile = \"ca\"\n");
  ASSERT_THAT(parsed.problems, IsEmpty());
  const Profile profile = RegistryProfile(parsed.scenario);
  EXPECT_EQ(profile.name, "ca");
  EXPECT_EQ(profile.units_multiple, 4);
  EXPECT_EQ(registry::OffsetLimitBp(profile, 2030), 800);
  EXPECT_TRUE(registry::MaySurrender(profile, Unit::Allowance(2026), 2026, false));
  EXPECT_FALSE(registry::MaySurrender(profile, Unit::Allowance(2026), 2027, false));
  EXPECT_TRUE(registry::MaySurrender(profile, Unit::Allowance(2027), 2026, true));
}

TEST(RegistryLaw, ACopyOfAProfileIsChangedKeyByKey) {
  const ParsedScenario parsed = Changed(
      "[registry]\nprofile = \"cn\"\n"
      "[registry.rules]\n"
      "name = \"slow\"\n"
      "trusted_entry.kind = \"at_minute\"\n"
      "trusted_entry.at_minute = 720\n"
      "transfers.four_eyes = false\n"
      "holidays = \"2027-10-01, 2027-02-08\"\n"
      "[registry.rules.holding_limit]\n"
      "base_t = 25_000_000\n");
  ASSERT_THAT(parsed.problems, IsEmpty());
  const Profile profile = RegistryProfile(parsed.scenario);
  Profile expected = *registry::FindProfile("cn");
  expected.name = "slow";
  expected.trusted_entry.kind = registry::ExecutionRule::Kind::kAtMinute;
  expected.trusted_entry.at_minute = 720;
  expected.four_eyes = false;
  expected.holidays = {Date::Of(2027, 2, 8), Date::Of(2027, 10, 1)};
  expected.limit_base_t = 25'000'000;
  EXPECT_EQ(profile, expected);
}

TEST(RegistryLaw, IsSetOnTheCommandLineToo) {
  const ParsedScenario parsed =
      Changed("", {"registry.profile=cn", "registry.rules.units.lineage=lifo",
                   "registry.rules.holding_limit.base_t=5", "registry.rules.holidays=2027-10-01"});
  EXPECT_THAT(parsed.problems, ElementsAre()) << "a date is TOML's, and text here";
  const Profile profile = RegistryProfile(parsed.scenario);
  EXPECT_EQ(profile.lineage, registry::Lineage::kLifo);
  EXPECT_EQ(profile.limit_base_t, 5);
  EXPECT_EQ(profile.holidays.size(), 1U);
}

TEST(RegistryLaw, ReadsBackFromTheResolvedScenario) {
  const ParsedScenario parsed = Changed(
      "[registry.rules]\nunits.lineage = \"proportional\"\nunits.cap_binds = false\n"
      "units.offset.holdable_by = \"all but importer\"\nshortfall.fine_minor = 7\n");
  ASSERT_THAT(parsed.problems, IsEmpty());
  std::map<std::string, std::string> data;
  for (const std::string& file : MentionsOf(parsed.resolved).data) {
    data[file] = TextOf("scenarios/" + file);
  }
  const ParsedScenario again = ParseScenario({{"scenario.toml", parsed.resolved}}, {}, data);
  ASSERT_THAT(again.problems, IsEmpty());
  EXPECT_EQ(again.scenario.registry_rules, parsed.scenario.registry_rules);
  EXPECT_EQ(RegistryProfile(again.scenario), RegistryProfile(parsed.scenario));
  EXPECT_EQ(again.resolved, parsed.resolved);
}

TEST(RegistryLaw, MistakesAreSaidWithTheirPlace) {
  EXPECT_THAT(SaidOf("[registry]\nprofile = \"us\"\n"),
              ElementsAre("mine.toml:3:11: registry.profile is \"us\"; allowed: \"cn\", \"eu\", "
                          "\"uk\", \"ca\", \"sim\""));
  EXPECT_THAT(SaidOf("[registry.rules]\ntrusted.open_minute = 2000\n"),
              ElementsAre("mine.toml:3:23: registry.rules.trusted.open_minute is 2000; allowed: 0 "
                          "to 1439"));
  EXPECT_THAT(
      SaidOf("[registry.rules]\ntrusted.opn_minute = 600\n"),
      ElementsAre(HasSubstr("mine.toml:3:9: unknown key 'registry.rules.trusted.opn_minute'; "
                            "did you mean 'open_minute'? allowed: ")));
  EXPECT_THAT(
      SaidOf("[registry.rules]\nunits.lineage = \"filo\"\n"),
      ElementsAre("mine.toml:3:17: registry.rules.units.lineage is \"filo\"; allowed: fifo, "
                  "lifo, proportional; in quotes"));
  EXPECT_THAT(SaidOf("[registry.rules]\ntransfers.four_eyes = \"yes\"\nunits.cap_binds = 1\n"),
              ElementsAre(HasSubstr("mine.toml:3:23: "), HasSubstr("mine.toml:4:19: ")));
  EXPECT_THAT(SaidOf("[registry]\nrules = 3\n"), ElementsAre(HasSubstr("mine.toml:3:9: ")));
}

TEST(RegistryLaw, WhatTheScenarioSaysElsewhereIsNoRule) {
  for (const char* line : {"surrender.eligibility = \"none\"", "surrender.offsets = \"none\"",
                           "surrender.arrears_vintage_from = 2020"}) {
    EXPECT_THAT(SaidOf(std::string("[registry.rules]\n") + line + "\n"),
                ElementsAre(HasSubstr("mine.toml:3:11: unknown key 'registry.rules.surrender.")));
  }
}

TEST(RegistryLaw, ContradictionsAreSaidWhereTheLastWordIs) {
  EXPECT_THAT(SaidOf("[registry.rules]\ntrusted.open_minute = 900\n",
                     {"registry.rules.trusted.close_minute=600"}),
              ElementsAre("--set:1:1: registry.rules.trusted.open_minute contradicts "
                          "registry.rules.trusted.close_minute: trusted.open_minute = 900 is after "
                          "trusted.close_minute = 600; allowed: values that go together"));
}

TEST(RegistryLaw, FirmsMustBeAbleToHoldTradeAndSurrender) {
  EXPECT_THAT(SaidOf("[registry]\nprofile = \"eu\"\n"),
              ElementsAre(HasSubstr("mine.toml:3:11: registry.rules.units.offset.transferable is "
                                    "false in a run; allowed: true"),
                          HasSubstr("registry.rules.units.offset.surrenderable is false"),
                          HasSubstr("registry.rules.units.offset.holdable_by is \"none\""),
                          HasSubstr("registry.rules.compliance.rule is \"cumulative\" in a run; "
                                    "allowed: \"per_year\""),
                          HasSubstr("registry.rules.compliance.emissions_due is \"04-01\"")));
  EXPECT_THAT(SaidOf("[registry.rules]\nunits.allowance.holdable_by = \"all but escrow\"\n"),
              ElementsAre(HasSubstr("mine.toml:3:31: registry.rules.units.allowance.holdable_by is "
                                    "\"all but escrow\" in a run; allowed: ")));
  EXPECT_THAT(SaidOf("[registry]\nprofile = \"eu\"\n[registry.rules.units.offset]\n"
                     "transferable = true\nsurrenderable = true\nholdable_by = \"all\"\n"
                     "[registry.rules.compliance]\nrule = \"per_year\"\nemissions_due = \"off\"\n"),
              IsEmpty());
}

TEST(RegistryLaw, LetsNobodyBeStoppedBeforeTheLastVerification) {
  EXPECT_THAT(SaidOf("[registry.rules]\ncompliance.emissions_due = \"07-31\"\n"),
              ElementsAre("mine.toml:3:28: registry.rules.compliance.emissions_due is \"07-31\" in "
                          "a run; allowed: \"off\", or a day after the last verification"));
  EXPECT_THAT(SaidOf("[registry.rules]\ncompliance.emissions_due = \"08-01\"\n"), IsEmpty());
  EXPECT_THAT(SaidOf("[registry.rules]\nsurrender.banking_years = 3\n"),
              ElementsAre(HasSubstr("registry.rules.surrender.banking_years is 3 in a run; ")));
}

}  // namespace
}  // namespace ets::sim
