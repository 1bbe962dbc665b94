#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/balance_table.h"
#include "registry/codec.h"
#include "registry/registry.h"
#include "registry/request_table.h"
#include "registry/state.h"

namespace ets::registry {

using MaybeRefusal = std::optional<Refusal>;
using Outcome = Result<Receipt, Refusal>;

// Text writes a vintage with two digits, so these are the years a unit can be of, and the years
// that have emissions.
inline constexpr Vintage kVintageMin = 2000;
inline constexpr Vintage kVintageMax = 2099;

inline bool IsCode(TransferCode code) {
  return code >= TransferCode::kIssue && static_cast<std::size_t>(code) < kTransferCodeCount;
}

// What falls due, in the order of this list when it does so at the same instant.
enum class TimerKind : std::uint8_t {
  kPending = 1,
  kTask = 2,
  kTrusted = 3,
  kFreeze = 4,
  kNewYear = 5,
  kEmissionsDue = 6,
  kStatusFrozen = 7,
  kCure = 8,
};
struct Timer {
  SimTime due = 0;
  TimerKind kind{};
  std::uint64_t number = 0;  // Of what; trusted entries: account << 32 | target.
  friend auto operator<=>(const Timer&, const Timer&) = default;
};

// The parts of a firm in the sum of hashes.
enum FirmPart : std::uint64_t {
  kPartInfo = 0,
  kPartYear = 1,
  kPartVersion = 2,
  kPartEntitlement = 3,
  kPartEvent = 4,
  kPartOfficial = 5,
};

// The state and the rules. Each command has a Check(), which changes nothing but `detail` and finds
// the first broken rule in the order of Refusal, and a Do() for after it found none. The .cc files
// are named after what they hold; registry.cc is the public face.
struct Registry::Impl {
  Impl(const Profile& the_profile, Journal* the_journal);

  Profile profile;
  Journal* journal;
  std::string branch = "main";

  SimTime now = 0;     // Moved by AdvanceTo only.
  SimTime latest = 0;  // The latest sim_time of an applied command; at or after now.
  SimTime at = 0;      // Of the command, or of the timer, at hand.
  // Of the task at hand: what its reversal's days are counted to.
  std::optional<SimTime> proposed_at;
  int current_year = 1970;        // Of `now`, in the profile's zone.
  std::uint64_t sequence = 0;     // Of the last record.
  std::uint64_t this_record = 0;  // Of the command at hand.
  std::uint16_t due_year = 0;     // Emissions of this year were due last; 0: none yet.
  std::uint16_t due_from = 0;     // And of this year first.

  BalanceTable balances;
  Rows<Account> accounts;
  std::vector<LedgerInfo> ledgers;
  Table<Hold> holds;            // By account and ledger; none is empty.
  Table<TrustedEntry> trusted;  // By account and target.
  Table<PrincipalView> principals;
  Table<Rights> grants;           // By principal and account.
  Table<Reversible> reversibles;  // By record and transfer within it.
  Table<SimTime> cures;           // By group: when its excess over the holding limit is consigned.
  Rows<PendingView> pendings;     // Number n at n - 1, as in the next three.
  Rows<FreezeView> freezes;
  Rows<CertificateView> certificates;
  Rows<Task> tasks;
  Rows<Answer> settlement_answers;  // By settlement sequence, from 1.
  std::vector<Firm> firms;          // In the order in which they came.
  std::uint64_t firms_hash = 0;     // A sum over all their parts.
  std::int64_t surrendered = 0;     // By all firms for all years.
  RequestTable requests;

  // Derived from the above.
  std::array<std::optional<AccountId>, kAccountKindCount> first_of_kind;
  std::unordered_map<std::uint32_t, std::uint32_t> firm_of_entity;  // Looked up, never walked.
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> firms_of_group;  // The same.
  std::vector<LedgerId> retirement_order;                                        // Units only.
  std::set<Timer> timers;

  // Of the command at hand.
  std::vector<Transfer> transfers;
  std::vector<Refusal> batch_results;
  mutable RefusalDetail detail;
  std::string payload;
  Record replayed;  // Reused by Replay().

  // ---- registry.cc: one command from end to end ----

