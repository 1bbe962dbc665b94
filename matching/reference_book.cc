#include <algorithm>
#include <list>
#include <map>

#include "matching/book_hash.h"
#include "matching/order_types.h"

namespace ets::matching {
namespace {

// The contract written down as plainly as possible: a map of prices, a list of orders at each.
class ReferenceBook final : public OrderBook {
 public:
  void OpenSession(Price lowest, Price highest) override {
    ETS_ASSERT(places_.empty() && Price() < lowest && lowest <= highest);
    lowest_ = lowest;
    highest_ = highest;
  }

  Result<Tonnes, BookRefusal> Place(const NewOrder& order, std::vector<Trade>& trades,
                                    std::vector<RestingOrder>& cancelled) override {
    const TimeInForceRow& rules = RowOf(order.time_in_force);
    if (places_.contains(order.id)) return Fail{BookRefusal::kDuplicateOrderId};
    if (order.quantity <= Tonnes(0)) return Fail{BookRefusal::kQuantityNotPositive};
    if (order.limit < lowest_ || highest_ < order.limit) {
      return Fail{BookRefusal::kPriceOutOfRange};
    }
    if (!rules.may_fill_partly && Reachable(order) < order.quantity) {
      return Fail{BookRefusal::kWouldNotFill};
    }

    Tonnes left = order.quantity;
    while (left > Tonnes(0)) {
      const auto best = BestThatMeets(order);
      if (best == levels_.end()) break;
      RestingOrder& maker = best->second.front();
      if (maker.owner == order.owner) {
        cancelled.push_back(maker);
        RemoveFront(best);
        continue;
      }
      const Tonnes quantity = std::min(left, maker.open);
      left -= quantity;
      maker.open -= quantity;
      trades.push_back({.maker = maker.id,
                        .taker = order.id,
                        .maker_owner = maker.owner,
                        .price = maker.limit,
                        .quantity = quantity,
                        .maker_left = maker.open});
      if (maker.open == Tonnes(0)) RemoveFront(best);
    }
    if (left == Tonnes(0) || !rules.may_rest) return Tonnes(0);
    levels_[order.limit].push_back({.id = order.id,
                                    .owner = order.owner,
                                    .side = order.side,
                                    .limit = order.limit,
                                    .open = left});
    places_[order.id] = order.limit;
    return left;
  }

  bool Cancel(OrderId id, RestingOrder* cancelled) override {
    if (!Find(id, cancelled)) return false;
    const auto level = levels_.find(places_[id]);
    level->second.remove_if([id](const RestingOrder& order) { return order.id == id; });
    if (level->second.empty()) levels_.erase(level);
    places_.erase(id);
    return true;
  }

  bool Find(OrderId id, RestingOrder* order) const override {
    const auto place = places_.find(id);
    if (place == places_.end()) return false;
    const Level& level = levels_.at(place->second);
    *order = *std::find_if(level.begin(), level.end(),
                           [id](const RestingOrder& resting) { return resting.id == id; });
    return true;
  }

  BestQuote best(Side side) const override {
    BestQuote quote;
    for (const auto& [price, level] : levels_) {
      if (level.front().side != side) continue;
      if (side == Side::kSell && quote.present) break;
      quote = {.present = true, .price = price, .quantity = Tonnes(0)};
      for (const RestingOrder& order : level) quote.quantity += order.open;
    }
    return quote;
  }

  std::size_t resting_count() const override { return places_.size(); }

  void AppendResting(std::vector<RestingOrder>& orders) const override {
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      if (level->second.front().side != Side::kBuy) continue;
      orders.insert(orders.end(), level->second.begin(), level->second.end());
    }
    for (const auto& [price, level] : levels_) {
      if (level.front().side != Side::kSell) continue;
      orders.insert(orders.end(), level.begin(), level.end());
    }
  }

  void Clear() override {
    levels_.clear();
    places_.clear();
  }

  std::uint64_t StateHash() const override {
    BookHash hash(lowest_, highest_);
    std::vector<RestingOrder> orders;
    AppendResting(orders);
    for (const RestingOrder& order : orders) hash.Add(order);
    return hash.value();
  }

  void CheckInvariants() const override {
    std::size_t count = 0;
    bool offers_begin = false;
    for (const auto& [price, level] : levels_) {
      ETS_ASSERT(!level.empty() && lowest_ <= price && price <= highest_);
      offers_begin = offers_begin || level.front().side == Side::kSell;
      for (const RestingOrder& order : level) {
        ETS_ASSERT(order.limit == price && order.open > Tonnes(0));
        ETS_ASSERT((order.side == Side::kSell) == offers_begin);
        ETS_ASSERT(places_.at(order.id) == price);
        ++count;
      }
    }
    ETS_ASSERT(count == places_.size());
  }

 private:
  using Level = std::list<RestingOrder>;  // In order of arrival.
  using Levels = std::map<Price, Level>;

  static bool Meets(const NewOrder& order, Price price) {
    return order.side == Side::kBuy ? price <= order.limit : price >= order.limit;
  }

  // The best level of the other side if it meets the order's limit, else the end.
  Levels::iterator BestThatMeets(const NewOrder& order) {
    const Side other = order.side == Side::kBuy ? Side::kSell : Side::kBuy;
    const BestQuote quote = best(other);
    return quote.present && Meets(order, quote.price) ? levels_.find(quote.price) : levels_.end();
  }

  // What the order could take, own orders left out.
  Tonnes Reachable(const NewOrder& order) const {
    Tonnes reachable;
    for (const auto& [price, level] : levels_) {
      for (const RestingOrder& resting : level) {
        const bool counts = resting.side != order.side && resting.owner != order.owner;
        if (counts && Meets(order, price)) reachable += resting.open;
      }
    }
    return reachable;
  }

  void RemoveFront(Levels::iterator level) {
    places_.erase(level->second.front().id);
    level->second.pop_front();
    if (level->second.empty()) levels_.erase(level);
  }

  Price lowest_ = Price::FromMinorPerTonne(1);
  Price highest_;
  Levels levels_;
  std::map<OrderId, Price> places_;
};

}  // namespace

std::unique_ptr<OrderBook> MakeReferenceBook() { return std::make_unique<ReferenceBook>(); }

}  // namespace ets::matching
