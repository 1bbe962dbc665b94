#include "clients/cli/registry_verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/quantity.h"
#include "base/unit.h"
#include "registry/codec.h"
#include "registry/registry.h"
#include "server/registry_journal.h"
#include "store/journal_store.h"

namespace ets::cli {
namespace {

using registry::Registry;
using server::DayOf;
using server::RebuiltRegistry;

constexpr int kDamaged = 1;
constexpr int kBadInput = 2;

struct Arguments {
  std::string data;
  std::string output = "table";
  std::optional<std::uint32_t> account;
  std::optional<std::uint32_t> firm;
  std::string unit;
  std::string as_of, from, to;
  std::string code;
  std::uint64_t limit = 100;
};

// What ends a verb early: thrown nowhere, returned up to the callback.
struct Failure {
  int exit_code = kDamaged;
  std::string message;
};
using MaybeFailure = std::optional<Failure>;

// ---- Printing ----

// One value of a row: as a program reads it, and as a person does.
struct Cell {
  std::string raw;
  std::string shown;
  bool is_number = true;
};

Cell Text(std::string text) { return {text, text, false}; }
Cell Number(std::uint64_t number) { return {std::to_string(number), std::to_string(number)}; }

std::string WithThousands(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

// Tonnes, or minor units of a currency, which a person reads as 1,234.05.
Cell Amount(Unit unit, std::int64_t amount) {
  Cell cell{std::to_string(amount), WithThousands(amount)};
  if (unit.type == UnitType::kCurrency) {
    const std::string cents = std::to_string(std::abs(amount % 100) + 100).substr(1);
    const bool lost_sign = amount < 0 && amount > -100;
    cell.shown = (lost_sign ? "-" : "") + WithThousands(amount / 100) + "." + cents;
  }
  return cell;
}

// Rows on standard output: as an aligned table, as one JSON array of objects, or as CSV.
class Rows {
 public:
  Rows(const std::string& output, std::vector<std::string> columns)
      : output_(output), columns_(std::move(columns)) {
    if (output_ == "csv") PrintCsv(columns_);
    if (output_ == "json") std::cout << "[";
  }

  void Add(std::vector<Cell> row) {
    if (output_ == "table") {
      // A long list is printed as it comes, with the widths its first rows ask for.
      waiting_.push_back(std::move(row));
      if (waiting_.size() >= 1'000) PrintWaiting();
    } else if (output_ == "csv") {
      std::vector<std::string> values;
      for (Cell& cell : row) values.push_back(std::move(cell.raw));
      PrintCsv(values);
    } else {
      std::cout << (count_ == 0 ? "\n" : ",\n") << "  {";
      for (std::size_t i = 0; i < row.size(); ++i) {
        std::cout << (i == 0 ? "" : ", ") << '"' << columns_[i]
                  << "\": " << (row[i].is_number ? row[i].raw : nlohmann::json(row[i].raw).dump());
      }
      std::cout << "}";
    }
    ++count_;
  }

  void End() {
    if (output_ == "table") PrintWaiting();
    if (output_ == "json") std::cout << (count_ == 0 ? "]\n" : "\n]\n");
    std::cout.flush();
  }

 private:
  static void PrintCsv(const std::vector<std::string>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) std::cout << (i == 0 ? "" : ",") << values[i];
    std::cout << "\n";
  }

  void PrintWaiting() {
    const bool is_first = widths_.empty();
    if (is_first) {
      for (const std::string& column : columns_) widths_.push_back(column.size());
    }
    for (const std::vector<Cell>& row : waiting_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths_[i] = std::max(widths_[i], row[i].shown.size());
      }
    }
    if (is_first) {
      std::vector<Cell> head;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const bool is_number = !waiting_.empty() && waiting_.front()[i].is_number;
        head.push_back({"", columns_[i], is_number});
      }
      PrintRow(head);
    }
    for (const std::vector<Cell>& row : waiting_) PrintRow(row);
    waiting_.clear();
  }

  void PrintRow(const std::vector<Cell>& row) const {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths_[i] - std::min(widths_[i], row[i].shown.size()), ' ');
      line += (i == 0 ? "" : "  ");
      line += row[i].is_number ? padding + row[i].shown : row[i].shown + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << "\n";
  }

  std::string output_;
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> waiting_;
  std::vector<std::size_t> widths_;
  std::uint64_t count_ = 0;
};

// ---- Reading ----

Failure FailureOf(const server::JournalFailure& failure) {
  const bool is_input = failure.kind == server::JournalFailure::Kind::kNoJournal;
  return {is_input ? kBadInput : kDamaged, failure.message};
}

