#include "store/journal_store.h"

#include <rocksdb/convenience.h>

#include <mutex>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "store/anchor.h"
#include "store/batch.h"
#include "store/database.h"
#include "store/folder.h"
#include "store/folder_parts.h"
#include "store/scan.h"

namespace ets::store {
namespace {

using Opened = Result<std::unique_ptr<JournalStore>, StoreFailure>;

StoreFailure Io(const std::string& message) { return {StoreFault::kIo, message}; }

// The whole chain, when it is wanted; the tail was looked at already.
Result<Done, StoreFailure> CheckFromTheFirst(const Database& database, const ChainEnd& end) {
  const auto read =
      ScanBatches(database, {}, end.batch, [](std::string_view value, ChainEnd& at, bool&) {
        bool never = false;
        return ReadBatch(
            value, at, [](const JournalRecord&) { return true; }, never);
      });
  if (!read.ok()) return Fail{read.error()};
  if (*read != end) return Fail{Damage(database, "the chain does not lead to its last batch")};
  return Done{};
}

// What the folder holds, looked at without changing it.
Result<ChainEnd, StoreFailure> Inspect(const std::string& folder, const StoreOptions& options,
                                       const ChainEnd& anchor) {
  const auto database = OpenDatabase(folder, Access::kRead, options);
  if (!database.ok()) return Fail{database.error()};
  const auto end = FindTail(**database, anchor);
  if (!end.ok() || options.check == Check::kTail) return end;
  const auto checked = CheckFromTheFirst(**database, *end);
  if (!checked.ok()) return Fail{checked.error()};
  return end;
}

}  // namespace

struct JournalStore::Impl {
  Durability durability = Durability::kAtClose;
  std::string folder;
  std::shared_ptr<rocksdb::FileSystem> files;
  std::shared_ptr<Database> database;
  std::vector<AnchorFiles> anchors;  // In the folder, and in the second one.
  BatchWriter batch;
  std::uint64_t last_sequence = 0;  // Of the last record taken, in the open batch too.
  bool closed = false;

  mutable std::mutex mutex;  // Guards what follows.
  ChainEnd end;              // After the last closed batch.
  std::string error;

  bool ok() const {
    const std::lock_guard lock(mutex);
    return error.empty();
  }
  // The first error stays: what follows from it would only hide it.
  bool Stop(const std::string& why) {
    const std::lock_guard lock(mutex);
    if (!error.empty()) return false;
    error = folder + ": " + why;
    return true;
  }
  // The disk failed. Whether the mark can still be written is its own matter.
  void Poison(const std::string& why) {
    if (!why.empty() && Stop(why)) {
      WriteSmallFile(*files, folder, kPoisonedName, why + "\n");
    }
  }
  void Poison(const rocksdb::Status& status, const char* what) {
    if (!status.ok()) Poison(std::string("cannot ") + what + ": " + status.ToString());
  }

  std::string OpenAnchors(const StoreOptions& options) {
    for (const std::string& place : {folder, options.second_anchor_folder}) {
      if (place.empty()) continue;
      if (!files->CreateDirIfMissing(place, {}, nullptr).ok()) return "cannot create " + place;
      std::string error_here = anchors.emplace_back().Open(*files, place);
      if (!error_here.empty()) return error_here;
    }
    return {};
  }
  std::string Anchor(const ChainEnd& at, bool both_copies) {
    for (AnchorFiles& place : anchors) {
      std::string error_here = both_copies ? place.WriteBoth(at) : place.WriteNext(at);
      if (!error_here.empty()) return error_here;
    }
    return {};
  }

