#pragma once

#include <string>

#include "clients/cli/auction_clear.h"

namespace ets::cli {

// One auction as a picture: the demand's steps, the supply, the clearing point, the reserve prices.
// A whole file by itself, light or dark as the reader's screen is.
std::string PlotSvg(const HeldAuction& held);
// The same on a page, with the result and the statistics beneath.
std::string PlotHtml(const HeldAuction& held);

}  // namespace ets::cli
