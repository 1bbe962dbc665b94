#include "server/summary.h"

namespace ets::server {

Summary::Sums& Summary::At(int year) {
  Sums& sums = sums_[year];
  sums.year.year = year;
  return sums;
}

void Summary::Record(const sim::PriceRow& row) {
  next_.Record(row);
  Sums& sums = At(row.date.year());
  sums.traded = true;
  sums.year.traded_mt += static_cast<double>(row.listed_t + row.block_t) / 1e6;
  if (!row.headline) return;
  sums.price_sum += row.close;
  ++sums.price_days;
}

void Summary::Record(const sim::AuctionRow& row) {
  next_.Record(row);
  if (row.market != "cn") return;
  Sums& sums = At(row.date.year());
  sums.year.auctioned_mt += static_cast<double>(row.sold_t) / 1e6;
  sums.year.revenue_bn_cny += row.revenue / 1e9;
}

void Summary::Record(const sim::WeekRow& row) {
  next_.Record(row);
  if (row.certificate_eur <= 0) return;
  Sums& sums = At((row.monday + 3).year());
  sums.certificate_sum += row.certificate_eur;
  ++sums.certificate_weeks;
}

void Summary::Record(const sim::SectorYearRow& row) {
  next_.Record(row);
  At(row.year).year.emissions_mt += static_cast<double>(row.verified_t) / 1e6;
}

void Summary::Record(const sim::LedgerRow& row) {
  next_.Record(row);
  At(row.year).year.bank_mt = static_cast<double>(row.bank_t) / 1e6;
}

void Summary::Record(const sim::CirculationRow& row) {
  next_.Record(row);
  StabilityYear& year = stability_[row.published.year()];
  year.circulation_mt = static_cast<double>(row.circulation_t) / 1e6;
  year.branch = row.branch;
}

void Summary::Record(const sim::StabilityRow& row) {
  next_.Record(row);
  StabilityYear& year = stability_[row.year];
  const auto mt = [](std::int64_t tonnes) { return static_cast<double>(tonnes) / 1e6; };
  year.taken_mt = mt(row.withheld_t + row.set_aside_t);
  year.offered_mt = mt(row.released_t + row.price_rules_t + row.containment_t - row.returned_t);
  year.cancelled_mt = mt(row.cancelled_t);
  year.held_mt = mt(row.held_after_t);
  year.above_caps_mt = mt(row.above_caps_t);
}

void Summary::Record(const sim::TriggerRow& row) {
  next_.Record(row);
  stability_[row.date.year()].triggers += row.triggered ? 1 : 0;
}

void Summary::Record(const sim::EquilibriumRow& row) {
  next_.Record(row);
  At(row.year).year.equilibrium_cny = row.price_cny;
}

std::vector<YearSummary> Summary::Years() const {
  std::vector<YearSummary> years;
  for (const auto& [number, sums] : sums_) {
    if (!sums.traded) continue;
    YearSummary year = sums.year;
    if (sums.price_days > 0) year.mean_price_cny = sums.price_sum / sums.price_days;
    if (sums.certificate_weeks > 0)
      year.certificate_eur = sums.certificate_sum / sums.certificate_weeks;
    if (year.auctioned_mt > 0) year.auction_cny = year.revenue_bn_cny * 1e3 / year.auctioned_mt;
    years.push_back(year);
  }
  return years;
}

std::vector<StabilityYear> Summary::Stability() const {
  std::vector<StabilityYear> years;
  for (const auto& [number, sums] : stability_) {
    years.push_back(sums);
    years.back().year = number;
  }
  return years;
}

}  // namespace ets::server
