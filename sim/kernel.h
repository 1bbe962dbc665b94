#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/journal.h"
#include "cbam/certificate_price.h"
#include "sim/population.h"
#include "sim/recorder.h"
#include "sim/scenario.h"

namespace ets::sim {

// What a run says of itself while it works, once a simulated day.
struct Progress {
  Date day;
  double share_done = 0;     // 0 to 1.
  std::uint64_t orders = 0;  // Orders and bids so far.
};

// What a run is made of besides its scenario. Journals may be null.
struct RunInputs {
  const Scenario* scenario = nullptr;
  Population population;
  std::vector<cbam::AuctionFact> european_facts;
  std::vector<std::string> european_auctioneers;  // One per fact.
  Journal* registry_journal = nullptr;
  Journal* market_journal = nullptr;
  Recorder* recorder = nullptr;
  // Called at the end of each simulated day; false stops the run there.
  std::function<bool(const Progress&)> progress;
};

struct RunResult {
  bool completed = false;  // False: stopped by `progress`.
  std::uint64_t event_hash =
      0;  // Of every fill, clearing, allocation and day close: equal for equal runs.
  std::uint64_t registry_hash = 0, market_hash = 0;
  std::uint64_t orders = 0, bids = 0, trades = 0, registry_commands = 0;
  std::uint64_t refused_orders = 0;  // By band, cash or units: part of life.
  std::uint64_t days = 0, trading_days = 0;
  std::uint64_t alarms =
      0;  // Failed settlements, reconciliation differences, refused duties: 0 always.
};

// A decade in seconds: one thread, no clock, no file. Firms produce, decide and trade through the
// real exchange; every trade settles in the real registry; the authority's duties are registry
// commands. The invariants of ARCHITECTURE.md are checked at the end of every simulated day.
RunResult Run(const RunInputs& inputs);

}  // namespace ets::sim
