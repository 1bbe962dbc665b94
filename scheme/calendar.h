#pragma once

#include <vector>

#include "base/date.h"

namespace ets::scheme {

// The dates of one vintage's compliance cycle. All but the capped pre-allocation lie in the year
// after.
struct VintageDates {
  Date pre_allocation;  // Day 0 (1970-01-01): this sector and vintage has none.
  Date report;
  Date verification;
  Date final_issue;
  Date deadline;
};

// When the exchange is open and when the weekly auction is held.
class TradingCalendar {
 public:
  TradingCalendar() = default;
  // `spring_festivals`: first days of the lunar year.
  explicit TradingCalendar(std::vector<Date> spring_festivals)
      : spring_festivals_(std::move(spring_festivals)) {}

  // Monday to Friday without 1 January, eight days from the eve of the Spring Festival, 4 and 5
  // April, 1 to 5 May, 1 to 7 October (scenario, Calendar).
  bool IsTradingDay(Date date) const;

  // The year's auction days, 50 or 51: the given weekday of each week but those that it loses to
  // the Spring Festival and to 1 October. Where another holiday takes it, the next trading day of
  // the week, else the last one before.
  std::vector<Date> AuctionDays(int year, Weekday weekday) const;

  // Trading days in (from, to].
  int TradingDaysBetween(Date from, Date to) const;

 private:
  std::vector<Date> spring_festivals_;
};

}  // namespace ets::scheme
