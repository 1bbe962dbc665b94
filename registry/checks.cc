#include <algorithm>

#include "base/assert.h"
#include "registry/impl.h"

namespace ets::registry {

MaybeRefusal Registry::Impl::Refuse(Refusal refusal) const {
  detail = {};
  return refusal;
}

MaybeRefusal Registry::Impl::Refuse(Refusal refusal, const About& about) const {
  detail = {};
  detail.asked = about.asked;
  detail.limit = about.limit;
  if (about.account) {
    detail.account = *about.account;
    detail.has_account = true;
  }
  if (about.ledger) {
    detail.ledger = *about.ledger;
    detail.has_ledger = true;
  }
  if (about.account && about.ledger && Exists(*about.account) && Exists(*about.ledger)) {
    const Hold* const hold = FindHold(*about.account, *about.ledger);
    detail.has_holding = true;
    detail.posted = balances.balance(*about.account, *about.ledger);
    detail.reserved = hold == nullptr ? 0 : hold->reserved;
    detail.frozen = hold == nullptr ? 0 : hold->frozen;
    detail.available = Available(*about.account, *about.ledger);
  }
  return refusal;
}

MaybeRefusal Registry::Impl::CheckAccounts(std::initializer_list<AccountId> ids) const {
  for (const AccountId id : ids) {
    if (!Exists(id)) return Refuse(Refusal::kAccountNotFound, {.account = id});
  }
  return {};
}

MaybeRefusal Registry::Impl::CheckLedger(LedgerId ledger) const {
  if (!Exists(ledger)) return Refuse(Refusal::kLedgerNotFound, {.ledger = ledger});
  return {};
}

MaybeRefusal Registry::Impl::CheckAmount(std::int64_t amount) const {
  return CheckAmount({.asked = amount});
}

MaybeRefusal Registry::Impl::CheckAmount(const About& about) const {
  if (about.asked <= 0) return Refuse(Refusal::kAmountNotPositive, about);
  if (about.asked <= kAmountMax) return {};
  return Refuse(Refusal::kAmountTooLarge, {.account = about.account,
                                           .ledger = about.ledger,
                                           .asked = about.asked,
                                           .limit = kAmountMax});
}

MaybeRefusal Registry::Impl::CheckAmountOrZero(std::int64_t amount) const {
  return amount == 0 ? MaybeRefusal() : CheckAmount(amount);
}

MaybeRefusal Registry::Impl::CheckYear(std::uint16_t year) const {
  if (year < kVintageMin || year > kVintageMax) {
    return Refuse(Refusal::kValueInvalid, {.asked = year});
  }
  return {};
}

MaybeRefusal Registry::Impl::CheckPrincipal(std::uint32_t principal) const {
  const PrincipalView* const found = principals.Find({principal, 0});
  if (found == nullptr || !found->active) {
    return Refuse(Refusal::kPrincipalNotFound, {.asked = principal});
  }
  return {};
}

MaybeRefusal Registry::Impl::CheckStanding(std::initializer_list<Party> parties) const {
  for (const Party& party : parties) {
    if (At(party.account).closed) {
      return Refuse(Refusal::kAccountClosed, {.account = party.account});
    }
  }
  for (const Party& party : parties) {
    if (party.needs != 0 && At(party.account).capabilities == 0) {
      return Refuse(Refusal::kAccountSuspended, {.account = party.account});
    }
  }
  for (const Party& party : parties) {
    const Account& account = At(party.account);
    if ((party.needs & kMaySend) != 0 &&
        ((account.capabilities & kMaySend) == 0 || account.blocked())) {
      return Refuse(Refusal::kAccountBlocked, {.account = party.account});
    }
  }
  for (const Party& party : parties) {
    if ((party.needs & ~At(party.account).capabilities) != 0) {
      return Refuse(Refusal::kAccountRestricted, {.account = party.account});
    }
  }
  return {};
}

bool Registry::Impl::MayHold(AccountId account, LedgerId ledger) const {
  const UnitRule& rule = profile.units[static_cast<std::size_t>(UnitOf(ledger).type)];
  return ((rule.holdable_by >> static_cast<unsigned>(At(account).kind)) & 1U) != 0;
}

MaybeRefusal Registry::Impl::CheckHoldable(AccountId account, LedgerId ledger) const {
  if (MayHold(account, ledger)) return {};
  return Refuse(Refusal::kUnitTypeNotHoldable, {.account = account, .ledger = ledger});
}

MaybeRefusal Registry::Impl::CheckAvailable(AccountId account, LedgerId ledger,
                                            std::int64_t amount) const {
  if (Available(account, ledger) >= amount) return {};
  return Refuse(Refusal::kInsufficientHolding,
                {.account = account, .ledger = ledger, .asked = amount});
}

// ---- What must hold, always ----

void Registry::Impl::CheckInvariants() const {
  balances.CheckInvariants();
  std::int64_t sunk = 0;
  for (std::uint16_t id = 0; id < ledgers.size(); ++id) {
    const LedgerInfo& ledger = ledgers[id];
    ETS_ASSERT(ledger.cap == 0 || IssuedUnderCap(LedgerId(id)) <= ledger.cap + ledger.over_cap);
    ETS_ASSERT(balances.issued(LedgerId(id)) <= kAmountMax);
    sunk += balances.total(LedgerId(id), Pool::kSurrendered);
  }
  ETS_ASSERT(sunk == surrendered);
  for (std::uint32_t id = 0; id < accounts.size(); ++id) {
    if (!accounts[id].closed) continue;
    ETS_ASSERT(accounts[id].holds == 0 && balances.IsEmpty(AccountId(id)));
  }
  CheckHoldInvariants();
  CheckTaskInvariants();
}

void Registry::Impl::CheckHoldInvariants() const {
  std::vector<LedgerInfo> sums(ledgers.size());
  for (const auto& [key, hold] : holds) {
    const AccountId account(static_cast<std::uint32_t>(key.first));
    const LedgerId ledger(static_cast<std::uint16_t>(key.second));
    ETS_ASSERT(!hold.empty() && hold.reserved >= 0 && hold.incoming >= 0 && hold.frozen >= 0);
    // Issuance and bank give what they have not.
    ETS_ASSERT(RowAt(account).pool == Pool::kSource ||
               hold.reserved <= balances.balance(account, ledger));
    sums[ledger.raw()].reserved += hold.reserved;
    sums[ledger.raw()].incoming += hold.incoming;
    sums[ledger.raw()].frozen += Bound(account, ledger);
  }
  for (std::size_t id = 0; id < ledgers.size(); ++id) {
    ETS_ASSERT(sums[id].reserved == ledgers[id].reserved);
    ETS_ASSERT(sums[id].incoming == ledgers[id].incoming);
    ETS_ASSERT(sums[id].reserved == sums[id].incoming);
    ETS_ASSERT(sums[id].frozen == ledgers[id].frozen);
  }
}

void Registry::Impl::CheckTaskInvariants() const {
  for (const Task& task : tasks) {
    ETS_ASSERT(task.view.approver == 0 || task.view.approver != task.view.initiator);
    ETS_ASSERT(task.view.accepter == 0 || task.view.accepter != task.view.initiator);
    ETS_ASSERT(!task.reserved || IsUndecided(task.view.state) ||
               task.view.state == TaskState::kDelayed);
  }
}

// What a load checks beyond that: each firm's own sums.
void Registry::Impl::CheckFirmInvariants() const {
  std::int64_t sum = 0;
  for (const Firm& firm : firms) {
    for (const Year& year : firm.years) {
      ETS_ASSERT(year.offsets >= 0 && year.offsets <= year.surrendered);
      sum += year.surrendered;
    }
    for (const EntitlementView& entry : firm.entitlements) {
      ETS_ASSERT(entry.allocated >= entry.returned + entry.reversed);
    }
  }
  ETS_ASSERT(sum == surrendered);
}

}  // namespace ets::registry
