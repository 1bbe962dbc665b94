#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/state_hash.h"
#include "matching/engine_words.h"

namespace ets::matching {

// The one definition of an engine's hash: phase and prices, then each live order in the order of
// Engine::ForEach().
class EngineHash {
 public:
  EngineHash(BookPhase phase, std::initializer_list<std::int64_t> prices) {
    hash_.Add(static_cast<std::uint64_t>(phase));
    for (const std::int64_t price : prices) hash_.Add(price);
  }
  void Add(const OrderView& order) {
    hash_.Add(order.id.raw());
    hash_.Add(std::uint64_t{order.owner.raw()} << 32U | Bits(order));
    hash_.Add(order.limit.minor_per_tonne());
    hash_.Add(order.stop.minor_per_tonne());
    hash_.Add(order.quantity.count());
    hash_.Add(order.open.count());
    hash_.Add(order.visible.count());
    hash_.Add(order.display.count());
    hash_.Add(static_cast<std::int64_t>(order.expire.days()));
    hash_.Add(order.client_id.text());
  }
  std::uint64_t value() const { return hash_.value(); }

 private:
  static std::uint64_t Bits(const OrderView& order) {
    return static_cast<std::uint64_t>(order.state) << 24U |
           static_cast<std::uint64_t>(order.side) << 20U |
           static_cast<std::uint64_t>(order.type) << 16U |
           static_cast<std::uint64_t>(order.time_in_force) << 8U |
           static_cast<std::uint64_t>(order.self_trade) << 4U |
           static_cast<std::uint64_t>(order.post_only);
  }

  StateHash hash_;
};

}  // namespace ets::matching
