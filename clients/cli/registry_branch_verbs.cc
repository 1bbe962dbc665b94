// The verbs about other courses: fork a registry, compare two, look at and choose the law.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "clients/cli/registry_folder.h"
#include "clients/cli/registry_verb.h"
#include "clients/cli/run_verb.h"
#include "registry/profile.h"
#include "server/live_branches.h"
#include "server/registry_journal.h"
#include "store/folder.h"

namespace ets::cli {
namespace {

namespace fs = std::filesystem;

using AdminStub = pb::AdminService::Stub;
using Access = RegistryClient::Access;
using Facts = std::vector<std::pair<std::string, Cell>>;

std::string Listed() {
  std::string names;
  for (const registry::Profile& profile : registry::Profiles()) {
    names += (names.empty() ? "" : ", ") + profile.name;
  }
  return names;
}

// ---- fork ----

struct ForkArguments : VerbArguments {
  std::string at, out, profile, name;
};

// BeginBranch's own rule, told before anything is copied.
bool IsBranchName(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

MaybeFailure ForkOnServer(const ForkArguments& arguments, const std::string& profile_text) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  pb::ForkBranchRequest request;
  request.set_parent(client.parent());
  request.set_branch_id(arguments.name);
  request.set_profile_text(profile_text);
  if (!arguments.at.empty()) {
    const auto sequence = SequenceOf(client, "--at", arguments.at);
    if (!sequence.ok()) return sequence.error();
    request.set_at_sequence(*sequence);
  }
  return Submit(
      arguments, client, client.admin(), &AdminStub::ForkBranch, request,
      +[](const pb::ForkBranchResponse& answer) -> Facts {
        return {{"branch", Text(answer.branch())}};
      });
}

// The record to fork at, of a folder.
Result<std::uint64_t, Failure> ForkPoint(const ForkArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return Fail{connected.error()};
  return SequenceOf(**connected, "--at", arguments.at);
}

MaybeFailure BeginBranch(const ForkArguments& arguments, const std::string& profile_text,
                         const store::ChainEnd& end) {
  const auto folder = RegistryFolder::Open(arguments.out, true);
  if (!folder.ok()) return folder.error();
  server::Submission submission;
  submission.command = registry::BeginBranch{arguments.name, end.head, profile_text};
  submission.source = SourceKind::kAuthority;
  const server::Answer answer = (*folder)->main().SubmitAndWait(std::move(submission));
  if (answer.kind != server::Answer::Kind::kApplied) {
    const bool is_refusal = answer.kind == server::Answer::Kind::kRefused;
    return Failure{
        kFailed, "the branch did not begin: " + (is_refusal ? std::string(ToString(answer.refusal))
                                                            : (*folder)->main().error())};
  }
  PrintFacts(arguments.output, {{"branch", Text(arguments.name)},
                                {"forked_after", Number(end.sequence)},
                                {"parent_head", Text(store::ToHex(end.head))},
                                {"sequence", Number(answer.at.sequence)},
                                {"chain_head", Text(answer.at.chain_head)}});
  if (const std::string error = (*folder)->Close(); !error.empty()) return Failure{kFailed, error};
  return {};
}

MaybeFailure Fork(ForkArguments arguments) {
  if (arguments.name.empty()) arguments.name = fs::path(arguments.out).filename().string();
  if (!IsBranchName(arguments.name)) {
    return Failure{kBadInput, "a branch's name is 1 to 64 of a-z, 0-9 and '-', and not '" +
                                  arguments.name + "'; --name gives it one"};
  }
  std::string profile_text;
  if (!arguments.profile.empty()) {
    const auto profile = ReadProfile("--profile", arguments.profile);
    if (!profile.ok()) return profile.error();
    profile_text = registry::ProfileText(*profile);
  }
  if (!arguments.target.server.empty()) return ForkOnServer(arguments, profile_text);
  if (arguments.out.empty()) return Failure{kBadInput, "a folder's fork takes --out DIR"};
  const auto sequence = ForkPoint(arguments);
  if (!sequence.ok()) return sequence.error();
  const auto source = server::FindRegistryJournal(arguments.target.data);
  if (!source.ok()) return Failure{kBadInput, source.error().message};
  std::error_code error;
  fs::create_directories(arguments.out, error);
  if (error) return Failure{kBadInput, arguments.out + " cannot be made: " + error.message()};
  const auto forked =
      store::Fork(*source, *sequence, (fs::path(arguments.out) / "registry").string());
  if (!forked.ok()) {
    const bool is_input = forked.error().fault == store::StoreFault::kExists ||
                          forked.error().fault == store::StoreFault::kOutOfRange;
    return Failure{is_input ? kBadInput : kFailed, forked.error().message};
  }
  return BeginBranch(arguments, profile_text, *forked);
}

MaybeFailure RunFork(const ForkArguments& arguments) { return Fork(arguments); }

// ---- diff ----

struct DiffArguments : VerbArguments {
  std::string base, other;
};

class Differences {
 public:
  explicit Differences(const std::string& output)
      : rows_(output, {"name", "field", "base", "other"}) {}

