#include "server/exchange_live.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <limits>
#include <utility>

#include "server/exchange_live_impl.h"
#include "server/exchange_recovery.h"
#include "server/live_registry_impl.h"

namespace ets::server {

namespace fs = std::filesystem;

// ---- Opening ----

Live<std::unique_ptr<LiveExchange>> LiveExchange::Open(const ExchangeOptions& options,
                                                       RegistryLink& link) {
  auto impl = std::make_unique<Impl>(options, link);
  const auto started = impl->Start();
  if (!started.ok()) {
    impl->Shutdown();
    return Fail{started.error()};
  }
  return std::unique_ptr<LiveExchange>(new LiveExchange(std::move(impl)));
}

Live<Done> LiveExchange::Impl::Start() {
  const std::string folder = options.data + "/exchange";
  const auto durability =
      options.fsync ? store::Durability::kEveryBatch : store::Durability::kAtClose;
  std::error_code ignored;
  const bool is_there = fs::exists(folder + "/CURRENT", ignored);
  auto opened = is_there ? store::JournalStore::Open(folder, durability)
                         : store::JournalStore::Create(folder, durability);
  if (!opened.ok()) return ets::Fail{FailureOf(opened.error())};
  auto store = std::move(opened.value());
  Envelope last;
  if (store->end().sequence == 0) {
    market::VenueRules usual;
    usual.zone = options.zone;
    market = std::make_unique<market::Market>(options.rules.value_or(usual),
                                              options.ledger_count_max, &batch.records, &relay);
  } else {
    const auto recovered = Recover(store->Reader());
    if (!recovered.ok()) return recovered;
    const auto record = store->Reader().ReadRecord(store->end().sequence);
    if (!record.ok()) return ets::Fail{FailureOf(record.error())};
    last = record->envelope;
    market->ContinueJournal(&batch.records);
  }
  latest = last.sim_time;
  Enter(*market);
  for (const auto& [escrow, member] : members) admitted.insert(escrow);
  owns_sequencer = options.sequencer == nullptr;
  sequencer = owns_sequencer ? std::make_shared<Sequencer>(options.queue_max) : options.sequencer;
  sequencer->SkipSteps(last.step);
  writer = std::make_unique<JournalWriter>(
      std::move(store),
      JournalWriter::Ears{
          {}, [this] { sequencer->Kick(); }, [this](const std::string& why) { this->Fail(why); }});
  sequencer->Add(this);
  // What the registry may not have heard of before a crash goes again; it knows what it has.
  delivered = market->settlement_sequence();
  if (!Run([this] { SendSettlement(); })) {
    return ets::Fail{LiveFailure{LiveFailure::Kind::kIo, Stopped().message}};
  }
  positions_thread = std::thread([this] { FollowPositions(); });
  settlement_thread = std::thread([this] { DeliverSettlement(); });
  if (market->rules().HasHours()) day_thread = std::thread([this] { CloseDays(); });
  if (options.snapshot_bytes != 0) snapshot_thread = std::thread([this] { KeepSnapshots(); });
  return Done{};
}

Live<Done> LiveExchange::Impl::Recover(const store::JournalReader& reader) {
  auto rebuilt = RebuildExchange(reader, relay, stopping);
  if (!rebuilt.ok()) {
    LiveFailure failure = rebuilt.error();
    failure.message = options.data + "/exchange: " + failure.message;
    return ets::Fail{failure};
  }
  const auto first = reader.ReadRecord(1);
  if (!first.ok()) return ets::Fail{FailureOf(first.error())};
  const auto founding = market::Market::FoundingOf(first->view());
  if (!founding.ok()) return ets::Fail{LiveFailure{LiveFailure::Kind::kDataLoss, founding.error()}};
  if (options.rules && *options.rules != founding->rules) {
    return ets::Fail{LiveFailure{
        LiveFailure::Kind::kBadInput,
        "the exchange in " + options.data +
            " was founded with other rules, and keeps them; allowed: the same, or none"}};
  }
  options.ledger_count_max = founding->ledger_count_max;
  market = std::move(rebuilt.value().market);
  positions_taken = rebuilt->positions_taken;
  open_day = rebuilt->open_day;
  recovered_from = rebuilt->from;
  return Done{};
}

// ---- Snapshots ----

void LiveExchange::Impl::KeepSnapshots() {
  while (true) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] {
        return stopping || stopped ||
               bytes_since_snapshot >= std::max(options.snapshot_bytes, 8 * snapshot_size);
      });
      if (stopping || stopped) return;
      bytes_since_snapshot = 0;
    }
    TakeSnapshot();
  }
}

