#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Adds `match`: order streams through the matching engine.
void AddMatchVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
