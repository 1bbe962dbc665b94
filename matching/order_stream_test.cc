#include "matching/order_stream.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "base/quantity.h"

namespace ets::matching {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint8_t kBuy = 0;
constexpr std::uint8_t kSell = 1;

// Builds a stream message by message.
class Streams : public ::testing::Test {
 protected:
  StreamMessage& Say(StreamType type, std::uint64_t id, std::int64_t price, std::uint32_t lots) {
    StreamMessage message;
    message.type = type;
    message.id = id;
    message.price = price;
    message.quantity = lots;
    message.sequence = static_cast<std::uint32_t>(stream_.messages.size());
    message.owner = message.sequence % 200;
    stream_.messages.push_back(message);
    return stream_.messages.back();
  }
  StreamMessage& Add(std::uint64_t id, std::uint8_t side, std::int64_t price, std::uint32_t lots) {
    StreamMessage& message = Say(StreamType::kAdd, id, price, lots);
    message.side = side;
    return message;
  }
  void AddImmediate(std::uint64_t id, std::uint8_t side, std::int64_t price, std::uint32_t lots) {
    Add(id, side, price, lots).immediate = 1;
  }
  void Modify(std::uint64_t id, std::int64_t price, std::uint32_t lots) {
    Say(StreamType::kModify, id, price, lots);
  }

  // What reading the file says is wrong.
  std::string Wrong() const {
    const auto read = ParseOrderStream(EncodeOrderStream(stream_));
    return read.ok() ? std::string() : read.error();
  }
  // The trades, which both engines must agree on.
  std::vector<StreamTrade> Trades() {
    EXPECT_THAT(Wrong(), IsEmpty());
    ReplayCounts by_engine, by_reference;
    const auto trades = Replay(stream_, ReplayWith::kEngine, by_engine);
    const auto again = Replay(stream_, ReplayWith::kReference, by_reference);
    EXPECT_TRUE(trades.ok() && again.ok());
    if (!trades.ok() || !again.ok()) return {};
    EXPECT_EQ(*trades, *again);
    EXPECT_EQ(by_engine.refused, by_reference.refused);
    refused_ = by_engine.refused;
    return *trades;
  }

