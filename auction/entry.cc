#include "auction/entry.h"

#include <algorithm>

namespace ets::auction {
namespace {

__extension__ using Int128 = __int128;

Tonnes BidLimit(const Terms& terms) {
  if (terms.format.bid_limit_bp >= 10'000) return Tonnes(kAmountMax);
  return Tonnes(MulDivFloor(terms.supply.count(), terms.format.bid_limit_bp, 10'000));
}

Tonnes Asked(OwnBids bids) {
  Tonnes asked;
  for (const Bid& bid : bids) asked += bid.quantity;
  return asked;
}

std::vector<Bid> With(OwnBids others, const Bid& bid) {
  std::vector<Bid> all(others.begin(), others.end());
  all.push_back(bid);
  return all;
}

bool IsShutOut(const Format& format, const BidderTerms& bidder) {
  return format.compliance_only && !bidder.covered;
}
bool HoldsToGuarantee(const Format& format, const BidderTerms& bidder) {
  return bidder.guarantee && format.over_limit != OverLimit::kCutToGuarantee;
}

bool Holds(EntryFault fault, const Bid& bid, const Terms& terms, const BidderTerms& bidder,
           OwnBids others) {
  const Format& format = terms.format;
  const std::int64_t quantity = bid.quantity.count();
  switch (fault) {
    case EntryFault::kQuantityNotPositive:
      return quantity <= 0;
    case EntryFault::kQuantityOffLot:
      return quantity > 0 && quantity % format.lot.count() != 0;
    case EntryFault::kQuantityBelowSmallest:
      return quantity > 0 && bid.quantity < format.smallest_bid &&
             quantity % format.lot.count() == 0;
    case EntryFault::kQuantityAboveBidLimit:
      return bid.quantity > BidLimit(terms);
    case EntryFault::kPriceNotPositive:
      return bid.price <= Price();
    case EntryFault::kPriceOffTick:
      return bid.price > Price() &&
             bid.price.minor_per_tonne() % format.tick.minor_per_tonne() != 0;
    case EntryFault::kTooManyBids:
      return format.bids_max > 0 && others.size() >= format.bids_max;
    case EntryFault::kAboveBidderLimit:
      return format.over_limit == OverLimit::kRefuse && quantity > 0 &&
             bid.quantity <= BidLimit(terms) && !IsShutOut(format, bidder) &&
             Asked(others) + bid.quantity > LimitOf(terms, bidder);
    case EntryFault::kGuaranteeTooSmall:
      return HoldsToGuarantee(format, bidder) && quantity > 0 && bid.price > Price() &&
             GuaranteeFor(With(others, bid), format) > *bidder.guarantee;
    case EntryFault::kNotCovered:
      return IsShutOut(format, bidder);
  }
  return false;
}

constexpr EntryFault kFaults[] = {
    EntryFault::kQuantityNotPositive,   EntryFault::kQuantityOffLot,
    EntryFault::kQuantityBelowSmallest, EntryFault::kQuantityAboveBidLimit,
    EntryFault::kPriceNotPositive,      EntryFault::kPriceOffTick,
    EntryFault::kTooManyBids,           EntryFault::kAboveBidderLimit,
    EntryFault::kGuaranteeTooSmall,     EntryFault::kNotCovered,
};

}  // namespace

std::vector<EntryFault> FaultsOf(const Bid& bid, const Terms& terms, const BidderTerms& bidder,
                                 OwnBids others) {
  std::vector<EntryFault> faults;
  for (const EntryFault fault : kFaults) {
    if (Holds(fault, bid, terms, bidder, others)) faults.push_back(fault);
  }
  return faults;
}

bool LooksAtOthers(const Terms& terms, const BidderTerms& bidder) {
  const bool is_limited =
      terms.format.over_limit == OverLimit::kRefuse && LimitOf(terms, bidder) < Tonnes(kAmountMax);
  return is_limited || HoldsToGuarantee(terms.format, bidder);
}

std::string Explain(EntryFault fault, const Bid& bid, const Terms& terms, const BidderTerms& bidder,
                    OwnBids others) {
  const Format& format = terms.format;
  const std::string quantity = ets::ToString(bid.quantity) + " t";
  const std::string price = ets::ToString(bid.price);
  switch (fault) {
    case EntryFault::kQuantityNotPositive:
      return "the quantity " + quantity + " is not above 0; allowed: whole tonnes from " +
             ets::ToString(format.smallest_bid);
    case EntryFault::kQuantityOffLot:
      return "the quantity " + quantity + " is off the lot; allowed: multiples of " +
             ets::ToString(format.lot);
    case EntryFault::kQuantityBelowSmallest:
      return "the quantity " + quantity + " is below the smallest bid; allowed: from " +
             ets::ToString(format.smallest_bid);
    case EntryFault::kQuantityAboveBidLimit:
      return "the quantity " + quantity + " is above the limit of one bid; allowed: up to " +
             ets::ToString(BidLimit(terms));
    case EntryFault::kPriceNotPositive:
      return "the price " + price + " is not above 0; allowed: from " + ets::ToString(format.tick);
    case EntryFault::kPriceOffTick:
      return "the price " + price + " is off the tick; allowed: multiples of " +
             ets::ToString(format.tick);
    case EntryFault::kTooManyBids:
      return "the bidder has " + std::to_string(others.size()) +
             " bids already; allowed: " + std::to_string(format.bids_max);
    case EntryFault::kAboveBidderLimit:
      return "the bidder asks " + ets::ToString(Asked(others) + bid.quantity) +
             " t in all, above its limit; allowed: up to " + ets::ToString(LimitOf(terms, bidder));
    case EntryFault::kGuaranteeTooSmall:
      return "the bidder's bids need a guarantee of " +
             ets::ToString(GuaranteeFor(With(others, bid), format)) +
             "; allowed: up to what it lodged, " +
             ets::ToString(bidder.guarantee.value_or(Money()));
    case EntryFault::kNotCovered:
      return "the bidder has no obligations; allowed: bidders that have, for their own compliance";
  }
  return "";
}

Money GuaranteeFor(OwnBids bids, const Format& format) {
  Int128 covered = 0;
  switch (format.guarantee) {
    case Guarantee::kValueOfBids:
      for (const Bid& bid : bids) {
        covered += Int128{bid.price.minor_per_tonne()} * bid.quantity.count();
      }
      break;
    case Guarantee::kLadder: {
      std::vector<Bid> ladder(bids.begin(), bids.end());
      std::ranges::sort(ladder, std::greater{}, &Bid::price);
      Int128 asked = 0;
      for (const Bid& bid : ladder) {
        asked += bid.quantity.count();
        covered = std::max(covered, Int128{bid.price.minor_per_tonne()} * asked);
      }
      break;
    }
  }
  const Int128 share = (covered * format.guarantee_bp + 9'999) / 10'000;
  return Money::FromMinor(static_cast<std::int64_t>(share));
}

std::string_view ToString(EntryFault fault) {
  switch (fault) {
    case EntryFault::kQuantityNotPositive:
      return "quantity_not_positive";
    case EntryFault::kQuantityOffLot:
      return "quantity_off_lot";
    case EntryFault::kQuantityBelowSmallest:
      return "quantity_below_smallest";
    case EntryFault::kQuantityAboveBidLimit:
      return "quantity_above_bid_limit";
    case EntryFault::kPriceNotPositive:
      return "price_not_positive";
    case EntryFault::kPriceOffTick:
      return "price_off_tick";
    case EntryFault::kTooManyBids:
      return "too_many_bids";
    case EntryFault::kAboveBidderLimit:
      return "above_bidder_limit";
    case EntryFault::kGuaranteeTooSmall:
      return "guarantee_too_small";
    case EntryFault::kNotCovered:
      return "not_covered";
  }
  return "unknown";
}

}  // namespace ets::auction
