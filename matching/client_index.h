#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/assert.h"
#include "base/ids.h"
#include "matching/order_words.h"

namespace ets::matching {

// A member's own order id -> place, of live orders. A hash table of groups, each a cache line of
// twelve slots with a byte of the hash, its tag, for each: one comparison tells which slots can be
// meant, so a search reads one line and seldom guesses wrong. A full group passes entries on to the
// next and counts them, so a search knows when to stop and erasing moves nothing. Who asks compares
// the ids. Allocates only in Resize(). Never iterated.
class ClientIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  static std::uint32_t HashOf(MemberId owner, const ClientOrderId& id) {
    const auto [a, b, c] = id.words();
    __extension__ using Wide = unsigned __int128;
    const Wide wide = Wide{a ^ 0x9E3779B97F4A7C15U} * (b ^ 0xD6E8FEB86659FD93U);
    const auto text = static_cast<std::uint64_t>(wide) ^ static_cast<std::uint64_t>(wide >> 64U);
    const std::uint64_t rest = (std::uint64_t{c} << 32U | owner.raw()) * 0x9FB21C651E98DF25U;
    return static_cast<std::uint32_t>((text ^ rest) >> 32U);
  }

  // Empties it and makes room for so many entries at two thirds full. REQUIRES: a power of two.
  void Resize(std::size_t entries) {
    ETS_ASSERT(std::has_single_bit(entries));
    groups_.assign(entries <= kPerGroup ? 1 : entries / kPerGroup, Group{});
    mask_ = groups_.size() - 1;
    count_ = 0;
  }

  // The first place under the hash for which is_it(place), or kNone.
  template <typename IsIt>
  std::uint32_t Find(std::uint32_t hash, IsIt is_it) const {
    const std::uint8_t tag = TagOf(hash);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Group& group = groups_[at];
      for (std::uint32_t slots = SlotsWith(group, tag); slots != 0; slots &= slots - 1) {
        const std::uint32_t place = group.places[LowestOf(slots)];
        if (is_it(place)) return place;
      }
      if (group.passed_on == 0) return kNone;
    }
  }

  // REQUIRES: it is not there, and there is room.
  void Insert(std::uint32_t hash, std::uint32_t place) {
    std::size_t at = hash & mask_;
    std::uint32_t free = SlotsWith(groups_[at], kFree);
    while (free == 0) {
      ++groups_[at].passed_on;
      at = (at + 1) & mask_;
      free = SlotsWith(groups_[at], kFree);
    }
    groups_[at].tags[LowestOf(free)] = TagOf(hash);
    groups_[at].places[LowestOf(free)] = place;
    ++count_;
  }

  // REQUIRES: it is there.
  void Erase(std::uint32_t hash, std::uint32_t place) {
    const std::uint8_t tag = TagOf(hash);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      Group& group = groups_[at];
      for (std::uint32_t slots = SlotsWith(group, tag); slots != 0; slots &= slots - 1) {
        if (group.places[LowestOf(slots)] != place) continue;
        group.tags[LowestOf(slots)] = kFree;
        --count_;
        return;
      }
      ETS_ASSERT(group.passed_on > 0);
      --group.passed_on;
    }
  }

  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kPerGroup = 8;  // When there are as many entries as there may be.
  static constexpr std::uint8_t kFree = 0;

  struct alignas(64) Group {
    std::array<std::uint8_t, 12> tags{};
    std::uint32_t passed_on = 0;  // Entries that found no free slot here and lie further on.
    std::array<std::uint32_t, 12> places{};
  };
  static_assert(sizeof(Group) == 64);

  static std::uint8_t TagOf(std::uint32_t hash) {
    const auto tag = static_cast<std::uint8_t>(hash >> 24U);
    return tag == kFree ? 1 : tag;
  }
  static unsigned LowestOf(std::uint32_t slots) {
    return static_cast<unsigned>(__builtin_ctz(slots));
  }
  // One bit a slot.
  static std::uint32_t SlotsWith(const Group& group, std::uint8_t tag) {
#ifdef __SSE2__
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(&group.tags));
    const __m128i equal = _mm_cmpeq_epi8(tags, _mm_set1_epi8(static_cast<char>(tag)));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & 0xFFFU;
#else
    std::uint32_t slots = 0;
    for (std::uint32_t i = 0; i < group.tags.size(); ++i) {
      slots |= std::uint32_t{group.tags[i] == tag} << i;
    }
    return slots;
#endif
  }

  std::vector<Group> groups_ = std::vector<Group>(1);  // A power of two.
  std::size_t mask_ = 0;
  std::size_t count_ = 0;
};

}  // namespace ets::matching
