// What is not one place's law: the simulation's profile.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/conformance/world.h"

namespace ets::conformance {
namespace {

TEST_F(SIM, Case48_TransfersNoCbamCertificateToAnotherFirm) {
  Case("Reg. (EU) 2023/956 Art. 20 to 23", "CBAM certificate to another firm: refused");
  const Firm importer = NewFirm(pb::ACCOUNT_KIND_IMPORTER);
  const Firm other = NewFirm(pb::ACCOUNT_KIND_IMPORTER);
  Give(importer.account, "CBAM-2027", 10);
  const Said said = Refused(&Transfers::CreateTransfer,
                            Transfer(importer.account, other.account, "CBAM-2027", 1));
  EXPECT_EQ(said.reason, "UNIT_NOT_TRANSFERABLE") << said.text();
  EXPECT_EQ(Posted(importer.account, "CBAM-2027"), 10);
}

// ---- Delivery versus payment ----

class SIMPairs : public SIM {
 protected:
  // A seller with ten units and a buyer without money, and a request without its legs.
  void SetUpPair() {
    seller_ = NewFirm();
    buyer_ = NewFirm();
    Give(seller_.account, unit_, 10);
    Open("CNY");
    batch_.add_units(unit_);
    batch_.add_units("CNY");
  }
  void AddUnits(bool linked) { Add(seller_, buyer_, 0, 10, linked); }
  void AddCash(bool linked) { Add(buyer_, seller_, 1, 1, linked); }

  const std::string unit_ = "CEA-2026";
  Firm seller_, buyer_;
  pb::BatchCreateTransfersRequest batch_;

