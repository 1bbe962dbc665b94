#pragma once

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/options.h"

namespace ets::store {

// Inside store/: the RocksDB under a journal, opened the one way there is.

// Hears of every error that RocksDB meets in the background, and forbids it to recover by itself.
class ErrorWatch;
class LogOrder;
class WatchedFiles;

enum class Access : std::uint8_t {
  kCreate,
  kWrite,
  kRead,
  kBuild,  // kWrite to a folder in the making, where nothing is tidied up behind the scenes.
};

// Where batches begin, as far as somebody has looked: what makes a record's batch quick to find.
// Thread-safe.
class BatchIndex {
 public:
  std::optional<std::uint64_t> Find(std::uint64_t batch) const;
  void Note(std::uint64_t batch, std::uint64_t first_sequence);

 private:
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> first_sequences_;  // By batch; 0: not known.
};

struct Database {
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // What went wrong behind the writer's back; ok() as long as nothing did. Told by the database
  // itself or by its files, which also hear what it keeps to itself.
  rocksdb::Status background_error() const;

  std::string folder;
  std::shared_ptr<rocksdb::FileSystem> files;
  std::shared_ptr<ErrorWatch> watch;
  std::shared_ptr<LogOrder> log_order;
  std::unique_ptr<BatchIndex> index = std::make_unique<BatchIndex>();
  std::shared_ptr<WatchedFiles> watched;
  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyHandle* batches = nullptr;
  rocksdb::ColumnFamilyHandle* snapshots = nullptr;  // Null when only read, and none was kept.
};

std::shared_ptr<rocksdb::FileSystem> FilesOf(const StoreOptions& options);

Result<std::shared_ptr<Database>, StoreFailure> OpenDatabase(const std::string& folder,
                                                             Access access,
                                                             const StoreOptions& options);

// Checksums on, nothing cached; for one value, and for a scan that sees every byte once.
rocksdb::ReadOptions LookupOptions();
rocksdb::ReadOptions ScanOptions();

StoreFailure FailureOf(const std::string& folder, const std::string& what,
                       const rocksdb::Status& status);

}  // namespace ets::store
