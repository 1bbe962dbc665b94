#include "clients/cli/ensemble_verb.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cbam/auction_report.h"
#include "clients/cli/run_verb.h"
#include "server/compose.h"
#include "server/scenario_files.h"
#include "study/ensemble.h"

namespace ets::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIncomplete = "INCOMPLETE";

// A scenario's seed goes to 9e15; so must the last one of an ensemble.
constexpr int kSeedsMax = 100'000;
constexpr std::uint64_t kFirstSeedMax = 9'000'000'000'000'000 - kSeedsMax;

std::atomic<bool> interrupted{false};

void OnInterrupt(int) { interrupted = true; }

struct EnsembleFlags {
  std::vector<std::string> scenarios;
  std::vector<std::string> sets;
  std::string out;
  int seeds = 20;
  std::uint64_t first_seed = 1;
  int threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 256U));
  bool force = false;
};

// One line that renews itself on a terminal; one log line a finished run elsewhere.
class EnsembleProgressLine {
 public:
  EnsembleProgressLine()
      : terminal_(isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {}

  void Show(const study::EnsembleProgress& progress) {
    const bool run_ended = progress.runs_done != runs_done_;
    runs_done_ = progress.runs_done;
    if (!terminal_) {
      if (run_ended)
        spdlog::info("{} of {} runs, {:.0f} s", progress.runs_done, progress.runs, Seconds());
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!run_ended && now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    const double left =
        progress.share_done > 0 ? Seconds() * (1 - progress.share_done) / progress.share_done : 0;
    std::fprintf(stderr, "\r%zu of %zu runs  %3.0f%%  %5.0f s left \x1b[K", progress.runs_done,
                 progress.runs, std::floor(progress.share_done * 100 + 1e-6), left);
    shown_ = true;
  }

  void End() {
    if (shown_) std::fprintf(stderr, "\n");
    shown_ = false;
  }

  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  std::size_t runs_done() const { return runs_done_; }

 private:
  bool terminal_;
  bool shown_ = false;
  std::size_t runs_done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

struct LoadedEnsemble {
  std::vector<study::Variant> variants;
  std::vector<std::string> resolved;  // One per variant.
  std::vector<std::string> problems;  // All of them; empty when every scenario is good.
};

LoadedEnsemble Load(const EnsembleFlags& flags) {
  LoadedEnsemble loaded;
  for (const std::string& change : flags.sets) {
    const std::string_view key = std::string_view(change).substr(0, change.find('='));
    if (key == "seed")
      loaded.problems.push_back("--set " + change +
                                ": every run has its own seed; allowed: --first-seed and --seeds");
  }
  for (const std::string& path : flags.scenarios) {
    server::LoadedScenario scenario = server::LoadScenario(path, flags.sets);
    for (const sim::Problem& problem : scenario.problems) {
      const std::string said = sim::ToString(problem);
      // A wrong --set is wrong for every scenario; it is said once.
      if (std::find(loaded.problems.begin(), loaded.problems.end(), said) == loaded.problems.end())
        loaded.problems.push_back(said);
    }
    if (!scenario.problems.empty()) continue;
    study::Variant variant;
    variant.scenario = std::move(scenario.scenario);
    variant.population = std::move(scenario.population);
    const std::string& facts_csv = variant.scenario.europe.facts_csv;
    auto facts = cbam::ParseAuctionCsv(facts_csv);
    if (!facts.ok()) {
      loaded.problems.push_back(path + ": the European auctions: " + facts.error());
      continue;
    }
    variant.european_facts = std::move(facts.value());
    variant.european_auctioneers = server::AuctioneersOf(facts_csv);
    for (const study::Variant& other : loaded.variants) {
      if (other.scenario.name != variant.scenario.name) continue;
      loaded.problems.push_back(path + ": is called " + variant.scenario.name +
                                " like another scenario given; allowed: names that differ");
    }
    loaded.variants.push_back(std::move(variant));
    loaded.resolved.push_back(std::move(scenario.resolved));
  }
  return loaded;
}

bool WriteText(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  return static_cast<bool>(out);
}

// Makes the folder with INCOMPLETE in it. Empty on success, else what is wrong.
std::string PrepareFolder(const std::string& folder, bool force) {
  std::error_code code;
  if (fs::exists(folder, code)) {
    if (!fs::is_directory(folder, code))
      return "--out " + folder + ": is a file; allowed: a folder that does not exist yet";
    if (!fs::is_empty(folder, code)) {
      if (!force)
        return "--out " + folder +
               ": exists; allowed: a new folder, or --force to replace an ensemble";
      if (!fs::exists(fs::path(folder) / "ensemble.csv", code)) {
        return "--out " + folder +
               ": holds something that is not an ensemble; allowed with --force: a folder with "
               "ensemble.csv";
      }
      fs::remove_all(folder, code);
      if (code) return "--out " + folder + ": cannot be replaced: " + code.message();
    }
  }
  fs::create_directories(folder, code);
  if (code) return "--out " + folder + ": cannot be made: " + code.message();
  if (!WriteText(fs::path(folder) / kIncomplete,
                 "This ensemble did not finish. Its files are not a result.\n") ||
      !WriteText(fs::path(folder) / "ensemble.csv", "")) {
    return "--out " + folder + ": cannot be written to";
  }
  return {};
}

// Empty on success, else what is wrong; INCOMPLETE goes last.
std::string WriteFolder(const std::string& folder, const LoadedEnsemble& loaded,
                        const std::vector<study::CellResult>& results,
                        const std::vector<study::SummaryRow>& summary) {
  std::vector<std::pair<std::string, std::string>> files = {
      {"ensemble.csv", study::EnsembleCsv(loaded.variants, results)},
      {"summary.csv", study::SummaryCsv(loaded.variants, summary)},
      {"runs.csv", study::RunsCsv(loaded.variants, results)}};
  for (std::size_t i = 0; i < loaded.variants.size(); ++i)
    files.emplace_back(loaded.variants[i].scenario.name + ".toml", loaded.resolved[i]);
  for (const auto& [name, text] : files) {
    if (!WriteText(fs::path(folder) / name, text)) return name + " cannot be written";
  }
  std::error_code code;
  fs::remove(fs::path(folder) / kIncomplete, code);
  return code ? "INCOMPLETE cannot be removed: " + code.message() : std::string();
}

std::string Shown(bool known, double number, int width, int decimals) {
  char text[64];
  if (known) {
    std::snprintf(text, sizeof text, "%*.*f", width, decimals, number);
  } else {
    std::snprintf(text, sizeof text, "%*s", width, "-");
  }
  return text;
}

// Year by year, the scenarios of a year below one another.
void PrintTable(const std::vector<study::Variant>& variants,
                const std::vector<study::SummaryRow>& summary) {
  // Rows of one variant and year stand together, in the order of kFigures.
  std::vector<const study::SummaryRow*> lines;
  for (std::size_t i = 0; i < summary.size(); i += study::kFigures.size())
    lines.push_back(&summary[i]);
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto* a, const auto* b) { return a->year < b->year; });
  std::size_t label = 0;
  if (variants.size() > 1) {
    for (const study::Variant& variant : variants)
      label = std::max(label, variant.scenario.name.size() + 2);
  }
  const int width = static_cast<int>(label);
  std::printf("\n%4s%*s  %8s  %8s  %8s  %11s  %10s  %9s  %12s\n", "", width, "", "price", "price",
              "price", "equilibrium", "emissions", "auction", "shortfall");
  std::printf("%4s%*s  %8s  %8s  %8s  %11s  %10s  %9s  %12s\n", "", width, "", "5%", "median",
              "95%", "median", "median", "median", "median");
  std::printf("%4s%*s  %8s  %8s  %8s  %11s  %10s  %9s  %12s\n", "year", -width,
              width > 0 ? "  scenario" : "", "CNY/t", "CNY/t", "CNY/t", "CNY/t", "Mt CO2e", "CNY/t",
              "t");
  for (const study::SummaryRow* price : lines) {
    const study::SummaryRow &equilibrium = price[1], &emissions = price[2], &auction = price[3],
                            &shortfall = price[4];
    const std::string name = width > 0 ? "  " + variants[price->variant].scenario.name : "";
    std::printf("%4d%*s  %s  %s  %s  %s  %s  %s  %s\n", price->year, -width, name.c_str(),
                Shown(price->runs > 0, price->p05, 8, 2).c_str(),
                Shown(price->runs > 0, price->median, 8, 2).c_str(),
                Shown(price->runs > 0, price->p95, 8, 2).c_str(),
                Shown(equilibrium.runs > 0, equilibrium.median, 11, 2).c_str(),
                Shown(emissions.runs > 0, emissions.median, 10, 1).c_str(),
                Shown(auction.runs > 0, auction.median, 9, 2).c_str(),
                Shown(shortfall.runs > 0, shortfall.median, 12, 0).c_str());
  }
}

int RunEnsembleVerb(const EnsembleFlags& flags) {
  const LoadedEnsemble loaded = Load(flags);
  if (!loaded.problems.empty()) {
    for (const std::string& problem : loaded.problems)
      std::fprintf(stderr, "%s\n", problem.c_str());
    return kBadInput;
  }
  if (!flags.out.empty()) {
    if (const std::string error = PrepareFolder(flags.out, flags.force); !error.empty()) {
      std::fprintf(stderr, "%s\n", error.c_str());
      return kBadInput;
    }
  }
  const auto fail = [&](const std::string& what) {
    std::fprintf(stderr, "%s%s\n", what.c_str(),
                 flags.out.empty()
                     ? ""
                     : ("; " + flags.out + " is left with a file INCOMPLETE in it").c_str());
    return kFailed;
  };
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  EnsembleProgressLine line;
  const std::vector<study::Cell> design =
      study::CrossDesign(loaded.variants.size(), flags.first_seed, flags.seeds);
  std::vector<study::CellResult> results;
  try {
    results = study::RunEnsemble(loaded.variants, design, flags.threads,
                                 [&line](const study::EnsembleProgress& progress) {
                                   line.Show(progress);
                                   return !interrupted.load();
                                 });
  } catch (const std::exception& exception) {
    line.End();
    return fail(exception.what());
  }
  line.End();
  for (const study::CellResult& result : results) {
    if (!result.run.completed) {
      return fail("stopped after " + std::to_string(line.runs_done()) + " of " +
                  std::to_string(design.size()) + " runs");
    }
    if (result.run.alarms != 0) {
      return fail(loaded.variants[result.cell.variant].scenario.name + ", seed " +
                  std::to_string(result.cell.seed) + ": " + std::to_string(result.run.alarms) +
                  " alarms: a duty was refused, a settlement failed or a ledger does not add up");
    }
  }
  const std::vector<study::SummaryRow> summary = study::Summarise(results);
  if (!flags.out.empty()) {
    if (const std::string error = WriteFolder(flags.out, loaded, results, summary); !error.empty())
      return fail(error);
  }
  PrintTable(loaded.variants, summary);
  std::printf("\n%zu runs, seeds %llu to %llu; price: the year's mean headline price; %.1f s\n",
              design.size(), static_cast<unsigned long long>(flags.first_seed),
              static_cast<unsigned long long>(design.back().seed), line.Seconds());
  if (!flags.out.empty())
    std::printf("files: %s/ensemble.csv, summary.csv, runs.csv\n", flags.out.c_str());
  return kDone;
}

}  // namespace

