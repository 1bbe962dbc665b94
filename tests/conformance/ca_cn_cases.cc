// California (17 CCR) and China.

#include "tests/conformance/world.h"

namespace ets::conformance {
namespace {

using namespace std::literals;
using std::chrono::days;
using std::chrono::January;
using std::chrono::March;

// ---- California ----

TEST_F(CA, Case40_TakesNoVintageAfterTheYear) {
  Case("95856(b)(2)", "next year's vintage offered for this year's obligation: refused");
  const int year = Year();
  const Firm firm = NewFirm();
  Give(firm.account, Allowance(year + 1), 10);
  Record(firm, year, 10);
  const Said said =
      Refused(&Compliance::Surrender, Surrender(firm.account, Allowance(year + 1), year, 10));
  EXPECT_EQ(said.reason, "UNIT_NOT_ELIGIBLE_FOR_SURRENDER") << said.text();
}

class CAHoldingLimit : public CA {
 protected:
  // A year that no other case issues a vintage of; its budget makes the limit 100,000 t.
  void SetUpYear() {
    do {
      GoTo(Next(January / 2));
    } while (IsOpen(Allowance(Year())) || IsOpen(Allowance(Year() + 1)));
    GoTo(Next(March / 3));
    this_year_ = Allowance(Year());
    next_year_ = Allowance(Year() + 1);
    stock_ = Central(pb::ACCOUNT_KIND_AUCTION_STOCK);
    for (const std::string& unit : {this_year_, next_year_}) {
      pb::OpenLedgerRequest open;
      open.set_unit(unit);
      open.set_cap(1'000'000);
      Do(&Units::OpenLedger, open);
      pb::IssueAllowancesRequest issue;
      issue.mutable_draft()->set_account(stock_);
      issue.mutable_draft()->set_unit(unit);
      issue.mutable_draft()->set_amount(500'000);
      Do(&Units::IssueAllowances, issue);
    }
    EXPECT_EQ(Ledger(this_year_).holding_limit(), 100'000);
  }
  bool IsOpen(const std::string& unit) const {
    pb::GetLedgerRequest request;
    request.set_name("ledgers/" + unit);
    return operator_.Ask(&Units::GetLedger, request).ok();
  }
  void Sell(const std::string& account, const std::string& unit, std::int64_t amount) const {
    Do(&Transfers::CreateTransfer, Transfer(stock_, account, unit, amount));
  }

  std::string this_year_, next_year_, stock_;
};

TEST_F(CAHoldingLimit, Case43_BoundsWhatAGroupHoldsButNotItsLimitedUseAccount) {
  Case("95920", "transfer breaches the limit: refused; into a limited-use account: not counted");
  SetUpYear();
  const Firm firm = NewFirm();
  const Firm sister = NewFirm();
  const std::uint32_t group = NewNumber();
  SetYears(firm, 0, 0, group);
  SetYears(sister, 0, 0, group);
  const std::string limited = NewAccount(pb::ACCOUNT_KIND_LIMITED_USE, firm.entity);
  Sell(firm.account, this_year_, 60'000);
  const Said said =
      Refused(&Transfers::CreateTransfer, Transfer(stock_, sister.account, this_year_, 40'001));
  EXPECT_EQ(said.reason, "HOLDING_LIMIT_EXCEEDED") << said.text();
  EXPECT_EQ(said.metadata.at("limit"), "100000");
  Sell(limited, this_year_, 40'001);
  Sell(sister.account, this_year_, 40'000);
  EXPECT_EQ(Posted(limited, this_year_), 40'001);
}

TEST_F(CAHoldingLimit, Case43_ConsignsWhatTheNewYearPutsAboveTheLimitAfterFiveBusinessDays) {
  Case("95920(b)",
       "1 Jan reclassification: 5 business days, then consigned, reverse retirement order");
  SetUpYear();
  const Firm firm = NewFirm();
  Sell(firm.account, this_year_, 60'000);
  Sell(firm.account, next_year_, 60'000);
  const std::int64_t stock = Posted(stock_, next_year_);
  GoTo(Next(January / 1));
  Day due = Today();
  for (int business_days = 0; business_days < 5;) {
    due += days(1);
    const std::chrono::weekday day(due);
    if (day != std::chrono::Saturday && day != std::chrono::Sunday) ++business_days;
  }
  GoTo(At(due, 0, 0) - 1s);
  EXPECT_EQ(Posted(firm.account, next_year_), 60'000);
  GoTo(At(due, 0, 0));
  EXPECT_EQ(Posted(firm.account, this_year_), 60'000);
  EXPECT_EQ(Posted(firm.account, next_year_), 40'000);
  EXPECT_EQ(Posted(stock_, next_year_), stock + 20'000);
}

// ---- China ----

TEST_F(CN, Case45_SellsNothingThatIsFrozenAndSurrendersTheRest) {
  Case("by custom", "30 of 100 court-frozen: sell 80 refused (available 70); surrender 70 ok");
  const int year = Year();
  const std::string unit = Allowance(year);
  const Firm firm = NewFirm();
  const std::string escrow = NewAccount(pb::ACCOUNT_KIND_ESCROW, firm.entity);
  Give(firm.account, unit, 100);
  pb::FreezeUnitsRequest freeze;
  freeze.mutable_draft()->set_account(firm.account);
  freeze.mutable_draft()->set_unit(unit);
  freeze.mutable_draft()->set_amount(30);
  freeze.mutable_draft()->set_authority("an intermediate people's court");
  Good(NewPerson(pb::ROLE_REGULATOR).Ask(&Units::FreezeUnits, freeze));
  const Said said =
      Refused(firm.proposer, &Transfers::ProposeTransfer, Proposal(firm.account, escrow, unit, 80));
  EXPECT_EQ(said.reason, "INSUFFICIENT_HOLDING") << said.text();
  EXPECT_EQ(said.metadata.at("available"), "70");
  EXPECT_EQ(said.metadata.at("frozen"), "30");
  Record(firm, year, 70);
  pb::ProposeTaskRequest propose;
  *propose.mutable_proposal()->mutable_surrender() =
      Surrender(firm.account, unit, year, 70).draft();
  Approve(firm.approver, Good(firm.proposer.Ask(&Transfers::ProposeTask, propose))->task());
  EXPECT_EQ(Status(firm, year).surrendered(), 70);
  EXPECT_EQ(Holding(firm.account, unit).frozen(), 30);
  EXPECT_EQ(Posted(firm.account, unit), 30);
}

TEST_F(CN, Case46_FailsThePairThatLacksOneFenAlone) {
  Case("delivery versus payment", "buyer short 1 fen on one trade: both legs fail, others settle");
  const std::string unit = Allowance(Year());
  const Firm firms[] = {NewFirm(), NewFirm(), NewFirm()};
  std::string escrows[3];
  for (int i = 0; i < 3; ++i) {
    escrows[i] = NewAccount(pb::ACCOUNT_KIND_ESCROW, firms[i].entity);
  }
  Give(firms[0].account, unit, 30);
  Do(&Transfers::CreateTransfer, Transfer(firms[0].account, escrows[0], unit, 30));
  for (const auto& [buyer, fen] : {std::pair(1, 300), std::pair(2, 199)}) {
    Give(firms[buyer].account, "CNY", fen);
    Do(&Transfers::CreateTransfer, Transfer(firms[buyer].account, escrows[buyer], "CNY", fen));
  }
  pb::SettleRequest message;
  message.set_stream_sequence(Registry().settlement_sequence() + 1);
  for (const auto& [buyer, cash] : {std::pair(1, 100), std::pair(2, 200), std::pair(1, 200)}) {
    pb::SettlementFill* const fill = message.add_fills();
    fill->set_seller(NumberOf(escrows[0]));
    fill->set_buyer(NumberOf(escrows[buyer]));
    fill->set_unit(unit);
    fill->set_cash_unit("CNY");
    fill->set_quantity(10);
    fill->set_cash(cash);
    fill->set_trade_id(static_cast<std::uint64_t>(message.fills_size()));
  }
  const auto settled = Good(NewPerson(pb::ROLE_EXCHANGE).Ask(&Settlement::Settle, message));
  ASSERT_EQ(settled->failed(), 1U);
  EXPECT_EQ(settled->failed_fills(0), 1U);
  EXPECT_EQ(Posted(escrows[1], unit), 20);
  EXPECT_EQ(Posted(escrows[2], unit), 0);
  EXPECT_EQ(Posted(escrows[2], "CNY"), 199);
  EXPECT_EQ(Posted(escrows[0], unit), 10);
  EXPECT_EQ(Posted(escrows[0], "CNY"), 300);
  EXPECT_TRUE(Account(escrows[2]).blocked());
  EXPECT_FALSE(Account(escrows[1]).blocked());
}

}  // namespace
}  // namespace ets::conformance
