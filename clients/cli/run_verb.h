#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Exit codes of every verb.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadInput = 2;

// Adds `run`: a scenario into a folder.
void AddRunVerb(CLI::App& app, int& exit_code);

}  // namespace ets::cli
