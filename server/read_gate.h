#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "server/patience.h"

namespace ets::server {

// Lets many readers at a state while its one owner is not changing it. The owner opens the gate
// when everything it applied is on the disk, and closes it before it applies more: readers never
// see what is not durable, and never copy. Who waited when the gate opened gets in before it closes
// again. Readers may come from any thread; Open(), Close() and the like belong to the owner's.
class ReadGate {
 public:
  enum class Entry : std::uint8_t { kIn, kExpired, kStopped };

  // Waits for the gate to be open; kIn must be followed by Leave(). Calls `wake` before it waits,
  // so that the owner knows.
  template <typename Wake>
  Entry Enter(const Patience& patience, const Wake& wake);
  void Leave();

  void Open();
  // Waits for the readers inside.
  void Close();
  bool has_waiting() const;
  // Nobody gets in any more; waits for the readers inside.
  void Stop();

 private:
  Entry Wait(std::unique_lock<std::mutex>& lock, const Patience& patience);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  bool stopped_ = false;
  std::uint32_t waiting_ = 0;
  std::uint32_t inside_ = 0;
};

template <typename Wake>
ReadGate::Entry ReadGate::Enter(const Patience& patience, const Wake& wake) {
  std::unique_lock lock(mutex_);
  if (!open_ && !stopped_) {
    ++waiting_;
    lock.unlock();
    wake();
    lock.lock();
    const Entry entry = Wait(lock, patience);
    --waiting_;
    if (entry != Entry::kIn) {
      changed_.notify_all();
      return entry;
    }
  }
  if (stopped_) return Entry::kStopped;
  ++inside_;
  changed_.notify_all();
  return Entry::kIn;
}

}  // namespace ets::server
