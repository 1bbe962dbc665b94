#include "scheme/authority.h"

#include <algorithm>
#include <cmath>

#include "policy/carry_over.h"
#include "policy/penalty.h"
#include "policy/pre_allocation.h"
#include "policy/stability.h"

namespace ets::scheme {

using registry::AccountKind;
using registry::TransferCode;

Authority::Authority(const Rulebook& rulebook, const registry::Registry& registry, Apply apply)
    : rulebook_(rulebook),
      registry_(registry),
      apply_(std::move(apply)),
      stability_(rulebook_, registry_, accounts_, StabilityPort()) {
  const auto open = [this](AccountKind kind) {
    return AccountId(Do(registry::OpenAccount{kind, 0}).id);
  };
  accounts_.issuance = open(AccountKind::kIssuance);
  accounts_.bank = open(AccountKind::kBank);
  accounts_.allocation = open(AccountKind::kAllocation);
  accounts_.reserve = open(AccountKind::kReserve);
  accounts_.stability = open(AccountKind::kStability);
  accounts_.auction_stock = open(AccountKind::kAuctionStock);
  accounts_.treasury = open(AccountKind::kTreasury);
  accounts_.surrender = open(AccountKind::kSurrender);
  accounts_.cancellation = open(AccountKind::kCancellation);
  accounts_.converted = open(AccountKind::kConverted);
  accounts_.expired = open(AccountKind::kExpired);
  cny_ = LedgerId(
      static_cast<std::uint16_t>(Do(registry::OpenLedger{Unit::Cash(Currency::kCny), 0}).id));
  offset_ = LedgerId(static_cast<std::uint16_t>(Do(registry::OpenLedger{Unit::Offset(), 0}).id));
  const auto years = static_cast<std::size_t>(rulebook_.last_vintage - rulebook_.first_vintage + 1);
  figures_.assign(rulebook_.sectors.size(), std::vector<double>(years, 0));
  offered_.assign(rulebook_.sectors.size(), std::vector<Tonnes>(years));
  pools_.assign(rulebook_.sectors.size(), std::vector<Tonnes>(years));
}

StabilityDesk::Port Authority::StabilityPort() {
  return {.apply = [this](const registry::Command& command) { return Do(command); },
          .ledger = [this](int vintage) { return Ledger(vintage); },
          .used = [this](int year, bool only_capped) { return UsedIn(year, only_capped); }};
}

registry::Receipt Authority::Do(const registry::Command& command) {
  const auto receipt = apply_(command);
  if (receipt.ok()) return *receipt;
  ++refused_;
  return {};
}

LedgerId Authority::Ledger(int vintage) {
  const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
  if (registry_.has_ledger(unit)) return registry_.ledger(unit);
  return LedgerId(static_cast<std::uint16_t>(Do(registry::OpenLedger{unit, 0}).id));
}

void Authority::Enrol(FirmId firm, std::size_t sector, AccountId holder,
                      const policy::Activity& last_activity) {
  if (firms_.size() <= firm.raw()) firms_.resize(firm.raw() + 1);
  Enrolled& enrolled = firms_[firm.raw()];
  ETS_ASSERT(enrolled.sector == kNotListed);
  enrolled.sector = sector;
  enrolled.holder = holder;
  enrolled.last_activity = last_activity;
  enrolled.vintages.resize(
      static_cast<std::size_t>(rulebook_.last_vintage - rulebook_.first_vintage + 1));
}

FirmVintage& Authority::At(Enrolled& firm, int vintage) {
  ETS_ASSERT(vintage >= rulebook_.first_vintage && vintage <= rulebook_.last_vintage);
  return firm.vintages[static_cast<std::size_t>(vintage - rulebook_.first_vintage)];
}

const FirmVintage& Authority::firm_vintage(FirmId firm, int vintage) const {
  ETS_ASSERT(vintage >= rulebook_.first_vintage && vintage <= rulebook_.last_vintage);
  static const FirmVintage kNone;
  if (firm.raw() >= firms_.size() || firms_[firm.raw()].sector == kNotListed) return kNone;
  return firms_[firm.raw()].vintages[static_cast<std::size_t>(vintage - rulebook_.first_vintage)];
}

double Authority::sector_figure(std::size_t sector, int vintage) const {
  return figures_[sector][static_cast<std::size_t>(vintage - rulebook_.first_vintage)];
}

Tonnes Authority::offered(std::size_t sector, int vintage) const {
  return offered_[sector][static_cast<std::size_t>(vintage - rulebook_.first_vintage)];
}

Tonnes Authority::arrears(FirmId firm) const {
  return firm.raw() < firms_.size() ? firms_[firm.raw()].arrears : Tonnes();
}

const VintageBook* Authority::Book(std::size_t sector, int vintage) const {
  const auto& vintages = rulebook_.sectors[sector].vintages;
  const auto found = vintages.find(vintage);
  return found == vintages.end() ? nullptr : &found->second;
}

void Authority::File(FirmId firm, int vintage, const policy::Activity& activity) {
  Enrolled& enrolled = firms_[firm.raw()];
  FirmVintage& record = At(enrolled, vintage);
  record.activity = activity;
  // The draft plan for 2025 and 2026 counts whole MWh and GJ.
  if (vintage >= rulebook_.first_banking_vintage &&
      activity.unit_class != policy::UnitClass::kNone) {
    record.activity.output = std::floor(activity.output);
    record.activity.heat = std::floor(activity.heat);
  }
  const VintageBook* book = Book(enrolled.sector, vintage);
  record.activity.neutral |=
      book != nullptr && !book->rule->capped && activity.emissions < rulebook_.threshold_t;
  record.reported = true;
  Do(registry::ReportEmissions{firm.raw(), static_cast<std::uint16_t>(vintage),
                               policy::RoundDown(activity.emissions)});
}

void Authority::Morning(Date today) {
  const int year = today.year();
  today_ = today;
  if (today.month() == 1 && today.day() == 1) {
    stability_.EndYear(year - 1);
    OpenCappedYear(year);
    stability_.OpenYear(today, plan_);
  }
  stability_.Morning(today, plan_);
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) {
    for (const int vintage : {year - 1, year}) {
      const VintageBook* book = Book(s, vintage);
      if (book == nullptr) continue;
      if (book->dates.verification == today) Verify(s, vintage);
      if (book->dates.pre_allocation == today) PreAllocate(s, vintage);
      if (book->dates.final_issue == today) AllocateFinally(s, vintage);
    }
  }
  if (today == rulebook_.legacy_expiry) ExpireLegacy();
}

