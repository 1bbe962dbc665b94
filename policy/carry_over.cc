#include "policy/carry_over.h"

#include <algorithm>

#include "policy/share.h"

namespace ets::policy {

Tonnes CarryOverLimit(Tonnes base, Tonnes net_sales, double multiple, Tonnes holding) {
  const Tonnes entitlement = base + FloorOfShare(multiple, std::max(Tonnes(0), net_sales));
  return std::min(entitlement, holding);
}

}  // namespace ets::policy
