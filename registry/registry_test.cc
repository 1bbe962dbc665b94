#include "registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/registry_fixture.h"

namespace ets::registry {
namespace {

class RegistryTest : public testing::Test {
 protected:
  Result<Receipt, Refusal> Do(const Command& command, SimTime sim_time = 0) {
    Envelope envelope;
    envelope.step = ++step_;
    envelope.sim_time = sim_time;
    return registry_.Apply(envelope, command);
  }
  void Must(const Command& command) {
    const auto outcome = Do(command);
    ASSERT_TRUE(outcome.ok()) << ToString(outcome.error());
  }
  // Does what is expected of every refusal: the reason, and no change at all.
  void ExpectRefused(const Command& command, Refusal refusal, SimTime sim_time = 0) {
    const std::uint64_t before = registry_.StateHash();
    const auto outcome = Do(command, sim_time);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(ToString(outcome.error()), ToString(refusal));
    EXPECT_EQ(registry_.StateHash(), before);
  }
  // Cash or units from thin air into an escrow, by way of its holder.
  void Fund(AccountId holder, AccountId escrow, LedgerId ledger, std::int64_t amount) {
    Must(Issue{holder, ledger, amount});
    Must(MakeTransfer{{holder, escrow, ledger, amount, TransferCode::kDeposit}});
  }
  SettlementFill Fill(std::int64_t quantity, std::int64_t cash, std::uint64_t trade_id = 7) const {
    return {is_.escrow, is_.other_escrow, is_.cea25, is_.cny, quantity, cash, trade_id};
  }

