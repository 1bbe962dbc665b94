#include "clients/cli/run_verb.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "server/compose.h"

namespace ets::cli {
namespace {

constexpr std::uint64_t kSeedMax = 9'000'000'000'000'000;  // As in a scenario file.

std::atomic<bool> interrupted{false};

void OnInterrupt(int) { interrupted = true; }

// One line that renews itself on a terminal; one log line a simulated year elsewhere.
class ProgressLine {
 public:
  ProgressLine()
      : terminal_(isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {}

  void Show(const sim::Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const double rate = elapsed > 0 ? static_cast<double>(progress.orders) / elapsed : 0;
    if (!terminal_) {
      if (progress.day.month() == 12 && progress.day.day() == 31) {
        spdlog::info("{} simulated, {:.0f}%, {:.0f} orders/s", ToString(progress.day),
                     progress.share_done * 100, rate);
      }
      return;
    }
    if (now - last_ < std::chrono::milliseconds(100) && progress.share_done < 1) return;
    last_ = now;
    std::fprintf(stderr, "\r%s  %3.0f%%  %9.0f orders/s", ToString(progress.day).c_str(),
                 progress.share_done * 100, rate);
    // The first days are too few to tell the rest by.
    if (elapsed > 0.3 && progress.share_done > 0) {
      std::fprintf(stderr, "  %4.0f s left",
                   elapsed * (1 - progress.share_done) / progress.share_done);
    }
    std::fprintf(stderr, " \x1b[K");
    shown_ = true;
  }

  void End() {
    if (shown_) std::fprintf(stderr, "\n");
    shown_ = false;
  }

 private:
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

std::string Cell(double number, int width, int decimals) {
  char text[32];
  if (number == 0) {
    std::snprintf(text, sizeof text, "%*s", width, "-");
  } else {
    std::snprintf(text, sizeof text, "%*.*f", width, decimals, number);
  }
  return text;
}

// What the stability rules did; nothing where they are off.
void PrintStability(const server::RunOutcome& outcome) {
  if (outcome.stability.empty()) return;
  std::printf("\nstability\n%4s  %11s  %8s  %9s  %9s  %9s  %9s  %10s  %8s\n", "", "circulation", "",
              "withheld", "offered", "cancelled", "stock", "above caps", "triggers");
  std::printf("%4s  %11s  %8s  %9s  %9s  %9s  %9s  %10s  %8s\n", "year", "Mt", "branch", "Mt", "Mt",
              "Mt", "Mt", "Mt", "");
  for (const server::StabilityYear& year : outcome.stability) {
    std::printf("%4d  %s  %8s  %s  %s  %s  %s  %s  %s\n", year.year,
                Cell(year.circulation_mt, 11, 1).c_str(),
                year.branch.empty() ? "-" : year.branch.c_str(), Cell(year.taken_mt, 9, 2).c_str(),
                Cell(year.offered_mt, 9, 2).c_str(), Cell(year.cancelled_mt, 9, 2).c_str(),
                Cell(year.held_mt, 9, 2).c_str(), Cell(year.above_caps_mt, 10, 2).c_str(),
                Cell(year.triggers, 8, 0).c_str());
  }
}

void PrintSummary(const server::RunOutcome& outcome) {
  std::printf("\n%4s  %9s  %11s  %8s  %10s  %9s  %9s  %9s  %6s  %11s\n", "", "price", "equilibrium",
              "traded", "emissions", "bank", "auctioned", "auction", "sales", "certificate");
  std::printf("%4s  %9s  %11s  %8s  %10s  %9s  %9s  %9s  %6s  %11s\n", "year", "CNY/t", "CNY/t",
              "Mt", "Mt CO2e", "Mt", "Mt", "CNY/t", "CNYbn", "EUR/t");
  for (const server::YearSummary& year : outcome.years) {
    std::printf("%4d  %s  %s  %s  %s  %s  %s  %s  %s  %s\n", year.year,
                Cell(year.mean_price_cny, 9, 2).c_str(), Cell(year.equilibrium_cny, 11, 2).c_str(),
                Cell(year.traded_mt, 8, 1).c_str(), Cell(year.emissions_mt, 10, 1).c_str(),
                Cell(year.bank_mt, 9, 1).c_str(), Cell(year.auctioned_mt, 9, 1).c_str(),
                Cell(year.auction_cny, 9, 2).c_str(), Cell(year.revenue_bn_cny, 6, 1).c_str(),
                Cell(year.certificate_eur, 11, 2).c_str());
  }
  PrintStability(outcome);
  std::printf("\n%llu orders and bids, %llu trades, every one settled in the registry; %.1f s\n",
              static_cast<unsigned long long>(outcome.result.orders + outcome.result.bids),
              static_cast<unsigned long long>(outcome.result.trades), outcome.seconds_total);
  std::printf("report: %s/report.html\n", outcome.folder.c_str());
}

struct RunFlags {
  std::string scenario;
  std::string out;
  std::string seed;
  std::vector<std::string> sets;
  bool force = false;
  bool csv = false;
};

bool IsSeed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seed);
  return error == std::errc{} && stop == end && seed <= kSeedMax;
}

int RunScenario(const RunFlags& flags) {
  std::vector<std::string> overrides = flags.sets;
  const bool good_seed = flags.seed.empty() || IsSeed(flags.seed);
  if (!flags.seed.empty() && good_seed) overrides.push_back("seed=" + flags.seed);
  const server::LoadedScenario loaded = server::LoadScenario(flags.scenario, overrides);
  if (!good_seed) {
    std::fprintf(stderr, "--seed %s: is no seed; allowed: a whole number from 0 to %llu\n",
                 flags.seed.c_str(), static_cast<unsigned long long>(kSeedMax));
  }
  if (!good_seed || !loaded.problems.empty()) {
    for (const sim::Problem& problem : loaded.problems)
      std::fprintf(stderr, "%s\n", sim::ToString(problem).c_str());
    return kBadInput;
  }
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  ProgressLine line;
  server::RunOptions options;
  options.folder = flags.out;
  options.force = flags.force;
  options.csv = flags.csv;
  options.progress = [&line](const sim::Progress& progress) {
    line.Show(progress);
    return !interrupted.load();
  };
  const server::RunOutcome outcome = server::RunToFolder(loaded, options);
  line.End();
  switch (outcome.status) {
    case server::RunStatus::kDone:
      PrintSummary(outcome);
      return kDone;
    case server::RunStatus::kBadInput:
      std::fprintf(stderr, "%s\n", outcome.error.c_str());
      return kBadInput;
    case server::RunStatus::kStopped:
    case server::RunStatus::kFailed:
      std::fprintf(stderr, "%s\n", outcome.error.c_str());
      return kFailed;
  }
  return kFailed;
}

}  // namespace

void AddRunVerb(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* run = app.add_subcommand(
      "run", "Run a scenario and write its folder: report.html, run.sqlite, run.json, journals");
  run->add_option("scenario", flags->scenario,
                  "Scenario file (TOML); docs/scenario.md lists every key")
      ->required();
  run->add_option("--out", flags->out,
                  "Folder to write (default: runs/<scenario>-<seed>, next free suffix)");
  run->add_option("--seed", flags->seed,
                  "Seed of all chance, a whole number; equal seeds give equal runs");
  run->add_option("--set", flags->sets, "Change one key: --set key=value, as often as needed")
      ->take_all()
      ->allow_extra_args(false);
  run->add_flag("--force", flags->force, "Replace the folder given with --out if it holds a run");
  run->add_flag("--csv", flags->csv, "Also write every table as CSV into <folder>/csv");
  run->footer(
      "Exit codes: 0 done, 1 failed or stopped while running (the folder keeps a file INCOMPLETE), "
      "2 bad input.");
  run->callback([flags, &exit_code] { exit_code = RunScenario(*flags); });
}

}  // namespace ets::cli
