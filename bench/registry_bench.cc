// Transfers a second: in memory, encoded for a journal, and through the store to the disk.

#include <benchmark/benchmark.h>

#include <cstring>
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

// 8,190 transfers a command, all checks on, encoded for a journal.
Command FullBatch(const Scheme& scheme) {
  TransferBatch batch;
  for (const Command& command : Transfers(scheme)) {
    if (batch.items.size() == kBatchItemsMax) break;
    batch.items.push_back({std::get_if<MakeTransfer>(&command)->transfer, false});
  }
  return batch;
}

void BM_TransferInABatch(benchmark::State& state) {
  NullJournal journal;
  Scheme scheme(&journal);
  const Command batch = FullBatch(scheme);
  for (auto _ : state) benchmark::DoNotOptimize(scheme.registry.Apply({}, batch)->failed);
  state.SetItemsProcessed(state.iterations() * std::int64_t{kBatchItemsMax});
}
BENCHMARK(BM_TransferInABatch);

void BM_TransferWithARequest(benchmark::State& state) {
  NullJournal journal;
  Scheme scheme(&journal);
  const std::vector<Command> commands = Transfers(scheme);
  Prng dice(kSeed);
  RequestKey request;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::array<std::uint64_t, 2> id{dice.Next(), dice.Next()};
    std::memcpy(request.id.data(), id.data(), sizeof(id));
    benchmark::DoNotOptimize(scheme.registry.Apply({}, commands[next], &request).ok());
    next = (next + 1) & 0xFFFFU;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_TransferWithARequest);

// Keeps whole records, to be replayed.
class KeepingJournal final : public Journal {
 public:
  void Append(const JournalRecord& record) override {
    payloads_.push_back(std::make_unique<std::string>(record.payload));
    records.push_back(record);
    records.back().payload = *payloads_.back();
  }
  std::vector<JournalRecord> records;

 private:
  std::vector<std::unique_ptr<std::string>> payloads_;
};

// Ten million transfers in batches, decoded, applied and compared.
void BM_ReplayTenMillionTransfers(benchmark::State& state) {
  KeepingJournal journal;
  Scheme scheme(&journal);
  const std::size_t opening = journal.records.size();
  const Command batch = FullBatch(scheme);
  scheme.Must(batch);
  const JournalRecord record = journal.records[opening];
  constexpr std::uint64_t kBatches = 10'000'000 / kBatchItemsMax + 1;
  for (auto _ : state) {
    state.PauseTiming();
    Registry replayed(Profile{}, nullptr);
    for (std::size_t i = 0; i < opening; ++i) {
      if (!replayed.Replay(journal.records[i]).empty()) std::abort();
    }
    JournalRecord next = record;
    state.ResumeTiming();
    for (std::uint64_t i = 0; i < kBatches; ++i) {
      if (!replayed.Replay(next).empty()) std::abort();
      ++next.sequence;
    }
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(kBatches * kBatchItemsMax));
}
BENCHMARK(BM_ReplayTenMillionTransfers)->Unit(benchmark::kMillisecond)->Iterations(1);

// Emissions, surrender in the retirement order and status of a whole scheme, in one command.
void BM_WholeSchemeCompliance(benchmark::State& state) {
  constexpr std::uint32_t kCovered = 3'400;
  for (auto _ : state) {
    state.PauseTiming();
    NullJournal journal;
    Registry registry(*FindProfile("cn"), &journal);
    const auto must = [&](const Command& command) {
      const auto receipt = registry.Apply({}, command);
      if (!receipt.ok()) std::abort();
      return receipt->id;
    };
    must(OpenAccount{AccountKind::kIssuance});
    must(OpenAccount{AccountKind::kSurrender});
    std::vector<LedgerId> ledgers;
    for (const Unit unit : {Unit::Allowance(2025), Unit::Allowance(2026), Unit::Offset()}) {
      ledgers.emplace_back(static_cast<std::uint16_t>(must(OpenLedger{unit})));
    }
    RunCompliance run{2026, true, true, {}};
    for (std::uint32_t firm = 0; firm < kCovered; ++firm) {
      const AccountId holder(must(OpenAccount{AccountKind::kHolder, firm}));
      for (const LedgerId ledger : ledgers) must(Issue{holder, ledger, 40});
      run.emissions.push_back({firm, Tonnes(firm % 2 == 0 ? 70 : 90)});
    }
    const Command command = run;
    state.ResumeTiming();
    if (must(command) != kCovered) std::abort();
  }
}
BENCHMARK(BM_WholeSchemeCompliance)->Unit(benchmark::kMillisecond);

// A registry with a history: 18 years of each firm, verified, and a million requests.
void Age(Scheme& scheme) {
  for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
    for (std::uint16_t year = 2019; year < 2037; ++year) {
      scheme.Must(VerifyEmissions{firm, year, Tonnes(1'000)});
    }
  }
  Prng dice(kSeed);
  RequestKey request;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::array<std::uint64_t, 2> id{dice.Next(), dice.Next()};
    std::memcpy(request.id.data(), id.data(), sizeof(id));
    if (!scheme.registry.Apply({}, DayClosed{}, &request).ok()) std::abort();
  }
}

void BM_Save(benchmark::State& state) {
  Scheme scheme(nullptr);
  Age(scheme);
  std::string snapshot;
  for (auto _ : state) {
    snapshot.clear();
    scheme.registry.Save(snapshot);
  }
  state.counters["bytes"] = static_cast<double>(snapshot.size());
}
BENCHMARK(BM_Save)->Unit(benchmark::kMillisecond);

void BM_Load(benchmark::State& state) {
  std::string snapshot;
  {
    Scheme scheme(nullptr);
    Age(scheme);
    scheme.registry.Save(snapshot);
  }
  for (auto _ : state) {
    const auto loaded = Registry::Load(snapshot, nullptr);
    if (!loaded.ok()) state.SkipWithError(loaded.error().c_str());
  }
  state.counters["bytes"] = static_cast<double>(snapshot.size());
}
BENCHMARK(BM_Load)->Unit(benchmark::kMillisecond);

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