Result<std::string, Failure> FindJournal(const std::string& data) {
  const auto folder = server::FindRegistryJournal(data);
  if (!folder.ok()) return Fail{FailureOf(folder.error())};
  return *folder;
}

Result<store::JournalSummary, Failure> Walk(
    const std::string& folder,
    const std::function<std::string(const JournalRecord&, bool& stop)>& visit) {
  const auto walked = server::WalkRegistryJournal(folder, visit);
  if (!walked.ok()) return Fail{FailureOf(walked.error())};
  return *walked;
}

// The sequence of the last day closed at or before `as_of`; a day that the journal does not reach
// is an error and never an empty answer.
Result<std::uint64_t, Failure> EndOfDay(const std::string& folder, Date as_of) {
  std::optional<Date> first, last;
  std::uint64_t end = 0;
  registry::Record decoded;
  const auto walked = Walk(folder, [&](const JournalRecord& record, bool&) -> std::string {
    if (record.kind != static_cast<std::uint16_t>(registry::RecordKind::kDayClosed)) return {};
    if (!registry::Decode(record, decoded)) return "the payload cannot be decoded";
    const Date date = std::get_if<registry::DayClosed>(&decoded.command)->date;
    if (!first) first = date;
    last = date;
    if (date <= as_of) end = record.sequence;
    return {};
  });
  if (!walked.ok()) return Fail{walked.error()};
  if (!first)
    return Fail{
        Failure{kBadInput, folder + ": the journal holds no closed day; leave out --as-of"}};
  if (as_of < *first || as_of > *last) {
    return Fail{Failure{kBadInput, "--as-of " + ToString(as_of) +
                                       " lies outside the journal, which closes " +
                                       ToString(*first) + " to " + ToString(*last)}};
  }
  return end;
}

Result<RebuiltRegistry, Failure> Rebuild(const std::string& folder, const std::string& as_of) {
  std::uint64_t end = 0;  // 0: to the end.
  if (!as_of.empty()) {
    const auto found = EndOfDay(folder, *Date::Parse(as_of));
    if (!found.ok()) return Fail{found.error()};
    end = *found;
  }
  RebuiltRegistry rebuilt;
  const auto walked = Walk(folder, [&](const JournalRecord& record, bool& stop) {
    stop = record.sequence == end;
    return rebuilt.Take(record);
  });
  if (!walked.ok()) return Fail{walked.error()};
  if (rebuilt.empty()) return Fail{Failure{kBadInput, folder + ": the journal holds no record"}};
  return rebuilt;
}

std::string NameOf(registry::AccountKind kind, std::uint32_t entity) {
  const bool is_firms =
      kind == registry::AccountKind::kHolder || kind == registry::AccountKind::kEscrow;
  return std::string(ToString(kind)) + (is_firms ? " " + std::to_string(entity) : "");
}

// ---- balance ----

MaybeFailure PrintTotals(const Arguments& arguments, const Registry& registry,
                         const std::vector<LedgerId>& ledgers) {
  Rows rows(arguments.output,
            {"unit", "cap", "issued", "held", "surrendered", "cancelled", "converted", "expired"});
  for (const LedgerId ledger : ledgers) {
    const Unit unit = registry.unit(ledger);
    const registry::LedgerTotals totals = registry.totals(ledger);
    Cell cap = Amount(unit, registry.cap(ledger));
    if (registry.cap(ledger) == 0) cap.shown = "-";
    rows.Add({Text(ToString(unit)), cap, Amount(unit, totals.issued), Amount(unit, totals.held),
              Amount(unit, totals.surrendered), Amount(unit, totals.cancelled),
              Amount(unit, totals.converted), Amount(unit, totals.expired)});
  }
  rows.End();
  return {};
}

