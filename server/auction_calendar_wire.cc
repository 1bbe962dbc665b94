#include "server/auction_calendar_wire.h"

#include <algorithm>
#include <charconv>

#include "server/registry_errors.h"

namespace ets::server {

using grpc::Status;

namespace {

constexpr std::string_view kPrefix = "calendars/";

std::string TextOfMinute(int minute) {
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(minute / 60) + ":" + two(minute % 60);
}

}  // namespace

// What a calendar says by itself is not said of each auction.
Status CheckTemplate(const auction_pb::OpenAuctionRequest& terms) {
  constexpr const char* kAllowed = "nothing: the calendar says it";
  if (terms.supply() != 0) {
    return FieldError("terms.supply", std::to_string(terms.supply()), kAllowed);
  }
  if (!terms.pay_day().empty()) return FieldError("terms.pay_day", terms.pay_day(), kAllowed);
  if (terms.has_open_time()) return FieldError("terms.open_time", "a time", kAllowed);
  if (terms.has_close_time()) return FieldError("terms.close_time", "a time", kAllowed);
  if (terms.consignments_size() > 0) {
    return FieldError("terms.consignments", std::to_string(terms.consignments_size()),
                      "none in a calendar");
  }
  return Status::OK;
}

OrStatus<std::string> ReadCalendarName(const std::string& name) {
  const std::string last = name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : "";
  const bool is_name = !last.empty() && last.size() <= 32 && std::ranges::all_of(last, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (is_name) return last;
  return Fail{FieldError("calendar", name, "calendars/ and 1 to 32 letters, digits, - and _")};
}

// "09:00", up to "24:00".
OrStatus<std::uint16_t> ReadMinute(std::string_view field, const std::string& text) {
  int hour = 0, minute = 0;
  const char* const at = text.data();
  const bool is_time = text.size() == 5 && text[2] == ':' &&
                       std::from_chars(at, at + 2, hour).ptr == at + 2 &&
                       std::from_chars(at + 3, at + 5, minute).ptr == at + 5 && hour >= 0 &&
                       minute >= 0 && minute < 60 && hour * 60 + minute <= 24 * 60;
  if (is_time) return static_cast<std::uint16_t>(hour * 60 + minute);
  return Fail{FieldError(field, text, "a time as in 09:00")};
}

OrStatus<Date> ReadDay(std::string_view field, const std::string& text, Date fallback) {
  if (text.empty()) return fallback;
  const auto date = Date::Parse(text);
  if (date) return *date;
  return Fail{FieldError(field, text, "a date as in 2026-03-02")};
}

OrStatus<std::vector<market::CalendarRow>> ReadRows(const auction_pb::SetCalendarRequest& request,
                                                    Tonnes lot) {
  const int count = request.auctions_size();
  if (count == 0 || count > static_cast<int>(market::kCalendarRowsMax)) {
    return Fail{FieldError("auctions", std::to_string(count), "1 to 1000 rows")};
  }
  std::vector<market::CalendarRow> rows;
  for (const auction_pb::CalendarAuction& one : request.auctions()) {
    const std::string field = "auctions[" + std::to_string(rows.size()) + "].";
    const auto date = Date::Parse(one.date());
    if (!date || (!rows.empty() && *date <= rows.back().date)) {
      return Fail{FieldError(field + "date", one.date(),
                             rows.empty() ? std::string("a date as in 2026-03-02")
                                          : "a date after " + ToString(rows.back().date))};
    }
    for (const auto& [name, volume] :
         {std::pair("first_volume", one.first_volume()), {"volume", one.volume()}}) {
      const bool is_in_range = volume >= 0 && volume <= market::kAuctionVolumeMax.count();
      const bool is_in_lots = std::string_view(name) != "volume" || volume % lot.count() == 0;
      if (is_in_range && is_in_lots) continue;
      return Fail{FieldError(
          field + name, std::to_string(volume),
          "0 to " + ToString(market::kAuctionVolumeMax) + " t in lots of " + ToString(lot))};
    }
    rows.push_back({*date, Tonnes(one.first_volume()), Tonnes(one.volume())});
  }
  return rows;
}

std::string CalendarName(const market::AuctionPlan& plan) {
  return std::string(kPrefix) + plan.terms().name;
}

void FillCalendar(ExchangeEdge& edge, const market::AuctionPlan& plan, std::optional<Date> as_of,
                  auction_pb::Calendar* out) {
  const market::SetAuctionCalendar& terms = plan.terms();
  const auction::Calendar& calendar = plan.calendar();
  out->set_calendar(CalendarName(plan));
  out->set_auctioneer(edge.NameOf(terms.auctioneer));
  out->set_instrument(edge.NameOf(terms.instrument));
  FillFormat(terms.terms.format, out->mutable_format());
  out->set_opens(TextOfMinute(terms.opens));
  out->set_closes(TextOfMinute(terms.closes));
  out->set_pay_days(terms.pay_days);
  if (terms.terms.reserve) out->set_reserve(terms.terms.reserve->minor_per_tonne());
  const auction::Calendar::Edition& shown =
      as_of ? *calendar.AsOf(*as_of) : calendar.editions().back();
  out->set_as_of(ToString(shown.as_of));
  for (const auction::PlannedAuction& one : shown.auctions) {
    // What was held later than the day asked for was still a plan on it.
    const bool is_over = !as_of || one.date <= *as_of;
    auction_pb::CalendarAuction& row = *out->add_auctions();
    row.set_date(ToString(one.date));
    row.set_first_volume(one.slot.first_volume.count());
    row.set_volume(one.slot.volume.count());
    row.set_held(one.held && is_over);
    if (one.held && is_over) row.set_sold(one.sold.count());
    const auto started =
        std::ranges::find(plan.started(), one.date, &market::AuctionPlan::Started::date);
    if (started == plan.started().end() || !is_over) continue;
    if (started->number != 0) row.set_auction(AuctionName(started->number));
    row.set_passed_over(started->why);
  }
  for (const auction::Calendar::Edition& edition : calendar.editions()) {
    auction_pb::CalendarEdition& row = *out->add_editions();
    row.set_as_of(ToString(edition.as_of));
    row.set_why(edition.why);
  }
  const auction::CalendarTotals totals = calendar.totals();
  out->set_proposed(totals.proposed.count());
  out->set_sold(totals.sold.count());
  out->set_pending(totals.pending.count());
  out->set_kept(totals.kept.count());
  out->set_carried(totals.carried.count());
  out->set_reserved(totals.reserved.count());
  out->set_withdrawn(totals.withdrawn.count());
  out->set_written_off(totals.written_off.count());
}

}  // namespace ets::server
