#include "sim/scenario_checks.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "cbam/auction_report.h"
#include "sim/exporters.h"
#include "sim/registry_rules.h"
#include "sim/stability_checks.h"

namespace ets::sim {
namespace {

constexpr double kSumTolerance = 1e-6;

std::vector<std::string_view> Cells(std::string_view line, char separator) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t end = line.find(separator);
    cells.push_back(line.substr(0, end));
    if (end == line.npos) return cells;
    line.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

class Checker {
 public:
  Checker(const Scenario& scenario, ScenarioTree& tree) : scenario_(scenario), tree_(tree) {}

  void Run() {
    Names();
    Days();
    Sums();
    PowerRules();
    Opening();
    Auction();
    Behaviour();
    const std::vector<std::string> provinces = ProvinceColumns();
    for (const Sector& sector : scenario_.sectors) OneSector(sector, provinces);
    EuropeanFacts();
    Platforms();
    RegistryLaw();
    CheckStability(scenario_, tree_);
  }

 private:
  // At the path's place, or where a later file says one of the things it does not go with.
  void Report(const Path& path, const std::string& what, const std::vector<Path>& beside = {}) {
    Place place = tree_.PlaceOf(path);
    for (const Path& other : beside) {
      const Place later = tree_.PlaceOf(other);
      if (later.file > place.file) place = later;
    }
    tree_.Report(place, Join(path) + " " + what);
  }
  // Whether everything named was read; else a check would report the same thing twice.
  bool Have(std::initializer_list<const char*> keys) const {
    return std::ranges::all_of(keys, [&](const char* key) {
      const Leaf* leaf = tree_.Find(Split(key));
      return leaf != nullptr && leaf->good;
    });
  }
  bool Good(const char* key) const { return !tree_.Bad(Split(key)); }

  void Names() {
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '_';
    };
    if (Have({"name"}) && !std::ranges::all_of(scenario_.name, plain)) {
      Report({"name"}, "is " + FormatText(scenario_.name) +
                           "; allowed: letters, digits, - and _, it names the run's folder");
    }
    if (scenario_.sectors.empty()) {
      tree_.Report({}, "no sector; allowed: at least one table [sectors.<sector>]");
    }
  }

  void RegistryLaw() {
    if (!Good("registry") || !Good("calendar") ||
        !Have({"compliance.first_banking_vintage", "offsets.limit"})) {
      return;
    }
    for (const LawMistake& mistake : CheckLaw(scenario_)) {
      Report(mistake.path, mistake.what, {mistake.beside});
    }
  }

  void Days() {
    if (!Have({"first_day", "last_day", "horizon_year"})) return;
    if (scenario_.last_day <= scenario_.first_day) {
      Report({"last_day"},
             "is " + ToString(scenario_.last_day) + "; allowed: a day after first_day, " +
                 ToString(scenario_.first_day),
             {{"first_day"}});
      return;
    }
    if (scenario_.horizon_year < scenario_.last_day.year()) {
      Report({"horizon_year"},
             "is " + std::to_string(scenario_.horizon_year) +
                 "; allowed: from the year of last_day, " +
                 std::to_string(scenario_.last_day.year()),
             {{"last_day"}});
    }
    if (!Have({"calendar.spring_festivals"})) return;
    const std::vector<Date>& festivals = scenario_.spring_festivals;
    const Path path{"calendar", "spring_festivals"};
    if (!std::ranges::is_sorted(festivals))
      Report(path, "is not in order; allowed: a list of dates, in order");
    std::string missing;
    for (int year = scenario_.first_day.year(); year <= scenario_.last_day.year(); ++year) {
      const auto of_year = std::ranges::count(festivals, year, &Date::year);
      if (of_year > 1)
        Report(path, "has " + std::to_string(year) + " twice; allowed: one day a year");
      if (of_year == 0) missing += (missing.empty() ? "" : ", ") + std::to_string(year);
    }
    if (!missing.empty()) {
      Report(
          path,
          "has no day in " + missing + "; allowed: one for every year from first_day to last_day",
          {{"first_day"}, {"last_day"}});
    }
  }

