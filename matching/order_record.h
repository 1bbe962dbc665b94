#pragma once

#include <cstdint>

#include "matching/engine_words.h"

namespace ets::matching {

// What an order is and where it is, in four bytes: an enumerator in the lower half of each, as the
// entry has them, and the rest in the upper halves.
class OrderTraits {
 public:
  constexpr OrderTraits() = default;
  constexpr OrderTraits(Side side, OrderType type, TimeInForce time_in_force,
                        SelfTradePrevention self_trade)
      : bits_(static_cast<std::uint32_t>(side) | static_cast<std::uint32_t>(type) << 8U |
              static_cast<std::uint32_t>(time_in_force) << 16U |
              static_cast<std::uint32_t>(self_trade) << 24U) {}

  constexpr Side side() const { return static_cast<Side>(Nibble(0)); }
  constexpr OrderType type() const { return static_cast<OrderType>(Nibble(8)); }
  constexpr TimeInForce time_in_force() const { return static_cast<TimeInForce>(Nibble(16)); }
  constexpr SelfTradePrevention self_trade() const {
    return static_cast<SelfTradePrevention>(Nibble(24));
  }
  constexpr OrderState state() const { return static_cast<OrderState>(Nibble(4)); }
  constexpr bool has_extra() const { return (bits_ & kHasExtra) != 0; }
  constexpr bool post_only() const { return (bits_ & kPostOnly) != 0; }
  constexpr bool live() const { return (bits_ & kLive) != 0; }
  // Rests, and there is nothing more about it.
  constexpr bool is_plain() const {
    return (bits_ & (0xF0U | kHasExtra)) == static_cast<std::uint32_t>(OrderState::kResting) << 4U;
  }

  constexpr void set_type(OrderType type) {
    bits_ = (bits_ & ~0xF00U) | static_cast<std::uint32_t>(type) << 8U;
  }
  constexpr void set_state(OrderState state) {
    bits_ = (bits_ & ~0xF0U) | static_cast<std::uint32_t>(state) << 4U;
  }
  constexpr void set_has_extra(bool on) { Set(kHasExtra, on); }
  constexpr void set_post_only(bool on) { Set(kPostOnly, on); }
  constexpr void set_live(bool on) { Set(kLive, on); }

 private:
  static constexpr std::uint32_t kHasExtra = 1U << 12U;  // Its OrderExtra says something.
  static constexpr std::uint32_t kPostOnly = 1U << 20U;
  static constexpr std::uint32_t kLive = 1U << 28U;

  constexpr std::uint32_t Nibble(unsigned from) const { return bits_ >> from & 0xFU; }
  constexpr void Set(std::uint32_t flag, bool on) { bits_ = (bits_ & ~flag) | (on ? flag : 0U); }

  std::uint32_t bits_ = 0;
};

// A live order, all of it that most orders have, in one cache line. Its place in an engine's table
// is what links name.
struct alignas(64) OrderRecord : OrderTraits {
  std::uint32_t level = 0;    // In the ladder that it is in.
  std::uint64_t id = 0;       // Public; of the last order here, if none lives.
  std::int64_t visible = 0;   // What its level counts.
  std::int64_t quantity = 0;  // Filled + open.
  std::uint32_t owner = 0;
  std::uint32_t client_hash = 0;  // Of its own id and owner.
  ClientOrderId client_id;

  OrderTraits& traits() { return *this; }
};
static_assert(sizeof(OrderRecord) == 64);

// Its neighbours in its level. Apart from the record: who joins or leaves touches theirs too.
struct OrderLinks {
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

// What few orders have.
struct OrderExtra {
  std::int64_t stop = 0;
  std::int64_t limit = 0;  // Of a stop-limit order that waits.
  std::int64_t display = 0;
  std::int64_t hidden = 0;
  Date expire{0};
};

}  // namespace ets::matching
