#include "sim/population.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "base/prng.h"

namespace ets::sim {
namespace {

constexpr std::string_view kHeader =
    "name,province,sector,unit_class,group,output,heat,load_factor,intensity,heat_intensity,"
    "process_share";

std::vector<std::string_view> SplitLine(std::string_view line, char separator) {
  std::vector<std::string_view> cells;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = line.find(separator, begin);
    cells.push_back(line.substr(begin, end == line.npos ? line.npos : end - begin));
    if (end == line.npos) return cells;
    begin = end + 1;
  }
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

bool ParseNumber(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
}

std::string Shortest(double number) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return std::string(buffer, end);
}

// Firms per province for one sector, summing to `count`: the province table's own column where the
// sector has one, else the columns it is said to resemble ("power+steel"), scaled by largest
// remainder.
std::vector<std::pair<std::string, int>> ProvinceCounts(const Scenario& scenario,
                                                        const Sector& sector, int count) {
  std::vector<std::pair<std::string, double>> weights;
  const std::vector<std::string_view> lines = Lines(scenario.province_csv);
  if (lines.empty()) return {{"", count}};
  const std::vector<std::string_view> head = SplitLine(lines[0], ',');
  const std::vector<std::string_view> wanted = SplitLine(sector.provinces_like, '+');
  for (std::size_t l = 1; l < lines.size(); ++l) {
    const std::vector<std::string_view> cells = SplitLine(lines[l], ',');
    if (cells.size() != head.size()) continue;
    double weight = 0;
    for (std::size_t c = 1; c < head.size(); ++c) {
      if (std::find(wanted.begin(), wanted.end(), head[c]) == wanted.end()) continue;
      double number = 0;
      if (ParseNumber(cells[c], number)) weight += number;
    }
    weights.emplace_back(cells[0], weight);
  }
  double total = 0;
  for (const auto& [province, weight] : weights) total += weight;
  if (total <= 0) return {{"", count}};
  std::vector<std::pair<std::string, int>> counts;
  std::vector<std::pair<double, std::size_t>> remainders;
  int given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double exact = weights[i].second * count / total;
    const int whole = static_cast<int>(std::floor(exact + 1e-9));
    counts.emplace_back(weights[i].first, whole);
    remainders.emplace_back(-(exact - whole), i);
    given += whole;
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; given < count; ++i, ++given)
    ++counts[remainders[i % remainders.size()].second].second;
  return counts;
}

