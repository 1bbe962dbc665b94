#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "server/service_fixture.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;

// What callers do to one another, and what the server does to all of them.
class Limits : public Served {
 protected:
  void Serve() {
    Served::Serve();
    if (channel_) transfers_ = pb::TransferService::NewStub(channel_);
  }
  pb::CreateTransferRequest Move(std::int64_t amount, const std::string& id) {
    pb::CreateTransferRequest request;
    request.set_request_id(id);
    request.mutable_transfer()->set_debit("accounts/5");
    request.mutable_transfer()->set_credit("accounts/7");
    request.mutable_transfer()->set_unit("CEA-2026");
    request.mutable_transfer()->set_amount(amount);
    return request;
  }
  grpc::Status Create(const char* token, const pb::CreateTransferRequest& request,
                      pb::CreateTransferResponse& response) {
    return Call(token, *transfers_, &pb::TransferService::Stub::CreateTransfer, request, response);
  }
  std::int64_t PostedTo(AccountId account) {
    std::int64_t posted = 0;
    const auto failed =
        branches_->main().Read({std::chrono::system_clock::time_point::max(), {}},
                               [&](const registry::Registry& state, const StatePoint&) {
                                 posted = state.balance(account, LedgerId(0));
                               });
    EXPECT_FALSE(failed);
    return posted;
  }

  std::unique_ptr<pb::TransferService::Stub> transfers_;
};

