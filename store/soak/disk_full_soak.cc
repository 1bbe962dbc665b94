// A disk that is full after a random number of bytes. The journal stops at the write that does not
// fit, whole or in part; once there is room again, what was acknowledged is there and it goes on.

#include <memory>

#include "store/folder.h"
#include "store/soak/faulty_disk.h"
#include "store/soak/soak.h"

namespace ets::store::soak {
namespace {

constexpr int kFillingsPerJournal = 8;
constexpr std::uint64_t kRoomMax = 300'000;

class FullJournal {
 public:
  explicit FullJournal(Case& it) : it_(it), folder_(it.folder + "/journal") {
    promise_.records.seed = it_.dice.Next();
    options_.file_system = disk_;
    options_.write_buffer_bytes = std::size_t{64} << 10U;
  }

  // One filling; false when a promise was broken.
  bool Fill() {
    disk_->FillUpAfter(it_.dice.Below(kRoomMax));
    const std::string went_on = Live();
    it_.report.Count("fillings");
    disk_->Repair();
    if (!is_there_) {
      it_.report.Count("full_before_creation_ended");
      return false;
    }
    if (!went_on.empty()) {
      it_.Broken(went_on);
      return false;
    }
    const std::string wrong = MakeRoom();
    if (!wrong.empty()) it_.Broken("with room again: " + wrong);
    return wrong.empty();
  }

 private:
  // Writes until the disk is full; what is wrong when it never stops.
  std::string Live() {
    auto opened = is_there_ ? JournalStore::Open(folder_, Durability::kEveryBatch, options_)
                            : JournalStore::Create(folder_, Durability::kEveryBatch, options_);
    if (!opened.ok()) return {};
    is_there_ = true;
    promise_.acknowledged = (*opened)->end();
    for (int i = 0; i < 2'000; ++i) {
      if (!WriteSome(**opened, promise_, it_.dice)) return {};
    }
    return "it still writes to a full disk";
  }

  std::string MakeRoom() {
    if (IsPoisoned(folder_)) {
      it_.report.Count("marked");
      const auto cleared = ClearPoison(folder_, options_);
      if (!cleared.ok()) return "it does not verify: " + cleared.error().message;
    }
    ChainEnd end;
    bool refused = false;
    const std::string wrong = HoldTo(promise_, folder_, end, refused);
    if (wrong.empty()) it_.report.Count("batches_acknowledged", promise_.acknowledged.batch);
    return wrong;
  }

  Case& it_;
  const std::string folder_;
  const std::shared_ptr<FaultyDisk> disk_ = std::make_shared<FaultyDisk>();
  StoreOptions options_;
  Promise promise_;
  bool is_there_ = false;
};

void Run(Case& it) {
  FullJournal journal(it);
  it.report.Count("journals");
  for (int i = 0; i < kFillingsPerJournal && journal.Fill(); ++i) {
  }
}

}  // namespace
}  // namespace ets::store::soak

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"disk_full_soak", 20, ets::store::soak::Run});
}
