#include "ets/registry/v1/account_service.grpc.pb.h"
#include "server/service_fixture.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using pb::AccountService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AccountServiceTest : public Served {
 protected:
  using Stub = AccountService::Stub;

  void SetUp() override {
    Serve();
    stub_ = AccountService::NewStub(channel_);
  }
  grpc::Status Get(const std::string& token, const std::string& name, pb::Account& account) {
    pb::GetAccountRequest request;
    request.set_name(name);
    pb::GetAccountResponse response;
    const grpc::Status status = Call(token, *stub_, &Stub::GetAccount, request, response);
    account = response.account();
    return status;
  }
  std::vector<std::string> List(const std::string& token, pb::ListAccountsRequest request,
                                int page_size) {
    std::vector<std::string> names;
    request.set_page_size(page_size);
    do {
      pb::ListAccountsResponse response;
      EXPECT_TRUE(Call(token, *stub_, &Stub::ListAccounts, request, response).ok());
      for (const auto& account : response.accounts()) names.push_back(account.name());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  pb::UpdateAccountRequest Update(const std::string& etag) {
    pb::UpdateAccountRequest request;
    request.set_request_id(NextId());
    request.set_etag(etag);
    request.mutable_draft()->set_account("accounts/5");
    request.mutable_draft()->set_may_receive(true);
    request.mutable_draft()->set_may_surrender(true);
    return request;
  }

  std::unique_ptr<Stub> stub_;
};

TEST_F(AccountServiceTest, TellsAnAccountByNumberAndByDisplayNumber) {
  pb::Account account, again;
  ASSERT_TRUE(Get(kHolder, "accounts/5", account).ok());
  EXPECT_EQ(account.name(), "accounts/5");
  EXPECT_EQ(account.kind(), pb::ACCOUNT_KIND_HOLDER);
  EXPECT_EQ(account.entity(), "entities/1");
  EXPECT_TRUE(account.may_send() && account.may_receive() && account.may_surrender());
  ASSERT_TRUE(Get(kHolder, "accounts/" + account.number(), again).ok());
  EXPECT_EQ(again.SerializeAsString(), account.SerializeAsString());
  ASSERT_TRUE(Get(kHolder, "registries/sim/branches/main/accounts/5", again).ok());
  EXPECT_EQ(again.name(), "accounts/5");
}

TEST_F(AccountServiceTest, MakesTheUnknownAndTheForbiddenLookAlike) {
  pb::Account account;
  EXPECT_THAT(Get(kHolder, "accounts/7", account),
              Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(Get(kHolder, "accounts/70", account),
              Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(Get(kAuditor, "accounts/70", account),
              Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));
  EXPECT_TRUE(Get(kAuditor, "accounts/7", account).ok());
  EXPECT_THAT(Get("", "accounts/5", account),
              Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
}

TEST_F(AccountServiceTest, ListsWhatTheCallerMayReadPageByPage) {
  EXPECT_THAT(List(kAuditor, {}, 3), SizeIs(10));
  EXPECT_THAT(List(kHolder, {}, 3), ElementsAre("accounts/5"));
  EXPECT_THAT(List(kStranger, {}, 3), IsEmpty());
  pb::ListAccountsRequest of_firm;
  of_firm.set_entity(1);
  EXPECT_THAT(List(kAuditor, of_firm, 1), ElementsAre("accounts/5", "accounts/6"));
  pb::ListAccountsRequest of_kind;
  of_kind.set_kind(pb::ACCOUNT_KIND_ESCROW);
  EXPECT_THAT(List(kAuditor, of_kind, 10), ElementsAre("accounts/6", "accounts/8"));
  of_kind.set_kind(static_cast<pb::AccountKind>(99));
  pb::ListAccountsResponse response;
  EXPECT_THAT(Call(kAuditor, *stub_, &Stub::ListAccounts, of_kind, response),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(AccountServiceTest, OpensAccountsForTheAdminOnly) {
  pb::CreateAccountRequest request;
  request.set_request_id(NextId());
  request.set_kind(pb::ACCOUNT_KIND_TRADING);
  request.set_entity(9);
  pb::CreateAccountResponse response, again;
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::CreateAccount, request, response),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::CreateAccount, request, response).ok());
  EXPECT_EQ(response.account(), "accounts/10");
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::CreateAccount, request, again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
  request.set_request_id(NextId());
  request.clear_kind();
  EXPECT_THAT(Call(kAdmin, *stub_, &Stub::CreateAccount, request, response),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(AccountServiceTest, OpensNoFirmsAccountWithoutAFirm) {
  pb::CreateAccountRequest request;
  request.set_request_id(NextId());
  request.set_kind(pb::ACCOUNT_KIND_HOLDER);
  pb::CreateAccountResponse response;
  EXPECT_THAT(Call(kAdmin, *stub_, &Stub::CreateAccount, request, response),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  request.set_entity(0);
  EXPECT_TRUE(Call(kAdmin, *stub_, &Stub::CreateAccount, request, response).ok());
}

TEST_F(AccountServiceTest, ChangesAnAccountOnlyAsItWasRead) {
  pb::Account before, after;
  ASSERT_TRUE(Get(kAdmin, "accounts/5", before).ok());
  pb::UpdateAccountResponse response;
  const auto update = Update(before.etag());
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::UpdateAccount, update, response).ok());
  ASSERT_TRUE(Get(kAdmin, "accounts/5", after).ok());
  EXPECT_FALSE(after.may_send());
  EXPECT_NE(after.etag(), before.etag());
  const grpc::Status stale =
      Call(kAdmin, *stub_, &Stub::UpdateAccount, Update(before.etag()), response);
  EXPECT_THAT(stale, Fails(StatusCode::ABORTED, "ETAG_MISMATCH"));
  EXPECT_EQ(SaidBy(stale).metadata.at("etag"), after.etag());
  // A retry gets its answer though the account has changed since.
  EXPECT_TRUE(Call(kAdmin, *stub_, &Stub::UpdateAccount, update, response).ok());
}

TEST_F(AccountServiceTest, ClosesOnlyWhatIsEmpty) {
  pb::CloseAccountRequest request;
  request.set_request_id(NextId());
  request.set_name("accounts/5");
  pb::CloseAccountResponse response;
  EXPECT_THAT(Call(kAdmin, *stub_, &Stub::CloseAccount, request, response),
              Fails(StatusCode::FAILED_PRECONDITION, "ACCOUNT_NOT_EMPTY"));
  request.set_request_id(NextId());
  request.set_name("accounts/7");
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::CloseAccount, request, response).ok());
  pb::Account account;
  ASSERT_TRUE(Get(kAdmin, "accounts/7", account).ok());
  EXPECT_TRUE(account.closed());
  request.set_request_id(NextId());
  EXPECT_THAT(Call(kAdmin, *stub_, &Stub::CloseAccount, request, response),
              Fails(StatusCode::FAILED_PRECONDITION, "ACCOUNT_CLOSED"));
}

TEST_F(AccountServiceTest, TellsHoldingsOfEveryStateItIsAskedFor) {
  pb::GetHoldingRequest request;
  request.set_name("accounts/5/holdings/CEA-2026");
  pb::GetHoldingResponse response;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetHolding, request, response).ok());
  EXPECT_EQ(response.holding().name(), "accounts/5/holdings/CEA-2026");
  EXPECT_EQ(response.holding().unit(), "CEA26");
  EXPECT_EQ(response.holding().available(), 10'000);
  EXPECT_EQ(response.chain_head(), branches_->main().committed().chain_head);

  const std::uint64_t last = response.sequence();
  std::int64_t before = 10'000;
  for (std::uint64_t sequence = last; sequence >= last - 6; --sequence) {
    request.set_sequence(sequence);
    // Before its grants the representative is nobody: the auditor reads.
    ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::GetHolding, request, response).ok());
    EXPECT_EQ(response.sequence(), sequence);
    EXPECT_LE(response.holding().posted(), before);
    before = response.holding().posted();
  }
  EXPECT_EQ(before, 0);
  for (const std::uint64_t wrong : {std::uint64_t{0}, last + 1, ~std::uint64_t{0}}) {
    request.set_sequence(wrong);
    EXPECT_THAT(Call(kAuditor, *stub_, &Stub::GetHolding, request, response),
                Fails(StatusCode::OUT_OF_RANGE, "AS_OF_OUT_OF_RANGE"));
  }
  wire::Fill(kStart + 1, request.mutable_sim_time());
  EXPECT_THAT(Call(kAuditor, *stub_, &Stub::GetHolding, request, response),
              Fails(StatusCode::OUT_OF_RANGE, "AS_OF_OUT_OF_RANGE"));
  wire::Fill(kStart, request.mutable_sim_time());
  EXPECT_TRUE(Call(kAuditor, *stub_, &Stub::GetHolding, request, response).ok());
  request.clear_as_of();
  request.set_name("accounts/5/holdings/CEA-2031");
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetHolding, request, response),
              Fails(StatusCode::NOT_FOUND, "LEDGER_NOT_FOUND"));
}

