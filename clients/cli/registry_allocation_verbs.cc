// The verb about free units: what firms are entitled to, what they got, what they gave back.

#include "base/quantity.h"
#include "clients/cli/csv_file.h"
#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"

namespace ets::cli {
namespace {

using AllocationStub = pb::AllocationService::Stub;
using Facts = std::vector<std::pair<std::string, Cell>>;
using Access = RegistryClient::Access;

constexpr int kYearMax = 9'999;
constexpr int kTableMax = 255;

struct AllocateArguments : VerbArguments {
  std::optional<std::uint32_t> firm;
  std::uint32_t year = 0, table = 1;
  std::string from, to, unit, plan;
  std::optional<std::int64_t> entitle;
  std::int64_t amount = 0;
  bool withheld = false, run = false, give_back = false;

  bool changes() const { return entitle || !plan.empty() || run || give_back || amount != 0; }
};

// entities/17/allocationPlans/2027-1
struct PlanName {
  std::uint64_t entity = 0, year = 0, table = 0;
};
PlanName ParsePlan(const std::string& name) {
  const std::string last = LastPart(name);
  const std::size_t dash = last.find('-');
  return {NumberAtEnd(name.substr(0, name.rfind("/allocationPlans/"))),
          NumberAtEnd(last.substr(0, dash)), NumberAtEnd(last.substr(dash + 1))};
}

MaybeFailure ListEntitlements(const AllocateArguments& arguments, RegistryClient& client) {
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  pb::ListEntitlementsRequest request;
  request.set_parent(arguments.firm ? client.Name("entities/" + std::to_string(*arguments.firm))
                                    : client.parent());
  request.set_year(arguments.year);
  moment->Ask(request);
  Rows rows(arguments.output, {"entity", "year", "table", "version", "entitled", "allocated",
                               "returned", "reversed", "withheld"});
  const auto failure = client.ForEachPage(
      client.allocation(), &AllocationStub::ListEntitlements, request, [&](const auto& page) {
        for (const pb::Entitlement& of : page.entitlements()) {
          const PlanName name = ParsePlan(of.name());
          rows.Add({Number(name.entity), Number(name.year), Number(name.table),
                    Number(of.version()), Tonnage(of.amount()), Tonnage(of.allocated()),
                    Tonnage(of.returned()), Tonnage(of.reversed()), YesNo(of.withheld())});
        }
        return true;
      });
  rows.End();
  return failure;
}

Result<pb::BatchSetEntitlementsRequest, Failure> ReadPlan(const std::string& path) {
  const auto file = CsvFile::Read(path, {"entity", "year", "amount"}, {"table", "withheld"});
  if (!file.ok()) return Fail{Failure{kBadInput, file.error()}};
  pb::BatchSetEntitlementsRequest request;
  for (const CsvFile::Row& row : file->rows()) {
    const auto entity = row.Number("entity", 0, ~std::uint32_t{0});
    const auto year = row.Number("year", 1, kYearMax);
    const auto table = row.Number("table", 0, kTableMax);
    const auto amount = row.Number("amount", 0, kAmountMax);
    for (const auto* const number : {&entity, &year, &table, &amount}) {
      if (!number->ok()) return Fail{Failure{kBadInput, number->error()}};
    }
    pb::EntitlementDraft& draft = *request.add_drafts();
    draft.set_entity(static_cast<std::uint32_t>(*entity));
    draft.set_year(static_cast<std::uint32_t>(*year));
    draft.set_table(*table == 0 ? 1 : static_cast<std::uint32_t>(*table));
    draft.set_amount(*amount);
    draft.set_withheld(row.Text("withheld") == "yes");
  }
  return request;
}

MaybeFailure SetPlan(const AllocateArguments& arguments, RegistryClient& client) {
  auto request = ReadPlan(arguments.plan);
  if (!request.ok()) return request.error();
  request.value().set_parent(client.parent());
  return Submit(
      arguments, client, client.allocation(), &AllocationStub::BatchSetEntitlements, *request,
      +[](const pb::BatchSetEntitlementsResponse& answer) -> Facts {
        Facts facts = {{"entitlements", Number(answer.applied())},
                       {"refused", Number(static_cast<std::uint64_t>(answer.failures_size()))}};
        for (const pb::EntitlementFailure& failure : answer.failures()) {
          facts.emplace_back("item_" + std::to_string(failure.index() + 1), Text(failure.reason()));
        }
        return facts;
      });
}

MaybeFailure SetOne(const AllocateArguments& arguments, RegistryClient& client) {
  if (!arguments.firm || arguments.year == 0) {
    return Failure{kBadInput, "--entitle takes --firm and --year"};
  }
  pb::SetEntitlementRequest request;
  request.set_parent(client.parent());
  pb::EntitlementDraft& draft = *request.mutable_draft();
  draft.set_entity(*arguments.firm);
  draft.set_year(arguments.year);
  draft.set_table(arguments.table);
  draft.set_amount(*arguments.entitle);
  draft.set_withheld(arguments.withheld);
  return Submit(
      arguments, client, client.allocation(), &AllocationStub::SetEntitlement, request,
      +[](const pb::SetEntitlementResponse&) -> Facts { return {}; });
}

MaybeFailure RunTable(const AllocateArguments& arguments, RegistryClient& client) {
  if (arguments.year == 0 || arguments.from.empty() || arguments.unit.empty()) {
    return Failure{kBadInput, "--run takes --year, --from and --unit"};
  }
  pb::RunAllocationRequest request;
  request.set_parent(client.parent());
  pb::AllocationRunDraft& draft = *request.mutable_draft();
  draft.set_year(arguments.year);
  draft.set_table(arguments.table);
  draft.set_source(client.Account(arguments.from));
  draft.set_unit(arguments.unit);
  return Submit(
      arguments, client, client.allocation(), &AllocationStub::RunAllocation, request,
      +[](const pb::RunAllocationResponse& answer) -> Facts {
        return {{"firms", Number(answer.firms())},
                {"allocated", Tonnage(answer.allocated())},
                {"transfers", Number(answer.transfers())}};
      });
}

MaybeFailure MoveFreeUnits(const AllocateArguments& arguments, RegistryClient& client) {
  if (arguments.year == 0 || arguments.from.empty() || arguments.to.empty() ||
      arguments.unit.empty() || arguments.amount == 0) {
    return Failure{
        kBadInput,
        "free units take --from, --to, --unit, --year and --amount; a table takes --run"};
  }
  if (arguments.give_back) {
    pb::ReturnExcessRequest request;
    request.set_parent(client.parent());
    pb::ReturnDraft& draft = *request.mutable_draft();
    draft.set_account(client.Account(arguments.from));
    draft.set_target(client.Account(arguments.to));
    draft.set_unit(arguments.unit);
    draft.set_year(arguments.year);
    draft.set_table(arguments.table);
    draft.set_amount(arguments.amount);
    return Submit(
        arguments, client, client.allocation(), &AllocationStub::ReturnExcess, request,
        +[](const pb::ReturnExcessResponse& answer) -> Facts {
          return {{"transfer", Text(LastPart(answer.transfer()))}};
        });
  }
  pb::AllocateRequest request;
  request.set_parent(client.parent());
  pb::AllocateDraft& draft = *request.mutable_draft();
  draft.set_source(client.Account(arguments.from));
  draft.set_account(client.Account(arguments.to));
  draft.set_unit(arguments.unit);
  draft.set_year(arguments.year);
  draft.set_amount(arguments.amount);
  return Submit(
      arguments, client, client.allocation(), &AllocationStub::Allocate, request,
      +[](const pb::AllocateResponse& answer) -> Facts {
        return {{"transfer", Text(LastPart(answer.transfer()))}};
      });
}

MaybeFailure Allocate(const AllocateArguments& arguments) {
  const auto connected = RegistryClient::Connect(
      arguments.target, arguments.changes() ? Access::kChange : Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (!arguments.plan.empty()) return SetPlan(arguments, client);
  if (arguments.entitle) return SetOne(arguments, client);
  if (arguments.run) return RunTable(arguments, client);
  return arguments.changes() ? MoveFreeUnits(arguments, client)
                             : ListEntitlements(arguments, client);
}

}  // namespace

void AddAllocationVerbs(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<AllocateArguments>();
  CLI::App* const verb =
      AddVerb(parent, "allocate", "Free units: who is entitled to how many, and has got them",
              arguments, exit_code, &Allocate);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--firm", arguments->firm, "Only this firm, or the one entitled")
      ->type_name("N");
  verb->add_option("--year", arguments->year, "Of this year")->check(CLI::Range(1, kYearMax));
  verb->add_option("--table", arguments->table,
                   "The legal basis: 1 free allocation, 2 new entrants, 3 and up the scheme's own")
      ->check(CLI::Range(1, kTableMax))
      ->capture_default_str();
  verb->add_option("--entitle", arguments->entitle, "Entitle --firm to so many tonnes")
      ->check(CLI::Range(std::int64_t{0}, kAmountMax))
      ->type_name("T");
  verb->add_flag("--withheld", arguments->withheld,
                 "--entitle: nothing is paid until it is lifted");
  verb->add_option("--plan", arguments->plan,
                   "Entitle many: csv with the columns entity, year, amount and, if wanted, table, "
                   "withheld (yes)")
      ->type_name("FILE");
  CLI::Option* const run =
      verb->add_flag("--run", arguments->run, "Pay every firm what its entitlement still lacks");
  verb->add_option("--from", arguments->from,
                   "Out of this allocation or reserve account; --return: the firm's")
      ->type_name("N");
  verb->add_option("--to", arguments->to, "Into this account")->type_name("N");
  verb->add_option("--unit", arguments->unit, "Of these units, as in CEA26")->check(UnitCheck());
  verb->add_option("--amount", arguments->amount, "Allocate so many to one account, by no table")
      ->check(CLI::Range(std::int64_t{1}, kAmountMax))
      ->type_name("T")
      ->excludes(run);
  verb->add_flag("--return", arguments->give_back, "Give back what was got above the entitlement");
  AtMostOne(*verb, {"--entitle", "--plan", "--run", "--amount"});
  verb->footer(
      "Lists entitlements when nothing is to be done. --run leaves out what is withheld, excluded "
      "or\n"
      "closed and, where the profile says so, firms whose symbol is not A.\n\n"
      "  capclear registry allocate --data reg --plan plan-2026.csv\n"
      "  capclear registry allocate --data reg --run --year 2026 --from 2 --unit CEA26\n"
      "  capclear registry allocate --data reg --year 2026 --output csv");
}

}  // namespace ets::cli
