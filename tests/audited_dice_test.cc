// Random commands under every shipped law, and an auditor who shares no code with the registry:
// from the exported journal alone it must come to the registry's own totals, balances,
// reservations, freezes, emission years and symbols.

#include <gmock/gmock.h>

#include <map>
#include <span>

#include "base/prng.h"
#include "registry/codec.h"
#include "registry/registry.h"
#include "store/folder.h"
#include "store/journal_store.h"
#include "tests/audited_tables.h"
#include "tests/capclear_process.h"

namespace ets::registry {
namespace {

constexpr int kCommands = 3'000;
constexpr std::uint32_t kFirms = 4;
constexpr std::uint32_t kPrincipals = 3;
constexpr SimTime kHour = 3'600 * kMicrosPerSecond;

// A scheme with a few firms, and a hand that plays every command at it.
class Dice {
 public:
  Dice(Registry& registry, store::JournalStore& journal, std::uint64_t seed)
      : registry_(registry), journal_(journal), dice_(seed), time_(InstantAt(2026, 1, 5)) {
    Do(AdvanceTo{time_});
    for (std::uint8_t kind = 1; kind <= 18; ++kind) {
      const auto row = static_cast<AccountKind>(kind);
      if (RowOf(row).has_entity) continue;
      Do(OpenAccount{row, 0});
      central_.emplace_back(registry_.account_count() - 1);
    }
    for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
      for (const AccountKind kind : {AccountKind::kHolder, AccountKind::kTrading}) {
        Do(OpenAccount{kind, firm});
        holders_.emplace_back(registry_.account_count() - 1);
      }
    }
    for (const Vintage vintage : {Vintage{2025}, Vintage{2026}, Vintage{2027}}) {
      Do(OpenLedger{Unit::Allowance(vintage), 1'000'000});
    }
    Do(OpenLedger{Unit::Offset(), 0});
    Do(OpenLedger{Unit::Cash(Currency::kCny), 0});
    for (std::uint32_t principal = 1; principal <= kPrincipals; ++principal) {
      Do(SetPrincipal{principal, Role::kRegistryAdmin, true, "P", {}});
    }
  }

