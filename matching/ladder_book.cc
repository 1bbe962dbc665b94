#include <algorithm>

#include "matching/book_hash.h"
#include "matching/level_bitmap.h"
#include "matching/order_index.h"
#include "matching/order_types.h"

namespace ets::matching {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFU;

// One array of price levels over the session's range. A level is a doubly linked list of orders in
// a pool; one bitmap says which levels are occupied. A book is never crossed, so a level belongs to
// one side at a time and both sides share array and bitmap.
class LadderBook final : public OrderBook {
 public:
  void OpenSession(Price lowest, Price highest) override {
    ETS_ASSERT(resting_count() == 0 && Price() < lowest && lowest <= highest);
    lowest_ = lowest.minor_per_tonne();
    highest_ = highest.minor_per_tonne();
    const auto count = static_cast<std::uint64_t>(highest_ - lowest_) + 1;
    ETS_ASSERT(count < kSellBit);
    // Levels of an empty book are empty, so those of an earlier session need no clearing.
    if (levels_.size() < count) levels_.resize(count);
    occupied_.Resize(count);
  }

  Result<Tonnes, BookRefusal> Place(const NewOrder& order, std::vector<Trade>& trades,
                                    std::vector<RestingOrder>& cancelled) override {
    const TimeInForceRow& rules = RowOf(order.time_in_force);
    const std::int64_t limit = order.limit.minor_per_tonne();
    if (index_.Find(order.id.raw()) != kNone) return Fail{BookRefusal::kDuplicateOrderId};
    if (order.quantity <= Tonnes(0)) return Fail{BookRefusal::kQuantityNotPositive};
    if (limit < lowest_ || highest_ < limit) return Fail{BookRefusal::kPriceOutOfRange};
    const auto level = static_cast<std::uint32_t>(limit - lowest_);
    if (!rules.may_fill_partly && !CanFill(order, level)) return Fail{BookRefusal::kWouldNotFill};

    const std::int64_t left = order.side == Side::kBuy
                                  ? Match<Side::kBuy>(order, level, trades, cancelled)
                                  : Match<Side::kSell>(order, level, trades, cancelled);
    if (left == 0 || !rules.may_rest) return Tonnes(0);
    Rest(order, level, left);
    return Tonnes(left);
  }

  bool Cancel(OrderId id, RestingOrder* cancelled) override {
    const std::uint32_t place = index_.Find(id.raw());
    if (place == kNone) return false;
    *cancelled = Describe(pool_[place]);
    Remove(place);
    return true;
  }

  bool Find(OrderId id, RestingOrder* order) const override {
    const std::uint32_t place = index_.Find(id.raw());
    if (place == kNone) return false;
    *order = Describe(pool_[place]);
    return true;
  }

  BestQuote best(Side side) const override {
    const std::uint32_t level = side == Side::kBuy ? best_bid_ : best_offer_;
    if (level == kNone) return {};
    return {.present = true, .price = PriceOf(level), .quantity = Tonnes(levels_[level].open)};
  }

  std::size_t resting_count() const override { return index_.count(); }

  void AppendResting(std::vector<RestingOrder>& orders) const override {
    ForEachResting([&orders](const RestingOrder& order) { orders.push_back(order); });
  }

  void Clear() override {
    for (std::uint32_t at = best_bid_; at != kNone; at = occupied_.Below(at)) Empty(at);
    for (std::uint32_t at = best_offer_; at != kNone; at = occupied_.Above(at)) Empty(at);
    best_bid_ = best_offer_ = kNone;
    pool_.clear();
    free_ = kNone;
    index_.Clear();
  }

  std::uint64_t StateHash() const override {
    BookHash hash(Price::FromMinorPerTonne(lowest_), Price::FromMinorPerTonne(highest_));
    ForEachResting([&hash](const RestingOrder& order) { hash.Add(order); });
    return hash.value();
  }

