#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

Profile ReversingAll() {
  Profile law = TwoPeriods();
  law.reverse_surrender_days = 0;  // For ever.
  law.reverse_deletion_days = 14;
  law.reverse_allocation_days = 14;
  law.reversal_keeps_compliance = false;
  return law;
}

class ReversalTest : public Desk {
 protected:
  ReversalTest() : Desk(ReversingAll()) { Must(Issue{is_.holder, is_.cea25, 100}); }
  std::uint64_t Record(const Command& command) { return Must(command).sequence; }
};

TEST_F(ReversalTest, GivesASurrenderBackAndTheYearOwesItAgain) {
  Must(VerifyEmissions{0, 2025, Tonnes(100)});
  const std::uint64_t record = Record(Surrender{is_.holder, is_.cea25, 2025, 60});
  EXPECT_EQ(registry_.status(0).figure, -40);
  Must(ReverseTransfer{record, 0});
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 100);
  EXPECT_EQ(registry_.compliance(0, 2025).surrendered, Tonnes(0));
  EXPECT_EQ(registry_.status(0).figure, -100);
  EXPECT_EQ(registry_.transfers()[0].code, TransferCode::kReversal);
  EXPECT_EQ(registry_.transfers()[0].reference, record);
  EXPECT_EQ(registry_.transfers()[0].year, 2025);
  ExpectRefused(ReverseTransfer{record, 0}, Refusal::kAlreadyReversed);
  ExpectRefused(ReverseTransfer{registry_.sequence(), 0}, Refusal::kReversalNotAllowed);
}

TEST_F(ReversalTest, CountsAReversedOffsetNoLongerAgainstItsShare) {
  Must(Issue{is_.holder, is_.ccer, 50});
  Must(VerifyEmissions{0, 2025, Tonnes(1'000)});
  const std::uint64_t record = Record(Surrender{is_.holder, is_.ccer, 2025, 50});
  Must(ReverseTransfer{record, 0});
  EXPECT_EQ(registry_.compliance(0, 2025).offsets, Tonnes(0));
  Must(Surrender{is_.holder, is_.ccer, 2025, 50});
}

TEST_F(ReversalTest, ReversesADeletionWhetherCertifiedOrNotForFourteenDays) {
  Until(2026, 3, 2, 12);
  const std::uint64_t certified = Record(CancelUnits{is_.holder, is_.cea25, 5, "", ""});
  const std::uint64_t plain =
      Record(MakeTransfer{{is_.holder, is_.cancellation, is_.cea25, 6, TransferCode::kCancel}});
  Until(2026, 3, 16, 23, 59);
  Must(ReverseTransfer{certified, 0});
  Until(2026, 3, 17);
  ExpectRefused(ReverseTransfer{plain, 0}, Refusal::kReversalWindowPassed);
  EXPECT_EQ(registry_.totals(is_.cea25).cancelled, 6);
}

TEST_F(ReversalTest, ReversesAnAllocationOnlyWhileTheHolderHasIt) {
  Must(Issue{is_.allocation, is_.cea25, 80});
  Must(SetEntitlement{1, 2025, 1, 80});
  const std::uint64_t record = Record(RunAllocation{2025, 1, is_.allocation, is_.cea25});
  Must(Plain(is_.other_holder, is_.holder, is_.cea25, 1));
  ExpectRefused(ReverseTransfer{record, 0}, Refusal::kInsufficientHolding);
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 1));
  Must(ReverseTransfer{record, 0});
  EXPECT_EQ(Balance(is_.allocation, is_.cea25), 80);
  ASSERT_EQ(registry_.entitlements(1).size(), 1U);
  EXPECT_EQ(registry_.entitlements(1)[0].allocated, 80);
  EXPECT_EQ(registry_.entitlements(1)[0].reversed, 80);
  Must(RunAllocation{2025, 1, is_.allocation, is_.cea25});  // Paid anew.
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 80);
}

TEST_F(ReversalTest, KnowsOneTransferOfARecordFromAnother) {
  Must(Issue{is_.other_holder, is_.cea25, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(10)});
  Must(VerifyEmissions{1, 2025, Tonnes(20)});
  const std::uint64_t record = Record(RunCompliance{2025, true, false, {}});
  Must(ReverseTransfer{record, 1});
  EXPECT_EQ(registry_.compliance(0, 2025).surrendered, Tonnes(10));
  EXPECT_EQ(registry_.compliance(1, 2025).surrendered, Tonnes(0));
  ExpectRefused(ReverseTransfer{record, 2}, Refusal::kReversalNotAllowed);
}

TEST_F(ReversalTest, ReversesNoOtherTransfer) {
  const std::uint64_t sale = Record(Plain(is_.holder, is_.other_holder, is_.cea25, 1));
  ExpectRefused(ReverseTransfer{sale, 0}, Refusal::kReversalNotAllowed);
  ExpectRefused(ReverseTransfer{0, 0}, Refusal::kTransferNotFound);
  ExpectRefused(ReverseTransfer{registry_.sequence() + 1, 0}, Refusal::kTransferNotFound);
}

TEST_F(ReversalTest, GivesNothingBackToAClosedAccount) {
  const std::uint64_t record = Record(CancelUnits{is_.holder, is_.cea25, 100, "", ""});
  Must(CloseAccount{is_.holder});
  ExpectRefused(ReverseTransfer{record, 0}, Refusal::kAccountClosed);
}

TEST_F(ReversalTest, ReversesNothingWhereTheLawDoesNot) {
  Under(TwoPeriods());
  Must(Issue{is_.holder, is_.cea25, 100});
  const std::uint64_t record = Record(CancelUnits{is_.holder, is_.cea25, 100, "", ""});
  ExpectRefused(ReverseTransfer{record, 0}, Refusal::kReversalNotAllowed);
}

TEST_F(ReversalTest, MakesNobodyShortWhereTheLawKeepsCompliance) {
  Profile law = ReversingAll();
  law.reversal_keeps_compliance = true;
  Under(law);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(60)});
  const std::uint64_t first = Record(Surrender{is_.holder, is_.cea25, 2025, 40});
  const std::uint64_t second = Record(Surrender{is_.holder, is_.cea25, 2025, 20});
  ExpectRefused(ReverseTransfer{second, 0}, Refusal::kWouldBreachCompliance);
  Must(CorrectEmissions{0, 2025, Tonnes(40), EmissionsSource::kCorrected, false});
  ExpectRefused(ReverseTransfer{first, 0}, Refusal::kWouldBreachCompliance);
  Must(ReverseTransfer{second, 0});
}

}  // namespace
}  // namespace ets::registry
