#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auction/format.h"
#include "base/date.h"
#include "policy/allocation.h"
#include "sim/recorder.h"

namespace ets::sim {

// A number by year. Years between two given ones take the earlier one's value; years after the last
// take the last value plus `each_year_after` per year; years before the first take `before`.
class YearSeries {
 public:
  YearSeries() = default;
  explicit YearSeries(double before) : before_(before) {}
  void Set(int year, double value) { values_[year] = value; }
  void set_each_year_after(double step) { each_year_after_ = step; }
  double each_year_after() const { return each_year_after_; }
  double At(int year) const;
  bool Has(int year) const { return values_.contains(year); }
  bool empty() const { return values_.empty(); }
  const std::map<int, double>& values() const { return values_; }
  friend bool operator==(const YearSeries&, const YearSeries&) = default;

 private:
  std::map<int, double> values_;
  double each_year_after_ = 0;
  double before_ = 0;
};

// A piece of an abatement curve: at `cost` CNY/t the share `abated` of baseline emissions is cut.
struct CostAnchor {
  double abated = 0;  // Share of e0, 0 to 1, increasing.
  double cost = 0;    // CNY/t, increasing.
  friend bool operator==(const CostAnchor&, const CostAnchor&) = default;
};

// A group of firms drawn from one log-normal: emissions in Mt a year.
struct SizeClass {
  int firms = 0;
  double median_mt = 0;
  double sigma = 0;
  friend bool operator==(const SizeClass&, const SizeClass&) = default;
};

// Exporters of goods under CBAM.
struct CbamSector {
  double exports_mt = 0;        // Of goods, to the EU, a year.
  double exporter_share = 0;    // Of the sector's firms.
  double actual_intensity = 0;  // t CO2e per t of good, mean; 0: the sector has no covered exports.
  double actual_intensity_sd = 0;    // Relative.
  double default_intensity = 0;      // China's default value before mark-up.
  double benchmark = 0;              // Column B.
  double covered_share = 0;          // Of the embedded emissions, inside the Chinese scheme.
  double actual_from = 2026;         // Year from which exporters declare actual values.
  double downstream_mt = 0;          // Exports of goods made of it, once they are covered.
  double downstream_content = 0.79;  // t of the sector's good in a t of them.
  double downstream_from = 2028;     // Year from which they are covered.
  friend bool operator==(const CbamSector&, const CbamSector&) = default;
};

// Who can prove what it emits, and what becomes of those who lie.
struct DataTrust {
  std::string platforms_csv;  // status,province,years; empty: everybody can.
  double pilot_share = 0.3;   // Of a pilot province's firms.
  int undated_from = 2030;    // When what is planned without a year works.
  int all_from = 0;           // Every province has a platform from then on; 0: as the table says.
  int not_before = 2026;
  double readiness_years = 1;      // From the platform to the firm's own readiness, mean.
  double default_price_share = 0;  // Default carbon price over the sector's mean price paid.
  double verification_error_sd = 0;
  double audit_share = 0.1;           // Of declarations with actual values, a year.
  double fraud_share = 0;             // Of exporters, that understate.
  double fraud_understatement = 0.2;  // Of their embedded emissions.
  double fraud_penalty_eur = 300;     // Per t that was hidden.
  friend bool operator==(const DataTrust&, const DataTrust&) = default;
};

struct Sector {
  std::string name;   // "power"; snake_case
  std::string title;  // "Power"
  std::string unit;   // "MWh"
  int first_vintage = 2024;
  double verified_2024_mt = 0;   // The total the sizes are scaled to, and the caps' reference.
  std::string provinces_like;    // A column of the province table.
  std::vector<SizeClass> sizes;  // Their firms sum to the sector's count.
  double intensity_mean = 1;     // t CO2e per unit of output; power: from the classes instead.
  double intensity_sd = 0;       // Relative.
  double process_share = 1;      // Of emissions, that the band's intensity looks at (steel).
  double abated_in_2024 = 0;     // Share of e0 that verified 2024 emissions already contain.
  double intensity_drift = 0;    // A year, without a price: -0.003.
  double product_value = 0;      // CNY per unit of output.
  double heat_value = 0;         // CNY per GJ of heat sold; power only.
  double demand_elasticity = 0;  // >= 0.
  YearSeries pass_through;       // Share of marginal carbon cost in the product's price.
  std::vector<CostAnchor> abatement;
  std::array<double, 12> months = EvenMonths();  // Shares of the year's output; sum 1.
  YearSeries growth;                             // Share a year: 0.005.
  std::map<int, std::string> rule;               // By vintage, from that one on.
  YearSeries cap_mt;                             // Where the rule is capped.
  YearSeries paid_share;
  YearSeries pre_allocation;  // Share of the last verified emissions, by vintage.
  CbamSector cbam;

