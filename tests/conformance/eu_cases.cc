// The European Union: Regulation (EU) 2019/1122, of which "Art." is an article.

#include "tests/conformance/world.h"

namespace ets::conformance {
namespace {

using namespace std::literals;
using std::chrono::days;
using std::chrono::Friday;
using std::chrono::Monday;
using std::chrono::Tuesday;

constexpr const char* kUnit = "CEA-2025";

// ---- Transfers ----

class EUTransfers : public EU {
 protected:
  // A firm with units, and another that is on its trusted list already.
  void SetUpTrusting() {
    seller_ = NewFirm();
    buyer_ = NewFirm();
    Give(seller_.account, kUnit, 100);
    Trust(seller_, buyer_.account);
  }
  // The same without a list, which the seller may leave.
  void SetUpOutsideTheList() {
    seller_ = NewFirm();
    buyer_ = NewFirm();
    Give(seller_.account, kUnit, 100);
    LeaveTrustedList(seller_);
  }
  std::string Propose(std::int64_t amount) const {
    return Good(seller_.proposer.Ask(&Transfers::ProposeTransfer,
                                     Proposal(seller_.account, buyer_.account, kUnit, amount)))
        ->task();
  }
  void ExpectDelayedUntil(const std::string& task, Time due) const {
    const pb::Task delayed = Task(task);
    EXPECT_EQ(delayed.state(), pb::TASK_STATE_DELAYED);
    EXPECT_EQ(TimeOf(delayed.execute_time()), due);
    GoTo(due - 1s);
    EXPECT_EQ(Task(task).state(), pb::TASK_STATE_DELAYED);
    GoTo(due);
    EXPECT_EQ(Task(task).state(), pb::TASK_STATE_COMPLETED);
  }

