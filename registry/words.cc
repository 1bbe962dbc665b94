#include "registry/words.h"

#include "base/assert.h"

namespace ets::registry {
namespace {

using enum AccountKind;

constexpr bool kYes = true;
constexpr bool kNo = false;

constexpr std::array<KindRow, kAccountKindCount> kKinds = {{
    {AccountKind{}, "none", Pool::kHeld, kNo, kNo, kNo, kNo, kNo},
    // kind, name, pool, has_entity, central, has_obligations, receives_units, receives_cash
    {kIssuance, "issuance", Pool::kSource, kNo, kYes, kNo, kNo, kNo},
    {kBank, "bank", Pool::kSource, kNo, kYes, kNo, kNo, kYes},
    {kAllocation, "allocation", Pool::kHeld, kNo, kYes, kNo, kYes, kYes},
    {kReserve, "reserve", Pool::kHeld, kNo, kYes, kNo, kYes, kYes},
    {kStability, "stability", Pool::kHeld, kNo, kYes, kNo, kYes, kYes},
    {kAuctionStock, "auction_stock", Pool::kHeld, kNo, kYes, kNo, kYes, kYes},
    {kTreasury, "treasury", Pool::kHeld, kNo, kYes, kNo, kYes, kYes},
    {kHolder, "holder", Pool::kHeld, kYes, kNo, kYes, kYes, kYes},
    {kEscrow, "escrow", Pool::kHeld, kYes, kNo, kNo, kYes, kYes},
    {kSurrender, "surrender", Pool::kSurrendered, kNo, kYes, kNo, kNo, kNo},
    {kCancellation, "cancellation", Pool::kCancelled, kNo, kYes, kNo, kYes, kNo},
    {kConverted, "converted", Pool::kConverted, kNo, kYes, kNo, kNo, kNo},
    {kExpired, "expired", Pool::kExpired, kNo, kYes, kNo, kNo, kNo},
    {kTotalQuantity, "total_quantity", Pool::kHeld, kNo, kYes, kNo, kYes, kNo},
    {kTrading, "trading", Pool::kHeld, kYes, kNo, kNo, kYes, kYes},
    {kCompliance, "compliance", Pool::kHeld, kYes, kNo, kYes, kYes, kNo},
    {kLimitedUse, "limited_use", Pool::kHeld, kYes, kNo, kNo, kYes, kNo},
    {kAuctionDelivery, "auction_delivery", Pool::kHeld, kNo, kYes, kNo, kYes, kYes},
    {kRegulatedEntity, "regulated_entity", Pool::kHeld, kYes, kNo, kYes, kYes, kYes},
    {kFees, "fees", Pool::kHeld, kNo, kYes, kNo, kNo, kYes},
    {kImporter, "importer", Pool::kHeld, kYes, kNo, kYes, kYes, kYes},
}};

constexpr std::array<const char*, kRefusalCount> kRefusalNames = {{
    "NONE",
    "TIME_GOES_BACK",
    "ACCOUNT_NOT_FOUND",
    "LEDGER_NOT_FOUND",
    "ENTITY_NOT_FOUND",
    "TRANSFER_NOT_FOUND",
    "TASK_NOT_FOUND",
    "FREEZE_NOT_FOUND",
    "PRINCIPAL_NOT_FOUND",
    "ENTITLEMENT_NOT_FOUND",
    "LEDGER_EXISTS",
    "SAME_ACCOUNT",
    "AMOUNT_NOT_POSITIVE",
    "AMOUNT_TOO_LARGE",
    "VALUE_INVALID",
    "WRONG_ACCOUNT_KIND",
    "ESCROW_IS_DEBITED_BY_SETTLEMENT_ONLY",
    "STREAM_GAP",
    "ACCOUNT_CLOSED",
    "ACCOUNT_SUSPENDED",
    "ACCOUNT_BLOCKED",
    "ACCOUNT_RESTRICTED",
    "UNIT_NOT_TRANSFERABLE",
    "UNIT_TYPE_NOT_HOLDABLE",
    "UNIT_NOT_ELIGIBLE",
    "NOT_ON_TRUSTED_LIST",
    "SECOND_PERSON_REQUIRED",
    "ALREADY_RESOLVED",
    "ABORT_TOO_LATE",
    "REVERSAL_NOT_ALLOWED",
    "REVERSAL_WINDOW_PASSED",
    "ALREADY_REVERSED",
    "WOULD_BREACH_COMPLIANCE",
    "INSUFFICIENT_HOLDING",
    "CAP_EXCEEDED",
    "HOLDING_LIMIT_EXCEEDED",
    "OFFSET_LIMIT_EXCEEDED",
    "EMISSIONS_NOT_VERIFIED",
    "EMISSIONS_ALREADY_VERIFIED",
    "OVER_ENTITLEMENT",
    "ENTITLEMENT_WITHHELD",
    "YEAR_ALREADY_ASSESSED",
    "MORE_THAN_OWED",
    "ACCOUNT_NOT_EMPTY",
    "RETURN_OF_EXCESS_PENDING",
    "LINKED_FAILED",
}};

constexpr std::array<const char*, kTransferCodeCount> kCodeNames = {{
    "none",
    "issue",
    "pre_allocation",
    "final_allocation",
    "take_back",
    "deposit",
    "withdrawal",
    "listed_trade",
    "block_trade",
    "auction_award",
    "surrender",
    "cancel",
    "convert",
    "expire",
    "loan",
    "repayment",
    "interest",
    "fine",
    "to_stability",
    "from_stability",
    "entrant_allocation",
    "other",
    "transfer",
    "allocation_return",
    "reversal",
    "central",
    "consignment",
    "auction_delivery",
    "certificate_sale",
    "certificate_repurchase",
}};

constexpr std::array<const char*, kRoleCount> kRoleNames = {{"none", "holder", "authority",
                                                             "registry_admin", "regulator",
                                                             "verifier", "exchange", "auditor"}};

// Rows stand at their kind's number, and no name is missing at the end of a table.
constexpr bool RowsStandAtTheirKind() {
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    if (static_cast<std::size_t>(kKinds[kind].kind) != kind) return false;
  }
  return true;
}
static_assert(RowsStandAtTheirKind());
static_assert(kRefusalNames.back() != nullptr && kCodeNames.back() != nullptr &&
              kRoleNames.back() != nullptr);

template <typename Enum, std::size_t count>
std::string_view NameOf(Enum value, const std::array<const char*, count>& names) {
  const auto index = static_cast<std::size_t>(value);
  return index >= 1 && index < count ? names[index] : "unknown";
}

}  // namespace

