#include "market/market.h"

#include <algorithm>

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
  // A retry has the number of what it repeats.
  if (outcome.ok() && outcome->sequence == 0) outcome.value().sequence = sequence;
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
  if (!input.client_id.empty()) impl_->answers.Prefetch(input.member, input.client_id);
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
Price Market::close_so_far(InstrumentId instrument) const {
  const Impl::Instrument& of = impl_->At(instrument);
  const bool runs = impl_->session_open && of.in_session && of.view.listed;
  return runs ? impl_->CloseNow(of) : of.view.close;
}
const InstrumentView& Market::instrument(InstrumentId instrument) const {
  ETS_ASSERT(impl_->Has(instrument));
  return impl_->At(instrument).view;
}
matching::Engine::Quote Market::best(InstrumentId instrument, matching::Side side) const {
  return engine(instrument).best(side);
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
const matching::Engine& Market::engine(InstrumentId instrument) const {
  ETS_ASSERT(impl_->Has(instrument));
  return impl_->At(instrument).engine;
}
IndicativeEvent Market::indicative(InstrumentId instrument) const {
  IndicativeEvent event;
  event.instrument = instrument;
  if (!IsCall(this->instrument(instrument).phase)) return event;
  const matching::CallResult result = impl_->CallNow(impl_->At(instrument));
  event.has_price = result.clears;
  event.price = result.price;
  event.volume = result.volume;
  event.imbalance = result.imbalance;
  return event;
}
std::vector<BlockQuoteView> Market::block_quotes() const {
  std::vector<BlockQuoteView> quotes;
  for (const Impl::OpenQuote& open : impl_->block_quotes) quotes.push_back({open.id, open.quote});
  return quotes;
}
std::vector<OneWayView> Market::one_way() const {
  std::vector<OneWayView> announcements;
  for (const Impl::OpenOneWay& open : impl_->one_ways) {
    OneWayView& view = announcements.emplace_back();
    view.offer = open.id;
    view.terms = open.terms;
    for (const Impl::OneWayBid& bid : open.bids) view.bids.push_back(bid.view);
  }
  return announcements;
}
const VenueRules& Market::rules() const { return impl_->founding.rules; }
bool Market::is_blocked(MemberId member) const {
  ETS_ASSERT(impl_->Has(member));
  return impl_->members[member.raw()].blocked;
}
Tonnes Market::holding_limit(MemberId member, InstrumentId instrument) const {
  ETS_ASSERT(impl_->Has(member) && impl_->Has(instrument));
  return impl_->HoldingLimitOf(member, impl_->At(instrument));
}
bool Market::has_own_limit(MemberId member, InstrumentId instrument) const {
  ETS_ASSERT(impl_->Has(member) && impl_->Has(instrument));
  const auto& limits = impl_->At(instrument).own_limits;
  return std::any_of(limits.begin(), limits.end(),
                     [member](const auto& limit) { return limit.first == member; });
}
std::vector<MemberId> Market::large_holders(InstrumentId instrument) const {
  ETS_ASSERT(impl_->Has(instrument));
  const std::vector<bool>& is_large = impl_->At(instrument).is_large;
  std::vector<MemberId> holders;
  for (std::size_t i = 0; i < is_large.size(); ++i) {
    if (is_large[i]) holders.emplace_back(static_cast<std::uint32_t>(i));
  }
  return holders;
}
SimTime Market::now() const { return impl_->now; }
SimTime Market::next_due() const { return impl_->NextDue(); }
Date Market::session_date() const { return impl_->session_date; }
bool Market::session_open() const { return impl_->session_open; }
bool Market::auction_open() const { return impl_->auction.has_value(); }
std::uint64_t Market::orders_accepted() const { return impl_->orders_accepted; }
std::uint64_t Market::bids_accepted() const { return impl_->bids_accepted; }
std::uint64_t Market::sequence() const { return impl_->sequence; }
std::uint64_t Market::settlement_sequence() const { return impl_->settlement_sequence; }

void Market::Impl::AddHash(const Instrument& instrument, ets::StateHash& hash) const {
  const InstrumentView& view = instrument.view;
  hash.Add(std::uint64_t{view.unit_ledger.raw()} << 32U | view.cash_ledger.raw());
  hash.Add(std::uint64_t{view.session} << 16U | static_cast<std::uint64_t>(view.phase) << 8U |
           std::uint64_t{view.listed} << 3U | std::uint64_t{instrument.in_session} << 2U |
           std::uint64_t{instrument.halted} << 1U | std::uint64_t{instrument.prolonged});
  hash.Add(view.phase_until);
  for (const Price price :
       {view.previous_close, view.band_low, view.band_high, view.block_band_low,
        view.block_band_high, view.open, view.high, view.low, view.close, view.last,
        view.auction_price, instrument.closing_price.value_or(Price())}) {
    hash.Add(price.minor_per_tonne());
  }
  for (const Tonnes volume : {view.listed_volume, view.block_volume, view.auction_volume,
                              view.one_way_volume, view.holding_limit, view.large_holder_from}) {
    hash.Add(volume.count());
  }
  for (const Money value :
       {view.listed_value, view.block_value, view.auction_value, view.one_way_value}) {
    hash.Add(value.minor());
  }
  for (const Date date : {view.first_day, view.last_day, view.delisting_day}) {
    hash.Add(std::int64_t{date.days()});
  }
  hash.Add(std::uint64_t{view.listed_trades} << 32U | view.block_trades);
  for (const auto& [member, limit] : instrument.own_limits) {
    hash.Add(std::uint64_t{member.raw()});
    hash.Add(limit.count());
  }
  for (std::size_t i = 0; i < instrument.is_large.size(); ++i) {
    if (instrument.is_large[i]) hash.Add(std::uint64_t{i});
  }
  hash.Add(instrument.engine.StateHash());
}

void Market::Impl::AddDeskHash(ets::StateHash& hash) const {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].blocked) hash.Add(std::uint64_t{i});
  }
  for (const OpenQuote& open : block_quotes) {
    hash.Add(open.id.raw());
    hash.Add(open.reserved);
  }
  for (const OpenOneWay& open : one_ways) {
    hash.Add(open.id.raw());
    hash.Add(open.reserved);
    for (const OneWayBid& bid : open.bids) {
      hash.Add(bid.view.bid.raw());
      hash.Add(bid.view.price.minor_per_tonne());
      hash.Add(bid.view.quantity.count());
    }
  }
  hash.Add(answers.StateHash());
  for (const auto& [ledger, member] : fees_due.Sorted()) {
    hash.Add(std::uint64_t{ledger.raw()} << 32U | member.raw());
    hash.Add(fees_due.at(member, ledger));
  }
  hash.Add(next_offer);
}

