#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/quantity.h"

namespace ets::auction {

// One bid at the lowest accepted price.
struct TiedBid {
  MemberId bidder;
  Tonnes wanted;
};

// How equal prices stand to each other, and how they share what is left at the lowest accepted one.
// A new rule is one file in auction/ties/ and one row in ties.cc; scenarios, the command line, the
// journal and the property tests walk the table.
struct TieRule {
  std::string_view name;
  std::string_view description;
  // The order in which bids of one price are asked: a permutation of 0 .. bids - 1, by time of
  // entry. Pure: the seed decides, if anything does.
  std::vector<std::uint32_t> (*order)(std::size_t bids, std::uint64_t seed);
  // Shares `left` among the tied bids, which come in that order. REQUIRES: 0 < left <= sum of what
  // is wanted; left, and what each wants, in whole units; as many shares as bids, all 0.
  // Promises: shares in whole units that sum to `left`, none above what is wanted.
  void (*share)(std::span<const TiedBid> tied, Tonnes left, Tonnes unit, std::span<Tonnes> shares);
};

extern const TieRule kRandomOrder;
extern const TieRule kTimePriority;
extern const TieRule kProRataRandom;
extern const TieRule kProRataLargest;

std::span<const TieRule* const> TieRules();
const TieRule* FindTieRule(std::string_view name);  // Null when there is none.

// ---- What more than one rule is made of. ----

// 0, 1, 2 ...
std::vector<std::uint32_t> OrderOfEntry(std::size_t bids, std::uint64_t seed);
// Fisher and Yates from the last place down: for i = bids .. 2, place i - 1 changes with the place
// Below(i) of a Prng(seed) (base/prng.h); word for word in docs/auctions.md.
std::vector<std::uint32_t> DrawnOrder(std::size_t bids, std::uint64_t seed);
// Each bid in full until nothing is left: at most one is filled in part.
void ShareInOrder(std::span<const TiedBid> tied, Tonnes left, Tonnes unit,
                  std::span<Tonnes> shares);

}  // namespace ets::auction
