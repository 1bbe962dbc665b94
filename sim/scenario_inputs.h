#pragma once

#include <string>
#include <vector>

#include "sim/scenario.h"
#include "sim/scenario_tree.h"

namespace ets::sim {

// Every leaf but names and titles, with its mark: what the last file that has an opinion says of
// it. A value that a file or --set changed without marking it is an assumption. Reports leaves
// without a mark into `tree`.
std::vector<InputRow> InputsOf(const Scenario& scenario, ScenarioTree& tree);

// The whole scenario as TOML; reading it gives the same scenario again. REQUIRES: no problems, and
// scenario.inputs filled.
std::string ResolvedText(const Scenario& scenario, const ScenarioTree& tree);

}  // namespace ets::sim
