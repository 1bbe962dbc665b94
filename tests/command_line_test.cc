// What the program says and answers, from outside: exit codes, messages, help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capclear_process.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string DefaultPath() { return std::filesystem::absolute(kDefaultScenario).string(); }

// Runs the default scenario with some lines that change it; expects a refusal that wrote nothing.
std::string RefusalOf(const std::string& lines) {
  const TestFolder folder;
  Write(folder / "mine.toml", "extends = \"" + DefaultPath() + "\"\n" + lines);
  const Said said = Capclear({"run", folder / "mine.toml", "--out", folder / "run"});
  EXPECT_EQ(said.code, 2) << lines << said.err;
  EXPECT_THAT(said.out, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder / "run")) << "something was written";
  // The folder's name is chance; what matters comes after it.
  std::string text = said.err;
  const std::string prefix = folder.path().string() + "/";
  for (std::size_t at = text.find(prefix); at != text.npos; at = text.find(prefix))
    text.erase(at, prefix.size());
  return text;
}

// The verbs that a verb's help lists.
std::vector<std::string> VerbsIn(const std::string& help) {
  std::vector<std::string> verbs;
  const std::string title = "\nSubcommands:\n";
  const std::size_t at = help.find(title);
  if (at == help.npos) return verbs;
  std::stringstream lines(help.substr(at + title.size()));
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    if (line.size() > 3 && line.starts_with("  ") && line[2] != ' ')
      verbs.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return verbs;
}

TEST(Help, IsThereForTheProgramAndEveryVerbItLists) {
  std::vector<std::vector<std::string>> lines = {{}};
  std::vector<std::string> seen;
  while (!lines.empty()) {
    const std::vector<std::string> line = lines.back();
    lines.pop_back();
    std::vector<std::string> asked = line;
    asked.push_back("--help");
    const Said said = Capclear(asked);
    const std::string name = ::testing::PrintToString(line);
    EXPECT_EQ(said.code, 0) << name;
    EXPECT_THAT(said.out, HasSubstr("Usage: capclear")) << name;
    EXPECT_THAT(said.err, IsEmpty()) << name;
    for (const std::string& verb : VerbsIn(said.out)) {
      lines.push_back(line);
      lines.back().push_back(verb);
      seen.push_back(verb);
    }
  }
  EXPECT_THAT(seen, ::testing::IsSupersetOf({"run", "population", "equilibrium", "policy", "rules",
                                             "scenario", "check", "keys", "report", "registry",
                                             "balance", "transfers", "verify"}));
}

TEST(Version, IsANumberOfThreeParts) {
  const Said said = Capclear({"--version"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, ContainsRegex("^capclear [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
}

TEST(CommandLine, ThatMakesNoSenseIsBadInput) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"dance"},
      {"run"},
      {"run", kDefaultScenario, "--colour", "red"},
      {"run", kDefaultScenario, "--seed", "many"},
      {"registry", "balance"},
      {"report"},
  };
  for (const auto& line : lines) {
    const Said said = Capclear(line);
    EXPECT_EQ(said.code, 2) << ::testing::PrintToString(line);
    EXPECT_THAT(said.err + said.out, Not(IsEmpty())) << ::testing::PrintToString(line);
  }
}

