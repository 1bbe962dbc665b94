#include "server/serve.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "server/binary_entry.h"
#include "server/exchange_edge.h"
#include "server/fix_entry.h"
#include "server/sequencer.h"

namespace ets::server {
namespace {

using Kind = LiveFailure::Kind;

// What is healthy only while commands are taken, too: not when read-only or while reconciling.
constexpr const char* kWrites = "ets.registry.v1.writes";

ServeFailure FailureOf(const LiveFailure& failure) {
  switch (failure.kind) {
    case Kind::kBadInput:
    case Kind::kOutOfRange:
    case Kind::kExists:
      return {true, failure.message};
    case Kind::kDataLoss:
      return {false, "CHAIN_BROKEN: " + failure.message};
    case Kind::kAnchorAhead:
      return {false, "ANCHOR_AHEAD: " + failure.message};
    case Kind::kPoisoned:
      return {false, "POISONED: " + failure.message};
    case Kind::kReconciling:
    case Kind::kExpired:
    case Kind::kStopped:
    case Kind::kIo:
      return {false, failure.message};
  }
  return {false, failure.message};
}

}  // namespace

// In the order in which they are built; they are ended the other way round.
struct LiveServer::Impl {
  std::shared_ptr<Sequencer> sequencer;
  std::unique_ptr<LiveBranches> branches;
  std::unique_ptr<RegistryServices> services;
  std::unique_ptr<RegistryLink> link;
  std::unique_ptr<LiveExchange> exchange;
  std::unique_ptr<Venue> venue;
  std::unique_ptr<BinaryEntry> binary;
  std::unique_ptr<FixEntry> fix;
  std::unique_ptr<ExchangeServices> market_services;
  std::unique_ptr<GrpcPort> port;

  mutable std::mutex mutex;
  std::string failure;
  bool is_shut = false;

