#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ets::server {

// A stream that is served: it is asked now and then whether a heartbeat is due, and told when the
// server stops. Called on the pulse's thread.
class Pulsed {
 public:
  virtual ~Pulsed() = default;
  virtual void Beat() = 0;
  virtual void End() = 0;  // The stream ends itself, soon.
};

// The one clock of all streams. Thread-safe.
class Pulse {
 public:
  Pulse();
  ~Pulse();  // Stop().
  // False: it has stopped, and the stream may not begin.
  bool Add(const std::shared_ptr<Pulsed>& stream);
  void Stop();

 private:
  void Run();
  std::vector<std::shared_ptr<Pulsed>> Living();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::vector<std::weak_ptr<Pulsed>> streams_;
  std::thread thread_;
};

}  // namespace ets::server
