// What rules and effects ask, each time derived anew.

#include <algorithm>

#include "registry/model/model.h"

namespace ets::registry::model {

using enum AccountKind;

// ---- Questions ----

bool Model::Is(AccountId account, std::set<AccountKind> kinds) const {
  return Has(account) && kinds.contains(At(account).kind);
}
bool Model::IsCash(LedgerId ledger) const { return UnitOf(ledger).type == UnitType::kCurrency; }

std::optional<AccountId> Model::First(AccountKind kind) const {
  for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
    if (accounts_[id].kind == kind) return AccountId(id);
  }
  return {};
}

std::int64_t Model::Balance(AccountId account, LedgerId ledger) const {
  const auto found = balances_.find({account.raw(), ledger.raw()});
  return found == balances_.end() ? 0 : found->second;
}

std::optional<Transfer> Model::DebitOf(const Command& command, AccountId surrender,
                                       AccountId cancellation) {
  if (const auto* c = std::get_if<MakeTransfer>(&command)) return c->transfer;
  if (const auto* c = std::get_if<Surrender>(&command)) {
    return Transfer{c->holder, surrender, c->ledger, c->amount};
  }
  if (const auto* c = std::get_if<CancelUnits>(&command)) {
    return Transfer{c->holder, cancellation, c->ledger, c->amount};
  }
  return {};
}

std::optional<Transfer> Model::ReservedBy(const Task& task) const {
  if (!IsUndecided(task) && task.state != TaskState::kDelayed) return {};
  return DebitOf(task.command, First(kSurrender).value_or(AccountId()),
                 First(kCancellation).value_or(AccountId()));
}

Holding Model::HoldingOf(AccountId account, LedgerId ledger) const {
  Holding holding;
  holding.posted = Balance(account, ledger);
  const auto count = [&](const Transfer& transfer) {
    if (transfer.ledger != ledger) return;
    if (transfer.debit == account) holding.reserved += transfer.amount;
    if (transfer.credit == account) holding.incoming += transfer.amount;
  };
  for (const Pending& pending : pendings_) {
    if (pending.state == PendingState::kPending) count(pending.transfer);
  }
  for (const Task& task : tasks_) {
    if (const auto reserved = ReservedBy(task)) count(*reserved);
  }
  for (const Frozen& freeze : freezes_) {
    if (freeze.active && freeze.account == account && freeze.ledger == ledger) {
      holding.frozen += freeze.amount;
    }
  }
  return holding;
}

std::int64_t Model::Available(AccountId account, LedgerId ledger) const {
  return HoldingOf(account, ledger).available();
}

std::int64_t Model::Issued(LedgerId ledger) const {
  std::int64_t issued = 0;
  for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
    if (Row(AccountId(id)).pool == Pool::kSource) issued -= Balance(AccountId(id), ledger);
  }
  return issued;
}

bool Model::Missing(AccountId account) const {
  if (!Row(account).has_obligations) return false;
  const std::uint32_t entity = At(account).entity;
  const Firm& firm = firms_.at(entity);
  const std::uint16_t first = FirstYear(firm);
  for (const std::uint16_t number : due_years_) {
    if (first == 0 || number < first || (firm.last != 0 && number > firm.last)) continue;
    const Year* const year = FindYear(entity, number);
    if (Counts(entity, number) && (year == nullptr || !year->verified())) return true;
  }
  return false;
}

bool Model::Holdable(AccountId account, LedgerId ledger) const {
  const std::uint32_t by = law_.units[static_cast<std::size_t>(UnitOf(ledger).type)].holdable_by;
  return (by & (1U << static_cast<unsigned>(At(account).kind))) != 0;
}

// Of a phase, or of the one ledger where its own cap binds: what it may still be issued.
std::int64_t Model::RoomUnderCap(LedgerId ledger, std::int64_t cap) const {
  if (law_.cap_binds) return cap - Issued(ledger) + ledgers_[ledger.raw()].converted_in;
  const auto phase = [&](const Unit& unit) {
    return (unit.vintage - law_.cap_phase_from) / law_.cap_phase_years;
  };
  const Unit unit = UnitOf(ledger);
  std::int64_t room = 0;
  for (std::uint16_t id = 0; id < ledgers_.size(); ++id) {
    const Ledger& other = ledgers_[id];
    if (other.unit.type != unit.type || other.unit.vintage < law_.cap_phase_from) continue;
    if (phase(other.unit) != phase(unit)) continue;
    const std::int64_t part = LedgerId(id) == ledger ? cap : other.cap;
    if (part != 0) room += part - Issued(LedgerId(id)) + other.converted_in;
  }
  return room;
}
bool Model::CapBinds(LedgerId ledger) const {
  if (law_.cap_binds) return true;
  return law_.cap_phase_years > 0 && UnitOf(ledger).vintage >= law_.cap_phase_from;
}

bool Model::Trusts(AccountId account, AccountId target) const {
  if (Row(target).central) return true;
  if (Row(account).has_entity && Row(target).has_entity &&
      At(account).entity == At(target).entity) {
    return true;
  }
  const auto entry = trusted_.find({account.raw(), target.raw()});
  return entry != trusted_.end() && entry->second.counts;
}

// ---- What many commands need ----

void Model::NeedAccounts(std::initializer_list<AccountId> accounts) {
  for (const AccountId account : accounts) BreaksIf(!Has(account), Refusal::kAccountNotFound);
}
void Model::NeedAmount(std::int64_t amount, bool zero_too) {
  BreaksIf(amount < 0 || (amount == 0 && !zero_too), Refusal::kAmountNotPositive);
  BreaksIf(amount > kAmountMax, Refusal::kAmountTooLarge);
}
void Model::NeedCode(TransferCode code) {
  BreaksIf(ToString(code) == "unknown" || static_cast<int>(code) == 0, Refusal::kValueInvalid);
}
void Model::NeedPerson(std::uint32_t person) {
  const auto found = people_.find(person);
  BreaksIf(found == people_.end() || !found->second.active, Refusal::kPrincipalNotFound);
}
void Model::NeedOpen(AccountId account, Capabilities needs) {
  if (!Has(account)) return;
  const Capabilities can = At(account).capabilities;
  BreaksIf(At(account).closed, Refusal::kAccountClosed);
  if (needs == 0) return;
  BreaksIf(can == 0, Refusal::kAccountSuspended);
  BreaksIf(needs == kMaySend && ((can & kMaySend) == 0 || Blocked(account)),
           Refusal::kAccountBlocked);
  BreaksIf((can & needs) != needs, Refusal::kAccountRestricted);
}
void Model::NeedHoldable(AccountId account, LedgerId ledger) {
  if (!Has(account) || !Has(ledger)) return;
  BreaksIf(!Holdable(account, ledger), Refusal::kUnitTypeNotHoldable);
}
void Model::NeedAvailable(AccountId account, LedgerId ledger, std::int64_t amount) {
  if (!Has(account) || !Has(ledger)) return;
  BreaksIf(Available(account, ledger) < amount, Refusal::kInsufficientHolding);
}
void Model::NeedOfVintage(LedgerId ledger, std::uint16_t year) {
  const Unit unit = UnitOf(ledger);
  BreaksIf(unit.vintage != year ||
               (unit.type != UnitType::kAllowance && unit.type != UnitType::kAviation &&
                unit.type != UnitType::kRegulated),
           Refusal::kUnitNotEligible);
}

}  // namespace ets::registry::model
