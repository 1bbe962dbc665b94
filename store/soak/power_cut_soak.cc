// Power cuts at random instants: in the middle of creating a journal, of writing, of a snapshot, of
// closing, of making a copy or a fork, and of recovering from the cut before. What is left must
// open, hold everything that was acknowledged and nothing that was never written. A copy or a fork
// is there and whole when it was acknowledged, and whole or not there when it was not.

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "store/soak/faulty_disk.h"
#include "store/soak/soak.h"

namespace ets::store::soak {
namespace {

namespace fs = std::filesystem;

constexpr int kCutsPerJournal = 12;

// One journal, and the cuts it goes through.
class CutJournal {
 public:
  explicit CutJournal(Case& it) : it_(it), dice_(it.dice), folder_(it.folder + "/journal") {
    promise_.records.seed = dice_.Next();
    // Some write data files now and then, some at their ends only.
    write_buffer_bytes_ = std::size_t{dice_.Below(3) == 0 ? 64U : 4'096U} << 10U;
    it_.report.Count("journals");
  }

  void Cut(int turn) {
    disk_ = std::make_shared<FaultyDisk>();
    if (is_there_) disk_->Adopt(folder_);
    // Most cuts while it writes, some while it opens.
    disk_->CutPowerAt(1 + dice_.Below(dice_.Below(4) == 0 ? 40 : 350));
    Live();
    it_.report.Count("cuts");
    it_.report.Count("disk_calls", disk_->calls());
    const std::string image = it_.folder + "/image" + std::to_string(turn);
    disk_->LeaveBehind(folder_, image, dice_);
    for (const Copy& copy : copies_) CheckCopy(copy);
    copies_.clear();
    fs::remove_all(folder_);
    folder_ = image;
    Check();
  }

 private:
  struct Copy {
    std::string folder;
    bool is_fork = false;
    std::uint64_t sequence = 0;  // What it holds at least; a fork, exactly.
    std::optional<ChainEnd> acknowledged;
  };

  // Until the power goes.
  void Live() {
    while (disk_->first_refused().empty()) {
      StoreOptions options;
      options.file_system = disk_;
      options.write_buffer_bytes = write_buffer_bytes_;
      auto opened = is_there_ ? JournalStore::Open(folder_, Durability::kEveryBatch, options)
                              : JournalStore::Create(folder_, Durability::kEveryBatch, options);
      if (!opened.ok()) return;
      JournalStore& journal = **opened;
      is_there_ = true;
      promise_.acknowledged = journal.end();
      for (std::uint64_t i = dice_.Below(30); i > 0; --i) {
        if (!WriteSome(journal, promise_, dice_)) return;
        it_.report.Count("writes");
        if (dice_.Below(5) == 0) MakeCopy(journal);
      }
      if (dice_.Below(2) == 0 && !journal.Close().empty()) return;
    }
  }

  void MakeCopy(JournalStore& journal) {
    Copy copy;
    copy.folder = it_.folder + "/copy" + std::to_string(++copies_made_);
    copy.is_fork = dice_.Below(2) == 0;
    copy.sequence = journal.end().sequence;
    if (copy.is_fork) copy.sequence = dice_.Below(copy.sequence + 1);
    const auto made =
        copy.is_fork ? journal.Fork(copy.sequence, copy.folder) : journal.Checkpoint(copy.folder);
    if (made.ok()) copy.acknowledged = *made;
    it_.report.Count(copy.is_fork ? "forks" : "copies");
    copies_.push_back(std::move(copy));
  }

  void CheckCopy(const Copy& copy) {
    const std::string name = copy.is_fork ? "a fork" : "a copy";
    if (copy.acknowledged && !disk_->KeepsName(copy.folder)) it_.Broken(name + " lost its name");
    if (disk_->HasName(copy.folder)) {
      const std::string image = copy.folder + "-image";
      disk_->LeaveBehind(copy.folder, image, dice_);
      Promise promise = promise_;
      promise.acknowledged = copy.acknowledged.value_or(ChainEnd{});
      ChainEnd end;
      bool refused = false;
      std::string wrong = HoldTo(promise, image, end, refused);
      if (wrong.empty() &&
          (end.sequence < copy.sequence || (copy.is_fork && end.sequence != copy.sequence))) {
        wrong = "it ends with record " + std::to_string(end.sequence);
      }
      if (!wrong.empty())
        it_.Broken(name + " of record " + std::to_string(copy.sequence) + ": " + wrong);
      if (wrong.empty() && !copy.acknowledged)
        it_.report.Count("unacknowledged_copies_found_whole");
      fs::remove_all(image);
    } else {
      it_.report.Count("copies_not_there");
    }
    fs::remove_all(copy.folder);
    fs::remove_all(copy.folder + ".partial");
  }

  void Check() {
    ChainEnd end;
    bool refused = false;
    const std::string wrong = HoldTo(promise_, folder_, end, refused);
    if (wrong.empty()) {
      it_.report.Count("batches_acknowledged", promise_.acknowledged.batch);
      it_.report.Count("unacknowledged_found_whole", end.batch - promise_.acknowledged.batch);
      is_there_ = true;
    } else if (refused && !is_there_) {
      it_.report.Count("cut_before_creation_ended");
      fs::remove_all(folder_);
    } else {
      it_.Broken("after a cut at '" + disk_->first_refused() + "': " + wrong);
      fs::remove_all(folder_);
      promise_.acknowledged = {};
      is_there_ = false;
    }
  }

  Case& it_;
  Prng& dice_;
  std::shared_ptr<FaultyDisk> disk_;
  std::string folder_;
  std::size_t write_buffer_bytes_ = 0;
  Promise promise_;
  std::vector<Copy> copies_;
  std::uint64_t copies_made_ = 0;
  bool is_there_ = false;  // Once its creation was acknowledged.
};

void Run(Case& it) {
  CutJournal journal(it);
  for (int turn = 0; turn < kCutsPerJournal; ++turn) journal.Cut(turn);
}

}  // namespace
}  // namespace ets::store::soak

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"power_cut_soak", 20, ets::store::soak::Run});
}
