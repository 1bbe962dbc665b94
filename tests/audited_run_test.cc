// A finished run from two sides. Behind a port it gives the answers that its folder gives. Before
// the auditor that users get, it agrees in every table that the registry prints; and the auditor
// notices a byte that flips, a batch that is gone, and a value that somebody changed.

#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/capclear_process.h"
#include "tests/served_process.h"

namespace ets {
namespace {

using ::testing::HasSubstr;

// A run of 2025 and 2026 with few firms, exported once for all tests here.
class AuditedRun : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TestFolder;
    WriteSmallPopulation(In("firms.csv"));
    ASSERT_EQ(Capclear(SmallRun(In("firms.csv"), In("run"))).code, 0);
    const Said said =
        Capclear({"registry", "export", "--data", In("run"), "--out", In("journal.bin")});
    ASSERT_EQ(said.code, 0) << said.err;
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string In(const std::string& name) { return *folder_ / name; }
  // One of the registry's tables, as json in a file.
  static std::string Table(const std::string& name, std::vector<std::string> verb) {
    verb.insert(verb.begin(), "registry");
    verb.insert(verb.end(), {"--data", In("run"), "--output", "json"});
    const Said said = Capclear(verb);
    EXPECT_EQ(said.code, 0) << said.err;
    Write(In(name), said.out);
    return In(name);
  }
  static Said Audit(const std::string& journal, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"python3", "clients/python/capclear_audit", journal});
    return RunCommand(options);
  }
  // The export's bytes, changed.
  template <typename Change>
  static std::string Changed(const Change& change) {
    std::string bytes = Contents(In("journal.bin"));
    change(bytes);
    Write(In("changed.bin"), bytes);
    return In("changed.bin");
  }

 private:
  static TestFolder* folder_;
};
TestFolder* AuditedRun::folder_ = nullptr;

TEST_F(AuditedRun, GivesTheSameAnswersBehindAPort) {
  const Served served({"--data", In("run"), "--read-only", "--no-auth"});
  const std::vector<std::string> verbs[] = {
      {"accounts", "--firm", "12"},
      {"balance"},
      {"balance", "--as-of", "2025-12-31"},
      {"balance", "--firm", "12"},
      {"transfers", "--limit", "20"},
      {"transfers", "--firm", "12", "--from", "2026-01-01", "--code", "surrender"},
      {"serials", "--account", "40"},
      {"freeze"},
      {"tasks"},
      {"tasks", "--pending"},
      {"emissions", "--firm", "12", "--year", "2025"},
      {"compliance"},
      {"compliance", "--year", "2025"},
      {"allocate"},
      {"principal"},
      {"profiles"},
      {"replay"},
      {"verify"},
      {"balance", "--account", "99999"},
      {"balance", "--as-of", "2035-01-01"},
  };
  for (const auto& verb : verbs) {
    Said said[2];
    const std::vector<std::string> places[] = {{"--data", In("run")},
                                               {"--server", served.address()}};
    for (std::size_t i = 0; i < 2; ++i) {
      std::vector<std::string> line = verb;
      line.insert(line.begin(), "registry");
      line.insert(line.end(), places[i].begin(), places[i].end());
      line.insert(line.end(), {"--output", "json"});
      said[i] = Capclear(line);
    }
    EXPECT_EQ(said[0].code, said[1].code) << ::testing::PrintToString(verb) << said[1].err;
    EXPECT_EQ(said[0].out, said[1].out) << ::testing::PrintToString(verb);
    EXPECT_EQ(said[0].err, said[1].err) << ::testing::PrintToString(verb);
  }
  const Said exported = Capclear(
      {"registry", "export", "--server", served.address(), "--out", In("from-server.bin")});
  EXPECT_EQ(exported.code, 0) << exported.err;
  EXPECT_TRUE(Contents(In("from-server.bin")) == Contents(In("journal.bin")));
}

