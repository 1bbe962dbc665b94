#include "clients/cli/auction_verbs.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include "auction/fields.h"
#include "auction/report_file.h"
#include "auction/reserve.h"
#include "clients/cli/auction_calendar.h"
#include "clients/cli/auction_clear.h"
#include "clients/cli/auction_house_verbs.h"
#include "clients/cli/auction_plot.h"
#include "clients/cli/auction_publication.h"
#include "clients/cli/auction_tables.h"
#include "clients/cli/rows.h"
#include "clients/cli/run_verb.h"
#include "clients/cli/xlsx_file.h"

namespace ets::cli {
namespace {

int Complain(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  return kBadInput;
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return true;
  std::fprintf(stderr, "%s: cannot be written; allowed: a writable file\n", path.c_str());
  return false;
}

// What is wrong with what is to be written.
std::vector<std::string> WrongOutputs(const AuctionFlags& flags) {
  std::vector<std::string> problems;
  const bool has_files = !flags.plot.empty() || !flags.publish.empty();
  if (flags.all_formats && (has_files || !flags.show.empty())) {
    problems.emplace_back(
        "--all-formats: shows many auctions; allowed: without --plot, --publish and --show");
  }
  if (!flags.plot.empty() && !flags.plot.ends_with(".html") && !flags.plot.ends_with(".svg")) {
    problems.push_back("--plot " + flags.plot + ": no picture; allowed: a name in .html or .svg");
  }
  return problems;
}

template <typename T>
int Complain(std::vector<std::string> problems, const Result<T, std::vector<std::string>>& more) {
  if (!more.ok()) problems.insert(problems.end(), more.error().begin(), more.error().end());
  return Complain(problems);
}

int Clear(const AuctionFlags& flags) {
  const std::vector<std::string> wrong = WrongOutputs(flags);
  if (flags.all_formats) {
    const auto compared = HoldUnderAll(flags);
    if (!compared.ok() || !wrong.empty()) return Complain(wrong, compared);
    PrintComparison(*compared, flags.output);
    return kDone;
  }
  const auto held = Hold(flags);
  if (!held.ok() || !wrong.empty()) return Complain(wrong, held);
  const bool html = flags.plot.ends_with(".html");
  if (!flags.plot.empty() && !WriteFile(flags.plot, html ? PlotHtml(*held) : PlotSvg(*held))) {
    return kFailed;
  }
  if (!flags.publish.empty() && !WriteFile(flags.publish, PublicationOf(*held))) return kFailed;
  PrintAuction(*held, flags.output, flags.show);
  return kDone;
}

int Verify(const std::string& path) {
  const auto text = WholeFile(path);
  if (!text) return Complain({path + ": cannot be read; allowed: a file of --publish"});
  const std::vector<std::string> differences = DifferencesIn(*text);
  for (const std::string& difference : differences) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), difference.c_str());
  }
  if (!differences.empty()) {
    return differences.front().starts_with("not a published auction") ? kBadInput : kFailed;
  }
  std::printf("%s: the auction comes out as published\n", path.c_str());
  return kDone;
}

using ReadRows = Result<std::vector<auction::ReportRow>, std::vector<auction::BidProblem>>;

// A csv with short names, or the exchange's own report, as a workbook or as csv.
ReadRows ReadReport(const std::string& bytes) {
  if (LooksLikeXlsx(bytes)) {
    const auto sheet = ReadFirstSheet(bytes);
    if (sheet.ok()) return auction::ReadReport(*sheet);
    return Fail{std::vector<auction::BidProblem>{{1, 1, sheet.error()}}};
  }
  if (auction::IsShortReport(bytes)) return auction::ReadReport(std::string_view(bytes));
  const auto cells = cbam::SplitCsv(bytes);
  if (cells.ok()) return auction::ReadReport(*cells);
  return Fail{std::vector<auction::BidProblem>{{1, 1, cells.error()}}};
}

