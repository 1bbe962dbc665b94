#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ets/auction/v1/auction_service.pb.h"
#include "market/auction_house.h"

namespace ets::server {

namespace auction_pb = ::ets::auction::v1;

// "auctions/4": its name on the wire and in the seed's commitment.
std::string AuctionName(std::uint32_t number);

void FillFormat(const auction::Format& format, auction_pb::Format* out);
// What everybody may know of an open auction: no bid, no seed, no secret reserve.
void FillOpen(const market::AuctionView& view, const std::string& instrument,
              auction_pb::Auction* out);
// All that a stranger needs to clear it again.
void FillClosed(const market::ClosedAuction& closed, const std::string& instrument,
                auction_pb::Auction* out);

}  // namespace ets::server
