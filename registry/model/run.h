#pragma once

#include <array>
#include <map>
#include <string>
#include <variant>

#include "registry/commands.h"
#include "registry/words.h"

namespace ets::registry::model {

struct Trial {
  std::uint64_t commands = 0;
  std::uint64_t refused = 0;
  std::uint64_t comparisons = 0;  // Of everything a reader can ask.
  std::uint64_t loads = 0;        // The registry went on from a snapshot of itself.
  std::array<std::uint64_t, std::variant_size_v<Command>> applied{};
  std::map<Refusal, std::uint64_t> refusals;
  std::uint64_t state_hash = 0;    // In the end.
  std::uint64_t journal_hash = 0;  // Of every record's bytes.
  std::string broken;              // Empty, or what was not as it must be.
};

// A thrown law and so many thrown commands, each answered by registry and model alike; everything
// compared and every invariant asserted now and then; at times the registry is put away and loaded
// again; in the end its journal replays to the same state.
Trial RunModel(std::uint64_t seed, std::uint64_t number, std::uint64_t commands);

}  // namespace ets::registry::model
