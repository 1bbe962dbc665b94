#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/scenario_files.h"
#include "sim/kernel.h"

namespace ets::server {

// What `capclear run` was asked for.
struct RunOptions {
  std::string folder;  // Empty: runs/<scenario>-<seed>, next free suffix.
  bool force = false;  // Replace an existing run folder.
  bool csv = false;    // Also every table as CSV.
  std::function<bool(const sim::Progress&)> progress;
};

// What the stability rules did in a year, for the summary; only where one of them is switched on.
struct StabilityYear {
  int year = 0;
  double circulation_mt = 0;  // Published in the year, of the year before; see `branch`.
  std::string branch;         // Empty: no figure was published.
  double taken_mt = 0;        // Off the auctions: withheld and set aside.
  double offered_mt = 0;      // Out of the stock into auctions, what came back left out.
  double cancelled_mt = 0;
  double held_mt = 0;  // In the stock at the year's end.
  double above_caps_mt = 0;
  int triggers = 0;  // Readings of price rules that were triggered.
};

struct YearSummary {
  int year = 0;
  double mean_price_cny = 0;  // Of the headline price.
  double equilibrium_cny = 0;
  double traded_mt = 0;  // Listed and block.
  double auctioned_mt = 0;
  double auction_cny = 0;  // Volume-weighted; 0 without auctions.
  double revenue_bn_cny = 0;
  double emissions_mt = 0;  // Verified; 0 while not known.
  double bank_mt = 0;       // Private bank at the year's end.
  double certificate_eur = 0;
};

enum class RunStatus : std::uint8_t { kDone, kStopped, kFailed, kBadInput };

struct RunOutcome {
  RunStatus status = RunStatus::kFailed;
  std::string folder;
  std::string error;  // Unless kDone: what happened, for people.
  sim::RunResult result;
  std::vector<YearSummary> years;
  std::vector<StabilityYear> stability;  // Empty: every rule is off.
  double seconds = 0;                    // Simulation only.
  double seconds_total = 0;
};

// The one place where a run's world is put together: which journals, which recorder, which folder.
// Creates the folder with a file INCOMPLETE in it first, runs, writes scenario.toml, run.sqlite,
// report.html, run.json and the two journals, and removes INCOMPLETE last. Whatever fails leaves
// INCOMPLETE and says why.
RunOutcome RunToFolder(const LoadedScenario& loaded, const RunOptions& options);

// The second column of the auction facts ("date,auctioneer,price,volume"), line by line.
std::vector<std::string> AuctioneersOf(const std::string& csv);

}  // namespace ets::server
