// The registry against a model that is slow and obvious: balances in a std::map, and the refusal of
// a command found by collecting every rule it breaks and taking the first in the enum.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/prng.h"
#include "registry/registry.h"
#include "registry/registry_fixture.h"

namespace ets::registry {
namespace {

using enum AccountKind;

class Model {
 public:
  struct Answer {
    std::set<Refusal> broken;
    Receipt receipt;  // Without its sequence.
  };

  std::int64_t Balance(AccountId account, LedgerId ledger) const {
    const auto found = balances_.find({account.raw(), ledger.raw()});
    return found == balances_.end() ? 0 : found->second;
  }
  std::size_t account_count() const { return accounts_.size(); }
  std::size_t ledger_count() const { return ledgers_.size(); }
  bool blocked(AccountId account) const { return accounts_[account.raw()].blocked; }

  LedgerTotals Totals(LedgerId ledger) const {
    LedgerTotals totals;
    for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
      const std::int64_t balance = Balance(AccountId(id), ledger);
      switch (accounts_[id].kind) {
        case kIssuance:
        case kBank:
          totals.issued -= balance;
          break;
        case kSurrender:
          totals.surrendered += balance;
          break;
        case kCancellation:
          totals.cancelled += balance;
          break;
        case kConverted:
          totals.converted += balance;
          break;
        case kExpired:
          totals.expired += balance;
          break;
        case kAllocation:
        case kReserve:
        case kStability:
        case kAuctionStock:
        case kTreasury:
        case kHolder:
        case kEscrow:
        case kTotalQuantity:
        case kTrading:
        case kCompliance:
        case kLimitedUse:
        case kAuctionDelivery:
        case kRegulatedEntity:
        case kFees:
        case kImporter:
          totals.held += balance;
          break;
      }
    }
    return totals;
  }

  Answer Run(SimTime sim_time, const Command& command) {
    answer_ = {};
    if (sim_time < latest_) Breaks(Refusal::kTimeGoesBack);
    std::visit([this](const auto& c) { Do(c); }, command);
    if (answer_.broken.empty()) latest_ = std::max(latest_, sim_time);
    return answer_;
  }

 private:
  struct Account {
    AccountKind kind;
    std::uint32_t entity;
    bool blocked = false;
  };
  struct Ledger {
    Unit unit;
    std::int64_t cap;
    std::int64_t issued_under_cap = 0;
  };
  struct Year {
    bool verified = false, assessed = false, is_short = false, allocated = false;
    std::int64_t emissions = 0, surrendered = 0, offsets = 0;
  };

  void Breaks(Refusal refusal) { answer_.broken.insert(refusal); }
  void BreaksIf(bool broken, Refusal refusal) {
    if (broken) Breaks(refusal);
  }
  bool clean() const { return answer_.broken.empty(); }

  bool Has(AccountId account) const { return account.raw() < accounts_.size(); }
  bool Has(LedgerId ledger) const { return ledger.raw() < ledgers_.size(); }
  bool Is(AccountId account, std::set<AccountKind> kinds) const {
    return Has(account) && kinds.contains(accounts_[account.raw()].kind);
  }
  bool Cash(LedgerId ledger) const {
    return Has(ledger) && ledgers_[ledger.raw()].unit.type == UnitType::kCurrency;
  }
  bool Allowance(LedgerId ledger) const {
    return Has(ledger) && ledgers_[ledger.raw()].unit.type == UnitType::kAllowance;
  }
  int VintageOf(LedgerId ledger) const {
    return Has(ledger) ? ledgers_[ledger.raw()].unit.vintage : 0;
  }
  std::uint32_t EntityOf(AccountId account) const {
    return Has(account) ? accounts_[account.raw()].entity : ~0U;
  }
  Year& YearOf(std::uint32_t entity, std::uint16_t year) { return years_[{entity, year}]; }
  std::optional<AccountId> First(AccountKind kind) const {
    for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
      if (accounts_[id].kind == kind) return AccountId(id);
    }
    return {};
  }
  bool KnownEntity(std::uint32_t entity) const {
    return std::any_of(accounts_.begin(), accounts_.end(),
                       [&](const Account& a) { return a.kind == kHolder && a.entity == entity; });
  }
  void CheckAccounts(std::vector<AccountId> accounts) {
    for (const AccountId account : accounts) BreaksIf(!Has(account), Refusal::kAccountNotFound);
  }
  void CheckLedger(LedgerId ledger) { BreaksIf(!Has(ledger), Refusal::kLedgerNotFound); }
  void CheckAmount(std::int64_t amount, bool zero_too = false) {
    BreaksIf(amount < 0 || (amount == 0 && !zero_too), Refusal::kAmountNotPositive);
    BreaksIf(amount > kAmountMax, Refusal::kAmountTooLarge);
  }
  void CheckHas(AccountId account, LedgerId ledger, std::int64_t amount) {
    BreaksIf(Balance(account, ledger) < amount, Refusal::kInsufficientHolding);
  }
  void Move(AccountId debit, AccountId credit, LedgerId ledger, std::int64_t amount) {
    balances_[{debit.raw(), ledger.raw()}] -= amount;
    balances_[{credit.raw(), ledger.raw()}] += amount;
  }

