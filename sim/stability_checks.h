#pragma once

#include "sim/scenario.h"
#include "sim/scenario_tree.h"

namespace ets::sim {

// What the stability rules that are switched on need of one another and of the auction.
void CheckStability(const Scenario& scenario, ScenarioTree& tree);

// After ApplyLinearCaps(): no sector's cap may have reached 0 by the horizon.
void CheckLinearCaps(const Scenario& scenario, ScenarioTree& tree);

}  // namespace ets::sim
