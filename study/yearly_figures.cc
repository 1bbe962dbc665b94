#include "study/yearly_figures.h"

namespace ets::study {

void YearlyRecorder::Record(const sim::PriceRow& row) {
  Sums& sums = sums_[row.date.year()];
  sums.listed = true;
  if (!row.headline) return;
  sums.close_sum += row.close;
  ++sums.headline_days;
}

void YearlyRecorder::Record(const sim::AuctionRow& row) {
  if (row.market != "cn") return;
  Sums& sums = sums_[row.date.year()];
  sums.auctioned_t += row.sold_t;
  sums.auction_revenue += row.revenue;
}

void YearlyRecorder::Record(const sim::FirmYearRow& row) {
  sums_[row.year].shortfall_t += row.shortfall_t;
}

void YearlyRecorder::Record(const sim::SectorYearRow& row) {
  Sums& sums = sums_[row.year];
  sums.verified_t += row.verified_t;
  sums.assessed = true;
}

void YearlyRecorder::Record(const sim::EquilibriumRow& row) {
  Sums& sums = sums_[row.year];
  sums.equilibrium = row.price_cny;
  sums.solved = true;
}

std::vector<YearFigures> YearlyRecorder::Years() const {
  std::vector<YearFigures> years;
  for (const auto& [year, sums] : sums_) {
    if (!sums.listed) continue;
    YearFigures figures;
    figures.year = year;
    if (sums.headline_days > 0) figures.price_cny = sums.close_sum / sums.headline_days;
    if (sums.solved) figures.equilibrium_cny = sums.equilibrium;
    if (sums.auctioned_t > 0)
      figures.auction_cny = sums.auction_revenue / static_cast<double>(sums.auctioned_t);
    if (sums.assessed) {
      figures.emissions_mt = static_cast<double>(sums.verified_t) / 1e6;
      figures.shortfall_t = static_cast<double>(sums.shortfall_t);
    }
    years.push_back(figures);
  }
  return years;
}

}  // namespace ets::study
