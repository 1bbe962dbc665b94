#include <algorithm>

#include "registry/impl.h"

namespace ets::registry {

// ---- Moving ----

void Registry::Impl::Move(const Transfer& transfer) {
  MoveQuietly(transfer);
  transfers.push_back(transfer);
}

void Registry::Impl::MoveQuietly(const Transfer& transfer) {
  const AccountId debit = transfer.debit;
  const AccountId credit = transfer.credit;
  const LedgerId ledger = transfer.ledger;
  if ((At(debit).holds | At(credit).holds) == 0) {
    balances.Move(debit, credit, ledger, transfer.amount);
    return;
  }
  std::int64_t& frozen = ledgers[ledger.raw()].frozen;
  frozen -= Bound(debit, ledger) + Bound(credit, ledger);
  balances.Move(debit, credit, ledger, transfer.amount);
  frozen += Bound(debit, ledger) + Bound(credit, ledger);
}

// ---- Plain transfers ----

bool Registry::Impl::MayGo(const Account& from, const Account& to, bool is_cash) const {
  // A holder deposits into its own escrow only; the market mirrors it as that member's.
  if (to.kind == AccountKind::kEscrow && from.kind != AccountKind::kEscrow &&
      RowOf(from.kind).has_entity && from.entity != to.entity) {
    return false;
  }
  if (is_cash) return true;
  if (from.kind == AccountKind::kCompliance) return false;
  return from.kind != AccountKind::kLimitedUse || to.kind == AccountKind::kAuctionStock ||
         to.kind == AccountKind::kAuctionDelivery;
}

// REQUIRES: the kinds of its two accounts forbid the transfer. Names the first that does.
MaybeRefusal Registry::Impl::RefuseKinds(const Transfer& transfer) const {
  const Account& from = At(transfer.debit);
  const bool is_cash = IsCash(transfer.ledger);
  const auto gives = [&](const KindRow& row) {
    return IsHeld(row) && (is_cash || row.kind != AccountKind::kCompliance);
  };
  if (const auto refusal = CheckKind(transfer.debit, gives)) return refusal;
  return RefuseKind(transfer.credit, [&](const KindRow& row) {
    Account to = At(transfer.credit);
    to.kind = row.kind;
    return (is_cash ? row.receives_cash : row.receives_units) && MayGo(from, to, is_cash);
  });
}

MaybeRefusal Registry::Impl::CheckTransfer(const Transfer& transfer) const {
  if (!Exists(transfer.debit) || !Exists(transfer.credit)) {
    return CheckAccounts({transfer.debit, transfer.credit});
  }
  if (!Exists(transfer.ledger)) return CheckLedger(transfer.ledger);
  const About about{.account = transfer.debit, .ledger = transfer.ledger, .asked = transfer.amount};
  if (transfer.debit == transfer.credit) return Refuse(Refusal::kSameAccount, about);
  if (transfer.amount <= 0 || transfer.amount > kAmountMax) return CheckAmount(about);
  if (!IsCode(transfer.code)) return Refuse(Refusal::kValueInvalid, about);
  const Account& from = At(transfer.debit);
  const Account& to = At(transfer.credit);
  const KindRow& from_row = RowOf(from.kind);
  const KindRow& to_row = RowOf(to.kind);
  const bool is_cash = IsCash(transfer.ledger);
  const auto receives = [&](const KindRow& row) {
    return is_cash ? row.receives_cash : row.receives_units;
  };
  if (!IsHeld(from_row) || !receives(to_row) || !MayGo(from, to, is_cash)) {
    return RefuseKinds(transfer);
  }
  if (from.kind == AccountKind::kEscrow) {
    return Refuse(Refusal::kEscrowIsDebitedBySettlementOnly, about);
  }
  const bool both_free = from.capabilities == kMayAll && to.capabilities == kMayAll &&
                         !from.closed && !to.closed && !from.blocked();
  if (!both_free) {
    if (const auto refusal =
            CheckStanding({{transfer.debit, kMaySend}, {transfer.credit, kMayReceive}})) {
      return refusal;
    }
  }
  const UnitRule& rule = profile.units[static_cast<std::size_t>(UnitOf(transfer.ledger).type)];
  // The exchange is no way round: what may not change hands may not be deposited either.
  if (!rule.transferable && from_row.has_entity && to_row.has_entity &&
      (from.entity != to.entity || to.kind == AccountKind::kEscrow)) {
    return Refuse(Refusal::kUnitNotTransferable, about);
  }
  if (const auto refusal = CheckHoldable(transfer.credit, transfer.ledger)) return refusal;
  if (profile.trusted_list_only && from_row.has_entity && from.kind != AccountKind::kTrading &&
      !from.may_leave_trusted_list && !IsTrusted(transfer.debit, transfer.credit)) {
    return Refuse(Refusal::kNotOnTrustedList, {.account = transfer.credit});
  }
  if (Available(transfer.debit, transfer.ledger) < transfer.amount) {
    return Refuse(Refusal::kInsufficientHolding, about);
  }
  return profile.limit_base_t == 0 ? MaybeRefusal() : CheckHoldingLimit(transfer);
}

void Registry::Impl::DoTransfer(const Transfer& transfer) {
  Move(transfer);
  if (At(transfer.credit).kind == AccountKind::kCancellation && RowAt(transfer.debit).has_entity) {
    KeepReversible(false);
  }
}

void Registry::Impl::UndoTransfer() {
  Transfer back = transfers.back();
  transfers.pop_back();
  if (!reversibles.empty()) reversibles.Erase({this_record, transfers.size()});
  std::swap(back.debit, back.credit);
  MoveQuietly(back);
}

MaybeRefusal Registry::Impl::Check(const MakeTransfer& command) const {
  return CheckTransfer(command.transfer);
}

Receipt Registry::Impl::Do(const MakeTransfer& command) {
  DoTransfer(command.transfer);
  return {};
}

// ---- Batches ----

MaybeRefusal Registry::Impl::Check(const TransferBatch& command) const {
  const std::size_t count = command.items.size();
  if (count == 0 || count > kBatchItemsMax || command.items.back().linked) {
    return Refuse(Refusal::kValueInvalid, {.asked = static_cast<std::int64_t>(count),
                                           .limit = std::int64_t{kBatchItemsMax}});
  }
  return {};
}

Receipt Registry::Impl::Do(const TransferBatch& command) {
  const std::span<const BatchItem> items = command.items;
  batch_results.assign(items.size(), Refusal{});
  transfers.reserve(items.size());
  Receipt receipt;
  for (std::size_t first = 0; first < items.size();) {
    std::size_t end = first + 1;
    while (items[end - 1].linked) ++end;
    DoGroup(items.subspan(first, end - first), first, receipt);
    first = end;
  }
  return receipt;
}

void Registry::Impl::DoGroup(std::span<const BatchItem> items, std::size_t first,
                             Receipt& receipt) {
  const std::size_t before = transfers.size();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const MaybeRefusal refusal = CheckTransfer(items[i].transfer);
    if (!refusal) {
      DoTransfer(items[i].transfer);
      continue;
    }
    while (transfers.size() > before) UndoTransfer();
    for (std::size_t j = 0; j < items.size(); ++j) {
      batch_results[first + j] = j == i ? *refusal : Refusal::kLinkedFailed;
    }
    receipt.failed += static_cast<std::uint32_t>(items.size());
    return;
  }
}

