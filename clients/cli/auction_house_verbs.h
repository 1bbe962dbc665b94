#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// The verbs under `auction` that speak with a served exchange: open, bid, change, withdraw, bids,
// close, pay, results, awards, watch.
void AddAuctionHouseVerbs(CLI::App& parent, int& exit_code);

}  // namespace ets::cli
