#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/date.h"
#include "base/ids.h"
#include "base/journal.h"
#include "base/quantity.h"
#include "base/result.h"
#include "market/auction_plan.h"
#include "market/events.h"
#include "market/inputs.h"
#include "market/refusal.h"
#include "market/session_types.h"
#include "matching/engine.h"
#include "matching/holdings.h"

namespace ets::market {

// The most fills one settlement message carries.
inline constexpr std::size_t kFillsPerMessageMax = 4'095;

// What an accepted input gives back.
struct Receipt {
  std::uint64_t sequence = 0;  // Of its journal record.
  OrderId order;               // PlaceOrder, ChangeOrder, CancelOrder.
  OfferId offer;               // QuoteBlock, AnnounceOneWay, BidOneWay: its number.
  std::uint32_t id = 0;        // AdmitMember: MemberId; ListInstrument: InstrumentId.
  std::uint32_t count = 0;     // CancelOrders, BlockMember, HaltTrading: orders cancelled.
  Tonnes traded;               // At once. TradeBlock, ConfirmBlock, CloseAuction: all.
  Tonnes resting;              // PlaceOrder, ChangeOrder: what waits, hidden part included.
  Money value;                 // Of `traded`.
};

// To the member's holder account, or what it owes in fees to the venue's.
struct WithdrawalReady {
  MemberId member;
  LedgerId ledger;
  std::int64_t amount = 0;
  AccountId to;
};

// One message of the Settlement stream (market -> registry); sequence dense from 1. A member's
// trade with itself moves nothing and is in none; its fees are due as any.
struct SettlementMessage {
  std::uint64_t sequence = 0;
  std::vector<Fill> fills;                   // At most 4,095, in trade order.
  std::vector<WithdrawalReady> withdrawals;  // In the last message of a batch only.
};

struct InstrumentView {
  LedgerId unit_ledger;
  LedgerId cash_ledger;
  bool listed = true;
  std::uint8_t session = 0;  // Of VenueRules::sessions.
  Phase phase = Phase::kClosed;
  SimTime phase_until = 0;    // 0: not known.
  Price previous_close;       // The band's centre in the running session.
  Price band_low, band_high;  // Listed.
  Price block_band_low, block_band_high;
  // Of the running session, or of the last one until the next opens. Zero volumes: no trade.
  Price open, high, low;
  Price close;  // Of the last session that ended, by its type's rule; else its previous close.
  Price last;   // The last listed trade's, of any session; else the reference.
  Price auction_price;  // The last call's; else the previous close. Centre of the static range.
  Tonnes listed_volume, block_volume, auction_volume, one_way_volume;
  Money listed_value, block_value, auction_value, one_way_value;
  std::uint32_t listed_trades = 0, block_trades = 0;
  Date first_day{0}, last_day{0}, delisting_day{0};  // 0: none.
  Tonnes holding_limit, large_holder_from;           // 0: none.
};

// A block quote that is open.
struct BlockQuoteView {
  OfferId offer;
  QuoteBlock quote;
};

// An announcement that is open, with its bids in the order they came.
struct OneWayView {
  struct Bid {
    OfferId bid;
    MemberId member;
    Price price;
    Tonnes quantity;
  };
  OfferId offer;
  AnnounceOneWay terms;
  std::vector<Bid> bids;
};

// The exchange: order books, block desk and auction house over one table of holdings, which mirrors
// the members' escrow in the registry. A single-writer deterministic state machine: no clock, disk,
// network, thread or chance. Not thread-safe.
//
// Every order and bid reserves units or cash before it reaches a book, so every trade settles.
// A buy order reserves limit x quantity; a better price frees the excess at once. Sale cash is
// usable at once, bought units from the next session (T+1).
//
// Every input is journaled as it came, refused or not, before it is applied; so is each taking of
// settlement messages. Record 1 holds the Founding.
class Market {
 public:
  // Journal and listener may be null; both must outlive the market. Writes record 1. REQUIRES:
  // rules with a positive tick.
  Market(const VenueRules& rules, std::uint16_t ledger_count_max, Journal* journal,
         Listener* listener);
  ~Market();

