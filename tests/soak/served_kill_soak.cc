// A served registry is killed with -9 at random instants while clients pay each other. Every client
// sends a request again, with the same id, until it is answered; at times it sends copies at once,
// or one from long ago. Whatever happens: one effect a request, equal answers to equal ids, and no
// answer is ever taken back.

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "store/soak/soak.h"
#include "tests/serve_process.h"

namespace ets {
namespace {

namespace fs = std::filesystem;
namespace pb = ::ets::registry::v1;
using std::chrono::milliseconds;
using store::soak::Case;

constexpr int kKills = 12;
constexpr std::uint64_t kClients = 8;
constexpr std::uint64_t kFirms = 6;
constexpr std::uint64_t kLifeMillisMax = 700;
constexpr std::int64_t kPurse = 100'000;
constexpr std::uint32_t kFirstFirm = 1;  // accounts/0 is the bank.

std::string AccountName(std::uint64_t firm) {
  return "accounts/" + std::to_string(kFirstFirm + firm);
}

// What a request was, and everything that was ever answered to it.
struct Request {
  pb::CreateTransferRequest message;
  std::uint64_t from = 0, to = 0;
  std::string answer;  // The first; all others must be the same.
  bool was_applied = false;
};

std::string AnswerText(const grpc::Status& status, const pb::CreateTransferResponse& response) {
  if (status.ok()) return "applied: " + response.SerializeAsString();
  return "refused: " + std::to_string(status.error_code()) + " " + status.error_details();
}

// One client with a connection of its own.
class Client {
 public:
  Client(Case& it, const ServedProcess& server, std::uint64_t number, std::uint64_t seed)
      : it_(it), dice_(seed), number_(number), server_(server) {}

  void Run(const std::atomic<bool>& is_over) {
    stub_ = pb::TransferService::NewStub(server_.Connect());
    while (!is_over) {
      SendNew();
      if (dice_.Below(4) == 0) SendOld();
    }
  }
  const std::vector<Request>& requests() const { return requests_; }