std::string Lower(std::string_view text) {
  std::string lower;
  for (const char c : text) {
    if (c == ' ') continue;
    lower += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

// Sizes in t, drawn and scaled to the sector's total, none below the threshold.
std::vector<double> DrawSizes(const Scenario& scenario, const Sector& sector, std::size_t index,
                              std::vector<int>& size_class) {
  Prng dice = Prng::Stream(scenario.seed, "population-size", index);
  std::vector<double> sizes;
  for (std::size_t c = 0; c < sector.sizes.size(); ++c) {
    for (int i = 0; i < sector.sizes[c].firms; ++i) {
      sizes.push_back(dice.LogNormal(sector.sizes[c].median_mt * 1e6, sector.sizes[c].sigma));
      size_class.push_back(static_cast<int>(c));
    }
  }
  // Scaling moves small firms below the threshold and back; a few rounds settle it.
  const double total = sector.verified_2024_mt * 1e6;
  for (int round = 0; round < 50; ++round) {
    for (double& size : sizes) size = std::max(size, scenario.threshold_t);
    const double sum = std::accumulate(sizes.begin(), sizes.end(), 0.0);
    double above = 0;
    for (const double size : sizes) above += size > scenario.threshold_t ? size : 0;
    if (above <= 0 || std::abs(sum - total) < 1) break;
    const double factor = 1 + (total - sum) / above;
    for (double& size : sizes) {
      if (size > scenario.threshold_t) size *= std::max(factor, 0.01);
    }
  }
  return sizes;
}

double Shape(double load_factor) { return 1 + 0.30 * std::max(0.0, 0.75 - load_factor); }

double PeakingBelow65(double load_factor) {
  return load_factor < 0.65 ? std::pow(1.015, 16 - 20 * load_factor) : 1;
}

// Splits the power sector's emissions into classes and heat, and sets the class levels so that the
// 2023 benchmarks stand to emissions as published (default-scenario "The firms").
void ShapePower(const Scenario& scenario, std::vector<Firm>& firms,
                const std::vector<double>& sizes, const std::vector<int>& size_class,
                std::size_t begin) {
  using policy::UnitClass;
  const std::size_t n = sizes.size();
  Prng dice = Prng::Stream(scenario.seed, "population-power", 0);
  const auto share = [&](const char* name) {
    const auto found = scenario.power_classes.find(name);
    return found == scenario.power_classes.end() ? PowerClass{} : found->second;
  };
  const PowerClass large = share("I"), small = share("II"), unconventional = share("III"),
                   gas = share("gas");
  const PowerClass coal_heat = share("coal_heat"), gas_heat = share("gas_heat");
  const double total = std::accumulate(sizes.begin(), sizes.end(), 0.0);

  // Gas plants first, at random; then heat shares; then the classes by electricity emissions, where
  // class I takes the large plants.
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[dice.Below(i)]);
  double taken = 0;
  std::vector<bool> is_gas(n, false);
  const double gas_total = total * (gas.share_of_emissions + gas_heat.share_of_emissions);
  for (const std::size_t i : order) {
    if (taken + sizes[i] > gas_total) continue;
    is_gas[i] = true;
    taken += sizes[i];
  }
  std::vector<double> appetite(n);
  double heat_appetite_coal = 0;
  double heat_appetite_gas = 0;
  for (std::size_t i = 0; i < n; ++i) {
    appetite[i] = size_class[i] == 0 ? 0.20 * dice.Uniform() : 0.30 + 0.60 * dice.Uniform();
    (is_gas[i] ? heat_appetite_gas : heat_appetite_coal) += sizes[i] * appetite[i];
  }
  std::vector<double> heat_share(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double wanted = total * (is_gas[i] ? gas_heat : coal_heat).share_of_emissions;
    const double have = is_gas[i] ? heat_appetite_gas : heat_appetite_coal;
    heat_share[i] = std::min(0.95, have > 0 ? appetite[i] * wanted / have : 0);
  }
  std::vector<std::pair<double, std::size_t>> by_size;
  double coal_electricity = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (is_gas[i]) continue;
    by_size.emplace_back(-(std::log(sizes[i]) + 0.5 * dice.Normal()), i);
    coal_electricity += sizes[i] * (1 - heat_share[i]);
  }
  std::sort(by_size.begin(), by_size.end());
  const double three =
      large.share_of_emissions + small.share_of_emissions + unconventional.share_of_emissions;
  double left[3] = {coal_electricity * large.share_of_emissions / three,
                    coal_electricity * small.share_of_emissions / three,
                    coal_electricity * unconventional.share_of_emissions / three};
  for (const auto& [key, i] : by_size) {
    const double electricity = sizes[i] * (1 - heat_share[i]);
    int pick = 0;
    if (left[0] < electricity / 2) pick = dice.Uniform() * (left[1] + left[2]) < left[1] ? 1 : 2;
    left[pick] = std::max(left[pick] - electricity, 0.0);
    firms[begin + i].unit_class = static_cast<UnitClass>(pick + 1);
  }

  // Shapes, then levels. A level makes the class's allowances by the 2023 benchmarks stand to its
  // emissions as published; 2024 intensities are one year's drift below.
  const policy::Benchmarks benchmark = scenario.BenchmarksOf(2023);
  double weighted[policy::kUnitClasses] = {};
  double emitted[policy::kUnitClasses] = {};
  std::vector<double> shape(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    Firm& firm = firms[begin + i];
    if (is_gas[i]) firm.unit_class = UnitClass::kGas;
    const UnitClass unit_class = firm.unit_class;
    const PowerClass& loads = unit_class == UnitClass::kCoalLarge ? large : small;
    firm.load_factor = std::clamp(loads.load_mean + loads.load_sd * dice.Normal(), 0.30, 0.95);
    const bool peaking = unit_class == UnitClass::kCoalLarge || unit_class == UnitClass::kCoalSmall;
    shape[i] = (peaking ? Shape(firm.load_factor) : 1) *
               dice.LogNormal(1, unit_class == UnitClass::kGas ? 0.06 : 0.045);
    const bool old =
        unit_class == UnitClass::kCoalSmall || unit_class == UnitClass::kUnconventional;
    if (old && dice.Chance(0.03)) shape[i] *= std::exp(0.15 + 0.10 * dice.Normal());
    const auto c = static_cast<std::size_t>(unit_class);
    const double electricity = sizes[i] * (1 - heat_share[i]);
    weighted[c] += electricity / shape[i] * benchmark.electricity[c] *
                   (peaking ? PeakingBelow65(firm.load_factor) : 1);
    emitted[c] += electricity;
  }
  const double balance[policy::kUnitClasses] = {0, large.balance_2023, small.balance_2023,
                                                unconventional.balance_2023, gas.balance_2023};
  const double drift = 1 + scenario.sectors[firms[begin].sector].intensity_drift;
  for (std::size_t i = 0; i < n; ++i) {
    Firm& firm = firms[begin + i];
    const auto c = static_cast<std::size_t>(firm.unit_class);
    const double level = weighted[c] / (emitted[c] * (1 + balance[c]));
    const bool gas_fired = firm.unit_class == UnitClass::kGas;
    firm.intensity = level * shape[i] * drift;
    firm.output = sizes[i] * (1 - heat_share[i]) / firm.intensity;
    const double heat_level = (gas_fired ? benchmark.gas_heat : benchmark.coal_heat) /
                              (1 + (gas_fired ? gas_heat : coal_heat).balance_2023);
    firm.heat_intensity = heat_level * std::exp(0.045 * dice.Normal()) * drift;
    if (firm.unit_class == UnitClass::kCoalSmall || firm.unit_class == UnitClass::kUnconventional) {
      if (dice.Chance(0.03)) firm.heat_intensity *= std::exp(0.15 + 0.10 * dice.Normal());
    }
    firm.heat = sizes[i] * heat_share[i] / firm.heat_intensity;
  }

  // The generating groups own the large plants: in order of size with noise, until the share is
  // reached.
  double owned = 0;
  for (const auto& [key, i] : by_size) {
    if (owned >= scenario.power_group_share * total || scenario.power_groups <= 0) break;
    firms[begin + i].group = static_cast<std::uint16_t>(
        1 + dice.Below(static_cast<std::uint64_t>(scenario.power_groups)));
    owned += sizes[i];
  }
}

