#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "server/service_fixture.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using pb::UnitService;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class UnitServiceTest : public Served {
 protected:
  using Stub = UnitService::Stub;

  void SetUp() override {
    Serve();
    stub_ = UnitService::NewStub(channel_);
  }
  pb::Ledger LedgerOf(const std::string& unit) {
    pb::GetLedgerRequest request;
    request.set_name("ledgers/" + unit);
    pb::GetLedgerResponse response;
    EXPECT_TRUE(Call(kHolder, *stub_, &Stub::GetLedger, request, response).ok());
    return response.ledger();
  }
  grpc::Status Open(const std::string& unit, std::int64_t cap) {
    pb::OpenLedgerRequest request;
    request.set_request_id(NextId());
    request.set_unit(unit);
    request.set_cap(cap);
    pb::OpenLedgerResponse response;
    return Call(kAuthority, *stub_, &Stub::OpenLedger, request, response);
  }
  grpc::Status Issue(std::int64_t amount, pb::IssueAllowancesResponse& response) {
    pb::IssueAllowancesRequest request;
    request.set_request_id(NextId());
    request.mutable_draft()->set_account("accounts/2");
    request.mutable_draft()->set_unit("CEA-2026");
    request.mutable_draft()->set_amount(amount);
    return Call(kAuthority, *stub_, &Stub::IssueAllowances, request, response);
  }
  pb::FreezeUnitsRequest Freeze(std::int64_t amount) {
    pb::FreezeUnitsRequest request;
    request.set_request_id(NextId());
    request.mutable_draft()->set_account("accounts/5");
    request.mutable_draft()->set_unit("CEA-2026");
    request.mutable_draft()->set_amount(amount);
    request.mutable_draft()->set_authority("court of the third district");
    return request;
  }

  std::unique_ptr<Stub> stub_;
};

TEST_F(UnitServiceTest, OpensALedgerOnceAndHoldsItToItsCap) {
  EXPECT_TRUE(Open("CEA-2027", 500).ok());
  EXPECT_THAT(Open("CEA27", 500), Fails(StatusCode::ALREADY_EXISTS, "LEDGER_EXISTS"));
  EXPECT_EQ(LedgerOf("CEA-2027").cap(), 500);
  pb::IssueAllowancesResponse response;
  EXPECT_TRUE(Issue(900'000, response).ok());
  const grpc::Status beyond = Issue(1, response);
  EXPECT_THAT(beyond, Fails(StatusCode::FAILED_PRECONDITION, "CAP_EXCEEDED"));
  EXPECT_EQ(SaidBy(beyond).metadata.at("uk_code"), "3500");
  EXPECT_EQ(SaidBy(beyond).metadata.at("limit"), "1000000");

  pb::SetCapRequest lower;
  lower.set_request_id(NextId());
  lower.set_name("ledgers/CEA-2026");
  lower.set_cap(10);
  pb::SetCapResponse lowered;
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::SetCap, lower, lowered),
              Fails(StatusCode::FAILED_PRECONDITION, "CAP_EXCEEDED"));
}

TEST_F(UnitServiceTest, TellsTotalsThatAddUp) {
  const pb::Ledger ledger = LedgerOf("CEA-2026");
  EXPECT_EQ(ledger.issued(), 100'000);
  EXPECT_EQ(ledger.issued(), ledger.held() + ledger.surrendered() + ledger.cancelled() +
                                 ledger.converted() + ledger.expired());
  pb::ListLedgersRequest list;
  pb::ListLedgersResponse listed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListLedgers, list, listed).ok());
  EXPECT_THAT(listed.ledgers(), SizeIs(2));
}

TEST_F(UnitServiceTest, FreezesUnitsThatThenCannotMove) {
  pb::FreezeUnitsResponse frozen;
  auto freeze = Freeze(9'990);
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::FreezeUnits, freeze, frozen),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Call(kRegulator, *stub_, &Stub::FreezeUnits, freeze, frozen).ok());
  EXPECT_EQ(frozen.freeze(), "freezes/1");
  pb::CancelRequest cancel;
  cancel.set_request_id(NextId());
  cancel.mutable_draft()->set_account("accounts/5");
  cancel.mutable_draft()->set_unit("CEA-2026");
  cancel.mutable_draft()->set_amount(11);
  pb::CancelResponse cancelled;
  const grpc::Status status = Call(kHolder, *stub_, &Stub::Cancel, cancel, cancelled);
  EXPECT_THAT(status, Fails(StatusCode::FAILED_PRECONDITION, "INSUFFICIENT_HOLDING"));
  EXPECT_EQ(SaidBy(status).metadata.at("frozen"), "9990");
  EXPECT_EQ(SaidBy(status).metadata.at("available"), "10");

  pb::ListFreezesRequest list;
  list.set_active_only(true);
  pb::ListFreezesResponse listed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListFreezes, list, listed).ok());
  ASSERT_THAT(listed.freezes(), SizeIs(1));
  EXPECT_EQ(listed.freezes(0).authority(), "court of the third district");
  ASSERT_TRUE(Call(kStranger, *stub_, &Stub::ListFreezes, list, listed).ok());
  EXPECT_THAT(listed.freezes(), IsEmpty());
  pb::GetFreezeRequest get;
  get.set_name("freezes/1");
  pb::GetFreezeResponse got;
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::GetFreeze, get, got),
              Fails(StatusCode::NOT_FOUND, "FREEZE_NOT_FOUND"));

  pb::UnfreezeUnitsRequest lift;
  lift.set_request_id(NextId());
  lift.set_name("freezes/1");
  pb::UnfreezeUnitsResponse lifted;
  ASSERT_TRUE(Call(kRegulator, *stub_, &Stub::UnfreezeUnits, lift, lifted).ok());
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetFreeze, get, got).ok());
  EXPECT_FALSE(got.freeze().active());
  lift.set_request_id(NextId());
  lift.set_name("freezes/9");
  EXPECT_THAT(Call(kRegulator, *stub_, &Stub::UnfreezeUnits, lift, lifted),
              Fails(StatusCode::NOT_FOUND, "FREEZE_NOT_FOUND"));
}

