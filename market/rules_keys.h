#pragma once

// As in sim/scenario_tree.cc: one program holds toml++ once, with one set of switches.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

#include "market/inputs.h"

// The keys of a rules file, one row each: how a value is read, checked by itself and written.
namespace ets::market {

template <typename T>
struct KeyOf {
  std::string_view name;
  std::string_view allowed;
  std::string_view words;
  // False: the value is not what is allowed, and nothing was changed.
  bool (*read)(const toml::node& node, T& into);
  std::string (*write)(const T& from);
};
using VenueKey = KeyOf<VenueRules>;
using SessionKey = KeyOf<SessionType>;

const std::vector<VenueKey>& VenueKeys();
const std::vector<SessionKey>& SessionKeys();
// How a value looks to the person who wrote it.
std::string Shown(const toml::node& node);

}  // namespace ets::market
