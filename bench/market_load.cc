// What the exchange costs over the wire: one client's order to acknowledgement, or many clients at
// a fixed rate. The server is this process, the clients are another one; both share the machine.
//
//   bin/market_load ping --protocol binary
//   bin/market_load ping --protocol grpc
//   bin/market_load load --protocol grpc --clients 3000 --rate 20000 --seconds 10 --fsync
//   bin/market_load load --protocol mixed ...     every other client by binary order entry
//   bin/market_load floor --rate 20000            gRPC alone, every message answered at once

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <optional>

#include "bench/wire/echo.h"
#include "bench/wire/generator.h"
#include "tests/market_place.h"

namespace ets {
namespace {

using bench::Desk;

struct Options {
  std::string mode = "ping";
  std::string protocol = "grpc";
  bench::LoadOptions load{.clients = 3'000, .rate = 20'000, .seconds = 10, .seed = 1};
  int count = 20'000;
  int threads = 0;
  int busy_poll = 0;
  bool fsync = false;
  bool groups = true;
};

// Where the server listens. From the server to the generator, through a pipe.
struct Ports {
  std::uint16_t grpc = 0, binary = 0;
};

std::vector<Desk> DesksAt(const Ports& ports, const Options& options) {
  std::vector<Desk> desks;
  const std::string address = "127.0.0.1:" + std::to_string(ports.grpc);
  if (options.protocol != "binary") {
    desks.push_back({ports.grpc, [address, groups = options.groups](int client) {
                       return bench::MakeGrpcDialect(
                           address, "/ets.market.v1.OrderEntryService/Trade",
                           MarketPlace::EscrowOf(client), MarketPlace::kInstrument, groups);
                     }});
  }
  if (options.protocol != "grpc") {
    desks.push_back({ports.binary, [](int client) {
                       return bench::MakeBinaryDialect(MarketPlace::EscrowOf(client), 0);
                     }});
  }
  return desks;
}

std::string LoadAverage() {
  std::string text;
  std::getline(std::ifstream("/proc/loadavg"), text);
  return text;
}

int Generate(const Options& options, int from_server) {
  Ports ports;
  if (read(from_server, &ports, sizeof(ports)) != sizeof(ports)) return 1;
  const std::vector<Desk> desks = DesksAt(ports, options);
  const pid_t server = getppid();
  std::printf("%s, %s, %s; load average before: %s\n", options.mode.c_str(),
              options.protocol.c_str(), options.fsync ? "after fsync" : "no fsync",
              LoadAverage().c_str());
  bench::Latencies latencies =
      options.mode == "ping"
          ? bench::Ping(desks[0], options.count, options.load.seed, options.busy_poll != 0, server)
          : bench::Offer(desks, options.load, server);
  const std::string what = options.mode == "ping"
                               ? "order to acknowledgement, one client"
                               : std::to_string(options.load.clients) + " clients, " +
                                     std::to_string(options.load.rate) + " orders/s offered";
  bench::Print(what.c_str(), latencies);
  return 0;
}

void WaitFor(pid_t child, int to_generator, const Ports& ports) {
  if (write(to_generator, &ports, sizeof(ports)) != sizeof(ports)) std::abort();
  int status = 0;
  waitpid(child, &status, 0);
}

void Serve(const Options& options, pid_t child, int to_generator) {
  if (options.mode == "floor") {
    const auto echo =
        options.threads == 0 ? bench::MakeCallbackEcho() : bench::MakeQueueEcho(options.threads);
    return WaitFor(child, to_generator, {echo->port(), 0});
  }
  server::VenueOptions venue;
  if (!options.fsync) venue.acknowledge = server::Acknowledge::kBeforeSync;
  venue.busy_poll = std::chrono::microseconds(options.busy_poll);
  MarketPlace place(options.mode == "ping" ? 1 : options.load.clients, venue, false);
  if (options.fsync) place.SyncFromNowOn();
  const std::string& address = place.address();
  const auto port = std::stoi(address.substr(address.rfind(':') + 1));
  WaitFor(child, to_generator, {static_cast<std::uint16_t>(port), place.server().binary_port()});
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  ets::Options options;
  CLI::App app("The exchange over the wire: latency and load");
  app.add_option("mode", options.mode)->check(CLI::IsMember({"ping", "load", "floor"}));
  app.add_option("--protocol", options.protocol)->check(CLI::IsMember({"grpc", "binary", "mixed"}));
  app.add_option("--clients", options.load.clients, "A connection each")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--count", options.count, "Orders of a ping");
  app.add_option("--rate", options.load.rate, "Orders a second of a load, in total");
  app.add_option("--seconds", options.load.seconds, "Of a load");
  app.add_option("--seed", options.load.seed, "Of the orders");
  app.add_option("--threads", options.threads,
                 "Of the floor, with a completion queue each; 0: the callback interface");
  app.add_option("--busy-poll", options.busy_poll,
                 "So many microseconds the binary order entry, and without end the client of a "
                 "ping, looks for the next message before it sleeps");
  app.add_flag("--groups,!--no-groups", options.groups, "As gRPC's Logon has it; on by default");
  app.add_flag("--fsync", options.fsync, "Acknowledge after the journal is on the disk");
  CLI11_PARSE(app, argc, argv);
  options.load.reports = options.mode != "floor";
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::fflush(stdout);
  const pid_t child = fork();  // Before gRPC has a thread.
  if (child == 0) {
    close(ends[1]);
    const int code = ets::Generate(options, ends[0]);
    std::fflush(stdout);
    std::_Exit(code);
  }
  close(ends[0]);
  ets::Serve(options, child, ends[1]);
  return 0;
}
