#include "clients/cli/cbam_verbs.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cbam/goods.h"
#include "clients/cli/cbam_auctions.h"
#include "clients/cli/cbam_bill.h"
#include "clients/cli/rows.h"
#include "clients/cli/run_verb.h"

namespace ets::cli {
namespace {

struct PriceOptions {
  std::string auctions;
  std::string quarter;
  std::string week;
  bool series = false;
  bool single_auction_rule = false;
  bool provisional = false;
  std::string output = "table";
};

int BadInput(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return kBadInput;
}

// Five decimals of the average before it is rounded, half up.
std::string Exact(const cbam::PeriodPrice& period) {
  const std::int64_t fifth =
      AveragePrice(Money::FromMinor(period.value.minor() * 1'000), period.volume).minor_per_tonne();
  std::string digits = std::to_string(fifth % 100'000 + 100'000).substr(1);
  return std::to_string(fifth / 100'000) + "." + digits;
}

std::vector<std::string> Columns() {
  return {"period",    "price_eur",    "exact_eur",     "auctions",    "volume",
          "published", "applies_from", "applies_until", "provisional", "note"};
}

void Note(std::string& note, const std::string& more) { note += (note.empty() ? "" : "; ") + more; }

void AddPeriod(Rows& rows, const std::string& name, const cbam::ReportedPrice& price,
               const cbam::PriceCalendar& calendar, std::string note) {
  const cbam::PeriodPrice& period = price.period;
  const bool is_overtaken = calendar.applies_until < calendar.applies_from;
  if (is_overtaken) Note(note, "overtaken by the next: never applies");
  if (period.carried) Note(note, "no auction: as " + ToString(IsoWeekOf(period.last)));
  if (period.combined) Note(note, "one auction: with " + ToString(IsoWeekOf(period.first)));
  const bool is_provisional = !price.missing.empty();
  if (is_provisional) {
    Note(note, "provisional: auctions missing: " + std::to_string(price.missing.size()));
  }
  rows.Add({Text(name),
            {ToString(period.price), ToString(period.price), true},
            {Exact(period), Exact(period), true},
            Number(static_cast<std::uint64_t>(period.auctions)),
            Tonnage(period.volume.count()),
            Text(ToString(calendar.published)),
            is_overtaken ? Nothing() : Text(ToString(calendar.applies_from)),
            is_overtaken ? Nothing() : Text(ToString(calendar.applies_until)),
            YesNo(is_provisional),
            Text(note)});
}

// Whether a price may be shown: whole, or asked for as it is.
bool MayShow(const PriceOptions& options, const std::string& name, const cbam::ReportPrices& prices,
             const cbam::ReportedPrice& price) {
  if (price.missing.empty() || options.provisional) return true;
  BadInput("--auctions: " + WhatIsMissing(options.auctions, name, prices, price.missing));
  return false;
}

int ShowQuarter(const cbam::ReportPrices& prices, const PriceOptions& options) {
  const auto quarter = cbam::ParseQuarter(options.quarter);
  if (!quarter) return BadInput("--quarter: '" + options.quarter + "'; allowed: as 2026-Q1");
  if (quarter->year >= 2027) {
    return BadInput("--quarter: '" + options.quarter +
                    "'; allowed: quarters of 2026 (and before); from 2027 prices are weekly: "
                    "--week 2027-W05");
  }
  const auto price = prices.Quarter(*quarter);
  const cbam::PriceCalendar calendar = cbam::CalendarOfQuarter(quarter->year, quarter->quarter);
  if (!price) {
    return BadInput("--auctions: " + options.auctions + " has no auction from " +
                    ToString(calendar.applies_from) + " to " + ToString(calendar.applies_until));
  }
  if (!MayShow(options, options.quarter, prices, *price)) return kBadInput;
  Rows rows(options.output, Columns());
  AddPeriod(rows, ToString(*quarter), *price, calendar, "for imports of the quarter");
  rows.End();
  return kDone;
}

std::string NoteOfWeek(Date monday) {
  return IsoWeekOf(monday).year < 2027 ? "before 2027: for comparison" : "";
}

int ShowWeek(const cbam::ReportPrices& prices, const PriceOptions& options) {
  const auto monday = cbam::ParseWeek(options.week);
  if (!monday) return BadInput("--week: '" + options.week + "'; allowed: an ISO week, as 2027-W05");
  const auto price = prices.Week(*monday);
  if (!price) {
    return BadInput("--auctions: " + options.auctions + " has no auction in " + options.week +
                    " or before");
  }
  if (!MayShow(options, options.week, prices, *price)) return kBadInput;
  Rows rows(options.output, Columns());
  AddPeriod(rows, options.week, *price, cbam::CalendarOfWeek(*monday), NoteOfWeek(*monday));
  rows.End();
  return kDone;
}

struct SeriesRow {
  std::string name;
  cbam::ReportedPrice price;
  cbam::PriceCalendar calendar;
  std::string note;
};

// The quarters of 2026 that the file has, then every week, before 2027 for comparison.
std::vector<SeriesRow> SeriesOf(const cbam::ReportPrices& prices) {
  std::vector<SeriesRow> series;
  for (int quarter = 1; quarter <= 4; ++quarter) {
    const auto price = prices.Quarter({2026, quarter});
    if (!price) continue;
    series.push_back({ToString(cbam::YearQuarter{2026, quarter}), *price,
                      cbam::CalendarOfQuarter(2026, quarter), "for imports of the quarter"});
  }
  const Date last = prices.report().facts.back().date;
  for (Date monday = MondayOf(prices.report().facts.front().date); monday <= last;
       monday = monday + 7) {
    series.push_back({ToString(IsoWeekOf(monday)), *prices.Week(monday),
                      cbam::CalendarOfWeek(monday), NoteOfWeek(monday)});
  }
  return series;
}

// Auctions missing within the file stop it; a period that the file only begins or ends in is left
// out, and named.
int ShowSeries(const cbam::ReportPrices& prices, const PriceOptions& options) {
  const Date first = prices.report().held.front().date;
  const Date last = prices.report().held.back().date;
  const auto within = cbam::MissingAuctions(prices.report().held, first, last);
  if (!within.empty() && !options.provisional) {
    return BadInput("--auctions: " + WhatIsMissing(options.auctions, "the file", prices, within));
  }
  Rows rows(options.output, Columns());
  std::string left_out;
  for (const SeriesRow& row : SeriesOf(prices)) {
    if (row.price.missing.empty() || options.provisional) {
      AddPeriod(rows, row.name, row.price, row.calendar, row.note);
    } else {
      left_out += (left_out.empty() ? "" : ", ") + row.name;
    }
  }
  rows.End();
  if (!left_out.empty()) {
    std::fprintf(stderr,
                 "left out: %s: not all of their auctions lie between %s and %s, which the file "
                 "covers; --provisional shows them\n",
                 left_out.c_str(), ToString(first).c_str(), ToString(last).c_str());
  }
  return kDone;
}

int ShowPrice(const PriceOptions& options) {
  const int asked =
      (options.quarter.empty() ? 0 : 1) + (options.week.empty() ? 0 : 1) + (options.series ? 1 : 0);
  if (asked != 1) {
    return BadInput("which price? allowed: one of --quarter 2026-Q1, --week 2027-W05, --series");
  }
  const auto report = ReadAuctionFile(options.auctions);
  if (!report.ok()) return BadInput("--auctions: " + report.error());
  if (report->facts.empty()) {
    return BadInput("--auctions: " + options.auctions + " has no auction that cleared");
  }
  const cbam::ReportPrices prices(*report, options.single_auction_rule);
  if (report->not_cleared + report->of_other_contracts > 0) {
    std::fprintf(stderr, "not counted: %d auctions that did not clear, %d of other contracts\n",
                 report->not_cleared, report->of_other_contracts);
  }
  if (!options.quarter.empty()) return ShowQuarter(prices, options);
  if (!options.week.empty()) return ShowWeek(prices, options);
  return ShowSeries(prices, options);
}

// Every value that a bill may look up. A route or an origin that a value is not of is left empty.
int ShowGoods(const std::string& output) {
  Rows rows(output,
            {"value", "cn", "sector", "route", "origin", "from", "until", "t_per_t", "source"});
  const auto sector_of = [](std::string_view cn) {
    const auto sector = cbam::SectorOf(cn);
    return Text(sector ? std::string(cbam::RowOf(*sector).name) : "");
  };
  const auto value_of = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value);
    return Cell{text, text, true};
  };
  for (const cbam::BenchmarkRow& row : cbam::Benchmarks()) {
    rows.Add({Text("benchmark, column B"), Text(std::string(row.cn)), sector_of(row.cn),
              Text(std::string(row.route)), Nothing(),
              Number(static_cast<std::uint64_t>(row.first_year)),
              Number(static_cast<std::uint64_t>(row.last_year)), value_of(row.value),
              Text(std::string(row.source))});
  }
  for (const cbam::DefaultRow& row : cbam::Defaults()) {
    rows.Add({Text("default before mark-up"), Text(std::string(row.cn)), sector_of(row.cn),
              Nothing(), Text(row.origin == "*" ? "others" : std::string(row.origin)), Nothing(),
              Nothing(), value_of(row.value), Text(std::string(row.source))});
  }
  rows.End();
  return kDone;
}

void AddOutput(CLI::App& verb, std::string& output) {
  verb.add_option("--output", output, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

void AddPrice(CLI::App& cbam, int& exit_code) {
  CLI::App* const price = cbam.add_subcommand(
      "price",
      "What a certificate costs: the volume-weighted average of the European auctions of a "
      "period,\n"
      "of all auctioneers, rounded once. 2026: a price a quarter, for the imports of the quarter.\n"
      "From 2027: a price a week, published on the first working day of the next and applied from\n"
      "the working day after it (Art. 21 Reg. (EU) 2023/956; IR (EU) 2025/2548).");
  const auto options = std::make_shared<PriceOptions>();
  price
      ->add_option("--auctions", options->auctions,
                   "the exchange's report as downloaded (xlsx, csv), or a csv of "
                   "date,auctioneer,price,volume")
      ->required();
  price->add_option("--quarter", options->quarter, "as 2026-Q1");
  price->add_option("--week", options->week, "an ISO week, as 2027-W05");
  price->add_flag("--series", options->series, "every period of the file");
  price->add_flag(
      "--provisional", options->provisional,
      "a price although auctions of the period are missing in the file, as in a running\n"
      "quarter; it is marked as provisional");
  price->add_flag(
      "--single-auction-rule", options->single_auction_rule,
      "a week with one auction is averaged with the last week with several: proposed in\n"
      "December 2025, not in force");
  AddOutput(*price, options->output);
  price->callback([options, &exit_code] { exit_code = ShowPrice(*options); });
}

void AddBill(CLI::App& cbam, int& exit_code) {
  CLI::App* const bill = cbam.add_subcommand("bill",
                                             "What an importer owes for a year's goods, step by "
                                             "step: embedded emissions, free-allocation\n"
                                             "adjustment, the carbon price paid at home, "
                                             "certificates, euro. docs/cbam.md has the formulas\n"
                                             "and the declaration file's fields.");
  const auto options = std::make_shared<BillOptions>();
  bill->add_option("DECLARATION", options->declaration, "a .toml file")->required();
  bill->add_option(
      "--auctions", options->auctions,
      "auctions from which certificate prices are computed where the declaration names "
      "none");
  bill->add_flag("--provisional", options->provisional,
                 "prices although auctions of their periods are missing; marked as provisional");
  AddOutput(*bill, options->output);
  bill->callback([options, &exit_code] { exit_code = ShowBill(*options); });
}

void AddGoods(CLI::App& cbam, int& exit_code) {
  CLI::App* const goods = cbam.add_subcommand(
      "goods",
      "The benchmarks and default values that a bill looks up, by code, route and origin, with\n"
      "their sources. A declaration may give others (benchmark_a, benchmark_b, default_value).");
  const auto output = std::make_shared<std::string>("table");
  AddOutput(*goods, *output);
  goods->callback([output, &exit_code] { exit_code = ShowGoods(*output); });
}

}  // namespace

void AddCbamVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const cbam =
      app.add_subcommand("cbam", "The carbon border adjustment: certificate prices and bills");
  cbam->require_subcommand(1);
  AddPrice(*cbam, exit_code);
  AddBill(*cbam, exit_code);
  AddGoods(*cbam, exit_code);
}

}  // namespace ets::cli
