// The verbs about the journal itself: whether it holds together, what it comes to, copies of it.

#include <filesystem>
#include <fstream>
#include <unordered_map>

#include "base/bytes.h"
#include "clients/cli/registry_folder.h"
#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"
#include "registry/registry.h"
#include "server/registry_journal.h"
#include "store/batch.h"
#include "store/folder.h"

namespace ets::cli {
namespace {

namespace fs = std::filesystem;

using AdminStub = pb::AdminService::Stub;
using Facts = std::vector<std::pair<std::string, Cell>>;
using Access = RegistryClient::Access;

constexpr const char* kVerified =
    "verified: chain, anchor, every outcome, transfer and day's hash, and the invariants\n";

struct JournalArguments : VerbArguments {
  std::string out, backup, name;
  bool clear_poison = false, drill = false;
};

Failure FailureOfJournal(const server::JournalFailure& failure) {
  const bool is_input = failure.kind == server::JournalFailure::Kind::kNoJournal;
  return {is_input ? kBadInput : kFailed, failure.message};
}

Failure FailureOfStore(const store::StoreFailure& failure) {
  using Fault = store::StoreFault;
  switch (failure.fault) {
    case Fault::kNoJournal:
    case Fault::kExists:
    case Fault::kOutOfRange:
      return {kBadInput, failure.message};
    case Fault::kDamaged:
    case Fault::kAnchorAhead:
    case Fault::kPoisoned:
    case Fault::kLocked:
    case Fault::kIo:
      break;
  }
  return {kFailed, failure.message};
}

Result<std::string, Failure> JournalFolder(const std::string& data) {
  const auto folder = server::FindRegistryJournal(data);
  if (!folder.ok()) return Fail{FailureOfJournal(folder.error())};
  return *folder;
}

Facts FactsOf(const store::JournalSummary& journal) {
  return {{"batches", Number(journal.batches)},
          {"records", Number(journal.records)},
          {"sequence", Number(journal.last_sequence)},
          {"chain_head", Text(journal.chain_head)}};
}

// ---- verify ----

Facts VerifiedFacts(const server::Verification& verified) {
  return {{"batches", Number(verified.journal.batches)},
          {"records", Number(verified.journal.records)},
          {"commands_applied", Number(verified.applied)},
          {"commands_refused", Number(verified.refused)},
          {"transfers", Number(verified.transfers)},
          {"days_closed", Number(verified.days)},
          {"settlement_messages", Number(verified.messages)},
          {"failed_pairs", Number(verified.failed_pairs)},
          {"accounts", Number(verified.accounts)},
          {"ledgers", Number(verified.ledgers)},
          {"state_hash", Text(server::ToHex(verified.state_hash))},
          {"chain_head", Text(verified.journal.chain_head)}};
}

MaybeFailure VerifyServer(const JournalArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  pb::VerifyChainRequest request;
  request.set_parent(client.parent());
  const auto answer = client.Call(client.admin(), &AdminStub::VerifyChain, request);
  if (!answer.ok()) return answer.error();
  server::Verification verified;
  verified.journal = {answer->batches(), answer->sequence(), answer->sequence(),
                      answer->chain_head()};
  verified.applied = answer->commands_applied();
  verified.refused = answer->commands_refused();
  verified.transfers = answer->transfers();
  verified.days = answer->days_closed();
  verified.messages = answer->settlement_messages();
  verified.failed_pairs = answer->failed_pairs();
  verified.accounts = answer->accounts();
  verified.ledgers = static_cast<std::uint16_t>(answer->ledgers());
  Facts facts = VerifiedFacts(verified);
  for (auto& [name, cell] : facts) {
    if (name == "state_hash") cell = Text(answer->state_hash());
  }
  PrintFacts(arguments.output, facts);
  if (arguments.output == "table") std::cout << kVerified;
  return {};
}

MaybeFailure Verify(const JournalArguments& arguments) {
  if (!arguments.target.server.empty()) return VerifyServer(arguments);
  const auto folder = JournalFolder(arguments.target.data);
  if (!folder.ok()) return folder.error();
  if (arguments.clear_poison) {
    const auto cleared = store::ClearPoison(*folder);
    if (!cleared.ok()) return FailureOfStore(cleared.error());
  }
  const auto verified = server::VerifyRegistryJournal(*folder);
  if (!verified.ok()) return FailureOfJournal(verified.error());
  PrintFacts(arguments.output, VerifiedFacts(*verified));
  if (arguments.output == "table") std::cout << kVerified;
  std::string why;
  if (store::IsPoisoned(*folder, {}, &why)) {
    return Failure{kFailed, *folder + " is whole, but a write failed here (" + why +
                                "); --clear-poison takes the mark away"};
  }
  return {};
}

// ---- replay ----

MaybeFailure ReplayServer(const JournalArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  const auto moment = ResolveMoment(client, "--as-of", arguments.as_of);
  if (!moment.ok()) return moment.error();
  pb::GetRegistryRequest request;
  request.set_parent(client.parent());
  moment->Ask(request);
  const auto answer = client.Call(client.admin(), &AdminStub::GetRegistry, request);
  if (!answer.ok()) return answer.error();
  const auto zone = client.zone();
  if (!zone.ok()) return zone.error();
  PrintFacts(arguments.output, {{"sequence", Number(answer->sequence())},
                                {"sim_time", Text(ShowTime(answer->sim_time(), *zone))},
                                {"profile", Text(answer->profile())},
                                {"accounts", Number(answer->accounts())},
                                {"ledgers", Number(answer->ledgers())},
                                {"state_hash", Text(answer->state_hash())},
                                {"chain_head", Text(answer->chain_head())}});
  return {};
}

// The record that --as-of means; 0 without it.
Result<std::uint64_t, Failure> LastRecord(const JournalArguments& arguments) {
  if (arguments.as_of.empty()) return std::uint64_t{0};
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return Fail{connected.error()};
  return SequenceOf(**connected, "--as-of", arguments.as_of);
}

MaybeFailure Replay(const JournalArguments& arguments) {
  if (!arguments.target.server.empty()) return ReplayServer(arguments);
  const auto folder = JournalFolder(arguments.target.data);
  if (!folder.ok()) return folder.error();
  const auto last = LastRecord(arguments);
  if (!last.ok()) return last.error();
  server::RebuiltRegistry rebuilt;
  SimTime time = 0;
  const auto walked =
      server::WalkRegistryJournal(*folder, [&](const JournalRecord& record, bool& stop) {
        time = record.envelope.sim_time;
        stop = record.sequence == *last;
        return rebuilt.Take(record);
      });
  if (!walked.ok()) return FailureOfJournal(walked.error());
  if (rebuilt.empty()) return Failure{kBadInput, *folder + ": the journal holds no record"};
  google::protobuf::Timestamp stamp;
  Moment::Fill(time, stamp);
  const registry::Profile& profile = rebuilt->profile();
  Facts facts = {{"sequence", Number(rebuilt->sequence())},
                 {"sim_time", Text(ShowTime(stamp, profile.zone))},
                 {"profile", Text(profile.name)},
                 {"accounts", Number(rebuilt->account_count())},
                 {"ledgers", Number(rebuilt->ledger_count())},
                 {"state_hash", Text(server::ToHex(rebuilt->BooksHash()))}};
  // The head of a chain is that of its end.
  if (*last == 0 || *last == walked->last_sequence) {
    facts.emplace_back("chain_head", Text(walked->chain_head));
  }
  PrintFacts(arguments.output, facts);
  return {};
}

// ---- reconcile ----

// Balances by account << 16 | ledger, from the transfers of the journal alone.
using Recomputed = std::unordered_map<std::uint64_t, std::int64_t>;

std::uint64_t KeyOf(AccountId account, LedgerId ledger) {
  return std::uint64_t{account.raw()} << 16U | ledger.raw();
}

MaybeFailure ReconcileFolder(const JournalArguments& arguments) {
  const auto folder = JournalFolder(arguments.target.data);
  if (!folder.ok()) return folder.error();
  server::RebuiltRegistry rebuilt;
  Recomputed recomputed;
  std::vector<registry::Transfer> transfers;
  const auto walked =
      server::WalkRegistryJournal(*folder, [&](const JournalRecord& record, bool&) -> std::string {
        transfers.clear();
        if (record.sequence > 1 && !registry::Registry::DecodeTransfers(record, transfers)) {
          return "the payload cannot be decoded";
        }
        for (const registry::Transfer& transfer : transfers) {
          recomputed[KeyOf(transfer.debit, transfer.ledger)] -= transfer.amount;
          recomputed[KeyOf(transfer.credit, transfer.ledger)] += transfer.amount;
        }
        return rebuilt.Take(record);
      });
  if (!walked.ok()) return FailureOfJournal(walked.error());
  if (rebuilt.empty()) return Failure{kBadInput, *folder + ": the journal holds no record"};
  Rows rows(arguments.output, {"account", "unit", "recorded", "recomputed"});
  std::uint64_t mismatches = 0;
  for (std::uint32_t account = 0; account < rebuilt->account_count(); ++account) {
    for (std::uint16_t ledger = 0; ledger < rebuilt->ledger_count(); ++ledger) {
      const AccountId a(account);
      const LedgerId l(ledger);
      const std::int64_t recorded = rebuilt->balance(a, l);
      const auto found = recomputed.find(KeyOf(a, l));
      const std::int64_t again = found == recomputed.end() ? 0 : found->second;
      if (recorded == again) continue;
      ++mismatches;
      const Unit unit = rebuilt->unit(l);
      rows.Add(
          {Number(account), Text(ToString(unit)), Amount(unit, recorded), Amount(unit, again)});
    }
  }
  rows.End();
  if (mismatches != 0) {
    return Failure{kFailed,
                   std::to_string(mismatches) + " balances are not what the journal gives"};
  }
  std::cerr << rebuilt->account_count() << " accounts reconciled with " << walked->last_sequence
            << " records\n";
  return {};
}

MaybeFailure Reconcile(const JournalArguments& arguments) {
  if (arguments.target.server.empty()) return ReconcileFolder(arguments);
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  pb::ReconcileRequest request;
  request.set_parent(client.parent());
  const auto answer = client.Call(client.admin(), &AdminStub::Reconcile, request);
  if (!answer.ok()) return answer.error();
  Rows rows(arguments.output, {"account", "unit", "recorded", "recomputed"});
  for (const pb::Mismatch& mismatch : answer->mismatches()) {
    const Unit unit = UnitOf(mismatch.unit());
    rows.Add({Number(NumberAtEnd(mismatch.account())), Text(mismatch.unit()),
              Amount(unit, mismatch.recorded()), Amount(unit, mismatch.recomputed())});
  }
  rows.End();
  if (answer->mismatches_size() != 0) {
    return Failure{kFailed, std::to_string(answer->mismatches_size()) +
                                " balances are not what the journal gives; their accounts are "
                                "restricted"};
  }
  std::cerr << answer->accounts() << " accounts reconciled with " << answer->sequence()
            << " records\n";
  return {};
}

// ---- export ----

void PutSized(std::ofstream& out, std::string_view bytes) {
  std::string size;
  ByteWriter(size).Put(static_cast<std::uint32_t>(bytes.size()));
  out << size << bytes;
}

// What the server sends, checked link by link, in the form that a folder's export has.
MaybeFailure ExportFromServer(const JournalArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  pb::ExportJournalRequest request;
  request.set_parent(client.parent());
  grpc::ClientContext context;
  client.Prepare(context);
  std::ofstream out(arguments.out, std::ios::binary | std::ios::trunc);
  const auto reader = client.admin().ExportJournal(&context, request);
  store::ChainEnd end;
  std::uint64_t records = 0;
  std::string wrong;
  for (pb::ExportJournalResponse batch; wrong.empty() && reader->Read(&batch);) {
    bool stopped = false;
    wrong = store::ReadBatch(
        batch.value(), end,
        [&](const JournalRecord&) {
          ++records;
          return true;
        },
        stopped);
    PutSized(out, batch.value());
  }
  if (!wrong.empty()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (!wrong.empty()) return Failure{kFailed, "the server sent a broken chain: " + wrong};
  if (!status.ok()) return RegistryClient::FailureOf(status);
  PutSized(out, "");
  out << store::EncodeAnchor(end);
  if (!out.flush()) return Failure{kFailed, "cannot write " + arguments.out};
  PrintFacts(arguments.output, FactsOf({end.batch, records, end.sequence, store::ToHex(end.head)}));
  return {};
}

MaybeFailure ExportJournal(const JournalArguments& arguments) {
  if (fs::exists(arguments.out)) {
    return Failure{kBadInput, "--out " + arguments.out + " is there already"};
  }
  if (!arguments.target.server.empty()) return ExportFromServer(arguments);
  const auto folder = JournalFolder(arguments.target.data);
  if (!folder.ok()) return folder.error();
  const auto exported = store::Export(*folder, arguments.out);
  if (!exported.ok()) return FailureOfStore(exported.error());
  PrintFacts(arguments.output, FactsOf(*exported));
  return {};
}

// ---- backup, restore ----

// A verified copy of a registry's journal: FROM/registry to TO/registry.
Result<store::JournalSummary, Failure> CopyRegistry(const std::string& from,
                                                    const std::string& to) {
  const auto folder = JournalFolder(from);
  if (!folder.ok()) return Fail{folder.error()};
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return Fail{Failure{kBadInput, to + " cannot be made: " + error.message()}};
  const auto copied = store::Restore(*folder, (fs::path(to) / "registry").string());
  if (!copied.ok()) return Fail{FailureOfStore(copied.error())};
  return *copied;
}

MaybeFailure Backup(const JournalArguments& arguments) {
  if (arguments.target.server.empty()) {
    if (arguments.out.empty()) return Failure{kBadInput, "a folder's backup takes --out DIR"};
    const auto copied = CopyRegistry(arguments.target.data, arguments.out);
    if (!copied.ok()) return copied.error();
    PrintFacts(arguments.output, FactsOf(*copied));
    return {};
  }
  if (arguments.name.empty()) return Failure{kBadInput, "a server's backup takes --name NAME"};
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  pb::BackupRequest request;
  request.set_parent(client.parent());
  request.set_backup_id(arguments.name);
  const auto answer = client.Call(client.admin(), &AdminStub::Backup, request);
  if (!answer.ok()) return answer.error();
  PrintFacts(arguments.output, {{"folder", Text(answer->folder())},
                                {"sequence", Number(answer->sequence())},
                                {"chain_head", Text(answer->chain_head())}});
  return {};
}

// Restores and replays the whole of it, so that a backup is known to be one before it is needed.
MaybeFailure Restore(const JournalArguments& arguments) {
  const std::string to = arguments.drill ? arguments.backup + ".drill" : arguments.target.data;
  if (to.empty()) return Failure{kBadInput, "restore takes --data DIR, or --drill"};
  if (arguments.drill && fs::exists(to)) {
    return Failure{kBadInput, to + " is there already, perhaps of a drill that was cut off"};
  }
  const auto copied = CopyRegistry(arguments.backup, to);
  if (!copied.ok()) return copied.error();
  const auto verified = server::VerifyRegistryJournal((fs::path(to) / "registry").string());
  if (arguments.drill) {
    std::error_code ignored;
    fs::remove_all(to, ignored);
  }
  if (!verified.ok()) return FailureOfJournal(verified.error());
  Facts facts = FactsOf(*copied);
  facts.emplace_back("state_hash", Text(server::ToHex(verified->state_hash)));
  PrintFacts(arguments.output, facts);
  return {};
}

// ---- The command line ----

using Arguments = std::shared_ptr<JournalArguments>;

void AddVerify(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<JournalArguments>();
  CLI::App* const verb =
      AddVerb(parent, "verify", "Whether the journal is whole and says what the rules say",
              arguments, exit_code, &Verify);
  AddTarget(*verb, *arguments);
  verb->add_flag("--clear-poison", arguments->clear_poison,
                 "Where a write failed: read everything from the disk again and, if it is whole, "
                 "take the mark away")
      ->excludes(verb->get_option("--server"));
  verb->footer(
      "Checks the hash chain and the anchor, replays every command and compares each outcome, "
      "each\n"
      "transfer and each day's state hash with what was recorded, checks the invariants after "
      "every\n"
      "day, and holds the chain head against run.json. Exit code 0 when all agree; 1 when not, "
      "naming\n"
      "the place; 2 when there is no such journal.\n\n"
      "  capclear registry verify --data runs/china-transition-1");
}

void AddReplay(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<JournalArguments>();
  CLI::App* const verb =
      AddVerb(parent, "replay", "Build the state again from the journal and say what it comes to",
              arguments, exit_code, &Replay);
  AddTarget(*verb, *arguments);
  AddAsOf(*verb, *arguments);
  verb->footer(
      "Prints sequence, state hash and, at the end, the chain head. The same journal gives the "
      "same "
      "on\n"
      "any machine. Of a server it prints where it stands or stood, to hold one against the "
      "other.\n\n"
      "  capclear registry replay --data runs/china-transition-1 --as-of 2027-12-31");
}

void AddReconcile(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<JournalArguments>();
  CLI::App* const verb = AddVerb(
      parent, "reconcile", "Recompute every balance from the journal's transfers alone and compare",
      arguments, exit_code, &Reconcile);
  AddTarget(*verb, *arguments);
  verb->footer(
      "Lists the balances that differ: none is expected. A server answers no change meanwhile and\n"
      "restricts the accounts that differ; all others go on. clients/python/capclear_audit does "
      "the "
      "same\n"
      "with none of this program's code.\n\n"
      "  capclear registry reconcile --data runs/china-transition-1");
}

void AddExport(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<JournalArguments>();
  CLI::App* const verb =
      AddVerb(parent, "export", "Write the journal to one file, for readers in other languages",
              arguments, exit_code, &ExportJournal);
  AddTarget(*verb, *arguments);
  verb->add_option("--out", arguments->out, "Into this file, which is not there yet")
      ->required()
      ->type_name("FILE");
  verb->footer(
      "Each batch's bytes as they are on the disk behind their length, then the anchor;\n"
      "docs/journal-format.md has the layout. The chain is checked on the way.\n\n"
      "  capclear registry export --data runs/china-transition-1 --out journal.bin\n"
      "  python3 clients/python/capclear_audit journal.bin");
}

void AddBackup(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<JournalArguments>();
  CLI::App* const verb =
      AddVerb(parent, "backup", "A verified copy of a registry", arguments, exit_code, &Backup);
  AddTarget(*verb, *arguments);
  CLI::Option* const out =
      verb->add_option("--out", arguments->out, "A folder's: to this folder, on another device")
          ->type_name("DIR");
  verb->add_option("--name", arguments->name,
                   "A server's: under this name beside the registry on the server's disk")
      ->type_name("NAME")
      ->excludes(out);
  verb->footer(
      "The copy is read back and its chain checked. A server goes on meanwhile.\n\n"
      "  capclear registry backup --data reg --out /mnt/backup/2027-01-31\n"
      "  capclear registry backup --server 127.0.0.1:50051 --token-file token --name 2027-01-31");
}

void AddRestore(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<JournalArguments>();
  CLI::App* const verb =
      AddVerb(parent, "restore", "A registry out of a backup", arguments, exit_code, &Restore);
  verb->add_option("--backup", arguments->backup, "The backup's folder")
      ->required()
      ->type_name("DIR");
  CLI::Option* const data =
      verb->add_option("--data", arguments->target.data, "To this folder, where no registry is")
          ->type_name("DIR");
  verb->add_flag("--drill", arguments->drill,
                 "Restore beside the backup, replay all of it, and take the copy away again")
      ->excludes(data);
  verb->add_option("--output", arguments->output, "How to print")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
  verb->footer(
      "Copies, checks the chain and the anchor, replays every record and checks the invariants. A "
      "backup\n"
      "that was never restored is a hope; --drill makes it more.\n\n"
      "  capclear registry restore --backup /mnt/backup/2027-01-31 --data reg\n"
      "  capclear registry restore --backup /mnt/backup/2027-01-31 --drill");
}

}  // namespace

void AddJournalVerbs(CLI::App& parent, int& exit_code) {
  AddVerify(parent, exit_code);
  AddReplay(parent, exit_code);
  AddReconcile(parent, exit_code);
  AddExport(parent, exit_code);
  AddBackup(parent, exit_code);
  AddRestore(parent, exit_code);
}

}  // namespace ets::cli
