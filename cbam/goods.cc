#include "cbam/goods.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"

namespace ets::cbam {
namespace {

using enum GoodsSector;

constexpr std::array kSectors = {
    GoodsSectorRow{kIronSteel, "iron_steel", false, true, true},
    GoodsSectorRow{kAluminium, "aluminium", false, true, true},
    GoodsSectorRow{kCement, "cement", true, true, true},
    GoodsSectorRow{kFertilisers, "fertilisers", true, true, true},
    GoodsSectorRow{kHydrogen, "hydrogen", false, false, true},
    GoodsSectorRow{kElectricity, "electricity", false, false, false},
};

// Provisional estimates of December 2025; the final ones apply to imports from 2027 on.
constexpr std::string_view kBenchmarkAct =
    "benchmark act of December 2025, as reported by SteelOrbis";
constexpr std::string_view kBenchmarkLeak = "draft text, as reported by Argus";
constexpr std::array kBenchmarks = {
    BenchmarkRow{"7208", "bf_bof", 2026, 2030, 1.370, kBenchmarkAct},
    BenchmarkRow{"7208", "dri_eaf", 2026, 2030, 0.481, kBenchmarkAct},
    BenchmarkRow{"7208", "scrap_eaf", 2026, 2030, 0.072, kBenchmarkAct},
    BenchmarkRow{"7209", "bf_bof", 2026, 2030, 1.458, kBenchmarkAct},
    BenchmarkRow{"7209", "dri_eaf", 2026, 2030, 0.533, kBenchmarkAct},
    BenchmarkRow{"7209", "scrap_eaf", 2026, 2030, 0.108, kBenchmarkAct},
    BenchmarkRow{"7210", "bf_bof", 2026, 2030, 1.491, kBenchmarkAct},
    BenchmarkRow{"7210", "dri_eaf", 2026, 2030, 0.567, kBenchmarkAct},
    BenchmarkRow{"7210", "scrap_eaf", 2026, 2030, 0.141, kBenchmarkAct},
    // Bars, rods and semi-finished products, alloyed ones too.
    BenchmarkRow{"7207", "bf_bof", 2026, 2030, 1.364, kBenchmarkAct},
    BenchmarkRow{"7207", "dri_eaf", 2026, 2030, 0.475, kBenchmarkAct},
    BenchmarkRow{"7207", "scrap_eaf", 2026, 2030, 0.066, kBenchmarkAct},
    BenchmarkRow{"7213", "bf_bof", 2026, 2030, 1.364, kBenchmarkAct},
    BenchmarkRow{"7213", "dri_eaf", 2026, 2030, 0.475, kBenchmarkAct},
    BenchmarkRow{"7213", "scrap_eaf", 2026, 2030, 0.066, kBenchmarkAct},
    BenchmarkRow{"7214", "bf_bof", 2026, 2030, 1.364, kBenchmarkAct},
    BenchmarkRow{"7214", "dri_eaf", 2026, 2030, 0.475, kBenchmarkAct},
    BenchmarkRow{"7214", "scrap_eaf", 2026, 2030, 0.066, kBenchmarkAct},
    BenchmarkRow{"7228", "bf_bof", 2026, 2030, 1.364, kBenchmarkAct},
    BenchmarkRow{"7228", "dri_eaf", 2026, 2030, 0.475, kBenchmarkAct},
    BenchmarkRow{"7228", "scrap_eaf", 2026, 2030, 0.066, kBenchmarkAct},
    BenchmarkRow{"7601", "primary", 2026, 2030, 1.423, kBenchmarkLeak},
    BenchmarkRow{"7601", "secondary", 2026, 2030, 0.091, kBenchmarkLeak},
};

constexpr std::string_view kDefaultAct = "IR (EU) 2025/2621, values of 4 February 2026";
constexpr std::string_view kDefaultLeak = "draft text, as reported by Argus";
constexpr std::array kDefaults = {
    DefaultRow{"7208", "CN", kIronSteel, 3.19, kDefaultAct},
    DefaultRow{"7208", "ID", kIronSteel, 8.23, kDefaultAct},
    DefaultRow{"7208", "IN", kIronSteel, 4.28, kDefaultAct},
    DefaultRow{"7208", "TR", kIronSteel, 2.43, kDefaultAct},
    DefaultRow{"7208", "KR", kIronSteel, 2.12, kDefaultAct},
    DefaultRow{"7208", "JP", kIronSteel, 2.10, kDefaultAct},
    DefaultRow{"7208", "GB", kIronSteel, 2.42, kDefaultAct},
    DefaultRow{"7208", "US", kIronSteel, 1.40, kDefaultAct},
    DefaultRow{"7208", "*", kIronSteel, 4.05, kDefaultAct},
    DefaultRow{"722870", "CN", kIronSteel, 6.12, kDefaultAct},
    DefaultRow{"7318", "TW", kIronSteel, 2.707, kDefaultAct},
    DefaultRow{"7601", "CN", kAluminium, 3.00, kDefaultLeak},
    DefaultRow{"7604", "CN", kAluminium, 4.88, kDefaultLeak},
    DefaultRow{"7605", "CN", kAluminium, 4.88, kDefaultLeak},
    DefaultRow{"7606", "CN", kAluminium, 4.88, kDefaultLeak},
    DefaultRow{"7607", "CN", kAluminium, 5.56, kDefaultLeak},
};

struct CodeRow {
  std::string_view cn;
  GoodsSector sector;
};
// Annex I by what codes begin with; scrap and a few ferro-alloys of chapter 72 are exempt.
constexpr std::array kCodes = {
    CodeRow{"2601", kIronSteel},   CodeRow{"72", kIronSteel},     CodeRow{"7301", kIronSteel},
    CodeRow{"7302", kIronSteel},   CodeRow{"7303", kIronSteel},   CodeRow{"7304", kIronSteel},
    CodeRow{"7305", kIronSteel},   CodeRow{"7306", kIronSteel},   CodeRow{"7307", kIronSteel},
    CodeRow{"7308", kIronSteel},   CodeRow{"7309", kIronSteel},   CodeRow{"7310", kIronSteel},
    CodeRow{"7311", kIronSteel},   CodeRow{"7318", kIronSteel},   CodeRow{"7326", kIronSteel},
    CodeRow{"76", kAluminium},     CodeRow{"2507", kCement},      CodeRow{"2523", kCement},
    CodeRow{"2808", kFertilisers}, CodeRow{"2814", kFertilisers}, CodeRow{"2834", kFertilisers},
    CodeRow{"3102", kFertilisers}, CodeRow{"3105", kFertilisers}, CodeRow{"280410", kHydrogen},
    CodeRow{"2716", kElectricity},
};
constexpr std::array<std::string_view, 6> kExempt = {"7204",   "720220", "720230",
                                                     "720250", "720270", "7602"};

}  // namespace

std::span<const GoodsSectorRow> GoodsSectors() { return kSectors; }

const GoodsSectorRow& RowOf(GoodsSector sector) {
  const auto index = static_cast<std::size_t>(sector) - 1;
  ETS_ASSERT(index < kSectors.size() && kSectors[index].sector == sector);
  return kSectors[index];
}

int MarkupPercent(GoodsSector sector, int year) {
  ETS_ASSERT(year >= 2026);
  if (sector == kElectricity) return 0;
  if (sector == kFertilisers) return 1;
  return year == 2026 ? 10 : year == 2027 ? 20 : 30;
}

std::span<const BenchmarkRow> Benchmarks() { return kBenchmarks; }
const BenchmarkRow* FindBenchmark(std::string_view cn, std::string_view route, int year) {
  const BenchmarkRow* best = nullptr;
  for (const BenchmarkRow& row : kBenchmarks) {
    const bool fits = cn.starts_with(row.cn) && route == row.route && row.first_year <= year &&
                      year <= row.last_year;
    if (fits && (best == nullptr || row.cn.size() > best->cn.size())) best = &row;
  }
  return best;
}

std::span<const DefaultRow> Defaults() { return kDefaults; }
const DefaultRow* FindDefault(std::string_view cn, std::string_view origin) {
  const DefaultRow* best = nullptr;
  for (const DefaultRow& row : kDefaults) {
    if (!cn.starts_with(row.cn) || (row.origin != origin && row.origin != "*")) continue;
    const bool is_closer = best == nullptr || row.cn.size() > best->cn.size() ||
                           (row.cn.size() == best->cn.size() && best->origin == "*");
    if (is_closer) best = &row;
  }
  return best;
}

std::optional<GoodsSector> SectorOf(std::string_view cn) {
  for (const std::string_view exempt : kExempt) {
    if (cn.starts_with(exempt)) return std::nullopt;
  }
  for (const CodeRow& row : kCodes) {
    if (cn.starts_with(row.cn)) return row.sector;
  }
  return std::nullopt;
}

std::optional<double> CrossSectoralFactor(int year) {
  if (year < 2026 || year > 2030) return std::nullopt;
  return 1.0;
}

}  // namespace ets::cbam
