#include "base/local_time.h"

#include "base/assert.h"

namespace ets {
namespace {

constexpr SimTime kHour = 3'600 * kMicrosPerSecond;

Date LastSunday(int year, int month) {
  const Date last = Date::Of(year, month, DaysInMonth(year, month));
  return last - static_cast<std::int32_t>(last.weekday()) % 7;
}

// Days are counted towards minus infinity.
Date UtcDay(SimTime time) {
  const SimTime days = time / kMicrosPerDay - (time % kMicrosPerDay < 0 ? 1 : 0);
  return Date(static_cast<std::int32_t>(days));
}

bool IsSummer(SimTime time) {
  const int year = UtcDay(time).year();
  const SimTime begin = InstantOf(LastSunday(year, 3), kHour, 0);
  const SimTime end = InstantOf(LastSunday(year, 10), kHour, 0);
  return time >= begin && time < end;
}

SimTime OffsetAt(SimTime time, Zone zone) {
  const SimTime winter = SimTime{zone.offset_minutes} * 60 * kMicrosPerSecond;
  return zone.daylight_saving && IsSummer(time) ? winter + kHour : winter;
}

}  // namespace

LocalTime ToLocal(SimTime time, Zone zone) {
  const SimTime shown = time + OffsetAt(time, zone);
  const Date day = UtcDay(shown);
  return {day, shown - InstantOf(day, 0, 0)};
}

SimTime ToInstant(LocalTime local, Zone zone) {
  ETS_ASSERT(local.micros_of_day >= 0 && local.micros_of_day < kMicrosPerDay);
  const SimTime winter = SimTime{zone.offset_minutes} * 60 * kMicrosPerSecond;
  const SimTime as_winter = InstantOf(local.date, local.micros_of_day, winter);
  if (!zone.daylight_saving) return as_winter;
  const SimTime as_summer = as_winter - kHour;
  return IsSummer(as_summer) ? as_summer : as_winter;
}

}  // namespace ets
