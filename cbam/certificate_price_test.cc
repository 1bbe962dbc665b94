#include "cbam/certificate_price.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/prng.h"
#include "cbam/auction_report.h"

namespace ets::cbam {
namespace {

using testing::HasSubstr;

Price Cents(std::int64_t cents) { return Price::FromMinorPerTonne(cents); }

AuctionFact Auction(Date date, std::int64_t cents, std::int64_t volume = 500) {
  return {.date = date, .price = Cents(cents), .volume = Tonnes(volume)};
}

CertificatePrices Of(const std::vector<AuctionFact>& facts) {
  CertificatePrices prices;
  for (const AuctionFact& fact : facts) prices.Add(fact);
  return prices;
}

// The 54 auctions of the first quarter of 2026, as they ship.
std::vector<AuctionFact> FirstQuarterOf2026() {
  std::ifstream file("scenarios/data/eu_auctions_2026q1.csv");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto facts = ParseAuctionCsv(text);
  EXPECT_TRUE(facts.ok()) << (facts.ok() ? "" : facts.error());
  return facts.ok() ? *facts : std::vector<AuctionFact>{};
}

// C1: the Commission's published price.
TEST(CertificatePrices, C1_GiveThePublishedPriceOfTheFirstQuarterOf2026) {
  const std::vector<AuctionFact> facts = FirstQuarterOf2026();
  ASSERT_EQ(facts.size(), 54U);
  Tonnes volume;
  for (const AuctionFact& fact : facts) volume += fact.volume;
  EXPECT_EQ(volume, Tonnes(119'928'500));
  EXPECT_EQ(Of(facts).Quarter(2026, 1), Cents(7536));
}

TEST(CertificatePrices, AreWeightedByVolumeBeforeTheyAreRounded) {
  Money value;
  Tonnes volume;
  for (const AuctionFact& fact : FirstQuarterOf2026()) {
    value += fact.price * fact.volume;
    volume += fact.volume;
  }
  const double raw = static_cast<double>(value.minor()) / static_cast<double>(volume.count()) / 100;
  EXPECT_NEAR(raw, 75.36408, 5e-6);
}

TEST(CertificatePrices, GiveTheWeeksOfEarly2026) {
  const CertificatePrices prices = Of(FirstQuarterOf2026());
  EXPECT_EQ(prices.Week(Date::Of(2026, 1, 5)), Cents(8601));   // W02
  EXPECT_EQ(prices.Week(Date::Of(2026, 1, 18)), Cents(8954));  // W03, asked on its Sunday
  EXPECT_EQ(prices.Week(Date::Of(2026, 1, 21)), Cents(8592));  // W04
  EXPECT_EQ(prices.Week(Date::Of(2026, 1, 30)), Cents(8458));  // W05
}

TEST(CertificatePrices, RoundHalfACentUpOnce) {
  const Date day = Date::Of(2027, 3, 1);
  EXPECT_EQ(Of({Auction(day, 7000), Auction(day, 7001)}).Average(day, day), Cents(7001));
  EXPECT_EQ(Of({Auction(day, 7000, 1'000), Auction(day, 7001)}).Average(day, day), Cents(7000));
}

TEST(CertificatePrices, CountBothEndsOfAPeriodAndNothingOutside) {
  const Date first = Date::Of(2027, 3, 1);
  const CertificatePrices prices = Of({Auction(first - 1, 1), Auction(first, 7000),
                                       Auction(first + 6, 8000), Auction(first + 7, 1)});
  EXPECT_EQ(prices.Average(first, first + 6), Cents(7500));
  EXPECT_EQ(prices.Week(first), Cents(7500));
  EXPECT_FALSE(prices.Average(first + 1, first + 5).has_value());
}

// C7: 2025 W51 had one auction, on 15 December; W52 and 2026 W01 had none.
TEST(CertificatePrices, C7_CarryTheLastWeekWithAnAuctionOverWeeksWithout) {
  const CertificatePrices prices =
      Of({Auction(Date::Of(2025, 12, 11), 8300), Auction(Date::Of(2025, 12, 15), 8460),
          Auction(Date::Of(2026, 1, 7), 8627)});
  EXPECT_EQ(prices.Week(Date::Of(2025, 12, 22)), Cents(8460));
  EXPECT_EQ(prices.Week(Date::Of(2026, 1, 4)), Cents(8460));
  EXPECT_EQ(prices.Week(Date::Of(2026, 1, 5)), Cents(8627));
  EXPECT_FALSE(prices.Week(Date::Of(2025, 12, 7)).has_value());
}

// Auctions of a week price the days from Tuesday of the next to Monday of the one after.
TEST(CertificatePrices, ApplyFromTuesdayOfTheNextWeekToMondayOfTheWeekAfter) {
  const Date monday = Date::Of(2027, 2, 1);
  const CertificatePrices prices =
      Of({Auction(monday + 1, 7000), Auction(monday + 8, 7100), Auction(monday + 15, 7200)});
  EXPECT_FALSE(prices.Applicable(monday + 7).has_value())
      << "published that Monday, not yet in use";
  EXPECT_EQ(prices.Applicable(monday + 8), Cents(7000));
  EXPECT_EQ(prices.Applicable(monday + 13), Cents(7000)) << "a Sunday";
  EXPECT_EQ(prices.Applicable(monday + 14), Cents(7000)) << "the Monday after";
  EXPECT_EQ(prices.Applicable(monday + 15), Cents(7100));
}

// Easter Monday 2027 is 29 March: published on Tuesday, applied from Wednesday.
TEST(CertificatePrices, ApplyADayLaterAfterEasterMonday) {
  const Date easter_monday = Date::Of(2027, 3, 29);
  const CertificatePrices prices =
      Of({Auction(easter_monday - 14, 7000), Auction(easter_monday - 7, 7100)});
  EXPECT_EQ(prices.Applicable(easter_monday), Cents(7000));
  EXPECT_EQ(prices.Applicable(easter_monday + 1), Cents(7000));
  EXPECT_EQ(prices.Applicable(easter_monday + 2), Cents(7100));
}

TEST(CertificatePrices, ApplyByPublishedQuarterIn2026) {
  const CertificatePrices prices = Of(FirstQuarterOf2026());
  EXPECT_FALSE(prices.Applicable(Date::Of(2026, 3, 31)).has_value());
  EXPECT_FALSE(prices.Applicable(Date::Of(2026, 4, 6)).has_value()) << "Easter Monday";
  EXPECT_EQ(prices.Applicable(Date::Of(2026, 4, 7)), Cents(7536));
  EXPECT_EQ(prices.Applicable(Date::Of(2026, 7, 5)), Cents(7536));
  EXPECT_FALSE(prices.Applicable(Date::Of(2026, 7, 6)).has_value()) << "no auctions in this file";
}

TEST(CertificatePrices, ApplyTheCarriedWeekAtTheStartOf2027) {
  const CertificatePrices prices = Of({Auction(Date::Of(2026, 12, 15), 8000)});
  EXPECT_EQ(prices.Applicable(Date::Of(2027, 1, 1)), Cents(8000));
  EXPECT_EQ(prices.Applicable(Date::Of(2027, 1, 20)), Cents(8000));
}

// No later auction may reach a price that was already in use.
TEST(CertificatePrices, NeverChangeForADayWhenLaterAuctionsAreAdded) {
  const Date first = Date::Of(2026, 1, 1);
  const Date last = Date::Of(2028, 12, 31);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Prng prng = Prng::Stream(seed, "auctions", 0);
    CertificatePrices known;
    std::vector<std::optional<Price>> in_use;
    for (Date day = first; day <= last; day = day + 1) {
      // Half the days, so that whole weeks without an auction come up too.
      const bool quiet = (day.days() / 20) % 3 == 0;
      if (!quiet && prng.Chance(0.5)) {
        known.Add(Auction(day, 5000 + static_cast<std::int64_t>(prng.Below(5000)),
                          500 * (1 + static_cast<std::int64_t>(prng.Below(5000)))));
      }
      in_use.push_back(known.Applicable(day));
    }
    for (Date day = first; day <= last; day = day + 1) {
      EXPECT_EQ(known.Applicable(day), in_use[static_cast<std::size_t>(day - first)])
          << ToString(day) << ", seed " << seed;
    }
  }
}

// The Commission is closed in the last week of 2027: two prices come out on 3 January, and the
// older never applies.
TEST(CertificatePrices, OfAClosedWeekAreOvertaken) {
  CertificatePrices prices;
  for (int week = 0; week < 5; ++week) {
    prices.Add({Date::Of(2027, 12, 6) + 7 * week, Price::FromMinorPerTonne(7'000 + 100 * week),
                Tonnes(1'000)});
  }
  EXPECT_EQ(CalendarOfWeek(Date::Of(2027, 12, 20)).published, Date::Of(2028, 1, 3));
  EXPECT_EQ(prices.Applicable(Date::Of(2027, 12, 21)), Price::FromMinorPerTonne(7'100));
  EXPECT_EQ(prices.Applicable(Date::Of(2028, 1, 3)), Price::FromMinorPerTonne(7'100));
  EXPECT_EQ(prices.Applicable(Date::Of(2028, 1, 4)), Price::FromMinorPerTonne(7'300));
}

TEST(EuropeanWorkingDays, LeaveOutWeekendsAndTheCommissionsHolidays) {
  EXPECT_TRUE(IsEuropeanWorkingDay(Date::Of(2026, 4, 7)));
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2026, 4, 3))) << "Good Friday";
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2026, 4, 6))) << "Easter Monday";
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2026, 4, 11))) << "a Saturday";
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2026, 1, 1)));
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2026, 5, 1)));
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2026, 12, 25)));
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2028, 12, 26)));
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2027, 5, 6))) << "Ascension";
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2027, 5, 17))) << "Whit Monday";
  EXPECT_FALSE(IsEuropeanWorkingDay(Date::Of(2027, 11, 1)));
  EXPECT_TRUE(IsEuropeanWorkingDay(Date::Of(2027, 7, 20)));
}

