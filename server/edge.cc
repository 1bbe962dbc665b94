#include "server/edge.h"

#include <utility>

#include "registry/registry.h"

namespace ets::server {

std::optional<LiveFailure> SerialsOfBranch::At(LiveRegistry& live, std::uint64_t sequence,
                                               const Patience& patience, const Ask& ask) {
  const auto state = live.StateAt(sequence, patience);
  if (!state.ok()) return state.error();
  const std::unique_lock lock(mutex_, patience.deadline);
  if (!lock.owns_lock()) {
    return LiveFailure{LiveFailure::Kind::kExpired, "another reading of serials takes long"};
  }
  if (auto failure = Advance(live, **state, sequence, patience)) return failure;
  ask(*lineage_);
  return {};
}

std::optional<LiveFailure> SerialsOfBranch::Advance(LiveRegistry& live,
                                                    const registry::Registry& state,
                                                    std::uint64_t sequence,
                                                    const Patience& patience) {
  if (!lineage_ || sequence < sequence_) {
    lineage_ = std::make_unique<registry::SerialLineage>(state.profile().lineage);
    sequence_ = 0;
  }
  if (sequence == sequence_) return {};
  std::vector<registry::Transfer> moved;
  bool is_impatient = false;
  const auto take = [&](const JournalRecord& record) {
    is_impatient = record.sequence % 1'024 == 0 && patience.ended();
    if (is_impatient) return false;
    moved.clear();
    if (record.sequence > 1 && !registry::Registry::DecodeTransfers(record, moved)) return true;
    for (const registry::Transfer& transfer : moved) {
      const bool is_issue =
          registry::RowOf(state.account(transfer.debit).kind).pool == registry::Pool::kSource;
      const bool is_cash = state.unit(transfer.ledger).type == UnitType::kCurrency;
      lineage_->Take(transfer, record.sequence, is_issue, is_cash);
    }
    sequence_ = record.sequence;
    return true;
  };
  if (auto failure = live.Records(sequence_ + 1, sequence, take)) return failure;
  if (is_impatient) {
    return LiveFailure{LiveFailure::Kind::kExpired, "the journal was not read to its end"};
  }
  return {};
}

namespace {

wire::Home HomeOf(const LiveBranches& branches, const ServiceOptions& options) {
  const std::string profile = branches.main().profile().name;
  return {options.registry.empty() ? profile : options.registry, wire::LettersOf(profile)};
}

}  // namespace

Edge::Edge(LiveBranches& of_branches, const ServiceOptions& of_options)
    : branches(of_branches),
      options(of_options),
      home(HomeOf(of_branches, of_options)),
      limit(of_options.rate) {}

SerialsOfBranch& Edge::SerialsOf(const std::string& branch) {
  const std::lock_guard lock(mutex_);
  auto& serials = serials_[branch];
  if (!serials) serials = std::make_unique<SerialsOfBranch>();
  return *serials;
}

}  // namespace ets::server
