#pragma once

#include <cstdint>
#include <vector>

#include "base/date.h"
#include "base/ids.h"
#include "market/market.h"
#include "registry/registry.h"

namespace ets::sim {

// The road between registry and exchange inside one process: the two streams as function calls, one
// order of steps over both machines, one clock. Every method is a handful of commands; none assigns
// a balance. A refusal where none is possible stops the run (ETS_ASSERT).
class Venue {
 public:
  Venue(registry::Registry& registry, market::Market& market)
      : registry_(registry), market_(market) {}

  registry::Registry& registry() { return registry_; }
  market::Market& market() { return market_; }
  const registry::Registry& registry() const { return registry_; }
  const market::Market& market() const { return market_; }

  // Moves both machines' time.
  void AdvanceTo(SimTime time);

  Result<registry::Receipt, registry::Refusal> Apply(const registry::Command& command,
                                                     SourceKind source, std::uint32_t id = 0);
  Result<market::Receipt, market::Refusal> Apply(const market::Input& input, SourceKind source,
                                                 std::uint32_t id = 0);

  // Opens an ESCROW account for a holder and admits it as a member.
  MemberId Admit(std::uint32_t entity, AccountId holder);
  // Holder -> escrow -> mirror. REQUIRES: the holder has it.
  void Deposit(MemberId member, LedgerId ledger, std::int64_t amount);
  // BANK -> holder -> escrow: a loan that is spent on the exchange.
  void Borrow(MemberId member, LedgerId cash, std::int64_t amount);
  // Asks the market for the member's available amount back; it arrives with the next Settle().
  void AskBack(MemberId member, LedgerId ledger);
  // Carries every settlement message that is ready into the registry. Returns failed pairs.
  std::uint32_t Settle();

  // Escrow equals mirror, member by member and ledger by ledger. Returns the number of differences.
  std::uint32_t Reconcile() const;

  std::uint64_t steps() const { return step_; }

 private:
  Envelope Next(SourceKind source, std::uint32_t id) { return {++step_, now_, 0, source, id}; }

  registry::Registry& registry_;
  market::Market& market_;
  SimTime now_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t positions_ = 0;
  registry::Settle settle_;
};

}  // namespace ets::sim
