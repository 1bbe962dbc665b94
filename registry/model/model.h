#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "registry/codec.h"
#include "registry/registry.h"

namespace ets::registry::model {

// The registry's rules once more, slow and obvious: lists and maps without indexes or running
// sums; what can be derived is derived at every question; the refusal of a command is found by
// collecting every rule it breaks and taking the first in the enum; a failed group is undone by
// putting an old copy back. It shares with the registry the tables of the law (profile.h) and
// nothing of its state or checks.
class Model {
 public:
  explicit Model(const Profile& law) : law_(law) {}

  struct Answer {
    std::set<Refusal> broken;  // Empty: applied, and the rest holds.
    Receipt receipt;           // Without its sequence.
    std::vector<Refusal> items;
    std::vector<Transfer> transfers;
  };
  Answer Run(std::uint64_t sequence, SimTime sim_time, const Command& command);

  // Everything a reader can ask the registry, compared. Empty, or the first difference.
  std::string Compare(const Registry& registry) const;

 private:
  struct Account {
    AccountKind kind;
    std::uint32_t entity;
    Capabilities capabilities = kMayAll;
    bool closed = false, may_leave = false, unsettled = false;
  };
  struct Ledger {
    Unit unit;
    std::int64_t cap = 0, converted_in = 0;
  };
  struct Pending {
    Transfer transfer;
    SimTime expires_at;
    PendingState state = PendingState::kPending;
    std::int64_t posted = 0;
  };
  struct Frozen {
    AccountId account;
    LedgerId ledger;
    std::int64_t amount;
    SimTime until;
    bool active = true;
  };
  struct Task {
    Command command;
    std::uint32_t initiator, approver = 0, accepter = 0;
    TaskState state = TaskState::kAwaitingApproval;
    SimTime proposed_at = 0, execute_at = 0, expires_at = 0;
    std::optional<Refusal> refusal;
    std::uint64_t sequence = 0;
  };
  struct Version {
    std::int64_t emissions;
    EmissionsSource source;
    bool withdrawn;
    SimTime recorded_at;
  };
  // One surrender, or with a minus what was reversed of one.
  struct Given {
    std::int64_t amount;
    bool offset, in_arrears, offset_in_arrears;
  };
  struct Year {
    std::vector<Version> versions;
    std::vector<Given> given;
    bool allocated = false, assessed = false;
    std::int64_t shortfall = 0;

    bool verified() const { return !versions.empty() && !versions.back().withdrawn; }
    std::int64_t emissions() const { return verified() ? versions.back().emissions : 0; }
    std::int64_t surrendered() const;
    std::int64_t offsets() const;
  };
  struct Firm {
    std::uint16_t first = 0, last = 0;
    std::uint32_t group = 0;
    std::set<std::uint16_t> excluded;
    std::map<std::uint16_t, Year> years;
    std::vector<ComplianceStatus> events;  // Each change of its status.
    ComplianceStatus official;

    ComplianceStatus status() const { return events.empty() ? ComplianceStatus{} : events.back(); }
  };
  struct Entitlement {
    std::uint32_t version = 0;
    std::int64_t amount = 0, allocated = 0, returned = 0, reversed = 0;
    bool withheld = false;
    std::int64_t had() const { return allocated - returned - reversed; }
  };
  struct Done {  // A transfer that may be reversed.
    Transfer transfer;
    SimTime at;
    bool in_arrears = false, reversed = false;
  };
  struct Person {
    Role role{};
    bool active = false;
  };
  struct Certificate {
    CancelUnits of;
    std::uint64_t sequence;
    SimTime at;
  };
  struct Trusted {
    SimTime from;
    bool counts;
  };
  using Cell = std::pair<std::uint32_t, std::uint16_t>;
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  using EntitlementKey = std::tuple<std::uint32_t, std::uint16_t, std::uint8_t>;

  // ---- Collecting what is broken ----

  void Breaks(Refusal refusal) { broken_.insert(refusal); }
  void BreaksIf(bool broken, Refusal refusal) {
    if (broken) Breaks(refusal);
  }
  // Rules without effects: what a command would break now.
  std::set<Refusal> RulesOf(const Command& command);

