// A year of auctions: the published calendar, unsold volumes on their way, and where each tonne is.
#include "auction/calendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"

namespace ets::auction {
namespace {

using ::testing::ElementsAre;

std::vector<Date> Weeks(int count) {
  std::vector<Date> days;
  for (int week = 0; week < count; ++week) days.push_back(Date::Of(2027, 1, 6) + 7 * week);
  return days;
}
Calendar CalendarOf(const Format& format, int auctions, std::int64_t each) {
  const std::vector<Date> days = Weeks(auctions);
  return Calendar("CN", format, days[0], EvenVolumes(days, Tonnes(each * auctions), format.lot));
}
std::vector<std::int64_t> Volumes(const Calendar& calendar) {
  std::vector<std::int64_t> volumes;
  for (const PlannedAuction& auction : calendar.auctions()) {
    volumes.push_back(auction.slot.volume.count());
  }
  return volumes;
}
Tonnes Accounted(const CalendarTotals& totals) {
  return totals.sold + totals.pending + totals.kept + totals.carried + totals.reserved +
         totals.withdrawn + totals.written_off;
}

// EEX, auctions from January to 6 August 2026: 88, 27 and 16 of 239,395,000 t, 28,674,000 t and
// 23,669,500 t.
TEST(EuropeanAuctions2026, SumToTheVolumesThatWereAuctionedUntilAugust) {
  const auto sum = [](std::string_view auctioneer) {
    std::pair<std::size_t, std::int64_t> found;
    for (const PlannedAuction& auction : EuropeanAuctions2026(auctioneer, Date::Of(2026, 8, 6))) {
      ++found.first;
      found.second += auction.slot.volume.count();
    }
    return found;
  };
  EXPECT_EQ(sum("EU"), std::pair(std::size_t{88}, std::int64_t{239'395'000}));
  EXPECT_EQ(sum("DE"), std::pair(std::size_t{27}, std::int64_t{28'674'000}));
  EXPECT_EQ(sum("PL"), std::pair(std::size_t{16}, std::int64_t{23'669'500}));
  EXPECT_EQ(sum("FR").first, 0U);
}

TEST(EvenVolumes, GivesTheRemainderToTheLast) {
  Calendar calendar("EU", *FindFormat("eu"), Date(0),
                    EvenVolumes(Weeks(4), Tonnes(21'700), Tonnes(500)));
  EXPECT_THAT(Volumes(calendar), ElementsAre(5'000, 5'000, 5'000, 6'500));
}

TEST(DaysOf, CountsEverySecondWeekAndLeavesOutDays) {
  const std::vector<Date> days = DaysOf({Date::Of(2026, 1, 7),
                                         Date::Of(2026, 2, 28),
                                         {Weekday::kWednesday},
                                         2,
                                         {Date::Of(2026, 1, 21)}});
  EXPECT_THAT(days, ElementsAre(Date::Of(2026, 1, 7), Date::Of(2026, 2, 4), Date::Of(2026, 2, 18)));
}

TEST(Calendar, SpreadsACancelledAuctionOverTheNextFourAndStacks) {
  Calendar calendar = CalendarOf(*FindFormat("eu"), 7, 5'000);
  calendar.Cancelled("bids fell short");
  EXPECT_THAT(Volumes(calendar), ElementsAre(5'000, 7'000, 6'000, 6'000, 6'000, 5'000, 5'000));
  calendar.Held(Tonnes(0));  // The second one fails within the window, with its larger volume.
  EXPECT_THAT(Volumes(calendar), ElementsAre(5'000, 7'000, 8'500, 7'500, 7'500, 6'500, 5'000));
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(35'000));
}

// SI 2021/484 Reg. 6: 125% of the volume first proposed, however often volumes stack.
TEST(Calendar, CapsABritishAuctionAtTheVolumeFirstProposed) {
  Calendar calendar = CalendarOf(*FindFormat("uk"), 7, 100'000);
  calendar.Held(Tonnes(20'000));
  calendar.Held(Tonnes(0));
  for (const PlannedAuction& auction : calendar.auctions()) {
    EXPECT_LE(auction.slot.volume, Tonnes(125'000));
    EXPECT_EQ(auction.slot.first_volume, Tonnes(100'000));
  }
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(700'000));
}

TEST(Calendar, RollsOverWithinTheYearOnlyInNewZealand) {
  Calendar calendar = CalendarOf(*FindFormat("nz"), 2, 5'000);
  calendar.Held(Tonnes(1'000));
  EXPECT_THAT(Volumes(calendar), ElementsAre(5'000, 9'000));
  calendar.Held(Tonnes(6'000));
  EXPECT_EQ(calendar.totals().written_off, Tonnes(3'000));
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(10'000));
}

// 17 CCR 95911(f): offered again after two auctions in a row that sold out above the reserve.
TEST(Calendar, KeepsCalifornianVolumesUntilTwoCleanAuctions) {
  Calendar calendar = CalendarOf(*FindFormat("wci"), 8, 100'000);
  calendar.Held(Tonnes(40'000));
  EXPECT_EQ(calendar.totals().kept, Tonnes(60'000));
  calendar.Held(Tonnes(100'000));
  calendar.Held(Tonnes(100'000), Tonnes(0), false);  // At the reserve: not clean.
  calendar.Held(Tonnes(100'000));
  EXPECT_THAT(Volumes(calendar)[4], 100'000);
  calendar.Held(Tonnes(100'000));
  EXPECT_THAT(Volumes(calendar)[5], 125'000);  // At most a quarter more.
  EXPECT_EQ(calendar.totals().kept, Tonnes(35'000));
  calendar.Held(Tonnes(125'000));
  EXPECT_THAT(Volumes(calendar)[6], 125'000);
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(800'000));
}

TEST(Calendar, GivesOldUnsoldVolumesToTheReserve) {
  Format format = *FindFormat("wci");
  format.unsold_months = 1;
  Calendar calendar = CalendarOf(format, 8, 100'000);
  calendar.Held(Tonnes(40'000));
  for (int i = 0; i < 5; ++i) calendar.Held(Tonnes(90'000));
  EXPECT_EQ(calendar.totals().reserved, Tonnes(60'000));
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(800'000));
}

TEST(Calendar, TakesUnpaidLotsBackIntoTheAuctionsAfterTheLast) {
  Calendar calendar = CalendarOf(*FindFormat("eu"), 6, 5'000);
  calendar.Held(Tonnes(5'000));
  calendar.Unpaid(Tonnes(2'000));
  EXPECT_THAT(Volumes(calendar), ElementsAre(5'000, 5'500, 5'500, 5'500, 5'500, 5'000));
  EXPECT_EQ(calendar.totals().sold, Tonnes(3'000));
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(30'000));
}

// The stability rule changes a calendar mid-year; what was known before stays as it was.
TEST(Calendar, KeepsWhatWasAnnouncedBeforeAnAdjustment) {
  Calendar calendar = CalendarOf(*FindFormat("eu"), 6, 5'000);
  calendar.Held(Tonnes(5'000));
  const Date announced = Weeks(6)[1];
  const Tonnes over =
      calendar.Adjust(announced, "stability rule", Weeks(6)[2], Weeks(6)[4], Tonnes(4'000));
  EXPECT_EQ(over, Tonnes(0));
  EXPECT_THAT(Volumes(calendar), ElementsAre(5'000, 5'000, 3'000, 4'000, 4'000, 5'000));
  ASSERT_NE(calendar.AsOf(announced - 1), nullptr);
  EXPECT_EQ(calendar.AsOf(announced - 1)->auctions[3].slot.volume, Tonnes(5'000));
  EXPECT_EQ(calendar.AsOf(announced)->auctions[3].slot.volume, Tonnes(4'000));
  EXPECT_EQ(calendar.AsOf(announced)->why, "stability rule");
  EXPECT_EQ(calendar.AsOf(Weeks(6)[0] - 1), nullptr);
  EXPECT_EQ(calendar.totals().withdrawn, Tonnes(4'000));
  // And back: a release adds to the plan.
  EXPECT_EQ(calendar.Adjust(announced, "release", Weeks(6)[2], Weeks(6)[4], Tonnes(-1'700)),
            Tonnes(200));
  EXPECT_EQ(calendar.totals().proposed, Tonnes(31'500));
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(31'500));
}

TEST(Calendar, TakesANewPlanForWhatIsToCome) {
  Calendar calendar = CalendarOf(*FindFormat("eu"), 6, 5'000);
  calendar.Held(Tonnes(5'000));
  const Date announced = Weeks(6)[1];
  const auto plan = [](int week, std::int64_t volume) {
    return PlannedAuction{
        Weeks(6)[static_cast<std::size_t>(week)], {Tonnes(5'000), Tonnes(volume)}, false, {}};
  };
  calendar.Replace(announced, "stability rule", {plan(1, 5'000), plan(3, 2'000), plan(5, 1'000)});
  EXPECT_THAT(Volumes(calendar), ElementsAre(5'000, 5'000, 2'000, 1'000));
  EXPECT_TRUE(calendar.auctions()[0].held);
  EXPECT_EQ(calendar.AsOf(announced - 1)->auctions.size(), 6U) << "what was known before stays";
  EXPECT_EQ(calendar.totals().withdrawn, Tonnes(17'000));
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(30'000));
  calendar.Replace(announced, "release", {plan(1, 25'000)});
  EXPECT_EQ(calendar.totals().proposed, Tonnes(47'000));
  EXPECT_EQ(Accounted(calendar.totals()), Tonnes(47'000));
  calendar.Held(Tonnes(25'000));
  EXPECT_EQ(calendar.Next(), nullptr);
}

TEST(Calendar, SaysWhatAnAdjustmentCouldNotTake) {
  Calendar calendar = CalendarOf(*FindFormat("eu"), 3, 5'000);
  EXPECT_EQ(
      calendar.Adjust(Weeks(3)[0], "stability rule", Weeks(3)[0], Weeks(3)[2], Tonnes(20'000)),
      Tonnes(5'000));
  EXPECT_THAT(Volumes(calendar), ElementsAre(0, 0, 0));
}

TEST(Calendar, AccountsForEveryTonneOverRandomYearsOfEveryFormat) {
  for (const Profile& profile : Profiles()) {
    SCOPED_TRACE(profile.format.name);
    const std::int64_t lot = profile.format.lot.count();
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      Prng dice(seed);
      const auto below = [&dice](std::int64_t bound) {
        return static_cast<std::int64_t>(dice.Below(static_cast<std::uint64_t>(bound)));
      };
      Calendar calendar = CalendarOf(profile.format, 60, (1 + below(50)) * lot);
      while (const PlannedAuction* next = calendar.Next()) {
        const Date date = next->date;
        const std::int64_t lots = next->slot.volume.count() / lot;
        const std::int64_t sold = below(2) == 0 ? lots : below(lots + 1);
        const std::int64_t withheld = below(lots - sold + 1) * below(2);
        calendar.Held(Tonnes(sold * lot), Tonnes(withheld * lot), below(3) != 0);
        if (below(5) == 0) calendar.Unpaid(Tonnes(below(sold + 1) * lot));
        if (below(10) == 0) {
          const std::int64_t change = (below(41) - 20) * lot;
          static_cast<void>(
              calendar.Adjust(date, "stability rule", date, date + 90, Tonnes(change)));
        }
        for (const PlannedAuction& auction : calendar.auctions()) {
          ASSERT_GE(auction.slot.volume, Tonnes(0));
          ASSERT_EQ(auction.slot.volume.count() % lot, 0);
        }
        const CalendarTotals totals = calendar.totals();
        ASSERT_EQ(Accounted(totals), totals.proposed) << seed;
      }
      ASSERT_EQ(calendar.totals().pending, Tonnes(0));
    }
  }
}

}  // namespace
}  // namespace ets::auction
