#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "matching/level_bitmap.h"
#include "matching/order_record.h"

namespace ets::matching {

// Orders by price, then by time of arrival: an array of levels over a range of prices, each a
// doubly linked list through the engine's table of links, and a bitmap of the occupied ones.
// One side of a book, or the stops of one side. Level 0 is the best price that the range has, so
// that both sides of a book run the same way. Joining, leaving and finding the next best level take
// constant time. Allocates only in SetRange().
class alignas(64) Ladder {
 public:
  static constexpr std::uint32_t kNone = OrderLinks::kNone;

  struct alignas(32) Level {
    std::int64_t visible = 0;  // Sum over its orders.
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
    std::uint32_t count = 0;
  };

  // Whether the highest price is the best: bids, and stops that sell.
  explicit Ladder(bool highest_first) : highest_first_(highest_first) {}

  // Both ends included. REQUIRES: no orders.
  void SetRange(std::int64_t lowest, std::int64_t highest) {
    ETS_ASSERT(empty());
    origin_ = highest_first_ ? highest : lowest;
    step_ = highest_first_ ? -1 : 1;
    const auto levels = static_cast<std::size_t>(highest - lowest) + 1;
    if (levels_.size() < levels) levels_.resize(levels);
    occupied_.Resize(levels);
  }

  bool empty() const { return best_ == kNone; }
  std::uint32_t best() const { return best_; }  // kNone is above all levels.
  const Level& operator[](std::uint32_t at) const { return levels_[at]; }
  // The next worse occupied level, or kNone.
  std::uint32_t After(std::uint32_t at) const { return occupied_.Above(at); }
  std::int64_t PriceOf(std::uint32_t level) const { return origin_ + step_ * std::int64_t{level}; }
  // How many levels worse than the range's best a price is; of one in the range, its level.
  std::int64_t DepthOf(std::int64_t price) const { return (price - origin_) * step_; }
  std::uint32_t LevelOf(std::int64_t price) const {
    return static_cast<std::uint32_t>(DepthOf(price));
  }

  // At the end of the level that the record names, with what it shows. Returns the level.
  const Level& Join(OrderLinks* links, const OrderRecord& order, std::uint32_t place) {
    Level& level = levels_[order.level];
    links[place] = {.previous = level.last, .next = kNone};
    if (level.last == kNone) {
      level.first = place;
      occupied_.Set(order.level);
      best_ = std::min(best_, order.level);
    } else {
      links[level.last].next = place;
    }
    level.last = place;
    level.visible += order.visible;
    ++level.count;
    return level;
  }

  const Level& Leave(OrderLinks* links, const OrderRecord& order, std::uint32_t place) {
    Level& level = levels_[order.level];
    level.visible -= order.visible;
    --level.count;
    const auto [previous, next] = links[place];
    // Addresses are chosen, not ways: what is at an end of its level comes in no order.
    std::uint32_t* const before = previous == kNone ? &level.first : &links[previous].next;
    std::uint32_t* const behind = next == kNone ? &level.last : &links[next].previous;
    *before = next;
    *behind = previous;
    if (level.first == kNone) {
      occupied_.Reset(order.level);
      if (order.level == best_) best_ = After(order.level);
    }
    return level;
  }

  // An order of a level shows less and keeps its place.
  void Shrink(std::uint32_t level, std::int64_t by) { levels_[level].visible -= by; }

  template <typename Visit>
  void ForEach(const std::vector<OrderLinks>& links, Visit visit) const {
    for (std::uint32_t at = best_; at != kNone; at = After(at)) {
      for (std::uint32_t i = levels_[at].first; i != kNone; i = links[i].next) visit(i);
    }
  }

  // Asserts; returns how many orders it has.
  std::size_t CheckInvariants(const std::vector<OrderLinks>& links,
                              const std::vector<OrderRecord>& orders) const {
    std::size_t total = 0;
    std::uint32_t at = best_;
    for (std::uint32_t i = 0; i < levels_.size(); ++i) {
      if (i != at) {
        ETS_ASSERT(levels_[i].first == kNone && levels_[i].last == kNone);
        ETS_ASSERT(levels_[i].count == 0 && levels_[i].visible == 0);
        continue;
      }
      total += CheckLevel(links, orders, at);
      at = After(at);
    }
    ETS_ASSERT(at == kNone);
    return total;
  }

 private:
  std::size_t CheckLevel(const std::vector<OrderLinks>& links,
                         const std::vector<OrderRecord>& orders, std::uint32_t at) const {
    const Level& level = levels_[at];
    std::int64_t visible = 0;
    std::uint32_t count = 0;
    std::uint32_t previous = kNone;
    for (std::uint32_t i = level.first; i != kNone; i = links[i].next) {
      ETS_ASSERT(orders[i].level == at && links[i].previous == previous && orders[i].visible > 0);
      visible += orders[i].visible;
      previous = i;
      ++count;
    }
    ETS_ASSERT(count > 0 && count == level.count);
    ETS_ASSERT(previous == level.last && visible == level.visible);
    return count;
  }

  bool highest_first_;
  std::int64_t origin_ = 0;
  std::int64_t step_ = 1;
  std::uint32_t best_ = kNone;
  std::vector<Level> levels_;
  LevelBitmap occupied_;
};

}  // namespace ets::matching
