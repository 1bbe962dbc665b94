#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ets::matching {

// A set of numbers below a bound: a bit each, and a bit for each word of 64 that is not empty, so
// that finding the next member passes over 4,096 numbers a step. Which price levels hold orders;
// which places of a table are free.
class LevelBitmap {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  // Keeps what is set. Never shrinks.
  void Resize(std::size_t bound) {
    if (words_.size() * 64 >= bound) return;
    words_.resize((bound + 63) / 64);
    summary_.resize((words_.size() + 63) / 64);
  }
  void Set(std::uint32_t at) {
    words_[at / 64] |= Bit(at);
    summary_[at / 4'096] |= Bit(at / 64);
  }
  void Reset(std::uint32_t at) {
    // No branch: whether a word is left empty comes in no order.
    const std::uint64_t rest = words_[at / 64] &= ~Bit(at);
    summary_[at / 4'096] &= ~(std::uint64_t{rest == 0} << at / 64 % 64);
  }

  // The lowest member, or kNone.
  std::uint32_t Lowest() const { return LowestOf(0); }
  // The same where none is below. In fewer steps.
  std::uint32_t LowestFrom(std::uint32_t at) const { return LowestOf(at / 4'096); }
  // The lowest member above, or kNone.
  std::uint32_t Above(std::uint32_t at) const {
    if (const std::uint64_t rest = words_[at / 64] & AllAbove(at)) return Join(at / 64, rest);
    at /= 64;
    if (const std::uint64_t rest = summary_[at / 64] & AllAbove(at))
      return Down(Join(at / 64, rest));
    return LowestOf(at / 64 + 1);
  }

 private:
  static std::uint64_t Bit(std::uint32_t at) { return std::uint64_t{1} << (at % 64); }
  static std::uint64_t AllAbove(std::uint32_t at) { return ~std::uint64_t{1} << (at % 64); }
  // The lowest member of a word that is not empty.
  static std::uint32_t Join(std::uint32_t word, std::uint64_t bits) {
    return word * 64 + static_cast<std::uint32_t>(__builtin_ctzll(bits));
  }
  std::uint32_t Down(std::uint32_t word) const { return Join(word, words_[word]); }
  // From a word of the summary on.
  std::uint32_t LowestOf(std::uint32_t from) const {
    for (; from < summary_.size(); ++from) {
      if (summary_[from] != 0) return Down(Join(from, summary_[from]));
    }
    return kNone;
  }

  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> summary_;
};

}  // namespace ets::matching
