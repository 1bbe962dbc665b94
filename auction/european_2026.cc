#include <algorithm>
#include <array>

#include "auction/calendar.h"

namespace ets::auction {
namespace {

struct Block {
  int month, day;  // From this day of 2026 on, or on it alone.
  std::int64_t volume;
  bool one_day;
};

// The latest block that has begun holds; a single day goes before.
constexpr Block kCommon[] = {
    {1, 1, 2'712'500, false},  {3, 31, 2'728'000, true}, {6, 1, 3'198'500, false},
    {6, 23, 2'817'500, false}, {6, 30, 2'818'000, true}, {7, 14, 2'246'500, false},
};
constexpr Block kGermany[] = {{1, 1, 1'093'000, false}, {6, 5, 1'000'000, false}};
constexpr Block kPoland[] = {{1, 1, 1'524'500, false}, {6, 10, 1'380'000, false}};

constexpr std::array<std::string_view, 3> kAuctioneers = {"EU", "DE", "PL"};

Tonnes VolumeOn(std::span<const Block> blocks, Date day) {
  Tonnes volume;
  for (const Block& block : blocks) {
    const Date from = Date::Of(2026, block.month, block.day);
    if (block.one_day && day == from) return Tonnes(block.volume);
    if (!block.one_day && day >= from) volume = Tonnes(block.volume);
  }
  return volume;
}

std::vector<PlannedAuction> Planned(const AuctionDays& days, std::span<const Block> blocks) {
  std::vector<PlannedAuction> auctions;
  for (const Date day : DaysOf(days)) {
    const Tonnes volume = VolumeOn(blocks, day);
    auctions.push_back({day, {volume, volume}, false, {}});
  }
  return auctions;
}

}  // namespace

std::span<const std::string_view> EuropeanAuctioneers() { return kAuctioneers; }

std::vector<PlannedAuction> EuropeanAuctions2026(std::string_view auctioneer, Date last) {
  const Date easter = EasterSunday(2026);
  // Good Friday, Easter Monday, 1 May, Whit Monday; Ascension Day and the Friday after it stand for
  // the two days that the sums leave open.
  const std::vector<Date> without = {easter - 2,  easter + 1,  Date::Of(2026, 5, 1),
                                     easter + 39, easter + 40, easter + 50};
  const Date first = Date::Of(2026, 1, 7);
  if (auctioneer == "EU") {
    const std::vector<Weekday> weekdays = {Weekday::kMonday, Weekday::kTuesday, Weekday::kThursday};
    return Planned({first, last, weekdays, 1, without}, kCommon);
  }
  if (auctioneer == "DE") return Planned({first, last, {Weekday::kFriday}, 1, without}, kGermany);
  if (auctioneer == "PL") return Planned({first, last, {Weekday::kWednesday}, 2, {}}, kPoland);
  return {};
}

}  // namespace ets::auction
