#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ets::market {

// Why the exchange refused an input: the first rule it broke. Each input asks in a fixed order, and
// a refusal changes nothing. One table for every protocol. On the wire and on disk. Append; never
// renumber.
enum class Refusal : std::uint16_t {
  kMemberNotFound = 1,
  kInstrumentNotFound = 2,      // By number or by name.
  kInstrumentNotTrading = 3,    // No session is open, or the instrument is not listed in it.
  kQuantityNotPositive = 4,     // asked: the quantity or amount.
  kQuantityOfWrongChannel = 5,  // Listed from 100,000 t, or block below it. limit: the border.
  kPriceOffTick = 6,            // asked: the price. limit: the tick at that price.
  kPriceOutsideBand = 7,        // asked: the price. limit: the end of the band that it passes.
  kInsufficientUnits = 8,       // asked: t to reserve. limit: what is free.
  kInsufficientCash = 9,        // asked: minor units with the fee. limit: what is free.
  kWouldNotFill = 10,           // asked: the quantity (fill-or-kill) or minimum. limit: at hand.
  kOrderNotFound = 11,          // asked: the order. Of another member, or gone, is not there.
  kSameParty = 12,              // asked: the member, by its escrow account's number.
  // asked: the auction that is named, or after a close by the clock now. limit: the open one or 0,
  // or the close.
  kAuctionNotOpen = 13,
  kBidNotInLots = 14,     // asked: t. limit: the lot, or the smallest bid.
  kBidBelowReserve = 15,  // asked: the price. limit: the reserve.
  kTooManyBids = 16,      // asked: with this one. limit: the most.
  kStreamGap = 17,        // asked: the number. limit: the one that is next.
  // An input from before the last AdvanceTo; a session on an earlier or the same day.
  kTimeGoesBack = 18,
  kAmountTooLarge = 19,  // A ledger would hold more than kAmountMax in all.
  kSessionAlreadyOpen = 20,
  kAuctionAlreadyOpen = 21,    // limit: the auction.
  kAuctionFormatInvalid = 22,  // Not in auction::Profiles(), or no lot or tick.
  kLedgerNotFound = 23,
  kLedgerStillTraded = 24,       // DropLedger before every instrument on it is delisted.
  kQuantityOffLot = 25,          // asked: the quantity. limit: the lot.
  kInstrumentHalted = 26,        // asked: the instrument.
  kInstrumentExpired = 27,       // asked: the session's day. limit: the last trading day.
  kDuplicateClientOrderId = 28,  // The id was used for something else. limit: that order, or 0.
  kUnitsBoughtToday = 29,    // T+1. asked: t to reserve. limit: t free; the rest is bought today.
  kAboveHoldingLimit = 30,   // asked: t held and bid for in all. limit: t.
  kWrongSession = 31,        // asked: the phase that runs. limit: the phase that would take it.
  kQuantityAboveMax = 32,    // asked: t, with a bidder's other bids. limit: t.
  kTooManyOpenOrders = 33,   // asked: the number with this one. limit: the most.
  kBookFull = 34,            // limit: orders that fit.
  kWouldTakeLiquidity = 35,  // Post-only. asked: the limit. limit: the best opposite price.
  kOrderFieldsContradict = 36,  // asked: which, a matching::Contradiction.
  kStopPriceInvalid = 37,       // A stop that the last trade has passed. limit: the last trade.
  kExpireDateInvalid = 38,      // asked: the day. limit: the first or last day that may be named.
  // Not up to 20 printable ASCII characters without spaces. asked: how many it has, limit: 20; or
  // the byte that it may not hold, and the nearest that it may, 33 or 126.
  kClientOrderIdInvalid = 39,
  kMemberBlocked = 40,       // asked: the member, by its escrow account's number.
  kNothingToTradeWith = 41,  // A market order against an empty side.
  kOfferNotFound = 42,       // asked: the block quote or the announcement.
  // A block quote is addressed to someone else. asked: who asks, by its escrow account's number.
  kNotTheCounterparty = 43,
  kBiddingNotOpen = 44,      // asked: now. limit: when the window opens, or (one-way) closed.
  kSessionTypeUnknown = 45,  // asked: the index. limit: session types of the venue.
  kReferenceInvalid = 46,    // No price, or above kPriceMax.
  // Closes before it opens, or opens (one-way) or closes in the past; a pay day before the close.
  // limit: the first moment or day that could be named.
  kWindowInvalid = 47,
  kAlreadySo = 48,        // Halted twice, resumed while running.
  kNothingChanges = 49,   // A change of an order that names what it has.
  kBidIrrevocable = 50,   // asked: the bid.
  kAuctionNotFound = 51,  // asked: the auction. limit: the last one that was opened.
};
inline constexpr std::size_t kRefusalCount = 51;
std::string_view ToString(Refusal refusal);  // "INSUFFICIENT_CASH": the reason on the wire.

// The limit that was broken, and what was asked; the enumerators say in what. 0 where a rule has
// none.
struct RefusalDetail {
  std::int64_t asked = 0;
  std::int64_t limit = 0;

  friend bool operator==(const RefusalDetail&, const RefusalDetail&) = default;
};

// What a number of a detail counts.
enum class Counts : std::uint8_t {
  kNothing,
  kNumber,  // Of an order, a member, a message, of bids: as it is.
  kPrice,   // Minor units a tonne.
  kMoney,   // Minor units.
  kTonnes,
  kDayOrTime,      // Days since 1970-01-01, or microseconds since then in UTC: far more.
  kNumberOrTime,   // An auction's number, or such a time.
  kPhase,          // A Phase.
  kContradiction,  // A matching::Contradiction.
};
struct Counted {
  Counts asked;
  Counts limit;
};
Counted CountedBy(Refusal refusal);
// For people, prices as money and days as dates: "PRICE_OUTSIDE_BAND: asked 90.00, limit 77.00".
std::string Explained(Refusal refusal, const RefusalDetail& detail);

}  // namespace ets::market
