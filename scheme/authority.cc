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
    : rulebook_(rulebook), registry_(registry), apply_(std::move(apply)) {
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
  if (today.month() == 1 && today.day() == 1) {
    OpenCappedYear(year);
    TrimStability(year);
  }
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
  Tonnes caps;
  bool all_capped = true;
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) {
    const VintageBook* book = Book(s, year);
    if (book == nullptr) continue;
    if (!book->rule->capped) {
      all_capped = false;
      continue;
    }
    caps += book->cap;
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

void Authority::PlanAuctions(int year) {
  auction_days_.clear();
  slots_.clear();
  if (!rulebook_.auction_enabled || year < rulebook_.auction_first_year) return;
  Tonnes volume;
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) volume += offered(s, year);
  if (volume == Tonnes()) return;
  auction_days_ = rulebook_.calendar.AuctionDays(year, rulebook_.auction_weekday);
  ETS_ASSERT(!auction_days_.empty());
  const std::int64_t lot = rulebook_.auction_format.lot.count();
  const auto days = static_cast<std::int64_t>(auction_days_.size());
  const std::int64_t each = volume.count() / days / lot * lot;
  slots_.assign(auction_days_.size(), {Tonnes(each), Tonnes(each)});
  const std::int64_t last =
      (volume.count() - each * (days - 1)) / lot * lot;  // The last takes the rest.
  slots_.back() = {Tonnes(last), Tonnes(last)};
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
    const AccountId to = capped ? accounts_.stability : accounts_.cancellation;
    Do(registry::MakeTransfer{{from, to, ledger, left,
                               capped ? TransferCode::kToStability : TransferCode::kCancel,
                               static_cast<std::uint16_t>(vintage), 0}});
  }
}

void Authority::TrimStability(int year) {
  Tonnes caps;
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) {
    const VintageBook* book = Book(s, year);
    if (book != nullptr && book->rule->capped) caps += book->cap;
  }
  Tonnes stock;
  for (int vintage = rulebook_.first_vintage; vintage <= year && vintage <= rulebook_.last_vintage;
       ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (registry_.has_ledger(unit))
      stock += Tonnes(registry_.balance(accounts_.stability, registry_.ledger(unit)));
  }
  Tonnes excess = policy::StabilityExcess(stock, caps, rulebook_.stability_ceiling);
  for (int vintage = rulebook_.first_vintage; excess > Tonnes() && vintage <= year; ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (!registry_.has_ledger(unit)) continue;
    const LedgerId ledger = registry_.ledger(unit);
    const Tonnes part = std::min(excess, Tonnes(registry_.balance(accounts_.stability, ledger)));
    if (part == Tonnes()) continue;
    Do(registry::MakeTransfer{{accounts_.stability, accounts_.cancellation, ledger, part.count(),
                               TransferCode::kCancel, 0, 0}});
    excess -= part;
  }
}

std::vector<PlannedAuction> Authority::Auctions(Date today) {
  std::vector<PlannedAuction> planned;
  const auto day = std::find(auction_days_.begin(), auction_days_.end(), today);
  if (day == auction_days_.end()) return planned;
  const auto slot = static_cast<std::size_t>(day - auction_days_.begin());
  slot_today_ = slot;
  const int year = today.year();
  const auto price_of = [year](const std::map<int, Price>& prices) {
    const auto found = prices.find(year);
    return found == prices.end() ? Price() : found->second;
  };
  const Tonnes stock(registry_.balance(accounts_.auction_stock, Ledger(year)));
  const Tonnes lot = rulebook_.auction_format.lot;
  Tonnes volume = std::min(slots_[slot].volume, stock);
  volume = Tonnes(volume.count() / lot.count() * lot.count());
  if (volume > Tonnes())
    planned.push_back({year, volume, price_of(rulebook_.auction_reserve), false});

  const Price trigger = price_of(rulebook_.containment_trigger);
  Tonnes held;
  for (int vintage = rulebook_.first_vintage; vintage <= year; ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (registry_.has_ledger(unit))
      held += Tonnes(registry_.balance(accounts_.stability, registry_.ledger(unit)));
  }
  Tonnes extra = trigger > Price()
                     ? policy::ContainmentVolume(last_prices_, rulebook_.containment_window,
                                                 trigger, held, rulebook_.containment_share, lot)
                     : Tonnes();
  for (int vintage = rulebook_.first_banking_vintage; extra > Tonnes() && vintage <= year;
       ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (!registry_.has_ledger(unit)) continue;
    Tonnes part =
        std::min(extra, Tonnes(registry_.balance(accounts_.stability, registry_.ledger(unit))));
    part = Tonnes(part.count() / lot.count() * lot.count());
    if (part == Tonnes()) continue;
    Do(registry::MakeTransfer{{accounts_.stability, accounts_.auction_stock, registry_.ledger(unit),
                               part.count(), TransferCode::kFromStability, 0, 0}});
    planned.push_back({vintage, part, trigger, true});
    extra -= part;
  }
  return planned;
}

