#include <algorithm>

#include "registry/impl.h"

namespace ets::registry {
namespace {

constexpr std::size_t kNameMax = 64;  // Bytes.

}  // namespace

// ---- Accounts ----

MaybeRefusal Registry::Impl::Check(const OpenAccount& command) const {
  const auto kind = static_cast<std::size_t>(command.kind);
  if (kind < 1 || kind >= kAccountKindCount) return Refuse(Refusal::kWrongAccountKind);
  if (command.entity != 0 && !RowOf(command.kind).has_entity) {
    return Refuse(Refusal::kValueInvalid, {.asked = std::int64_t{command.entity}});
  }
  return {};
}

Receipt Registry::Impl::Do(const OpenAccount& command) {
  const AccountId account(static_cast<std::uint32_t>(accounts.size()));
  Account opened;
  opened.kind = command.kind;
  opened.entity = command.entity;
  accounts.Add(opened);
  balances.AddAccount(RowOf(command.kind).pool);
  Index(account);
  if (const Firm* const firm = FindFirm(command.entity)) UpdateEmissionsBlock(*firm);
  Receipt receipt;
  receipt.id = account.raw();
  return receipt;
}

void Registry::Impl::Index(AccountId account) {
  const Account& opened = At(account);
  auto& first = first_of_kind[static_cast<std::size_t>(opened.kind)];
  if (!first) first = account;
  if (!RowOf(opened.kind).has_entity || opened.kind == AccountKind::kEscrow) return;
  if (FindFirm(opened.entity) == nullptr) {
    firms.emplace_back().entity = opened.entity;
    firms_hash += HashOfFirm(firms.back());
    Index(static_cast<std::uint32_t>(firms.size() - 1));
  }
  FindFirm(opened.entity)->accounts.push_back(account);
}

void Registry::Impl::Index(std::uint32_t firm) {
  firm_of_entity[firms[firm].entity] = firm;
  if (firms[firm].info.group != 0) firms_of_group[firms[firm].info.group].push_back(firm);
}

MaybeRefusal Registry::Impl::Check(const SetAccount& command) const {
  if (const auto refusal = CheckAccounts({command.account})) return refusal;
  if ((command.capabilities & ~kMayAll) != 0) {
    return Refuse(Refusal::kValueInvalid,
                  {.account = command.account, .asked = command.capabilities});
  }
  return CheckStanding({{command.account}});
}

Receipt Registry::Impl::Do(const SetAccount& command) {
  accounts.Change(command.account.raw(), [&](Account& account) {
    account.capabilities = command.capabilities;
    account.may_leave_trusted_list = command.may_leave_trusted_list;
    // Who lets it send again has looked into the pair that failed.
    if ((command.capabilities & kMaySend) != 0) account.unsettled = false;
  });
  return {};
}

MaybeRefusal Registry::Impl::Check(const CloseAccount& command) const {
  if (const auto refusal = CheckAccounts({command.account})) return refusal;
  const Account& account = At(command.account);
  const About about{.account = command.account};
  if (const auto refusal = CheckKind(command.account, HasEntity)) return refusal;
  if (const auto refusal = CheckStanding({{command.account}})) return refusal;
  if (account.holds > 0 || !balances.IsEmpty(command.account)) {
    return Refuse(Refusal::kAccountNotEmpty, about);
  }
  const Firm* const firm = FindFirm(account.entity);
  if (firm == nullptr || !RowOf(account.kind).has_obligations) return {};
  for (const EntitlementView& entry : firm->entitlements) {
    const std::int64_t excess = entry.allocated - entry.returned - entry.reversed - entry.amount;
    if (excess > 0) {
      return Refuse(Refusal::kReturnOfExcessPending, {.account = command.account, .limit = excess});
    }
  }
  return {};
}

Receipt Registry::Impl::Do(const CloseAccount& command) {
  accounts.Change(command.account.raw(), [](Account& account) { account.closed = true; });
  return {};
}

// ---- Entities ----

MaybeRefusal Registry::Impl::Check(const SetEntity& command) const {
  if (const auto refusal = CheckEntity(command.entity)) return refusal;
  for (const std::uint16_t year : {command.first_year, command.last_year}) {
    if (year == 0) continue;
    if (const auto refusal = CheckYear(year)) return refusal;
  }
  if (command.last_year != 0 && command.last_year < command.first_year) {
    return Refuse(Refusal::kValueInvalid, {.asked = command.last_year});
  }
  return {};
}

Receipt Registry::Impl::Do(const SetEntity& command) {
  Firm& firm = *FindFirm(command.entity);
  const std::uint32_t index = firm_of_entity[command.entity];
  if (firm.info.group != 0) std::erase(firms_of_group[firm.info.group], index);
  ChangePart({command.entity, kPartInfo}, firm.info, [&](FirmInfo& info) {
    info.first_year = command.first_year;
    info.last_year = command.last_year;
    info.group = command.group;
  });
  if (command.group != 0) firms_of_group[command.group].push_back(index);
  UpdateStatus(firm);
  return {};
}

MaybeRefusal Registry::Impl::Check(const ExcludeYear& command) const {
  if (const auto refusal = CheckEntity(command.entity)) return refusal;
  return CheckYear(command.year);
}

Receipt Registry::Impl::Do(const ExcludeYear& command) {
  Firm& firm = *FindFirm(command.entity);
  if (IsExcluded(firm, command.year) == command.excluded) return {};
  ChangePart({command.entity, kPartInfo}, firm.info, [&](FirmInfo& info) {
    const auto place = std::lower_bound(info.excluded.begin(), info.excluded.end(), command.year);
    if (command.excluded) {
      info.excluded.insert(place, command.year);
    } else {
      info.excluded.erase(place);
    }
  });
  UpdateStatus(firm);
  return {};
}

// ---- Trusted lists ----

MaybeRefusal Registry::Impl::Check(const AddTrusted& command) const {
  if (const auto refusal = CheckAccounts({command.account, command.target})) return refusal;
  if (command.account == command.target) {
    return Refuse(Refusal::kSameAccount, {.account = command.account});
  }
  if (const auto refusal = CheckKind(command.account, HasEntity)) return refusal;
  return CheckStanding({{command.account}, {command.target}});
}

Receipt Registry::Impl::Do(const AddTrusted& command) {
  const Key key{command.account.raw(), command.target.raw()};
  if (trusted.contains(key)) return {};  // It counts from when it was first made.
  const SimTime from = TrustedFrom(profile, at);
  trusted.Change(key, [&](TrustedEntry& entry) {
    entry.state = from <= at ? TrustState::kActive : TrustState::kPending;
    entry.effective_at = from;
  });
  if (from > at) timers.insert({from, TimerKind::kTrusted, key.first << 32U | key.second});
  return {};
}

void Registry::Impl::ActivateTrusted(std::uint64_t number) {
  trusted.Change({number >> 32U, number & 0xFFFF'FFFFU},
                 [](TrustedEntry& entry) { entry.state = TrustState::kActive; });
}

MaybeRefusal Registry::Impl::Check(const RemoveTrusted& command) const {
  if (const auto refusal = CheckAccounts({command.account, command.target})) return refusal;
  if (!trusted.contains({command.account.raw(), command.target.raw()})) {
    return Refuse(Refusal::kNotOnTrustedList, {.account = command.target});
  }
  return {};
}

Receipt Registry::Impl::Do(const RemoveTrusted& command) {
  const Key key{command.account.raw(), command.target.raw()};
  timers.erase(
      {trusted.Find(key)->effective_at, TimerKind::kTrusted, key.first << 32U | key.second});
  trusted.Erase(key);
  return {};
}

bool Registry::Impl::IsTrusted(AccountId account, AccountId target) const {
  const KindRow& row = RowAt(target);
  if (row.central) return true;
  if (row.has_entity && RowAt(account).has_entity && At(account).entity == At(target).entity) {
    return true;
  }
  const TrustedEntry* const entry = trusted.Find({account.raw(), target.raw()});
  return entry != nullptr && entry->state == TrustState::kActive;
}

// ---- People ----

MaybeRefusal Registry::Impl::Check(const SetPrincipal& command) const {
  const auto role = static_cast<std::size_t>(command.role);
  const bool has_grant = [&] {
    const auto grant = grants.From({command.principal, 0});
    return grant != grants.end() && grant->first.first == command.principal;
  }();
  if (command.principal == 0 || role < 1 || role >= kRoleCount || command.name.empty() ||
      command.name.size() > kNameMax || (command.role == Role::kVerifier && has_grant)) {
    return Refuse(Refusal::kValueInvalid, {.asked = command.principal});
  }
  return {};
}

Receipt Registry::Impl::Do(const SetPrincipal& command) {
  principals.Change({command.principal, 0}, [&](PrincipalView& principal) {
    principal = {command.principal, command.role, command.active, command.name, command.token_hash};
  });
  return {};
}

MaybeRefusal Registry::Impl::Check(const SetGrant& command) const {
  if (const auto refusal = CheckAccounts({command.account})) return refusal;
  const PrincipalView* const principal = principals.Find({command.principal, 0});
  if (principal == nullptr) {
    return Refuse(Refusal::kPrincipalNotFound, {.asked = command.principal});
  }
  constexpr Rights kAll = kMayRead | kMayInitiate | kMayApprove;
  if ((command.rights & ~kAll) != 0 ||
      (command.rights != 0 && principal->role == Role::kVerifier)) {
    return Refuse(Refusal::kValueInvalid, {.account = command.account, .asked = command.rights});
  }
  return {};
}

Receipt Registry::Impl::Do(const SetGrant& command) {
  const Key key{command.principal, command.account.raw()};
  if (command.rights == 0) {
    grants.Erase(key);
  } else {
    grants.Change(key, [&](Rights& rights) { rights = command.rights; });
  }
  return {};
}

}  // namespace ets::registry
