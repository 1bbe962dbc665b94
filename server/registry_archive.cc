#include "server/registry_archive.h"

#include <algorithm>

#include "base/assert.h"

namespace ets::server {

namespace {

using Kind = JournalFailure::Kind;

constexpr std::size_t kRecentStatesMax = 4;

JournalFailure Stopped(const std::string& folder) {
  return {Kind::kStopped, folder + ": the replay was not waited for"};
}

}  // namespace

Result<std::unique_ptr<RegistryArchive>, JournalFailure> RegistryArchive::Open(
    const std::string& data) {
  const auto folder = FindRegistryJournal(data);
  if (!folder.ok()) return Fail{folder.error()};
  std::unique_ptr<RegistryArchive> archive(new RegistryArchive);
  RebuiltRegistry rebuilt;
  std::vector<registry::Transfer> moved;
  const auto walked =
      WalkRegistryJournal(*folder, [&](const JournalRecord& record, bool&) -> std::string {
        std::string wrong = rebuilt.Take(record);
        if (!wrong.empty()) return wrong;
        auto& clock = archive->clock_;
        const SimTime time = record.envelope.sim_time;
        if (clock.empty() || clock.back().first < time) clock.emplace_back(time, 0);
        clock.back().second = record.sequence;
        if (record.sequence == 1) return {};
        moved.clear();
        if (!registry::Registry::DecodeTransfers(record, moved)) {
          return "the payload cannot be decoded";
        }
        std::uint32_t index = 0;
        for (const registry::Transfer& transfer : moved) {
          archive->transfers_.push_back({transfer, record.sequence, index++});
        }
        return {};
      });
  if (!walked.ok()) return Fail{walked.error()};
  if (rebuilt.empty()) {
    return Fail{JournalFailure{Kind::kNoJournal, *folder + ": the journal holds no record"}};
  }
  archive->folder_ = *folder;
  archive->chain_head_ = walked->chain_head;
  archive->final_ = std::make_shared<const registry::Registry>(std::move(rebuilt).Release());
  return archive;
}

std::uint64_t RegistryArchive::SequenceAt(SimTime time) const {
  const auto after =
      std::upper_bound(clock_.begin(), clock_.end(), time,
                       [](SimTime asked, const auto& entry) { return asked < entry.first; });
  ETS_ASSERT(after != clock_.begin());
  return std::prev(after)->second;
}

SimTime RegistryArchive::TimeOf(std::uint64_t sequence) const {
  const auto at =
      std::lower_bound(clock_.begin(), clock_.end(), sequence,
                       [](const auto& entry, std::uint64_t asked) { return entry.second < asked; });
  ETS_ASSERT(sequence > 0 && at != clock_.end());
  return at->first;
}

Result<RegistryArchive::State, JournalFailure> RegistryArchive::StateAt(std::uint64_t sequence,
                                                                        const Patience& patience) {
  ETS_ASSERT(sequence > 0 && sequence <= last_sequence());
  if (sequence == last_sequence()) return final_;
  const std::unique_lock lock(replay_, patience.deadline);
  if (!lock.owns_lock()) return Fail{Stopped(folder_)};
  const auto known = std::find_if(recent_.begin(), recent_.end(),
                                  [&](const auto& entry) { return entry.first == sequence; });
  if (known != recent_.end()) {
    std::rotate(known, known + 1, recent_.end());
    return recent_.back().second;
  }
  RebuiltRegistry rebuilt;
  bool stopped = false;
  const auto walked =
      WalkRegistryJournal(folder_, [&](const JournalRecord& record, bool& stop) -> std::string {
        stopped = record.sequence % 1'024 == 1 && patience.ended();
        stop = stopped || record.sequence == sequence;
        return rebuilt.Take(record);
      });
  if (!walked.ok()) return Fail{walked.error()};
  if (stopped) return Fail{Stopped(folder_)};
  if (rebuilt.empty() || rebuilt->sequence() != sequence) {
    return Fail{JournalFailure{Kind::kDamaged, folder_ + ": record " + std::to_string(sequence) +
                                                   " is not there any more"}};
  }
  if (recent_.size() == kRecentStatesMax) recent_.erase(recent_.begin());
  recent_.emplace_back(sequence,
                       std::make_shared<const registry::Registry>(std::move(rebuilt).Release()));
  return recent_.back().second;
}

Result<Verification, JournalFailure> RegistryArchive::Verify(const Patience& patience) {
  const std::unique_lock lock(replay_, patience.deadline);
  if (!lock.owns_lock()) return Fail{Stopped(folder_)};
  auto verified = VerifyRegistryJournal(folder_, [&] { return patience.ended(); });
  if (verified.ok() && verified->journal.chain_head != chain_head_) {
    return Fail{JournalFailure{Kind::kDamaged,
                               folder_ + ": the chain ends with " + verified->journal.chain_head +
                                   ", but ended with " + chain_head_ + " when it was opened"}};
  }
  return verified;
}

}  // namespace ets::server
