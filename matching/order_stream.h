#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ets::matching {

// The neutral order stream: messages for any price-time book and the trades it must make of them,
// as files of fixed-size little-endian records behind a header. bench/order_stream/ makes them and
// says what the messages mean; nothing in them knows an engine.

enum class StreamType : std::uint8_t { kAdd = 1, kCancel = 2, kModify = 3 };

struct StreamMessage {
  std::uint64_t id = 0;        // Never used for two orders.
  std::int64_t price = 0;      // Ticks of 0.01; 0 for a cancel.
  std::uint32_t quantity = 0;  // Lots; 0 for a cancel.
  std::uint32_t owner = 0;     // 0 to 199; meaningful for an add.
  std::uint32_t sequence = 0;  // From 0.
  StreamType type = StreamType::kAdd;
  std::uint8_t side = 0;       // 0 buy, 1 sell.
  std::uint8_t immediate = 0;  // 1: what does not trade at once goes.
  std::uint8_t flags = 0;      // Bit 0: one of the two orders at the end that empty the book.

  friend bool operator==(const StreamMessage&, const StreamMessage&) = default;
};
static_assert(sizeof(StreamMessage) == 32);

struct StreamTrade {
  std::uint64_t maker = 0;
  std::uint64_t taker = 0;
  std::int64_t price = 0;  // The maker's.
  std::uint32_t quantity = 0;
  std::uint32_t sequence = 0;  // Of the message that caused it.

  friend bool operator==(const StreamTrade&, const StreamTrade&) = default;
};
static_assert(sizeof(StreamTrade) == 32);

// FNV-1a of the records, as the header carries it.
std::uint64_t ChecksumOf(std::span<const StreamMessage> messages);
std::uint64_t ChecksumOf(std::span<const StreamTrade> trades);

struct OrderStream {
  std::uint64_t seed = 0;
  std::string profile;
  std::vector<StreamMessage> messages;
};

// Reads a stream file's bytes. On failure: what is wrong, at which byte or message, and what is
// allowed. Checks the header, the length, the checksum, every message, and that no id is added
// twice. The format's fields are wider than an engine: prices are 1 to 10,000,000 ticks, and an
// order's price times its lots at most kAmountMax.
Result<OrderStream, std::string> ParseOrderStream(std::string_view bytes);
std::string EncodeOrderStream(const OrderStream& stream);
// The trades of a stream, in order.
std::string EncodeTrades(const OrderStream& of, std::span<const StreamTrade> trades);

struct ReplayCounts {
  std::uint64_t refused = 0;  // Cancels and changes of orders that are gone.
};
enum class ReplayWith : std::uint8_t { kEngine, kReference };

// Sends a stream through an engine whose range is the stream's, whose members can afford everything
// and where self-trade prevention is off. A modify is what the format says, not Engine::Change():
// the order leaves and enters again under its id, behind all others at its price. Returns the
// trades, or at which message more would wait than an engine holds: kOrdersMax orders, or 2^62 lots
// or ticks times lots in all.
Result<std::vector<StreamTrade>, std::string> Replay(const OrderStream& stream, ReplayWith with,
                                                     ReplayCounts& counts);

}  // namespace ets::matching
