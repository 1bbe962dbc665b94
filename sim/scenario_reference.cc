#include "sim/scenario.h"

namespace ets::sim {
std::string ScenarioReference() { return ""; }
}  // namespace ets::sim
