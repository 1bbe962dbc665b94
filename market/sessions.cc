// The day: sessions, hours, halts and everything that time sets off.
#include <algorithm>
#include <limits>

#include "market/impl.h"

namespace ets::market {
namespace {

using matching::Side;

constexpr SimTime kNever = std::numeric_limits<SimTime>::max();

// Volume-weighted average of the session's listed trades, half up to the tick.
Price AverageOf(const InstrumentView& view, const TickTable& ticks) {
  const Price rounded = AveragePrice(view.listed_value, view.listed_volume);
  const std::int64_t step = ticks.TickAt(rounded).minor_per_tonne();
  const Price steps = AveragePrice(view.listed_value, Tonnes(view.listed_volume.count() * step));
  return Price::FromMinorPerTonne(steps.minor_per_tonne() * step);
}

}  // namespace

Outcome Market::Impl::On(const OpenSession& input) {
  if (had_session && input.date <= session_date) {
    return Refuse(Refusal::kTimeGoesBack, input.date.days(), session_date.days());
  }
  if (session_open) return Refuse(Refusal::kSessionAlreadyOpen, input.date.days());
  holdings.EndSettlementDay();
  session_open = true;
  session_date = input.date;
  had_session = true;
  FireDay(input.date);
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    const InstrumentView& view = At(InstrumentId(i)).view;
    const bool expired = view.last_day != Date() && view.last_day < input.date;
    const bool begun = view.first_day == Date() || view.first_day <= input.date;
    At(InstrumentId(i)).in_session = view.listed && begun && !expired;
    if (At(InstrumentId(i)).in_session) StartDay(InstrumentId(i));
  }
  return Receipt{};
}

void Market::Impl::StartDay(InstrumentId id) {
  Instrument& instrument = At(id);
  InstrumentView& view = instrument.view;
  const SessionType& type = TypeOf(view);
  const Price close = view.close;
  view.previous_close = view.open = view.high = view.low = view.auction_price = close;
  view.listed_volume = view.block_volume = view.auction_volume = view.one_way_volume = Tonnes();
  view.listed_value = view.block_value = view.auction_value = view.one_way_value = Money();
  view.listed_trades = view.block_trades = 0;
  view.band_low = BandLow(close, type.band_bp, type.ticks);
  view.band_high = BandHigh(close, type.band_bp, type.ticks);
  if (const SessionType* const block = founding.rules.First(Mechanism::kNegotiated)) {
    view.block_band_low = BandLow(close, block->band_bp, block->ticks);
    view.block_band_high = BandHigh(close, block->band_bp, block->ticks);
  }
  instrument.closing_price.reset();
  instrument.schedule.emplace(type, session_date, founding.rules.zone);
  instrument.engine.OpenRange(view.band_low, view.band_high);
  Report(id);
  if (instrument.halted) {
    EnterPhase(id, Phase::kHalted, 0);
    return;
  }
  const Schedule::Now first = instrument.schedule->At(PhaseTime());
  EnterPhase(id, first.phase, first.until);
}

Outcome Market::Impl::On(const CloseSession&) {
  if (!session_open) return Refuse(Refusal::kInstrumentNotTrading);
  WithdrawQuotesIf([](const QuoteBlock&) { return true; });
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    if (At(InstrumentId(i)).in_session) EndDay(InstrumentId(i));
  }
  session_open = false;
  return Receipt{};
}

void Market::Impl::EndDay(InstrumentId id) {
  Instrument& instrument = At(id);
  InstrumentView& view = instrument.view;
  matching::Engine& engine = instrument.engine;
  if (view.listed) {
    const bool has_uncleared = engine.IsCrossed() || engine.at_market(Side::kBuy) > Tonnes(0) ||
                               engine.at_market(Side::kSell) > Tonnes(0);
    // A call that is still halted cannot clear, and must not reach the next day.
    if (view.phase == Phase::kHalted && has_uncleared) {
      CancelAll(id, std::nullopt, std::nullopt, CancelReason::kHalted);
    }
    EnterPhase(id, Phase::kClosed, 0);
    engine.SetPhase(matching::BookPhase::kHalted);
    if (view.last_day != Date() && view.last_day <= session_date) {
      CancelAll(id, std::nullopt, std::nullopt, CancelReason::kDayPassed);
    } else {
      engine.Expire(session_date);
      Report(id);
    }
  }
  view.close = CloseNow(instrument);
}

Price Market::Impl::CloseNow(const Instrument& instrument) const {
  const InstrumentView& view = instrument.view;
  switch (TypeOf(view).close) {
    case CloseRule::kNone:
      break;
    case CloseRule::kAverage:
      if (view.listed_volume == Tonnes(0)) break;
      return AverageOf(view, TypeOf(view).ticks);
    case CloseRule::kClosingCall:
      return instrument.closing_price.value_or(ReferenceOf(view));
  }
  return view.previous_close;
}

Outcome Market::Impl::On(const AdvanceTo& input) {
  if (input.sim_time < now) return Refuse(Refusal::kTimeGoesBack, input.sim_time, now);
  // What is due happens at its own time, in order; at one time by instrument, then bidding windows.
  is_advancing = true;
  for (SimTime due = NextDue(); due <= input.sim_time; due = NextDue()) {
    now = std::max(now, due);
    for (std::uint16_t i = 0; i < instruments.size(); ++i) {
      if (NextDueOf(At(InstrumentId(i))) <= now) FirePhase(InstrumentId(i));
    }
    CloseOneWaysDue();
    FireAuctions();
    FireCalendars();
  }
  is_advancing = false;
  now = input.sim_time;
  FireDay(ToLocal(now, founding.rules.zone).date);
  return Receipt{};
}

