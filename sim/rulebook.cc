#include "sim/rulebook.h"

#include <cmath>

#include "auction/reserve.h"
#include "sim/equilibrium.h"

namespace ets::sim {
namespace {

Date OnDay(int year, int month_day) { return Date::Of(year, month_day / 100, month_day % 100); }

Price YearlyPrice(const YearSeries& first, int first_year, double growth, int year) {
  const double cny = first.At(first_year) * std::pow(1 + growth, year - first_year);
  return Price::FromMinorPerTonne(std::llround(cny * 100));
}

std::int32_t Millionths(double share) {
  return static_cast<std::int32_t>(std::lround(share * 1'000'000));
}

Price ToFen(double cny) { return Price::FromMinorPerTonne(std::llround(cny * 100)); }

scheme::ReserveRules ReserveRulesOf(const Stability& keys) {
  scheme::ReserveRules rules;
  rules.enabled = keys.reserve_enabled;
  rules.shares = {.upper = Millionths(keys.upper_share),
                  .lower = Millionths(keys.lower_share),
                  .floor = Millionths(keys.floor_share),
                  .rate_permille = static_cast<std::int32_t>(std::lround(keys.intake_rate * 1'000)),
                  .release = Millionths(keys.release_share),
                  .keeps_at_most = Millionths(keys.keeps_share)};
  rules.of_emissions = keys.base == "emissions";
  rules.invalidates = keys.invalidates;
  rules.first_year = keys.reserve_first_year;
  rules.published = keys.published;
  return rules;
}

scheme::PriceRule ExcessivePriceOf(const Stability& keys) {
  policy::ExcessivePriceRule law = policy::EuropeanExcessivePrice();
  law.months = keys.excessive_months;
  law.multiple_percent = static_cast<std::int32_t>(std::lround(keys.excessive_multiple * 100));
  scheme::PriceRule rule;
  rule.enabled = keys.excessive_enabled;
  rule.by_year = {law};
  rule.first_year = 0;
  rule.volume = Millionths(keys.excessive_volume);
  rule.over_months = keys.excessive_over_months;
  rule.pause_months = keys.excessive_pause_months;
  return rule;
}

scheme::PriceRule CostContainmentOf(const Stability& keys) {
  scheme::PriceRule rule;
  rule.enabled = keys.cost_enabled;
  for (const int year : {1, 2, 3}) rule.by_year.push_back(policy::BritishCostContainment(year));
  rule.first_year = keys.cost_first_year;
  rule.acts = keys.cost_acts;
  rule.volume = Millionths(keys.cost_volume);
  rule.over_months = keys.cost_over_months;
  rule.pause_months = keys.cost_pause_months;
  rule.from_later_auctions = keys.cost_source == "later_auctions";
  return rule;
}

// RGGI's dollars at the exchange rate, or the scenario's own prices; a year without one has none.
scheme::AuctionTriggers::Prices TriggerPricesOf(const Stability& keys, int year) {
  scheme::AuctionTriggers::Prices prices;
  if (keys.triggers_table == "own") {
    const auto own = [year](const YearSeries& series) {
      const double cny = series.At(year);
      return cny > 0 ? std::optional(ToFen(cny)) : std::nullopt;
    };
    return {own(keys.tier_one_cny), own(keys.tier_two_cny), own(keys.withhold_below_cny)};
  }
  const auction::RggiTriggers* const row = auction::RggiTriggersOf(year);
  if (row == nullptr) return prices;
  const auto exchanged = [&](Price cents) {
    return ToFen(static_cast<double>(cents.minor_per_tonne()) / 100 * keys.cny_per_usd);
  };
  prices.tier_one = exchanged(row->tier_one);
  if (row->tier_two) prices.tier_two = exchanged(*row->tier_two);
  if (row->emission) prices.withhold_below = exchanged(*row->emission);
  return prices;
}

scheme::StabilityRules StabilityRulesOf(const Scenario& scenario) {
  const Stability& keys = scenario.stability;
  scheme::StabilityRules rules;
  rules.reserve = ReserveRulesOf(keys);
  rules.excessive_price = ExcessivePriceOf(keys);
  rules.cost_containment = CostContainmentOf(keys);
  rules.triggers.enabled = keys.triggers_enabled;
  rules.triggers.tier_one = Millionths(keys.tier_one_share);
  rules.triggers.tier_two = Millionths(keys.tier_two_share);
  rules.triggers.withheld = Millionths(keys.withhold_share);
  rules.collar.enabled = keys.collar_enabled;
  rules.collar.without_end = keys.without_end;
  rules.collar.offer = Millionths(keys.ceiling_offer);
  const policy::PriceCollar first{
      ToFen(keys.floor_cny), ToFen(keys.ceiling_cny),
      static_cast<std::int32_t>(std::lround(keys.collar_growth * 100'000))};
  for (int year = scenario.auction_first_year; year <= scenario.horizon_year; ++year) {
    rules.triggers.by_year[year] = TriggerPricesOf(keys, year);
    rules.collar.by_year[year] = first.InYear(year - scenario.auction_first_year);
  }
  return rules;
}

// Vintage 2024's own dates: notices of the ministry of 11 April 2025 and the plan of November 2025.
scheme::VintageDates Dates2024(bool power) {
  scheme::VintageDates dates;
  if (power) {
    dates = {Date::Of(2025, 4, 20), Date::Of(2025, 3, 31), Date::Of(2025, 6, 30),
             Date::Of(2025, 8, 20), Date::Of(2025, 12, 31)};
  } else {
    dates = {Date(), Date::Of(2025, 6, 30), Date::Of(2025, 8, 31), Date::Of(2025, 11, 20),
             Date::Of(2025, 12, 31)};
  }
  return dates;
}

}  // namespace

scheme::Rulebook MakeRulebook(const Scenario& scenario, const Population& population) {
  scheme::Rulebook book;
  book.first_vintage = 2024;
  book.last_vintage = scenario.horizon_year;
  book.calendar = scheme::TradingCalendar(scenario.spring_festivals);
  book.threshold_t = scenario.threshold_t;
  book.first_banking_vintage = scenario.first_banking_vintage;
  for (std::size_t s = 0; s < scenario.sectors.size(); ++s) {
    const Sector& sector = scenario.sectors[s];
    scheme::SectorBook entry;
    entry.name = sector.name;
    entry.first_vintage = sector.first_vintage;
    const bool power = sector.name == "power";
    for (int vintage = sector.first_vintage; vintage <= scenario.horizon_year; ++vintage) {
      scheme::VintageBook rules;
      rules.rule = policy::FindRule(sector.RuleOf(vintage));
      ETS_ASSERT(rules.rule != nullptr);
      rules.terms = TermsOf(scenario, vintage);
      rules.pre_allocation_share = sector.pre_allocation.At(vintage);
      rules.dates.report = OnDay(vintage + 1, scenario.report_due);
      rules.dates.verification =
          OnDay(vintage + 1, power ? scenario.verification_power : scenario.verification_industry);
      rules.dates.final_issue = OnDay(vintage + 1, scenario.final_issue);
      rules.dates.deadline = OnDay(vintage + 1, scenario.deadline);
      if (rules.rule->capped) {
        rules.cap = Tonnes(std::llround(sector.cap_mt.At(vintage) * 1e6 * population.cap_scale[s]));
        rules.paid_share = sector.paid_share.At(vintage);
        rules.reserve_share = scenario.reserve_share;
        rules.dates.pre_allocation = OnDay(vintage, scenario.pre_allocation_capped);
      } else {
        rules.dates.pre_allocation = OnDay(
            vintage + 1, power ? scenario.pre_allocation_power : scenario.pre_allocation_industry);
      }
      if (vintage == 2024) rules.dates = Dates2024(power);
      entry.vintages.emplace(vintage, rules);
    }
    book.sectors.push_back(std::move(entry));
    const auto base = scenario.carry_over_base.find(sector.name);
    book.carry_over_base.push_back(
        Tonnes(base == scenario.carry_over_base.end() ? 0 : std::llround(base->second)));
  }
  book.fine_first = scenario.fine_first;
  book.fine_second = scenario.fine_second;
  book.fine_later = scenario.fine_later;
  book.carry_over_multiple = scenario.carry_over_multiple;
  // 2023-24 plan, annex 5: two batches, then what is left of the old vintages has no use.
  book.carry_over_batches = {Date::Of(2026, 3, 27), Date::Of(2026, 6, 26)};
  book.legacy_last_trading_day = Date::Of(2025, 12, 31);
  book.legacy_expiry = Date::Of(2026, 6, 30);
  book.auction_enabled = scenario.auction_enabled;
  book.auction_format = scenario.AuctionFormat();
  book.auction_first_year = scenario.auction_first_year;
  book.auction_weekday = static_cast<Weekday>(scenario.auction_weekday);
  for (int year = scenario.auction_first_year; year <= scenario.horizon_year; ++year) {
    book.auction_reserve[year] =
        YearlyPrice(scenario.auction_reserve_cny, scenario.auction_first_year,
                    scenario.auction_reserve_growth, year);
    book.containment_trigger[year] =
        YearlyPrice(scenario.containment_trigger_cny, scenario.auction_first_year,
                    scenario.containment_growth, year);
  }
  book.auction_bidder_limit = scenario.auction_bidder_limit;
  book.containment_window = scenario.containment_window;
  book.containment_share = scenario.containment_share;
  book.stability_ceiling = scenario.stability_ceiling;
  book.stability = StabilityRulesOf(scenario);
  return book;
}

}  // namespace ets::sim
