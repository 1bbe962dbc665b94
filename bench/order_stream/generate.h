#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "matching/order_stream.h"

namespace ets::bench {

struct StreamOptions {
  std::uint64_t messages = 1'000'000;  // At least 10; the two at the end included.
  std::uint64_t seed = 1;
  std::string profile = "calm";  // One of Profiles().
  bool mixed_ids = false;        // The dense numbers passed through a bijective 64-bit mix.
  bool sweep = true;             // Ends with two orders that execute all that rests.
};

// Names of the profiles, in the order of the README.
std::vector<std::string_view> Profiles();

struct Generated {
  matching::OrderStream stream;
  std::vector<matching::StreamTrade> trades;  // As a plain book of maps and lists makes them.
};

// The same options give the same bytes on every machine. REQUIRES: a known profile.
Generated Generate(const StreamOptions& options);

}  // namespace ets::bench
