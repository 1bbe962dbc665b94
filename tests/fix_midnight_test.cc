// A FIX session lives for a day of UTC. Midnight, with clients connected, away and in the middle of
// what they say: numbers begin at 1 again, and no order is lost or applied twice. The clock that
// the gateway and QuickFIX look at is moved to shortly before midnight.

#include <sys/time.h>
#include <time.h>

#include <set>

#include "server/fix_fixture.h"

namespace {
std::atomic<std::time_t> clock_ahead = 0;  // Seconds; of the two functions below.
}

extern "C" std::time_t time(std::time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::time_t seconds = now.tv_sec + clock_ahead;
  if (out != nullptr) *out = seconds;
  return seconds;
}
extern "C" int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *out = {now.tv_sec + clock_ahead, now.tv_nsec / 1'000};
  return 0;
}

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::time_t kDay = 86'400;

void SetClockToBeforeMidnight(std::time_t seconds) {
  clock_ahead = 0;
  const std::time_t now = ::time(nullptr);
  clock_ahead = (now / kDay + 1) * kDay - seconds - now;
}

class FixMidnight : public FixTest {
 protected:
  FixMidnight() {
    SetClockToBeforeMidnight(2);
    midnight_ = (::time(nullptr) / kDay + 1) * kDay;
  }
  ~FixMidnight() override { clock_ahead = 0; }

  bool IsMorning() const { return ::time(nullptr) >= midnight_; }
  void AwaitMorning() const {
    while (!IsMorning()) std::this_thread::sleep_for(milliseconds(1));
  }
  static std::string Order(const std::string& id) {
    return "35=D|11=" + id + "|55=CEA26-CNY|54=2|40=2|44=70.00|38=10|60=20260302-09:30:00";
  }

  std::time_t midnight_ = 0;
};

TEST_F(FixMidnight, LogsOutWhoIsConnectedAndBeginsAtOneWithTheOrdersThatWait) {
  RawClient evening(entry_->port());
  evening.LogOn("10");
  evening.Say(Order("s1"), "49=10");
  EXPECT_THAT(evening.NextOf("8"), HasSubstr("|34=2|"));
  EXPECT_THAT(evening.NextOf("5"), HasSubstr("|58=the day is over; numbers begin at 1 again|"));
  EXPECT_TRUE(IsMorning());
  EXPECT_TRUE(evening.HasEnded());
  RawClient morning(entry_->port());
  morning.Say("35=A|98=0|108=30|554=secret", "49=10");
  EXPECT_THAT(morning.NextOf("A"), HasSubstr("|34=1|"));
  // What is of yesterday is not sent again: message 1 is the logon, and there is no other.
  morning.Say("35=2|7=1|16=0", "49=10");
  EXPECT_THAT(morning.NextOf("4"), HasSubstr("|36=2|"));
  morning.Say("35=AF|584=all|585=7", "49=10");
  const std::string waits = morning.NextOf("8");
  EXPECT_THAT(waits, HasSubstr("|34=2|"));
  EXPECT_THAT(waits, HasSubstr("|11=s1|"));
  EXPECT_THAT(waits, HasSubstr("|911=1|"));
  // Applied once, whichever day it is sent again on.
  morning.Say(Order("s1"), "49=10|97=Y");
  EXPECT_THAT(morning.NextOf("8"), HasSubstr("|150=I|"));
  EXPECT_EQ(OrdersAccepted(), 1U);
}

TEST_F(FixMidnight, TakesALogonAtTheFirstMomentOfTheDay) {
  {
    RawClient evening(entry_->port());
    evening.LogOn("10");
    ASSERT_NE(evening.NextOf("A"), "");
    evening.Say(Order("s1"), "49=10");
    ASSERT_NE(evening.NextOf("8"), "");
    evening.Say("35=5", "49=10");
    ASSERT_NE(evening.NextOf("5"), "");
  }
  RawClient morning(entry_->port());
  AwaitMorning();
  morning.Say("35=A|98=0|108=30|554=secret", "49=10");
  EXPECT_THAT(morning.NextOf("A"), HasSubstr("|34=1|"));
}

