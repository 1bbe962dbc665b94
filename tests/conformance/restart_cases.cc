// Cases that kill, damage or stop a server: each has one of its own.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/conformance/damage.h"
#include "tests/conformance/world.h"

namespace ets::conformance {
namespace {

using std::chrono::milliseconds;

class SIMRestart : public SIM {
 protected:
  void Own() {
    server_ = NewServer({"--clock", "manual", "--start", "2026-03-02"});
    Use(*server_);
    for (const auto kind : {pb::ACCOUNT_KIND_ISSUANCE, pb::ACCOUNT_KIND_BANK}) Central(kind);
    firm_ = NewFirm();
    other_ = NewFirm();
    Give(firm_.account, unit_, 1'000);
  }
  void Again() {
    ASSERT_TRUE(server_->Start()) << server_->said();
    Use(*server_);
  }
  void Move(std::int64_t amount) const {
    Do(&Transfers::CreateTransfer, Transfer(firm_.account, other_.account, unit_, amount));
  }
  // It must not serve what it has, and say why.
  void ExpectNotServed(const std::string& reason) {
    EXPECT_FALSE(server_->Start()) << "it serves what was damaged";
    EXPECT_NE(server_->exit_code(), 0);
    EXPECT_NE(server_->said().find(reason), std::string::npos) << server_->said();
  }

  const std::string unit_ = "CEA-2026";
  std::unique_ptr<Server> server_;
  Firm firm_, other_;
};

TEST_F(SIMRestart, Case49_AppliesARequestOnceHoweverOftenItIsSentAndAcrossAKill) {
  Case("3.4 idempotency",
       "same id x5 across kill -9: one effect, equal answers; other bytes: "
       "REQUEST_ID_REUSED");
  if (!MayStartServers()) GTEST_SKIP() << "starts servers of its own";
  Own();
  pb::CreateTransferRequest request = Transfer(firm_.account, other_.account, unit_, 7);
  request.set_request_id(NewRequestId());
  pb::CreateTransferRequest refusal = Transfer(firm_.account, other_.account, unit_, 5'000);
  refusal.set_request_id(NewRequestId());
  std::vector<std::string> answers, refusals;
  for (int time = 0; time < 5; ++time) {
    if (time == 2 || time == 4) {
      server_->Kill();
      ASSERT_NO_FATAL_FAILURE(Again());
    }
    answers.push_back(Do(&Transfers::CreateTransfer, request)->SerializeAsString());
    const auto refused = operator_.Ask(&Transfers::CreateTransfer, refusal);
    EXPECT_EQ(refused.said().reason, "INSUFFICIENT_HOLDING") << refused.said().text();
    refusals.push_back(refused.status.error_message() + refused.status.error_details());
    if (time == 0) Move(993);  // Stored outcomes are of then, whatever is there by now.
  }
  for (const std::string& answer : answers) EXPECT_EQ(answer, answers.front());
  for (const std::string& answer : refusals) EXPECT_EQ(answer, refusals.front());
  EXPECT_EQ(Posted(other_.account, unit_), 1'000);
  request.mutable_transfer()->set_amount(8);
  const Said said = Refused(&Transfers::CreateTransfer, request);
  EXPECT_EQ(said.reason, "REQUEST_ID_REUSED") << said.text();
}

// ---- Damage ----

TEST_F(SIMRestart, Case53_DoesNotServeAJournalWithAFlippedByte) {
  Case("a promise of durability", "one WAL byte flipped: refuses to serve, DATA_LOSS");
  if (!MayStartServers()) GTEST_SKIP() << "starts servers of its own";
  Own();
  for (int i = 0; i < 20; ++i) Move(1);
  server_->Kill();
  FlipAByte(NewestLog(server_->data()));
  ExpectNotServed("CHAIN_BROKEN");
}

TEST_F(SIMRestart, Case53_DoesNotServeAJournalThatIsGone) {
  Case("a promise of durability", "WAL deleted: refuses to serve, ANCHOR_AHEAD");
  if (!MayStartServers()) GTEST_SKIP() << "starts servers of its own";
  Own();
  Move(1);
  server_->Kill();
  std::filesystem::remove(NewestLog(server_->data()));
  ExpectNotServed("ANCHOR_AHEAD");
}

TEST_F(SIMRestart, Case53_DoesNotServeAJournalThatEndsAtAnEarlierRecord) {
  Case("a promise of durability", "WAL cut at a record boundary: refuses to serve, ANCHOR_AHEAD");
  if (!MayStartServers()) GTEST_SKIP() << "starts servers of its own";
  Own();
  for (int i = 0; i < 20; ++i) Move(1);
  server_->Kill();
  CutLastRecord(NewestLog(server_->data()));
  ExpectNotServed("ANCHOR_AHEAD");
}

TEST_F(SIMRestart, Case53_GoesOnAfterAKillThatDamagedNothing) {
  Case("a promise of durability", "killed, nothing damaged: the same chain head is served");
  if (!MayStartServers()) GTEST_SKIP() << "starts servers of its own";
  Own();
  for (int i = 0; i < 20; ++i) Move(1);
  const auto before = Registry();
  server_->Kill();
  ASSERT_NO_FATAL_FAILURE(Again());
  EXPECT_EQ(Registry().chain_head(), before.chain_head());
  EXPECT_EQ(Registry().state_hash(), before.state_hash());
}

// ---- Reconciliation ----

TEST_F(UK, Case39_RestrictsOnlyTheAccountThatDiffersFromTheAuditor) {
  Case("reconciliation feature",
       "one total differs by 1: only that account restricted, others trade after the run");
  const Firm differing = NewFirm();
  const Firm agreeing = NewFirm();
  const std::string unit = "CEA-2026";
  Give(differing.account, unit, 100);
  Give(agreeing.account, unit, 100);
  pb::ReconcileRequest request;
  for (const auto& [account, amount] :
       {std::pair(differing.account, 101), std::pair(agreeing.account, 100)}) {
    pb::AuditorBalance* const balance = request.add_auditor_balances();
    balance->set_account(account);
    balance->set_unit(unit);
    balance->set_amount(amount);
  }
  const auto run = Do(&Admin::Reconcile, request);
  ASSERT_EQ(run->mismatches_size(), 1);
  EXPECT_EQ(run->mismatches(0).account(), differing.account);
  EXPECT_EQ(run->mismatches(0).recorded(), 100);
  EXPECT_EQ(run->mismatches(0).recomputed(), 101);
  const pb::Account restricted = Account(differing.account);
  EXPECT_FALSE(restricted.may_send() || restricted.may_receive() || restricted.may_surrender());
  const pb::Account free = Account(agreeing.account);
  EXPECT_TRUE(free.may_send() && free.may_receive() && free.may_surrender());
  const Said said =
      Refused(&Transfers::CreateTransfer,
              Transfer(differing.account, Central(pb::ACCOUNT_KIND_AUCTION_STOCK), unit, 1));
  EXPECT_EQ(said.reason, "ACCOUNT_SUSPENDED") << said.text();
  Do(&Transfers::CreateTransfer,
     Transfer(agreeing.account, Central(pb::ACCOUNT_KIND_AUCTION_STOCK), unit, 1));
}

TEST_F(UK, Case39_TakesNoFiguresOfAnAccountThatIsNotThere) {
  Case("reconciliation feature", "an auditor names an unknown account: refused, none restricted");
  const Firm differing = NewFirm();
  Give(differing.account, "CEA-2026", 100);
  pb::ReconcileRequest request;
  for (const std::string& account : {differing.account, std::string("accounts/4000000000")}) {
    pb::AuditorBalance* const balance = request.add_auditor_balances();
    balance->set_account(account);
    balance->set_unit("CEA-2026");
    balance->set_amount(101);
  }
  const Said said = Refused(&Admin::Reconcile, request);
  EXPECT_EQ(said.reason, "ACCOUNT_NOT_FOUND") << said.text();
  EXPECT_TRUE(Account(differing.account).may_send());
}

TEST_F(UK, Case39_LetsMutationsWaitWhileItReconciles) {
  Case("check 3016", "writes during the run: UNAVAILABLE, RECONCILIATION_IN_PROGRESS");
  const Said said = SaidWhileReconciling();
  EXPECT_EQ(said.code, grpc::StatusCode::UNAVAILABLE) << said.text();
  EXPECT_EQ(said.reason, "RECONCILIATION_IN_PROGRESS") << said.text();
  EXPECT_EQ(said.metadata.at("uk_code"), "3016");
}

}  // namespace
}  // namespace ets::conformance
