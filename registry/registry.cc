#include "registry/registry.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/state_hash.h"
#include "registry/balance_table.h"
#include "registry/codec.h"

namespace ets::registry {
namespace {

// Text writes a vintage with two digits, so these are the years a unit can be of.
constexpr Vintage kVintageMin = 2000;
constexpr Vintage kVintageMax = 2099;
constexpr std::size_t kAccountKindCount = 14;  // Numbered from 1.

struct Account {
  AccountKind kind;
  bool blocked = false;
  std::uint32_t entity = 0;
};

struct LedgerInfo {
  Unit unit;
  std::int64_t cap = 0;
  std::int64_t converted_in = 0;  // Issued by carry-over, which the cap does not count.
};

// What one entity owes for one year, and how far it has got.
struct Obligation {
  bool verified = false;
  bool allocation_closed = false;
  ComplianceSymbol symbol = ComplianceSymbol::kOpen;
  std::int64_t reported = 0;
  std::int64_t emissions = 0;  // Verified.
  std::int64_t surrendered = 0;
  std::int64_t offsets = 0;

  std::int64_t owed() const { return std::max<std::int64_t>(emissions - surrendered, 0); }
};

// Of entity and year, in one number.
std::uint64_t ObligationKey(std::uint32_t entity, std::uint16_t year) {
  return (std::uint64_t{entity} << 16U) | year;
}

std::uint64_t HashOf(std::uint64_t key, const Obligation& obligation) {
  StateHash hash;
  hash.Add(key);
  hash.Add(std::uint64_t{obligation.verified} | std::uint64_t{obligation.allocation_closed} << 1U |
           static_cast<std::uint64_t>(obligation.symbol) << 2U);
  hash.Add(obligation.reported);
  hash.Add(obligation.emissions);
  hash.Add(obligation.surrendered);
  hash.Add(obligation.offsets);
  return hash.value();
}

std::uint64_t HashOf(std::uint64_t id, const Account& account) {
  StateHash hash;
  hash.Add(id);
  hash.Add(static_cast<std::uint64_t>(account.kind) | std::uint64_t{account.blocked} << 8U |
           std::uint64_t{account.entity} << 32U);
  return hash.value();
}

bool IsUnit(const Unit& unit) {
  switch (unit.type) {
    case UnitType::kAllowance:
      return unit == Unit::Allowance(unit.vintage) && unit.vintage >= kVintageMin &&
             unit.vintage <= kVintageMax;
    case UnitType::kOffset:
      return unit == Unit::Offset();
    case UnitType::kCurrency:
      return unit == Unit::Cash(Currency::kCny) || unit == Unit::Cash(Currency::kEur);
  }
  return false;
}

// A plain transfer may end here; the sinks have commands of their own, except cancellation.
bool MayReceive(AccountKind kind, const Unit& unit) {
  const bool is_cash = unit.type == UnitType::kCurrency;
  switch (kind) {
    case AccountKind::kBank:
      return is_cash;
    case AccountKind::kCancellation:
      return !is_cash;
    case AccountKind::kAllocation:
    case AccountKind::kReserve:
    case AccountKind::kStability:
    case AccountKind::kAuctionStock:
    case AccountKind::kTreasury:
    case AccountKind::kHolder:
    case AccountKind::kEscrow:
      return true;
    case AccountKind::kIssuance:
    case AccountKind::kSurrender:
    case AccountKind::kConverted:
    case AccountKind::kExpired:
      return false;
  }
  return false;
}

using Outcome = Result<Receipt, Refusal>;
using MaybeRefusal = std::optional<Refusal>;

MaybeRefusal CheckAmount(std::int64_t amount) {
  if (amount <= 0) return Refusal::kAmountNotPositive;
  if (amount > kAmountMax) return Refusal::kAmountTooLarge;
  return {};
}

// Of emissions and caps, where nothing is a figure too.
MaybeRefusal CheckAmountOrZero(std::int64_t amount) {
  return amount == 0 ? MaybeRefusal() : CheckAmount(amount);
}

std::string Describe(const std::optional<Refusal>& refusal, const Receipt& receipt,
                     std::size_t transfers) {
  if (refusal) return "refused with " + std::string(ToString(*refusal));
  return "applied (id " + std::to_string(receipt.id) + ", amount " +
         std::to_string(receipt.amount) + ", failed pairs " + std::to_string(receipt.failed_pairs) +
         ", " + std::to_string(transfers) + " transfers)";
}

std::string Describe(const Transfer& transfer) {
  return std::string(ToString(transfer.code)) + " of " + std::to_string(transfer.amount) +
         " in ledger " + std::to_string(transfer.ledger.raw()) + " from account " +
         std::to_string(transfer.debit.raw()) + " to " + std::to_string(transfer.credit.raw());
}

}  // namespace

struct Registry::Impl {
  Impl(const Profile& the_profile, Journal* the_journal)
      : profile(the_profile), journal(the_journal) {}

