#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/exchange_live.h"
#include "server/exchange_service.h"
#include "server/grpc_port.h"
#include "server/live_branches.h"
#include "server/registry_services.h"
#include "server/venue.h"

namespace ets::server {

// A registry, with or without an exchange in the same process, at a port.
struct ServeOptions {
  LiveOptions live;
  ServiceOptions services;
  PortOptions port;
  bool with_exchange = true;  // Not with a registry that is served read-only.
  std::optional<market::VenueRules> rules;  // As ExchangeOptions::rules.
  VenueOptions venue;
  std::string binary_listen;                  // HOST:PORT of the binary order entry; empty: none.
  std::string fix_listen;                     // HOST:PORT of the FIX gateway; empty: none.
  std::size_t stream_responses_max = 65'536;  // Of ExchangeServiceOptions.
};

// An exchange alone, beside a registry in another process.
struct ServeExchangeOptions {
  ExchangeOptions exchange;
  RemoteRegistry registry;
  AuthOptions auth;
  PortOptions port;
  VenueOptions venue;
  std::string binary_listen;  // HOST:PORT of the binary order entry; empty: none.
  std::string fix_listen;     // HOST:PORT of the FIX gateway; empty: none.
};

// The composition root of what is served: which machines, which threads, which port. In one process
// registry and exchange share one sequencer, and their two streams are function calls. Ends by
// itself when a journal fails: failed() then says why, and nothing is acknowledged any more.
class LiveServer {
 public:
  static Result<std::unique_ptr<LiveServer>, ServeFailure> Start(const ServeOptions& options);
  static Result<std::unique_ptr<LiveServer>, ServeFailure> Start(
      const ServeExchangeOptions& options);
  ~LiveServer();  // Shutdown().

  const std::string& address() const;  // HOST:PORT
  // Why it serves no more; empty while it does. Thread-safe.
  std::string failed() const;
  // No more calls; drains one batch; closes the journals. Empty, or what went wrong.
  std::string Shutdown();

  LiveBranches* branches() const;     // Null for an exchange alone.
  LiveExchange* exchange() const;     // Null without one.
  Venue* venue() const;               // Likewise.
  std::uint16_t binary_port() const;  // 0: there is none.
  std::uint16_t fix_port() const;     // Likewise.

 private:
  struct Impl;
  explicit LiveServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
