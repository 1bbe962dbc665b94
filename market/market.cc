#include "market/market.h"

#include <limits>

#include "market/codec.h"
#include "market/impl.h"

namespace ets::market {

Market::Impl::Impl(const Founding& made_from, Journal* to, Listener* told)
    : founding(made_from), journal(to), listener(told), holdings(made_from.ledger_count_max) {
  ETS_ASSERT(WhatIsWrong(founding.rules).empty());
  sequence = 1;
  EncodeFounding(founding, payload);
  Append(static_cast<std::uint16_t>(RecordKind::kFounding), Envelope{});
}

// Writes the payload under the current sequence.
void Market::Impl::Append(std::uint16_t kind, const Envelope& envelope) {
  if (journal == nullptr) return;
  journal->Append({.kind = kind,
                   .version = kRecordVersion,
                   .sequence = sequence,
                   .envelope = envelope,
                   .payload = payload});
}

Outcome Market::Impl::Handle(const Envelope& envelope, const Input& input) {
  return std::visit([&](const auto& in) { return Judge(envelope, in); }, input);
}

// Journals the input as it came, then judges it.
template <typename In>
Outcome Market::Impl::Take(const Envelope& envelope, const In& input) {
  ++sequence;
  if (journal != nullptr) {
    payload.clear();
    const RecordKind kind = Encode(input, payload);
    Append(static_cast<std::uint16_t>(kind), envelope);
  }
  if constexpr (std::is_same_v<In, Input>) {
    return Handle(envelope, input);
  } else {
    return Judge(envelope, input);
  }
}

template <typename In>
Outcome Market::Impl::Judge(const Envelope& envelope, const In& input) {
  last_envelope = envelope;
  if (envelope.sim_time < now) return Refuse(Refusal::kTimeGoesBack, envelope.sim_time, now);
  Outcome outcome = On(input);
  if (outcome.ok()) outcome.value().sequence = sequence;
  return outcome;
}

Market::Market(const VenueRules& rules, std::uint16_t ledger_count_max, Journal* journal,
               Listener* listener)
    : impl_(std::make_unique<Impl>(Founding{rules, ledger_count_max}, journal, listener)) {}
Market::~Market() = default;

Outcome Market::Apply(const Envelope& envelope, const Input& input) {
  return impl_->Take(envelope, input);
}
Outcome Market::Apply(const Envelope& envelope, const PlaceOrder& input) {
  return impl_->Take(envelope, input);
}
Outcome Market::Apply(const Envelope& envelope, const CancelOrder& input) {
  return impl_->Take(envelope, input);
}
const RefusalDetail& Market::detail() const { return impl_->detail; }

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
void Market::AppendDepth(InstrumentId instrument, matching::Side side, std::size_t levels_max,
                         std::vector<DepthLevel>& levels) const {
  std::vector<matching::RestingOrder> orders;
  book(instrument).AppendResting(orders);
  const std::size_t begin = levels.size();
  for (const matching::RestingOrder& order : orders) {
    if (order.side != side) continue;
    if (levels.size() == begin || levels.back().price != order.limit) {
      if (levels_max != 0 && levels.size() - begin == levels_max) return;
      levels.push_back({order.limit, Tonnes(0), 0});
    }
    levels.back().quantity += order.open;
    ++levels.back().orders;
  }
}
IndicativeEvent Market::indicative(InstrumentId instrument) const {
  IndicativeEvent event;
  event.instrument = instrument;
  return event;
}
std::vector<BlockQuoteView> Market::block_quotes() const { return {}; }
std::vector<OneWayView> Market::one_way() const { return {}; }
const VenueRules& Market::rules() const { return impl_->founding.rules; }
bool Market::is_blocked(MemberId) const { return false; }
SimTime Market::now() const { return impl_->now; }
SimTime Market::next_due() const { return std::numeric_limits<SimTime>::max(); }
Date Market::session_date() const { return impl_->session_date; }
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

}  // namespace ets::market
