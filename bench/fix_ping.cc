// What an order costs over FIX: one client over loopback, from NewOrderSingle (D) to its
// ExecutionReport (8), as `market_load ping` measures the other protocols. The server is this
// process, the client another one; both share the machine.
//
//   bin/fix_ping [--count 20000] [--fsync]

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "bench/wire/fix_dialect.h"
#include "bench/wire/generator.h"
#include "tests/market_place.h"

namespace ets {
namespace {

struct Options {
  int count = 20'000;
  std::uint64_t seed = 1;
  bool fsync = false;
};

std::string LoadAverage() {
  std::string text;
  std::getline(std::ifstream("/proc/loadavg"), text);
  return text;
}

int Ask(const Options& options, int from_server) {
  std::uint16_t port = 0;
  if (read(from_server, &port, sizeof(port)) != sizeof(port)) return 1;
  const bench::Desk desk{port, [](int client) {
                           return std::make_unique<bench::FixDialect>(MarketPlace::EscrowOf(client),
                                                                      "CEA26-CNY", nullptr);
                         }};
  std::printf("ping, fix, %s; load average before: %s\n",
              options.fsync ? "after fsync" : "no fsync", LoadAverage().c_str());
  bench::Latencies latencies = bench::Ping(desk, options.count, options.seed, false, getppid());
  bench::Print("order to execution report, one client", latencies);
  std::fflush(stdout);
  return 0;
}

void Serve(const Options& options, pid_t child, int to_client) {
  server::VenueOptions venue;
  if (!options.fsync) venue.acknowledge = server::Acknowledge::kBeforeSync;
  MarketPlace place(1, venue, false, 65'536, {}, "127.0.0.1:0");
  if (options.fsync) place.SyncFromNowOn();
  const std::uint16_t port = place.server().fix_port();
  if (write(to_client, &port, sizeof(port)) != sizeof(port)) std::abort();
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  ets::Options options;
  CLI::App app("The exchange over FIX: latency of one client");
  app.add_option("--count", options.count, "Orders");
  app.add_option("--seed", options.seed, "Of the orders");
  app.add_flag("--fsync", options.fsync, "Acknowledge after the journal is on the disk");
  CLI11_PARSE(app, argc, argv);
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t child = fork();  // Before gRPC has a thread.
  if (child == 0) {
    close(ends[1]);
    std::_Exit(ets::Ask(options, ends[0]));
  }
  close(ends[0]);
  ets::Serve(options, child, ends[1]);
  return 0;
}