  Profile profile;
  Journal* journal;

  SimTime now = 0;
  SimTime latest = 0;  // The latest sim_time of an applied command; at or after now.
  std::uint64_t sequence = 0;

  BalanceTable balances;
  std::vector<Account> accounts;
  std::vector<LedgerInfo> ledgers;
  std::array<std::optional<AccountId>, kAccountKindCount> first_of_kind;
  std::unordered_set<std::uint32_t> entities;  // With a holder account. Looked up, never walked.
  std::unordered_map<std::uint64_t, Obligation> obligations;  // Looked up, never walked.
  std::vector<Receipt> settlement_answers;                    // By settlement sequence, from 1.
  std::uint64_t accounts_hash = 0;  // Sums over all accounts and obligations.
  std::uint64_t obligations_hash = 0;

  std::vector<Transfer> transfers;  // Of the command at hand.
  std::string payload;              // Of the record at hand.

  // ---- Lookups and checks ----

  bool Exists(AccountId account) const { return account.raw() < accounts.size(); }
  bool Exists(LedgerId ledger) const { return ledger.raw() < ledgers.size(); }
  const Account& At(AccountId account) const { return accounts[account.raw()]; }
  const Unit& UnitOf(LedgerId ledger) const { return ledgers[ledger.raw()].unit; }
  std::optional<AccountId> First(AccountKind kind) const {
    return first_of_kind[static_cast<std::size_t>(kind)];
  }
  const Obligation* FindObligation(std::uint32_t entity, std::uint16_t year) const {
    const auto found = obligations.find(ObligationKey(entity, year));
    return found == obligations.end() ? nullptr : &found->second;
  }
  // Issued net of conversions in: what the cap is held against.
  std::int64_t IssuedUnderCap(LedgerId ledger) const {
    return balances.issued(ledger) - ledgers[ledger.raw()].converted_in;
  }

  // ---- Changes ----

  template <typename Change>
  void ChangeObligation(std::uint32_t entity, std::uint16_t year, const Change& change) {
    const std::uint64_t key = ObligationKey(entity, year);
    const auto [place, is_new] = obligations.try_emplace(key);
    if (!is_new) obligations_hash -= HashOf(key, place->second);
    change(place->second);
    obligations_hash += HashOf(key, place->second);
  }

  void Move(const Transfer& transfer) {
    balances.Move(transfer.debit, transfer.credit, transfer.ledger, transfer.amount);
    transfers.push_back(transfer);
  }

  void Block(AccountId account) {
    Account& blocked = accounts[account.raw()];
    if (blocked.blocked) return;
    accounts_hash -= HashOf(account.raw(), blocked);
    blocked.blocked = true;
    accounts_hash += HashOf(account.raw(), blocked);
  }

  // An escrow that could not settle, and the holder behind it.
  void BlockMember(AccountId escrow) {
    if (!Exists(escrow)) return;
    Block(escrow);
    if (At(escrow).kind != AccountKind::kEscrow) return;
    for (std::uint32_t id = 0; id < accounts.size(); ++id) {
      if (accounts[id].kind == AccountKind::kHolder && accounts[id].entity == At(escrow).entity) {
        Block(AccountId(id));
      }
    }
  }

  // ---- Commands: each checks in the order of Refusal, then changes ----

  Outcome Do(const OpenAccount& command) {
    const auto kind = static_cast<std::size_t>(command.kind);
    if (kind < 1 || kind >= kAccountKindCount) return Fail{Refusal::kWrongAccountKind};
    const AccountId account(static_cast<std::uint32_t>(accounts.size()));
    accounts.push_back({command.kind, false, command.entity});
    accounts_hash += HashOf(account.raw(), accounts.back());
    balances.AddAccount(PoolOf(command.kind));
    if (!first_of_kind[kind]) first_of_kind[kind] = account;
    if (command.kind == AccountKind::kHolder) entities.insert(command.entity);
    Receipt receipt;
    receipt.id = account.raw();
    return receipt;
  }

  Outcome Do(const OpenLedger& command) {
    for (const LedgerInfo& ledger : ledgers) {
      if (ledger.unit == command.unit) return Fail{Refusal::kLedgerExists};
    }
    if (const auto refusal = CheckAmountOrZero(command.cap)) return Fail{*refusal};
    if (!IsUnit(command.unit)) return Fail{Refusal::kUnitNotEligible};
    Receipt receipt;
    receipt.id = static_cast<std::uint32_t>(ledgers.size());
    ledgers.push_back({command.unit, command.cap, 0});
    balances.AddLedger();
    return receipt;
  }

