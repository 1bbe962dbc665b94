#include "sim/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>

#include "sim/scenario_schema.h"

namespace ets::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string ReadAll(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Reads a shipped scenario with all it extends and mentions, as the command line does.
struct Loaded {
  std::vector<SourceFile> files;
  std::map<std::string, std::string> data;
};
Loaded LoadText(std::string name, std::string text) {
  Loaded loaded;
  while (true) {
    const Mentions mentions = MentionsOf(text);
    loaded.files.insert(loaded.files.begin(), {name, text});
    for (const std::string& file : mentions.data) loaded.data[file] = ReadAll("scenarios/" + file);
    if (mentions.extends.empty()) return loaded;
    name = mentions.extends;
    text = ReadAll("scenarios/" + name);
  }
}
ParsedScenario ParseText(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Loaded loaded = LoadText("mine.toml", text);
  return ParseScenario(loaded.files, overrides, loaded.data);
}
ParsedScenario Parse(const std::string& name, const std::vector<std::string>& overrides = {}) {
  const Loaded loaded = LoadText(name, ReadAll("scenarios/" + name));
  return ParseScenario(loaded.files, overrides, loaded.data);
}
const Scenario& Default() {
  static const ParsedScenario parsed = Parse("china-transition.toml");
  return parsed.scenario;
}
std::vector<std::string> Said(const ParsedScenario& parsed) {
  std::vector<std::string> said;
  for (const Problem& problem : parsed.problems) said.push_back(ToString(problem));
  return said;
}
// What is said of the default scenario with some lines that change it.
std::vector<std::string> SaidOf(const std::string& lines) {
  return Said(ParseText("extends = \"china-transition.toml\"\n" + lines));
}
const Sector& In(const Scenario& scenario, std::string_view name) {
  return scenario.sectors[static_cast<std::size_t>(scenario.SectorIndex(name))];
}
const Sector& In(std::string_view name) { return In(Default(), name); }
const InputRow& Input(const Scenario& scenario, std::string_view key) {
  static const InputRow none;
  for (const InputRow& row : scenario.inputs) {
    if (row.key == key) return row;
  }
  return none;
}

constexpr const char* kShipped[] = {"china-transition.toml", "stay-intensity.toml",
                                    "fast-cap.toml",         "loose.toml",
                                    "cbam-2028.toml",        "credible-data.toml"};
constexpr const char* kSectors[] = {"power",     "steel",          "cement",   "aluminium",
                                    "chemicals", "petrochemicals", "aviation", "flat_glass",
                                    "paper",     "copper"};

TEST(YearSeries, HoldsBetweenYearsAndChangesAfterTheLast) {
  YearSeries series;
  series.Set(2027, 10);
  series.Set(2030, 20);
  series.set_each_year_after(-2);
  EXPECT_EQ(series.At(2026), 0);
  EXPECT_EQ(series.At(2027), 10);
  EXPECT_EQ(series.At(2029), 10);
  EXPECT_EQ(series.At(2030), 20);
  EXPECT_EQ(series.At(2033), 14);
  EXPECT_EQ(YearSeries(7).At(2030), 7);
}

TEST(ShippedScenarios, AreWithoutProblems) {
  for (const char* name : kShipped) EXPECT_THAT(Said(Parse(name)), IsEmpty()) << name;
}

TEST(ShippedScenarios, MarkEveryValueAndNameTheSourceOfEveryFact) {
  for (const char* name : kShipped) {
    const Scenario scenario = Parse(name).scenario;
    EXPECT_GT(scenario.inputs.size(), 500U);
    for (const InputRow& row : scenario.inputs) {
      EXPECT_TRUE(row.mark == "fact" || row.mark == "assumption") << row.key;
      EXPECT_TRUE(row.mark != "fact" || !row.source.empty()) << row.key;
      EXPECT_THAT(row.source, ::testing::Not(::testing::ContainsRegex("\\[[PSD][0-9]")))
          << "a tag of ours, " << row.key;
      EXPECT_THAT(row.title, ::testing::Not(HasSubstr("{"))) << row.key;
      EXPECT_FALSE(row.title.empty() || row.value.empty()) << row.key;
    }
  }
}

// The numbers of the transition, year by year.

TEST(ChinaTransition, HasItsSectorsInOrderWithTheirFirms) {
  std::vector<std::string> names;
  std::vector<int> firms;
  for (const Sector& sector : Default().sectors) {
    names.push_back(sector.name);
    firms.push_back(0);
    for (const SizeClass& size : sector.sizes) firms.back() += size.firms;
  }
  EXPECT_THAT(names, ::testing::ElementsAreArray(kSectors));
  EXPECT_THAT(firms, ElementsAre(2087, 232, 962, 97, 1350, 240, 45, 170, 320, 60));
  EXPECT_EQ(std::accumulate(firms.begin(), firms.begin() + 4, 0), 3378);
  EXPECT_EQ(std::accumulate(firms.begin() + 4, firms.end(), 0), 2185);
}

TEST(ChinaTransition, HasTheCapsOfTheRoadmap) {
  struct Row {
    int vintage;
    std::vector<double> caps;  // By sector.
    double all;
  };
  const Row rows[] = {
      {2026, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
      {2027, {0, 0, 855, 70.0, 0, 0, 0, 0, 0, 0}, 925},
      {2028, {0, 0, 816, 69.7, 0, 0, 0, 0, 0, 0}, 885},
      {2029, {0, 1601, 782, 69.3, 0, 0, 0, 0, 0, 0}, 2452},
      {2030, {4998, 1554, 748, 69.0, 821, 269, 83.3, 52.1, 43.6, 9.4}, 8648},
      {2031, {4898, 1510, 719, 68.3, 817, 266, 84.7, 51.2, 43.2, 9.4}, 8467},
      {2032, {4772, 1466, 690, 67.6, 809, 262, 86.1, 50.3, 42.8, 9.4}, 8256},
      {2033, {4630, 1420, 660, 66.9, 802, 258, 87.5, 49.4, 42.4, 9.3}, 8025},
      {2034, {4489, 1374, 630, 66.2, 794, 253, 88.9, 48.5, 42.0, 9.3}, 7795},
      {2035, {4347, 1328, 600, 65.5, 786.4, 248.2, 90.3, 47.6, 41.6, 9.3}, 7564},
  };
  for (const Row& row : rows) {
    double all = 0;
    for (std::size_t s = 0; s < row.caps.size(); ++s) {
      const Sector& sector = Default().sectors[s];
      const double cap = sector.RuleOf(std::max(row.vintage, sector.first_vintage)) == "cap"
                             ? sector.cap_mt.At(row.vintage)
                             : 0;
      EXPECT_NEAR(cap, row.caps[s], 1e-9) << sector.name << row.vintage;
      all += cap;
    }
    EXPECT_NEAR(all, row.all, 1) << row.vintage;
  }
}

TEST(ChinaTransition, SellsTheSharesOfTheRoadmap) {
  const double industry[] = {.03, .05, .08, .12, .16, .20, .25, .30};
  const double power[] = {.20, .27, .34, .42, .50};
  const double others[] = {.05, .10, .15, .20, .25};
  const double sold_mt[] = {28, 44, 196, 1348, 1817, 2256, 2731, 3174};
  for (int year = 2027; year <= 2034; ++year) {
    const auto i = static_cast<std::size_t>(year - 2027);
    EXPECT_EQ(In("cement").paid_share.At(year), industry[i]);
    EXPECT_EQ(In("aluminium").paid_share.At(year), industry[i]);
    EXPECT_EQ(In("steel").paid_share.At(year), year < 2029 ? 0 : industry[i]);
    EXPECT_EQ(In("power").paid_share.At(year), year < 2030 ? 0 : power[i - 3]);
    EXPECT_EQ(In("copper").paid_share.At(year), year < 2030 ? 0 : others[i - 3]);
    double sold = 0;
    for (const Sector& sector : Default().sectors) {
      sold += sector.cap_mt.At(year) * sector.paid_share.At(year);
    }
    EXPECT_NEAR(sold, sold_mt[i], 1) << year;
  }
  EXPECT_EQ(In("power").paid_share.At(2040), .50);
  EXPECT_EQ(Default().reserve_share, .02);
}

TEST(ChinaTransition, MovesEachSectorFromRuleToRule) {
  const auto rules = [](const char* sector) {
    std::string letters;
    for (int vintage = In(sector).first_vintage; vintage <= 2034; ++vintage) {
      letters += In(sector).RuleOf(vintage).substr(0, 1);
    }
    return letters;
  };
  EXPECT_EQ(rules("power"), "bbbbbbccccc");
  EXPECT_EQ(rules("steel"), "nbbbbcccccc");
  EXPECT_EQ(rules("cement"), "nbbcccccccc");
  EXPECT_EQ(rules("aluminium"), "nbbcccccccc");
  for (const char* sector :
       {"chemicals", "petrochemicals", "aviation", "flat_glass", "paper", "copper"}) {
    EXPECT_EQ(rules(sector), "nbbccccc");
    EXPECT_EQ(In(sector).first_vintage, 2027);
  }
  EXPECT_EQ(In("power").RuleOf(2029), "benchmark");
  EXPECT_EQ(In("steel").RuleOf(2028), "band");
}

TEST(ChinaTransition, HasEveryPublishedBenchmark) {
  using policy::UnitClass;
  struct Row {
    int vintage;
    double large, small, unconventional, gas, coal_heat, gas_heat;
    bool gross;
  };
  const Row rows[] = {
      {2020, 0.877, 0.979, 1.146, 0.392, 0.126, 0.059, false},
      {2021, 0.8218, 0.8773, 0.9350, 0.3920, 0.1111, 0.0560, false},
      {2022, 0.8177, 0.8729, 0.9303, 0.3901, 0.1105, 0.0557, false},
      {2023, 0.7950, 0.8090, 0.8285, 0.3305, 0.1038, 0.0536, true},
      {2024, 0.7910, 0.8049, 0.8244, 0.3288, 0.1033, 0.0533, true},
      {2025, 0.7902, 0.8017, 0.8162, 0.3288, 0.1027, 0.0533, true},
      {2026, 0.7894, 0.7985, 0.8080, 0.3288, 0.1021, 0.0533, true},
  };
  EXPECT_THAT(Default().benchmarks, SizeIs(std::size(rows)));
  for (const Row& row : rows) {
    const policy::Benchmarks benchmarks = Default().BenchmarksOf(row.vintage);
    const auto of = [&](UnitClass c) {
      return benchmarks.electricity[static_cast<std::size_t>(c)];
    };
    EXPECT_EQ(of(UnitClass::kCoalLarge), row.large);
    EXPECT_EQ(of(UnitClass::kCoalSmall), row.small);
    EXPECT_EQ(of(UnitClass::kUnconventional), row.unconventional);
    EXPECT_EQ(of(UnitClass::kGas), row.gas);
    EXPECT_EQ(benchmarks.coal_heat, row.coal_heat);
    EXPECT_EQ(benchmarks.gas_heat, row.gas_heat);
    EXPECT_EQ(benchmarks.gross_generation, row.gross);
  }
}

TEST(ChinaTransition, TightensCoalAfterTheLastPublishedVintage) {
  const double expected[3][4] = {
      {.7847, .7937, .8032, .1015}, {.7800, .7889, .7983, .1009}, {.7753, .7842, .7935, .1003}};
  for (int vintage = 2027; vintage <= 2029; ++vintage) {
    const policy::Benchmarks benchmarks = Default().BenchmarksOf(vintage);
    const auto& row = expected[vintage - 2027];
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(benchmarks.electricity[c + 1], row[c], 5.1e-5);
    EXPECT_NEAR(benchmarks.coal_heat, row[3], 5.1e-5);
    EXPECT_EQ(benchmarks.electricity[4], .3288) << "gas is unchanged";
    EXPECT_EQ(benchmarks.gas_heat, .0533);
  }
}

TEST(ChinaTransition, ChangesThePeakingFactorWithTheDraft) {
  EXPECT_EQ(Default().PeakingOf(2022), policy::PeakingFactor::kNone);
  EXPECT_EQ(Default().PeakingOf(2024), policy::PeakingFactor::kBelow65);
  EXPECT_EQ(Default().PeakingOf(2025), policy::PeakingFactor::kBelow50);
  EXPECT_EQ(Default().PeakingOf(2029), policy::PeakingFactor::kBelow50);
}

TEST(ChinaTransition, FollowsItsPaths) {
  EXPECT_EQ(In("power").growth.At(2025), -.01);
  EXPECT_EQ(In("power").growth.At(2034), -.02);
  EXPECT_EQ(In("steel").growth.At(2025), -.03);
  EXPECT_EQ(In("cement").growth.At(2025), -.069);
  EXPECT_EQ(In("cement").growth.At(2026), -.045);
  EXPECT_EQ(In("aluminium").growth.At(2025), .024);
  EXPECT_EQ(In("chemicals").growth.At(2027), .025);
  EXPECT_EQ(In("petrochemicals").growth.At(2040), -.01);
  EXPECT_EQ(In("aviation").growth.At(2028), .04);
  EXPECT_EQ(In("flat_glass").growth.At(2026), -.02);
  EXPECT_EQ(In("paper").growth.At(2028), .005);
  EXPECT_EQ(In("copper").growth.At(2032), .005);
  EXPECT_EQ(In("power").pass_through.At(2025), .20);
  EXPECT_EQ(In("power").pass_through.At(2034), .60);
  EXPECT_EQ(In("steel").pass_through.At(2030), .70);
  EXPECT_EQ(In("paper").pass_through.At(2030), .50);
  EXPECT_EQ(Default().offset_supply_mt.At(2025), 9);
  EXPECT_EQ(Default().offset_supply_mt.At(2040), 130);
  EXPECT_EQ(Default().europe.fundamental_eur.At(2026), 76);
  EXPECT_EQ(Default().europe.fundamental_eur.At(2034), 140);
}

TEST(ChinaTransition, DescribesItsSectors) {
  const double verified[] = {5250, 1844, 1030, 70, 760, 280, 70, 60, 45, 9};
  double all = 0;
  for (std::size_t s = 0; s < std::size(verified); ++s) {
    const Sector& sector = Default().sectors[s];
    EXPECT_EQ(sector.verified_2024_mt, verified[s]);
    all += sector.verified_2024_mt;
    EXPECT_NEAR(std::accumulate(sector.months.begin(), sector.months.end(), 0.0), 1, 1e-9);
  }
  EXPECT_EQ(all, 9418);
  EXPECT_EQ(In("power").abated_in_2024, .035);
  EXPECT_EQ(In("power").intensity_drift, -.003);
  EXPECT_EQ(In("aviation").intensity_drift, -.005);
  EXPECT_EQ(In("cement").intensity_mean, .86);
  EXPECT_EQ(In("power").product_value, 400);
  EXPECT_EQ(In("aluminium").product_value, 19600);
  EXPECT_EQ(In("cement").demand_elasticity, .20);
  EXPECT_EQ(In("power").abatement,
            (std::vector<CostAnchor>{{.015, 40}, {.05, 110}, {.10, 230}, {.20, 480}, {.30, 800}}));
  EXPECT_EQ(In("copper").abatement,
            (std::vector<CostAnchor>{{.015, 50}, {.05, 140}, {.10, 300}, {.20, 550}, {.25, 800}}));
  EXPECT_EQ(In("steel").cbam.default_intensity, 3.19);
  EXPECT_EQ(In("aluminium").cbam.exports_mt, .69);
  EXPECT_EQ(In("cement").cbam, CbamSector());
}

TEST(ChinaTransition, OpensWithWhatIsLeftOf2019To2023) {
  double stock = 0;
  for (const auto& [vintage, mt] : Default().opening_stock_mt) stock += mt;
  EXPECT_EQ(stock, 230);
  EXPECT_EQ(Default().opening_stock_mt.at(2020), 60);
  EXPECT_EQ(Default().opening_close, 97.49);
  EXPECT_EQ(Default().carry_over_base.at("power"), 10'000);
  EXPECT_EQ(Default().carry_over_base.at("cement"), 100'000);
}

TEST(ChinaTransition, KeepsTheCalendar) {
  EXPECT_EQ(Default().first_day, Date::Of(2025, 1, 1));
  EXPECT_EQ(Default().last_day, Date::Of(2035, 12, 31));
  EXPECT_EQ(Default().pre_allocation_industry, 410);
  EXPECT_EQ(Default().deadline, 1231);
  EXPECT_THAT(Default().spring_festivals, SizeIs(11));
  EXPECT_EQ(Default().spring_festivals[4], Date::Of(2029, 2, 13));
  EXPECT_EQ(Default().listing_dates.at(2027), Date::Of(2027, 10, 31));
  EXPECT_EQ(Default().belief[0], std::pair(Date::Of(2025, 8, 25), .2));
}

TEST(ChinaTransition, RaisesFloorAndTriggerBySixPercentAYear) {
  EXPECT_EQ(Default().ReservePriceOf(2027), 60);
  EXPECT_NEAR(Default().ReservePriceOf(2030), 71.46, .005);
  EXPECT_NEAR(Default().ReservePriceOf(2034), 90.22, .005);
  EXPECT_NEAR(Default().TriggerOf(2030), 178.65, .005);
  EXPECT_NEAR(Default().TriggerOf(2034), 225.54, .005);
}

TEST(ChinaTransition, SpreadsTheFirmsOverThirtyOneProvinces) {
  std::istringstream table(Default().province_csv);
  std::string line;
  std::getline(table, line);
  EXPECT_EQ(line, "province,power,cement,steel,aluminium");
  int provinces = 0;
  int sums[4] = {};
  while (std::getline(table, line)) {
    std::istringstream cells(line);
    std::string cell;
    std::getline(cells, cell, ',');
    for (int& sum : sums) {
      std::getline(cells, cell, ',');
      sum += std::stoi(cell);
    }
    ++provinces;
  }
  EXPECT_EQ(provinces, 31);
  EXPECT_THAT(sums, ElementsAre(2087, 962, 232, 97));
}

TEST(ChinaTransition, ShipsTheFiftyFourAuctionsBehindThePublishedCertificatePrice) {
  std::istringstream table(Default().europe.facts_csv);
  std::string line;
  std::getline(table, line);
  EXPECT_EQ(line, "date,auctioneer,price,volume");
  int auctions = 0;
  double volume = 0;
  double value = 0;
  while (std::getline(table, line)) {
    std::istringstream cells(line);
    std::string date, auctioneer, price, tonnes;
    std::getline(cells, date, ',');
    std::getline(cells, auctioneer, ',');
    std::getline(cells, price, ',');
    std::getline(cells, tonnes, ',');
    value += std::stod(price) * std::stod(tonnes);
    volume += std::stod(tonnes);
    ++auctions;
  }
  EXPECT_EQ(auctions, 54);
  EXPECT_EQ(volume, 119'928'500);
  EXPECT_NEAR(value / volume, 75.36408, 5e-6);
}

TEST(FastCap, CapsEverySectorFrom2027AHundredthBelowItsPath) {
  const Scenario fast = Parse("fast-cap.toml").scenario;
  const double paid[] = {.10, .25, .40, .50, .55, .60, .65, .70};
  for (const char* name : kSectors) {
    const Sector& sector = In(fast, name);
    double cap = .99 * sector.verified_2024_mt * (1 + sector.growth.At(2025)) *
                 (1 + sector.growth.At(2026)) * std::pow(1 + sector.intensity_drift, 2);
    for (int vintage = 2027; vintage <= 2040; ++vintage) {
      EXPECT_EQ(sector.RuleOf(vintage), "cap");
      EXPECT_NEAR(sector.cap_mt.At(vintage), cap, .051) << name << vintage;
      EXPECT_EQ(sector.paid_share.At(vintage), paid[std::min(vintage, 2034) - 2027]);
      cap *= .975;
    }
  }
  EXPECT_EQ(In(fast, "power").RuleOf(2026), "benchmark");
  EXPECT_EQ(In(fast, "steel").RuleOf(2026), "band");
  EXPECT_EQ(fast.auction_reserve_cny.At(2027), Default().auction_reserve_cny.At(2027));
}

TEST(StayIntensity, HasNoCapAndNoAuction) {
  const Scenario stay = Parse("stay-intensity.toml").scenario;
  EXPECT_FALSE(stay.auction_enabled);
  for (const Sector& sector : stay.sectors) {
    EXPECT_TRUE(sector.cap_mt.empty()) << sector.name;
    EXPECT_TRUE(sector.paid_share.empty()) << sector.name;
  }
  EXPECT_EQ(In(stay, "power").RuleOf(2040), "benchmark");
  EXPECT_EQ(In(stay, "cement").RuleOf(2040), "band");
  EXPECT_EQ(In(stay, "paper").RuleOf(2027), "neutral");
  EXPECT_EQ(In(stay, "paper").RuleOf(2028), "band");
  EXPECT_NEAR(stay.BenchmarksOf(2027).electricity[1], .7894 * .995, 1e-12);
}

TEST(Loose, NeverTightens) {
  const Scenario loose = Parse("loose.toml").scenario;
  EXPECT_EQ(loose.BenchmarksOf(2040).electricity[1], .7982);
  EXPECT_EQ(loose.BenchmarksOf(2024).electricity[1], .7910);
  EXPECT_EQ(loose.PeakingOf(2030), policy::PeakingFactor::kBelow65);
}

// How files add up.

TEST(ParseScenario, ResolvesToATextThatReadsBackAsTheSameScenario) {
  for (const char* name : kShipped) {
    const Loaded loaded = LoadText(name, ReadAll(std::string("scenarios/") + name));
    const ParsedScenario parsed = ParseScenario(
        loaded.files, {"seed=77", "description=a \"quoted\\\" line", "title=Größer"}, loaded.data);
    const ParsedScenario plain = ParseScenario(loaded.files, {"seed=77"}, loaded.data);
    EXPECT_THAT(Said(plain), IsEmpty());
    const ParsedScenario again =
        ParseScenario({{"scenario.toml", plain.resolved}}, {}, loaded.data);
    EXPECT_THAT(Said(again), IsEmpty());
    EXPECT_EQ(again.resolved, plain.resolved);
    EXPECT_EQ(again.scenario.sectors, plain.scenario.sectors);
    EXPECT_EQ(again.scenario.europe, plain.scenario.europe);
    EXPECT_EQ(again.scenario.power_classes, plain.scenario.power_classes);
    EXPECT_EQ(again.scenario.seed, 77U);
    EXPECT_EQ(again.scenario.description, plain.scenario.description);
    EXPECT_EQ(again.scenario.province_csv, plain.scenario.province_csv);
    ASSERT_EQ(again.scenario.inputs.size(), plain.scenario.inputs.size());
    for (std::size_t i = 0; i < again.scenario.inputs.size(); ++i) {
      const InputRow& a = again.scenario.inputs[i];
      const InputRow& b = plain.scenario.inputs[i];
      EXPECT_EQ(std::tie(a.key, a.value, a.unit, a.mark, a.source, a.title),
                std::tie(b.key, b.value, b.unit, b.mark, b.source, b.title));
    }
  }
}

TEST(ParseScenario, KeepsAnyTextThroughTheResolvedForm) {
  const std::string text = "quotes \" and ' and \\ and\nlines\tand \x01 and Größe";
  const ParsedScenario parsed =
      ParseText("extends = \"china-transition.toml\"\ndescription = " + FormatText(text));
  EXPECT_THAT(Said(parsed), IsEmpty());
  EXPECT_EQ(parsed.scenario.description, text);
  const Loaded loaded = LoadText("again.toml", parsed.resolved);
  EXPECT_EQ(ParseScenario(loaded.files, {}, loaded.data).scenario.description, text);
}

TEST(ParseScenario, AddsATableUnderAHeadingAndReplacesByOneInBraces) {
  const Scenario added = ParseText(
                             "extends = \"china-transition.toml\"\n"
                             "[sectors.power.paid_share]\n2030 = 0.3\n")
                             .scenario;
  EXPECT_EQ(In(added, "power").paid_share.At(2030), .3);
  EXPECT_EQ(In(added, "power").paid_share.At(2034), .5);
  const Scenario replaced = ParseText(
                                "extends = \"china-transition.toml\"\n"
                                "[sectors.power]\npaid_share = { 2030 = 0.3 }\n")
                                .scenario;
  EXPECT_EQ(In(replaced, "power").paid_share.At(2034), .3);
  const Scenario fewer =
      ParseText("extends = \"china-transition.toml\"\nsectors.copper = {}\n").scenario;
  EXPECT_THAT(fewer.sectors, SizeIs(9));
  EXPECT_EQ(fewer.SectorIndex("copper"), -1);
}

TEST(ParseScenario, AcceptsWholeNumbersWhereNumbersAreExpected) {
  const ParsedScenario parsed = Parse("china-transition.toml", {"auction.bidder_limit=1"});
  EXPECT_THAT(Said(parsed), IsEmpty());
  EXPECT_EQ(parsed.scenario.auction_bidder_limit, 1.0);
}

TEST(ParseScenario, TakesAPopulationOfOnesOwn) {
  Loaded loaded =
      LoadText("mine.toml", "extends = \"china-transition.toml\"\nfirms = \"my.csv\"\n");
  loaded.data["my.csv"] = "name,province\n";
  const ParsedScenario parsed = ParseScenario(loaded.files, {}, loaded.data);
  EXPECT_THAT(Said(parsed), IsEmpty());
  EXPECT_EQ(parsed.scenario.firms_file, "my.csv");
  EXPECT_EQ(parsed.scenario.firms_csv, "name,province\n");
}

TEST(ParseScenario, TakesOverridesLast) {
  const ParsedScenario parsed =
      Parse("fast-cap.toml", {"sectors.power.paid_share.2030=0.9", "cbam.source=domestic",
                              "title = \"X\"", "behaviour.bid_steps=[1.1, 1, 0.9]", "name=2030",
                              "sectors.steel.cap_mt={2027=1500}", "recognition=1"});
  EXPECT_THAT(Said(parsed), ElementsAre(HasSubstr("--set:7:1: unknown key 'recognition'; ")));
  EXPECT_EQ(In(parsed.scenario, "power").paid_share.At(2030), .9);
  EXPECT_EQ(In(parsed.scenario, "steel").cap_mt.At(2040), 1500);
  EXPECT_EQ(parsed.scenario.cbam_source, "domestic");
  EXPECT_EQ(parsed.scenario.title, "X");
  EXPECT_EQ(parsed.scenario.name, "2030");
  EXPECT_EQ(parsed.scenario.bid_steps[0], 1.1);
}

TEST(Marks, MakeWhatAFileOrAnOverrideChangesAnAssumption) {
  const Scenario scenario = ParseText(
                                "extends = \"china-transition.toml\"\n"
                                "[opening]\nclose = 90\n"
                                "[market]\nlisted_band = 0.10\nblock_band = 0.2\n"
                                "[marks]\n\"market.block_band\" = \"fact: a decree\"\n",
                                {"market.block_from_t=5000"})
                                .scenario;
  EXPECT_EQ(Input(Default(), "opening.close").mark, "fact");
  EXPECT_EQ(Input(scenario, "opening.close").mark, "assumption");
  EXPECT_EQ(Input(scenario, "opening.close").source, "changed by mine.toml");
  EXPECT_EQ(Input(scenario, "market.listed_band").mark, "fact") << "the same value is no change";
  EXPECT_EQ(Input(scenario, "market.block_band").source, "a decree");
  EXPECT_EQ(Input(scenario, "market.block_from_t").mark, "assumption");
  EXPECT_EQ(Input(scenario, "market.block_from_t").source, "changed by --set");
}

TEST(Marks, CountTheLongestFirst) {
  EXPECT_EQ(Input(Default(), "power.benchmarks.2024.I").mark, "fact");
  EXPECT_EQ(Input(Default(), "power.benchmark_tightening").mark, "assumption");
  EXPECT_EQ(Input(Default(), "sectors.cement.growth.2025").mark, "fact");
  EXPECT_EQ(Input(Default(), "sectors.cement.growth.2026").mark, "assumption");
  EXPECT_EQ(Input(Default(), "sectors.chemicals.growth.2025").mark, "assumption");
  EXPECT_THAT(Input(Default(), "carry_over.base_t.cement").source, HasSubstr("ClearBlue"));
  EXPECT_THAT(Input(Default(), "carry_over.base_t.power").source, HasSubstr("annex 5"));
}

TEST(Marks, MustCoverWhatTheFirstFileSays) {
  Loaded loaded = LoadText("china-transition.toml", ReadAll("scenarios/china-transition.toml"));
  std::string& text = loaded.files[0].text;
  const std::size_t line = text.find("\"sectors.*.cap_mt\"");
  text.erase(line, text.find('\n', line) - line);
  const std::vector<std::string> said = Said(ParseScenario(loaded.files, {}, loaded.data));
  ASSERT_THAT(said, SizeIs(10)) << "once a table, not once a year";
  EXPECT_THAT(said[0],
              HasSubstr("sectors.power.cap_mt.2030 has no mark; allowed: a line in [marks], "
                        "\"sectors.power.cap_mt\" = "));
  text.erase(text.find("\n[marks]"));
  EXPECT_THAT(Said(ParseScenario(loaded.files, {}, loaded.data)),
              ElementsAre(HasSubstr("china-transition.toml:1:1: no [marks] table; allowed: ")));
}

TEST(Inputs, SayInWordsWhatEachKeyIs) {
  const InputRow& cap = Input(Default(), "sectors.power.cap_mt.2030");
  EXPECT_EQ(cap.title, "Power: cap, 2030");
  EXPECT_EQ(cap.value, "4998");
  EXPECT_EQ(cap.unit, "Mt");
  EXPECT_EQ(Input(Default(), "sectors.steel.intensity_mean").unit, "t/t hot metal");
  EXPECT_EQ(Input(Default(), "power.benchmarks.2020.I").title,
            "Benchmark of class I (coal from 400 MW), vintage 2019-20");
  EXPECT_EQ(Input(Default(), "power.classes.coal_heat.share_of_emissions").title,
            "Coal heat: share of power's emissions");
  EXPECT_EQ(Input(Default(), "behaviour.horizons.10").title,
            "Share of firms that look 10 years ahead");
  EXPECT_EQ(Input(Default(), "carry_over.base_t.steel").title,
            "Old units that a firm may carry over in any case, Steel");
}

TEST(Mentions, NameTheFilesToReadFirst) {
  const Mentions base = MentionsOf(ReadAll("scenarios/china-transition.toml"));
  EXPECT_EQ(base.extends, "");
  EXPECT_THAT(base.data, ElementsAre("data/firms_by_province.csv", "data/eu_auctions_2026q1.csv"));
  EXPECT_EQ(MentionsOf("extends = 'a.toml'\n").extends, "a.toml");
  EXPECT_THAT(MentionsOf("firms = 'my.csv'\n[europe]\nfacts = ''\n").data, ElementsAre("my.csv"));
  EXPECT_THAT(MentionsOf("firms = 'my.csv'\n= broken").data, IsEmpty());
  EXPECT_THAT(MentionsOfOverrides({"firms=my.csv", "seed=3"}).data, ElementsAre("my.csv"));
}

// What is wrong is said with its place, all of it, and with what is allowed.

struct Mistake {
  const char* lines;  // Below `extends`, from line 2 on.
  const char* said;
};
class EveryMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(EveryMistake, IsSaidWithItsPlaceAndWhatIsAllowed) {
  const std::vector<std::string> said = SaidOf(GetParam().lines);
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0], ::testing::StartsWith(std::string("mine.toml:") + GetParam().said));
  EXPECT_THAT(said[0], HasSubstr("; "));
  EXPECT_THAT(said[0], HasSubstr("allowed: "));
}

const Mistake kMistakes[] = {
    {"sede = 1", "2:1: unknown key 'sede'; did you mean 'seed'? allowed: "},
    {"[sectors.power]\n  padi_share = 1",
     "3:3: unknown key 'sectors.power.padi_share'; did you mean 'paid_share'? "},
    {"[power.classes.IV]\nload_mean = 1",
     "2:16: unknown key 'power.classes.IV'; allowed: I, II, III, gas"},
    {"seed = \"one\"", "2:8: seed is \"one\"; allowed: a whole number from 0"},
    {"seed = 1.5", "2:8: seed is 1.5; allowed: a whole number"},
    {"title = 3", "2:9: title is 3; allowed: text in quotes"},
    {"title = ''", "2:9: title is \"\"; allowed: text in quotes"},
    {"name = \"a/b\"", "2:8: name is \"a/b\"; allowed: letters, digits, - and _"},
    {"extends2 = 1", "2:1: unknown key 'extends2'; did you mean 'extends'? allowed: "},
    {"[auction]\nenabled = 1", "3:11: auction.enabled is 1; allowed: true or false"},
    {"[auction]\nweekday = 6", "3:11: auction.weekday is 6; allowed: a whole number from 1 to 5"},
    {"[auction]\nformat = \"dutch\"",
     "3:10: auction.format is \"dutch\"; allowed: \"eu\", \"uk\", \"wci\", \"rggi\", "},
    {"[auction]\nreserve_cny = { 2029 = 60 }",
     "3:24: auction.reserve_cny has no price for 2027; allowed: "},
    {"[auction.containment]\ntrigger_cny = { 2027 = 50 }",
     "3:24: auction.containment.trigger_cny is below the reserve price in 2027; allowed: from 60"},
    {"[opening]\nclose = 0", "3:9: opening.close is 0; allowed: a number above 0"},
    {"[opening]\nclose = nan", "3:9: opening.close is nan; allowed: "},
    {"[opening]\nclose = inf", "3:9: opening.close is inf; allowed: "},
    {"[opening]\nclose = {}", "3:9: opening.close is a table; allowed: a number above 0"},
    {"[opening.stock_mt]\n2025 = 3",
     "3:8: opening.stock_mt.2025 is a vintage that nobody can hold yet; allowed: vintages before "
     "2025"},
    {"opening = 3",
     "2:11: opening is 3; allowed: a table of close, group_share, net_sales_share, sigma, "
     "stock_mt, utilities"},
    {"[sectors.power.paid_share]\n2030 = 1.2",
     "3:8: sectors.power.paid_share.2030 is 1.2; allowed: a number from 0 to 1"},
    {"[sectors.power.paid_share]\n2030 = 0.99",
     "3:8: sectors.power.paid_share.2030 is 0.99 in 2030 beside a reserve of 0.02; allowed: from 0 "
     "to 0.98"},
    {"[sectors.power.paid_share]\n203 = 0.5",
     "3:1: unknown key 'sectors.power.paid_share.203'; allowed: a year from 2013 to 2100"},
    {"[caps]\nreserve_share = 0.6",
     "3:17: sectors.power.paid_share.2033 is 0.42 in 2033 beside a reserve of 0.6; allowed: from 0 "
     "to 0.4"},
    {"[sectors.steel.rule]\n2029 = \"capped\"",
     "3:8: sectors.steel.rule.2029 is \"capped\"; allowed: \"neutral\", \"benchmark\", \"band\", "
     "\"cap\""},
    {"[sectors.steel.rule]\n2028 = \"cap\"",
     "3:8: sectors.steel.cap_mt has no cap above 0 for vintage 2028, whose rule is \"cap\"; "
     "allowed: "},
    {"[sectors.steel.rule]\n2028 = \"benchmark\"",
     "3:8: sectors.steel.rule.2028 is \"benchmark\", but benchmarks are published for power only; "
     "allowed: "},
    {"[sectors.steel]\nrule = { 2025 = \"band\" }",
     "3:17: sectors.steel.rule has none for the first vintage, 2024; allowed: "},
    {"[sectors.steel]\ncap_mt = { 2029 = 1601, each_year_after = -500 }",
     "3:19: sectors.steel.cap_mt has no cap above 0 for vintage 2033, whose rule is \"cap\"; "
     "allowed: "},
    {"[sectors.steel]\nmonths = [0.5, 0.5]",
     "3:10: sectors.steel.months has 2 values; allowed: a list of 12 numbers"},
    {"[sectors.steel]\nmonths = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]",
     "3:10: sectors.steel.months sum to 1.2; allowed: "},
    {"[sectors.steel]\nabatement = [{ share = 0.1, cost = 50 }, { share = 0.2, cost = 40 }]",
     "3:13: sectors.steel.abatement does not rise from 0.1 at 50 to 0.2 at 40; allowed: "},
    {"[sectors.steel]\nabatement = [{ share = 0.1 }]",
     "3:14: sectors.steel.abatement[0] has no cost; allowed: "},
    {"[sectors.steel]\nabatement = [3]", "3:14: sectors.steel.abatement[0] is 3; allowed: "},
    {"[sectors.steel]\nsizes = []", "3:9: sectors.steel.sizes is empty; allowed: "},
    {"[sectors.steel]\nsizes = [{ firms = 2.5, median_mt = 1, sigma = 1 }]",
     "3:20: sectors.steel.sizes[0].firms is 2.5; allowed: "},
    {"[sectors.steel]\nverified_2024_mt = 1",
     "3:20: sectors.steel.verified_2024_mt is 1; allowed: from 6.032"},
    {"[sectors.steel]\nprovinces_like = \"iron\"",
     "3:18: sectors.steel.provinces_like names 'iron', no column of the province table; allowed: "
     "power, cement, steel, aluminium"},
    {"[sectors.stell]\ngrowth = { 2030 = 0 }",
     "3:19: sectors.stell has no title, unit, first_vintage, verified_2024_mt, sizes, abatement; "
     "did you mean 'steel'? allowed: "},
    {"[sectors.Steel]\ngrowth = { 2030 = 0 }",
     "2:10: unknown key 'sectors.Steel'; did you mean 'steel'? allowed: a sector's name"},
    {"[sectors.cement.cbam]\nexports_mt = 1",
     "3:14: sectors.cement.cbam has no exporter_share, actual_intensity, default_intensity, "
     "benchmark, covered_share; allowed: "},
    {"[power.classes.I]\nshare_of_emissions = 0.6", "3:22: power.classes sum to 1.07; allowed: "},
    {"[power.benchmarks.2027]\nI = 0.78",
     "3:5: power.benchmarks.2027 has no II, III, gas, coal_heat, gas_heat; allowed: all of them"},
    {"[power.benchmarks.2026]\ngross_generation = false",
     "3:20: power.benchmarks.2026.gross_generation is false after a vintage with true; allowed: "},
    {"[power]\npeaking = { 2025 = \"below_40\" }",
     "3:20: power.peaking.2025 is \"below_40\"; allowed: \"none\", \"below_65\", \"below_50\""},
    {"[behaviour]\nhorizons = { 2 = 0.5, 5 = 0.4 }",
     "3:18: behaviour.horizons sum to 0.9; allowed: "},
    {"[behaviour]\ndiscount_low = 0.09",
     "3:16: behaviour.discount_mean is 0.08; allowed: between discount_low and discount_high"},
    {"[behaviour]\nbid_steps = [1, 1]",
     "3:13: behaviour.bid_steps has 2 values; allowed: a list of 3 numbers"},
    {"[behaviour]\nbelief = [{ until = 2026-01-01, share = 0.2 }, { until = 2025-01-01, share = "
     "0.2 }]",
     "3:10: behaviour.belief has 2025-01-01 after 2026-01-01; allowed: "},
    {"last_day = 2024-12-31",
     "2:12: last_day is 2024-12-31; allowed: a day after first_day, 2025-01-01"},
    {"last_day = 2025-02-30", "2:22: not TOML: "},
    {"last_day = \"2030-12-31\"", "2:12: last_day is \"2030-12-31\"; allowed: a date that exists"},
    {"last_day = 2030-12-31T10:00:00", "2:12: last_day is a date with a time; allowed: a date"},
    {"horizon_year = 2030", "2:16: horizon_year is 2030; allowed: from the year of last_day, 2035"},
    {"[calendar]\ndeadline = \"02-29\"",
     "3:12: calendar.deadline is \"02-29\"; allowed: a month and day that exist every year"},
    {"[calendar]\ndeadline = 1231", "3:12: calendar.deadline is 1231; allowed: a month and day"},
    {"[calendar]\nspring_festivals = [2025-01-29]",
     "3:20: calendar.spring_festivals has no day in 2026, 2027, "},
    {"[carry_over.base_t]\ngold = 1",
     "3:8: carry_over.base_t.gold is for no sector of the scenario; allowed: power, steel"},
    {"[europe]\nlast_fact_date = 2026-01-01",
     "3:18: europe.last_fact_date is 2026-01-01; allowed: from the last auction of europe.facts, "
     "2026-03-31"},
    {"[cbam]\nsource = \"china\"",
     "3:10: cbam.source is \"china\"; allowed: \"europe\", \"domestic\""},
    {"[marks]\nauction = \"guess\"",
     "3:11: marks.auction is \"guess\"; allowed: \"fact: source\" or \"assumption: why\""},
    {"[marks]\nauction = \"fact\"", "3:11: marks.auction is \"fact\"; allowed: "},
    {"[marks]\nauktion = \"assumption\"",
     "3:1: a mark for 'auktion', which no key begins with; allowed: "},
    {"[marks]\n\"sectors.stell\" = \"assumption\"",
     "3:19: a mark for 'sectors.stell', where no file says anything; allowed: "},
    {"seed = 1\nseed = 2", "3:8: not TOML: "},
    {"[opening]\nclose = 1\n[opening]\nsigma = 1", "4:"},
    {"seed = = 1", "2:8: not TOML: "},
    {"title = \"open", "2:"},
};
INSTANTIATE_TEST_SUITE_P(All, EveryMistake, ::testing::ValuesIn(kMistakes),
                         [](const auto& mistake) { return std::to_string(mistake.index); });

TEST(Mistakes, AreAllSaidAtOnceInTheOrderOfTheFiles) {
  Loaded loaded = LoadText("mine.toml",
                           "extends = \"china-transition.toml\"\nsede = 1\n"
                           "[auction]\nweekday = 9\nformat = 'x'\n");
  loaded.files[0].text.replace(loaded.files[0].text.find("reach = 0.20"), 12, "reach = 9.99");
  std::string& auctions = loaded.data["data/eu_auctions_2026q1.csv"];
  auctions.replace(auctions.find(",PL,"), 4, ",XX,");
  const std::vector<std::string> said =
      Said(ParseScenario(loaded.files, {"seed=-1", "bar"}, loaded.data));
  EXPECT_THAT(
      said,
      ElementsAre(
          HasSubstr("china-transition.toml:"), HasSubstr("mine.toml:2:1: "),
          HasSubstr("mine.toml:4:11: "), HasSubstr("mine.toml:5:10: "),
          "--set:1:1: seed is -1; allowed: a whole number from 0",
          "--set:2:1: \"bar\" is not an override; allowed: key.path=value",
          HasSubstr(
              "data/eu_auctions_2026q1.csv:2:12: 'XX' is no auctioneer; allowed: EU, DE, PL")));
}

TEST(Mistakes, OfOneLineDoNotHideThoseOfTheNext) {
  EXPECT_THAT(SaidOf("seed = 1\nseed = 2\nname = = 3\n[auction]\nx = [1,\n"),
              ElementsAre(HasSubstr("mine.toml:3:8: "), HasSubstr("mine.toml:4:8: "),
                          HasSubstr("mine.toml:6:9: ")));
  EXPECT_THAT(SaidOf("seed = 1\nseed = 2\n[auction]\nweekday = 9\n"),
              ElementsAre(HasSubstr("mine.toml:3:8: "), HasSubstr("mine.toml:5:11: ")));
}

TEST(Mistakes, OfDataFilesAreSaidWithTheirPlace) {
  const auto said_of = [](const std::string& file, const std::string& text) {
    Loaded loaded = LoadText("china-transition.toml", ReadAll("scenarios/china-transition.toml"));
    loaded.data[file] = text;
    return Said(ParseScenario(loaded.files, {}, loaded.data));
  };
  const std::string facts = "data/eu_auctions_2026q1.csv";
  const std::string head = "date,auctioneer,price,volume\n";
  EXPECT_THAT(said_of(facts, "date,price\n"),
              ElementsAre(HasSubstr(facts + ":1:1: is not the header")));
  EXPECT_THAT(said_of(facts, head + "2026-02-30,EU,70,500\n"),
              ElementsAre(HasSubstr(facts + ":2:1: '2026-02-30' is no date; allowed: ")));
  EXPECT_THAT(said_of(facts, head + "2026-02-03,EU,70.123,500\n"),
              ElementsAre(HasSubstr(facts + ":2:15: '70.123' is no price; allowed: ")));
  EXPECT_THAT(said_of(facts, head + "2026-02-03,EU,70,x\n"),
              ElementsAre(HasSubstr(facts + ":2:18: 'x' is no volume; allowed: ")));
  EXPECT_THAT(said_of(facts, head + "2026-02-03,EU,70\n"),
              ElementsAre(HasSubstr(facts + ":2:1: has 3 columns; allowed: 4")));
  EXPECT_THAT(said_of(facts, head + "2026-02-03,EU,70,500\n2026-02-02,EU,70,500\n"),
              ElementsAre(HasSubstr(facts + ":3:1: '2026-02-02' is no later date; allowed: ")));
  EXPECT_THAT(said_of(facts, head + "2026-02-03,EU,70,500\n2026-02-03,EU,71,500\n"),
              ElementsAre(HasSubstr(facts + ":3:1: column A (date): one auction of EU a day")));
  EXPECT_THAT(said_of(facts, head + "2026-02-03,EU,9999999999999,9999999500\n"),
              ElementsAre(HasSubstr(facts + ":2:1: column D (volume): price x volume")));
  const std::string provinces = "data/firms_by_province.csv";
  const std::string columns = "province,power,cement,steel,aluminium\n";
  EXPECT_THAT(said_of(provinces, columns + "Tibet,0,8,x,0\n"),
              ElementsAre(HasSubstr(provinces + ":2:11: 'x' is no number of firms; allowed: ")));
  EXPECT_THAT(said_of(provinces, columns + "Tibet,0,8,0,0\nTibet,0,8,0,0\n"),
              ElementsAre(HasSubstr(provinces + ":3:1: names 'Tibet' again; allowed: ")));
  EXPECT_THAT(
      said_of(provinces, "province,power,cement,aluminium\n"),
      ElementsAre(
          HasSubstr(
              "names 'steel', no column of the province table; allowed: power, cement, aluminium"),
          HasSubstr("sectors.chemicals"), HasSubstr("sectors.petrochemicals"),
          HasSubstr("sectors.aviation"), HasSubstr("sectors.flat_glass"),
          HasSubstr("sectors.paper"), HasSubstr("sectors.copper")));
}

TEST(Mistakes, IncludeFilesThatAreNotThere) {
  Loaded loaded = LoadText("china-transition.toml", ReadAll("scenarios/china-transition.toml"));
  loaded.data.erase("data/firms_by_province.csv");
  EXPECT_THAT(
      Said(ParseScenario(loaded.files, {"firms=none.csv"}, loaded.data)),
      ElementsAre(
          HasSubstr(
              "provinces names \"data/firms_by_province.csv\", which cannot be read; allowed: "),
          "--set:1:1: firms names \"none.csv\", which cannot be read; allowed: a file that is "
          "there"));
}

TEST(Mistakes, OfAnEmptyFileAreItsMissingKeys) {
  const std::vector<std::string> said = Said(ParseScenario({{"empty.toml", ""}}, {}, {}));
  EXPECT_THAT(said,
              ::testing::Contains("empty.toml:1:1: missing key 'title'; allowed: text in quotes"));
  EXPECT_THAT(
      said,
      ::testing::Contains(
          "empty.toml:1:1: missing key 'last_day'; allowed: a date that exists, as 2028-01-31"));
  EXPECT_THAT(said,
              ::testing::Contains(
                  "empty.toml:1:1: no sector; allowed: at least one table [sectors.<sector>]"));
}

// Properties over the whole table of keys.

std::string ExampleOf(const Key& key) {
  std::string path;
  for (const std::string& part : key.pattern) {
    std::string name = part;
    if (part == "<sector>") name = "steel";
    if (part == "<class>") name = "III";
    if (part == "<vintage>" || part == "<year>") name = "2026";
    if (part == "<years>") name = "5";
    path += (path.empty() ? "" : ".") + name;
  }
  return path;
}

TEST(EveryKey, RefusesAnotherTypeAndWhatIsOutOfRange) {
  for (const Key& key : Keys()) {
    const std::string path = ExampleOf(key);
    std::vector<std::string> wrong{"[[1]]"};
    // A bare word is text to --set.
    const bool any_text =
        key.kind == Kind::kFile || (key.kind == Kind::kText && key.choices.empty());
    if (!any_text) wrong.emplace_back("12:30:00");
    if (key.kind == Kind::kNumber || key.kind == Kind::kInteger) {
      wrong.insert(wrong.end(), {"nan", "-inf", "\"2\""});
      if (std::isfinite(key.range.high)) wrong.push_back(FormatNumber(key.range.high * 2 + 1));
      if (std::isfinite(key.range.low))
        wrong.push_back(FormatNumber(key.range.low - std::abs(key.range.low) - 1));
    }
    if (key.kind == Kind::kInteger) wrong.emplace_back("1.5");
    for (const std::string& value : wrong) {
      EXPECT_THAT(Said(ParseScenario({}, {path + "=" + value}, {})),
                  ::testing::Contains(::testing::AllOf(::testing::StartsWith("--set:1:1: " + path),
                                                       HasSubstr("; allowed: "))))
          << path << "=" << value;
    }
  }
}

TEST(EveryKey, OfTheDefaultScenarioMayBeRestatedWithoutChangingAnything) {
  const ParsedScenario parsed = Parse("china-transition.toml");
  std::vector<std::string> overrides;
  for (const InputRow& row : parsed.scenario.inputs) overrides.push_back(row.key + "=" + row.value);
  const ParsedScenario again = Parse("china-transition.toml", overrides);
  EXPECT_THAT(Said(again), IsEmpty());
  EXPECT_EQ(again.scenario.sectors, parsed.scenario.sectors);
}

TEST(AuctionRules, ChangeAnyFieldOfTheNamedFormat) {
  const ParsedScenario parsed = Parse(
      "china-transition.toml", {"auction.rules.tie=pro_rata_random", "auction.rules.tick=0.05",
                                "auction.rules.award_unit=1", "auction.rules.secret=cancel"});
  EXPECT_THAT(Said(parsed), IsEmpty());
  const auction::Format format = parsed.scenario.AuctionFormat();
  EXPECT_EQ(format.name, "cn-weekly");
  EXPECT_EQ(format.tie->name, "pro_rata_random");
  EXPECT_EQ(format.tick, Price::FromMinorPerTonne(5));
  EXPECT_EQ(format.award_unit, Tonnes(1));
  EXPECT_EQ(format.secret, auction::SecretReserve::kCancel);
  EXPECT_EQ(format.bidder_limit_bp, 1'000U);  // The scenario's own key.
  const ParsedScenario wrong = Parse("china-transition.toml", {"auction.rules.smallest_bid=1500"});
  EXPECT_THAT(Said(wrong), ::testing::Contains(HasSubstr("does not fit the other fields")));
}

TEST(EveryKey, StandsInTheReference) {
  const std::string page = ScenarioReference();
  for (const Key& key : Keys()) EXPECT_THAT(page, HasSubstr("| `" + Join(key.pattern) + "` |"));
  if (std::getenv("ETS_WRITE_DOCS") != nullptr) std::ofstream("docs/scenario.md") << page;
  EXPECT_EQ(ReadAll("docs/scenario.md"), page) << "run this test once with ETS_WRITE_DOCS=1";
}

TEST(ParseScenario, SurvivesAnyBeginningOfAFile) {
  const Loaded loaded =
      LoadText("china-transition.toml", ReadAll("scenarios/china-transition.toml"));
  const std::string& whole = loaded.files[0].text;
  for (std::size_t length = 0; length < whole.size(); length += 211) {
    const ParsedScenario parsed =
        ParseScenario({{"cut.toml", whole.substr(0, length)}}, {}, loaded.data);
    EXPECT_FALSE(parsed.problems.empty()) << length;
    EXPECT_TRUE(parsed.resolved.empty());
  }
}

}  // namespace
}  // namespace ets::sim
