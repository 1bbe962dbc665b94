#pragma once

#include "scheme/rulebook.h"
#include "sim/population.h"
#include "sim/scenario.h"

namespace ets::sim {

// The scenario's law in the form the authority applies. Caps are scaled to the population.
scheme::Rulebook MakeRulebook(const Scenario& scenario, const Population& population);

}  // namespace ets::sim
