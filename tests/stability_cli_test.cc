// Stability rules from outside: a run with all of them on, its summary, its page, its journals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capclear_process.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> ShortRun(const TestFolder& folder, const std::string& name,
                                  const std::vector<std::string>& keys) {
  WriteSmallPopulation(folder / "firms.csv");
  std::vector<std::string> command = SmallRun(folder / "firms.csv", folder / name);
  command.insert(command.end(), {"--set", "last_day=2030-12-31"});
  for (const std::string& key : keys) command.insert(command.end(), {"--set", key});
  return command;
}

const std::vector<std::string> kAllOn = {"stability.reserve.enabled=true",
                                         "stability.reserve.first_year=2027",
                                         "stability.excessive_price.enabled=true",
                                         "stability.excessive_price.multiple=1.1",
                                         "stability.cost_containment.enabled=true",
                                         "stability.triggers.enabled=true",
                                         "stability.collar.enabled=true",
                                         "caps.path.enabled=true",
                                         "caps.path.factor.2031=0.03"};

TEST(StabilityRules, TellWhatTheyDidAndCanBeProved) {
  const TestFolder folder;
  const Said said = Capclear(ShortRun(folder, "run", kAllOn));
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr("\nstability\n"), HasSubstr("circulation")));
  EXPECT_THAT(Contents(folder / "run/report.html"), HasSubstr("The stability stock and its rules"));
  const Said verified = Capclear({"registry", "verify", "--data", folder / "run"});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  // The folder's own scenario says the same again.
  EXPECT_THAT(Contents(folder / "run/scenario.toml"), HasSubstr("[stability.reserve]"));
}

TEST(StabilityRules, StayOutOfTheSummaryOfARunWithoutThem) {
  const TestFolder folder;
  const Said said = Capclear(ShortRun(folder, "run", {}));
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, Not(HasSubstr("stability")));
}

TEST(StabilityRules, RefuseWhatDoesNotFitAndWriteNothing) {
  const TestFolder folder;
  const Said said = Capclear(ShortRun(
      folder, "run", {"stability.reserve.enabled=true", "stability.reserve.lower_share=0.09"}));
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(StartsWith("--set:"), HasSubstr("stability.reserve.lower_share is "
                                                              "0.09; allowed: from floor_share")));
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace ets
