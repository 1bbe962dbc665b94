#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/population.h"
#include "sim/scenario.h"

// Who exports goods that CBAM covers, from when an exporter can prove its own emissions, and what a
// year of its exports costs on both sides of the border.
namespace ets::sim {

// A province's initiative to account for carbon.
enum class PlatformStatus : std::uint8_t { kActive, kPilot, kPlanned };
struct Platform {
  PlatformStatus status{};
  std::string province;
  int year = 0;  // Its first; 0: none is named.

  friend bool operator==(const Platform&, const Platform&) = default;
};
struct PlatformMistake {
  int line = 0, column = 0;
  std::string message;
};
// Reads `status,province,years` (years with blanks between them, or none) or
// `status,province,year`, where several stand in quotes with commas. Provinces are those of
// mainland China; each stands once with a status. All mistakes at once.
Result<std::vector<Platform>, std::vector<PlatformMistake>> ParsePlatforms(std::string_view text);

inline constexpr int kNever = 9'999;

// From when firms of a province may use its platform: all of them, and a pilot's share of them.
struct PlatformYears {
  int all = kNever;
  int pilot = kNever;

  friend bool operator==(const PlatformYears&, const PlatformYears&) = default;
};
// Active: from its year (none named: it works already). Pilot: a share of firms from its year.
// Planned: from its year (none named: trust.undated_from). No row: never. `all_from` brings every
// province forward to it; `not_before` keeps every one back.
PlatformYears YearsOf(const DataTrust& trust, const std::vector<Platform>& platforms,
                      std::string_view province);

struct Exporter {
  std::size_t firm = 0;
  double size_share = 0;     // Of its sector's exports.
  double intensity = 0;      // t CO2e per t of good, true.
  int data_from = kNever;    // First year whose goods it declares with actual values.
  bool understates = false;  // Would declare less than it emits.
};
// The exporters of each sector, by index of the sector; equal for equal scenario and seed.
std::vector<std::vector<Exporter>> DrawExporters(const Scenario& scenario,
                                                 const Population& population);

// What a year brought to an exporter at home and abroad.
struct ExportYear {
  int year = 2026;
  double tonnes = 0;              // Of goods.
  double certificate_eur = 0;     // The year's mean.
  bool recognised = false;        // Is the Chinese price deducted this year?
  double paid_eur_per_tonne = 0;  // At home, net, per t under the scheme.
  double paid_share = 0;          // Share of its emissions that it paid for.
  double default_price_eur = 0;   // The default carbon price; for goods on default values.
  double declared_over_true = 1;  // Verification error.
  bool audited = false;
};
// The same exports under other circumstances; EUR, what the importer owes Europe.
struct ExportCost {
  bool actual = false;
  double embedded_t = 0, chargeable_t = 0;
  double gross_eur = 0, deduction_eur = 0, net_eur = 0;
  double home_eur = 0;          // Paid in China for the emissions embedded in the exports.
  double with_recognition = 0;  // Were the Chinese price deducted.
  double by_default_eur = 0;    // Were default values declared.
  double by_actual_eur = 0;     // Were actual values declared, rightly.
  double hidden_eur = 0;        // Not paid because emissions were understated and nobody saw it.
  double penalty_eur = 0;       // After an audit.
  double break_even_cny = 0;
};
ExportCost CostOf(const Scenario& scenario, const CbamSector& goods, const Exporter& exporter,
                  const ExportYear& year);

}  // namespace ets::sim
