#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auction/bid_file.h"
#include "auction/statistics.h"
#include "base/result.h"

namespace ets::auction {

// One published auction, as an exchange's report has it.
struct ReportRow {
  int line = 0;
  std::string date, auction;
  Statistics figures;
};

// Reads a report with a header line that names the columns of EEX's report in short: date,
// price_eur, volume, revenue_eur and the statistics; see docs/auctions.md. Dates stand in order,
// the oldest or the newest first, each auction once. Mistakes are told as in ReadBids().
Result<std::vector<ReportRow>, std::vector<BidProblem>> ReadReport(std::string_view text);

// A sheet's cells as text; row 0 is line 1.
using ReportCells = std::vector<std::vector<std::string>>;

// Reads the exchange's own report as downloaded: some lines above the header, the columns by its
// headings ("Auction Price", "Total Amount of Bids" ...), others left alone, dates as serial
// numbers or written out, figures rounded half up to their decimals. Columns of mistakes count
// cells.
Result<std::vector<ReportRow>, std::vector<BidProblem>> ReadReport(const ReportCells& rows);

// Whether a csv has our short names rather than the exchange's headings.
bool IsShortReport(std::string_view text);

}  // namespace ets::auction
