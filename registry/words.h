#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/date.h"
#include "base/ids.h"
#include "base/unit.h"

namespace ets::registry {

// What an account is for. On disk and on the wire: append; never renumber. Each kind's rights are a
// row of Kinds(). Only kIssuance (units) and kBank (money) may go negative.
enum class AccountKind : std::uint8_t {
  kIssuance = 1,        // Where units come from: minus everything ever issued.
  kBank = 2,            // Where money comes from: minus everything ever lent and not repaid.
  kAllocation = 3,      // Free units between issue and the holders they are allocated to.
  kReserve = 4,         // The part of a cap held back for entrants.
  kStability = 5,       // Withheld and unsold units; supply only when released.
  kAuctionStock = 6,    // Units to be sold; the auctioneer's holder account.
  kTreasury = 7,        // Auction revenue, fines and interest.
  kHolder = 8,          // A covered firm's own account (EU: operator holding account).
  kEscrow = 9,          // What a holder has on the exchange; debited by the Settlement stream only.
  kSurrender = 10,      // Units given up for an emission year. Sink.
  kCancellation = 11,   // Units cancelled by the authority or voluntarily. Sink.
  kConverted = 12,      // Old vintages carried over into a new one. Sink.
  kExpired = 13,        // Units that lost every use. Sink.
  kTotalQuantity = 14,  // Issued units before they are divided up (EU: Total Quantity).
  kTrading = 15,        // A trader's account; owes nothing.
  kCompliance = 16,     // One way in: units here can only be surrendered (17 CCR 95831).
  kLimitedUse = 17,     // Consigned units; only to auction (17 CCR 95831).
  kAuctionDelivery = 18,  // Sold units until the winner has paid (EU: auction collateral delivery).
  kRegulatedEntity = 19,  // Fuel suppliers (Dir. 2003/87/EC Chapter IVa).
  kFees = 20,             // Registry and exchange fees, in money.
  kImporter = 21,         // An authorised CBAM declarant; holds certificates.
};
inline constexpr std::size_t kAccountKindCount = 22;  // Numbered from 1.

// What an account may do now. Bits, so that a status is a set of capabilities and not a name: EU
// "blocked" is receive + surrender, "suspended" is nothing.
using Capabilities = std::uint8_t;
inline constexpr Capabilities kMaySend = 1;
inline constexpr Capabilities kMayReceive = 2;
inline constexpr Capabilities kMaySurrender = 4;
inline constexpr Capabilities kMayAll = 7;

// Where a balance counts in a ledger's totals.
enum class Pool : std::uint8_t {
  kSource = 0,  // ISSUANCE and BANK: never positive; minus everything issued.
  kHeld = 1,
  kSurrendered = 2,
  kCancelled = 3,
  kConverted = 4,
  kExpired = 5,
};
inline constexpr std::size_t kPoolCount = 6;

// One row a kind.
struct KindRow {
  AccountKind kind;
  const char* name;  // "holder", "auction_stock", ...
  Pool pool;
  bool has_entity;       // Belongs to a firm, trader, importer or project.
  bool central;          // The authority's; always trusted (Reg. (EU) 2019/1122 Art. 23).
  bool has_obligations;  // May surrender for an emission year.
  bool receives_units;   // By a plain transfer.
  bool receives_cash;    // By a plain transfer.
};
const std::array<KindRow, kAccountKindCount>& Kinds();  // [0] is no kind.
const KindRow& RowOf(AccountKind kind);                 // REQUIRES: a kind of the enum.
std::string_view ToString(AccountKind kind);
inline bool HasEntity(const KindRow& row) { return row.has_entity; }
inline bool HasObligations(const KindRow& row) { return row.has_obligations; }
inline bool IsHeld(const KindRow& row) { return row.pool == Pool::kHeld; }

// Why a command was refused: the first rule it broke, in this order; a refusal changes nothing. The
// order is the order of checks and part of the contract. On the wire and on disk. The wire adds
// REQUEST_ID_REUSED, RECONCILIATION_IN_PROGRESS, CHAIN_BROKEN, ANCHOR_AHEAD and the like
// (server/registry_errors.h), which the machine never sees.
enum class Refusal : std::uint16_t {
  kTimeGoesBack = 1,
  kAccountNotFound = 2,
  kLedgerNotFound = 3,
  kEntityNotFound = 4,
  kTransferNotFound = 5,  // Of a pending transfer or of one to reverse.
  kTaskNotFound = 6,
  kFreezeNotFound = 7,
  kPrincipalNotFound = 8,
  kEntitlementNotFound = 9,
  kLedgerExists = 10,
  kSameAccount = 11,
  kAmountNotPositive = 12,
  kAmountTooLarge = 13,
  kValueInvalid = 14,  // A year, month, time, text or list that no rule allows.
  kWrongAccountKind = 15,
  kEscrowIsDebitedBySettlementOnly = 16,
  kStreamGap = 17,
  kAccountClosed = 18,
  kAccountSuspended = 19,   // No capability at all.
  kAccountBlocked = 20,     // May not send (EU Art. 9(2)).
  kAccountRestricted = 21,  // Lacks another capability that the command needs.
  kUnitNotTransferable = 22,
  kUnitTypeNotHoldable = 23,
  kUnitNotEligible = 24,  // For surrender for this year, or for this command.
  kNotOnTrustedList = 25,
  kSecondPersonRequired = 26,
  kAlreadyResolved = 27,  // A pending transfer or a task: each resolves once.
  kAbortTooLate = 28,
  kReversalNotAllowed = 29,  // The profile reverses no such transfer.
  kReversalWindowPassed = 30,
  kAlreadyReversed = 31,
  kWouldBreachCompliance = 32,
  kInsufficientHolding = 33,
  kCapExceeded = 34,
  kHoldingLimitExceeded = 35,
  kOffsetLimitExceeded = 36,
  kEmissionsNotVerified = 37,
  kEmissionsAlreadyVerified = 38,
  kOverEntitlement = 39,
  kEntitlementWithheld = 40,
  kYearAlreadyAssessed = 41,
  kMoreThanOwed = 42,
  kAccountNotEmpty = 43,
  kReturnOfExcessPending = 44,
  kLinkedFailed = 45,  // Another transfer of the same linked group was refused.
};
inline constexpr std::uint16_t kRefusalCount = 46;
std::string_view ToString(Refusal refusal);  // "INSUFFICIENT_HOLDING": the reason on the wire.

// What a refusal is about. Fields that do not apply are empty; amounts are in the ledger's unit.
struct RefusalDetail {
  AccountId account;
  LedgerId ledger;
  bool has_account = false;
  bool has_ledger = false;
  bool has_holding = false;  // The next five hold.
  std::int64_t posted = 0;
  std::int64_t reserved = 0;  // By pending transfers out.
  std::int64_t frozen = 0;
  std::int64_t available = 0;  // posted - reserved - frozen; may be negative after a freeze.
  std::int64_t asked = 0;
  std::int64_t limit = 0;  // The cap, holding limit, entitlement, quota or owed amount; or 0.
  // For kWrongAccountKind: asked is the account's kind, limit the kinds allowed, as BitOf() each.
};
constexpr std::int64_t BitOf(AccountKind kind) {
  return std::int64_t{1} << static_cast<unsigned>(kind);
}

// What a transfer was for. On disk and on the wire. Append; never renumber.
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
  kTransfer = 22,          // Between holders.
  kAllocationReturn = 23,  // Return of excess.
  kReversal = 24,          // Undoes an earlier transfer; `reference` is its sequence.
  kCentral = 25,           // Among the authority's accounts.
  kConsignment = 26,       // Above a holding limit, to auction (17 CCR 95920).
  kAuctionDelivery = 27,
  kCertificateSale = 28,  // CBAM.
  kCertificateRepurchase = 29,
};
inline constexpr std::size_t kTransferCodeCount = 30;
std::string_view ToString(TransferCode code);  // "issue", "pre_allocation", ...

