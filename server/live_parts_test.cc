#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "server/auth.h"
#include "server/live_clock.h"
#include "server/rate_limit.h"
#include "server/read_gate.h"
#include "server/sequencer.h"

namespace ets::server {
namespace {

using std::chrono::milliseconds;

const Patience kForever{std::chrono::system_clock::time_point::max(), {}};
Patience For(milliseconds time) { return {std::chrono::system_clock::now() + time, {}}; }

// ---- Sequencer ----

TEST(Sequencer, RunsTasksInTheOrderTheyWerePosted) {
  std::vector<int> seen;
  Sequencer sequencer(1'000);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(sequencer.Post([&seen, i] { seen.push_back(i); }));
  sequencer.Stop();
  ASSERT_EQ(seen.size(), 500U);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(Sequencer, RefusesWhatItsQueueHasNoRoomForButNeverItsOwn) {
  Sequencer sequencer(2);
  std::promise<void> go;
  std::promise<void> begun;
  sequencer.Post([&] {
    begun.set_value();
    go.get_future().wait();
  });
  begun.get_future().wait();
  EXPECT_TRUE(sequencer.Post([] {}));
  EXPECT_TRUE(sequencer.Post([] {}));
  EXPECT_FALSE(sequencer.Post([] {}));
  EXPECT_TRUE(sequencer.PostInternal([] {}));
  go.set_value();
  sequencer.Stop();
  EXPECT_FALSE(sequencer.Post([] {}));
}

TEST(Sequencer, GivesEachMachineATurnWhenItAskedForOneAndNoneOnceItIsRemoved) {
  struct Counting final : Sequencer::Machine {
    std::optional<Sequencer::Clock::time_point> Turn() override {
      ++turns;
      return Sequencer::Clock::now() + milliseconds(1);
    }
    std::atomic<int> turns = 0;
  };
  Counting machine;
  Sequencer sequencer(10);
  sequencer.Add(&machine);
  while (machine.turns < 5) std::this_thread::sleep_for(milliseconds(1));
  sequencer.Remove(&machine);
  const int turns = machine.turns;
  sequencer.Kick();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(machine.turns, turns);
}

TEST(Sequencer, DoesATaskOnTheThreadThatLendsItselfWhileNobodyIsAtWork) {
  Sequencer sequencer(10);
  std::thread::id here;
  bool was_named = false;
  EXPECT_TRUE(sequencer.PostHere([&] {
    here = std::this_thread::get_id();
    was_named = sequencer.IsThisThread();
  }));
  EXPECT_EQ(here, std::this_thread::get_id());
  EXPECT_TRUE(was_named);
  EXPECT_FALSE(sequencer.IsThisThread());
  sequencer.Stop();
  EXPECT_FALSE(sequencer.PostHere([] {}));
}

TEST(Sequencer, LeavesATaskToWhoIsAtWork) {
  Sequencer sequencer(10);
  std::promise<void> go, begun;
  sequencer.Post([&] {
    begun.set_value();
    go.get_future().wait();
  });
  begun.get_future().wait();
  std::atomic<bool> is_done = false;
  sequencer.PostHere([&] { is_done = true; });
  EXPECT_FALSE(is_done);
  go.set_value();
  sequencer.Stop();
  EXPECT_TRUE(is_done);
}

// One order, whoever does the work; and nothing that was posted is forgotten.
TEST(Sequencer, KeepsOneOrderWhileManyThreadsLendThemselves) {
  constexpr int kThreads = 4, kTasks = 20'000;
  struct Late final : Sequencer::Machine {
    std::optional<Sequencer::Clock::time_point> Turn() override {
      ++turns;
      return Sequencer::Clock::now() + std::chrono::microseconds(50);
    }
    std::atomic<int> turns = 0;
  };
  Late machine;
  Sequencer sequencer(std::size_t{kThreads} * kTasks);
  sequencer.Add(&machine);
  int count = 0;  // Not atomic: one at a time.
  std::vector<std::vector<int>> seen(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        const auto task = [&count, &seen, t, i] {
          ++count;
          seen[t].push_back(i);
        };
        EXPECT_TRUE(i % 3 == 0 ? sequencer.Post(task) : sequencer.PostHere(task));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const int turns = machine.turns;
  while (machine.turns < turns + 3) std::this_thread::sleep_for(milliseconds(1));
  sequencer.Stop();
  EXPECT_EQ(count, kThreads * kTasks);
  for (const auto& one : seen) EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
}

TEST(Sequencer, CountsStepsOnBehindThoseOfTheJournals) {
  Sequencer sequencer(10);
  sequencer.SkipSteps(41);
  sequencer.SkipSteps(7);
  std::uint64_t step = 0;
  sequencer.Post([&] { step = sequencer.NextStep(); });
  sequencer.Stop();
  EXPECT_EQ(step, 42U);
}

// ---- Read gate ----

TEST(ReadGate, LetsReadersInTogetherWhileItIsOpenAndClosesBehindThem) {
  ReadGate gate;
  gate.Open();
  EXPECT_EQ(gate.Enter(kForever, [] {}), ReadGate::Entry::kIn);
  EXPECT_EQ(gate.Enter(kForever, [] {}), ReadGate::Entry::kIn);
  std::atomic<bool> is_closed = false;
  std::thread owner([&] {
    gate.Close();
    is_closed = true;
  });
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_FALSE(is_closed);
  gate.Leave();
  gate.Leave();
  owner.join();
  EXPECT_TRUE(is_closed);
}

TEST(ReadGate, TellsTheOwnerThatSomebodyWaitsAndGivesUpAtTheDeadline) {
  ReadGate gate;
  bool was_told = false;
  EXPECT_EQ(gate.Enter(For(milliseconds(20)), [&] { was_told = true; }), ReadGate::Entry::kExpired);
  EXPECT_TRUE(was_told);
  EXPECT_FALSE(gate.has_waiting());
}

TEST(ReadGate, SendsEverybodyAwayOnceItIsStopped) {
  ReadGate gate;
  std::thread reader([&] { EXPECT_EQ(gate.Enter(kForever, [] {}), ReadGate::Entry::kStopped); });
  while (!gate.has_waiting()) std::this_thread::yield();
  gate.Stop();
  reader.join();
  EXPECT_EQ(gate.Enter(kForever, [] {}), ReadGate::Entry::kStopped);
}

// ---- Clock ----

TEST(LiveClock, ReadsWhatPeopleWriteAndSaysWhatIsAllowed) {
  EXPECT_EQ(ParseClock("real")->kind, ClockOptions::Kind::kReal);
  EXPECT_EQ(ParseClock("manual")->kind, ClockOptions::Kind::kManual);
  EXPECT_EQ(ParseClock("scaled:3600")->times, 3'600);
  EXPECT_EQ(ToString(*ParseClock("scaled:0.5")), "scaled:0.5");
  for (const char* const wrong : {"", "fast", "scaled:", "scaled:0", "scaled:-1", "scaled:1x"}) {
    EXPECT_FALSE(ParseClock(wrong).ok()) << wrong;
  }
}

TEST(LiveClock, RunsFasterByItsFactorAndStandsStillWhenManual) {
  SimTime wall = 5'000'000;
  ClockOptions options = *ParseClock("scaled:60");
  options.wall = [&] { return wall; };
  const LiveClock clock(options, 1'000);
  wall += 2'000'000;
  EXPECT_EQ(clock.Now(), 1'000 + 120'000'000);
  EXPECT_EQ(clock.Until(clock.Now() + 60'000'000)->count(), 1'000'000);
  EXPECT_EQ(clock.Until(clock.Now())->count(), 0);

  options.kind = ClockOptions::Kind::kManual;
  const LiveClock manual(options, 1'000);
  wall += 2'000'000;
  EXPECT_EQ(manual.Now(), 1'000);
  EXPECT_EQ(manual.Until(2'000), std::nullopt);
}

// ---- Rate limit ----

TEST(RateLimit, TakesFromTheOverdraftFirstThenAtItsRateAndSaysHowLongToWait) {
  RateLimit limit({5, 50});
  const auto start = RateLimit::Clock::time_point{} + std::chrono::hours(1);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(limit.Take(1, start)) << i;
  EXPECT_EQ(limit.Take(1, start), milliseconds(200));
  EXPECT_FALSE(limit.Take(2, start)) << "another principal has a bucket of its own";
  EXPECT_FALSE(limit.Take(1, start + milliseconds(200)));
  EXPECT_EQ(limit.Take(1, start + milliseconds(250)), milliseconds(150));
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(limit.Take(1, start + std::chrono::hours(1)));
  EXPECT_TRUE(limit.Take(1, start + std::chrono::hours(1)));
}

TEST(RateLimit, LimitsNobodyAtARateOfZero) {
  RateLimit limit({0, 0});
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(limit.Take(1));
}

// ---- Tokens ----

class TokenFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "capclear-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(TokenFile, IsMadeOnceWithATokenThatOnlyItsOwnerMayRead) {
  const std::string path = folder_ / "token";
  bool is_new = false;
  const auto made = TokenFromFile(path, is_new);
  ASSERT_TRUE(made.ok()) << made.error();
  EXPECT_TRUE(is_new);
  EXPECT_EQ(made->size(), 64U);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = TokenFromFile(path, is_new);
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_FALSE(is_new);
  EXPECT_EQ(*again, *made);
}

TEST_F(TokenFile, IsRefusedWhenOthersMayReadItOrTheTokenIsShort) {
  const std::string path = folder_ / "token";
  bool is_new = false;
  std::ofstream(path) << "a token that is long enough\n";
  ::chmod(path.c_str(), 0640);
  EXPECT_NE(TokenFromFile(path, is_new).error().find("0600"), std::string::npos);
  ::chmod(path.c_str(), 0600);
  EXPECT_TRUE(TokenFromFile(path, is_new).ok());
  std::ofstream(path) << "short\n";
  EXPECT_FALSE(TokenFromFile(path, is_new).ok());
}

TEST(Token, HashesAsSha256AndIsNewEachTime) {
  EXPECT_NE(NewToken(), NewToken());
  const auto hash = HashOfToken("abc");
  EXPECT_EQ(static_cast<unsigned char>(hash[0]), 0xba);
  EXPECT_EQ(static_cast<unsigned char>(hash[31]), 0xad);
  EXPECT_TRUE(EqualInConstantTime(hash, HashOfToken("abc")));
  EXPECT_FALSE(EqualInConstantTime(hash, HashOfToken("abd")));
}

}  // namespace
}  // namespace ets::server
