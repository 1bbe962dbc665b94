#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auction/entry.h"
#include "base/state_hash.h"
#include "market/auction_plan.h"
#include "market/auction_state.h"
#include "market/client_answers.h"
#include "market/fees_due.h"
#include "market/market.h"
#include "market/packing.h"
#include "market/schedule.h"
#include "matching/engine.h"

namespace ets::market {

using Outcome = Result<Receipt, Refusal>;
// Nothing, or why not.
using Gate = std::optional<Fail<Refusal>>;

// The state behind a Market and one handler per input. Handlers check everything first and change
// state only when nothing can be refused any more.
struct Market::Impl {
  struct Member {
    AccountId escrow;
    AccountId holder;
    bool blocked = false;
  };
  struct Instrument {
    Instrument(matching::Holdings& holdings, const matching::EngineTerms& terms)
        : engine(holdings, terms) {}

    InstrumentView view;
    matching::Engine engine;
    bool in_session = false;  // Is, or was, traded in the running (or last) session.
    bool halted = false;
    bool prolonged = false;              // The call that runs has been given its second time.
    std::optional<Price> closing_price;  // The closing call's, today.
    std::optional<Schedule> schedule;    // Today's.
    // Limits that stand in place of the instrument's, and who is reported, by member.
    std::vector<std::pair<MemberId, Tonnes>> own_limits;
    std::vector<bool> is_large;
  };
  struct OpenQuote {
    OfferId id;
    QuoteBlock quote;
    std::int64_t reserved = 0;
  };
  struct OneWayBid {
    OneWayView::Bid view;
    std::int64_t reserved = 0;
  };
  struct OpenOneWay {
    OfferId id;
    AnnounceOneWay terms;
    std::int64_t reserved = 0;
    std::vector<OneWayBid> bids;
  };

  Impl(const Founding& founding, Journal* to, Listener* told);

  // market.cc
  template <typename In>
  Outcome Take(const Envelope& envelope, const In& input);
  template <typename In>
  Outcome Judge(const Envelope& envelope, const In& input);
  Outcome Handle(const Envelope& envelope, const Input& input);
  void Append(std::uint16_t kind, const Envelope& envelope);
  std::uint64_t StateHash() const;
  void AddHash(const Instrument& instrument, ets::StateHash& hash) const;
  void AddDeskHash(ets::StateHash& hash) const;

  // snapshot.cc
  void Save(std::string& out) const;
  std::string LoadState(ByteReader& bytes);  // Empty, or what is wrong.
  bool LoadInstrument(Reader& read);
  static void PlainFields(auto& io, auto& in);

  // instruments.cc
  matching::EngineTerms EngineTermsOf(const InstrumentView& view) const;
  Outcome On(const AdmitMember& input);
  Outcome On(const BlockMember& input);
  Outcome On(const ListInstrument& input);
  Outcome On(const DelistInstrument& input);
  Outcome On(const SetHoldingLimit& input);
  void Delist(InstrumentId id);
  // Orders, quotes, announcements and an auction of the instrument. Returns how many orders went.
  std::size_t EndTrading(InstrumentId id, CancelReason reason);
  void WatchHolder(MemberId member, LedgerId ledger);

  // sessions.cc
  Outcome On(const OpenSession& input);
  Outcome On(const CloseSession& input);
  Outcome On(const AdvanceTo& input);
  Outcome On(const HaltTrading& input);
  Outcome On(const ResumeTrading& input);
  Outcome On(const SetPhase& input);
  void StartDay(InstrumentId id);
  void EndDay(InstrumentId id);
  SimTime NextDueOf(const Instrument& instrument) const;
  SimTime NextDue() const;
  void FirePhase(InstrumentId id);
  void FireDay(Date today);
  std::uint32_t Halt(InstrumentId id, bool cancel_orders);
  void Resume(InstrumentId id);

  Price CloseNow(const Instrument& instrument) const;  // If the session ended now.

  // phases.cc
  void EnterPhase(InstrumentId id, Phase to, SimTime until);
  void ClearCall(InstrumentId id);
  matching::CallResult CallNow(const Instrument& instrument) const;
  Price ReferenceOf(const InstrumentView& view) const;
  // Around a call's price or the last trade; the band where the type has no range.
  std::pair<Price, Price> RangeOf(const InstrumentView& view, Price centre, std::uint32_t bp) const;
  void SetCollar(Instrument& instrument);
  void AfterOrders(InstrumentId id);
  void TellIndicative(InstrumentId id, const matching::CallResult& result, bool final);

