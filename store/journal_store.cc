#include "store/journal_store.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "store/batch.h"

namespace ets::store {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kAnchorNames = {"anchor.0", "anchor.1"};

// A journal's folder holds no diary of the database: it would differ from run to run.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, std::va_list) override {}
};

// A few hundred large values, written once in key order, read once in key order.
rocksdb::Options DatabaseOptions() {
  rocksdb::Options options;
  options.info_log = std::make_shared<NoLog>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;

  options.compression = rocksdb::kNoCompression;
  options.disable_auto_compactions = true;
  options.level0_slowdown_writes_trigger = 1 << 30;
  options.level0_stop_writes_trigger = 1 << 30;
  options.write_buffer_size = std::size_t{32} << 20U;
  options.max_write_buffer_number = 3;
  options.max_background_jobs = 2;
  options.bytes_per_sync = std::size_t{4} << 20U;
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  // With the default recovery mode one flipped byte in the log silently loses everything behind it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  options.avoid_flush_during_shutdown = true;
  return options;
}

std::string SystemError(const std::string& what, const std::string& path) {
  return "cannot " + what + " " + path + ": " + std::strerror(errno);
}

// The two alternating anchor copies of a folder, held open: a torn write leaves the other one
// whole.
class AnchorFiles {
 public:
  AnchorFiles() = default;
  AnchorFiles(const AnchorFiles&) = delete;
  AnchorFiles& operator=(const AnchorFiles&) = delete;
  ~AnchorFiles() {
    for (const int file : files_) {
      if (file >= 0) ::close(file);
    }
  }

  // Each returns an empty string, or what went wrong.
  std::string Create(const std::string& folder) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      paths_[i] = folder + "/" + kAnchorNames[i];
      files_[i] = ::open(paths_[i].c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
      if (files_[i] < 0) return SystemError("create", paths_[i]);
    }
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = directory >= 0 && ::fsync(directory) == 0;
    const std::string error = synced ? "" : SystemError("sync", folder);
    if (directory >= 0) ::close(directory);
    return error;
  }

  std::string WriteNext(const ChainEnd& end) {
    turn_ = 1 - turn_;
    return WriteCopy(turn_, end);
  }

  std::string WriteBoth(const ChainEnd& end) {
    const std::string error = WriteNext(end);
    return error.empty() ? WriteNext(end) : error;
  }

 private:
  std::string WriteCopy(std::size_t copy, const ChainEnd& end) {
    const std::string bytes = EncodeAnchor(end);
    if (::pwrite(files_[copy], bytes.data(), bytes.size(), 0) !=
        static_cast<ssize_t>(bytes.size())) {
      return SystemError("write", paths_[copy]);
    }
    return ::fdatasync(files_[copy]) == 0 ? "" : SystemError("sync", paths_[copy]);
  }

  std::array<int, 2> files_{-1, -1};
  std::array<std::string, 2> paths_;
  std::size_t turn_ = 1;
};

// The newer of the copies that are whole.
std::optional<ChainEnd> ReadAnchor(const std::string& folder) {
  std::optional<ChainEnd> newest;
  for (const char* const name : kAnchorNames) {
    std::ifstream file(folder + "/" + name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto anchor = DecodeAnchor(bytes);
    if (anchor && (!newest || anchor->batch > newest->batch)) newest = anchor;
  }
  return newest;
}

}  // namespace

struct JournalStore::Impl {
  Durability durability = Durability::kAtClose;
  std::string folder;
  std::unique_ptr<rocksdb::DB> db;
  AnchorFiles anchors;
  BatchWriter batch;
  ChainEnd end;                     // After the last closed batch.
  std::uint64_t last_sequence = 0;  // Of the last record taken, in the open batch too.
  std::string error;
  bool closed = false;

  // The first error stays: what follows from it would only hide it.
  void Poison(const std::string& why) {
    if (error.empty() && !why.empty()) error = folder + ": " + why;
  }
  void Poison(const rocksdb::Status& status, const char* what) {
    if (!status.ok()) Poison(std::string("cannot ") + what + ": " + status.ToString());
  }

  void CloseBatch() {
    if (!error.empty() || batch.count() == 0) return;
    ChainEnd next = end;
    const std::string_view value = batch.Seal(next);
    rocksdb::WriteOptions options;
    options.sync = durability == Durability::kEveryBatch;
    options.disableWAL = !options.sync;
    Poison(db->Put(options, BatchKey(next.batch), rocksdb::Slice(value.data(), value.size())),
           "write a batch");
    if (error.empty() && options.sync) Poison(anchors.WriteNext(next));
    batch.Reset();
    if (error.empty()) end = next;
  }
};

JournalStore::JournalStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalStore::~JournalStore() = default;

