#include "server/registry_service.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "server/registry_services.h"

namespace ets::server {

namespace {

constexpr std::chrono::seconds kShutdownPatience(5);
constexpr int kThreadsMax = 64;

// The host and port of HOST:PORT, where an IPv6 host stands in brackets.
std::optional<std::pair<std::string, std::uint16_t>> ParseListen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == listen.npos || colon == 0) return {};
  const std::string host = listen.substr(0, colon);
  const bool is_bracketed = host.front() == '[' && host.back() == ']';
  if (host.find_first_of(":/ ") != host.npos && !is_bracketed) return {};
  std::uint16_t port = 0;
  const char* const end = listen.data() + listen.size();
  const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end) return {};
  return std::pair(host, port);
}

}  // namespace

struct RegistryServer::Impl {
  std::unique_ptr<LiveBranches> branches;
  std::unique_ptr<RegistryServices> services;
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

Result<std::unique_ptr<RegistryServer>, ServeFailure> RegistryServer::Start(
    const std::string& data, const std::string& listen) {
  const auto where = ParseListen(listen);
  if (!where) {
    return Fail{ServeFailure{true, "--listen \"" + listen +
                                       "\"; allowed: HOST:PORT with a port from 0 to 65535, as in "
                                       "127.0.0.1:50051; 0 takes a free one"}};
  }
  LiveOptions options;
  options.data = data;
  options.create = false;
  options.read_only = true;
  auto branches = LiveBranches::Open(options);
  if (!branches.ok()) {
    const bool is_bad_input = branches.error().kind == LiveFailure::Kind::kBadInput;
    return Fail{ServeFailure{is_bad_input, branches.error().message}};
  }
  auto impl = std::make_unique<Impl>();
  impl->branches = std::move(branches.value());
  ServiceOptions open_to_all;
  open_to_all.auth.required = false;
  impl->services = std::make_unique<RegistryServices>(*impl->branches, open_to_all);

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(kThreadsMax);
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  // A port that another server has is an error, not a port to share with it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  for (grpc::Service* const service : impl->services->all()) builder.RegisterService(service);
  impl->server = builder.BuildAndStart();
  if (!impl->server || port == 0) {
    return Fail{ServeFailure{false, "cannot listen on " + listen +
                                        "; allowed: an address of this machine with a free port"}};
  }
  impl->address = where->first + ":" + std::to_string(port);
  for (const std::string& name : RegistryServices::Names()) {
    impl->server->GetHealthCheckService()->SetServingStatus(name, true);
  }
  return std::unique_ptr<RegistryServer>(new RegistryServer(std::move(impl)));
}

RegistryServer::RegistryServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RegistryServer::~RegistryServer() { Shutdown(); }

const std::string& RegistryServer::address() const { return impl_->address; }

void RegistryServer::Shutdown() {
  impl_->services->Stop();
  impl_->server->Shutdown(std::chrono::system_clock::now() + kShutdownPatience);
}

}  // namespace ets::server
