#pragma once

#include <atomic>
#include <cstdint>

#include "base/date.h"
#include "server/live_registry.h"

namespace ets::server {

struct ClosedDay {
  std::uint64_t sequence = 0;    // Of the record.
  std::uint64_t state_hash = 0;  // Of the state it closes.
};

// Ends a day in the registry's journal: a DayClosed with the hash of the state that it closes.
// Other commands may come in between; then it looks again, until `is_stopped` or the
// registry has not stood still for long.
Live<ClosedDay> CloseRegistryDay(LiveRegistry& live, Date date, std::uint64_t settlement_sequence,
                                 std::uint64_t market_state_hash,
                                 const std::atomic<bool>& is_stopped);

}  // namespace ets::server
