#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/quantity.h"
#include "base/result.h"

namespace ets::cbam {

// One European (or, with [cbam] source = "domestic", Chinese) auction that cleared.
struct AuctionFact {
  Date date;
  Price price;    // Minor units per tonne of the auction's currency.
  Tonnes volume;  // Auctioned, not bid for.
};

// The certificate price: the volume-weighted average clearing price of all auctions of a period,
// rounded half up to the cent, once. Art. 21 Reg. (EU) 2023/956; IR (EU) 2025/2548 rec. 2-3: every
// auctioneer counts, opt-out platforms included; cancelled auctions do not.
//
// 2026: one price a calendar quarter, applied to imports of that quarter. From 2027: one a calendar
// week (Monday to Sunday), published on the first working day after it and applied from the next
// working day until the first working day of the week after. A week without an auction takes the
// last week with one. Not thread-safe.
class CertificatePrices {
 public:
  void Add(const AuctionFact& fact);  // REQUIRES: dates in order.

  // Empty when the period has no auction.
  std::optional<Price> Average(Date first, Date last) const;  // Both included.
  std::optional<Price> Quarter(int year, int quarter) const;  // quarter 1 to 4.
  // The week's average, or the last earlier week's that had auctions; empty before the first.
  std::optional<Price> Week(Date any_day_of_week) const;
  // The price in use on a day, by the law's lag; never uses the current week. Before 2027: that of
  // the last quarter published, which is in the first calendar week after it. (What imports of 2026
  // owe is their own Quarter(), known only afterwards.)
  std::optional<Price> Applicable(Date day) const;

 private:
  std::vector<AuctionFact> facts_;
};

// Monday to Friday, without the European Commission's holidays that matter here: 1 January, Good
// Friday, Easter Monday, 1 May, 25 and 26 December.
bool IsEuropeanWorkingDay(Date date);

// Reads "date,auctioneer,price,volume" with a header line. On failure: what is wrong and in which
// line.
Result<std::vector<AuctionFact>, std::string> ParseAuctionCsv(std::string_view text);

}  // namespace ets::cbam
