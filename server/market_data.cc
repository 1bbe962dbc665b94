#include "server/market_data.h"

#include <algorithm>
#include <utility>

#include "server/market_data_impl.h"

namespace ets::server {

using market::OrderEventKind;
using matching::Side;

// ---- One book ----

template <typename What>
void BookCopy::Tell(What&& what) {
  if (!updates_) {
    updates_ = std::make_shared<MarketUpdates>();
    updates_->instrument = snapshot_.instrument;
  }
  ++snapshot_.number;
  updates_->updates.push_back(
      {snapshot_.number, snapshot_.sequence, snapshot_.time, std::forward<What>(what)});
}

void BookCopy::Change(Side side, Price price, std::int64_t quantity, int orders) {
  Levels& of = levels(side);
  const auto level = of.try_emplace(price.minor_per_tonne()).first;
  level->second.quantity = Tonnes(level->second.quantity.count() + quantity);
  level->second.orders =
      static_cast<std::uint32_t>(static_cast<int>(level->second.orders) + orders);
  Tell(LevelChange{side, price, level->second.quantity, level->second.orders});
  if (level->second.orders == 0) of.erase(level);
}

void BookCopy::Put(OrderId id, Side side, Price price, Tonnes visible) {
  orders_[id.raw()] = {side, price, visible, ++rank_};
  Tell(OrderChange{id, side, price, visible, true});
  Change(side, price, visible.count(), 1);
}

void BookCopy::Drop(OrderId id) {
  const auto found = orders_.find(id.raw());
  if (found == orders_.end()) return;
  const Order order = found->second;
  orders_.erase(found);
  Tell(OrderChange{id, order.side, order.price, Tonnes(), false});
  Change(order.side, order.price, -order.visible.count(), -1);
}

void BookCopy::Set(OrderId id, Tonnes visible) {
  const auto found = orders_.find(id.raw());
  if (found == orders_.end()) return;
  if (visible == Tonnes()) return Drop(id);
  Order& order = found->second;
  const std::int64_t change = visible.count() - order.visible.count();
  if (change == 0) return;
  order.visible = visible;
  Tell(OrderChange{id, order.side, order.price, visible, false});
  Change(order.side, order.price, change, 0);
}

void BookCopy::Touch(const BookTouch& touch) {
  switch (touch.kind) {
    case OrderEventKind::kRested:
    case OrderEventKind::kRefreshed:
      Drop(touch.order);
      return Put(touch.order, touch.side, touch.price, touch.visible);
    case OrderEventKind::kTraded:
    case OrderEventKind::kReduced:
      return Set(touch.order, touch.visible);
    case OrderEventKind::kReplaced:
    case OrderEventKind::kCancelled:
    case OrderEventKind::kExpired:
      return Drop(touch.order);
    case OrderEventKind::kAccepted:
    case OrderEventKind::kTriggered:
    case OrderEventKind::kWaits:
      return;
  }
}

void BookCopy::Anew(BookAnew&& book) {
  orders_.clear();
  bids_.clear();
  offers_.clear();
  for (const BookAnew::Order& order : book.orders) {
    orders_[order.order.raw()] = {order.side, order.price, order.quantity, ++rank_};
    Level& level = levels(order.side)[order.price.minor_per_tonne()];
    level.quantity += order.quantity;
    ++level.orders;
  }
  Tell(Book());
}

BookAnew BookCopy::Book() const {
  BookAnew book;
  const auto add = [&book](Side side, const auto& level) {
    book.levels.push_back(
        {side, Price::FromMinorPerTonne(level.first), level.second.quantity, level.second.orders});
  };
  std::for_each(bids_.rbegin(), bids_.rend(), [&](const auto& level) { add(Side::kBuy, level); });
  std::for_each(offers_.begin(), offers_.end(),
                [&](const auto& level) { add(Side::kSell, level); });
  using Row = std::pair<std::uint64_t, const Order*>;
  std::vector<Row> rows;
  rows.reserve(orders_.size());
  for (const auto& [id, order] : orders_) rows.emplace_back(id, &order);
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    const Order &x = *a.second, &y = *b.second;
    if (x.side != y.side) return x.side == Side::kBuy;
    if (x.price != y.price) return (x.side == Side::kBuy) == (x.price > y.price);
    return x.rank < y.rank;
  });
  for (const auto& [id, order] : rows) {
    book.orders.push_back({OrderId(id), order->side, order->price, order->visible});
  }
  return book;
}

