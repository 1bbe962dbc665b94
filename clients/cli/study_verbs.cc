#include "clients/cli/study_verbs.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "clients/cli/run_verb.h"
#include "report/html_report.h"
#include "report/run_database.h"
#include "server/scenario_files.h"
#include "sim/equilibrium.h"

namespace ets::cli {
namespace {

struct Flags {
  std::string scenario = "scenarios/china-transition.toml";
  std::string out;
  std::string folder;
  std::vector<std::string> sets;
  bool csv = false;
  double discount = 0;
  double bank_mt = 150;
};

bool Load(const Flags& flags, server::LoadedScenario& loaded) {
  loaded = server::LoadScenario(flags.scenario, flags.sets);
  for (const sim::Problem& problem : loaded.problems)
    std::fprintf(stderr, "%s\n", sim::ToString(problem).c_str());
  return loaded.problems.empty();
}

int WritePopulation(const Flags& flags) {
  server::LoadedScenario loaded;
  if (!Load(flags, loaded)) return kBadInput;
  const std::string csv = sim::PopulationCsv(loaded.scenario, loaded.population);
  if (flags.out.empty() || flags.out == "-") {
    std::fwrite(csv.data(), 1, csv.size(), stdout);
    return kDone;
  }
  std::ofstream file(flags.out, std::ios::binary);
  file << csv;
  file.close();
  if (!file) {
    std::fprintf(
        stderr, "--out %s: cannot be written; allowed: a writable file, or - for standard output\n",
        flags.out.c_str());
    return kBadInput;
  }
  std::printf("%zu firms in %s\n", loaded.population.firms.size(), flags.out.c_str());
  return kDone;
}

int ShowEquilibrium(const Flags& flags) {
  server::LoadedScenario loaded;
  if (!Load(flags, loaded)) return kBadInput;
  const sim::EquilibriumSolver solver(loaded.scenario, loaded.population);
  sim::EquilibriumQuestion question;
  question.first_year = loaded.scenario.first_day.year();
  question.bank_t = flags.bank_mt * 1e6;
  question.discount = flags.discount > 0 ? flags.discount : loaded.scenario.discount_mean;
  const sim::EquilibriumPath path = solver.Solve(question);
  std::printf("%4s  %10s  %8s  %12s", "year", "price CNY", "bank Mt", "emissions Mt");
  for (const sim::Sector& sector : loaded.scenario.sectors)
    std::printf("  %14s", sector.name.c_str());
  std::printf("\n");
  for (std::size_t i = 0; i < path.price.size(); ++i) {
    std::printf("%4d  %10.2f  %8.1f  %12.1f", path.first_year + static_cast<int>(i), path.price[i],
                path.bank_t[i] / 1e6, path.emissions_t[i] / 1e6);
    for (const double net : path.sector_net_t[i]) std::printf("  %14.2f", net / 1e6);
    std::printf("\n");
  }
  std::printf(
      "Columns by sector: free + sold - emissions, Mt. Bank at the start %.1f Mt, discount "
      "%.1f%%.\n",
      flags.bank_mt, question.discount * 100);
  return kDone;
}

int WriteReport(const Flags& flags) {
  const std::filesystem::path folder = flags.folder;
  const std::string sqlite = (folder / "run.sqlite").string();
  if (!std::filesystem::exists(sqlite)) {
    std::fprintf(stderr, "%s: holds no run.sqlite; allowed: a run folder\n", flags.folder.c_str());
    return kBadInput;
  }
  if (std::filesystem::exists(folder / "INCOMPLETE")) {
    std::fprintf(stderr,
                 "%s: its run did not finish (a file INCOMPLETE is in it), so its numbers are no "
                 "result; allowed: the folder of a finished run\n",
                 flags.folder.c_str());
    return kBadInput;
  }
  std::string error = report::WriteHtmlReport(sqlite, (folder / "report.html").string());
  if (error.empty() && flags.csv) error = report::WriteCsv(sqlite, (folder / "csv").string());
  if (!error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return kFailed;
  }
  std::printf("report: %s\n", (folder / "report.html").c_str());
  return kDone;
}

}  // namespace

void AddStudyVerbs(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<Flags>();
  const auto with_scenario = [&flags](CLI::App* verb) {
    verb->add_option("scenario", flags->scenario, "Scenario file (TOML)")->capture_default_str();
    verb->add_option("--set", flags->sets, "Change one key: --set key=value")
        ->take_all()
        ->allow_extra_args(false);
  };

  CLI::App* population = app.add_subcommand(
      "population",
      "Write the firms of a scenario as CSV; edit it and use it with firms = \"my.csv\"");
  with_scenario(population);
  population->add_option("--out", flags->out, "File to write; - or nothing: standard output");
  population->callback([flags, &exit_code] { exit_code = WritePopulation(*flags); });

  CLI::App* equilibrium = app.add_subcommand(
      "equilibrium",
      "Solve the frictionless benchmark of a scenario: price, bank and emissions by year");
  with_scenario(equilibrium);
  equilibrium->add_option("--discount", flags->discount,
                          "Discount rate a year (default: the scenario's mean)");
  equilibrium->add_option("--bank", flags->bank_mt, "Units in private hands at the start, Mt")
      ->capture_default_str();
  equilibrium->callback([flags, &exit_code] { exit_code = ShowEquilibrium(*flags); });

  CLI::App* scenario =
      app.add_subcommand("scenario", "Check a scenario file, or list every key one may hold");
  scenario->require_subcommand(1);
  CLI::App* check = scenario->add_subcommand(
      "check",
      "Read a scenario and say all that is wrong with it; prints it with every default filled in");
  with_scenario(check);
  check->callback([flags, &exit_code] {
    server::LoadedScenario loaded;
    exit_code = Load(*flags, loaded) ? kDone : kBadInput;
    if (exit_code == kDone) std::fputs(loaded.resolved.c_str(), stdout);
  });
  scenario->add_subcommand("keys", "Print the reference of keys (docs/scenario.md)")
      ->callback([&exit_code] {
        std::fputs(sim::ScenarioReference().c_str(), stdout);
        exit_code = kDone;
      });

  CLI::App* report =
      app.add_subcommand("report", "Write a run's report.html anew from its run.sqlite");
  report->add_option("folder", flags->folder, "Run folder")->required();
  report->add_flag("--csv", flags->csv, "Also every table as CSV into <folder>/csv");
  report->callback([flags, &exit_code] { exit_code = WriteReport(*flags); });
}

}  // namespace ets::cli
