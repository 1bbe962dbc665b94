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

// Quarters are computed in the first calendar week after them: 7 April 2026 (Easter Monday was the
// 6th), 6 July, 5 October, 4 January 2027.
Date QuarterPublished(int year, int quarter) {
  return WorkingDayFrom(MondayOf(LastOfQuarter(year, quarter)) + kDaysInWeek);
}

}  // namespace

void CertificatePrices::Add(const AuctionFact& fact) {
  ETS_ASSERT(facts_.empty() || facts_.back().date <= fact.date);
  ETS_ASSERT(fact.volume > Tonnes(0));
  facts_.push_back(fact);
}

std::optional<Price> CertificatePrices::Average(Date first, Date last) const {
  const auto begin = std::ranges::lower_bound(facts_, first, {}, &AuctionFact::date);
  const auto end = std::ranges::upper_bound(facts_, last, {}, &AuctionFact::date);
  Money value;
  Tonnes volume;
  for (auto fact = begin; fact < end; ++fact) {
    value += fact->price * fact->volume;
    volume += fact->volume;
  }
  if (volume == Tonnes(0)) return std::nullopt;
  return AveragePrice(value, volume);
}

std::optional<Price> CertificatePrices::Quarter(int year, int quarter) const {
  ETS_ASSERT(quarter >= 1 && quarter <= 4);
  return Average(FirstOfQuarter(year, quarter), LastOfQuarter(year, quarter));
}

std::optional<Price> CertificatePrices::Week(Date any_day_of_week) const {
  const Date sunday = MondayOf(any_day_of_week) + (kDaysInWeek - 1);
  const auto after = std::ranges::upper_bound(facts_, sunday, {}, &AuctionFact::date);
  if (after == facts_.begin()) return std::nullopt;
  const Date monday = MondayOf((after - 1)->date);
  return Average(monday, monday + (kDaysInWeek - 1));
}

std::optional<Price> CertificatePrices::Applicable(Date day) const {
  if (day.year() < kFirstWeeklyYear) {
    int year = day.year();
    int quarter = (day.month() + 2) / 3;
    do {
      if (--quarter == 0) {
        quarter = 4;
        --year;
      }
    } while (QuarterPublished(year, quarter) > day);
    return Quarter(year, quarter);
  }
  const Date monday = MondayOf(day);
  const Date published = WorkingDayFrom(monday);
  const Date applied = WorkingDayFrom(published + 1);
  return Week(day >= applied ? monday - kDaysInWeek : monday - 2 * kDaysInWeek);
}

bool IsEuropeanWorkingDay(Date date) {
  if (date.weekday() >= Weekday::kSaturday) return false;
  const int month_and_day = date.month() * 100 + date.day();
  for (const int holiday : {101, 501, 1225, 1226}) {
    if (month_and_day == holiday) return false;
  }
  const Date easter = EasterSunday(date.year());
  return date != easter - 2 && date != easter + 1;
}

}  // namespace ets::cbam