 private:
  void SendNew() {
    Request request;
    request.from = dice_.Below(kFirms);
    request.to = (request.from + 1 + dice_.Below(kFirms - 1)) % kFirms;
    request.message.set_request_id(Uuid(number_, requests_.size()));
    pb::TransferDraft& draft = *request.message.mutable_transfer();
    draft.set_debit(AccountName(request.from));
    draft.set_credit(AccountName(request.to));
    draft.set_unit("CNY");
    // Some are too large for any purse.
    draft.set_amount(dice_.Below(5) == 0 ? 10 * kPurse
                                         : 1 + static_cast<std::int64_t>(dice_.Below(90)));
    draft.set_code(pb::TRANSFER_CODE_OTHER);
    requests_.push_back(request);
    const std::uint64_t copies = dice_.Below(8) == 0 ? 1 + dice_.Below(5) : 1;
    for (std::uint64_t i = 0; i < copies; ++i) Send(requests_.back());
  }
  void SendOld() {
    it_.report.Count("sent_again_later");
    Send(requests_[dice_.Below(requests_.size())]);
  }
  // Until it is answered.
  void Send(Request& request) {
    for (int tries = 0; tries < 3'000; ++tries) {
      pb::CreateTransferResponse response;
      const grpc::Status status = Call(*stub_, &pb::TransferService::Stub::CreateTransfer,
                                       request.message, response, "", milliseconds(2'000));
      if (IsUnknown(status)) {
        it_.report.Count("not_known");
        std::this_thread::sleep_for(milliseconds(5));
        continue;
      }
      it_.report.Count("answers");
      const std::string answer = AnswerText(status, response);
      if (request.answer.empty()) {
        request.answer = answer;
        request.was_applied = status.ok();
      } else if (request.answer != answer) {
        it_.Broken("request " + request.message.request_id() + " was answered " + request.answer +
                   ", then " + answer);
      } else {
        it_.report.Count("equal_answers");
      }
      return;
    }
    it_.Broken("request " + request.message.request_id() + " was never answered");
  }

  Case& it_;
  Prng dice_;
  const std::uint64_t number_;
  const ServedProcess& server_;
  std::unique_ptr<pb::TransferService::Stub> stub_;
  std::vector<Request> requests_;
};

bool SetUp(Case& it, const ServedProcess& server) {
  const auto channel = server.Connect();
  const auto accounts = pb::AccountService::NewStub(channel);
  const auto units = pb::UnitService::NewStub(channel);
  std::uint64_t id = 0;
  const auto open = [&](pb::AccountKind kind, std::uint32_t entity) {
    pb::CreateAccountRequest request;
    request.set_request_id(Uuid(99, ++id));
    request.set_kind(kind);
    if (entity != 0) request.set_entity(entity);
    pb::CreateAccountResponse response;
    return Call(*accounts, &pb::AccountService::Stub::CreateAccount, request, response);
  };
  grpc::Status status = open(pb::ACCOUNT_KIND_BANK, 0);
  for (std::uint32_t firm = 0; firm < kFirms && status.ok(); ++firm) {
    status = open(pb::ACCOUNT_KIND_HOLDER, firm + 1);
  }
  pb::OpenLedgerRequest ledger;
  ledger.set_request_id(Uuid(99, ++id));
  ledger.set_unit("CNY");
  pb::OpenLedgerResponse opened;
  if (status.ok()) status = Call(*units, &pb::UnitService::Stub::OpenLedger, ledger, opened);
  for (std::uint32_t firm = 0; firm < kFirms && status.ok(); ++firm) {
    pb::IssueAllowancesRequest issue;
    issue.set_request_id(Uuid(99, ++id));
    issue.mutable_draft()->set_account(AccountName(firm));
    issue.mutable_draft()->set_unit("CNY");
    issue.mutable_draft()->set_amount(kPurse);
    issue.mutable_draft()->set_code(pb::TRANSFER_CODE_LOAN);
    pb::IssueAllowancesResponse issued;
    status = Call(*units, &pb::UnitService::Stub::IssueAllowances, issue, issued);
  }
  if (!status.ok()) it.Broken("it could not be set up: " + status.error_message());
  return status.ok();
}

// Every balance is what the answers add up to, and the chain holds.
void HoldToAnswers(Case& it, const ServedProcess& server,
                   const std::vector<std::unique_ptr<Client>>& clients) {
  std::vector<std::int64_t> expected(kFirms, kPurse);
  for (const auto& client : clients) {
    for (const Request& request : client->requests()) {
      it.report.Count("requests");
      if (!request.was_applied) continue;
      it.report.Count("applied");
      expected[request.from] -= request.message.transfer().amount();
      expected[request.to] += request.message.transfer().amount();
    }
  }
  const auto channel = server.Connect();
  const auto accounts = pb::AccountService::NewStub(channel);
  for (std::uint64_t firm = 0; firm < kFirms; ++firm) {
    pb::GetHoldingRequest request;
    request.set_name(AccountName(firm) + "/holdings/CNY");
    pb::GetHoldingResponse response;
    const grpc::Status status =
        Call(*accounts, &pb::AccountService::Stub::GetHolding, request, response);
    if (!status.ok() || response.holding().posted() != expected[firm]) {
      it.Broken(AccountName(firm) + " has " + std::to_string(response.holding().posted()) +
                ", and the answers add up to " + std::to_string(expected[firm]) + " " +
                status.error_message());
    }
  }
  const auto admin = pb::AdminService::NewStub(channel);
  pb::VerifyChainResponse verified;
  const grpc::Status status =
      Call(*admin, &pb::AdminService::Stub::VerifyChain, pb::VerifyChainRequest(), verified, "",
           std::chrono::seconds(60));
  if (!status.ok()) it.Broken("the chain: " + status.error_message());
  it.report.Count("records", verified.sequence());
}

void Run(Case& it) {
  it.report.Count("registries");
  ServedProcess server(CAPCLEAR,
                       {"serve", "registry", "--data", it.folder + "/data", "--clock", "manual",
                        "--start", "2026-03-02", "--no-auth"},
                       it.folder);
  if (!server.Start()) return it.Broken("it does not start: " + server.error());
  if (!SetUp(it, server)) return;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::uint64_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(it, server, i + 1, it.dice.Next()));
  }
  std::atomic<bool> is_over = false;
  std::vector<std::thread> threads;
  for (const auto& client : clients) {
    threads.emplace_back([&client, &is_over] { client->Run(is_over); });
  }
  bool is_up = true;
  for (int i = 0; i < kKills && is_up; ++i) {
    std::this_thread::sleep_for(milliseconds(100 + it.dice.Below(kLifeMillisMax)));
    server.Kill();
    it.report.Count("kills");
    is_up = server.Start();
  }
  if (!is_up) it.Broken("it does not start again: " + server.error());
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  if (is_up) HoldToAnswers(it, server, clients);
  if (is_up && server.Stop() != 0) it.Broken("it does not end well: " + server.error());
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"served_kill_soak", 1, ets::Run});
}
