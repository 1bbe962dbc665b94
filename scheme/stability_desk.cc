#include "scheme/stability_desk.h"

#include <algorithm>
#include <utility>

#include "policy/stability.h"

namespace ets::scheme {
namespace {

using registry::TransferCode;

Tonnes WholeLots(Tonnes volume, Tonnes lot) {
  return Tonnes(volume.count() / lot.count() * lot.count());
}

// The first day of the month, so many months on.
Date MonthsAfter(Date month, int months) {
  const int index = month.year() * 12 + month.month() - 1 + months;
  return Date::Of(index / 12, index % 12 + 1, 1);
}

std::span<auction::Slot> SlotsBetween(AuctionPlan& plan, Date first, Date last) {
  const auto from = std::ranges::lower_bound(plan.days, first) - plan.days.begin();
  const auto to = std::ranges::upper_bound(plan.days, last) - plan.days.begin();
  return std::span(plan.slots)
      .subspan(static_cast<std::size_t>(from),
               static_cast<std::size_t>(std::max<std::ptrdiff_t>(to - from, 0)));
}

template <typename T>
const T* InYear(const std::map<int, T>& by_year, int year) {
  const auto found = by_year.find(year);
  return found == by_year.end() ? nullptr : &found->second;
}

}  // namespace

std::string_view ToString(Offer offer) {
  switch (offer) {
    case Offer::kRegular:
      return "regular";
    case Offer::kContainment:
      return "containment";
    case Offer::kReserveRule:
      return "reserve";
    case Offer::kExcessivePrice:
      return "excessive_price";
    case Offer::kCostContainment:
      return "cost_containment";
    case Offer::kCeiling:
      return "ceiling";
  }
  return "unknown";
}

StabilityDesk::StabilityDesk(const Rulebook& rulebook, const registry::Registry& registry,
                             const SystemAccounts& accounts, Port port)
    : rulebook_(rulebook), registry_(registry), accounts_(accounts), port_(std::move(port)) {}

void StabilityDesk::Move(AccountId from, AccountId to, LedgerId ledger, Tonnes amount,
                         TransferCode code, int vintage) {
  if (amount == Tonnes()) return;
  port_.apply(registry::MakeTransfer{
      {from, to, ledger, amount.count(), code, static_cast<std::uint16_t>(vintage), 0}});
}

Tonnes StabilityDesk::stock(int year) const {
  Tonnes stock;
  for (int vintage = rulebook_.first_vintage; vintage <= year && vintage <= rulebook_.last_vintage;
       ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (registry_.has_ledger(unit))
      stock += Tonnes(registry_.balance(accounts_.stability, registry_.ledger(unit)));
  }
  return stock;
}

std::int64_t StabilityDesk::announced() const {
  std::int64_t tonnes = -flows_.withheld - flows_.set_aside;
  for (const Release& release : releases_) tonnes += release.left.count();
  return tonnes;
}

std::int64_t& StabilityDesk::FlowOf(Offer offer) {
  switch (offer) {
    case Offer::kReserveRule:
      return flows_.released;
    case Offer::kExcessivePrice:
    case Offer::kCostContainment:
    case Offer::kCeiling:
      return flows_.price_rules;
    case Offer::kRegular:
    case Offer::kContainment:
      return flows_.containment;
  }
  return flows_.containment;
}

// ---- The turn of the year ----

void StabilityDesk::EndYear(int year) {
  flows_ = {};
  flows_.held_before = stock(year).count();
  year_end_ = {};
  year_end_.year = year;
  for (int vintage = rulebook_.first_banking_vintage; vintage <= year; ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (!registry_.has_ledger(unit)) continue;
    const LedgerId ledger = registry_.ledger(unit);
    const registry::LedgerTotals totals = registry_.totals(ledger);
    year_end_.supplied += Tonnes(totals.issued);
    year_end_.cancelled += Tonnes(totals.cancelled);
    for (const AccountId account :
         {accounts_.stability, accounts_.reserve, accounts_.auction_stock}) {
      year_end_.in_reserve += Tonnes(registry_.balance(account, ledger));
    }
  }
}

void StabilityDesk::OpenYear(Date today, AuctionPlan& plan) {
  Trim(today.year());
  SetAside(today.year(), plan);
  Withhold(today, plan);
}

void StabilityDesk::SetAside(int year, AuctionPlan& plan) {
  const AuctionTriggers& triggers = rulebook_.stability.triggers;
  tier_one_left_ = tier_two_left_ = withhold_left_ = {};
  const auto* prices = triggers.enabled ? InYear(triggers.by_year, year) : nullptr;
  if (prices == nullptr || plan.slots.empty()) return;
  const Tonnes lot = rulebook_.auction_format.lot;
  Tonnes volume;
  for (const auction::Slot& slot : plan.slots) volume += slot.volume;
  const auto part = [&](const std::optional<Price>& price, std::int32_t share) {
    return price ? WholeLots(policy::ShareOf(volume, share), lot) : Tonnes();
  };
  tier_one_left_ = part(prices->tier_one, triggers.tier_one);
  tier_two_left_ = part(prices->tier_two, triggers.tier_two);
  withhold_left_ = part(prices->withhold_below, triggers.withheld);
  const Tonnes wanted = tier_one_left_ + tier_two_left_;
  const Tonnes done = wanted - auction::AdjustSlots(plan.slots, wanted, lot);
  Move(accounts_.auction_stock, accounts_.stability, port_.ledger(year), done,
       TransferCode::kToStability);
  flows_.set_aside += done.count();
}

// What is above what the stock may hold is cancelled: by the reserve rule once it has a figure,
// else by the scheme's own ceiling.
void StabilityDesk::Trim(int year) {
  Tonnes excess =
      policy::StabilityExcess(stock(year), rulebook_.Caps(year), rulebook_.stability_ceiling);
  if (!figures_.empty()) {
    excess = rulebook_.stability.reserve.invalidates
                 ? policy::Invalidated(figures_.back().rule, stock(year))
                 : Tonnes();
  }
  flows_.cancelled += excess.count();
  for (int vintage = rulebook_.first_vintage; excess > Tonnes() && vintage <= year; ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (!registry_.has_ledger(unit)) continue;
    const LedgerId ledger = registry_.ledger(unit);
    const Tonnes part = std::min(excess, Tonnes(registry_.balance(accounts_.stability, ledger)));
    Move(accounts_.stability, accounts_.cancellation, ledger, part, TransferCode::kCancel);
    excess -= part;
  }
}

// ---- The reserve rule ----

void StabilityDesk::Morning(Date today, AuctionPlan& plan) {
  const ReserveRules& rules = rulebook_.stability.reserve;
  if (!rules.enabled) return;
  if (today.month() * 100 + today.day() == rules.published &&
      today.year() - 1 >= rules.first_year && year_end_.year == today.year() - 1) {
    Publish(today);
  }
  if (!(today.month() == 1 && today.day() == 1)) Withhold(today, plan);
}

CirculationFigure StabilityDesk::FigureOf(int year) const {
  const ReserveRules& rules = rulebook_.stability.reserve;
  CirculationFigure figure;
  figure.year = year;
  figure.supplied = year_end_.supplied;
  figure.cancelled = year_end_.cancelled;
  figure.in_reserve = year_end_.in_reserve;
  for (int past = rulebook_.first_banking_vintage; past <= year; ++past) {
    const Port::Used used = port_.used(past, past == year);
    figure.verified += used.emissions;
    figure.offsets += used.offsets;
  }
  figure.circulation = policy::InCirculation({.banked = {},
                                              .allocated = figure.supplied,
                                              .auctioned = {},
                                              .credits = figure.offsets,
                                              .verified = figure.verified,
                                              .cancelled = figure.cancelled,
                                              .in_reserve = figure.in_reserve});
  figure.whole = rules.of_emissions ? port_.used(year, false).emissions : rulebook_.Caps(year);
  figure.rule = policy::RuleByShares(figure.whole, rules.shares);
  return figure;
}

void StabilityDesk::Publish(Date today) {
  CirculationFigure figure = FigureOf(today.year() - 1);
  figure.published = today;
  figure.held = stock(today.year());
  figure.action = policy::ActOn(figure.rule, figure.circulation, figure.held);
  figure.period = policy::PeriodOf(figure.year);
  const bool takes = figure.action.intake > Tonnes();
  const Tonnes volume = takes ? figure.action.intake : figure.action.release;
  const auto parts = policy::ByCalendarYear(figure.period, volume);
  const Date turn = Date::Of(figure.period.last.year(), 1, 1);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    figure.parts[i] = parts[i].volume;
    const Date first = i == 0 ? figure.period.first : turn;
    const Date last = i == 0 ? turn - 1 : figure.period.last;
    if (parts[i].volume == Tonnes()) continue;
    if (takes) {
      withholdings_.push_back({first, last, parts[i].volume});
    } else {
      releases_.push_back({Offer::kReserveRule, first, last, parts[i].volume});
    }
  }
  figures_.push_back(std::move(figure));
}

