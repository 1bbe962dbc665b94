#include <cstring>

#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class TransfersTest : public Desk {
 protected:
  BatchItem Item(std::int64_t amount, bool linked = false) const {
    return {{is_.holder, is_.other_holder, is_.cea25, amount, TransferCode::kTransfer}, linked};
  }
};

// ---- Who may send what to whom ----

TEST_F(TransfersTest, TellsWhatARefusalIsAbout) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(ReserveTransfer{{is_.holder, is_.other_holder, is_.cea25, 20}, 0});
  Must(Freeze{is_.holder, is_.cea25, 30, 0, "a court"});
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 51), Refusal::kInsufficientHolding);
  const RefusalDetail& detail = registry_.detail();
  EXPECT_TRUE(detail.has_account && detail.has_ledger && detail.has_holding);
  EXPECT_EQ(detail.account, is_.holder);
  EXPECT_EQ(detail.ledger, is_.cea25);
  EXPECT_EQ(detail.posted, 100);
  EXPECT_EQ(detail.reserved, 20);
  EXPECT_EQ(detail.frozen, 30);
  EXPECT_EQ(detail.available, 50);
  EXPECT_EQ(detail.asked, 51);
}

TEST_F(TransfersTest, KnowsNoCodeBeyondThoseOfTheList) {
  Must(Issue{is_.holder, is_.cea25, 100});
  for (const int code : {0, static_cast<int>(kTransferCodeCount)}) {
    const auto unknown = static_cast<TransferCode>(code);
    ExpectRefused(MakeTransfer{{is_.holder, is_.other_holder, is_.cea25, 1, unknown}},
                  Refusal::kValueInvalid);
    ExpectRefused(Issue{is_.holder, is_.cea25, 1, unknown}, Refusal::kValueInvalid);
  }
}

TEST_F(TransfersTest, LetsUnitsOutOfAComplianceAccountByNoTransfer) {
  const AccountId compliance = Opens(AccountKind::kCompliance, 0);
  Must(Issue{compliance, is_.cea25, 10});
  ExpectRefused(Plain(compliance, is_.holder, is_.cea25, 1), Refusal::kWrongAccountKind);
  ExpectRefused(CancelUnits{compliance, is_.cea25, 1, "", ""}, Refusal::kWrongAccountKind);
  Must(VerifyEmissions{0, 2025, Tonnes(10)});
  Must(Surrender{compliance, is_.cea25, 2025, 10});
}

TEST_F(TransfersTest, LetsUnitsOutOfALimitedUseAccountToAuctionOnly) {
  const AccountId consigned = Opens(AccountKind::kLimitedUse, 0);
  Must(Issue{consigned, is_.cea25, 10});
  ExpectRefused(Plain(consigned, is_.holder, is_.cea25, 1), Refusal::kWrongAccountKind);
  Must(Plain(consigned, is_.stock, is_.cea25, 10));
}

TEST_F(TransfersTest, HoldsATypeOfUnitOnlyWhereTheLawAllowsIt) {
  law_.units[static_cast<std::size_t>(UnitType::kRegulated)].holdable_by =
      1U << static_cast<unsigned>(AccountKind::kRegulatedEntity);
  Under(law_);
  const AccountId supplier = Opens(AccountKind::kRegulatedEntity, 4);
  const LedgerId ret = OpensLedger(Unit::Of(UnitType::kRegulated, 2027));
  Must(Issue{supplier, ret, 10});
  ExpectRefused(Issue{is_.holder, ret, 10}, Refusal::kUnitTypeNotHoldable);
  ExpectRefused(Plain(supplier, is_.holder, ret, 1), Refusal::kUnitTypeNotHoldable);
  EXPECT_EQ(registry_.detail().account, is_.holder);
}

