// What a run leaves behind, and what it leaves when it does not reach its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>

#include "tests/capclear_process.h"

namespace ets {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// One finished run of few firms over two years, made once for all tests that only look at it.
class FinishedRun : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TestFolder();
    WriteSmallPopulation(*folder_ / "small.csv");
    said_ = new Said(Capclear(SmallRun(firms(), run())));
    ASSERT_EQ(said_->code, 0) << said_->err;
  }
  static void TearDownTestSuite() {
    delete said_;
    delete folder_;
    said_ = nullptr;
    folder_ = nullptr;
  }
  static std::string firms() { return *folder_ / "small.csv"; }
  static std::string run() { return *folder_ / "run"; }
  static const TestFolder& folder() { return *folder_; }
  static const Said& said() { return *said_; }
  static nlohmann::json About(const std::string& run_folder) {
    return nlohmann::json::parse(Contents(fs::path(run_folder) / "run.json"));
  }

 private:
  static TestFolder* folder_;
  static Said* said_;
};
TestFolder* FinishedRun::folder_ = nullptr;
Said* FinishedRun::said_ = nullptr;

TEST_F(FinishedRun, HoldsWhatTheDesignPromisesAndNothingUnfinished) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(run()))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("scenario.toml", "run.sqlite", "report.html",
                                                     "run.json", "registry", "exchange"));
  EXPECT_THAT(Contents(fs::path(run()) / "report.html"),
              AllOf(HasSubstr("<html"), HasSubstr("</html>")));
}

TEST_F(FinishedRun, PrintsATableOfYearsAndTheReportsPath) {
  EXPECT_THAT(said().out,
              AllOf(HasSubstr("\n2025 "), HasSubstr("\n2026 "), HasSubstr("certificate"),
                    HasSubstr("report: " + run() + "/report.html")));
  EXPECT_THAT(said().out, Not(HasSubstr("\r"))) << "no progress line where no terminal is";
}

TEST_F(FinishedRun, SaysInItsJsonWhatItWas) {
  const nlohmann::json about = About(run());
  EXPECT_EQ(about["scenario"], "china-transition");
  EXPECT_EQ(about["seed"], 1);
  EXPECT_EQ(about["first_day"], "2025-01-01");
  EXPECT_EQ(about["last_day"], "2026-12-31");
  EXPECT_EQ(about["firms"], 278);
  EXPECT_EQ(about["days"], 730);
  EXPECT_EQ(about["alarms"], 0);
  EXPECT_GT(about["trades"], 100);
  EXPECT_THAT(about["event_hash"].get<std::string>(), ContainsRegex("^[0-9a-f]{16}$"));
  for (const char* chain : {"registry_chain_hash", "exchange_chain_hash"})
    EXPECT_THAT(about[chain].get<std::string>(), ContainsRegex("^[0-9a-f]{64}$"));
}

TEST_F(FinishedRun, IsEqualByteForByteWhenItIsRunAgain) {
  const std::string again = folder() / "again";
  ASSERT_EQ(Capclear(SmallRun(firms(), again)).code, 0);
  for (const char* name : {"run.sqlite", "report.html", "scenario.toml"})
    EXPECT_TRUE(Contents(fs::path(run()) / name) == Contents(fs::path(again) / name)) << name;
  nlohmann::json first = About(run());
  nlohmann::json second = About(again);
  first.erase("timings");
  second.erase("timings");
  EXPECT_EQ(first, second);
}

TEST_F(FinishedRun, DiffersWithAnotherSeed) {
  const std::string other = folder() / "other";
  std::vector<std::string> line = SmallRun(firms(), other);
  line.insert(line.end(), {"--seed", "2"});
  ASSERT_EQ(Capclear(line).code, 0);
  EXPECT_EQ(About(other)["seed"], 2);
  for (const char* hash : {"event_hash", "registry_chain_hash", "exchange_chain_hash"})
    EXPECT_NE(About(run())[hash], About(other)[hash]) << hash;
}

TEST_F(FinishedRun, WritesItsTablesAsCsvOnRequestAndLater) {
  const Said later = Capclear({"report", run(), "--csv"});
  EXPECT_EQ(later.code, 0) << later.err;
  const fs::path csv = fs::path(run()) / "csv";
  EXPECT_THAT(Contents(csv / "prices.csv"), HasSubstr("date,instrument,"));
  EXPECT_THAT(Contents(csv / "ledger.csv"), HasSubstr("\n2025,"));
  fs::remove_all(csv);
}

