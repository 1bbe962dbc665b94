#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "clients/cli/auction_verbs.h"
#include "clients/cli/cbam_verbs.h"
#include "clients/cli/ensemble_verb.h"
#include "clients/cli/market_verbs.h"
#include "clients/cli/match_verbs.h"
#include "clients/cli/policy_verbs.h"
#include "clients/cli/registry_verbs.h"
#include "clients/cli/run_verb.h"
#include "clients/cli/serve_verb.h"
#include "clients/cli/study_verbs.h"
#include "server/version.h"

int main(int argc, char** argv) {
  int exit_code = 0;
  // Results go to standard output, what is said on the way to standard error.
  spdlog::set_default_logger(spdlog::stderr_logger_st("capclear"));
  CLI::App app(
      "CapClear: an emissions trading system that you can run.\n"
      "It answers with numbers what happens to prices, costs and compliance when a scheme moves "
      "from free,\n"
      "intensity-based allocation to absolute caps and paid permits.");
  app.name("capclear");
  app.set_version_flag("--version", std::string("capclear ") + ets::server::kVersion);
  app.require_subcommand(1);
  app.footer(
      "capclear VERB --help explains a verb. Exit codes: 0 done, 1 failed while running, 2 bad "
      "input.");
  ets::cli::AddRunVerb(app, exit_code);
  ets::cli::AddEnsembleVerb(app, exit_code);
  ets::cli::AddStudyVerbs(app, exit_code);
  ets::cli::AddAuctionVerbs(app, exit_code);
  ets::cli::AddCbamVerbs(app, exit_code);
  ets::cli::AddPolicyVerbs(app, exit_code);
  ets::cli::AddMatchVerbs(app, exit_code);
  ets::cli::AddMarketVerbs(app, exit_code);
  ets::cli::AddRegistryVerbs(app, exit_code);
  ets::cli::AddServeVerb(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    // The verbs that were understood, one in the other, and the first word behind them.
    const CLI::App* innermost = &app;
    int words = 1;
    for (; words < argc; ++words) {
      const auto inner = innermost->get_subcommands();
      if (inner.empty() || inner.front()->get_name() != argv[words]) break;
      innermost = inner.front();
    }
    const auto verbs = innermost->get_subcommands([](const CLI::App*) { return true; });
    if (!verbs.empty() && words < argc && argv[words][0] != '-') {
      std::string names;
      for (const CLI::App* verb : verbs) names += (names.empty() ? "" : ", ") + verb->get_name();
      std::fprintf(stderr, "'%s' is no verb; allowed: %s\n", argv[words], names.c_str());
      return ets::cli::kBadInput;
    }
    app.exit(error);
    return ets::cli::kBadInput;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : ets::cli::kBadInput;
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "capclear: %s\n", exception.what());
    return ets::cli::kFailed;
  }
  return exit_code;
}
