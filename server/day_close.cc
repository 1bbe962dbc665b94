#include "server/day_close.h"

#include <utility>

namespace ets::server {
namespace {

using Kind = LiveFailure::Kind;

constexpr std::chrono::seconds kPatience(10);
constexpr int kTries = 100;

}  // namespace

Live<ClosedDay> CloseRegistryDay(LiveRegistry& live, Date date, std::uint64_t settlement_sequence,
                                 std::uint64_t market_state_hash,
                                 const std::atomic<bool>& is_stopped) {
  for (int i = 0; i < kTries && !is_stopped; ++i) {
    std::uint64_t hash = 0;
    const auto failed = live.Read(
        {std::chrono::system_clock::now() + kPatience, {}},
        [&](const registry::Registry& state, const StatePoint&) { hash = state.StateHash(); });
    if (failed) return Fail{*failed};
    Submission submission;
    submission.command = registry::DayClosed{date, settlement_sequence, hash, market_state_hash};
    submission.source = SourceKind::kClock;
    submission.precondition = [hash](const registry::Registry& state) {
      return state.StateHash() == hash;
    };
    const Answer answer = live.SubmitAndWait(std::move(submission));
    if (answer.kind == Answer::Kind::kApplied) return ClosedDay{answer.receipt.sequence, hash};
    if (answer.kind != Answer::Kind::kPreconditionFailed) {
      return Fail{LiveFailure{Kind::kIo, "the registry does not close the day now"}};
    }
  }
  return Fail{LiveFailure{Kind::kExpired, "the registry does not stand still"}};
}

}  // namespace ets::server
