#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>

#include "server/exchange_edge.h"
#include "server/exchange_pulse.h"

namespace ets::server {

// The services of the exchange; the edge and the pulse outlive them.
std::unique_ptr<grpc::Service> MakeMarketService(ExchangeEdge& edge);
std::unique_ptr<grpc::Service> MakeOrderEntryService(ExchangeEdge& edge, Pulse& pulse);
std::unique_ptr<grpc::Service> MakeMarketDataService(ExchangeEdge& edge, Pulse& pulse);
std::unique_ptr<grpc::Service> MakeAuctionService(ExchangeEdge& edge, Pulse& pulse);

}  // namespace ets::server
