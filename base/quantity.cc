#include "base/quantity.h"

#include <charconv>

namespace ets {
namespace {

__extension__ using Int128 = __int128;

std::string MinorToString(std::int64_t minor) {
  const bool negative = minor < 0;
  const auto magnitude = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(minor)
                                  : static_cast<std::uint64_t>(minor);
  std::string text = negative ? "-" : "";
  text += std::to_string(magnitude / 100);
  const auto cents = magnitude % 100;
  text += cents < 10 ? ".0" : ".";
  text += std::to_string(cents);
  return text;
}

}  // namespace

std::optional<Price> Price::Parse(std::string_view text) {
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == text.npos ? "" : text.substr(point + 1);
  if (whole.empty() || fraction.size() > 2 || (point != text.npos && fraction.empty())) return {};
  for (const std::string_view part : {whole, fraction}) {
    for (const char c : part) {
      if (c < '0' || c > '9') return {};
    }
  }
  if (whole.size() > 13) return {};
  std::int64_t minor = 0;
  std::from_chars(whole.data(), whole.data() + whole.size(), minor);
  minor *= 100;
  if (!fraction.empty()) minor += (fraction[0] - '0') * 10;
  if (fraction.size() == 2) minor += fraction[1] - '0';
  return FromMinorPerTonne(minor);
}

Price AveragePrice(Money value, Tonnes quantity) {
  ETS_ASSERT(quantity.count() > 0 && value.minor() >= 0);
  const Int128 twice = Int128{value.minor()} * 2 + quantity.count();
  return Price::FromMinorPerTonne(
      static_cast<std::int64_t>(twice / (Int128{quantity.count()} * 2)));
}

std::int64_t MulDivFloor(std::int64_t numerator, std::int64_t factor, std::int64_t denominator) {
  ETS_ASSERT(numerator >= 0 && factor >= 0 && denominator > 0);
  const Int128 result = Int128{numerator} * factor / denominator;
  ETS_ASSERT(result <= kAmountMax);
  return static_cast<std::int64_t>(result);
}

std::string ToString(Tonnes tonnes) { return std::to_string(tonnes.count()); }
std::string ToString(Money money) { return MinorToString(money.minor()); }
std::string ToString(Price price) { return MinorToString(price.minor_per_tonne()); }

}  // namespace ets