TEST(AuctionCsv, SaysWhatIsWrongAndInWhichLine) {
  const std::string header = "date,auctioneer,price,volume\n";
  const auto complaint = [](const std::string& text) {
    const auto facts = ParseAuctionCsv(text);
    return facts.ok() ? std::string("accepted") : facts.error();
  };
  EXPECT_THAT(complaint(""), HasSubstr("line 1: the header"));
  EXPECT_THAT(complaint("date;price\n"), HasSubstr("line 1: the header"));
  EXPECT_THAT(complaint(header + "2026-01-07,PL,86.27\n"), HasSubstr("line 2: 4 fields"));
  EXPECT_THAT(complaint(header + "2026-01-07,PL,86.27,500,7\n"), HasSubstr("line 2: 4 fields"));
  EXPECT_THAT(complaint(header + "2026-02-30,PL,86.27,500\n"), HasSubstr("\"2026-02-30\""));
  EXPECT_THAT(complaint(header + "2026-01-07,,86.27,500\n"), HasSubstr("an auctioneer"));
  EXPECT_THAT(complaint(header + "2026-01-07,PL,86.271,500\n"), HasSubstr("two decimals"));
  EXPECT_THAT(complaint(header + "2026-01-07,PL,86.27,5e2\n"), HasSubstr("whole tonnes"));
  EXPECT_THAT(complaint(header + "2026-01-07,PL,86.27,0\n"), HasSubstr("whole tonnes"));
  EXPECT_THAT(complaint(header + "2026-01-08,PL,86.27,500\n2026-01-07,EU,86.27,500\n"),
              HasSubstr("dates in order"));
}

TEST(AuctionCsv, ReadsEveryRowWhateverTheLineEnds) {
  const auto facts = ParseAuctionCsv(
      "date,auctioneer,price,volume\r\n2026-01-07,PL,86.27,1524500\r\n2026-01-07,EU,85.47,500");
  ASSERT_TRUE(facts.ok());
  ASSERT_EQ(facts->size(), 2U);
  EXPECT_EQ(facts->front().price, Cents(8627));
  EXPECT_EQ(facts->back().volume, Tonnes(500));
}

}  // namespace
}  // namespace ets::cbam