  // The dice below do not throw the other commands.
  template <typename Other>
  void Do(const Other&) {
    ADD_FAILURE() << "not modelled";
  }
  void Do(const OpenAccount& c) {
    answer_.receipt.id = static_cast<std::uint32_t>(accounts_.size());
    if (clean()) accounts_.push_back({c.kind, c.entity});
  }
  void Do(const OpenLedger& c) {
    for (const Ledger& ledger : ledgers_) BreaksIf(ledger.unit == c.unit, Refusal::kLedgerExists);
    CheckAmount(c.cap, true);
    answer_.receipt.id = static_cast<std::uint32_t>(ledgers_.size());
    if (clean()) ledgers_.push_back({c.unit, c.cap});
  }
  void Do(const SetCap& c) {
    CheckLedger(c.ledger);
    CheckAmount(c.cap, true);
    BreaksIf(Has(c.ledger) && c.cap != 0 && c.cap < ledgers_[c.ledger.raw()].issued_under_cap,
             Refusal::kCapExceeded);
    if (clean()) ledgers_[c.ledger.raw()].cap = c.cap;
  }
  void Do(const Issue& c) {
    CheckAccounts({c.to});
    CheckLedger(c.ledger);
    CheckAmount(c.amount);
    BreaksIf(Is(c.to, {kIssuance, kBank, kSurrender, kCancellation, kConverted, kExpired}),
             Refusal::kWrongAccountKind);
    if (Has(c.ledger) && c.amount <= kAmountMax) {
      const Ledger& ledger = ledgers_[c.ledger.raw()];
      BreaksIf(Totals(c.ledger).issued + c.amount > kAmountMax, Refusal::kAmountTooLarge);
      BreaksIf(ledger.cap != 0 && ledger.issued_under_cap + c.amount > ledger.cap,
               Refusal::kCapExceeded);
    }
    if (!clean()) return;
    Move(*First(Cash(c.ledger) ? kBank : kIssuance), c.to, c.ledger, c.amount);
    ledgers_[c.ledger.raw()].issued_under_cap += c.amount;
  }
  void Do(const MakeTransfer& c) {
    const Transfer& t = c.transfer;
    CheckAccounts({t.debit, t.credit});
    CheckLedger(t.ledger);
    BreaksIf(t.debit == t.credit, Refusal::kSameAccount);
    CheckAmount(t.amount);
    BreaksIf(Is(t.debit, {kIssuance, kBank, kSurrender, kCancellation, kConverted, kExpired}) ||
                 Is(t.credit, {kIssuance, kSurrender, kConverted, kExpired}) ||
                 (Is(t.credit, {kBank}) && !Cash(t.ledger)) ||
                 (Is(t.credit, {kCancellation}) && Cash(t.ledger)) ||
                 (Is(t.debit, {kHolder}) && Is(t.credit, {kEscrow}) &&
                  EntityOf(t.debit) != EntityOf(t.credit)),
             Refusal::kWrongAccountKind);
    BreaksIf(Is(t.debit, {kEscrow}), Refusal::kEscrowIsDebitedBySettlementOnly);
    CheckHas(t.debit, t.ledger, t.amount);
    BreaksIf(Has(t.debit) && blocked(t.debit), Refusal::kAccountBlocked);
    if (!clean()) return;
    Move(t.debit, t.credit, t.ledger, t.amount);
    if (Is(t.credit, {kBank})) ledgers_[t.ledger.raw()].issued_under_cap -= t.amount;
  }
  void Do(const DepositMonthlyData& c) {
    BreaksIf(!KnownEntity(c.entity), Refusal::kEntityNotFound);
    BreaksIf(c.month == 0 || c.month > 12, Refusal::kValueInvalid);
    CheckAmount(c.emissions.count(), true);
  }
  void Do(const ReportEmissions& c) {
    BreaksIf(!KnownEntity(c.entity), Refusal::kEntityNotFound);
    CheckAmount(c.emissions.count(), true);
    BreaksIf(YearOf(c.entity, c.year).verified, Refusal::kEmissionsAlreadyVerified);
  }
  void Do(const VerifyEmissions& c) {
    BreaksIf(!KnownEntity(c.entity), Refusal::kEntityNotFound);
    CheckAmount(c.emissions.count(), true);
    Year& year = YearOf(c.entity, c.year);
    BreaksIf(year.verified, Refusal::kEmissionsAlreadyVerified);
    if (!clean()) return;
    year.verified = true;
    year.emissions = c.emissions.count();
  }
  void Do(const Allocate& c) {
    CheckAccounts({c.from, c.holder});
    CheckLedger(c.ledger);
    BreaksIf(c.from == c.holder, Refusal::kSameAccount);
    CheckAmount(c.amount);
    BreaksIf(!Is(c.from, {kAllocation, kReserve}) || !Is(c.holder, {kHolder}),
             Refusal::kWrongAccountKind);
    BreaksIf(Has(c.from) && blocked(c.from), Refusal::kAccountBlocked);
    CheckHas(c.from, c.ledger, c.amount);
    BreaksIf(!Allowance(c.ledger) || VintageOf(c.ledger) != c.year, Refusal::kUnitNotEligible);
    const bool planned =
        c.code == TransferCode::kPreAllocation || c.code == TransferCode::kFinalAllocation;
    Year& year = YearOf(EntityOf(c.holder), c.year);
    BreaksIf(planned && year.allocated, Refusal::kOverEntitlement);
    if (!clean()) return;
    year.allocated |= c.code == TransferCode::kFinalAllocation;
    Move(c.from, c.holder, c.ledger, c.amount);
  }
  void Do(const TakeBack& c) {
    CheckAccounts({c.holder, c.to});
    CheckLedger(c.ledger);
    BreaksIf(c.holder == c.to, Refusal::kSameAccount);
    CheckAmount(c.amount);
    BreaksIf(!Is(c.holder, {kHolder}) ||
                 !Is(c.to, {kAllocation, kReserve, kStability, kAuctionStock, kCancellation}),
             Refusal::kWrongAccountKind);
    BreaksIf(!Allowance(c.ledger), Refusal::kUnitNotEligible);
    if (!clean()) return;
    answer_.receipt.amount = std::min(c.amount, Balance(c.holder, c.ledger));
    Move(c.holder, c.to, c.ledger, answer_.receipt.amount);
  }
  void Do(const Surrender& c) {
    CheckAccounts({c.holder});
    CheckLedger(c.ledger);
    CheckAmount(c.amount);
    BreaksIf(!Is(c.holder, {kHolder}), Refusal::kWrongAccountKind);
    CheckHas(c.holder, c.ledger, c.amount);
    Year& year = YearOf(EntityOf(c.holder), c.year);
    const bool offset = Has(c.ledger) && ledgers_[c.ledger.raw()].unit == Unit::Offset();
    bool eligible = offset;
    if (Allowance(c.ledger)) {
      const int v = VintageOf(c.ledger);
      eligible = c.year >= 2025 ? 2025 <= v && v <= c.year : v < 2025 && v <= c.year;
      if (year.assessed && year.is_short) eligible = eligible || v >= 2025;
    }
    BreaksIf(!eligible, Refusal::kUnitNotEligible);
    BreaksIf(offset && year.verified && year.offsets + c.amount > year.emissions / 20,
             Refusal::kOffsetLimitExceeded);
    BreaksIf(!year.verified, Refusal::kEmissionsNotVerified);
    BreaksIf(c.amount > year.emissions - year.surrendered, Refusal::kMoreThanOwed);
    if (!clean()) return;
    Move(c.holder, *First(kSurrender), c.ledger, c.amount);
    year.surrendered += c.amount;
    if (offset) year.offsets += c.amount;
  }
  void Do(const AssessCompliance& c) {
    Year& year = YearOf(c.entity, c.year);
    BreaksIf(!KnownEntity(c.entity), Refusal::kEntityNotFound);
    BreaksIf(!year.verified, Refusal::kEmissionsNotVerified);
    BreaksIf(year.assessed, Refusal::kYearAlreadyAssessed);
    if (!clean()) return;
    answer_.receipt.amount = year.emissions - year.surrendered;
    year.assessed = true;
    year.is_short = answer_.receipt.amount > 0;
  }
  void Do(const ConvertUnits& c) {
    CheckAccounts({c.holder});
    CheckLedger(c.from);
    CheckLedger(c.to);
    CheckAmount(c.amount);
    BreaksIf(Has(c.to) && c.amount <= kAmountMax && Totals(c.to).issued + c.amount > kAmountMax,
             Refusal::kAmountTooLarge);
    BreaksIf(!Is(c.holder, {kHolder}), Refusal::kWrongAccountKind);
    CheckHas(c.holder, c.from, c.amount);
    BreaksIf(!Allowance(c.from) || !Allowance(c.to) || VintageOf(c.from) >= VintageOf(c.to),
             Refusal::kUnitNotEligible);
    BreaksIf(Has(c.holder) && blocked(c.holder), Refusal::kAccountBlocked);
    if (!clean()) return;
    Move(c.holder, *First(kConverted), c.from, c.amount);
    Move(*First(kIssuance), c.holder, c.to, c.amount);
  }
  void Do(const ExpireLedger& c) {
    CheckLedger(c.ledger);
    BreaksIf(Cash(c.ledger), Refusal::kUnitNotEligible);
    if (!clean()) return;
    for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
      const AccountId account(id);
      if (Is(account, {kIssuance, kBank, kSurrender, kCancellation, kConverted, kExpired}))
        continue;
      answer_.receipt.amount += Balance(account, c.ledger);
      Move(account, *First(kExpired), c.ledger, Balance(account, c.ledger));
    }
  }
  void Do(const AdvanceTo& c) {
    BreaksIf(c.sim_time < latest_, Refusal::kTimeGoesBack);
    if (clean()) latest_ = c.sim_time;
  }
  void Do(const DayClosed&) {}
  void Do(const Settle& c) {
    BreaksIf(c.sequence != settled_ + 1, Refusal::kStreamGap);
    if (!clean()) return;
    ++settled_;
    for (const SettlementFill& fill : c.fills) {
      if (Is(fill.seller_escrow, {kEscrow}) && Is(fill.buyer_escrow, {kEscrow}) &&
          fill.seller_escrow != fill.buyer_escrow && Has(fill.unit_ledger) &&
          !Cash(fill.unit_ledger) && fill.quantity > 0 &&
          Balance(fill.seller_escrow, fill.unit_ledger) >= fill.quantity &&
          (fill.cash == 0 || (fill.cash > 0 && Cash(fill.cash_ledger) &&
                              Balance(fill.buyer_escrow, fill.cash_ledger) >= fill.cash))) {
        Move(fill.seller_escrow, fill.buyer_escrow, fill.unit_ledger, fill.quantity);
        Move(fill.buyer_escrow, fill.seller_escrow, fill.cash_ledger, fill.cash);
      } else {
        Fails({fill.seller_escrow, fill.buyer_escrow});
      }
    }
    for (const SettlementWithdrawal& out : c.withdrawals) {
      if (Is(out.escrow, {kEscrow}) && Has(out.ledger) && out.amount > 0 &&
          (Is(out.holder, {kAllocation, kReserve, kStability, kAuctionStock, kTreasury}) ||
           (Is(out.holder, {kHolder}) && EntityOf(out.holder) == EntityOf(out.escrow))) &&
          Balance(out.escrow, out.ledger) >= out.amount) {
        Move(out.escrow, out.holder, out.ledger, out.amount);
      } else {
        Fails({out.escrow});
      }
    }
  }
  void Fails(std::vector<AccountId> members) {
    ++answer_.receipt.failed;
    for (const AccountId member : members) {
      if (!Has(member)) continue;
      accounts_[member.raw()].blocked = true;
      if (!Is(member, {kEscrow})) continue;
      for (Account& a : accounts_) {
        if (a.kind == kHolder && a.entity == EntityOf(member)) a.blocked = true;
      }
    }
  }

  Answer answer_;
  SimTime latest_ = 0;
  std::uint64_t settled_ = 0;
  std::vector<Account> accounts_;
  std::vector<Ledger> ledgers_;
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::int64_t> balances_;
  std::map<std::pair<std::uint32_t, std::uint16_t>, Year> years_;
};

