#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ets/auction/v1/auction_service.grpc.pb.h"
#include "ets/market/v1/market_service.grpc.pb.h"
#include "server/exchange_edge.h"
#include "server/serve.h"
#include "server/service_fixture.h"

namespace ets::server {

namespace au = ::ets::auction::v1;

// A registry and an exchange in one process, with an open session of CEA26-CNY around 70.00:
// members/4 sells (100,000 t), members/6, 8, 10 and 12 bid (10,000,000.00 each). The principals 1
// to 5 act for one of them each, with the tokens of TokenOf(). The clock stands still until
// Advance().
class AuctionPlace : public ::testing::Test {
 protected:
  static constexpr const char* kInstrument = "instruments/CEA26-CNY";
  static constexpr const char* kExchangeToken = "token of the exchange";
  static constexpr SimTime kStart = SimTime{1'772'409'600} * kMicrosPerSecond;  // 2 March 2026.
  static constexpr int kMembers = 5;
  static constexpr std::int64_t kStock = 100'000;
  static constexpr std::int64_t kPurse = 1'000'000'000;
  static constexpr LedgerId kUnits{0}, kMoney{1};

  static std::uint32_t EscrowOf(int member) { return static_cast<std::uint32_t>(4 + 2 * member); }
  static std::string Member(int member) { return "members/" + std::to_string(EscrowOf(member)); }
  static std::string TokenOf(int member) { return "token of member " + std::to_string(member); }

  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "capclear-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    ASSERT_NO_FATAL_FAILURE(Start());
    SetUpRegistry();
    ASSERT_NO_FATAL_FAILURE(SetUpMarket());
  }
  void TearDown() override {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    ServeOptions options;
    options.live.data = folder_;
    options.live.clock.kind = ClockOptions::Kind::kManual;
    options.live.clock.start = kStart;
    options.services.auth.operator_hash = HashOfToken(kOperator);
    options.services.rate.per_second = 0;
    options.port.listen = "127.0.0.1:0";
    options.stream_responses_max = stream_responses_max_;
    auto started = LiveServer::Start(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(started.value());
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    auctions_ = au::AuctionService::NewStub(channel_);
    market_ = mk::MarketService::NewStub(channel_);
  }
  void Stop() {
    if (server_) server_->Shutdown();
    server_.reset();
  }

  void Do(const registry::Command& command) {
    Submission submission;
    submission.command = command;
    submission.source = SourceKind::kAuthority;
    const Answer answer = server_->branches()->main().SubmitAndWait(std::move(submission));
    EXPECT_EQ(answer.kind, Answer::Kind::kApplied) << registry::ToString(answer.refusal);
  }
  void Advance(SimTime to) { Do(registry::AdvanceTo{to}); }
  static SimTime BeijingTime(int day, int hour) {
    return InstantOf(Date::Of(2026, 3, 2) + (day - 2), hour * 3'600 * kMicrosPerSecond,
                     kBeijingOffset);
  }

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

  // ---- The auction house ----

  static au::OpenAuctionRequest Opening(std::int64_t supply, const std::string& format = "eu") {
    au::OpenAuctionRequest request;
    request.set_auctioneer(Member(0));
    request.set_instrument(kInstrument);
    request.set_format(format);
    request.set_supply(supply);
    request.set_tie_seed(0x9e3779b97f4a7c15U);
    return request;
  }
  grpc::Status Open(const au::OpenAuctionRequest& request, const std::string& token = kOperator) {
    return Call(token, *auctions_, &au::AuctionService::Stub::OpenAuction, request, opened_);
  }
  grpc::Status Submit(int member, std::int64_t price, std::int64_t quantity) {
    return Submit(Bid(member, price, quantity), TokenOf(member));
  }
  grpc::Status Submit(const au::SubmitBidRequest& request, const std::string& token) {
    return Call(token, *auctions_, &au::AuctionService::Stub::SubmitBid, request, bid_);
  }
  static au::SubmitBidRequest Bid(int member, std::int64_t price, std::int64_t quantity) {
    au::SubmitBidRequest request;
    request.set_member(Member(member));
    request.set_price(price);
    request.set_quantity(quantity);
    return request;
  }
  grpc::Status Change(int member, std::uint32_t bid, std::int64_t price, std::int64_t quantity) {
    au::ChangeBidRequest request;
    request.set_member(Member(member));
    request.set_bid(bid);
    request.set_price(price);
    request.set_quantity(quantity);
    return Call(TokenOf(member), *auctions_, &au::AuctionService::Stub::ChangeBid, request, bid_);
  }
  grpc::Status Withdraw(int member, std::uint32_t bid) {
    au::WithdrawBidRequest request;
    request.set_member(Member(member));
    request.set_bid(bid);
    return Call(TokenOf(member), *auctions_, &au::AuctionService::Stub::WithdrawBid, request, bid_);
  }
  grpc::Status Close(const std::string& token = kOperator) {
    return Call(token, *auctions_, &au::AuctionService::Stub::CloseAuction,
                au::CloseAuctionRequest(), closed_);
  }
  grpc::Status Pay(const std::string& auction, const std::string& token = kOperator) {
    au::PayAuctionRequest request;
    request.set_auction(auction);
    return Call(token, *auctions_, &au::AuctionService::Stub::PayAuction, request, paid_);
  }
  au::Auction Auction(const std::string& name, const std::string& token = kOperator) {
    au::GetAuctionRequest request;
    request.set_auction(name);
    au::Auction auction;
    const auto got =
        Call(token, *auctions_, &au::AuctionService::Stub::GetAuction, request, auction);
    EXPECT_TRUE(got.ok()) << got.error_message();
    return auction;
  }
  std::vector<au::Bid> BidsOf(const std::string& member, const std::string& token) {
    au::ListBidsRequest request;
    request.set_member(member);
    au::ListBidsResponse bids;
    const auto got = Call(token, *auctions_, &au::AuctionService::Stub::ListBids, request, bids);
    EXPECT_TRUE(got.ok()) << got.error_message();
    return {bids.bids().begin(), bids.bids().end()};
  }

  // ---- What is held ----

  std::optional<mk::MemberHolding> Holding(int member, const std::string& unit) {
    mk::GetMemberRequest request;
    request.set_member(Member(member));
    mk::GetMemberResponse response;
    const auto got =
        Call(kOperator, *market_, &mk::MarketService::Stub::GetMember, request, response);
    EXPECT_TRUE(got.ok()) << got.error_message();
    for (const auto& holding : response.holdings()) {
      if (holding.unit() == unit) return holding;
    }
    return std::nullopt;
  }
  std::int64_t Free(int member, const std::string& unit) {
    const auto holding = Holding(member, unit);
    return holding ? holding->available() + holding->bought_today() : 0;
  }
  // At the registry, in the member's escrow.
  std::int64_t Posted(int member, LedgerId ledger) {
    std::int64_t posted = 0;
    server_->branches()->main().Read(
        {std::chrono::system_clock::now() + std::chrono::seconds(10), {}},
        [&](const registry::Registry& state, const StatePoint&) {
          posted = state.balance(AccountId(EscrowOf(member)), ledger);
        });
    return posted;
  }
  void OpenSession(const std::string& date) {
    mk::OpenSessionRequest request;
    request.set_date(date);
    mk::OpenSessionResponse response;
    const auto done =
        Call(kOperator, *market_, &mk::MarketService::Stub::OpenSession, request, response);
    ASSERT_TRUE(done.ok()) << done.error_message();
  }
  mk::CloseDayResponse CloseDay() {
    mk::CloseDayResponse response;
    const auto done = Call(kOperator, *market_, &mk::MarketService::Stub::CloseDay,
                           mk::CloseDayRequest(), response);
    EXPECT_TRUE(done.ok()) << done.error_message();
    return response;
  }
  std::uint64_t StateHash() {
    std::uint64_t hash = 0;
    server_->exchange()->Read([&](const market::Market& market) { hash = market.StateHash(); });
    return hash;
  }
  template <typename Holds>
  static void Eventually(const Holds& holds, const char* what) {
    for (int i = 0; i < 1'000; ++i) {
      if (holds()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "never: " << what;
  }

  std::string folder_;
  std::size_t stream_responses_max_ = 65'536;
  std::unique_ptr<LiveServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<au::AuctionService::Stub> auctions_;
  std::unique_ptr<mk::MarketService::Stub> market_;
  au::OpenAuctionResponse opened_;
  au::BidResponse bid_;
  au::CloseAuctionResponse closed_;
  au::PayAuctionResponse paid_;

 private:
  void SetUpRegistry() {
    using Kind = registry::AccountKind;
    using registry::TransferCode;
    for (const Kind kind : {Kind::kIssuance, Kind::kBank, Kind::kAllocation}) {
      Do(registry::OpenAccount{kind, 0});
    }
    for (std::uint32_t entity = 1; entity <= kMembers; ++entity) {
      Do(registry::OpenAccount{Kind::kHolder, entity});
      Do(registry::OpenAccount{Kind::kEscrow, entity});
      Do(registry::SetPrincipal{entity, registry::Role::kHolder, true, "member",
                                HashOfToken(TokenOf(static_cast<int>(entity) - 1))});
      Do(registry::SetGrant{
          entity, AccountId(2 + 2 * entity),
          static_cast<registry::Rights>(registry::kMayRead | registry::kMayInitiate)});
    }
    Do(registry::SetPrincipal{kMembers + 1, registry::Role::kExchange, true, "exchange",
                              HashOfToken(kExchangeToken)});
    Do(registry::OpenLedger{Unit::Allowance(2026), 0});
    Do(registry::OpenLedger{Unit::Cash(Currency::kCny), 0});
    Do(registry::Issue{AccountId(2), kUnits, kStock, TransferCode::kIssue});
    Do(registry::MakeTransfer{{AccountId(2), AccountId(3), kUnits, kStock}});
    Deposit(0, kUnits, kStock);
    for (int member = 1; member < kMembers; ++member) {
      Do(registry::Issue{AccountId(EscrowOf(member) - 1), kMoney, kPurse, TransferCode::kLoan});
      Deposit(member, kMoney, kPurse);
    }
  }
  void Deposit(int member, LedgerId ledger, std::int64_t amount) {
    Do(registry::MakeTransfer{{AccountId(EscrowOf(member) - 1), AccountId(EscrowOf(member)), ledger,
                               amount, registry::TransferCode::kDeposit}});
  }
  void SetUpMarket() {
    Eventually(
        [&] {
          bool all = true;
          for (int member = 1; member < kMembers; ++member) {
            all = all && server_->exchange()->FindMember(AccountId(EscrowOf(member))) &&
                  Free(member, "CNY") == kPurse;
          }
          return all;
        },
        "the deposits");
    mk::ListInstrumentRequest list;
    list.set_unit("CEA26");
    list.set_cash_unit("CNY");
    list.set_reference_price(7'000);
    mk::ListInstrumentResponse listed;
    const auto done =
        Call(kOperator, *market_, &mk::MarketService::Stub::ListInstrument, list, listed);
    ASSERT_TRUE(done.ok()) << done.error_message();
    ASSERT_NO_FATAL_FAILURE(OpenSession("2026-03-02"));
  }
};

// One stream of auctions.
class AuctionWatcher {
 public:
  AuctionWatcher(au::AuctionService::Stub& stub, const std::string& token,
                 const au::WatchAuctionsRequest& request = {}) {
    context_.AddMetadata("authorization", "Bearer " + token);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    reader_ = stub.WatchAuctions(&context_, request);
  }
  ~AuctionWatcher() {
    if (has_ended_) return;
    context_.TryCancel();
    reader_->Finish();
  }
  au::WatchAuctionsResponse Next() {
    au::WatchAuctionsResponse response;
    EXPECT_TRUE(reader_->Read(&response)) << "the stream ended";
    return response;
  }
  // What is told until the heartbeat that ends the past.
  std::vector<au::WatchAuctionsResponse> Past() {
    std::vector<au::WatchAuctionsResponse> past;
    for (auto next = Next(); !next.has_heartbeat(); next = Next()) {
      if (::testing::Test::HasFailure()) break;
      past.push_back(std::move(next));
    }
    return past;
  }
  grpc::Status End() {
    au::WatchAuctionsResponse response;
    while (reader_->Read(&response)) {
    }
    has_ended_ = true;
    return reader_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<au::WatchAuctionsResponse>> reader_;
  bool has_ended_ = false;
};

}  // namespace ets::server
