#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/quantity.h"

namespace ets::auction {

// A sealed bid: up to `quantity` at `price` or less.
struct Bid {
  MemberId bidder;
  Price price;
  Tonnes quantity;  // A positive multiple of the lot.
};

// How orders at the clearing price share what is left. One row each in formats.cc.
enum class TieRule : std::uint8_t {
  kRandomOrder = 1
};  // Order of bids by a seed committed before the close.
// What happens when the bids do not reach the supply.
enum class ShortageRule : std::uint8_t {
  kCancel = 1,  // Nothing is sold (EU: Reg. 1031/2010 Art. 7(5)).
  // What was bid at or above the reserve price is sold, at the reserve price (without one: at the
  // lowest bid).
  kSellAtReserve = 2,
  kSellAtLowestBid = 3,  // The same, at the lowest of those bids (UK, Guangdong).
};

// A format is data: combine fields, or take a named one from Formats().
struct Format {
  std::string_view name;         // "eu", "cn_weekly"; snake_case.
  std::string_view description;  // One line, for people.
  TieRule tie = TieRule::kRandomOrder;
  ShortageRule shortage = ShortageRule::kCancel;
  Tonnes lot{500};
  Price tick = Price::FromMinorPerTonne(1);
  // The share of the offered volume one bidder may win, in basis points; 10,000 = no limit.
  std::uint32_t purchase_limit_bp = 10'000;
  // True: a clearing price below the reserve cancels the auction (EU, secret reserve). False: bids
  // below the reserve do not count (public reserve).
  bool reserve_cancels = false;
};
std::span<const Format> Formats();
const Format* FindFormat(std::string_view name);  // Null when there is none.

struct Terms {
  Format format;
  Tonnes supply;  // A multiple of the lot.
  std::optional<Price> reserve;
  std::uint64_t tie_seed = 0;  // Committed before the window closes; persisted with the result.
};

enum class Status : std::uint8_t {
  kCleared = 1,          // All sold.
  kPartial = 2,          // Some sold: the bids fell short of the supply.
  kUndersubscribed = 3,  // Nothing sold: the bids fell short of the supply.
  kBelowReserve = 4,     // Nothing sold: no bid reached the reserve price, or the price did not.
};
std::string_view ToString(Status status);

struct Award {
  std::uint32_t bid = 0;  // Index into the bids.
  Tonnes quantity;

  friend bool operator==(const Award&, const Award&) = default;
};

struct Clearing {
  Status status = Status::kUndersubscribed;
  Price price;  // Every winner pays it. Meaningless unless kCleared or kPartial.
  Tonnes sold;
  Tonnes unsold;
  std::vector<Award> awards;  // By bid index; awards of zero are left out.
  // Statistics as published (all bids, whatever their price).
  Tonnes bid_volume;
  std::uint32_t bids = 0, bidders = 0, successful_bids = 0, successful_bidders = 0;
  Price lowest_bid, highest_bid, mean_bid, median_bid;
  double cover_ratio() const;  // bid_volume / supply.
  Tonnes supply;
};

// Clears one auction. Pure: the same bids, terms and seed give the same result. Bids must be whole
// lots at a positive price on the tick (ETS_ASSERT; the market checks before it accepts a bid).
// A bidder's quantity above the purchase limit (whole lots, at least one) is cut from its lowest
// price. REQUIRES: supply > 0, in lots. O(bids).
Clearing Clear(std::span<const Bid> bids, const Terms& terms);

// How an unsold volume returns: evenly over the next `auctions`, whole lots, remainder to the
// first, each at most `ceiling_bp` of its first proposed volume. What a full auction cannot take
// goes to the others of the window, earliest first; what finds no room is left over.
struct UnsoldRule {
  int auctions = 4;
  std::uint32_t ceiling_bp = 12'500;  // 10,000 x 1.25; 0 = no ceiling.
};
// One planned auction of a calendar.
struct Slot {
  Tonnes first_volume;  // As first proposed.
  Tonnes volume;        // With what was added.
};
// Spreads `unsold` over the slots after `index`; returns what found no room. Conserves tonnes.
Tonnes SpreadUnsold(std::span<Slot> slots, std::size_t index, Tonnes unsold, const UnsoldRule& rule,
                    Tonnes lot);

}  // namespace ets::auction
