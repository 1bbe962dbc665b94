#pragma once

#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <memory>
#include <vector>

#include "server/auth.h"
#include "server/exchange_live.h"
#include "server/venue.h"

namespace ets::server {

struct ExchangeServiceOptions {
  AuthOptions auth;
  // The registry in this process, whose principals may trade for the members they act for; null:
  // only the operator may.
  LiveRegistry* registry = nullptr;
  std::chrono::seconds patience{5};       // Of a caller who names no deadline.
  std::chrono::seconds day_patience{60};  // Of CloseDay.
  // What may wait for the client of one stream before it is cut, or conflated: answers, reports,
  // levels, orders, trades.
  std::size_t stream_responses_max = 65'536;
};

// ets.market.v1 and ets.auction.v1 over a venue, which outlives it. Streams take no thread each.
class ExchangeServices {
 public:
  ExchangeServices(Venue& venue, const ExchangeServiceOptions& options);
  ~ExchangeServices();

  std::vector<grpc::Service*> all() const;
  static std::vector<const char*> Names();
  // Ends the streams, so that the port can close.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
