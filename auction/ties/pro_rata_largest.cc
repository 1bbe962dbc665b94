#include <algorithm>
#include <numeric>

#include "auction/ties/ties.h"

namespace ets::auction {
namespace {

__extension__ using UInt128 = unsigned __int128;

// Hamilton's method over bids: rounded down, the rest one unit each to the largest remainders;
// equal remainders by time.
void Share(std::span<const TiedBid> tied, Tonnes left, Tonnes unit, std::span<Tonnes> shares) {
  const auto units = static_cast<std::uint64_t>(left.count() / unit.count());
  const auto wanted = [&](std::size_t i) {
    return static_cast<std::uint64_t>(tied[i].wanted.count() / unit.count());
  };
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < tied.size(); ++i) total += wanted(i);
  std::vector<std::uint64_t> award(tied.size());
  std::vector<std::uint64_t> remainder(tied.size());
  std::uint64_t residue = units;
  for (std::size_t i = 0; i < tied.size(); ++i) {
    const UInt128 exact = UInt128{units} * wanted(i);
    award[i] = static_cast<std::uint64_t>(exact / total);
    remainder[i] = static_cast<std::uint64_t>(exact % total);
    residue -= award[i];
  }
  std::vector<std::size_t> order(tied.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  for (std::size_t i = 0; i < residue; ++i) ++award[order[i]];
  for (std::size_t i = 0; i < tied.size(); ++i) {
    shares[i] = Tonnes(static_cast<std::int64_t>(award[i]) * unit.count());
  }
}

}  // namespace

const TieRule kProRataLargest = {
    .name = "pro_rata_largest",
    .description =
        "each bid's part of the demand at the price, rounded down; the rest one unit "
        "each to the largest remainders",
    .order = &OrderOfEntry,
    .share = &Share,
};

}  // namespace ets::auction
