#pragma once

#include <grpcpp/support/server_callback.h>

#include <cstdint>

#include "ets/auction/v1/auction_service.pb.h"
#include "server/exchange_edge.h"
#include "server/exchange_pulse.h"

namespace ets::server {

// The stream of auctions, which takes no thread: what is kept from auction `from` on, a heartbeat,
// then what happens. `terms` say whose bids are told of.
using AuctionReactor = grpc::ServerWriteReactor<ets::auction::v1::WatchAuctionsResponse>;
AuctionReactor* WatchAuctions(ExchangeEdge& edge, Pulse& pulse, const SessionTerms& terms,
                              std::uint32_t from);

}  // namespace ets::server
