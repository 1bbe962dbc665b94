// Members, instruments, and what one may hold.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {

Outcome Market::Impl::On(const AdmitMember& input) {
  const auto id = static_cast<std::uint32_t>(members.size());
  members.push_back({.escrow = input.escrow, .holder = input.holder});
  holdings.AddMember();
  admissions.Add(std::uint64_t{input.escrow.raw()} << 32U | input.holder.raw());
  Receipt receipt;
  receipt.id = id;
  return receipt;
}

Outcome Market::Impl::On(const BlockMember& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  Member& member = members[input.member.raw()];
  if (member.blocked == input.blocked) return Refuse(Refusal::kAlreadySo, input.member.raw());
  member.blocked = input.blocked;
  Receipt receipt;
  if (!input.blocked) return receipt;
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    receipt.count += static_cast<std::uint32_t>(
        CancelAll(InstrumentId(i), input.member, std::nullopt, CancelReason::kMemberBlocked));
  }
  WithdrawQuotesIf([&](const QuoteBlock& quote) {
    return quote.member == input.member || quote.counterparty == input.member;
  });
  AbandonOneWaysOf(input.member);
  return receipt;
}

Outcome Market::Impl::On(const ListInstrument& input) {
  const VenueRules& rules = founding.rules;
  for (const LedgerId ledger : {input.unit_ledger, input.cash_ledger}) {
    if (!Has(ledger)) return Refuse(Refusal::kLedgerNotFound, ledger.raw());
  }
  if (input.session >= rules.sessions.size() ||
      rules.sessions[input.session].mechanism != Mechanism::kOrderBook) {
    return Refuse(Refusal::kSessionTypeUnknown, input.session,
                  static_cast<std::int64_t>(rules.sessions.size()));
  }
  const SessionType& type = rules.sessions[input.session];
  const std::int64_t reference = input.reference.minor_per_tonne();
  if (!type.ticks.Holds(input.reference)) {
    return Refuse(Refusal::kPriceOffTick, reference,
                  type.ticks.TickAt(input.reference).minor_per_tonne());
  }
  if (input.reference <= Price() || input.reference > kPriceMax) {
    return Refuse(Refusal::kPriceOutsideBand, reference, kPriceMax.minor_per_tonne());
  }
  if (input.unit_ledger == input.cash_ledger) return Refuse(Refusal::kSameParty);
  for (const Tonnes limit : {input.holding_limit, input.large_holder_from}) {
    if (limit < Tonnes(0)) return Refuse(Refusal::kQuantityNotPositive, limit.count());
  }
  ETS_ASSERT(instruments.size() < 0xFFFF);
  Receipt receipt;
  receipt.id = static_cast<std::uint32_t>(instruments.size());
  InstrumentView view;
  view.unit_ledger = input.unit_ledger;
  view.cash_ledger = input.cash_ledger;
  view.session = input.session;
  view.previous_close = view.close = view.last = view.auction_price = input.reference;
  view.first_day = input.first_day;
  view.last_day = input.last_day;
  view.delisting_day = input.delisting_day;
  view.holding_limit = input.holding_limit;
  view.large_holder_from = input.large_holder_from;
  instruments.push_back(std::make_unique<Instrument>(holdings, EngineTermsOf(view)));
  instruments.back()->view = view;
  if (input.large_holder_from > Tonnes(0)) {
    reports_holders = true;
    for (std::uint32_t m = 0; m < members.size(); ++m) WatchHolder(MemberId(m), view.unit_ledger);
  }
  return receipt;
}

matching::EngineTerms Market::Impl::EngineTermsOf(const InstrumentView& view) const {
  matching::EngineTerms terms;
  terms.unit_ledger = view.unit_ledger;
  terms.cash_ledger = view.cash_ledger;
  terms.fees = TypeOf(view).fees;
  terms.resale_next_day = TypeOf(view).resale_next_day;
  return terms;
}

Outcome Market::Impl::On(const DelistInstrument& input) {
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (!At(input.instrument).view.listed) {
    return Refuse(Refusal::kInstrumentNotTrading, input.instrument.raw());
  }
  Delist(input.instrument);
  return Receipt{};
}

void Market::Impl::Delist(InstrumentId id) {
  EndTrading(id, CancelReason::kDelisted);
  AbandonAuctions(id);
  At(id).view.listed = false;
}

std::size_t Market::Impl::EndTrading(InstrumentId id, CancelReason reason) {
  const std::size_t gone = CancelAll(id, std::nullopt, std::nullopt, reason);
  WithdrawQuotesIf([id](const QuoteBlock& quote) { return quote.instrument == id; });
  AbandonOneWaysOf(id);
  Instrument& instrument = At(id);
  if (instrument.view.phase != Phase::kClosed) EnterPhase(id, Phase::kClosed, 0);
  return gone;
}

Outcome Market::Impl::On(const SetHoldingLimit& input) {
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (input.limit && *input.limit < Tonnes(0)) {
    return Refuse(Refusal::kQuantityNotPositive, input.limit->count());
  }
  auto& limits = At(input.instrument).own_limits;
  std::erase_if(limits, [&](const auto& limit) { return limit.first == input.member; });
  if (input.limit) limits.emplace_back(input.member, *input.limit);
  return Receipt{};
}

// Tells when a member reaches or leaves an instrument's reporting threshold.
void Market::Impl::WatchHolder(MemberId member, LedgerId ledger) {
  if (!reports_holders) return;
  for (std::uint16_t i = 0; i < instruments.size(); ++i) {
    Instrument& instrument = At(InstrumentId(i));
    const Tonnes from = instrument.view.large_holder_from;
    if (instrument.view.unit_ledger != ledger || from == Tonnes(0)) continue;
    const Tonnes held(holdings.at(member, ledger).total());
    if (instrument.is_large.size() < members.size()) instrument.is_large.resize(members.size());
    const bool is_large = held >= from;
    if (instrument.is_large[member.raw()] == is_large) continue;
    instrument.is_large[member.raw()] = is_large;
    if (listener == nullptr) continue;
    LargeHolderEvent event;
    event.instrument = InstrumentId(i);
    event.member = member;
    event.held = held;
    event.is_large = is_large;
    listener->OnLargeHolder(event);
  }
}

}  // namespace ets::market
