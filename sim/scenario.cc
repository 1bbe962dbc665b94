#include "sim/scenario.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "auction/fields.h"
#include "base/assert.h"
#include "policy/cap_path.h"
#include "sim/scenario_checks.h"
#include "sim/scenario_inputs.h"
#include "sim/scenario_schema.h"
#include "sim/scenario_tree.h"
#include "sim/stability_checks.h"

namespace ets::sim {
namespace {

// The value of the last year given, grown by `growth` a year from there; the first one before it.
double Grown(const YearSeries& series, double growth, int year) {
  if (series.empty()) return 0;
  const auto next = series.values().upper_bound(year);
  if (next == series.values().begin()) return next->second;
  const auto& [last, value] = *std::prev(next);
  return value * std::pow(1 + growth, year - last);
}

// The paths of a key in this scenario: one for each sector, class or vintage there is.
std::vector<Path> PathsOf(const ScenarioTree& tree, const Key& key) {
  const auto is_wildcard = [](const std::string& part) { return part.front() == '<'; };
  const auto first = std::ranges::find_if(key.pattern, is_wildcard);
  if (first == key.pattern.end()) return {key.pattern};
  const Path prefix(key.pattern.begin(), first);
  std::vector<Path> paths;
  const auto add = [&](const std::string& part) {
    Path path = prefix;
    path.push_back(part);
    path.insert(path.end(), first + 1, key.pattern.end());
    paths.push_back(std::move(path));
  };
  if (*first == "<sector>") {
    std::ranges::for_each(tree.sectors, add);
    if (key.optional_table) {
      std::erase_if(paths, [&](const Path& path) {
        const Path table(path.begin(), path.end() - 1);
        const auto inside = tree.leaves.lower_bound(table);
        return inside == tree.leaves.end() || !IsUnder(inside->first, table);
      });
    }
  } else if (*first == "<class>" &&
             std::ranges::find(tree.sectors, "power") != tree.sectors.end()) {
    for (const std::string_view power_class : kPowerClasses) add(std::string(power_class));
  } else {
    std::set<std::string> parts;
    for (auto i = tree.leaves.lower_bound(prefix);
         i != tree.leaves.end() && IsUnder(i->first, prefix); ++i) {
      parts.insert(i->first[prefix.size()]);
    }
    std::ranges::for_each(parts, add);
  }
  return paths;
}

void ReportMissing(ScenarioTree& tree) {
  std::map<Path, std::string> missing;  // What a sector, class or vintage lacks.
  for (const Key& key : Keys()) {
    if (!key.required) continue;
    for (const Path& path : PathsOf(tree, key)) {
      if (tree.Find(path) != nullptr) continue;
      if (path == key.pattern) {
        tree.Report({}, "missing key '" + Join(path) + "'; allowed: " + AllowedText(key));
        continue;
      }
      std::string& names = missing[Path(path.begin(), path.end() - 1)];
      names += (names.empty() ? "" : ", ") + path.back();
    }
  }
  for (const auto& [path, names] : missing) {
    std::string message = Join(path) + " has no " + names + "; ";
    if (path.back() == "cbam") {
      message += "allowed: all of them, or no table at all";
    } else if (path[0] == "sectors") {
      std::vector<std::string> others = tree.sectors;
      std::erase(others, path[1]);
      const std::string near = Nearest(path[1], others);
      message += (near.empty() ? "" : "did you mean '" + near + "'? ") +
                 "allowed: all of them for a sector of one's own";
    } else {
      message += "allowed: all of them";
    }
    tree.Report(tree.PlaceOf(path), std::move(message));
  }
}

void AddDefaults(ScenarioTree& tree) {
  for (const Key& key : Keys()) {
    if (!key.fallback) continue;
    for (const Path& path : PathsOf(tree, key)) {
      if (tree.Find(path) != nullptr) continue;
      tree.leaves[path] = {&key, path, *key.fallback, {-1, 1, 1}, -1, true};
    }
  }
}

Scenario Build(ScenarioTree& tree, const std::map<std::string, std::string>& data) {
  Scenario scenario;
  for (const std::string& name : tree.sectors) {
    scenario.sectors.emplace_back();
    scenario.sectors.back().name = name;
  }
  for (auto& [path, leaf] : tree.leaves) {
    if (!leaf.good) continue;
    if (leaf.key->kind != Kind::kFile) {
      leaf.key->store(scenario, path, leaf.value);
      continue;
    }
    const std::string& name = std::get<std::string>(leaf.value);
    if (leaf.key->file_name != nullptr) scenario.*leaf.key->file_name = name;
    if (name.empty()) continue;
    const auto text = data.find(name);
    if (text == data.end()) {
      leaf.good = false;
      tree.Report(leaf.place, Join(path) + " names " + FormatText(name) +
                                  ", which cannot be read; allowed: a file that is there");
      continue;
    }
    leaf.key->store(scenario, path, Value(text->second));
    if (text->second.empty()) {
      leaf.good = false;
      tree.Report(leaf.place, Join(path) + " names " + FormatText(name) +
                                  ", which is empty; allowed: a file with a header and data");
    }
  }
  return scenario;
}

// In the order of the files, --set after them, then data files; from top to bottom.
void Order(ScenarioTree& tree) {
  const auto rank = [&](const Problem& problem) {
    return std::ranges::find(tree.file_names, problem.file) - tree.file_names.begin();
  };
  std::ranges::stable_sort(tree.problems, [&](const Problem& a, const Problem& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    if (a.file != b.file) return a.file < b.file;
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
}

}  // namespace

double YearSeries::At(int year) const {
  const auto next = values_.upper_bound(year);
  if (next == values_.begin()) return before_;
  const auto& [last, value] = *std::prev(next);
  return next == values_.end() ? value + each_year_after_ * (year - last) : value;
}

const std::string& Sector::RuleOf(int vintage) const {
  const auto next = rule.upper_bound(vintage);
  ETS_ASSERT(next != rule.begin());
  return std::prev(next)->second;
}

int Scenario::SectorIndex(std::string_view sector) const {
  const auto found = std::ranges::find(sectors, sector, &Sector::name);
  return found == sectors.end() ? -1 : static_cast<int>(found - sectors.begin());
}

policy::Benchmarks Scenario::BenchmarksOf(int vintage) const {
  if (benchmarks.empty()) return {};
  const auto next = benchmarks.upper_bound(vintage);
  if (next == benchmarks.begin()) return next->second;
  const auto& [last, published] = *std::prev(next);
  policy::Benchmarks tightened = published;
  if (next != benchmarks.end()) return tightened;
  // Gas stays as it is: the drafts have not touched it.
  const double factor = std::pow(1 - benchmark_tightening, vintage - last);
  for (const auto unit_class : {policy::UnitClass::kCoalLarge, policy::UnitClass::kCoalSmall,
                                policy::UnitClass::kUnconventional}) {
    tightened.electricity[static_cast<std::size_t>(unit_class)] *= factor;
  }
  tightened.coal_heat *= factor;
  return tightened;
}

policy::PeakingFactor Scenario::PeakingOf(int vintage) const {
  const auto next = peaking.upper_bound(vintage);
  if (next == peaking.begin()) return policy::PeakingFactor::kNone;
  const auto form = std::ranges::find(kPeakingFactors, std::prev(next)->second);
  ETS_ASSERT(form != std::end(kPeakingFactors));
  return static_cast<policy::PeakingFactor>(form - std::begin(kPeakingFactors));
}

auction::Format Scenario::AuctionFormat() const {
  const auction::Format* named = auction::FindFormat(auction_format);
  ETS_ASSERT(named != nullptr);
  auction::Format format = *named;
  for (const auto& [field, text] : auction_rules) {
    ETS_ASSERT(auction::SetField(format, field, text).ok());
  }
  format.bidder_limit_bp = format.other_limit_bp =
      static_cast<std::uint32_t>(std::lround(auction_bidder_limit * 10'000));
  // Awards settle at the close: what they cost is lodged with the bid.
  format.guarantee_bp = 10'000;
  format.unsold_auctions = static_cast<std::uint32_t>(unsold_auctions);
  format.unsold_ceiling_bp = static_cast<std::uint32_t>(unsold_ceiling * 10'000 + 0.5);
  return format;
}

double Scenario::ReservePriceOf(int year) const {
  return Grown(auction_reserve_cny, auction_reserve_growth, year);
}
double Scenario::TriggerOf(int year) const {
  return Grown(containment_trigger_cny, containment_growth, year);
}

void Scenario::ApplyLinearCaps() {
  const auto tonnes = [](double mt) { return Tonnes(std::llround(mt * 1e6)); };
  std::vector<policy::CapPath> paths;
  for (const Sector& sector : sectors) {
    int base = std::max(linear_caps.base_year, sector.first_vintage);
    while (base <= horizon_year && sector.RuleOf(base) != "cap") ++base;
    policy::CapPath path;
    path.name = sector.name;
    path.first_year = base;
    path.first_cap = base <= horizon_year ? tonnes(sector.cap_mt.At(base)) : Tonnes();
    for (const auto& [year, share] : linear_caps.factor.values()) {
      path.factors.push_back(
          {year, static_cast<std::int32_t>(std::lround(share * 100'000)), path.first_cap});
    }
    paths.push_back(std::move(path));
  }
  for (const auto& [year, mt] : linear_caps.rebasing_mt.values()) {
    Tonnes all;
    for (const policy::CapPath& path : paths) {
      if (path.first_year < year) all += path.first_cap;
    }
    // The last sector takes what rounding leaves.
    Tonnes left = tonnes(mt);
    Tonnes caps_left = all;
    for (policy::CapPath& path : paths) {
      if (path.first_year >= year || caps_left == Tonnes()) continue;
      const double share =
          static_cast<double>(path.first_cap.count()) / static_cast<double>(caps_left.count());
      const Tonnes change(std::llround(static_cast<double>(left.count()) * share));
      path.rebasings.push_back({year, change, ""});
      left -= change;
      caps_left -= path.first_cap;
    }
  }
  for (std::size_t s = 0; s < sectors.size(); ++s) {
    if (paths[s].first_year > horizon_year) continue;
    YearSeries caps;
    for (const auto& [year, mt] : sectors[s].cap_mt.values()) {
      if (year <= paths[s].first_year) caps.Set(year, mt);
    }
    for (const policy::CapYear& year : policy::CapsOf(paths[s], horizon_year))
      caps.Set(year.year, static_cast<double>(year.cap.count()) / 1e6);
    sectors[s].cap_mt = std::move(caps);
  }
}

std::string ToString(const Problem& problem) {
  return problem.file + ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column) +
         ": " + problem.message;
}

ParsedScenario ParseScenario(const std::vector<SourceFile>& files,
                             const std::vector<std::string>& overrides,
                             const std::map<std::string, std::string>& data) {
  ScenarioTree tree = ReadTree(files, overrides);
  if (tree.readable) {
    ReportMissing(tree);
    AddDefaults(tree);
  }
  ParsedScenario parsed;
  parsed.scenario = Build(tree, data);
  if (tree.readable) {
    CheckScenario(parsed.scenario, tree);
    if (tree.problems.empty() && parsed.scenario.linear_caps.enabled) {
      parsed.scenario.ApplyLinearCaps();
      CheckLinearCaps(parsed.scenario, tree);
    }
    parsed.scenario.inputs = InputsOf(parsed.scenario, tree);
  }
  Order(tree);
  if (tree.problems.empty()) parsed.resolved = ResolvedText(parsed.scenario, tree);
  parsed.problems = std::move(tree.problems);
  return parsed;
}

}  // namespace ets::sim
