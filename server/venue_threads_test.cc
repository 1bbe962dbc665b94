// The venue and its sequencer, used by many threads at once that lend themselves: what the
// ThreadSanitizer is to look at.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "server/deposits_link.h"
#include "server/sequencer.h"
#include "server/venue.h"

namespace ets::server {
namespace {

namespace fs = std::filesystem;
constexpr int kThreads = 4;

void OnThreads(const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

// ---- Sequencer ----

// What only one thread at a time may touch.
struct Ledger final : Sequencer::Machine {
  std::map<int, int> last;  // By thread.
  std::size_t tasks = 0, tasks_at_turn = 0, turns = 0;
  bool is_in_order = true;

  void Take(int thread, int number) {
    ++tasks;
    is_in_order &= last[thread]++ == number;
  }
  std::optional<Sequencer::Clock::time_point> Turn() override {
    ++turns;
    tasks_at_turn = tasks;
    return turns % 3 == 0 ? std::optional(Sequencer::Clock::now() + std::chrono::microseconds(50))
                          : std::nullopt;
  }
};

TEST(Sequencer, RunsEachThreadsTasksInTheirOrderWhoeverLendsItself) {
  constexpr int kTasks = 3'000;
  Ledger ledger;
  Sequencer sequencer(1'000'000);
  sequencer.Add(&ledger);
  OnThreads([&](int thread) {
    for (int i = 0; i < kTasks; ++i) {
      const auto task = [&ledger, thread, i] { ledger.Take(thread, i); };
      EXPECT_TRUE(i % 2 == 0 ? sequencer.PostHere(task) : sequencer.Post(task));
      if (i % 7 == 0) sequencer.Kick();
    }
  });
  sequencer.Stop();
  EXPECT_EQ(ledger.tasks, std::size_t{kThreads * kTasks});
  EXPECT_EQ(ledger.tasks_at_turn, ledger.tasks);
  EXPECT_TRUE(ledger.is_in_order);
}

TEST(Sequencer, StopsWhileThreadsLendThemselves) {
  std::atomic<int> taken = 0;
  int done = 0;
  Sequencer sequencer(1'000'000);
  std::thread stopper([&] {
    while (taken < 500) std::this_thread::yield();
    sequencer.Stop();
  });
  OnThreads([&](int) {
    while (sequencer.PostHere([&] { ++done; })) ++taken;
  });
  stopper.join();
  EXPECT_EQ(done, taken);
}

// ---- Venue ----

// A registry in which every thread's member has units and cash.
class Rich final : public DepositsLink {
 public:
  Rich() : DepositsLink(Deposits()) {}

 private:
  static std::vector<Deposit> Deposits() {
    std::vector<Deposit> all;
    for (std::uint64_t i = 1; i <= 2 * kThreads; ++i) {
      const auto escrow = static_cast<std::uint32_t>(10 * ((i + 1) / 2));
      all.push_back({i, AccountId(escrow), LedgerId(static_cast<std::uint16_t>(i % 2)),
                     std::int64_t{1} << 40U});
    }
    return all;
  }
};

// Remembers without a lock: the venue calls from one thread at a time.
class Diary final : public SessionListener {
 public:
  void OnAnswer(const VenueAnswer& answer) override {
    is_right_ &= !is_closed_ && answer.tag == ++answers_ && answer.sequence >= last_;
    last_ = answer.sequence;
    if (!answer.refused) ++accepted_;
    is_silent_ = false;
  }
  void OnReport(const Report& report) override {
    is_right_ &=
        !is_closed_ && report.sequence >= last_ && (!report.is_own || report.tag == answers_);
    last_ = report.sequence;
    if (report.is_own && report.event.kind == market::OrderEventKind::kAccepted) ++reported_;
    is_silent_ = false;
  }
  void OnTold() override { is_silent_ = true; }
  void OnClosed(CloseReason reason) override {
    is_right_ &= is_silent_ && !std::exchange(is_closed_, true);
    const std::lock_guard lock(mutex_);
    reason_ = reason;
    closed_.notify_all();
  }

  CloseReason WaitClosed() {
    std::unique_lock lock(mutex_);
    closed_.wait(lock, [this] { return reason_.has_value(); });
    return *reason_;
  }
  // Of a closed one: the order was right, what came was followed by OnTold(), OnClosed() was last.
  bool is_right() const { return is_right_; }
  std::uint64_t answers() const { return answers_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t reported() const { return reported_; }

 private:
  bool is_right_ = true, is_silent_ = true, is_closed_ = false;
  std::uint64_t answers_ = 0, accepted_ = 0, reported_ = 0, last_ = 0;
  std::mutex mutex_;
  std::condition_variable closed_;
  std::optional<CloseReason> reason_;
};

class VenueThreads : public ::testing::TestWithParam<Acknowledge> {
 protected:
  VenueThreads() {
    std::string pattern = (fs::temp_directory_path() / "capclear-venue-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    ExchangeOptions options;
    options.data = folder_;
    options.fsync = false;
    options.now = [] { return SimTime{1'772'440'000'000'000}; };  // 2026-03-02.
    exchange_ = std::move(LiveExchange::Open(options, link_).value());
    VenueOptions venue;
    venue.acknowledge = GetParam();
    venue.session_requests_max = 10'000'000;
    venue_ = Venue::Open(*exchange_, venue);
    EXPECT_TRUE(exchange_->WaitForPosition(
        2 * kThreads, {std::chrono::system_clock::now() + std::chrono::minutes(1), {}}));
    EXPECT_TRUE(venue_
                    ->Operate(market::ListInstrument{LedgerId(0), LedgerId(1),
                                                     Price::FromMinorPerTonne(7'000)})
                    .ok());
    EXPECT_TRUE(venue_->Operate(market::OpenSession{Date::Of(2026, 3, 2)}).ok());
  }
  ~VenueThreads() override {
    venue_->Shutdown();
    link_.Stop();
    exchange_->Shutdown();
    venue_.reset();
    exchange_.reset();
    fs::remove_all(folder_);
  }

  std::unique_ptr<Session> Connect(int thread, const std::shared_ptr<Diary>& diary) {
    const auto escrow = static_cast<std::uint32_t>(10 * (thread + 1));
    SessionTerms terms;
    terms.member = *exchange_->FindMember(AccountId(escrow));
    terms.cancel_on_disconnect = true;
    terms.heartbeat = std::chrono::minutes(1);
    terms.lends_thread = thread != 0;  // One does not.
    return venue_->Connect(terms, diary);
  }
  static VenueRequest Order(std::uint64_t tag, std::mt19937_64& dice) {
    market::PlaceOrder order;
    order.side = dice() % 2 == 0 ? matching::Side::kBuy : matching::Side::kSell;
    order.limit = Price::FromMinorPerTonne(6'990 + static_cast<std::int64_t>(dice() % 20));
    order.quantity = Tonnes(1 + static_cast<std::int64_t>(dice() % 5));
    return {tag, order};
  }

  std::string folder_;
  Rich link_;
  std::unique_ptr<LiveExchange> exchange_;
  std::unique_ptr<Venue> venue_;
};

TEST_P(VenueThreads, AnswerEverySessionInItsOrder) {
  constexpr std::uint64_t kOrders = 1'500;
  OnThreads([&](int thread) {
    std::mt19937_64 dice(static_cast<std::uint64_t>(thread));
    for (int round = 0; round < 2; ++round) {
      const auto diary = std::make_shared<Diary>();
      const auto session = Connect(thread, diary);
      for (std::uint64_t tag = 1; tag <= kOrders; ++tag) {
        EXPECT_TRUE(session->Submit(Order(tag, dice)));
        if (tag % 500 == 0) venue_->market_data().Snapshot(InstrumentId(0));
      }
      session->Close();
      EXPECT_EQ(diary->WaitClosed(), CloseReason::kByClient);
      EXPECT_TRUE(diary->is_right());
      EXPECT_EQ(diary->answers(), kOrders);
      EXPECT_EQ(diary->reported(), diary->accepted());
      EXPECT_GT(diary->accepted(), 0U);
    }
  });
}

TEST_P(VenueThreads, HearTheLastWhenTheVenueStopsUnderThem) {
  std::atomic<int> busy = 0;
  std::thread stopper([&] {
    while (busy < kThreads) std::this_thread::yield();
    venue_->Shutdown();
  });
  OnThreads([&](int thread) {
    std::mt19937_64 dice(static_cast<std::uint64_t>(thread));
    const auto diary = std::make_shared<Diary>();
    const auto session = Connect(thread, diary);
    std::uint64_t tag = 0;
    while (session->Submit(Order(++tag, dice))) {
      if (tag == 100) ++busy;
    }
    EXPECT_EQ(diary->WaitClosed(), CloseReason::kVenueStopped);
    EXPECT_TRUE(diary->is_right());
    EXPECT_LT(diary->answers(), tag);
  });
  stopper.join();
}

INSTANTIATE_TEST_SUITE_P(, VenueThreads,
                         ::testing::Values(Acknowledge::kAfterSync, Acknowledge::kBeforeSync),
                         [](const auto& mode) {
                           return mode.param == Acknowledge::kAfterSync ? std::string("AfterSync")
                                                                        : std::string("BeforeSync");
                         });

}  // namespace
}  // namespace ets::server
