#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

// Two persons agree, but for transfers to trusted accounts; those are carried out from ten to four
// of a working day, others at noon of the next one, or the one after when proposed after noon.
Profile WithSecondPersons() {
  Profile law = TwoPeriods();
  law.four_eyes = true;
  law.trusted.kind = ExecutionRule::Kind::kInWindow;
  law.trusted.open_minute = 600;
  law.trusted.close_minute = 960;
  law.untrusted.kind = ExecutionRule::Kind::kAtMinute;
  law.untrusted.cutoff_minute = 720;
  law.untrusted.at_minute = 720;
  law.abort_before_minutes = 120;
  law.proposal_hours = 24;
  return law;
}

class TasksTest : public Desk {
 protected:
  TasksTest() : Desk(WithSecondPersons()) {
    Person(1);
    Person(2);
    Must(Issue{is_.holder, is_.cea25, 100});
    Until(2026, 3, 2, 9);  // A Monday.
  }
  std::uint32_t Proposes(const Command& command) { return Must(Proposal(1, command)).id; }
  Command Sale(std::int64_t amount) const {
    return Plain(is_.holder, is_.other_holder, is_.cea25, amount);
  }
  TaskState StateOf(std::uint32_t task) const { return registry_.task(task).state; }
};

TEST_F(TasksTest, KeepsReservedWhatIsProposedUntilItIsCarriedOut) {
  const std::uint32_t task = Proposes(Sale(30));
  EXPECT_EQ(task, 1U);
  EXPECT_EQ(StateOf(task), TaskState::kAwaitingApproval);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 70);
  EXPECT_EQ(registry_.holding(is_.other_holder, is_.cea25).incoming, 30);
  EXPECT_EQ(Must(ApproveTask{task, 2}).amount, 0);
  EXPECT_EQ(StateOf(task), TaskState::kDelayed);
  EXPECT_EQ(Local(registry_.task(task).execute_at).date, Date::Of(2026, 3, 3));
  Until(2026, 3, 3, 11, 59);
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 0);
  const Receipt noon = Until(2026, 3, 3, 12);
  EXPECT_EQ(noon.amount, 1);
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 30);
  EXPECT_EQ(registry_.holding(is_.holder, is_.cea25).reserved, 0);
  const TaskView done = registry_.task(task);
  EXPECT_EQ(done.state, TaskState::kCompleted);
  EXPECT_EQ(done.sequence, noon.sequence);
  EXPECT_EQ(done.initiator, 1U);
  EXPECT_EQ(done.approver, 2U);
}

TEST_F(TasksTest, NeedsAnotherPersonThanTheInitiator) {
  const std::uint32_t task = Proposes(Sale(30));
  ExpectRefused(ApproveTask{task, 1}, Refusal::kSecondPersonRequired);
  ExpectRefused(ApproveTask{task, 9}, Refusal::kPrincipalNotFound);
  ExpectRefused(ApproveTask{99, 2}, Refusal::kTaskNotFound);
  Must(ApproveTask{task, 2});
  ExpectRefused(ApproveTask{task, 2}, Refusal::kAlreadyResolved);
}

TEST_F(TasksTest, WaivesTheSecondPersonForTrustedAccounts) {
  Must(AddTrusted{is_.holder, is_.other_holder});
  const std::uint32_t early = Proposes(Sale(30));
  EXPECT_EQ(StateOf(early), TaskState::kDelayed);
  Until(2026, 3, 2, 10);
  EXPECT_EQ(StateOf(early), TaskState::kCompleted);
  const Receipt inside = Must(Proposal(1, Sale(30)));
  EXPECT_EQ(inside.amount, 1);  // Carried out already.
  EXPECT_EQ(registry_.task(inside.id).sequence, inside.sequence);
  EXPECT_EQ(registry_.task(inside.id).approver, 0U);
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 60);
}

