#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/local_time.h"
#include "base/quantity.h"
#include "matching/fees.h"
#include "matching/tick_table.h"

namespace ets::market {

// How trades come about in a session type.
enum class Mechanism : std::uint8_t {
  kOrderBook = 1,   // Orders meet in a book: price, then time.
  kNegotiated = 2,  // Two members agree; the venue checks and settles. See QuoteBlock.
  kOneWay = 3,      // One side is announced, the other bids in a window. See AnnounceOneWay.
};

// Where an instrument's order book is in its day. On the wire. Append; never renumber.
enum class Phase : std::uint8_t {
  kClosed = 1,          // No session, or outside its hours: nothing is taken.
  kOpeningCall = 2,     // Orders are collected; one price clears at the end.
  kContinuous = 3,      // Orders match as they come.
  kBreak = 4,           // Between two windows: cancels only.
  kVolatilityCall = 5,  // As the opening call, after a price left its range.
  kClosingCall = 6,     // As the opening call; its price is the close.
  kHalted = 7,          // By the operator: cancels only.
};
inline constexpr std::size_t kPhaseCount = 7;
std::string_view ToString(Phase phase);  // "opening_call".

constexpr bool IsCall(Phase phase) {
  return phase == Phase::kOpeningCall || phase == Phase::kVolatilityCall ||
         phase == Phase::kClosingCall;
}

// What a day's close is made from.
enum class CloseRule : std::uint8_t {
  kNone = 1,         // Trades of this type never move the close.
  kAverage = 2,      // Volume-weighted average of the day's trades, half up to the tick.
  kClosingCall = 3,  // The closing call's price, else the last trade.
};

// Minutes of the local day, from included, to not included.
struct Window {
  std::uint16_t from = 0;
  std::uint16_t to = 0;

  friend constexpr bool operator==(const Window&, const Window&) = default;
};

using matching::TickTable;

// One kind of trading session. Data: the rows of SessionTypes() are the named ones; a scenario may
// take one and change fields.
struct SessionType {
  static constexpr std::size_t kWindowsMax = 4;

  std::string name;
  Mechanism mechanism = Mechanism::kOrderBook;
  // In the venue's local time, ascending, Monday to Friday as the driver opens sessions; {0, 0}
  // ends the list. None: from OpenSession to CloseSession.
  std::array<Window, kWindowsMax> hours{};

  // Minutes of call at the start of the first window, at the end of the last, and after a price
  // left its range. 0: no such call. A call that ends in the range clears; one whose price would
  // leave the static range is prolonged once by the same time, then clears.
  std::uint16_t opening_call = 0;
  std::uint16_t closing_call = 0;
  std::uint16_t volatility_call = 0;

  // +- around the previous close, rounded inwards to the tick. Every order price lies within; it
  // bounds the book. 0: only 0 and kPriceMax bound it, one-way bidding only.
  std::uint32_t band_bp = 0;
  // +- around the last auction's price (else the previous close), and around the last trade.
  // 0: none. A trade beyond does not happen: what is left of its order waits, and the instrument
  // goes into a volatility call.
  std::uint32_t static_range_bp = 0;
  std::uint32_t dynamic_range_bp = 0;

  Tonnes lot{1};
  Tonnes quantity_from{1};            // One order's least.
  Tonnes quantity_below;              // And strictly less than this. 0: no end.
  Tonnes quantity_max;                // The venue's own limit on one order. 0: none.
  std::uint32_t open_orders_max = 0;  // One member's in one instrument. 0: no end.

  TickTable ticks = TickTable::Flat(Price::FromMinorPerTonne(1));
  std::uint8_t visible_levels = 0;  // What market data shows. 0: all.
  bool resale_next_day = false;     // T+1: units bought today cannot be sold today.
  CloseRule close = CloseRule::kNone;
  matching::FeeRates fees;  // On a desk both sides are makers.

  friend bool operator==(const SessionType&, const SessionType&) = default;
};

// `cn-listed`, `cn-block`, `cn-oneway` and `continuous`, in this order.
std::span<const SessionType> SessionTypes();
// Null when no row has the name.
const SessionType* FindSessionType(std::string_view name);

// As people write them: "09:30-11:30", one a window.
std::vector<std::string> HoursOf(const SessionType& type);

// What is wrong with a session type, or an empty string: the field, its value and what is allowed.
std::string WhatIsWrong(const SessionType& type);

}  // namespace ets::market
