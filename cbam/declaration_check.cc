#include "cbam/declaration_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cbam/bill.h"
#include "cbam/countries.h"

namespace ets::cbam {
namespace {

constexpr int kFirstYear = 2026;
constexpr int kLastYear = 2050;
// No import, price or intensity comes near; within them no step of a bill overflows.
constexpr double kMostTonnes = 1e12;
constexpr double kMostPerTonne = 1e6;  // t CO2e per t.
constexpr double kMostMoney = 1e9;     // EUR, or units of a currency, per t.

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

class Checker {
 public:
  Checker(const YearDeclaration& declaration, const ReportPrices& prices, bool provisional,
          Mistakes& mistakes)
      : declaration_(declaration),
        prices_(prices),
        provisional_(provisional),
        mistakes_(mistakes),
        is_year_(declaration.year >= kFirstYear && declaration.year <= kLastYear) {}

  std::vector<Known> Check() {
    if (!is_year_) Wrong("year", std::to_string(declaration_.year), "2026 to 2050");
    UpTo(kMostTonnes, "further_tonnes", declaration_.further_tonnes);
    UpTo(kMostMoney, "penalty_eur", declaration_.penalty);
    UpTo(kMostMoney, "default_carbon_price_eur", declaration_.default_carbon_price);
    if (declaration_.surrendered && *declaration_.surrendered < 0) {
      Wrong("surrendered", std::to_string(*declaration_.surrendered), "0 or more certificates");
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
    Wrong(field, field, value, allowed);
  }
  // A field whose name for people differs.
  void Wrong(const std::string& field, const std::string& name, const std::string& value,
             const std::string& allowed) {
    mistakes_.push_back({good_, field, name + ": " + value + "; allowed: " + allowed});
  }
  void UpTo(double most, const std::string& field, std::optional<double> value) {
    UpTo(most, field, field, value);
  }
  void UpTo(double most, const std::string& field, const std::string& name,
            std::optional<double> value) {
    if (!value || (*value >= 0 && *value <= most)) return;
    Wrong(field, name, Text(*value), "0 to " + Text(most));
  }
  void AboveZero(double most, const std::string& field, const std::string& name, double value) {
    if (value > 0 && value <= most) return;
    Wrong(field, name, Text(value), "above 0, to " + Text(most));
  }

  Known CheckGood(const DeclaredGood& good) {
    Known known;
    const bool is_code = good.cn.size() >= 4 && good.cn.size() <= 8 &&
                         good.cn.find_first_not_of("0123456789") == std::string::npos;
    const auto sector = is_code ? SectorOf(good.cn) : std::nullopt;
    if (!sector) {
      Wrong("cn", Quoted(good.cn), "4 to 8 digits of a code of Annex I, Reg. (EU) 2023/956");
      CheckRoute(good.route, std::nullopt);
    } else {
      known.sector = *sector;
    }
    CheckOrigin(good.origin);
    UpTo(kMostTonnes, "tonnes", good.tonnes);
    if (is_year_ && good.imported.year() != declaration_.year) {
      Wrong("imported", ToString(good.imported),
            "a day or quarter of " + std::to_string(declaration_.year));
    }
    UpTo(kMostPerTonne, "benchmark_a", good.benchmark_a);
    UpTo(kMostPerTonne, "benchmark_b", good.benchmark_b);
    UpTo(kMostPerTonne, "default_value", good.default_value);
    UpTo(1, "cross_sectoral_factor", good.cross_sectoral_factor);
    if (good.actual) {
      CheckActual(good, sector);
    } else {
      CheckDefault(good, sector.has_value(), known);
    }
    if (sector && RowOf(*sector).has_free_adjustment) {
      CheckAdjustment(good, known);
    } else if (sector) {
      CheckRoute(good.route, sector);
    }
    if (good.paid) CheckPaid(good, *good.paid);
    CheckPrice(good, known);
    return known;
  }

  void CheckOrigin(const std::string& origin) {
    if (!IsCountry(origin)) {
      Wrong("origin", Quoted(origin), "a country's two capital letters (ISO 3166), as CN");
    } else if (!IsThirdCountry(origin)) {
      Wrong("origin", Quoted(origin),
            "a third country: not of the Union, nor IS, LI, NO, CH (Annex III)");
    }
  }

  // Whether a route that is given is one of the sector; of an unknown good: whether there is such a
  // route at all.
  void CheckRoute(const std::string& route, std::optional<GoodsSector> sector) {
    if (route.empty()) return;
    std::vector<std::string> routes;
    for (const BenchmarkRow& row : Benchmarks()) {
      if (sector && SectorOf(row.cn) != sector) continue;
      if (row.route == route) return;
      if (std::ranges::find(routes, row.route) == routes.end()) routes.emplace_back(row.route);
    }
    std::string all;
    for (const std::string& one : routes) all += (all.empty() ? "" : ", ") + one;
    Wrong("route", Quoted(route), all.empty() ? "none: goods of this sector have no routes" : all);
  }

  void CheckActual(const DeclaredGood& good, std::optional<GoodsSector> sector) {
    if (!good.direct)
      Wrong("direct", "none", "t CO2e per t: actual emissions that are missing are not 0");
    if (!good.indirect && sector && RowOf(*sector).counts_indirect) {
      Wrong("indirect", "none", "t CO2e per t: this sector declares indirect emissions too");
    }
    UpTo(kMostPerTonne, "direct", good.direct);
    UpTo(kMostPerTonne, "indirect", good.indirect);
    if (good.default_value) {
      Wrong("default_value", "with actual emissions", "only with emissions = \"default\"");
    }
    for (std::size_t i = 0; i < good.precursors.size(); ++i) {
      const Precursor& precursor = good.precursors[i];
      const std::string field = "precursors." + std::to_string(i);
      const std::string name = "precursors." + precursor.name;
      UpTo(kMostTonnes, field + ".mass", name + ".mass", precursor.mass);
      AboveZero(kMostTonnes, field + ".activity_level", name + ".activity_level",
                precursor.activity_level);
      UpTo(kMostPerTonne, field + ".embedded", name + ".embedded", precursor.embedded);
      UpTo(kMostPerTonne, field + ".free_adjustment", name + ".free_adjustment",
           precursor.free_adjustment);
    }
  }

  void CheckDefault(const DeclaredGood& good, bool is_known, Known& known) {
    const auto only_actual = [&](bool is_given, const char* field) {
      if (is_given) Wrong(field, "with default values", "only with emissions = \"actual\"");
    };
    only_actual(!good.precursors.empty(), "precursors");
    only_actual(good.direct.has_value(), "direct");
    only_actual(good.indirect.has_value(), "indirect");
    only_actual(good.benchmark_a.has_value(), "benchmark_a");
    if (good.default_value) {
      known.default_value = *good.default_value;
      return;
    }
    const DefaultRow* const row = FindDefault(good.cn, good.origin);
    if (row != nullptr) {
      known.default_value = row->value;
    } else if (is_known && IsThirdCountry(good.origin)) {
      Wrong("default_value", "none for " + good.cn + " from " + good.origin,
            "a value, or a code and origin of the table (capclear cbam goods)");
    }
  }

  void CheckAdjustment(const DeclaredGood& good, Known& known) {
    known.factor = CbamFactorPermille(declaration_.year) / 1000.0;
    if (!is_year_ || known.factor == 0) return CheckRoute(good.route, known.sector);
    const auto cross_sectoral = good.cross_sectoral_factor ? good.cross_sectoral_factor
                                                           : CrossSectoralFactor(declaration_.year);
    if (cross_sectoral) {
      known.cross_sectoral = *cross_sectoral;
    } else {
      Wrong("cross_sectoral_factor", "none for " + std::to_string(declaration_.year),
            "a value: it is not published for that year, and not 1");
    }
    if (good.actual && good.benchmark_a) {
      CheckRoute(good.route, known.sector);
      known.benchmark = *good.benchmark_a;
      known.benchmark_source = "column A, declared";
      known.is_whole_chain = false;
      CheckPrecursorsAdjustments(good);
    } else if (good.benchmark_b) {
      CheckRoute(good.route, known.sector);
      known.benchmark = *good.benchmark_b;
      known.benchmark_source = "column B, declared";
    } else {
      LookUpBenchmark(good, known);
    }
  }

  // Column A is the process alone: what its precursors got for free has to be known.
  void CheckPrecursorsAdjustments(const DeclaredGood& good) {
    for (std::size_t i = 0; i < good.precursors.size(); ++i) {
      const Precursor& precursor = good.precursors[i];
      if (precursor.joint || precursor.free_adjustment) continue;
      Wrong("precursors." + std::to_string(i) + ".free_adjustment",
            "precursors." + precursor.name + ".free_adjustment", "none",
            "t CO2e per t: with benchmark_a, one that is missing is not 0");
    }
  }

  void LookUpBenchmark(const DeclaredGood& good, Known& known) {
    const BenchmarkRow* const row = FindBenchmark(good.cn, good.route, declaration_.year);
    if (row != nullptr) {
      known.benchmark = row->value;
      known.benchmark_source = good.actual
                                   ? "column B, for want of a value of column A; precursors are "
                                     "in it"
                                   : "column B";
      return;
    }
    std::string routes;
    for (const BenchmarkRow& other : Benchmarks()) {
      if (!good.cn.starts_with(other.cn)) continue;
      routes += (routes.empty() ? "" : ", ") + std::string(other.route) + " (" +
                std::to_string(other.first_year) + " to " + std::to_string(other.last_year) + ")";
    }
    Wrong("route",
          Quoted(good.route) + " has no benchmark for " + good.cn + " in " +
              std::to_string(declaration_.year),
          routes.empty() ? "benchmark_a or benchmark_b for this code"
                         : routes + ", or benchmark_a or benchmark_b");
  }

  void CheckPaid(const DeclaredGood& good, const PricePaid& paid) {
    UpTo(kMostTonnes, "paid.purchases", paid.purchases);
    UpTo(kMostTonnes, "paid.sales", paid.sales);
    UpTo(kMostMoney, "paid.price", paid.price);
    AboveZero(kMostTonnes, "paid.verified_emissions", "paid.verified_emissions",
              paid.verified_emissions);
    AboveZero(kMostMoney, "paid.per_euro", "paid.per_euro", paid.rate);
    UpTo(1, "paid.covered_share", paid.covered_share);
    if (!good.actual) {
      Wrong("paid", "with default values",
            "only with emissions = \"actual\"; goods on default values may claim the default "
            "carbon price alone (default_carbon_price_eur)");
    }
  }

  // 2026 by the quarter of import, from 2027 by the price at which certificates were bought.
  void CheckPrice(const DeclaredGood& good, Known& known) {
    const Date first_sale = Date::Of(2027, 2, 1);  // Reg. (EU) 2025/2083.
    const bool is_sold = !good.purchased || *good.purchased >= first_sale;
    if (!is_sold) {
      Wrong("purchased", ToString(*good.purchased),
            "a day from " + ToString(first_sale) + " on: sales begin then");
    }
    if (good.certificate_price) {
      AboveZero(kMostMoney, "certificate_price", "certificate_price", *good.certificate_price);
      known.price = *good.certificate_price;
      known.price_source = "declared";
    } else if (declaration_.year == kFirstYear) {
      if (good.imported.year() != kFirstYear) return;  // Said already.
      const YearQuarter quarter = QuarterOf(good.imported);
      const std::string name = ToString(quarter);
      known.price_source = name + ", the quarter of import";
      TakePrice(prices_.Quarter(quarter), name, known);
    } else if (!is_year_ || !is_sold) {
      return;  // Said already.
    } else if (!good.purchased) {
      Wrong("purchased", "none", "the day its certificates were bought, or certificate_price");
    } else {
      const Date week = WeekAppliedOn(*good.purchased);
      known.price_source = "of " + ToString(IsoWeekOf(week)) + ", in use on " +
                           ToString(*good.purchased) + ", when they were bought";
      TakePrice(prices_.Week(week), ToString(IsoWeekOf(week)), known);
    }
  }

  void TakePrice(const std::optional<ReportedPrice>& price, const std::string& period,
                 Known& known) {
    if (!price) {
      Wrong("certificate_price", "none for " + period,
            "a price, or auctions of that period (--auctions)");
      return;
    }
    if (!price->missing.empty()) {
      const std::string lacks = period + " lacks auctions (" +
                                std::to_string(price->missing.size()) +
                                "): " + Listed(price->missing);
      if (!provisional_) {
        Wrong("certificate_price", lacks,
              "a price, every auction of the period (--auctions), or --provisional");
        return;
      }
      known.provisional = true;
      known.price_source += "; PROVISIONAL: " + lacks;
    }
    known.price = static_cast<double>(price->period.price.minor_per_tonne()) / 100;
  }

  const YearDeclaration& declaration_;
  const ReportPrices& prices_;
  const bool provisional_;
  Mistakes& mistakes_;
  const bool is_year_;
  std::size_t good_ = Mistake::kNoGood;
};

}  // namespace

std::vector<Known> CheckDeclaration(const YearDeclaration& declaration, const ReportPrices& prices,
                                    bool provisional, Mistakes& mistakes) {
  return Checker(declaration, prices, provisional, mistakes).Check();
}

std::string Text(double value) {
  char text[32];
  if (std::abs(value) >= 1e15) {
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
  }
  std::snprintf(text, sizeof text, "%.6f", value);
  std::string short_text(text);
  while (short_text.back() == '0') short_text.pop_back();
  if (short_text.back() == '.') short_text.pop_back();
  return short_text == "-0" ? "0" : short_text;
}

}  // namespace ets::cbam
