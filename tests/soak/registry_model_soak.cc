// The registry against a model that is slow and obvious: thrown laws, thrown commands, every answer
// and all that can be read compared, snapshots in between, replay in the end.

#include "registry/model/run.h"
#include "store/soak/soak.h"

namespace ets {
namespace {

constexpr std::uint64_t kCommands = 20'000;  // In each sequence.

void RunSequence(store::soak::Case& it) {
  const registry::model::Trial trial =
      registry::model::RunModel(it.dice.Next(), it.number, kCommands);
  it.report.Count("sequences");
  it.report.Count("commands", trial.commands);
  it.report.Count("refused", trial.refused);
  it.report.Count("comparisons", trial.comparisons);
  it.report.Count("loads", trial.loads);
  if (!trial.broken.empty()) it.Broken(trial.broken);
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv,
                                {.name = "registry_model_soak",
                                 .count_by_default = 50,
                                 .run = ets::RunSequence,
                                 .prepare = {}});
}
