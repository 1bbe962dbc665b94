#include "policy/rules/rules.h"

namespace ets::policy {

// A = E: industry's vintage 2024, and the first year of a sector that joins. 2024-25 industrial
// allocation plan (November 2025).
double AllocateNeutral(const Activity& activity, const Terms& /*terms*/) {
  return activity.emissions;
}

double SolveNothing(std::span<const Activity> /*sector*/, const Terms& /*terms*/) { return 0; }

}  // namespace ets::policy
