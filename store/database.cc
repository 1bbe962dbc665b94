#include "store/database.h"

#include <rocksdb/file_checksum.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "store/watched_files.h"

namespace ets::store {

class ErrorWatch final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    const std::lock_guard lock(mutex_);
    if (first_.ok()) first_ = *error;
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  rocksdb::Status first() const {
    const std::lock_guard lock(mutex_);
    return first_;
  }

 private:
  mutable std::mutex mutex_;
  rocksdb::Status first_;
};

namespace {

constexpr const char* kSnapshotFamily = "snapshot";

// A journal's folder holds no diary of the database: it would differ from run to run.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, std::va_list) override {}
};

}  // namespace

// Holds the log's records to their order while they are replayed. A log that repeats what another
// one said, as an exchanged or misplaced file does, is damage; RocksDB itself would abort.
class LogOrder final : public rocksdb::WalFilter {
 public:
  using rocksdb::WalFilter::LogRecordFound;
  WalProcessingOption LogRecordFound(unsigned long long, const std::string&,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*,
                                     bool*) override {
    // A batch begins with the sequence of its first entry.
    ByteReader header(batch.Data());
    const auto first = header.Get<std::uint64_t>();
    if (!header.ok() || first < next_) return WalProcessingOption::kCorruptedRecord;
    next_ = first + std::max(batch.Count(), 1U);
    return WalProcessingOption::kContinueProcessing;
  }
  const char* Name() const override { return "LogOrder"; }

 private:
  std::uint64_t next_ = 0;
};

namespace {

// What must hold whatever it costs.
void BeSafe(rocksdb::Options& options) {
  // With the default recovery mode one flipped byte in the log silently loses everything behind it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0;
  options.track_and_verify_wals_in_manifest = true;
  options.verify_sst_unique_id_in_manifest = true;
  options.best_efforts_recovery = false;
  options.paranoid_checks = true;
  options.fail_if_options_file_error = true;
  options.unordered_write = false;
  options.two_write_queues = false;
  options.manual_wal_flush = false;
  options.memtable_protection_bytes_per_key = 8;
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.max_bgerror_resume_count = 0;
}

// A few hundred large values, written once in key order, read once in key order.
rocksdb::Options DatabaseOptions() {
  rocksdb::Options options;
  options.info_log = std::make_shared<NoLog>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;

  options.compression = rocksdb::kNoCompression;
  // New data files, whose keys never overlap, move to the one level below as they are: there a
  // search meets one file, not all. Nothing is written twice but where a fork was cut.
  options.num_levels = 2;
  options.level0_file_num_compaction_trigger = 1;
  options.soft_pending_compaction_bytes_limit = 0;
  options.hard_pending_compaction_bytes_limit = 0;
  options.ttl = 0;
  options.periodic_compaction_seconds = 0;
  options.level0_slowdown_writes_trigger = 1 << 30;
  options.level0_stop_writes_trigger = 1 << 30;
  options.max_write_buffer_number = 3;
  options.max_background_jobs = 2;
  options.skip_stats_update_on_db_open = true;
  options.max_file_opening_threads = 1;  // Starting threads costs more than opening a few files.
  options.bytes_per_sync = std::size_t{4} << 20U;
  options.max_total_wal_size = std::uint64_t{256} << 20U;
  options.avoid_flush_during_shutdown = true;
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  BeSafe(options);
  return options;
}

constexpr int kLooksBesideAWriter = 8;

// Journals of finished runs that were written before snapshots existed have one family only.
Result<std::vector<std::string>, StoreFailure> FamiliesOf(const std::string& folder,
                                                          const rocksdb::Options& options) {
  std::vector<std::string> names;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(options, folder, &names);
  if (!status.ok()) return Fail{FailureOf(folder, "cannot open the journal", status)};
  return names;
}

bool IsLockFailure(const rocksdb::Status& status) {
  return status.IsIOError() && status.ToString().find("/LOCK:") != std::string::npos;
}

}  // namespace

std::optional<std::uint64_t> BatchIndex::Find(std::uint64_t batch) const {
  const std::lock_guard lock(mutex_);
  if (batch >= first_sequences_.size() || first_sequences_[batch] == 0) return {};
  return first_sequences_[batch];
}

