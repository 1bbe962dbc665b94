#include "scheme/calendar.h"

namespace ets::scheme {

bool TradingCalendar::IsTradingDay(Date date) const {
  const Weekday weekday = date.weekday();
  if (weekday == Weekday::kSaturday || weekday == Weekday::kSunday) return false;
  const int month_day = date.month() * 100 + date.day();
  if (month_day == 101 || month_day == 404 || month_day == 405) return false;
  if (month_day >= 501 && month_day <= 505) return false;
  if (month_day >= 1001 && month_day <= 1007) return false;
  for (const Date festival : spring_festivals_) {
    if (date >= festival - 1 && date < festival + 7) return false;
  }
  return true;
}

std::vector<Date> TradingCalendar::AuctionDays(int year, Weekday weekday) const {
  std::vector<Date> days;
  for (Date monday = MondayOf(Date::Of(year, 1, 1)); monday.year() <= year; monday = monday + 7) {
    // A week whose auction day falls into one of the two long holidays has none. The Spring
    // Festival closes eight days; the day after the seventh is moved, not lost.
    const Date regular = monday + (static_cast<int>(weekday) - 1);
    bool holiday_week = regular.month() == 10 && regular.day() <= 7;
    for (const Date festival : spring_festivals_) {
      holiday_week |= regular >= festival - 1 && regular < festival + 6;
    }
    if (holiday_week) continue;
    Date day = regular;
    while (day < monday + 5 && !IsTradingDay(day)) day = day + 1;
    if (day == monday + 5) {
      for (day = regular - 1; !IsTradingDay(day);)
        day = day - 1;  // The week of 1 May may be empty.
    }
    if (day.year() == year) days.push_back(day);
  }
  return days;
}

int TradingCalendar::TradingDaysBetween(Date from, Date to) const {
  int count = 0;
  for (Date day = from + 1; day <= to; day = day + 1) count += IsTradingDay(day) ? 1 : 0;
  return count;
}

}  // namespace ets::scheme
