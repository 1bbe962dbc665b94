#include <algorithm>
#include <vector>

#include "policy/rules/rules.h"

namespace ets::policy {

// A share of the free pool by weighted output. A special case draws nothing from the pool: the
// authority serves it out of the reserve, or clears the mark and lets it share.
double AllocateCap(const Activity& activity, const Terms& terms) {
  return activity.neutral ? 0 : terms.sector_figure * CapWeight(activity, terms);
}

// Tonnes of the pool for each weighted unit of output.
double SolveCap(std::span<const Activity> sector, const Terms& terms) {
  std::vector<double> weights;
  weights.reserve(sector.size());
  for (const Activity& activity : sector) {
    if (!activity.neutral) weights.push_back(CapWeight(activity, terms));
  }
  // Sorted, so that the order in which firms are listed cannot reach the last bit of the sum.
  std::sort(weights.begin(), weights.end());
  double sum = 0;
  for (const double weight : weights) sum += weight;
  return sum > 0 ? terms.free_pool_t / sum : 0;
}

}  // namespace ets::policy
