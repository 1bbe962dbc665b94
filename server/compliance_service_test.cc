#include "ets/registry/v1/compliance_service.grpc.pb.h"
#include "server/service_fixture.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using pb::ComplianceService;
using ::testing::SizeIs;

class ComplianceServiceTest : public Served {
 protected:
  using Stub = ComplianceService::Stub;

  void SetUp() override {
    Serve();
    stub_ = ComplianceService::NewStub(channel_);
  }
  grpc::Status Record(const std::string& token, std::int64_t emissions) {
    pb::RecordEmissionsRequest request;
    request.set_request_id(NextId());
    request.set_name("entities/1/emissions/2026");
    request.set_emissions(emissions);
    pb::RecordEmissionsResponse response;
    return Call(token, *stub_, &Stub::RecordEmissions, request, response);
  }
  pb::SurrenderRequest Surrender(std::int64_t amount) {
    pb::SurrenderRequest request;
    request.set_request_id(NextId());
    request.mutable_draft()->set_account("accounts/5");
    request.mutable_draft()->set_unit("CEA-2026");
    request.mutable_draft()->set_year(2026);
    request.mutable_draft()->set_amount(amount);
    return request;
  }
  pb::ComplianceStatus StatusOf(const std::string& firm) {
    pb::GetComplianceStatusRequest request;
    request.set_name("entities/" + firm + "/complianceStatuses/2026");
    pb::GetComplianceStatusResponse response;
    EXPECT_TRUE(Call(kHolder, *stub_, &Stub::GetComplianceStatus, request, response).ok());
    return response.compliance_status();
  }

  std::unique_ptr<Stub> stub_;
};

TEST_F(ComplianceServiceTest, LetsAVerifierRecordEmissionsOnce) {
  EXPECT_THAT(Record(kHolder, 6'000), Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_TRUE(Record(kVerifier, 6'000).ok());
  EXPECT_THAT(Record(kVerifier, 6'001),
              Fails(StatusCode::FAILED_PRECONDITION, "EMISSIONS_ALREADY_VERIFIED"));
  EXPECT_EQ(StatusOf("1").verified_emissions(), 6'000);
  EXPECT_FALSE(StatusOf("2").has_verified_emissions());
}

TEST_F(ComplianceServiceTest, KeepsEveryVersionOfAFigure) {
  ASSERT_TRUE(Record(kVerifier, 6'000).ok());
  pb::CorrectEmissionsRequest correct;
  correct.set_request_id(NextId());
  correct.set_name("entities/1/emissions/2026");
  correct.set_emissions(6'500);
  pb::CorrectEmissionsResponse corrected;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::CorrectEmissions, correct, corrected).ok());
  pb::GetEmissionsRequest get;
  get.set_name("entities/1/emissions/2026");
  pb::GetEmissionsResponse got;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetEmissions, get, got).ok());
  ASSERT_THAT(got.emissions().versions(), SizeIs(2));
  EXPECT_EQ(got.emissions().versions(0).source(), pb::EMISSIONS_SOURCE_VERIFIED);
  EXPECT_EQ(got.emissions().versions(1).source(), pb::EMISSIONS_SOURCE_CORRECTED);
  EXPECT_EQ(got.emissions().versions(1).emissions(), 6'500);
  correct.set_request_id(NextId());
  correct.set_source(static_cast<pb::EmissionsSource>(9));
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::CorrectEmissions, correct, corrected),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  get.set_name("entities/99/emissions/2026");
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetEmissions, get, got),
              Fails(StatusCode::NOT_FOUND, "ENTITY_NOT_FOUND"));
}

TEST_F(ComplianceServiceTest, SurrendersAndAssessesAFirm) {
  ASSERT_TRUE(Record(kVerifier, 6'000).ok());
  pb::SurrenderResponse surrendered;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::Surrender, Surrender(4'000), surrendered).ok());
  EXPECT_EQ(surrendered.transfer(), "transfers/" + std::to_string(surrendered.sequence()) + "-0");
  EXPECT_EQ(StatusOf("1").surrendered(), 4'000);
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::Surrender, Surrender(2'001), surrendered),
              Fails(StatusCode::FAILED_PRECONDITION, "MORE_THAN_OWED"));
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::Surrender, Surrender(1), surrendered),
              Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));

  pb::AssessComplianceRequest assess;
  assess.set_request_id(NextId());
  assess.set_name("entities/1/complianceStatuses/2026");
  pb::AssessComplianceResponse assessed;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::AssessCompliance, assess, assessed).ok());
  EXPECT_EQ(assessed.shortfall(), 2'000);
  EXPECT_EQ(StatusOf("1").year_symbol(), pb::YEAR_SYMBOL_SHORT);
  assess.set_request_id(NextId());
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::AssessCompliance, assess, assessed),
              Fails(StatusCode::FAILED_PRECONDITION, "YEAR_ALREADY_ASSESSED"));
}