  void CheckInvariants() const override {
    ETS_ASSERT(best_bid_ == kNone || best_offer_ == kNone || best_bid_ < best_offer_);
    std::size_t count = 0;
    for (std::uint32_t at = best_bid_; at != kNone; at = occupied_.Below(at)) {
      count += CheckLevel(at, 0);
    }
    for (std::uint32_t at = best_offer_; at != kNone; at = occupied_.Above(at)) {
      count += CheckLevel(at, kSellBit);
    }
    ETS_ASSERT(count == index_.count());
    if (best_bid_ != kNone) ETS_ASSERT(occupied_.Above(best_bid_) == best_offer_);
    if (best_offer_ != kNone) ETS_ASSERT(occupied_.Below(best_offer_) == best_bid_);
  }

 private:
  // The highest bit of an order's level says that it sells.
  static constexpr std::uint32_t kSellBit = 0x80000000U;

  struct Order {
    std::uint64_t id;
    std::int64_t open;
    std::uint32_t owner;
    std::uint32_t level;  // With kSellBit.
    std::uint32_t previous;
    std::uint32_t next;  // In the level, or in the list of free places.
  };
  static_assert(sizeof(Order) == 32, "two to a cache line");

  struct Level {
    std::int64_t open = 0;  // Sum over its orders.
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };

  Price PriceOf(std::uint32_t level) const {
    return Price::FromMinorPerTonne(lowest_ + std::int64_t{level});
  }
  RestingOrder Describe(const Order& order) const {
    return {.id = OrderId(order.id),
            .owner = MemberId(order.owner),
            .side = (order.level & kSellBit) != 0 ? Side::kSell : Side::kBuy,
            .limit = PriceOf(order.level & ~kSellBit),
            .open = Tonnes(order.open)};
  }

  // Does an order of this side and limit trade against the level?
  template <Side kTaker>
  static bool Meets(std::uint32_t limit, std::uint32_t level) {
    return level != kNone && (kTaker == Side::kBuy ? level <= limit : level >= limit);
  }
  template <Side kTaker>
  std::uint32_t BestAgainst() const {
    return kTaker == Side::kBuy ? best_offer_ : best_bid_;
  }

  // Returns what is left.
  template <Side kTaker>
  std::int64_t Match(const NewOrder& order, std::uint32_t limit, std::vector<Trade>& trades,
                     std::vector<RestingOrder>& cancelled) {
    std::int64_t left = order.quantity.count();
    while (left > 0 && Meets<kTaker>(limit, BestAgainst<kTaker>())) {
      Level& level = levels_[BestAgainst<kTaker>()];
      const std::uint32_t place = level.first;
      Order& maker = pool_[place];
      if (maker.owner == order.owner.raw()) {
        cancelled.push_back(Describe(maker));
        Remove(place);
        continue;
      }
      const std::int64_t quantity = std::min(left, maker.open);
      left -= quantity;
      maker.open -= quantity;
      level.open -= quantity;
      trades.push_back({.maker = OrderId(maker.id),
                        .taker = order.id,
                        .maker_owner = MemberId(maker.owner),
                        .price = PriceOf(BestAgainst<kTaker>()),
                        .quantity = Tonnes(quantity),
                        .maker_left = Tonnes(maker.open)});
      if (maker.open == 0) Remove(place);
    }
    return left;
  }

  bool CanFill(const NewOrder& order, std::uint32_t limit) const {
    return order.side == Side::kBuy ? CanFillAs<Side::kBuy>(order, limit)
                                    : CanFillAs<Side::kSell>(order, limit);
  }
  template <Side kTaker>
  bool CanFillAs(const NewOrder& order, std::uint32_t limit) const {
    std::int64_t missing = order.quantity.count();
    std::uint32_t at = BestAgainst<kTaker>();
    while (Meets<kTaker>(limit, at)) {
      for (std::uint32_t place = levels_[at].first; place != kNone; place = pool_[place].next) {
        if (pool_[place].owner == order.owner.raw()) continue;
        missing -= std::min(missing, pool_[place].open);
        if (missing == 0) return true;
      }
      at = kTaker == Side::kBuy ? occupied_.Above(at) : occupied_.Below(at);
    }
    return false;
  }

