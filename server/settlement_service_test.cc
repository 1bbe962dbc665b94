#include "ets/registry/v1/settlement_service.grpc.pb.h"
#include "server/service_fixture.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using pb::SettlementService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SettlementServiceTest : public Served {
 protected:
  using Stub = SettlementService::Stub;

  void SetUp() override {
    Serve();
    Connect();
  }
  void Connect() { stub_ = SettlementService::NewStub(channel_); }
  void Deposit(AccountId from, AccountId to, LedgerId ledger, std::int64_t amount) {
    Do(registry::MakeTransfer{{from, to, ledger, amount, registry::TransferCode::kDeposit}});
  }
  // The firm sells to the other.
  static pb::SettleRequest Message(std::uint64_t sequence,
                                   std::initializer_list<std::int64_t> quantities) {
    pb::SettleRequest request;
    request.set_stream_sequence(sequence);
    std::uint64_t trade = 100 * sequence;
    for (const std::int64_t quantity : quantities) {
      pb::SettlementFill& fill = *request.add_fills();
      fill.set_seller(kFirmEscrow.raw());
      fill.set_buyer(kOtherEscrow.raw());
      fill.set_unit("CEA-2026");
      fill.set_cash_unit("CNY");
      fill.set_quantity(quantity);
      fill.set_cash(2 * quantity);
      fill.set_trade_id(++trade);
    }
    return request;
  }
  grpc::Status Settle(const pb::SettleRequest& request, pb::SettleResponse& response) {
    return Call(kExchange, *stub_, &Stub::Settle, request, response);
  }

  std::unique_ptr<Stub> stub_;
};

TEST_F(SettlementServiceTest, TellsDepositsInOrderAndAsTheyCome) {
  Deposit(kFirm, kFirmEscrow, LedgerId(0), 100);
  Deposit(kFirm, kFirmEscrow, LedgerId(1), 200);
  grpc::ClientContext context;
  Prepare(context, kExchange);
  pb::WatchPositionsRequest request;
  request.set_from_sequence(2);
  const auto reader = stub_->WatchPositions(&context, request);
  pb::WatchPositionsResponse position;
  ASSERT_TRUE(reader->Read(&position));
  EXPECT_EQ(position.stream_sequence(), 2U);
  EXPECT_EQ(position.escrow(), "accounts/6");
  EXPECT_EQ(position.unit(), "CNY");
  EXPECT_EQ(position.amount(), 200);
  Deposit(kFirm, kFirmEscrow, LedgerId(0), 300);
  ASSERT_TRUE(reader->Read(&position));
  EXPECT_EQ(position.stream_sequence(), 3U);
  EXPECT_EQ(position.amount(), 300);
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(SettlementServiceTest, SettlesPairsAnswersRepeatsAndRefusesGaps) {
  Deposit(kFirm, kFirmEscrow, LedgerId(0), 100);
  Do(registry::Issue{kOther, LedgerId(1), 1'000, registry::TransferCode::kLoan});
  Deposit(kOther, kOtherEscrow, LedgerId(1), 1'000);
  pb::SettleResponse first, again;
  ASSERT_TRUE(Settle(Message(1, {10, 20}), first).ok());
  EXPECT_EQ(first.failed(), 0U);
  ASSERT_TRUE(Settle(Message(2, {5}), again).ok());
  ASSERT_TRUE(Settle(Message(1, {10, 20}), again).ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  const grpc::Status gap = Settle(Message(4, {1}), again);
  EXPECT_THAT(gap, Fails(StatusCode::OUT_OF_RANGE, "STREAM_GAP"));
  EXPECT_EQ(SaidBy(gap).metadata.at("expected_sequence"), "3");
  std::int64_t bought = 0;
  const auto failed =
      branches_->main().Read({std::chrono::system_clock::time_point::max(), {}},
                             [&](const registry::Registry& state, const StatePoint&) {
                               bought = state.balance(kOtherEscrow, LedgerId(0));
                             });
  EXPECT_FALSE(failed);
  EXPECT_EQ(bought, 35);
  ASSERT_NO_FATAL_FAILURE(Restart());
  Connect();
  ASSERT_TRUE(Settle(Message(1, {10, 20}), again).ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
}

TEST_F(SettlementServiceTest, NamesThePairsThatFail) {
  Deposit(kFirm, kFirmEscrow, LedgerId(0), 25);
  Do(registry::Issue{kOther, LedgerId(1), 1'000, registry::TransferCode::kLoan});
  Deposit(kOther, kOtherEscrow, LedgerId(1), 1'000);
  auto message = Message(1, {10, 20, 15});
  pb::SettlementWithdrawal& withdrawal = *message.add_withdrawals();
  withdrawal.set_escrow(kOtherEscrow.raw());
  withdrawal.set_account(kOther.raw());
  withdrawal.set_unit("CEA-2026");
  withdrawal.set_amount(5);
  pb::SettleResponse response;
  ASSERT_TRUE(Settle(message, response).ok());
  EXPECT_EQ(response.failed(), 1U);
  EXPECT_THAT(response.failed_fills(), ElementsAre(1U));
  EXPECT_THAT(response.failed_withdrawals(), IsEmpty());
}

TEST_F(SettlementServiceTest, IsForTheExchangeAlone) {
  pb::SettleResponse response;
  for (const char* token : {kAuthority, kHolder, kAuditor}) {
    EXPECT_THAT(Call(token, *stub_, &Stub::Settle, Message(1, {1}), response),
                Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  }
  auto other = Message(1, {1});
  other.set_stream_id("another");
  EXPECT_THAT(Settle(other, response), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  EXPECT_THAT(Settle(Message(0, {1}), response),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  grpc::ClientContext context;
  Prepare(context, kHolder);
  const auto reader = stub_->WatchPositions(&context, {});
  pb::WatchPositionsResponse position;
  EXPECT_FALSE(reader->Read(&position));
  EXPECT_THAT(reader->Finish(), Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
}

TEST_F(SettlementServiceTest, KeepsTheDaysEndWithTheStateItCloses) {
  Deposit(kFirm, kFirmEscrow, LedgerId(0), 100);
  pb::CloseDayRequest request;
  request.set_date("2026-03-02");
  request.set_exchange_state_hash(77);
  pb::CloseDayResponse closed;
  ASSERT_TRUE(Call(kExchange, *stub_, &Stub::CloseDay, request, closed).ok());
  registry::Record record;
  ASSERT_FALSE(branches_->main().Records(
      closed.sequence(), closed.sequence(),
      [&](const JournalRecord& it) { return registry::Decode(it, record); }));
  const auto* const day = std::get_if<registry::DayClosed>(&record.command);
  ASSERT_NE(day, nullptr);
  EXPECT_EQ(day->date, *Date::Parse("2026-03-02"));
  EXPECT_EQ(day->market_state_hash, 77U);
  EXPECT_EQ(day->registry_state_hash, closed.registry_state_hash());
}

TEST_F(SettlementServiceTest, ClosesNoDayThatDoesNotExistAndForNobodyElse) {
  pb::CloseDayRequest request;
  request.set_date("2026-02-30");
  pb::CloseDayResponse closed;
  const grpc::Status status = Call(kExchange, *stub_, &Stub::CloseDay, request, closed);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("2026-02-30"), std::string::npos);
  request.set_date("2026-02-28");
  EXPECT_EQ(Call(kAuditor, *stub_, &Stub::CloseDay, request, closed).error_code(),
            StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace ets::server
