// Who may do what on a served registry, program against program: roles, grants account by account,
// rates and deadlines; and what happens when the server's disk takes nothing more.

#include <gmock/gmock.h>

#include <csignal>

#include "tests/served_registry.h"

namespace ets {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr const char* kId = "123e4567-e89b-42d3-a456-426614174000";

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class ServedRights : public ServedRegistry {
 protected:
  // Somebody more, with the token `who`.
  void Enrol(const std::string& who, const std::string& role) {
    Done("operator", {"principal", "--set", std::to_string(++last_), "--role", role, "--name", who,
                      "--new-token", In(who)});
  }
  void Grant(const std::string& account, const std::string& rights) {
    Done("operator",
         {"principal", "--set", std::to_string(last_), "--account", account, "--rights", rights});
  }
  // What became of it, by the first word of what was said.
  std::string Outcome(const std::string& who, const Words& line) {
    const Said said = As(who, line);
    return said.code == 0 ? "done" : said.err.substr(0, said.err.find_first_of(": "));
  }

 private:
  int last_ = 2;
};

// Reg. (EU) 2019/1122 Art. 20: rights are given account by account.
TEST_F(ServedRights, ReachAsFarAsTheGrantOnEachAccount) {
  Enrol("reads", "holder");
  Grant("4", "read");
  Enrol("proposes", "holder");
  Grant("4", "read,initiate");
  Enrol("agrees", "holder");
  Grant("4", "read,approve");
  Enrol("elsewhere", "holder");
  Grant("5", "read,initiate,approve");

  const Words looks = {"balance", "--account", "4"};
  for (const char* who : {"reads", "proposes", "agrees"}) EXPECT_EQ(Outcome(who, looks), "done");
  EXPECT_EQ(Outcome("elsewhere", looks), "NOT_FOUND");
  EXPECT_EQ(Outcome("elsewhere", {"balance", "--account", "5"}), "done");

  EXPECT_EQ(Outcome("reads", Proposal("10")), "PERMISSION_DENIED");
  EXPECT_EQ(Outcome("agrees", Proposal("10")), "PERMISSION_DENIED");
  EXPECT_EQ(Outcome("elsewhere", Proposal("10")), "NOT_FOUND") << "as an account that is not there";
  const std::string task = Done("proposes", Proposal("10"))["task"].dump();
  const Words agrees = {"tasks", "--approve", task};
  EXPECT_EQ(Outcome("reads", agrees), "PERMISSION_DENIED");
  EXPECT_EQ(Outcome("elsewhere", agrees), "NOT_FOUND") << "as a task that is not there";
  EXPECT_EQ(Outcome("agrees", agrees), "done");
  EXPECT_EQ(Outcome("agrees", {"surrender", "--account", "4", "--year", "2026", "--amount", "1"}),
            "PERMISSION_DENIED");
  EXPECT_EQ(Available("4"), 590);
}

TEST_F(ServedRights, EndWithTheGrant) {
  Enrol("proposes", "holder");
  Grant("4", "read,initiate");
  EXPECT_EQ(Outcome("proposes", Proposal("10")), "done");
  Grant("4", "none");
  EXPECT_EQ(Outcome("proposes", Proposal("10")), "NOT_FOUND");
  EXPECT_EQ(Outcome("proposes", {"balance", "--account", "4"}), "NOT_FOUND");
}

TEST_F(ServedRights, AreThoseOfTheRole) {
  const std::string no = "PERMISSION_DENIED";
  const std::string none = "NOT_FOUND";  // As what is not there.
  const Words trial = {"--validate-only"};
  const Words acts[] = {
      Words{"unit", "--unit", "CEA26", "--issue", "1", "--to", "3"} + trial,
      Words{"account", "--open", "holder", "--firm", "9"} + trial,
      Words{"freeze", "--account", "4", "--unit", "CEA26", "--amount", "1", "--authority", "it"} +
          trial,
      Words{"emissions", "--firm", "7", "--year", "2026", "--verify", "5"} + trial,
      Words{"clock", "--to", "2026-03-02T11:31"} + trial,
      Words{"transfer", "--from", "4", "--to", "5", "--unit", "CEA26", "--amount", "1"} + trial,
      {"balance", "--account", "4"},
      {"reconcile"},
      {"verify"},
  };
  const std::pair<std::string, Words> outcomes[] = {
      {"authority", {"done", no, no, "done", "done", "done", "done", no, "done"}},
      {"registry_admin", {no, "done", "done", no, no, "done", "done", "done", "done"}},
      {"regulator", {no, no, "done", no, no, no, "done", no, "done"}},
      {"auditor", {no, no, no, no, no, no, "done", "done", "done"}},
      {"verifier", {no, no, no, "done", no, none, none, no, no}},
      {"exchange", {no, no, no, no, no, "done", "done", no, no}},
      {"holder", {no, no, no, no, no, none, none, no, no}},
  };
  for (const auto& [role, expected] : outcomes) {
    Enrol(role, role);
    for (std::size_t act = 0; act < std::size(acts); ++act) {
      EXPECT_EQ(Outcome(role, acts[act]), expected[act])
          << role << ::testing::PrintToString(acts[act]);
    }
  }
}

TEST_F(ServedRights, OfAPersonWaitAndThoseOfASystemDoNot) {
  Enrol("exchange", "exchange");
  Serve({"--rate", "1", "--overdraft", "2"});
  const Words looks = {"balance", "--account", "4"};
  std::string last;
  for (int i = 0; i < 3 && last != "RESOURCE_EXHAUSTED"; ++i) {
    const Said said = Ask(looks, {"--token-file", In("token1"), "--timeout", "0.5"});
    last = said.code == 0 ? "done" : said.err.substr(0, said.err.find_first_of(": "));
  }
  EXPECT_EQ(last, "RESOURCE_EXHAUSTED");
  EXPECT_EQ(Outcome("token2", looks), "done") << "everybody has a bucket of their own";
  EXPECT_EQ(Outcome("token1", looks), "done") << "who has patience is let in";
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(Ask(looks, {"--token-file", In("exchange"), "--timeout", "0.5"}).code, 0);
  }
}

