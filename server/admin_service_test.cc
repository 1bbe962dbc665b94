#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "server/service_fixture.h"
#include "server/wire_names.h"
#include "store/batch.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using pb::AdminService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AdminServiceTest : public Served {
 protected:
  using Stub = AdminService::Stub;

  void SetUp() override {
    Serve();
    stub_ = AdminService::NewStub(channel_);
    transfers_ = pb::TransferService::NewStub(channel_);
  }
  grpc::Status Move(std::int64_t amount, const std::string& prefix = "") {
    pb::CreateTransferRequest request;
    request.set_request_id(NextId());
    request.mutable_transfer()->set_debit(prefix + "accounts/5");
    request.mutable_transfer()->set_credit(prefix + "accounts/7");
    request.mutable_transfer()->set_unit("CEA-2026");
    request.mutable_transfer()->set_amount(amount);
    pb::CreateTransferResponse response;
    return Call(kAuthority, *transfers_, &pb::TransferService::Stub::CreateTransfer, request,
                response);
  }
  pb::ForkBranchRequest Fork(const std::string& name) {
    pb::ForkBranchRequest request;
    request.set_request_id(NextId());
    request.set_branch_id(name);
    return request;
  }

  std::unique_ptr<Stub> stub_;
  std::unique_ptr<pb::TransferService::Stub> transfers_;
};

TEST_F(AdminServiceTest, TellsWhatIsServed) {
  pb::GetRegistryResponse response;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetRegistry, {}, response).ok());
  EXPECT_EQ(response.name(), "registries/sim/branches/main");
  EXPECT_EQ(response.profile(), "sim");
  EXPECT_EQ(response.accounts(), 10U);
  EXPECT_TRUE(response.manual_clock());
  EXPECT_FALSE(response.read_only());
  EXPECT_EQ(response.sequence(), branches_->main().committed().sequence);
  pb::GetRegistryRequest other;
  other.set_parent("registries/sim/branches/nowhere");
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetRegistry, other, response),
              Fails(StatusCode::NOT_FOUND, "BRANCH_NOT_FOUND"));
}

TEST_F(AdminServiceTest, TellsWhatWasServedThen) {
  pb::GetRegistryResponse now, then;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetRegistry, {}, now).ok());
  pb::GetRegistryRequest request;
  request.set_sequence(2);
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetRegistry, request, then).ok());
  EXPECT_EQ(then.sequence(), 2U);
  EXPECT_EQ(then.accounts(), 0U);
  EXPECT_NE(then.state_hash(), now.state_hash());
  EXPECT_NE(then.chain_head(), now.chain_head());
  request.set_sequence(now.sequence());
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetRegistry, request, then).ok());
  EXPECT_EQ(then.SerializeAsString(), now.SerializeAsString());
  request.set_sequence(now.sequence() + 1);
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetRegistry, request, then),
              Fails(StatusCode::OUT_OF_RANGE, "AS_OF_OUT_OF_RANGE"));
}

TEST_F(AdminServiceTest, MakesAPrincipalThatCanActAndUnmakesIt) {
  pb::SetPrincipalRequest set;
  set.set_request_id(NextId());
  set.set_name("principals/20");
  set.set_role(pb::ROLE_HOLDER);
  set.set_active(true);
  set.set_display_name("a new representative");
  const auto hash = HashOfToken("a token of its own");
  set.set_token_hash(hash.data(), hash.size());
  pb::SetPrincipalResponse is_set;
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::SetPrincipal, set, is_set),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::SetPrincipal, set, is_set).ok());
  pb::SetGrantRequest grant;
  grant.set_request_id(NextId());
  grant.set_name("principals/20");
  grant.mutable_grant()->set_account("accounts/7");
  grant.mutable_grant()->set_may_read(true);
  pb::SetGrantResponse granted;
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::SetGrant, grant, granted).ok());

  pb::ListGrantsRequest list;
  list.set_parent("principals/20");
  pb::ListGrantsResponse listed;
  ASSERT_TRUE(Call("a token of its own", *stub_, &Stub::ListGrants, list, listed).ok());
  ASSERT_THAT(listed.grants(), SizeIs(1));
  EXPECT_EQ(listed.grants(0).account(), "accounts/7");
  EXPECT_TRUE(listed.grants(0).may_read());
  EXPECT_FALSE(listed.grants(0).may_initiate());
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::ListGrants, list, listed),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));

  set.set_request_id(NextId());
  set.set_active(false);
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::SetPrincipal, set, is_set).ok());
  EXPECT_THAT(Call("a token of its own", *stub_, &Stub::ListGrants, list, listed),
              Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
  set.set_request_id(NextId());
  set.set_token_hash("short");
  EXPECT_THAT(Call(kAdmin, *stub_, &Stub::SetPrincipal, set, is_set),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));

  pb::ListPrincipalsResponse principals;
  ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::ListPrincipals, {}, principals).ok());
  EXPECT_THAT(principals.principals(), SizeIs(10));
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::ListPrincipals, {}, principals),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
}