// Each item against the state as it is; nothing is applied.
void Registry::Impl::CheckItems(const TransferBatch& batch) {
  batch_results.clear();
  for (const BatchItem& item : batch.items) {
    batch_results.push_back(CheckTransfer(item.transfer).value_or(Refusal{}));
  }
}

// ---- Settlement ----

void Registry::Impl::Block(AccountId account) {
  accounts.Change(account.raw(), [](Account& blocked) { blocked.unsettled = true; });
}

// An escrow that could not settle, and the holder behind it.
void Registry::Impl::BlockMember(AccountId escrow) {
  if (!Exists(escrow)) return;
  Block(escrow);
  if (At(escrow).kind != AccountKind::kEscrow) return;
  const Firm* const firm = FindFirm(At(escrow).entity);
  if (firm == nullptr) return;
  for (const AccountId account : firm->accounts) Block(account);
}

bool Registry::Impl::SettlePair(const SettlementFill& fill) {
  if (!Exists(fill.seller_escrow) || !Exists(fill.buyer_escrow) || !Exists(fill.unit_ledger) ||
      fill.seller_escrow == fill.buyer_escrow || fill.quantity <= 0 || fill.cash < 0 ||
      fill.quantity > kAmountMax || fill.cash > kAmountMax || !IsCode(fill.code) ||
      At(fill.seller_escrow).kind != AccountKind::kEscrow ||
      At(fill.buyer_escrow).kind != AccountKind::kEscrow || At(fill.buyer_escrow).closed ||
      At(fill.seller_escrow).closed || IsCash(fill.unit_ledger) ||
      !MayHold(fill.buyer_escrow, fill.unit_ledger) ||
      !profile.units[static_cast<std::size_t>(UnitOf(fill.unit_ledger).type)].transferable ||
      Available(fill.seller_escrow, fill.unit_ledger) < fill.quantity) {
    return false;
  }
  if (fill.cash > 0 && (!Exists(fill.cash_ledger) || !IsCash(fill.cash_ledger) ||
                        Available(fill.buyer_escrow, fill.cash_ledger) < fill.cash)) {
    return false;
  }
  Move({fill.seller_escrow, fill.buyer_escrow, fill.unit_ledger, fill.quantity, fill.code, 0,
        fill.trade_id});
  if (fill.cash > 0) {
    Move({fill.buyer_escrow, fill.seller_escrow, fill.cash_ledger, fill.cash, fill.code, 0,
          fill.trade_id});
  }
  return true;
}

