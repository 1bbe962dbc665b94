// The European Union's year: emissions, allocation, symbols, closing. "Art." is an article of
// Regulation (EU) 2019/1122.

#include "tests/conformance/world.h"

namespace ets::conformance {
namespace {

using namespace std::literals;
using std::chrono::April;
using std::chrono::January;
using std::chrono::October;

constexpr const char* kUnit = "CEA-2025";

// A firm whose emissions of last year are missing on 1 April, with an entitlement for this year.
class EUBlocked : public EU {
 protected:
  void GoToFirstOfApril() {
    const Time due = Next(April / 1);
    year_ = YearOf(due);
    firm_ = NewFirm();
    SetYears(firm_, year_ - 1);
    Give(firm_.account, kUnit, 100);
    LeaveTrustedList(firm_);
    Entitle(firm_, year_, table_, 50);
    GoTo(due);
  }

  const std::uint32_t table_ = NewTable();
  Firm firm_;
  int year_ = 0;
};

TEST_F(EUBlocked, Case09_BlocksSendingAloneWhileEmissionsAreMissing) {
  Case("Art. 9(2), 32, 48(2)",
       "no emissions on 1 April: transfer refused; surrender, allocation, receipt go on");
  const Firm other = NewFirm();
  GoToFirstOfApril();
  EXPECT_TRUE(Account(firm_.account).blocked());
  const Said said = Refused(firm_.proposer, &Transfers::ProposeTransfer,
                            Proposal(firm_.account, other.account, kUnit, 1));
  EXPECT_EQ(said.reason, "ACCOUNT_BLOCKED") << said.text();
  const Said at_once =
      Refused(&Transfers::CreateTransfer, Transfer(firm_.account, other.account, kUnit, 1));
  EXPECT_EQ(at_once.reason, "ACCOUNT_BLOCKED") << at_once.text();
  Do(&Compliance::Surrender, Surrender(firm_.account, kUnit, year_ - 1, 10));
  EXPECT_EQ(Allocate(year_, table_, 50).allocated(), 50);
  EXPECT_EQ(Posted(firm_.account, Allowance(year_)), 50);
  Give(firm_.account, kUnit, 7);
  EXPECT_EQ(Posted(firm_.account, kUnit), 97);
}

TEST_F(EUBlocked, Case10_OpensTheAccountWhenEmissionsAreRecorded) {
  Case("Art. 32(2)", "emissions then recorded: account open");
  const Firm other = NewFirm();
  GoToFirstOfApril();
  EXPECT_TRUE(Account(firm_.account).blocked());
  Record(firm_, year_ - 1, 10);
  EXPECT_FALSE(Account(firm_.account).blocked());
  Do(&Transfers::CreateTransfer, Transfer(firm_.account, other.account, kUnit, 1));
}

TEST_F(EU, Case11_FixesTheSymbolsOfTheFirstOfOctober) {
  Case("Art. 33, Table XIV-I",
       "surrendered 100,000; emissions 100,000 / 100,001 / none / corrected: A / B (-1) / C / A*");
  const Time frozen = Next(October / 1);
  const int year = YearOf(frozen) - 1;
  std::vector<Firm> firms;
  for (int i = 0; i < 4; ++i) {
    firms.push_back(NewFirm());
    SetYears(firms.back(), year);
    Give(firms.back().account, kUnit, 100'000);
  }
  Record(firms[0], year, 100'000);
  Record(firms[1], year, 100'001);
  Record(firms[3], year, 90'000);
  Correct(firms[3], year, 100'000);
  for (const Firm& firm : firms) {
    Do(&Compliance::Surrender, Surrender(firm.account, kUnit, year, 100'000));
  }
  GoTo(frozen);
  const pb::ComplianceEvent a = Status(firms[0], year).official();
  EXPECT_EQ(a.symbol(), pb::COMPLIANCE_SYMBOL_A);
  EXPECT_EQ(a.figure(), 0);
  EXPECT_FALSE(a.corrected());
  const pb::ComplianceEvent b = Status(firms[1], year).official();
  EXPECT_EQ(b.symbol(), pb::COMPLIANCE_SYMBOL_B);
  EXPECT_EQ(b.figure(), -1);
  EXPECT_EQ(Status(firms[2], year).official().symbol(), pb::COMPLIANCE_SYMBOL_C);
  const pb::ComplianceEvent corrected = Status(firms[3], year).official();
  EXPECT_EQ(corrected.symbol(), pb::COMPLIANCE_SYMBOL_A);
  EXPECT_TRUE(corrected.corrected());
}

// ---- Allocation ----

TEST_F(EU, Case13_AllocatesNothingToAnOpenAccountOfStatusB) {
  Case("Art. 48(2)", "open account of status B: no automatic allocation; paid once it is A");
  const int year = Year();
  const Firm firm = NewFirm();
  const std::uint32_t table = NewTable();
  SetYears(firm, year - 1);
  Give(firm.account, kUnit, 50);
  Entitle(firm, year, table, 100);
  Record(firm, year - 1, 50);
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_B);
  EXPECT_EQ(Allocate(year, table, 100).allocated(), 0);
  EXPECT_EQ(Posted(firm.account, Allowance(year)), 0);
  Do(&Compliance::Surrender, Surrender(firm.account, kUnit, year - 1, 50));
  EXPECT_EQ(Symbol(firm), pb::COMPLIANCE_SYMBOL_A);
  EXPECT_EQ(Allocate(year, table, 100).allocated(), 100);
}

TEST_F(EU, Case14_NeverPaysAnExcludedYear) {
  Case("Art. 48(3)", "excluded in one year, reopened in the next: the year is never paid");
  const int excluded = Year();
  const std::uint32_t table = NewTable();
  const Firm firm = NewFirm();
  Entitle(firm, excluded, table, 100);
  Entitle(firm, excluded + 1, table, 70);
  pb::ExcludeYearRequest exclude;
  exclude.set_name("entities/" + std::to_string(firm.entity));
  exclude.set_year(static_cast<std::uint32_t>(excluded));
  exclude.set_excluded(true);
  Do(&Accounts::ExcludeYear, exclude);
  EXPECT_EQ(Allocate(excluded, table, 100).allocated(), 0);
  GoTo(Next(January / 10));
  EXPECT_EQ(Allocate(excluded, table, 100).allocated(), 0);
  EXPECT_EQ(Allocate(excluded + 1, table, 70).allocated(), 70);
  EXPECT_EQ(Posted(firm.account, Allowance(excluded)), 0);
}

// ---- Closing ----

TEST_F(EU, Case21_KeepsAnAccountOpenThatOwesAReturnAndAClosedOneClosed) {
  Case("Art. 25(2)(e), 9(4)",
       "close with return of excess pending; credit or reopen a closed one: refused");
  const int year = Year();
  const std::uint32_t table = NewTable();
  const std::string unit = Allowance(year);
  const Firm firm = NewFirm();
  Entitle(firm, year, table, 100);
  EXPECT_EQ(Allocate(year, table, 100).allocated(), 100);
  Entitle(firm, year, table, 60);
  const std::string pool = Central(pb::ACCOUNT_KIND_ALLOCATION);
  Do(&Transfers::CreateTransfer, Transfer(firm.account, pool, unit, 100));
  pb::CloseAccountRequest close;
  close.set_name(firm.account);
  const Said owing = Refused(&Accounts::CloseAccount, close);
  EXPECT_EQ(owing.reason, "RETURN_OF_EXCESS_PENDING") << owing.text();

  Do(&Transfers::CreateTransfer, Transfer(pool, firm.account, unit, 40));
  pb::ReturnExcessRequest back;
  back.mutable_draft()->set_account(firm.account);
  back.mutable_draft()->set_target(pool);
  back.mutable_draft()->set_unit(unit);
  back.mutable_draft()->set_year(static_cast<std::uint32_t>(year));
  back.mutable_draft()->set_table(table);
  back.mutable_draft()->set_amount(40);
  Do(&Allocation::ReturnExcess, back);
  Do(&Accounts::CloseAccount, close);
  const Said credit = Refused(&Transfers::CreateTransfer, Transfer(pool, firm.account, unit, 1));
  EXPECT_EQ(credit.reason, "ACCOUNT_CLOSED") << credit.text();
  pb::UpdateAccountRequest reopen;
  reopen.mutable_draft()->set_account(firm.account);
  reopen.mutable_draft()->set_may_send(true);
  const Said reopened = Refused(&Accounts::UpdateAccount, reopen);
  EXPECT_EQ(reopened.reason, "ACCOUNT_CLOSED") << reopened.text();
}

}  // namespace
}  // namespace ets::conformance