TEST_F(TasksTest, CarriesOutAtOnceWhatTheAuthorityReceives) {
  const Receipt proposed = Must(Proposal(1, Plain(is_.holder, is_.stock, is_.cea25, 10)));
  EXPECT_EQ(proposed.amount, 1);  // Central accounts are trusted, and no delay is for them.
  EXPECT_EQ(Balance(is_.stock, is_.cea25), 10);
}

TEST_F(TasksTest, CarriesOutOtherCommandsWhenTheyAreApproved) {
  const std::uint32_t freeze = Proposes(Freeze{is_.holder, is_.cea25, 10, 0, "a court"});
  EXPECT_EQ(registry_.freeze_count(), 0U);
  EXPECT_EQ(Must(ApproveTask{freeze, 2}).amount, 1);
  EXPECT_EQ(registry_.freeze_count(), 1U);
  Must(VerifyEmissions{0, 2025, Tonnes(50)});
  const std::uint32_t surrender = Proposes(Surrender{is_.holder, is_.cea25, 2025, 50});
  EXPECT_EQ(Available(is_.holder, is_.cea25), 40);
  Must(ApproveTask{surrender, 2});
  EXPECT_EQ(registry_.compliance(0, 2025).surrendered, Tonnes(50));
  const std::uint32_t closing = Proposes(CloseAccount{is_.other_holder});
  Must(ApproveTask{closing, 2});
  EXPECT_TRUE(registry_.account(is_.other_holder).closed);
}

TEST_F(TasksTest, ReleasesWhatIsRejectedAbortedOrExpired) {
  const std::uint32_t rejected = Proposes(Sale(10));
  Must(RejectTask{rejected, 2});
  EXPECT_EQ(StateOf(rejected), TaskState::kRejected);
  ExpectRefused(RejectTask{rejected, 2}, Refusal::kAlreadyResolved);
  const std::uint32_t aborted = Proposes(Sale(20));
  Must(AbortTask{aborted, 1});
  EXPECT_EQ(StateOf(aborted), TaskState::kAborted);
  ExpectRefused(AbortTask{aborted, 1}, Refusal::kAlreadyResolved);
  const std::uint32_t expired = Proposes(Sale(30));
  EXPECT_EQ(registry_.holding(is_.holder, is_.cea25).reserved, 30);
  Until(2026, 3, 3, 8, 59);
  EXPECT_EQ(StateOf(expired), TaskState::kAwaitingApproval);
  Until(2026, 3, 3, 9);
  EXPECT_EQ(StateOf(expired), TaskState::kExpired);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
  ExpectRefused(ApproveTask{expired, 2}, Refusal::kAlreadyResolved);
  ExpectRefused(RejectTask{99, 2}, Refusal::kTaskNotFound);
  ExpectRefused(AbortTask{99, 2}, Refusal::kTaskNotFound);
  ExpectRefused(RejectTask{expired, 9}, Refusal::kPrincipalNotFound);
}

TEST_F(TasksTest, AbortsUntilTwoHoursBeforeItIsCarriedOut) {
  const std::uint32_t late = Proposes(Sale(10));
  const std::uint32_t in_time = Proposes(Sale(10));
  Must(ApproveTask{late, 2});
  Must(ApproveTask{in_time, 2});
  Until(2026, 3, 3, 10);  // Both are due at noon.
  Must(AbortTask{in_time, 1});
  Until(2026, 3, 3, 10, 1);
  ExpectRefused(AbortTask{late, 1}, Refusal::kAbortTooLate);
  Until(2026, 3, 3, 12);
  EXPECT_EQ(StateOf(late), TaskState::kCompleted);
  EXPECT_EQ(StateOf(in_time), TaskState::kAborted);
}

