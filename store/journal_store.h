#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/journal.h"
#include "base/result.h"

namespace ets::store {

// When acknowledged records reach the disk for good.
enum class Durability : std::uint8_t {
  kEveryBatch,  // A live registry: one WAL sync and one anchor sync per batch.
  kAtClose,     // A simulated run: everything is synced once, in Close().
};

// A batch closes when it holds this many records, or this many bytes.
inline constexpr std::uint32_t kBatchRecordsMax = 8'190;
inline constexpr std::size_t kBatchBytesMax = std::size_t{1} << 20U;

// A journal on RocksDB: records in batches, each batch one value, with a SHA-256 chain over the
// batches and an anchor file that names the last acknowledged batch. The only writer of its folder.
//
// Records are {length, kind, version, sequence, step, sim_time, wall_time, source, payload}, packed
// little-endian. A batch closes at 8,190 records, at kBatchBytesMax, or at EndBatch(). Not
// thread-safe.
//
// Any write or sync error makes the journal poisoned: ok() is false, error() says why, further
// records are dropped, and nothing is acknowledged. The owner stops; recovery is replay.
class JournalStore final : public Journal {
 public:
  // Creates the folder (its parents too). Fails when a journal is already there.
  static Result<std::unique_ptr<JournalStore>, std::string> Create(const std::string& folder,
                                                                   Durability durability);
  ~JournalStore() override;

  // REQUIRES: sequences are dense from 1.
  void Append(const JournalRecord& record) override;
  // Closes the open batch, if it holds a record. With kEveryBatch it is on the disk afterwards.
  void EndBatch();
  // Writes what is open, syncs, writes the anchor. Empty on success, else what went wrong. A
  // journal that is destroyed without it keeps what its durability promised and nothing more.
  std::string Close();

  bool ok() const;
  const std::string& error() const;
  std::uint64_t last_sequence() const;
  std::string chain_head() const;  // 64 hex digits; of the last closed batch.

 private:
  struct Impl;
  explicit JournalStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct JournalSummary {
  std::uint64_t batches = 0;
  std::uint64_t records = 0;
  std::uint64_t last_sequence = 0;
  std::string chain_head;  // 64 hex digits.
};

// Reads a journal's records in order, checking every length, sequence, batch hash, the chain and
// the anchor on the way. Fails with the place (batch, record) of the first thing that is wrong: a
// broken chain, a missing batch, or an anchor that names more than is there. Never changes the
// folder. The callback returns false to stop early (then the anchor is not checked).
Result<JournalSummary, std::string> ReadJournal(
    const std::string& folder, const std::function<bool(const JournalRecord&)>& callback);

}  // namespace ets::store
