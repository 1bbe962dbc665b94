#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/prng.h"
#include "sim/equilibrium.h"
#include "sim/population.h"
#include "sim/scenario.h"

namespace ets::sim {

// A structural abatement measure that was decided: works from one month for ten years.
struct AbatementStep {
  int from_month = 0;  // Months since January 2024.
  int to_month = 0;
  double share = 0;  // Of baseline emissions.
  double cost = 0;   // CNY per t abated.
};

// One year of one firm, as it really was; the authority learns of it by the annual report.
struct FirmYear {
  double output = 0;     // Sector's unit.
  double heat = 0;       // GJ.
  double emissions = 0;  // t so far.
  double baseline = 0;   // t so far, without any carbon price.
  double demand = 1;     // Output over what it would be without a passed-through carbon cost.
  double expected_emissions =
      0;                     // t for the whole year, as planned in January (later: as measured).
  double expected_free = 0;  // t, unrounded final allocation the firm expects.
  double per_tonne = 0;      // MarginalIncentive.
  double per_output = 0;
  double abatement_cost = 0;  // CNY so far.
  std::int64_t bought_listed = 0, bought_block = 0, bought_auction = 0,
               sold = 0;  // t in the calendar year.
  Money paid_listed, paid_block, paid_auction, received;
  Money borrowed;
  Money interest;  // On it, to the year's end.
};

// A firm that decides: its plant, its temperament, what it holds and expects.
struct Agent {
  // Who it is.
  std::size_t sector = 0;
  MemberId member;
  AccountId holder;
  bool enrolled = false;
  std::uint16_t group = 0;
  Prng dice{0};

  // Temperament, drawn once.
  double discount = 0.08;
  int horizon = 2;
  double optimism = 1;         // Multiplies every expectation.
  double cost_multiplier = 1;  // Of the sector's abatement curve.
  bool patient = false;        // Sells nothing before the deadline's quarter.
  bool never_complies = false;
  int surrender_rank = 0;  // Trading days before the deadline on which it surrenders.

  // The plant.
  double level = 1;       // Output over 2024, before the reaction to the carbon price.
  double operation = 0;   // Share abated by operation, reversible.
  double structural = 0;  // Share abated by working steps.
  double decided = 0;     // Steps that will be working when one decided today begins to.
  std::vector<AbatementStep> steps;

  // Expectation in CNY/t: today's fair price, and the most a unit is worth to hold (discounted).
  double expected_price = 0;
  double hold_value = 0;

  // The book it keeps in t. Position: what it will have too much (> 0) or lack for everything
  // emitted so far, at the expected final allocation. Old: what it lacks for the next deadline in
  // eligible vintages.
  double position = 0;
  double due_gap = 0;
  double offset_room = 0;             // Offsets it may still use for the next deadline.
  double legacy_excess = 0;           // Old vintages it should sell rather than see expire.
  std::int64_t net_sales_legacy = 0;  // From 1 January 2024.
  std::int64_t carry_over_left = 0;   // Old units it may still convert, in the conversion year.
  Money credit_used;                  // In the calendar year.
  Money credit_limit;                 // kNoLimit where the product's value is not known.
};

// What every firm knows of prices. Monthly.
struct Outlook {
  const EquilibriumPath* planned = nullptr;   // If the announced caps come.
  const EquilibriumPath* fallback = nullptr;  // If today's rules go on.
  double belief = 1;                          // Weight of the first.
  double adaptive = 0;                        // Slow average of observed prices, CNY/t.
  double benchmark_weight = 0.5;

  double BenchmarkAt(double time) const;  // Time in years; belief-weighted.
};

// Draws the temperaments and what stands in the plants in January 2025.
std::vector<Agent> MakeAgents(const Scenario& scenario, const Population& population);

// The firm's fair price and hold value: half benchmark path, half adaptive; discounted at its own
// rate over its own horizon.
void FormExpectation(Agent& agent, const Outlook& outlook, double time);

// What a firm faces when it thinks of abating.
struct AbatementIncentive {
  double per_tonne = 0;    // Of the price, this year: the rule's own marginal incentive.
  int capped_from = 9999;  // The first year announced in which one more tonne costs the full price.
};

// One month's reaction of the plant: operation follows this year's marginal carbon price at once;
// steps are decided when the level price over the firm's horizon exceeds 1.2 times their cost.
void DecideAbatement(Agent& agent, const Scenario& scenario, const Sector& sector,
                     const Outlook& outlook, const AbatementIncentive& incentive, int month);

// CNY a month for what is abated, given a month's baseline emissions.
double AbatementCost(const Agent& agent, const Scenario& scenario, const Sector& sector,
                     double baseline, int month);

// What the next tonne costs at a share abated, on the firm's own curve.
double MarginalCost(const Agent& agent, const Scenario& scenario, const Sector& sector,
                    double share, int month);

}  // namespace ets::sim
