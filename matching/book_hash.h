#pragma once

#include "base/state_hash.h"
#include "matching/order_book.h"

namespace ets::matching {

// The one definition of a book's hash: its range, then each resting order in priority order.
class BookHash {
 public:
  BookHash(Price lowest, Price highest) {
    hash_.Add(lowest.minor_per_tonne());
    hash_.Add(highest.minor_per_tonne());
  }
  void Add(const RestingOrder& order) {
    hash_.Add(order.id.raw());
    hash_.Add(std::uint64_t{order.owner.raw()} << 8U | static_cast<std::uint64_t>(order.side));
    hash_.Add(order.limit.minor_per_tonne());
    hash_.Add(order.open.count());
  }
  std::uint64_t value() const { return hash_.value(); }

 private:
  StateHash hash_;
};

}  // namespace ets::matching
