#include "auction/ties/ties.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/prng.h"

namespace ets::auction {
namespace {

// Every tie rule there is, in the order they are shown to people.
constexpr const TieRule* kTieRules[] = {&kRandomOrder, &kTimePriority, &kProRataRandom,
                                        &kProRataLargest};

}  // namespace

std::span<const TieRule* const> TieRules() { return kTieRules; }

const TieRule* FindTieRule(std::string_view name) {
  for (const TieRule* rule : kTieRules) {
    if (rule->name == name) return rule;
  }
  return nullptr;
}

std::vector<std::uint32_t> OrderOfEntry(std::size_t bids, std::uint64_t) {
  std::vector<std::uint32_t> order(bids);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

std::vector<std::uint32_t> DrawnOrder(std::size_t bids, std::uint64_t seed) {
  std::vector<std::uint32_t> order = OrderOfEntry(bids, seed);
  Prng dice(seed);
  for (std::size_t i = bids; i > 1; --i) std::swap(order[i - 1], order[dice.Below(i)]);
  return order;
}

void ShareInOrder(std::span<const TiedBid> tied, Tonnes left, Tonnes, std::span<Tonnes> shares) {
  for (std::size_t i = 0; i < tied.size(); ++i) {
    shares[i] = std::min(tied[i].wanted, left);
    left -= shares[i];
  }
}

}  // namespace ets::auction