void LiveExchange::Impl::TakeSnapshot() {
  constexpr std::size_t kKept = 2;
  ExchangeRelay history;
  const auto rebuilt = RebuildExchange(writer->store().Reader(), history, stopping);
  if (!rebuilt.ok() || rebuilt->end.sequence == rebuilt->from) return;
  const store::Snapshot snapshot = SnapshotOf(*rebuilt, history);
  if (!writer->store().PutSnapshot(snapshot).ok()) return;
  auto kept = writer->store().Reader().ListSnapshots();
  std::sort(kept.begin(), kept.end(),
            [](const auto& a, const auto& b) { return a.at.sequence > b.at.sequence; });
  for (std::size_t i = kKept; i < kept.size(); ++i) {
    writer->store().DropSnapshot(kept[i].at.sequence);
  }
  {
    const std::lock_guard lock(mutex);
    snapshot_size = snapshot.bytes.size();
  }
  ++snapshot_count;
}

LiveExchange::Impl& LiveExchange::impl() { return *impl_; }
LiveExchange::LiveExchange(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveExchange::~LiveExchange() { Shutdown(); }

// ---- Ending ----

void LiveExchange::Impl::Fail(const std::string& why) {
  std::function<void(const std::string&)> tell;
  {
    const std::lock_guard lock(mutex);
    if (stopped) return;
    stopped = true;
    why_stopped = why;
    tell = on_stopped;
  }
  changed.notify_all();
  if (tell) tell(why);
}

ExchangeFailure LiveExchange::Impl::Stopped() const {
  const std::lock_guard lock(mutex);
  return {std::nullopt, {}, why_stopped.empty() ? "the exchange is shut down" : why_stopped};
}

std::string LiveExchange::Impl::Shutdown() {
  {
    const std::lock_guard lock(mutex);
    if (is_shut) return why_stopped;
    is_shut = true;
    stopping = true;
  }
  changed.notify_all();
  link.Stop();
  for (std::thread* const thread :
       {&positions_thread, &settlement_thread, &snapshot_thread, &day_thread}) {
    if (thread->joinable()) thread->join();
  }
  std::string error;
  if (writer) {
    sequencer->Remove(this);
    if (owns_sequencer) sequencer->Stop();
    writer->WaitIdle();
    HandOver();
    writer->WaitIdle();
    error = writer->Close();
  }
  const std::lock_guard lock(mutex);
  stopped = true;
  if (why_stopped.empty()) why_stopped = error;
  return why_stopped;
}

std::string LiveExchange::Shutdown() { return impl_->Shutdown(); }
bool LiveExchange::serving() const { return !impl_->stopped; }
std::string LiveExchange::error() const { return impl_->Stopped().message; }
std::uint64_t LiveExchange::snapshots() const { return impl_->snapshot_count; }
std::uint64_t LiveExchange::recovered_from() const { return impl_->recovered_from; }
std::uint64_t LiveExchange::alarms() const { return impl_->alarm_count; }
RegistryLink& LiveExchange::link() const { return impl_->link; }
std::uint16_t LiveExchange::ledger_count_max() const { return impl_->options.ledger_count_max; }

void LiveExchange::OnStopped(std::function<void(const std::string& why)> on_stopped) {
  const std::lock_guard lock(impl_->mutex);
  impl_->on_stopped = std::move(on_stopped);
}

// ---- On the sequencer's thread ----

std::optional<Sequencer::Clock::time_point> LiveExchange::Impl::Turn() {
  const auto again = stopped ? std::nullopt : Advance();
  if (relay.seat() != nullptr) relay.seat()->Turn(*market);
  if (!writer->idle()) return again;
  if (const auto wait = MayWait()) return again ? std::min(*again, *wait) : *wait;
  HandOver();
  return again;
}

std::optional<Sequencer::Clock::time_point> LiveExchange::Impl::MayWait() {
  constexpr std::chrono::milliseconds kWait(1);
  // In a crowd many share a sync, which costs the processor as much as several orders.
  constexpr std::size_t kCrowd = 16;
  constexpr std::chrono::milliseconds kApart(1);
  if (batch.records.empty()) return std::nullopt;
  const auto now = Sequencer::Clock::now();
  const bool is_in_haste = relay.seat() == nullptr || relay.seat()->is_in_haste();
  if (is_in_haste) {
    const auto next = last_batch_at + kApart;
    return last_batch_size >= kCrowd && now < next ? std::optional(next) : std::nullopt;
  }
  if (!batch.answers.empty()) return std::nullopt;
  if (!batch_waits_until) batch_waits_until = now + kWait;
  return now < *batch_waits_until ? batch_waits_until : std::nullopt;
}

std::optional<Sequencer::Clock::time_point> LiveExchange::Impl::Advance() {
  // Simulated time may run at any speed, so one looks often rather than reckon.
  constexpr std::chrono::milliseconds kLook(20);
  const SimTime due = market->next_due();
  const bool has_hours = market->rules().HasHours();
  if (due == std::numeric_limits<SimTime>::max() && !has_hours) return std::nullopt;
  const SimTime now = std::max(latest, options.now ? options.now() : clock.Wall());
  if (due <= now) (void)Apply(market::AdvanceTo{now}, SourceKind::kClock);
  if (has_hours) KeepDay(now);
  return Sequencer::Clock::now() + kLook;
}

void LiveExchange::Impl::HandOver() {
  if (relay.seat() != nullptr) relay.seat()->HandOver(batch.answers);
  batch_waits_until.reset();
  if (batch.empty()) return;
  bool is_time = false;
  {
    const std::lock_guard lock(mutex);
    bytes_since_snapshot += batch.records.bytes();
    is_time = bytes_since_snapshot >= std::max(options.snapshot_bytes, 8 * snapshot_size);
  }
  last_batch_size = batch.records.size();
  last_batch_at = Sequencer::Clock::now();
  writer->HandOver(batch);
  if (is_time) changed.notify_all();
}

void LiveExchange::Impl::MakeRoom() {
  while (batch.records.is_full()) {
    writer->WaitIdle();
    HandOver();
  }
}

Envelope LiveExchange::Impl::NextEnvelope(SourceKind source) {
  Envelope envelope;
  envelope.step = sequencer->NextStep();
  envelope.wall_time = clock.Wall();
  envelope.sim_time = std::max(latest, options.now ? options.now() : envelope.wall_time);
  envelope.source = source;
  latest = envelope.sim_time;
  return envelope;
}

Result<market::Receipt, market::Refusal> LiveExchange::Impl::Apply(const market::Input& input,
                                                                   SourceKind source) {
  const bool is_everything_anew = std::holds_alternative<market::OpenSession>(input) ||
                                  std::holds_alternative<market::CloseSession>(input) ||
                                  std::holds_alternative<market::DelistInstrument>(input) ||
                                  std::holds_alternative<market::ListInstrument>(input) ||
                                  std::holds_alternative<market::HaltTrading>(input) ||
                                  std::holds_alternative<market::ResumeTrading>(input) ||
                                  std::holds_alternative<market::SetPhase>(input);
  const auto outcome = Give(input, source, is_everything_anew);
  if (!outcome.ok()) return outcome;
  if (const auto* const session = std::get_if<market::OpenSession>(&input)) {
    open_day = session->date;
  } else if (std::holds_alternative<market::DayClosed>(input)) {
    open_day.reset();
  }
  Enter(*market);
  // Pay days may fall due at any time.
  const bool is_ready = std::holds_alternative<market::CloseSession>(input) ||
                        std::holds_alternative<market::Withdraw>(input) ||
                        std::holds_alternative<market::AdvanceTo>(input) ||
                        std::holds_alternative<market::CloseAuction>(input) ||
                        std::holds_alternative<market::PayAuction>(input);
  if (is_ready && !market->session_open()) SendSettlement();
  return outcome;
}

void LiveExchange::Impl::Take(const market::Input& input, const OnOutcome& done) {
  if (stopped) return done(ets::Fail{Stopped()});
  const auto applied = Apply(input, SourceKind::kPerson);
  Outcome outcome =
      applied.ok() ? Outcome(*applied)
                   : Outcome(ets::Fail{ExchangeFailure{applied.error(), market->detail(),
                                                       std::string(ToString(applied.error()))}});
  batch.answers.push_back([this, done, outcome](const Synced* synced) {
    if (synced == nullptr) return done(ets::Fail{Stopped()});
    done(outcome);
  });
}

bool LiveExchange::Impl::Run(const std::function<void()>& task) {
  std::promise<bool> done;
  const bool posted = sequencer->PostInternal([&] {
    if (stopped) return done.set_value(false);
    task();
    batch.answers.push_back([&](const Synced* synced) { done.set_value(synced != nullptr); });
  });
  return posted && done.get_future().get();
}

// ---- Inputs ----

Exchanged<market::Receipt> LiveExchange::Impl::Do(const market::Input& input) {
  std::promise<Exchanged<market::Receipt>> done;
  if (stopped || stopping) return ets::Fail{Stopped()};
  const bool posted = sequencer->Post([&] {
    Take(input, [&](const Exchanged<market::Receipt>& outcome) { done.set_value(outcome); });
  });
  if (!posted) return ets::Fail{ExchangeFailure{std::nullopt, {}, "the queue is full"}};
  return done.get_future().get();
}

Exchanged<market::Receipt> LiveExchange::Do(const market::Input& input) { return impl_->Do(input); }

SimTime LiveExchange::Now() const {
  return impl_->options.now ? impl_->options.now() : impl_->clock.Wall();
}

void LiveExchange::Read(const std::function<void(const market::Market&)>& read) {
  if (impl_->stopped || impl_->stopping) return;
  impl_->Run([&] { read(*impl_->market); });
}

void LiveExchange::ReadLater(std::function<void(const market::Market&)> read,
                             std::function<void(bool)> done) {
  const bool is_posted = impl_->sequencer->PostInternal([it = impl_.get(), read, done] {
    if (it->stopped) return done(false);
    read(*it->market);
    it->batch.answers.push_back([done](const Synced* synced) { done(synced != nullptr); });
  });
  if (!is_posted) done(false);
}

// ---- Who and what there is ----

void LiveExchange::Impl::Enter(const market::Market& of) {
  if (escrows.size() == of.member_count() && instruments.size() == of.instrument_count()) return;
  const std::unique_lock lock(directory);
  for (auto id = static_cast<std::uint32_t>(escrows.size()); id < of.member_count(); ++id) {
    escrows.push_back(of.escrow(MemberId(id)));
    members[escrows.back().raw()] = MemberId(id);
  }
  for (auto id = static_cast<std::uint16_t>(instruments.size()); id < of.instrument_count(); ++id) {
    const market::InstrumentView& view = of.instrument(InstrumentId(id));
    instruments.push_back({view.unit_ledger, view.cash_ledger, view.session});
  }
}

std::optional<MemberId> LiveExchange::FindMember(AccountId escrow) const {
  const std::shared_lock lock(impl_->directory);
  const auto found = impl_->members.find(escrow.raw());
  return found == impl_->members.end() ? std::nullopt : std::optional(found->second);
}

std::optional<AccountId> LiveExchange::EscrowOf(MemberId member) const {
  const std::shared_lock lock(impl_->directory);
  return member.raw() < impl_->escrows.size() ? std::optional(impl_->escrows[member.raw()])
                                              : std::nullopt;
}

std::optional<InstrumentId> LiveExchange::FindInstrument(LedgerId unit, LedgerId cash) const {
  const std::shared_lock lock(impl_->directory);
  for (std::size_t id = impl_->instruments.size(); id > 0; --id) {
    const Traded& traded = impl_->instruments[id - 1];
    if (traded.unit == unit && traded.cash == cash) {
      return InstrumentId(static_cast<std::uint16_t>(id - 1));
    }
  }
  return std::nullopt;
}

std::vector<LiveExchange::Traded> LiveExchange::Instruments() const {
  const std::shared_lock lock(impl_->directory);
  return impl_->instruments;
}

}  // namespace ets::server
