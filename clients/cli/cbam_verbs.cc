#include "clients/cli/cbam_verbs.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

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
  bool with_gaps = false;
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
  return {"period",    "price_eur",    "exact_eur",     "auctions", "volume",
          "published", "applies_from", "applies_until", "note"};
}

void AddPeriod(Rows& rows, const std::string& name, const cbam::PeriodPrice& period,
               const cbam::PriceCalendar& calendar, std::string note) {
  if (period.carried)
    note += (note.empty() ? "" : "; ") + ("no auction: as " + ToString(IsoWeekOf(period.last)));
  if (period.combined)
    note += (note.empty() ? "" : "; ") + ("one auction: with " + ToString(IsoWeekOf(period.first)));
  rows.Add({Text(name),
            {ToString(period.price), ToString(period.price), true},
            {Exact(period), Exact(period), true},
            Number(static_cast<std::uint64_t>(period.auctions)),
            Tonnage(period.volume.count()),
            Text(ToString(calendar.published)),
            Text(ToString(calendar.applies_from)),
            Text(ToString(calendar.applies_until)),
            Text(note)});
}

std::string NameOf(cbam::YearQuarter quarter) {
  return std::to_string(quarter.year) + "-Q" + std::to_string(quarter.quarter);
}

// Where the first week without an auction should stand: behind the last auction before it.
std::string AfterLine(const cbam::CertificatePrices& prices, std::span<const std::size_t> lines,
                      const cbam::PriceCalendar& quarter) {
  const Date gap = prices.WeeksWithout(quarter.applies_from, quarter.applies_until).front();
  std::size_t line = 0;
  for (std::size_t i = 0; i < lines.size() && prices.facts()[i].date < gap; ++i)
    line = std::max(line, lines[i]);
  return line == 0 ? ", before its first auction" : ", after line " + std::to_string(line);
}

int ShowQuarter(const cbam::CertificatePrices& prices, std::span<const std::size_t> lines,
                const PriceOptions& options) {
  const auto quarter = cbam::ParseQuarter(options.quarter);
  if (!quarter) return BadInput("--quarter: '" + options.quarter + "'; allowed: as 2026-Q1");
  if (quarter->year >= 2027) {
    return BadInput("--quarter: '" + options.quarter +
                    "'; allowed: quarters of 2026 (and before); from 2027 prices are weekly: "
                    "--week 2027-W05");
  }
  const auto period = prices.PeriodOfQuarter(quarter->year, quarter->quarter);
  const cbam::PriceCalendar calendar = cbam::CalendarOfQuarter(quarter->year, quarter->quarter);
  if (!period) {
    return BadInput("--auctions: " + options.auctions + " has no auction from " +
                    ToString(calendar.applies_from) + " to " + ToString(calendar.applies_until));
  }
  std::string gaps;
  for (const Date monday : prices.WeeksWithout(calendar.applies_from, calendar.applies_until)) {
    gaps += (gaps.empty() ? "" : ", ") + ToString(IsoWeekOf(monday));
  }
  if (!gaps.empty() && !options.with_gaps) {
    return BadInput("--auctions: " + options.auctions + AfterLine(prices, lines, calendar) +
                    ": no auction in " + gaps +
                    "; allowed: every auction of the quarter, or --with-gaps");
  }
  Rows rows(options.output, Columns());
  AddPeriod(rows, NameOf(*quarter), *period, calendar, "for imports of the quarter");
  rows.End();
  return kDone;
}

int ShowWeek(const cbam::CertificatePrices& prices, const PriceOptions& options, Date latest) {
  const auto monday = cbam::ParseWeek(options.week);
  if (!monday) return BadInput("--week: '" + options.week + "'; allowed: an ISO week, as 2027-W05");
  const auto period = prices.PeriodOfWeek(*monday);
  if (!period) {
    return BadInput("--auctions: " + options.auctions + " has no auction in " + options.week +
                    " or before");
  }
  if (*monday > latest) {
    std::fprintf(stderr, "warning: --auctions: %s ends on %s, before %s\n",
                 options.auctions.c_str(), ToString(latest).c_str(), options.week.c_str());
  }
  Rows rows(options.output, Columns());
  AddPeriod(rows, options.week, *period, cbam::CalendarOfWeek(*monday),
            monday->year() < 2027 ? "before 2027: for comparison" : "");
  rows.End();
  return kDone;
}

// The quarters of 2026 that the file has, then every week, before 2027 for comparison.
int ShowSeries(const cbam::CertificatePrices& prices, const PriceOptions& options) {
  Rows rows(options.output, Columns());
  const Date first = prices.facts().front().date;
  const Date last = prices.facts().back().date;
  for (int quarter = 1; quarter <= 4; ++quarter) {
    const auto period = prices.PeriodOfQuarter(2026, quarter);
    if (!period) continue;
    AddPeriod(rows, NameOf({2026, quarter}), *period, cbam::CalendarOfQuarter(2026, quarter),
              last < cbam::CalendarOfQuarter(2026, quarter).applies_until - 7
                  ? "the file ends on " + ToString(last)
                  : "for imports of the quarter");
  }
  for (Date monday = MondayOf(first); monday <= last; monday = monday + 7) {
    AddPeriod(rows, ToString(IsoWeekOf(monday)), *prices.PeriodOfWeek(monday),
              cbam::CalendarOfWeek(monday),
              IsoWeekOf(monday).year < 2027 ? "before 2027: for comparison" : "");
  }
  rows.End();
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
  cbam::CertificatePrices prices(options.single_auction_rule);
  for (const cbam::AuctionFact& fact : report->facts) prices.Add(fact);
  if (report->not_cleared + report->of_other_contracts > 0) {
    std::fprintf(stderr, "not counted: %d auctions that did not clear, %d of other contracts\n",
                 report->not_cleared, report->of_other_contracts);
  }
  if (!options.quarter.empty()) return ShowQuarter(prices, report->lines, options);
  if (!options.week.empty()) return ShowWeek(prices, options, report->latest);
  return ShowSeries(prices, options);
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
  price->add_flag("--with-gaps", options->with_gaps,
                  "a quarter's price even if weeks of it have no auction in the file");
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
  AddOutput(*bill, options->output);
  bill->callback([options, &exit_code] { exit_code = ShowBill(*options); });
}

}  // namespace

void AddCbamVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const cbam =
      app.add_subcommand("cbam", "The carbon border adjustment: certificate prices and bills");
  cbam->require_subcommand(1);
  AddPrice(*cbam, exit_code);
  AddBill(*cbam, exit_code);
}

}  // namespace ets::cli