  const std::string& RuleOf(int vintage) const;  // REQUIRES: a rule from that vintage or earlier.

  static constexpr std::array<double, 12> EvenMonths() {
    std::array<double, 12> months{};
    months.fill(1.0 / 12);
    return months;
  }
  friend bool operator==(const Sector&, const Sector&) = default;
};

struct PowerClass {
  double share_of_emissions = 0;  // Of the sector; the six sum to 1 (coal heat and gas heat apart).
  double load_mean = 0, load_sd = 0;  // Of the load factor; I and II only.
  double balance_2023 = 0;            // Allowances by the 2023 benchmarks over emissions, less 1.
  friend bool operator==(const PowerClass&, const PowerClass&) = default;
};

struct Europe {
  YearSeries fundamental_eur;  // The year's mean.
  double after_last_growth = 0.075;
  double last_fact_eur = 71.13;
  Date last_fact_date;
  double half_life_months = 9;
  double volatility = 0.28;      // A year.
  double volume_decline = 0.05;  // A year, from 2027.
  std::int64_t common_t = 2'712'500, germany_t = 1'093'000, poland_t = 1'524'500;
  int bidders = 24, bids = 97;
  double bid_sd = 0.015, throw_away_share = 0.05;
  std::string facts_csv;  // The 54 auctions' text: date,auctioneer,price,volume.
  friend bool operator==(const Europe&, const Europe&) = default;
};

// The stability rules beside the auction's own containment; docs/stability.md. All off by
// themselves; volumes and thresholds are shares of the year's caps unless said otherwise.
struct Stability {
  bool reserve_enabled = false;
  double upper_share = 0.08, lower_share = 0.06, floor_share = 0.03;
  double intake_rate = 0.24;      // Of the circulation, above the upper threshold.
  double release_share = 0.0075;  // Below the floor.
  double keeps_share = 0.03;      // More than this becomes invalid on 1 January.
  bool invalidates = true;
  std::string base = "caps";  // or "emissions".
  int reserve_first_year = 2030;
  int published = 801;

  bool excessive_enabled = false;
  int excessive_months = 6;
  double excessive_multiple = 2.4;
  double excessive_volume = 0.054;
  int excessive_over_months = 3, excessive_pause_months = 12;

  bool cost_enabled = false;
  int cost_first_year = 2027;
  bool cost_acts = true;
  double cost_volume = 0.05;
  int cost_over_months = 3, cost_pause_months = 12;
  std::string cost_source = "stock";  // or "later_auctions".

  bool triggers_enabled = false;
  std::string triggers_table = "rggi";  // or "own".
  double cny_per_usd = 7.20;
  YearSeries tier_one_cny, tier_two_cny, withhold_below_cny;  // Of the table "own".
  double tier_one_share = 0.10, tier_two_share = 0.10,
         withhold_share = 0.10;  // Of the year's sale.

  bool collar_enabled = false;
  double floor_cny = 60, ceiling_cny = 200;  // In auction.first_year.
  double collar_growth = 0.06;
  bool without_end = true;
  double ceiling_offer = 0.01;

