#include <algorithm>
#include <cmath>

#include "policy/rules/rules.h"

namespace ets::policy {
namespace {

// 2023-24 plan: 1.015^(16 - 20 F) below F = 0.65. It jumps at the threshold, as published.
double Below65(double load_factor) {
  return load_factor < 0.65 ? std::pow(1.015, 16 - 20 * load_factor) : 1;
}

// 2025-26 draft: two exponentials of F in percent below 50, rounded to six decimals. It jumps too.
double Below50(double load_factor) {
  const double percent = 100 * load_factor;
  if (percent >= 50) return 1;
  const double factor =
      7.254 - 0.633 * (1 - std::exp(-percent / 29.822)) - 5.643 * (1 - std::exp(-percent / 6.871));
  return std::round(factor * 1e6) / 1e6;
}

}  // namespace

double PeakingFactorOf(PeakingFactor form, UnitClass unit_class, double load_factor) {
  // Conventional coal only: class III and gas never get it.
  if (unit_class != UnitClass::kCoalLarge && unit_class != UnitClass::kCoalSmall) return 1;
  switch (form) {
    case PeakingFactor::kNone:
      return 1;
    case PeakingFactor::kBelow65:
      return Below65(load_factor);
    case PeakingFactor::kBelow50:
      return Below50(load_factor);
  }
  return 1;
}

// A = Q Be Ff + H Bh, then relief in the plan's order: a gas unit's deficit, then the ceiling on
// the shortfall of the entity. Relief is more units issued; the obligation stays the whole of E.
double AllocateBenchmark(const Activity& activity, const Terms& terms) {
  if (activity.neutral) return activity.emissions;
  const bool gas = activity.unit_class == UnitClass::kGas;
  const Benchmarks& benchmarks = terms.benchmarks;
  const double electricity = benchmarks.electricity[static_cast<std::size_t>(activity.unit_class)];
  const double heat = gas ? benchmarks.gas_heat : benchmarks.coal_heat;
  const double peaking = PeakingFactorOf(terms.peaking, activity.unit_class, activity.load_factor);

  double allocation = activity.output * electricity * peaking + activity.heat * heat;
  if (gas && terms.gas_relief) allocation = std::max(allocation, activity.emissions);
  return std::max(allocation, (1 - terms.shortfall_ceiling) * activity.emissions);
}

}  // namespace ets::policy
