#include "registry/model/run.h"

#include <algorithm>
#include <cstring>

#include "base/state_hash.h"
#include "registry/model/dice.h"
#include "registry/model/model.h"
#include "registry/registry_fixture.h"

namespace ets::registry::model {
namespace {

constexpr std::uint64_t kCompareEvery = 250;

class Runner {
 public:
  Runner(const Profile& law, Prng dice)
      : law_(law), registry_(law, &journal_), model_(law), dice_(dice, registry_) {}

  Trial Go(std::uint64_t commands) {
    for (const Command& command : dice_.Opening()) {
      if (!Step(0, command)) return trial_;
    }
    for (std::uint64_t i = 1; i <= commands; ++i) {
      const Command command = dice_.Next();
      if (!Step(dice_.Time(), command)) return trial_;
      if (i % kCompareEvery == 0 && !Compare()) return trial_;
      if (dice_.Below(400) == 0 && !PutAwayAndLoad()) return trial_;
    }
    Replay();
    return trial_;
  }

 private:
  bool Broken(const std::string& what) {
    trial_.broken = "command " + std::to_string(trial_.commands) + ": " + what;
    return false;
  }

  bool Step(SimTime sim_time, const Command& command) {
    ++trial_.commands;
    Envelope envelope;
    envelope.sim_time = sim_time;
    RequestKey request;
    const std::uint64_t id = registry_.sequence();
    std::memcpy(request.id.data(), &id, sizeof(id));
    const bool with_request = dice_.Below(4) == 0;
    const auto asked = registry_.Check(command);
    const auto outcome = registry_.Apply(envelope, command, with_request ? &request : nullptr);
    const std::vector<Refusal> items(registry_.batch_results().begin(),
                                     registry_.batch_results().end());
    const Model::Answer answer = model_.Run(registry_.sequence(), sim_time, command);
    if (!answer.broken.empty()) {
      ++trial_.refused;
      const Refusal expected = *answer.broken.begin();
      ++trial_.refusals[expected];
      if (outcome.ok()) return Broken(Name(command) + " applied, must be " + Name(expected));
      if (outcome.error() != expected) {
        return Broken(Name(command) + " refused with " + Name(outcome.error()) + ", must be " +
                      Name(expected));
      }
      return true;
    }
    if (!outcome.ok()) {
      return Broken(Name(command) + " refused with " + Name(outcome.error()) + ", must apply");
    }
    // It was asked as of the last command's time.
    if (asked && sim_time == latest_) {
      return Broken(Name(command) + " applied, but asked was " + Name(*asked));
    }
    latest_ = std::max(latest_, sim_time);
    if (const auto* const advance = std::get_if<AdvanceTo>(&command)) latest_ = advance->sim_time;
    ++trial_.applied[command.index()];
    Receipt expected = answer.receipt;
    expected.sequence = registry_.sequence();
    if (*outcome != expected) {
      return Broken(Name(command) + ": id, amount or count of failed differs");
    }
    if (!std::ranges::equal(registry_.transfers(), answer.transfers)) {
      return Broken(Name(command) + ": moved something else");
    }
    for (const Refusal item : answer.items) {
      if (item != Refusal{}) ++trial_.refusals[item];
    }
    for (std::size_t i = 0; i < std::max(items.size(), answer.items.size()); ++i) {
      const Refusal got = i < items.size() ? items[i] : Refusal{};
      const Refusal want = i < answer.items.size() ? answer.items[i] : Refusal{};
      if (got != want) {
        return Broken("item " + std::to_string(i) + " of a batch: " + Name(got) + ", must be " +
                      Name(want));
      }
    }
    return true;
  }

  bool Compare() {
    ++trial_.comparisons;
    registry_.CheckInvariants();
    const std::string difference = model_.Compare(registry_);
    return difference.empty() || Broken(difference);
  }

  bool PutAwayAndLoad() {
    ++trial_.loads;
    std::string snapshot;
    registry_.Save(snapshot);
    const std::uint64_t hash = registry_.StateHash();
    auto loaded = Registry::Load(snapshot, &journal_);
    if (!loaded.ok()) return Broken(loaded.error());
    registry_ = std::move(loaded.value());
    return registry_.StateHash() == hash || Broken("loaded to another state hash");
  }

  void Replay() {
    Registry replayed(law_, nullptr);
    StateHash journal;
    for (const JournalRecord& record : journal_.records()) {
      journal.Add(std::uint64_t{record.kind});
      journal.Add(record.payload);
      const std::string difference = replayed.Replay(record);
      if (!difference.empty()) {
        Broken("replay of record " + std::to_string(record.sequence) + ": " + difference);
        return;
      }
    }
    trial_.state_hash = registry_.StateHash();
    trial_.journal_hash = journal.value();
    if (replayed.StateHash() != registry_.StateHash()) Broken("replayed to another state hash");
  }

  static std::string Name(const Command& command) { return std::string(ToString(KindOf(command))); }
  static std::string Name(Refusal refusal) { return std::string(ToString(refusal)); }

  const Profile law_;
  KeptJournal journal_;
  Registry registry_;
  Model model_;
  Dice dice_;
  SimTime latest_ = 0;  // Of the commands applied so far.
  Trial trial_;
};

}  // namespace

Trial RunModel(std::uint64_t seed, std::uint64_t number, std::uint64_t commands) {
  Prng law = Prng::Stream(seed, "law", number);
  return Runner(RandomLaw(law), Prng::Stream(seed, "commands", number)).Go(commands);
}

}  // namespace ets::registry::model
