#include "policy/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/prng.h"
#include "policy/rules/rules.h"

namespace ets::policy {
namespace {

// The published benchmarks of vintage 2024 (2023-24 plan, annex).
Terms Power2024() {
  Terms terms;
  terms.benchmarks.electricity = {0, 0.7910, 0.8049, 0.8244, 0.3288};
  terms.benchmarks.coal_heat = 0.1033;
  terms.benchmarks.gas_heat = 0.0533;
  terms.peaking = PeakingFactor::kBelow65;
  return terms;
}

Activity Coal(double output, double emissions) {
  Activity activity;
  activity.unit_class = UnitClass::kCoalLarge;
  activity.output = output;
  activity.load_factor = 0.8;
  activity.emissions = activity.process_emissions = emissions;
  return activity;
}

// One product, its whole emissions in the reference process.
Activity Plant(double output, double intensity) {
  Activity activity;
  activity.output = output;
  activity.emissions = activity.process_emissions = output * intensity;
  return activity;
}

Terms BandAround(double balance_value) {
  Terms terms;
  terms.sector_figure = balance_value;
  return terms;
}

const Rule& Named(const char* name) {
  const Rule* rule = FindRule(name);
  EXPECT_NE(rule, nullptr) << name;
  return *rule;
}

TEST(PeakingFactor, FollowsThePublishedFormOf2023) {
  const auto at = [](double load) {
    return PeakingFactorOf(PeakingFactor::kBelow65, UnitClass::kCoalSmall, load);
  };
  EXPECT_NEAR(at(0.5), 1.0934, 5e-5);
  EXPECT_NEAR(at(0.4), 1.1265, 5e-5);
  EXPECT_NEAR(at(0.65 - 1e-9), 1.0457, 5e-5);
  EXPECT_EQ(at(0.65), 1);
}

TEST(PeakingFactor, FollowsTheDraftFormOf2025) {
  const auto at = [](double load) {
    return PeakingFactorOf(PeakingFactor::kBelow50, UnitClass::kCoalLarge, load);
  };
  EXPECT_NEAR(at(0.45), 1.126, 5e-4);
  EXPECT_NEAR(at(0.40), 1.160, 5e-4);
  EXPECT_NEAR(at(0.30), 1.281, 5e-4);
  EXPECT_NEAR(at(0.20), 1.609, 5e-4);
  EXPECT_NEAR(at(0.50 - 1e-9), 1.100, 5e-4);
  EXPECT_EQ(at(0.50), 1);
  EXPECT_EQ(at(0.30) * 1e6, std::round(at(0.30) * 1e6)) << "rounded to six decimals";
}

TEST(PeakingFactor, IsForConventionalCoalOnly) {
  for (const PeakingFactor form : {PeakingFactor::kBelow65, PeakingFactor::kBelow50}) {
    EXPECT_GT(PeakingFactorOf(form, UnitClass::kCoalLarge, 0.3), 1);
    EXPECT_GT(PeakingFactorOf(form, UnitClass::kCoalSmall, 0.3), 1);
    EXPECT_EQ(PeakingFactorOf(form, UnitClass::kUnconventional, 0.3), 1);
    EXPECT_EQ(PeakingFactorOf(form, UnitClass::kGas, 0.3), 1);
  }
}

TEST(BenchmarkRule, MultipliesOutputAndHeatByTheirBenchmarks) {
  Activity unit = Coal(1'000'000, 800'000);
  unit.heat = 100'000;
  EXPECT_NEAR(AllocateBenchmark(unit, Power2024()), 791'000 + 10'330, 1e-6);
  unit.load_factor = 0.5;
  EXPECT_NEAR(AllocateBenchmark(unit, Power2024()), 791'000 * std::pow(1.015, 6) + 10'330, 1e-6);
}

TEST(BenchmarkRule, GivesGasItsOwnHeatBenchmark) {
  Activity unit = Coal(1'000'000, 300'000);
  unit.unit_class = UnitClass::kGas;
  unit.heat = 100'000;
  EXPECT_NEAR(AllocateBenchmark(unit, Power2024()), 328'800 + 5'330, 1e-6);
}

TEST(BenchmarkRule, TopsUpAGasUnitsDeficitToItsEmissions) {
  Activity unit = Coal(1'000'000, 400'000);
  unit.unit_class = UnitClass::kGas;
  EXPECT_EQ(AllocateBenchmark(unit, Power2024()), 400'000);
  unit.emissions = 300'000;
  EXPECT_NEAR(AllocateBenchmark(unit, Power2024()), 328'800, 1e-6);
  Terms without = Power2024();
  without.gas_relief = false;
  unit.emissions = 400'000;
  EXPECT_NEAR(AllocateBenchmark(unit, without), 328'800, 1e-6);
}

TEST(BenchmarkRule, CapsTheShortfallAtAFifthOfEmissions) {
  const Activity laggard = Coal(1'000'000, 1'200'000);
  EXPECT_NEAR(AllocateBenchmark(laggard, Power2024()), 960'000, 1e-6);
  Terms without = Power2024();
  without.shortfall_ceiling = 1;
  EXPECT_NEAR(AllocateBenchmark(laggard, without), 791'000, 1e-6);
}

TEST(BandRule, MovesWithinThreePercentOfEmissions) {
  const Terms terms = BandAround(1.0);
  EXPECT_NEAR(AllocateBand(Plant(1e6, 1.0), terms), 1e6, 1e-6);
  EXPECT_NEAR(AllocateBand(Plant(1e6, 0.9), terms), 0.9e6 * 1.015, 1e-6);
  EXPECT_NEAR(AllocateBand(Plant(1e6, 0.5), terms), 0.5e6 * 1.03, 1e-6);
  EXPECT_NEAR(AllocateBand(Plant(1e6, 1.5), terms), 1.5e6 * 0.97, 1e-6);
}

TEST(BandRule, LooksAtTheProcessButMultipliesTheWholeFirm) {
  Activity mill = Plant(1e6, 2.0);
  mill.process_emissions = 1.5e6;
  EXPECT_NEAR(AllocateBand(mill, BandAround(1.5)), 2e6, 1e-6);
  EXPECT_NEAR(AllocateBand(mill, BandAround(3.0)), 2e6 * 1.03, 1e-6);
}

TEST(BandRule, LeavesNeutralAndStillstandingFirmsAtTheirEmissions) {
  Activity special = Plant(1e6, 2.0);
  special.neutral = true;
  EXPECT_EQ(AllocateBand(special, BandAround(1.0)), 2e6);
  Activity still;
  still.emissions = still.process_emissions = 5'000;
  EXPECT_EQ(AllocateBand(still, BandAround(1.0)), 5'000);
}

TEST(BandRule, BalanceValueIsTheEmissionWeightedMeanWhenNobodyIsClamped) {
  const std::vector<Activity> sector = {Plant(1e6, 0.86), Plant(3e6, 0.83), Plant(2e6, 0.91)};
  double weighted = 0;
  double emissions = 0;
  for (const Activity& plant : sector) {
    weighted += plant.emissions * plant.emissions / plant.output;
    emissions += plant.emissions;
  }
  EXPECT_NEAR(SolveBand(sector, Terms{}), weighted / emissions, 1e-12);
}

TEST(BandRule, BalanceValueIgnoresNeutralAndStillstandingFirms) {
  std::vector<Activity> sector = {Plant(1e6, 0.86), Plant(3e6, 0.83)};
  const double alone = SolveBand(sector, Terms{});
  Activity special = Plant(5e6, 3.0);
  special.neutral = true;
  Activity still;
  still.emissions = still.process_emissions = 7'000;
  sector.push_back(special);
  sector.push_back(still);
  EXPECT_EQ(SolveBand(sector, Terms{}), alone);
  EXPECT_EQ(SolveBand(std::vector<Activity>{special, still}, Terms{}), 0);
}

TEST(CapRule, WeighsGasAndHeatByTheirCleanerBenchmarks) {
  const Terms terms;
  Activity unit = Coal(1'000, 900);
  unit.heat = 500;
  EXPECT_NEAR(CapWeight(unit, terms), 1'000 + 500 * 0.128, 1e-9);
  unit.unit_class = UnitClass::kGas;
  EXPECT_NEAR(CapWeight(unit, terms), 420 + 500 * 0.068, 1e-9);
  EXPECT_EQ(CapWeight(Plant(10, 1), terms), 10);
}

TEST(CapRule, DividesThePoolByWeightedOutput) {
  Terms terms;
  terms.free_pool_t = 900;
  const std::vector<Activity> sector = {Plant(100, 5), Plant(200, 1)};
  terms.sector_figure = SolveCap(sector, terms);
  EXPECT_NEAR(AllocateCap(sector[0], terms), 300, 1e-9);
  EXPECT_NEAR(AllocateCap(sector[1], terms), 600, 1e-9);
}

TEST(CapRule, LeavesSpecialCasesToTheAuthoritysReserve) {
  Terms terms;
  terms.free_pool_t = 900;
  Activity entrant = Plant(300, 1);
  entrant.neutral = true;
  const std::vector<Activity> sector = {Plant(100, 5), Plant(200, 1), entrant};
  terms.sector_figure = SolveCap(sector, terms);
  EXPECT_NEAR(AllocateCap(sector[1], terms), 600, 1e-9);
  EXPECT_EQ(AllocateCap(entrant, terms), 0);
}

// What a rule makes of the price at the margin, against the derivations of the rules themselves.
TEST(Incentive, OfACoalUnitIsTheFullPriceAndItsBenchmarkPerUnitOfOutput) {
  const MarginalIncentive incentive =
      Incentive(Named("benchmark"), Coal(1e6, 800'000), Power2024());
  EXPECT_NEAR(incentive.per_tonne, 1, 1e-6);
  EXPECT_NEAR(incentive.per_output, 0.7910, 1e-9);
}

TEST(Incentive, OfACogeneratingUnitCountsTheHeatThatComesAlong) {
  Activity unit = Coal(1e6, 850'000);
  unit.heat = 500'000;
  EXPECT_NEAR(Incentive(Named("benchmark"), unit, Power2024()).per_output, 0.7910 + 0.5 * 0.1033,
              1e-9);
}

TEST(Incentive, OfAUnitAtTheShortfallCeilingIsAFifthOfThePrice) {
  const MarginalIncentive incentive = Incentive(Named("benchmark"), Coal(1e6, 1.2e6), Power2024());
  EXPECT_NEAR(incentive.per_tonne, 0.2, 1e-6);
  EXPECT_NEAR(incentive.per_output, 0, 1e-9);
}

TEST(Incentive, OfAGasUnitInDeficitIsNothing) {
  Activity unit = Coal(1e6, 400'000);
  unit.unit_class = UnitClass::kGas;
  EXPECT_NEAR(Incentive(Named("benchmark"), unit, Power2024()).per_tonne, 0, 1e-6);
}

TEST(Incentive, OfTheBandIsAboutFifteenPercentOfThePrice) {
  const auto at = [](double intensity) {
    return Incentive(Named("band"), Plant(1e6, intensity), BandAround(1.0));
  };
  EXPECT_NEAR(at(1.0).per_tonne, 0.15, 1e-6);
  EXPECT_NEAR(at(1.2).per_tonne, 0.21, 1e-6) << "abating leads into the band, and that side counts";
  EXPECT_NEAR(at(0.8 + 1e-5).per_tonne, 0.09, 1e-5);
  EXPECT_NEAR(at(0.8).per_tonne, -0.03, 1e-6) << "abating leads out of the band";
  EXPECT_NEAR(at(1.0).per_output, 0.15, 1e-4);
}

TEST(Incentive, OfClampedFirmsHasTheWrongSignForLeaders) {
  const auto at = [](double intensity) {
    return Incentive(Named("band"), Plant(1e6, intensity), BandAround(1.0)).per_tonne;
  };
  EXPECT_NEAR(at(0.6), -0.03, 1e-6);
  EXPECT_NEAR(at(1.5), 0.03, 1e-6);
}

TEST(Incentive, OfTheNeutralRuleIsNothing) {
  const MarginalIncentive incentive = Incentive(Named("neutral"), Plant(1e6, 1.0), Terms{});
  EXPECT_NEAR(incentive.per_tonne, 0, 1e-6);
  EXPECT_EQ(incentive.per_output, 0);
}

TEST(Incentive, OfACapIsTheFullPriceAndAShareOfThePoolPerUnitOfOutput) {
  Terms terms;
  terms.sector_figure = 0.7;
  const MarginalIncentive incentive = Incentive(Named("cap"), Plant(1e6, 1.0), terms);
  EXPECT_EQ(incentive.per_tonne, 1);
  EXPECT_NEAR(incentive.per_output, 0.7, 1e-9);
}

TEST(Rules, AreFoundByTheirNamesAndNoOthers) {
  for (const Rule& rule : Rules()) EXPECT_EQ(FindRule(rule.name), &rule);
  EXPECT_EQ(FindRule("grandfathering"), nullptr);
  EXPECT_EQ(FindRule(""), nullptr);
}

TEST(RoundDown, NeverGivesAStartedTonneAndForgivesTheLastBit) {
  EXPECT_EQ(RoundDown(0), Tonnes(0));
  EXPECT_EQ(RoundDown(794.999), Tonnes(794));
  EXPECT_EQ(RoundDown(0.29 * 100), Tonnes(29)) << "0.29 * 100 is 28.999999999999996";
}

// What holds for every rule in the table, the next one included.
class EveryRule : public testing::TestWithParam<Rule> {
 protected:
  // A sector of `firms` drawn from a seed: wide spreads, so that clamps and floors are met.
  static std::vector<Activity> Sector(std::uint64_t seed, int firms) {
    Prng prng = Prng::Stream(seed, "sector", 0);
    std::vector<Activity> sector;
    for (int i = 0; i < firms; ++i) {
      Activity firm = Plant(prng.LogNormal(1e6, 1.0), prng.LogNormal(0.9, 0.15));
      firm.unit_class = static_cast<UnitClass>(prng.Below(kUnitClasses));
      firm.load_factor = 0.3 + 0.6 * prng.Uniform();
      firm.heat = prng.Chance(0.3) ? prng.LogNormal(1e5, 1.0) : 0;
      firm.process_emissions *= 0.5 + 0.5 * prng.Uniform();
      firm.neutral = prng.Chance(0.05);
      sector.push_back(firm);
    }
    return sector;
  }
  static Terms SolvedTerms(const Rule& rule, const std::vector<Activity>& sector) {
    Terms terms = Power2024();
    terms.benchmarks.electricity[0] = 0.85;
    terms.free_pool_t = 1e8;
    terms.sector_figure = rule.solve(sector, terms);
    return terms;
  }
  static constexpr std::uint64_t kSeeds = 20;
};

TEST_P(EveryRule, GivesNothingToAFirmThatEmittedAndProducedNothing) {
  const Rule& rule = GetParam();
  const Terms terms = SolvedTerms(rule, Sector(1, 50));
  EXPECT_EQ(rule.allocate(Activity{}, terms), 0);
}

TEST_P(EveryRule, NeverGivesLessForMoreOutputOrMoreEmissions) {
  const Rule& rule = GetParam();
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<Activity> sector = Sector(seed, 50);
    const Terms terms = SolvedTerms(rule, sector);
    for (const Activity& firm : sector) {
      Activity busier = firm;
      busier.output *= 1.05;
      Activity dirtier = firm;
      dirtier.emissions *= 1.05;
      dirtier.process_emissions *= 1.05;
      const double before = rule.allocate(firm, terms);
      EXPECT_GE(before, 0) << "seed " << seed;
      EXPECT_GE(rule.allocate(busier, terms), before) << "seed " << seed;
      EXPECT_GE(rule.allocate(dirtier, terms), before) << "seed " << seed;
    }
  }
}

TEST_P(EveryRule, DoesNotCareInWhichOrderFirmsAreListed) {
  const Rule& rule = GetParam();
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    std::vector<Activity> sector = Sector(seed, 200);
    const double listed = SolvedTerms(rule, sector).sector_figure;
    std::reverse(sector.begin(), sector.end());
    EXPECT_EQ(SolvedTerms(rule, sector).sector_figure, listed) << "seed " << seed;
  }
}

TEST_P(EveryRule, StaysInsideThePoolWhenItHasACap) {
  const Rule& rule = GetParam();
  if (!rule.capped) return;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<Activity> sector = Sector(seed, 500);
    const Terms terms = SolvedTerms(rule, sector);
    Tonnes issued;
    for (const Activity& firm : sector) issued += RoundDown(rule.allocate(firm, terms));
    EXPECT_LE(issued, Tonnes(100'000'000)) << "seed " << seed;
    EXPECT_GE(issued, Tonnes(100'000'000 - 500)) << "only rounding is left, seed " << seed;
  }
}

TEST_P(EveryRule, AnswersIncentivesBetweenEarningAndTheFullPrice) {
  const Rule& rule = GetParam();
  const std::vector<Activity> sector = Sector(3, 200);
  const Terms terms = SolvedTerms(rule, sector);
  for (const Activity& firm : sector) {
    const MarginalIncentive incentive = Incentive(rule, firm, terms);
    EXPECT_GE(incentive.per_tonne, -0.031);
    EXPECT_LE(incentive.per_tonne, 1 + 1e-6);
    EXPECT_GE(incentive.per_output, -1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryRule, testing::ValuesIn(Rules().begin(), Rules().end()),
                         [](const testing::TestParamInfo<Rule>& row) {
                           return std::string(row.param.name);
                         });

TEST(BandRule, IsNeutralForTheSectorToTheTonneBeforeRounding) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Prng prng = Prng::Stream(seed, "steel", 0);
    std::vector<Activity> sector;
    for (int i = 0; i < 232; ++i) {
      sector.push_back(Plant(prng.LogNormal(5.34e6, 0.9), prng.LogNormal(1.5, 0.12)));
    }
    Terms terms;
    terms.sector_figure = SolveBand(sector, terms);
    double allocated = 0;
    double emitted = 0;
    for (const Activity& firm : sector) {
      allocated += AllocateBand(firm, terms);
      emitted += firm.emissions;
    }
    EXPECT_NEAR(allocated, emitted, 0.5) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ets::policy