MaybeFailure PrintBalances(const Arguments& arguments, const Registry& registry,
                           const std::vector<LedgerId>& ledgers) {
  std::vector<AccountId> accounts;
  for (std::uint32_t id = 0; id < registry.account_count(); ++id) {
    const registry::AccountView view = registry.account(AccountId(id));
    const bool is_firms =
        view.kind == registry::AccountKind::kHolder || view.kind == registry::AccountKind::kEscrow;
    if (arguments.account ? id == *arguments.account : is_firms && view.entity == *arguments.firm) {
      accounts.emplace_back(id);
    }
  }
  if (accounts.empty()) {
    const std::string what = arguments.account ? "account " + std::to_string(*arguments.account)
                                               : "firm " + std::to_string(*arguments.firm);
    return Failure{kBadInput, "there is no " + what + "; accounts are numbered 0 to " +
                                  std::to_string(registry.account_count() - 1) +
                                  ", firms as in the run's firms table"};
  }
  Rows rows(arguments.output, {"account", "kind", "entity", "blocked", "unit", "balance"});
  for (const AccountId account : accounts) {
    const registry::AccountView view = registry.account(account);
    for (const LedgerId ledger : ledgers) {
      const std::int64_t balance = registry.balance(account, ledger);
      if (balance == 0 && arguments.unit.empty()) continue;
      const Unit unit = registry.unit(ledger);
      rows.Add({Number(account.raw()), Text(std::string(ToString(view.kind))), Number(view.entity),
                Text(view.blocked ? "yes" : "no"), Text(ToString(unit)), Amount(unit, balance)});
    }
  }
  rows.End();
  return {};
}

MaybeFailure Balance(const Arguments& arguments) {
  const auto folder = FindJournal(arguments.data);
  if (!folder.ok()) return folder.error();
  const auto rebuilt = Rebuild(*folder, arguments.as_of);
  if (!rebuilt.ok()) return rebuilt.error();
  const Registry& registry = **rebuilt;

  std::vector<LedgerId> ledgers;
  std::string units;
  for (std::uint16_t id = 0; id < registry.ledger_count(); ++id) {
    const std::string unit = ToString(registry.unit(LedgerId(id)));
    if (arguments.unit.empty() || unit == arguments.unit) ledgers.emplace_back(id);
    units += " " + unit;
  }
  if (ledgers.empty() && !arguments.unit.empty()) {
    return Failure{kBadInput, "this registry holds no " + arguments.unit + "; it holds" + units};
  }
  std::sort(ledgers.begin(), ledgers.end(),
            [&](LedgerId a, LedgerId b) { return registry.unit(a) < registry.unit(b); });
  return arguments.account || arguments.firm ? PrintBalances(arguments, registry, ledgers)
                                             : PrintTotals(arguments, registry, ledgers);
}

// ---- transfers ----

// Accounts and ledgers as the journal opens them, which is all that naming a transfer takes.
class Names {
 public:
  void Take(const registry::Record& record) {
    if (record.refusal) return;
    if (const auto* const account = std::get_if<registry::OpenAccount>(&record.command)) {
      accounts_.push_back(*account);
    }
    if (const auto* const ledger = std::get_if<registry::OpenLedger>(&record.command)) {
      units_.push_back(ledger->unit);
    }
  }
  bool Know(const registry::Transfer& transfer) const {
    return transfer.debit.raw() < accounts_.size() && transfer.credit.raw() < accounts_.size() &&
           transfer.ledger.raw() < units_.size();
  }
  const registry::OpenAccount& account(AccountId id) const { return accounts_[id.raw()]; }
  Unit unit(LedgerId id) const { return units_[id.raw()]; }

 private:
  std::vector<registry::OpenAccount> accounts_;
  std::vector<Unit> units_;
};

// Whether a transfer is one of those asked for; its day was looked at before.
bool IsAskedFor(const Arguments& arguments, const Names& names,
                const registry::Transfer& transfer) {
  const auto is_firms = [&](AccountId id) {
    const registry::OpenAccount& account = names.account(id);
    return (account.kind == registry::AccountKind::kHolder ||
            account.kind == registry::AccountKind::kEscrow) &&
           account.entity == *arguments.firm;
  };
  if (arguments.account && transfer.debit.raw() != *arguments.account &&
      transfer.credit.raw() != *arguments.account) {
    return false;
  }
  if (arguments.firm && !is_firms(transfer.debit) && !is_firms(transfer.credit)) return false;
  if (!arguments.code.empty() && ToString(transfer.code) != arguments.code) return false;
  return arguments.unit.empty() || ToString(names.unit(transfer.ledger)) == arguments.unit;
}

std::vector<std::string> TransferColumns(bool for_people) {
  if (for_people) {
    return {"sequence", "date", "code", "debit", "credit", "unit", "amount", "year", "reference"};
  }
  return {"sequence",    "date",          "code", "debit",  "debit_kind", "debit_entity", "credit",
          "credit_kind", "credit_entity", "unit", "amount", "year",       "reference"};
}

