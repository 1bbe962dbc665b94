// What every way to a trade is asked for, and in which order the answers come.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {

using matching::Side;

Price BandLow(Price close, std::uint32_t band_bp, const TickTable& ticks) {
  const std::int64_t share = std::int64_t{10'000} - band_bp;
  const std::int64_t low = (close.minor_per_tonne() * share + 9'999) / 10'000;
  return ticks.Ceiling(std::max(Price::FromMinorPerTonne(low), ticks.rows[0].tick));
}

Price BandHigh(Price close, std::uint32_t band_bp, const TickTable& ticks) {
  const std::int64_t high = close.minor_per_tonne() * (std::int64_t{10'000} + band_bp) / 10'000;
  return ticks.Floor(std::min(Price::FromMinorPerTonne(high), kPriceMax));
}

Gate Market::Impl::CheckMember(MemberId member) {
  if (!Has(member)) return Refuse(Refusal::kMemberNotFound, member.raw());
  if (members[member.raw()].blocked) return Refuse(Refusal::kMemberBlocked, NumberOf(member));
  return std::nullopt;
}

Gate Market::Impl::CheckOpen(InstrumentId id) {
  const Instrument& instrument = At(id);
  const InstrumentView& view = instrument.view;
  if (view.last_day != Date() && session_open && session_date > view.last_day) {
    return Refuse(Refusal::kInstrumentExpired, session_date.days(), view.last_day.days());
  }
  if (!session_open || !instrument.in_session || !view.listed) {
    return Refuse(Refusal::kInstrumentNotTrading, id.raw());
  }
  return std::nullopt;
}

Gate Market::Impl::CheckQuantity(const SessionType& type, Tonnes quantity) {
  const std::int64_t asked = quantity.count();
  if (quantity <= Tonnes(0)) return Refuse(Refusal::kQuantityNotPositive, asked);
  if (asked % type.lot.count() != 0) {
    return Refuse(Refusal::kQuantityOffLot, asked, type.lot.count());
  }
  if (quantity < type.quantity_from) {
    return Refuse(Refusal::kQuantityOfWrongChannel, asked, type.quantity_from.count());
  }
  if (type.quantity_below != Tonnes(0) && quantity >= type.quantity_below) {
    return Refuse(Refusal::kQuantityOfWrongChannel, asked, type.quantity_below.count());
  }
  if (type.quantity_max != Tonnes(0) && quantity > type.quantity_max) {
    return Refuse(Refusal::kQuantityAboveMax, asked, type.quantity_max.count());
  }
  return std::nullopt;
}

Gate Market::Impl::CheckPrice(const TickTable& ticks, Price price, Price low, Price high) {
  const std::int64_t asked = price.minor_per_tonne();
  if (!ticks.Holds(price)) {
    return Refuse(Refusal::kPriceOffTick, asked, ticks.TickAt(price).minor_per_tonne());
  }
  if (price < low) return Refuse(Refusal::kPriceOutsideBand, asked, low.minor_per_tonne());
  if (price > high) return Refuse(Refusal::kPriceOutsideBand, asked, high.minor_per_tonne());
  return std::nullopt;
}

Gate Market::Impl::CheckUnits(MemberId member, const InstrumentView& view, std::int64_t units) {
  const matching::Holding& held = holdings.at(member, view.unit_ledger);
  if (units <= held.available) return std::nullopt;
  const bool tomorrow = units <= held.available + held.bought_today;
  return Refuse(tomorrow ? Refusal::kUnitsBoughtToday : Refusal::kInsufficientUnits, units,
                held.available);
}

Gate Market::Impl::CheckCash(MemberId member, const InstrumentView& view, std::int64_t cash) {
  const matching::Holding& held = holdings.at(member, view.cash_ledger);
  if (cash <= held.available) return std::nullopt;
  return Refuse(Refusal::kInsufficientCash, cash, held.available);
}

Tonnes Market::Impl::HoldingLimitOf(MemberId member, const Instrument& instrument) const {
  for (const auto& [owner, limit] : instrument.own_limits) {
    if (owner == member) return limit;
  }
  return instrument.view.holding_limit;
}

// What the member may still come to hold by what it has asked for.
Tonnes Market::Impl::BidFor(MemberId member, InstrumentId id) const {
  Tonnes bid_for = At(id).engine.open_buys(member);
  for (const OpenQuote& open : block_quotes) {
    const QuoteBlock& quote = open.quote;
    if (quote.member == member && quote.instrument == id && quote.side == Side::kBuy) {
      bid_for += quote.quantity;
    }
  }
  for (const OpenOneWay& open : one_ways) {
    if (open.terms.instrument != id) continue;
    if (open.terms.side == Side::kBuy) {
      if (open.terms.applicant == member) bid_for += open.terms.quantity;
      continue;
    }
    for (const OneWayBid& bid : open.bids) {
      if (bid.view.member == member) bid_for += bid.view.quantity;
    }
  }
  return bid_for;
}

Gate Market::Impl::CheckHoldingLimit(MemberId member, InstrumentId id, Tonnes more) {
  const Instrument& instrument = At(id);
  if (instrument.view.holding_limit == Tonnes(0) && instrument.own_limits.empty()) {
    return std::nullopt;
  }
  const Tonnes limit = HoldingLimitOf(member, instrument);
  if (limit == Tonnes(0)) return std::nullopt;
  const Tonnes held(holdings.at(member, instrument.view.unit_ledger).total());
  const Tonnes asked = held + BidFor(member, id) + more;
  if (asked <= limit) return std::nullopt;
  return Refuse(Refusal::kAboveHoldingLimit, asked.count(), limit.count());
}

Result<std::int64_t, Refusal> Market::Impl::ReserveFor(MemberId member, const InstrumentView& view,
                                                       Side side, Price price, Tonnes quantity,
                                                       const matching::FeeRates& fees) {
  std::int64_t amount = quantity.count();
  if (side == Side::kSell) {
    if (const Gate no = CheckUnits(member, view, amount)) return *no;
  } else {
    amount = ValueWithFee(price, quantity, fees.maker).value_or(kAmountMax);
    if (const Gate no = CheckCash(member, view, amount)) return *no;
  }
  ETS_ASSERT(holdings.Reserve(member, LedgerBoundBy(view, side), amount));
  return amount;
}

}  // namespace ets::market
