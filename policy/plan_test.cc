#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "policy/carry_over.h"
#include "policy/offsets.h"
#include "policy/penalty.h"
#include "policy/pre_allocation.h"
#include "policy/share.h"
#include "policy/stability.h"

namespace ets::policy {
namespace {

Price Cny(std::int64_t fen) { return Price::FromMinorPerTonne(fen); }

TEST(FloorOfShare, IsExactWhereADoubleIsNot) {
  EXPECT_EQ(FloorOfShare(0.29, Tonnes(100)), Tonnes(29));
  EXPECT_EQ(FloorOfShare(0.7, Tonnes(11)), Tonnes(7));
  for (std::int64_t percent = 0; percent <= 100; ++percent) {
    EXPECT_EQ(FloorOfShare(static_cast<double>(percent) / 100, Tonnes(9'000'000'000)),
              Tonnes(90'000'000 * percent));
  }
}

TEST(PreAllocation, IsAShareOfTheLastVerifiedEmissionsRoundedDown) {
  EXPECT_EQ(PreAllocation(0.7, Tonnes(1'000'001)), Tonnes(700'000));
  EXPECT_EQ(PreAllocation(0.5, Tonnes(3)), Tonnes(1));
  EXPECT_EQ(PreAllocation(0, Tonnes(5)), Tonnes(0));
}

TEST(Settle, IssuesOrTakesBackButNeverBoth) {
  const TrueUp more = Settle(Tonnes(100), Tonnes(70));
  EXPECT_EQ(more.issue, Tonnes(30));
  EXPECT_EQ(more.take_back, Tonnes(0));
  const TrueUp less = Settle(Tonnes(60), Tonnes(70));
  EXPECT_EQ(less.issue, Tonnes(0));
  EXPECT_EQ(less.take_back, Tonnes(10));
}

TEST(CarryOver, GivesTheBaseAndHalfAgainOfNetSales) {
  EXPECT_EQ(CarryOverLimit(Tonnes(10'000), Tonnes(20'001), 1.5, Tonnes(1'000'000)), Tonnes(40'001));
  EXPECT_EQ(CarryOverLimit(Tonnes(100'000), Tonnes(0), 1.5, Tonnes(1'000'000)), Tonnes(100'000));
}

TEST(CarryOver, TreatsANetBuyerAsOneWhoSoldNothing) {
  EXPECT_EQ(CarryOverLimit(Tonnes(10'000), Tonnes(-50'000), 1.5, Tonnes(1'000'000)),
            Tonnes(10'000));
}

TEST(CarryOver, NeverExceedsWhatIsHeld) {
  EXPECT_EQ(CarryOverLimit(Tonnes(10'000), Tonnes(20'000), 1.5, Tonnes(123)), Tonnes(123));
}

TEST(Offsets, AreLimitedToFivePercentOfTheObligation) {
  EXPECT_EQ(OffsetLimit(Tonnes(1'000'019), 0.05), Tonnes(50'000));
}

TEST(Offsets, ComeInProportionBelowTheFullPrice) {
  EXPECT_EQ(OffsetSupply(20, 60, 60), Tonnes(20'000'000));
  EXPECT_EQ(OffsetSupply(20, 90, 60), Tonnes(20'000'000));
  EXPECT_EQ(OffsetSupply(20, 30, 60), Tonnes(10'000'000));
  EXPECT_EQ(OffsetSupply(20, 0, 60), Tonnes(0));
}

// The December 2025 average was 65.43: 327.15 to 654.30 CNY per missing tonne.
TEST(Penalty, IsFiveToTenTimesTheAveragePrice) {
  EXPECT_EQ(ShortfallFine(Tonnes(1), Cny(6543), 5), Money::FromMinor(32'715));
  EXPECT_EQ(ShortfallFine(Tonnes(1), Cny(6543), 10), Money::FromMinor(65'430));
  EXPECT_EQ(ShortfallFine(Tonnes(0), Cny(6543), 10), Money::FromMinor(0));
}

TEST(Penalty, GrowsWithRepetition) {
  EXPECT_EQ(FineMultiple(0, 5, 7, 10), 5);
  EXPECT_EQ(FineMultiple(1, 5, 7, 10), 7);
  EXPECT_EQ(FineMultiple(2, 5, 7, 10), 10);
  EXPECT_EQ(FineMultiple(9, 5, 7, 10), 10);
}

TEST(Containment, NeedsFourAuctionsWhoseMeanReachesTheTrigger) {
  const auto volume = [](std::vector<Price> auctions) {
    return ContainmentVolume(auctions, 4, Cny(15'000), Tonnes(10'003'999), 0.25, Tonnes(1'000));
  };
  EXPECT_EQ(volume({Cny(16'000), Cny(16'000), Cny(16'000)}), Tonnes(0)) << "only three";
  EXPECT_EQ(volume({Cny(14'000), Cny(16'000), Cny(14'000), Cny(16'000)}), Tonnes(2'500'000));
  EXPECT_EQ(volume({Cny(14'000), Cny(16'000), Cny(14'000), Cny(15'999)}), Tonnes(0));
  EXPECT_EQ(volume({Cny(90'000), Cny(15'000), Cny(15'000), Cny(15'000), Cny(14'999)}), Tonnes(0))
      << "the fifth last does not count";
}

TEST(Stability, CancelsWhatIsAboveTheCeiling) {
  EXPECT_EQ(StabilityExcess(Tonnes(70), Tonnes(1'000), 0.06), Tonnes(10));
  EXPECT_EQ(StabilityExcess(Tonnes(60), Tonnes(1'000), 0.06), Tonnes(0));
}

TEST(Cap, IsCutWithoutLosingATonne) {
  const CapParts parts = CutCap(Tonnes(855'000'001), 0.03, 0.02);
  EXPECT_EQ(parts.paid, Tonnes(25'650'000));
  EXPECT_EQ(parts.reserve, Tonnes(17'100'000));
  EXPECT_EQ(parts.free + parts.paid + parts.reserve, Tonnes(855'000'001));
}

}  // namespace
}  // namespace ets::policy
