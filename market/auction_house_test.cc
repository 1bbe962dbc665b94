// The bidding window, the clearing and what the winners and the auctioneer get.
#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

using ::testing::ElementsAre;
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
  // Awards are paid later, by PayAuction.
  Outcome OpenUntilPayDay(const auction::Terms& terms) {
    return Do(OpenAuction{auctioneer_, cea_, terms, Date::Of(2027, 1, 8)});
  }
  void OnAuction(const AuctionEvent& event) override { told_.push_back(event.kind); }
  Outcome Bid(std::size_t bidder, std::int64_t price, std::int64_t quantity) {
    return Do(SubmitBid{bidders_[bidder], Fen(price), Tonnes(quantity)});
  }

  std::vector<AuctionEventKind> told_;
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

// Limits cut here, the guarantee does not: all that a bidder bids must be covered.
TEST_F(AuctionHouse, HoldsAllBidsOfABidderToWhatItLodged) {
  auction::Terms terms = Terms("cn-weekly", 40'000);
  auction::BidderTerms poor;
  poor.bidder = bidders_[0];
  poor.guarantee = Money::FromMinor(2'500'000);  // 30% of a bid, and some more.
  terms.bidders = {poor};
  ASSERT_TRUE(OpenFor(terms).ok());
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  EXPECT_EQ(Bid(0, 6'500, 1'000), Fail{Refusal::kInsufficientCash});
  EXPECT_EQ(market_.detail(), (RefusalDetail{4'050'000, 2'500'000}));
  EXPECT_TRUE(Do(ChangeBid{bidders_[0], 1, Fen(8'000), Tonnes(1'000)}).ok());
  EXPECT_TRUE(Bid(1, 6'500, 9'000).ok());  // Above its limit of a tenth: cut, not refused.
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

// ---- Bids change and go while the window is open ----

TEST_F(AuctionHouse, NumbersBidsAndLetsTheirOwnersChangeAndWithdrawThem) {
  ASSERT_TRUE(OpenFor(Terms("eu", 5'000, {})).ok());
  EXPECT_EQ(Bid(0, 7'000, 2'000)->id, 1U);
  EXPECT_EQ(Bid(1, 7'100, 1'000)->id, 2U);
  ASSERT_TRUE(Do(ChangeBid{bidders_[0], 1, Fen(6'000), Tonnes(500)}).ok());
  EXPECT_EQ(Cash(bidders_[0]).reserved, 3'000'000);
  EXPECT_EQ(Do(ChangeBid{bidders_[1], 1, Fen(6'000), Tonnes(500)}), Fail{Refusal::kOrderNotFound});
  EXPECT_EQ(Do(WithdrawBid{bidders_[0], 3}), Fail{Refusal::kOrderNotFound});
  ASSERT_TRUE(Do(WithdrawBid{bidders_[0], 1}).ok());
  EXPECT_EQ(Cash(bidders_[0]), (matching::Holding{1'000'000'000, 0, 0}));
  EXPECT_EQ(Do(WithdrawBid{bidders_[0], 1}), Fail{Refusal::kOrderNotFound});
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  EXPECT_EQ(clearings_[0].bids, 1U);
  EXPECT_EQ(Do(WithdrawBid{bidders_[1], 2}), Fail{Refusal::kAuctionNotOpen});
}

TEST_F(AuctionHouse, PutsAChangedBidBehindAllOthersInTime) {
  auction::Terms terms = Terms("shanghai", 1'000);
  ASSERT_TRUE(OpenFor(terms).ok());
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  ASSERT_TRUE(Bid(1, 7'000, 1'000).ok());
  ASSERT_TRUE(Do(ChangeBid{bidders_[0], 1, Fen(7'000), Tonnes(999)}).ok());
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  ASSERT_THAT(fills_, SizeIs(1));
  EXPECT_EQ(fills_[0].buyer, bidders_[1]);
}

TEST_F(AuctionHouse, ChecksAChangedBidAsIfItWereNew) {
  ASSERT_TRUE(OpenFor(Terms("eu", 5'000, {})).ok());
  ASSERT_TRUE(Bid(0, 7'000, 500).ok());
  EXPECT_EQ(Do(ChangeBid{bidders_[0], 1, Fen(7'000), Tonnes(700)}), Fail{Refusal::kBidNotInLots});
  EXPECT_EQ(Do(ChangeBid{bidders_[0], 1, Fen(7'000), Tonnes(200'000)}),
            Fail{Refusal::kInsufficientCash});
  EXPECT_EQ(Cash(bidders_[0]).reserved, 3'500'000);
}

TEST_F(AuctionHouse, LetsNobodyTakeBackAnIrrevocableBid) {
  ASSERT_TRUE(OpenFor(Terms("guangdong", 10'000)).ok());
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  EXPECT_EQ(Do(WithdrawBid{bidders_[0], 1}), Fail{Refusal::kBidIrrevocable});
  EXPECT_EQ(Do(ChangeBid{bidders_[0], 1, Fen(7'100), Tonnes(1'000)}),
            Fail{Refusal::kBidIrrevocable});
}

TEST_F(AuctionHouse, RefusesWhatIsAboveTheLimitsWhereLimitsDoNotCut) {
  ASSERT_TRUE(OpenFor(Terms("guangdong", 10'000)).ok());
  EXPECT_EQ(Bid(0, 7'000, 5'001), Fail{Refusal::kQuantityAboveMax});
  EXPECT_EQ(market_.detail(), (RefusalDetail{5'001, 5'000}));
  ASSERT_TRUE(Bid(0, 7'000, 3'000).ok());
  EXPECT_EQ(Bid(0, 7'000, 2'001), Fail{Refusal::kQuantityAboveMax});
  ASSERT_TRUE(Bid(0, 7'000, 2'000).ok());
}

// ---- Guarantees and pay day ----

TEST_F(AuctionHouse, LodgesTheGuaranteeAndTakesTheRestOnPayDay) {
  ASSERT_TRUE(OpenUntilPayDay(Terms("cn-weekly", 40'000)).ok());
  ASSERT_TRUE(Bid(0, 7'000, 2'000).ok());
  EXPECT_EQ(Cash(bidders_[0]).reserved, 4'200'000);  // 30% of 14,000,000.
  const auto closed = Do(CloseAuction{});
  EXPECT_EQ(closed->traded, Tonnes(0));
  EXPECT_EQ(closed->resting, Tonnes(2'000));
  EXPECT_THAT(fills_, IsEmpty());
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{98'000, 2'000, 0}));
  EXPECT_EQ(Cash(bidders_[0]).reserved, 4'200'000);
  const auto paid = Do(PayAuction{closed->id});
  EXPECT_EQ(paid->traded, Tonnes(2'000));
  EXPECT_EQ(paid->value, Money::FromMinor(12'000'000));
  EXPECT_THAT(fills_, SizeIs(1));
  EXPECT_EQ(Cash(bidders_[0]), (matching::Holding{988'000'000, 0, 0}));
  EXPECT_EQ(Do(PayAuction{closed->id}), Fail{Refusal::kAuctionNotOpen});
}

TEST_F(AuctionHouse, CancelsTheAwardOfWhoCannotPayBeforeItIsSent) {
  const MemberId poor = Trader(4'200'000, 0);
  bidders_.push_back(poor);
  ASSERT_TRUE(OpenUntilPayDay(Terms("cn-weekly", 40'000)).ok());
  ASSERT_TRUE(Bid(12, 7'000, 2'000).ok());
  ASSERT_TRUE(Bid(0, 6'500, 1'000).ok());
  const auto closed = Do(CloseAuction{});
  const auto paid = Do(PayAuction{closed->id});
  EXPECT_EQ(paid->traded, Tonnes(1'000));
  EXPECT_EQ(paid->resting, Tonnes(2'000));
  ASSERT_THAT(fills_, SizeIs(1));
  EXPECT_EQ(fills_[0].buyer, bidders_[0]);
  EXPECT_EQ(Cash(poor), (matching::Holding{4'200'000, 0, 0}));
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{99'000, 0, 0}));
  EXPECT_THAT(told_, ElementsAre(AuctionEventKind::kOpened, AuctionEventKind::kBidTaken,
                                 AuctionEventKind::kBidTaken, AuctionEventKind::kClosed,
                                 AuctionEventKind::kUnpaid, AuctionEventKind::kPaid));
}

TEST_F(AuctionHouse, LetsADepositBeforePayDayTopTheGuaranteeUp) {
  bidders_.push_back(Trader(4'200'000, 0));
  ASSERT_TRUE(OpenUntilPayDay(Terms("cn-weekly", 40'000)).ok());
  ASSERT_TRUE(Bid(12, 7'000, 2'000).ok());
  const auto closed = Do(CloseAuction{});
  Deposit(bidders_[12], kCash, 7'800'000);
  EXPECT_EQ(Do(PayAuction{closed->id})->traded, Tonnes(2'000));
  EXPECT_EQ(Cash(bidders_[12]), (matching::Holding{0, 0, 0}));
}

TEST_F(AuctionHouse, HoldsTheNextAuctionWhileOneAwaitsItsPayDay) {
  ASSERT_TRUE(OpenUntilPayDay(Terms("cn-weekly", 40'000)).ok());
  ASSERT_TRUE(Bid(0, 7'000, 2'000).ok());
  const auto first = Do(CloseAuction{});
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 40'000)).ok());
  ASSERT_TRUE(Bid(1, 7'000, 1'000).ok());
  market_.CheckInvariants();
  EXPECT_EQ(Do(CloseAuction{})->traded, Tonnes(1'000));
  EXPECT_EQ(Do(PayAuction{first->id})->traded, Tonnes(2'000));
}

// California: the most that a ladder can cost, not its sum.
TEST_F(AuctionHouse, ReservesALaddersGuarantee) {
  ASSERT_TRUE(OpenFor(Terms("wci", 40'000, Fen(1'000))).ok());
  ASSERT_TRUE(Bid(0, 3'000, 2'000).ok());
  ASSERT_TRUE(Bid(0, 2'000, 4'000).ok());
  EXPECT_EQ(Cash(bidders_[0]).reserved, 12'000'000);
}

// ---- Consigned units, containment, pay as bid ----

TEST_F(AuctionHouse, SellsConsignedUnitsFirstAndPaysTheirConsignor) {
  const MemberId utility = Trader(0, 3'000);
  auction::Terms terms = Terms("wci", 20'000, Fen(1'000));
  terms.consignments = {{utility, Tonnes(3'000)}};
  ASSERT_TRUE(OpenFor(terms).ok());
  EXPECT_EQ(Units(utility), (matching::Holding{0, 3'000, 0}));
  EXPECT_EQ(Units(auctioneer_).reserved, 17'000);
  ASSERT_TRUE(Bid(0, 3'000, 2'000).ok());
  ASSERT_TRUE(Bid(1, 2'000, 2'000).ok());
  EXPECT_EQ(Do(SubmitBid{utility, Fen(3'000), Tonnes(1'000)}), Fail{Refusal::kInsufficientCash});
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  ASSERT_THAT(fills_, SizeIs(3));
  EXPECT_EQ(fills_[0].seller, utility);
  EXPECT_EQ(fills_[0].quantity, Tonnes(2'000));
  EXPECT_EQ(fills_[1].seller, utility);
  EXPECT_EQ(fills_[1].quantity, Tonnes(1'000));
  EXPECT_EQ(fills_[2].seller, auctioneer_);
  EXPECT_EQ(Cash(utility).available, 3'000'000);
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{99'000, 0, 0}));
}

TEST_F(AuctionHouse, KeepsTheContainmentReserveAtHand) {
  auction::Terms terms = Terms("rggi", 4'000, Fen(900));
  terms.format.bidder_limit_bp = 10'000;
  terms.containment = {{Fen(1'950), Tonnes(3'000)}};
  ASSERT_TRUE(OpenFor(terms).ok());
  EXPECT_EQ(Units(auctioneer_).reserved, 7'000);
  ASSERT_TRUE(Bid(0, 2'500, 4'000).ok());
  ASSERT_TRUE(Bid(1, 2'000, 2'000).ok());
  EXPECT_EQ(Do(CloseAuction{})->traded, Tonnes(6'000));
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{94'000, 0, 0}));
}

TEST_F(AuctionHouse, PrintsAFillAPriceUnderPayAsBid) {
  auction::Terms terms = Terms("eu", 2'000, {});
  terms.format.pricing = auction::Pricing::kPayAsBid;
  ASSERT_TRUE(OpenFor(terms).ok());
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  ASSERT_TRUE(Bid(1, 6'900, 500).ok());
  ASSERT_TRUE(Bid(0, 6'800, 500).ok());
  EXPECT_EQ(Do(CloseAuction{})->value, Money::FromMinor(7'000'000 + 3'450'000 + 3'400'000));
  ASSERT_THAT(fills_, SizeIs(3));
  EXPECT_EQ(fills_[0].price, Fen(7'000));
  EXPECT_EQ(fills_[1].price, Fen(6'800));
  EXPECT_EQ(fills_[2].price, Fen(6'900));
}

TEST_F(AuctionHouse, TellsTheLimitThatABidBroke) {
  ASSERT_TRUE(OpenFor(Terms("eu", 5'000, {})).ok());
  EXPECT_EQ(Bid(0, 7'000, 750), Fail{Refusal::kBidNotInLots});
  EXPECT_EQ(market_.detail(), (RefusalDetail{750, 500}));
  EXPECT_EQ(Bid(0, 7'000, 500'000), Fail{Refusal::kInsufficientCash});
  EXPECT_EQ(market_.detail(), (RefusalDetail{3'500'000'000, 1'000'000'000}));
}

TEST_F(AuctionHouse, RemembersTheLastAuctionsWithTheirBids) {
  EXPECT_FALSE(market_.open_auction().has_value());
  ASSERT_TRUE(OpenUntilPayDay(Terms("cn-weekly", 40'000)).ok());
  ASSERT_TRUE(Bid(0, 7'000, 2'000).ok());
  ASSERT_TRUE(Bid(1, 6'500, 1'000).ok());
  ASSERT_TRUE(Do(WithdrawBid{bidders_[0], 1}).ok());
  ASSERT_TRUE(market_.open_auction().has_value());
  EXPECT_THAT(market_.open_auction()->numbers, ElementsAre(2));
  EXPECT_EQ(market_.closed_auction(1), nullptr);
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  ASSERT_NE(market_.closed_auction(1), nullptr);
  EXPECT_TRUE(market_.closed_auction(1)->awaits_payment);
  EXPECT_EQ(market_.closed_auction(1)->clearing.sold, Tonnes(1'000));
  ASSERT_TRUE(Do(PayAuction{1}).ok());
  EXPECT_FALSE(market_.closed_auction(1)->awaits_payment);
  for (std::uint32_t i = 0; i < kClosedAuctionsKept; ++i) {
    ASSERT_TRUE(OpenFor(Terms("cn-weekly", 1'000)).ok());
    ASSERT_TRUE(Do(CloseAuction{}).ok());
  }
  EXPECT_EQ(market_.closed_auction(1), nullptr);
  EXPECT_NE(market_.closed_auction(market_.auctions_opened()), nullptr);
}

// ---- By the clock. ----

constexpr SimTime kHour = SimTime{3'600} * kMicrosPerSecond;

TEST_F(AuctionHouse, TakesBidsFromItsOpeningUntilItsCloseAndThenClosesByItself) {
  OpenAuction input{auctioneer_, cea_, Terms("cn-weekly", 10'000)};
  input.opens = 9 * kHour;
  input.closes = 11 * kHour;
  ASSERT_TRUE(Do(input).ok());
  EXPECT_EQ(market_.next_due(), 9 * kHour);
  EXPECT_EQ(Bid(0, 7'000, 1'000), Fail{Refusal::kBiddingNotOpen});
  EXPECT_EQ(market_.detail().limit, 9 * kHour);
  envelope_.sim_time = 9 * kHour;
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  ASSERT_TRUE(Do(AdvanceTo{9 * kHour}).ok());
  EXPECT_EQ(market_.next_due(), 11 * kHour);
  // Also before the clock has fired.
  envelope_.sim_time = 11 * kHour;
  EXPECT_EQ(Bid(1, 7'000, 1'000), Fail{Refusal::kAuctionNotOpen});
  EXPECT_EQ(market_.detail(), (RefusalDetail{11 * kHour, 11 * kHour}));
  ASSERT_TRUE(Do(AdvanceTo{11 * kHour}).ok());
  EXPECT_FALSE(market_.auction_open());
  ASSERT_THAT(fills_, SizeIs(1));
  EXPECT_EQ(fills_[0].quantity, Tonnes(1'000));
}

TEST_F(AuctionHouse, TakesPaymentByItselfWhenThePayDayIsOver) {
  auction::Terms terms = Terms("cn-weekly", 10'000);
  terms.format.guarantee_bp = 1'000;
  const MemberId poor = Trader(800'000, 0);  // A guarantee, and no more.
  ASSERT_TRUE(Do(OpenAuction{auctioneer_, cea_, terms, Date(1)}).ok());
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  ASSERT_TRUE(Do(SubmitBid{poor, Fen(7'500), Tonnes(1'000)}).ok());
  ASSERT_TRUE(Do(CloseAuction{}).ok());
  const SimTime due = ToInstant({Date(2), 0}, rules_.zone);
  EXPECT_EQ(market_.next_due(), due);
  ASSERT_TRUE(Do(AdvanceTo{due - 1}).ok());
  EXPECT_THAT(fills_, IsEmpty());
  envelope_.sim_time = due;
  ASSERT_TRUE(Do(AdvanceTo{due}).ok());
  ASSERT_THAT(fills_, SizeIs(1));
  EXPECT_EQ(fills_[0].buyer, bidders_[0]);
  EXPECT_EQ(market_.closed_auction(1)->unpaid, Tonnes(1'000));
  EXPECT_FALSE(market_.closed_auction(1)->awaits_payment);
  EXPECT_EQ(Units(auctioneer_), (matching::Holding{99'000, 0, 0}));
  EXPECT_EQ(Cash(poor), (matching::Holding{800'000, 0, 0}));
  EXPECT_EQ(Do(PayAuction{1}), Fail{Refusal::kAuctionNotOpen});
}

TEST_F(AuctionHouse, RefusesAWindowThatCannotBe) {
  OpenAuction input{auctioneer_, cea_, Terms("cn-weekly", 10'000)};
  input.opens = 9 * kHour;
  input.closes = 9 * kHour;
  EXPECT_EQ(Do(input), Fail{Refusal::kWindowInvalid});
  input.opens = 0;
  input.closes = -1;
  EXPECT_EQ(Do(input), Fail{Refusal::kWindowInvalid});
  input.closes = 30 * kHour;  // The second day, by Beijing's clocks.
  input.pay_day = Date(0);
  EXPECT_EQ(Do(input), Fail{Refusal::kWindowInvalid});
  EXPECT_EQ(market_.detail(), (RefusalDetail{0, 1}));
  input.pay_day = Date(1);
  EXPECT_TRUE(Do(input).ok());
}

TEST_F(AuctionHouse, AppliesABidOnceUnderOneClientId) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  SubmitBid bid{bidders_[0], Fen(7'000), Tonnes(1'000)};
  bid.client_id = *matching::ClientOrderId::Parse("one");
  const auto first = Do(bid);
  ASSERT_TRUE(first.ok());
  const std::uint64_t hash = market_.StateHash();
  const auto again = Do(bid);
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(again->sequence, first->sequence);
  EXPECT_EQ(market_.StateHash(), hash);
  bid.price = Fen(7'001);
  EXPECT_EQ(Do(bid), Fail{Refusal::kDuplicateClientOrderId});
  EXPECT_EQ(market_.detail().limit, first->id);
  EXPECT_EQ(market_.open_auction()->bids.size(), 1U);
}

// ---- Schedules ----

TEST_F(AuctionHouse, TakesAScheduleAsItsBidsOneByOne) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  ASSERT_TRUE(Bid(1, 7'000, 1'000).ok());
  const auto taken = Do(SubmitBids{
      bidders_[0],
      {{Fen(8'000), Tonnes(1'000)}, {Fen(7'500), Tonnes(2'000)}, {Fen(6'000), Tonnes(3'000)}},
      {},
      0});
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken->id, 2U);
  EXPECT_EQ(market_.bids_accepted(), 4U);
  EXPECT_EQ(std::ranges::count(told_, AuctionEventKind::kBidTaken), 4);
  const auto view = market_.open_auction();
  EXPECT_EQ(view->numbers, (std::vector<std::uint32_t>{1, 2, 3, 4}));
  EXPECT_EQ(view->bids[3].bidder, bidders_[0]);
  EXPECT_EQ(view->bids[3].price, Fen(6'000));
  EXPECT_EQ(view->bids[3].quantity, Tonnes(3'000));
  EXPECT_EQ(Cash(bidders_[0]).reserved, 8'000 * 1'000 + 7'500 * 2'000 + 6'000 * 3'000);
  ASSERT_TRUE(Do(WithdrawBid{bidders_[0], 3}).ok());
  EXPECT_EQ(Cash(bidders_[0]).reserved, 8'000 * 1'000 + 6'000 * 3'000);
}

TEST_F(AuctionHouse, TakesAllOfAScheduleOrNothing) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  ASSERT_TRUE(Bid(0, 7'000, 1'000).ok());
  ASSERT_TRUE(Do(WithdrawBid{bidders_[0], 1}).ok());
  ASSERT_TRUE(Bid(0, 7'000, 2'000).ok());
  const std::uint64_t hash = market_.StateHash();
  const auto bidders = bidders_;
  const auto refused = [&](std::vector<SubmitBids::Step> steps) {
    const Outcome outcome = Do(SubmitBids{bidders[0], std::move(steps), {}, 0});
    EXPECT_EQ(market_.StateHash(), hash);
    EXPECT_EQ(market_.bids_accepted(), 2U);
    EXPECT_EQ(Cash(bidders[0]).reserved, 7'000 * 2'000);
    return outcome;
  };
  const SubmitBids::Step good = {Fen(8'000), Tonnes(1'000)};
  EXPECT_EQ(refused({}), Fail{Refusal::kQuantityNotPositive});
  EXPECT_EQ(refused({good, good, {Fen(8'000), Tonnes(1'500)}}), Fail{Refusal::kBidNotInLots});
  EXPECT_EQ(market_.detail(), (RefusalDetail{1'500, 1'000}));
  EXPECT_EQ(refused({good, {Fen(5'999), Tonnes(1'000)}, good}), Fail{Refusal::kBidBelowReserve});
  EXPECT_EQ(refused(std::vector(10, good)), Fail{Refusal::kTooManyBids});
  // Each alone could be paid for, but not both: 1,000,000,000 are there.
  const SubmitBids::Step dear = {Fen(100'000), Tonnes(6'000)};
  EXPECT_EQ(refused({dear, dear}), Fail{Refusal::kInsufficientCash});
  EXPECT_EQ(Do(SubmitBids{MemberId(99), {good}, {}, 0}), Fail{Refusal::kMemberNotFound});
  EXPECT_EQ(Do(SubmitBids{bidders_[0], {good}, {}, 9}), Fail{Refusal::kAuctionNotFound});
  EXPECT_EQ(Do(SubmitBids{bidders_[0], {good}, {}, 1})->id, 3U);
}

TEST_F(AuctionHouse, AppliesAScheduleOnceUnderOneClientId) {
  ASSERT_TRUE(OpenFor(Terms("cn-weekly", 10'000)).ok());
  SubmitBids schedule{bidders_[0],
                      {{Fen(8'000), Tonnes(1'000)}, {Fen(7'500), Tonnes(2'000)}},
                      *matching::ClientOrderId::Parse("mine"),
                      0};
  const auto first = Do(schedule);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Do(schedule)->id, first->id);
  EXPECT_EQ(market_.open_auction()->bids.size(), 2U);
  schedule.bids.pop_back();
  EXPECT_EQ(Do(schedule), Fail{Refusal::kDuplicateClientOrderId});
}

}  // namespace
}  // namespace ets::market