// One double entry: `amount` leaves debit and reaches credit, in one ledger.
struct Transfer {
  AccountId debit;
  AccountId credit;
  LedgerId ledger;
  std::int64_t amount = 0;  // Tonnes, or minor units of the ledger's currency. 1 .. kAmountMax.
  TransferCode code = TransferCode::kOther;
  std::uint16_t year = 0;       // Emission year of a surrender, allocation or fine; else 0.
  std::uint64_t reference = 0;  // Trade id, pending transfer, task or reversed sequence; else 0.

  friend bool operator==(const Transfer&, const Transfer&) = default;
};

// A person or a system that may act. On disk. Append; never renumber.
enum class Role : std::uint8_t {
  kHolder = 1,         // Acts on accounts it has a grant for, nothing else.
  kAuthority = 2,      // Issues, moves among central accounts, allocates, assesses.
  kRegistryAdmin = 3,  // Opens, restricts and closes accounts; approves; manages principals.
  kRegulator = 4,      // Freezes; reads everything.
  kVerifier = 5,       // Marks emissions verified; may not hold a grant (EU Art. 20(3)).
  kExchange = 6,       // Settlement stream and escrow.
  kAuditor = 7,        // Reads everything.
};
inline constexpr std::size_t kRoleCount = 8;
std::string_view ToString(Role role);  // "holder", "registry_admin", ...

// What a principal may do on one account (EU Art. 20). Bits.
using Rights = std::uint8_t;
inline constexpr Rights kMayRead = 1;
inline constexpr Rights kMayInitiate = 2;
inline constexpr Rights kMayApprove = 4;

// Of entity and year: how a firm stands. The letters are those of EU Table XIV-I. On disk.
enum class Symbol : std::uint8_t {
  kNone = 0,           // Nothing known yet.
  kNotApplicable = 1,  // Before or in the first year of verified emissions.
  kExcluded = 2,       // Every past year is excluded.
  kA = 3,              // Surrendered at least what was verified.
  kB = 4,              // Less.
  kC = 5,              // A past year has no verified emissions.
};
std::string_view ToString(Symbol symbol);  // "-", "N/A", "EXCLUDED", "A", "B", "C"

enum class EmissionsSource : std::uint8_t { kVerified = 1, kEstimated = 2, kCorrected = 3 };
std::string_view ToString(EmissionsSource source);

}  // namespace ets::registry
