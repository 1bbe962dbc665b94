#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/batch.h"

namespace ets::store {

// A machine's state after a batch, as one value. A cache: whoever loads it replays the batches
// behind `at`, and may do without it by replaying all of them.
struct Snapshot {
  ChainEnd at;                   // A batch's end, with its chain head.
  std::uint64_t state_hash = 0;  // The machine's own hash of the state.
  std::string bytes;             // The machine's own encoding.
};

// A snapshot without its bytes.
struct SnapshotInfo {
  ChainEnd at;
  std::uint64_t state_hash = 0;
  std::uint64_t bytes = 0;
};

// The stored value, with a SHA-256 over it. Empty when a byte of it is wrong.
std::string EncodeSnapshot(const Snapshot& snapshot);
std::optional<Snapshot> DecodeSnapshot(std::string_view value);

}  // namespace ets::store
