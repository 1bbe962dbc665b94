// The registry's verbs from the outside, on a registry of two firms that the test sets up with
// them: what is done in a folder, what it refuses, what proves it, and that an auditor who shares
// no code with it comes to the same.

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/capclear_process.h"

namespace ets {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kAuditor = "clients/python/capclear_audit";

// A registry under a law, built by the program's own verbs.
class SmallRegistry : public ::testing::Test {
 protected:
  void SetUp() override {
    Done({"create", "--data", data(), "--profile", "sim", "--start", "2026-01-05"});
    for (const char* kind : {"issuance", "bank", "surrender", "cancellation", "allocation"}) {
      Done({"account", "--data", data(), "--open", kind});
    }
    for (const char* firm : {"7", "8"}) {
      Done({"account", "--data", data(), "--open", "holder", "--firm", firm});
    }
    Done({"unit", "--data", data(), "--unit", "CEA26", "--open", "--cap", "5000"});
    Done({"unit", "--data", data(), "--unit", "CEA26", "--issue", "1000", "--to", "4"});
    Done({"allocate", "--data", data(), "--from", "4", "--to", "5", "--unit", "CEA26", "--year",
          "2026", "--amount", "600"});
  }

  std::string data() const { return folder_ / "reg"; }
  std::string In(const std::string& name) const { return folder_ / name; }

  static Said Verb(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "registry");
    return Capclear(arguments);
  }
  static nlohmann::json Done(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--output", "json"});
    const Said said = Verb(arguments);
    EXPECT_EQ(said.code, 0) << ::testing::PrintToString(arguments) << said.err << said.out;
    return said.code == 0 ? nlohmann::json::parse(said.out) : nlohmann::json();
  }
  nlohmann::json Moved(const std::string& amount) const {
    return Done({"transfer", "--data", data(), "--from", "5", "--to", "6", "--unit", "CEA26",
                 "--amount", amount});
  }
  // What account holds of CEA26, in the state after a record or at the end.
  std::int64_t Held(const std::string& account, const std::string& as_of = "") const {
    std::vector<std::string> line = {"balance", "--data", data(), "--account",
                                     account,   "--unit", "CEA26"};
    if (!as_of.empty()) line.insert(line.end(), {"--as-of", as_of});
    const nlohmann::json rows = Done(line);
    return rows.empty() ? 0 : rows[0]["balance"].get<std::int64_t>();
  }

 private:
  const TestFolder folder_;
};

TEST_F(SmallRegistry, MovesUnitsDurablyAndTellsEveryStateOfThePast) {
  const std::string before = Done({"replay", "--data", data()})["sequence"].dump();
  const nlohmann::json moved = Moved("100");
  EXPECT_EQ(moved["outcome"], "applied");
  EXPECT_EQ(Held("6"), 100);
  EXPECT_EQ(Held("5"), 500);
  EXPECT_EQ(Held("6", before), 0);
  EXPECT_EQ(Held("6", moved["sequence"].dump()), 100);
  EXPECT_EQ(Held("6", "2026-01-05"), 100) << "the end of a day that is not over is now";
}

TEST_F(SmallRegistry, RefusesWithTheFirstBrokenRuleAndChangesNothing) {
  const nlohmann::json before = Done({"balance", "--data", data(), "--all"});
  const Said said = Verb({"transfer", "--data", data(), "--from", "5", "--to", "6", "--unit",
                          "CEA26", "--amount", "601"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err,
              AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("601"), HasSubstr("600")));
  EXPECT_EQ(Done({"balance", "--data", data(), "--all"}), before);
}

TEST_F(SmallRegistry, ValidatesWithoutDoing) {
  const std::vector<std::string> line = {"transfer", "--data",   data(), "--from",
                                         "5",        "--to",     "6",    "--unit",
                                         "CEA26",    "--amount", "600",  "--validate-only"};
  EXPECT_EQ(Done(line)["outcome"], "would be applied");
  EXPECT_EQ(Held("6"), 0);
}

