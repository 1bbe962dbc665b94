#include "server/live_clock.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace ets::server {
namespace {

constexpr double kTimesMax = 1e6;
constexpr SimTime kLongest = SimTime{3'600} * kMicrosPerSecond;  // Then it looks again.

SimTime MachineWall() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Result<ClockOptions, std::string> ParseClock(const std::string& text) {
  ClockOptions clock;
  if (text == "real") return clock;
  if (text == "manual") {
    clock.kind = ClockOptions::Kind::kManual;
    return clock;
  }
  constexpr std::string_view kScaled = "scaled:";
  if (text.starts_with(kScaled)) {
    const char* const begin = text.c_str() + kScaled.size();
    char* end = nullptr;
    clock.kind = ClockOptions::Kind::kScaled;
    clock.times = std::strtod(begin, &end);
    if (end != begin && *end == '\0' && clock.times > 0 && clock.times <= kTimesMax) return clock;
  }
  return Fail{text +
              ": allowed: real, manual, or scaled: and how many times as fast, as in scaled:3600 "
              "(above 0 to 1000000)"};
}

std::string ToString(const ClockOptions& clock) {
  switch (clock.kind) {
    case ClockOptions::Kind::kReal:
      return "real";
    case ClockOptions::Kind::kManual:
      return "manual";
    case ClockOptions::Kind::kScaled:
      break;
  }
  char text[32];
  std::snprintf(text, sizeof text, "scaled:%g", clock.times);
  return text;
}

LiveClock::LiveClock(const ClockOptions& options, SimTime now) : options_(options), begin_(now) {
  if (!options_.wall) options_.wall = MachineWall;
  wall_begin_ = Wall();
}

SimTime LiveClock::Wall() const { return options_.wall(); }

SimTime LiveClock::Now() const {
  switch (options_.kind) {
    case ClockOptions::Kind::kReal:
      return Wall();
    case ClockOptions::Kind::kManual:
      return begin_;
    case ClockOptions::Kind::kScaled:
      break;
  }
  const double passed = static_cast<double>(std::max<SimTime>(0, Wall() - wall_begin_));
  return begin_ + std::llround(passed * options_.times);
}

std::optional<std::chrono::microseconds> LiveClock::Until(SimTime due) const {
  if (options_.kind == ClockOptions::Kind::kManual) return std::nullopt;
  const SimTime now = Now();
  if (due <= now) return std::chrono::microseconds(0);
  const double factor = options_.kind == ClockOptions::Kind::kScaled ? options_.times : 1;
  const double wait = std::ceil(static_cast<double>(due - now) / factor);
  return std::chrono::microseconds(wait < static_cast<double>(kLongest) ? static_cast<SimTime>(wait)
                                                                        : kLongest);
}

}  // namespace ets::server
