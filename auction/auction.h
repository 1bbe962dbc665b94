#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "auction/format.h"
#include "base/ids.h"
#include "base/quantity.h"

namespace ets::auction {

// A sealed bid: up to `quantity` at `price` or less. The order of bids is that of their entry.
struct Bid {
  MemberId bidder;
  Price price;
  Tonnes quantity;  // A positive multiple of the lot.
};

// What limits one bidder in one auction, beside the format's own rules.
struct BidderTerms {
  MemberId bidder;
  bool covered = true;              // Has obligations; else Format::other_limit_bp holds.
  std::optional<Tonnes> room = {};  // What a holding limit, or a share of its shortage, leaves it.
  std::optional<Money> guarantee = {};  // Lodged; see Format::guarantee.
};

// Units that someone else sells through the auction. They are part of the supply.
struct Consignment {
  MemberId consignor;
  Tonnes volume;
};

// A volume that a price brings to the auction, or takes away.
struct Trigger {
  Price price;
  Tonnes volume;
};

struct Terms {
  Format format;
  Tonnes supply;  // A multiple of the lot; consigned units included, triggered ones not.
  // Public: bids below it do not count. It need not lie on the tick.
  std::optional<Price> reserve = {};
  // Secret: held against the clearing price, after the volume check (Format::secret).
  std::optional<Price> secret_reserve = {};
  std::uint64_t tie_seed = 0;  // Committed before the window closes; persisted with the result.
  std::vector<BidderTerms> bidders = {};  // Those with limits of their own, each once.
  std::vector<Consignment> consignments = {};
  // Cost containment: sold in addition when the price would pass the trigger, never below it. In
  // order of their prices, at most Format::containment_tiers.
  std::vector<Trigger> containment = {};
  // Emission containment: withheld when the price would lie below the trigger
  // (Format::emission_containment).
  std::optional<Trigger> withholding = {};
};

enum class Status : std::uint8_t {
  kCleared = 1,          // All sold.
  kPartial = 2,          // Some sold: too few bids, or too few at a price that may be taken.
  kUndersubscribed = 3,  // Nothing sold: the bids fell short of the supply.
  kBelowReserve = 4,     // Nothing sold: no bid reached a reserve price, or the price did not.
  kDeclined = 5,  // Nothing sold: the bids fell short, and one lay below the confidential reserve.
};
std::string_view ToString(Status status);

struct Award {
  std::uint32_t bid = 0;  // Index into the bids.
  Tonnes quantity;
  Price price;  // What this winner pays: the clearing price, or its own bid.

  friend bool operator==(const Award&, const Award&) = default;
};

// Why not all of a bid counts.
enum class CutReason : std::uint8_t {
  kBelowReserve = 1,  // It lies below the public reserve.
  kBidderLimit = 2,   // The bidder's share of the supply is reached (Format::bidder_limit_bp).
  kRoom = 3,          // What a holding limit leaves the bidder.
  kGuarantee = 4,     // What the bidder lodged.
  kNotCovered = 5,    // The bidder has no obligations (Format::compliance_only).
};
std::string_view ToString(CutReason reason);

struct Cut {
  std::uint32_t bid = 0;  // Index into the bids.
  Tonnes counted;         // Of the bid's quantity, below it.
  CutReason reason = CutReason::kBelowReserve;

  friend bool operator==(const Cut&, const Cut&) = default;
};

struct Clearing {
  Status status = Status::kUndersubscribed;
  // Uniform: every winner pays it. Pay as bid: that of the lowest accepted bid. Meaningless unless
  // kCleared or kPartial.
  Price price;
  Tonnes supply;     // As offered.
  Tonnes contained;  // Sold in addition, from the cost containment reserve.
  Tonnes withheld;   // Taken off the supply by the emission containment reserve.
  Tonnes sold;       // sold + unsold + withheld = supply + contained.
  Tonnes unsold;
  Money revenue;              // Sum of awards x their prices.
  std::vector<Award> awards;  // By bid index; awards of zero are left out.
  // Of all bids, whatever their price.
  Tonnes bid_volume;
  std::uint32_t bids = 0, bidders = 0, successful_bids = 0, successful_bidders = 0;
  Price lowest_bid, highest_bid, mean_bid, median_bid;
  double cover_ratio() const;  // bid_volume / supply.
};

// Clears one auction. Pure: the same bids, terms and seed give the same result. Bids must keep the
// format's lot, smallest bid and tick and have a positive price (ETS_ASSERT; CheckBid() in
// auction/entry.h says so before a bid is accepted). REQUIRES: supply > 0, in lots. O(bids).
//
// 1. A bidder's limits (whole lots; of the format's share at least one) cut its bids from its
//    lowest price. Bids below the public reserve do not count.
// 2. Bids stand by price, equal prices in the order that the tie rule draws (auction/ties.h).
// 3. The containment triggers move the supply: down to withholding, up to each tier in turn.
// 4. Bids short of the supply: the shortage rule. Else the bid at which the sum of volumes reaches
//    or exceeds the supply makes the price (Reg. 1031/2010 Art. 7(2)), which the price rule may
//    lower to that of the first lot that finds no supply.
// 5. The secret reserve is held against that price.
// 6. What is left at the lowest accepted price is shared by the tie rule.
Clearing Clear(std::span<const Bid> bids, const Terms& terms);

// The order in which Clear() looks at equal prices: TieOrder(...)[0] is asked first. To be kept
// with the result, so that a stranger can follow it.
std::vector<std::uint32_t> TieOrder(const Format& format, std::size_t bids, std::uint64_t seed);

// The bids of which not all counts, by bid index: step 1 of Clear().
std::vector<Cut> CutsOf(std::span<const Bid> bids, const Terms& terms);

// What each bidder may win: the least of its limits, in whole lots. Without limits: the supply and
// all that the tiers may add.
Tonnes LimitOf(const Terms& terms, const BidderTerms& bidder);

// How much of `sold` comes from each consignment. Consigned units are sold first (California: 17
// CCR 95910(d)); short of all, each consignor sells the same share: whole tonnes down, the rest one
// tonne each in the order given. Formats that do not sell them first share alike with the rest.
std::vector<Tonnes> ConsignedSold(const Terms& terms, Tonnes sold);

// One step of the demand curve: all that is bid at `price` or more, limits and reserve applied.
struct DemandStep {
  Price price;
  Tonnes volume;
};
std::vector<DemandStep> DemandCurve(std::span<const Bid> bids, const Terms& terms);

}  // namespace ets::auction