  OrderStream stream_;
  std::uint64_t refused_ = 0;
};

TEST_F(Streams, AModifyGoesBehindTheOthersAtItsPriceAlsoWithLess) {
  Add(1, kBuy, 7'000, 10);
  Add(2, kBuy, 7'000, 10);
  Modify(1, 7'000, 5);
  AddImmediate(3, kSell, 7'000, 12);
  EXPECT_THAT(Trades(),
              ElementsAre(StreamTrade{2, 3, 7'000, 10, 3}, StreamTrade{1, 3, 7'000, 2, 3}));
}

TEST_F(Streams, AModifyThatChangesNothingGoesBehindTheOthersAsWell) {
  Add(1, kBuy, 7'000, 10);
  Add(2, kBuy, 7'000, 10);
  Modify(1, 7'000, 10);
  AddImmediate(3, kSell, 7'000, 12);
  EXPECT_THAT(Trades(),
              ElementsAre(StreamTrade{2, 3, 7'000, 10, 3}, StreamTrade{1, 3, 7'000, 2, 3}));
  EXPECT_EQ(refused_, 0U);
}

TEST_F(Streams, AModifyOfAPartlyFilledOrderNamesWhatIsOpenAnew) {
  Add(1, kBuy, 7'000, 10);
  AddImmediate(2, kSell, 7'000, 4);
  Modify(1, 7'001, 10);
  AddImmediate(3, kSell, 7'000, 20);
  EXPECT_THAT(Trades(),
              ElementsAre(StreamTrade{1, 2, 7'000, 4, 1}, StreamTrade{1, 3, 7'001, 10, 3}));
}

TEST_F(Streams, OrdersThatAreGoneAreCountedAndChangeNothing) {
  Add(1, kBuy, 7'000, 10);
  AddImmediate(2, kSell, 7'000, 10);
  Modify(1, 7'000, 10);
  Say(StreamType::kCancel, 1, 0, 0);
  Say(StreamType::kCancel, 99, 0, 0);
  EXPECT_THAT(Trades(), ElementsAre(StreamTrade{1, 2, 7'000, 10, 1}));
  EXPECT_EQ(refused_, 3U);
}

TEST_F(Streams, AnyQuantityOfTheFormatTrades) {
  constexpr std::uint32_t kMost = 0xFFFF'FFFF;
  for (std::uint64_t id = 1; id <= 400; ++id) Add(id, kBuy, 2'000'000, kMost).owner = 7;
  for (std::uint64_t id = 1; id <= 400; ++id) Modify(id, 1'999'999, kMost);
  for (std::uint64_t id = 1; id <= 400; ++id) Add(400 + id, kSell, 1, kMost).owner = 7;
  const auto trades = Trades();
  ASSERT_EQ(trades.size(), 400U);
  EXPECT_EQ(trades.back(), (StreamTrade{400, 800, 1'999'999, kMost, 1'199}));
}

TEST_F(Streams, AnOrderWorthMoreThanAnEngineCountsIsRefusedByItsNumbers) {
  Add(1, kBuy, 10'000'000, 4'294'967'295);
  EXPECT_EQ(Wrong(),
            "message 0: price x quantity is 42949672950000000; allowed: up to 9007199254740991");
  EXPECT_THAT(Wrong(), HasSubstr(std::to_string(kAmountMax)));
}

TEST_F(Streams, MoreThanAllMembersMayHaveIsRefusedAndNamesTheMessage) {
  for (std::uint64_t id = 1; id <= 600; ++id) Add(id, kBuy, 2'000'000, 4'294'967'295);
  ReplayCounts counts;
  for (const ReplayWith with : {ReplayWith::kEngine, ReplayWith::kReference}) {
    const auto trades = Replay(stream_, with, counts);
    ASSERT_FALSE(trades.ok());
    EXPECT_EQ(trades.error(),
              "message 536: all that waits binds more than its members are given; allowed: up to "
              "4611686018427387904 lots, and lots times their price in ticks");
  }
}

TEST_F(Streams, MoreOrdersThanABookHoldsAreRefusedAndNameTheMessage) {
  for (std::uint64_t id = 0; id <= 1'048'576; ++id) Add(id, kBuy, 7'000, 1);
  ReplayCounts counts;
  const auto trades = Replay(stream_, ReplayWith::kEngine, counts);
  ASSERT_FALSE(trades.ok());
  EXPECT_EQ(trades.error(), "message 1048576: 1048577 orders would rest; allowed: up to 1048576");
}

TEST_F(Streams, AnIdOfTwoOrdersIsRefusedAndNamesBoth) {
  Add(5, kBuy, 7'000, 10);
  Say(StreamType::kCancel, 5, 0, 0);
  Add(5, kSell, 7'001, 10);
  EXPECT_EQ(Wrong(),
            "message 2: id is 5, which message 0 has; allowed: an id of its own for every order");
}

TEST_F(Streams, AStreamWithoutOrdersHasNoTradesAndCountsWhatIsGone) {
  Say(StreamType::kCancel, 1, 0, 0);
  EXPECT_THAT(Trades(), IsEmpty());
  EXPECT_EQ(refused_, 1U);
}

// The format's rules once more, as plainly as they can be written: a list in the order of arrival,
// searched for the best.
std::vector<StreamTrade> ByTheRules(const std::vector<StreamMessage>& messages) {
  std::vector<StreamMessage> resting;
  std::vector<StreamTrade> trades;
  const auto enter = [&](StreamMessage order) {
    while (order.quantity > 0) {
      auto best = resting.end();
      for (auto at = resting.begin(); at != resting.end(); ++at) {
        const bool buys = order.side == kBuy;
        const bool meets = buys ? at->price <= order.price : at->price >= order.price;
        if (at->side == order.side || !meets) continue;
        const bool is_better =
            best == resting.end() || (buys ? at->price < best->price : at->price > best->price);
        if (is_better) best = at;
      }
      if (best == resting.end()) break;
      const std::uint32_t lots = std::min(order.quantity, best->quantity);
      trades.push_back({best->id, order.id, best->price, lots, order.sequence});
      order.quantity -= lots;
      best->quantity -= lots;
      if (best->quantity == 0) resting.erase(best);
    }
    if (order.quantity > 0 && order.immediate == 0) resting.push_back(order);
  };
  for (const StreamMessage& message : messages) {
    if (message.type == StreamType::kAdd) {
      enter(message);
      continue;
    }
    const auto found =
        std::find_if(resting.begin(), resting.end(),
                     [&](const StreamMessage& order) { return order.id == message.id; });
    if (found == resting.end()) continue;
    StreamMessage again = message;
    again.side = found->side;
    again.immediate = 0;
    resting.erase(found);
    if (message.type == StreamType::kModify) enter(again);
  }
  return trades;
}

TEST_F(Streams, OfAnyKindTradeByTheFormatsRules) {
  std::size_t traded = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 dice(seed);
    const auto below = [&dice](std::uint32_t n) { return static_cast<std::uint32_t>(dice() % n); };
    stream_.messages.clear();
    std::uint64_t last_id = 0;
    for (int i = 0; i < 300; ++i) {
      const std::uint32_t lots = below(10) == 0 ? 0xFFFF'FFFFU - below(3) : 1 + below(4);
      const std::int64_t price = 7'000 + below(6);
      const std::uint64_t some_id = 1 + below(static_cast<std::uint32_t>(last_id) + 2);
      const auto side = static_cast<std::uint8_t>(below(2));
      const std::uint32_t roll = below(10);
      if (roll < 5) Add(++last_id, side, price, lots);
      if (roll == 5) AddImmediate(++last_id, side, price, lots);
      if (roll == 6) Say(StreamType::kCancel, some_id, 0, 0);
      if (roll > 6) Modify(some_id, price, lots);
      stream_.messages.back().owner = below(3);
    }
    const auto trades = Trades();
    ASSERT_EQ(trades, ByTheRules(stream_.messages)) << "seed " << seed;
    traded += trades.size();
  }
  EXPECT_GT(traded, 1'000U);
}

}  // namespace
}  // namespace ets::matching