TEST_F(TransfersTest, ChecksInTheOrderOfTheEnumAllTheWayDown) {
  const AccountId closed = Opens(AccountKind::kHolder, 5);
  Must(CloseAccount{closed});
  Must(SetAccount{is_.holder, 0});
  ExpectRefused(Plain(is_.holder, closed, is_.cea25, 1), Refusal::kAccountClosed);
  const AccountId deaf = Opens(AccountKind::kHolder, 6);
  Must(SetAccount{deaf, kMaySend});
  ExpectRefused(Plain(is_.holder, deaf, is_.cea25, 1), Refusal::kAccountSuspended);
  Must(SetAccount{is_.holder, kMayReceive});
  ExpectRefused(Plain(is_.holder, deaf, is_.cea25, 1), Refusal::kAccountBlocked);
  Must(SetAccount{is_.holder});
  ExpectRefused(Plain(is_.holder, deaf, is_.cea25, 1), Refusal::kAccountRestricted);
  Must(SetAccount{deaf});
  ExpectRefused(Plain(is_.holder, deaf, is_.cea25, 1), Refusal::kInsufficientHolding);
}

// ---- Batches ----

TEST_F(TransfersTest, AppliesABatchItemByItem) {
  Must(Issue{is_.holder, is_.cea25, 100});
  const Receipt receipt = Must(TransferBatch{{Item(60), Item(50), Item(0), Item(40)}});
  EXPECT_EQ(receipt.failed, 2U);
  EXPECT_THAT(registry_.batch_results(),
              testing::ElementsAre(Refusal{}, Refusal::kInsufficientHolding,
                                   Refusal::kAmountNotPositive, Refusal{}));
  EXPECT_EQ(Balance(is_.other_holder, is_.cea25), 100);
  EXPECT_EQ(registry_.transfers().size(), 2U);
}

TEST_F(TransfersTest, AppliesALinkedGroupWholeOrNotAtAll) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(Issue{is_.other_holder, is_.cny, 10});
  const BatchItem cash{{is_.other_holder, is_.holder, is_.cny, 11, TransferCode::kTransfer}};
  // The units of the first group would move, but its cash leg fails; the second stands alone.
  const Receipt receipt =
      Must(TransferBatch{{Item(60, true), Item(20, true), cash, Item(70), Item(5, true), Item(5)}});
  EXPECT_EQ(receipt.failed, 3U);
  EXPECT_THAT(registry_.batch_results(),
              testing::ElementsAre(Refusal::kLinkedFailed, Refusal::kLinkedFailed,
                                   Refusal::kInsufficientHolding, Refusal{}, Refusal{}, Refusal{}));
  EXPECT_EQ(Balance(is_.holder, is_.cea25), 20);
  EXPECT_EQ(Balance(is_.other_holder, is_.cny), 10);
}

TEST_F(TransfersTest, UndoesACancellationOfAFailedGroupAndItsReversalWithIt) {
  law_.reverse_deletion_days = 0;
  Under(law_);
  Must(Issue{is_.holder, is_.cea25, 10});
  const BatchItem cancel{{is_.holder, is_.cancellation, is_.cea25, 4, TransferCode::kCancel}, true};
  Must(TransferBatch{{cancel, Item(7)}});
  EXPECT_EQ(registry_.totals(is_.cea25).cancelled, 0);
  ExpectRefused(ReverseTransfer{registry_.sequence(), 0}, Refusal::kReversalNotAllowed);
}

TEST_F(TransfersTest, RefusesABatchThatIsEmptyTooLongOrOpenAtItsEnd) {
  ExpectRefused(TransferBatch{}, Refusal::kValueInvalid);
  ExpectRefused(TransferBatch{{Item(1), Item(1, true)}}, Refusal::kValueInvalid);
  ExpectRefused(TransferBatch{std::vector(kBatchItemsMax + 1, Item(1))}, Refusal::kValueInvalid);
  Must(Issue{is_.holder, is_.cea25, std::int64_t{kBatchItemsMax}});
  EXPECT_EQ(Must(TransferBatch{std::vector(kBatchItemsMax, Item(1))}).failed, 0U);
}

TEST_F(TransfersTest, ChecksABatchWithoutApplyingIt) {
  Must(Issue{is_.holder, is_.cea25, 100});
  const std::uint64_t before = registry_.StateHash();
  EXPECT_FALSE(registry_.Check(TransferBatch{{Item(60), Item(101)}}));
  EXPECT_THAT(registry_.batch_results(),
              testing::ElementsAre(Refusal{}, Refusal::kInsufficientHolding));
  EXPECT_EQ(registry_.StateHash(), before);
}

// ---- Issue ----