  Firm seller_, buyer_;
};

TEST_F(EUTransfers, Case01_CompletesATransferToATrustedAccountWithinTheHoursAtOnce) {
  Case("Art. 35(2)", "approved Tue 11:00: COMPLETED at 11:00");
  SetUpTrusting();
  const Time eleven = Next(Tuesday, 11, 0);
  GoTo(eleven);
  const pb::Task task = Task(Propose(10));
  EXPECT_EQ(task.state(), pb::TASK_STATE_COMPLETED);
  EXPECT_EQ(TimeOf(task.execute_time()), eleven);
  EXPECT_EQ(Posted(buyer_.account, kUnit), 10);
}

TEST_F(EUTransfers, Case02_CarriesOutOnMondayWhatCameOnFridayAfternoon) {
  Case("Art. 35(2)", "Fri 16:30: executes Mon 10:00");
  SetUpTrusting();
  const Time friday = Next(Friday, 16, 30);
  GoTo(friday);
  const std::string task = Propose(10);
  EXPECT_EQ(Posted(buyer_.account, kUnit), 0);
  ExpectDelayedUntil(task, Next(Monday, 10, 0));
  EXPECT_EQ(Posted(buyer_.account, kUnit), 10);
}

TEST_F(EUTransfers, Case03_CarriesOutAtTenWhatCameAMinuteBefore) {
  Case("Art. 35(2)", "Tue 09:59: executes Tue 10:00");
  SetUpTrusting();
  GoTo(Next(Tuesday, 9, 59));
  ExpectDelayedUntil(Propose(10), Next(Tuesday, 10, 0));
}

TEST_F(EUTransfers, Case04_DelaysATransferOutsideTheListThatCameBeforeNoonToTheNextNoon) {
  Case("Art. 35(3)", "Mon 11:59: Tue 12:00; units pending meanwhile");
  SetUpOutsideTheList();
  GoTo(Next(Monday, 11, 59));
  const std::string task = Propose(60);
  Approve(seller_.approver, task);
  EXPECT_EQ(Holding(seller_.account, kUnit).reserved(), 60);
  EXPECT_EQ(Holding(seller_.account, kUnit).available(), 40);
  EXPECT_EQ(Holding(buyer_.account, kUnit).incoming(), 60);
  ExpectDelayedUntil(task, Next(Tuesday, 12, 0));
  EXPECT_EQ(Holding(seller_.account, kUnit).reserved(), 0);
  EXPECT_EQ(Posted(buyer_.account, kUnit), 60);
}

TEST_F(EUTransfers, Case04_DelaysATransferOutsideTheListThatCameAfterNoonByTwoWorkingDays) {
  Case("Art. 35(3)", "Mon 12:01: Wed 12:00; units pending meanwhile");
  SetUpOutsideTheList();
  GoTo(Next(Monday, 12, 1));
  const std::string task = Propose(60);
  Approve(seller_.approver, task);
  EXPECT_EQ(Holding(seller_.account, kUnit).reserved(), 60);
  ExpectDelayedUntil(task, Next(std::chrono::Wednesday, 12, 0));
  EXPECT_EQ(Posted(buyer_.account, kUnit), 60);
}

TEST_F(EUTransfers, Case07_RefusesAnOperatorsTransferToAnAccountNotOnItsList) {
  Case("Art. 55(2)", "NOT_ON_TRUSTED_LIST, nothing pending");
  seller_ = NewFirm();
  buyer_ = NewFirm();
  Give(seller_.account, kUnit, 100);
  const Said said = Refused(seller_.proposer, &Transfers::ProposeTransfer,
                            Proposal(seller_.account, buyer_.account, kUnit, 10));
  EXPECT_EQ(said.reason, "NOT_ON_TRUSTED_LIST") << said.text();
  EXPECT_EQ(Holding(seller_.account, kUnit).reserved(), 0);
}

TEST_F(EUTransfers, Case20_AbortsAProcessThatIsUnfinishedAfterADay) {
  Case("Art. 74(1)", "unfinished 24 h after communication: aborted, reservation released");
  SetUpOutsideTheList();
  const Time proposed = Next(Monday, 10, 0);
  GoTo(proposed);
  const std::string task = Propose(60);
  GoTo(proposed + 24h - 1s);
  EXPECT_EQ(Task(task).state(), pb::TASK_STATE_AWAITING_APPROVAL);
  EXPECT_EQ(Holding(seller_.account, kUnit).reserved(), 60);
  GoTo(proposed + 24h);
  EXPECT_EQ(Task(task).state(), pb::TASK_STATE_EXPIRED);
  EXPECT_EQ(Holding(seller_.account, kUnit).reserved(), 0);
  EXPECT_EQ(Holding(seller_.account, kUnit).available(), 100);
}

TEST_F(EUTransfers, Case22_LetsNobodyApproveTheirOwnTransfer) {
  Case("Art. 20(2)", "initiator approves own transfer: SECOND_PERSON_REQUIRED");
  SetUpOutsideTheList();
  const auto proposed = Good(seller_.approver.Ask(
      &Transfers::ProposeTransfer, Proposal(seller_.account, buyer_.account, kUnit, 10)));
  pb::ApproveTaskRequest own;
  own.set_name(proposed->task());
  const Said said = Refused(seller_.approver, &Transfers::ApproveTask, own);
  EXPECT_EQ(said.reason, "SECOND_PERSON_REQUIRED") << said.text();
  EXPECT_EQ(Task(proposed->task()).state(), pb::TASK_STATE_AWAITING_APPROVAL);
}

TEST_F(EUTransfers, Case22_NeedsNoSecondPersonForATrustedAccount) {
  Case("Art. 20(4)", "same to trusted account with waiver: allowed");
  SetUpTrusting();
  GoTo(Next(Tuesday, 11, 0));
  const pb::Task task = Task(Propose(10));
  EXPECT_EQ(task.state(), pb::TASK_STATE_COMPLETED);
  EXPECT_TRUE(task.approver().empty());
}

// ---- Units ----

TEST_F(EU, Case17_RestoresQuantityAndTypeOfADeletion) {
  Case("Art. 58(8)", "quantity and type restored; serial identity not required");
  const Firm firm = NewFirm();
  const Firm other = NewFirm();
  Give(firm.account, kUnit, 100);
  const std::int64_t cancelled = Ledger(kUnit).cancelled();
  const auto deletion = Do(&Units::Cancel, Cancel(firm.account, kUnit, 40));
  EXPECT_EQ(Ledger(kUnit).cancelled(), cancelled + 40);
  Give(other.account, kUnit, 40);  // Serials go on; nobody minds which come back.
  GoTo(Now() + days(14));
  pb::ReverseTransferRequest reverse;
  reverse.set_name(FirstTransferOf(deletion->sequence()));
  Do(&Transfers::ReverseTransfer, reverse);
  EXPECT_EQ(Posted(firm.account, kUnit), 100);
  EXPECT_EQ(Ledger(kUnit).cancelled(), cancelled);
}

TEST_F(EU, Case18_KeepsFuelSuppliersUnitsOutOfInstallationsAccounts) {
  Case("Art. 36(5)", "surrender or receive a Chapter IVa unit: UNIT_TYPE_NOT_HOLDABLE");
  const Firm supplier = NewFirm(pb::ACCOUNT_KIND_REGULATED_ENTITY);
  const Firm installation = NewFirm();
  LeaveTrustedList(supplier);
  Give(supplier.account, "RET-2027", 10);
  const Said receive = Refused(&Transfers::CreateTransfer,
                               Transfer(supplier.account, installation.account, "RET-2027", 1));
  EXPECT_EQ(receive.reason, "UNIT_TYPE_NOT_HOLDABLE") << receive.text();
  const Said surrender =
      Refused(&Compliance::Surrender, Surrender(installation.account, "RET-2027", 2027, 1));
  EXPECT_EQ(surrender.reason, "UNIT_TYPE_NOT_HOLDABLE") << surrender.text();
}

TEST_F(EU, Case19_TakesNoCountryCodedUnitForSurrender) {
  Case("Art. 56(5)", "UNIT_NOT_ELIGIBLE_FOR_SURRENDER");
  const Firm firm = NewFirm();
  Give(firm.account, "CCU-2025", 10);
  const Said said =
      Refused(&Compliance::Surrender, Surrender(firm.account, "CCU-2025", Year(), 10));
  EXPECT_EQ(said.reason, "UNIT_NOT_ELIGIBLE_FOR_SURRENDER") << said.text();
  EXPECT_EQ(Posted(firm.account, "CCU-2025"), 10);
}

}  // namespace
}  // namespace ets::conformance
