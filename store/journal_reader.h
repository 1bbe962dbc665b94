#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/journal.h"
#include "base/result.h"
#include "store/batch.h"
#include "store/options.h"
#include "store/snapshot.h"

namespace ets::store {

struct Database;

// Takes records in order; returns false to stop. The payload is valid during the call only.
using RecordCallback = std::function<bool(const JournalRecord&)>;

// A record that owns its payload.
struct StoredRecord {
  std::uint16_t kind = 0;
  std::uint16_t version = 1;
  std::uint64_t sequence = 0;
  Envelope envelope;
  std::string payload;

  JournalRecord view() const { return {kind, version, sequence, envelope, payload}; }
};

inline constexpr std::uint64_t kToTheEnd = std::numeric_limits<std::uint64_t>::max();

// Reads a journal: a folder's, as it was when it was opened, or that of a live JournalStore, as far
// as it has acknowledged. It never changes a folder. Whatever it hands out was checked: every
// length, sequence and batch hash, and the chain from where it began to read.
//
// Thread-safe, also beside the writer of a live store; the store outlives its readers and is not
// closed while they read. Cheap to copy.
class JournalReader {
 public:
  // Opens a folder, also one that another process writes to, and holds it to its anchor: a journal
  // that goes on behind its anchor is whole. kNoJournal, kDamaged, kAnchorAhead or kIo. A poisoned
  // journal can be read.
  static Result<JournalReader, StoreFailure> Open(const std::string& folder,
                                                  const StoreOptions& options = {});

  // The last batch that can be read. Of a live store it moves on.
  ChainEnd end() const;

  // Hands out the records behind `after`, a batch's end as this class, a snapshot or JournalStore
  // gave it, up to record `last`. Returns the end of the last batch that was looked into. kDamaged
  // when the chain does not go on from `after`; kOutOfRange when `last` is not there (kToTheEnd
  // always is).
  Result<ChainEnd, StoreFailure> Read(const ChainEnd& after, std::uint64_t last,
                                      const RecordCallback& callback) const;
  // The same from record `first` on; the chain is checked from its batch on.
  Result<ChainEnd, StoreFailure> ReadFrom(std::uint64_t first, std::uint64_t last,
                                          const RecordCallback& callback) const;
  Result<StoredRecord, StoreFailure> ReadRecord(std::uint64_t sequence) const;

  // The end of the batch that holds a record; of record 0, the beginning.
  Result<ChainEnd, StoreFailure> BatchOf(std::uint64_t sequence) const;

  // Hands out the stored values of the batches from `first_batch` on, each with the end it leads
  // to, for who passes a journal on as it is. The chain is checked from there on. kOutOfRange when
  // there is no batch of that number and it is not the next one either.
  using ValueCallback = std::function<bool(std::string_view value, const ChainEnd& end)>;
  Result<ChainEnd, StoreFailure> ReadValues(std::uint64_t first_batch,
                                            const ValueCallback& callback) const;

  // The newest snapshot of a state at or before a record. What is damaged or does not lie on the
  // chain is passed over as if it were not there.
  std::optional<Snapshot> LatestSnapshot(std::uint64_t at_or_before = kToTheEnd) const;
  std::vector<SnapshotInfo> ListSnapshots() const;

 private:
  friend class JournalStore;
  JournalReader(std::shared_ptr<const Database> database, std::function<ChainEnd()> end);

  // Checks the one batch that holds a record and hands out its records. Returns its end.
  Result<ChainEnd, StoreFailure> LookInto(std::uint64_t sequence,
                                          const RecordCallback& callback) const;

  std::shared_ptr<const Database> database_;
  std::function<ChainEnd()> end_;
};

struct JournalSummary {
  std::uint64_t batches = 0;
  std::uint64_t records = 0;
  std::uint64_t last_sequence = 0;
  std::string chain_head;  // 64 hex digits.
};

// Opens a folder and reads all of it: JournalReader::Open() and Read() in one.
Result<JournalSummary, StoreFailure> ReadJournal(const std::string& folder,
                                                 const RecordCallback& callback,
                                                 const StoreOptions& options = {});

}  // namespace ets::store
