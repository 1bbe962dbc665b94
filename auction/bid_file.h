#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auction/auction.h"
#include "base/result.h"

namespace ets::auction {

// One mistake in a table of bids. Lines and columns count characters from 1, the header is line 1.
struct BidProblem {
  int line = 0;
  int column = 0;
  std::string what;  // What is wrong, the value, and what is allowed.

  friend bool operator==(const BidProblem&, const BidProblem&) = default;
};

// One row as it was read.
struct BidRow {
  std::string id;      // As given, or the row's number from 1.
  std::string bidder;  // Name.
  int line = 0;
};

struct BidTable {
  std::vector<Bid> bids;             // In the order of their entry: by time, else as listed.
  std::vector<BidRow> rows;          // By bid.
  std::vector<std::string> bidders;  // Name by MemberId, in the order of first appearance.
};

// What a table is held against besides the terms.
struct BidTableRules {
  // Of the bids; a `currency` column must say the same. Empty: any will do.
  std::string_view currency;
  // Minor units of `currency` for 10,000 minor units of another: foreign prices are converted to
  // whole minor units, rounded half up, before bids are ranked (California and Quebec).
  std::map<std::string, std::int64_t> rates;
  // Of day or of an instant, in microseconds: a bid of this time or later is too late.
  std::optional<std::int64_t> close;
  // Limits by bidder's name. Where the map is not empty, a bidder that it does not name is unknown.
  std::map<std::string, BidderTerms> limits;
  // Only that quantity and price are positive numbers; the format's own rules are not looked at.
  bool only_form = false;
};

// Reads a table with a header line of `bidder,price,quantity` and, if wanted, `id`, `time` and
// `currency`, in any order: UTF-8, RFC 4180, so that a value in quotes may hold commas. All
// mistakes are found, in the order of lines, and nothing is given back when there is one.
//
// `time` is 09:15, 09:15:00 or 09:15:00.250, alone or, like all others and the close, behind a date
// and a T or blank; bids stand in its order. A bid is a duplicate when its id was there before or,
// without an id column, when bidder, price and quantity were.
Result<BidTable, std::vector<BidProblem>> ReadBids(std::string_view text, const Terms& terms,
                                                   const BidTableRules& rules);

// Reads a time as above, into microseconds since midnight or, with a date, since 1970.
std::optional<std::int64_t> ParseBidTime(std::string_view text);

// Reads a table with a header line of `bidder` and any of `covered` (yes, no), `room` (tonnes) and
// `guarantee` (money): what limits each bidder. An empty value is no limit.
Result<std::map<std::string, BidderTerms>, std::vector<BidProblem>> ReadBidders(
    std::string_view text);

}  // namespace ets::auction