// What one part finds no room for, or less than a lot, is asked of the next part of the same
// figure; what the second part leaves is not withheld at all.
void StabilityDesk::Withhold(Date today, AuctionPlan& plan) {
  for (std::size_t i = 0; i < withholdings_.size(); ++i) {
    const Withholding part = withholdings_[i];
    if (part.first != today) continue;
    const Tonnes left = auction::AdjustSlots(SlotsBetween(plan, part.first, part.last), part.volume,
                                             rulebook_.auction_format.lot);
    const Tonnes done = part.volume - left;
    Move(accounts_.auction_stock, accounts_.stability, port_.ledger(today.year()), done,
         TransferCode::kToStability);
    flows_.withheld += done.count();
    if (part.first.month() != 1 && i + 1 < withholdings_.size())
      withholdings_[i + 1].volume += left;
  }
  std::erase_if(withholdings_, [&](const Withholding& part) { return part.first <= today; });
}

// ---- Price rules ----

void StabilityDesk::MonthEnded(Date today, Price mean, AuctionPlan& plan) {
  months_.push_back(mean);
  const StabilityRules& rules = rulebook_.stability;
  ReadRule(rules.excessive_price, Offer::kExcessivePrice, excessive_quiet_until_, today, plan);
  ReadRule(rules.cost_containment, Offer::kCostContainment, containment_quiet_until_, today, plan);
}

