// What comes in from the registry and goes back to it: positions, withdrawals, settlement, time.
#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class Custody : public ExchangeTest {
 protected:
  void SetUp() override {
    seller_ = Trader(0, 500'000);
    buyer_ = Trader(1'000'000'000, 0);
    cea_ = List(kUnits, 8'000);
    Open();
  }
  void TradeOnce(std::int64_t quantity) {
    ASSERT_TRUE(Sell(seller_, cea_, 8'000, quantity).ok());
    ASSERT_TRUE(Buy(buyer_, cea_, 8'000, quantity).ok());
  }

  MemberId seller_;
  MemberId buyer_;
  InstrumentId cea_;
};

TEST_F(Custody, NamesEveryMembersAccounts) {
  EXPECT_EQ(market_.escrow(buyer_), AccountId(101));
  EXPECT_EQ(market_.holder(buyer_), AccountId(1'101));
}

TEST_F(Custody, TakesPositionsInOrderAndRepeatsWithoutEffect) {
  EXPECT_EQ(Do(Position{positions_ + 2, buyer_, kUnits, 5}), Fail{Refusal::kStreamGap});
  EXPECT_TRUE(Do(Position{positions_, buyer_, kUnits, 5}).ok());
  EXPECT_EQ(Units(buyer_).total(), 0);
  EXPECT_TRUE(Do(Position{positions_ + 1, buyer_, kUnits, 5}).ok());
  EXPECT_EQ(Units(buyer_).available, 5);
}

TEST_F(Custody, RefusesAPositionThatNoLedgerCouldHold) {
  const std::uint64_t next = positions_ + 1;
  EXPECT_EQ(Do(Position{next, buyer_, LedgerId(3), 1}), Fail{Refusal::kLedgerNotFound});
  EXPECT_EQ(Do(Position{next, MemberId(9), kUnits, 1}), Fail{Refusal::kMemberNotFound});
  EXPECT_EQ(Do(Position{next, buyer_, kUnits, 0}), Fail{Refusal::kQuantityNotPositive});
  EXPECT_EQ(Do(Position{next, buyer_, kUnits, kAmountMax - 499'999}),
            Fail{Refusal::kAmountTooLarge});
  EXPECT_TRUE(Do(Position{next, buyer_, kUnits, kAmountMax - 500'000}).ok());
}

TEST_F(Custody, WithdrawsOnlyWhatIsAvailable) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'500, 10).ok());
  EXPECT_EQ(Do(Withdraw{seller_, kUnits, 499'991}), Fail{Refusal::kInsufficientUnits});
  EXPECT_EQ(Do(Withdraw{seller_, kCash, 1}), Fail{Refusal::kInsufficientCash});
  EXPECT_EQ(Do(Withdraw{seller_, LedgerId(9), 0}), Fail{Refusal::kLedgerNotFound});
  EXPECT_EQ(Do(Withdraw{MemberId(9), kUnits, 0}), Fail{Refusal::kMemberNotFound});
  EXPECT_EQ(Do(Withdraw{seller_, kUnits, 0}), Fail{Refusal::kQuantityNotPositive});
  EXPECT_TRUE(Do(Withdraw{seller_, kUnits, 499'990}).ok());
  EXPECT_EQ(Units(seller_), (matching::Holding{0, 10, 0}));
}

TEST_F(Custody, SettlesWhatTradedInOrderWithWithdrawalsLast) {
  TradeOnce(10);
  TradeOnce(20);
  ASSERT_TRUE(Do(Withdraw{seller_, kCash, 240'000}).ok());
  const auto messages = market_.TakeSettlement();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].sequence, 1U);
  ASSERT_THAT(messages[0].fills, SizeIs(2));
  EXPECT_EQ(messages[0].fills[0].quantity, Tonnes(10));
  EXPECT_EQ(messages[0].fills[1].quantity, Tonnes(20));
  ASSERT_THAT(messages[0].withdrawals, SizeIs(1));
  EXPECT_EQ(messages[0].withdrawals[0].member, seller_);
  EXPECT_EQ(messages[0].withdrawals[0].amount, 240'000);
  EXPECT_THAT(market_.TakeSettlement(), IsEmpty());
  EXPECT_EQ(market_.settlement_sequence(), 1U);
}

TEST_F(Custody, SendsAWithdrawalWithoutTradesAsAMessageOfItsOwn) {
  ASSERT_TRUE(Do(Withdraw{seller_, kUnits, 1}).ok());
  const auto messages = market_.TakeSettlement();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(messages[0].fills, IsEmpty());
  EXPECT_THAT(messages[0].withdrawals, SizeIs(1));
}

TEST_F(Custody, CutsLongDaysIntoMessagesOfAtMost4095Fills) {
  for (int i = 0; i < 4'096; ++i) TradeOnce(1);
  ASSERT_TRUE(Do(Withdraw{seller_, kCash, 8'000}).ok());
  const auto messages = market_.TakeSettlement();
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_THAT(messages[0].fills, SizeIs(4'095));
  EXPECT_THAT(messages[0].withdrawals, IsEmpty());
  EXPECT_THAT(messages[1].fills, SizeIs(1));
  EXPECT_THAT(messages[1].withdrawals, SizeIs(1));
  EXPECT_EQ(messages[1].sequence, 2U);
}

TEST_F(Custody, SettlesExactlyTheTradesItPrinted) {
  TradeOnce(5);
  Close();
  Open();
  TradeOnce(6);
  std::vector<Fill> settled;
  for (const SettlementMessage& message : market_.TakeSettlement()) {
    settled.insert(settled.end(), message.fills.begin(), message.fills.end());
  }
  ASSERT_EQ(settled.size(), fills_.size());
  for (std::size_t i = 0; i < settled.size(); ++i)
    EXPECT_EQ(settled[i].trade_id, fills_[i].trade_id);
}

TEST_F(Custody, SendsNoTradeOfAMemberWithItself) {
  const MemberId both = Trader(1'000'000, 100);
  for (const matching::Side side : {kSell, kBuy}) {
    PlaceOrder order{both, cea_, side, kDay, Fen(8'000), Tonnes(10)};
    order.self_trade = matching::SelfTradePrevention::kOff;
    ASSERT_TRUE(Do(order).ok());
  }
  EXPECT_THAT(fills_, SizeIs(1)) << "it is on the tape";
  EXPECT_EQ(Units(both).total(), 100);
  EXPECT_EQ(Cash(both).total(), 1'000'000);
  Close();
  EXPECT_THAT(market_.TakeSettlement(), IsEmpty());
}

TEST_F(Custody, DropsALedgerOnlyAfterItsInstrumentsAreDelisted) {
  TradeOnce(10);
  EXPECT_EQ(Do(DropLedger{kUnits}), Fail{Refusal::kLedgerStillTraded});
  EXPECT_EQ(Do(DropLedger{LedgerId(9)}), Fail{Refusal::kLedgerNotFound});
  ASSERT_TRUE(Do(DelistInstrument{cea_}).ok());
  ASSERT_TRUE(Do(DropLedger{kUnits}).ok());
  EXPECT_EQ(Units(seller_), matching::Holding{});
  EXPECT_EQ(Units(buyer_), matching::Holding{});
  EXPECT_EQ(Cash(seller_).available, 80'000);
}

TEST_F(Custody, LetsOnlyAdvanceToMoveTimeAndNeverBack) {
  ASSERT_TRUE(Do(AdvanceTo{1'000}).ok());
  EXPECT_EQ(Buy(buyer_, cea_, 8'000, 1), Fail{Refusal::kTimeGoesBack});
  envelope_.sim_time = 1'000;
  EXPECT_TRUE(Buy(buyer_, cea_, 8'000, 1).ok());
  EXPECT_EQ(Do(AdvanceTo{999}), Fail{Refusal::kTimeGoesBack});
  EXPECT_TRUE(Do(AdvanceTo{1'000}).ok());
}

TEST_F(Custody, NumbersEveryInputIncludingRefusedOnes) {
  const std::uint64_t before = market_.sequence();
  ASSERT_FALSE(Buy(MemberId(99), cea_, 8'000, 1).ok());
  EXPECT_EQ(Buy(buyer_, cea_, 8'000, 1)->sequence, before + 2);
  EXPECT_EQ(journal_.size(), before + 2);
  for (std::size_t i = 0; i < journal_.size(); ++i) EXPECT_EQ(journal_.at(i).sequence, i + 1);
}

TEST(Refusals, HaveNamesOfTheirOwn) {
  std::vector<std::string_view> names;
  for (std::uint16_t i = 1; i <= static_cast<std::uint16_t>(Refusal::kLedgerStillTraded); ++i) {
    const std::string_view name = ToString(static_cast<Refusal>(i));
    EXPECT_NE(name, "UNKNOWN");
    EXPECT_THAT(names, ::testing::Not(::testing::Contains(name)));
    names.push_back(name);
  }
}

}  // namespace
}  // namespace ets::market
