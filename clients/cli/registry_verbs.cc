#include "clients/cli/registry_verbs.h"

#include <CLI/CLI.hpp>

#include "clients/cli/registry_verb.h"

namespace ets::cli {

void AddRegistryVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const parent = app.add_subcommand(
      "registry", "A registry, in a folder or behind a server: who holds, moves and owes what");
  parent->require_subcommand(1);
  parent->footer(
      "--data takes a run's folder or a registry's, --server a running server. What is changed in "
      "a\n"
      "folder is on the disk before the verb ends. Exit codes: 0 done, 1 refused, failed or not "
      "whole,\n"
      "2 bad input.");
  AddReadVerbs(*parent, exit_code);
  AddMoveVerbs(*parent, exit_code);
  AddComplianceVerbs(*parent, exit_code);
  AddAllocationVerbs(*parent, exit_code);
  AddFirmVerbs(*parent, exit_code);
  AddSetUpVerbs(*parent, exit_code);
  AddJournalVerbs(*parent, exit_code);
  AddBranchVerbs(*parent, exit_code);
}

}  // namespace ets::cli
