#include <algorithm>

#include "base/assert.h"
#include "registry/impl.h"

namespace ets::registry {
namespace {

constexpr std::size_t kAuthorityNameMax = 200;  // Bytes.

}  // namespace

// ---- What binds a part of a balance ----

std::int64_t Registry::Impl::Bound(AccountId account, LedgerId ledger) const {
  const Hold* const hold = FindHold(account, ledger);
  if (hold == nullptr) return 0;
  return std::min(hold->frozen, std::max<std::int64_t>(balances.balance(account, ledger), 0));
}

template <typename Edit>
void Registry::Impl::ChangeHold(AccountId account, LedgerId ledger, const Edit& edit) {
  const Key key{account.raw(), ledger.raw()};
  const Hold* const found = holds.Find(key);
  const Hold before = found == nullptr ? Hold{} : *found;
  LedgerInfo& sums = ledgers[ledger.raw()];
  sums.frozen -= Bound(account, ledger);
  const Hold after = holds.Change(key, edit);
  sums.reserved += after.reserved - before.reserved;
  sums.incoming += after.incoming - before.incoming;
  if (found == nullptr) ++accounts.Derived(account.raw()).holds;
  if (after.empty()) {
    holds.Erase(key);
    --accounts.Derived(account.raw()).holds;
  }
  sums.frozen += Bound(account, ledger);
}

// After a load: what ChangeHold() keeps along the way.
void Registry::Impl::IndexHolds() {
  for (const auto& [key, hold] : holds) {
    const AccountId account(static_cast<std::uint32_t>(key.first));
    const LedgerId ledger(static_cast<std::uint16_t>(key.second));
    ++accounts.Derived(account.raw()).holds;
    LedgerInfo& sums = ledgers[ledger.raw()];
    sums.reserved += hold.reserved;
    sums.incoming += hold.incoming;
    sums.frozen += Bound(account, ledger);
  }
}

void Registry::Impl::Reserve(const Transfer& transfer) {
  ChangeHold(transfer.debit, transfer.ledger,
             [&](Hold& hold) { hold.reserved += transfer.amount; });
  ChangeHold(transfer.credit, transfer.ledger,
             [&](Hold& hold) { hold.incoming += transfer.amount; });
}

void Registry::Impl::Release(const Transfer& transfer) {
  ChangeHold(transfer.debit, transfer.ledger,
             [&](Hold& hold) { hold.reserved -= transfer.amount; });
  ChangeHold(transfer.credit, transfer.ledger,
             [&](Hold& hold) { hold.incoming -= transfer.amount; });
}

// ---- Two-phase transfers ----

MaybeRefusal Registry::Impl::Check(const ReserveTransfer& command) const {
  const Transfer& transfer = command.transfer;
  const MaybeRefusal refusal = CheckTransfer(transfer);
  const bool late = command.expires_at != 0 && command.expires_at <= at;
  if (late && (!refusal || *refusal > Refusal::kValueInvalid)) {
    return Refuse(Refusal::kValueInvalid, {.asked = command.expires_at, .limit = at});
  }
  return refusal;
}

Receipt Registry::Impl::Do(const ReserveTransfer& command) {
  Reserve(command.transfer);
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(pendings.size() + 1);
  pendings.Add({receipt.id, command.transfer, command.expires_at, PendingState::kPending, 0});
  if (command.expires_at != 0) {
    timers.insert({command.expires_at, TimerKind::kPending, receipt.id});
  }
  return receipt;
}

void Registry::Impl::Resolve(std::uint32_t pending, PendingState state, std::int64_t posted) {
  const PendingView& view = pendings[pending - 1];
  Release(view.transfer);
  if (view.expires_at != 0) timers.erase({view.expires_at, TimerKind::kPending, pending});
  pendings.Change(pending - 1, [&](PendingView& changed) {
    changed.state = state;
    changed.posted_amount = posted;
  });
}

MaybeRefusal Registry::Impl::Check(const PostPending& command) const {
  if (command.pending == 0 || command.pending > pendings.size()) {
    return Refuse(Refusal::kTransferNotFound, {.asked = command.pending});
  }
  const PendingView& view = pendings[command.pending - 1];
  const About about{.account = view.transfer.debit,
                    .ledger = view.transfer.ledger,
                    .asked = command.amount,
                    .limit = view.transfer.amount};
  if (command.amount < 0) return Refuse(Refusal::kAmountNotPositive, about);
  if (command.amount > view.transfer.amount) return Refuse(Refusal::kAmountTooLarge, about);
  if (view.state != PendingState::kPending) return Refuse(Refusal::kAlreadyResolved, about);
  // The rules may bind now what they did not when it was reserved. Its own reservation does not
  // stand in its way, so a transfer of nothing more than is reserved asks for what others leave.
  Transfer transfer = view.transfer;
  if (command.amount != 0) transfer.amount = command.amount;
  const std::int64_t free = Available(transfer.debit, transfer.ledger) + view.transfer.amount;
  const MaybeRefusal refusal = CheckTransfer(transfer);
  if (!refusal || *refusal != Refusal::kInsufficientHolding) return refusal;
  if (free < transfer.amount) return Refuse(Refusal::kInsufficientHolding, about);
  return profile.limit_base_t == 0 ? MaybeRefusal() : CheckHoldingLimit(transfer);
}

Receipt Registry::Impl::Do(const PostPending& command) {
  Transfer transfer = pendings[command.pending - 1].transfer;
  if (command.amount != 0) transfer.amount = command.amount;
  transfer.reference = command.pending;
  Resolve(command.pending, PendingState::kPosted, transfer.amount);
  DoTransfer(transfer);
  return {};
}

MaybeRefusal Registry::Impl::Check(const VoidPending& command) const {
  if (command.pending == 0 || command.pending > pendings.size()) {
    return Refuse(Refusal::kTransferNotFound, {.asked = command.pending});
  }
  if (pendings[command.pending - 1].state != PendingState::kPending) {
    return Refuse(Refusal::kAlreadyResolved, {.asked = command.pending});
  }
  return {};
}

Receipt Registry::Impl::Do(const VoidPending& command) {
  Resolve(command.pending, PendingState::kVoided, 0);
  return {};
}

// ---- Freezes ----

MaybeRefusal Registry::Impl::Check(const Freeze& command) const {
  if (const auto refusal = CheckAccounts({command.account})) return refusal;
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  const About about{.account = command.account, .ledger = command.ledger, .asked = command.amount};
  if (const auto refusal = CheckAmount(about)) return refusal;
  // All freezes of one balance together stay a number that a reader can keep.
  const Hold* const hold = FindHold(command.account, command.ledger);
  if (hold != nullptr && hold->frozen > kAmountMax - command.amount) {
    return Refuse(Refusal::kAmountTooLarge, about);
  }
  if (command.authority.empty() || command.authority.size() > kAuthorityNameMax ||
      (command.until != 0 && command.until <= at)) {
    return Refuse(Refusal::kValueInvalid, about);
  }
  if (const auto refusal = CheckKind(command.account, IsHeld)) return refusal;
  return CheckStanding({{command.account}});
}

Receipt Registry::Impl::Do(const Freeze& command) {
  ChangeHold(command.account, command.ledger, [&](Hold& hold) { hold.frozen += command.amount; });
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(freezes.size() + 1);
  freezes.Add({receipt.id, command.account, command.ledger, command.amount, command.until, true,
               command.authority});
  if (command.until != 0) timers.insert({command.until, TimerKind::kFreeze, receipt.id});
  return receipt;
}

void Registry::Impl::EndFreeze(std::uint32_t freeze) {
  const FreezeView& view = freezes[freeze - 1];
  ChangeHold(view.account, view.ledger, [&](Hold& hold) { hold.frozen -= view.amount; });
  if (view.until != 0) timers.erase({view.until, TimerKind::kFreeze, freeze});
  freezes.Change(freeze - 1, [](FreezeView& changed) { changed.active = false; });
}

MaybeRefusal Registry::Impl::Check(const Unfreeze& command) const {
  if (command.freeze == 0 || command.freeze > freezes.size() ||
      !freezes[command.freeze - 1].active) {
    return Refuse(Refusal::kFreezeNotFound, {.asked = command.freeze});
  }
  return {};
}

Receipt Registry::Impl::Do(const Unfreeze& command) {
  EndFreeze(command.freeze);
  return {};
}

}  // namespace ets::registry
