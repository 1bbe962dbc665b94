#include "sim/venue.h"

namespace ets::sim {

void Venue::AdvanceTo(SimTime time) {
  now_ = time;
  ETS_ASSERT(Apply(registry::AdvanceTo{time}, SourceKind::kClock).ok());
  ETS_ASSERT(Apply(market::AdvanceTo{time}, SourceKind::kClock).ok());
}

Result<registry::Receipt, registry::Refusal> Venue::Apply(const registry::Command& command,
                                                          SourceKind source, std::uint32_t id) {
  return registry_.Apply(Next(source, id), command);
}

Result<market::Receipt, market::Refusal> Venue::Apply(const market::Input& input, SourceKind source,
                                                      std::uint32_t id) {
  return market_.Apply(Next(source, id), input);
}

MemberId Venue::Admit(std::uint32_t entity, AccountId holder) {
  const auto escrow =
      Apply(registry::OpenAccount{registry::AccountKind::kEscrow, entity}, SourceKind::kAuthority);
  ETS_ASSERT(escrow.ok());
  const auto member =
      Apply(market::AdmitMember{AccountId(escrow->id), holder}, SourceKind::kAuthority);
  ETS_ASSERT(member.ok());
  return MemberId(member->id);
}

void Venue::Deposit(MemberId member, LedgerId ledger, std::int64_t amount) {
  const registry::Transfer transfer{market_.holder(member),
                                    market_.escrow(member),
                                    ledger,
                                    amount,
                                    registry::TransferCode::kDeposit,
                                    0,
                                    0};
  ETS_ASSERT(Apply(registry::MakeTransfer{transfer}, SourceKind::kAgent, member.raw()).ok());
  ETS_ASSERT(
      Apply(market::Position{++positions_, member, ledger, amount}, SourceKind::kStream).ok());
}

void Venue::Borrow(MemberId member, LedgerId cash, std::int64_t amount) {
  ETS_ASSERT(
      Apply(registry::Issue{market_.holder(member), cash, amount, registry::TransferCode::kLoan},
            SourceKind::kAgent, member.raw())
          .ok());
  Deposit(member, cash, amount);
}

void Venue::AskBack(MemberId member, LedgerId ledger) {
  const std::int64_t available = market_.holding(member, ledger).available;
  if (available <= 0) return;
  ETS_ASSERT(
      Apply(market::Withdraw{member, ledger, available}, SourceKind::kAgent, member.raw()).ok());
}

std::uint32_t Venue::Settle() {
  std::uint32_t failed = 0;
  for (const market::SettlementMessage& message : market_.TakeSettlement()) {
    settle_.sequence = message.sequence;
    settle_.fills.clear();
    settle_.withdrawals.clear();
    for (const market::Fill& fill : message.fills) {
      const market::InstrumentView& instrument = market_.instrument(fill.instrument);
      registry::TransferCode code = registry::TransferCode::kListedTrade;
      if (fill.channel == market::Channel::kBlock) code = registry::TransferCode::kBlockTrade;
      if (fill.channel == market::Channel::kAuction) code = registry::TransferCode::kAuctionAward;
      settle_.fills.push_back({market_.escrow(fill.seller), market_.escrow(fill.buyer),
                               instrument.unit_ledger, instrument.cash_ledger,
                               fill.quantity.count(), (fill.price * fill.quantity).minor(),
                               fill.trade_id, code});
    }
    for (const market::WithdrawalReady& ready : message.withdrawals) {
      settle_.withdrawals.push_back(
          {market_.escrow(ready.member), ready.to, ready.ledger, ready.amount});
    }
    const auto receipt = Apply(registry::Command(settle_), SourceKind::kStream);
    ETS_ASSERT(receipt.ok());
    failed += receipt->failed;
  }
  return failed;
}

std::uint32_t Venue::Reconcile() const {
  std::uint32_t differences = 0;
  const std::uint16_t ledgers = registry_.ledger_count();
  for (std::uint32_t m = 0; m < market_.member_count(); ++m) {
    const AccountId escrow = market_.escrow(MemberId(m));
    for (std::uint16_t l = 0; l < ledgers; ++l) {
      const bool equal = market_.holding(MemberId(m), LedgerId(l)).total() ==
                         registry_.balance(escrow, LedgerId(l));
      differences += equal ? 0 : 1;
    }
  }
  return differences;
}

}  // namespace ets::sim
