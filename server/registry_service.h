#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace ets::server {

struct ServeFailure {
  bool is_bad_input = false;  // Else: it failed while starting.
  std::string message;
};

// Serves ets.registry.v1 over gRPC for the finished run in `data`, read-only, with health checks
// and reflection, in plain text and to anyone who reaches the address. The journal is read and
// checked before the port opens, so what is served is whole. Its calls run on gRPC's threads.
class RegistryServer {
 public:
  // `listen` is HOST:PORT; port 0 takes a free one.
  static Result<std::unique_ptr<RegistryServer>, ServeFailure> Start(const std::string& data,
                                                                     const std::string& listen);
  ~RegistryServer();  // Shuts down.

  // HOST:PORT, with the port that it listens on.
  const std::string& address() const;
  // Takes no more calls, lets those at work end for up to 5 s, then cancels them.
  void Shutdown();

 private:
  struct Impl;
  explicit RegistryServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