  KeptJournal journal_;
  Registry registry_{TwoPeriods(), &journal_};
  Opened is_ = OpenScheme(registry_);
  std::uint64_t step_ = 0;
};

// ---- The one life of a tonne ----

TEST_F(RegistryTest, KeepsEveryTonneFromIssueToItsEnd) {
  // 2,000 t of vintage 2025 are issued, allocated, and half of one firm's are sold for 40 yuan
  // each.
  Must(SetCap{is_.cea25, 2'000});
  Must(Issue{is_.allocation, is_.cea25, 2'000});
  ExpectRefused(Issue{is_.allocation, is_.cea25, 1}, Refusal::kCapExceeded);
  Must(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 1'000, TransferCode::kPreAllocation});
  Must(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 200, TransferCode::kFinalAllocation});
  Must(MakeTransfer{{is_.holder, is_.escrow, is_.cea25, 600, TransferCode::kDeposit}});
  Fund(is_.other_holder, is_.other_escrow, is_.cny, 2'400'000);
  const auto settled = Do(Settle{1,
                                 {Fill(500, 2'000'000)},
                                 {{is_.escrow, is_.holder, is_.cny, 2'000'000},
                                  {is_.other_escrow, is_.other_holder, is_.cea25, 500}}});
  ASSERT_TRUE(settled.ok());
  EXPECT_EQ(settled->failed, 0U);
  EXPECT_EQ(registry_.balance(is_.holder, is_.cea25), 600);
  EXPECT_EQ(registry_.balance(is_.escrow, is_.cea25), 100);
  EXPECT_EQ(registry_.balance(is_.holder, is_.cny), 2'000'000);
  EXPECT_EQ(registry_.balance(is_.other_holder, is_.cea25), 500);
  EXPECT_EQ(registry_.balance(is_.other_escrow, is_.cny), 400'000);

  // Both report and are verified; the seller is short by 50 and pays with the next vintage.
  Must(DepositMonthlyData{0, 2025, 3, Tonnes(55)});
  Must(ReportEmissions{0, 2025, Tonnes(640)});
  Must(VerifyEmissions{0, 2025, Tonnes(650)});
  Must(VerifyEmissions{1, 2025, Tonnes(300)});
  Must(Surrender{is_.holder, is_.cea25, 2025, 600});
  Must(Surrender{is_.other_holder, is_.cea25, 2025, 300});
  EXPECT_EQ(Do(AssessCompliance{0, 2025})->amount, 50);
  EXPECT_EQ(Do(AssessCompliance{1, 2025})->amount, 0);
  EXPECT_EQ(registry_.compliance(0, 2025).symbol, ComplianceSymbol::kShort);
  EXPECT_EQ(registry_.compliance(1, 2025).symbol, ComplianceSymbol::kCompliant);
  Must(Issue{is_.allocation, is_.cea26, 80});
  Must(Allocate{is_.allocation, is_.holder, is_.cea26, 2026, 80});
  Must(Surrender{is_.holder, is_.cea26, 2025, 50});
  EXPECT_EQ(registry_.compliance(0, 2025).surrendered, Tonnes(650));

  // The buyer carries 150 over, cancels 10, and the rest of vintage 2025 expires.
  Must(ConvertUnits{is_.other_holder, is_.cea25, is_.cea26, 150});
  Must(MakeTransfer{{is_.other_holder, is_.cancellation, is_.cea25, 10, TransferCode::kCancel}});
  EXPECT_EQ(Do(ExpireLedger{is_.cea25})->amount, 800 + 100 + 40);

  const LedgerTotals totals = registry_.totals(is_.cea25);
  EXPECT_EQ(totals.issued, 2'000);
  EXPECT_EQ(totals.held, 0);
  EXPECT_EQ(totals.surrendered, 900);
  EXPECT_EQ(totals.cancelled, 10);
  EXPECT_EQ(totals.converted, 150);
  EXPECT_EQ(totals.expired, 940);
  EXPECT_EQ(registry_.totals(is_.cea26).issued, 80 + 150);
  registry_.CheckInvariants();
}

// ---- Each refusal, in its place in the order ----

TEST_F(RegistryTest, RefusesInTheOrderOfTheEnumWhenSeveralRulesAreBroken) {
  const AccountId nobody(99);
  const LedgerId nothing(99);
  Must(AdvanceTo{10});
  // Each line breaks the rule it names and every rule below it that can be broken together with it.
  Transfer transfer{nobody, nobody, nothing, -1};
  ExpectRefused(MakeTransfer{transfer}, Refusal::kTimeGoesBack, 9);
  ExpectRefused(MakeTransfer{transfer}, Refusal::kAccountNotFound, 10);
  transfer.debit = is_.escrow;
  transfer.credit = is_.escrow;
  ExpectRefused(MakeTransfer{transfer}, Refusal::kLedgerNotFound, 10);
  transfer.ledger = is_.cea25;
  ExpectRefused(MakeTransfer{transfer}, Refusal::kSameAccount, 10);
  transfer.credit = is_.expired;
  ExpectRefused(MakeTransfer{transfer}, Refusal::kAmountNotPositive, 10);
  transfer.amount = kAmountMax + 1;
  ExpectRefused(MakeTransfer{transfer}, Refusal::kAmountTooLarge, 10);
  transfer.amount = kAmountMax;
  ExpectRefused(MakeTransfer{transfer}, Refusal::kWrongAccountKind, 10);
  transfer.credit = is_.holder;
  ExpectRefused(MakeTransfer{transfer}, Refusal::kEscrowIsDebitedBySettlementOnly, 10);
  transfer.debit = is_.other_holder;
  ExpectRefused(MakeTransfer{transfer}, Refusal::kInsufficientHolding, 10);
}

TEST_F(RegistryTest, RefusesALedgerThatExistsBeforeLookingAtItsCap) {
  ExpectRefused(OpenLedger{Unit::Offset(), -5}, Refusal::kLedgerExists);
  ExpectRefused(OpenLedger{Unit::Allowance(2027), -5}, Refusal::kAmountNotPositive);
  ExpectRefused(OpenLedger{Unit::Allowance(2027), kAmountMax + 1}, Refusal::kAmountTooLarge);
}

TEST_F(RegistryTest, RefusesALedgerForWhatIsNoUnit) {
  ExpectRefused(OpenLedger{Unit::Allowance(0)}, Refusal::kUnitNotEligible);
  ExpectRefused(OpenLedger{Unit::Cash(Currency::kNone)}, Refusal::kUnitNotEligible);
  ExpectRefused(OpenLedger{Unit{UnitType::kOffset, Currency::kNone, 2025}},
                Refusal::kUnitNotEligible);
}

TEST_F(RegistryTest, RefusesAnAccountOfAKindThatDoesNotExist) {
  ExpectRefused(OpenAccount{static_cast<AccountKind>(0)}, Refusal::kWrongAccountKind);
  ExpectRefused(OpenAccount{static_cast<AccountKind>(kAccountKindCount)},
                Refusal::kWrongAccountKind);
}

TEST_F(RegistryTest, RefusesACapBelowWhatIsIssued) {
  Must(Issue{is_.allocation, is_.cea25, 100});
  ExpectRefused(SetCap{is_.cea25, 99}, Refusal::kCapExceeded);
  Must(SetCap{is_.cea25, 100});
  EXPECT_EQ(registry_.cap(is_.cea25), 100);
  Must(SetCap{is_.cea25, 0});
  Must(Issue{is_.allocation, is_.cea25, 1});
}

TEST_F(RegistryTest, DoesNotIssueMoreThanAReaderOfJsonCanKeepExactly) {
  Must(Issue{is_.treasury, is_.cny, kAmountMax});
  ExpectRefused(Issue{is_.treasury, is_.cny, 1}, Refusal::kAmountTooLarge);
}

TEST_F(RegistryTest, RefusesIssueWithoutASourceAndIntoSinks) {
  Registry bare(Profile{}, nullptr);
  const LedgerId cny = Open(bare, Unit::Cash(Currency::kCny));
  const AccountId treasury = Open(bare, AccountKind::kTreasury);
  EXPECT_EQ(bare.Apply({}, Issue{treasury, cny, 1}), Fail{Refusal::kAccountNotFound});
  ExpectRefused(Issue{is_.surrender, is_.cea25, 1}, Refusal::kWrongAccountKind);
  ExpectRefused(Issue{is_.issuance, is_.cea25, 1}, Refusal::kWrongAccountKind);
}

TEST_F(RegistryTest, DebitsSourcesAndSinksByNoPlainTransfer) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(MakeTransfer{{is_.holder, is_.cancellation, is_.cea25, 100, TransferCode::kCancel}});
  ExpectRefused(MakeTransfer{{is_.cancellation, is_.holder, is_.cea25, 1}},
                Refusal::kWrongAccountKind);
  ExpectRefused(MakeTransfer{{is_.issuance, is_.holder, is_.cea25, 1}}, Refusal::kWrongAccountKind);
  ExpectRefused(MakeTransfer{{is_.bank, is_.holder, is_.cny, 1}}, Refusal::kWrongAccountKind);
}

TEST_F(RegistryTest, TakesRepaymentsOfMoneyButNoUnitsIntoTheBank) {
  Must(Issue{is_.holder, is_.cny, 500, TransferCode::kLoan});
  Must(MakeTransfer{{is_.holder, is_.bank, is_.cny, 200, TransferCode::kRepayment}});
  EXPECT_EQ(registry_.balance(is_.bank, is_.cny), -300);
  EXPECT_EQ(registry_.totals(is_.cny).issued, 300);
  Must(Issue{is_.holder, is_.cea25, 1});
  ExpectRefused(MakeTransfer{{is_.holder, is_.bank, is_.cea25, 1}}, Refusal::kWrongAccountKind);
  ExpectRefused(MakeTransfer{{is_.holder, is_.cancellation, is_.cny, 1}},
                Refusal::kWrongAccountKind);
}

TEST_F(RegistryTest, LetsAHolderDepositIntoItsOwnEscrowOnly) {
  Must(Issue{is_.holder, is_.cea25, 5});
  ExpectRefused(MakeTransfer{{is_.holder, is_.other_escrow, is_.cea25, 5}},
                Refusal::kWrongAccountKind);
  Must(MakeTransfer{{is_.holder, is_.escrow, is_.cea25, 5, TransferCode::kDeposit}});
}

// ---- Time ----

TEST_F(RegistryTest, MovesTimeByAdvanceToOnlyAndNeverBack) {
  Must(AdvanceTo{1'000});
  EXPECT_EQ(registry_.now(), 1'000);
  ASSERT_TRUE(Do(DayClosed{}, 2'000).ok());
  EXPECT_EQ(registry_.now(), 1'000);
  ExpectRefused(DayClosed{}, Refusal::kTimeGoesBack, 1'999);
  EXPECT_EQ(Do(AdvanceTo{1'999}, 2'000), Fail{Refusal::kTimeGoesBack});
  ASSERT_TRUE(Do(AdvanceTo{2'000}, 2'000).ok());
  EXPECT_EQ(registry_.now(), 2'000);
}

// ---- Allocation ----

TEST_F(RegistryTest, AllocatesOnlyTheYearsOwnVintageOutOfAPool) {
  Must(Issue{is_.allocation, is_.cea25, 100});
  Must(Issue{is_.stock, is_.cea25, 100});
  ExpectRefused(Allocate{is_.allocation, is_.holder, is_.cea25, 2026, 1},
                Refusal::kUnitNotEligible);
  ExpectRefused(Allocate{is_.stock, is_.holder, is_.cea25, 2025, 1}, Refusal::kWrongAccountKind);
  ExpectRefused(Allocate{is_.allocation, is_.escrow, is_.cea25, 2025, 1},
                Refusal::kWrongAccountKind);
  ExpectRefused(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 101},
                Refusal::kInsufficientHolding);
}

TEST_F(RegistryTest, ClosesTheYearsPlanWithTheFinalAllocation) {
  Must(Issue{is_.allocation, is_.cea25, 100});
  Must(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 70, TransferCode::kPreAllocation});
  Must(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 5, TransferCode::kFinalAllocation});
  for (const auto code : {TransferCode::kPreAllocation, TransferCode::kFinalAllocation}) {
    ExpectRefused(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 1, code},
                  Refusal::kOverEntitlement);
  }
  Must(Allocate{is_.allocation, is_.other_holder, is_.cea25, 2025, 5,
                TransferCode::kFinalAllocation});
}

TEST_F(RegistryTest, TakesBackWhatIsThereAndSaysHowMuch) {
  Must(Issue{is_.allocation, is_.cea25, 100});
  Must(Allocate{is_.allocation, is_.holder, is_.cea25, 2025, 30});
  EXPECT_EQ(Do(TakeBack{is_.holder, is_.allocation, is_.cea25, 2025, 20})->amount, 20);
  EXPECT_EQ(Do(TakeBack{is_.holder, is_.allocation, is_.cea25, 2025, 20})->amount, 10);
  EXPECT_EQ(Do(TakeBack{is_.holder, is_.allocation, is_.cea25, 2025, 20})->amount, 0);
  EXPECT_EQ(registry_.balance(is_.allocation, is_.cea25), 100);
  ExpectRefused(TakeBack{is_.holder, is_.treasury, is_.cea25, 2025, 20},
                Refusal::kWrongAccountKind);
  ExpectRefused(TakeBack{is_.holder, is_.allocation, is_.ccer, 2025, 20},
                Refusal::kUnitNotEligible);
}

// ---- Compliance ----

TEST_F(RegistryTest, VerifiesAYearOnceAndTakesNoReportAfterwards) {
  Must(ReportEmissions{0, 2025, Tonnes(10)});
  Must(ReportEmissions{0, 2025, Tonnes(11)});
  Must(VerifyEmissions{0, 2025, Tonnes(12)});
  ExpectRefused(VerifyEmissions{0, 2025, Tonnes(12)}, Refusal::kEmissionsAlreadyVerified);
  ExpectRefused(ReportEmissions{0, 2025, Tonnes(12)}, Refusal::kEmissionsAlreadyVerified);
  EXPECT_EQ(registry_.compliance(0, 2025).emissions, Tonnes(12));
  EXPECT_FALSE(registry_.compliance(0, 2026).verified);
}

TEST_F(RegistryTest, KnowsOnlyEntitiesThatHaveAnAccount) {
  ExpectRefused(DepositMonthlyData{5, 2025, 1, Tonnes(1)}, Refusal::kEntityNotFound);
  ExpectRefused(ReportEmissions{5, 2025, Tonnes(1)}, Refusal::kEntityNotFound);
  ExpectRefused(VerifyEmissions{5, 2025, Tonnes(1)}, Refusal::kEntityNotFound);
  ExpectRefused(AssessCompliance{5, 2025}, Refusal::kEntityNotFound);
}

TEST_F(RegistryTest, TakesMonthlyDataForTheTwelveMonthsThereAre) {
  ExpectRefused(DepositMonthlyData{0, 2025, 0, Tonnes(1)}, Refusal::kValueInvalid);
  ExpectRefused(DepositMonthlyData{0, 2025, 13, Tonnes(1)}, Refusal::kValueInvalid);
  ExpectRefused(DepositMonthlyData{0, 2025, 12, Tonnes(-1)}, Refusal::kAmountNotPositive);
  Must(DepositMonthlyData{0, 2025, 12, Tonnes(0)});
}

TEST_F(RegistryTest, FindsAFirmWithoutEmissionsCompliantWithoutSurrender) {
  ExpectRefused(AssessCompliance{0, 2025}, Refusal::kEmissionsNotVerified);
  Must(VerifyEmissions{0, 2025, Tonnes(0)});
  EXPECT_EQ(Do(AssessCompliance{0, 2025})->amount, 0);
  EXPECT_EQ(registry_.compliance(0, 2025).symbol, ComplianceSymbol::kCompliant);
  ExpectRefused(AssessCompliance{0, 2025}, Refusal::kYearAlreadyAssessed);
}

TEST_F(RegistryTest, TakesNoMoreThanTheYearStillOwes) {
  Must(Issue{is_.holder, is_.cea25, 100});
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 1}, Refusal::kEmissionsNotVerified);
  Must(VerifyEmissions{0, 2025, Tonnes(60)});
  Must(Surrender{is_.holder, is_.cea25, 2025, 50});
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 11}, Refusal::kMoreThanOwed);
  Must(Surrender{is_.holder, is_.cea25, 2025, 10});
}

TEST_F(RegistryTest, TakesOffsetsUpToTheirShareOfTheYear) {
  Must(Issue{is_.holder, is_.ccer, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(1'019)});  // 5% is 50.95: 50 whole tonnes.
  Must(Surrender{is_.holder, is_.ccer, 2025, 30});
  ExpectRefused(Surrender{is_.holder, is_.ccer, 2025, 21}, Refusal::kOffsetLimitExceeded);
  Must(Surrender{is_.holder, is_.ccer, 2025, 20});
  EXPECT_EQ(registry_.compliance(0, 2025).offsets, Tonnes(50));
  EXPECT_EQ(registry_.compliance(0, 2025).surrendered, Tonnes(50));
}

struct EligibilityCase {
  Vintage vintage;
  std::uint16_t year;
  bool open;     // Before the year is assessed.
  bool arrears;  // After it was found short.
};

TEST(Eligibility, FollowsTheProfile) {
  const EligibilityCase cases[] = {
      {2024, 2024, true, true},  {2023, 2024, true, true},   {2024, 2023, false, false},
      {2025, 2024, false, true}, {2024, 2025, false, false}, {2025, 2025, true, true},
      {2025, 2026, true, true},  {2026, 2025, false, true},  {2019, 2026, false, false},
  };
  for (const EligibilityCase& c : cases) {
    Registry registry(TwoPeriods(), nullptr);
    const Opened is = OpenScheme(registry);
    const Unit unit = Unit::Allowance(c.vintage);
    const LedgerId ledger =
        registry.has_ledger(unit) ? registry.ledger(unit) : Open(registry, unit);
    ASSERT_TRUE(registry.Apply({}, Issue{is.holder, ledger, 10}).ok());
    ASSERT_TRUE(registry.Apply({}, VerifyEmissions{0, c.year, Tonnes(10)}).ok());
    const Surrender surrender{is.holder, ledger, c.year, 1};
    EXPECT_EQ(registry.Apply({}, surrender).ok(), c.open) << c.vintage << " for " << c.year;
    ASSERT_TRUE(registry.Apply({}, AssessCompliance{0, c.year}).ok());
    EXPECT_EQ(registry.Apply({}, surrender).ok(), c.arrears) << c.vintage << " for " << c.year;
  }
}

TEST_F(RegistryTest, TakesNoMoneyInPlaceOfUnits) {
  Must(Issue{is_.holder, is_.cny, 10});
  Must(VerifyEmissions{0, 2025, Tonnes(60)});
  ExpectRefused(Surrender{is_.holder, is_.cny, 2025, 10}, Refusal::kUnitNotEligible);
}

// ---- Carry-over and expiry ----

TEST_F(RegistryTest, ConvertsForwardWithoutUsingUpTheNewCap) {
  Must(SetCap{is_.cea25, 50});
  Must(Issue{is_.allocation, is_.cea25, 50});
  Must(Issue{is_.holder, is_.cea24, 30});
  Must(ConvertUnits{is_.holder, is_.cea24, is_.cea25, 30});
  EXPECT_EQ(registry_.balance(is_.holder, is_.cea25), 30);
  EXPECT_EQ(registry_.totals(is_.cea25).issued, 80);
  EXPECT_EQ(registry_.totals(is_.cea24).converted, 30);
  Must(SetCap{is_.cea25, 51});
  Must(Issue{is_.allocation, is_.cea25, 1});
  ExpectRefused(ConvertUnits{is_.holder, is_.cea25, is_.cea24, 1}, Refusal::kUnitNotEligible);
  ExpectRefused(ConvertUnits{is_.holder, is_.cea25, is_.cea25, 1}, Refusal::kUnitNotEligible);
  registry_.CheckInvariants();
}

TEST_F(RegistryTest, SweepsEscrowAndPoolsWhenAVintageExpiresButNoMoney) {
  Fund(is_.holder, is_.escrow, is_.cea24, 5);
  Must(Issue{is_.allocation, is_.cea24, 7});
  Must(Issue{is_.stability, is_.cea24, 11});
  EXPECT_EQ(Do(ExpireLedger{is_.cea24})->amount, 23);
  EXPECT_EQ(registry_.balance(is_.expired, is_.cea24), 23);
  EXPECT_EQ(Do(ExpireLedger{is_.cea24})->amount, 0);
  ExpectRefused(ExpireLedger{is_.cny}, Refusal::kUnitNotEligible);
}

TEST(RegistryWithoutSinks, RefusesWhatNeedsThem) {
  Registry bare(Profile{}, nullptr);
  const AccountId holder = Open(bare, AccountKind::kHolder);
  Open(bare, AccountKind::kIssuance);
  const LedgerId cea24 = Open(bare, Unit::Allowance(2024));
  const LedgerId cea25 = Open(bare, Unit::Allowance(2025));
  ASSERT_TRUE(bare.Apply({}, Issue{holder, cea24, 10}).ok());
  EXPECT_EQ(bare.Apply({}, Surrender{holder, cea24, 2024, 1}), Fail{Refusal::kAccountNotFound});
  EXPECT_EQ(bare.Apply({}, ConvertUnits{holder, cea24, cea25, 1}), Fail{Refusal::kAccountNotFound});
  EXPECT_EQ(bare.Apply({}, ExpireLedger{cea24}), Fail{Refusal::kAccountNotFound});
}

// ---- Settlement ----

TEST_F(RegistryTest, AnswersARepeatedMessageAsBeforeAndChangesNothing) {
  Fund(is_.holder, is_.escrow, is_.cea25, 10);
  Fund(is_.other_holder, is_.other_escrow, is_.cny, 100);
  const Settle first{1, {Fill(4, 40)}, {}};
  const Settle second{2, {Fill(5, 99)}, {}};  // Fails: 60 are left.
  const auto first_answer = Do(first);
  const auto second_answer = Do(second);
  const std::uint64_t hash = registry_.StateHash();
  const std::size_t records = journal_.records().size();
  EXPECT_EQ(second_answer->failed, 1U);
  EXPECT_EQ(Do(first), *first_answer);
  EXPECT_EQ(Do(second), *second_answer);
  EXPECT_EQ(registry_.StateHash(), hash);
  EXPECT_EQ(journal_.records().size(), records);
  EXPECT_EQ(registry_.settlement_sequence(), 2U);
  ExpectRefused(Settle{4, {}, {}}, Refusal::kStreamGap);
  ExpectRefused(Settle{0, {}, {}}, Refusal::kStreamGap);
}

TEST_F(RegistryTest, LetsAFailingPairFailAloneAndBlocksBothMembers) {
  Fund(is_.holder, is_.escrow, is_.cea25, 10);
  Fund(is_.other_holder, is_.other_escrow, is_.cny, 100);
  // The middle pair lacks one fen.
  const auto outcome = Do(Settle{1, {Fill(1, 30, 1), Fill(2, 71, 2), Fill(3, 70, 3)}, {}});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->failed, 1U);
  EXPECT_EQ(registry_.balance(is_.other_escrow, is_.cea25), 4);
  EXPECT_EQ(registry_.balance(is_.escrow, is_.cny), 100);
  for (const AccountId account : {is_.holder, is_.escrow, is_.other_holder, is_.other_escrow}) {
    EXPECT_TRUE(registry_.account(account).blocked);
  }
  // Blocked: no transfer and no carry-over, but receipt and surrender.
  Must(Issue{is_.holder, is_.cea25, 5});
  ExpectRefused(MakeTransfer{{is_.holder, is_.treasury, is_.cea25, 1}}, Refusal::kAccountBlocked);
  ExpectRefused(ConvertUnits{is_.holder, is_.cea25, is_.cea26, 1}, Refusal::kAccountBlocked);
  Must(VerifyEmissions{0, 2025, Tonnes(5)});
  Must(Surrender{is_.holder, is_.cea25, 2025, 5});
  // And what already traded still settles.
  EXPECT_EQ(Do(Settle{2, {Fill(1, 0)}, {}})->failed, 0U);
}

TEST_F(RegistryTest, FailsPairsThatAreNoPairs) {
  Fund(is_.holder, is_.escrow, is_.cea25, 10);
  Fund(is_.other_holder, is_.other_escrow, is_.cny, 100);
  std::vector<SettlementFill> bad(8, Fill(1, 1));
  bad[0].buyer_escrow = is_.escrow;         // With itself.
  bad[1].buyer_escrow = is_.other_holder;   // No escrow.
  bad[2].seller_escrow = AccountId(1'000);  // Nobody.
  bad[3].unit_ledger = is_.cny;             // Money for money.
  bad[4].cash_ledger = is_.cea26;           // Barter.
  bad[5].quantity = 0;
  bad[6].cash = -1;
  bad[7].quantity = kAmountMax + 1;
  EXPECT_EQ(Do(Settle{1, bad, {}})->failed, 8U);
  EXPECT_EQ(registry_.balance(is_.escrow, is_.cea25), 10);
  EXPECT_EQ(registry_.balance(is_.other_escrow, is_.cny), 100);
}

TEST_F(RegistryTest, SettlesAPairWithoutMoneyWhateverTheCashLedger) {
  Fund(is_.holder, is_.escrow, is_.cea25, 10);
  SettlementFill fill = Fill(10, 0);
  fill.cash_ledger = LedgerId(999);
  EXPECT_EQ(Do(Settle{1, {fill}, {}})->failed, 0U);
  EXPECT_EQ(registry_.balance(is_.other_escrow, is_.cea25), 10);
}

TEST_F(RegistryTest, WithdrawsToTheSameHolderOrTheAuthorityOnly) {
  Fund(is_.holder, is_.escrow, is_.cea25, 10);
  const auto outcome = Do(Settle{1,
                                 {},
                                 {{is_.escrow, is_.other_holder, is_.cea25, 1},
                                  {is_.escrow, is_.other_escrow, is_.cea25, 1},
                                  {is_.escrow, is_.surrender, is_.cea25, 1},
                                  {is_.escrow, is_.holder, is_.cea25, 11},
                                  {is_.escrow, is_.stock, is_.cea25, 3},
                                  {is_.escrow, is_.holder, is_.cea25, 7}}});
  EXPECT_EQ(outcome->failed, 4U);
  EXPECT_EQ(registry_.balance(is_.holder, is_.cea25), 7);
  EXPECT_EQ(registry_.balance(is_.stock, is_.cea25), 3);
}

TEST_F(RegistryTest, TakesAtMost4095FillsAMessage) {
  Fund(is_.holder, is_.escrow, is_.cea25, 5'000);
  ExpectRefused(Settle{1, std::vector(kFillsPerMessageMax + 1, Fill(1, 0)), {}},
                Refusal::kValueInvalid);
  EXPECT_EQ(Do(Settle{1, std::vector(kFillsPerMessageMax, Fill(1, 0)), {}})->failed, 0U);
  EXPECT_EQ(registry_.balance(is_.other_escrow, is_.cea25), 4'095);
}

// ---- Hash, journal, replay ----

TEST_F(RegistryTest, HashesWhatIsAndNotHowItCameAbout) {
  Must(Issue{is_.holder, is_.cea25, 10});
  const std::uint64_t before = registry_.StateHash();
  Must(MakeTransfer{{is_.holder, is_.other_holder, is_.cea25, 4}});
  const std::uint64_t moved = registry_.StateHash();
  EXPECT_NE(moved, before);
  Must(MakeTransfer{{is_.other_holder, is_.holder, is_.cea25, 4}});
  EXPECT_EQ(registry_.StateHash(), before);
  Must(VerifyEmissions{0, 2025, Tonnes(1)});
  EXPECT_NE(registry_.StateHash(), before);
}

TEST_F(RegistryTest, WritesEachCommandWithItsOutcomeAndTransfers) {
  const std::size_t before = journal_.records().size();
  Must(Issue{is_.holder, is_.cea25, 10});
  ExpectRefused(Issue{is_.holder, is_.cea25, -10}, Refusal::kAmountNotPositive);
  ASSERT_EQ(journal_.records().size(), before + 2);
  const JournalRecord& record = journal_.records()[before];
  EXPECT_EQ(record.sequence, before + 1);
  EXPECT_EQ(record.envelope.step, step_ - 1);
  std::vector<Transfer> transfers;
  ASSERT_TRUE(Registry::DecodeTransfers(record, transfers));
  EXPECT_THAT(transfers, testing::ElementsAre(Transfer{is_.issuance, is_.holder, is_.cea25, 10,
                                                       TransferCode::kIssue, 0, 0}));
  ASSERT_TRUE(Registry::DecodeTransfers(journal_.records().back(), transfers));
  EXPECT_TRUE(transfers.empty());
}

TEST_F(RegistryTest, ReadsItsProfileBackFromTheFirstRecord) {
  EXPECT_EQ(Registry::ProfileOf(journal_.records()[0]), (TwoPeriods()));
  EXPECT_FALSE(Registry::ProfileOf(journal_.records()[1]).ok());
}

TEST_F(RegistryTest, ReplaysToTheSameStateAndNoticesWhatDiffers) {
  Must(Issue{is_.holder, is_.cea25, 10});
  DayClosed day{Date::Of(2025, 1, 2)};
  day.registry_state_hash = registry_.StateHash();
  Must(day);
  day.registry_state_hash += 1;
  Must(day);
  Registry replayed(TwoPeriods(), nullptr);
  const auto& records = journal_.records();
  for (std::size_t i = 0; i + 1 < records.size(); ++i) {
    ASSERT_EQ(replayed.Replay(records[i]), "") << "record " << i;
  }
  EXPECT_EQ(replayed.StateHash(), registry_.StateHash());
  EXPECT_EQ(replayed.sequence() + 1, registry_.sequence());
  EXPECT_THAT(replayed.Replay(records.back()), testing::HasSubstr("2025-01-02"));
  EXPECT_THAT(replayed.Replay(records[3]), testing::HasSubstr("follows"));

  // Under another law the same surrender comes out otherwise.
  Registry other(Profile{}, nullptr);
  EXPECT_THAT(other.Replay(records[0]), testing::HasSubstr("profile"));
}

TEST_F(RegistryTest, NoticesARecordedAmountThatWasTamperedWith) {
  Must(Issue{is_.holder, is_.cea25, 10});
  Registry replayed(TwoPeriods(), nullptr);
  const auto& records = journal_.records();
  for (std::size_t i = 0; i + 1 < records.size(); ++i) ASSERT_EQ(replayed.Replay(records[i]), "");
  std::string payload(records.back().payload);
  payload[payload.size() - 19] ^= 1;  // The transfer's amount: 11 in place of 10.
  JournalRecord tampered = records.back();
  tampered.payload = payload;
  EXPECT_THAT(replayed.Replay(tampered), testing::HasSubstr("issue of 11"));
}

TEST(RegistryDeathTest, AssertsWhenAskedForAnAccountItNeverOpened) {
  const Registry registry(Profile{}, nullptr);
  EXPECT_DEATH((void)registry.account(AccountId(0)), "");
}

}  // namespace
}  // namespace ets::registry
