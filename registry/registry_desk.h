#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "registry/codec.h"
#include "registry/registry.h"
#include "registry/registry_fixture.h"

namespace ets::registry {

// A registry under a law, with what a scheme opens on its first day, and the ways in which tests
// use it. At the end of each test its invariants hold, its journal replays to the same state, and
// so does a snapshot.
class Desk : public testing::Test {
 protected:
  explicit Desk(const Profile& law = TwoPeriods())
      : law_(law), registry_(law, &journal_), is_(OpenScheme(registry_)) {}

  void TearDown() override {
    registry_.CheckInvariants();
    Registry replayed(law_, nullptr);
    for (const JournalRecord& record : journal_.records()) {
      ASSERT_EQ(replayed.Replay(record), "") << "record " << record.sequence;
    }
    EXPECT_EQ(replayed.StateHash(), registry_.StateHash());
    std::string snapshot;
    registry_.Save(snapshot);
    const auto loaded = Registry::Load(snapshot, nullptr);
    ASSERT_TRUE(loaded.ok()) << loaded.error();
    EXPECT_EQ(loaded->StateHash(), registry_.StateHash());
    EXPECT_EQ(loaded->next_due(), registry_.next_due());
    loaded->CheckInvariants();
  }

  // Begins anew under another law.
  void Under(Profile law) {
    law_ = std::move(law);
    journal_ = {};
    registry_ = Registry(law_, &journal_);
    is_ = OpenScheme(registry_);
  }

  // At the time that the last At() or Until() said.
  Result<Receipt, Refusal> Do(const Command& command) {
    Envelope envelope;
    envelope.step = ++step_;
    envelope.sim_time = time_;
    return registry_.Apply(envelope, command);
  }
  Receipt Must(const Command& command) {
    const auto asked = registry_.Check(command);
    EXPECT_FALSE(asked) << "asked: " << ToString(*asked);
    const auto outcome = Do(command);
    EXPECT_TRUE(outcome.ok()) << ToString(outcome.error());
    return outcome.ok() ? *outcome : Receipt{};
  }
  // Does what is expected of every refusal: the reason, whether asked or done, and no change.
  void ExpectRefused(const Command& command, Refusal refusal) {
    const std::uint64_t before = registry_.StateHash();
    const auto asked = registry_.Check(command);
    EXPECT_TRUE(asked && *asked == refusal)
        << "asked: " << (asked ? ToString(*asked) : std::string_view("allowed"));
    const auto outcome = Do(command);
    ASSERT_FALSE(outcome.ok()) << "expected " << ToString(refusal);
    EXPECT_EQ(ToString(outcome.error()), ToString(refusal));
    EXPECT_EQ(registry_.StateHash(), before);
  }

  // Moves time to midnight, and on to a minute, of a day on the law's clocks.
  Receipt Until(Date date, int hour = 0, int minute = 0) {
    const SimTime micros = (SimTime{hour} * 60 + minute) * 60 * kMicrosPerSecond;
    time_ = ToInstant({date, micros}, registry_.profile().zone);
    return Must(AdvanceTo{time_});
  }
  Receipt Until(int year, int month, int day, int hour = 0, int minute = 0) {
    return Until(Date::Of(year, month, day), hour, minute);
  }
  LocalTime Local(SimTime time) const { return ToLocal(time, registry_.profile().zone); }

  AccountId Opens(AccountKind kind, std::uint32_t entity = 0) {
    return AccountId(Must(OpenAccount{kind, entity}).id);
  }
  LedgerId OpensLedger(Unit unit, std::int64_t cap = 0) {
    return LedgerId(static_cast<std::uint16_t>(Must(OpenLedger{unit, cap}).id));
  }
  void Person(std::uint32_t number, Role role = Role::kHolder) {
    Must(SetPrincipal{number, role, true, "person " + std::to_string(number), {}});
  }
  static Command Plain(AccountId from, AccountId to, LedgerId ledger, std::int64_t amount) {
    return MakeTransfer{{from, to, ledger, amount, TransferCode::kTransfer}};
  }
  static Propose Proposal(std::uint32_t principal, const Command& command) {
    Propose propose{principal, static_cast<std::uint16_t>(KindOf(command)), {}};
    EncodeCommand(command, propose.payload);
    return propose;
  }
  std::int64_t Balance(AccountId account, LedgerId ledger) const {
    return registry_.balance(account, ledger);
  }
  std::int64_t Available(AccountId account, LedgerId ledger) const {
    return registry_.holding(account, ledger).available();
  }
  Symbol SymbolOf(std::uint32_t entity) const { return registry_.status(entity).symbol; }

  Profile law_;
  KeptJournal journal_;
  Registry registry_;
  Opened is_;
  std::uint64_t step_ = 0;
  SimTime time_ = 0;
};

// gtest prints symbols as the wire does.
inline void PrintTo(Symbol symbol, std::ostream* out) { *out << ToString(symbol); }
inline void PrintTo(TaskState state, std::ostream* out) { *out << ToString(state); }
inline void PrintTo(Refusal refusal, std::ostream* out) { *out << ToString(refusal); }

}  // namespace ets::registry
