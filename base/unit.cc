#include "base/unit.h"

namespace ets {

std::string ToString(Unit unit) {
  switch (unit.type) {
    case UnitType::kAllowance: {
      if (unit.vintage == 2020) return "CEA19-20";
      const int two_digits = unit.vintage % 100;
      return (two_digits < 10 ? "CEA0" : "CEA") + std::to_string(two_digits);
    }
    case UnitType::kOffset:
      return "CCER";
    case UnitType::kCurrency:
      return unit.currency == Currency::kEur ? "EUR" : "CNY";
  }
  return {};
}

std::optional<Unit> ParseUnit(std::string_view text) {
  if (text == "CCER") return Unit::Offset();
  if (text == "CNY") return Unit::Cash(Currency::kCny);
  if (text == "EUR") return Unit::Cash(Currency::kEur);
  if (text == "CEA19-20") return Unit::Allowance(2020);
  if (text.size() == 5 && text.starts_with("CEA")) {
    const char tens = text[3];
    const char ones = text[4];
    if (tens >= '0' && tens <= '9' && ones >= '0' && ones <= '9') {
      const int year = 2000 + (tens - '0') * 10 + (ones - '0');
      if (year != 2020) return Unit::Allowance(static_cast<Vintage>(year));
    }
  }
  return {};
}

}  // namespace ets