TEST_F(SmallRegistry, AppliesARequestOnceHoweverOftenItIsSent) {
  const std::vector<std::string> line = {"transfer",
                                         "--data",
                                         data(),
                                         "--from",
                                         "5",
                                         "--to",
                                         "6",
                                         "--unit",
                                         "CEA26",
                                         "--amount",
                                         "10",
                                         "--request-id",
                                         "123e4567-e89b-42d3-a456-426614174000"};
  const nlohmann::json first = Done(line);
  EXPECT_EQ(Done(line), first);
  EXPECT_EQ(Held("6"), 10);
  std::vector<std::string> other = line;
  other[10] = "11";
  const Said said = Verb(other);
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, HasSubstr("ALREADY_EXISTS"));
}

TEST_F(SmallRegistry, MovesManyInOneRecordAndNamesTheLineThatIsWrong) {
  Write(In("many.csv"), "debit,credit,unit,amount\n5,6,CEA26,1\n5,6,CEA26,900\n6,5,CEA26,1\n");
  const nlohmann::json done = Done({"transfer", "--data", data(), "--file", In("many.csv")});
  EXPECT_EQ(done["transfers"], 2);
  EXPECT_EQ(done["item_2"], "INSUFFICIENT_HOLDING");
  EXPECT_EQ(Held("5"), 600);
  Write(In("wrong.csv"), "debit,credit,unit,amount\n5,6,CEA26,1\n5,6,CEA26,-1\n");
  const Said said = Verb({"transfer", "--data", data(), "--file", In("wrong.csv")});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("wrong.csv:3: amount is '-1'; allowed: 1 to "));
}

TEST_F(SmallRegistry, ReservesAndPostsAPartOfIt) {
  const nlohmann::json reserved = Done({"transfer", "--data", data(), "--from", "5", "--to", "6",
                                        "--unit", "CEA26", "--amount", "100", "--reserve"});
  const std::string pending = reserved["pending"].dump();
  const nlohmann::json rows = Done({"balance", "--data", data(), "--account", "5"});
  EXPECT_EQ(rows[0]["available"], 500);
  Done({"transfer", "--data", data(), "--post", pending, "--amount", "40"});
  EXPECT_EQ(Held("6"), 40);
  EXPECT_EQ(Done({"tasks", "--data", data(), "--pending"})[0]["posted"], 40);
  const Said again = Verb({"transfer", "--data", data(), "--void", pending});
  EXPECT_EQ(again.code, 1);
}

TEST_F(SmallRegistry, FreezesAndLifts) {
  const nlohmann::json frozen = Done({"freeze", "--data", data(), "--account", "5", "--unit",
                                      "CEA26", "--amount", "550", "--authority", "a court"});
  const Said said = Verb({"transfer", "--data", data(), "--from", "5", "--to", "6", "--unit",
                          "CEA26", "--amount", "100"});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(Done({"freeze", "--data", data(), "--active"})[0]["authority"], "a court");
  Done({"freeze", "--data", data(), "--lift", frozen["freeze"].dump()});
  Moved("100");
}

TEST_F(SmallRegistry, ClosesAYear) {
  Done({"clock", "--data", data(), "--to", "2027-03-01T00:00"});
  Write(In("emissions.csv"), "entity,emissions\n7,500\n8,20\n");
  const nlohmann::json run = Done({"compliance", "--data", data(), "--year", "2026", "--run",
                                   "--emissions", In("emissions.csv")});
  EXPECT_EQ(run["firms"], 2);
  EXPECT_EQ(run["shortfall"], 20);
  const nlohmann::json years = Done({"compliance", "--data", data(), "--year", "2026"});
  EXPECT_EQ(years[0]["symbol"], "compliant");
  EXPECT_EQ(years[1]["symbol"], "short");
  EXPECT_EQ(Done({"compliance", "--data", data(), "--symbol", "B"}).size(), 1U);
  EXPECT_EQ(Done({"emissions", "--data", data(), "--firm", "8", "--year", "2026"})[0]["emissions"],
            20);
}