  // Everybody has something to begin with.
  void Deal() {
    for (const AccountId holder : holders_) {
      for (std::uint16_t ledger = 0; ledger < 5; ++ledger) {
        Do(Issue{Central(AccountKind::kAllocation), LedgerId(ledger), 2'000, TransferCode::kIssue});
        Do(MakeTransfer{{Central(AccountKind::kAllocation), holder, LedgerId(ledger), 1'500,
                         TransferCode::kCentral}});
      }
    }
  }

  void Play() {
    for (int i = 0; i < kCommands; ++i) {
      if (Below(40) == 0) time_ += static_cast<SimTime>(1 + Below(24 * 20)) * kHour;
      Do(Below(40) == 0 ? Command(AdvanceTo{time_}) : Throw());
      if (Below(200) == 0) journal_.EndBatch();
    }
    Do(AdvanceTo{time_});
  }
  const std::map<std::string, int>& applied() const { return applied_; }
  const SerialLineage& lineage() const { return lineage_; }

 private:
  static SimTime InstantAt(int year, int month, int day) {
    return SimTime{Date::Of(year, month, day).days()} * kMicrosPerDay;
  }
  std::uint64_t Below(std::uint64_t bound) { return dice_.Below(bound); }
  template <typename T>
  T Any(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  AccountId Holder() { return Any(holders_); }
  AccountId Account() { return Below(4) == 0 ? Any(central_) : Holder(); }
  AccountId Central(AccountKind kind) {
    for (const AccountId id : central_) {
      if (registry_.account(id).kind == kind) return id;
    }
    return central_[0];
  }
  LedgerId Ledger() { return LedgerId(static_cast<std::uint16_t>(Below(5))); }
  LedgerId Allowances() { return LedgerId(static_cast<std::uint16_t>(Below(3))); }
  std::uint16_t Year() { return static_cast<std::uint16_t>(2024 + Below(4)); }
  std::uint32_t Firm() { return static_cast<std::uint32_t>(Below(kFirms)); }
  std::int64_t Amount() { return static_cast<std::int64_t>(1 + Below(Below(3) == 0 ? 2'000 : 60)); }
  std::uint32_t Principal() { return static_cast<std::uint32_t>(1 + Below(kPrincipals)); }
  SimTime Later() {
    return Below(2) == 0 ? 0 : time_ + static_cast<SimTime>(1 + Below(500)) * kHour;
  }
  std::uint32_t One(std::uint32_t count) {
    return static_cast<std::uint32_t>(count == 0 ? 1 : 1 + Below(count));
  }
  Transfer AnyTransfer() {
    return {Account(), Account(), Ledger(), Amount(), TransferCode::kTransfer, 0, Below(9)};
  }

  void Do(const Command& command) {
    Envelope envelope;
    envelope.sim_time = time_;
    if (!registry_.Apply(envelope, command).ok()) return;
    ++applied_[std::string(ToString(KindOf(command)))];
    for (const Transfer& transfer : registry_.transfers()) {
      lineage_.Take(transfer, registry_.sequence(),
                    registry_.account(transfer.debit).kind == AccountKind::kIssuance,
                    registry_.unit(transfer.ledger).type == UnitType::kCurrency);
    }
  }

  // What people may also propose.
  Command Proposable() {
    switch (Below(12)) {
      case 0:
        return Surrender{Holder(), Allowances(), Year(), Amount()};
      case 1:
        return CancelUnits{Holder(), Ledger(), Amount(), "b", "s"};
      case 2:
        return AddTrusted{Holder(), Holder()};
      case 3:
        return Allocate{Central(AccountKind::kAllocation), Holder(), Allowances(), Year(), Amount(),
                        TransferCode::kPreAllocation};
      case 4:
        return ReverseTransfer{1 + Below(registry_.sequence()), 0};
      case 5:
        return SetAccount{Holder(), Below(8) == 0 ? kMaySurrender : kMayAll, Below(2) == 0};
      case 6:
        return Issue{Central(AccountKind::kAllocation), Ledger(), 10 * Amount(),
                     TransferCode::kIssue};
      case 7:
        return Freeze{Account(), Ledger(), 1 + Amount() % 50, Later(), "court"};
      case 8:
        return Unfreeze{One(registry_.freeze_count())};
      case 9:
        return SetEntitlement{Firm(), Year(), static_cast<std::uint8_t>(1 + Below(2)), Amount(),
                              Below(5) == 0};
      case 10:
        return RunAllocation{Year(), static_cast<std::uint8_t>(1 + Below(2)),
                             Central(AccountKind::kAllocation), Allowances()};
      default:
        return MakeTransfer{AnyTransfer()};
    }
  }

  Command Throw() {
    switch (Below(20)) {
      case 0: {
        const Command command = Proposable();
        Propose propose{Principal(), static_cast<std::uint16_t>(KindOf(command)), ""};
        EncodeCommand(command, propose.payload);
        return propose;
      }
      case 1:
        return ApproveTask{One(registry_.task_count()), Principal()};
      case 2:
        return Below(3) == 0 ? Command(RejectTask{One(registry_.task_count()), Principal()})
                             : Command(AbortTask{One(registry_.task_count()), Principal()});
      case 3:
        return ReserveTransfer{AnyTransfer(), Later()};
      case 4:
        return PostPending{One(registry_.pending_count()), Below(2) == 0 ? 0 : Amount()};
      case 5:
        return VoidPending{One(registry_.pending_count())};
      case 6:
        return VerifyEmissions{Firm(), Year(), Tonnes(Amount())};
      case 7:
        return CorrectEmissions{Firm(), Year(), Tonnes(Amount()),
                                static_cast<EmissionsSource>(1 + Below(3)), Below(6) == 0};
      case 8:
        return Below(8) == 0 ? Command(AssessCompliance{Firm(), Year()})
                             : Command(SurrenderInOrder{Holder(), Year(), Amount()});
      case 9:
        return Below(10) != 0 ? Command(ExcludeYear{Firm(), Year(), Below(3) == 0})
                              : Command(SetEntity{Firm(), Year(), 0, Firm()});
      case 10:
        return Batch();
      case 11:
        return Rare();
      case 12:
        return ReturnExcess{Holder(), Central(AccountKind::kAllocation),       Allowances(),
                            Year(),   static_cast<std::uint8_t>(1 + Below(2)), Amount()};
      default: {
        Command command = Proposable();
        if (Below(3) != 0 && registry_.profile().four_eyes) {
          Propose propose{Principal(), static_cast<std::uint16_t>(KindOf(command)), ""};
          EncodeCommand(command, propose.payload);
          return propose;
        }
        return command;
      }
    }
  }

  Command Batch() {
    TransferBatch batch;
    for (std::uint64_t i = 0; i < 1 + Below(5); ++i) {
      batch.items.push_back({AnyTransfer(), Below(3) == 0});
    }
    return batch;
  }

  Command Rare() {
    switch (Below(9)) {
      case 0:
        return CloseAccount{Below(20) == 0 ? Holder() : Any(central_)};
      case 1:
        return Below(20) == 0 ? Command(ExpireLedger{Allowances()})
                              : Command(RemoveTrusted{Holder(), Holder()});
      case 2:
        return ConvertUnits{Holder(), LedgerId(0), LedgerId(1), Amount()};
      case 3:
        return TakeBack{Holder(), Central(AccountKind::kAllocation), Allowances(), Year(),
                        Amount()};
      case 4:
        return RunCompliance{Year(), Below(2) == 0, Below(4) == 0, {}};
      default:
        return Issue{Holder(), Ledger(), 100 * Amount(), TransferCode::kIssue};
    }
  }

  Registry& registry_;
  store::JournalStore& journal_;
  Prng dice_;
  SimTime time_;
  std::vector<AccountId> central_, holders_;
  std::map<std::string, int> applied_;
  SerialLineage lineage_{registry_.profile().lineage};
};

class UnderALaw : public ::testing::TestWithParam<std::string> {};

TEST_P(UnderALaw, TheAuditorComesToTheSame) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const TestFolder folder;
    auto journal = store::JournalStore::Create(folder / "registry", store::Durability::kAtClose);
    ASSERT_TRUE(journal.ok());
    Profile law = *FindProfile(GetParam());
    law.lineage = static_cast<Lineage>(seed);  // Each convention once.
    Registry registry(law, journal->get());
    Dice dice(registry, **journal, seed);
    dice.Deal();
    dice.Play();
    registry.CheckInvariants();
    ASSERT_EQ((*journal)->Close(), "");
    journal.value().reset();
    ASSERT_TRUE(store::Export(folder / "registry", folder / "journal.bin").ok());
    std::vector<std::string> audit = {"python3", "clients/python/capclear_audit",
                                      folder / "journal.bin"};
    const std::pair<const char*, Json> tables[] = {
        {"totals.json", TotalsOf(registry)},
        {"balances.json", BalancesOf(registry)},
        {"years.json", YearsOf(registry)},
        {"status.json", StatusesOf(registry)},
        {"serials.json", SerialsOf(registry, dice.lineage())}};
    for (const auto& [name, rows] : tables) {
      Write(folder / name, rows.dump());
      audit.insert(audit.end(), {"--expect", folder / name});
    }
    const Said said = RunCommand(audit);
    EXPECT_EQ(said.code, 0) << "seed " << seed << "\n" << said.out << said.err;
    // What is never applied is never audited.
    for (const char* played : {"make_transfer", "propose", "reserve_transfer", "post_pending",
                               "void_pending", "freeze", "unfreeze", "verify_emissions",
                               "surrender_in_order", "run_allocation", "transfer_batch"}) {
      EXPECT_GT(dice.applied().contains(played) ? dice.applied().at(played) : 0, 1) << played;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Audited, UnderALaw, ::testing::Values("sim", "cn", "eu", "uk", "ca"),
                         [](const auto& law) { return law.param; });

}  // namespace
}  // namespace ets::registry
