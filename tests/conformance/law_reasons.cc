// Reasons that the law and the books give, in the order in which they are looked for.

#include <chrono>

#include "tests/conformance/reasons.h"

namespace ets::conformance {
namespace {

using namespace std::literals;
using std::chrono::days;
using std::chrono::Monday;
using std::chrono::Tuesday;

constexpr const char* kUnit = "CEA-2026";
constexpr const char* kNobody = "accounts/4000000000";

// A firm with a hundred units.
Firm Funded(World& w) {
  const Firm firm = w.NewFirm();
  w.Give(firm.account, kUnit, 100);
  return firm;
}

Said RefusedTransfer(World& w, const std::string& debit, const std::string& credit,
                     std::int64_t amount) {
  return w.Refused(&Transfers::CreateTransfer, World::Transfer(debit, credit, kUnit, amount));
}

std::string Pool(World& w) { return w.Central(pb::ACCOUNT_KIND_ALLOCATION); }

// ---- What is not there ----

Said TimeGoesBack(World& w) {
  pb::AdvanceTimeRequest request;
  *request.mutable_to_time() = ToTimestamp(w.Now() - days(1));
  return w.Refused(&Admin::AdvanceTime, request);
}

Said AccountNotFound(World& w) {
  w.Open(kUnit);
  return RefusedTransfer(w, kNobody, Pool(w), 1);
}

Said LedgerNotFound(World& w) {
  const Firm firm = w.NewFirm();
  return w.Refused(&Transfers::CreateTransfer,
                   World::Transfer(firm.account, Pool(w), "AVI-2099", 1));
}

Said EntityNotFound(World& w) {
  Firm nobody;
  nobody.entity = NewNumber();
  pb::RecordEmissionsRequest request;
  request.set_name(World::Of(nobody, "emissions", 2026));
  return w.Refused(&Compliance::RecordEmissions, request);
}

Said TransferNotFound(World& w) {
  pb::VoidPendingTransferRequest request;
  request.set_name("pendingTransfers/4000000000");
  return w.Refused(&Transfers::VoidPendingTransfer, request);
}

Said TaskNotFound(World& w) {
  pb::ApproveTaskRequest request;
  request.set_name("tasks/4000000000");
  return w.Refused(w.NewFirm().approver, &Transfers::ApproveTask, request);
}

Said FreezeNotFound(World& w) {
  pb::UnfreezeUnitsRequest request;
  request.set_name("freezes/4000000000");
  return w.Refused(&Units::UnfreezeUnits, request);
}

Said PrincipalNotFound(World& w) {
  pb::SetGrantRequest request;
  request.set_name("principals/" + std::to_string(NewNumber()));
  request.mutable_grant()->set_account(w.NewFirm().account);
  request.mutable_grant()->set_may_read(true);
  return w.Refused(&Admin::SetGrant, request);
}

pb::ReturnExcessRequest Return(World& w, const Firm& firm, std::uint32_t table) {
  pb::ReturnExcessRequest request;
  request.mutable_draft()->set_account(firm.account);
  request.mutable_draft()->set_target(Pool(w));
  request.mutable_draft()->set_unit(kUnit);
  request.mutable_draft()->set_year(2026);
  request.mutable_draft()->set_table(table);
  request.mutable_draft()->set_amount(1);
  return request;
}

Said EntitlementNotFound(World& w) {
  const Firm firm = Funded(w);
  return w.Refused(&Allocation::ReturnExcess, Return(w, firm, 1));
}

Said LedgerExists(World& w) {
  w.Open(kUnit);
  pb::OpenLedgerRequest request;
  request.set_unit(kUnit);
  return w.Refused(&Units::OpenLedger, request);
}

// ---- What is no request ----

Said SameAccount(World& w) {
  const Firm firm = Funded(w);
  return RefusedTransfer(w, firm.account, firm.account, 1);
}

Said QuantityInvalid(World& w) { return RefusedTransfer(w, Funded(w).account, Pool(w), 0); }

Said QuantityTooLarge(World& w) {
  return RefusedTransfer(w, Funded(w).account, Pool(w), std::int64_t{1} << 53);
}

Said ValueInvalid(World& w) {
  pb::DepositMonthlyDataRequest request;
  request.set_name(World::Of(w.NewFirm(), "emissions", 2026));
  request.set_month(13);
  return w.Refused(&Compliance::DepositMonthlyData, request);
}

Said WrongAccountKind(World& w) {
  w.Open(kUnit);
  const Said said = RefusedTransfer(w, w.Central(pb::ACCOUNT_KIND_SURRENDER), Pool(w), 1);
  EXPECT_EQ(said.metadata.at("kind"), "surrender");
  EXPECT_EQ(said.metadata.at("allowed_kinds").find("surrender"), std::string::npos);
  return said;
}

Said EscrowIsDebitedBySettlementOnly(World& w) {
  const Firm firm = Funded(w);
  const std::string escrow = w.NewAccount(pb::ACCOUNT_KIND_ESCROW, firm.entity);
  w.Do(&Transfers::CreateTransfer, World::Transfer(firm.account, escrow, kUnit, 10));
  return RefusedTransfer(w, escrow, firm.account, 10);
}

Said StreamGap(World& w) {
  pb::SettleRequest message;
  const std::uint64_t next = w.Registry().settlement_sequence() + 1;
  message.set_stream_sequence(next + 1);
  const Said said = w.Refused(w.NewPerson(pb::ROLE_EXCHANGE), &Settlement::Settle, message);
  EXPECT_EQ(said.metadata.at("expected_sequence"), std::to_string(next));
  return said;
}

// ---- What an account may ----

Said AccountClosed(World& w) {
  const Firm firm = w.NewFirm();
  const Firm sender = Funded(w);
  pb::CloseAccountRequest close;
  close.set_name(firm.account);
  w.Do(&Accounts::CloseAccount, close);
  return RefusedTransfer(w, sender.account, firm.account, 1);
}

Said AccountSuspended(World& w) {
  const Firm firm = Funded(w);
  w.SetMay(firm.account, false, false, false, false);
  return RefusedTransfer(w, firm.account, Pool(w), 1);
}

Said AccountBlocked(World& w) {
  const Firm firm = Funded(w);
  w.SetMay(firm.account, false, true, true, false);
  return RefusedTransfer(w, firm.account, Pool(w), 1);
}

Said AccountRestricted(World& w) {
  const Firm firm = w.NewFirm();
  const Firm sender = Funded(w);
  w.SetMay(firm.account, true, false, true, false);
  return RefusedTransfer(w, sender.account, firm.account, 1);
}

Said UnitNotTransferable(World& w) {
  const Firm importer = w.NewFirm(pb::ACCOUNT_KIND_IMPORTER);
  const Firm other = w.NewFirm(pb::ACCOUNT_KIND_IMPORTER);
  w.Give(importer.account, "CBAM-2027", 1);
  return w.Refused(&Transfers::CreateTransfer,
                   World::Transfer(importer.account, other.account, "CBAM-2027", 1));
}

Said UnitTypeNotHoldable(World& w) {
  const Firm firm = w.NewFirm();
  w.Give(Pool(w), "CBAM-2027", 1);
  return w.Refused(&Transfers::CreateTransfer,
                   World::Transfer(Pool(w), firm.account, "CBAM-2027", 1));
}

Said UnitNotEligible(World& w) {
  const Firm firm = w.NewFirm();
  const int year = w.Year();
  w.Give(firm.account, World::Allowance(year + 1), 10);
  w.Record(firm, year, 10);
  return w.Refused(&Compliance::Surrender,
                   World::Surrender(firm.account, World::Allowance(year + 1), year, 10));
}

Said NotOnTrustedList(World& w) {
  const Firm firm = Funded(w);
  const Firm other = w.NewFirm();
  return w.Refused(firm.proposer, &Transfers::ProposeTransfer,
                   World::Proposal(firm.account, other.account, kUnit, 1));
}

// ---- Second persons, second times ----

// A proposal to an account outside the list.
std::string Proposed(World& w, const Firm& firm) {
  const Firm other = w.NewFirm();
  w.LeaveTrustedList(firm);
  return World::Good(firm.approver.Ask(&Transfers::ProposeTransfer,
                                       World::Proposal(firm.account, other.account, kUnit, 1)))
      ->task();
}

Said SecondPersonRequired(World& w) {
  const Firm firm = Funded(w);
  pb::ApproveTaskRequest own;
  own.set_name(Proposed(w, firm));
  return w.Refused(firm.approver, &Transfers::ApproveTask, own);
}

Said AlreadyResolved(World& w) {
  const Firm firm = Funded(w);
  pb::ReserveTransferRequest reserve;
  *reserve.mutable_transfer() = World::Draft(firm.account, Pool(w), kUnit, 1);
  pb::VoidPendingTransferRequest release;
  release.set_name(w.Do(&Transfers::ReserveTransfer, reserve)->pending_transfer());
  w.Do(&Transfers::VoidPendingTransfer, release);
  return w.Refused(&Transfers::VoidPendingTransfer, release);
}

Said AbortTooLate(World& w) {
  const Firm firm = Funded(w);
  w.GoTo(w.Next(Monday, 11, 0));
  pb::AbortTransferRequest abort;
  abort.set_name(Proposed(w, firm));
  Firm second = firm;
  second.proposer = w.NewPerson(pb::ROLE_HOLDER, firm.account, true);
  w.Approve(second.proposer, abort.name());
  w.GoTo(w.Next(Tuesday, 10, 1));  // It is carried out at 12:00; until two hours before.
  return w.Refused(firm.approver, &Transfers::AbortTransfer, abort);
}

// ---- Reversals ----

std::string Surrendered(World& w, const Firm& firm, int year, std::int64_t amount) {
  return w.Do(&Compliance::Surrender, World::Surrender(firm.account, kUnit, year, amount))
      ->transfer();
}

Said ReversalNotAllowed(World& w) {
  const Firm firm = Funded(w);
  const auto made =
      w.Do(&Transfers::CreateTransfer, World::Transfer(firm.account, Pool(w), kUnit, 1));
  return w.RefusedReversal(made->transfer());
}

pb::AllocateRequest AllocateTo(World& w, const Firm& firm, pb::TransferCode code) {
  const int year = w.Year();
  w.Give(Pool(w), World::Allowance(year), 10);
  pb::AllocateRequest request;
  request.mutable_draft()->set_source(Pool(w));
  request.mutable_draft()->set_account(firm.account);
  request.mutable_draft()->set_unit(World::Allowance(year));
  request.mutable_draft()->set_year(static_cast<std::uint32_t>(year));
  request.mutable_draft()->set_amount(10);
  request.mutable_draft()->set_code(code);
  return request;
}

Said ReversalWindowPassed(World& w) {
  const Firm firm = w.NewFirm();
  const auto paid =
      w.Do(&Allocation::Allocate, AllocateTo(w, firm, pb::TRANSFER_CODE_PRE_ALLOCATION));
  w.GoTo(w.Now() + days(15));
  return w.RefusedReversal(paid->transfer());
}

Said AlreadyReversed(World& w) {
  const Firm firm = Funded(w);
  pb::ReverseTransferRequest reverse;
  reverse.set_name(Surrendered(w, firm, w.Year(), 10));
  w.Do(&Transfers::ReverseTransfer, reverse);
  return w.RefusedReversal(reverse.name());
}

Said WouldBreachCompliance(World& w) {
  const int year = w.Year() - 1;
  const Firm firm = Funded(w);
  w.SetYears(firm, year);
  w.Record(firm, year, 10);
  return w.RefusedReversal(Surrendered(w, firm, year, 10));
}

// ---- How much ----

Said InsufficientHolding(World& w) {
  const Firm firm = Funded(w);
  const Said said = RefusedTransfer(w, firm.account, Pool(w), 101);
  EXPECT_EQ(said.metadata.at("account"), firm.account);
  EXPECT_EQ(said.metadata.at("available"), "100");
  EXPECT_EQ(said.metadata.at("asked"), "101");
  return said;
}

void SetCap(World& w, const std::string& unit, std::int64_t cap) {
  pb::SetCapRequest request;
  request.set_name("ledgers/" + unit);
  request.set_cap(cap);
  w.Do(&Units::SetCap, request);
}

Said CapExceeded(World& w) {
  const std::string unit = "AVI-2098";
  w.Open(unit);
  SetCap(w, unit, w.Ledger(unit).issued() + 1);
  pb::IssueAllowancesRequest issue;
  issue.mutable_draft()->set_account(Pool(w));
  issue.mutable_draft()->set_unit(unit);
  issue.mutable_draft()->set_amount(2);
  return w.Refused(&Units::IssueAllowances, issue);
}

Said HoldingLimitExceeded(World& w) {
  const Firm firm = w.NewFirm();
  const std::string unit = World::Allowance(w.Year());
  w.Open(unit);
  SetCap(w, unit, w.Ledger(unit).issued() * 10 + 10'000'000);
  const std::int64_t limit = w.Ledger(unit).holding_limit();
  w.Give(Pool(w), unit, limit + 1);
  const Said said = w.Refused(&Transfers::CreateTransfer,
                              World::Transfer(Pool(w), firm.account, unit, limit + 1));
  SetCap(w, unit, 0);  // Other cases go on without a limit.
  return said;
}

Said OffsetLimitExceeded(World& w) {
  const Firm firm = w.NewFirm();
  w.Give(firm.account, "CCER", 100);
  w.Record(firm, w.Year(), 100);
  const Said said =
      w.Refused(&Compliance::Surrender, World::Surrender(firm.account, "CCER", w.Year(), 6));
  EXPECT_EQ(said.metadata.at("limit"), "5");
  return said;
}

// ---- The year ----

pb::AssessComplianceRequest Assess(const Firm& firm, int year) {
  pb::AssessComplianceRequest request;
  request.set_name(World::Of(firm, "complianceStatuses", year));
  return request;
}

Said EmissionsNotVerified(World& w) {
  return w.Refused(&Compliance::AssessCompliance, Assess(w.NewFirm(), 2026));
}

Said EmissionsAlreadyVerified(World& w) {
  const Firm firm = w.NewFirm();
  w.Record(firm, 2026, 10);
  pb::RecordEmissionsRequest request;
  request.set_name(World::Of(firm, "emissions", 2026));
  request.set_emissions(11);
  return w.Refused(&Compliance::RecordEmissions, request);
}

Said OverEntitlement(World& w) {
  const Firm firm = w.NewFirm();
  w.Do(&Allocation::Allocate, AllocateTo(w, firm, pb::TRANSFER_CODE_FINAL_ALLOCATION));
  return w.Refused(&Allocation::Allocate, AllocateTo(w, firm, pb::TRANSFER_CODE_PRE_ALLOCATION));
}

Said EntitlementWithheld(World& w) {
  const Firm firm = w.NewFirm();
  pb::ExcludeYearRequest exclude;
  exclude.set_name("entities/" + std::to_string(firm.entity));
  exclude.set_year(static_cast<std::uint32_t>(w.Year()));
  exclude.set_excluded(true);
  w.Do(&Accounts::ExcludeYear, exclude);
  return w.Refused(&Allocation::Allocate, AllocateTo(w, firm, pb::TRANSFER_CODE_PRE_ALLOCATION));
}

Said YearAlreadyAssessed(World& w) {
  const Firm firm = w.NewFirm();
  w.Record(firm, 2026, 10);
  EXPECT_EQ(w.Do(&Compliance::AssessCompliance, Assess(firm, 2026))->shortfall(), 10);
  return w.Refused(&Compliance::AssessCompliance, Assess(firm, 2026));
}

Said MoreThanOwed(World& w) {
  const Firm firm = Funded(w);
  w.Record(firm, 2026, 10);
  return w.Refused(&Compliance::Surrender, World::Surrender(firm.account, kUnit, 2026, 11));
}

// ---- The end ----

Said AccountNotEmpty(World& w) {
  pb::CloseAccountRequest close;
  close.set_name(Funded(w).account);
  return w.Refused(&Accounts::CloseAccount, close);
}

Said ReturnOfExcessPending(World& w) {
  const Firm firm = w.NewFirm();
  const std::uint32_t table = World::NewTable();
  const int year = w.Year();
  w.Entitle(firm, year, table, 100);
  EXPECT_EQ(w.Allocate(year, table, 100).allocated(), 100);
  w.Entitle(firm, year, table, 60);
  w.Do(&Transfers::CreateTransfer,
       World::Transfer(firm.account, Pool(w), World::Allowance(year), 100));
  pb::CloseAccountRequest close;
  close.set_name(firm.account);
  return w.Refused(&Accounts::CloseAccount, close);
}

Said LinkedFailed(World& w) {
  const Firm firm = Funded(w);
  pb::BatchCreateTransfersRequest batch;
  batch.add_units(kUnit);
  for (const std::uint64_t amount : {1U, 101U}) {
    batch.add_debits(World::NumberOf(firm.account));
    batch.add_credits(World::NumberOf(Pool(w)));
    batch.add_ledgers(0);
    batch.add_amounts(amount);
    batch.add_linked(amount == 1);
  }
  const auto answer = w.Do(&Transfers::BatchCreateTransfers, batch);
  Said said;
  if (answer->failures_size() == 2) said.reason = answer->failures(0).reason();
  EXPECT_EQ(w.Posted(firm.account, kUnit), 100);
  return said;
}

constexpr ReasonCase kCases[] = {
    {"TIME_GOES_BACK", "sim", "time moved to yesterday", TimeGoesBack},
    {"ACCOUNT_NOT_FOUND", "sim", "a transfer from an account that is not there", AccountNotFound},
    {"LEDGER_NOT_FOUND", "sim", "a transfer of a unit without a ledger", LedgerNotFound},
    {"ENTITY_NOT_FOUND", "sim", "emissions of a firm that is not there", EntityNotFound},
    {"TRANSFER_NOT_FOUND", "sim", "a pending transfer that is not there", TransferNotFound},
    {"TASK_NOT_FOUND", "sim", "approval of a task that is not there", TaskNotFound},
    {"FREEZE_NOT_FOUND", "sim", "the end of a freeze that is not there", FreezeNotFound},
    {"PRINCIPAL_NOT_FOUND", "sim", "a grant to nobody", PrincipalNotFound},
    {"ENTITLEMENT_NOT_FOUND", "sim", "a return where nothing was due", EntitlementNotFound},
    {"LEDGER_EXISTS", "sim", "a ledger opened twice", LedgerExists},
    {"SAME_ACCOUNT", "sim", "a transfer to oneself", SameAccount},
    {"QUANTITY_INVALID", "sim", "a transfer of nothing", QuantityInvalid},
    {"QUANTITY_TOO_LARGE", "sim", "a transfer of 2^53", QuantityTooLarge},
    {"VALUE_INVALID", "sim", "data of a thirteenth month", ValueInvalid},
    {"WRONG_ACCOUNT_KIND", "sim", "a transfer out of what was surrendered", WrongAccountKind},
    {"ESCROW_IS_DEBITED_BY_SETTLEMENT_ONLY", "sim", "a transfer out of escrow",
     EscrowIsDebitedBySettlementOnly},
    {"STREAM_GAP", "sim", "a message of the exchange is missing", StreamGap},
    {"ACCOUNT_CLOSED", "sim", "a transfer into a closed account", AccountClosed},
    {"ACCOUNT_SUSPENDED", "sim", "a transfer out of a suspended account", AccountSuspended},
    {"ACCOUNT_BLOCKED", "sim", "a transfer out of an account that may not send", AccountBlocked},
    {"ACCOUNT_RESTRICTED", "sim", "a transfer into an account that may not receive",
     AccountRestricted},
    {"UNIT_NOT_TRANSFERABLE", "sim", "a CBAM certificate to another firm", UnitNotTransferable},
    {"UNIT_TYPE_NOT_HOLDABLE", "sim", "a CBAM certificate to a firm that imports nothing",
     UnitTypeNotHoldable},
    {"UNIT_NOT_ELIGIBLE_FOR_SURRENDER", "sim", "next year's vintage for this year",
     UnitNotEligible},
    {"NOT_ON_TRUSTED_LIST", "eu", "a proposal to an account not on the list", NotOnTrustedList},
    {"SECOND_PERSON_REQUIRED", "eu", "approval of one's own proposal", SecondPersonRequired},
    {"ALREADY_RESOLVED", "sim", "a pending transfer released twice", AlreadyResolved},
    {"ABORT_TOO_LATE", "eu", "an abort an hour and 59 minutes before", AbortTooLate},
    {"REVERSAL_NOT_ALLOWED", "sim", "reversal of a plain transfer", ReversalNotAllowed},
    {"REVERSAL_WINDOW_PASSED", "uk", "reversal of an allocation after 15 days",
     ReversalWindowPassed},
    {"ALREADY_REVERSED", "uk", "a surrender reversed twice", AlreadyReversed},
    {"WOULD_BREACH_COMPLIANCE", "eu", "reversal of a surrender that is needed",
     WouldBreachCompliance},
    {"INSUFFICIENT_HOLDING", "sim", "a transfer of more than is there", InsufficientHolding},
    {"CAP_EXCEEDED", "sim", "issue above the cap", CapExceeded},
    {"HOLDING_LIMIT_EXCEEDED", "ca", "a transfer above the holding limit", HoldingLimitExceeded},
    {"OFFSET_LIMIT_EXCEEDED", "sim", "more offsets than their share", OffsetLimitExceeded},
    {"EMISSIONS_NOT_VERIFIED", "sim", "assessment without emissions", EmissionsNotVerified},
    {"EMISSIONS_ALREADY_VERIFIED", "sim", "emissions verified twice", EmissionsAlreadyVerified},
    {"OVER_ENTITLEMENT", "sim", "allocation after the final one", OverEntitlement},
    {"ENTITLEMENT_WITHHELD", "sim", "allocation for an excluded year", EntitlementWithheld},
    {"YEAR_ALREADY_ASSESSED", "sim", "a year assessed twice", YearAlreadyAssessed},
    {"MORE_THAN_OWED", "sim", "surrender of more than the year owes", MoreThanOwed},
    {"ACCOUNT_NOT_EMPTY", "sim", "an account closed with units", AccountNotEmpty},
    {"RETURN_OF_EXCESS_PENDING", "sim", "an account closed that owes a return",
     ReturnOfExcessPending},
    {"LINKED_FAILED", "sim", "a linked pair whose second half fails", LinkedFailed, false,
     Heard::kAsItem},
};

}  // namespace

std::span<const ReasonCase> LawReasonCases() { return kCases; }

}  // namespace ets::conformance