void AddEnsembleVerb(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<EnsembleFlags>();
  CLI::App* ensemble = app.add_subcommand(
      "ensemble", "Run scenarios with many seeds and show how far each year's figures spread");
  ensemble
      ->add_option("scenarios", flags->scenarios,
                   "Scenario files (TOML), one or several to compare; all meet the same seeds")
      ->required();
  ensemble->add_option("--seeds", flags->seeds, "Runs of each scenario, each with its own seed")
      ->capture_default_str()
      ->check(CLI::Range(1, kSeedsMax));
  ensemble->add_option("--first-seed", flags->first_seed, "The first seed; the others follow it")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{0}, kFirstSeedMax));
  ensemble
      ->add_option("--threads", flags->threads,
                   "Runs at a time; changes the time it takes, never the result")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  ensemble
      ->add_option("--set", flags->sets,
                   "Change one key in every scenario: --set key=value, as often as needed")
      ->take_all()
      ->allow_extra_args(false);
  ensemble->add_option("--out", flags->out,
                       "Folder to write; without it the table is printed and nothing is written");
  ensemble->add_flag("--force", flags->force,
                     "Replace the folder given with --out if it holds an ensemble");
  ensemble->footer(
      "Firms are drawn anew with each seed, unless the scenario reads them from a file.\n"
      "The folder gets ensemble.csv (a line per run and year), summary.csv (5%, median, 95% and "
      "mean by\n"
      "year and figure), runs.csv (each run's event hash) and every scenario with its defaults "
      "filled in.\n"
      "`capclear run` with the same scenario, --set and --seed is one of these runs in full, with "
      "its report.\n"
      "Exit codes: 0 done, 1 failed or stopped while running (the folder keeps a file INCOMPLETE), "
      "2 bad input.");
  ensemble->callback([flags, &exit_code] { exit_code = RunEnsembleVerb(*flags); });
}

}  // namespace ets::cli
