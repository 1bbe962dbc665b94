#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace ets {

// No amount, product or balance exceeds this: it is the largest integer that a JSON reader or a
// spreadsheet keeps exactly.
inline constexpr std::int64_t kAmountMax = (std::int64_t{1} << 53) - 1;

// Operation            Gives     Note
// Tonnes +- Tonnes     Tonnes    asserts on overflow
// Money +- Money       Money     asserts on overflow; the ledger beside them names the currency
// Price * Tonnes       Money     exact
// Money / Tonnes       -         no such operator; AveragePrice() names its rounding

// A quantity of allowances or emissions in whole tonnes of CO2 equivalent.
class Tonnes {
 public:
  constexpr Tonnes() = default;
  constexpr explicit Tonnes(std::int64_t count) : count_(count) {}
  constexpr std::int64_t count() const { return count_; }

  friend constexpr Tonnes operator+(Tonnes a, Tonnes b) {
    std::int64_t sum = 0;
    ETS_ASSERT(!__builtin_add_overflow(a.count_, b.count_, &sum));
    return Tonnes(sum);
  }
  friend constexpr Tonnes operator-(Tonnes a, Tonnes b) {
    std::int64_t difference = 0;
    ETS_ASSERT(!__builtin_sub_overflow(a.count_, b.count_, &difference));
    return Tonnes(difference);
  }
  constexpr Tonnes& operator+=(Tonnes other) { return *this = *this + other; }
  constexpr Tonnes& operator-=(Tonnes other) { return *this = *this - other; }
  friend constexpr bool operator==(Tonnes, Tonnes) = default;
  friend constexpr auto operator<=>(Tonnes, Tonnes) = default;

 private:
  std::int64_t count_ = 0;
};

// An amount of money in minor units (fen, cent) of the currency of the ledger named beside it.
// Negative amounts are debts.
class Money {
 public:
  constexpr Money() = default;
  static constexpr Money FromMinor(std::int64_t minor) { return Money(minor); }
  constexpr std::int64_t minor() const { return minor_; }

  friend constexpr Money operator+(Money a, Money b) {
    std::int64_t sum = 0;
    ETS_ASSERT(!__builtin_add_overflow(a.minor_, b.minor_, &sum));
    return Money(sum);
  }
  friend constexpr Money operator-(Money a, Money b) {
    std::int64_t difference = 0;
    ETS_ASSERT(!__builtin_sub_overflow(a.minor_, b.minor_, &difference));
    return Money(difference);
  }
  constexpr Money& operator+=(Money other) { return *this = *this + other; }
  constexpr Money& operator-=(Money other) { return *this = *this - other; }
  friend constexpr bool operator==(Money, Money) = default;
  friend constexpr auto operator<=>(Money, Money) = default;

 private:
  constexpr explicit Money(std::int64_t minor) : minor_(minor) {}
  std::int64_t minor_ = 0;
};

// What one tonne costs, in minor units per tonne. The tick is the market's business.
class Price {
 public:
  constexpr Price() = default;
  static constexpr Price FromMinorPerTonne(std::int64_t minor) { return Price(minor); }
  constexpr std::int64_t minor_per_tonne() const { return minor_; }

  // Reads "71.25"; empty when the text is not a price with at most two decimals.
  static std::optional<Price> Parse(std::string_view text);

  friend constexpr Money operator*(Price price, Tonnes quantity) {
    std::int64_t minor = 0;
    ETS_ASSERT(!__builtin_mul_overflow(price.minor_, quantity.count(), &minor));
    return Money::FromMinor(minor);
  }
  friend constexpr bool operator==(Price, Price) = default;
  friend constexpr auto operator<=>(Price, Price) = default;

 private:
  constexpr explicit Price(std::int64_t minor) : minor_(minor) {}
  std::int64_t minor_ = 0;
};

static_assert(sizeof(Tonnes) == 8 && sizeof(Money) == 8 && sizeof(Price) == 8, "stored as 8 bytes");

// value / quantity, rounded half up to the minor unit. The one place where a money amount is
// divided by a quantity. REQUIRES: quantity > 0, value >= 0.
Price AveragePrice(Money value, Tonnes quantity);

// numerator * factor / denominator, rounded down, exact in 128 bits.
// REQUIRES: all >= 0, denominator > 0, result <= kAmountMax.
std::int64_t MulDivFloor(std::int64_t numerator, std::int64_t factor, std::int64_t denominator);

std::string ToString(Tonnes tonnes);  // "1234567"
std::string ToString(Money money);    // "-12.05"
std::string ToString(Price price);    // "71.25"

}  // namespace ets
