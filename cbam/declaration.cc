#include "cbam/declaration.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "cbam/bill.h"

namespace ets::cbam {
namespace {

constexpr int kFirstYear = 2026;
constexpr int kLastYear = 2050;
constexpr double kWatchShare = 0.9;
constexpr double kHoldingShare = 0.5;

std::string Text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  std::string short_text(text);
  while (short_text.back() == '0') short_text.pop_back();
  if (short_text.back() == '.') short_text.pop_back();
  return short_text == "-0" ? "0" : short_text;
}

// Half up to the cent; the sums here are products of a few decimal numbers.
double Cents(double euro) { return std::floor(euro * 100 + 0.5 + 1e-7) / 100; }

using Mistakes = std::vector<Mistake>;

// What is known of a good once its tables have been looked up.
struct Known {
  GoodsSector sector = GoodsSector::kIronSteel;
  double factor = 0;  // CBAM factor.
  double cross_sectoral = 0;
  double benchmark = 0;
  std::string benchmark_source;
  bool is_whole_chain = true;  // Column B: precursors' benchmarks are in it.
  double default_value = 0;
  double price = 0;
  std::string price_source;
};

class Checker {
 public:
  Checker(const YearDeclaration& declaration, const CertificatePrices& prices)
      : declaration_(declaration), prices_(prices) {}

  std::vector<Known> Check(Mistakes& mistakes) {
    mistakes_ = &mistakes;
    if (declaration_.year < kFirstYear || declaration_.year > kLastYear) {
      Wrong("year", std::to_string(declaration_.year), "2026 to 2050");
      return {};
    }
    NotNegative("further_tonnes", declaration_.further_tonnes);
    NotNegative("penalty_eur", declaration_.penalty);
    if (declaration_.default_carbon_price) {
      NotNegative("default_carbon_price_eur", *declaration_.default_carbon_price);
    }
    if (declaration_.goods.empty()) Wrong("goods", "none", "one or more [[goods]]");
    std::vector<Known> known;
    for (const DeclaredGood& good : declaration_.goods) {
      good_ = known.size();
      known.push_back(CheckGood(good));
    }
    return known;
  }

 private:
  void Wrong(const std::string& field, const std::string& value, const std::string& allowed) {
    mistakes_->push_back({good_, field, field + ": " + value + "; allowed: " + allowed});
  }
  bool NotNegative(const std::string& field, double value) {
    if (std::isfinite(value) && value >= 0) return true;
    Wrong(field, Text(value), "0 or more");
    return false;
  }

  Known CheckGood(const DeclaredGood& good) {
    Known known;
    const bool is_code = good.cn.size() >= 4 && good.cn.size() <= 8 &&
                         good.cn.find_first_not_of("0123456789") == std::string::npos;
    const auto sector = is_code ? SectorOf(good.cn) : std::nullopt;
    if (!sector) {
      Wrong("cn", "\"" + good.cn + "\"", "4 to 8 digits of a code of Annex I, Reg. (EU) 2023/956");
      if (!good.route.empty()) CheckRoute(good.route);
    } else {
      known.sector = *sector;
    }
    NotNegative("tonnes", good.tonnes);
    if (good.imported.year() != declaration_.year) {
      Wrong("imported", ToString(good.imported),
            "a day or quarter of " + std::to_string(declaration_.year));
    }
    CheckEmissions(good, sector.has_value(), known);
    if (sector && RowOf(*sector).has_free_adjustment) CheckBenchmark(good, known);
    if (good.paid) CheckPaid(good, *good.paid);
    CheckPrice(good, known);
    return known;
  }

  // Of a good that is not known: whether there is such a route at all.
  void CheckRoute(const std::string& route) {
    std::vector<std::string> routes;
    for (const BenchmarkRow& row : Benchmarks()) {
      if (row.route == route) return;
      if (std::ranges::find(routes, row.route) == routes.end()) routes.emplace_back(row.route);
    }
    std::string all;
    for (const std::string& one : routes) all += (all.empty() ? "" : ", ") + one;
    Wrong("route", "\"" + route + "\"", all);
  }