  // orders.cc
  Outcome On(const PlaceOrder& input);
  Outcome On(const ChangeOrder& input);
  Outcome On(const CancelOrder& input);
  Outcome On(const CancelOrders& input);
  template <typename In>
  Outcome AnswerOnce(const In& input, const matching::ClientOrderId& id,
                     Outcome (Impl::*handle)(const In&));
  Outcome Place(const PlaceOrder& input);
  Outcome Change(const ChangeOrder& input);
  Gate CheckPhase(InstrumentId id);
  Gate CheckExpiry(const InstrumentView& view, Date expire);
  // The member's live order by either name; else no id.
  static OrderId FindOrder(const Instrument& instrument, MemberId member, OrderId order,
                           const matching::ClientOrderId& id);
  Fail<Refusal> RefuseAs(const matching::Refused& refused, const Instrument& instrument,
                         MemberId member);
  Receipt ReceiptOf(const matching::Placed& placed) const;
  std::size_t CancelAll(InstrumentId id, std::optional<MemberId> member,
                        std::optional<matching::Side> side, CancelReason reason);
  // What the engine's last operation did: prints its trades and tells of every event.
  void Report(InstrumentId id, CancelReason by_operator = CancelReason::kNone);
  void TellAccepted(const PlaceOrder& input, OrderId order);
  OrderEvent EventOf(InstrumentId id, OrderId order) const;
  void TellEvent(InstrumentId id, const matching::Event& event, CancelReason by_operator);
  void TellTraded(InstrumentId id, const Fill& fill, const matching::Event& event);

  // gate.cc
  Gate CheckMember(MemberId member);        // Exists and may trade.
  Gate CheckOpen(InstrumentId instrument);  // A session runs, and the instrument is in it.
  Gate CheckQuantity(const SessionType& type, Tonnes quantity);
  Gate CheckPrice(const TickTable& ticks, Price price, Price low, Price high);
  Gate CheckUnits(MemberId member, const InstrumentView& view, std::int64_t units);
  Gate CheckCash(MemberId member, const InstrumentView& view, std::int64_t cash);
  Gate CheckHoldingLimit(MemberId member, InstrumentId instrument, Tonnes more);
  // Reserves units, or value with the maker's fee. Returns how much.
  Result<std::int64_t, Refusal> ReserveFor(MemberId member, const InstrumentView& view,
                                           matching::Side side, Price price, Tonnes quantity,
                                           const matching::FeeRates& fees);
  static LedgerId LedgerBoundBy(const InstrumentView& view, matching::Side side) {
    return side == matching::Side::kBuy ? view.cash_ledger : view.unit_ledger;
  }
  Tonnes HoldingLimitOf(MemberId member, const Instrument& instrument) const;
  Tonnes BidFor(MemberId member, InstrumentId instrument) const;

  // blocks.cc
  Outcome On(const QuoteBlock& input);
  Outcome On(const ConfirmBlock& input);
  Outcome On(const CancelBlock& input);
  Outcome On(const TradeBlock& input);
  Gate CheckBlock(InstrumentId id, Price price, Tonnes quantity);
  Receipt TradeReserved(Channel channel, const SessionType& type, InstrumentId id, MemberId seller,
                        MemberId buyer, Price price, Tonnes quantity);
  std::vector<OpenQuote>::iterator FindQuote(OfferId id);
  void WithdrawQuote(std::vector<OpenQuote>::iterator at);
  void WithdrawQuotesIf(const std::function<bool(const QuoteBlock&)>& goes);
  void Tell(DeskEventKind kind, const OpenQuote& quote);

