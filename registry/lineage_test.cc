#include "registry/lineage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/prng.h"

namespace ets::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr AccountId kIssuance(0);
constexpr AccountId kAnna(1);
constexpr AccountId kBert(2);
constexpr AccountId kSink(3);
constexpr LedgerId kLedger(0);

Transfer Of(AccountId from, AccountId to, std::int64_t amount,
            TransferCode code = TransferCode::kTransfer, LedgerId ledger = kLedger) {
  return {from, to, ledger, amount, code};
}

// Issues 1-100 (record 10) and 101-150 (record 20) to Anna.
SerialLineage TwoIssues(Lineage convention) {
  SerialLineage lineage(convention);
  lineage.Take(Of(kIssuance, kAnna, 100, TransferCode::kIssue), 10, true, false);
  lineage.Take(Of(kIssuance, kAnna, 50, TransferCode::kIssue), 20, true, false);
  return lineage;
}

TEST(Lineage, IssueNumbersSerialsFromOneInOrder) {
  const SerialLineage lineage = TwoIssues(Lineage::kFifo);
  EXPECT_THAT(lineage.Of(kAnna, kLedger),
              ElementsAre(SerialRange{1, 100, 10}, SerialRange{101, 150, 20}));
  EXPECT_EQ(lineage.issued(kLedger), 150);
  EXPECT_EQ(lineage.issued(LedgerId(7)), 0);
  EXPECT_THAT(lineage.Of(kBert, kLedger), IsEmpty());
  EXPECT_THAT(lineage.Of(kAnna, LedgerId(7)), IsEmpty());
}

TEST(Lineage, FirstInFirstOut) {
  SerialLineage lineage = TwoIssues(Lineage::kFifo);
  lineage.Take(Of(kAnna, kBert, 120), 30, false, false);
  EXPECT_THAT(lineage.Of(kBert, kLedger),
              ElementsAre(SerialRange{1, 100, 10}, SerialRange{101, 120, 20}));
  EXPECT_THAT(lineage.Of(kAnna, kLedger), ElementsAre(SerialRange{121, 150, 20}));
  lineage.Take(Of(kBert, kAnna, 10), 31, false, false);
  EXPECT_THAT(lineage.Of(kAnna, kLedger),
              ElementsAre(SerialRange{121, 150, 20}, SerialRange{1, 10, 10}))
      << "in order of acquisition, not of number";
}

TEST(Lineage, LastInFirstOut) {
  SerialLineage lineage = TwoIssues(Lineage::kLifo);
  lineage.Take(Of(kAnna, kBert, 60), 30, false, false);
  EXPECT_THAT(lineage.Of(kBert, kLedger),
              ElementsAre(SerialRange{91, 100, 10}, SerialRange{101, 150, 20}));
  EXPECT_THAT(lineage.Of(kAnna, kLedger), ElementsAre(SerialRange{1, 90, 10}));
  lineage.Take(Of(kBert, kAnna, 5), 31, false, false);
  EXPECT_THAT(lineage.Of(kAnna, kLedger),
              ElementsAre(SerialRange{1, 90, 10}, SerialRange{146, 150, 20}));
}

TEST(Lineage, InProportionEveryRangeGives) {
  SerialLineage lineage = TwoIssues(Lineage::kProportional);
  lineage.Take(Of(kAnna, kBert, 31), 30, false, false);  // 20.67 of 100 and 10.33 of 50.
  EXPECT_THAT(lineage.Of(kBert, kLedger),
              ElementsAre(SerialRange{1, 21, 10}, SerialRange{101, 110, 20}));
  EXPECT_THAT(lineage.Of(kAnna, kLedger),
              ElementsAre(SerialRange{22, 100, 10}, SerialRange{111, 150, 20}));
}

TEST(Lineage, InProportionTheOlderGivesTheOddUnit) {
  SerialLineage lineage(Lineage::kProportional);
  lineage.Take(Of(kIssuance, kAnna, 10), 1, true, false);
  lineage.Take(Of(kIssuance, kAnna, 10), 2, true, false);
  lineage.Take(Of(kAnna, kBert, 5), 3, false, false);  // 2.5 each.
  EXPECT_THAT(lineage.Of(kBert, kLedger),
              ElementsAre(SerialRange{1, 3, 1}, SerialRange{11, 12, 2}));
}