void Authority::OpenCappedYear(int year) {
  if (year > rulebook_.last_vintage) return;
  const Tonnes caps = rulebook_.Caps(year);
  bool all_capped = true;
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) {
    const VintageBook* book = Book(s, year);
    all_capped &= book == nullptr || book->rule->capped;
  }
  if (caps == Tonnes()) return;
  const LedgerId ledger = Ledger(year);
  // A mixed vintage has units outside any cap; then the cap binds by sector, here, and not by
  // ledger.
  if (all_capped) Do(registry::SetCap{ledger, caps.count()});
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) {
    const VintageBook* book = Book(s, year);
    if (book == nullptr || !book->rule->capped) continue;
    const policy::CapParts parts = policy::CutCap(book->cap, book->paid_share, book->reserve_share);
    const auto v = static_cast<std::size_t>(year - rulebook_.first_vintage);
    pools_[s][v] = parts.free;
    offered_[s][v] = parts.paid;
    if (parts.free > Tonnes())
      Do(registry::Issue{accounts_.allocation, ledger, parts.free.count(), TransferCode::kIssue});
    if (parts.reserve > Tonnes())
      Do(registry::Issue{accounts_.reserve, ledger, parts.reserve.count(), TransferCode::kIssue});
    if (parts.paid > Tonnes())
      Do(registry::Issue{accounts_.auction_stock, ledger, parts.paid.count(),
                         TransferCode::kIssue});
  }
  PlanAuctions(year);
}

