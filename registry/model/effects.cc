// What each command does, once it breaks nothing.

#include <algorithm>

#include "registry/model/model.h"

namespace ets::registry::model {

using enum AccountKind;

Model::Answer Model::Run(std::uint64_t sequence, SimTime sim_time, const Command& command) {
  record_ = sequence;
  at_ = sim_time;
  answer_ = {};
  broken_.clear();
  BreaksIf(sim_time < latest_, Refusal::kTimeGoesBack);
  const std::set<Refusal> too_early = broken_;
  answer_.broken = RulesOf(command);
  answer_.broken.insert(too_early.begin(), too_early.end());
  if (!answer_.broken.empty()) return answer_;
  std::visit([this](const auto& c) { Do(c); }, command);
  latest_ = std::max(latest_, sim_time);
  NoteStatuses();
  return answer_;
}

std::set<Refusal> Model::RulesOf(const Command& command) {
  broken_.clear();
  std::visit([this](const auto& c) { Rules(c); }, command);
  return broken_;
}

void Model::Move(const Transfer& t) {
  if (t.amount == 0) return;
  balances_[{t.debit.raw(), t.ledger.raw()}] -= t.amount;
  balances_[{t.credit.raw(), t.ledger.raw()}] += t.amount;
  answer_.transfers.push_back(t);
}

void Model::MoveReversibly(const Transfer& t, bool in_arrears) {
  if (DaysToReverse(t) >= 0) done_[{record_, answer_.transfers.size()}] = {t, at_, in_arrears};
  Move(t);
}

// ---- Accounts, people, entities ----

void Model::Do(const OpenAccount& c) {
  answer_.receipt.id = static_cast<std::uint32_t>(accounts_.size());
  accounts_.push_back({c.kind, c.entity});
  if (RowOf(c.kind).has_entity && c.kind != kEscrow) firms_.try_emplace(c.entity);
}
void Model::Do(const SetAccount& c) {
  Account& account = accounts_[c.account.raw()];
  account.capabilities = c.capabilities;
  account.may_leave = c.may_leave_trusted_list;
  if ((c.capabilities & kMaySend) != 0) account.unsettled = false;
}
void Model::Do(const SetEntity& c) {
  Firm& firm = firms_[c.entity];
  firm.first = c.first_year;
  firm.last = c.last_year;
  firm.group = c.group;
}
void Model::Do(const ExcludeYear& c) {
  if (c.excluded) firms_[c.entity].excluded.insert(c.year);
  if (!c.excluded) firms_[c.entity].excluded.erase(c.year);
}
void Model::Do(const AddTrusted& c) {
  const SimTime from = TrustedFrom(law_, at_);
  trusted_.try_emplace({c.account.raw(), c.target.raw()}, Trusted{from, from <= at_});
}
void Model::Do(const SetGrant& c) {
  grants_[{c.principal, c.account.raw()}] = c.rights;
  if (c.rights == 0) grants_.erase({c.principal, c.account.raw()});
}

// ---- Units ----

void Model::Do(const OpenLedger& c) {
  answer_.receipt.id = static_cast<std::uint32_t>(ledgers_.size());
  ledgers_.push_back({c.unit, c.cap});
}
void Model::Do(const Issue& c) {
  Move({*First(IsCash(c.ledger) ? kBank : kIssuance), c.to, c.ledger, c.amount, c.code});
  const Ledger& ledger = ledgers_[c.ledger.raw()];
  const std::int64_t above = Issued(c.ledger) - ledger.converted_in - ledger.cap;
  if (ledger.cap > 0 && above > 0) answer_.receipt.amount = above;
}
void Model::Do(const ConvertUnits& c) {
  Move({c.holder, *First(kConverted), c.from, c.amount, TransferCode::kConvert});
  Move({*First(kIssuance), c.holder, c.to, c.amount, TransferCode::kConvert});
  ledgers_[c.to.raw()].converted_in += c.amount;
}
void Model::Do(const ExpireLedger& c) {
  for (Pending& pending : pendings_) {
    if (pending.state == PendingState::kPending && pending.transfer.ledger == c.ledger) {
      pending.state = PendingState::kVoided;
    }
  }
  for (Task& task : tasks_) {
    const auto reserved = ReservedBy(task);
    if (reserved && reserved->ledger == c.ledger) task.state = TaskState::kAborted;
  }
  for (Frozen& freeze : freezes_) {
    if (freeze.ledger == c.ledger) freeze.active = false;
  }
  for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
    if (Row(AccountId(id)).pool != Pool::kHeld) continue;
    const std::int64_t balance = Balance(AccountId(id), c.ledger);
    answer_.receipt.amount += balance;
    Move({AccountId(id), *First(kExpired), c.ledger, balance, TransferCode::kExpire});
  }
}
void Model::Do(const CancelUnits& c) {
  certificates_.push_back({c, record_, at_});
  answer_.receipt.id = static_cast<std::uint32_t>(certificates_.size());
  MoveReversibly({c.holder, *First(kCancellation), c.ledger, c.amount, TransferCode::kCancel, 0,
                  certificates_.size()});
}

