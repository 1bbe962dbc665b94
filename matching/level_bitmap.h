#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ets::matching {

// Which price levels hold orders: one bit a level, and one bit for each word of 64 that is not
// empty, so that the next occupied level of a session's band is found in a few words.
class LevelBitmap {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  // Keeps what is set. Never shrinks.
  void Resize(std::size_t levels) {
    if (words_.size() * 64 >= levels) return;
    words_.resize((levels + 63) / 64);
    summary_.resize((words_.size() + 63) / 64);
  }
  void Set(std::uint32_t level) {
    words_[level / 64] |= Bit(level);
    summary_[level / 4096] |= Bit(level / 64);
  }
  void Reset(std::uint32_t level) {
    words_[level / 64] &= ~Bit(level);
    if (words_[level / 64] == 0) summary_[level / 4096] &= ~Bit(level / 64);
  }

  // The lowest set level, or kNone.
  std::uint32_t Lowest() const {
    for (std::size_t i = 0; i < summary_.size(); ++i) {
      if (summary_[i] == 0) continue;
      const std::uint32_t word = Join(i, std::countr_zero(summary_[i]));
      return Join(word, std::countr_zero(words_[word]));
    }
    return kNone;
  }
  // The lowest set level above, or kNone.
  std::uint32_t Above(std::uint32_t level) const {
    const std::uint32_t word = NextAbove(words_, level);
    if (word != kNone) return word;
    std::uint32_t full = level / 64;
    full = NextAbove(summary_, full);
    for (std::size_t i = level / 4096 + 1; full == kNone && i < summary_.size(); ++i) {
      if (summary_[i] != 0) full = Join(i, std::countr_zero(summary_[i]));
    }
    return full == kNone ? kNone : Join(full, std::countr_zero(words_[full]));
  }
  // The highest set level below, or kNone.
  std::uint32_t Below(std::uint32_t level) const {
    const std::uint32_t word = NextBelow(words_, level);
    if (word != kNone) return word;
    std::uint32_t full = level / 64;
    full = NextBelow(summary_, full);
    for (std::size_t i = level / 4096; full == kNone && i > 0; --i) {
      if (summary_[i - 1] != 0) full = Join(i - 1, 63 - std::countl_zero(summary_[i - 1]));
    }
    return full == kNone ? kNone : Join(full, 63 - std::countl_zero(words_[full]));
  }

 private:
  using Words = std::vector<std::uint64_t>;

  static std::uint64_t Bit(std::uint32_t index) { return std::uint64_t{1} << (index % 64); }
  static std::uint32_t Join(std::size_t word, int bit) {
    return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(bit);
  }
  // Within the index's own word only.
  static std::uint32_t NextAbove(const Words& words, std::uint32_t index) {
    const std::uint64_t rest = words[index / 64] & ~((Bit(index) - 1) | Bit(index));
    return rest == 0 ? kNone : Join(index / 64, std::countr_zero(rest));
  }
  static std::uint32_t NextBelow(const Words& words, std::uint32_t index) {
    const std::uint64_t rest = words[index / 64] & (Bit(index) - 1);
    return rest == 0 ? kNone : Join(index / 64, 63 - std::countl_zero(rest));
  }

  Words words_;
  Words summary_;
};

}  // namespace ets::matching
