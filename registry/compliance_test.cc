#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class ComplianceTest : public Desk {};

// ---- Versions of emissions ----

TEST_F(ComplianceTest, KeepsEveryVersionOfAYearsEmissions) {
  Until(2026, 3, 1);
  Must(CorrectEmissions{0, 2025, Tonnes(90), EmissionsSource::kEstimated, false});
  EXPECT_TRUE(registry_.status(0).corrected);
  ExpectRefused(VerifyEmissions{0, 2025, Tonnes(100)}, Refusal::kEmissionsAlreadyVerified);
  Must(CorrectEmissions{0, 2025, Tonnes(100), EmissionsSource::kVerified, false});
  EXPECT_FALSE(registry_.status(0).corrected);
  Must(CorrectEmissions{0, 2025, Tonnes(), EmissionsSource::kCorrected, true});
  EXPECT_FALSE(registry_.compliance(0, 2025).verified);
  EXPECT_EQ(SymbolOf(0), Symbol::kNone);
  Must(VerifyEmissions{0, 2025, Tonnes(110)});
  const auto versions = registry_.emissions(0, 2025);
  ASSERT_EQ(versions.size(), 4U);
  EXPECT_EQ(versions[0].source, EmissionsSource::kEstimated);
  EXPECT_EQ(versions[1].emissions, Tonnes(100));
  EXPECT_TRUE(versions[2].withdrawn);
  EXPECT_EQ(versions[3].version, 4U);
  EXPECT_EQ(versions[3].recorded_at, time_);
  EXPECT_EQ(registry_.compliance(0, 2025).emissions, Tonnes(110));
}

TEST_F(ComplianceTest, CorrectsOnlyWhatWasRecordedUnlessByEstimate) {
  ExpectRefused(CorrectEmissions{0, 2025, Tonnes(1), EmissionsSource::kCorrected, false},
                Refusal::kEmissionsNotVerified);
  ExpectRefused(CorrectEmissions{0, 2025, Tonnes(1), EmissionsSource::kEstimated, true},
                Refusal::kEmissionsNotVerified);
  ExpectRefused(CorrectEmissions{9, 2025, Tonnes(1), EmissionsSource::kCorrected, false},
                Refusal::kEntityNotFound);
  ExpectRefused(CorrectEmissions{0, 2025, Tonnes(-1), EmissionsSource::kCorrected, false},
                Refusal::kAmountNotPositive);
  ExpectRefused(CorrectEmissions{0, 2025, Tonnes(1), EmissionsSource{}, false},
                Refusal::kValueInvalid);
  ExpectRefused(CorrectEmissions{0, 1999, Tonnes(1), EmissionsSource::kCorrected, false},
                Refusal::kValueInvalid);
}

TEST_F(ComplianceTest, KnowsNoEmissionsOutsideTheYearsOfUnits) {
  ExpectRefused(VerifyEmissions{0, 1999, Tonnes(1)}, Refusal::kValueInvalid);
  ExpectRefused(ReportEmissions{0, 2100, Tonnes(1)}, Refusal::kValueInvalid);
  ExpectRefused(AssessCompliance{0, 1999}, Refusal::kValueInvalid);
  ExpectRefused(Surrender{is_.holder, is_.cea25, 1999, 1}, Refusal::kValueInvalid);
  ExpectRefused(DepositMonthlyData{0, 1999, 1, Tonnes(1)}, Refusal::kValueInvalid);
}

// ---- Each year on its own ----

TEST_F(ComplianceTest, TellsEachChangeOfAFirmsStatusOnce) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Until(2026, 3, 1);
  Must(VerifyEmissions{0, 2025, Tonnes(60)});
  const SimTime verified = time_;
  Until(2026, 9, 1);
  Must(Surrender{is_.holder, is_.cea25, 2025, 60});
  Must(AssessCompliance{0, 2025});  // Changes neither figure nor symbol.
  const auto events = registry_.status_events(0);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0], (ComplianceStatus{-60, Symbol::kB, false, 2025, verified}));
  EXPECT_EQ(events[1], (ComplianceStatus{0, Symbol::kA, false, 2025, time_}));
  EXPECT_EQ(registry_.status(0), events[1]);
  EXPECT_EQ(registry_.official_status(0), events[1]);  // No day fixes it here.
}

TEST_F(ComplianceTest, HelpsNoYearWithWhatAnotherHasTooMuch) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(60)});
  Must(Surrender{is_.holder, is_.cea25, 2025, 60});
  Must(CorrectEmissions{0, 2025, Tonnes(20), EmissionsSource::kCorrected, false});
  Must(VerifyEmissions{0, 2026, Tonnes(40)});
  EXPECT_EQ(registry_.status(0).figure, -40);
  EXPECT_EQ(SymbolOf(0), Symbol::kB);
  Must(ExcludeYear{0, 2026});
  EXPECT_EQ(SymbolOf(0), Symbol::kA);
  Must(ExcludeYear{0, 2025});
  EXPECT_EQ(SymbolOf(0), Symbol::kExcluded);
}