TEST(Lineage, NeighboursOfOneIssueAreOneRange) {
  SerialLineage lineage = TwoIssues(Lineage::kFifo);
  for (int i = 0; i < 150; ++i) lineage.Take(Of(kAnna, kBert, 1), 30, false, false);
  EXPECT_THAT(lineage.Of(kBert, kLedger),
              ElementsAre(SerialRange{1, 100, 10}, SerialRange{101, 150, 20}));
  EXPECT_EQ(lineage.range_count(), 2);
}

TEST(Lineage, SurrendersAndCancellationsKeepTheirSerials) {
  SerialLineage lineage = TwoIssues(Lineage::kFifo);
  lineage.Take(Of(kAnna, kBert, 30), 30, false, false);
  lineage.Take(Of(kAnna, kSink, 80, TransferCode::kSurrender), 40, false, false);
  lineage.Take(Of(kBert, kSink, 7, TransferCode::kCancel), 41, false, false);
  ASSERT_EQ(lineage.retired().size(), 2U);
  EXPECT_EQ(lineage.retired()[0].sequence, 40U);
  EXPECT_EQ(lineage.retired()[0].from, kAnna);
  EXPECT_THAT(lineage.retired()[0].serials,
              ElementsAre(SerialRange{31, 100, 10}, SerialRange{101, 110, 20}));
  EXPECT_EQ(lineage.retired()[1].code, TransferCode::kCancel);
  EXPECT_THAT(lineage.retired()[1].serials, ElementsAre(SerialRange{1, 7, 10}));
}

TEST(Lineage, AReversalGivesBackTheQuantityFromTheSinksQueue) {
  SerialLineage lineage = TwoIssues(Lineage::kFifo);
  lineage.Take(Of(kAnna, kBert, 30), 30, false, false);
  lineage.Take(Of(kBert, kSink, 20, TransferCode::kSurrender), 40, false, false);
  lineage.Take(Of(kAnna, kSink, 20, TransferCode::kSurrender), 41, false, false);
  lineage.Take(Of(kSink, kAnna, 20, TransferCode::kReversal), 42, false, false);
  EXPECT_THAT(
      lineage.Of(kAnna, kLedger),
      ElementsAre(SerialRange{51, 100, 10}, SerialRange{101, 150, 20}, SerialRange{1, 20, 10}));
  EXPECT_EQ(lineage.retired().size(), 2U) << "what was surrendered stays on record";
  lineage.CheckInvariants();
}

TEST(Lineage, ACarryOverRetiresOldSerialsAndIssuesNewOnes) {
  constexpr LedgerId kNext(1);
  SerialLineage lineage = TwoIssues(Lineage::kFifo);
  lineage.Take(Of(kAnna, kSink, 40, TransferCode::kConvert), 50, false, false);
  lineage.Take(Of(kIssuance, kAnna, 40, TransferCode::kConvert, kNext), 50, true, false);
  EXPECT_THAT(lineage.Of(kSink, kLedger), ElementsAre(SerialRange{1, 40, 10}));
  EXPECT_THAT(lineage.Of(kAnna, kNext), ElementsAre(SerialRange{1, 40, 50}));
  lineage.CheckInvariants();
}

