#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "matching/engine_trial.h"

namespace ets::matching {
namespace {

TrialCounts Sum(std::uint64_t seeds, TrialShape shape) {
  TrialCounts sum;
  for (std::uint64_t seed = 1; seed <= seeds && sum.broken.empty(); ++seed) {
    shape.seed = seed;
    const TrialCounts one = RunTrial(shape);
    sum.messages += one.messages;
    sum.refused += one.refused;
    sum.trades += one.trades;
    sum.triggered += one.triggered;
    sum.refreshed += one.refreshed;
    sum.uncrossed += one.uncrossed;
    sum.interrupted += one.interrupted;
    sum.broken = one.broken;
  }
  return sum;
}

TEST(EngineDifferential, AgreesWithTheReferenceOnEveryKindOfOrder) {
  const TrialCounts sum = Sum(12, {});
  EXPECT_EQ(sum.broken, "");
  EXPECT_GT(sum.trades, sum.messages / 10);
  EXPECT_GT(sum.triggered, 100U);
  EXPECT_GT(sum.refreshed, 100U);
  EXPECT_GT(sum.uncrossed, 50U);
  EXPECT_GT(sum.interrupted, 10U);
  EXPECT_GT(sum.refused, sum.messages / 50);
}

TEST(EngineDifferential, AgreesWithFees) {
  const TrialCounts sum = Sum(8, {.with_fees = true});
  EXPECT_EQ(sum.broken, "");
}

TEST(EngineDifferential, AgreesWhereOwnOrdersMeetAllTheTime) {
  const TrialCounts sum = Sum(8, {.members = 2, .levels = 6, .special_percent = 90});
  EXPECT_EQ(sum.broken, "");
  EXPECT_GT(sum.trades, 1'000U);
}

TEST(EngineDifferential, AgreesInManyShapesOfMarket) {
  for (std::uint64_t number = 1; number <= 40; ++number) {
    TrialShape shape = AnyShape(number);
    shape.messages = 500;
    EXPECT_EQ(RunTrial(shape).broken, "");
  }
}

TEST(EngineDifferential, AgreesOnTheFuzzersFiles) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("fuzz/corpus/engine")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    ASSERT_GT(bytes.size(), 2U) << entry.path();
    TrialShape shape = AnyShape(std::uint64_t{bytes[0]} << 8U | bytes[1]);
    shape.bytes = std::span(bytes).subspan(2);
    EXPECT_EQ(RunTrial(shape).broken, "") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 5);
}

TEST(EngineDifferential, AgreesInManyCallsAndFullBooks) {
  const TrialCounts sum = Sum(8, {.orders_max = 30, .call_percent = 10});
  EXPECT_EQ(sum.broken, "");
  EXPECT_GT(sum.uncrossed, 1'000U);
}

}  // namespace
}  // namespace ets::matching
