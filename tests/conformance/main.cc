// capclear_conformance: what a registry must do, asked of it through its public protocol alone.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/world.h"

namespace ets::conformance {
namespace {

constexpr const char* kUsage =
    "capclear_conformance --capclear PROGRAM [--profile NAME] [--gtest_filter=...]\n"
    "    starts a server of its own for each profile, with that program\n"
    "capclear_conformance --server HOST:PORT --profile NAME --token-file FILE\n"
    "    asks that server, whose clock must be manual; cases that need a restart are left out\n";

// The acceptance cases that a served registry can show.
constexpr int kNumbers[] = {1,  2,  3,  4,  7,  9,  10, 11, 13, 14, 17, 18, 19, 20, 21, 22, 23,
                            27, 28, 32, 34, 37, 39, 40, 43, 45, 46, 48, 49, 51, 53, 54, 55};

std::string PropertyOf(const testing::TestResult& result, std::string_view key) {
  for (int i = 0; i < result.test_property_count(); ++i) {
    if (key == result.GetTestProperty(i).key()) return result.GetTestProperty(i).value();
  }
  return {};
}

// "Case04_Delays..." is number 4; an error reason's name is that of its parameter.
std::string NumberOf(const testing::TestInfo& test) {
  const std::string name = test.name();
  if (name.starts_with("Case")) return std::to_string(std::stoi(name.substr(4)));
  const std::size_t slash = name.find('/');
  return slash == name.npos ? std::string() : name.substr(slash + 1);
}

template <typename Take>
void ForEachTest(const Take& take) {
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) take(*suite.GetTestInfo(t));
  }
}

TEST(Numbers, OfAllAcceptanceCasesAreHere) {
  std::set<std::string> here;
  ForEachTest([&](const testing::TestInfo& test) { here.insert(NumberOf(test)); });
  for (const int number : kNumbers) EXPECT_TRUE(here.contains(std::to_string(number))) << number;
}

const char* OutcomeOf(const testing::TestResult& result) {
  if (result.Skipped()) return "left out";
  return result.Passed() ? "passed" : "FAILED";
}

// Number, profile, source, expectation, outcome: a line for each case that was of this run.
void PrintTable() {
  std::printf("\n| case | profile | source | expectation | outcome |\n|---|---|---|---|---|\n");
  std::map<std::string, int> outcomes;
  ForEachTest([&](const testing::TestInfo& test) {
    const testing::TestResult& result = *test.result();
    const std::string expectation = PropertyOf(result, "expectation");
    if (!test.should_run() || (expectation.empty() && !result.Failed())) return;
    ++outcomes[OutcomeOf(result)];
    std::printf("| %s | %s | %s | %s | %s |\n", NumberOf(test).c_str(),
                PropertyOf(result, "profile").c_str(), PropertyOf(result, "source").c_str(),
                expectation.c_str(), OutcomeOf(result));
  });
  for (const auto& [outcome, count] : outcomes) std::printf("%d %s\n", count, outcome.c_str());
}

bool ReadOptions(int argc, char** argv) {
  const std::map<std::string_view, std::string*> fields = {{"--capclear", &options().capclear},
                                                           {"--server", &options().server},
                                                           {"--profile", &options().profile},
                                                           {"--token-file", &options().token_file}};
  for (int i = 1; i < argc; i += 2) {
    const auto field = fields.find(argv[i]);
    if (field == fields.end() || i + 1 == argc) return false;
    *field->second = argv[i + 1];
  }
  const bool one = options().capclear.empty() != options().server.empty();
  return one && (options().server.empty() || !options().profile.empty());
}

}  // namespace
}  // namespace ets::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  if (!ets::conformance::ReadOptions(argc, argv)) {
    std::fputs(ets::conformance::kUsage, stderr);
    return 2;
  }
  const int failed = RUN_ALL_TESTS();
  ets::conformance::PrintTable();
  return failed;
}