void StabilityDesk::ReadRule(const PriceRule& rule, Offer offer, Date& quiet_until, Date today,
                             AuctionPlan& plan) {
  if (!rule.enabled || today.year() < rule.first_year) return;
  const auto age = static_cast<std::size_t>(today.year() - rule.first_year);
  const auto read = policy::Read(rule.by_year[std::min(age, rule.by_year.size() - 1)], months_);
  if (!read) return;
  PriceReading reading{today,           offer, read->recent, read->reference, read->threshold,
                       read->triggered, {}};
  if (read->triggered && rule.acts && today >= quiet_until) {
    quiet_until = MonthsAfter(today, rule.pause_months);
    const Date last = MonthsAfter(today, rule.over_months) - 1;
    const Tonnes volume = policy::ShareOf(rulebook_.Caps(today.year()), rule.volume);
    if (rule.from_later_auctions) {
      reading.volume = BringForward(today, last, volume, plan);
    } else {
      reading.volume = std::min(volume, stock(today.year()));
      if (reading.volume > Tonnes()) releases_.push_back({offer, today, last, reading.volume});
    }
  }
  readings_.push_back(reading);
}

// Takes from the year's auctions after `last` what those until then offer in addition.
Tonnes StabilityDesk::BringForward(Date first, Date last, Tonnes volume, AuctionPlan& plan) {
  const Tonnes lot = rulebook_.auction_format.lot;
  const std::span<auction::Slot> now = SlotsBetween(plan, first, last);
  const std::span<auction::Slot> later =
      SlotsBetween(plan, last + 1, Date::Of(first.year(), 12, 31));
  if (now.empty() || last.year() != first.year()) return {};
  const Tonnes taken = volume - auction::AdjustSlots(later, volume, lot);
  auction::AdjustSlots(now, Tonnes(-taken.count()), lot);
  return taken;
}

