#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/date.h"
#include "base/ids.h"
#include "base/local_time.h"
#include "base/quantity.h"
#include "market/auction_house.h"
#include "market/session_types.h"
#include "matching/order_words.h"

namespace ets::market {

// No price is higher: 100,000.00 a tonne. It bounds what an order book has to lay out.
inline constexpr Price kPriceMax = Price::FromMinorPerTonne(10'000'000);
inline constexpr std::size_t kSessionTypesMax = 16;
// The answers to client order ids that a market keeps.
inline constexpr std::size_t kClientAnswersMax = std::size_t{1} << 20U;

// Given by the market to a block quote, an announcement or a bid for one; dense from 1, never
// reused.
using OfferId = Tagged<std::uint64_t, struct OfferIdTag>;

// The venue's rules. Data: the defaults are those of the Shanghai exchange (announcement of 22 June
// 2021, trading rules of the national carbon market), with sessions as long as the driver keeps
// them open. As a file that people write: market/rules_file.h.
struct VenueRules {
  // An instrument names the order-book row it trades in; blocks and one-way bidding use the first
  // row of their kind. At least one row is an order book. The default: the rows of SessionTypes(),
  // without hours.
  std::vector<SessionType> sessions = DefaultSessions();
  Zone zone{480, false};    // Of the sessions' hours. Beijing.
  AccountId fee_account{};  // Where fees are paid to; an account of no entity in the registry.
  std::uint32_t bids_per_bidder_max = 10;
  // Days without trading beside Saturdays and Sundays, ascending. For who opens sessions.
  std::vector<Date> closed_days{};
  // What an instrument is listed with that names none of its own. 0: none. For who lists it.
  Tonnes holding_limit{};
  Tonnes large_holder_from{};

  static std::vector<SessionType> DefaultSessions();
  // The first row of a kind, or null.
  const SessionType* First(Mechanism mechanism) const;
  SessionType* First(Mechanism mechanism);
  bool HasFees() const;
  bool HasHours() const;  // Some session type opens and closes by the clock.

  friend bool operator==(const VenueRules&, const VenueRules&) = default;
};
// What is wrong with the rules, or an empty string.
std::string WhatIsWrong(const VenueRules& rules);

// The first record of every journal: what a Market is made from.
struct Founding {
  VenueRules rules{};
  std::uint16_t ledger_count_max = 0;