  void CheckEmissions(const DeclaredGood& good, bool is_known, Known& known) {
    if (good.actual) {
      NotNegative("direct", good.direct);
      NotNegative("indirect", good.indirect);
      for (const Precursor& precursor : good.precursors) {
        const std::string of = "precursors." + precursor.name;
        NotNegative(of + ".mass", precursor.mass);
        NotNegative(of + ".embedded", precursor.embedded);
        NotNegative(of + ".free_adjustment", precursor.free_adjustment);
        if (!(precursor.activity_level > 0)) {
          Wrong(of + ".activity_level", Text(precursor.activity_level), "above 0");
        }
      }
      return;
    }
    if (!good.precursors.empty()) {
      Wrong("precursors", "with default values", "only with emissions = \"actual\"");
    }
    if (good.default_value) {
      NotNegative("default_value", *good.default_value);
      known.default_value = *good.default_value;
      return;
    }
    const DefaultRow* const row = FindDefault(good.cn, good.origin);
    if (row != nullptr) {
      known.default_value = row->value;
    } else if (is_known) {
      Wrong("default_value", "none for " + good.cn + " from " + good.origin,
            "a value, or a code and origin of the table (docs/cbam.md)");
    }
  }

  void CheckBenchmark(const DeclaredGood& good, Known& known) {
    known.factor = CbamFactorPermille(declaration_.year) / 1000.0;
    if (known.factor == 0) return;
    const auto cross_sectoral = good.cross_sectoral_factor ? good.cross_sectoral_factor
                                                           : CrossSectoralFactor(declaration_.year);
    if (!cross_sectoral) {
      Wrong("cross_sectoral_factor", "none for " + std::to_string(declaration_.year),
            "a value: it is not published for that year, and not 1");
    } else if (NotNegative("cross_sectoral_factor", *cross_sectoral)) {
      known.cross_sectoral = *cross_sectoral;
    }
    if (good.actual && good.benchmark_a) {
      NotNegative("benchmark_a", *good.benchmark_a);
      known.benchmark = *good.benchmark_a;
      known.benchmark_source = "column A, declared";
      known.is_whole_chain = false;
      return;
    }
    if (good.benchmark_b) {
      NotNegative("benchmark_b", *good.benchmark_b);
      known.benchmark = *good.benchmark_b;
      known.benchmark_source = "column B, declared";
      return;
    }
    const BenchmarkRow* const row = FindBenchmark(good.cn, good.route, declaration_.year);
    if (row == nullptr) {
      std::string routes;
      for (const BenchmarkRow& other : Benchmarks()) {
        if (!good.cn.starts_with(other.cn)) continue;
        routes += (routes.empty() ? "" : ", ") + std::string(other.route) + " (" +
                  std::to_string(other.first_year) + " to " + std::to_string(other.last_year) + ")";
      }
      Wrong("route",
            "\"" + good.route + "\" has no benchmark for " + good.cn + " in " +
                std::to_string(declaration_.year),
            routes.empty() ? "benchmark_a or benchmark_b for this code"
                           : routes + ", or benchmark_a or benchmark_b");
      return;
    }
    known.benchmark = row->value;
    known.benchmark_source = good.actual
                                 ? "column B, for want of a value of column A; precursors are "
                                   "in it"
                                 : "column B";
  }

