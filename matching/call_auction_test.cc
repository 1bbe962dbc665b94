// The call auction's price: worked cases, and every thrown book against a slow search that asks
// each price in turn.
#include "matching/call_auction.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <ostream>
#include <vector>

#include "base/prng.h"

namespace ets::matching {

void PrintTo(const CallResult& result, std::ostream* out) {
  if (!result.clears) {
    *out << "no price";
    return;
  }
  *out << result.volume.count() << " t at " << ToString(result.price) << ", imbalance "
       << result.imbalance;
}

namespace {

constexpr Price Fen(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }
constexpr TickTable kFen = TickTable::Flat(Fen(1));

struct Book {
  std::int64_t market_bids = 0, market_offers = 0;
  std::map<std::int64_t, std::int64_t> bids, offers;  // Price -> t.

  CallResult Clear(std::int64_t reference, const TickTable& ticks = kFen) const {
    std::vector<CallLevel> down, up;
    for (auto it = bids.rbegin(); it != bids.rend(); ++it) {
      down.push_back({Fen(it->first), Tonnes(it->second)});
    }
    for (const auto& [price, quantity] : offers) up.push_back({Fen(price), Tonnes(quantity)});
    return ClearCall({Tonnes(market_bids), down}, {Tonnes(market_offers), up}, Fen(reference),
                     ticks);
  }
};

CallResult Result(std::int64_t price, std::int64_t volume, std::int64_t imbalance) {
  return {true, Fen(price), Tonnes(volume), imbalance};
}

TEST(CallAuction, HasNoPriceWhenTheSidesDoNotMeet) {
  EXPECT_EQ(Book().Clear(8'000), CallResult{});
  EXPECT_EQ((Book{0, 0, {{7'900, 10}}, {{7'901, 10}}}.Clear(8'000)), CallResult{});
  EXPECT_EQ((Book{100, 0, {{8'000, 10}}, {}}.Clear(8'000)), CallResult{});
}

TEST(CallAuction, TakesThePriceAtWhichMostTonnesTrade) {
  const Book book{0, 0, {{8'100, 50}, {8'000, 80}, {7'900, 100}}, {{7'800, 60}, {8'000, 60}}};
  EXPECT_EQ(book.Clear(7'800), Result(8'000, 120, 10));
}

TEST(CallAuction, LeavesTheSmallestImbalanceEvenBetweenTwoLimits) {
  // 100 t trade anywhere from 80 to 85; only strictly between them do both sides balance.
  const Book book{0, 0, {{9'000, 100}, {8'000, 20}}, {{7'000, 100}, {8'500, 20}}};
  EXPECT_EQ(book.Clear(8'200), Result(8'200, 100, 0));
  EXPECT_EQ(book.Clear(7'000), Result(8'001, 100, 0));
  EXPECT_EQ(book.Clear(9'000), Result(8'499, 100, 0));
}

TEST(CallAuction, FollowsMarketPressure) {
  const Book demand{0, 0, {{8'100, 100}}, {{7'900, 50}}};
  EXPECT_EQ(demand.Clear(7'950), Result(8'100, 50, 50));
  const Book supply{0, 0, {{8'100, 50}}, {{7'900, 100}}};
  EXPECT_EQ(supply.Clear(8'050), Result(7'900, 50, -50));
}

TEST(CallAuction, StaysNearTheReferenceWhenNothingPresses) {
  const Book book{0, 0, {{8'100, 100}}, {{7'900, 100}}};
  EXPECT_EQ(book.Clear(8'000), Result(8'000, 100, 0));
  EXPECT_EQ(book.Clear(7'000), Result(7'900, 100, 0));
  EXPECT_EQ(book.Clear(9'000), Result(8'100, 100, 0));
}

TEST(CallAuction, OfTwoPricesEquallyNearTakesTheHigher) {
  // 10 t of demand left at 79, 10 t of supply left at 81, nothing between 79 and 81 on this tick.
  const TickTable yuan = TickTable::Flat(Fen(200));
  const Book book{0, 0, {{8'200, 100}, {7'800, 10}}, {{7'600, 100}, {8'000, 10}}};
  EXPECT_EQ(book.Clear(7'900, yuan), Result(7'800, 100, 10));
  const Book even{0, 0, {{8'200, 90}, {7'800, 20}}, {{7'600, 100}}};
  EXPECT_EQ(even.Clear(8'000, yuan), Result(7'800, 100, 10));
}

TEST(CallAuction, LetsMarketOrdersAloneMeetAtTheReference) {
  EXPECT_EQ((Book{30, 20, {}, {}}.Clear(8'000)), Result(8'000, 20, 10));
}

TEST(CallAuction, DoesNotLetUnmetMarketOrdersCarryThePriceBeyondTheLastLimit) {
  EXPECT_EQ((Book{100, 0, {}, {{7'900, 50}}}.Clear(8'000)), Result(8'000, 50, 50));
  EXPECT_EQ((Book{100, 0, {}, {{7'900, 50}}}.Clear(7'000)), Result(7'900, 50, 50));
  EXPECT_EQ((Book{0, 100, {{8'100, 50}}, {}}.Clear(8'000)), Result(8'000, 50, -50));
}

TEST(CallAuction, KeepsToATickTableWithSeveralRows) {
  TickTable ticks = TickTable::Flat(Fen(1));
  ticks.rows[1] = {Fen(8'000), Fen(50)};
  const Book book{0, 0, {{8'200, 100}, {8'000, 20}}, {{7'000, 100}, {8'150, 20}}};
  EXPECT_EQ(book.Clear(9'000, ticks), Result(8'100, 100, 0));
  EXPECT_EQ(book.Clear(7'000, ticks), Result(8'050, 100, 0));
  EXPECT_EQ(book.Clear(8'099, ticks), Result(8'050, 100, 0));
}

// The rules as they are written, asked at every price of the table.
CallResult AskEveryPrice(const Book& book, std::int64_t reference, const TickTable& ticks) {
  reference = ticks.Floor(Fen(reference)).minor_per_tonne();
  std::int64_t low = reference, high = reference;
  for (const auto* side : {&book.bids, &book.offers}) {
    for (const auto& [price, quantity] : *side) {
      low = std::min(low, price);
      high = std::max(high, price);
    }
  }
  std::vector<CallResult> kept;
  for (std::int64_t price = low; price <= high; ++price) {
    if (!ticks.Holds(Fen(price))) continue;
    std::int64_t demand = book.market_bids, supply = book.market_offers;
    for (const auto& [limit, quantity] : book.bids) demand += limit >= price ? quantity : 0;
    for (const auto& [limit, quantity] : book.offers) supply += limit <= price ? quantity : 0;
    const std::int64_t volume = std::min(demand, supply);
    if (volume > 0) kept.push_back(Result(price, volume, demand - supply));
  }
  if (kept.empty()) return {};
  const auto keep = [&kept](const auto& measure) {
    std::int64_t least = measure(kept.front());
    for (const CallResult& one : kept) least = std::min(least, measure(one));
    std::erase_if(kept, [&](const CallResult& one) { return measure(one) > least; });
  };
  keep([](const CallResult& one) { return -one.volume.count(); });
  keep([](const CallResult& one) { return std::abs(one.imbalance); });
  bool demand = true, supply = true;
  for (const CallResult& one : kept) {
    demand = demand && one.imbalance > 0;
    supply = supply && one.imbalance < 0;
  }
  if (demand) return kept.back();
  if (supply) return kept.front();
  keep([&](const CallResult& one) { return std::abs(one.price.minor_per_tonne() - reference); });
  return kept.back();
}

class ThrownCalls : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ThrownCalls, ClearAtThePriceThatASearchOverAllPricesFinds) {
  Prng dice(GetParam());
  const auto below = [&dice](std::uint64_t bound) {
    return static_cast<std::int64_t>(dice.Below(bound));
  };
  int cleared = 0;
  for (int i = 0; i < 4'000; ++i) {
    TickTable ticks = TickTable::Flat(Fen(1 + below(3)));
    if (dice.Below(2) == 0)
      ticks.rows[1] = {Fen(1'020), Fen(ticks.rows[0].tick.minor_per_tonne() * 5)};
    if (!ticks.Holds(Fen(1'020))) ticks = TickTable::Flat(Fen(1));
    Book book;
    if (dice.Below(3) == 0) book.market_bids = below(30);
    if (dice.Below(3) == 0) book.market_offers = below(30);
    const std::uint64_t orders = dice.Below(14);
    const std::uint64_t sizes = 1 + dice.Below(40);  // Small ones tie often.
    for (std::uint64_t n = 0; n < orders; ++n) {
      auto& side = dice.Below(2) == 0 ? book.bids : book.offers;
      const Price price = ticks.Floor(Fen(1'000 + below(40)));
      side[price.minor_per_tonne()] += 1 + below(sizes);
    }
    const std::int64_t reference = 995 + below(50);
    const CallResult found = book.Clear(reference, ticks);
    ASSERT_EQ(found, AskEveryPrice(book, reference, ticks)) << "book " << i;
    cleared += found.clears ? 1 : 0;
  }
  EXPECT_GT(cleared, 1'000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ThrownCalls, ::testing::Range(std::uint64_t{1}, std::uint64_t{9}));

}  // namespace
}  // namespace ets::matching
