#pragma once

#include <utility>
#include <variant>

#include "base/assert.h"

namespace ets {

// Wraps the error of a Result, so that a Result whose T and E are alike stays unambiguous.
template <typename E>
struct Fail {
  E error;
};
template <typename E>
Fail(E) -> Fail<E>;

// What an operation that may be refused gives back: its value, or why not.
//
// A strict subset of std::expected, which g++ 12 has only under -std=c++23 and clang 14 cannot
// parse. Reading the side that is not there is a bug and asserts. Ignoring one is a warning.
template <typename T, typename E>
class [[nodiscard]] Result {
 public:
  constexpr Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT
  constexpr Result(Fail<E> fail)
      : state_(std::in_place_index<1>, std::move(fail.error)) {}  // NOLINT

  constexpr bool ok() const { return state_.index() == 0; }

  constexpr const T& value() const {
    ETS_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  constexpr T& value() {
    ETS_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  constexpr const T& operator*() const { return value(); }
  constexpr const T* operator->() const { return &value(); }

  constexpr const E& error() const {
    ETS_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }

  friend constexpr bool operator==(const Result& a, const T& b) { return a.ok() && *a == b; }
  friend constexpr bool operator==(const Result& a, const Fail<E>& b) {
    return !a.ok() && a.error() == b.error;
  }

 private:
  std::variant<T, E> state_;
};

// The value of an operation that either succeeds or says why not.
struct Done {
  friend constexpr bool operator==(Done, Done) = default;
};

}  // namespace ets
