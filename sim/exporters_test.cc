#include "sim/exporters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/kernel.h"
#include "sim/run_fixture.h"

namespace ets::sim {
namespace {

const std::vector<Platform>& Shipped30() {
  static const auto parsed =
      ParsePlatforms(TextOf("scenarios/data/provincial_platforms.csv")).value();
  return parsed;
}

TEST(Platforms, AreThirtyOfWhichSevenWorkTwelveAreTriedAndElevenPlanned) {
  const auto count = [](PlatformStatus status) {
    return std::ranges::count(Shipped30(), status, &Platform::status);
  };
  EXPECT_EQ(Shipped30().size(), 30U);
  EXPECT_EQ(count(PlatformStatus::kActive), 7);
  EXPECT_EQ(count(PlatformStatus::kPilot), 12);
  EXPECT_EQ(count(PlatformStatus::kPlanned), 11);
}

TEST(Platforms, LieInProvincesThatHaveFirms) {
  const std::string table = TextOf("scenarios/data/firms_by_province.csv");
  for (const Platform& platform : Shipped30())
    EXPECT_THAT(table, ::testing::HasSubstr("\n" + platform.province + ","));
}

TEST(Platforms, CountFromTheirYearAndNeverWhereThereIsNone) {
  const DataTrust trust;
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Shanghai"), (PlatformYears{2026, kNever}))
      << "2024, before there was a bill";
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Jiangsu"), (PlatformYears{2026, kNever})) << "no year";
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Fujian"), (PlatformYears{2026, 2026})) << "twice";
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Ningxia"), (PlatformYears{kNever, 2027}));
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Chongqing"), (PlatformYears{2030, kNever}));
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Guangxi"), (PlatformYears{2030, kNever})) << "no year";
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Tibet"), (PlatformYears{kNever, kNever}));
}

TEST(Platforms, ComeEarlierEverywhereOrLaterAsTheScenarioSays) {
  DataTrust trust;
  trust.all_from = 2027;
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Tibet").all, 2027);
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Shanghai").all, 2026);
  trust.all_from = 0;
  trust.not_before = 2030;
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Shanghai").all, 2030);
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Ningxia").pilot, 2030);
  EXPECT_EQ(YearsOf(trust, Shipped30(), "Tibet").all, kNever);
}

TEST(Platforms, AreReadWholeOrWithEveryMistake) {
  const auto parsed =
      ParsePlatforms("status,province,years\nrunning,Anhui,2025\npilot,,soon\nactive,Hubei\n");
  ASSERT_FALSE(parsed.ok());
  std::vector<std::string> said;
  for (const PlatformMistake& mistake : parsed.error()) {
    said.push_back(std::to_string(mistake.line) + ":" + std::to_string(mistake.column) + ": " +
                   mistake.message);
  }
  using ::testing::StartsWith;
  EXPECT_THAT(
      said, ::testing::ElementsAre("2:1: 'running' is no status; allowed: active, pilot, planned",
                                   StartsWith("3:7: '' is no province; allowed: Anhui, "),
                                   StartsWith("3:8: 'soon' is no year; allowed: years with blanks"),
                                   "4:1: has 2 columns; allowed: 3"));
}

TEST(Platforms, LieInProvincesOfChinaAndAreNamedOnce) {
  const auto parsed = ParsePlatforms(
      "status,province,years\npilot,Anhuii,2025\npilot,Hubei,2025\npilot,Hubei,2026\n");
  ASSERT_FALSE(parsed.ok());
  ASSERT_EQ(parsed.error().size(), 2U);
  EXPECT_THAT(parsed.error()[0].message, ::testing::StartsWith("'Anhuii' is no province"));
  EXPECT_EQ(parsed.error()[1].line, 4);
}

// Two years may stand with a blank between them, or in quotes with a comma.
TEST(Platforms, AreReadAsTheTableIsPublishedToo) {
  for (const char* text : {"status,province,years\npilot,Liaoning,2025 2027\n",
                           "status,province,year\npilot,Liaoning,\"2025, 2027\"\n"}) {
    const auto parsed = ParsePlatforms(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed->at(0).year, 2025);
  }
  EXPECT_FALSE(ParsePlatforms("status,province,year\npilot,Liaoning,2025, 2027\n").ok());
}

// A steel exporter of 1,000 t that emits 2.1 t a tonne, in 2028, at EUR 100.
struct OneExporter : ::testing::Test {
  OneExporter() {
    goods = SectorOf(scenario, "steel").cbam;
    exporter.intensity = 2.1;
    exporter.data_from = 2028;
    year.year = 2028;
    year.tonnes = 1'000;
    year.certificate_eur = 100;
    year.recognised = true;
    year.paid_eur_per_tonne = 5;
    year.paid_share = 0.5;
  }
  ExportCost Cost() const { return CostOf(scenario, goods, exporter, year); }

