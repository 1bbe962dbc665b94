// The United Kingdom's compliance status by the scenarios that its regulators gave to the builders
// of its registry (EAComplianceTests.java, DynamicComplianceCalculator.java of
// UKGovernmentBEIS/ukets-registry, release 6.0.0), told anew as steps and the symbol after each.

#include <sstream>

#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

struct Scenario {
  const char* name;                           // As the source has it.
  std::uint16_t first_year, last_year, year;  // At the beginning; last_year 0: none.
  const char* begins;
  // "year 2022 C": 1 January of 2022 passes, the symbol is C. emissions YEAR T; withdraw YEAR;
  // surrender T; reverse (the surrender before); exclude YEAR; first YEAR; last YEAR (0: none);
  // official: the symbol fixed on 1 May of the running year.
  const char* steps;
};

const Scenario kScenarios[] = {
    {"Scenario 1", 2021, 0, 2021, "N/A", "year 2022 C; emissions 2021 100 B; surrender 100 A"},
    {"Scenario 2", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; year 2023 C; emissions 2022 150 B; "
     "surrender 150 A"},
    {"Scenario 3", 2021, 0, 2021, "N/A", "year 2022 C; emissions 2021 100 B; surrender 50 B"},
    {"Scenario 4", 2021, 0, 2021, "N/A", "year 2022 C; emissions 2021 100 B; surrender 150 A"},
    {"Scenario 5", 2021, 0, 2021, "N/A", "year 2022 C; surrender 100 C"},
    {"Scenario 6", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; emissions 2021 101 B; surrender 1 A"},
    {"Scenario 7", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 50 B; emissions 2021 50 A"},
    {"Scenario 8", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; year 2023 C; emissions 2022 150 B; "
     "surrender 150 A; year 2024 C; emissions 2023 200 B; surrender 200 A; emissions 2022 155 B; "
     "surrender 5 A"},
    {"Scenario 9", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 50 B; year 2023 C; emissions 2022 150 B; "
     "surrender 200 A"},
    {"Scenario 10", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; official A; year 2023 C; exclude 2022 A; "
     "official A; year 2024 C; emissions 2023 200 B; surrender 200 A; official A"},
    {"Scenario 11", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 500 B; surrender 500 A; year 2023 C; emissions 2022 500 B; "
     "surrender 450 B; year 2024 C; emissions 2023 500 B; surrender 500 B"},
    {"Scenario 12", 2021, 0, 2022, "C",
     "emissions 2021 500 B; surrender 500 A; last 2022 C; emissions 2022 450 B; official A; "
     "surrender 450 A; year 2023 A; official A"},
    {"Scenario 13", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 75 B; surrender 100 A; reverse B; surrender 75 A"},
    {"Scenario 14", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 50 B; year 2023 C; exclude 2022 B; year 2024 C; "
     "emissions 2023 200 B; surrender 200 B"},
    {"Edge case 1", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; official A; year 2023 C; "
     "emissions 2022 150 B; surrender 150 A; official A; year 2024 C; last 2024 C; "
     "emissions 2023 200 C; emissions 2024 50 B; surrender 200 B; official A; surrender 50 A; "
     "year 2025 A; official A"},
    {"Edge case 2", 2022, 0, 2023, "C",
     "emissions 2022 150 B; surrender 150 A; official A; year 2024 C; emissions 2023 175 B; "
     "surrender 175 A; first 2021 C; emissions 2021 30 B; surrender 30 A; official A"},
    {"Edge case 3", 2023, 0, 2023, "N/A",
     "last 2023 C; emissions 2023 150 B; surrender 150 A; year 2024 A; official A"},
    {"Edge case 4", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; year 2023 C; emissions 2022 100 B; "
     "surrender 100 A; year 2024 C; last 2024 C; emissions 2023 200 C; emissions 2024 50 B; "
     "surrender 200 B; year 2025 B"},
    {"Edge case 5", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; year 2023 C; emissions 2022 100 B; "
     "surrender 100 A; year 2024 C; last 2024 C; emissions 2023 200 C; emissions 2024 50 B; "
     "surrender 200 B; surrender 50 A; year 2025 A"},
    {"Edge cases 6 and 7", 2023, 2023, 2023, "C",
     "emissions 2023 150 B; surrender 150 A; year 2024 A; official A"},
    {"Edge case 8", 2023, 0, 2023, "N/A",
     "last 2023 C; emissions 2023 150 B; surrender 150 A; year 2024 A; official A"},
    {"Edge case 9", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; official A; year 2023 C; "
     "emissions 2022 150 B; surrender 150 A; official A; year 2024 C; last 2024 C; "
     "emissions 2023 200 C; emissions 2024 50 B; surrender 200 B; withdraw 2024 C; last 2025 A; "
     "official A; year 2025 C; official C"},
    {"Edge case 10", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 100 B; surrender 100 A; year 2023 C; emissions 2022 150 B; "
     "surrender 150 A; year 2024 C; last 2024 C; emissions 2023 200 C; emissions 2024 50 B; "
     "surrender 200 B; official A; withdraw 2024 C; last 2025 A; year 2025 C; official C"},
    {"Basic cessation 1", 2021, 0, 2021, "N/A",
     "year 2022 C; emissions 2021 500 B; surrender 500 A; official A; last 2022 C; "
     "emissions 2022 100 B; surrender 100 A; year 2023 A; official A"},
    {"Basic cessation 2", 2021, 0, 2021, "N/A",
     "year 2022 C; last 2022 C; emissions 2021 500 C; emissions 2022 50 B; surrender 550 A; "
     "official A; year 2023 A; official A"},
    {"Basic cessation 3", 2021, 0, 2021, "N/A",
     "year 2022 C; last 2022 C; emissions 2021 500 C; surrender 500 C; emissions 2022 50 B; "
     "official A; surrender 50 A; year 2023 A; official A"},
    {"UKETSSD-128", 2021, 2021, 2021, "C", "emissions 2021 0 A; year 2022 A"},
    {"UKETS-6473", 2021, 0, 2021, "N/A",
     "surrender 13 N/A; last 2021 C; emissions 2021 8 A; year 2022 A; last 0 A"},
};

class UkCalculator : public Desk {
 protected:
  UkCalculator() : Desk(*FindProfile("uk")) {}

  void Begin(const Scenario& scenario) {
    time_ = 0;
    step_ = 0;
    Under(*FindProfile("uk"));
    units_ = OpensLedger(Unit::Allowance(2021));
    Must(Issue{is_.holder, units_, 100'000});
    year_ = scenario.year;
    Until(year_, 1, 1);
    SetYears(scenario.first_year, scenario.last_year);
  }
  void SetYears(std::uint16_t first, std::uint16_t last) {
    first_ = first;
    last_ = last;
    Must(SetEntity{0, first_, last_, 0});
  }
  void Emits(std::uint16_t year, std::int64_t tonnes) {
    if (registry_.compliance(0, year).verified) {
      Must(CorrectEmissions{0, year, Tonnes(tonnes), EmissionsSource::kVerified, false});
    } else {
      Must(VerifyEmissions{0, year, Tonnes(tonnes)});
    }
  }
  void Step(const std::string& verb, std::istream& words) {
    std::int64_t number = 0, tonnes = 0;
    if (verb != "reverse" && verb != "official") words >> number;
    const auto year = static_cast<std::uint16_t>(number);
    if (verb == "year") {
      Until(year_ = year, 1, 1);
    } else if (verb == "emissions") {
      words >> tonnes;
      Emits(year, tonnes);
    } else if (verb == "withdraw") {
      Must(CorrectEmissions{0, year, Tonnes(), EmissionsSource::kVerified, true});
    } else if (verb == "surrender") {
      surrender_ = Must(Surrender{is_.holder, units_, year_, number}).sequence;
    } else if (verb == "reverse") {
      Must(ReverseTransfer{surrender_, 0});
    } else if (verb == "exclude") {
      Must(ExcludeYear{0, year});
    } else if (verb == "first") {
      SetYears(year, last_);
    } else if (verb == "last") {
      SetYears(first_, year);
    } else {
      ASSERT_EQ(verb, "official");
      Until(year_, 5, 1);
    }
  }

  LedgerId units_;
  std::uint16_t year_ = 0, first_ = 0, last_ = 0;
  std::uint64_t surrender_ = 0;
};

TEST_F(UkCalculator, FindsTheSymbolOfEveryStepOfTheRegulatorsScenarios) {
  int steps = 0;
  for (const Scenario& scenario : kScenarios) {
    Begin(scenario);
    ASSERT_EQ(ToString(SymbolOf(0)), scenario.begins) << scenario.name;
    std::istringstream text(scenario.steps);
    for (std::string line; std::getline(text, line, ';'); ++steps) {
      std::istringstream words(line);
      std::string verb, expected;
      words >> verb;
      ASSERT_NO_FATAL_FAILURE(Step(verb, words));
      words >> expected;
      const Symbol found = verb == "official" ? registry_.official_status(0).symbol : SymbolOf(0);
      ASSERT_EQ(ToString(found), expected) << scenario.name << ":" << line;
    }
  }
  std::printf("%zu scenarios, %d steps\n", std::size(kScenarios), steps);
}

}  // namespace
}  // namespace ets::registry
