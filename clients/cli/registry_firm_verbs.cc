// The verb about firms: their years with verified emissions, the group whose holdings count
// together.

#include <optional>

#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"

namespace ets::cli {
namespace {

using AccountStub = pb::AccountService::Stub;
using Facts = std::vector<std::pair<std::string, Cell>>;
using Access = RegistryClient::Access;

struct FirmArguments : VerbArguments {
  std::optional<std::uint32_t> firm, first_year, last_year, group, exclude, include;

  bool sets() const { return first_year || last_year || group; }
};

template <typename Response>
Facts NoFacts(const Response&) {
  return {};
}

Cell YearOrNone(std::uint32_t year) { return year == 0 ? Nothing() : Number(year); }

void AddFirm(Rows& rows, const pb::Entity& firm) {
  std::string excluded;
  for (const std::uint32_t year : firm.excluded_years()) {
    excluded += (excluded.empty() ? "" : " ") + std::to_string(year);
  }
  rows.Add({Number(NumberAtEnd(firm.name())), YearOrNone(firm.first_year()),
            YearOrNone(firm.last_year()), YearOrNone(firm.group()), Text(excluded)});
}

MaybeFailure ListFirms(const FirmArguments& arguments, RegistryClient& client) {
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  Rows rows(arguments.output, {"entity", "first_year", "last_year", "group", "excluded_years"});
  if (arguments.firm) {
    pb::GetEntityRequest request;
    request.set_name(client.Name("entities/" + std::to_string(*arguments.firm)));
    moment->Ask(request);
    const auto answer = client.Call(client.accounts(), &AccountStub::GetEntity, request);
    if (!answer.ok()) return answer.error();
    AddFirm(rows, answer->entity());
    rows.End();
    return {};
  }
  pb::ListEntitiesRequest request;
  request.set_parent(client.parent());
  moment->Ask(request);
  const auto failure = client.ForEachPage(client.accounts(), &AccountStub::ListEntities, request,
                                          [&](const auto& page) {
                                            for (const pb::Entity& firm : page.entities()) {
                                              AddFirm(rows, firm);
                                            }
                                            return true;
                                          });
  rows.End();
  return failure;
}

// What is not named stays as it is; a firm that nobody knows yet begins with nothing.
MaybeFailure SetFirm(const FirmArguments& arguments, RegistryClient& client) {
  pb::GetEntityRequest ask;
  ask.set_name(client.Name("entities/" + std::to_string(*arguments.firm)));
  const auto known = client.Call(client.accounts(), &AccountStub::GetEntity, ask);
  if (!known.ok() && !known.error().message.starts_with("NOT_FOUND")) return known.error();
  const pb::Entity firm = known.ok() ? known->entity() : pb::Entity();
  pb::SetEntityRequest request;
  request.set_parent(client.parent());
  request.set_entity(*arguments.firm);
  request.set_first_year(arguments.first_year.value_or(firm.first_year()));
  request.set_last_year(arguments.last_year.value_or(firm.last_year()));
  request.set_group(arguments.group.value_or(firm.group()));
  return Submit(arguments, client, client.accounts(), &AccountStub::SetEntity, request,
                &NoFacts<pb::SetEntityResponse>);
}

MaybeFailure ExcludeYear(const FirmArguments& arguments, RegistryClient& client) {
  pb::ExcludeYearRequest request;
  request.set_name(client.Name("entities/" + std::to_string(*arguments.firm)));
  request.set_year(arguments.exclude ? *arguments.exclude : *arguments.include);
  request.set_excluded(arguments.exclude.has_value());
  return Submit(arguments, client, client.accounts(), &AccountStub::ExcludeYear, request,
                &NoFacts<pb::ExcludeYearResponse>);
}

MaybeFailure Firms(const FirmArguments& arguments) {
  const bool excludes = arguments.exclude || arguments.include;
  const bool changes = arguments.sets() || excludes;
  if (changes && !arguments.firm) return Failure{kBadInput, "a change takes --firm, whose"};
  const auto connected =
      RegistryClient::Connect(arguments.target, changes ? Access::kChange : Access::kRead);
  if (!connected.ok()) return connected.error();
  if (excludes) return ExcludeYear(arguments, **connected);
  return changes ? SetFirm(arguments, **connected) : ListFirms(arguments, **connected);
}

}  // namespace

void AddFirmVerbs(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<FirmArguments>();
  CLI::App* const verb =
      AddVerb(parent, "firms", "Firms: their years with verified emissions, their groups",
              arguments, exit_code, &Firms);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--firm", arguments->firm, "Only this one, or the one to change")
      ->type_name("N");
  const CLI::Range year(0, 9'999);
  verb->add_option("--first-year", arguments->first_year,
                   "Its first year with verified emissions; 0: that of the first figure")
      ->check(year);
  verb->add_option("--last-year", arguments->last_year, "Its last; 0: it goes on")->check(year);
  verb->add_option("--group", arguments->group,
                   "The group whose holdings count together for a holding limit; 0: alone")
      ->type_name("N");
  CLI::Option* const exclude = verb->add_option("--exclude", arguments->exclude,
                                                "A year without obligation and without allocation")
                                   ->check(CLI::Range(1, 9'999));
  verb->add_option("--include", arguments->include, "Take an exclusion back")
      ->check(CLI::Range(1, 9'999))
      ->excludes(exclude);
  for (const char* const name : {"--exclude", "--include"}) {
    for (const char* const other : {"--first-year", "--last-year", "--group"}) {
      verb->get_option(name)->excludes(verb->get_option(other));
    }
  }
  verb->footer(
      "Lists firms when nothing is to be changed. What is not named stays as it is.\n\n"
      "  capclear registry firms --data reg\n"
      "  capclear registry firms --data reg --firm 12 --first-year 2026 --group 3\n"
      "  capclear registry firms --data reg --firm 12 --exclude 2027");
}

}  // namespace ets::cli
