#include "sim/equilibrium.h"

#include <algorithm>
#include <cmath>

namespace ets::sim {
namespace {

constexpr double kPriceCeiling = 5'000;
constexpr int kArrearsYears = 2;

double ReservePrice(const Scenario& scenario, int year) {
  if (!scenario.auction_enabled || year < scenario.auction_first_year) return 0;
  const double first = scenario.auction_reserve_cny.At(scenario.auction_first_year);
  return first * std::pow(1 + scenario.auction_reserve_growth, year - scenario.auction_first_year);
}

}  // namespace

const std::string& PlannedRule(const Sector& sector, int vintage, bool caps_come) {
  const std::string& rule = sector.RuleOf(vintage);
  if (caps_come || rule != "cap") return rule;
  // The last rule before the first cap goes on; a sector that enters at A = E moves to the band.
  static const std::string kBand = "band";
  const std::string* last = &kBand;
  for (const auto& [year, name] : sector.rule) {
    if (name == "cap") break;
    last = &name;
  }
  return *last == "neutral" ? kBand : *last;
}

policy::Benchmarks FallbackBenchmarks(const Scenario& scenario, int vintage) {
  const int last = scenario.benchmarks.empty() ? vintage : scenario.benchmarks.rbegin()->first;
  policy::Benchmarks benchmarks = scenario.BenchmarksOf(std::min(vintage, last));
  const double factor =
      std::pow(1 - scenario.belief_fallback_tightening, std::max(0, vintage - last));
  for (int c = 1; c < policy::kUnitClasses; ++c) {
    if (c != static_cast<int>(policy::UnitClass::kGas))
      benchmarks.electricity[static_cast<std::size_t>(c)] *= factor;
  }
  benchmarks.coal_heat *= factor;
  return benchmarks;
}

policy::Terms TermsOf(const Scenario& scenario, int vintage) {
  policy::Terms terms;
  terms.benchmarks = scenario.BenchmarksOf(vintage);
  terms.peaking = scenario.PeakingOf(vintage);
  terms.gas_relief = scenario.gas_relief;
  terms.shortfall_ceiling = scenario.shortfall_ceiling;
  terms.band_slope = scenario.band_slope;
  terms.band_reach = scenario.band_reach;
  terms.cap_weight_output[static_cast<std::size_t>(policy::UnitClass::kGas)] =
      scenario.cap_weight_gas;
  terms.cap_weight_heat_coal = scenario.cap_weight_heat_coal;
  terms.cap_weight_heat_gas = scenario.cap_weight_heat_gas;
  return terms;
}

double EquilibriumPath::PriceAt(double time) const {
  if (price.empty()) return 0;
  const double position = time - (first_year + 0.5);
  if (position <= 0) return price.front();
  const auto index = static_cast<std::size_t>(position);
  if (index + 1 >= price.size()) return price.back();
  if (price[index] <= 0 || price[index + 1] <= 0) return price[index];
  const double part = position - static_cast<double>(index);
  return std::exp((1 - part) * std::log(price[index]) + part * std::log(price[index + 1]));
}

double EquilibriumSolver::Abated(const Sector& sector, double price, double cost_level) {
  if (price <= 0) return 0;
  double last_share = 0;
  double last_cost = 0;
  for (const CostAnchor& anchor : sector.abatement) {
    const double cost = anchor.cost * cost_level;
    if (price < cost) {
      return last_share + (anchor.abated - last_share) * (price - last_cost) / (cost - last_cost);
    }
    last_share = anchor.abated;
    last_cost = cost;
  }
  return last_share;
}

EquilibriumSolver::EquilibriumSolver(const Scenario& scenario, const Population& population)
    : scenario_(scenario),
      emissions_2024_(population.sector_emissions),
      cap_scale_(population.cap_scale) {
  output_2024_.assign(scenario.sectors.size(), 0);
  for (const Firm& firm : population.firms) output_2024_[firm.sector] += firm.output;
  power_ = scenario.SectorIndex("power");
  if (power_ < 0) return;
  const policy::Rule* benchmark = policy::FindRule("benchmark");
  const auto sum = [&](const policy::Terms& terms, double factor) {
    double total = 0;
    for (const Firm& firm : population.firms) {
      if (firm.sector == power_) total += benchmark->allocate(ActivityOf(firm, 1, factor), terms);
    }
    return total;
  };
  for (int year = 2023; year <= scenario.horizon_year && year - 2023 < 64; ++year) {
    const auto i = static_cast<std::size_t>(year - 2023);
    const Sector& sector = scenario.sectors[static_cast<std::size_t>(power_)];
    policy::Terms terms = TermsOf(scenario, year);
    if (year < 2024 || PlannedRule(sector, year, true) == "benchmark") {
      power_planned_[i] = {sum(terms, kLow), sum(terms, 1)};
    }
    terms.benchmarks = FallbackBenchmarks(scenario, year);
    power_fallback_[i] = {sum(terms, kLow), sum(terms, 1)};
  }
}

double EquilibriumSolver::OutputLevel(const EquilibriumQuestion& question, std::size_t sector,
                                      int year) const {
  double level = 1;
  int from = 2025;
  if (!question.output_level.empty()) {
    level = question.output_level[sector];
    from = question.first_year;
  }
  for (int y = from; y <= year; ++y) level *= 1 + scenario_.sectors[sector].growth.At(y);
  return level;
}

// The first year in which a step decided at the start can work.
int EquilibriumSolver::FirstReaction(const EquilibriumQuestion& question) const {
  if (question.standing.empty()) return question.first_year;
  return question.first_year + (scenario_.step_delay_months + 11) / 12;
}

double EquilibriumSolver::AbatedShare(const EquilibriumQuestion& question, std::size_t s, int year,
                                      double marginal_price) const {
  const Sector& sector = scenario_.sectors[s];
  const double cost_level = std::pow(1 - scenario_.abatement_cost_decline, year - 2025);
  const double frictionless = Abated(sector, marginal_price, cost_level);
  if (question.standing.empty()) return frictionless;
  const double operation = std::min(scenario_.operation_share, frictionless);
  const std::vector<double>& standing = question.standing[s];
  const auto ahead = static_cast<std::size_t>(year - question.first_year);
  double steps = ahead < standing.size() ? standing[ahead] : 0;
  if (year >= FirstReaction(question)) {
    const double worth = Abated(sector, marginal_price / scenario_.step_trigger, cost_level);
    steps = std::max(steps, worth - scenario_.operation_share);
  }
  return operation + steps;
}

EquilibriumSolver::Balance EquilibriumSolver::SectorBalance(const EquilibriumQuestion& question,
                                                            std::size_t s, int year,
                                                            double price) const {
  const double level = OutputLevel(question, s, year);
  const bool caps_come = question.caps_come;
  const Sector& sector = scenario_.sectors[s];
  Balance balance;
  if (year < sector.first_vintage) return balance;
  const std::string& rule = PlannedRule(sector, year, caps_come);
  const bool capped = rule == "cap";
  double marginal = 0;
  if (rule == "band") marginal = scenario_.band_slope;
  if (rule == "benchmark" || capped) marginal = 1;

  const double drift = std::pow(1 + sector.intensity_drift, year - 2024);
  const double abated = AbatedShare(question, s, year, price * marginal);
  const double factor = drift * (1 - abated) / (1 - sector.abated_in_2024);
  const double emissions = emissions_2024_[s] * factor * level;  // At unchanged demand.

  double free = 0;    // Free allocation that follows output, at unchanged demand.
  double supply = 0;  // Under a cap: all that is given or sold.
  if (rule == "benchmark") {
    const auto& curve =
        (caps_come ? power_planned_ : power_fallback_)[static_cast<std::size_t>(year - 2023)];
    free = level * (curve.at_one + (curve.at_low - curve.at_one) * (1 - factor) / (1 - kLow));
  } else if (capped) {
    const double cap = sector.cap_mt.At(year) * 1e6 * cap_scale_[s];
    const double paid = cap * sector.paid_share.At(year);
    free = cap * (1 - scenario_.reserve_share) - paid;
    const bool sells = !scenario_.auction_enabled || price >= ReservePrice(scenario_, year);
    supply = free + (sells ? paid : 0);
  } else {
    free = emissions;
  }

  // One more unit of output costs p x (e - dA/dq); the passed-through part raises the product's
  // price.
  double demand = 1;
  if (sector.demand_elasticity > 0 && sector.product_value > 0) {
    const double net_cost_share = price * (emissions - free) * (marginal > 0 ? 1 : 0);
    const double value = output_2024_[s] * level * sector.product_value;
    demand = 1 - sector.demand_elasticity * sector.pass_through.At(year) * net_cost_share / value;
    demand = std::clamp(demand, 0.5, 1.2);
  }
  balance.emissions_t = emissions * demand;
  if (capped) {
    balance.net_t = supply - balance.emissions_t;
  } else {
    balance.net_t = (free - emissions) * demand;
  }
  return balance;
}

double EquilibriumSolver::SectorNet(int sector, int year, double price, bool caps_come) const {
  EquilibriumQuestion question;
  question.caps_come = caps_come;
  return SectorBalance(question, static_cast<std::size_t>(sector), year, price).net_t;
}

double EquilibriumSolver::Net(const EquilibriumQuestion& question, int year, double price,
                              EquilibriumPath* out) const {
  double net = 0;
  double emissions = 0;
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    const Balance balance = SectorBalance(question, s, year, price);
    net += balance.net_t;
    emissions += balance.emissions_t;
    if (out != nullptr) out->sector_net_t.back().push_back(balance.net_t);
  }
  const double offsets = scenario_.offset_supply_mt.At(year) * 1e6 *
                         std::clamp(price / std::max(scenario_.offset_full_price, 1e-9), 0.0, 1.0);
  net += std::min(offsets, scenario_.offset_limit * emissions);
  if (year == question.first_year) net += question.announced_t;
  if (out != nullptr) out->emissions_t.push_back(emissions);
  if (question.bank_t < 0 && year < question.first_year + kArrearsYears)
    net += question.bank_t / kArrearsYears;
  return net;
}

