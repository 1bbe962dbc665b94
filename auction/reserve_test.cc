// Reserve prices: the published figures, and the arithmetic to the cent.
#include "auction/reserve.h"

#include <gtest/gtest.h>

namespace ets::auction {
namespace {

constexpr Price Cents(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

TEST(SecretReservePrice, TakesKStandardDeviationsOffTheReference) {
  EXPECT_EQ(SecretReservePrice(Cents(7'010), 200, 200), Cents(6'730));  // 67.296.
  EXPECT_EQ(SecretReservePrice(Cents(7'010), 0, 200), Cents(7'010));
  EXPECT_EQ(SecretReservePrice(Cents(7'010), 200, 5'000), Price());
}

// Guangdong, 27 March 2017: once the mean of three calendar months. Shanghai, 30 June 2017: 1.2
// times the mean, at most CNY 42.
TEST(AverageReserve, WeighsListedTradesByVolumeAndDividesOnce) {
  const std::vector<ListedTrade> trades = {{Date(10), Cents(9'999), Tonnes(1)},
                                           {Date(20), Cents(1'600), Tonnes(100)},
                                           {Date(30), Cents(1'700), Tonnes(200)},
                                           {Date(40), Cents(9'999), Tonnes(1)}};
  EXPECT_EQ(AverageReserve(trades, Date(20), Date(30), 10'000), Cents(1'667));  // 16.6667.
  EXPECT_EQ(AverageReserve(trades, Date(20), Date(30), 12'000), Cents(2'000));
  EXPECT_EQ(AverageReserve(trades, Date(20), Date(30), 40'000, Cents(4'200)), Cents(4'200));
  EXPECT_EQ(AverageReserve(trades, Date(21), Date(29), 10'000), std::nullopt);
}

TEST(ThreeMeansReserve, IsTheMeanOfThreeMeans) {
  EXPECT_EQ(ThreeMeansReserve(Cents(100), Cents(100), Cents(102)), Cents(101));  // 100.67.
}

TEST(PublishedReserve, KnowsTheFiguresThatWerePublished) {
  EXPECT_EQ(PublishedReserve("uk", 2025), Cents(2'200));
  EXPECT_EQ(PublishedReserve("uk", 2026), Cents(2'800));
  EXPECT_EQ(PublishedReserve("wci", 2012), Cents(1'000));
  EXPECT_EQ(PublishedReserve("wci", 2026), Cents(2'794));
  EXPECT_EQ(PublishedReserve("wci", 2014), Cents(1'134));
  EXPECT_EQ(PublishedReserve("rggi", 2015), Cents(205));
  EXPECT_EQ(PublishedReserve("rggi", 2025), Cents(262));
  EXPECT_EQ(PublishedReserve("rggi", 2026), std::nullopt);
  EXPECT_EQ(PublishedReserve("rggi", 2027), Cents(900));
  EXPECT_EQ(PublishedReserve("uk", 2027), std::nullopt);
  EXPECT_EQ(PublishedReserve("eu", 2026), std::nullopt);
}

// RGGI, model rule 2017: 13.00 and 6.00 in 2021, 7% a year, each year rounded to cents.
TEST(RggiTriggers, FollowTheRuleUntil2027) {
  Price cost = Cents(1'300);
  Price emission = Cents(600);
  for (int year = 2021; year <= 2027; ++year) {
    const RggiTriggers* row = RggiTriggersOf(year);
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->tier_one, cost) << year;
    if (year <= 2026) {
      EXPECT_EQ(row->emission, emission) << year;
    }
    cost = IndexedPrice(cost, 700);
    emission = IndexedPrice(emission, 700);
  }
  EXPECT_EQ(RggiTriggersOf(2023)->tier_one, Cents(1'488));  // Published.
}

TEST(RggiTriggers, AreStoredAsPublishedFor2027And2037) {
  EXPECT_EQ(RggiTriggersOf(2027)->tier_one, Cents(1'950));
  EXPECT_EQ(RggiTriggersOf(2027)->tier_two, Cents(2'925));
  EXPECT_EQ(RggiTriggersOf(2027)->emission, std::nullopt);
  EXPECT_EQ(RggiTriggersOf(2037)->tier_one, Cents(3'836));
  EXPECT_EQ(RggiTriggersOf(2037)->tier_two, Cents(5'753));
  EXPECT_TRUE(RggiTriggersOf(2037)->published);
  EXPECT_FALSE(RggiTriggersOf(2030)->published);
  EXPECT_EQ(RggiTriggersOf(2020), nullptr);
  EXPECT_EQ(RggiTriggersOf(2038), nullptr);
}

// 17 CCR 95911: 10.00 in 2012, then 5% and inflation.
TEST(IndexedPrice, RoundsHalfUpToTheCent) {
  EXPECT_EQ(IndexedPrice(Cents(1'000), 500), Cents(1'050));
  EXPECT_EQ(IndexedPrice(Cents(1'391), 700), Cents(1'488));  // 14.8837.
  EXPECT_EQ(IndexedPrice(Cents(50), 100), Cents(51));        // 50.5.
}

}  // namespace
}  // namespace ets::auction
