#pragma once

#include <map>
#include <string>
#include <vector>

#include "auction/format.h"
#include "base/quantity.h"
#include "policy/allocation.h"
#include "scheme/calendar.h"
#include "scheme/stability_rules.h"

namespace ets::scheme {

// One sector's rules for one vintage.
struct VintageBook {
  const policy::Rule* rule = nullptr;
  policy::Terms terms;  // Without pool and sector figure, which the authority sets.
  Tonnes cap;           // 0 where the rule is not capped.
  double paid_share = 0;
  double reserve_share = 0;
  double pre_allocation_share = 0;
  VintageDates dates;
};

struct SectorBook {
  std::string name;
  int first_vintage = 2024;
  std::map<int, VintageBook> vintages;
};

// The scheme's law, as the authority applies it. Built once, from a scenario.
struct Rulebook {
  std::vector<SectorBook> sectors;
  TradingCalendar calendar;
  int first_vintage = 2024;
  int last_vintage = 2040;
  double threshold_t =
      26'000;  // Below it a verified firm gets what it emitted, where there is no cap.
  int first_banking_vintage = 2025;

  int fine_first = 5, fine_second = 7, fine_later = 10;

  double carry_over_multiple = 1.5;
  std::vector<Tonnes> carry_over_base;   // By sector.
  std::vector<Date> carry_over_batches;  // Conversion days.
  Date legacy_last_trading_day;          // Vintages before the first banking one leave the market.
  Date legacy_expiry;

  bool auction_enabled = true;
  auction::Format auction_format;  // Its unsold rule says how a volume comes back.
  int auction_first_year = 2027;
  Weekday auction_weekday = Weekday::kWednesday;
  std::map<int, Price> auction_reserve;  // By year.
  double auction_bidder_limit = 0.10;
  std::map<int, Price> containment_trigger;  // By year.
  int containment_window = 4;
  double containment_share = 0.25;
  double stability_ceiling = 0.06;  // Where no reserve rule says what the stock may hold.

  StabilityRules stability;

  // Of all sectors under a cap; 0 where none is.
  Tonnes Caps(int year) const {
    Tonnes caps;
    for (const SectorBook& sector : sectors) {
      const auto found = sector.vintages.find(year);
      if (found != sector.vintages.end() && found->second.rule->capped) caps += found->second.cap;
    }
    return caps;
  }
};

}  // namespace ets::scheme
