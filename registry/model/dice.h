#pragma once

#include <array>
#include <vector>

#include "base/prng.h"
#include "registry/codec.h"
#include "registry/registry.h"

namespace ets::registry::model {

// A law that was thrown, valid and odd.
Profile RandomLaw(Prng& dice);

// Random commands, most of them plausible: only then do the deep rules get their turn.
class Dice {
 public:
  Dice(Prng chance, const Registry& registry) : chance_(chance), registry_(registry) {}

  // What opens a small scheme: every kind of account, a dozen firms, units, people.
  std::vector<Command> Opening() const;
  Command Next();
  SimTime Time() { return Rarely() ? time_ - 5 : time_; }
  std::uint64_t Below(std::uint64_t bound) { return chance_.Below(bound); }

 private:
  static constexpr std::uint32_t kFirms = 12;

  Command Throw();
  Command OfAccounts();
  Command OfUnits();
  Command OfTransfers();
  Command OfHolds();
  Command OfTasks();
  Command OfAllocation();
  Command OfEmissions();
  Command OfSurrender();
  Command NextSettle();
  Command NextBatch();
  Command NextAdvance();
  Command Proposable();
  Transfer AnyTransfer();

  bool Rarely() { return Below(40) == 0; }
  std::int64_t Amount(std::int64_t usual);
  // Up to what is available, or a little more.
  std::int64_t Some(AccountId account, LedgerId ledger);
  std::int64_t Part(AccountId account, LedgerId ledger);
  AccountId Stopped();
  AccountId Account();
  AccountId Of(AccountKind kind);
  AccountId Holder() { return Below(5) == 0 ? Account() : Of(AccountKind::kHolder); }
  AccountId Counterpart(AccountId account, AccountKind kind);
  AccountId Trusted(AccountId account);
  Command Distrust();
  LedgerId Ledger();
  std::uint16_t VintageOf(LedgerId ledger) const;
  std::uint32_t Entity();
  std::uint16_t Year();
  std::uint32_t Person() { return static_cast<std::uint32_t>(Below(Rarely() ? 7 : 4) + 1); }
  std::uint32_t Upto(std::uint32_t count);  // 1 to count, seldom 0 or more.
  std::uint32_t Delayed();
  SimTime Later();  // Seldom now, or none.
  bool Exists(AccountId account) const { return account.raw() < registry_.account_count(); }
  bool Exists(LedgerId ledger) const { return ledger.raw() < registry_.ledger_count(); }

  Prng chance_;
  const Registry& registry_;
  SimTime time_ = 0;
  std::uint64_t trade_ = 0;
  std::array<std::uint64_t, 12> reversible_{};  // Records that may be worth a reversal.
};

}  // namespace ets::registry::model
