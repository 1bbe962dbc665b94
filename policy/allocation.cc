#include "policy/allocation.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "policy/rules/rules.h"

namespace ets::policy {
namespace {

// Every rule there is, in the order they are shown to people.
constexpr Rule kRules[] = {
    {"neutral", "verified emissions: nobody gains, nobody loses", false, &AllocateNeutral,
     &SolveNothing},
    {"benchmark", "benchmark x output x peaking factor, gas relief, a ceiling on the shortfall",
     false, &AllocateBenchmark, &SolveNothing},
    {"band", "verified emissions +-3% by intensity around the sector's balance value", false,
     &AllocateBand, &SolveBand},
    {"cap", "a share of the cap's free pool by weighted output", true, &AllocateCap, &SolveCap},
};

double PerTonne(const Rule& rule, const Activity& activity, const Terms& terms) {
  if (activity.emissions <= 0)
    return 1;  // Nothing to abate: the price is what the first tonne costs.
  constexpr double kStep = 1e-6;
  Activity abated = activity;
  abated.emissions *= 1 - kStep;
  abated.process_emissions *= 1 - kStep;
  const double lost = rule.allocate(activity, terms) - rule.allocate(abated, terms);
  return 1 - lost / (activity.emissions - abated.emissions);
}

double PerOutput(const Rule& rule, const Activity& activity, const Terms& terms) {
  if (activity.output <= 0) return 0;
  constexpr double kStep = 0.01;
  const auto at = [&](double scale) {
    Activity changed = activity;
    changed.output *= scale;
    changed.heat *= scale;
    return rule.allocate(changed, terms);
  };
  return (at(1 + kStep) - at(1 - kStep)) / (2 * kStep * activity.output);
}

}  // namespace

std::string_view ToString(UnitClass unit_class) {
  switch (unit_class) {
    case UnitClass::kNone:
      return "none";
    case UnitClass::kCoalLarge:
      return "I";
    case UnitClass::kCoalSmall:
      return "II";
    case UnitClass::kUnconventional:
      return "III";
    case UnitClass::kGas:
      return "gas";
  }
  return "none";
}

double CapWeight(const Activity& activity, const Terms& terms) {
  const bool gas = activity.unit_class == UnitClass::kGas;
  return activity.output * terms.cap_weight_output[static_cast<std::size_t>(activity.unit_class)] +
         activity.heat * (gas ? terms.cap_weight_heat_gas : terms.cap_weight_heat_coal);
}

std::span<const Rule> Rules() { return kRules; }

const Rule* FindRule(std::string_view name) {
  const Rule* found = std::ranges::find(kRules, name, &Rule::name);
  return found == std::ranges::end(kRules) ? nullptr : found;
}

Tonnes RoundDown(double allocation) {
  ETS_ASSERT(allocation >= 0 && allocation <= static_cast<double>(kAmountMax));
  // A millionth of a tonne, for the last bits of a product in floating point: 1,000 MWh at 0.795
  // are 795 t. It cannot add up to a tonne over fewer than a million firms.
  constexpr double kForgiven = 1e-6;
  return Tonnes(static_cast<std::int64_t>(std::floor(allocation + kForgiven)));
}

MarginalIncentive Incentive(const Rule& rule, const Activity& activity, const Terms& terms) {
  return {.per_tonne = PerTonne(rule, activity, terms),
          .per_output = PerOutput(rule, activity, terms)};
}

}  // namespace ets::policy