TEST_F(UnitServiceTest, CertifiesACancellationWithItsSerials) {
  pb::CancelRequest cancel;
  cancel.set_request_id(NextId());
  cancel.mutable_draft()->set_account("accounts/5");
  cancel.mutable_draft()->set_unit("CEA-2026");
  cancel.mutable_draft()->set_amount(25);
  cancel.mutable_draft()->set_beneficiary("the climate");
  pb::CancelResponse cancelled;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::Cancel, cancel, cancelled).ok());
  pb::GetCertificateRequest get;
  get.set_name(cancelled.certificate());
  pb::GetCertificateResponse got;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetCertificate, get, got).ok());
  EXPECT_EQ(got.certificate().beneficiary(), "the climate");
  EXPECT_EQ(got.certificate().cancelled_sequence(), cancelled.sequence());
  std::int64_t serials = 0;
  for (const auto& range : got.certificate().serial_ranges()) {
    serials += range.last() - range.first() + 1;
  }
  EXPECT_EQ(serials, 25);
  EXPECT_EQ(LedgerOf("CEA-2026").cancelled(), 25);
  pb::ListCertificatesRequest list;
  pb::ListCertificatesResponse listed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListCertificates, list, listed).ok());
  EXPECT_THAT(listed.certificates(), SizeIs(1));
}

TEST_F(UnitServiceTest, TellsSerialsToTheAuthorityAndHidesThemFromHolders) {
  pb::ListSerialRangesRequest request;
  request.set_parent("accounts/5");
  pb::ListSerialRangesResponse response;
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::ListSerialRanges, request, response),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  const auto count = [&] {
    const grpc::Status status = Call(kAuditor, *stub_, &Stub::ListSerialRanges, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::int64_t serials = 0;
    for (const auto& held : response.ranges()) {
      serials += held.range().last() - held.range().first() + 1;
    }
    return serials;
  };
  EXPECT_EQ(count(), 10'000);
  EXPECT_EQ(response.ranges(0).unit(), "CEA26");
  request.set_unit("CEA-2026");
  request.set_sequence(response.sequence() - 1);
  EXPECT_EQ(count(), 10'000);
  const std::uint64_t before_allocation = response.sequence() - 3;
  request.set_sequence(before_allocation);
  EXPECT_EQ(count(), 0);
  request.set_unit("CEA-2031");
  EXPECT_THAT(Call(kAuditor, *stub_, &Stub::ListSerialRanges, request, response),
              Fails(StatusCode::NOT_FOUND, "LEDGER_NOT_FOUND"));
}

TEST_F(UnitServiceTest, ExpiresAVintageWholly) {
  pb::ExpireUnitsRequest request;
  request.set_request_id(NextId());
  request.set_name("ledgers/CEA-2026");
  pb::ExpireUnitsResponse response;
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::ExpireUnits, request, response),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  Do(registry::OpenAccount{registry::AccountKind::kExpired, 0});
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::ExpireUnits, request, response).ok());
  EXPECT_EQ(response.expired(), 100'000);
  EXPECT_EQ(LedgerOf("CEA-2026").held(), 0);
}

TEST_F(UnitServiceTest, ConvertsAVintageIntoALaterOne) {
  ASSERT_TRUE(Open("CEA-2027", 0).ok());
  Do(registry::OpenAccount{registry::AccountKind::kConverted, 0});
  pb::ConvertUnitsRequest request;
  request.set_request_id(NextId());
  request.set_account("accounts/5");
  request.set_from_unit("CEA-2026");
  request.set_to_unit("CEA-2027");
  request.set_amount(100);
  pb::ConvertUnitsResponse response;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::ConvertUnits, request, response).ok());
  EXPECT_EQ(LedgerOf("CEA-2026").converted(), 100);
  EXPECT_EQ(LedgerOf("CEA-2027").held(), 100);
}

}  // namespace
}  // namespace ets::server
