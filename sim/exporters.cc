#include "sim/exporters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/prng.h"
#include "cbam/bill.h"

namespace ets::sim {
namespace {

constexpr std::string_view kHeader = "status,province,years";
constexpr std::string_view kHeaderOfOneYear = "status,province,year";
constexpr std::string_view kProvinces[] = {
    "Anhui",          "Beijing",  "Chongqing", "Fujian",       "Gansu",    "Guangdong", "Guangxi",
    "Guizhou",        "Hainan",   "Hebei",     "Heilongjiang", "Henan",    "Hubei",     "Hunan",
    "Inner Mongolia", "Jiangsu",  "Jiangxi",   "Jilin",        "Liaoning", "Ningxia",   "Qinghai",
    "Shaanxi",        "Shandong", "Shanghai",  "Shanxi",       "Sichuan",  "Tianjin",   "Tibet",
    "Xinjiang",       "Yunnan",   "Zhejiang"};
constexpr std::pair<std::string_view, PlatformStatus> kStatuses[] = {
    {"active", PlatformStatus::kActive},
    {"pilot", PlatformStatus::kPilot},
    {"planned", PlatformStatus::kPlanned},
};
constexpr int kFirstCbamYear = 2026;

std::string_view NextLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

// The first of some years with blanks or commas between them; 0 when there is none, empty when one
// is wrong.
std::optional<int> FirstYear(std::string_view text) {
  int first = 0;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(" ,");
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (word.empty()) continue;
    int year = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), year);
    if (error != std::errc() || stop != word.data() + word.size()) return {};
    if (year < 2000 || year > 2100) return {};
    if (first == 0) first = year;
  }
  return first;
}

// A last cell without its quotes, which may hold commas.
bool IsQuoted(std::string_view cell) {
  return cell.size() >= 2 && cell.front() == '"' && cell.back() == '"' &&
         cell.substr(1, cell.size() - 2).find('"') == cell.npos;
}

// One line of the table, or where and what is wrong with it.
std::optional<Platform> ReadLine(std::string_view line, int number,
                                 std::vector<PlatformMistake>& mistakes) {
  const std::size_t first = line.find(',');
  const std::size_t second = first == line.npos ? line.npos : line.find(',', first + 1);
  const bool is_quoted = second != line.npos && IsQuoted(line.substr(second + 1));
  if (second == line.npos || (!is_quoted && line.find(',', second + 1) != line.npos)) {
    const auto columns = std::count(line.begin(), line.end(), ',') + 1;
    mistakes.push_back({number, 1, "has " + std::to_string(columns) + " columns; allowed: 3"});
    return {};
  }
  const std::size_t before = mistakes.size();
  const std::string_view status = line.substr(0, first);
  const std::string_view province = line.substr(first + 1, second - first - 1);
  std::string_view years = line.substr(second + 1);
  if (is_quoted) years = years.substr(1, years.size() - 2);
  const auto* row =
      std::ranges::find(kStatuses, status, &std::pair<std::string_view, PlatformStatus>::first);
  if (row == std::end(kStatuses)) {
    mistakes.push_back(
        {number, 1, "'" + std::string(status) + "' is no status; allowed: active, pilot, planned"});
  }
  if (std::ranges::find(kProvinces, province) == std::end(kProvinces)) {
    std::string all;
    for (const std::string_view one : kProvinces)
      all += (all.empty() ? "" : ", ") + std::string(one);
    mistakes.push_back({number, static_cast<int>(first) + 2,
                        "'" + std::string(province) + "' is no province; allowed: " + all});
  }
  const std::optional<int> year = FirstYear(years);
  if (!year) {
    mistakes.push_back({number, static_cast<int>(second) + 2,
                        "'" + std::string(years) +
                            "' is no year; allowed: years with blanks between them, or, in "
                            "quotes, commas; or nothing"});
  }
  if (mistakes.size() != before) return {};
  return Platform{row->second, std::string(province), *year};
}

// When a firm is ready after its province's platform is: an exponential wait, in whole years.
int ReadinessWait(const DataTrust& trust, Prng& dice) {
  return static_cast<int>(std::floor(-trust.readiness_years * std::log(1 - dice.Uniform())));
}

int DataFrom(const Scenario& scenario, const CbamSector& goods,
             const std::vector<Platform>& platforms, const std::string& province, Prng& dice) {
  const DataTrust& trust = scenario.trust;
  const bool in_pilot = dice.Chance(trust.pilot_share);
  const int wait = ReadinessWait(trust, dice);
  int from = static_cast<int>(goods.actual_from);
  if (platforms.empty()) return from;
  const PlatformYears years = YearsOf(trust, platforms, province);
  const int platform = in_pilot ? std::min(years.all, years.pilot) : years.all;
  return platform == kNever ? kNever : std::max(from, platform + wait);
}

cbam::Declaration DeclarationOf(const Scenario& scenario, const CbamSector& goods,
                                const Exporter& exporter, const ExportYear& year) {
  cbam::Declaration declaration;
  declaration.year = year.year;
  declaration.tonnes = year.tonnes;
  declaration.actual_intensity = exporter.intensity * year.declared_over_true;
  declaration.default_intensity = goods.default_intensity;
  declaration.benchmark = goods.benchmark;
  declaration.cross_sectoral_factor = scenario.cross_sectoral_factor;
  declaration.certificate_price_eur = year.certificate_eur;
  declaration.recognised = year.recognised;
  declaration.covered_share = goods.covered_share;
  declaration.paid_eur_per_tonne = year.paid_eur_per_tonne;
  declaration.default_carbon_price_eur = year.default_price_eur;
  declaration.average_cny_per_eur = scenario.cny_per_eur;
  declaration.paid_share = year.paid_share;
  return declaration;
}

}  // namespace