void ShapeIndustry(const Scenario& scenario, std::vector<Firm>& firms,
                   const std::vector<double>& sizes, std::size_t begin) {
  const Sector& sector = scenario.sectors[firms[begin].sector];
  Prng dice = Prng::Stream(scenario.seed, "population-industry", firms[begin].sector);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Firm& firm = firms[begin + i];
    firm.process_share = sector.process_share;
    // What the band looks at varies between firms; the rest of the site goes along.
    const double process_intensity =
        sector.intensity_mean * std::exp(sector.intensity_sd * dice.Normal() -
                                         sector.intensity_sd * sector.intensity_sd / 2);
    firm.output = sizes[i] * sector.process_share / process_intensity;
    firm.intensity = sizes[i] / firm.output;
  }
}

void FillTotals(const Scenario& scenario, Population& population) {
  population.sector_emissions.assign(scenario.sectors.size(), 0);
  for (const Firm& firm : population.firms)
    population.sector_emissions[firm.sector] += firm.emissions();
  for (std::size_t s = 0; s < scenario.sectors.size(); ++s) {
    const double reference = scenario.sectors[s].verified_2024_mt * 1e6;
    population.cap_scale.push_back(reference > 0 ? population.sector_emissions[s] / reference : 1);
  }
}

}  // namespace

