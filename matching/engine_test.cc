// What each kind of order does, one at a time. engine_defects_test.cc has what others got wrong.
#include "matching/engine_fixture.h"

namespace ets::matching {
namespace {

using ::testing::ElementsAre;

using EngineOrders = EngineTest;

TEST_F(EngineOrders, ALimitOrderTradesWhatItReachesAndRestsWithTheRest) {
  Place(Sell(1, 10'000, 5));
  Place(Sell(2, 10'001, 5));
  Place(Buy(3, 10'000, 8));
  EXPECT_EQ(Trades(), "5@100.00");
  EXPECT_EQ(Best(Side::kBuy), "3@100.00");
  EXPECT_EQ(Best(Side::kSell), "5@100.01");
}

TEST_F(EngineOrders, AMarketOrderTakesWhatThereIsAndTheRestGoes) {
  Place(Sell(1, 10'000, 5));
  Place(Sell(2, 10'900, 5));
  Place(AtMarket(3, Side::kBuy, 20));
  EXPECT_EQ(Trades(), "5@100.00 5@109.00");
  EXPECT_EQ(CountOf(EventKind::kCancelled, Departure::kNotFilledAtOnce), 1U);
  EXPECT_EQ(engine_.live_count(), 0U);
}

TEST_F(EngineOrders, AMarketOrderReservesAtTheEndOfTheRangeWhichBindsIt) {
  Place(Sell(1, 10'000, 10'000));
  // 9,090 t at 110.00 are 999,900.00; one tonne more does not fit, though 100.00 would be enough.
  EXPECT_EQ(WhyRefused(AtMarket(2, Side::kBuy, 9'091)), EngineRefusal::kInsufficientCash);
  Place(AtMarket(2, Side::kBuy, 9'090));
  EXPECT_EQ(Trades(), "9090@100.00");
}

TEST_F(EngineOrders, AMarketOrderAgainstNobodyIsRefused) {
  Place(Buy(1, 10'000, 5));
  EXPECT_EQ(WhyRefused(AtMarket(2, Side::kBuy, 5)), EngineRefusal::kNothingToTradeWith);
}

TEST_F(EngineOrders, ImmediateOrCancelNeverRests) {
  Place(Sell(1, 10'000, 5));
  OrderEntry entry = Buy(2, 10'000, 8);
  entry.time_in_force = TimeInForce::kImmediateOrCancel;
  Place(entry);
  EXPECT_EQ(Trades(), "5@100.00");
  EXPECT_EQ(Best(Side::kBuy), "none");
}

TEST_F(EngineOrders, FillOrKillIsAllOrNothing) {
  Place(Sell(1, 10'000, 5));
  Place(Sell(2, 10'001, 5));
  OrderEntry entry = Buy(3, 10'001, 11);
  entry.time_in_force = TimeInForce::kFillOrKill;
  EXPECT_EQ(WhyRefused(entry), EngineRefusal::kWouldNotFill);
  entry.quantity = Tonnes(10);
  Place(entry);
  EXPECT_EQ(Trades(), "5@100.00 5@100.01");
}

TEST_F(EngineOrders, AMinimumTradesAtOnceOrTheOrderIsRefused) {
  Place(Sell(1, 10'000, 5));
  OrderEntry entry = Buy(2, 10'000, 20);
  entry.minimum = Tonnes(6);
  EXPECT_EQ(WhyRefused(entry), EngineRefusal::kWouldNotFill);
  entry.minimum = Tonnes(5);
  Place(entry);
  EXPECT_EQ(Trades(), "5@100.00");
  EXPECT_EQ(Best(Side::kBuy), "15@100.00");
}

TEST_F(EngineOrders, PostOnlyIsRefusedWhereItWouldTake) {
  Place(Sell(1, 10'000, 5));
  OrderEntry entry = Buy(2, 10'000, 5);
  entry.post_only = true;
  EXPECT_EQ(WhyRefused(entry), EngineRefusal::kWouldTake);
  entry.limit = Fen(9'999);
  const OrderId order = Place(entry);
  const auto changed = engine_.Change(MemberId(2), order, Fen(10'000), {});
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error(), (Refused{EngineRefusal::kWouldTake, 10'000, 10'000}));
}

TEST_F(EngineOrders, AnIcebergShowsAPartAndGoesToTheEndWithEachNextOne) {
  OrderEntry iceberg = Sell(1, 10'000, 25);
  iceberg.display = Tonnes(10);
  Place(iceberg);
  Place(Sell(2, 10'000, 4));
  EXPECT_EQ(Best(Side::kSell), "14@100.00");
  Place(Buy(3, 10'000, 12));
  EXPECT_THAT(Makers(), ElementsAre(1, 2));
  EXPECT_EQ(CountOf(EventKind::kRefreshed), 1U);
  EXPECT_EQ(Best(Side::kSell), "12@100.00");
  Place(Buy(3, 10'000, 17));
  EXPECT_THAT(Makers(), ElementsAre(2, 1, 1));
  EXPECT_EQ(Best(Side::kSell), "none");
}

TEST_F(EngineOrders, AStopWaitsUnseenUntilATradeReachesItsPrice) {
  Place(Buy(1, 9'900, 10));
  Place(Sell(2, 10'000, 1));
  Place(Stop(3, Side::kSell, 9'990, 7));
  EXPECT_EQ(Best(Side::kSell), "1@100.00");
  Place(Buy(4, 10'000, 1));
  EXPECT_EQ(Trades(), "1@100.00") << "above the stop";
  Place(Sell(5, 9'900, 1));
  EXPECT_EQ(CountOf(EventKind::kTriggered), 1U);
  EXPECT_EQ(Trades(), "1@99.00 7@99.00");
}

TEST_F(EngineOrders, AStopLimitBecomesALimitOrder) {
  Place(Sell(1, 10'000, 5));
  Place(Sell(1, 10'050, 5));
  OrderEntry entry = Stop(2, Side::kBuy, 10'000, 9);
  entry.type = OrderType::kStopLimit;
  entry.limit = Fen(10'020);
  Place(entry);
  Place(Buy(3, 10'000, 2));
  EXPECT_EQ(Trades(), "2@100.00 3@100.00");
  EXPECT_EQ(Best(Side::kBuy), "6@100.20");
}

TEST_F(EngineOrders, StopsSetOffOneAnother) {
  for (std::int64_t i = 0; i < 5; ++i) {
    Place(Buy(1, 9'990 - 10 * i, 5));
    Place(Stop(2, Side::kSell, 9'990 - 10 * i, 5));
  }
  Place(Sell(3, 9'990, 5));
  EXPECT_EQ(CountOf(EventKind::kTriggered), 5U);
  EXPECT_EQ(Trades(), "5@99.90 5@99.80 5@99.70 5@99.60 5@99.50");
  EXPECT_EQ(engine_.live_count(), 0U);
}

TEST_F(EngineOrders, AStopThatTheLastTradeHasPassedIsRefused) {
  Place(Sell(1, 10'000, 1));
  Place(Buy(2, 10'000, 1));
  EXPECT_EQ(WhyRefused(Stop(3, Side::kBuy, 10'000, 1)), EngineRefusal::kStopPassed);
  Place(Stop(3, Side::kBuy, 10'001, 1));
}

TEST_F(EngineOrders, LeaveWithTheirTimeInForce) {
  OrderEntry day = Buy(1, 9'900, 1);
  OrderEntry good = Buy(2, 9'900, 2);
  good.time_in_force = TimeInForce::kGoodTillCancel;
  OrderEntry dated = Buy(3, 9'900, 4);
  dated.time_in_force = TimeInForce::kGoodTillDate;
  dated.expire = Date(20'000);
  Place(day);
  Place(good);
  Place(dated);
  EXPECT_EQ(engine_.Expire(Date(19'999)), 1U);
  EXPECT_EQ(Best(Side::kBuy), "6@99.00");
  EXPECT_EQ(engine_.Expire(Date(20'000)), 1U);
  EXPECT_EQ(CountOf(EventKind::kCancelled, Departure::kDayPassed), 1U);
  EXPECT_EQ(Best(Side::kBuy), "2@99.00");
}

TEST_F(EngineOrders, LessKeepsThePlaceAndAnythingElseLosesIt) {
  const OrderId first = Place(Sell(1, 10'000, 10));
  Place(Sell(2, 10'000, 10));
  ASSERT_TRUE(engine_.Change(MemberId(1), first, {}, Tonnes(6)).ok());
  EXPECT_EQ(CountOf(EventKind::kReduced), 1U);
  Place(Buy(3, 10'000, 1));
  EXPECT_THAT(Makers(), ElementsAre(1));
  ASSERT_TRUE(engine_.Change(MemberId(1), first, {}, Tonnes(7)).ok());
  EXPECT_EQ(CountOf(EventKind::kReplaced), 1U);
  Place(Buy(3, 10'000, 11));
  EXPECT_THAT(Makers(), ElementsAre(2, 1));
}

TEST_F(EngineOrders, AChangeNamesTheWholeQuantitySoThatAFillOnItsWayDoesNotOversell) {
  const OrderId order = Place(Sell(1, 10'000, 10));
  Place(Buy(2, 10'000, 4));
  const auto changed = engine_.Change(MemberId(1), order, {}, Tonnes(7));
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->open, Tonnes(3));
  const auto gone = engine_.Change(MemberId(1), order, {}, Tonnes(4));
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(CountOf(EventKind::kCancelled, Departure::kReplacedToNothing), 1U);
}

TEST_F(EngineOrders, LeaveTogetherByOwnerAndSide) {
  Place(Buy(1, 9'900, 1));
  Place(Sell(1, 10'100, 1));
  Place(Stop(1, Side::kSell, 9'500, 1));
  Place(Buy(2, 9'900, 1));
  EXPECT_EQ(engine_.CancelAll(MemberId(1), Side::kSell, Departure::kByMember), 2U);
  EXPECT_EQ(engine_.CancelAll(MemberId(1), {}, Departure::kByMember), 1U);
  EXPECT_EQ(engine_.CancelAll({}, {}, Departure::kByOperator), 1U);
  EXPECT_EQ(engine_.live_count(), 0U);
}

TEST_F(EngineOrders, OutsideANewRangeAreCancelledAndTheOthersKeepTheirTurn) {
  Place(Buy(1, 9'100, 1));
  Place(Buy(2, 9'900, 2));
  Place(Buy(3, 9'900, 3));
  Place(Stop(4, Side::kSell, 9'050, 1));
  engine_.OpenRange(Fen(9'500), Fen(12'000));
  EXPECT_EQ(CountOf(EventKind::kCancelled, Departure::kOutsideRange), 2U);
  Place(Sell(5, 9'900, 3));
  EXPECT_THAT(Makers(), ElementsAre(2, 3));
  EXPECT_EQ(WhyRefused(Buy(1, 9'499, 1)), EngineRefusal::kPriceOutOfRange);
  Place(Buy(1, 9'500, 1));
}

TEST_F(EngineOrders, OnlyLeaveWhenHalted) {
  const OrderId order = Place(Buy(1, 9'900, 5));
  engine_.SetPhase(BookPhase::kHalted);
  EXPECT_EQ(WhyRefused(Buy(2, 9'900, 1)), EngineRefusal::kHalted);
  EXPECT_FALSE(engine_.Change(MemberId(1), order, Fen(9'901), {}).ok());
  EXPECT_TRUE(engine_.Change(MemberId(1), order, {}, Tonnes(3)).ok());
  EXPECT_TRUE(engine_.Cancel(MemberId(1), order));
}

TEST_F(EngineOrders, InACallAreCollectedAndTradeAtOnePrice) {
  engine_.SetPhase(BookPhase::kCall);
  Place(Sell(1, 9'900, 5));
  Place(Buy(2, 10'100, 5));
  OrderEntry market = AtMarket(3, Side::kBuy, 2);
  market.time_in_force = TimeInForce::kDay;
  Place(market);
  EXPECT_EQ(Trades(), "");
  EXPECT_TRUE(engine_.IsCrossed());
  engine_.Uncross(Fen(10'000));
  EXPECT_EQ(Trades(), "2@100.00 3@100.00") << "the market order first";
  engine_.SetPhase(BookPhase::kContinuous);
  EXPECT_EQ(Best(Side::kBuy), "2@101.00");
}

TEST_F(EngineOrders, StopAtTheCollarAndTheEngineWaitsForACall) {
  engine_.SetCollar(Fen(9'950), Fen(10'050));
  Place(Sell(1, 10'050, 5));
  Place(Sell(1, 10'051, 5));
  const auto placed = engine_.Place(Buy(2, 10'100, 8));
  ASSERT_TRUE(placed.ok());
  EXPECT_TRUE(placed->interrupted);
  EXPECT_EQ(Trades(), "5@100.50");
  EXPECT_EQ(engine_.phase(), BookPhase::kCall);
  EXPECT_EQ(Best(Side::kBuy), "3@101.00");
}

using SelfTrade = EngineTest;

TEST_F(SelfTrade, CancelRestingTakesOutTheOldOrderAndGoesOn) {
  Place(Sell(1, 10'000, 5));
  Place(Sell(2, 10'000, 5));
  OrderEntry entry = Buy(1, 10'000, 5);
  entry.self_trade = SelfTradePrevention::kCancelResting;
  Place(entry);
  EXPECT_THAT(Makers(), ElementsAre(2));
  EXPECT_EQ(CountOf(EventKind::kCancelled, Departure::kSelfTrade), 1U);
  EXPECT_EQ(Best(Side::kSell), "none");
}

TEST_F(SelfTrade, CancelIncomingEndsTheNewOrder) {
  Place(Sell(2, 9'999, 5));
  Place(Sell(1, 10'000, 5));
  OrderEntry entry = Buy(1, 10'000, 8);
  entry.self_trade = SelfTradePrevention::kCancelIncoming;
  Place(entry);
  EXPECT_EQ(Trades(), "5@99.99");
  EXPECT_EQ(Best(Side::kSell), "5@100.00");
  EXPECT_EQ(Best(Side::kBuy), "none");
}

TEST_F(SelfTrade, DecrementBothTakesTheSmallerFromEach) {
  Place(Sell(1, 10'000, 5));
  OrderEntry entry = Buy(1, 10'000, 8);
  entry.self_trade = SelfTradePrevention::kDecrementBoth;
  Place(entry);
  EXPECT_EQ(Trades(), "");
  EXPECT_EQ(Best(Side::kSell), "none");
  EXPECT_EQ(Best(Side::kBuy), "3@100.00");
}

TEST_F(SelfTrade, OffLetsThemTrade) {
  Place(Sell(1, 10'000, 5));
  Place(Buy(1, 10'000, 5));
  EXPECT_EQ(Trades(), "5@100.00");
}

TEST_F(SelfTrade, FillOrKillCountsOnlyWhatPreventionLetsTrade) {
  Place(Sell(1, 10'000, 5));
  Place(Sell(2, 10'000, 5));
  OrderEntry entry = Buy(1, 10'000, 10);
  entry.time_in_force = TimeInForce::kFillOrKill;
  for (const auto mode : {SelfTradePrevention::kCancelResting, SelfTradePrevention::kCancelIncoming,
                          SelfTradePrevention::kDecrementBoth}) {
    entry.self_trade = mode;
    EXPECT_EQ(WhyRefused(entry), EngineRefusal::kWouldNotFill);
  }
  entry.self_trade = SelfTradePrevention::kCancelResting;
  entry.quantity = Tonnes(5);
  Place(entry);
  EXPECT_THAT(Makers(), ElementsAre(2));
}

using Reservation = EngineTest;

TEST_F(Reservation, AnOrderWithoutUnitsOrCashIsRefusedWithWhatIsFree) {
  EXPECT_EQ(WhyRefused(Sell(1, 10'000, 100'001)), EngineRefusal::kInsufficientUnits);
  const auto refused = engine_.Place(Buy(1, 10'000, 10'001));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error(), (Refused{EngineRefusal::kInsufficientCash, 100'010'000, 100'000'000}));
}

TEST_F(Reservation, ABetterPriceFreesTheDifferenceAtOnce) {
  Place(Sell(1, 10'000, 10));
  Place(Buy(2, 10'500, 10));
  EXPECT_EQ(holdings_.at(MemberId(2), kCash), (Holding{100'000'000 - 100'000, 0, 0}));
  EXPECT_EQ(holdings_.at(MemberId(1), kCash), (Holding{100'000'000 + 100'000, 0, 0}));
}

TEST_F(Reservation, UnitsBoughtTodayCannotBeSoldToday) {
  Place(Sell(1, 10'000, 100'000));
  Place(Sell(2, 10'000, 100'000));
  EXPECT_EQ(WhyRefused(Sell(2, 10'000, 1)), EngineRefusal::kInsufficientUnits);
  Place(Buy(3, 10'000, 10));
  EXPECT_EQ(holdings_.at(MemberId(3), kUnits), (Holding{100'000, 0, 10}));
  EXPECT_EQ(WhyRefused(Sell(3, 10'500, 100'001)), EngineRefusal::kInsufficientUnits);
  holdings_.EndSettlementDay();
  Place(Sell(3, 10'500, 100'001));
}

}  // namespace
}  // namespace ets::matching
