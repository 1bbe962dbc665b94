// The matching engine against a reference that is slow and obvious: thrown shapes of market, thrown
// messages, after each of them every answer, event, hash and holding compared.

#include "matching/engine_trial.h"
#include "store/soak/soak.h"

namespace ets {
namespace {

void RunMarket(store::soak::Case& it) {
  const matching::TrialCounts trial = matching::RunTrial(matching::AnyShape(it.dice.Next()));
  it.report.Count("markets");
  it.report.Count("messages", trial.messages);
  it.report.Count("refused", trial.refused);
  it.report.Count("trades", trial.trades);
  it.report.Count("triggered", trial.triggered);
  it.report.Count("refreshed", trial.refreshed);
  it.report.Count("uncrossed", trial.uncrossed);
  it.report.Count("interrupted", trial.interrupted);
  if (!trial.broken.empty()) it.Broken(trial.broken);
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  return ets::store::soak::Main(
      argc, argv,
      {.name = "engine_soak", .count_by_default = 100, .run = ets::RunMarket, .prepare = {}});
}
