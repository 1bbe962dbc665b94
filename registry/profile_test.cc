#include "registry/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/prng.h"

namespace ets::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Profile& Get(std::string_view name) {
  const Profile* const profile = FindProfile(name);
  EXPECT_NE(profile, nullptr) << name;
  return *profile;
}

std::uint32_t HoldableBy(const Profile& profile, UnitType type) {
  return profile.units[static_cast<std::size_t>(type)].holdable_by;
}

bool MayHold(const Profile& profile, AccountKind kind, UnitType type) {
  return (HoldableBy(profile, type) >> static_cast<unsigned>(kind) & 1U) != 0;
}

bool CountsFor(const Profile& profile, Vintage vintage, std::uint16_t year, bool arrears = false) {
  return MaySurrender(profile, Unit::Allowance(vintage), year, arrears);
}

// Values that a field's `allowed` words promise; "low to high" gives both ends.
std::vector<std::string> Samples(const ProfileField& field) {
  const std::string& allowed = field.allowed;
  if (field.key == "name") return {"a", "my-profile_2", std::string(32, 'z')};
  if (const std::size_t to = allowed.find(" to "); to != std::string::npos) {
    return {allowed.substr(0, to), allowed.substr(to + 4)};
  }
  if (allowed == "true or false") return {"true", "false"};
  if (allowed.starts_with("none, or dates"))
    return {"none", "2027-01-01", "2027-12-25, 2028-02-29"};
  if (allowed.starts_with("none, or rows")) {
    return {"none", "0-9999 takes 0-9999 lead 9999",
            "2019-2024 takes 2020-2024 lead 0; 2025-9999 takes 2025-9999 lead 1"};
  }
  if (allowed.starts_with("none, or rising")) return {"none", "0: 500", "2021: 400; 2026: 10000"};
  if (allowed.starts_with("all, none")) {
    return {"all", "none", "holder, trading", "all but holder, importer", "issuance", "importer"};
  }
  if (allowed.starts_with("off, or")) return {"off", "04-01", "12-31", "01-01"};
  std::vector<std::string> words;  // "fifo, lifo, proportional"
  for (std::size_t begin = 0; begin < allowed.size();) {
    const std::size_t end = std::min(allowed.find(", ", begin), allowed.size());
    words.push_back(allowed.substr(begin, end - begin));
    begin = end + 2;
  }
  return words;
}

TEST(ProfileFields, KeysDifferAndEachSaysWhatItMeans) {
  std::set<std::string> keys;
  for (const ProfileField& field : ProfileFields()) {
    EXPECT_TRUE(keys.insert(field.key).second) << field.key;
    EXPECT_EQ(FindProfileField(field.key), &field);
    EXPECT_FALSE(field.words.empty()) << field.key;
    EXPECT_FALSE(field.allowed.empty()) << field.key;
  }
  EXPECT_EQ(FindProfileField("trusted.opn_minute"), nullptr);
}

TEST(ProfileFields, TakeWhatTheyAllowAndGiveItBackInEveryProfile) {
  for (const Profile& start : Profiles()) {
    for (const ProfileField& field : ProfileFields()) {
      for (const std::string& text : Samples(field)) {
        Profile profile = start;
        ASSERT_TRUE(field.set(profile, text)) << field.key << " = " << text;
        EXPECT_EQ(field.get(profile), text) << field.key;
      }
    }
  }
}

