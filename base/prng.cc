#include "base/prng.h"

#include <bit>
#include <cmath>

#include "base/assert.h"

namespace ets {
namespace {

__extension__ using Uint128 = unsigned __int128;

std::uint64_t SplitMix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

}  // namespace

Prng::Prng(std::uint64_t seed) : state_{} {
  for (std::uint64_t& word : state_) word = SplitMix(seed);
}

Prng Prng::Stream(std::uint64_t seed, std::string_view name, std::uint64_t index) {
  std::uint64_t mixed = seed;
  std::uint64_t key = SplitMix(mixed);
  for (const char c : name) {
    mixed ^= static_cast<unsigned char>(c);
    key ^= SplitMix(mixed);
  }
  mixed ^= index;
  key ^= SplitMix(mixed);
  return Prng(key);
}

std::uint64_t Prng::Next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Prng::Below(std::uint64_t bound) {
  ETS_ASSERT(bound > 0);
  // Multiply-shift with rejection of the short remainder.
  Uint128 product = Uint128{Next()} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) product = Uint128{Next()} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64U);
}

double Prng::Uniform() { return static_cast<double>(Next() >> 11U) * 0x1.0p-53; }

double Prng::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  // Marsaglia's polar method: two normals from a point in the unit disc.
  double u = 0;
  double v = 0;
  double s = 0;
  do {
    u = 2 * Uniform() - 1;
    v = 2 * Uniform() - 1;
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  const double scale = std::sqrt(-2 * std::log(s) / s);
  spare_normal_ = v * scale;
  has_spare_ = true;
  return u * scale;
}

double Prng::LogNormal(double median, double sigma) { return median * std::exp(sigma * Normal()); }

}  // namespace ets