TEST_F(Limits, OfCopiesSentAtOnceOneIsAppliedAndAllGetItsAnswer) {
  Serve();
  for (int round = 0; round < 20; ++round) {
    const auto request = Move(1, NextId());
    std::vector<std::string> answers(5);
    std::vector<std::thread> callers;
    for (std::string& answer : answers) {
      callers.emplace_back([&] {
        pb::CreateTransferResponse response;
        EXPECT_TRUE(Create(kAuthority, request, response).ok());
        answer = response.SerializeAsString();
      });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(std::set<std::string>(answers.begin(), answers.end()).size(), 1U);
  }
  EXPECT_EQ(PostedTo(kOther), 20);
}

TEST_F(Limits, OfManyCallersEachGetsARecordOfItsOwn) {
  Serve();
  constexpr int kCallers = 16, kEach = 50;
  std::vector<std::vector<std::uint64_t>> sequences(kCallers);
  std::vector<std::vector<std::string>> ids(kCallers);
  for (auto& own : ids) {
    for (int number = 0; number < kEach; ++number) own.push_back(NextId());
  }
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (const std::string& id : ids[caller]) {
        pb::CreateTransferResponse response;
        EXPECT_TRUE(Create(kAuthority, Move(1, id), response).ok());
        sequences[caller].push_back(response.sequence());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::set<std::uint64_t> all;
  for (const auto& own : sequences) {
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
    all.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kCallers * kEach));
  EXPECT_EQ(PostedTo(kOther), kCallers * kEach);
}

TEST_F(Limits, OfAPersonsCallsAreKeptAndSystemsGoOn) {
  Serve();
  service_options_.rate = {.per_second = 0.001, .overdraft = 3};
  StopServer();
  ASSERT_NO_FATAL_FAILURE(StartServer());
  const auto accounts = pb::AccountService::NewStub(channel_);
  pb::GetAccountRequest request;
  request.set_name("accounts/5");
  pb::GetAccountResponse response;
  const auto get = [&](const char* token) {
    return Call(token, *accounts, &pb::AccountService::Stub::GetAccount, request, response);
  };
  int passed = 0;
  grpc::Status status;
  while (passed < 100 && (status = get(kHolder)).ok()) ++passed;
  EXPECT_LE(passed, 4);
  EXPECT_THAT(status, Fails(StatusCode::RESOURCE_EXHAUSTED, "RATE_LIMITED"));
  EXPECT_TRUE(SaidBy(status).Has<google::rpc::RetryInfo>());
  EXPECT_TRUE(SaidBy(status).Has<google::rpc::QuotaFailure>());
  EXPECT_TRUE(get(kSecond).ok());
  for (int call = 0; call < 20; ++call) EXPECT_TRUE(get(kExchange).ok());
}

TEST_F(Limits, OfTheQueueAreSaidAndNothingIsHalfDone) {
  options_.queue_max = 2;
  Serve();
  constexpr int kCalls = 400;
  std::vector<std::string> ids;
  for (int call = 0; call < kCalls; ++call) ids.push_back(NextId());
  struct Pending {
    grpc::ClientContext context;
    pb::CreateTransferRequest request;
    pb::CreateTransferResponse response;
    grpc::Status status;
  };
  std::vector<Pending> pending(kCalls);
  std::atomic<int> open = kCalls;
  for (std::size_t call = 0; call < kCalls; ++call) {
    Prepare(pending[call].context, kAuthority);
    pending[call].request = Move(1, ids[call]);
    transfers_->async()->CreateTransfer(&pending[call].context, &pending[call].request,
                                        &pending[call].response, [&, call](grpc::Status status) {
                                          pending[call].status = std::move(status);
                                          --open;
                                        });
  }
  while (open > 0) std::this_thread::yield();
  std::int64_t applied = 0;
  for (const Pending& call : pending) {
    if (call.status.ok()) {
      ++applied;
    } else {
      EXPECT_THAT(call.status, Fails(StatusCode::RESOURCE_EXHAUSTED, "OVERLOADED"));
      EXPECT_TRUE(SaidBy(call.status).Has<google::rpc::RetryInfo>());
    }
  }
  EXPECT_EQ(PostedTo(kOther), applied);
  // Whoever was turned away asks again with the same id.
  for (Pending& call : pending) {
    pb::CreateTransferResponse response;
    while (!Create(kAuthority, call.request, response).ok()) std::this_thread::yield();
  }
  EXPECT_EQ(PostedTo(kOther), kCalls);
}

TEST_F(Limits, OfAClockThatMovesByItself) {
  options_.clock.kind = ClockOptions::Kind::kReal;
  std::string pattern = (std::filesystem::temp_directory_path() / "capclear-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  data_ = pattern;
  options_.data = data_;
  options_.profile = *registry::FindProfile("sim");
  service_options_.auth.required = false;
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(StartServer());
  const auto admin = pb::AdminService::NewStub(channel_);
  pb::AdvanceTimeRequest request;
  request.set_request_id(NextId());
  request.mutable_to_time()->set_seconds(4'000'000'000);
  pb::AdvanceTimeResponse response;
  EXPECT_THAT(Call("", *admin, &pb::AdminService::Stub::AdvanceTime, request, response),
              Fails(StatusCode::FAILED_PRECONDITION, "CLOCK_NOT_MANUAL"));
}

TEST_F(Limits, OfAWatcherIsTheServersEnd) {
  Serve();
  grpc::ClientContext context;
  Prepare(context, kAuditor);
  pb::WatchTransfersRequest request;
  request.set_from_sequence(1);
  const auto reader = transfers_->WatchTransfers(&context, request);
  pb::WatchTransfersResponse message;
  ASSERT_TRUE(reader->Read(&message));
  services_->Stop();
  while (reader->Read(&message)) {
  }
  EXPECT_THAT(reader->Finish(), Fails(StatusCode::UNAVAILABLE, "NOT_SERVING"));
}

TEST_F(Limits, OfAReconciliationTurnNewTransfersAwayUntilItIsOver) {
  Serve();
  const auto admin = pb::AdminService::NewStub(channel_);
  std::atomic<bool> is_over = false;
  std::vector<pb::CreateTransferRequest> turned_away;
  std::thread mover([&] {
    while (!is_over) {
      const auto request = Move(1, NextId());
      pb::CreateTransferResponse response;
      const grpc::Status status = Create(kAuthority, request, response);
      if (status.ok()) continue;
      EXPECT_THAT(status, Fails(StatusCode::UNAVAILABLE, "RECONCILIATION_IN_PROGRESS"));
      EXPECT_TRUE(SaidBy(status).Has<google::rpc::RetryInfo>());
      turned_away.push_back(request);
    }
  });
  for (int round = 0; round < 5; ++round) {
    pb::ReconcileResponse response;
    EXPECT_TRUE(Call(kAuditor, *admin, &pb::AdminService::Stub::Reconcile, {}, response).ok());
    EXPECT_EQ(response.mismatches_size(), 0);
  }
  is_over = true;
  mover.join();
  for (const auto& request : turned_away) {
    pb::CreateTransferResponse response;
    EXPECT_TRUE(Create(kAuthority, request, response).ok());
  }
}

}  // namespace
}  // namespace ets::server
