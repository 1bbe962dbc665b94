#pragma once

#include <CLI/CLI.hpp>

namespace ets::cli {

// Adds what looks at a scenario without running it: `population`, `equilibrium`, `policy rules`,
// `scenario check|keys`; and `report`, which writes a run's page and tables anew.
void AddStudyVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