  bool any() const {
    return reserve_enabled || excessive_enabled || cost_enabled || triggers_enabled ||
           collar_enabled;
  }
  friend bool operator==(const Stability&, const Stability&) = default;
};

// Caps by linear factors from a base year on, instead of those given year by year.
struct LinearCaps {
  bool enabled = false;
  int base_year = 2030;
  YearSeries factor;       // Share of the base year's cap a year; holds until the next one given.
  YearSeries rebasing_mt;  // Of all capped sectors together, before the year's step.
  friend bool operator==(const LinearCaps&, const LinearCaps&) = default;
};

// Everything a run is made of. Plain data: the same struct gives the same run with the same seed
// and binary. Read from TOML by ParseScenario(); docs/scenario.md lists every key with unit, range
// and default.
struct Scenario {
  std::string name, title, description;
  std::uint64_t seed = 1;
  Date first_day, last_day;           // 2025-01-01, 2035-12-31.
  int horizon_year = 2040;            // Paths reach to here; expectations look this far.
  std::string trade_detail = "none";  // "none" or "all".
  std::string firms_file;             // Empty: drawn from the seed.
  std::string firms_csv;              // The text of firms_file, once read.
  std::string province_csv;           // province,power,cement,steel,aluminium

  std::vector<Sector> sectors;
  std::map<std::string, PowerClass> power_classes;  // "I","II","III","gas","coal_heat","gas_heat"
  int power_groups = 10;
  double power_group_share = 0.45;
  double threshold_t = 26'000;

  // Power's rule.
  std::map<int, policy::Benchmarks> benchmarks;  // Published, by vintage (2020 = 2019-20).
  double benchmark_tightening = 0.006;           // Coal, a year, after the last published vintage.
  std::map<int, std::string>
      peaking;  // "none", "below_65", "below_50", by vintage, from that one on.
  bool gas_relief = true;
  double shortfall_ceiling = 0.20;
  double band_slope = 0.15, band_reach = 0.20;
  double reserve_share = 0.02;
  double cap_weight_gas = 0.42, cap_weight_heat_coal = 0.128, cap_weight_heat_gas = 0.068;

  // Calendar, as month * 100 + day of the year after the vintage unless said otherwise.
  int pre_allocation_industry = 410, pre_allocation_power = 630,
      pre_allocation_capped = 430;  // Capped: in the vintage's year.
  int report_due = 331, verification_power = 630, verification_industry = 731, final_issue = 930,
      deadline = 1231;
  std::vector<Date> spring_festivals;  // First day of the lunar year, by year.
  std::map<int, Date> listing_dates;   // First vintage -> the day new sectors' firms open accounts.

  // The registry's law: a profile, and what this scenario changes of it (docs/profiles.md).
  std::string registry_profile = "sim";
  std::map<std::string, std::string> registry_rules;  // Key of a profile -> its text.

  // Compliance.
  int first_banking_vintage = 2025;
  double offset_limit = 0.05;
  YearSeries offset_supply_mt;
  double offset_full_price = 60, offset_price_share = 0.97;
  int fine_first = 5, fine_second = 7, fine_later = 10;
  double carry_over_multiple = 1.5;
  std::map<std::string, double> carry_over_base;  // By sector, t.
  Date carry_over_public;  // 2025-11-18: before it nobody knows industry's base.

  // Opening state.
  double opening_close = 97.49;
  std::map<int, double> opening_stock_mt;  // By vintage.
  double opening_group_share = 0.45;
  int opening_utilities = 600;
  double opening_sigma = 1.2;
  double opening_net_sales_share = 0.35;

  // Auction.
  bool auction_enabled = true;
  std::string auction_format = "cn-weekly";
  // Fields of the format that the scenario sets itself: name and text of auction/fields.h.
  std::map<std::string, std::string> auction_rules;
  int auction_first_year = 2027;
  int auction_weekday = 3;         // 1 Monday .. 5 Friday.
  YearSeries auction_reserve_cny;  // Given 2027; growth below.
  double auction_reserve_growth = 0.06;
  double auction_bidder_limit = 0.10;
  int unsold_auctions = 4;
  double unsold_ceiling = 1.25;
  YearSeries containment_trigger_cny;
  double containment_growth = 0.06;
  int containment_window = 4;
  double containment_share = 0.25;
  double stability_ceiling = 0.06;
  Stability stability;
  LinearCaps linear_caps;

  // Market.
  double listed_band = 0.10, block_band = 0.30;
  std::int64_t block_from_t = 100'000;
  double credit_line_share = 0.30, credit_rate = 0.05;