Result<std::unique_ptr<JournalStore>, std::string> JournalStore::Create(const std::string& folder,
                                                                        Durability durability) {
  auto impl = std::make_unique<Impl>();
  impl->durability = durability;
  impl->folder = folder;

  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return Fail{"cannot create the folder " + folder + ": " + failed.message()};
  if (fs::exists(folder + "/CURRENT", failed)) {
    return Fail{folder + ": there is a journal already"};
  }
  rocksdb::Options options = DatabaseOptions();
  options.create_if_missing = true;
  options.error_if_exists = true;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, folder, &db);
  if (!status.ok()) return Fail{"cannot create a journal in " + folder + ": " + status.ToString()};
  impl->db.reset(db);
  std::string error = impl->anchors.Create(folder);
  // A live journal that loses its log before its first batch must be told from one that lost it
  // after.
  if (error.empty() && durability == Durability::kEveryBatch) {
    error = impl->anchors.WriteNext(impl->end);
  }
  if (!error.empty()) return Fail{error};
  return std::unique_ptr<JournalStore>(new JournalStore(std::move(impl)));
}

void JournalStore::Append(const JournalRecord& record) {
  if (impl_->closed) impl_->Poison("the journal is closed");
  if (!impl_->error.empty()) return;
  ETS_ASSERT(record.sequence == impl_->last_sequence + 1);
  impl_->last_sequence = record.sequence;
  impl_->batch.Append(record);
  if (impl_->batch.count() >= kBatchRecordsMax || impl_->batch.bytes() >= kBatchBytesMax) {
    impl_->CloseBatch();
  }
}

void JournalStore::EndBatch() { impl_->CloseBatch(); }

std::string JournalStore::Close() {
  if (impl_->closed) return impl_->error;
  impl_->CloseBatch();
  if (impl_->error.empty()) impl_->Poison(impl_->db->Flush(rocksdb::FlushOptions()), "flush");
  if (impl_->error.empty()) impl_->Poison(impl_->db->Close(), "close");
  // The anchor comes last: it says that everything before it is on the disk.
  if (impl_->error.empty()) impl_->Poison(impl_->anchors.WriteBoth(impl_->end));
  impl_->closed = true;
  impl_->db.reset();
  return impl_->error;
}

bool JournalStore::ok() const { return impl_->error.empty(); }
const std::string& JournalStore::error() const { return impl_->error; }
std::uint64_t JournalStore::last_sequence() const { return impl_->last_sequence; }
std::string JournalStore::chain_head() const { return ToHex(impl_->end.head); }

Result<JournalSummary, std::string> ReadJournal(
    const std::string& folder, const std::function<bool(const JournalRecord&)>& callback) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) return Fail{folder + ": there is no such folder"};
  if (!fs::exists(folder + "/CURRENT", failed)) {
    return Fail{folder + ": no journal is there (a journal's folder holds a file CURRENT)"};
  }
  // Before the database, so that a writer at work cannot put the anchor ahead of what is read.
  const auto anchor = ReadAnchor(folder);
  if (!anchor) {
    return Fail{folder +
                ": no whole anchor is there; the run that wrote the journal did not finish"};
  }
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(DatabaseOptions(), folder, &opened);
  if (!status.ok()) return Fail{folder + ": cannot open the journal: " + status.ToString()};
  const std::unique_ptr<rocksdb::DB> db(opened);

  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  options.readahead_size = std::size_t{4} << 20U;
  const std::unique_ptr<rocksdb::Iterator> batches(db->NewIterator(options));
  ChainEnd end;
  bool anchor_met = anchor->batch == 0;
  bool stopped = false;
  for (batches->SeekToFirst(); batches->Valid() && !stopped; batches->Next()) {
    const auto number = BatchOfKey(batches->key().ToStringView());
    if (!number) return Fail{folder + ": a key is no batch number; this is no journal"};
    if (*number != end.batch + 1) {
      return Fail{folder + ": batch " + std::to_string(end.batch + 1) + " is missing"};
    }
    const std::string wrong = ReadBatch(batches->value().ToStringView(), end, callback, stopped);
    if (!wrong.empty()) return Fail{folder + ": " + wrong};
    if (end.batch == anchor->batch) {
      if (end.head != anchor->head || end.sequence != anchor->sequence) {
        return Fail{folder + ": batch " + std::to_string(end.batch) +
                    " is not the one the anchor names"};
      }
      anchor_met = true;
    }
  }
  if (!batches->status().ok()) {
    return Fail{folder + ": behind batch " + std::to_string(end.batch) + ": " +
                batches->status().ToString()};
  }
  if (!stopped && !anchor_met) {
    return Fail{folder + ": the anchor is ahead: it names batch " + std::to_string(anchor->batch) +
                " (record " + std::to_string(anchor->sequence) + "), the journal ends with batch " +
                std::to_string(end.batch) + " (record " + std::to_string(end.sequence) + ")"};
  }
  return JournalSummary{end.batch, end.sequence, end.sequence, ToHex(end.head)};
}

}  // namespace ets::store