void Authority::Give(Enrolled& firm, int vintage, Tonnes amount, TransferCode code) {
  // What the firm still owes from an earlier take-back is netted first.
  const Tonnes netted = std::min(amount, firm.owed);
  firm.owed -= netted;
  totals_.issued_free += amount.count();
  if (netted > Tonnes()) totals_.taken_back += netted.count();
  const Tonnes given = amount - netted;
  if (given == Tonnes()) return;
  Do(registry::Allocate{accounts_.allocation, firm.holder, Ledger(vintage),
                        static_cast<std::uint16_t>(vintage), given.count(), code});
}

void Authority::PreAllocate(std::size_t sector, int vintage) {
  const VintageBook& book = *Book(sector, vintage);
  if (book.pre_allocation_share <= 0) return;
  const auto v = static_cast<std::size_t>(vintage - rulebook_.first_vintage);
  double weights = 0;
  const auto last = [&](Enrolled& firm) -> const policy::Activity& {
    // The last verified year: the one before the vintage, under a cap (in the running year) two
    // before.
    for (int year = vintage - 1; year >= rulebook_.first_vintage; --year) {
      if (At(firm, year).verified) return At(firm, year).activity;
    }
    return firm.last_activity;
  };
  if (book.rule->capped) {
    for (Enrolled& firm : firms_) {
      if (firm.sector == sector) weights += policy::CapWeight(last(firm), book.terms);
    }
  }
  Tonnes sum;
  for (Enrolled& firm : firms_) {
    if (firm.sector != sector) continue;
    const policy::Activity& activity = last(firm);
    FirmVintage& record = At(firm, vintage);
    if (book.rule->capped) {
      const double share = weights > 0 ? policy::CapWeight(activity, book.terms) / weights : 0;
      record.pre_allocated = policy::RoundDown(
          book.pre_allocation_share * static_cast<double>(pools_[sector][v].count()) * share);
    } else {
      record.pre_allocated =
          policy::PreAllocation(book.pre_allocation_share, policy::RoundDown(activity.emissions));
    }
    sum += record.pre_allocated;
  }
  if (!book.rule->capped && sum > Tonnes()) {
    Do(registry::Issue{accounts_.allocation, Ledger(vintage), sum.count(), TransferCode::kIssue});
  }
  for (Enrolled& firm : firms_) {
    if (firm.sector != sector) continue;
    const Tonnes amount = At(firm, vintage).pre_allocated;
    if (amount > Tonnes()) Give(firm, vintage, amount, TransferCode::kPreAllocation);
  }
}

void Authority::Verify(std::size_t sector, int vintage) {
  for (std::uint32_t i = 0; i < firms_.size(); ++i) {
    if (firms_[i].sector != sector) continue;
    FirmVintage& record = At(firms_[i], vintage);
    if (!record.reported) continue;
    record.verified = true;
    Do(registry::VerifyEmissions{i, static_cast<std::uint16_t>(vintage),
                                 policy::RoundDown(record.activity.emissions)});
  }
}

// Entrants and special cases under a cap: the free part of what they emitted, out of the reserve,
// in the order of their numbers. Whom it no longer covers shares in the pool like everyone.
Tonnes Authority::ServeEntrants(std::size_t sector, int vintage) {
  const VintageBook& book = *Book(sector, vintage);
  const LedgerId ledger = Ledger(vintage);
  const Tonnes reserve(registry_.balance(accounts_.reserve, ledger));
  Tonnes served;
  for (Enrolled& firm : firms_) {
    if (firm.sector != sector) continue;
    FirmVintage& record = At(firm, vintage);
    if (!record.verified || !record.activity.neutral) continue;
    const Tonnes wanted = policy::RoundDown(record.activity.emissions * (1 - book.paid_share));
    record.activity.neutral = served + wanted <= reserve;
    if (!record.activity.neutral) continue;
    record.allocated = wanted;
    served += wanted;
  }
  if (served > Tonnes()) {
    Do(registry::MakeTransfer{{accounts_.reserve, accounts_.allocation, ledger, served.count(),
                               TransferCode::kEntrantAllocation,
                               static_cast<std::uint16_t>(vintage), 0}});
  }
  return served;
}

