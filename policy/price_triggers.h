#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/quantity.h"

namespace ets::policy {

// A rule that adds supply when prices have run away: the mean of so many consecutive months lies
// above a multiple of the mean of the two years before them.
struct ExcessivePriceRule {
  std::string_view name;
  int months = 6;
  std::int32_t multiple_percent = 240;
  Tonnes volume;  // Added when it triggers. 0: whoever is in charge decides.
  bool is_automatic = true;
};
// Art. 29a Dir. 2003/87/EC: six months, 2.4 times, 75 m from the reserve.
ExcessivePriceRule EuropeanExcessivePrice();
// The British cost containment mechanism; discretionary. Twice for 3 months in its first year, 2.5
// times for 3 months in the second, 3 times for 6 months from the third on.
ExcessivePriceRule BritishCostContainment(int year_of_scheme);

struct TriggerReading {
  bool triggered = false;
  Price recent;     // Mean of the last months, half up.
  Price reference;  // Mean of the 24 months before them, half up.
  Price threshold;  // multiple x reference, half up.
};
// Monthly average prices, oldest first. Compared without rounding nor overflow; a threshold is at
// most kAmountMax. Empty: fewer than 24 + months.
std::optional<TriggerReading> Read(const ExcessivePriceRule& rule, std::span<const Price> monthly);

// A corridor: auctions sell nothing below the floor, and units are offered without end at the
// ceiling. Both grow by the same rate each year, rounded half up to the minor unit each year, up to
// kAmountMax.
struct PriceCollar {
  Price floor;
  Price ceiling;
  std::int32_t growth_per_100000 = 0;

  PriceCollar InYear(int years_later) const;
  Price Within(Price price) const;
};

}  // namespace ets::policy
