#pragma once

#include <cstdint>

#include "base/tagged.h"

namespace ets {

// Given by the registry when it opens an account; dense from 0, never reused.
using AccountId = Tagged<std::uint32_t, struct AccountIdTag>;

// Given by the registry when it opens a ledger (one per unit type and vintage, one per currency);
// dense from 0, never reused. Amounts of different ledgers are never added.
using LedgerId = Tagged<std::uint16_t, struct LedgerIdTag>;

// Given by the market when it admits a member; dense from 0, never reused.
using MemberId = Tagged<std::uint32_t, struct MemberIdTag>;

// Given by the market when it lists an instrument; dense from 0, never reused.
using InstrumentId = Tagged<std::uint16_t, struct InstrumentIdTag>;

// Given by the market when it accepts an order; grows by one from 1, never used again.
using OrderId = Tagged<std::uint64_t, struct OrderIdTag>;

// A covered firm, as the scheme's list numbers it; dense from 0. The registry stores it with the
// firm's account as its entity number.
using FirmId = Tagged<std::uint32_t, struct FirmIdTag>;

}  // namespace ets
