// What each command breaks.

#include <algorithm>

#include "registry/model/model.h"

namespace ets::registry::model {

using enum AccountKind;

// ---- Accounts, people, entities ----

void Model::Rules(const OpenAccount& c) {
  const auto kind = static_cast<std::size_t>(c.kind);
  if (kind == 0 || kind >= kAccountKindCount) return Breaks(Refusal::kWrongAccountKind);
  BreaksIf(c.entity != 0 && !RowOf(c.kind).has_entity, Refusal::kValueInvalid);
}
void Model::Rules(const SetAccount& c) {
  NeedAccounts({c.account});
  BreaksIf(c.capabilities > kMayAll, Refusal::kValueInvalid);
  NeedOpen(c.account);
}
void Model::Rules(const CloseAccount& c) {
  NeedAccounts({c.account});
  if (!Has(c.account)) return;
  BreaksIf(!Row(c.account).has_entity, Refusal::kWrongAccountKind);
  NeedOpen(c.account);
  for (std::uint16_t ledger = 0; ledger < ledgers_.size(); ++ledger) {
    const Holding holding = HoldingOf(c.account, LedgerId(ledger));
    BreaksIf(holding.posted != 0 || holding.reserved != 0 || holding.incoming != 0 ||
                 holding.frozen != 0,
             Refusal::kAccountNotEmpty);
  }
  if (!Row(c.account).has_obligations) return;
  for (const auto& [key, entry] : entitlements_) {
    BreaksIf(std::get<0>(key) == At(c.account).entity && entry.had() > entry.amount,
             Refusal::kReturnOfExcessPending);
  }
}
void Model::Rules(const SetEntity& c) {
  NeedEntity(c.entity);
  if (c.first_year != 0) NeedYear(c.first_year);
  if (c.last_year != 0) NeedYear(c.last_year);
  BreaksIf(c.last_year != 0 && c.last_year < c.first_year, Refusal::kValueInvalid);
}
void Model::Rules(const ExcludeYear& c) {
  NeedEntity(c.entity);
  NeedYear(c.year);
}
void Model::Rules(const AddTrusted& c) {
  NeedAccounts({c.account, c.target});
  BreaksIf(c.account == c.target, Refusal::kSameAccount);
  BreaksIf(Has(c.account) && !Row(c.account).has_entity, Refusal::kWrongAccountKind);
  NeedOpen(c.account);
  NeedOpen(c.target);
}
void Model::Rules(const RemoveTrusted& c) {
  NeedAccounts({c.account, c.target});
  BreaksIf(!trusted_.contains({c.account.raw(), c.target.raw()}), Refusal::kNotOnTrustedList);
}
void Model::Rules(const SetPrincipal& c) {
  const auto role = static_cast<std::size_t>(c.role);
  bool has_grant = false;
  for (const auto& [key, rights] : grants_) has_grant |= key.first == c.principal;
  BreaksIf(c.principal == 0 || role == 0 || role >= kRoleCount || c.name.empty() ||
               c.name.size() > 64 || (has_grant && c.role == Role::kVerifier),
           Refusal::kValueInvalid);
}
void Model::Rules(const SetGrant& c) {
  NeedAccounts({c.account});
  const auto person = people_.find(c.principal);
  BreaksIf(person == people_.end(), Refusal::kPrincipalNotFound);
  BreaksIf(c.rights > 7 ||
               (c.rights != 0 && person != people_.end() && person->second.role == Role::kVerifier),
           Refusal::kValueInvalid);
}

// ---- Units ----

void Model::Rules(const OpenLedger& c) {
  for (const Ledger& ledger : ledgers_) BreaksIf(ledger.unit == c.unit, Refusal::kLedgerExists);
  NeedAmount(c.cap, true);
}
void Model::Rules(const SetCap& c) {
  NeedLedger(c.ledger);
  NeedAmount(c.cap, true);
  if (!Has(c.ledger)) return;
  const Ledger& ledger = ledgers_[c.ledger.raw()];
  BreaksIf(c.cap != 0 && c.cap < Issued(c.ledger) - ledger.converted_in, Refusal::kCapExceeded);
  if (law_.cap_binds || !CapBinds(c.ledger)) return;
  const std::int64_t room = RoomUnderCap(c.ledger, c.cap);
  BreaksIf(room < 0 && room < RoomUnderCap(c.ledger, ledger.cap), Refusal::kCapExceeded);
}
void Model::Rules(const Issue& c) {
  NeedAccounts({c.to});
  NeedLedger(c.ledger);
  NeedAmount(c.amount);
  NeedCode(c.code);
  BreaksIf(Has(c.to) && Row(c.to).pool != Pool::kHeld, Refusal::kWrongAccountKind);
  NeedOpen(c.to, kMayReceive);
  NeedHoldable(c.to, c.ledger);
  if (!Has(c.ledger) || c.amount > kAmountMax) return;
  const Ledger& ledger = ledgers_[c.ledger.raw()];
  BreaksIf(Issued(c.ledger) + c.amount > kAmountMax, Refusal::kAmountTooLarge);
  BreaksIf(CapBinds(c.ledger) && ledger.cap != 0 && c.amount > RoomUnderCap(c.ledger, ledger.cap),
           Refusal::kCapExceeded);
}
void Model::Rules(const ConvertUnits& c) {
  NeedAccounts({c.holder});
  NeedLedger(c.from);
  NeedLedger(c.to);
  NeedAmount(c.amount);
  BreaksIf(Has(c.to) && c.amount <= kAmountMax && Issued(c.to) + c.amount > kAmountMax,
           Refusal::kAmountTooLarge);
  BreaksIf(Has(c.holder) && !Is(c.holder, {kHolder, kTrading, kRegulatedEntity, kImporter}),
           Refusal::kWrongAccountKind);
  NeedOpen(c.holder, kMaySend);
  NeedHoldable(c.holder, c.to);
  const Unit from = UnitOf(c.from), to = UnitOf(c.to);
  BreaksIf(from.type != UnitType::kAllowance || to.type != UnitType::kAllowance ||
               from.vintage >= to.vintage,
           Refusal::kUnitNotEligible);
  NeedAvailable(c.holder, c.from, c.amount);
}
void Model::Rules(const ExpireLedger& c) {
  NeedLedger(c.ledger);
  BreaksIf(IsCash(c.ledger), Refusal::kUnitNotEligible);
}
void Model::Rules(const CancelUnits& c) {
  NeedAccounts({c.holder});
  NeedLedger(c.ledger);
  NeedAmount(c.amount);
  BreaksIf(c.beneficiary.size() > 200 || c.statement.size() > 200, Refusal::kValueInvalid);
  BreaksIf(Has(c.holder) && !Is(c.holder, {kHolder, kTrading, kRegulatedEntity, kImporter}),
           Refusal::kWrongAccountKind);
  NeedOpen(c.holder, kMaySend);
  BreaksIf(IsCash(c.ledger), Refusal::kUnitNotEligible);
  NeedAvailable(c.holder, c.ledger, c.amount);
}

// ---- Transfers ----

void Model::RulesOfTransfer(const Transfer& t) {
  NeedAccounts({t.debit, t.credit});
  NeedLedger(t.ledger);
  BreaksIf(t.debit == t.credit, Refusal::kSameAccount);
  NeedAmount(t.amount);
  NeedCode(t.code);
  if (!Has(t.debit) || !Has(t.credit) || !Has(t.ledger)) return;
  const Account& from = At(t.debit);
  const Account& to = At(t.credit);
  const bool cash = IsCash(t.ledger);
  BreaksIf(Row(t.debit).pool != Pool::kHeld, Refusal::kWrongAccountKind);
  BreaksIf(cash ? !Row(t.credit).receives_cash : !Row(t.credit).receives_units,
           Refusal::kWrongAccountKind);
  BreaksIf(Row(t.debit).has_entity && from.kind != kEscrow && to.kind == kEscrow &&
               from.entity != to.entity,
           Refusal::kWrongAccountKind);
  BreaksIf(!cash && from.kind == kCompliance, Refusal::kWrongAccountKind);
  BreaksIf(
      !cash && from.kind == kLimitedUse && to.kind != kAuctionStock && to.kind != kAuctionDelivery,
      Refusal::kWrongAccountKind);
  BreaksIf(from.kind == kEscrow, Refusal::kEscrowIsDebitedBySettlementOnly);
  NeedOpen(t.debit, kMaySend);
  NeedOpen(t.credit, kMayReceive);
  const bool between_holders = Row(t.debit).has_entity && Row(t.credit).has_entity;
  BreaksIf(!law_.units[static_cast<std::size_t>(UnitOf(t.ledger).type)].transferable &&
               between_holders && (from.entity != to.entity || to.kind == kEscrow),
           Refusal::kUnitNotTransferable);
  NeedHoldable(t.credit, t.ledger);
  BreaksIf(law_.trusted_list_only && Row(t.debit).has_entity && from.kind != kTrading &&
               !from.may_leave && !Trusts(t.debit, t.credit),
           Refusal::kNotOnTrustedList);
  NeedAvailable(t.debit, t.ledger, t.amount);
  RulesOfLimit(t);
}
void Model::RulesOfLimit(const Transfer& t) {
  const std::int64_t limit = Limit(t.ledger);
  if (limit == 0 || !Limited(t.credit) || t.amount > kAmountMax) return;
  const std::uint64_t group = GroupOf(At(t.credit).entity);
  if (Limited(t.debit) && GroupOf(At(t.debit).entity) == group) return;
  BreaksIf(GroupHolds(group, t.ledger) + t.amount > limit, Refusal::kHoldingLimitExceeded);
}
void Model::Rules(const TransferBatch& c) {
  BreaksIf(c.items.empty() || c.items.size() > kBatchItemsMax || c.items.back().linked,
           Refusal::kValueInvalid);
}
void Model::Rules(const ReserveTransfer& c) {
  RulesOfTransfer(c.transfer);
  BreaksIf(c.expires_at != 0 && c.expires_at <= at_, Refusal::kValueInvalid);
}
void Model::Rules(const PostPending& c) {
  if (c.pending == 0 || c.pending > pendings_.size()) return Breaks(Refusal::kTransferNotFound);
  Pending& pending = pendings_[c.pending - 1];
  BreaksIf(c.amount < 0, Refusal::kAmountNotPositive);
  BreaksIf(c.amount > pending.transfer.amount, Refusal::kAmountTooLarge);
  if (pending.state != PendingState::kPending) return Breaks(Refusal::kAlreadyResolved);
  if (!broken_.empty()) return;
  Transfer transfer = pending.transfer;
  if (c.amount != 0) transfer.amount = c.amount;
  pending.state = PendingState::kVoided;  // As if its own reservation were not there.
  RulesOfTransfer(transfer);
  pending.state = PendingState::kPending;
}
void Model::Rules(const VoidPending& c) {
  if (c.pending == 0 || c.pending > pendings_.size()) return Breaks(Refusal::kTransferNotFound);
  BreaksIf(pendings_[c.pending - 1].state != PendingState::kPending, Refusal::kAlreadyResolved);
}
void Model::Rules(const Freeze& c) {
  NeedAccounts({c.account});
  NeedLedger(c.ledger);
  NeedAmount(c.amount);
  BreaksIf(c.authority.empty() || c.authority.size() > 200 || (c.until != 0 && c.until <= at_),
           Refusal::kValueInvalid);
  if (!Has(c.account)) return;
  BreaksIf(Row(c.account).pool != Pool::kHeld, Refusal::kWrongAccountKind);
  NeedOpen(c.account);
  if (!Has(c.ledger) || c.amount > kAmountMax) return;
  BreaksIf(HoldingOf(c.account, c.ledger).frozen + c.amount > kAmountMax, Refusal::kAmountTooLarge);
}
void Model::Rules(const Unfreeze& c) {
  BreaksIf(c.freeze == 0 || c.freeze > freezes_.size() || !freezes_[c.freeze - 1].active,
           Refusal::kFreezeNotFound);
}
void Model::Rules(const Settle& c) {
  BreaksIf(c.fills.size() > kFillsPerMessageMax, Refusal::kValueInvalid);
  BreaksIf(c.sequence != settled_ + 1, Refusal::kStreamGap);
}

std::int32_t Model::DaysToReverse(const Transfer& t) const {
  if (Is(t.credit, {kSurrender})) return law_.reverse_surrender_days;
  if (Is(t.credit, {kCancellation})) return law_.reverse_deletion_days;
  return law_.reverse_allocation_days;
}
void Model::Rules(const ReverseTransfer& c) {
  const auto found = done_.find({c.sequence, c.index});
  if (found == done_.end()) {
    return Breaks(c.sequence > 0 && c.sequence < record_ ? Refusal::kReversalNotAllowed
                                                         : Refusal::kTransferNotFound);
  }
  const Done& done = found->second;
  const Transfer& t = done.transfer;
  NeedOpen(t.credit);
  NeedOpen(t.debit);
  const std::int32_t days = DaysToReverse(t);
  const Date from = ToLocal(done.at, law_.zone).date;
  const Date last = law_.reversal_in_working_days ? AddWorkingDays(law_, from, days) : from + days;
  BreaksIf(days > 0 && ToLocal(proposed_at_.value_or(at_), law_.zone).date > last,
           Refusal::kReversalWindowPassed);
  BreaksIf(done.reversed, Refusal::kAlreadyReversed);
  if (Is(t.credit, {kSurrender}) && law_.reversal_keeps_compliance) {
    const std::uint32_t entity = At(t.debit).entity;
    const Year& year = firms_.at(entity).years.at(t.year);
    const bool would_be_short =
        law_.compliance == ComplianceRule::kPerYear
            ? year.verified() && year.surrendered() - t.amount < year.emissions()
            : Status(entity, false).figure - t.amount < 0;
    BreaksIf(would_be_short, Refusal::kWouldBreachCompliance);
  }
  NeedAvailable(t.credit, t.ledger, t.amount);
}

// ---- Tasks ----

void Model::Rules(const Propose& c) {
  NeedPerson(c.principal);
  static const std::set<RecordKind> kProposable = {
      RecordKind::kMakeTransfer,  RecordKind::kSurrender,    RecordKind::kCancelUnits,
      RecordKind::kAddTrusted,    RecordKind::kAllocate,     RecordKind::kReverseTransfer,
      RecordKind::kSetAccount,    RecordKind::kCloseAccount, RecordKind::kIssue,
      RecordKind::kFreeze,        RecordKind::kUnfreeze,     RecordKind::kSetEntitlement,
      RecordKind::kRunAllocation, RecordKind::kReturnExcess};
  Command inner;
  const auto kind = static_cast<RecordKind>(c.kind);
  if (!kProposable.contains(kind) || !DecodeCommand(kind, c.payload, inner)) {
    return Breaks(Refusal::kValueInvalid);
  }
  const std::set<Refusal> outer = broken_;
  broken_ = RulesOf(inner);
  broken_.insert(outer.begin(), outer.end());
}
void Model::Rules(const ApproveTask& c) {
  BreaksIf(c.task == 0 || c.task > tasks_.size(), Refusal::kTaskNotFound);
  NeedPerson(c.principal);
  if (c.task == 0 || c.task > tasks_.size()) return;
  BreaksIf(tasks_[c.task - 1].initiator == c.principal, Refusal::kSecondPersonRequired);
  BreaksIf(!IsUndecided(tasks_[c.task - 1]), Refusal::kAlreadyResolved);
}
void Model::Rules(const RejectTask& c) {
  BreaksIf(c.task == 0 || c.task > tasks_.size(), Refusal::kTaskNotFound);
  NeedPerson(c.principal);
  if (c.task == 0 || c.task > tasks_.size()) return;
  BreaksIf(!IsUndecided(tasks_[c.task - 1]), Refusal::kAlreadyResolved);
}
void Model::Rules(const AbortTask& c) {
  BreaksIf(c.task == 0 || c.task > tasks_.size(), Refusal::kTaskNotFound);
  NeedPerson(c.principal);
  if (c.task == 0 || c.task > tasks_.size()) return;
  const Task& task = tasks_[c.task - 1];
  BreaksIf(!IsUndecided(task) && task.state != TaskState::kDelayed, Refusal::kAlreadyResolved);
  const SimTime ahead = SimTime{law_.abort_before_minutes} * 60 * kMicrosPerSecond;
  BreaksIf(task.state == TaskState::kDelayed && at_ + ahead > task.execute_at,
           Refusal::kAbortTooLate);
}

// ---- Allocation ----

void Model::Rules(const SetEntitlement& c) {
  NeedEntity(c.entity);
  NeedAmount(c.amount, true);
  BreaksIf(c.table == 0, Refusal::kValueInvalid);
  NeedYear(c.year);
}
void Model::Rules(const RunAllocation& c) {
  NeedAccounts({c.from});
  NeedLedger(c.ledger);
  bool known = false;
  for (const auto& [key, entry] : entitlements_) {
    known |= std::get<1>(key) == c.year && std::get<2>(key) == c.table;
  }
  BreaksIf(!known, Refusal::kEntitlementNotFound);
  BreaksIf(Has(c.from) && !Is(c.from, {kAllocation, kReserve}), Refusal::kWrongAccountKind);
  NeedOpen(c.from, kMaySend);
  NeedOfVintage(c.ledger, c.year);
  std::int64_t sum = 0;
  for (const auto& [account, amount] : PaymentsOf(c)) sum += amount;
  if (sum > 0) NeedAvailable(c.from, c.ledger, sum);
}
void Model::Rules(const ReturnExcess& c) {
  NeedAccounts({c.holder, c.to});
  NeedLedger(c.ledger);
  const auto entry =
      entitlements_.find({Has(c.holder) ? At(c.holder).entity : ~0U, c.year, c.table});
  if (Has(c.holder)) BreaksIf(entry == entitlements_.end(), Refusal::kEntitlementNotFound);
  BreaksIf(c.holder == c.to, Refusal::kSameAccount);
  NeedAmount(c.amount);
  BreaksIf(Has(c.holder) && !Owing(c.holder), Refusal::kWrongAccountKind);
  BreaksIf(Has(c.to) && !Is(c.to, {kAllocation, kReserve, kTotalQuantity}),
           Refusal::kWrongAccountKind);
  NeedOpen(c.holder);
  NeedOpen(c.to);
  NeedOfVintage(c.ledger, c.year);
  NeedAvailable(c.holder, c.ledger, c.amount);
  if (entry == entitlements_.end()) return;
  BreaksIf(c.amount > entry->second.had() - entry->second.amount, Refusal::kMoreThanOwed);
}
void Model::Rules(const Allocate& c) {
  NeedAccounts({c.from, c.holder});
  NeedLedger(c.ledger);
  BreaksIf(c.from == c.holder, Refusal::kSameAccount);
  NeedAmount(c.amount);
  NeedCode(c.code);
  BreaksIf(!Is(c.from, {kAllocation, kReserve}) || !Owing(c.holder), Refusal::kWrongAccountKind);
  NeedOpen(c.from, kMaySend);
  NeedOpen(c.holder, kMayReceive);
  NeedHoldable(c.holder, c.ledger);
  NeedOfVintage(c.ledger, c.year);
  NeedAvailable(c.from, c.ledger, c.amount);
  const bool planned =
      c.code == TransferCode::kPreAllocation || c.code == TransferCode::kFinalAllocation;
  if (!planned || !Owing(c.holder)) return;
  const std::uint32_t entity = At(c.holder).entity;
  const Year* const year = FindYear(entity, c.year);
  BreaksIf(year != nullptr && year->allocated, Refusal::kOverEntitlement);
  BreaksIf(!Counts(entity, c.year), Refusal::kEntitlementWithheld);
}
void Model::Rules(const TakeBack& c) {
  NeedAccounts({c.holder, c.to});
  NeedLedger(c.ledger);
  BreaksIf(c.holder == c.to, Refusal::kSameAccount);
  NeedAmount(c.amount);
  BreaksIf(!Owing(c.holder) ||
               !Is(c.to, {kAllocation, kReserve, kStability, kAuctionStock, kCancellation}),
           Refusal::kWrongAccountKind);
  NeedOpen(c.holder);
  NeedOpen(c.to);
  BreaksIf(UnitOf(c.ledger).type != UnitType::kAllowance, Refusal::kUnitNotEligible);
}

// ---- Emissions and surrender ----

void Model::Rules(const DepositMonthlyData& c) {
  NeedEntity(c.entity);
  BreaksIf(c.month == 0 || c.month > 12, Refusal::kValueInvalid);
  NeedAmount(c.emissions.count(), true);
  NeedYear(c.year);
}
void Model::Rules(const ReportEmissions& c) {
  Rules(VerifyEmissions{c.entity, c.year, c.emissions});
}
void Model::Rules(const VerifyEmissions& c) {
  NeedEntity(c.entity);
  NeedAmount(c.emissions.count(), true);
  NeedYear(c.year);
  const Year* const year = FindYear(c.entity, c.year);
  BreaksIf(year != nullptr && year->verified(), Refusal::kEmissionsAlreadyVerified);
}
void Model::Rules(const CorrectEmissions& c) {
  NeedEntity(c.entity);
  NeedAmount(c.emissions.count(), true);
  BreaksIf(static_cast<int>(c.source) < 1 || static_cast<int>(c.source) > 3,
           Refusal::kValueInvalid);
  NeedYear(c.year);
  const Year* const year = FindYear(c.entity, c.year);
  const bool recorded = year != nullptr && year->verified();
  BreaksIf(!recorded && (c.withdrawn || c.source != EmissionsSource::kEstimated),
           Refusal::kEmissionsNotVerified);
}
void Model::NeedSurrender(AccountId holder, std::uint16_t year, std::int64_t amount) {
  NeedAccounts({holder});
  NeedAmount(amount);
  NeedYear(year);
  BreaksIf(Has(holder) && !Owing(holder), Refusal::kWrongAccountKind);
  NeedOpen(holder, kMaySurrender);
  if (law_.compliance != ComplianceRule::kPerYear || !Owing(holder)) return;
  const Year* const found = FindYear(At(holder).entity, year);
  const bool verified = found != nullptr && found->verified();
  BreaksIf(!verified, Refusal::kEmissionsNotVerified);
  if (verified) BreaksIf(amount > Owed(At(holder).entity, year), Refusal::kMoreThanOwed);
}
void Model::Rules(const Surrender& c) {
  NeedSurrender(c.holder, c.year, c.amount);
  NeedLedger(c.ledger);
  NeedHoldable(c.holder, c.ledger);
  if (!Owing(c.holder) || !Has(c.ledger)) return;
  const std::uint32_t entity = At(c.holder).entity;
  BreaksIf(!Eligible(c.ledger, entity, c.year), Refusal::kUnitNotEligible);
  NeedAvailable(c.holder, c.ledger, c.amount);
  const Year* const found = FindYear(entity, c.year);
  const bool verified = found != nullptr && found->verified();
  BreaksIf(UnitOf(c.ledger).type == UnitType::kOffset &&
               (verified || law_.compliance == ComplianceRule::kCumulative) &&
               c.amount > OffsetRoom(entity, c.year),
           Refusal::kOffsetLimitExceeded);
}
void Model::Rules(const SurrenderInOrder& c) { NeedSurrender(c.holder, c.year, c.amount); }
void Model::Rules(const AssessCompliance& c) {
  NeedEntity(c.entity);
  NeedYear(c.year);
  const Year* const year = FindYear(c.entity, c.year);
  BreaksIf(year == nullptr || !year->verified(), Refusal::kEmissionsNotVerified);
  BreaksIf(year != nullptr && year->assessed, Refusal::kYearAlreadyAssessed);
}
void Model::Rules(const RunCompliance& c) {
  NeedYear(c.year);
  for (std::size_t i = 0; i < c.emissions.size(); ++i) {
    const EmissionsEntry& entry = c.emissions[i];
    NeedEntity(entry.entity);
    NeedAmount(entry.emissions.count(), true);
    BreaksIf(i > 0 && c.emissions[i - 1].entity >= entry.entity, Refusal::kValueInvalid);
    const Year* const year = FindYear(entry.entity, c.year);
    BreaksIf(year != nullptr && year->verified(), Refusal::kEmissionsAlreadyVerified);
  }
}

}  // namespace ets::registry::model
