#pragma once

#include <cstdint>

#include "base/date.h"

namespace ets {

// How a place's clocks differ from UTC. Daylight saving begins on the last Sunday of March and ends
// on the last Sunday of October, at 01:00 UTC, in the EU (Directive 2000/84/EC) and in the United
// Kingdom (Summer Time Order 2002) alike.
struct Zone {
  std::int16_t offset_minutes = 0;  // Ahead of UTC in winter. -720 to 840.
  bool daylight_saving = false;     // One hour more in summer.

  friend constexpr bool operator==(const Zone&, const Zone&) = default;
};

// A wall clock's day and minute.
struct LocalTime {
  Date date;
  SimTime micros_of_day = 0;  // 0 .. kMicrosPerDay - 1.

  constexpr std::int32_t minute() const {
    return static_cast<std::int32_t>(micros_of_day / (60 * kMicrosPerSecond));
  }
};

LocalTime ToLocal(SimTime time, Zone zone);

// The instant at which a clock in the zone shows this. Of an hour that a clock shows twice the
// earlier one; of an hour that it skips the instant an hour after the same reading in winter time.
SimTime ToInstant(LocalTime local, Zone zone);

}  // namespace ets
