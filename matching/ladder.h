#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "matching/level_bitmap.h"

namespace ets::matching {

// An order's place in a ladder: two to a cache line.
struct LadderNode {
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  std::uint64_t id = 0;      // The order's public id.
  std::int64_t visible = 0;  // What its level counts.
  std::uint32_t owner = 0;
  std::uint32_t level = 0;  // Its price's, in whichever ladder it is.
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};
static_assert(sizeof(LadderNode) == 32);

// Orders by price, then by time of arrival: an array of levels over a range of prices, each a
// doubly linked list through nodes that the owner of the ladder keeps, and a bitmap of the occupied
// ones. One side of a book, or the stops of one side. Joining, leaving and finding the next best
// level take constant time. Allocates only in Resize().
class Ladder {
 public:
  static constexpr std::uint32_t kNone = LadderNode::kNone;

  struct Level {
    std::int64_t visible = 0;  // Sum over its orders.
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
    std::uint32_t count = 0;
  };

  // Whether the highest level is the best: bids, and stops that sell.
  explicit Ladder(bool highest_first) : highest_first_(highest_first) {}

  // REQUIRES: no orders.
  void Resize(std::size_t levels) {
    ETS_ASSERT(best_ == kNone);
    if (levels_.size() < levels) levels_.resize(levels);
    occupied_.Resize(levels);
  }

  bool empty() const { return best_ == kNone; }
  std::uint32_t best() const { return best_; }
  const Level& operator[](std::uint32_t at) const { return levels_[at]; }
  // The next worse occupied level, or kNone.
  std::uint32_t After(std::uint32_t at) const {
    return highest_first_ ? occupied_.Below(at) : occupied_.Above(at);
  }
  bool IsBetter(std::uint32_t a, std::uint32_t b) const { return highest_first_ ? a > b : a < b; }

  // At the end of the level that the node names, with what it shows.
  void Join(std::vector<LadderNode>& nodes, std::uint32_t place) {
    LadderNode& node = nodes[place];
    Level& level = levels_[node.level];
    node.previous = level.last;
    node.next = kNone;
    if (level.last == kNone) {
      level.first = place;
      occupied_.Set(node.level);
      if (best_ == kNone || IsBetter(node.level, best_)) best_ = node.level;
    } else {
      nodes[level.last].next = place;
    }
    level.last = place;
    level.visible += node.visible;
    ++level.count;
  }

  void Leave(std::vector<LadderNode>& nodes, std::uint32_t place) {
    const LadderNode& node = nodes[place];
    Level& level = levels_[node.level];
    level.visible -= node.visible;
    --level.count;
    (node.previous == kNone ? level.first : nodes[node.previous].next) = node.next;
    (node.next == kNone ? level.last : nodes[node.next].previous) = node.previous;
    if (level.first != kNone) return;
    occupied_.Reset(node.level);
    if (node.level == best_) best_ = After(node.level);
  }

  // An order shows less and keeps its place.
  void Shrink(LadderNode& node, std::int64_t by) {
    node.visible -= by;
    levels_[node.level].visible -= by;
  }

  template <typename Visit>
  void ForEach(const std::vector<LadderNode>& nodes, Visit visit) const {
    for (std::uint32_t at = best_; at != kNone; at = After(at)) {
      for (std::uint32_t i = levels_[at].first; i != kNone; i = nodes[i].next) visit(i);
    }
  }

  // Asserts; returns how many orders it has.
  std::size_t CheckInvariants(const std::vector<LadderNode>& nodes) const {
    std::size_t total = 0;
    std::uint32_t before = kNone;
    for (std::uint32_t at = best_; at != kNone; at = After(at)) {
      ETS_ASSERT(before == kNone || IsBetter(before, at));
      before = at;
      std::int64_t visible = 0;
      std::uint32_t count = 0;
      std::uint32_t previous = kNone;
      for (std::uint32_t i = levels_[at].first; i != kNone; i = nodes[i].next) {
        ETS_ASSERT(nodes[i].level == at && nodes[i].previous == previous && nodes[i].visible > 0);
        visible += nodes[i].visible;
        previous = i;
        ++count;
      }
      ETS_ASSERT(count > 0 && count == levels_[at].count);
      ETS_ASSERT(previous == levels_[at].last && visible == levels_[at].visible);
      total += count;
    }
    return total;
  }

 private:
  const bool highest_first_;
  std::vector<Level> levels_;
  LevelBitmap occupied_;
  std::uint32_t best_ = kNone;
};

}  // namespace ets::matching
