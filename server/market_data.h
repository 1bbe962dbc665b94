#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "market/events.h"
#include "market/market.h"

namespace ets::server {

// What everybody may see of a market, and how it reaches those who watch: a copy of every book,
// kept beside the engine on a thread of its own, so that no watcher, however slow, is ever waited
// for.
//
// Every change of an instrument has a number, dense from 1 since the server's start. A watcher gets
// a snapshot that holds for one number, then every update behind it: number + 1, number + 2, ...
// Who falls behind asks for a new snapshot (Subscription::Refresh) in place of what it missed.
//
// What waits for that thread is bounded. When the telling falls behind by more than waiting_max
// changes, whoever brings the next enters all of them into the copies itself, and every watcher is
// shown the book anew: what is told is conflated, nobody is waited for, and trades and bars lack
// nothing.

// A level's new state; quantity 0: it is gone.
struct LevelChange {
  matching::Side side = matching::Side::kBuy;
  Price price;
  Tonnes quantity;  // Shown; hidden parts left out.
  std::uint32_t orders = 0;
};
// One order's new state in the book; quantity 0: it is gone. No member's name.
struct OrderChange {
  OrderId order;
  matching::Side side = matching::Side::kBuy;
  Price price;
  Tonnes quantity;         // Shown.
  bool to_the_end = true;  // Stands now behind every other order of its level.
};
struct TradePrint {
  std::uint64_t trade_id = 0;
  market::Channel channel = market::Channel::kListed;
  Price price;
  Tonnes quantity;
  matching::Side taker = matching::Side::kBuy;  // Listed trades.
};
// The whole book stands anew: at a session's begin, after a call, after a restart.
struct BookAnew {
  struct Order {
    OrderId order;
    matching::Side side = matching::Side::kBuy;
    Price price;
    Tonnes quantity;
  };
  std::vector<LevelChange> levels;  // Bids from the best down, then offers from the best up.
  std::vector<Order> orders;        // In the order in which they would trade, side by side.
};
// The instrument's numbers of the day and its phase.
struct StatusChange {
  market::InstrumentView view;
};

struct MarketUpdate {
  std::uint64_t number = 0;    // Of the instrument.
  std::uint64_t sequence = 0;  // Of the journal record that caused it.
  SimTime time = 0;
  std::variant<LevelChange, OrderChange, TradePrint, BookAnew, StatusChange,
               market::IndicativeEvent>
      what;
};

struct MarketSnapshot {
  InstrumentId instrument;
  std::uint64_t number = 0;  // Of the last update in it.
  std::uint64_t sequence = 0;
  SimTime time = 0;
  BookAnew book;
  market::InstrumentView view;
  std::uint8_t visible_levels = 0;  // What the session type lets everybody see. 0: all.
  std::optional<market::IndicativeEvent> indicative;  // While a call runs.
};

// Some updates of one instrument, in order.
struct MarketUpdates {
  InstrumentId instrument;
  std::vector<MarketUpdate> updates;
};

// One trade bar: [begin, begin + length).
struct Bar {
  SimTime begin = 0;
  Price open, high, low, close;
  Tonnes volume;
  Money value;
  std::uint32_t trades = 0;
};

struct MarketDataOptions {
  std::size_t tape_max = std::size_t{1} << 20U;  // Trades kept in memory for those who come late.
  // Changes that may wait for the market data's own thread, some 70 bytes each. 0: none do.
  std::size_t waiting_max = std::size_t{1} << 16U;
};

// Called on the market data's own thread; the same rules as for a SessionListener.
class MarketDataListener {
 public:
  virtual ~MarketDataListener() = default;
  // At the begin, when asked for, and in place of updates that there was no time for.
  virtual void OnSnapshot(const std::shared_ptr<const MarketSnapshot>& snapshot) = 0;
  virtual void OnUpdates(const std::shared_ptr<const MarketUpdates>& updates) = 0;
  virtual void OnEnd() {}  // The last call: unsubscribed, or the venue stops.
};

class Subscription {
 public:
  virtual ~Subscription() = default;  // Unsubscribes; a call that is under way may still end.
  // Once more from a snapshot, soon.
  virtual void Refresh() = 0;
};

// Thread-safe.
class MarketData {
 public:
  virtual ~MarketData() = default;

  // A snapshot first, then what follows it. Empty: no such instrument.
  virtual std::unique_ptr<Subscription> Subscribe(InstrumentId instrument,
                                                  std::shared_ptr<MarketDataListener> listener) = 0;
  // As it stands now, without waiting for the engine. Null: no such instrument.
  virtual std::shared_ptr<const MarketSnapshot> Snapshot(InstrumentId instrument) = 0;
  // At most `count_max` printed trades with ids from `from` on. Of those kept.
  struct Trade {
    InstrumentId instrument;
    std::uint64_t sequence = 0;
    SimTime time = 0;
    TradePrint print;
  };
  virtual std::vector<Trade> Trades(std::optional<InstrumentId> instrument, std::uint64_t from,
                                    std::size_t count_max) = 0;
  // Listed trades as bars of `minutes`, oldest first, since the market's founding. [from, to).
  virtual std::vector<Bar> Bars(InstrumentId instrument, std::uint32_t minutes, SimTime from,
                                SimTime to, std::size_t count_max) = 0;
};

}  // namespace ets::server
