#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace ets::server {

struct RateOptions {
  double per_second = 5;  // 0: no limit.
  double overdraft = 50;  // What may be asked at once after a pause.
};

// A token bucket a principal. Thread-safe.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RateLimit(const RateOptions& options) : options_(options) {}

  // Empty: go on. Else: not now, but after so long.
  std::optional<std::chrono::milliseconds> Take(std::uint32_t principal,
                                                Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double tokens = 0;
    Clock::time_point at;
  };

  RateOptions options_;
  std::mutex mutex_;
  std::map<std::uint32_t, Bucket> buckets_;
};

}  // namespace ets::server
