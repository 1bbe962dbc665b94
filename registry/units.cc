#include <algorithm>

#include "registry/impl.h"

namespace ets::registry {
namespace {

constexpr std::size_t kCertificateTextMax = 200;  // Bytes.

bool IsUnit(const Unit& unit) {
  switch (unit.type) {
    case UnitType::kAllowance:
    case UnitType::kAviation:
    case UnitType::kRegulated:
    case UnitType::kCountryCoded:
    case UnitType::kCertificate:
      return unit == Unit::Of(unit.type, unit.vintage) && unit.vintage >= kVintageMin &&
             unit.vintage <= kVintageMax;
    case UnitType::kOffset:
      return unit == Unit::Offset();
    case UnitType::kCurrency:
      return unit == Unit::Cash(Currency::kCny) || unit == Unit::Cash(Currency::kEur);
  }
  return false;
}

// Its units may leave in other ways than to the exchange, an auction or a surrender.
bool IsFreeHolder(const KindRow& row) {
  return row.has_entity && row.kind != AccountKind::kEscrow &&
         row.kind != AccountKind::kCompliance && row.kind != AccountKind::kLimitedUse;
}

}  // namespace

// ---- Ledgers ----

MaybeRefusal Registry::Impl::Check(const OpenLedger& command) const {
  for (const LedgerInfo& ledger : ledgers) {
    if (ledger.unit == command.unit) return Refuse(Refusal::kLedgerExists);
  }
  if (const auto refusal = CheckAmountOrZero(command.cap)) return refusal;
  if (!IsUnit(command.unit)) return Refuse(Refusal::kUnitNotEligible);
  return {};
}

Receipt Registry::Impl::Do(const OpenLedger& command) {
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(ledgers.size());
  LedgerInfo& ledger = ledgers.emplace_back();
  ledger.unit = command.unit;
  ledger.cap = command.cap;
  balances.AddLedger();
  SortRetirement();
  return receipt;
}

void Registry::Impl::SortRetirement() {
  retirement_order.clear();
  for (std::uint16_t id = 0; id < ledgers.size(); ++id) {
    if (ledgers[id].unit.type != UnitType::kCurrency) retirement_order.emplace_back(id);
  }
  const auto rank = [&](LedgerId id) {
    const Unit& unit = UnitOf(id);
    const bool is_offset = unit.type == UnitType::kOffset;
    int place = unit.vintage;
    if (profile.retirement == RetirementOrder::kNewestFirst) place = -place;
    if (is_offset) place = profile.retirement == RetirementOrder::kOffsetsThenOldest ? -1 : 10'000;
    return std::tuple(place, unit.type, id);
  };
  std::sort(retirement_order.begin(), retirement_order.end(),
            [&](LedgerId a, LedgerId b) { return rank(a) < rank(b); });
}

MaybeRefusal Registry::Impl::Check(const SetCap& command) const {
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  if (const auto refusal = CheckAmountOrZero(command.cap)) return refusal;
  const std::int64_t issued = IssuedUnderCap(command.ledger);
  if (command.cap > 0 && command.cap < issued) {
    return Refuse(Refusal::kCapExceeded,
                  {.ledger = command.ledger, .asked = command.cap, .limit = issued});
  }
  if (profile.cap_binds || profile.cap_phase_years == 0) return {};
  // Those of its phase together bind. Where they are passed already, they may only be raised.
  const std::int64_t room = RoomUnderCap(command.ledger, command.cap);
  if (room >=
      std::min<std::int64_t>(RoomUnderCap(command.ledger, ledgers[command.ledger.raw()].cap), 0)) {
    return {};
  }
  return Refuse(Refusal::kCapExceeded,
                {.ledger = command.ledger, .asked = command.cap, .limit = command.cap - room});
}

Receipt Registry::Impl::Do(const SetCap& command) {
  ledgers[command.ledger.raw()].cap = command.cap;
  ledgers[command.ledger.raw()].over_cap = 0;
  return {};
}

// ---- Issue ----

// Whether what is issued of the other counts against the same bound. Every ledger is its own where
// caps bind; else those of one type and phase share theirs.
bool Registry::Impl::SharesCap(LedgerId ledger, LedgerId other) const {
  if (profile.cap_binds) return ledger == other;
  const Unit& a = UnitOf(ledger);
  const Unit& b = UnitOf(other);
  if (a.type != b.type || profile.cap_phase_years == 0) return false;
  if (std::min(a.vintage, b.vintage) < profile.cap_phase_from) return false;
  const auto phase_of = [&](const Unit& unit) {
    return (unit.vintage - profile.cap_phase_from) / profile.cap_phase_years;
  };
  return phase_of(a) == phase_of(b);
}

// What may still be issued under the bound of a ledger, were its own cap this one; negative where
// too much was. A ledger without a cap has no part in it.
std::int64_t Registry::Impl::RoomUnderCap(LedgerId ledger, std::int64_t cap) const {
  std::int64_t room = 0;
  for (std::uint16_t id = 0; id < ledgers.size(); ++id) {
    const std::int64_t part = LedgerId(id) == ledger ? cap : ledgers[id].cap;
    if (part == 0 || !SharesCap(ledger, LedgerId(id))) continue;
    room += part - IssuedUnderCap(LedgerId(id));
  }
  return room;
}

MaybeRefusal Registry::Impl::CheckCap(LedgerId ledger, std::int64_t amount) const {
  const std::int64_t cap = ledgers[ledger.raw()].cap;
  if (cap == 0 || !SharesCap(ledger, ledger)) return {};
  const std::int64_t room = RoomUnderCap(ledger, cap);
  if (amount <= room) return {};
  return Refuse(Refusal::kCapExceeded,
                {.ledger = ledger, .asked = amount, .limit = IssuedUnderCap(ledger) + room});
}

MaybeRefusal Registry::Impl::Check(const Issue& command) const {
  if (const auto refusal = CheckAccounts({command.to})) return refusal;
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  if (!First(IsCash(command.ledger) ? AccountKind::kBank : AccountKind::kIssuance)) {
    return Refuse(Refusal::kAccountNotFound);
  }
  const About about{.account = command.to, .ledger = command.ledger, .asked = command.amount};
  if (const auto refusal = CheckAmount(about)) return refusal;
  // What is issued bounds every balance of its ledger.
  if (balances.issued(command.ledger) > kAmountMax - command.amount) {
    return Refuse(Refusal::kAmountTooLarge, about);
  }
  if (!IsCode(command.code)) return Refuse(Refusal::kValueInvalid, about);
  if (const auto refusal = CheckKind(command.to, IsHeld)) return refusal;
  if (const auto refusal = CheckStanding({{command.to, kMayReceive}})) return refusal;
  if (const auto refusal = CheckHoldable(command.to, command.ledger)) return refusal;
  return CheckCap(command.ledger, command.amount);
}

Receipt Registry::Impl::Do(const Issue& command) {
  const auto source = First(IsCash(command.ledger) ? AccountKind::kBank : AccountKind::kIssuance);
  Move({*source, command.to, command.ledger, command.amount, command.code});
  Receipt receipt;
  LedgerInfo& ledger = ledgers[command.ledger.raw()];
  const std::int64_t above = IssuedUnderCap(command.ledger) - ledger.cap;
  if (ledger.cap > 0 && above > 0) {
    receipt.amount = above;
    ledger.over_cap = std::max(ledger.over_cap, above);
  }
  return receipt;
}

// ---- Carry-over, expiry, cancellation ----

MaybeRefusal Registry::Impl::Check(const ConvertUnits& command) const {
  if (const auto refusal = CheckAccounts({command.holder})) return refusal;
  if (!First(AccountKind::kConverted) || !First(AccountKind::kIssuance)) {
    return Refuse(Refusal::kAccountNotFound);
  }
  if (const auto refusal = CheckLedger(command.from)) return refusal;
  if (const auto refusal = CheckLedger(command.to)) return refusal;
  const About about{.account = command.holder, .ledger = command.from, .asked = command.amount};
  if (const auto refusal = CheckAmount(about)) return refusal;
  if (balances.issued(command.to) > kAmountMax - command.amount) {
    return Refuse(Refusal::kAmountTooLarge, about);
  }
  if (const auto refusal = CheckKind(command.holder, IsFreeHolder)) return refusal;
  if (const auto refusal = CheckStanding({{command.holder, kMaySend}})) return refusal;
  if (const auto refusal = CheckHoldable(command.holder, command.to)) return refusal;
  const Unit& from = UnitOf(command.from);
  const Unit& to = UnitOf(command.to);
  if (from.type != UnitType::kAllowance || to.type != UnitType::kAllowance ||
      from.vintage >= to.vintage) {
    return Refuse(Refusal::kUnitNotEligible, about);
  }
  return CheckAvailable(command.holder, command.from, command.amount);
}

Receipt Registry::Impl::Do(const ConvertUnits& command) {
  Move({command.holder, *First(AccountKind::kConverted), command.from, command.amount,
        TransferCode::kConvert});
  Move({*First(AccountKind::kIssuance), command.holder, command.to, command.amount,
        TransferCode::kConvert});
  ledgers[command.to.raw()].converted_in += command.amount;
  return {};
}

MaybeRefusal Registry::Impl::Check(const ExpireLedger& command) const {
  if (!First(AccountKind::kExpired)) return Refuse(Refusal::kAccountNotFound);
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  if (IsCash(command.ledger)) {
    return Refuse(Refusal::kUnitNotEligible, {.ledger = command.ledger});
  }
  return {};
}

Receipt Registry::Impl::Do(const ExpireLedger& command) {
  for (std::uint32_t i = 0; i < pendings.size(); ++i) {
    if (pendings[i].state == PendingState::kPending &&
        pendings[i].transfer.ledger == command.ledger) {
      Resolve(i + 1, PendingState::kVoided, 0);
    }
  }
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].reserved && tasks[i].reserved->ledger == command.ledger) {
      EndTask(i + 1, TaskState::kAborted);
    }
  }
  for (std::uint32_t i = 0; i < freezes.size(); ++i) {
    if (freezes[i].active && freezes[i].ledger == command.ledger) EndFreeze(i + 1);
  }
  Receipt receipt;
  const AccountId sink = *First(AccountKind::kExpired);
  for (std::uint32_t id = 0; id < accounts.size(); ++id) {
    const AccountId account(id);
    const std::int64_t balance = balances.balance(account, command.ledger);
    if (balance == 0 || RowAt(account).pool != Pool::kHeld) continue;
    Move({account, sink, command.ledger, balance, TransferCode::kExpire});
    receipt.amount += balance;
  }
  return receipt;
}

