// What a journal costs on the disk: writing, opening, reading all of it, one record of it, and
// making copies and forks of a large one.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/prng.h"
#include "store/folder.h"
#include "store/journal_store.h"

namespace ets::store {
namespace {

namespace fs = std::filesystem;

// A transfer as the registry's journal holds it is about this large; with its envelope it takes 105
// bytes, so that ten million of them are one GiB.
constexpr std::uint64_t kRecords = 10'000'000;
constexpr std::size_t kPayload = 60;

std::string Root() { return (fs::temp_directory_path() / "capclear_store_bench").string(); }

void Append(JournalStore& journal, std::uint64_t count) {
  std::string payload(kPayload, '\0');
  Prng dice(journal.last_sequence() + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t number = dice.Next();
    payload.replace(i % 52, sizeof(number), reinterpret_cast<const char*>(&number), sizeof(number));
    journal.Append({6, 1, journal.last_sequence() + 1, {}, payload});
  }
}

// Ten million records in full batches, made once, removed at the end of the program.
const std::string& LargeJournal() {
  static const struct Made {
    Made() {
      fs::remove_all(Root());
      auto journal = JournalStore::Create(folder, Durability::kEveryBatch);
      Append(**journal, kRecords);
      (*journal)->Close();
    }
    ~Made() { fs::remove_all(Root()); }
    std::string folder = Root() + "/large";
  } made;
  return made.folder;
}

std::unique_ptr<JournalStore> Open(const std::string& folder, Check check) {
  StoreOptions options;
  options.check = check;
  auto opened = JournalStore::Open(folder, Durability::kEveryBatch, options);
  return opened.ok() ? std::move(opened.value()) : nullptr;
}

void BM_AppendDurableBatchesOf(benchmark::State& state) {
  const std::string folder = Root() + "-append";
  fs::remove_all(folder);
  auto journal = JournalStore::Create(folder, Durability::kEveryBatch);
  for (auto _ : state) {
    Append(**journal, static_cast<std::uint64_t>(state.range(0)));
    (*journal)->EndBatch();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  journal.value().reset();
  fs::remove_all(folder);
}
BENCHMARK(BM_AppendDurableBatchesOf)
    ->Arg(1)
    ->Arg(64)
    ->Arg(8'190)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// A start that replays everything: the tail is checked, then all is read with its chain.
void BM_OpenAndReadTenMillionRecords(benchmark::State& state) {
  const std::string& folder = LargeJournal();
  for (auto _ : state) {
    const auto journal = Open(folder, Check::kTail);
    std::uint64_t bytes = 0;
    const auto end = journal->Reader().Read({}, kToTheEnd, [&bytes](const JournalRecord& record) {
      bytes += record.payload.size();
      return true;
    });
    if (!end.ok() || bytes != kRecords * kPayload) state.SkipWithError("not all of it");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRecords));
}
BENCHMARK(BM_OpenAndReadTenMillionRecords)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_OpenWithTheTailChecked(benchmark::State& state) {
  const std::string& folder = LargeJournal();
  for (auto _ : state) benchmark::DoNotOptimize(Open(folder, Check::kTail));
}
BENCHMARK(BM_OpenWithTheTailChecked)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_Verify(benchmark::State& state) {
  const std::string& folder = LargeJournal();
  for (auto _ : state) {
    if (!VerifyJournal(folder).ok()) state.SkipWithError("it does not verify");
  }
}
BENCHMARK(BM_Verify)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_ReadOneRecord(benchmark::State& state) {
  const auto journal = Open(LargeJournal(), Check::kTail);
  const JournalReader reader = journal->Reader();
  Prng dice(1);
  for (auto _ : state) {
    if (!reader.ReadRecord(1 + dice.Below(kRecords)).ok()) state.SkipWithError("not there");
  }
}
BENCHMARK(BM_ReadOneRecord)->UseRealTime()->Unit(benchmark::kMicrosecond);

void BM_Checkpoint(benchmark::State& state) {
  const auto journal = Open(LargeJournal(), Check::kTail);
  const std::string folder = Root() + "/copy";
  for (auto _ : state) {
    if (!journal->Checkpoint(folder).ok()) state.SkipWithError("no checkpoint");
    state.PauseTiming();
    fs::remove_all(folder);
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Checkpoint)->UseRealTime()->Unit(benchmark::kMillisecond);

// A fork in the middle of a batch, in the middle of the journal, and opening it.
void BM_ForkAndOpenIt(benchmark::State& state) {
  const auto journal = Open(LargeJournal(), Check::kTail);
  const std::string folder = Root() + "/fork";
  for (auto _ : state) {
    if (!journal->Fork(kRecords / 2, folder).ok()) state.SkipWithError("no fork");
    auto fork = Open(folder, Check::kTail);
    if (fork == nullptr) state.SkipWithError("the fork does not open");
    state.PauseTiming();
    fork.reset();
    fs::remove_all(folder);
    state.ResumeTiming();
  }
}
BENCHMARK(BM_ForkAndOpenIt)->UseRealTime()->Unit(benchmark::kMillisecond);

// States of three thousand firms and their accounts, as numbers that repeat in part.
void BM_PutSnapshotOf1MiB(benchmark::State& state) {
  const std::string folder = Root() + "-snapshots";
  fs::remove_all(folder);
  auto journal = JournalStore::Create(folder, Durability::kEveryBatch);
  std::string bytes(std::size_t{1} << 20U, '\0');
  Prng dice(1);
  for (std::size_t i = 0; i < bytes.size(); i += 3) bytes[i] = static_cast<char>(dice.Next());
  for (auto _ : state) {
    state.PauseTiming();
    Append(**journal, 1);
    (*journal)->EndBatch();
    state.ResumeTiming();
    if (!(*journal)->PutSnapshot({(*journal)->end(), 1, bytes}).ok()) state.SkipWithError("no");
  }
  journal.value().reset();
  std::uintmax_t size = 0;
  for (const auto& file : fs::directory_iterator(folder)) size += file.file_size();
  state.counters["bytes_each"] =
      static_cast<double>(size) / static_cast<double>(state.iterations());
  fs::remove_all(folder);
}
BENCHMARK(BM_PutSnapshotOf1MiB)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(50);

}  // namespace
}  // namespace ets::store

BENCHMARK_MAIN();
