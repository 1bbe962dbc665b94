#pragma once

#include <cstdint>
#include <optional>

#include "base/date.h"
#include "base/ids.h"
#include "base/quantity.h"
#include "matching/fees.h"
#include "matching/order_words.h"

namespace ets::matching {

// No instrument has more live orders than this at once; a public order id holds the place in its
// lowest bits.
inline constexpr unsigned kPlaceBits = 20;
inline constexpr std::uint32_t kOrdersMax = std::uint32_t{1} << kPlaceBits;

// Entry number and place in the engine's table. Never used again, as no number is.
constexpr OrderId OrderIdOf(std::uint64_t number, std::uint32_t place) {
  return OrderId(number << kPlaceBits | place);
}
constexpr std::uint64_t NumberOf(OrderId id) { return id.raw() >> kPlaceBits; }
constexpr std::uint32_t PlaceOf(OrderId id) {
  return static_cast<std::uint32_t>(id.raw() & (kOrdersMax - 1));
}

// What an engine is made from.
struct EngineTerms {
  LedgerId unit_ledger;
  LedgerId cash_ledger;
  FeeRates fees;
  bool resale_next_day = true;  // Bought units wait in bought_today (T+1).
  std::uint32_t orders_max = kOrdersMax;
};

// Whether orders meet as they come, are collected for one price, or only leave.
enum class BookPhase : std::uint8_t { kContinuous = 1, kCall = 2, kHalted = 3 };

// An order as it comes. Its fields are orthogonal; which go together is in WhatContradicts().
struct OrderEntry {
  std::uint64_t number = 0;  // Of the market's entries; grows from order to order.
  MemberId owner;
  Side side = Side::kBuy;
  OrderType type = OrderType::kLimit;
  TimeInForce time_in_force = TimeInForce::kDay;
  SelfTradePrevention self_trade = SelfTradePrevention::kCancelResting;
  bool post_only = false;
  Price limit;  // 0 where the type has none.
  Price stop;   // Likewise.
  Tonnes quantity;
  Tonnes display;  // Of an iceberg: what it shows at a time. 0: all.
  Tonnes minimum;  // Trades at least this at once. 0: none.
  Date expire{0};  // The last day of a good-till-date order.
  ClientOrderId client_id;
};

// Why an engine refused: the first rule broken, in this order. `asked` and `limit` say by what.
enum class EngineRefusal : std::uint8_t {
  kFieldsContradict = 1,  // asked: a Contradiction.
  kHalted = 2,
  kNotInCall = 3,            // Immediate-or-cancel, fill-or-kill, a minimum.
  kDuplicateClientId = 4,    // A live order of the member has it. limit: that order.
  kOrderNotFound = 5,        // asked: the order.
  kNothingChanges = 6,       // Change.
  kQuantityNotPositive = 7,  // asked: t.
  kPriceOutOfRange = 8,      // asked: the price. limit: the end that it passes.
  kStopPassed = 9,           // asked: the stop. limit: the last trade, which reached it.
  kBookFull = 10,            // limit: orders that fit.
  kInsufficientUnits = 11,   // asked: t to reserve. limit: t free.
  kInsufficientCash = 12,    // asked: minor units, fee included. limit: minor units free.
  kWouldTake = 13,           // Post-only. asked: the limit. limit: the best opposite price.
  kNothingToTradeWith = 14,  // A market order against an empty side.
  kWouldNotFill = 15,        // asked: the quantity or minimum. limit: t at hand.
};

struct Refused {
  EngineRefusal why = EngineRefusal::kFieldsContradict;
  std::int64_t asked = 0;
  std::int64_t limit = 0;

  friend bool operator==(const Refused&, const Refused&) = default;
};

enum class OrderState : std::uint8_t {
  kResting = 1,   // In the book at its limit.
  kStopped = 2,   // Waits for a trade at its stop price.
  kAtMarket = 3,  // A market order that waits for the call.
};

// A live order.
struct OrderView {
  OrderId id;
  MemberId owner;
  OrderState state = OrderState::kResting;
  Side side = Side::kBuy;
  OrderType type = OrderType::kLimit;  // Of a triggered stop: what it became.
  TimeInForce time_in_force = TimeInForce::kDay;
  SelfTradePrevention self_trade = SelfTradePrevention::kCancelResting;
  bool post_only = false;
  Price limit;      // Of a market order: the price its cash is reserved at.
  Price stop;       // 0 once triggered.
  Tonnes quantity;  // Of the whole order: filled + open.
  Tonnes open;      // Visible and hidden.
  Tonnes visible;
  Tonnes display;
  Date expire{0};
  ClientOrderId client_id;

  friend bool operator==(const OrderView&, const OrderView&) = default;
};

enum class EventKind : std::uint8_t {
  kRested = 1,     // Joined its level, at the end.
  kTraded = 2,     // With `other`. `order` rested; in a call `order` sells and `other` buys.
  kReduced = 3,    // Lost `quantity`, kept its place.
  kReplaced = 4,   // Changed and lost its place; kRested, kTraded or kCancelled follow.
  kTriggered = 5,  // A stop became live.
  kCancelled = 6,  // Gone, with `quantity` open; `why` says for what.
  kWaits = 7,      // A stop is armed, or a market order waits for the call.
  kRefreshed = 8,  // An iceberg shows its next `quantity`, at the end of its level.
};

enum class Departure : std::uint8_t {
  kNone = 0,
  kByMember = 1,
  kNotFilledAtOnce = 2,  // Immediate-or-cancel; what is left of a market order.
  kSelfTrade = 3,
  kDayPassed = 4,          // A day order's session, a dated one's last day.
  kOutsideRange = 5,       // Of a new session.
  kReplacedToNothing = 6,  // A change to what was filled already.
  kUnfunded = 7,           // A market order's cash does not reach a new session's range.
  kByOperator = 8,
};

// Everything that an operation did, in order. Enough, with the order's view, to keep every order,
// every level and every report.
struct Event {
  EventKind kind = EventKind::kRested;
  Departure why = Departure::kNone;
  Side side = Side::kBuy;                   // Of `order`.
  OrderState state = OrderState::kResting;  // Where `order` is, or was.
  MemberId owner{};
  OrderId order{};
  Price price{};      // The level's; kTraded: of the trade.
  Tonnes quantity{};  // What rested, traded or went.
  Tonnes open{};      // Of `order` afterwards, hidden part included.
  Tonnes visible{};   // Of `order` afterwards.
  // Of the level at `price` on this side afterwards, hidden parts left out.
  Tonnes level_quantity{};
  std::uint32_t level_orders = 0;
  // kTraded only.
  MemberId other_owner{};
  OrderId other{};
  Tonnes other_open{};
  Money fee{};  // Of `order`.
  Money other_fee{};

  friend bool operator==(const Event&, const Event&) = default;
};

// What came of an accepted order or change.
struct Placed {
  OrderId order;
  Tonnes traded;             // At once.
  Money value;               // Of `traded`.
  Tonnes open;               // Still live, wherever it waits.
  bool interrupted = false;  // A trade would have left the collar: the engine is in a call now.
};

}  // namespace ets::matching
