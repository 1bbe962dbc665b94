#include "cbam/auction_calendar.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ets::cbam {
namespace {

constexpr std::int32_t kDaysInWeek = 7;
constexpr int kLastMonthAndDay = 1215;

struct NameRow {
  std::string_view name;
  Auctioneer auctioneer;
};
// The first row of each is how it is written.
constexpr std::array kNames = {
    NameRow{"EU", Auctioneer::kCommonPlatform},  NameRow{"DE", Auctioneer::kGermany},
    NameRow{"PL", Auctioneer::kPoland},          NameRow{"XI", Auctioneer::kNorthernIreland},
    NameRow{"NI", Auctioneer::kNorthernIreland}, NameRow{"NIR", Auctioneer::kNorthernIreland},
};

char Capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// From the first Wednesday on or after 7 January.
Date FirstDayOf(int year) {
  Date day = Date::Of(year, 1, 7);
  while (day.weekday() != Weekday::kWednesday) day = day + 1;
  return day;
}

bool IsAuctionDay(Date date) {
  const int month_and_day = date.month() * 100 + date.day();
  if (date < FirstDayOf(date.year()) || month_and_day > kLastMonthAndDay) return false;
  // Days on which there are none in some years.
  for (const int holiday : {501, 509, 815, 1003, 1031, 1101}) {
    if (month_and_day == holiday) return false;
  }
  const Date easter = EasterSunday(date.year());
  for (const int after : {-3, -2, 1, 39, 40, 50}) {
    if (date == easter + after) return false;
  }
  return true;
}

class Calendar {
 public:
  Calendar(std::span<const AuctionDay> held, Date first, Date last)
      : held_(held), first_(first), last_(last) {}

  std::vector<AuctionDay> Missing() {
    for (Date monday = MondayOf(first_); monday <= last_; monday = monday + kDaysInWeek) {
      CheckWeek(Auctioneer::kCommonPlatform, monday, {0, 1, 3});
      CheckPoland(monday);
      CheckWeek(Auctioneer::kGermany, monday, {4});
    }
    std::ranges::stable_sort(missing_, {}, &AuctionDay::date);
    return std::move(missing_);
  }

 private:
  bool IsExpected(Date date) const { return date >= first_ && date <= last_ && IsAuctionDay(date); }

  // How many auctions of one auctioneer there were from a day to another, both included.
  std::size_t Held(Auctioneer auctioneer, Date from, Date until) const {
    const auto begin = std::ranges::lower_bound(held_, from, {}, &AuctionDay::date);
    const auto end = std::ranges::upper_bound(held_, until, {}, &AuctionDay::date);
    return static_cast<std::size_t>(std::count_if(
        begin, end, [&](const AuctionDay& day) { return day.auctioneer == auctioneer; }));
  }

  // An auction on a weekday that is not its auctioneer's stands for one that was moved.
  void CheckWeek(Auctioneer auctioneer, Date monday, const std::vector<std::int32_t>& weekdays) {
    const Date from = std::max(first_, monday);
    const Date until = std::min(last_, monday + (kDaysInWeek - 1));
    std::size_t moved = Held(auctioneer, from, until);
    std::vector<AuctionDay> lacking;
    for (const std::int32_t weekday : weekdays) {
      const Date date = monday + weekday;
      if (date < from || date > until) continue;
      const std::size_t held = Held(auctioneer, date, date);
      moved -= held;
      if (held == 0 && IsAuctionDay(date)) lacking.push_back({date, auctioneer});
    }
    if (lacking.size() > moved) missing_.insert(missing_.end(), lacking.begin(), lacking.end());
  }

  // One of two weeks has an auction: this one, unless its neighbour has.
  void CheckPoland(Date monday) {
    const Date wednesday = monday + 2;
    if (!IsExpected(wednesday) || last_missing_in_poland_ == monday - kDaysInWeek) return;
    const Date from = monday - kDaysInWeek;
    if (Held(Auctioneer::kPoland, from, from + (3 * kDaysInWeek - 1)) > 0) return;
    missing_.push_back({wednesday, Auctioneer::kPoland});
    last_missing_in_poland_ = monday;
  }

  const std::span<const AuctionDay> held_;
  const Date first_, last_;
  std::vector<AuctionDay> missing_;
  std::optional<Date> last_missing_in_poland_;  // The Monday of its week.
};

}  // namespace

std::string_view ToString(Auctioneer auctioneer) {
  return std::ranges::find(kNames, auctioneer, &NameRow::auctioneer)->name;
}

std::optional<Auctioneer> FindAuctioneer(std::string_view name) {
  for (const NameRow& row : kNames) {
    if (std::ranges::equal(name, row.name, {}, Capital)) return row.auctioneer;
  }
  return std::nullopt;
}

std::vector<AuctionDay> MissingAuctions(std::span<const AuctionDay> held, Date first, Date last) {
  return Calendar(held, first, last).Missing();
}

}  // namespace ets::cbam
