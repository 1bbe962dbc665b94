#include "server/serve.h"

#include <grpcpp/health_check_service_interface.h>

#include <fstream>

#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/compliance_service.grpc.pb.h"
#include "ets/registry/v1/settlement_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "server/service_fixture.h"
#include "store/journal_store.h"

namespace ets::server {
namespace {

namespace fs = std::filesystem;
namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Date kFirstDay = Date::Of(2027, 1, 4);
constexpr int kDays = 3;
constexpr std::int64_t kAllocated = 1'000;  // Each day, to the holder of entity 0.

SimTime NoonOf(int day) { return InstantOf(kFirstDay + day, 12 * 3'600 * kMicrosPerSecond, 0); }

// A run's folder with a registry's journal in it: a scheme opened on the first day, an allocation a
// day, and on the last day emissions, a surrender and a refused transfer.
class RunFolder {
 public:
  RunFolder() {
    std::string pattern = (fs::temp_directory_path() / "capclear-serve-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    auto store = store::JournalStore::Create(folder_ + "/registry", store::Durability::kAtClose);
    registry::Registry registry(*registry::FindProfile("cn"), store.value().get());
    Do(registry, 0, registry::AdvanceTo{NoonOf(0)});
    using Kind = registry::AccountKind;
    for (const Kind kind : {Kind::kIssuance, Kind::kBank, Kind::kAllocation, Kind::kSurrender}) {
      Do(registry, 0, registry::OpenAccount{kind, 0});
    }
    Do(registry, 0, registry::OpenAccount{Kind::kHolder, 0});
    Do(registry, 0, registry::OpenAccount{Kind::kHolder, 1});
    Do(registry, 0, registry::OpenLedger{Unit::Allowance(2026), 0});
    Do(registry, 0, registry::Issue{kAllocation, kUnits, 10'000});
    for (int day = 0; day < kDays; ++day) {
      Do(registry, day, registry::AdvanceTo{NoonOf(day)});
      Do(registry, day, registry::Allocate{kAllocation, kHolder, kUnits, 2026, kAllocated});
      day_ends_.push_back(registry.sequence());
      store.value()->EndBatch();
    }
    Do(registry, kDays - 1, registry::VerifyEmissions{0, 2026, Tonnes(2'500)});
    Do(registry, kDays - 1, registry::Surrender{kHolder, kUnits, 2026, 700});
    const auto refused = registry.Apply({.sim_time = NoonOf(kDays - 1)},
                                        registry::MakeTransfer{{kOther, kHolder, kUnits, 1}});
    EXPECT_FALSE(refused.ok());
    last_ = registry.sequence();
    EXPECT_EQ(store.value()->Close(), "");
    chain_head_ = store.value()->chain_head();
    std::ofstream(folder_ + "/run.json") << "{\"registry_chain_hash\": \"" << chain_head_ << "\"}";
  }
  ~RunFolder() { fs::remove_all(folder_); }

  static constexpr AccountId kAllocation{2}, kHolder{4}, kOther{5};
  static constexpr LedgerId kUnits{0};

  const std::string& path() const { return folder_; }
  std::uint64_t last() const { return last_; }
  std::uint64_t day_end(std::size_t day) const { return day_ends_[day]; }
  const std::string& chain_head() const { return chain_head_; }

 private:
  static void Do(registry::Registry& registry, int day, const registry::Command& command) {
    const auto receipt = registry.Apply({.sim_time = NoonOf(day)}, command);
    EXPECT_TRUE(receipt.ok()) << registry::ToString(receipt.error());
  }

  std::string folder_;
  std::vector<std::uint64_t> day_ends_;
  std::uint64_t last_ = 0;
  std::string chain_head_;
};

Result<std::unique_ptr<LiveServer>, ServeFailure> StartReadOnly(const std::string& data,
                                                                const std::string& listen) {
  ServeOptions options;
  options.live.data = data;
  options.live.create = false;
  options.live.read_only = true;
  options.services.auth.required = false;
  options.port.listen = listen;
  return LiveServer::Start(options);
}

class FinishedRun : public ::testing::Test {
 protected:
  FinishedRun() {
    auto started = StartReadOnly(run_.path(), "127.0.0.1:0");
    EXPECT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(started.value());
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    accounts_ = pb::AccountService::NewStub(channel_);
    admin_ = pb::AdminService::NewStub(channel_);
  }
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(Stub& stub,
                    grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return (stub.*rpc)(&context, request, &response);
  }
  pb::GetHoldingResponse HoldingAt(std::optional<std::uint64_t> sequence) {
    pb::GetHoldingRequest request;
    request.set_name("accounts/4/holdings/CEA-2026");
    if (sequence) request.set_sequence(*sequence);
    pb::GetHoldingResponse response;
    const grpc::Status status =
        Call(*accounts_, &pb::AccountService::Stub::GetHolding, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  RunFolder run_;
  std::unique_ptr<LiveServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::AccountService::Stub> accounts_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
};

TEST_F(FinishedRun, IsToldAsItEndedAndAsItWas) {
  const auto end = HoldingAt({});
  EXPECT_EQ(end.holding().posted(), kDays * kAllocated - 700);
  EXPECT_EQ(end.sequence(), run_.last());
  EXPECT_EQ(end.chain_head(), run_.chain_head());
  for (std::size_t day = 0; day < kDays; ++day) {
    EXPECT_EQ(HoldingAt(run_.day_end(day)).holding().posted(),
              kAllocated * (static_cast<std::int64_t>(day) + 1));
  }
}

TEST_F(FinishedRun, TellsWhatMovedAndWhoOwes) {
  const auto transfers = pb::TransferService::NewStub(channel_);
  pb::ListTransfersRequest list;
  list.set_account("accounts/4");
  pb::ListTransfersResponse listed;
  ASSERT_TRUE(Call(*transfers, &pb::TransferService::Stub::ListTransfers, list, listed).ok());
  std::vector<std::int64_t> amounts;
  for (const auto& transfer : listed.transfers()) amounts.push_back(transfer.amount());
  EXPECT_THAT(amounts, ElementsAre(1'000, 1'000, 1'000, 700));
  const auto compliance = pb::ComplianceService::NewStub(channel_);
  pb::GetComplianceStatusRequest get;
  get.set_name("entities/0/complianceStatuses/2026");
  pb::GetComplianceStatusResponse got;
  ASSERT_TRUE(Call(*compliance, &pb::ComplianceService::Stub::GetComplianceStatus, get, got).ok());
  EXPECT_EQ(got.compliance_status().verified_emissions(), 2'500);
  EXPECT_EQ(got.compliance_status().surrendered(), 700);
}

TEST_F(FinishedRun, DoesNotChange) {
  pb::GetRegistryResponse served;
  ASSERT_TRUE(Call(*admin_, &pb::AdminService::Stub::GetRegistry, {}, served).ok());
  EXPECT_TRUE(served.read_only());
  const auto transfers = pb::TransferService::NewStub(channel_);
  pb::CreateTransferRequest move;
  move.set_request_id(Uuid(1));
  move.mutable_transfer()->set_debit("accounts/4");
  move.mutable_transfer()->set_credit("accounts/5");
  move.mutable_transfer()->set_unit("CEA26");
  move.mutable_transfer()->set_amount(1);
  pb::CreateTransferResponse moved;
  EXPECT_THAT(Call(*transfers, &pb::TransferService::Stub::CreateTransfer, move, moved),
              Fails(StatusCode::FAILED_PRECONDITION, "READ_ONLY"));
  pb::CloseAccountRequest close;
  close.set_request_id(Uuid(2));
  close.set_name("accounts/5");
  pb::CloseAccountResponse closed;
  EXPECT_THAT(Call(*accounts_, &pb::AccountService::Stub::CloseAccount, close, closed),
              Fails(StatusCode::FAILED_PRECONDITION, "READ_ONLY"));
  pb::AdvanceTimeRequest advance;
  advance.set_request_id(Uuid(3));
  advance.mutable_to_time()->set_seconds(1'900'000'000);
  pb::AdvanceTimeResponse advanced;
  EXPECT_THAT(Call(*admin_, &pb::AdminService::Stub::AdvanceTime, advance, advanced),
              Fails(StatusCode::FAILED_PRECONDITION, "READ_ONLY"));
  pb::ForkBranchRequest fork;
  fork.set_request_id(Uuid(4));
  fork.set_branch_id("other");
  pb::ForkBranchResponse forked;
  EXPECT_THAT(Call(*admin_, &pb::AdminService::Stub::ForkBranch, fork, forked),
              Fails(StatusCode::FAILED_PRECONDITION, "READ_ONLY"));
  pb::ReconcileResponse reconciled;
  EXPECT_THAT(Call(*admin_, &pb::AdminService::Stub::Reconcile, {}, reconciled),
              Fails(StatusCode::FAILED_PRECONDITION, "READ_ONLY"));
  const auto settlement = pb::SettlementService::NewStub(channel_);
  pb::SettleRequest settle;
  settle.set_stream_sequence(1);
  pb::SettleResponse settled;
  EXPECT_THAT(Call(*settlement, &pb::SettlementService::Stub::Settle, settle, settled),
              Fails(StatusCode::FAILED_PRECONDITION, "READ_ONLY"));
  EXPECT_EQ(HoldingAt({}).sequence(), run_.last());
}

TEST_F(FinishedRun, IsVerifiedAgainFromTheDisk) {
  pb::VerifyChainResponse verified;
  const grpc::Status status = Call(*admin_, &pb::AdminService::Stub::VerifyChain, {}, verified);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(verified.chain_head(), run_.chain_head());
  EXPECT_EQ(verified.commands_refused(), 1U);
  std::ofstream(run_.path() + "/run.json") << R"({"registry_chain_hash": "00"})";
  EXPECT_THAT(Call(*admin_, &pb::AdminService::Stub::VerifyChain, {}, verified),
              Fails(StatusCode::DATA_LOSS, "CHAIN_BROKEN"));
}

TEST_F(FinishedRun, AnswersManyCallersAtOnce) {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([this, caller] {
      for (int round = 0; round < 20; ++round) {
        const auto day = static_cast<std::size_t>((caller + round) % kDays);
        EXPECT_EQ(HoldingAt(run_.day_end(day)).holding().posted(),
                  kAllocated * (static_cast<std::int64_t>(day) + 1));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(ReadOnlyServer, RefusesAddressesThatAreNoneBeforeItReadsAnything) {
  for (const char* const listen : {"", "127.0.0.1", ":0", "127.0.0.1:", "127.0.0.1:65536",
                                   "127.0.0.1:x", "unix:/tmp/x", "::1:0"}) {
    const auto started = StartReadOnly("/nonexistent", listen);
    ASSERT_FALSE(started.ok()) << listen;
    EXPECT_TRUE(started.error().is_bad_input);
    EXPECT_THAT(started.error().message, HasSubstr("allowed: HOST:PORT"));
  }
}

TEST(ReadOnlyServer, DoesNotStartWithoutAWholeJournalOrOnATakenPort) {
  const auto nothing = StartReadOnly("/nonexistent", "127.0.0.1:0");
  ASSERT_FALSE(nothing.ok());
  EXPECT_TRUE(nothing.error().is_bad_input);
  EXPECT_THAT(nothing.error().message, HasSubstr("/nonexistent"));

  const RunFolder run;
  const auto first = StartReadOnly(run.path(), "127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  const auto second = StartReadOnly(run.path(), (*first)->address());
  ASSERT_FALSE(second.ok());
  EXPECT_FALSE(second.error().is_bad_input);
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on " + (*first)->address()));

  for (const auto& entry : fs::directory_iterator(run.path() + "/registry")) {
    if (entry.path().extension() == ".log" || entry.path().extension() == ".sst") {
      fs::resize_file(entry.path(), entry.file_size() / 2);
    }
  }
  const auto damaged = StartReadOnly(run.path(), "127.0.0.1:0");
  ASSERT_FALSE(damaged.ok());
  EXPECT_FALSE(damaged.error().is_bad_input);
}

}  // namespace
}  // namespace ets::server
