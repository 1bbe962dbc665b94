#include "clients/cli/auction_calendar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>

#include "auction/calendar.h"
#include "clients/cli/rows.h"
#include "clients/cli/run_verb.h"

namespace ets::cli {
namespace {

using auction::Calendar;

struct Withdrawal {
  Date announced, first, last;
  Tonnes volume;
};

// What happens to a calendar in the course of the year.
struct Events {
  std::map<Date, Tonnes> sold;  // 0: cancelled.
  std::vector<Withdrawal> withdrawals;
  std::optional<Date> as_of;
};

// No calendar is larger: a hundred years of the largest.
constexpr std::int64_t kVolumeMax = 100'000'000'000;

// Reads the flags, gathering what is wrong with them.
class FlagReader {
 public:
  explicit FlagReader(const CalendarFlags& flags) : flags_(flags) {}

  std::vector<std::string> problems;
  std::vector<std::string> notes;  // Of what cannot be as it was asked for, and is no mistake.

  std::optional<Date> DateOf(const std::string& flag, const std::string& text) {
    const auto date = Date::Parse(text);
    if (!date) Wrong(flag + " " + text, "no day; allowed: as in 2026-02-18");
    return date;
  }

  auction::AuctionDays Days() {
    auction::AuctionDays days;
    days.first = DateOf("--first", flags_.first).value_or(Date());
    days.last = DateOf("--last", flags_.last).value_or(Date());
    if (days.last < days.first) Wrong("--last", "before the first day; allowed: from it on");
    days.every_weeks = flags_.every_weeks;
    for (const std::string& day : flags_.without) {
      if (const auto date = DateOf("--without", day)) days.without.push_back(*date);
    }
    constexpr std::array<const char*, 7> kNames = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (std::size_t at = 0; at <= flags_.weekdays.size();) {
      const std::size_t end = std::min(flags_.weekdays.find(',', at), flags_.weekdays.size());
      const std::string name = flags_.weekdays.substr(at, end - at);
      const auto found = std::ranges::find(kNames, name);
      if (found == kNames.end()) {
        Wrong("--weekdays " + name, "no weekday; allowed: mon, tue, wed, thu, fri, sat, sun");
      } else {
        days.weekdays.push_back(static_cast<Weekday>(found - kNames.begin() + 1));
      }
      at = end + 1;
    }
    return days;
  }

  Events ReadEvents() {
    Events events;
    for (const std::string& text : flags_.cancelled) {
      if (const auto date = DateOf("--cancelled", text)) events.sold[*date] = Tonnes();
    }
    for (const std::string& text : flags_.sold) {
      const std::size_t at = std::min(text.find('='), text.size());
      const auto date = DateOf("--sold", text.substr(0, at));
      const auto volume = TonnesOf(text.substr(std::min(at + 1, text.size())));
      if (!volume) Wrong("--sold " + text, "no volume; allowed: DATE=TONNES");
      if (date && volume) events.sold[*date] = *volume;
    }
    for (const std::string& text : flags_.withdraw) ReadWithdrawal(text, events);
    if (!flags_.as_of.empty()) events.as_of = DateOf("--as-of", flags_.as_of);
    return events;
  }

  void Wrong(const std::string& flag, const std::string& what) {
    problems.push_back(flag + ": " + what);
  }

 private:
  static std::optional<Tonnes> TonnesOf(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (number < 0 || number > kVolumeMax) return std::nullopt;
    return Tonnes(number);
  }

  void ReadWithdrawal(const std::string& text, Events& events) {
    const bool whole = text.size() > 33 && text[10] == ':' && text[21] == ':' && text[32] == '=';
    const auto announced = whole ? Date::Parse(text.substr(0, 10)) : std::nullopt;
    const auto first = whole ? Date::Parse(text.substr(11, 10)) : std::nullopt;
    const auto last = whole ? Date::Parse(text.substr(22, 10)) : std::nullopt;
    const auto volume = whole ? TonnesOf(text.substr(33)) : std::nullopt;
    if (announced && first && last && *last < *first) {
      Wrong("--withdraw " + text, "the last day is before the first; allowed: from it on");
    } else if (announced && first && last && volume) {
      events.withdrawals.push_back({*announced, *first, *last, *volume});
    } else {
      Wrong("--withdraw " + text,
            "no withdrawal; allowed: ANNOUNCED:FIRST:LAST=TONNES, as in "
            "2026-07-14:2026-09-01:2026-12-31=20000000");
    }
  }

