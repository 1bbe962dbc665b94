#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/journal.h"
#include "base/result.h"
#include "base/unit.h"
#include "registry/codec.h"
#include "registry/commands.h"
#include "registry/registry.h"
#include "server/live_clock.h"
#include "server/patience.h"
#include "server/registry_journal.h"
#include "store/journal_store.h"

namespace ets::server {

class Sequencer;

// What an answer is about: sequence and chain head together name one state for good.
struct StatePoint {
  std::uint64_t sequence = 0;
  SimTime sim_time = 0;    // Of that record.
  std::string chain_head;  // 64 hex digits; of the batch that ends with it, or holds it.

  friend bool operator==(const StatePoint&, const StatePoint&) = default;
};

// Why something was not read, kept or opened.
struct LiveFailure {
  enum class Kind : std::uint8_t {
    kBadInput,    // The caller's mistake: no journal there, a name that is none, a folder in use.
    kOutOfRange,  // The record or time is not there (yet). Never answered by an empty state.
    kExists,      // A branch or backup of that name, with another content.
    kDataLoss,    // CHAIN_BROKEN.
    kAnchorAhead,
    kPoisoned,  // A write failed here once, and nobody has verified the journal since.
    kReconciling,
    kExpired,  // The deadline passed, or the caller went away.
    kStopped,  // The registry has stopped: shut down, or its disk failed.
    kIo,
  };
  Kind kind = Kind::kIo;
  std::string message;
};
template <typename T>
using Live = Result<T, LiveFailure>;

// ---- Submissions ----

// A command on its way in.
struct Submission {
  registry::Command command;
  SourceKind source = SourceKind::kPerson;
  std::uint32_t source_id = 0;  // The principal's number, or the stream's.
  std::optional<registry::RequestKey> request;
  bool validate_only = false;
  // Nothing happens once it has passed: the command is then dropped before it is applied, never
  // after.
  std::chrono::system_clock::time_point deadline = std::chrono::system_clock::time_point::max();

  // Both run on the sequencer's thread, in the state that the command would be applied in, and must
  // be quick. False: nothing happens and the answer is kDenied or kPreconditionFailed; why is the
  // closure's to remember. Empty: true.
  //
  // Who may: asked first, before the request's id is looked up.
  std::function<bool(const registry::Registry&)> authorize;
  // An etag, a proposal that needs a second person: not asked of a request that was seen before.
  std::function<bool(const registry::Registry&)> precondition;
};

// What came of it. Sent when the record, and everything that was looked at to answer, is on the
// disk.
struct Answer {
  enum class Kind : std::uint8_t {
    kApplied,             // `receipt` holds. For validate_only: it would be.
    kRefused,             // `refusal` and `detail` hold.
    kDenied,              // `authorize` said no.
    kPreconditionFailed,  // `precondition` said no.
    kRequestReused,       // The request's id was used for another request.
    kReadOnly,
    kReconciling,  // Try again soon.
    kOverloaded,   // The queue is full; nothing happened. Try again soon.
    kExpired,      // The deadline passed before its turn came; nothing happened.
    kStopped,      // Shut down, or the disk failed: what came of it is not known. Ask again later
                   // with the same id.
  };
  Kind kind = Kind::kStopped;
  registry::Receipt receipt;
  registry::Refusal refusal{};
  registry::RefusalDetail detail;
  std::vector<registry::Refusal> batch_results;  // TransferBatch: by item; 0 where applied.
  std::uint32_t transfers = 0;                   // How many the record caused.
  std::uint64_t expected_sequence = 0;           // kRefused with kStreamGap.
  bool repeated = false;                         // The stored answer of an earlier request.
  StatePoint at;  // Of its own record; of validate_only: the state it was checked in.
};

// ---- Options ----

struct LiveOptions {
  // Of the registry: the journal is in DATA/registry, branches in DATA/branches/NAME/registry.
  // Served read-only it may be a finished run's folder.
  std::string data;
  bool create = true;         // Where there is none yet, make one.
  std::string branch;         // What it is called; empty: as the journal says.
  registry::Profile profile;  // The law of a registry that is made; an existing one has its own.
  ClockOptions clock;
  bool read_only = false;
  // False: nothing is promised before Shutdown(); a crash may lose all of it. For games and tests.
  bool fsync = true;
  store::StoreOptions store;
  std::size_t queue_max = 65'536;  // Submissions waiting; beyond it kOverloaded.
  // A snapshot of the state after so much journal, or eight times its own size if that is more; 0:
  // none.
  std::uint64_t snapshot_bytes = std::uint64_t{32} << 20U;
  std::size_t states_kept = 4;  // Earlier states that StateAt() keeps.
  // The thread that owns the machine; null: one of its own. An exchange in the same process shares
  // it, so that one order of steps runs over both.
  std::shared_ptr<Sequencer> sequencer;
};

// One branch of a registry at work: the machine, its journal, one sequencer thread that applies
// commands in order, and one writer thread that syncs batches and releases answers. While a batch
// is on its way to the disk the next one is applied; it closes when the writer is free again or at
// 8,190 records, so that a single command waits for one sync and thousands share one.
//
// Nothing is answered before it is on the disk, and no read sees what is not. Time moves as the
// clock says: the machine's timers fire, by an AdvanceTo record, when they fall due.
//
// When a write, a sync or an anchor fails, it stops for good: everything that waits is answered
// kStopped, serving() is false and `on_stopped` is told. Recovery is a new process.
//
// Thread-safe, but for what is said to be the sequencer's.
class LiveRegistry {
 public:
  // Recovers: the chain against its anchors, the newest snapshot, then replay of what is behind it,
  // each record held against its outcome. Fires what fell due meanwhile.
  static Live<std::unique_ptr<LiveRegistry>> Open(const LiveOptions& options);
  ~LiveRegistry();  // Shutdown().

