// Reasons that the server gives before the law is asked, or because it cannot serve.

#include <chrono>
#include <csignal>
#include <memory>
#include <vector>

#include "tests/conformance/damage.h"
#include "tests/conformance/reasons.h"

namespace ets::conformance {
namespace {

using namespace std::literals;

constexpr const char* kUnit = "CEA-2026";

// ---- Who asks ----

Said Unauthenticated(World& w) {
  return w.Refused(w.operator_.As("a token that nobody has"), &Admin::GetRegistry,
                   pb::GetRegistryRequest());
}

Said RoleRequired(World& w) {
  const Firm firm = w.NewFirm();
  w.Open(kUnit);
  pb::IssueAllowancesRequest issue;
  issue.mutable_draft()->set_account(firm.account);
  issue.mutable_draft()->set_unit(kUnit);
  issue.mutable_draft()->set_amount(1);
  return w.Refused(firm.proposer, &Units::IssueAllowances, issue);
}

Said ProposalRequired(World& w) {
  const Firm firm = w.NewFirm();
  const Firm other = w.NewFirm();
  w.Give(firm.account, kUnit, 10);
  return w.Refused(firm.proposer, &Transfers::CreateTransfer,
                   World::Transfer(firm.account, other.account, kUnit, 1));
}

Said RateLimited(World& w) {
  const Client person = w.NewPerson(pb::ROLE_AUDITOR);
  for (int call = 0; call < 1'000; ++call) {
    const auto answer = person.Ask(&Admin::GetRegistry, pb::GetRegistryRequest());
    if (!answer.ok()) return answer.said();
  }
  return {};
}

// ---- What is asked ----

Said FieldInvalid(World& w) {
  pb::GetAccountRequest request;
  request.set_name("accounts/twelve");
  return w.Refused(&Accounts::GetAccount, request);
}

Said CheckDigitsInvalid(World& w) {
  std::string number = w.Account(w.Central(pb::ACCOUNT_KIND_ALLOCATION)).number();
  char& last = number.back();
  last = last == '9' ? '0' : static_cast<char>(last + 1);
  pb::GetAccountRequest request;
  request.set_name("accounts/" + number);
  return w.Refused(&Accounts::GetAccount, request);
}

Said RequestIdInvalid(World& w) {
  pb::CreateAccountRequest request;
  request.set_kind(pb::ACCOUNT_KIND_TREASURY);
  request.set_request_id("the first one");
  return w.Refused(&Accounts::CreateAccount, request);
}

Said RequestIdReused(World& w) {
  pb::CreateAccountRequest request;
  request.set_kind(pb::ACCOUNT_KIND_TREASURY);
  request.set_request_id(NewRequestId());
  w.Do(&Accounts::CreateAccount, request);
  request.set_kind(pb::ACCOUNT_KIND_FEES);
  return w.Refused(&Accounts::CreateAccount, request);
}

Said PageTokenInvalid(World& w) {
  pb::ListAccountsRequest request;
  request.set_page_token("the next one");
  return w.Refused(&Accounts::ListAccounts, request);
}

Said AsOfOutOfRange(World& w) {
  pb::GetAccountRequest request;
  request.set_name(w.Central(pb::ACCOUNT_KIND_ALLOCATION));
  request.set_sequence(w.Registry().sequence() + 1'000'000);
  return w.Refused(&Accounts::GetAccount, request);
}

Said BranchNotFound(World& w) {
  std::string name = w.Registry().name();
  name.resize(name.rfind('/'));
  pb::GetRegistryRequest request;
  request.set_parent(name + "/no-such-branch");
  return w.Refused(&Admin::GetRegistry, request);
}

Said BranchExists(World& w) {
  pb::ForkBranchRequest request;
  request.set_branch_id("twice-" + std::to_string(NewNumber()));
  w.Do(&Admin::ForkBranch, request);
  request.set_at_sequence(1);  // From elsewhere; the same again is answered as before.
  return w.Refused(&Admin::ForkBranch, request);
}

Said EtagMismatch(World& w) {
  const Firm firm = w.NewFirm();
  pb::CloseAccountRequest close;
  close.set_name(firm.account);
  close.set_etag(w.Account(firm.account).etag());
  w.SetMay(firm.account, false, true, true, false);
  return w.Refused(&Accounts::CloseAccount, close);
}

// ---- What kind of server it is ----

Said ReadOnly(World& w) {
  const auto server = w.NewServer({"--clock", "manual"});
  server->Stop();
  EXPECT_TRUE(server->Start({"--read-only"})) << server->said();
  w.Use(*server);
  pb::CreateAccountRequest request;
  request.set_kind(pb::ACCOUNT_KIND_TREASURY);
  return w.Refused(&Accounts::CreateAccount, request);
}

Said ClockNotManual(World& w) {
  const auto server = w.NewServer({"--clock", "real"});
  w.Use(*server);
  pb::AdvanceTimeRequest request;
  *request.mutable_to_time() = ToTimestamp(w.Now() + 1h);
  return w.Refused(&Admin::AdvanceTime, request);
}

Said ReconciliationInProgress(World& w) { return w.SaidWhileReconciling(); }

// ---- Streams and patience ----

// An open watch of transfers, from the first record on.
class Watch {
 public:
  Watch(const Client& client, std::chrono::milliseconds patience) : stub_(client.channel()) {
    client.Prepare(context_, patience);
    pb::WatchTransfersRequest request;
    request.set_from_sequence(1);
    reader_ = stub_.WatchTransfers(&context_, request);
  }
  bool Read() {
    pb::WatchTransfersResponse message;
    return reader_->Read(&message);
  }
  void Cancel() { context_.TryCancel(); }
  // How it ended.
  Said End() {
    while (Read()) {
    }
    return SaidBy(reader_->Finish());
  }

