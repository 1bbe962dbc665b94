#include <algorithm>

#include "base/assert.h"
#include "registry/profile.h"

namespace ets::registry {
namespace {

constexpr SimTime kMicrosPerMinute = 60 * kMicrosPerSecond;

bool IsHoliday(const Profile& profile, Date date) {
  return std::binary_search(profile.holidays.begin(), profile.holidays.end(), date);
}

SimTime InstantAt(const Profile& profile, Date date, std::uint16_t minute) {
  return ToInstant({date, minute * kMicrosPerMinute}, profile.zone);
}

// The next instant inside the window on a working day, `time` itself if it is one. Of another day
// the next working day when the window opens, or with `keeps_time` at the same time of the day.
SimTime NextInside(const Profile& profile, const ExecutionRule& rule, SimTime time,
                   bool keeps_time) {
  LocalTime local = ToLocal(time, profile.zone);
  const SimTime open = rule.open_minute * kMicrosPerMinute;
  const bool is_early = local.micros_of_day < open;
  const bool is_late = local.micros_of_day > rule.close_minute * kMicrosPerMinute;
  const bool is_working_day = IsWorkingDay(profile, local.date);
  if (is_working_day && !is_early && !is_late) return time;
  if (is_late || !is_working_day) local.date = NextWorkingDay(profile, local.date);
  if (is_early || is_late || !keeps_time) local.micros_of_day = open;
  return ToInstant(local, profile.zone);
}

SimTime AfterDelay(const Profile& profile, const ExecutionRule& rule, SimTime proposed) {
  const SimTime start = NextInside(profile, rule, proposed, false);
  SimTime end = start;
  if (rule.delay_days > 0) {
    LocalTime local = ToLocal(start, profile.zone);
    local.date = AddWorkingDays(profile, local.date, rule.delay_days);
    end = ToInstant(local, profile.zone);
  }
  end = NextInside(profile, rule, end + rule.delay_minutes * kMicrosPerMinute, true);
  if (!rule.next_full_minute) return end;
  const SimTime seconds = ((end % kMicrosPerMinute) + kMicrosPerMinute) % kMicrosPerMinute;
  return end - seconds + kMicrosPerMinute;
}

SimTime AtMinute(const Profile& profile, const ExecutionRule& rule, SimTime proposed) {
  const LocalTime local = ToLocal(proposed, profile.zone);
  const bool is_working_day = IsWorkingDay(profile, local.date);
  const Date counts_from = is_working_day ? local.date : NextWorkingDay(profile, local.date);
  const bool is_before =
      !is_working_day || local.micros_of_day <= rule.cutoff_minute * kMicrosPerMinute;
  const Date day =
      AddWorkingDays(profile, counts_from, is_before ? rule.days_before : rule.days_after);
  return InstantAt(profile, day, rule.at_minute);
}

}  // namespace

bool IsWorkingDay(const Profile& profile, Date date) {
  const Weekday weekday = date.weekday();
  return weekday != Weekday::kSaturday && weekday != Weekday::kSunday && !IsHoliday(profile, date);
}

Date NextWorkingDay(const Profile& profile, Date date) {
  Date next = date + 1;
  while (!IsWorkingDay(profile, next)) next = next + 1;
  return next;
}

Date AddWorkingDays(const Profile& profile, Date date, std::int32_t days) {
  ETS_ASSERT(days >= 0);
  for (std::int32_t added = 0; added < days; ++added) date = NextWorkingDay(profile, date);
  return date;
}

SimTime ExecutionTime(const Profile& profile, const ExecutionRule& rule, SimTime proposed) {
  switch (rule.kind) {
    case ExecutionRule::Kind::kAtOnce:
      return proposed;
    case ExecutionRule::Kind::kInWindow:
      return AfterDelay(profile, rule, proposed);
    case ExecutionRule::Kind::kAtMinute:
      return AtMinute(profile, rule, proposed);
  }
  return proposed;
}

SimTime TrustedFrom(const Profile& profile, SimTime now) {
  return ExecutionTime(profile, profile.trusted_entry, now);
}

}  // namespace ets::registry