  void CloseBatch() {
    if (!ok() || batch.count() == 0) return;
    ChainEnd next = end;
    const std::uint64_t first_sequence = next.sequence + 1;
    const std::string_view value = batch.Seal(next);
    const bool is_live = durability == Durability::kEveryBatch;
    rocksdb::WriteOptions options;
    options.sync = is_live;
    options.disableWAL = !is_live;
    options.protection_bytes_per_key = 8;
    Poison(database->db->Put(options, database->batches, BatchKey(next.batch),
                             rocksdb::Slice(value.data(), value.size())),
           "write a batch");
    if (ok() && is_live) Poison(Anchor(next, false));
    Poison(database->background_error(), "write behind the journal");
    batch.Reset();
    if (!ok()) return;
    database->index->Note(next.batch, first_sequence);
    const std::lock_guard lock(mutex);
    end = next;
  }
};

JournalStore::JournalStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalStore::~JournalStore() = default;

Opened JournalStore::Create(const std::string& folder, Durability durability,
                            const StoreOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->durability = durability;
  impl->folder = folder;
  impl->files = FilesOf(options);
  const std::string error = MakeFolders(*impl->files, folder);
  if (!error.empty()) return Fail{Io(error)};
  const auto left = WhatIsLeftIn(*impl->files, folder, options.second_anchor_folder);
  if (!left.ok()) return Fail{left.error()};
  if (!left->empty()) {
    return Fail{
        StoreFailure{StoreFault::kExists, folder + ": there is a journal already (" + *left + ")"}};
  }
  auto database = OpenDatabase(folder, Access::kCreate, options);
  if (!database.ok()) return Fail{database.error()};
  impl->database = *database;
  std::string wrong = impl->OpenAnchors(options);
  // A live journal that loses its log before its first batch must be told from one that lost it
  // after.
  if (wrong.empty() && durability == Durability::kEveryBatch) wrong = impl->Anchor({}, false);
  if (!wrong.empty()) return Fail{Io(wrong)};
  return std::unique_ptr<JournalStore>(new JournalStore(std::move(impl)));
}

Opened JournalStore::Open(const std::string& folder, Durability durability,
                          const StoreOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->durability = durability;
  impl->folder = folder;
  impl->files = FilesOf(options);
  std::string why;
  if (IsPoisoned(folder, options, &why)) {
    return Fail{StoreFailure{StoreFault::kPoisoned,
                             folder +
                                 ": a write failed here and nobody has verified the journal "
                                 "since: " +
                                 why}};
  }
  auto anchor = FindAnchor(folder, options);
  if (!anchor.ok()) return Fail{anchor.error()};
  ChainEnd found;
  {
    const FolderLock lock(*impl->files, folder);
    if (!lock.failure().message.empty()) return Fail{lock.failure()};
    // Again, now that nobody else writes.
    anchor = FindAnchor(folder, options);
    if (!anchor.ok()) return Fail{anchor.error()};
    const auto end = Inspect(folder, options, *anchor);
    if (!end.ok()) return Fail{end.error()};
    found = *end;
  }
  auto database = OpenDatabase(folder, Access::kWrite, options);
  if (!database.ok()) return Fail{database.error()};
  impl->database = *database;
  const auto end = FindTail(**database, *anchor);
  if (!end.ok()) return Fail{end.error()};
  if (*end != found) return Fail{Damage(**database, "somebody else wrote to it just now")};
  impl->end = found;
  impl->last_sequence = found.sequence;
  std::string wrong = impl->OpenAnchors(options);
  if (wrong.empty()) wrong = impl->Anchor(found, true);
  if (!wrong.empty()) return Fail{Io(wrong)};
  return std::unique_ptr<JournalStore>(new JournalStore(std::move(impl)));
}

void JournalStore::Append(const JournalRecord& record) {
  if (impl_->closed) impl_->Stop("the journal is closed");
  if (!impl_->ok()) return;
  ETS_ASSERT(record.sequence == impl_->last_sequence + 1);
  impl_->last_sequence = record.sequence;
  impl_->batch.Append(record);
  if (impl_->batch.count() >= kBatchRecordsMax || impl_->batch.bytes() >= kBatchBytesMax) {
    impl_->CloseBatch();
  }
}

void JournalStore::EndBatch() { impl_->CloseBatch(); }

std::string JournalStore::Close() {
  Impl& it = *impl_;
  if (it.closed) return it.error;
  it.CloseBatch();
  rocksdb::DB& db = *it.database->db;
  if (it.ok()) {
    it.Poison(db.Flush(rocksdb::FlushOptions(), {it.database->batches, it.database->snapshots}),
              "flush");
  }
  // What still moves in the background may fail too, and must not do so unheard.
  rocksdb::CancelAllBackgroundWork(&db, true);
  it.Poison(it.database->background_error(), "write behind the journal");
  // The anchor comes last: it says that everything before it is on the disk.
  if (it.ok()) it.Poison(it.Anchor(it.end, true));
  it.closed = true;
  it.database.reset();
  return it.error;
}

bool JournalStore::ok() const { return impl_->ok(); }
const std::string& JournalStore::error() const { return impl_->error; }
std::uint64_t JournalStore::last_sequence() const { return impl_->last_sequence; }
std::string JournalStore::chain_head() const { return ToHex(end().head); }

ChainEnd JournalStore::end() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->end;
}