Population DrawPopulation(const Scenario& scenario) {
  Population population;
  for (std::size_t s = 0; s < scenario.sectors.size(); ++s) {
    const Sector& sector = scenario.sectors[s];
    std::vector<int> size_class;
    const std::vector<double> sizes = DrawSizes(scenario, sector, s, size_class);
    if (sizes.empty()) continue;
    const std::size_t begin = population.firms.size();
    population.firms.resize(begin + sizes.size());
    const auto counts = ProvinceCounts(scenario, sector, static_cast<int>(sizes.size()));
    // Provinces are dealt over the sizes in a shuffled order: no province has all the large firms.
    std::vector<std::size_t> seats(sizes.size());
    std::iota(seats.begin(), seats.end(), std::size_t{0});
    Prng dice = Prng::Stream(scenario.seed, "population-province", s);
    for (std::size_t i = seats.size(); i > 1; --i) std::swap(seats[i - 1], seats[dice.Below(i)]);
    std::size_t seat = 0;
    for (const auto& [province, count] : counts) {
      for (int i = 0; i < count; ++i) {
        Firm& firm = population.firms[begin + seats[seat++]];
        firm.province = province;
        char number[16];
        std::snprintf(number, sizeof number, "%04d", i + 1);
        firm.name = Lower(province) + (province.empty() ? "" : "-") + sector.name + "-" + number;
      }
    }
    for (std::size_t i = begin; i < population.firms.size(); ++i) {
      population.firms[i].sector = static_cast<std::uint8_t>(s);
    }
    if (sector.name == "power") {
      ShapePower(scenario, population.firms, sizes, size_class, begin);
    } else {
      ShapeIndustry(scenario, population.firms, sizes, begin);
    }
  }
  FillTotals(scenario, population);
  return population;
}

std::string PopulationCsv(const Scenario& scenario, const Population& population) {
  std::string csv(kHeader);
  csv += '\n';
  for (const Firm& firm : population.firms) {
    csv += firm.name + "," + firm.province + "," + scenario.sectors[firm.sector].name + "," +
           std::string(policy::ToString(firm.unit_class)) + "," + std::to_string(firm.group);
    for (const double number : {firm.output, firm.heat, firm.load_factor, firm.intensity,
                                firm.heat_intensity, firm.process_share}) {
      csv += ",";
      csv += Shortest(number);
    }
    csv += '\n';
  }
  return csv;
}

