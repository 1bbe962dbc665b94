#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "ets/market/v1/resources.pb.h"
#include "server/auth.h"
#include "server/exchange_service.h"
#include "server/request_reader.h"
#include "server/venue.h"

namespace ets::server {

namespace mk = ::ets::market::v1;
template <typename T>
using OrStatus = wire::OrStatus<T>;

// ---- What the market refuses, as ets.market.v1 says it. ----

// The canonical code, and one ErrorInfo with the reason and, in its metadata, `number`, `asked` and
// `limit`.
grpc::Status RefusalStatus(market::Refusal refusal, const market::RefusalDetail& detail,
                           const std::string& message);
grpc::Status StatusOf(const ExchangeFailure& failure);
// The same inside a stream.
void Fill(const VenueRefusal& refused, mk::Rejection* out);
// Of a status that this room made.
void Fill(const grpc::Status& status, mk::Rejection* out);
// What kClientOrderIdInvalid asks and limits. REQUIRES: a text that is no client order id.
market::RefusalDetail WrongInClientId(std::string_view text);

// ---- Who may trade. ----

// Who stands behind an "authorization" text ("Bearer TOKEN") or a client certificate's name; empty:
// nobody that is known.
std::optional<Caller> CallerBehind(const ExchangeServiceOptions& options,
                                   std::string_view authorization,
                                   std::string_view certificate_name);
// Whether a caller may trade for the member with that escrow account.
bool MayTrade(const ExchangeServiceOptions& options, const Caller& caller, AccountId escrow);
// Both for protocols without metadata: a member by token, or why not.
Result<MemberId, std::string> Admit(const ExchangeServiceOptions& options,
                                    const LiveExchange& exchange, std::string_view token,
                                    AccountId escrow);

// What the exchange's services share: who asks, and what the names on the wire stand for.
// Thread-safe.
class ExchangeEdge {
 public:
  ExchangeEdge(Venue& venue, const ExchangeServiceOptions& options);

  const market::VenueRules& rules() const { return rules_; }
  Venue& venue() { return venue_; }
  LiveExchange& exchange() { return exchange_; }
  const ExchangeServiceOptions& options() const { return options_; }

  // ---- Who ----

  std::optional<Caller> CallerOf(const grpc::ServerContextBase& context) const;
  grpc::Status NeedsCaller(const grpc::ServerContextBase& context) const;
  grpc::Status NeedsOperator(const grpc::ServerContextBase& context) const;
  bool IsOperator(const grpc::ServerContextBase& context) const;
  // Who may not know of a member is told that there is none.
  OrStatus<MemberId> MemberOf(const grpc::ServerContextBase& context, const std::string& name);

  // ---- Names ----

  OrStatus<std::pair<LedgerId, Unit>> LedgerOf(std::string_view field, const std::string& text);
  OrStatus<InstrumentId> InstrumentOf(const std::string& name);
  std::string NameOf(InstrumentId instrument);
  std::string NameOf(MemberId member) const;
  std::optional<Unit> UnitOf(LedgerId ledger);

  // A member's live orders, instrument by instrument. On the sequencer's thread.
  template <typename Visit>
  static void ForEachOrder(const market::Market& market, MemberId member, const Visit& visit) {
    for (std::uint16_t id = 0; id < market.instrument_count(); ++id) {
      const matching::Engine& engine = market.engine(InstrumentId(id));
      if (engine.open_orders(member) == 0) continue;
      engine.ForEach([&](const matching::OrderView& order) {
        if (order.owner == member) visit(InstrumentId(id), order);
      });
    }
  }

  // ---- From the wire ----

  OrStatus<market::PlaceOrder> Read(const mk::OrderDraft& draft);
  OrStatus<market::ChangeOrder> Read(const mk::OrderChange& change);
  OrStatus<market::CancelOrder> Read(const mk::OrderKey& key);
  OrStatus<market::CancelOrders> Read(const mk::MassCancel& which);
  OrStatus<market::QuoteBlock> Read(const mk::BlockQuote& quote);
  OrStatus<market::AnnounceOneWay> Read(const mk::OneWayAnnouncement& announcement);
  static market::BidOneWay Read(const mk::OneWayBid& bid);

  // ---- To the wire ----

  static void Fill(const market::Receipt& receipt, mk::Receipt* out);
  void Fill(const Report& report, mk::ExecutionReport* out);
  void Fill(const TradeReport& report, mk::TradeReport* out);
  void Fill(const DeskReport& report, mk::DeskReport* out);
  void Fill(const LargeHolderReport& report, mk::LargeHolderReport* out);
  void Fill(InstrumentId instrument, const market::InstrumentView& view, mk::Instrument* out);
  // The same for the directory, with what its session type says of orders.
  void FillTerms(InstrumentId instrument, const market::InstrumentView& view, mk::Instrument* out);
  static void Fill(const market::VenueRules& rules, mk::VenueRules* out);
  void Fill(InstrumentId instrument, const matching::OrderView& order, mk::Order* out);
  void Fill(const MarketData::Trade& trade, mk::Trade* out);

 private:
  std::optional<Unit> KnownUnit(LedgerId ledger);
  std::optional<LedgerId> KnownLedger(Unit unit);
  grpc::Status LoadLedgers();

  Venue& venue_;
  LiveExchange& exchange_;
  const ExchangeServiceOptions options_;
  market::VenueRules rules_;  // A copy; they never change.

  std::mutex mutex_;
  std::map<std::uint16_t, Unit> ledgers_;
  std::map<std::uint16_t, std::string> names_;
};

// The name as the wire writes an enumerator's: "SELF_TRADE".
std::string Upper(std::string_view name);

}  // namespace ets::server
