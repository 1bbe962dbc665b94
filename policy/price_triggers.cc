#include "policy/price_triggers.h"

#include <algorithm>

#include "base/assert.h"

namespace ets::policy {
namespace {

constexpr int kReferenceMonths = 24;

// Sums and products of prices, which 64 bits need not hold.
__extension__ using Int128 = __int128;

Int128 SumOf(std::span<const Price> prices) {
  Int128 sum = 0;
  for (const Price price : prices) sum += price.minor_per_tonne();
  return sum;
}

// sum / count, half up; at most kAmountMax.
Price Quotient(Int128 sum, std::int64_t count) {
  const Int128 mean = (2 * sum + count) / (2 * count);
  return Price::FromMinorPerTonne(static_cast<std::int64_t>(std::min(mean, Int128{kAmountMax})));
}

}  // namespace

ExcessivePriceRule EuropeanExcessivePrice() {
  return {.name = "eu", .months = 6, .multiple_percent = 240, .volume = Tonnes(75'000'000)};
}

ExcessivePriceRule BritishCostContainment(int year_of_scheme) {
  ExcessivePriceRule rule{.name = "uk", .volume = Tonnes(0), .is_automatic = false};
  rule.months = year_of_scheme <= 2 ? 3 : 6;
  rule.multiple_percent = year_of_scheme <= 1 ? 200 : year_of_scheme == 2 ? 250 : 300;
  return rule;
}

std::optional<TriggerReading> Read(const ExcessivePriceRule& rule, std::span<const Price> monthly) {
  const auto months = static_cast<std::size_t>(rule.months);
  if (monthly.size() < months + kReferenceMonths) return std::nullopt;
  const Int128 recent = SumOf(monthly.last(months));
  const Int128 reference =
      SumOf(monthly.subspan(monthly.size() - months - kReferenceMonths, kReferenceMonths));
  TriggerReading reading;
  reading.recent = Quotient(recent, rule.months);
  reading.reference = Quotient(reference, kReferenceMonths);
  reading.threshold =
      Quotient(reference * rule.multiple_percent, kReferenceMonths * std::int64_t{100});
  // recent / months > multiple x reference / 24
  reading.triggered = recent * kReferenceMonths * 100 >
                      reference * rule.months * std::int64_t{rule.multiple_percent};
  return reading;
}

PriceCollar PriceCollar::InYear(int years_later) const {
  ETS_ASSERT(years_later >= 0);
  PriceCollar collar = *this;
  constexpr std::int64_t kWhole = 100'000;
  for (int i = 0; i < years_later; ++i) {
    for (Price* const price : {&collar.floor, &collar.ceiling}) {
      *price = Quotient(Int128{price->minor_per_tonne()} * (kWhole + growth_per_100000), kWhole);
    }
  }
  return collar;
}

Price PriceCollar::Within(Price price) const { return std::clamp(price, floor, ceiling); }

}  // namespace ets::policy
