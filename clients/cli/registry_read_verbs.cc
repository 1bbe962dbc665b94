// The verbs that only look: who is there, what they hold, what moved, which serials are where.

#include <algorithm>
#include <map>
#include <optional>

#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"
#include "registry/words.h"

namespace ets::cli {
namespace {

using AccountStub = pb::AccountService::Stub;
using TransferStub = pb::TransferService::Stub;
using UnitStub = pb::UnitService::Stub;

struct ReadArguments : VerbArguments {
  std::string account;
  std::optional<std::uint32_t> firm;
  std::string kind, unit, from, to, code;
  std::uint64_t limit = 100;
  bool all = false, trusted = false;
  bool with_history = false;
};

template <typename Enum, typename Wire>
std::string Word(Wire number) {
  return std::string(ToString(static_cast<Enum>(number)));
}

// Connected, and the state that --as-of asks for.
struct Reading {
  std::unique_ptr<RegistryClient> client;
  Moment moment;
};
Result<Reading, Failure> Begin(const VerbArguments& arguments) {
  auto client = RegistryClient::Connect(arguments.target, RegistryClient::Access::kRead);
  if (!client.ok()) return Fail{client.error()};
  Reading reading{std::move(client.value()), {}};
  if (arguments.as_of.empty()) return reading;
  // Many calls may follow: the time is looked up once, and all of them tell one state.
  const auto sequence = SequenceOf(*reading.client, "--as-of", arguments.as_of);
  if (!sequence.ok()) return Fail{sequence.error()};
  reading.moment.sequence = *sequence;
  return reading;
}

// ---- accounts ----

// Those that are asked for: one by its name, a firm's, of a kind, or all.
MaybeFailure ForEachAccount(const ReadArguments& arguments, Reading& reading,
                            const std::function<MaybeFailure(const pb::Account&)>& take) {
  RegistryClient& client = *reading.client;
  if (!arguments.account.empty()) {
    pb::GetAccountRequest request;
    request.set_name(client.Account(arguments.account));
    reading.moment.Ask(request);
    const auto answer = client.Call(client.accounts(), &AccountStub::GetAccount, request);
    return answer.ok() ? take(answer->account()) : answer.error();
  }
  pb::ListAccountsRequest request;
  request.set_parent(client.parent());
  reading.moment.Ask(request);
  if (arguments.firm) request.set_entity(*arguments.firm);
  for (std::size_t kind = 1; kind < registry::kAccountKindCount; ++kind) {
    if (arguments.kind == registry::Kinds()[kind].name) {
      request.set_kind(static_cast<pb::AccountKind>(kind));
    }
  }
  MaybeFailure failure;
  const auto listed = client.ForEachPage(client.accounts(), &AccountStub::ListAccounts, request,
                                         [&](const pb::ListAccountsResponse& page) {
                                           for (const pb::Account& account : page.accounts()) {
                                             if ((failure = take(account))) return false;
                                           }
                                           return true;
                                         });
  return failure ? failure : listed;
}

// Whom one account trusts, those left out that everybody does.
MaybeFailure TrustedAccounts(const ReadArguments& arguments, Reading& reading) {
  if (arguments.account.empty()) return Failure{kBadInput, "--trusted takes --account, whose"};
  RegistryClient& client = *reading.client;
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  pb::ListTrustedAccountsRequest request;
  request.set_parent(client.Account(arguments.account));
  reading.moment.Ask(request);
  Rows rows(arguments.output, {"target", "active", "effective"});
  const auto failure = client.ForEachPage(
      client.accounts(), &AccountStub::ListTrustedAccounts, request, [&](const auto& page) {
        for (const pb::TrustedAccount& entry : page.trusted_accounts()) {
          rows.Add({Number(NumberAtEnd(entry.target())),
                    YesNo(entry.state() == pb::TRUST_STATE_ACTIVE),
                    Text(ShowTime(entry.effective_time(), *zone))});
        }
        return true;
      });
  rows.End();
  return failure;
}

MaybeFailure Accounts(const ReadArguments& arguments) {
  auto reading = Begin(arguments);
  if (!reading.ok()) return reading.error();
  if (arguments.trusted) return TrustedAccounts(arguments, reading.value());
  Rows rows(arguments.output, {"account", "number", "kind", "entity", "may_send", "may_receive",
                               "may_surrender", "may_leave_list", "blocked", "closed"});
  const auto failure =
      ForEachAccount(arguments, reading.value(), [&](const pb::Account& account) -> MaybeFailure {
        rows.Add({Number(NumberAtEnd(account.name())), Text(account.number()),
                  Text(Word<registry::AccountKind>(account.kind())),
                  account.entity().empty() ? Nothing() : Number(NumberAtEnd(account.entity())),
                  YesNo(account.may_send()), YesNo(account.may_receive()),
                  YesNo(account.may_surrender()), YesNo(account.may_leave_trusted_list()),
                  YesNo(account.blocked()), YesNo(account.closed())});
        return {};
      });
  rows.End();
  return failure;
}

// ---- balance ----

MaybeFailure Totals(const ReadArguments& arguments, Reading& reading) {
  RegistryClient& client = *reading.client;
  pb::ListLedgersRequest request;
  request.set_parent(client.parent());
  reading.moment.Ask(request);
  std::vector<pb::Ledger> ledgers;
  std::string units;
  const auto failure =
      client.ForEachPage(client.units(), &UnitStub::ListLedgers, request, [&](const auto& page) {
        for (const pb::Ledger& ledger : page.ledgers()) {
          if (arguments.unit.empty() || ledger.unit() == arguments.unit) ledgers.push_back(ledger);
          units += " " + ledger.unit();
        }
        return true;
      });
  if (failure) return failure;
  if (ledgers.empty() && !arguments.unit.empty()) {
    return Failure{kBadInput, "this registry holds no " + arguments.unit + "; it holds" + units};
  }
  std::sort(ledgers.begin(), ledgers.end(), [](const pb::Ledger& a, const pb::Ledger& b) {
    return UnitOf(a.unit()) < UnitOf(b.unit());
  });
  Rows rows(arguments.output, {"unit", "cap", "issued", "held", "surrendered", "cancelled",
                               "converted", "expired", "reserved", "frozen"});
  for (const pb::Ledger& ledger : ledgers) {
    const Unit unit = UnitOf(ledger.unit());
    Cell cap = Amount(unit, ledger.cap());
    if (ledger.cap() == 0) cap.shown = "-";
    rows.Add({Text(ledger.unit()), cap, Amount(unit, ledger.issued()), Amount(unit, ledger.held()),
              Amount(unit, ledger.surrendered()), Amount(unit, ledger.cancelled()),
              Amount(unit, ledger.converted()), Amount(unit, ledger.expired()),
              Amount(unit, ledger.reserved()), Amount(unit, ledger.frozen())});
  }
  rows.End();
  return {};
}

void AddHolding(Rows& rows, const pb::Account& account, const pb::Holding& holding) {
  const Unit unit = UnitOf(holding.unit());
  rows.Add({Number(NumberAtEnd(account.name())), Text(Word<registry::AccountKind>(account.kind())),
            Number(NumberAtEnd(account.entity())), YesNo(account.blocked()), Text(holding.unit()),
            Amount(unit, holding.posted()), Amount(unit, holding.reserved()),
            Amount(unit, holding.frozen()), Amount(unit, holding.incoming()),
            Amount(unit, holding.available())});
}

// One account's holdings; with --unit the one, also when it is empty.
MaybeFailure HoldingsOf(const ReadArguments& arguments, Reading& reading,
                        const pb::Account& account, Rows& rows) {
  RegistryClient& client = *reading.client;
  if (!arguments.unit.empty()) {
    pb::GetHoldingRequest request;
    request.set_name(account.name() + "/holdings/" + arguments.unit);
    reading.moment.Ask(request);
    const auto answer = client.Call(client.accounts(), &AccountStub::GetHolding, request);
    if (!answer.ok()) return answer.error();
    const pb::Holding& holding = answer->holding();
    const bool is_empty = holding.posted() == 0 && holding.reserved() == 0 &&
                          holding.frozen() == 0 && holding.incoming() == 0;
    if (!arguments.all || !is_empty) AddHolding(rows, account, holding);
    return {};
  }
  pb::ListHoldingsRequest request;
  request.set_parent(account.name());
  reading.moment.Ask(request);
  return client.ForEachPage(client.accounts(), &AccountStub::ListHoldings, request,
                            [&](const auto& page) {
                              for (const pb::Holding& holding : page.holdings()) {
                                AddHolding(rows, account, holding);
                              }
                              return true;
                            });
}

MaybeFailure Balance(const ReadArguments& arguments) {
  auto begun = Begin(arguments);
  if (!begun.ok()) return begun.error();
  Reading& reading = begun.value();
  if (arguments.account.empty() && !arguments.firm && !arguments.all) {
    return Totals(arguments, reading);
  }
  std::vector<pb::Account> accounts;
  auto failure =
      ForEachAccount(arguments, reading, [&](const pb::Account& account) -> MaybeFailure {
        accounts.push_back(account);
        return {};
      });
  if (failure) return failure;
  if (accounts.empty()) {
    return Failure{kBadInput, "there is no firm " + std::to_string(arguments.firm.value_or(0)) +
                                  "; firms are numbered as in the run's firms table"};
  }
  Rows rows(arguments.output, {"account", "kind", "entity", "blocked", "unit", "balance",
                               "reserved", "frozen", "incoming", "available"});
  for (const pb::Account& account : accounts) {
    if ((failure = HoldingsOf(arguments, reading, account, rows))) break;
  }
  rows.End();
  return failure;
}

// ---- transfers ----

// The kind and firm of each account, which is all that naming a transfer takes.
using AccountsByName = std::map<std::string, pb::Account>;

std::vector<std::string> TransferColumns(bool for_people) {
  if (for_people) {
    return {"sequence", "index", "date",   "code", "debit",
            "credit",   "unit",  "amount", "year", "reference"};
  }
  return {"sequence",   "index",        "date",   "code",        "debit",
          "debit_kind", "debit_entity", "credit", "credit_kind", "credit_entity",
          "unit",       "amount",       "year",   "reference"};
}

std::vector<Cell> TransferRow(bool for_people, const AccountsByName& accounts, Zone zone,
                              const pb::Transfer& transfer) {
  const std::string name = LastPart(transfer.name());  // "1042-3"
  const std::size_t dash = name.find('-');
  std::vector<Cell> row{Number(NumberAtEnd(name.substr(0, dash))),
                        Number(NumberAtEnd(name.substr(dash + 1))),
                        Text(ToString(ToLocal(TimeOf(transfer.sim_time()), zone).date)),
                        Text(Word<registry::TransferCode>(transfer.code()))};
  for (const std::string* const side : {&transfer.debit(), &transfer.credit()}) {
    const auto found = accounts.find(*side);
    const pb::Account account = found == accounts.end() ? pb::Account() : found->second;
    const std::string kind =
        found == accounts.end() ? "not shown" : Word<registry::AccountKind>(account.kind());
    const std::uint64_t entity = NumberAtEnd(account.entity());
    if (for_people) {
      const std::string firm = account.entity().empty() ? "" : " " + std::to_string(entity);
      row.push_back(Text(LastPart(*side) + " (" + kind + firm + ")"));
    } else {
      row.insert(row.end(), {Number(NumberAtEnd(*side)), Text(kind), Number(entity)});
    }
  }
  const Unit unit = UnitOf(transfer.unit());
  row.insert(row.end(), {Text(transfer.unit()), Amount(unit, transfer.amount()),
                         Number(transfer.year()), Number(transfer.reference())});
  return row;
}

Result<pb::ListTransfersRequest, Failure> TransfersRequest(const ReadArguments& arguments,
                                                           Reading& reading) {
  RegistryClient& client = *reading.client;
  pb::ListTransfersRequest request;
  request.set_parent(client.parent());
  reading.moment.Ask(request);
  if (!arguments.account.empty()) request.set_account(client.Account(arguments.account));
  if (arguments.firm) request.set_entity(*arguments.firm);
  request.set_unit(arguments.unit);
  for (std::size_t code = 1; code < registry::kTransferCodeCount; ++code) {
    if (arguments.code == ToString(static_cast<registry::TransferCode>(code))) {
      request.set_code(static_cast<pb::TransferCode>(code));
    }
  }
  const auto zone = client.zone();
  if (!zone.ok()) return Fail{zone.error()};
  if (!arguments.from.empty()) {
    Moment::Fill(ToInstant({*Date::Parse(arguments.from), 0}, *zone),
                 *request.mutable_start_time());
  }
  if (!arguments.to.empty()) {
    Moment::Fill(ToInstant({*Date::Parse(arguments.to) + 1, 0}, *zone),
                 *request.mutable_end_time());
  }
  return request;
}

MaybeFailure Transfers(const ReadArguments& arguments) {
  if (!arguments.from.empty() && !arguments.to.empty() &&
      *Date::Parse(arguments.from) > *Date::Parse(arguments.to)) {
    return Failure{kBadInput, "--from lies after --to"};
  }
  auto begun = Begin(arguments);
  if (!begun.ok()) return begun.error();
  Reading& reading = begun.value();
  RegistryClient& client = *reading.client;
  const auto request = TransfersRequest(arguments, reading);
  if (!request.ok()) return request.error();
  AccountsByName accounts;
  const auto named = ForEachAccount({}, reading, [&](const pb::Account& account) -> MaybeFailure {
    accounts.emplace(account.name(), account);
    return {};
  });
  if (named) return named;

  const bool for_people = arguments.output == "table";
  const Zone zone = client.zone().value();
  Rows rows(arguments.output, TransferColumns(for_people));
  std::uint64_t found = 0;
  bool has_more = false;
  const auto failure = client.ForEachPage(
      client.transfers(), &TransferStub::ListTransfers, *request, [&](const auto& page) {
        for (const pb::Transfer& transfer : page.transfers()) {
          has_more = arguments.limit != 0 && found == arguments.limit;
          if (has_more) return false;
          ++found;
          rows.Add(TransferRow(for_people, accounts, zone, transfer));
        }
        return true;
      });
  rows.End();
  if (has_more) {
    std::cerr << "the first " << arguments.limit << " transfers; --limit 0 shows all\n";
  }
  return failure;
}

// ---- serials ----

MaybeFailure Serials(const ReadArguments& arguments) {
  auto begun = Begin(arguments);
  if (!begun.ok()) return begun.error();
  Reading& reading = begun.value();
  pb::ListSerialRangesRequest request;
  request.set_parent(reading.client->Account(arguments.account));
  request.set_unit(arguments.unit);
  reading.moment.Ask(request);
  Rows rows(arguments.output, {"account", "unit", "first", "last", "count", "issued_at"});
  const auto failure = reading.client->ForEachPage(
      reading.client->units(), &UnitStub::ListSerialRanges, request, [&](const auto& page) {
        for (const pb::HeldRange& held : page.ranges()) {
          const pb::SerialRange& range = held.range();
          rows.Add({Number(NumberAtEnd(request.parent())), Text(held.unit()), Signed(range.first()),
                    Signed(range.last()), Tonnage(range.last() - range.first() + 1),
                    Number(range.issued_sequence())});
        }
        return true;
      });
  rows.End();
  return failure;
}

// ---- The command line ----

std::vector<std::string> KindNames() {
  std::vector<std::string> names;
  for (std::size_t kind = 1; kind < registry::kAccountKindCount; ++kind) {
    names.emplace_back(registry::Kinds()[kind].name);
  }
  return names;
}

std::vector<std::string> CodeNames() {
  std::vector<std::string> names;
  for (std::size_t code = 1; code < registry::kTransferCodeCount; ++code) {
    names.emplace_back(ToString(static_cast<registry::TransferCode>(code)));
  }
  return names;
}

void AddWho(CLI::App& verb, ReadArguments& arguments) {
  CLI::Option* const account =
      verb.add_option("--account", arguments.account,
                      "Only this account, by its number (12) or display number (CN-108-...)")
          ->type_name("N");
  verb.add_option("--firm", arguments.firm, "Only the accounts of this firm, its escrow included")
      ->type_name("N")
      ->excludes(account);
}

void AddAccounts(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ReadArguments>();
  CLI::App* const verb = AddVerb(parent, "accounts", "Who is there and what each account may do",
                                 arguments, exit_code, &Accounts);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddWho(*verb, *arguments);
  verb->add_option("--kind", arguments->kind, "Only accounts of this kind")
      ->check(CLI::IsMember(KindNames()));
  verb->add_flag("--trusted", arguments->trusted, "The trusted list of --account instead");
  verb->footer(
      "An account that is blocked may receive and surrender, and not send. A closed one takes "
      "part\nin nothing again. One that may leave the list sends to whom it does not trust, "
      "too.\n\n"
      "  capclear registry accounts --data runs/china-transition-1 --kind auction_stock\n"
      "  capclear registry accounts --server 127.0.0.1:50051 --token-file token --firm 12");
}

void AddBalance(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ReadArguments>();
  CLI::App* const verb =
      AddVerb(parent, "balance",
              "What was issued of each unit and where it is; or what an account or a firm holds",
              arguments, exit_code, &Balance);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddWho(*verb, *arguments);
  verb->add_flag("--all", arguments->all, "What every account holds");
  verb->add_option("--unit", arguments->unit, "Only this unit, as in CEA25, CCER or CNY")
      ->check(UnitCheck());
  verb->footer(
      "Issued is what exists: the sum of held (pools and escrow included), surrendered, "
      "cancelled,\n"
      "converted and expired. Of an account's balance what is reserved by pending transfers or "
      "frozen\n"
      "is not available. The balances come from the journal, which is checked on the way.\n\n"
      "  capclear registry balance --data runs/china-transition-1\n"
      "  capclear registry balance --data runs/china-transition-1 --firm 12 --as-of 2027-12-31\n"
      "  capclear registry balance --data runs/china-transition-1 --all --output json");
}

void AddTransfers(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ReadArguments>();
  CLI::App* const verb = AddVerb(parent, "transfers", "Every movement of units and money, in order",
                                 arguments, exit_code, &Transfers);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  AddWho(*verb, *arguments);
  verb->add_option("--unit", arguments->unit, "Only this unit, as in CEA25, CCER or CNY")
      ->check(UnitCheck());
  verb->add_option("--from", arguments->from, "From this simulated day on")
      ->check(CLI::Validator(CheckDate, "DATE"));
  verb->add_option("--to", arguments->to, "Up to this simulated day, with it")
      ->check(CLI::Validator(CheckDate, "DATE"));
  verb->add_option("--code", arguments->code,
                   "Only transfers of this kind, as in surrender or listed_trade")
      ->check(CLI::IsMember(CodeNames()));
  verb->add_option("--limit", arguments->limit, "Print at most so many; 0 prints all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->footer(
      "The sequence is that of the command's journal record, the index the place in it; the "
      "reference\nis that of the trade. A table "
      "names each account by number and kind, json and csv in columns of their own.\n\n"
      "  capclear registry transfers --data runs/china-transition-1 --firm 12 --code surrender\n"
      "  capclear registry transfers --data runs/china-transition-1 --limit 0 --output csv > "
      "transfers.csv");
}

void AddSerials(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ReadArguments>();
  CLI::App* const verb = AddVerb(parent, "serials", "Which serial numbers an account holds",
                                 arguments, exit_code, &Serials);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  verb->add_option("--account", arguments->account,
                   "Whose: an account's number (12) or display number (CN-108-...)")
      ->required()
      ->type_name("N");
  verb->add_option("--unit", arguments->unit, "Only this unit, as in CEA25")->check(UnitCheck());
  verb->footer(
      "Allowances are fungible: a transfer carries a quantity. Which serials travelled follows "
      "from "
      "the\n"
      "journal under the profile's convention (fifo, lifo or proportional). Serials of a unit are\n"
      "numbered from 1 in the order of issue; issued_at is the record that issued them.\n\n"
      "  capclear registry serials --data runs/china-transition-1 --account 12 --unit CEA25");
}

}  // namespace

void AddReadVerbs(CLI::App& parent, int& exit_code) {
  AddAccounts(parent, exit_code);
  AddBalance(parent, exit_code);
  AddTransfers(parent, exit_code);
  AddSerials(parent, exit_code);
}

}  // namespace ets::cli
