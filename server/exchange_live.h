#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "market/market.h"
#include "server/exchange_link.h"
#include "server/live_clock.h"
#include "server/live_registry.h"
#include "store/journal_store.h"

namespace ets::server {

class Sequencer;

struct ExchangeOptions {
  std::string data;  // The journal is in DATA/exchange.
  // Of an exchange that is made; empty: the default ones. One that exists has its own: other ones
  // are refused.
  std::optional<market::VenueRules> rules;
  Zone zone = market::VenueRules().zone;  // Of the default ones.
  std::uint16_t ledger_count_max = 256;
  bool fsync = true;
  // A snapshot of the state after so much journal, or eight times its own size if that is more; the
  // last two are kept. It is made beside the market, by a second one that replays the journal, so
  // that no order waits for it. 0: none.
  std::uint64_t snapshot_bytes = std::uint64_t{32} << 20U;
  std::function<SimTime()> now;          // Simulated time; empty: the wall clock.
  std::shared_ptr<Sequencer> sequencer;  // Null: one of its own.
  std::size_t queue_max = 65'536;
};

// Why an input was not taken, beside the market's own refusals.
struct ExchangeFailure {
  std::optional<market::Refusal> refusal;  // Empty: the exchange has stopped, or is overloaded.
  market::RefusalDetail detail{};
  std::string message;
};
template <typename T>
using Exchanged = Result<T, ExchangeFailure>;

// What a day's close came to.
struct DayReport {
  std::uint64_t settlement_sequence = 0;  // The last message that the registry has answered.
  std::uint32_t failed = 0;               // Pairs and withdrawals that failed; an alarm.
  // Members whose mirror differs from their escrow; an alarm. They are blocked until the operator
  // has put it right, as both sides of a pair that failed are, whose mirrors differ by it.
  std::vector<MemberId> mismatches;
};

// An exchange at work: the market, its journal, and the two streams to a registry. A deposit at the
// registry admits the member and raises its mirror by itself. What was traded or withdrawn goes to
// the registry once the exchange's own journal has it on the disk, message by message, as often as
// it takes; the registry answers a message once. After a crash of either side both streams go on
// where they were.
//
// Where the rules have hours, sessions open and end by the clock: at the first hour of the day, at
// the last one's end, in the venue's zone; the day's close is then tried until the registry has
// answered. A session that somebody has closed by hand stays closed for its day.
//
// Withdrawals leave at once outside a session, else with the day's close. Thread-safe.
class LiveExchange {
 public:
  // Recovers: the newest snapshot that is of use, then replay of what is behind it. `link` must
  // outlive the exchange.
  static Live<std::unique_ptr<LiveExchange>> Open(const ExchangeOptions& options,
                                                  RegistryLink& link);
  ~LiveExchange();  // Shutdown().

  // Gives the market an input, and returns when it is on the disk.
  Exchanged<market::Receipt> Do(const market::Input& input);
  // Ends the session, settles, waits until the registry has answered, compares every mirror with
  // its escrow, and writes DayClosed.
  Exchanged<DayReport> CloseDay(const Patience& patience);
  // The time that the next input would have, or a little less.
  SimTime Now() const;
  // A look at the market, on its own thread.
  void Read(const std::function<void(const market::Market&)>& read);
  // The same without waiting: `done` hears when what was seen is on the disk; false: the exchange
  // has stopped. It must not wait either.
  void ReadLater(std::function<void(const market::Market&)> read, std::function<void(bool)> done);

  // ---- Who and what there is, without waiting for the market. ----

  // The member behind an escrow account; empty while nothing was deposited there.
  std::optional<MemberId> FindMember(AccountId escrow) const;
  // Empty: no such member.
  std::optional<AccountId> EscrowOf(MemberId member) const;
  // The instrument that trades a unit against a currency; of several the last that was listed.
  std::optional<InstrumentId> FindInstrument(LedgerId unit, LedgerId cash) const;
  // The ledgers of the instruments and their rows of VenueRules::sessions, by number.
  struct Traded {
    LedgerId unit, cash;
    std::uint8_t session = 0;
  };
  std::vector<Traded> Instruments() const;
  // Waits until the mirror has taken message `sequence` of Positions.
  bool WaitForPosition(std::uint64_t sequence, const Patience& patience);
  RegistryLink& link() const;
  std::uint16_t ledger_count_max() const;  // Ledgers with higher numbers are not traded.

  bool serving() const;
  std::string error() const;
  std::uint64_t snapshots() const;       // Taken since the start.
  std::uint64_t recovered_from() const;  // The record of the snapshot it began with; 0: of none.
  std::uint64_t alarms() const;  // Failed pairs, mirrors that differed, positions not taken.
  void OnStopped(std::function<void(const std::string& why)> on_stopped);
  std::string Shutdown();

  struct Impl;
  Impl& impl();  // For the venue, which lives inside; see exchange_live_impl.h.

 private:
  explicit LiveExchange(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
