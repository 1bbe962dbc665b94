#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auction/auction.h"
#include "base/date.h"
#include "base/ids.h"
#include "base/journal.h"
#include "base/quantity.h"
#include "base/result.h"
#include "matching/holdings.h"
#include "matching/order_book.h"

namespace ets::market {

// Why the exchange refused an input: the first rule it broke, in this order; only the time, a
// stream's sequence and whether a ledger or a format exists are looked at before the rest. A
// refusal changes nothing. On the wire and on disk. Append; never renumber.
enum class Refusal : std::uint16_t {
  kMemberNotFound = 1,
  kInstrumentNotFound = 2,
  kInstrumentNotTrading = 3,  // Session closed, instrument delisted, member blocked.
  kQuantityNotPositive = 4,
  kQuantityOfWrongChannel = 5,  // Listed from 100,000 t, or block below it.
  kPriceOffTick = 6,
  kPriceOutsideBand = 7,
  kInsufficientUnits = 8,
  kInsufficientCash = 9,
  kWouldNotFill = 10,
  kOrderNotFound = 11,
  kSameParty = 12,
  kAuctionNotOpen = 13,
  kBidNotInLots = 14,
  kBidBelowReserve = 15,
  kTooManyBids = 16,
  kStreamGap = 17,
  kTimeGoesBack =
      18,  // An input from before the last AdvanceTo, a session on an earlier or the same day.
  kAmountTooLarge = 19,  // A ledger would hold more than kAmountMax in all.
  kSessionAlreadyOpen = 20,
  kAuctionAlreadyOpen = 21,
  kAuctionFormatInvalid = 22,  // Not in auction::Formats(), or no lot or tick.
  kLedgerNotFound = 23,
  kLedgerStillTraded = 24,  // DropLedger before every instrument on it is delisted.
};
std::string_view ToString(Refusal refusal);  // "INSUFFICIENT_CASH": the reason on the wire.

// No price is higher: 100,000.00 a tonne. It bounds what an order book has to lay out.
inline constexpr Price kPriceMax = Price::FromMinorPerTonne(10'000'000);
// The most fills one settlement message carries.
inline constexpr std::size_t kFillsPerMessageMax = 4'095;

// The venue's rules. Data: the defaults are those of the Shanghai exchange for listed and block
// trades (announcement of 22 June 2021), the close and T+1 as in its trading rules.
struct VenueRules {
  Tonnes block_from{100'000};            // Listed strictly below, block from here.
  std::uint32_t listed_band_bp = 1'000;  // +-10% of the instrument's own previous close.
  std::uint32_t block_band_bp = 3'000;   // +-30%.
  Price tick = Price::FromMinorPerTonne(1);
  bool resale_next_day = true;  // T+1: units bought today cannot be sold today.
  std::uint32_t bids_per_bidder_max = 10;

  friend bool operator==(const VenueRules&, const VenueRules&) = default;
};

// The first record of every journal: what a Market is made from.
struct Founding {
  VenueRules rules;
  std::uint16_t ledger_count_max = 0;

