#include "ets/registry/v1/allocation_service.grpc.pb.h"
#include "server/service_fixture.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using pb::AllocationService;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class AllocationServiceTest : public Served {
 protected:
  using Stub = AllocationService::Stub;

  void SetUp() override {
    Serve();
    stub_ = AllocationService::NewStub(channel_);
  }
  static pb::EntitlementDraft Draft(std::uint32_t entity, std::int64_t amount) {
    pb::EntitlementDraft draft;
    draft.set_entity(entity);
    draft.set_year(2026);
    draft.set_table(1);
    draft.set_amount(amount);
    return draft;
  }
  pb::Entitlement EntitlementOf(const std::string& firm) {
    pb::GetEntitlementRequest request;
    request.set_name("entities/" + firm + "/allocationPlans/2026-1");
    pb::GetEntitlementResponse response;
    EXPECT_TRUE(Call(kHolder, *stub_, &Stub::GetEntitlement, request, response).ok());
    return response.entitlement();
  }
  grpc::Status Set(const std::string& token, const pb::EntitlementDraft& draft,
                   const std::string& etag = "") {
    pb::SetEntitlementRequest request;
    request.set_request_id(NextId());
    *request.mutable_draft() = draft;
    request.set_etag(etag);
    pb::SetEntitlementResponse response;
    return Call(token, *stub_, &Stub::SetEntitlement, request, response);
  }
  pb::RunAllocationRequest Run() {
    pb::RunAllocationRequest request;
    request.set_request_id(NextId());
    request.mutable_draft()->set_year(2026);
    request.mutable_draft()->set_table(1);
    request.mutable_draft()->set_source("accounts/2");
    request.mutable_draft()->set_unit("CEA-2026");
    return request;
  }

  std::unique_ptr<Stub> stub_;
};

TEST_F(AllocationServiceTest, SetsAnEntitlementOnlyAsItWasRead) {
  EXPECT_THAT(Set(kHolder, Draft(2, 100)), Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Set(kAuthority, Draft(2, 100)).ok());
  const std::string etag = EntitlementOf("2").etag();
  ASSERT_TRUE(Set(kAuthority, Draft(2, 200), etag).ok());
  EXPECT_THAT(Set(kAuthority, Draft(2, 300), etag), Fails(StatusCode::ABORTED, "ETAG_MISMATCH"));
  EXPECT_EQ(EntitlementOf("2").amount(), 200);
  auto wrong = Draft(2, 1);
  wrong.set_table(256);
  EXPECT_THAT(Set(kAuthority, wrong), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(AllocationServiceTest, PaysWhatEntitlementsLackAndTakesExcessBack) {
  pb::BatchSetEntitlementsRequest batch;
  batch.set_request_id(NextId());
  *batch.add_drafts() = Draft(1, 500);
  *batch.add_drafts() = Draft(2, 700);
  pb::BatchSetEntitlementsResponse is_set, again;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::BatchSetEntitlements, batch, is_set).ok());
  EXPECT_EQ(is_set.applied(), 2U);
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::BatchSetEntitlements, batch, again).ok());
  EXPECT_EQ(again.SerializeAsString(), is_set.SerializeAsString());

  pb::RunAllocationResponse ran;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::RunAllocation, Run(), ran).ok());
  EXPECT_EQ(ran.firms(), 2U);
  EXPECT_EQ(ran.allocated(), 1'200);
  EXPECT_EQ(EntitlementOf("2").allocated(), 700);
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::RunAllocation, Run(), ran).ok());
  EXPECT_EQ(ran.allocated(), 0);

  ASSERT_TRUE(Set(kAuthority, Draft(1, 450)).ok());
  pb::ReturnExcessRequest give_back;
  give_back.set_request_id(NextId());
  give_back.mutable_draft()->set_account("accounts/5");
  give_back.mutable_draft()->set_target("accounts/2");
  give_back.mutable_draft()->set_unit("CEA-2026");
  give_back.mutable_draft()->set_year(2026);
  give_back.mutable_draft()->set_table(1);
  give_back.mutable_draft()->set_amount(50);
  pb::ReturnExcessResponse given_back;
  const grpc::Status status = Call(kHolder, *stub_, &Stub::ReturnExcess, give_back, given_back);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(EntitlementOf("1").returned(), 50);
}

TEST_F(AllocationServiceTest, ListsEntitlementsByFirmYearAndTable) {
  for (const std::uint32_t firm : {1U, 2U}) {
    for (const std::uint32_t table : {1U, 2U}) {
      auto draft = Draft(firm, 10 * firm + table);
      draft.set_table(table);
      ASSERT_TRUE(Set(kAuthority, draft).ok());
    }
  }
  const auto amounts = [&](pb::ListEntitlementsRequest request) {
    std::vector<std::int64_t> all;
    request.set_page_size(1);
    do {
      pb::ListEntitlementsResponse page;
      EXPECT_TRUE(Call(kHolder, *stub_, &Stub::ListEntitlements, request, page).ok());
      for (const auto& entitlement : page.entitlements()) all.push_back(entitlement.amount());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  };
  pb::ListEntitlementsRequest request;
  EXPECT_THAT(amounts(request), ElementsAre(11, 12, 21, 22));
  request.set_table(2);
  EXPECT_THAT(amounts(request), ElementsAre(12, 22));
  request.set_parent("entities/2");
  EXPECT_THAT(amounts(request), ElementsAre(22));
  request.set_year(2030);
  EXPECT_THAT(amounts(request), ElementsAre());
  pb::GetEntitlementRequest get;
  get.set_name("entities/1/allocationPlans/2031-1");
  pb::GetEntitlementResponse got;
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetEntitlement, get, got),
              Fails(StatusCode::NOT_FOUND, "ENTITLEMENT_NOT_FOUND"));
}

TEST_F(AllocationServiceTest, AllocatesAndTakesBackWithoutATable) {
  pb::AllocateRequest allocate;
  allocate.set_request_id(NextId());
  allocate.mutable_draft()->set_source("accounts/2");
  allocate.mutable_draft()->set_account("accounts/7");
  allocate.mutable_draft()->set_unit("CEA-2026");
  allocate.mutable_draft()->set_year(2026);
  allocate.mutable_draft()->set_amount(90);
  pb::AllocateResponse allocated;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::Allocate, allocate, allocated).ok());
  EXPECT_EQ(allocated.transfer(), "transfers/" + std::to_string(allocated.sequence()) + "-0");
  pb::TakeBackRequest take;
  take.set_request_id(NextId());
  take.set_account("accounts/7");
  take.set_target("accounts/2");
  take.set_unit("CEA-2026");
  take.set_year(2026);
  take.set_amount(100);
  pb::TakeBackResponse taken;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::TakeBack, take, taken).ok());
  EXPECT_EQ(taken.taken(), 90);
}

}  // namespace
}  // namespace ets::server