// Random commands, most of them plausible: only then do the deep rules get their turn.
class Commands {
 public:
  Commands(std::uint64_t seed, const Registry& registry) : chance_(seed), registry_(registry) {}

  Command Next() {
    switch (chance_.Below(22)) {
      case 0:
        return Rarely() ? Command(OpenAccount{AnyKind(), Entity()}) : Command(Deposit());
      case 1:
        return OpenLedger{AnyUnit(), Rarely() ? Amount(100'000) : 0};
      case 2:
        return SetCap{Ledger(), Below(2) == 0 ? 0 : Amount(500'000)};
      case 3:
      case 4:
        return Issue{Below(3) == 0 ? Account() : Of(kHolder), Ledger(),
                     Amount(Rarely() ? kAmountMax : 20'000)};
      case 5:
      case 6:
        return MakeTransfer{{Rarely() ? Account() : Of(kHolder), Account(), Ledger(), Amount(300)}};
      case 7:
      case 8:
      case 9:
        return Deposit();
      case 10:
        return Below(2) == 0 ? Command(DepositMonthlyData{Entity(), Year(),
                                                          static_cast<std::uint8_t>(Below(14)),
                                                          Tonnes(Amount(100))})
                             : Command(ReportEmissions{Entity(), Year(), Tonnes(Amount(500))});
      case 11:
        return VerifyEmissions{Entity(), Year(), Tonnes(Amount(400))};
      case 12: {
        const LedgerId ledger = Ledger();
        const std::uint16_t year = Rarely() ? Year() : VintageOf(ledger);
        const TransferCode codes[] = {TransferCode::kPreAllocation, TransferCode::kFinalAllocation,
                                      TransferCode::kEntrantAllocation};
        return Allocate{Of(kAllocation), Of(kHolder),         ledger, year,
                        Amount(200),     codes[Below(12) % 3]};
      }
      case 13:
        return TakeBack{Of(kHolder), Of(kAllocation), Ledger(), Year(), Amount(400)};
      case 14:
      case 15:
        return Surrender{Of(kHolder), Ledger(), Year(), Amount(60)};
      case 16:
        return AssessCompliance{Entity(), Year()};
      case 17:
        return ConvertUnits{Of(kHolder), Ledger(), Ledger(), Amount(200)};
      case 18:
        return Rarely() ? Command(ExpireLedger{Ledger()}) : Command(NextDay());
      case 19:
        return AdvanceTo{time_ += static_cast<SimTime>(Below(20))};
      default:
        return NextSettle();
    }
  }

  SimTime Time() { return Rarely() ? time_ - 5 : time_; }

 private:
  std::uint64_t Below(std::uint64_t bound) { return chance_.Below(bound); }
  bool Rarely() { return Below(40) == 0; }

  std::int64_t Amount(std::int64_t usual) {
    switch (Below(60)) {
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
  AccountId Account() {
    const std::uint32_t count = registry_.account_count();
    return AccountId(Below(500) == 0 ? count : static_cast<std::uint32_t>(Below(count)));
  }
  LedgerId Ledger() {
    return LedgerId(
        static_cast<std::uint16_t>(Below(registry_.ledger_count() + (Rarely() ? 1U : 0U))));
  }
  std::uint16_t VintageOf(LedgerId ledger) const {
    return ledger.raw() < registry_.ledger_count() ? registry_.unit(ledger).vintage : Vintage{0};
  }
  std::uint32_t Entity() { return static_cast<std::uint32_t>(Below(Rarely() ? 70 : 60)); }
  std::uint16_t Year() { return static_cast<std::uint16_t>(2023 + Below(5)); }
  AccountKind AnyKind() { return static_cast<AccountKind>(1 + Below(13)); }
  Unit AnyUnit() { return Unit::Allowance(static_cast<Vintage>(2022 + Below(9))); }
  // An account of the kind, or now and then any.
  AccountId Of(AccountKind kind) {
    if (Rarely()) return Account();
    for (;;) {
      const AccountId account = Account();
      if (account.raw() < registry_.account_count() && registry_.account(account).kind == kind) {
        return account;
      }
    }
  }
  // The first account of the kind with this account's entity; now and then, any account.
  AccountId Counterpart(AccountId account, AccountKind kind) {
    if (account.raw() < registry_.account_count() && Below(400) != 0) {
      const std::uint32_t entity = registry_.account(account).entity;
      for (std::uint32_t id = 0; id < registry_.account_count(); ++id) {
        const AccountView view = registry_.account(AccountId(id));
        if (view.kind == kind && view.entity == entity) return AccountId(id);
      }
    }
    return Account();
  }
  // 0 to what the account has; seldom more, since every failed pair blocks two members for good.
  std::int64_t Available(AccountId account, LedgerId ledger) {
    if (Below(400) == 0) return Amount(1'000);
    if (account.raw() >= registry_.account_count() || ledger.raw() >= registry_.ledger_count()) {
      return 0;
    }
    const std::int64_t there = std::max<std::int64_t>(registry_.balance(account, ledger), 0);
    return static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(there) + 1)) >> Below(4);
  }
  bool IsPool(AccountId account) const {
    return account.raw() < registry_.account_count() &&
           registry_.account(account).kind == kAllocation;
  }
  Command Deposit() {
    const AccountId holder = Of(kHolder);
    return MakeTransfer{
        {holder, Counterpart(holder, kEscrow), Ledger(), Amount(400), TransferCode::kDeposit}};
  }
  Command NextDay() {
    DayClosed day{Date(++day_)};
    day.settlement_sequence = registry_.settlement_sequence();
    day.registry_state_hash = registry_.StateHash();
    return day;
  }
  Command NextSettle() {
    Settle settle;
    settle.sequence = registry_.settlement_sequence() + (Rarely() ? 2 : 1);
    const LedgerId cny = registry_.ledger(Unit::Cash(Currency::kCny));
    for (std::uint64_t i = Below(20); i > 0; --i) {
      SettlementFill fill{Of(kEscrow), Of(kEscrow), Ledger(), Below(400) == 0 ? Ledger() : cny};
      if (fill.seller_escrow == fill.buyer_escrow || fill.unit_ledger == cny) continue;
      // A blocked pool would end all allocation.
      if (IsPool(fill.seller_escrow) || IsPool(fill.buyer_escrow)) continue;
      fill.quantity = Available(fill.seller_escrow, fill.unit_ledger);
      if (fill.quantity == 0) continue;
      fill.cash = Available(fill.buyer_escrow, fill.cash_ledger);
      fill.trade_id = ++trade_;
      settle.fills.push_back(fill);
    }
    for (std::uint64_t i = Below(4); i > 0; --i) {
      SettlementWithdrawal out{Of(kEscrow), {}, Ledger()};
      out.holder = Below(4) == 0 ? Of(kAuctionStock) : Counterpart(out.escrow, kHolder);
      out.amount = Available(out.escrow, out.ledger);
      if (out.amount != 0 && !IsPool(out.escrow)) settle.withdrawals.push_back(out);
    }
    return settle;
  }

  Prng chance_;
  const Registry& registry_;
  SimTime time_ = 100;
  std::int32_t day_ = 20'000;
  std::uint64_t trade_ = 0;
};

class RegistryModel : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RegistryModel, AgreesWithTheRegistryOnEveryAnswerAndBalance) {
  const Profile profile = TwoPeriods();
  KeptJournal journal;
  Registry registry(profile, &journal);
  Model model;
  std::map<Refusal, int> refusals;
  std::map<std::size_t, int> applied;  // By command.

  const auto run = [&](SimTime sim_time, const Command& command) {
    Envelope envelope;
    envelope.sim_time = sim_time;
    const auto outcome = registry.Apply(envelope, command);
    const Model::Answer answer = model.Run(sim_time, command);
    if (answer.broken.empty()) {
      ASSERT_TRUE(outcome.ok()) << ToString(outcome.error());
      Receipt expected = answer.receipt;
      expected.sequence = registry.sequence();
      ASSERT_EQ(*outcome, expected);
      ++applied[command.index()];
    } else {
      ASSERT_FALSE(outcome.ok()) << "expected " << ToString(*answer.broken.begin());
      ASSERT_EQ(ToString(outcome.error()), ToString(*answer.broken.begin()));
      ++refusals[outcome.error()];
    }
  };
  const auto compare = [&] {
    ASSERT_EQ(registry.account_count(), model.account_count());
    ASSERT_EQ(registry.ledger_count(), model.ledger_count());
    for (std::uint16_t l = 0; l < registry.ledger_count(); ++l) {
      const LedgerId ledger(l);
      for (std::uint32_t a = 0; a < registry.account_count(); ++a) {
        ASSERT_EQ(registry.balance(AccountId(a), ledger), model.Balance(AccountId(a), ledger));
      }
      const LedgerTotals got = registry.totals(ledger);
      const LedgerTotals want = model.Totals(ledger);
      ASSERT_EQ(std::tie(got.issued, got.held, got.surrendered, got.cancelled, got.converted,
                         got.expired),
                std::tie(want.issued, want.held, want.surrendered, want.cancelled, want.converted,
                         want.expired));
    }
    for (std::uint32_t a = 0; a < registry.account_count(); ++a) {
      ASSERT_EQ(registry.account(AccountId(a)).blocked, model.blocked(AccountId(a)));
    }
    registry.CheckInvariants();
  };

  for (int kind = 1; kind <= 13; ++kind) {
    ASSERT_NO_FATAL_FAILURE(run(0, OpenAccount{static_cast<AccountKind>(kind), 100}));
  }
  for (std::uint32_t entity = 0; entity < 60; ++entity) {
    ASSERT_NO_FATAL_FAILURE(run(0, OpenAccount{kHolder, entity}));
    ASSERT_NO_FATAL_FAILURE(run(0, OpenAccount{kEscrow, entity}));
  }
  for (const Unit unit : {Unit::Cash(Currency::kCny), Unit::Offset(), Unit::Allowance(2024),
                          Unit::Allowance(2025), Unit::Allowance(2026)}) {
    ASSERT_NO_FATAL_FAILURE(run(0, OpenLedger{unit}));
  }

  Commands commands(GetParam(), registry);
  for (int i = 0; i < 30'000; ++i) {
    const Command command = commands.Next();
    ASSERT_NO_FATAL_FAILURE(run(commands.Time(), command))
        << "seed " << GetParam() << ", command " << i;
    if (i % 1'000 == 999) {
      ASSERT_NO_FATAL_FAILURE(compare()) << "seed " << GetParam() << ", command " << i;
    }
  }
  // The dice must reach every command and every rule, else the agreement above says little.
  for (std::size_t kind = 0; kind < 17; ++kind) {
    EXPECT_GT(applied[kind], 2) << "command " << kind;
  }
  for (const Refusal refusal : {Refusal::kTimeGoesBack,
                                Refusal::kAccountNotFound,
                                Refusal::kLedgerNotFound,
                                Refusal::kEntityNotFound,
                                Refusal::kLedgerExists,
                                Refusal::kSameAccount,
                                Refusal::kAmountNotPositive,
                                Refusal::kAmountTooLarge,
                                Refusal::kValueInvalid,
                                Refusal::kWrongAccountKind,
                                Refusal::kEscrowIsDebitedBySettlementOnly,
                                Refusal::kStreamGap,
                                Refusal::kAccountBlocked,
                                Refusal::kUnitNotEligible,
                                Refusal::kInsufficientHolding,
                                Refusal::kCapExceeded,
                                Refusal::kOffsetLimitExceeded,
                                Refusal::kEmissionsNotVerified,
                                Refusal::kEmissionsAlreadyVerified,
                                Refusal::kOverEntitlement,
                                Refusal::kYearAlreadyAssessed,
                                Refusal::kMoreThanOwed}) {
    EXPECT_GT(refusals[refusal], 0) << ToString(refusal);
  }

  Registry replayed(profile, nullptr);
  for (const JournalRecord& record : journal.records()) {
    ASSERT_EQ(replayed.Replay(record), "") << "record " << record.sequence;
  }
  EXPECT_EQ(replayed.StateHash(), registry.StateHash());
  EXPECT_EQ(replayed.sequence(), registry.sequence());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RegistryModel, testing::Values(1, 2, 3, 20250101, 0xC0FFEE));

}  // namespace
}  // namespace ets::registry
