#include "market/schedule.h"

#include <algorithm>

namespace ets::market {
namespace {

constexpr SimTime kMinute = 60 * kMicrosPerSecond;

SimTime Instant(Date date, int minute, Zone zone) {
  return ToInstant(
      {.date = date + minute / (24 * 60), .micros_of_day = minute % (24 * 60) * kMinute}, zone);
}

}  // namespace

Schedule::Schedule(const SessionType& type, Date date, Zone zone)
    : has_hours_(type.hours[0] != Window{}) {
  std::size_t last = 0;
  while (last + 1 < type.hours.size() && type.hours[last + 1] != Window{}) ++last;
  for (std::size_t i = 0; has_hours_ && i <= last; ++i) {
    const Window& window = type.hours[i];
    int from = window.from;
    if (i == 0 && type.opening_call > 0) {
      Add(Instant(date, from, zone), Phase::kOpeningCall);
      from += type.opening_call;
    }
    const int to = i == last ? window.to - type.closing_call : window.to;
    if (from < to) Add(Instant(date, from, zone), Phase::kContinuous);
    if (i == last && type.closing_call > 0) Add(Instant(date, to, zone), Phase::kClosingCall);
    Add(Instant(date, window.to, zone), i == last ? Phase::kClosed : Phase::kBreak);
  }
}

Schedule::Now Schedule::At(SimTime time) const {
  if (!has_hours_) return {.phase = Phase::kContinuous, .until = 0};
  Now now{.phase = Phase::kClosed, .until = steps_[0].from};
  for (std::size_t i = 0; i < count_ && steps_[i].from <= time; ++i) {
    now.phase = steps_[i].phase;
    now.until = i + 1 < count_ ? steps_[i + 1].from : 0;
  }
  return now;
}

bool Schedule::IsWithinHours(const SessionType& type, Date date, Zone zone, SimTime time) {
  if (type.hours[0] == Window{}) return true;
  for (const Window& window : type.hours) {
    if (window == Window{}) break;
    if (Instant(date, window.from, zone) <= time && time < Instant(date, window.to, zone)) {
      return true;
    }
  }
  return false;
}

std::optional<TradingDay> TradingDayOf(const VenueRules& rules, Date date) {
  const auto& closed = rules.closed_days;
  if (date.weekday() >= Weekday::kSaturday ||
      std::binary_search(closed.begin(), closed.end(), date)) {
    return std::nullopt;
  }
  std::optional<Window> whole;
  for (const SessionType& type : rules.sessions) {
    for (const Window& window : type.hours) {
      if (window == Window{}) break;
      if (!whole) whole = window;
      whole = Window{std::min(whole->from, window.from), std::max(whole->to, window.to)};
    }
  }
  if (!whole) return std::nullopt;
  return TradingDay{Instant(date, whole->from, rules.zone), Instant(date, whole->to, rules.zone)};
}

}  // namespace ets::market
