#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ets {

// The year a unit is issued for. Emission years and vintages are the same numbers. The joint
// vintage 2019-20 is 2020. An offset and a currency have vintage 0.
using Vintage = std::uint16_t;

// On disk. Append; never renumber.
enum class UnitType : std::uint8_t {
  kAllowance = 1,     // One tonne CO2e, of a vintage.
  kOffset = 2,        // One tonne CO2e from a registered project (CCER), no vintage.
  kCurrency = 3,      // Minor units of a currency.
  kAviation = 4,      // Aviation allowance (Dir. 2003/87/EC Chapter II), of a vintage.
  kRegulated = 5,     // Fuel suppliers' allowance (Chapter IVa), of a vintage.
  kCountryCoded = 6,  // Allowance marked by country; never surrendered (Reg. 2019/1122 Art. 56(5)).
  kCertificate = 7,   // CBAM certificate, one tonne, of the year of import; never transferred.
};
inline constexpr std::size_t kUnitTypeCount = 8;  // Numbered from 1.

// On disk. Append; never renumber.
enum class Currency : std::uint8_t { kNone = 0, kCny = 1, kEur = 2 };

// What a ledger counts.
struct Unit {
  UnitType type = UnitType::kAllowance;
  Currency currency = Currency::kNone;
  Vintage vintage = 0;

  static constexpr Unit Allowance(Vintage vintage) {
    return {UnitType::kAllowance, Currency::kNone, vintage};
  }
  static constexpr Unit Offset() { return {UnitType::kOffset, Currency::kNone, 0}; }
  static constexpr Unit Of(UnitType type, Vintage vintage) {
    return {type, Currency::kNone, vintage};
  }
  static constexpr Unit Cash(Currency currency) { return {UnitType::kCurrency, currency, 0}; }

  friend constexpr bool operator==(const Unit&, const Unit&) = default;
  friend constexpr auto operator<=>(const Unit&, const Unit&) = default;
};

std::string ToString(
    Unit unit);  // "CEA24", "CEA19-20", "AVI27", "RET27", "CCU27", "CBAM27", "CCER", "CNY"

// The inverse of ToString; empty for anything else.
std::optional<Unit> ParseUnit(std::string_view text);

}  // namespace ets
