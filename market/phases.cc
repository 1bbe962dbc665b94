// An instrument's phases: what entering and leaving one does, and how a call clears.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {

using matching::BookPhase;
using matching::Side;

namespace {

// What the uncrossing that an engine has just done came to, where `expected` did not know of
// self-trade prevention.
matching::CallResult ClearedBy(const matching::Engine& engine, matching::CallResult expected) {
  expected.volume = Tonnes();
  for (const matching::Event& event : engine.events()) {
    if (event.kind == matching::EventKind::kTraded) expected.volume += event.quantity;
    if (event.why != matching::Departure::kSelfTrade) continue;
    const std::int64_t went = event.quantity.count();
    expected.imbalance += event.side == Side::kBuy ? -went : went;
  }
  if (expected.volume == Tonnes()) return {};
  return expected;
}

}  // namespace

// A call that was halted goes on collecting until the instrument trades continuously again.
void Market::Impl::EnterPhase(InstrumentId id, Phase to, SimTime until) {
  Instrument& instrument = At(id);
  InstrumentView& view = instrument.view;
  matching::Engine& engine = instrument.engine;
  const Phase from = view.phase;
  const bool was_halted_in_call = from == Phase::kHalted && engine.phase() == BookPhase::kCall;
  const bool keeps_collecting =
      IsCall(to) || to == Phase::kHalted || (was_halted_in_call && to != Phase::kContinuous);
  if (engine.phase() == BookPhase::kCall && !keeps_collecting) ClearCall(id);
  view.phase = to;
  view.phase_until = until;
  instrument.prolonged = false;
  if (listener != nullptr && (from != to || until != 0)) {
    PhaseEvent event;
    event.instrument = id;
    event.from = from;
    event.to = to;
    event.until = until;
    listener->OnPhase(event);
  }
  if (to == Phase::kHalted) return;
  if (IsCall(to)) {
    engine.SetPhase(BookPhase::kCall);
    TellIndicative(id, CallNow(instrument), false);
  } else if (to == Phase::kContinuous) {
    SetCollar(instrument);
    engine.SetPhase(BookPhase::kContinuous);  // Stops that the call reached trade now.
    Report(id);
    AfterOrders(id);
  } else if (!keeps_collecting) {
    engine.SetPhase(BookPhase::kHalted);
  }
}

Price Market::Impl::ReferenceOf(const InstrumentView& view) const {
  return view.listed_trades > 0 ? view.last : view.previous_close;
}

matching::CallResult Market::Impl::CallNow(const Instrument& instrument) const {
  const matching::Engine& engine = instrument.engine;
  call_bids.clear();
  call_offers.clear();
  engine.AppendCallLevels(Side::kBuy, call_bids);
  engine.AppendCallLevels(Side::kSell, call_offers);
  return matching::ClearCall({engine.at_market(Side::kBuy), call_bids},
                             {engine.at_market(Side::kSell), call_offers},
                             ReferenceOf(instrument.view), TypeOf(instrument.view).ticks);
}

// Trades at one price. Where self-trade prevention took orders away, what is left clears again, at
// a price of its own.
void Market::Impl::ClearCall(InstrumentId id) {
  Instrument& instrument = At(id);
  InstrumentView& view = instrument.view;
  bool is_told = false;
  bool is_done = false;
  while (!is_done) {
    const matching::CallResult expected = CallNow(instrument);
    const Price price = expected.clears ? expected.price : ReferenceOf(view);
    instrument.engine.Uncross(price);
    is_done = !instrument.engine.IsCrossed();
    const matching::CallResult cleared = ClearedBy(instrument.engine, expected);
    if (cleared.clears || (is_done && !is_told)) TellIndicative(id, cleared, true);
    is_told = is_told || cleared.clears;
    Report(id);
    if (!cleared.clears) continue;
    view.auction_price = price;
    if (view.phase == Phase::kClosingCall) instrument.closing_price = price;
  }
}

std::pair<Price, Price> Market::Impl::RangeOf(const InstrumentView& view, Price centre,
                                              std::uint32_t bp) const {
  if (bp == 0) return {view.band_low, view.band_high};
  const TickTable& ticks = TypeOf(view).ticks;
  return {std::max(view.band_low, BandLow(centre, bp, ticks)),
          std::min(view.band_high, BandHigh(centre, bp, ticks))};
}

void Market::Impl::SetCollar(Instrument& instrument) {
  const InstrumentView& view = instrument.view;
  const SessionType& type = TypeOf(view);
  if (type.static_range_bp == 0 && type.dynamic_range_bp == 0) return;
  const auto [static_low, static_high] = RangeOf(view, view.auction_price, type.static_range_bp);
  const auto [dynamic_low, dynamic_high] = RangeOf(view, ReferenceOf(view), type.dynamic_range_bp);
  instrument.engine.SetCollar(std::max(static_low, dynamic_low),
                              std::min(static_high, dynamic_high));
}

// What an operation on orders may have set off: a trade moves the dynamic range, one that would
// have left it starts a volatility call, and in a call the indicative price may have moved.
void Market::Impl::AfterOrders(InstrumentId id) {
  Instrument& instrument = At(id);
  InstrumentView& view = instrument.view;
  if (view.phase == Phase::kContinuous) {
    if (instrument.engine.phase() == BookPhase::kCall) {
      const std::int64_t minutes = TypeOf(view).volatility_call;
      EnterPhase(id, Phase::kVolatilityCall, PhaseTime() + minutes * 60 * kMicrosPerSecond);
    } else {
      SetCollar(instrument);
    }
  } else if (IsCall(view.phase) && listener != nullptr) {
    TellIndicative(id, CallNow(instrument), false);
  }
}

void Market::Impl::TellIndicative(InstrumentId id, const matching::CallResult& result, bool final) {
  if (listener == nullptr) return;
  IndicativeEvent event;
  event.instrument = id;
  event.has_price = result.clears;
  event.final = final;
  event.price = result.price;
  event.volume = result.volume;
  event.imbalance = result.imbalance;
  listener->OnIndicative(event);
}

}  // namespace ets::market
