#include "cbam/certificate_price.h"

#include <algorithm>

#include "base/assert.h"

namespace ets::cbam {
namespace {

constexpr std::int32_t kDaysInWeek = 7;
constexpr int kFirstWeeklyYear = 2027;

// The first working day on or after a date.
Date WorkingDayFrom(Date date) {
  while (!IsEuropeanWorkingDay(date)) date = date + 1;
  return date;
}

Date FirstOfQuarter(int year, int quarter) { return Date::Of(year, 3 * quarter - 2, 1); }

Date LastOfQuarter(int year, int quarter) {
  return Date::Of(year, 3 * quarter, DaysInMonth(year, 3 * quarter));
}

// "2026" and "01" out of "2026-W01" with its letter.
struct YearAndNumber {
  int year = 0;
  int number = 0;
};
std::optional<YearAndNumber> ParsePeriod(std::string_view text, char letter, std::size_t digits) {
  if (text.size() != 6 + digits || text[4] != '-' || text[5] != letter) return std::nullopt;
  YearAndNumber period;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 5) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    int& number = i < 4 ? period.year : period.number;
    number = number * 10 + (text[i] - '0');
  }
  if (period.year < 1900) return std::nullopt;
  return period;
}

}  // namespace

void CertificatePrices::Add(const AuctionFact& fact) {
  ETS_ASSERT(facts_.empty() || facts_.back().date <= fact.date);
  ETS_ASSERT(fact.volume > Tonnes(0));
  facts_.push_back(fact);
}

PriceCalendar CalendarOfWeek(Date any_day_of_week) {
  const Date next = MondayOf(any_day_of_week) + kDaysInWeek;
  PriceCalendar calendar;
  calendar.published = WorkingDayFrom(next);
  calendar.applies_from = WorkingDayFrom(calendar.published + 1);
  calendar.applies_until = WorkingDayFrom(next + kDaysInWeek);
  return calendar;
}

PriceCalendar CalendarOfQuarter(int year, int quarter) {
  const Date first = FirstOfQuarter(year, quarter);
  const Date last = LastOfQuarter(year, quarter);
  return {WorkingDayFrom(MondayOf(last) + kDaysInWeek), first, last};
}

Date WeekAppliedOn(Date day) {
  Date week = MondayOf(day) - kDaysInWeek;
  while (CalendarOfWeek(week).applies_from > day) week = week - kDaysInWeek;
  return week;
}

std::optional<PeriodPrice> CertificatePrices::Period(Date first, Date last) const {
  const auto begin = std::ranges::lower_bound(facts_, first, {}, &AuctionFact::date);
  const auto end = std::ranges::upper_bound(facts_, last, {}, &AuctionFact::date);
  PeriodPrice period;
  period.first = first;
  period.last = last;
  for (auto fact = begin; fact < end; ++fact) {
    period.value += fact->price * fact->volume;
    period.volume += fact->volume;
    ++period.auctions;
  }
  if (period.auctions == 0) return std::nullopt;
  period.price = AveragePrice(period.value, period.volume);
  return period;
}

std::optional<PeriodPrice> CertificatePrices::PeriodOfQuarter(int year, int quarter) const {
  ETS_ASSERT(quarter >= 1 && quarter <= 4);
  return Period(FirstOfQuarter(year, quarter), LastOfQuarter(year, quarter));
}

std::optional<PeriodPrice> CertificatePrices::PeriodOfWeek(Date any_day_of_week) const {
  const Date asked = MondayOf(any_day_of_week);
  const auto last_before = [this](Date date) {  // The Monday of the last week with auctions before.
    const auto after = std::ranges::lower_bound(facts_, date, {}, &AuctionFact::date);
    return after == facts_.begin() ? std::optional<Date>() : MondayOf((after - 1)->date);
  };
  const std::optional<Date> monday = last_before(asked + kDaysInWeek);
  if (!monday) return std::nullopt;
  auto week = Period(*monday, *monday + (kDaysInWeek - 1));
  week->carried = *monday != asked;
  if (!single_auction_amendment_ || week->auctions > 1) return week;
  for (auto earlier = last_before(*monday); earlier; earlier = last_before(*earlier)) {
    const auto several = Period(*earlier, *earlier + (kDaysInWeek - 1));
    if (several->auctions < 2) continue;
    week->value += several->value;
    week->volume += several->volume;
    week->auctions += several->auctions;
    week->price = AveragePrice(week->value, week->volume);
    week->first = *earlier;
    week->combined = true;
    break;
  }
  return week;
}

std::optional<Price> CertificatePrices::Average(Date first, Date last) const {
  const auto period = Period(first, last);
  return period ? std::optional(period->price) : std::nullopt;
}
std::optional<Price> CertificatePrices::Quarter(int year, int quarter) const {
  const auto period = PeriodOfQuarter(year, quarter);
  return period ? std::optional(period->price) : std::nullopt;
}
std::optional<Price> CertificatePrices::Week(Date any_day_of_week) const {
  const auto period = PeriodOfWeek(any_day_of_week);
  return period ? std::optional(period->price) : std::nullopt;
}

std::optional<Price> CertificatePrices::Applicable(Date day) const {
  if (day.year() < kFirstWeeklyYear) {
    YearQuarter quarter = QuarterOf(day);
    do {
      if (--quarter.quarter == 0) quarter = {quarter.year - 1, 4};
    } while (CalendarOfQuarter(quarter.year, quarter.quarter).published > day);
    return Quarter(quarter.year, quarter.quarter);
  }
  return Week(WeekAppliedOn(day));
}

std::optional<YearQuarter> ParseQuarter(std::string_view text) {
  const auto period = ParsePeriod(text, 'Q', 1);
  if (!period || period->number < 1 || period->number > 4) return std::nullopt;
  return YearQuarter{period->year, period->number};
}

std::optional<Date> ParseWeek(std::string_view text) {
  const auto period = ParsePeriod(text, 'W', 2);
  if (!period || period->number < 1) return std::nullopt;
  // The week of 4 January is the first.
  const Date monday = MondayOf(Date::Of(period->year, 1, 4)) + kDaysInWeek * (period->number - 1);
  const IsoWeek found = IsoWeekOf(monday);
  if (found.year != period->year || found.week != period->number) return std::nullopt;
  return monday;
}

YearQuarter QuarterOf(Date date) { return {date.year(), (date.month() + 2) / 3}; }

std::string ToString(YearQuarter quarter) {
  return std::to_string(quarter.year) + "-Q" + std::to_string(quarter.quarter);
}

bool IsEuropeanWorkingDay(Date date) {
  if (date.weekday() >= Weekday::kSaturday) return false;
  // Regulation (EEC, Euratom) 1182/71: working days of an institution leave out the holidays that
  // it lists each year. These are in every list; a bridge day that one year adds is not.
  const int month_and_day = date.month() * 100 + date.day();
  for (const int holiday : {101, 102, 501, 509, 721, 815, 1101, 1102}) {
    if (month_and_day == holiday) return false;
  }
  if (month_and_day >= 1224) return false;
  const Date easter = EasterSunday(date.year());
  for (const int after : {-3, -2, 1, 39, 40, 50}) {
    if (date == easter + after) return false;
  }
  return true;
}

}  // namespace ets::cbam
