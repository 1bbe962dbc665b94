#include "server/compose.h"

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cbam/auction_report.h"
#include "report/html_report.h"
#include "report/run_database.h"
#include "server/summary.h"
#include "server/version.h"
#include "store/journal_store.h"

namespace ets::server {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIncomplete = "INCOMPLETE";

std::string Hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool WriteText(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  return static_cast<bool>(out);
}

bool LooksLikeRun(const fs::path& folder) {
  return fs::exists(folder / "run.json") || fs::exists(folder / kIncomplete) ||
         fs::is_empty(folder);
}

// Makes the folder with INCOMPLETE in it. Empty on success, else what is wrong.
std::string PrepareFolder(const LoadedScenario& loaded, const RunOptions& options,
                          std::string& folder) {
  std::error_code code;
  folder = options.folder;
  if (folder.empty()) {
    const std::string stem =
        "runs/" + loaded.scenario.name + "-" + std::to_string(loaded.scenario.seed);
    folder = stem;
    for (int suffix = 2; fs::exists(folder, code); ++suffix)
      folder = stem + "-" + std::to_string(suffix);
  } else if (fs::exists(folder, code)) {
    if (!fs::is_directory(folder, code))
      return "--out " + folder + ": is a file; allowed: a folder that does not exist yet";
    if (!fs::is_empty(folder, code) && !options.force) {
      return "--out " + folder + ": exists; allowed: a new folder, or --force to replace a run";
    }
    if (!LooksLikeRun(folder)) {
      return "--out " + folder +
             ": holds something that is not a run; allowed with --force: a folder with run.json or "
             "INCOMPLETE";
    }
    fs::remove_all(folder, code);
    if (code) return "--out " + folder + ": cannot be replaced: " + code.message();
  }
  fs::create_directories(folder, code);
  if (code) return "--out " + folder + ": cannot be made: " + code.message();
  if (!WriteText(fs::path(folder) / kIncomplete,
                 "This run did not finish. Its files are not a result.\n")) {
    return "--out " + folder + ": cannot be written to";
  }
  return {};
}

std::string RunJson(const LoadedScenario& loaded, const RunOutcome& outcome,
                    const store::JournalStore& registry, const store::JournalStore& exchange) {
  nlohmann::ordered_json json;
  json["scenario"] = loaded.scenario.name;
  json["seed"] = loaded.scenario.seed;
  json["version"] = kVersion;
  json["first_day"] = ToString(loaded.scenario.first_day);
  json["last_day"] = ToString(loaded.scenario.last_day);
  json["firms"] = loaded.population.firms.size();
  json["event_hash"] = Hex(outcome.result.event_hash);
  json["registry_chain_hash"] = registry.chain_head();
  json["exchange_chain_hash"] = exchange.chain_head();
  json["registry_records"] = registry.last_sequence();
  json["exchange_records"] = exchange.last_sequence();
  json["orders"] = outcome.result.orders;
  json["bids"] = outcome.result.bids;
  json["trades"] = outcome.result.trades;
  json["days"] = outcome.result.days;
  json["trading_days"] = outcome.result.trading_days;
  json["alarms"] = outcome.result.alarms;
  json["timings"] = {{"simulation_seconds", outcome.seconds},
                     {"total_seconds", outcome.seconds_total}};
  return json.dump(2) + "\n";
}

}  // namespace

