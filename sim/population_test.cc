#include "sim/population.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/run_fixture.h"

namespace ets::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

const Population& Drawn() {
  static const Population population = DrawPopulation(Default());
  return population;
}

// The lines of one sector in the CSV form.
std::vector<std::string> LinesOf(const Scenario& scenario, const Population& population,
                                 const std::string& sector) {
  std::vector<std::string> lines;
  std::stringstream text(PopulationCsv(scenario, population));
  for (std::string line; std::getline(text, line);) {
    if (line.find("," + sector + ",") != line.npos) lines.push_back(line);
  }
  return lines;
}

// The province table: [sector][province] -> firms.
std::map<std::string, std::map<std::string, int>> ProvinceTable() {
  std::map<std::string, std::map<std::string, int>> table;
  std::stringstream text(TextOf("scenarios/data/firms_by_province.csv"));
  const auto cells_of = [](const std::string& line) {
    std::vector<std::string> cells;
    std::stringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    return cells;
  };
  std::string line;
  std::getline(text, line);
  const std::vector<std::string> head = cells_of(line);
  while (std::getline(text, line)) {
    const std::vector<std::string> cells = cells_of(line);
    for (std::size_t c = 1; c < cells.size(); ++c) {
      if (const int firms = std::stoi(cells[c]); firms > 0) table[head[c]][cells[0]] = firms;
    }
  }
  return table;
}

TEST(Population, Has3378FirmsWhereTheProvinceTablePutsThem) {
  std::map<std::string, std::map<std::string, int>> drawn;
  std::size_t firms = 0;
  for (const Firm& firm : Drawn().firms) {
    const std::string& sector = Default().sectors[firm.sector].name;
    if (firm.sector >= 4) continue;
    ++drawn[sector][firm.province];
    ++firms;
  }
  EXPECT_EQ(firms, 3378U);
  EXPECT_EQ(drawn, ProvinceTable());
}

