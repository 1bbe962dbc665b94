// The verbs about what firms emitted, what they give up for it, and whether that was enough.

#include "base/quantity.h"
#include "clients/cli/csv_file.h"
#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"
#include "registry/registry.h"

namespace ets::cli {
namespace {

using ComplianceStub = pb::ComplianceService::Stub;
using Facts = std::vector<std::pair<std::string, Cell>>;
using Access = RegistryClient::Access;

constexpr int kYearMax = 9'999;

template <typename Response>
Facts NoFacts(const Response&) {
  return {};
}

std::string EmissionsName(RegistryClient& client, std::uint32_t firm, std::uint32_t year) {
  return client.Name("entities/" + std::to_string(firm) + "/emissions/" + std::to_string(year));
}

// ---- emissions ----

struct EmissionsArguments : VerbArguments {
  std::uint32_t firm = 0, year = 0, month = 0;
  std::optional<std::int64_t> report, verify, correct, estimate;
  bool withdraw = false;

  bool changes() const { return report || verify || correct || estimate || withdraw; }
};

MaybeFailure Versions(const EmissionsArguments& arguments, RegistryClient& client) {
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  pb::GetEmissionsRequest request;
  request.set_name(EmissionsName(client, arguments.firm, arguments.year));
  moment->Ask(request);
  const auto answer = client.Call(client.compliance(), &ComplianceStub::GetEmissions, request);
  if (!answer.ok()) return answer.error();
  Rows rows(arguments.output,
            {"entity", "year", "version", "emissions", "source", "withdrawn", "recorded"});
  for (const pb::EmissionsVersion& version : answer->emissions().versions()) {
    const auto source = static_cast<registry::EmissionsSource>(version.source());
    rows.Add({Number(arguments.firm), Number(arguments.year), Number(version.version()),
              Tonnage(version.emissions()), Text(std::string(ToString(source))),
              YesNo(version.withdrawn()), Text(ShowTime(version.record_time(), *zone))});
  }
  rows.End();
  return {};
}

MaybeFailure Correct(const EmissionsArguments& arguments, RegistryClient& client) {
  pb::CorrectEmissionsRequest request;
  request.set_name(EmissionsName(client, arguments.firm, arguments.year));
  request.set_withdrawn(arguments.withdraw);
  request.set_source(arguments.estimate ? pb::EMISSIONS_SOURCE_ESTIMATED
                                        : pb::EMISSIONS_SOURCE_CORRECTED);
  request.set_emissions(arguments.estimate.value_or(arguments.correct.value_or(0)));
  return Submit(arguments, client, client.compliance(), &ComplianceStub::CorrectEmissions, request,
                &NoFacts<pb::CorrectEmissionsResponse>);
}

MaybeFailure Emissions(const EmissionsArguments& arguments) {
  const auto connected = RegistryClient::Connect(
      arguments.target, arguments.changes() ? Access::kChange : Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  const std::string name = EmissionsName(client, arguments.firm, arguments.year);
  if (arguments.verify) {
    pb::RecordEmissionsRequest request;
    request.set_name(name);
    request.set_emissions(*arguments.verify);
    return Submit(arguments, client, client.compliance(), &ComplianceStub::RecordEmissions, request,
                  &NoFacts<pb::RecordEmissionsResponse>);
  }
  if (arguments.report && arguments.month != 0) {
    pb::DepositMonthlyDataRequest request;
    request.set_name(name);
    request.set_month(arguments.month);
    request.set_emissions(*arguments.report);
    return Submit(arguments, client, client.compliance(), &ComplianceStub::DepositMonthlyData,
                  request, &NoFacts<pb::DepositMonthlyDataResponse>);
  }
  if (arguments.report) {
    pb::ReportEmissionsRequest request;
    request.set_name(name);
    request.set_emissions(*arguments.report);
    return Submit(arguments, client, client.compliance(), &ComplianceStub::ReportEmissions, request,
                  &NoFacts<pb::ReportEmissionsResponse>);
  }
  return arguments.changes() ? Correct(arguments, client) : Versions(arguments, client);
}

// ---- surrender ----

struct SurrenderArguments : VerbArguments {
  std::string account, unit;
  std::uint32_t year = 0;
  std::int64_t amount = 0;
};

MaybeFailure Surrender(const SurrenderArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kChange);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (arguments.unit.empty()) {
    if (arguments.propose) return Failure{kBadInput, "--propose takes --unit, which units"};
    pb::SurrenderInOrderRequest request;
    request.set_parent(client.parent());
    request.set_account(client.Account(arguments.account));
    request.set_year(arguments.year);
    request.set_amount(arguments.amount);
    return Submit(
        arguments, client, client.compliance(), &ComplianceStub::SurrenderInOrder, request,
        +[](const pb::SurrenderInOrderResponse& answer) -> Facts {
          return {{"surrendered", Tonnage(answer.surrendered())},
                  {"transfers", Number(static_cast<std::uint64_t>(answer.transfers_size()))}};
        });
  }
  pb::SurrenderDraft draft;
  draft.set_account(client.Account(arguments.account));
  draft.set_unit(arguments.unit);
  draft.set_year(arguments.year);
  draft.set_amount(arguments.amount);
  if (arguments.propose) {
    pb::Proposal proposal;
    *proposal.mutable_surrender() = draft;
    return Propose(arguments, client, proposal);
  }
  pb::SurrenderRequest request;
  request.set_parent(client.parent());
  *request.mutable_draft() = draft;
  return Submit(
      arguments, client, client.compliance(), &ComplianceStub::Surrender, request,
      +[](const pb::SurrenderResponse& answer) -> Facts {
        return {{"transfer", Text(LastPart(answer.transfer()))}};
      });
}

// ---- compliance ----

struct ComplianceArguments : VerbArguments {
  std::string years, symbol, emissions;
  std::optional<std::uint32_t> firm;
  bool events = false, run = false, no_surrender = false, no_assess = false, assess = false;

