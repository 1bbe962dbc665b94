#pragma once

#include <cstdint>
#include <string>

#include "auction/format.h"
#include "ets/auction/v1/auction_service.pb.h"
#include "market/auction_house.h"
#include "server/auction_record.h"
#include "server/exchange_edge.h"

// Auctions as messages; the only place where their fields are filled.
namespace ets::server {

namespace auction_pb = ::ets::auction::v1;

std::string AuctionName(std::uint32_t number);  // "auctions/4".

// Every field, with the source that the named format of its name gives.
void FillFormat(const auction::Format& format, auction_pb::Format* out);
// What everybody may know while it is open: no bids, no seed, no secret reserve.
void FillOpen(ExchangeEdge& edge, const market::AuctionView& view, auction_pb::Auction* out);
// With all that a stranger needs to clear it again, bidders as numbers from 1.
void FillClosed(ExchangeEdge& edge, const market::ClosedAuction& closed, auction_pb::Auction* out);
void FillChange(ExchangeEdge& edge, const AuctionChange& change, auction_pb::Auction* out);

void FillBid(const std::string& member, std::uint32_t number, const auction::Bid& bid,
             auction_pb::Bid* out);

}  // namespace ets::server