TEST_F(AccountServiceTest, ListsHoldingsThatAreNotEmpty) {
  pb::ListHoldingsRequest request;
  request.set_parent("accounts/5");
  request.set_page_size(1);
  pb::ListHoldingsResponse response;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListHoldings, request, response).ok());
  ASSERT_THAT(response.holdings(), SizeIs(1));
  EXPECT_EQ(response.holdings(0).unit(), "CEA26");
  request.set_page_token(response.next_page_token());
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListHoldings, request, response).ok());
  ASSERT_THAT(response.holdings(), SizeIs(1));
  EXPECT_EQ(response.holdings(0).posted(), 50'000);
  EXPECT_EQ(response.next_page_token(), "");
}

TEST_F(AccountServiceTest, KeepsTrustedListsForRepresentatives) {
  pb::AddTrustedAccountRequest add;
  add.set_request_id(NextId());
  add.mutable_draft()->set_account("accounts/5");
  add.mutable_draft()->set_target("accounts/7");
  pb::AddTrustedAccountResponse added;
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::AddTrustedAccount, add, added),
              Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::AddTrustedAccount, add, added).ok());
  pb::ListTrustedAccountsRequest list;
  list.set_parent("accounts/5");
  pb::ListTrustedAccountsResponse listed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListTrustedAccounts, list, listed).ok());
  ASSERT_THAT(listed.trusted_accounts(), SizeIs(1));
  EXPECT_EQ(listed.trusted_accounts(0).target(), "accounts/7");
  pb::RemoveTrustedAccountRequest remove;
  remove.set_request_id(NextId());
  *remove.mutable_draft() = add.draft();
  pb::RemoveTrustedAccountResponse removed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::RemoveTrustedAccount, remove, removed).ok());
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListTrustedAccounts, list, listed).ok());
  EXPECT_THAT(listed.trusted_accounts(), IsEmpty());
}