Result<Population, std::vector<Problem>> ParsePopulation(const Scenario& scenario,
                                                         std::string_view file,
                                                         std::string_view text) {
  std::vector<Problem> problems;
  Population population;
  const std::vector<std::string_view> lines = Lines(text);
  const auto report = [&](std::size_t line, std::size_t column, std::string message) {
    problems.push_back({std::string(file), static_cast<int>(line + 1), static_cast<int>(column),
                        std::move(message)});
  };
  if (lines.empty() || lines[0] != kHeader) {
    report(
        0, 1,
        "the first line is not the header of a population file; allowed: " + std::string(kHeader));
    return Fail{problems};
  }
  std::string sector_names;
  for (const Sector& sector : scenario.sectors)
    sector_names += (sector_names.empty() ? "" : ", ") + sector.name;
  for (std::size_t l = 1; l < lines.size(); ++l) {
    if (lines[l].empty()) continue;
    const std::vector<std::string_view> cells = SplitLine(lines[l], ',');
    if (cells.size() != 11) {
      report(l, 1,
             std::to_string(cells.size()) + " columns; 11 are allowed: " + std::string(kHeader));
      continue;
    }
    const auto column_of = [&](std::size_t c) {
      return static_cast<std::size_t>(cells[c].data() - lines[l].data()) + 1;
    };
    Firm firm;
    firm.name = cells[0];
    firm.province = cells[1];
    if (firm.name.empty()) report(l, 1, "name is empty; allowed: any text without a comma");
    const int sector = scenario.SectorIndex(cells[2]);
    if (sector < 0) {
      report(l, column_of(2),
             "unknown sector '" + std::string(cells[2]) + "'; allowed: " + sector_names);
      continue;
    }
    firm.sector = static_cast<std::uint8_t>(sector);
    bool class_found = false;
    for (int c = 0; c < policy::kUnitClasses; ++c) {
      if (policy::ToString(static_cast<policy::UnitClass>(c)) != cells[3]) continue;
      firm.unit_class = static_cast<policy::UnitClass>(c);
      class_found = true;
    }
    const bool power = scenario.sectors[firm.sector].name == "power";
    if (!class_found || power == (firm.unit_class == policy::UnitClass::kNone)) {
      report(l, column_of(3),
             "unit_class '" + std::string(cells[3]) +
                 "'; allowed: " + (power ? "I, II, III, gas for power" : "none outside power"));
    }
    struct Column {
      std::size_t index;
      double* target;
      double low, high;
      const char* range;
    };
    const std::size_t said_before = problems.size();
    double group = 0;
    const Column columns[] = {
        {4, &group, 0, 9999, "a whole number from 0 to 9999"},
        {5, &firm.output, 1e-9, 1e12, "a number above 0, at most 1e12"},
        {6, &firm.heat, 0, 1e12, "a number from 0 to 1e12"},
        {7, &firm.load_factor, 0, 1, "a number from 0 to 1"},
        {8, &firm.intensity, 0, 1e6, "a number from 0 to 1e6"},
        {9, &firm.heat_intensity, 0, 1e3, "a number from 0 to 1000"},
        {10, &firm.process_share, 1e-6, 1, "a number above 0, at most 1"},
    };
    for (const Column& column : columns) {
      double number = 0;
      if (!ParseNumber(cells[column.index], number) || number < column.low ||
          number > column.high) {
        report(l, column_of(column.index),
               "'" + std::string(cells[column.index]) + "' is not " + column.range +
                   "; allowed: " + column.range);
        continue;
      }
      *column.target = number;
    }
    if (group != std::floor(group))
      report(l, column_of(4), "group is not whole; allowed: a whole number from 0 to 9999");
    firm.group = static_cast<std::uint16_t>(group);
    if (problems.size() == said_before && !(firm.emissions() >= 1 && firm.emissions() <= 1e10)) {
      report(l, column_of(8),
             "emissions of " + Shortest(firm.emissions()) + " t a year; allowed: 1 to 1e10");
    }
    population.firms.push_back(std::move(firm));
  }
  if (population.firms.empty() && problems.empty())
    report(1, 1, "no firm; allowed: at least one line of data");
  if (!problems.empty()) return Fail{problems};
  std::stable_sort(population.firms.begin(), population.firms.end(),
                   [](const Firm& a, const Firm& b) { return a.sector < b.sector; });
  FillTotals(scenario, population);
  return population;
}

policy::Activity ActivityOf(const Firm& firm, double scale, double emission_factor) {
  policy::Activity activity;
  activity.unit_class = firm.unit_class;
  activity.output = firm.output * scale;
  activity.heat = firm.heat * scale;
  activity.load_factor = firm.load_factor;
  activity.emissions = firm.emissions() * scale * emission_factor;
  activity.process_emissions = activity.emissions * firm.process_share;
  return activity;
}

}  // namespace ets::sim