  Outcome Do(const SetCap& command) {
    if (!Exists(command.ledger)) return Fail{Refusal::kLedgerNotFound};
    if (const auto refusal = CheckAmountOrZero(command.cap)) return Fail{*refusal};
    if (command.cap > 0 && command.cap < IssuedUnderCap(command.ledger)) {
      return Fail{Refusal::kCapExceeded};
    }
    ledgers[command.ledger.raw()].cap = command.cap;
    return Receipt{};
  }

  Outcome Do(const Issue& command) {
    if (!Exists(command.to)) return Fail{Refusal::kAccountNotFound};
    if (!Exists(command.ledger)) return Fail{Refusal::kLedgerNotFound};
    const bool is_cash = UnitOf(command.ledger).type == UnitType::kCurrency;
    const auto source = First(is_cash ? AccountKind::kBank : AccountKind::kIssuance);
    if (!source) return Fail{Refusal::kAccountNotFound};
    if (const auto refusal = CheckAmount(command.amount)) return Fail{*refusal};
    // What is issued bounds every balance of its ledger.
    if (balances.issued(command.ledger) > kAmountMax - command.amount) {
      return Fail{Refusal::kAmountTooLarge};
    }
    if (PoolOf(At(command.to).kind) != Pool::kHeld) return Fail{Refusal::kWrongAccountKind};
    const std::int64_t cap = ledgers[command.ledger.raw()].cap;
    if (cap > 0 && command.amount > cap - IssuedUnderCap(command.ledger)) {
      return Fail{Refusal::kCapExceeded};
    }
    Move({*source, command.to, command.ledger, command.amount, command.code});
    return Receipt{};
  }

  Outcome Do(const MakeTransfer& command) {
    const Transfer& transfer = command.transfer;
    if (!Exists(transfer.debit) || !Exists(transfer.credit)) return Fail{Refusal::kAccountNotFound};
    if (!Exists(transfer.ledger)) return Fail{Refusal::kLedgerNotFound};
    if (transfer.debit == transfer.credit) return Fail{Refusal::kSameAccount};
    if (const auto refusal = CheckAmount(transfer.amount)) return Fail{*refusal};
    const Account& from = At(transfer.debit);
    const Account& to = At(transfer.credit);
    if (PoolOf(from.kind) != Pool::kHeld || !MayReceive(to.kind, UnitOf(transfer.ledger))) {
      return Fail{Refusal::kWrongAccountKind};
    }
    // A holder deposits into its own escrow only; the market mirrors it as that member's.
    if (from.kind == AccountKind::kHolder && to.kind == AccountKind::kEscrow &&
        from.entity != to.entity) {
      return Fail{Refusal::kWrongAccountKind};
    }
    if (from.kind == AccountKind::kEscrow) return Fail{Refusal::kEscrowIsDebitedBySettlementOnly};
    if (balances.balance(transfer.debit, transfer.ledger) < transfer.amount) {
      return Fail{Refusal::kInsufficientBalance};
    }
    if (from.blocked) return Fail{Refusal::kAccountBlocked};
    Move(transfer);
    return Receipt{};
  }

  // The journal keeps the deposit; nothing is computed from it here.
  Outcome Do(const DepositMonthlyData& command) {
    if (!entities.contains(command.entity)) return Fail{Refusal::kAccountNotFound};
    if (command.month < 1) return Fail{Refusal::kAmountNotPositive};
    if (const auto refusal = CheckAmountOrZero(command.emissions.count())) return Fail{*refusal};
    if (command.month > 12) return Fail{Refusal::kAmountTooLarge};
    return Receipt{};
  }

  Outcome Do(const ReportEmissions& command) {
    if (!entities.contains(command.entity)) return Fail{Refusal::kAccountNotFound};
    if (const auto refusal = CheckAmountOrZero(command.emissions.count())) return Fail{*refusal};
    const Obligation* const obligation = FindObligation(command.entity, command.year);
    if (obligation != nullptr && obligation->verified) {
      return Fail{Refusal::kEmissionsAlreadyVerified};
    }
    ChangeObligation(command.entity, command.year,
                     [&](Obligation& changed) { changed.reported = command.emissions.count(); });
    return Receipt{};
  }

  Outcome Do(const VerifyEmissions& command) {
    if (!entities.contains(command.entity)) return Fail{Refusal::kAccountNotFound};
    if (const auto refusal = CheckAmountOrZero(command.emissions.count())) return Fail{*refusal};
    const Obligation* const obligation = FindObligation(command.entity, command.year);
    if (obligation != nullptr && obligation->verified) {
      return Fail{Refusal::kEmissionsAlreadyVerified};
    }
    ChangeObligation(command.entity, command.year, [&](Obligation& changed) {
      changed.verified = true;
      changed.emissions = command.emissions.count();
    });
    return Receipt{};
  }

