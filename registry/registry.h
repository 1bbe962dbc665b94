#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/date.h"
#include "base/ids.h"
#include "base/journal.h"
#include "base/quantity.h"
#include "base/result.h"
#include "base/unit.h"

namespace ets::registry {

// On disk. Append; never renumber. Only kIssuance (units) and kBank (money) may go negative.
enum class AccountKind : std::uint8_t {
  kIssuance = 1,       // Where units come from: minus everything ever issued.
  kBank = 2,           // Where money comes from: minus everything ever lent and not repaid.
  kAllocation = 3,     // Free units between issue and the holders they are allocated to.
  kReserve = 4,        // The part of a cap held back for entrants.
  kStability = 5,      // Withheld and unsold units; supply only when released.
  kAuctionStock = 6,   // Units to be sold; the auctioneer's holder account.
  kTreasury = 7,       // Auction revenue, fines and interest.
  kHolder = 8,         // A covered firm's (or a project owner's) own account.
  kEscrow = 9,         // What a holder has on the exchange; debited by the Settlement stream only.
  kSurrender = 10,     // Units given up for an emission year. Sink.
  kCancellation = 11,  // Units cancelled by the authority or voluntarily. Sink.
  kConverted = 12,     // Old vintages carried over into a new one. Sink.
  kExpired = 13,       // Units that lost every use. Sink.
};

// Why a command was refused: the first rule it broke, in this order. A refusal changes nothing.
// On the wire and on disk. Append; never renumber.
enum class Refusal : std::uint16_t {
  kTimeGoesBack = 1,
  kAccountNotFound = 2,
  kLedgerNotFound = 3,
  kLedgerExists = 4,
  kSameAccount = 5,
  kAmountNotPositive = 6,
  kAmountTooLarge = 7,
  kWrongAccountKind = 8,
  kEscrowIsDebitedBySettlementOnly = 9,
  kStreamGap = 10,
  kInsufficientBalance = 11,
  kCapExceeded = 12,
  kUnitNotEligible = 13,
  kOffsetLimitExceeded = 14,
  kAccountBlocked = 15,
  kEmissionsNotVerified = 16,
  kEmissionsAlreadyVerified = 17,
  kOverEntitlement = 18,
  kYearAlreadyAssessed = 19,
  kMoreThanOwed = 20,
};
std::string_view ToString(AccountKind kind);  // "holder", "auction_stock", ...
std::string_view ToString(Refusal refusal);   // "INSUFFICIENT_BALANCE": the reason on the wire.

// What a transfer was for. On disk. Append; never renumber.
enum class TransferCode : std::uint8_t {
  kIssue = 1,
  kPreAllocation = 2,
  kFinalAllocation = 3,
  kTakeBack = 4,
  kDeposit = 5,
  kWithdrawal = 6,
  kListedTrade = 7,
  kBlockTrade = 8,
  kAuctionAward = 9,
  kSurrender = 10,
  kCancel = 11,
  kConvert = 12,
  kExpire = 13,
  kLoan = 14,
  kRepayment = 15,
  kInterest = 16,
  kFine = 17,
  kToStability = 18,
  kFromStability = 19,
  kEntrantAllocation = 20,
  kOther = 21,
};
std::string_view ToString(TransferCode code);  // "issue", "pre_allocation", ...

// One double entry: `amount` leaves debit and reaches credit, in one ledger.
struct Transfer {
  AccountId debit;
  AccountId credit;
  LedgerId ledger;
  std::int64_t amount = 0;  // Tonnes, or minor units of the ledger's currency. 1 .. kAmountMax.
  TransferCode code = TransferCode::kOther;
  std::uint16_t year = 0;       // Emission year of a surrender, allocation or fine; else 0.
  std::uint64_t reference = 0;  // Trade id of a settled fill; else 0.

