#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/journal_writer.h"
#include "server/live_clock.h"
#include "server/live_registry.h"
#include "server/read_gate.h"
#include "server/sequencer.h"

// Inside the live registry: what live_registry.cc (life), live_apply.cc (the sequencer's side),
// live_reads.cc (everybody else's) and live_proof.cc share.
namespace ets::server {

// What is looked up without waiting: published when it is committed. Thread-safe.
class LiveDirectory {
 public:
  void Fill(const registry::Registry& registry);
  void AddLedger(LedgerId ledger, Unit unit);
  void SetAccountCount(std::uint32_t count);
  void SetPrincipal(const registry::PrincipalView& principal);

  std::optional<LedgerId> FindLedger(Unit unit) const;
  std::optional<Unit> UnitOf(LedgerId ledger) const;
  std::uint32_t account_count() const;
  std::optional<registry::PrincipalView> FindByToken(const std::array<char, 32>& hash) const;
  std::optional<registry::PrincipalView> FindPrincipal(std::uint32_t principal) const;

 private:
  mutable std::shared_mutex mutex_;
  std::vector<Unit> units_;  // By ledger.
  std::uint32_t accounts_ = 0;
  std::map<std::uint32_t, registry::PrincipalView> principals_;
};

// Which records moved something on an account: 8 bytes for each account of a record. Not
// thread-safe.
class AccountRecords {
 public:
  // In the order of the journal.
  void Note(AccountId account, std::uint64_t sequence);
  // The first `records_max` records from `first` to `last` of any of the accounts, in order.
  std::vector<std::uint64_t> Of(const std::vector<AccountId>& accounts, std::uint64_t first,
                                std::uint64_t last, std::size_t records_max) const;

 private:
  std::vector<std::vector<std::uint64_t>> records_;  // By account.
};

// A thread for what must keep neither the sequencer nor the writer: stored answers, snapshots.
class Helper {
 public:
  Helper();
  ~Helper();  // Stop().
  bool Post(std::function<void()> task);
  void Stop();  // After the tasks that were posted.

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

// A registry read back from its journal.
struct RebuiltState {
  registry::Registry registry;
  store::ChainEnd end;
  Envelope last;  // Of the last record.
  std::uint64_t replayed = 0;
};
// The state after record `sequence`, or at the end (kToTheEnd), by snapshot and replay.
Live<RebuiltState> Rebuild(const store::JournalReader& reader, std::uint64_t sequence,
                           const Patience& patience);
LiveFailure FailureOf(const store::StoreFailure& failure);
LiveFailure StoppedFailure(const std::string& why);

struct LiveRegistry::Impl final : Sequencer::Machine {
  explicit Impl(const LiveOptions& live_options) : options(live_options) {}

  using OnAnswer = std::function<void(const Answer&)>;
  struct Task {
    Submission submission;
    OnAnswer done;
    bool is_internal = false;  // Of the registry itself: passes while it reconciles.
  };

  // ---- live_registry.cc ----
  Live<Done> Start();
  Live<Done> StartReadOnly();
  Live<std::unique_ptr<store::JournalStore>> OpenStore(bool& is_new);
  std::string Shutdown();
  void Fail(const std::string& why);  // The disk failed.
  bool is_serving() const { return !stopped && !damaged; }

  // ---- live_apply.cc: on the sequencer's thread ----
  std::optional<Sequencer::Clock::time_point> Turn() override;
  void Take(Task& task);
  void Apply(Task& task);
  void Check(Task& task);
  // A record's worth of room in the open batch; nobody reads.
  void BeginChange();
  Result<registry::Receipt, registry::Refusal> ApplyCommand(const registry::Command& command,
                                                            const Submission& submission);
  void AdvanceClock(SimTime now);
  SimTime Stamp() const;
  void FillRefusal(registry::Refusal refusal, Answer& answer);
  void Publish(const registry::Command& command, const registry::Receipt& receipt);
  // When everything before it is on the disk. `at.sequence` says what it is about.
  void Reply(OnAnswer done, Answer answer);
  // The same for an answer that is read from the journal.
  void ReplyStored(OnAnswer done, std::uint64_t sequence);
  void HandOver();
  // Everything applied is on the disk.
  bool is_settled() const { return batch.empty() && writer->idle(); }
  void WantSnapshot();