SimTime Market::Impl::NextDueOf(const Instrument& instrument) const {
  const InstrumentView& view = instrument.view;
  const bool runs = session_open && instrument.in_session && view.listed && !instrument.halted;
  return runs && view.phase_until != 0 ? view.phase_until : kNever;
}

SimTime Market::Impl::NextDue() const {
  SimTime due = kNever;
  for (const auto& instrument : instruments) due = std::min(due, NextDueOf(*instrument));
  for (const OpenOneWay& open : one_ways) due = std::min(due, open.terms.closes);
  return std::min({due, NextAuctionDue(), NextCalendarDue()});
}

// The phase's time is up. A call whose price would leave the static range is given its time once
// more.
void Market::Impl::FirePhase(InstrumentId id) {
  Instrument& instrument = At(id);
  InstrumentView& view = instrument.view;
  const SessionType& type = TypeOf(view);
  if (IsCall(view.phase) && !instrument.prolonged && type.static_range_bp != 0) {
    const auto [low, high] = RangeOf(view, view.auction_price, type.static_range_bp);
    const matching::CallResult result = CallNow(instrument);
    if (result.clears && (result.price < low || result.price > high)) {
      const int minutes = view.phase == Phase::kOpeningCall      ? type.opening_call
                          : view.phase == Phase::kVolatilityCall ? type.volatility_call
                                                                 : type.closing_call;
      EnterPhase(id, view.phase, view.phase_until + minutes * 60 * kMicrosPerSecond);
      instrument.prolonged = true;
      return;
    }
  }
  const Schedule::Now next = instrument.schedule->At(PhaseTime());
  EnterPhase(id, next.phase, next.until);
}

// What a new day ends.
void Market::Impl::FireDay(Date today) {
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    const InstrumentView& view = At(InstrumentId(i)).view;
    if (!view.listed) continue;
    if (view.delisting_day != Date() && view.delisting_day <= today) {
      Delist(InstrumentId(i));
    } else if (view.last_day != Date() && view.last_day < today &&
               At(InstrumentId(i)).engine.live_count() > 0) {
      CancelAll(InstrumentId(i), std::nullopt, std::nullopt, CancelReason::kDayPassed);
    }
  }
}

// ---- The operator's hand. ----

Outcome Market::Impl::On(const HaltTrading& input) {
  if (input.instrument) {
    if (!Has(*input.instrument)) {
      return Refuse(Refusal::kInstrumentNotFound);
    }
    const Instrument& instrument = At(*input.instrument);
    if (!instrument.view.listed) {
      return Refuse(Refusal::kInstrumentNotTrading, input.instrument->raw());
    }
    if (instrument.halted) return Refuse(Refusal::kAlreadySo, input.instrument->raw());
  }
  Receipt receipt;
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    const InstrumentId id(i);
    if (input.instrument && *input.instrument != id) continue;
    if (At(id).view.listed && !At(id).halted) receipt.count += Halt(id, input.cancel_orders);
  }
  return receipt;
}

// Returns how many orders went.
std::uint32_t Market::Impl::Halt(InstrumentId id, bool cancel_orders) {
  Instrument& instrument = At(id);
  instrument.halted = true;
  if (session_open && instrument.in_session) EnterPhase(id, Phase::kHalted, 0);
  if (!cancel_orders) return 0;
  return static_cast<std::uint32_t>(
      CancelAll(id, std::nullopt, std::nullopt, CancelReason::kHalted));
}

Outcome Market::Impl::On(const ResumeTrading& input) {
  if (input.instrument) {
    if (!Has(*input.instrument)) {
      return Refuse(Refusal::kInstrumentNotFound);
    }
    if (!At(*input.instrument).halted) {
      return Refuse(Refusal::kAlreadySo, input.instrument->raw());
    }
  }
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    const InstrumentId id(i);
    if (input.instrument && *input.instrument != id) continue;
    if (At(id).halted) Resume(id);
  }
  return Receipt{};
}

void Market::Impl::Resume(InstrumentId id) {
  Instrument& instrument = At(id);
  instrument.halted = false;
  if (!session_open || !instrument.in_session || !instrument.view.listed) return;
  const Schedule::Now scheduled = instrument.schedule->At(PhaseTime());
  const std::int64_t minutes = TypeOf(instrument.view).volatility_call;
  if (scheduled.phase == Phase::kContinuous && minutes > 0) {
    EnterPhase(id, Phase::kVolatilityCall, PhaseTime() + minutes * 60 * kMicrosPerSecond);
  } else {
    EnterPhase(id, scheduled.phase, scheduled.until);
  }
}

Outcome Market::Impl::On(const SetPhase& input) {
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (const Gate no = CheckOpen(input.instrument)) return *no;
  const Instrument& instrument = At(input.instrument);
  if (instrument.halted) return Refuse(Refusal::kInstrumentHalted, input.instrument.raw());
  const auto asked = static_cast<std::int64_t>(input.phase);
  if (input.phase == Phase::kHalted) return Refuse(Refusal::kWrongSession, asked);
  if (input.phase == instrument.view.phase) return Refuse(Refusal::kAlreadySo, asked);
  const Schedule::Now scheduled = instrument.schedule->At(PhaseTime());
  EnterPhase(input.instrument, input.phase, scheduled.until);
  return Receipt{};
}

}  // namespace ets::market
