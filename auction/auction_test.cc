#include "auction/auction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ets::auction {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Price Cents(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

Bid BidOf(std::uint32_t bidder, std::int64_t price, std::int64_t quantity) {
  return {.bidder = MemberId(bidder), .price = Cents(price), .quantity = Tonnes(quantity)};
}

Terms TermsOf(std::string_view format, std::int64_t supply, std::optional<Price> reserve = {},
              std::uint64_t seed = 1) {
  Terms terms;
  terms.format = *FindFormat(format);
  terms.supply = Tonnes(supply);
  terms.reserve = reserve;
  terms.tie_seed = seed;
  return terms;
}
Terms WithSecret(Terms terms, std::int64_t secret) {
  terms.secret_reserve = Cents(secret);
  return terms;
}

// By bid: what each won.
std::vector<std::int64_t> Won(const Clearing& clearing, std::size_t bids) {
  std::vector<std::int64_t> won(bids);
  for (const Award& award : clearing.awards) won[award.bid] = award.quantity.count();
  return won;
}

TEST(Clear, ClearsWhenTheBidsJustReachTheSupply) {
  const std::vector<Bid> bids = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 3'000)};
  const Clearing clearing = Clear(bids, TermsOf("eu", 5'000));
  EXPECT_EQ(clearing.status, Status::kCleared);
  EXPECT_EQ(clearing.price, Cents(7'000));
  EXPECT_EQ(clearing.unsold, Tonnes(0));
}

TEST(Clear, CancelsWhenTheEuropeanPriceLiesBelowTheSecretReserve) {
  const std::vector<Bid> bids = {BidOf(1, 9'000, 4'500), BidOf(2, 6'000, 500)};
  EXPECT_EQ(Clear(bids, WithSecret(TermsOf("eu", 5'000), 6'000)).status, Status::kCleared);
  const Clearing cancelled = Clear(bids, WithSecret(TermsOf("eu", 5'000), 6'001));
  EXPECT_EQ(cancelled.status, Status::kBelowReserve);
  EXPECT_THAT(cancelled.awards, IsEmpty());
  EXPECT_EQ(cancelled.unsold, Tonnes(5'000));
  EXPECT_EQ(cancelled.price, Price());
}

TEST(Clear, CountsNoBidBelowAPublicReserve) {
  const std::vector<Bid> bids = {BidOf(1, 6'500, 1'000), BidOf(2, 5'999, 10'000)};
  const Clearing clearing = Clear(bids, TermsOf("uk", 5'000, Cents(6'000)));
  EXPECT_EQ(clearing.status, Status::kPartial);
  EXPECT_EQ(clearing.price, Cents(6'500));
  EXPECT_THAT(clearing.awards, ElementsAre(Award{0, Tonnes(1'000), Cents(6'500)}));
  const std::vector<Bid> low = {BidOf(2, 5'999, 10'000)};
  EXPECT_EQ(Clear(low, TermsOf("uk", 5'000, Cents(6'000))).status, Status::kBelowReserve);
}

TEST(Clear, SaysUndersubscribedWhenNobodyBids) {
  for (const Profile& profile : Profiles()) {
    const Format& format = profile.format;
    const Clearing clearing = Clear({}, TermsOf(format.name, 5'000, Cents(6'000)));
    EXPECT_EQ(clearing.status, Status::kUndersubscribed) << format.name;
    EXPECT_EQ(clearing.unsold, Tonnes(5'000)) << format.name;
  }
}

TEST(Clear, CutsABidderToTheLimitFromItsLowestPrice) {
  // 10% of 30,000 t. Bidder 1 asks 5,000 t in three steps and keeps the best 3,000 t.
  std::vector<Bid> bids = {BidOf(1, 7'000, 2'000), BidOf(1, 9'000, 2'000), BidOf(1, 8'000, 1'000)};
  for (std::uint32_t other = 2; other < 11; ++other) bids.push_back(BidOf(other, 6'500, 3'000));
  const Clearing clearing = Clear(bids, TermsOf("cn-weekly", 30'000, Cents(6'000)));
  EXPECT_EQ(clearing.status, Status::kCleared);
  EXPECT_EQ(clearing.price, Cents(6'500));
  const auto won = Won(clearing, bids.size());
  EXPECT_THAT(std::vector(won.begin(), won.begin() + 3), ElementsAre(0, 2'000, 1'000));
}

TEST(Clear, LetsABidderWinOneLotWhereItsShareWouldRoundToNothing) {
  const std::vector<Bid> bids = {BidOf(1, 7'000, 5'000), BidOf(2, 6'900, 5'000)};
  const Clearing clearing = Clear(bids, TermsOf("cn-weekly", 5'000, Cents(6'000)));
  EXPECT_THAT(clearing.awards, ElementsAre(Award{0, Tonnes(1'000), Cents(6'000)},
                                           Award{1, Tonnes(1'000), Cents(6'000)}));
}

TEST(Clear, PublishesStatisticsOfAllBidsWhateverTheirPrice) {
  const std::vector<Bid> bids = {BidOf(1, 1, 500), BidOf(1, 7'000, 4'000), BidOf(2, 7'004, 1'500),
                                 BidOf(3, 15'000, 500)};
  const Clearing clearing = Clear(bids, TermsOf("eu", 5'000));
  EXPECT_EQ(clearing.bids, 4U);
  EXPECT_EQ(clearing.bidders, 3U);
  EXPECT_EQ(clearing.bid_volume, Tonnes(6'500));
  EXPECT_EQ(clearing.lowest_bid, Cents(1));
  EXPECT_EQ(clearing.highest_bid, Cents(15'000));
  EXPECT_EQ(clearing.mean_bid, Cents(7'251));    // 29,005 / 4 = 7,251.25.
  EXPECT_EQ(clearing.median_bid, Cents(7'002));  // (7,000 + 7,004) / 2.
  EXPECT_EQ(clearing.successful_bids, 3U);
  EXPECT_EQ(clearing.successful_bidders, 3U);
  EXPECT_DOUBLE_EQ(clearing.cover_ratio(), 1.3);
}

TEST(Clear, RoundsMeanAndMedianHalfUp) {
  const std::vector<Bid> bids = {BidOf(1, 7'000, 500), BidOf(2, 7'001, 500)};
  const Clearing clearing = Clear(bids, TermsOf("eu", 500));
  EXPECT_EQ(clearing.mean_bid, Cents(7'001));
  EXPECT_EQ(clearing.median_bid, Cents(7'001));
}

TEST(Clear, SortsPricesThatLieFarApart) {
  const std::vector<Bid> bids = {BidOf(1, 1, 500), BidOf(2, kAmountMax / 4, 500),
                                 BidOf(3, 4'000'000'000, 500), BidOf(4, 3'999'999'999, 500)};
  const Clearing clearing = Clear(bids, TermsOf("eu", 1'500));
  EXPECT_EQ(clearing.price, Cents(3'999'999'999));
  EXPECT_THAT(Won(clearing, 4), ElementsAre(0, 500, 500, 500));
}

// NZ, unit settings consultation 2025: one low bid, and a short auction sells nothing.
TEST(Clear, DeclinesAShortAuctionForOneBidBelowTheConfidentialReserve) {
  const std::vector<Bid> bids = {BidOf(1, 7'100, 2'000), BidOf(2, 5'400, 500)};
  const Terms terms = TermsOf("nz", 5'000, Cents(5'000));
  const Clearing declined = Clear(bids, WithSecret(terms, 5'500));
  EXPECT_EQ(declined.status, Status::kDeclined);
  EXPECT_EQ(declined.unsold, Tonnes(5'000));
  const Clearing partial = Clear(bids, WithSecret(terms, 5'400));
  EXPECT_EQ(partial.status, Status::kPartial);
  EXPECT_EQ(partial.price, Cents(5'400));
  EXPECT_EQ(partial.sold, Tonnes(2'500));
}

TEST(Clear, LetsALowBidPassWhenTheBidsReachTheSupply) {
  const std::vector<Bid> bids = {BidOf(1, 7'100, 5'000), BidOf(2, 5'400, 500)};
  EXPECT_EQ(Clear(bids, WithSecret(TermsOf("nz", 5'000, Cents(5'000)), 5'500)).status,
            Status::kCleared);
}

// SI 2021/484 Reg. 7 as revised, (c): the lowest bid not significantly below the secondary market.
TEST(Clear, LiftsABritishPriceToTheLowestBidNotSignificantlyBelow) {
  const std::vector<Bid> bids = {BidOf(1, 7'100, 2'000), BidOf(2, 6'900, 1'000),
                                 BidOf(3, 5'000, 4'000)};
  const Clearing clearing = Clear(bids, WithSecret(TermsOf("uk", 5'000, Cents(2'800)), 6'500));
  EXPECT_EQ(clearing.status, Status::kPartial);
  EXPECT_EQ(clearing.price, Cents(6'900));
  EXPECT_THAT(Won(clearing, 3), ElementsAre(2'000, 1'000, 0));
  EXPECT_EQ(clearing.unsold, Tonnes(2'000));
  const Clearing none = Clear(bids, WithSecret(TermsOf("uk", 5'000, Cents(2'800)), 7'101));
  EXPECT_EQ(none.status, Status::kBelowReserve);
  EXPECT_EQ(none.unsold, Tonnes(5'000));
}

TEST(Clear, PricesTheFirstLotThatFindsNoSupply) {
  Terms terms = TermsOf("eu", 5'000);
  terms.format.price_rule = PriceRule::kHighestRejected;
  const std::vector<Bid> even = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 3'000),
                                 BidOf(3, 6'800, 500)};
  EXPECT_EQ(Clear(even, terms).price, Cents(6'800));
  const std::vector<Bid> odd = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 3'500)};
  EXPECT_EQ(Clear(odd, terms).price, Cents(7'000));  // Half a bid is rejected.
  const std::vector<Bid> all = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 3'000)};
  EXPECT_EQ(Clear(all, terms).price, Cents(7'000));
  terms.reserve = Cents(6'000);
  EXPECT_EQ(Clear(all, terms).price, Cents(6'000));
}

TEST(Clear, LetsEachWinnerPayItsBidWhereTheFormatSaysSo) {
  Terms terms = TermsOf("eu", 5'000);
  terms.format.pricing = Pricing::kPayAsBid;
  const std::vector<Bid> bids = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 3'500)};
  const Clearing clearing = Clear(bids, terms);
  EXPECT_THAT(clearing.awards, ElementsAre(Award{0, Tonnes(2'000), Cents(7'100)},
                                           Award{1, Tonnes(3'000), Cents(7'000)}));
  EXPECT_EQ(clearing.price, Cents(7'000));
  EXPECT_EQ(clearing.revenue, Money::FromMinor(2'000 * 7'100 + 3'000 * 7'000));
}

// RGGI: above the trigger the containment reserve adds what is asked there, and no more.
TEST(Clear, AddsFromTheContainmentReserveDownToItsTrigger) {
  const std::vector<Bid> bids = {BidOf(1, 1'600, 3'000), BidOf(2, 1'550, 3'000),
                                 BidOf(3, 1'488, 2'000), BidOf(4, 1'400, 5'000)};
  Terms terms = TermsOf("rggi", 5'000, Cents(250));
  terms.format.bidder_limit_bp = 10'000;
  terms.containment = {{Cents(1'488), Tonnes(10'000)}};
  const Clearing part = Clear(bids, terms);
  EXPECT_EQ(part.price, Cents(1'488));
  EXPECT_EQ(part.contained, Tonnes(3'000));
  EXPECT_EQ(part.sold, Tonnes(8'000));
  EXPECT_EQ(part.unsold, Tonnes(0));
  terms.containment[0].volume = Tonnes(1'000);
  const Clearing all = Clear(bids, terms);
  EXPECT_EQ(all.price, Cents(1'550));
  EXPECT_EQ(all.contained, Tonnes(1'000));
  // At its trigger the price does not pass it.
  terms.containment[0] = {Cents(1'550), Tonnes(1'000)};
  EXPECT_EQ(Clear(bids, terms).contained, Tonnes(0));
}

TEST(Clear, OpensTheSecondTierWhenTheFirstIsUsedUp) {
  const std::vector<Bid> bids = {BidOf(1, 3'200, 4'000), BidOf(2, 3'000, 4'000),
                                 BidOf(3, 2'000, 4'000)};
  Terms terms = TermsOf("rggi", 2'000, Cents(900));
  terms.format.bidder_limit_bp = 10'000;
  terms.containment = {{Cents(1'950), Tonnes(3'000)}, {Cents(2'925), Tonnes(2'000)}};
  const Clearing clearing = Clear(bids, terms);
  EXPECT_EQ(clearing.contained, Tonnes(5'000));
  EXPECT_EQ(clearing.price, Cents(3'000));
  terms.format.containment_tiers = 1;
  EXPECT_EQ(Clear(bids, terms).contained, Tonnes(3'000));
}

TEST(Clear, WithholdsWhatIsNotAskedAtTheEmissionTrigger) {
  const std::vector<Bid> bids = {BidOf(1, 800, 3'000), BidOf(2, 650, 1'000), BidOf(3, 500, 4'000)};
  Terms terms = TermsOf("rggi", 6'000, Cents(250));
  terms.format.bidder_limit_bp = 10'000;
  terms.withholding = Trigger{Cents(600), Tonnes(5'000)};
  const Clearing clearing = Clear(bids, terms);
  EXPECT_EQ(clearing.withheld, Tonnes(2'000));
  EXPECT_EQ(clearing.sold, Tonnes(4'000));
  EXPECT_EQ(clearing.price, Cents(650));
  EXPECT_EQ(clearing.unsold, Tonnes(0));
  terms.withholding->volume = Tonnes(1'000);
  EXPECT_EQ(Clear(bids, terms).price, Cents(500));  // Used up, and the price stays low.
  terms.withholding = Trigger{Cents(900), Tonnes(6'000)};
  const Clearing none = Clear(bids, terms);
  EXPECT_EQ(none.status, Status::kBelowReserve);
  EXPECT_EQ(none.withheld, Tonnes(6'000));  // All of it, and nothing comes again.
  EXPECT_EQ(none.unsold, Tonnes(0));
}

// California: guarantee >= max over its prices p of p x its volume at p or more; cut from below.
TEST(Clear, CutsALadderToItsGuaranteeFromTheLowestPrice) {
  Terms terms = TermsOf("wci", 100'000, Cents(1'000));
  terms.bidders = {{MemberId(1), true, {}, Money::FromMinor(3'000 * 20'000)}};
  // 20,000 t at 30.00 take all of it; at 20.00 there is room for 10,000 t more.
  const std::vector<Bid> bids = {BidOf(1, 3'000, 20'000), BidOf(1, 2'000, 15'000)};
  EXPECT_THAT(Won(Clear(bids, terms), 2), ElementsAre(20'000, 5'000));  // 25% is the limit.
  terms.format.bidder_limit_bp = 10'000;
  EXPECT_THAT(Won(Clear(bids, terms), 2), ElementsAre(20'000, 10'000));
  terms.bidders[0].guarantee = Money::FromMinor(3'000 * 19'000);
  EXPECT_THAT(Won(Clear(bids, terms), 2), ElementsAre(19'000, 0));
}

TEST(Clear, GivesBiddersWithoutObligationsTheirOwnLimitAndOthersTheRoomTheyHave) {
  Terms terms = TermsOf("wci", 100'000, Cents(1'000));
  terms.bidders = {{MemberId(1), false, {}, {}}, {MemberId(2), true, Tonnes(7'999), {}}};
  const std::vector<Bid> bids = {BidOf(1, 3'000, 20'000), BidOf(2, 2'500, 15'000),
                                 BidOf(3, 2'000, 90'000)};
  EXPECT_THAT(Won(Clear(bids, terms), 3), ElementsAre(4'000, 7'000, 25'000));
}

TEST(ConsignedSold, SharesAShortSaleAmongConsignorsToTheTonne) {
  Terms terms = TermsOf("wci", 10'000);
  terms.consignments = {
      {MemberId(1), Tonnes(3'000)}, {MemberId(2), Tonnes(3'000)}, {MemberId(3), Tonnes(1'000)}};
  EXPECT_THAT(ConsignedSold(terms, Tonnes(8'000)),
              ElementsAre(Tonnes(3'000), Tonnes(3'000), Tonnes(1'000)));
  EXPECT_THAT(ConsignedSold(terms, Tonnes(1'000)),
              ElementsAre(Tonnes(429), Tonnes(429), Tonnes(142)));
  EXPECT_THAT(ConsignedSold(TermsOf("wci", 10'000), Tonnes(1'000)), IsEmpty());
}

TEST(DemandCurve, StepsDownThroughTheBidsThatCount) {
  const std::vector<Bid> bids = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 1'000),
                                 BidOf(3, 7'000, 500), BidOf(4, 2'000, 500)};
  const std::vector<DemandStep> curve = DemandCurve(bids, TermsOf("uk", 5'000, Cents(2'800)));
  ASSERT_EQ(curve.size(), 2U);
  EXPECT_EQ(curve[0].price, Cents(7'100));
  EXPECT_EQ(curve[0].volume, Tonnes(2'000));
  EXPECT_EQ(curve[1].price, Cents(7'000));
  EXPECT_EQ(curve[1].volume, Tonnes(3'500));
}

}  // namespace
}  // namespace ets::auction