  bool Has(AccountId account) const { return account.raw() < accounts_.size(); }
  bool Has(LedgerId ledger) const { return ledger.raw() < ledgers_.size(); }
  const Account& At(AccountId account) const { return accounts_[account.raw()]; }
  const KindRow& Row(AccountId account) const { return RowOf(At(account).kind); }
  bool Is(AccountId account, std::set<AccountKind> kinds) const;
  bool Owing(AccountId account) const { return Has(account) && Row(account).has_obligations; }
  bool IsCash(LedgerId ledger) const;
  Unit UnitOf(LedgerId ledger) const { return Has(ledger) ? ledgers_[ledger.raw()].unit : Unit{}; }
  std::optional<AccountId> First(AccountKind kind) const;
  bool Known(std::uint32_t entity) const { return firms_.contains(entity); }
  std::int64_t Balance(AccountId account, LedgerId ledger) const;
  Holding HoldingOf(AccountId account, LedgerId ledger) const;
  std::int64_t Available(AccountId account, LedgerId ledger) const;
  std::int64_t Issued(LedgerId ledger) const;
  bool Missing(AccountId account) const;  // Emissions, after their day.
  bool Blocked(AccountId account) const { return At(account).unsettled || Missing(account); }
  bool Trusts(AccountId account, AccountId target) const;
  bool Holdable(AccountId account, LedgerId ledger) const;
  bool CapBinds(LedgerId ledger) const;
  std::int64_t RoomUnderCap(LedgerId ledger, std::int64_t cap) const;
  std::optional<Transfer> ReservedBy(const Task& task) const;
  static std::optional<Transfer> DebitOf(const Command& command, AccountId surrender,
                                         AccountId cancellation);

  void NeedAccounts(std::initializer_list<AccountId> accounts);
  void NeedLedger(LedgerId ledger) { BreaksIf(!Has(ledger), Refusal::kLedgerNotFound); }
  void NeedAmount(std::int64_t amount, bool zero_too = false);
  void NeedYear(std::uint16_t year) {
    BreaksIf(year < 2000 || year > 2099, Refusal::kValueInvalid);
  }
  void NeedEntity(std::uint32_t entity) { BreaksIf(!Known(entity), Refusal::kEntityNotFound); }
  void NeedCode(TransferCode code);
  void NeedPerson(std::uint32_t person);
  void NeedOpen(AccountId account, Capabilities needs = 0);
  void NeedHoldable(AccountId account, LedgerId ledger);
  void NeedAvailable(AccountId account, LedgerId ledger, std::int64_t amount);
  void NeedOfVintage(LedgerId ledger, std::uint16_t year);
  void NeedSurrender(AccountId holder, std::uint16_t year, std::int64_t amount);
  void RulesOfTransfer(const Transfer& transfer);
  void RulesOfLimit(const Transfer& transfer);

  void Rules(const OpenAccount& c);
  void Rules(const OpenLedger& c);
  void Rules(const SetCap& c);
  void Rules(const Issue& c);
  void Rules(const MakeTransfer& c) { RulesOfTransfer(c.transfer); }
  void Rules(const DepositMonthlyData& c);
  void Rules(const ReportEmissions& c);
  void Rules(const VerifyEmissions& c);
  void Rules(const Allocate& c);
  void Rules(const TakeBack& c);
  void Rules(const Surrender& c);
  void Rules(const AssessCompliance& c);
  void Rules(const ConvertUnits& c);
  void Rules(const ExpireLedger& c);
  void Rules(const AdvanceTo& c) { BreaksIf(c.sim_time < latest_, Refusal::kTimeGoesBack); }
  void Rules(const DayClosed&) {}
  void Rules(const Settle& c);
  void Rules(const SetAccount& c);
  void Rules(const CloseAccount& c);
  void Rules(const SetEntity& c);
  void Rules(const ExcludeYear& c);
  void Rules(const AddTrusted& c);
  void Rules(const RemoveTrusted& c);
  void Rules(const SetPrincipal& c);
  void Rules(const SetGrant& c);
  void Rules(const CancelUnits& c);
  void Rules(const TransferBatch& c);
  void Rules(const ReserveTransfer& c);
  void Rules(const PostPending& c);
  void Rules(const VoidPending& c);
  void Rules(const Freeze& c);
  void Rules(const Unfreeze& c);
  void Rules(const ReverseTransfer& c);
  void Rules(const Propose& c);
  void Rules(const ApproveTask& c);
  void Rules(const RejectTask& c);
  void Rules(const AbortTask& c);
  void Rules(const SetEntitlement& c);
  void Rules(const RunAllocation& c);
  void Rules(const ReturnExcess& c);
  void Rules(const CorrectEmissions& c);
  void Rules(const SurrenderInOrder& c);
  void Rules(const RunCompliance& c);
  void Rules(const BeginBranch&) {}