JournalReader JournalStore::Reader() const {
  return {impl_->database, [this] { return end(); }};
}

Result<Done, StoreFailure> JournalStore::PutSnapshot(const Snapshot& snapshot) {
  const Database& database = *impl_->database;
  if (snapshot.at.batch > end().batch || !LiesOnChain(database, snapshot.at)) {
    return Fail{StoreFailure{StoreFault::kOutOfRange,
                             impl_->folder + ": record " + std::to_string(snapshot.at.sequence) +
                                 " does not end a batch with this chain head"}};
  }
  // Not through the log: a snapshot is no promise, and would make the log large.
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.protection_bytes_per_key = 8;
  rocksdb::Status status = database.db->Put(
      options, database.snapshots, BatchKey(snapshot.at.sequence), EncodeSnapshot(snapshot));
  if (status.ok()) status = database.db->Flush(rocksdb::FlushOptions(), database.snapshots);
  impl_->Poison(database.background_error(), "write behind the journal");
  if (!status.ok()) return Fail{FailureOf(impl_->folder, "cannot keep a snapshot", status)};
  return Done{};
}

void JournalStore::DropSnapshot(std::uint64_t sequence) {
  const Database& database = *impl_->database;
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  database.db->Delete(options, database.snapshots, BatchKey(sequence)).PermitUncheckedError();
}

Result<ChainEnd, StoreFailure> JournalStore::Checkpoint(const std::string& folder) const {
  const ChainEnd at = end();
  const auto made =
      MakeFolder(impl_->files, folder, [&](const Files& files, const std::string& partial) {
        const auto copied = CheckpointInto(*impl_->database, *files, partial);
        return copied.ok() ? WriteAnchors(*files, partial, at) : copied;
      });
  if (!made.ok()) return Fail{made.error()};
  return at;
}

Result<ChainEnd, StoreFailure> JournalStore::Fork(std::uint64_t sequence,
                                                  const std::string& folder) const {
  const ChainEnd at = end();
  if (sequence > at.sequence) return Fail{OutOfRange(*impl_->database, sequence, at)};
  ChainEnd fork;
  const auto made =
      MakeFolder(impl_->files, folder,
                 [&](const Files& files, const std::string& partial) -> Result<Done, StoreFailure> {
                   const auto copied = CheckpointInto(*impl_->database, *files, partial);
                   if (!copied.ok()) return Fail{copied.error()};
                   const auto cut = TruncateAfter(files, partial, sequence);
                   if (!cut.ok()) return Fail{cut.error()};
                   fork = *cut;
                   return Done{};
                 });
  if (!made.ok()) return Fail{made.error()};
  return fork;
}

}  // namespace ets::store
