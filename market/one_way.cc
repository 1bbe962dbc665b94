// One-way bidding: an announcement, its window, and who wins.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {
namespace {

using matching::Opposite;
using matching::Side;

}  // namespace

Outcome Market::Impl::On(const AnnounceOneWay& input) {
  if (const Gate no = CheckMember(input.applicant)) return *no;
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  const InstrumentView& view = At(input.instrument).view;
  const SessionType* const type = founding.rules.First(Mechanism::kOneWay);
  if (!view.listed) return Refuse(Refusal::kInstrumentNotTrading);
  if (type == nullptr) return Refuse(Refusal::kWrongSession);
  if (view.phase == Phase::kHalted) {
    return Refuse(Refusal::kInstrumentHalted, input.instrument.raw());
  }
  if (const Gate no = CheckQuantity(*type, input.quantity)) return *no;
  for (const Tonnes part : {input.bid_from, input.sell_from}) {
    if (part < Tonnes(0)) return Refuse(Refusal::kQuantityNotPositive, part.count());
    if (part > input.quantity) {
      return Refuse(Refusal::kQuantityAboveMax, part.count(), input.quantity.count());
    }
  }
  const auto [low, high] = OneWayBand(view, *type);
  if (const Gate no = CheckPrice(type->ticks, input.price, low, high)) return *no;
  if (input.opens < Moment()) return Refuse(Refusal::kWindowInvalid, input.opens, Moment());
  if (input.closes <= input.opens)
    return Refuse(Refusal::kWindowInvalid, input.closes, input.opens);
  if (input.side == Side::kBuy) {
    if (const Gate no = CheckHoldingLimit(input.applicant, input.instrument, input.quantity)) {
      return *no;
    }
  }
  const auto reserved =
      ReserveFor(input.applicant, view, input.side, input.price, input.quantity, type->fees);
  if (!reserved.ok()) return Fail{reserved.error()};
  OpenOneWay& added = one_ways.emplace_back();
  added.id = OfferId(next_offer++);
  added.terms = input;
  added.reserved = *reserved;
  Tell(DeskEventKind::kOneWayAnnounced, added, nullptr);
  Receipt receipt;
  receipt.offer = added.id;
  return receipt;
}

Outcome Market::Impl::On(const BidOneWay& input) {
  if (const Gate no = CheckMember(input.member)) return *no;
  OpenOneWay* const open = FindOneWay(input.announcement);
  if (open == nullptr) {
    return Refuse(Refusal::kOfferNotFound, static_cast<std::int64_t>(input.announcement.raw()));
  }
  const AnnounceOneWay& terms = open->terms;
  const SessionType& type = *founding.rules.First(Mechanism::kOneWay);
  const SimTime at = Moment();
  if (at < terms.opens) return Refuse(Refusal::kBiddingNotOpen, at, terms.opens);
  if (at >= terms.closes) return Refuse(Refusal::kBiddingNotOpen, at, terms.closes);
  InstrumentView& view = At(terms.instrument).view;
  if (view.phase == Phase::kHalted) {
    return Refuse(Refusal::kInstrumentHalted, terms.instrument.raw());
  }
  if (const Gate no = CheckQuantity(type, input.quantity)) return *no;
  if (input.quantity < terms.bid_from) {
    return Refuse(Refusal::kQuantityOfWrongChannel, input.quantity.count(), terms.bid_from.count());
  }
  if (input.quantity > terms.quantity) {
    return Refuse(Refusal::kQuantityAboveMax, input.quantity.count(), terms.quantity.count());
  }
  auto [low, high] = OneWayBand(view, type);
  (terms.side == Side::kSell ? low : high) = terms.price;
  if (const Gate no = CheckPrice(type.ticks, input.price, low, high)) return *no;
  if (input.member == terms.applicant) return Refuse(Refusal::kSameParty, NumberOf(input.member));
  const auto own = std::count_if(open->bids.begin(), open->bids.end(), [&](const OneWayBid& bid) {
    return bid.view.member == input.member;
  });
  if (own >= founding.rules.bids_per_bidder_max) {
    return Refuse(Refusal::kTooManyBids, own + 1, founding.rules.bids_per_bidder_max);
  }
  const Side side = Opposite(terms.side);
  if (side == Side::kBuy) {
    if (const Gate no = CheckHoldingLimit(input.member, terms.instrument, input.quantity)) {
      return *no;
    }
  }
  const auto reserved =
      ReserveFor(input.member, view, side, input.price, input.quantity, type.fees);
  if (!reserved.ok()) return Fail{reserved.error()};
  OneWayBid& bid = open->bids.emplace_back();
  bid.view = {OfferId(next_offer++), input.member, input.price, input.quantity};
  bid.reserved = *reserved;
  Tell(DeskEventKind::kOneWayBid, *open, &bid);
  Receipt receipt;
  receipt.offer = bid.view.bid;
  return receipt;
}