  Outcome Do(const Allocate& command) {
    if (!Exists(command.from) || !Exists(command.holder)) return Fail{Refusal::kAccountNotFound};
    if (!Exists(command.ledger)) return Fail{Refusal::kLedgerNotFound};
    if (command.from == command.holder) return Fail{Refusal::kSameAccount};
    if (const auto refusal = CheckAmount(command.amount)) return Fail{*refusal};
    const Account& pool = At(command.from);
    const Account& holder = At(command.holder);
    if ((pool.kind != AccountKind::kAllocation && pool.kind != AccountKind::kReserve) ||
        holder.kind != AccountKind::kHolder) {
      return Fail{Refusal::kWrongAccountKind};
    }
    if (balances.balance(command.from, command.ledger) < command.amount) {
      return Fail{Refusal::kInsufficientBalance};
    }
    if (UnitOf(command.ledger) != Unit::Allowance(command.year))
      return Fail{Refusal::kUnitNotEligible};
    const bool is_final = command.code == TransferCode::kFinalAllocation;
    if (is_final || command.code == TransferCode::kPreAllocation) {
      const Obligation* const plan = FindObligation(holder.entity, command.year);
      if (plan != nullptr && plan->allocation_closed) return Fail{Refusal::kOverEntitlement};
    }
    if (is_final) {
      ChangeObligation(holder.entity, command.year,
                       [](Obligation& changed) { changed.allocation_closed = true; });
    }
    Move(
        {command.from, command.holder, command.ledger, command.amount, command.code, command.year});
    return Receipt{};
  }

  Outcome Do(const TakeBack& command) {
    if (!Exists(command.holder) || !Exists(command.to)) return Fail{Refusal::kAccountNotFound};
    if (!Exists(command.ledger)) return Fail{Refusal::kLedgerNotFound};
    if (command.holder == command.to) return Fail{Refusal::kSameAccount};
    if (const auto refusal = CheckAmount(command.amount)) return Fail{*refusal};
    const AccountKind to = At(command.to).kind;
    if (At(command.holder).kind != AccountKind::kHolder ||
        (to != AccountKind::kAllocation && to != AccountKind::kReserve &&
         to != AccountKind::kStability && to != AccountKind::kAuctionStock &&
         to != AccountKind::kCancellation)) {
      return Fail{Refusal::kWrongAccountKind};
    }
    if (UnitOf(command.ledger).type != UnitType::kAllowance) return Fail{Refusal::kUnitNotEligible};
    Receipt receipt;
    receipt.amount = std::min(command.amount, balances.balance(command.holder, command.ledger));
    if (receipt.amount > 0) {
      Move({command.holder, command.to, command.ledger, receipt.amount, TransferCode::kTakeBack,
            command.year});
    }
    return receipt;
  }

  // The Profile's comment in code.
  bool MaySurrender(const Unit& unit, std::uint16_t year, bool in_arrears) const {
    switch (unit.type) {
      case UnitType::kAllowance:
        if (in_arrears && unit.vintage >= profile.first_year) return true;
        return unit.vintage <= year &&
               (unit.vintage >= profile.first_year) == (year >= profile.first_year);
      case UnitType::kOffset:
        return true;
      case UnitType::kCurrency:
        return false;
    }
    return false;
  }