TEST_F(ServedRights, LeaveWhatCameTooLateToBeAskedAgain) {
  const Words line = Proposal("100") + Words{"--request-id", kId};
  const Said late = Ask(line, {"--token-file", In("token1"), "--timeout", "0.001"});
  EXPECT_EQ(late.code, 1) << late.out;
  EXPECT_THAT(late.err,
              AllOf(HasSubstr("DEADLINE_EXCEEDED"), HasSubstr(std::string("--request-id ") + kId)));
  const nlohmann::json first = Done("token1", line);
  EXPECT_EQ(Done("token1", line), first);
  EXPECT_EQ(Available("4"), 500) << "proposed once";
}

class FullDisk : public ServedRegistry {
 protected:
  void SetUp() override {
    std::signal(SIGXFSZ, SIG_IGN);  // A file that may not grow is an error, not the end.
    ServedRegistry::SetUp();
  }
  void TearDown() override { std::signal(SIGXFSZ, SIG_DFL); }
};

TEST_F(FullDisk, StopsTheServerUntilItsJournalIsFoundWhole) {
  const Words line = Proposal("100") + Words{"--request-id", kId};
  served().LimitFileSize(1);
  const Said lost = As("token1", line);
  EXPECT_EQ(lost.code, 1);
  EXPECT_THAT(lost.err,
              AllOf(HasSubstr("UNAVAILABLE"), HasSubstr(std::string("--request-id ") + kId)));
  EXPECT_EQ(served().Wait(), 1);
  EXPECT_NE(served().error(), "");

  const Said again = Capclear({"serve", "registry", "--data", data(), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, AllOf(HasSubstr("POISONED"), HasSubstr("--clear-poison")));
  const Said changes = Capclear({"registry", "clock", "--data", data(), "--to", "2026-04-01"});
  EXPECT_EQ(changes.code, 1);
  EXPECT_THAT(changes.err, HasSubstr("--clear-poison"));
  const Said verified = Capclear({"registry", "verify", "--data", data()});
  EXPECT_EQ(verified.code, 1);
  EXPECT_THAT(verified.err, HasSubstr("--clear-poison"));
  InFolder({"verify", "--clear-poison"});
  InFolder({"verify"});

  Serve();
  const nlohmann::json first = Done("token1", line);
  EXPECT_EQ(Done("token1", line), first);
  EXPECT_EQ(Available("4"), 500) << "proposed once, before or after";
}

TEST_F(FullDisk, KeepsItsMarkOnAJournalThatIsNotWhole) {
  Done("token1", Proposal("5"));
  served().LimitFileSize(1);
  EXPECT_EQ(As("token1", Proposal("100")).code, 1);
  EXPECT_EQ(served().Wait(), 1);
  // The newest log loses its end, which was acknowledged.
  fs::path newest;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(data())) {
    if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
    if (newest.empty() || entry.last_write_time() > fs::last_write_time(newest)) newest = entry;
  }
  ASSERT_FALSE(newest.empty());
  fs::resize_file(newest, fs::file_size(newest) - 1);
  EXPECT_EQ(Capclear({"registry", "verify", "--data", data(), "--clear-poison"}).code, 1);
  EXPECT_EQ(Capclear({"serve", "registry", "--data", data(), "--listen", "127.0.0.1:0"}).code, 1);
}

}  // namespace
}  // namespace ets