  void SumsToOne(const Path& path, double sum, const char* what) {
    if (std::abs(sum - 1) <= kSumTolerance) return;
    Report(path, "sum to " + FormatNumber(std::round(sum * 1e9) / 1e9) + "; allowed: " + what);
  }
  void Sums() {
    if (Good("power.classes") && scenario_.power_classes.size() == std::size(kPowerClasses)) {
      double sum = 0;
      for (const auto& [name, power_class] : scenario_.power_classes)
        sum += power_class.share_of_emissions;
      SumsToOne({"power", "classes"}, sum, "share_of_emissions of the six that sum to 1");
    }
    if (Good("behaviour.horizons")) {
      double sum = 0;
      for (const auto& [years, share] : scenario_.horizons) sum += share;
      SumsToOne({"behaviour", "horizons"}, sum, "shares that sum to 1");
    }
  }

  void PowerRules() {
    for (const auto& [vintage, benchmarks] : scenario_.benchmarks) {
      const auto next = scenario_.benchmarks.upper_bound(vintage);
      if (next == scenario_.benchmarks.end()) break;
      if (!benchmarks.gross_generation || next->second.gross_generation) continue;
      Report({"power", "benchmarks", std::to_string(next->first), "gross_generation"},
             "is false after a vintage with true; allowed: true, the basis changes once");
    }
  }

  void Opening() {
    if (!Have({"first_day"})) return;
    for (const auto& [vintage, stock] : scenario_.opening_stock_mt) {
      if (vintage < scenario_.first_day.year()) continue;
      Report({"opening", "stock_mt", std::to_string(vintage)},
             "is a vintage that nobody can hold yet; allowed: vintages before " +
                 std::to_string(scenario_.first_day.year()));
    }
    for (const auto& [name, base] : scenario_.carry_over_base) {
      if (scenario_.SectorIndex(name) < 0) {
        Report({"carry_over", "base_t", name},
               "is for no sector of the scenario; allowed: " + SectorNames());
      }
    }
  }
  std::string SectorNames() const {
    std::string names;
    for (const Sector& sector : scenario_.sectors)
      names += (names.empty() ? "" : ", ") + sector.name;
    return names;
  }

  void Auction() {
    if (Have({"auction.format"})) {
      const auction::Format format = scenario_.AuctionFormat();
      if (const std::string_view wrong = WrongWith(format); !wrong.empty()) {
        const std::string field(wrong.substr(0, wrong.find(':')));
        Report({"auction", "rules", field},
               "does not fit the other fields: " + std::string(wrong) +
                   "; allowed: a format whose fields fit",
               {{"auction", "format"}, {"auction", "rules"}});
      }
    }
    if (!Have({"auction.enabled", "auction.first_year"}) || !scenario_.auction_enabled) return;
    const int first = scenario_.auction_first_year;
    const auto needs_price = [&](const char* key, const YearSeries& series) {
      if (!Good(key)) return false;
      if (!series.empty() && series.values().begin()->first <= first) return true;
      Report(Split(key),
             "has no price for " + std::to_string(first) +
                 "; allowed: one for auction.first_year or earlier",
             {{"auction", "first_year"}, {"auction", "enabled"}});
      return false;
    };
    const bool reserve = needs_price("auction.reserve_cny", scenario_.auction_reserve_cny);
    const bool trigger =
        needs_price("auction.containment.trigger_cny", scenario_.containment_trigger_cny);
    if (!reserve || !trigger || !Have({"horizon_year"})) return;
    for (int year = first; year <= scenario_.horizon_year; ++year) {
      if (scenario_.TriggerOf(year) >= scenario_.ReservePriceOf(year)) continue;
      Report({"auction", "containment", "trigger_cny"},
             "is below the reserve price in " + std::to_string(year) + "; allowed: from " +
                 FormatNumber(std::round(scenario_.ReservePriceOf(year) * 100) / 100),
             {{"auction", "reserve_cny"},
              {"auction", "reserve_growth"},
              {"auction", "containment", "growth"}});
      return;
    }
  }