  Outcome Run(const Envelope& envelope, const Command& command);
  MaybeRefusal CheckAny(const Command& command) const;
  Receipt DoAny(const Command& command);
  // The old answer, when the command is a settlement message that was answered before.
  const Receipt* AnsweredBefore(const Command& command) const;
  void Write(RecordKind kind, const Envelope& envelope, bool has_request);
  std::string Compare(const Outcome& outcome, const Record& record) const;
  std::uint64_t StateHash() const;
  std::uint64_t BooksHash() const;
  std::uint64_t DueYears() const { return std::uint64_t{due_from} << 16U | due_year; }
  void AddLedgers(ets::StateHash& hash) const;

  // ---- checks.cc: what many commands ask ----

  struct About {
    std::optional<AccountId> account{};
    std::optional<LedgerId> ledger{};
    std::int64_t asked = 0;
    std::int64_t limit = 0;
  };
  MaybeRefusal Refuse(Refusal refusal) const;
  MaybeRefusal Refuse(Refusal refusal, const About& about) const;
  // Of an account whose kind is not among those of which `allowed(KindRow)` holds.
  template <typename Allowed>
  MaybeRefusal RefuseKind(AccountId account, const Allowed& allowed) const {
    std::int64_t kinds = 0;
    for (const KindRow& row : std::span(Kinds()).subspan(1)) {
      if (allowed(row)) kinds |= BitOf(row.kind);
    }
    return Refuse(
        Refusal::kWrongAccountKind,
        {.account = account, .asked = static_cast<int>(At(account).kind), .limit = kinds});
  }
  template <typename Allowed>
  MaybeRefusal CheckKind(AccountId account, const Allowed& allowed) const {
    if (allowed(RowAt(account))) return {};
    return RefuseKind(account, allowed);
  }

  bool Exists(AccountId account) const { return account.raw() < accounts.size(); }
  bool Exists(LedgerId ledger) const { return ledger.raw() < ledgers.size(); }
  const Account& At(AccountId account) const { return accounts[account.raw()]; }
  const KindRow& RowAt(AccountId account) const { return RowOf(At(account).kind); }
  const Unit& UnitOf(LedgerId ledger) const { return ledgers[ledger.raw()].unit; }
  bool IsCash(LedgerId ledger) const { return UnitOf(ledger).type == UnitType::kCurrency; }
  std::optional<AccountId> First(AccountKind kind) const {
    return first_of_kind[static_cast<std::size_t>(kind)];
  }
  const Hold* FindHold(AccountId account, LedgerId ledger) const {
    return At(account).holds == 0 ? nullptr : holds.Find({account.raw(), ledger.raw()});
  }
  std::int64_t Available(AccountId account, LedgerId ledger) const {
    const Hold* const hold = FindHold(account, ledger);
    const std::int64_t posted = balances.balance(account, ledger);
    return hold == nullptr ? posted : posted - hold->reserved - hold->frozen;
  }
  // Issued net of conversions in: what the cap is held against.
  bool SharesCap(LedgerId ledger, LedgerId other) const;
  std::int64_t RoomUnderCap(LedgerId ledger, std::int64_t cap) const;
  MaybeRefusal CheckCap(LedgerId ledger, std::int64_t amount) const;
  std::int64_t IssuedUnderCap(LedgerId ledger) const {
    return balances.issued(ledger) - ledgers[ledger.raw()].converted_in;
  }

  MaybeRefusal CheckAccounts(std::initializer_list<AccountId> ids) const;
  MaybeRefusal CheckLedger(LedgerId ledger) const;
  MaybeRefusal CheckAmount(std::int64_t amount) const;
  MaybeRefusal CheckAmount(const About& about) const;         // What is asked.
  MaybeRefusal CheckAmountOrZero(std::int64_t amount) const;  // Of emissions and caps.
  MaybeRefusal CheckYear(std::uint16_t year) const;
  MaybeRefusal CheckPrincipal(std::uint32_t principal) const;
  struct Party {
    AccountId account;
    Capabilities needs = 0;  // 0: only that it is open.
  };
  MaybeRefusal CheckStanding(std::initializer_list<Party> parties) const;
  bool MayHold(AccountId account, LedgerId ledger) const;
  MaybeRefusal CheckHoldable(AccountId account, LedgerId ledger) const;
  MaybeRefusal CheckAvailable(AccountId account, LedgerId ledger, std::int64_t amount) const;
  void CheckInvariants() const;
  void CheckHoldInvariants() const;
  void CheckFirmInvariants() const;
  void CheckTaskInvariants() const;