const std::array<KindRow, kAccountKindCount>& Kinds() { return kKinds; }

const KindRow& RowOf(AccountKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  ETS_ASSERT(index >= 1 && index < kAccountKindCount);
  return kKinds[index];
}

std::string_view ToString(AccountKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index >= 1 && index < kAccountKindCount ? kKinds[index].name : "unknown";
}

std::string_view ToString(Refusal refusal) {
  const auto index = static_cast<std::size_t>(refusal);
  return index >= 1 && index < kRefusalCount ? kRefusalNames[index] : "UNKNOWN";
}

std::string_view ToString(TransferCode code) { return NameOf(code, kCodeNames); }
std::string_view ToString(Role role) { return NameOf(role, kRoleNames); }

std::string_view ToString(Symbol symbol) {
  switch (symbol) {
    case Symbol::kNone:
      return "-";
    case Symbol::kNotApplicable:
      return "N/A";
    case Symbol::kExcluded:
      return "EXCLUDED";
    case Symbol::kA:
      return "A";
    case Symbol::kB:
      return "B";
    case Symbol::kC:
      return "C";
  }
  return "unknown";
}

std::string_view ToString(EmissionsSource source) {
  switch (source) {
    case EmissionsSource::kVerified:
      return "verified";
    case EmissionsSource::kEstimated:
      return "estimated";
    case EmissionsSource::kCorrected:
      return "corrected";
  }
  return "unknown";
}

}  // namespace ets::registry
