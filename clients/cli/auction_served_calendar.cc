// `auction calendar --server`: what a served exchange plans, and how it is told.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "base/quantity.h"
#include "clients/cli/auction_calendar.h"
#include "clients/cli/csv_file.h"
#include "ets/auction/v1/auction_service.grpc.pb.h"

namespace ets::cli {
namespace {

namespace au = ::ets::auction::v1;
using Stub = au::AuctionService::Stub;
using Json = nlohmann::json;

struct Loaded {
  std::string auctioneer;
  au::CalendarAuction row;
};
using LoadedRows = Result<std::vector<Loaded>, std::string>;

LoadedRows ReadCsv(const std::string& path) {
  const auto file = CsvFile::Read(path, {"date", "volume"}, {"auctioneer", "first_volume", "sold"});
  if (!file.ok()) return Fail{file.error()};
  std::vector<Loaded> rows;
  for (const CsvFile::Row& row : file->rows()) {
    Loaded& loaded = rows.emplace_back();
    loaded.auctioneer = row.Text("auctioneer");
    loaded.row.set_date(row.Text("date"));
    const auto volume = row.Number("volume", 0, kAmountMax);
    if (!volume.ok()) return Fail{volume.error()};
    loaded.row.set_volume(*volume);
    const auto first = row.Number("first_volume", 0, kAmountMax);
    if (!first.ok()) return Fail{first.error()};
    loaded.row.set_first_volume(row.Text("first_volume").empty() ? *volume : *first);
  }
  return rows;
}

LoadedRows ReadJson(const std::string& path, std::istream& in) {
  const Json list = Json::parse(in, nullptr, false);
  if (!list.is_array()) return Fail{path + ": no list; allowed: rows as this verb prints them"};
  std::vector<Loaded> rows;
  for (const Json& item : list) {
    const std::string place = path + ": row " + std::to_string(rows.size() + 1);
    const bool is_row = item.is_object() && item.contains("date") && item["date"].is_string() &&
                        item.contains("volume") && item["volume"].is_number_unsigned();
    if (!is_row) return Fail{place + ": allowed: \"date\" and \"volume\" in whole tonnes"};
    Loaded& loaded = rows.emplace_back();
    loaded.row.set_date(item["date"].get<std::string>());
    loaded.row.set_volume(item["volume"].get<std::int64_t>());
    loaded.row.set_first_volume(loaded.row.volume());
    if (item.contains("first_volume")) {
      if (!item["first_volume"].is_number_unsigned()) {
        return Fail{place + ": \"first_volume\"; allowed: whole tonnes"};
      }
      loaded.row.set_first_volume(item["first_volume"].get<std::int64_t>());
    }
    if (item.contains("auctioneer") && item["auctioneer"].is_string()) {
      loaded.auctioneer = item["auctioneer"].get<std::string>();
    }
  }
  return rows;
}

LoadedRows ReadFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) return Fail{path + ": cannot be read; allowed: a csv or json file"};
  while (in.peek() == ' ' || in.peek() == '\n') in.get();
  const bool is_json = in.peek() == '[' || in.peek() == '{';
  return is_json ? ReadJson(path, in) : ReadCsv(path);
}

// The rows of the calendar that is meant: of a file with several auctioneers those of one.
Result<std::string, Failure> FillRows(const CalendarFlags& flags, au::SetCalendarRequest& request) {
  const auto rows = ReadFile(flags.load);
  if (!rows.ok()) return Fail{Failure{2, "--load " + rows.error()}};
  std::string name = flags.auctioneer;
  std::string others;
  for (const Loaded& loaded : *rows) {
    if (name.empty()) name = loaded.auctioneer;
    if (!loaded.auctioneer.empty() && loaded.auctioneer != name) {
      others = loaded.auctioneer;
      continue;
    }
    *request.add_auctions() = loaded.row;
  }
  if (name.empty()) name = "auctioneer";
  if (flags.auctioneer.empty() && !others.empty()) {
    return Fail{Failure{2, "--load " + flags.load + ": it has " + name + " and " + others +
                               "; allowed: --auctioneer with one of them"}};
  }
  if (request.auctions_size() > 0) return name;
  return Fail{Failure{2, "--load " + flags.load + ": no auction of " + name +
                             "; allowed: rows with a date and a volume"}};
}