  void Failed(const std::string& why) {
    const std::lock_guard lock(mutex);
    if (failure.empty()) failure = why.empty() ? "the journal failed" : why;
  }
  std::vector<HealthRow> Health() const {
    std::vector<HealthRow> rows;
    if (branches) {
      LiveRegistry* const main = &branches->main();
      for (const std::string& name : RegistryServices::Names()) {
        rows.push_back({name, [main] { return main->serving(); }});
      }
    }
    if (exchange) {
      for (const char* const name : ExchangeServices::Names()) {
        rows.push_back({name, [it = exchange.get()] { return it->serving(); }});
      }
    }
    return rows;
  }
  std::vector<HealthRow> Extra() const {
    if (!branches) return {};
    LiveRegistry* const main = &branches->main();
    return {{kWrites,
             [main] { return main->serving() && !main->read_only() && !main->reconciling(); }}};
  }
  std::optional<ServeFailure> OpenPort(const PortOptions& options) {
    std::vector<grpc::Service*> all;
    if (services) all = services->all();
    if (market_services) {
      for (grpc::Service* const service : market_services->all()) all.push_back(service);
    }
    auto opened = GrpcPort::Open(options, all, Health(), Extra());
    if (!opened.ok()) return opened.error();
    port = std::move(opened.value());
    return std::nullopt;
  }
  std::optional<ServeFailure> OpenExchange(const ExchangeOptions& options,
                                           const ExchangeServiceOptions& service,
                                           const VenueOptions& seat,
                                           const std::string& binary_listen,
                                           const std::string& fix_listen) {
    auto opened = LiveExchange::Open(options, *link);
    if (!opened.ok()) return FailureOf(opened.error());
    exchange = std::move(opened.value());
    exchange->OnStopped([this](const std::string& why) { Failed("the exchange: " + why); });
    venue = Venue::Open(*exchange, seat);
    market_services = std::make_unique<ExchangeServices>(*venue, service);
    const auto admit = [service, it = exchange.get()](std::string_view token, AccountId escrow) {
      return Admit(service, *it, token, escrow);
    };
    if (!binary_listen.empty()) {
      auto entry = BinaryEntry::Open(
          *venue, {.listen = binary_listen, .admit = admit, .busy_poll = seat.busy_poll});
      if (!entry.ok()) return ServeFailure{true, "the binary order entry: " + entry.error()};
      binary = std::move(entry.value());
    }
    if (!fix_listen.empty()) {
      auto entry = FixEntry::Open(
          *venue, {.listen = fix_listen, .folder = options.data + "/fix", .admit = admit});
      if (!entry.ok()) return ServeFailure{true, "the FIX gateway: " + entry.error()};
      fix = std::move(entry.value());
    }
    return std::nullopt;
  }
  std::string Shutdown();
};

std::string LiveServer::Impl::Shutdown() {
  {
    const std::lock_guard lock(mutex);
    if (is_shut) return failure;
    is_shut = true;
  }
  if (services) services->Stop();
  if (market_services) market_services->Stop();
  if (link) link->Stop();
  if (port) port->Close();
  if (binary) binary->Close();
  if (fix) fix->Close();
  if (venue) venue->Shutdown();
  for (const std::string& error :
       {exchange ? exchange->Shutdown() : std::string(), branches ? branches->Shutdown() : ""}) {
    if (!error.empty()) Failed(error);
  }
  if (sequencer) sequencer->Stop();
  const std::lock_guard lock(mutex);
  return failure;
}

Result<std::unique_ptr<LiveServer>, ServeFailure> LiveServer::Start(const ServeOptions& options) {
  if (const auto wrong = GrpcPort::Check(options.port)) return Fail{*wrong};
  auto impl = std::make_unique<Impl>();
  LiveOptions live = options.live;
  const bool with_exchange = options.with_exchange && !live.read_only;
  if (with_exchange) {
    impl->sequencer = std::make_shared<Sequencer>(live.queue_max);
    live.sequencer = impl->sequencer;
  }
  auto opened = LiveBranches::Open(live);
  if (!opened.ok()) return Fail{FailureOf(opened.error())};
  impl->branches = std::move(opened.value());
  Impl* const it = impl.get();
  impl->branches->OnStopped([it](const std::string& why) { it->Failed("the registry: " + why); });
  LiveRegistry& main = impl->branches->main();
  impl->services = std::make_unique<RegistryServices>(*impl->branches, options.services);
  std::optional<ServeFailure> failure;
  if (with_exchange) {
    impl->link = LinkTo(main);
    ExchangeOptions exchange;
    exchange.data = live.data;
    exchange.rules = options.rules;
    exchange.zone = main.profile().zone;
    exchange.fsync = live.fsync;
    exchange.snapshot_bytes = live.snapshot_bytes;
    exchange.now = [&main] { return main.Now(); };
    exchange.sequencer = impl->sequencer;
    ExchangeServiceOptions service{options.services.auth, &main};
    service.stream_responses_max = options.stream_responses_max;
    failure = impl->OpenExchange(exchange, service, options.venue, options.binary_listen,
                                 options.fix_listen);
  }
  if (!failure) failure = impl->OpenPort(options.port);
  std::unique_ptr<LiveServer> server(new LiveServer(std::move(impl)));
  if (failure) return Fail{*failure};
  return server;
}

Result<std::unique_ptr<LiveServer>, ServeFailure> LiveServer::Start(
    const ServeExchangeOptions& options) {
  if (const auto wrong = GrpcPort::Check(options.port)) return Fail{*wrong};
  auto impl = std::make_unique<Impl>();
  auto link = LinkTo(options.registry);
  if (!link.ok()) return Fail{ServeFailure{true, link.error()}};
  impl->link = std::move(link.value());
  auto failure = impl->OpenExchange(options.exchange, {options.auth, nullptr}, options.venue,
                                    options.binary_listen, options.fix_listen);
  if (!failure) failure = impl->OpenPort(options.port);
  std::unique_ptr<LiveServer> server(new LiveServer(std::move(impl)));
  if (failure) return Fail{*failure};
  return server;
}

LiveServer::LiveServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveServer::~LiveServer() { Shutdown(); }

const std::string& LiveServer::address() const { return impl_->port->address(); }
std::string LiveServer::Shutdown() { return impl_->Shutdown(); }
LiveBranches* LiveServer::branches() const { return impl_->branches.get(); }
LiveExchange* LiveServer::exchange() const { return impl_->exchange.get(); }
Venue* LiveServer::venue() const { return impl_->venue.get(); }
std::uint16_t LiveServer::binary_port() const {
  return impl_->binary ? impl_->binary->port() : std::uint16_t{0};
}
std::uint16_t LiveServer::fix_port() const {
  return impl_->fix ? impl_->fix->port() : std::uint16_t{0};
}

std::string LiveServer::failed() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->failure;
}

}  // namespace ets::server