int Check(const std::string& path, std::int64_t lot) {
  const auto text = WholeFile(path);
  if (!text) return Complain({path + ": cannot be read; allowed: a report"});
  const auto rows = ReadReport(*text);
  if (!rows.ok()) {
    std::vector<std::string> problems;
    for (const auction::BidProblem& problem : rows.error()) {
      problems.push_back(path + ":" + std::to_string(problem.line) + ":" +
                         std::to_string(problem.column) + ": " + problem.what);
    }
    return Complain(problems);
  }
  std::size_t broken = 0;
  for (const auction::ReportRow& row : *rows) {
    for (const std::string& what : auction::BrokenIdentities(row.figures, Tonnes(lot))) {
      std::fprintf(stderr, "%s:%d: %s %s: %s\n", path.c_str(), row.line, row.date.c_str(),
                   row.auction.c_str(), what.c_str());
      ++broken;
    }
  }
  std::printf("%zu auctions, %zu identities broken\n", rows->size(), broken);
  return broken == 0 ? kDone : kFailed;
}

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

int ShowFormats(const std::string& name, const std::string& output) {
  if (name.empty()) {
    Rows rows(output, {"format", "currency", "lot", "tick", "tie", "shortage", "reserve", "secret",
                       "bidder_limit", "unsold", "description"});
    for (const auction::Profile& profile : auction::Profiles()) {
      std::vector<Cell> row = {Text(std::string(profile.format.name)),
                               Text(std::string(profile.format.currency))};
      for (const char* field :
           {"lot", "tick", "tie", "shortage", "reserve", "secret", "bidder_limit", "unsold"}) {
        row.push_back(Text(auction::FindField(field)->get(profile.format)));
      }
      row.push_back(Text(std::string(profile.format.description)));
      rows.Add(std::move(row));
    }
    rows.End();
    return kDone;
  }
  const auction::Profile* profile = auction::FindProfile(name);
  if (profile == nullptr) {
    std::vector<std::string> names;
    for (const auction::Profile& known : auction::Profiles()) {
      names.emplace_back(known.format.name);
    }
    return Complain({name + ": no format; allowed: " + Listed(names)});
  }
  Rows rows(output, {"field", "value", "meaning", "source"});
  for (const auction::Field& field : auction::Fields()) {
    std::string source;
    for (const auction::FieldSource& one : profile->sources) {
      if (one.field == field.name) source = one.source;
    }
    rows.Add({Text(std::string(field.name)), Text(field.get(profile->format)),
              Text(std::string(field.description)),
              source.empty() ? Text("none named: the neutral value") : Text(source)});
  }
  rows.End();
  return kDone;
}

int ShowTriggers(const std::string& output) {
  Rows rows(output, {"year", "cost_tier_one", "cost_tier_two", "emission", "published"});
  const auto cell = [](const std::optional<Price>& price) {
    return price ? Cell{ToString(*price), ToString(*price), true} : Nothing();
  };
  for (const auction::RggiTriggers& row : auction::RggiTriggerTable()) {
    rows.Add({Signed(row.year), cell(row.tier_one), cell(row.tier_two), cell(row.emission),
              YesNo(row.published)});
  }
  rows.End();
  return kDone;
}