TEST_F(TasksTest, MovesNothingWhenItIsRefusedInTheEnd) {
  const std::uint32_t task = Proposes(Sale(30));
  Must(ApproveTask{task, 2});
  Must(SetAccount{is_.other_holder, kMaySend});
  Until(2026, 3, 3, 12);
  EXPECT_EQ(StateOf(task), TaskState::kFailed);
  EXPECT_EQ(registry_.task(task).refusal, Refusal::kAccountRestricted);
  EXPECT_EQ(registry_.task(task).sequence, 0U);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
  const std::uint32_t twice = Proposes(Unfreeze{Must(Freeze{is_.holder, is_.cea25, 1, 0, "x"}).id});
  Must(Unfreeze{1});
  EXPECT_EQ(Must(ApproveTask{twice, 2}).amount, 0);
  EXPECT_EQ(registry_.task(twice).refusal, Refusal::kFreezeNotFound);
}

TEST_F(TasksTest, ChecksWhatIsProposedBeforeAnyoneIsAsked) {
  ExpectRefused(Proposal(1, Sale(101)), Refusal::kInsufficientHolding);
  EXPECT_EQ(registry_.detail().asked, 101);
  // The first broken rule of the proposal and of what it proposes together.
  ExpectRefused(Proposal(9, Sale(101)), Refusal::kPrincipalNotFound);
  ExpectRefused(Proposal(9, Plain(AccountId(999), is_.holder, is_.cea25, 1)),
                Refusal::kAccountNotFound);
  EXPECT_EQ(registry_.task_count(), 0U);
}

TEST_F(TasksTest, TakesNoProposalOfAProposalOrOfNonsense) {
  ExpectRefused(Proposal(1, Proposal(1, Sale(1))), Refusal::kValueInvalid);
  ExpectRefused(Proposal(1, OpenAccount{AccountKind::kHolder, 7}), Refusal::kValueInvalid);
  ExpectRefused(Propose{1, 6, "short"}, Refusal::kValueInvalid);
  ExpectRefused(Propose{1, 999, ""}, Refusal::kValueInvalid);
}

TEST_F(TasksTest, KnowsOnlyPeopleWhoAreActive) {
  Must(SetPrincipal{2, Role::kHolder, false, "gone", {}});
  const std::uint32_t task = Proposes(Sale(1));
  ExpectRefused(ApproveTask{task, 2}, Refusal::kPrincipalNotFound);
  ExpectRefused(AbortTask{task, 2}, Refusal::kPrincipalNotFound);
}

TEST_F(TasksTest, FallsWithTheVintageItWouldMove) {
  const std::uint32_t task = Proposes(Sale(30));
  Must(ApproveTask{task, 2});
  Must(ExpireLedger{is_.cea25});
  EXPECT_EQ(StateOf(task), TaskState::kAborted);
  EXPECT_EQ(Until(2026, 3, 4).amount, 0);
}

TEST_F(TasksTest, CountsAReversalsDaysToTheProposal) {
  Profile law = WithSecondPersons();
  law.reverse_surrender_days = 10;
  law.reversal_in_working_days = true;
  law.reversal_keeps_compliance = false;
  law.proposal_hours = 0;
  Under(law);
  Person(1);
  Person(2);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(50)});
  Until(2026, 3, 2, 9);
  const std::uint64_t surrender = Must(Surrender{is_.holder, is_.cea25, 2025, 50}).sequence;
  Until(2026, 3, 16, 9);  // The tenth working day after.
  const std::uint32_t task = Proposes(ReverseTransfer{surrender, 0});
  Until(2026, 3, 20, 9);
  ExpectRefused(Proposal(1, ReverseTransfer{surrender, 0}), Refusal::kReversalWindowPassed);
  EXPECT_EQ(Must(ApproveTask{task, 2}).amount, 1);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 100);
}

// 17 CCR 95921(a): a second representative within two days, the receiver within three of the
// submission.
class ReceiverTest : public TasksTest {
 protected:
  void SetUp() override {
    Profile law = TwoPeriods();
    law.four_eyes = true;
    law.trusted_waives_approval = false;
    law.receiver_accepts = true;
    law.proposal_hours = 48;
    law.acceptance_hours = 72;
    Under(law);
    for (const std::uint32_t person : {1U, 2U, 3U}) Person(person);
    Must(Issue{is_.holder, is_.cea25, 100});
    Until(2026, 3, 2, 9);
  }
};

