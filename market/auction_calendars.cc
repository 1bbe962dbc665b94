// Auctions that open by the clock, as their calendars say.
#include <algorithm>
#include <limits>

#include "market/impl.h"
#include "market/input_fields.h"
#include "market/schedule.h"

namespace ets::market {

void Fields(auto& io, Is<AuctionPlan::Result> auto& in) {
  io(in.sold, in.withheld, in.above_reserve);
}
void Fields(auto& io, Is<AuctionPlan::Started> auto& in) {
  io(in.date, in.number, in.why, in.result);
}
void Fields(auto& io, Is<AuctionPlan::Step> auto& in) {
  io(in.kind, in.as_of, in.why, in.rows, in.result);
}

namespace {

constexpr SimTime kNever = std::numeric_limits<SimTime>::max();

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

SimTime AtMinute(Date date, int minute, Zone zone) {
  return ToInstant({date + minute / (24 * 60), minute % (24 * 60) * 60 * kMicrosPerSecond}, zone);
}

Date PayDayOf(Date date, int days, const std::vector<Date>& closed) {
  while (days > 0) {
    date = date + 1;
    const bool is_closed = date.weekday() >= Weekday::kSaturday ||
                           std::binary_search(closed.begin(), closed.end(), date);
    if (!is_closed) --days;
  }
  return date;
}

}  // namespace

AuctionPlan* Market::Impl::FindPlan(std::string_view name) {
  const auto found =
      std::ranges::find_if(plans, [name](const auto& plan) { return plan.terms().name == name; });
  return found == plans.end() ? nullptr : &*found;
}

Gate Market::Impl::CheckRows(const SetAuctionCalendar& input) {
  const std::int64_t lot = input.terms.format.lot.count();
  if (input.auctions.empty() || input.auctions.size() > kCalendarRowsMax) {
    return Refuse(Refusal::kQuantityNotPositive, static_cast<std::int64_t>(input.auctions.size()),
                  std::int64_t{kCalendarRowsMax});
  }
  Date last = Date(0);
  for (const CalendarRow& row : input.auctions) {
    if (row.date <= last) return Refuse(Refusal::kWindowInvalid, row.date.days(), last.days() + 1);
    last = row.date;
    for (const Tonnes volume : {row.first_volume, row.volume}) {
      if (volume < Tonnes(0)) return Refuse(Refusal::kQuantityNotPositive, volume.count());
      if (volume > kAuctionVolumeMax) {
        return Refuse(Refusal::kAmountTooLarge, volume.count(), kAuctionVolumeMax.count());
      }
    }
    if (row.volume.count() % lot != 0) {
      return Refuse(Refusal::kBidNotInLots, row.volume.count(), lot);
    }
  }
  return std::nullopt;
}

Outcome Market::Impl::On(const SetAuctionCalendar& input) {
  const auction::Format* const row = auction::FindFormat(input.terms.format.name);
  AuctionPlan* const known = FindPlan(input.name);
  if (row == nullptr || !auction::WrongWith(input.terms.format).empty() ||
      input.terms.supply != Tonnes() || !input.terms.consignments.empty()) {
    return Refuse(Refusal::kAuctionFormatInvalid);
  }
  if (!Has(input.auctioneer)) return Refuse(Refusal::kMemberNotFound);
  if (!Has(input.instrument)) return Refuse(Refusal::kInstrumentNotFound);
  if (!At(input.instrument).view.listed) return Refuse(Refusal::kInstrumentNotTrading);
  if (!IsName(input.name) || (known == nullptr && plans.size() == kCalendarsMax)) {
    return Refuse(Refusal::kAuctionNotFound, static_cast<std::int64_t>(plans.size()),
                  std::int64_t{kCalendarsMax});
  }
  if (input.closes > 24 * 60 || input.opens >= input.closes || input.pay_days > kPayDaysMax) {
    return Refuse(Refusal::kWindowInvalid, input.opens, input.closes);
  }
  if (const Gate no = CheckRows(input)) return *no;
  const Date today = ToLocal(Moment(), founding.rules.zone).date;
  if (input.as_of > today) return Refuse(Refusal::kTimeGoesBack, input.as_of.days(), today.days());
  SetAuctionCalendar kept = input;
  std::erase_if(kept.auctions,
                [today](const CalendarRow& planned) { return planned.date < today; });
  // The texts are the table's: those of the input may be gone tomorrow.
  kept.terms.format.name = row->name;
  kept.terms.format.description = row->description;
  kept.terms.format.currency = row->currency;
  if (known == nullptr) {
    plans.emplace_back(kept);
    return Receipt{};
  }
  const Date last = known->calendar().editions().back().as_of;
  if (input.as_of < last) return Refuse(Refusal::kTimeGoesBack, input.as_of.days(), last.days());
  const auction::Format& format = known->terms().terms.format;
  const bool is_same = format.name == row->name && format.lot == input.terms.format.lot &&
                       format.unsold == input.terms.format.unsold;
  if (!is_same) return Refuse(Refusal::kAuctionFormatInvalid);
  known->Replace(kept);
  return Receipt{};
}

SimTime Market::Impl::NextCalendarDue() const {
  SimTime due = kNever;
  for (const AuctionPlan& plan : plans) {
    const auction::PlannedAuction* const next = plan.Next();
    if (next == nullptr) continue;
    const Zone zone = founding.rules.zone;
    const SimTime opens = AtMinute(next->date, plan.terms().opens, zone);
    // It waits for the auction that is open.
    const bool waits = auction && opens <= now;
    due = std::min(due, waits ? AtMinute(next->date, plan.terms().closes, zone) : opens);
  }
  return due;
}

void Market::Impl::FireCalendars() {
  for (AuctionPlan& plan : plans) {
    const auction::PlannedAuction* const next = plan.Next();
    if (next == nullptr) continue;
    const Zone zone = founding.rules.zone;
    const SimTime closes = AtMinute(next->date, plan.terms().closes, zone);
    if (AtMinute(next->date, plan.terms().opens, zone) > now) continue;
    if (closes <= Moment()) {
      plan.PassedOver("its time had passed");
    } else if (!auction) {
      OpenBy(plan, *next, closes);
    }
  }
}

void Market::Impl::OpenBy(AuctionPlan& plan, const auction::PlannedAuction& next, SimTime closes) {
  if (next.slot.volume == Tonnes()) return plan.PassedOver("it has no volume");
  const SetAuctionCalendar& terms = plan.terms();
  OpenAuction opening{terms.auctioneer, terms.instrument, terms.terms};
  opening.terms.supply = next.slot.volume;
  opening.terms.tie_seed = plan.SeedOf(next.date);
  opening.closes = closes;
  if (terms.pay_days > 0) {
    opening.pay_day = PayDayOf(next.date, terms.pay_days, founding.rules.closed_days);
  }
  const Outcome opened = On(opening);
  if (opened.ok()) return plan.Opened(opened->id);
  plan.PassedOver(std::string(ToString(opened.error())));
}

void Market::Impl::FinishPlanned(std::uint32_t number, Tonnes unpaid) {
  const auto closed = std::ranges::find(closed_auctions, number,
                                        [](const ClosedAuction& one) { return one.view.number; });
  if (closed == closed_auctions.end()) return;
  const auction::Clearing& clearing = closed->clearing;
  const auto& reserve = closed->view.terms.reserve;
  const Tonnes unsold = std::min(clearing.unsold + unpaid, clearing.supply - clearing.withheld);
  AuctionPlan::Result result;
  result.withheld = clearing.withheld;
  result.sold = clearing.supply - clearing.withheld - unsold;
  result.above_reserve = !reserve || clearing.price > *reserve;
  for (AuctionPlan& plan : plans) {
    if (plan.Finish(number, result)) return;
  }
}

void Market::Impl::AddCalendarHash(ets::StateHash& hash) const {
  if (plans.empty()) return;
  std::string packed;
  ByteWriter bytes(packed);
  SaveCalendars(bytes);
  hash.Add(packed);
}

void Market::Impl::SaveCalendars(ByteWriter& bytes) const {
  std::string packed;
  Writer write(packed);
  write(static_cast<std::uint32_t>(plans.size()));
  for (const AuctionPlan& plan : plans) write(plan.terms(), plan.steps(), plan.started());
  bytes.PutText(packed);
}

bool Market::Impl::LoadCalendars(ByteReader& bytes) {
  ByteReader packed(bytes.GetText());
  Reader read(packed);
  std::uint32_t count = 0;
  read(count);
  for (std::uint32_t i = 0; i < count && read.ok(); ++i) {
    SetAuctionCalendar terms;
    std::vector<AuctionPlan::Step> steps;
    std::vector<AuctionPlan::Started> started;
    read(terms, steps, started);
    const auction::Format* const row = auction::FindFormat(terms.terms.format.name);
    if (!read.ok() || steps.empty() || row == nullptr || !Has(terms.auctioneer) ||
        !Has(terms.instrument)) {
      return false;
    }
    terms.terms.format.name = row->name;
    plans.emplace_back(std::move(terms), std::move(steps), std::move(started));
  }
  return read.ok() && packed.empty();
}

const std::vector<AuctionPlan>& Market::calendars() const { return impl_->plans; }

}  // namespace ets::market