void BatchIndex::Note(std::uint64_t batch, std::uint64_t first_sequence) {
  const std::lock_guard lock(mutex_);
  if (batch >= first_sequences_.size()) first_sequences_.resize(batch + 1);
  first_sequences_[batch] = first_sequence;
}

Database::~Database() {
  if (db == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* const family : {batches, snapshots}) {
    if (family != nullptr) db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
}

rocksdb::Status Database::background_error() const {
  rocksdb::Status told = watch->first();
  return told.ok() ? watched->first_error() : told;
}

std::shared_ptr<rocksdb::FileSystem> FilesOf(const StoreOptions& options) {
  return options.file_system ? options.file_system : rocksdb::FileSystem::Default();
}

Result<std::shared_ptr<Database>, StoreFailure> OpenDatabase(const std::string& folder,
                                                             Access access,
                                                             const StoreOptions& store_options) {
  auto database = std::make_shared<Database>();
  database->folder = folder;
  database->files = FilesOf(store_options);
  database->watch = std::make_shared<ErrorWatch>();
  rocksdb::Options options = DatabaseOptions();
  options.listeners.push_back(database->watch);
  database->log_order = std::make_shared<LogOrder>();
  options.wal_filter = database->log_order.get();
  options.write_buffer_size = store_options.write_buffer_bytes;
  database->watched = std::make_shared<WatchedFiles>(database->files, folder);
  database->env = rocksdb::NewCompositeEnv(database->watched);
  options.env = database->env.get();
  options.create_if_missing = access == Access::kCreate;
  options.error_if_exists = access == Access::kCreate;
  if (access == Access::kBuild) {
    options.disable_auto_compactions = true;
    options.max_open_files = 20;  // Only those that are looked into; all others stay closed.
  }

  bool has_snapshots = false;
  if (access != Access::kCreate) {
    const auto names = FamiliesOf(folder, options);
    if (!names.ok()) return Fail{names.error()};
    has_snapshots = std::find(names->begin(), names->end(), kSnapshotFamily) != names->end();
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, options);
  if (has_snapshots) families.emplace_back(kSnapshotFamily, options);

  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status status;
  if (access == Access::kRead) {
    // A writer beside us may take a file away that the manifest named a moment ago; the next look
    // finds what replaced it. A file that is really gone is missing every time.
    for (int look = 0; look < kLooksBesideAWriter; ++look) {
      status = rocksdb::DB::OpenForReadOnly(options, folder, families, &handles, &db);
      if (status.ok() || status.ToString().find("No such file") == std::string::npos) break;
    }
  } else {
    status = rocksdb::DB::Open(options, folder, families, &handles, &db);
  }
  if (!status.ok()) {
    const char* const what =
        access == Access::kCreate ? "cannot create a journal" : "cannot open the journal";
    return Fail{FailureOf(folder, what, status)};
  }
  database->db.reset(db);
  database->batches = handles[0];
  if (has_snapshots) {
    database->snapshots = handles[1];
  } else if (access != Access::kRead) {
    // Not by create_missing_column_families: when that fails half-way, RocksDB aborts the process.
    const rocksdb::Status made =
        db->CreateColumnFamily(options, kSnapshotFamily, &database->snapshots);
    if (!made.ok()) return Fail{FailureOf(folder, "cannot make room for snapshots", made)};
  }
  return database;
}

rocksdb::ReadOptions LookupOptions() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  return options;
}

rocksdb::ReadOptions ScanOptions() {
  rocksdb::ReadOptions options = LookupOptions();
  options.readahead_size = std::size_t{4} << 20U;
  return options;
}

StoreFailure FailureOf(const std::string& folder, const std::string& what,
                       const rocksdb::Status& status) {
  const std::string message = folder + ": " + what + ": " + status.ToString();
  if (IsLockFailure(status)) {
    return {StoreFault::kLocked, folder + ": another writer has the journal"};
  }
  const bool is_io = status.IsIOError() || status.IsNoSpace() || status.IsTimedOut();
  return {is_io && !status.IsPathNotFound() ? StoreFault::kIo : StoreFault::kDamaged, message};
}

}  // namespace ets::store
