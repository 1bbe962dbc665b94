#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <mutex>
#include <string>

namespace ets::store {

// The files of one journal, watched: the first create, write, sync, rename, link, delete or folder
// sync below `folder` that fails is kept, whoever asked for it. RocksDB tells most errors of its
// background work to a listener, but not all; here none goes unheard. What is copied to another
// folder may fail without touching the journal, and is not watched. Thread-safe.
//
// Passes everything on, with two exceptions. A data file whose end would make RocksDB abort is
// refused (data_file.h). And the files in which RocksDB notes its options, which nobody reads, are
// not synced.
class WatchedFiles final : public rocksdb::FileSystemWrapper {
 public:
  WatchedFiles(std::shared_ptr<rocksdb::FileSystem> files, const std::string& folder);
  static const char* kClassName() { return "WatchedFiles"; }
  const char* Name() const override { return kClassName(); }

  // ok() as long as nothing failed.
  rocksdb::IOStatus first_error() const;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override;

 private:
  friend class WatchedWritable;
  friend class WatchedFolder;

  // What the disk said of a file, shared by whatever is open, which may outlive this.
  class Watch {
   public:
    rocksdb::IOStatus Heard(rocksdb::IOStatus status);
    rocksdb::IOStatus first() const;

   private:
    mutable std::mutex mutex_;
    rocksdb::IOStatus first_;
  };

  bool IsOurs(const std::string& name) const { return name.rfind(prefix_, 0) == 0; }
  rocksdb::IOStatus Heard(const std::string& name, rocksdb::IOStatus status) {
    return IsOurs(name) ? watch_->Heard(std::move(status)) : status;
  }

  const std::string folder_;
  const std::string prefix_;
  const std::shared_ptr<Watch> watch_ = std::make_shared<Watch>();
};

}  // namespace ets::store
