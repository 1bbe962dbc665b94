// A journal and a hundred branches of it: forks at any record, forks of forks and copies, all
// written to in turn. None ever sees another's records, and all hold what they held when they were
// cut. In the end each is backed up and restored, with the same head.

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "store/folder.h"
#include "store/soak/faulty_disk.h"
#include "store/soak/soak.h"

namespace ets::store::soak {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBranches = 100;
constexpr std::size_t kOpenMax = 12;
constexpr std::uint64_t kTurns = 500;

// A branch, and of which origin its records are: from each sequence on, the sample's seed.
struct Branch {
  std::string folder;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> origins;
  ChainEnd end;
  std::unique_ptr<JournalStore> journal;  // Null while it is closed.

  SampleRecords RecordsAt(std::uint64_t sequence) const {
    SampleRecords records;
    for (const auto& [first, seed] : origins) {
      if (first <= sequence) records.seed = seed;
    }
    return records;
  }
};

class Tree {
 public:
  explicit Tree(Case& it) : it_(it), dice_(it.dice) {
    options_.file_system = std::make_shared<FaultyDisk>();
    options_.write_buffer_bytes = std::size_t{256} << 10U;
    Branch& root = branches_.emplace_back();
    root.folder = it.folder + "/root";
    root.origins = {{1, dice_.Next()}};
    auto made = JournalStore::Create(root.folder, Durability::kEveryBatch, options_);
    if (made.ok()) root.journal = std::move(made.value());
    it.report.Count("trees");
  }

  void Grow() {
    if (!branches_[0].journal) return it_.Broken("the root is not made");
    Write(branches_[0]);
    for (std::uint64_t turn = 0; turn < kTurns || branches_.size() <= kBranches; ++turn) {
      const std::size_t chosen = dice_.Below(branches_.size());
      if (!Open(chosen)) return;
      // Cut early or late, so that some branches have long lives of their own.
      if (branches_.size() <= kBranches && dice_.Below(3) == 0) {
        Cut(chosen);
      } else {
        Write(branches_[chosen]);
      }
    }
    for (Branch& branch : branches_) branch.journal.reset();
    for (const Branch& branch : branches_) Check(branch);
  }

 private:
  // No more than a few are open at a time.
  bool Open(std::size_t chosen) {
    Branch& branch = branches_[chosen];
    if (branch.journal) return true;
    if (open_.size() == kOpenMax) {
      Branch& closed = branches_[open_[dice_.Below(kOpenMax)]];
      std::erase(open_, static_cast<std::size_t>(&closed - branches_.data()));
      const std::string error = dice_.Below(2) == 0 ? closed.journal->Close() : "";
      if (!error.empty()) it_.Broken("it does not close: " + error);
      closed.journal.reset();
    }
    StoreOptions options = options_;
    options.check = Check::kTail;
    auto opened = JournalStore::Open(branch.folder, Durability::kEveryBatch, options);
    if (!opened.ok()) {
      it_.Broken("a branch does not open: " + opened.error().message);
      return false;
    }
    branch.journal = std::move(opened.value());
    if (branch.journal->end() != branch.end) it_.Broken(branch.folder + " opens at another end");
    open_.push_back(chosen);
    return true;
  }

  void Write(Branch& branch) {
    JournalStore& journal = *branch.journal;
    for (std::uint64_t i = 1 + dice_.Below(30); i > 0; --i) {
      const std::uint64_t next = journal.last_sequence() + 1;
      journal.Append(branch.RecordsAt(next)[next].view());
    }
    journal.EndBatch();
    if (!journal.ok()) it_.Broken("it does not go on: " + journal.error());
    branch.end = journal.end();
    it_.report.Count("writes");
  }

  void Cut(std::size_t chosen) {
    Branch made;
    made.folder = it_.folder + "/branch" + std::to_string(branches_.size());
    const Branch& from = branches_[chosen];
    const bool is_fork = dice_.Below(4) != 0;
    const std::uint64_t sequence = is_fork ? dice_.Below(from.end.sequence + 1) : from.end.sequence;
    const auto cut =
        is_fork ? from.journal->Fork(sequence, made.folder) : from.journal->Checkpoint(made.folder);
    if (!cut.ok()) return it_.Broken("no branch: " + cut.error().message);
    if (cut->sequence != sequence) it_.Broken(made.folder + " was cut elsewhere");
    it_.report.Count(is_fork ? "forks" : "copies");
    made.end = *cut;
    for (const auto& origin : from.origins) {
      if (origin.first <= sequence) made.origins.push_back(origin);
    }
    made.origins.emplace_back(sequence + 1, dice_.Next());
    branches_.push_back(std::move(made));
  }

  void Check(const Branch& branch) {
    std::string wrong;
    const auto read = ReadJournal(branch.folder, [&](const JournalRecord& record) {
      if (!branch.RecordsAt(record.sequence).Has(record)) wrong = "another branch's record";
      it_.report.Count("records");
      return wrong.empty();
    });
    if (!read.ok()) wrong = read.error().message;
    if (wrong.empty() && read->chain_head != ToHex(branch.end.head)) wrong = "another head";
    const std::string restored = branch.folder + "-restored";
    const auto backed_up = Restore(branch.folder, restored, options_);
    if (!backed_up.ok()) {
      wrong = "no restored copy: " + backed_up.error().message;
    } else if (backed_up->chain_head != ToHex(branch.end.head)) {
      wrong = "restored with another head";
    }
    fs::remove_all(restored);
    it_.report.Count("restored");
    if (!wrong.empty()) it_.Broken(branch.folder + ": " + wrong);
  }

  Case& it_;
  Prng& dice_;
  StoreOptions options_;
  std::vector<Branch> branches_;
  std::vector<std::size_t> open_;
};

void Run(Case& it) { Tree(it).Grow(); }

}  // namespace
}  // namespace ets::store::soak

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"fork_soak", 2, ets::store::soak::Run});
}