  // ---- live_reads.cc ----
  void OnSynced(const Synced& synced);
  Answer StoredAnswer(std::uint64_t sequence);
  void TakeSnapshot();
  std::optional<LiveFailure> Read(const Patience& patience, const ReadFunction& read);
  Live<State> StateAt(std::uint64_t sequence, const Patience& patience);
  Live<State> CopyOfNow(std::uint64_t sequence, const Patience& patience);
  Live<StatePoint> PointOf(std::uint64_t sequence);
  Live<StatePoint> ReadPoint(std::uint64_t sequence);
  Live<store::StoredRecord> RecordAt(std::uint64_t sequence);
  std::optional<LiveFailure> Records(std::uint64_t first, std::uint64_t last,
                                     const store::RecordCallback& take);
  std::optional<LiveFailure> ScanPositions(std::uint64_t last, const Patience& patience);
  StatePoint Committed() const;
  std::string WhyStopped() const;

  // ---- live_index.cc ----
  // With `index_mutex`. What was indexed before the patience ended stays.
  std::optional<LiveFailure> IndexUpTo(std::uint64_t last, const Patience& patience);

  // ---- live_proof.cc ----
  void Restrict(const std::vector<AccountId>& accounts);

  LiveOptions options;
  std::string folder;  // Of the journal.
  std::string branch_name;
  std::optional<LiveClock> clock;
  std::optional<registry::Registry> registry;  // The sequencer's; readers' inside the gate.
  std::unique_ptr<JournalWriter> writer;       // Null when read-only.
  std::optional<store::JournalReader> reader;
  std::shared_ptr<Sequencer> sequencer;
  bool owns_sequencer = false;
  std::optional<Helper> helper;
  ReadGate gate;
  LiveDirectory directory;

  // The sequencer's own.
  JournalWriter::Batch batch;
  SimTime latest = 0;  // Of the last record.
  std::uint64_t bytes_since_snapshot = 0;
  std::uint64_t snapshot_size = 0;  // The helper's, while `snapshot_pending`.
  std::atomic<bool> snapshot_pending = false;

  // What the journal does not keep: about what the last refusals were. Guarded by `details_mutex`.
  std::mutex details_mutex;
  std::map<std::uint64_t, registry::RefusalDetail> details;

  std::atomic<bool> stopped = false;
  std::atomic<bool> damaged = false;
  std::atomic<bool> reconciling = false;
  mutable std::mutex life_mutex;  // Guards the next two, and Shutdown().
  std::string why_stopped;
  std::function<void(const std::string&)> on_stopped;
  bool is_shut = false;

  mutable std::mutex committed_mutex;
  std::condition_variable committed_changed;
  StatePoint committed;
  store::ChainEnd committed_end;
  SimTime handed_time = 0;  // Of the last record handed over; the writer's while it is busy.

  std::shared_mutex journal_use;  // Shared by who reads the journal, alone by who closes it.

  std::timed_mutex states_mutex;
  std::vector<std::pair<std::uint64_t, State>> states;  // Latest use last.

  std::mutex points_mutex;
  std::vector<StatePoint> points;  // Of past records, which stay as they are. Latest use last.

  std::timed_mutex positions_mutex;
  std::uint64_t positions_scanned = 0;  // Up to this record.
  std::vector<Position> positions;

  std::timed_mutex index_mutex;
  std::uint64_t indexed = 0;  // Up to this record.
  AccountRecords by_account;

  std::mutex proof_mutex;  // One reconciliation at a time.

  struct AtomicCounters {
    std::atomic<std::uint64_t> submissions = 0, applied = 0, refused = 0, repeated = 0,
                               overloaded = 0, records = 0, reads = 0, snapshots = 0;
  } count;
  std::uint64_t replayed = 0, recovery_micros = 0;
};

}  // namespace ets::server
