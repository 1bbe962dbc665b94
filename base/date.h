#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ets {

// Microseconds since 1970-01-01 00:00 UTC. Simulated or real; engines only compare and carry it.
using SimTime = std::int64_t;

inline constexpr SimTime kMicrosPerSecond = 1'000'000;
inline constexpr SimTime kMicrosPerDay = 86'400 * kMicrosPerSecond;

// Beijing keeps UTC+8 all year.
inline constexpr SimTime kBeijingOffset = 8 * 3'600 * kMicrosPerSecond;

enum class Weekday : std::uint8_t {
  kMonday = 1,
  kTuesday,
  kWednesday,
  kThursday,
  kFriday,
  kSaturday,
  kSunday
};

// A day of the proleptic Gregorian calendar, held as days since 1970-01-01.
class Date {
 public:
  constexpr Date() = default;
  constexpr explicit Date(std::int32_t days) : days_(days) {}

  // REQUIRES: a date that exists; see Parse() for text from people.
  static Date Of(int year, int month, int day);
  // Reads "2027-01-06"; empty when it is not such a text or not a date that exists.
  static std::optional<Date> Parse(std::string_view text);

  constexpr std::int32_t days() const { return days_; }
  int year() const;
  int month() const;  // 1 to 12.
  int day() const;    // 1 to 31.
  Weekday weekday() const;

  constexpr Date operator+(std::int32_t count) const { return Date(days_ + count); }
  constexpr Date operator-(std::int32_t count) const { return Date(days_ - count); }
  friend constexpr std::int32_t operator-(Date a, Date b) { return a.days_ - b.days_; }
  friend constexpr bool operator==(Date, Date) = default;
  friend constexpr auto operator<=>(Date, Date) = default;

 private:
  std::int32_t days_ = 0;
};

// An ISO 8601 week, Monday to Sunday; weeks belong to the year that holds their Thursday.
struct IsoWeek {
  int year = 0;
  int week = 0;  // 1 to 53.

  friend constexpr bool operator==(const IsoWeek&, const IsoWeek&) = default;
  friend constexpr auto operator<=>(const IsoWeek&, const IsoWeek&) = default;
};

IsoWeek IsoWeekOf(Date date);
Date MondayOf(Date date);  // The Monday of the date's ISO week.
Date EasterSunday(int year);
int DaysInMonth(int year, int month);

// The instant at which `micros_of_day` of the date is reached on clocks `offset` ahead of UTC.
constexpr SimTime InstantOf(Date date, SimTime micros_of_day, SimTime offset) {
  return SimTime{date.days()} * kMicrosPerDay + micros_of_day - offset;
}

std::string ToString(Date date);     // "2027-01-06"
std::string ToString(IsoWeek week);  // "2027-W01"

}  // namespace ets
