// The example bots trade with each other; every tonne and fen is there afterwards.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/market_place.h"

namespace ets {
namespace {

pid_t Launch(const MarketPlace& place, const std::string& bot, int member) {
  const std::string program = std::string(BOTS) + "/bot_" + bot;
  const std::string name = MarketPlace::Member(member);
  const pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), program.c_str(), place.address().c_str(), name.c_str(),
          MarketPlace::kInstrument, "3", nullptr);
    _exit(127);
  }
  return child;
}

TEST(Bots, SayHowTheyAreCalledWhenSecondsAreNoNumber) {
  for (const char* const bot : {"market_maker", "noise_trader", "compliance_buyer"}) {
    const std::string program = std::string(BOTS) + "/bot_" + bot;
    const pid_t child = fork();
    if (child == 0) {
      execl(program.c_str(), program.c_str(), "127.0.0.1:1", "members/4", MarketPlace::kInstrument,
            "x", nullptr);
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 2) << bot;
  }
}

TEST(Bots, TradeWithEachOtherAndNothingIsLost) {
  MarketPlace place(4);
  const std::vector<pid_t> bots = {
      Launch(place, "market_maker", 0), Launch(place, "noise_trader", 1),
      Launch(place, "noise_trader", 2), Launch(place, "compliance_buyer", 3)};
  for (const pid_t bot : bots) {
    int status = 0;
    waitpid(bot, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  mk::ListTradesResponse trades;
  MarketPlace::Must(Call(place.data(), &mk::MarketDataService::Stub::ListTrades,
                         mk::ListTradesRequest(), trades));
  EXPECT_GT(trades.trades_size(), 10);
  EXPECT_EQ(place.Total("CEA26"), 4 * MarketPlace::kUnits);
  EXPECT_EQ(place.Total("CNY"), 4 * MarketPlace::kCash);
  const auto closed = place.CloseDay();
  EXPECT_EQ(closed.failed(), 0U);
  EXPECT_EQ(closed.mismatches_size(), 0);
  EXPECT_EQ(place.Total("CEA26"), 4 * MarketPlace::kUnits);
  EXPECT_EQ(place.Total("CNY"), 4 * MarketPlace::kCash);
}

}  // namespace
}  // namespace ets