  // one_way.cc
  Outcome On(const AnnounceOneWay& input);
  Outcome On(const BidOneWay& input);
  Outcome On(const WithdrawOneWay& input);
  static std::pair<Price, Price> OneWayBand(const InstrumentView& view, const SessionType& type);
  OpenOneWay* FindOneWay(OfferId id);
  void ReleaseBid(const OpenOneWay& open, const OneWayBid& bid);
  void AbandonOneWay(OpenOneWay& open);
  void AbandonOneWaysOf(InstrumentId instrument);
  void AbandonOneWaysOf(MemberId member);
  void CloseOneWaysDue();
  void ClearOneWay(const OpenOneWay& closed);
  void Tell(DeskEventKind kind, const OpenOneWay& open, const OneWayBid* bid);

  // auction_house.cc
  Outcome On(const OpenAuction& input);
  Outcome On(const SubmitBid& input);
  Outcome On(const SubmitBids& input);
  Outcome Submit(const SubmitBid& input);
  Outcome Submit(const SubmitBids& input);
  Outcome On(const ChangeBid& input);
  Outcome On(const WithdrawBid& input);
  Outcome On(const CloseAuction& input);
  Outcome On(const PayAuction& input);
  Gate CheckMeant(std::uint32_t number);
  Gate CheckWindow(const OpenAuction& input);
  SimTime NextAuctionDue() const;
  void FireAuctions();  // What is due: the close, then pay days.
  std::optional<Refusal> CheckSupply(const OpenAuction& input);
  std::optional<Refusal> CheckBid(const auction::Bid& bid, std::uint32_t without);
  std::optional<Refusal> RefuseFault(auction::EntryFault fault, const auction::Bid& bid,
                                     std::size_t count, const std::vector<auction::Bid>& others);
  std::optional<Refusal> CheckOwn(MemberId member, std::uint32_t number);
  void ReserveFor(MemberId member);
  void Enter(std::uint32_t number, const auction::Bid& bid);
  void Strike(std::uint32_t number);
  void TakeBackLast();
  OpenedAuction Shut();
  void ReserveAwards(AwaitedAuction& awaited, const OpenedAuction& closed);
  Receipt Pay(AwaitedAuction& awaited);
  void Send(AwaitedAuction& awaited, MemberId buyer, Price price, Tonnes quantity,
            std::size_t& seller);
  void Tell(AuctionEventKind kind, MemberId member, std::uint32_t bid, Price price, Tonnes quantity,
            const AwaitedAuction* awaited = nullptr);
  void AbandonAuctions(InstrumentId instrument);
  void Remember(ClosedAuction closed);
  void AddAuctionHash(ets::StateHash& hash) const;
  // What auctions bind, member by member; also asserts that guarantees are what bids need.
  void EachAuctionBinding(const std::function<void(MemberId, LedgerId, std::int64_t)>& binds) const;
  void SaveAuctions(ByteWriter& bytes) const;
  bool LoadAuctions(ByteReader& bytes);  // False: not what SaveAuctions() wrote.

  // auction_calendars.cc
  Outcome On(const SetAuctionCalendar& input);
  AuctionPlan* FindPlan(std::string_view name);
  Gate CheckRows(const SetAuctionCalendar& input);
  SimTime NextCalendarDue() const;
  void FireCalendars();
  void OpenBy(AuctionPlan& plan, const auction::PlannedAuction& next, SimTime closes);
  // What a closed and paid auction has sold, for the calendar that opened it, if one did.
  void FinishPlanned(std::uint32_t number, Tonnes unpaid);
  void AddCalendarHash(ets::StateHash& hash) const;
  void SaveCalendars(ByteWriter& bytes) const;
  bool LoadCalendars(ByteReader& bytes);  // False: not what SaveCalendars() wrote.

  // custody.cc
  Outcome On(const Position& input);
  Outcome On(const Withdraw& input);
  Outcome On(const DropLedger& input);
  Outcome On(const DayClosed& input);
  // Prints a trade whose sides have paid: gives it a number, counts it, tells the listener.
  void Print(Fill& fill);
  // Bought units: available from the next session, or at once without T+1.
  void Deliver(const SessionType& type, MemberId buyer, LedgerId ledger, Tonnes quantity);
  // Appends the messages that carry everything pending.
  void FormMessages(std::vector<SettlementMessage>& messages);