  void Add(const std::string& name, const std::string& field, const std::string& base,
           const std::string& other) {
    ++count_;
    rows_.Add({Text(name), Text(field), Text(base), Text(other)});
  }
  void End() {
    rows_.End();
    std::cerr << count_ << (count_ == 1 ? " difference\n" : " differences\n");
  }

 private:
  Rows rows_;
  std::uint64_t count_ = 0;
};

MaybeFailure DiffOnServer(const DiffArguments& arguments) {
  const auto connected = RegistryClient::Connect(arguments.target, Access::kRead);
  if (!connected.ok()) return connected.error();
  RegistryClient& client = **connected;
  const auto about = client.Call(client.admin(), &AdminStub::GetRegistry, {});
  if (!about.ok()) return about.error();
  const std::string prefix = about->name().substr(0, about->name().rfind('/') + 1);
  pb::DiffBranchesRequest request;
  request.set_base(prefix + arguments.base);
  request.set_other(prefix + arguments.other);
  if (!arguments.as_of.empty()) {
    const auto time = ResolveTime(client, "--as-of", arguments.as_of);
    if (!time.ok()) return time.error();
    Moment::Fill(*time, *request.mutable_sim_time());
  }
  Differences differences(arguments.output);
  const auto failure =
      client.ForEachPage(client.admin(), &AdminStub::DiffBranches, request, [&](const auto& page) {
        for (const pb::Difference& difference : page.differences()) {
          differences.Add(difference.name(), difference.field(), difference.base(),
                          difference.other());
        }
        return true;
      });
  if (failure) return failure;
  differences.End();
  return {};
}

// A folder's registry, in the state that --as-of asks for.
using State = std::shared_ptr<const registry::Registry>;
Result<State, Failure> StateOf(const std::string& data, const std::string& as_of) {
  const auto journal = server::FindRegistryJournal(data);
  if (!journal.ok()) return Fail{Failure{kBadInput, journal.error().message}};
  std::uint64_t last = 0;
  if (!as_of.empty()) {
    Target target;
    target.data = data;
    const auto connected = RegistryClient::Connect(target, Access::kRead);
    if (!connected.ok()) return Fail{connected.error()};
    const auto sequence = SequenceOf(**connected, "--as-of", as_of);
    if (!sequence.ok()) return Fail{sequence.error()};
    last = *sequence;
  }
  server::RebuiltRegistry rebuilt;
  const auto walked =
      server::WalkRegistryJournal(*journal, [&](const JournalRecord& record, bool& stop) {
        stop = record.sequence == last;
        return rebuilt.Take(record);
      });
  if (!walked.ok()) return Fail{Failure{kFailed, walked.error().message}};
  if (rebuilt.empty()) return Fail{Failure{kBadInput, data + ": the journal holds no record"}};
  return std::make_shared<const registry::Registry>(std::move(rebuilt).Release());
}

MaybeFailure Diff(const DiffArguments& arguments) {
  if (!arguments.target.server.empty()) return DiffOnServer(arguments);
  const auto base = StateOf(arguments.base, arguments.as_of);
  if (!base.ok()) return base.error();
  const auto other = StateOf(arguments.other, arguments.as_of);
  if (!other.ok()) return other.error();
  Differences differences(arguments.output);
  for (const server::BranchDifference& difference : server::DiffStates(**base, **other)) {
    differences.Add(difference.name, difference.field, difference.base, difference.other);
  }
  differences.End();
  return {};
}

// ---- profiles ----

struct ProfileArguments : VerbArguments {
  std::string name;
  bool text = false;
};

MaybeFailure PrintProfile(const ProfileArguments& arguments, const registry::Profile& profile) {
  if (arguments.text) {
    std::cout << registry::ProfileText(profile);
    return {};
  }
  if (arguments.output == "table") {
    std::vector<std::pair<std::string, Cell>> facts;
    for (const registry::ProfileField& field : registry::ProfileFields()) {
      facts.emplace_back(field.key, Text(field.get(profile)));
    }
    PrintFacts(arguments.output, facts);
    std::cerr << "what each key means and may be: --output json, or docs/profiles.md\n";
    return {};
  }
  Rows rows(arguments.output, {"key", "value", "meaning", "allowed"});
  for (const registry::ProfileField& field : registry::ProfileFields()) {
    rows.Add({Text(field.key), Text(field.get(profile)), Text(field.words), Text(field.allowed)});
  }
  rows.End();
  return {};
}

MaybeFailure Profiles(const ProfileArguments& arguments) {
  const Target& target = arguments.target;
  if (!target.data.empty() || !target.server.empty()) {
    const auto connected = RegistryClient::Connect(target, Access::kRead);
    if (!connected.ok()) return connected.error();
    RegistryClient& client = **connected;
    pb::GetProfileRequest request;
    request.set_parent(client.parent());
    const auto answer = client.Call(client.admin(), &AdminStub::GetProfile, request);
    if (!answer.ok()) return answer.error();
    const auto profile = registry::ParseProfile(answer->profile_text());
    if (!profile.ok()) return Failure{kFailed, "the registry's profile: " + profile.error()};
    return PrintProfile(arguments, *profile);
  }
  if (!arguments.name.empty()) {
    const auto profile = ReadProfile("NAME", arguments.name);
    return profile.ok() ? PrintProfile(arguments, *profile) : profile.error();
  }
  Rows rows(arguments.output, {"profile", "compliance", "shortfall", "four_eyes"});
  for (const registry::Profile& profile : registry::Profiles()) {
    const auto value = [&](const char* key) {
      return Text(registry::FindProfileField(key)->get(profile));
    };
    rows.Add({Text(profile.name), value("compliance.rule"), value("shortfall.rule"),
              value("transfers.four_eyes")});
  }
  rows.End();
  return {};
}

// ---- The command line ----

void AddFork(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ForkArguments>();
  CLI::App* const verb =
      AddVerb(parent, "fork", "Go on from a state of the past, under the same law or another",
              arguments, exit_code, &RunFork);
  AddTarget(*verb, *arguments);
  verb->add_option("--at", arguments->at,
                   "After this journal record, this day or this time; otherwise where it stands")
      ->check(CLI::Validator(
          [](std::string& text) {
            return IsMoment(text) ? "" : "'" + text + "' is no state; write 4711 or 2027-01-31";
          },
          "SEQ|DATE|TIME"));
  verb->add_option("--out", arguments->out, "A folder's fork: into this folder")->type_name("DIR");
  verb->add_option("--name", arguments->name, "The branch's name; otherwise that of the folder")
      ->type_name("NAME");
  verb->add_option("--profile", arguments->profile,
                   "The law from here on: a shipped profile's name, or a file of its keys "
                   "(profiles --text); otherwise the same")
      ->type_name("FILE|NAME");
  verb->add_option("--request-id", arguments->request_id, "A server's fork: the request's UUID")
      ->type_name("UUID");
  verb->footer(
      "The fork's journal is the parent's up to there, then a record that begins the branch. The "
      "parent\n"
      "is not touched. A server's fork is a branch beside main (--branch).\n\n"
      "  capclear registry fork --data runs/china-transition-1 --at 2027-12-31 --out what-if\n"
      "  capclear registry profiles cn --text > strict.profile\n"
      "  capclear registry fork --data reg --at 4711 --out strict --profile strict.profile");
}

void AddDiff(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<DiffArguments>();
  CLI::App* const verb =
      AddVerb(parent, "diff", "What two registries hold differently: totals, holdings, symbols",
              arguments, exit_code, &Diff);
  verb->add_option("base", arguments->base, "A folder; with --server a branch")
      ->required()
      ->type_name("A");
  verb->add_option("other", arguments->other, "Another")->required()->type_name("B");
  AddTarget(*verb, *arguments);
  verb->get_option_group("where the registry is")->require_option(0, 1);
  verb->remove_option(verb->get_option_group("where the registry is")->get_option("--data"));
  AddAsOf(*verb, *arguments);
  verb->footer(
      "Each as it stands, or both as of a simulated time or record. The number of differences goes "
      "to\n"
      "standard error.\n\n"
      "  capclear registry diff runs/china-transition-1 what-if --as-of 2028-12-31\n"
      "  capclear registry diff main strict --server 127.0.0.1:50051 --token-file token");
}

void AddProfiles(CLI::App& parent, int& exit_code) {
  const auto arguments = std::make_shared<ProfileArguments>();
  CLI::App* const verb =
      AddVerb(parent, "profiles", "The laws that a registry can be bound by, key by key", arguments,
              exit_code, &Profiles);
  verb->add_option("name", arguments->name,
                   "This shipped profile (" + Listed() + "), or a file of keys")
      ->type_name("NAME|FILE");
  AddTarget(*verb, *arguments);
  verb->get_option_group("where the registry is")->require_option(0, 1);
  verb->add_flag("--text", arguments->text, "As a file to change and to use: key = value");
  verb->footer(
      "Without a name: the shipped ones. With --data or --server: the law that this registry is "
      "bound\n"
      "by.\n\n"
      "  capclear registry profiles eu\n"
      "  capclear registry profiles --data runs/china-transition-1 --text");
}

}  // namespace

Result<registry::Profile, Failure> ReadProfile(const std::string& option, const std::string& name) {
  if (const registry::Profile* const shipped = registry::FindProfile(name)) return *shipped;
  std::ifstream file(name);
  if (!file || fs::is_directory(name)) {
    return Fail{Failure{kBadInput,
                        option + " '" + name + "' is no file and no profile; one of " + Listed()}};
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto profile = registry::ParseProfile(text);
  if (!profile.ok()) return Fail{Failure{kBadInput, name + ": " + profile.error()}};
  return *profile;
}

void AddBranchVerbs(CLI::App& parent, int& exit_code) {
  AddFork(parent, exit_code);
  AddDiff(parent, exit_code);
  AddProfiles(parent, exit_code);
}

}  // namespace ets::cli
