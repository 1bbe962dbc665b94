#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Adds `policy`: what the supply rules make of a figure.
void AddPolicyVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
