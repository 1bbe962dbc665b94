#include "server/read_gate.h"

#include <algorithm>

namespace ets::server {
namespace {

// How often a waiting reader looks whether its caller is still there.
constexpr std::chrono::milliseconds kLook(50);

}  // namespace

ReadGate::Entry ReadGate::Wait(std::unique_lock<std::mutex>& lock, const Patience& patience) {
  while (!open_ && !stopped_) {
    if (patience.ended()) return Entry::kExpired;
    changed_.wait_until(lock,
                        std::min(patience.deadline, std::chrono::system_clock::now() + kLook));
  }
  return stopped_ ? Entry::kStopped : Entry::kIn;
}

void ReadGate::Leave() {
  {
    const std::lock_guard lock(mutex_);
    --inside_;
  }
  changed_.notify_all();
}

void ReadGate::Open() {
  {
    const std::lock_guard lock(mutex_);
    if (open_) return;
    open_ = true;
  }
  changed_.notify_all();
}

void ReadGate::Close() {
  std::unique_lock lock(mutex_);
  if (!open_) return;
  changed_.wait(lock, [&] { return waiting_ == 0 || stopped_; });
  open_ = false;
  changed_.wait(lock, [&] { return inside_ == 0; });
}

bool ReadGate::has_waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_ > 0;
}

void ReadGate::Stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return inside_ == 0; });
}

}  // namespace ets::server
