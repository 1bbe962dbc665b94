#pragma once

#include <span>

#include "base/quantity.h"

namespace ets::policy {

// Price containment: when the mean of the last `window` auction prices is at or above the trigger,
// the next auction offers `share` of the stability stock in addition, at not less than the trigger.
// Returns the volume in whole lots; 0 when not triggered or fewer auctions than the window.
Tonnes ContainmentVolume(std::span<const Price> last_auctions, int window, Price trigger,
                         Tonnes stock, double share, Tonnes lot);

// What is cancelled on 1 January: the stock above `ceiling_share` of the year's caps.
Tonnes StabilityExcess(Tonnes stock, Tonnes caps, double ceiling_share);

// How a cap is cut up; the three parts add up to the cap exactly (free takes the rounding).
struct CapParts {
  Tonnes free, paid, reserve;
};
CapParts CutCap(Tonnes cap, double paid_share, double reserve_share);

}  // namespace ets::policy