TEST(ProfileFields, RefuseEverythingElseAndChangeNothing) {
  const std::vector<std::string> never = {"",
                                          " ",
                                          "maybe",
                                          "-99999",
                                          "1.5",
                                          "1e3",
                                          "0x10",
                                          "+1",
                                          "2027-02-30",
                                          "02-29",
                                          "13-01",
                                          "True",
                                          "all but",
                                          "holder,",
                                          "holder, nobody",
                                          "2021",
                                          "2021: 10001",
                                          "2026: 1; 2021: 1",
                                          "5-4 takes 1-2 lead 0",
                                          "0-10000 takes 0-1 lead 0",
                                          "none; none",
                                          "none, none",
                                          "99999999999999999999",
                                          "a b",
                                          "nöne",
                                          std::string(33, 'z')};
  for (const ProfileField& field : ProfileFields()) {
    for (const std::string& text : never) {
      Profile profile = Get("uk");
      if (field.set(profile, text)) {
        // "2021" is a number, and lower-case letters and digits are a name.
        EXPECT_EQ(field.get(profile), text) << field.key;
        EXPECT_TRUE(text == "2021" || field.key == "name") << field.key << " took " << text;
      } else {
        EXPECT_EQ(profile, Get("uk")) << field.key << " = " << text;
      }
    }
  }
}

TEST(ProfileFields, NumbersEndWhereTheyAreSaidTo) {
  int numbers = 0;
  for (const ProfileField& field : ProfileFields()) {
    const std::size_t to = field.allowed.find(" to ");
    if (to == std::string::npos || field.key == "name") continue;
    ++numbers;
    const std::int64_t low = std::stoll(field.allowed.substr(0, to));
    const std::int64_t high = std::stoll(field.allowed.substr(to + 4));
    Profile profile = Get("sim");
    EXPECT_FALSE(field.set(profile, std::to_string(low - 1))) << field.key;
    EXPECT_FALSE(field.set(profile, std::to_string(high + 1))) << field.key;
  }
  EXPECT_GT(numbers, 30);
}

// Any profile that the table can make, not only the shipped ones.
TEST(ProfileText, ReadsBackAsTheSameProfileForAnyMixOfValues) {
  Prng prng(11);
  int read = 0;
  for (int round = 0; round < 2'000; ++round) {
    const auto profiles = Profiles();
    Profile profile = profiles[prng.Below(profiles.size())];
    for (const ProfileField& field : ProfileFields()) {
      if (prng.Below(3) != 0) continue;
      const std::vector<std::string> samples = Samples(field);
      ASSERT_TRUE(field.set(profile, samples[prng.Below(samples.size())]));
    }
    const auto parsed = ParseProfile(ProfileText(profile));
    ASSERT_EQ(parsed.ok(), !CheckProfile(profile).has_value());
    if (!parsed.ok()) continue;
    ASSERT_EQ(*parsed, profile);
    ++read;
  }
  EXPECT_GT(read, 200);
}

TEST(ProfileText, KeepsWhatItDoesNotSayAsInTheSimulation) {
  const auto parsed = ParseProfile("# mine\n\n  name = mine \r\ntrusted.open_minute=600");
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  Profile expected = Get("sim");
  expected.name = "mine";
  expected.trusted.open_minute = 600;
  EXPECT_EQ(*parsed, expected);
  EXPECT_EQ(ParseProfile(""), Get("sim"));
}

TEST(ProfileText, SaysOnWhichLineWhatIsWrong) {
  const auto mistake = [](std::string_view text) {
    const auto parsed = ParseProfile(text);
    EXPECT_FALSE(parsed.ok()) << text;
    return parsed.ok() ? std::string() : parsed.error();
  };
  EXPECT_EQ(mistake("name = x\n\ntrusted.open_minute = 2000\n"),
            "line 3: trusted.open_minute = 2000: 0 to 1439");
  EXPECT_EQ(mistake("trusted.opn_minute = 3"), "line 1: a profile has no trusted.opn_minute");
  EXPECT_EQ(mistake("name = x\nname = y"), "line 2: name is set on line 1 already");
  EXPECT_EQ(mistake("trusted.open_minute 600"), "line 1: no key = value");
  EXPECT_EQ(mistake("transfers.four_eyes = yes"),
            "line 1: transfers.four_eyes = yes: true or false");
  EXPECT_EQ(mistake("trusted.open_minute = 900\ntrusted.close_minute = 600\nname = x"),
            "line 2: trusted.open_minute = 900 is after trusted.close_minute = 600");
  EXPECT_EQ(mistake("untrusted.days_before = 0\nuntrusted.cutoff_minute = 720"),
            "line 2: untrusted.at_minute = 0 of the same day is before untrusted.cutoff_minute = "
            "720");
  EXPECT_EQ(mistake("trusted_entry.days_before = 3"),
            "line 1: trusted_entry.days_after = 2 is not equal to nor one more than "
            "trusted_entry.days_before = 3");
  EXPECT_EQ(
      mistake("trusted.days_after = 3\ntrusted.days_before = 1"),
      "line 2: trusted.days_after = 3 is not equal to nor one more than trusted.days_before = 1");
  EXPECT_EQ(mistake("surrender.banking_years = 3; drop"),
            "line 1: surrender.banking_years = 3; drop: -1 to 1000");
}

