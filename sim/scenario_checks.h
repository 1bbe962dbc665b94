#pragma once

#include "sim/scenario.h"
#include "sim/scenario_tree.h"

namespace ets::sim {

// Reports into `tree` what values are not to one another: shares that do not sum, curves that do
// not rise, a capped vintage without a cap. Looks at nothing that is reported already. `scenario`
// holds every good value of the tree.
void CheckScenario(const Scenario& scenario, ScenarioTree& tree);

}  // namespace ets::sim