 private:
  void Add(const Firm& from, const Firm& to, std::uint32_t ledger, std::uint64_t amount,
           bool linked) {
    batch_.add_debits(NumberOf(from.account));
    batch_.add_credits(NumberOf(to.account));
    batch_.add_ledgers(ledger);
    batch_.add_amounts(amount);
    batch_.add_linked(linked);
  }
};

TEST_F(SIMPairs, Case51_LeavesBothLegsUndoneWhenTheMoneyIsMissing) {
  Case("linked transfers", "cash leg fails: both absent; first code real, second LINKED_FAILED");
  SetUpPair();
  AddCash(true);
  AddUnits(false);
  const auto answer = Do(&Transfers::BatchCreateTransfers, batch_);
  EXPECT_EQ(answer->applied(), 0U);
  ASSERT_EQ(answer->failures_size(), 2);
  EXPECT_EQ(answer->failures(0).reason(), "INSUFFICIENT_HOLDING");
  EXPECT_EQ(answer->failures(1).reason(), "LINKED_FAILED");
  EXPECT_EQ(Posted(seller_.account, unit_), 10);
  EXPECT_EQ(Posted(buyer_.account, unit_), 0);
}

TEST_F(SIMPairs, Case51_TakesBackTheLegThatHadGoneWhenTheOneBehindItFails) {
  Case("linked transfers",
       "units leg, then cash leg fails: both absent; the rest of the batch goes");
  SetUpPair();
  AddUnits(true);
  AddCash(false);
  AddUnits(false);
  const auto answer = Do(&Transfers::BatchCreateTransfers, batch_);
  EXPECT_EQ(answer->applied(), 1U);
  ASSERT_EQ(answer->failures_size(), 2);
  EXPECT_EQ(answer->failures(0).reason(), "LINKED_FAILED");
  EXPECT_EQ(answer->failures(1).reason(), "INSUFFICIENT_HOLDING");
  EXPECT_EQ(Posted(buyer_.account, unit_), 10);
}

// ---- Replay and branches ----

TEST_F(SIM, Case54_ReplaysToTheSameHead) {
  Case("replay", "replay from genesis: equal chain head and state hash");
  const Firm firm = NewFirm();
  Give(firm.account, "CEA-2026", 10);
  const auto now = Registry();
  const auto replayed = Do(&Admin::VerifyChain, pb::VerifyChainRequest());
  EXPECT_EQ(replayed->sequence(), now.sequence());
  EXPECT_EQ(replayed->chain_head(), now.chain_head());
  EXPECT_EQ(replayed->state_hash(), now.state_hash());
}

TEST_F(SIM, Case54_GivesAForkThatHearsTheSameTheSameStates) {
  Case("branches", "fork at N, no change, same inputs: equal state hash at each later sequence");
  const Firm seller = NewFirm();
  const Firm buyer = NewFirm();
  Give(seller.account, "CEA-2026", 100);
  const std::string origin = StateHash();
  pb::ForkBranchRequest fork;
  fork.set_branch_id("case-54-" + std::to_string(NewNumber()));
  const std::string branch = Do(&Admin::ForkBranch, fork)->branch() + "/";
  EXPECT_EQ(StateHash(branch.substr(0, branch.size() - 1)), origin);
  const auto hash_after = [&](const std::string& home, int step) {
    if (step == 3) {
      pb::AdvanceTimeRequest later;
      if (!home.empty()) later.set_parent(home.substr(0, home.size() - 1));
      *later.mutable_to_time() = ToTimestamp(Time(std::chrono::seconds(2'000'000'000)));
      Do(&Admin::AdvanceTime, later);
    } else {
      Do(&Transfers::CreateTransfer,
         Transfer(home + seller.account, home + buyer.account, "CEA-2026", step + 1));
    }
    return StateHash(home.empty() ? home : home.substr(0, home.size() - 1));
  };
  std::vector<std::string> on_main;
  constexpr int kSteps = 6;
  for (int step = 0; step < kSteps; ++step) on_main.push_back(hash_after({}, step));
  for (int step = 0; step < kSteps; ++step) {
    EXPECT_EQ(hash_after(branch, step), on_main[static_cast<std::size_t>(step)]) << step;
  }
  EXPECT_NE(on_main.back(), origin);
}

// ---- A whole scheme ----

class SIMScheme : public SIM {
 protected:
  static constexpr std::uint32_t kFirms = 3'000;

  // One account a firm, by several callers at once: accounts are opened one by one.
  void OpenAccounts() {
    constexpr std::uint32_t kCallers = 8;
    accounts_.resize(kFirms);
    std::atomic<std::uint32_t> next{0};
    std::vector<std::thread> callers;
    for (std::uint32_t caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&] {
        for (std::uint32_t i = next++; i < kFirms; i = next++) {
          accounts_[i] = NewAccount(pb::ACCOUNT_KIND_HOLDER, first_ + i);
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
  void GiveEach(std::int64_t amount) {
    const std::string pool = Central(pb::ACCOUNT_KIND_ALLOCATION);
    Give(pool, unit_, amount * kFirms);
    pb::BatchCreateTransfersRequest batch;
    batch.add_units(unit_);
    for (const std::string& account : accounts_) {
      batch.add_debits(NumberOf(pool));
      batch.add_credits(NumberOf(account));
      batch.add_ledgers(0);
      batch.add_amounts(static_cast<std::uint64_t>(amount));
    }
    EXPECT_EQ(Do(&Transfers::BatchCreateTransfers, batch)->applied(), kFirms);
  }
  bool IsOurs(const pb::ComplianceStatus& status) const {
    const std::string digits = status.name().substr(status.name().find("entities/") + 9);
    const std::uint64_t entity = std::stoull(digits);
    return entity >= first_ && entity < first_ + std::uint64_t{kFirms};
  }

  const std::uint32_t first_ = NewNumber() + 0x4000'0000;  // Behind all that are counted singly.
  std::vector<std::string> accounts_;
  std::string unit_;
};

TEST_F(SIMScheme, Case55_GivesThreeThousandFirmsTheirStatusInOneJob) {
  Case("one job",
       "3,000 firms: emissions, surrender, status below 2 s; 3,000 statuses; totals hold");
  const int year = Year();
  unit_ = Allowance(year);
  OpenAccounts();
  GiveEach(100);
  pb::RunComplianceRequest run;
  run.set_year(static_cast<std::uint32_t>(year));
  run.set_surrender(true);
  run.set_assess(true);
  for (std::uint32_t i = 0; i < kFirms; ++i) {
    run.add_entities(first_ + i);
    run.add_emissions(i % 3 == 0 ? 101 : 100);
  }
  const auto begin = std::chrono::steady_clock::now();  // tidy: the case is about real time.
  const auto done = Do(&Compliance::RunCompliance, run);
  const auto took = std::chrono::steady_clock::now() - begin;  // tidy: the same.
  EXPECT_LT(took, std::chrono::seconds(2));
  EXPECT_GE(done->entities(), kFirms);
  EXPECT_GE(done->transfers(), kFirms);
  pb::ListComplianceStatusesRequest list;
  list.set_year(static_cast<std::uint32_t>(year));
  list.set_page_size(1'000);
  std::uint32_t compliant = 0, short_of_units = 0;
  do {
    const auto page = Do(&Compliance::ListComplianceStatuses, list);
    for (const pb::ComplianceStatus& status : page->compliance_statuses()) {
      if (!IsOurs(status)) continue;
      if (status.year_symbol() == pb::YEAR_SYMBOL_COMPLIANT) ++compliant;
      if (status.year_symbol() == pb::YEAR_SYMBOL_SHORT && status.shortfall() == 1) {
        ++short_of_units;
      }
    }
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(compliant, kFirms - kFirms / 3);
  EXPECT_EQ(short_of_units, kFirms / 3);
}

}  // namespace
}  // namespace ets::conformance
