// The verbs that set a registry up and keep it: create, account, unit, clock, principal.

#include <filesystem>
#include <fstream>

#include "base/quantity.h"
#include "clients/cli/registry_folder.h"
#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"
#include "registry/words.h"
#include "server/auth.h"

namespace ets::cli {
namespace {

using AccountStub = pb::AccountService::Stub;
using AdminStub = pb::AdminService::Stub;
using UnitStub = pb::UnitService::Stub;
using Facts = std::vector<std::pair<std::string, Cell>>;
using Access = RegistryClient::Access;

template <typename Response>
Facts NoFacts(const Response&) {
  return {};
}

// ---- create ----

struct CreateArguments : VerbArguments {
  std::string profile = "sim", start = "2025-01-01";
};

MaybeFailure Create(const CreateArguments& arguments) {
  const auto profile = ReadProfile("--profile", arguments.profile);
  if (!profile.ok()) return profile.error();
  const SimTime start = ToInstant({*Date::Parse(arguments.start), 0}, profile->zone);
  const auto folder = RegistryFolder::Create(arguments.target.data, *profile, start);
  if (!folder.ok()) return folder.error();
  const server::StatePoint at = (*folder)->main().committed();
  google::protobuf::Timestamp time;
  Moment::Fill((*folder)->main().Now(), time);
  PrintFacts(arguments.output, {{"profile", Text(profile->name)},
                                {"sequence", Number(at.sequence)},
                                {"sim_time", Text(ShowTime(time, profile->zone))},
                                {"chain_head", Text(at.chain_head)}});
  if (const std::string error = (*folder)->Close(); !error.empty()) return Failure{kFailed, error};
  return {};
}

// ---- account ----

struct AccountArguments : VerbArguments {
  std::string open, account, trust, distrust, may;
  std::optional<std::uint32_t> firm;
  bool close = false, leave_list = false;
};

MaybeFailure Trust(const AccountArguments& arguments, RegistryClient& client) {
  pb::TrustDraft draft;
  draft.set_account(client.Account(arguments.account));
  if (!arguments.trust.empty()) {
    draft.set_target(client.Account(arguments.trust));
    if (arguments.propose) {
      pb::Proposal proposal;
      *proposal.mutable_add_trusted_account() = draft;
      return Propose(arguments, client, proposal);
    }
    pb::AddTrustedAccountRequest request;
    request.set_parent(client.parent());
    *request.mutable_draft() = draft;
    return Submit(arguments, client, client.accounts(), &AccountStub::AddTrustedAccount, request,
                  &NoFacts<pb::AddTrustedAccountResponse>);
  }
  draft.set_target(client.Account(arguments.distrust));
  pb::RemoveTrustedAccountRequest request;
  request.set_parent(client.parent());
  *request.mutable_draft() = draft;
  return Submit(arguments, client, client.accounts(), &AccountStub::RemoveTrustedAccount, request,
                &NoFacts<pb::RemoveTrustedAccountResponse>);
}

MaybeFailure Open(const AccountArguments& arguments, RegistryClient& client) {
  pb::CreateAccountRequest request;
  request.set_parent(client.parent());
  for (std::size_t kind = 1; kind < registry::kAccountKindCount; ++kind) {
    if (arguments.open == registry::Kinds()[kind].name) {
      request.set_kind(static_cast<pb::AccountKind>(kind));
    }
  }
  if (arguments.firm) request.set_entity(*arguments.firm);
  return Submit(
      arguments, client, client.accounts(), &AccountStub::CreateAccount, request,
      +[](const pb::CreateAccountResponse& answer) -> Facts {
        return {{"account", Number(NumberAtEnd(answer.account()))}};
      });
}

MaybeFailure Account(const AccountArguments& arguments) {
  if (arguments.open.empty() && arguments.account.empty()) {
    return Failure{kBadInput, "account takes --open KIND, or --account and what to change"};
  }
  const auto connected = RegistryClient::Connect(arguments.target, Access::kChange);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (!arguments.open.empty()) return Open(arguments, client);
  if (arguments.close) {
    pb::CloseAccountRequest request;
    request.set_name(client.Account(arguments.account));
    return Submit(arguments, client, client.accounts(), &AccountStub::CloseAccount, request,
                  &NoFacts<pb::CloseAccountResponse>);
  }
  if (!arguments.trust.empty() || !arguments.distrust.empty()) return Trust(arguments, client);
  if (arguments.may.empty()) {
    return Failure{kBadInput, "--account takes --may, --trust, --distrust or --close"};
  }
  const auto may = [&](const char* word) { return arguments.may.find(word) != std::string::npos; };
  pb::UpdateAccountRequest request;
  request.set_parent(client.parent());
  pb::AccountDraft& draft = *request.mutable_draft();
  draft.set_account(client.Account(arguments.account));
  draft.set_may_send(may("send"));
  draft.set_may_receive(may("receive"));
  draft.set_may_surrender(may("surrender"));
  draft.set_may_leave_trusted_list(arguments.leave_list);
  return Submit(arguments, client, client.accounts(), &AccountStub::UpdateAccount, request,
                &NoFacts<pb::UpdateAccountResponse>);
}

// ---- unit ----

struct UnitArguments : VerbArguments {
  std::string unit, to, from, statement, beneficiary;
  std::optional<std::int64_t> cap;
  std::int64_t issue = 0, cancel = 0;
  bool open = false, expire = false;
};

MaybeFailure Issue(const UnitArguments& arguments, RegistryClient& client) {
  if (arguments.to.empty()) return Failure{kBadInput, "--issue takes --to, the account it reaches"};
  pb::IssueAllowancesRequest request;
  request.set_parent(client.parent());
  pb::IssueDraft& draft = *request.mutable_draft();
  draft.set_account(client.Account(arguments.to));
  draft.set_unit(arguments.unit);
  draft.set_amount(arguments.issue);
  return Submit(
      arguments, client, client.units(), &UnitStub::IssueAllowances, request,
      +[](const pb::IssueAllowancesResponse& answer) -> Facts {
        return {{"above_cap", Tonnage(answer.above_cap())}};
      });
}

MaybeFailure Cancel(const UnitArguments& arguments, RegistryClient& client) {
  if (arguments.from.empty()) return Failure{kBadInput, "--cancel takes --from, whose units"};
  pb::CancelDraft draft;
  draft.set_account(client.Account(arguments.from));
  draft.set_unit(arguments.unit);
  draft.set_amount(arguments.cancel);
  draft.set_beneficiary(arguments.beneficiary);
  draft.set_statement(arguments.statement);
  if (arguments.propose) {
    pb::Proposal proposal;
    *proposal.mutable_cancel() = draft;
    return Propose(arguments, client, proposal);
  }
  pb::CancelRequest request;
  request.set_parent(client.parent());
  *request.mutable_draft() = draft;
  return Submit(
      arguments, client, client.units(), &UnitStub::Cancel, request,
      +[](const pb::CancelResponse& answer) -> Facts {
        return {{"certificate", Number(NumberAtEnd(answer.certificate()))}};
      });
}

MaybeFailure UnitVerb(const UnitArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kChange);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  const std::string name = client.Name("ledgers/" + arguments.unit);
  if (arguments.open) {
    pb::OpenLedgerRequest request;
    request.set_parent(client.parent());
    request.set_unit(arguments.unit);
    request.set_cap(arguments.cap.value_or(0));
    return Submit(arguments, client, client.units(), &UnitStub::OpenLedger, request,
                  &NoFacts<pb::OpenLedgerResponse>);
  }
  if (arguments.issue != 0) return Issue(arguments, client);
  if (arguments.cancel != 0) return Cancel(arguments, client);
  if (arguments.expire) {
    pb::ExpireUnitsRequest request;
    request.set_name(name);
    return Submit(
        arguments, client, client.units(), &UnitStub::ExpireUnits, request,
        +[](const pb::ExpireUnitsResponse& answer) -> Facts {
          return {{"expired", Tonnage(answer.expired())}};
        });
  }
  if (!arguments.cap) return Failure{kBadInput, "unit takes --open, --cap, --issue or another"};
  pb::SetCapRequest request;
  request.set_name(name);
  request.set_cap(*arguments.cap);
  return Submit(arguments, client, client.units(), &UnitStub::SetCap, request,
                &NoFacts<pb::SetCapResponse>);
}

// ---- clock ----

struct ClockArguments : VerbArguments {
  std::string to;
};

MaybeFailure Clock(const ClockArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kChange);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  const auto time = ResolveTime(client, "--to", arguments.to);
  if (!time.ok()) return time.error();
  pb::AdvanceTimeRequest request;
  request.set_parent(client.parent());
  Moment::Fill(*time, *request.mutable_to_time());
  return Submit(
      arguments, client, client.admin(), &AdminStub::AdvanceTime, request,
      +[](const pb::AdvanceTimeResponse& answer) -> Facts {
        return {{"fired", Signed(answer.fired())}};
      });
}

