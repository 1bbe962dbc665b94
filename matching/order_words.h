#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace ets::matching {

enum class Side : std::uint8_t { kBuy = 1, kSell = 2 };
constexpr Side Opposite(Side side) { return static_cast<Side>(3 - static_cast<int>(side)); }

// What an order does with the part that does not trade at once (FIX tag 59). The table is in
// order_types.h. On the wire and on disk. Append; never renumber.
enum class TimeInForce : std::uint8_t {
  kDay = 1,                // Waits until the session ends.
  kImmediateOrCancel = 2,  // Goes.
  kFillOrKill = 3,         // There is none: all at once, or refused.
  kGoodTillCancel = 4,     // Waits over the end of sessions.
  kGoodTillDate = 5,       // Waits until the end of a named day's session.
};

// What an order waits for and at which price it trades. Orthogonal to its time in force, display
// quantity and the rest, as in FIX (tag 40). On the wire and on disk. Append; never renumber.
enum class OrderType : std::uint8_t {
  kLimit = 1,
  kMarket = 2,     // At any price within the band.
  kStop = 3,       // Becomes a market order when a trade reaches the stop price.
  kStopLimit = 4,  // Becomes a limit order then.
};

// What happens when an order would trade with one of the same member. On the wire and on disk.
// Append; never renumber.
enum class SelfTradePrevention : std::uint8_t {
  kOff = 1,             // They trade.
  kCancelResting = 2,   // The resting order goes, the matching goes on.
  kCancelIncoming = 3,  // What is left of the incoming order goes.
  kDecrementBoth = 4,   // Both lose the smaller of the two quantities, without a trade.
};

// What does not go together in an order's fields. On the wire. Append; never renumber.
enum class Contradiction : std::uint8_t {
  kNone = 0,
  kNoLimit = 1,  // A limit or stop-limit order without a price.
  kLimit = 2,    // A market or stop order with one.
  kNoStop = 3,
  kStop = 4,      // An order with a stop price that is no stop order.
  kPostOnly = 5,  // With a market or stop order, or one that may not rest.
  kDisplayAboveWhole = 6,
  kDisplay = 7,  // As kPostOnly.
  kMinimumAboveWhole = 8,
  kMinimum = 9,  // With a stop, or post-only.
  kExpire = 10,  // A day without good-till-date, or the reverse.
};
// "limit: missing".
std::string_view ToString(Contradiction contradiction);

// The client's own name for an order: up to 20 printable ASCII characters without spaces, padded
// with zero bytes. Empty: the order has none.
class ClientOrderId {
 public:
  static constexpr std::size_t kSizeMax = 20;

  constexpr ClientOrderId() = default;
  // Empty when the text is too long or holds another character.
  static constexpr std::optional<ClientOrderId> Parse(std::string_view text) {
    if (text.size() > kSizeMax) return std::nullopt;
    ClientOrderId id;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] <= ' ' || text[i] > '~') return std::nullopt;
      id.bytes_[i] = text[i];
    }
    return id;
  }
  // The number's decimal digits.
  static constexpr ClientOrderId FromNumber(std::uint64_t number) {
    std::array<char, kSizeMax> digits{};
    std::size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    ClientOrderId id;
    for (std::size_t i = 0; i < count; ++i) id.bytes_[i] = digits[count - 1 - i];
    return id;
  }

  constexpr bool empty() const { return bytes_[0] == '\0'; }
  constexpr std::string_view text() const {
    std::size_t size = 0;
    while (size < kSizeMax && bytes_[size] != '\0') ++size;
    return {bytes_.data(), size};
  }
  constexpr const std::array<char, kSizeMax>& bytes() const { return bytes_; }
  // The same as numbers, for comparing and hashing without a loop.
  struct Words {
    std::uint64_t a = 0, b = 0;
    std::uint32_t c = 0;

    friend constexpr bool operator==(const Words& x, const Words& y) {
      return ((x.a ^ y.a) | (x.b ^ y.b) | (x.c ^ y.c)) == 0;
    }
  };
  Words words() const {
    Words words;
    std::memcpy(&words.a, bytes_.data(), 8);
    std::memcpy(&words.b, bytes_.data() + 8, 8);
    std::memcpy(&words.c, bytes_.data() + 16, 4);
    return words;
  }

  friend constexpr bool operator==(const ClientOrderId& a, const ClientOrderId& b) {
    if (std::is_constant_evaluated()) return a.bytes_ == b.bytes_;
    return a.words() == b.words();
  }
  friend constexpr auto operator<=>(const ClientOrderId&, const ClientOrderId&) = default;

 private:
  std::array<char, kSizeMax> bytes_{};
};
static_assert(sizeof(ClientOrderId) == 20);

}  // namespace ets::matching
