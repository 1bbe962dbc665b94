// The bidding window, the clearing and what the winners and the auctioneer get.
#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class AuctionHouse : public ExchangeTest {
 protected:
  void SetUp() override {
    auctioneer_ = Trader(0, 100'000);
    for (int i = 0; i < 12; ++i) bidders_.push_back(Trader(1'000'000'000, 0));
    cea_ = List(kUnits, 8'000);
    Open();
  }
  auction::Terms Terms(std::string_view format, std::int64_t supply,
                       std::optional<Price> reserve = Fen(6'000)) {
    return {.format = *auction::FindFormat(format),
            .supply = Tonnes(supply),
            .reserve = reserve,
            .tie_seed = 7};
  }
  Outcome OpenFor(const auction::Terms& terms) { return Do(OpenAuction{auctioneer_, cea_, terms}); }
  Outcome Bid(std::size_t bidder, std::int64_t price, std::int64_t quantity) {
    return Do(SubmitBid{bidders_[bidder], Fen(price), Tonnes(quantity)});
  }

  MemberId auctioneer_;
  std::vector<MemberId> bidders_;
  InstrumentId cea_;
};

TEST_F(AuctionHouse, ReservesTheSupplyAndTheFullValueOfEveryBid) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 40'000)).ok());
  EXPECT_TRUE(market_.auction_open());
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{60'000, 40'000, 0}));
  ASSERT_TRUE(Bid(0, 7'000, 2'000).ok());
  EXPECT_EQ(Cash(bidders_[0]), (matching::Holding{986'000'000, 14'000'000, 0}));
}

TEST_F(AuctionHouse, MakesOneFillAWinnerAtTheClearingPriceAndFreesTheRest) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 40'000)).ok());
  ASSERT_TRUE(Bid(1, 7'500, 2'000).ok());
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  ASSERT_TRUE(Bid(1, 6'500, 1'000).ok());
  const auto closed = Do(CloseAuction{});
  EXPECT_EQ(closed->traded, Tonnes(4'000));
  EXPECT_EQ(closed->value, Money::FromMinor(24'000'000));
  EXPECT_FALSE(market_.auction_open());

  // The bids fall short of the supply, so all winners pay the reserve price.
  ASSERT_THAT(clearings_, SizeIs(1));
  EXPECT_EQ(clearings_[0].status, auction::Status::kPartial);
  EXPECT_EQ(clearings_[0].price, Fen(6'000));
  ASSERT_THAT(fills_, SizeIs(2));
  EXPECT_EQ(fills_[0].buyer, bidders_[1]);
  EXPECT_EQ(fills_[0].quantity, Tonnes(3'000));
  EXPECT_EQ(fills_[0].price, Fen(6'000));
  EXPECT_EQ(fills_[0].channel, Channel::kAuction);
  EXPECT_EQ(fills_[0].seller, auctioneer_);
  EXPECT_EQ(fills_[1].buyer, bidders_[0]);
  EXPECT_EQ(fills_[1].quantity, Tonnes(1'000));

  EXPECT_EQ(Cash(bidders_[1]), (matching::Holding{1'000'000'000 - 18'000'000, 0, 0}));
  EXPECT_EQ(Units(bidders_[1]), (matching::Holding{0, 0, 3'000}));
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{96'000, 0, 0}));
  EXPECT_EQ(Cash(auctioneer_), (matching::Holding{24'000'000, 0, 0}));
  EXPECT_EQ(market_.instrument(cea_).auction_volume, Tonnes(4'000));
}

TEST_F(AuctionHouse, LetsEveryBidderPayTheLowestAcceptedBid) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  for (std::size_t i = 0; i < 12; ++i) {
    ASSERT_TRUE(Bid(i, 6'500 + static_cast<std::int64_t>(i) * 10, 1'000).ok());
  }
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  EXPECT_EQ(clearings_[0].status, auction::Status::kCleared);
  EXPECT_EQ(clearings_[0].price, Fen(6'520));
  EXPECT_THAT(fills_, SizeIs(10));
  EXPECT_EQ(Cash(bidders_[11]).available, 1'000'000'000 - 6'520'000);
  EXPECT_EQ(Cash(bidders_[0]), (matching::Holding{1'000'000'000, 0, 0}));  // Lost.
}

TEST_F(AuctionHouse, NeverMovesTheClose) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  ASSERT_TRUE(Bid(0, 6'500, 1'000).ok());
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  Close();
  EXPECT_EQ(market_.instrument(cea_).close, Fen(8'000));
}

TEST_F(AuctionHouse, HoldsAwardedUnitsUntilTheNextSession) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  ASSERT_TRUE(Bid(0, 6'500, 1'000).ok());
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  EXPECT_EQ(Sell(bidders_[0], cea_, 8'000, 1), Fail{Refusal::kUnitsBoughtToday});
  Close();
  Open();
  EXPECT_TRUE(Sell(bidders_[0], cea_, 8'000, 1'000).ok());
}

TEST_F(AuctionHouse, GivesEverythingBackWhenAnAuctionIsCancelled) {
  auction::Terms terms = Terms("eu", 10'000, {});
  terms.secret_reserve = Fen(9'000);
  ASSERT_TRUE(OpenFor(terms).ok());
  // The reserve is secret: a lower bid is taken, and the clearing price decides.
  ASSERT_TRUE(Bid(0, 6'500, 10'000).ok());
  EXPECT_EQ(Do(CloseAuction{})->traded, Tonnes(0));
  EXPECT_EQ(clearings_[0].status, auction::Status::kBelowReserve);
  EXPECT_THAT(fills_, IsEmpty());
  EXPECT_EQ(Cash(bidders_[0]), (matching::Holding{1'000'000'000, 0, 0}));
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{100'000, 0, 0}));
}

TEST_F(AuctionHouse, AbandonsTheAuctionOfADelistedInstrument) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  ASSERT_TRUE(Bid(0, 6'500, 1'000).ok());
  ASSERT_TRUE(Do(DelistInstrument{cea_}).ok());
  EXPECT_FALSE(market_.auction_open());
  EXPECT_EQ(Cash(bidders_[0]), (matching::Holding{1'000'000'000, 0, 0}));
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{100'000, 0, 0}));
}

TEST_F(AuctionHouse, TakesAFieldOfANamedFormatThatAScenarioChanged) {
  auction::Terms terms = Terms("cn-weekly", 10'000);
  terms.format.bidder_limit_bp = 5'000;
  ASSERT_TRUE(OpenFor(terms).ok());
  ASSERT_TRUE(Bid(0, 6'500, 10'000).ok());
  EXPECT_EQ(Do(CloseAuction{})->traded, Tonnes(5'000));
}

TEST_F(AuctionHouse, RefusesAnAuctionByTheFirstRuleItBreaks) {
  auction::Terms unknown = Terms("cn-weekly", 0);
  unknown.format.name = "dutch";
  EXPECT_EQ(OpenFor(unknown), Fail{Refusal::kAuctionFormatInvalid});
  auction::Terms terms = Terms("cn-weekly", 0, Fen(0));
  EXPECT_EQ(Do(OpenAuction{MemberId(99), cea_, terms}), Fail{Refusal::kMemberNotFound});
  EXPECT_EQ(Do(OpenAuction{auctioneer_, InstrumentId(9), terms}),
            Fail{Refusal::kInstrumentNotFound});
  EXPECT_EQ(OpenFor(terms), Fail{Refusal::kQuantityNotPositive});
  terms.supply = Tonnes(100'001);
  EXPECT_EQ(OpenFor(terms), Fail{Refusal::kPriceOutsideBand});
  terms.reserve = Fen(6'000);
  EXPECT_EQ(OpenFor(terms), Fail{Refusal::kInsufficientUnits});
  terms.supply = Tonnes(1'500);
  EXPECT_EQ(OpenFor(terms), Fail{Refusal::kBidNotInLots});
  terms.supply = Tonnes(1'000);
  EXPECT_TRUE(OpenFor(terms).ok());
  EXPECT_EQ(OpenFor(terms), Fail{Refusal::kAuctionAlreadyOpen});
}

TEST_F(AuctionHouse, RefusesABidByTheFirstRuleItBreaks) {
  EXPECT_EQ(Do(SubmitBid{MemberId(99), Fen(0), Tonnes(0)}), Fail{Refusal::kMemberNotFound});
  EXPECT_EQ(Bid(0, 0, 0), Fail{Refusal::kQuantityNotPositive});
  EXPECT_EQ(Bid(0, 0, 1), Fail{Refusal::kAuctionNotOpen});
  EXPECT_EQ(Do(CloseAuction{}), Fail{Refusal::kAuctionNotOpen});
  auction::Terms terms = Terms("cn-weekly", 10'000);
  terms.format.tick = Fen(5);
  ASSERT_TRUE(OpenFor(terms).ok());
  EXPECT_EQ(Bid(0, 1, 1), Fail{Refusal::kPriceOffTick});
  EXPECT_EQ(Bid(0, 0, 1), Fail{Refusal::kPriceOutsideBand});
  EXPECT_EQ(Bid(0, 5'000, 300'001), Fail{Refusal::kInsufficientCash});
  EXPECT_EQ(Do(SubmitBid{auctioneer_, Fen(5), Tonnes(1)}), Fail{Refusal::kInsufficientCash});
  Deposit(auctioneer_, kCash, 10'000);
  EXPECT_EQ(Do(SubmitBid{auctioneer_, Fen(5), Tonnes(1)}), Fail{Refusal::kSameParty});
  EXPECT_EQ(Bid(0, 5'000, 1'500), Fail{Refusal::kBidNotInLots});
  EXPECT_EQ(Bid(0, 5'995, 1'000), Fail{Refusal::kBidBelowReserve});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Bid(0, 6'000, 1'000).ok());
  EXPECT_EQ(Bid(0, 6'000, 1'000), Fail{Refusal::kTooManyBids});
  EXPECT_TRUE(Bid(1, 6'000, 1'000).ok());
  EXPECT_EQ(market_.bids_accepted(), 11U);
}

TEST_F(AuctionHouse, CountsBidsOfEachAuctionAnew) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Bid(0, 6'000, 1'000).ok());
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  EXPECT_TRUE(Bid(0, 6'000, 1'000).ok());
}

TEST_F(AuctionHouse, LetsAMemberAdmittedDuringTheWindowBid) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  bidders_.push_back(Trader(10'000'000, 0));
  EXPECT_TRUE(Bid(12, 6'000, 1'000).ok());
}

}  // namespace
}  // namespace ets::market
