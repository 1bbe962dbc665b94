#pragma once

#include <string>
#include <vector>

#include "registry/profile.h"
#include "sim/scenario.h"

namespace ets::sim {

// The law of a scenario's registry: the profile that [registry] names, with what [registry.rules]
// changes of it. Which vintages count when, and how many offsets, is not said there but by the
// scenario's own keys, which its firms plan by.
// REQUIRES: a scenario whose keys were read without a problem, or a default one.
registry::Profile RegistryProfile(const Scenario& scenario);

// What a run needs of its registry and this law does not give, or what contradicts itself.
struct LawMistake {
  std::vector<std::string> path;    // Of the key.
  std::vector<std::string> beside;  // Of another that it does not go with.
  std::string what;
};
std::vector<LawMistake> CheckLaw(const Scenario& scenario);

}  // namespace ets::sim
