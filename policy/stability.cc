#include "policy/stability.h"

#include <algorithm>

#include "base/assert.h"
#include "policy/share.h"

namespace ets::policy {

Tonnes ContainmentVolume(std::span<const Price> last_auctions, int window, Price trigger,
                         Tonnes stock, double share, Tonnes lot) {
  ETS_ASSERT(window > 0 && lot > Tonnes(0));
  const auto wanted = static_cast<std::size_t>(window);
  if (last_auctions.size() < wanted) return Tonnes(0);
  // The mean against the trigger, without a division: sum of prices against window x trigger.
  Money sum;
  for (const Price price : last_auctions.last(wanted)) sum += price * Tonnes(1);
  if (sum < trigger * Tonnes(window)) return Tonnes(0);
  const Tonnes offered = FloorOfShare(share, stock);
  return Tonnes(offered.count() / lot.count() * lot.count());
}

Tonnes StabilityExcess(Tonnes stock, Tonnes caps, double ceiling_share) {
  return std::max(Tonnes(0), stock - FloorOfShare(ceiling_share, caps));
}

CapParts CutCap(Tonnes cap, double paid_share, double reserve_share) {
  const Tonnes paid = FloorOfShare(paid_share, cap);
  const Tonnes reserve = FloorOfShare(reserve_share, cap);
  ETS_ASSERT(paid + reserve <= cap);
  return {.free = cap - paid - reserve, .paid = paid, .reserve = reserve};
}

}  // namespace ets::policy
