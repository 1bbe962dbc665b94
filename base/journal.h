#pragma once

#include <cstdint>
#include <string_view>

#include "base/date.h"

namespace ets {

// Who caused a command. On disk: append, never renumber.
enum class SourceKind : std::uint8_t {
  kPerson = 1,
  kAgent = 2,
  kClock = 3,
  kAuthority = 4,
  kStream = 5
};

// What every command carries beside its content. One order of steps runs over all machines of a
// process; sim_time never decreases; wall_time is 0 in a simulated run.
struct Envelope {
  std::uint64_t step = 0;
  SimTime sim_time = 0;
  SimTime wall_time = 0;
  SourceKind source = SourceKind::kAuthority;
  std::uint32_t source_id = 0;  // The person, agent or stream; 0 where there is only one.
};

// One journal record as a machine hands it over. `kind` and `version` are the machine's own; the
// sequence is dense from 1 within a journal. The payload is valid during the call only.
struct JournalRecord {
  std::uint16_t kind = 0;
  std::uint16_t version = 1;
  std::uint64_t sequence = 0;
  Envelope envelope;
  std::string_view payload;
};

// Where a machine's records go, in order. The port through which the disk enters: a machine writes
// each record exactly once and never reads back. Implementations: store/ (RocksDB), and any
// in-memory one in tests. Not thread-safe; the machine's own thread calls it.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual void Append(const JournalRecord& record) = 0;
};

}  // namespace ets