Price StabilityDesk::WithFloor(int year, Price reserve) const {
  const Collar& collar = rulebook_.stability.collar;
  const auto* prices = collar.enabled ? InYear(collar.by_year, year) : nullptr;
  return prices == nullptr ? reserve : std::max(reserve, prices->floor);
}

void StabilityDesk::AddTriggers(PlannedAuction& regular) {
  const AuctionTriggers& triggers = rulebook_.stability.triggers;
  const auto* prices = triggers.enabled ? InYear(triggers.by_year, regular.vintage) : nullptr;
  if (prices == nullptr) return;
  const LedgerId ledger = port_.ledger(regular.vintage);
  const Tonnes lot = rulebook_.auction_format.lot;
  const auto add = [&](const std::optional<Price>& price, Tonnes left) {
    const Tonnes there(registry_.balance(accounts_.stability, ledger));
    const Tonnes volume = WholeLots(std::min(left, there), lot);
    if (!price || volume == Tonnes()) return;
    Move(accounts_.stability, accounts_.auction_stock, ledger, volume,
         TransferCode::kFromStability);
    flows_.containment += volume.count();
    regular.tiers.push_back({*price, volume});
  };
  add(prices->tier_one, tier_one_left_);
  add(prices->tier_two, tier_two_left_);
  const Tonnes keeps = std::min(withhold_left_, regular.volume);
  if (prices->withhold_below && keeps > Tonnes()) {
    regular.withholding = auction::Trigger{*prices->withhold_below, keeps};
  }
}

// ---- Extra offers ----

int StabilityDesk::AuctionsFrom(Date today, Date last, const AuctionPlan& plan) const {
  const auto between = [&](const std::vector<Date>& days) {
    return static_cast<int>(
        std::ranges::count_if(days, [&](Date day) { return day >= today && day <= last; }));
  };
  int count = between(plan.days);
  for (int year = today.year() + 1; year <= last.year(); ++year) {
    count += between(rulebook_.calendar.AuctionDays(year, rulebook_.auction_weekday));
  }
  return count;
}

std::vector<PlannedAuction> StabilityDesk::Draw(Offer offer, Tonnes volume, int year,
                                                Price reserve) {
  const Tonnes lot = rulebook_.auction_format.lot;
  std::vector<PlannedAuction> drawn;
  for (int vintage = rulebook_.first_banking_vintage; volume > Tonnes() && vintage <= year;
       ++vintage) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(vintage));
    if (!registry_.has_ledger(unit)) continue;
    const LedgerId ledger = registry_.ledger(unit);
    const Tonnes part =
        WholeLots(std::min(volume, Tonnes(registry_.balance(accounts_.stability, ledger))), lot);
    if (part == Tonnes()) continue;
    Move(accounts_.stability, accounts_.auction_stock, ledger, part, TransferCode::kFromStability);
    FlowOf(offer) += part.count();
    drawn.push_back({.vintage = vintage, .volume = part, .reserve = reserve, .offer = offer});
    volume -= part;
  }
  return drawn;
}

std::vector<PlannedAuction> StabilityDesk::Offers(Date today, const AuctionPlan& plan,
                                                  Price reserve, Price seen) {
  const Tonnes lot = rulebook_.auction_format.lot;
  std::vector<PlannedAuction> offers;
  for (Release& release : releases_) {
    if (today < release.first || today > release.last) continue;
    const int auctions = AuctionsFrom(today, release.last, plan);
    const Tonnes volume = WholeLots(Tonnes(release.left.count() / std::max(auctions, 1)), lot);
    release.left -= volume;
    for (PlannedAuction& offer : Draw(release.offer, volume, today.year(), reserve))
      offers.push_back(std::move(offer));
  }
  std::erase_if(releases_, [&](const Release& release) {
    return today > release.last || AuctionsFrom(today + 1, release.last, plan) == 0;
  });
  for (PlannedAuction& offer : AtCeiling(today, seen)) offers.push_back(std::move(offer));
  return offers;
}

