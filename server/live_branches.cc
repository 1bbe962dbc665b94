#include "server/live_branches.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>

namespace ets::server {

namespace fs = std::filesystem;
using Kind = LiveFailure::Kind;
using registry::Registry;

namespace {

// Written last: a branch without it was not finished and is made again.
constexpr const char* kOriginName = "origin";
constexpr const char* kMain = "main";

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

struct Branch {
  std::shared_ptr<LiveRegistry> live;
  std::string parent;
  std::uint64_t fork_sequence = 0;
};

// "PARENT SEQUENCE"
bool ReadOrigin(const fs::path& folder, Branch& branch) {
  std::ifstream file(folder / kOriginName);
  return static_cast<bool>(file >> branch.parent >> branch.fork_sequence);
}

bool WriteOrigin(const fs::path& folder, const Branch& branch) {
  std::ofstream file(folder / kOriginName);
  file << branch.parent << ' ' << branch.fork_sequence << '\n';
  file.close();
  return static_cast<bool>(file);
}

// The 32 bytes of 64 hex digits.
std::array<char, 32> HeadOf(const std::string& hex) {
  std::array<char, 32> head{};
  for (std::size_t i = 0; i < head.size() && 2 * i + 1 < hex.size(); ++i) {
    head[i] = static_cast<char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return head;
}

}  // namespace

struct LiveBranches::Impl {
  LiveOptions options;
  std::shared_ptr<LiveRegistry> main;
  std::mutex forking;        // One fork at a time.
  mutable std::mutex mutex;  // Guards what follows.
  std::map<std::string, Branch> branches;
  std::function<void(const std::string&)> on_stopped;

  std::string FolderOf(const std::string& name) const { return options.data + "/branches/" + name; }
  LiveOptions OptionsOf(const std::string& name) const {
    LiveOptions its = options;
    its.data = FolderOf(name);
    its.branch = name;
    its.create = false;
    its.sequencer = nullptr;  // What one branch does keeps no other waiting.
    its.store.second_anchor_folder.clear();
    return its;
  }
  std::shared_ptr<LiveRegistry> Find(const std::string& name) const {
    if (name.empty() || name == kMain) return main;
    const std::lock_guard lock(mutex);
    const auto found = branches.find(name);
    return found == branches.end() ? nullptr : found->second.live;
  }
  void Add(const std::string& name, Branch branch) {
    const std::lock_guard lock(mutex);
    if (on_stopped) branch.live->OnStopped(on_stopped);
    branches[name] = std::move(branch);
  }
  Live<Done> OpenThoseThere();
  Live<BranchInfo> InfoOf(const std::string& name, const Branch& branch) const;
  Live<Branch> Make(LiveRegistry& parent, std::uint64_t sequence, const std::string& name,
                    const std::string& profile_text, const Patience& patience);
};

Live<Done> LiveBranches::Impl::OpenThoseThere() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(options.data + "/branches", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!IsName(name)) continue;
    Branch branch;
    if (!ReadOrigin(entry.path(), branch)) {
      if (!options.read_only) fs::remove_all(entry.path(), ignored);
      continue;
    }
    auto live = LiveRegistry::Open(OptionsOf(name));
    if (!live.ok()) return Fail{live.error()};
    branch.live = std::move(live.value());
    Add(name, std::move(branch));
  }
  return Done{};
}

Live<std::unique_ptr<LiveBranches>> LiveBranches::Open(const LiveOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  auto main = LiveRegistry::Open(options);
  if (!main.ok()) return Fail{main.error()};
  impl->main = std::move(main.value());
  const auto opened = impl->OpenThoseThere();
  if (!opened.ok()) return Fail{opened.error()};
  return std::unique_ptr<LiveBranches>(new LiveBranches(std::move(impl)));
}

