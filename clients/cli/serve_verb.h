#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Adds `serve`, `serve registry` and `serve exchange`: a live registry, an exchange, or both, over
// gRPC until SIGINT or SIGTERM. `exit_code` is set when it ends: 0 shut down, 1 could not start, or
// the journal is damaged or its disk failed, 2 bad input.
void AddServeVerb(CLI::App& app, int& exit_code);

}  // namespace ets::cli
