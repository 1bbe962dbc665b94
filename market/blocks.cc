// Negotiated blocks: quotes that one member makes and another takes as a whole.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {

// What both ways to a block have in common, before anybody's holdings are looked at.
Gate Market::Impl::CheckBlock(InstrumentId id, Price price, Tonnes quantity) {
  if (const Gate no = CheckOpen(id)) return no;
  const InstrumentView& view = At(id).view;
  const SessionType* const type = founding.rules.First(Mechanism::kNegotiated);
  if (type == nullptr) return Refuse(Refusal::kWrongSession);
  if (view.phase == Phase::kHalted) return Refuse(Refusal::kInstrumentHalted, id.raw());
  if (!Schedule::IsWithinHours(*type, session_date, founding.rules.zone, Moment())) {
    return Refuse(Refusal::kWrongSession);
  }
  if (const Gate no = CheckQuantity(*type, quantity)) return no;
  return CheckPrice(type->ticks, price, view.block_band_low, view.block_band_high);
}

Outcome Market::Impl::On(const QuoteBlock& input) {
  if (const Gate no = CheckMember(input.member)) return *no;
  if (input.counterparty && !Has(*input.counterparty)) {
    return Refuse(Refusal::kMemberNotFound, input.counterparty->raw());
  }
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (const Gate no = CheckBlock(input.instrument, input.price, input.quantity)) return *no;
  if (input.counterparty == input.member)
    return Refuse(Refusal::kSameParty, NumberOf(input.member));
  const bool buys = input.side == matching::Side::kBuy;
  if (buys) {
    if (const Gate no = CheckHoldingLimit(input.member, input.instrument, input.quantity)) {
      return *no;
    }
  }
  const SessionType& type = *founding.rules.First(Mechanism::kNegotiated);
  const auto reserved = ReserveFor(input.member, At(input.instrument).view, input.side, input.price,
                                   input.quantity, type.fees);
  if (!reserved.ok()) return Fail{reserved.error()};
  const OfferId id(next_offer++);
  block_quotes.push_back({.id = id, .quote = input, .reserved = *reserved});
  Tell(DeskEventKind::kBlockQuoted, block_quotes.back());
  Receipt receipt;
  receipt.offer = id;
  receipt.resting = input.quantity;
  return receipt;
}

Outcome Market::Impl::On(const ConfirmBlock& input) {
  if (const Gate no = CheckMember(input.member)) return *no;
  const auto found = FindQuote(input.offer);
  if (found == block_quotes.end()) {
    return Refuse(Refusal::kOfferNotFound, static_cast<std::int64_t>(input.offer.raw()));
  }
  const QuoteBlock quote = found->quote;
  if (const Gate no = CheckBlock(quote.instrument, quote.price, quote.quantity)) return *no;
  if (quote.member == input.member) return Refuse(Refusal::kSameParty, NumberOf(input.member));
  if (quote.counterparty && *quote.counterparty != input.member) {
    return Refuse(Refusal::kNotTheCounterparty, NumberOf(input.member));
  }
  const bool quoter_buys = quote.side == matching::Side::kBuy;
  if (!quoter_buys) {
    if (const Gate no = CheckHoldingLimit(input.member, quote.instrument, quote.quantity)) {
      return *no;
    }
  }
  const SessionType& type = *founding.rules.First(Mechanism::kNegotiated);
  const auto other = quoter_buys ? matching::Side::kSell : matching::Side::kBuy;
  const auto reserved = ReserveFor(input.member, At(quote.instrument).view, other, quote.price,
                                   quote.quantity, type.fees);
  if (!reserved.ok()) return Fail{reserved.error()};
  block_quotes.erase(found);
  const MemberId seller = quoter_buys ? input.member : quote.member;
  const MemberId buyer = quoter_buys ? quote.member : input.member;
  return TradeReserved(Channel::kBlock, type, quote.instrument, seller, buyer, quote.price,
                       quote.quantity);
}

Outcome Market::Impl::On(const CancelBlock& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  const auto found = FindQuote(input.offer);
  if (found == block_quotes.end()) {
    return Refuse(Refusal::kOfferNotFound, static_cast<std::int64_t>(input.offer.raw()));
  }
  const QuoteBlock& quote = found->quote;
  if (quote.member != input.member && quote.counterparty != input.member) {
    return Refuse(Refusal::kNotTheCounterparty, NumberOf(input.member));
  }
  WithdrawQuote(found);
  Receipt receipt;
  receipt.offer = input.offer;
  return receipt;
}

