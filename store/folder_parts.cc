#include "store/folder_parts.h"

#include <rocksdb/convenience.h>
#include <rocksdb/metadata.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "store/anchor.h"
#include "store/unsynced_files.h"

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

// The first `size` bytes, or all there are.
rocksdb::IOStatus CopyFile(rocksdb::FileSystem& files, const std::string& from,
                           const std::string& to,
                           std::uint64_t size = std::numeric_limits<std::uint64_t>::max()) {
  std::unique_ptr<rocksdb::FSSequentialFile> source;
  std::unique_ptr<rocksdb::FSWritableFile> copy;
  rocksdb::IOStatus status = files.NewSequentialFile(from, {}, &source, nullptr);
  if (status.ok()) status = files.NewWritableFile(to, {}, &copy, nullptr);
  std::string room(std::size_t{1} << 20U, '\0');
  rocksdb::Slice read;
  while (status.ok() && size > 0) {
    const std::size_t wanted = std::min<std::uint64_t>(room.size(), size);
    status = source->Read(wanted, {}, &read, room.data(), nullptr);
    if (!status.ok() || read.empty()) break;
    size -= read.size();
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

bool HasKeyFrom(const Database& database, rocksdb::ColumnFamilyHandle* family,
                const std::string& first) {
  const std::unique_ptr<rocksdb::Iterator> kept(database.db->NewIterator(LookupOptions(), family));
  kept->Seek(first);
  return kept->Valid();
}

// Writes the changes and takes away what lies behind the end. All of it is in data files
// afterwards, so that whoever opens the journal finds no log to write out.
rocksdb::Status CutBehind(const Database& database, const ChainEnd& end,
                          rocksdb::WriteBatch& changes) {
  rocksdb::DB& db = *database.db;
  const std::string beyond = BatchKey(std::numeric_limits<std::uint64_t>::max());
  // Whole files first: what is left for the deletion below lies in one file.
  const std::string first = BatchKey(end.batch + 1);
  const rocksdb::Slice from(first), to(beyond);
  rocksdb::Status status = rocksdb::DeleteFilesInRange(&db, database.batches, &from, &to);
  for (const auto& [family, key] : {std::pair{database.batches, first},
                                    std::pair{database.snapshots, BatchKey(end.sequence + 1)}}) {
    if (status.ok() && HasKeyFrom(database, family, key)) {
      status = changes.DeleteRange(family, key, beyond);
    }
  }
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  if (status.ok() && changes.Count() > 0) status = db.Write(options, &changes);
  if (status.ok()) {
    status = db.Flush(rocksdb::FlushOptions(), {database.batches, database.snapshots});
  }
  return status.ok() ? database.background_error() : status;
}

// Links a data file or copies what counts of another one.
rocksdb::Status PutLiveFile(rocksdb::FileSystem& files, const rocksdb::LiveFileStorageInfo& file,
                            const std::string& to) {
  if (!file.replacement_contents.empty()) {
    std::unique_ptr<rocksdb::FSWritableFile> made;
    rocksdb::IOStatus status = files.NewWritableFile(to, {}, &made, nullptr);
    if (status.ok()) status = made->Append(file.replacement_contents, {}, nullptr);
    if (status.ok()) status = made->Sync({}, nullptr);
    if (status.ok()) status = made->Close({}, nullptr);
    return status;
  }
  const std::string from = file.directory + "/" + file.relative_filename;
  if (file.file_type == rocksdb::kTableFile) {
    rocksdb::IOStatus status = files.LinkFile(from, to, {}, nullptr);
    if (!status.IsNotSupported()) return status;
  }
  return CopyFile(files, from, to, file.size);
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

Result<Done, StoreFailure> MakeFolder(const Files& files, const std::string& folder,
                                      const Build& build) {
  std::error_code failed;
  const fs::path whole = fs::absolute(folder, failed).lexically_normal();
  const std::string partial = whole.string() + ".partial";
  const std::string parent = whole.parent_path().string();
  if (fs::exists(whole, failed)) {
    return Fail{StoreFailure{StoreFault::kExists, folder + ": there is something already"}};
  }
  std::string error = MakeFolders(*files, parent);
  if (!error.empty()) return Fail{Io(error)};
  fs::remove_all(partial, failed);  // What a crash left.
  const auto unsynced = std::make_shared<UnsyncedFiles>(files, partial);
  auto built = build(unsynced, partial);
  if (built.ok()) {
    rocksdb::IOStatus status = unsynced->SyncAll();
    if (!status.ok()) error = "cannot sync " + partial + ": " + status.ToString();
    if (status.ok()) {
      status = files->RenameFile(partial, whole.string(), {}, nullptr);
      if (!status.ok()) error = "cannot rename " + partial + ": " + status.ToString();
    }
    if (error.empty()) error = SyncFolder(*files, parent);
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

Result<Done, StoreFailure> CheckpointInto(const Database& database, rocksdb::FileSystem& files,
                                          const std::string& folder) {
  rocksdb::DB& db = *database.db;
  rocksdb::Status status = db.DisableFileDeletions();
  std::vector<rocksdb::LiveFileStorageInfo> live;
  if (status.ok()) status = db.GetLiveFilesStorageInfo({}, &live);
  if (status.ok()) status = files.CreateDirIfMissing(folder, {}, nullptr);
  for (const rocksdb::LiveFileStorageInfo& file : live) {
    if (!status.ok()) break;
    // What the database notes about its options it never reads.
    if (file.file_type == rocksdb::kOptionsFile) continue;
    status = PutLiveFile(files, file, folder + "/" + file.relative_filename);
  }
  const rocksdb::Status enabled = db.EnableFileDeletions(false);
  if (status.ok()) status = enabled;
  if (!status.ok()) return Fail{FailureOf(database.folder, "cannot make a checkpoint", status)};
  return Done{};
}

Result<ChainEnd, StoreFailure> TruncateAfter(const Files& files, const std::string& folder,
                                             std::uint64_t sequence) {
  StoreOptions options;
  options.file_system = files;
  ChainEnd end;
  {
    const auto database = OpenDatabase(folder, Access::kBuild, options);
    if (!database.ok()) return Fail{database.error()};
    rocksdb::WriteBatch changes(0, 0, 8, 0);
    const auto cut = PlanCut(**database, sequence, changes);
    if (!cut.ok()) return cut;
    end = *cut;
    const rocksdb::Status status = CutBehind(**database, end, changes);
    if (!status.ok()) return Fail{FailureOf(folder, "cannot cut the journal", status)};
  }
  const auto anchored = WriteAnchors(*files, folder, end);
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
