#include "store/folder_parts.h"

#include <rocksdb/convenience.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "store/anchor.h"

namespace ets::store {
namespace {

namespace fs = std::filesystem;

StoreFailure Io(const std::string& message) { return {StoreFault::kIo, message}; }

bool HasEnding(const std::string& name, const std::string& ending) {
  return name.size() >= ending.size() &&
         name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

bool BelongsToAJournal(const std::string& name) {
  return name == "CURRENT" || name == kPoisonedName || name.rfind("MANIFEST-", 0) == 0 ||
         name.rfind("anchor.", 0) == 0 || HasEnding(name, ".sst") || HasEnding(name, ".log");
}

Result<std::vector<std::string>, StoreFailure> NamesIn(rocksdb::FileSystem& files,
                                                       const std::string& folder) {
  std::vector<std::string> names;
  const rocksdb::IOStatus status = files.GetChildren(folder, {}, &names, nullptr);
  if (!status.ok()) return Fail{Io("cannot list " + folder + ": " + status.ToString())};
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  return names;
}

rocksdb::IOStatus CopyFile(rocksdb::FileSystem& files, const std::string& from,
                           const std::string& to) {
  std::unique_ptr<rocksdb::FSSequentialFile> source;
  std::unique_ptr<rocksdb::FSWritableFile> copy;
  rocksdb::IOStatus status = files.NewSequentialFile(from, {}, &source, nullptr);
  if (status.ok()) status = files.NewWritableFile(to, {}, &copy, nullptr);
  std::string room(std::size_t{1} << 20U, '\0');
  rocksdb::Slice read;
  while (status.ok()) {
    status = source->Read(room.size(), {}, &read, room.data(), nullptr);
    if (!status.ok() || read.empty()) break;
    status = copy->Append(read, {}, nullptr);
  }
  if (status.ok()) status = copy->Sync({}, nullptr);
  if (status.ok()) status = copy->Close({}, nullptr);
  return status;
}

// The front of a batch, up to a record, as a batch of its own behind the one before.
std::string FrontOf(std::string_view value, std::uint64_t last, ChainEnd& end) {
  BatchWriter front;
  bool stopped = false;
  ChainEnd whole = end;
  ReadBatch(
      value, whole,
      [&](const JournalRecord& record) {
        if (record.sequence <= last) front.Append(record);
        return record.sequence < last;
      },
      stopped);
  return std::string(front.Seal(end));
}

// What a cut writes: the batch that holds the record, if it has to be split.
Result<ChainEnd, StoreFailure> PlanCut(const Database& database, std::uint64_t sequence,
                                       rocksdb::WriteBatch& changes) {
  if (sequence == 0) return ChainEnd{};
  const auto last = LastBatch(database);
  if (!last.ok()) return last;
  std::string value;
  const auto before = BatchBefore(database, sequence, *last, &value);
  if (!before.ok()) return before;
  ChainEnd end = *before;
  bool stopped = false;
  const std::string wrong = ReadBatch(
      value, end, [](const JournalRecord&) { return false; }, stopped);
  if (!wrong.empty()) return Fail{Damage(database, wrong)};
  if (end.sequence == sequence) return end;
  end = *before;
  const std::string front = FrontOf(value, sequence, end);
  changes.Put(database.batches, BatchKey(end.batch), front).PermitUncheckedError();
  return end;
}

}  // namespace

std::string MakeFolders(rocksdb::FileSystem& files, const std::string& folder) {
  std::vector<fs::path> missing;
  std::error_code failed;
  for (fs::path path = fs::absolute(folder, failed); !fs::exists(path, failed);
       path = path.parent_path()) {
    if (failed || path == path.parent_path()) break;
    missing.push_back(path);
  }
  fs::create_directories(folder, failed);
  if (failed) return "cannot create the folder " + folder + ": " + failed.message();
  for (const fs::path& path : missing) {
    std::string error = SyncFolder(files, path.parent_path().string());
    if (!error.empty()) return error;
  }
  return {};
}

Result<std::string, StoreFailure> WhatIsLeftIn(rocksdb::FileSystem& files,
                                               const std::string& folder,
                                               const std::string& second_anchor_folder) {
  for (const std::string& place : {folder, second_anchor_folder}) {
    if (place.empty() || !files.FileExists(place, {}, nullptr).ok()) continue;
    const auto names = NamesIn(files, place);
    if (!names.ok()) return Fail{names.error()};
    for (const std::string& name : *names) {
      if (BelongsToAJournal(name)) return place + "/" + name;
    }
  }
  return std::string();
}

FolderLock::FolderLock(rocksdb::FileSystem& files, const std::string& folder) : files_(files) {
  const rocksdb::IOStatus status = files.LockFile(folder + "/LOCK", {}, &lock_, nullptr);
  if (status.ok()) return;
  lock_ = nullptr;
  failure_ = FailureOf(folder, "cannot lock the journal", status);
}

FolderLock::~FolderLock() {
  if (lock_ != nullptr) files_.UnlockFile(lock_, {}, nullptr).PermitUncheckedError();
}

Result<Done, StoreFailure> MakeFolder(rocksdb::FileSystem& files, const std::string& folder,
                                      const Build& build) {
  std::error_code failed;
  const fs::path whole = fs::absolute(folder, failed).lexically_normal();
  const std::string partial = whole.string() + ".partial";
  const std::string parent = whole.parent_path().string();
  if (fs::exists(whole, failed)) {
    return Fail{StoreFailure{StoreFault::kExists, folder + ": there is something already"}};
  }
  std::string error = MakeFolders(files, parent);
  if (!error.empty()) return Fail{Io(error)};
  fs::remove_all(partial, failed);  // What a crash left.
  auto built = build(partial);
  if (built.ok()) {
    error = SyncFolder(files, partial);
    const rocksdb::IOStatus renamed = error.empty()
                                          ? files.RenameFile(partial, whole.string(), {}, nullptr)
                                          : rocksdb::IOStatus::OK();
    if (!renamed.ok()) error = "cannot rename " + partial + ": " + renamed.ToString();
    if (error.empty()) error = SyncFolder(files, parent);
    if (!error.empty()) built = Fail{Io(error)};
  }
  if (!built.ok()) fs::remove_all(partial, failed);
  return built;
}

Result<Done, StoreFailure> CopyJournal(rocksdb::FileSystem& files, const std::string& source,
                                       const std::string& folder, Copying copying) {
  const auto names = NamesIn(files, source);
  if (!names.ok()) return Fail{names.error()};
  rocksdb::IOStatus status = files.CreateDirIfMissing(folder, {}, nullptr);
  if (!status.ok()) return Fail{Io("cannot create " + folder + ": " + status.ToString())};
  for (const std::string& name : *names) {
    if (name == "LOCK" || name == kPoisonedName) continue;
    const std::string from = source + "/" + name;
    const std::string to = folder + "/" + name;
    std::error_code failed;
    if (fs::is_directory(from, failed)) continue;
    const bool may_link = copying == Copying::kLinks && HasEnding(name, ".sst");
    if (may_link && files.LinkFile(from, to, {}, nullptr).ok()) continue;
    status = CopyFile(files, from, to);
    if (!status.ok()) return Fail{Io("cannot copy " + from + ": " + status.ToString())};
  }
  return Done{};
}

Result<Done, StoreFailure> CheckpointInto(const Database& database, const std::string& folder) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(database.db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
  if (!status.ok()) return Fail{FailureOf(database.folder, "cannot make a checkpoint", status)};
  return Done{};
}

Result<ChainEnd, StoreFailure> TruncateAfter(const std::string& folder, std::uint64_t sequence,
                                             const StoreOptions& options) {
  ChainEnd end;
  {
    const auto database = OpenDatabase(folder, Access::kWrite, options);
    if (!database.ok()) return Fail{database.error()};
    rocksdb::WriteBatch changes(0, 0, 8, 0);
    const auto cut = PlanCut(**database, sequence, changes);
    if (!cut.ok()) return cut;
    end = *cut;
    const std::string beyond = BatchKey(std::numeric_limits<std::uint64_t>::max());
    // Whole files first: what is left for the deletion below lies in one file.
    const std::string first = BatchKey(end.batch + 1);
    const rocksdb::Slice from(first), to(beyond);
    rocksdb::Status status =
        rocksdb::DeleteFilesInRange((*database)->db.get(), (*database)->batches, &from, &to);
    if (status.ok()) status = changes.DeleteRange((*database)->batches, first, beyond);
    if (status.ok()) {
      status = changes.DeleteRange((*database)->snapshots, BatchKey(sequence + 1), beyond);
    }
    rocksdb::WriteOptions synced;
    synced.sync = true;
    if (status.ok()) status = (*database)->db->Write(synced, &changes);
    if (status.ok()) status = (*database)->background_error();
    if (!status.ok()) return Fail{FailureOf(folder, "cannot cut the journal", status)};
  }
  const auto anchored = WriteAnchors(*FilesOf(options), folder, end);
  if (!anchored.ok()) return Fail{anchored.error()};
  return end;
}

Result<Done, StoreFailure> WriteAnchors(rocksdb::FileSystem& files, const std::string& folder,
                                        const ChainEnd& end) {
  AnchorFiles anchors;
  std::string error = anchors.Open(files, folder);
  if (error.empty()) error = anchors.WriteBoth(end);
  if (!error.empty()) return Fail{Io(error)};
  return Done{};
}

}  // namespace ets::store