Outcome Market::Impl::On(const TradeBlock& input) {
  if (!Has(input.seller) || !Has(input.buyer)) return Refuse(Refusal::kMemberNotFound);
  for (const MemberId member : {input.seller, input.buyer}) {
    if (const Gate no = CheckMember(member)) return *no;
  }
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (const Gate no = CheckBlock(input.instrument, input.price, input.quantity)) return *no;
  const InstrumentView& view = At(input.instrument).view;
  const SessionType& type = *founding.rules.First(Mechanism::kNegotiated);
  if (const Gate no = CheckUnits(input.seller, view, input.quantity.count())) return *no;
  const auto due = ValueWithFee(input.price, input.quantity, type.fees.maker);
  if (const Gate no = CheckCash(input.buyer, view, due.value_or(kAmountMax))) return *no;
  if (input.seller == input.buyer) return Refuse(Refusal::kSameParty, NumberOf(input.seller));
  if (const Gate no = CheckHoldingLimit(input.buyer, input.instrument, input.quantity)) return *no;
  ETS_ASSERT(holdings.Reserve(input.seller, view.unit_ledger, input.quantity.count()));
  ETS_ASSERT(holdings.Reserve(input.buyer, view.cash_ledger, *due));
  return TradeReserved(Channel::kBlock, type, input.instrument, input.seller, input.buyer,
                       input.price, input.quantity);
}

// Both sides have reserved units, and value with fee, exactly.
Receipt Market::Impl::TradeReserved(Channel channel, const SessionType& type, InstrumentId id,
                                    MemberId seller, MemberId buyer, Price price, Tonnes quantity) {
  const InstrumentView& view = At(id).view;
  const Money value = price * quantity;
  const Money buyer_fee =
      Money::FromMinor(matching::FeeOn(type.fees.maker, value.minor(), quantity.count()));
  const Money seller_fee = std::min(buyer_fee, value);
  holdings.Consume(seller, view.unit_ledger, quantity.count());
  holdings.Consume(buyer, view.cash_ledger, (value + buyer_fee).minor());
  holdings.Credit(seller, view.cash_ledger, (value - seller_fee).minor());
  Deliver(type, buyer, view.unit_ledger, quantity);
  fees_due.Add(buyer, view.cash_ledger, buyer_fee);
  fees_due.Add(seller, view.cash_ledger, seller_fee);
  Fill fill;
  fill.channel = channel;
  fill.instrument = id;
  fill.seller = seller;
  fill.buyer = buyer;
  fill.price = price;
  fill.quantity = quantity;
  fill.seller_fee = seller_fee;
  fill.buyer_fee = buyer_fee;
  Print(fill);
  Receipt receipt;
  receipt.traded = quantity;
  receipt.value = value;
  return receipt;
}

std::vector<Market::Impl::OpenQuote>::iterator Market::Impl::FindQuote(OfferId id) {
  const auto found =
      std::lower_bound(block_quotes.begin(), block_quotes.end(), id,
                       [](const OpenQuote& quote, OfferId wanted) { return quote.id < wanted; });
  return found != block_quotes.end() && found->id == id ? found : block_quotes.end();
}

void Market::Impl::WithdrawQuote(std::vector<OpenQuote>::iterator at) {
  const OpenQuote gone = *at;
  block_quotes.erase(at);
  holdings.Release(gone.quote.member,
                   LedgerBoundBy(At(gone.quote.instrument).view, gone.quote.side), gone.reserved);
  Tell(DeskEventKind::kBlockWithdrawn, gone);
}

void Market::Impl::WithdrawQuotesIf(const std::function<bool(const QuoteBlock&)>& goes) {
  for (std::size_t i = 0; i < block_quotes.size();) {
    if (goes(block_quotes[i].quote)) {
      WithdrawQuote(block_quotes.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

void Market::Impl::Tell(DeskEventKind kind, const OpenQuote& quote) {
  if (listener == nullptr) return;
  DeskEvent event;
  event.kind = kind;
  event.offer = quote.id;
  event.instrument = quote.quote.instrument;
  event.member = quote.quote.member;
  event.counterparty = quote.quote.counterparty;
  event.side = quote.quote.side;
  event.price = quote.quote.price;
  event.quantity = quote.quote.quantity;
  listener->OnDesk(event);
}

}  // namespace ets::market