  bool changes() const { return run || assess; }
};

// "2026" or "2025-2035".
std::optional<std::pair<std::uint32_t, std::uint32_t>> ParseYears(const std::string& text) {
  const std::size_t dash = text.find('-');
  const auto year = [](const std::string& part) -> std::uint32_t {
    const bool is_year = part.size() == 4 && part.find_first_not_of("0123456789") == part.npos;
    return is_year ? static_cast<std::uint32_t>(std::stoul(part)) : 0;
  };
  const std::uint32_t first = year(text.substr(0, dash));
  const std::uint32_t last = dash == text.npos ? first : year(text.substr(dash + 1));
  if (first == 0 || last < first) return {};
  return std::pair(first, last);
}

const char* NameOf(pb::YearSymbol symbol) {
  if (symbol == pb::YEAR_SYMBOL_COMPLIANT) return "compliant";
  return symbol == pb::YEAR_SYMBOL_SHORT ? "short" : "open";
}
std::string NameOf(pb::ComplianceSymbol symbol) {
  return std::string(ToString(static_cast<registry::Symbol>(symbol)));
}

// entities/17/complianceStatuses/2027
std::uint64_t EntityOf(const std::string& name) {
  const std::size_t end = name.rfind("/complianceStatuses/");
  return NumberAtEnd(name.substr(0, end));
}

void AddYear(Rows& rows, const pb::ComplianceStatus& status) {
  rows.Add({Number(EntityOf(status.name())), Number(NumberAtEnd(status.name())),
            status.has_verified_emissions() ? Tonnage(status.verified_emissions()) : Nothing(),
            Tonnage(status.surrendered()), Tonnage(status.surrendered_offsets()),
            Text(NameOf(status.year_symbol())), Tonnage(status.shortfall()),
            Tonnage(status.owed_units()), Signed(status.fine_minor())});
}

void AddStatus(Rows& rows, const pb::ComplianceStatus& status, Zone zone) {
  const pb::ComplianceEvent& now = status.dynamic();
  rows.Add({Number(EntityOf(status.name())), Tonnage(now.figure()), Text(NameOf(now.symbol())),
            YesNo(now.corrected()), Number(now.last_year()), Text(ShowTime(now.time(), zone)),
            Tonnage(status.official().figure()), Text(NameOf(status.official().symbol()))});
}

// Each firm's statuses of one year to `take`.
MaybeFailure ForEachStatus(const ComplianceArguments& arguments, RegistryClient& client,
                           const Moment& moment, std::uint32_t year,
                           const std::function<void(const pb::ComplianceStatus&)>& take) {
  if (arguments.firm) {
    pb::GetComplianceStatusRequest request;
    request.set_name(client.Name("entities/" + std::to_string(*arguments.firm) +
                                 "/complianceStatuses/" + std::to_string(year)));
    moment.Ask(request);
    const auto answer =
        client.Call(client.compliance(), &ComplianceStub::GetComplianceStatus, request);
    if (!answer.ok()) return answer.error();
    take(answer->compliance_status());
    return {};
  }
  pb::ListComplianceStatusesRequest request;
  request.set_parent(client.parent());
  request.set_year(year);
  for (std::uint8_t symbol = 1; symbol <= 5; ++symbol) {
    if (arguments.symbol == ToString(static_cast<registry::Symbol>(symbol))) {
      request.set_symbol(static_cast<pb::ComplianceSymbol>(symbol));
    }
  }
  moment.Ask(request);
  return client.ForEachPage(client.compliance(), &ComplianceStub::ListComplianceStatuses, request,
                            [&](const auto& page) {
                              for (const auto& status : page.compliance_statuses()) take(status);
                              return true;
                            });
}

MaybeFailure ListEvents(const ComplianceArguments& arguments, RegistryClient& client,
                        const Moment& moment, Zone zone) {
  if (!arguments.firm) return Failure{kBadInput, "--events takes the --firm whose they are"};
  pb::ListComplianceEventsRequest request;
  request.set_parent(client.Name("entities/" + std::to_string(*arguments.firm)));
  moment.Ask(request);
  Rows rows(arguments.output, {"entity", "time", "figure", "symbol", "corrected", "last_year"});
  const auto failure = client.ForEachPage(
      client.compliance(), &ComplianceStub::ListComplianceEvents, request, [&](const auto& page) {
        for (const pb::ComplianceEvent& event : page.compliance_events()) {
          rows.Add({Number(*arguments.firm), Text(ShowTime(event.time(), zone)),
                    Tonnage(event.figure()), Text(NameOf(event.symbol())), YesNo(event.corrected()),
                    Number(event.last_year())});
        }
        return true;
      });
  rows.End();
  return failure;
}

MaybeFailure ListStatuses(const ComplianceArguments& arguments, RegistryClient& client) {
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  if (arguments.events) return ListEvents(arguments, client, *moment, *zone);
  if (arguments.years.empty()) {
    pb::GetRegistryRequest request;
    request.set_parent(client.parent());
    const auto about = client.Call(client.admin(), &pb::AdminService::Stub::GetRegistry, request);
    if (!about.ok()) return about.error();
    const int year = ToLocal(TimeOf(about->sim_time()), *zone).date.year();
    Rows rows(arguments.output, {"entity", "figure", "symbol", "corrected", "last_year", "since",
                                 "official_figure", "official_symbol"});
    const auto failure = ForEachStatus(arguments, client, *moment, static_cast<std::uint32_t>(year),
                                       [&](const auto& status) { AddStatus(rows, status, *zone); });
    rows.End();
    return failure;
  }
  const auto years = ParseYears(arguments.years);
  Rows rows(arguments.output, {"entity", "year", "verified", "surrendered", "offsets", "symbol",
                               "shortfall", "owed_units", "fine"});
  MaybeFailure failure;
  for (std::uint32_t year = years->first; year <= years->second && !failure; ++year) {
    failure = ForEachStatus(arguments, client, *moment, year,
                            [&](const auto& status) { AddYear(rows, status); });
  }
  rows.End();
  return failure;
}

MaybeFailure RunYear(const ComplianceArguments& arguments, RegistryClient& client,
                     std::uint32_t year) {
  pb::RunComplianceRequest request;
  request.set_parent(client.parent());
  request.set_year(year);
  request.set_surrender(!arguments.no_surrender);
  request.set_assess(!arguments.no_assess);
  if (!arguments.emissions.empty()) {
    const auto file = CsvFile::Read(arguments.emissions, {"entity", "emissions"}, {});
    if (!file.ok()) return Failure{kBadInput, file.error()};
    std::map<std::int64_t, std::int64_t> by_entity;
    for (const CsvFile::Row& row : file->rows()) {
      const auto entity = row.Number("entity", 0, ~std::uint32_t{0});
      const auto emissions = row.Number("emissions", 0, kAmountMax);
      if (!entity.ok()) return Failure{kBadInput, entity.error()};
      if (!emissions.ok()) return Failure{kBadInput, emissions.error()};
      if (!by_entity.emplace(*entity, *emissions).second) {
        return Failure{kBadInput,
                       row.place() + ": entity " + std::to_string(*entity) + " is there twice"};
      }
    }
    for (const auto& [entity, emissions] : by_entity) {
      request.add_entities(static_cast<std::uint32_t>(entity));
      request.add_emissions(emissions);
    }
  }
  return Submit(
      arguments, client, client.compliance(), &ComplianceStub::RunCompliance, request,
      +[](const pb::RunComplianceResponse& answer) -> Facts {
        return {{"firms", Number(answer.entities())},
                {"shortfall", Tonnage(answer.shortfall())},
                {"transfers", Number(answer.transfers())}};
      });
}

MaybeFailure Compliance(const ComplianceArguments& arguments) {
  const auto connected = RegistryClient::Connect(
      arguments.target, arguments.changes() ? Access::kChange : Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (!arguments.changes()) return ListStatuses(arguments, client);
  const auto years = ParseYears(arguments.years);
  if (!years || years->first != years->second) {
    return Failure{kBadInput, "--run and --assess take one --year"};
  }
  if (arguments.run) return RunYear(arguments, client, years->first);
  if (!arguments.firm) return Failure{kBadInput, "--assess takes a --firm"};
  pb::AssessComplianceRequest request;
  request.set_name(client.Name("entities/" + std::to_string(*arguments.firm) +
                               "/complianceStatuses/" + std::to_string(years->first)));
  return Submit(
      arguments, client, client.compliance(), &ComplianceStub::AssessCompliance, request,
      +[](const pb::AssessComplianceResponse& answer) -> Facts {
        return {{"shortfall", Tonnage(answer.shortfall())}};
      });
}

// ---- The command line ----

void AddEmissions(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<EmissionsArguments>();
  CLI::App* const verb =
      AddVerb(parent, "emissions", "What a firm emitted in a year, every version", arguments,
              exit_code, &Emissions);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--firm", arguments->firm, "Whose")->required()->type_name("N");
  verb->add_option("--year", arguments->year, "Of which year")
      ->required()
      ->check(CLI::Range(1, kYearMax));
  CLI::Option_group* const what = verb->add_option_group("what to record, in tonnes of CO2e");
  const auto add = [&](const char* name, std::optional<std::int64_t>& tonnes, const char* words) {
    what->add_option(name, tonnes, words)
        ->check(CLI::Range(std::int64_t{0}, kAmountMax))
        ->type_name("T");
  };
  add("--report", arguments->report, "The firm's own report, before it is verified");
  add("--verify", arguments->verify, "The verified figure: the firm's obligation, once");
  add("--correct", arguments->correct, "Another version, by the authority");
  add("--estimate", arguments->estimate, "The authority's estimate, where nothing was reported");
  what->add_flag("--withdraw", arguments->withdraw, "As if none had been recorded");
  what->require_option(0, 1);
  verb->add_option("--month", arguments->month, "--report is a month's data, kept and not counted")
      ->check(CLI::Range(1, 12));
  verb->footer(
      "Lists the versions when nothing is recorded; the last one counts.\n\n"
      "  capclear registry emissions --data runs/china-transition-1 --firm 12 --year 2026\n"
      "  capclear registry emissions --data reg --firm 12 --year 2026 --verify 104200");
}

void AddSurrender(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<SurrenderArguments>();
  CLI::App* const verb = AddVerb(parent, "surrender", "Give units up for an emission year",
                                 arguments, exit_code, &Surrender);
  AddTarget(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--account", arguments->account, "Out of which account")
      ->required()
      ->type_name("N");
  verb->add_option("--year", arguments->year, "For which emission year")
      ->required()
      ->check(CLI::Range(1, kYearMax));
  verb->add_option("--amount", arguments->amount, "How many tonnes")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, kAmountMax))
      ->type_name("T");
  verb->add_option("--unit", arguments->unit,
                   "Which units, as in CEA26; without it whatever counts, in the profile's "
                   "retirement order")
      ->check(UnitCheck());
  AddPropose(*verb, *arguments);
  verb->footer(
      "Which vintages count for which year, and how many offsets, is the profile's.\n\n"
      "  capclear registry surrender --data reg --account 12 --year 2026 --amount 104200");
}

void AddCompliance(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ComplianceArguments>();
  CLI::App* const verb =
      AddVerb(parent, "compliance", "How firms stand: what they owe, what they gave, their symbol",
              arguments, exit_code, &Compliance);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--year", arguments->years,
                   "Each firm's emission year, or years (2025-2035); without it each firm's status")
      ->check(CLI::Validator(
          [](std::string& text) {
            return ParseYears(text) ? "" : "'" + text + "' is no year; write 2026 or 2025-2035";
          },
          "YEAR"));
  verb->add_option("--firm", arguments->firm, "Only this firm")->type_name("N");
  verb->add_option("--symbol", arguments->symbol, "Only firms with this symbol now")
      ->check(CLI::IsMember({"A", "B", "C", "N/A", "EXCLUDED"}));
  verb->add_flag("--events", arguments->events, "How a firm's status changed, oldest first");
  CLI::Option* const run = verb->add_flag(
      "--run", arguments->run,
      "Close a year for the whole scheme in one record: emissions, surrender, assessment");
  verb->add_option("--emissions", arguments->emissions,
                   "--run: verified emissions, csv with the columns entity, emissions")
      ->type_name("FILE")
      ->needs(run);
  verb->add_flag("--no-surrender", arguments->no_surrender, "--run: surrender nothing")->needs(run);
  verb->add_flag("--no-assess", arguments->no_assess, "--run: do not close the year")->needs(run);
  verb->add_flag("--assess", arguments->assess, "Close a year for one firm")->excludes(run);
  verb->footer(
      "Symbols as in Reg. (EU) 2019/1122: A surrendered enough, B less, C a year without verified\n"
      "emissions. official_ is the status as the profile froze it on its day of the year.\n\n"
      "  capclear registry compliance --data runs/china-transition-1 --symbol B\n"
      "  capclear registry compliance --data runs/china-transition-1 --year 2025-2035 --output "
      "csv\n"
      "  capclear registry compliance --data reg --year 2026 --run --emissions verified.csv");
}

}  // namespace

void AddComplianceVerbs(CLI::App& parent, int& exit_code) {
  AddEmissions(parent, exit_code);
  AddSurrender(parent, exit_code);
  AddCompliance(parent, exit_code);
}

}  // namespace ets::cli
