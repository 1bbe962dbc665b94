#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/wire/dialect.h"

namespace ets::bench {

// Where a client connects, and how it speaks there.
struct Desk {
  std::uint16_t port = 0;  // Of 127.0.0.1.
  std::function<std::unique_ptr<Dialect>(int client)> dialect;
};

struct LoadOptions {
  int clients = 1;  // A connection each; desks in turn.
  int rate = 1;     // Orders a second, of all clients.
  int seconds = 1;
  std::uint64_t seed = 1;
  bool reports = true;  // An acceptance is reported beside its answer, and waited for.
};

struct Latencies {
  std::vector<double> micros;  // One an answer.
  std::uint64_t sent = 0, refused = 0;
  std::uint64_t reports = 0;
  std::uint64_t lost = 0;         // Not answered within 20 s, or accepted without a report of it.
  std::uint64_t ended = 0;        // Connections that the venue ended.
  double seconds = 0;             // From the first order to the last answer.
  double cpu_seconds = 0;         // Of this process.
  double server_cpu_seconds = 0;  // Of the server's.
};

// One client: the next order goes out when the last is answered. The first tenth warms up. One that
// looks for its answer (`busy_poll`) does not sleep over it.
Latencies Ping(const Desk& desk, int orders, std::uint64_t seed, bool busy_poll, pid_t server);
// Open loop: every order has its moment and its client by dice, and its latency counts from there,
// whatever else waits. On one thread.
Latencies Offer(const std::vector<Desk>& desks, const LoadOptions& options, pid_t server);

// "p50 12.1  p90 ...", and the rest in words.
void Print(const char* what, Latencies& latencies);

}  // namespace ets::bench
