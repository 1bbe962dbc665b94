#include "server/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace ets::server {

std::optional<std::chrono::milliseconds> RateLimit::Take(std::uint32_t principal,
                                                         Clock::time_point now) {
  if (options_.per_second <= 0) return std::nullopt;
  const double most = std::max(1.0, options_.overdraft);
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = buckets_.try_emplace(principal, Bucket{most, now});
  Bucket& bucket = entry->second;
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  bucket.tokens = std::min(most, bucket.tokens + std::max(0.0, passed) * options_.per_second);
  bucket.at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  const double seconds = (1 - bucket.tokens) / options_.per_second;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1'000)));
}

}  // namespace ets::server
