#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "server/live_registry_impl.h"

namespace ets::server {
namespace {

using Kind = Answer::Kind;

// The machine's own clock may lag so far behind the live one: an AdvanceTo is a record.
constexpr SimTime kClockLagMax = kMicrosPerSecond;
// Refusals whose detail is kept for retries; an older one is found again by replay.
constexpr std::size_t kDetailsMax = 4'096;

// What the clock itself tells the machine.
Submission OfTheClock(SimTime now) {
  Submission submission;
  submission.command = registry::AdvanceTo{now};
  submission.source = SourceKind::kClock;
  return submission;
}

}  // namespace

SimTime LiveRegistry::Impl::Stamp() const { return std::max(latest, clock->Now()); }

void LiveRegistry::Impl::BeginChange() {
  gate.Close();
  while (batch.records.is_full()) {
    writer->WaitIdle();
    HandOver();
  }
}

void LiveRegistry::Impl::HandOver() {
  if (batch.empty()) return;
  handed_time = latest;
  if (!batch.records.empty()) bytes_since_snapshot += batch.records.bytes();
  writer->HandOver(batch);
}

Result<registry::Receipt, registry::Refusal> LiveRegistry::Impl::ApplyCommand(
    const registry::Command& command, const Submission& submission) {
  BeginChange();
  Envelope envelope;
  envelope.step = sequencer->NextStep();
  envelope.sim_time = Stamp();
  envelope.wall_time = clock->Wall();
  envelope.source = submission.source;
  envelope.source_id = submission.source_id;
  // Time moves by the record that says so.
  if (const auto* const advance = std::get_if<registry::AdvanceTo>(&command)) {
    envelope.sim_time = std::max(latest, advance->sim_time);
  }
  latest = envelope.sim_time;
  return registry->Apply(envelope, command, submission.request ? &*submission.request : nullptr);
}

void LiveRegistry::Impl::AdvanceClock(SimTime now) {
  if (options.clock.kind == ClockOptions::Kind::kManual) return;
  if (registry->next_due() > now && registry->now() >= now - kClockLagMax) return;
  const Submission submission = OfTheClock(now);
  const bool is_applied = ApplyCommand(submission.command, submission).ok();
  ETS_ASSERT(is_applied);
  ++count.records;
}

void LiveRegistry::Impl::Take(Task& task) {
  Submission& submission = task.submission;
  Answer answer;
  answer.at = {registry->sequence(), latest, {}};
  const auto end_with = [&](Kind kind) {
    answer.kind = kind;
    Reply(std::move(task.done), std::move(answer));
  };
  if (stopped) return task.done(answer);
  if (reconciling && !task.is_internal) return end_with(Kind::kReconciling);
  if (std::chrono::system_clock::now() >= submission.deadline) return end_with(Kind::kExpired);
  if (std::holds_alternative<registry::AdvanceTo>(submission.command) &&
      options.clock.kind != ClockOptions::Kind::kManual) {
    return end_with(Kind::kPreconditionFailed);
  }
  if (submission.authorize && !submission.authorize(*registry)) return end_with(Kind::kDenied);
  if (submission.request && !submission.validate_only) {
    if (const auto found = registry->FindRequest(submission.request->id)) {
      if (found->digest != submission.request->digest) return end_with(Kind::kRequestReused);
      return ReplyStored(std::move(task.done), found->sequence);
    }
  }
  if (submission.precondition && !submission.precondition(*registry)) {
    return end_with(Kind::kPreconditionFailed);
  }
  submission.validate_only ? Check(task) : Apply(task);
}

void LiveRegistry::Impl::Check(Task& task) {
  BeginChange();  // Check() is no const method.
  Answer answer;
  answer.at = {registry->sequence(), latest, {}};
  answer.kind = Kind::kApplied;
  if (const auto refusal = registry->Check(task.submission.command)) FillRefusal(*refusal, answer);
  Reply(std::move(task.done), std::move(answer));
}

void LiveRegistry::Impl::Apply(Task& task) {
  AdvanceClock(Stamp());
  const std::uint64_t before = registry->sequence();
  const registry::Command& command = task.submission.command;
  const auto outcome = ApplyCommand(command, task.submission);
  if (registry->sequence() == before) {  // A stream's message that came again.
    return ReplyStored(std::move(task.done), outcome.ok() ? outcome->sequence : before);
  }
  ++count.records;
  Answer answer;
  answer.at = {registry->sequence(), latest, {}};
  if (outcome.ok()) {
    ++count.applied;
    answer.kind = Kind::kApplied;
    answer.receipt = *outcome;
    answer.transfers = static_cast<std::uint32_t>(registry->transfers().size());
    if (std::holds_alternative<registry::TransferBatch>(command)) {
      const auto results = registry->batch_results();
      answer.batch_results.assign(results.begin(), results.end());
    }
    Publish(command, *outcome);
  } else {
    ++count.refused;
    FillRefusal(outcome.error(), answer);
    if (task.submission.request) {
      const std::lock_guard lock(details_mutex);
      details[answer.at.sequence] = answer.detail;
      if (details.size() > kDetailsMax) details.erase(details.begin());
    }
  }
  Reply(std::move(task.done), std::move(answer));
}

void LiveRegistry::Impl::FillRefusal(registry::Refusal refusal, Answer& answer) {
  answer.kind = Kind::kRefused;
  answer.refusal = refusal;
  answer.detail = registry->detail();
  if (refusal == registry::Refusal::kStreamGap) {
    answer.expected_sequence = registry->settlement_sequence() + 1;
  }
}

// Queued before the answer, so that whoever has it can look it up.
void LiveRegistry::Impl::Publish(const registry::Command& command,
                                 const registry::Receipt& receipt) {
  if (std::holds_alternative<registry::OpenAccount>(command)) {
    batch.answers.push_back([this, number = registry->account_count()](const Synced* synced) {
      if (synced != nullptr) directory.SetAccountCount(number);
    });
  } else if (const auto* const opened = std::get_if<registry::OpenLedger>(&command)) {
    batch.answers.push_back([this, ledger = LedgerId(static_cast<std::uint16_t>(receipt.id)),
                             unit = opened->unit](const Synced* synced) {
      if (synced != nullptr) directory.AddLedger(ledger, unit);
    });
  } else if (const auto* const set = std::get_if<registry::SetPrincipal>(&command)) {
    registry::PrincipalView view{set->principal, set->role, set->active, set->name,
                                 set->token_hash};
    batch.answers.push_back([this, view = std::move(view)](const Synced* synced) {
      if (synced != nullptr) directory.SetPrincipal(view);
    });
  }
}

void LiveRegistry::Impl::Reply(OnAnswer done, Answer answer) {
  batch.answers.push_back(
      [done = std::move(done), answer = std::move(answer)](const Synced* synced) mutable {
        if (synced == nullptr) return done(Answer{});
        answer.at.chain_head = synced->EndOf(answer.at.sequence).head;
        done(answer);
      });
}

void LiveRegistry::Impl::ReplyStored(OnAnswer done, std::uint64_t sequence) {
  ++count.repeated;
  batch.answers.push_back([this, done = std::move(done), sequence](const Synced* synced) {
    if (synced == nullptr) return done(Answer{});
    if (!helper->Post([this, done, sequence] { done(StoredAnswer(sequence)); })) done(Answer{});
  });
}

std::optional<Sequencer::Clock::time_point> LiveRegistry::Impl::Turn() {
  if (stopped && batch.empty()) return std::nullopt;
  if (writer->idle()) HandOver();
  while (gate.has_waiting() && !is_settled()) {
    writer->WaitIdle();
    HandOver();
  }
  if (is_settled()) gate.Open();
  WantSnapshot();
  if (stopped || reconciling) return std::nullopt;
  const SimTime due = registry->next_due();
  auto wait = clock->Until(due);
  if (wait && wait->count() == 0) {
    AdvanceClock(Stamp());
    if (writer->idle()) HandOver();
    wait = clock->Until(registry->next_due());
  }
  if (!wait) return std::nullopt;
  return Sequencer::Clock::now() + *wait;
}

void LiveRegistry::Impl::WantSnapshot() {
  if (options.snapshot_bytes == 0 || snapshot_pending || stopped) return;
  if (bytes_since_snapshot < std::max(options.snapshot_bytes, 8 * snapshot_size)) return;
  snapshot_pending = true;
  bytes_since_snapshot = 0;
  if (!helper->Post([this] { TakeSnapshot(); })) snapshot_pending = false;
}

}  // namespace ets::server
