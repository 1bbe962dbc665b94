#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  std::string output = "table";
};

// Prints the calendar and where every tonne of it is. Returns the exit code.
int ShowCalendar(const CalendarFlags& flags);

}  // namespace ets::cli