TEST(ProfileText, RefusesEveryBadValueOfEveryField) {
  for (const ProfileField& field : ProfileFields()) {
    const auto parsed = ParseProfile("# first\n" + field.key + " = ?\n");
    ASSERT_FALSE(parsed.ok()) << field.key;
    EXPECT_EQ(parsed.error(), "line 2: " + field.key + " = ?: " + field.allowed);
  }
}

TEST(Profiles, FiveAreShippedAndFoundByName) {
  std::vector<std::string> names;
  for (const Profile& profile : Profiles()) {
    names.push_back(profile.name);
    EXPECT_EQ(FindProfile(profile.name), &profile);
    EXPECT_FALSE(CheckProfile(profile).has_value()) << profile.name;
    EXPECT_EQ(ParseProfile(ProfileText(profile)), profile);
  }
  EXPECT_THAT(names, ElementsAre("cn", "eu", "uk", "ca", "sim"));
  EXPECT_EQ(FindProfile("us"), nullptr);
}

TEST(Profiles, CertificatesStayBetweenAuthorityAndImporterEverywhere) {
  for (const Profile& profile : Profiles()) {
    const UnitRule& rule = profile.units[static_cast<std::size_t>(UnitType::kCertificate)];
    EXPECT_FALSE(rule.transferable) << profile.name;
    for (std::size_t kind = 1; kind < kAccountKindCount; ++kind) {
      const KindRow& row = Kinds()[kind];
      EXPECT_EQ(MayHold(profile, row.kind, UnitType::kCertificate),
                row.central || row.kind == AccountKind::kImporter)
          << profile.name << " " << row.name;
    }
    EXPECT_TRUE(MaySurrender(profile, Unit::Of(UnitType::kCertificate, 2027), 2027, false));
    EXPECT_FALSE(MaySurrender(profile, Unit::Of(UnitType::kCertificate, 2027), 2028, true));
    EXPECT_FALSE(MaySurrender(profile, Unit::Cash(Currency::kCny), 2027, true));
  }
}

TEST(Profiles, EverybodyTheAuthorityDealsWithCanHoldWhatTheSchemeHas) {
  for (const Profile& profile : Profiles()) {
    for (const UnitType type : {UnitType::kAllowance, UnitType::kOffset}) {
      if (HoldableBy(profile, type) == 0) continue;
      for (const KindRow& row : Kinds()) {
        EXPECT_TRUE(!row.central || MayHold(profile, row.kind, type)) << row.name;
      }
      EXPECT_TRUE(MayHold(profile, AccountKind::kHolder, type));
      EXPECT_TRUE(MayHold(profile, AccountKind::kEscrow, type));
    }
  }
}

