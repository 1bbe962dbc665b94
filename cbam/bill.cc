#include "cbam/bill.h"

#include <algorithm>
#include <array>

namespace ets::cbam {

int CbamFactorPermille(int year) {
  constexpr int kFirstYear = 2026;
  constexpr std::array kPermille = {975, 950, 900, 775, 515, 390, 265, 140};
  if (year < kFirstYear) return 1000;
  const auto index = static_cast<std::size_t>(year - kFirstYear);
  return index < kPermille.size() ? kPermille[index] : 0;
}

int DefaultMarkupPercent(int year) {
  if (year < 2026) return 0;
  if (year == 2026) return 10;
  return year == 2027 ? 20 : 30;
}

Bill ComputeBill(const Declaration& declaration) {
  const double markup = 1 + DefaultMarkupPercent(declaration.year) / 100.0;
  const double intensity =
      declaration.actual ? declaration.actual_intensity : declaration.default_intensity * markup;
  Bill bill;
  bill.embedded = intensity * declaration.tonnes;
  bill.free_adjustment = CbamFactorPermille(declaration.year) / 1000.0 *
                         declaration.cross_sectoral_factor * declaration.benchmark *
                         declaration.tonnes;
  bill.chargeable = std::max(0.0, bill.embedded - bill.free_adjustment);
  bill.gross_eur = bill.chargeable * declaration.certificate_price_eur;

  const double covered = declaration.covered_share * bill.embedded;
  if (declaration.recognised) {
    const double paid =
        declaration.actual ? declaration.paid_eur_per_tonne : declaration.default_carbon_price_eur;
    bill.deduction_eur = std::clamp(paid * covered, 0.0, bill.gross_eur);
  }
  bill.net_eur = bill.gross_eur - bill.deduction_eur;

  const double paid_for = declaration.paid_share * covered;
  if (paid_for > 0) {
    bill.break_even_cny = bill.gross_eur / paid_for * declaration.average_cny_per_eur;
  }
  return bill;
}

}  // namespace ets::cbam
