#include "market/market.h"

#include "market/codec.h"
#include "market/impl.h"

namespace ets::market {

Market::Impl::Impl(const Founding& made_from, Journal* to, Listener* told)
    : founding(made_from), journal(to), listener(told), holdings(made_from.ledger_count_max) {
  ETS_ASSERT(founding.rules.tick > Price() && founding.rules.tick <= kPriceMax);
  sequence = 1;
  EncodeFounding(founding, payload);
  Append(static_cast<std::uint16_t>(RecordKind::kFounding), Envelope{});
}

// Writes the payload under the current sequence.
void Market::Impl::Append(std::uint16_t kind, const Envelope& envelope) {
  if (journal == nullptr) return;
  journal->Append(
      {.kind = kind, .version = 1, .sequence = sequence, .envelope = envelope, .payload = payload});
}

Outcome Market::Impl::Handle(const Envelope& envelope, const Input& input) {
  last_envelope = envelope;
  if (envelope.sim_time < now) return Fail{Refusal::kTimeGoesBack};
  Outcome outcome = std::visit([this](const auto& in) { return On(in); }, input);
  if (outcome.ok()) outcome.value().sequence = sequence;
  return outcome;
}

Market::Market(const VenueRules& rules, std::uint16_t ledger_count_max, Journal* journal,
               Listener* listener)
    : impl_(std::make_unique<Impl>(Founding{rules, ledger_count_max}, journal, listener)) {}
Market::~Market() = default;

Outcome Market::Apply(const Envelope& envelope, const Input& input) {
  ++impl_->sequence;
  if (impl_->journal != nullptr) {
    impl_->payload.clear();
    const RecordKind kind = Encode(input, impl_->payload);
    impl_->Append(static_cast<std::uint16_t>(kind), envelope);
  }
  return impl_->Handle(envelope, input);
}

std::string Market::Replay(const JournalRecord& record) {
  const std::string where = "record " + std::to_string(record.sequence) + ": ";
  if (record.sequence == 1) {
    const auto founding = DecodeFounding(record);
    if (!founding.ok()) return where + founding.error();
    return *founding == impl_->founding ? "" : where + "founded with other rules";
  }
  if (record.sequence != impl_->sequence + 1) {
    return where + "expected " + std::to_string(impl_->sequence + 1);
  }
  if (record.kind == static_cast<std::uint16_t>(RecordKind::kSettlementTaken)) {
    if (!record.payload.empty()) return where + "cannot be decoded";
    ++impl_->sequence;
    impl_->FormMessages(impl_->taken_before);
    return "";
  }
  const std::optional<Input> input = Decode(record.kind, record.payload);
  if (!input) return where + "cannot be decoded";
  if (const auto* day = std::get_if<DayClosed>(&*input)) {
    const std::uint64_t recorded = day->market_state_hash;
    if (recorded != 0 && recorded != StateHash()) {
      return where + "the state of " + ToString(day->date) + " differs from the recorded one";
    }
  }
  ++impl_->sequence;
  static_cast<void>(impl_->Handle(record.envelope, *input));
  return "";
}

void Market::ContinueJournal(Journal* journal) { impl_->journal = journal; }

Result<Founding, std::string> Market::FoundingOf(const JournalRecord& record) {
  return DecodeFounding(record);
}

std::vector<SettlementMessage> Market::TakeSettlement() {
  std::vector<SettlementMessage> messages = std::move(impl_->taken_before);
  impl_->taken_before.clear();
  if (impl_->fills.empty() && impl_->withdrawals.empty()) return messages;
  // Journaled, so that replay cuts the stream into the same messages.
  ++impl_->sequence;
  impl_->payload.clear();
  impl_->Append(static_cast<std::uint16_t>(RecordKind::kSettlementTaken), impl_->last_envelope);
  impl_->FormMessages(messages);
  return messages;
}

std::uint32_t Market::member_count() const {
  return static_cast<std::uint32_t>(impl_->members.size());
}
std::uint16_t Market::instrument_count() const {
  return static_cast<std::uint16_t>(impl_->instruments.size());
}
const InstrumentView& Market::instrument(InstrumentId instrument) const {
  ETS_ASSERT(impl_->Has(instrument));
  return impl_->At(instrument).view;
}
matching::BestQuote Market::best(InstrumentId instrument, matching::Side side) const {
  return book(instrument).best(side);
}
const matching::Holding& Market::holding(MemberId member, LedgerId ledger) const {
  return impl_->holdings.at(member, ledger);
}
AccountId Market::escrow(MemberId member) const {
  ETS_ASSERT(impl_->Has(member));
  return impl_->members[member.raw()].escrow;
}
AccountId Market::holder(MemberId member) const {
  ETS_ASSERT(impl_->Has(member));
  return impl_->members[member.raw()].holder;
}
const matching::OrderBook& Market::book(InstrumentId instrument) const {
  ETS_ASSERT(impl_->Has(instrument));
  return *impl_->At(instrument).book;
}
bool Market::session_open() const { return impl_->session_open; }
bool Market::auction_open() const { return impl_->auction.has_value(); }
std::uint64_t Market::orders_accepted() const { return impl_->orders_accepted; }
std::uint64_t Market::bids_accepted() const { return impl_->bids_accepted; }
std::uint64_t Market::sequence() const { return impl_->sequence; }
std::uint64_t Market::settlement_sequence() const { return impl_->settlement_sequence; }

std::uint64_t Market::StateHash() const {
  const Impl& in = *impl_;
  ets::StateHash hash;
  hash.Add(in.holdings.StateHash());
  hash.Add(static_cast<std::uint64_t>(in.members.size()));
  hash.Add(in.admissions.value());
  for (const Impl::Instrument& instrument : in.instruments) {
    const InstrumentView& view = instrument.view;
    hash.Add(std::uint64_t{view.unit_ledger.raw()} << 32U | view.cash_ledger.raw());
    hash.Add(std::uint64_t{view.listed} << 1U | std::uint64_t{instrument.in_session});
    for (const Price price :
         {view.previous_close, view.band_low, view.band_high, view.block_band_low,
          view.block_band_high, view.open, view.high, view.low, view.close}) {
      hash.Add(price.minor_per_tonne());
    }
    for (const Tonnes volume : {view.listed_volume, view.block_volume, view.auction_volume}) {
      hash.Add(volume.count());
    }
    for (const Money value : {view.listed_value, view.block_value, view.auction_value}) {
      hash.Add(value.minor());
    }
    hash.Add(std::uint64_t{view.listed_trades} << 32U | view.block_trades);
    hash.Add(instrument.book->StateHash());
  }
  hash.Add(std::uint64_t{in.session_open} << 1U | std::uint64_t{in.had_session});
  hash.Add(std::int64_t{in.session_date.days()});
  hash.Add(in.now);
  hash.Add(std::uint64_t{in.auction.has_value()});
  if (in.auction) {
    const auction::Terms& terms = in.auction->terms;
    hash.Add(std::uint64_t{in.auction->auctioneer.raw()} << 32U | in.auction->instrument.raw());
    hash.Add(terms.format.name);
    hash.Add(terms.supply.count());
    hash.Add(terms.reserve.value_or(Price()).minor_per_tonne());
    hash.Add(terms.tie_seed);
    for (const auction::Bid& bid : in.auction->bids) {
      hash.Add(std::uint64_t{bid.bidder.raw()});
      hash.Add(bid.price.minor_per_tonne());
      hash.Add(bid.quantity.count());
    }
  }
  for (const std::uint64_t count :
       {in.next_order, in.next_trade, in.orders_accepted, in.bids_accepted, in.positions_sequence,
        in.settlement_sequence, std::uint64_t{in.fills.size()},
        std::uint64_t{in.withdrawals.size()}}) {
    hash.Add(count);
  }
  return hash.value();
}

void Market::CheckInvariants() const {
  const Impl& in = *impl_;
  in.holdings.CheckInvariants();

  // What orders and bids bind, per ledger; an empty list binds nothing.
  std::vector<std::vector<std::pair<MemberId, std::int64_t>>> bound(in.holdings.ledger_count_max());
  std::vector<matching::RestingOrder> orders;
  for (const Impl::Instrument& instrument : in.instruments) {
    if (instrument.book->resting_count() == 0) continue;
    ETS_ASSERT(in.IsTrading(instrument));
    instrument.book->CheckInvariants();
    orders.clear();
    instrument.book->AppendResting(orders);
    for (const matching::RestingOrder& order : orders) {
      const Impl::Binding binding = Impl::BindingOf(instrument.view, order);
      bound[binding.ledger.raw()].emplace_back(order.owner, binding.amount);
    }
  }
  if (in.auction) {
    const InstrumentView& view = in.instruments[in.auction->instrument.raw()].view;
    bound[view.unit_ledger.raw()].emplace_back(in.auction->auctioneer,
                                               in.auction->terms.supply.count());
    for (const auction::Bid& bid : in.auction->bids) {
      bound[view.cash_ledger.raw()].emplace_back(bid.bidder, (bid.price * bid.quantity).minor());
    }
  }

  std::vector<std::int64_t> expected;
  for (std::uint16_t i = 0; i < in.holdings.ledger_count_max(); ++i) {
    if (bound[i].empty() && in.holdings.total(LedgerId(i)) == 0) continue;
    const std::span<const matching::Holding> rows = in.holdings.all(LedgerId(i));
    std::int64_t difference = 0;  // Not 0 as soon as one row differs.
    if (bound[i].empty()) {
      for (const matching::Holding& row : rows) difference |= row.reserved;
    } else {
      expected.assign(rows.size(), 0);
      for (const auto& [member, amount] : bound[i]) expected[member.raw()] += amount;
      for (std::size_t m = 0; m < rows.size(); ++m) difference |= rows[m].reserved ^ expected[m];
    }
    ETS_ASSERT(difference == 0);
  }
}

std::string_view ToString(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMemberNotFound:
      return "MEMBER_NOT_FOUND";
    case Refusal::kInstrumentNotFound:
      return "INSTRUMENT_NOT_FOUND";
    case Refusal::kInstrumentNotTrading:
      return "INSTRUMENT_NOT_TRADING";
    case Refusal::kQuantityNotPositive:
      return "QUANTITY_NOT_POSITIVE";
    case Refusal::kQuantityOfWrongChannel:
      return "QUANTITY_OF_WRONG_CHANNEL";
    case Refusal::kPriceOffTick:
      return "PRICE_OFF_TICK";
    case Refusal::kPriceOutsideBand:
      return "PRICE_OUTSIDE_BAND";
    case Refusal::kInsufficientUnits:
      return "INSUFFICIENT_UNITS";
    case Refusal::kInsufficientCash:
      return "INSUFFICIENT_CASH";
    case Refusal::kWouldNotFill:
      return "WOULD_NOT_FILL";
    case Refusal::kOrderNotFound:
      return "ORDER_NOT_FOUND";
    case Refusal::kSameParty:
      return "SAME_PARTY";
    case Refusal::kAuctionNotOpen:
      return "AUCTION_NOT_OPEN";
    case Refusal::kBidNotInLots:
      return "BID_NOT_IN_LOTS";
    case Refusal::kBidBelowReserve:
      return "BID_BELOW_RESERVE";
    case Refusal::kTooManyBids:
      return "TOO_MANY_BIDS";
    case Refusal::kStreamGap:
      return "STREAM_GAP";
    case Refusal::kTimeGoesBack:
      return "TIME_GOES_BACK";
    case Refusal::kAmountTooLarge:
      return "AMOUNT_TOO_LARGE";
    case Refusal::kSessionAlreadyOpen:
      return "SESSION_ALREADY_OPEN";
    case Refusal::kAuctionAlreadyOpen:
      return "AUCTION_ALREADY_OPEN";
    case Refusal::kAuctionFormatInvalid:
      return "AUCTION_FORMAT_INVALID";
    case Refusal::kLedgerNotFound:
      return "LEDGER_NOT_FOUND";
    case Refusal::kLedgerStillTraded:
      return "LEDGER_STILL_TRADED";
  }
  return "UNKNOWN";
}

}  // namespace ets::market