  void Behaviour() {
    if (Have({"behaviour.discount_low", "behaviour.discount_mean", "behaviour.discount_high"}) &&
        (scenario_.discount_low > scenario_.discount_mean ||
         scenario_.discount_mean > scenario_.discount_high)) {
      Report({"behaviour", "discount_mean"},
             "is " + FormatNumber(scenario_.discount_mean) +
                 "; allowed: between discount_low and discount_high",
             {{"behaviour", "discount_low"}, {"behaviour", "discount_high"}});
    }
    for (std::size_t i = 1; i < scenario_.belief.size(); ++i) {
      if (scenario_.belief[i].first > scenario_.belief[i - 1].first) continue;
      Report({"behaviour", "belief"}, "has " + ToString(scenario_.belief[i].first) + " after " +
                                          ToString(scenario_.belief[i - 1].first) +
                                          "; allowed: dates in order, each once");
      break;
    }
  }

  void OneSector(const Sector& sector, const std::vector<std::string>& provinces) {
    const Path at{"sectors", sector.name};
    const auto key = [&](const char* part) { return Path{"sectors", sector.name, part}; };
    if (!tree_.Bad(key("months"))) {
      SumsToOne(key("months"), std::accumulate(sector.months.begin(), sector.months.end(), 0.0),
                "twelve shares that sum to 1");
    }
    for (std::size_t i = 1; i < sector.abatement.size(); ++i) {
      const CostAnchor& before = sector.abatement[i - 1];
      const CostAnchor& anchor = sector.abatement[i];
      if (anchor.abated > before.abated && anchor.cost > before.cost) continue;
      Report(key("abatement"),
             "does not rise from " + FormatNumber(before.abated) + " at " +
                 FormatNumber(before.cost) + " to " + FormatNumber(anchor.abated) + " at " +
                 FormatNumber(anchor.cost) + "; allowed: share and cost above those before");
      break;
    }
    Sizes(sector);
    if (!tree_.Bad(key("provinces_like")) && !provinces.empty() && !sector.provinces_like.empty()) {
      for (const std::string_view column : Cells(sector.provinces_like, '+')) {
        if (std::ranges::find(provinces, column) != provinces.end()) continue;
        std::string allowed;
        for (const std::string& name : provinces) allowed += (allowed.empty() ? "" : ", ") + name;
        Report(key("provinces_like"),
               "names '" + std::string(column) +
                   "', no column of the province table; allowed: " + allowed,
               {{"provinces"}});
      }
    }
    const bool begins = tree_.Find(key("first_vintage")) != nullptr;
    if (begins && !tree_.Bad(key("rule")) && !tree_.Bad(key("first_vintage"))) Rules(sector);
  }

  void Sizes(const Sector& sector) {
    const Path total{"sectors", sector.name, "verified_2024_mt"};
    if (tree_.Bad(total) || sector.sizes.empty() || !Have({"compliance.threshold_t"})) return;
    double firms = 0;
    for (const SizeClass& size : sector.sizes) firms += size.firms;
    const double least_mt = firms * scenario_.threshold_t / 1e6;
    if (sector.verified_2024_mt < least_mt) {
      Report(total,
             "is " + FormatNumber(sector.verified_2024_mt) + "; allowed: from " +
                 FormatNumber(least_mt) + ", its firms at the threshold of coverage",
             {{"sectors", sector.name, "sizes"}, {"compliance", "threshold_t"}});
    }
  }

  void Rules(const Sector& sector) {
    const Path at{"sectors", sector.name, "rule"};
    if (sector.rule.empty() || sector.rule.begin()->first > sector.first_vintage) {
      Report(at,
             "has none for the first vintage, " + std::to_string(sector.first_vintage) +
                 "; allowed: a rule from that vintage or earlier",
             {{"sectors", sector.name, "first_vintage"}});
      return;
    }
    for (const auto& [vintage, name] : sector.rule) {
      if (name != "benchmark") continue;
      const Path place{"sectors", sector.name, "rule", std::to_string(vintage)};
      if (sector.name != "power") {
        Report(place,
               "is \"benchmark\", but benchmarks are published for power only; allowed: any other "
               "rule");
      } else if (scenario_.benchmarks.empty() && Good("power.benchmarks")) {
        Report(place,
               "is \"benchmark\", but power.benchmarks has no vintage; allowed: at least one");
      }
    }
    Caps(sector);
  }

