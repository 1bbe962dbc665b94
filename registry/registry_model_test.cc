// The registry against a model that is slow and obvious, under thrown laws. tests/soak has the same
// for as long as one likes.

#include <gtest/gtest.h>

#include "registry/codec.h"
#include "registry/model/run.h"

namespace ets::registry::model {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::uint64_t kSequences = 60;
constexpr std::uint64_t kCommands = 4'000;

TEST(RegistryModel, AgreesWithTheRegistryOnEveryAnswerUnderEveryLaw) {
  Trial sum;
  for (std::uint64_t number = 1; number <= kSequences; ++number) {
    const Trial run = RunModel(kSeed, number, kCommands);
    ASSERT_EQ(run.broken, "") << "seed " << kSeed << ", sequence " << number;
    sum.commands += run.commands;
    sum.refused += run.refused;
    sum.comparisons += run.comparisons;
    sum.loads += run.loads;
    for (std::size_t i = 0; i < run.applied.size(); ++i) sum.applied[i] += run.applied[i];
    for (const auto& [refusal, count] : run.refusals) sum.refusals[refusal] += count;
  }
  // The dice must reach every command and every rule, else the agreement above says little.
  for (std::size_t kind = 0; kind < sum.applied.size(); ++kind) {
    const auto name = ToString(static_cast<RecordKind>(kind + 2));
    if (name == "begin_branch") continue;  // Another law in mid-run: snapshot_test.cc has it.
    EXPECT_GT(sum.applied[kind], 0U) << name;
  }
  for (std::uint16_t number = 1; number < kRefusalCount; ++number) {
    const auto refusal = static_cast<Refusal>(number);
    EXPECT_GT(sum.refusals[refusal], 0U) << ToString(refusal);
  }
  std::printf(
      "%llu sequences, %llu commands (%llu refused), %llu comparisons, %llu loads\n",
      static_cast<unsigned long long>(kSequences), static_cast<unsigned long long>(sum.commands),
      static_cast<unsigned long long>(sum.refused),
      static_cast<unsigned long long>(sum.comparisons), static_cast<unsigned long long>(sum.loads));
}

}  // namespace
}  // namespace ets::registry::model