// ---- In the order of retirement ----

TEST_F(ComplianceTest, RetiresOffsetsUpToTheirShareThenTheOldestVintages) {
  Must(Issue{is_.holder, is_.ccer, 50});
  Must(Issue{is_.holder, is_.cea26, 500});
  Must(Issue{is_.holder, is_.cea25, 300});
  Must(Issue{is_.holder, is_.cea24, 300});  // Of another period: not for 2026.
  Must(VerifyEmissions{0, 2026, Tonnes(600)});
  ExpectRefused(SurrenderInOrder{is_.holder, 2026, 601}, Refusal::kMoreThanOwed);
  const Receipt receipt = Must(SurrenderInOrder{is_.holder, 2026, 600});
  EXPECT_EQ(receipt.amount, 600);
  ASSERT_EQ(registry_.transfers().size(), 3U);
  EXPECT_EQ(registry_.transfers()[0].ledger, is_.ccer);
  EXPECT_EQ(registry_.transfers()[0].amount, 30);  // 5% of 600.
  EXPECT_EQ(registry_.transfers()[1].ledger, is_.cea25);
  EXPECT_EQ(registry_.transfers()[1].amount, 300);
  EXPECT_EQ(registry_.transfers()[2].ledger, is_.cea26);
  EXPECT_EQ(registry_.transfers()[2].amount, 270);
  ExpectRefused(SurrenderInOrder{is_.holder, 2025, 1}, Refusal::kEmissionsNotVerified);
  ExpectRefused(SurrenderInOrder{is_.stock, 2025, 1}, Refusal::kWrongAccountKind);
  ExpectRefused(SurrenderInOrder{is_.holder, 1999, 1}, Refusal::kValueInvalid);
  ExpectRefused(SurrenderInOrder{is_.holder, 2025, 0}, Refusal::kAmountNotPositive);
  ExpectRefused(SurrenderInOrder{AccountId(999), 2025, 1}, Refusal::kAccountNotFound);
}

TEST_F(ComplianceTest, RetiresTheNewestFirstWhereTheLawSaysSo) {
  Profile law = TwoPeriods();
  law.retirement = RetirementOrder::kNewestFirst;
  Under(law);
  Must(Issue{is_.holder, is_.cea26, 5});
  Must(Issue{is_.holder, is_.cea25, 5});
  Must(Issue{is_.holder, is_.ccer, 5});
  Must(VerifyEmissions{0, 2026, Tonnes(100)});
  EXPECT_EQ(Must(SurrenderInOrder{is_.holder, 2026, 12}).amount, 12);
  EXPECT_EQ(registry_.transfers()[0].ledger, is_.cea26);
  EXPECT_EQ(registry_.transfers()[1].ledger, is_.cea25);
  EXPECT_EQ(registry_.transfers()[2].ledger, is_.ccer);
  EXPECT_EQ(registry_.transfers()[2].amount, 2);
}

// ---- What a shortfall costs ----

TEST_F(ComplianceTest, FinesTheShortfallByTheTonne) {
  Profile law = TwoPeriods();
  law.shortfall = Shortfall::kFixedFine;
  law.fine_minor = 10'000;
  Under(law);
  Must(VerifyEmissions{0, 2025, Tonnes(7)});
  EXPECT_EQ(Must(AssessCompliance{0, 2025}).amount, 7);
  EXPECT_EQ(registry_.compliance(0, 2025).fine, Money::FromMinor(70'000));
  EXPECT_EQ(registry_.compliance(0, 2025).shortfall, Tonnes(7));
  EXPECT_EQ(registry_.compliance(0, 2025).owed_in_units, Tonnes(0));
}

TEST_F(ComplianceTest, OwesFourTimesTheShortfallThreeQuartersInAllowances) {
  Profile law = TwoPeriods();
  law.shortfall = Shortfall::kUnits;
  law.units_multiple = 4;
  law.allowance_share_bp = 7'500;
  law.reverse_surrender_days = 0;
  law.reversal_keeps_compliance = false;
  Under(law);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(Issue{is_.holder, is_.ccer, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(30)});
  Must(Surrender{is_.holder, is_.cea25, 2025, 20});
  EXPECT_EQ(Must(AssessCompliance{0, 2025}).amount, 10);
  EXPECT_EQ(registry_.compliance(0, 2025).owed_in_units, Tonnes(40));
  ExpectRefused(Surrender{is_.holder, is_.ccer, 2025, 11}, Refusal::kOffsetLimitExceeded);
  EXPECT_EQ(registry_.detail().limit, 10);
  const std::uint64_t record = Must(Surrender{is_.holder, is_.ccer, 2025, 10}).sequence;
  ExpectRefused(Surrender{is_.holder, is_.ccer, 2025, 1}, Refusal::kOffsetLimitExceeded);
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 31}, Refusal::kMoreThanOwed);
  EXPECT_EQ(registry_.detail().account, is_.holder);
  EXPECT_EQ(registry_.detail().available, 80);
  EXPECT_EQ(registry_.detail().limit, 30);
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 0}, Refusal::kAmountNotPositive);
  EXPECT_TRUE(registry_.detail().has_holding);
  ExpectRefused(SurrenderInOrder{is_.holder, 2031, 1}, Refusal::kEmissionsNotVerified);
  EXPECT_EQ(registry_.detail().account, is_.holder);
  EXPECT_EQ(registry_.detail().asked, 1);
  Must(Surrender{is_.holder, is_.cea25, 2025, 30});
  EXPECT_EQ(registry_.compliance(0, 2025).owed_in_units, Tonnes(0));
  EXPECT_EQ(registry_.compliance(0, 2025).surrendered, Tonnes(60));
  Must(ReverseTransfer{record, 0});
  EXPECT_EQ(registry_.compliance(0, 2025).owed_in_units, Tonnes(10));
  Must(Surrender{is_.holder, is_.ccer, 2025, 10});
}

