// The fast book against the obvious one: the same messages, the same trades, results and hashes
// after every message. The streams are those of a neutral generator: many cancels, geometric
// distances from a drifting price, ids that grow or that are scattered over 64 bits.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/prng.h"
#include "matching/count_allocations.h"
#include "matching/level_bitmap.h"
#include "matching/order_book.h"
#include "matching/order_index.h"

namespace ets::matching {
namespace {

struct Profile {
  const char* name;
  std::uint64_t seed;
  int messages;
  std::uint64_t resting_target;  // The share of cancels is steered towards it.
  std::uint64_t distance_mean;   // Ticks from the fair price.
  std::uint64_t drift;           // Ticks a message, at most.
  std::uint64_t owners;          // Few owners: they often meet themselves.
  bool scattered_ids;
};

void PrintTo(const Profile& profile, std::ostream* out) { *out << profile.name; }

constexpr Profile kProfiles[] = {
    {"calm", 1, 40'000, 60, 8, 1, 200, false},    {"deep", 2, 20'000, 300, 40, 1, 200, true},
    {"swing", 3, 40'000, 40, 4, 20, 200, true},   {"thin", 4, 40'000, 8, 100, 1, 200, false},
    {"few_owners", 5, 40'000, 40, 3, 1, 3, true},
};

// Makes messages without looking into a book: it remembers ids that it sent.
class Stream {
 public:
  struct Message {
    bool cancel = false;
    NewOrder order;  // For a cancel only its id counts.
  };

  explicit Stream(const Profile& profile) : profile_(profile), dice_(profile.seed) {}

  Message Next(std::size_t resting) {
    fair_ += static_cast<std::int64_t>(dice_.Below(2 * profile_.drift + 1)) -
             static_cast<std::int64_t>(profile_.drift);
    fair_ = std::clamp<std::int64_t>(fair_, kLowest + 50, kHighest - 50);
    const std::uint64_t cancels = resting > profile_.resting_target ? 45 : 35;
    if (!sent_.empty() && dice_.Below(100) < cancels) {
      const std::uint64_t back = dice_.Below(std::min<std::uint64_t>(sent_.size(), 256));
      Message cancel{.cancel = true, .order = {}};
      cancel.order.id = sent_[sent_.size() - 1 - back];
      return cancel;
    }
    NewOrder order;
    ++count_;
    order.id = OrderId(profile_.scattered_ids ? count_ * 0xD6E8FEB86659FD93U : count_);
    // Now and then an id that was used before; it may rest still.
    if (!sent_.empty() && dice_.Below(50) == 0) order.id = sent_[dice_.Below(sent_.size())];
    order.owner = MemberId(static_cast<std::uint32_t>(dice_.Below(profile_.owners)));
    order.side = dice_.Below(2) == 0 ? Side::kBuy : Side::kSell;
    const std::uint64_t kind = dice_.Below(20);
    order.time_in_force = kind < 2    ? TimeInForce::kImmediateOrCancel
                          : kind == 2 ? TimeInForce::kFillOrKill
                                      : TimeInForce::kDay;
    std::int64_t distance = 1;
    while (dice_.Below(profile_.distance_mean + 1) != 0) ++distance;
    if (order.time_in_force != TimeInForce::kDay || dice_.Below(50) == 0) distance = -distance;
    order.limit =
        Price::FromMinorPerTonne(order.side == Side::kBuy ? fair_ - distance : fair_ + distance);
    order.quantity = Tonnes(static_cast<std::int64_t>(dice_.Below(50)));  // 0 is refused.
    sent_.push_back(order.id);
    return {.cancel = false, .order = order};
  }

  static constexpr std::int64_t kLowest = 7'200;
  static constexpr std::int64_t kHighest = 8'800;

 private:
  const Profile& profile_;
  Prng dice_;
  std::int64_t fair_ = 8'000;
  std::uint64_t count_ = 0;
  std::vector<OrderId> sent_;
};

class BookStream : public ::testing::TestWithParam<Profile> {};

TEST_P(BookStream, GivesTheSameTradesResultsAndHashesInBothBooks) {
  SCOPED_TRACE(GetParam().seed);
  const auto slow = MakeReferenceBook();
  const auto fast = MakeLadderBook();
  Stream stream(GetParam());
  std::vector<Trade> slow_trades;
  std::vector<Trade> fast_trades;
  std::vector<RestingOrder> slow_cancelled;
  std::vector<RestingOrder> fast_cancelled;
  std::size_t trade_count = 0;
  std::size_t refusal_count = 0;
  for (int i = 0; i < GetParam().messages; ++i) {
    if (i % 10'000 == 0) {  // A new session: what rests is dropped.
      for (OrderBook* book : {slow.get(), fast.get()}) {
        book->Clear();
        book->OpenSession(Price::FromMinorPerTonne(Stream::kLowest + i / 1'000),
                          Price::FromMinorPerTonne(Stream::kHighest + i / 1'000));
      }
    }
    const Stream::Message message = stream.Next(slow->resting_count());
    if (message.cancel) {
      RestingOrder slow_gone;
      RestingOrder fast_gone;
      const bool found = slow->Cancel(message.order.id, &slow_gone);
      ASSERT_EQ(fast->Cancel(message.order.id, &fast_gone), found);
      ASSERT_EQ(fast_gone, slow_gone);
    } else {
      slow_trades.clear();
      fast_trades.clear();
      slow_cancelled.clear();
      fast_cancelled.clear();
      const auto expected = slow->Place(message.order, slow_trades, slow_cancelled);
      const auto actual = fast->Place(message.order, fast_trades, fast_cancelled);
      ASSERT_EQ(actual.ok(), expected.ok());
      if (expected.ok()) {
        ASSERT_EQ(*actual, *expected);
      } else {
        ASSERT_EQ(actual.error(), expected.error());
        ++refusal_count;
      }
      ASSERT_EQ(fast_trades, slow_trades);
      ASSERT_EQ(fast_cancelled, slow_cancelled);
      trade_count += fast_trades.size();
    }
    ASSERT_EQ(fast->StateHash(), slow->StateHash()) << "after message " << i;
    ASSERT_EQ(fast->best(Side::kBuy), slow->best(Side::kBuy));
    ASSERT_EQ(fast->best(Side::kSell), slow->best(Side::kSell));
    if (i % 100 == 0) {
      fast->CheckInvariants();
      slow->CheckInvariants();
    }
  }
  EXPECT_GT(trade_count, 1'000U);
  EXPECT_GT(refusal_count, 100U);
}

INSTANTIATE_TEST_SUITE_P(Profiles, BookStream, ::testing::ValuesIn(kProfiles),
                         [](const auto& profile) { return std::string(profile.param.name); });

TEST(LadderBook, AllocatesNothingOnceItHasSeenItsBusiestHour) {
  const auto book = MakeLadderBook();
  book->OpenSession(Price::FromMinorPerTonne(Stream::kLowest),
                    Price::FromMinorPerTonne(Stream::kHighest));
  const Profile calm = {"calm", 6, 0, 500, 8, 1, 200, true};
  Stream stream(calm);
  std::vector<Stream::Message> messages;
  for (int i = 0; i < 200'000; ++i)
    messages.push_back(stream.Next(static_cast<std::size_t>(i % 1'000)));
  std::vector<Trade> trades;
  std::vector<RestingOrder> cancelled;
  const auto run = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      trades.clear();
      cancelled.clear();
      RestingOrder gone;
      if (messages[i].cancel) {
        book->Cancel(messages[i].order.id, &gone);
      } else {
        static_cast<void>(book->Place(messages[i].order, trades, cancelled));
      }
    }
  };
  run(0, messages.size());
  book->Clear();
  const std::uint64_t before = AllocationCount();
  run(0, messages.size());
  EXPECT_EQ(AllocationCount(), before);
}

TEST(OrderIndex, FindsWhatAMapFindsWhenIdsCollideAndComeAndGo) {
  constexpr std::uint64_t kSeed = 42;
  SCOPED_TRACE(kSeed);
  Prng dice(kSeed);
  OrderIndex index;
  std::vector<std::uint32_t> places(500, OrderIndex::kNone);
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    const std::uint64_t id = dice.Below(places.size());
    if (places[id] == OrderIndex::kNone) {
      index.Insert(id << 32U, i);
      places[id] = i;
    } else {
      index.Erase(id << 32U);
      places[id] = OrderIndex::kNone;
    }
    const std::uint64_t other = dice.Below(places.size());
    ASSERT_EQ(index.Find(other << 32U), places[other]);
  }
}

TEST(LevelBitmap, FindsTheNeighboursThatALinearScanFinds) {
  constexpr std::uint64_t kSeed = 43;
  SCOPED_TRACE(kSeed);
  constexpr std::uint32_t kLevels = 20'000;  // More than one word of the summary.
  Prng dice(kSeed);
  LevelBitmap bitmap;
  bitmap.Resize(kLevels);
  std::vector<bool> set(kLevels);
  for (int i = 0; i < 3'000; ++i) {
    const auto level = static_cast<std::uint32_t>(dice.Below(kLevels));
    set[level] = dice.Below(5) != 0 ? false : true;
    set[level] ? bitmap.Set(level) : bitmap.Reset(level);
    const auto from = static_cast<std::uint32_t>(dice.Below(kLevels));
    std::uint32_t above = from + 1;
    while (above < kLevels && !set[above]) ++above;
    std::uint32_t below = from;
    while (below > 0 && !set[below - 1]) --below;
    ASSERT_EQ(bitmap.Above(from), above == kLevels ? LevelBitmap::kNone : above);
    ASSERT_EQ(bitmap.Below(from), below == 0 ? LevelBitmap::kNone : below - 1);
  }
}

}  // namespace
}  // namespace ets::matching
