#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

// 10% of the first 1,000 t of a year's budget and 2.5% of the rest.
Profile WithALimit() {
  Profile law = TwoPeriods();
  law.limit_base_t = 1'000;
  law.limit_base_bp = 1'000;
  law.limit_rest_bp = 250;
  law.limit_cure_days = 5;
  return law;
}

class HoldingLimitTest : public Desk {
 protected:
  HoldingLimitTest() : Desk(WithALimit()) {
    Must(SetCap{is_.cea25, 5'000});
    Must(SetCap{is_.cea26, 3'000});
    Until(2025, 3, 3);
    for (const LedgerId ledger : {is_.cea24, is_.cea25, is_.cea26})
      Must(Issue{is_.stock, ledger, 1'000});
  }
  Command Sale(AccountId to, LedgerId ledger, std::int64_t amount) const {
    return Plain(is_.stock, to, ledger, amount);
  }
};

TEST_F(HoldingLimitTest, IsSetByTheBudgetOfTheYearOrOfTheVintage) {
  EXPECT_EQ(registry_.holding_limit(is_.cea25), 100 + 100);
  EXPECT_EQ(registry_.holding_limit(is_.cea24), 100 + 100);  // Old vintages count with the year's.
  EXPECT_EQ(registry_.holding_limit(is_.cea26), 100 + 50);
  EXPECT_EQ(registry_.holding_limit(is_.ccer), 0);
  Must(SetCap{is_.cea26, 0});
  EXPECT_EQ(registry_.holding_limit(is_.cea26), 0);
}

TEST_F(HoldingLimitTest, RefusesWhatWouldBreachIt) {
  Must(Sale(is_.holder, is_.cea24, 120));
  Must(Sale(is_.holder, is_.cea25, 80));
  ExpectRefused(Sale(is_.holder, is_.cea25, 1), Refusal::kHoldingLimitExceeded);
  EXPECT_EQ(registry_.detail().limit, 200);
  Must(Sale(is_.holder, is_.cea26, 150));  // A later vintage has a limit of its own.
  ExpectRefused(Sale(is_.holder, is_.cea26, 1), Refusal::kHoldingLimitExceeded);
  Must(Sale(is_.other_holder, is_.cea25, 200));
  ExpectRefused(ReserveTransfer{{is_.stock, is_.holder, is_.cea25, 1}, 0},
                Refusal::kHoldingLimitExceeded);
}

TEST_F(HoldingLimitTest, CountsAGroupTogetherAndNotWhatMovesWithinIt) {
  Must(SetEntity{0, 0, 0, 7});
  Must(SetEntity{1, 0, 0, 7});
  Must(Sale(is_.holder, is_.cea25, 150));
  ExpectRefused(Sale(is_.other_holder, is_.cea25, 51), Refusal::kHoldingLimitExceeded);
  Must(Sale(is_.other_holder, is_.cea25, 50));
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 150));
  Must(SetEntity{0, 0, 0, 0});  // Leaves the group.
  Must(Sale(is_.holder, is_.cea25, 200));
}

TEST_F(HoldingLimitTest, LeavesOutTheExchangeAndWhatIsConsigned) {
  const AccountId consigned = Opens(AccountKind::kLimitedUse, 0);
  Must(Sale(is_.holder, is_.cea25, 200));
  Must(Sale(consigned, is_.cea25, 300));
  Must(Plain(is_.holder, is_.escrow, is_.cea25, 100));
  Must(Sale(is_.holder, is_.cea25, 100));
}

TEST_F(HoldingLimitTest, ConsignsWhatIsAboveItFiveWorkingDaysAfterNewYearNewestFirst) {
  Must(Sale(is_.holder, is_.cea24, 60));
  Must(Sale(is_.holder, is_.cea25, 100));
  Must(Sale(is_.holder, is_.cea26, 50));
  Must(Sale(is_.other_holder, is_.cea25, 120));
  Until(2026, 1, 1);  // Vintage 2026 is current now: 210 t against 150 t.
  EXPECT_EQ(registry_.holding_limit(is_.cea25), 150);
  EXPECT_EQ(Local(registry_.next_due()).date, Date::Of(2026, 1, 8));
  Must(Plain(is_.holder, is_.escrow, is_.cea24, 5));  // Cures a part.
  const Receipt receipt = Until(2026, 1, 8);
  EXPECT_EQ(receipt.amount, 1);
  ASSERT_EQ(registry_.transfers().size(), 2U);
  EXPECT_EQ(registry_.transfers()[0],
            (Transfer{is_.holder, is_.stock, is_.cea26, 50, TransferCode::kConsignment}));
  EXPECT_EQ(registry_.transfers()[1],
            (Transfer{is_.holder, is_.stock, is_.cea25, 5, TransferCode::kConsignment}));
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 120);
}

TEST_F(HoldingLimitTest, ConsignsNothingWhenTheBreachIsCured) {
  Must(Sale(is_.holder, is_.cea25, 160));
  Until(2026, 1, 1);
  Must(Plain(is_.holder, is_.escrow, is_.cea25, 10));
  EXPECT_EQ(Until(2026, 1, 8).amount, 1);
  EXPECT_TRUE(registry_.transfers().empty());
}

TEST_F(HoldingLimitTest, ConsignsNothingThatIsFrozen) {
  Must(Sale(is_.holder, is_.cea25, 160));
  Must(Freeze{is_.holder, is_.cea25, 155, 0, "a court"});
  Until(2026, 1, 8);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 155);
}

}  // namespace
}  // namespace ets::registry