TEST(Simulation, ForbidsNothingButWhatVintagesAndQuotasDo) {
  const Profile& sim = Get("sim");
  EXPECT_FALSE(sim.four_eyes);
  EXPECT_FALSE(sim.trusted_list_only);
  for (const ExecutionRule* rule : {&sim.trusted, &sim.untrusted, &sim.trusted_entry}) {
    EXPECT_EQ(ExecutionTime(sim, *rule, 123'456'789), 123'456'789);
  }
  EXPECT_EQ(sim.reverse_surrender_days, -1);
  EXPECT_EQ(sim.limit_base_t, 0);
  EXPECT_EQ(sim.compliance, ComplianceRule::kPerYear);
  EXPECT_EQ(sim.emissions_due, MonthDay{});
  for (const UnitType type : {UnitType::kAllowance, UnitType::kOffset, UnitType::kCurrency}) {
    EXPECT_EQ(sim.units[static_cast<std::size_t>(type)], UnitRule{});
  }
  for (std::uint16_t year = 2020; year < 2041; ++year) {
    EXPECT_EQ(OffsetLimitBp(sim, year), 500);
    EXPECT_TRUE(MaySurrender(sim, Unit::Offset(), year, false));
  }
}

// cn and sim alike: no borrowing, old vintages for old years, new ones for arrears too.
TEST(China, VintagesFrom2025AreForTheYearsFrom2025AndForArrears) {
  for (const char* name : {"cn", "sim"}) {
    const Profile& profile = Get(name);
    EXPECT_TRUE(CountsFor(profile, 2023, 2023));
    EXPECT_TRUE(CountsFor(profile, 2023, 2024));
    EXPECT_FALSE(CountsFor(profile, 2024, 2023)) << "borrowed";
    EXPECT_FALSE(CountsFor(profile, 2025, 2024));
    EXPECT_TRUE(CountsFor(profile, 2025, 2024, true)) << "arrears";
    EXPECT_FALSE(CountsFor(profile, 2024, 2025)) << "expired";
    EXPECT_FALSE(CountsFor(profile, 2024, 2025, true));
    EXPECT_TRUE(CountsFor(profile, 2025, 2027));
    EXPECT_FALSE(CountsFor(profile, 2028, 2027));
    EXPECT_TRUE(CountsFor(profile, 2028, 2027, true));
  }
}

TEST(European, UnitsAreOfTenYearPeriodsAndHeldAsAnnexISays) {
  const Profile& eu = Get("eu");
  EXPECT_TRUE(CountsFor(eu, 2030, 2021)) << "no year of issue within a period";
  EXPECT_TRUE(CountsFor(eu, 2019, 2027)) << "banked";
  EXPECT_FALSE(CountsFor(eu, 2021, 2020)) << "the period before";
  EXPECT_FALSE(CountsFor(eu, 2031, 2030));
  EXPECT_FALSE(MaySurrender(eu, Unit::Of(UnitType::kCountryCoded, 2027), 2027, true));
  EXPECT_FALSE(MaySurrender(eu, Unit::Offset(), 2027, false));
  EXPECT_TRUE(MaySurrender(eu, Unit::Of(UnitType::kAviation, 2027), 2027, false));

  EXPECT_FALSE(MayHold(eu, AccountKind::kHolder, UnitType::kRegulated));
  EXPECT_TRUE(MayHold(eu, AccountKind::kRegulatedEntity, UnitType::kRegulated));
  EXPECT_TRUE(MayHold(eu, AccountKind::kTrading, UnitType::kRegulated));
  EXPECT_TRUE(MayHold(eu, AccountKind::kAuctionDelivery, UnitType::kRegulated));
  EXPECT_FALSE(MayHold(eu, AccountKind::kRegulatedEntity, UnitType::kAllowance));
  EXPECT_FALSE(MayHold(eu, AccountKind::kHolder, UnitType::kOffset));
}