  // ---- accounts.cc ----

  MaybeRefusal Check(const OpenAccount& command) const;
  MaybeRefusal Check(const SetAccount& command) const;
  MaybeRefusal Check(const CloseAccount& command) const;
  MaybeRefusal Check(const SetEntity& command) const;
  MaybeRefusal Check(const ExcludeYear& command) const;
  MaybeRefusal Check(const AddTrusted& command) const;
  MaybeRefusal Check(const RemoveTrusted& command) const;
  MaybeRefusal Check(const SetPrincipal& command) const;
  MaybeRefusal Check(const SetGrant& command) const;
  Receipt Do(const OpenAccount& command);
  Receipt Do(const SetAccount& command);
  Receipt Do(const CloseAccount& command);
  Receipt Do(const SetEntity& command);
  Receipt Do(const ExcludeYear& command);
  Receipt Do(const AddTrusted& command);
  Receipt Do(const RemoveTrusted& command);
  Receipt Do(const SetPrincipal& command);
  Receipt Do(const SetGrant& command);
  void Index(AccountId account);  // After it was opened or loaded.
  void Index(std::uint32_t firm);
  bool IsTrusted(AccountId account, AccountId target) const;
  void ActivateTrusted(std::uint64_t number);

  // ---- units.cc ----

  MaybeRefusal Check(const OpenLedger& command) const;
  MaybeRefusal Check(const SetCap& command) const;
  MaybeRefusal Check(const Issue& command) const;
  MaybeRefusal Check(const ConvertUnits& command) const;
  MaybeRefusal Check(const ExpireLedger& command) const;
  MaybeRefusal Check(const CancelUnits& command) const;
  Receipt Do(const OpenLedger& command);
  Receipt Do(const SetCap& command);
  Receipt Do(const Issue& command);
  Receipt Do(const ConvertUnits& command);
  Receipt Do(const ExpireLedger& command);
  Receipt Do(const CancelUnits& command);
  void SortRetirement();

  // ---- transfers.cc ----

  MaybeRefusal Check(const MakeTransfer& command) const;
  MaybeRefusal Check(const TransferBatch& command) const;  // Its size only.
  MaybeRefusal Check(const Settle& command) const;         // Its sequence only.
  Receipt Do(const MakeTransfer& command);
  Receipt Do(const TransferBatch& command);
  Receipt Do(const Settle& command);
  MaybeRefusal CheckTransfer(const Transfer& transfer) const;
  // By kind: who may send to whom.
  bool MayGo(const Account& from, const Account& to, bool is_cash) const;
  MaybeRefusal RefuseKinds(const Transfer& transfer) const;
  void DoTransfer(const Transfer& transfer);
  void UndoTransfer();
  void DoGroup(std::span<const BatchItem> items, std::size_t first, Receipt& receipt);
  void CheckItems(const TransferBatch& batch);
  void Move(const Transfer& transfer);
  void MoveQuietly(const Transfer& transfer);
  bool SettlePair(const SettlementFill& fill);
  bool SettleWithdrawal(const SettlementWithdrawal& withdrawal);
  void Block(AccountId account);
  void BlockMember(AccountId escrow);

  // ---- holds.cc ----

  MaybeRefusal Check(const ReserveTransfer& command) const;
  MaybeRefusal Check(const PostPending& command) const;
  MaybeRefusal Check(const VoidPending& command) const;
  MaybeRefusal Check(const Freeze& command) const;
  MaybeRefusal Check(const Unfreeze& command) const;
  Receipt Do(const ReserveTransfer& command);
  Receipt Do(const PostPending& command);
  Receipt Do(const VoidPending& command);
  Receipt Do(const Freeze& command);
  Receipt Do(const Unfreeze& command);
  template <typename Edit>
  void ChangeHold(AccountId account, LedgerId ledger, const Edit& edit);
  void IndexHolds();
  std::int64_t Bound(AccountId account, LedgerId ledger) const;  // By freezes.
  void Reserve(const Transfer& transfer);
  void Release(const Transfer& transfer);
  void Resolve(std::uint32_t pending, PendingState state, std::int64_t posted);
  void EndFreeze(std::uint32_t freeze);

  // ---- reversal.cc ----

