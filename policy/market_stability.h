#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/quantity.h"

namespace ets::policy {

// The allowances in circulation at a year's end: everything supplied since the start, less what was
// used or taken away, less what the reserve holds. Decision (EU) 2015/1814, Art. 1(4).
struct Circulation {
  Tonnes banked;     // From the period before.
  Tonnes allocated;  // For free, all years.
  Tonnes auctioned;  // All years, early sales included.
  Tonnes credits;    // International credits exchanged.
  Tonnes verified;   // Emissions, all years.
  Tonnes cancelled;
  Tonnes in_reserve;
};
Tonnes InCirculation(const Circulation& sums);

// The reserve rule: what moves between auctions and the reserve for a figure of circulation.
//
//   above `upper`             intake = rate x circulation, rounded to the nearest
//   from `lower` to `upper`   intake = circulation - lower      (only with `has_band`)
//   below `floor`             release, all if fewer are held
//   else                      nothing
struct ReserveRule {
  std::string_view name;
  Tonnes upper, lower, floor;
  std::int32_t rate_permille = 240;
  bool has_band = true;
  Tonnes release;
  // What the reserve may hold on 1 January; the rest becomes invalid. 0: anything.
  Tonnes keeps_at_most;
};

// Decision (EU) 2015/1814 as it applies to the circulation of a year: 24% above 833 m for 2017 to
// 2022; with the band up to 1,096 m from 2023 (Decision (EU) 2023/852), when 24% of it would be the
// same; 12% for figures published from 2031 on. Releases 100 m below 400 m.
//
// What it keeps is the limit of InvalidatedOn(): nothing became invalid before 2023; on 1 January
// 2023 what exceeded the volume auctioned in 2022, which is `auctioned_in_2022` (empty: not known,
// and then nothing is said to become invalid); from 2024 on what exceeds 400 m. The proposal of
// April 2026 (2026/0085(COD), pending) stops the invalidation: `invalidates` false. REQUIRES: year
// >= 2017.
ReserveRule EuropeanRule(int circulation_year, bool invalidates = true,
                         std::optional<Tonnes> auctioned_in_2022 = {});

// The same rule's thresholds and volumes as shares, in millionths, for a market of another size:
// 833 / 1,096 / 400 m belong to a market of 1.4 bn t. For China: 8% above, 6% between, 3% below.
struct ReserveShares {
  std::int32_t upper = 80'000, lower = 60'000, floor = 30'000;
  std::int32_t rate_permille = 240;  // Of the circulation, above `upper`.
  std::int32_t release = 7'500;      // 100 m are a quarter of 400 m.
  std::int32_t keeps_at_most = 30'000;
};
// The rule for a market whose cap is `whole`, each share rounded to the nearest tonne. REQUIRES:
// 0 <= floor <= lower <= upper, no share below 0. A `keeps_at_most` that rounds to 0 keeps one
// tonne: 0 would mean no limit.
ReserveRule RuleByShares(Tonnes whole, const ReserveShares& shares);
// With thresholds in 1/1000; the release is a quarter of the floor and the reserve keeps the floor.
ReserveRule RuleByShares(Tonnes cap, std::int32_t upper_permille, std::int32_t lower_permille,
                         std::int32_t floor_permille);
// Part `share`, in millionths, of a whole, to the nearest tonne.
Tonnes ShareOf(Tonnes whole, std::int32_t share);

enum class ReserveBranch : std::uint8_t { kRate = 1, kBand = 2, kNothing = 3, kRelease = 4 };
std::string_view ToString(ReserveBranch branch);  // "rate".

struct ReserveAction {
  ReserveBranch branch = ReserveBranch::kNothing;
  Tonnes intake;   // Less at auctions.
  Tonnes release;  // More at auctions.
};
// `held` is what the reserve holds; it bounds the release.
ReserveAction ActOn(const ReserveRule& rule, Tonnes circulation, Tonnes held);

// When a year's figure acts: published by 1 June of the next year, on auctions from 1 September to
// 31 August. The first figure (2017) acted from January to August 2019, with 8/12 of it.
struct ReservePeriod {
  Date published_by;
  Date first, last;
  int twelfths = 12;
};
ReservePeriod PeriodOf(int circulation_year);
// What falls to each calendar year of the period: September to December 4/12, January to August the
// rest. Adds up to the whole.
struct YearPart {
  int year = 0;
  Tonnes volume;
};
std::vector<YearPart> ByCalendarYear(const ReservePeriod& period, Tonnes volume);

// The first 1 January after a year's figure has acted in full.
Date InvalidatedOn(int circulation_year);
// What becomes invalid on 1 January.
Tonnes Invalidated(const ReserveRule& rule, Tonnes held);

// Published figures, for checks and for reading. Intake 0: none is on record here.
struct PublishedCirculation {
  int year = 0;
  Tonnes circulation;
  Tonnes intake;
  std::string_view source;
};
std::span<const PublishedCirculation> PublishedCirculations();

}  // namespace ets::policy