void BookCopy::Take(RawUpdate& raw) {
  snapshot_.sequence = raw.sequence;
  snapshot_.time = raw.time;
  if (const auto* const touch = std::get_if<BookTouch>(&raw.what)) return Touch(*touch);
  RareUpdate& rare = *std::get<std::unique_ptr<RareUpdate>>(raw.what);
  if (auto* const book = std::get_if<BookAnew>(&rare.what)) return Anew(std::move(*book));
  if (const auto* const fill = std::get_if<market::Fill>(&rare.what)) {
    return Tell(
        TradePrint{fill->trade_id, fill->channel, fill->price, fill->quantity, fill->taker});
  }
  if (const auto* const view = std::get_if<market::InstrumentView>(&rare.what)) {
    snapshot_.view = *view;
    snapshot_.visible_levels = rare.visible_levels;
    if (!market::IsCall(view->phase)) snapshot_.indicative.reset();
    return Tell(StatusChange{*view});
  }
  const auto& indicative = std::get<market::IndicativeEvent>(rare.what);
  snapshot_.indicative = indicative;
  Tell(market::IndicativeEvent(indicative));
}

std::shared_ptr<const MarketUpdates> BookCopy::TakeUpdates() {
  return std::exchange(updates_, nullptr);
}

std::shared_ptr<const MarketSnapshot> BookCopy::Snapshot() {
  if (!made_ || made_->number != snapshot_.number) {
    auto made = std::make_shared<MarketSnapshot>(snapshot_);
    made->book = Book();
    made_ = std::move(made);
  }
  return made_;
}

// ---- The desk ----

class MarketDataDesk::Ticket final : public Subscription {
 public:
  Ticket(MarketDataDesk& desk, std::shared_ptr<Watcher> watcher)
      : desk_(desk), watcher_(std::move(watcher)) {}
  ~Ticket() override { desk_.Leave(watcher_); }
  void Refresh() override { desk_.Refresh(watcher_); }

 private:
  MarketDataDesk& desk_;
  const std::shared_ptr<Watcher> watcher_;
};

MarketDataDesk::MarketDataDesk(TradeHistory history, const MarketDataOptions& options)
    : waiting_max_(options.waiting_max), history_(std::move(history)), thread_([this] { Run(); }) {}

MarketDataDesk::~MarketDataDesk() { Stop(); }

void MarketDataDesk::Stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  caught_up_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::map<std::uint16_t, std::vector<std::shared_ptr<Watcher>>> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(watchers_);
  }
  for (const auto& [instrument, watchers] : left) {
    for (const auto& watcher : watchers) watcher->listener->OnEnd();
  }
}

void MarketDataDesk::Take(std::vector<RawUpdate>& raw) {
  constexpr std::size_t kUnwatchedMax = 16'384;
  if (raw.empty()) return;
  bool is_urgent = false, is_too_much = false;
  {
    const std::lock_guard lock(queue_mutex_);
    if (queue_.empty()) {
      queue_.swap(raw);
    } else {
      std::move(raw.begin(), raw.end(), std::back_inserter(queue_));
    }
    asked_ = asked_ || watcher_count_ > 0 || queue_.size() >= kUnwatchedMax;
    is_urgent = asked_;
    is_too_much = queue_.size() > waiting_max_;
  }
  raw.clear();
  if (is_too_much) Conflate();
  if (is_urgent) wake_.notify_one();
}

void MarketDataDesk::TakeQueue() {
  const std::lock_guard lock(queue_mutex_);
  raw_.clear();
  raw_.swap(queue_);
}

void MarketDataDesk::Conflate() {
  // What is not told is not kept meanwhile either.
  constexpr std::size_t kAtATime = 4'096;
  const std::lock_guard lock(mutex_);
  TakeQueue();
  for (std::span<RawUpdate> left = raw_; !left.empty();) {
    const std::size_t count = std::min(left.size(), kAtATime);
    Enter(left.first(count));
    left = left.subspan(count);
    for (auto& [number, book] : books_) {
      if (!book.TakeUpdates()) continue;
      for (const std::shared_ptr<Watcher>& watcher : watchers_[number]) {
        watcher->wants_snapshot = true;
      }
    }
  }
  raw_.clear();
}

