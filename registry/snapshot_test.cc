#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class SnapshotTest : public Desk {
 protected:
  std::string Saved() const {
    std::string bytes;
    registry_.Save(bytes);
    return bytes;
  }
};

TEST_F(SnapshotTest, GoesOnExactlyAsTheSavedOneWould) {
  Person(1);
  Must(SetGrant{1, is_.holder, kMayRead});
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(AddTrusted{is_.holder, is_.other_holder});
  Must(ReserveTransfer{{is_.holder, is_.other_holder, is_.cea25, 10}, 5'000});
  Must(Freeze{is_.holder, is_.cea25, 10, 6'000, "a court"});
  Must(VerifyEmissions{0, 2025, Tonnes(30)});
  Must(Surrender{is_.holder, is_.cea25, 2025, 20});
  Must(SetEntitlement{0, 2026, 1, 5});
  Must(CancelUnits{is_.holder, is_.cea25, 1, "a forest", ""});
  Must(Settle{1, {{is_.escrow, is_.other_escrow, is_.cea25, is_.cny, 1, 0}}, {}});
  RequestKey request;
  request.id.fill('x');
  ASSERT_TRUE(registry_.Apply({}, Issue{is_.treasury, is_.cny, 1}, &request).ok());

  KeptJournal journal;
  auto outcome = Registry::Load(Saved(), &journal);
  ASSERT_TRUE(outcome.ok()) << outcome.error();
  Registry& loaded = outcome.value();
  EXPECT_EQ(loaded.sequence(), registry_.sequence());
  EXPECT_EQ(loaded.profile(), registry_.profile());
  EXPECT_EQ(loaded.FindRequest(request.id)->sequence, registry_.sequence());
  EXPECT_EQ(loaded.rights(1, is_.holder), kMayRead);
  EXPECT_EQ(loaded.certificate(1).beneficiary, "a forest");
  EXPECT_TRUE(loaded.is_trusted(is_.holder, is_.other_holder));
  // A settlement message is answered as before, by both.
  const Settle again{1, {{is_.escrow, is_.other_escrow, is_.cea25, is_.cny, 1, 0}}, {}};
  EXPECT_EQ(*loaded.Apply({}, again), *registry_.Apply({}, again));
  const std::vector<Command> commands = {
      AdvanceTo{5'500},
      AdvanceTo{7'000},
      SurrenderInOrder{is_.holder, 2025, 10},
      AssessCompliance{0, 2025},
      PostPending{1, 0},
      Plain(is_.holder, is_.other_holder, is_.cea25, 60),
      SetAccount{is_.holder},
      Plain(is_.holder, is_.other_holder, is_.cea25, 60),
  };
  for (const Command& command : commands) {
    Envelope envelope;
    envelope.sim_time = std::max<SimTime>(time_, 0);
    if (const auto* const advance = std::get_if<AdvanceTo>(&command)) time_ = advance->sim_time;
    envelope.sim_time = time_;
    const auto ours = registry_.Apply(envelope, command);
    const auto theirs = loaded.Apply(envelope, command);
    ASSERT_EQ(ours.ok(), theirs.ok());
    if (ours.ok()) {
      EXPECT_EQ(*ours, *theirs);
    }
    EXPECT_EQ(loaded.StateHash(), registry_.StateHash());
  }
  // The same records, byte for byte.
  const auto& records = journal_.records();
  ASSERT_EQ(journal.records().size(), commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const JournalRecord& mine = records[records.size() - commands.size() + i];
    EXPECT_EQ(journal.records()[i].payload, mine.payload);
    EXPECT_EQ(journal.records()[i].sequence, mine.sequence);
  }
  EXPECT_EQ(registry_.Check(ReverseTransfer{1, 0}), loaded.Check(ReverseTransfer{1, 0}));
}

TEST_F(SnapshotTest, RefusesBytesThatWereChangedOrCut) {
  Must(Issue{is_.holder, is_.cea25, 100});
  const std::string bytes = Saved();
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    EXPECT_FALSE(Registry::Load(flipped, nullptr).ok()) << "byte " << at;
    EXPECT_FALSE(Registry::Load(bytes.substr(0, at), nullptr).ok()) << "cut at " << at;
  }
  EXPECT_FALSE(Registry::Load(bytes + "x", nullptr).ok());
  EXPECT_EQ(Registry::Load("", nullptr).error(), "not a registry snapshot");
}

TEST_F(SnapshotTest, GivesTheSameBytesAgain) {
  Must(Issue{is_.holder, is_.cea25, 100});
  const std::string bytes = Saved();
  std::string again;
  Registry::Load(bytes, nullptr).value().Save(again);
  EXPECT_EQ(again, bytes);
}

// ---- Branches ----

TEST_F(SnapshotTest, BeginsABranchUnderAnotherLaw) {
  Must(Issue{is_.holder, is_.cea25, 100});
  EXPECT_EQ(registry_.branch(), "main");
  Profile other = TwoPeriods();
  other.name = "what-if";
  other.cap_binds = false;
  other.compliance = ComplianceRule::kCumulative;
  other.emissions_due = {4, 1};
  Must(SetEntity{0, 2024, 0, 0});
  Until(2025, 2, 1);
  Must(BeginBranch{"what-if", {}, ProfileText(other)});
  EXPECT_EQ(registry_.branch(), "what-if");
  EXPECT_EQ(registry_.profile(), other);
  EXPECT_EQ(SymbolOf(0), Symbol::kC);
  EXPECT_EQ(Local(registry_.next_due()).date, Date::Of(2025, 4, 1));
  Must(BeginBranch{"again", {}, ""});
  EXPECT_EQ(registry_.profile(), other);
  Until(2025, 4, 1);
  EXPECT_TRUE(registry_.account(is_.holder).blocked);
}

TEST_F(SnapshotTest, RefusesABranchWithoutNameOrWithoutLaw) {
  ExpectRefused(BeginBranch{"", {}, ""}, Refusal::kValueInvalid);
  ExpectRefused(BeginBranch{"Main", {}, ""}, Refusal::kValueInvalid);
  ExpectRefused(BeginBranch{std::string(65, 'a'), {}, ""}, Refusal::kValueInvalid);
  ExpectRefused(BeginBranch{"b", {}, "nonsense"}, Refusal::kValueInvalid);
}

}  // namespace
}  // namespace ets::registry