LiveBranches::LiveBranches(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveBranches::~LiveBranches() { Shutdown(); }

LiveRegistry& LiveBranches::main() const { return *impl_->main; }
std::shared_ptr<LiveRegistry> LiveBranches::Find(const std::string& name) const {
  return impl_->Find(name);
}

Live<BranchInfo> LiveBranches::Impl::InfoOf(const std::string& name, const Branch& branch) const {
  BranchInfo info{name, branch.parent, branch.fork_sequence, {}, {}};
  info.profile = branch.live->profile().name;
  info.at = branch.live->committed();
  return info;
}

std::vector<BranchInfo> LiveBranches::List() const {
  std::map<std::string, Branch> branches;
  {
    const std::lock_guard lock(impl_->mutex);
    branches = impl_->branches;
  }
  std::vector<BranchInfo> all{*impl_->InfoOf(kMain, Branch{impl_->main, {}, 0})};
  for (const auto& [name, branch] : branches) all.push_back(*impl_->InfoOf(name, branch));
  return all;
}

Live<Branch> LiveBranches::Impl::Make(LiveRegistry& parent, std::uint64_t sequence,
                                      const std::string& name, const std::string& profile_text,
                                      const Patience& patience) {
  const std::string folder = FolderOf(name);
  std::error_code failed;
  fs::remove_all(folder, failed);
  fs::create_directories(folder, failed);
  if (failed) return Fail{LiveFailure{Kind::kIo, folder + ": " + failed.message()}};
  const auto forked = parent.ForkJournal(sequence, folder + "/registry");
  if (!forked.ok()) return Fail{forked.error()};
  auto opened = LiveRegistry::Open(OptionsOf(name));
  if (!opened.ok()) return Fail{opened.error()};
  Branch branch{std::move(opened.value()), parent.branch(), sequence};
  Submission begin;
  begin.source = SourceKind::kAuthority;
  begin.deadline = patience.deadline;
  begin.command = registry::BeginBranch{name, HeadOf(forked->chain_head), profile_text};
  const Answer answer = branch.live->SubmitAndWait(std::move(begin));
  if (answer.kind != Answer::Kind::kApplied) {
    const bool is_refused = answer.kind == Answer::Kind::kRefused;
    return Fail{LiveFailure{is_refused ? Kind::kBadInput : Kind::kExpired,
                            is_refused
                                ? "the branch was refused: " + std::string(ToString(answer.refusal))
                                : "the branch was not begun in time"}};
  }
  if (!WriteOrigin(folder, branch)) {
    return Fail{LiveFailure{Kind::kIo, folder + ": cannot be written to"}};
  }
  return branch;
}

Live<BranchInfo> LiveBranches::Fork(const std::string& parent, std::uint64_t sequence,
                                    const std::string& name, const std::string& profile_text,
                                    const Patience& patience) {
  Impl& it = *impl_;
  const std::lock_guard one_at_a_time(it.forking);
  const auto source = it.Find(parent);
  if (!source) return Fail{LiveFailure{Kind::kBadInput, parent + ": there is no such branch"}};
  if (!IsName(name) || name == kMain) {
    return Fail{LiveFailure{Kind::kBadInput,
                            name + ": allowed: 1 to 64 of a-z, 0-9 and '-', other than main"}};
  }
  registry::Profile law = source->profile();
  if (!profile_text.empty()) {
    const auto parsed = registry::ParseProfile(profile_text);
    if (!parsed.ok()) return Fail{LiveFailure{Kind::kBadInput, parsed.error()}};
    law = *parsed;
  }
  if (it.options.read_only) {
    return Fail{LiveFailure{Kind::kBadInput, "the registry is read-only"}};
  }
  const std::uint64_t last = source->committed().sequence;
  const std::uint64_t at = sequence == 0 ? last : sequence;
  if (at > last) {
    return Fail{LiveFailure{Kind::kOutOfRange, "record " + std::to_string(at) + "; allowed: 1 to " +
                                                   std::to_string(last)}};
  }
  std::size_t count = 0;
  {
    const std::lock_guard lock(it.mutex);
    count = it.branches.size();
    const auto known = it.branches.find(name);
    if (known != it.branches.end()) {
      const Branch& branch = known->second;
      const bool is_same = branch.parent == source->branch() &&
                           (sequence == 0 || branch.fork_sequence == sequence) &&
                           branch.live->profile() == law;
      if (is_same) return it.InfoOf(name, branch);
      return Fail{LiveFailure{Kind::kExists, name + ": there is another branch of that name"}};
    }
  }
  if (count + 1 >= kBranchesMax) {
    return Fail{LiveFailure{Kind::kBadInput,
                            "there are " + std::to_string(kBranchesMax) + " branches already"}};
  }
  auto made = it.Make(*source, at, name, profile_text, patience);
  if (!made.ok()) {
    std::error_code ignored;
    fs::remove_all(it.FolderOf(name), ignored);
    return Fail{made.error()};
  }
  it.Add(name, *made);
  return it.InfoOf(name, *made);
}

Live<BranchDiff> LiveBranches::Diff(const std::string& base, const std::string& other,
                                    std::optional<SimTime> time, const Patience& patience) {
  BranchDiff diff;
  LiveRegistry::State states[2];
  StatePoint* const points[2] = {&diff.base, &diff.other};
  const std::string* const names[2] = {&base, &other};
  for (int side = 0; side < 2; ++side) {
    const auto live = Find(*names[side]);
    if (!live) {
      return Fail{LiveFailure{Kind::kBadInput, *names[side] + ": there is no such branch"}};
    }
    std::uint64_t sequence = live->committed().sequence;
    if (time) {
      const auto at = live->SequenceAt(*time, patience);
      if (!at.ok()) return Fail{at.error()};
      sequence = *at;
    }
    const auto state = live->StateAt(sequence, patience);
    if (!state.ok()) return Fail{state.error()};
    const auto point = live->PointOf(sequence);
    if (!point.ok()) return Fail{point.error()};
    states[side] = *state;
    *points[side] = *point;
  }
  diff.base_state_hash = states[0]->BooksHash();
  diff.other_state_hash = states[1]->BooksHash();
  diff.differences = DiffStates(*states[0], *states[1]);
  return diff;
}

void LiveBranches::OnStopped(std::function<void(const std::string& why)> on_stopped) {
  const std::lock_guard lock(impl_->mutex);
  impl_->on_stopped = on_stopped;
  impl_->main->OnStopped(on_stopped);
  for (const auto& [name, branch] : impl_->branches) branch.live->OnStopped(on_stopped);
}

std::string LiveBranches::Shutdown() {
  std::string first = impl_->main->Shutdown();
  std::map<std::string, Branch> branches;
  {
    const std::lock_guard lock(impl_->mutex);
    branches = impl_->branches;
  }
  for (const auto& [name, branch] : branches) {
    const std::string error = branch.live->Shutdown();
    if (first.empty()) first = error;
  }
  return first;
}

}  // namespace ets::server
