#pragma once

#include "base/quantity.h"

namespace ets::policy {

// At most this many offsets for an obligation: floor(share x obligation). Order 19, art. 29: 5%.
Tonnes OffsetLimit(Tonnes obligation, double share);

// Offsets that reach the market in a year at a price: the scenario's path, in proportion below the
// full price.
Tonnes OffsetSupply(double path_mt, double price, double full_supply_price);

}  // namespace ets::policy
