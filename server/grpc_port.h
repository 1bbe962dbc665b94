#pragma once

#include <grpcpp/impl/service_type.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/tls.h"

namespace ets::server {

struct ServeFailure {
  bool is_bad_input = false;  // Else: it failed while starting.
  std::string message;
};

struct PortOptions {
  std::string listen = "127.0.0.1:50051";  // Port 0 takes a free one.
  TlsFiles tls;
  bool is_insecure_allowed = false;  // Plain text also beyond this machine.
  bool reflection = true;
};

// A service as health checks know it: by name, and whether it serves now.
struct HealthRow {
  std::string name;
  std::function<bool()> is_serving;
};

// A port with gRPC services, health checks (grpc.health.v1, a row a service and "" for all of them,
// looked at ten times a second; `extra` rows are not part of "") and reflection. Messages of up to
// 4 MiB.
class GrpcPort {
 public:
  // Whether the address is one, and safe to carry tokens: before anything is read.
  static std::optional<ServeFailure> Check(const PortOptions& options);
  static Result<std::unique_ptr<GrpcPort>, ServeFailure> Open(
      const PortOptions& options, const std::vector<grpc::Service*>& services,
      std::vector<HealthRow> health, std::vector<HealthRow> extra);
  ~GrpcPort();  // Close().

  const std::string& address() const;  // HOST:PORT
  // Takes no more calls, lets those at work end for up to 2 s, then cancels them. May be repeated.
  void Close();

 private:
  struct Impl;
  explicit GrpcPort(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