Outcome Market::Impl::On(const WithdrawOneWay& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  OpenOneWay* const open = FindOneWay(input.announcement);
  if (open == nullptr) {
    return Refuse(Refusal::kOfferNotFound, static_cast<std::int64_t>(input.announcement.raw()));
  }
  Receipt receipt;
  receipt.offer = input.bid;
  if (input.bid == OfferId()) {
    if (open->terms.applicant != input.member) {
      return Refuse(Refusal::kNotTheCounterparty, NumberOf(input.member));
    }
    if (Moment() >= open->terms.opens) {
      return Refuse(Refusal::kBiddingNotOpen, Moment(), open->terms.opens);
    }
    receipt.offer = input.announcement;
    AbandonOneWay(*open);
    return receipt;
  }
  const auto bid = std::find_if(open->bids.begin(), open->bids.end(), [&](const OneWayBid& one) {
    return one.view.bid == input.bid && one.view.member == input.member;
  });
  if (bid == open->bids.end()) {
    return Refuse(Refusal::kOfferNotFound, static_cast<std::int64_t>(input.bid.raw()));
  }
  if (Moment() >= open->terms.closes) {
    return Refuse(Refusal::kBiddingNotOpen, Moment(), open->terms.closes);
  }
  const OneWayBid gone = *bid;
  open->bids.erase(bid);
  ReleaseBid(*open, gone);
  Tell(DeskEventKind::kOneWayBidWithdrawn, *open, &gone);
  return receipt;
}

std::pair<Price, Price> Market::Impl::OneWayBand(const InstrumentView& view,
                                                 const SessionType& type) {
  if (type.band_bp == 0) return {type.ticks.rows[0].tick, kPriceMax};
  return {BandLow(view.previous_close, type.band_bp, type.ticks),
          BandHigh(view.previous_close, type.band_bp, type.ticks)};
}

Market::Impl::OpenOneWay* Market::Impl::FindOneWay(OfferId id) {
  const auto found = std::find_if(one_ways.begin(), one_ways.end(),
                                  [id](const OpenOneWay& open) { return open.id == id; });
  return found == one_ways.end() ? nullptr : &*found;
}

void Market::Impl::ReleaseBid(const OpenOneWay& open, const OneWayBid& bid) {
  const InstrumentView& view = At(open.terms.instrument).view;
  holdings.Release(bid.view.member, LedgerBoundBy(view, Opposite(open.terms.side)), bid.reserved);
}

// Gives everything back and forgets it.
void Market::Impl::AbandonOneWay(OpenOneWay& open) {
  const OpenOneWay gone = std::move(open);
  one_ways.erase(one_ways.begin() + (&open - one_ways.data()));
  const InstrumentView& view = At(gone.terms.instrument).view;
  holdings.Release(gone.terms.applicant, LedgerBoundBy(view, gone.terms.side), gone.reserved);
  for (const OneWayBid& bid : gone.bids) ReleaseBid(gone, bid);
  Tell(DeskEventKind::kOneWayWithdrawn, gone, nullptr);
}

void Market::Impl::AbandonOneWaysOf(InstrumentId instrument) {
  for (std::size_t i = 0; i < one_ways.size();) {
    if (one_ways[i].terms.instrument == instrument) {
      AbandonOneWay(one_ways[i]);
    } else {
      ++i;
    }
  }
}

