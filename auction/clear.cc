#include <algorithm>
#include <utility>

#include "auction/auction.h"
#include "auction/bid_book.h"

namespace ets::auction {
namespace {

Tonnes WholeLots(std::int64_t tonnes, Tonnes lot) { return Tonnes(tonnes - tonnes % lot.count()); }

// How much is sold, and at what price; nothing when `status` says so.
struct Decision {
  Status status = Status::kUndersubscribed;
  Tonnes sold;
  Price price;
};

// One auction on its way: the supply as triggers move it, then the decision.
class Auction {
 public:
  Auction(const BidBook& book, const Terms& terms)
      : book_(book), terms_(terms), supply_(terms.supply) {}

  // Cost containment brings what is asked at its trigger or more, emission containment takes away
  // what is not asked at its own.
  void MoveSupply() {
    if (book_.total() == Tonnes()) return;
    const Format& format = terms_.format;
    const std::size_t tiers =
        std::min<std::size_t>(terms_.containment.size(), format.containment_tiers);
    for (std::size_t i = 0; i < tiers; ++i) {
      const Trigger& tier = terms_.containment[i];
      if (PriceOf(supply_) <= tier.price) break;
      const Tonnes asked = std::max(Tonnes(), book_.DemandAt(tier.price) - supply_);
      const Tonnes used = std::min(asked, WholeLots(tier.volume.count(), format.lot));
      if (used == Tonnes()) continue;
      supply_ += used;
      contained_ += used;
      floor_ = tier.price;
    }
    if (!format.emission_containment || !terms_.withholding || contained_ > Tonnes()) return;
    const Trigger& trigger = *terms_.withholding;
    if (PriceOf(supply_) >= trigger.price) return;
    const Tonnes asked = book_.DemandAt(trigger.price);
    const Tonnes spare = std::max(Tonnes(), supply_ - asked);
    withheld_ = std::min(spare, WholeLots(trigger.volume.count(), format.lot));
    supply_ -= withheld_;
    if (withheld_ > Tonnes() && supply_ == asked) floor_ = trigger.price;
  }

  Decision Decide(bool any_bid) const {
    if (book_.total() == Tonnes() || supply_ == Tonnes()) {
      return {any_bid ? Status::kBelowReserve : Status::kUndersubscribed, {}, {}};
    }
    const std::optional<Price>& secret = terms_.secret_reserve;
    const bool is_short = book_.total() < supply_;
    Decision decision = {is_short ? Status::kPartial : Status::kCleared,
                         std::min(book_.total(), supply_), PriceOf(supply_)};
    if (is_short) {
      switch (terms_.format.shortage) {
        case Shortage::kCancel:
          return {Status::kUndersubscribed, {}, {}};
        case Shortage::kDeclineOnLowBid:
          // Any bid, even one that does not count: else raising it could lose the auction.
          if (secret && book_.price_at(book_.size() - 1) < *secret) {
            return {Status::kDeclined, {}, {}};
          }
          break;
        case Shortage::kSellAtReserve:
        case Shortage::kSellAtLowestBid:
          break;
      }
    }
    if (!secret || decision.price >= *secret) return decision;
    // After the volume check: the secret reserve against the clearing price.
    switch (terms_.format.secret) {
      case SecretReserve::kNone:
        break;
      case SecretReserve::kCancel:
        return {Status::kBelowReserve, {}, {}};
      case SecretReserve::kLowestBidAbove: {
        const Tonnes above = book_.DemandAt(*secret);
        if (above == Tonnes()) return {Status::kBelowReserve, {}, {}};
        const Tonnes sold = std::min(above, supply_);
        return {sold < supply_ ? Status::kPartial : Status::kCleared, sold,
                book_.price_at(book_.Reaches(above))};
      }
    }
    return decision;
  }

  Tonnes contained() const { return contained_; }
  Tonnes withheld() const { return withheld_; }

 private:
  Price LowestBid() const { return book_.price_at(book_.Reaches(book_.total())); }