  Scenario scenario = Default();
  CbamSector goods;
  Exporter exporter;
  ExportYear year;
};

TEST_F(OneExporter, PaysForActualValuesLessWhatItPaidAtHome) {
  const ExportCost cost = Cost();
  const double gross = (2.1 - .9 * 1.37) * 1'000 * 100;
  EXPECT_TRUE(cost.actual);
  EXPECT_NEAR(cost.gross_eur, gross, 1e-6);
  EXPECT_NEAR(cost.home_eur, 5 * .9 * 2.1 * 1'000, 1e-6);
  EXPECT_NEAR(cost.net_eur, gross - cost.home_eur, 1e-6);
  // Until the Chinese price breaks even, what is paid in all does not depend on it.
  EXPECT_NEAR(cost.net_eur + cost.home_eur, gross, 1e-6);
}

// Section 6 of the sensitivities: 4.147 t and 2.914 t charged in 2028.
TEST_F(OneExporter, PaysForDefaultValuesWithTheMarkUpBeforeItCanProveItsOwn) {
  exporter.data_from = 2029;
  const ExportCost cost = Cost();
  EXPECT_FALSE(cost.actual);
  EXPECT_NEAR(cost.embedded_t, 4'147, 1e-6);
  EXPECT_NEAR(cost.chargeable_t, 2'914, 1e-6);
  EXPECT_EQ(cost.deduction_eur, 0) << "no default carbon price is published";
  EXPECT_NEAR(cost.by_default_eur, cost.net_eur, 1e-6);
  EXPECT_GT(cost.by_default_eur, cost.by_actual_eur);
}

TEST_F(OneExporter, MayDeductTheDefaultCarbonPriceWithDefaultValues) {
  exporter.data_from = kNever;
  year.default_price_eur = 2;
  EXPECT_NEAR(Cost().deduction_eur, 2 * .9 * 4'147, 1e-6);
  year.recognised = false;
  EXPECT_EQ(Cost().deduction_eur, 0);
}

TEST_F(OneExporter, HidesEmissionsUntilAnAuditFindsThem) {
  exporter.understates = true;
  scenario.trust.fraud_understatement = .2;
  scenario.trust.fraud_penalty_eur = 300;
  const ExportCost hidden = Cost();
  EXPECT_NEAR(hidden.embedded_t, 2.1 * .8 * 1'000, 1e-6);
  EXPECT_GT(hidden.hidden_eur, 0);
  EXPECT_EQ(hidden.penalty_eur, 0);
  year.audited = true;
  const ExportCost found = Cost();
  EXPECT_FALSE(found.actual);
  EXPECT_EQ(found.hidden_eur, 0);
  EXPECT_NEAR(found.penalty_eur, 300 * 2.1 * .2 * 1'000, 1e-6);
  EXPECT_GT(found.net_eur, hidden.net_eur);
}

TEST(Exporters, OfCredibleDataCanProveMoreAndSooner) {
  const auto proven_by = [](const Scenario& scenario, int year) {
    int proven = 0;
    for (const auto& sector : DrawExporters(scenario, DrawPopulation(scenario)))
      for (const Exporter& exporter : sector) proven += exporter.data_from <= year ? 1 : 0;
    return proven;
  };
  const Scenario table = Shipped("cbam-2028.toml");
  const Scenario all = Shipped("credible-data.toml");
  const Scenario late =
      Shipped("credible-data.toml", {"cbam.data.all_from=0", "cbam.data.not_before=2030"});
  for (const int year : {2027, 2028, 2029}) {
    EXPECT_GT(proven_by(all, year), proven_by(table, year)) << year;
    EXPECT_EQ(proven_by(late, year), 0) << year;
  }
  EXPECT_GT(proven_by(late, 2032), 0);
}

TEST(Exporters, AreTheSameWhateverTheirDataAre) {
  const auto drawn = DrawExporters(Default(), DrawPopulation(Default()));
  const Scenario other = Shipped("credible-data.toml");
  const auto again = DrawExporters(other, DrawPopulation(other));
  ASSERT_EQ(drawn.size(), again.size());
  for (std::size_t s = 0; s < drawn.size(); ++s) {
    ASSERT_EQ(drawn[s].size(), again[s].size());
    double shares = 0;
    for (std::size_t e = 0; e < drawn[s].size(); ++e) {
      EXPECT_EQ(drawn[s][e].firm, again[s][e].firm);
      EXPECT_EQ(drawn[s][e].intensity, again[s][e].intensity);
      shares += drawn[s][e].size_share;
    }
    EXPECT_NEAR(shares, drawn[s].empty() ? 0 : 1, 1e-9);
  }
}

// One run of three years: the tables add up, and the sides of the border share one bill.
TEST(TheBorder, TellsWhatDataAreWorthByProvince) {
  const Scenario scenario =
      Shipped("credible-data.toml", {"last_day=2028-12-31", "behaviour.sector_shock_sd=0"});
  Rows rows;
  RunInputs inputs;
  inputs.scenario = &scenario;
  inputs.population = DrawPopulation(scenario);
  inputs.recorder = &rows;
  EXPECT_EQ(sim::Run(inputs).alarms, 0U);
  ASSERT_FALSE(rows.cbam.empty());
  ASSERT_FALSE(rows.cbam_provinces.empty());
  for (const CbamRow& sector : rows.cbam) {
    double net = 0, exports = 0;
    std::int64_t exporters = 0, with_data = 0;
    for (const CbamProvinceRow& row : rows.cbam_provinces) {
      if (row.sector != sector.sector || row.year != sector.year) continue;
      net += row.net_eur;
      exports += row.exports_t;
      exporters += row.exporters;
      with_data += row.with_data;
      EXPECT_NEAR(row.data_worth_eur, row.by_default_eur - row.by_actual_eur, 1e-3);
    }
    EXPECT_NEAR(net, sector.net_eur, 1e-3);
    EXPECT_NEAR(exports, sector.exports_t, 1e-3);
    EXPECT_EQ(exporters, sector.exporters);
    EXPECT_EQ(with_data, sector.with_data);
    EXPECT_LE(sector.cost_recognised_eur, sector.cost_unrecognised_eur + 1e-3);
    EXPECT_EQ(sector.recognised, sector.year >= 2028);
  }
  // Importers' certificates: what was bought is surrendered, taken back or left.
  ASSERT_EQ(rows.cbam_importers.size(), 4U) << "two sectors, imports of 2026 and 2027";
  for (const CbamImporterRow& row : rows.cbam_importers) {
    EXPECT_EQ(row.bought, row.surrendered + row.repurchased + row.remaining)
        << row.sector << row.year;
    EXPECT_EQ(row.surrendered, row.due) << row.sector << row.year;
    EXPECT_GT(row.cost_eur, 0);
    EXPECT_EQ(row.penalty_eur, 0);
  }
  const auto exports = [&](int year) {
    double sum = 0;
    for (const CbamRow& row : rows.cbam) sum += row.year == year ? row.exports_t : 0;
    return sum;
  };
  EXPECT_GT(exports(2028), 1.4 * exports(2027)) << "goods made of steel and aluminium";
}

}  // namespace
}  // namespace ets::sim
