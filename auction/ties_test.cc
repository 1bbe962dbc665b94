// Every tie rule's promise, and what each gives.
#include "auction/ties/ties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/prng.h"

namespace ets::auction {
namespace {

using ::testing::ElementsAre;

std::vector<std::int64_t> Shared(const TieRule& rule, const std::vector<TiedBid>& tied,
                                 std::int64_t left, std::int64_t unit) {
  std::vector<Tonnes> shares(tied.size());
  rule.share(tied, Tonnes(left), Tonnes(unit), shares);
  std::vector<std::int64_t> counts;
  for (const Tonnes share : shares) counts.push_back(share.count());
  return counts;
}

TEST(EveryTieRule, SharesAllThatIsLeftInUnitsAndNobodyGetsMoreThanItWants) {
  for (const TieRule* rule : TieRules()) {
    SCOPED_TRACE(rule->name);
    for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
      Prng dice(seed);
      const auto unit = static_cast<std::int64_t>(1 + dice.Below(3) * 499);
      std::vector<TiedBid> tied(1 + dice.Below(8));
      std::int64_t wanted = 0;
      for (TiedBid& bid : tied) {
        bid.bidder = MemberId(static_cast<std::uint32_t>(dice.Below(4)));
        bid.wanted = Tonnes(static_cast<std::int64_t>(1 + dice.Below(9)) * unit);
        wanted += bid.wanted.count() / unit;
      }
      const auto left =
          static_cast<std::int64_t>(1 + dice.Below(static_cast<std::uint64_t>(wanted))) * unit;
      const auto shares = Shared(*rule, tied, left, unit);
      ASSERT_EQ(std::accumulate(shares.begin(), shares.end(), std::int64_t{0}), left);
      for (std::size_t i = 0; i < tied.size(); ++i) {
        ASSERT_LE(shares[i], tied[i].wanted.count());
        ASSERT_GE(shares[i], 0);
        ASSERT_EQ(shares[i] % unit, 0);
      }
    }
  }
}

TEST(EveryTieRule, OrdersEveryBidOnceAndEqualSeedsAlike) {
  for (const TieRule* rule : TieRules()) {
    SCOPED_TRACE(rule->name);
    std::vector<std::uint32_t> order = rule->order(100, 7);
    EXPECT_EQ(order, rule->order(100, 7));
    std::ranges::sort(order);
    for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
    EXPECT_EQ(FindTieRule(rule->name), rule);
  }
  EXPECT_EQ(FindTieRule("lottery"), nullptr);
}

TEST(EveryTieRule, OrdersByTheSeedOrByTimeAsItSays) {
  for (const TieRule* rule : {&kTimePriority, &kProRataLargest}) {
    EXPECT_THAT(rule->order(3, 99), ElementsAre(0, 1, 2));
  }
  for (const TieRule* rule : {&kRandomOrder, &kProRataRandom}) {
    EXPECT_NE(rule->order(100, 1), rule->order(100, 2));
  }
}

// The draw is written down (ties.h), so that a stranger can repeat it: a golden permutation.
TEST(DrawnOrder, IsTheDocumentedOne) {
  Prng dice(7);
  std::vector<std::uint32_t> expected = {0, 1, 2, 3, 4, 5, 6, 7};
  for (std::size_t i = 8; i > 1; --i) std::swap(expected[i - 1], expected[dice.Below(i)]);
  EXPECT_EQ(DrawnOrder(8, 7), expected);
}

TEST(ProRataRandom, CountsABiddersTiedBidsTogether) {
  // 3 units for demands of 2 + 2 and 2: 2 and 1 exactly.
  EXPECT_THAT(
      Shared(kProRataRandom,
             {{MemberId(1), Tonnes(2)}, {MemberId(2), Tonnes(2)}, {MemberId(1), Tonnes(2)}}, 3, 1),
      ElementsAre(2, 1, 0));
}

TEST(ProRataRandom, GivesTheResidueOneUnitEachInTheOrderDrawn) {
  const std::vector<TiedBid> tied = {
      {MemberId(3), Tonnes(1'000)}, {MemberId(1), Tonnes(1'000)}, {MemberId(2), Tonnes(1'000)}};
  EXPECT_THAT(Shared(kProRataRandom, tied, 1'001, 1), ElementsAre(334, 334, 333));
  EXPECT_THAT(Shared(kProRataRandom, tied, 1'000, 500), ElementsAre(500, 500, 0));
}

TEST(ProRataLargest, GivesTheResidueToTheLargestRemainders) {
  // 10 units for demands of 7, 5 and 4: 4.375, 3.125, 2.5.
  EXPECT_THAT(
      Shared(kProRataLargest,
             {{MemberId(1), Tonnes(7)}, {MemberId(2), Tonnes(5)}, {MemberId(3), Tonnes(4)}}, 10, 1),
      ElementsAre(4, 3, 3));
}

}  // namespace
}  // namespace ets::auction