  // ---- Effects, after no rule was broken ----

  void Move(const Transfer& transfer);
  void MoveReversibly(const Transfer& transfer, bool in_arrears = false);
  std::int32_t DaysToReverse(const Transfer& transfer) const;  // -1: never.
  void Fails(AccountId escrow);
  bool SettlesPair(const SettlementFill& fill);
  bool SettlesWithdrawal(const SettlementWithdrawal& out);
  void Give(AccountId holder, LedgerId ledger, std::uint16_t year, std::int64_t amount);
  std::int64_t GiveInOrder(AccountId holder, std::uint16_t year, std::int64_t amount);
  std::int64_t Assess(std::uint32_t entity, std::uint16_t year);
  std::vector<std::pair<AccountId, std::int64_t>> PaymentsOf(const RunAllocation& c) const;
  std::vector<LedgerId> LedgersInOrder() const;
  bool NeedsSecondPerson(const Command& command) const;
  bool NeedsReceiver(const Command& command) const;
  void Agree(Task& task, Receipt& receipt);
  void SenderAgrees(Task& task, Receipt& receipt);
  static bool IsUndecided(const Task& task) {
    return task.state == TaskState::kAwaitingApproval || task.state == TaskState::kAwaitingReceiver;
  }
  void Execute(Task& task, Receipt& receipt);

  void Do(const OpenAccount& c);
  void Do(const OpenLedger& c);
  void Do(const SetCap& c) { ledgers_[c.ledger.raw()].cap = c.cap; }
  void Do(const Issue& c);
  void Do(const MakeTransfer& c);
  void Do(const DepositMonthlyData&) {}
  void Do(const ReportEmissions&) {}
  void Do(const VerifyEmissions& c);
  void Do(const Allocate& c);
  void Do(const TakeBack& c);
  void Do(const Surrender& c) { Give(c.holder, c.ledger, c.year, c.amount); }
  void Do(const AssessCompliance& c) { answer_.receipt.amount = Assess(c.entity, c.year); }
  void Do(const ConvertUnits& c);
  void Do(const ExpireLedger& c);
  void Do(const AdvanceTo& c);
  void Do(const DayClosed&) {}
  void Do(const Settle& c);
  void Do(const SetAccount& c);
  void Do(const CloseAccount& c) { accounts_[c.account.raw()].closed = true; }
  void Do(const SetEntity& c);
  void Do(const ExcludeYear& c);
  void Do(const AddTrusted& c);
  void Do(const RemoveTrusted& c) { trusted_.erase({c.account.raw(), c.target.raw()}); }
  void Do(const SetPrincipal& c) { people_[c.principal] = {c.role, c.active}; }
  void Do(const SetGrant& c);
  void Do(const CancelUnits& c);
  void Do(const TransferBatch& c);
  void Do(const ReserveTransfer& c);
  void Do(const PostPending& c);
  void Do(const VoidPending& c) { pendings_[c.pending - 1].state = PendingState::kVoided; }
  void Do(const Freeze& c);
  void Do(const Unfreeze& c) { freezes_[c.freeze - 1].active = false; }
  void Do(const ReverseTransfer& c);
  void Do(const Propose& c);
  void Do(const ApproveTask& c);
  void Do(const RejectTask& c) { tasks_[c.task - 1].state = TaskState::kRejected; }
  void Do(const AbortTask& c) { tasks_[c.task - 1].state = TaskState::kAborted; }
  void Do(const SetEntitlement& c);
  void Do(const RunAllocation& c);
  void Do(const ReturnExcess& c);
  void Do(const CorrectEmissions& c);
  void Do(const SurrenderInOrder& c);
  void Do(const RunCompliance& c);
  void Do(const BeginBranch&) {}

