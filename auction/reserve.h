#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/date.h"
#include "base/quantity.h"

namespace ets::auction {

// Secret reserve: reference x (1 - k x sigma), rounded half up to the minor unit. `sigma_bp` is the
// secondary market's short-term volatility in basis points, k in hundredths. 0 where k x sigma
// reaches 1. The reference is the middle of the secondary market's best prices just before and
// during the window (Reg. 1031/2010 Art. 7(6)-(7)); the real methods are not published.
Price SecretReservePrice(Price reference, std::uint32_t k_hundredths, std::uint32_t sigma_bp);

// A listed trade, or a day's trades at their mean.
struct ListedTrade {
  Date date;
  Price price;
  Tonnes quantity;
};
// `multiple_bp` of the volume-weighted mean of the trades from `first` to `last`, at most
// `ceiling`, divided once and rounded half up. Empty when nothing traded. Guangdong, 27 March 2017:
// once the mean of the three preceding calendar months; Shanghai, 30 June 2017: 1.2 times the mean
// since the last November, at most CNY 42.
std::optional<Price> AverageReserve(std::span<const ListedTrade> trades, Date first, Date last,
                                    std::uint32_t multiple_bp, std::optional<Price> ceiling = {});

// (mean of three months + mean of the last month + mean of the last three days) / 3, half up:
// Korea's stability auctions of 2018.
Price ThreeMeansReserve(Price three_months, Price one_month, Price three_days);

// Last year's price grown by `growth_bp`, rounded half up to the minor unit: 5% plus inflation a
// year in California and Quebec, 7% in RGGI.
Price IndexedPrice(Price previous, std::uint32_t growth_bp);

// What a system published for a year; empty when this product knows no figure.
std::optional<Price> PublishedReserve(std::string_view format, int year);

struct YearlyReserve {
  std::string_view format;
  int year = 0;
  Price price;
};
// All that are known, by format and year.
std::span<const YearlyReserve> PublishedReserves();

// RGGI's trigger prices, as published or as the rule gives them. Stored, not computed: rounding to
// cents every year gives the published figures until 2027, and 38.34 instead of 38.36 for 2037.
struct RggiTriggers {
  int year = 0;
  Price tier_one;
  std::optional<Price> tier_two;  // From 2027.
  std::optional<Price> emission;  // Until 2026: emission containment.
  // True where a source names the figures; else they are the rule's, grown from the last published.
  bool published = false;
};
std::span<const RggiTriggers> RggiTriggerTable();
const RggiTriggers* RggiTriggersOf(int year);  // Null outside 2021 to 2037.

}  // namespace ets::auction
