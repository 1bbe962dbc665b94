#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/quantity.h"

namespace ets::cbam {

// The share of free allocation that remains, by year, in 1/1000: 975 in 2026 to 0 from 2034.
// Art. 31 Reg. (EU) 2023/956 with Art. 10a(1a) Dir. 2003/87/EC. 1000 before 2026.
int CbamFactorPermille(int year);
// The mark-up on default values, in percent: 10 in 2026, 20 in 2027, 30 from 2028. IR (EU)
// 2025/2621; electricity and fertilisers, which have their own, are not exported here. 0 before
// 2026.
int DefaultMarkupPercent(int year);

// One good of one exporter in one year. Intensities in t CO2e per t of good.
struct Declaration {
  int year = 0;
  double tonnes = 0;    // Mass of the goods.
  bool actual = false;  // Actual embedded emissions, else the default with mark-up.
  double actual_intensity = 0;
  double default_intensity = 0;  // Before mark-up.
  double benchmark = 0;          // Column B of the benchmark act (marked so), t CO2e per t.
  double cross_sectoral_factor = 1;
  double certificate_price_eur = 0;
  bool recognised = false;        // Is the foreign carbon price recognised on the date of import?
  double covered_share = 0;       // Of the embedded emissions, inside the foreign scheme.
  double paid_eur_per_tonne = 0;  // Effectively paid per t CO2e, net of free units (Art. 9).
  double default_carbon_price_eur = 0;  // Per t CO2e; what goods on default values may deduct.
  double average_cny_per_eur = 0;       // Yearly mean; for the break-even only.
  double paid_share = 0;  // Share of its emissions the exporter pays for at home; break-even.
};

// Every step of the formula, so that a reader can follow it.
struct Bill {
  double embedded = 0;         // t CO2e, declared.
  double free_adjustment = 0;  // t CO2e: factor x CSCF x benchmark x tonnes.
  double chargeable = 0;       // max(0, embedded - free_adjustment).
  double gross_eur = 0;        // chargeable x certificate price.
  double deduction_eur = 0;    // Art. 9; 0 before recognition; at most gross.
  double net_eur = 0;
  // The Chinese price at which the net bill would be 0 if it were recognised; 0 when none
  // (nothing paid for or nothing covered at home, or nothing chargeable).
  double break_even_cny = 0;
};
Bill ComputeBill(const Declaration& declaration);

}  // namespace ets::cbam
