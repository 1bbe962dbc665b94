#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class AllocationTest : public Desk {
 protected:
  void SetUp() override { Must(Issue{is_.allocation, is_.cea25, 1'000}); }
  RunAllocation Run(std::uint8_t table = 1) const {
    return {2025, table, is_.allocation, is_.cea25};
  }
};

TEST_F(AllocationTest, PaysEveryFirmWhatItsEntitlementStillLacks) {
  Must(SetEntitlement{0, 2025, 1, 100});
  Must(SetEntitlement{1, 2025, 1, 200});
  Must(SetEntitlement{1, 2025, 2, 5});
  const Receipt first = Must(Run());
  EXPECT_EQ(first.amount, 300);
  EXPECT_EQ(first.id, 2U);
  EXPECT_EQ(Must(Run()).amount, 0);  // Nothing is lacking any more.
  Must(SetEntitlement{0, 2025, 1, 130});
  EXPECT_EQ(Must(Run()).amount, 30);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 130);
  EXPECT_EQ(Must(Run(2)).amount, 5);
  EXPECT_EQ(registry_.transfers()[0].code, TransferCode::kEntrantAllocation);
  const auto entries = registry_.entitlements(1);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].table, 1);
  EXPECT_EQ(entries[0].allocated, 200);
  EXPECT_EQ(entries[1].allocated, 5);
  EXPECT_EQ(registry_.entitlements(0)[0].version, 2U);
}

TEST_F(AllocationTest, LeavesOutWhoMayNotBePaid) {
  Must(SetEntitlement{0, 2025, 1, 100, true});  // Withheld.
  EXPECT_EQ(Must(Run()).amount, 0);
  Must(SetEntitlement{0, 2025, 1, 100, false});
  Must(ExcludeYear{0, 2025});
  EXPECT_EQ(Must(Run()).amount, 0);
  Must(ExcludeYear{0, 2025, false});
  Must(SetAccount{is_.holder, 0});
  EXPECT_EQ(Must(Run()).amount, 0);
  Must(SetAccount{is_.holder, kMayReceive});
  EXPECT_EQ(Must(Run()).amount, 100);
}

TEST_F(AllocationTest, RefusesTheWholeRunWhenThePoolRunsOut) {
  Must(SetEntitlement{0, 2025, 1, 600});
  Must(SetEntitlement{1, 2025, 1, 401});
  ExpectRefused(Run(), Refusal::kInsufficientHolding);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 0);
}

TEST_F(AllocationTest, RefusesARunThatMakesNoSense) {
  ExpectRefused(Run(), Refusal::kEntitlementNotFound);
  Must(SetEntitlement{0, 2025, 1, 100});
  ExpectRefused(Run(2), Refusal::kEntitlementNotFound);
  ExpectRefused(RunAllocation{2025, 1, is_.stock, is_.cea25}, Refusal::kWrongAccountKind);
  ExpectRefused(RunAllocation{2025, 1, is_.allocation, is_.cea26}, Refusal::kUnitNotEligible);
  ExpectRefused(RunAllocation{2025, 1, AccountId(999), is_.cea25}, Refusal::kAccountNotFound);
  ExpectRefused(RunAllocation{2025, 1, is_.allocation, LedgerId(99)}, Refusal::kLedgerNotFound);
  Must(SetAccount{is_.allocation, kMayReceive});
  ExpectRefused(Run(), Refusal::kAccountBlocked);
}

TEST_F(AllocationTest, RefusesAnEntitlementThatIsNone) {
  ExpectRefused(SetEntitlement{9, 2025, 1, 1}, Refusal::kEntityNotFound);
  ExpectRefused(SetEntitlement{0, 2025, 1, -1}, Refusal::kAmountNotPositive);
  ExpectRefused(SetEntitlement{0, 2025, 0, 1}, Refusal::kValueInvalid);
  ExpectRefused(SetEntitlement{0, 1999, 1, 1}, Refusal::kValueInvalid);
}

TEST_F(AllocationTest, TakesBackTheExcessAndNoMore) {
  Must(SetEntitlement{0, 2025, 1, 100});
  Must(Run());
  const auto give_back = [&](std::int64_t amount) {
    return ReturnExcess{is_.holder, is_.allocation, is_.cea25, 2025, 1, amount};
  };
  ExpectRefused(give_back(1), Refusal::kMoreThanOwed);
  Must(SetEntitlement{0, 2025, 1, 70});
  ExpectRefused(give_back(31), Refusal::kMoreThanOwed);
  Must(give_back(20));
  EXPECT_EQ(registry_.entitlements(0)[0].returned, 20);
  EXPECT_EQ(registry_.transfers()[0].code, TransferCode::kAllocationReturn);
  Must(SetAccount{is_.holder, kMayReceive});  // A blocked account may.
  Must(give_back(10));
  ExpectRefused(give_back(1), Refusal::kMoreThanOwed);
  ExpectRefused(ReturnExcess{is_.holder, is_.allocation, is_.cea25, 2026, 1, 1},
                Refusal::kEntitlementNotFound);
  ExpectRefused(ReturnExcess{is_.holder, is_.holder, is_.cea25, 2025, 1, 1}, Refusal::kSameAccount);
  ExpectRefused(ReturnExcess{is_.holder, is_.stock, is_.cea25, 2025, 1, 1},
                Refusal::kWrongAccountKind);
  ExpectRefused(ReturnExcess{is_.holder, is_.allocation, is_.cea24, 2025, 1, 1},
                Refusal::kUnitNotEligible);
  ExpectRefused(give_back(1'000), Refusal::kInsufficientHolding);
  ExpectRefused(give_back(0), Refusal::kAmountNotPositive);
}

TEST_F(AllocationTest, AllocatesNothingForAnExcludedYear) {
  Must(ExcludeYear{0, 2025});
  ExpectRefused(
      Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 1, TransferCode::kPreAllocation},
      Refusal::kEntitlementWithheld);
  Must(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 1, TransferCode::kEntrantAllocation});
}

// EU Art. 48(2).
TEST_F(AllocationTest, PaysOpenAccountsThatAreAAndBlockedOnesWhereTheLawSaysSo) {
  Profile law = TwoPeriods();
  law.allocation_needs_a = true;
  Under(law);
  Must(Issue{is_.allocation, is_.cea25, 1'000});
  Must(SetEntitlement{0, 2025, 1, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(10)});
  EXPECT_EQ(SymbolOf(0), Symbol::kB);
  EXPECT_EQ(Must(Run()).amount, 0);
  Must(SetAccount{is_.holder, kMayReceive | kMaySurrender});
  EXPECT_EQ(Must(Run()).amount, 100);
  Must(SetAccount{is_.holder});
  Must(SetEntitlement{0, 2025, 1, 110});
  EXPECT_EQ(Must(Run()).amount, 0);
  Must(Surrender{is_.holder, is_.cea25, 2025, 10});
  EXPECT_EQ(Must(Run()).amount, 10);
}

}  // namespace
}  // namespace ets::registry