// Back to an account of the same entity, or to the authority's account behind its own escrow. What
// the account may not hold does not come in this way either; of a holding limit the exchange knows
// nothing, so that a group may be above it afterwards.
bool Registry::Impl::SettleWithdrawal(const SettlementWithdrawal& withdrawal) {
  if (!Exists(withdrawal.escrow) || !Exists(withdrawal.holder) || !Exists(withdrawal.ledger) ||
      withdrawal.amount <= 0 || withdrawal.amount > kAmountMax) {
    return false;
  }
  const Account& escrow = At(withdrawal.escrow);
  const Account& holder = At(withdrawal.holder);
  const KindRow& row = RowOf(holder.kind);
  if (escrow.kind != AccountKind::kEscrow || holder.kind == AccountKind::kEscrow ||
      row.pool != Pool::kHeld || holder.closed ||
      !(IsCash(withdrawal.ledger) ? row.receives_cash : row.receives_units) ||
      !MayHold(withdrawal.holder, withdrawal.ledger) ||
      (row.has_entity && holder.entity != escrow.entity) ||
      Available(withdrawal.escrow, withdrawal.ledger) < withdrawal.amount) {
    return false;
  }
  Move({withdrawal.escrow, withdrawal.holder, withdrawal.ledger, withdrawal.amount,
        TransferCode::kWithdrawal});
  if (profile.limit_base_t > 0 && CountsForLimit(withdrawal.holder) && !IsCash(withdrawal.ledger)) {
    WatchLimit(GroupOf(holder.entity), profile.limit_cure_days);
  }
  return true;
}

MaybeRefusal Registry::Impl::Check(const Settle& command) const {
  if (command.fills.size() > kFillsPerMessageMax) {
    return Refuse(Refusal::kValueInvalid, {.asked = static_cast<std::int64_t>(command.fills.size()),
                                           .limit = std::int64_t{kFillsPerMessageMax}});
  }
  if (command.sequence != settlement_answers.size() + 1) {
    return Refuse(Refusal::kStreamGap,
                  {.asked = static_cast<std::int64_t>(command.sequence),
                   .limit = static_cast<std::int64_t>(settlement_answers.size() + 1)});
  }
  return {};
}

Receipt Registry::Impl::Do(const Settle& command) {
  Receipt receipt;
  for (const SettlementFill& fill : command.fills) {
    if (SettlePair(fill)) continue;
    ++receipt.failed;
    BlockMember(fill.seller_escrow);
    BlockMember(fill.buyer_escrow);
  }
  for (const SettlementWithdrawal& withdrawal : command.withdrawals) {
    if (SettleWithdrawal(withdrawal)) continue;
    ++receipt.failed;
    BlockMember(withdrawal.escrow);
  }
  receipt.sequence = this_record;
  settlement_answers.Add({receipt});
  return receipt;
}

}  // namespace ets::registry