std::size_t Authority::AuctionsLeft(Date today) const {
  return static_cast<std::size_t>(
      auction_days_.end() - std::lower_bound(auction_days_.begin(), auction_days_.end(), today));
}

void Authority::AuctionHeld(const PlannedAuction& planned, const auction::Clearing& clearing) {
  const Tonnes unsold = planned.volume - clearing.sold;
  const LedgerId ledger = Ledger(planned.vintage);
  const auto to_stability = [&](Tonnes amount) {
    if (amount == Tonnes()) return;
    Do(registry::MakeTransfer{{accounts_.auction_stock, accounts_.stability, ledger, amount.count(),
                               TransferCode::kToStability, 0, 0}});
  };
  const auto cancel = [&](Tonnes amount) {
    if (amount == Tonnes()) return;
    Do(registry::MakeTransfer{{accounts_.auction_stock, accounts_.cancellation, ledger,
                               amount.count(), TransferCode::kCancel, 0, 0}});
  };
  if (planned.containment) {
    to_stability(unsold);
    return;
  }
  // Nothing sold is a price at the reserve for the trigger's mean: it cannot be above it.
  last_prices_.push_back(clearing.sold > Tonnes() ? clearing.price : planned.reserve);
  if (last_prices_.size() > static_cast<std::size_t>(rulebook_.containment_window))
    last_prices_.erase(last_prices_.begin());
  const std::size_t slot = slot_today_;
  const bool above_reserve = clearing.price > planned.reserve;
  clean_auctions_ = unsold == Tonnes() && above_reserve ? clean_auctions_ + 1 : 0;
  const auto spread = [&](Tonnes volume, int auctions) {
    const auction::Format& format = rulebook_.auction_format;
    const std::int64_t whole = volume.count() / format.lot.count() * format.lot.count();
    const Tonnes left = auction::SpreadUnsold(slots_, slot, Tonnes(whole),
                                              {auctions, format.unsold_ceiling_bp}, format.lot);
    return volume - Tonnes(whole) + left;
  };
  switch (rulebook_.auction_format.unsold) {
    case auction::Unsold::kNextAuctions:
      to_stability(spread(unsold, static_cast<int>(rulebook_.auction_format.unsold_auctions)));
      break;
    case auction::Unsold::kNextOfYear:
      to_stability(spread(unsold, 1));
      break;
    case auction::Unsold::kAfterCleanAuctions:
      // It stays in the stock until enough auctions sold out above the reserve.
      kept_ += unsold;
      if (clean_auctions_ >= rulebook_.auction_format.unsold_auctions) kept_ = spread(kept_, 1);
      break;
    case auction::Unsold::kReserve:
      to_stability(unsold);
      break;
    case auction::Unsold::kCancel:
      cancel(unsold);
      break;
  }
  if (slot + 1 == slots_.size()) {
    kept_ = {};
    clean_auctions_ = 0;
    // Less than a lot remains after the year's last auction.
    to_stability(Tonnes(registry_.balance(accounts_.auction_stock, ledger)));
  }
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