TEST_F(FixMidnight, ForgetsTheNumbersOfADayThatEndedWhileTheServerWasDown) {
  {
    RawClient evening(entry_->port());
    evening.LogOn("10");
    evening.Say(Order("s1"), "49=10");
    ASSERT_NE(evening.NextOf("8"), "");
  }
  const std::string listen = "127.0.0.1:" + std::to_string(entry_->port());
  Stop();
  AwaitMorning();
  OpenExchange();
  OpenPort(listen);
  RawClient morning(entry_->port());
  morning.Say("35=A|98=0|108=30|554=secret", "49=10");
  EXPECT_THAT(morning.NextOf("A"), HasSubstr("|34=1|"));
  morning.Say(Order("s1"), "49=10");
  EXPECT_THAT(morning.NextOf("8"), HasSubstr("|150=I|"));
  EXPECT_EQ(OrdersAccepted(), 1U);
}

TEST_F(FixMidnight, CancelsTheOrdersOfWhoAskedForItAtTheEnd) {
  RawClient watcher(entry_->port()), desk(entry_->port());
  desk.LogOn("10-desk2", "|5005=Y");
  desk.Say(Order("d1"), "49=10-desk2");
  ASSERT_NE(desk.NextOf("8"), "");
  ASSERT_NE(desk.NextOf("5"), "");
  watcher.LogOn("10");
  for (int i = 0; i < 100; ++i) {
    watcher.Say("35=AF|584=all|585=7", "49=10");
    if (watcher.Next().find("no order waits") != std::string::npos) return;
    std::this_thread::sleep_for(milliseconds(10));
  }
  ADD_FAILURE() << "d1 still waits";
}

// A client of QuickFIX's that says something all the time.
class Busy {
 public:
  Busy(std::uint16_t port, const std::string& client, char side, std::string price)
      : name_(client), side_(side), price_(std::move(price)), trader_(port, client) {}

  Trader& trader() { return trader_; }
  std::size_t sent() const { return last_; }
  std::size_t unanswered() const { return unanswered_.size(); }

  void SayOneMore() {
    const std::string id = name_ + "." + std::to_string(++last_);
    unanswered_.insert(id);
    trader_.Send(Limit(id, side_, price_, "1"));
    Hear();
  }
  void SayAgain() {
    for (const std::string& id : unanswered_) {
      FIX::Message again = Limit(id, side_, price_, "1");
      again.getHeader().setField(tag::PossResend, "Y");
      trader_.Send(again);
    }
  }
  void Hear() {
    for (const FIX::Message& message : trader_.All()) {
      const std::string kind = ValueOf(message, tag::ExecType);
      if (kind == "F") traded_.insert(ValueOf(message, tag::SecondaryExecID));
      if (kind == "0" || kind == "I") unanswered_.erase(ValueOf(message, tag::ClOrdID));
    }
  }

 private:
  const std::string name_;
  const char side_;
  const std::string price_;
  std::size_t last_ = 0;
  std::set<std::string> unanswered_, traded_;
  Trader trader_;
};

TEST_F(FixMidnight, LosesNoOrderAndAppliesNoneTwiceWhileClientsTalk) {
  Busy seller(entry_->port(), "10", '2', "70.00"), buyer(entry_->port(), "20", '1', "70.00");
  ASSERT_TRUE(seller.trader().AwaitLogon() && buyer.trader().AwaitLogon());
  ASSERT_FALSE(IsMorning());
  while (::time(nullptr) < midnight_ + 1) {
    seller.SayOneMore();
    buyer.SayOneMore();
    std::this_thread::sleep_for(milliseconds(2));
  }
  EXPECT_GT(seller.unanswered() + buyer.unanswered(), 0U) << "all was said between two days";
  for (int i = 0; i < 500 && seller.unanswered() + buyer.unanswered() != 0; ++i) {
    if (i % 50 == 0 && seller.trader().AwaitLogon() && buyer.trader().AwaitLogon()) {
      seller.SayAgain();
      buyer.SayAgain();
    }
    std::this_thread::sleep_for(milliseconds(20));
    seller.Hear();
    buyer.Hear();
  }
  EXPECT_EQ(seller.unanswered() + buyer.unanswered(), 0U);
  EXPECT_EQ(OrdersAccepted(), seller.sent() + buyer.sent());
  EXPECT_EQ(seller.sent(), buyer.sent());
  exchange_->Read([&](const market::Market& market) {
    market.CheckInvariants();
    EXPECT_EQ(market.instrument(InstrumentId(0)).listed_volume.count(),
              static_cast<std::int64_t>(seller.sent()));
  });
  std::thread first([&] { seller.trader().Cut(); });
  buyer.trader().Cut();
  first.join();
}

}  // namespace
}  // namespace ets::server::fix
