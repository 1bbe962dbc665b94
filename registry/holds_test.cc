#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class HoldsTest : public Desk {
 protected:
  void SetUp() override { Must(Issue{is_.holder, is_.cea25, 100}); }
  ReserveTransfer Reserving(std::int64_t amount, SimTime expires_at = 0) const {
    return {{is_.holder, is_.other_holder, is_.cea25, amount, TransferCode::kTransfer}, expires_at};
  }
};

// ---- Two-phase transfers ----

TEST_F(HoldsTest, ReservesThenPostsAPartAndReturnsTheRest) {
  const std::uint32_t pending = Must(Reserving(60)).id;
  EXPECT_EQ(Available(is_.holder, is_.cea25), 40);
  EXPECT_EQ(registry_.holding(is_.holder, is_.cea25).reserved, 60);
  EXPECT_EQ(registry_.holding(is_.other_holder, is_.cea25).incoming, 60);
  EXPECT_EQ(registry_.totals(is_.cea25).reserved, 60);
  ExpectRefused(Reserving(41), Refusal::kInsufficientHolding);
  Must(PostPending{pending, 45});
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 45);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 55);
  EXPECT_EQ(registry_.pending(pending).state, PendingState::kPosted);
  EXPECT_EQ(registry_.pending(pending).posted_amount, 45);
  EXPECT_EQ(registry_.transfers()[0].reference, pending);
  ExpectRefused(PostPending{pending, 0}, Refusal::kAlreadyResolved);
  ExpectRefused(VoidPending{pending}, Refusal::kAlreadyResolved);
}

TEST_F(HoldsTest, PostsAllWhenNoAmountIsNamed) {
  Must(PostPending{Must(Reserving(100)).id, 0});
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 100);
}

TEST_F(HoldsTest, PostsNoMoreThanWasReserved) {
  const std::uint32_t pending = Must(Reserving(60)).id;
  ExpectRefused(PostPending{pending, 61}, Refusal::kAmountTooLarge);
  ExpectRefused(PostPending{pending, -1}, Refusal::kAmountNotPositive);
  ExpectRefused(PostPending{99, 1}, Refusal::kTransferNotFound);
  ExpectRefused(VoidPending{0}, Refusal::kTransferNotFound);
}

