#include "server/live_registry.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <utility>

#include "server/live_registry_impl.h"

namespace ets::server {

namespace fs = std::filesystem;
using Kind = LiveFailure::Kind;

namespace {

constexpr const char* kFolder = "/registry";

store::Durability DurabilityOf(const LiveOptions& options) {
  return options.fsync ? store::Durability::kEveryBatch : store::Durability::kAtClose;
}

const Patience kForever{std::chrono::system_clock::time_point::max(), {}};

}  // namespace

LiveFailure FailureOf(const store::StoreFailure& failure) {
  const Kind kind = [&] {
    switch (failure.fault) {
      case store::StoreFault::kNoJournal:
      case store::StoreFault::kLocked:
        return Kind::kBadInput;
      case store::StoreFault::kExists:
        return Kind::kExists;
      case store::StoreFault::kDamaged:
        return Kind::kDataLoss;
      case store::StoreFault::kAnchorAhead:
        return Kind::kAnchorAhead;
      case store::StoreFault::kPoisoned:
        return Kind::kPoisoned;
      case store::StoreFault::kOutOfRange:
        return Kind::kOutOfRange;
      case store::StoreFault::kIo:
        return Kind::kIo;
    }
    return Kind::kIo;
  }();
  return {kind, failure.message};
}

LiveFailure StoppedFailure(const std::string& why) {
  return {Kind::kStopped, why.empty() ? "the registry is shut down" : why};
}

// ---- Opening ----

Live<std::unique_ptr<LiveRegistry>> LiveRegistry::Open(const LiveOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  auto impl = std::make_unique<Impl>(options);
  const auto started = options.read_only ? impl->StartReadOnly() : impl->Start();
  if (!started.ok()) {
    impl->Shutdown();
    LiveFailure failure = started.error();
    if (failure.kind == Kind::kPoisoned) {
      failure.message +=
          "; 'capclear registry verify --clear-poison' reads all of it and takes the mark away";
    }
    return Fail{failure};
  }
  impl->recovery_micros =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::steady_clock::now() - begin)
                                     .count());
  return std::unique_ptr<LiveRegistry>(new LiveRegistry(std::move(impl)));
}

Live<std::unique_ptr<store::JournalStore>> LiveRegistry::Impl::OpenStore(bool& is_new) {
  std::error_code ignored;
  is_new = !fs::exists(folder + "/CURRENT", ignored);
  if (!is_new) {
    auto opened = store::JournalStore::Open(folder, DurabilityOf(options), options.store);
    if (!opened.ok()) return ets::Fail{FailureOf(opened.error())};
    return std::move(opened.value());
  }
  if (!options.create) {
    return ets::Fail{LiveFailure{Kind::kBadInput, folder + ": holds no registry journal"}};
  }
  auto created = store::JournalStore::Create(folder, DurabilityOf(options), options.store);
  if (!created.ok()) return ets::Fail{FailureOf(created.error())};
  return std::move(created.value());
}

Live<Done> LiveRegistry::Impl::Start() {
  folder = options.data + kFolder;
  bool is_new = false;
  auto opened = OpenStore(is_new);
  if (!opened.ok()) return ets::Fail{opened.error()};
  auto store = std::move(opened.value());
  is_new = is_new || store->end().sequence == 0;
  reader = store->Reader();
  Envelope last;
  if (is_new) {
    registry.emplace(options.profile, &batch.records);
    last.sim_time = options.clock.kind == ClockOptions::Kind::kReal ? 0 : options.clock.start;
  } else {
    auto rebuilt = Rebuild(*reader, store::kToTheEnd, kForever);
    if (!rebuilt.ok()) return ets::Fail{rebuilt.error()};
    last = rebuilt->last;
    replayed = rebuilt->replayed;
    registry.emplace(std::move(rebuilt.value().registry));
    registry->SetJournal(&batch.records);
  }
  latest = is_new ? 0 : last.sim_time;
  committed_end = store->end();
  committed = {committed_end.sequence, latest, store->chain_head()};
  branch_name = options.branch.empty() ? registry->branch() : options.branch;
  directory.Fill(*registry);
  clock.emplace(options.clock, last.sim_time);

  owns_sequencer = options.sequencer == nullptr;
  sequencer = owns_sequencer ? std::make_shared<Sequencer>(options.queue_max) : options.sequencer;
  sequencer->SkipSteps(last.step);
  helper.emplace();
  writer = std::make_unique<JournalWriter>(
      std::move(store), JournalWriter::Ears{[this](const Synced& synced) { OnSynced(synced); },
                                            [this] { sequencer->Kick(); },
                                            [this](const std::string& why) { this->Fail(why); }});
  if (is_new) {
    Task begin;
    begin.submission.command = registry::AdvanceTo{clock->Now()};
    begin.submission.source = SourceKind::kClock;
    sequencer->PostInternal([this, begin] {
      if (clock->Now() > 0) (void)ApplyCommand(begin.submission.command, begin.submission);
    });
  }
  sequencer->Add(this);
  if (!is_new) return Done{};
  // The first batch, so that there is a state to read.
  std::unique_lock lock(committed_mutex);
  committed_changed.wait(lock, [&] { return committed.sequence > 0 || stopped; });
  if (stopped) return ets::Fail{LiveFailure{Kind::kIo, WhyStopped()}};
  return Done{};
}