// ---- Transfers ----

void Model::Do(const MakeTransfer& c) {
  const Transfer& t = c.transfer;
  if (At(t.credit).kind == kCancellation && Row(t.debit).has_entity) {
    MoveReversibly(t);
  } else {
    Move(t);
  }
}
void Model::Do(const TransferBatch& c) {
  for (std::size_t first = 0; first < c.items.size();) {
    std::size_t end = first;
    while (c.items[end].linked) ++end;
    ++end;
    const auto balances = balances_;
    const auto done = done_;
    const std::size_t moved = answer_.transfers.size();
    std::optional<Refusal> refusal;
    std::size_t failing = first;
    for (; failing < end; ++failing) {
      const MakeTransfer item{c.items[failing].transfer};
      const std::set<Refusal> broken = RulesOf(item);
      if (!broken.empty()) {
        refusal = *broken.begin();
        break;
      }
      Do(item);
    }
    for (std::size_t i = first; i < end; ++i) {
      if (!refusal) {
        answer_.items.push_back(Refusal{});
      } else {
        answer_.items.push_back(i == failing ? *refusal : Refusal::kLinkedFailed);
        ++answer_.receipt.failed;
      }
    }
    if (refusal) {
      balances_ = balances;
      done_ = done;
      answer_.transfers.resize(moved);
    }
    first = end;
  }
}
void Model::Do(const ReserveTransfer& c) {
  pendings_.push_back({c.transfer, c.expires_at});
  answer_.receipt.id = static_cast<std::uint32_t>(pendings_.size());
}
void Model::Do(const PostPending& c) {
  Pending& pending = pendings_[c.pending - 1];
  Transfer transfer = pending.transfer;
  if (c.amount != 0) transfer.amount = c.amount;
  pending.state = PendingState::kPosted;
  pending.posted = transfer.amount;
  transfer.reference = c.pending;
  Do(MakeTransfer{transfer});
}
void Model::Do(const Freeze& c) {
  freezes_.push_back({c.account, c.ledger, c.amount, c.until});
  answer_.receipt.id = static_cast<std::uint32_t>(freezes_.size());
}
void Model::Do(const ReverseTransfer& c) {
  Done& done = done_.at({c.sequence, c.index});
  done.reversed = true;
  const Transfer t = done.transfer;
  Move({t.credit, t.debit, t.ledger, t.amount, TransferCode::kReversal, t.year, c.sequence});
  if (At(t.credit).kind == kSurrender) {
    Year& year = firms_.at(At(t.debit).entity).years.at(t.year);
    const bool offset = UnitOf(t.ledger).type == UnitType::kOffset;
    // What is owed in units grows again; their share of offsets only by what was part of it.
    year.given.push_back({-t.amount, offset, OwesUnits(year), offset && done.in_arrears});
  } else if (At(t.credit).kind != kCancellation && t.reference != 0) {
    entitlements_.at({At(t.credit).entity, t.year, static_cast<std::uint8_t>(t.reference)})
        .reversed += t.amount;
  }
}

