// What waits for the telling of market data is bounded: a watcher that never comes back holds up
// nobody else and no memory, and what the others see is whole.
#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/prng.h"
#include "server/market_data_impl.h"

namespace ets::server {
namespace {

using market::OrderEventKind;
using matching::Side;

constexpr std::size_t kWaitingMax = 500;
constexpr int kTakes = 400;
constexpr int kChangesATake = 50;

using Prices = std::map<std::int64_t, std::int64_t>;

// A book rebuilt from what a watcher is told. At the first updates it waits until it is let go.
class Sleeper final : public MarketDataListener {
 public:
  void OnSnapshot(const std::shared_ptr<const MarketSnapshot>& snapshot) override {
    const std::lock_guard lock(mutex_);
    EXPECT_GE(snapshot->number, number_);
    number_ = snapshot->number;
    ++snapshots_;
    bids_.clear();
    for (const LevelChange& level : snapshot->book.levels) {
      bids_[level.price.minor_per_tonne()] = level.quantity.count();
    }
    changed_.notify_all();
  }
  void OnUpdates(const std::shared_ptr<const MarketUpdates>& updates) override {
    std::unique_lock lock(mutex_);
    most_ = std::max(most_, updates->updates.size());
    for (const MarketUpdate& update : updates->updates) {
      EXPECT_EQ(update.number, ++number_);
      const auto* const level = std::get_if<LevelChange>(&update.what);
      if (level == nullptr) continue;
      bids_[level->price.minor_per_tonne()] = level->quantity.count();
      if (level->orders == 0) bids_.erase(level->price.minor_per_tonne());
    }
    is_asleep_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return may_go_; });
  }
  void AwaitSleep() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_asleep_; });
  }
  void LetGo() {
    const std::lock_guard lock(mutex_);
    may_go_ = true;
    changed_.notify_all();
  }
  bool Await(const Prices& bids) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return bids_ == bids; });
  }
  std::size_t most() const { return most_; }
  int snapshots() const { return snapshots_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_asleep_ = false, may_go_ = false;
  std::uint64_t number_ = 0;
  std::size_t most_ = 0;  // Updates told at a time.
  int snapshots_ = 0;
  Prices bids_;
};

// Bids that come and go, and now and then a trade beside them.
class Flow {
 public:
  std::vector<RawUpdate> Next() {
    std::vector<RawUpdate> raw;
    for (int i = 0; i < kChangesATake; ++i) {
      ++sequence_;
      const auto price = static_cast<std::int64_t>(7'000 - dice_.Below(20));
      if (orders_.empty() || dice_.Below(2) == 0) {
        const auto quantity = static_cast<std::int64_t>(1 + dice_.Below(9));
        orders_[sequence_] = {price, quantity};
        Touch(raw, OrderEventKind::kRested, sequence_, price, quantity);
        bids_[price] += quantity;
      } else {
        const auto [id, order] = *orders_.begin();
        orders_.erase(orders_.begin());
        Touch(raw, OrderEventKind::kCancelled, id, order.first, 0);
        if ((bids_[order.first] -= order.second) == 0) bids_.erase(order.first);
      }
      if (dice_.Below(10) == 0) Trade(raw);
    }
    return raw;
  }
  const Prices& bids() const { return bids_; }
  std::uint64_t trades() const { return trades_; }

 private:
  void Touch(std::vector<RawUpdate>& raw, OrderEventKind kind, std::uint64_t id, std::int64_t price,
             std::int64_t visible) {
    raw.push_back({InstrumentId(0), sequence_, 0,
                   BookTouch{kind, Side::kBuy, OrderId(id), Price::FromMinorPerTonne(price),
                             Tonnes(visible)}});
  }
  void Trade(std::vector<RawUpdate>& raw) {
    market::Fill fill;
    fill.trade_id = ++trades_;
    fill.price = Price::FromMinorPerTonne(7'000);
    fill.quantity = Tonnes(1);
    raw.push_back({InstrumentId(0), sequence_, 0, std::make_unique<RareUpdate>(fill)});
  }

  Prng dice_{1};
  std::uint64_t sequence_ = 0, trades_ = 0;
  std::map<std::uint64_t, std::pair<std::int64_t, std::int64_t>> orders_;
  Prices bids_;
};

TEST(MarketDataDesk, HoldsNoMoreThanItMayForAWatcherThatSleepsAndThenShowsItTheBook) {
  MarketDataOptions options;
  options.waiting_max = kWaitingMax;
  MarketDataDesk desk(TradeHistory(), options);
  Flow flow;
  auto raw = flow.Next();
  desk.Take(raw);
  const auto sleeper = std::make_shared<Sleeper>();
  const auto subscription = desk.Subscribe(InstrumentId(0), sleeper);
  ASSERT_TRUE(sleeper->Await(flow.bids()));
  raw = flow.Next();
  desk.Take(raw);
  sleeper->AwaitSleep();
  // All of it is taken while the watcher sleeps; none of it waits for it.
  for (int i = 0; i < kTakes; ++i) {
    raw = flow.Next();
    desk.Take(raw);
    EXPECT_TRUE(raw.empty());
  }
  sleeper->LetGo();
  EXPECT_TRUE(sleeper->Await(flow.bids())) << "the book anew, or what came behind it";
  EXPECT_GE(sleeper->snapshots(), 2);
  // An order that comes or goes is two updates.
  EXPECT_LE(sleeper->most(), 2 * (kWaitingMax + 2 * kChangesATake));
  // From here on it is told of changes again.
  const int snapshots = sleeper->snapshots();
  for (int i = 0; i < 5; ++i) {
    raw = flow.Next();
    desk.Take(raw);
    EXPECT_TRUE(sleeper->Await(flow.bids()));
  }
  EXPECT_EQ(sleeper->snapshots(), snapshots);
  // Trades are not conflated.
  const auto trades = desk.Trades(std::nullopt, 0, 1'000'000);
  ASSERT_EQ(trades.size(), flow.trades());
  for (std::size_t i = 0; i < trades.size(); ++i) EXPECT_EQ(trades[i].print.trade_id, i + 1);
}

}  // namespace
}  // namespace ets::server
