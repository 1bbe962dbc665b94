#pragma once

#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <memory>
#include <string>

#include "server/auth.h"
#include "server/exchange_live.h"

namespace ets::server {

struct ExchangeServiceOptions {
  AuthOptions auth;
  // The registry in this process, whose principals may trade for the members they act for; null:
  // only the operator may.
  LiveRegistry* registry = nullptr;
  std::chrono::seconds patience{5};       // Of a caller who names no deadline.
  std::chrono::seconds day_patience{60};  // Of CloseDay.
};

// ets.market.v1.MarketService over an exchange, which outlives it.
std::unique_ptr<grpc::Service> MakeMarketService(LiveExchange& exchange,
                                                 const ExchangeServiceOptions& options);
inline constexpr const char* kMarketServiceName = "ets.market.v1.MarketService";

}  // namespace ets::server
