#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/date.h"
#include "base/result.h"

namespace ets::server {

// Where a live registry's simulated time comes from.
struct ClockOptions {
  enum class Kind : std::uint8_t {
    kReal,    // The machine's wall clock.
    kScaled,  // `times` as fast, from where the journal stands; it rests while the server is down.
    kManual,  // Stands still until AdvanceTime moves it. For tests and conformance.
  };
  Kind kind = Kind::kReal;
  double times = 1;
  SimTime start = 0;  // Of a registry that is made, unless kReal.
  // The wall clock, in microseconds since 1970; empty: the machine's.
  std::function<SimTime()> wall;
};

// Reads "real", "manual", "scaled:60"; or what is allowed.
Result<ClockOptions, std::string> ParseClock(const std::string& text);
std::string ToString(const ClockOptions& clock);

// Simulated time beside wall time. Thread-safe.
class LiveClock {
 public:
  // Goes on from `now`, the time of the journal's last record.
  LiveClock(const ClockOptions& options, SimTime now);

  SimTime Wall() const;
  // May lie behind the journal's time; whoever stamps a record takes the later.
  SimTime Now() const;
  // How long until simulated time reaches `due`; never for a manual clock.
  std::optional<std::chrono::microseconds> Until(SimTime due) const;

  const ClockOptions& options() const { return options_; }

 private:
  ClockOptions options_;
  SimTime begin_ = 0;
  SimTime wall_begin_ = 0;
};

}  // namespace ets::server