  bool Has(MemberId member) const { return member.raw() < members.size(); }
  // By which everybody knows the member: its escrow account's. REQUIRES: there is such a member.
  std::int64_t NumberOf(MemberId member) const { return members[member.raw()].escrow.raw(); }
  bool Has(InstrumentId instrument) const { return instrument.raw() < instruments.size(); }
  bool Has(LedgerId ledger) const { return ledger.raw() < holdings.ledger_count_max(); }
  bool IsCash(LedgerId ledger) const;
  Instrument& At(InstrumentId instrument) { return *instruments[instrument.raw()]; }
  const Instrument& At(InstrumentId instrument) const { return *instruments[instrument.raw()]; }
  const SessionType& TypeOf(const InstrumentView& view) const {
    return founding.rules.sessions[view.session];
  }
  // When the input at hand came: what has an hour of its own opens and ends at it, also before an
  // AdvanceTo.
  SimTime Moment() const { return std::max(now, last_envelope.sim_time); }
  // The same for phases, which AdvanceTo takes at their own times, one after the other.
  SimTime PhaseTime() const { return is_advancing ? now : Moment(); }
  // Notes which limit was broken, and fails.
  Fail<Refusal> Refuse(Refusal refusal, std::int64_t asked = 0, std::int64_t limit = 0) {
    detail = {.asked = asked, .limit = limit};
    return Fail{refusal};
  }

  const Founding founding;
  Journal* journal;
  Listener* listener;

  matching::Holdings holdings;
  std::vector<Member> members;
  std::vector<std::unique_ptr<Instrument>> instruments;
  std::vector<OpenQuote> block_quotes;  // By number.
  std::vector<OpenOneWay> one_ways;     // By number.
  std::optional<OpenedAuction> auction;
  OpenedAuction last_window;             // What closed last: its memory, no state.
  std::vector<Winner> last_winners;      // The same.
  std::vector<AwaitedAuction> awaiting;  // Closed, not yet paid; by number.
  std::uint32_t auctions_opened = 0;
  std::vector<ClosedAuction> closed_auctions;  // The last ones, by number.
  std::vector<AuctionPlan> plans;              // In the order in which they came.
  ClientAnswers answers;
  FeesDue fees_due;
  bool reports_holders = false;  // Some instrument has a threshold.
  bool session_open = false;
  Date session_date;  // Of the running or the last session.
  bool had_session = false;
  SimTime now = 0;

  std::uint64_t next_order = 1;
  std::uint64_t next_trade = 1;
  std::uint64_t next_offer = 1;
  std::uint64_t orders_accepted = 0;
  std::uint64_t bids_accepted = 0;
  std::uint64_t sequence = 0;
  std::uint64_t positions_sequence = 0;
  std::uint64_t settlement_sequence = 0;
  ets::StateHash admissions;  // Of every admission in turn.

  std::vector<Fill> fills;                   // Not yet taken.
  std::vector<WithdrawalReady> withdrawals;  // Not yet taken.
  // Taken since the last DayClosed, as replay found them; TakeSettlement() gives them once more.
  std::vector<SettlementMessage> taken_before;
  Envelope last_envelope;
  bool is_advancing = false;  // Within AdvanceTo.
  RefusalDetail detail;

  // Kept between calls for their capacity.
  std::string payload;
  mutable std::vector<matching::CallLevel> call_bids, call_offers;
};

// price x quantity in minor units, or nothing when no balance could ever hold it.
inline std::optional<std::int64_t> ValueOf(Price price, Tonnes quantity) {
  std::int64_t value = 0;
  if (__builtin_mul_overflow(price.minor_per_tonne(), quantity.count(), &value))
    return std::nullopt;
  if (value > kAmountMax) return std::nullopt;
  return value;
}
// price x quantity and the fee on it, as ValueOf().
inline std::optional<std::int64_t> ValueWithFee(Price price, Tonnes quantity,
                                                const matching::FeeRate& rate) {
  const auto value = ValueOf(price, quantity);
  if (!value) return std::nullopt;
  const std::int64_t due = *value + matching::FeeOn(rate, *value, quantity.count());
  return due > kAmountMax ? std::nullopt : std::optional(due);
}

// The band around a close, rounded inwards so that it is never exceeded. A close on the tick lies
// within.
Price BandLow(Price close, std::uint32_t band_bp, const TickTable& ticks);
Price BandHigh(Price close, std::uint32_t band_bp, const TickTable& ticks);

}  // namespace ets::market
