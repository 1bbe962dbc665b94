#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auction/auction.h"

namespace ets::auction {

// What is published after an auction: the columns of EEX's report. Whole numbers; a figure with
// decimals is in hundredths. Every quotient is rounded half up, once.
struct Statistics {
  Status status = Status::kUndersubscribed;
  Price price;
  Price lowest_bid, highest_bid, mean_bid, median_bid;  // Of all bids, however silly.
  Tonnes volume;  // Offered, with what cost containment sold and less what was withheld.
  Tonnes sold;
  Tonnes bid_volume;
  std::uint32_t bids = 0, successful_bids = 0, bidders = 0, successful_bidders = 0;
  std::uint64_t bids_per_bidder_hundredths = 0;
  Tonnes bid_size;           // bid_volume / bids.
  Tonnes bid_per_bidder;     // bid_volume / bidders.
  Tonnes bid_per_bidder_sd;  // Standard deviation of the sample (n - 1); 0 of one bidder.
  Tonnes won_per_bidder;     // sold / successful_bidders.
  Tonnes won_per_bidder_sd;
  std::uint64_t cover_hundredths = 0;  // bid_volume / volume.
  Money revenue;

  friend bool operator==(const Statistics&, const Statistics&) = default;
};
Statistics StatisticsOf(std::span<const Bid> bids, const Clearing& clearing);

// What must hold between the figures of a published row; each line says which identity is broken
// and by what numbers. Empty when all hold. `lot` 0: the volume's lot is not looked at. Under pay
// as bid revenue = price x volume does not apply (`uniform` false).
//
//   revenue = price x sold                      exact
//   cover = bid volume / volume                 2 decimals; >= 1 when all was sold
//   bids per bidder = bids / bidders            2 decimals
//   bid size, bid and won volume per bidder     whole tonnes
//   lowest <= median <= highest bid; lowest <= price <= highest; volume in lots
std::vector<std::string> BrokenIdentities(const Statistics& row, Tonnes lot, bool uniform = true);

// The revenue by Member State or fund: each its share of the whole rounded down, the rest one minor
// unit each to the largest remainders, equal ones in the order given. The parts sum to the revenue.
// REQUIRES: some weight above 0.
std::vector<Money> SplitRevenue(Money revenue, std::span<const std::uint64_t> weights);

// Proof that the seed of the ties was fixed before the window closed: published before, as hex of
// SHA-256 over "capclear tie seed", the auction's name and the seed in decimal, each closed by a
// line feed. Draw seeds from all 64 bits, else a commitment can be searched through.
std::string SeedCommitment(std::string_view auction, std::uint64_t seed);

}  // namespace ets::auction
