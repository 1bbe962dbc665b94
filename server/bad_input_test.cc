#include <google/protobuf/stubs/logging.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <future>
#include <thread>

#include "base/prng.h"
#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "server/service_fixture.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;

// Whatever comes in, nothing is lost, nothing is half applied, and the server goes on.
class BadInput : public Served {
 protected:
  void SetUp() override {
    google::protobuf::SetLogHandler(nullptr);  // It tells of every malformed string.
    Serve();
    stub_ = pb::TransferService::NewStub(channel_);
    before_ = HashNow();
  }
  void TearDown() override {
    EXPECT_EQ(HashNow(), before_);
    pb::GetAccountRequest request;
    request.set_name("accounts/5");
    pb::GetAccountResponse response;
    const auto accounts = pb::AccountService::NewStub(channel_);
    EXPECT_TRUE(
        Call(kHolder, *accounts, &pb::AccountService::Stub::GetAccount, request, response).ok());
  }
  // Of balances; refusals move nothing.
  std::uint64_t HashNow() {
    std::uint64_t hash = 0;
    const auto failed = branches_->main().Read(
        {std::chrono::system_clock::time_point::max(), {}},
        [&](const registry::Registry& state, const StatePoint&) {
          for (std::uint32_t id = 0; id < state.account_count(); ++id) {
            for (std::uint16_t ledger = 0; ledger < state.ledger_count(); ++ledger) {
              const auto holding = state.holding(AccountId(id), LedgerId(ledger));
              for (const std::int64_t part :
                   {holding.posted, holding.reserved, holding.frozen, holding.incoming}) {
                hash = hash * 1'000'003 + static_cast<std::uint64_t>(part);
              }
            }
          }
        });
    EXPECT_FALSE(failed);
    return hash;
  }
  // Bytes as they are, to one method.
  grpc::Status Send(const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    Prepare(context, kAuthority);
    const grpc::Slice slice(bytes);
    grpc::ByteBuffer request(&slice, 1), response;
    std::promise<grpc::Status> answered;
    stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                   [&](grpc::Status status) { answered.set_value(std::move(status)); });
    return answered.get_future().get();
  }
  pb::CreateTransferRequest Move(std::int64_t amount) {
    pb::CreateTransferRequest request;
    request.set_request_id(NextId());
    request.mutable_transfer()->set_debit("accounts/5");
    request.mutable_transfer()->set_credit("accounts/7");
    request.mutable_transfer()->set_unit("CEA-2026");
    request.mutable_transfer()->set_amount(amount);
    return request;
  }
  grpc::Status Create(const pb::CreateTransferRequest& request) {
    pb::CreateTransferResponse response;
    return Call(kAuthority, *stub_, &pb::TransferService::Stub::CreateTransfer, request, response);
  }

  std::unique_ptr<pb::TransferService::Stub> stub_;
  std::uint64_t before_ = 0;
};

TEST_F(BadInput, OfBytesThatAreNoMessageIsRefused) {
  constexpr const char* kMethods[] = {"/ets.registry.v1.TransferService/CreateTransfer",
                                      "/ets.registry.v1.TransferService/BatchCreateTransfers",
                                      "/ets.registry.v1.ComplianceService/RunCompliance",
                                      "/ets.registry.v1.AccountService/GetAccount"};
  Prng dice(7);
  for (const char* method : kMethods) {
    EXPECT_FALSE(Send(method, std::string("\x0a\xff\xff\xff\xff\x7f", 6)).ok());
    for (int round = 0; round < 50; ++round) {
      std::string bytes;
      const std::uint64_t size = dice.Below(200);
      for (std::uint64_t at = 0; at < size; ++at) bytes += static_cast<char>(dice.Below(256));
      EXPECT_FALSE(Send(method, bytes).ok());
    }
  }
}

TEST_F(BadInput, OfARequestWithBytesFlippedAppliesWholeOrNotAtAll) {
  auto request = Move(1);
  request.set_validate_only(true);
  const std::string good = request.SerializeAsString();
  Prng dice(11);
  for (int round = 0; round < 200; ++round) {
    std::string bytes = good;
    bytes[dice.Below(bytes.size())] = static_cast<char>(dice.Below(256));
    pb::CreateTransferRequest read;
    if (!read.ParseFromString(bytes) || !read.validate_only()) continue;
    (void)Send("/ets.registry.v1.TransferService/CreateTransfer", bytes);
  }
}

TEST_F(BadInput, OfMoreThanFourMebibytesIsRefused) {
  auto request = Move(1);
  request.mutable_transfer()->set_unit(std::string(5 << 20, 'x'));
  EXPECT_EQ(Create(request).error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(BadInput, OfUnknownEnumsIsRefused) {
  auto request = Move(1);
  request.mutable_transfer()->set_code(static_cast<pb::TransferCode>(99));
  EXPECT_THAT(Create(request), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  request.mutable_transfer()->set_code(static_cast<pb::TransferCode>(-1));
  EXPECT_THAT(Create(request), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(BadInput, OfAmountsThatAreNoneIsRefused) {
  for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
    EXPECT_THAT(Create(Move(amount)), Fails(StatusCode::INVALID_ARGUMENT, "QUANTITY_INVALID"));
  }
  for (const std::int64_t amount : {std::int64_t{1} << 53, INT64_MAX}) {
    EXPECT_THAT(Create(Move(amount)), Fails(StatusCode::INVALID_ARGUMENT, "QUANTITY_TOO_LARGE"));
  }
}

TEST_F(BadInput, OfIdsThatAreNoneIsRefused) {
  for (const std::string& id : {std::string(), std::string("1"), std::string(4'000, 'a')}) {
    auto request = Move(1);
    request.set_request_id(id);
    EXPECT_THAT(Create(request), Fails(StatusCode::INVALID_ARGUMENT, "REQUEST_ID_INVALID"));
  }
}

TEST_F(BadInput, OfACallerWhoseTimeIsOverDoesNothing) {
  for (int round = 0; round < 20; ++round) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", std::string("Bearer ") + kAuthority);
    context.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
    pb::CreateTransferResponse response;
    EXPECT_EQ(stub_->CreateTransfer(&context, Move(1), &response).error_code(),
              StatusCode::DEADLINE_EXCEEDED);
  }
}

TEST_F(BadInput, OfMethodsThatAreNoneIsRefused) {
  EXPECT_EQ(Send("/ets.registry.v1.TransferService/Nothing", "").error_code(),
            StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(Send("/nothing", "").error_code(), StatusCode::UNIMPLEMENTED);
}

// A caller that hangs up in mid-call: its transfer is made once, or not at all, and asking again
// with the same id tells which.
TEST_F(BadInput, OfACallerThatVanishesIsSettledByAskingAgain) {
  std::int64_t moved = 0;
  for (int round = 0; round < 30; ++round) {
    const auto request = Move(1);
    {
      grpc::ClientContext context;
      Prepare(context, kAuthority);
      pb::CreateTransferResponse response;
      std::thread hangs_up([&] { context.TryCancel(); });
      (void)stub_->CreateTransfer(&context, request, &response);
      hangs_up.join();
    }
    EXPECT_TRUE(Create(request).ok());
    ++moved;
  }
  // Back again, so that the balances are those of the beginning.
  pb::CreateTransferRequest back = Move(moved);
  back.mutable_transfer()->set_debit("accounts/7");
  back.mutable_transfer()->set_credit("accounts/5");
  EXPECT_TRUE(Create(back).ok());
}

}  // namespace
}  // namespace ets::server
