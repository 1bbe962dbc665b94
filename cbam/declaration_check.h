#pragma once

#include <string>
#include <vector>

#include "cbam/declaration.h"

namespace ets::cbam {

// For declaration.cc: what is known of a good once its tables have been looked up.
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
  bool provisional = false;
};

using Mistakes = std::vector<Mistake>;

// Finds every mistake of a declaration. What it gives is of use only when there is none.
std::vector<Known> CheckDeclaration(const YearDeclaration& declaration, const ReportPrices& prices,
                                    bool provisional, Mistakes& mistakes);

// A number as people write it: up to six decimals, and powers of ten from 1e15 on.
std::string Text(double value);

}  // namespace ets::cbam