TEST(Lineage, MoneyHasNoSerials) {
  SerialLineage lineage(Lineage::kFifo);
  lineage.Take(Of(kIssuance, kAnna, 1'000, TransferCode::kLoan), 1, true, true);
  lineage.Take(Of(kAnna, kBert, 400), 2, false, true);
  EXPECT_THAT(lineage.Of(kAnna, kLedger), IsEmpty());
  EXPECT_EQ(lineage.issued(kLedger), 0);
  lineage.CheckInvariants();
}

TEST(LineageDeathTest, WhatAnAccountDoesNotHaveCannotLeaveIt) {
  for (const Lineage convention : {Lineage::kFifo, Lineage::kLifo, Lineage::kProportional}) {
    SerialLineage lineage = TwoIssues(convention);
    EXPECT_DEATH(lineage.Take(Of(kAnna, kBert, 151), 30, false, false), "");
    EXPECT_DEATH(lineage.Take(Of(kBert, kAnna, 1), 30, false, false), "");
  }
}

// ---- The same, one serial at a time ----

class OneByOne {
 public:
  explicit OneByOne(Lineage convention) : convention_(convention) {}

  void Take(const Transfer& transfer, std::uint64_t sequence, bool is_issue) {
    auto& issued_at = issued_at_[transfer.ledger];
    auto& from = queues_[{transfer.debit, transfer.ledger}];
    std::vector<std::int64_t> moved;
    if (is_issue) {
      for (std::int64_t i = 0; i < transfer.amount; ++i) {
        issued_at.push_back(sequence);
        moved.push_back(static_cast<std::int64_t>(issued_at.size()));
      }
    } else {
      moved = Removed(from, transfer);
    }
    auto& to = queues_[{transfer.credit, transfer.ledger}];
    to.insert(to.end(), moved.begin(), moved.end());
  }

  std::vector<SerialRange> Of(AccountId account, LedgerId ledger) {
    std::vector<SerialRange> ranges;
    const auto& issued_at = issued_at_[ledger];
    for (const std::int64_t serial : queues_[{account, ledger}]) {
      const std::uint64_t record = issued_at[static_cast<std::size_t>(serial - 1)];
      if (!ranges.empty() && ranges.back().last + 1 == serial &&
          ranges.back().issued_at == record) {
        ranges.back().last = serial;
      } else {
        ranges.push_back({serial, serial, record});
      }
    }
    return ranges;
  }

 private:
  using Serials = std::deque<std::int64_t>;

  std::vector<std::int64_t> Removed(Serials& from, const Transfer& transfer) {
    std::vector<std::int64_t> moved;
    if (convention_ == Lineage::kProportional) return Proportional(from, transfer);
    for (std::int64_t i = 0; i < transfer.amount; ++i) {
      const bool is_front = convention_ == Lineage::kFifo;
      moved.push_back(is_front ? from.front() : from.back());
      is_front ? from.pop_front() : from.pop_back();
    }
    if (convention_ == Lineage::kLifo) std::reverse(moved.begin(), moved.end());
    return moved;
  }

  // Gives the odd units one by one to whoever is furthest below its exact share.
  std::vector<std::int64_t> Proportional(Serials& from, const Transfer& transfer) {
    const std::vector<SerialRange> ranges = Of(transfer.debit, transfer.ledger);
    const auto total = static_cast<double>(from.size());
    std::vector<std::int64_t> shares;
    std::int64_t missing = transfer.amount;
    for (const SerialRange& range : ranges) {
      shares.push_back(transfer.amount * range.count() / static_cast<std::int64_t>(from.size()));
      missing -= shares.back();
    }
    std::vector<bool> given(ranges.size());
    for (; missing > 0; --missing) {
      std::size_t best = ranges.size();
      double best_fraction = -1;
      for (std::size_t i = 0; i < ranges.size(); ++i) {
        const double exact =
            static_cast<double>(transfer.amount) * static_cast<double>(ranges[i].count()) / total;
        const double fraction = exact - static_cast<double>(shares[i]);
        if (given[i] || fraction <= best_fraction + 1e-9) continue;
        best = i;
        best_fraction = fraction;
      }
      given[best] = true;
    }
    std::vector<std::int64_t> moved;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const std::int64_t count = shares[i] + (given[i] ? 1 : 0);
      for (std::int64_t k = 0; k < count; ++k) moved.push_back(ranges[i].first + k);
    }
    for (const std::int64_t serial : moved) from.erase(std::find(from.begin(), from.end(), serial));
    return moved;
  }

  Lineage convention_;
  std::map<std::pair<AccountId, LedgerId>, Serials> queues_;
  std::map<LedgerId, std::vector<std::uint64_t>> issued_at_;
};

constexpr std::uint32_t kAccounts = 6;
constexpr std::uint16_t kLedgers = 2;

// Issues, transfers, surrenders and reversals among a handful of accounts.
class History {
 public:
  History(Lineage convention, std::uint64_t seed)
      : fast_(convention), slow_(convention), prng_(seed) {}

  void Step() {
    ++sequence_;
    const LedgerId ledger(static_cast<std::uint16_t>(prng_.Below(kLedgers)));
    const auto from = static_cast<std::uint32_t>(prng_.Below(kAccounts));
    const auto to = static_cast<std::uint32_t>(1 + prng_.Below(kAccounts - 1));
    std::int64_t& held = held_[{from, ledger.raw()}];
    const bool is_issue = from == 0;
    if (from == to || (!is_issue && held == 0)) return;
    const auto bound = static_cast<std::uint64_t>(is_issue ? 40 : held);
    const auto amount = static_cast<std::int64_t>(1 + prng_.Below(bound));
    if (!is_issue) held -= amount;
    held_[{to, ledger.raw()}] += amount;
    const TransferCode code =
        to == kAccounts - 1 ? TransferCode::kSurrender : TransferCode::kTransfer;
    const Transfer transfer = Of(AccountId(from), AccountId(to), amount, code, ledger);
    fast_.Take(transfer, sequence_, is_issue, false);
    slow_.Take(transfer, sequence_, is_issue);
  }

  void ExpectEqual() {
    for (std::uint32_t account = 0; account < kAccounts; ++account) {
      for (std::uint16_t ledger = 0; ledger < kLedgers; ++ledger) {
        ASSERT_EQ(fast_.Of(AccountId(account), LedgerId(ledger)),
                  slow_.Of(AccountId(account), LedgerId(ledger)))
            << "account " << account << ", ledger " << ledger << ", record " << sequence_;
      }
    }
    fast_.CheckInvariants();
  }

 private:
  SerialLineage fast_;
  OneByOne slow_;
  Prng prng_;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::int64_t> held_;
};

class AnyConvention : public testing::TestWithParam<Lineage> {};
INSTANTIATE_TEST_SUITE_P(Lineage, AnyConvention,
                         testing::Values(Lineage::kFifo, Lineage::kLifo, Lineage::kProportional));

TEST_P(AnyConvention, AgreesWithOneSerialAtATimeAfterEveryStep) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    History history(GetParam(), seed);
    for (int step = 0; step < 120; ++step) {
      history.Step();
      ASSERT_NO_FATAL_FAILURE(history.ExpectEqual()) << "seed " << seed;
    }
  }
}

