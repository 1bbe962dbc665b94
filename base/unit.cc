#include "base/unit.h"

#include <array>

namespace ets {
namespace {

struct Vintaged {
  UnitType type;
  std::string_view prefix;  // Of its name; two digits of the vintage follow.
};
constexpr std::array<Vintaged, 5> kVintaged = {{{UnitType::kAllowance, "CEA"},
                                                {UnitType::kAviation, "AVI"},
                                                {UnitType::kRegulated, "RET"},
                                                {UnitType::kCountryCoded, "CCU"},
                                                {UnitType::kCertificate, "CBAM"}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string ToString(Unit unit) {
  if (unit == Unit::Allowance(2020)) return "CEA19-20";
  for (const Vintaged& row : kVintaged) {
    if (row.type != unit.type) continue;
    const int two_digits = unit.vintage % 100;
    return std::string(row.prefix) + (two_digits < 10 ? "0" : "") + std::to_string(two_digits);
  }
  if (unit.type == UnitType::kOffset) return "CCER";
  return unit.currency == Currency::kEur ? "EUR" : "CNY";
}

std::optional<Unit> ParseUnit(std::string_view text) {
  if (text == "CCER") return Unit::Offset();
  if (text == "CNY") return Unit::Cash(Currency::kCny);
  if (text == "EUR") return Unit::Cash(Currency::kEur);
  if (text == "CEA19-20") return Unit::Allowance(2020);
  for (const Vintaged& row : kVintaged) {
    if (text.size() != row.prefix.size() + 2 || !text.starts_with(row.prefix)) continue;
    const char tens = text[row.prefix.size()];
    const char ones = text[row.prefix.size() + 1];
    if (!IsDigit(tens) || !IsDigit(ones)) continue;
    const Unit unit =
        Unit::Of(row.type, static_cast<Vintage>(2000 + (tens - '0') * 10 + (ones - '0')));
    if (unit != Unit::Allowance(2020)) return unit;
  }
  return {};
}

}  // namespace ets
