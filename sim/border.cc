// What a year's exports to the European Union cost, on both sides of the border.

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/world.h"

namespace ets::sim {
namespace {

double Cny(Money money) { return static_cast<double>(money.minor()) / 100; }

// t of goods that a sector sends in a year; what is made of them counts by its content, once it is
// covered.
double SectorExports(const CbamSector& goods, int year) {
  const bool downstream = year >= static_cast<int>(goods.downstream_from);
  return (goods.exports_mt + (downstream ? goods.downstream_mt * goods.downstream_content : 0)) *
         1e6;
}

void AddTo(CbamRow& row, const ExportYear& year, const ExportCost& cost) {
  ++row.exporters;
  row.with_data += cost.actual ? 1 : 0;
  row.exports_t += year.tonnes;
  row.embedded_t += cost.embedded_t;
  row.chargeable_t += cost.chargeable_t;
  row.gross_eur += cost.gross_eur;
  row.deduction_eur += cost.deduction_eur;
  row.net_eur += cost.net_eur;
  row.home_eur += cost.home_eur;
  row.cost_recognised_eur += cost.with_recognition + cost.home_eur;
  row.cost_unrecognised_eur += cost.gross_eur + cost.home_eur;
  row.cost_free_eur += cost.gross_eur;
}

void AddTo(CbamProvinceRow& row, const ExportYear& year, const ExportCost& cost) {
  ++row.exporters;
  row.with_data += cost.actual ? 1 : 0;
  row.exports_t += year.tonnes;
  row.gross_eur += cost.gross_eur;
  row.net_eur += cost.net_eur;
  row.home_eur += cost.home_eur;
  row.by_default_eur += cost.by_default_eur;
  row.by_actual_eur += cost.by_actual_eur;
  row.data_worth_eur += cost.by_default_eur - cost.by_actual_eur;
  if (cost.actual) row.data_gained_eur += cost.by_default_eur - cost.by_actual_eur;
  row.hidden_eur += cost.hidden_eur;
  row.penalties_eur += cost.penalty_eur;
}

}  // namespace

// What a year's certificates cost at the mean. Imports come evenly over the year; those of 2026 owe
// the price of their own quarter, later ones that of the day their certificates are bought.
std::optional<double> World::MeanCertificate(int year,
                                             const cbam::CertificatePrices& prices) const {
  if (const auto owed = QuartersOf2026(prices); owed && year == 2026) {
    double sum = 0;
    for (const Price price : *owed) sum += static_cast<double>(price.minor_per_tonne()) / 100;
    return sum / static_cast<double>(owed->size());
  }
  const auto y = static_cast<std::size_t>(year - kFirstYear);
  if (certificate_days_[y] == 0) return std::nullopt;
  return certificate_sum_[y] / certificate_days_[y];
}

void World::RecordCbam(int year) {
  if (year < 2026) return;
  const auto& prices = scenario_.cbam_source == "domestic" ? domestic_prices_ : europe_.prices();
  const auto certificate = MeanCertificate(year, prices);
  if (!certificate) return;
  std::vector<Importers::SectorYear> imports;
  for (const std::size_t sector : exporting_) {
    const CbamRow row = RecordSectorCbam(sector, year, *certificate);
    imports.push_back({std::llround(row.embedded_t),
                       static_cast<std::int64_t>(std::ceil(row.net_eur / *certificate))});
  }
  for (const CbamImporterRow& row : importers_->Live(year, imports, prices)) recorder_.Record(row);
}

// The exporter's own year: what it sends, what it paid at home (bought less sold, over what was
// emitted, never below 0; the year's mean rate), and how its data fared.
ExportYear World::ExportsOf(const Exporter& exporter, std::size_t sector, int year) const {
  const FirmYear& record = year_of(exporter.firm, year);
  ExportYear exports;
  exports.year = year;
  exports.tonnes = SectorExports(scenario_.sectors[sector].cbam, year) *
                   population_.cap_scale[sector] * exporter.size_share;
  exports.recognised = Date::Of(year, 12, 31) >= scenario_.recognition_from;
  if (record.emissions > 0) {
    const double paid = std::max(0.0, Cny(record.paid_listed) + Cny(record.paid_block) +
                                          Cny(record.paid_auction) - Cny(record.received));
    exports.paid_eur_per_tonne = paid / record.emissions / scenario_.cny_per_eur;
    const double bought = static_cast<double>(std::max<std::int64_t>(
        0, record.bought_listed + record.bought_block + record.bought_auction - record.sold));
    exports.paid_share = std::min(1.0, bought / record.emissions);
  }
  // A stream of its own for each firm and year.
  Prng dice = Prng::Stream(scenario_.seed, "declaration",
                           exporter.firm * 1'000 + static_cast<std::size_t>(year - kFirstYear));
  exports.declared_over_true =
      std::max(0.5, 1 + scenario_.trust.verification_error_sd * dice.Normal());
  exports.audited = dice.Chance(scenario_.trust.audit_share);
  return exports;
}

CbamRow World::RecordSectorCbam(std::size_t sector, int year, double certificate) {
  const CbamSector& goods = scenario_.sectors[sector].cbam;
  std::vector<ExportYear> years;
  double paid = 0;  // Weighted by exports, as the three below.
  double paid_share = 0;
  double tonnes = 0;
  for (const Exporter& exporter : exporters_[sector]) {
    years.push_back(ExportsOf(exporter, sector, year));
    paid += years.back().paid_eur_per_tonne * years.back().tonnes;
    paid_share += years.back().paid_share * years.back().tonnes;
    tonnes += years.back().tonnes;
  }
  CbamRow row;
  row.sector = scenario_.sectors[sector].name;
  row.year = year;
  row.certificate_eur = certificate;
  row.recognised = years.front().recognised;
  row.paid_cny_per_t = paid / tonnes * scenario_.cny_per_eur;
  std::map<std::string, CbamProvinceRow> provinces;
  for (std::size_t e = 0; e < years.size(); ++e) {
    const Exporter& exporter = exporters_[sector][e];
    years[e].certificate_eur = certificate;
    years[e].default_price_eur = scenario_.trust.default_price_share * paid / tonnes;
    const ExportCost cost = CostOf(scenario_, goods, exporter, years[e]);
    AddTo(row, years[e], cost);
    const std::string& name = population_.firms[exporter.firm].province;
    CbamProvinceRow& province = provinces[name];
    province.sector = row.sector;
    province.province = name;
    province.year = year;
    AddTo(province, years[e], cost);
  }
  // Break-even of the sector's mean exporter: (E - A) x Pe / (s x c x E), in CNY.
  if (paid_share > 0 && row.embedded_t > 0) {
    row.break_even_cny = row.chargeable_t * certificate * scenario_.cny_per_eur /
                         (paid_share / tonnes * goods.covered_share * row.embedded_t);
  }
  recorder_.Record(row);
  for (const auto& [name, province] : provinces) recorder_.Record(province);
  return row;
}

}  // namespace ets::sim
