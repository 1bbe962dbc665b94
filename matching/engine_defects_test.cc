// What other matching engines got wrong, each as a small story. Their names do not matter; that the
// same does not happen here does.
#include "base/prng.h"
#include "matching/count_allocations.h"
#include "matching/engine_fixture.h"

namespace ets::matching {
namespace {

using ::testing::ElementsAre;

using EngineDefects = EngineTest;

TEST_F(EngineDefects, ASellerWhoHitsABidTradesAtTheBid) {
  Place(Buy(1, 10'050, 5));
  Place(Sell(2, 9'900, 5));
  EXPECT_EQ(Trades(), "5@100.50");
}

TEST_F(EngineDefects, FillOrKillPaysEachMakersPriceAndNotItsOwn) {
  Place(Sell(1, 10'000, 5));
  OrderEntry entry = Buy(2, 10'100, 5);
  entry.time_in_force = TimeInForce::kFillOrKill;
  Place(entry);
  EXPECT_EQ(Trades(), "5@100.00");
}

TEST_F(EngineDefects, ACancelThatEmptiesTheBestLevelUncoversTheNextBestAndNoOther) {
  std::vector<OrderId> orders;
  for (const std::int64_t price : {9'990, 9'950, 9'999, 9'100, 9'998, 9'970, 9'000}) {
    orders.push_back(Place(Buy(1, price, 1)));
  }
  engine_.Cancel(MemberId(1), orders[2]);
  EXPECT_EQ(Best(Side::kBuy), "1@99.98");
  engine_.Cancel(MemberId(1), orders[4]);
  EXPECT_EQ(Best(Side::kBuy), "1@99.90");
  engine_.Cancel(MemberId(1), orders[0]);
  engine_.Cancel(MemberId(1), orders[5]);
  engine_.Cancel(MemberId(1), orders[1]);
  EXPECT_EQ(Best(Side::kBuy), "1@91.00");
  engine_.Cancel(MemberId(1), orders[3]);
  EXPECT_EQ(Best(Side::kBuy), "1@90.00");
}

TEST_F(EngineDefects, AChangeIntoTheOtherSideTradesAtTheRestingPrice) {
  Place(Sell(1, 10'000, 5));
  const OrderId order = Place(Buy(2, 9'900, 5));
  ASSERT_TRUE(engine_.Change(MemberId(2), order, Fen(10'100), {}).ok());
  EXPECT_EQ(Trades(), "5@100.00");
  EXPECT_EQ(engine_.live_count(), 0U);
}

TEST_F(EngineDefects, TheNearerOfTwoStopsTriggersWhereTheDeeperDoesNot) {
  Place(Buy(1, 9'900, 10));
  Place(Stop(2, Side::kSell, 9'800, 1));
  const OrderId nearer = Place(Stop(3, Side::kSell, 9'900, 1));
  Place(Sell(4, 9'900, 1));
  EXPECT_EQ(Trades(), "1@99.00 1@99.00");
  EXPECT_FALSE(engine_.IsLive(nearer));
  EXPECT_EQ(engine_.live_count(), 2U) << "the bid and the deeper stop";
}

TEST_F(EngineDefects, ChangingAStopThatWaitsDoesNotTrade) {
  Place(Sell(1, 10'000, 5));
  const OrderId stop = Place(Stop(2, Side::kBuy, 10'100, 5));
  ASSERT_TRUE(engine_.Change(MemberId(2), stop, {}, Tonnes(7)).ok());
  EXPECT_EQ(Trades(), "");
  EXPECT_EQ(engine_.View(stop).state, OrderState::kStopped);
}

TEST_F(EngineDefects, AStopCanBeCancelled) {
  const OrderId stop = Place(Stop(2, Side::kBuy, 10'100, 5));
  EXPECT_TRUE(engine_.Cancel(MemberId(2), stop));
  Place(Sell(1, 10'100, 5));
  Place(Buy(3, 10'100, 1));
  EXPECT_EQ(Trades(), "1@101.00");
}

TEST_F(EngineDefects, ADuplicateClientIdIsRefusedBeforeAnythingTrades) {
  Place(Sell(1, 10'000, 5));
  OrderEntry entry = Buy(2, 9'000, 1);
  entry.client_id = *ClientOrderId::Parse("mine-1");
  const OrderId first = Place(entry);
  OrderEntry again = Buy(2, 10'000, 5);
  again.client_id = entry.client_id;
  EXPECT_EQ(WhyRefused(again), EngineRefusal::kDuplicateClientId);
  again.owner = MemberId(3);
  Place(again);
  EXPECT_EQ(Trades(), "5@100.00") << "another member's own name";
  engine_.Cancel(MemberId(2), first);
  entry.number = ++number_;
  Place(entry);
}

TEST_F(EngineDefects, APriceFarAwayIsRefusedAndCostsNoMemory) {
  Place(Buy(1, 10'000, 1));
  const std::uint64_t before = AllocationCount();
  const auto placed = engine_.Place(Buy(1, 900'000'000, 1));
  EXPECT_EQ(AllocationCount(), before);
  ASSERT_FALSE(placed.ok());
  EXPECT_EQ(placed.error(), (Refused{EngineRefusal::kPriceOutOfRange, 900'000'000, 11'000}));
}

TEST_F(EngineDefects, ACancelInTheMiddleLeavesTheOthersTheirTurn) {
  Place(Sell(1, 10'000, 1));
  const OrderId middle = Place(Sell(2, 10'000, 1));
  Place(Sell(3, 10'000, 1));
  engine_.Cancel(MemberId(2), middle);
  Place(Buy(4, 10'000, 3));
  EXPECT_THAT(Makers(), ElementsAre(1, 3));
  EXPECT_EQ(Best(Side::kBuy), "1@100.00");
}

TEST_F(EngineDefects, ASweepThatEndsExactlyAtALevelsEndLeavesTheNextLevelWhole) {
  Place(Sell(1, 10'000, 5));
  Place(Sell(1, 10'001, 5));
  Place(Sell(1, 10'002, 5));
  Place(Buy(2, 10'002, 10));
  EXPECT_EQ(Trades(), "5@100.00 5@100.01");
  EXPECT_EQ(Best(Side::kSell), "5@100.02");
  EXPECT_EQ(Best(Side::kBuy), "none");
}

TEST_F(EngineDefects, AnOrderThatIsGoneCannotBeChangedOrCancelled) {
  const OrderId order = Place(Sell(1, 10'000, 5));
  Place(Buy(2, 10'000, 5));
  const auto changed = engine_.Change(MemberId(1), order, Fen(10'001), Tonnes(9));
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().why, EngineRefusal::kOrderNotFound);
  EXPECT_FALSE(engine_.Cancel(MemberId(1), order));
  // The next order takes its place in the table, not its name.
  const OrderId next = Place(Sell(1, 10'000, 5));
  EXPECT_NE(next, order);
  EXPECT_FALSE(engine_.Cancel(MemberId(1), order));
  EXPECT_TRUE(engine_.IsLive(next));
}

TEST_F(EngineDefects, NobodyCancelsAnothersOrder) {
  const OrderId order = Place(Sell(1, 10'000, 5));
  EXPECT_FALSE(engine_.Cancel(MemberId(2), order));
  EXPECT_TRUE(engine_.IsLive(order));
}

TEST_F(EngineDefects, AFilledBestLevelLeavesNoPhantomBehind) {
  Place(Sell(1, 10'000, 5));
  Place(Buy(2, 10'000, 5));
  EXPECT_EQ(Best(Side::kSell), "none");
  Place(Buy(3, 10'000, 1));
  EXPECT_EQ(Trades(), "");
  EXPECT_EQ(Best(Side::kBuy), "1@100.00");
}

TEST_F(EngineDefects, OneOrderSweepsFiveThousand) {
  for (std::int64_t i = 0; i < 5'000; ++i) {
    Place(Sell(static_cast<std::uint32_t>(i % 9), 10'000 + i % 50, 1));
  }
  Place(Buy(9, 10'100, 5'000));
  EXPECT_EQ(CountOf(EventKind::kTraded), 5'000U);
  EXPECT_EQ(engine_.live_count(), 0U);
}

TEST_F(EngineDefects, AFullTableRefusesAndGoesOnWhenThereIsRoom) {
  OrderId last;
  for (int i = 0; i < 6'000; ++i) last = Place(Sell(1, 10'000, 1));
  EXPECT_EQ(WhyRefused(Sell(2, 10'000, 1)), EngineRefusal::kBookFull);
  engine_.Cancel(MemberId(1), last);
  Place(Sell(2, 10'000, 1));
}

TEST_F(EngineDefects, OrdersThatComeAndGoCostNoMemory) {
  Prng dice(1);
  std::vector<OrderId> recent(64);
  const auto run = [&](std::uint32_t messages) {
    for (std::uint32_t i = 0; i < messages; ++i) {
      OrderEntry entry = Entry(i % kMembers, dice.Below(2) == 0 ? Side::kBuy : Side::kSell,
                               static_cast<std::int64_t>(9'900 + dice.Below(200)), 1);
      entry.client_id = ClientOrderId::FromNumber(number_);
      const auto placed = engine_.Place(entry);
      OrderId& slot = recent[i % recent.size()];
      engine_.Cancel(MemberId(static_cast<std::uint32_t>(dice.Below(kMembers))), slot);
      slot = placed.ok() ? placed->order : OrderId();
      if (i % 1'000 == 0) engine_.CancelAll({}, {}, Departure::kByOperator);
      if (i % 1'000 == 0) holdings_.EndSettlementDay();
    }
  };
  // More at once than ever after.
  for (std::uint32_t i = 0; i < 4'000; ++i) {
    OrderEntry entry = Buy(i % kMembers, 9'900, 1);
    entry.client_id = ClientOrderId::FromNumber(number_);
    Place(entry);
  }
  engine_.CancelAll({}, {}, Departure::kByOperator);
  run(20'000);
  const std::uint64_t before = AllocationCount();
  run(200'000);
  EXPECT_EQ(AllocationCount(), before);
}

}  // namespace
}  // namespace ets::matching
