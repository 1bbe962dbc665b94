#include "study/ensemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "cbam/auction_report.h"

namespace ets::study {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string ReadAll(const std::string& name) {
  std::ifstream in("scenarios/" + name, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A shipped scenario, cut short.
Variant Shipped(const std::string& name, const std::string& last_day) {
  std::vector<sim::SourceFile> files;
  std::map<std::string, std::string> data;
  for (std::string next = name; !next.empty();) {
    const std::string text = ReadAll(next);
    const sim::Mentions mentions = sim::MentionsOf(text);
    files.insert(files.begin(), {next, text});
    for (const std::string& file : mentions.data) data[file] = ReadAll(file);
    next = mentions.extends;
  }
  sim::ParsedScenario parsed = sim::ParseScenario(files, {"last_day=" + last_day}, data);
  for (const sim::Problem& problem : parsed.problems) ADD_FAILURE() << sim::ToString(problem);
  Variant variant;
  variant.scenario = std::move(parsed.scenario);
  variant.european_facts = cbam::ParseAuctionCsv(variant.scenario.europe.facts_csv).value();
  variant.european_auctioneers.assign(variant.european_facts.size(), "EU");
  return variant;
}

const std::vector<Variant>& TwoShortVariants() {
  static const std::vector<Variant> variants = {Shipped("china-transition.toml", "2025-03-31"),
                                                Shipped("stay-intensity.toml", "2025-02-28")};
  return variants;
}

std::string AllText(const std::vector<Variant>& variants, const std::vector<CellResult>& results) {
  return EnsembleCsv(variants, results) + SummaryCsv(variants, Summarise(results)) +
         RunsCsv(variants, results);
}

TEST(CrossDesign, GivesEveryVariantTheSameSeedsInOrder) {
  EXPECT_THAT(CrossDesign(2, 7, 3),
              ElementsAre(Cell{0, 7}, Cell{0, 8}, Cell{0, 9}, Cell{1, 7}, Cell{1, 8}, Cell{1, 9}));
}

TEST(RunEnsemble, GivesTheSameTextWithOneThreadAndWithMany) {
  const std::vector<Variant>& variants = TwoShortVariants();
  const std::vector<Cell> design = CrossDesign(variants.size(), 1, 3);
  const std::string alone = AllText(variants, RunEnsemble(variants, design, 1, nullptr));
  EXPECT_EQ(std::count(alone.begin(), alone.end(), '\n'), (1 + 6) + (1 + 2 * 5) + (1 + 6));
  for (const int threads : {2, 3, 16}) {
    EXPECT_EQ(AllText(variants, RunEnsemble(variants, design, threads, nullptr)), alone)
        << threads << " threads";
  }
}

TEST(RunEnsemble, ReturnsResultsInTheOrderOfTheDesignWhateverItIs) {
  const std::vector<Variant>& variants = TwoShortVariants();
  const std::vector<Cell> design = {{1, 9}, {0, 2}, {1, 3}};
  const std::vector<CellResult> results = RunEnsemble(variants, design, 2, nullptr);
  ASSERT_THAT(results, SizeIs(3));
  for (std::size_t i = 0; i < design.size(); ++i) {
    EXPECT_EQ(results[i].cell, design[i]);
    EXPECT_TRUE(results[i].run.completed);
    EXPECT_EQ(results[i].run.days, design[i].variant == 0 ? 90u : 59u);
  }
}

TEST(RunEnsemble, GivesEachCellWhatARunOfItsOwnGives) {
  const std::vector<Variant>& variants = TwoShortVariants();
  const std::vector<CellResult> results =
      RunEnsemble(variants, CrossDesign(variants.size(), 4, 2), 2, nullptr);
  sim::Scenario scenario = variants[1].scenario;
  scenario.seed = 5;
  YearlyRecorder recorder;
  sim::RunInputs inputs;
  inputs.scenario = &scenario;
  inputs.population = sim::DrawPopulation(scenario);
  inputs.european_facts = variants[1].european_facts;
  inputs.european_auctioneers = variants[1].european_auctioneers;
  inputs.recorder = &recorder;
  const sim::RunResult alone = sim::Run(inputs);
  EXPECT_EQ(results.back().run.event_hash, alone.event_hash);
  EXPECT_EQ(results.back().years, recorder.Years());
}

TEST(RunEnsemble, TellsSeedsApart) {
  const std::vector<Variant>& variants = TwoShortVariants();
  const std::vector<CellResult> results = RunEnsemble(variants, CrossDesign(1, 1, 2), 2, nullptr);
  EXPECT_NE(results[0].run.event_hash, results[1].run.event_hash);
  ASSERT_THAT(results[0].years, SizeIs(1));
  ASSERT_TRUE(results[0].years[0].price_cny && results[1].years[0].price_cny);
  EXPECT_NE(results[0].years[0].price_cny, results[1].years[0].price_cny);
}

TEST(RunEnsemble, ReportsProgressUpToTheWholeAndNeverBackwards) {
  const std::vector<Variant>& variants = TwoShortVariants();
  std::vector<EnsembleProgress> seen;
  RunEnsemble(variants, CrossDesign(1, 1, 3), 2, [&](const EnsembleProgress& progress) {
    seen.push_back(progress);
    return true;
  });
  ASSERT_GT(seen.size(), 3u * 90);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end(), [](const auto& a, const auto& b) {
    return a.share_done < b.share_done - 1e-9 || a.runs_done < b.runs_done;
  }));
  EXPECT_EQ(seen.back().runs_done, 3u);
  EXPECT_EQ(seen.back().runs, 3u);
  EXPECT_NEAR(seen.back().share_done, 1, 1e-9);
}

TEST(RunEnsemble, StopsEveryRunWhenProgressSaysSo) {
  const std::vector<Variant>& variants = TwoShortVariants();
  int calls = 0;
  const std::vector<CellResult> results = RunEnsemble(
      variants, CrossDesign(1, 1, 4), 2, [&](const EnsembleProgress&) { return ++calls < 20; });
  EXPECT_EQ(calls, 20);
  ASSERT_THAT(results, SizeIs(4));
  for (const CellResult& result : results) {
    EXPECT_FALSE(result.run.completed);
    EXPECT_THAT(result.years, SizeIs(0));
  }
}

TEST(RunEnsemble, LetsAnExceptionOutAfterTheThreadsHaveEnded) {
  const std::vector<Variant>& variants = TwoShortVariants();
  EXPECT_THROW(RunEnsemble(variants, CrossDesign(1, 1, 3), 2,
                           [](const EnsembleProgress&) -> bool { throw std::runtime_error("x"); }),
               std::runtime_error);
}

TEST(PopulationOf, DrawsAnewForEachSeedButLeavesFirmsOfAFileAlone) {
  Variant variant = TwoShortVariants()[0];
  const auto csv = [&](std::uint64_t seed) {
    return sim::PopulationCsv(variant.scenario, PopulationOf(variant, seed));
  };
  EXPECT_NE(csv(1), csv(2));
  variant.population = PopulationOf(variant, 3);
  const std::string file = csv(3);
  variant.scenario.firms_file = "mine.csv";
  EXPECT_EQ(csv(1), file);
  EXPECT_EQ(csv(2), file);
}

// R: quantile(c(1, 2, 3, 4, 10), c(.05, .5, .95)) is 1.2, 3.0, 8.8.
TEST(Quantile, IsLinearBetweenNeighboursInAnyOrderOfTheNumbers) {
  const std::vector<double> numbers = {10, 3, 1, 4, 2};
  EXPECT_THAT(Quantile(numbers, 0.05), DoubleEq(1.2));
  EXPECT_THAT(Quantile(numbers, 0.5), DoubleEq(3));
  EXPECT_THAT(Quantile(numbers, 0.95), DoubleEq(8.8));
  EXPECT_EQ(Quantile(numbers, 0), 1);
  EXPECT_EQ(Quantile(numbers, 1), 10);
  EXPECT_EQ(Quantile({1, 2}, 0.5), 1.5);
  EXPECT_EQ(Quantile({7}, 0.95), 7);
}

// 0, 1, ... 100: every percentile is its own number.
TEST(Quantile, GivesThePercentilesOfAHundredAndOneNumbers) {
  std::vector<double> numbers(101);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  for (int percent = 0; percent <= 100; ++percent)
    EXPECT_NEAR(Quantile(numbers, percent / 100.0), percent, 1e-9);
}

TEST(YearlyRecorder, AveragesHeadlineClosesOnlyAndWeighsAuctionsByVolume) {
  YearlyRecorder recorder;
  const auto price = [&](Date date, double close, bool headline) {
    sim::PriceRow row;
    row.date = date;
    row.close = close;
    row.headline = headline;
    recorder.Record(row);
  };
  price(Date::Of(2027, 1, 4), 80, true);
  price(Date::Of(2027, 1, 4), 500, false);
  price(Date::Of(2027, 1, 5), 90, true);
  const auto auction = [&](const char* market, std::int64_t sold_t, double revenue) {
    sim::AuctionRow row;
    row.date = Date::Of(2027, 1, 6);
    row.market = market;
    row.sold_t = sold_t;
    row.revenue = revenue;
    recorder.Record(row);
  };
  auction("cn", 100, 100 * 70.0);
  auction("cn", 300, 300 * 90.0);
  auction("cn", 0, 0);
  auction("eu", 1000, 1000 * 75.0);
  const std::vector<YearFigures> years = recorder.Years();
  ASSERT_THAT(years, SizeIs(1));
  EXPECT_EQ(years[0].year, 2027);
  EXPECT_THAT(years[0].price_cny, Optional(85.0));
  EXPECT_THAT(years[0].auction_cny, Optional(85.0));
  EXPECT_EQ(years[0].equilibrium_cny, std::nullopt);
  EXPECT_EQ(years[0].emissions_mt, std::nullopt);
  EXPECT_EQ(years[0].shortfall_t, std::nullopt);
}

TEST(YearlyRecorder, AddsUpSectorsAndFirmsAndLeavesOutYearsWithoutAMarket) {
  YearlyRecorder recorder;
  for (const int year : {2024, 2025, 2026}) {
    for (const double mt : {3.0, 4.0}) {
      sim::SectorYearRow sector;
      sector.year = year;
      sector.verified_t = static_cast<std::int64_t>(mt * 1e6);
      recorder.Record(sector);
      sim::FirmYearRow firm;
      firm.year = year;
      firm.shortfall_t = year == 2025 ? 10 : 0;
      recorder.Record(firm);
    }
    recorder.Record(sim::EquilibriumRow{year, 100.0 + year, 0, 0});
  }
  for (const int year : {2025, 2026}) {
    sim::PriceRow price;
    price.date = Date::Of(year, 3, 3);
    recorder.Record(price);
  }
  const std::vector<YearFigures> years = recorder.Years();
  ASSERT_THAT(years, SizeIs(2));
  EXPECT_EQ(years[0], (YearFigures{2025, std::nullopt, 2125.0, 7.0, std::nullopt, 20.0}));
  EXPECT_EQ(years[1], (YearFigures{2026, std::nullopt, 2126.0, 7.0, std::nullopt, 0.0}));
}

// Three runs of one year; one of them sold nothing at auction.
std::vector<CellResult> ThreeRuns() {
  std::vector<CellResult> results;
  for (const double price : {90.0, 100.0, 130.0}) {
    CellResult result;
    result.cell = {0, results.size() + 1};
    result.run.event_hash = 0xabc;
    result.run.orders = 5;
    result.run.bids = 2;
    result.run.trades = 3;
    YearFigures year;
    year.year = 2030;
    year.price_cny = price;
    if (price > 95) year.auction_cny = price / 2;
    result.years.push_back(year);
    results.push_back(result);
  }
  return results;
}

TEST(Summarise, CountsOnlyTheRunsThatHaveAFigure) {
  const std::vector<SummaryRow> rows = Summarise(ThreeRuns());
  ASSERT_THAT(rows, SizeIs(kFigures.size()));
  EXPECT_EQ(kFigures[rows[0].figure].name, "price");
  EXPECT_EQ(rows[0].runs, 3);
  EXPECT_EQ(rows[0].median, 100);
  EXPECT_THAT(rows[0].p05, DoubleEq(91));
  EXPECT_THAT(rows[0].p95, DoubleEq(127));
  EXPECT_THAT(rows[0].mean, DoubleEq(320.0 / 3));
  EXPECT_EQ(kFigures[rows[3].figure].name, "auction_price");
  EXPECT_EQ(rows[3].runs, 2);
  EXPECT_EQ(rows[3].median, 57.5);
  EXPECT_EQ(rows[2].runs, 0);
}

TEST(Files, LeaveAFieldEmptyWhereARunHasNoNumber) {
  std::vector<Variant> variants(1);
  variants[0].scenario.name = "mine";
  const std::vector<CellResult> results = ThreeRuns();
  EXPECT_EQ(EnsembleCsv(variants, results),
            "scenario,seed,year,price,equilibrium,emissions,auction_price,shortfall\n"
            "mine,1,2030,90,,,,\n"
            "mine,2,2030,100,,,50,\n"
            "mine,3,2030,130,,,65,\n");
  EXPECT_THAT(SummaryCsv(variants, Summarise(results)),
              StartsWith("scenario,year,figure,unit,runs,p05,median,p95,mean\n"
                         "mine,2030,price,CNY/t,3,91,100,127,"));
  EXPECT_THAT(SummaryCsv(variants, Summarise(results)),
              ::testing::HasSubstr("\nmine,2030,equilibrium,CNY/t,0,,,,\n"));
  EXPECT_THAT(RunsCsv(variants, results),
              StartsWith("scenario,seed,event_hash,orders,trades,alarms\n"
                         "mine,1,0000000000000abc,7,3,0\n"));
}

}  // namespace
}  // namespace ets::study
