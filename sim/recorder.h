#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/date.h"

// What a run tells the outside, as typed rows. The rows are also the tables of run.sqlite: one
// table a struct, one column a member, in this order (docs/results.md). Money is in currency units
// (CNY, EUR) unless a name says otherwise; tonnes are integers; shares are fractions of 1.
namespace ets::sim {

// Table `inputs`: every value of the scenario, with its mark.
struct InputRow {
  std::string key;     // "sectors.power.cap_mt.2030"
  std::string value;   // As it would stand in the scenario file.
  std::string unit;    // "Mt", "CNY/t", "share", "" ...
  std::string mark;    // "fact" or "assumption".
  std::string source;  // For facts; may explain an assumption.
  std::string title;   // In words, for people.
};

// Table `prices`: one row per trading day and instrument that is listed.
struct PriceRow {
  Date date;
  std::string instrument;  // "CEA25"
  int vintage = 0;
  double open = 0, high = 0, low = 0,
         close = 0;  // CNY/t. open/high/low are 0 without listed trades.
  std::int64_t listed_t = 0, block_t = 0, auction_t = 0;
  double listed_cny = 0, block_cny = 0, auction_cny = 0;
  int trades = 0;    // Listed and block.
  int at_limit = 0;  // -1 close at the lower limit, +1 at the upper, else 0.
  bool headline =
      false;  // The oldest vintage eligible for the next deadline: its close is the headline price.
};

// Table `auctions`: domestic and European.
struct AuctionRow {
  Date date;
  std::string market;      // "cn", "eu"
  std::string auctioneer;  // "CN", "EU", "DE", "PL"
  int vintage = 0;         // 0 for European ones.
  bool fact = false;       // A published result rather than a simulated one.
  std::string status;      // "cleared", "partial", "undersubscribed", "below_reserve"
  std::string currency;    // "CNY", "EUR"
  double price = 0, reserve_price = 0;
  std::int64_t offered_t = 0, sold_t = 0, unsold_t = 0, bid_t = 0,
               containment_t = 0;  // Of offered.
  int bids = 0, bidders = 0, winners = 0;
  double cover_ratio = 0, revenue = 0;
  // "regular", "containment", "reserve", "excessive_price", "cost_containment", "ceiling"; "" for
  // European ones.
  std::string rule;
};

// Table `weekly`: one row per ISO week.
struct WeekRow {
  Date monday;
  std::string week;           // "2027-W05"
  double cn_auction_cny = 0;  // Volume-weighted; 0 without an auction.
  double cn_cover_ratio = 0;
  std::int64_t cn_sold_t = 0;
  double headline_cny = 0;  // Last headline close of the week.
  double eu_fundamental_eur = 0;
  double eu_auction_eur = 0;  // Volume-weighted; 0 without an auction.
  std::int64_t eu_sold_t = 0;
  double certificate_eur = 0;  // The certificate price in force on Friday; 0 before there is one.
};

// Table `sectors`: one row per sector.
struct SectorRow {
  std::string sector, title, unit;  // "power", "Power", "MWh"
  int firms = 0;
};

// Table `firms`.
struct FirmRow {
  std::int64_t firm = 0;
  std::string name, province, sector, unit_class, group;
  std::int64_t first_vintage = 0;
  double output_2024 = 0;  // In the sector's unit.
  std::int64_t emissions_2024_t = 0;
  double load_factor = 0;
};

// Table `firm_years`: one row per firm and emission year that was assessed (and the running one).
struct FirmYearRow {
  std::int64_t firm = 0;
  int year = 0;
  std::string sector, rule;
  double output = 0;
  std::int64_t baseline_t = 0;  // Emissions at the same demand without a carbon price.
  std::int64_t verified_t = 0;
  std::int64_t pre_allocated_t = 0, allocated_t = 0, taken_back_t = 0;  // allocated: final, total.
  std::int64_t bought_listed_t = 0, bought_block_t = 0, bought_auction_t = 0,
               sold_t = 0;  // In the calendar year `year`.
  double bought_listed_cny = 0, bought_block_cny = 0, bought_auction_cny = 0, sold_cny = 0;
  std::int64_t surrendered_t = 0, offsets_t = 0, shortfall_t = 0;
  double fine_cny = 0;
  double abatement_cny = 0;   // Cost of abatement in the year.
  double marginal_share = 0;  // What one more tonne emitted costs, over the price (1 = full price).
  double output_incentive = 0;   // What one more unit of output earns in allowances, t per unit.
  double product_value_cny = 0;  // Output and heat at their values; for shares of turnover.
  double credit_drawn_cny = 0;   // Highest loan of the calendar year.
  double interest_cny = 0;       // On it.
  std::int64_t banked_t = 0;     // Units held after the year's deadline, all vintages.
  std::string status;            // "compliant", "short", "open"
};

// Table `sector_years`.
struct SectorYearRow {
  std::string sector;
  int year = 0;
  std::string rule;
  double cap_t = 0;  // 0: none.
  std::int64_t baseline_t = 0, verified_t = 0, allocated_t = 0, offered_t = 0,
               sold_at_auction_t = 0;
  double output = 0;
  double paid_share = 0, balance_value = 0;  // balance value: where the band applies, else 0.
  double marginal_price_cny = 0;  // Mean, emission-weighted: effective price of one more tonne.
  double marginal_share = 0;      // The same over the year's mean price.
  std::int64_t long_t = 0, short_t = 0;  // Sum of A - E over firms above 0, and of E - A below.
  int firms = 0, firms_short = 0;
  double abatement_cny = 0, carbon_cost_cny = 0;  // Net cost of allowances.
};

// Table `ledger`: the scarcity ledger, one row per calendar year, exact to the tonne:
// held_before + issued_free - taken_back + sold + offsets_used
//   = obligations_met + expired + cancelled + held_after. Conversion nets to zero.
struct LedgerRow {
  int year = 0;
  std::int64_t held_before_t = 0, issued_free_t = 0, taken_back_t = 0, sold_t = 0,
               containment_t = 0, offsets_used_t = 0;
  std::int64_t obligations_met_t = 0, expired_t = 0, cancelled_t = 0, held_after_t = 0;
  std::int64_t converted_t = 0, reserve_t = 0, stability_t = 0,
               unsold_stock_t = 0;  // Beside it, at the year's end.
  // The private bank: units and offsets held by firms beyond everything emitted and still owed, the
  // free allocation due for it counted in. Negative: firms as a whole are short.
  std::int64_t bank_t = 0;
};

// Table `cbam`: one row per sector and year, for exporters of covered goods.
struct CbamRow {
  std::string sector;
  int year = 0;
  std::int64_t exporters = 0;
  double exports_t = 0, embedded_t = 0, chargeable_t = 0;
  double certificate_eur = 0;  // The year's mean, as applied.
  double gross_eur = 0, deduction_eur = 0, net_eur = 0;
  double paid_cny_per_t = 0;  // Effectively paid per tonne emitted, mean.
  double break_even_cny = 0;  // The Chinese price at which the net bill is 0; 0: none.
  bool recognised = false;
  std::int64_t with_data = 0;  // Exporters that declare actual values.
  // Paid in China for what is embedded in the exports, and both sides' cost together: were the
  // Chinese price deducted, were it not, and were every allowance free.
  double home_eur = 0, cost_recognised_eur = 0, cost_unrecognised_eur = 0, cost_free_eur = 0;
};

// Table `cbam_provinces`: one row per sector, province and year with exporters: what credible data
// are worth.
struct CbamProvinceRow {
  std::string sector, province;
  int year = 0;
  std::int64_t exporters = 0, with_data = 0;
  double exports_t = 0;
  double gross_eur = 0, net_eur = 0, home_eur = 0;
  double by_default_eur = 0;   // The bill if all declared default values.
  double by_actual_eur = 0;    // If all declared actual ones, rightly.
  double data_worth_eur = 0;   // The first less the second.
  double data_gained_eur = 0;  // Of it, by those who could prove their values.
  double hidden_eur = 0;       // Not paid: understated and not found.
  double penalties_eur = 0;    // Understated and found.
};

// Table `cbam_importers`: one row per sector and year of import that was settled: the certificates
// of those who buy the exports, as their own registry keeps them.
struct CbamImporterRow {
  std::string sector;
  int year = 0;          // Of import.
  std::int64_t due = 0;  // Certificates to surrender.
  std::int64_t bought = 0;
  std::int64_t surrendered = 0;
  std::int64_t repurchased = 0;  // Taken back at the price paid.
  std::int64_t remaining = 0;    // Of no use any more; cancelled later, without compensation.
  double cost_eur = 0;           // Paid less got back.
  double penalty_eur = 0;
};

// Table `circulation`: one row per figure that the reserve rule published.
struct CirculationRow {
  int year = 0;
  Date published;
  std::int64_t supplied_t = 0, offsets_t = 0, verified_t = 0, cancelled_t = 0, in_reserve_t = 0;
  std::int64_t circulation_t = 0;  // The first two less the next three.
  std::int64_t whole_t = 0, upper_t = 0, lower_t = 0, floor_t = 0;
  std::string branch;  // "rate", "band", "nothing", "release"
  std::int64_t intake_t = 0, release_t = 0, held_t = 0;
  Date first, last;                           // Auctions on which it acts.
  std::int64_t first_part_t = 0, rest_t = 0;  // September to December, January to August.
};

// Table `stability`: the stability stock by calendar year, exact to the tonne: held_before +
// withheld + set_aside + unsold + left_over - released - price_rules - containment + returned -
// cancelled = held_after.
struct StabilityRow {
  int year = 0;
  std::int64_t held_before_t = 0, withheld_t = 0, set_aside_t = 0, unsold_t = 0, left_over_t = 0;
  std::int64_t released_t = 0, price_rules_t = 0, containment_t = 0, returned_t = 0;
  std::int64_t cancelled_t = 0, held_after_t = 0;
  std::int64_t above_caps_t = 0;  // Beside it: issued at the ceiling and sold, in the year.
};

// Table `triggers`: a price held against a price rule.
struct TriggerRow {
  Date date;
  // "excessive_price", "cost_containment", "tier", "withholding", "ceiling"
  std::string rule;
  double recent_cny = 0, reference_cny = 0, threshold_cny = 0;  // Reference 0: none.
  bool triggered = false;
  std::int64_t volume_t = 0;  // That it moves.
};

// Table `equilibrium`: the frictionless competitive benchmark, one row per year.
struct EquilibriumRow {
  int year = 0;
  double price_cny = 0, bank_mt = 0, emissions_mt = 0;
};

// Table `events`: policy steps and deadlines, for every time axis.
struct EventRow {
  Date date;
  std::string kind;   // "policy", "deadline", "issue"
  std::string label;  // "Surrender for 2026"
};

// Table `trades`, at the detail the scenario asks for ("none", "all").
struct TradeRow {
  std::int64_t trade = 0;
  Date date;
  std::string instrument, channel;     // "listed", "block", "auction"
  std::int64_t seller = 0, buyer = 0;  // Firms; -1 is the authority or an offset project.
  double price = 0;
  std::int64_t quantity_t = 0;
};

// The port through which a run is recorded. Calls come in simulated order; rows are complete. A
// recorder cannot refuse and cannot answer. Not thread-safe.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void Record(const InputRow& row) = 0;
  virtual void Record(const PriceRow& row) = 0;
  virtual void Record(const AuctionRow& row) = 0;
  virtual void Record(const WeekRow& row) = 0;
  virtual void Record(const SectorRow& row) = 0;
  virtual void Record(const FirmRow& row) = 0;
  virtual void Record(const FirmYearRow& row) = 0;
  virtual void Record(const SectorYearRow& row) = 0;
  virtual void Record(const LedgerRow& row) = 0;
  virtual void Record(const CbamRow& row) = 0;
  virtual void Record(const CbamProvinceRow& row) = 0;
  virtual void Record(const CbamImporterRow& row) = 0;
  virtual void Record(const CirculationRow& row) = 0;
  virtual void Record(const StabilityRow& row) = 0;
  virtual void Record(const TriggerRow& row) = 0;
  virtual void Record(const EquilibriumRow& row) = 0;
  virtual void Record(const EventRow& row) = 0;
  virtual void Record(const TradeRow& row) = 0;
  // Key figures about the run itself: table `run` (key, value), e.g. "seed", "scenario", "title".
  virtual void Record(std::string_view key, std::string_view value) = 0;
};

}  // namespace ets::sim