Result<std::vector<Platform>, std::vector<PlatformMistake>> ParsePlatforms(std::string_view text) {
  std::vector<PlatformMistake> mistakes;
  std::vector<Platform> platforms;
  const std::string_view header = NextLine(text);
  if (header != kHeader && header != kHeaderOfOneYear) {
    mistakes.push_back(
        {1, 1, "is not the header of a table of platforms; allowed: " + std::string(kHeader)});
    return Fail{std::move(mistakes)};
  }
  for (int number = 2; !text.empty(); ++number) {
    const std::string_view line = NextLine(text);
    if (line.empty()) continue;
    auto platform = ReadLine(line, number, mistakes);
    if (!platform) continue;
    const bool is_there = std::ranges::any_of(platforms, [&](const Platform& other) {
      return other.status == platform->status && other.province == platform->province;
    });
    if (is_there) {
      mistakes.push_back(
          {number, 1, "names '" + platform->province + "' with this status again; allowed: once"});
    }
    platforms.push_back(std::move(*platform));
  }
  if (!mistakes.empty()) return Fail{std::move(mistakes)};
  return platforms;
}

PlatformYears YearsOf(const DataTrust& trust, const std::vector<Platform>& platforms,
                      std::string_view province) {
  PlatformYears years;
  for (const Platform& platform : platforms) {
    if (platform.province != province) continue;
    switch (platform.status) {
      case PlatformStatus::kActive:
        years.all = std::min(years.all, platform.year > 0 ? platform.year : kFirstCbamYear);
        break;
      case PlatformStatus::kPilot:
        years.pilot = std::min(years.pilot, platform.year > 0 ? platform.year : kFirstCbamYear);
        break;
      case PlatformStatus::kPlanned:
        years.all = std::min(years.all, platform.year > 0 ? platform.year : trust.undated_from);
        break;
    }
  }
  if (trust.all_from > 0) years.all = std::min(years.all, trust.all_from);
  if (years.all != kNever) years.all = std::max(years.all, trust.not_before);
  if (years.pilot != kNever) years.pilot = std::max(years.pilot, trust.not_before);
  return years;
}

std::vector<std::vector<Exporter>> DrawExporters(const Scenario& scenario,
                                                 const Population& population) {
  std::vector<Platform> platforms;
  if (!scenario.trust.platforms_csv.empty()) {
    auto parsed = ParsePlatforms(scenario.trust.platforms_csv);
    if (parsed.ok()) platforms = std::move(parsed.value());
  }
  std::vector<std::vector<Exporter>> sectors(scenario.sectors.size());
  std::vector<double> sizes(scenario.sectors.size(), 0);
  for (std::size_t i = 0; i < population.firms.size(); ++i) {
    const Firm& firm = population.firms[i];
    const CbamSector& goods = scenario.sectors[firm.sector].cbam;
    if (goods.exports_mt <= 0 || goods.actual_intensity <= 0) continue;
    Prng dice = Prng::Stream(scenario.seed, "exporter", i);
    if (!dice.Chance(goods.exporter_share)) continue;
    Exporter exporter;
    exporter.firm = i;
    exporter.intensity =
        goods.actual_intensity * std::max(0.2, 1 + goods.actual_intensity_sd * dice.Normal());
    exporter.size_share = firm.emissions();
    exporter.data_from = DataFrom(scenario, goods, platforms, firm.province, dice);
    exporter.understates = dice.Chance(scenario.trust.fraud_share);
    sizes[firm.sector] += exporter.size_share;
    sectors[firm.sector].push_back(exporter);
  }
  for (std::size_t s = 0; s < sectors.size(); ++s) {
    for (Exporter& exporter : sectors[s]) exporter.size_share /= sizes[s];
  }
  return sectors;
}

ExportCost CostOf(const Scenario& scenario, const CbamSector& goods, const Exporter& exporter,
                  const ExportYear& year) {
  const DataTrust& trust = scenario.trust;
  cbam::Declaration declaration = DeclarationOf(scenario, goods, exporter, year);
  const auto bill_of = [&](bool actual, bool recognised, double intensity) {
    declaration.actual = actual;
    declaration.recognised = recognised;
    declaration.actual_intensity = intensity;
    return cbam::ComputeBill(declaration);
  };
  const double verified = exporter.intensity * year.declared_over_true;
  ExportCost cost;
  cost.by_default_eur = bill_of(false, year.recognised, verified).net_eur;
  cost.by_actual_eur = bill_of(true, year.recognised, verified).net_eur;
  const bool proves = year.year >= exporter.data_from;
  const bool understated = proves && exporter.understates;
  // Who is found out declares default values for the year.
  const bool found_out = understated && year.audited;
  cost.actual = proves && !found_out;
  const double declared = understated ? verified * (1 - trust.fraud_understatement) : verified;
  const cbam::Bill bill = bill_of(cost.actual, year.recognised, declared);
  cost.embedded_t = bill.embedded;
  cost.chargeable_t = bill.chargeable;
  cost.gross_eur = bill.gross_eur;
  cost.deduction_eur = bill.deduction_eur;
  cost.net_eur = bill.net_eur;
  cost.break_even_cny = bill.break_even_cny;
  cost.with_recognition = bill_of(cost.actual, true, declared).net_eur;
  cost.home_eur = year.paid_eur_per_tonne * goods.covered_share * exporter.intensity * year.tonnes;
  if (found_out) {
    const double missing = bill_of(true, year.recognised, verified).chargeable -
                           bill_of(true, year.recognised, declared).chargeable;
    cost.penalty_eur = missing * trust.fraud_penalty_eur;
  } else if (understated) {
    cost.hidden_eur = cost.by_actual_eur - cost.net_eur;
  }
  return cost;
}

}  // namespace ets::sim
