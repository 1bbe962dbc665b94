#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/journal.h"
#include "store/journal_store.h"

namespace ets::server {

// The records of an open batch: copies, packed one behind the other. Not thread-safe.
class BatchBuffer final : public Journal {
 public:
  void Append(const JournalRecord& record) override;
  // REQUIRES: nothing was appended since the last Clear() that is still being read.
  void Clear();

  bool empty() const { return records_.empty(); }
  std::size_t size() const { return records_.size(); }
  // Whether it is as large as a batch of the journal may be.
  bool is_full() const {
    return size() >= store::kBatchRecordsMax || bytes() >= store::kBatchBytesMax;
  }
  std::size_t bytes() const;  // In the journal.
  // With its payload.
  JournalRecord record(std::size_t index) const;

 private:
  struct Kept {
    JournalRecord record;
    std::size_t begin = 0, end = 0;  // Of the payload.
  };
  std::vector<Kept> records_;
  std::string payloads_;
};

// What a batch's answers hear once it is on the disk.
class Synced {
 public:
  struct End {
    store::ChainEnd at;
    std::string head;  // 64 hex digits.
  };
  // Beginning with the end of the journal before the batch.
  explicit Synced(const std::vector<store::ChainEnd>& ends);
  // Where the journal stands.
  const End& end() const { return ends_.back(); }
  // The end of the journal's batch that holds a record of this one, or ended before it.
  const End& EndOf(std::uint64_t sequence) const;

 private:
  std::vector<End> ends_;  // In order.
};

// The one writer of a journal: a thread that takes a batch at a time, appends and syncs it, and
// then calls what waits for it, in order. Meanwhile the machine fills the next batch.
class JournalWriter {
 public:
  struct Batch {
    BatchBuffer records;
    std::vector<std::function<void(const Synced*)>> answers;  // Null: the disk failed.

    bool empty() const { return records.empty() && answers.empty(); }
  };
  struct Ears {
    std::function<void(const Synced&)> on_synced;  // A batch is on the disk; before its answers.
    std::function<void()> on_idle;                 // After them; the writer is free.
    std::function<void(const std::string&)> on_failure;  // Once, before the answers hear of it.
  };

  JournalWriter(std::unique_ptr<store::JournalStore> store, Ears ears);
  ~JournalWriter();  // Close().

  bool idle() const;
  // Takes what is in the batch and leaves an empty one. REQUIRES: idle(), which only the caller can
  // change.
  void HandOver(Batch& batch);
  void WaitIdle() const;

  bool ok() const { return store_->ok(); }
  std::string error() const { return store_->error(); }
  std::uint64_t batches() const;  // Closed since the start.
  const store::JournalStore& store() const { return *store_; }
  store::JournalStore& store() { return *store_; }

  // Waits for the batch at hand and closes the journal. Empty, or what went wrong.
  std::string Close();

 private:
  void Run();
  void Write();

  std::unique_ptr<store::JournalStore> store_;
  const Ears ears_;
  Batch batch_;  // The writer's while `busy_`.

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool busy_ = false;
  bool closing_ = false;
  bool has_failed_ = false;  // The thread's own.
  std::uint64_t batches_ = 0;
  std::thread thread_;
};

}  // namespace ets::server
