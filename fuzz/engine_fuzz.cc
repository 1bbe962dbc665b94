// Bytes as messages: the first two choose a shape of market, the rest are the dice of the trial,
// which compares engine and reference after each message.

#include <cstdio>
#include <cstdlib>
#include <span>

#include "matching/engine_trial.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  ets::matching::TrialShape shape = ets::matching::AnyShape(std::uint64_t{data[0]} << 8U | data[1]);
  shape.bytes = std::span(data + 2, size - 2);
  const ets::matching::TrialCounts counts = ets::matching::RunTrial(shape);
  if (counts.broken.empty()) return 0;
  std::fprintf(stderr, "%s\n", counts.broken.c_str());
  std::abort();
}
