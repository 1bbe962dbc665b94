#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <unordered_map>
#include <vector>

#include "matching/order_stream.h"

namespace ets::bench {

// A price-time book as one writes it first: an ordered map of lists a side, and an index. It makes
// the expected trades of a stream, and is the yardstick that an engine is measured against.
class PlainBook {
 public:
  struct Order {
    std::uint64_t id;
    std::uint32_t quantity;
  };
  using Queue = std::list<Order>;
  using Bids = std::map<std::int64_t, Queue, std::greater<>>;
  using Offers = std::map<std::int64_t, Queue>;
  struct Where {
    std::uint8_t side;
    std::int64_t price;
    Queue::iterator order;
  };

  void On(const matching::StreamMessage& message) {
    using matching::StreamType;
    if (message.type == StreamType::kAdd) return Add(message);
    const auto found = index.find(message.id);
    if (found == index.end()) return;
    matching::StreamMessage again = message;
    again.side = found->second.side;
    again.immediate = 0;
    Remove(found);
    if (message.type == StreamType::kModify) Add(again);
  }

  Bids bids;
  Offers offers;
  std::unordered_map<std::uint64_t, Where> index;
  std::vector<matching::StreamTrade> trades;

 private:
  void Remove(std::unordered_map<std::uint64_t, Where>::iterator found) {
    const auto drop = [&found](auto& levels) {
      const auto level = levels.find(found->second.price);
      level->second.erase(found->second.order);
      if (level->second.empty()) levels.erase(level);
    };
    found->second.side == 0 ? drop(bids) : drop(offers);
    index.erase(found);
  }

  template <typename Levels, typename Meets>
  std::uint32_t Match(Levels& levels, const matching::StreamMessage& message, Meets meets) {
    std::uint32_t left = message.quantity;
    while (left > 0 && !levels.empty() && meets(levels.begin()->first)) {
      const auto level = levels.begin();
      Order& first = level->second.front();
      const std::uint32_t quantity = std::min(left, first.quantity);
      trades.push_back({first.id, message.id, level->first, quantity, message.sequence});
      left -= quantity;
      first.quantity -= quantity;
      if (first.quantity > 0) continue;
      index.erase(first.id);
      level->second.pop_front();
      if (level->second.empty()) levels.erase(level);
    }
    return left;
  }

  void Add(const matching::StreamMessage& message) {
    const std::int64_t limit = message.price;
    const bool buys = message.side == 0;
    const std::uint32_t left =
        buys ? Match(offers, message, [limit](std::int64_t price) { return price <= limit; })
             : Match(bids, message, [limit](std::int64_t price) { return price >= limit; });
    if (left == 0 || message.immediate != 0) return;
    const auto rest = [&](auto& levels) {
      Queue& queue = levels[limit];
      queue.push_back({message.id, left});
      index[message.id] = {message.side, limit, std::prev(queue.end())};
    };
    buys ? rest(bids) : rest(offers);
  }
};

}  // namespace ets::bench
