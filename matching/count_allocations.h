#pragma once

#include <cstdint>

namespace ets::matching {

// For tests that promise not to allocate: how many allocations this program has made so far. A test
// program that uses it lists count_allocations.cc, which replaces operator new.
std::uint64_t AllocationCount();

}  // namespace ets::matching