  // ---- Writing ----

  // `done` is called exactly once, on a thread of the registry, or at once on this one when the
  // submission is not taken; it must be quick and not block.
  void Submit(Submission submission, std::function<void(const Answer&)> done);
  // The same, and waits.
  Answer SubmitAndWait(Submission submission);
  // Moves a manual clock: the AdvanceTo command with what is due. kPreconditionFailed when the
  // clock is not manual.
  void AdvanceTime(Submission submission, std::function<void(const Answer&)> done);

  // ---- Reading what is committed ----

  using ReadFunction = std::function<void(const registry::Registry&, const StatePoint&)>;
  // Runs `read` on this thread with the committed state, which stands still meanwhile: it must be
  // quick (a page, not a journal). Empty, or kExpired or kStopped.
  std::optional<LiveFailure> Read(const Patience& patience, const ReadFunction& read);

  using State = std::shared_ptr<const registry::Registry>;
  // The state after a record, by the nearest snapshot and replay; the last few are kept.
  // kOutOfRange for a record that is not committed.
  Live<State> StateAt(std::uint64_t sequence, const Patience& patience);
  // The last record at or before a simulated time. kOutOfRange before the first record, and after
  // the later of the last record's time and the clock's.
  Live<std::uint64_t> SequenceAt(SimTime time, const Patience& patience);
  // Where a committed record stands: its time, and the head of its batch.
  Live<StatePoint> PointOf(std::uint64_t sequence);
  StatePoint committed() const;

  // Looked up without waiting for anyone, in what is committed: ledgers and accounts are for good.
  std::optional<LedgerId> FindLedger(Unit unit) const;
  std::optional<Unit> UnitOf(LedgerId ledger) const;
  std::uint32_t account_count() const;
  // The active principal with this token's hash. Compared in constant time.
  std::optional<registry::PrincipalView> FindByToken(const std::array<char, 32>& hash) const;
  std::optional<registry::PrincipalView> FindPrincipal(std::uint32_t principal) const;

  // ---- Journal ----

