#include "sim/firms.h"

#include <algorithm>
#include <cmath>

namespace ets::sim {
namespace {

constexpr double kStepLow = 0.005;
constexpr double kStepHigh = 0.02;
constexpr double kOptimismSd = 0.05;
constexpr int kMonthsPerDecision = 3;
constexpr int kCurveYear = 2024;  // Months count from its January.

double CostLevel(const Scenario& scenario, int month) {
  return std::pow(1 - scenario.abatement_cost_decline, (month - 12) / 12.0);
}

// The piecewise linear curve, through the origin.
double CurveCost(const Sector& sector, double share) {
  double last_share = 0;
  double last_cost = 0;
  for (const CostAnchor& anchor : sector.abatement) {
    if (share <= anchor.abated) {
      return last_cost +
             (anchor.cost - last_cost) * (share - last_share) / (anchor.abated - last_share);
    }
    last_share = anchor.abated;
    last_cost = anchor.cost;
  }
  return 1e9;  // Beyond the last anchor nothing is for sale.
}

}  // namespace

double Outlook::BenchmarkAt(double time) const {
  return belief * planned->PriceAt(time) + (1 - belief) * fallback->PriceAt(time);
}

std::vector<Agent> MakeAgents(const Scenario& scenario, const Population& population) {
  std::vector<Agent> agents(population.firms.size());
  for (std::size_t i = 0; i < agents.size(); ++i) {
    Agent& agent = agents[i];
    const Firm& firm = population.firms[i];
    const Sector& sector = scenario.sectors[firm.sector];
    Prng dice = Prng::Stream(scenario.seed, "firm", i);
    agent.sector = firm.sector;
    agent.group = firm.group;
    agent.discount = std::clamp(scenario.discount_mean + scenario.discount_sd * dice.Normal(),
                                scenario.discount_low, scenario.discount_high);
    double pick = dice.Uniform();
    for (const auto& [years, share] : scenario.horizons) {
      agent.horizon = years;
      if ((pick -= share) < 0) break;
    }
    if (firm.group != 0) agent.horizon = scenario.group_horizon;
    agent.optimism = std::exp(kOptimismSd * dice.Normal());
    agent.cost_multiplier = std::exp(scenario.abatement_multiplier_mean +
                                     scenario.abatement_multiplier_sigma * dice.Normal());
    agent.patient = dice.Chance(scenario.hold_until_deadline_share);
    agent.never_complies = dice.Chance(scenario.never_comply_share);
    agent.surrender_rank = 2 + static_cast<int>(dice.Below(28));
    // What verified 2024 emissions already contain: operation, then steps of mixed age.
    const double abated = sector.abated_in_2024;
    agent.operation = std::min(abated, scenario.operation_share);
    double left = abated - agent.operation;
    while (left > 1e-9) {
      const double share = std::min(left, kStepLow + (kStepHigh - kStepLow) * dice.Uniform());
      const int age =
          static_cast<int>(dice.Below(static_cast<std::uint64_t>(scenario.step_life_years * 6)));
      agent.steps.push_back({12 - age, 12 - age + scenario.step_life_years * 12, share,
                             CurveCost(sector, agent.operation + agent.structural + share / 2) *
                                 agent.cost_multiplier});
      agent.structural += share;
      left -= share;
    }
    agent.decided = agent.structural;
    agent.dice = Prng::Stream(scenario.seed, "firm-days", i);
  }
  return agents;
}

void FormExpectation(Agent& agent, const Outlook& outlook, double time) {
  const double now = outlook.BenchmarkAt(time);
  // Where nothing is scarce the benchmark says nothing: any price clears.
  const double fair =
      now > 0 ? outlook.benchmark_weight * now + (1 - outlook.benchmark_weight) * outlook.adaptive
              : outlook.adaptive;
  agent.expected_price = fair * agent.optimism;
  double best = 1;
  if (now > 0) {
    double discount = 1;
    for (int year = 1; year <= agent.horizon; ++year) {
      discount /= 1 + agent.discount;
      best = std::max(best, outlook.BenchmarkAt(time + year) / now * discount);
    }
  }
  agent.hold_value = agent.expected_price * best;
}

double MarginalCost(const Agent& agent, const Scenario& scenario, const Sector& sector,
                    double share, int month) {
  return CurveCost(sector, share) * agent.cost_multiplier * CostLevel(scenario, month);
}

void DecideAbatement(Agent& agent, const Scenario& scenario, const Sector& sector,
                     const Outlook& outlook, const AbatementIncentive& incentive, int month) {
  const double level = agent.cost_multiplier * CostLevel(scenario, month);
  // Steps begin and end.
  agent.structural = 0;
  agent.decided = 0;
  for (std::size_t i = 0; i < agent.steps.size();) {
    if (agent.steps[i].to_month <= month) {
      agent.steps[i] = agent.steps.back();
      agent.steps.pop_back();
      continue;
    }
    // A step that ends before a new one could work is decided anew in time.
    if (agent.steps[i].to_month > month + scenario.step_delay_months)
      agent.decided += agent.steps[i].share;
    if (agent.steps[i].from_month <= month) agent.structural += agent.steps[i].share;
    ++i;
  }
  // Operation follows today's price.
  const double price = agent.expected_price * incentive.per_tonne;
  agent.operation =
      std::min(scenario.operation_share, EquilibriumSolver::Abated(sector, price / level, 1));
  if (price <= 0) agent.operation = 0;

  if (month % kMonthsPerDecision != 0) return;
  const double time = kCurveYear + month / 12.0;
  const double now = outlook.BenchmarkAt(time);
  // What a tonne less will save over the firm's horizon, as a level price: later years discounted,
  // each at the marginal incentive that it expects to be in force.
  double saved = 0;
  double weight = 0;
  double discount = 1;
  for (int year = 1; year <= agent.horizon; ++year) {
    discount /= 1 + agent.discount;
    const bool capped = static_cast<int>(time) + year >= incentive.capped_from;
    const double marginal =
        capped ? outlook.belief + (1 - outlook.belief) * incentive.per_tonne : incentive.per_tonne;
    saved += discount * marginal * (now > 0 ? outlook.BenchmarkAt(time + year) / now : 1);
    weight += discount;
  }
  const double ahead = agent.expected_price * saved / weight;
  const double share = kStepLow + (kStepHigh - kStepLow) * agent.dice.Uniform();
  const double from = scenario.operation_share + agent.decided;
  const double cost = CurveCost(sector, from + share / 2) * level;
  if (ahead > scenario.step_trigger * cost) {
    const int begin = month + scenario.step_delay_months;
    agent.steps.push_back({begin, begin + scenario.step_life_years * 12, share, cost});
    agent.decided += share;
  }
}

double AbatementCost(const Agent& agent, const Scenario& scenario, const Sector& sector,
                     double baseline, int month) {
  const double level = agent.cost_multiplier * CostLevel(scenario, month);
  double cost = agent.operation * CurveCost(sector, agent.operation) / 2 * level;
  for (const AbatementStep& step : agent.steps) {
    if (step.from_month <= month) cost += step.share * step.cost;
  }
  return cost * baseline;
}

}  // namespace ets::sim
