// Sessions, listed orders and blocks.
#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

using ::testing::IsEmpty;

class Trading : public ExchangeTest {
 protected:
  void SetUp() override {
    seller_ = Trader(0, 500'000);
    buyer_ = Trader(1'000'000'000, 0);
    cea_ = List(kUnits, 8'000);
    Open();
  }

  MemberId seller_;
  MemberId buyer_;
  InstrumentId cea_;
};

TEST_F(Trading, ReservesLimitTimesQuantityOrTheUnits) {
  EXPECT_EQ(Buy(buyer_, cea_, 7'900, 10)->resting, Tonnes(10));
  EXPECT_EQ(Cash(buyer_), (matching::Holding{1'000'000'000 - 79'000, 79'000, 0}));
  EXPECT_EQ(Sell(seller_, cea_, 8'100, 20)->resting, Tonnes(20));
  EXPECT_EQ(Units(seller_), (matching::Holding{499'980, 20, 0}));
}

TEST_F(Trading, FreesTheExcessAtOnceWhenThePriceIsBetter) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 10).ok());
  const auto bought = Buy(buyer_, cea_, 8'500, 10);
  EXPECT_EQ(bought->traded, Tonnes(10));
  EXPECT_EQ(bought->value, Money::FromMinor(80'000));
  EXPECT_EQ(bought->resting, Tonnes(0));
  EXPECT_EQ(Cash(buyer_), (matching::Holding{1'000'000'000 - 80'000, 0, 0}));
}

TEST_F(Trading, KeepsTheLimitReservedForWhatStillRests) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 4).ok());
  const auto bought = Buy(buyer_, cea_, 8'500, 10);
  EXPECT_EQ(bought->resting, Tonnes(6));
  EXPECT_EQ(Cash(buyer_), (matching::Holding{1'000'000'000 - 32'000 - 51'000, 51'000, 0}));
}

TEST_F(Trading, ReleasesWhatAnImmediateOrderDoesNotTrade) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 4).ok());
  const auto bought = Buy(buyer_, cea_, 8'500, 10, matching::TimeInForce::kImmediateOrCancel);
  EXPECT_EQ(bought->traded, Tonnes(4));
  EXPECT_EQ(bought->resting, Tonnes(0));
  EXPECT_EQ(Cash(buyer_), (matching::Holding{1'000'000'000 - 32'000, 0, 0}));
  ASSERT_TRUE(Buy(buyer_, cea_, 8'000, 5).ok());
  EXPECT_EQ(Sell(seller_, cea_, 8'000, 9, matching::TimeInForce::kImmediateOrCancel)->traded,
            Tonnes(5));
  EXPECT_EQ(Units(seller_), (matching::Holding{500'000 - 9, 0, 0}));
}

TEST_F(Trading, MakesSaleCashUsableAtOnce) {
  ASSERT_TRUE(Buy(buyer_, cea_, 8'000, 10).ok());
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 10).ok());
  EXPECT_EQ(Cash(seller_), (matching::Holding{80'000, 0, 0}));
  EXPECT_TRUE(Buy(seller_, cea_, 8'000, 10).ok());
}

TEST_F(Trading, KeepsUnitsBoughtTodayFromBeingSoldToday) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 10).ok());
  ASSERT_TRUE(Buy(buyer_, cea_, 8'000, 10).ok());
  EXPECT_EQ(Units(buyer_), (matching::Holding{0, 0, 10}));
  EXPECT_EQ(Sell(buyer_, cea_, 8'000, 1), Fail{Refusal::kUnitsBoughtToday});
  EXPECT_EQ(Do(Withdraw{buyer_, kUnits, 1}), Fail{Refusal::kUnitsBoughtToday});
  Close();
  EXPECT_EQ(Do(Withdraw{buyer_, kUnits, 1}), Fail{Refusal::kUnitsBoughtToday});
  Open();
  EXPECT_EQ(Units(buyer_), (matching::Holding{10, 0, 0}));
  EXPECT_TRUE(Sell(buyer_, cea_, 8'000, 10).ok());
}

TEST_F(Trading, SellsUnitsBoughtTodayWhereTheVenueHasNoSuchRule) {
  VenueRules rules;
  for (SessionType& type : rules.sessions) type.resale_next_day = false;
  Market venue(rules, 3, nullptr, nullptr);
  const auto apply = [&](const Input& input) { return venue.Apply(Envelope{}, input); };
  ASSERT_TRUE(apply(AdmitMember{}).ok());
  ASSERT_TRUE(apply(AdmitMember{}).ok());
  ASSERT_TRUE(apply(Position{1, MemberId(0), kUnits, 10}).ok());
  ASSERT_TRUE(apply(Position{2, MemberId(1), kCash, 80'000}).ok());
  ASSERT_TRUE(apply(ListInstrument{kUnits, kCash, Fen(8'000)}).ok());
  ASSERT_TRUE(apply(OpenSession{today_}).ok());
  const InstrumentId cea(0);
  ASSERT_TRUE(apply(PlaceOrder{MemberId(0), cea, kSell, kDay, Fen(8'000), Tonnes(10)}).ok());
  ASSERT_TRUE(apply(PlaceOrder{MemberId(1), cea, kBuy, kDay, Fen(8'000), Tonnes(10)}).ok());
  EXPECT_TRUE(apply(PlaceOrder{MemberId(1), cea, kSell, kDay, Fen(8'000), Tonnes(10)}).ok());
}

// SEEE announcement of 22 June 2021: listed trades within 10% of the previous close.
TEST_F(Trading, TakesListedOrdersWithinTenPercentOfThePreviousClose) {
  EXPECT_EQ(Buy(buyer_, cea_, 7'199, 1), Fail{Refusal::kPriceOutsideBand});
  EXPECT_TRUE(Buy(buyer_, cea_, 7'200, 1).ok());
  EXPECT_TRUE(Sell(seller_, cea_, 8'800, 1).ok());
  EXPECT_EQ(Sell(seller_, cea_, 8'801, 1), Fail{Refusal::kPriceOutsideBand});
}

TEST_F(Trading, RoundsTheBandInwardsToTheTick) {
  const InstrumentId odd = List(kOtherUnits, 7'005);
  Close();
  Open();
  const InstrumentView& view = market_.instrument(odd);
  EXPECT_EQ(view.band_low, Fen(6'305));         // 6,304.5
  EXPECT_EQ(view.band_high, Fen(7'705));        // 7,705.5
  EXPECT_EQ(view.block_band_low, Fen(4'904));   // 4,903.5
  EXPECT_EQ(view.block_band_high, Fen(9'106));  // 9,106.5
}

TEST_F(Trading, GivesEveryInstrumentABandOfItsOwn) {
  const InstrumentId other = List(kOtherUnits, 4'000);
  Close();
  Open();
  EXPECT_EQ(market_.instrument(cea_).band_low, Fen(7'200));
  EXPECT_EQ(market_.instrument(other).band_low, Fen(3'600));
}

// The same announcement: listed below 100,000 t, blocks from there within 30%.
TEST_F(Trading, SplitsTheChannelsAtOneHundredThousandTonnes) {
  const MemberId rich = Trader(10'000'000'000, 0);
  EXPECT_TRUE(Sell(seller_, cea_, 8'000, 99'999).ok());
  EXPECT_EQ(Sell(seller_, cea_, 8'000, 100'000), Fail{Refusal::kQuantityOfWrongChannel});
  EXPECT_EQ(Block(seller_, rich, cea_, 8'000, 99'999), Fail{Refusal::kQuantityOfWrongChannel});
  EXPECT_TRUE(Block(seller_, rich, cea_, 8'000, 100'000).ok());
}

TEST_F(Trading, TakesBlocksAtTheEdgeOfTheirBandAndNoFurther) {
  const MemberId rich = Trader(10'000'000'000, 0);
  EXPECT_EQ(Block(seller_, rich, cea_, 5'599, 100'000), Fail{Refusal::kPriceOutsideBand});
  EXPECT_EQ(Block(seller_, rich, cea_, 10'401, 100'000), Fail{Refusal::kPriceOutsideBand});
  EXPECT_TRUE(Block(seller_, rich, cea_, 5'600, 100'000).ok());
  const auto block = Block(seller_, rich, cea_, 10'400, 100'000);
  EXPECT_EQ(block->traded, Tonnes(100'000));
  EXPECT_EQ(block->value, Money::FromMinor(1'040'000'000));
  EXPECT_EQ(Units(rich), (matching::Holding{0, 0, 200'000}));
  EXPECT_EQ(Cash(seller_).available, 560'000'000 + 1'040'000'000);
}

TEST_F(Trading, ClosesAtTheAverageOfListedTradesAndLeavesBlocksOut) {
  const MemberId rich = Trader(10'000'000'000, 0);
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 3).ok());
  ASSERT_TRUE(Sell(seller_, cea_, 8'101, 1).ok());
  ASSERT_TRUE(Buy(buyer_, cea_, 8'200, 4).ok());
  ASSERT_TRUE(Block(seller_, rich, cea_, 10'400, 100'000).ok());
  EXPECT_EQ(market_.instrument(cea_).close, Fen(8'000));  // Still the previous one.
  Close();
  const InstrumentView& view = market_.instrument(cea_);
  EXPECT_EQ(view.close, Fen(8'025));  // 32,101 / 4 = 8,025.25.
  EXPECT_EQ(view.open, Fen(8'000));
  EXPECT_EQ(view.high, Fen(8'101));
  EXPECT_EQ(view.low, Fen(8'000));
  EXPECT_EQ(view.listed_volume, Tonnes(4));
  EXPECT_EQ(view.listed_value, Money::FromMinor(32'101));
  EXPECT_EQ(view.listed_trades, 2U);
  EXPECT_EQ(view.block_volume, Tonnes(100'000));
  EXPECT_EQ(view.block_trades, 1U);
  Open();
  EXPECT_EQ(market_.instrument(cea_).previous_close, Fen(8'025));
}

TEST_F(Trading, KnowsTheCloseSoFarWhileTheSessionRuns) {
  EXPECT_EQ(market_.close_so_far(cea_), Fen(8'000)) << "nothing has traded";
  for (const std::int64_t price : {8'100, 8'300}) {
    ASSERT_TRUE(Sell(seller_, cea_, price, 10).ok());
    ASSERT_TRUE(Buy(buyer_, cea_, price, 10).ok());
    EXPECT_EQ(market_.close_so_far(cea_), Fen(price == 8'100 ? 8'100 : 8'200));
    EXPECT_EQ(market_.instrument(cea_).close, Fen(8'000));
  }
  Close();
  EXPECT_EQ(market_.instrument(cea_).close, Fen(8'200));
  EXPECT_EQ(market_.close_so_far(cea_), Fen(8'200));
}

TEST_F(Trading, RoundsTheCloseHalfUp) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 1).ok());
  ASSERT_TRUE(Sell(seller_, cea_, 8'001, 1).ok());
  ASSERT_TRUE(Buy(buyer_, cea_, 8'001, 2).ok());
  Close();
  EXPECT_EQ(market_.instrument(cea_).close, Fen(8'001));
}

TEST_F(Trading, KeepsThePreviousCloseWhenNothingTraded) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'500, 1).ok());
  Close();
  Open();
  Close();
  EXPECT_EQ(market_.instrument(cea_).close, Fen(8'000));
  EXPECT_EQ(market_.instrument(cea_).listed_volume, Tonnes(0));
}

TEST_F(Trading, CancelsDayOrdersAtTheCloseAndFreesWhatTheyBound) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'500, 10).ok());
  ASSERT_TRUE(Buy(buyer_, cea_, 7'500, 10).ok());
  Close();
  EXPECT_EQ(Units(seller_), (matching::Holding{500'000, 0, 0}));
  EXPECT_EQ(Cash(buyer_), (matching::Holding{1'000'000'000, 0, 0}));
  EXPECT_EQ(market_.engine(cea_).live_count(), 0U);
}

TEST_F(Trading, CancelsAMembersOwnOrderRatherThanTradingWithIt) {
  const MemberId both = Trader(1'000'000, 100);
  ASSERT_TRUE(Sell(both, cea_, 8'000, 60).ok());
  const auto bid = Buy(both, cea_, 8'100, 50);
  EXPECT_EQ(bid->traded, Tonnes(0));
  EXPECT_EQ(bid->resting, Tonnes(50));
  EXPECT_THAT(fills_, IsEmpty());
  EXPECT_EQ(Units(both), (matching::Holding{100, 0, 0}));
  EXPECT_EQ(Cash(both), (matching::Holding{1'000'000 - 405'000, 405'000, 0}));
}

TEST_F(Trading, CancelsAnOrderForItsOwnerOnly) {
  const OrderId order = Sell(seller_, cea_, 8'500, 10)->order;
  EXPECT_EQ(Do(CancelOrder{buyer_, cea_, order}), Fail{Refusal::kOrderNotFound});
  EXPECT_TRUE(Do(CancelOrder{seller_, cea_, order}).ok());
  EXPECT_EQ(Units(seller_), (matching::Holding{500'000, 0, 0}));
  EXPECT_EQ(Do(CancelOrder{seller_, cea_, order}), Fail{Refusal::kOrderNotFound});
}

TEST_F(Trading, NumbersOrdersAndTradesFromOneWithoutGaps) {
  EXPECT_EQ(matching::NumberOf(Sell(seller_, cea_, 8'000, 10)->order), 1U);
  EXPECT_EQ(Buy(buyer_, cea_, 9'000, 10), Fail{Refusal::kPriceOutsideBand});
  EXPECT_EQ(Buy(buyer_, cea_, 8'000, 11, matching::TimeInForce::kFillOrKill),
            Fail{Refusal::kWouldNotFill});
  EXPECT_EQ(matching::NumberOf(Buy(buyer_, cea_, 8'000, 4)->order), 2U);
  EXPECT_EQ(matching::NumberOf(Buy(buyer_, cea_, 8'000, 4)->order), 3U);
  ASSERT_EQ(fills_.size(), 2U);
  EXPECT_EQ(fills_[0].trade_id, 1U);
  EXPECT_EQ(fills_[1].trade_id, 2U);
  EXPECT_EQ(market_.orders_accepted(), 3U);
}

TEST_F(Trading, TellsTheListenerWhoTradedWhatAtWhichPrice) {
  ASSERT_TRUE(Buy(buyer_, cea_, 8'100, 10).ok());
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 4).ok());
  ASSERT_EQ(fills_.size(), 1U);
  EXPECT_EQ(fills_[0].channel, Channel::kListed);
  EXPECT_EQ(fills_[0].instrument, cea_);
  EXPECT_EQ(fills_[0].seller, seller_);
  EXPECT_EQ(fills_[0].buyer, buyer_);
  EXPECT_EQ(fills_[0].price, Fen(8'100));
  EXPECT_EQ(fills_[0].quantity, Tonnes(4));
}

TEST_F(Trading, StartsANewInstrumentWithTheNextSession) {
  const InstrumentId fresh = List(kOtherUnits, 6'000);
  EXPECT_EQ(Buy(buyer_, fresh, 6'000, 1), Fail{Refusal::kInstrumentNotTrading});
  Close();
  Open();
  EXPECT_TRUE(Buy(buyer_, fresh, 6'000, 1).ok());
}

TEST_F(Trading, StopsADelistedInstrumentForGoodAndFreesItsOrders) {
  ASSERT_TRUE(Sell(seller_, cea_, 8'000, 10).ok());
  ASSERT_TRUE(Do(DelistInstrument{cea_}).ok());
  EXPECT_EQ(Units(seller_), (matching::Holding{500'000, 0, 0}));
  EXPECT_EQ(Sell(seller_, cea_, 8'000, 10), Fail{Refusal::kInstrumentNotTrading});
  EXPECT_EQ(Do(DelistInstrument{cea_}), Fail{Refusal::kInstrumentNotTrading});
  Close();
  Open();
  EXPECT_EQ(Sell(seller_, cea_, 8'000, 10), Fail{Refusal::kInstrumentNotTrading});
  EXPECT_TRUE(Do(Withdraw{seller_, kUnits, 500'000}).ok());
}

TEST_F(Trading, OpensASessionOnceADayAndClosesItOnce) {
  EXPECT_EQ(Do(OpenSession{today_ + 1}), Fail{Refusal::kSessionAlreadyOpen});
  Close();
  EXPECT_EQ(Do(CloseSession{}), Fail{Refusal::kInstrumentNotTrading});
  EXPECT_EQ(Do(OpenSession{today_}), Fail{Refusal::kTimeGoesBack});
  EXPECT_EQ(Buy(buyer_, cea_, 8'000, 1), Fail{Refusal::kInstrumentNotTrading});
  Open();
  EXPECT_TRUE(Buy(buyer_, cea_, 8'000, 1).ok());
}

TEST_F(Trading, RefusesAnOrderByTheFirstRuleItBreaks) {
  const MemberId nobody(99);
  const InstrumentId nothing(99);
  VenueRules coarse;
  for (SessionType& type : coarse.sessions) type.ticks = TickTable::Flat(Fen(5));
  Market venue(coarse, 3, nullptr, nullptr);
  const auto place = [&](MemberId member, InstrumentId instrument, std::int64_t limit,
                         std::int64_t quantity) {
    return venue.Apply(Envelope{},
                       PlaceOrder{member, instrument, kBuy, matching::TimeInForce::kFillOrKill,
                                  Fen(limit), Tonnes(quantity)});
  };
  EXPECT_EQ(place(nobody, nothing, 1, 0), Fail{Refusal::kMemberNotFound});
  ASSERT_TRUE(venue.Apply(Envelope{}, AdmitMember{}).ok());
  EXPECT_EQ(place(MemberId(0), nothing, 1, 0), Fail{Refusal::kInstrumentNotFound});
  ASSERT_TRUE(venue.Apply(Envelope{}, ListInstrument{kUnits, kCash, Fen(8'000)}).ok());
  EXPECT_EQ(place(MemberId(0), InstrumentId(0), 1, 0), Fail{Refusal::kInstrumentNotTrading});
  ASSERT_TRUE(venue.Apply(Envelope{}, OpenSession{today_}).ok());
  EXPECT_EQ(place(MemberId(0), InstrumentId(0), 1, 0), Fail{Refusal::kQuantityNotPositive});
  EXPECT_EQ(place(MemberId(0), InstrumentId(0), 1, 100'000),
            Fail{Refusal::kQuantityOfWrongChannel});
  EXPECT_EQ(place(MemberId(0), InstrumentId(0), 1, 10), Fail{Refusal::kPriceOffTick});
  EXPECT_EQ(place(MemberId(0), InstrumentId(0), 5, 10), Fail{Refusal::kPriceOutsideBand});
  EXPECT_EQ(place(MemberId(0), InstrumentId(0), 8'000, 10), Fail{Refusal::kInsufficientCash});
  ASSERT_TRUE(venue.Apply(Envelope{}, Position{1, MemberId(0), kCash, 80'000}).ok());
  EXPECT_EQ(place(MemberId(0), InstrumentId(0), 8'000, 10), Fail{Refusal::kWouldNotFill});
  EXPECT_EQ(venue.holding(MemberId(0), kCash), (matching::Holding{80'000, 0, 0}));
}

TEST_F(Trading, RefusesABlockByTheFirstRuleItBreaks) {
  const MemberId poor = Trader(0, 200'000);
  EXPECT_EQ(Block(MemberId(99), buyer_, InstrumentId(99), 0, 0), Fail{Refusal::kMemberNotFound});
  EXPECT_EQ(Block(seller_, buyer_, InstrumentId(99), 0, 0), Fail{Refusal::kInstrumentNotFound});
  EXPECT_EQ(Block(seller_, buyer_, cea_, 0, 0), Fail{Refusal::kQuantityNotPositive});
  EXPECT_EQ(Block(seller_, buyer_, cea_, 0, 1), Fail{Refusal::kQuantityOfWrongChannel});
  EXPECT_EQ(Block(seller_, buyer_, cea_, 0, 100'000), Fail{Refusal::kPriceOutsideBand});
  EXPECT_EQ(Block(buyer_, poor, cea_, 8'000, 100'000), Fail{Refusal::kInsufficientUnits});
  EXPECT_EQ(Block(poor, poor, cea_, 8'000, 100'000), Fail{Refusal::kInsufficientCash});
  Deposit(poor, kCash, 800'000'000);
  EXPECT_EQ(Block(poor, poor, cea_, 8'000, 100'000), Fail{Refusal::kSameParty});
  Close();
  EXPECT_EQ(Block(seller_, poor, cea_, 8'000, 100'000), Fail{Refusal::kInstrumentNotTrading});
}

TEST_F(Trading, RoundsTheCloseToTheTickSoThatTheBandIsNeverEmpty) {
  VenueRules coarse;
  for (SessionType& type : coarse.sessions) type.ticks = TickTable::Flat(Fen(50));
  Market venue(coarse, 3, nullptr, nullptr);
  const auto apply = [&](const Input& input) { return venue.Apply(Envelope{}, input); };
  ASSERT_TRUE(apply(AdmitMember{}).ok());
  ASSERT_TRUE(apply(AdmitMember{}).ok());
  ASSERT_TRUE(apply(Position{1, MemberId(0), kUnits, 10}).ok());
  ASSERT_TRUE(apply(Position{2, MemberId(1), kCash, 80'000}).ok());
  EXPECT_EQ(apply(ListInstrument{kUnits, kCash, Fen(120)}), Fail{Refusal::kPriceOffTick});
  ASSERT_TRUE(apply(ListInstrument{kUnits, kCash, Fen(1'000)}).ok());
  ASSERT_TRUE(apply(OpenSession{today_}).ok());
  const InstrumentId cea(0);
  ASSERT_TRUE(apply(PlaceOrder{MemberId(0), cea, kSell, kDay, Fen(950), Tonnes(1)}).ok());
  ASSERT_TRUE(apply(PlaceOrder{MemberId(0), cea, kSell, kDay, Fen(1'000), Tonnes(1)}).ok());
  ASSERT_TRUE(apply(PlaceOrder{MemberId(1), cea, kBuy, kDay, Fen(1'000), Tonnes(2)}).ok());
  ASSERT_TRUE(apply(CloseSession{}).ok());
  EXPECT_EQ(venue.instrument(cea).close, Fen(1'000));  // 975, half up to the tick.
}

TEST_F(Trading, RefusesToListWhatItCouldNotTrade) {
  EXPECT_EQ(Do(ListInstrument{LedgerId(3), kCash, Fen(8'000)}), Fail{Refusal::kLedgerNotFound});
  EXPECT_EQ(Do(ListInstrument{kUnits, kCash, Fen(0)}), Fail{Refusal::kPriceOutsideBand});
  EXPECT_EQ(Do(ListInstrument{kUnits, kCash, Fen(10'000'001)}), Fail{Refusal::kPriceOutsideBand});
  EXPECT_EQ(Do(ListInstrument{kCash, kCash, Fen(8'000)}), Fail{Refusal::kSameParty});
}

}  // namespace
}  // namespace ets::market
