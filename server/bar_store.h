#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "market/events.h"
#include "server/market_data.h"

namespace ets::server {

// Listed trades as bars of one minute, the finest there are, and the last trades themselves. A bar
// takes 56 bytes; a minute without a trade takes none. Not thread-safe.
class TradeHistory {
 public:
  using Trade = MarketData::Trade;

  explicit TradeHistory(std::size_t tape_max = std::size_t{1} << 20U) : tape_max_(tape_max) {}

  // REQUIRES: in the order of the journal.
  void Add(const market::Fill& fill, std::uint64_t sequence, SimTime time);
  // Bars of `minutes`, whose begins lie in [from, to), oldest first. REQUIRES: 1 <= minutes.
  std::vector<Bar> Bars(InstrumentId instrument, std::uint32_t minutes, SimTime from, SimTime to,
                        std::size_t count_max) const;
  // Of those kept: with ids from `from` on, at most `count_max`.
  std::vector<Trade> Trades(std::optional<InstrumentId> instrument, std::uint64_t from,
                            std::size_t count_max) const;

  void Save(ByteWriter& out) const;
  static std::optional<TradeHistory> Load(ByteReader& in);  // Empty: it makes no sense.

 private:
  std::size_t tape_max_;
  std::deque<Trade> tape_;                          // By trade id.
  std::map<std::uint16_t, std::vector<Bar>> bars_;  // By instrument; minutes, by time.
};

}  // namespace ets::server
