#pragma once

#include <string>
#include <vector>

#include "sim/population.h"
#include "sim/scenario.h"

namespace ets::server {

// A scenario read from disk with everything it mentions, and its population.
struct LoadedScenario {
  sim::Scenario scenario;
  sim::Population population;
  std::string resolved;                // The whole scenario as one TOML text.
  std::vector<sim::Problem> problems;  // All of them; empty when the scenario is good.
};

// Reads the file, the files it extends and the data they mention (names are relative to the file
// that says them), applies `overrides` ("key=value"), and draws or reads the population. Writes
// nothing.
LoadedScenario LoadScenario(const std::string& path, const std::vector<std::string>& overrides);

// One file's text; false and a reason when it cannot be read.
bool ReadFile(const std::string& path, std::string& text, std::string& error);

}  // namespace ets::server
