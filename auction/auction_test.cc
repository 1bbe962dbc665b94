#include "auction/auction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

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
  return {.format = *FindFormat(format),
          .supply = Tonnes(supply),
          .reserve = reserve,
          .tie_seed = seed};
}

// By bid: what each won.
std::vector<std::int64_t> Won(const Clearing& clearing, std::size_t bids) {
  std::vector<std::int64_t> won(bids);
  for (const Award& award : clearing.awards) won[award.bid] = award.quantity.count();
  return won;
}

// KRX notice on the auction of paid allowances: the book of the worked example, 10,000 t offered.
// Under the EEX rules the tonnes at 10,300 go by random order instead of by time: case A3.
TEST(Clear, GivesTheKrxExampleItsPriceAndTheTiedTonnesARandomOrder) {
  const std::vector<Bid> bids = {BidOf(1, 11'000, 1'000), BidOf(2, 11'000, 1'500),
                                 BidOf(3, 11'000, 2'500), BidOf(4, 10'500, 1'000),
                                 BidOf(5, 10'500, 2'000), BidOf(6, 10'300, 1'000),
                                 BidOf(7, 10'300, 1'000), BidOf(8, 10'300, 2'000),
                                 BidOf(9, 10'000, 1'000), BidOf(10, 10'000, 2'000)};
  std::set<std::vector<std::int64_t>> splits;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Clearing clearing = Clear(bids, TermsOf("eu", 10'000, {}, seed));
    ASSERT_EQ(clearing.status, Status::kCleared);
    EXPECT_EQ(clearing.price, Cents(10'300));
    const auto won = Won(clearing, bids.size());
    EXPECT_THAT(std::vector(won.begin(), won.begin() + 5),
                ElementsAre(1'000, 1'500, 2'500, 1'000, 2'000));
    EXPECT_EQ(won[5] + won[6] + won[7], 2'000);
    int partial = 0;
    for (std::size_t i = 0; i < bids.size(); ++i) {
      partial += won[i] > 0 && won[i] < bids[i].quantity.count() ? 1 : 0;
    }
    EXPECT_LE(partial, 1);
    EXPECT_EQ(won[8] + won[9], 0);
    splits.insert({won[5], won[6], won[7]});
  }
  // Both small bids; the large one alone; one small one and half of the large one, two ways.
  EXPECT_THAT(splits, ElementsAre(std::vector<std::int64_t>{0, 0, 2'000},
                                  std::vector<std::int64_t>{0, 1'000, 1'000},
                                  std::vector<std::int64_t>{1'000, 0, 1'000},
                                  std::vector<std::int64_t>{1'000, 1'000, 0}));
}

// Case A4, derived from Del. Reg. (EU) 2023/2830 Art. 7: bids of 1,500 t and 1,000 t tie for 1,500
// t.
TEST(Clear, FillsTheLastTiedBidPartlyInEitherOrder) {
  const std::vector<Bid> bids = {BidOf(1, 7'010, 2'000), BidOf(2, 7'005, 1'500),
                                 BidOf(3, 7'000, 1'500), BidOf(4, 7'000, 1'000),
                                 BidOf(5, 6'999, 500)};
  std::map<std::vector<std::int64_t>, int> outcomes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Clearing clearing = Clear(bids, TermsOf("eu", 5'000, {}, seed));
    EXPECT_EQ(clearing.price, Cents(7'000));
    ++outcomes[Won(clearing, bids.size())];
  }
  ASSERT_EQ(outcomes.size(), 2U);
  const int c_first = outcomes[{2'000, 1'500, 1'500, 0, 0}];
  const int d_first = outcomes[{2'000, 1'500, 500, 1'000, 0}];
  EXPECT_EQ(c_first + d_first, 200);
  // Either order is as likely: 100 +- 4 standard deviations of 7.1.
  EXPECT_NEAR(c_first, 100, 28);
}

// Case A5: 4,500 t are bid for 5,000 t.
TEST(Clear, CancelsShortEuropeanAuctionsAndSellsShortBritishAndChineseOnes) {
  const std::vector<Bid> bids = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 2'500)};
  const Clearing eu = Clear(bids, TermsOf("eu", 5'000));
  EXPECT_EQ(eu.status, Status::kUndersubscribed);
  EXPECT_THAT(eu.awards, IsEmpty());
  EXPECT_EQ(eu.unsold, Tonnes(5'000));

  const Clearing uk = Clear(bids, TermsOf("uk", 5'000, Cents(2'800)));
  EXPECT_EQ(uk.status, Status::kPartial);
  EXPECT_EQ(uk.price, Cents(7'000));
  EXPECT_EQ(uk.sold, Tonnes(4'500));
  EXPECT_EQ(uk.unsold, Tonnes(500));

  const std::vector<Bid> chinese = {BidOf(1, 7'100, 2'000), BidOf(2, 7'000, 2'000)};
  const Clearing cn = Clear(chinese, TermsOf("cn_weekly", 50'000, Cents(6'000)));
  EXPECT_EQ(cn.status, Status::kPartial);
  EXPECT_EQ(cn.price, Cents(6'000));
  EXPECT_EQ(cn.sold, Tonnes(4'000));
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
  EXPECT_EQ(Clear(bids, TermsOf("eu", 5'000, Cents(6'000))).status, Status::kCleared);
  const Clearing cancelled = Clear(bids, TermsOf("eu", 5'000, Cents(6'001)));
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
  EXPECT_THAT(clearing.awards, ElementsAre(Award{0, Tonnes(1'000)}));
  const std::vector<Bid> low = {BidOf(2, 5'999, 10'000)};
  EXPECT_EQ(Clear(low, TermsOf("uk", 5'000, Cents(6'000))).status, Status::kBelowReserve);
}

TEST(Clear, SaysUndersubscribedWhenNobodyBids) {
  for (const Format& format : Formats()) {
    const Clearing clearing = Clear({}, TermsOf(format.name, 5'000, Cents(6'000)));
    EXPECT_EQ(clearing.status, Status::kUndersubscribed) << format.name;
    EXPECT_EQ(clearing.unsold, Tonnes(5'000)) << format.name;
  }
}

TEST(Clear, CutsABidderToTheLimitFromItsLowestPrice) {
  // 10% of 30,000 t. Bidder 1 asks 5,000 t in three steps and keeps the best 3,000 t.
  std::vector<Bid> bids = {BidOf(1, 7'000, 2'000), BidOf(1, 9'000, 2'000), BidOf(1, 8'000, 1'000)};
  for (std::uint32_t other = 2; other < 11; ++other) bids.push_back(BidOf(other, 6'500, 3'000));
  const Clearing clearing = Clear(bids, TermsOf("cn_weekly", 30'000, Cents(6'000)));
  EXPECT_EQ(clearing.status, Status::kCleared);
  EXPECT_EQ(clearing.price, Cents(6'500));
  const auto won = Won(clearing, bids.size());
  EXPECT_THAT(std::vector(won.begin(), won.begin() + 3), ElementsAre(0, 2'000, 1'000));
}

TEST(Clear, LetsABidderWinOneLotWhereItsShareWouldRoundToNothing) {
  const std::vector<Bid> bids = {BidOf(1, 7'000, 5'000), BidOf(2, 6'900, 5'000)};
  const Clearing clearing = Clear(bids, TermsOf("cn_weekly", 5'000, Cents(6'000)));
  EXPECT_THAT(clearing.awards, ElementsAre(Award{0, Tonnes(1'000)}, Award{1, Tonnes(1'000)}));
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

TEST(Formats, AreFoundByNameOnly) {
  for (const Format& format : Formats()) EXPECT_EQ(FindFormat(format.name), &format);
  EXPECT_EQ(FindFormat("dutch"), nullptr);
}

}  // namespace
}  // namespace ets::auction
