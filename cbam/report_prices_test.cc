#include "cbam/report_prices.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace ets::cbam {
namespace {

using enum Auctioneer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr YearQuarter kFirstQuarter = {2026, 1};

// The 54 auctions of the first quarter of 2026, as they ship, behind their header.
TextRows FirstQuarterRows() {
  std::ifstream file("scenarios/data/eu_auctions_2026q1.csv");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return SplitCsv(text).value();
}
ReportPrices Of(const TextRows& rows) {
  const auto report = ReadAuctionReport(rows);
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().front());
  return report.ok() ? ReportPrices(*report) : ReportPrices();
}
// A report of every auction that the calendar expects, all at one price.
AuctionReport Whole(Date first, Date last) {
  AuctionReport report;
  report.held = MissingAuctions({}, first, last);
  for (const AuctionDay& day : report.held) {
    report.facts.push_back({day.date, Price::FromMinorPerTonne(7'000), Tonnes(500)});
    report.lines.push_back(report.lines.size() + 2);
  }
  return report;
}

// C1.
TEST(ReportPrices, C1_GiveThePublishedPriceOfTheWholeQuarter) {
  const auto price = Of(FirstQuarterRows()).Quarter(kFirstQuarter);
  ASSERT_TRUE(price.has_value());
  EXPECT_EQ(price->period.price, Price::FromMinorPerTonne(7536));
  EXPECT_THAT(price->missing, IsEmpty());
}

TEST(ReportPrices, NameWhicheverAuctionOfTheQuarterIsLeftOut) {
  const TextRows whole = FirstQuarterRows();
  ASSERT_THAT(whole, SizeIs(55));
  for (std::size_t i = 1; i < whole.size(); ++i) {
    TextRows rows = whole;
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
    const auto price = Of(rows).Quarter(kFirstQuarter);
    ASSERT_TRUE(price.has_value());
    EXPECT_THAT(price->missing,
                ElementsAre(AuctionDay{*Date::Parse(whole[i][0]), *FindAuctioneer(whole[i][1])}));
  }
}

TEST(ReportPrices, NameWhatComesAfterTheFilesEnd) {
  TextRows rows = FirstQuarterRows();
  std::erase_if(rows, [](const auto& row) { return row[0] != "date" && row[0] > "2026-03-25"; });
  const ReportPrices prices = Of(rows);
  const auto price = prices.Quarter(kFirstQuarter);
  EXPECT_EQ(Listed(price->missing), "EU 2026-03-26, DE 2026-03-27, EU 2026-03-30, EU 2026-03-31");
  for (const AuctionDay& day : price->missing) EXPECT_EQ(prices.LineBefore(day.date), rows.size());
}

TEST(ReportPrices, LackAnAuctioneerThatIsNotInTheFile) {
  TextRows rows = FirstQuarterRows();
  std::erase_if(rows, [](const auto& row) { return row[1] == "DE"; });
  EXPECT_THAT(Of(rows).Quarter(kFirstQuarter)->missing, SizeIs(12));
}

TEST(ReportPrices, CountACancelledAuctionAsHeld) {
  TextRows rows = FirstQuarterRows();
  for (auto& row : rows) row.push_back(row[0] == "date" ? "status" : "successful");
  rows[5][2].clear();
  rows[5][4] = "cancelled";
  const auto price = Of(rows).Quarter(kFirstQuarter);
  EXPECT_EQ(price->period.auctions, 53);
  EXPECT_THAT(price->missing, IsEmpty());
}

TEST(ReportPrices, PointAtTheLineOfANewestFirstFileToo) {
  TextRows rows = FirstQuarterRows();
  rows.erase(rows.begin() + 10);  // Line 11: 20 January.
  std::reverse(rows.begin() + 1, rows.end());
  const ReportPrices prices = Of(rows);
  const auto missing = prices.Quarter(kFirstQuarter)->missing;
  ASSERT_THAT(missing, SizeIs(1));
  const std::size_t line = prices.LineBefore(missing[0].date);
  EXPECT_GT(rows[line - 1][0], ToString(missing[0].date));
  EXPECT_LT(rows[line][0], ToString(missing[0].date));
  EXPECT_EQ(prices.LineBefore(Date::Of(2026, 4, 1)), 1U) << "behind the header";
}

TEST(ReportPrices, OfAWeekNeedItsOwnAuctions) {
  const ReportPrices prices(Whole(Date::Of(2027, 1, 11), Date::Of(2027, 2, 5)));
  EXPECT_THAT(prices.Week(Date::Of(2027, 2, 1))->missing, IsEmpty());
  AuctionReport cut = prices.report();
  cut.facts.pop_back();
  cut.held.pop_back();
  EXPECT_THAT(ReportPrices(cut).Week(Date::Of(2027, 2, 1))->missing,
              ElementsAre(AuctionDay{Date::Of(2027, 2, 5), kGermany}));
}

// C7: 2025 W51 had one auction, W52 and 2026 W01 none: 84.60 is carried, and nothing is missing.
TEST(ReportPrices, C7_CarryAWeekOverWeeksWithoutAuctionsOnly) {
  AuctionReport report = Whole(Date::Of(2025, 12, 1), Date::Of(2025, 12, 31));
  ASSERT_EQ(report.held.back().date, Date::Of(2025, 12, 15));
  report.facts.back().price = Price::FromMinorPerTonne(8'460);
  const ReportPrices prices(report);
  for (const Date week : {Date::Of(2025, 12, 15), Date::Of(2025, 12, 22), Date::Of(2026, 1, 1)}) {
    const auto price = prices.Week(week);
    EXPECT_EQ(price->period.price, Price::FromMinorPerTonne(8'460));
    EXPECT_THAT(price->missing, IsEmpty());
  }
  const auto later = prices.Week(Date::Of(2026, 1, 12));
  EXPECT_TRUE(later->period.carried);
  EXPECT_THAT(later->missing, ElementsAre(AuctionDay{Date::Of(2026, 1, 7), kPoland},
                                          AuctionDay{Date::Of(2026, 1, 8), kCommonPlatform},
                                          AuctionDay{Date::Of(2026, 1, 9), kGermany},
                                          AuctionDay{Date::Of(2026, 1, 12), kCommonPlatform},
                                          AuctionDay{Date::Of(2026, 1, 13), kCommonPlatform},
                                          AuctionDay{Date::Of(2026, 1, 15), kCommonPlatform},
                                          AuctionDay{Date::Of(2026, 1, 16), kGermany}));
}

// With the amendment the week's price is made of an earlier one too.
TEST(ReportPrices, OfACombinedWeekNeedTheEarlierWeeksAuctionsToo) {
  AuctionReport report = Whole(Date::Of(2025, 12, 1), Date::Of(2025, 12, 31));
  EXPECT_THAT(ReportPrices(report, true).Week(Date::Of(2025, 12, 15))->missing, IsEmpty());
  report.facts.erase(report.facts.end() - 2);
  report.held.erase(report.held.end() - 2);
  EXPECT_THAT(ReportPrices(report, true).Week(Date::Of(2025, 12, 15))->missing,
              ElementsAre(AuctionDay{Date::Of(2025, 12, 12), kGermany}));
  EXPECT_THAT(ReportPrices(report, false).Week(Date::Of(2025, 12, 15))->missing, IsEmpty());
}

TEST(ReportPrices, OfNoAuctionsAreNone) {
  EXPECT_FALSE(ReportPrices().Quarter(kFirstQuarter).has_value());
  EXPECT_FALSE(ReportPrices().Week(Date::Of(2027, 2, 1)).has_value());
}

TEST(ListedAuctions, EndAfterTheTwelfth) {
  const std::vector<AuctionDay> many(15, AuctionDay{Date::Of(2026, 1, 5), kCommonPlatform});
  EXPECT_THAT(Listed(many), ::testing::EndsWith("EU 2026-01-05 and 3 more"));
}

}  // namespace
}  // namespace ets::cbam
