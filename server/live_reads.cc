#include <algorithm>
#include <utility>

#include "server/auth.h"
#include "server/live_registry_impl.h"
#include "server/wire_names.h"

namespace ets::server {

using Kind = LiveFailure::Kind;

namespace {

constexpr std::uint16_t kRequestBit = registry::kHasRequest;
// How often whoever waits looks whether its caller is still there.
constexpr std::chrono::milliseconds kLook(50);
constexpr std::uint64_t kRecordsPerLook = 1'024;
constexpr std::size_t kPointsKept = 64;  // Pages of one list ask for the same one again and again.

LiveFailure Expired() {
  return {Kind::kExpired, "the deadline passed before the answer was there"};
}

LiveFailure OutOfRange(std::uint64_t sequence, std::uint64_t last) {
  return {Kind::kOutOfRange,
          "record " + std::to_string(sequence) + "; allowed: 1 to " + std::to_string(last)};
}

registry::RecordKind KindWithoutRequest(const JournalRecord& record) {
  return static_cast<registry::RecordKind>(record.kind & static_cast<std::uint16_t>(~kRequestBit));
}

// A machine from a snapshot, if one is of use.
std::optional<RebuiltState> FromSnapshot(const store::JournalReader& reader,
                                         std::uint64_t sequence) {
  const auto snapshot = reader.LatestSnapshot(sequence);
  if (!snapshot) return std::nullopt;
  auto loaded = registry::Registry::Load(snapshot->bytes, nullptr);
  if (!loaded.ok() || loaded->sequence() != snapshot->at.sequence ||
      loaded->StateHash() != snapshot->state_hash) {
    return std::nullopt;
  }
  return RebuiltState{std::move(loaded.value()), snapshot->at, {}, 0};
}

}  // namespace

Live<RebuiltState> Rebuild(const store::JournalReader& reader, std::uint64_t sequence,
                           const Patience& patience) {
  std::optional<RebuiltState> state = FromSnapshot(reader, sequence);
  std::optional<registry::Registry> machine;
  const store::ChainEnd after = state ? state->end : store::ChainEnd{};
  if (state) machine.emplace(std::move(state->registry));
  RebuiltState rebuilt{registry::Registry(registry::Profile{}, nullptr), after, {}, 0};
  std::optional<LiveFailure> failure;
  const auto read = reader.Read(after, sequence, [&](const JournalRecord& record) {
    if (record.sequence % kRecordsPerLook == 0 && patience.ended()) {
      failure = Expired();
      return false;
    }
    if (!machine) {
      const auto profile = registry::Registry::ProfileOf(record);
      if (!profile.ok()) {
        failure = LiveFailure{Kind::kBadInput, profile.error()};
        return false;
      }
      machine.emplace(*profile, nullptr);
    }
    const std::string wrong = machine->Replay(record);
    if (!wrong.empty()) {
      failure =
          LiveFailure{Kind::kDataLoss, "record " + std::to_string(record.sequence) + ": " + wrong};
      return false;
    }
    rebuilt.last = record.envelope;
    ++rebuilt.replayed;
    return true;
  });
  if (failure) return Fail{*failure};
  if (!read.ok()) return Fail{FailureOf(read.error())};
  if (!machine) return Fail{LiveFailure{Kind::kBadInput, "the journal holds no record"}};
  rebuilt.end = *read;
  if (rebuilt.replayed == 0) {
    const auto last = reader.ReadRecord(machine->sequence());
    if (!last.ok()) return Fail{FailureOf(last.error())};
    rebuilt.last = last->envelope;
  }
  rebuilt.registry = *std::move(machine);
  return rebuilt;
}

// ---- Committed ----

void LiveRegistry::Impl::OnSynced(const Synced& synced) {
  {
    const std::lock_guard lock(committed_mutex);
    committed_end = synced.end().at;
    committed = {committed_end.sequence, handed_time, synced.end().head};
  }
  committed_changed.notify_all();
}

StatePoint LiveRegistry::Impl::Committed() const {
  const std::lock_guard lock(committed_mutex);
  return committed;
}

std::optional<LiveFailure> LiveRegistry::Impl::Read(const Patience& patience,
                                                    const ReadFunction& read) {
  switch (gate.Enter(patience, [this] { sequencer->Kick(); })) {
    case ReadGate::Entry::kIn:
      break;
    case ReadGate::Entry::kExpired:
      return Expired();
    case ReadGate::Entry::kStopped:
      return StoppedFailure(WhyStopped());
  }
  ++count.reads;
  read(*registry, Committed());
  gate.Leave();
  return std::nullopt;
}

// ---- The journal ----

std::optional<LiveFailure> LiveRegistry::Impl::Records(std::uint64_t first, std::uint64_t last,
                                                       const store::RecordCallback& take) {
  const std::shared_lock use(journal_use);
  if (!reader) return StoppedFailure(WhyStopped());
  const std::uint64_t end = Committed().sequence;
  if (first == 0 || first > last || last > end) return OutOfRange(first > end ? first : last, end);
  const auto read = reader->ReadFrom(first, last, take);
  if (!read.ok()) return FailureOf(read.error());
  return std::nullopt;
}

Live<store::StoredRecord> LiveRegistry::Impl::RecordAt(std::uint64_t sequence) {
  const std::shared_lock use(journal_use);
  if (!reader) return ets::Fail{StoppedFailure(WhyStopped())};
  auto record = reader->ReadRecord(sequence);
  if (!record.ok()) return ets::Fail{FailureOf(record.error())};
  return std::move(record.value());
}

Live<StatePoint> LiveRegistry::Impl::PointOf(std::uint64_t sequence) {
  const StatePoint now = Committed();
  if (sequence == now.sequence) return now;
  if (sequence == 0 || sequence > now.sequence)
    return ets::Fail{OutOfRange(sequence, now.sequence)};
  {
    const std::lock_guard lock(points_mutex);
    const auto known = std::find_if(points.begin(), points.end(), [&](const StatePoint& point) {
      return point.sequence == sequence;
    });
    if (known != points.end()) {
      std::rotate(known, known + 1, points.end());
      return points.back();
    }
  }
  auto point = ReadPoint(sequence);
  if (!point.ok()) return point;
  const std::lock_guard lock(points_mutex);
  if (points.size() >= kPointsKept) points.erase(points.begin());
  points.push_back(*point);
  return point;
}

Live<StatePoint> LiveRegistry::Impl::ReadPoint(std::uint64_t sequence) {
  const auto record = RecordAt(sequence);
  if (!record.ok()) return ets::Fail{record.error()};
  const std::shared_lock use(journal_use);
  if (!reader) return ets::Fail{StoppedFailure(WhyStopped())};
  const auto end = reader->BatchOf(sequence);
  if (!end.ok()) return ets::Fail{FailureOf(end.error())};
  return StatePoint{sequence, record->envelope.sim_time, store::ToHex(end->head)};
}

Answer LiveRegistry::Impl::StoredAnswer(std::uint64_t sequence) {
  Answer answer;
  const auto point = PointOf(sequence);
  const auto record = RecordAt(sequence);
  registry::Record decoded;
  if (!point.ok() || !record.ok() || !registry::Decode(record->view(), decoded)) return answer;
  answer.at = *point;
  // Of its batch, also when it is the last one there is.
  answer.repeated = true;
  answer.receipt = decoded.receipt;
  answer.receipt.sequence = sequence;
  answer.transfers = static_cast<std::uint32_t>(decoded.transfers.size());
  answer.kind = decoded.refusal ? Answer::Kind::kRefused : Answer::Kind::kApplied;
  answer.batch_results = decoded.item_results;
  if (!decoded.refusal) return answer;
  answer.refusal = *decoded.refusal;
  {
    const std::lock_guard lock(details_mutex);
    const auto known = details.find(sequence);
    if (known != details.end()) {
      answer.detail = known->second;
      return answer;
    }
  }
  // The state it was refused in says again what it was about.
  const std::shared_lock use(journal_use);
  if (!reader || sequence < 2) return answer;
  auto before = Rebuild(*reader, sequence - 1, {std::chrono::system_clock::time_point::max(), {}});
  if (!before.ok()) return answer;
  if (before.value().registry.Check(decoded.command) == decoded.refusal) {
    answer.detail = before->registry.detail();
  }
  if (answer.refusal == registry::Refusal::kStreamGap) {
    answer.expected_sequence = before->registry.settlement_sequence() + 1;
  }
  return answer;
}

void LiveRegistry::Impl::TakeSnapshot() {
  store::Snapshot snapshot;
  const auto failed = Read({std::chrono::system_clock::time_point::max(), {}},
                           [&](const registry::Registry& state, const StatePoint&) {
                             const std::lock_guard lock(committed_mutex);
                             snapshot.at = committed_end;
                             snapshot.state_hash = state.StateHash();
                             state.Save(snapshot.bytes);
                           });
  if (!failed && writer->store().PutSnapshot(snapshot).ok()) {
    ++count.snapshots;
    snapshot_size = snapshot.bytes.size();
  }
  snapshot_pending = false;
}

// ---- Earlier states ----

Live<LiveRegistry::State> LiveRegistry::Impl::CopyOfNow(std::uint64_t sequence,
                                                        const Patience& patience) {
  std::string bytes;
  const auto failed = Read(patience, [&](const registry::Registry& state, const StatePoint& at) {
    if (at.sequence == sequence) state.Save(bytes);
  });
  if (failed) return ets::Fail{*failed};
  if (bytes.empty()) return State();
  auto copy = registry::Registry::Load(bytes, nullptr);
  if (!copy.ok()) return ets::Fail{LiveFailure{Kind::kDataLoss, copy.error()}};
  return State(std::make_shared<const registry::Registry>(std::move(copy.value())));
}

Live<LiveRegistry::State> LiveRegistry::Impl::StateAt(std::uint64_t sequence,
                                                      const Patience& patience) {
  const std::uint64_t last = Committed().sequence;
  if (sequence == 0 || sequence > last) return ets::Fail{OutOfRange(sequence, last)};
  const std::unique_lock lock(states_mutex, patience.deadline);
  if (!lock.owns_lock()) return ets::Fail{Expired()};
  const auto known = std::find_if(states.begin(), states.end(),
                                  [&](const auto& entry) { return entry.first == sequence; });
  if (known != states.end()) {
    std::rotate(known, known + 1, states.end());
    return states.back().second;
  }
  State state;
  if (sequence == last) {
    auto copy = CopyOfNow(sequence, patience);
    if (!copy.ok()) return copy;
    state = *copy;
  }
  if (!state) {
    const std::shared_lock use(journal_use);
    if (!reader) return ets::Fail{StoppedFailure(WhyStopped())};
    auto rebuilt = Rebuild(*reader, sequence, patience);
    if (!rebuilt.ok()) return ets::Fail{rebuilt.error()};
    state = std::make_shared<const registry::Registry>(std::move(rebuilt.value().registry));
  }
  if (states.size() >= std::max<std::size_t>(1, options.states_kept)) states.erase(states.begin());
  states.emplace_back(sequence, state);
  return state;
}

// ---- The outside of it ----

std::optional<LiveFailure> LiveRegistry::Read(const Patience& patience, const ReadFunction& read) {
  return impl_->Read(patience, read);
}
Live<LiveRegistry::State> LiveRegistry::StateAt(std::uint64_t sequence, const Patience& patience) {
  return impl_->StateAt(sequence, patience);
}
Live<StatePoint> LiveRegistry::PointOf(std::uint64_t sequence) { return impl_->PointOf(sequence); }

std::optional<LiveFailure> LiveRegistry::Records(std::uint64_t first, std::uint64_t last,
                                                 const store::RecordCallback& take) {
  return impl_->Records(first, last, take);
}
store::JournalReader LiveRegistry::Reader() const { return *impl_->reader; }

// By halving: times never decrease.
Live<std::uint64_t> LiveRegistry::SequenceAt(SimTime time, const Patience& patience) {
  const StatePoint now = committed();
  // Record 1 is the law and of no time: a registry begins with what was done first.
  const auto first = impl_->PointOf(std::min<std::uint64_t>(2, now.sequence));
  if (!first.ok()) return Fail{first.error()};
  if (time < first->sim_time || time > std::max(now.sim_time, Now())) {
    return Fail{LiveFailure{Kind::kOutOfRange, wire::ToString(time) + "; allowed: from " +
                                                   wire::ToString(first->sim_time) +
                                                   ", where the registry begins, to " +
                                                   wire::ToString(now.sim_time)}};
  }
  if (time >= now.sim_time) return now.sequence;
  std::uint64_t at_or_before = 1;
  std::uint64_t after = now.sequence;
  while (after - at_or_before > 1) {
    if (patience.ended()) return Fail{Expired()};
    const std::uint64_t middle = at_or_before + (after - at_or_before) / 2;
    const auto record = impl_->RecordAt(middle);
    if (!record.ok()) return Fail{record.error()};
    (record->envelope.sim_time <= time ? at_or_before : after) = middle;
  }
  return at_or_before;
}

Live<std::uint64_t> LiveRegistry::WaitFor(std::uint64_t sequence, const Patience& patience) {
  Impl& it = *impl_;
  std::unique_lock lock(it.committed_mutex);
  while (it.committed.sequence < sequence && !it.stopped && !it.options.read_only) {
    if (patience.ended()) return Fail{Expired()};
    it.committed_changed.wait_until(
        lock, std::min(patience.deadline, std::chrono::system_clock::now() + kLook));
  }
  if (it.committed.sequence >= sequence) return it.committed.sequence;
  lock.unlock();
  return it.stopped ? Fail{StoppedFailure(it.WhyStopped())}
                    : Fail{OutOfRange(sequence, it.Committed().sequence)};
}

// ---- The Positions stream ----

std::optional<LiveFailure> LiveRegistry::Impl::ScanPositions(std::uint64_t last,
                                                             const Patience& patience) {
  if (positions_scanned >= last) return std::nullopt;
  std::vector<bool> is_escrow;  // An account's kind is for good.
  auto failure = Read(patience, [&](const registry::Registry& state, const StatePoint&) {
    is_escrow.resize(state.account_count());
    for (std::uint32_t id = 0; id < state.account_count(); ++id) {
      is_escrow[id] = state.account(AccountId(id)).kind == registry::AccountKind::kEscrow;
    }
  });
  if (failure) return failure;
  std::vector<registry::Transfer> moved;
  bool is_whole = true;
  failure = Records(positions_scanned + 1, last, [&](const JournalRecord& record) {
    positions_scanned = record.sequence;
    const registry::RecordKind kind = KindWithoutRequest(record);
    // What was settled is the exchange's own.
    if (kind == registry::RecordKind::kProfile || kind == registry::RecordKind::kSettle)
      return true;
    moved.clear();
    is_whole = is_whole && registry::Registry::DecodeTransfers(record, moved);
    for (std::uint32_t index = 0; index < moved.size(); ++index) {
      if (moved[index].credit.raw() >= is_escrow.size() || !is_escrow[moved[index].credit.raw()]) {
        continue;
      }
      positions.push_back(
          {positions.size() + 1, moved[index], record.sequence, index, record.envelope.sim_time});
    }
    return true;
  });
  if (!failure && !is_whole) failure = LiveFailure{Kind::kDataLoss, "a record cannot be decoded"};
  return failure;
}

Live<std::vector<LiveRegistry::Position>> LiveRegistry::Positions(std::uint64_t from,
                                                                  std::size_t positions_max,
                                                                  const Patience& patience) {
  Impl& it = *impl_;
  const std::uint64_t first = std::max<std::uint64_t>(1, from);
  std::uint64_t known = committed().sequence;
  while (true) {
    {
      const std::unique_lock lock(it.positions_mutex, patience.deadline);
      if (!lock.owns_lock()) return Fail{Expired()};
      if (const auto failure = it.ScanPositions(known, patience)) return Fail{*failure};
      if (it.positions.size() >= first) {
        const auto begin = it.positions.begin() + static_cast<std::ptrdiff_t>(first - 1);
        const std::size_t count =
            std::min<std::size_t>(positions_max, it.positions.size() - (first - 1));
        return std::vector<Position>(begin, begin + static_cast<std::ptrdiff_t>(count));
      }
    }
    const auto moved_on = WaitFor(known + 1, patience);
    if (!moved_on.ok()) return Fail{moved_on.error()};
    known = *moved_on;
  }
}

// ---- The directory ----

void LiveDirectory::Fill(const registry::Registry& registry) {
  const std::unique_lock lock(mutex_);
  units_.clear();
  for (std::uint16_t id = 0; id < registry.ledger_count(); ++id) {
    units_.push_back(registry.unit(LedgerId(id)));
  }
  accounts_ = registry.account_count();
  principals_.clear();
  for (const registry::PrincipalView& view : registry.principals()) {
    principals_[view.principal] = view;
  }
}

void LiveDirectory::AddLedger(LedgerId ledger, Unit unit) {
  const std::unique_lock lock(mutex_);
  if (ledger.raw() == units_.size()) units_.push_back(unit);
}

void LiveDirectory::SetAccountCount(std::uint32_t count) {
  const std::unique_lock lock(mutex_);
  accounts_ = std::max(accounts_, count);
}

void LiveDirectory::SetPrincipal(const registry::PrincipalView& principal) {
  const std::unique_lock lock(mutex_);
  principals_[principal.principal] = principal;
}

std::optional<LedgerId> LiveDirectory::FindLedger(Unit unit) const {
  const std::shared_lock lock(mutex_);
  const auto found = std::find(units_.begin(), units_.end(), unit);
  if (found == units_.end()) return std::nullopt;
  return LedgerId(static_cast<std::uint16_t>(found - units_.begin()));
}

std::optional<Unit> LiveDirectory::UnitOf(LedgerId ledger) const {
  const std::shared_lock lock(mutex_);
  if (ledger.raw() >= units_.size()) return std::nullopt;
  return units_[ledger.raw()];
}

std::uint32_t LiveDirectory::account_count() const {
  const std::shared_lock lock(mutex_);
  return accounts_;
}

std::optional<registry::PrincipalView> LiveDirectory::FindByToken(
    const std::array<char, 32>& hash) const {
  static constexpr std::array<char, 32> kNoToken{};
  std::optional<registry::PrincipalView> found;
  const std::shared_lock lock(mutex_);
  for (const auto& [number, principal] : principals_) {
    const bool is_it = EqualInConstantTime(principal.token_hash, hash);
    if (is_it && principal.active && principal.token_hash != kNoToken) found = principal;
  }
  return found;
}

std::optional<registry::PrincipalView> LiveDirectory::FindPrincipal(std::uint32_t principal) const {
  const std::shared_lock lock(mutex_);
  const auto found = principals_.find(principal);
  if (found == principals_.end()) return std::nullopt;
  return found->second;
}

std::optional<LedgerId> LiveRegistry::FindLedger(Unit unit) const {
  return impl_->directory.FindLedger(unit);
}
std::optional<Unit> LiveRegistry::UnitOf(LedgerId ledger) const {
  return impl_->directory.UnitOf(ledger);
}
std::uint32_t LiveRegistry::account_count() const { return impl_->directory.account_count(); }
std::optional<registry::PrincipalView> LiveRegistry::FindByToken(
    const std::array<char, 32>& hash) const {
  return impl_->directory.FindByToken(hash);
}
std::optional<registry::PrincipalView> LiveRegistry::FindPrincipal(std::uint32_t principal) const {
  return impl_->directory.FindPrincipal(principal);
}

// ---- The helper ----

Helper::Helper() : thread_([this] { Run(); }) {}
Helper::~Helper() { Stop(); }

bool Helper::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void Helper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Helper::Run() {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return !tasks_.empty() || stopping_; });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace ets::server
