#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"

namespace ets::matching {

// Order id -> place in the pool: open addressing, linear probing, at most half full. Erasing shifts
// later entries back, so there are no tombstones and its cost does not grow with age. It allocates
// only when more orders rest at once than ever before. Never iterated.
class OrderIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  OrderIndex() : slots_(std::size_t{64}) {}

  std::uint32_t Find(std::uint64_t id) const { return slots_[SlotOf(id)].place; }

  // REQUIRES: the id is not there.
  void Insert(std::uint64_t id, std::uint32_t place) {
    if ((count_ + 1) * 2 > slots_.size()) Grow();
    Slot& slot = slots_[SlotOf(id)];
    ETS_ASSERT(slot.place == kNone);
    slot = {.id = id, .place = place};
    ++count_;
  }

  // REQUIRES: the id is there.
  void Erase(std::uint64_t id) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = SlotOf(id);
    ETS_ASSERT(slots_[hole].place != kNone);
    for (std::size_t next = (hole + 1) & mask; slots_[next].place != kNone;
         next = (next + 1) & mask) {
      const std::size_t home = HomeOf(slots_[next].id);
      // The entry may move back only if its home does not lie behind the hole.
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      slots_[hole] = slots_[next];
      hole = next;
    }
    slots_[hole] = Slot{};
    --count_;
  }

  void Clear() {
    if (count_ == 0) return;
    slots_.assign(slots_.size(), Slot{});
    count_ = 0;
  }

  std::size_t count() const { return count_; }

 private:
  struct Slot {
    std::uint64_t id = 0;
    std::uint32_t place = kNone;
  };

  std::size_t HomeOf(std::uint64_t id) const {
    // Fibonacci hashing: the high bits of the product, as many as the table has.
    const int bits = std::countr_zero(slots_.size());
    return static_cast<std::size_t>((id * 0x9E3779B97F4A7C15U) >> (64 - bits));
  }
  // Where the id is, or the free slot where it would go.
  std::size_t SlotOf(std::uint64_t id) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = HomeOf(id);
    while (slots_[slot].place != kNone && slots_[slot].id != id) slot = (slot + 1) & mask;
    return slot;
  }
  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.place != kNone) slots_[SlotOf(slot.id)] = slot;
    }
  }

  std::vector<Slot> slots_;  // A power of two.
  std::size_t count_ = 0;
};

}  // namespace ets::matching
