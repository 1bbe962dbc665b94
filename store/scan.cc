#include "store/scan.h"

#include <memory>
#include <optional>

#include "store/anchor.h"
#include "store/journal_reader.h"

namespace ets::store {
namespace {

// So many batches are not worth reading ahead for.
constexpr std::uint64_t kShortScan = 4;

// A batch's number at the front of an iterator, or what is wrong with the key.
Result<std::uint64_t, StoreFailure> NumberAt(const Database& database,
                                             const rocksdb::Iterator& batches) {
  const auto number = BatchOfKey(batches.key().ToStringView());
  if (!number) return Fail{Damage(database, "a key is no batch number; this is no journal")};
  return *number;
}

std::string NameOf(const ChainEnd& end) {
  return "batch " + std::to_string(end.batch) + " (record " + std::to_string(end.sequence) + ")";
}

Result<std::uint64_t, StoreFailure> FirstSequenceOf(const Database& database, std::uint64_t batch) {
  if (const auto known = database.index->Find(batch)) return *known;
  const auto header = HeaderOf(database, batch, nullptr);
  if (!header.ok()) return Fail{header.error()};
  return header->first_sequence;
}

}  // namespace

StoreFailure OutOfRange(const Database& database, std::uint64_t sequence, const ChainEnd& end) {
  return {StoreFault::kOutOfRange,
          database.folder + ": there is no record " + std::to_string(sequence) +
              ", the journal ends with record " + std::to_string(end.sequence)};
}

StoreFailure Damage(const Database& database, const std::string& what) {
  return {StoreFault::kDamaged, database.folder + ": " + what};
}

Result<ChainEnd, StoreFailure> ScanBatches(const Database& database, const ChainEnd& after,
                                           std::uint64_t last_batch,
                                           const BatchCallback& callback) {
  const bool is_short = last_batch == kToTheEnd || last_batch - after.batch <= kShortScan;
  const std::unique_ptr<rocksdb::Iterator> batches(
      database.db->NewIterator(is_short ? LookupOptions() : ScanOptions(), database.batches));
  ChainEnd end = after;
  bool stopped = false;
  for (batches->Seek(BatchKey(end.batch + 1)); batches->Valid() && !stopped; batches->Next()) {
    const auto number = NumberAt(database, *batches);
    if (!number.ok()) return Fail{number.error()};
    if (*number > last_batch) break;
    if (*number != end.batch + 1) {
      return Fail{Damage(database, "batch " + std::to_string(end.batch + 1) + " is missing")};
    }
    const std::string wrong = callback(batches->value().ToStringView(), end, stopped);
    if (!wrong.empty()) return Fail{Damage(database, wrong)};
  }
  if (!batches->status().ok()) {
    return Fail{
        FailureOf(database.folder, "behind batch " + std::to_string(end.batch), batches->status())};
  }
  if (!stopped && last_batch != kToTheEnd && end.batch < last_batch) {
    return Fail{Damage(database, "batch " + std::to_string(end.batch + 1) + " is missing")};
  }
  return end;
}

Result<BatchHeader, StoreFailure> HeaderOf(const Database& database, std::uint64_t batch,
                                           std::string* value) {
  rocksdb::PinnableSlice stored;
  const rocksdb::Status status =
      database.db->Get(LookupOptions(), database.batches, BatchKey(batch), &stored);
  const std::string name = "batch " + std::to_string(batch);
  if (status.IsNotFound()) return Fail{Damage(database, name + " is missing")};
  if (!status.ok()) return Fail{FailureOf(database.folder, name, status)};
  const auto header = ReadHeader(stored.ToStringView());
  if (!header) return Fail{Damage(database, name + ": its header is cut short")};
  database.index->Note(batch, header->first_sequence);
  if (value != nullptr) *value = stored.ToString();
  return *header;
}

Result<ChainEnd, StoreFailure> LastBatch(const Database& database) {
  const std::unique_ptr<rocksdb::Iterator> batches(
      database.db->NewIterator(LookupOptions(), database.batches));
  batches->SeekToLast();
  if (!batches->status().ok()) {
    return Fail{FailureOf(database.folder, "at the last batch", batches->status())};
  }
  if (!batches->Valid()) return ChainEnd{};
  const auto number = NumberAt(database, *batches);
  if (!number.ok()) return Fail{number.error()};
  const auto header = ReadHeader(batches->value().ToStringView());
  if (!header || header->batch != *number) {
    return Fail{Damage(database, "batch " + std::to_string(*number) + " has no header")};
  }
  return header->end();
}

Result<ChainEnd, StoreFailure> FindTail(const Database& database, const ChainEnd& anchor) {
  ChainEnd before;
  if (anchor.batch > 0) {
    const auto header = HeaderOf(database, anchor.batch, nullptr);
    if (!header.ok()) {
      const auto last = LastBatch(database);
      if (!last.ok() || last->batch >= anchor.batch) return Fail{header.error()};
      return Fail{StoreFailure{StoreFault::kAnchorAhead,
                               database.folder + ": the anchor is ahead: it names " +
                                   NameOf(anchor) + ", the journal ends with " + NameOf(*last)}};
    }
    // What the anchor's batch says about the one before it is held to its hash, and that to the
    // anchor.
    before = header->before();
    before.batch = anchor.batch - 1;
  }
  return ScanBatches(database, before, kToTheEnd,
                     [&](std::string_view value, ChainEnd& end, bool&) -> std::string {
                       bool never = false;
                       const std::string wrong = ReadBatch(
                           value, end, [](const JournalRecord&) { return true; }, never);
                       if (!wrong.empty() || end.batch != anchor.batch || end == anchor)
                         return wrong;
                       return "batch " + std::to_string(end.batch) +
                              " is not the one the anchor names";
                     });
}

Result<ChainEnd, StoreFailure> BatchBefore(const Database& database, std::uint64_t sequence,
                                           const ChainEnd& end, std::string* value) {
  if (sequence == 0 || sequence > end.sequence) return Fail{OutOfRange(database, sequence, end)};
  std::uint64_t holds = 1;  // The last batch known to begin at or before the record.
  for (std::uint64_t beyond = end.batch + 1; beyond - holds > 1;) {
    const std::uint64_t middle = holds + (beyond - holds) / 2;
    const auto first = FirstSequenceOf(database, middle);
    if (!first.ok()) return Fail{first.error()};
    (*first <= sequence ? holds : beyond) = middle;
  }
  const auto header = HeaderOf(database, holds, value);
  if (!header.ok()) return Fail{header.error()};
  if (header->batch != holds || header->first_sequence > sequence ||
      header->end().sequence < sequence) {
    return Fail{Damage(database, "batch " + std::to_string(holds) + " should hold record " +
                                     std::to_string(sequence) + " and does not")};
  }
  return header->before();
}

bool LiesOnChain(const Database& database, const ChainEnd& at) {
  if (at.batch == 0) return at == ChainEnd{};
  std::string value;
  const auto header = HeaderOf(database, at.batch, &value);
  if (!header.ok() || header->end() != at) return false;
  ChainEnd end = header->before();
  bool stopped = false;
  return ReadBatch(
             value, end, [](const JournalRecord&) { return false; }, stopped)
      .empty();
}

Result<ChainEnd, StoreFailure> FindAnchor(const std::string& folder, const StoreOptions& options) {
  rocksdb::FileSystem& files = *FilesOf(options);
  bool is_folder = false;
  if (!files.IsDirectory(folder, {}, &is_folder, nullptr).ok() || !is_folder) {
    return Fail{StoreFailure{StoreFault::kNoJournal, folder + ": there is no such folder"}};
  }
  std::optional<ChainEnd> newest;
  bool any_file = false;
  for (const std::string& place : {folder, options.second_anchor_folder}) {
    if (place.empty()) continue;
    const auto found = ReadAnchors(files, place);
    if (!found.ok()) return Fail{found.error()};
    any_file = any_file || found->any_file;
    const ChainEnd* const anchor = found->newest();
    if (anchor != nullptr && (!newest || anchor->batch > newest->batch)) newest = *anchor;
  }
  if (!files.FileExists(folder + "/CURRENT", {}, nullptr).ok()) {
    if (any_file) {
      return Fail{StoreFailure{StoreFault::kDamaged,
                               folder + ": anchors are there and the file CURRENT is not"}};
    }
    return Fail{StoreFailure{StoreFault::kNoJournal,
                             folder + ": no journal is there (a journal's folder holds a file "
                                      "CURRENT)"}};
  }
  if (newest) return *newest;
  return Fail{StoreFailure{
      StoreFault::kDamaged,
      folder + ": no whole anchor is there; the run that wrote the journal did not finish"}};
}

}  // namespace ets::store
