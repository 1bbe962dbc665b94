#pragma once

#include "base/quantity.h"

namespace ets::policy {

// The most a firm may carry over from vintages 2019-24 into 2025: floor(base + max(0, net sales)
// x 1.5), and never more than it holds on 31 December 2025. Net sales: sold less bought of these
// vintages, trades dated 2024-01-01 to 2025-12-31. 2023-24 allocation plan, annex 5.
Tonnes CarryOverLimit(Tonnes base, Tonnes net_sales, double multiple, Tonnes holding);

}  // namespace ets::policy