TEST_F(AdminServiceTest, MovesAManualClockForwardOnly) {
  pb::AdvanceTimeRequest request;
  request.set_request_id(NextId());
  wire::Fill(kStart + 86'400'000'000, request.mutable_to_time());
  pb::AdvanceTimeResponse response, again;
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::AdvanceTime, request, response),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::AdvanceTime, request, response).ok());
  EXPECT_EQ(response.sim_time().seconds(), request.to_time().seconds());
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::AdvanceTime, request, again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
  request.set_request_id(NextId());
  wire::Fill(kStart, request.mutable_to_time());
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::AdvanceTime, request, response),
              Fails(StatusCode::FAILED_PRECONDITION, "TIME_GOES_BACK"));
  request.clear_to_time();
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::AdvanceTime, request, response),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(AdminServiceTest, ForksABranchThatGoesItsOwnWay) {
  pb::ForkBranchResponse forked;
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::ForkBranch, Fork("what-if"), forked),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::ForkBranch, Fork("what-if"), forked).ok());
  EXPECT_EQ(forked.branch(), "registries/sim/branches/what-if");
  pb::ForkBranchResponse again;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::ForkBranch, Fork("what-if"), again).ok());
  EXPECT_EQ(again.SerializeAsString(), forked.SerializeAsString());
  const std::string prefix = forked.branch() + "/";
  const std::string main_hash = branches_->main().committed().chain_head;
  ASSERT_TRUE(Move(123, prefix).ok());
  EXPECT_EQ(branches_->main().committed().chain_head, main_hash);

  const auto accounts = pb::AccountService::NewStub(channel_);
  pb::GetHoldingRequest get;
  get.set_name(prefix + "accounts/7/holdings/CEA-2026");
  pb::GetHoldingResponse got;
  ASSERT_TRUE(Call(kAuditor, *accounts, &pb::AccountService::Stub::GetHolding, get, got).ok());
  EXPECT_EQ(got.holding().posted(), 123);
  EXPECT_EQ(got.holding().name(), get.name());

  pb::DiffBranchesRequest diff;
  diff.set_other(forked.branch());
  diff.set_page_size(1);
  pb::DiffBranchesResponse differs;
  std::string differences;
  do {
    ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::DiffBranches, diff, differs).ok());
    for (const auto& one : differs.differences()) {
      differences += one.name() + " " + one.field() + " " + one.base() + " " + one.other() + "\n";
    }
    diff.set_page_token(differs.next_page_token());
  } while (!diff.page_token().empty());
  EXPECT_THAT(differences, HasSubstr("accounts/7/holdings/CEA"));
  EXPECT_THAT(differences, HasSubstr("123"));

  pb::ListBranchesResponse branches;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListBranches, {}, branches).ok());
  ASSERT_THAT(branches.branches(), SizeIs(2));
  EXPECT_EQ(branches.branches(1).fork_of(), "registries/sim/branches/main");

  for (const char* wrong : {"", "main", "What", "a/b", ".."}) {
    EXPECT_THAT(Call(kAuthority, *stub_, &Stub::ForkBranch, Fork(wrong), forked),
                Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"))
        << wrong;
  }
  auto later = Fork("later");
  later.set_at_sequence(9'999);
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::ForkBranch, later, forked),
              Fails(StatusCode::OUT_OF_RANGE, "AS_OF_OUT_OF_RANGE"));
  auto other_law = Fork("what-if");
  other_law.set_profile_text(registry::ProfileText(*registry::FindProfile("eu")));
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::ForkBranch, other_law, forked),
              Fails(StatusCode::ALREADY_EXISTS, "BRANCH_EXISTS"));
}

