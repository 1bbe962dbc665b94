#pragma once

#include <rocksdb/file_system.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace ets::store {

// The files of a folder in the making, of which nothing is promised before the folder gets its
// name. Below `folder` each sync of a file or a folder is put off until SyncAll(), which does one
// for each file that is still there, several at a time: a disk takes them together. Elsewhere
// everything is passed on unchanged. Thread-safe.
class UnsyncedFiles final : public rocksdb::FileSystemWrapper {
 public:
  UnsyncedFiles(std::shared_ptr<rocksdb::FileSystem> files, const std::string& folder);
  static const char* kClassName() { return "UnsyncedFiles"; }
  const char* Name() const override { return kClassName(); }

  // Makes all files of which a sync was asked, and the names in the folder, durable; or the first
  // failure. REQUIRES: nobody has a file open any more.
  rocksdb::IOStatus SyncAll();

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;

 private:
  friend class UnsyncedWritable;
  friend class UnsyncedRandomRw;

  // A file that its writer is done with: open still, for a sync hears of what failed since then.
  struct Written {
    std::unique_ptr<rocksdb::FSWritableFile> appended;
    std::unique_ptr<rocksdb::FSRandomRWFile> overwritten;

    rocksdb::IOStatus SyncAndClose();
  };
  // Of each file, by its name, whoever wrote to it; shared with what is open.
  struct Kept {
    std::mutex mutex;
    std::multimap<std::string, Written> files;

    void Keep(const std::string& name, Written written);
  };

  bool IsOurs(const std::string& name) const { return name.rfind(prefix_, 0) == 0; }

  const std::string folder_;
  const std::string prefix_;
  const std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

}  // namespace ets::store
