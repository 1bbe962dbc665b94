// Ways round a rule, each of which must not work.

#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class WaysRound : public Desk {
 protected:
  explicit WaysRound(const char* law = "sim") : Desk(*FindProfile(law)) {}

  // What one escrow gets from another for nothing, in a message of its own.
  Receipt Sells(AccountId seller, AccountId buyer, LedgerId ledger, std::int64_t amount) {
    return Must(Settle{
        registry_.settlement_sequence() + 1, {{seller, buyer, ledger, is_.cny, amount, 0, 1}}, {}});
  }
  Receipt Withdraws(AccountId escrow, AccountId holder, LedgerId ledger, std::int64_t amount) {
    return Must(
        Settle{registry_.settlement_sequence() + 1, {}, {{escrow, holder, ledger, amount}}});
  }
};

// ---- Who may hold what (Reg. (EU) 2019/1122 Art. 36(5)) ----

class WaysRoundEu : public WaysRound {
 protected:
  WaysRoundEu() : WaysRound("eu") {}
};

TEST_F(WaysRoundEu, AnExchangeBringsNoUnitIntoAnAccountThatMayNotHoldIt) {
  const AccountId supplier = Opens(AccountKind::kRegulatedEntity, 7);
  const AccountId escrow = Opens(AccountKind::kEscrow, 7);
  const LedgerId ret = OpensLedger(Unit::Of(UnitType::kRegulated, 2027));
  Must(Issue{supplier, ret, 10});
  Must(Plain(supplier, escrow, ret, 10));
  EXPECT_EQ(Sells(escrow, is_.escrow, ret, 10).failed, 0U);
  EXPECT_EQ(Withdraws(is_.escrow, is_.holder, ret, 10).failed, 1U);
  EXPECT_EQ(Balance(is_.holder, ret), 0);
  EXPECT_EQ(Balance(is_.escrow, ret), 10);
}

TEST_F(WaysRoundEu, AnAllocationBringsNoUnitIntoAnAccountThatMayNotHoldIt) {
  const AccountId supplier = Opens(AccountKind::kRegulatedEntity, 0);  // Of the same firm, later.
  const LedgerId ret = OpensLedger(Unit::Of(UnitType::kRegulated, 2027));
  Must(Issue{is_.allocation, ret, 100});
  for (const std::uint32_t firm : {0U, 1U}) Must(SetEntitlement{firm, 2027, 1, 40});
  const Receipt receipt = Must(RunAllocation{2027, 1, is_.allocation, ret});
  EXPECT_EQ(receipt.id, 1U);
  EXPECT_EQ(Balance(supplier, ret), 40);
  EXPECT_EQ(Balance(is_.holder, ret) + Balance(is_.other_holder, ret), 0);
}

TEST_F(WaysRound, AWithdrawalReachesOnlyAnAccountThatTakesSuchThings) {
  const AccountId compliance = Opens(AccountKind::kCompliance, 0);
  Must(Issue{is_.escrow, is_.cny, 500});
  EXPECT_EQ(Withdraws(is_.escrow, compliance, is_.cny, 500).failed, 1U);
  EXPECT_EQ(Balance(compliance, is_.cny), 0);
}

// ---- Second persons (Art. 20(4)) ----

TEST_F(WaysRoundEu, WhatATrustedTargetWaivedIsMissingWhenItIsTrustedNoMore) {
  Person(1);
  Person(2);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(AddTrusted{is_.holder, is_.other_holder});
  Must(SetAccount{is_.holder, kMayAll, true});  // Opted out: may send to whom it does not trust.
  Until(2026, 3, 9, 17);
  const auto waived = Must(Proposal(1, Plain(is_.holder, is_.other_holder, is_.cea25, 60))).id;
  EXPECT_EQ(registry_.task(waived).state, TaskState::kDelayed);
  Must(RemoveTrusted{is_.holder, is_.other_holder});
  Until(2026, 3, 10, 12);
  EXPECT_EQ(registry_.task(waived).state, TaskState::kFailed);
  EXPECT_EQ(registry_.task(waived).refusal, Refusal::kSecondPersonRequired);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
}

TEST_F(WaysRoundEu, WhatASecondPersonAgreedToNeedsNoTrust) {
  Person(1);
  Person(2);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(SetAccount{is_.holder, kMayAll, true});
  Until(2026, 3, 9, 11);
  const auto task = Must(Proposal(1, Plain(is_.holder, is_.other_holder, is_.cea25, 60))).id;
  Must(ApproveTask{task, 2});
  Until(2026, 3, 10, 12);
  EXPECT_EQ(registry_.task(task).state, TaskState::kCompleted);
}

// ---- Emissions that are due (Art. 32) ----

