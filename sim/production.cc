// What firms make and emit, and what they expect of prices and allocations.

#include <algorithm>
#include <cmath>

#include "sim/world.h"

namespace ets::sim {

policy::Activity World::ActivityIn(std::size_t firm, int year, bool whole_year) const {
  const Firm& plant = population_.firms[firm];
  const FirmYear& record = year_of(firm, year);
  policy::Activity activity;
  activity.unit_class = plant.unit_class;
  activity.load_factor = plant.load_factor;
  if (whole_year) {
    activity.output = plant.output * agents_[firm].level * record.demand;
    activity.heat = plant.heat * agents_[firm].level * record.demand;
    activity.emissions = record.expected_emissions;
  } else {
    activity.output = record.output;
    activity.heat = record.heat;
    activity.emissions = record.emissions;
  }
  activity.process_emissions = activity.emissions * plant.process_share;
  activity.neutral = activity.emissions < scenario_.threshold_t;
  return activity;
}

// What the steps decided until now cut in each sector, by year from `year` to the horizon.
std::vector<std::vector<double>> World::StandingSteps(int year) const {
  const int years = scenario_.horizon_year - year + 1;
  const int now = (year - kFirstYear) * 12;
  std::vector<std::vector<double>> standing(
      scenario_.sectors.size(), std::vector<double>(static_cast<std::size_t>(years), 0));
  std::vector<double> weights(scenario_.sectors.size(), 0);
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const Agent& agent = agents_[i];
    const double weight = population_.firms[i].emissions();
    weights[agent.sector] += weight;
    for (const AbatementStep& step : agent.steps) {
      for (int k = 0; k < years; ++k) {
        const int months =
            std::min(step.to_month, now + 12 * (k + 1)) - std::max(step.from_month, now + 12 * k);
        if (months > 0)
          standing[agent.sector][static_cast<std::size_t>(k)] += weight * step.share * months / 12;
      }
    }
  }
  for (std::size_t s = 0; s < standing.size(); ++s) {
    for (double& share : standing[s]) share /= std::max(weights[s], 1.0);
  }
  return standing;
}

void World::SolveOutlook(int year) {
  // What is in private hands, beyond what was emitted until now, at the allocations expected.
  double bank = 0;
  for (std::size_t i = 0; i < agents_.size(); ++i) bank += agents_[i].position;
  if (year <= 2025) {
    // Some of the old vintages will not be carried over; nobody counts on them.
    double old_units = 0;
    for (const auto& [vintage, mt] : scenario_.opening_stock_mt)
      old_units += mt * 1e6 * population_.cap_scale[0];
    bank -= 0.22 * old_units;
  }
  EquilibriumQuestion question;
  question.first_year = year;
  question.bank_t = bank;
  question.discount = scenario_.discount_mean;
  question.output_level = sector_level_;
  question.announced_t = static_cast<double>(authority_.stability().announced());
  if (opening_path_.price.empty()) {
    opening_path_ = solver_.Solve(question);
    for (std::size_t i = 0; i < opening_path_.price.size(); ++i) {
      recorder_.Record(EquilibriumRow{opening_path_.first_year + static_cast<int>(i),
                                      opening_path_.price[i], opening_path_.bank_t[i] / 1e6,
                                      opening_path_.emissions_t[i] / 1e6});
    }
  }
  question.standing = StandingSteps(year);
  planned_ = solver_.Solve(question);
  question.caps_come = false;
  fallback_ = solver_.Solve(question);
  outlook_.planned = &planned_;
  outlook_.fallback = &fallback_;
}

void World::PlanYear(int year) {
  if (year == scenario_.first_day.year()) {
    // 2024 as it was verified; the run begins the day after.
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const Firm& plant = population_.firms[i];
      FirmYear& record = year_of(i, kFirstYear);
      record.output = plant.output;
      record.heat = plant.heat;
      record.emissions = record.expected_emissions = plant.emissions();
      record.baseline = record.emissions / (1 - scenario_.sectors[plant.sector].abated_in_2024);
      SectorTally& tally = tallies_[plant.sector][0];
      tally.output += record.output;
      tally.baseline += record.baseline;
    }
  }
  ExpectAllocations(year - 1, true);
  RefreshBooks(today_);
  SolveOutlook(year);
  const auto y = static_cast<std::size_t>(year - kFirstYear);
  Prng shocks = Prng::Stream(scenario_.seed, "sector-shock", static_cast<std::uint64_t>(year));
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    const double innovation = scenario_.sector_shock_sd *
                              std::sqrt(1 - scenario_.sector_shock_ar * scenario_.sector_shock_ar);
    sector_shock_[s] = scenario_.sector_shock_ar * sector_shock_[s] + innovation * shocks.Normal();
    sector_level_[s] *= 1 + scenario_.sectors[s].growth.At(year) + sector_shock_[s];
  }
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    const Sector& sector = scenario_.sectors[agent.sector];
    FirmYear& record = year_of(i, year);
    const FirmYear& last = year_of(i, year - 1);
    const double sd = scenario_.firm_shock_sd;
    agent.level = sector_level_[agent.sector] * std::exp(sd * agent.dice.Normal() - sd * sd / 2);
    agent.credit_used = {};
    // The passed-through part of what one more unit costs in allowances raises the product's price.
    if (sector.demand_elasticity > 0 && sector.product_value > 0 && last.output > 0) {
      const double price =
          agent.expected_price > 0 ? agent.expected_price : scenario_.opening_close;
      const double intensity = last.emissions / last.output;
      const double net = price * (intensity * last.per_tonne - last.per_output);
      record.demand = std::clamp(
          1 - sector.demand_elasticity * sector.pass_through.At(year) * net / sector.product_value,
          0.5, 1.2);
    }
    const double drift = std::pow(1 + sector.intensity_drift, year - kFirstYear);
    record.expected_emissions = population_.firms[i].emissions() * agent.level * record.demand *
                                drift * (1 - agent.operation - agent.structural) /
                                (1 - sector.abated_in_2024);
  }
  ExpectAllocations(year, false);
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const FirmYear& record = year_of(i, year);
    SectorTally& tally = tallies_[agents_[i].sector][y];
    tally.marginal_weighted += record.per_tonne * record.expected_emissions;
    tally.marginal_weight += record.expected_emissions;
  }
}