TEST_F(SmallRegistry, PaysAnAllocationPlan) {
  Write(In("plan.csv"), "entity,year,amount\n7,2026,100\n8,2026,200\n");
  EXPECT_EQ(Done({"allocate", "--data", data(), "--plan", In("plan.csv")})["entitlements"], 2);
  const nlohmann::json run = Done(
      {"allocate", "--data", data(), "--run", "--year", "2026", "--from", "4", "--unit", "CEA26"});
  EXPECT_EQ(run["allocated"], 300);
  EXPECT_EQ(Done({"allocate", "--data", data(), "--year", "2026"})[1]["allocated"], 200);
}

TEST_F(SmallRegistry, KnowsWhichSerialsAreWhere) {
  Moved("100");
  const nlohmann::json rows = Done({"serials", "--data", data(), "--account", "6"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["count"], 100);
  EXPECT_EQ(rows[0]["unit"], "CEA26");
  EXPECT_EQ(rows[0]["account"], 6);
}

TEST_F(SmallRegistry, IsForkedUnderAnotherLawAndTheParentStays) {
  Moved("100");
  const nlohmann::json before = Done({"replay", "--data", data()});
  Write(In("strict.profile"), "name = strict\ntransfers.four_eyes = true\n");
  const nlohmann::json fork =
      Done({"fork", "--data", data(), "--out", In("what-if"), "--profile", In("strict.profile")});
  EXPECT_EQ(fork["parent_head"], before["chain_head"]);
  EXPECT_THAT(Verb({"profiles", "--data", In("what-if"), "--text"}).out,
              HasSubstr("name = strict\n"));
  EXPECT_EQ(Done({"diff", data(), In("what-if")}).size(), 0U);
  Done({"transfer", "--data", In("what-if"), "--from", "5", "--to", "6", "--unit", "CEA26",
        "--amount", "7"});
  EXPECT_THAT(Done({"diff", data(), In("what-if")}).dump(),
              AllOf(HasSubstr("accounts/5/holdings/CEA26"), HasSubstr("\"107\"")));
  EXPECT_EQ(Done({"replay", "--data", data()}), before);
  const Said there = Verb({"fork", "--data", data(), "--out", In("what-if")});
  EXPECT_EQ(there.code, 2);
}

TEST_F(SmallRegistry, IsBackedUpRestoredAndTheSame) {
  Moved("100");
  const nlohmann::json before = Done({"replay", "--data", data()});
  Done({"backup", "--data", data(), "--out", In("backup")});
  EXPECT_EQ(Done({"restore", "--backup", In("backup"), "--drill"})["state_hash"],
            before["state_hash"]);
  EXPECT_FALSE(fs::exists(In("backup.drill")));
  Done({"restore", "--backup", In("backup"), "--data", In("again")});
  EXPECT_EQ(Done({"replay", "--data", In("again")}), before);
  EXPECT_EQ(Verb({"restore", "--backup", In("backup"), "--data", In("again")}).code, 2);
}

TEST_F(SmallRegistry, KnowsFirmsTheirYearsAndTheirGroups) {
  Done({"firms", "--data", data(), "--firm", "7", "--first-year", "2026", "--group", "3"});
  Done({"firms", "--data", data(), "--firm", "7", "--last-year", "2030"});
  Done({"firms", "--data", data(), "--firm", "7", "--exclude", "2027"});
  const nlohmann::json firms = Done({"firms", "--data", data()});
  ASSERT_EQ(firms.size(), 2U);
  EXPECT_EQ(firms[0], (nlohmann::json{{"entity", 7},
                                      {"first_year", 2026},
                                      {"last_year", 2030},
                                      {"group", 3},
                                      {"excluded_years", "2027"}}));
  Done({"firms", "--data", data(), "--firm", "7", "--include", "2027"});
  EXPECT_EQ(Done({"firms", "--data", data(), "--firm", "7"})[0]["excluded_years"], "");
  EXPECT_EQ(Verb({"firms", "--data", data(), "--group", "3"}).code, 2);
  EXPECT_EQ(Verb({"firms", "--data", data(), "--firm", "99"}).code, 2);
}

TEST_F(SmallRegistry, ShowsWhomAnAccountTrustsAndWhetherItMayLeaveTheList) {
  Done({"account", "--data", data(), "--account", "5", "--trust", "6"});
  const nlohmann::json trusted =
      Done({"accounts", "--data", data(), "--account", "5", "--trusted"});
  ASSERT_EQ(trusted.size(), 1U);
  EXPECT_EQ(trusted[0]["target"], 6);
  EXPECT_EQ(trusted[0]["active"], true);
  Done(
      {"account", "--data", data(), "--account", "5", "--may", "send", "--may-leave-trusted-list"});
  EXPECT_EQ(Done({"accounts", "--data", data(), "--account", "5"})[0]["may_leave_list"], true);
}

TEST_F(SmallRegistry, NamesEachTransferAsReverseTakesIt) {
  Write(In("many.csv"), "debit,credit,unit,amount\n5,6,CEA26,1\n5,6,CEA26,2\n");
  const nlohmann::json moved = Done({"transfer", "--data", data(), "--file", In("many.csv")});
  const nlohmann::json rows = Done({"transfers", "--data", data(), "--firm", "8"});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1]["sequence"], moved["sequence"]);
  EXPECT_EQ(rows[1]["index"], 1);
  EXPECT_EQ(rows[1]["amount"], 2);
}