void MarketDataDesk::Run() {
  while (true) {
    {
      std::unique_lock lock(queue_mutex_);
      if (std::exchange(is_at_work_, false)) ++rounds_;
      caught_up_.notify_all();
      wake_.wait(lock, [&] { return asked_ || stopping_; });
      if (queue_.empty() && stopping_) return;
      asked_ = false;
      is_at_work_ = true;
    }
    for (const Telling& telling : Apply()) {
      if (telling.updates) telling.watcher->listener->OnUpdates(telling.updates);
      if (telling.snapshot) telling.watcher->listener->OnSnapshot(telling.snapshot);
    }
  }
}

void MarketDataDesk::CatchUp() {
  if (std::this_thread::get_id() == thread_.get_id()) return;
  std::unique_lock lock(queue_mutex_);
  if (queue_.empty() || stopping_) return;
  asked_ = true;
  wake_.notify_one();
  const std::uint64_t enough = rounds_ + (is_at_work_ ? 2 : 1);
  caught_up_.wait(lock, [&] { return rounds_ >= enough || stopping_; });
}

void MarketDataDesk::Enter(std::span<RawUpdate> raw) {
  for (RawUpdate& update : raw) {
    const std::uint16_t number = update.instrument.raw();
    if (const auto* const rare = std::get_if<std::unique_ptr<RareUpdate>>(&update.what)) {
      if (const auto* const fill = std::get_if<market::Fill>(&(*rare)->what)) {
        history_.Add(*fill, update.sequence, update.time);
      }
    }
    books_.try_emplace(number, update.instrument).first->second.Take(update);
  }
}

std::vector<MarketDataDesk::Telling> MarketDataDesk::Apply() {
  std::vector<Telling> tellings;
  const std::lock_guard lock(mutex_);
  TakeQueue();
  Enter(raw_);
  raw_.clear();
  for (auto& [number, book] : books_) {
    const auto updates = book.TakeUpdates();
    const auto found = watchers_.find(number);
    if (found == watchers_.end()) continue;
    for (const std::shared_ptr<Watcher>& watcher : found->second) {
      if (watcher->wants_snapshot) {
        tellings.push_back({watcher, book.Snapshot(), nullptr});
        watcher->wants_snapshot = false;
      } else if (updates) {
        tellings.push_back({watcher, nullptr, updates});
      }
    }
  }
  return tellings;
}

std::unique_ptr<Subscription> MarketDataDesk::Subscribe(
    InstrumentId instrument, std::shared_ptr<MarketDataListener> listener) {
  auto watcher = std::make_shared<Watcher>();
  watcher->instrument = instrument;
  watcher->listener = std::move(listener);
  CatchUp();
  {
    const std::lock_guard lock(mutex_);
    if (!books_.contains(instrument.raw())) return nullptr;
    watchers_[instrument.raw()].push_back(watcher);
  }
  {
    const std::lock_guard lock(queue_mutex_);
    ++watcher_count_;
  }
  auto ticket = std::make_unique<Ticket>(*this, watcher);
  ticket->Refresh();
  return ticket;
}

void MarketDataDesk::Refresh(const std::shared_ptr<Watcher>& watcher) {
  {
    const std::lock_guard lock(mutex_);
    watcher->wants_snapshot = true;
  }
  {
    const std::lock_guard lock(queue_mutex_);
    asked_ = true;
  }
  wake_.notify_one();
}

void MarketDataDesk::Leave(const std::shared_ptr<Watcher>& watcher) {
  bool was_there = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = watchers_.find(watcher->instrument.raw());
    if (found != watchers_.end()) was_there = std::erase(found->second, watcher) != 0;
  }
  if (!was_there) return;
  {
    const std::lock_guard lock(queue_mutex_);
    --watcher_count_;
  }
  watcher->listener->OnEnd();
}

std::shared_ptr<const MarketSnapshot> MarketDataDesk::Snapshot(InstrumentId instrument) {
  CatchUp();
  const std::lock_guard lock(mutex_);
  const auto found = books_.find(instrument.raw());
  return found == books_.end() ? nullptr : found->second.Snapshot();
}

std::vector<MarketData::Trade> MarketDataDesk::Trades(std::optional<InstrumentId> instrument,
                                                      std::uint64_t from, std::size_t count_max) {
  CatchUp();
  const std::lock_guard lock(mutex_);
  return history_.Trades(instrument, from, count_max);
}

std::vector<Bar> MarketDataDesk::Bars(InstrumentId instrument, std::uint32_t minutes, SimTime from,
                                      SimTime to, std::size_t count_max) {
  CatchUp();
  const std::lock_guard lock(mutex_);
  return history_.Bars(instrument, minutes, from, to, count_max);
}

}  // namespace ets::server