  friend bool operator==(const Transfer&, const Transfer&) = default;
};

// ---- Commands. Each is applied whole or refused whole (SettleFills: pair by pair). ----

struct OpenAccount {
  AccountKind kind;
  std::uint32_t entity = 0;  // Holder and escrow: the firm. Else 0.
};
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
// Units ISSUANCE -> `to`, or money BANK -> `to` (a loan when code is kLoan).
struct Issue {
  AccountId to;
  LedgerId ledger;
  std::int64_t amount = 0;
  TransferCode code = TransferCode::kIssue;
};
// Any transfer between accounts that are not escrow on the debit side.
struct MakeTransfer {
  Transfer transfer;
};
// A firm's monthly data deposit (emissions and output); kept, not used for compliance.
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
// Sets the firm's obligation for the year.
struct VerifyEmissions {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  Tonnes emissions;
};
// Free units of vintage `year`, pool -> holder. A kFinalAllocation closes the plan for that entity
// and year: a further pre- or final allocation is over the entitlement. Other codes are not bound
// by it.
struct Allocate {
  AccountId from;  // kAllocation or kReserve.
  AccountId holder;
  LedgerId ledger;
  std::uint16_t year = 0;
  std::int64_t amount = 0;
  TransferCode code = TransferCode::kPreAllocation;
};
// The reverse, when pre-allocation exceeded the final figure: takes what the holder has available
// up to `amount`; the receipt's amount says how much. What is missing stays owed by the holder and
// is netted by the authority later.
struct TakeBack {
  AccountId holder;
  AccountId to;
  LedgerId ledger;
  std::uint16_t year = 0;
  std::int64_t amount = 0;
};
// Holder gives up units for an emission year. Eligibility and the offset limit are checked against
// the profile; never more than the year's verified emissions still uncovered.
struct Surrender {
  AccountId holder;
  LedgerId ledger;
  std::uint16_t year = 0;
  std::int64_t amount = 0;
};
// Closes the year for one entity: compliant when surrendered >= verified. The receipt's amount is
// the shortfall in tonnes, which stays due.
struct AssessCompliance {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
};
// Carry-over: linked cancel of the old unit (holder -> kConverted) and issue of the new.
struct ConvertUnits {
  AccountId holder;
  LedgerId from;
  LedgerId to;
  std::int64_t amount = 0;
};
// Every balance of the ledger outside the sinks, escrow included, goes to kExpired. The receipt's
// amount is the sum.
struct ExpireLedger {
  LedgerId ledger;
};
// The one way time moves. Later commands carry a sim_time at or after it.
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

using Command =
    std::variant<OpenAccount, OpenLedger, SetCap, Issue, MakeTransfer, DepositMonthlyData,
                 ReportEmissions, VerifyEmissions, Allocate, TakeBack, Surrender, AssessCompliance,
                 ConvertUnits, ExpireLedger, AdvanceTo, DayClosed, Settle>;

// What an applied command gives back.
struct Receipt {
  std::uint64_t sequence = 0;  // Of its journal record.
  std::uint32_t id = 0;        // OpenAccount: AccountId; OpenLedger: LedgerId.
  std::int64_t amount = 0;     // As the command's comment says.
  // Settle: pairs (and withdrawals) that failed; an alarm, never expected.
  std::uint32_t failed_pairs = 0;

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

// How the scheme's law binds the ledger. Data, never an `if` on a country.
struct Profile {
  // May a unit of this type and vintage be surrendered for emission year y?
  // For y >= first_year: allowances with first_year <= vintage <= y (no borrowing) and offsets.
  // For y < first_year: allowances with vintage < first_year and vintage <= y, and offsets.
  // Arrears (a year already assessed): any allowance with vintage >= first_year, too.
  std::uint16_t first_year = 2025;
  // Offsets may cover at most this share of a year's verified emissions, in basis points.
  std::uint32_t offset_limit_bp = 500;

  friend bool operator==(const Profile&, const Profile&) = default;
};

struct LedgerTotals {  // Per ledger; the left side equals the sum of the others.
  std::int64_t issued = 0;
  std::int64_t held = 0;  // Everything outside the sinks, escrow and pools included.
  std::int64_t surrendered = 0;
  std::int64_t cancelled = 0;
  std::int64_t converted = 0;
  std::int64_t expired = 0;
};

enum class ComplianceSymbol : std::uint8_t { kOpen = 0, kCompliant = 1, kShort = 2 };

struct ComplianceView {
  bool verified = false;
  Tonnes emissions;    // Verified, else 0.
  Tonnes surrendered;  // Allowances and offsets.
  Tonnes offsets;      // Of which offsets.
  ComplianceSymbol symbol = ComplianceSymbol::kOpen;
};

struct AccountView {
  AccountKind kind;
  std::uint32_t entity = 0;
  bool blocked = false;  // After a failed settlement: initiates nothing but surrender.
};

// The registry: who holds which units and money, and who owes what. A single-writer deterministic
// state machine: equal commands give equal balances, journal records and hashes on any machine. It
// knows no clock, disk, network, thread or chance. Not thread-safe.
//
// Every applied or refused command is appended to the journal with its outcome and the transfers it
// caused, before Apply() returns. AdvanceTo and DayClosed too. A repeated Settle gets its old
// answer and is not written again. Record 1 holds the profile.
class Registry {
 public:
  // The journal may be null (nothing is written). It must outlive the registry.
  Registry(const Profile& profile, Journal* journal);
  ~Registry();
  Registry(Registry&&) noexcept;

  Result<Receipt, Refusal> Apply(const Envelope& envelope, const Command& command);

  // Applies one record read back from a journal, without writing one, and checks that outcome and
  // transfers are those recorded: record 1 against the profile, a DayClosed against StateHash()
  // too. Returns an empty string, or what differs.
  std::string Replay(const JournalRecord& record);

  std::uint32_t account_count() const;
  std::uint16_t ledger_count() const;
  AccountView account(AccountId account) const;
  Unit unit(LedgerId ledger) const;
  // The ledger of a unit; REQUIRES: it was opened (see has_ledger).
  LedgerId ledger(Unit unit) const;
  bool has_ledger(Unit unit) const;
  std::int64_t balance(AccountId account, LedgerId ledger) const;
  LedgerTotals totals(LedgerId ledger) const;
  std::int64_t cap(LedgerId ledger) const;  // 0: none.
  ComplianceView compliance(std::uint32_t entity, std::uint16_t year) const;
  SimTime now() const;
  std::uint64_t sequence() const;
  std::uint64_t settlement_sequence() const;

  // Of all balances, totals and obligations; the same for every implementation and machine.
  // O(ledgers). DayClosed carries the value before it is applied; it changes nothing itself.
  std::uint64_t StateHash() const;

  // Asserts section "What must hold, always" of ARCHITECTURE.md: conservation per ledger, debits
  // equal credits, no negative balance but ISSUANCE and BANK, issued <= cap. O(accounts x ledgers).
  void CheckInvariants() const;

  // The profile in a journal's first record, or why it is none. With it a reader makes the Registry
  // that Replay() needs.
  static Result<Profile, std::string> ProfileOf(const JournalRecord& record);

  // The transfers of a record's payload; for readers of a journal. False when it cannot be decoded.
  static bool DecodeTransfers(const JournalRecord& record, std::vector<Transfer>& transfers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::registry