  MaybeRefusal Check(const ReverseTransfer& command) const;
  Receipt Do(const ReverseTransfer& command);
  // Of a transfer of this kind; -1: never, 0: for ever, empty: it is of no kind that is reversed.
  std::optional<std::int32_t> ReversalDays(const Transfer& transfer) const;
  void KeepReversible(bool in_arrears);  // The last transfer.
  void ReverseSurrender(const Reversible& kept);
  void ReverseAllocation(const Transfer& transfer);
  bool WouldBeShort(const Firm& firm, const Transfer& surrender) const;  // Without it.

  // ---- tasks.cc ----

  MaybeRefusal Check(const Propose& command) const;
  MaybeRefusal Check(const ApproveTask& command) const;
  MaybeRefusal Check(const RejectTask& command) const;
  MaybeRefusal Check(const AbortTask& command) const;
  Receipt Do(const Propose& command);
  Receipt Do(const ApproveTask& command);
  Receipt Do(const RejectTask& command);
  Receipt Do(const AbortTask& command);
  MaybeRefusal CheckTask(std::uint32_t task, std::uint32_t principal) const;
  std::optional<Transfer> DebitOf(const Command& command) const;
  // Whether somebody has yet to agree.
  static bool IsUndecided(TaskState state) {
    return state == TaskState::kAwaitingApproval || state == TaskState::kAwaitingReceiver;
  }
  bool NeedsApproval(const Command& command) const;
  bool NeedsReceiver(const Command& command) const;
  bool SenderAgrees(std::uint32_t task);
  SimTime ExecuteAt(const Command& command) const;
  // Agreed by all: carried out now or later. True when carried out.
  bool Agree(std::uint32_t task);
  bool Execute(std::uint32_t task);
  void EndTask(std::uint32_t task, TaskState state);
  void ReleaseTask(std::uint32_t task);
  void TaskIsDue(std::uint32_t task);

  // ---- allocation.cc ----

  MaybeRefusal Check(const SetEntitlement& command) const;
  MaybeRefusal Check(const RunAllocation& command) const;
  MaybeRefusal Check(const ReturnExcess& command) const;
  MaybeRefusal Check(const Allocate& command) const;
  MaybeRefusal Check(const TakeBack& command) const;
  Receipt Do(const SetEntitlement& command);
  Receipt Do(const RunAllocation& command);
  Receipt Do(const ReturnExcess& command);
  Receipt Do(const Allocate& command);
  Receipt Do(const TakeBack& command);
  struct Payment {
    std::uint32_t firm = 0;
    AccountId to;
    std::int64_t amount = 0;
  };
  std::vector<Payment> PaymentsOf(const RunAllocation& command) const;
  std::optional<AccountId> PayableAccount(const Firm& firm, LedgerId ledger) const;
  const EntitlementView* FindEntitlement(std::uint32_t entity, std::uint16_t year,
                                         std::uint8_t table) const;
  template <typename Edit>
  void ChangeEntitlement(Firm& firm, std::uint16_t year, std::uint8_t table, const Edit& edit);

  // ---- compliance.cc ----

  MaybeRefusal Check(const DepositMonthlyData& command) const;
  MaybeRefusal Check(const ReportEmissions& command) const;
  MaybeRefusal Check(const VerifyEmissions& command) const;
  MaybeRefusal Check(const CorrectEmissions& command) const;
  MaybeRefusal Check(const Surrender& command) const;
  MaybeRefusal Check(const SurrenderInOrder& command) const;
  MaybeRefusal Check(const AssessCompliance& command) const;
  MaybeRefusal Check(const RunCompliance& command) const;
  Receipt Do(const DepositMonthlyData& command);
  Receipt Do(const ReportEmissions& command);
  Receipt Do(const VerifyEmissions& command);
  Receipt Do(const CorrectEmissions& command);
  Receipt Do(const Surrender& command);
  Receipt Do(const SurrenderInOrder& command);
  Receipt Do(const AssessCompliance& command);
  Receipt Do(const RunCompliance& command);
  MaybeRefusal CheckEntity(std::uint32_t entity) const;
  Firm* FindFirm(std::uint32_t entity);
  const Firm* FindFirm(std::uint32_t entity) const;
  std::vector<std::uint32_t> FirmsInOrder() const;  // Of entities.
  static const Year* FindYear(const Firm& firm, std::uint16_t year);
  template <typename Edit>
  void ChangeYear(Firm& firm, std::uint16_t year, const Edit& edit);
  bool InArrears(const Year& year) const;  // And owed in units.
  std::int64_t Owed(const Firm& firm, const Year& year) const;
  std::int64_t OffsetRoom(const Year& year) const;
  MaybeRefusal CheckOwed(const Firm& firm, const Year& year, const About& about) const;
  bool IsEligible(LedgerId ledger, const Year& year) const;
  void RecordEmissions(Firm& firm, std::uint16_t year, EmissionsVersion version);
  void SurrenderUnits(Firm& firm, AccountId holder, LedgerId ledger, std::uint16_t year,
                      std::int64_t amount);
  std::int64_t SurrenderOrdered(Firm& firm, AccountId holder, std::uint16_t year,
                                std::int64_t amount);
  std::int64_t Assess(Firm& firm, std::uint16_t year);  // The shortfall.
  void SurrenderOwed(Firm& firm, std::uint16_t year);