  Result<Receipt, Refusal> Apply(const Envelope& envelope, const Input& input);
  // The same for what comes most often, without the detour over Input.
  Result<Receipt, Refusal> Apply(const Envelope& envelope, const PlaceOrder& input);
  Result<Receipt, Refusal> Apply(const Envelope& envelope, const CancelOrder& input);
  // The limit that the last refused input broke, and what it asked for.
  const RefusalDetail& detail() const;

  // Applies one record read back from a journal, without writing one: record 1 against the
  // founding, a DayClosed that names a market hash against StateHash(). Returns an empty string, or
  // what is wrong.
  std::string Replay(const JournalRecord& record);
  // After replay: from here on records go to this journal, which holds those replayed.
  void ContinueJournal(Journal* journal);
  // What a reader makes the Market from that Replay() needs, or why the record is no founding.
  static Result<Founding, std::string> FoundingOf(const JournalRecord& record);

  // The whole state as bytes, and back: a snapshot. Load() checks the state hash that Save() wrote;
  // a loaded market goes on exactly as the saved one would. Or what is wrong with the bytes.
  void Save(std::string& out) const;
  static Result<std::unique_ptr<Market>, std::string> Load(std::string_view bytes, Journal* journal,
                                                           Listener* listener);

  // Takes what traded or was withdrawn since the last call, as messages in order; empty when
  // nothing is ready. The first call after replay gives the messages taken since the last DayClosed
  // once more.
  std::vector<SettlementMessage> TakeSettlement();

  std::uint32_t member_count() const;
  std::uint16_t instrument_count() const;
  const InstrumentView& instrument(InstrumentId instrument) const;
  // What the running session's close would be if it ended now; when none runs, the close.
  Price close_so_far(InstrumentId instrument) const;
  matching::Engine::Quote best(InstrumentId instrument, matching::Side side) const;
  const matching::Holding& holding(MemberId member, LedgerId ledger) const;
  AccountId escrow(MemberId member) const;
  AccountId holder(MemberId member) const;
  // The book and what waits in front of it, with every view of them.
  const matching::Engine& engine(InstrumentId instrument) const;
  // Where a call would clear now; `has_price` false outside a call.
  IndicativeEvent indicative(InstrumentId instrument) const;
  std::vector<BlockQuoteView> block_quotes() const;  // Open ones, by number.
  std::vector<OneWayView> one_way() const;           // Open ones, by number.
  const VenueRules& rules() const;
  bool is_blocked(MemberId member) const;
  // What the member may hold and bid for: its own limit or the instrument's. 0: no limit.
  Tonnes holding_limit(MemberId member, InstrumentId instrument) const;
  // Whether it is its own; see SetHoldingLimit.
  bool has_own_limit(MemberId member, InstrumentId instrument) const;
  // Who holds ListInstrument::large_holder_from or more, ascending.
  std::vector<MemberId> large_holders(InstrumentId instrument) const;
  SimTime now() const;
  SimTime next_due() const;   // When AdvanceTo next has something to do; max() when not known.
  Date session_date() const;  // Of the running or the last session.
  bool session_open() const;
  bool auction_open() const;
  // The open auction with its bids; empty when none is.
  std::optional<AuctionView> open_auction() const;
  // Null when it is not closed, or not one of the last kClosedAuctionsKept.
  const ClosedAuction* closed_auction(std::uint32_t number) const;
  std::uint32_t auctions_opened() const;  // The number of the last one.
  const std::vector<AuctionPlan>& calendars() const;  // In the order in which they came.
  std::uint64_t orders_accepted() const;
  std::uint64_t bids_accepted() const;
  std::uint64_t sequence() const;
  std::uint64_t settlement_sequence() const;  // Of the last message taken.

  // Of everything that decides what happens next; DayClosed carries the value before it is applied.
  // O(holdings in use).
  std::uint64_t StateHash() const;
  // Asserts that orders and bids bind what is reserved, member by member and ledger by ledger, that
  // nothing is negative and totals are sums, and what the books promise. O(holdings in use).
  void CheckInvariants() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::market
