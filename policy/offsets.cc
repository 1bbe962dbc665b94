#include "policy/offsets.h"

#include <algorithm>
#include <cmath>

#include "policy/share.h"

namespace ets::policy {

Tonnes OffsetLimit(Tonnes obligation, double share) { return FloorOfShare(share, obligation); }

Tonnes OffsetSupply(double path_mt, double price, double full_supply_price) {
  constexpr double kTonnesPerMt = 1e6;
  const Tonnes path(std::llround(path_mt * kTonnesPerMt));
  if (price >= full_supply_price) return path;
  return FloorOfShare(std::max(0.0, price) / full_supply_price, path);
}

}  // namespace ets::policy
