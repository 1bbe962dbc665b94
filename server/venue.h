#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "market/market.h"
#include "server/auction_record.h"
#include "server/exchange_live.h"
#include "server/market_data.h"

namespace ets::server {

// The one door to a live exchange, for every protocol. A gateway (gRPC, FIX, binary) opens a
// session for a member, submits requests and hears what becomes of them; it knows nothing of
// threads, journals or other gateways. A gateway looks like this:
//
//   auto session = venue.Connect({.name = "fix ACME", .member = member}, listener);
//   session->Submit({.tag = 1, .what = market::PlaceOrder{.instrument = it, ...}});
//   ... listener->OnAnswer({.tag = 1, ...}), listener->OnReport({... kAccepted ...})
//   session->Close();
//
// WHAT IS PROMISED. Requests of one session are applied in the order of Submit(), and each gets one
// answer. Answers and reports come in the order of the journal, an answer before the reports of
// what its request did. With Acknowledge::kAfterSync nothing is told before the journal has it on
// the disk, so what was told survives a crash. A request that was not answered may be sent again
// with the same client order id, also to a restarted venue: it is applied once.
//
// THREADS. Everything here may be called from any thread, also from a listener. A listener is
// called from one thread at a time: it copies what it needs into a queue of its own and returns. It
// must not wait: every member waits with it. A gateway whose client does not read ends the session
// rather than let its queue grow. What happened together is told together: OnTold() says when the
// time to write has come.

// What a member may ask for. `member` is filled in by the venue. Client order ids are the
// client's; see market::PlaceOrder for what a repeated one does.
using MemberRequest =
    std::variant<market::PlaceOrder, market::ChangeOrder, market::CancelOrder, market::CancelOrders,
                 market::QuoteBlock, market::ConfirmBlock, market::CancelBlock,
                 market::AnnounceOneWay, market::BidOneWay, market::WithdrawOneWay,
                 market::SubmitBid, market::ChangeBid, market::WithdrawBid, market::Withdraw>;

struct VenueRequest {
  std::uint64_t tag = 0;  // The gateway's; comes back with the answer and the reports.
  MemberRequest what;
};

// Why a request was not applied: one of the market's numbered reasons, in every protocol the same,
// with the limit that was broken.
struct VenueRefusal {
  market::Refusal refusal;
  market::RefusalDetail detail;
};

// What became of a request.
struct VenueAnswer {
  std::uint64_t tag = 0;
  std::uint64_t sequence = 0;  // Of its journal record; a repeated one's is that of the first.
  SimTime time = 0;
  std::optional<VenueRefusal> refused;  // Nothing has changed.
  market::Receipt receipt;              // Unless refused.
};

// Something happened to an order of the session's member: entered by this session, by another one
// or before a restart. FIX's execution reports; see market::OrderEvent.
struct Report {
  std::uint64_t sequence = 0;  // Of the journal record that caused it.
  SimTime time = 0;
  bool is_own = false;    // It was this session's request, with this tag.
  std::uint64_t tag = 0;  // 0 unless is_own.
  market::OrderEvent event;
};

// A trade of the member outside the order book: block, auction, one-way.
struct TradeReport {
  std::uint64_t sequence = 0;
  SimTime time = 0;
  matching::Side side = matching::Side::kBuy;  // The member's; two reports if it is both.
  market::Fill fill;
};

// Something on the block or one-way desk that concerns the member, or everybody.
struct DeskReport {
  std::uint64_t sequence = 0;
  SimTime time = 0;
  market::DeskEvent event;
};

// A member's holding reached the threshold of an instrument, or fell below it: for the member and
// for the drop copy of all.
struct LargeHolderReport {
  std::uint64_t sequence = 0;
  SimTime time = 0;
  market::LargeHolderEvent event;
};

enum class CloseReason : std::uint8_t {
  kByClient = 1,      // Session::Close().
  kSilent = 2,        // Nothing heard for two heartbeats.
  kOverloaded = 3,    // More requests waiting than a session may have.
  kVenueStopped = 4,  // The journal failed, or the venue shuts down: what is unanswered is unknown.
};
std::string_view ToString(CloseReason reason);  // "SILENT".

class SessionListener {
 public:
  virtual ~SessionListener() = default;
  virtual void OnAnswer(const VenueAnswer& answer) = 0;
  virtual void OnReport(const Report& report) = 0;
  virtual void OnTrade(const TradeReport& /*report*/) {}
  virtual void OnDesk(const DeskReport& /*report*/) {}
  virtual void OnLargeHolder(const LargeHolderReport& /*report*/) {}
  // Sessions that watch auctions: all that is kept first, then what happens.
  virtual void OnAuctionsNow(const AuctionsNow& /*now*/) {}
  virtual void OnAuctionChange(const AuctionChange& /*change*/) {}
  virtual void OnAuction(const AuctionReport& /*report*/) {}
  // The end of what is told together: after one call or many of those above.
  virtual void OnTold() {}
  // The last call, whoever ended the session.
  virtual void OnClosed(CloseReason /*reason*/) {}
};

// Whose bids and payments a session that watches auctions is told of.
enum class AuctionWatch : std::uint8_t {
  kNone = 1,    // It does not watch auctions.
  kNobody = 2,  // What everybody may know.
  kMember = 3,  // And its member's.
  kAll = 4,     // And everybody's, for the operator.
};

struct SessionTerms {
  std::string name;             // For the operator's eyes: "grpc ipv4:127.0.0.1:4711".
  MemberId member{};            // Whose requests these are.
  bool is_drop_copy = false;    // Hears reports and enters nothing.
  bool of_all_members = false;  // A drop copy of everybody's, for the operator.
  // Other than kNone: it hears of auctions and of nothing else, and enters nothing.
  AuctionWatch auctions = AuctionWatch::kNone;
  // At the session's end, however it ends, its orders that still wait are cancelled. Not by a crash
  // of the venue itself: a client that comes back cancels what it does not want.
  bool cancel_on_disconnect = false;
  std::chrono::milliseconds heartbeat{0};  // 0: the gateway watches by itself.
  // Submit() may do the venue's work itself when nobody is at it, which saves the way to another
  // thread and back. REQUIRES: Submit() is called without a lock that any listener takes.
  bool lends_thread = false;
};

class Session {
 public:
  virtual ~Session() = default;  // Close().