TEST(CommandLine, SaysWhichVerbsThereAreWhenOneIsNot) {
  const Said said = Capclear({"dance", "--fast"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, StartsWith("'dance' is no verb; allowed: run, "));
  EXPECT_THAT(Capclear({"market", "dance"}).err,
              StartsWith("'dance' is no verb; allowed: book, trades, "));
  EXPECT_THAT(Capclear({"market", "block", "dance"}).err,
              StartsWith("'dance' is no verb; allowed: quote, "));
}

TEST(CommandLine, ToldABadSeedSaysSoBesideWhatElseIsWrong) {
  for (const char* seed : {"many", "-1", "1.5", "9000000000000001", "99999999999999999999999"}) {
    const Said said = Capclear({"run", kDefaultScenario, "--seed", seed, "--set", "colour=red"});
    EXPECT_EQ(said.code, 2) << seed;
    EXPECT_THAT(said.err,
                StartsWith("--seed " + std::string(seed) + ": is no seed; allowed: a whole number"))
        << seed;
    EXPECT_THAT(said.err, HasSubstr("unknown key 'colour'")) << seed;
  }
}

struct Mistake {
  const char* lines;
  const char* said;
};

TEST(BadScenario, IsToldByFileLineAndColumnWithWhatIsAllowed) {
  const Mistake mistakes[] = {
      {"seeed = 3\n", "mine.toml:2:1: unknown key 'seeed'; did you mean 'seed'? allowed: "},
      {"[auction]\nbidder = 1\n", "mine.toml:3:1: unknown key 'auction.bidder'"},
      {"horizon_year = \"x\"\n", "mine.toml:2:16: horizon_year is \"x\"; allowed: a whole number"},
      {"[compliance]\nthreshold_t = -5\n", "mine.toml:3:15: compliance.threshold_t is -5; allowed"},
      {"[auction]\nbidder_limit = 1.5\n", "mine.toml:3:16: auction.bidder_limit is 1.5; allowed"},
      {"[sectors.power]\nrule = { 2020 = \"magic\" }\n",
       "mine.toml:3:17: sectors.power.rule.2020 is \"magic\"; allowed: "},
      {"last_day = 2025-02-30\n", "mine.toml:2:22: not TOML: "},
      {"last_day = \"soon\"\n", "mine.toml:2:12: last_day is \"soon\"; allowed: "},
      {"last_day = 2024-12-31\n", "mine.toml:2:12: last_day "},
      {"firms = \"nobody.csv\"\n", "mine.toml:2:9: firms names \"nobody.csv\", which cannot be "},
      {"[sectors.power]\nmonths = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n",
       "mine.toml:3:10: sectors.power.months sum to 12; allowed: twelve shares that sum to 1"},
      {"[behaviour]\nhorizons = { 2 = 0.5, 5 = 0.1 }\n",
       "mine.toml:3:18: behaviour.horizons sum to 0.6; allowed: "},
      {"seed = \n", "mine.toml:2:"},
      {"seed = 1\nseed = 2\n", "mine.toml:3:"},
  };
  for (const Mistake& mistake : mistakes)
    EXPECT_THAT(RefusalOf(mistake.lines), StartsWith(mistake.said)) << mistake.lines;
}

TEST(BadScenario, IsToldWithAllItsMistakesAtOnce) {
  const std::string said = RefusalOf(
      "seeed = 3\n"
      "horizon_year = \"x\"\n"
      "[sectors.power]\n"
      "rule = { 2020 = \"magic\" }\n"
      "[europe]\n"
      "facts = \"nowhere.csv\"\n");
  EXPECT_THAT(said, AllOf(HasSubstr("mine.toml:2:1: unknown key"), HasSubstr("mine.toml:3:16: "),
                          HasSubstr("mine.toml:5:17: "), HasSubstr("mine.toml:7:9: ")));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 4) << said;
}

TEST(BadScenario, ThatIsNotThereIsNamed) {
  const TestFolder folder;
  const Said said = Capclear({"run", folder / "none.toml", "--out", folder / "run"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(HasSubstr("none.toml:1:1: cannot be opened"), HasSubstr("allowed:")));
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST(BadScenario, MistakesInItsPopulationFileAreToldByTheFileTheyAreIn) {
  const TestFolder folder;
  Write(folder / "firms.csv",
        "name,province,sector,unit_class,group,output,heat,load_factor,intensity,heat_intensity,"
        "process_share\none,Hebei,fishing,none,0,1,0,0,1,0,1\n");
  Write(folder / "mine.toml", "extends = \"" + DefaultPath() + "\"\nfirms = \"firms.csv\"\n");
  const Said said = Capclear({"run", folder / "mine.toml", "--out", folder / "run"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("firms.csv:2:11: unknown sector 'fishing'; allowed: power, "));
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST(Overrides, AreToldByTheirPlaceOnTheCommandLine) {
  const TestFolder folder;
  const Said said = Capclear({"run", kDefaultScenario, "--out", folder / "run", "--set", "seed=1",
                              "--set", "foo=1", "--set", "horizon_year=1", "--set", "nonsense"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(HasSubstr("--set:2:1: unknown key 'foo'"), HasSubstr("--set:3:"),
                              HasSubstr("--set:4:"), Not(HasSubstr("--set:1:"))));
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

class EveryShippedScenario : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryShippedScenario, IsReadWithoutAComplaintAndSoIsItsResolvedForm) {
  const std::string path = std::string("scenarios/") + GetParam() + ".toml";
  const Said said = Capclear({"scenario", "check", path});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, IsEmpty());
  // The resolved text stands for the file: reading it gives the same text again.
  const TestFolder folder;
  Write(folder / "resolved.toml", said.out);
  std::filesystem::copy("scenarios/data", folder / "data");
  const Said again = Capclear({"scenario", "check", folder / "resolved.toml"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, said.out);
}

constexpr const char* kShipped[] = {"cbam-2028", "china-transition", "credible-data", "fast-cap",
                                    "loose",     "stay-intensity"};
INSTANTIATE_TEST_SUITE_P(Scenarios, EveryShippedScenario, ::testing::ValuesIn(kShipped),
                         [](const auto& scenario) {
                           std::string name = scenario.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ShippedScenarios, AreAllTestedHere) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("scenarios")) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAreArray(kShipped));
}

TEST(PolicyRules, AreListedWithWhatTheyDo) {
  const Said said = Capclear({"policy", "rules"});
  EXPECT_EQ(said.code, 0);
  for (const char* rule : {"neutral", "benchmark", "band", "cap"})
    EXPECT_THAT(said.out, ContainsRegex(std::string("(^|\n)") + rule + " +[A-Za-z]"));
}

}  // namespace
}  // namespace ets
