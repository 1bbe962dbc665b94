// What comes in from the registry and goes back to it.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {

bool Market::Impl::IsCash(LedgerId ledger) const {
  return std::any_of(instruments.begin(), instruments.end(), [ledger](const auto& instrument) {
    return instrument->view.cash_ledger == ledger;
  });
}

Outcome Market::Impl::On(const Position& input) {
  if (input.sequence > positions_sequence + 1) {
    return Refuse(Refusal::kStreamGap, static_cast<std::int64_t>(input.sequence),
                  static_cast<std::int64_t>(positions_sequence) + 1);
  }
  if (input.sequence <= positions_sequence) return Receipt{};  // A repeat.
  if (!Has(input.ledger)) return Refuse(Refusal::kLedgerNotFound, input.ledger.raw());
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  if (input.amount <= 0) return Refuse(Refusal::kQuantityNotPositive, input.amount);
  const std::int64_t room = kAmountMax - holdings.total(input.ledger);
  if (input.amount > room) return Refuse(Refusal::kAmountTooLarge, input.amount, room);
  positions_sequence = input.sequence;
  holdings.Credit(input.member, input.ledger, input.amount);
  WatchHolder(input.member, input.ledger);
  return Receipt{};
}

Outcome Market::Impl::On(const Withdraw& input) {
  if (!Has(input.ledger)) return Refuse(Refusal::kLedgerNotFound, input.ledger.raw());
  if (!Has(input.member)) return Refuse(Refusal::kMemberNotFound, input.member.raw());
  if (input.amount <= 0) return Refuse(Refusal::kQuantityNotPositive, input.amount);
  if (!holdings.Withdraw(input.member, input.ledger, input.amount)) {
    const matching::Holding& held = holdings.at(input.member, input.ledger);
    const bool tomorrow = input.amount <= held.available + held.bought_today;
    return Refuse(IsCash(input.ledger) ? Refusal::kInsufficientCash
                  : tomorrow           ? Refusal::kUnitsBoughtToday
                                       : Refusal::kInsufficientUnits,
                  input.amount, held.available);
  }
  withdrawals.push_back({.member = input.member,
                         .ledger = input.ledger,
                         .amount = input.amount,
                         .to = members[input.member.raw()].holder});
  WatchHolder(input.member, input.ledger);
  return Receipt{};
}

Outcome Market::Impl::On(const DropLedger& input) {
  if (!Has(input.ledger)) return Refuse(Refusal::kLedgerNotFound, input.ledger.raw());
  for (const auto& instrument : instruments) {
    const InstrumentView& view = instrument->view;
    const bool counts = view.unit_ledger == input.ledger || view.cash_ledger == input.ledger;
    if (view.listed && counts) return Refuse(Refusal::kLedgerStillTraded, input.ledger.raw());
  }
  holdings.Drop(input.ledger);
  for (std::uint32_t m = 0; m < members.size(); ++m) WatchHolder(MemberId(m), input.ledger);
  return Receipt{};
}

Outcome Market::Impl::On(const DayClosed& input) {
  // The registry has acknowledged these; replay need not give them again.
  std::erase_if(taken_before, [&input](const SettlementMessage& message) {
    return message.sequence <= input.settlement_sequence;
  });
  return Receipt{};
}

void Market::Impl::Deliver(const SessionType& type, MemberId buyer, LedgerId ledger,
                           Tonnes quantity) {
  if (type.resale_next_day) {
    holdings.CreditBought(buyer, ledger, quantity.count());
  } else {
    holdings.Credit(buyer, ledger, quantity.count());
  }
}

void Market::Impl::Print(Fill& fill) {
  InstrumentView& view = At(fill.instrument).view;
  const Money value = fill.price * fill.quantity;
  switch (fill.channel) {
    case Channel::kListed:
      if (view.listed_trades == 0) view.open = view.high = view.low = fill.price;
      view.high = std::max(view.high, fill.price);
      view.low = std::min(view.low, fill.price);
      view.last = fill.price;
      view.listed_volume += fill.quantity;
      view.listed_value += value;
      ++view.listed_trades;
      break;
    case Channel::kBlock:
      view.block_volume += fill.quantity;
      view.block_value += value;
      ++view.block_trades;
      break;
    case Channel::kAuction:
      view.auction_volume += fill.quantity;
      view.auction_value += value;
      break;
    case Channel::kOneWay:
      view.one_way_volume += fill.quantity;
      view.one_way_value += value;
      break;
  }
  fill.trade_id = next_trade++;
  // A member's trade with itself leaves both of its accounts as they are.
  if (fill.seller != fill.buyer) fills.push_back(fill);
  if (listener != nullptr) listener->OnFill(fill);
  if (reports_holders) {
    WatchHolder(fill.buyer, view.unit_ledger);
    WatchHolder(fill.seller, view.unit_ledger);
  }
}

void Market::Impl::FormMessages(std::vector<SettlementMessage>& messages) {
  for (std::size_t at = 0; at < fills.size(); at += kFillsPerMessageMax) {
    const std::size_t count = std::min(fills.size() - at, kFillsPerMessageMax);
    const auto from = fills.begin() + static_cast<std::ptrdiff_t>(at);
    SettlementMessage& message = messages.emplace_back();
    message.sequence = ++settlement_sequence;
    message.fills.assign(from, from + static_cast<std::ptrdiff_t>(count));
  }
  for (const auto& [ledger, member] : fees_due.Sorted()) {
    withdrawals.push_back({.member = member,
                           .ledger = ledger,
                           .amount = fees_due.at(member, ledger),
                           .to = founding.rules.fee_account});
  }
  fees_due.Clear();
  if (!withdrawals.empty()) {
    if (fills.empty()) messages.emplace_back().sequence = ++settlement_sequence;
    messages.back().withdrawals = withdrawals;
  }
  fills.clear();
  withdrawals.clear();
}

}  // namespace ets::market
