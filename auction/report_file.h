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
// price_eur, volume, revenue_eur and the statistics; see docs/auctions.md. Mistakes are told as in
// ReadBids().
Result<std::vector<ReportRow>, std::vector<BidProblem>> ReadReport(std::string_view text);

}  // namespace ets::auction
