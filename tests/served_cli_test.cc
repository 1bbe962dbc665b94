// The registry's verbs against a server at work: who may do what with which token, two persons for
// one transfer, a server that is killed between a request and its repetition, branches, and a
// person who asks too much.

#include <gmock/gmock.h>

#include "tests/served_registry.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Reg. (EU) 2019/1122 Art. 35(3): proposed before noon, not trusted: noon of the next working day.
TEST_F(ServedRegistry, MovesWhenASecondPersonHasAgreedAndTheDayHasCome) {
  const nlohmann::json proposed = Done("token1", Proposal("100"));
  EXPECT_EQ(proposed["completed"], false);
  EXPECT_EQ(Available("4"), 500);
  const std::string task = proposed["task"].dump();
  const Said own = As("token1", {"tasks", "--approve", task});
  EXPECT_EQ(own.code, 1);
  EXPECT_THAT(own.err, HasSubstr("PERMISSION_DENIED"));
  EXPECT_EQ(Done("token2", {"tasks", "--approve", task})["completed"], false);
  Done("operator", {"clock", "--to", "2026-03-03T11:59"});
  EXPECT_EQ(Available("5"), 0);
  Done("operator", {"clock", "--to", "2026-03-03T12:00"});
  EXPECT_EQ(Available("5"), 100);
  EXPECT_EQ(Done("token1", {"tasks"})[0]["state"], "completed");
}

TEST_F(ServedRegistry, SurrendersWhenASecondPersonHasAgreed) {
  const std::vector<std::string> line = {"surrender", "--account", "4",        "--unit", "CEA26",
                                         "--year",    "2026",      "--amount", "30"};
  EXPECT_THAT(As("token1", line).err, HasSubstr("PROPOSAL_REQUIRED"));
  std::vector<std::string> proposal = line;
  proposal.emplace_back("--propose");
  const nlohmann::json proposed = Done("token1", proposal);
  EXPECT_EQ(proposed["completed"], false);
  EXPECT_EQ(Done("token2", {"tasks", "--approve", proposed["task"].dump()})["completed"], true);
  EXPECT_EQ(Available("4"), 570);
  const nlohmann::json trusted =
      Done("token1", {"account", "--account", "4", "--trust", "5", "--propose"});
  Done("token2", {"tasks", "--approve", trusted["task"].dump()});
  EXPECT_EQ(Done("token1", {"accounts", "--account", "4", "--trusted"})[0]["active"], false);
}

TEST_F(ServedRegistry, TellsNobodyWithoutATokenAndHidesWhatIsNotTheirs) {
  Write(In("wrong"), "0123456789abcdef0123456789abcdef");
  const Said nobody = As("wrong", {"balance"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("UNAUTHENTICATED"));
  EXPECT_EQ(Done("token1", {"accounts"}).size(), 1U);
  const Said others = As("token1", {"balance", "--account", "5"});
  EXPECT_EQ(others.code, 2);
  EXPECT_THAT(others.err, HasSubstr("NOT_FOUND"));
  const Said issue = As("token1", {"unit", "--unit", "CEA26", "--issue", "1", "--to", "3"});
  EXPECT_EQ(issue.code, 1);
  EXPECT_THAT(issue.err, HasSubstr("PERMISSION_DENIED"));
}

TEST_F(ServedRegistry, TakesATokenFromTheEnvironmentUnlessAFileIsNamed) {
  setenv("CAPCLEAR_TOKEN", "0123456789abcdef0123456789abcdef", 1);
  EXPECT_THAT(Ask({"balance", "--account", "4"}, {}).err, HasSubstr("UNAUTHENTICATED"));
  Done("token1", {"balance", "--account", "4"});
  setenv("CAPCLEAR_TOKEN", Contents(In("token1")).c_str(), 1);
  const Said said = Ask({"balance", "--account", "4"}, {});
  unsetenv("CAPCLEAR_TOKEN");
  EXPECT_EQ(said.code, 0) << said.err;
}

TEST_F(ServedRegistry, AnswersARepetitionAfterItWasKilledAsItDidBefore) {
  std::vector<std::string> line = Proposal("100");
  line.insert(line.end(), {"--request-id", "123e4567-e89b-42d3-a456-426614174000"});
  const nlohmann::json first = Done("token1", line);
  served().Stop(SIGKILL);
  Serve();
  EXPECT_EQ(Done("token1", line), first);
  EXPECT_EQ(Available("4"), 500);
  EXPECT_EQ(Done("operator", {"verify"})["chain_head"].get<std::string>().size(), 64U);
  EXPECT_EQ(Done("operator", {"reconcile"}).size(), 0U);
}

TEST_F(ServedRegistry, IsForkedComparedAndBackedUpWhileItWorks) {
  Write(In("easy.profile"), "name = easy\n");
  Done("operator", {"fork", "--name", "easy", "--profile", In("easy.profile")});
  const nlohmann::json moved = Done("operator", {"transfer", "--from", "4", "--to", "5", "--unit",
                                                 "CEA26", "--amount", "70", "--branch", "easy"});
  EXPECT_EQ(moved["outcome"], "applied");
  EXPECT_EQ(Available("5"), 0);
  EXPECT_THAT(Done("operator", {"diff", "main", "easy"}).dump(),
              AllOf(HasSubstr("accounts/5/holdings/CEA"), HasSubstr("\"70\"")));
  const nlohmann::json backup = Done("operator", {"backup", "--name", "monday"});
  const Said restored =
      Capclear({"registry", "restore", "--backup",
                data() + "/" + backup["folder"].get<std::string>(), "--data", In("again")});
  EXPECT_EQ(restored.code, 0) << restored.err;
}

TEST_F(ServedRegistry, LetsAPersonWaitWhoAsksTooMuch) {
  Serve({"--rate", "5", "--overdraft", "1"});
  for (int i = 0; i < 3; ++i) Done("token1", {"balance", "--account", "4"});
  std::vector<std::string> line = {
      "registry",         "balance",      "--account",  "4",         "--server",
      served().address(), "--token-file", In("token1"), "--timeout", "0.05"};
  const Said hasty = Capclear(line);
  EXPECT_EQ(hasty.code, 1);
  EXPECT_THAT(hasty.err, HasSubstr("RESOURCE_EXHAUSTED"));
}

TEST_F(ServedRegistry, IsLeftAloneByWhoWouldChangeItsFolderMeanwhile) {
  const Said said = Capclear({"registry", "clock", "--data", data(), "--to", "2026-04-01"});
  EXPECT_NE(said.code, 0);
  Done("operator", {"clock", "--to", "2026-03-02T12:00"});
  const Said looks = Capclear({"registry", "balance", "--data", data()});
  EXPECT_EQ(looks.code, 0) << looks.err;
}

}  // namespace
}  // namespace ets
