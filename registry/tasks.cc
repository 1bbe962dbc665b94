#include <algorithm>

#include "base/assert.h"
#include "registry/impl.h"

namespace ets::registry {
namespace {

constexpr SimTime kMicrosPerMinute = 60 * kMicrosPerSecond;

// What may be proposed.
bool IsProposable(RecordKind kind) {
  constexpr RecordKind kProposable[] = {
      RecordKind::kMakeTransfer,  RecordKind::kSurrender,    RecordKind::kCancelUnits,
      RecordKind::kAddTrusted,    RecordKind::kAllocate,     RecordKind::kReverseTransfer,
      RecordKind::kSetAccount,    RecordKind::kCloseAccount, RecordKind::kIssue,
      RecordKind::kFreeze,        RecordKind::kUnfreeze,     RecordKind::kSetEntitlement,
      RecordKind::kRunAllocation, RecordKind::kReturnExcess};
  return std::find(std::begin(kProposable), std::end(kProposable), kind) != std::end(kProposable);
}

bool Proposed(std::uint16_t kind, std::string_view payload, Command& command) {
  return IsProposable(static_cast<RecordKind>(kind)) &&
         DecodeCommand(static_cast<RecordKind>(kind), payload, command);
}

}  // namespace

// ---- Proposing ----

MaybeRefusal Registry::Impl::Check(const Propose& command) const {
  MaybeRefusal refusal = CheckPrincipal(command.principal);
  Command proposed;
  if (!Proposed(command.kind, command.payload, proposed)) {
    return refusal ? refusal : Refuse(Refusal::kValueInvalid, {.asked = command.kind});
  }
  const RefusalDetail outer = detail;
  const MaybeRefusal inner = CheckAny(proposed);
  if (!refusal || (inner && *inner < *refusal)) return inner;
  detail = outer;
  return refusal;
}

Receipt Registry::Impl::Do(const Propose& command) {
  Command proposed;
  ETS_ASSERT(Proposed(command.kind, command.payload, proposed));
  Task task;
  task.view.task = static_cast<std::uint32_t>(tasks.size() + 1);
  task.view.kind = command.kind;
  task.view.payload = command.payload;
  task.view.initiator = command.principal;
  task.view.state = TaskState::kAwaitingApproval;
  task.view.proposed_at = at;
  task.reserved = DebitOf(proposed);
  const bool needs_approval = NeedsApproval(proposed);
  if (needs_approval && profile.proposal_hours > 0) {
    task.view.expires_at = at + SimTime{profile.proposal_hours} * 60 * kMicrosPerMinute;
    timers.insert({task.view.expires_at, TimerKind::kTask, task.view.task});
  }
  if (task.reserved) Reserve(*task.reserved);
  Receipt receipt;
  receipt.id = task.view.task;
  tasks.Add(std::move(task));
  if (!needs_approval && SenderAgrees(receipt.id)) receipt.amount = 1;
  return receipt;
}

// What the command would take from whom, to be kept for it until then.
std::optional<Transfer> Registry::Impl::DebitOf(const Command& command) const {
  if (const auto* const transfer = std::get_if<MakeTransfer>(&command)) return transfer->transfer;
  if (const auto* const surrender = std::get_if<Surrender>(&command)) {
    return Transfer{surrender->holder,
                    *First(AccountKind::kSurrender),
                    surrender->ledger,
                    surrender->amount,
                    TransferCode::kSurrender,
                    surrender->year,
                    0};
  }
  if (const auto* const cancel = std::get_if<CancelUnits>(&command)) {
    return Transfer{cancel->holder,
                    *First(AccountKind::kCancellation),
                    cancel->ledger,
                    cancel->amount,
                    TransferCode::kCancel,
                    0,
                    0};
  }
  return {};
}

bool Registry::Impl::NeedsApproval(const Command& command) const {
  if (!profile.four_eyes) return false;
  const auto* const transfer = std::get_if<MakeTransfer>(&command);
  return transfer == nullptr || !profile.trusted_waives_approval ||
         !IsTrusted(transfer->transfer.debit, transfer->transfer.credit);
}

// What goes from one firm to another.
bool Registry::Impl::NeedsReceiver(const Command& command) const {
  const auto* const make = std::get_if<MakeTransfer>(&command);
  if (make == nullptr || !profile.receiver_accepts) return false;
  const Account& from = At(make->transfer.debit);
  const Account& to = At(make->transfer.credit);
  return RowOf(from.kind).has_entity && RowOf(to.kind).has_entity && from.entity != to.entity;
}

// A transfer between holders waits as the profile says, and one out of an auction delivery account
// where it says so; all else is carried out at once.
SimTime Registry::Impl::ExecuteAt(const Command& command) const {
  const auto* const make = std::get_if<MakeTransfer>(&command);
  if (make == nullptr) return at;
  const Transfer& transfer = make->transfer;
  const bool is_delivery =
      profile.auction_delivery_waits && At(transfer.debit).kind == AccountKind::kAuctionDelivery;
  if ((!RowAt(transfer.debit).has_entity && !is_delivery) || !RowAt(transfer.credit).has_entity) {
    return at;
  }
  const bool is_trusted = !is_delivery && IsTrusted(transfer.debit, transfer.credit);
  return std::max(at, ExecutionTime(profile, is_trusted ? profile.trusted : profile.untrusted, at));
}

// ---- Carrying out ----

// Then the receiver must, where the law asks it.
bool Registry::Impl::SenderAgrees(std::uint32_t task) {
  const TaskView view = tasks[task - 1].view;
  Command command;
  ETS_ASSERT(Proposed(view.kind, view.payload, command));
  if (!NeedsReceiver(command)) return Agree(task);
  if (view.expires_at != 0) timers.erase({view.expires_at, TimerKind::kTask, task});
  const SimTime hours = SimTime{profile.acceptance_hours};
  const SimTime expires =
      hours == 0 ? 0 : std::max(at, view.proposed_at + hours * 60 * kMicrosPerMinute);
  tasks.Change(task - 1, [&](Task& changed) {
    changed.view.state = TaskState::kAwaitingReceiver;
    changed.view.expires_at = expires;
  });
  if (expires != 0) timers.insert({expires, TimerKind::kTask, task});
  return false;
}

bool Registry::Impl::Agree(std::uint32_t task) {
  const TaskView view = tasks[task - 1].view;
  Command command;
  ETS_ASSERT(Proposed(view.kind, view.payload, command));
  if (view.expires_at != 0) timers.erase({view.expires_at, TimerKind::kTask, task});
  const SimTime execute_at = ExecuteAt(command);
  tasks.Change(task - 1, [&](Task& changed) {
    changed.view.state = TaskState::kDelayed;
    changed.view.execute_at = execute_at;
  });
  if (execute_at <= at) return Execute(task);
  timers.insert({execute_at, TimerKind::kTask, task});
  return false;
}

bool Registry::Impl::Execute(std::uint32_t task) {
  const TaskView view = tasks[task - 1].view;
  Command command;
  ETS_ASSERT(Proposed(view.kind, view.payload, command));
  ReleaseTask(task);
  proposed_at = view.proposed_at;
  const RefusalDetail kept = detail;
  MaybeRefusal refusal = CheckAny(command);
  // Nobody agreed because the target was trusted, and it is no more; or the law has changed.
  const bool is_missing = (view.approver == 0 && NeedsApproval(command)) ||
                          (view.accepter == 0 && NeedsReceiver(command));
  if (is_missing && (!refusal || *refusal > Refusal::kSecondPersonRequired)) {
    refusal = Refusal::kSecondPersonRequired;
  }
  detail = kept;
  proposed_at.reset();
  if (!refusal) DoAny(command);
  tasks.Change(task - 1, [&](Task& changed) {
    changed.view.state = refusal ? TaskState::kFailed : TaskState::kCompleted;
    changed.view.refusal = refusal;
    if (!refusal) changed.view.sequence = this_record;
  });
  return !refusal;
}

void Registry::Impl::ReleaseTask(std::uint32_t task) {
  const std::optional<Transfer> reserved = tasks[task - 1].reserved;
  if (!reserved) return;
  Release(*reserved);
  tasks.Change(task - 1, [](Task& changed) { changed.reserved.reset(); });
}

void Registry::Impl::EndTask(std::uint32_t task, TaskState state) {
  ReleaseTask(task);
  const TaskView& view = tasks[task - 1].view;
  timers.erase({view.expires_at, TimerKind::kTask, task});
  timers.erase({view.execute_at, TimerKind::kTask, task});
  tasks.Change(task - 1, [&](Task& changed) { changed.view.state = state; });
}

void Registry::Impl::TaskIsDue(std::uint32_t task) {
  if (tasks[task - 1].view.state == TaskState::kDelayed) {
    Execute(task);
  } else {
    EndTask(task, TaskState::kExpired);
  }
}

// ---- Approving, rejecting, aborting ----

MaybeRefusal Registry::Impl::CheckTask(std::uint32_t task, std::uint32_t principal) const {
  if (task == 0 || task > tasks.size()) return Refuse(Refusal::kTaskNotFound, {.asked = task});
  return CheckPrincipal(principal);
}

MaybeRefusal Registry::Impl::Check(const ApproveTask& command) const {
  if (const auto refusal = CheckTask(command.task, command.principal)) return refusal;
  const TaskView& view = tasks[command.task - 1].view;
  if (view.initiator == command.principal) {
    return Refuse(Refusal::kSecondPersonRequired, {.asked = command.principal});
  }
  if (!IsUndecided(view.state)) {
    return Refuse(Refusal::kAlreadyResolved, {.asked = command.task});
  }
  return {};
}

Receipt Registry::Impl::Do(const ApproveTask& command) {
  const bool accepts = tasks[command.task - 1].view.state == TaskState::kAwaitingReceiver;
  tasks.Change(command.task - 1, [&](Task& changed) {
    (accepts ? changed.view.accepter : changed.view.approver) = command.principal;
  });
  Receipt receipt;
  receipt.amount = (accepts ? Agree(command.task) : SenderAgrees(command.task)) ? 1 : 0;
  return receipt;
}

MaybeRefusal Registry::Impl::Check(const RejectTask& command) const {
  if (const auto refusal = CheckTask(command.task, command.principal)) return refusal;
  if (!IsUndecided(tasks[command.task - 1].view.state)) {
    return Refuse(Refusal::kAlreadyResolved, {.asked = command.task});
  }
  return {};
}

Receipt Registry::Impl::Do(const RejectTask& command) {
  EndTask(command.task, TaskState::kRejected);
  return {};
}

MaybeRefusal Registry::Impl::Check(const AbortTask& command) const {
  if (const auto refusal = CheckTask(command.task, command.principal)) return refusal;
  const TaskView& view = tasks[command.task - 1].view;
  if (!IsUndecided(view.state) && view.state != TaskState::kDelayed) {
    return Refuse(Refusal::kAlreadyResolved, {.asked = command.task});
  }
  const SimTime last = view.execute_at - profile.abort_before_minutes * kMicrosPerMinute;
  if (view.state == TaskState::kDelayed && at > last) {
    return Refuse(Refusal::kAbortTooLate, {.asked = at, .limit = last});
  }
  return {};
}

Receipt Registry::Impl::Do(const AbortTask& command) {
  EndTask(command.task, TaskState::kAborted);
  return {};
}

}  // namespace ets::registry