  // ---- status.cc ----

  template <typename Part, typename Edit>
  void ChangePart(Key key, Part& part, const Edit& edit);
  std::uint64_t HashOfFirm(const Firm& firm) const;
  ComplianceStatus StatusOf(const Firm& firm) const;
  ComplianceStatus PerYearStatus(const Firm& firm) const;
  ComplianceStatus CumulativeStatus(const Firm& firm, bool official) const;
  ComplianceStatus OfficialStatus(const Firm& firm) const;
  ComplianceStatus LastStatus(const Firm& firm) const;
  void UpdateStatus(Firm& firm);
  static std::uint16_t FirstYearOf(const Firm& firm);  // 0: not known.
  static bool IsExcluded(const Firm& firm, std::uint16_t year);
  bool LacksEmissions(const Firm& firm) const;  // Of a year whose day has passed.
  void UpdateEmissionsBlock(const Firm& firm);

  // ---- holding_limit.cc ----

  std::uint64_t GroupOf(std::uint32_t entity) const;
  bool CountsForLimit(AccountId account) const;
  std::int64_t HoldingLimit(LedgerId ledger) const;
  bool CountsNow(LedgerId ledger) const;  // Among the vintages of the current limit.
  std::vector<AccountId> AccountsOfGroup(std::uint64_t group) const;
  std::int64_t GroupHolding(std::uint64_t group, LedgerId ledger) const;
  std::optional<LedgerId> CurrentVintage() const;
  MaybeRefusal CheckHoldingLimit(const Transfer& transfer) const;
  void FindBreaches();
  void WatchLimit(std::uint64_t group, std::int32_t days);  // To cure a breach, if it is one.
  void Consign(std::uint64_t group);

  // ---- time.cc ----

  MaybeRefusal Check(const AdvanceTo& command) const;
  MaybeRefusal Check(const DayClosed& command) const;
  MaybeRefusal Check(const BeginBranch& command) const;
  Receipt Do(const AdvanceTo& command);
  Receipt Do(const DayClosed& command);
  Receipt Do(const BeginBranch& command);
  void SetNow(SimTime time);
  void ScheduleYearly(TimerKind kind);
  void ScheduleAll();  // From the state; after a load or a change of law.
  void Fire(const Timer& timer);

  // ---- snapshot.cc ----

  void Save(std::string& out) const;
  std::string Load(std::string_view bytes);  // Empty, or what is wrong.
  bool LoadState(ByteReader& in);
  void IndexAll();  // What can be derived.
};

// ---- Templates ----

template <typename Part, typename Edit>
void Registry::Impl::ChangePart(Key key, Part& part, const Edit& edit) {
  firms_hash -= HashOf(key, part);
  edit(part);
  firms_hash += HashOf(key, part);
}

// Makes the year if there is none.
template <typename Edit>
void Registry::Impl::ChangeYear(Firm& firm, std::uint16_t year, const Edit& edit) {
  auto place = firm.years.begin();
  while (place != firm.years.end() && place->year < year) ++place;
  const Key key{firm.entity, kPartYear};
  if (place == firm.years.end() || place->year != year) {
    place = firm.years.insert(place, Year{year});
    firms_hash += HashOf(key, *place);
  }
  ChangePart(key, *place, edit);
}

}  // namespace ets::registry