TEST_F(HoldsTest, VoidsOrLetsExpireAndReleases) {
  const std::uint32_t voided = Must(Reserving(10)).id;
  Must(VoidPending{voided});
  EXPECT_EQ(registry_.pending(voided).state, PendingState::kVoided);
  const std::uint32_t expiring = Must(Reserving(20, 1'000)).id;
  EXPECT_EQ(registry_.next_due(), 1'000);
  time_ = 999;
  EXPECT_EQ(Must(AdvanceTo{999}).amount, 0);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 80);
  time_ = 1'000;
  EXPECT_EQ(Must(AdvanceTo{1'000}).amount, 1);
  EXPECT_EQ(registry_.pending(expiring).state, PendingState::kExpired);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
  ExpectRefused(Reserving(1, 1'000), Refusal::kValueInvalid);  // Expires at once.
  ExpectRefused(PostPending{expiring, 0}, Refusal::kAlreadyResolved);
}

TEST_F(HoldsTest, ForgetsTheExpiryOfWhatIsResolvedBefore) {
  Must(PostPending{Must(Reserving(20, 1'000)).id, 0});
  EXPECT_EQ(registry_.next_due(), std::numeric_limits<SimTime>::max());
  time_ = 2'000;
  EXPECT_EQ(Must(AdvanceTo{2'000}).amount, 0);
}

TEST_F(HoldsTest, AsksTheRulesAgainWhenItPosts) {
  const std::uint32_t pending = Must(Reserving(60)).id;
  Must(SetAccount{is_.other_holder, kMaySend});
  ExpectRefused(PostPending{pending, 0}, Refusal::kAccountRestricted);
  Must(SetAccount{is_.other_holder});
  Must(Freeze{is_.holder, is_.cea25, 50, 0, "a court"});
  ExpectRefused(PostPending{pending, 0}, Refusal::kInsufficientHolding);
  Must(PostPending{pending, 50});
  EXPECT_EQ(Available(is_.holder, is_.cea25), 0);
}

// ---- Freezes ----

TEST_F(HoldsTest, FreezesMoreThanIsThereAndBindsWhatComesIn) {
  const std::uint32_t freeze = Must(Freeze{is_.holder, is_.cea25, 130, 0, "a court"}).id;
  EXPECT_EQ(Available(is_.holder, is_.cea25), -30);
  EXPECT_EQ(registry_.totals(is_.cea25).frozen, 100);
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 1), Refusal::kInsufficientHolding);
  Must(Issue{is_.holder, is_.cea25, 40});
  EXPECT_EQ(registry_.totals(is_.cea25).frozen, 130);
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 10));
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 1), Refusal::kInsufficientHolding);
  Must(Unfreeze{freeze});
  EXPECT_EQ(Available(is_.holder, is_.cea25), 130);
  EXPECT_EQ(registry_.totals(is_.cea25).frozen, 0);
  ExpectRefused(Unfreeze{freeze}, Refusal::kFreezeNotFound);
  ExpectRefused(Unfreeze{0}, Refusal::kFreezeNotFound);
}

TEST_F(HoldsTest, LetsNothingFrozenBeTakenInAnyWay) {
  Must(Freeze{is_.holder, is_.cea25, 100, 0, "a court"});
  Must(VerifyEmissions{0, 2025, Tonnes(100)});
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 1}, Refusal::kInsufficientHolding);
  ExpectRefused(ConvertUnits{is_.holder, is_.cea25, is_.cea26, 1}, Refusal::kInsufficientHolding);
  ExpectRefused(CancelUnits{is_.holder, is_.cea25, 1, "", ""}, Refusal::kInsufficientHolding);
  EXPECT_EQ(Must(TakeBack{is_.holder, is_.allocation, is_.cea25, 2025, 10}).amount, 0);
  EXPECT_EQ(Must(SurrenderInOrder{is_.holder, 2025, 50}).amount, 0);
  Must(Issue{is_.escrow, is_.cea25, 5});
  Must(Freeze{is_.escrow, is_.cea25, 5, 0, "a court"});
  const SettlementFill fill{is_.escrow, is_.other_escrow, is_.cea25, is_.cny, 1, 0};
  EXPECT_EQ(Must(Settle{1, {fill}, {{is_.escrow, is_.holder, is_.cea25, 1}}}).failed, 2U);
}

TEST_F(HoldsTest, EndsAFreezeWhenItsTimeIsOver) {
  Must(Freeze{is_.holder, is_.cea25, 70, 5'000, "a court"});
  EXPECT_EQ(registry_.next_due(), 5'000);
  time_ = 5'000;
  EXPECT_EQ(Must(AdvanceTo{5'000}).amount, 1);
  EXPECT_FALSE(registry_.freeze(1).active);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
}

TEST_F(HoldsTest, RefusesAFreezeWithoutWhoOrderedItOrInThePast) {
  ExpectRefused(Freeze{is_.holder, is_.cea25, 1, 0, ""}, Refusal::kValueInvalid);
  ExpectRefused(Freeze{is_.holder, is_.cea25, 1, 0, std::string(201, 'x')}, Refusal::kValueInvalid);
  time_ = 10;
  Must(AdvanceTo{10});
  ExpectRefused(Freeze{is_.holder, is_.cea25, 1, 10, "a court"}, Refusal::kValueInvalid);
  ExpectRefused(Freeze{is_.surrender, is_.cea25, 1, 0, "a court"}, Refusal::kWrongAccountKind);
  Must(Freeze{is_.holder, is_.cea25, kAmountMax, 0, "a court"});
  ExpectRefused(Freeze{is_.holder, is_.cea25, 1, 0, "a court"}, Refusal::kAmountTooLarge);
}

}  // namespace
}  // namespace ets::registry
