// The United Kingdom: the checks, features and scenarios of its registry's published source.
// Numbers of four digits are its check codes.

#include "tests/conformance/world.h"

namespace ets::conformance {
namespace {

using std::chrono::days;
using std::chrono::January;

constexpr const char* kUnit = "CEA-2025";

TEST_F(UK, Case23_ReservesAProposedDeletionUntilItIsApproved) {
  Case("features 02349875111, 02349875109",
       "propose deletion 20 of 100: available 80 at once; deletion account +20 on approval");
  const Firm firm = NewFirm();
  Give(firm.account, kUnit, 100);
  const std::string deleted = Central(pb::ACCOUNT_KIND_CANCELLATION);
  const std::int64_t before = Posted(deleted, kUnit);
  pb::ProposeTaskRequest propose;
  *propose.mutable_proposal()->mutable_cancel() = Cancel(firm.account, kUnit, 20).draft();
  const auto proposed = Good(firm.proposer.Ask(&Transfers::ProposeTask, propose));
  EXPECT_FALSE(proposed->completed());
  EXPECT_EQ(Holding(firm.account, kUnit).available(), 80);
  EXPECT_EQ(Posted(firm.account, kUnit), 100);
  EXPECT_EQ(Posted(deleted, kUnit), before);
  Approve(firm.approver, proposed->task());
  EXPECT_EQ(Posted(deleted, kUnit), before + 20);
  EXPECT_EQ(Posted(firm.account, kUnit), 80);
}

// ---- Compliance: EAComplianceTests ----

TEST_F(UK, Case27_FollowsAFirmThroughItsFirstTwoYears) {
  Case("EA scenario 6", "N/A, C, B, A, B, A");
  const int first = Year();
  const Firm firm = NewFirm();
  SetYears(firm, first);
  Give(firm.account, kUnit, 200);
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_NOT_APPLICABLE);
  GoTo(Next(January / 1));
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_C);
  Record(firm, first, 100);
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_B);
  Do(&Compliance::Surrender, Surrender(firm.account, kUnit, first, 100));
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_A);
  Correct(firm, first, 101);
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_B);
  Do(&Compliance::Surrender, Surrender(firm.account, kUnit, first, 1));
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_A);
}

TEST_F(UK, Case28_GivesCWithoutEmissionsWhateverWasSurrendered) {
  Case("EA scenario 5", "surrendered 100, no emissions: C");
  const int first = Year();
  const Firm firm = NewFirm();
  SetYears(firm, first);
  Give(firm.account, kUnit, 100);
  Do(&Compliance::Surrender, Surrender(firm.account, kUnit, first, 100));
  GoTo(Next(January / 1));
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_C);
}

TEST_F(UK, Case32_FindsAFirmOfOneYearWithoutEmissionsCompliant) {
  Case("UKETSSD-128", "reports 0 emissions: A without surrender");
  const int year = Year();
  const Firm firm = NewFirm();
  SetYears(firm, year, year);
  Record(firm, year, 0);
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_A);
  GoTo(Next(January / 1));
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_A);
  EXPECT_EQ(Status(firm, year).surrendered(), 0);
}

// ---- Issue and reversal ----

TEST_F(UK, Case34_RefusesIssueAboveThePhasesCapAndWarnsAboveTheYears) {
  Case("check 3500, feature", "above the phase's cap: 3500; above the year's only: a warning");
  const std::string one = "CEA-2091", other = "CEA-2092";  // A phase that no other case uses.
  const std::string stock = Central(pb::ACCOUNT_KIND_AUCTION_STOCK);
  for (const auto& [unit, room] : {std::pair(one, 100), std::pair(other, 50)}) {
    Open(unit);
    pb::SetCapRequest cap;
    cap.set_name("ledgers/" + unit);
    cap.set_cap(Ledger(unit).issued() + room);
    Do(&Units::SetCap, cap);
  }
  const auto issue = [&](const std::string& unit, std::int64_t amount) {
    pb::IssueAllowancesRequest request;
    request.mutable_draft()->set_account(stock);
    request.mutable_draft()->set_unit(unit);
    request.mutable_draft()->set_amount(amount);
    return request;
  };
  EXPECT_EQ(Do(&Units::IssueAllowances, issue(one, 120))->above_cap(), 20);  // The warning.
  for (const std::string& unit : {one, other}) {
    const Said said = Refused(&Units::IssueAllowances, issue(unit, 31));
    EXPECT_EQ(said.reason, "CAP_EXCEEDED") << said.text();
    EXPECT_EQ(said.metadata.at("uk_code"), "3500");
  }
  EXPECT_EQ(Do(&Units::IssueAllowances, issue(other, 30))->above_cap(), 0);
}

TEST_F(UK, Case37_ReversesASurrenderOnceAndLate) {
  Case("check 3019, feature", "reverse a surrender after 15 days: allowed; again: 3019");
  const Firm firm = NewFirm();
  Give(firm.account, kUnit, 100);
  const auto surrender = Do(&Compliance::Surrender, Surrender(firm.account, kUnit, Year(), 60));
  EXPECT_EQ(Posted(firm.account, kUnit), 40);
  GoTo(Now() + days(15));
  pb::ReverseTransferRequest reverse;
  reverse.set_name(surrender->transfer());
  Do(&Transfers::ReverseTransfer, reverse);
  EXPECT_EQ(Posted(firm.account, kUnit), 100);
  const Said again = RefusedReversal(surrender->transfer());
  EXPECT_EQ(again.reason, "ALREADY_REVERSED") << again.text();
  EXPECT_EQ(again.metadata.at("uk_code"), "3019");
}

TEST_F(UK, Case37_ReversesNoAllocationAfterTwoWeeks) {
  Case("check 3020, feature", "reverse an allocation after 15 days: not offered");
  const Firm firm = NewFirm();
  const std::uint32_t table = NewTable();
  Entitle(firm, Year(), table, 100);
  const auto paid = Allocate(Year(), table, 100);
  EXPECT_EQ(paid.allocated(), 100);
  GoTo(Now() + days(15));
  const Said said = RefusedReversal(FirstTransferOf(paid.sequence()));
  EXPECT_EQ(said.reason, "REVERSAL_WINDOW_PASSED") << said.text();
  EXPECT_EQ(said.metadata.at("uk_code"), "3020");
}

}  // namespace
}  // namespace ets::conformance
