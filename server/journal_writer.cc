#include "server/journal_writer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ets::server {
namespace {

// In the journal: a batch's header, and a record beside its payload.
constexpr std::size_t kHeaderBytes = 84;
constexpr std::size_t kRecordBytes = 45;

}  // namespace

void BatchBuffer::Append(const JournalRecord& record) {
  Kept& kept = records_.emplace_back(Kept{record, payloads_.size(), 0});
  kept.record.payload = {};
  payloads_.append(record.payload);
  kept.end = payloads_.size();
}

void BatchBuffer::Clear() {
  records_.clear();
  payloads_.clear();
}

std::size_t BatchBuffer::bytes() const {
  return kHeaderBytes + records_.size() * kRecordBytes + payloads_.size();
}

JournalRecord BatchBuffer::record(std::size_t index) const {
  const Kept& kept = records_[index];
  JournalRecord record = kept.record;
  record.payload = std::string_view(payloads_).substr(kept.begin, kept.end - kept.begin);
  return record;
}

Synced::Synced(const std::vector<store::ChainEnd>& ends) {
  for (const store::ChainEnd& end : ends) ends_.push_back({end, store::ToHex(end.head)});
}

const Synced::End& Synced::EndOf(std::uint64_t sequence) const {
  const auto end = std::lower_bound(
      ends_.begin(), ends_.end(), sequence,
      [](const End& candidate, std::uint64_t asked) { return candidate.at.sequence < asked; });
  ETS_ASSERT(end != ends_.end());
  return *end;
}

JournalWriter::JournalWriter(std::unique_ptr<store::JournalStore> store, Ears ears)
    : store_(std::move(store)), ears_(std::move(ears)), thread_([this] { Run(); }) {}

JournalWriter::~JournalWriter() { Close(); }

bool JournalWriter::idle() const {
  const std::lock_guard lock(mutex_);
  return !busy_;
}

std::uint64_t JournalWriter::batches() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

void JournalWriter::HandOver(Batch& batch) {
  {
    const std::lock_guard lock(mutex_);
    ETS_ASSERT(!busy_ && !closing_);
    std::swap(batch_, batch);
    busy_ = true;
  }
  changed_.notify_all();
}

void JournalWriter::WaitIdle() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !busy_; });
}

std::string JournalWriter::Close() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !busy_; });
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  return store_->Close();
}

void JournalWriter::Run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return busy_ || closing_; });
      if (!busy_) return;
    }
    Write();
    batch_.records.Clear();
    batch_.answers.clear();
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
      ++batches_;
    }
    changed_.notify_all();
    if (ears_.on_idle) ears_.on_idle();
  }
}

void JournalWriter::Write() {
  std::vector<store::ChainEnd> ends{store_->end()};
  const bool may_close_by_itself = batch_.records.is_full();
  for (std::size_t i = 0; i < batch_.records.size(); ++i) {
    store_->Append(batch_.records.record(i));
    if (may_close_by_itself && store_->end() != ends.back()) ends.push_back(store_->end());
  }
  store_->EndBatch();
  if (store_->end() != ends.back()) ends.push_back(store_->end());
  if (!store_->ok() && !has_failed_) {
    has_failed_ = true;
    if (ears_.on_failure) ears_.on_failure(store_->error());
  }
  const Synced synced(ends);
  if (!has_failed_ && ears_.on_synced) ears_.on_synced(synced);
  for (const auto& answer : batch_.answers) answer(has_failed_ ? nullptr : &synced);
}

}  // namespace ets::server
