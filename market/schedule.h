#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "base/date.h"
#include "base/local_time.h"
#include "market/inputs.h"
#include "market/session_types.h"

namespace ets::market {

// One session type's phases of one day, in order. A pure function of type, day and zone.
class Schedule {
 public:
  struct Step {
    SimTime from = 0;
    Phase phase = Phase::kClosed;
  };

  // Of a type without hours: one continuous phase without an end.
  Schedule(const SessionType& type, Date date, Zone zone);

  // What runs at the time, and until when; 0: no end is known.
  struct Now {
    Phase phase = Phase::kClosed;
    SimTime until = 0;
  };
  Now At(SimTime time) const;

  // Whether the window holds the time. No hours hold every time.
  static bool IsWithinHours(const SessionType& type, Date date, Zone zone, SimTime time);

 private:
  void Add(SimTime from, Phase phase) { steps_[count_++] = {from, phase}; }

  // Windows, the breaks between them, two calls and the end.
  std::array<Step, 2 * SessionType::kWindowsMax + 3> steps_{};
  std::size_t count_ = 0;
  bool has_hours_ = false;
};

// When a venue with hours is open on a day: from the first hour of any session type to the last.
// Empty on Saturdays, Sundays and closed days, and where no type has hours.
struct TradingDay {
  SimTime opens = 0;
  SimTime closes = 0;  // Not included.
};
std::optional<TradingDay> TradingDayOf(const VenueRules& rules, Date date);

}  // namespace ets::market
