#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auction/auction.h"

namespace ets::auction {

// Why a bid is not taken, in the order in which an auctioneer looks.
enum class EntryFault : std::uint8_t {
  kQuantityNotPositive = 1,
  kQuantityOffLot,
  kQuantityBelowSmallest,
  kQuantityAboveBidLimit,
  kPriceNotPositive,
  kPriceOffTick,
  kTooManyBids,
  kAboveBidderLimit,   // Only where limits refuse instead of cutting (Format::over_limit).
  kGuaranteeTooSmall,  // But for formats that cut to the guarantee.
  kNotCovered,         // The bidder has no obligations (Format::compliance_only).
};
std::string_view ToString(EntryFault fault);

// What a bidder has in the window already: its own bids, in the order of their entry.
using OwnBids = std::span<const Bid>;

// Every rule of the format that the bid breaks, beside the bidder's other bids; empty when it can
// be taken. A bid below a public reserve is taken: it does not count. `bidder` is the bidder's row
// of terms.bidders, or one without limits.
std::vector<EntryFault> FaultsOf(const Bid& bid, const Terms& terms, const BidderTerms& bidder,
                                 OwnBids others);

// Whether what else the bidder asks can matter to that, beside how many bids they are.
bool LooksAtOthers(const Terms& terms, const BidderTerms& bidder);

// What is wrong and what is allowed, with the numbers: "750 t is no multiple of the lot; allowed:
// multiples of 500".
std::string Explain(EntryFault fault, const Bid& bid, const Terms& terms, const BidderTerms& bidder,
                    OwnBids others);

// What a bidder must lodge for these bids (Format::guarantee), rounded up to the minor unit.
Money GuaranteeFor(OwnBids bids, const Format& format);

}  // namespace ets::auction
