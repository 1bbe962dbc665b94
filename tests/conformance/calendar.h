#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <chrono>

// Simulated time as people say it: a weekday, a day of the year, an hour on the clocks of a place.
namespace ets::conformance {

using Time = std::chrono::sys_seconds;
using Day = std::chrono::sys_days;

// The clocks of a place: hours from Greenwich, and whether the European summer hour is added.
struct Clocks {
  std::chrono::hours offset{0};
  bool has_summer = false;
};

constexpr Day LastSundayOf(std::chrono::year year, std::chrono::month month) {
  return year / month / std::chrono::Sunday[std::chrono::last];
}

// What the clocks show at an instant, as if it were UTC.
constexpr Time Shown(const Clocks& clocks, Time instant) {
  using std::chrono::hours;
  const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(instant));
  const bool is_summer = clocks.has_summer &&
                         instant >= LastSundayOf(year.year(), std::chrono::March) + hours(1) &&
                         instant < LastSundayOf(year.year(), std::chrono::October) + hours(1);
  return instant + clocks.offset + hours(is_summer ? 1 : 0);
}

// The instant at which they show it; of an hour that they show twice the first.
constexpr Time InstantOf(const Clocks& clocks, Time shown) {
  const Time standard = shown - clocks.offset;
  const Time summer = standard - std::chrono::hours(1);
  return Shown(clocks, summer) == shown ? summer : standard;
}

inline Time TimeOf(const google::protobuf::Timestamp& time) {
  return Time(std::chrono::seconds(time.seconds()));
}
inline google::protobuf::Timestamp ToTimestamp(Time time) {
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(time.time_since_epoch().count());
  return stamp;
}

}  // namespace ets::conformance
