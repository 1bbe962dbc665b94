// What every order book promises, run over all implementations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "matching/order_book.h"

namespace ets::matching {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Price Fen(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

struct Reference {
  static std::unique_ptr<OrderBook> Make() { return MakeReferenceBook(); }
};
struct Ladder {
  static std::unique_ptr<OrderBook> Make() { return MakeLadderBook(); }
};

template <typename Implementation>
class OrderBookContract : public ::testing::Test {
 protected:
  OrderBookContract() { book_->OpenSession(Fen(9'000), Fen(11'000)); }
  ~OrderBookContract() override { book_->CheckInvariants(); }

  // Owners differ unless a test says otherwise: each order is its own owner.
  Result<Tonnes, BookRefusal> Place(std::uint64_t id, Side side, std::int64_t limit,
                                    std::int64_t quantity, TimeInForce tif = TimeInForce::kDay) {
    return PlaceAs(static_cast<std::uint32_t>(id), id, side, limit, quantity, tif);
  }
  Result<Tonnes, BookRefusal> PlaceAs(std::uint32_t owner, std::uint64_t id, Side side,
                                      std::int64_t limit, std::int64_t quantity,
                                      TimeInForce tif = TimeInForce::kDay) {
    trades_.clear();
    cancelled_.clear();
    return book_->Place({.id = OrderId(id),
                         .owner = MemberId(owner),
                         .side = side,
                         .time_in_force = tif,
                         .limit = Fen(limit),
                         .quantity = Tonnes(quantity)},
                        trades_, cancelled_);
  }
  std::vector<std::uint64_t> Makers() const {
    std::vector<std::uint64_t> makers;
    for (const Trade& trade : trades_) makers.push_back(trade.maker.raw());
    return makers;
  }
  std::vector<std::uint64_t> Resting() const {
    std::vector<RestingOrder> orders;
    book_->AppendResting(orders);
    std::vector<std::uint64_t> ids;
    for (const RestingOrder& order : orders) ids.push_back(order.id.raw());
    return ids;
  }

  std::unique_ptr<OrderBook> book_ = Implementation::Make();
  std::vector<Trade> trades_;
  std::vector<RestingOrder> cancelled_;
};

struct Names {
  template <typename T>
  static std::string GetName(int) {
    return std::is_same_v<T, Ladder> ? "Ladder" : "Reference";
  }
};
using Implementations = ::testing::Types<Reference, Ladder>;
TYPED_TEST_SUITE(OrderBookContract, Implementations, Names);

TYPED_TEST(OrderBookContract, TradesTheBestPriceFirstAndEqualPricesByArrival) {
  EXPECT_EQ(this->Place(1, Side::kSell, 10'010, 10), Tonnes(10));
  EXPECT_EQ(this->Place(2, Side::kSell, 10'000, 10), Tonnes(10));
  EXPECT_EQ(this->Place(3, Side::kSell, 10'000, 10), Tonnes(10));
  EXPECT_EQ(this->Place(4, Side::kBuy, 10'010, 25), Tonnes(0));
  EXPECT_THAT(this->Makers(), ElementsAre(2, 3, 1));
  EXPECT_THAT(this->Resting(), ElementsAre(1));
}

TYPED_TEST(OrderBookContract, TradesAtTheMakersPriceAndSaysWhatTheMakerHasLeft) {
  ASSERT_TRUE(this->Place(1, Side::kBuy, 10'100, 30).ok());
  EXPECT_EQ(this->Place(2, Side::kSell, 9'500, 20), Tonnes(0));
  EXPECT_THAT(this->trades_, ElementsAre(Trade{.maker = OrderId(1),
                                               .taker = OrderId(2),
                                               .maker_owner = MemberId(1),
                                               .price = Fen(10'100),
                                               .quantity = Tonnes(20),
                                               .maker_left = Tonnes(10)}));
}

TYPED_TEST(OrderBookContract, RestsWhatADayOrderDoesNotTrade) {
  ASSERT_TRUE(this->Place(1, Side::kSell, 10'000, 10).ok());
  EXPECT_EQ(this->Place(2, Side::kBuy, 10'000, 25), Tonnes(15));
  EXPECT_EQ(this->book_->best(Side::kBuy), (BestQuote{true, Fen(10'000), Tonnes(15)}));
  EXPECT_FALSE(this->book_->best(Side::kSell).present);
}

TYPED_TEST(OrderBookContract, ForgetsWhatAnImmediateOrCancelOrderDoesNotTrade) {
  ASSERT_TRUE(this->Place(1, Side::kSell, 10'000, 10).ok());
  EXPECT_EQ(this->Place(2, Side::kBuy, 10'000, 25, TimeInForce::kImmediateOrCancel), Tonnes(0));
  EXPECT_THAT(this->Makers(), ElementsAre(1));
  EXPECT_THAT(this->Resting(), IsEmpty());
}

TYPED_TEST(OrderBookContract, RefusesFillOrKillThatWouldNotFillAndLeavesTheBookUntouched) {
  ASSERT_TRUE(this->Place(1, Side::kSell, 10'000, 10).ok());
  ASSERT_TRUE(this->Place(2, Side::kSell, 10'001, 10).ok());
  const std::uint64_t before = this->book_->StateHash();
  EXPECT_EQ(this->Place(3, Side::kBuy, 10'000, 11, TimeInForce::kFillOrKill),
            Fail{BookRefusal::kWouldNotFill});
  EXPECT_THAT(this->trades_, IsEmpty());
  EXPECT_EQ(this->book_->StateHash(), before);
  EXPECT_EQ(this->Place(4, Side::kBuy, 10'001, 20, TimeInForce::kFillOrKill), Tonnes(0));
  EXPECT_THAT(this->Makers(), ElementsAre(1, 2));
}

TYPED_TEST(OrderBookContract, CancelsAnOwnersRestingOrderInsteadOfTradingWithIt) {
  ASSERT_TRUE(this->PlaceAs(7, 1, Side::kSell, 10'000, 10).ok());
  ASSERT_TRUE(this->PlaceAs(8, 2, Side::kSell, 10'000, 10).ok());
  ASSERT_TRUE(this->PlaceAs(7, 3, Side::kSell, 10'001, 10).ok());
  EXPECT_EQ(this->PlaceAs(7, 4, Side::kBuy, 10'001, 15), Tonnes(5));
  EXPECT_THAT(this->Makers(), ElementsAre(2));
  EXPECT_THAT(
      this->cancelled_,
      ElementsAre(RestingOrder{OrderId(1), MemberId(7), Side::kSell, Fen(10'000), Tonnes(10)},
                  RestingOrder{OrderId(3), MemberId(7), Side::kSell, Fen(10'001), Tonnes(10)}));
  EXPECT_THAT(this->Resting(), ElementsAre(4));
}

TYPED_TEST(OrderBookContract, LeavesAnOwnersOrderAloneThatIsNotReached) {
  ASSERT_TRUE(this->PlaceAs(8, 1, Side::kSell, 10'000, 10).ok());
  ASSERT_TRUE(this->PlaceAs(7, 2, Side::kSell, 10'000, 10).ok());
  EXPECT_EQ(this->PlaceAs(7, 3, Side::kBuy, 10'000, 10), Tonnes(0));
  EXPECT_THAT(this->cancelled_, IsEmpty());
  EXPECT_THAT(this->Resting(), ElementsAre(2));
}

TYPED_TEST(OrderBookContract, FillOrKillDoesNotCountItsOwnersOrders) {
  ASSERT_TRUE(this->PlaceAs(7, 1, Side::kBuy, 10'000, 10).ok());
  ASSERT_TRUE(this->PlaceAs(8, 2, Side::kBuy, 10'000, 10).ok());
  EXPECT_EQ(this->PlaceAs(7, 3, Side::kSell, 10'000, 11, TimeInForce::kFillOrKill),
            Fail{BookRefusal::kWouldNotFill});
  EXPECT_THAT(this->Resting(), ElementsAre(1, 2));
  EXPECT_EQ(this->PlaceAs(7, 4, Side::kSell, 10'000, 10, TimeInForce::kFillOrKill), Tonnes(0));
  EXPECT_THAT(this->Makers(), ElementsAre(2));
}

TYPED_TEST(OrderBookContract, CancelGivesBackWhatIsOpenAndOnlyOnce) {
  ASSERT_TRUE(this->Place(1, Side::kBuy, 10'000, 10).ok());
  ASSERT_TRUE(this->Place(2, Side::kSell, 10'000, 4).ok());
  RestingOrder gone;
  ASSERT_TRUE(this->book_->Cancel(OrderId(1), &gone));
  EXPECT_EQ(gone, (RestingOrder{OrderId(1), MemberId(1), Side::kBuy, Fen(10'000), Tonnes(6)}));
  EXPECT_FALSE(this->book_->Cancel(OrderId(1), &gone));
  EXPECT_EQ(this->book_->resting_count(), 0U);
}

TYPED_TEST(OrderBookContract, FindsAnOrderWhileItRests) {
  ASSERT_TRUE(this->Place(1, Side::kBuy, 10'000, 10).ok());
  RestingOrder found;
  ASSERT_TRUE(this->book_->Find(OrderId(1), &found));
  EXPECT_EQ(found, (RestingOrder{OrderId(1), MemberId(1), Side::kBuy, Fen(10'000), Tonnes(10)}));
  ASSERT_TRUE(this->Place(2, Side::kSell, 10'000, 10).ok());
  EXPECT_FALSE(this->book_->Find(OrderId(1), &found));
}

TYPED_TEST(OrderBookContract, BestLooksPastALevelThatWasCancelledAway) {
  ASSERT_TRUE(this->Place(1, Side::kBuy, 9'000, 1).ok());
  ASSERT_TRUE(this->Place(2, Side::kBuy, 10'990, 2).ok());
  ASSERT_TRUE(this->Place(3, Side::kSell, 10'991, 3).ok());
  ASSERT_TRUE(this->Place(4, Side::kSell, 11'000, 4).ok());
  RestingOrder gone;
  ASSERT_TRUE(this->book_->Cancel(OrderId(2), &gone));
  ASSERT_TRUE(this->book_->Cancel(OrderId(3), &gone));
  EXPECT_EQ(this->book_->best(Side::kBuy), (BestQuote{true, Fen(9'000), Tonnes(1)}));
  EXPECT_EQ(this->book_->best(Side::kSell), (BestQuote{true, Fen(11'000), Tonnes(4)}));
}

TYPED_TEST(OrderBookContract, ListsBidsBeforeOffersBestPriceFirstThenByArrival) {
  ASSERT_TRUE(this->Place(1, Side::kSell, 10'100, 1).ok());
  ASSERT_TRUE(this->Place(2, Side::kSell, 10'050, 1).ok());
  ASSERT_TRUE(this->Place(3, Side::kBuy, 9'900, 1).ok());
  ASSERT_TRUE(this->Place(4, Side::kBuy, 9'950, 1).ok());
  ASSERT_TRUE(this->Place(5, Side::kSell, 10'050, 1).ok());
  EXPECT_THAT(this->Resting(), ElementsAre(4, 3, 2, 5, 1));
}

TYPED_TEST(OrderBookContract, TakesPricesAtBothEndsOfTheRangeAndRefusesOnesBeyond) {
  EXPECT_TRUE(this->Place(1, Side::kBuy, 9'000, 1).ok());
  EXPECT_TRUE(this->Place(2, Side::kSell, 11'000, 1).ok());
  EXPECT_EQ(this->Place(3, Side::kBuy, 8'999, 1), Fail{BookRefusal::kPriceOutOfRange});
  EXPECT_EQ(this->Place(4, Side::kSell, 11'001, 1), Fail{BookRefusal::kPriceOutOfRange});
}

TYPED_TEST(OrderBookContract, RefusesTheFirstRuleBrokenInOrder) {
  ASSERT_TRUE(this->Place(1, Side::kBuy, 10'000, 5).ok());
  EXPECT_EQ(this->Place(1, Side::kBuy, 1, 0), Fail{BookRefusal::kDuplicateOrderId});
  EXPECT_EQ(this->Place(2, Side::kBuy, 1, 0), Fail{BookRefusal::kQuantityNotPositive});
  EXPECT_EQ(this->Place(2, Side::kBuy, 1, -1), Fail{BookRefusal::kQuantityNotPositive});
  EXPECT_EQ(this->Place(2, Side::kBuy, 1, 1, TimeInForce::kFillOrKill),
            Fail{BookRefusal::kPriceOutOfRange});
  EXPECT_THAT(this->Resting(), ElementsAre(1));
}

TYPED_TEST(OrderBookContract, RefusesEveryPriceBeforeTheFirstSession) {
  const auto fresh = TypeParam::Make();
  NewOrder order;
  order.limit = Fen(10'000);
  order.quantity = Tonnes(1);
  EXPECT_EQ(fresh->Place(order, this->trades_, this->cancelled_),
            Fail{BookRefusal::kPriceOutOfRange});
}

TYPED_TEST(OrderBookContract, StartsANewSessionEmptyWithItsOwnRange) {
  ASSERT_TRUE(this->Place(1, Side::kBuy, 10'000, 1).ok());
  ASSERT_TRUE(this->Place(2, Side::kSell, 10'500, 1).ok());
  this->book_->Clear();
  EXPECT_EQ(this->book_->resting_count(), 0U);
  EXPECT_FALSE(this->book_->best(Side::kBuy).present);
  this->book_->OpenSession(Fen(20'000), Fen(40'000));
  EXPECT_TRUE(this->Place(1, Side::kBuy, 40'000, 1).ok());
  EXPECT_EQ(this->Place(3, Side::kBuy, 10'000, 1), Fail{BookRefusal::kPriceOutOfRange});
  EXPECT_THAT(this->Resting(), ElementsAre(1));
}

TYPED_TEST(OrderBookContract, HashTellsTimePriorityApart) {
  const auto other = TypeParam::Make();
  other->OpenSession(Fen(9'000), Fen(11'000));
  NewOrder a;
  a.id = OrderId(1);
  a.limit = Fen(10'000);
  a.quantity = Tonnes(1);
  NewOrder b = a;
  b.id = OrderId(2);
  std::vector<Trade> trades;
  std::vector<RestingOrder> cancelled;
  ASSERT_TRUE(this->book_->Place(a, trades, cancelled).ok());
  ASSERT_TRUE(this->book_->Place(b, trades, cancelled).ok());
  ASSERT_TRUE(other->Place(b, trades, cancelled).ok());
  ASSERT_TRUE(other->Place(a, trades, cancelled).ok());
  EXPECT_NE(this->book_->StateHash(), other->StateHash());
}

}  // namespace
}  // namespace ets::matching