TEST_P(AnyConvention, LosesNoSerialInALongHistory) {
  const bool is_slow = GetParam() == Lineage::kProportional;  // Costs what the accounts have.
  SerialLineage lineage(GetParam());
  Prng prng(9);
  constexpr std::uint32_t kHolders = 50;
  for (std::uint32_t account = 1; account <= kHolders; ++account) {
    lineage.Take(Of(kIssuance, AccountId(account), 10'000), account, true, false);
  }
  std::vector<std::int64_t> held(kHolders + 1, 10'000);
  for (std::uint64_t step = 0; step < (is_slow ? 400U : 200'000U); ++step) {
    const auto from = static_cast<std::uint32_t>(1 + prng.Below(kHolders));
    const auto to = static_cast<std::uint32_t>(1 + prng.Below(kHolders));
    const auto amount = static_cast<std::int64_t>(1 + prng.Below(300));
    if (from == to || held[from] < amount) continue;
    held[from] -= amount;
    held[to] += amount;
    lineage.Take(Of(AccountId(from), AccountId(to), amount), kHolders + step, false, false);
  }
  lineage.CheckInvariants();
  for (std::uint32_t account = 1; account <= kHolders; ++account) {
    std::int64_t counted = 0;
    for (const SerialRange& range : lineage.Of(AccountId(account), kLedger)) {
      counted += range.count();
    }
    EXPECT_EQ(counted, held[account]);
  }
}

}  // namespace
}  // namespace ets::registry