Result<au::SetCalendarRequest, Failure> RequestOf(const CalendarFlags& flags) {
  au::SetCalendarRequest request;
  if (flags.member.empty() || flags.instrument.empty()) {
    return Fail{Failure{2, "--load: --member and --instrument are needed beside it"}};
  }
  const auto name = FillRows(flags, request);
  if (!name.ok()) return Fail{name.error()};
  request.set_calendar("calendars/" + *name);
  au::OpenAuctionRequest& terms = *request.mutable_terms();
  terms.set_auctioneer(MemberName(flags.member));
  terms.set_instrument(InstrumentName(flags.instrument));
  terms.set_format(flags.format);
  if (flags.reserve != 0) terms.set_reserve(flags.reserve);
  std::random_device chance;
  terms.set_tie_seed(flags.seed.value_or(std::uint64_t{chance()} << 32U | chance()));
  const std::size_t dash = flags.window.find('-');
  request.set_opens(flags.window.substr(0, dash));
  if (dash != flags.window.npos) request.set_closes(flags.window.substr(dash + 1));
  request.set_pay_days(static_cast<std::uint32_t>(flags.pay_days));
  request.set_as_of(flags.as_of);
  request.set_why(flags.why.empty() ? "loaded" : flags.why);
  return request;
}

// Totals and editions are of today: a calendar as of another day is shown without them.
void Print(const std::string& output, const au::Calendar& calendar, bool is_past) {
  Rows rows(output, {"date", "auctioneer", "first_volume", "volume", "sold", "auction", "note"});
  for (const au::CalendarAuction& one : calendar.auctions()) {
    rows.Add({Text(one.date()), Text(LastPart(calendar.calendar())), Tonnage(one.first_volume()),
              Tonnage(one.volume()), one.held() ? Tonnage(one.sold()) : Nothing(),
              one.auction().empty() ? Nothing() : Text(LastPart(one.auction())),
              one.passed_over().empty() ? Nothing() : Text(one.passed_over())});
  }
  rows.End();
  if (output != "table") return;
  std::cout << "\n"
            << LastPart(calendar.calendar()) << ": " << LastPart(calendar.instrument()) << " of "
            << calendar.auctioneer() << ", bids from " << calendar.opens() << " to "
            << calendar.closes() << "\n";
  if (is_past) return;
  PrintFacts("table", {{"proposed", Tonnage(calendar.proposed())},
                       {"sold", Tonnage(calendar.sold())},
                       {"pending", Tonnage(calendar.pending())},
                       {"kept", Tonnage(calendar.kept())},
                       {"carried", Tonnage(calendar.carried())},
                       {"reserved", Tonnage(calendar.reserved())},
                       {"withdrawn", Tonnage(calendar.withdrawn())},
                       {"written off", Tonnage(calendar.written_off())}});
  for (const au::CalendarEdition& edition : calendar.editions()) {
    std::cout << "as of " << edition.as_of() << ": " << edition.why() << "\n";
  }
}

}  // namespace

MaybeFailure ServedCalendar(const CalendarFlags& flags) {
  std::optional<au::SetCalendarRequest> setting;
  if (!flags.load.empty()) {
    auto request = RequestOf(flags);
    if (!request.ok()) return request.error();
    setting = std::move(request.value());
  }
  const auto client = MarketClient::Connect(flags.served.target);
  if (!client.ok()) return client.error();
  const auto stub = au::AuctionService::NewStub((*client)->link().channel());
  if (setting) {
    const auto set = (*client)->Call(*stub, &Stub::SetCalendar, *setting);
    if (!set.ok()) return set.error();
    Print(flags.served.output, set->calendar(), false);
    return {};
  }
  std::vector<std::string> names;
  if (flags.auctioneer.empty()) {
    const auto list = (*client)->Call(*stub, &Stub::ListCalendars, au::ListCalendarsRequest());
    if (!list.ok()) return list.error();
    names.assign(list->calendars().begin(), list->calendars().end());
    if (names.empty()) return Failure{2, "no calendar was loaded; allowed: --load FILE"};
    if (names.size() > 1) {
      return Failure{2, "--auctioneer is needed; allowed: " + Joined(names)};
    }
  } else {
    names.push_back("calendars/" + flags.auctioneer);
  }
  au::GetCalendarRequest request;
  request.set_calendar(names[0]);
  request.set_as_of(flags.as_of);
  const auto calendar = (*client)->Call(*stub, &Stub::GetCalendar, request);
  if (!calendar.ok()) return calendar.error();
  Print(flags.served.output, *calendar, !flags.as_of.empty());
  return {};
}

}  // namespace ets::cli
