#include "store/watched_files.h"

#include <string_view>
#include <utility>

#include "store/data_file.h"

namespace ets::store {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus WatchedFiles::Watch::Heard(IOStatus status) {
  // What the file system cannot do is no failure of the disk.
  if (status.ok() || status.IsNotSupported()) return status;
  const std::lock_guard lock(mutex_);
  if (first_.ok()) first_ = status;
  return status;
}

IOStatus WatchedFiles::Watch::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

namespace {

bool IsOfOptions(std::string_view path) {
  return path.substr(path.rfind('/') + 1).starts_with("OPTIONS-");
}

}  // namespace

class WatchedWritable final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedWritable(std::unique_ptr<rocksdb::FSWritableFile>&& file, const std::string& name,
                  std::shared_ptr<WatchedFiles::Watch> watch)
      : FSWritableFileOwnerWrapper(std::move(file)),
        is_synced_(!IsOfOptions(name)),
        watch_(std::move(watch)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    return watch_->Heard(target()->Append(data, options, context));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* context) override {
    return watch_->Heard(target()->Append(data, options, info, context));
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options,
                    IODebugContext* context) override {
    return watch_->Heard(target()->Truncate(size, options, context));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    return watch_->Heard(target()->Close(options, context));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* context) override {
    return watch_->Heard(target()->Flush(options, context));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    return is_synced_ ? watch_->Heard(target()->Sync(options, context)) : IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return is_synced_ ? watch_->Heard(target()->Fsync(options, context)) : IOStatus::OK();
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t size, const IOOptions& options,
                     IODebugContext* context) override {
    return watch_->Heard(target()->RangeSync(offset, size, options, context));
  }

 private:
  const bool is_synced_;
  const std::shared_ptr<WatchedFiles::Watch> watch_;
};

class WatchedFolder final : public rocksdb::FSDirectoryWrapper {
 public:
  WatchedFolder(std::unique_ptr<rocksdb::FSDirectory>&& folder,
                std::shared_ptr<WatchedFiles::Watch> watch)
      : FSDirectoryWrapper(std::move(folder)), watch_(std::move(watch)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return watch_->Heard(FSDirectoryWrapper::Fsync(options, context));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions& how) override {
    if (IsOfOptions(how.renamed_new_name)) return IOStatus::OK();
    return watch_->Heard(FSDirectoryWrapper::FsyncWithDirOptions(options, context, how));
  }

 private:
  const std::shared_ptr<WatchedFiles::Watch> watch_;
};

WatchedFiles::WatchedFiles(std::shared_ptr<rocksdb::FileSystem> files, const std::string& folder)
    : FileSystemWrapper(std::move(files)), folder_(folder), prefix_(folder + "/") {}

IOStatus WatchedFiles::first_error() const { return watch_->first(); }

IOStatus WatchedFiles::NewWritableFile(const std::string& name, const FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       IODebugContext* context) {
  IOStatus status = Heard(name, target()->NewWritableFile(name, options, result, context));
  if (status.ok() && IsOurs(name)) {
    *result = std::make_unique<WatchedWritable>(std::move(*result), name, watch_);
  }
  return status;
}

IOStatus WatchedFiles::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result,
                                          IODebugContext* context) {
  IOStatus status = Heard(name, target()->ReopenWritableFile(name, options, result, context));
  if (status.ok() && IsOurs(name)) {
    *result = std::make_unique<WatchedWritable>(std::move(*result), name, watch_);
  }
  return status;
}

IOStatus WatchedFiles::NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                           IODebugContext* context) {
  IOStatus status = target()->NewRandomAccessFile(name, options, result, context);
  if (!status.ok() || !name.ends_with(".sst")) return status;
  std::uint64_t size = 0;
  status = target()->GetFileSize(name, {}, &size, context);
  if (status.ok() && !HasSoundEnd(**result, size)) {
    status = IOStatus::Corruption("its properties are damaged", name);
  }
  if (!status.ok()) result->reset();
  return status;
}

IOStatus WatchedFiles::NewDirectory(const std::string& name, const IOOptions& options,
                                    std::unique_ptr<rocksdb::FSDirectory>* result,
                                    IODebugContext* context) {
  IOStatus status = target()->NewDirectory(name, options, result, context);
  if (name != folder_ && !IsOurs(name)) return status;
  if (status.ok()) *result = std::make_unique<WatchedFolder>(std::move(*result), watch_);
  return watch_->Heard(std::move(status));
}

IOStatus WatchedFiles::DeleteFile(const std::string& name, const IOOptions& options,
                                  IODebugContext* context) {
  IOStatus status = target()->DeleteFile(name, options, context);
  const bool is_gone_already = status.IsNotFound() || status.IsPathNotFound();
  return is_gone_already ? status : Heard(name, std::move(status));
}

IOStatus WatchedFiles::RenameFile(const std::string& from, const std::string& to,
                                  const IOOptions& options, IODebugContext* context) {
  return Heard(to, target()->RenameFile(from, to, options, context));
}

IOStatus WatchedFiles::LinkFile(const std::string& from, const std::string& to,
                                const IOOptions& options, IODebugContext* context) {
  return Heard(to, target()->LinkFile(from, to, options, context));
}

}  // namespace ets::store
