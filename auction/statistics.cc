#include "auction/statistics.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace ets::auction {
namespace {

__extension__ using UInt128 = unsigned __int128;

// numerator / denominator, rounded half up; 0 for nothing / 0.
std::uint64_t HalfUp(UInt128 numerator, UInt128 denominator) {
  if (denominator == 0) return 0;
  return static_cast<std::uint64_t>((numerator * 2 + denominator) / (denominator * 2));
}
Tonnes MeanTonnes(Tonnes total, std::uint32_t count) {
  return Tonnes(
      static_cast<std::int64_t>(HalfUp(static_cast<std::uint64_t>(total.count()), count)));
}

// The largest whole number whose square is not above it.
std::uint64_t RootDown(UInt128 square) {
  UInt128 low = 0;
  UInt128 high = UInt128{1} << 63U;
  while (high - low > 1) {
    const UInt128 middle = (low + high) / 2;
    (middle * middle <= square ? low : high) = middle;
  }
  return static_cast<std::uint64_t>(low);
}

// Of the totals by bidder, rounded half up.
Tonnes Deviation(const std::vector<std::int64_t>& totals) {
  const std::size_t count = totals.size();
  if (count < 2) return Tonnes();
  UInt128 sum = 0;
  UInt128 squares = 0;
  for (const std::int64_t total : totals) {
    const auto value = static_cast<std::uint64_t>(total);
    sum += value;
    squares += UInt128{value} * value;
  }
  const UInt128 numerator = squares * count - sum * sum;
  const UInt128 denominator = UInt128{count} * (count - 1);
  // Twice the root, so that the half that rounds up is seen.
  return Tonnes(static_cast<std::int64_t>((RootDown(numerator * 4 / denominator) + 1) / 2));
}

// The sums of `quantities` by bidder, those above 0.
std::vector<std::int64_t> ByBidder(std::span<const Bid> bids,
                                   const std::vector<std::int64_t>& quantities) {
  std::vector<std::uint32_t> order(bids.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t bid) { return bids[bid].bidder; });
  std::vector<std::int64_t> totals;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || bids[order[i]].bidder != bids[order[i - 1]].bidder) totals.push_back(0);
    totals.back() += quantities[order[i]];
  }
  std::erase(totals, 0);
  return totals;
}

class Identities {
 public:
  void Equal(std::string_view words, std::uint64_t stated, std::uint64_t computed) {
    if (stated == computed) return;
    Add(words, std::to_string(stated), std::to_string(computed));
  }
  void AtMost(std::string_view words, Price low, Price high) {
    if (low <= high) return;
    Add(words, ets::ToString(low), ets::ToString(high));
  }
  void Holds(std::string_view words, bool holds) {
    if (!holds) broken_.emplace_back(words);
  }
  std::vector<std::string> Take() { return std::move(broken_); }

 private:
  void Add(std::string_view words, const std::string& stated, const std::string& computed) {
    broken_.push_back(std::string(words) + ": " + stated + " against " + computed);
  }
  std::vector<std::string> broken_;
};

}  // namespace

Statistics StatisticsOf(std::span<const Bid> bids, const Clearing& clearing) {
  Statistics row;
  row.status = clearing.status;
  row.price = clearing.price;
  row.lowest_bid = clearing.lowest_bid;
  row.highest_bid = clearing.highest_bid;
  row.mean_bid = clearing.mean_bid;
  row.median_bid = clearing.median_bid;
  row.volume = clearing.supply + clearing.contained - clearing.withheld;
  row.sold = clearing.sold;
  row.bid_volume = clearing.bid_volume;
  row.bids = clearing.bids;
  row.successful_bids = clearing.successful_bids;
  row.bidders = clearing.bidders;
  row.successful_bidders = clearing.successful_bidders;
  row.bids_per_bidder_hundredths = HalfUp(UInt128{row.bids} * 100, row.bidders);
  row.bid_size = MeanTonnes(row.bid_volume, row.bids);
  row.bid_per_bidder = MeanTonnes(row.bid_volume, row.bidders);
  row.won_per_bidder = MeanTonnes(row.sold, row.successful_bidders);
  std::vector<std::int64_t> asked;
  for (const Bid& bid : bids) asked.push_back(bid.quantity.count());
  std::vector<std::int64_t> won(bids.size());
  for (const Award& award : clearing.awards) won[award.bid] = award.quantity.count();
  row.bid_per_bidder_sd = Deviation(ByBidder(bids, asked));
  row.won_per_bidder_sd = Deviation(ByBidder(bids, won));
  row.cover_hundredths = HalfUp(UInt128(static_cast<std::uint64_t>(row.bid_volume.count())) * 100,
                                static_cast<std::uint64_t>(row.volume.count()));
  row.revenue = clearing.revenue;
  return row;
}

