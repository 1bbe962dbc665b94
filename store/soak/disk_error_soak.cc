// EIO at every call that changes the disk, in turn: each create, write, sync, rename, link, delete
// and folder sync of one journal's life, once alone and once with everything failing from there on.
// The journal stops; after a restart, whether power was cut or not, what was acknowledged is there,
// and a verification lets it go on. Case N is call (N + 1) / 2.

#include <memory>

#include "store/folder.h"
#include "store/soak/faulty_disk.h"
#include "store/soak/soak.h"

namespace ets::store::soak {
namespace {

constexpr std::uint64_t kStride = 97;  // Prime.

// Everything a live registry does with its journal.
class Life {
 public:
  Life(std::shared_ptr<FaultyDisk> disk, std::string folder, Promise& promise)
      : disk_(std::move(disk)), folder_(std::move(folder)), promise_(promise) {
    options_.file_system = disk_;
    options_.write_buffer_bytes = std::size_t{64} << 10U;
    options_.second_anchor_folder = folder_ + "-anchors";
  }

  void Live() {
    if (!Begin(JournalStore::Create(folder_, Durability::kEveryBatch, options_))) return;
    if (!Write(8) || !Snapshot() || !Write(3)) return;
    if (!journal_->Close().empty()) return;
    journal_.reset();
    if (!Begin(JournalStore::Open(folder_, Durability::kEveryBatch, options_))) return;
    if (!Write(4)) return;
    copied_ = journal_->Checkpoint(folder_ + "-copy").ok();
    forked_ = journal_->Fork(promise_.acknowledged.sequence / 2, folder_ + "-fork").ok();
    if (!Write(2)) return;
    journal_->Close();
    finished_ = journal_->ok();
  }

  // Whether the journal went on to its end without noticing anything.
  bool finished() const { return finished_; }
  bool created() const { return created_; }
  bool copied() const { return copied_; }
  bool forked() const { return forked_; }

 private:
  bool Begin(Result<std::unique_ptr<JournalStore>, StoreFailure> opened) {
    if (!opened.ok()) return false;
    journal_ = std::move(opened.value());
    promise_.acknowledged = journal_->end();
    return created_ = true;
  }
  bool Write(int batches) {
    for (int i = 0; i < batches; ++i) {
      promise_.records.Append(*journal_, 40);
      journal_->EndBatch();
      if (!journal_->ok()) return false;
      promise_.acknowledged = journal_->end();
    }
    return true;
  }
  bool Snapshot() {
    const auto put = journal_->PutSnapshot({journal_->end(), 1, std::string(50'000, 's')});
    return put.ok() || journal_->ok();
  }

  std::shared_ptr<FaultyDisk> disk_;
  std::string folder_;
  Promise& promise_;
  StoreOptions options_;
  std::unique_ptr<JournalStore> journal_;
  bool created_ = false, finished_ = false, copied_ = false, forked_ = false;
};

std::uint64_t CallsInALife(const std::string& folder) {
  const auto disk = std::make_shared<FaultyDisk>();
  Promise promise;
  Life(disk, folder + "/journal", promise).Live();
  return disk->calls();
}

// The call sites of one undisturbed life; a little more, as background work shifts them.
std::uint64_t g_calls = 0;  // NOLINT

void Prepare(const std::string& folder, Report& report) {
  g_calls = CallsInALife(folder + "/measure");
  report.Count("call_sites", g_calls);
}

// A restart on a sound disk: the mark is cleared by a verification, then the journal goes on.
std::string Restart(const Case& it, const std::string& folder, Promise promise) {
  const auto disk = std::make_shared<FaultyDisk>();
  disk->Adopt(folder);
  StoreOptions options;
  options.file_system = disk;
  if (IsPoisoned(folder)) {
    it.report.Count("marked");
    const auto refused = JournalStore::Open(folder, Durability::kEveryBatch, options);
    if (refused.ok() || refused.error().fault != StoreFault::kPoisoned) return "poison was ignored";
    const auto cleared = ClearPoison(folder, options);
    if (!cleared.ok()) return "it does not verify: " + cleared.error().message;
  }
  ChainEnd end;
  bool refused = false;
  std::string wrong = HoldTo(promise, folder, end, refused);
  if (!wrong.empty()) return wrong;
  auto opened = JournalStore::Open(folder, Durability::kEveryBatch, options);
  if (!opened.ok()) return "it does not open: " + opened.error().message;
  Prng dice(it.number);
  if (!WriteSome(**opened, promise, dice)) return "it does not go on: " + (*opened)->error();
  opened.value().reset();
  wrong = HoldTo(promise, folder, end, refused);
  return wrong.empty() ? "" : "after it went on: " + wrong;
}

// Whether what failed was the journal's own, and not a copy's.
bool IsItsOwn(const std::string& refused) {
  return refused.find(" journal/") != std::string::npos ||
         refused.find(" journal-anchors/") != std::string::npos;
}

void Run(Case& it) {
  // In strides, so that a short run sees all parts of a life.
  const std::uint64_t stride = g_calls % kStride == 0 ? 1 : kStride;
  const std::uint64_t call = 1 + (it.number - 1) / 2 * stride % g_calls;
  const bool for_good = it.number % 2 == 0;
  const std::string folder = it.folder + "/journal";
  const auto disk = std::make_shared<FaultyDisk>();
  disk->FailAt(call, for_good);
  Promise promise;
  bool ignored = false;
  bool created = false;
  {
    Life life(disk, folder, promise);
    life.Live();
    created = life.created();
    ignored = life.finished() && IsItsOwn(disk->first_refused());
    it.report.Count(life.finished() ? "harmless" : "stopped");
  }
  const std::string where = "EIO at call " + std::to_string(call) + ", '" + disk->first_refused() +
                            (for_good ? "', for good: " : "', once: ");
  if (disk->first_refused().empty()) it.report.Count("not_reached");
  it.report.Count("faults");
  if (ignored) it.Broken(where + "nobody noticed");
  disk->Repair();
  const std::string image = it.folder + "/image";
  disk->LeaveBehind(folder, image, it.dice);
  if (!created) {
    it.report.Count("failed_before_creation_ended");
    return;
  }
  std::string wrong = Restart(it, image, promise);
  if (!wrong.empty()) it.Broken(where + "after a power cut: " + wrong);
  wrong = Restart(it, folder, promise);
  if (!wrong.empty()) it.Broken(where + "after a restart: " + wrong);
}

}  // namespace
}  // namespace ets::store::soak

int main(int argc, char** argv) {
  using ets::store::soak::Main;
  return Main(argc, argv,
              {"disk_error_soak", 400, ets::store::soak::Run, ets::store::soak::Prepare});
}