// Each firm asks the rule what it will finally get, and what a little more would change, with the
// sector's figure as it expects it.
void World::ExpectAllocations(int vintage, bool measured) {
  const auto v = static_cast<std::size_t>(vintage - kFirstYear);
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    const auto& vintages = authority_.rulebook().sectors[s].vintages;
    const auto book = vintages.find(vintage);
    if (book == vintages.end()) continue;
    policy::Terms terms = book->second.terms;
    terms.free_pool_t = static_cast<double>(book->second.cap.count()) *
                        (1 - book->second.paid_share - book->second.reserve_share);
    std::vector<policy::Activity> activities;
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      if (agents_[i].sector != s) continue;
      activities.push_back(ActivityIn(i, vintage, !measured));
      if (book->second.rule->capped) activities.back().neutral = false;
      members.push_back(i);
    }
    terms.sector_figure = book->second.rule->solve(activities, terms);
    expected_figure_[s][v] = terms.sector_figure;
    for (std::size_t m = 0; m < members.size(); ++m) {
      FirmYear& record = year_of(members[m], vintage);
      record.expected_free = book->second.rule->allocate(activities[m], terms);
      if (measured && vintage != kFirstYear) continue;  // What was decided was decided on the plan.
      const policy::MarginalIncentive incentive =
          policy::Incentive(*book->second.rule, activities[m], terms);
      record.per_tonne = incentive.per_tonne;
      record.per_output = incentive.per_output;
    }
  }
}

void World::ProduceMonth(int year, int month) {
  const int months_since_2024 = (year - kFirstYear) * 12 + month - 1;
  const auto y = static_cast<std::size_t>(year - kFirstYear);
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    const Firm& plant = population_.firms[i];
    const Sector& sector = scenario_.sectors[agent.sector];
    FirmYear& record = year_of(i, year);
    const double share = sector.months[static_cast<std::size_t>(month - 1)];
    const double drift = std::pow(1 + sector.intensity_drift, year - kFirstYear);
    const double unpriced =
        plant.emissions() * agent.level * share * drift / (1 - sector.abated_in_2024);
    const double emissions = unpriced * record.demand * (1 - agent.operation - agent.structural);
    record.output += plant.output * agent.level * share * record.demand;
    record.heat += plant.heat * agent.level * share * record.demand;
    record.emissions += emissions;
    record.baseline += unpriced;
    record.abatement_cost +=
        AbatementCost(agent, scenario_, sector, unpriced * record.demand, months_since_2024);
    SectorTally& tally = tallies_[agent.sector][y];
    tally.output += plant.output * agent.level * share * record.demand;
    tally.baseline += unpriced;
    if (agent.enrolled && year >= sector.first_vintage) {
      ETS_ASSERT(venue_
                     .Apply(registry::DepositMonthlyData{static_cast<std::uint32_t>(i),
                                                         static_cast<std::uint16_t>(year),
                                                         static_cast<std::uint8_t>(month),
                                                         policy::RoundDown(emissions)},
                            SourceKind::kAgent, static_cast<std::uint32_t>(i))
                     .ok());
    }
  }
}

void World::MonthOutlook(Date day) {
  // The month's price as everyone can see it: all listed trades and auction awards by volume.
  const double seen =
      month_t_ > 0 ? static_cast<double>(month_value_.minor()) / 100 / static_cast<double>(month_t_)
                   : static_cast<double>(HeadlineClose().minor_per_tonne()) / 100;
  month_t_ = 0;
  month_value_ = {};
  if (day != scenario_.first_day) authority_.MonthEnded(day, ToPrice(seen));
  if (day != scenario_.first_day)
    outlook_.adaptive += scenario_.expectation_gain * (seen - outlook_.adaptive);
  outlook_.belief = 1;
  for (const auto& [until, belief] : scenario_.belief) {
    if (day <= until) {
      outlook_.belief = belief;
      break;
    }
  }
  const double time = day.year() + (day.month() - 1) / 12.0;
  const int month = (day.year() - kFirstYear) * 12 + day.month() - 1;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    FormExpectation(agent, outlook_, time);
    KnowCeiling(agent, day.year());
    const Sector& sector = scenario_.sectors[agent.sector];
    const bool covered = day.year() >= sector.first_vintage;
    DecideAbatement(agent, scenario_, sector, outlook_,
                    {covered ? year_of(i, day.year()).per_tonne : 0, capped_from_[agent.sector]},
                    month);
  }
}

}  // namespace ets::sim
