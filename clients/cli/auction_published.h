#pragma once

#include <string>

#include "base/result.h"
#include "clients/cli/auction_clear.h"
#include "ets/auction/v1/auction_service.pb.h"

namespace ets::cli {

// What a server published of a closed auction, cleared again here. Or why it cannot be, or what
// comes out otherwise than it was published.
Result<HeldAuction, std::string> HeldOf(const ets::auction::v1::Auction& published);

}  // namespace ets::cli
