#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "server/live_registry_impl.h"

namespace ets::server {

namespace fs = std::filesystem;
using Kind = LiveFailure::Kind;

namespace {

// What the transfers of a journal add up to, by account and ledger. Shares no line with the
// registry's own books.
class SecondBooks {
 public:
  void Take(const registry::Transfer& transfer) {
    sums_[{transfer.debit.raw(), transfer.ledger.raw()}] -= transfer.amount;
    sums_[{transfer.credit.raw(), transfer.ledger.raw()}] += transfer.amount;
  }
  std::int64_t Of(AccountId account, LedgerId ledger) const {
    const auto found = sums_.find({account.raw(), ledger.raw()});
    return found == sums_.end() ? 0 : found->second;
  }

 private:
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::int64_t> sums_;
};

std::vector<LiveRegistry::Mismatch> Compare(const registry::Registry& state,
                                            const SecondBooks& books,
                                            const std::vector<LiveRegistry::Balance>* auditors) {
  std::vector<LiveRegistry::Mismatch> mismatches;
  for (std::uint32_t id = 0; id < state.account_count(); ++id) {
    for (std::uint16_t number = 0; number < state.ledger_count(); ++number) {
      const AccountId account(id);
      const LedgerId ledger(number);
      const std::int64_t recorded = state.balance(account, ledger);
      const std::int64_t recomputed = books.Of(account, ledger);
      if (recorded != recomputed) mismatches.push_back({account, ledger, recorded, recomputed});
    }
  }
  if (auditors == nullptr) return mismatches;
  for (const LiveRegistry::Balance& balance : *auditors) {
    const bool is_known = balance.account.raw() < state.account_count() &&
                          balance.ledger.raw() < state.ledger_count();
    const std::int64_t recorded = is_known ? state.balance(balance.account, balance.ledger) : 0;
    if (recorded != balance.amount) {
      mismatches.push_back({balance.account, balance.ledger, recorded, balance.amount});
    }
  }
  return mismatches;
}

// Takes the transfers of records `first` to `last`.
std::optional<LiveFailure> AddUp(LiveRegistry& live, std::uint64_t first, std::uint64_t last,
                                 const Patience& patience, SecondBooks& books) {
  if (first > last) return std::nullopt;
  std::vector<registry::Transfer> moved;
  bool is_whole = true;
  bool was_expired = false;
  const auto failed = live.Records(first, last, [&](const JournalRecord& record) {
    moved.clear();
    is_whole = registry::Registry::DecodeTransfers(record, moved);
    for (const registry::Transfer& transfer : moved) books.Take(transfer);
    was_expired = record.sequence % 1'024 == 0 && patience.ended();
    return is_whole && !was_expired;
  });
  if (failed) return failed;
  if (was_expired) return LiveFailure{Kind::kExpired, "the books were not added up in time"};
  if (!is_whole) return LiveFailure{Kind::kDataLoss, "a record cannot be decoded"};
  return std::nullopt;
}

// Held while a registry reconciles; then its timers go on.
class Reconciling {
 public:
  Reconciling(std::atomic<bool>& flag, Sequencer* sequencer) : flag_(flag), sequencer_(sequencer) {
    flag_ = true;
  }
  ~Reconciling() {
    flag_ = false;
    if (sequencer_ != nullptr) sequencer_->Kick();
  }
  Reconciling(const Reconciling&) = delete;
  Reconciling& operator=(const Reconciling&) = delete;