std::vector<Cell> TransferRow(bool for_people, const Names& names, const JournalRecord& record,
                              const registry::Transfer& transfer) {
  const Unit unit = names.unit(transfer.ledger);
  std::vector<Cell> row{Number(record.sequence), Text(ToString(DayOf(record.envelope.sim_time))),
                        Text(std::string(ToString(transfer.code)))};
  for (const AccountId id : {transfer.debit, transfer.credit}) {
    const registry::OpenAccount& account = names.account(id);
    if (for_people) {
      row.push_back(
          Text(std::to_string(id.raw()) + " (" + NameOf(account.kind, account.entity) + ")"));
    } else {
      row.insert(row.end(), {Number(id.raw()), Text(std::string(ToString(account.kind))),
                             Number(account.entity)});
    }
  }
  row.insert(row.end(), {Text(ToString(unit)), Amount(unit, transfer.amount), Number(transfer.year),
                         Number(transfer.reference)});
  return row;
}

MaybeFailure Transfers(const Arguments& arguments) {
  const auto folder = FindJournal(arguments.data);
  if (!folder.ok()) return folder.error();
  const auto from = Date::Parse(arguments.from);
  const auto to = Date::Parse(arguments.to);
  if (from && to && *from > *to) return Failure{kBadInput, "--from lies after --to"};

  const bool for_people = arguments.output == "table";
  Rows rows(arguments.output, TransferColumns(for_people));
  Names names;
  registry::Record decoded;
  std::uint64_t found = 0;
  const auto walked = Walk(*folder, [&](const JournalRecord& record, bool&) -> std::string {
    if (record.sequence == 1) return {};
    if (!registry::Decode(record, decoded)) return "the payload cannot be decoded";
    names.Take(decoded);
    const Date day = DayOf(record.envelope.sim_time);
    if ((from && day < *from) || (to && day > *to)) return {};
    for (const registry::Transfer& transfer : decoded.transfers) {
      if (!names.Know(transfer)) return "a transfer between accounts that were never opened";
      if (!IsAskedFor(arguments, names, transfer)) continue;
      ++found;
      if (arguments.limit != 0 && found > arguments.limit) continue;
      rows.Add(TransferRow(for_people, names, record, transfer));
    }
    return {};
  });
  rows.End();
  if (!walked.ok()) return walked.error();
  if (arguments.limit != 0 && found > arguments.limit) {
    std::cerr << "the first " << arguments.limit << " of " << found
              << " transfers; --limit 0 shows all\n";
  }
  return {};
}

// ---- verify ----

MaybeFailure Verify(const Arguments& arguments) {
  const auto folder = FindJournal(arguments.data);
  if (!folder.ok()) return folder.error();
  const auto verified = server::VerifyRegistryJournal(*folder);
  if (!verified.ok()) return FailureOf(verified.error());
  const std::vector<std::pair<std::string, Cell>> lines = {
      {"batches", Number(verified->journal.batches)},
      {"records", Number(verified->journal.records)},
      {"commands_applied", Number(verified->applied)},
      {"commands_refused", Number(verified->refused)},
      {"transfers", Number(verified->transfers)},
      {"days_closed", Number(verified->days)},
      {"settlement_messages", Number(verified->messages)},
      {"failed_pairs", Number(verified->failed_pairs)},
      {"accounts", Number(verified->accounts)},
      {"ledgers", Number(verified->ledgers)},
      {"state_hash", Text(server::ToHex(verified->state_hash))},
      {"chain_head", Text(verified->journal.chain_head)},
  };
  if (arguments.output == "table") {
    for (const auto& [name, cell] : lines) {
      std::cout << name << std::string(21 - name.size(), ' ') << cell.shown << "\n";
    }
    std::cout
        << "verified: chain, anchor, every outcome, transfer and day's hash, and the invariants\n";
    return {};
  }
  if (arguments.output == "json") {
    nlohmann::ordered_json object;
    for (const auto& [name, cell] : lines) {
      object[name] = cell.is_number ? nlohmann::ordered_json::parse(cell.raw)
                                    : nlohmann::ordered_json(cell.raw);
    }
    std::cout << object.dump(2) << "\n";
    return {};
  }
  std::vector<std::string> columns;
  std::vector<Cell> row;
  for (const auto& [name, cell] : lines) {
    columns.push_back(name);
    row.push_back(cell);
  }
  Rows rows(arguments.output, columns);
  rows.Add(row);
  rows.End();
  return {};
}

// ---- The command line ----

std::string CheckDate(std::string& text) {
  return Date::Parse(text) ? "" : "'" + text + "' is no date; write it as 2027-01-31";
}

std::string CheckUnit(std::string& text) {
  return ParseUnit(text)
             ? ""
             : "'" + text + "' is no unit; one of CEA19-20, CEA21, CEA22, ..., CCER, CNY, EUR";
}