  Outcome Do(const Surrender& command) {
    const auto sink = First(AccountKind::kSurrender);
    if (!Exists(command.holder) || !sink) return Fail{Refusal::kAccountNotFound};
    if (!Exists(command.ledger)) return Fail{Refusal::kLedgerNotFound};
    if (const auto refusal = CheckAmount(command.amount)) return Fail{*refusal};
    const Account& holder = At(command.holder);
    if (holder.kind != AccountKind::kHolder) return Fail{Refusal::kWrongAccountKind};
    if (balances.balance(command.holder, command.ledger) < command.amount) {
      return Fail{Refusal::kInsufficientBalance};
    }
    const Obligation* const found = FindObligation(holder.entity, command.year);
    const Obligation obligation = found == nullptr ? Obligation{} : *found;
    const Unit& unit = UnitOf(command.ledger);
    if (!MaySurrender(unit, command.year, obligation.symbol == ComplianceSymbol::kShort)) {
      return Fail{Refusal::kUnitNotEligible};
    }
    const bool is_offset = unit.type == UnitType::kOffset;
    if (is_offset && obligation.verified &&
        obligation.offsets + command.amount >
            MulDivFloor(obligation.emissions, profile.offset_limit_bp, 10'000)) {
      return Fail{Refusal::kOffsetLimitExceeded};
    }
    if (!obligation.verified) return Fail{Refusal::kEmissionsNotVerified};
    if (command.amount > obligation.owed()) return Fail{Refusal::kMoreThanOwed};
    Move({command.holder, *sink, command.ledger, command.amount, TransferCode::kSurrender,
          command.year});
    ChangeObligation(holder.entity, command.year, [&](Obligation& changed) {
      changed.surrendered += command.amount;
      if (is_offset) changed.offsets += command.amount;
    });
    return Receipt{};
  }

  Outcome Do(const AssessCompliance& command) {
    if (!entities.contains(command.entity)) return Fail{Refusal::kAccountNotFound};
    const Obligation* const obligation = FindObligation(command.entity, command.year);
    if (obligation == nullptr || !obligation->verified) return Fail{Refusal::kEmissionsNotVerified};
    if (obligation->symbol != ComplianceSymbol::kOpen) return Fail{Refusal::kYearAlreadyAssessed};
    Receipt receipt;
    receipt.amount = obligation->owed();
    ChangeObligation(command.entity, command.year, [&](Obligation& changed) {
      changed.symbol =
          receipt.amount == 0 ? ComplianceSymbol::kCompliant : ComplianceSymbol::kShort;
    });
    return receipt;
  }

  Outcome Do(const ConvertUnits& command) {
    const auto sink = First(AccountKind::kConverted);
    const auto source = First(AccountKind::kIssuance);
    if (!Exists(command.holder) || !sink || !source) return Fail{Refusal::kAccountNotFound};
    if (!Exists(command.from) || !Exists(command.to)) return Fail{Refusal::kLedgerNotFound};
    if (const auto refusal = CheckAmount(command.amount)) return Fail{*refusal};
    if (balances.issued(command.to) > kAmountMax - command.amount) {
      return Fail{Refusal::kAmountTooLarge};
    }
    const Account& holder = At(command.holder);
    if (holder.kind != AccountKind::kHolder) return Fail{Refusal::kWrongAccountKind};
    if (balances.balance(command.holder, command.from) < command.amount) {
      return Fail{Refusal::kInsufficientBalance};
    }
    const Unit& from = UnitOf(command.from);
    const Unit& to = UnitOf(command.to);
    if (from.type != UnitType::kAllowance || to.type != UnitType::kAllowance ||
        from.vintage >= to.vintage) {
      return Fail{Refusal::kUnitNotEligible};
    }
    if (holder.blocked) return Fail{Refusal::kAccountBlocked};
    Move({command.holder, *sink, command.from, command.amount, TransferCode::kConvert});
    Move({*source, command.holder, command.to, command.amount, TransferCode::kConvert});
    ledgers[command.to.raw()].converted_in += command.amount;
    return Receipt{};
  }

  Outcome Do(const ExpireLedger& command) {
    const auto sink = First(AccountKind::kExpired);
    if (!sink) return Fail{Refusal::kAccountNotFound};
    if (!Exists(command.ledger)) return Fail{Refusal::kLedgerNotFound};
    if (UnitOf(command.ledger).type == UnitType::kCurrency) return Fail{Refusal::kUnitNotEligible};
    Receipt receipt;
    for (std::uint32_t id = 0; id < accounts.size(); ++id) {
      const AccountId account(id);
      const std::int64_t balance = balances.balance(account, command.ledger);
      if (balance == 0 || PoolOf(accounts[id].kind) != Pool::kHeld) continue;
      Move({account, *sink, command.ledger, balance, TransferCode::kExpire});
      receipt.amount += balance;
    }
    return receipt;
  }

  Outcome Do(const AdvanceTo& command) {
    if (command.sim_time < latest) return Fail{Refusal::kTimeGoesBack};
    now = command.sim_time;
    latest = command.sim_time;
    return Receipt{};
  }

  Outcome Do(const DayClosed&) { return Receipt{}; }

  bool SettlePair(const SettlementFill& fill) {
    if (!Exists(fill.seller_escrow) || !Exists(fill.buyer_escrow) || !Exists(fill.unit_ledger) ||
        fill.seller_escrow == fill.buyer_escrow || CheckAmount(fill.quantity) ||
        CheckAmountOrZero(fill.cash) || At(fill.seller_escrow).kind != AccountKind::kEscrow ||
        At(fill.buyer_escrow).kind != AccountKind::kEscrow ||
        UnitOf(fill.unit_ledger).type == UnitType::kCurrency ||
        balances.balance(fill.seller_escrow, fill.unit_ledger) < fill.quantity) {
      return false;
    }
    if (fill.cash > 0 &&
        (!Exists(fill.cash_ledger) || UnitOf(fill.cash_ledger).type != UnitType::kCurrency ||
         balances.balance(fill.buyer_escrow, fill.cash_ledger) < fill.cash)) {
      return false;
    }
    Move({fill.seller_escrow, fill.buyer_escrow, fill.unit_ledger, fill.quantity, fill.code, 0,
          fill.trade_id});
    if (fill.cash > 0) {
      Move({fill.buyer_escrow, fill.seller_escrow, fill.cash_ledger, fill.cash, fill.code, 0,
            fill.trade_id});
    }
    return true;
  }

  // Back to the holder of the same entity, or to the authority's account behind its own escrow.
  bool SettleWithdrawal(const SettlementWithdrawal& withdrawal) {
    if (!Exists(withdrawal.escrow) || !Exists(withdrawal.holder) || !Exists(withdrawal.ledger) ||
        CheckAmount(withdrawal.amount)) {
      return false;
    }
    const Account& escrow = At(withdrawal.escrow);
    const Account& holder = At(withdrawal.holder);
    if (escrow.kind != AccountKind::kEscrow || holder.kind == AccountKind::kEscrow ||
        PoolOf(holder.kind) != Pool::kHeld ||
        (holder.kind == AccountKind::kHolder && holder.entity != escrow.entity) ||
        balances.balance(withdrawal.escrow, withdrawal.ledger) < withdrawal.amount) {
      return false;
    }
    Move({withdrawal.escrow, withdrawal.holder, withdrawal.ledger, withdrawal.amount,
          TransferCode::kWithdrawal});
    return true;
  }

  Outcome Do(const Settle& command) {
    if (command.fills.size() > kFillsPerMessageMax) return Fail{Refusal::kAmountTooLarge};
    if (command.sequence != settlement_answers.size() + 1) return Fail{Refusal::kStreamGap};
    Receipt receipt;
    for (const SettlementFill& fill : command.fills) {
      if (SettlePair(fill)) continue;
      ++receipt.failed_pairs;
      BlockMember(fill.seller_escrow);
      BlockMember(fill.buyer_escrow);
    }
    for (const SettlementWithdrawal& withdrawal : command.withdrawals) {
      if (SettleWithdrawal(withdrawal)) continue;
      ++receipt.failed_pairs;
      BlockMember(withdrawal.escrow);
    }
    receipt.sequence = sequence + 1;
    settlement_answers.push_back(receipt);
    return receipt;
  }

  // ---- One command from end to end, without the journal ----

  Outcome Run(const Envelope& envelope, const Command& command) {
    transfers.clear();
    Outcome outcome = envelope.sim_time < latest
                          ? Outcome(Fail{Refusal::kTimeGoesBack})
                          : std::visit([this](const auto& c) { return Do(c); }, command);
    ++sequence;
    if (outcome.ok()) {
      latest = std::max(latest, envelope.sim_time);
      outcome.value().sequence = sequence;
    }
    return outcome;
  }

  // The old answer, when the command is a settlement message that was answered before.
  const Receipt* AnsweredBefore(const Command& command) const {
    const Settle* const settle = std::get_if<Settle>(&command);
    if (settle == nullptr || settle->sequence < 1 || settle->sequence > settlement_answers.size()) {
      return nullptr;
    }
    return &settlement_answers[settle->sequence - 1];
  }

  void Write(RecordKind kind, const Envelope& envelope) {
    JournalRecord record;
    record.kind = static_cast<std::uint16_t>(kind);
    record.sequence = sequence;
    record.envelope = envelope;
    record.payload = payload;
    journal->Append(record);
  }

  std::string Compare(const Outcome& outcome, const Record& record) const {
    const std::optional<Refusal> refusal =
        outcome.ok() ? std::nullopt : std::optional(outcome.error());
    const Receipt receipt = outcome.ok() ? *outcome : Receipt{};
    if (refusal != record.refusal || receipt != record.receipt ||
        transfers.size() != record.transfers.size()) {
      return "recorded as " + Describe(record.refusal, record.receipt, record.transfers.size()) +
             ", replayed as " + Describe(refusal, receipt, transfers.size());
    }
    for (std::size_t i = 0; i < transfers.size(); ++i) {
      if (transfers[i] != record.transfers[i]) {
        return "transfer " + std::to_string(i) + " recorded as " + Describe(record.transfers[i]) +
               ", replayed as " + Describe(transfers[i]);
      }
    }
    return {};
  }

  Record replayed;  // Reused by Replay().
};

Registry::Registry(const Profile& profile, Journal* journal)
    : impl_(std::make_unique<Impl>(profile, journal)) {
  impl_->sequence = 1;
  if (journal == nullptr) return;
  EncodeProfile(profile, impl_->payload);
  impl_->Write(RecordKind::kProfile, {});
}

Registry::~Registry() = default;
Registry::Registry(Registry&&) noexcept = default;

Result<Receipt, Refusal> Registry::Apply(const Envelope& envelope, const Command& command) {
  if (const Receipt* const answer = impl_->AnsweredBefore(command)) return *answer;
  const Outcome outcome = impl_->Run(envelope, command);
  if (impl_->journal != nullptr) {
    impl_->payload.clear();
    EncodeCommand(command, impl_->payload);
    EncodeOutcome(outcome, impl_->transfers, impl_->payload);
    impl_->Write(KindOf(command), envelope);
  }
  return outcome;
}

std::string Registry::Replay(const JournalRecord& record) {
  if (record.kind == static_cast<std::uint16_t>(RecordKind::kProfile)) {
    const auto profile = DecodeProfile(record);
    if (!profile) return "the profile cannot be decoded";
    if (record.sequence != 1 || impl_->sequence != 1)
      return "a profile that is not the first record";
    return *profile == impl_->profile ? "" : "the profile is not this registry's";
  }
  if (record.sequence != impl_->sequence + 1) {
    return "sequence " + std::to_string(record.sequence) + " follows " +
           std::to_string(impl_->sequence);
  }
  if (!Decode(record, impl_->replayed)) return "the payload cannot be decoded";
  const Command& command = impl_->replayed.command;
  if (impl_->AnsweredBefore(command) != nullptr) return "a settlement message recorded twice";
  const auto* const day = std::get_if<DayClosed>(&command);
  if (day != nullptr && day->registry_state_hash != StateHash()) {
    return "the state hash of " + ToString(day->date) + " is not the one recorded";
  }
  return impl_->Compare(impl_->Run(record.envelope, command), impl_->replayed);
}

std::uint32_t Registry::account_count() const { return impl_->balances.account_count(); }
std::uint16_t Registry::ledger_count() const { return impl_->balances.ledger_count(); }

AccountView Registry::account(AccountId account) const {
  ETS_ASSERT(impl_->Exists(account));
  const Account& found = impl_->At(account);
  return {found.kind, found.entity, found.blocked};
}

Unit Registry::unit(LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(ledger));
  return impl_->UnitOf(ledger);
}

LedgerId Registry::ledger(Unit unit) const {
  for (std::size_t id = 0; id < impl_->ledgers.size(); ++id) {
    if (impl_->ledgers[id].unit == unit) return LedgerId(static_cast<std::uint16_t>(id));
  }
  ETS_ASSERT(!"the unit has no ledger");
  return {};
}

bool Registry::has_ledger(Unit unit) const {
  return std::any_of(impl_->ledgers.begin(), impl_->ledgers.end(),
                     [unit](const LedgerInfo& ledger) { return ledger.unit == unit; });
}

std::int64_t Registry::balance(AccountId account, LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(account) && impl_->Exists(ledger));
  return impl_->balances.balance(account, ledger);
}