  // Committed records `first` .. `last` in order, until `take` returns false; the payload is valid
  // during the call only. kOutOfRange when they are not all there.
  std::optional<LiveFailure> Records(std::uint64_t first, std::uint64_t last,
                                     const store::RecordCallback& take);
  // The first `records_max` records from `first` to `last`, in order, that moved something on one
  // of the accounts. The first call reads the journal once, later ones what has been added since.
  Live<std::vector<std::uint64_t>> RecordsOf(const std::vector<AccountId>& accounts,
                                             std::uint64_t first, std::uint64_t last,
                                             std::size_t records_max, const Patience& patience);
  // Waits until record `sequence` is committed, and returns how far the journal has come. For Watch
  // streams: wait, then read.
  Live<std::uint64_t> WaitFor(std::uint64_t sequence, const Patience& patience);
  store::JournalReader Reader() const;
  const std::string& journal_folder() const;

  // A deposit that reached an escrow account: one message of the Positions stream, numbered from 1.
  struct Position {
    std::uint64_t stream_sequence = 0;
    registry::Transfer transfer;
    std::uint64_t sequence = 0;  // Of its record, and its index there.
    std::uint32_t index = 0;
    SimTime sim_time = 0;
  };
  // Waits until there is a message `from`, then returns it and those behind it, at most
  // `positions_max`. The first call reads the whole journal.
  Live<std::vector<Position>> Positions(std::uint64_t from, std::size_t positions_max,
                                        const Patience& patience);

  // ---- Proof ----

  // Reads the whole journal from the disk again: chain, anchors, every outcome by replay, the
  // invariants, and that it ends in the state that is served. A damaged one makes serving() false.
  Live<Verification> Verify(const Patience& patience);

  // A balance as somebody else has it.
  struct Balance {
    AccountId account;
    LedgerId ledger;
    std::int64_t amount = 0;
  };
  struct Mismatch {
    AccountId account;
    LedgerId ledger;
    std::int64_t recorded = 0;
    std::int64_t recomputed = 0;
  };
  struct Reconciliation {
    StatePoint at;
    std::uint32_t accounts = 0;  // Compared.
    std::vector<Mismatch> mismatches;
  };
  // Recomputes every balance from the journal's transfers alone and compares; then the balances of
  // an auditor, if given. Submissions meanwhile are answered kReconciling. An account that differs
  // loses its capabilities (SetAccount); all others go on.
  Live<Reconciliation> Reconcile(const Patience& patience,
                                 const std::vector<Balance>* auditors = nullptr);

  // A copy in DATA/backups/NAME/registry, of all that is committed.
  Live<StatePoint> Backup(const std::string& name);
  // A journal of records 1 to `sequence` in a folder that must not exist; see LiveBranches.
  Live<StatePoint> ForkJournal(std::uint64_t sequence, const std::string& folder);

  // ---- Life ----

  bool serving() const;       // False while stopped or damaged.
  bool reconciling() const;   // Reads go on.
  std::string error() const;  // Why it does not serve.
  // Told once, on a thread of the registry, when it stops by itself. Set before the first use.
  void OnStopped(std::function<void(const std::string& why)> on_stopped);
  // Takes nothing more, drains one batch, closes the journal. Empty, or what went wrong. May be
  // repeated.
  std::string Shutdown();

  bool read_only() const;
  const ClockOptions& clock() const;
  SimTime Now() const;  // The clock's, or the last record's time when that is later.
  // The law that holds, as committed.
  registry::Profile profile() const;
  const std::string& branch() const;  // "main" unless it was forked.

  struct Counters {  // Since the start.
    std::uint64_t submissions = 0, applied = 0, refused = 0, repeated = 0, overloaded = 0;
    std::uint64_t batches = 0, records = 0, reads = 0, snapshots = 0;
    std::uint64_t replayed = 0;         // Records, by Open().
    std::uint64_t recovery_micros = 0;  // Of Open().
  };
  Counters counters() const;

  struct Impl;  // server/live_registry_impl.h

 private:
  explicit LiveRegistry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