TEST_F(TransfersTest, WarnsOfACapThatDoesNotBind) {
  law_.cap_binds = false;
  Under(law_);
  Must(SetCap{is_.cea25, 100});
  EXPECT_EQ(Must(Issue{is_.holder, is_.cea25, 90}).amount, 0);
  EXPECT_EQ(Must(Issue{is_.holder, is_.cea25, 30}).amount, 20);
  ExpectRefused(SetCap{is_.cea25, 100}, Refusal::kCapExceeded);
}

// ---- Cancellation and expiry ----

TEST_F(TransfersTest, CertifiesAVoluntaryCancellation) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Until(2026, 5, 1);
  const Receipt receipt = Must(CancelUnits{is_.holder, is_.cea25, 7, "a forest", "for good"});
  EXPECT_EQ(receipt.id, 1U);
  const CertificateView certificate = registry_.certificate(1);
  EXPECT_EQ(certificate.amount, 7);
  EXPECT_EQ(certificate.holder, is_.holder);
  EXPECT_EQ(certificate.beneficiary, "a forest");
  EXPECT_EQ(certificate.sequence, receipt.sequence);
  EXPECT_EQ(certificate.at, time_);
  EXPECT_EQ(registry_.totals(is_.cea25).cancelled, 7);
  ExpectRefused(CancelUnits{is_.holder, is_.cea25, 1, std::string(201, 'x'), ""},
                Refusal::kValueInvalid);
  ExpectRefused(CancelUnits{is_.holder, is_.cny, 1, "", ""}, Refusal::kUnitNotEligible);
  ExpectRefused(CancelUnits{is_.stock, is_.cea25, 1, "", ""}, Refusal::kWrongAccountKind);
  ExpectRefused(CancelUnits{is_.holder, is_.cea25, 94, "", ""}, Refusal::kInsufficientHolding);
}

TEST_F(TransfersTest, FreesWhatIsBoundWhenAVintageExpires) {
  Must(Issue{is_.holder, is_.cea24, 100});
  const std::uint32_t pending =
      Must(ReserveTransfer{{is_.holder, is_.other_holder, is_.cea24, 20}, 0}).id;
  const std::uint32_t freeze = Must(Freeze{is_.holder, is_.cea24, 30, 0, "a court"}).id;
  EXPECT_EQ(registry_.totals(is_.cea24).reserved, 20);
  EXPECT_EQ(registry_.totals(is_.cea24).frozen, 30);
  EXPECT_EQ(Must(ExpireLedger{is_.cea24}).amount, 100);
  EXPECT_EQ(registry_.pending(pending).state, PendingState::kVoided);
  EXPECT_FALSE(registry_.freeze(freeze).active);
  EXPECT_EQ(registry_.totals(is_.cea24).reserved, 0);
  EXPECT_EQ(registry_.totals(is_.cea24).frozen, 0);
  EXPECT_EQ(registry_.totals(is_.cea24).expired, 100);
}

// ---- Requests ----

TEST_F(TransfersTest, RemembersEveryRequestItApplied) {
  RequestKey request;
  request.id.fill('r');
  request.digest = 77;
  EXPECT_FALSE(registry_.FindRequest(request.id));
  const std::uint64_t before = registry_.StateHash();
  ASSERT_FALSE(
      registry_.Apply({}, Plain(is_.holder, is_.other_holder, is_.cea25, 1), &request).ok());
  EXPECT_NE(registry_.StateHash(), before);  // The id is used up by a refusal, too.
  const auto found = registry_.FindRequest(request.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sequence, registry_.sequence());
  EXPECT_EQ(found->digest, 77U);
  Record decoded;
  ASSERT_TRUE(Decode(journal_.records().back(), decoded));
  EXPECT_EQ(decoded.request->id, request.id);
}

TEST_F(TransfersTest, RemembersManyRequests) {
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    RequestKey request;
    std::memcpy(request.id.data(), &i, sizeof(i));
    request.digest = i;
    ASSERT_TRUE(registry_.Apply({}, Issue{is_.treasury, is_.cny, 1}, &request).ok());
  }
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    std::array<char, 16> id{};
    std::memcpy(id.data(), &i, sizeof(i));
    ASSERT_EQ(registry_.FindRequest(id)->digest, i);
  }
}

}  // namespace
}  // namespace ets::registry