TEST_F(ReceiverTest, MovesWhatTheReceiverAccepts) {
  const std::uint32_t task = Proposes(Sale(30));
  EXPECT_EQ(Must(ApproveTask{task, 2}).amount, 0);
  EXPECT_EQ(StateOf(task), TaskState::kAwaitingReceiver);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 70);
  ExpectRefused(ApproveTask{task, 1}, Refusal::kSecondPersonRequired);
  EXPECT_EQ(Must(ApproveTask{task, 3}).amount, 1);
  EXPECT_EQ(StateOf(task), TaskState::kCompleted);
  EXPECT_EQ(registry_.task(task).approver, 2U);
  EXPECT_EQ(registry_.task(task).accepter, 3U);
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 30);
  ExpectRefused(ApproveTask{task, 3}, Refusal::kAlreadyResolved);
}

TEST_F(ReceiverTest, ReleasesWhatTheReceiverRejectsOrLeavesForThreeDays) {
  const std::uint32_t rejected = Proposes(Sale(10));
  Must(ApproveTask{rejected, 2});
  Must(RejectTask{rejected, 3});
  EXPECT_EQ(StateOf(rejected), TaskState::kRejected);
  const std::uint32_t aborted = Proposes(Sale(10));
  Must(ApproveTask{aborted, 2});
  Must(AbortTask{aborted, 1});
  const std::uint32_t left = Proposes(Sale(20));
  Until(2026, 3, 3, 9);
  Must(ApproveTask{left, 2});
  Until(2026, 3, 5, 8, 59);
  EXPECT_EQ(StateOf(left), TaskState::kAwaitingReceiver);
  Until(2026, 3, 5, 9);
  EXPECT_EQ(StateOf(left), TaskState::kExpired);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
}

TEST_F(ReceiverTest, AsksNobodyBetweenAccountsOfOneFirm) {
  const AccountId own = Opens(AccountKind::kTrading, 0);
  const std::uint32_t task = Proposes(Plain(is_.holder, own, is_.cea25, 30));
  EXPECT_EQ(Must(ApproveTask{task, 2}).amount, 1);
  EXPECT_EQ(Balance(own, is_.cea25), 30);
}

TEST_F(ReceiverTest, IsAskedForWhatWaitedWhenItsLawBegan) {
  Profile before = registry_.profile();
  before.receiver_accepts = false;
  before.untrusted.kind = ExecutionRule::Kind::kAtMinute;
  Must(BeginBranch{"before", {}, ProfileText(before)});
  const std::uint32_t task = Proposes(Sale(30));
  Must(ApproveTask{task, 2});
  EXPECT_EQ(StateOf(task), TaskState::kDelayed);
  before.receiver_accepts = true;
  Must(BeginBranch{"after", {}, ProfileText(before)});
  Until(2026, 3, 5);
  EXPECT_EQ(StateOf(task), TaskState::kFailed);
  EXPECT_EQ(registry_.task(task).refusal, Refusal::kSecondPersonRequired);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
}

// Reg. (EU) 2019/1122 Art. 35(3): all transfers from the auction delivery account.
TEST_F(TasksTest, WhatWasWonAtAuctionIsDeliveredLikeWhatGoesToNoTrustedAccount) {
  Profile law = WithSecondPersons();
  law.auction_delivery_waits = true;
  Under(law);
  Person(1);
  Person(2);
  const AccountId delivery = Opens(AccountKind::kAuctionDelivery);
  Must(Issue{delivery, is_.cea25, 100});
  Until(2026, 3, 2, 11, 59);
  const std::uint32_t task = Proposes(Plain(delivery, is_.holder, is_.cea25, 30));
  Must(ApproveTask{task, 2});
  EXPECT_EQ(StateOf(task), TaskState::kDelayed);
  Until(2026, 3, 3, 12);
  EXPECT_EQ(StateOf(task), TaskState::kCompleted);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 30);
}

}  // namespace
}  // namespace ets::registry
