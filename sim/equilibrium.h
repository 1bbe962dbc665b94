#pragma once

#include <vector>

#include "sim/population.h"
#include "sim/scenario.h"

namespace ets::sim {

// What the solver is asked.
struct EquilibriumQuestion {
  int first_year = 2025;
  double bank_t = 0;  // Units in private hands at the start, beyond obligations of earlier years.
  double discount = 0.08;  // A year, nominal: the fastest a price can rise while units are banked.
  // False: the caps announced for `first_year` and later never come; today's intensity rules go on
  // with the benchmarks tightened by belief_fallback_tightening a year.
  bool caps_come = true;
  // Output of each sector over 2024's, at the end of first_year - 1; empty: by the growth path.
  std::vector<double> output_level;
  // The plants as they stand: share of emissions cut by steps that are decided, by sector and by
  // year from first_year on. Then a further step must be worth step_trigger times its cost and
  // works step_delay_months later. Empty: plants follow the price at once, at their cost.
  std::vector<std::vector<double>> standing;
  // What stability rules are known to add to the first year's auctions, or to take off, in t.
  double announced_t = 0;
};

struct EquilibriumPath {
  int first_year = 0;
  // By year from first_year to the scenario's horizon.
  std::vector<double> price;   // CNY/t. 0 where nothing is scarce: then any price clears.
  std::vector<double> bank_t;  // At the year's end.
  std::vector<double> emissions_t;
  std::vector<std::vector<double>> sector_net_t;  // [year][sector]: free + sold - emissions.

  // Between mid-years, log-linear; flat outside. `time` in years: 2027.5 is the middle of 2027.
  double PriceAt(double time) const;
};

// The frictionless competitive benchmark of a scenario: one firm a sector with the sector's cost
// curve, full foresight to the horizon, banking and no borrowing. While units are banked the price
// rises at the discount rate; where the bank is empty supply and demand meet in the year. Output
// reacts to the passed-through carbon cost, abatement to the rule's own marginal incentive. An
// auction sells nothing below its reserve price. Pure; building one costs milliseconds, a solve
// less.
class EquilibriumSolver {
 public:
  EquilibriumSolver(const Scenario& scenario, const Population& population);

  EquilibriumPath Solve(const EquilibriumQuestion& question) const;

  // Allocation less emissions of one sector in t, at a price; negative is short. For tests and
  // reports.
  double SectorNet(int sector, int year, double price, bool caps_come) const;

  // The share of baseline emissions a sector cuts when one more tonne costs it `price`.
  static double Abated(const Sector& sector, double price, double cost_level);

 private:
  struct Balance {
    double emissions_t = 0;
    double net_t = 0;
  };
  Balance SectorBalance(const EquilibriumQuestion& question, std::size_t sector, int year,
                        double price) const;
  double Net(const EquilibriumQuestion& question, int year, double price,
             EquilibriumPath* out) const;
  double OutputLevel(const EquilibriumQuestion& question, std::size_t sector, int year) const;
  int FirstReaction(const EquilibriumQuestion& question) const;
  double AbatedShare(const EquilibriumQuestion& question, std::size_t sector, int year,
                     double marginal_price) const;

  const Scenario& scenario_;
  std::vector<double> emissions_2024_;
  std::vector<double> output_2024_;
  std::vector<double> cap_scale_;
  // Benchmark allocation at 2024 output, for emission factors kLow and 1 (relative to 2024), by
  // sector, with and without caps, by year from 2024. Empty where the rule is not a benchmark.
  struct BenchmarkCurve {
    double at_low = 0, at_one = 0;
  };
  static constexpr double kLow = 0.85;
  BenchmarkCurve power_planned_[64];
  BenchmarkCurve power_fallback_[64];
  int power_ = -1;
};

// The rule a vintage of a sector is under when its caps come, or when they never do.
const std::string& PlannedRule(const Sector& sector, int vintage, bool caps_come);

// What the benchmark of a vintage is when the announced caps never come.
policy::Benchmarks FallbackBenchmarks(const Scenario& scenario, int vintage);

// Everything about a sector's vintage that a rule may look at, but for the pool and the sector's
// figure.
policy::Terms TermsOf(const Scenario& scenario, int vintage);

}  // namespace ets::sim
