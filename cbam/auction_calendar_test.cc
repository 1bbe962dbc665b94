#include "cbam/auction_calendar.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace ets::cbam {
namespace {

using enum Auctioneer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<AuctionDay> Expected(Date first, Date last) { return MissingAuctions({}, first, last); }

std::ptrdiff_t CountOf(const std::vector<AuctionDay>& days, Auctioneer auctioneer) {
  return std::ranges::count(days, auctioneer, &AuctionDay::auctioneer);
}

TEST(AuctionCalendar, ExpectsEveryAuctionOfAWeek) {
  EXPECT_THAT(Expected(Date::Of(2026, 1, 12), Date::Of(2026, 1, 25)),
              ElementsAre(AuctionDay{Date::Of(2026, 1, 12), kCommonPlatform},
                          AuctionDay{Date::Of(2026, 1, 13), kCommonPlatform},
                          AuctionDay{Date::Of(2026, 1, 14), kPoland},
                          AuctionDay{Date::Of(2026, 1, 15), kCommonPlatform},
                          AuctionDay{Date::Of(2026, 1, 16), kGermany},
                          AuctionDay{Date::Of(2026, 1, 19), kCommonPlatform},
                          AuctionDay{Date::Of(2026, 1, 20), kCommonPlatform},
                          AuctionDay{Date::Of(2026, 1, 22), kCommonPlatform},
                          AuctionDay{Date::Of(2026, 1, 23), kGermany}));
}

// 2025 had 142 auctions of the common platform, 45 of Germany, 25 of Poland; to 6 August 2026 there
// were 88, 27 and 16. A few of them fell on days that may be free.
TEST(AuctionCalendar, ExpectsAsManyAsThereWereIn2025And2026) {
  const auto in_2025 = Expected(Date::Of(2025, 1, 1), Date::Of(2025, 12, 31));
  EXPECT_EQ(CountOf(in_2025, kCommonPlatform), 142 - 1);
  EXPECT_EQ(CountOf(in_2025, kGermany), 45 - 2);
  EXPECT_EQ(CountOf(in_2025, kPoland), 25);
  const auto in_2026 = Expected(Date::Of(2026, 1, 1), Date::Of(2026, 8, 6));
  EXPECT_EQ(CountOf(in_2026, kCommonPlatform), 88 - 1);
  EXPECT_EQ(CountOf(in_2026, kGermany), 27);
  EXPECT_EQ(CountOf(in_2026, kPoland), 16);
}

TEST(AuctionCalendar, ExpectsNoneAroundTheTurnOfTheYearNorOnHolidays) {
  EXPECT_THAT(Expected(Date::Of(2025, 12, 16), Date::Of(2026, 1, 6)), IsEmpty());
  EXPECT_THAT(Expected(Date::Of(2026, 4, 2), Date::Of(2026, 4, 6)), IsEmpty()) << "Easter";
  EXPECT_THAT(Expected(Date::Of(2026, 5, 1), Date::Of(2026, 5, 1)), IsEmpty());
}

// Which Wednesdays are Poland's, its other auctions tell.
TEST(AuctionCalendar, FindsThePolishAuctionThatIsMissingWhicheverWeeksTheyAre) {
  const Date first = Date::Of(2026, 1, 7);
  for (const std::int32_t shift : {0, 7}) {
    std::vector<AuctionDay> held;
    for (int i = 0; i < 8; ++i) held.push_back({first + shift + 14 * i, kPoland});
    const auto in_poland = [&] {
      auto missing = MissingAuctions(held, first, held.back().date + 6);
      std::erase_if(missing, [](const AuctionDay& day) { return day.auctioneer != kPoland; });
      return missing;
    };
    EXPECT_THAT(in_poland(), IsEmpty());
    const AuctionDay gone = held[3];
    held.erase(held.begin() + 3);
    EXPECT_THAT(in_poland(), ElementsAre(gone));
  }
}

TEST(AuctionCalendar, CountsAnAuctionOnAnotherDayOfItsWeek) {
  const Date monday = Date::Of(2026, 1, 12);
  std::vector<AuctionDay> held = {{monday, kCommonPlatform},
                                  {monday + 2, kCommonPlatform},
                                  {monday + 2, kPoland},
                                  {monday + 3, kCommonPlatform},
                                  {monday + 3, kGermany}};
  EXPECT_THAT(MissingAuctions(held, monday, monday + 6), IsEmpty());
  held.erase(held.begin() + 1);
  EXPECT_THAT(MissingAuctions(held, monday, monday + 6),
              ElementsAre(AuctionDay{monday + 1, kCommonPlatform}));
}

// An auction on a day that may be free does not stand for another.
TEST(AuctionCalendar, MissesATuesdayBesideAnAuctionOnMaundyThursday) {
  const Date monday = Date::Of(2026, 3, 30);
  const std::vector<AuctionDay> held = {
      {monday, kCommonPlatform}, {monday + 2, kPoland}, {monday + 3, kCommonPlatform}};
  EXPECT_THAT(MissingAuctions(held, monday, monday + 6),
              ElementsAre(AuctionDay{monday + 1, kCommonPlatform}));
}

TEST(Auctioneers, HaveTheirLetters) {
  EXPECT_EQ(FindAuctioneer("EU"), kCommonPlatform);
  EXPECT_EQ(FindAuctioneer("de"), kGermany);
  EXPECT_EQ(FindAuctioneer("XI"), FindAuctioneer("NIR"));
  for (const char* unknown : {"", "E", "EUR", "FR", "EU "}) {
    EXPECT_FALSE(FindAuctioneer(unknown).has_value()) << unknown;
  }
  EXPECT_EQ(ToString(kNorthernIreland), "XI");
}

}  // namespace
}  // namespace ets::cbam
