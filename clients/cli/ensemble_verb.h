#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Adds `ensemble`: scenarios with many seeds, and how far their years spread.
void AddEnsembleVerb(CLI::App& app, int& exit_code);

}  // namespace ets::cli
