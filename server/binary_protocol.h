#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ets::server::binary {

// The binary order entry: fixed-size little-endian messages over TCP, for those who count
// microseconds. docs/binary-order-entry.md is the protocol; these structs are its messages, byte
// for byte, without padding between fields. Every message begins with a Header.
//
// A field that does not apply is 0. Prices are minor units (fen, cent) a tonne, quantities whole
// tonnes, times microseconds since 1970 in UTC, enumerators the numbers of order_words.h, refusals
// those of market/refusal.h. A text is padded with zero bytes.

inline constexpr std::uint8_t kVersion = 1;

enum class Kind : std::uint8_t {
  // From the client.
  kLogon = 1,
  kPlace = 2,
  kChange = 3,
  kCancel = 4,
  kCancelAll = 5,
  kHeartbeat = 6,  // Both ways.
  kLogout = 7,
  // From the venue.
  kWelcome = 101,
  kAnswer = 102,
  kReport = 103,
  kGoodbye = 104,  // The last message of a connection, and why.
};

struct Header {
  std::uint16_t size = 0;  // Of the whole message, this header included.
  Kind kind = Kind::kHeartbeat;
  std::uint8_t version = kVersion;
};

struct Logon {
  Header header;
  std::uint32_t member = 0;        // The number of the escrow account.
  std::uint32_t heartbeat_ms = 0;  // 0: none is expected. Else 100 to 600,000.
  std::uint8_t cancel_on_disconnect = 0;
  std::uint8_t reserved[3] = {};
  char token[112] = {};  // Empty where no token is asked for.
};

struct Place {
  Header header;
  std::uint16_t instrument = 0;  // Its number in the directory.
  std::uint8_t side = 0;
  std::uint8_t type = 0;
  std::uint64_t tag = 0;        // The client's; comes back.
  std::uint64_t client_id = 0;  // Written as its decimal digits everywhere else; 0: none.
  std::int64_t limit = 0;
  std::int64_t stop = 0;
  std::int64_t quantity = 0;
  std::int64_t display = 0;
  std::int64_t minimum = 0;
  std::int32_t expire = 0;  // Days since 1970-01-01.
  std::uint8_t time_in_force = 0;
  std::uint8_t self_trade = 0;
  std::uint8_t post_only = 0;
  std::uint8_t reserved = 0;
};

struct Change {
  Header header;
  std::uint16_t instrument = 0;
  std::uint16_t reserved = 0;
  std::uint64_t tag = 0;
  std::uint64_t order = 0;      // The venue's id, or 0 and
  std::uint64_t client_id = 0;  // the client's.
  std::uint64_t new_client_id = 0;
  std::int64_t limit = 0;     // 0: as it is.
  std::int64_t quantity = 0;  // The whole order's, filled part included; 0: as it is.
};

struct Cancel {
  Header header;
  std::uint16_t instrument = 0;
  std::uint16_t reserved = 0;
  std::uint64_t tag = 0;
  std::uint64_t order = 0;
  std::uint64_t client_id = 0;
};

struct CancelAll {
  Header header;
  std::uint16_t instrument = 0xFFFF;  // 0xFFFF: all.
  std::uint8_t side = 0;              // 0: both.
  std::uint8_t reserved = 0;
  std::uint64_t tag = 0;
};

struct Heartbeat {
  Header header;
};
struct Logout {
  Header header;
};

struct Welcome {
  Header header;
  std::uint32_t member = 0;
  std::uint32_t heartbeat_ms = 0;
  std::uint32_t reserved = 0;
};

struct Answer {
  Header header;
  std::uint16_t refusal = 0;    // 0: accepted.
  std::uint16_t cancelled = 0;  // Orders that a Cancel or CancelAll took out; 65,535: or more.
  std::uint64_t tag = 0;
  std::uint64_t sequence = 0;  // Of the venue's journal.
  std::int64_t time = 0;
  std::uint64_t order = 0;
  std::int64_t traded = 0;  // At once.
  std::int64_t value = 0;
  std::int64_t open = 0;
  std::int64_t asked = 0;  // Of a refusal: what was asked, and the limit that was broken.
  std::int64_t limit = 0;
};

struct Report {
  Header header;
  std::uint8_t event = 0;   // market::OrderEventKind.
  std::uint8_t reason = 0;  // market::CancelReason.
  std::uint8_t side = 0;
  std::uint8_t is_own = 0;  // `tag` is that of a request of this connection.
  std::uint64_t tag = 0;
  std::uint64_t sequence = 0;
  std::int64_t time = 0;
  std::uint64_t order = 0;
  char client_id[24] = {};
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  std::int64_t filled = 0;
  std::int64_t open = 0;
  std::int64_t visible = 0;
  std::int64_t last_price = 0;
  std::int64_t last_quantity = 0;
  std::int64_t fee = 0;
  std::uint64_t trade_id = 0;
  std::uint16_t instrument = 0;
  std::uint8_t reserved[6] = {};
};

struct Goodbye {
  Header header;
  std::uint32_t reserved = 0;
  char reason[120] = {};  // In words.
};

static_assert(sizeof(Header) == 4 && sizeof(Logon) == 128 && sizeof(Place) == 72);
static_assert(sizeof(Change) == 56 && sizeof(Cancel) == 32 && sizeof(CancelAll) == 16);
static_assert(sizeof(Welcome) == 16 && sizeof(Answer) == 80 && sizeof(Report) == 144);
static_assert(sizeof(Goodbye) == 128);
// No message is larger.
inline constexpr std::size_t kMessageMax = 144;

// The message's header filled in.
template <typename Message>
constexpr Message Make(Kind kind) {
  Message message;
  message.header = {sizeof(Message), kind, kVersion};
  return message;
}

// What a client's message of a kind must measure; empty: a client sends no such kind.
std::optional<std::size_t> SizeOf(Kind kind);

// What is wrong with a header that a client sent, in words, or nothing.
std::string WhatIsWrong(const Header& header);

template <typename Message>
Message ReadAs(std::span<const std::byte> bytes) {
  Message message;
  std::memcpy(&message, bytes.data(), sizeof(Message));
  return message;
}
// A text's bytes until the first zero one.
template <std::size_t N>
std::string_view TextOf(const char (&text)[N]) {
  return {text, strnlen(text, N)};
}
template <std::size_t N>
void SetText(char (&to)[N], std::string_view text) {
  std::memset(to, 0, N);
  std::memcpy(to, text.data(), text.size() < N ? text.size() : N - 1);
}

}  // namespace ets::server::binary