TEST(California, TakesVintagesUpToTheYearAndFewerOffsetsFrom2021) {
  const Profile& ca = Get("ca");
  EXPECT_FALSE(CountsFor(ca, 2027, 2026)) << "95856(b)(2)";
  EXPECT_TRUE(CountsFor(ca, 2026, 2026));
  EXPECT_EQ(OffsetLimitBp(ca, 2012), 0);
  EXPECT_EQ(OffsetLimitBp(ca, 2020), 800);
  EXPECT_EQ(OffsetLimitBp(ca, 2021), 400);
  EXPECT_EQ(OffsetLimitBp(ca, 2025), 400);
  EXPECT_EQ(OffsetLimitBp(ca, 2026), 600);
  EXPECT_EQ(ca.shortfall, Shortfall::kUnits);
  EXPECT_EQ(ca.units_multiple, 4);
  EXPECT_TRUE(MayHold(ca, AccountKind::kCompliance, UnitType::kOffset));
  EXPECT_FALSE(MayHold(ca, AccountKind::kLimitedUse, UnitType::kOffset));
}

TEST(Banking, EndsSoManyYearsAfterTheVintage) {
  Profile profile = Get("eu");
  profile.banking_years = 3;
  EXPECT_TRUE(CountsFor(profile, 2024, 2027));
  EXPECT_FALSE(CountsFor(profile, 2024, 2028));
  EXPECT_TRUE(CountsFor(profile, 2030, 2027)) << "no bound on the other side";
  profile.arrears_vintage_from = 0;
  EXPECT_FALSE(CountsFor(profile, 2024, 2028, true)) << "gone is gone";
  profile.banking_years = 0;
  EXPECT_TRUE(CountsFor(profile, 2027, 2027));
  EXPECT_FALSE(CountsFor(profile, 2026, 2027));
}

TEST(British, BankHolidaysAreThoseOfEnglandAndWales) {
  const Profile& uk = Get("uk");
  const auto of_year = [&](int year) {
    std::vector<std::string> days;
    for (const Date day : uk.holidays) {
      if (day.year() == year) days.push_back(ToString(day));
    }
    return days;
  };
  EXPECT_THAT(of_year(2026), ElementsAre("2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04",
                                         "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28"));
  // A jubilee, for which the last Monday of May was moved, and a funeral.
  EXPECT_THAT(of_year(2022),
              ElementsAre("2022-01-03", "2022-04-15", "2022-04-18", "2022-05-02", "2022-06-02",
                          "2022-06-03", "2022-08-29", "2022-09-19", "2022-12-26", "2022-12-27"));
  EXPECT_THAT(of_year(2023),
              ElementsAre("2023-01-02", "2023-04-07", "2023-04-10", "2023-05-01", "2023-05-08",
                          "2023-05-29", "2023-08-28", "2023-12-25", "2023-12-26"));
  // Christmas on a Saturday, New Year's Day of 2028 too.
  EXPECT_THAT(of_year(2027), ElementsAre("2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03",
                                         "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28"));
  EXPECT_THAT(of_year(2028), ElementsAre("2028-01-03", "2028-04-14", "2028-04-17", "2028-05-01",
                                         "2028-05-29", "2028-08-28", "2028-12-25", "2028-12-26"));
  for (const Date day : uk.holidays) EXPECT_LT(day.weekday(), Weekday::kSaturday) << ToString(day);
}

TEST(ProfileReference, IsThePageInTheDocs) {
  const std::string page = ProfileReference();
  for (const ProfileField& field : ProfileFields()) {
    EXPECT_THAT(page, HasSubstr("| `" + field.key + "` |"));
  }
  EXPECT_THAT(page, HasSubstr("### Caps, serials and holding limits"))
      << "every section has its keys";
  if (std::getenv("ETS_WRITE_DOCS") != nullptr) std::ofstream("docs/profiles.md") << page;
  std::stringstream written;
  written << std::ifstream("docs/profiles.md").rdbuf();
  EXPECT_EQ(written.str(), page) << "run this test once with ETS_WRITE_DOCS=1";
}

TEST(ProfileReference, ItsExampleIsAProfile) {
  const std::string page = ProfileReference();
  const std::size_t begin = page.find("```\nname") + 4;
  const auto parsed = ParseProfile(page.substr(begin, page.find("```", begin) - begin));
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  EXPECT_EQ(parsed->trusted_entry.days_before, 7);
}

}  // namespace
}  // namespace ets::registry