// ---- principal ----

struct PrincipalArguments : VerbArguments {
  std::uint32_t principal = 0;
  std::string role, name, new_token, account, rights;
  bool inactive = false, grant = false;
};

MaybeFailure ListPrincipals(const PrincipalArguments& arguments, RegistryClient& client) {
  pb::ListPrincipalsRequest request;
  request.set_parent(client.parent());
  Rows rows(arguments.output, {"principal", "role", "active", "name", "has_token"});
  const auto failure = client.ForEachPage(
      client.admin(), &AdminStub::ListPrincipals, request, [&](const auto& page) {
        for (const pb::Principal& of : page.principals()) {
          rows.Add({Number(NumberAtEnd(of.name())),
                    Text(std::string(ToString(static_cast<registry::Role>(of.role())))),
                    YesNo(of.active()), Text(of.display_name()), YesNo(of.has_token())});
        }
        return true;
      });
  rows.End();
  return failure;
}

MaybeFailure SetPrincipal(const PrincipalArguments& arguments, RegistryClient& client) {
  pb::SetPrincipalRequest request;
  request.set_name(client.Name("principals/" + std::to_string(arguments.principal)));
  request.set_display_name(arguments.name);
  request.set_active(!arguments.inactive);
  for (std::size_t role = 1; role < registry::kRoleCount; ++role) {
    if (arguments.role == ToString(static_cast<registry::Role>(role))) {
      request.set_role(static_cast<pb::Role>(role));
    }
  }
  if (!arguments.new_token.empty()) {
    if (std::filesystem::exists(arguments.new_token)) {
      return Failure{kBadInput, "--new-token " + arguments.new_token + " is there already"};
    }
    bool is_new = false;
    const auto token = server::TokenFromFile(arguments.new_token, is_new);
    if (!token.ok()) return Failure{kFailed, token.error()};
    const auto hash = server::HashOfToken(*token);
    request.set_token_hash(std::string(hash.data(), hash.size()));
  }
  return Submit(arguments, client, client.admin(), &AdminStub::SetPrincipal, request,
                &NoFacts<pb::SetPrincipalResponse>);
}

