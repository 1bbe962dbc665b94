#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "server/bar_store.h"
#include "server/market_data.h"

namespace ets::server {

// What the sequencer tells of a book, in as few bytes as will do: it is told often.
struct BookTouch {
  market::OrderEventKind kind = market::OrderEventKind::kRested;
  matching::Side side = matching::Side::kBuy;
  OrderId order;
  Price price;
  Tonnes visible;
};
struct RareUpdate {
  std::variant<market::Fill, BookAnew, market::InstrumentView, market::IndicativeEvent> what;
  std::uint8_t visible_levels = 0;  // With an InstrumentView.
};
struct RawUpdate {
  InstrumentId instrument;
  std::uint64_t sequence = 0;
  SimTime time = 0;
  std::variant<BookTouch, std::unique_ptr<RareUpdate>> what;
};

// The copy of one instrument's book, and the numbered changes that are not yet told. Not
// thread-safe.
class BookCopy {
 public:
  explicit BookCopy(InstrumentId instrument) { snapshot_.instrument = instrument; }

  void Take(RawUpdate& raw);
  // What changed since the last call; null: nothing.
  std::shared_ptr<const MarketUpdates> TakeUpdates();
  std::shared_ptr<const MarketSnapshot> Snapshot();

 private:
  struct Order {
    matching::Side side = matching::Side::kBuy;
    Price price;
    Tonnes visible;
    std::uint64_t rank = 0;  // Among those of its level.
  };
  struct Level {
    Tonnes quantity;
    std::uint32_t orders = 0;
  };
  using Levels = std::map<std::int64_t, Level>;

  Levels& levels(matching::Side side) { return side == matching::Side::kBuy ? bids_ : offers_; }
  void Touch(const BookTouch& touch);
  void Put(OrderId id, matching::Side side, Price price, Tonnes visible);
  void Drop(OrderId id);
  void Set(OrderId id, Tonnes visible);
  void Change(matching::Side side, Price price, std::int64_t quantity, int orders);
  void Anew(BookAnew&& book);
  BookAnew Book() const;
  template <typename What>
  void Tell(What&& what);

  std::unordered_map<std::uint64_t, Order> orders_;
  Levels bids_, offers_;
  std::uint64_t rank_ = 0;
  MarketSnapshot snapshot_;  // All but the book.
  std::shared_ptr<MarketUpdates> updates_;
  std::shared_ptr<const MarketSnapshot> made_;  // For snapshot_.number.
};

class MarketDataDesk final : public MarketData {
 public:
  MarketDataDesk(TradeHistory history, const MarketDataOptions& options);
  ~MarketDataDesk() override;  // Stop().

  // From one thread at a time. Leaves `raw` empty. Waits for no watcher.
  void Take(std::vector<RawUpdate>& raw);
  void Stop();

  std::unique_ptr<Subscription> Subscribe(InstrumentId instrument,
                                          std::shared_ptr<MarketDataListener> listener) override;
  std::shared_ptr<const MarketSnapshot> Snapshot(InstrumentId instrument) override;
  std::vector<Trade> Trades(std::optional<InstrumentId> instrument, std::uint64_t from,
                            std::size_t count_max) override;
  std::vector<Bar> Bars(InstrumentId instrument, std::uint32_t minutes, SimTime from, SimTime to,
                        std::size_t count_max) override;

 private:
  struct Watcher {
    InstrumentId instrument;
    std::shared_ptr<MarketDataListener> listener;
    bool wants_snapshot = true;
  };
  class Ticket;

  void Run();
  // Until the books have what was taken before. The desk's own thread has it already.
  void CatchUp();
  // What is to be told, by whom it concerns; made with the lock, told without it.
  struct Telling {
    std::shared_ptr<Watcher> watcher;
    std::shared_ptr<const MarketSnapshot> snapshot;
    std::shared_ptr<const MarketUpdates> updates;
  };
  // Enters what waits into the books.
  std::vector<Telling> Apply();
  // The same for one who brings too much: everybody is to be shown the books anew.
  void Conflate();
  // mutex_ held. In order with whoever else does it.
  void TakeQueue();
  void Enter(std::span<RawUpdate> raw);
  void Refresh(const std::shared_ptr<Watcher>& watcher);
  void Leave(const std::shared_ptr<Watcher>& watcher);

  const std::size_t waiting_max_;

  std::mutex queue_mutex_;  // The inner one where both are held.
  std::condition_variable wake_, caught_up_;
  std::vector<RawUpdate> queue_;
  std::size_t watcher_count_ = 0;  // Without any the queue may wait.
  bool asked_ = false;
  bool is_at_work_ = false;
  std::uint64_t rounds_ = 0;  // Done.
  bool stopping_ = false;

  std::mutex mutex_;            // Guards what follows.
  std::vector<RawUpdate> raw_;  // Being entered.
  std::map<std::uint16_t, BookCopy> books_;
  std::map<std::uint16_t, std::vector<std::shared_ptr<Watcher>>> watchers_;
  TradeHistory history_;

  std::thread thread_;
};

}  // namespace ets::server