  void Rest(const NewOrder& order, std::uint32_t at, std::int64_t open) {
    const bool sells = order.side == Side::kSell;
    const std::uint32_t place = TakePlace();
    Level& level = levels_[at];
    pool_[place] = {.id = order.id.raw(),
                    .open = open,
                    .owner = order.owner.raw(),
                    .level = sells ? at | kSellBit : at,
                    .previous = level.last,
                    .next = kNone};
    if (level.last == kNone) {
      level.first = place;
      occupied_.Set(at);
      if (sells) {
        if (best_offer_ == kNone || at < best_offer_) best_offer_ = at;
      } else {
        if (best_bid_ == kNone || at > best_bid_) best_bid_ = at;
      }
    } else {
      pool_[level.last].next = place;
    }
    level.last = place;
    level.open += open;
    index_.Insert(order.id.raw(), place);
  }

  void Remove(std::uint32_t place) {
    Order& order = pool_[place];
    const std::uint32_t at = order.level & ~kSellBit;
    Level& level = levels_[at];
    level.open -= order.open;
    (order.previous == kNone ? level.first : pool_[order.previous].next) = order.next;
    (order.next == kNone ? level.last : pool_[order.next].previous) = order.previous;
    if (level.first == kNone) {
      occupied_.Reset(at);
      if (at == best_bid_) best_bid_ = occupied_.Below(at);
      if (at == best_offer_) best_offer_ = occupied_.Above(at);
    }
    index_.Erase(order.id);
    order.next = free_;
    free_ = place;
  }

  // The place freed last is used first: it is still in the cache.
  std::uint32_t TakePlace() {
    if (free_ == kNone) {
      ETS_ASSERT(pool_.size() < kNone);
      pool_.emplace_back();
      return static_cast<std::uint32_t>(pool_.size() - 1);
    }
    const std::uint32_t place = free_;
    free_ = pool_[place].next;
    return place;
  }

  void Empty(std::uint32_t at) {
    levels_[at] = Level{};
    occupied_.Reset(at);
  }

  template <typename Visit>
  void ForEachResting(Visit visit) const {
    for (std::uint32_t at = best_bid_; at != kNone; at = occupied_.Below(at)) {
      for (std::uint32_t i = levels_[at].first; i != kNone; i = pool_[i].next)
        visit(Describe(pool_[i]));
    }
    for (std::uint32_t at = best_offer_; at != kNone; at = occupied_.Above(at)) {
      for (std::uint32_t i = levels_[at].first; i != kNone; i = pool_[i].next)
        visit(Describe(pool_[i]));
    }
  }

  // Returns how many orders it has.
  std::size_t CheckLevel(std::uint32_t at, std::uint32_t side_bit) const {
    const Level& level = levels_[at];
    std::size_t count = 0;
    std::int64_t open = 0;
    std::uint32_t previous = kNone;
    for (std::uint32_t place = level.first; place != kNone; place = pool_[place].next) {
      const Order& order = pool_[place];
      ETS_ASSERT(order.open > 0 && order.level == (at | side_bit));
      ETS_ASSERT(order.previous == previous && index_.Find(order.id) == place);
      open += order.open;
      previous = place;
      ++count;
    }
    ETS_ASSERT(count > 0 && level.last == previous && level.open == open);
    return count;
  }

  std::int64_t lowest_ = 1;
  std::int64_t highest_ = 0;
  std::vector<Level> levels_;  // [i] is the price lowest_ + i.
  LevelBitmap occupied_;
  std::uint32_t best_bid_ = kNone;
  std::uint32_t best_offer_ = kNone;
  std::vector<Order> pool_;
  std::uint32_t free_ = kNone;  // Head of the list of free places.
  OrderIndex index_;
};

}  // namespace

std::unique_ptr<OrderBook> MakeLadderBook() { return std::make_unique<LadderBook>(); }

}  // namespace ets::matching