 private:
  grpc::ClientContext context_;
  pb::TransferService::Stub stub_;
  std::unique_ptr<grpc::ClientReader<pb::WatchTransfersResponse>> reader_;
};

Said Overloaded(World& w) {
  w.Give(w.NewFirm().account, kUnit, 1);  // So that a watch has something to tell.
  std::vector<std::unique_ptr<Watch>> watches;
  Said said;
  for (int i = 0; i < 200 && said.code == grpc::StatusCode::OK; ++i) {
    watches.push_back(std::make_unique<Watch>(w.operator_, 30s));
    if (!watches.back()->Read()) said = watches.back()->End();
  }
  for (const auto& watch : watches) watch->Cancel();
  for (const auto& watch : watches) {
    if (watch != watches.back()) watch->End();
  }
  return said;
}

Said DeadlineExceeded(World& w) {
  const Said said = Watch(w.operator_, 100ms).End();
  w.Registry();  // It keeps serving.
  return said;
}

Said CallerGone(World& w) {
  w.Give(w.NewFirm().account, kUnit, 1);
  Watch watch(w.operator_, 30s);
  EXPECT_TRUE(watch.Read());
  watch.Cancel();
  const Said said = watch.End();
  w.Registry();  // It keeps serving.
  return said;
}

// ---- A server in trouble, each its own ----

std::unique_ptr<Server> NewBusyServer(World& w) {
  auto server = w.NewServer({"--clock", "manual", "--start", "2026-03-02"});
  w.Use(*server);
  w.Central(pb::ACCOUNT_KIND_ISSUANCE);
  for (int i = 0; i < 5; ++i) w.Give(w.Central(pb::ACCOUNT_KIND_ALLOCATION), kUnit, 100);
  w.Give(w.NewFirm().account, kUnit, 1);
  return server;
}

Said NotServing(World& w) {
  const auto server = NewBusyServer(w);
  Watch watch(w.operator_, 30s);
  EXPECT_TRUE(watch.Read());
  server->Signal(SIGTERM);
  const Said said = watch.End();
  EXPECT_EQ(server->Wait(), 0) << server->said();
  return said;
}

Said WritesStopped(World& w) {
  const auto server = NewBusyServer(w);
  server->LimitFileSize(1);
  pb::CreateAccountRequest request;
  request.set_kind(pb::ACCOUNT_KIND_TREASURY);
  const Said said = w.operator_.Ask(&Accounts::CreateAccount, request).said();
  w.operator_ = Client();  // A connection that nobody looks at would hold its end up.
  EXPECT_NE(server->Wait(), 0) << "it goes on with a disk that takes nothing";
  return said;
}

Said ChainBroken(World& w) {
  const auto server = NewBusyServer(w);
  FlipAByte(NewestLog(server->data()));
  return w.operator_.Ask(&Admin::VerifyChain, pb::VerifyChainRequest()).said();
}

Said AnchorAhead(World& w) {
  const auto server = NewBusyServer(w);
  CutLastRecord(NewestLog(server->data()));
  return w.operator_.Ask(&Admin::VerifyChain, pb::VerifyChainRequest()).said();
}

constexpr ReasonCase kCases[] = {
    {"UNAUTHENTICATED", "sim", "a token that nobody has", Unauthenticated},
    {"ROLE_REQUIRED", "sim", "a holder issues", RoleRequired},
    {"FIELD_INVALID", "sim", "a name that is none", FieldInvalid},
    {"REQUEST_ID_INVALID", "sim", "a request_id that is no UUID", RequestIdInvalid},
    {"REQUEST_ID_REUSED", "sim", "an id, used again for another request", RequestIdReused},
    {"CHECK_DIGITS_INVALID", "uk", "a display number with a wrong digit", CheckDigitsInvalid},
    {"PAGE_TOKEN_INVALID", "sim", "a page_token of nobody's", PageTokenInvalid},
    {"BRANCH_NOT_FOUND", "sim", "a branch that is not there", BranchNotFound},
    {"BRANCH_EXISTS", "sim", "two forks of one name", BranchExists},
    {"AS_OF_OUT_OF_RANGE", "sim", "a state that is not reached", AsOfOutOfRange},
    {"ETAG_MISMATCH", "sim", "an account that has changed since it was read", EtagMismatch},
    {"READ_ONLY", "sim", "a change where only reads are served", ReadOnly, true},
    {"PROPOSAL_REQUIRED", "eu", "a representative transfers at once", ProposalRequired},
    {"CLOCK_NOT_MANUAL", "sim", "time moved where it moves by itself", ClockNotManual, true},
    {"RECONCILIATION_IN_PROGRESS", "uk", "a change during a reconciliation",
     ReconciliationInProgress},
    {"RATE_LIMITED", "sim", "a person asks without end", RateLimited},
    {"OVERLOADED", "sim", "too many open watches", Overloaded},
    {"NOT_SERVING", "sim", "a watch when the server ends", NotServing, true},
    {"WRITES_STOPPED", "sim", "a change when the disk takes nothing more", WritesStopped, true},
    {"DEADLINE_EXCEEDED", "sim", "a watch that outlives its deadline", DeadlineExceeded, false,
     Heard::kByClientItself},
    {"CALLER_GONE", "sim", "a caller that goes away in mid-stream", CallerGone, false,
     Heard::kByClientItself},
    {"CHAIN_BROKEN", "sim", "VerifyChain after a byte of the journal flipped", ChainBroken, true},
    {"ANCHOR_AHEAD", "sim", "VerifyChain after the journal lost its last record", AnchorAhead,
     true},
};

}  // namespace

std::span<const ReasonCase> EdgeReasonCases() { return kCases; }

}  // namespace ets::conformance