TEST_F(AdminServiceTest, AnswersAForkAgainThoughTheBranchHasGoneOn) {
  pb::ForkBranchResponse forked, again;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::ForkBranch, Fork("later"), forked).ok());
  ASSERT_TRUE(Move(1, forked.branch() + "/").ok());
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::ForkBranch, Fork("later"), again).ok());
  EXPECT_EQ(again.SerializeAsString(), forked.SerializeAsString());
}

TEST_F(AdminServiceTest, VerifiesReconcilesAndBacksUp) {
  ASSERT_TRUE(Move(5).ok());
  pb::VerifyChainResponse verified;
  const grpc::Status status = Call(kAuditor, *stub_, &Stub::VerifyChain, {}, verified);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(verified.chain_head(), branches_->main().committed().chain_head);
  EXPECT_EQ(verified.accounts(), 10U);
  EXPECT_GT(verified.transfers(), 0U);

  pb::ReconcileResponse reconciled;
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::Reconcile, {}, reconciled),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::Reconcile, {}, reconciled).ok());
  EXPECT_EQ(reconciled.accounts(), 10U);
  EXPECT_THAT(reconciled.mismatches(), IsEmpty());

  pb::BackupRequest backup;
  backup.set_backup_id("monday");
  pb::BackupResponse backed_up;
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::Backup, backup, backed_up).ok());
  EXPECT_EQ(backed_up.chain_head(), branches_->main().committed().chain_head);
  EXPECT_TRUE(std::filesystem::exists(data_ + "/" + backed_up.folder()));
  backup.set_backup_id("../monday");
  EXPECT_THAT(Call(kAdmin, *stub_, &Stub::Backup, backup, backed_up),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(AdminServiceTest, ExportsTheJournalAsItIsOnTheDisk) {
  ASSERT_TRUE(Move(5).ok());
  const auto read = [&](std::uint64_t from_batch, const char* token) {
    grpc::ClientContext context;
    Prepare(context, token);
    pb::ExportJournalRequest request;
    request.set_from_batch(from_batch);
    const auto reader = stub_->ExportJournal(&context, request);
    std::vector<pb::ExportJournalResponse> batches;
    pb::ExportJournalResponse batch;
    while (reader->Read(&batch)) batches.push_back(batch);
    return std::pair(batches, reader->Finish());
  };
  const auto [batches, status] = read(0, kAuditor);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_GT(batches.size(), 2U);
  store::ChainEnd end;
  for (const auto& batch : batches) {
    bool is_stopped = false;
    EXPECT_EQ(store::ReadBatch(
                  batch.value(), end, [](const JournalRecord&) { return true; }, is_stopped),
              "");
    EXPECT_EQ(store::ToHex(end.head), batch.chain_head());
  }
  EXPECT_EQ(batches.back().chain_head(), branches_->main().committed().chain_head);
  EXPECT_THAT(read(batches.back().batch(), kAuditor).first, SizeIs(1));
  EXPECT_THAT(read(0, kHolder).second, Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
}

TEST_F(AdminServiceTest, SaysTheLawInWords) {
  pb::GetProfileResponse response;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetProfile, {}, response).ok());
  const auto profile = registry::ParseProfile(response.profile_text());
  ASSERT_TRUE(profile.ok());
  EXPECT_TRUE(*profile == options_.profile);
  EXPECT_EQ(response.fields_size(), static_cast<int>(registry::ProfileFields().size()));
  pb::ListProfilesResponse all;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListProfiles, {}, all).ok());
  EXPECT_EQ(all.profiles_size(), static_cast<int>(registry::Profiles().size()));
}

}  // namespace
}  // namespace ets::server
