#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/date.h"
#include "base/journal.h"
#include "base/result.h"
#include "registry/codec.h"
#include "registry/registry.h"
#include "store/journal_store.h"

namespace ets::server {

// Why a registry's journal gave no answer.
struct JournalFailure {
  enum class Kind : std::uint8_t {
    kNoJournal,  // There is none to read: the caller's mistake.
    kDamaged,    // What is there does not hold together.
    kStopped,    // The caller wanted no more.
  };
  Kind kind = Kind::kDamaged;
  std::string message;
};

// The folder that holds the registry's journal: the run's registry/, or the one named.
Result<std::string, JournalFailure> FindRegistryJournal(const std::string& data);

// Walks the journal in `folder`. The visitor returns what is wrong with a record, or an empty
// string; `stop` ends the walk in good order.
Result<store::JournalSummary, JournalFailure> WalkRegistryJournal(
    const std::string& folder,
    const std::function<std::string(const JournalRecord&, bool& stop)>& visit);

// The day on the registry's clock, which is Beijing's.
Date DayOf(SimTime time);

// A registry rebuilt from its journal, each step held against what was recorded.
class RebuiltRegistry {
 public:
  // Empty, or what differs.
  std::string Take(const JournalRecord& record);

  bool empty() const { return !registry_; }
  const registry::Registry& operator*() const { return *registry_; }
  const registry::Registry* operator->() const { return &*registry_; }
  registry::Registry Release() && { return *std::move(registry_); }

 private:
  std::optional<registry::Registry> registry_;
};

// What a verified journal holds.
struct Verification {
  store::JournalSummary journal;
  std::uint64_t applied = 0, refused = 0, transfers = 0, days = 0, messages = 0, failed_pairs = 0;
  std::uint32_t accounts = 0;
  std::uint16_t ledgers = 0;
  SimTime sim_time = 0;  // Of the last record.
  std::uint64_t state_hash = 0;
};

// Reads the whole journal: chain, anchor, every outcome, transfer and day's hash by replay, the
// invariants after every day, and the chain head against the run.json beside the folder, if there
// is one. `wants_stop` is asked now and then; empty: never.
Result<Verification, JournalFailure> VerifyRegistryJournal(
    const std::string& folder, const std::function<bool()>& wants_stop = {});

std::string ToHex(std::uint64_t number);  // 16 digits.

}  // namespace ets::server
