#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "server/market_data.h"

namespace ets::server {

// Of a book's orders those within the best levels of each side, and how they change: what a session
// type lets everybody see. A level that comes within sight brings its orders in their order, each
// at its end; one that leaves it takes them away. Not thread-safe.
class VisibleOrders {
 public:
  // How many levels a side; 0: all.
  explicit VisibleOrders(std::size_t levels = 0) : levels_(levels) {}

  // The book stands anew. Returns what is seen of it, in the order in which it would trade, side by
  // side.
  std::vector<OrderChange> Begin(const BookAnew& book);
  // What these changes, in order, change in what is seen.
  std::vector<OrderChange> GoOn(const std::vector<OrderChange>& changes);

 private:
  struct Order {
    matching::Side side = matching::Side::kBuy;
    std::int64_t price = 0;
    Tonnes quantity;
    std::list<std::uint64_t>::iterator place;
  };
  using Levels = std::map<std::int64_t, std::list<std::uint64_t>>;  // Orders by time.
  using Prices = std::set<std::int64_t>;

  Levels& levels(matching::Side side) { return side == matching::Side::kBuy ? bids_ : offers_; }
  const Levels& levels(matching::Side side) const {
    return side == matching::Side::kBuy ? bids_ : offers_;
  }
  void Apply(const OrderChange& change);
  void Remove(std::uint64_t id);
  Prices Best(matching::Side side) const;
  // The orders of a level, as if they came now.
  void Show(matching::Side side, std::int64_t price, std::vector<OrderChange>& out);
  void Hide(std::uint64_t id, std::vector<OrderChange>& out);

  const std::size_t levels_;
  std::unordered_map<std::uint64_t, Order> orders_;
  Levels bids_, offers_;
  Prices seen_bids_, seen_offers_;
  std::map<std::uint64_t, matching::Side> told_;  // Orders that are seen.
};

}  // namespace ets::server
