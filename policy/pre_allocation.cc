#include "policy/pre_allocation.h"

#include <algorithm>

#include "base/assert.h"
#include "policy/share.h"

namespace ets::policy {

Tonnes PreAllocation(double share, Tonnes last_verified) {
  ETS_ASSERT(share >= 0 && share <= 1);
  return FloorOfShare(share, last_verified);
}

TrueUp Settle(Tonnes final_allocation, Tonnes pre_allocated) {
  return {.issue = std::max(Tonnes(0), final_allocation - pre_allocated),
          .take_back = std::max(Tonnes(0), pre_allocated - final_allocation)};
}

}  // namespace ets::policy
