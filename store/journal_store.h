#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/journal.h"
#include "base/result.h"
#include "store/journal_reader.h"
#include "store/options.h"
#include "store/snapshot.h"

namespace ets::store {

// A journal on RocksDB: records in batches, each batch one value, with a SHA-256 chain over the
// batches and an anchor file that names the last acknowledged batch. The only writer of its folder.
//
// Records are {length, kind, version, sequence, step, sim_time, wall_time, source, payload}, packed
// little-endian. A batch closes at 8,190 records, at kBatchBytesMax, or at EndBatch().
//
// Any write, sync or anchor error makes the journal poisoned: ok() is false, error() says why,
// further records are dropped, nothing is acknowledged, and a file POISONED is left in the folder
// if the disk still takes one. There is no way back in this object: the owner stops, ClearPoison()
// verifies the folder, and recovery is Open() and replay.
//
// Append(), EndBatch(), Close() and last_sequence() belong to one thread, the writer. Everything
// else may be called from any thread beside it.
class JournalStore final : public Journal {
 public:
  // Creates the folder (its parents too). kExists when a journal is there, or what is left of one.
  static Result<std::unique_ptr<JournalStore>, StoreFailure> Create(
      const std::string& folder, Durability durability, const StoreOptions& options = {});
  // Continues a journal behind its last whole batch. First it is only read and held to its anchors:
  // a folder that is refused stays as it is. kNoJournal, kDamaged, kAnchorAhead, kPoisoned, kLocked
  // or kIo. Afterwards all that was found is on the disk and anchored.
  static Result<std::unique_ptr<JournalStore>, StoreFailure> Open(const std::string& folder,
                                                                  Durability durability,
                                                                  const StoreOptions& options = {});
  ~JournalStore() override;

  // REQUIRES: sequences are dense, from 1 or from what Open() found.
  void Append(const JournalRecord& record) override;
  // Closes the open batch, if it holds a record. With kEveryBatch it is on the disk afterwards.
  void EndBatch();
  // Writes what is open, syncs, writes the anchor. Empty on success, else what went wrong. A
  // journal that is destroyed without it keeps what its durability promised and nothing more.
  std::string Close();
  std::uint64_t last_sequence() const;  // Of the last record taken, in the open batch too.

  bool ok() const;
  const std::string& error() const;
  ChainEnd end() const;            // Of the last closed batch; acknowledged, with kEveryBatch.
  std::string chain_head() const;  // The same, as 64 hex digits.

  // Reads what is acknowledged, while the writer goes on.
  JournalReader Reader() const;

  // Keeps a state. REQUIRES: `snapshot.at` is the end of a closed batch (kOutOfRange otherwise). A
  // snapshot that fails to be written costs time at the next start and nothing else, unless the
  // disk failed: that poisons.
  Result<Done, StoreFailure> PutSnapshot(const Snapshot& snapshot);
  void DropSnapshot(std::uint64_t sequence);

  // A copy of the journal, of all that was acknowledged at the call, in a folder that must not
  // exist. Data files are immutable and linked, not copied, where the device is the same: it costs
  // milliseconds and shares their fate. A backup belongs on another device.
  Result<ChainEnd, StoreFailure> Checkpoint(const std::string& folder) const;
  // A journal of records 1 to `sequence` that goes on from there, in a folder that must not exist.
  // When the sequence lies inside a batch, that batch is made anew with a hash of its own. Returns
  // the fork's end. kOutOfRange when the record is not there.
  Result<ChainEnd, StoreFailure> Fork(std::uint64_t sequence, const std::string& folder) const;

 private:
  struct Impl;
  explicit JournalStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::store