  const CalendarFlags& flags_;
};

// A calendar's year up to its last event, or to a day before it.
class Year {
 public:
  Year(Calendar& calendar, const auction::Format& format, const Events& events, FlagReader& said)
      : calendar_(calendar),
        format_(format),
        events_(events),
        said_(said),
        withdrawals_(events.withdrawals) {
    std::ranges::stable_sort(withdrawals_, {}, &Withdrawal::announced);
  }

  void Play(Date until = Date::Of(9999, 12, 31)) {
    Date last_event;
    for (const auto& [date, sold] : events_.sold) last_event = std::max(last_event, date);
    while (const auction::PlannedAuction* next = calendar_.Next()) {
      if (next->date > last_event || next->date > until) break;
      WithdrawUntil(next->date);
      const Tonnes offered = next->slot.volume;
      const auto event = events_.sold.find(next->date);
      const Tonnes sold = event == events_.sold.end() ? offered : event->second;
      const std::string flag = "--sold " + ToString(next->date) + "=" + ToString(sold);
      if (sold > offered) {
        return said_.Wrong(flag, "more than is offered; allowed: up to " + ToString(offered));
      }
      if (sold.count() % format_.award_unit.count() != 0) {
        return said_.Wrong(flag,
                           "not in lots; allowed: multiples of " + ToString(format_.award_unit));
      }
      calendar_.Held(sold);
    }
    WithdrawUntil(until);
    if (rest_ == Tonnes()) return;
    said_.notes.push_back("--withdraw: " + ToString(rest_) + " t of " + calendar_.auctioneer() +
                          " are less than a lot of " + ToString(format_.lot) +
                          " and stay in its auctions");
  }

 private:
  // What is less than a lot waits for the next withdrawal: the stability rule's volumes know no
  // lots, and no auction offers a part of one.
  void WithdrawUntil(Date day) {
    for (; next_ < withdrawals_.size() && withdrawals_[next_].announced <= day; ++next_) {
      const Withdrawal& one = withdrawals_[next_];
      const Date as_of = std::max(one.announced, calendar_.editions().back().as_of);
      const Tonnes wanted = one.volume + rest_;
      const Tonnes left = calendar_.Adjust(as_of, "stability rule", one.first, one.last, wanted);
      rest_ = Tonnes(left.count() % format_.lot.count());
      if (left == rest_) continue;
      said_.Wrong("--withdraw " + ToString(one.announced) + ":" + ToString(one.first) + ":" +
                      ToString(one.last) + "=" + ToString(one.volume),
                  "more than " + calendar_.auctioneer() +
                      " still offers in those days; allowed: up to " + ToString(wanted - left));
    }
  }