TEST_F(FinishedRun, IsNotTouchedWithoutForce) {
  const std::string before = Contents(fs::path(run()) / "run.json");
  const Said said = Capclear(SmallRun(firms(), run()));
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(HasSubstr("exists"), HasSubstr("--force")));
  EXPECT_EQ(Contents(fs::path(run()) / "run.json"), before);
  EXPECT_FALSE(fs::exists(fs::path(run()) / "INCOMPLETE"));
}

TEST_F(FinishedRun, IsReplacedWithForce) {
  const std::string copy = folder() / "copy";
  fs::copy(run(), copy, fs::copy_options::recursive);
  Write(fs::path(copy) / "run.json", "old");
  std::vector<std::string> line = SmallRun(firms(), copy);
  line.push_back("--force");
  EXPECT_EQ(Capclear(line).code, 0);
  EXPECT_EQ(About(copy)["event_hash"], About(run())["event_hash"]);
}

TEST_F(FinishedRun, IsRepeatedByItsOwnResolvedScenario) {
  // The resolved scenario names its data beside it.
  const TestFolder place;
  fs::copy(fs::path(run()) / "scenario.toml", place / "scenario.toml");
  fs::copy("scenarios/data", place / "data");
  const Said said = Capclear({"run", place / "scenario.toml", "--out", place / "run"});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(About(place / "run")["event_hash"], About(run())["event_hash"]);
}

TEST_F(FinishedRun, CanBeQueriedByItsFolderAndByItsRegistry) {
  for (const std::string& data : {run(), run() + "/registry"}) {
    const Said balance = Capclear({"registry", "balance", "--data", data});
    EXPECT_EQ(balance.code, 0) << balance.err;
    EXPECT_THAT(balance.out, AllOf(HasSubstr("CEA25"), HasSubstr("CNY")));
    const Said transfers = Capclear({"registry", "transfers", "--data", data, "--limit", "3"});
    EXPECT_EQ(transfers.code, 0) << transfers.err;
    EXPECT_THAT(transfers.out, HasSubstr("issue"));
    const Said verify = Capclear({"registry", "verify", "--data", data});
    EXPECT_EQ(verify.code, 0) << verify.err;
    EXPECT_THAT(verify.out,
                AllOf(HasSubstr("verified"),
                      HasSubstr(About(run())["registry_chain_hash"].get<std::string>())));
  }
}

TEST_F(FinishedRun, HoldsTransfersOfEveryTradeAndSurrender) {
  const Said trades =
      Capclear({"registry", "transfers", "--data", run(), "--limit", "0", "--output", "csv"});
  ASSERT_EQ(trades.code, 0) << trades.err;
  for (const char* code :
       {"pre_allocation", "final_allocation", "listed_trade", "surrender", "convert", "expire"})
    EXPECT_THAT(trades.out, HasSubstr(std::string(code) + ",")) << code;
}

TEST_F(FinishedRun, NoLongerVerifiesWhenAByteOfItsJournalFlips) {
  const std::string copy = folder() / "flipped";
  fs::copy(run(), copy, fs::copy_options::recursive);
  fs::path journal;
  for (const auto& entry : fs::directory_iterator(fs::path(copy) / "registry")) {
    if (entry.path().extension() != ".sst") continue;
    if (journal.empty() || fs::file_size(entry) > fs::file_size(journal)) journal = entry.path();
  }
  ASSERT_FALSE(journal.empty());
  std::string bytes = Contents(journal);
  for (const double place : {0.1, 0.5, 0.9}) {
    std::string changed = bytes;
    changed[static_cast<std::size_t>(place * static_cast<double>(bytes.size()))] ^= 0x10;
    Write(journal, changed);
    const Said said = Capclear({"registry", "verify", "--data", copy});
    EXPECT_EQ(said.code, 1) << place << said.out;
    EXPECT_THAT(said.err, Not(IsEmpty()));
  }
  Write(journal, bytes);
  EXPECT_EQ(Capclear({"registry", "verify", "--data", copy}).code, 0);
}

TEST_F(FinishedRun, NoLongerVerifiesBesideAnotherRunsJson) {
  const std::string copy = folder() / "swapped";
  fs::copy(run(), copy, fs::copy_options::recursive);
  nlohmann::json about = About(copy);
  about["registry_chain_hash"] = std::string(64, '0');
  Write(fs::path(copy) / "run.json", about.dump());
  EXPECT_EQ(Capclear({"registry", "verify", "--data", copy}).code, 1);
}