TEST_F(AuditedRun, IsEvidenceThatNoVerbChanges) {
  const std::vector<std::string> changes[] = {
      {"transfer", "--from", "1", "--to", "2", "--unit", "CEA25", "--amount", "1"},
      {"surrender", "--account", "40", "--year", "2025", "--amount", "1"},
      {"clock", "--to", "2030-01-01"},
      {"account", "--open", "trading", "--firm", "900000"},
  };
  for (const auto& change : changes) {
    std::vector<std::string> line = change;
    line.insert(line.begin(), "registry");
    line.insert(line.end(), {"--data", In("run")});
    const Said said = Capclear(line);
    EXPECT_EQ(said.code, 2) << ::testing::PrintToString(change);
    EXPECT_THAT(said.err, HasSubstr("evidence"));
  }
  const Said verified = Capclear({"registry", "verify", "--data", In("run")});
  EXPECT_EQ(verified.code, 0) << verified.err;
}

TEST_F(AuditedRun, AgreesInEveryTableAndInTheChainHead) {
  const Said said = Audit(In("journal.bin"),
                          {"--run", In("run/run.json"),                               //
                           "--expect", Table("totals.json", {"balance"}),             //
                           "--expect", Table("balances.json", {"balance", "--all"}),  //
                           "--expect", Table("status.json", {"compliance"}),          //
                           "--expect", Table("years.json", {"compliance", "--year", "2019-2027"})});
  EXPECT_EQ(said.code, 0) << said.out << said.err;
  EXPECT_THAT(said.out, HasSubstr("tables_compared    4\n"));
}

TEST_F(AuditedRun, AgreesInTheStateOfAnyDay) {
  const Said replay = Capclear(
      {"registry", "replay", "--data", In("run"), "--as-of", "2025-12-31", "--output", "json"});
  ASSERT_EQ(replay.code, 0) << replay.err;
  const std::string sequence = nlohmann::json::parse(replay.out)["sequence"].dump();
  const Said said =
      Audit(In("journal.bin"), {"--as-of", sequence, "--expect",
                                Table("then.json", {"balance", "--all", "--as-of", "2025-12-31"})});
  EXPECT_EQ(said.code, 0) << said.out << said.err;
}

TEST_F(AuditedRun, DiffersFromATableThatSomebodyChanged) {
  nlohmann::json rows = nlohmann::json::parse(Contents(Table("rows.json", {"balance", "--all"})));
  const std::int64_t balance = rows[1]["balance"];
  rows[1]["balance"] = balance + 1;
  Write(In("rows.json"), rows.dump());
  const Said said = Audit(In("journal.bin"), {"--expect", In("rows.json")});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.out, HasSubstr("the journal gives " + std::to_string(balance) +
                                  ", the registry says " + std::to_string(balance + 1)));
}

TEST_F(AuditedRun, NoLongerHoldsTogetherWhenAByteFlips) {
  for (const double place : {0.1, 0.5, 0.9}) {
    const Said said = Audit(Changed([&](std::string& bytes) {
      bytes[static_cast<std::size_t>(place * static_cast<double>(bytes.size()))] ^= 0x10;
    }));
    EXPECT_EQ(said.code, 1) << place;
    EXPECT_THAT(said.out, HasSubstr("chain: ")) << place;
  }
}

TEST_F(AuditedRun, MissesABatchThatIsGone) {
  const Said first = Audit(Changed([](std::string& bytes) {
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data(), sizeof(size));
    bytes.erase(0, sizeof(size) + size);
  }));
  EXPECT_EQ(first.code, 1);
  EXPECT_THAT(first.out, HasSubstr("batch 1 is missing"));
  const Said last = Audit(Changed([](std::string& bytes) {
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data(), sizeof(size));
    constexpr std::size_t kEnd = 4 + 56;  // A length of 0 and the anchor.
    bytes.erase(sizeof(size) + size, bytes.size() - kEnd - sizeof(size) - size);
  }));
  EXPECT_EQ(last.code, 1);
  EXPECT_THAT(last.out, HasSubstr("acknowledged batches are missing"));
}

}  // namespace
}  // namespace ets