  friend bool operator==(const Founding&, const Founding&) = default;
};

// ---- Inputs. Journaled as they are; everything else is recomputed by replay. ----

struct AdmitMember {
  AccountId escrow;  // The member's ESCROW account in the registry.
  AccountId holder;  // The account withdrawals go to.
};
// Tradable from the next session that opens.
struct ListInstrument {
  LedgerId unit_ledger;
  LedgerId cash_ledger;
  Price reference;  // Stands in for the previous close until there is one.
};
// Cancels what rests and an open auction of it, ends trading for good; holdings may still be
// withdrawn.
struct DelistInstrument {
  InstrumentId instrument;
};
// One message of the Positions stream (registry -> market): a deposit became final. Dense from 1; a
// repeat is accepted and changes nothing, a gap is refused.
struct Position {
  std::uint64_t sequence = 0;
  MemberId member;
  LedgerId ledger;
  std::int64_t amount = 0;  // > 0.
};
// Bands are fixed from the previous closes, rounded inwards to the tick; T+1 units become
// available.
struct OpenSession {
  Date date;
};
// A member's own resting order is cancelled rather than traded with; see matching::OrderBook.
struct PlaceOrder {
  MemberId member;
  InstrumentId instrument;
  matching::Side side = matching::Side::kBuy;
  matching::TimeInForce time_in_force = matching::TimeInForce::kDay;
  Price limit;
  Tonnes quantity;
};
struct CancelOrder {
  MemberId member;
  InstrumentId instrument;
  OrderId order;
};
// A negotiated block that both sides confirmed. Never moves the close.
struct TradeBlock {
  MemberId seller;
  MemberId buyer;
  InstrumentId instrument;
  Price price;
  Tonnes quantity;
};
// Opens the bidding window of one auction. Its supply sits in the auctioneer's escrow and is
// reserved here. At most one auction is open at a time.
struct OpenAuction {
  MemberId auctioneer;
  InstrumentId instrument;
  auction::Terms terms;  // terms.format.name must be one of auction::Formats().
};
// A bid reserves price x quantity x guarantee; the rest is topped up by pay day. Here the
// guarantee is taken in full, so that an award always settles.
struct SubmitBid {
  MemberId member;
  Price price;
  Tonnes quantity;
};
// Closes the window, clears, turns awards into fills: one a winner, by its first winning bid.
struct CloseAuction {};
// Asks for a holding back: available -> Settlement stream -> holder's account. Settled, unreserved
// only.
struct Withdraw {
  MemberId member;
  LedgerId ledger;
  std::int64_t amount = 0;
};
// Ends the session: day orders are cancelled, closes fixed, the settlement message(s) made ready.
struct CloseSession {};
// A ledger expired or was frozen in the registry: what is not reserved leaves the mirror of every
// member without a withdrawal.
struct DropLedger {
  LedgerId ledger;
};
struct AdvanceTo {
  SimTime sim_time = 0;
};
struct DayClosed {
  Date date;
  std::uint64_t settlement_sequence = 0;
  std::uint64_t registry_state_hash = 0;
  std::uint64_t market_state_hash = 0;
};

using Input = std::variant<AdmitMember, ListInstrument, DelistInstrument, Position, OpenSession,
                           PlaceOrder, CancelOrder, TradeBlock, OpenAuction, SubmitBid,
                           CloseAuction, Withdraw, CloseSession, DropLedger, AdvanceTo, DayClosed>;

// What an accepted input gives back.
struct Receipt {
  std::uint64_t sequence = 0;  // Of its journal record.
  OrderId order;               // PlaceOrder.
  std::uint32_t id = 0;        // AdmitMember: MemberId; ListInstrument: InstrumentId.
  Tonnes traded;               // PlaceOrder: at once. TradeBlock, CloseAuction: all.
  Tonnes resting;              // PlaceOrder.
  Money value;                 // Of `traded`.
};

enum class Channel : std::uint8_t { kListed = 1, kBlock = 2, kAuction = 3 };

// A trade as printed and as settled.
struct Fill {
  std::uint64_t trade_id = 0;  // Dense from 1 per market.
  Channel channel = Channel::kListed;
  InstrumentId instrument;
  MemberId seller;
  MemberId buyer;
  Price price;
  Tonnes quantity;
};

struct WithdrawalReady {
  MemberId member;
  LedgerId ledger;
  std::int64_t amount = 0;
};

// One message of the Settlement stream (market -> registry); sequence dense from 1.
struct SettlementMessage {
  std::uint64_t sequence = 0;
  std::vector<Fill> fills;                   // At most 4,095, in trade order.
  std::vector<WithdrawalReady> withdrawals;  // In the last message of a batch only.
};

struct InstrumentView {
  LedgerId unit_ledger;
  LedgerId cash_ledger;
  bool listed = true;
  Price previous_close;       // The band's centre in the running session.
  Price band_low, band_high;  // Listed.
  Price block_band_low, block_band_high;
  // Of the running session, or of the last one until the next opens. Zero volumes: no trade.
  Price open, high, low, close;  // Close: VWAP of listed trades, else previous close.
  Tonnes listed_volume, block_volume, auction_volume;
  Money listed_value, block_value, auction_value;
  std::uint32_t listed_trades = 0, block_trades = 0;
};

// Told of everything that happens, as it happens, in order. For recorders and agents; it cannot
// answer back, and must not call the market.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void OnFill(const Fill& fill) = 0;
  virtual void OnAuctionCleared(InstrumentId instrument, const auction::Clearing& clearing) = 0;
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

  // Applies one record read back from a journal, without writing one: record 1 against the
  // founding, a DayClosed that names a market hash against StateHash(). Returns an empty string, or
  // what is wrong.
  std::string Replay(const JournalRecord& record);
  // After replay: from here on records go to this journal, which holds those replayed.
  void ContinueJournal(Journal* journal);
  // What a reader makes the Market from that Replay() needs, or why the record is no founding.
  static Result<Founding, std::string> FoundingOf(const JournalRecord& record);

  // Takes what traded or was withdrawn since the last call, as messages in order; empty when
  // nothing is ready. The first call after replay gives the messages taken since the last DayClosed
  // once more.
  std::vector<SettlementMessage> TakeSettlement();

  std::uint32_t member_count() const;
  std::uint16_t instrument_count() const;
  const InstrumentView& instrument(InstrumentId instrument) const;
  matching::BestQuote best(InstrumentId instrument, matching::Side side) const;
  const matching::Holding& holding(MemberId member, LedgerId ledger) const;
  AccountId escrow(MemberId member) const;
  AccountId holder(MemberId member) const;
  const matching::OrderBook& book(InstrumentId instrument) const;
  bool session_open() const;
  bool auction_open() const;
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

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::market
