#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "cbam/goods.h"
#include "cbam/report_prices.h"

namespace ets::cbam {

// A good that went into another, per year of production: mass over the activity level of the
// process is t of precursor per t of good. Its own factors are per t of precursor.
struct Precursor {
  std::string name;
  double mass = 0;            // t.
  double activity_level = 0;  // t of good made with it.
  double embedded = 0;        // SEE, t CO2e per t.
  // SEFA, t CO2e per t; one that is missing is not 0. Needed with a benchmark of column A.
  std::optional<double> free_adjustment;
  bool joint = false;  // Made in the same process: its emissions and benchmark are in the good's.
};

// What was paid for the emissions at home. Art. 9: effectively paid, so purchases less sales and
// never free units, over the verified emissions of the installation.
struct PricePaid {
  double purchases = 0;           // t of allowances bought or won.
  double sales = 0;               // t sold.
  double price = 0;               // Average paid, in the currency's units per t.
  double verified_emissions = 0;  // t CO2e under the scheme.
  double rate = 0;                // Units of the currency per euro, the year's average.
  double covered_share = 1;       // Of the embedded emissions, inside the scheme.
};

// One line of an importer's yearly declaration.
struct DeclaredGood {
  std::string name;
  std::string cn;      // Digits of the CN code, 4 to 8.
  std::string origin;  // ISO 3166 alpha-2, of a third country (countries.h).
  std::string route;  // One that Benchmarks() has for the sector, or none with a benchmark_a or _b.
  double tonnes = 0;  // Net mass; MWh of electricity.
  // When: 2026 by the quarter of import, later by the price of the certificates' purchase.
  Date imported{0};
  // A day on which certificates for it were bought: from 1 February 2027 on.
  std::optional<Date> purchased;
  std::optional<double> certificate_price;  // EUR, instead of one computed from auctions.
  bool actual = false;
  // SEE of the process itself, t CO2e per t. With actual emissions only, and then needed.
  std::optional<double> direct;
  std::optional<double> indirect;  // Likewise; needed where the sector declares it.
  std::vector<Precursor> precursors;
  std::optional<double> benchmark_a;  // Column A, for actual data.
  std::optional<double> benchmark_b;  // In place of the table's.
  std::optional<double> default_value;
  std::optional<double> cross_sectoral_factor;
  std::optional<PricePaid> paid;
};

struct YearDeclaration {
  std::string importer;
  int year = 2026;
  bool authorised = true;
  std::vector<DeclaredGood> goods;
  double further_tonnes = 0;  // Of the four threshold sectors, not listed here.
  // From when the exporters' carbon price is recognised; a choice, the law names no date for China.
  Date recognised_from = Date::Of(2028, 1, 1);
  // EUR per t CO2e that goods on default values may deduct once recognised; the Commission
  // publishes it. Empty: none.
  std::optional<double> default_carbon_price;
  std::optional<std::int64_t> surrendered;  // By 30 September of the next year.
  double penalty = 100;  // EUR per missing certificate, to be indexed by who declares.
};

// One line of a formula: what it is, how it came about, its value.
struct Step {
  std::string name;
  std::string formula;
  double value = 0;
  std::string unit;
};

struct GoodBill {
  std::string name;
  Date imported{0};
  std::vector<Step> steps;
  double embedded = 0;  // t CO2e.
  double free_adjustment = 0;
  double before_deduction = 0;  // Certificates.
  double deduction = 0;         // Certificates, Art. 9.
  double certificates = 0;
  double price = 0;          // EUR.
  bool provisional = false;  // The price, and so the cost: auctions of its period are missing.
  double cost = 0;           // EUR, rounded half up to the cent.
};

struct YearBill {
  double threshold_tonnes = 0;  // Mass that counts.
  bool in_scope = true;         // More than 50 t, or hydrogen or electricity.
  bool on_watch_list = false;   // At 90% of it.
  std::vector<GoodBill> goods;
  double embedded = 0;
  double certificates = 0;
  std::int64_t to_surrender = 0;  // Whole certificates.
  double cost = 0;                // EUR.
  bool provisional = false;       // As one of its goods is.
  std::vector<Step> duties;       // Dates, holding at quarter ends, repurchase, penalties.
  double penalty = 0;             // EUR.
};

// What is wrong with a declaration: in which good (kNoGood: in the declaration itself), in which
// field ("paid.rate", "precursors.0.mass"), and in words: the value and what is allowed.
struct Mistake {
  static constexpr std::size_t kNoGood = static_cast<std::size_t>(-1);
  std::size_t good = kNoGood;
  std::string field;
  std::string what;
};

// Works a declaration out. `prices` gives certificate prices where a good names none; a price that
// lacks auctions is a mistake, unless `provisional` ones are asked for. Inputs are bounded (1e12 t,
// 1e6 t CO2e per t, 1e9 EUR or units per t), and so are results: certificates and cents to
// kAmountMax. On failure: every mistake; nothing is computed.
Result<YearBill, std::vector<Mistake>> WorkOut(const YearDeclaration& declaration,
                                               const ReportPrices& prices,
                                               bool provisional = false);

// Mass above which a year's imports are in scope, whole. Reg. (EU) 2025/2083.
inline constexpr double kThresholdTonnes = 50;

}  // namespace ets::cbam
