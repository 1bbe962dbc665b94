#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ets::matching {

// How a stream of thrown messages is made.
struct TrialShape {
  std::uint64_t seed = 1;
  std::uint64_t messages = 10'000;
  std::uint32_t members = 8;
  std::int64_t levels = 40;  // Prices in a range.
  std::uint32_t orders_max = 200;
  int special_percent = 40;  // Orders that are more than a plain limit order.
  int call_percent = 1;      // Of messages that change the phase.
  bool with_fees = false;
  // Where the dice come from instead of the seed, until they are used up: a fuzzer's bytes.
  std::span<const std::uint8_t> bytes = {};
};

struct TrialCounts {
  std::uint64_t messages = 0;
  std::uint64_t refused = 0;
  std::uint64_t trades = 0;
  std::uint64_t triggered = 0;
  std::uint64_t refreshed = 0;
  std::uint64_t uncrossed = 0;
  std::uint64_t interrupted = 0;
  std::string broken;  // The first difference, with its message; empty: none.
};

// Throws the same messages at the engine and at the reference and compares, after each: the answer,
// every event, the hash, what each member holds and has reserved; and, now and then, the engine's
// own invariants, a snapshot's way back and that each unit and each fen is where it must be.
TrialCounts RunTrial(const TrialShape& shape);

// A shape of market, one of many: few or many members, narrow and wide ranges, small books, stops
// that set off one another, calls all the time, fees. Equal numbers give equal shapes.
TrialShape AnyShape(std::uint64_t number);

}  // namespace ets::matching