LedgerTotals Registry::totals(LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(ledger));
  const BalanceTable& balances = impl_->balances;
  return {balances.issued(ledger),
          balances.total(ledger, Pool::kHeld),
          balances.total(ledger, Pool::kSurrendered),
          balances.total(ledger, Pool::kCancelled),
          balances.total(ledger, Pool::kConverted),
          balances.total(ledger, Pool::kExpired)};
}

std::int64_t Registry::cap(LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(ledger));
  return impl_->ledgers[ledger.raw()].cap;
}

ComplianceView Registry::compliance(std::uint32_t entity, std::uint16_t year) const {
  const Obligation* const obligation = impl_->FindObligation(entity, year);
  if (obligation == nullptr) return {};
  return {obligation->verified, Tonnes(obligation->emissions), Tonnes(obligation->surrendered),
          Tonnes(obligation->offsets), obligation->symbol};
}

SimTime Registry::now() const { return impl_->now; }
std::uint64_t Registry::sequence() const { return impl_->sequence; }
std::uint64_t Registry::settlement_sequence() const { return impl_->settlement_answers.size(); }

std::uint64_t Registry::StateHash() const {
  ets::StateHash hash;
  hash.Add(std::uint64_t{impl_->accounts.size()});
  hash.Add(impl_->accounts_hash);
  hash.Add(impl_->obligations_hash);
  hash.Add(impl_->balances.hash());
  hash.Add(settlement_sequence());
  for (std::uint16_t id = 0; id < impl_->ledgers.size(); ++id) {
    const LedgerInfo& ledger = impl_->ledgers[id];
    hash.Add(static_cast<std::uint64_t>(ledger.unit.type) |
             static_cast<std::uint64_t>(ledger.unit.currency) << 8U |
             std::uint64_t{ledger.unit.vintage} << 16U);
    hash.Add(ledger.cap);
    hash.Add(ledger.converted_in);
    for (std::size_t pool = 0; pool < kPoolCount; ++pool) {
      hash.Add(impl_->balances.total(LedgerId(id), static_cast<Pool>(pool)));
    }
  }
  return hash.value();
}

