#pragma once

#include <string>
#include <vector>

#include "clients/cli/auction_clear.h"

namespace ets::cli {

// What a stranger needs to hold an auction again, as JSON: every field of the format, the terms,
// the bids with bidders as B1, B2 ..., the seed of the ties with its commitment and the order it
// drew, the result and its statistics.
std::string PublicationOf(const HeldAuction& held);

// The result as JSON for programs: terms, result, statistics, fills by bid, demand curve, ties.
std::string ResultJson(const HeldAuction& held);

// Holds a published auction again. Empty when price, awards, statistics, order and commitment all
// come out as published; else each difference, or what cannot be read.
std::vector<std::string> DifferencesIn(const std::string& publication);

}  // namespace ets::cli