  friend bool operator==(const Founding&, const Founding&) = default;
};

// ---- Inputs. Journaled as they are; everything else is recomputed by replay. ----

// -- Members, instruments and what is held. --

struct AdmitMember {
  AccountId escrow{};  // The member's ESCROW account in the registry.
  AccountId holder{};  // The account withdrawals go to.
};
// A blocked member's orders and quotes are cancelled; it may cancel and withdraw, and nothing else.
struct BlockMember {
  MemberId member{};
  bool blocked = true;
};
// Tradable from the first session on or after `first_day`, in every session until `last_day`.
struct ListInstrument {
  LedgerId unit_ledger{};
  LedgerId cash_ledger{};
  Price reference{};         // Stands in for the previous close until there is one.
  std::uint8_t session = 0;  // An order-book row of VenueRules::sessions.
  Date first_day{0};         // 0: the next session.
  Date last_day{0};          // The last trading day; orders end with it. 0: none.
  Date delisting_day{0};     // Delisted by itself at the first AdvanceTo on or after it. 0: never.
  Tonnes holding_limit{};    // What one member may hold and bid for. 0: none.
  Tonnes large_holder_from{};  // Who holds this much is reported. 0: nobody.
};
// Cancels what rests and an open auction of it, ends trading for good; holdings may still be
// withdrawn.
struct DelistInstrument {
  InstrumentId instrument{};
};
// One member's own limit in place of the instrument's; 0 t: none at all; empty: the instrument's.
struct SetHoldingLimit {
  MemberId member{};
  InstrumentId instrument{};
  std::optional<Tonnes> limit{};
};
// One message of the Positions stream (registry -> market): a deposit became final. Dense from 1; a
// repeat is accepted and changes nothing, a gap is refused.
struct Position {
  std::uint64_t sequence = 0;
  MemberId member{};
  LedgerId ledger{};
  std::int64_t amount = 0;  // > 0.
};
// Asks for a holding back: available -> Settlement stream -> holder's account. Settled, unreserved
// only.
struct Withdraw {
  MemberId member{};
  LedgerId ledger{};
  std::int64_t amount = 0;
};
// A ledger expired or was frozen in the registry: what is not reserved leaves the mirror of every
// member without a withdrawal.
struct DropLedger {
  LedgerId ledger{};
};

// -- Time. --

// Moves time and does what became due: phases by the hours, calls, expiry, delisting, bidding
// windows.
struct AdvanceTo {
  SimTime sim_time = 0;
};
// Bands are fixed from the previous closes, rounded inwards to the tick; T+1 units become
// available; orders outside the new band or past their day are cancelled.
struct OpenSession {
  Date date{};
};
// Ends the session: a closing call that runs is cleared, day orders and block quotes are cancelled,
// closes fixed, the settlement message(s) made ready.
struct CloseSession {};
struct DayClosed {
  Date date{};
  std::uint64_t settlement_sequence = 0;
  std::uint64_t registry_state_hash = 0;
  std::uint64_t market_state_hash = 0;
};

// -- The operator's hand. --

// Stops trading of an instrument, or of all. Resting orders stay, or are cancelled.
struct HaltTrading {
  std::optional<InstrumentId> instrument{};
  bool cancel_orders = false;
};
// Goes on with a volatility call where the session type has one, else at once with an uncrossing.
struct ResumeTrading {
  std::optional<InstrumentId> instrument{};
};
// Moves one instrument into a phase without waiting for its hour, as AdvanceTo would. A call that
// is left is cleared first. Not kHalted.
struct SetPhase {
  InstrumentId instrument{};
  Phase phase = Phase::kContinuous;
};

// -- Orders. --

// With a client id: the member's second input with it gets the answer of the first and changes
// nothing, as long as that answer is one of the last kClientAnswersMax or the order lives; another
// order under a used id is refused.
struct PlaceOrder {
  MemberId member{};
  InstrumentId instrument{};
  matching::Side side = matching::Side::kBuy;
  matching::TimeInForce time_in_force = matching::TimeInForce::kDay;
  Price limit{};  // 0 where the type has none.
  Tonnes quantity{};
  matching::OrderType type = matching::OrderType::kLimit;
  matching::SelfTradePrevention self_trade = matching::SelfTradePrevention::kCancelResting;
  bool post_only = false;  // Refused if it would trade at once.
  Price stop{};            // Of the two stop types; else 0.
  Tonnes display{};        // What an iceberg shows at a time. 0: all.
  Tonnes minimum{};        // Trades at least this at once, or is refused. 0: none.
  Date expire{0};          // The last day of a good-till-date order; else 0.
  matching::ClientOrderId client_id{};
};
// By the market's id, or with order 0 by the client's. From a stream (Envelope::source) it is what
// the end of a session takes with it, and told as such.
struct CancelOrder {
  MemberId member{};
  InstrumentId instrument{};
  OrderId order{};
  matching::ClientOrderId client_id{};
};
// Changes price or quantity, or both, of a member's own order. Less quantity keeps its place,
// anything else loses it and may trade at once. The quantity is the whole order's, filled part
// included, as in FIX: a change that crosses a fill on its way does not oversell. One at or below
// what is filled cancels the rest.
struct ChangeOrder {
  MemberId member{};
  InstrumentId instrument{};
  OrderId order{};
  matching::ClientOrderId client_id{};  // With order 0: the order's.
  std::optional<Price> limit{};
  std::optional<Tonnes> quantity{};
  matching::ClientOrderId new_client_id{};  // The order's from then on. Empty: it keeps its own.
};
// Cancels a member's orders, in one instrument or all, on one side or both.
struct CancelOrders {
  MemberId member{};
  std::optional<InstrumentId> instrument{};
  std::optional<matching::Side> side{};
};

// -- Negotiated blocks. Never move the close. --

// An offer to buy or sell a block, addressed to one member or to all. It reserves as an order does,
// and ends with the session.
struct QuoteBlock {
  MemberId member{};
  InstrumentId instrument{};
  matching::Side side = matching::Side::kBuy;
  Price price{};
  Tonnes quantity{};
  std::optional<MemberId> counterparty{};
};
// Takes a quote as a whole. Another price or quantity is a quote of one's own, in return.
struct ConfirmBlock {
  MemberId member{};
  OfferId offer{};
};
// Withdraws an own quote, or declines one that is addressed to this member.
struct CancelBlock {
  MemberId member{};
  OfferId offer{};
};
// A block that both sides have already confirmed elsewhere.
struct TradeBlock {
  MemberId seller{};
  MemberId buyer{};
  InstrumentId instrument{};
  Price price{};
  Tonnes quantity{};
};

// -- One-way bidding. Terms are the announcement's. Never moves the close. --

enum class OneWayPricing : std::uint8_t {
  kPayAsBid = 1,  // Each winner at its own price.
  kUniform = 2,   // All at the last winner's price.
};
// The applicant sells (bids from `price` up, the highest win) or buys (offers from `price` down,
// the lowest win) up to `quantity`. At equal prices the earlier bid wins; the last may win in part.
struct AnnounceOneWay {
  MemberId applicant{};
  InstrumentId instrument{};
  matching::Side side = matching::Side::kSell;  // The applicant's.
  Price price{};                                // The worst the applicant takes.
  Tonnes quantity{};
  Tonnes bid_from{1};  // The least one bid may ask for.
  Tonnes sell_from{};  // Less than this in all: nothing is traded. 0: any.
  OneWayPricing pricing = OneWayPricing::kPayAsBid;
  SimTime opens = 0;
  SimTime closes = 0;  // Cleared by the first AdvanceTo to this time or later.
};
struct BidOneWay {
  MemberId member{};
  OfferId announcement{};
  Price price{};
  Tonnes quantity{};
};
struct WithdrawOneWay {
  MemberId member{};
  OfferId announcement{};
  OfferId bid{};  // 0: the applicant takes the announcement back, before the window opens.
};

// The auction house's inputs: market/auction_house.h.

using Input =
    std::variant<AdmitMember, ListInstrument, DelistInstrument, Position, OpenSession, PlaceOrder,
                 CancelOrder, TradeBlock, OpenAuction, SubmitBid, CloseAuction, Withdraw,
                 CloseSession, DropLedger, AdvanceTo, DayClosed, BlockMember, SetHoldingLimit,
                 HaltTrading, ResumeTrading, SetPhase, ChangeOrder, CancelOrders, QuoteBlock,
                 ConfirmBlock, CancelBlock, AnnounceOneWay, BidOneWay, WithdrawOneWay, ChangeBid,
                 WithdrawBid, PayAuction, SetAuctionCalendar, SubmitBids>;

}  // namespace ets::market
