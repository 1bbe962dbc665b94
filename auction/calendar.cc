#include "auction/calendar.h"

#include <algorithm>
#include <utility>

namespace ets::auction {
namespace {

Tonnes WholeLots(std::int64_t tonnes, Tonnes lot) { return Tonnes(tonnes - tonnes % lot.count()); }

// The same day `months` earlier, or the last one of that month.
Date MonthsBefore(Date date, int months) {
  const int index = date.year() * 12 + date.month() - 1 - months;
  const int year = index / 12;
  const int month = index % 12 + 1;
  return Date::Of(year, month, std::min(date.day(), DaysInMonth(year, month)));
}

}  // namespace

Calendar::Calendar(std::string auctioneer, const Format& format, Date as_of,
                   std::vector<PlannedAuction> auctions)
    : auctioneer_(std::move(auctioneer)), format_(format) {
  ETS_ASSERT(WrongWith(format).empty());
  for (std::size_t i = 0; i < auctions.size(); ++i) {
    ETS_ASSERT(i == 0 || auctions[i - 1].date < auctions[i].date);
    ETS_ASSERT(auctions[i].slot.volume.count() % format.lot.count() == 0);
    totals_.proposed += auctions[i].slot.volume;
  }
  editions_.push_back({as_of, "first proposed", std::move(auctions)});
}

const Calendar::Edition* Calendar::AsOf(Date date) const {
  const Edition* found = nullptr;
  for (const Edition& edition : editions_) {
    if (edition.as_of <= date) found = &edition;
  }
  return found;
}

const PlannedAuction* Calendar::Next() const {
  return next_ < auctions().size() ? &auctions()[next_] : nullptr;
}

std::vector<PlannedAuction>& Calendar::Edit(Date as_of, std::string_view why) {
  // What came of an auction may be known after a later edition.
  editions_.push_back(
      {std::max(as_of, editions_.back().as_of), std::string(why), editions_.back().auctions});
  return editions_.back().auctions;
}

void Calendar::Held(Tonnes sold, Tonnes withheld, bool above_reserve) {
  ETS_ASSERT(Next() != nullptr);
  PlannedAuction& auction = editions_.back().auctions[next_];
  const Tonnes left = auction.slot.volume - sold - withheld;
  ETS_ASSERT(sold >= Tonnes() && withheld >= Tonnes() && left >= Tonnes());
  auction.held = true;
  auction.sold = sold;
  ++next_;
  totals_.sold += sold;
  totals_.withdrawn += withheld;
  clean_auctions_ = left == Tonnes() && above_reserve ? clean_auctions_ + 1 : 0;
  const Date date = auction.date;
  if (left > Tonnes()) Return(date, left);
  OfferKept(date);
}

void Calendar::Cancelled(std::string_view why) {
  ETS_ASSERT(Next() != nullptr);
  Edit(std::max(Next()->date, editions_.back().as_of), why);
  Held(Tonnes());
}

void Calendar::Unpaid(Tonnes volume) {
  ETS_ASSERT(next_ > 0 && volume >= Tonnes() && volume <= totals_.sold);
  if (volume == Tonnes()) return;
  std::vector<PlannedAuction>& auctions = editions_.back().auctions;
  ETS_ASSERT(auctions[next_ - 1].sold >= volume);
  auctions[next_ - 1].sold -= volume;
  totals_.sold -= volume;
  Return(auctions[next_ - 1].date, volume);
}

void Calendar::Return(Date since, Tonnes volume) {
  switch (format_.unsold) {
    case Unsold::kNextAuctions: {
      std::vector<PlannedAuction>& auctions = Edit(since, "unsold volume returns");
      std::vector<Slot> slots;
      for (const PlannedAuction& auction : auctions) slots.push_back(auction.slot);
      const UnsoldRule rule = {static_cast<int>(format_.unsold_auctions),
                               format_.unsold_ceiling_bp};
      // Less than a lot is left where shares are counted in smaller units.
      const Tonnes whole = WholeLots(volume.count(), format_.lot);
      const Tonnes over = SpreadUnsold(slots, next_ - 1, whole, rule, format_.lot);
      for (std::size_t i = 0; i < slots.size(); ++i) auctions[i].slot = slots[i];
      totals_.carried += over + (volume - whole);
      break;
    }
    case Unsold::kNextOfYear: {
      const PlannedAuction* next = Next();
      if (next == nullptr || next->date.year() != since.year()) {
        totals_.written_off += volume;
        break;
      }
      Edit(since, "unsold volume rolls over")[next_].slot.volume += volume;
      break;
    }
    case Unsold::kAfterCleanAuctions:
      kept_.push_back({since, volume});
      break;
    case Unsold::kReserve:
      totals_.reserved += volume;
      break;
    case Unsold::kCancel:
      totals_.written_off += volume;
      break;
  }
}

void Calendar::OfferKept(Date today) {
  const auto months = static_cast<int>(format_.unsold_months);
  std::erase_if(kept_, [&](const Kept& kept) {
    const bool old = months > 0 && kept.since < MonthsBefore(today, months);
    if (old) totals_.reserved += kept.volume;
    return old;
  });
  const PlannedAuction* next = Next();
  if (kept_.empty() || next == nullptr || clean_auctions_ < format_.unsold_auctions) return;
  Tonnes room(kAmountMax);
  if (format_.unsold_ceiling_bp != 0) {
    const std::int64_t ceiling =
        MulDivFloor(next->slot.first_volume.count(), format_.unsold_ceiling_bp, 10'000);
    room = Tonnes(std::max<std::int64_t>(0, ceiling - next->slot.volume.count()));
  }
  Tonnes kept;
  for (const Kept& one : kept_) kept += one.volume;
  Tonnes offer = WholeLots(std::min(room, kept).count(), format_.lot);
  if (offer == Tonnes()) return;
  Edit(today, "kept volume is offered again")[next_].slot.volume += offer;
  for (Kept& one : kept_) {  // The oldest first.
    const Tonnes part = std::min(one.volume, offer);
    one.volume -= part;
    offer -= part;
  }
  std::erase_if(kept_, [](const Kept& one) { return one.volume == Tonnes(); });
}

Tonnes Calendar::Adjust(Date as_of, std::string_view why, Date first, Date last, Tonnes volume) {
  ETS_ASSERT(as_of >= editions_.back().as_of);
  const bool adds = volume < Tonnes();
  const Tonnes wanted(adds ? -volume.count() : volume.count());
  std::vector<std::size_t> window;
  for (std::size_t i = next_; i < auctions().size(); ++i) {
    if (auctions()[i].date >= first && auctions()[i].date <= last) window.push_back(i);
  }
  if (window.empty() || wanted < format_.lot) return wanted;
  std::vector<PlannedAuction>& plan = Edit(as_of, why);
  std::vector<Slot> slots;
  for (const std::size_t i : window) slots.push_back(plan[i].slot);
  const Tonnes left = AdjustSlots(slots, volume, format_.lot);
  for (std::size_t i = 0; i < window.size(); ++i) plan[window[i]].slot = slots[i];
  (adds ? totals_.proposed : totals_.withdrawn) += wanted - left;
  return left;
}

void Calendar::Replace(Date as_of, std::string_view why, std::vector<PlannedAuction> coming) {
  ETS_ASSERT(as_of >= editions_.back().as_of);
  const Tonnes before = totals().pending;
  std::vector<PlannedAuction>& plan = Edit(as_of, why);
  plan.resize(next_);
  for (PlannedAuction& auction : coming) {
    ETS_ASSERT(plan.empty() || plan.back().date < auction.date);
    ETS_ASSERT(auction.slot.volume.count() % format_.lot.count() == 0);
    plan.push_back(std::move(auction));
  }
  const Tonnes after = totals().pending;
  if (after > before) totals_.proposed += after - before;
  if (after < before) totals_.withdrawn += before - after;
}

CalendarTotals Calendar::totals() const {
  CalendarTotals totals = totals_;
  for (std::size_t i = next_; i < auctions().size(); ++i)
    totals.pending += auctions()[i].slot.volume;
  for (const Kept& one : kept_) totals.kept += one.volume;
  return totals;
}

std::vector<Date> DaysOf(const AuctionDays& days) {
  std::vector<Date> found;
  const Date first_monday = MondayOf(days.first);
  for (Date day = days.first; day <= days.last; day = day + 1) {
    const int week = (MondayOf(day) - first_monday) / 7;
    if (week % days.every_weeks != 0) continue;
    if (std::ranges::find(days.weekdays, day.weekday()) == days.weekdays.end()) continue;
    if (std::ranges::find(days.without, day) != days.without.end()) continue;
    found.push_back(day);
  }
  return found;
}

std::vector<PlannedAuction> EvenVolumes(std::span<const Date> days, Tonnes volume, Tonnes lot) {
  ETS_ASSERT(!days.empty());
  const auto count = static_cast<std::int64_t>(days.size());
  const Tonnes each = WholeLots(volume.count() / count, lot);
  const Tonnes last = WholeLots(volume.count() - each.count() * (count - 1), lot);
  std::vector<PlannedAuction> auctions;
  for (const Date day : days) auctions.push_back({day, {each, each}, false, {}});
  auctions.back().slot = {last, last};
  return auctions;
}

}  // namespace ets::auction
