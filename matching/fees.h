#pragma once

#include <cstdint>

#include "base/quantity.h"

namespace ets::matching {

// What a trade costs each side, beside its value. The maker's order rested; in a call both sides'
// did. A seller pays out of the proceeds, at most all of them. Paid once a fill.
struct FeeRate {
  std::uint32_t bp = 0;  // Of the value; 10,000 at most.
  Price per_tonne;

  constexpr bool IsFree() const { return bp == 0 && per_tonne == Price(); }
  friend constexpr bool operator==(const FeeRate&, const FeeRate&) = default;
};

struct FeeRates {
  FeeRate maker;
  FeeRate taker;

  constexpr bool AreFree() const { return maker.IsFree() && taker.IsFree(); }
  friend constexpr bool operator==(const FeeRates&, const FeeRates&) = default;
};

// Rounded down to the minor unit, so that the fees of an order's fills never add up to more than
// the fee on the whole; at most kAmountMax. REQUIRES: 0 <= value, quantity <= kAmountMax.
constexpr std::int64_t FeeOn(const FeeRate& rate, std::int64_t value, std::int64_t quantity) {
  const std::int64_t share = value / 10'000 * rate.bp + value % 10'000 * rate.bp / 10'000;
  std::int64_t fixed = 0;
  std::int64_t fee = 0;
  const bool is_huge = __builtin_mul_overflow(rate.per_tonne.minor_per_tonne(), quantity, &fixed) ||
                       __builtin_add_overflow(share, fixed, &fee) || fee > kAmountMax;
  return is_huge ? kAmountMax : fee;
}

}  // namespace ets::matching