  // Every capped vintage to the horizon needs a cap, and free + paid + reserve is the whole of it.
  void Caps(const Sector& sector) {
    const Path cap{"sectors", sector.name, "cap_mt"};
    const Path paid{"sectors", sector.name, "paid_share"};
    bool cap_open = !tree_.Bad(cap);
    bool paid_open = Have({"caps.reserve_share"});
    const bool some_bad = tree_.Bad(paid);
    for (int vintage = sector.first_vintage; vintage <= scenario_.horizon_year; ++vintage) {
      const policy::Rule* rule = policy::FindRule(sector.RuleOf(vintage));
      if (rule == nullptr || !rule->capped) continue;
      const std::string year = std::to_string(vintage);
      if (cap_open && sector.cap_mt.At(vintage) <= 0) {
        Report(cap,
               "has no cap above 0 for vintage " + year + ", whose rule is \"" +
                   std::string(rule->name) +
                   "\"; allowed: a cap for every capped vintage to horizon_year",
               {{"sectors", sector.name, "rule"}, {"horizon_year"}});
        cap_open = false;
      }
      const double share = sector.paid_share.At(vintage);
      if (!paid_open || (some_bad && !sector.paid_share.Has(vintage))) continue;
      if (share < 0 || share + scenario_.reserve_share > 1 + 1e-9) {
        Path place = paid;
        if (sector.paid_share.Has(vintage)) place.push_back(year);
        Report(place,
               "is " + FormatNumber(share) + " in " + year + " beside a reserve of " +
                   FormatNumber(scenario_.reserve_share) + "; allowed: from 0 to " +
                   FormatNumber(std::round((1 - scenario_.reserve_share) * 1e9) / 1e9) +
                   ", free + paid + reserve is 1",
               {{"caps", "reserve_share"}, {"sectors", sector.name, "rule"}});
        paid_open = false;
      } else if (share > 0 && scenario_.auction_enabled && vintage < scenario_.auction_first_year &&
                 Have({"auction.enabled", "auction.first_year"})) {
        Report(paid,
               "is " + FormatNumber(share) + " in " + year +
                   ", before auction.first_year; allowed: 0 until there is an auction",
               {{"auction", "first_year"}, {"sectors", sector.name, "rule"}});
        paid_open = false;
      }
    }
  }

  // The names of a data file's columns after checking it, "province" left out; empty: there is
  // none.
  std::vector<std::string> ProvinceColumns() {
    const Leaf* leaf = tree_.Find({"provinces"});
    if (leaf == nullptr || !leaf->good || scenario_.province_csv.empty()) return {};
    const std::string& file = std::get<std::string>(leaf->value);
    const std::vector<std::string_view> lines = LinesOf(scenario_.province_csv);
    const std::vector<std::string_view> head = Cells(lines[0], ',');
    if (head.size() < 2 || head[0] != "province") {
      InFile(file, 1, 1,
             "is not the header of a province table; allowed: province and the columns' names, "
             "with commas");
      return {};
    }
    std::set<std::string_view> seen;
    for (std::size_t l = 1; l < lines.size(); ++l) {
      const std::vector<std::string_view> cells = Cells(lines[l], ',');
      if (lines[l].empty()) continue;
      if (cells.size() != head.size()) {
        InFile(file, l + 1, 1,
               "has " + std::to_string(cells.size()) +
                   " columns; allowed: " + std::to_string(head.size()));
        continue;
      }
      if (!seen.insert(cells[0]).second) {
        InFile(file, l + 1, 1,
               "names '" + std::string(cells[0]) + "' again; allowed: each province once");
      }
      for (std::size_t c = 1; c < cells.size(); ++c) {
        const auto number = NumberOf(cells[c]);
        if (number && *number >= 0 && *number <= 1e6) continue;
        InFile(file, l + 1, Column(lines[l], cells[c]),
               "'" + std::string(cells[c]) + "' is no number of firms; allowed: a number from 0");
      }
    }
    return {head.begin() + 1, head.end()};
  }

