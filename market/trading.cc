// Sessions, orders and blocks.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {
namespace {

// The band around the previous close, rounded inwards so that it is never exceeded. The close lies
// on the tick, so the band holds it at least.
Price BandLow(Price close, std::uint32_t band_bp, const TickTable& ticks) {
  const std::int64_t share = std::int64_t{10'000} - band_bp;
  const std::int64_t low = (close.minor_per_tonne() * share + 9'999) / 10'000;
  return ticks.Ceiling(std::max(Price::FromMinorPerTonne(low), ticks.rows[0].tick));
}
Price BandHigh(Price close, std::uint32_t band_bp, const TickTable& ticks) {
  const std::int64_t high = close.minor_per_tonne() * (std::int64_t{10'000} + band_bp) / 10'000;
  return ticks.Floor(std::min(Price::FromMinorPerTonne(high), kPriceMax));
}

// Volume-weighted average of the session's listed trades, half up to the tick; else the previous
// close.
Price CloseOf(const InstrumentView& view, const TickTable& ticks) {
  if (view.listed_volume == Tonnes(0)) return view.previous_close;
  // The tick of the table's row in which the average lies.
  const Price floor = AveragePrice(view.listed_value, view.listed_volume);
  const std::int64_t step = ticks.TickAt(floor).minor_per_tonne();
  const Price steps = AveragePrice(view.listed_value, Tonnes(view.listed_volume.count() * step));
  return Price::FromMinorPerTonne(steps.minor_per_tonne() * step);
}

}  // namespace

Outcome Market::Impl::On(const AdmitMember& input) {
  const auto id = static_cast<std::uint32_t>(members.size());
  members.push_back({.escrow = input.escrow, .holder = input.holder});
  won.push_back(0);
  if (auction) auction->bids_of.push_back(0);
  holdings.AddMember();
  admissions.Add(std::uint64_t{input.escrow.raw()} << 32U | input.holder.raw());
  Receipt receipt;
  receipt.id = id;
  return receipt;
}

Outcome Market::Impl::On(const ListInstrument& input) {
  if (!Has(input.unit_ledger) || !Has(input.cash_ledger)) return Fail{Refusal::kLedgerNotFound};
  if (input.session >= founding.rules.sessions.size() ||
      founding.rules.sessions[input.session].mechanism != Mechanism::kOrderBook) {
    return Refuse(Refusal::kSessionTypeUnknown, input.session,
                  static_cast<std::int64_t>(founding.rules.sessions.size()));
  }
  if (!founding.rules.sessions[input.session].ticks.Holds(input.reference))
    return Fail{Refusal::kPriceOffTick};
  if (input.reference <= Price() || input.reference > kPriceMax) {
    return Fail{Refusal::kPriceOutsideBand};
  }
  if (input.unit_ledger == input.cash_ledger) return Fail{Refusal::kSameParty};
  ETS_ASSERT(instruments.size() < 0xFFFF);
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(instruments.size());
  Instrument& added = instruments.emplace_back();
  added.book = matching::MakeLadderBook();
  added.view.unit_ledger = input.unit_ledger;
  added.view.cash_ledger = input.cash_ledger;
  added.view.session = input.session;
  added.view.previous_close = added.view.close = input.reference;
  return receipt;
}

Outcome Market::Impl::On(const DelistInstrument& input) {
  if (!Has(input.instrument)) return Fail{Refusal::kInstrumentNotFound};
  Instrument& instrument = At(input.instrument);
  if (!instrument.view.listed) return Fail{Refusal::kInstrumentNotTrading};
  CancelAllOrders(instrument);
  if (auction && auction->instrument == input.instrument) AbandonAuction();
  instrument.view.listed = false;
  return Receipt{};
}

Outcome Market::Impl::On(const OpenSession& input) {
  if (had_session && input.date <= session_date) return Fail{Refusal::kTimeGoesBack};
  if (session_open) return Fail{Refusal::kSessionAlreadyOpen};
  const SessionType* block = founding.rules.First(Mechanism::kNegotiated);
  for (Instrument& instrument : instruments) {
    instrument.in_session = instrument.view.listed;
    if (!instrument.in_session) continue;
    const InstrumentView& last = instrument.view;
    InstrumentView view;
    view.unit_ledger = last.unit_ledger;
    view.cash_ledger = last.cash_ledger;
    view.session = last.session;
    const SessionType& type = TypeOf(view);
    view.previous_close = last.close;
    view.open = view.high = view.low = view.close = last.close;
    view.band_low = BandLow(last.close, type.band_bp, type.ticks);
    view.band_high = BandHigh(last.close, type.band_bp, type.ticks);
    if (block != nullptr) {
      view.block_band_low = BandLow(last.close, block->band_bp, block->ticks);
      view.block_band_high = BandHigh(last.close, block->band_bp, block->ticks);
    }
    instrument.view = view;
    instrument.book->OpenSession(view.band_low, view.band_high);
  }
  holdings.EndSettlementDay();
  session_open = true;
  session_date = input.date;
  had_session = true;
  return Receipt{};
}

Outcome Market::Impl::On(const PlaceOrder& input) {
  if (!Has(input.member)) return Fail{Refusal::kMemberNotFound};
  if (!Has(input.instrument)) return Fail{Refusal::kInstrumentNotFound};
  Instrument& instrument = At(input.instrument);
  const InstrumentView& view = instrument.view;
  if (!IsTrading(instrument)) return Fail{Refusal::kInstrumentNotTrading};
  if (input.quantity <= Tonnes(0)) return Fail{Refusal::kQuantityNotPositive};
  const SessionType& type = TypeOf(view);
  if (type.quantity_below != Tonnes(0) && input.quantity >= type.quantity_below) {
    return Fail{Refusal::kQuantityOfWrongChannel};
  }
  if (!type.ticks.Holds(input.limit)) return Fail{Refusal::kPriceOffTick};
  if (input.limit < view.band_low || input.limit > view.band_high) {
    return Fail{Refusal::kPriceOutsideBand};
  }
  const bool buys = input.side == matching::Side::kBuy;
  const LedgerId bound_in = buys ? view.cash_ledger : view.unit_ledger;
  const Refusal insufficient = buys ? Refusal::kInsufficientCash : Refusal::kInsufficientUnits;
  const auto amount = buys ? ValueOf(input.limit, input.quantity) : input.quantity.count();
  if (!amount || !holdings.Reserve(input.member, bound_in, *amount)) return Fail{insufficient};

  trades.clear();
  orders.clear();
  const OrderId id(next_order);
  const auto rested = instrument.book->Place({.id = id,
                                              .owner = input.member,
                                              .side = input.side,
                                              .time_in_force = input.time_in_force,
                                              .limit = input.limit,
                                              .quantity = input.quantity},
                                             trades, orders);
  if (!rested.ok()) {
    // Everything else was asked above.
    ETS_ASSERT(rested.error() == matching::BookRefusal::kWouldNotFill);
    holdings.Release(input.member, bound_in, *amount);
    return Fail{Refusal::kWouldNotFill};
  }
  ++next_order;
  ++orders_accepted;
  for (const matching::RestingOrder& own : orders) ReleaseResting(instrument, own);

  Receipt receipt;
  receipt.order = id;
  receipt.resting = *rested;
  for (const matching::Trade& trade : trades) {
    const MemberId buyer = buys ? input.member : trade.maker_owner;
    const MemberId seller = buys ? trade.maker_owner : input.member;
    const Money value = trade.price * trade.quantity;
    holdings.Consume(seller, view.unit_ledger, trade.quantity.count());
    holdings.Consume(buyer, view.cash_ledger, value.minor());
    holdings.Credit(seller, view.cash_ledger, value.minor());
    Deliver(type, buyer, view.unit_ledger, trade.quantity);
    receipt.traded += trade.quantity;
    receipt.value += value;
    Print(Channel::kListed, input.instrument, seller, buyer, trade.price, trade.quantity);
  }
  // What neither traded nor rests, and what a better price saved the buyer.
  std::int64_t still_bound = receipt.resting.count();
  if (buys) still_bound = (input.limit * receipt.resting).minor() + receipt.value.minor();
  if (!buys) still_bound += receipt.traded.count();
  if (still_bound < *amount) holdings.Release(input.member, bound_in, *amount - still_bound);
  return receipt;
}

Outcome Market::Impl::On(const CancelOrder& input) {
  if (!Has(input.member)) return Fail{Refusal::kMemberNotFound};
  if (!Has(input.instrument)) return Fail{Refusal::kInstrumentNotFound};
  Instrument& instrument = At(input.instrument);
  if (!IsTrading(instrument)) return Fail{Refusal::kInstrumentNotTrading};
  matching::RestingOrder order;
  if (!instrument.book->Find(input.order, &order) || order.owner != input.member) {
    return Fail{Refusal::kOrderNotFound};
  }
  instrument.book->Cancel(input.order, &order);
  ReleaseResting(instrument, order);
  Receipt receipt;
  receipt.order = input.order;
  return receipt;
}

Outcome Market::Impl::On(const TradeBlock& input) {
  if (!Has(input.seller) || !Has(input.buyer)) return Fail{Refusal::kMemberNotFound};
  if (!Has(input.instrument)) return Fail{Refusal::kInstrumentNotFound};
  const Instrument& instrument = At(input.instrument);
  const InstrumentView& view = instrument.view;
  if (!IsTrading(instrument)) return Fail{Refusal::kInstrumentNotTrading};
  if (input.quantity <= Tonnes(0)) return Fail{Refusal::kQuantityNotPositive};
  const SessionType* block = founding.rules.First(Mechanism::kNegotiated);
  if (block == nullptr || input.quantity < block->quantity_from) {
    return Fail{Refusal::kQuantityOfWrongChannel};
  }
  if (!block->ticks.Holds(input.price)) return Fail{Refusal::kPriceOffTick};
  if (input.price < view.block_band_low || input.price > view.block_band_high) {
    return Fail{Refusal::kPriceOutsideBand};
  }
  if (holdings.at(input.seller, view.unit_ledger).available < input.quantity.count()) {
    return Fail{Refusal::kInsufficientUnits};
  }
  const auto value = ValueOf(input.price, input.quantity);
  if (!value || holdings.at(input.buyer, view.cash_ledger).available < *value) {
    return Fail{Refusal::kInsufficientCash};
  }
  if (input.seller == input.buyer) return Fail{Refusal::kSameParty};

  ETS_ASSERT(holdings.Withdraw(input.seller, view.unit_ledger, input.quantity.count()));
  ETS_ASSERT(holdings.Withdraw(input.buyer, view.cash_ledger, *value));
  holdings.Credit(input.seller, view.cash_ledger, *value);
  Deliver(*block, input.buyer, view.unit_ledger, input.quantity);
  Print(Channel::kBlock, input.instrument, input.seller, input.buyer, input.price, input.quantity);
  Receipt receipt;
  receipt.traded = input.quantity;
  receipt.value = Money::FromMinor(*value);
  return receipt;
}

Outcome Market::Impl::On(const CloseSession&) {
  if (!session_open) return Fail{Refusal::kInstrumentNotTrading};
  for (Instrument& instrument : instruments) {
    if (!instrument.in_session) continue;
    CancelAllOrders(instrument);
    instrument.view.close = CloseOf(instrument.view, TypeOf(instrument.view).ticks);
  }
  session_open = false;
  return Receipt{};
}

Market::Impl::Binding Market::Impl::BindingOf(const InstrumentView& view,
                                              const matching::RestingOrder& order) {
  if (order.side == matching::Side::kSell) return {view.unit_ledger, order.open.count()};
  return {view.cash_ledger, (order.limit * order.open).minor()};
}

void Market::Impl::ReleaseResting(Instrument& instrument, const matching::RestingOrder& order) {
  const Binding bound = BindingOf(instrument.view, order);
  holdings.Release(order.owner, bound.ledger, bound.amount);
}

void Market::Impl::CancelAllOrders(Instrument& instrument) {
  orders.clear();
  instrument.book->AppendResting(orders);
  for (const matching::RestingOrder& order : orders) ReleaseResting(instrument, order);
  instrument.book->Clear();
}

void Market::Impl::Deliver(const SessionType& type, MemberId buyer, LedgerId ledger,
                           Tonnes quantity) {
  if (type.resale_next_day) {
    holdings.CreditBought(buyer, ledger, quantity.count());
  } else {
    holdings.Credit(buyer, ledger, quantity.count());
  }
}

void Market::Impl::Print(Channel channel, InstrumentId id, MemberId seller, MemberId buyer,
                         Price price, Tonnes quantity) {
  InstrumentView& view = At(id).view;
  const Money value = price * quantity;
  switch (channel) {
    case Channel::kListed:
      if (view.listed_trades == 0) view.open = view.high = view.low = price;
      view.high = std::max(view.high, price);
      view.low = std::min(view.low, price);
      view.listed_volume += quantity;
      view.listed_value += value;
      ++view.listed_trades;
      break;
    case Channel::kBlock:
      view.block_volume += quantity;
      view.block_value += value;
      ++view.block_trades;
      break;
    case Channel::kAuction:
      view.auction_volume += quantity;
      view.auction_value += value;
      break;
    case Channel::kOneWay:
      view.one_way_volume += quantity;
      view.one_way_value += value;
      break;
  }
  fills.push_back({.trade_id = next_trade++,
                   .channel = channel,
                   .instrument = id,
                   .seller = seller,
                   .buyer = buyer,
                   .price = price,
                   .quantity = quantity});
  if (listener != nullptr) listener->OnFill(fills.back());
}

}  // namespace ets::market
