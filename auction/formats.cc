#include <array>

#include "auction/auction.h"

namespace ets::auction {
namespace {

// Every format there is, in the order they are shown to people.
constexpr std::array kFormats = {
    // Del. Reg. (EU) 2023/2830 Art. 7; secret reserve price, no limit per bidder.
    Format{.name = "eu",
           .description = "EU: uniform price, lots of 500 t, cancelled when bids fall short",
           .tie = TieRule::kRandomOrder,
           .shortage = ShortageRule::kCancel,
           .lot = Tonnes(500),
           .tick = Price::FromMinorPerTonne(1),
           .purchase_limit_bp = 10'000,
           .reserve_cancels = true},
    // The default scenario's weekly auction; bid rules after Guangdong's.
    Format{.name = "cn_weekly",
           .description = "China, weekly: uniform price, lots of 1,000 t, public reserve price, "
                          "at most 10% a bidder, a short auction sells at the reserve price",
           .tie = TieRule::kRandomOrder,
           .shortage = ShortageRule::kSellAtReserve,
           .lot = Tonnes(1'000),
           .tick = Price::FromMinorPerTonne(1),
           .purchase_limit_bp = 1'000,
           .reserve_cancels = false},
    // SI 2021/484 Reg. 6 and 7 as revised: a short auction sells at the lowest bid that counts.
    Format{.name = "uk",
           .description = "UK: uniform price, lots of 500 t, public reserve price, a short auction "
                          "sells at the lowest bid",
           .tie = TieRule::kRandomOrder,
           .shortage = ShortageRule::kSellAtLowestBid,
           .lot = Tonnes(500),
           .tick = Price::FromMinorPerTonne(1),
           .purchase_limit_bp = 10'000,
           .reserve_cancels = false},
};

}  // namespace

std::span<const Format> Formats() { return kFormats; }

const Format* FindFormat(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

std::string_view ToString(Status status) {
  switch (status) {
    case Status::kCleared:
      return "cleared";
    case Status::kPartial:
      return "partial";
    case Status::kUndersubscribed:
      return "undersubscribed";
    case Status::kBelowReserve:
      return "below_reserve";
  }
  return "unknown";
}

}  // namespace ets::auction
