// What an auctioneer says to a bid before it takes it.
#include "auction/entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ets::auction {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Bid BidOf(std::int64_t price, std::int64_t quantity) {
  return {MemberId(1), Price::FromMinorPerTonne(price), Tonnes(quantity)};
}
Terms TermsOf(std::string_view format, std::int64_t supply) {
  Terms terms;
  terms.format = *FindFormat(format);
  terms.supply = Tonnes(supply);
  return terms;
}

TEST(FaultsOf, FindsEveryRuleThatABidBreaks) {
  const Terms eu = TermsOf("eu", 10'000);
  EXPECT_THAT(FaultsOf(BidOf(7'000, 500), eu, {}, {}), IsEmpty());
  EXPECT_THAT(FaultsOf(BidOf(0, 750), eu, {}, {}),
              ElementsAre(EntryFault::kQuantityOffLot, EntryFault::kPriceNotPositive));
  EXPECT_THAT(FaultsOf(BidOf(-1, 0), eu, {}, {}),
              ElementsAre(EntryFault::kQuantityNotPositive, EntryFault::kPriceNotPositive));
}

TEST(FaultsOf, HoldsAKoreanBidToItsStepTickNumberAndLimit) {
  const Terms kr = TermsOf("kr", 10'000);
  EXPECT_THAT(FaultsOf(BidOf(1'030'000, 1'100), kr, {}, {}), IsEmpty());
  EXPECT_THAT(FaultsOf(BidOf(1'030'000, 900), kr, {}, {}),
              ElementsAre(EntryFault::kQuantityBelowSmallest));
  EXPECT_THAT(FaultsOf(BidOf(1'031'000, 1'050), kr, {}, {}),
              ElementsAre(EntryFault::kQuantityOffLot, EntryFault::kPriceOffTick));
  EXPECT_THAT(FaultsOf(BidOf(1'030'000, 3'100), kr, {}, {}),
              ElementsAre(EntryFault::kQuantityAboveBidLimit));
  const std::vector<Bid> others = {BidOf(1'030'000, 1'000)};
  EXPECT_THAT(FaultsOf(BidOf(1'030'000, 1'000), kr, {}, others),
              ElementsAre(EntryFault::kTooManyBids));
}

TEST(FaultsOf, RefusesABidAboveTheBiddersLimitWhereLimitsDoNotCut) {
  const std::vector<Bid> others = {BidOf(7'000, 2'000)};
  EXPECT_THAT(FaultsOf(BidOf(7'000, 1'000), TermsOf("rggi", 8'000), {}, others),
              ElementsAre(EntryFault::kAboveBidderLimit));
  EXPECT_THAT(FaultsOf(BidOf(7'000, 1'000), TermsOf("wci", 8'000), {}, others), IsEmpty());
}

TEST(FaultsOf, RefusesWhatTheGuaranteeDoesNotCover) {
  const Terms terms = TermsOf("rggi", 100'000);
  BidderTerms bidder;
  bidder.guarantee = Money::FromMinor(7'000 * 3'000);
  EXPECT_THAT(FaultsOf(BidOf(7'000, 3'000), terms, bidder, {}), IsEmpty());
  const std::vector<Bid> others = {BidOf(7'000, 3'000)};
  EXPECT_THAT(FaultsOf(BidOf(1, 1'000), terms, bidder, others),
              ElementsAre(EntryFault::kGuaranteeTooSmall));
}

// EEX checks the value of bids against the collateral before it takes them; California cuts them.
TEST(FaultsOf, RefusesABidAboveItsGuaranteeInEveryFormatButCalifornias) {
  BidderTerms bidder;
  bidder.guarantee = Money::FromMinor(6'999'999);
  for (const Profile& profile : Profiles()) {
    const Format& format = profile.format;
    const Price price = Price::FromMinorPerTonne(1'000'000);
    const Bid bid = {MemberId(1), price, std::max(Tonnes(1'000), format.smallest_bid)};
    const auto faults = FaultsOf(bid, TermsOf(format.name, 1'000'000), bidder, {});
    if (format.name == "wci") {
      EXPECT_THAT(faults, IsEmpty());
    } else {
      EXPECT_THAT(faults, ElementsAre(EntryFault::kGuaranteeTooSmall)) << format.name;
    }
  }
}

// Shanghai: covered firms only, for their own compliance.
TEST(FaultsOf, RefusesBiddersWithoutObligationsWhereUnitsServeComplianceOnly) {
  BidderTerms trader;
  trader.covered = false;
  EXPECT_THAT(FaultsOf(BidOf(7'000, 500), TermsOf("shanghai", 10'000), trader, {}),
              ElementsAre(EntryFault::kNotCovered));
  EXPECT_THAT(FaultsOf(BidOf(7'000, 500), TermsOf("guangdong", 10'000), trader, {}),
              ElementsAre(EntryFault::kQuantityBelowSmallest));
  EXPECT_EQ(LimitOf(TermsOf("shanghai", 10'000), trader), Tonnes(0));
}

TEST(LooksAtOthers, SaysWhenTheOtherBidsMatter) {
  BidderTerms poor;
  poor.guarantee = Money::FromMinor(1);
  EXPECT_TRUE(LooksAtOthers(TermsOf("rggi", 1'000), {}));
  EXPECT_TRUE(LooksAtOthers(TermsOf("cn-weekly", 1'000), poor));
  EXPECT_FALSE(LooksAtOthers(TermsOf("cn-weekly", 1'000), {}));
  EXPECT_FALSE(LooksAtOthers(TermsOf("eu", 1'000), {}));
  EXPECT_FALSE(LooksAtOthers(TermsOf("wci", 1'000), poor));
}

TEST(Explain, NamesTheValueAndWhatIsAllowed) {
  const Terms terms = TermsOf("kr", 10'000);
  const Bid bid = BidOf(1'031'000, 750);
  EXPECT_EQ(Explain(EntryFault::kQuantityOffLot, bid, terms, {}, {}),
            "the quantity 750 t is off the lot; allowed: multiples of 100");
  EXPECT_EQ(Explain(EntryFault::kPriceOffTick, bid, terms, {}, {}),
            "the price 10310.00 is off the tick; allowed: multiples of 50.00");
  EXPECT_THAT(Explain(EntryFault::kQuantityAboveBidLimit, bid, terms, {}, {}),
              HasSubstr("allowed: up to 3000"));
}

// California: the highest, over the bidder's prices p, of p x what it bids at p or more.
TEST(GuaranteeFor, IsTheMostThatALadderCanCost) {
  const std::vector<Bid> ladder = {BidOf(1'000, 9'000), BidOf(3'000, 2'000), BidOf(2'000, 4'000)};
  // 30.00 x 2,000 = 60,000; 20.00 x 6,000 = 120,000; 10.00 x 15,000 = 150,000.
  EXPECT_EQ(GuaranteeFor(ladder, *FindFormat("wci")), Money::FromMinor(15'000'000));
  // The EU's would be the sum: 90,000 + 60,000 + 80,000.
  EXPECT_EQ(GuaranteeFor(ladder, *FindFormat("eu")), Money::FromMinor(23'000'000));
  EXPECT_EQ(GuaranteeFor(ladder, *FindFormat("cn-weekly")), Money::FromMinor(6'900'000));
}

}  // namespace
}  // namespace ets::auction
