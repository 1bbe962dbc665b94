#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ets {

// A stream of pseudo-random numbers (xoshiro256**), equal on every machine and standard library.
//
// There is no default seed: chance enters a program at its edge. Streams are named, so that
// adding an agent does not move another agent's dice. Not thread-safe; one owner.
class Prng {
 public:
  explicit Prng(std::uint64_t seed);

  // The stream of one user of chance: the same (seed, name, index) gives the same numbers.
  static Prng Stream(std::uint64_t seed, std::string_view name, std::uint64_t index);

  std::uint64_t Next();

  // Uniform in [0, bound), without bias. REQUIRES: bound > 0.
  std::uint64_t Below(std::uint64_t bound);

  // Uniform in [0, 1), in steps of 2^-53.
  double Uniform();

  // Floating point from here on: for firms and populations, never for an engine.
  double Normal();                                // Mean 0, standard deviation 1.
  double LogNormal(double median, double sigma);  // exp(log(median) + sigma * Normal()).
  bool Chance(double probability) { return Uniform() < probability; }

 private:
  std::array<std::uint64_t, 4> state_;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

}  // namespace ets