  Calendar& calendar_;
  const auction::Format& format_;
  const Events& events_;
  FlagReader& said_;
  std::vector<Withdrawal> withdrawals_;
  std::size_t next_ = 0;
  Tonnes rest_;
};

// The volume spread over the days; a mistake when not every auction gets a lot.
std::vector<auction::PlannedAuction> Spread(const CalendarFlags& flags,
                                            const auction::AuctionDays& when,
                                            const auction::Format& format, FlagReader& reader) {
  const std::vector<Date> days = DaysOf(when);
  if (days.empty()) reader.Wrong("--weekdays", "no auction day from --first to --last");
  if (!reader.problems.empty()) return {};
  const std::int64_t lot = format.lot.count();
  const std::int64_t least = lot * static_cast<std::int64_t>(days.size());
  if (flags.volume < least) {
    reader.Wrong("--volume " + std::to_string(flags.volume),
                 "less than a lot in each of " + std::to_string(days.size()) +
                     " auctions; allowed: from " + std::to_string(least));
    return {};
  }
  if (const std::int64_t rest = flags.volume % lot; rest != 0) {
    reader.notes.push_back("--volume: " + std::to_string(rest) + " t are less than a lot of " +
                           std::to_string(lot) + " and are not planned");
  }
  return auction::EvenVolumes(days, Tonnes(flags.volume), format.lot);
}

std::optional<Calendar> Planned(const CalendarFlags& flags, const auction::AuctionDays& days,
                                const std::string& auctioneer, const auction::Format& format,
                                FlagReader& reader) {
  std::vector<auction::PlannedAuction> auctions;
  if (flags.volume > 0) {
    auctions = Spread(flags, days, format, reader);
  } else {
    auctions = auction::EuropeanAuctions2026(auctioneer, days.last);
    if (auctions.empty() && reader.problems.empty()) {
      reader.Wrong("--auctioneer " + auctioneer,
                   "no published calendar; allowed: EU, DE, PL, or any with --volume");
    }
  }
  if (!reader.problems.empty()) return std::nullopt;
  const Date as_of = Date::Of(auctions.front().date.year() - 1, 12, 1);
  return Calendar(auctioneer, format, as_of, std::move(auctions));
}

void AddRows(Rows& rows, const Calendar& calendar, const Events& events) {
  const Calendar::Edition* edition =
      events.as_of ? calendar.AsOf(*events.as_of) : &calendar.editions().back();
  for (const auction::PlannedAuction& auction : edition->auctions) {
    rows.Add({Text(ToString(auction.date)), Text(calendar.auctioneer()),
              Tonnage(auction.slot.first_volume.count()), Tonnage(auction.slot.volume.count()),
              auction.held ? Tonnage(auction.sold.count()) : Nothing()});
  }
}

void PrintTotals(const Calendar& calendar) {
  const auction::CalendarTotals totals = calendar.totals();
  std::cout << "\n" << calendar.auctioneer() << "\n";
  PrintFacts("table", {{"proposed", Tonnage(totals.proposed.count())},
                       {"sold", Tonnage(totals.sold.count())},
                       {"pending", Tonnage(totals.pending.count())},
                       {"kept", Tonnage(totals.kept.count())},
                       {"carried", Tonnage(totals.carried.count())},
                       {"reserved", Tonnage(totals.reserved.count())},
                       {"withdrawn", Tonnage(totals.withdrawn.count())},
                       {"written off", Tonnage(totals.written_off.count())}});
  for (const Calendar::Edition& edition : calendar.editions()) {
    std::cout << "as of " << ToString(edition.as_of) << ": " << edition.why << "\n";
  }
}

}  // namespace

int ShowCalendar(const CalendarFlags& flags) {
  FlagReader reader(flags);
  const auction::Format* format = auction::FindFormat(flags.format);
  if (format == nullptr) {
    reader.Wrong("--format " + flags.format, "no format; allowed: one of auction formats");
  }
  if (flags.volume < 0 || flags.volume > kVolumeMax) {
    reader.Wrong("--volume " + std::to_string(flags.volume),
                 "no volume; allowed: whole tonnes up to " + std::to_string(kVolumeMax));
  }
  const auction::AuctionDays days = reader.Days();
  const Events events = reader.ReadEvents();
  std::vector<std::string> auctioneers = {flags.auctioneer};
  if (flags.auctioneer.empty()) {
    auctioneers.assign(auction::EuropeanAuctioneers().begin(),
                       auction::EuropeanAuctioneers().end());
    if (flags.volume > 0) auctioneers = {"auctioneer"};
  }
  if (auctioneers.size() > 1 && !events.withdrawals.empty()) {
    reader.Wrong("--withdraw", "whose volume it is must be said; allowed: with --auctioneer");
  }
  std::vector<Calendar> calendars;
  for (const std::string& auctioneer : auctioneers) {
    if (!reader.problems.empty()) break;
    auto calendar = Planned(flags, days, auctioneer, *format, reader);
    if (!calendar) continue;
    const Calendar proposed = *calendar;
    Year(*calendar, *format, events, reader).Play();
    if (events.as_of && reader.problems.empty()) {
      // As it stood: what came later had not happened yet.
      *calendar = proposed;
      FlagReader told(flags);
      Year(*calendar, *format, events, told).Play(*events.as_of);
    }
    calendars.push_back(std::move(*calendar));
  }
  for (const auto& [date, sold] : events.sold) {
    const bool known = std::ranges::any_of(calendars, [&](const Calendar& calendar) {
      return std::ranges::any_of(calendar.auctions(),
                                 [&](const auto& auction) { return auction.date == date; });
    });
    if (!known && reader.problems.empty()) {
      reader.Wrong(ToString(date), "no auction on this day; allowed: a day of the calendar");
    }
  }
  for (const Calendar& calendar : calendars) {
    const Date first = calendar.editions().front().as_of;
    if (!events.as_of || *events.as_of >= first || !reader.problems.empty()) continue;
    reader.Wrong("--as-of " + flags.as_of, "before the calendar of " + calendar.auctioneer() +
                                               " was proposed; allowed: from " + ToString(first));
  }
  const bool is_wrong = !reader.problems.empty();
  for (const std::string& line : is_wrong ? reader.problems : reader.notes) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  if (is_wrong) return kBadInput;
  Rows rows(flags.served.output, {"date", "auctioneer", "first_volume", "volume", "sold"});
  for (const Calendar& calendar : calendars) AddRows(rows, calendar, events);
  rows.End();
  if (flags.served.output == "table") {
    for (const Calendar& calendar : calendars) PrintTotals(calendar);
  }
  return kDone;
}

}  // namespace ets::cli