  // Behaviour.
  double discount_mean = 0.08, discount_sd = 0.02, discount_low = 0.04, discount_high = 0.14;
  std::map<int, double> horizons;  // Years -> share of firms: {2: .5, 5: .4, 10: .1}.
  int group_horizon = 5;
  std::vector<std::pair<Date, double>>
      belief;  // Belief in the announced caps, until that date; 1 after the last.
  double belief_fallback_tightening = 0.005;
  double expectation_benchmark_weight = 0.5, expectation_gain = 0.2;
  double hazard_base = 0.002, hazard_deadline = 0.06, hazard_days = 40;
  double buy_fraction = 0.30, buy_markup = 1.05, panic_days = 20, panic_multiple = 3;
  double hold_until_deadline_share = 0.40, sell_margin = 1.05;
  double listed_size_median_t = 5'000, listed_size_sigma = 1.3;
  double block_probability = 0.8, block_discount = 0.016, block_sd = 0.06;
  std::array<double, 3> bid_steps{1.02, 1.00, 0.97};
  double verification_error_sd = 0.01, never_comply_share = 0.001;
  double sector_shock_ar = 0.5, sector_shock_sd = 0.008, firm_shock_sd = 0.04;
  double abatement_cost_decline = 0.01;
  double abatement_multiplier_mean = 0.125, abatement_multiplier_sigma = 0.5;
  double operation_share = 0.015, step_trigger = 1.2;
  int step_delay_months = 12, step_life_years = 10;

  Europe europe;
  // CBAM.
  std::string cbam_source = "europe";  // or "domestic".
  double cny_per_eur = 8.20;
  Date recognition_from;
  double cross_sectoral_factor = 1.0;
  DataTrust trust;

  // Every leaf of the resolved scenario but names and titles, with its mark; what the report
  // prints.
  std::vector<InputRow> inputs;

  int SectorIndex(std::string_view name) const;        // -1 when there is none.
  policy::Benchmarks BenchmarksOf(int vintage) const;  // Published, else the last one tightened.
  policy::PeakingFactor PeakingOf(int vintage) const;
  // The named format with auction_rules and the bidder limit. REQUIRES: a format that exists.
  auction::Format AuctionFormat() const;
  // The auction's reserve price and the containment trigger: the last year given, grown from there.
  double ReservePriceOf(int year) const;
  double TriggerOf(int year) const;
  // Replaces every sector's caps after linear_caps.base_year by its path. REQUIRES: enabled.
  void ApplyLinearCaps();
};

// One thing wrong with a scenario: "file:line:column: what is wrong; what is allowed".
struct Problem {
  std::string file;
  int line = 0, column = 0;
  std::string message;
};
std::string ToString(const Problem& problem);

// One file's text, for ParseScenario; `name` is what problems call it.
struct SourceFile {
  std::string name;
  std::string text;
};

struct ParsedScenario {
  Scenario scenario;
  std::vector<Problem> problems;  // Empty: the scenario is good. All of them, not the first.
  std::string resolved;           // The whole scenario as one TOML text, every default written out.
};

// Reads scenario files. The first is the base, each later one changes it (a scenario's `extends`
// chain, outermost last; the reader of files resolves it), then `overrides`: "key.path=value" as
// given on the command line, reported as file "--set". `data` maps the file names a scenario
// mentions (firms, facts, provinces) to their text; a mentioned name that is missing is a problem.
// No file is opened here.
ParsedScenario ParseScenario(const std::vector<SourceFile>& files,
                             const std::vector<std::string>& overrides,
                             const std::map<std::string, std::string>& data);

// The names of the files a scenario text mentions, and the file it extends ("" if none), so that a
// caller can read them first. Unreadable TOML gives nothing; ParseScenario then says what is wrong.
struct Mentions {
  std::string extends;
  std::vector<std::string> data;
};
Mentions MentionsOf(std::string_view text);
// The same for overrides; they extend nothing.
Mentions MentionsOfOverrides(const std::vector<std::string>& overrides);

// docs/scenario.md's table of keys: key, type, unit, range, default, mark, meaning. Generated from
// the same table the reader uses.
std::string ScenarioReference();

}  // namespace ets::sim
