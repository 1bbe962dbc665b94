#pragma once

#include <cstdint>

#include "auction/auction.h"
#include "base/ids.h"
#include "base/quantity.h"
#include "market/inputs.h"
#include "market/refusal.h"
#include "market/session_types.h"

namespace ets::market {

// Where a trade came about. On the wire and on disk. Append; never renumber.
enum class Channel : std::uint8_t { kListed = 1, kBlock = 2, kAuction = 3, kOneWay = 4 };

// A trade as printed and as settled.
struct Fill {
  std::uint64_t trade_id = 0;  // Dense from 1 per market.
  Channel channel = Channel::kListed;
  InstrumentId instrument{};
  MemberId seller{};
  MemberId buyer{};
  Price price{};
  Tonnes quantity{};
  Money seller_fee{};  // Paid to the venue's fee account beside the pair.
  Money buyer_fee{};
  // Listed: whose order came second. Both sides of a call's trade rested; the buyer is named.
  matching::Side taker = matching::Side::kBuy;
  OrderId sell_order{};  // Listed; else 0.
  OrderId buy_order{};
};

// What happened to an order. On the wire. Append; never renumber.
enum class OrderEventKind : std::uint8_t {
  kAccepted = 1,    // Has an id and what it needs is reserved. First of every order.
  kRested = 2,      // Joined the book at `price`.
  kTraded = 3,      // One fill: `last_price`, `last_quantity`.
  kReduced = 4,     // Less quantity, same place (a change, or self-trade prevention).
  kReplaced = 5,    // Changed price or more quantity: it lost its place. kRested may follow.
  kTriggered = 6,   // A stop became live.
  kCancelled = 7,   // Gone; `reason` says why.
  kExpired = 8,     // Gone with its day.
  kWaits = 9,       // A stop is armed, or a market order waits for the call.
  kRefreshed = 10,  // An iceberg shows its next part at the end of its level.
};
std::string_view ToString(OrderEventKind kind);  // "accepted".

// Why an order went. On the wire. Append; never renumber.
enum class CancelReason : std::uint8_t {
  kNone = 0,
  kByMember = 1,
  kNotFilledAtOnce = 2,  // Immediate-or-cancel, a market order's rest.
  kSelfTrade = 3,
  kDayPassed = 4,    // A day order's session, a dated one's last day, the instrument's.
  kOutsideBand = 5,  // Of a new session.
  kHalted = 6,
  kDelisted = 7,
  kMemberBlocked = 8,
  kReplacedToNothing = 9,  // A change to what was filled already.
  kUnfunded = 10,          // A market order's cash does not reach a new session's band.
  kDisconnected = 11,      // Its session ended: closed, silent or cut.
};
std::string_view ToString(CancelReason reason);  // "self_trade".

// Enough to keep every order (L3), every level (L2), the tape and a member's own reports without
// asking the market.
struct OrderEvent {
  OrderEventKind kind = OrderEventKind::kAccepted;
  CancelReason reason = CancelReason::kNone;
  matching::Side side = matching::Side::kBuy;
  matching::OrderType type = matching::OrderType::kLimit;
  InstrumentId instrument{};
  MemberId member{};
  OrderId order{};
  matching::ClientOrderId client_id{};
  Price price{};               // The limit; of a market order 0.
  Tonnes quantity{};           // The whole order's.
  Tonnes filled{};             // Of it, so far.
  Tonnes open{};               // Of it, still to trade; hidden part included.
  Tonnes visible{};            // Of it, shown in the book now.
  Price last_price{};          // kTraded.
  Tonnes last_quantity{};      // kTraded, kReduced, kCancelled, kExpired: what went.
  Money fee{};                 // kTraded: this side's.
  std::uint64_t trade_id = 0;  // kTraded.
  // The level at `price` after this event, hidden parts left out. Of an order that rests or rested,
  // outside a call's clearing: after that one reads the depth anew.
  Tonnes level_quantity{};
  std::uint32_t level_orders = 0;
};

struct PhaseEvent {
  InstrumentId instrument{};
  Phase from = Phase::kClosed;
  Phase to = Phase::kClosed;
  SimTime until = 0;  // When `to` ends by itself; 0: not known.
};

// During a call, after whatever changed it: what would trade, orders that self-trade prevention
// will keep apart included. At its end with `final`: the price it cleared at and what traded there;
// once more for each further price, where self-trade prevention left something to clear again.
struct IndicativeEvent {
  InstrumentId instrument{};
  bool has_price = false;  // False: the two sides do not meet.
  bool final = false;
  Price price{};
  Tonnes volume{};
  std::int64_t imbalance = 0;  // Bid less offered quantity at the price; in t.
};

enum class DeskEventKind : std::uint8_t {
  kBlockQuoted = 1,
  kBlockWithdrawn = 2,  // By its member, by who it was addressed to, or with the session.
  kOneWayAnnounced = 3,
  kOneWayBid = 4,  // Sealed: for the bidder's and the applicant's eyes.
  kOneWayBidWithdrawn = 5,
  kOneWayWithdrawn = 6,
  kOneWayClosed = 7,  // `quantity`: sold. Fills have been told before.
};
struct DeskEvent {
  DeskEventKind kind = DeskEventKind::kBlockQuoted;
  OfferId offer{};  // The quote or announcement.
  OfferId bid{};    // One-way.
  InstrumentId instrument{};
  MemberId member{};
  std::optional<MemberId> counterparty{};
  matching::Side side = matching::Side::kBuy;
  Price price{};
  Tonnes quantity{};
  SimTime opens = 0;
  SimTime closes = 0;
};

// A member reached ListInstrument::large_holder_from, or fell below it again.
struct LargeHolderEvent {
  InstrumentId instrument{};
  MemberId member{};
  Tonnes held{};
  bool is_large = true;
};

// Told of everything that happens, as it happens, in order. For recorders, market data and
// execution reports; it cannot answer back, and must not call the market.
class Listener {
 public:
  virtual ~Listener() = default;
  // A listed trade is told here first, then as kTraded of the resting and of the incoming order.
  virtual void OnFill(const Fill& fill) = 0;
  virtual void OnAuctionCleared(InstrumentId instrument, const auction::Clearing& clearing) = 0;
  virtual void OnAuction(const AuctionEvent& /*event*/) {}
  virtual void OnOrder(const OrderEvent& /*event*/) {}
  virtual void OnPhase(const PhaseEvent& /*event*/) {}
  virtual void OnIndicative(const IndicativeEvent& /*event*/) {}
  virtual void OnDesk(const DeskEvent& /*event*/) {}
  virtual void OnLargeHolder(const LargeHolderEvent& /*event*/) {}
};

}  // namespace ets::market
