#pragma once

#include "base/quantity.h"

namespace ets::policy {

// floor(share x whole), the share read to nine decimals and the rest exact, so that 29% of 100 t is
// 29 t although no double is 0.29. REQUIRES: share >= 0, whole >= 0.
Tonnes FloorOfShare(double share, Tonnes whole);

}  // namespace ets::policy
