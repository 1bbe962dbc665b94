#include "policy/share.h"

#include <cmath>

#include "base/assert.h"

namespace ets::policy {

Tonnes FloorOfShare(double share, Tonnes whole) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  ETS_ASSERT(share >= 0 && whole >= Tonnes(0));
  const std::int64_t billionths = std::llround(share * static_cast<double>(kBillion));
  return Tonnes(MulDivFloor(whole.count(), billionths, kBillion));
}

}  // namespace ets::policy
