// Cases with an exact expectation, each with its source, under the shipped profiles. "Art." is an
// article of Regulation (EU) 2019/1122. The names carry the numbers under which they are known; the
// others of the list need a server or a disk and are tested there.

#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class Acceptance : public Desk {
 protected:
  explicit Acceptance(const char* law = "eu") : Desk(*FindProfile(law)) {
    Person(1);
    Person(2);
  }
  // Proposed and agreed at once, so that only the law's delay is left.
  std::uint32_t Agreed(const Command& command) {
    const std::uint32_t task = Must(Proposal(1, command)).id;
    if (registry_.task(task).state == TaskState::kAwaitingApproval) Must(ApproveTask{task, 2});
    return task;
  }
  std::string ExecutionOf(std::uint32_t task) const {
    const LocalTime local = Local(registry_.task(task).execute_at);
    const int minute = local.minute();
    return ToString(local.date) + " " + std::to_string(minute / 60) + ":" +
           (minute % 60 < 10 ? "0" : "") + std::to_string(minute % 60);
  }
  Command Sale(std::int64_t amount) const {
    return Plain(is_.holder, is_.other_holder, is_.cea25, amount);
  }
};
class AcceptanceEu : public Acceptance {};
class AcceptanceUk : public Acceptance {
 protected:
  AcceptanceUk() : Acceptance("uk") {}
};
class AcceptanceCa : public Acceptance {
 protected:
  AcceptanceCa() : Acceptance("ca") {}
};
class AcceptanceCn : public Acceptance {
 protected:
  AcceptanceCn() : Acceptance("cn") {}
};
class AcceptanceSim : public Acceptance {
 protected:
  AcceptanceSim() : Acceptance("sim") {}
};

// ---- European Union ----

