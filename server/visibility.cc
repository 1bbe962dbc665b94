#include "server/visibility.h"

#include <string>
#include <variant>

#include "registry/codec.h"
#include "server/registry_errors.h"
#include "server/wire_names.h"

namespace ets::server {

namespace {

using registry::Refusal;
using registry::Registry;

using Subject = std::optional<AccountId>;

struct Subjects {
  Subject operator()(const registry::MakeTransfer& it) const { return it.transfer.debit; }
  Subject operator()(const registry::ReserveTransfer& it) const { return it.transfer.debit; }
  Subject operator()(const registry::Surrender& it) const { return it.holder; }
  Subject operator()(const registry::SurrenderInOrder& it) const { return it.holder; }
  Subject operator()(const registry::CancelUnits& it) const { return it.holder; }
  Subject operator()(const registry::ReturnExcess& it) const { return it.holder; }
  Subject operator()(const registry::AddTrusted& it) const { return it.account; }
  Subject operator()(const registry::RemoveTrusted& it) const { return it.account; }
  Subject operator()(const registry::SetAccount& it) const { return it.account; }
  Subject operator()(const registry::CloseAccount& it) const { return it.account; }
  Subject operator()(const registry::TransferBatch& it) const {
    return it.items.empty() ? Subject() : it.items.front().transfer.debit;
  }
  Subject operator()(const registry::Propose& it) const {
    const auto proposed = Decoded(it.kind, it.payload);
    const bool is_one = proposed && !std::holds_alternative<registry::Propose>(*proposed);
    return is_one ? std::visit(Subjects{}, *proposed) : Subject();
  }
  template <typename Command>
  Subject operator()(const Command&) const {
    return {};
  }

  static std::optional<registry::Command> Decoded(std::uint16_t kind, const std::string& payload) {
    registry::Command command;
    if (!registry::DecodeCommand(static_cast<registry::RecordKind>(kind), payload, command)) {
      return {};
    }
    return command;
  }
};

// What decides on something that is there already: its number, and whether the caller may see it.
struct Denied {
  const Registry& state;
  const Caller& caller;

  using Missing = std::optional<grpc::Status>;

  Missing operator()(const registry::ApproveTask& it) const { return Task(it.task); }
  Missing operator()(const registry::RejectTask& it) const { return Task(it.task); }
  Missing operator()(const registry::AbortTask& it) const { return Task(it.task); }
  Missing operator()(const registry::PostPending& it) const { return Pending(it.pending); }
  Missing operator()(const registry::VoidPending& it) const { return Pending(it.pending); }
  template <typename Command>
  Missing operator()(const Command&) const {
    return {};
  }

 private:
  Missing Task(std::uint32_t task) const {
    const bool is_seen =
        task >= 1 && task <= state.task_count() && MaySee(state, caller, state.task(task));
    return is_seen ? Missing() : TaskNotFound(task);
  }
  Missing Pending(std::uint32_t pending) const {
    const bool is_seen = pending >= 1 && pending <= state.pending_count() &&
                         MaySee(state, caller, state.pending(pending).transfer);
    return is_seen ? Missing() : PendingNotFound(pending);
  }
};

}  // namespace

std::optional<AccountId> SubjectOf(const registry::Command& command) {
  return std::visit(Subjects{}, command);
}

bool MaySee(const Registry& state, const Caller& caller, const registry::Transfer& transfer) {
  return MayReadAll(caller) || MayRead(state, caller, transfer.debit) ||
         MayRead(state, caller, transfer.credit);
}

bool MaySee(const Registry& state, const Caller& caller, const registry::TaskView& task) {
  if (MayReadAll(caller) || task.initiator == caller.principal) return true;
  const auto command = Subjects::Decoded(task.kind, task.payload);
  // The receiver knows of what waits, or waited, for it.
  const auto* const make = command ? std::get_if<registry::MakeTransfer>(&*command) : nullptr;
  const bool was_asked = task.state == registry::TaskState::kAwaitingReceiver || task.accepter != 0;
  if (make != nullptr && was_asked && MayRead(state, caller, make->transfer.credit)) return true;
  const Subject subject = command ? SubjectOf(*command) : Subject();
  return subject && MayRead(state, caller, *subject);
}

grpc::Status AccountNotFound(AccountId account) {
  registry::RefusalDetail detail;
  detail.account = account;
  detail.has_account = true;
  return RefusalError(Refusal::kAccountNotFound, detail, {});
}

grpc::Status LedgerNotFound(Unit unit) {
  return NotFound(Refusal::kLedgerNotFound, wire::LedgerName(unit));
}

grpc::Status LedgersNotFound(const std::vector<Unit>& units) {
  constexpr std::size_t kNamed = 8;
  std::string names;
  for (std::size_t i = 0; i < std::min(units.size(), kNamed); ++i) {
    names += (i == 0 ? "" : ", ") + wire::LedgerName(units[i]);
  }
  return NotFound(Refusal::kLedgerNotFound, names);
}

grpc::Status EntityNotFound(std::uint32_t entity) {
  return NotFound(Refusal::kEntityNotFound, wire::NumberedName("entities", entity));
}

grpc::Status TaskNotFound(std::uint32_t task) {
  return NotFound(Refusal::kTaskNotFound, wire::NumberedName("tasks", task));
}

grpc::Status PendingNotFound(std::uint32_t pending) {
  return NotFound(Refusal::kTransferNotFound, wire::NumberedName("pendingTransfers", pending));
}

grpc::Status RoleRequired(const Caller& caller) {
  return Error(Reason::kRoleRequired, "your role and grants do not reach that far",
               {{"role", std::string(registry::ToString(caller.role))}});
}

grpc::Status Forbidden(const Registry& state, const Caller& caller,
                       const registry::Command& command) {
  if (const auto missing = std::visit(Denied{state, caller}, command)) return *missing;
  const Subject subject = SubjectOf(command);
  if (!subject) return RoleRequired(caller);
  if (subject->raw() >= state.account_count() || !MayRead(state, caller, *subject)) {
    return AccountNotFound(*subject);
  }
  const bool is_proposal = std::holds_alternative<registry::Propose>(command);
  if (is_proposal || !MayInitiate(state, caller, *subject)) return RoleRequired(caller);
  // It might propose what it may not do alone.
  return Error(Reason::kProposalRequired, RowOf(Reason::kProposalRequired).meaning,
               {{"account", wire::NameOf(*subject)}});
}

}  // namespace ets::server
