#include "scheme/calendar.h"

#include <gtest/gtest.h>

namespace ets::scheme {
namespace {

TradingCalendar Calendar() {
  return TradingCalendar({Date::Of(2027, 2, 6), Date::Of(2028, 1, 26), Date::Of(2030, 2, 3)});
}

TEST(TradingCalendar, ClosesOnWeekendsAndTheNationalHolidays) {
  const TradingCalendar calendar = Calendar();
  EXPECT_TRUE(calendar.IsTradingDay(Date::Of(2027, 1, 4)));
  for (const Date closed :
       {Date::Of(2027, 1, 1), Date::Of(2027, 1, 2), Date::Of(2027, 2, 5), Date::Of(2027, 2, 12),
        Date::Of(2027, 4, 5), Date::Of(2027, 5, 3), Date::Of(2027, 10, 7)}) {
    EXPECT_FALSE(calendar.IsTradingDay(closed)) << ToString(closed);
  }
  EXPECT_TRUE(calendar.IsTradingDay(Date::Of(2027, 2, 15)));
}

TEST(TradingCalendar, HoldsFiftyOrFiftyOneAuctionsAYearFromTheFirstWednesday) {
  const TradingCalendar calendar = Calendar();
  const auto days = calendar.AuctionDays(2027, Weekday::kWednesday);
  EXPECT_EQ(days.front(), Date::Of(2027, 1, 6));
  for (const int year : {2027, 2028, 2030}) {
    const auto size = calendar.AuctionDays(year, Weekday::kWednesday).size();
    EXPECT_TRUE(size == 50 || size == 51) << year << ": " << size;
  }
  for (const Date day : days) EXPECT_TRUE(calendar.IsTradingDay(day)) << ToString(day);
}

TEST(TradingCalendar, HasSome242TradingDaysAYear) {
  const int days = Calendar().TradingDaysBetween(Date::Of(2026, 12, 31), Date::Of(2027, 12, 31));
  EXPECT_GE(days, 238);
  EXPECT_LE(days, 248);
}

}  // namespace
}  // namespace ets::scheme