void Registry::CheckInvariants() const {
  impl_->balances.CheckInvariants();
  for (std::uint16_t id = 0; id < impl_->ledgers.size(); ++id) {
    const std::int64_t cap = impl_->ledgers[id].cap;
    ETS_ASSERT(cap == 0 || impl_->IssuedUnderCap(LedgerId(id)) <= cap);
    ETS_ASSERT(impl_->balances.issued(LedgerId(id)) <= kAmountMax);
  }
}

Result<Profile, std::string> Registry::ProfileOf(const JournalRecord& record) {
  const auto profile = DecodeProfile(record);
  if (!profile || record.sequence != 1) {
    return Fail{std::string("not a registry journal: its first record is no registry profile")};
  }
  return *profile;
}

bool Registry::DecodeTransfers(const JournalRecord& record, std::vector<Transfer>& transfers) {
  transfers.clear();
  if (record.kind == static_cast<std::uint16_t>(RecordKind::kProfile)) return true;
  Record decoded;
  if (!Decode(record, decoded)) return false;
  transfers = std::move(decoded.transfers);
  return true;
}

std::string_view ToString(AccountKind kind) {
  switch (kind) {
    case AccountKind::kIssuance:
      return "issuance";
    case AccountKind::kBank:
      return "bank";
    case AccountKind::kAllocation:
      return "allocation";
    case AccountKind::kReserve:
      return "reserve";
    case AccountKind::kStability:
      return "stability";
    case AccountKind::kAuctionStock:
      return "auction_stock";
    case AccountKind::kTreasury:
      return "treasury";
    case AccountKind::kHolder:
      return "holder";
    case AccountKind::kEscrow:
      return "escrow";
    case AccountKind::kSurrender:
      return "surrender";
    case AccountKind::kCancellation:
      return "cancellation";
    case AccountKind::kConverted:
      return "converted";
    case AccountKind::kExpired:
      return "expired";
  }
  return "unknown";
}