bool Model::SettlesPair(const SettlementFill& fill) {
  const bool whole =
      Is(fill.seller_escrow, {kEscrow}) && Is(fill.buyer_escrow, {kEscrow}) &&
      fill.seller_escrow != fill.buyer_escrow && !At(fill.seller_escrow).closed &&
      !At(fill.buyer_escrow).closed && Has(fill.unit_ledger) && !IsCash(fill.unit_ledger) &&
      Holdable(fill.buyer_escrow, fill.unit_ledger) &&
      law_.units[static_cast<std::size_t>(UnitOf(fill.unit_ledger).type)].transferable &&
      fill.quantity > 0 && fill.quantity <= kAmountMax &&
      Available(fill.seller_escrow, fill.unit_ledger) >= fill.quantity &&
      (fill.cash == 0 ||
       (fill.cash > 0 && fill.cash <= kAmountMax && Has(fill.cash_ledger) &&
        IsCash(fill.cash_ledger) && Available(fill.buyer_escrow, fill.cash_ledger) >= fill.cash));
  if (!whole) return false;
  Move({fill.seller_escrow, fill.buyer_escrow, fill.unit_ledger, fill.quantity, fill.code, 0,
        fill.trade_id});
  Move({fill.buyer_escrow, fill.seller_escrow, fill.cash_ledger, fill.cash, fill.code, 0,
        fill.trade_id});
  return true;
}
bool Model::SettlesWithdrawal(const SettlementWithdrawal& out) {
  const bool right =
      Is(out.escrow, {kEscrow}) && Has(out.holder) && Has(out.ledger) &&
      At(out.holder).kind != kEscrow && Row(out.holder).pool == Pool::kHeld &&
      !At(out.holder).closed && Holdable(out.holder, out.ledger) &&
      (IsCash(out.ledger) ? Row(out.holder).receives_cash : Row(out.holder).receives_units) &&
      (!Row(out.holder).has_entity || At(out.holder).entity == At(out.escrow).entity) &&
      out.amount > 0 && out.amount <= kAmountMax && Available(out.escrow, out.ledger) >= out.amount;
  if (!right) return false;
  Move({out.escrow, out.holder, out.ledger, out.amount, TransferCode::kWithdrawal});
  if (Limited(out.holder) && !IsCash(out.ledger)) {
    WatchLimit(GroupOf(At(out.holder).entity), law_.limit_cure_days);
  }
  return true;
}
void Model::Fails(AccountId escrow) {
  if (!Has(escrow)) return;
  accounts_[escrow.raw()].unsettled = true;
  if (At(escrow).kind != kEscrow) return;
  for (Account& account : accounts_) {
    if (account.kind != kEscrow && RowOf(account.kind).has_entity &&
        account.entity == At(escrow).entity) {
      account.unsettled = true;
    }
  }
}
void Model::Do(const Settle& c) {
  ++settled_;
  for (const SettlementFill& fill : c.fills) {
    if (SettlesPair(fill)) continue;
    ++answer_.receipt.failed;
    Fails(fill.seller_escrow);
    Fails(fill.buyer_escrow);
  }
  for (const SettlementWithdrawal& out : c.withdrawals) {
    if (SettlesWithdrawal(out)) continue;
    ++answer_.receipt.failed;
    Fails(out.escrow);
  }
}

// ---- Tasks ----

