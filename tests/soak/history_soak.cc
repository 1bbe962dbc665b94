// Many threads pay and read one live registry at a time, and what each was told is held against the
// one order that the record numbers give: a transfer comes behind everything that was answered
// before it was asked for, a read shows no less than that, and every balance, now or as of an
// earlier record, is what the transfers up to its record add up to. So the history is linearizable.

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/live_registry.h"
#include "store/soak/faulty_disk.h"
#include "store/soak/soak.h"

namespace ets {
namespace {

using registry::AccountKind;
using server::Answer;
using server::LiveRegistry;
using store::soak::Case;

constexpr std::uint32_t kFirms = 5;
constexpr int kThreads = 6;
constexpr int kOperations = 1'500;  // Of each thread.
constexpr std::int64_t kPurse = 300;
constexpr SimTime kStart = SimTime{1'772'409'600} * kMicrosPerSecond;  // 2 March 2026.
const server::Patience kForever{decltype(server::Patience::deadline)::max(), {}};

using Balances = std::array<std::int64_t, kFirms>;

enum class Kind : std::uint8_t { kTransfer, kRead, kReadAsOf };

// What one thread asked and was told. Tickets are drawn from one counter, so that of two operations
// one of which was over before the other began, the first has the lower ones.
struct Operation {
  Kind kind{};
  std::uint64_t asked = 0, answered = 0;  // Tickets.
  std::uint64_t sequence = 0;             // The record that it made, or as of which it read.
  std::uint32_t from = 0, to = 0;         // Of a transfer.
  std::int64_t amount = 0;
  bool was_applied = false;
  Balances balances{};  // Of a read.
};

class SharedRegistry {
 public:
  explicit SharedRegistry(Case& it) : it_(it) {}

  void Run() {
    it_.report.Count("histories");
    if (!Start()) return;
    std::vector<std::vector<Operation>> told(kThreads);
    std::vector<std::thread> threads;
    for (std::vector<Operation>& mine : told) {
      threads.emplace_back([this, &mine, seed = it_.dice.Next()] { Ask(Prng(seed), mine); });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<Operation> all;
    for (const auto& mine : told) all.insert(all.end(), mine.begin(), mine.end());
    HoldToOrder(all);
    HoldToBalances(all);
    const std::string error = live_->Shutdown();
    if (!error.empty()) it_.Broken("it does not end well: " + error);
  }

 private:
  bool Start() {
    server::LiveOptions options;
    options.data = it_.folder + "/data";
    options.clock.kind = server::ClockOptions::Kind::kManual;
    options.clock.start = kStart;
    options.snapshot_bytes = 100'000;
    options.store.file_system = std::make_shared<store::FaultyDisk>();
    auto opened = LiveRegistry::Open(options);
    if (!opened.ok()) {
      it_.Broken("it does not start: " + opened.error().message);
      return false;
    }
    live_ = std::move(opened.value());
    Submit(registry::OpenAccount{AccountKind::kBank, 0});
    for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
      const Answer holder = Submit(registry::OpenAccount{AccountKind::kHolder, firm + 1});
      holders_.emplace_back(holder.receipt.id);
    }
    const Answer ledger = Submit(registry::OpenLedger{Unit::Cash(Currency::kCny), 0});
    ledger_ = LedgerId(static_cast<std::uint16_t>(ledger.receipt.id));
    for (const AccountId holder : holders_) {
      Submit(registry::Issue{holder, ledger_, kPurse, registry::TransferCode::kLoan});
    }
    start_ = live_->committed().sequence;
    return true;
  }

  Answer Submit(const registry::Command& command) {
    server::Submission submission;
    submission.command = command;
    submission.source = SourceKind::kAuthority;
    return live_->SubmitAndWait(std::move(submission));
  }

  void Ask(Prng dice, std::vector<Operation>& told) {
    for (int i = 0; i < kOperations; ++i) {
      Operation operation;
      const std::uint64_t turn = dice.Below(10);
      operation.kind = turn < 6 ? Kind::kTransfer : turn < 9 ? Kind::kRead : Kind::kReadAsOf;
      operation.asked = ++tickets_;
      switch (operation.kind) {
        case Kind::kTransfer:
          Pay(dice, operation);
          break;
        case Kind::kRead:
          Read(operation);
          break;
        case Kind::kReadAsOf:
          ReadAsOf(dice, operation);
          break;
      }
      operation.answered = ++tickets_;
      told.push_back(operation);
    }
  }
  void Pay(Prng& dice, Operation& operation) {
    operation.from = static_cast<std::uint32_t>(dice.Below(kFirms));
    operation.to =
        static_cast<std::uint32_t>((operation.from + 1 + dice.Below(kFirms - 1)) % kFirms);
    operation.amount = 1 + static_cast<std::int64_t>(dice.Below(kPurse));
    registry::Transfer transfer{holders_[operation.from], holders_[operation.to], ledger_,
                                operation.amount};
    transfer.code = registry::TransferCode::kOther;
    const Answer answer = Submit(registry::MakeTransfer{transfer});
    operation.was_applied = answer.kind == Answer::Kind::kApplied;
    operation.sequence = answer.at.sequence;
    if (!operation.was_applied && answer.kind != Answer::Kind::kRefused) {
      it_.Broken("a transfer was neither applied nor refused");
    }
  }
  void Read(Operation& operation) {
    const auto failed =
        live_->Read(kForever, [&](const registry::Registry& state, const server::StatePoint& at) {
          operation.sequence = at.sequence;
          operation.balances = BalancesIn(state);
        });
    if (failed) it_.Broken("it does not read: " + failed->message);
  }
  void ReadAsOf(Prng& dice, Operation& operation) {
    operation.sequence = start_ + dice.Below(live_->committed().sequence - start_ + 1);
    const auto state = live_->StateAt(operation.sequence, kForever);
    if (!state.ok()) return it_.Broken("it does not read as of: " + state.error().message);
    operation.balances = BalancesIn(**state);
  }
  Balances BalancesIn(const registry::Registry& state) const {
    Balances balances{};
    for (std::size_t firm = 0; firm < kFirms; ++firm) {
      balances[firm] = state.balance(holders_[firm], ledger_);
    }
    return balances;
  }

  // Nothing is told that was not there yet, and nothing is forgotten that was told.
  void HoldToOrder(std::vector<Operation> operations) {
    std::sort(operations.begin(), operations.end(),
              [](const Operation& a, const Operation& b) { return a.asked < b.asked; });
    std::vector<const Operation*> over;
    for (const Operation& operation : operations) over.push_back(&operation);
    std::sort(over.begin(), over.end(),
              [](const Operation* a, const Operation* b) { return a->answered < b->answered; });
    std::uint64_t known = start_;  // By somebody, before this one was asked.
    std::size_t next = 0;
    for (const Operation& operation : operations) {
      for (; over[next]->answered < operation.asked; ++next) {
        if (over[next]->kind != Kind::kReadAsOf) known = std::max(known, over[next]->sequence);
      }
      const bool is_late = operation.kind == Kind::kReadAsOf || operation.sequence > known ||
                           (operation.kind == Kind::kRead && operation.sequence == known);
      if (!is_late) {
        it_.Broken("record " + std::to_string(known) + " was known, and then it answered with " +
                   std::to_string(operation.sequence));
      }
    }
  }

  // By record: who paid whom, told by nobody but the payer; then all the reads.
  void HoldToBalances(std::vector<Operation> operations) {
    std::sort(operations.begin(), operations.end(), [](const Operation& a, const Operation& b) {
      return std::pair(a.sequence, a.kind) < std::pair(b.sequence, b.kind);
    });
    Balances balances{};
    balances.fill(kPurse);
    std::uint64_t last = start_;
    for (const Operation& operation : operations) {
      const std::string record = "record " + std::to_string(operation.sequence);
      if (operation.kind != Kind::kTransfer) {
        it_.report.Count(operation.kind == Kind::kRead ? "reads" : "reads_as_of");
        if (operation.balances != balances) it_.Broken("as of " + record + ": other balances");
        continue;
      }
      it_.report.Count(operation.was_applied ? "applied" : "refused");
      if (operation.sequence != ++last) it_.Broken(record + " follows on " + std::to_string(last));
      if (operation.was_applied != (balances[operation.from] >= operation.amount)) {
        it_.Broken(record + " should have been answered otherwise");
      }
      if (!operation.was_applied) continue;
      balances[operation.from] -= operation.amount;
      balances[operation.to] += operation.amount;
    }
  }

  Case& it_;
  std::unique_ptr<LiveRegistry> live_;
  std::vector<AccountId> holders_;
  LedgerId ledger_;
  std::uint64_t start_ = 0;
  std::atomic<std::uint64_t> tickets_ = 0;
};

void RunCase(Case& it) { SharedRegistry(it).Run(); }

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"history_soak", 4, ets::RunCase});
}