std::uint64_t Market::Impl::StateHash() const {
  const Impl& in = *this;
  ets::StateHash hash;
  hash.Add(in.holdings.StateHash());
  hash.Add(static_cast<std::uint64_t>(in.members.size()));
  hash.Add(in.admissions.value());
  for (const auto& instrument : in.instruments) in.AddHash(*instrument, hash);
  in.AddDeskHash(hash);
  hash.Add(std::uint64_t{in.session_open} << 1U | std::uint64_t{in.had_session});
  hash.Add(std::int64_t{in.session_date.days()});
  hash.Add(in.now);
  in.AddAuctionHash(hash);
  in.AddCalendarHash(hash);
  for (const std::uint64_t count :
       {in.next_order, in.next_trade, in.orders_accepted, in.bids_accepted, in.positions_sequence,
        in.settlement_sequence, std::uint64_t{in.fills.size()},
        std::uint64_t{in.withdrawals.size()}}) {
    hash.Add(count);
  }
  return hash.value();
}

std::uint64_t Market::StateHash() const { return impl_->StateHash(); }

void Market::CheckInvariants() const {
  const Impl& in = *impl_;
  in.holdings.CheckInvariants();
  // What everything that waits binds, by ledger and member; an empty row binds nothing.
  std::vector<std::vector<std::int64_t>> bound(in.holdings.ledger_count_max());
  const auto row = [&](LedgerId ledger) -> std::vector<std::int64_t>& {
    std::vector<std::int64_t>& amounts = bound[ledger.raw()];
    if (amounts.empty()) amounts.resize(in.members.size());
    return amounts;
  };
  for (const auto& instrument : in.instruments) {
    if (instrument->engine.live_count() == 0) continue;
    instrument->engine.CheckInvariants();
    instrument->engine.AddReserved(row(instrument->view.unit_ledger),
                                   row(instrument->view.cash_ledger));
  }
  for (const Impl::OpenQuote& open : in.block_quotes) {
    const InstrumentView& view = in.At(open.quote.instrument).view;
    row(Impl::LedgerBoundBy(view, open.quote.side))[open.quote.member.raw()] += open.reserved;
  }
  for (const Impl::OpenOneWay& open : in.one_ways) {
    const InstrumentView& view = in.At(open.terms.instrument).view;
    const matching::Side side = open.terms.side;
    row(Impl::LedgerBoundBy(view, side))[open.terms.applicant.raw()] += open.reserved;
    for (const Impl::OneWayBid& bid : open.bids) {
      row(Impl::LedgerBoundBy(view, matching::Opposite(side)))[bid.view.member.raw()] +=
          bid.reserved;
    }
  }
  in.EachAuctionBinding([&](MemberId member, LedgerId ledger, std::int64_t amount) {
    row(ledger)[member.raw()] += amount;
  });
  for (std::uint16_t i = 0; i < in.holdings.ledger_count_max(); ++i) {
    if (bound[i].empty() && in.holdings.total(LedgerId(i)) == 0) continue;
    const std::span<const matching::Holding> rows = in.holdings.all(LedgerId(i));
    std::int64_t difference = 0;  // Not 0 as soon as one row differs.
    for (std::size_t m = 0; m < rows.size(); ++m) {
      difference |= rows[m].reserved ^ (bound[i].empty() ? 0 : bound[i][m]);
    }
    ETS_ASSERT(difference == 0);
  }
}

}  // namespace ets::market
