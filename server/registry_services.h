#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

#include "server/auth.h"
#include "server/live_branches.h"
#include "server/rate_limit.h"

namespace ets::server {

struct ServiceOptions {
  AuthOptions auth;
  RateOptions rate;
  std::string registry;          // {registry} of its names; empty: the name of main's profile.
  std::size_t watches_max = 32;  // Streams at once; each holds a thread.
};

// The services of ets.registry.v1 over a registry with its branches. They hold no state of their
// own but caches. A server registers all(), and calls Stop() before it shuts down.
//
// What a caller sends is judged in this order: who it is, how much it asked for lately, the form of
// the request, then, in the state that counts, what it may do and what the rules say.
class RegistryServices {
 public:
  // `branches` must outlive the services.
  RegistryServices(LiveBranches& branches, const ServiceOptions& options);
  ~RegistryServices();

  const std::vector<grpc::Service*>& all() const;
  // Full names, for health checks and reflection: "ets.registry.v1.AccountService", ...
  static const std::vector<std::string>& Names();
  // Ends the streams that wait for something to come.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