void AddOutput(CLI::App& verb, std::string& output) {
  verb.add_option("--output", output, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

void AddSets(CLI::App& verb, AuctionFlags& flags) {
  verb.add_option("--format", flags.format, "A named format; see auction formats")
      ->capture_default_str();
  verb.add_option("--set", flags.sets, "Change one field of the format: --set tie=time")
      ->take_all()
      ->allow_extra_args(false);
}

void AddClear(CLI::App& parent, int& exit_code) {
  const auto flags = std::make_shared<AuctionFlags>();
  CLI::App* const verb =
      parent.add_subcommand("clear", "Clear sealed bids from a file under a format");
  AddSets(*verb, *flags);
  verb->add_option("--bids", flags->bids,
                   "Table with bidder,price,quantity; - reads standard input")
      ->required();
  verb->add_option("--supply", flags->supply, "Tonnes offered")->required();
  verb->add_option("--reserve", flags->reserve,
                   "Reserve price: the public one; in systems with none (eu) the secret one");
  verb->add_option("--secret", flags->secret, "Secret or confidential reserve price");
  verb->add_option("--secondary", flags->secondary,
                   "Price of the secondary market: gives the secret reserve, price x (1 - k x "
                   "sigma), or the mean under a moving-average reserve");
  verb->add_option("--sigma", flags->sigma, "Its short-term volatility, as a share")
      ->capture_default_str();
  verb->add_option("--year", flags->year, "Take published reserve and trigger prices of this year");
  verb->add_option("--seed", flags->seed, "Seed of the ties")->capture_default_str();
  verb->add_option("--bidders", flags->bidders,
                   "Table with bidder and covered, room, guarantee: limits of each");
  verb->add_option("--containment", flags->containment,
                   "PRICE:TONNES of a cost containment tier; twice for two tiers")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--withholding", flags->withholding,
                   "PRICE:TONNES of the emission containment reserve");
  verb->add_option("--consigned", flags->consigned, "NAME=TONNES of the supply that NAME consigned")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--rate", flags->rates, "CAD=0.7324: converts bids in another currency")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--close", flags->close, "End of the window: later bids are mistakes");
  verb->add_option("--name", flags->name, "The auction's name in the seed's commitment")
      ->capture_default_str();
  verb->add_flag("--all-formats", flags->all_formats, "The same bids under every format");
  verb->add_option("--plot", flags->plot, "Draw demand, supply and clearing point: .html or .svg");
  verb->add_option("--publish", flags->publish,
                   "Write all that a stranger needs to clear it again; see auction verify");
  verb->add_option("--show", flags->show, "Only fills, statistics, curve or order")
      ->check(CLI::IsMember({"fills", "statistics", "curve", "order"}));
  AddOutput(*verb, flags->output);
  verb->footer(
      "Bids stand in the order of the file, or of a time column. csv prints the fills.\n\n"
      "  capclear auction clear --format eu --supply 5000 --reserve 65.00 --seed 7 --bids "
      "bids.csv\n"
      "  capclear auction clear --format kr --supply 10000 --set tie=pro_rata_random --bids b.csv\n"
      "  capclear auction clear --supply 5000 --bids bids.csv --all-formats\n"
      "  capclear auction clear --supply 5000 --bids bids.csv --plot auction.html");
  verb->callback([flags, &exit_code] { exit_code = Clear(*flags); });
}

void AddReaders(CLI::App& parent, int& exit_code) {
  struct Reading {
    std::string path, output = "table";
    std::int64_t lot = 500;
  };
  const auto reading = std::make_shared<Reading>();
  CLI::App* const formats =
      parent.add_subcommand("formats", "The formats there are; with a name, each field's source");
  formats->add_option("name", reading->path, "One format");
  AddOutput(*formats, reading->output);
  formats->callback(
      [reading, &exit_code] { exit_code = ShowFormats(reading->path, reading->output); });
  CLI::App* const triggers =
      parent.add_subcommand("triggers", "RGGI's containment trigger prices by year");
  AddOutput(*triggers, reading->output);
  triggers->callback([reading, &exit_code] { exit_code = ShowTriggers(reading->output); });
  CLI::App* const verify =
      parent.add_subcommand("verify", "Clear a published auction again and compare");
  verify->add_option("file", reading->path, "File of auction clear --publish")->required();
  verify->callback([reading, &exit_code] { exit_code = Verify(reading->path); });
  CLI::App* const check = parent.add_subcommand(
      "check", "Hold an exchange's report to the identities between its figures");
  check
      ->add_option("file", reading->path,
                   "The exchange's own report (xlsx, csv), or a csv with short names")
      ->required();
  check->add_option("--lot", reading->lot, "Volumes are multiples of it; 0 = any")
      ->capture_default_str();
  check->callback([reading, &exit_code] { exit_code = Check(reading->path, reading->lot); });
}