 private:
  std::atomic<bool>& flag_;
  Sequencer* const sequencer_;
};

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

Live<Verification> LiveRegistry::Verify(const Patience& patience) {
  Impl& it = *impl_;
  auto verified = VerifyRegistryJournal(it.folder, [&] { return patience.ended(); });
  std::string wrong;
  if (verified.ok()) {
    const auto here = PointOf(verified->journal.last_sequence);
    if (here.ok() && here->chain_head != verified->journal.chain_head) {
      wrong = it.folder + ": the chain on the disk ends with " + verified->journal.chain_head +
              ", but " + here->chain_head + " was acknowledged";
    }
  } else {
    if (verified.error().kind == JournalFailure::Kind::kStopped) {
      return Fail{LiveFailure{Kind::kExpired, verified.error().message}};
    }
    wrong = verified.error().message;
  }
  if (wrong.empty()) return *verified;
  {
    const std::lock_guard lock(it.life_mutex);
    if (it.why_stopped.empty()) it.why_stopped = wrong;
  }
  it.damaged = true;
  return Fail{LiveFailure{
      wrong.find("anchor is ahead") == wrong.npos ? Kind::kDataLoss : Kind::kAnchorAhead, wrong}};
}

Live<LiveRegistry::Reconciliation> LiveRegistry::Reconcile(const Patience& patience,
                                                           const std::vector<Balance>* auditors) {
  Impl& it = *impl_;
  const std::unique_lock only_one(it.proof_mutex, std::try_to_lock);
  if (!only_one.owns_lock()) {
    return Fail{LiveFailure{Kind::kReconciling, "a reconciliation is under way"}};
  }
  const Reconciling reconciling(it.reconciling, it.sequencer.get());
  Reconciliation result;
  SecondBooks books;
  std::uint64_t added = 1;  // The first record is the law.
  // What was taken before still goes to the disk; nothing follows it. Both sides are of one record.
  for (bool is_compared = false; !is_compared;) {
    const std::uint64_t last = committed().sequence;
    if (const auto failed = AddUp(*this, added + 1, last, patience, books)) return Fail{*failed};
    added = std::max(added, last);
    const auto failed = Read(patience, [&](const registry::Registry& state, const StatePoint& at) {
      is_compared = at.sequence == added;
      if (!is_compared) return;
      result.at = at;
      result.accounts = state.account_count();
      result.mismatches = Compare(state, books, auditors);
    });
    if (failed) return Fail{*failed};
  }
  std::vector<AccountId> restricted;
  for (const Mismatch& mismatch : result.mismatches) {
    if (std::find(restricted.begin(), restricted.end(), mismatch.account) == restricted.end()) {
      restricted.push_back(mismatch.account);
    }
  }
  if (!read_only()) it.Restrict(restricted);
  return result;
}

void LiveRegistry::Impl::Restrict(const std::vector<AccountId>& accounts) {
  for (const AccountId account : accounts) {
    auto task = std::make_shared<Task>();
    task->submission.command = registry::SetAccount{account, 0, false};
    task->submission.source = SourceKind::kAuthority;
    task->is_internal = true;
    auto answered = std::make_shared<std::promise<void>>();
    task->done = [answered](const Answer&) { answered->set_value(); };
    auto waiting = answered->get_future();
    if (sequencer->PostInternal([this, task] { Take(*task); })) waiting.wait();
  }
}

Live<StatePoint> LiveRegistry::Backup(const std::string& name) {
  Impl& it = *impl_;
  if (!IsName(name)) {
    return Fail{LiveFailure{Kind::kBadInput, name + ": allowed: 1 to 64 of a-z, 0-9 and '-'"}};
  }
  if (read_only()) return Fail{LiveFailure{Kind::kBadInput, "the registry is read-only"}};
  const std::shared_lock use(it.journal_use);
  if (!it.reader) return Fail{StoppedFailure(it.WhyStopped())};
  std::error_code failed;
  const std::string folder = it.options.data + "/backups/" + name;
  fs::create_directories(folder, failed);
  if (failed) return Fail{LiveFailure{Kind::kIo, folder + ": " + failed.message()}};
  const auto copied = it.writer->store().Checkpoint(folder + "/registry");
  if (!copied.ok()) return Fail{FailureOf(copied.error())};
  const auto last = it.reader->ReadRecord(copied->sequence);
  if (!last.ok()) return Fail{FailureOf(last.error())};
  return StatePoint{copied->sequence, last->envelope.sim_time, store::ToHex(copied->head)};
}

Live<StatePoint> LiveRegistry::ForkJournal(std::uint64_t sequence, const std::string& folder) {
  Impl& it = *impl_;
  const std::shared_lock use(it.journal_use);
  if (!it.reader || !it.writer) return Fail{StoppedFailure(it.WhyStopped())};
  const auto forked = it.writer->store().Fork(sequence, folder);
  if (!forked.ok()) return Fail{FailureOf(forked.error())};
  const auto last = it.reader->ReadRecord(sequence);
  if (!last.ok()) return Fail{FailureOf(last.error())};
  return StatePoint{sequence, last->envelope.sim_time, store::ToHex(forked->head)};
}

registry::Profile LiveRegistry::profile() const {
  registry::Profile profile;
  impl_->Read(
      {std::chrono::system_clock::time_point::max(), {}},
      [&](const registry::Registry& state, const StatePoint&) { profile = state.profile(); });
  return profile;
}

}  // namespace ets::server
