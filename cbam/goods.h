#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ets::cbam {

// The sectors of Annex I, Reg. (EU) 2023/956.
enum class GoodsSector : std::uint8_t {
  kIronSteel = 1,
  kAluminium = 2,
  kCement = 3,
  kFertilisers = 4,
  kHydrogen = 5,
  kElectricity = 6,
};
struct GoodsSectorRow {
  GoodsSector sector;
  std::string_view name;      // In declarations: "iron_steel".
  bool counts_indirect;       // Embedded emissions of electricity used are declared too.
  bool counts_for_threshold;  // Towards the 50 t; Reg. (EU) 2025/2083.
  bool has_free_adjustment;   // None for electricity.
};
std::span<const GoodsSectorRow> GoodsSectors();
const GoodsSectorRow& RowOf(GoodsSector sector);

// The mark-up on default values, in percent: 10 in 2026, 20 in 2027, 30 from 2028; fertilisers 1;
// electricity none. IR (EU) 2025/2621. REQUIRES: year >= 2026.
int MarkupPercent(GoodsSector sector, int year);

// A benchmark of column B (the whole chain of production), t CO2e per t of good.
struct BenchmarkRow {
  std::string_view cn;     // The good's code, or what it begins with.
  std::string_view route;  // "bf_bof", "dri_eaf", "scrap_eaf", "primary", "secondary".
  int first_year, last_year;
  double value;
  std::string_view source;
};
std::span<const BenchmarkRow> Benchmarks();
// The row with the longest matching code; null when there is none for the year: an error, never 0.
const BenchmarkRow* FindBenchmark(std::string_view cn, std::string_view route, int year);

// A default value before mark-up, t CO2e per t of good. IR (EU) 2025/2621.
struct DefaultRow {
  std::string_view cn;
  std::string_view origin;  // ISO 3166; "*": every other country.
  GoodsSector sector;
  double value;
  std::string_view source;
};
std::span<const DefaultRow> Defaults();
const DefaultRow* FindDefault(std::string_view cn, std::string_view origin);

// What goods of this code are; empty when no code of Annex I that is known here begins it.
std::optional<GoodsSector> SectorOf(std::string_view cn);

// The uniform cross-sectoral correction factor: 1.0 for 2026 to 2030, Implementing Decision (EU)
// 2026/1862. Not known for other years: an error, never 1.
std::optional<double> CrossSectoralFactor(int year);

}  // namespace ets::cbam
