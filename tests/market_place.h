#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ets/market/v1/market_data_service.grpc.pb.h"
#include "ets/market/v1/market_service.grpc.pb.h"
#include "ets/market/v1/order_entry_service.grpc.pb.h"
#include "server/serve.h"
#include "tests/market_set_up.h"
#include "tests/serve_process.h"

// A whole market in this process and a folder of its own: a registry, an exchange with an open
// session of CEA26-CNY around 70.00, and members that hold units and money in their escrow.
namespace ets {

class MarketPlace {
 public:
  static constexpr const char* kInstrument = kMarketInstrument;
  static constexpr std::int64_t kUnits = kMarketUnits;
  static constexpr std::int64_t kCash = kMarketCash;

  explicit MarketPlace(int members, server::VenueOptions venue = {}, bool fsync = true,
                       std::size_t stream_responses_max = 65'536,
                       const market::VenueRules& rules = {}, std::string fix_listen = {})
      : members_(members),
        venue_(venue),
        fsync_(fsync),
        responses_max_(stream_responses_max),
        rules_(rules),
        fix_listen_(std::move(fix_listen)) {
    std::string name = (std::filesystem::temp_directory_path() / "market-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    Start();
    SetUpMarket(channel_, members);
  }
  ~MarketPlace() {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    const auto failure = TryToStart(rules_);
    if (!failure) return;
    std::cerr << failure->message << "\n";
    std::abort();
  }
  // Or why not.
  std::optional<server::ServeFailure> TryToStart(const std::optional<market::VenueRules>& rules) {
    server::ServeOptions options;
    options.live.data = folder_;
    options.live.fsync = fsync_;
    options.live.clock.kind = server::ClockOptions::Kind::kManual;
    options.live.clock.start = SimTime{1'772'409'600} * kMicrosPerSecond;  // 2 March 2026.
    options.services.auth.required = false;
    options.services.rate.per_second = 0;
    options.port.listen = "127.0.0.1:0";
    options.binary_listen = "127.0.0.1:0";
    options.fix_listen = fix_listen_;
    options.venue = venue_;
    options.rules = rules;
    options.stream_responses_max = responses_max_;
    auto started = server::LiveServer::Start(options);
    if (!started.ok()) return started.error();
    server_ = std::move(started.value());
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    market_ = mk::MarketService::NewStub(channel_);
    entry_ = mk::OrderEntryService::NewStub(channel_);
    data_ = mk::MarketDataService::NewStub(channel_);
    return std::nullopt;
  }
  // What was set up without is on the disk by then.
  void SyncFromNowOn() {
    Stop();
    fsync_ = true;
    Start();
  }
  void Stop() {
    if (server_) server_->Shutdown();
    server_.reset();
  }

  server::LiveServer& server() { return *server_; }
  const std::string& address() const { return server_->address(); }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  mk::MarketService::Stub& market() { return *market_; }
  mk::OrderEntryService::Stub& entry() { return *entry_; }
  mk::MarketDataService::Stub& data() { return *data_; }
  int members() const { return members_; }
  // Of member `index`, from 0.
  static int EscrowOf(int index) { return EscrowOfMember(index); }
  static std::string Member(int index) { return "members/" + std::to_string(EscrowOf(index)); }

  void OpenSession(const std::string& date) {
    mk::OpenSessionRequest request;
    request.set_date(date);
    mk::OpenSessionResponse response;
    Must(Call(*market_, &mk::MarketService::Stub::OpenSession, request, response));
  }
  mk::CloseDayResponse CloseDay() {
    mk::CloseDayResponse response;
    Must(Call(*market_, &mk::MarketService::Stub::CloseDay, mk::CloseDayRequest(), response, {},
              std::chrono::seconds(60)));
    return response;
  }
  // All that the members have at the exchange, in one unit.
  std::int64_t Total(const std::string& unit) {
    std::int64_t total = 0;
    for (int i = 0; i < members_; ++i) {
      mk::GetMemberRequest request;
      request.set_member(Member(i));
      mk::GetMemberResponse response;
      Must(Call(*market_, &mk::MarketService::Stub::GetMember, request, response));
      for (const auto& holding : response.holdings()) {
        if (holding.unit() != unit) continue;
        total += holding.available() + holding.reserved() + holding.bought_today();
      }
    }
    return total;
  }

  static void Must(const grpc::Status& status) { ets::Must(status); }

 private:
  const int members_;
  const server::VenueOptions venue_;
  bool fsync_;
  const std::size_t responses_max_;
  const market::VenueRules rules_;
  const std::string fix_listen_;  // Empty: no FIX.
  std::string folder_;
  std::unique_ptr<server::LiveServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<mk::MarketService::Stub> market_;
  std::unique_ptr<mk::OrderEntryService::Stub> entry_;
  std::unique_ptr<mk::MarketDataService::Stub> data_;
};

}  // namespace ets