  // ---- Years, symbols, limits, time ----

  const Year* FindYear(std::uint32_t entity, std::uint16_t year) const;
  bool Counts(std::uint32_t entity, std::uint16_t year) const;  // Not excluded.
  std::uint16_t FirstYear(const Firm& firm) const;
  bool OwesUnits(const Year& year) const;
  std::int64_t UnitsFor(std::int64_t shortfall) const;
  std::int64_t OwedInUnits(const Year& year) const;
  std::int64_t Fine(const Year& year) const;
  std::int64_t Owed(std::uint32_t entity, std::uint16_t year) const;
  std::int64_t OffsetRoom(std::uint32_t entity, std::uint16_t year) const;
  bool Eligible(LedgerId ledger, std::uint32_t entity, std::uint16_t year) const;
  ComplianceStatus Status(std::uint32_t entity, bool official) const;
  int ThisYear() const { return ToLocal(now_, law_.zone).date.year(); }
  std::int64_t Limit(LedgerId ledger) const;
  bool Current(LedgerId ledger) const;
  std::uint64_t GroupOf(std::uint32_t entity) const;
  bool Limited(AccountId account) const;
  std::int64_t GroupHolds(std::uint64_t group, LedgerId ledger) const;
  std::optional<LedgerId> CurrentVintage() const;
  void WatchLimit(std::uint64_t group, std::int32_t days);
  void Consign(std::uint64_t group);
  void NoteStatuses();

  struct Event {
    SimTime due;
    int kind;  // In the order of events at one instant.
    std::uint64_t number;
    auto operator<=>(const Event&) const = default;
  };
  std::optional<Event> NextEvent() const;
  SimTime NextYearly(int kind) const;
  void Happen(const Event& event);

  std::string CompareAccounts(const Registry& registry) const;
  std::string CompareTrusted(const Registry& registry) const;
  std::string CompareLedgers(const Registry& registry) const;
  std::string ComparePeople(const Registry& registry) const;
  std::string CompareFirms(const Registry& registry) const;
  std::string CompareYears(const Registry& registry, std::uint32_t entity) const;
  std::string CompareEntitlements(const Registry& registry, std::uint32_t entity) const;
  std::string CompareHolds(const Registry& registry) const;
  std::string CompareTasks(const Registry& registry) const;

  const Profile law_;
  SimTime now_ = 0, latest_ = 0, at_ = 0;
  std::uint64_t record_ = 0;
  std::optional<SimTime> proposed_at_;
  std::set<Refusal> broken_;
  Answer answer_;

  std::uint64_t settled_ = 0;
  std::set<std::uint16_t> due_years_;  // Whose emissions have fallen due.
  std::array<SimTime, 3> yearly_{};    // When each of the yearly days was last kept.
  std::vector<Account> accounts_;
  std::vector<Ledger> ledgers_;
  std::map<Cell, std::int64_t> balances_;
  std::vector<Pending> pendings_;
  std::vector<Frozen> freezes_;
  std::vector<Task> tasks_;
  std::map<Pair, Trusted> trusted_;
  std::map<std::uint32_t, Person> people_;
  std::map<Pair, Rights> grants_;
  std::map<std::uint32_t, Firm> firms_;
  std::map<EntitlementKey, Entitlement> entitlements_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, Done> done_;
  std::map<std::uint64_t, SimTime> cures_;
  std::vector<Certificate> certificates_;
};

}  // namespace ets::registry::model
