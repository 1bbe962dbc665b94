#include "server/grpc_port.h"

#include <absl/synchronization/mutex.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace ets::server {
namespace {

constexpr int kThreadsMax = 160;
constexpr int kMessageBytesMax = 4 << 20;
constexpr int kFirstReadBytes = 512;
constexpr std::chrono::seconds kShutdownPatience(2);
constexpr std::chrono::milliseconds kLook(100);

// The host of HOST:PORT, where an IPv6 host stands in brackets.
std::optional<std::string> HostOf(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == listen.npos || colon == 0) return std::nullopt;
  std::string host = listen.substr(0, colon);
  const bool is_bracketed = host.front() == '[' && host.back() == ']';
  if (host.find_first_of(":/ ") != host.npos && !is_bracketed) return std::nullopt;
  std::uint16_t port = 0;
  const char* const end = listen.data() + listen.size();
  const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return host;
}

}  // namespace

struct GrpcPort::Impl {
  std::unique_ptr<grpc::Server> server;
  std::string address;
  std::vector<HealthRow> health, extra;
  std::thread watcher;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_closing = false;

  void ReportHealth() {
    auto* const service = server->GetHealthCheckService();
    bool all = true;
    for (const HealthRow& row : health) {
      const bool is_serving = row.is_serving();
      all = all && is_serving;
      service->SetServingStatus(row.name, is_serving);
    }
    service->SetServingStatus("", all);
    for (const HealthRow& row : extra) service->SetServingStatus(row.name, row.is_serving());
  }
  void Watch() {
    std::unique_lock lock(mutex);
    while (!is_closing) {
      ReportHealth();
      changed.wait_for(lock, kLook);
    }
  }
};

std::optional<ServeFailure> GrpcPort::Check(const PortOptions& options) {
  if (!HostOf(options.listen)) {
    return ServeFailure{true, "--listen \"" + options.listen +
                                  "\"; allowed: HOST:PORT with a port from 0 to 65535, as in "
                                  "127.0.0.1:50051; 0 takes a free one"};
  }
  if (options.tls.empty() && !options.is_insecure_allowed && !IsLoopback(options.listen)) {
    return ServeFailure{true, "--listen " + options.listen +
                                  ": tokens would cross the network in plain text; allowed: an "
                                  "address of this machine alone, --tls-cert with --tls-key, or "
                                  "--insecure"};
  }
  return std::nullopt;
}

Result<std::unique_ptr<GrpcPort>, ServeFailure> GrpcPort::Open(
    const PortOptions& options, const std::vector<grpc::Service*>& services,
    std::vector<HealthRow> health, std::vector<HealthRow> extra) {
  if (const auto wrong = Check(options)) return Fail{*wrong};
  const auto credentials = ServerCredentials(options.tls);
  if (!credentials.ok()) return Fail{ServeFailure{true, credentials.error()}};

  // Debian's gRPC is built to look for deadlocks, under one lock for the whole process.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  auto impl = std::make_unique<Impl>();
  impl->health = std::move(health);
  impl->extra = std::move(extra);
  grpc::EnableDefaultHealthCheckService(true);
  if (options.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(kThreadsMax);
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  // A port that another server has is an error, not a port to share with it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // No pings that measure the bandwidth: with thousands of clients they outnumber the orders.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // No statistics of every message: nobody can ask for them.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  // What a connection is first read into; gRPC takes more where more comes.
  builder.AddChannelArgument(GRPC_ARG_TCP_READ_CHUNK_SIZE, kFirstReadBytes);
  int port = 0;
  builder.AddListeningPort(options.listen, *credentials, &port);
  for (grpc::Service* const service : services) builder.RegisterService(service);
  impl->server = builder.BuildAndStart();
  if (!impl->server || port == 0) {
    return Fail{ServeFailure{false, "cannot listen on " + options.listen +
                                        "; allowed: an address of this machine with a free port"}};
  }
  impl->address = *HostOf(options.listen) + ":" + std::to_string(port);
  impl->ReportHealth();
  impl->watcher = std::thread([it = impl.get()] { it->Watch(); });
  return std::unique_ptr<GrpcPort>(new GrpcPort(std::move(impl)));
}

GrpcPort::GrpcPort(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GrpcPort::~GrpcPort() { Close(); }

const std::string& GrpcPort::address() const { return impl_->address; }

void GrpcPort::Close() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_closing = true;
  }
  impl_->changed.notify_all();
  if (impl_->watcher.joinable()) impl_->watcher.join();
  impl_->server->Shutdown(std::chrono::system_clock::now() + kShutdownPatience);
}

}  // namespace ets::server
