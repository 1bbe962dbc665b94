// The verbs that move units, or stop them from moving: transfer, freeze, tasks.

#include <array>
#include <charconv>
#include <fstream>

#include "base/quantity.h"
#include "clients/cli/csv_file.h"
#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"
#include "registry/registry.h"

namespace ets::cli {
namespace {

using TransferStub = pb::TransferService::Stub;
using UnitStub = pb::UnitService::Stub;
using Facts = std::vector<std::pair<std::string, Cell>>;
using Access = RegistryClient::Access;

template <typename Response>
Facts Nothing(const Response&) {
  return {};
}

// ---- transfer ----

struct TransferArguments : VerbArguments {
  std::string from, to, unit, code = "transfer", expires, file;
  std::int64_t amount = 0;
  std::uint32_t year = 0;
  std::uint64_t reference = 0;
  bool reserve = false;
  std::uint32_t post = 0, void_pending = 0;
  std::string reverse;
};

pb::TransferCode CodeOf(const std::string& name) {
  for (std::size_t code = 1; code < registry::kTransferCodeCount; ++code) {
    if (name == ToString(static_cast<registry::TransferCode>(code))) {
      return static_cast<pb::TransferCode>(code);
    }
  }
  return pb::TRANSFER_CODE_UNSPECIFIED;
}

pb::TransferDraft DraftOf(const TransferArguments& arguments, const RegistryClient& client) {
  pb::TransferDraft draft;
  draft.set_debit(client.Account(arguments.from));
  draft.set_credit(client.Account(arguments.to));
  draft.set_unit(arguments.unit);
  draft.set_amount(arguments.amount);
  draft.set_code(CodeOf(arguments.code));
  draft.set_year(arguments.year);
  draft.set_reference(arguments.reference);
  return draft;
}

template <typename Response>
Facts TransferFacts(const Response& answer) {
  return {{"transfer", Text(LastPart(answer.transfer()))}};
}

MaybeFailure Reserve(const TransferArguments& arguments, RegistryClient& client) {
  pb::ReserveTransferRequest request;
  request.set_parent(client.parent());
  *request.mutable_transfer() = DraftOf(arguments, client);
  if (!arguments.expires.empty()) {
    const auto expires = ResolveTime(client, "--expires", arguments.expires);
    if (!expires.ok()) return expires.error();
    Moment::Fill(*expires, *request.mutable_expire_time());
  }
  return Submit(
      arguments, client, client.transfers(), &TransferStub::ReserveTransfer, request,
      +[](const pb::ReserveTransferResponse& answer) -> Facts {
        return {{"pending", Number(NumberAtEnd(answer.pending_transfer()))}};
      });
}

// The columns of --file, which the first line names.
Result<pb::BatchCreateTransfersRequest, Failure> ReadBatch(const std::string& path) {
  const auto file = CsvFile::Read(path, {"debit", "credit", "unit", "amount"},
                                  {"code", "year", "reference", "linked"});
  if (!file.ok()) return Fail{Failure{kBadInput, file.error()}};
  pb::BatchCreateTransfersRequest request;
  std::map<std::string, std::uint32_t> units;
  for (const CsvFile::Row& row : file->rows()) {
    const auto debit = row.Number("debit", 0, ~std::uint32_t{0});
    const auto credit = row.Number("credit", 0, ~std::uint32_t{0});
    const auto amount = row.Number("amount", 1, kAmountMax);
    const auto year = row.Number("year", 0, 9'999);
    const auto reference = row.Number("reference", 0, kAmountMax);
    std::string unit = row.Text("unit");
    const std::string code = row.Text("code");
    for (const auto* const number : {&debit, &credit, &amount, &year, &reference}) {
      if (!number->ok()) return Fail{Failure{kBadInput, number->error()}};
    }
    if (const std::string wrong = CheckUnit(unit); !wrong.empty()) {
      return Fail{Failure{kBadInput, row.place() + ": unit: " + wrong}};
    }
    if (!code.empty() && CodeOf(code) == pb::TRANSFER_CODE_UNSPECIFIED) {
      return Fail{Failure{
          kBadInput, row.place() + ": '" + code + "' is no code; leave it out, or one of --code"}};
    }
    const auto ledger = units.emplace(unit, static_cast<std::uint32_t>(units.size())).first->second;
    request.add_debits(static_cast<std::uint32_t>(*debit));
    request.add_credits(static_cast<std::uint32_t>(*credit));
    request.add_ledgers(ledger);
    request.add_amounts(static_cast<std::uint64_t>(*amount));
    request.add_codes(code.empty() ? pb::TRANSFER_CODE_TRANSFER : CodeOf(code));
    request.add_years(static_cast<std::uint32_t>(*year));
    request.add_references(static_cast<std::uint64_t>(*reference));
    request.add_linked(row.Text("linked") == "yes" || row.Text("linked") == "1");
  }
  request.mutable_units()->Reserve(static_cast<int>(units.size()));
  for (std::size_t i = 0; i < units.size(); ++i) request.add_units();
  for (const auto& [unit, index] : units) *request.mutable_units(static_cast<int>(index)) = unit;
  return request;
}

MaybeFailure Batch(const TransferArguments& arguments, RegistryClient& client) {
  auto request = ReadBatch(arguments.file);
  if (!request.ok()) return request.error();
  request.value().set_parent(client.parent());
  return Submit(
      arguments, client, client.transfers(), &TransferStub::BatchCreateTransfers, *request,
      +[](const pb::BatchCreateTransfersResponse& answer) -> Facts {
        Facts facts = {{"transfers", Number(answer.applied())},
                       {"refused", Number(static_cast<std::uint64_t>(answer.failures_size()))}};
        for (const pb::TransferFailure& failure : answer.failures()) {
          facts.emplace_back("item_" + std::to_string(failure.index() + 1), Text(failure.reason()));
        }
        return facts;
      });
}

MaybeFailure OnPending(const TransferArguments& arguments, RegistryClient& client) {
  if (arguments.post != 0) {
    pb::PostPendingTransferRequest request;
    request.set_name(client.Name("pendingTransfers/" + std::to_string(arguments.post)));
    request.set_amount(arguments.amount);
    return Submit(arguments, client, client.transfers(), &TransferStub::PostPendingTransfer,
                  request, &TransferFacts<pb::PostPendingTransferResponse>);
  }
  pb::VoidPendingTransferRequest request;
  request.set_name(client.Name("pendingTransfers/" + std::to_string(arguments.void_pending)));
  return Submit(arguments, client, client.transfers(), &TransferStub::VoidPendingTransfer, request,
                &Nothing<pb::VoidPendingTransferResponse>);
}

MaybeFailure Move(const TransferArguments& arguments, RegistryClient& client) {
  if (arguments.from.empty() || arguments.to.empty() || arguments.unit.empty() ||
      arguments.amount == 0) {
    return Failure{kBadInput,
                   "a transfer takes --from, --to, --unit and --amount; or --file, --post, --void "
                   "or --reverse"};
  }
  if (arguments.reserve) return Reserve(arguments, client);
  if (arguments.propose) {
    pb::Proposal proposal;
    *proposal.mutable_transfer() = DraftOf(arguments, client);
    return Propose(arguments, client, proposal);
  }
  pb::CreateTransferRequest request;
  request.set_parent(client.parent());
  *request.mutable_transfer() = DraftOf(arguments, client);
  return Submit(arguments, client, client.transfers(), &TransferStub::CreateTransfer, request,
                &TransferFacts<pb::CreateTransferResponse>);
}

MaybeFailure Transfer(const TransferArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kChange);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (!arguments.file.empty()) return Batch(arguments, client);
  if (arguments.post != 0 || arguments.void_pending != 0) return OnPending(arguments, client);
  if (!arguments.reverse.empty()) {
    const std::string name = client.Name("transfers/" + arguments.reverse);
    if (arguments.propose) {
      pb::Proposal proposal;
      proposal.set_reverse_transfer(name);
      return Propose(arguments, client, proposal);
    }
    pb::ReverseTransferRequest request;
    request.set_name(name);
    return Submit(arguments, client, client.transfers(), &TransferStub::ReverseTransfer, request,
                  &TransferFacts<pb::ReverseTransferResponse>);
  }
  return Move(arguments, client);
}

// ---- tasks ----

struct TaskArguments : VerbArguments {
  std::uint32_t approve = 0, reject = 0, abort = 0;
  bool pending = false;
};

std::string ActionOf(const pb::Proposal& proposal) {
  using Action = pb::Proposal::ActionCase;
  static constexpr std::array<std::pair<Action, const char*>, 14> kNames = {{
      {Action::kTransfer, "transfer"},
      {Action::kSurrender, "surrender"},
      {Action::kCancel, "cancel"},
      {Action::kAddTrustedAccount, "add_trusted_account"},
      {Action::kAllocate, "allocate"},
      {Action::kReverseTransfer, "reverse_transfer"},
      {Action::kUpdateAccount, "update_account"},
      {Action::kCloseAccount, "close_account"},
      {Action::kIssue, "issue"},
      {Action::kFreeze, "freeze"},
      {Action::kUnfreeze, "unfreeze"},
      {Action::kSetEntitlement, "set_entitlement"},
      {Action::kRunAllocation, "run_allocation"},
      {Action::kReturnExcess, "return_excess"},
  }};
  for (const auto& [action, name] : kNames) {
    if (proposal.action_case() == action) return name;
  }
  return "unknown";
}

MaybeFailure ListTasks(const TaskArguments& arguments, RegistryClient& client) {
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  pb::ListTasksRequest request;
  request.set_parent(client.parent());
  moment->Ask(request);
  Rows rows(arguments.output, {"task", "action", "state", "initiator", "approver", "accepter",
                               "proposed", "executes", "expires", "failure"});
  const auto failure = client.ForEachPage(
      client.transfers(), &TransferStub::ListTasks, request, [&](const auto& page) {
        for (const pb::Task& task : page.tasks()) {
          rows.Add({Number(NumberAtEnd(task.name())), Text(ActionOf(task.proposal())),
                    Text(std::string(ToString(static_cast<registry::TaskState>(task.state())))),
                    Number(NumberAtEnd(task.initiator())), Number(NumberAtEnd(task.approver())),
                    Number(NumberAtEnd(task.accepter())),
                    Text(ShowTime(task.propose_time(), *zone)),
                    Text(ShowTime(task.execute_time(), *zone)),
                    Text(ShowTime(task.expire_time(), *zone)), Text(task.failure().message())});
        }
        return true;
      });
  rows.End();
  return failure;
}

MaybeFailure ListPending(const TaskArguments& arguments, RegistryClient& client) {
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  pb::ListPendingTransfersRequest request;
  request.set_parent(client.parent());
  moment->Ask(request);
  Rows rows(arguments.output,
            {"pending", "state", "debit", "credit", "unit", "amount", "posted", "expires"});
  const auto failure = client.ForEachPage(
      client.transfers(), &TransferStub::ListPendingTransfers, request, [&](const auto& page) {
        for (const pb::PendingTransfer& pending : page.pending_transfers()) {
          const pb::TransferDraft& transfer = pending.transfer();
          const Unit unit = UnitOf(transfer.unit());
          const auto state = static_cast<registry::PendingState>(pending.state());
          rows.Add({Number(NumberAtEnd(pending.name())), Text(std::string(ToString(state))),
                    Number(NumberAtEnd(transfer.debit())), Number(NumberAtEnd(transfer.credit())),
                    Text(transfer.unit()), Amount(unit, transfer.amount()),
                    Amount(unit, pending.posted_amount()),
                    Text(ShowTime(pending.expire_time(), *zone))});
        }
        return true;
      });
  rows.End();
  return failure;
}

MaybeFailure Tasks(const TaskArguments& arguments) {
  const bool changes = arguments.approve + arguments.reject + arguments.abort != 0;
  const auto connected =
      RegistryClient::Connect(arguments.target, changes ? Access::kChange : Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (!changes) {
    return arguments.pending ? ListPending(arguments, client) : ListTasks(arguments, client);
  }
  const auto name = [&](std::uint32_t task) {
    return client.Name("tasks/" + std::to_string(task));
  };
  if (arguments.approve != 0) {
    pb::ApproveTaskRequest request;
    request.set_name(name(arguments.approve));
    return Submit(
        arguments, client, client.transfers(), &TransferStub::ApproveTask, request,
        +[](const pb::ApproveTaskResponse& answer) -> Facts {
          return {{"completed", YesNo(answer.completed())}};
        });
  }
  if (arguments.reject != 0) {
    pb::RejectTaskRequest request;
    request.set_name(name(arguments.reject));
    return Submit(arguments, client, client.transfers(), &TransferStub::RejectTask, request,
                  &Nothing<pb::RejectTaskResponse>);
  }
  pb::AbortTransferRequest request;
  request.set_name(name(arguments.abort));
  return Submit(arguments, client, client.transfers(), &TransferStub::AbortTransfer, request,
                &Nothing<pb::AbortTransferResponse>);
}

// ---- freeze ----

struct FreezeArguments : VerbArguments {
  std::string account, unit, authority, until;
  std::int64_t amount = 0;
  std::uint32_t lift = 0;
  bool active = false;
};

MaybeFailure ListFreezes(const FreezeArguments& arguments, RegistryClient& client) {
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  pb::ListFreezesRequest request;
  request.set_parent(client.parent());
  if (!arguments.account.empty()) request.set_account(client.Account(arguments.account));
  request.set_active_only(arguments.active);
  moment->Ask(request);
  Rows rows(arguments.output,
            {"freeze", "account", "unit", "amount", "active", "until", "authority"});
  const auto failure =
      client.ForEachPage(client.units(), &UnitStub::ListFreezes, request, [&](const auto& page) {
        for (const pb::Freeze& freeze : page.freezes()) {
          rows.Add({Number(NumberAtEnd(freeze.name())), Number(NumberAtEnd(freeze.account())),
                    Text(freeze.unit()), Amount(UnitOf(freeze.unit()), freeze.amount()),
                    YesNo(freeze.active()), Text(ShowTime(freeze.expire_time(), *zone)),
                    Text(freeze.authority())});
        }
        return true;
      });
  rows.End();
  return failure;
}

MaybeFailure Freeze(const FreezeArguments& arguments) {
  const bool changes = arguments.lift != 0 || arguments.amount != 0;
  const auto connected =
      RegistryClient::Connect(arguments.target, changes ? Access::kChange : Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  if (!changes) return ListFreezes(arguments, client);
  if (arguments.lift != 0) {
    pb::UnfreezeUnitsRequest request;
    request.set_name(client.Name("freezes/" + std::to_string(arguments.lift)));
    return Submit(arguments, client, client.units(), &UnitStub::UnfreezeUnits, request,
                  &Nothing<pb::UnfreezeUnitsResponse>);
  }
  if (arguments.account.empty() || arguments.unit.empty() || arguments.authority.empty()) {
    return Failure{kBadInput, "a freeze takes --account, --unit, --amount and --authority"};
  }
  pb::FreezeUnitsRequest request;
  request.set_parent(client.parent());
  pb::FreezeDraft& draft = *request.mutable_draft();
  draft.set_account(client.Account(arguments.account));
  draft.set_unit(arguments.unit);
  draft.set_amount(arguments.amount);
  draft.set_authority(arguments.authority);
  if (!arguments.until.empty()) {
    const auto until = ResolveTime(client, "--until", arguments.until);
    if (!until.ok()) return until.error();
    Moment::Fill(*until, *draft.mutable_expire_time());
  }
  return Submit(
      arguments, client, client.units(), &UnitStub::FreezeUnits, request,
      +[](const pb::FreezeUnitsResponse& answer) -> Facts {
        return {{"freeze", Number(NumberAtEnd(answer.freeze()))}};
      });
}

// ---- The command line ----

CLI::Option* AddAmount(CLI::App& verb, std::int64_t& amount, const std::string& words) {
  return verb.add_option("--amount", amount, words)
      ->check(CLI::Range(std::int64_t{1}, kAmountMax))
      ->type_name("N");
}

std::vector<std::string> CodeNames() {
  std::vector<std::string> names;
  for (std::size_t code = 1; code < registry::kTransferCodeCount; ++code) {
    names.emplace_back(ToString(static_cast<registry::TransferCode>(code)));
  }
  return names;
}

void AddTransferWords(CLI::App& verb, TransferArguments& arguments) {
  verb.add_option("--from", arguments.from, "The account it leaves, by number or display number")
      ->type_name("N");
  verb.add_option("--to", arguments.to, "The account it reaches")->type_name("N");
  verb.add_option("--unit", arguments.unit, "As in CEA25, CCER or CNY")->check(UnitCheck());
  AddAmount(verb, arguments.amount, "Tonnes, or fen or cents; of --post: at most what is reserved");
  verb.add_option("--code", arguments.code, "What it is for")
      ->check(CLI::IsMember(CodeNames()))
      ->capture_default_str();
  verb.add_option("--year", arguments.year, "Emission year of a fine or an allocation")
      ->check(CLI::Range(0, 9'999));
  verb.add_option("--reference", arguments.reference, "A number of the sender's own")
      ->type_name("N");
}

void AddTransfer(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<TransferArguments>();
  CLI::App* const verb = AddVerb(parent, "transfer", "Move units or money, now or in two phases",
                                 arguments, exit_code, &Transfer);
  AddTarget(*verb, *arguments);
  AddRequest(*verb, *arguments);
  AddTransferWords(*verb, *arguments);
  AddPropose(*verb, *arguments);
  verb->add_flag("--reserve", arguments->reserve, "Only reserve it, until --post or --void");
  verb->add_option("--expires", arguments->expires, "When a reservation ends by itself")
      ->check(TimeCheck());
  verb->add_option("--post", arguments->post, "Carry out this pending transfer")->type_name("N");
  verb->add_option("--void", arguments->void_pending, "Release this pending transfer")
      ->type_name("N");
  verb->add_option("--reverse", arguments->reverse,
                   "Undo this surrender, cancellation or allocation: its sequence and index in "
                   "transfers, as in 4711-0")
      ->type_name("SEQ-INDEX");
  verb->add_option("--file", arguments->file,
                   "Up to 8,190 transfers in one record: csv with the columns debit, credit, unit, "
                   "amount and, if wanted, code, year, reference, linked (yes: all or none with "
                   "the next line)")
      ->type_name("FILE");
  AtMostOne(*verb, {"--from", "--file", "--post", "--void", "--reverse"});
  AtMostOne(*verb, {"--propose", "--reserve", "--file", "--post", "--void"});
  verb->footer(
      "Answered when it is on the disk. A refusal changes nothing, names the first rule it breaks, "
      "and\n"
      "has exit code 1. A folder is opened by nobody else meanwhile; a finished run's is evidence "
      "and is\n"
      "not changed (fork it).\n\n"
      "  capclear registry transfer --data reg --from 3 --to 12 --unit CEA25 --amount 500\n"
      "  capclear registry transfer --server 127.0.0.1:50051 --token-file token --from 3 --to 12 "
      "\\\n"
      "    --unit CEA25 --amount 500 --propose");
}

void AddTasks(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<TaskArguments>();
  CLI::App* const verb = AddVerb(parent, "tasks", "What waits for a second person or for its time",
                                 arguments, exit_code, &Tasks);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_flag("--pending", arguments->pending, "List reservations instead");
  CLI::Option* const approve =
      verb->add_option("--approve", arguments->approve,
                       "Agree to a task, or accept it for the receiving firm")
          ->type_name("N");
  CLI::Option* const reject = verb->add_option("--reject", arguments->reject, "Refuse a task")
                                  ->type_name("N")
                                  ->excludes(approve);
  verb->add_option("--abort", arguments->abort, "Take back what you proposed, while there is time")
      ->type_name("N")
      ->excludes(approve)
      ->excludes(reject);
  verb->footer(
      "Lists tasks without --approve, --reject and --abort. Nobody approves what they proposed.\n\n"
      "  capclear registry tasks --server 127.0.0.1:50051 --token-file token\n"
      "  capclear registry tasks --server 127.0.0.1:50051 --token-file token --approve 5");
}

void AddFreeze(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<FreezeArguments>();
  CLI::App* const verb = AddVerb(parent, "freeze", "What a court or the registry has frozen",
                                 arguments, exit_code, &Freeze);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddRequest(*verb, *arguments);
  verb->add_option("--account", arguments->account, "Whose units; a list without --amount")
      ->type_name("N");
  verb->add_option("--unit", arguments->unit, "Which units, as in CEA25")->check(UnitCheck());
  AddAmount(*verb, arguments->amount, "Freeze so many; more than is there binds what comes in");
  verb->add_option("--authority", arguments->authority, "Who ordered it")->type_name("TEXT");
  verb->add_option("--until", arguments->until, "When it ends by itself")->check(TimeCheck());
  verb->add_option("--lift", arguments->lift, "End this freeze")->type_name("N");
  AtMostOne(*verb, {"--amount", "--lift"});
  verb->add_flag("--active", arguments->active, "List only those that hold");
  verb->footer(
      "Lists freezes without --amount and --lift. Nobody moves or surrenders what is frozen.\n\n"
      "  capclear registry freeze --data reg --account 12 --unit CEA25 --amount 30 \\\n"
      "    --authority 'Intermediate court, case 114'\n"
      "  capclear registry freeze --data reg --lift 1");
}

}  // namespace

void AddMoveVerbs(CLI::App& parent, int& exit_code) {
  AddTransfer(parent, exit_code);
  AddTasks(parent, exit_code);
  AddFreeze(parent, exit_code);
}

}  // namespace ets::cli
