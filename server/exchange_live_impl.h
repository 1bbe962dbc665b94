#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/exchange_live.h"
#include "server/exchange_seat.h"
#include "server/journal_writer.h"
#include "server/live_clock.h"
#include "server/sequencer.h"

// Inside the live exchange: what exchange_live.cc (life and inputs) and exchange_streams.cc (the
// two streams) and exchange_day.cc (sessions by the clock, the day's close) share.
namespace ets::server {

struct LiveExchange::Impl final : Sequencer::Machine {
  Impl(const ExchangeOptions& exchange_options, RegistryLink& registry)
      : options(exchange_options), link(registry), clock({}, 0) {}

  using Outcome = Exchanged<market::Receipt>;
  using OnOutcome = std::function<void(const Outcome&)>;

  // ---- exchange_live.cc ----
  Live<Done> Start();
  Live<Done> Recover(const store::JournalReader& reader);
  void KeepSnapshots();
  void TakeSnapshot();
  std::string Shutdown();
  void Fail(const std::string& why);
  ExchangeFailure Stopped() const;

  // On the sequencer's thread.
  std::optional<Sequencer::Clock::time_point> Turn() override;
  // What came of `input`; the same for what comes most often, without the detour over Input.
  Result<market::Receipt, market::Refusal> Apply(const market::Input& input, SourceKind source);
  template <typename In>
  Result<market::Receipt, market::Refusal> ApplyOrder(const In& input) {
    return Give(input, SourceKind::kPerson, false);
  }
  template <typename In>
  Result<market::Receipt, market::Refusal> Give(const In& input, SourceKind source,
                                                bool is_everything_anew) {
    MakeRoom();
    const Envelope envelope = NextEnvelope(source);
    ExchangeSeat* const seat = relay.seat();
    if (seat != nullptr) seat->Begin(market->sequence() + 1, envelope.sim_time);
    const auto outcome = market->Apply(envelope, input);
    if (seat != nullptr) seat->End(*market, outcome, is_everything_anew);
    return outcome;
  }
  Envelope NextEnvelope(SourceKind source);
  // Moves the market's time when something is due. Returns when to look again.
  std::optional<Sequencer::Clock::time_point> Advance();
  void MakeRoom();
  void HandOver();
  // Whether the batch may wait for more, and until when.
  std::optional<Sequencer::Clock::time_point> MayWait();
  Exchanged<market::Receipt> Do(const market::Input& input);
  // `done` hears of the outcome when it is on the disk.
  void Take(const market::Input& input, const OnOutcome& done);
  // Runs `task` on the sequencer's thread and waits until all it did is on the disk. False:
  // stopped.
  bool Run(const std::function<void()>& task);

  // ---- exchange_day.cc ----
  // On the sequencer's thread: opens the day's session, and asks for its end, by the rules' hours.
  void KeepDay(SimTime now);
  bool IsOver(Date day, SimTime now) const;
  void CloseDays();  // Of the thread that ends days by the clock.
  // With `only`: that day, unless it has ended already.
  Exchanged<DayReport> CloseDay(std::optional<Date> only, const Patience& patience);

  // ---- exchange_streams.cc ----
  void FollowPositions();
  bool TakeDeposit(const RegistryLink::Deposit& deposit);
  void TakePosition(const RegistryLink::Deposit& deposit, AccountId holder);
  // On the sequencer's thread: what is ready goes to the registry once it is on the disk.
  void SendSettlement();
  registry::Settle MessageOf(const market::SettlementMessage& message) const;
  void DeliverSettlement();
  bool Deliver(const registry::Settle& message);
  bool WaitUntil(const std::function<bool()>& reached, const Patience& patience);
  // A member whose mirror is not its escrow, or (unknown) whose escrow could not be read.
  struct Difference {
    MemberId member;
    bool is_known = false;
  };
  std::vector<Difference> CompareMirrors();

  ExchangeOptions options;
  RegistryLink& link;
  LiveClock clock;                         // The wall's.
  std::unique_ptr<market::Market> market;  // The sequencer's.
  std::unique_ptr<JournalWriter> writer;
  std::shared_ptr<Sequencer> sequencer;
  bool owns_sequencer = false;
  std::thread positions_thread, settlement_thread, snapshot_thread, day_thread;

  // The sequencer's own.
  ExchangeRelay relay;
  JournalWriter::Batch batch;
  std::optional<Sequencer::Clock::time_point> batch_waits_until;
  std::size_t last_batch_size = 0;  // In records; when it went to the writer.
  Sequencer::Clock::time_point last_batch_at;
  SimTime latest = 0;
  std::optional<Date> open_day;  // Of the last session, until DayClosed.

  // Who and what there is; written by the sequencer.
  mutable std::shared_mutex directory;
  std::map<std::uint32_t, MemberId> members;  // By escrow account.
  std::vector<AccountId> escrows;             // By member.
  std::vector<Traded> instruments;            // By number.
  void Enter(const market::Market& of);       // What is new there.

  std::set<std::uint32_t> admitted;  // Escrow accounts; of the thread that follows Positions.

  std::atomic<bool> stopped = false;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> alarm_count = 0;
  std::atomic<std::uint64_t> snapshot_count = 0;
  std::uint64_t recovered_from = 0;  // The snapshot's record.

  std::mutex closing;        // One day's close at a time.
  mutable std::mutex mutex;  // Guards what follows.
  std::condition_variable changed;
  std::optional<Date> day_to_close;
  std::deque<registry::Settle> to_deliver;
  std::uint64_t delivered = 0;        // The last message that the registry answered.
  std::uint64_t failed = 0;           // Pairs and withdrawals, since the start.
  std::uint64_t positions_taken = 0;  // The last message that the mirror took.
  std::uint64_t bytes_since_snapshot = 0;
  std::uint64_t snapshot_size = 0;
  std::string why_stopped;
  std::function<void(const std::string&)> on_stopped;
  bool is_shut = false;
};

}  // namespace ets::server