  // The price at which a supply would be sold, whatever a secret reserve says.
  Price PriceOf(Tonnes supply) const {
    const bool pays_bids = terms_.format.pricing == Pricing::kPayAsBid;
    if (book_.total() < supply) {
      const bool at_reserve = terms_.format.shortage == Shortage::kSellAtReserve && !pays_bids;
      return at_reserve ? terms_.reserve.value_or(LowestBid()) : LowestBid();
    }
    const Price accepted = book_.price_at(book_.Reaches(supply));
    if (terms_.format.price_rule == PriceRule::kLowestAccepted || pays_bids) return accepted;
    const std::size_t rejected = book_.Passes(supply);
    const Price next =
        rejected < book_.size() ? book_.price_at(rejected) : terms_.reserve.value_or(accepted);
    return std::max(next, floor_);
  }

  const BidBook& book_;
  const Terms& terms_;
  Tonnes supply_, contained_, withheld_;
  Price floor_;  // Units brought by a trigger, or saved by it, are not sold below it.
};

// What each bid wins of `sold`, by bid: above the lowest accepted price all, there what the tie
// rule gives.
std::vector<Tonnes> Fills(std::span<const Bid> bids, const BidBook& book, const Format& format,
                          Tonnes sold) {
  std::vector<Tonnes> won(bids.size());
  const Price lowest = book.price_at(book.Reaches(sold));
  std::vector<TiedBid> tied;
  std::vector<std::uint32_t> tied_bids;
  Tonnes left = sold;
  for (std::size_t rank = 0; rank < book.size() && book.price_at(rank) >= lowest; ++rank) {
    const std::uint32_t bid = book.bid_at(rank);
    if (book.counted(bid) == Tonnes()) continue;
    if (bids[bid].price > lowest) {
      won[bid] = book.counted(bid);
      left -= won[bid];
    } else {
      tied.push_back({bids[bid].bidder, book.counted(bid)});
      tied_bids.push_back(bid);
    }
  }
  std::vector<Tonnes> shares(tied.size());
  format.tie->share(tied, left, format.award_unit, shares);
  for (std::size_t i = 0; i < tied.size(); ++i) won[tied_bids[i]] = shares[i];
  return won;
}

void AddStatistics(std::span<const Bid> bids, const BidBook& book, Clearing& clearing) {
  clearing.bids = static_cast<std::uint32_t>(bids.size());
  if (bids.empty()) return;
  clearing.bidders = CountBidders(bids, {});
  Money prices;
  for (const Bid& bid : bids) {
    clearing.bid_volume += bid.quantity;
    prices += Money::FromMinor(bid.price.minor_per_tonne());
  }
  clearing.highest_bid = book.price_at(0);
  clearing.lowest_bid = book.price_at(bids.size() - 1);
  clearing.mean_bid = AveragePrice(prices, Tonnes(static_cast<std::int64_t>(bids.size())));
  const Money middle =
      book.price_at((bids.size() - 1) / 2) * Tonnes(1) + book.price_at(bids.size() / 2) * Tonnes(1);
  clearing.median_bid = AveragePrice(middle, Tonnes(2));
}

void CheckTerms(std::span<const Bid> bids, const Terms& terms) {
  const Format& format = terms.format;
  const std::int64_t lot = format.lot.count();
  ETS_ASSERT(WrongWith(format).empty());
  ETS_ASSERT(terms.supply > Tonnes() && terms.supply.count() % lot == 0);
  for (const Bid& bid : bids) {
    ETS_ASSERT(bid.price > Price() &&
               bid.price.minor_per_tonne() % format.tick.minor_per_tonne() == 0);
    ETS_ASSERT(bid.quantity >= format.smallest_bid && bid.quantity.count() % lot == 0);
  }
}

}  // namespace

double Clearing::cover_ratio() const {
  return static_cast<double>(bid_volume.count()) / static_cast<double>(supply.count());
}

Clearing Clear(std::span<const Bid> bids, const Terms& terms) {
  CheckTerms(bids, terms);
  const BidBook book(bids, terms);
  Auction auction(book, terms);
  auction.MoveSupply();
  const Decision decision = auction.Decide(!bids.empty());

  Clearing clearing;
  clearing.supply = terms.supply;
  AddStatistics(bids, book, clearing);
  clearing.status = decision.status;
  clearing.sold = decision.sold;
  if (decision.sold == Tonnes()) {
    // Withheld is what the rule took off, also where it took all; else a failed auction moves
    // nothing.
    if (auction.withheld() == terms.supply) clearing.withheld = terms.supply;
    clearing.unsold = terms.supply - clearing.withheld;
    return clearing;
  }
  clearing.price = decision.price;
  clearing.contained = auction.contained();
  clearing.withheld = auction.withheld();
  clearing.unsold = terms.supply + clearing.contained - clearing.withheld - clearing.sold;
  const std::vector<Tonnes> won = Fills(bids, book, terms.format, decision.sold);
  const bool pays_bids = terms.format.pricing == Pricing::kPayAsBid;
  for (std::uint32_t i = 0; i < won.size(); ++i) {
    if (won[i] == Tonnes()) continue;
    const Price price = pays_bids ? bids[i].price : decision.price;
    clearing.awards.push_back({.bid = i, .quantity = won[i], .price = price});
    clearing.revenue += price * won[i];
  }
  clearing.successful_bids = static_cast<std::uint32_t>(clearing.awards.size());
  clearing.successful_bidders = CountBidders(bids, won);
  return clearing;
}

std::vector<std::uint32_t> TieOrder(const Format& format, std::size_t bids, std::uint64_t seed) {
  return format.tie->order(bids, seed);
}

Tonnes LimitOf(const Terms& terms, const BidderTerms& bidder) {
  const Format& format = terms.format;
  if (format.compliance_only && !bidder.covered) return Tonnes();
  const std::uint32_t share_bp = bidder.covered ? format.bidder_limit_bp : format.other_limit_bp;
  Tonnes limit(kAmountMax);
  if (share_bp < 10'000) {
    // In a very small auction a share would round down to nothing.
    limit = WholeLots(MulDivFloor(terms.supply.count(), share_bp, 10'000), format.lot);
    if (share_bp > 0) limit = std::max(limit, format.lot);
  }
  if (bidder.room) limit = std::min(limit, WholeLots(bidder.room->count(), format.lot));
  return limit;
}

std::vector<Tonnes> ConsignedSold(const Terms& terms, Tonnes sold) {
  std::int64_t consigned = 0;
  for (const Consignment& one : terms.consignments) consigned += one.volume.count();
  std::vector<Tonnes> parts;
  if (consigned == 0) return parts;
  ETS_ASSERT(consigned <= terms.supply.count());
  const std::int64_t theirs =
      terms.format.consigned_first
          ? std::min(consigned, sold.count())
          : std::min(consigned, MulDivFloor(sold.count(), consigned, terms.supply.count()));
  std::int64_t residue = theirs;
  for (const Consignment& one : terms.consignments) {
    parts.emplace_back(MulDivFloor(theirs, one.volume.count(), consigned));
    residue -= parts.back().count();
  }
  for (std::size_t i = 0; i < parts.size() && residue > 0; ++i) {
    if (parts[i] == terms.consignments[i].volume) continue;
    parts[i] += Tonnes(1);
    --residue;
  }
  return parts;
}

std::vector<DemandStep> DemandCurve(std::span<const Bid> bids, const Terms& terms) {
  CheckTerms(bids, terms);
  const BidBook book(bids, terms);
  std::vector<DemandStep> steps;
  for (std::size_t rank = 0; rank < book.size(); ++rank) {
    if (book.counted(book.bid_at(rank)) == Tonnes()) continue;
    const Price price = book.price_at(rank);
    if (steps.empty() || steps.back().price != price) steps.push_back({price, Tonnes()});
    steps.back().volume = book.SumTo(rank);
  }
  return steps;
}

std::vector<Cut> CutsOf(std::span<const Bid> bids, const Terms& terms) {
  CheckTerms(bids, terms);
  std::vector<Cut> cuts;
  const BidBook book(bids, terms, &cuts);
  std::ranges::sort(cuts, {}, &Cut::bid);
  return cuts;
}

std::string_view ToString(CutReason reason) {
  switch (reason) {
    case CutReason::kBelowReserve:
      return "reserve";
    case CutReason::kBidderLimit:
      return "bidder_limit";
    case CutReason::kRoom:
      return "room";
    case CutReason::kGuarantee:
      return "guarantee";
    case CutReason::kNotCovered:
      return "not_covered";
  }
  return "unknown";
}

std::string_view ToString(Status status) {
  switch (status) {
    case Status::kCleared:
      return "cleared";
    case Status::kPartial:
      return "partial";
    case Status::kUndersubscribed:
      return "undersubscribed";
    case Status::kBelowReserve:
      return "below_reserve";
    case Status::kDeclined:
      return "declined";
  }
  return "unknown";
}

}  // namespace ets::auction