void Authority::AllocateFinally(std::size_t sector, int vintage) {
  const VintageBook& book = *Book(sector, vintage);
  const auto v = static_cast<std::size_t>(vintage - rulebook_.first_vintage);
  policy::Terms terms = book.terms;
  terms.free_pool_t = static_cast<double>(pools_[sector][v].count());
  const Tonnes from_reserve = book.rule->capped ? ServeEntrants(sector, vintage) : Tonnes();
  std::vector<policy::Activity> activities;
  for (Enrolled& firm : firms_) {
    if (firm.sector == sector && At(firm, vintage).verified)
      activities.push_back(At(firm, vintage).activity);
  }
  terms.sector_figure = book.rule->solve(activities, terms);
  figures_[sector][v] = terms.sector_figure;

  Tonnes pre;
  Tonnes allocated;
  for (Enrolled& firm : firms_) {
    if (firm.sector != sector) continue;
    FirmVintage& record = At(firm, vintage);
    if (record.verified && !(book.rule->capped && record.activity.neutral))
      record.allocated = policy::RoundDown(book.rule->allocate(record.activity, terms));
    pre += record.pre_allocated;
    allocated += record.allocated;
  }
  // Under a cap everything comes out of the pool; the floors may not be exceeded by rounding.
  ETS_ASSERT(!book.rule->capped || allocated <= pools_[sector][v] + from_reserve);
  const LedgerId ledger = Ledger(vintage);
  // Taken back first, so that what is given out is there.
  Tonnes issued_more;
  for (Enrolled& firm : firms_) {
    if (firm.sector != sector) continue;
    FirmVintage& record = At(firm, vintage);
    const policy::TrueUp settled = policy::Settle(record.allocated, record.pre_allocated);
    record.final = true;
    issued_more += settled.issue;
    if (settled.take_back == Tonnes()) continue;
    record.taken_back = settled.take_back;
    const registry::Receipt receipt =
        Do(registry::TakeBack{firm.holder, accounts_.allocation, ledger,
                              static_cast<std::uint16_t>(vintage), settled.take_back.count()});
    totals_.taken_back += receipt.amount;
    firm.owed += settled.take_back - Tonnes(receipt.amount);
  }
  if (!book.rule->capped && issued_more > Tonnes()) {
    Do(registry::Issue{accounts_.allocation, ledger, issued_more.count(), TransferCode::kIssue});
  }
  for (Enrolled& firm : firms_) {
    if (firm.sector != sector) continue;
    FirmVintage& record = At(firm, vintage);
    const policy::TrueUp settled = policy::Settle(record.allocated, record.pre_allocated);
    if (settled.issue > Tonnes())
      Give(firm, vintage, settled.issue, TransferCode::kFinalAllocation);
  }
  bool last_of_the_day = true;
  for (std::size_t s = sector + 1; s < rulebook_.sectors.size(); ++s) {
    const VintageBook* other = Book(s, vintage);
    last_of_the_day &= other == nullptr || other->dates.final_issue != book.dates.final_issue;
  }
  if (last_of_the_day) CloseVintage(vintage);
}

// After the last final issue: what is left in the reserve, and what rounding or taking back left in
// the allocation account, joins the stability stock where there is a cap and is cancelled where
// there is none.
void Authority::CloseVintage(int vintage) {
  bool capped = false;
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) {
    const VintageBook* book = Book(s, vintage);
    if (book == nullptr) continue;
    capped |= book->rule->capped;
    for (Enrolled& firm : firms_) {
      if (firm.sector == s && !At(firm, vintage).final) return;  // Another sector comes later.
      if (firm.sector == s) break;
    }
  }
  const LedgerId ledger = Ledger(vintage);
  for (const AccountId from : {accounts_.reserve, accounts_.allocation}) {
    const std::int64_t left = registry_.balance(from, ledger);
    if (left <= 0) continue;
    if (capped) {
      stability_.TakeLeftOver(from, ledger, Tonnes(left), vintage);
    } else {
      Do(registry::MakeTransfer{{from, accounts_.cancellation, ledger, left, TransferCode::kCancel,
                                 static_cast<std::uint16_t>(vintage), 0}});
    }
  }
}

