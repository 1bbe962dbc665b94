#include "matching/holdings.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace ets::matching {
namespace {

constexpr MemberId kMember{0};
constexpr LedgerId kUnits{0};

Holdings WithMembers(int count, std::uint16_t ledgers = 2) {
  Holdings holdings(ledgers);
  for (int i = 0; i < count; ++i) holdings.AddMember();
  return holdings;
}

TEST(Holdings, ReserveBindsOnlyWhatIsAvailable) {
  Holdings holdings = WithMembers(1);
  holdings.Credit(kMember, kUnits, 100);
  EXPECT_FALSE(holdings.Reserve(kMember, kUnits, 101));
  EXPECT_EQ(holdings.at(kMember, kUnits), (Holding{100, 0, 0}));
  EXPECT_TRUE(holdings.Reserve(kMember, kUnits, 100));
  EXPECT_EQ(holdings.at(kMember, kUnits), (Holding{0, 100, 0}));
}

TEST(Holdings, ReleaseGivesBackAndConsumeTakesForGood) {
  Holdings holdings = WithMembers(1);
  holdings.Credit(kMember, kUnits, 100);
  ASSERT_TRUE(holdings.Reserve(kMember, kUnits, 80));
  holdings.Release(kMember, kUnits, 30);
  holdings.Consume(kMember, kUnits, 40);
  EXPECT_EQ(holdings.at(kMember, kUnits), (Holding{50, 10, 0}));
  EXPECT_EQ(holdings.total(kUnits), 60);
}

TEST(Holdings, WhatWasBoughtIsAvailableOnlyAfterTheSettlementDay) {
  Holdings holdings = WithMembers(1);
  holdings.CreditBought(kMember, kUnits, 70);
  holdings.CreditBought(kMember, kUnits, 5);
  EXPECT_FALSE(holdings.Reserve(kMember, kUnits, 1));
  EXPECT_FALSE(holdings.Withdraw(kMember, kUnits, 1));
  holdings.EndSettlementDay();
  EXPECT_EQ(holdings.at(kMember, kUnits), (Holding{75, 0, 0}));
}

TEST(Holdings, DropLeavesOnlyWhatIsReserved) {
  Holdings holdings = WithMembers(2);
  holdings.Credit(kMember, kUnits, 100);
  ASSERT_TRUE(holdings.Reserve(kMember, kUnits, 10));
  holdings.CreditBought(MemberId(1), kUnits, 7);
  holdings.Drop(kUnits);
  EXPECT_EQ(holdings.at(kMember, kUnits), (Holding{0, 10, 0}));
  EXPECT_EQ(holdings.at(MemberId(1), kUnits), Holding{});
  EXPECT_EQ(holdings.total(kUnits), 10);
  holdings.EndSettlementDay();
  EXPECT_EQ(holdings.at(MemberId(1), kUnits), Holding{});
  holdings.CheckInvariants();
}

TEST(HoldingsDeathTest, StopsBeforeMoreIsConsumedThanReserved) {
  Holdings holdings = WithMembers(1);
  holdings.Credit(kMember, kUnits, 5);
  EXPECT_DEATH(holdings.Consume(kMember, kUnits, 1), "amount <= holding.reserved");
}

TEST(Holdings, HashTellsMembersLedgersAndPocketsApart) {
  Holdings a = WithMembers(2);
  Holdings b = WithMembers(2);
  Holdings c = WithMembers(2);
  Holdings d = WithMembers(2);
  a.Credit(MemberId(0), LedgerId(0), 9);
  b.Credit(MemberId(1), LedgerId(0), 9);
  c.Credit(MemberId(0), LedgerId(1), 9);
  d.CreditBought(MemberId(0), LedgerId(0), 9);
  EXPECT_NE(a.StateHash(), b.StateHash());
  EXPECT_NE(a.StateHash(), c.StateHash());
  EXPECT_NE(a.StateHash(), d.StateHash());
  d.EndSettlementDay();
  EXPECT_EQ(a.StateHash(), d.StateHash());
}

TEST(Holdings, ConserveEveryAmountOverRandomOperations) {
  constexpr std::uint64_t kSeed = 20'260'107;
  SCOPED_TRACE(kSeed);
  Prng dice(kSeed);
  Holdings holdings = WithMembers(5, 3);
  std::int64_t in = 0;
  std::int64_t out = 0;
  for (int i = 0; i < 20'000; ++i) {
    const MemberId member(static_cast<std::uint32_t>(dice.Below(5)));
    const LedgerId ledger(static_cast<std::uint16_t>(dice.Below(3)));
    const auto amount = static_cast<std::int64_t>(dice.Below(100));
    const Holding before = holdings.at(member, ledger);
    switch (dice.Below(7)) {
      case 0:
        holdings.Credit(member, ledger, amount);
        in += amount;
        break;
      case 1:
        holdings.CreditBought(member, ledger, amount);
        in += amount;
        break;
      case 2:
        EXPECT_EQ(holdings.Reserve(member, ledger, amount), amount <= before.available);
        break;
      case 3:
        if (amount <= before.reserved) holdings.Release(member, ledger, amount);
        break;
      case 4:
        if (amount <= before.reserved) {
          holdings.Consume(member, ledger, amount);
          out += amount;
        }
        break;
      case 5:
        if (holdings.Withdraw(member, ledger, amount)) out += amount;
        break;
      case 6:
        holdings.EndSettlementDay();
        break;
    }
    holdings.CheckInvariants();
    std::int64_t total = 0;
    for (std::uint16_t l = 0; l < 3; ++l) total += holdings.total(LedgerId(l));
    ASSERT_EQ(total, in - out);
  }
}

}  // namespace
}  // namespace ets::matching