std::vector<PlannedAuction> StabilityDesk::AtCeiling(Date today, Price seen) {
  const Collar& collar = rulebook_.stability.collar;
  const int year = today.year();
  const auto* prices = collar.enabled ? InYear(collar.by_year, year) : nullptr;
  if (prices == nullptr || seen < prices->ceiling) return {};
  const Tonnes volume =
      WholeLots(policy::ShareOf(rulebook_.Caps(year), collar.offer), rulebook_.auction_format.lot);
  std::vector<PlannedAuction> offers = Draw(Offer::kCeiling, volume, year, prices->ceiling);
  Tonnes rest = volume;
  for (const PlannedAuction& offer : offers) rest -= offer.volume;
  rest = WholeLots(rest, rulebook_.auction_format.lot);
  if (collar.without_end && rest > Tonnes()) {
    const LedgerId ledger = port_.ledger(year);
    if (const std::int64_t cap = registry_.cap(ledger); cap > 0)
      port_.apply(registry::SetCap{ledger, cap + rest.count()});
    port_.apply(
        registry::Issue{accounts_.auction_stock, ledger, rest.count(), TransferCode::kIssue});
    offers.push_back({.vintage = year,
                      .volume = rest,
                      .reserve = prices->ceiling,
                      .offer = Offer::kCeiling,
                      .above_cap = true});
  }
  Tonnes offered;
  for (const PlannedAuction& offer : offers) offered += offer.volume;
  readings_.push_back({today, Offer::kCeiling, seen, {}, prices->ceiling, true, offered});
  return offers;
}

void StabilityDesk::Held(Date today, const PlannedAuction& planned,
                         const auction::Clearing& clearing) {
  const LedgerId ledger = port_.ledger(planned.vintage);
  if (planned.above_cap) {
    above_caps_ += clearing.sold.count();
    Move(accounts_.auction_stock, accounts_.cancellation, ledger, planned.volume - clearing.sold,
         TransferCode::kCancel);
    return;
  }
  Tonnes back = planned.offer == Offer::kRegular ? Tonnes() : planned.volume - clearing.sold;
  for (const auction::Trigger& tier : planned.tiers) back += tier.volume;
  back -= clearing.contained;
  Move(accounts_.auction_stock, accounts_.stability, ledger, back, TransferCode::kToStability);
  flows_.returned += back.count();
  if (clearing.contained > Tonnes()) {
    const Tonnes one = std::min(clearing.contained, tier_one_left_);
    tier_one_left_ -= one;
    tier_two_left_ -= clearing.contained - one;
    readings_.push_back({today,
                         Offer::kContainment,
                         clearing.price,
                         {},
                         planned.tiers.front().price,
                         true,
                         clearing.contained});
  }
  if (clearing.withheld > Tonnes()) {
    withhold_left_ -= clearing.withheld;
    Move(accounts_.auction_stock, accounts_.cancellation, ledger, clearing.withheld,
         TransferCode::kCancel);
    readings_.push_back({today,
                         Offer::kRegular,
                         clearing.price,
                         {},
                         planned.withholding->price,
                         true,
                         clearing.withheld});
  }
}

void StabilityDesk::TakeUnsold(LedgerId ledger, Tonnes amount) {
  Move(accounts_.auction_stock, accounts_.stability, ledger, amount, TransferCode::kToStability);
  flows_.unsold += amount.count();
}

void StabilityDesk::TakeLeftOver(AccountId from, LedgerId ledger, Tonnes amount, int vintage) {
  Move(from, accounts_.stability, ledger, amount, TransferCode::kToStability, vintage);
  flows_.left_over += amount.count();
}

}  // namespace ets::scheme
