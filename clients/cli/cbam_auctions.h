#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cbam/report_prices.h"

namespace ets::cli {

// Reads a file of auctions: the exchange's report (xlsx or CSV as downloaded) or our own CSV. On
// failure: every mistake, a line each, with the file's name.
Result<cbam::AuctionReport, std::string> ReadAuctionFile(const std::string& path);

// Says which auctions a period lacks, behind which line of the file each should stand, and what is
// allowed. REQUIRES: some are missing.
std::string WhatIsMissing(const std::string& path, const std::string& period,
                          const cbam::ReportPrices& prices,
                          const std::vector<cbam::AuctionDay>& missing);

}  // namespace ets::cli
