#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/allocation.h"
#include "sim/scenario.h"

namespace ets::sim {

// One covered entity as it stood in 2024: what it is, not what it thinks. Its unit is the sector's.
struct Firm {
  std::uint8_t sector = 0;  // Index into Scenario::sectors.
  policy::UnitClass unit_class = policy::UnitClass::kNone;
  std::uint16_t group = 0;  // 1.. the generating groups; 0 belongs to none.
  std::string name;         // "shandong-power-0007"
  std::string province;
  double output = 0;       // A year; MWh gross, t, ...
  double heat = 0;         // GJ a year; power only.
  double load_factor = 0;  // Of the peaking rule; power only.
  double intensity = 0;    // t CO2e per unit of output, verified 2024 (electricity only for power).
  double heat_intensity = 0;  // t CO2e per GJ.
  double process_share = 1;   // Of emissions, that the band's intensity looks at.

  double emissions() const { return output * intensity + heat * heat_intensity; }
};

struct Population {
  std::vector<Firm> firms;               // By sector, then province.
  std::vector<double> sector_emissions;  // t in 2024, by sector.
  // Sector's emissions over the scenario's default total: caps are multiplied by it.
  std::vector<double> cap_scale;
};

// Draws the population of the scenario: firms by province and sector, sizes, unit classes and
// intensities, scaled to the sector totals. Equal for equal scenario and seed.
Population DrawPopulation(const Scenario& scenario);

// The CSV form: header line, then one firm a line. Both ways exact to the last bit of each number.
//   name,province,sector,unit_class,group,output,heat,load_factor,intensity,heat_intensity,
//   process_share
std::string PopulationCsv(const Scenario& scenario, const Population& population);

// Reads it back, or all that is wrong with it, as "file:line:column: what; what is allowed".
Result<Population, std::vector<Problem>> ParsePopulation(const Scenario& scenario,
                                                         std::string_view file,
                                                         std::string_view text);

// What the rule sees of a firm that emits `abated` less than in 2024 and makes `scale` times as
// much.
policy::Activity ActivityOf(const Firm& firm, double scale, double emission_factor);

}  // namespace ets::sim
