#include <algorithm>
#include <vector>

#include "policy/rules/rules.h"

namespace ets::policy {
namespace {

// A special case, or a line that stood still, is outside the band: A = E.
bool InBand(const Activity& activity) {
  return !activity.neutral && activity.output > 0 && activity.process_emissions > 0;
}

double Intensity(const Activity& activity) { return activity.process_emissions / activity.output; }

// How far better than the balance value, as a share of it, becomes up to +-3% of emissions.
double Alpha(double intensity, double balance_value, const Terms& terms) {
  const double better = (balance_value - intensity) / balance_value;
  return terms.band_slope * std::clamp(better, -terms.band_reach, terms.band_reach);
}

}  // namespace

// A = E (1 + alpha). The intensity is that of the reference process, the emissions are all of them.
// 2025 industrial plan.
double AllocateBand(const Activity& activity, const Terms& terms) {
  if (!InBand(activity) || terms.sector_figure <= 0) return activity.emissions;
  return activity.emissions * (1 + Alpha(Intensity(activity), terms.sector_figure, terms));
}

// The balance value: the intensity at which the sector as a whole neither gains nor loses,
// sum of E alpha = 0. The sum grows with the balance value, so halving the interval finds it.
double SolveBand(std::span<const Activity> sector, const Terms& terms) {
  struct Firm {
    double intensity, emissions;
    auto operator<=>(const Firm&) const = default;
  };
  std::vector<Firm> firms;
  firms.reserve(sector.size());
  for (const Activity& activity : sector) {
    if (InBand(activity)) firms.push_back({Intensity(activity), activity.emissions});
  }
  if (firms.empty()) return 0;
  // Sorted, so that the order in which firms are listed cannot reach the last bit of a sum.
  std::sort(firms.begin(), firms.end());

  const auto surplus = [&](double balance_value) {
    double sum = 0;
    for (const Firm& firm : firms) {
      sum += firm.emissions * Alpha(firm.intensity, balance_value, terms);
    }
    return sum;
  };
  double low = firms.front().intensity;
  double high = firms.back().intensity;
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;  // Neighbouring doubles: as near as it gets.
    (surplus(middle) < 0 ? low : high) = middle;
  }
}

}  // namespace ets::policy