EquilibriumPath EquilibriumSolver::Solve(const EquilibriumQuestion& question) const {
  EquilibriumPath path;
  path.first_year = question.first_year;
  const double growth = 1 + question.discount;
  const int last = scenario_.horizon_year;
  double bank = std::max(question.bank_t, 0.0);
  int start = question.first_year;
  while (start <= last) {
    // Without borrowing, the price at `start` is the highest that any later date demands of it.
    double best_price = -1;
    int best_end = last;
    for (int end = start; end <= last; ++end) {
      const auto left = [&](double price) {
        double sum = bank;
        for (int year = start; year <= end; ++year)
          sum += Net(question, year, price * std::pow(growth, year - start), nullptr);
        return sum;
      };
      double low = 0;
      double high = kPriceCeiling;
      if (best_price > 0 && left(best_price) >= 0) continue;  // Does not bind before the best one.
      // While no new step can work, what is short stays due and is paid later.
      if (end < last && FirstReaction(question) > end) continue;
      if (left(0) >= 0) {
        high = 0;
      } else {
        for (int i = 0; i < 48; ++i) {
          const double middle = (low + high) / 2;
          (left(middle) < 0 ? low : high) = middle;
        }
      }
      if (high >= best_price) {
        best_price = high;
        best_end = end;
      }
    }
    for (int year = start; year <= best_end; ++year) {
      const double price = best_price * std::pow(growth, year - start);
      path.sector_net_t.emplace_back();
      bank += Net(question, year, price, &path);
      path.price.push_back(price);
      path.bank_t.push_back(bank);
    }
    bank = std::max(bank, 0.0);
    start = best_end + 1;
  }
  return path;
}

}  // namespace ets::sim