TEST_F(SmallRegistry, TakesOneChangeAtATimeAndNoStateBeforeItsFirstDay) {
  const std::vector<std::string> in = {"--data", data()};
  const auto code = [&](std::vector<std::string> line) {
    line.insert(line.begin() + 1, in.begin(), in.end());
    return Verb(line).code;
  };
  EXPECT_EQ(code({"account", "--account", "5", "--trust", "6", "--close"}), 2);
  EXPECT_EQ(code({"account", "--open", "holder"}), 2) << "whose?";
  EXPECT_EQ(code({"unit", "--unit", "CEA26", "--issue", "1", "--to", "4", "--expire"}), 2);
  EXPECT_EQ(code({"transfer", "--post", "1", "--void", "1"}), 2);
  EXPECT_EQ(code({"transfers", "--limit", "-1"}), 2);
  for (const char* verb : {"accounts", "balance", "transfers", "compliance", "replay"}) {
    EXPECT_EQ(code({verb, "--as-of", "2026-01-03"}), 2) << verb;
  }
}

TEST_F(SmallRegistry, VerifiesAndReconciles) {
  Moved("100");
  EXPECT_EQ(Verb({"verify", "--data", data()}).code, 0);
  EXPECT_EQ(Done({"reconcile", "--data", data()}).size(), 0U);
}

TEST_F(SmallRegistry, AgreesWithAnAuditorWhoSharesNoCodeWithIt) {
  Moved("100");
  Done({"transfer", "--data", data(), "--from", "5", "--to", "6", "--unit", "CEA26", "--amount",
        "30", "--reserve"});
  Done({"freeze", "--data", data(), "--account", "6", "--unit", "CEA26", "--amount", "5",
        "--authority", "a court"});
  Done({"emissions", "--data", data(), "--firm", "7", "--year", "2026", "--verify", "50"});
  Done({"surrender", "--data", data(), "--account", "5", "--year", "2026", "--amount", "50"});
  Done({"export", "--data", data(), "--out", In("journal.bin")});
  std::vector<std::string> audit = {"python3", kAuditor, In("journal.bin")};
  const std::pair<const char*, std::vector<std::string>> tables[] = {
      {"totals.json", {"balance"}},
      {"balances.json", {"balance", "--all"}},
      {"years.json", {"compliance", "--year", "2026"}},
      {"status.json", {"compliance"}}};
  for (const auto& [name, verb] : tables) {
    std::vector<std::string> line = verb;
    line.insert(line.end(), {"--data", data()});
    Write(In(name), Done(line).dump());
    audit.insert(audit.end(), {"--expect", In(name)});
  }
  const Said agrees = RunCommand(audit);
  EXPECT_EQ(agrees.code, 0) << agrees.out << agrees.err;

  std::string wrong = Contents(In("balances.json"));
  wrong.replace(wrong.find("\"balance\":450"), 13, "\"balance\":451");
  Write(In("balances.json"), wrong);
  const Said differs = RunCommand(audit);
  EXPECT_EQ(differs.code, 1);
  EXPECT_THAT(differs.out, HasSubstr("balances of 5 CEA26: balance: the journal gives 450"));
}