// Verified emissions and offsets of one emission year.
StabilityDesk::Port::Used Authority::UsedIn(int year, bool only_capped) const {
  StabilityDesk::Port::Used used;
  for (std::uint32_t i = 0; i < firms_.size(); ++i) {
    if (firms_[i].sector == kNotListed) continue;
    const VintageBook* book = Book(firms_[i].sector, year);
    if (book == nullptr || (only_capped && !book->rule->capped)) continue;
    const registry::ComplianceView view = registry_.compliance(i, static_cast<std::uint16_t>(year));
    used.emissions += view.emissions;
    used.offsets += view.offsets;
  }
  return used;
}

void Authority::Evening(Date today, Price month_price) {
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) {
    const VintageBook* book = Book(s, today.year() - 1);
    if (book != nullptr && book->dates.deadline == today)
      AssessSector(s, today.year() - 1, month_price);
  }
}

void Authority::AssessSector(std::size_t sector, int vintage, Price month_price) {
  for (std::uint32_t i = 0; i < firms_.size(); ++i) {
    Enrolled& firm = firms_[i];
    FirmVintage& record = At(firm, vintage);
    if (firm.sector != sector || !record.verified) continue;
    const registry::Receipt receipt =
        Do(registry::AssessCompliance{i, static_cast<std::uint16_t>(vintage)});
    record.assessed = true;
    record.shortfall = Tonnes(receipt.amount);
    if (record.shortfall == Tonnes()) continue;
    const int multiple = policy::FineMultiple(firm.breaches++, rulebook_.fine_first,
                                              rulebook_.fine_second, rulebook_.fine_later);
    record.fine = policy::ShortfallFine(record.shortfall, month_price, multiple);
    firm.arrears += record.shortfall;
    if (record.fine <= Money()) continue;
    // A fine is paid from the firm's operating income, which reaches it through the bank.
    Do(registry::Issue{firm.holder, cny_, record.fine.minor(), TransferCode::kOther});
    Do(registry::MakeTransfer{{firm.holder, accounts_.treasury, cny_, record.fine.minor(),
                               TransferCode::kFine, static_cast<std::uint16_t>(vintage), 0}});
  }
}

// 2023-24 plan, annex 5: only who surrendered in full and on time may carry over.
bool Authority::WasShortBeforeBanking(FirmId firm) const {
  const int last = rulebook_.first_banking_vintage - 1;
  return last >= rulebook_.first_vintage && firm_vintage(firm, last).shortfall > Tonnes();
}

Tonnes Authority::CarryOverRoom(FirmId firm, Tonnes net_sales, Tonnes holding) const {
  const Enrolled& enrolled = firms_[firm.raw()];
  if (WasShortBeforeBanking(firm)) return Tonnes();
  return policy::CarryOverLimit(rulebook_.carry_over_base[enrolled.sector], net_sales,
                                rulebook_.carry_over_multiple, holding);
}

Tonnes Authority::CarryOver(FirmId firm, Tonnes wanted) {
  const Enrolled& enrolled = firms_[firm.raw()];
  Tonnes converted;
  if (WasShortBeforeBanking(firm)) return converted;
  for (int vintage = 2020; vintage < rulebook_.first_banking_vintage && wanted > Tonnes();
       ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (!registry_.has_ledger(unit)) continue;
    const Tonnes part =
        std::min(wanted, Tonnes(registry_.balance(enrolled.holder, registry_.ledger(unit))));
    if (part <= Tonnes()) continue;
    Do(registry::ConvertUnits{enrolled.holder, registry_.ledger(unit),
                              Ledger(rulebook_.first_banking_vintage), part.count()});
    converted += part;
    wanted -= part;
  }
  totals_.converted += converted.count();
  return converted;
}

void Authority::ExpireLegacy() {
  for (int vintage = 2020; vintage < rulebook_.first_banking_vintage; ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (!registry_.has_ledger(unit)) continue;
    totals_.expired_from_firms += Do(registry::ExpireLedger{registry_.ledger(unit)}).amount;
  }
}

}  // namespace ets::scheme