// A blocked member's announcements and bids.
void Market::Impl::AbandonOneWaysOf(MemberId member) {
  for (std::size_t i = 0; i < one_ways.size();) {
    OpenOneWay& open = one_ways[i];
    if (open.terms.applicant == member) {
      AbandonOneWay(open);
      continue;
    }
    for (std::size_t b = 0; b < open.bids.size();) {
      if (open.bids[b].view.member != member) {
        ++b;
        continue;
      }
      const OneWayBid gone = open.bids[b];
      open.bids.erase(open.bids.begin() + static_cast<std::ptrdiff_t>(b));
      ReleaseBid(open, gone);
      Tell(DeskEventKind::kOneWayBidWithdrawn, open, &gone);
    }
    ++i;
  }
}

// Those whose window has ended, in the order in which they ended.
void Market::Impl::CloseOneWaysDue() {
  while (true) {
    auto due = one_ways.end();
    for (auto it = one_ways.begin(); it != one_ways.end(); ++it) {
      if (it->terms.closes > now) continue;
      if (due == one_ways.end() || it->terms.closes < due->terms.closes) due = it;
    }
    if (due == one_ways.end()) return;
    const OpenOneWay closed = std::move(*due);
    one_ways.erase(due);
    ClearOneWay(closed);
  }
}

void Market::Impl::ClearOneWay(const OpenOneWay& closed) {
  const AnnounceOneWay& terms = closed.terms;
  const SessionType& type = *founding.rules.First(Mechanism::kOneWay);
  const InstrumentView& view = At(terms.instrument).view;
  const bool sells = terms.side == Side::kSell;
  std::vector<OneWayBid> ranked = closed.bids;
  std::stable_sort(ranked.begin(), ranked.end(), [sells](const OneWayBid& a, const OneWayBid& b) {
    return sells ? a.view.price > b.view.price : a.view.price < b.view.price;
  });
  Tonnes left = terms.quantity;
  Price last;
  std::size_t winners = 0;
  for (; winners < ranked.size() && left > Tonnes(0); ++winners) {
    OneWayBid& bid = ranked[winners];
    bid.view.quantity = std::min(bid.view.quantity, left);
    left -= bid.view.quantity;
    last = bid.view.price;
  }
  if (terms.quantity - left < terms.sell_from) winners = 0;

  // All goes back first: what a winner bound at its own price covers what it pays or delivers.
  holdings.Release(terms.applicant, LedgerBoundBy(view, terms.side), closed.reserved);
  for (const OneWayBid& bid : closed.bids) ReleaseBid(closed, bid);
  Tonnes sold;
  for (std::size_t i = 0; i < winners; ++i) {
    const OneWayBid& bid = ranked[i];
    const Price price = terms.pricing == OneWayPricing::kUniform ? last : bid.view.price;
    const Tonnes quantity = bid.view.quantity;
    const MemberId seller = sells ? terms.applicant : bid.view.member;
    const MemberId buyer = sells ? bid.view.member : terms.applicant;
    const auto due = ValueWithFee(price, quantity, type.fees.maker);
    ETS_ASSERT(holdings.Reserve(seller, view.unit_ledger, quantity.count()));
    ETS_ASSERT(holdings.Reserve(buyer, view.cash_ledger, *due));
    TradeReserved(Channel::kOneWay, type, terms.instrument, seller, buyer, price, quantity);
    sold += quantity;
  }
  OpenOneWay told = closed;
  told.terms.quantity = sold;
  Tell(DeskEventKind::kOneWayClosed, told, nullptr);
}

void Market::Impl::Tell(DeskEventKind kind, const OpenOneWay& open, const OneWayBid* bid) {
  if (listener == nullptr) return;
  const AnnounceOneWay& terms = open.terms;
  DeskEvent event;
  event.kind = kind;
  event.offer = open.id;
  event.instrument = terms.instrument;
  event.member = terms.applicant;
  event.side = terms.side;
  event.price = terms.price;
  event.quantity = terms.quantity;
  event.opens = terms.opens;
  event.closes = terms.closes;
  if (bid != nullptr) {
    event.bid = bid->view.bid;
    event.member = bid->view.member;
    event.counterparty = terms.applicant;
    event.side = Opposite(terms.side);
    event.price = bid->view.price;
    event.quantity = bid->view.quantity;
  }
  listener->OnDesk(event);
}

}  // namespace ets::market