// ---- A whole scheme ----

TEST_F(ComplianceTest, RunsAYearOfAllFirmsInOneCommand) {
  const AccountId third = Opens(AccountKind::kHolder, 2);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(Issue{is_.other_holder, is_.cea25, 40});
  Must(Issue{third, is_.cea25, 5});
  Must(ExcludeYear{2, 2025});
  const RunCompliance run{2025, true, true, {{0, Tonnes(100)}, {1, Tonnes(50)}, {2, Tonnes(5)}}};
  const Receipt receipt = Must(run);
  EXPECT_EQ(receipt.id, 2U);  // The third has no obligation.
  EXPECT_EQ(receipt.amount, 10);
  EXPECT_EQ(registry_.compliance(0, 2025).symbol, ComplianceSymbol::kCompliant);
  EXPECT_EQ(registry_.compliance(1, 2025).symbol, ComplianceSymbol::kShort);
  EXPECT_EQ(registry_.compliance(2, 2025).symbol, ComplianceSymbol::kOpen);
  EXPECT_EQ(Balance(third, is_.cea25), 5);
  EXPECT_EQ(SymbolOf(0), Symbol::kA);
  EXPECT_EQ(SymbolOf(1), Symbol::kB);
  ExpectRefused(run, Refusal::kEmissionsAlreadyVerified);
  Must(Issue{is_.other_holder, is_.cea25, 10});
  const Receipt later = Must(RunCompliance{2025, true, true, {}});
  EXPECT_EQ(later.amount, 0);  // What was short is made good; nobody is assessed twice.
  EXPECT_EQ(registry_.compliance(1, 2025).symbol, ComplianceSymbol::kShort);
}

TEST_F(ComplianceTest, OnlyRecordsWhenNothingElseIsAsked) {
  Must(Issue{is_.holder, is_.cea25, 100});
  EXPECT_EQ(Must(RunCompliance{2025, false, false, {{0, Tonnes(10)}}}).id, 0U);
  EXPECT_EQ(SymbolOf(0), Symbol::kB);
  EXPECT_EQ(registry_.compliance(0, 2025).surrendered, Tonnes(0));
}

TEST_F(ComplianceTest, DrawsOnEveryAccountOfAFirmThatMaySurrender) {
  const AccountId second = Opens(AccountKind::kHolder, 0);
  const AccountId mute = Opens(AccountKind::kHolder, 0);
  const AccountId compliance = Opens(AccountKind::kCompliance, 0);
  for (const AccountId account : {is_.holder, second, mute, compliance}) {
    Must(Issue{account, is_.cea25, 10});
  }
  Must(SetAccount{mute, kMaySend});
  EXPECT_EQ(Must(RunCompliance{2025, true, false, {{0, Tonnes(25)}}}).amount, 0);
  EXPECT_EQ(Balance(mute, is_.cea25), 10);
  EXPECT_EQ(Balance(compliance, is_.cea25), 5);
}

TEST_F(ComplianceTest, RefusesARunWhoseListIsWrong) {
  ExpectRefused(RunCompliance{2025, true, true, {{9, Tonnes(1)}}}, Refusal::kEntityNotFound);
  ExpectRefused(RunCompliance{2025, true, true, {{0, Tonnes(-1)}}}, Refusal::kAmountNotPositive);
  ExpectRefused(RunCompliance{2025, true, true, {{1, Tonnes(1)}, {0, Tonnes(1)}}},
                Refusal::kValueInvalid);
  ExpectRefused(RunCompliance{2025, true, true, {{0, Tonnes(1)}, {0, Tonnes(1)}}},
                Refusal::kValueInvalid);
  ExpectRefused(RunCompliance{1999, true, true, {}}, Refusal::kValueInvalid);
}