bool Model::NeedsSecondPerson(const Command& command) const {
  const auto* make = std::get_if<MakeTransfer>(&command);
  const bool waived = make != nullptr && law_.trusted_waives_approval &&
                      Trusts(make->transfer.debit, make->transfer.credit);
  return law_.four_eyes && !waived;
}
bool Model::NeedsReceiver(const Command& command) const {
  const auto* make = std::get_if<MakeTransfer>(&command);
  if (make == nullptr || !law_.receiver_accepts) return false;
  const AccountId from = make->transfer.debit;
  const AccountId to = make->transfer.credit;
  return Row(from).has_entity && Row(to).has_entity && At(from).entity != At(to).entity;
}
void Model::Do(const Propose& c) {
  Task task;
  const bool decoded = DecodeCommand(static_cast<RecordKind>(c.kind), c.payload, task.command);
  if (!decoded) return;
  task.initiator = c.principal;
  task.proposed_at = at_;
  const bool waits = NeedsSecondPerson(task.command);
  if (waits && law_.proposal_hours > 0) {
    task.expires_at = at_ + SimTime{law_.proposal_hours} * 3'600 * kMicrosPerSecond;
  }
  tasks_.push_back(task);
  const auto number = static_cast<std::uint32_t>(tasks_.size());
  Receipt receipt;
  if (!waits) SenderAgrees(tasks_.back(), receipt);
  answer_.receipt = receipt;
  answer_.receipt.id = number;
}
void Model::Do(const ApproveTask& c) {
  Task& task = tasks_[c.task - 1];
  Receipt receipt;
  if (task.state == TaskState::kAwaitingReceiver) {
    task.accepter = c.principal;
    Agree(task, receipt);
  } else {
    task.approver = c.principal;
    SenderAgrees(task, receipt);
  }
  answer_.receipt = receipt;
}
void Model::SenderAgrees(Task& task, Receipt& receipt) {
  if (!NeedsReceiver(task.command)) return Agree(task, receipt);
  task.state = TaskState::kAwaitingReceiver;
  task.expires_at = 0;
  if (law_.acceptance_hours == 0) return;
  const SimTime wait = SimTime{law_.acceptance_hours} * 3'600 * kMicrosPerSecond;
  task.expires_at = std::max(at_, task.proposed_at + wait);
}
void Model::Agree(Task& task, Receipt& receipt) {
  task.state = TaskState::kDelayed;
  task.execute_at = at_;
  if (const auto* make = std::get_if<MakeTransfer>(&task.command)) {
    const Transfer& t = make->transfer;
    if (Row(t.debit).has_entity && Row(t.credit).has_entity) {
      const ExecutionRule& rule = Trusts(t.debit, t.credit) ? law_.trusted : law_.untrusted;
      task.execute_at = std::max(at_, ExecutionTime(law_, rule, at_));
    }
    if (law_.auction_delivery_waits && At(t.debit).kind == kAuctionDelivery &&
        Row(t.credit).has_entity) {
      task.execute_at = std::max(at_, ExecutionTime(law_, law_.untrusted, at_));
    }
  }
  if (task.execute_at <= at_) Execute(task, receipt);
}
void Model::Execute(Task& task, Receipt& receipt) {
  task.state = TaskState::kFailed;  // Its reservation is gone before the rules are asked.
  proposed_at_ = task.proposed_at;
  std::set<Refusal> broken = RulesOf(task.command);
  proposed_at_.reset();
  if ((task.approver == 0 && NeedsSecondPerson(task.command)) ||
      (task.accepter == 0 && NeedsReceiver(task.command))) {
    broken.insert(Refusal::kSecondPersonRequired);
  }
  if (!broken.empty()) {
    task.refusal = *broken.begin();
    return;
  }
  std::visit([this](const auto& c) { Do(c); }, Command(task.command));
  task.state = TaskState::kCompleted;
  task.sequence = record_;
  receipt.amount = 1;
}

// ---- Allocation ----

void Model::Do(const SetEntitlement& c) {
  Entitlement& entry = entitlements_[{c.entity, c.year, c.table}];
  ++entry.version;
  entry.amount = c.amount;
  entry.withheld = c.withheld;
}
std::vector<std::pair<AccountId, std::int64_t>> Model::PaymentsOf(const RunAllocation& c) const {
  std::vector<std::pair<AccountId, std::int64_t>> payments;
  for (const auto& [key, entry] : entitlements_) {
    const std::uint32_t entity = std::get<0>(key);
    if (std::get<1>(key) != c.year || std::get<2>(key) != c.table) continue;
    const std::int64_t lacking = entry.amount - entry.had();
    if (entry.withheld || lacking <= 0 || !Counts(entity, c.year)) continue;
    const Symbol symbol = Status(entity, false).symbol;
    const bool stands =
        symbol == Symbol::kA || symbol == Symbol::kNone || symbol == Symbol::kNotApplicable;
    for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
      const AccountId account(id);
      if (At(account).entity != entity || !Owing(account) || At(account).closed) continue;
      if ((At(account).capabilities & kMayReceive) == 0) continue;
      if (!Has(c.ledger) || !Holdable(account, c.ledger)) continue;
      const bool blocked = Blocked(account) || (At(account).capabilities & kMaySend) == 0;
      if (law_.allocation_needs_a && !stands && !blocked) continue;
      payments.emplace_back(account, lacking);
      break;
    }
  }
  return payments;
}
void Model::Do(const RunAllocation& c) {
  for (const auto& [account, amount] : PaymentsOf(c)) {
    const TransferCode code =
        c.table == 2 ? TransferCode::kEntrantAllocation : TransferCode::kFinalAllocation;
    MoveReversibly({c.from, account, c.ledger, amount, code, c.year, c.table});
    entitlements_.at({At(account).entity, c.year, c.table}).allocated += amount;
    answer_.receipt.amount += amount;
    ++answer_.receipt.id;
  }
}
void Model::Do(const ReturnExcess& c) {
  Move({c.holder, c.to, c.ledger, c.amount, TransferCode::kAllocationReturn, c.year, c.table});
  entitlements_.at({At(c.holder).entity, c.year, c.table}).returned += c.amount;
}
void Model::Do(const Allocate& c) {
  if (c.code == TransferCode::kFinalAllocation) {
    firms_.at(At(c.holder).entity).years[c.year].allocated = true;
  }
  const Transfer transfer{c.from, c.holder, c.ledger, c.amount, c.code, c.year};
  if (c.code == TransferCode::kPreAllocation || c.code == TransferCode::kFinalAllocation ||
      c.code == TransferCode::kEntrantAllocation) {
    MoveReversibly(transfer);
  } else {
    Move(transfer);
  }
}
void Model::Do(const TakeBack& c) {
  answer_.receipt.amount =
      std::max<std::int64_t>(std::min(c.amount, Available(c.holder, c.ledger)), 0);
  Move({c.holder, c.to, c.ledger, answer_.receipt.amount, TransferCode::kTakeBack, c.year});
}

