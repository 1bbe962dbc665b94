#include <algorithm>
#include <numeric>

#include "auction/ties/ties.h"

namespace ets::auction {
namespace {

// Places of `tied`, bidder by bidder; bidders by the place of their first bid, which is their
// random number.
std::vector<std::size_t> FirstPlaces(std::span<const TiedBid> tied,
                                     std::vector<std::size_t>& bidder_of) {
  std::vector<std::size_t> by_bidder(tied.size());
  std::iota(by_bidder.begin(), by_bidder.end(), std::size_t{0});
  std::stable_sort(by_bidder.begin(), by_bidder.end(),
                   [&](std::size_t a, std::size_t b) { return tied[a].bidder < tied[b].bidder; });
  std::vector<std::size_t> firsts(tied.size());
  for (std::size_t i = 0; i < by_bidder.size(); ++i) {
    const bool same = i > 0 && tied[by_bidder[i]].bidder == tied[by_bidder[i - 1]].bidder;
    firsts[by_bidder[i]] = same ? firsts[by_bidder[i - 1]] : by_bidder[i];
  }
  bidder_of = firsts;
  std::sort(firsts.begin(), firsts.end());
  firsts.erase(std::unique(firsts.begin(), firsts.end()), firsts.end());
  return firsts;
}

// Quebec, Q-2, r. 46.1, s. 61.5: each bidder's part of what is left is its part of the demand at
// this price, rounded down; what rounding leaves goes one unit each to bidders in ascending order
// of a random number.
void Share(std::span<const TiedBid> tied, Tonnes left, Tonnes unit, std::span<Tonnes> shares) {
  std::vector<std::size_t> bidder_of;
  const std::vector<std::size_t> bidders = FirstPlaces(tied, bidder_of);
  std::vector<std::int64_t> demand(tied.size());  // By the bidder's first place.
  std::int64_t total = 0;
  for (std::size_t i = 0; i < tied.size(); ++i) {
    demand[bidder_of[i]] += tied[i].wanted.count() / unit.count();
    total += tied[i].wanted.count() / unit.count();
  }
  const std::int64_t units = left.count() / unit.count();
  std::int64_t residue = units;
  std::vector<std::int64_t> award(tied.size());
  for (const std::size_t bidder : bidders) {
    award[bidder] = MulDivFloor(units, demand[bidder], total);
    residue -= award[bidder];
  }
  for (const std::size_t bidder : bidders) {
    if (residue == 0) break;
    if (award[bidder] == demand[bidder]) continue;
    ++award[bidder];
    --residue;
  }
  // A bidder's own bids, in the order drawn.
  for (std::size_t i = 0; i < tied.size(); ++i) {
    std::int64_t& mine = award[bidder_of[i]];
    const std::int64_t taken = std::min(mine, tied[i].wanted.count() / unit.count());
    shares[i] = Tonnes(taken * unit.count());
    mine -= taken;
  }
}

}  // namespace

const TieRule kProRataRandom = {
    .name = "pro_rata_random",
    .description =
        "each bidder's part of the demand at the price, rounded down; the rest one unit "
        "each in the order of random numbers",
    .order = &DrawnOrder,
    .share = &Share,
};

}  // namespace ets::auction
