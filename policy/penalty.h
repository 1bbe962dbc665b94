#pragma once

#include "base/quantity.h"

namespace ets::policy {

// State Council Decree 775, art. 24: 5 to 10 times the average market price of the month before the
// deadline, per missing tonne.
Money ShortfallFine(Tonnes shortfall, Price average_price, int multiple);

// The multiple of a scheme year: `first` for a first breach, `second`, then `later`.
int FineMultiple(int previous_breaches, int first, int second, int later);

}  // namespace ets::policy
