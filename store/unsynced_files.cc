#include "store/unsynced_files.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace ets::store {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// A sync that its writer asks for, and the close behind it, are those of UnsyncedFiles::SyncAll().
class UnsyncedWritable final : public rocksdb::FSWritableFileWrapper {
 public:
  UnsyncedWritable(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name,
                   std::shared_ptr<UnsyncedFiles::Kept> kept)
      : FSWritableFileWrapper(file.get()),
        file_(std::move(file)),
        name_(std::move(name)),
        kept_(std::move(kept)) {}
  ~UnsyncedWritable() override {
    if (is_asked_) kept_->Keep(name_, {std::move(file_), nullptr});
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    is_asked_ = true;
    return Flush(options, context);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Sync(options, context);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    return is_asked_ ? Flush(options, context) : file_->Close(options, context);
  }

 private:
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  bool is_asked_ = false;
  const std::string name_;
  const std::shared_ptr<UnsyncedFiles::Kept> kept_;
};

class UnsyncedRandomRw final : public rocksdb::FSRandomRWFileWrapper {
 public:
  UnsyncedRandomRw(std::unique_ptr<rocksdb::FSRandomRWFile>&& file, std::string name,
                   std::shared_ptr<UnsyncedFiles::Kept> kept)
      : FSRandomRWFileWrapper(file.get()),
        file_(std::move(file)),
        name_(std::move(name)),
        kept_(std::move(kept)) {}
  ~UnsyncedRandomRw() override {
    if (is_asked_) kept_->Keep(name_, {nullptr, std::move(file_)});
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    is_asked_ = true;
    return Flush(options, context);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Sync(options, context);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    return is_asked_ ? Flush(options, context) : file_->Close(options, context);
  }

 private:
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  bool is_asked_ = false;
  const std::string name_;
  const std::shared_ptr<UnsyncedFiles::Kept> kept_;
};

class UnsyncedFolder final : public rocksdb::FSDirectoryWrapper {
 public:
  using FSDirectoryWrapper::FSDirectoryWrapper;

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*,
                               const rocksdb::DirFsyncOptions&) override {
    return IOStatus::OK();
  }
};

namespace {

constexpr std::size_t kSyncsAtATime = 4;

// The first failure, or ok().
IOStatus RunSideBySide(const std::vector<std::function<IOStatus()>>& tasks) {
  std::vector<IOStatus> results(tasks.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < tasks.size(); i = next++) results[i] = tasks[i]();
  };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < std::min(kSyncsAtATime, tasks.size()); ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  for (IOStatus& result : results) {
    if (!result.ok()) return std::move(result);
  }
  return IOStatus::OK();
}

}  // namespace

IOStatus UnsyncedFiles::Written::SyncAndClose() {
  IOStatus synced = appended ? appended->Sync({}, nullptr) : overwritten->Sync({}, nullptr);
  IOStatus closed = appended ? appended->Close({}, nullptr) : overwritten->Close({}, nullptr);
  return synced.ok() ? closed : synced;
}

void UnsyncedFiles::Kept::Keep(const std::string& name, Written written) {
  const std::lock_guard lock(mutex);
  files.emplace(name, std::move(written));
}

UnsyncedFiles::UnsyncedFiles(std::shared_ptr<rocksdb::FileSystem> files, const std::string& folder)
    : FileSystemWrapper(std::move(files)), folder_(folder), prefix_(folder + "/") {}

IOStatus UnsyncedFiles::SyncAll() {
  const std::lock_guard lock(kept_->mutex);
  std::vector<std::function<IOStatus()>> syncs;
  for (auto& [name, file] : kept_->files) {
    syncs.emplace_back([&written = file] { return written.SyncAndClose(); });
  }
  syncs.emplace_back([this] {
    std::unique_ptr<rocksdb::FSDirectory> names;
    IOStatus status = target()->NewDirectory(folder_, {}, &names, nullptr);
    return status.ok() ? names->Fsync({}, nullptr) : status;
  });
  IOStatus first = RunSideBySide(syncs);
  kept_->files.clear();
  return first;
}

IOStatus UnsyncedFiles::NewWritableFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* result,
                                        IODebugContext* context) {
  IOStatus status = target()->NewWritableFile(name, options, result, context);
  if (status.ok() && IsOurs(name)) {
    *result = std::make_unique<UnsyncedWritable>(std::move(*result), name, kept_);
  }
  return status;
}

IOStatus UnsyncedFiles::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                                           IODebugContext* context) {
  IOStatus status = target()->ReopenWritableFile(name, options, result, context);
  if (status.ok() && IsOurs(name)) {
    *result = std::make_unique<UnsyncedWritable>(std::move(*result), name, kept_);
  }
  return status;
}

IOStatus UnsyncedFiles::NewRandomRWFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                                        IODebugContext* context) {
  IOStatus status = target()->NewRandomRWFile(name, options, result, context);
  if (status.ok() && IsOurs(name)) {
    *result = std::make_unique<UnsyncedRandomRw>(std::move(*result), name, kept_);
  }
  return status;
}

IOStatus UnsyncedFiles::NewDirectory(const std::string& name, const IOOptions& options,
                                     std::unique_ptr<rocksdb::FSDirectory>* result,
                                     IODebugContext* context) {
  IOStatus status = target()->NewDirectory(name, options, result, context);
  if (status.ok() && (name == folder_ || IsOurs(name))) {
    *result = std::make_unique<UnsyncedFolder>(std::move(*result));
  }
  return status;
}

IOStatus UnsyncedFiles::DeleteFile(const std::string& name, const IOOptions& options,
                                   IODebugContext* context) {
  IOStatus status = target()->DeleteFile(name, options, context);
  const std::lock_guard lock(kept_->mutex);
  if (status.ok()) kept_->files.erase(name);
  return status;
}

IOStatus UnsyncedFiles::RenameFile(const std::string& from, const std::string& to,
                                   const IOOptions& options, IODebugContext* context) {
  IOStatus status = target()->RenameFile(from, to, options, context);
  if (!status.ok()) return status;
  const std::lock_guard lock(kept_->mutex);
  kept_->files.erase(to);
  while (auto moved = kept_->files.extract(from)) {
    moved.key() = to;
    kept_->files.insert(std::move(moved));
  }
  return status;
}

}  // namespace ets::store
