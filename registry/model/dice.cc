#include "registry/model/dice.h"

#include <algorithm>
#include <set>

namespace ets::registry::model {

using enum AccountKind;

namespace {

constexpr SimTime kMinute = 60 * kMicrosPerSecond;

ExecutionRule RandomRule(Prng& dice) {
  ExecutionRule rule;
  switch (dice.Below(3)) {
    case 0:
      break;
    case 1:
      rule.kind = ExecutionRule::Kind::kInWindow;
      rule.open_minute = 600;
      rule.close_minute = 960;
      rule.delay_days = static_cast<std::uint16_t>(dice.Below(3));
      rule.delay_minutes = static_cast<std::uint16_t>(dice.Below(90));
      rule.next_full_minute = dice.Below(3) == 0;
      break;
    default:
      rule.kind = ExecutionRule::Kind::kAtMinute;
      rule.cutoff_minute = 720;
      rule.at_minute = 720;
      rule.days_before = static_cast<std::uint16_t>(1 + dice.Below(2));
      rule.days_after = static_cast<std::uint16_t>(rule.days_before + dice.Below(2));
      break;
  }
  return rule;
}

// Single days and whole weeks.
std::vector<Date> RandomHolidays(Prng& dice) {
  std::set<Date> days;
  for (std::uint64_t i = dice.Below(20); i > 0; --i) {
    const Date first = Date::Of(2025, 1, 1) + static_cast<std::int32_t>(dice.Below(3 * 365));
    const std::int32_t length = dice.Below(4) == 0 ? 7 : 1;
    for (std::int32_t day = 0; day < length; ++day) days.insert(first + day);
  }
  return {days.begin(), days.end()};
}

}  // namespace

Profile RandomLaw(Prng& dice) {
  const auto coin = [&] { return dice.Below(2) == 0; };
  constexpr std::int32_t kDays[] = {-1, 0, 10};
  const auto days = [&] { return kDays[dice.Below(3)]; };
  Profile law;
  law.name = "thrown";
  law.zone = coin() ? Zone{480, false} : Zone{60, true};
  law.holidays = RandomHolidays(dice);
  law.four_eyes = coin();
  law.trusted_waives_approval = coin();
  law.trusted_list_only = dice.Below(4) == 0;
  law.trusted = RandomRule(dice);
  law.untrusted = RandomRule(dice);
  law.trusted_entry = RandomRule(dice);
  law.abort_before_minutes = coin() ? 120 : 0;
  law.proposal_hours = coin() ? 24 : 0;
  law.receiver_accepts = dice.Below(3) == 0;
  law.acceptance_hours = coin() ? 72 : 0;
  law.auction_delivery_waits = coin();
  law.units[static_cast<std::size_t>(UnitType::kCertificate)] = {
      false, true, ~(1U << static_cast<unsigned>(kHolder))};
  law.units[static_cast<std::size_t>(UnitType::kCountryCoded)].surrenderable = false;
  law.units[static_cast<std::size_t>(UnitType::kRegulated)].holdable_by =
      ~(1U << static_cast<unsigned>(kHolder));
  law.cap_binds = coin();
  law.cap_phase_from = 2025;
  law.cap_phase_years = static_cast<std::uint16_t>(dice.Below(3));
  law.eligibility = {{0, 2024, 0, 2024, 0},
                     {2025, 9'999, 2025, 9'999, static_cast<std::uint16_t>(dice.Below(2))}};
  law.arrears_vintage_from = 2025;
  law.banking_years = static_cast<std::int32_t>(dice.Below(3)) - 1;
  law.offsets = {{0, static_cast<std::uint16_t>(dice.Below(3) * 500)}};
  law.compliance = coin() ? ComplianceRule::kPerYear : ComplianceRule::kCumulative;
  if (dice.Below(4) == 0) law.emissions_due = {4, 1};
  if (coin()) law.status_frozen = {10, 1};
  law.allocation_needs_a = coin();
  law.retirement = static_cast<RetirementOrder>(1 + dice.Below(3));
  law.shortfall = static_cast<Shortfall>(dice.Below(4));
  law.fine_minor = 10'000;
  law.units_multiple = 4;
  law.allowance_share_bp = 7'500;
  law.reverse_surrender_days = days();
  law.reverse_deletion_days = days();
  law.reverse_allocation_days = days();
  law.reversal_in_working_days = coin();
  law.reversal_keeps_compliance = coin();
  if (dice.Below(3) == 0) {
    law.limit_base_t = 2'000;
    law.limit_base_bp = 1'000;
    law.limit_rest_bp = 250;
    law.limit_cure_days = static_cast<std::uint16_t>(dice.Below(6));
  }
  return law;
}

std::vector<Command> Dice::Opening() const {
  std::vector<Command> commands;
  for (std::uint8_t kind = 1; kind < kAccountKindCount; ++kind) {
    const auto row = static_cast<AccountKind>(kind);
    commands.push_back(OpenAccount{row, RowOf(row).has_entity ? 100U : 0U});
  }
  for (std::uint32_t entity = 0; entity < kFirms; ++entity) {
    commands.push_back(OpenAccount{kHolder, entity});
    commands.push_back(OpenAccount{kEscrow, entity});
    if (entity % 4 == 0) commands.push_back(OpenAccount{kTrading, entity});
    if (entity % 4 == 1) commands.push_back(OpenAccount{kCompliance, entity});
    if (entity % 4 == 2) commands.push_back(OpenAccount{kLimitedUse, entity});
    if (entity % 4 == 3) commands.push_back(OpenAccount{kHolder, entity});
  }
  for (const Unit unit :
       {Unit::Cash(Currency::kCny), Unit::Offset(), Unit::Allowance(2024), Unit::Allowance(2025),
        Unit::Allowance(2026), Unit::Of(UnitType::kRegulated, 2026),
        Unit::Of(UnitType::kCertificate, 2026), Unit::Of(UnitType::kCountryCoded, 2025)}) {
    commands.push_back(OpenLedger{unit, unit == Unit::Allowance(2026) ? 40'000 : 0});
  }
  for (std::uint32_t person = 1; person <= 4; ++person) {
    commands.push_back(SetPrincipal{person, Role::kHolder, true, "person", {}});
  }
  commands.push_back(AdvanceTo{InstantOf(Date::Of(2025, 2, 3), 9 * 60 * kMinute, 0)});
  return commands;
}

Command Dice::Next() {
  if (time_ == 0) time_ = registry_.now();
  const Command command = Throw();
  if (std::holds_alternative<Surrender>(command) || std::holds_alternative<CancelUnits>(command) ||
      std::holds_alternative<SurrenderInOrder>(command) ||
      std::holds_alternative<RunAllocation>(command) || std::holds_alternative<Allocate>(command)) {
    reversible_[Below(reversible_.size())] = registry_.sequence() + 1;
  }
  return command;
}

Command Dice::Throw() {
  // Near its time a task is at times taken back: most often too late.
  const std::uint32_t task = Delayed();
  if (task >= 1 && task <= registry_.task_count() && Below(30) == 0) {
    const SimTime ahead = registry_.task(task).execute_at - time_;
    if (ahead > 0 && ahead <= 120 * kMinute) return AbortTask{task, Person()};
  }
  switch (Below(24)) {
    case 0:
    case 1:
      return OfAccounts();
    case 2:
    case 3:
      return OfUnits();
    case 4:
    case 5:
    case 6:
    case 7:
      return OfTransfers();
    case 8:
      return NextBatch();
    case 9:
    case 10:
      return OfHolds();
    case 11:
    case 12:
    case 13:
      return OfTasks();
    case 14:
    case 15:
      return OfAllocation();
    case 16:
    case 17:
      return OfEmissions();
    case 18:
    case 19:
      return OfSurrender();
    case 20:
      return NextSettle();
    default:
      return NextAdvance();
  }
}

// ---- By subject ----

Command Dice::OfAccounts() {
  const auto capabilities = [&] {
    return static_cast<Capabilities>(Below(4) != 0 ? 7 : Below(Rarely() ? 9 : 8));
  };
  switch (Below(11)) {
    case 0: {
      const auto kind = static_cast<AccountKind>(Below(kAccountKindCount + 1));
      const auto row = static_cast<std::size_t>(kind);
      const bool central = row >= 1 && row < kAccountKindCount && !RowOf(kind).has_entity;
      return OpenAccount{kind, central && !Rarely() ? 0 : Entity()};
    }
    case 1:
      if (Below(4) != 0) return SetAccount{Stopped()};
      return CloseAccount{Account()};
    case 2:
      return SetEntity{Entity(), Below(3) == 0 ? std::uint16_t{0} : Year(),
                       Below(3) != 0 ? std::uint16_t{0} : Year(),
                       static_cast<std::uint32_t>(Below(3))};
    case 3:
      return ExcludeYear{Entity(), Year(), Below(3) == 0};
    case 4:
    case 5:
      return AddTrusted{Holder(), Holder()};
    case 6:
      return Distrust();
    case 7:
      return SetPrincipal{Person() - (Rarely() ? 1 : 0),
                          static_cast<Role>(Below(Rarely() ? 9 : 6)),
                          Below(5) != 0,
                          Rarely() ? "" : "person",
                          {}};
    case 8:
      return SetGrant{Person(), Account(), static_cast<Rights>(Below(Rarely() ? 9 : 8))};
    case 9:
      return SetAccount{Below(3) == 0 ? Account() : Of(kHolder), capabilities(), Below(2) == 0};
    default:
      return SetAccount{Stopped(), kMayAll, Below(2) == 0};
  }
}

Command Dice::OfUnits() {
  switch (Below(12)) {
    case 0:
      return OpenLedger{Unit::Allowance(static_cast<Vintage>(2023 + Below(7))),
                        Below(2) == 0 ? 0 : Amount(50'000)};
    case 1:
      return SetCap{Ledger(), Below(2) == 0 ? 0 : Amount(50'000)};
    case 2: {
      if (Rarely()) return ExpireLedger{Ledger()};
      DayClosed day;
      day.settlement_sequence = registry_.settlement_sequence();
      day.registry_state_hash = registry_.StateHash();
      return day;
    }
    case 3: {
      const AccountId holder = Holder();
      const LedgerId from = Ledger();
      return ConvertUnits{holder, from, Ledger(), Some(holder, from)};
    }
    case 4: {
      const AccountId holder = Holder();
      const LedgerId ledger = Ledger();
      return CancelUnits{holder, ledger, Some(holder, ledger), std::string(Rarely() ? 201 : 3, 'b'),
                         "for good"};
    }
    case 5:
    case 6:
      return Issue{Of(kAllocation), Ledger(), Amount(3'000)};
    default:
      return Issue{Below(3) == 0 ? Account() : Of(kHolder), Ledger(),
                   Amount(Rarely() ? kAmountMax : 1'500)};
  }
}

Transfer Dice::AnyTransfer() {
  Transfer transfer{Holder(), Below(3) == 0 ? Account() : Holder(), Ledger(), 0,
                    TransferCode::kTransfer};
  if (Below(4) == 0) transfer.credit = Counterpart(transfer.debit, kEscrow);
  if (Below(4) == 0) transfer.credit = Trusted(transfer.debit);
  transfer.amount = Some(transfer.debit, transfer.ledger);
  if (Rarely()) transfer.code = static_cast<TransferCode>(Below(kTransferCodeCount + 1));
  return transfer;
}

Command Dice::OfTransfers() { return MakeTransfer{AnyTransfer()}; }

Command Dice::NextBatch() {
  TransferBatch batch;
  for (std::uint64_t i = Below(8); i > 0; --i)
    batch.items.push_back({AnyTransfer(), Below(3) == 0});
  if (!batch.items.empty() && !Rarely()) batch.items.back().linked = false;
  return batch;
}

Command Dice::OfHolds() {
  switch (Below(8)) {
    case 0:
    case 1:
      return ReserveTransfer{AnyTransfer(), Later()};
    case 2:
    case 3:
      return PostPending{Upto(registry_.pending_count()), Below(2) == 0 ? 0 : Amount(300)};
    case 4:
      return VoidPending{Upto(registry_.pending_count())};
    case 5: {
      const AccountId account = Below(3) == 0 ? Account() : Of(kHolder);
      return Freeze{account, Ledger(), Amount(Below(3) == 0 ? 2'000 : 100), Later(),
                    Rarely() ? "" : "a court"};
    }
    default:
      return Unfreeze{Upto(registry_.freeze_count())};
  }
}

Command Dice::Proposable() {
  switch (Below(10)) {
    case 0:
      return AddTrusted{Holder(), Holder()};
    case 1:
      return SetAccount{Of(kHolder)};
    case 2:
      return OfHolds();
    case 3:
      return OfAllocation();
    case 4:
      return OfSurrender();
    case 5:
      return OfUnits();
    default:
      return MakeTransfer{AnyTransfer()};
  }
}

Command Dice::OfTasks() {
  switch (Below(8)) {
    case 0:
    case 1:
      return ApproveTask{Upto(registry_.task_count()), Person()};
    case 2:
      return RejectTask{Upto(registry_.task_count()), Person()};
    case 3:
    case 4:
      return AbortTask{Delayed(), Person()};
    default:
      break;
  }
  const Command proposed = Proposable();
  Propose propose{Person(), static_cast<std::uint16_t>(KindOf(proposed)), {}};
  EncodeCommand(proposed, propose.payload);
  if (Rarely()) propose.payload.pop_back();
  return propose;
}

Command Dice::OfAllocation() {
  const LedgerId ledger = Ledger();
  const std::uint16_t year = Rarely() ? Year() : VintageOf(ledger);
  const auto table = static_cast<std::uint8_t>(1 + Below(2) - (Rarely() ? 1 : 0));
  const TransferCode codes[] = {TransferCode::kPreAllocation, TransferCode::kFinalAllocation,
                                TransferCode::kEntrantAllocation, TransferCode::kOther};
  switch (Below(10)) {
    case 0:
    case 1:
      return Allocate{Of(kAllocation), Holder(), ledger, year, Amount(200), codes[Below(12) % 4]};
    case 2: {
      const AccountId holder = Holder();
      return TakeBack{holder, Of(kAllocation), ledger, year, Some(holder, ledger)};
    }
    case 3:
      return ReturnExcess{Holder(), Of(kAllocation), ledger, year, table, Amount(60)};
    case 4:
    case 5:
      return RunAllocation{year, table, Of(kAllocation), ledger};
    default:
      return SetEntitlement{Entity(), year, table, Amount(300), Below(5) == 0};
  }
}

Command Dice::OfEmissions() {
  const Tonnes tonnes(Amount(300));
  switch (Below(11)) {
    case 0:
      return DepositMonthlyData{Entity(), Year(), static_cast<std::uint8_t>(Below(14)), tonnes};
    case 1:
      return ReportEmissions{Entity(), Year(), tonnes};
    case 2:
    case 3:
    case 4:
      return CorrectEmissions{Entity(), Year(), tonnes,
                              static_cast<EmissionsSource>(Below(Rarely() ? 5 : 3) + 1),
                              Below(5) == 0};
    case 5:
    case 6:
      return AssessCompliance{Entity(), Year()};
    case 7: {
      RunCompliance run{Year(), Below(2) == 0, Below(3) == 0, {}};
      for (std::uint32_t entity = 0; entity < kFirms; ++entity) {
        if (!registry_.compliance(entity, run.year).verified && Below(3) == 0) {
          run.emissions.push_back({entity, Tonnes(Amount(300))});
        }
      }
      if (Rarely()) std::reverse(run.emissions.begin(), run.emissions.end());
      return run;
    }
    default:
      return VerifyEmissions{Entity(), Year(), tonnes};
  }
}

Command Dice::OfSurrender() {
  const AccountId holder = Holder();
  const LedgerId ledger = Ledger();
  switch (Below(6)) {
    case 0:
    case 1:
      return SurrenderInOrder{holder, Year(), Amount(120)};
    case 2: {
      std::uint64_t record = reversible_[Below(reversible_.size())];
      if (Rarely()) record = Below(registry_.sequence() + 3);
      return ReverseTransfer{record, static_cast<std::uint32_t>(Below(8) == 0)};
    }
    default:
      return Surrender{holder, ledger, Year(), Below(2) == 0 ? Some(holder, ledger) : Amount(60)};
  }
}

Command Dice::NextSettle() {
  Settle settle;
  settle.sequence = registry_.settlement_sequence() + (Rarely() ? 2 : 1);
  const LedgerId cny(0);
  for (std::uint64_t i = Below(10); i > 0; --i) {
    SettlementFill fill{Of(kEscrow), Of(kEscrow), Ledger(), cny};
    if (fill.seller_escrow == fill.buyer_escrow || fill.unit_ledger == cny) continue;
    const bool wrong = Below(600) == 0;
    fill.quantity = wrong ? 5'000 : Part(fill.seller_escrow, fill.unit_ledger);
    fill.cash = Part(fill.buyer_escrow, cny);
    fill.trade_id = ++trade_;
    if (fill.quantity > 0 || wrong) settle.fills.push_back(fill);
  }
  for (std::uint64_t i = Below(3); i > 0; --i) {
    SettlementWithdrawal out{Of(kEscrow), {}, Ledger(), 0};
    out.holder = Below(4) == 0 ? Of(kAuctionStock) : Counterpart(out.escrow, kHolder);
    out.amount = Part(out.escrow, out.ledger);
    if (out.amount > 0) settle.withdrawals.push_back(out);
  }
  return settle;
}

Command Dice::NextAdvance() {
  const SimTime steps[] = {kMinute, 60 * kMinute, 300 * kMinute, kMicrosPerDay, 40 * kMicrosPerDay};
  const std::uint64_t step = Below(6) == 0 ? 4 : Below(4);
  time_ += static_cast<SimTime>(Below(static_cast<std::uint64_t>(steps[step])));
  // At times to the very instant at which something falls due, or to an hour before.
  const SimTime due = std::min(registry_.next_due(), time_ + kMicrosPerDay);
  if (Below(4) == 0) time_ = std::max(time_, due);
  if (Below(6) == 0) time_ = std::max(time_, due - 60 * kMinute);
  const std::uint32_t task = Delayed();
  if (Below(6) == 0 && task >= 1 && task <= registry_.task_count()) {
    time_ = std::max(
        time_, registry_.task(task).execute_at - 60 * kMinute * static_cast<SimTime>(1 + Below(2)));
  }
  return AdvanceTo{time_};
}

// ---- Parts ----

std::int64_t Dice::Amount(std::int64_t usual) {
  switch (Below(80)) {
    case 0:
      return 0;
    case 1:
      return -static_cast<std::int64_t>(Below(100));
    case 2:
      return kAmountMax;
    case 3:
      return kAmountMax + 1;
    default:
      return 1 + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(usual)));
  }
}

std::int64_t Dice::Some(AccountId account, LedgerId ledger) {
  if (!Exists(account) || !Exists(ledger) || Below(20) == 0) return Amount(500);
  const std::int64_t there =
      std::clamp<std::int64_t>(registry_.holding(account, ledger).available(), 0, 10'000'000);
  const std::uint64_t bound = static_cast<std::uint64_t>(there) + (Below(12) == 0 ? 3 : 1);
  return std::max<std::int64_t>(static_cast<std::int64_t>(Below(bound)) >> Below(4), 1);
}

// What is there for certain: a pair that fails blocks two members.
std::int64_t Dice::Part(AccountId account, LedgerId ledger) {
  if (!Exists(account) || !Exists(ledger)) return 0;
  const std::int64_t there = registry_.holding(account, ledger).available();
  return there <= 0 ? 0 : static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(there))) / 8;
}

// A holder that may not send; else any.
AccountId Dice::Stopped() {
  for (std::uint32_t i = 0; i < 20; ++i) {
    const AccountId account = Of(kHolder);
    if (!Exists(account)) continue;
    const AccountView view = registry_.account(account);
    if (!view.closed && (view.blocked || view.capabilities != kMayAll)) return account;
  }
  return Of(kHolder);
}

AccountId Dice::Account() {
  const std::uint32_t count = registry_.account_count();
  return AccountId(Below(400) == 0 ? count : static_cast<std::uint32_t>(Below(count)));
}

AccountId Dice::Of(AccountKind kind) {
  if (Rarely()) return Account();
  for (;;) {
    const AccountId account = Account();
    if (Exists(account) && registry_.account(account).kind == kind) return account;
  }
}

// The first account of the kind with this account's entity; now and then, any account.
AccountId Dice::Counterpart(AccountId account, AccountKind kind) {
  if (!Exists(account) || Below(100) == 0) return Account();
  const std::uint32_t entity = registry_.account(account).entity;
  for (std::uint32_t id = 0; id < registry_.account_count(); ++id) {
    const AccountView view = registry_.account(AccountId(id));
    if (view.kind == kind && view.entity == entity) return AccountId(id);
  }
  return Account();
}

LedgerId Dice::Ledger() {
  if (Below(300) == 0) return LedgerId(registry_.ledger_count());
  // Most often the allowances that are worth something.
  if (Below(2) == 0) return LedgerId(static_cast<std::uint16_t>(3 + Below(2)));
  return LedgerId(static_cast<std::uint16_t>(Below(registry_.ledger_count())));
}

std::uint16_t Dice::VintageOf(LedgerId ledger) const {
  return Exists(ledger) ? registry_.unit(ledger).vintage : Vintage{0};
}

std::uint32_t Dice::Entity() { return static_cast<std::uint32_t>(Below(Rarely() ? 20 : kFirms)); }

std::uint16_t Dice::Year() {
  return static_cast<std::uint16_t>(Below(200) == 0 ? 1'990 : 2024 + Below(4));
}

std::uint32_t Dice::Upto(std::uint32_t count) {
  if (Rarely() || count == 0) return static_cast<std::uint32_t>(Below(2) * (count + 1));
  // The latest are the ones that are still open.
  const auto back = static_cast<std::uint32_t>(Below(std::min<std::uint64_t>(count, 12)));
  return count - back;
}

// One that the account trusts or will trust; else any holder.
AccountId Dice::Trusted(AccountId account) {
  if (!Exists(account)) return Holder();
  const std::vector<TrustedView> entries = registry_.trusted(account);
  return entries.empty() ? Holder() : entries[Below(entries.size())].target;
}

// Most often the target of a transfer that waits for its time.
Command Dice::Distrust() {
  const std::uint32_t number = Delayed();
  Command command;
  if (number >= 1 && number <= registry_.task_count() && Below(4) != 0) {
    const TaskView task = registry_.task(number);
    if (DecodeCommand(static_cast<RecordKind>(task.kind), task.payload, command)) {
      const auto* const make = std::get_if<MakeTransfer>(&command);
      if (make != nullptr) return RemoveTrusted{make->transfer.debit, make->transfer.credit};
    }
  }
  const AccountId holder = Holder();
  return RemoveTrusted{holder, Trusted(holder)};
}

// The latest task that waits for its time; else any.
std::uint32_t Dice::Delayed() {
  const std::uint32_t count = registry_.task_count();
  for (std::uint32_t back = 0; back < std::min(count, 30U); ++back) {
    if (registry_.task(count - back).state == TaskState::kDelayed) return count - back;
  }
  return Upto(count);
}

SimTime Dice::Later() {
  if (Below(3) == 0) return 0;
  if (Rarely()) return time_;
  return time_ + static_cast<SimTime>(Below(5 * static_cast<std::uint64_t>(kMicrosPerDay)));
}

}  // namespace ets::registry::model