MaybeRefusal Registry::Impl::Check(const CancelUnits& command) const {
  if (const auto refusal = CheckAccounts({command.holder})) return refusal;
  if (!First(AccountKind::kCancellation)) return Refuse(Refusal::kAccountNotFound);
  if (const auto refusal = CheckLedger(command.ledger)) return refusal;
  const About about{.account = command.holder, .ledger = command.ledger, .asked = command.amount};
  if (const auto refusal = CheckAmount(about)) return refusal;
  if (command.beneficiary.size() > kCertificateTextMax ||
      command.statement.size() > kCertificateTextMax) {
    return Refuse(Refusal::kValueInvalid, about);
  }
  if (const auto refusal = CheckKind(command.holder, IsFreeHolder)) return refusal;
  if (const auto refusal = CheckStanding({{command.holder, kMaySend}})) return refusal;
  if (IsCash(command.ledger)) return Refuse(Refusal::kUnitNotEligible, about);
  return CheckAvailable(command.holder, command.ledger, command.amount);
}

Receipt Registry::Impl::Do(const CancelUnits& command) {
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(certificates.size() + 1);
  Move({command.holder, *First(AccountKind::kCancellation), command.ledger, command.amount,
        TransferCode::kCancel, 0, receipt.id});
  KeepReversible(false);
  certificates.Add({receipt.id, command.holder, command.ledger, command.amount, this_record, at,
                    command.beneficiary, command.statement});
  return receipt;
}

}  // namespace ets::registry
