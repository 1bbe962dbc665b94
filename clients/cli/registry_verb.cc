#include "clients/cli/registry_verb.h"

#include <algorithm>
#include <cctype>

#include "base/date.h"
#include "base/unit.h"

namespace ets::cli {
namespace {

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

void AddTarget(CLI::App& verb, VerbArguments& arguments) {
  Target& target = arguments.target;
  CLI::Option_group* const place = verb.add_option_group("where the registry is");
  CLI::Option* const data =
      place->add_option("--data", target.data, "A run's folder, or the registry/ folder in it")
          ->type_name("DIR");
  CLI::Option* const server =
      place->add_option("--server", target.server, "A server that capclear serve runs")
          ->type_name("HOST:PORT")
          ->excludes(data);
  place->require_option(1);
  const auto add = [&](const char* name, std::string& value, const char* words, const char* type) {
    verb.add_option(name, value, words)->type_name(type)->needs(server);
  };
  verb.add_option("--token", target.token,
                  "Who asks: a bearer token; others can see it in the list of processes")
      ->type_name("TEXT")
      ->envname("CAPCLEAR_TOKEN");
  verb.add_option("--token-file", target.token_file, "The token, from a file; goes before --token")
      ->type_name("FILE");
  verb.add_flag("--tls", target.tls, "Speak TLS, trusting the machine's authorities")
      ->needs(server);
  add("--tls-ca", target.tls_ca, "Speak TLS, trusting the authorities in this file", "FILE");
  add("--tls-cert", target.tls_certificate, "Show this client certificate", "FILE");
  add("--tls-key", target.tls_key, "With this key", "FILE");
  add("--tls-name", target.tls_name, "The name in the server's certificate, when it is not HOST",
      "NAME");
  verb.add_option("--branch", target.branch, "A branch of the registry; main without it")
      ->type_name("NAME");
  verb.add_option("--timeout", target.timeout_s, "Seconds that one call may take")
      ->check(CLI::Range(0.001, 86'400.0))
      ->type_name("S")
      ->capture_default_str();
  verb.add_option(
          "--output", arguments.output,
          "How to print: a table to read; json or csv, where amounts are whole tonnes or minor "
          "units (fen, cent)")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

void AddAsOf(CLI::App& verb, VerbArguments& arguments) {
  verb.add_option("--as-of", arguments.as_of,
                  "The state after this journal record (4711), at the end of this simulated day "
                  "(2027-01-31) or at this simulated time (2027-01-31T10:00 on the registry's "
                  "clock, with a Z behind it UTC); otherwise the last one")
      ->check(CLI::Validator(
          [](std::string& text) {
            return IsMoment(text) ? ""
                                  : "'" + text +
                                        "' is no state; write a record's number, 2027-01-31 or "
                                        "2027-01-31T10:00";
          },
          "SEQ|DATE|TIME"));
}

void AddRequest(CLI::App& verb, VerbArguments& arguments) {
  verb.add_option("--request-id", arguments.request_id,
                  "The request's UUID, to send one again whose outcome is not known: it is applied "
                  "once and answered as before; otherwise a new one")
      ->type_name("UUID");
  verb.add_flag("--validate-only", arguments.validate_only,
                "Check everything, change nothing: exit code 0 when it would be applied");
}

void AddPropose(CLI::App& verb, VerbArguments& arguments) {
  verb.add_flag("--propose", arguments.propose,
                "Propose it: reserved now, carried out when a second person has agreed and the "
                "profile's delay has passed (tasks)");
}

void AtMostOne(CLI::App& verb, std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    for (const char* const other : names) {
      if (name != other) verb.get_option(name)->excludes(verb.get_option(other));
    }
  }
}

MaybeFailure Propose(const VerbArguments& arguments, RegistryClient& client,
                     const pb::Proposal& proposal) {
  pb::ProposeTaskRequest request;
  request.set_parent(client.parent());
  *request.mutable_proposal() = proposal;
  return Submit(
      arguments, client, client.transfers(), &pb::TransferService::Stub::ProposeTask, request,
      +[](const pb::ProposeTaskResponse& answer) -> std::vector<std::pair<std::string, Cell>> {
        return {{"task", Number(NumberAtEnd(answer.task()))},
                {"completed", YesNo(answer.completed())}};
      });
}

std::string CheckDate(std::string& text) {
  return Date::Parse(text) ? "" : "'" + text + "' is no date; write it as 2027-01-31";
}

std::string CheckUnit(std::string& text) {
  return ParseUnit(text) ? ""
                         : "'" + text +
                               "' is no unit; CEA, AVI, RET, CCU or CBAM and two digits of its "
                               "year, as in CEA26, or "
                               "CEA19-20, CCER, CNY, EUR";
}

CLI::Validator UnitCheck() { return {CheckUnit, "UNIT"}; }

CLI::Validator TimeCheck() {
  return {[](std::string& text) {
            return IsMoment(text) && !IsNumber(text)
                       ? ""
                       : "'" + text + "' is no time; write 2027-01-31 or 2027-01-31T10:00";
          },
          "TIME"};
}

std::string LastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::uint64_t NumberAtEnd(const std::string& name) {
  const std::string last = LastPart(name);
  return IsNumber(last) && last.size() <= 18 ? std::stoull(last) : 0;
}

Unit UnitOf(const std::string& text) { return ParseUnit(text).value_or(Unit::Allowance(0)); }

}  // namespace ets::cli