std::vector<std::string> TransferCodes() {
  std::vector<std::string> codes;
  for (int code = 1; code <= static_cast<int>(registry::TransferCode::kOther); ++code) {
    codes.emplace_back(ToString(static_cast<registry::TransferCode>(code)));
  }
  return codes;
}

// A verb under `registry` with the options all of them share.
CLI::App* AddVerb(CLI::App& parent, const std::string& name, const std::string& description,
                  const std::shared_ptr<Arguments>& arguments, int& exit_code,
                  MaybeFailure (*run)(const Arguments&)) {
  CLI::App* const verb = parent.add_subcommand(name, description);
  verb->add_option("--data", arguments->data, "A run's folder, or the registry/ folder in it")
      ->required()
      ->type_name("DIR");
  verb->add_option(
          "--output", arguments->output,
          "How to print: a table to read; json or csv, where amounts are whole tonnes or minor "
          "units (fen, cent)")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
  verb->callback([arguments, &exit_code, run] {
    const MaybeFailure failure = run(*arguments);
    exit_code = failure ? failure->exit_code : 0;
    if (failure) std::cerr << failure->message << "\n";
  });
  return verb;
}

void AddWhoAndWhat(CLI::App& verb, Arguments& arguments) {
  CLI::Option* const account =
      verb.add_option("--account", arguments.account, "Only this account, by its number")
          ->type_name("N");
  verb.add_option("--firm", arguments.firm,
                  "Only this firm's accounts, its own and its escrow on the exchange")
      ->type_name("N")
      ->excludes(account);
  verb.add_option("--unit", arguments.unit, "Only this unit, as in CEA25, CCER or CNY")
      ->check(CLI::Validator(CheckUnit, "UNIT"));
}

void AddBalance(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb =
      AddVerb(parent, "balance",
              "What was issued of each unit and where it is; or what an account or a firm holds",
              arguments, exit_code, &Balance);
  AddWhoAndWhat(*verb, *arguments);
  verb->add_option("--as-of", arguments->as_of,
                   "At the end of this simulated day; otherwise at the end of the journal")
      ->check(CLI::Validator(CheckDate, "DATE"));
  verb->footer(
      "Issued is what exists: the sum of held (pools and escrow included), surrendered, "
      "cancelled,\n"
      "converted and expired. The balances are rebuilt from the journal, which is checked on the "
      "way.\n\n"
      "  capclear registry balance --data runs/china-transition-1\n"
      "  capclear registry balance --data runs/china-transition-1 --firm 12 --as-of 2027-12-31");
}

void AddTransfers(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb = AddVerb(parent, "transfers", "Every movement of units and money, in order",
                                 arguments, exit_code, &Transfers);
  AddWhoAndWhat(*verb, *arguments);
  verb->add_option("--from", arguments->from, "From this simulated day on")
      ->check(CLI::Validator(CheckDate, "DATE"));
  verb->add_option("--to", arguments->to, "Up to this simulated day, with it")
      ->check(CLI::Validator(CheckDate, "DATE"));
  verb->add_option("--code", arguments->code,
                   "Only transfers of this kind, as in surrender or listed_trade")
      ->check(CLI::IsMember(TransferCodes()));
  verb->add_option("--limit", arguments->limit, "Print at most so many; 0 prints all")
      ->type_name("N")
      ->capture_default_str();
  verb->footer(
      "The sequence is that of the command's journal record; the reference that of the trade. A "
      "table\n"
      "names each account by number and kind, json and csv in columns of their own.\n\n"
      "  capclear registry transfers --data runs/china-transition-1 --firm 12 --code surrender\n"
      "  capclear registry transfers --data runs/china-transition-1 --limit 0 --output csv > "
      "transfers.csv");
}

void AddVerify(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  AddVerb(parent, "verify", "Whether the journal is whole and says what the rules say", arguments,
          exit_code, &Verify)
      ->footer(
          "Checks the hash chain and the anchor, replays every command and compares each outcome, "
          "each\n"
          "transfer and each day's state hash with what was recorded, checks the invariants after "
          "every\n"
          "day, and holds the chain head against run.json. Exit code 0 when all agree; 1 when not, "
          "naming\n"
          "the place; 2 when there is no such journal.\n\n"
          "  capclear registry verify --data runs/china-transition-1");
}

}  // namespace

void AddRegistryVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const parent = app.add_subcommand(
      "registry", "Query and verify the registry's journal that a run leaves behind");
  parent->require_subcommand(1);
  AddBalance(*parent, exit_code);
  AddTransfers(*parent, exit_code);
  AddVerify(*parent, exit_code);
}

}  // namespace ets::cli
