#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/quantity.h"

namespace ets::policy {

// How a generating unit is benchmarked; kNone outside the power sector. The I/II boundary is a
// rated capacity of 400 MW; III takes all circulating fluidised beds. 2023-24 plan, section on unit
// classes.
enum class UnitClass : std::uint8_t {
  kNone = 0,
  kCoalLarge = 1,
  kCoalSmall = 2,
  kUnconventional = 3,
  kGas = 4
};
inline constexpr int kUnitClasses = 5;
std::string_view ToString(UnitClass unit_class);  // "none", "I", "II", "III", "gas".

// The peaking (load) factor's form by vintage; see benchmark.cc for the formulas.
enum class PeakingFactor : std::uint8_t {
  kNone = 0,
  kBelow65 = 1,  // 2023-24: 1.015^(16 - 20 F) below F = 0.65, F a fraction.
  kBelow50 = 2,  // 2025-26 draft: two exponentials of F in percent, below 50.
};

// One power vintage's benchmarks.
struct Benchmarks {
  std::array<double, kUnitClasses> electricity{};  // t CO2 per MWh, by UnitClass.
  double coal_heat = 0;                            // t CO2 per GJ.
  double gas_heat = 0;
  bool gross_generation = true;  // From 2023; before, net supply. The two never compare.
};

// What one firm did in one year, as far as a rule may look: plain numbers, no names.
struct Activity {
  UnitClass unit_class = UnitClass::kNone;
  // In the sector's unit: MWh gross, t hot metal, t clinker, t liquid aluminium, reference units.
  double output = 0;
  double heat = 0;         // GJ; power only.
  double load_factor = 0;  // Output over capacity x running hours, 0 to 1; power only.
  double emissions = 0;    // t CO2e, the whole entity.
  // t CO2e of the process whose intensity the band looks at (steel: ironmaking and sintering); else
  // equal to emissions.
  double process_emissions = 0;
  // A special case (new, closed, below the threshold): A = E whatever the rule. Under a cap it
  // draws nothing from the pool; the authority serves it out of the reserve.
  bool neutral = false;
};

// The rule's parameters for one sector and vintage. What a whole sector determines together
// (balance value, tonnes per weighted unit of output) is `sector_figure`; a firm takes it as given.
struct Terms {
  Benchmarks benchmarks;
  PeakingFactor peaking = PeakingFactor::kNone;
  bool gas_relief = true;           // A gas unit's deficit is topped up to its verified emissions.
  double shortfall_ceiling = 0.20;  // (E - A) / E is capped here, by issuing more; 1 = no ceiling.
  double band_slope = 0.15;         // alpha = slope x X ...
  double band_reach = 0.20;         // ... while |X| < reach, else +- slope x reach.
  double free_pool_t = 0;           // Capped vintages: cap x (1 - paid - reserve).
  // b per unit of output, by class, and per GJ of heat.
  std::array<double, kUnitClasses> cap_weight_output{1, 1, 1, 1, 0.42};
  double cap_weight_heat_coal = 0.128;
  double cap_weight_heat_gas = 0.068;
  double sector_figure = 0;
};

// The weight with which one firm's output draws on a capped sector's free pool: sum of b x q.
double CapWeight(const Activity& activity, const Terms& terms);

// One way to allocate. To add a rule: write its file, add its row to Rules().
struct Rule {
  std::string_view name;         // In scenario files: "benchmark", "neutral", "band", "cap".
  std::string_view description;  // One line, for people.
  bool capped = false;           // Needs a cap; units come out of it and not on top.
  // The final allocation in t, unrounded; >= 0. Continuous inputs, so that a firm can ask what one
  // tonne or one unit more would bring.
  double (*allocate)(const Activity& activity, const Terms& terms);
  // The sector's common figure from every firm's verified activity (neutral cases left out by the
  // rule itself); 0 where the rule has none.
  double (*solve)(std::span<const Activity> sector, const Terms& terms);
};
std::span<const Rule> Rules();
const Rule* FindRule(std::string_view name);  // Null when there is none.

// The whole tonnes a firm gets: generation, heat and allocation rounded down as the plan says.
Tonnes RoundDown(double allocation);

// What the rule makes of a small change, the sector's figure held fixed.
struct MarginalIncentive {
  // What one more tonne emitted costs, in allowances: 1 - dA/dE. 1 = the full price, 0 = nothing,
  // negative = emitting earns. One-sided downwards (abating) at kinks.
  double per_tonne = 1;
  // Allowances earned by one more unit of output at constant intensity of it: dA/dq, holding E
  // fixed.
  double per_output = 0;
};
MarginalIncentive Incentive(const Rule& rule, const Activity& activity, const Terms& terms);

}  // namespace ets::policy
