#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>

#include "server/exchange_live.h"
#include "server/exchange_service.h"

namespace ets::server {

// ets.auction.v1.AuctionService over an exchange, which outlives it. A watch takes a thread of the
// port; kWatchersMax of them may be open at once.
class AuctionServices {
 public:
  AuctionServices(LiveExchange& exchange, const ExchangeServiceOptions& options);
  ~AuctionServices();

  grpc::Service* service() const;
  // Ends the watches, so that the port can close.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
inline constexpr const char* kAuctionServiceName = "ets.auction.v1.AuctionService";
inline constexpr int kWatchersMax = 32;

}  // namespace ets::server
