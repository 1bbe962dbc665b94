#include <algorithm>

#include "base/assert.h"
#include "registry/impl.h"

namespace ets::registry {
namespace {

// What the firm has of its entitlement now.
std::int64_t Had(const EntitlementView& entry) {
  return entry.allocated - entry.returned - entry.reversed;
}

bool IsPlanned(TransferCode code) {
  return code == TransferCode::kPreAllocation || code == TransferCode::kFinalAllocation;
}

bool IsPool(const KindRow& row) {
  return row.kind == AccountKind::kAllocation || row.kind == AccountKind::kReserve;
}

bool IsOfVintage(const Unit& unit, std::uint16_t year) {
  return unit.vintage == year &&
         (unit.type == UnitType::kAllowance || unit.type == UnitType::kAviation ||
          unit.type == UnitType::kRegulated);
}

}  // namespace

// ---- Entitlements ----

const EntitlementView* Registry::Impl::FindEntitlement(std::uint32_t entity, std::uint16_t year,
                                                       std::uint8_t table) const {
  const Firm* const firm = FindFirm(entity);
  if (firm == nullptr) return nullptr;
  for (const EntitlementView& entry : firm->entitlements) {
    if (entry.year == year && entry.table == table) return &entry;
  }
  return nullptr;
}

template <typename Edit>
void Registry::Impl::ChangeEntitlement(Firm& firm, std::uint16_t year, std::uint8_t table,
                                       const Edit& edit) {
  auto place = std::lower_bound(
      firm.entitlements.begin(), firm.entitlements.end(), std::pair(year, table),
      [](const EntitlementView& e, const auto& k) { return std::pair(e.year, e.table) < k; });
  const Key key{firm.entity, kPartEntitlement};
  if (place == firm.entitlements.end() || place->year != year || place->table != table) {
    place = firm.entitlements.insert(place, EntitlementView{firm.entity, year, table});
    firms_hash += HashOf(key, *place);
  }
  ChangePart(key, *place, edit);
}

MaybeRefusal Registry::Impl::Check(const SetEntitlement& command) const {
  if (const auto refusal = CheckEntity(command.entity)) return refusal;
  if (const auto refusal = CheckAmountOrZero(command.amount)) return refusal;
  if (command.table == 0) return Refuse(Refusal::kValueInvalid);
  return CheckYear(command.year);
}

Receipt Registry::Impl::Do(const SetEntitlement& command) {
  ChangeEntitlement(*FindFirm(command.entity), command.year, command.table,
                    [&](EntitlementView& entry) {
                      ++entry.version;
                      entry.amount = command.amount;
                      entry.withheld = command.withheld;
                    });
  return {};
}

// Where a firm's allocation goes: the first account that may have it. EU Art. 48(2): a blocked
// account is paid whatever its symbol, an open one if it is A. A firm of which no year counts yet
// stands as A.
std::optional<AccountId> Registry::Impl::PayableAccount(const Firm& firm, LedgerId ledger) const {
  const Symbol symbol = LastStatus(firm).symbol;
  const bool in_order =
      symbol == Symbol::kA || symbol == Symbol::kNone || symbol == Symbol::kNotApplicable;
  for (const AccountId id : firm.accounts) {
    const Account& account = At(id);
    if (!RowOf(account.kind).has_obligations || account.closed ||
        (account.capabilities & kMayReceive) == 0 || !MayHold(id, ledger)) {
      continue;
    }
    const bool blocked = account.blocked() || (account.capabilities & kMaySend) == 0;
    if (!profile.allocation_needs_a || blocked || in_order) return id;
  }
  return {};
}

std::vector<Registry::Impl::Payment> Registry::Impl::PaymentsOf(
    const RunAllocation& command) const {
  std::vector<Payment> payments;
  for (const std::uint32_t index : FirmsInOrder()) {
    const Firm& firm = firms[index];
    const auto* const entry = FindEntitlement(firm.entity, command.year, command.table);
    if (entry == nullptr || entry->withheld || entry->amount <= Had(*entry) ||
        IsExcluded(firm, command.year)) {
      continue;
    }
    const auto to = PayableAccount(firm, command.ledger);
    if (to) payments.push_back({index, *to, entry->amount - Had(*entry)});
  }
  return payments;
}

MaybeRefusal Registry::Impl::Check(const RunAllocation& command) const {
  if (const auto refusal = CheckAccounts({command.from})) return refusal;
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  const bool known = std::any_of(firms.begin(), firms.end(), [&](const Firm& firm) {
    return FindEntitlement(firm.entity, command.year, command.table) != nullptr;
  });
  if (!known) return Refuse(Refusal::kEntitlementNotFound);
  const About about{.account = command.from, .ledger = command.ledger};
  if (const auto refusal = CheckKind(command.from, IsPool)) return refusal;
  if (const auto refusal = CheckStanding({{command.from, kMaySend}})) return refusal;
  if (!IsOfVintage(UnitOf(command.ledger), command.year)) {
    return Refuse(Refusal::kUnitNotEligible, about);
  }
  std::int64_t sum = 0;
  const std::int64_t available = Available(command.from, command.ledger);
  for (const Payment& payment : PaymentsOf(command)) {
    if (payment.amount > available - sum) {
      return Refuse(Refusal::kInsufficientHolding, {.account = command.from,
                                                    .ledger = command.ledger,
                                                    .asked = payment.amount,
                                                    .limit = available - sum});
    }
    sum += payment.amount;
  }
  return {};
}

Receipt Registry::Impl::Do(const RunAllocation& command) {
  constexpr std::uint8_t kNewEntrants = 2;
  const TransferCode code = command.table == kNewEntrants ? TransferCode::kEntrantAllocation
                                                          : TransferCode::kFinalAllocation;
  Receipt receipt;
  for (const Payment& payment : PaymentsOf(command)) {
    Move({command.from, payment.to, command.ledger, payment.amount, code, command.year,
          command.table});
    KeepReversible(false);
    ChangeEntitlement(firms[payment.firm], command.year, command.table,
                      [&](EntitlementView& entry) { entry.allocated += payment.amount; });
    receipt.amount += payment.amount;
    ++receipt.id;
  }
  return receipt;
}

MaybeRefusal Registry::Impl::Check(const ReturnExcess& command) const {
  if (const auto refusal = CheckAccounts({command.holder, command.to})) return refusal;
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  const Account& holder = At(command.holder);
  const auto* const entry = FindEntitlement(holder.entity, command.year, command.table);
  if (entry == nullptr) return Refuse(Refusal::kEntitlementNotFound, {.account = command.holder});
  const About about{.account = command.holder, .ledger = command.ledger, .asked = command.amount};
  if (command.holder == command.to) return Refuse(Refusal::kSameAccount, about);
  if (const auto refusal = CheckAmount(about)) return refusal;
  if (const auto refusal = CheckKind(command.holder, HasObligations)) return refusal;
  const auto takes_back = [](const KindRow& row) {
    return IsPool(row) || row.kind == AccountKind::kTotalQuantity;
  };
  if (const auto refusal = CheckKind(command.to, takes_back)) return refusal;
  // A blocked account may return what is not its own.
  if (const auto refusal = CheckStanding({{command.holder}, {command.to}})) return refusal;
  if (!IsOfVintage(UnitOf(command.ledger), command.year)) {
    return Refuse(Refusal::kUnitNotEligible, about);
  }
  if (const auto refusal = CheckAvailable(command.holder, command.ledger, command.amount)) {
    return refusal;
  }
  const std::int64_t excess = Had(*entry) - entry->amount;
  if (command.amount > excess) {
    return Refuse(Refusal::kMoreThanOwed, {.account = command.holder,
                                           .ledger = command.ledger,
                                           .asked = command.amount,
                                           .limit = excess});
  }
  return {};
}

Receipt Registry::Impl::Do(const ReturnExcess& command) {
  Move({command.holder, command.to, command.ledger, command.amount, TransferCode::kAllocationReturn,
        command.year, command.table});
  ChangeEntitlement(*FindFirm(At(command.holder).entity), command.year, command.table,
                    [&](EntitlementView& entry) { entry.returned += command.amount; });
  return {};
}

// Of a transfer that names the table it was paid by; Allocate has none.
void Registry::Impl::ReverseAllocation(const Transfer& transfer) {
  const auto table = static_cast<std::uint8_t>(transfer.reference);
  const std::uint32_t entity = At(transfer.credit).entity;
  if (table == 0 || FindEntitlement(entity, transfer.year, table) == nullptr) return;
  ChangeEntitlement(*FindFirm(entity), transfer.year, table,
                    [&](EntitlementView& entry) { entry.reversed += transfer.amount; });
}

// ---- Without a table ----

MaybeRefusal Registry::Impl::Check(const Allocate& command) const {
  if (const auto refusal = CheckAccounts({command.from, command.holder})) return refusal;
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  const About about{.account = command.from, .ledger = command.ledger, .asked = command.amount};
  if (command.from == command.holder) return Refuse(Refusal::kSameAccount, about);
  if (const auto refusal = CheckAmount(about)) return refusal;
  if (!IsCode(command.code)) return Refuse(Refusal::kValueInvalid, about);
  const Account& holder = At(command.holder);
  if (const auto refusal = CheckKind(command.from, IsPool)) return refusal;
  if (const auto refusal = CheckKind(command.holder, HasObligations)) return refusal;
  if (const auto refusal =
          CheckStanding({{command.from, kMaySend}, {command.holder, kMayReceive}})) {
    return refusal;
  }
  if (const auto refusal = CheckHoldable(command.holder, command.ledger)) return refusal;
  if (!IsOfVintage(UnitOf(command.ledger), command.year)) {
    return Refuse(Refusal::kUnitNotEligible, about);
  }
  if (const auto refusal = CheckAvailable(command.from, command.ledger, command.amount)) {
    return refusal;
  }
  if (!IsPlanned(command.code)) return {};
  const Firm& firm = *FindFirm(holder.entity);
  const Year* const plan = FindYear(firm, command.year);
  if (plan != nullptr && plan->allocation_closed) {
    return Refuse(Refusal::kOverEntitlement, {.account = command.holder, .asked = command.amount});
  }
  if (IsExcluded(firm, command.year)) {
    return Refuse(Refusal::kEntitlementWithheld,
                  {.account = command.holder, .asked = command.amount});
  }
  return {};
}

Receipt Registry::Impl::Do(const Allocate& command) {
  if (command.code == TransferCode::kFinalAllocation) {
    ChangeYear(*FindFirm(At(command.holder).entity), command.year,
               [](Year& plan) { plan.allocation_closed = true; });
  }
  Move({command.from, command.holder, command.ledger, command.amount, command.code, command.year});
  KeepReversible(false);
  return {};
}

MaybeRefusal Registry::Impl::Check(const TakeBack& command) const {
  if (const auto refusal = CheckAccounts({command.holder, command.to})) return refusal;
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  const About about{.account = command.holder, .ledger = command.ledger, .asked = command.amount};
  if (command.holder == command.to) return Refuse(Refusal::kSameAccount, about);
  if (const auto refusal = CheckAmount(about)) return refusal;
  if (const auto refusal = CheckKind(command.holder, HasObligations)) return refusal;
  const auto takes = [](const KindRow& row) {
    return IsPool(row) || row.kind == AccountKind::kStability ||
           row.kind == AccountKind::kAuctionStock || row.kind == AccountKind::kCancellation;
  };
  if (const auto refusal = CheckKind(command.to, takes)) return refusal;
  if (const auto refusal = CheckStanding({{command.holder}, {command.to}})) return refusal;
  if (UnitOf(command.ledger).type != UnitType::kAllowance) {
    return Refuse(Refusal::kUnitNotEligible, about);
  }
  return {};
}

Receipt Registry::Impl::Do(const TakeBack& command) {
  Receipt receipt;
  receipt.amount =
      std::clamp<std::int64_t>(Available(command.holder, command.ledger), 0, command.amount);
  if (receipt.amount > 0) {
    Move({command.holder, command.to, command.ledger, receipt.amount, TransferCode::kTakeBack,
          command.year});
  }
  return receipt;
}

}  // namespace ets::registry