// ---- Emissions and surrender ----

void Model::Do(const VerifyEmissions& c) {
  firms_.at(c.entity).years[c.year].versions.push_back(
      {c.emissions.count(), EmissionsSource::kVerified, false, at_});
}
void Model::Do(const CorrectEmissions& c) {
  firms_.at(c.entity).years[c.year].versions.push_back(
      {c.emissions.count(), c.source, c.withdrawn, at_});
}
void Model::Give(AccountId holder, LedgerId ledger, std::uint16_t year, std::int64_t amount) {
  Year& to = firms_.at(At(holder).entity).years[year];
  const bool in_arrears = OwesUnits(to);
  MoveReversibly({holder, *First(kSurrender), ledger, amount, TransferCode::kSurrender, year},
                 in_arrears);
  const bool offset = UnitOf(ledger).type == UnitType::kOffset;
  to.given.push_back({amount, offset, in_arrears, offset && in_arrears});
}
std::int64_t Model::GiveInOrder(AccountId holder, std::uint16_t year, std::int64_t amount) {
  const std::uint32_t entity = At(holder).entity;
  std::int64_t given = 0;
  for (const LedgerId ledger : LedgersInOrder()) {
    if (!Eligible(ledger, entity, year)) continue;
    std::int64_t part = std::min(amount - given, Available(holder, ledger));
    if (UnitOf(ledger).type == UnitType::kOffset) part = std::min(part, OffsetRoom(entity, year));
    if (part <= 0) continue;
    Give(holder, ledger, year, part);
    given += part;
  }
  return given;
}
void Model::Do(const SurrenderInOrder& c) {
  answer_.receipt.amount = GiveInOrder(c.holder, c.year, c.amount);
}
std::int64_t Model::Assess(std::uint32_t entity, std::uint16_t year) {
  const std::int64_t shortfall = Owed(entity, year);
  Year& assessed = firms_.at(entity).years.at(year);
  assessed.assessed = true;
  assessed.shortfall = shortfall;
  return shortfall;
}
void Model::Do(const RunCompliance& c) {
  for (const EmissionsEntry& entry : c.emissions) {
    Do(VerifyEmissions{entry.entity, c.year, entry.emissions});
  }
  if (!c.surrender && !c.assess) return;
  for (auto& [entity, firm] : firms_) {
    const Year* const year = FindYear(entity, c.year);
    if (year == nullptr || !year->verified() || !Counts(entity, c.year)) continue;
    ++answer_.receipt.id;
    for (std::uint32_t id = 0; id < accounts_.size() && c.surrender; ++id) {
      const AccountId account(id);
      if (At(account).entity != entity || !Owing(account) || At(account).closed) continue;
      if ((At(account).capabilities & kMaySurrender) == 0) continue;
      GiveInOrder(account, c.year, Owed(entity, c.year));
    }
    answer_.receipt.amount +=
        c.assess && !year->assessed ? Assess(entity, c.year) : Owed(entity, c.year);
  }
}

}  // namespace ets::registry::model
