#include "server/registry_errors.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/service_fixture.h"

namespace ets::server {
namespace {

std::vector<ErrorRow> Rows() {
  std::vector<ErrorRow> rows;
  for (std::size_t reason = 0; reason < kReasonCount; ++reason) {
    rows.push_back(RowOf(static_cast<Reason>(reason)));
  }
  for (std::uint16_t refusal = 1; refusal < registry::kRefusalCount; ++refusal) {
    rows.push_back(RowOf(static_cast<registry::Refusal>(refusal)));
  }
  return rows;
}

TEST(ErrorTable, HasOneStableReasonARow) {
  std::set<std::string> seen;
  const std::regex form("[A-Z][A-Z0-9_]{1,62}");
  for (const ErrorRow& row : Rows()) {
    EXPECT_TRUE(std::regex_match(row.reason, form)) << row.reason;
    EXPECT_TRUE(seen.insert(row.reason).second) << row.reason << " is there twice";
    EXPECT_NE(row.code, grpc::StatusCode::OK);
    EXPECT_STRNE(row.meaning, "");
  }
}

TEST(ErrorTable, NamesTheMachinesRefusalsAsTheMachineDoesButForTheWordsOfTheConvention) {
  const std::map<std::string, std::string> others = {
      {"AMOUNT_NOT_POSITIVE", "QUANTITY_INVALID"},
      {"AMOUNT_TOO_LARGE", "QUANTITY_TOO_LARGE"},
      {"UNIT_NOT_ELIGIBLE", "UNIT_NOT_ELIGIBLE_FOR_SURRENDER"}};
  for (std::uint16_t number = 1; number < registry::kRefusalCount; ++number) {
    const auto refusal = static_cast<registry::Refusal>(number);
    const std::string name(registry::ToString(refusal));
    const auto other = others.find(name);
    EXPECT_EQ(RowOf(refusal).reason, other == others.end() ? name : other->second);
  }
}

TEST(ErrorTable, IsTheOneInTheManual) {
  std::ifstream file("proto/README.md");
  ASSERT_TRUE(file);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), ::testing::HasSubstr(ErrorTableText()))
      << "put this into proto/README.md:\n"
      << ErrorTableText();
}

TEST(Errors, SayALimitOfNothingAndTimesAsTimes) {
  registry::RefusalDetail detail;
  detail.asked = 5;
  EXPECT_EQ(SaidBy(RefusalError(registry::Refusal::kMoreThanOwed, detail, {})).metadata.at("limit"),
            "0");
  detail.asked = 0;
  EXPECT_EQ(
      SaidBy(RefusalError(registry::Refusal::kAmountNotPositive, detail, {})).metadata.at("asked"),
      "0");
  detail.asked = 1'772'528'460'000'000;
  const Said late = SaidBy(RefusalError(registry::Refusal::kAbortTooLate, detail, {}));
  EXPECT_EQ(late.metadata.at("asked"), "2026-03-03T09:01:00Z");
}

TEST(Errors, CarryExactlyOneInfoWithThePeersCodes) {
  registry::RefusalDetail detail;
  detail.has_account = detail.has_ledger = detail.has_holding = true;
  detail.account = AccountId(12);
  detail.posted = 100;
  detail.frozen = 30;
  detail.available = 70;
  detail.asked = 80;
  const grpc::Status status =
      RefusalError(registry::Refusal::kInsufficientHolding, detail, Unit::Allowance(2026));
  const Said said = SaidBy(status);
  EXPECT_EQ(said.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(said.reason, "INSUFFICIENT_HOLDING");
  EXPECT_EQ(said.metadata.at("account"), "accounts/12");
  EXPECT_EQ(said.metadata.at("unit"), "CEA26");
  EXPECT_EQ(said.metadata.at("frozen"), "30");
  EXPECT_EQ(said.metadata.at("available"), "70");
  EXPECT_EQ(said.metadata.at("asked"), "80");
  EXPECT_EQ(said.metadata.at("uk_code"), "3005/10003");
  EXPECT_TRUE(said.Has<google::rpc::PreconditionFailure>());
  EXPECT_EQ(said.details.code(), static_cast<int>(status.error_code()));
  EXPECT_EQ(said.details.message(), status.error_message());
}

TEST(Errors, OfAnAccountsKindSayWhichKindsMay) {
  using registry::AccountKind;
  registry::RefusalDetail detail;
  detail.has_account = true;
  detail.account = AccountId(12);
  detail.asked = static_cast<int>(AccountKind::kHolder);
  detail.limit = BitOf(AccountKind::kAllocation) | BitOf(AccountKind::kReserve);
  const Said said = SaidBy(RefusalError(registry::Refusal::kWrongAccountKind, detail, {}));
  EXPECT_EQ(said.metadata.at("account"), "accounts/12");
  EXPECT_EQ(said.metadata.at("kind"), "holder");
  EXPECT_EQ(said.metadata.at("allowed_kinds"), "allocation reserve");
}

TEST(Errors, ThatAreEqualAreEqualBytes) {
  registry::RefusalDetail detail;
  detail.has_account = detail.has_ledger = detail.has_holding = true;
  const auto make = [&] {
    return RefusalError(registry::Refusal::kInsufficientHolding, detail, Unit::Offset())
        .error_details();
  };
  const std::string first = make();
  for (int copy = 0; copy < 20; ++copy) EXPECT_EQ(make(), first);
}

TEST(Errors, SayWhenToTryAgain) {
  const Said limited =
      SaidBy(RetryLater(Reason::kRateLimited, "too many", std::chrono::seconds(2)));
  EXPECT_TRUE(limited.Has<google::rpc::RetryInfo>());
  EXPECT_TRUE(limited.Has<google::rpc::QuotaFailure>());
  const Said waits =
      SaidBy(RetryLater(Reason::kReconciliationInProgress, "wait", std::chrono::milliseconds(250)));
  EXPECT_TRUE(waits.Has<google::rpc::RetryInfo>());
  EXPECT_FALSE(waits.Has<google::rpc::QuotaFailure>());
  EXPECT_EQ(waits.metadata.at("uk_code"), "3016");
}

TEST(Errors, OfFieldsNameTheFieldItsValueAndWhatIsAllowed) {
  const grpc::Status status = FieldError("debit", "accounts/x", "accounts/{account}");
  EXPECT_EQ(status.error_message(), "debit: \"accounts/x\"; allowed: accounts/{account}");
  EXPECT_TRUE(SaidBy(status).Has<google::rpc::BadRequest>());
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(grpc::Status(grpc::StatusCode::INTERNAL, "not ours")), "");
}

}  // namespace
}  // namespace ets::server