TEST_F(FinishedRun, StopsOnInterruptAndSaysThatItIsIncomplete) {
  const std::string stopped = folder() / "stopped";
  // All firms and ten years: seconds of work, of which it sees a few milliseconds.
  const pid_t child = Start({CAPCLEAR, "run", kDefaultScenario, "--out", stopped}, folder() / "out",
                            folder() / "err");
  const timespec moment{0, 1'000'000};
  for (int i = 0; i < 20'000 && !fs::exists(fs::path(stopped) / "run.sqlite"); ++i)
    nanosleep(&moment, nullptr);
  kill(child, SIGINT);
  EXPECT_EQ(ExitCode(child), 1);
  EXPECT_THAT(Contents(folder() / "err"), AllOf(HasSubstr("stopped"), HasSubstr("INCOMPLETE")));
  EXPECT_TRUE(fs::exists(fs::path(stopped) / "INCOMPLETE"));
  EXPECT_FALSE(fs::exists(fs::path(stopped) / "report.html"));
  EXPECT_FALSE(fs::exists(fs::path(stopped) / "run.json"));
  // Nor can a report be had of it later.
  const Said report = Capclear({"report", stopped});
  EXPECT_EQ(report.code, 2);
  EXPECT_THAT(report.err, HasSubstr("INCOMPLETE"));
  EXPECT_FALSE(fs::exists(fs::path(stopped) / "report.html"));
}

// A disk of 3 MB where the machine lets a test have one, else a limit on the size of a file.
TEST_F(FinishedRun, OnAFullDiskIsIncompleteAndSaysSo) {
  const TestFolder disk;
  const bool mounted = mount("tmpfs", disk.path().c_str(), "tmpfs", 0, "size=3m") == 0;
  const std::string full = disk / "run";
  std::vector<std::string> line = {CAPCLEAR, "run",   kDefaultScenario,     "--out",
                                   full,     "--set", "last_day=2026-12-31"};
  if (!mounted) {
    line.insert(line.begin(), {"bash", "-c", "trap '' XFSZ; ulimit -f 1024; exec \"$@\"", "bash"});
  }
  const Said said = RunCommand(line);
  EXPECT_EQ(said.code, 1) << said.out << said.err;
  EXPECT_THAT(said.err, HasSubstr("INCOMPLETE"));
  EXPECT_TRUE(fs::exists(fs::path(full) / "INCOMPLETE"));
  EXPECT_FALSE(fs::exists(fs::path(full) / "report.html"));
  EXPECT_FALSE(fs::exists(fs::path(full) / "run.json"));
  if (mounted) {
    EXPECT_EQ(umount(disk.path().c_str()), 0);
  }
}

TEST_F(FinishedRun, IsTheSameFromAPopulationWrittenToAFile) {
  const std::string csv = folder() / "all.csv";
  ASSERT_EQ(Capclear({"population", kDefaultScenario, "--out", csv}).code, 0);
  const auto hash = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> line = {"run",           kDefaultScenario, "--out",
                                     folder() / name, "--set",          "last_day=2025-12-31"};
    line.insert(line.end(), more.begin(), more.end());
    EXPECT_EQ(Capclear(line).code, 0);
    return About(folder() / name)["event_hash"].get<std::string>();
  };
  EXPECT_EQ(hash("drawn", {}), hash("read", {"--set", "firms=\"" + csv + "\""}));
}

TEST(RunFolder, OfSomethingElseIsNotReplacedEvenWithForce) {
  const TestFolder folder;
  fs::create_directory(folder / "thesis");
  Write(folder / "thesis/chapter1", "years of work");
  const Said said = Capclear({"run", kDefaultScenario, "--out", folder / "thesis", "--force"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("not a run"));
  EXPECT_EQ(Contents(folder / "thesis/chapter1"), "years of work");
  Write(folder / "file", "text");
  EXPECT_EQ(Capclear({"run", kDefaultScenario, "--out", folder / "file", "--force"}).code, 2);
  EXPECT_EQ(Contents(folder / "file"), "text");
}

TEST(RegistryVerbs, SayWhatTheyTakeWhereThereIsNoJournal) {
  const TestFolder folder;
  for (const char* verb : {"balance", "transfers", "verify"}) {
    for (const std::string& data : {folder.path().string(), folder / "nowhere"}) {
      const Said said = Capclear({"registry", verb, "--data", data});
      EXPECT_EQ(said.code, 2) << verb;
      EXPECT_THAT(said.err, HasSubstr("allowed: the folder of a run")) << verb;
    }
  }
}

TEST(ReportVerb, SaysWhatItTakesWhereThereIsNoRun) {
  const TestFolder folder;
  const Said said = Capclear({"report", folder.path().string()});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("allowed: a run folder"));
}

}  // namespace
}  // namespace ets
