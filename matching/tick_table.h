#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/quantity.h"

namespace ets::matching {

// Which prices may be named: the tick at a price is that of the last row whose `from` is not above
// it. Row 0 starts at price 0, rows ascend, a row with tick 0 ends the table, and each row's start
// is a multiple of its own tick and of the one before it.
struct TickTable {
  struct Row {
    Price from;
    Price tick;

    friend constexpr bool operator==(const Row&, const Row&) = default;
  };
  static constexpr std::size_t kRowsMax = 8;
  std::array<Row, kRowsMax> rows{};

  static constexpr TickTable Flat(Price tick) {
    TickTable table;
    table.rows[0].tick = tick;
    return table;
  }
  constexpr Price TickAt(Price price) const {
    Price tick = rows[0].tick;
    for (std::size_t i = 1; i < kRowsMax && rows[i].tick > Price() && rows[i].from <= price; ++i) {
      tick = rows[i].tick;
    }
    return tick;
  }
  // False for prices below 0.
  constexpr bool Holds(Price price) const {
    return price >= Price() && price.minor_per_tonne() % TickAt(price).minor_per_tonne() == 0;
  }
  // The highest price of the table that is not above. REQUIRES: price >= 0.
  constexpr Price Floor(Price price) const {
    ETS_ASSERT(price >= Price());
    const std::int64_t tick = TickAt(price).minor_per_tonne();
    return Price::FromMinorPerTonne(price.minor_per_tonne() / tick * tick);
  }
  // The lowest that is not below. REQUIRES: price >= 0.
  constexpr Price Ceiling(Price price) const {
    const Price floor = Floor(price);
    return floor == price ? price : Above(floor);
  }
  // The next price up from one of the table.
  constexpr Price Above(Price price) const {
    return Price::FromMinorPerTonne(price.minor_per_tonne() + TickAt(price).minor_per_tonne());
  }
  // The next price down. REQUIRES: price > 0.
  constexpr Price Below(Price price) const {
    return Floor(Price::FromMinorPerTonne(price.minor_per_tonne() - 1));
  }

  friend constexpr bool operator==(const TickTable&, const TickTable&) = default;
};

}  // namespace ets::matching