TEST(Population, EmitsTheVerifiedTotalOfEverySector) {
  for (std::size_t s = 0; s < Default().sectors.size(); ++s) {
    const double total = Default().sectors[s].verified_2024_mt * 1e6;
    EXPECT_NEAR(Drawn().sector_emissions[s], total, 1e-5 * total) << Default().sectors[s].name;
    EXPECT_NEAR(Drawn().cap_scale[s], 1, 1e-5);
  }
  // The first four: 8,194 Mt were verified for 2024.
  double first_four = 0;
  for (std::size_t s = 0; s < 4; ++s) first_four += Drawn().sector_emissions[s];
  EXPECT_NEAR(first_four, 8'194e6, 10e6);
}

TEST(Population, HasNoFirmBelowTheThreshold) {
  for (const Firm& firm : Drawn().firms)
    EXPECT_GE(firm.emissions(), Default().threshold_t * (1 - 1e-9)) << firm.name;
}

TEST(Population, SplitsPowersEmissionsIntoClassesAndHeatAsTheScenarioSays) {
  std::map<std::string, double> shares;
  double total = 0;
  for (const Firm& firm : Drawn().firms) {
    if (firm.sector != 0) continue;
    const bool gas = firm.unit_class == policy::UnitClass::kGas;
    shares[std::string(policy::ToString(firm.unit_class))] += firm.output * firm.intensity;
    shares[gas ? "gas_heat" : "coal_heat"] += firm.heat * firm.heat_intensity;
    total += firm.emissions();
  }
  for (const auto& [name, power_class] : Default().power_classes)
    EXPECT_NEAR(shares[name] / total, power_class.share_of_emissions, 0.015) << name;
}

// What the 2023 benchmarks give for electricity alone, or for heat alone, over what was emitted for
// it in 2023 (intensities of 2024 are one year's drift below).
TEST(Population, IsAllocatedByThe2023BenchmarksAsMuchAsWasPublished) {
  policy::Terms terms;
  terms.benchmarks = Default().BenchmarksOf(2023);
  terms.peaking = Default().PeakingOf(2023);
  terms.gas_relief = false;
  terms.shortfall_ceiling = 1;
  const policy::Rule& rule = *policy::FindRule("benchmark");
  const double drift = 1 + Default().sectors[0].intensity_drift;
  std::map<std::string, double> allocated, emitted;
  for (const Firm& firm : Drawn().firms) {
    if (firm.sector != 0) continue;
    const bool gas = firm.unit_class == policy::UnitClass::kGas;
    policy::Activity electricity = ActivityOf(firm, 1, 1);
    electricity.heat = 0;
    policy::Activity heat = ActivityOf(firm, 1, 1);
    heat.output = 0;
    const std::string name(policy::ToString(firm.unit_class));
    allocated[name] += rule.allocate(electricity, terms);
    emitted[name] += firm.output * firm.intensity / drift;
    allocated[gas ? "gas_heat" : "coal_heat"] += rule.allocate(heat, terms);
    emitted[gas ? "gas_heat" : "coal_heat"] += firm.heat * firm.heat_intensity / drift;
  }
  for (const auto& [name, power_class] : Default().power_classes) {
    EXPECT_NEAR(allocated[name] / emitted[name] - 1, power_class.balance_2023, 0.005) << name;
  }
}

TEST(Population, GivesTheGeneratingGroupsTheirShareOfPower) {
  double owned = 0;
  std::map<int, int> groups;
  for (const Firm& firm : Drawn().firms) {
    if (firm.group == 0) continue;
    EXPECT_EQ(firm.sector, 0) << firm.name;
    owned += firm.emissions();
    ++groups[firm.group];
  }
  EXPECT_EQ(groups.size(), static_cast<std::size_t>(Default().power_groups));
  EXPECT_NEAR(owned / Drawn().sector_emissions[0], Default().power_group_share, 0.02);
}

TEST(Population, IsEqualForTheSameSeedAndDifferentForAnother) {
  const std::string csv = PopulationCsv(Default(), Drawn());
  EXPECT_EQ(PopulationCsv(Default(), DrawPopulation(Default())), csv);
  Scenario other = Default();
  other.seed = 2;
  EXPECT_NE(PopulationCsv(other, DrawPopulation(other)), csv);
}

TEST(Population, OfASectorDoesNotChangeWhenAnotherSectorGrows) {
  Scenario other = Default();
  SectorOf(other, "steel").sizes[0].firms += 50;
  const Population grown = DrawPopulation(other);
  for (const Sector& sector : Default().sectors) {
    const auto before = LinesOf(Default(), Drawn(), sector.name);
    const auto after = LinesOf(other, grown, sector.name);
    if (sector.name == "steel") {
      EXPECT_EQ(after.size(), before.size() + 50);
    } else {
      EXPECT_EQ(after, before) << sector.name;
    }
  }
}

TEST(PopulationCsv, ComesBackExactlyAsItWent) {
  const std::string csv = PopulationCsv(Default(), Drawn());
  const auto read = ParsePopulation(Default(), "mine.csv", csv);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(PopulationCsv(Default(), *read), csv);
  ASSERT_EQ(read->firms.size(), Drawn().firms.size());
  for (std::size_t i = 0; i < read->firms.size(); ++i)
    EXPECT_EQ(read->firms[i].emissions(), Drawn().firms[i].emissions());
  EXPECT_EQ(read->cap_scale, Drawn().cap_scale);
}

constexpr const char* kHeader =
    "name,province,sector,unit_class,group,output,heat,load_factor,intensity,heat_intensity,"
    "process_share\n";

std::vector<std::string> SaidOf(const std::string& text) {
  const auto read = ParsePopulation(Default(), "mine.csv", text);
  std::vector<std::string> said;
  if (read.ok()) return said;
  for (const Problem& problem : read.error()) said.push_back(ToString(problem));
  return said;
}

TEST(PopulationCsv, MayHaveCarriageReturnsEmptyLinesAndSectorsInAnyOrder) {
  const auto read = ParsePopulation(Default(), "mine.csv",
                                    std::string(kHeader) +
                                        "one,Hebei,steel,none,0,10,0,0,2,0,0.7\r\n\r\n"
                                        "two,Hebei,power,I,3,10,5,0.7,0.9,0.1,1\r\n");
  ASSERT_TRUE(read.ok());
  ASSERT_THAT(read->firms, SizeIs(2));
  EXPECT_EQ(read->firms[0].name, "two");
  EXPECT_EQ(read->firms[0].group, 3);
  EXPECT_EQ(read->firms[0].emissions(), 10 * 0.9 + 5 * 0.1);
  EXPECT_EQ(read->firms[1].name, "one");
  EXPECT_EQ(read->cap_scale[1], 20 / (1844e6));
}

struct BadLine {
  const char* line;
  const char* said;
};

TEST(PopulationCsv, SaysWhereAndWhatForEveryKindOfBadLine) {
  const BadLine bad_lines[] = {
      {"a,Hebei,power,I,0,10,0,0.7,0.9,0", "mine.csv:2:1: 10 columns; 11 are allowed"},
      {"a,Hebei,power,I,0,10,0,0.7,0.9,0,1,", "mine.csv:2:1: 12 columns; 11 are allowed"},
      {",Hebei,power,I,0,10,0,0.7,0.9,0,1", "mine.csv:2:1: name is empty; allowed: "},
      {"a,Hebei,fishing,I,0,10,0,0.7,0.9,0,1",
       "mine.csv:2:9: unknown sector 'fishing'; allowed: power, steel, cement"},
      {"a,Hebei,power,IV,0,10,0,0.7,0.9,0,1",
       "mine.csv:2:15: unit_class 'IV'; allowed: I, II, III, gas"},
      {"a,Hebei,power,none,0,10,0,0.7,0.9,0,1", "mine.csv:2:15: unit_class 'none'; allowed: I, "},
      {"a,Hebei,steel,I,0,10,0,0,2,0,1", "mine.csv:2:15: unit_class 'I'; allowed: none outside"},
      {"a,Hebei,power,I,1.5,10,0,0.7,0.9,0,1", "mine.csv:2:17: group is not whole; allowed: "},
      {"a,Hebei,power,I,-1,10,0,0.7,0.9,0,1", "mine.csv:2:17: '-1' is not a whole number from 0"},
      {"a,Hebei,power,I,0,0,0,0.7,0.9,0,1", "mine.csv:2:19: '0' is not a number above 0"},
      {"a,Hebei,power,I,0,ten,0,0.7,0.9,0,1", "mine.csv:2:19: 'ten' is not a number above 0"},
      {"a,Hebei,power,I,0,1e13,0,0.7,0.9,0,1",
       "mine.csv:2:19: '1e13' is not a number above 0, at most 1e12"},
      {"a,Hebei,power,I,0,nan,0,0.7,0.9,0,1", "mine.csv:2:19: 'nan' is not "},
      {"a,Hebei,power,I,0,10,-5,0.7,0.9,0,1", "mine.csv:2:22: '-5' is not a number from 0"},
      {"a,Hebei,power,I,0,10,0,1.1,0.9,0,1", "mine.csv:2:24: '1.1' is not a number from 0 to 1"},
      {"a,Hebei,power,I,0,10,0,0.7,,0,1", "mine.csv:2:28: '' is not a number from 0"},
      {"a,Hebei,power,I,0,10,0,0.7,0.9,-1,1", "mine.csv:2:32: '-1' is not a number from 0"},
      {"a,Hebei,power,I,0,10,0,0.7,0.9,0,0", "mine.csv:2:34: '0' is not a number above 0, at most"},
      {"a,Hebei,power,I,0,1,0,0.7,0.9,0,1", "mine.csv:2:27: emissions of 0.9 t a year; allowed: 1"},
      {"a,Hebei,power,I,0,1e12,0,0.7,9,0,1", "mine.csv:2:30: emissions of 9e+12 t a year; "},
  };
  for (const BadLine& bad : bad_lines) {
    EXPECT_THAT(SaidOf(std::string(kHeader) + bad.line + "\n"), ElementsAre(StartsWith(bad.said)))
        << bad.line;
  }
}

TEST(PopulationCsv, SaysAllThatIsWrongAtOnce) {
  EXPECT_THAT(SaidOf(std::string(kHeader) + "a,Hebei,power,IX,0,10,0,7,0.9,0,1\n" +
                     "good,Hebei,steel,none,0,10,0,0,2,0,1\n" + "b,Hebei,magic,I\n"),
              ElementsAre(StartsWith("mine.csv:2:15:"), StartsWith("mine.csv:2:25:"),
                          StartsWith("mine.csv:4:1:")));
}

TEST(PopulationCsv, RefusesAFileWithoutItsHeaderAndOneWithoutFirms) {
  EXPECT_THAT(SaidOf(""),
              ElementsAre(StartsWith("mine.csv:1:1: the first line is not the header")));
  EXPECT_THAT(SaidOf("a,Hebei,power,I,0,10,0,0.7,0.9,0,1\n"),
              ElementsAre(HasSubstr("allowed: name,province,sector")));
  EXPECT_THAT(SaidOf(kHeader), ElementsAre(HasSubstr("no firm; allowed: at least one line")));
}

}  // namespace
}  // namespace ets::sim
