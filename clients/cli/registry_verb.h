#pragma once

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/registry_client.h"
#include "clients/cli/rows.h"
#include "registry/profile.h"

// What the verbs under `registry` share: where the registry is, how to print, which state to read,
// how to send a change.
namespace ets::cli {

struct VerbArguments {
  Target target;
  std::string output = "table";
  std::string as_of;       // Verbs that read.
  std::string request_id;  // Verbs that change something.
  bool validate_only = false;
  bool propose = false;  // Verbs of what a second person may have to agree to.
};

// Adds --data, --server and what goes with it, and --output.
void AddTarget(CLI::App& verb, VerbArguments& arguments);
void AddAsOf(CLI::App& verb, VerbArguments& arguments);
void AddRequest(CLI::App& verb, VerbArguments& arguments);
void AddPropose(CLI::App& verb, VerbArguments& arguments);
// At most one of these options at a time.
void AtMostOne(CLI::App& verb, std::initializer_list<const char*> names);

std::string CheckUnit(std::string& text);
std::string CheckDate(std::string& text);
CLI::Validator UnitCheck();
CLI::Validator TimeCheck();

// The number at the end of "accounts/12" or "entities/7"; 0 when there is none.
std::uint64_t NumberAtEnd(const std::string& name);
// The last part of a name: "CEA25" of "accounts/12/holdings/CEA25".
std::string LastPart(const std::string& name);
// The unit in an answer; one of a later version counts as an allowance.
Unit UnitOf(const std::string& text);

// A shipped profile by its name, or a file of its keys.
Result<registry::Profile, Failure> ReadProfile(const std::string& option, const std::string& name);

// Makes a verb whose arguments live as long as its callback.
template <typename Arguments>
CLI::App* AddVerb(CLI::App& parent, const std::string& name, const std::string& description,
                  const std::shared_ptr<Arguments>& arguments, int& exit_code,
                  MaybeFailure (*run)(const Arguments&)) {
  CLI::App* const verb = parent.add_subcommand(name, description);
  verb->callback([arguments, &exit_code, run] {
    const MaybeFailure failure = run(*arguments);
    exit_code = failure ? failure->exit_code : 0;
    if (failure) std::cerr << failure->message << "\n";
  });
  return verb;
}

// Sends a change and prints what its journal record says, `extra` behind it. Prints the request's
// id first when the outcome may be unknown, so that the same can be sent again.
template <typename Stub, typename Request, typename Response>
MaybeFailure Submit(const VerbArguments& arguments, RegistryClient& client, Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    Request request,
                    std::vector<std::pair<std::string, Cell>> (*extra)(const Response&)) {
  const std::string id = arguments.request_id.empty() ? NewRequestId() : arguments.request_id;
  request.set_request_id(id);
  request.set_validate_only(arguments.validate_only);
  const auto answer = client.Call(stub, method, request);
  if (!answer.ok()) {
    Failure failure = answer.error();
    if (failure.message.starts_with("UNAVAILABLE") ||
        failure.message.starts_with("DEADLINE_EXCEEDED")) {
      failure.message += "\nwhat came of it is not known; send the same again with --request-id " +
                         id + ": it is applied once";
    }
    return failure;
  }
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  std::vector<std::pair<std::string, Cell>> facts = {
      {"outcome", Text(arguments.validate_only ? "would be applied" : "applied")},
      {"sequence", Number(answer->sequence())},
      {"sim_time", Text(ShowTime(answer->sim_time(), *zone))},
      {"chain_head", Text(answer->chain_head())},
      {"request_id", Text(id)}};
  if (!arguments.validate_only) {
    for (auto& fact : extra(*answer)) facts.push_back(std::move(fact));
  }
  PrintFacts(arguments.output, facts);
  return {};
}

// Sends a proposal, which becomes a task.
MaybeFailure Propose(const VerbArguments& arguments, RegistryClient& client,
                     const pb::Proposal& proposal);

// Each family of verbs has a file of its own.
void AddReadVerbs(CLI::App& parent, int& exit_code);        // accounts, balance, transfers, serials
void AddMoveVerbs(CLI::App& parent, int& exit_code);        // transfer, freeze, tasks
void AddComplianceVerbs(CLI::App& parent, int& exit_code);  // emissions, surrender, compliance
void AddAllocationVerbs(CLI::App& parent, int& exit_code);  // allocate
void AddFirmVerbs(CLI::App& parent, int& exit_code);        // firms
void AddSetUpVerbs(CLI::App& parent, int& exit_code);       // account, unit, clock
void AddJournalVerbs(CLI::App& parent, int& exit_code);     // verify, replay, export, backup, ...
void AddBranchVerbs(CLI::App& parent, int& exit_code);      // fork, diff, profiles

}  // namespace ets::cli
