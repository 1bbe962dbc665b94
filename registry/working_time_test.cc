#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/prng.h"
#include "registry/profile.h"

namespace ets::registry {
namespace {

constexpr SimTime kMinute = 60 * kMicrosPerSecond;
constexpr SimTime kHour = 60 * kMinute;

const Profile& Eu() { return *FindProfile("eu"); }

// "2026-03-03 11:00" or "2026-03-03 11:00:01" on the profile's clocks.
SimTime At(const Profile& profile, const std::string& text) {
  const auto date = Date::Parse(text.substr(0, 10));
  EXPECT_TRUE(date.has_value()) << text;
  const SimTime seconds = text.size() > 16 ? std::stoi(text.substr(17, 2)) : 0;
  const SimTime micros = std::stoi(text.substr(11, 2)) * kHour +
                         std::stoi(text.substr(14, 2)) * kMinute + seconds * kMicrosPerSecond;
  return ToInstant({*date, micros}, profile.zone);
}

std::string Shown(const Profile& profile, SimTime time) {
  const LocalTime local = ToLocal(time, profile.zone);
  const auto two = [](SimTime number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  const SimTime seconds = local.micros_of_day / kMicrosPerSecond % 60;
  return ToString(local.date) + " " + two(local.minute() / 60) + ":" + two(local.minute() % 60) +
         (seconds > 0 ? ":" + two(seconds) : "");
}

std::string Executed(const Profile& profile, const ExecutionRule& rule, const std::string& when) {
  return Shown(profile, ExecutionTime(profile, rule, At(profile, when)));
}

struct Case {
  const char* proposed;
  const char* executed;
};

// ---- The European Union (Art. 35). 2026-03-02 is a Monday. ----

TEST(European, TrustedTransfersHappenInTheWindowOfAWorkingDay) {
  constexpr Case kCases[] = {
      {"2026-03-03 11:00", "2026-03-03 11:00"}, {"2026-03-06 16:30", "2026-03-09 10:00"},
      {"2026-03-03 09:59", "2026-03-03 10:00"}, {"2026-03-03 10:00", "2026-03-03 10:00"},
      {"2026-03-03 16:00", "2026-03-03 16:00"}, {"2026-03-03 16:00:01", "2026-03-04 10:00"},
      {"2026-03-07 12:00", "2026-03-09 10:00"}, {"2026-03-08 23:59", "2026-03-09 10:00"},
      {"2026-03-03 00:00", "2026-03-03 10:00"},
  };
  for (const Case& row : kCases) {
    EXPECT_EQ(Executed(Eu(), Eu().trusted, row.proposed), row.executed) << row.proposed;
  }
}

TEST(European, OtherTransfersHappenAtNoonOneOrTwoWorkingDaysLater) {
  constexpr Case kCases[] = {
      {"2026-03-02 11:59", "2026-03-03 12:00"}, {"2026-03-02 12:01", "2026-03-04 12:00"},
      {"2026-03-02 12:00", "2026-03-03 12:00"}, {"2026-03-02 12:00:01", "2026-03-04 12:00"},
      {"2026-03-05 13:00", "2026-03-09 12:00"}, {"2026-03-06 11:00", "2026-03-09 12:00"},
      {"2026-03-06 13:00", "2026-03-10 12:00"}, {"2026-03-07 09:00", "2026-03-10 12:00"},
      {"2026-03-08 18:00", "2026-03-10 12:00"},
  };
  for (const Case& row : kCases) {
    EXPECT_EQ(Executed(Eu(), Eu().untrusted, row.proposed), row.executed) << row.proposed;
  }
}

TEST(European, AnEntryOfTheTrustedListCountsFromNoonOfTheFourthWorkingDay) {
  const auto counts_from = [](const std::string& when) {
    return Shown(Eu(), TrustedFrom(Eu(), At(Eu(), when)));
  };
  EXPECT_EQ(counts_from("2026-03-02 09:00"), "2026-03-06 12:00");
  EXPECT_EQ(counts_from("2026-03-02 23:59:59"), "2026-03-06 12:00");
  EXPECT_EQ(counts_from("2026-03-05 11:30"), "2026-03-11 12:00");
  EXPECT_EQ(counts_from("2026-03-07 12:00"), "2026-03-13 12:00") << "Saturday counts as Monday";
}

TEST(European, NoonIsOfTheClocksThatPeopleSee) {
  // Clocks go forward on Sunday 29 March 2026 and back on Sunday 25 October.
  const SimTime before = ExecutionTime(Eu(), Eu().untrusted, At(Eu(), "2026-03-26 11:00"));
  const SimTime after = ExecutionTime(Eu(), Eu().untrusted, At(Eu(), "2026-03-27 11:00"));
  EXPECT_EQ(before, InstantOf(Date::Of(2026, 3, 27), 11 * kHour, 0)) << "UTC";
  EXPECT_EQ(after, InstantOf(Date::Of(2026, 3, 30), 10 * kHour, 0));
  const SimTime autumn = ExecutionTime(Eu(), Eu().trusted, At(Eu(), "2026-10-25 02:30"));
  EXPECT_EQ(autumn, InstantOf(Date::Of(2026, 10, 26), 9 * kHour, 0));
}

TEST(European, APublishedHolidayIsNoWorkingDay) {
  Profile profile = Eu();
  profile.holidays = {Date::Of(2026, 4, 3), Date::Of(2026, 4, 6)};  // Good Friday, Easter Monday.
  EXPECT_EQ(Executed(profile, profile.trusted, "2026-04-02 16:30"), "2026-04-07 10:00");
  EXPECT_EQ(Executed(profile, profile.untrusted, "2026-04-02 12:30"), "2026-04-08 12:00");
  EXPECT_EQ(Executed(profile, profile.untrusted, "2026-04-03 12:30"), "2026-04-08 12:00");
}

// ---- The United Kingdom: approval, then what each delay makes of it ----

struct BritishCase {
  const char* approved;
  const char* start;
  const char* minutes_7;
  const char* hours_2;
  const char* hours_24;
  const char* hours_72;
};

// 2021-05-03 is a bank holiday; 15 to 17 June are taken to be three more.
constexpr BritishCase kBritishCases[] = {
    {"2021-03-15 10:00", "2021-03-15 10:00", "2021-03-15 10:07", "2021-03-15 12:00",
     "2021-03-16 10:00", "2021-03-18 10:00"},
    {"2021-03-15 11:00:44", "2021-03-15 11:00:44", "2021-03-15 11:07:44", "2021-03-15 13:00:44",
     "2021-03-16 11:00:44", "2021-03-18 11:00:44"},
    {"2021-03-15 15:59:59", "2021-03-15 15:59:59", "2021-03-16 10:00", "2021-03-16 10:00",
     "2021-03-16 15:59:59", "2021-03-18 15:59:59"},
    {"2021-03-15 16:00", "2021-03-15 16:00", "2021-03-16 10:00", "2021-03-16 10:00",
     "2021-03-16 16:00", "2021-03-18 16:00"},
    {"2021-03-15 16:00:01", "2021-03-16 10:00", "2021-03-16 10:07", "2021-03-16 12:00",
     "2021-03-17 10:00", "2021-03-19 10:00"},
    {"2021-03-15 00:00", "2021-03-15 10:00", "2021-03-15 10:07", "2021-03-15 12:00",
     "2021-03-16 10:00", "2021-03-18 10:00"},
    {"2021-03-19 11:00:44", "2021-03-19 11:00:44", "2021-03-19 11:07:44", "2021-03-19 13:00:44",
     "2021-03-22 11:00:44", "2021-03-24 11:00:44"},
    {"2021-03-19 23:59:59", "2021-03-22 10:00", "2021-03-22 10:07", "2021-03-22 12:00",
     "2021-03-23 10:00", "2021-03-25 10:00"},
    {"2021-03-20 11:00:44", "2021-03-22 10:00", "2021-03-22 10:07", "2021-03-22 12:00",
     "2021-03-23 10:00", "2021-03-25 10:00"},
    {"2021-03-21 17:42:48", "2021-03-22 10:00", "2021-03-22 10:07", "2021-03-22 12:00",
     "2021-03-23 10:00", "2021-03-25 10:00"},
    {"2021-04-30 15:00", "2021-04-30 15:00", "2021-04-30 15:07", "2021-05-04 10:00",
     "2021-05-04 15:00", "2021-05-06 15:00"},
    {"2021-04-29 15:59", "2021-04-29 15:59", "2021-04-30 10:00", "2021-04-30 10:00",
     "2021-04-30 15:59", "2021-05-05 15:59"},
    {"2021-05-01 12:00", "2021-05-04 10:00", "2021-05-04 10:07", "2021-05-04 12:00",
     "2021-05-05 10:00", "2021-05-07 10:00"},
    {"2021-05-03 10:00", "2021-05-04 10:00", "2021-05-04 10:07", "2021-05-04 12:00",
     "2021-05-05 10:00", "2021-05-07 10:00"},
    {"2021-06-14 11:00:44", "2021-06-14 11:00:44", "2021-06-14 11:07:44", "2021-06-14 13:00:44",
     "2021-06-18 11:00:44", "2021-06-22 11:00:44"},
    {"2021-06-14 16:00:01", "2021-06-18 10:00", "2021-06-18 10:07", "2021-06-18 12:00",
     "2021-06-21 10:00", "2021-06-23 10:00"},
};

TEST(British, DelaysRunInWorkingDaysAndThenMinutes) {
  Profile profile = *FindProfile("uk");
  profile.holidays = {Date::Of(2021, 5, 3), Date::Of(2021, 6, 15), Date::Of(2021, 6, 16),
                      Date::Of(2021, 6, 17)};
  ExecutionRule rule = profile.untrusted;
  rule.next_full_minute = false;
  const auto executed = [&](const BritishCase& row, std::uint16_t days, std::uint16_t minutes) {
    rule.delay_days = days;
    rule.delay_minutes = minutes;
    return Executed(profile, rule, row.approved);
  };
  for (const BritishCase& row : kBritishCases) {
    EXPECT_EQ(executed(row, 0, 0), row.start) << row.approved;
    EXPECT_EQ(executed(row, 0, 7), row.minutes_7) << row.approved;
    EXPECT_EQ(executed(row, 0, 120), row.hours_2) << row.approved;
    EXPECT_EQ(executed(row, 1, 0), row.hours_24) << row.approved;
    EXPECT_EQ(executed(row, 3, 0), row.hours_72) << row.approved;
  }
}

TEST(British, ADelayThatEndsAtTheWeekendGoesOnAtTheSameTimeOnMonday) {
  const Profile& uk = *FindProfile("uk");
  ExecutionRule rule = uk.trusted_entry;
  rule.delay_days = 0;
  rule.delay_minutes = 20 * 60;
  EXPECT_EQ(Executed(uk, rule, "2026-03-06 15:00"), "2026-03-09 11:00");
  EXPECT_EQ(Executed(uk, rule, "2026-03-06 10:00"), "2026-03-09 10:00") << "early on Saturday";
  EXPECT_EQ(Executed(uk, rule, "2026-03-05 10:00"), "2026-03-06 10:00") << "early on Friday";
}

TEST(British, TransfersHappenOnTheNextFullMinute) {
  const Profile& uk = *FindProfile("uk");
  EXPECT_EQ(Executed(uk, uk.trusted, "2026-03-03 11:00:44"), "2026-03-03 11:01");
  EXPECT_EQ(Executed(uk, uk.trusted, "2026-03-03 11:00"), "2026-03-03 11:01");
  EXPECT_EQ(Executed(uk, uk.trusted, "2026-03-03 16:00"), "2026-03-03 16:01");
  EXPECT_EQ(Executed(uk, uk.untrusted, "2026-04-02 11:00:44"), "2026-04-07 11:01") << "Easter";
  EXPECT_EQ(Shown(uk, TrustedFrom(uk, At(uk, "2026-04-02 11:00:44"))), "2026-04-08 11:00:44");
}

TEST(British, TheWindowIsOfLondonInSummerToo) {
  const Profile& uk = *FindProfile("uk");
  const SimTime summer = ExecutionTime(uk, uk.trusted_entry, At(uk, "2026-07-03 08:00"));
  EXPECT_EQ(summer, InstantOf(Date::Of(2026, 7, 7), 9 * kHour, 0)) << "UTC";
  // A delay over the change of clocks ends at the same reading.
  EXPECT_EQ(Executed(uk, uk.untrusted, "2026-10-23 11:30"), "2026-10-26 11:31");
}

// ---- Working days ----

TEST(WorkingDays, SkipWeekendsAndHolidays) {
  Profile profile;
  profile.holidays = {Date::Of(2026, 3, 9)};
  const Date friday = Date::Of(2026, 3, 6);
  EXPECT_TRUE(IsWorkingDay(profile, friday));
  EXPECT_FALSE(IsWorkingDay(profile, friday + 1));
  EXPECT_FALSE(IsWorkingDay(profile, friday + 3));
  EXPECT_EQ(NextWorkingDay(profile, friday), friday + 4);
  EXPECT_EQ(AddWorkingDays(profile, friday, 0), friday);
  EXPECT_EQ(AddWorkingDays(profile, friday + 1, 0), friday + 1) << "no day, no move";
  EXPECT_EQ(AddWorkingDays(profile, friday, 6), friday + 11);
}

// ---- Whatever the rule ----

ExecutionRule AnyRule(Prng& prng) {
  const auto below = [&](std::uint64_t bound) {
    return static_cast<std::uint16_t>(prng.Below(bound));
  };
  ExecutionRule rule;
  rule.kind = static_cast<ExecutionRule::Kind>(below(3));
  rule.open_minute = below(1'440);
  rule.close_minute = static_cast<std::uint16_t>(
      rule.open_minute + prng.Below(std::uint64_t{1'440} - rule.open_minute));
  rule.delay_days = below(2) == 0 ? std::uint16_t{0} : below(6);
  rule.delay_minutes = below(2) == 0 ? std::uint16_t{0} : below(1'440);
  rule.cutoff_minute = below(1'440);
  rule.days_before = below(3);
  rule.at_minute =
      rule.days_before == 0 ? std::max(rule.cutoff_minute, below(1'440)) : below(1'440);
  rule.days_after =
      std::max<std::uint16_t>(1, static_cast<std::uint16_t>(rule.days_before + below(2)));
  return rule;
}

Profile AnyPlace(Prng& prng) {
  Profile profile;
  profile.zone = {static_cast<std::int16_t>(static_cast<int>(prng.Below(1'561)) - 720),
                  prng.Below(2) == 0};
  for (Date day = Date::Of(2026, 1, 1); day < Date::Of(2027, 3, 1); day = day + 1) {
    if (prng.Below(10) == 0) profile.holidays.push_back(day);
  }
  return profile;
}

Profile With(Profile profile, const ExecutionRule& rule) {
  profile.trusted = rule;
  return profile;
}

// On a working day of the profile, and inside the window where there is one.
void ExpectInside(const Profile& profile, const ExecutionRule& rule, SimTime executed) {
  const LocalTime local = ToLocal(executed, profile.zone);
  ASSERT_TRUE(IsWorkingDay(profile, local.date)) << Shown(profile, executed);
  if (rule.kind == ExecutionRule::Kind::kInWindow) {
    ASSERT_GE(local.micros_of_day, rule.open_minute * kMinute);
    ASSERT_LE(local.micros_of_day, rule.close_minute * kMinute);
  } else {
    ASSERT_EQ(local.micros_of_day, rule.at_minute * kMinute);
  }
}

TEST(ExecutionTime, IsNeverBeforeTheProposalAndAlwaysInsideTheRule) {
  Prng prng(5);
  for (int round = 0; round < 3'000; ++round) {
    const Profile profile = AnyPlace(prng);
    const ExecutionRule rule = AnyRule(prng);
    ASSERT_FALSE(CheckProfile(With(profile, rule)).has_value());
    SimTime proposed = InstantOf(Date::Of(2026, 1, 1), 0, 0);
    SimTime earlier = 0;
    for (int i = 0; i < 60; ++i) {
      proposed += static_cast<SimTime>(prng.Below(12)) * kHour +
                  static_cast<SimTime>(prng.Below(60)) * kMinute +
                  static_cast<SimTime>(prng.Below(2)) * kMicrosPerSecond;
      const SimTime executed = ExecutionTime(profile, rule, proposed);
      ASSERT_GE(executed, proposed);
      ASSERT_GE(executed, earlier) << "who proposes later is not served earlier";
      earlier = executed;
      if (rule.kind == ExecutionRule::Kind::kAtOnce) {
        ASSERT_EQ(executed, proposed);
      } else {
        ASSERT_NO_FATAL_FAILURE(ExpectInside(profile, rule, executed));
      }
    }
  }
}

TEST(ExecutionTime, OnAFullMinuteIsAtMostAMinuteLater) {
  Prng prng(6);
  for (int round = 0; round < 20'000; ++round) {
    const Profile& uk = *FindProfile("uk");
    ExecutionRule rule = uk.untrusted;
    const SimTime proposed = InstantOf(Date::Of(2026, 1, 1), 0, 0) +
                             static_cast<SimTime>(prng.Below(400 * 86'400)) * kMicrosPerSecond;
    const SimTime full = ExecutionTime(uk, rule, proposed);
    rule.next_full_minute = false;
    const SimTime exact = ExecutionTime(uk, rule, proposed);
    ASSERT_EQ(full % kMinute, 0);
    ASSERT_GT(full, exact);
    ASSERT_LE(full, exact + kMinute);
  }
}

}  // namespace
}  // namespace ets::registry
