#include "base/date.h"

#include <chrono>

#include "base/assert.h"

namespace ets {
namespace {

std::chrono::year_month_day Civil(Date date) {
  return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(date.days())));
}

std::string Padded(int number, std::size_t width) {
  std::string text = std::to_string(number);
  while (text.size() < width) text.insert(text.begin(), '0');
  return text;
}

bool ParseDigits(std::string_view text, int& number) {
  number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  return !text.empty();
}

}  // namespace

Date Date::Of(int year, int month, int day) {
  const std::chrono::year_month_day civil(std::chrono::year(year),
                                          std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day)));
  ETS_ASSERT(civil.ok());
  return Date(static_cast<std::int32_t>(std::chrono::sys_days(civil).time_since_epoch().count()));
}

std::optional<Date> Date::Parse(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return {};
  if (!ParseDigits(text.substr(0, 4), year) || !ParseDigits(text.substr(5, 2), month) ||
      !ParseDigits(text.substr(8, 2), day)) {
    return {};
  }
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) return {};
  return Of(year, month, day);
}

int Date::year() const { return static_cast<int>(Civil(*this).year()); }
int Date::month() const { return static_cast<int>(static_cast<unsigned>(Civil(*this).month())); }
int Date::day() const { return static_cast<int>(static_cast<unsigned>(Civil(*this).day())); }

Weekday Date::weekday() const {
  // 1970-01-01 was a Thursday.
  const int from_monday = ((days_ + 3) % 7 + 7) % 7;
  return static_cast<Weekday>(from_monday + 1);
}

Date MondayOf(Date date) { return date - (static_cast<std::int32_t>(date.weekday()) - 1); }

IsoWeek IsoWeekOf(Date date) {
  const Date thursday = MondayOf(date) + 3;
  const Date new_year = Date::Of(thursday.year(), 1, 1);
  return {thursday.year(), (thursday - new_year) / 7 + 1};
}

Date EasterSunday(int year) {
  // The anonymous Gregorian computus.
  const int a = year % 19;
  const int b = year / 100;
  const int c = year % 100;
  const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int n = h + l - 7 * m + 114;
  return Date::Of(year, n / 31, n % 31 + 1);
}

int DaysInMonth(int year, int month) {
  const std::chrono::year_month_day_last last(
      std::chrono::year(year),
      std::chrono::month_day_last(std::chrono::month(static_cast<unsigned>(month))));
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

std::string ToString(Date date) {
  return Padded(date.year(), 4) + "-" + Padded(date.month(), 2) + "-" + Padded(date.day(), 2);
}

std::string ToString(IsoWeek week) { return Padded(week.year, 4) + "-W" + Padded(week.week, 2); }

}  // namespace ets