  void CheckPaid(const DeclaredGood& good, const PricePaid& paid) {
    for (const auto& [field, value] :
         {std::pair("paid.purchases", paid.purchases), std::pair("paid.sales", paid.sales),
          std::pair("paid.price", paid.price)}) {
      NotNegative(field, value);
    }
    if (!(paid.verified_emissions > 0)) {
      Wrong("paid.verified_emissions", Text(paid.verified_emissions), "above 0");
    }
    if (!(paid.rate > 0)) Wrong("paid.per_euro", Text(paid.rate), "above 0");
    if (!(paid.covered_share >= 0 && paid.covered_share <= 1)) {
      Wrong("paid.covered_share", Text(paid.covered_share), "0 to 1");
    }
    if (!good.actual) {
      Wrong("paid", "with default values",
            "only with emissions = \"actual\"; goods on default values may claim the default "
            "carbon price alone (default_carbon_price_eur)");
    }
  }

  // 2026 by the quarter of import, from 2027 by the price at which certificates were bought.
  void CheckPrice(const DeclaredGood& good, Known& known) {
    if (good.certificate_price) {
      if (NotNegative("certificate_price", *good.certificate_price)) {
        known.price = *good.certificate_price;
        known.price_source = "declared";
      }
      return;
    }
    std::optional<Price> price;
    std::string what;
    if (declaration_.year == kFirstYear) {
      if (good.imported.year() != kFirstYear) return;  // Said already.
      const YearQuarter quarter = QuarterOf(good.imported);
      what = std::to_string(quarter.year) + "-Q" + std::to_string(quarter.quarter);
      known.price_source = what + ", the quarter of import";
      price = prices_.Quarter(quarter.year, quarter.quarter);
      if (const std::string weeks = Missing(quarter); price && !weeks.empty()) {
        Wrong("certificate_price", what + " lacks the auctions of " + weeks,
              "a price, or all auctions of the quarter (--auctions)");
        return;
      }
    } else if (!good.purchased) {
      Wrong("purchased", "none", "the day its certificates were bought, or certificate_price");
      return;
    } else if (good.purchased->year() < 2027) {
      Wrong("purchased", ToString(*good.purchased),
            "a day from 2027 on: sales begin in February 2027");
      return;
    } else {
      what = ToString(*good.purchased);
      known.price_source = "in use on " + what + ", when they were bought";
      price = prices_.Applicable(*good.purchased);
    }
    if (!price) {
      Wrong("certificate_price", "none for " + what,
            "a price, or auctions of that period (--auctions)");
      return;
    }
    known.price = static_cast<double>(price->minor_per_tonne()) / 100;
  }

  // The quarter's weeks in which no auction is known, though there should be one.
  std::string Missing(YearQuarter quarter) const {
    const PriceCalendar calendar = CalendarOfQuarter(quarter.year, quarter.quarter);
    std::string weeks;
    for (const Date monday : prices_.WeeksWithout(calendar.applies_from, calendar.applies_until))
      weeks += (weeks.empty() ? "" : ", ") + ToString(IsoWeekOf(monday));
    return weeks;
  }

  const YearDeclaration& declaration_;
  const CertificatePrices& prices_;
  Mistakes* mistakes_ = nullptr;
  std::size_t good_ = Mistake::kNoGood;
};

class Worker {
 public:
  Worker(const YearDeclaration& declaration, const DeclaredGood& good, const Known& known)
      : declaration_(declaration), good_(good), known_(known) {}

  GoodBill Work() {
    bill_.name = good_.name;
    bill_.imported = good_.imported;
    const double embedded = Embedded();
    const double adjustment = FreeAdjustment();
    bill_.embedded = embedded * good_.tonnes;
    bill_.free_adjustment = adjustment * good_.tonnes;
    bill_.before_deduction = std::max(0.0, bill_.embedded - bill_.free_adjustment);
    Say("certificates before deduction",
        "max(0, " + Text(embedded) + " - " + Text(adjustment) + ") x " + Text(good_.tonnes) + " t",
        bill_.before_deduction, "certificates");
    bill_.price = known_.price;
    bill_.deduction = Deduction(embedded);
    bill_.certificates = bill_.before_deduction - bill_.deduction;
    bill_.cost = Cents(bill_.certificates * bill_.price);
    Say("certificates", Text(bill_.before_deduction) + " - " + Text(bill_.deduction),
        bill_.certificates, "certificates");
    Say("price", known_.price_source, bill_.price, "EUR");
    Say("cost", Text(bill_.certificates) + " x " + Text(bill_.price), bill_.cost, "EUR");
    return std::move(bill_);
  }

