#include <algorithm>
#include <initializer_list>

#include "registry/codec.h"
#include "server/auth.h"

// Who may give which command. The refusals of the law are the registry's; here it is only asked
// whether the caller is the right one to ask.
namespace ets::server {

using registry::Registry;
using registry::Role;

bool HasRole(const Caller& caller, std::initializer_list<Role> roles) {
  return caller.is_operator || std::find(roles.begin(), roles.end(), caller.role) != roles.end();
}

bool MayReadAll(const Caller& caller) {
  return HasRole(caller,
                 {Role::kAuthority, Role::kRegistryAdmin, Role::kRegulator, Role::kAuditor});
}

namespace {

bool Holds(const Registry& registry, const Caller& caller, AccountId account,
           registry::Rights right) {
  return account.raw() < registry.account_count() &&
         (registry.rights(caller.principal, account) & right) != 0;
}

}  // namespace

bool MayRead(const Registry& registry, const Caller& caller, AccountId account) {
  if (MayReadAll(caller)) return true;
  if (account.raw() >= registry.account_count()) return false;
  if (caller.role == Role::kExchange) {
    const registry::AccountKind kind = registry.account(account).kind;
    return registry::RowOf(kind).has_entity;
  }
  constexpr registry::Rights kAny =
      registry::kMayRead | registry::kMayInitiate | registry::kMayApprove;
  return Holds(registry, caller, account, kAny);
}

bool MayInitiate(const Registry& registry, const Caller& caller, AccountId account) {
  return caller.is_operator || Holds(registry, caller, account, registry::kMayInitiate);
}

bool MayApprove(const Registry& registry, const Caller& caller, AccountId account) {
  return caller.is_operator || Holds(registry, caller, account, registry::kMayApprove);
}

namespace {

// Whether a representative's act needs neither a second person nor a delay.
bool IsAtOnce(const registry::Profile& profile) {
  using Kind = registry::ExecutionRule::Kind;
  return !profile.four_eyes && !profile.receiver_accepts && profile.trusted.kind == Kind::kAtOnce &&
         profile.untrusted.kind == Kind::kAtOnce;
}

// One overload a command; what is not named here is not a command.
class Judge {
 public:
  Judge(const Registry& registry, const Caller& caller, bool is_proposal)
      : registry_(registry), caller_(caller), is_proposal_(is_proposal) {}

  // ---- Accounts and people ----
  bool operator()(const registry::OpenAccount&) const { return IsAdmin(); }
  bool operator()(const registry::SetAccount&) const { return IsAdmin() || Is(Role::kRegulator); }
  bool operator()(const registry::CloseAccount&) const { return IsAdmin(); }
  bool operator()(const registry::SetEntity&) const { return IsAdmin() || IsAuthority(); }
  bool operator()(const registry::ExcludeYear&) const { return IsAdmin() || IsAuthority(); }
  bool operator()(const registry::AddTrusted& it) const { return IsAdmin() || Acts(it.account); }
  bool operator()(const registry::RemoveTrusted& it) const {
    return IsAdmin() || MayInitiate(registry_, caller_, it.account);
  }
  bool operator()(const registry::SetPrincipal&) const { return IsAdmin(); }
  bool operator()(const registry::SetGrant&) const { return IsAdmin(); }

  // ---- Units ----
  bool operator()(const registry::OpenLedger&) const { return IsAuthority(); }
  bool operator()(const registry::SetCap&) const { return IsAuthority(); }
  bool operator()(const registry::Issue&) const { return IsAuthority(); }
  bool operator()(const registry::ConvertUnits&) const { return IsAuthority(); }
  bool operator()(const registry::ExpireLedger&) const { return IsAuthority(); }
  bool operator()(const registry::CancelUnits& it) const {
    return IsAuthority() || Acts(it.holder);
  }

  // ---- Transfers ----
  bool operator()(const registry::MakeTransfer& it) const { return Moves(it.transfer.debit); }
  bool operator()(const registry::TransferBatch& it) const {
    return IsMover() || std::all_of(it.items.begin(), it.items.end(),
                                    [&](const auto& item) { return Acts(item.transfer.debit); });
  }
  bool operator()(const registry::ReserveTransfer& it) const { return Moves(it.transfer.debit); }
  bool operator()(const registry::PostPending& it) const { return Resolves(it.pending); }
  bool operator()(const registry::VoidPending& it) const { return Resolves(it.pending); }
  bool operator()(const registry::Freeze&) const { return IsAdmin() || Is(Role::kRegulator); }
  bool operator()(const registry::Unfreeze&) const { return IsAdmin() || Is(Role::kRegulator); }
  bool operator()(const registry::ReverseTransfer&) const { return IsAdmin() || IsAuthority(); }

  // ---- Four eyes ----
  bool operator()(const registry::Propose& it) const {
    if (it.principal != caller_.principal) return false;
    registry::Command command;
    if (!registry::DecodeCommand(static_cast<registry::RecordKind>(it.kind), it.payload, command)) {
      return true;  // The registry says what is wrong with it.
    }
    if (std::holds_alternative<registry::Propose>(command)) return false;
    return std::visit(Judge(registry_, caller_, true), command);
  }
  bool operator()(const registry::ApproveTask& it) const {
    return it.principal == caller_.principal && Decides(it.task, registry::kMayApprove);
  }
  bool operator()(const registry::RejectTask& it) const {
    return it.principal == caller_.principal && Decides(it.task, registry::kMayApprove);
  }
  bool operator()(const registry::AbortTask& it) const {
    return it.principal == caller_.principal && Decides(it.task, registry::kMayInitiate);
  }