std::string_view ToString(Refusal refusal) {
  switch (refusal) {
    case Refusal::kTimeGoesBack:
      return "TIME_GOES_BACK";
    case Refusal::kAccountNotFound:
      return "ACCOUNT_NOT_FOUND";
    case Refusal::kLedgerNotFound:
      return "LEDGER_NOT_FOUND";
    case Refusal::kLedgerExists:
      return "LEDGER_EXISTS";
    case Refusal::kSameAccount:
      return "SAME_ACCOUNT";
    case Refusal::kAmountNotPositive:
      return "AMOUNT_NOT_POSITIVE";
    case Refusal::kAmountTooLarge:
      return "AMOUNT_TOO_LARGE";
    case Refusal::kWrongAccountKind:
      return "WRONG_ACCOUNT_KIND";
    case Refusal::kEscrowIsDebitedBySettlementOnly:
      return "ESCROW_IS_DEBITED_BY_SETTLEMENT_ONLY";
    case Refusal::kStreamGap:
      return "STREAM_GAP";
    case Refusal::kInsufficientBalance:
      return "INSUFFICIENT_BALANCE";
    case Refusal::kCapExceeded:
      return "CAP_EXCEEDED";
    case Refusal::kUnitNotEligible:
      return "UNIT_NOT_ELIGIBLE";
    case Refusal::kOffsetLimitExceeded:
      return "OFFSET_LIMIT_EXCEEDED";
    case Refusal::kAccountBlocked:
      return "ACCOUNT_BLOCKED";
    case Refusal::kEmissionsNotVerified:
      return "EMISSIONS_NOT_VERIFIED";
    case Refusal::kEmissionsAlreadyVerified:
      return "EMISSIONS_ALREADY_VERIFIED";
    case Refusal::kOverEntitlement:
      return "OVER_ENTITLEMENT";
    case Refusal::kYearAlreadyAssessed:
      return "YEAR_ALREADY_ASSESSED";
    case Refusal::kMoreThanOwed:
      return "MORE_THAN_OWED";
  }
  return "UNKNOWN";
}

std::string_view ToString(TransferCode code) {
  switch (code) {
    case TransferCode::kIssue:
      return "issue";
    case TransferCode::kPreAllocation:
      return "pre_allocation";
    case TransferCode::kFinalAllocation:
      return "final_allocation";
    case TransferCode::kTakeBack:
      return "take_back";
    case TransferCode::kDeposit:
      return "deposit";
    case TransferCode::kWithdrawal:
      return "withdrawal";
    case TransferCode::kListedTrade:
      return "listed_trade";
    case TransferCode::kBlockTrade:
      return "block_trade";
    case TransferCode::kAuctionAward:
      return "auction_award";
    case TransferCode::kSurrender:
      return "surrender";
    case TransferCode::kCancel:
      return "cancel";
    case TransferCode::kConvert:
      return "convert";
    case TransferCode::kExpire:
      return "expire";
    case TransferCode::kLoan:
      return "loan";
    case TransferCode::kRepayment:
      return "repayment";
    case TransferCode::kInterest:
      return "interest";
    case TransferCode::kFine:
      return "fine";
    case TransferCode::kToStability:
      return "to_stability";
    case TransferCode::kFromStability:
      return "from_stability";
    case TransferCode::kEntrantAllocation:
      return "entrant_allocation";
    case TransferCode::kOther:
      return "other";
  }
  return "unknown";
}

}  // namespace ets::registry
