#pragma once

#include <string>

#include "base/result.h"
#include "cbam/auction_report.h"

namespace ets::cli {

// Reads a file of auctions: the exchange's report (xlsx or CSV as downloaded) or our own CSV. On
// failure: every mistake, a line each, with the file's name.
Result<cbam::AuctionReport, std::string> ReadAuctionFile(const std::string& path);

}  // namespace ets::cli
