#include "cbam/auction_report.h"

#include <gmock/gmock.h>

#include <string>

namespace ets::cbam {
namespace {

using enum Auctioneer;
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

Result<AuctionReport, std::vector<std::string>> Read(const std::string& text) {
  return ReadAuctionReport(SplitCsv(text).value());
}
// What is said of rows under a header.
std::vector<std::string> Wrong(const std::string& rows,
                               const std::string& header = "date,auctioneer,price,volume\n") {
  const auto report = Read(header + rows);
  return report.ok() ? std::vector<std::string>() : report.error();
}
constexpr const char* kWithStatus = "date,contract,status,price,volume,zone\n";

TEST(AuctionReport, ReadsTheExchangesOwnFile) {
  const auto report = Read(kReport);
  ASSERT_TRUE(report.ok()) << report.error().front();
  ASSERT_EQ(report->facts.size(), 2U);
  EXPECT_EQ(report->facts[0],
            (AuctionFact{Date::Of(2026, 1, 8), Price::FromMinorPerTonne(8547), Tonnes(2'712'500)}));
  EXPECT_EQ(report->facts[1],
            (AuctionFact{Date::Of(2026, 1, 9), Price::FromMinorPerTonne(8730), Tonnes(1'093'000)}));
  EXPECT_EQ(report->not_cleared, 1);
  EXPECT_EQ(report->of_other_contracts, 1);
  // The cancelled one took place.
  EXPECT_THAT(report->held, ElementsAre(AuctionDay{Date::Of(2026, 1, 7), kCommonPlatform},
                                        AuctionDay{Date::Of(2026, 1, 8), kCommonPlatform},
                                        AuctionDay{Date::Of(2026, 1, 9), kGermany}));
  EXPECT_THAT(report->lines, ElementsAre(10U, 8U, 7U));
}

TEST(AuctionReport, ReadsSemicolonsDecimalCommasAndAMark) {
  const auto report = Read(
      "\xEF\xBB\xBF"
      "date;auctioneer;price;volume\r\n2026-01-07;PL;86,27;1524500\r\n");
  ASSERT_TRUE(report.ok()) << report.error().front();
  EXPECT_EQ(report->facts.front().price, Price::FromMinorPerTonne(8627));
  EXPECT_THAT(report->lines, ElementsAre(2U));
}

TEST(AuctionReport, NamesEveryMistakeWithItsLineAndColumn) {
  const auto report = Read(
      "date,auctioneer,price,volume\n"
      "2026-01-07,PL,86.27,1524500\n"
      "2026-13-01,PL,86.27,1524500\n"
      "2026-01-08,PL,minus,0\n"
      "2026-01-09,PL,86.27\n"
      "2026-01-10,PL,86.27,500,7\n");
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(),
              ElementsAre(HasSubstr("line 3, column A (date)"),
                          AllOf(HasSubstr("line 4, column C (price)"), HasSubstr("\"minus\"")),
                          HasSubstr("line 4, column D (volume)"), HasSubstr("line 5: 4 fields"),
                          HasSubstr("line 6: 4 fields expected, not 5")));
}

TEST(AuctionReport, NamesDatesOutOfOrderBesideOtherMistakes) {
  const auto report = Read(
      "date,auctioneer,price,volume\n"
      "2026-01-07,PL,86.27,500\n2026-01-09,PL,86.27,500\n"
      "2026-01-08,PL,dear,500\n");
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(), ElementsAre(HasSubstr("line 4, column C (price)"),
                                          HasSubstr("line 4, column A (date): dates in order")));
}

TEST(AuctionReport, RefusesDatesThatGoBothWays) {
  const auto report = Read(
      "date,auctioneer,price,volume\n"
      "2026-01-07,PL,86.27,500\n2026-01-09,PL,86.27,500\n2026-01-08,PL,86.27,500\n");
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(), ElementsAre(HasSubstr("line 4, column A (date): dates in order")));
}

TEST(AuctionReport, NamesAnAuctioneerThatIsNotKnown) {
  EXPECT_THAT(Wrong("2026-01-07,XX,86.27,500\n2026-01-08,,86.27,500\n"),
              ElementsAre(AllOf(HasSubstr("line 2, column B (auctioneer)"),
                                HasSubstr("EU, DE, PL, XI) expected, not \"XX\"")),
                          HasSubstr("line 3, column B (auctioneer)")));
  EXPECT_THAT(
      Wrong("2026-01-07,Auction 4. Period CAP3 QQ,86.27,500\n", "date,auction name,price,volume\n"),
      ElementsAre(HasSubstr("line 2, column B (auction name)")));
}

TEST(AuctionReport, NamesAnAuctionThatIsThereTwice) {
  EXPECT_THAT(Wrong("2026-01-07,PL,86.27,500\n2026-01-07,EU,86.27,500\n2026-01-07,PL,86.27,500\n"),
              ElementsAre(AllOf(HasSubstr("line 4, column A (date): one auction of PL a day"),
                                HasSubstr("line 2 has one already"))));
}

