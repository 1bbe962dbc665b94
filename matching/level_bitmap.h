#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ets::matching {

// A set of numbers below a bound: one bit each, one bit for each word of 64 that is not empty, and
// one for each of those words. The next member above another is found in a few steps, whatever lies
// between. Which price levels hold orders; which places of a table are free.
class LevelBitmap {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  // Keeps what is set. Never shrinks.
  void Resize(std::size_t bound) {
    if (words_.size() * 64 >= bound) return;
    words_.resize((bound + 63) / 64);
    summary_.resize((words_.size() + 63) / 64);
    top_.resize((summary_.size() + 63) / 64);
  }
  void Set(std::uint32_t at) {
    words_[at / 64] |= Bit(at);
    summary_[at / 4'096] |= Bit(at / 64);
    top_[at / 262'144] |= Bit(at / 4'096);
  }
  void Reset(std::uint32_t at) {
    if ((words_[at / 64] &= ~Bit(at)) != 0) return;
    if ((summary_[at / 4'096] &= ~Bit(at / 64)) != 0) return;
    top_[at / 262'144] &= ~Bit(at / 4'096);
  }

  // The lowest member, or kNone.
  std::uint32_t Lowest() const { return LowestFrom(0); }
  // The lowest member above, or kNone.
  std::uint32_t Above(std::uint32_t at) const {
    if (const std::uint64_t rest = words_[at / 64] & AllAbove(at)) return Join(at / 64, rest);
    at /= 64;
    if (const std::uint64_t rest = summary_[at / 64] & AllAbove(at)) {
      return Down(words_, Join(at / 64, rest));
    }
    at /= 64;
    if (const std::uint64_t rest = top_[at / 64] & AllAbove(at)) {
      return Down(words_, Down(summary_, Join(at / 64, rest)));
    }
    return LowestFrom(at / 64 + 1);
  }

 private:
  using Words = std::vector<std::uint64_t>;

  static std::uint64_t Bit(std::uint32_t at) { return std::uint64_t{1} << (at % 64); }
  static std::uint64_t AllAbove(std::uint32_t at) { return ~std::uint64_t{1} << (at % 64); }
  // The lowest member of a word that is not empty.
  static std::uint32_t Join(std::uint32_t word, std::uint64_t bits) {
    return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  static std::uint32_t Down(const Words& words, std::uint32_t word) {
    return Join(word, words[word]);
  }
  std::uint32_t LowestFrom(std::uint32_t top) const {
    for (; top < top_.size(); ++top) {
      if (top_[top] != 0) return Down(words_, Down(summary_, Join(top, top_[top])));
    }
    return kNone;
  }

  Words words_;
  Words summary_;
  Words top_;
};

}  // namespace ets::matching
