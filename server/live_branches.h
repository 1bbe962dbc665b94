#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/live_registry.h"

namespace ets::server {

struct BranchInfo {
  std::string name;
  std::string parent;  // Empty for main.
  std::uint64_t fork_sequence = 0;
  std::string profile;  // Its name.
  StatePoint at;        // How far it has come.
};

// A difference between two branches: a holding, a ledger's total or a firm's compliance status.
struct BranchDifference {
  std::string name;   // accounts/12/holdings/CEA25, ledgers/CEA25, entities/17
  std::string field;  // "posted", "surrendered", "figure", "symbol", ...
  std::string base;   // Empty: not there.
  std::string other;
};
struct BranchDiff {
  StatePoint base, other;
  std::uint64_t base_state_hash = 0, other_state_hash = 0;
  std::vector<BranchDifference> differences;  // Totals, then holdings by account and ledger, then
                                              // firms.
};

// What differs between two states; pure.
std::vector<BranchDifference> DiffStates(const registry::Registry& base,
                                         const registry::Registry& other);

// A registry with its branches: `main` and what was forked from it, each a LiveRegistry with a
// journal and threads of its own. A branch never touches its parent. Thread-safe.
class LiveBranches {
 public:
  static constexpr std::size_t kBranchesMax = 32;

  // Opens main, and the branches that are in DATA/branches.
  static Live<std::unique_ptr<LiveBranches>> Open(const LiveOptions& options);
  ~LiveBranches();

  LiveRegistry& main() const;
  // Null when there is none of that name. "" is main.
  std::shared_ptr<LiveRegistry> Find(const std::string& name) const;
  std::vector<BranchInfo> List() const;  // By name, main first.

  // A branch that begins with the parent's state after record `sequence` (0: where it stands), its
  // first record a BeginBranch with the profile's text (empty: the parent's law). The same name,
  // parent, sequence and law again is answered as before; else kExists.
  Live<BranchInfo> Fork(const std::string& parent, std::uint64_t sequence, const std::string& name,
                        const std::string& profile_text, const Patience& patience);

  // Compares two branches as they stand, or each as of a simulated time.
  Live<BranchDiff> Diff(const std::string& base, const std::string& other,
                        std::optional<SimTime> time, const Patience& patience);

  // Of all branches.
  void OnStopped(std::function<void(const std::string& why)> on_stopped);
  std::string Shutdown();

 private:
  struct Impl;
  explicit LiveBranches(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