 private:
  void Say(std::string name, std::string formula, double value, std::string unit) {
    bill_.steps.push_back({std::move(name), std::move(formula), value, std::move(unit)});
  }

  // SEE, t CO2e per t.
  double Embedded() {
    if (!good_.actual) {
      const int markup = MarkupPercent(known_.sector, declaration_.year);
      const double embedded = known_.default_value * (100 + markup) / 100;
      Say("embedded, default with mark-up",
          Text(known_.default_value) + " x " + Text((100 + markup) / 100.0), embedded, "t/t");
      return embedded;
    }
    const bool counts_indirect = RowOf(known_.sector).counts_indirect;
    double embedded = good_.direct + (counts_indirect ? good_.indirect : 0);
    std::string formula = Text(good_.direct) + " direct";
    if (good_.indirect > 0) {
      formula += counts_indirect ? " + " + Text(good_.indirect) + " indirect"
                                 : " (indirect emissions of this sector do not count)";
    }
    for (const Precursor& precursor : good_.precursors) {
      if (precursor.joint) continue;
      const double share = precursor.mass / precursor.activity_level;
      embedded += share * precursor.embedded;
      formula += " + " + Text(share) + " x " + Text(precursor.embedded) + " " + precursor.name;
    }
    Say("embedded, actual", formula, embedded, "t/t");
    return embedded;
  }

  // SEFA, t CO2e per t.
  double FreeAdjustment() {
    if (!RowOf(known_.sector).has_free_adjustment) {
      Say("free-allocation adjustment", "none for this sector", 0, "t/t");
      return 0;
    }
    double adjustment = known_.factor * known_.cross_sectoral * known_.benchmark;
    std::string formula = Text(known_.factor) + " CBAM factor";
    if (known_.factor > 0) {
      formula += " x " + Text(known_.cross_sectoral) + " CSCF x " + Text(known_.benchmark) +
                 " benchmark (" + known_.benchmark_source + ")";
    }
    for (const Precursor& precursor : good_.precursors) {
      if (precursor.joint || known_.is_whole_chain) continue;
      const double share = precursor.mass / precursor.activity_level;
      adjustment += share * precursor.free_adjustment;
      formula +=
          " + " + Text(share) + " x " + Text(precursor.free_adjustment) + " " + precursor.name;
    }
    Say("free-allocation adjustment", formula, adjustment, "t/t");
    return adjustment;
  }

  // Art. 9, in certificates; never more than is owed.
  double Deduction(double embedded) {
    const bool is_recognised = good_.imported >= declaration_.recognised_from;
    double per_tonne = 0;
    double covered = 1;
    std::string formula;
    if (good_.actual && good_.paid) {
      const PricePaid& paid = *good_.paid;
      const double net = std::max(0.0, paid.purchases - paid.sales);
      per_tonne = net * paid.price / paid.rate / paid.verified_emissions;
      covered = paid.covered_share;
      Say("carbon price paid",
          "max(0, " + Text(paid.purchases) + " - " + Text(paid.sales) + ") x " + Text(paid.price) +
              " / " + Text(paid.rate) + " per EUR / " + Text(paid.verified_emissions) + " t",
          per_tonne, "EUR/t CO2e");
    } else if (!good_.actual && declaration_.default_carbon_price) {
      per_tonne = *declaration_.default_carbon_price;
      Say("default carbon price", "as the Commission publishes it", per_tonne, "EUR/t CO2e");
    } else {
      return 0;
    }
    if (!is_recognised) {
      Say("deduction", "recognised from " + ToString(declaration_.recognised_from) + " only", 0,
          "certificates");
      return 0;
    }
    if (known_.price <= 0) return 0;
    const double claimed = per_tonne * covered * embedded * good_.tonnes / known_.price;
    const double deduction = std::min(claimed, bill_.before_deduction);
    formula = Text(per_tonne) + " x " + Text(covered) + " x " + Text(embedded) + " x " +
              Text(good_.tonnes) + " / " + Text(known_.price);
    if (claimed > deduction) formula += ", at most what is owed";
    Say("deduction", formula, deduction, "certificates");
    return deduction;
  }

