#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/assert.h"
#include "matching/order_words.h"

namespace ets::matching {

// What a time in force allows. The books read the row and never ask which one it is.
struct TimeInForceRow {
  TimeInForce time_in_force;
  std::string_view name;
  bool may_rest;         // What does not trade at once waits in the book.
  bool may_fill_partly;  // False: all at once, or refused.
};

inline constexpr std::array kTimesInForce = {
    TimeInForceRow{TimeInForce::kDay, "day", true, true},
    TimeInForceRow{TimeInForce::kImmediateOrCancel, "immediate_or_cancel", false, true},
    TimeInForceRow{TimeInForce::kFillOrKill, "fill_or_kill", false, false},
    TimeInForceRow{TimeInForce::kGoodTillCancel, "good_till_cancel", true, true},
    TimeInForceRow{TimeInForce::kGoodTillDate, "good_till_date", true, true},
};

// REQUIRES: an enumerator.
constexpr const TimeInForceRow& RowOf(TimeInForce time_in_force) {
  const auto index = static_cast<std::size_t>(time_in_force) - 1;
  ETS_ASSERT(index < kTimesInForce.size());
  return kTimesInForce[index];
}

namespace internal {
constexpr bool RowsFollowTheEnum() {
  for (std::size_t i = 0; i < kTimesInForce.size(); ++i) {
    if (static_cast<std::size_t>(kTimesInForce[i].time_in_force) != i + 1) return false;
  }
  return true;
}
}  // namespace internal
static_assert(internal::RowsFollowTheEnum());

}  // namespace ets::matching
