#include "store/journal_reader.h"

#include <algorithm>
#include <utility>

#include "store/database.h"
#include "store/scan.h"

namespace ets::store {
JournalReader::JournalReader(std::shared_ptr<const Database> database,
                             std::function<ChainEnd()> end)
    : database_(std::move(database)), end_(std::move(end)) {}

Result<JournalReader, StoreFailure> JournalReader::Open(const std::string& folder,
                                                        const StoreOptions& options) {
  // The anchor first, so that a writer at work cannot put it ahead of what is read.
  const auto anchor = FindAnchor(folder, options);
  if (!anchor.ok()) return Fail{anchor.error()};
  auto database = OpenDatabase(folder, Access::kRead, options);
  if (!database.ok()) return Fail{database.error()};
  const auto end = FindTail(**database, *anchor);
  if (!end.ok()) return Fail{end.error()};
  return JournalReader(*database, [last = *end] { return last; });
}

ChainEnd JournalReader::end() const { return end_(); }

Result<ChainEnd, StoreFailure> JournalReader::Read(const ChainEnd& after, std::uint64_t last,
                                                   const RecordCallback& callback) const {
  const ChainEnd known = end();
  if (last != kToTheEnd && last > known.sequence) {
    return Fail{OutOfRange(*database_, last, known)};
  }
  if (after.batch > known.batch) return Fail{OutOfRange(*database_, after.sequence, known)};
  if (after.sequence >= last) return after;
  if (after.batch == known.batch) {
    if (after == known) return after;
    return Fail{Damage(*database_, "batch " + std::to_string(after.batch) +
                                       " is not the one that is to be continued")};
  }
  const RecordCallback up_to_last = [&](const JournalRecord& record) {
    return record.sequence <= last && callback(record);
  };
  return ScanBatches(*database_, after, known.batch,
                     [&](std::string_view value, ChainEnd& end, bool& stopped) {
                       std::string wrong = ReadBatch(value, end, up_to_last, stopped);
                       stopped = stopped || end.sequence >= last;
                       return wrong;
                     });
}

Result<ChainEnd, StoreFailure> JournalReader::ReadFrom(std::uint64_t first, std::uint64_t last,
                                                       const RecordCallback& callback) const {
  if (first <= 1) return Read({}, last, callback);
  if (first == end().sequence + 1) return Read(end(), last, callback);
  const auto before = BatchBefore(*database_, first, end());
  if (!before.ok()) return Fail{before.error()};
  return Read(*before, last, [&](const JournalRecord& record) {
    return record.sequence < first || callback(record);
  });
}

Result<StoredRecord, StoreFailure> JournalReader::ReadRecord(std::uint64_t sequence) const {
  std::optional<StoredRecord> found;
  const auto read = LookInto(sequence, [&](const JournalRecord& record) {
    if (record.sequence != sequence) return true;
    found = {record.kind, record.version, record.sequence, record.envelope,
             std::string(record.payload)};
    return false;
  });
  if (!read.ok()) return Fail{read.error()};
  return *std::move(found);
}

Result<ChainEnd, StoreFailure> JournalReader::BatchOf(std::uint64_t sequence) const {
  if (sequence == 0) return ChainEnd{};
  return LookInto(sequence, [](const JournalRecord&) { return false; });
}

Result<ChainEnd, StoreFailure> JournalReader::LookInto(std::uint64_t sequence,
                                                       const RecordCallback& callback) const {
  std::string value;
  const auto before = BatchBefore(*database_, sequence, end(), &value);
  if (!before.ok()) return before;
  ChainEnd at = *before;
  bool stopped = false;
  const std::string wrong = ReadBatch(value, at, callback, stopped);
  if (!wrong.empty()) return Fail{Damage(*database_, wrong)};
  return at;
}

Result<ChainEnd, StoreFailure> JournalReader::ReadValues(std::uint64_t first_batch,
                                                         const ValueCallback& callback) const {
  const ChainEnd known = end();
  if (first_batch == known.batch + 1) return known;
  if (first_batch == 0 || first_batch > known.batch) {
    return Fail{StoreFailure{StoreFault::kOutOfRange, database_->folder + ": there is no batch " +
                                                          std::to_string(first_batch)}};
  }
  const auto header = HeaderOf(*database_, first_batch, nullptr);
  if (!header.ok()) return Fail{header.error()};
  ChainEnd after = first_batch == 1 ? ChainEnd{} : header->before();
  after.batch = first_batch - 1;
  return ScanBatches(*database_, after, known.batch,
                     [&](std::string_view value, ChainEnd& at, bool& stopped) {
                       bool never = false;
                       std::string wrong = ReadBatch(
                           value, at, [](const JournalRecord&) { return true; }, never);
                       if (wrong.empty()) stopped = !callback(value, at);
                       return wrong;
                     });
}

std::optional<Snapshot> JournalReader::LatestSnapshot(std::uint64_t at_or_before) const {
  if (database_->snapshots == nullptr) return {};
  const std::uint64_t last = std::min(at_or_before, end().sequence);
  const std::unique_ptr<rocksdb::Iterator> kept(
      database_->db->NewIterator(ScanOptions(), database_->snapshots));
  for (kept->SeekForPrev(BatchKey(last)); kept->Valid(); kept->Prev()) {
    auto snapshot = DecodeSnapshot(kept->value().ToStringView());
    if (snapshot && kept->key() == BatchKey(snapshot->at.sequence) &&
        LiesOnChain(*database_, snapshot->at)) {
      return snapshot;
    }
  }
  return {};
}

std::vector<SnapshotInfo> JournalReader::ListSnapshots() const {
  std::vector<SnapshotInfo> found;
  if (database_->snapshots == nullptr) return found;
  const std::unique_ptr<rocksdb::Iterator> kept(
      database_->db->NewIterator(ScanOptions(), database_->snapshots));
  const std::uint64_t last = end().sequence;
  for (kept->SeekToFirst(); kept->Valid(); kept->Next()) {
    const auto snapshot = DecodeSnapshot(kept->value().ToStringView());
    if (!snapshot || snapshot->at.sequence > last) continue;
    if (!LiesOnChain(*database_, snapshot->at)) continue;
    found.push_back({snapshot->at, snapshot->state_hash, snapshot->bytes.size()});
  }
  return found;
}

Result<JournalSummary, StoreFailure> ReadJournal(const std::string& folder,
                                                 const RecordCallback& callback,
                                                 const StoreOptions& options) {
  const auto reader = JournalReader::Open(folder, options);
  if (!reader.ok()) return Fail{reader.error()};
  const auto end = reader->Read({}, kToTheEnd, callback);
  if (!end.ok()) return Fail{end.error()};
  return JournalSummary{end->batch, end->sequence, end->sequence, ToHex(end->head)};
}

}  // namespace ets::store