  const YearDeclaration& declaration_;
  const DeclaredGood& good_;
  const Known& known_;
  GoodBill bill_;
};

void AddDuties(const YearDeclaration& declaration, YearBill& bill) {
  const std::string next = std::to_string(declaration.year + 1);
  bill.duties.push_back({"declare and surrender", "by " + next + "-09-30",
                         static_cast<double>(bill.to_surrender), "certificates"});
  if (declaration.year >= 2027) {
    for (int quarter = 1; quarter <= 4; ++quarter) {
      double embedded = 0;
      for (const GoodBill& good : bill.goods) {
        if (QuarterOf(good.imported).quarter <= quarter) embedded += good.embedded;
      }
      bill.duties.push_back({"hold at the end of Q" + std::to_string(quarter),
                             "50% of " + Text(embedded) + " t embedded since 1 January",
                             std::ceil(kHoldingShare * embedded - 1e-9), "certificates"});
    }
  }
  bill.duties.push_back({"ask for re-purchase",
                         "by " + next + "-10-31, at the price paid, at most what had to be held", 0,
                         ""});
  bill.duties.push_back({"cancelled without compensation",
                         "on " + std::to_string(declaration.year + 2) + "-11-01, what is left", 0,
                         ""});
  if (!declaration.surrendered) return;
  const auto missing =
      static_cast<double>(std::max<std::int64_t>(0, bill.to_surrender - *declaration.surrendered));
  bill.penalty = Cents(missing * declaration.penalty * (declaration.authorised ? 1 : 3));
  bill.duties.push_back(
      {"penalty",
       Text(missing) + " missing x " + Text(declaration.penalty) +
           (declaration.authorised ? " EUR" : " EUR x 3 (not authorised: 3 to 5 times)") +
           "; they must still be surrendered",
       bill.penalty, "EUR"});
}

}  // namespace

Result<YearBill, Mistakes> WorkOut(const YearDeclaration& declaration,
                                   const CertificatePrices& prices) {
  Mistakes mistakes;
  const std::vector<Known> known = Checker(declaration, prices).Check(mistakes);
  if (!mistakes.empty()) return Fail{std::move(mistakes)};
  YearBill bill;
  bill.threshold_tonnes = declaration.further_tonnes;
  bool has_others = false;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const bool counts = RowOf(known[i].sector).counts_for_threshold;
    if (counts) bill.threshold_tonnes += declaration.goods[i].tonnes;
    has_others = has_others || !counts;
  }
  const bool is_above = bill.threshold_tonnes > kThresholdTonnes + 1e-9;
  bill.in_scope = is_above || has_others;
  bill.on_watch_list = !is_above && bill.threshold_tonnes >= kWatchShare * kThresholdTonnes - 1e-9;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (!is_above && RowOf(known[i].sector).counts_for_threshold) continue;
    bill.goods.push_back(Worker(declaration, declaration.goods[i], known[i]).Work());
    bill.embedded += bill.goods.back().embedded;
    bill.certificates += bill.goods.back().certificates;
    bill.cost += bill.goods.back().cost;
  }
  bill.cost = Cents(bill.cost);
  bill.to_surrender = static_cast<std::int64_t>(std::ceil(bill.certificates - 1e-9));
  if (bill.in_scope) AddDuties(declaration, bill);
  return bill;
}

}  // namespace ets::cbam