RunOutcome RunToFolder(const LoadedScenario& loaded, const RunOptions& options) {
  RunOutcome outcome;
  const auto start = std::chrono::steady_clock::now();
  try {
    if (outcome.error = PrepareFolder(loaded, options, outcome.folder); !outcome.error.empty()) {
      outcome.status = RunStatus::kBadInput;
      return outcome;
    }
    const fs::path folder = outcome.folder;
    const auto fail = [&](const std::string& what) {
      outcome.error = what + "; " + outcome.folder + " is left with a file INCOMPLETE in it";
      return outcome;
    };
    if (!WriteText(folder / "scenario.toml", loaded.resolved))
      return fail("scenario.toml cannot be written");
    auto registry =
        store::JournalStore::Create((folder / "registry").string(), store::Durability::kAtClose);
    if (!registry.ok()) return fail(registry.error().message);
    auto exchange =
        store::JournalStore::Create((folder / "exchange").string(), store::Durability::kAtClose);
    if (!exchange.ok()) return fail(exchange.error().message);
    report::RunDatabase database;
    if (!database.Create((folder / "run.sqlite").string())) return fail(database.error());
    Summary summary(database);

    sim::RunInputs inputs;
    inputs.scenario = &loaded.scenario;
    inputs.population = loaded.population;
    auto facts = cbam::ParseAuctionCsv(loaded.scenario.europe.facts_csv);
    if (!facts.ok()) return fail("the European auctions: " + facts.error());
    inputs.european_facts = *facts;
    inputs.european_auctioneers = AuctioneersOf(loaded.scenario.europe.facts_csv);
    inputs.registry_journal = registry.value().get();
    inputs.market_journal = exchange.value().get();
    inputs.recorder = &summary;
    // A disk that fails stops the run at the end of the day, not at its end.
    inputs.progress = [&](const sim::Progress& progress) {
      if (!registry.value()->ok() || !exchange.value()->ok() || !database.ok()) return false;
      return !options.progress || options.progress(progress);
    };
    outcome.result = sim::Run(inputs);
    outcome.seconds = SecondsSince(start);
    outcome.years = summary.Years();
    const sim::Stability& rules = loaded.scenario.stability;
    if (rules.any()) outcome.stability = summary.Stability();

    for (const auto& [store, name] :
         {std::pair(registry.value().get(), "registry"), {exchange.value().get(), "exchange"}}) {
      if (const std::string error = store->Close(); !error.empty())
        return fail(std::string(name) + " journal: " + error);
    }
    database.Record("event_hash", Hex(outcome.result.event_hash));
    database.Record("version", kVersion);
    if (!database.Close()) return fail("run.sqlite: " + database.error());
    if (!outcome.result.completed) {
      fail("stopped before the end");
      outcome.status = RunStatus::kStopped;
      return outcome;
    }
    if (outcome.result.alarms != 0) {
      return fail(std::to_string(outcome.result.alarms) +
                  " alarms: a duty was refused, a settlement failed or a ledger does not add up");
    }
    const std::string sqlite = (folder / "run.sqlite").string();
    if (const std::string error =
            report::WriteHtmlReport(sqlite, (folder / "report.html").string());
        !error.empty()) {
      return fail("report.html: " + error);
    }
    if (options.csv) {
      if (const std::string error = report::WriteCsv(sqlite, (folder / "csv").string());
          !error.empty())
        return fail(error);
    }
    outcome.seconds_total = SecondsSince(start);
    if (!WriteText(folder / "run.json",
                   RunJson(loaded, outcome, *registry.value(), *exchange.value()))) {
      return fail("run.json cannot be written");
    }
    fs::remove(folder / kIncomplete);
    outcome.status = RunStatus::kDone;
  } catch (const std::exception& exception) {
    outcome.status = RunStatus::kFailed;
    outcome.error = std::string(exception.what()) + "; " + outcome.folder +
                    " is left with a file INCOMPLETE in it";
  }
  return outcome;
}

std::vector<std::string> AuctioneersOf(const std::string& csv) {
  std::vector<std::string> names;
  std::size_t line = csv.find('\n');
  while (line != csv.npos && line + 1 < csv.size()) {
    const std::size_t end = csv.find('\n', line + 1);
    const std::string row = csv.substr(line + 1, end == csv.npos ? csv.npos : end - line - 1);
    const std::size_t first = row.find(',');
    const std::size_t second = row.find(',', first + 1);
    if (first != row.npos && second != row.npos)
      names.push_back(row.substr(first + 1, second - first - 1));
    line = end;
  }
  return names;
}

}  // namespace ets::server
