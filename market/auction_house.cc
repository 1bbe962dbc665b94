// The bidding window, its clearing, and the fills that come of it.
#include "market/impl.h"

namespace ets::market {

Outcome Market::Impl::On(const OpenAuction& input) {
  const auction::Format* row = auction::FindFormat(input.terms.format.name);
  const auction::Format& format = input.terms.format;
  if (row == nullptr || !auction::WrongWith(format).empty()) {
    return Fail{Refusal::kAuctionFormatInvalid};
  }
  if (!Has(input.auctioneer)) return Fail{Refusal::kMemberNotFound};
  if (!Has(input.instrument)) return Fail{Refusal::kInstrumentNotFound};
  const InstrumentView& view = At(input.instrument).view;
  if (!view.listed) return Fail{Refusal::kInstrumentNotTrading};
  if (input.terms.supply <= Tonnes(0)) return Fail{Refusal::kQuantityNotPositive};
  const std::int64_t supply = input.terms.supply.count();
  const std::optional<Price>& reserve = input.terms.reserve;
  if (reserve && reserve->minor_per_tonne() % format.tick.minor_per_tonne() != 0) {
    return Fail{Refusal::kPriceOffTick};
  }
  if (reserve && (*reserve <= Price() || *reserve > kPriceMax)) {
    return Fail{Refusal::kPriceOutsideBand};
  }
  if (holdings.at(input.auctioneer, view.unit_ledger).available < supply) {
    return Fail{Refusal::kInsufficientUnits};
  }
  if (supply % format.lot.count() != 0) return Fail{Refusal::kBidNotInLots};
  if (auction) return Fail{Refusal::kAuctionAlreadyOpen};

  ETS_ASSERT(holdings.Reserve(input.auctioneer, view.unit_ledger, supply));
  auction.emplace();
  auction->auctioneer = input.auctioneer;
  auction->instrument = input.instrument;
  auction->terms = input.terms;
  // The texts are the table's: those of the input may be gone tomorrow.
  auction->terms.format.name = row->name;
  auction->terms.format.description = row->description;
  auction->terms.format.currency = row->currency;
  auction->bids_of.assign(members.size(), 0);
  return Receipt{};
}

Outcome Market::Impl::On(const SubmitBid& input) {
  if (!Has(input.member)) return Fail{Refusal::kMemberNotFound};
  if (input.quantity <= Tonnes(0)) return Fail{Refusal::kQuantityNotPositive};
  if (!auction) return Fail{Refusal::kAuctionNotOpen};
  const auction::Terms& terms = auction->terms;
  const LedgerId cash = At(auction->instrument).view.cash_ledger;
  if (input.price.minor_per_tonne() % terms.format.tick.minor_per_tonne() != 0) {
    return Fail{Refusal::kPriceOffTick};
  }
  if (input.price <= Price() || input.price > kPriceMax) return Fail{Refusal::kPriceOutsideBand};
  const auto value = ValueOf(input.price, input.quantity);
  if (!value || holdings.at(input.member, cash).available < *value) {
    return Fail{Refusal::kInsufficientCash};
  }
  if (input.member == auction->auctioneer) return Fail{Refusal::kSameParty};
  if (input.quantity.count() % terms.format.lot.count() != 0 ||
      input.quantity < terms.format.smallest_bid) {
    return Fail{Refusal::kBidNotInLots};
  }
  // A secret reserve price is the clearing's business.
  if (terms.reserve && input.price < *terms.reserve) {
    return Fail{Refusal::kBidBelowReserve};
  }
  std::uint32_t& count = auction->bids_of[input.member.raw()];
  if (count >= founding.rules.bids_per_bidder_max) return Fail{Refusal::kTooManyBids};

  ++count;
  ++bids_accepted;
  ETS_ASSERT(holdings.Reserve(input.member, cash, *value));
  auction->bids.push_back(
      {.bidder = input.member, .price = input.price, .quantity = input.quantity});
  return Receipt{};
}

Outcome Market::Impl::On(const CloseAuction&) {
  if (!auction) return Fail{Refusal::kAuctionNotOpen};
  const OpenedAuction closed = std::move(*auction);
  auction.reset();
  const InstrumentView& view = At(closed.instrument).view;
  const LedgerId cash = view.cash_ledger;
  const LedgerId units = view.unit_ledger;
  const auction::Clearing clearing = auction::Clear(closed.bids, closed.terms);

  holdings.Release(closed.auctioneer, units, closed.terms.supply.count());
  for (const auction::Bid& bid : closed.bids) {
    holdings.Release(bid.bidder, cash, (bid.price * bid.quantity).minor());
  }
  if (listener != nullptr) listener->OnAuctionCleared(closed.instrument, clearing);

  for (const auction::Award& award : clearing.awards) {
    won[closed.bids[award.bid].bidder.raw()] += award.quantity.count();
  }
  Receipt receipt;
  for (const auction::Award& award : clearing.awards) {
    const MemberId winner = closed.bids[award.bid].bidder;
    const Tonnes quantity(std::exchange(won[winner.raw()], 0));
    if (quantity == Tonnes(0)) continue;  // Paid with its first winning bid.
    const Money value = clearing.price * quantity;
    ETS_ASSERT(holdings.Withdraw(closed.auctioneer, units, quantity.count()));
    ETS_ASSERT(holdings.Withdraw(winner, cash, value.minor()));
    holdings.Credit(closed.auctioneer, cash, value.minor());
    Deliver(TypeOf(view), winner, units, quantity);
    receipt.traded += quantity;
    receipt.value += value;
    Fill fill;
    fill.channel = Channel::kAuction;
    fill.instrument = closed.instrument;
    fill.seller = closed.auctioneer;
    fill.buyer = winner;
    fill.price = clearing.price;
    fill.quantity = quantity;
    Print(fill);
  }
  return receipt;
}

void Market::Impl::AbandonAuction() {
  const InstrumentView& view = At(auction->instrument).view;
  holdings.Release(auction->auctioneer, view.unit_ledger, auction->terms.supply.count());
  for (const auction::Bid& bid : auction->bids) {
    holdings.Release(bid.bidder, view.cash_ledger, (bid.price * bid.quantity).minor());
  }
  auction.reset();
}

void Market::Impl::SaveAuctions(ByteWriter& bytes) const {
  bytes.Put(std::uint8_t{auction.has_value()});
  if (!auction) return;
  bytes.Put(auction->auctioneer.raw());
  bytes.Put(auction->instrument.raw());
  WriteTerms(auction->terms, bytes);
  bytes.Put(static_cast<std::uint32_t>(auction->bids.size()));
  for (const auction::Bid& bid : auction->bids) {
    bytes.Put(bid.bidder.raw());
    bytes.Put(bid.price.minor_per_tonne());
    bytes.Put(bid.quantity.count());
  }
}

bool Market::Impl::LoadAuctions(ByteReader& bytes) {
  const auto open = bytes.Get<std::uint8_t>();
  if (open == 0) return bytes.ok();
  auction.emplace();
  auction->auctioneer = MemberId(bytes.Get<std::uint32_t>());
  auction->instrument = InstrumentId(bytes.Get<std::uint16_t>());
  if (!ReadTerms(bytes, auction->terms)) return false;
  // The texts are the table's: those of the snapshot may be gone tomorrow.
  const auction::Format* const row = auction::FindFormat(auction->terms.format.name);
  if (row == nullptr) return false;
  auction->terms.format.name = row->name;
  auction->bids_of.assign(members.size(), 0);
  const auto count = bytes.Get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && bytes.ok(); ++i) {
    auction::Bid bid;
    bid.bidder = MemberId(bytes.Get<std::uint32_t>());
    bid.price = Price::FromMinorPerTonne(bytes.Get<std::int64_t>());
    bid.quantity = Tonnes(bytes.Get<std::int64_t>());
    if (!Has(bid.bidder)) return false;
    ++auction->bids_of[bid.bidder.raw()];
    auction->bids.push_back(bid);
  }
  return Has(auction->auctioneer) && Has(auction->instrument) && bytes.ok();
}

}  // namespace ets::market