Live<Done> LiveRegistry::Impl::StartReadOnly() {
  const auto found = FindRegistryJournal(options.data);
  if (!found.ok()) return ets::Fail{LiveFailure{Kind::kBadInput, found.error().message}};
  folder = *found;
  auto opened = store::JournalReader::Open(folder, options.store);
  if (!opened.ok()) return ets::Fail{FailureOf(opened.error())};
  reader = *opened;
  if (reader->end().sequence == 0) {
    return ets::Fail{LiveFailure{Kind::kBadInput, folder + ": the journal holds no record"}};
  }
  auto rebuilt = Rebuild(*reader, store::kToTheEnd, kForever);
  if (!rebuilt.ok()) return ets::Fail{rebuilt.error()};
  replayed = rebuilt->replayed;
  latest = rebuilt->last.sim_time;
  committed_end = rebuilt->end;
  committed = {committed_end.sequence, latest, store::ToHex(committed_end.head)};
  registry.emplace(std::move(rebuilt.value().registry));
  branch_name = options.branch.empty() ? registry->branch() : options.branch;
  directory.Fill(*registry);
  options.clock.kind = ClockOptions::Kind::kManual;
  clock.emplace(options.clock, latest);
  gate.Open();
  return Done{};
}

LiveRegistry::LiveRegistry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveRegistry::~LiveRegistry() { impl_->Shutdown(); }

// ---- Ending ----

void LiveRegistry::Impl::Fail(const std::string& why) {
  std::function<void(const std::string&)> tell;
  {
    const std::lock_guard lock(life_mutex);
    if (why_stopped.empty()) why_stopped = why;
    tell = on_stopped;
  }
  {
    const std::lock_guard lock(committed_mutex);
    stopped = true;
  }
  committed_changed.notify_all();
  gate.Stop();
  if (tell) tell(why);
}

std::string LiveRegistry::Impl::Shutdown() {
  {
    const std::lock_guard lock(life_mutex);
    if (is_shut) return why_stopped;
    is_shut = true;
  }
  if (writer) {
    // What was posted before is applied; then the open batch goes to the disk.
    sequencer->Remove(this);
    if (owns_sequencer) sequencer->Stop();
    writer->WaitIdle();
    HandOver();
    writer->WaitIdle();
  }
  {
    const std::lock_guard lock(committed_mutex);
    stopped = true;
  }
  committed_changed.notify_all();
  gate.Stop();
  if (helper) helper->Stop();
  const std::unique_lock alone(journal_use);
  reader.reset();
  const std::string error = writer ? writer->Close() : std::string();
  const std::lock_guard lock(life_mutex);
  if (why_stopped.empty()) why_stopped = error;
  return why_stopped;
}

std::string LiveRegistry::Shutdown() { return impl_->Shutdown(); }

std::string LiveRegistry::Impl::WhyStopped() const {
  const std::lock_guard lock(life_mutex);
  return why_stopped;
}

bool LiveRegistry::serving() const { return impl_->is_serving(); }
bool LiveRegistry::reconciling() const { return impl_->reconciling; }
std::string LiveRegistry::error() const { return impl_->WhyStopped(); }

void LiveRegistry::OnStopped(std::function<void(const std::string& why)> on_stopped) {
  const std::lock_guard lock(impl_->life_mutex);
  impl_->on_stopped = std::move(on_stopped);
}

// ---- Submitting ----

void LiveRegistry::Submit(Submission submission, std::function<void(const Answer&)> done) {
  Impl& it = *impl_;
  ++it.count.submissions;
  Answer answer;
  if (it.options.read_only) {
    answer.kind = Answer::Kind::kReadOnly;
    answer.at = it.Committed();
    return done(answer);
  }
  auto task =
      std::make_shared<Impl::Task>(Impl::Task{std::move(submission), std::move(done), false});
  if (!it.stopped && it.sequencer->Post([&it, task] { it.Take(*task); })) return;
  if (!it.stopped) {
    answer.kind = Answer::Kind::kOverloaded;
    ++it.count.overloaded;
  }
  task->done(answer);
}

Answer LiveRegistry::SubmitAndWait(Submission submission) {
  std::promise<Answer> answered;
  Submit(std::move(submission), [&](const Answer& answer) { answered.set_value(answer); });
  return answered.get_future().get();
}

void LiveRegistry::AdvanceTime(Submission submission, std::function<void(const Answer&)> done) {
  Submit(std::move(submission), std::move(done));
}

// ---- What it is ----

bool LiveRegistry::read_only() const { return impl_->options.read_only; }
const ClockOptions& LiveRegistry::clock() const { return impl_->options.clock; }
const std::string& LiveRegistry::branch() const { return impl_->branch_name; }
const std::string& LiveRegistry::journal_folder() const { return impl_->folder; }
StatePoint LiveRegistry::committed() const { return impl_->Committed(); }

SimTime LiveRegistry::Now() const {
  return std::max(impl_->clock->Now(), impl_->Committed().sim_time);
}

LiveRegistry::Counters LiveRegistry::counters() const {
  const Impl& it = *impl_;
  Counters counters;
  counters.submissions = it.count.submissions;
  counters.applied = it.count.applied;
  counters.refused = it.count.refused;
  counters.repeated = it.count.repeated;
  counters.overloaded = it.count.overloaded;
  counters.batches = it.writer ? it.writer->batches() : 0;
  counters.records = it.count.records;
  counters.reads = it.count.reads;
  counters.snapshots = it.count.snapshots;
  counters.replayed = it.replayed;
  counters.recovery_micros = it.recovery_micros;
  return counters;
}

}  // namespace ets::server
