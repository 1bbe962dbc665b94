// kill -9 at random instants of a child process that writes and says through a pipe what it has
// acknowledged. The child is this program again, called with --child.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "store/soak/soak.h"

extern char** environ;

namespace ets::store::soak {
namespace {

namespace fs = std::filesystem;

constexpr int kKillsPerJournal = 10;
constexpr std::uint64_t kNothingTold = ~std::uint64_t{0};
constexpr std::uint64_t kPauseMicrosMax = 100'000;

// Writes until it is killed. Says nothing but ends of acknowledged batches.
int BeChild(const std::string& folder, std::uint64_t records_seed, std::uint64_t dice_seed) {
  Promise promise;
  promise.records.seed = records_seed;
  Prng dice(dice_seed);
  while (true) {
    StoreOptions options;
    options.write_buffer_bytes = std::size_t{128} << 10U;
    auto opened = fs::exists(folder + "/anchor.0")
                      ? JournalStore::Open(folder, Durability::kEveryBatch, options)
                      : JournalStore::Create(folder, Durability::kEveryBatch, options);
    if (!opened.ok()) return 3;
    do {
      const ChainEnd end = (*opened)->end();
      if (::write(STDOUT_FILENO, &end, sizeof(end)) != sizeof(end)) return 4;
    } while (dice.Below(40) != 0 && WriteSome(**opened, promise, dice));
    if (!(*opened)->ok()) return 5;
    if (dice.Below(2) == 0 && !(*opened)->Close().empty()) return 6;
  }
}

struct Child {
  ::pid_t pid = 0;
  int acknowledged = -1;
};

Child Start(const std::string& folder, std::uint64_t records_seed, std::uint64_t dice_seed) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string self = fs::read_symlink("/proc/self/exe");
  std::string mode = "--child", place = folder, records = std::to_string(records_seed),
              dice = std::to_string(dice_seed);
  char* arguments[] = {self.data(),    mode.data(), place.data(),
                       records.data(), dice.data(), nullptr};
  Child child;
  if (::posix_spawn(&child.pid, self.c_str(), &actions, nullptr, arguments, environ) != 0) {
    child.pid = 0;
  }
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  child.acknowledged = ends[0];
  return child;
}

// Every end the child has told; the last one counts.
void ReadAll(int pipe, ChainEnd& last, std::atomic<std::uint64_t>& told) {
  ChainEnd end;
  while (::read(pipe, &end, sizeof(end)) == sizeof(end)) {
    last = end;
    ++told;
  }
  if (told == 0) told = kNothingTold;
}

// Lets a child live for a while; empty, or what it did wrong.
std::string LiveAndDie(Case& it, const std::string& folder, Promise& promise) {
  const Child child = Start(folder, promise.records.seed, it.dice.Next());
  if (child.pid == 0) return "cannot start a child";
  std::atomic<std::uint64_t> told = 0;
  std::thread listener([&] { ReadAll(child.acknowledged, promise.acknowledged, told); });
  // Some die while they start, most once they have begun to acknowledge.
  if (it.dice.Below(4) != 0) {
    while (told == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  std::this_thread::sleep_for(std::chrono::microseconds(it.dice.Below(kPauseMicrosMax)));
  ::kill(child.pid, SIGKILL);
  int status = 0;
  ::waitpid(child.pid, &status, 0);
  listener.join();
  ::close(child.acknowledged);
  if (told != kNothingTold) it.report.Count("acknowledgements", told);
  if (WIFSIGNALED(status)) return {};
  return "the child ended by itself with " + std::to_string(WEXITSTATUS(status));
}

void Run(Case& it) {
  const std::string folder = it.folder + "/journal";
  Promise promise;
  promise.records.seed = it.dice.Next();
  it.report.Count("journals");
  for (int turn = 0; turn < kKillsPerJournal; ++turn) {
    const std::string failure = LiveAndDie(it, folder, promise);
    it.report.Count("kills");
    ChainEnd end;
    bool refused = false;
    const std::string wrong =
        failure.empty() ? HoldTo(promise, folder, end, refused) : "before the kill: " + failure;
    if (wrong.empty()) {
      it.report.Count("unacknowledged_found_whole", end.batch - promise.acknowledged.batch);
    } else if (refused && promise.acknowledged.batch == 0) {
      it.report.Count("killed_before_creation_ended");
      fs::remove_all(folder);
    } else {
      it.Broken(wrong);
      return;
    }
  }
}

}  // namespace
}  // namespace ets::store::soak

int main(int argc, char** argv) {
  if (argc == 5 && std::string(argv[1]) == "--child") {
    return ets::store::soak::BeChild(argv[2], std::strtoull(argv[3], nullptr, 10),
                                     std::strtoull(argv[4], nullptr, 10));
  }
  return ets::store::soak::Main(argc, argv, {"kill_soak", 8, ets::store::soak::Run});
}
