// A served registry from the outside: what it promises to who retries, and how it ends.

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/capclear_process.h"
#include "tests/pem.h"
#include "tests/serve_process.h"

namespace ets {
namespace {

namespace pb = ::ets::registry::v1;
using Stub = pb::TransferService::Stub;

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  details.ParseFromString(status.error_details());
  for (const auto& detail : details.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return {};
}

class ServedRegistry : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments() const {
    return {"serve",  "registry", "--data",     folder_ / "data", "--clock",
            "manual", "--start",  "2026-03-02", "--no-auth"};
  }
  // A bank, two holders, and 1,000 fen with the first of them.
  void SetUpPurses(const ServedProcess& server) {
    const auto accounts = pb::AccountService::NewStub(server.Connect());
    const auto units = pb::UnitService::NewStub(server.Connect());
    std::uint64_t id = 0;
    for (const std::uint32_t firm : {0U, 1U, 2U}) {
      pb::CreateAccountRequest request;
      request.set_request_id(Uuid(9, ++id));
      request.set_kind(firm == 0 ? pb::ACCOUNT_KIND_BANK : pb::ACCOUNT_KIND_HOLDER);
      if (firm != 0) request.set_entity(firm);
      pb::CreateAccountResponse response;
      const grpc::Status status =
          Call(*accounts, &pb::AccountService::Stub::CreateAccount, request, response);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
    pb::OpenLedgerRequest ledger;
    ledger.set_request_id(Uuid(9, ++id));
    ledger.set_unit("CNY");
    pb::OpenLedgerResponse opened;
    ASSERT_TRUE(Call(*units, &pb::UnitService::Stub::OpenLedger, ledger, opened).ok());
    pb::IssueAllowancesRequest issue;
    issue.set_request_id(Uuid(9, ++id));
    issue.mutable_draft()->set_account("accounts/1");
    issue.mutable_draft()->set_unit("CNY");
    issue.mutable_draft()->set_amount(1'000);
    issue.mutable_draft()->set_code(pb::TRANSFER_CODE_LOAN);
    pb::IssueAllowancesResponse issued;
    ASSERT_TRUE(Call(*units, &pb::UnitService::Stub::IssueAllowances, issue, issued).ok());
  }
  static pb::CreateTransferRequest Payment(std::uint64_t id, std::int64_t amount) {
    pb::CreateTransferRequest request;
    request.set_request_id(Uuid(1, id));
    request.mutable_transfer()->set_debit("accounts/1");
    request.mutable_transfer()->set_credit("accounts/2");
    request.mutable_transfer()->set_unit("CNY");
    request.mutable_transfer()->set_amount(amount);
    request.mutable_transfer()->set_code(pb::TRANSFER_CODE_OTHER);
    return request;
  }
  static std::int64_t Posted(const ServedProcess& server) {
    const auto accounts = pb::AccountService::NewStub(server.Connect());
    pb::GetHoldingRequest request;
    request.set_name("accounts/2/holdings/CNY");
    pb::GetHoldingResponse response;
    const grpc::Status status =
        Call(*accounts, &pb::AccountService::Stub::GetHolding, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.holding().posted();
  }
  TestFolder folder_;
};

// Acceptance case 49.
TEST_F(ServedRegistry, GivesOneIdSentFiveTimesOverAKillOneEffectAndFiveEqualAnswers) {
  ServedProcess server(CAPCLEAR, Arguments(), folder_.path().string());
  ASSERT_TRUE(server.Start()) << server.error();
  ASSERT_NO_FATAL_FAILURE(SetUpPurses(server));
  std::vector<std::string> applied, refused;
  for (int i = 0; i < 5; ++i) {
    if (i == 1 || i == 3) {
      server.Kill();
      ASSERT_TRUE(server.Start()) << server.error();
    }
    const auto stub = pb::TransferService::NewStub(server.Connect());
    pb::CreateTransferResponse response;
    const grpc::Status paid = Call(*stub, &Stub::CreateTransfer, Payment(1, 300), response);
    ASSERT_TRUE(paid.ok()) << paid.error_message();
    applied.push_back(response.SerializeAsString());
    const grpc::Status failed = Call(*stub, &Stub::CreateTransfer, Payment(2, 5'000), response);
    EXPECT_EQ(ReasonOf(failed), "INSUFFICIENT_HOLDING");
    refused.push_back(failed.error_details());
    EXPECT_EQ(ReasonOf(Call(*stub, &Stub::CreateTransfer, Payment(1, 301), response)),
              "REQUEST_ID_REUSED");
  }
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(applied[static_cast<std::size_t>(i)], applied[0]);
    EXPECT_EQ(refused[static_cast<std::size_t>(i)], refused[0]);
  }
  EXPECT_EQ(Posted(server), 300);
  EXPECT_EQ(server.Stop(), 0) << server.error();
}

TEST_F(ServedRegistry, EndsWithOneWhenItsDiskIsFullAndIsNotServedAgainBeforeItIsVerified) {
  std::string command = "trap '' XFSZ; ulimit -f 600; exec " CAPCLEAR;
  for (const std::string& argument : Arguments()) command += " " + argument;
  ServedProcess server("/bin/sh", {"-c", command + " \"$@\"", "sh"}, folder_.path().string());
  ASSERT_TRUE(server.Start()) << server.error();
  ASSERT_NO_FATAL_FAILURE(SetUpPurses(server));
  const auto stub = pb::TransferService::NewStub(server.Connect());
  std::map<std::uint64_t, std::int64_t> acknowledged;
  grpc::Status last;
  for (std::uint64_t id = 1; id < 100'000 && last.ok(); ++id) {
    pb::CreateTransferResponse response;
    auto request = Payment(id, 1);
    if (id % 2 == 0) {
      request.mutable_transfer()->set_debit("accounts/2");
      request.mutable_transfer()->set_credit("accounts/1");
    }
    grpc::ClientContext context;
    context.set_deadline(In(std::chrono::seconds(20)));
    last = stub->CreateTransfer(&context, request, &response);
    if (last.ok()) acknowledged[id] = id % 2 == 0 ? -1 : 1;
  }
  EXPECT_EQ(last.error_code(), grpc::StatusCode::UNAVAILABLE) << last.error_message();
  EXPECT_GT(acknowledged.size(), 100U);
  EXPECT_EQ(server.Wait(), 1);

  ServedProcess again(CAPCLEAR, Arguments(), folder_.path().string());
  EXPECT_FALSE(again.Start());
  EXPECT_EQ(again.Wait(), 1);
  EXPECT_NE(again.error().find("POISONED"), std::string::npos) << again.error();
}

TEST_F(ServedRegistry, SaysWhatIsWrongWithWhatItWasAskedAndEndsWithTwo) {
  const std::vector<std::vector<std::string>> wrong = {
      {"serve"},
      {"serve", "registry"},
      {"serve", "registry", "--data", folder_ / "a", "--clock", "fast"},
      {"serve", "registry", "--data", folder_ / "a", "--profile", "atlantis"},
      {"serve", "registry", "--data", folder_ / "a", "--start", "tomorrow"},
      {"serve", "registry", "--data", folder_ / "a", "--listen", "0.0.0.0:0"},
      {"serve", "registry", "--data", folder_ / "a", "--listen", "0.0.0.0:0", "--no-auth"},
      {"serve", "--data", folder_ / "a", "--rules", folder_.path().string()},
      {"serve", "--data", folder_ / "a", "--no-auth", "--insecure", "--fix", "0.0.0.0:0"},
      {"serve", "--data", folder_ / "a", "--no-auth", "--insecure", "--binary", "0.0.0.0:0"},
      {"serve", "registry", "--data", folder_ / "a", "--tls-cert", folder_ / "none.pem"},
      {"serve", "--data", folder_ / "nothing-here", "--read-only", "--no-auth"},
      {"serve", "exchange", "--data", folder_ / "a"},
  };
  for (const std::vector<std::string>& arguments : wrong) {
    const Said said = Capclear(arguments);
    EXPECT_EQ(said.code, 2) << arguments.back() << ": " << said.err;
    EXPECT_FALSE(said.err.empty());
  }
}

TEST_F(ServedRegistry, KnowsPeopleByTokenAndServicesByCertificateOverTls) {
  const PemAuthority authority(folder_.path().string(), "ca");
  authority.Vouch("server", "the registry");
  authority.Vouch("client", "principals/4");
  ServedProcess server(CAPCLEAR,
                       {"serve", "registry", "--data", folder_ / "data", "--clock", "manual",
                        "--start", "2026-03-02", "--tls-cert", folder_ / "server.pem", "--tls-key",
                        folder_ / "server.key", "--tls-client-ca", folder_ / "ca.pem"},
                       folder_.path().string());
  ASSERT_TRUE(server.Start()) << server.error();
  const auto connect = [&](bool with_certificate) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Contents(folder_ / "ca.pem");
    if (with_certificate) {
      options.pem_cert_chain = Contents(folder_ / "client.pem");
      options.pem_private_key = Contents(folder_ / "client.key");
    }
    return pb::AdminService::NewStub(
        grpc::CreateChannel(server.address(), grpc::SslCredentials(options)));
  };
  const auto person = connect(false);
  const auto service = connect(true);
  const auto ask = [](pb::AdminService::Stub& stub, const std::string& token) {
    pb::ListPrincipalsResponse response;
    return Call(stub, &pb::AdminService::Stub::ListPrincipals, pb::ListPrincipalsRequest(),
                response, token);
  };
  std::string token = Contents(folder_ / "data/operator.token");
  token.pop_back();
  EXPECT_TRUE(ask(*person, token).ok());
  EXPECT_EQ(ask(*person, "").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ask(*service, "").error_code(), grpc::StatusCode::UNAUTHENTICATED) << "nobody yet";
  pb::SetPrincipalRequest set;
  set.set_name("principals/4");
  set.set_request_id(Uuid(1, 1));
  set.set_role(pb::ROLE_REGISTRY_ADMIN);
  set.set_active(true);
  set.set_display_name("a service");
  pb::SetPrincipalResponse known;
  ASSERT_TRUE(Call(*person, &pb::AdminService::Stub::SetPrincipal, set, known, token).ok());
  EXPECT_TRUE(ask(*service, "").ok());

  const auto plain = pb::AdminService::NewStub(server.Connect());
  grpc::ClientContext context;
  context.set_deadline(In(std::chrono::seconds(2)));
  pb::GetRegistryResponse response;
  EXPECT_FALSE(plain->GetRegistry(&context, {}, &response).ok()) << "no plain text";
  EXPECT_EQ(server.Stop(), 0) << server.error();
}

}  // namespace
}  // namespace ets
