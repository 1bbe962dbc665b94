#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "server/exchange_pulse.h"

namespace ets::server {

// What waits to be written to one stream, and how the stream ends: used by the reactors, which give
// it their Write and Finish. One write is under way at a time. It lives as long as anybody who may
// still write, and tells nothing after Ended(). Thread-safe.
template <typename Response>
class Outgoing {
 public:
  using Clock = std::chrono::steady_clock;

  Outgoing(std::size_t responses_max, std::function<void(const Response&, bool more)> write,
           std::function<void(const grpc::Status&)> finish)
      : responses_max_(responses_max), write_(std::move(write)), finish_(std::move(finish)) {}

  // False: too many wait, or the stream ends.
  bool Write(Response response) {
    const std::lock_guard lock(mutex_);
    if (status_ || waiting_.size() >= responses_max_) return false;
    waiting_.push_back(std::move(response));
    Pump();
    return true;
  }
  // Before everything that waits; holds what came before it until then.
  void WriteFirst(Response response) {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    waiting_.push_front(std::move(response));
    held_ = false;
    Pump();
  }
  void Hold() { held_ = true; }  // Nothing is written before WriteFirst().
  // What waits is dropped; a refresh takes its place.
  void Drop() {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
  }
  bool idle() const {
    const std::lock_guard lock(mutex_);
    return waiting_.empty() && !is_writing_;
  }
  Clock::time_point last_write() const {
    const std::lock_guard lock(mutex_);
    return last_write_;
  }

  // Ends the stream: with OK after what waits, else at once. The first status counts.
  void Finish(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    status_ = status;
    if (!status.ok()) waiting_.clear();
    held_ = false;
    Pump();
  }
  // The reactor's OnWriteDone.
  void OnWriteDone(bool ok) {
    const std::lock_guard lock(mutex_);
    is_writing_ = false;
    if (!ok) {
      waiting_.clear();
      if (!status_) status_ = grpc::Status::CANCELLED;
    }
    Pump();
  }
  bool is_ending() const {
    const std::lock_guard lock(mutex_);
    return status_.has_value();
  }

 private:
  void Pump() {
    if (is_writing_ || is_finished_ || held_) return;
    if (!waiting_.empty()) {
      at_work_ = std::move(waiting_.front());
      waiting_.pop_front();
      is_writing_ = true;
      last_write_ = Clock::now();
      write_(at_work_, !waiting_.empty());
    } else if (status_) {
      is_finished_ = true;
      finish_(*status_);
    }
  }

  const std::size_t responses_max_;
  const std::function<void(const Response&, bool more)> write_;
  const std::function<void(const grpc::Status&)> finish_;
  mutable std::mutex mutex_;
  std::deque<Response> waiting_;
  Response at_work_;
  bool is_writing_ = false, is_finished_ = false, held_ = false;
  std::optional<grpc::Status> status_;
  Clock::time_point last_write_ = Clock::now();
};

inline grpc::WriteOptions HintOf(bool more) {
  grpc::WriteOptions options;
  if (more) options.set_buffer_hint();
  return options;
}

// A reactor that ends at once.
template <typename Reactor>
class Refusing final : public Reactor {
 public:
  explicit Refusing(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace ets::server
