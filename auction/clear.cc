#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "auction/auction.h"
#include "base/prng.h"

namespace ets::auction {
namespace {

using Order = std::vector<std::uint32_t>;  // Indices of bids.

// One total per bidder: an open-addressing table, looked up and never iterated.
class Totals {
 public:
  explicit Totals(std::size_t bids) : slots_(std::bit_ceil(bids * 2 + 2)) {}

  // The bidder's total, 0 the first time; *fresh says whether this is the first time.
  Tonnes& Of(MemberId bidder, bool* fresh) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (bidder.raw() * 0x9E3779B97F4A7C15U >> 32U) & mask;
    while (slots_[at].used && slots_[at].bidder != bidder) at = (at + 1) & mask;
    *fresh = !slots_[at].used;
    slots_[at].used = true;
    slots_[at].bidder = bidder;
    return slots_[at].total;
  }

 private:
  struct Slot {
    Tonnes total;
    MemberId bidder;
    bool used = false;
  };
  std::vector<Slot> slots_;
};

// All bids in an order that only the seed decides (Fisher and Yates).
Order Shuffled(std::size_t bids, std::uint64_t seed) {
  Order order(bids);
  std::iota(order.begin(), order.end(), 0U);
  Prng dice(seed);
  for (std::size_t i = bids; i > 1; --i) std::swap(order[i - 1], order[dice.Below(i)]);
  return order;
}

// Sorts by price, highest first, and keeps the order of equal prices: radix sort from the lowest
// digit of the distance to the highest price.
void SortByPrice(std::span<const Bid> bids, Order& order) {
  struct Key {
    std::uint64_t distance;
    std::uint32_t bid;
  };
  constexpr unsigned kDigitBits = 11;
  constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

  std::int64_t highest = 0;
  for (const Bid& bid : bids) highest = std::max(highest, bid.price.minor_per_tonne());
  std::vector<Key> keys;
  keys.reserve(order.size());
  std::uint64_t furthest = 0;
  for (const std::uint32_t bid : order) {
    keys.push_back({static_cast<std::uint64_t>(highest - bids[bid].price.minor_per_tonne()), bid});
    furthest = std::max(furthest, keys.back().distance);
  }
  std::vector<Key> sorted(keys.size());
  for (unsigned shift = 0; shift < 64 && furthest >> shift != 0; shift += kDigitBits) {
    std::vector<std::size_t> starts(kDigits + 1);
    for (const Key& key : keys) ++starts[(key.distance >> shift) % kDigits + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (const Key& key : keys) sorted[starts[(key.distance >> shift) % kDigits]++] = key;
    keys.swap(sorted);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) order[i] = keys[i].bid;
}

// Whole lots, at least one: in a very small auction a share would round down to nothing.
Tonnes PurchaseLimit(const Terms& terms) {
  const std::int64_t share =
      MulDivFloor(terms.supply.count(), terms.format.purchase_limit_bp, 10'000);
  const std::int64_t lot = terms.format.lot.count();
  return Tonnes(std::max(share - share % lot, lot));
}

// `order` is by price, highest first.
void AddStatistics(std::span<const Bid> bids, const Order& order, Clearing& clearing) {
  clearing.bids = static_cast<std::uint32_t>(bids.size());
  if (bids.empty()) return;
  Totals seen(bids.size());
  Money prices;
  for (const Bid& bid : bids) {
    bool fresh = false;
    seen.Of(bid.bidder, &fresh);
    clearing.bidders += fresh ? 1 : 0;
    clearing.bid_volume += bid.quantity;
    prices += Money::FromMinor(bid.price.minor_per_tonne());
  }
  const auto price_at = [&](std::size_t rank) { return bids[order[rank]].price; };
  clearing.highest_bid = price_at(0);
  clearing.lowest_bid = price_at(bids.size() - 1);
  clearing.mean_bid = AveragePrice(prices, Tonnes(static_cast<std::int64_t>(bids.size())));
  const Money middle =
      price_at((bids.size() - 1) / 2) * Tonnes(1) + price_at(bids.size() / 2) * Tonnes(1);
  clearing.median_bid = AveragePrice(middle, Tonnes(2));
}

// Cuts from the lowest price what a bidder asks above the purchase limit, and leaves out what lies
// below a public reserve price. By bid index.
std::vector<Tonnes> QuantitiesThatCount(std::span<const Bid> bids, const Order& order,
                                        const Terms& terms) {
  const Tonnes limit = PurchaseLimit(terms);
  const bool has_public_reserve = terms.reserve.has_value() && !terms.format.reserve_cancels;
  std::vector<Tonnes> counts(bids.size());
  Totals taken(bids.size());
  for (const std::uint32_t index : order) {
    const Bid& bid = bids[index];
    if (has_public_reserve && bid.price < *terms.reserve) break;
    bool fresh = false;
    Tonnes& total = taken.Of(bid.bidder, &fresh);
    counts[index] = std::min(bid.quantity, limit - total);
    total += counts[index];
  }
  return counts;
}

}  // namespace

double Clearing::cover_ratio() const {
  return static_cast<double>(bid_volume.count()) / static_cast<double>(supply.count());
}

Clearing Clear(std::span<const Bid> bids, const Terms& terms) {
  const Format& format = terms.format;
  const std::int64_t lot = format.lot.count();
  ETS_ASSERT(lot > 0 && terms.supply > Tonnes(0) && terms.supply.count() % lot == 0);
  for (const Bid& bid : bids) {
    ETS_ASSERT(bid.price > Price() &&
               bid.price.minor_per_tonne() % format.tick.minor_per_tonne() == 0);
    ETS_ASSERT(bid.quantity > Tonnes(0) && bid.quantity.count() % lot == 0);
  }

  Order order = Shuffled(bids.size(), terms.tie_seed);
  SortByPrice(bids, order);

  Clearing clearing;
  clearing.supply = terms.supply;
  clearing.unsold = terms.supply;
  AddStatistics(bids, order, clearing);

  // Reg. 1031/2010 Art. 7(2): the price is that of the bid at which the sum of volumes, added from
  // the highest price down, reaches or exceeds the volume auctioned; that bid may be cut.
  std::vector<Tonnes> won = QuantitiesThatCount(bids, order, terms);
  Tonnes sum;
  std::optional<Price> marginal;  // Of the last bid that won something.
  for (const std::uint32_t index : order) {
    won[index] = std::min(won[index], terms.supply - sum);
    sum += won[index];
    if (won[index] > Tonnes(0)) marginal = bids[index].price;
  }

  const bool short_of_supply = sum < terms.supply;
  if (!marginal) {
    clearing.status = bids.empty() ? Status::kUndersubscribed : Status::kBelowReserve;
    return clearing;
  }
  clearing.price = *marginal;
  if (short_of_supply) {
    switch (format.shortage) {
      case ShortageRule::kCancel:
        clearing.status = Status::kUndersubscribed;
        clearing.price = Price();
        return clearing;
      case ShortageRule::kSellAtReserve:
        clearing.price = terms.reserve.value_or(*marginal);
        break;
      case ShortageRule::kSellAtLowestBid:
        break;
    }
  }
  // After the volume check: a secret reserve price cancels the whole auction.
  if (format.reserve_cancels && terms.reserve && clearing.price < *terms.reserve) {
    clearing.status = Status::kBelowReserve;
    clearing.price = Price();
    return clearing;
  }

  clearing.status = short_of_supply ? Status::kPartial : Status::kCleared;
  clearing.sold = sum;
  clearing.unsold = terms.supply - sum;
  Totals winners(bids.size());
  for (std::uint32_t i = 0; i < won.size(); ++i) {
    if (won[i] == Tonnes(0)) continue;
    clearing.awards.push_back({.bid = i, .quantity = won[i]});
    bool fresh = false;
    winners.Of(bids[i].bidder, &fresh);
    clearing.successful_bidders += fresh ? 1 : 0;
  }
  clearing.successful_bids = static_cast<std::uint32_t>(clearing.awards.size());
  return clearing;
}

}  // namespace ets::auction