  // Queues requests. False: the session is closed, or a drop copy; OnClosed() says why.
  virtual bool Submit(const VenueRequest& request) = 0;
  virtual bool Submit(std::span<const VenueRequest> requests) = 0;
  // For what the gateway answers by itself: `tell` is called as the listener is, after the answers
  // and reports of what was submitted before and before those of what comes later. It counts as a
  // request. False: the same; `tell` is dropped then, as it is when the venue stops.
  virtual bool TellInTurn(std::function<void()> tell) = 0;
  // Something was heard of the client, say a heartbeat. Submit() does it by itself.
  virtual void Heard() = 0;
  // No more requests. What was submitted is answered; then orders are cancelled if the terms say
  // so; then OnClosed().
  virtual void Close() = 0;
  virtual const SessionTerms& terms() const = 0;
};

// When a session hears of what happened.
enum class Acknowledge : std::uint8_t {
  kAfterSync = 1,  // When the journal has it on the disk. What was told survives kill -9.
  // At once; the journal has it about a millisecond later. A crash may lose what was told: for
  // measuring, not for trading.
  kBeforeSync = 2,
};

struct VenueOptions {
  Acknowledge acknowledge = Acknowledge::kAfterSync;
  std::size_t session_requests_max = 65'536;  // Waiting, of one session.
  // For gateways with a thread of their own, as the binary order entry: so long after a message it
  // looks for the next one before it sleeps. A processor that sleeps takes tens of microseconds to
  // wake; one that looks has no time for anything else. 0: sleeps at once.
  std::chrono::microseconds busy_poll{0};
  MarketDataOptions market_data;
};

// Thread-safe.
class Venue {
 public:
  // Takes its seat at an exchange, which outlives it; one venue an exchange.
  static std::unique_ptr<Venue> Open(LiveExchange& exchange, const VenueOptions& options);
  virtual ~Venue() = default;  // Shutdown().

  // The venue keeps the listener until OnClosed() has returned. The session must go before the
  // venue. REQUIRES: a member that the exchange knows, unless of_all_members or no member's
  // auctions are watched.
  virtual std::unique_ptr<Session> Connect(const SessionTerms& terms,
                                           std::shared_ptr<SessionListener> listener) = 0;
  virtual std::size_t session_count() const = 0;

  // Any input, in the operator's name; returns when it is acknowledged.
  virtual Exchanged<market::Receipt> Operate(const market::Input& input) = 0;

  // Levels, orders, trades, phases, bars: what everybody may see.
  virtual MarketData& market_data() = 0;
  virtual LiveExchange& exchange() = 0;

  // Ends every session with kVenueStopped.
  virtual void Shutdown() = 0;
};

}  // namespace ets::server
