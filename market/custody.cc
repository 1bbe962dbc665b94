// What comes in from the registry and goes back to it.
#include <algorithm>

#include "market/impl.h"

namespace ets::market {

bool Market::Impl::IsCash(LedgerId ledger) const {
  return std::any_of(
      instruments.begin(), instruments.end(),
      [ledger](const Instrument& instrument) { return instrument.view.cash_ledger == ledger; });
}

Outcome Market::Impl::On(const Position& input) {
  if (input.sequence > positions_sequence + 1) return Fail{Refusal::kStreamGap};
  if (input.sequence <= positions_sequence) return Receipt{};  // A repeat.
  if (!Has(input.ledger)) return Fail{Refusal::kLedgerNotFound};
  if (!Has(input.member)) return Fail{Refusal::kMemberNotFound};
  if (input.amount <= 0) return Fail{Refusal::kQuantityNotPositive};
  if (input.amount > kAmountMax - holdings.total(input.ledger))
    return Fail{Refusal::kAmountTooLarge};
  positions_sequence = input.sequence;
  holdings.Credit(input.member, input.ledger, input.amount);
  return Receipt{};
}

Outcome Market::Impl::On(const Withdraw& input) {
  if (!Has(input.ledger)) return Fail{Refusal::kLedgerNotFound};
  if (!Has(input.member)) return Fail{Refusal::kMemberNotFound};
  if (input.amount <= 0) return Fail{Refusal::kQuantityNotPositive};
  if (!holdings.Withdraw(input.member, input.ledger, input.amount)) {
    return Fail{IsCash(input.ledger) ? Refusal::kInsufficientCash : Refusal::kInsufficientUnits};
  }
  withdrawals.push_back({.member = input.member,
                         .ledger = input.ledger,
                         .amount = input.amount,
                         .to = members[input.member.raw()].holder});
  return Receipt{};
}

Outcome Market::Impl::On(const DropLedger& input) {
  if (!Has(input.ledger)) return Fail{Refusal::kLedgerNotFound};
  for (const Instrument& instrument : instruments) {
    const InstrumentView& view = instrument.view;
    const bool counts = view.unit_ledger == input.ledger || view.cash_ledger == input.ledger;
    if (view.listed && counts) return Fail{Refusal::kLedgerStillTraded};
  }
  holdings.Drop(input.ledger);
  return Receipt{};
}

Outcome Market::Impl::On(const AdvanceTo& input) {
  if (input.sim_time < now) return Fail{Refusal::kTimeGoesBack};
  now = input.sim_time;
  return Receipt{};
}

Outcome Market::Impl::On(const DayClosed& input) {
  // The registry has acknowledged these; replay need not give them again.
  std::erase_if(taken_before, [&input](const SettlementMessage& message) {
    return message.sequence <= input.settlement_sequence;
  });
  return Receipt{};
}

void Market::Impl::FormMessages(std::vector<SettlementMessage>& messages) {
  for (std::size_t at = 0; at < fills.size(); at += kFillsPerMessageMax) {
    const std::size_t count = std::min(fills.size() - at, kFillsPerMessageMax);
    const auto from = fills.begin() + static_cast<std::ptrdiff_t>(at);
    SettlementMessage& message = messages.emplace_back();
    message.sequence = ++settlement_sequence;
    message.fills.assign(from, from + static_cast<std::ptrdiff_t>(count));
  }
  if (!withdrawals.empty()) {
    if (fills.empty()) messages.emplace_back().sequence = ++settlement_sequence;
    messages.back().withdrawals = withdrawals;
  }
  fills.clear();
  withdrawals.clear();
}

}  // namespace ets::market
