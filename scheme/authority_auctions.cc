// The authority as auctioneer: the year's plan, what a day offers, where the unsold goes.

#include <algorithm>

#include "policy/stability.h"
#include "scheme/authority.h"

namespace ets::scheme {

using registry::TransferCode;

void Authority::PlanAuctions(int year) {
  plan_.days.clear();
  plan_.slots.clear();
  if (!rulebook_.auction_enabled || year < rulebook_.auction_first_year) return;
  Tonnes volume;
  for (std::size_t s = 0; s < rulebook_.sectors.size(); ++s) volume += offered(s, year);
  if (volume == Tonnes()) return;
  plan_.days = rulebook_.calendar.AuctionDays(year, rulebook_.auction_weekday);
  ETS_ASSERT(!plan_.days.empty());
  const std::int64_t lot = rulebook_.auction_format.lot.count();
  const auto days = static_cast<std::int64_t>(plan_.days.size());
  const std::int64_t each = volume.count() / days / lot * lot;
  plan_.slots.assign(plan_.days.size(), {Tonnes(each), Tonnes(each)});
  const std::int64_t last =
      (volume.count() - each * (days - 1)) / lot * lot;  // The last takes the rest.
  plan_.slots.back() = {Tonnes(last), Tonnes(last)};
}

void Authority::MonthEnded(Date today, Price mean) { stability_.MonthEnded(today, mean, plan_); }

std::vector<PlannedAuction> Authority::Auctions(Date today, Price last_close) {
  std::vector<PlannedAuction> planned;
  planned_today_ = 0;
  const auto day = std::ranges::find(plan_.days, today);
  if (day == plan_.days.end()) return planned;
  const auto slot = static_cast<std::size_t>(day - plan_.days.begin());
  slot_today_ = slot;
  const int year = today.year();
  const auto price_of = [year](const std::map<int, Price>& prices) {
    const auto found = prices.find(year);
    return found == prices.end() ? Price() : found->second;
  };
  const Tonnes stock(registry_.balance(accounts_.auction_stock, Ledger(year)));
  const Tonnes lot = rulebook_.auction_format.lot;
  Tonnes volume = std::min(plan_.slots[slot].volume, stock);
  volume = Tonnes(volume.count() / lot.count() * lot.count());
  const Price reserve = stability_.WithFloor(year, price_of(rulebook_.auction_reserve));
  if (volume > Tonnes()) {
    planned.push_back({.vintage = year, .volume = volume, .reserve = reserve});
    stability_.AddTriggers(planned.back());
  }
  const auto add = [&planned](const std::vector<PlannedAuction>& offers) {
    planned.insert(planned.end(), offers.begin(), offers.end());
  };
  const Price trigger = price_of(rulebook_.containment_trigger);
  if (trigger > Price()) {
    add(stability_.Draw(
        Offer::kContainment,
        policy::ContainmentVolume(last_prices_, rulebook_.containment_window, trigger,
                                  stability_.stock(year), rulebook_.containment_share, lot),
        year, trigger));
  }
  const Price seen = last_prices_.empty() ? last_close : std::max(last_close, last_prices_.back());
  add(stability_.Offers(today, plan_, reserve, seen));
  planned_today_ = planned.size();
  if (planned.empty() && slot + 1 == plan_.slots.size()) EndAuctionYear(year);
  return planned;
}

std::size_t Authority::AuctionsLeft(Date today) const {
  return static_cast<std::size_t>(plan_.days.end() - std::ranges::lower_bound(plan_.days, today));
}

void Authority::AuctionHeld(const PlannedAuction& planned, const auction::Clearing& clearing) {
  stability_.Held(today_, planned, clearing);
  if (planned.offer == Offer::kRegular) RegularHeld(planned, clearing);
  ETS_ASSERT(planned_today_ > 0);
  if (--planned_today_ == 0 && slot_today_ + 1 == plan_.slots.size()) EndAuctionYear(today_.year());
}

void Authority::RegularHeld(const PlannedAuction& planned, const auction::Clearing& clearing) {
  const Tonnes unsold = planned.volume + clearing.contained - clearing.withheld - clearing.sold;
  const LedgerId ledger = Ledger(planned.vintage);
  const auto cancel = [&](Tonnes amount) {
    if (amount == Tonnes()) return;
    Do(registry::MakeTransfer{{accounts_.auction_stock, accounts_.cancellation, ledger,
                               amount.count(), TransferCode::kCancel, 0, 0}});
  };
  // Nothing sold is a price at the reserve for the trigger's mean: it cannot be above it.
  last_prices_.push_back(clearing.sold > Tonnes() ? clearing.price : planned.reserve);
  if (last_prices_.size() > static_cast<std::size_t>(rulebook_.containment_window))
    last_prices_.erase(last_prices_.begin());
  const bool above_reserve = clearing.price > planned.reserve;
  clean_auctions_ = unsold == Tonnes() && above_reserve ? clean_auctions_ + 1 : 0;
  const auto spread = [&](Tonnes volume, int auctions) {
    const auction::Format& format = rulebook_.auction_format;
    const std::int64_t whole = volume.count() / format.lot.count() * format.lot.count();
    const Tonnes left = auction::SpreadUnsold(plan_.slots, slot_today_, Tonnes(whole),
                                              {auctions, format.unsold_ceiling_bp}, format.lot);
    return volume - Tonnes(whole) + left;
  };
  switch (rulebook_.auction_format.unsold) {
    case auction::Unsold::kNextAuctions:
      stability_.TakeUnsold(
          ledger, spread(unsold, static_cast<int>(rulebook_.auction_format.unsold_auctions)));
      break;
    case auction::Unsold::kNextOfYear:
      stability_.TakeUnsold(ledger, spread(unsold, 1));
      break;
    case auction::Unsold::kAfterCleanAuctions:
      // It stays in the stock until enough auctions sold out above the reserve.
      kept_ += unsold;
      if (clean_auctions_ >= rulebook_.auction_format.unsold_auctions) kept_ = spread(kept_, 1);
      break;
    case auction::Unsold::kReserve:
      stability_.TakeUnsold(ledger, unsold);
      break;
    case auction::Unsold::kCancel:
      cancel(unsold);
      break;
  }
}

// After the year's last auction: what is kept, and what is less than a lot, joins the stock.
void Authority::EndAuctionYear(int year) {
  kept_ = {};
  clean_auctions_ = 0;
  const LedgerId ledger = Ledger(year);
  stability_.TakeUnsold(ledger, Tonnes(registry_.balance(accounts_.auction_stock, ledger)));
}

}  // namespace ets::scheme
