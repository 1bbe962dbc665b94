// Transfers a second: in memory, encoded for a journal, and through the store to the disk.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.h"
#include "registry/registry.h"
#include "store/journal_store.h"

namespace ets::registry {
namespace {

constexpr std::uint32_t kFirms = 5'560;
constexpr std::uint64_t kSeed = 1;

// Takes records and keeps none: what encoding costs without a disk behind it.
class NullJournal final : public Journal {
 public:
  void Append(const JournalRecord& record) override { bytes_ += record.payload.size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
};

// A registry of the default run's size: a holder and an escrow a firm, 20 ledgers.
struct Scheme {
  explicit Scheme(Journal* journal) : registry(Profile{}, journal) {
    Open(AccountKind::kIssuance);
    Open(AccountKind::kBank);
    for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
      holders.push_back(Open(AccountKind::kHolder, firm));
      escrows.push_back(Open(AccountKind::kEscrow, firm));
    }
    cash = Open(Unit::Cash(Currency::kCny));
    for (Vintage vintage = 2019; vintage < 2038; ++vintage) unit = Open(Unit::Allowance(vintage));
    for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
      Must(Issue{holders[firm], unit, 1'000'000'000});
      for (const LedgerId ledger : {unit, cash}) Must(Issue{escrows[firm], ledger, 1'000'000'000});
    }
  }
  AccountId Open(AccountKind kind, std::uint32_t entity = 0) {
    return AccountId(registry.Apply({}, OpenAccount{kind, entity}).value().id);
  }
  LedgerId Open(Unit what) {
    return LedgerId(static_cast<std::uint16_t>(registry.Apply({}, OpenLedger{what}).value().id));
  }
  void Must(const Command& command) {
    if (!registry.Apply({}, command).ok()) std::abort();
  }

  Registry registry;
  std::vector<AccountId> holders, escrows;
  LedgerId unit, cash;
};

std::vector<Command> Transfers(const Scheme& scheme) {
  Prng dice(kSeed);
  std::vector<Command> commands;
  while (commands.size() < 1U << 16U) {
    const AccountId debit = scheme.holders[dice.Below(kFirms)];
    const AccountId credit = scheme.holders[dice.Below(kFirms)];
    if (debit != credit) commands.push_back(MakeTransfer{{debit, credit, scheme.unit, 1}});
  }
  return commands;
}

void Transfer(benchmark::State& state, Scheme& scheme) {
  const std::vector<Command> commands = Transfers(scheme);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(scheme.registry.Apply({}, commands[next]).ok());
    next = (next + 1) & 0xFFFFU;
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_TransferWithoutJournal(benchmark::State& state) {
  Scheme scheme(nullptr);
  Transfer(state, scheme);
}
BENCHMARK(BM_TransferWithoutJournal);

void BM_TransferEncoded(benchmark::State& state) {
  NullJournal journal;
  Scheme scheme(&journal);
  Transfer(state, scheme);
}
BENCHMARK(BM_TransferEncoded);

void BM_SettleAFullMessage(benchmark::State& state) {
  NullJournal journal;
  Scheme scheme(&journal);
  Prng dice(kSeed);
  Settle settle;
  while (settle.fills.size() < kFillsPerMessageMax) {
    const AccountId seller = scheme.escrows[dice.Below(kFirms)];
    const AccountId buyer = scheme.escrows[dice.Below(kFirms)];
    if (seller == buyer) continue;
    settle.fills.push_back({seller, buyer, scheme.unit, scheme.cash, 1, 71, settle.fills.size()});
  }
  Command command = settle;
  for (auto _ : state) {
    ++std::get_if<Settle>(&command)->sequence;
    benchmark::DoNotOptimize(scheme.registry.Apply({}, command)->failed);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(settle.fills.size()));
}
BENCHMARK(BM_SettleAFullMessage);

void BM_EndOfDayChecks(benchmark::State& state) {
  Scheme scheme(nullptr);
  for (auto _ : state) {
    scheme.registry.CheckInvariants();
    benchmark::DoNotOptimize(scheme.registry.StateHash());
  }
}
BENCHMARK(BM_EndOfDayChecks);

void ThroughTheStore(benchmark::State& state, store::Durability durability) {
  const std::string folder = std::filesystem::temp_directory_path() / "capclear_registry_bench";
  std::filesystem::remove_all(folder);
  auto journal = store::JournalStore::Create(folder, durability);
  if (!journal.ok()) {
    state.SkipWithError(journal.error().message.c_str());
    return;
  }
  {
    Scheme scheme(journal->get());
    Transfer(state, scheme);
    const std::string error = (*journal)->Close();
    if (!error.empty()) state.SkipWithError(error.c_str());
  }
  journal.value().reset();
  std::filesystem::remove_all(folder);
}

// A sync a batch of 8,190, as a live registry under load has it. Wall time: the disk is waited for.
void BM_TransferThroughTheStoreEveryBatch(benchmark::State& state) {
  ThroughTheStore(state, store::Durability::kEveryBatch);
}
BENCHMARK(BM_TransferThroughTheStoreEveryBatch)->UseRealTime()->Iterations(2'000'000);

// As `capclear run` does it, less the one sync at its end.
void BM_TransferThroughTheStoreAtClose(benchmark::State& state) {
  ThroughTheStore(state, store::Durability::kAtClose);
}
BENCHMARK(BM_TransferThroughTheStoreAtClose)->UseRealTime()->Iterations(2'000'000);

}  // namespace
}  // namespace ets::registry

BENCHMARK_MAIN();
