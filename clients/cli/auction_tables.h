#pragma once

#include <string>
#include <vector>

#include "clients/cli/auction_clear.h"

namespace ets::cli {

// One auction on standard output. table: result, fills, statistics, curve. json: all of it. csv:
// one of them, as `show` says.
void PrintAuction(const HeldAuction& held, const std::string& output, const std::string& show);

// The same bids under many formats, a column each.
void PrintComparison(const std::vector<ComparedAuction>& compared, const std::string& output);

}  // namespace ets::cli
