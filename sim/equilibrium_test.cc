#include "sim/equilibrium.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/run_fixture.h"

namespace ets::sim {
namespace {

constexpr int kFirst = 2025;
constexpr double kBankMt = 150;

EquilibriumPath SolveFor(const Scenario& scenario, double discount = 0.08) {
  const Population population = DrawPopulation(scenario);
  EquilibriumQuestion question;
  question.first_year = kFirst;
  question.bank_t = kBankMt * 1e6;
  question.discount = discount;
  return EquilibriumSolver(scenario, population).Solve(question);
}

// Prices of 2025 to 2034, within a share of the expected.
void ExpectPrices(const EquilibriumPath& path, const std::vector<double>& expected, double share) {
  ASSERT_GE(path.price.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(path.price[i], expected[i], share * expected[i]) << kFirst + static_cast<int>(i);
  }
}

// Each year's value from 2027 to 2040, changed by `change`.
template <typename Change>
void FromYear2027(YearSeries& series, Change change) {
  const YearSeries before = series;
  for (int year = 2027; year <= 2040; ++year) series.Set(year, change(before.At(year)));
}

Scenario WithCaps(double factor) {
  Scenario scenario = Default();
  for (Sector& sector : scenario.sectors) {
    if (!sector.cap_mt.empty())
      FromYear2027(sector.cap_mt, [&](double cap) { return cap * factor; });
  }
  return scenario;
}
Scenario WithCost(double factor) {
  Scenario scenario = Default();
  for (Sector& sector : scenario.sectors) {
    // What 2024 already contains is the abatement of CNY 80, at these costs.
    if (sector.abated_in_2024 > 0)
      sector.abated_in_2024 = EquilibriumSolver::Abated(sector, 80, factor);
    for (CostAnchor& anchor : sector.abatement) anchor.cost *= factor;
  }
  return scenario;
}
Scenario WithGrowth(double points) {
  Scenario scenario = Default();
  for (Sector& sector : scenario.sectors)
    FromYear2027(sector.growth, [&](double growth) { return growth + points; });
  return scenario;
}
Scenario WithOffsets(double factor) {
  Scenario scenario = Default();
  const YearSeries before = scenario.offset_supply_mt;
  for (int year = kFirst; year <= 2040; ++year)
    scenario.offset_supply_mt.Set(year, before.At(year) * factor);
  return scenario;
}

// Computed independently, one firm a sector, before there was a program.
TEST(Equilibrium, OfTheTransitionIsTheOneComputedByHandWithinThreePercent) {
  const EquilibriumPath path = SolveFor(Default());
  ExpectPrices(path, {86, 93, 101, 109, 117, 127, 137, 148, 160, 172}, 0.03);
  const double banks[] = {108, 96, 95, 117, 160, 120, 92, 77, 82, 103};
  const double emissions[] = {7968, 7847, 9028, 8955, 8791, 8590, 8415, 8212, 7980, 7748};
  for (std::size_t i = 0; i < std::size(banks); ++i) {
    EXPECT_NEAR(path.bank_t[i] / 1e6, banks[i], 12) << kFirst + static_cast<int>(i);
    EXPECT_NEAR(path.emissions_t[i] / 1e6, emissions[i], 0.005 * emissions[i]);
  }
}

struct Sensitivity {
  const char* name;
  Scenario scenario;
  double discount;
  std::vector<double> prices;
};

TEST(Equilibrium, MovesAsComputedByHandWhenAnInputMoves) {
  const Sensitivity rows[] = {
      {"discount 5%", Default(), 0.05, {112, 117, 123, 129, 136, 142, 149, 157, 165, 173}},
      {"discount 10%", Default(), 0.10, {78, 86, 94, 103, 114, 125, 138, 151, 158, 167}},
      {"growth -.5", WithGrowth(-0.005), 0.08, {76, 82, 89, 96, 96, 95, 93, 91, 89, 92}},
      {"growth +.5", WithGrowth(0.005), 0.08, {112, 121, 130, 141, 152, 164, 177, 191, 207, 223}},
      {"cost x .7", WithCost(0.7), 0.08, {74, 80, 87, 94, 100, 108, 116, 124, 128, 136}},
      {"cost x 1.3", WithCost(1.3), 0.08, {101, 109, 118, 127, 137, 148, 160, 173, 187, 202}},
      {"caps +1%", WithCaps(1.01), 0.08, {79, 85, 92, 99, 107, 115, 125, 135, 145, 157}},
      {"caps -1%", WithCaps(0.99), 0.08, {94, 101, 110, 118, 128, 138, 149, 161, 174, 188}},
      {"offsets x 2", WithOffsets(2), 0.08, {73, 79, 85, 92, 99, 107, 116, 125, 135, 146}},
      {"no offsets", WithOffsets(0), 0.08, {99, 107, 116, 125, 135, 146, 158, 170, 184, 199}},
  };
  for (const Sensitivity& row : rows) {
    SCOPED_TRACE(row.name);
    ExpectPrices(SolveFor(row.scenario, row.discount), row.prices, 0.075);
  }
}

TEST(Equilibrium, OfTheOtherRoadsIsTheOneComputedByHand) {
  {
    SCOPED_TRACE("stay-intensity");
    ExpectPrices(SolveFor(Shipped("stay-intensity.toml")), {74, 80, 87, 94, 91, 89, 86, 82, 79, 76},
                 0.06);
  }
  SCOPED_TRACE("fast-cap");
  ExpectPrices(SolveFor(Shipped("fast-cap.toml")),
               {108, 117, 126, 136, 147, 159, 172, 185, 200, 201}, 0.06);
}

class EveryRoad : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryRoad, NeverRaisesThePriceFasterThanTheDiscountNorBorrows) {
  for (const double discount : {0.04, 0.08, 0.12}) {
    const EquilibriumPath path = SolveFor(Shipped(GetParam()), discount);
    ASSERT_EQ(path.price.size(), path.bank_t.size());
    EXPECT_EQ(path.first_year + static_cast<int>(path.price.size()) - 1, Default().horizon_year);
    for (std::size_t i = 0; i < path.price.size(); ++i) {
      EXPECT_GE(path.price[i], 0);
      EXPECT_GE(path.bank_t[i], -1e3) << path.first_year + static_cast<int>(i);
      if (i == 0) continue;
      EXPECT_LE(path.price[i], path.price[i - 1] * (1 + discount) * (1 + 1e-6) + 1e-6);
      // Slower than the discount only where nothing is left to bank.
      if (path.price[i] < path.price[i - 1] * (1 + discount) * (1 - 1e-4)) {
        EXPECT_NEAR(path.bank_t[i - 1], 0, 0.5e6) << path.first_year + static_cast<int>(i);
      }
    }
  }
}

TEST_P(EveryRoad, BalancesUnitsEveryYear) {
  const Scenario scenario = Shipped(GetParam());
  const EquilibriumPath path = SolveFor(scenario);
  double bank = kBankMt * 1e6;
  for (std::size_t i = 0; i < path.price.size(); ++i) {
    // What sectors are short of is met from the bank or by offsets, never by more than their
    // supply.
    double net = 0;
    for (const double sector : path.sector_net_t[i]) net += sector;
    const double offsets = path.bank_t[i] - bank - net;
    const int year = path.first_year + static_cast<int>(i);
    EXPECT_GE(offsets, -1e3) << year;
    EXPECT_LE(offsets, scenario.offset_supply_mt.At(year) * 1e6 + 1e3) << year;
    bank = path.bank_t[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Shipped, EveryRoad,
                         ::testing::Values("china-transition.toml", "stay-intensity.toml",
                                           "fast-cap.toml", "loose.toml"),
                         [](const auto& road) {
                           std::string name = road.param;
                           name.resize(name.find('.'));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// What firms expect starts from the plants as they are: nothing works before a year is over.
TEST(Outlook, WithStandingPlantsPricesLieAboveTheFrictionlessOnesAndEmissionsFollowLate) {
  const Scenario& scenario = Default();
  const Population population = DrawPopulation(scenario);
  const EquilibriumSolver solver(scenario, population);
  EquilibriumQuestion question;
  question.first_year = 2029;
  question.bank_t = 100e6;
  const EquilibriumPath frictionless = solver.Solve(question);
  question.standing.assign(scenario.sectors.size(), std::vector<double>(12, 0.02));
  const EquilibriumPath standing = solver.Solve(question);
  ASSERT_EQ(standing.price.size(), frictionless.price.size());
  EXPECT_GT(standing.price[0], frictionless.price[0]);
  EXPECT_LT(standing.price[0], 1.5 * frictionless.price[0]);
  EXPECT_LT(standing.emissions_t[1] / frictionless.emissions_t[1], 1.01);
  // Bare plants cannot answer in the first year, whatever the price.
  question.standing.assign(scenario.sectors.size(), std::vector<double>(12, 0));
  EXPECT_GT(solver.Solve(question).emissions_t[0], 1.02 * frictionless.emissions_t[0]);
}

TEST(Outlook, StepsThatStandMakeItCheaper) {
  const Scenario& scenario = Default();
  const Population population = DrawPopulation(scenario);
  const EquilibriumSolver solver(scenario, population);
  EquilibriumQuestion question;
  question.first_year = 2029;
  question.bank_t = 100e6;
  question.standing.assign(scenario.sectors.size(), std::vector<double>(12, 0));
  const EquilibriumPath bare = solver.Solve(question);
  question.standing.assign(scenario.sectors.size(), std::vector<double>(12, 0.10));
  const EquilibriumPath equipped = solver.Solve(question);
  EXPECT_LT(equipped.price[0], 0.8 * bare.price[0]);
}

// A year's shortage that no plant can answer any more stays due; it does not set the price alone.
TEST(Outlook, AShortageThatNoPlantCanAnswerInTimeIsPaidLater) {
  const Scenario& scenario = Default();
  const Population population = DrawPopulation(scenario);
  const EquilibriumSolver solver(scenario, population);
  EquilibriumQuestion question;
  question.first_year = 2031;
  question.bank_t = -100e6;
  question.standing.assign(scenario.sectors.size(), std::vector<double>(10, 0.04));
  const EquilibriumPath path = solver.Solve(question);
  EXPECT_LT(path.price[0], 300);
  EXPECT_LT(path.bank_t[0], 0);
  EXPECT_GT(path.bank_t[1], -1e6);
}

TEST(EquilibriumPath, InterpolatesBetweenMidYearsAlongAStraightLogarithm) {
  EquilibriumPath path;
  path.first_year = 2027;
  path.price = {100, 121};
  EXPECT_NEAR(path.PriceAt(2027.5), 100, 1e-9);
  EXPECT_NEAR(path.PriceAt(2028.0), 110, 1e-9);
  EXPECT_NEAR(path.PriceAt(2028.5), 121, 1e-9);
  EXPECT_NEAR(path.PriceAt(2026.0), 100, 1e-9);
  EXPECT_NEAR(path.PriceAt(2035.0), 121, 1e-9);
}

TEST(Equilibrium, AbatesAlongThePiecewiseLinearCurveAndNotBeyondItsEnd) {
  Sector sector;
  sector.abatement = {{0.1, 100}, {0.2, 300}};
  EXPECT_EQ(EquilibriumSolver::Abated(sector, 0, 1), 0);
  EXPECT_NEAR(EquilibriumSolver::Abated(sector, 50, 1), 0.05, 1e-12);
  EXPECT_NEAR(EquilibriumSolver::Abated(sector, 200, 1), 0.15, 1e-12);
  EXPECT_NEAR(EquilibriumSolver::Abated(sector, 9999, 1), 0.2, 1e-12);
  EXPECT_NEAR(EquilibriumSolver::Abated(sector, 50, 0.5), 0.1, 1e-12);
}

}  // namespace
}  // namespace ets::sim