// ---- All years together ----

Profile European() {
  Profile law = *FindProfile("eu");
  law.four_eyes = false;
  law.trusted_list_only = false;
  return law;
}
class CumulativeTest : public Desk {
 protected:
  CumulativeTest() : Desk(European()) { Must(Issue{is_.holder, is_.cea25, 1'000'000}); }
};

TEST_F(CumulativeTest, CountsEverythingSurrenderedAgainstAllEarlierYears) {
  Until(2025, 6, 1);
  Must(SetEntity{0, 2024, 0, 0});
  EXPECT_EQ(SymbolOf(0), Symbol::kC);
  Must(VerifyEmissions{0, 2024, Tonnes(100)});
  EXPECT_EQ(registry_.status(0).figure, -100);
  Must(Surrender{is_.holder, is_.cea25, 2024, 150});  // More than the year owes.
  EXPECT_EQ(registry_.status(0).figure, 50);
  Must(VerifyEmissions{0, 2025, Tonnes(120)});  // Not over yet: does not count before 2026.
  EXPECT_EQ(registry_.status(0).figure, 50);
  EXPECT_EQ(SymbolOf(0), Symbol::kA);
  Until(2026, 1, 1);
  EXPECT_EQ(registry_.status(0).figure, -70);
  EXPECT_EQ(SymbolOf(0), Symbol::kB);
  EXPECT_EQ(registry_.status(0).as_of, time_);
  EXPECT_EQ(Must(AssessCompliance{0, 2025}).amount, 70);
  EXPECT_EQ(registry_.compliance(0, 2025).fine, Money::FromMinor(700'000));
  EXPECT_EQ(Must(RunCompliance{2025, true, false, {}}).amount, 0);
  EXPECT_EQ(SymbolOf(0), Symbol::kA);
}

TEST_F(CumulativeTest, FixesTheOfficialSymbolOnItsDay) {
  Must(SetEntity{0, 2025, 0, 0});
  Until(2026, 3, 1);
  Must(VerifyEmissions{0, 2025, Tonnes(100)});
  Until(2026, 10, 1);
  EXPECT_EQ(registry_.official_status(0).symbol, Symbol::kB);
  Must(Surrender{is_.holder, is_.cea25, 2025, 100});
  EXPECT_EQ(SymbolOf(0), Symbol::kA);
  EXPECT_EQ(registry_.official_status(0).symbol, Symbol::kB);
  Until(2027, 3, 1);
  Must(VerifyEmissions{0, 2026, Tonnes(0)});
  Until(2027, 10, 1);
  EXPECT_EQ(registry_.official_status(0).symbol, Symbol::kA);
}

TEST_F(CumulativeTest, TakesTheFirstRecordedYearWhereNoneIsSet) {
  Until(2026, 3, 1);
  EXPECT_EQ(SymbolOf(0), Symbol::kNone);
  Must(VerifyEmissions{0, 2025, Tonnes(0)});
  EXPECT_EQ(SymbolOf(0), Symbol::kA);
}

TEST_F(CumulativeTest, BlocksWithoutEmissionsFromTheirDayUntilTheyAreRecorded) {
  Must(SetEntity{0, 2025, 0, 0});
  Until(2026, 3, 31, 23, 59);
  EXPECT_FALSE(registry_.account(is_.holder).blocked);
  Until(2026, 4, 1);
  EXPECT_TRUE(registry_.account(is_.holder).blocked);
  EXPECT_FALSE(registry_.account(is_.other_holder).blocked);  // Of no known first year.
  EXPECT_FALSE(registry_.account(is_.escrow).blocked);
  const AccountId late = Opens(AccountKind::kHolder, 0);
  EXPECT_TRUE(registry_.account(late).blocked);
  Must(SetAccount{is_.holder});  // Does not help.
  EXPECT_TRUE(registry_.account(is_.holder).blocked);
  Must(ExcludeYear{0, 2025});
  EXPECT_FALSE(registry_.account(is_.holder).blocked);
  Must(ExcludeYear{0, 2025, false});
  Must(VerifyEmissions{0, 2025, Tonnes(1)});
  EXPECT_FALSE(registry_.account(is_.holder).blocked);
  Must(CorrectEmissions{0, 2025, Tonnes(), EmissionsSource::kCorrected, true});
  EXPECT_TRUE(registry_.account(is_.holder).blocked);
}

}  // namespace
}  // namespace ets::registry
