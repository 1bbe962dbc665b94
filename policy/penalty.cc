#include "policy/penalty.h"

#include "base/assert.h"

namespace ets::policy {

Money ShortfallFine(Tonnes shortfall, Price average_price, int multiple) {
  std::int64_t multiplied = 0;
  ETS_ASSERT(!__builtin_mul_overflow(shortfall.count(), multiple, &multiplied));
  return average_price * Tonnes(multiplied);
}

int FineMultiple(int previous_breaches, int first, int second, int later) {
  if (previous_breaches <= 0) return first;
  return previous_breaches == 1 ? second : later;
}

}  // namespace ets::policy