TEST_F(WaysRoundEu, ALaterYearsEmissionsDoNotStandForAnEarlierYears) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(SetAccount{is_.holder, kMayAll, true});
  Must(SetEntity{0, 2025, 0, 0});
  const Command sale = Plain(is_.holder, is_.other_holder, is_.cea25, 1);
  Until(2026, 4, 1);
  ExpectRefused(sale, Refusal::kAccountBlocked);
  Must(VerifyEmissions{0, 2026, Tonnes(5)});
  Until(2027, 4, 1);
  ExpectRefused(sale, Refusal::kAccountBlocked);
  Must(VerifyEmissions{0, 2025, Tonnes(5)});
  Must(sale);
}

TEST_F(WaysRoundEu, YearsDueBeforeTheRegistrysFirstDayBlockNobody) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(SetAccount{is_.holder, kMayAll, true});
  Must(SetEntity{0, 2021, 0, 0});
  Must(VerifyEmissions{0, 2025, Tonnes(5)});
  Until(2026, 4, 2);
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 1));
}

// ---- Caps of a phase (UK check 3500) ----

TEST_F(WaysRound, AYearsCapIsNotLoweredBelowWhatItsPhaseNeeds) {
  Under(*FindProfile("uk"));
  Must(SetCap{is_.cea25, 100});
  Must(SetCap{is_.cea26, 100});
  EXPECT_EQ(Must(Issue{is_.holder, is_.cea25, 150}).amount, 50);
  Must(Issue{is_.holder, is_.cea26, 20});
  ExpectRefused(SetCap{is_.cea26, 69}, Refusal::kCapExceeded);
  EXPECT_EQ(registry_.detail().limit, 70);
  ExpectRefused(SetCap{is_.cea26, 0}, Refusal::kCapExceeded);  // Its room would leave the phase.
  Must(SetCap{is_.cea26, 70});
  ExpectRefused(Issue{is_.holder, is_.cea26, 1}, Refusal::kCapExceeded);
}

// ---- Excluded years (Art. 48(3)) ----

TEST_F(WaysRound, AnExcludedYearOwesNothing) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(80)});
  Must(ExcludeYear{0, 2025});
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 1}, Refusal::kMoreThanOwed);
  EXPECT_EQ(Must(AssessCompliance{0, 2025}).amount, 0);
  EXPECT_EQ(SymbolOf(0), Symbol::kExcluded);
}

// ---- Holding limits (17 CCR 95920) ----

class WaysRoundTheLimit : public WaysRound {
 protected:
  // 200 t of 2025.
  WaysRoundTheLimit() {
    Profile law = *FindProfile("sim");
    law.limit_base_t = 1'000;
    law.limit_base_bp = 1'000;
    law.limit_rest_bp = 250;
    Under(law);
    Must(SetCap{is_.cea25, 5'000});
    Until(2025, 3, 3, 11);  // A Monday.
    Must(Issue{is_.stock, is_.cea25, 1'000});
  }
};

TEST_F(WaysRoundTheLimit, WhatWasBoughtAboveItOnTheExchangeIsConsignedAfterFiveWorkingDays) {
  Must(Plain(is_.stock, is_.holder, is_.cea25, 200));
  Must(Plain(is_.stock, is_.escrow, is_.cea25, 70));
  EXPECT_EQ(Withdraws(is_.escrow, is_.holder, is_.cea25, 70).failed, 0U);
  EXPECT_EQ(Local(registry_.next_due()).date, Date::Of(2025, 3, 10));
  Must(Plain(is_.holder, is_.escrow, is_.cea25, 20));  // Cures a part.
  Until(2025, 3, 10);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 200);
  EXPECT_EQ(Balance(is_.stock, is_.cea25), 1'000 - 270 + 50);
}

TEST_F(WaysRoundTheLimit, WhatIsReservedOnTheDayIsConsignedOnTheNext) {
  Must(Plain(is_.stock, is_.holder, is_.cea25, 200));
  Must(Plain(is_.stock, is_.escrow, is_.cea25, 70));
  Withdraws(is_.escrow, is_.holder, is_.cea25, 70);
  const auto held = Must(ReserveTransfer{{is_.holder, is_.other_holder, is_.cea25, 200}, 0}).id;
  Must(ReserveTransfer{{is_.holder, is_.escrow, is_.cea25, 40}, 0});
  Until(2025, 3, 10);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 240);  // All that is free went.
  Must(VoidPending{held});
  Until(2025, 3, 11);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 200);
}

// ---- Numbers that belong to nobody ----

TEST_F(WaysRound, NoAccountOfTheAuthorityBelongsToAFirm) {
  ExpectRefused(OpenAccount{AccountKind::kTreasury, 5}, Refusal::kValueInvalid);
}

}  // namespace
}  // namespace ets::registry
