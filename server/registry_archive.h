#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "registry/registry.h"
#include "server/registry_journal.h"

namespace ets::server {

// How long an answer may take. `stopped` says that the caller has gone away; empty: never.
struct Patience {
  std::chrono::system_clock::time_point deadline;
  std::function<bool()> stopped;

  bool ended() const {
    return (stopped && stopped()) || std::chrono::system_clock::now() >= deadline;
  }
};

struct ArchivedTransfer {
  registry::Transfer transfer;
  std::uint64_t sequence = 0;  // Of its journal record.
  std::uint32_t index = 0;     // Within the record, from 0.
};

// The registry of a finished run, as it was after any record of its journal. The state at the end,
// every transfer and the clock are kept in memory; an earlier state is rebuilt by replay when it is
// asked for, and the last few are kept. Never writes. Thread-safe: only one replay runs at a time,
// and whoever waits for it does so no longer than its patience.
class RegistryArchive {
 public:
  using State = std::shared_ptr<const registry::Registry>;

  // Reads and checks the whole journal of a run's folder, or of the registry/ folder in it.
  static Result<std::unique_ptr<RegistryArchive>, JournalFailure> Open(const std::string& data);

  std::uint64_t last_sequence() const { return clock_.back().second; }
  SimTime first_time() const { return clock_.front().first; }
  SimTime last_time() const { return clock_.back().first; }
  const std::string& chain_head() const { return chain_head_; }
  // All of them, by sequence and index.
  const std::vector<ArchivedTransfer>& transfers() const { return transfers_; }

  // The last record at or before `time`. REQUIRES: time >= first_time().
  std::uint64_t SequenceAt(SimTime time) const;
  // The time of a record. REQUIRES: 1 <= sequence <= last_sequence().
  SimTime TimeOf(std::uint64_t sequence) const;

  State Final() const { return final_; }
  // The state after a record. REQUIRES: 1 <= sequence <= last_sequence().
  Result<State, JournalFailure> StateAt(std::uint64_t sequence, const Patience& patience);
  // VerifyRegistryJournal() on what is on the disk now, which must end as it did when opened.
  Result<Verification, JournalFailure> Verify(const Patience& patience);

 private:
  RegistryArchive() = default;

  std::string folder_;
  std::string chain_head_;
  State final_;
  std::vector<ArchivedTransfer> transfers_;
  // Each time of the journal once, with the last record that carries it.
  std::vector<std::pair<SimTime, std::uint64_t>> clock_;

  std::timed_mutex replay_;                              // Guards what follows.
  std::vector<std::pair<std::uint64_t, State>> recent_;  // Latest use last.
};

}  // namespace ets::server
