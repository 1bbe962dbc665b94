#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Adds `cbam`: what a certificate costs, and what an importer owes.
void AddCbamVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
