// Reports of auctions: our short csv, and the exchange's own sheet.
#include "auction/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ets::auction {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kShortHeader =
    "date,auction_name,status,price_eur,min_bid,max_bid,mean_bid,median_bid,volume,"
    "total_bid_volume,n_bids,n_successful_bids,avg_bids_per_bidder,avg_bid_size,"
    "avg_vol_bid_per_bidder,sd_vol_bid_per_bidder,avg_vol_won_per_bidder,sd_vol_won_per_bidder,"
    "cover_ratio,n_bidders,n_successful_bidders,revenue_eur\n";
// EEX, 7 January 2026, Poland.
std::string ShortRow(const std::string& date, const std::string& name,
                     const std::string& status = "successful") {
  return date + "," + name + "," + status +
         ",86.27,82.00,95.00,86.26,86.07,1524500,3245500,92,23,3.29,35277,115911,137959,95281,"
         "107702,2.13,28,16,131518615\n";
}

// As downloaded: lines above the header, figures unrounded, Member States behind them.
ReportCells ExchangeSheet() {
  return {{"Emission Spot Primary Market Auction Report"},
          {},
          {},
          {"", "Prices", "Volumes"},
          {"Date",
           "Time",
           "Auction Name",
           "Contract",
           "Status",
           "Auction Price €/tCO2",
           "Minimum Bid €/tCO2",
           "Maximum Bid €/tCO2",
           "Mean €/tCO2",
           "Median €/tCO2",
           "Auction Volume tCO2",
           "Total Amount of Bids",
           "Number of bids submitted",
           "Number of successful bids",
           "Average number of bids per bidder",
           "Average bid size",
           "Average volume bid per bidder",
           "Standard deviation of bid volume per bidder",
           "Average volume won per bidder",
           "Standard deviation of volume won per bidder",
           "Cover Ratio",
           "Total Number of Bidders",
           "Number of Successful Bidders",
           "Total Revenue €",
           "Zone",
           "Austria\n(AT)"},
          {"46029",
           "0.458819",
           "Auction 4. Period CAP3 PL",
           "T3PA",
           "successful",
           "86.269999999999996",
           "82",
           "95",
           "86.26",
           "86.07",
           "1524500",
           "3245500",
           "92",
           "23",
           "3.2857142857142856",
           "35277.173913043478",
           "115910.71428571429",
           "137958.6",
           "95281.25",
           "107701.9",
           "2.1288947195801903",
           "28",
           "16",
           "1.31518615E8",
           "PL",
           ""},
          {""}};
}

TEST(ReadReport, ReadsTheExchangesOwnSheetAsOurShortOne) {
  const auto sheet = ReadReport(ExchangeSheet());
  ASSERT_TRUE(sheet.ok()) << sheet.error()[0].what;
  const auto text =
      ReadReport(std::string(kShortHeader) + ShortRow("2026-01-07", "Auction 4. Period CAP3 PL"));
  ASSERT_TRUE(text.ok()) << text.error()[0].what;
  ASSERT_THAT(*sheet, SizeIs(1));
  EXPECT_EQ(sheet->front().figures, text->front().figures);
  EXPECT_EQ(sheet->front().date, "2026-01-07");
  EXPECT_EQ(sheet->front().line, 6);
  EXPECT_THAT(BrokenIdentities(sheet->front().figures, Tonnes(500)), IsEmpty());
}

TEST(ReadReport, TakesShortNamesInASheetAsWell) {
  ReportCells cells = ExchangeSheet();
  cells[4][12] = "n_bids";
  cells[4][20] = "cover_ratio";
  ASSERT_TRUE(ReadReport(cells).ok());
  EXPECT_EQ(ReadReport(cells)->front().figures, ReadReport(ExchangeSheet())->front().figures);
}

TEST(ReadReport, NamesWhatASheetLacks) {
  ReportCells cells = ExchangeSheet();
  cells[4][20] = "Ratio";
  cells[5][5] = "n/a";
  auto read = ReadReport(cells);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error()[0].line, 5);
  EXPECT_THAT(read.error()[0].what, HasSubstr("no column 'cover ratio'"));
  cells[4][20] = "Cover Ratio";
  read = ReadReport(cells);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error()[0].line, 6);
  EXPECT_EQ(read.error()[0].column, 6);
  EXPECT_THAT(ReadReport(ReportCells{{"PK"}}).error()[0].what, HasSubstr("no header within 30"));
}

TEST(ReadReport, NamesUnknownStatusesRepeatedAuctionsAndDatesOutOfOrder) {
  const auto read = ReadReport(std::string(kShortHeader) + ShortRow("2026-01-07", "PL") +
                               ShortRow("2026-01-08", "EU", "sucessful") +
                               ShortRow("2026-01-08", "EU") + ShortRow("2026-01-07", "PL2"));
  ASSERT_FALSE(read.ok());
  ASSERT_THAT(read.error(), SizeIs(3));
  EXPECT_EQ(read.error()[0].line, 3);
  EXPECT_THAT(read.error()[0].what, HasSubstr("status: 'sucessful'; allowed: successful"));
  EXPECT_THAT(read.error()[1].what, HasSubstr("the auction of line 3 again"));
  EXPECT_EQ(read.error()[2].line, 5);
  EXPECT_THAT(read.error()[2].what, HasSubstr("dates in order"));
  EXPECT_TRUE(ReadReport(std::string(kShortHeader) + ShortRow("2026-01-08", "EU") +
                         ShortRow("2026-01-07", "PL") + ShortRow("2026-01-07", "DE"))
                  .ok());
}

}  // namespace
}  // namespace ets::auction
