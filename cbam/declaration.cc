#include "cbam/declaration.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cbam/declaration_check.h"

namespace ets::cbam {
namespace {

constexpr double kWatchShare = 0.9;
constexpr double kHoldingShare = 0.5;

// Half up to the cent; the sums here are products of a few decimal numbers.
double Cents(double euro) { return std::floor(euro * 100 + 0.5 + 1e-7) / 100; }

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
    bill_.provisional = known_.provisional;
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
    const double indirect = good_.indirect.value_or(0);
    double embedded = *good_.direct + (counts_indirect ? indirect : 0);
    std::string formula = Text(*good_.direct) + " direct";
    if (indirect > 0) {
      formula += counts_indirect ? " + " + Text(indirect) + " indirect"
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
      adjustment += share * *precursor.free_adjustment;
      formula +=
          " + " + Text(share) + " x " + Text(*precursor.free_adjustment) + " " + precursor.name;
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

// Amounts are kept as whole certificates and cents up to kAmountMax.
constexpr double kMostTonnes = static_cast<double>(kAmountMax);
constexpr double kMostEuro = kMostTonnes / 100;

bool IsSum(double euro) { return euro <= kMostEuro; }

void CheckSize(std::size_t good, const std::string& field, double embedded, double other,
               double cost, Mistakes& mistakes) {
  if (embedded <= kMostTonnes && other <= kMostTonnes && IsSum(cost)) return;
  mistakes.push_back({good, field,
                      field + ": " + Text(embedded) + " t CO2e embedded, which cost " + Text(cost) +
                          " EUR; allowed: up to " + Text(kMostTonnes) + " t CO2e and " +
                          Text(kMostEuro) + " EUR"});
}

}  // namespace

Result<YearBill, Mistakes> WorkOut(const YearDeclaration& declaration, const ReportPrices& prices,
                                   bool provisional) {
  Mistakes mistakes;
  const std::vector<Known> known = CheckDeclaration(declaration, prices, provisional, mistakes);
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
    const GoodBill good = Worker(declaration, declaration.goods[i], known[i]).Work();
    CheckSize(i, "tonnes", good.embedded, good.free_adjustment, good.cost, mistakes);
    bill.embedded += good.embedded;
    bill.certificates += good.certificates;
    bill.cost += good.cost;
    bill.provisional = bill.provisional || good.provisional;
    bill.goods.push_back(good);
  }
  if (mistakes.empty()) {
    CheckSize(Mistake::kNoGood, "goods", bill.embedded, bill.certificates, bill.cost, mistakes);
  }
  if (!mistakes.empty()) return Fail{std::move(mistakes)};
  bill.cost = Cents(bill.cost);
  bill.to_surrender = static_cast<std::int64_t>(std::ceil(bill.certificates - 1e-9));
  if (bill.in_scope) AddDuties(declaration, bill);
  if (!IsSum(bill.penalty)) {
    mistakes.push_back({Mistake::kNoGood, "penalty_eur",
                        "penalty_eur: a penalty of " + Text(bill.penalty) +
                            " EUR; allowed: up to " + Text(kMostEuro) + " EUR"});
    return Fail{std::move(mistakes)};
  }
  return bill;
}

}  // namespace ets::cbam
