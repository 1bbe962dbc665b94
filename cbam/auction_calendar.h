#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/date.h"

namespace ets::cbam {

// Who auctions general allowances; all of them count for the certificate price, Germany's own
// platform too. IR (EU) 2025/2548, recitals 2 and 3.
enum class Auctioneer : std::uint8_t {
  kCommonPlatform = 1,  // "EU"
  kGermany = 2,         // "DE"
  kPoland = 3,          // "PL"
  kNorthernIreland = 4  // "XI"; "NI" and "NIR" are read too.
};
std::string_view ToString(Auctioneer auctioneer);
std::optional<Auctioneer> FindAuctioneer(std::string_view name);  // Capital or small letters.
inline constexpr std::string_view kAuctioneers = "EU, DE, PL, XI";

// An auction that took place, or that the calendar expects. A cancelled one took place.
struct AuctionDay {
  Date date;
  Auctioneer auctioneer = Auctioneer::kCommonPlatform;

  friend bool operator==(const AuctionDay&, const AuctionDay&) = default;
};

// The auctions that the exchange's calendar expects from `first` to `last`, both included, and that
// are not among `held`: the common platform on Monday, Tuesday and Thursday, Germany on Friday,
// Poland every second Wednesday (which, the auctions beside it tell), Northern Ireland once a year
// on no known day. None are expected before the first Wednesday from 7 January on nor after 15
// December, on Good Friday, Easter Monday, 1 May, Ascension, the Friday after it and Whit Monday,
// nor on days that may be free: Maundy Thursday, 9 May, 15 August, 3 and 31 October, 1 November.
// One on another day of the week counts for its week. So the published numbers of auctions of 2025
// and 2026 have it; the calendars themselves are not public here. In order of date. REQUIRES: held
// in order of date.
std::vector<AuctionDay> MissingAuctions(std::span<const AuctionDay> held, Date first, Date last);

}  // namespace ets::cbam
