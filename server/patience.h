#pragma once

#include <chrono>
#include <functional>

namespace ets::server {

// How long an answer may take. `stopped` says that the caller has gone away; empty: never.
struct Patience {
  std::chrono::system_clock::time_point deadline;
  std::function<bool()> stopped;

  bool ended() const {
    return (stopped && stopped()) || std::chrono::system_clock::now() >= deadline;
  }
};

}  // namespace ets::server
