#include "cbam/auction_report.h"

#include <gmock/gmock.h>

#include <string>

namespace ets::cbam {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As the exchange's file: lines above the header, serial dates, the newest first, other contracts.
constexpr const char* kReport =
    "Primary market auction,,,,,,\n"
    ",,,,,,\n"
    "Results,,,,,,\n"
    ",,,,,,\n"
    ",,,,,,\n"
    "Date,Time,Auction Name,Contract,Status,Auction Price EUR/tCO2,Auction Volume tCO2,Country\n"
    "46031,11:00,\"CAP3, DE\",T3PA,successful,87.3,1093000,DE\n"
    "46030.0,11:00,CAP3 EU,T3PA,successful,85.470,2712500,EU\n"
    "46030,11:00,CAP3 EUAA,T3AA,successful,80.00,1000,EU\n"
    "46029,11:00,CAP3 EU,T3PA,cancelled,,2712500,EU\n";

TEST(AuctionReport, ReadsTheExchangesOwnFile) {
  const auto report = ReadAuctionReport(SplitCsv(kReport));
  ASSERT_TRUE(report.ok()) << report.error().front();
  ASSERT_EQ(report->facts.size(), 2U);
  EXPECT_EQ(report->facts[0],
            (AuctionFact{Date::Of(2026, 1, 8), Price::FromMinorPerTonne(8547), Tonnes(2'712'500)}));
  EXPECT_EQ(report->facts[1],
            (AuctionFact{Date::Of(2026, 1, 9), Price::FromMinorPerTonne(8730), Tonnes(1'093'000)}));
  EXPECT_EQ(report->not_cleared, 1);
  EXPECT_EQ(report->of_other_contracts, 1);
  EXPECT_EQ(report->earliest, Date::Of(2026, 1, 7));
}

TEST(AuctionReport, ReadsSemicolonsDecimalCommasAndAMark) {
  const auto report = ReadAuctionReport(
      SplitCsv("\xEF\xBB\xBF"
               "date;auctioneer;price;volume\r\n2026-01-07;PL;86,27;1524500\r\n"));
  ASSERT_TRUE(report.ok()) << report.error().front();
  EXPECT_EQ(report->facts.front().price, Price::FromMinorPerTonne(8627));
  EXPECT_THAT(report->lines, ElementsAre(2U));
}

TEST(AuctionReport, NamesEveryMistakeWithItsLineAndColumn) {
  const auto report =
      ReadAuctionReport(SplitCsv("date,auctioneer,price,volume\n"
                                 "2026-01-07,PL,86.27,1524500\n"
                                 "2026-13-01,PL,86.27,1524500\n"
                                 "2026-01-08,PL,minus,0\n"
                                 "2026-01-09,PL,86.27\n"
                                 "2026-01-10,PL,86.27,500,7\n"));
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(),
              ElementsAre(HasSubstr("line 3, column A (date)"),
                          AllOf(HasSubstr("line 4, column C (price)"), HasSubstr("\"minus\"")),
                          HasSubstr("line 4, column D (volume)"), HasSubstr("line 5: 4 fields"),
                          HasSubstr("line 6: 4 fields expected, not 5")));
}

TEST(AuctionReport, NamesDatesOutOfOrderBesideOtherMistakes) {
  const auto report =
      ReadAuctionReport(SplitCsv("date,auctioneer,price,volume\n"
                                 "2026-01-07,PL,86.27,500\n2026-01-09,PL,86.27,500\n"
                                 "2026-01-08,PL,dear,500\n"));
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(), ElementsAre(HasSubstr("line 4, column C (price)"),
                                          HasSubstr("line 4, column A (date): dates in order")));
}

TEST(AuctionReport, RefusesDatesThatGoBothWays) {
  const auto report = ReadAuctionReport(
      SplitCsv("date,auctioneer,price,volume\n"
               "2026-01-07,PL,86.27,500\n2026-01-09,PL,86.27,500\n2026-01-08,PL,86.27,500\n"));
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(), ElementsAre(HasSubstr("line 4, column A (date): dates in order")));
}

TEST(AuctionReport, AsksForAHeader) {
  const auto report = ReadAuctionReport(SplitCsv("2026-01-07,PL,86.27,500\n"));
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(), ElementsAre(HasSubstr("a header")));
}

TEST(SplitCsv, KeepsQuotesSeparatorsAndEmptyLines) {
  EXPECT_THAT(SplitCsv("a,\"b, \"\"c\"\"\"\n\nd,"),
              ElementsAre(ElementsAre("a", "b, \"c\""), IsEmpty(), ElementsAre("d", "")));
}

}  // namespace
}  // namespace ets::cbam
