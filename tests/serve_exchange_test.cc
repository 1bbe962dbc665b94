// From a deposit at the registry over an order, a trade and its settlement back to the holder's
// account: with registry and exchange in one process, and in two that are killed on the way.

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "ets/market/v1/market_service.grpc.pb.h"
#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/allocation_service.grpc.pb.h"
#include "ets/registry/v1/settlement_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "server/auth.h"
#include "tests/capclear_process.h"
#include "tests/serve_process.h"

namespace ets {
namespace {

namespace pb = ::ets::registry::v1;
namespace mk = ::ets::market::v1;

// The registry's accounts, by number.
constexpr int kIssuance = 0, kBank = 1, kAllocation = 2, kSeller = 3, kSellerEscrow = 4, kBuyer = 5,
              kBuyerEscrow = 6;
constexpr const char* kInstrument = "instruments/CEA26-CNY";

std::string Account(int number) { return "accounts/" + std::to_string(number); }
std::string Member(int escrow) { return "members/" + std::to_string(escrow); }

class Serving : public ::testing::Test {
 protected:
  // What a scheme has on its first day: 10,000 t with the seller, 500,000.00 CNY with the buyer.
  void SetUpRegistry() {
    using Kind = pb::AccountKind;
    Open(Kind::ACCOUNT_KIND_ISSUANCE, 0);
    Open(Kind::ACCOUNT_KIND_BANK, 0);
    Open(Kind::ACCOUNT_KIND_ALLOCATION, 0);
    for (const std::uint32_t firm : {1U, 2U}) {
      Open(Kind::ACCOUNT_KIND_HOLDER, firm);
      Open(Kind::ACCOUNT_KIND_ESCROW, firm);
    }
    OpenLedger("CEA26");
    OpenLedger("CNY");
    Issue(kAllocation, "CEA26", 100'000, pb::TRANSFER_CODE_ISSUE);
    Issue(kBuyer, "CNY", 50'000'000, pb::TRANSFER_CODE_LOAN);
    Move(kAllocation, kSeller, "CEA26", 10'000, pb::TRANSFER_CODE_OTHER);
  }

  void Open(pb::AccountKind kind, std::uint32_t firm) {
    pb::CreateAccountRequest request;
    request.set_request_id(NextId());
    request.set_kind(kind);
    if (firm != 0) request.set_entity(firm);
    pb::CreateAccountResponse response;
    Expect(Call(*accounts_, &pb::AccountService::Stub::CreateAccount, request, response, token_));
  }
  void OpenLedger(const char* unit) {
    pb::OpenLedgerRequest request;
    request.set_request_id(NextId());
    request.set_unit(unit);
    pb::OpenLedgerResponse response;
    Expect(Call(*units_, &pb::UnitService::Stub::OpenLedger, request, response, token_));
  }
  void Issue(int to, const char* unit, std::int64_t amount, pb::TransferCode code) {
    pb::IssueAllowancesRequest request;
    request.set_request_id(NextId());
    request.mutable_draft()->set_account(Account(to));
    request.mutable_draft()->set_unit(unit);
    request.mutable_draft()->set_amount(amount);
    request.mutable_draft()->set_code(code);
    pb::IssueAllowancesResponse response;
    Expect(Call(*units_, &pb::UnitService::Stub::IssueAllowances, request, response, token_));
  }
  void Move(int from, int to, const char* unit, std::int64_t amount, pb::TransferCode code) {
    pb::CreateTransferRequest request;
    request.set_request_id(NextId());
    request.mutable_transfer()->set_debit(Account(from));
    request.mutable_transfer()->set_credit(Account(to));
    request.mutable_transfer()->set_unit(unit);
    request.mutable_transfer()->set_amount(amount);
    request.mutable_transfer()->set_code(code);
    pb::CreateTransferResponse response;
    Expect(
        Call(*transfers_, &pb::TransferService::Stub::CreateTransfer, request, response, token_));
  }
  void Deposit(int from, int escrow, const char* unit, std::int64_t amount) {
    Move(from, escrow, unit, amount, pb::TRANSFER_CODE_DEPOSIT);
  }
  std::int64_t Posted(int account, const char* unit) {
    pb::GetHoldingRequest request;
    request.set_name(Account(account) + "/holdings/" + unit);
    pb::GetHoldingResponse response;
    Expect(Call(*accounts_, &pb::AccountService::Stub::GetHolding, request, response, token_));
    return response.holding().posted();
  }
  void ConnectRegistry(const ServedProcess& server) {
    const auto channel = server.Connect();
    accounts_ = pb::AccountService::NewStub(channel);
    units_ = pb::UnitService::NewStub(channel);
    transfers_ = pb::TransferService::NewStub(channel);
    settlement_ = pb::SettlementService::NewStub(channel);
    admin_ = pb::AdminService::NewStub(channel);
  }

  void ConnectExchange(const ServedProcess& server, const std::string& token) {
    market_ = mk::MarketService::NewStub(server.Connect());
    market_token_ = token;
  }
  void ListAndOpen(const char* date) {
    mk::ListInstrumentRequest list;
    list.set_unit("CEA26");
    list.set_cash_unit("CNY");
    list.set_reference_price(7'000);
    mk::ListInstrumentResponse listed;
    Expect(Call(*market_, &mk::MarketService::Stub::ListInstrument, list, listed, market_token_));
    EXPECT_EQ(listed.instrument(), kInstrument);
    OpenSession(date);
  }
  void OpenSession(const char* date) {
    mk::OpenSessionRequest request;
    request.set_date(date);
    mk::OpenSessionResponse response;
    Expect(Call(*market_, &mk::MarketService::Stub::OpenSession, request, response, market_token_));
  }
  mk::PlaceOrderResponse Place(int escrow, mk::Side side, std::int64_t price, std::int64_t quantity,
                               const std::string& id = "") {
    mk::PlaceOrderRequest request;
    request.set_member(Member(escrow));
    request.set_instrument(kInstrument);
    request.set_side(side);
    request.set_price(price);
    request.set_quantity(quantity);
    request.set_client_order_id(id);
    mk::PlaceOrderResponse response;
    Expect(Call(*market_, &mk::MarketService::Stub::PlaceOrder, request, response, market_token_));
    return response;
  }
  grpc::Status CloseDay(mk::CloseDayResponse& response, std::chrono::milliseconds patience) {
    return Call(*market_, &mk::MarketService::Stub::CloseDay, mk::CloseDayRequest(), response,
                market_token_, patience);
  }
  void Withdraw(int escrow, const char* unit, std::int64_t amount) {
    mk::WithdrawRequest request;
    request.set_member(Member(escrow));
    request.set_unit(unit);
    request.set_amount(amount);
    mk::WithdrawResponse response;
    Expect(Call(*market_, &mk::MarketService::Stub::Withdraw, request, response, market_token_));
  }
  // What the exchange has of a member, all in all; 0 when it does not know it.
  std::int64_t Mirror(int escrow, const char* unit) {
    mk::GetMemberRequest request;
    request.set_member(Member(escrow));
    mk::GetMemberResponse response;
    Call(*market_, &mk::MarketService::Stub::GetMember, request, response, market_token_);
    for (const mk::MemberHolding& holding : response.holdings()) {
      if (holding.unit() == unit) {
        return holding.available() + holding.reserved() + holding.bought_today();
      }
    }
    return 0;
  }
  std::uint64_t Alarms() {
    mk::GetStatusResponse status;
    Expect(Call(*market_, &mk::MarketService::Stub::GetStatus, mk::GetStatusRequest(), status,
                market_token_));
    return status.alarms();
  }
  static void Eventually(const std::function<bool()>& holds, const char* what) {
    for (int i = 0; i < 1'000; ++i) {
      if (holds()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "never: " << what;
  }

  // The whole way; `before_close` may do harm.
  void TradeAndSettle(const std::function<void()>& before_close) {
    Deposit(kSeller, kSellerEscrow, "CEA26", 4'000);
    Deposit(kBuyer, kBuyerEscrow, "CNY", 30'000'000);
    Eventually([&] { return Mirror(kSellerEscrow, "CEA26") == 4'000; }, "the seller's deposit");
    Eventually([&] { return Mirror(kBuyerEscrow, "CNY") == 30'000'000; }, "the buyer's deposit");
    ListAndOpen("2026-03-02");
    EXPECT_EQ(Place(kSellerEscrow, mk::SIDE_SELL, 7'000, 1'500, "ask-1").resting(), 1'500);
    const auto bought = Place(kBuyerEscrow, mk::SIDE_BUY, 7'100, 1'000);
    EXPECT_EQ(bought.traded(), 1'000);
    EXPECT_EQ(bought.value(), 7'000'000);
    before_close();
    mk::CloseDayResponse closed;
    Eventually([&] { return CloseDay(closed, std::chrono::seconds(10)).ok(); }, "the day's close");
    EXPECT_EQ(closed.failed(), 0U);
    EXPECT_EQ(closed.mismatches_size(), 0);
    Eventually([&] { return Posted(kBuyerEscrow, "CEA26") == 1'000; }, "the settlement");
    EXPECT_EQ(Posted(kSellerEscrow, "CEA26"), 3'000);
    EXPECT_EQ(Posted(kSellerEscrow, "CNY"), 7'000'000);
    EXPECT_EQ(Posted(kBuyerEscrow, "CNY"), 23'000'000);
  }
  void WithdrawAll() {
    OpenSession("2026-03-03");  // What was bought may leave from the next session on.
    mk::CloseDayResponse closed;
    Expect(CloseDay(closed, std::chrono::seconds(10)));
    Withdraw(kBuyerEscrow, "CEA26", 1'000);
    Withdraw(kSellerEscrow, "CNY", 7'000'000);
    Eventually([&] { return Posted(kBuyer, "CEA26") == 1'000; }, "the buyer's units");
    Eventually([&] { return Posted(kSeller, "CNY") == 7'000'000; }, "the seller's money");
    EXPECT_EQ(Posted(kBuyerEscrow, "CEA26"), 0);
    EXPECT_EQ(Posted(kSellerEscrow, "CNY"), 0);
    EXPECT_EQ(Alarms(), 0U);
  }

  static void Expect(const grpc::Status& status) {
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  std::string NextId() { return Uuid(1, ++last_id_); }

  TestFolder folder_;
  std::string token_, market_token_;
  std::unique_ptr<pb::AccountService::Stub> accounts_;
  std::unique_ptr<pb::UnitService::Stub> units_;
  std::unique_ptr<pb::TransferService::Stub> transfers_;
  std::unique_ptr<pb::SettlementService::Stub> settlement_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
  std::unique_ptr<mk::MarketService::Stub> market_;

 private:
  std::uint64_t last_id_ = 0;
};

std::string TokenIn(const std::string& folder) {
  std::string token = Contents(folder + "/operator.token");
  while (!token.empty() && token.back() == '\n') token.pop_back();
  return token;
}

TEST_F(Serving, TradesFromDepositToWithdrawalInOneProcess) {
  ServedProcess server(CAPCLEAR,
                       {"serve", "--data", folder_ / "data", "--clock", "manual", "--start",
                        "2026-03-02", "--no-auth"},
                       folder_.path().string());
  ASSERT_TRUE(server.Start()) << server.error();
  ConnectRegistry(server);
  ConnectExchange(server, "");
  SetUpRegistry();
  TradeAndSettle([] {});
  WithdrawAll();
  EXPECT_EQ(server.Stop(), 0) << server.error();
}

// Without rules of its own an exchange keeps the hours of the registry's law.
TEST_F(Serving, LivesInTheZoneOfTheRegistry) {
  for (const auto& [profile, zone] : {std::pair("eu", "zone = \"+01:00\""), {"cn", "\"+08:00\""}}) {
    ServedProcess server(CAPCLEAR,
                         {"serve", "--data", folder_ / profile, "--profile", profile, "--clock",
                          "manual", "--start", "2026-03-02", "--no-auth"},
                         folder_.path().string());
    ASSERT_TRUE(server.Start()) << server.error();
    const Said rules = Capclear({"market", "rules", "--server", server.address()});
    EXPECT_EQ(rules.code, 0) << rules.err;
    EXPECT_NE(rules.out.find(zone), std::string::npos) << rules.out;
    EXPECT_EQ(server.Stop(), 0) << server.error();
  }
}

TEST_F(Serving, GoesOnInOneProcessAfterItWasKilledWithOpenOrdersAndUnsettledTrades) {
  ServedProcess server(CAPCLEAR,
                       {"serve", "--data", folder_ / "data", "--clock", "manual", "--start",
                        "2026-03-02", "--no-auth"},
                       folder_.path().string());
  ASSERT_TRUE(server.Start()) << server.error();
  ConnectRegistry(server);
  ConnectExchange(server, "");
  SetUpRegistry();
  TradeAndSettle([&] {
    server.Kill();
    ASSERT_TRUE(server.Start()) << server.error();
    Eventually([&] { return Mirror(kSellerEscrow, "CEA26") == 3'000; }, "the exchange is back");
    // The rest of the seller's order still waits.
    EXPECT_EQ(Place(kBuyerEscrow, mk::SIDE_BUY, 6'900, 1).traded(), 0);
    mk::GetBookRequest request;
    request.set_instrument(kInstrument);
    mk::GetBookResponse book;
    Expect(Call(*market_, &mk::MarketService::Stub::GetBook, request, book));
    ASSERT_EQ(book.offers_size(), 1);
    EXPECT_EQ(book.offers(0).price(), 7'000);
    EXPECT_EQ(book.offers(0).quantity(), 500);
  });
  WithdrawAll();
  EXPECT_EQ(server.Stop(), 0) << server.error();
}

TEST_F(Serving, TradesInTwoProcessesWhileEitherIsKilled) {
  ServedProcess registry(CAPCLEAR,
                         {"serve", "registry", "--data", folder_ / "registry-data", "--clock",
                          "manual", "--start", "2026-03-02"},
                         folder_.path().string());
  ASSERT_TRUE(registry.Start()) << registry.error();
  token_ = TokenIn(folder_ / "registry-data");
  ASSERT_EQ(token_.size(), 64U);
  EXPECT_NE(registry.said().find(token_), std::string::npos) << "printed once";
  ConnectRegistry(registry);
  SetUpRegistry();

  // The exchange is a principal of the registry.
  std::filesystem::create_directories(folder_ / "exchange-logs");
  const std::string secret = "a token of the exchange, long enough";
  {
    pb::SetPrincipalRequest request;
    request.set_name("principals/1");
    request.set_request_id(NextId());
    request.set_role(pb::ROLE_EXCHANGE);
    request.set_active(true);
    request.set_display_name("exchange");
    const auto hash = server::HashOfToken(secret);
    request.set_token_hash(std::string(hash.begin(), hash.end()));
    pb::SetPrincipalResponse response;
    Expect(Call(*admin_, &pb::AdminService::Stub::SetPrincipal, request, response, token_));
  }
  const std::string token_file = folder_ / "exchange.token";
  Write(token_file, secret + "\n");
  std::filesystem::permissions(
      token_file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  ServedProcess exchange(CAPCLEAR,
                         {"serve", "exchange", "--data", folder_ / "exchange-data", "--registry",
                          registry.address(), "--registry-token-file", token_file},
                         folder_ / "exchange-logs");
  ASSERT_TRUE(exchange.Start()) << exchange.error();
  ConnectExchange(exchange, TokenIn(folder_ / "exchange-data"));

  TradeAndSettle([&] {
    exchange.Kill();
    ASSERT_TRUE(exchange.Start()) << exchange.error();
    registry.Kill();
    // The exchange closes its day alone; the settlement waits for the registry.
    mk::CloseDayResponse closed;
    EXPECT_TRUE(IsUnknown(CloseDay(closed, std::chrono::milliseconds(700))));
    exchange.Kill();
    ASSERT_TRUE(exchange.Start()) << exchange.error();
    ASSERT_TRUE(registry.Start()) << registry.error();
  });
  WithdrawAll();

  // A message that comes again gets the answer it got; a gap is refused with what is missing.
  pb::SettleRequest again;
  again.set_stream_sequence(1);
  pb::SettleResponse first, second;
  Expect(Call(*settlement_, &pb::SettlementService::Stub::Settle, again, first, secret));
  Expect(Call(*settlement_, &pb::SettlementService::Stub::Settle, again, second, secret));
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  again.set_stream_sequence(99);
  EXPECT_EQ(
      Call(*settlement_, &pb::SettlementService::Stub::Settle, again, first, secret).error_code(),
      grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(exchange.Stop(), 0) << exchange.error();
  EXPECT_EQ(registry.Stop(), 0) << registry.error();
}

TEST_F(Serving, LetsAHolderTradeForItsOwnMemberOnly) {
  ServedProcess server(
      CAPCLEAR, {"serve", "--data", folder_ / "data", "--clock", "manual", "--start", "2026-03-02"},
      folder_.path().string());
  ASSERT_TRUE(server.Start()) << server.error();
  token_ = TokenIn(folder_ / "data");
  ConnectRegistry(server);
  ConnectExchange(server, token_);
  SetUpRegistry();
  Deposit(kSeller, kSellerEscrow, "CEA26", 4'000);
  Deposit(kBuyer, kBuyerEscrow, "CNY", 30'000'000);
  Eventually([&] { return Mirror(kBuyerEscrow, "CNY") == 30'000'000; }, "the deposits");
  ListAndOpen("2026-03-02");

  const std::string secret = "a token of the seller";
  pb::SetPrincipalRequest person;
  person.set_name("principals/7");
  person.set_request_id(NextId());
  person.set_role(pb::ROLE_HOLDER);
  person.set_active(true);
  person.set_display_name("seller");
  const auto hash = server::HashOfToken(secret);
  person.set_token_hash(std::string(hash.begin(), hash.end()));
  pb::SetPrincipalResponse known;
  Expect(Call(*admin_, &pb::AdminService::Stub::SetPrincipal, person, known, token_));
  pb::SetGrantRequest grant;
  grant.set_name("principals/7");
  grant.set_request_id(NextId());
  grant.mutable_grant()->set_account(Account(kSellerEscrow));
  grant.mutable_grant()->set_may_read(true);
  grant.mutable_grant()->set_may_initiate(true);
  pb::SetGrantResponse granted;
  Expect(Call(*admin_, &pb::AdminService::Stub::SetGrant, grant, granted, token_));

  mk::PlaceOrderRequest order;
  order.set_member(Member(kSellerEscrow));
  order.set_instrument(kInstrument);
  order.set_side(mk::SIDE_SELL);
  order.set_price(7'000);
  order.set_quantity(10);
  order.set_client_order_id("mine");
  mk::PlaceOrderResponse placed, again;
  const auto place = [&](mk::PlaceOrderResponse& response, const std::string& token) {
    return Call(*market_, &mk::MarketService::Stub::PlaceOrder, order, response, token);
  };
  Expect(place(placed, secret));
  Expect(place(again, secret));
  EXPECT_EQ(placed.SerializeAsString(), again.SerializeAsString());
  EXPECT_EQ(place(again, "nobody's").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  order.set_quantity(1'000'000);
  order.set_client_order_id("");
  EXPECT_EQ(place(again, secret).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  order.set_member(Member(kBuyerEscrow));
  EXPECT_EQ(place(again, secret).error_code(), grpc::StatusCode::NOT_FOUND);
  mk::CloseDayResponse closed;
  EXPECT_EQ(
      Call(*market_, &mk::MarketService::Stub::CloseDay, mk::CloseDayRequest(), closed, secret)
          .error_code(),
      grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace ets
