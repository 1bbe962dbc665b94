#pragma once

#include <cstdint>
#include <string_view>

namespace ets {

// A 64-bit fingerprint of a sequence of numbers, equal on every machine. It compares runs and
// implementations; it is not a defence against someone who wants a collision (the journal's
// SHA-256 chain is).
class StateHash {
 public:
  constexpr StateHash() = default;
  // Goes on behind a value() that was kept.
  static constexpr StateHash From(std::uint64_t value) {
    StateHash hash;
    hash.state_ = value;
    return hash;
  }
  constexpr void Add(std::uint64_t value) {
    state_ ^= value;
    state_ *= 0x9FB21C651E98DF25U;
    state_ ^= state_ >> 32U;
  }
  constexpr void Add(std::int64_t value) { Add(static_cast<std::uint64_t>(value)); }
  constexpr void Add(std::string_view text) {
    for (const char c : text) Add(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
    Add(static_cast<std::uint64_t>(text.size()));
  }
  constexpr std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325U;
};

}  // namespace ets