  // ---- Allocation ----
  bool operator()(const registry::SetEntitlement&) const { return IsAuthority(); }
  bool operator()(const registry::RunAllocation&) const { return IsAuthority(); }
  bool operator()(const registry::Allocate&) const { return IsAuthority(); }
  bool operator()(const registry::TakeBack&) const { return IsAuthority(); }
  bool operator()(const registry::ReturnExcess& it) const {
    return IsAuthority() || Acts(it.holder);
  }

  // ---- Emissions and compliance ----
  bool operator()(const registry::DepositMonthlyData& it) const { return Reports(it.entity); }
  bool operator()(const registry::ReportEmissions& it) const { return Reports(it.entity); }
  bool operator()(const registry::VerifyEmissions&) const {
    return IsAuthority() || Is(Role::kVerifier);
  }
  bool operator()(const registry::CorrectEmissions&) const { return IsAuthority(); }
  bool operator()(const registry::Surrender& it) const { return IsAuthority() || Acts(it.holder); }
  bool operator()(const registry::SurrenderInOrder& it) const {
    return IsAuthority() || Acts(it.holder);
  }
  bool operator()(const registry::AssessCompliance&) const { return IsAuthority(); }
  bool operator()(const registry::RunCompliance&) const { return IsAuthority(); }

  // ---- Time, streams, law ----
  bool operator()(const registry::AdvanceTo&) const { return IsAuthority(); }
  bool operator()(const registry::DayClosed&) const { return IsAuthority() || Is(Role::kExchange); }
  bool operator()(const registry::Settle&) const { return Is(Role::kExchange); }
  bool operator()(const registry::BeginBranch&) const { return false; }  // ForkBranch does it.

 private:
  bool Is(Role role) const { return HasRole(caller_, {role}); }
  bool IsAdmin() const { return Is(Role::kRegistryAdmin); }
  bool IsAuthority() const { return Is(Role::kAuthority); }
  bool IsMover() const { return IsAdmin() || IsAuthority() || Is(Role::kExchange); }

  // As a representative: proposes, or acts where that is enough.
  bool Acts(AccountId account) const {
    if (caller_.is_operator) return true;
    if (!MayInitiate(registry_, caller_, account)) return false;
    return is_proposal_ || IsAtOnce(registry_.profile());
  }
  bool Moves(AccountId debit) const { return IsMover() || Acts(debit); }
  bool Resolves(std::uint32_t pending) const {
    if (pending == 0 || pending > registry_.pending_count()) return true;  // It is not found.
    return Moves(registry_.pending(pending).transfer.debit);
  }
  bool Reports(std::uint32_t entity) const {
    if (IsAuthority() || Is(Role::kVerifier)) return true;
    for (std::uint32_t id = 0; id < registry_.account_count(); ++id) {
      const registry::AccountView account = registry_.account(AccountId(id));
      if (account.entity == entity && registry::RowOf(account.kind).has_entity &&
          MayInitiate(registry_, caller_, AccountId(id))) {
        return true;
      }
    }
    return false;
  }
  bool Decides(std::uint32_t task, registry::Rights right) const;

  const Registry& registry_;
  const Caller& caller_;
  const bool is_proposal_;
};

// The account whose representatives decide on a proposal; empty: the authority's own.
std::optional<AccountId> AccountOf(const registry::Command& command) {
  if (const auto* it = std::get_if<registry::MakeTransfer>(&command)) return it->transfer.debit;
  if (const auto* it = std::get_if<registry::Surrender>(&command)) return it->holder;
  if (const auto* it = std::get_if<registry::CancelUnits>(&command)) return it->holder;
  if (const auto* it = std::get_if<registry::AddTrusted>(&command)) return it->account;
  if (const auto* it = std::get_if<registry::ReturnExcess>(&command)) return it->holder;
  return std::nullopt;
}

bool Judge::Decides(std::uint32_t number, registry::Rights right) const {
  if (IsAdmin()) return true;
  if (number == 0 || number > registry_.task_count()) return false;  // Not to be told from others'.
  const registry::TaskView task = registry_.task(number);
  if (right == registry::kMayInitiate && task.initiator == caller_.principal) return true;
  registry::Command command;
  if (!registry::DecodeCommand(static_cast<registry::RecordKind>(task.kind), task.payload,
                               command)) {
    return false;
  }
  const auto* const make = std::get_if<registry::MakeTransfer>(&command);
  if (right == registry::kMayApprove && make != nullptr &&
      task.state == registry::TaskState::kAwaitingReceiver) {
    return Holds(registry_, caller_, make->transfer.credit, right);
  }
  const std::optional<AccountId> account = AccountOf(command);
  return account ? Holds(registry_, caller_, *account, right) : IsAuthority();
}

}  // namespace

bool MayCommand(const Registry& registry, const Caller& caller, const registry::Command& command) {
  return std::visit(Judge(registry, caller, false), command);
}

}  // namespace ets::server
