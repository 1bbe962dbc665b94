#pragma once

#include "base/quantity.h"

namespace ets::policy {

// floor(share x last verified emissions): 2023-24 plan 70%, 2025-26 draft at most 50%.
// REQUIRES: 0 <= share <= 1.
Tonnes PreAllocation(double share, Tonnes last_verified);

// What the true-up moves: final - pre, never more than one of the two sides.
struct TrueUp {
  Tonnes issue;
  Tonnes take_back;
};
TrueUp Settle(Tonnes final_allocation, Tonnes pre_allocated);

}  // namespace ets::policy
