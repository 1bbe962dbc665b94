#include "store/folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "store/anchor.h"
#include "store/database.h"
#include "store/folder_parts.h"
#include "store/scan.h"

namespace ets::store {
namespace {

namespace fs = std::filesystem;

StoreFailure Io(const std::string& message) { return {StoreFault::kIo, message}; }

std::string SystemError(const char* what, const std::string& path) {
  return std::string("cannot ") + what + " " + path + ": " + std::strerror(errno);
}

// Writes back what is dirty and forgets the rest, so that the next read comes from the disk: after
// a failed sync the cache may hold what the disk does not.
std::string DropCacheOf(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError("open", path);
  const std::string error = ::fsync(file) == 0 ? "" : SystemError("sync", path);
  ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  ::close(file);
  return error;
}

std::string DropCaches(const std::string& folder) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (!entry.is_regular_file(failed)) continue;
    std::string error = DropCacheOf(entry.path().string());
    if (!error.empty()) return error;
  }
  return failed ? "cannot list " + folder + ": " + failed.message() : "";
}

Result<Done, StoreFailure> VerifyFiles(const Database& database) {
  rocksdb::Status status = database.db->VerifyFileChecksums(ScanOptions());
  if (status.ok()) status = database.db->VerifyChecksum(ScanOptions());
  if (!status.ok()) return Fail{FailureOf(database.folder, "a checksum is wrong", status)};
  return Done{};
}

// Walks a journal from its first batch, held to its anchor, and shows each stored value.
Result<JournalSummary, StoreFailure> WalkValues(
    const std::string& folder, const StoreOptions& options,
    const std::function<void(std::string_view value)>& visit) {
  const auto anchor = FindAnchor(folder, options);
  if (!anchor.ok()) return Fail{anchor.error()};
  const auto database = OpenDatabase(folder, Access::kRead, options);
  if (!database.ok()) return Fail{database.error()};
  const auto files = VerifyFiles(**database);
  if (!files.ok()) return Fail{files.error()};
  const auto tail = FindTail(**database, *anchor);
  if (!tail.ok()) return Fail{tail.error()};
  const auto end =
      ScanBatches(**database, {}, tail->batch, [&](std::string_view value, ChainEnd& at, bool&) {
        bool never = false;
        std::string wrong = ReadBatch(
            value, at, [](const JournalRecord&) { return true; }, never);
        if (wrong.empty()) visit(value);
        return wrong;
      });
  if (!end.ok()) return Fail{end.error()};
  if (*end != *tail) return Fail{Damage(**database, "the chain does not lead to its last batch")};
  return JournalSummary{end->batch, end->sequence, end->sequence, ToHex(end->head)};
}

}  // namespace

Result<JournalSummary, StoreFailure> VerifyJournal(const std::string& folder,
                                                   const StoreOptions& options) {
  return WalkValues(folder, options, [](std::string_view) {});
}

bool IsPoisoned(const std::string& folder, const StoreOptions& options, std::string* why) {
  rocksdb::FileSystem& files = *FilesOf(options);
  if (files.FileExists(folder + "/" + kPoisonedName, {}, nullptr).IsNotFound()) return false;
  const auto text = ReadSmallFile(files, folder, kPoisonedName);
  if (why != nullptr) {
    *why = text.ok() && *text && !(*text)->empty() ? **text : "it does not say which";
    while (!why->empty() && why->back() == '\n') why->pop_back();
  }
  return true;
}

Result<JournalSummary, StoreFailure> ClearPoison(const std::string& folder,
                                                 const StoreOptions& options) {
  rocksdb::FileSystem& files = *FilesOf(options);
  const auto anchor = FindAnchor(folder, options);
  if (!anchor.ok()) return Fail{anchor.error()};
  const FolderLock lock(files, folder);
  if (!lock.failure().message.empty()) return Fail{lock.failure()};
  std::string error = DropCaches(folder);
  if (!error.empty()) return Fail{Io(error)};
  const auto verified = VerifyJournal(folder, options);
  if (!verified.ok() || !IsPoisoned(folder, options)) return verified;
  const rocksdb::IOStatus status = files.DeleteFile(folder + "/" + kPoisonedName, {}, nullptr);
  error = status.ok() ? SyncFolder(files, folder)
                      : "cannot take the mark from " + folder + ": " + status.ToString();
  if (!error.empty()) return Fail{Io(error)};
  return verified;
}

Result<ChainEnd, StoreFailure> Fork(const std::string& source, std::uint64_t sequence,
                                    const std::string& folder, const StoreOptions& options) {
  const Files disk = FilesOf(options);
  auto reader = JournalReader::Open(source, options);
  if (!reader.ok()) return Fail{reader.error()};
  const FolderLock lock(*disk, source);
  if (!lock.failure().message.empty()) return Fail{lock.failure()};
  ChainEnd fork;
  const auto made =
      MakeFolder(disk, folder,
                 [&](const Files& files, const std::string& partial) -> Result<Done, StoreFailure> {
                   const auto copied = CopyJournal(*files, source, partial, Copying::kLinks);
                   if (!copied.ok()) return copied;
                   const auto cut = TruncateAfter(files, partial, sequence);
                   if (!cut.ok()) return Fail{cut.error()};
                   fork = *cut;
                   return Done{};
                 });
  if (!made.ok()) return Fail{made.error()};
  return fork;
}

Result<JournalSummary, StoreFailure> Restore(const std::string& backup, const std::string& folder,
                                             const StoreOptions& options) {
  const Files disk = FilesOf(options);
  const auto anchor = FindAnchor(backup, options);
  if (!anchor.ok()) return Fail{anchor.error()};
  Result<JournalSummary, StoreFailure> verified = JournalSummary{};
  const auto made =
      MakeFolder(disk, folder,
                 [&](const Files& files, const std::string& partial) -> Result<Done, StoreFailure> {
                   const auto copied = CopyJournal(*files, backup, partial, Copying::kBytes);
                   if (!copied.ok()) return copied;
                   verified = VerifyJournal(partial, options);
                   if (!verified.ok()) return Fail{verified.error()};
                   return Done{};
                 });
  if (!made.ok()) return Fail{made.error()};
  return verified;
}

Result<JournalSummary, StoreFailure> Export(const std::string& folder, const std::string& file,
                                            const StoreOptions& options) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!out) return Fail{Io(SystemError("write", file))};
  std::string length;
  ByteWriter writer(length);
  const auto walked = WalkValues(folder, options, [&](std::string_view value) {
    length.clear();
    writer.Put(static_cast<std::uint32_t>(value.size()));
    out << length << value;
  });
  if (!walked.ok()) return walked;
  const auto anchor = FindAnchor(folder, options);
  if (!anchor.ok()) return Fail{anchor.error()};
  length.clear();
  writer.Put(std::uint32_t{0});
  out << length << EncodeAnchor(*anchor);
  out.close();
  if (!out) return Fail{Io(SystemError("write", file))};
  return walked;
}

}  // namespace ets::store
