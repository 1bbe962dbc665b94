#include "base/local_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"

namespace ets {
namespace {

constexpr SimTime kHour = 3'600 * kMicrosPerSecond;
constexpr SimTime kMinute = 60 * kMicrosPerSecond;
constexpr Zone kBerlin{60, true};
constexpr Zone kLondon{0, true};
constexpr Zone kBeijing{480, false};
constexpr Zone kKolkata{330, false};

SimTime Utc(Date date, int hour, int minute = 0) {
  return InstantOf(date, hour * kHour + minute * kMinute, 0);
}

void ExpectShows(SimTime time, Zone zone, Date date, int hour, int minute) {
  const LocalTime local = ToLocal(time, zone);
  EXPECT_EQ(ToString(local.date), ToString(date));
  EXPECT_EQ(local.minute(), hour * 60 + minute);
}

TEST(LocalTime, ShowsWhatClocksOfThePlaceShow) {
  const Date day = Date::Of(2026, 1, 31);
  ExpectShows(Utc(day, 18), kBeijing, Date::Of(2026, 2, 1), 2, 0);
  ExpectShows(Utc(day, 18), kKolkata, day, 23, 30);
  ExpectShows(Utc(day, 23, 30), kBerlin, Date::Of(2026, 2, 1), 0, 30);
  ExpectShows(Utc(day, 1), Zone{-480, false}, Date::Of(2026, 1, 30), 17, 0);
}

TEST(LocalTime, ClocksGoForwardOnTheLastSundayOfMarchEverywhereAtOnce) {
  const Date sunday = Date::Of(2026, 3, 29);
  ExpectShows(Utc(sunday, 0, 59), kBerlin, sunday, 1, 59);
  ExpectShows(Utc(sunday, 1, 0), kBerlin, sunday, 3, 0);
  ExpectShows(Utc(sunday, 0, 59), kLondon, sunday, 0, 59);
  ExpectShows(Utc(sunday, 1, 0), kLondon, sunday, 2, 0);
  ExpectShows(Utc(sunday, 1, 0), kBeijing, sunday, 9, 0);
}

TEST(LocalTime, ClocksGoBackOnTheLastSundayOfOctober) {
  const Date sunday = Date::Of(2026, 10, 25);
  ExpectShows(Utc(sunday, 0, 59), kBerlin, sunday, 2, 59);
  ExpectShows(Utc(sunday, 1, 0), kBerlin, sunday, 2, 0);
  ExpectShows(Utc(sunday, 0, 30), kLondon, sunday, 1, 30);
  ExpectShows(Utc(sunday, 1, 30), kLondon, sunday, 1, 30);
}

TEST(LocalTime, ChangesOnTheRightSundayWhicheverWeekdayTheMonthEndsOn) {
  // 31 March is a Sunday in 2024, a Monday in 2025 and a Saturday in 2029.
  for (const Date sunday : {Date::Of(2024, 3, 31), Date::Of(2025, 3, 30), Date::Of(2029, 3, 25)}) {
    ExpectShows(Utc(sunday, 0, 59), kLondon, sunday, 0, 59);
    ExpectShows(Utc(sunday, 1, 0), kLondon, sunday, 2, 0);
  }
}

TEST(LocalTime, OfAnHourShownTwiceTheInstantIsTheEarlier) {
  const Date sunday = Date::Of(2026, 10, 25);
  EXPECT_EQ(ToInstant({sunday, 2 * kHour + 30 * kMinute}, kBerlin), Utc(sunday, 0, 30));
  EXPECT_EQ(ToInstant({sunday, 3 * kHour}, kBerlin), Utc(sunday, 2, 0));
}

TEST(LocalTime, OfAnHourThatIsSkippedTheInstantIsThatOfWinterTime) {
  const Date sunday = Date::Of(2026, 3, 29);
  const SimTime skipped = ToInstant({sunday, 2 * kHour + 30 * kMinute}, kBerlin);
  EXPECT_EQ(skipped, Utc(sunday, 1, 30));
  ExpectShows(skipped, kBerlin, sunday, 3, 30);
}

TEST(LocalTime, IsKnownBefore1970Too) {
  const SimTime time = Utc(Date::Of(1969, 12, 31), 23, 30);
  EXPECT_LT(time, 0);
  ExpectShows(time, kBerlin, Date::Of(1970, 1, 1), 0, 30);
  ExpectShows(time, Zone{-60, false}, Date::Of(1969, 12, 31), 22, 30);
}

TEST(LocalTime, AnInstantComesBackFromItsReadingUnlessClocksShowItTwice) {
  Prng prng(3);
  int twice = 0;
  for (int round = 0; round < 200'000; ++round) {
    const Zone zone{static_cast<std::int16_t>(static_cast<int>(prng.Below(1'561)) - 720),
                    prng.Below(2) == 0};
    const SimTime time = static_cast<SimTime>(prng.Below(80 * 366)) * kMicrosPerDay +
                         static_cast<SimTime>(prng.Below(86'400)) * kMicrosPerSecond;
    const LocalTime local = ToLocal(time, zone);
    ASSERT_GE(local.micros_of_day, 0);
    ASSERT_LT(local.micros_of_day, kMicrosPerDay);
    const SimTime back = ToInstant(local, zone);
    if (back == time) continue;
    ASSERT_EQ(back, time - kHour);
    ASSERT_TRUE(zone.daylight_saving);
    ++twice;
  }
  EXPECT_GT(twice, 0);
  EXPECT_LT(twice, 200'000 / 2'000) << "one hour a year";
}

}  // namespace
}  // namespace ets
