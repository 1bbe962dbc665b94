#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Adds `auction clear|formats|calendar|verify|check`: sealed bids from a file under any format.
void AddAuctionVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
