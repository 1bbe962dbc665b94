#include "registry/impl.h"

namespace ets::registry {

std::optional<std::int32_t> Registry::Impl::ReversalDays(const Transfer& transfer) const {
  const AccountKind credit = At(transfer.credit).kind;
  if (credit == AccountKind::kSurrender) return profile.reverse_surrender_days;
  if (credit == AccountKind::kCancellation) return profile.reverse_deletion_days;
  switch (transfer.code) {
    case TransferCode::kPreAllocation:
    case TransferCode::kFinalAllocation:
    case TransferCode::kEntrantAllocation:
      return profile.reverse_allocation_days;
    case TransferCode::kIssue:
    case TransferCode::kTakeBack:
    case TransferCode::kDeposit:
    case TransferCode::kWithdrawal:
    case TransferCode::kListedTrade:
    case TransferCode::kBlockTrade:
    case TransferCode::kAuctionAward:
    case TransferCode::kSurrender:
    case TransferCode::kCancel:
    case TransferCode::kConvert:
    case TransferCode::kExpire:
    case TransferCode::kLoan:
    case TransferCode::kRepayment:
    case TransferCode::kInterest:
    case TransferCode::kFine:
    case TransferCode::kToStability:
    case TransferCode::kFromStability:
    case TransferCode::kOther:
    case TransferCode::kTransfer:
    case TransferCode::kAllocationReturn:
    case TransferCode::kReversal:
    case TransferCode::kCentral:
    case TransferCode::kConsignment:
    case TransferCode::kAuctionDelivery:
    case TransferCode::kCertificateSale:
    case TransferCode::kCertificateRepurchase:
      return {};
  }
  return {};
}

void Registry::Impl::KeepReversible(bool in_arrears) {
  const Transfer& transfer = transfers.back();
  if (ReversalDays(transfer).value_or(-1) < 0) return;
  reversibles.Change({this_record, transfers.size() - 1}, [&](Reversible& kept) {
    kept.transfer = transfer;
    kept.at = at;
    kept.in_arrears = in_arrears;
  });
}

MaybeRefusal Registry::Impl::Check(const ReverseTransfer& command) const {
  const Reversible* const kept = reversibles.Find({command.sequence, command.index});
  if (kept == nullptr) {
    const bool recorded = command.sequence > 0 && command.sequence < this_record;
    return Refuse(recorded ? Refusal::kReversalNotAllowed : Refusal::kTransferNotFound,
                  {.asked = static_cast<std::int64_t>(command.sequence)});
  }
  const Transfer& transfer = kept->transfer;
  const bool is_surrender = At(transfer.credit).kind == AccountKind::kSurrender;
  const About about{.account = transfer.debit, .ledger = transfer.ledger, .asked = transfer.amount};
  if (const auto refusal = CheckStanding({{transfer.credit}, {transfer.debit}})) return refusal;
  const std::int32_t days = ReversalDays(transfer).value_or(-1);
  if (days < 0) return Refuse(Refusal::kReversalNotAllowed, about);
  const Date completed = ToLocal(kept->at, profile.zone).date;
  const Date proposed = ToLocal(proposed_at.value_or(at), profile.zone).date;
  const Date last = profile.reversal_in_working_days ? AddWorkingDays(profile, completed, days)
                                                     : completed + days;
  if (days > 0 && proposed > last) return Refuse(Refusal::kReversalWindowPassed, about);
  if (kept->reversed) return Refuse(Refusal::kAlreadyReversed, about);
  if (is_surrender && profile.reversal_keeps_compliance &&
      WouldBeShort(*FindFirm(At(transfer.debit).entity), transfer)) {
    return Refuse(Refusal::kWouldBreachCompliance, about);
  }
  return CheckAvailable(transfer.credit, transfer.ledger, transfer.amount);
}

Receipt Registry::Impl::Do(const ReverseTransfer& command) {
  const Key key{command.sequence, command.index};
  reversibles.Change(key, [](Reversible& kept) { kept.reversed = true; });
  const Reversible kept = *reversibles.Find(key);
  const Transfer& done = kept.transfer;
  Move({done.credit, done.debit, done.ledger, done.amount, TransferCode::kReversal, done.year,
        command.sequence});
  const AccountKind credit = At(done.credit).kind;
  if (credit == AccountKind::kSurrender) {
    ReverseSurrender(kept);
  } else if (credit != AccountKind::kCancellation) {
    ReverseAllocation(done);
  }
  return {};
}

}  // namespace ets::registry