TEST_F(ComplianceServiceTest, SurrendersInTheProfilesOrderWhatThereIs) {
  ASSERT_TRUE(Record(kVerifier, 60'000).ok());
  pb::SurrenderInOrderRequest request;
  request.set_request_id(NextId());
  request.set_account("accounts/5");
  request.set_year(2026);
  request.set_amount(60'000);
  pb::SurrenderInOrderResponse response, again;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::SurrenderInOrder, request, response).ok());
  EXPECT_EQ(response.surrendered(), 10'000);
  EXPECT_THAT(response.transfers(), SizeIs(1));
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::SurrenderInOrder, request, again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
}

TEST_F(ComplianceServiceTest, RunsAWholeSchemesYearInOneRecord) {
  pb::RunComplianceRequest request;
  request.set_request_id(NextId());
  request.set_year(2026);
  request.set_surrender(true);
  request.set_assess(true);
  for (const std::uint32_t firm : {1U, 2U}) {
    request.add_entities(firm);
    request.add_emissions(8'000);
  }
  pb::RunComplianceResponse response, again;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::RunCompliance, request, response).ok());
  EXPECT_EQ(response.entities(), 2U);
  EXPECT_EQ(response.shortfall(), 8'000);
  EXPECT_EQ(response.transfers(), 1U);
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::RunCompliance, request, again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());

  pb::ListComplianceStatusesRequest list;
  list.set_year(2026);
  list.set_page_size(1);
  std::vector<pb::YearSymbol> symbols;
  do {
    pb::ListComplianceStatusesResponse page;
    ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListComplianceStatuses, list, page).ok());
    for (const auto& status : page.compliance_statuses()) symbols.push_back(status.year_symbol());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(symbols, ::testing::ElementsAre(pb::YEAR_SYMBOL_COMPLIANT, pb::YEAR_SYMBOL_SHORT));

  request.set_request_id(NextId());
  request.add_entities(3);
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::RunCompliance, request, response),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(ComplianceServiceTest, TellsHowAStatusCameToBe) {
  ASSERT_TRUE(Record(kVerifier, 6'000).ok());
  pb::SurrenderResponse surrendered;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::Surrender, Surrender(6'000), surrendered).ok());
  pb::ListComplianceEventsRequest request;
  request.set_parent("entities/1");
  pb::ListComplianceEventsResponse response;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListComplianceEvents, request, response).ok());
  ASSERT_GE(response.compliance_events_size(), 1);
  EXPECT_EQ(response.compliance_events(response.compliance_events_size() - 1).figure(),
            StatusOf("1").dynamic().figure());
}

TEST_F(ComplianceServiceTest, TakesReportsOfAFirmFromItsRepresentatives) {
  pb::ReportEmissionsRequest report;
  report.set_request_id(NextId());
  report.set_name("entities/1/emissions/2026");
  report.set_emissions(5'900);
  pb::ReportEmissionsResponse reported;
  EXPECT_TRUE(Call(kHolder, *stub_, &Stub::ReportEmissions, report, reported).ok());
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::ReportEmissions, report, reported),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  pb::DepositMonthlyDataRequest deposit;
  deposit.set_request_id(NextId());
  deposit.set_name("entities/1/emissions/2026");
  deposit.set_month(3);
  deposit.set_emissions(500);
  pb::DepositMonthlyDataResponse deposited;
  EXPECT_TRUE(Call(kHolder, *stub_, &Stub::DepositMonthlyData, deposit, deposited).ok());
  deposit.set_request_id(NextId());
  deposit.set_month(13);
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::DepositMonthlyData, deposit, deposited),
              Fails(StatusCode::INVALID_ARGUMENT, "VALUE_INVALID"));
  deposit.set_month(999);
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::DepositMonthlyData, deposit, deposited),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

}  // namespace
}  // namespace ets::server