TEST_F(AccountServiceTest, KnowsFirmsTheirYearsAndTheirAccounts) {
  pb::SetEntityRequest set;
  set.set_request_id(NextId());
  set.set_entity(1);
  set.set_first_year(2024);
  set.set_group(3);
  pb::SetEntityResponse is_set;
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::SetEntity, set, is_set).ok());
  pb::ExcludeYearRequest exclude;
  exclude.set_request_id(NextId());
  exclude.set_name("entities/1");
  exclude.set_year(2027);
  exclude.set_excluded(true);
  pb::ExcludeYearResponse excluded;
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::ExcludeYear, exclude, excluded).ok());
  pb::GetEntityRequest get;
  get.set_name("entities/1");
  pb::GetEntityResponse got;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetEntity, get, got).ok());
  EXPECT_EQ(got.entity().first_year(), 2024U);
  EXPECT_EQ(got.entity().group(), 3U);
  EXPECT_THAT(got.entity().excluded_years(), ElementsAre(2027U));
  EXPECT_THAT(got.entity().accounts(), ElementsAre("accounts/5"));
  get.set_name("entities/77");
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetEntity, get, got),
              Fails(StatusCode::NOT_FOUND, "ENTITY_NOT_FOUND"));
  pb::ListEntitiesRequest list;
  pb::ListEntitiesResponse listed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListEntities, list, listed).ok());
  EXPECT_THAT(listed.entities(), SizeIs(2));
  set.set_request_id(NextId());
  set.set_first_year(70'000);
  EXPECT_THAT(Call(kAdmin, *stub_, &Stub::SetEntity, set, is_set),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

}  // namespace
}  // namespace ets::server
