#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/quantity.h"

namespace ets::cbam {

// One European (or, with [cbam] source = "domestic", Chinese) auction that cleared.
struct AuctionFact {
  Date date;
  Price price;    // Minor units per tonne of the auction's currency.
  Tonnes volume;  // Auctioned, not bid for.

  friend bool operator==(const AuctionFact&, const AuctionFact&) = default;
};

// What a period's auctions come to.
struct PeriodPrice {
  Price price;    // Volume-weighted, rounded half up to the cent, once.
  Money value;    // Sum of price x volume.
  Tonnes volume;  // value / volume is the price before rounding.
  int auctions = 0;
  Date first, last;       // The period that was averaged, both included.
  bool carried = false;   // A week without an auction: an earlier week's price.
  bool combined = false;  // The single-auction amendment took an earlier week in.
};

// When a price is published and from when until when it applies, all included.
struct PriceCalendar {
  Date published;
  Date applies_from;
  Date applies_until;
};
// Weekly, from 2027: published on the first working day after the week, applied from the next
// working day until the first working day of the week after. Art. 21 Reg. (EU) 2023/956. Until lies
// before from where its successor comes out on the same day, at the year's end: it never applies.
PriceCalendar CalendarOfWeek(Date any_day_of_week);
// 2026: published in the first calendar week after the quarter (7 April: Easter Monday was the 6th,
// 6 July, 5 October, 4 January); owed for imports of the quarter itself. Reg. (EU) 2025/2083.
PriceCalendar CalendarOfQuarter(int year, int quarter);
// The Monday of the week whose price is in use on a day, from 2027 on.
Date WeekAppliedOn(Date day);

// The certificate price: the volume-weighted average clearing price of all auctions of a period,
// rounded half up to the cent, once. Art. 21 Reg. (EU) 2023/956; IR (EU) 2025/2548 rec. 2-3: every
// auctioneer counts, opt-out platforms included; cancelled auctions do not.
//
// 2026: one price a calendar quarter. From 2027: one a calendar week, Monday to Sunday. A week
// without an auction takes the last week with one. Not thread-safe.
class CertificatePrices {
 public:
  // With the amendment (Commission proposal of December 2025, not in force): a week with one
  // auction is averaged together with the last week with several, by volume.
  explicit CertificatePrices(bool single_auction_amendment = false)
      : single_auction_amendment_(single_auction_amendment) {}

  // REQUIRES: dates in order; price x volume of all auctions together at most kAmountMax.
  void Add(const AuctionFact& fact);

  // Empty when the period has no auction.
  std::optional<Price> Average(Date first, Date last) const;  // Both included.
  std::optional<Price> Quarter(int year, int quarter) const;  // quarter 1 to 4.
  // The week's average, or the last earlier week's that had auctions; empty before the first.
  std::optional<Price> Week(Date any_day_of_week) const;
  // The price in use on a day, by the law's lag; never uses the current week. Before 2027: that of
  // the last quarter published, which is in the first calendar week after it. (What imports of 2026
  // owe is their own Quarter(), known only afterwards.)
  std::optional<Price> Applicable(Date day) const;

  // The same with what they were made of.
  std::optional<PeriodPrice> Period(Date first, Date last) const;
  std::optional<PeriodPrice> PeriodOfQuarter(int year, int quarter) const;
  std::optional<PeriodPrice> PeriodOfWeek(Date any_day_of_week) const;

  const std::vector<AuctionFact>& facts() const { return facts_; }

 private:
  const bool single_auction_amendment_;
  std::vector<AuctionFact> facts_;
};

// Monday to Friday without the Commission's holidays: 1, 2 Jan, Maundy Thursday to Easter Monday,
// 1, 9 May, Ascension and its Friday, Whit Monday, 21 Jul, 15 Aug, 1, 2 Nov, 24 to 31 Dec.
bool IsEuropeanWorkingDay(Date date);

// "2026-Q1" and "2027-W05", as people write periods. Empty: not such a text, or no such period.
struct YearQuarter {
  int year = 0;
  int quarter = 0;

  friend bool operator==(const YearQuarter&, const YearQuarter&) = default;
};
std::optional<YearQuarter> ParseQuarter(std::string_view text);
std::optional<Date> ParseWeek(std::string_view text);  // Its Monday.
YearQuarter QuarterOf(Date date);
std::string ToString(YearQuarter quarter);  // "2026-Q1"

}  // namespace ets::cbam
