#pragma once

#include <cstdint>
#include <span>

#include "base/quantity.h"
#include "matching/tick_table.h"

namespace ets::matching {

// What waits on one side at one limit, hidden parts of icebergs included.
struct CallLevel {
  Price price;
  Tonnes quantity;  // > 0.
};
// One side of a book that collects orders. Levels best first: bids from the highest down, offers
// from the lowest up, each price once.
struct CallSide {
  Tonnes at_market;  // Of market orders: they trade at any price, ahead of every limit.
  std::span<const CallLevel> levels;
};

// The price at which a call clears, or would.
struct CallResult {
  bool clears = false;  // False: the two sides do not meet, and the rest is 0.
  Price price;
  Tonnes volume;               // Traded at the price.
  std::int64_t imbalance = 0;  // t bid at the price or better less t offered: > 0 is unmet demand.

  friend bool operator==(const CallResult&, const CallResult&) = default;
};

// The single price of a call auction. Of all prices of the table between the lowest and the highest
// limit, the reference included:
//   1. those at which most tonnes trade;
//   2. of them, those that leave the smallest imbalance, whichever its side;
//   3. if all of them leave demand, the highest; if all leave supply, the lowest (market pressure);
//   4. else the one nearest to the reference, of two equally near the higher.
// Because the reference counts as a limit, market orders alone meet at it, and unmet market orders
// cannot carry the price beyond the last limit.
//
// A pure function, O(levels), without allocation. REQUIRES: every limit is a price of the table;
// quantities >= 0 and their sum <= kAmountMax; reference > 0. A reference off the table counts as
// the next price below it, or the table's first.
CallResult ClearCall(const CallSide& bids, const CallSide& offers, Price reference,
                     const TickTable& ticks);

}  // namespace ets::matching
