#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/ids.h"
#include "matching/order_words.h"

namespace ets::matching {

// A member's own order id -> place, of live orders: open addressing, linear probing, at most half
// full, 8 bytes an entry, so that it stays in the cache. Keeps hashes only; who asks compares the
// ids. Erasing shifts later entries back, so its cost does not grow with age. Allocates only when
// more orders live at once than ever before. Never iterated.
class ClientIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  ClientIndex() : slots_(std::size_t{64}) {}

  static std::uint32_t HashOf(MemberId owner, const ClientOrderId& id) {
    const auto [a, b, c] = id.words();
    std::uint64_t hash = (a ^ std::rotl(b, 29)) * 0x9E3779B97F4A7C15U;
    hash ^= (std::uint64_t{c} << 32U | owner.raw()) * 0xD6E8FEB86659FD93U;
    hash = (hash ^ hash >> 32U) * 0x9FB21C651E98DF25U;
    return static_cast<std::uint32_t>(hash >> 32U);
  }

  // The first place with the hash for which is_it(place), or kNone.
  template <typename IsIt>
  std::uint32_t Find(std::uint32_t hash, IsIt is_it) const {
    for (std::size_t slot = HomeOf(hash); slots_[slot].place != kNone; slot = (slot + 1) & mask_) {
      if (slots_[slot].hash == hash && is_it(slots_[slot].place)) return slots_[slot].place;
    }
    return kNone;
  }

  // REQUIRES: it is not there.
  void Insert(std::uint32_t hash, std::uint32_t place) {
    if (count_ * 2 > mask_) Grow();
    Put(hash, place);
    ++count_;
  }

  // REQUIRES: it is there.
  void Erase(std::uint32_t hash, std::uint32_t place) {
    std::size_t hole = HomeOf(hash);
    while (slots_[hole].place != place) {
      ETS_ASSERT(slots_[hole].place != kNone);
      hole = (hole + 1) & mask_;
    }
    for (std::size_t next = (hole + 1) & mask_; slots_[next].place != kNone;
         next = (next + 1) & mask_) {
      const std::size_t home = HomeOf(slots_[next].hash);
      // The entry may move back only if its home does not lie behind the hole.
      if (((next - home) & mask_) < ((next - hole) & mask_)) continue;
      slots_[hole] = slots_[next];
      hole = next;
    }
    slots_[hole] = Slot{};
    --count_;
  }

  std::size_t count() const { return count_; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t place = kNone;
  };

  std::size_t HomeOf(std::uint32_t hash) const { return hash & mask_; }
  void Put(std::uint32_t hash, std::uint32_t place) {
    std::size_t slot = HomeOf(hash);
    while (slots_[slot].place != kNone) slot = (slot + 1) & mask_;
    slots_[slot] = {.hash = hash, .place = place};
  }
  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.place != kNone) Put(slot.hash, slot.place);
    }
  }

  std::vector<Slot> slots_;  // A power of two.
  std::size_t mask_ = 63;
  std::size_t count_ = 0;
};

}  // namespace ets::matching