// 1 to 3: Art. 35(2).
TEST_F(AcceptanceEu, Case1To3CarriesOutTransfersToTrustedAccountsWithinTheHours) {
  Must(Issue{is_.holder, is_.cea25, 1'000});
  Until(2026, 2, 2, 9);
  Must(AddTrusted{is_.holder, is_.other_holder});
  Until(2026, 3, 3, 9, 59);
  const std::uint32_t early = Agreed(Sale(1));
  EXPECT_EQ(ExecutionOf(early), "2026-03-03 10:00");
  Until(2026, 3, 3, 11);
  const std::uint32_t inside = Agreed(Sale(1));
  EXPECT_EQ(registry_.task(inside).state, TaskState::kCompleted);
  EXPECT_EQ(ExecutionOf(inside), "2026-03-03 11:00");
  Until(2026, 3, 6, 16, 30);
  EXPECT_EQ(ExecutionOf(Agreed(Sale(1))), "2026-03-09 10:00");
}

// 4: Art. 35(3).
TEST_F(AcceptanceEu, Case4DelaysTransfersToOthersToNoon) {
  Must(Issue{is_.holder, is_.cea25, 1'000});
  Must(SetAccount{is_.holder, kMayAll, true});
  Until(2026, 3, 2, 11, 59);
  const std::uint32_t before = Agreed(Sale(100));
  EXPECT_EQ(ExecutionOf(before), "2026-03-03 12:00");
  Until(2026, 3, 2, 12, 1);
  const std::uint32_t after = Agreed(Sale(200));
  EXPECT_EQ(ExecutionOf(after), "2026-03-04 12:00");
  EXPECT_EQ(registry_.holding(is_.holder, is_.cea25).reserved, 300);  // Pending meanwhile.
  EXPECT_EQ(Available(is_.holder, is_.cea25), 700);
  Until(2026, 3, 4, 12);
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 300);
}

// 7: Art. 55(2).
TEST_F(AcceptanceEu, Case7RefusesAnOperatorsTransferToAnAccountNotOnItsList) {
  Must(Issue{is_.holder, is_.cea25, 1'000});
  ExpectRefused(Proposal(1, Sale(1)), Refusal::kNotOnTrustedList);
  EXPECT_EQ(registry_.holding(is_.holder, is_.cea25).reserved, 0);
}

// 9, 10: Art. 9(2), 32, 48(2).
TEST_F(AcceptanceEu, Case9And10BlocksSendingOnlyWhileEmissionsAreMissing) {
  Must(Issue{is_.holder, is_.cea25, 1'000});
  Must(Issue{is_.allocation, is_.cea26, 100});
  Must(SetAccount{is_.holder, kMayAll, true});
  Must(SetEntity{0, 2024, 0, 0});
  Must(SetEntitlement{0, 2026, 1, 100});
  Until(2026, 4, 1);
  ExpectRefused(Sale(1), Refusal::kAccountBlocked);
  Must(Surrender{is_.holder, is_.cea25, 2025, 10});
  EXPECT_EQ(Must(RunAllocation{2026, 1, is_.allocation, is_.cea26}).amount, 100);
  Must(Issue{is_.holder, is_.cea25, 1});
  Must(VerifyEmissions{0, 2025, Tonnes(10)});
  EXPECT_FALSE(registry_.account(is_.holder).blocked);
  Must(Sale(1));
}

// 11: Art. 33, Table XIV-I.
TEST_F(AcceptanceEu, Case11FixesTheSymbolsOfTheFirstOfOctober) {
  const AccountId third = Opens(AccountKind::kHolder, 2);
  const AccountId fourth = Opens(AccountKind::kHolder, 3);
  const AccountId holders[] = {is_.holder, is_.other_holder, third, fourth};
  Until(2026, 2, 1);
  for (std::uint32_t firm = 0; firm < 4; ++firm) {
    Must(SetEntity{firm, 2025, 0, 0});
    Must(Issue{holders[firm], is_.cea25, 100'000});
  }
  Must(VerifyEmissions{0, 2025, Tonnes(100'000)});
  Must(VerifyEmissions{1, 2025, Tonnes(100'001)});
  Must(VerifyEmissions{3, 2025, Tonnes(90'000)});
  Must(CorrectEmissions{3, 2025, Tonnes(100'000), EmissionsSource::kCorrected, false});
  for (const AccountId holder : holders) Must(Surrender{holder, is_.cea25, 2025, 100'000});
  Until(2026, 10, 1);
  EXPECT_EQ(registry_.official_status(0).symbol, Symbol::kA);
  EXPECT_EQ(registry_.official_status(0).figure, 0);
  EXPECT_EQ(registry_.official_status(1).symbol, Symbol::kB);
  EXPECT_EQ(registry_.official_status(1).figure, -1);
  EXPECT_EQ(registry_.official_status(2).symbol, Symbol::kC);
  EXPECT_EQ(registry_.official_status(3).symbol, Symbol::kA);
  EXPECT_TRUE(registry_.official_status(3).corrected);  // A*.
  EXPECT_FALSE(registry_.official_status(0).corrected);
}

// 13: Art. 48(2).
TEST_F(AcceptanceEu, Case13AllocatesNothingToAnOpenAccountOfStatusB) {
  Must(Issue{is_.allocation, is_.cea26, 100});
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(SetEntity{0, 2025, 0, 0});
  Must(SetEntitlement{0, 2026, 1, 100});
  Until(2026, 2, 20);
  Must(VerifyEmissions{0, 2025, Tonnes(50)});
  ASSERT_EQ(SymbolOf(0), Symbol::kB);
  EXPECT_EQ(Must(RunAllocation{2026, 1, is_.allocation, is_.cea26}).amount, 0);
  Must(Surrender{is_.holder, is_.cea25, 2025, 50});
  EXPECT_EQ(Must(RunAllocation{2026, 1, is_.allocation, is_.cea26}).amount, 100);
}

// 14: Art. 48(3).
TEST_F(AcceptanceEu, Case14NeverPaysAnExcludedYear) {
  const LedgerId of_2027 = OpensLedger(Unit::Allowance(2027));
  Must(Issue{is_.allocation, of_2027, 100});
  Must(SetEntitlement{0, 2027, 1, 100});
  Must(ExcludeYear{0, 2027});
  EXPECT_EQ(Must(RunAllocation{2027, 1, is_.allocation, of_2027}).amount, 0);
  Until(2028, 2, 1);  // Open again; the year stays excluded.
  EXPECT_EQ(Must(RunAllocation{2027, 1, is_.allocation, of_2027}).amount, 0);
}

// 17: Art. 58(8).
TEST_F(AcceptanceEu, Case17RestoresQuantityAndTypeOfADeletion) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Until(2026, 3, 2, 10);
  const std::uint64_t record = Must(CancelUnits{is_.holder, is_.cea25, 40, "", ""}).sequence;
  Must(Issue{is_.other_holder, is_.cea25, 40});  // Serials go on; nobody minds which come back.
  Until(2026, 3, 16, 10);
  Must(ReverseTransfer{record, 0});
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 100);
  EXPECT_EQ(registry_.totals(is_.cea25).cancelled, 0);
}

// 18: Art. 36(5).
TEST_F(AcceptanceEu, Case18KeepsFuelSuppliersUnitsOutOfInstallationsAccounts) {
  const AccountId supplier = Opens(AccountKind::kRegulatedEntity, 7);
  const LedgerId ret27 = OpensLedger(Unit::Of(UnitType::kRegulated, 2027));
  Must(Issue{supplier, ret27, 10});
  Must(SetAccount{supplier, kMayAll, true});
  ExpectRefused(Plain(supplier, is_.holder, ret27, 1), Refusal::kUnitTypeNotHoldable);
  ExpectRefused(Surrender{is_.holder, ret27, 2027, 1}, Refusal::kUnitTypeNotHoldable);
  Must(Surrender{supplier, ret27, 2027, 10});
}

// 19: Art. 56(5).
TEST_F(AcceptanceEu, Case19TakesNoCountryCodedUnitForSurrender) {
  const LedgerId coded = OpensLedger(Unit::Of(UnitType::kCountryCoded, 2025));
  Must(Issue{is_.holder, coded, 10});
  ExpectRefused(Surrender{is_.holder, coded, 2025, 10}, Refusal::kUnitNotEligible);
}

// 20: Art. 74(1).
TEST_F(AcceptanceEu, Case20AbortsWhatIsUnfinishedAfterADay) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(SetAccount{is_.holder, kMayAll, true});
  Until(2026, 3, 2, 10);
  const std::uint32_t task = Must(Proposal(1, Sale(60))).id;
  EXPECT_EQ(Available(is_.holder, is_.cea25), 40);
  Until(2026, 3, 3, 10);
  EXPECT_EQ(registry_.task(task).state, TaskState::kExpired);
  EXPECT_EQ(Available(is_.holder, is_.cea25), 100);
}

// 21: Art. 25(2)(e), 9(4).
TEST_F(AcceptanceEu, Case21KeepsAnAccountOpenThatOwesAReturnAndAClosedOneClosed) {
  Must(Issue{is_.allocation, is_.cea26, 100});
  Must(SetEntitlement{0, 2026, 1, 100});
  Must(RunAllocation{2026, 1, is_.allocation, is_.cea26});
  Must(SetEntitlement{0, 2026, 1, 0});
  Must(Plain(is_.holder, is_.stock, is_.cea26, 100));
  ExpectRefused(CloseAccount{is_.holder}, Refusal::kReturnOfExcessPending);
  Must(CloseAccount{is_.other_holder});
  ExpectRefused(Issue{is_.other_holder, is_.cea25, 1}, Refusal::kAccountClosed);
  ExpectRefused(SetAccount{is_.other_holder}, Refusal::kAccountClosed);
}

// 22: Art. 20(2), (4).
TEST_F(AcceptanceEu, Case22NeedsASecondPersonButForTrustedAccounts) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(SetAccount{is_.holder, kMayAll, true});
  Until(2026, 2, 2, 9);
  const std::uint32_t task = Must(Proposal(1, Sale(1))).id;
  ExpectRefused(ApproveTask{task, 1}, Refusal::kSecondPersonRequired);
  Must(AddTrusted{is_.holder, is_.other_holder});
  Until(2026, 3, 3, 11);
  EXPECT_EQ(Must(Proposal(1, Sale(1))).amount, 1);
}

// ---- United Kingdom (scenarios 27 to 33 are in uk_calculator_test.cc) ----

// 23: features 02349875111 and 02349875109 of the UK registry.
TEST_F(AcceptanceUk, Case23ReservesAProposedDeletionUntilItIsApproved) {
  Must(Issue{is_.holder, is_.cea25, 100});
  const std::uint32_t task = Must(Proposal(1, CancelUnits{is_.holder, is_.cea25, 20, "", ""})).id;
  EXPECT_EQ(Available(is_.holder, is_.cea25), 80);
  EXPECT_EQ(Balance(is_.cancellation, is_.cea25), 0);
  Must(ApproveTask{task, 2});
  EXPECT_EQ(Balance(is_.cancellation, is_.cea25), 20);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 80);
}

// 34: check 3500.
TEST_F(AcceptanceUk, Case34RefusesIssueAboveThePhasesCapAndWarnsAboveTheYears) {
  Must(SetCap{is_.cea25, 100});
  Must(SetCap{is_.cea26, 50});
  EXPECT_EQ(Must(Issue{is_.stock, is_.cea25, 120}).amount, 20);  // The warning.
  ExpectRefused(Issue{is_.stock, is_.cea25, 31}, Refusal::kCapExceeded);
  ExpectRefused(Issue{is_.stock, is_.cea26, 31}, Refusal::kCapExceeded);
  Must(Issue{is_.stock, is_.cea26, 30});
}

// 37: check 3019 and the features on reversal.
TEST_F(AcceptanceUk, Case37ReversesOnceASurrenderForEverAnAllocationForTwoWeeks) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(Issue{is_.allocation, is_.cea25, 100});
  Must(SetEntitlement{1, 2025, 1, 100});
  Until(2026, 3, 2, 10);
  const std::uint64_t surrender = Must(Surrender{is_.holder, is_.cea25, 2025, 60}).sequence;
  const std::uint64_t paid = Must(RunAllocation{2025, 1, is_.allocation, is_.cea25}).sequence;
  Until(2026, 3, 17, 10);
  Must(ReverseTransfer{surrender, 0});
  ExpectRefused(ReverseTransfer{surrender, 0}, Refusal::kAlreadyReversed);
  ExpectRefused(ReverseTransfer{paid, 0}, Refusal::kReversalWindowPassed);
}

// ---- California ----

// 40: 17 CCR 95856(b)(2).
TEST_F(AcceptanceCa, Case40TakesNoVintageAfterTheYear) {
  const LedgerId of_2027 = OpensLedger(Unit::Allowance(2027));
  Must(Issue{is_.holder, of_2027, 10});
  Must(VerifyEmissions{0, 2026, Tonnes(10)});
  ExpectRefused(Surrender{is_.holder, of_2027, 2026, 10}, Refusal::kUnitNotEligible);
}

// 43: 17 CCR 95920.
TEST_F(AcceptanceCa, Case43HoldsGroupsToTheirLimit) {
  // 10% of 25 million and 2.5% of the rest: 2,500,000 + 625,000; the next year 2,500,000.
  Must(SetCap{is_.cea25, 50'000'000});
  Must(SetCap{is_.cea26, 25'000'000});
  Until(2025, 3, 3);
  Must(Issue{is_.stock, is_.cea25, 10'000'000});
  const AccountId consigned = Opens(AccountKind::kLimitedUse, 0);
  EXPECT_EQ(registry_.holding_limit(is_.cea25), 3'125'000);
  Must(Plain(is_.stock, is_.holder, is_.cea25, 3'000'000));
  ExpectRefused(Plain(is_.stock, is_.holder, is_.cea25, 125'001), Refusal::kHoldingLimitExceeded);
  Must(Plain(is_.stock, consigned, is_.cea25, 125'001));  // Does not count.
  Until(2026, 1, 1);
  EXPECT_EQ(Local(registry_.next_due()).date, Date::Of(2026, 1, 8));  // Five business days.
  Until(2026, 1, 8);
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 2'500'000);
  EXPECT_EQ(registry_.transfers()[0].code, TransferCode::kConsignment);
}

// ---- China ----

// 45: court freezes; the registry executes them (by custom).
TEST_F(AcceptanceCn, Case45SellsNothingFrozenAndSurrendersTheRest) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(Freeze{is_.holder, is_.cea25, 30, 0, "an intermediate people's court"});
  ExpectRefused(Sale(80), Refusal::kInsufficientHolding);
  EXPECT_EQ(registry_.detail().available, 70);
  Must(VerifyEmissions{0, 2025, Tonnes(70)});
  Must(Surrender{is_.holder, is_.cea25, 2025, 70});
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 30);
}

// 46: delivery versus payment, trade by trade, gross (by custom).
TEST_F(AcceptanceCn, Case46FailsThePairThatLacksOneFenAlone) {
  Must(Issue{is_.escrow, is_.cea25, 30});
  Must(Issue{is_.other_escrow, is_.cny, 299});
  const auto pair = [&](std::int64_t quantity, std::int64_t cash, std::uint64_t trade) {
    return SettlementFill{is_.escrow, is_.other_escrow, is_.cea25, is_.cny, quantity, cash, trade};
  };
  EXPECT_EQ(Must(Settle{1, {pair(10, 100, 1), pair(10, 200, 2), pair(10, 199, 3)}, {}}).failed, 1U);
  EXPECT_EQ(Balance(is_.other_escrow, is_.cea25), 20);
  EXPECT_EQ(Balance(is_.escrow, is_.cny), 299);
}

// ---- The simulation ----

// 48: Reg. (EU) 2023/956 Art. 20 to 23.
TEST_F(AcceptanceSim, Case48TransfersNoCbamCertificateBetweenDeclarants) {
  const AccountId importer = Opens(AccountKind::kImporter, 8);
  const AccountId another = Opens(AccountKind::kImporter, 9);
  const LedgerId cbam = OpensLedger(Unit::Of(UnitType::kCertificate, 2027));
  Must(Issue{importer, cbam, 10, TransferCode::kCertificateSale});
  ExpectRefused(Plain(importer, another, cbam, 1), Refusal::kUnitNotTransferable);
  Must(MakeTransfer{{importer, is_.treasury, cbam, 1, TransferCode::kCertificateRepurchase}});
}

// 51: linked transfers.
TEST_F(AcceptanceSim, Case51LeavesBothLegsUndoneWhenTheMoneyIsMissing) {
  Must(Issue{is_.holder, is_.cea25, 10});
  const BatchItem units{{is_.holder, is_.other_holder, is_.cea25, 10, TransferCode::kTransfer},
                        true};
  const BatchItem cash{{is_.other_holder, is_.holder, is_.cny, 1, TransferCode::kTransfer}};
  EXPECT_EQ(Must(TransferBatch{{units, cash}}).failed, 2U);
  EXPECT_THAT(registry_.batch_results(),
              testing::ElementsAre(Refusal::kLinkedFailed, Refusal::kInsufficientHolding));
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 10);
}

// 55: a whole scheme in one job; how long it takes is in bench/registry_bench.cc.
TEST_F(AcceptanceSim, Case55GivesThreeThousandFirmsTheirStatusInOneCommand) {
  constexpr std::uint32_t kFirms = 3'000;
  RunCompliance run{2026, true, true, {}};
  for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
    const AccountId holder = firm == 0 ? is_.holder : Opens(AccountKind::kHolder, 10 + firm);
    Must(Issue{holder, is_.cea26, 100});
    run.emissions.push_back({firm == 0 ? 0 : 10 + firm, Tonnes(firm % 3 == 0 ? 101 : 100)});
  }
  const Receipt receipt = Must(run);
  EXPECT_EQ(receipt.id, kFirms);
  EXPECT_EQ(receipt.amount, std::int64_t{kFirms / 3});
  std::uint32_t compliant = 0;
  for (const EmissionsEntry& entry : run.emissions) {
    compliant += SymbolOf(entry.entity) == Symbol::kA ? 1U : 0U;
  }
  EXPECT_EQ(compliant, kFirms - kFirms / 3);
  const LedgerTotals totals = registry_.totals(is_.cea26);
  EXPECT_EQ(totals.issued, totals.held + totals.surrendered);
}

}  // namespace
}  // namespace ets::registry
