#include "server/live_registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "server/live_branches.h"
#include "server/live_fixture.h"
#include "server/sequencer.h"

namespace ets::server {
namespace {

using Kind = Answer::Kind;
using std::chrono::milliseconds;

TEST_F(LiveTest, AnswersWithTheRecordItsBatchAndTheTimeAndReadsItBack) {
  StartWithAccounts();
  const Answer answer = Do(Pay(300));
  ASSERT_EQ(answer.kind, Kind::kApplied);
  EXPECT_EQ(answer.receipt.sequence, answer.at.sequence);
  EXPECT_EQ(answer.at, live_->committed());
  EXPECT_EQ(answer.at.chain_head.size(), 64U);
  EXPECT_EQ(answer.at.sim_time, kStart);
  EXPECT_EQ(answer.transfers, 1U);
  EXPECT_EQ(BalanceOf(other_), 300);
}

TEST_F(LiveTest, TellsWhatARefusalWasAbout) {
  StartWithAccounts();
  const Answer answer = Do(Pay(1'001));
  EXPECT_EQ(answer.kind, Kind::kRefused);
  EXPECT_EQ(answer.refusal, registry::Refusal::kInsufficientHolding);
  EXPECT_EQ(answer.detail.available, 1'000);
  EXPECT_EQ(answer.detail.asked, 1'001);
  EXPECT_EQ(BalanceOf(other_), 0);
}

TEST_F(LiveTest, GivesARepeatedRequestItsStoredAnswerAlsoAfterARestart) {
  StartWithAccounts();
  const Answer first = Do(Pay(300), Key(7));
  const Answer refused = Do(Pay(5'000), Key(8));
  for (int round = 0; round < 2; ++round) {
    const Answer again = Do(Pay(300), Key(7));
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.kind, Kind::kApplied);
    EXPECT_EQ(again.receipt, first.receipt);
    EXPECT_EQ(again.at, first.at);
    EXPECT_EQ(again.transfers, first.transfers);
    const Answer refused_again = Do(Pay(5'000), Key(8));
    EXPECT_EQ(refused_again.kind, Kind::kRefused);
    EXPECT_EQ(refused_again.refusal, refused.refusal);
    EXPECT_EQ(refused_again.detail.available, refused.detail.available);
    EXPECT_EQ(refused_again.detail.asked, refused.detail.asked);
    EXPECT_EQ(Do(Pay(300), Key(7, 2)).kind, Kind::kRequestReused);
    Restart();
  }
  EXPECT_EQ(BalanceOf(other_), 300);
}

TEST_F(LiveTest, ChecksWithoutDoingItWhenOnlyThatIsAsked) {
  StartWithAccounts();
  const std::uint64_t before = live_->committed().sequence;
  Submission submission = Of(Pay(300));
  submission.validate_only = true;
  EXPECT_EQ(live_->SubmitAndWait(submission).kind, Kind::kApplied);
  submission.command = Pay(3'000);
  EXPECT_EQ(live_->SubmitAndWait(submission).kind, Kind::kRefused);
  EXPECT_EQ(live_->committed().sequence, before);
  EXPECT_EQ(BalanceOf(other_), 0);
}

TEST_F(LiveTest, AsksWhoMayFirstAndWhatMustHoldOnlyOfNewRequests) {
  StartWithAccounts();
  Submission submission = Of(Pay(300), Key(7));
  submission.authorize = [](const registry::Registry&) { return false; };
  EXPECT_EQ(live_->SubmitAndWait(submission).kind, Kind::kDenied);
  submission.authorize = {};
  submission.precondition = [&](const registry::Registry& state) {
    return state.balance(other_, cny_) == 0;
  };
  EXPECT_EQ(live_->SubmitAndWait(submission).kind, Kind::kApplied);
  EXPECT_EQ(live_->SubmitAndWait(submission).kind, Kind::kApplied) << "the stored answer";
  submission.request = Key(9);
  EXPECT_EQ(live_->SubmitAndWait(submission).kind, Kind::kPreconditionFailed);
  EXPECT_EQ(BalanceOf(other_), 300);
}

TEST_F(LiveTest, DropsWhatComesAfterItsDeadline) {
  StartWithAccounts();
  Submission submission = Of(Pay(300));
  submission.deadline = std::chrono::system_clock::now() - milliseconds(1);
  EXPECT_EQ(live_->SubmitAndWait(submission).kind, Kind::kExpired);
  EXPECT_EQ(BalanceOf(other_), 0);
}

TEST_F(LiveTest, MovesAManualClockAndFiresWhatFallsDue) {
  StartWithAccounts();
  const registry::Transfer transfer{holder_, other_, cny_, 400, registry::TransferCode::kOther,
                                    0,       0};
  ASSERT_EQ(Do(registry::ReserveTransfer{transfer, kStart + 1'000}).kind, Kind::kApplied);
  std::promise<Answer> answered;
  live_->AdvanceTime(Of(registry::AdvanceTo{kStart + 2'000}),
                     [&](const Answer& answer) { answered.set_value(answer); });
  const Answer answer = answered.get_future().get();
  EXPECT_EQ(answer.receipt.amount, 1) << "the reservation was released";
  EXPECT_EQ(answer.at.sim_time, kStart + 2'000);
  EXPECT_EQ(Do(Pay(1'000)).kind, Kind::kApplied);
  EXPECT_EQ(Do(registry::AdvanceTo{kStart}).refusal, registry::Refusal::kTimeGoesBack);
}

TEST_F(LiveTest, FiresTimersByItselfOnAClockThatRuns) {
  std::atomic<SimTime> wall = kStart;
  options_.clock.kind = ClockOptions::Kind::kReal;
  options_.clock.wall = [&] { return wall.load(); };
  StartWithAccounts();
  const registry::Transfer transfer{holder_, other_, cny_, 400, registry::TransferCode::kOther,
                                    0,       0};
  ASSERT_EQ(Do(registry::ReserveTransfer{transfer, kStart + 5'000}).kind, Kind::kApplied);
  const std::uint64_t before = live_->committed().sequence;
  wall = kStart + 5'000;
  const auto fired = live_->WaitFor(before + 1, For(std::chrono::seconds(10)));
  ASSERT_TRUE(fired.ok()) << fired.error().message;
  EXPECT_EQ(Do(Pay(1'000)).kind, Kind::kApplied);
}

TEST_F(LiveTest, RefusesToMoveAClockThatIsNotManual) {
  options_.clock.kind = ClockOptions::Kind::kReal;
  StartWithAccounts();
  EXPECT_EQ(Do(registry::AdvanceTo{kStart}).kind, Kind::kPreconditionFailed);
}

TEST_F(LiveTest, SharesASyncAmongThoseWhoWaitTogether) {
  StartWithAccounts();
  const auto before = live_->counters();
  constexpr int kMany = 400;
  std::atomic<int> applied = 0;
  std::promise<void> all;
  for (int i = 0; i < kMany; ++i) {
    live_->Submit(Of(Pay(1)), [&](const Answer& answer) {
      if (answer.kind == Kind::kApplied && ++applied == kMany) all.set_value();
    });
  }
  ASSERT_EQ(all.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_LT(live_->counters().batches - before.batches, 200U);
  EXPECT_EQ(BalanceOf(other_), kMany);
}

TEST_F(LiveTest, ShowsReadersOnlyWhatIsOnTheDiskWhileManyWrite) {
  StartWithAccounts();
  std::atomic<bool> is_over = false;
  std::atomic<std::uint64_t> reads = 0;
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!is_over) {
      const auto failed =
          live_->Read(kForever, [&](const registry::Registry& state, const StatePoint& at) {
            EXPECT_EQ(state.sequence(), at.sequence);
            EXPECT_EQ(live_->committed().sequence, at.sequence);
            EXPECT_GE(at.sequence, last);
            EXPECT_EQ(state.balance(holder_, cny_) + state.balance(other_, cny_), 1'000);
            last = at.sequence;
          });
      EXPECT_FALSE(failed);
      ++reads;
    }
  });
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        const Answer answer = Do(Pay(1));
        EXPECT_EQ(answer.kind, Kind::kApplied);
        EXPECT_GE(live_->committed().sequence, answer.at.sequence) << "one reads what one wrote";
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  is_over = true;
  reader.join();
  EXPECT_GT(reads, 0U);
  EXPECT_EQ(BalanceOf(other_), 400);
}

TEST_F(LiveTest, RebuildsAnyEarlierStateAndNeverAnswersForOneThatIsNotThere) {
  StartWithAccounts();
  std::map<std::uint64_t, std::int64_t> paid;
  for (int i = 1; i <= 20; ++i) paid[Do(Pay(10)).at.sequence] = 10 * i;
  for (const auto& [sequence, amount] : paid) {
    const auto state = live_->StateAt(sequence, kForever);
    ASSERT_TRUE(state.ok()) << state.error().message;
    EXPECT_EQ((*state)->balance(other_, cny_), amount);
  }
  const std::uint64_t last = live_->committed().sequence;
  for (const std::uint64_t wrong : {std::uint64_t{0}, last + 1}) {
    EXPECT_EQ(live_->StateAt(wrong, kForever).error().kind, LiveFailure::Kind::kOutOfRange);
    EXPECT_EQ(live_->PointOf(wrong).error().kind, LiveFailure::Kind::kOutOfRange);
  }
}

TEST_F(LiveTest, FindsTheLastRecordAtOrBeforeATime) {
  StartWithAccounts();
  const std::uint64_t at_start = live_->committed().sequence;
  ASSERT_EQ(Do(registry::AdvanceTo{kStart + 100}).kind, Kind::kApplied);
  ASSERT_EQ(Do(Pay(1)).kind, Kind::kApplied);
  ASSERT_EQ(Do(registry::AdvanceTo{kStart + 200}).kind, Kind::kApplied);
  EXPECT_EQ(*live_->SequenceAt(kStart, kForever), at_start);
  EXPECT_EQ(*live_->SequenceAt(kStart + 99, kForever), at_start);
  EXPECT_EQ(*live_->SequenceAt(kStart + 100, kForever), at_start + 2);
  EXPECT_EQ(*live_->SequenceAt(kStart + 200, kForever), at_start + 3);
  EXPECT_FALSE(live_->SequenceAt(kStart + 201, kForever).ok());
  // Before its first day there is no registry, and not an empty one.
  for (const SimTime before : {kStart - 1, SimTime{0}, SimTime{-1}}) {
    EXPECT_EQ(live_->SequenceAt(before, kForever).error().kind, LiveFailure::Kind::kOutOfRange);
  }
}

TEST_F(LiveTest, RecoversFromItsSnapshotsToTheSameState) {
  options_.snapshot_bytes = 1;
  StartWithAccounts();
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(Do(Pay(1), Key(100 + static_cast<std::uint64_t>(i))).kind, Kind::kApplied);
  while (live_->counters().snapshots == 0) ASSERT_EQ(Do(Pay(1)).kind, Kind::kApplied);
  std::uint64_t hash = 0;
  const auto hash_of = [&](const registry::Registry& state, const StatePoint&) {
    hash = state.StateHash();
  };
  ASSERT_FALSE(live_->Read(kForever, hash_of));
  const std::uint64_t before = hash;
  const StatePoint end = live_->committed();
  Restart();
  EXPECT_LT(live_->counters().replayed, end.sequence);
  EXPECT_EQ(live_->committed(), end);
  ASSERT_FALSE(live_->Read(kForever, hash_of));
  EXPECT_EQ(hash, before);
  EXPECT_TRUE(Do(Pay(1), Key(100)).repeated);
  EXPECT_TRUE(live_->Verify(kForever).ok());
}

TEST_F(LiveTest, LooksUpLedgersAndPrincipalsAsSoonAsTheyAreAnswered) {
  StartWithAccounts();
  EXPECT_EQ(live_->FindLedger(Unit::Cash(Currency::kCny)), cny_);
  EXPECT_EQ(live_->FindLedger(Unit::Offset()), std::nullopt);
  std::array<char, 32> hash{};
  hash.fill('h');
  EXPECT_FALSE(live_->FindByToken(hash));
  registry::SetPrincipal set{4, registry::Role::kAuditor, true, "auditor", hash};
  ASSERT_EQ(Do(set).kind, Kind::kApplied);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(live_->FindByToken(hash));
    EXPECT_EQ(live_->FindByToken(hash)->principal, 4U);
    EXPECT_EQ(live_->account_count(), 4U);
    Restart();
  }
  set.active = false;
  ASSERT_EQ(Do(set).kind, Kind::kApplied);
  EXPECT_FALSE(live_->FindByToken(hash));
  EXPECT_FALSE(live_->FindByToken({})) << "no token is nobody's";
}

TEST_F(LiveTest, NumbersDepositsIntoEscrowAndLeavesOutWhatTheExchangeSettled) {
  StartWithAccounts();
  const auto deposit = [&](std::int64_t amount) {
    return registry::MakeTransfer{
        {holder_, escrow_, cny_, amount, registry::TransferCode::kDeposit, 0, 0}};
  };
  ASSERT_EQ(Do(deposit(100)).kind, Kind::kApplied);
  ASSERT_EQ(Do(Pay(1)).kind, Kind::kApplied);
  ASSERT_EQ(Do(deposit(20)).kind, Kind::kApplied);
  for (int round = 0; round < 2; ++round) {
    const auto positions = live_->Positions(1, 10, kForever);
    ASSERT_TRUE(positions.ok()) << positions.error().message;
    ASSERT_EQ(positions->size(), 2U);
    EXPECT_EQ((*positions)[0].transfer.amount, 100);
    EXPECT_EQ((*positions)[1].transfer.amount, 20);
    EXPECT_EQ((*positions)[1].stream_sequence, 2U);
    Restart();
  }
  EXPECT_EQ(live_->Positions(3, 10, For(milliseconds(20))).error().kind,
            LiveFailure::Kind::kExpired);
  std::thread later([&] { EXPECT_EQ(Do(deposit(3)).kind, Kind::kApplied); });
  const auto third = live_->Positions(3, 10, kForever);
  later.join();
  ASSERT_TRUE(third.ok());
  EXPECT_EQ((*third)[0].transfer.amount, 3);
}

TEST_F(LiveTest, AnswersARepeatedSettlementAsBeforeAndSaysWhatItExpectsAfterAGap) {
  StartWithAccounts();
  const Answer first = Do(registry::Settle{1, {}, {}});
  ASSERT_EQ(first.kind, Kind::kApplied);
  for (int round = 0; round < 2; ++round) {
    const Answer again = Do(registry::Settle{1, {}, {}});
    EXPECT_EQ(again.kind, Kind::kApplied);
    EXPECT_EQ(again.receipt, first.receipt);
    EXPECT_EQ(again.at, first.at);
    const Answer gap = Do(registry::Settle{3, {}, {}});
    EXPECT_EQ(gap.refusal, registry::Refusal::kStreamGap);
    EXPECT_EQ(gap.expected_sequence, 2U);
    Restart();
  }
}

TEST_F(LiveTest, RestrictsOnlyTheAccountThatAnAuditorFindsWrong) {
  StartWithAccounts();
  ASSERT_EQ(Do(Pay(300)).kind, Kind::kApplied);
  const auto clean = live_->Reconcile(kForever);
  ASSERT_TRUE(clean.ok()) << clean.error().message;
  EXPECT_TRUE(clean->mismatches.empty());
  EXPECT_EQ(clean->accounts, 4U);

  const std::vector<LiveRegistry::Balance> auditors = {{holder_, cny_, 700}, {other_, cny_, 301}};
  const auto dirty = live_->Reconcile(kForever, &auditors);
  ASSERT_TRUE(dirty.ok()) << dirty.error().message;
  ASSERT_EQ(dirty->mismatches.size(), 1U);
  EXPECT_EQ(dirty->mismatches[0].account, other_);
  EXPECT_EQ(dirty->mismatches[0].recorded, 300);
  EXPECT_EQ(dirty->mismatches[0].recomputed, 301);
  const registry::Transfer back{other_, holder_, cny_, 1, registry::TransferCode::kOther, 0, 0};
  EXPECT_EQ(Do(registry::MakeTransfer{back}).kind, Kind::kRefused);
  const registry::Transfer in{holder_, escrow_, cny_, 1, registry::TransferCode::kDeposit, 0, 0};
  EXPECT_EQ(Do(registry::MakeTransfer{in}).kind, Kind::kApplied) << "all others go on";
}

TEST_F(LiveTest, WritesACopyThatOpensAtTheSameState) {
  StartWithAccounts();
  ASSERT_EQ(Do(Pay(300)).kind, Kind::kApplied);
  const auto copied = live_->Backup("monday");
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_EQ(*copied, live_->committed());
  EXPECT_FALSE(live_->Backup("monday").ok());
  EXPECT_FALSE(live_->Backup("../elsewhere").ok());
  LiveOptions options = options_;
  options.data = data_ + "/backups/monday";
  options.read_only = true;
  const auto copy = LiveRegistry::Open(options);
  ASSERT_TRUE(copy.ok()) << copy.error().message;
  EXPECT_EQ((*copy)->committed(), *copied);
}

TEST_F(LiveTest, ServesAFolderReadOnlyAndRefusesToWrite) {
  StartWithAccounts();
  ASSERT_EQ(Do(Pay(300)).kind, Kind::kApplied);
  const StatePoint end = live_->committed();
  live_.reset();
  options_.read_only = true;
  Start();
  EXPECT_EQ(live_->committed(), end);
  EXPECT_EQ(BalanceOf(other_), 300);
  EXPECT_EQ(Do(Pay(1)).kind, Kind::kReadOnly);
  EXPECT_EQ((*live_->StateAt(end.sequence - 1, kForever))->balance(other_, cny_), 0);
  EXPECT_TRUE(live_->Verify(kForever).ok());
}

TEST_F(LiveTest, LetsOnlyOneServerAtAFolder) {
  StartWithAccounts();
  const auto second = LiveRegistry::Open(options_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, LiveFailure::Kind::kBadInput);
}

TEST_F(LiveTest, DrainsWhatWasTakenBeforeItShutsDown) {
  StartWithAccounts();
  std::atomic<int> applied = 0;
  std::atomic<int> stopped = 0;
  for (int i = 0; i < 100; ++i) {
    live_->Submit(Of(Pay(1)), [&](const Answer& answer) {
      ++(answer.kind == Kind::kApplied ? applied : stopped);
    });
  }
  EXPECT_EQ(live_->Shutdown(), "");
  EXPECT_EQ(applied + stopped, 100);
  EXPECT_EQ(Do(Pay(1)).kind, Kind::kStopped);
  EXPECT_EQ(live_->Read(kForever, [](const auto&, const auto&) {})->kind,
            LiveFailure::Kind::kStopped);
  const int before = applied;
  Restart();
  EXPECT_EQ(BalanceOf(other_), before);
}

// ---- Branches ----

class Branches : public LiveTest {
 protected:
  void StartAll() {
    auto opened = LiveBranches::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    all_ = std::move(opened.value());
  }
  Answer DoIn(LiveRegistry& branch, const registry::Command& command) {
    return branch.SubmitAndWait(Of(command));
  }
  void TearDown() override {
    all_.reset();
    LiveTest::TearDown();
  }
  std::unique_ptr<LiveBranches> all_;
};

TEST_F(Branches, GoTheirOwnWayFromARecordAndTellHowTheyDiffer) {
  StartWithAccounts();
  live_.reset();
  StartAll();
  const std::uint64_t fork = DoIn(all_->main(), Pay(100)).at.sequence;
  ASSERT_EQ(DoIn(all_->main(), Pay(10)).kind, Kind::kApplied);
  const StatePoint before = all_->main().committed();

  const auto made = all_->Fork("main", fork, "what-if", "", kForever);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->fork_sequence, fork);
  EXPECT_EQ(made->at.sequence, fork + 1);
  const auto branch = all_->Find("what-if");
  ASSERT_NE(branch, nullptr);
  EXPECT_EQ(branch->branch(), "what-if");
  ASSERT_EQ(DoIn(*branch, Pay(500)).kind, Kind::kApplied);
  EXPECT_EQ(all_->main().committed(), before) << "a branch never touches its parent";

  const auto diff = all_->Diff("main", "what-if", std::nullopt, kForever);
  ASSERT_TRUE(diff.ok()) << diff.error().message;
  ASSERT_EQ(diff->differences.size(), 2U);
  EXPECT_EQ(diff->differences[1].name,
            "accounts/" + std::to_string(other_.raw()) + "/holdings/CNY");
  EXPECT_EQ(diff->differences[1].base, "110");
  EXPECT_EQ(diff->differences[1].other, "600");
}

TEST_F(Branches, AreThereAgainAfterARestartAndAnswerTheSameForkTheSameWay) {
  StartWithAccounts();
  live_.reset();
  StartAll();
  const std::uint64_t fork = DoIn(all_->main(), Pay(100)).at.sequence;
  ASSERT_TRUE(all_->Fork("", fork, "what-if", "", kForever).ok());
  ASSERT_EQ(DoIn(*all_->Find("what-if"), Pay(500)).kind, Kind::kApplied);
  const StatePoint end = all_->Find("what-if")->committed();
  all_.reset();
  StartAll();
  ASSERT_NE(all_->Find("what-if"), nullptr);
  EXPECT_EQ(all_->Find("what-if")->committed(), end);
  EXPECT_EQ(all_->List().size(), 2U);
  EXPECT_TRUE(all_->Fork("main", fork, "what-if", "", kForever).ok());
  EXPECT_EQ(all_->Fork("main", fork - 1, "what-if", "", kForever).error().kind,
            LiveFailure::Kind::kExists);
  EXPECT_EQ(all_->Fork("main", 9'999, "too-far", "", kForever).error().kind,
            LiveFailure::Kind::kOutOfRange);
  EXPECT_FALSE(all_->Fork("nowhere", 0, "lost", "", kForever).ok());
  EXPECT_FALSE(all_->Fork("main", 0, "Bad Name", "", kForever).ok());
}

TEST_F(Branches, MayHoldToAnotherLaw) {
  StartWithAccounts();
  live_.reset();
  StartAll();
  registry::Profile strict = all_->main().profile();
  strict.name = "strict";
  strict.four_eyes = true;
  const auto made = all_->Fork("main", 0, "strict", registry::ProfileText(strict), kForever);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->profile, "strict");
  EXPECT_TRUE(all_->Find("strict")->profile().four_eyes);
  EXPECT_FALSE(all_->main().profile().four_eyes);
  EXPECT_FALSE(all_->Fork("main", 0, "broken", "four_eyes = perhaps", kForever).ok());
}

}  // namespace
}  // namespace ets::server