TEST_F(SmallRegistry, TellsWhatItCannotReadAndWhatIsAllowed) {
  const std::pair<std::vector<std::string>, const char*> mistakes[] = {
      {{"balance", "--data", data(), "--as-of", "yesterday"}, "is no state"},
      {{"balance", "--data", data(), "--as-of", "99999"}, "99999"},
      {{"balance", "--data", data(), "--as-of", "2031-01-01"},
       "; allowed: from 2026-01-04T16:00:00Z, where the registry begins, to 2026-01-04T16:"},
      {{"transfer", "--data", data(), "--from", "5", "--to", "6", "--unit", "CEA27", "--amount",
        "1"},
       "LEDGER_NOT_FOUND: no ledger of that unit: ledgers/CEA-2027"},
      {{"restore", "--backup", In("nowhere"), "--data", In("new")}, "allowed: the folder of a run"},
      {{"balance", "--data", data(), "--account", "99"}, "NOT_FOUND"},
      {{"balance", "--data", data(), "--unit", "CEA99x"}, "is no unit"},
      {{"transfer", "--data", data()}, "--from, --to, --unit and --amount"},
      {{"compliance", "--data", data(), "--year", "26"}, "is no year"},
      {{"profiles", "nowhere"}, "no file and no profile; one of "},
      {{"create", "--data", data()}, "holds a registry already"},
      {{"balance"}, "--data"},
      {{"balance", "--data", data(), "--server", "127.0.0.1:1"}, "--server"},
  };
  for (const auto& [line, said_so] : mistakes) {
    const Said said = Verb(line);
    EXPECT_EQ(said.code, 2) << ::testing::PrintToString(line) << said.out;
    EXPECT_THAT(said.err + said.out, HasSubstr(said_so)) << ::testing::PrintToString(line);
  }
}

TEST_F(SmallRegistry, SaysTimesAsTimesAndReasonsByTheirNames) {
  const Said back = Verb({"clock", "--data", data(), "--to", "2020-01-01T08:00"});
  EXPECT_EQ(back.code, 1);
  EXPECT_THAT(back.err, AllOf(HasSubstr("FAILED_PRECONDITION TIME_GOES_BACK: "),
                              HasSubstr("asked 2020-01-01T00:00:00Z"),
                              HasSubstr("limit 2026-01-04T16:00:00Z")));
}

TEST_F(SmallRegistry, PrintsTablesThatFitALine) {
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"profiles"}, {"accounts"}, {"balance", "--all"}, {"transfers"}}) {
    std::vector<std::string> line = verb;
    line.insert(line.end(), {"--data", data()});
    std::stringstream out(Verb(line).out);
    for (std::string row; std::getline(out, row);) EXPECT_LE(row.size(), 180U) << row;
  }
}

TEST_F(SmallRegistry, PrintsCsvThatASpreadsheetReads) {
  Done({"freeze", "--data", data(), "--account", "5", "--unit", "CEA26", "--amount", "5",
        "--authority", "a court, \"the\" one"});
  const Said said = Verb({"freeze", "--data", data(), "--output", "csv"});
  EXPECT_THAT(said.out, HasSubstr("1,5,CEA26,5,yes,,\"a court, \"\"the\"\" one\"\n"));
}

TEST(ServerOption, SaysThatNobodyIsThereAndHowToSendTheSameAgain) {
  const Said said = Capclear({"registry", "transfer", "--server", "127.0.0.1:1", "--from", "1",
                              "--to", "2", "--unit", "CEA26", "--amount", "1", "--timeout", "2"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("--request-id")));
}

}  // namespace
}  // namespace ets