TEST(AuctionReport, NamesAStatusThatIsNotKnown) {
  EXPECT_THAT(
      Wrong("2026-01-07,T3PA,sucessful,86.27,500,PL\n2026-01-08,T3PA,,86.27,500,EU\n", kWithStatus),
      ElementsAre(AllOf(HasSubstr("line 2, column C (status)"), HasSubstr("\"sucessful\"")),
                  HasSubstr("line 3, column C (status)")));
  EXPECT_THAT(Wrong("2026-01-07,T3PA,unsuccessful,,500,PL\n", kWithStatus), IsEmpty());
}

TEST(AuctionReport, NamesAContractThatCannotBeOne) {
  EXPECT_THAT(Wrong("2026-01-07,,successful,86.27,500,PL\n2026-01-08,T3,successful,86.27,500,EU\n",
                    kWithStatus),
              ElementsAre(HasSubstr("line 2, column B (contract)"),
                          HasSubstr("line 3, column B (contract)")));
}

TEST(AuctionReport, WantsAsManyFieldsAsTheHeaderHas) {
  EXPECT_THAT(Wrong("2026-01-07,T3PA,successful,86.27,500\n", kWithStatus),
              ElementsAre(HasSubstr("line 2: 6 fields expected, not 5")));
  // A workbook leaves out what is empty at the end of a row.
  const auto rows = SplitCsv("date,zone,price,volume,comment\n2026-01-07,PL,86.27,500\n").value();
  EXPECT_TRUE(ReadAuctionReport(rows, {.short_rows = true}).ok());
  EXPECT_FALSE(ReadAuctionReport(rows).ok());
}

// No sum over a file overflows: 2^53 - 1 cents are the most.
TEST(AuctionReport, NamesTheRowThatIsTooMuch) {
  EXPECT_THAT(Wrong("2026-01-05,EU,86.27,9007199254740500\n"
                    "2026-01-06,EU,99999999.99,9007199254740500\n"),
              ElementsAre(HasSubstr("line 2, column D (volume): price x volume"),
                          HasSubstr("line 3, column D (volume): price x volume")));
  EXPECT_THAT(Wrong("2026-01-05,EU,0.01,9007199254740000\n2026-01-06,EU,0.01,500\n"), IsEmpty());
  EXPECT_THAT(Wrong("2026-01-05,EU,0.01,9007199254740000\n2026-01-06,EU,0.01,1000\n"),
              ElementsAre(HasSubstr("up to 90071992547409.91 EUR expected, not \"1000\"")));
}

// Thousands with a point or a comma, as some write them, are not tonnes nor cents.
TEST(AuctionReport, RefusesVolumesAndPricesThatMayMeanThousands) {
  EXPECT_THAT(
      Wrong("2026-01-06;DE;86,00;1.000\n2026-01-07;PL;86,00;500.000\n",
            "date;auctioneer;price;volume\n"),
      ElementsAre(HasSubstr("line 2, column D (volume)"), HasSubstr("line 3, column D (volume)")));
  EXPECT_THAT(
      Wrong("2026-01-06;DE;1,230;500\n2026-01-07;PL;1.230,00;500\n",
            "date;auctioneer;price;volume\n"),
      ElementsAre(HasSubstr("line 2, column C (price)"), HasSubstr("line 3, column C (price)")));
  EXPECT_THAT(Wrong("46030,DE,86.000,500.0\n"), IsEmpty()) << "as spreadsheets write numbers";
}

TEST(AuctionReport, WantsWholeLots) {
  EXPECT_THAT(Wrong("2026-01-06,DE,86.00,501\n"),
              ElementsAre(HasSubstr("line 2, column D (volume)")));
}

TEST(AuctionReport, ReadsADateWithATimeAndNoOther) {
  EXPECT_THAT(Wrong("2026-01-07 11:00:42,PL,86.27,500\n46030.4583,EU,86.27,500\n"), IsEmpty());
  EXPECT_THAT(Wrong("2026-01-07 noon,PL,86.27,500\n46030.x,EU,86.27,500\n"),
              ElementsAre(HasSubstr("line 2, column A"), HasSubstr("line 3, column A")));
}

TEST(AuctionReport, AsksForAHeader) {
  const auto report = Read("2026-01-07,PL,86.27,500\n");
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error(), ElementsAre(HasSubstr("a header")));
}

TEST(SplitCsv, SaysWhereAQuoteOpensThatNeverEnds) {
  const auto rows = SplitCsv("a,b\n1,\"x\ny\"\n2,\"z\n3,w\n");
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.error(), HasSubstr("line 4: a quote"));
}

TEST(SplitCsv, KeepsQuotesSeparatorsAndEmptyLines) {
  EXPECT_THAT(SplitCsv("a,\"b, \"\"c\"\"\"\n\nd,").value(),
              ElementsAre(ElementsAre("a", "b, \"c\""), IsEmpty(), ElementsAre("d", "")));
}

}  // namespace
}  // namespace ets::cbam
