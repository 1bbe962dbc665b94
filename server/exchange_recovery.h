#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/date.h"
#include "market/market.h"
#include "server/exchange_seat.h"
#include "server/live_registry.h"
#include "store/journal_reader.h"

namespace ets::server {

// An exchange read back from its journal.
struct RebuiltExchange {
  std::unique_ptr<market::Market> market;  // Its listener is the relay that it was built with.
  std::uint64_t positions_taken = 0;       // The last message of the registry in it.
  std::optional<Date> open_day;            // Of the last session, until DayClosed.
  store::ChainEnd end;
  std::uint64_t from = 0;  // The record of the snapshot it began with; 0: there was none of use.
};

// From the newest snapshot that is of use, and by replay of what is behind it; from the founding
// when there is none: to the same state either way. A snapshot that cannot be read, or is of
// another state than it says, is passed over for the one before it. What traded goes to `relay`'s
// history. `stop`, once true, ends it with kStopped.
Live<RebuiltExchange> RebuildExchange(const store::JournalReader& reader, ExchangeRelay& relay,
                                      const std::atomic<bool>& stop);

// The state as a snapshot keeps it: with the history of trades.
store::Snapshot SnapshotOf(const RebuiltExchange& exchange, const ExchangeRelay& relay);

}  // namespace ets::server