std::vector<std::string> BrokenIdentities(const Statistics& row, Tonnes lot, bool uniform) {
  const auto count = [](Tonnes tonnes) { return static_cast<std::uint64_t>(tonnes.count()); };
  Identities check;
  const bool sells = row.status == Status::kCleared || row.status == Status::kPartial;
  if (sells && uniform) {
    check.Equal("revenue = price x sold", static_cast<std::uint64_t>(row.revenue.minor()),
                static_cast<std::uint64_t>((row.price * row.sold).minor()));
  }
  check.Equal("cover = bid volume / volume", row.cover_hundredths,
              HalfUp(UInt128{count(row.bid_volume)} * 100, count(row.volume)));
  check.Equal("bids per bidder = bids / bidders", row.bids_per_bidder_hundredths,
              HalfUp(UInt128{row.bids} * 100, row.bidders));
  check.Equal("bid size = bid volume / bids", count(row.bid_size),
              HalfUp(count(row.bid_volume), row.bids));
  check.Equal("volume bid per bidder = bid volume / bidders", count(row.bid_per_bidder),
              HalfUp(count(row.bid_volume), row.bidders));
  check.Equal("volume won per bidder = sold / successful bidders", count(row.won_per_bidder),
              HalfUp(count(row.sold), row.successful_bidders));
  check.AtMost("lowest bid <= median bid", row.lowest_bid, row.median_bid);
  check.AtMost("median bid <= highest bid", row.median_bid, row.highest_bid);
  if (sells) check.AtMost("price <= highest bid", row.price, row.highest_bid);
  if (row.status == Status::kCleared) {
    check.AtMost("lowest bid <= price", row.lowest_bid, row.price);
    check.Holds("cover is below 1 where all was sold", row.bid_volume >= row.volume);
    check.Holds("not all of the volume was sold", row.sold == row.volume);
  }
  if (lot > Tonnes()) {
    check.Holds("the volume is not in lots", row.volume.count() % lot.count() == 0);
  }
  return check.Take();
}

std::vector<Money> SplitRevenue(Money revenue, std::span<const std::uint64_t> weights) {
  UInt128 total = 0;
  for (const std::uint64_t weight : weights) total += weight;
  ETS_ASSERT(total > 0 && revenue.minor() >= 0);
  const UInt128 whole = static_cast<std::uint64_t>(revenue.minor());
  std::vector<std::int64_t> parts;
  std::vector<UInt128> remainders;
  std::int64_t rest = revenue.minor();
  for (const std::uint64_t weight : weights) {
    parts.push_back(static_cast<std::int64_t>(whole * weight / total));
    remainders.push_back(whole * weight % total);
    rest -= parts.back();
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return remainders[i]; });
  for (std::size_t i = 0; rest > 0; ++i, --rest) ++parts[order[i]];
  std::vector<Money> split;
  for (const std::int64_t part : parts) split.push_back(Money::FromMinor(part));
  return split;
}

std::string SeedCommitment(std::string_view auction, std::uint64_t seed) {
  const std::string text =
      "capclear tie seed\n" + std::string(auction) + "\n" + std::to_string(seed) + "\n";
  std::array<unsigned char, 32> hash{};
  ETS_ASSERT(EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) ==
             1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : hash) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

}  // namespace ets::auction
