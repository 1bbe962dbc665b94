#pragma once

#include <cstdint>
#include <memory>

namespace ets::bench {

// A bare gRPC server: every message of a stream is answered at once with a receipt, and nothing
// else is done. What gRPC costs by itself.
class EchoServer {
 public:
  virtual ~EchoServer() = default;
  virtual std::uint16_t port() const = 0;
};

// On gRPC's own threads, as its callback interface runs.
std::unique_ptr<EchoServer> MakeCallbackEcho();
// On `threads` threads with a completion queue each.
std::unique_ptr<EchoServer> MakeQueueEcho(int threads);

}  // namespace ets::bench
