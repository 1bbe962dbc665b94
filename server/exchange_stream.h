#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "server/exchange_pulse.h"
#include "server/venue.h"

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

  // False: too many wait, or the stream ends. Add() leaves it to a later call to begin writing, so
  // that what comes together leaves together. `weight`: a group counts as what it holds.
  bool Add(Response response, std::size_t weight = 1) {
    const std::lock_guard lock(mutex_);
    if (status_ || weight_ >= responses_max_) return false;
    waiting_.push_back({std::move(response), weight});
    weight_ += weight;
    return true;
  }
  bool Write(Response response, std::size_t weight = 1) {
    const bool is_taken = Add(std::move(response), weight);
    Flush();
    return is_taken;
  }
  void Flush() {
    const std::lock_guard lock(mutex_);
    Pump();
  }
  // Before everything that waits; holds what came before it until then.
  void WriteFirst(Response response) {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    waiting_.push_front({std::move(response), 1});
    weight_ += 1;
    held_ = false;
    Pump();
  }
  void Hold() { held_ = true; }  // Nothing is written before WriteFirst().
  // What waits is dropped; a refresh takes its place.
  void Drop() {
    const std::lock_guard lock(mutex_);
    Clear();
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
    if (!status.ok()) Clear();
    held_ = false;
    Pump();
  }
  // The reactor's OnWriteDone.
  void OnWriteDone(bool ok) {
    const std::lock_guard lock(mutex_);
    is_writing_ = false;
    if (!ok) {
      Clear();
      if (!status_) status_ = grpc::Status::CANCELLED;
    }
    Pump();
  }
  bool is_ending() const {
    const std::lock_guard lock(mutex_);
    return status_.has_value();
  }

 private:
  struct Waiting {
    Response response;
    std::size_t weight = 1;
  };
  void Clear() {
    waiting_.clear();
    weight_ = 0;
  }
  void Pump() {
    if (is_writing_ || is_finished_ || held_) return;
    if (!waiting_.empty()) {
      at_work_ = std::move(waiting_.front().response);
      weight_ -= waiting_.front().weight;
      waiting_.pop_front();
      is_writing_ = true;
      last_write_ = Clock::now();
      // Not of the first one: gRPC keeps it with the stream's header until something else is
      // written, and something else waits for it to be written.
      write_(at_work_, has_written_ && !waiting_.empty());
      has_written_ = true;
    } else if (status_) {
      is_finished_ = true;
      finish_(*status_);
    }
  }

  const std::size_t responses_max_;
  const std::function<void(const Response&, bool more)> write_;
  const std::function<void(const grpc::Status&)> finish_;
  mutable std::mutex mutex_;
  std::deque<Waiting> waiting_;
  std::size_t weight_ = 0;  // Of what waits.
  Response at_work_;
  bool is_writing_ = false, has_written_ = false, is_finished_ = false, held_ = false;
  std::optional<grpc::Status> status_;
  Clock::time_point last_write_ = Clock::now();
};

// Why a stream ended, with one ErrorInfo; OK for a client that ended it.
grpc::Status Ended(const std::string& reason, grpc::StatusCode code, const std::string& message);
grpc::Status StatusOf(CloseReason reason);
grpc::Status ReadsTooSlowly();

// Ends the session of a stream that ends, so that nothing more is told to it; and the stream, when
// the server stops.
template <typename Response>
class Keeper : public Pulsed {
 public:
  explicit Keeper(std::shared_ptr<Outgoing<Response>> out) : out_(std::move(out)) {}
  void Guard(std::shared_ptr<Session> session) {
    const std::lock_guard lock(mutex_);
    session_ = std::move(session);
  }
  void Beat() override {
    if (!out_->is_ending()) return;
    const std::lock_guard lock(mutex_);
    if (session_) session_->Close();
  }
  void End() override { out_->Finish(StatusOf(CloseReason::kVenueStopped)); }

 protected:
  const std::shared_ptr<Outgoing<Response>> out_;

 private:
  std::mutex mutex_;
  std::shared_ptr<Session> session_;
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
