#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "auction/auction.h"

namespace ets::auction {

// One auction's bids as the clearing sees them: by price, cut to each bidder's limits, summed up.
// Internal to the room.
class BidBook {
 public:
  // `cuts`: where to note the bids of which not all counts, by rank.
  BidBook(std::span<const Bid> bids, const Terms& terms, std::vector<Cut>* cuts = nullptr);

  std::size_t size() const { return order_.size(); }
  // Bids by rank: the highest price first, equal prices as the tie rule drew them.
  std::uint32_t bid_at(std::size_t rank) const { return order_[rank]; }
  Price price_at(std::size_t rank) const { return bids_[order_[rank]].price; }
  Tonnes counted(std::uint32_t bid) const { return counted_[bid]; }
  // Of all bids that count.
  Tonnes total() const { return sums_.empty() ? Tonnes() : sums_.back(); }
  // Of those at `price` or more.
  Tonnes DemandAt(Price price) const;
  // The rank at which the sum reaches `volume`. REQUIRES: 0 < volume <= total().
  std::size_t Reaches(Tonnes volume) const;
  // The rank at which the sum passes it; size() when it never does.
  std::size_t Passes(Tonnes volume) const;
  Tonnes SumTo(std::size_t rank) const { return sums_[rank]; }

 private:
  void SortByPrice();
  void Count(const Terms& terms, std::vector<Cut>* cuts);

  std::span<const Bid> bids_;
  std::vector<std::uint32_t> order_;
  std::vector<Tonnes> counted_;  // By bid.
  std::vector<Tonnes> sums_;     // By rank, this one included.
};

// How many different bidders stand in a list of bids; `won` picks those with more than 0, or all
// when it is empty.
std::uint32_t CountBidders(std::span<const Bid> bids, std::span<const Tonnes> won);

}  // namespace ets::auction
