#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/quantity.h"
#include "policy/market_stability.h"
#include "policy/price_triggers.h"

namespace ets::scheme {

// The stability rules that a scheme may switch on, as data; every one is off by itself. Volumes are
// shares, in millionths, of the year's caps, so that a rule fits a market of any size.

// Auctions lose what is too much in circulation and gain what is too little: Decision (EU)
// 2015/1814 with thresholds as shares.
struct ReserveRules {
  bool enabled = false;
  policy::ReserveShares shares;
  bool of_emissions = false;  // Shares of all verified emissions of the year instead of its caps.
  bool invalidates = true;    // False: as proposed in April 2026 (2026/0085(COD)).
  int first_year = 2030;      // The first whose circulation counts.
  int published = 801;        // Month * 100 + day, of the year after.
};

// More supply when months are dear against the two years before them.
struct PriceRule {
  bool enabled = false;
  std::vector<policy::ExcessivePriceRule> by_year;  // Of the scheme; the last one holds on.
  int first_year = 2027;                            // The scheme's first.
  bool acts = true;  // False: whoever is in charge looks on; the reading is told all the same.
  std::int32_t volume = 0;
  int over_months = 3;               // The auctions over which the volume is spread.
  int pause_months = 12;             // From a trigger until the next one.
  bool from_later_auctions = false;  // Brought forward in the year, instead of from the stock.
};

// Prices inside the auction that bring supply or keep it back, as RGGI has them.
struct AuctionTriggers {
  struct Prices {
    std::optional<Price> tier_one, tier_two, withhold_below;
  };
  bool enabled = false;
  std::map<int, Prices> by_year;
  // Of the year's auction volume: set aside for each tier, and the most that is withheld. RGGI's
  // are tenths of a cap that is auctioned nearly whole.
  std::int32_t tier_one = 100'000, tier_two = 100'000, withheld = 100'000;
};

// A corridor: auctions sell nothing below its floor, and units are offered at its ceiling.
struct Collar {
  bool enabled = false;
  std::map<int, policy::PriceCollar> by_year;
  // True: what the stock lacks is issued above the cap. False: the ceiling holds while there is
  // stock.
  bool without_end = true;
  std::int32_t offer = 10'000;  // Offered at one auction, of the year's caps.
};

struct StabilityRules {
  ReserveRules reserve;
  PriceRule excessive_price, cost_containment;
  AuctionTriggers triggers;
  Collar collar;

  bool any() const {
    return reserve.enabled || excessive_price.enabled || cost_containment.enabled ||
           triggers.enabled || collar.enabled;
  }
};

}  // namespace ets::scheme
