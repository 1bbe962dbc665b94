// Thrown laws, thrown commands, every kind of account and a settlement stream: the auditor, who
// shares no code with the registry, finds nothing wrong and comes to the same tables and serials.

#include <gmock/gmock.h>

#include <algorithm>

#include "registry/model/dice.h"
#include "store/folder.h"
#include "store/journal_store.h"
#include "tests/audited_tables.h"
#include "tests/capclear_process.h"

namespace ets::registry {
namespace {

constexpr int kCommands = 4'000;

class ThrownLaw : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ThrownLaw, IsAuditedAndAgrees) {
  Prng chance = Prng::Stream(7, "law", GetParam());
  Profile law = model::RandomLaw(chance);
  law.lineage = static_cast<Lineage>(1 + GetParam() % 3);
  const TestFolder folder;
  auto journal = store::JournalStore::Create(folder / "registry", store::Durability::kAtClose);
  ASSERT_TRUE(journal.ok());
  Registry registry(law, journal->get());
  SerialLineage lineage(law.lineage);
  model::Dice dice(Prng::Stream(7, "commands", GetParam()), registry);
  const auto apply = [&](SimTime time, const Command& command) {
    Envelope envelope;
    envelope.sim_time = time;
    if (!registry.Apply(envelope, command).ok()) return;
    for (const Transfer& transfer : registry.transfers()) {
      lineage.Take(transfer, registry.sequence(),
                   registry.account(transfer.debit).kind == AccountKind::kIssuance,
                   registry.unit(transfer.ledger).type == UnitType::kCurrency);
    }
  };
  for (const Command& command : dice.Opening()) apply(0, command);
  SimTime latest = 0;
  for (int i = 0; i < kCommands; ++i) {
    const Command command = dice.Next();
    latest = std::max(latest, dice.Time());  // A driver's time never goes back.
    apply(latest, command);
  }
  lineage.CheckInvariants();
  ASSERT_EQ((*journal)->Close(), "");
  journal.value().reset();
  ASSERT_TRUE(store::Export(folder / "registry", folder / "journal.bin").ok());
  std::vector<std::string> audit = {"python3", "clients/python/capclear_audit",
                                    folder / "journal.bin"};
  const std::pair<const char*, Json> tables[] = {{"totals.json", TotalsOf(registry)},
                                                 {"balances.json", BalancesOf(registry)},
                                                 {"years.json", YearsOf(registry)},
                                                 {"status.json", StatusesOf(registry)},
                                                 {"serials.json", SerialsOf(registry, lineage)}};
  for (const auto& [name, rows] : tables) {
    Write(folder / name, rows.dump());
    audit.insert(audit.end(), {"--expect", folder / name});
  }
  const Said said = RunCommand(audit);
  EXPECT_EQ(said.code, 0) << said.out << said.err;
  // A forger who changes one transfer and chains everything anew is found out.
  const Said forged =
      RunCommand({"python3", "tests/auditor_mutations.py", folder / "journal.bin", "12"});
  EXPECT_EQ(forged.code, 0) << forged.out << forged.err;
}

INSTANTIATE_TEST_SUITE_P(Audited, ThrownLaw, ::testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace ets::registry
