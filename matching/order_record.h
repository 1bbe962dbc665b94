#pragma once

#include <cstdint>

#include "matching/engine_words.h"

namespace ets::matching {

// A live order, all of it that most orders have, in one cache line. Its place in an engine's table
// is what links name.
struct alignas(64) OrderRecord {
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  std::uint64_t id = 0;       // Public; of the last order here, if none lives.
  std::int64_t visible = 0;   // What its level counts.
  std::int64_t quantity = 0;  // Filled + open.
  std::uint32_t owner = 0;
  std::uint32_t level = 0;  // In the ladder that it is in.
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
  ClientOrderId client_id;
  OrderState state : 4 = OrderState::kResting;
  Side side : 4 = Side::kBuy;
  OrderType type : 4 = OrderType::kLimit;
  TimeInForce time_in_force : 4 = TimeInForce::kDay;
  SelfTradePrevention self_trade : 4 = SelfTradePrevention::kOff;
  bool post_only : 1 = false;
  bool has_extra : 1 = false;  // Its OrderExtra says something.
  bool live : 1 = false;
};
static_assert(sizeof(OrderRecord) == 64);

// What few orders have.
struct OrderExtra {
  std::int64_t stop = 0;
  std::int64_t limit = 0;  // Of a stop-limit order that waits.
  std::int64_t display = 0;
  std::int64_t hidden = 0;
  Date expire{0};
};

}  // namespace ets::matching