void AddServedCalendar(CLI::App& verb, CalendarFlags& flags) {
  AddServer(verb, flags.served);
  verb.get_option("--server")->required(false);
  verb.add_option("--load", flags.load,
                  "With --server: give it the rows of this file, csv or json as this verb prints "
                  "them, as the auctions to come; it opens and closes each by its clock")
      ->needs(verb.get_option("--server"))
      ->type_name("FILE");
  const auto of_load = [&](CLI::Option* option) { option->needs(verb.get_option("--load")); };
  of_load(verb.add_option("--member", flags.member,
                          "The auctioneer's escrow account, which holds the supply")
              ->type_name("N"));
  of_load(verb.add_option("--instrument", flags.instrument, "What is sold: CEA26-CNY, or CEA26")
              ->type_name("NAME"));
  of_load(verb.add_option("--window", flags.window, "When bids are taken, on the venue's clocks")
              ->type_name("HH:MM-HH:MM")
              ->capture_default_str());
  of_load(verb.add_option("--pay-days", flags.pay_days,
                          "Working days until awards are paid; 0: at the close")
              ->check(CLI::Range(0, 60))
              ->capture_default_str());
  of_load(AddPrice(verb, "--reserve", flags.reserve, "Public reserve price"));
  of_load(verb.add_option("--why", flags.why, "Why the calendar changes, for people"));
  of_load(verb.add_option("--seed", flags.seed,
                          "The seed that every auction's ties are drawn from; else a random one"));
}

void AddCalendar(CLI::App& parent, int& exit_code) {
  const auto flags = std::make_shared<CalendarFlags>();
  CLI::App* const verb = parent.add_subcommand(
      "calendar", "A year of auctions, and what cancelled and unsold volumes do to it");
  verb->add_option("--format", flags->format, "Whose rule for unsold volumes")
      ->capture_default_str();
  verb->add_option("--auctioneer", flags->auctioneer,
                   "EU, DE or PL of 2026; with --volume any name; empty: the three of 2026");
  verb->add_option("--volume", flags->volume, "Tonnes of the whole calendar, spread evenly");
  verb->add_option("--first", flags->first, "First day")->capture_default_str();
  verb->add_option("--last", flags->last, "Last day")->capture_default_str();
  verb->add_option("--weekdays", flags->weekdays, "As in mon,tue,thu")->capture_default_str();
  verb->add_option("--every-weeks", flags->every_weeks, "2: every second week")
      ->check(CLI::Range(1, 52))
      ->capture_default_str();
  verb->add_option("--without", flags->without, "Days without an auction")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--sold", flags->sold, "DATE=TONNES sold; other past auctions sell out")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--cancelled", flags->cancelled, "DATE of an auction that was cancelled")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--withdraw", flags->withdraw,
                   "ANNOUNCED:FIRST:LAST=TONNES that the stability rule takes off")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--as-of", flags->as_of,
                   "The calendar as it stood on this day; with --load the day it was announced");
  AddServedCalendar(*verb, *flags);
  verb->footer(
      "  capclear auction calendar --auctioneer EU --output csv > eu.csv\n"
      "  capclear auction calendar --server 127.0.0.1:50051 --auctioneer EU --load eu.csv \\\n"
      "      --member 4 --instrument CEA26 --format eu --window 09:00-11:00 --pay-days 1\n"
      "  capclear auction calendar --server 127.0.0.1:50051 --auctioneer EU --as-of 2026-07-01\n"
      "  capclear auction calendar --auctioneer PL --cancelled 2026-02-18\n"
      "  capclear auction calendar --format uk --auctioneer UK --volume 52000000 --weekdays wed "
      "\\\n"
      "      --every-weeks 2 --first 2026-01-07 --sold 2026-03-04=1000000 --as-of 2026-03-05");
  verb->callback([flags, &exit_code] {
    if (flags->served.target.server.empty()) {
      exit_code = ShowCalendar(*flags);
      return;
    }
    const MaybeFailure failure = ServedCalendar(*flags);
    exit_code = failure ? failure->exit_code : 0;
    if (failure) std::cerr << failure->message << "\n";
  });
}

}  // namespace

void AddAuctionVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const parent = app.add_subcommand(
      "auction",
      "Sealed-bid auctions: clear, compare, publish, plan; open, bid and watch on a server");
  parent->require_subcommand(1);
  AddClear(*parent, exit_code);
  AddReaders(*parent, exit_code);
  AddCalendar(*parent, exit_code);
  AddAuctionHouseVerbs(*parent, exit_code);
}

}  // namespace ets::cli
