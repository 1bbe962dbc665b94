#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/quantity.h"

namespace ets::policy {

// From a year on the cap falls each year by rate x base, rounded to the nearest: a linear factor
// takes the same amount every year, not a share of what is left.
struct LinearFactor {
  int first_year = 0;
  std::int32_t rate_per_100000 = 0;  // 4,300: 4.3%.
  Tonnes base;
};
// A one-off change before the year's step: a sector joins, a surplus goes.
struct Rebasing {
  int year = 0;
  Tonnes change;  // Below 0: less.
  std::string_view reason;
};
struct CapPath {
  std::string_view name;
  int first_year = 0;
  Tonnes first_cap;
  std::vector<LinearFactor> factors;  // By year.
  std::vector<Rebasing> rebasings;
};

struct CapYear {
  int year = 0;
  Tonnes rebased;  // One-off changes; may be below 0.
  Tonnes step;     // Taken off.
  Tonnes cap;      // Never below 0.
};
// The caps from the first year to `last_year`.
std::vector<CapYear> CapsOf(const CapPath& path, int last_year);

// The European cap on stationary installations and, from 2024, shipping: Dir. 2003/87/EC, Art. 9,
// as amended by Dir. (EU) 2023/959. 2.2% of 2021 to 2023 (43,003,515 a year), 4.3% of 2024 to
// 2027, 4.4% from 2028; 90 m less in 2024, 27 m less in 2026, 78.4 m more for shipping in 2024.
const CapPath& EuropeanCap();

}  // namespace ets::policy
