#pragma once

#include <compare>
#include <type_traits>

namespace ets {

// A number that means one thing. Two Tagged types never mix, nothing converts in or out by
// itself, and there is no arithmetic: an id is a name. raw() is the way out.
template <typename T, typename Tag>
class Tagged {
  static_assert(std::is_unsigned_v<T>);

 public:
  using Raw = T;
  constexpr Tagged() = default;
  constexpr explicit Tagged(T raw) : raw_(raw) {}
  constexpr T raw() const { return raw_; }
  friend constexpr bool operator==(Tagged, Tagged) = default;
  friend constexpr auto operator<=>(Tagged, Tagged) = default;

 private:
  T raw_ = 0;
};

}  // namespace ets
