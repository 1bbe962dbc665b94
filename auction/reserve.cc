#include "auction/reserve.h"

#include <algorithm>
#include <iterator>

namespace ets::auction {
namespace {

__extension__ using Int128 = __int128;

constexpr Price Cents(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

Price HalfUp(Int128 numerator, Int128 denominator) {
  return Cents(static_cast<std::int64_t>((numerator * 2 + denominator) / (denominator * 2)));
}

constexpr RggiTriggers Early(int year, std::int64_t cost, std::int64_t emission) {
  return {year, Cents(cost), std::nullopt, Cents(emission), true};
}
constexpr RggiTriggers Late(int year, std::int64_t one, std::int64_t two, bool published) {
  return {year, Cents(one), Cents(two), std::nullopt, published};
}
// Model rule 2017 for 2021-26; third review, July 2025, for 2027 and 2037.
constexpr RggiTriggers kRggi[] = {
    Early(2021, 1'300, 600),         Early(2022, 1'391, 642),
    Early(2023, 1'488, 687),         Early(2024, 1'592, 735),
    Early(2025, 1'703, 786),         Early(2026, 1'822, 841),
    Late(2027, 1'950, 2'925, true),  Late(2028, 2'087, 3'130, false),
    Late(2029, 2'233, 3'349, false), Late(2030, 2'389, 3'583, false),
    Late(2031, 2'556, 3'834, false), Late(2032, 2'735, 4'102, false),
    Late(2033, 2'926, 4'389, false), Late(2034, 3'131, 4'696, false),
    Late(2035, 3'350, 5'025, false), Late(2036, 3'585, 5'377, false),
    Late(2037, 3'836, 5'753, true),
};

// UK ETS authority; California-Quebec, joint auction notices of 2014 and 2026; RGGI, auction notice
// of 2015, and the third review of July 2025.
constexpr YearlyReserve kReserves[] = {
    {"uk", 2021, Cents(2'200)},  {"uk", 2022, Cents(2'200)},  {"uk", 2023, Cents(2'200)},
    {"uk", 2024, Cents(2'200)},  {"uk", 2025, Cents(2'200)},  {"uk", 2026, Cents(2'800)},
    {"wci", 2012, Cents(1'000)}, {"wci", 2014, Cents(1'134)}, {"wci", 2026, Cents(2'794)},
    {"rggi", 2015, Cents(205)},  {"rggi", 2025, Cents(262)},  {"rggi", 2027, Cents(900)},
};

}  // namespace

Price SecretReservePrice(Price reference, std::uint32_t k_hundredths, std::uint32_t sigma_bp) {
  constexpr std::int64_t kOne = 1'000'000;  // Hundredths x basis points.
  const std::int64_t discount = std::int64_t{k_hundredths} * sigma_bp;
  if (discount >= kOne) return Price();
  return HalfUp(Int128{reference.minor_per_tonne()} * (kOne - discount), kOne);
}

std::optional<Price> AverageReserve(std::span<const ListedTrade> trades, Date first, Date last,
                                    std::uint32_t multiple_bp, std::optional<Price> ceiling) {
  Int128 value = 0;
  Int128 quantity = 0;
  for (const ListedTrade& trade : trades) {
    if (trade.date < first || trade.date > last) continue;
    value += Int128{trade.price.minor_per_tonne()} * trade.quantity.count();
    quantity += trade.quantity.count();
  }
  if (quantity == 0) return std::nullopt;
  const Price reserve = HalfUp(value * multiple_bp, quantity * 10'000);
  return ceiling ? std::min(reserve, *ceiling) : reserve;
}

Price ThreeMeansReserve(Price three_months, Price one_month, Price three_days) {
  return HalfUp(Int128{three_months.minor_per_tonne()} + one_month.minor_per_tonne() +
                    three_days.minor_per_tonne(),
                3);
}

Price IndexedPrice(Price previous, std::uint32_t growth_bp) {
  return HalfUp(Int128{previous.minor_per_tonne()} * (10'000 + std::int64_t{growth_bp}), 10'000);
}

std::optional<Price> PublishedReserve(std::string_view format, int year) {
  const auto* row = std::ranges::find_if(kReserves, [&](const YearlyReserve& known) {
    return known.format == format && known.year == year;
  });
  if (row == std::ranges::end(kReserves)) return std::nullopt;
  return row->price;
}

std::span<const YearlyReserve> PublishedReserves() { return kReserves; }

std::span<const RggiTriggers> RggiTriggerTable() { return kRggi; }

const RggiTriggers* RggiTriggersOf(int year) {
  const auto* row = std::ranges::find(kRggi, year, &RggiTriggers::year);
  return row == std::ranges::end(kRggi) ? nullptr : row;
}

}  // namespace ets::auction
