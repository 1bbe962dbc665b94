// The bidding window, its clearing, pay day, and the fills that come of it.
#include "market/auction_house.h"

#include <algorithm>
#include <limits>

#include "auction/entry.h"
#include "market/impl.h"
#include "market/packing.h"

namespace ets::market {

// What a snapshot holds of each; the rest of an open auction follows from it.
void Fields(auto& io, Is<EnteredBid> auto& in) {
  io(in.number, in.live, in.bid.bidder, in.bid.price, in.bid.quantity);
}
void Fields(auto& io, Is<OpenedAuction> auto& in) {
  io(in.number, in.auctioneer, in.instrument, in.terms, in.pay_day, in.opens, in.closes, in.bids);
}
void Fields(auto& io, Is<auction::Bid> auto& in) { io(in.bidder, in.price, in.quantity); }
void Fields(auto& io, Is<AuctionView> auto& in) {
  io(in.number, in.auctioneer, in.instrument, in.terms, in.pay_day, in.opens, in.closes, in.bids,
     in.numbers);
}
void Fields(auto& io, Is<ClosedAuction> auto& in) { io(in.view, in.awaits_payment, in.unpaid); }
void Fields(auto& io, Is<Winner::Part> auto& in) { io(in.price, in.quantity); }
void Fields(auto& io, Is<Winner> auto& in) {
  io(in.buyer, in.parts, in.quantity, in.owed, in.reserved);
}
void Fields(auto& io, Is<AuctionSeller> auto& in) { io(in.seller, in.volume); }
void Fields(auto& io, Is<AwaitedAuction> auto& in) {
  io(in.number, in.instrument, in.due, in.winners, in.sellers);
}

namespace {

auction::BidderTerms TermsOf(const auction::Terms& terms, MemberId member) {
  for (const auction::BidderTerms& bidder : terms.bidders) {
    if (bidder.bidder == member) return bidder;
  }
  auction::BidderTerms none;
  none.bidder = member;
  return none;
}

std::vector<auction::Bid> BidsOf(const OpenedAuction& opened, const OwnBids& own,
                                 std::uint32_t without) {
  std::vector<auction::Bid> bids;
  for (std::uint32_t place = own.last; place != kNoPlace; place = opened.bids[place].before) {
    if (opened.bids[place].number != without) bids.push_back(opened.bids[place].bid);
  }
  std::ranges::reverse(bids);  // In the order of entry.
  return bids;
}

// What a bidder's bids need, with one more and without the one it replaces. Without a pay day a bid
// lodges all it may cost.
std::int64_t GuaranteeOf(const OpenedAuction& opened, const OwnBids& own,
                         const auction::Bid* more = nullptr, std::uint32_t without = 0) {
  const std::uint32_t share_bp = opened.pay_day ? opened.terms.format.guarantee_bp : 10'000;
  if (opened.terms.format.guarantee == auction::Guarantee::kValueOfBids) {
    std::int64_t value = own.value;
    if (more != nullptr) value += (more->price * more->quantity).minor();
    if (without != 0) {
      const auction::Bid& old = opened.bids[opened.place_of[without - 1]].bid;
      value -= (old.price * old.quantity).minor();
    }
    if (share_bp == 10'000) return value;
    __extension__ using Int128 = __int128;
    return static_cast<std::int64_t>((Int128{value} * share_bp + 9'999) / 10'000);
  }
  std::vector<auction::Bid> bids = BidsOf(opened, own, without);
  if (more != nullptr) bids.push_back(*more);
  auction::Format format = opened.terms.format;
  format.guarantee_bp = share_bp;
  return auction::GuaranteeFor(bids, format).minor();
}

// Units that must be in the auctioneer's escrow: its part of the supply and what tiers may add.
Tonnes AuctioneersPart(const auction::Terms& terms) {
  Tonnes part = terms.supply;
  for (const auction::Consignment& consigned : terms.consignments) part -= consigned.volume;
  for (const auction::Trigger& tier : terms.containment) part += tier.volume;
  return part;
}

AuctionView ViewOf(const OpenedAuction& opened) {
  AuctionView view;
  view.number = opened.number;
  view.auctioneer = opened.auctioneer;
  view.instrument = opened.instrument;
  view.terms = opened.terms;
  view.pay_day = opened.pay_day;
  view.opens = opened.opens;
  view.closes = opened.closes;
  for (const EnteredBid& entered : opened.bids) {
    if (!entered.live) continue;
    view.bids.push_back(entered.bid);
    view.numbers.push_back(entered.number);
  }
  return view;
}

// `winners`: those of another auction, whose memory serves.
std::vector<Winner> WinnersOf(const std::vector<auction::Bid>& bids,
                              const auction::Clearing& clearing, std::vector<Winner> winners) {
  std::size_t count = 0;
  std::vector<std::uint32_t> place_of;  // By member: its place in `winners`, from 1.
  for (const auction::Award& award : clearing.awards) {
    const MemberId buyer = bids[award.bid].bidder;
    if (buyer.raw() >= place_of.size()) place_of.resize(buyer.raw() + std::size_t{1});
    std::uint32_t& place = place_of[buyer.raw()];
    if (place == 0) {
      if (count == winners.size()) winners.emplace_back();
      Winner& next = winners[count];
      next.parts.clear();
      next = {.buyer = buyer, .parts = std::move(next.parts), .quantity = {}};
      place = static_cast<std::uint32_t>(++count);
    }
    Winner& winner = winners[place - 1];
    winner.quantity += award.quantity;
    winner.owed += (award.price * award.quantity).minor();
    const auto same = std::ranges::find(winner.parts, award.price, &Winner::Part::price);
    if (same != winner.parts.end()) {
      same->quantity += award.quantity;
    } else {
      winner.parts.push_back({award.price, award.quantity});
    }
  }
  winners.resize(count);
  return winners;
}

}  // namespace

Outcome Market::Impl::On(const OpenAuction& input) {
  const auction::Format* row = auction::FindFormat(input.terms.format.name);
  const auction::Terms& terms = input.terms;
  const auction::Format& format = terms.format;
  if (row == nullptr || !auction::WrongWith(format).empty()) {
    return Refuse(Refusal::kAuctionFormatInvalid);
  }
  if (!Has(input.auctioneer)) return Refuse(Refusal::kMemberNotFound);
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  const InstrumentView& view = At(input.instrument).view;
  if (!view.listed) return Refuse(Refusal::kInstrumentNotTrading);
  if (const auto refusal = CheckSupply(input)) return Fail{*refusal};
  if (auction) return Refuse(Refusal::kAuctionAlreadyOpen, 0, auction->number);
  if (const Gate no = CheckWindow(input)) return *no;

  ETS_ASSERT(holdings.Reserve(input.auctioneer, view.unit_ledger, AuctioneersPart(terms).count()));
  for (const auction::Consignment& consigned : terms.consignments) {
    ETS_ASSERT(holdings.Reserve(consigned.consignor, view.unit_ledger, consigned.volume.count()));
  }
  auction.emplace(std::move(last_window));
  auction->Clear();
  auction->number = ++auctions_opened;
  auction->auctioneer = input.auctioneer;
  auction->instrument = input.instrument;
  auction->terms = terms;
  auction->pay_day = input.pay_day;
  auction->opens = input.opens;
  auction->closes = input.closes;
  // The texts are the table's: those of the input may be gone tomorrow.
  auction->terms.format.name = row->name;
  auction->terms.format.description = row->description;
  auction->terms.format.currency = row->currency;
  Tell(AuctionEventKind::kOpened, input.auctioneer, 0, {}, terms.supply);
  Receipt receipt;
  receipt.id = auction->number;
  return receipt;
}

Gate Market::Impl::CheckWindow(const OpenAuction& input) {
  const SimTime at = Moment();
  if (input.closes != 0 && input.closes <= std::max(input.opens, at)) {
    return Refuse(Refusal::kWindowInvalid, input.closes, std::max(input.opens, at));
  }
  if (input.opens < 0) return Refuse(Refusal::kWindowInvalid, input.opens, at);
  const SimTime last = std::max({input.opens, input.closes, at});
  const Date first_day = ToLocal(last, founding.rules.zone).date;
  if (input.pay_day && *input.pay_day < first_day) {
    return Refuse(Refusal::kWindowInvalid, input.pay_day->days(), first_day.days());
  }
  return std::nullopt;
}

std::optional<Refusal> Market::Impl::CheckSupply(const OpenAuction& input) {
  const auction::Terms& terms = input.terms;
  const auto refuse = [this](Refusal refusal, std::int64_t asked = 0, std::int64_t limit = 0) {
    return Refuse(refusal, asked, limit).error;
  };
  std::vector<Tonnes> volumes = {terms.supply};
  for (const auction::Consignment& consigned : terms.consignments) {
    if (!Has(consigned.consignor)) return refuse(Refusal::kMemberNotFound);
    volumes.push_back(consigned.volume);
  }
  std::vector<std::optional<Price>> prices = {terms.reserve, terms.secret_reserve};
  std::vector<auction::Trigger> triggers = terms.containment;
  if (terms.withholding) triggers.push_back(*terms.withholding);
  for (const auction::Trigger& trigger : triggers) {
    volumes.push_back(trigger.volume);
    prices.emplace_back(trigger.price);
  }
  Tonnes all;
  for (const Tonnes volume : volumes) {
    if (volume <= Tonnes()) return refuse(Refusal::kQuantityNotPositive, volume.count());
    if (volume > kAuctionVolumeMax) {
      return refuse(Refusal::kAmountTooLarge, volume.count(), kAuctionVolumeMax.count());
    }
    all += volume;
    if (all > Tonnes(kAmountMax)) return refuse(Refusal::kAmountTooLarge, all.count());
  }
  for (std::size_t i = 0; i < terms.bidders.size(); ++i) {
    const auction::BidderTerms& bidder = terms.bidders[i];
    if (!Has(bidder.bidder)) return refuse(Refusal::kMemberNotFound);
    const bool negative =
        bidder.room.value_or(Tonnes()) < Tonnes() || bidder.guarantee.value_or(Money()) < Money();
    if (negative) return refuse(Refusal::kQuantityNotPositive);
    if (bidder.guarantee && bidder.guarantee->minor() > kAmountMax / 10'000) {
      return refuse(Refusal::kAmountTooLarge, bidder.guarantee->minor(), kAmountMax / 10'000);
    }
    // In order of their numbers, so each is there once.
    if (i > 0 && bidder.bidder <= terms.bidders[i - 1].bidder) {
      return refuse(Refusal::kAuctionFormatInvalid);
    }
  }
  for (const std::optional<Price>& price : prices) {
    if (price && (*price <= Price() || *price > kPriceMax)) {
      return refuse(Refusal::kPriceOutsideBand, price->minor_per_tonne(),
                    kPriceMax.minor_per_tonne());
    }
  }
  const LedgerId units = At(input.instrument).view.unit_ledger;
  const Tonnes part = AuctioneersPart(terms);
  Tonnes consigned_all;
  for (const auction::Consignment& consigned : terms.consignments) {
    const std::int64_t free = holdings.at(consigned.consignor, units).available;
    consigned_all += consigned.volume;
    if (free < consigned.volume.count() || consigned.consignor == input.auctioneer) {
      return refuse(Refusal::kInsufficientUnits, consigned.volume.count(), free);
    }
  }
  if (consigned_all > terms.supply) {
    return refuse(Refusal::kQuantityAboveMax, consigned_all.count(), terms.supply.count());
  }
  const std::int64_t free = holdings.at(input.auctioneer, units).available;
  if (free < part.count()) return refuse(Refusal::kInsufficientUnits, part.count(), free);
  if (terms.supply.count() % terms.format.lot.count() != 0) {
    return refuse(Refusal::kBidNotInLots, terms.supply.count(), terms.format.lot.count());
  }
  return std::nullopt;
}

// `without`: the number of the bid that this one replaces.
std::optional<Refusal> Market::Impl::CheckBid(const auction::Bid& bid, std::uint32_t without) {
  const auto refuse = [this](Refusal refusal, std::int64_t asked = 0, std::int64_t limit = 0) {
    return Refuse(refusal, asked, limit).error;
  };
  if (bid.quantity <= Tonnes()) return refuse(Refusal::kQuantityNotPositive, bid.quantity.count());
  if (!auction) return refuse(Refusal::kAuctionNotOpen);
  const SimTime at = Moment();
  if (at < auction->opens) return refuse(Refusal::kBiddingNotOpen, at, auction->opens);
  if (auction->closes != 0 && at >= auction->closes) {
    return refuse(Refusal::kAuctionNotOpen, at, auction->closes);
  }
  if (bid.quantity > kAuctionVolumeMax) {
    return refuse(Refusal::kQuantityAboveMax, bid.quantity.count(), kAuctionVolumeMax.count());
  }
  const auction::Terms& terms = auction->terms;
  const std::int64_t price = bid.price.minor_per_tonne();
  const std::int64_t tick = terms.format.tick.minor_per_tonne();
  if (price % tick != 0) return refuse(Refusal::kPriceOffTick, price, tick);
  if (bid.price <= Price() || bid.price > kPriceMax) {
    return refuse(Refusal::kPriceOutsideBand, price, kPriceMax.minor_per_tonne());
  }
  const LedgerId cash = At(auction->instrument).view.cash_ledger;
  OwnBids& own = auction->OwnOf(bid.bidder);
  const std::int64_t free = holdings.at(bid.bidder, cash).available;
  const auto value = ValueOf(bid.price, bid.quantity);
  if (!value) return refuse(Refusal::kInsufficientCash, kAmountMax, free);
  const std::int64_t more = GuaranteeOf(*auction, own, &bid, without) - own.reserved;
  if (more > free) return refuse(Refusal::kInsufficientCash, more, free);
  if (bid.bidder == auction->auctioneer) return refuse(Refusal::kSameParty);
  for (const auction::Consignment& consigned : terms.consignments) {
    if (bid.bidder == consigned.consignor) return refuse(Refusal::kSameParty);
  }
  const std::size_t count = own.count - (without != 0 ? 1U : 0U);
  std::vector<auction::Bid> others;
  if (auction::LooksAtOthers(terms, TermsOf(terms, bid.bidder))) {
    others = BidsOf(*auction, own, without);
  }
  for (const auction::EntryFault fault :
       auction::FaultsOf(bid, terms, TermsOf(terms, bid.bidder), others)) {
    if (const auto refusal = RefuseFault(fault, bid, count, others)) return refusal;
  }
  // A secret reserve price is the clearing's business.
  if (terms.reserve && bid.price < *terms.reserve) {
    return refuse(Refusal::kBidBelowReserve, price, terms.reserve->minor_per_tonne());
  }
  std::size_t most = founding.rules.bids_per_bidder_max;
  if (terms.format.bids_max > 0) most = std::min<std::size_t>(most, terms.format.bids_max);
  if (count < most) return std::nullopt;
  return refuse(Refusal::kTooManyBids, static_cast<std::int64_t>(count) + 1,
                static_cast<std::int64_t>(most));
}

std::optional<Refusal> Market::Impl::RefuseFault(auction::EntryFault fault, const auction::Bid& bid,
                                                 std::size_t count,
                                                 const std::vector<auction::Bid>& others) {
  const auction::Terms& terms = auction->terms;
  const auction::Format& format = terms.format;
  const std::int64_t quantity = bid.quantity.count();
  std::int64_t all = quantity;
  for (const auction::Bid& other : others) all += other.quantity.count();
  const auto refuse = [this](Refusal refusal, std::int64_t asked = 0, std::int64_t limit = 0) {
    return Refuse(refusal, asked, limit).error;
  };
  switch (fault) {
    case auction::EntryFault::kQuantityOffLot:
      return refuse(Refusal::kBidNotInLots, quantity, format.lot.count());
    case auction::EntryFault::kQuantityBelowSmallest:
      return refuse(Refusal::kBidNotInLots, quantity, format.smallest_bid.count());
    case auction::EntryFault::kQuantityAboveBidLimit:
      return refuse(Refusal::kQuantityAboveMax, quantity,
                    MulDivFloor(terms.supply.count(), format.bid_limit_bp, 10'000));
    case auction::EntryFault::kAboveBidderLimit:
      return refuse(Refusal::kQuantityAboveMax, all,
                    auction::LimitOf(terms, TermsOf(terms, bid.bidder)).count());
    case auction::EntryFault::kNotCovered:
      return refuse(Refusal::kQuantityAboveMax, all, 0);
    case auction::EntryFault::kTooManyBids:
      return refuse(Refusal::kTooManyBids, static_cast<std::int64_t>(count) + 1, format.bids_max);
    case auction::EntryFault::kGuaranteeTooSmall: {
      std::vector<auction::Bid> bids = others;
      bids.push_back(bid);
      return refuse(Refusal::kInsufficientCash, auction::GuaranteeFor(bids, format).minor(),
                    TermsOf(terms, bid.bidder).guarantee.value_or(Money()).minor());
    }
    case auction::EntryFault::kQuantityNotPositive:
    case auction::EntryFault::kPriceNotPositive:
    case auction::EntryFault::kPriceOffTick:
      break;  // Asked before.
  }
  return std::nullopt;
}

// Brings what is reserved for a bidder to what its bids need now.
void Market::Impl::ReserveFor(MemberId member) {
  OwnBids& own = auction->OwnOf(member);
  const LedgerId cash = At(auction->instrument).view.cash_ledger;
  const std::int64_t needed = GuaranteeOf(*auction, own);
  if (needed > own.reserved) {
    ETS_ASSERT(holdings.Reserve(member, cash, needed - own.reserved));
  } else {
    holdings.Release(member, cash, own.reserved - needed);
  }
  own.reserved = needed;
}

void Market::Impl::Enter(std::uint32_t number, const auction::Bid& bid) {
  const auto place = static_cast<std::uint32_t>(auction->bids.size());
  auction->bids.push_back({.number = number, .live = true, .bid = bid});
  auction->place_of[number - 1] = place;
  OwnBids& own = auction->OwnOf(bid.bidder);
  auction->Hang(place);
  own.value += (bid.price * bid.quantity).minor();
  ReserveFor(bid.bidder);
}

// A bid that names an auction is for no other.
Gate Market::Impl::CheckMeant(std::uint32_t number) {
  if (number == 0 || (auction && auction->number == number)) return std::nullopt;
  if (number > auctions_opened) return Refuse(Refusal::kAuctionNotFound, number, auctions_opened);
  return Refuse(Refusal::kAuctionNotOpen, number, auction ? auction->number : 0);
}

Outcome Market::Impl::Submit(const SubmitBid& input) {
  if (members[input.member.raw()].blocked)
    return Refuse(Refusal::kMemberBlocked, NumberOf(input.member));
  if (const Gate no = CheckMeant(input.auction)) return *no;
  const auction::Bid bid = {input.member, input.price, input.quantity};
  if (const auto refusal = CheckBid(bid, 0)) return Fail{*refusal};
  ++bids_accepted;
  auction->place_of.push_back(0);
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(auction->place_of.size());
  Enter(receipt.id, bid);
  Tell(AuctionEventKind::kBidTaken, input.member, receipt.id, input.price, input.quantity);
  return receipt;
}

Outcome Market::Impl::Submit(const SubmitBids& input) {
  if (members[input.member.raw()].blocked)
    return Refuse(Refusal::kMemberBlocked, input.member.raw());
  if (const Gate no = CheckMeant(input.auction)) return *no;
  if (input.bids.empty()) return Refuse(Refusal::kQuantityNotPositive);
  std::size_t entered = 0;
  for (const SubmitBids::Step& step : input.bids) {
    const auction::Bid bid = {input.member, step.price, step.quantity};
    if (const auto refusal = CheckBid(bid, 0)) {
      for (; entered > 0; --entered) TakeBackLast();
      return Fail{*refusal};
    }
    auction->place_of.push_back(0);
    Enter(static_cast<std::uint32_t>(auction->place_of.size()), bid);
    ++entered;
  }
  bids_accepted += entered;
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(auction->place_of.size() - entered + 1);
  for (std::size_t i = 0; i < entered; ++i) {
    const SubmitBids::Step& step = input.bids[i];
    Tell(AuctionEventKind::kBidTaken, input.member, receipt.id + static_cast<std::uint32_t>(i),
         step.price, step.quantity);
  }
  return receipt;
}

// As if the last bid had never been entered.
void Market::Impl::TakeBackLast() {
  const auto number = static_cast<std::uint32_t>(auction->place_of.size());
  const MemberId member = auction->bids.back().bid.bidder;
  Strike(number);
  auction->bids.pop_back();
  auction->place_of.pop_back();
  ReserveFor(member);
}

// The bid of this number, live and the member's, or why not.
std::optional<Refusal> Market::Impl::CheckOwn(MemberId member, std::uint32_t number) {
  if (!Has(member)) return Refuse(Refusal::kMemberNotFound, member.raw()).error;
  if (!auction) return Refuse(Refusal::kAuctionNotOpen).error;
  const bool known = number > 0 && number <= auction->place_of.size();
  const EnteredBid* entered = known ? &auction->bids[auction->place_of[number - 1]] : nullptr;
  if (entered == nullptr || !entered->live || entered->bid.bidder != member) {
    return Refuse(Refusal::kOrderNotFound, number).error;
  }
  if (auction->terms.format.irrevocable) return Refuse(Refusal::kBidIrrevocable, number).error;
  return std::nullopt;
}

void Market::Impl::Strike(std::uint32_t number) {
  const std::uint32_t place = auction->place_of[number - 1];
  EnteredBid& entered = auction->bids[place];
  entered.live = false;
  auction->Unhang(place);
  OwnBids& own = auction->OwnOf(entered.bid.bidder);
  own.value -= (entered.bid.price * entered.bid.quantity).minor();
}

Outcome Market::Impl::On(const ChangeBid& input) {
  if (const Gate no = CheckMeant(input.auction)) return *no;
  if (const auto refusal = CheckOwn(input.member, input.bid)) return Fail{*refusal};
  if (members[input.member.raw()].blocked)
    return Refuse(Refusal::kMemberBlocked, NumberOf(input.member));
  const auction::Bid bid = {input.member, input.price, input.quantity};
  if (const auto refusal = CheckBid(bid, input.bid)) return Fail{*refusal};
  Strike(input.bid);
  Enter(input.bid, bid);
  Tell(AuctionEventKind::kBidChanged, input.member, input.bid, input.price, input.quantity);
  Receipt receipt;
  receipt.id = input.bid;
  return receipt;
}

Outcome Market::Impl::On(const WithdrawBid& input) {
  if (const Gate no = CheckMeant(input.auction)) return *no;
  if (const auto refusal = CheckOwn(input.member, input.bid)) return Fail{*refusal};
  const auction::Bid bid = auction->bids[auction->place_of[input.bid - 1]].bid;
  Strike(input.bid);
  ReserveFor(input.member);
  Tell(AuctionEventKind::kBidWithdrawn, input.member, input.bid, bid.price, bid.quantity);
  Receipt receipt;
  receipt.id = input.bid;
  return receipt;
}

// Everything reserved for the open auction is free again, and it is open no more.
OpenedAuction Market::Impl::Shut() {
  OpenedAuction closed = std::move(*auction);
  auction.reset();
  const InstrumentView& view = At(closed.instrument).view;
  holdings.Release(closed.auctioneer, view.unit_ledger, AuctioneersPart(closed.terms).count());
  for (const auction::Consignment& consigned : closed.terms.consignments) {
    holdings.Release(consigned.consignor, view.unit_ledger, consigned.volume.count());
  }
  for (std::uint32_t member = 0; member < closed.own.size(); ++member) {
    holdings.Release(MemberId(member), view.cash_ledger, closed.own[member].reserved);
  }
  return closed;
}

Outcome Market::Impl::On(const CloseAuction&) {
  if (!auction) return Refuse(Refusal::kAuctionNotOpen);
  // Its memory serves the next window.
  last_window = Shut();
  const OpenedAuction& closed = last_window;
  ClosedAuction result = {ViewOf(closed), {}, false, {}};
  const std::vector<auction::Bid>& bids = result.view.bids;
  result.clearing = auction::Clear(bids, closed.terms);
  const auction::Clearing& clearing = result.clearing;
  if (listener != nullptr) listener->OnAuctionCleared(closed.instrument, clearing);

  AwaitedAuction awaited;
  awaited.number = closed.number;
  awaited.instrument = closed.instrument;
  if (closed.pay_day) awaited.due = ToInstant({*closed.pay_day + 1, 0}, founding.rules.zone);
  awaited.winners = WinnersOf(bids, clearing, std::move(last_winners));
  const std::vector<Tonnes> consigned = auction::ConsignedSold(closed.terms, clearing.sold);
  Tonnes left = clearing.sold;
  for (std::size_t i = 0; i < consigned.size(); ++i) {
    awaited.sellers.push_back({closed.terms.consignments[i].consignor, consigned[i]});
    left -= consigned[i];
  }
  awaited.sellers.push_back({closed.auctioneer, left});
  ReserveAwards(awaited, closed);
  Tell(AuctionEventKind::kClosed, closed.auctioneer, 0, {}, closed.terms.supply, &awaited);
  Receipt receipt;
  if (closed.pay_day && !awaited.winners.empty()) {
    receipt.resting = clearing.sold;
    receipt.id = closed.number;
    awaiting.push_back(std::move(awaited));
    result.awaits_payment = true;
    Remember(std::move(result));
    return receipt;
  }
  Remember(std::move(result));
  receipt = Pay(awaited);
  receipt.id = closed.number;
  last_winners = std::move(awaited.winners);
  return receipt;
}

void Market::Impl::Remember(ClosedAuction closed) {
  if (closed_auctions.size() == kClosedAuctionsKept) {
    closed_auctions.erase(closed_auctions.begin());
  }
  closed_auctions.push_back(std::move(closed));
}

// Sellers' units, and of each winner's cash what its guarantee was, at most what it owes.
void Market::Impl::ReserveAwards(AwaitedAuction& awaited, const OpenedAuction& closed) {
  const InstrumentView& view = At(awaited.instrument).view;
  for (const AuctionSeller& seller : awaited.sellers) {
    ETS_ASSERT(holdings.Reserve(seller.seller, view.unit_ledger, seller.volume.count()));
  }
  for (Winner& winner : awaited.winners) {
    winner.reserved = std::min(winner.owed, closed.own[winner.buyer.raw()].reserved);
    ETS_ASSERT(holdings.Reserve(winner.buyer, view.cash_ledger, winner.reserved));
  }
}

SimTime Market::Impl::NextAuctionDue() const {
  SimTime due = std::numeric_limits<SimTime>::max();
  if (auction && auction->closes != 0) due = auction->closes;
  if (auction && auction->opens > now) due = std::min(due, auction->opens);
  for (const AwaitedAuction& awaited : awaiting) due = std::min(due, awaited.due);
  return due;
}

void Market::Impl::FireAuctions() {
  if (auction && auction->closes != 0 && auction->closes <= now) {
    ETS_ASSERT(On(CloseAuction{}).ok());
  }
  for (std::size_t i = 0; i < awaiting.size();) {
    if (awaiting[i].due > now) {
      ++i;
      continue;
    }
    ETS_ASSERT(On(PayAuction{awaiting[i].number}).ok());
  }
}

Outcome Market::Impl::On(const PayAuction& input) {
  const auto found = std::ranges::find(awaiting, input.auction, &AwaitedAuction::number);
  if (input.auction == 0 || input.auction > auctions_opened) {
    return Refuse(Refusal::kAuctionNotFound, input.auction, auctions_opened);
  }
  if (found == awaiting.end()) return Refuse(Refusal::kAuctionNotOpen, input.auction);
  AwaitedAuction awaited = std::move(*found);
  awaiting.erase(found);
  return Pay(awaited);
}

// Takes what each winner owes, or cancels its award; then units and cash change hands.
Receipt Market::Impl::Pay(AwaitedAuction& awaited) {
  const InstrumentView& view = At(awaited.instrument).view;
  Receipt receipt;
  std::size_t seller = 0;
  for (const Winner& winner : awaited.winners) {
    if (!holdings.Reserve(winner.buyer, view.cash_ledger, winner.owed - winner.reserved)) {
      holdings.Release(winner.buyer, view.cash_ledger, winner.reserved);
      receipt.resting += winner.quantity;
      Tell(AuctionEventKind::kUnpaid, winner.buyer, 0, {}, winner.quantity, &awaited);
      continue;
    }
    for (const Winner::Part& part : winner.parts) {
      Send(awaited, winner.buyer, part.price, part.quantity, seller);
      receipt.value += part.price * part.quantity;
    }
    receipt.traded += winner.quantity;
    Tell(AuctionEventKind::kPaid, winner.buyer, 0, {}, winner.quantity, &awaited);
  }
  const auto closed = std::ranges::find(closed_auctions, awaited.number,
                                        [](const ClosedAuction& one) { return one.view.number; });
  if (closed != closed_auctions.end()) {
    closed->awaits_payment = false;
    closed->unpaid = receipt.resting;
  }
  FinishPlanned(awaited.number, receipt.resting);
  // What was not paid for goes back, the auctioneer's own units last.
  for (AuctionSeller& one : awaited.sellers) {
    holdings.Release(one.seller, view.unit_ledger, one.volume.count());
    one.volume = Tonnes();
  }
  return receipt;
}

// A paid award from the sellers in their order; a fill for each of them.
void Market::Impl::Send(AwaitedAuction& awaited, MemberId buyer, Price price, Tonnes quantity,
                        std::size_t& seller) {
  const InstrumentView& view = At(awaited.instrument).view;
  while (quantity > Tonnes()) {
    AuctionSeller& from = awaited.sellers[seller];
    const Tonnes part = std::min(quantity, from.volume);
    if (part == Tonnes()) {
      ++seller;
      continue;
    }
    const std::int64_t value = (price * part).minor();
    holdings.Consume(from.seller, view.unit_ledger, part.count());
    holdings.Consume(buyer, view.cash_ledger, value);
    holdings.Credit(from.seller, view.cash_ledger, value);
    Deliver(TypeOf(view), buyer, view.unit_ledger, part);
    Fill fill;
    fill.channel = Channel::kAuction;
    fill.instrument = awaited.instrument;
    fill.seller = from.seller;
    fill.buyer = buyer;
    fill.price = price;
    fill.quantity = part;
    Print(fill);
    from.volume -= part;
    quantity -= part;
  }
}

// Its instrument is gone: an open window gives everything back, and awards not yet paid fall.
void Market::Impl::AbandonAuctions(InstrumentId instrument) {
  if (auction && auction->instrument == instrument) {
    AwaitedAuction ended;
    ended.number = auction->number;
    ended.instrument = instrument;
    const OpenedAuction closed = Shut();
    for (AuctionPlan& plan : plans) plan.Finish(closed.number, {});
    Tell(AuctionEventKind::kAbandoned, closed.auctioneer, 0, {}, closed.terms.supply, &ended);
  }
  const InstrumentView& view = At(instrument).view;
  std::erase_if(awaiting, [&](const AwaitedAuction& awaited) {
    if (awaited.instrument != instrument) return false;
    for (const AuctionSeller& one : awaited.sellers) {
      holdings.Release(one.seller, view.unit_ledger, one.volume.count());
    }
    for (const Winner& winner : awaited.winners) {
      holdings.Release(winner.buyer, view.cash_ledger, winner.reserved);
      Tell(AuctionEventKind::kUnpaid, winner.buyer, 0, {}, winner.quantity, &awaited);
    }
    const auto closed = std::ranges::find(closed_auctions, awaited.number,
                                          [](const ClosedAuction& one) { return one.view.number; });
    if (closed != closed_auctions.end()) {
      closed->awaits_payment = false;
      closed->unpaid = closed->clearing.sold;
      FinishPlanned(awaited.number, closed->unpaid);
    }
    return true;
  });
}

void Market::Impl::Tell(AuctionEventKind kind, MemberId member, std::uint32_t bid, Price price,
                        Tonnes quantity, const AwaitedAuction* awaited) {
  if (listener == nullptr) return;
  AuctionEvent event;
  event.kind = kind;
  event.auction = awaited != nullptr ? awaited->number : auction->number;
  event.instrument = awaited != nullptr ? awaited->instrument : auction->instrument;
  event.member = member;
  event.bid = bid;
  event.price = price;
  event.quantity = quantity;
  listener->OnAuction(event);
}

void Market::Impl::AddAuctionHash(ets::StateHash& hash) const {
  hash.Add(std::uint64_t{auctions_opened});
  hash.Add(std::uint64_t{auction.has_value()});
  if (auction) {
    hash.Add(std::uint64_t{auction->auctioneer.raw()} << 32U | auction->instrument.raw());
    hash.Add(auction->terms.format.name);
    hash.Add(auction->terms.supply.count());
    hash.Add(auction->terms.reserve.value_or(Price()).minor_per_tonne());
    hash.Add(auction->terms.secret_reserve.value_or(Price()).minor_per_tonne());
    hash.Add(auction->terms.tie_seed);
    hash.Add(std::int64_t{auction->pay_day.value_or(Date()).days()});
    hash.Add(auction->opens);
    hash.Add(auction->closes);
    for (const EnteredBid& entered : auction->bids) {
      if (!entered.live) continue;
      hash.Add(std::uint64_t{entered.number} << 32U | entered.bid.bidder.raw());
      hash.Add(entered.bid.price.minor_per_tonne());
      hash.Add(entered.bid.quantity.count());
    }
  }
  for (const AwaitedAuction& awaited : awaiting) {
    hash.Add(std::uint64_t{awaited.number});
    for (const Winner& winner : awaited.winners) {
      hash.Add(std::uint64_t{winner.buyer.raw()});
      hash.Add(winner.quantity.count());
      hash.Add(winner.owed);
    }
  }
}

void Market::Impl::EachAuctionBinding(
    const std::function<void(MemberId, LedgerId, std::int64_t)>& binds) const {
  if (auction) {
    const InstrumentView& view = At(auction->instrument).view;
    binds(auction->auctioneer, view.unit_ledger, AuctioneersPart(auction->terms).count());
    for (const auction::Consignment& consigned : auction->terms.consignments) {
      binds(consigned.consignor, view.unit_ledger, consigned.volume.count());
    }
    for (std::uint32_t member = 0; member < auction->own.size(); ++member) {
      const OwnBids& own = auction->own[member];
      ETS_ASSERT(own.reserved == GuaranteeOf(*auction, own));
      binds(MemberId(member), view.cash_ledger, own.reserved);
    }
  }
  for (const AwaitedAuction& awaited : awaiting) {
    const InstrumentView& view = At(awaited.instrument).view;
    for (const AuctionSeller& seller : awaited.sellers) {
      binds(seller.seller, view.unit_ledger, seller.volume.count());
    }
    for (const Winner& winner : awaited.winners) {
      binds(winner.buyer, view.cash_ledger, winner.reserved);
    }
  }
}

void Market::Impl::SaveAuctions(ByteWriter& bytes) const {
  std::string packed;
  Writer writer(packed);
  writer(auctions_opened, auction, awaiting, closed_auctions);
  bytes.PutText(packed);
}

bool Market::Impl::LoadAuctions(ByteReader& bytes) {
  ByteReader packed(bytes.GetText());
  Reader reader(packed);
  reader(auctions_opened, auction, awaiting, closed_auctions);
  if (!reader.ok() || !packed.empty()) return false;
  for (ClosedAuction& closed : closed_auctions) {
    const auction::Format* const row = auction::FindFormat(closed.view.terms.format.name);
    if (row == nullptr || !Has(closed.view.instrument) || !Has(closed.view.auctioneer)) {
      return false;
    }
    closed.view.terms.format.name = row->name;
    for (const auction::Bid& bid : closed.view.bids) {
      if (!Has(bid.bidder)) return false;
    }
    closed.clearing = auction::Clear(closed.view.bids, closed.view.terms);
  }
  for (const AwaitedAuction& awaited : awaiting) {
    if (!Has(awaited.instrument)) return false;
    for (const Winner& winner : awaited.winners) {
      if (!Has(winner.buyer)) return false;
    }
    for (const AuctionSeller& one : awaited.sellers) {
      if (!Has(one.seller)) return false;
    }
  }
  if (!auction) return true;
  // The texts are the table's: those of the snapshot may be gone tomorrow.
  const auction::Format* const row = auction::FindFormat(auction->terms.format.name);
  if (row == nullptr || !Has(auction->auctioneer) || !Has(auction->instrument)) return false;
  auction->terms.format.name = row->name;
  for (std::uint32_t place = 0; place < auction->bids.size(); ++place) {
    const EnteredBid& entered = auction->bids[place];
    if (entered.number == 0 || !Has(entered.bid.bidder)) return false;
    if (entered.number > auction->bids.size()) return false;
    if (entered.number > auction->place_of.size()) auction->place_of.resize(entered.number);
    auction->place_of[entered.number - 1] = place;
    if (entered.live) auction->Hang(place);
  }
  for (OwnBids& own : auction->own) {
    for (const auction::Bid& bid : BidsOf(*auction, own, 0))
      own.value += (bid.price * bid.quantity).minor();
    own.reserved = GuaranteeOf(*auction, own);
  }
  return true;
}

std::optional<AuctionView> Market::open_auction() const {
  if (!impl_->auction) return std::nullopt;
  return ViewOf(*impl_->auction);
}

const ClosedAuction* Market::closed_auction(std::uint32_t number) const {
  for (const ClosedAuction& closed : impl_->closed_auctions) {
    if (closed.view.number == number) return &closed;
  }
  return nullptr;
}

std::uint32_t Market::auctions_opened() const { return impl_->auctions_opened; }

}  // namespace ets::market