  // What its rows alone do not tell: a repeated auction, sums that are too large.
  void EuropeanFactsTogether(const std::string& file, std::string_view text) {
    const auto facts = cbam::ParseAuctionCsv(text);
    if (facts.ok()) return;
    for (const std::string_view wrong : LinesOf(facts.error())) {
      std::size_t line = 0;
      constexpr std::string_view kLine = "line ";
      std::from_chars(wrong.data() + kLine.size(), wrong.data() + wrong.size(), line);
      InFile(file, line, 1,
             std::string(wrong.substr(std::min(wrong.find(", "), wrong.size()) + 2)));
    }
  }

  void EuropeanFacts() {
    const Leaf* leaf = tree_.Find({"europe", "facts"});
    const std::string_view text = scenario_.europe.facts_csv;
    if (leaf == nullptr || !leaf->good || text.empty()) return;
    const std::string& file = std::get<std::string>(leaf->value);
    const std::vector<std::string_view> lines = LinesOf(text);
    if (lines[0] != "date,auctioneer,price,volume") {
      InFile(file, 1, 1,
             "is not the header of a table of auctions; allowed: date,auctioneer,price,volume");
      return;
    }
    const std::size_t problems = tree_.problems.size();
    Date last(-1'000'000);
    for (std::size_t l = 1; l < lines.size(); ++l) {
      if (lines[l].empty()) continue;
      const std::vector<std::string_view> cells = Cells(lines[l], ',');
      if (cells.size() != 4) {
        InFile(file, l + 1, 1, "has " + std::to_string(cells.size()) + " columns; allowed: 4");
        continue;
      }
      const auto wrong = [&](std::size_t c, const char* what, const char* allowed) {
        InFile(file, l + 1, Column(lines[l], cells[c]),
               "'" + std::string(cells[c]) + "' is no " + what + "; allowed: " + allowed);
      };
      const std::optional<Date> date = Date::Parse(cells[0]);
      if (!date) {
        wrong(0, "date", "a date that exists, as 2026-01-07");
      } else if (*date < last) {
        wrong(0, "later date", "auctions in order of their dates");
      } else {
        last = *date;
      }
      constexpr std::string_view kAuctioneers[] = {"EU", "DE", "PL"};
      if (std::ranges::find(kAuctioneers, cells[1]) == std::end(kAuctioneers))
        wrong(1, "auctioneer", "EU, DE, PL");
      const std::optional<Price> price = Price::Parse(cells[2]);
      if (!price || price->minor_per_tonne() <= 0)
        wrong(2, "price", "a price above 0 with at most two decimals");
      const auto volume = NumberOf(cells[3]);
      if (!volume || *volume <= 0 || *volume > 1e10 || *volume != std::floor(*volume)) {
        wrong(3, "volume", "a whole number of tonnes above 0");
      }
    }
    if (tree_.problems.size() == problems) EuropeanFactsTogether(file, text);
    if (Have({"europe.last_fact_date"}) && scenario_.europe.last_fact_date < last) {
      Report({"europe", "last_fact_date"},
             "is " + ToString(scenario_.europe.last_fact_date) +
                 "; allowed: from the last auction of europe.facts, " + ToString(last),
             {{"europe", "facts"}});
    }
  }

  void Platforms() {
    const Leaf* leaf = tree_.Find({"cbam", "data", "platforms"});
    const std::string_view text = scenario_.trust.platforms_csv;
    if (leaf == nullptr || !leaf->good || text.empty()) return;
    const auto parsed = ParsePlatforms(text);
    if (parsed.ok()) return;
    for (const PlatformMistake& mistake : parsed.error()) {
      InFile(std::get<std::string>(leaf->value), static_cast<std::size_t>(mistake.line),
             mistake.column, mistake.message);
    }
  }

  static int Column(std::string_view line, std::string_view cell) {
    return static_cast<int>(cell.data() - line.data()) + 1;
  }
  void InFile(const std::string& file, std::size_t line, int column, std::string message) {
    tree_.problems.push_back({file, static_cast<int>(line), column, std::move(message)});
  }

  const Scenario& scenario_;
  ScenarioTree& tree_;
};

}  // namespace

void CheckScenario(const Scenario& scenario, ScenarioTree& tree) { Checker(scenario, tree).Run(); }

}  // namespace ets::sim
