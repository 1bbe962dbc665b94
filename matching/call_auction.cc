#include "matching/call_auction.h"

#include <algorithm>
#include <cstdlib>

namespace ets::matching {
namespace {

// Neighbouring prices at which demand and supply are the same.
struct Stretch {
  Price low, high;  // Both included.
  std::int64_t demand = 0;
  std::int64_t supply = 0;

  std::int64_t volume() const { return std::min(demand, supply); }
  std::int64_t imbalance() const { return demand - supply; }
  CallResult At(Price price) const {
    return {.clears = true, .price = price, .volume = Tonnes(volume()), .imbalance = imbalance()};
  }
};

// Sees stretches from the lowest prices up and keeps what the rules need.
class Choice {
 public:
  explicit Choice(Price reference) : reference_(reference) {}

  void See(const Stretch& stretch) {
    if (stretch.low > stretch.high || stretch.volume() == 0) return;
    const std::int64_t size = std::abs(stretch.imbalance());
    if (stretch.volume() < volume_) return;
    if (stretch.volume() == volume_ && size > imbalance_size_) return;
    if (stretch.volume() > volume_ || size < imbalance_size_) {
      volume_ = stretch.volume();
      imbalance_size_ = size;
      lowest_ = stretch;
      nearest_ = {};
      all_demand_ = all_supply_ = true;
    }
    highest_ = stretch;
    all_demand_ = all_demand_ && stretch.imbalance() > 0;
    all_supply_ = all_supply_ && stretch.imbalance() < 0;
    const CallResult here = stretch.At(std::clamp(reference_, stretch.low, stretch.high));
    if (!nearest_.clears || Distance(here) <= Distance(nearest_)) nearest_ = here;
  }

  CallResult Made() const {
    if (!nearest_.clears) return {};
    if (all_demand_) return highest_.At(highest_.high);
    if (all_supply_) return lowest_.At(lowest_.low);
    return nearest_;
  }

 private:
  std::int64_t Distance(const CallResult& result) const {
    return std::abs(result.price.minor_per_tonne() - reference_.minor_per_tonne());
  }

  const Price reference_;
  std::int64_t volume_ = 0;
  std::int64_t imbalance_size_ = 0;
  Stretch lowest_, highest_;
  CallResult nearest_;
  bool all_demand_ = true;
  bool all_supply_ = true;
};

std::int64_t Total(const CallSide& side) {
  std::int64_t total = side.at_market.count();
  for (const CallLevel& level : side.levels) total += level.quantity.count();
  return total;
}

}  // namespace

CallResult ClearCall(const CallSide& bids, const CallSide& offers, Price reference,
                     const TickTable& ticks) {
  ETS_ASSERT(reference > Price());
  reference = std::max(ticks.Floor(reference), ticks.rows[0].tick);
  auto bid = bids.levels.rbegin();  // Upwards, as offers are.
  auto offer = offers.levels.begin();
  Choice choice(reference);
  Stretch at;  // Below every limit, all bids and no limited offer stand.
  at.demand = Total(bids);
  at.supply = offers.at_market.count();
  bool has_limit = false;
  while (bid != bids.levels.rend() || offer != offers.levels.end()) {
    const bool bid_left = bid != bids.levels.rend();
    const bool offer_left = offer != offers.levels.end();
    const Price limit = !offer_left ? bid->price
                        : !bid_left ? offer->price
                                    : std::min(bid->price, offer->price);
    // The prices between the limit below, or the reference, and this one.
    at.low = has_limit ? ticks.Above(at.high) : std::min(reference, limit);
    at.high = ticks.Below(limit);
    choice.See(at);
    at.low = at.high = limit;
    if (offer_left && offer->price == limit) at.supply += (offer++)->quantity.count();
    choice.See(at);
    if (bid_left && bid->price == limit) at.demand -= (bid++)->quantity.count();
    has_limit = true;
  }
  at.low = has_limit ? ticks.Above(at.high) : reference;
  at.high = reference;
  choice.See(at);
  return choice.Made();
}

}  // namespace ets::matching