MaybeFailure Principal(const PrincipalArguments& arguments) {
  const bool changes = arguments.principal != 0;
  const auto connected =
      RegistryClient::Connect(arguments.target, changes ? Access::kChange : Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (!changes) return ListPrincipals(arguments, client);
  if (arguments.account.empty()) return SetPrincipal(arguments, client);
  const auto may = [&](const char* word) {
    return arguments.rights.find(word) != std::string::npos;
  };
  pb::SetGrantRequest request;
  request.set_name(client.Name("principals/" + std::to_string(arguments.principal)));
  pb::Grant& grant = *request.mutable_grant();
  grant.set_account(client.Account(arguments.account));
  grant.set_may_read(may("read"));
  grant.set_may_initiate(may("initiate"));
  grant.set_may_approve(may("approve"));
  return Submit(arguments, client, client.admin(), &AdminStub::SetGrant, request,
                &NoFacts<pb::SetGrantResponse>);
}

// ---- The command line ----

// Words out of a few, parted by commas, or none of them.
CLI::Validator WordsOf(const std::vector<std::string>& words, const std::string& type) {
  return {[words](std::string& text) {
            std::string allowed = "none";
            for (const std::string& word : words) allowed += ", " + word;
            if (text == "none") return std::string();
            for (std::size_t at = 0;;) {
              const std::size_t end = text.find(',', at);
              const std::string word = text.substr(at, end - at);
              if (std::find(words.begin(), words.end(), word) == words.end()) {
                return "'" + word + "' is none of " + allowed;
              }
              if (end == std::string::npos) return std::string();
              at = end + 1;
            }
          },
          type};
}

void AddCreate(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<CreateArguments>();
  CLI::App* const verb = AddVerb(parent, "create", "Make a registry where there is none", arguments,
                                 exit_code, &Create);
  verb->add_option("--data", arguments->target.data, "In this folder")
      ->required()
      ->type_name("DIR");
  verb->add_option("--profile", arguments->profile,
                   "Its law: a shipped profile's name, or a file of its keys (profiles --text)")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  verb->add_option("--start", arguments->start, "The simulated day on which it begins")
      ->check(CLI::Validator(CheckDate, "DATE"))
      ->capture_default_str();
  verb->add_option("--output", arguments->output, "How to print")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
  verb->footer(
      "capclear serve runs it; the other verbs work on it while no server does.\n\n"
      "  capclear registry create --data reg --profile eu --start 2026-01-01");
}

void AddAccount(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<AccountArguments>();
  CLI::App* const verb = AddVerb(parent, "account", "Open an account, set what it may do, close it",
                                 arguments, exit_code, &Account);
  AddTarget(*verb, *arguments);
  AddRequest(*verb, *arguments);
  std::vector<std::string> kinds;
  for (std::size_t kind = 1; kind < registry::kAccountKindCount; ++kind) {
    kinds.emplace_back(registry::Kinds()[kind].name);
  }
  CLI::Option* const open =
      verb->add_option("--open", arguments->open, "Open the next account, of this kind")
          ->check(CLI::IsMember(kinds));
  verb->add_option("--firm", arguments->firm, "--open: whose, where the kind is a firm's")
      ->type_name("N");
  verb->add_option("--account", arguments->account, "Which account to change")
      ->type_name("N")
      ->excludes(open);
  verb->add_option("--may", arguments->may, "What it may do: send, receive, surrender; or none")
      ->check(WordsOf({"send", "receive", "surrender"}, "WORDS"));
  verb->add_flag("--may-leave-trusted-list", arguments->leave_list,
                 "--may: it may send to accounts that are not on its trusted list");
  verb->add_option("--trust", arguments->trust, "Put this account on its trusted list")
      ->type_name("N");
  verb->add_option("--distrust", arguments->distrust, "Take this account off it")->type_name("N");
  verb->add_flag("--close", arguments->close, "Close it for good");
  AddPropose(*verb, *arguments);
  AtMostOne(*verb, {"--open", "--may", "--trust", "--distrust", "--close"});
  verb->get_option("--firm")->needs(open);
  verb->get_option("--propose")->needs(verb->get_option("--trust"));
  verb->footer(
      "  capclear registry account --data reg --open holder --firm 12\n"
      "  capclear registry account --data reg --account 3 --may receive,surrender");
}

void AddUnitVerb(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<UnitArguments>();
  CLI::App* const verb = AddVerb(parent, "unit", "Open a vintage or a currency, issue, cancel, end",
                                 arguments, exit_code, &UnitVerb);
  AddTarget(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--unit", arguments->unit, "Which, as in CEA26, CCER or CNY")
      ->required()
      ->check(UnitCheck());
  const CLI::Range amount(std::int64_t{1}, kAmountMax);
  verb->add_flag("--open", arguments->open, "Open its ledger");
  verb->add_option("--cap", arguments->cap, "The most that may ever be issued; 0: no cap")
      ->check(CLI::Range(std::int64_t{0}, kAmountMax))
      ->type_name("T");
  verb->add_option("--issue", arguments->issue, "Issue so many to --to")
      ->check(amount)
      ->type_name("N");
  verb->add_option("--to", arguments->to, "A central account; of money any")->type_name("N");
  verb->add_option("--cancel", arguments->cancel, "Cancel so many of --from, with a certificate")
      ->check(amount)
      ->type_name("T");
  verb->add_option("--from", arguments->from, "Whose units are cancelled")->type_name("N");
  verb->add_option("--beneficiary", arguments->beneficiary, "--cancel: for whom")
      ->type_name("TEXT");
  verb->add_option("--statement", arguments->statement, "--cancel: why")->type_name("TEXT");
  verb->add_flag("--expire", arguments->expire, "The vintage loses every use");
  AddPropose(*verb, *arguments);
  AtMostOne(*verb, {"--open", "--issue", "--cancel", "--expire"});
  AtMostOne(*verb, {"--cap", "--issue", "--cancel", "--expire"});
  verb->get_option("--propose")->needs(verb->get_option("--cancel"));
  verb->footer(
      "  capclear registry unit --data reg --unit CEA26 --open --cap 5000000\n"
      "  capclear registry unit --data reg --unit CEA26 --issue 1000 --to 1\n"
      "  capclear registry unit --data reg --unit CEA26 --cancel 10 --from 4 --statement 'a gift'");
}

void AddClock(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ClockArguments>();
  CLI::App* const verb = AddVerb(parent, "clock", "Move simulated time, and what falls due by then",
                                 arguments, exit_code, &Clock);
  AddTarget(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--to", arguments->to, "To this time; of a day its end")
      ->required()
      ->check(TimeCheck());
  verb->footer(
      "A folder's clock stands still unless it is moved; a server's is moved where it is "
      "manual.\n\n"
      "  capclear registry clock --data reg --to 2026-04-01T00:00");
}

void AddPrincipal(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<PrincipalArguments>();
  CLI::App* const verb = AddVerb(parent, "principal", "Who may act, and on which accounts",
                                 arguments, exit_code, &Principal);
  AddTarget(*verb, *arguments);
  AddRequest(*verb, *arguments);
  std::vector<std::string> roles;
  for (std::size_t role = 1; role < registry::kRoleCount; ++role) {
    roles.emplace_back(ToString(static_cast<registry::Role>(role)));
  }
  verb->add_option("--set", arguments->principal, "Make or change this one, from 1")
      ->check(CLI::Range(std::uint32_t{1}, ~std::uint32_t{0}))
      ->type_name("N");
  verb->add_option("--role", arguments->role, "Its role")->check(CLI::IsMember(roles));
  verb->add_option("--name", arguments->name, "What it is called")->type_name("TEXT");
  verb->add_option("--new-token", arguments->new_token,
                   "Write a new bearer token to this file; the registry keeps its hash only")
      ->type_name("FILE");
  verb->add_flag("--inactive", arguments->inactive, "It can do nothing any more");
  CLI::Option* const account =
      verb->add_option("--account", arguments->account, "Grant --rights on this account")
          ->type_name("N");
  verb->add_option("--rights", arguments->rights, "read, initiate, approve; or none")
      ->check(WordsOf({"read", "initiate", "approve"}, "WORDS"))
      ->needs(account);
  verb->footer(
      "Lists principals without --set.\n\n"
      "  capclear registry principal --data reg --set 4 --role holder --name 'Desk 1' \\\n"
      "    --new-token desk1.token\n"
      "  capclear registry principal --data reg --set 4 --account 12 --rights read,initiate");
}

}  // namespace

void AddSetUpVerbs(CLI::App& parent, int& exit_code) {
  AddCreate(parent, exit_code);
  AddAccount(parent, exit_code);
  AddUnitVerb(parent, exit_code);
  AddClock(parent, exit_code);
  AddPrincipal(parent, exit_code);
}

}  // namespace ets::cli
