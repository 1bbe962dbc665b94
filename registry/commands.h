#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/date.h"
#include "base/ids.h"
#include "base/quantity.h"
#include "base/unit.h"
#include "registry/words.h"

// What a registry can be told. Each command is applied whole or refused whole; Settle goes pair by
// pair and TransferBatch group by group. Receipt::id and Receipt::amount are as the comment says,
// else 0.
namespace ets::registry {

// ---- Accounts and people ----

// Receipt::id: the AccountId. Accounts are numbered from 0 and never reused.
struct OpenAccount {
  AccountKind kind{};
  std::uint32_t entity = 0;  // Kinds with has_entity: whose. Else 0.
};
// Sets what an account may do. A closed account cannot be changed. With kMaySend it also ends the
// block that a failed settlement left.
struct SetAccount {
  AccountId account;
  Capabilities capabilities = kMayAll;
  bool may_leave_trusted_list = false;  // Opted out of trusted_list_only (EU Art. 55(2)).
};
// For good: nothing comes in again (EU Art. 9(4)). Refused while it holds, reserves or has frozen
// anything, or owes a return of excess (Art. 25(2)(e)).
struct CloseAccount {
  AccountId account;
};
// A firm's years with verified emissions and the group whose holdings count together.
struct SetEntity {
  std::uint32_t entity = 0;
  std::uint16_t first_year =
      0;  // Of verified emissions; 0: not known, then from the first recorded.
  std::uint16_t last_year = 0;  // 0: goes on.
  std::uint32_t group = 0;      // 0: alone.
};
// An excluded year has no obligation and is never allocated (EU Art. 48(3)).
struct ExcludeYear {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  bool excluded = true;
};
// Adds `target` to the accounts that `account` may send to at once. Counts from
// TrustedFrom(profile, now).
struct AddTrusted {
  AccountId account;
  AccountId target;
};
struct RemoveTrusted {  // At once.
  AccountId account;
  AccountId target;
};
// A person or a system; `principal` is chosen by the caller, from 1. Known ones are changed.
struct SetPrincipal {
  std::uint32_t principal = 0;
  Role role{};
  bool active = true;
  std::string name;                   // 1 to 64 bytes.
  std::array<char, 32> token_hash{};  // SHA-256 of the bearer token; zeros: cannot log in.
};
// A verifier may hold no right on an account (EU Art. 20(3)). Rights 0 takes the grant away.
struct SetGrant {
  std::uint32_t principal = 0;
  AccountId account;
  Rights rights = 0;
};

// ---- Units ----

// Receipt::id: the LedgerId. Ledgers are numbered from 0.
struct OpenLedger {
  Unit unit;
  // The most that may ever be issued, net of conversions in; 0 means no cap.
  std::int64_t cap = 0;
};
// Sets the cap of a vintage, before or after units of it exist. Refused when below issued.
struct SetCap {
  LedgerId ledger;
  std::int64_t cap = 0;
};
// Units ISSUANCE -> `to`, or money BANK -> `to` (a loan when code is kLoan). Receipt::amount: what
// is above the cap where the profile only warns.
struct Issue {
  AccountId to;
  LedgerId ledger;
  std::int64_t amount = 0;
  TransferCode code = TransferCode::kIssue;
};
// Carry-over: linked cancel of the old unit (holder -> kConverted) and issue of the new.
struct ConvertUnits {
  AccountId holder;
  LedgerId from;
  LedgerId to;
  std::int64_t amount = 0;
};
// Every balance of the ledger outside the sinks, escrow included, goes to kExpired; pending
// transfers of it are voided and freezes end. Receipt::amount: the sum.
struct ExpireLedger {
  LedgerId ledger;
};
// Voluntary cancellation with a certificate. Receipt::id: the certificate's number, from 1.
struct CancelUnits {
  AccountId holder;
  LedgerId ledger;
  std::int64_t amount = 0;
  std::string beneficiary;  // At most 200 bytes each.
  std::string statement;
};

// ---- Transfers ----

// Any transfer between accounts that are not escrow on the debit side.
struct MakeTransfer {
  Transfer transfer;
};
// Transfers in order, as MakeTransfer. A run of items with `linked` set and the item behind it form
// a group: all or none; the first that breaks a rule has the real reason, the others kLinkedFailed.
// Reasons are in Registry::batch_results(). Receipt::failed: items refused.
struct BatchItem {
  Transfer transfer;
  bool linked = false;
};
struct TransferBatch {
  std::vector<BatchItem> items;  // 1 to kBatchItemsMax.
};
inline constexpr std::size_t kBatchItemsMax = 8'190;
// Two-phase: reserves the amount on the debit side. Receipt::id: the pending transfer's number.
struct ReserveTransfer {
  Transfer transfer;
  SimTime expires_at = 0;  // The reservation is released then; 0: never.
};
// Carries out a pending transfer, once. An amount below the reserved one returns the rest.
struct PostPending {
  std::uint32_t pending = 0;
  std::int64_t amount = 0;  // 0: all.
};
struct VoidPending {  // Releases it, once.
  std::uint32_t pending = 0;
};
// Units of a holder that nobody may move or surrender, by a court or for suspected fraud. The
// amount may exceed what is there; it binds what comes in. Receipt::id: the freeze's number.
struct Freeze {
  AccountId account;
  LedgerId ledger;
  std::int64_t amount = 0;
  SimTime until = 0;      // Ends then; 0: when lifted.
  std::string authority;  // Who ordered it; 1 to 200 bytes.
};
struct Unfreeze {
  std::uint32_t freeze = 0;
};
// Undoes a surrender, cancellation or allocation: transfer `index` of record `sequence`. The same
// quantity and unit go back, not the same serials (EU Art. 58).
struct ReverseTransfer {
  std::uint64_t sequence = 0;
  std::uint32_t index = 0;
};

// ---- Four eyes and delays ----

// Proposes a command: checked now, its debit reserved now, carried out when everyone who must agree
// has and the profile's delay has passed (at once where neither applies). `kind` and `payload` are
// KindOf() and EncodeCommand() of a MakeTransfer, Surrender, CancelUnits, AddTrusted, Allocate,
// ReverseTransfer, SetAccount, CloseAccount, Issue, Freeze, Unfreeze, SetEntitlement, RunAllocation
// or ReturnExcess; else kValueInvalid. Receipt::id: the task's number; Receipt::amount: 1 when
// carried out already.
struct Propose {
  std::uint32_t principal = 0;  // The initiator.
  std::uint16_t kind = 0;
  std::string payload;
};
// By another principal than the initiator (EU Art. 20): first for the sender, then, where the
// profile says so, for the receiver. Receipt::amount: 1 when carried out.
struct ApproveTask {
  std::uint32_t task = 0;
  std::uint32_t principal = 0;
};
struct RejectTask {
  std::uint32_t task = 0;
  std::uint32_t principal = 0;
};
// Takes a proposal back that is not carried out yet, until abort_before_minutes before it would be
// (EU Art. 35(5)).
struct AbortTask {
  std::uint32_t task = 0;
  std::uint32_t principal = 0;
};

// ---- Allocation ----

// What a firm is entitled to for a year by one table (legal basis). Allocation beyond it is
// refused.
struct SetEntitlement {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  std::uint8_t table = 1;  // 1 free allocation, 2 new entrants, 3 and up the scheme's own.
  std::int64_t amount = 0;
  bool withheld = false;  // Nothing is paid until it is lifted.
};
// Pays every firm what its entitlement still lacks, out of `from`, in the order of entities. Left
// out: withheld entries, excluded years, closed and suspended accounts, and, where the profile's
// allocation_needs_a is set, open accounts whose symbol is not A (EU Art. 48(2)). A pool that runs
// out refuses the whole command. Receipt::amount: t paid; Receipt::id: firms paid.
struct RunAllocation {
  std::uint16_t year = 0;
  std::uint8_t table = 1;
  AccountId from;
  LedgerId ledger;
};
// A holder gives back what it got above its entitlement.
struct ReturnExcess {
  AccountId holder;
  AccountId to;
  LedgerId ledger;
  std::uint16_t year = 0;
  std::uint8_t table = 1;
  std::int64_t amount = 0;
};
// Free units of vintage `year`, pool -> holder, without a table. A kFinalAllocation closes the plan
// for that entity and year: a further pre- or final allocation is over the entitlement. Other codes
// are not bound by it.
struct Allocate {
  AccountId from;  // kAllocation or kReserve.
  AccountId holder;
  LedgerId ledger;
  std::uint16_t year = 0;
  std::int64_t amount = 0;
  TransferCode code = TransferCode::kPreAllocation;
};
// The reverse, when pre-allocation exceeded the final figure: takes what the holder has available
// up to `amount`; Receipt::amount says how much. What is missing stays owed by the holder and is
// netted by the authority later.
struct TakeBack {
  AccountId holder;
  AccountId to;
  LedgerId ledger;
  std::uint16_t year = 0;
  std::int64_t amount = 0;
};

// ---- Emissions and compliance ----

// A firm's monthly data deposit; kept, not used for compliance.
struct DepositMonthlyData {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  std::uint8_t month = 0;  // 1 to 12.
  Tonnes emissions;
};
struct ReportEmissions {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  Tonnes emissions;
};
// Sets the firm's obligation for the year, once; later versions by CorrectEmissions.
struct VerifyEmissions {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  Tonnes emissions;
};
// Another version of the verified figure, or the first by estimate. Withdrawn: as if none had been
// recorded.
struct CorrectEmissions {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  Tonnes emissions;
  EmissionsSource source = EmissionsSource::kCorrected;
  bool withdrawn = false;
};
// Holder gives up units for an emission year. Eligibility and the offset limit are the profile's.
// kPerYear: never more than the year still owes.
struct Surrender {
  AccountId holder;
  LedgerId ledger;
  std::uint16_t year = 0;
  std::int64_t amount = 0;
};
// The same, out of whatever the holder has, in the profile's retirement order. Receipt::amount: t
// surrendered, which is less than asked when eligible units run out.
struct SurrenderInOrder {
  AccountId holder;
  std::uint16_t year = 0;
  std::int64_t amount = 0;
};
// Closes the year for one entity. Receipt::amount: the shortfall in t, which stays due.
struct AssessCompliance {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
};
// A whole scheme's year in one step: records the emissions given (entities verified before are
// refused), then surrenders for every firm with an obligation what it owes and has, then assesses.
// Receipt::id: firms assessed (or surrendering) ; Receipt::amount: their shortfall in t.
struct EmissionsEntry {
  std::uint32_t entity = 0;
  Tonnes emissions;
};
struct RunCompliance {
  std::uint16_t year = 0;
  bool surrender = true;
  bool assess = true;
  std::vector<EmissionsEntry> emissions;  // By entity, each once; at most 100,000.
};

// ---- Time, streams, law ----

// The one way time moves. Later commands carry a sim_time at or after it. Fires what falls due up
// to it, in the order of due times and then numbers: pending transfers, tasks, trusted entries,
// freezes, the profile's yearly days, holding-limit cures. Receipt::amount: how many.
struct AdvanceTo {
  SimTime sim_time = 0;
};
// The only cut across machines: all machines write it with the same content, at the end of a day.
struct DayClosed {
  Date date;
  std::uint64_t settlement_sequence = 0;
  std::uint64_t registry_state_hash = 0;
  std::uint64_t market_state_hash = 0;
};
// The first record of a branch: from here on another law may hold.
struct BeginBranch {
  std::string branch;  // 1 to 64 bytes of a-z, 0-9 and '-'.
  std::array<char, 32> parent_head{};
  std::string profile_text;  // ProfileText(); empty: the parent's.
};

// One fill of the Settlement stream: units seller -> buyer and cash buyer -> seller, both or none.
struct SettlementFill {
  AccountId seller_escrow;
  AccountId buyer_escrow;
  LedgerId unit_ledger;
  LedgerId cash_ledger;
  std::int64_t quantity = 0;  // t.
  std::int64_t cash = 0;      // Minor units; 0 makes the cash leg disappear.
  std::uint64_t trade_id = 0;
  TransferCode code = TransferCode::kListedTrade;
};
// A withdrawal that the market released: escrow -> the same holder's account.
struct SettlementWithdrawal {
  AccountId escrow;
  AccountId holder;
  LedgerId ledger;
  std::int64_t amount = 0;
};
// One message of the Settlement stream (market -> registry). `sequence` is dense from 1: a repeat
// gets the old answer and changes nothing, a gap is refused. A failing pair fails alone.
struct Settle {
  std::uint64_t sequence = 0;
  std::vector<SettlementFill> fills;              // At most kFillsPerMessageMax.
  std::vector<SettlementWithdrawal> withdrawals;  // After the fills.
};
inline constexpr std::size_t kFillsPerMessageMax = 4'095;

// In the order of RecordKind. Append; never reorder.
using Command =
    std::variant<OpenAccount, OpenLedger, SetCap, Issue, MakeTransfer, DepositMonthlyData,
                 ReportEmissions, VerifyEmissions, Allocate, TakeBack, Surrender, AssessCompliance,
                 ConvertUnits, ExpireLedger, AdvanceTo, DayClosed, Settle, SetAccount, CloseAccount,
                 SetEntity, ExcludeYear, AddTrusted, RemoveTrusted, SetPrincipal, SetGrant,
                 CancelUnits, TransferBatch, ReserveTransfer, PostPending, VoidPending, Freeze,
                 Unfreeze, ReverseTransfer, Propose, ApproveTask, RejectTask, AbortTask,
                 SetEntitlement, RunAllocation, ReturnExcess, CorrectEmissions, SurrenderInOrder,
                 RunCompliance, BeginBranch>;

// What an applied command gives back.
struct Receipt {
  std::uint64_t sequence = 0;  // Of its journal record.
  std::uint32_t id = 0;
  std::int64_t amount = 0;
  // Settle: pairs and withdrawals that failed; an alarm, never expected. TransferBatch: items
  // refused.
  std::uint32_t failed = 0;

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

}  // namespace ets::registry
