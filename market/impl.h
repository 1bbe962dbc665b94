#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/state_hash.h"
#include "market/market.h"

namespace ets::market {

using Outcome = Result<Receipt, Refusal>;

// The state behind a Market and one handler per input. Handlers check everything first and change
// state only when nothing can be refused any more.
struct Market::Impl {
  struct Member {
    AccountId escrow;
    AccountId holder;
  };
  struct Instrument {
    InstrumentView view;
    std::unique_ptr<matching::OrderBook> book;
    bool in_session = false;  // Was listed when the running (or last) session opened.
  };
  struct OpenedAuction {
    MemberId auctioneer;
    InstrumentId instrument;
    auction::Terms terms;
    std::vector<auction::Bid> bids;
    std::vector<std::uint32_t> bids_of;  // [member].
  };

  Impl(const Founding& founding, Journal* to, Listener* told);

  template <typename In>
  Outcome Take(const Envelope& envelope, const In& input);
  template <typename In>
  Outcome Judge(const Envelope& envelope, const In& input);
  Outcome Handle(const Envelope& envelope, const Input& input);
  template <typename In>
  Outcome On(const In&) {
    return Refuse(Refusal::kWrongSession);
  }

  // trading.cc
  Outcome On(const AdmitMember& input);
  Outcome On(const ListInstrument& input);
  Outcome On(const DelistInstrument& input);
  Outcome On(const OpenSession& input);
  Outcome On(const PlaceOrder& input);
  Outcome On(const CancelOrder& input);
  Outcome On(const TradeBlock& input);
  Outcome On(const CloseSession& input);
  // auction_house.cc
  Outcome On(const OpenAuction& input);
  Outcome On(const SubmitBid& input);
  Outcome On(const CloseAuction& input);
  void AbandonAuction();
  // custody.cc
  Outcome On(const Position& input);
  Outcome On(const Withdraw& input);
  Outcome On(const DropLedger& input);
  Outcome On(const AdvanceTo& input);
  Outcome On(const DayClosed& input);

  bool Has(MemberId member) const { return member.raw() < members.size(); }
  bool Has(InstrumentId instrument) const { return instrument.raw() < instruments.size(); }
  bool Has(LedgerId ledger) const { return ledger.raw() < holdings.ledger_count_max(); }
  bool IsCash(LedgerId ledger) const;
  Instrument& At(InstrumentId instrument) { return instruments[instrument.raw()]; }
  bool IsTrading(const Instrument& instrument) const {
    return session_open && instrument.in_session && instrument.view.listed;
  }
  const SessionType& TypeOf(const InstrumentView& view) const {
    return founding.rules.sessions[view.session];
  }
  // Notes which limit was broken, and fails.
  Fail<Refusal> Refuse(Refusal refusal, std::int64_t asked = 0, std::int64_t limit = 0) {
    detail = {.asked = asked, .limit = limit};
    return Fail{refusal};
  }
  // What an order binds, and in which ledger.
  struct Binding {
    LedgerId ledger;
    std::int64_t amount = 0;
  };
  static Binding BindingOf(const InstrumentView& view, const matching::RestingOrder& order);
  void ReleaseResting(Instrument& instrument, const matching::RestingOrder& order);
  void CancelAllOrders(Instrument& instrument);
  // Prints a trade whose sides have paid: gives it a number, counts it, tells the listener.
  void Print(Channel channel, InstrumentId id, MemberId seller, MemberId buyer, Price price,
             Tonnes quantity);
  // Bought units: available from the next session, or at once without T+1.
  void Deliver(const SessionType& type, MemberId buyer, LedgerId ledger, Tonnes quantity);

  // Appends the messages that carry everything pending.
  void FormMessages(std::vector<SettlementMessage>& messages);
  void Append(std::uint16_t kind, const Envelope& envelope);

  const Founding founding;
  Journal* journal;
  Listener* listener;

  matching::Holdings holdings;
  std::vector<Member> members;
  std::vector<Instrument> instruments;
  std::optional<OpenedAuction> auction;
  bool session_open = false;
  Date session_date;  // Of the running or the last session.
  bool had_session = false;
  SimTime now = 0;

  std::uint64_t next_order = 1;
  std::uint64_t next_trade = 1;
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
  RefusalDetail detail;

  // Kept between calls for their capacity.
  std::string payload;
  std::vector<matching::Trade> trades;
  std::vector<matching::RestingOrder> orders;
  std::vector<std::int64_t> won;  // [member]; all 0 between calls.
};

// price x quantity in minor units, or nothing when no balance could ever hold it.
inline std::optional<std::int64_t> ValueOf(Price price, Tonnes quantity) {
  std::int64_t value = 0;
  if (__builtin_mul_overflow(price.minor_per_tonne(), quantity.count(), &value))
    return std::nullopt;
  if (value > kAmountMax) return std::nullopt;
  return value;
}

}  // namespace ets::market
