#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "auction/auction.h"
#include "auction/calendar.h"
#include "base/date.h"
#include "base/ids.h"

namespace ets::scheme {

// The system accounts of the scheme in the registry.
struct SystemAccounts {
  AccountId issuance, bank, allocation, reserve, stability, auction_stock, treasury, surrender,
      cancellation, converted, expired;
};

// Under which rule a volume is offered.
enum class Offer : std::uint8_t {
  kRegular = 1,
  kContainment = 2,      // A part of the stability stock, at not less than the trigger.
  kReserveRule = 3,      // Released by the reserve rule.
  kExcessivePrice = 4,   // Released because prices ran away (Art. 29a).
  kCostContainment = 5,  // The same, by the British rule.
  kCeiling = 6,          // At the collar's ceiling.
};
std::string_view ToString(Offer offer);  // "regular".

// One auction that the calendar holds on a day.
struct PlannedAuction {
  int vintage = 0;
  Tonnes volume;
  Price reserve;
  Offer offer = Offer::kRegular;
  bool above_cap = false;  // Issued for this offer; what is unsold is cancelled.
  // Of a regular auction: sold in addition above a price, and not sold below one.
  std::vector<auction::Trigger> tiers = {};
  std::optional<auction::Trigger> withholding = {};
};

// A calendar year's regular auctions; one slot a day.
struct AuctionPlan {
  std::vector<Date> days;
  std::vector<auction::Slot> slots;
};

}  // namespace ets::scheme
