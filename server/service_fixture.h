#pragma once

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "registry/profile.h"
#include "registry/registry.h"
#include "server/registry_errors.h"
#include "server/registry_services.h"

namespace ets::server {

// The people of a served registry, by their tokens.
inline constexpr const char* kOperator = "token of the operator";
inline constexpr const char* kAuthority = "token of the authority";   // principals/1
inline constexpr const char* kHolder = "token of the holder";         // principals/2: initiates
inline constexpr const char* kSecond = "token of the second person";  // principals/3: both
inline constexpr const char* kVerifier = "token of the verifier";     // principals/4
inline constexpr const char* kExchange = "token of the exchange";     // principals/5
inline constexpr const char* kAuditor = "token of the auditor";       // principals/6
inline constexpr const char* kAdmin = "token of the admin";           // principals/7
inline constexpr const char* kStranger = "token of the stranger";     // principals/8: no grant
inline constexpr const char* kRegulator = "token of the regulator";   // principals/9

inline std::string Uuid(std::uint64_t number) {
  char text[37];
  std::snprintf(text, sizeof text, "00000000-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(number));
  return text;
}

// What an error says in its one ErrorInfo.
struct Said {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string reason;
  std::map<std::string, std::string> metadata;
  google::rpc::Status details;

  template <typename Detail>
  bool Has() const {
    for (const auto& detail : details.details()) {
      if (detail.Is<Detail>()) return true;
    }
    return false;
  }
};

inline Said SaidBy(const grpc::Status& status) {
  Said said;
  said.code = status.error_code();
  EXPECT_TRUE(status.ok() || said.details.ParseFromString(status.error_details()));
  int infos = 0;
  for (const auto& detail : said.details.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    ++infos;
    EXPECT_EQ(info.domain(), "capclear");
    said.reason = info.reason();
    said.metadata = {info.metadata().begin(), info.metadata().end()};
  }
  EXPECT_EQ(infos, status.ok() ? 0 : 1) << status.error_message();
  return said;
}

MATCHER_P2(Fails, code, reason, "") {
  const Said said = SaidBy(arg);
  *result_listener << "code " << said.code << ", reason " << said.reason << ": "
                   << arg.error_message();
  return said.code == code && said.reason == reason;
}

// A registry in a folder of the test's own, served on a free port, with a manual clock:
//   accounts/0 issuance  1 bank  2 allocation  3 surrender  4 cancellation
//            5 holder of entity 1 (10,000 CEA-2026, 50,000 fen)  6 its escrow
//            7 holder of entity 2  8 its escrow  9 auction stock
class Served : public ::testing::Test {
 protected:
  static constexpr SimTime kStart = SimTime{1'772'409'600} * 1'000'000;  // 2 March 2026, 00:00 UTC.
  static constexpr AccountId kAllocation{2}, kFirm{5}, kFirmEscrow{6}, kOther{7}, kOtherEscrow{8};

  ~Served() override {
    StopServer();
    branches_.reset();
    if (!data_.empty()) std::filesystem::remove_all(data_);
  }

  void Serve(const std::string& profile = "sim") {
    std::string pattern = (std::filesystem::temp_directory_path() / "capclear-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    data_ = pattern;
    const registry::Profile* const law = registry::FindProfile(profile);
    ASSERT_NE(law, nullptr);
    options_.data = data_;
    options_.profile = *law;
    options_.clock.kind = ClockOptions::Kind::kManual;
    options_.clock.start = kStart;
    service_options_.auth.operator_hash = HashOfToken(kOperator);
    service_options_.rate.per_second = 0;
    ASSERT_NO_FATAL_FAILURE(Open());
    SetUpPeople();
    SetUpAccounts();
    ASSERT_NO_FATAL_FAILURE(StartServer());
  }

  void Open() {
    auto opened = LiveBranches::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    branches_ = std::move(opened.value());
  }
  void StartServer() {
    services_ = std::make_unique<RegistryServices>(*branches_, service_options_);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    for (grpc::Service* const service : services_->all()) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    ASSERT_TRUE(server_);
    address_ = "127.0.0.1:" + std::to_string(port);
    channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  }
  void StopServer() {
    if (services_) services_->Stop();
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    server_.reset();
    services_.reset();
  }
  // Ends the process's part and begins it again, as after a crash.
  void Restart() {
    StopServer();
    branches_.reset();
    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_NO_FATAL_FAILURE(StartServer());
  }

  Answer Do(const registry::Command& command) {
    Submission submission;
    submission.command = command;
    submission.source = SourceKind::kAuthority;
    const Answer answer = branches_->main().SubmitAndWait(std::move(submission));
    EXPECT_EQ(answer.kind, Answer::Kind::kApplied) << registry::ToString(answer.refusal);
    return answer;
  }

  // Calls as whoever has `token`; empty: as nobody.
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(const std::string& token, Stub& stub,
                    grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    Prepare(context, token);
    response.Clear();
    return (stub.*rpc)(&context, request, &response);
  }
  static void Prepare(grpc::ClientContext& context, const std::string& token) {
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }

  std::string NextId() { return Uuid(++last_id_); }

  std::string data_, address_;
  LiveOptions options_;
  ServiceOptions service_options_;
  std::unique_ptr<LiveBranches> branches_;
  std::unique_ptr<RegistryServices> services_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;

 private:
  void SetUpPeople() {
    using registry::Role;
    std::uint32_t number = 0;
    for (const auto& [token, role] :
         {std::pair(kAuthority, Role::kAuthority), std::pair(kHolder, Role::kHolder),
          std::pair(kSecond, Role::kHolder), std::pair(kVerifier, Role::kVerifier),
          std::pair(kExchange, Role::kExchange), std::pair(kAuditor, Role::kAuditor),
          std::pair(kAdmin, Role::kRegistryAdmin), std::pair(kStranger, Role::kHolder),
          std::pair(kRegulator, Role::kRegulator)}) {
      Do(registry::SetPrincipal{++number, role, true, token, HashOfToken(token)});
    }
  }

  void SetUpAccounts() {
    using Kind = registry::AccountKind;
    using registry::TransferCode;
    for (const Kind kind :
         {Kind::kIssuance, Kind::kBank, Kind::kAllocation, Kind::kSurrender, Kind::kCancellation}) {
      Do(registry::OpenAccount{kind, 0});
    }
    for (const std::uint32_t entity : {1U, 2U}) {
      Do(registry::OpenAccount{Kind::kHolder, entity});
      Do(registry::OpenAccount{Kind::kEscrow, entity});
    }
    Do(registry::OpenAccount{Kind::kAuctionStock, 0});
    Do(registry::OpenLedger{Unit::Allowance(2026), 1'000'000});
    Do(registry::OpenLedger{Unit::Cash(Currency::kCny), 0});
    constexpr LedgerId kUnits(0), kMoney(1);
    Do(registry::Issue{kAllocation, kUnits, 100'000, TransferCode::kIssue});
    Do(registry::Allocate{kAllocation, kFirm, kUnits, 2026, 10'000, TransferCode::kPreAllocation});
    Do(registry::Issue{kFirm, kMoney, 50'000, TransferCode::kLoan});
    const registry::Rights both = registry::kMayRead | registry::kMayInitiate;
    Do(registry::SetGrant{2, kFirm, both});
    Do(registry::SetGrant{3, kFirm, static_cast<registry::Rights>(both | registry::kMayApprove)});
  }

  std::uint64_t last_id_ = 0;
};

}  // namespace ets::server
