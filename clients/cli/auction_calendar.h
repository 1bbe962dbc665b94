#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/market_verb.h"

namespace ets::cli {

struct CalendarFlags {
  std::string format = "eu";
  std::string auctioneer;
  std::int64_t volume = 0;  // 0: the published calendar of 2026.
  std::string first = "2026-01-01", last = "2026-12-31";
  std::string weekdays = "mon,tue,thu";
  int every_weeks = 1;
  std::vector<std::string> without, sold, cancelled, withdraw;
  std::string as_of;
  // The served exchange's calendar: its target and output; without a server nothing else counts.
  MarketArguments served;
  std::string load;  // A file of rows as this verb prints them.
  std::string member, instrument, window = "09:00-11:00", why;
  int pay_days = 0;
  std::int64_t reserve = 0;
  std::optional<std::uint64_t> seed;
};

// Prints the calendar and where every tonne of it is. Returns the exit code.
int ShowCalendar(const CalendarFlags& flags);
// The same of a served exchange, after loading a file into it if one is named.
MaybeFailure ServedCalendar(const CalendarFlags& flags);

}  // namespace ets::cli
