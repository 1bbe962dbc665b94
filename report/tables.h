#pragma once

#include <string>
#include <tuple>

#include "sim/recorder.h"

// The tables of run.sqlite, column by column: the one list from which the schema, the statements,
// the CSV files and docs/results.md are made. A row struct of sim/recorder.h and its list here must
// agree member by member; report_test.cc counts.
namespace ets::report {

template <typename Row, typename T>
struct Column {
  constexpr Column(const char* a_name, T Row::*a_member, const char* a_unit, const char* a_meaning)
      : name(a_name), member(a_member), unit(a_unit), meaning(a_meaning) {}

  const char* name;
  T Row::*member;
  const char* unit;  // "" where there is none.
  const char* meaning;
};

// Specialised for every row struct: kName, kAbout and kColumns.
template <typename R>
struct Table;

// The member's own name is the column's name.
#define ETS_COLUMN(member, unit, meaning) \
  Column { #member, &Row::member, unit, meaning }

template <>
struct Table<sim::InputRow> {
  using Row = sim::InputRow;
  static constexpr const char* kName = "inputs";
  static constexpr const char* kAbout = "Every value of the scenario, with its mark.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(key, "", "Key, as in the scenario file"),
      ETS_COLUMN(value, "", "Value, as it would stand in the scenario file"),
      ETS_COLUMN(unit, "", "Unit of the value"), ETS_COLUMN(mark, "", "`fact` or `assumption`"),
      ETS_COLUMN(source, "", "Source of a fact; reason for an assumption"),
      ETS_COLUMN(title, "", "The key in words"));
};

template <>
struct Table<sim::PriceRow> {
  using Row = sim::PriceRow;
  static constexpr const char* kName = "prices";
  static constexpr const char* kAbout = "One row per trading day and listed instrument.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(date, "", "Trading day"), ETS_COLUMN(instrument, "", "Instrument, e.g. `CEA25`"),
      ETS_COLUMN(vintage, "year", "Vintage of the instrument"),
      ETS_COLUMN(open, "CNY/t", "First listed trade; 0 without one"),
      ETS_COLUMN(high, "CNY/t", "Highest listed trade; 0 without one"),
      ETS_COLUMN(low, "CNY/t", "Lowest listed trade; 0 without one"),
      ETS_COLUMN(close, "CNY/t", "Volume-weighted mean of listed trades, else the previous close"),
      ETS_COLUMN(listed_t, "t", "Volume of listed orders (below 100,000 t each)"),
      ETS_COLUMN(block_t, "t", "Volume of block trades (from 100,000 t each)"),
      ETS_COLUMN(auction_t, "t", "Volume sold at auction"),
      ETS_COLUMN(listed_cny, "CNY", "Value of listed trades"),
      ETS_COLUMN(block_cny, "CNY", "Value of block trades"),
      ETS_COLUMN(auction_cny, "CNY", "Value sold at auction"),
      ETS_COLUMN(trades, "", "Number of listed and block trades"),
      ETS_COLUMN(at_limit, "", "-1 close at the lower daily limit, +1 at the upper, else 0"),
      ETS_COLUMN(headline, "",
                 "1 for the oldest vintage eligible for the next deadline: its close is the "
                 "headline price"));
};

template <>
struct Table<sim::AuctionRow> {
  using Row = sim::AuctionRow;
  static constexpr const char* kName = "auctions";
  static constexpr const char* kAbout = "One row per auction, Chinese and European.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(date, "", "Day of the auction"), ETS_COLUMN(market, "", "`cn` or `eu`"),
      ETS_COLUMN(auctioneer, "", "`CN`, `EU`, `DE` or `PL`"),
      ETS_COLUMN(vintage, "year", "Vintage sold; 0 for European ones"),
      ETS_COLUMN(fact, "", "1 a published result, 0 a simulated one"),
      ETS_COLUMN(status, "", "`cleared`, `partial`, `undersubscribed` or `below_reserve`"),
      ETS_COLUMN(currency, "", "`CNY` or `EUR`"),
      ETS_COLUMN(price, "currency/t", "Clearing price; 0 when nothing was sold"),
      ETS_COLUMN(reserve_price, "currency/t", "Reserve price; 0 without one"),
      ETS_COLUMN(offered_t, "t", "Volume offered"), ETS_COLUMN(sold_t, "t", "Volume sold"),
      ETS_COLUMN(unsold_t, "t", "Volume left over"),
      ETS_COLUMN(bid_t, "t", "Volume of all valid bids"),
      ETS_COLUMN(containment_t, "t", "Part of the offer that came from the stability stock"),
      ETS_COLUMN(bids, "", "Number of bids"), ETS_COLUMN(bidders, "", "Number of bidders"),
      ETS_COLUMN(winners, "", "Number of bidders that bought"),
      ETS_COLUMN(cover_ratio, "", "Volume bid over volume offered"),
      ETS_COLUMN(revenue, "currency", "Price times volume sold"),
      ETS_COLUMN(rule, "",
                 "Why it was held: `regular`, `containment`, `reserve`, `excessive_price`, "
                 "`cost_containment` or `ceiling`; empty for European ones"));
};

template <>
struct Table<sim::WeekRow> {
  using Row = sim::WeekRow;
  static constexpr const char* kName = "weekly";
  static constexpr const char* kAbout = "One row per ISO week.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(monday, "", "The week's Monday"), ETS_COLUMN(week, "", "ISO week, `2027-W05`"),
      ETS_COLUMN(cn_auction_cny, "CNY/t",
                 "Volume-weighted price of the Chinese auctions; 0 without"),
      ETS_COLUMN(cn_cover_ratio, "", "Volume bid over volume offered in them"),
      ETS_COLUMN(cn_sold_t, "t", "Volume sold in them"),
      ETS_COLUMN(headline_cny, "CNY/t", "Last headline close of the week"),
      ETS_COLUMN(eu_fundamental_eur, "EUR/t", "The scenario's European fundamental price"),
      ETS_COLUMN(eu_auction_eur, "EUR/t",
                 "Volume-weighted price of the European auctions; 0 without"),
      ETS_COLUMN(eu_sold_t, "t", "Volume sold in them"),
      ETS_COLUMN(certificate_eur, "EUR/t",
                 "CBAM certificate price in force on Friday; 0 before there is one"));
};

template <>
struct Table<sim::SectorRow> {
  using Row = sim::SectorRow;
  static constexpr const char* kName = "sectors";
  static constexpr const char* kAbout = "One row per sector.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(sector, "", "Name, as in the scenario file"), ETS_COLUMN(title, "", "In words"),
      ETS_COLUMN(unit, "", "Unit of output"), ETS_COLUMN(firms, "", "Number of firms"));
};

template <>
struct Table<sim::FirmRow> {
  using Row = sim::FirmRow;
  static constexpr const char* kName = "firms";
  static constexpr const char* kAbout =
      "One row per firm. Firms are drawn from the seed: none is a real one.";
  static constexpr auto kColumns =
      std::tuple(ETS_COLUMN(firm, "", "Number of the firm"), ETS_COLUMN(name, "", "Name"),
                 ETS_COLUMN(province, "", "Province"), ETS_COLUMN(sector, "", "Sector"),
                 ETS_COLUMN(unit_class, "", "Class of generating unit (power)"),
                 ETS_COLUMN(group, "", "Group of firms it belongs to; empty: none"),
                 ETS_COLUMN(first_vintage, "year", "First vintage it takes part in"),
                 ETS_COLUMN(output_2024, "sector's unit", "Output of 2024"),
                 ETS_COLUMN(emissions_2024_t, "t", "Verified emissions of 2024"),
                 ETS_COLUMN(load_factor, "share", "Load factor (power)"));
};

template <>
struct Table<sim::FirmYearRow> {
  using Row = sim::FirmYearRow;
  static constexpr const char* kName = "firm_years";
  static constexpr const char* kAbout =
      "One row per firm and emission year that was assessed, and the running one. Purchases, "
      "sales, "
      "credit and holdings are of the calendar year; allocation, surrender and fine are of the "
      "emission year and fall in the next one.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(firm, "", "Number of the firm"), ETS_COLUMN(year, "year", "Emission year"),
      ETS_COLUMN(sector, "", "Sector"), ETS_COLUMN(rule, "", "Allocation rule of sector and year"),
      ETS_COLUMN(output, "sector's unit", "Output"),
      ETS_COLUMN(baseline_t, "t", "Emissions at the same demand without a carbon price"),
      ETS_COLUMN(verified_t, "t", "Verified emissions"),
      ETS_COLUMN(pre_allocated_t, "t", "Free units issued in advance"),
      ETS_COLUMN(allocated_t, "t", "Free units by the final allocation, in total"),
      ETS_COLUMN(taken_back_t, "t", "Units taken back where the advance was too high"),
      ETS_COLUMN(bought_listed_t, "t", "Bought by listed orders"),
      ETS_COLUMN(bought_block_t, "t", "Bought in blocks"),
      ETS_COLUMN(bought_auction_t, "t", "Bought at auction"), ETS_COLUMN(sold_t, "t", "Sold"),
      ETS_COLUMN(bought_listed_cny, "CNY", "Paid for listed purchases"),
      ETS_COLUMN(bought_block_cny, "CNY", "Paid for blocks"),
      ETS_COLUMN(bought_auction_cny, "CNY", "Paid at auction"),
      ETS_COLUMN(sold_cny, "CNY", "Earned by sales"),
      ETS_COLUMN(surrendered_t, "t", "Surrendered for the year, offsets not included"),
      ETS_COLUMN(offsets_t, "t", "Offsets used for the year"),
      ETS_COLUMN(shortfall_t, "t", "Not covered at the deadline"),
      ETS_COLUMN(fine_cny, "CNY", "Fine for the shortfall"),
      ETS_COLUMN(abatement_cny, "CNY", "Cost of abatement in the year"),
      ETS_COLUMN(marginal_share, "share",
                 "What one more tonne emitted costs, over the price (1: the full price)"),
      ETS_COLUMN(output_incentive, "t/unit", "What one more unit of output earns in allowances"),
      ETS_COLUMN(product_value_cny, "CNY",
                 "Output and heat at their values; 0 where no value is given"),
      ETS_COLUMN(credit_drawn_cny, "CNY", "Highest loan of the calendar year"),
      ETS_COLUMN(interest_cny, "CNY", "Interest on it, paid at the year's end"),
      ETS_COLUMN(banked_t, "t", "Units held after the year's deadline, all vintages"),
      ETS_COLUMN(status, "", "`compliant`, `short` or `open`"));
};

template <>
struct Table<sim::SectorYearRow> {
  using Row = sim::SectorYearRow;
  static constexpr const char* kName = "sector_years";
  static constexpr const char* kAbout = "One row per sector and emission year.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(sector, "", "Sector"), ETS_COLUMN(year, "year", "Emission year"),
      ETS_COLUMN(rule, "", "Allocation rule"), ETS_COLUMN(cap_t, "t", "Cap; 0: none"),
      ETS_COLUMN(baseline_t, "t", "Emissions at the same demand without a carbon price"),
      ETS_COLUMN(verified_t, "t", "Verified emissions"),
      ETS_COLUMN(allocated_t, "t", "Free units by the final allocation"),
      ETS_COLUMN(offered_t, "t", "Paid units offered at auction for the sector's paid share"),
      ETS_COLUMN(sold_at_auction_t, "t", "Units the sector's firms bought at auction"),
      ETS_COLUMN(output, "sector's unit", "Output"),
      ETS_COLUMN(paid_share, "share", "Share of the cap that is sold"),
      ETS_COLUMN(balance_value, "t/unit", "Solved balance value where the band applies, else 0"),
      ETS_COLUMN(marginal_price_cny, "CNY/t",
                 "Effective price of one more tonne, emission-weighted mean"),
      ETS_COLUMN(marginal_share, "share", "The same over the year's mean price"),
      ETS_COLUMN(long_t, "t", "Sum of allocation less emissions over firms above 0"),
      ETS_COLUMN(short_t, "t", "Sum of emissions less allocation over firms below 0"),
      ETS_COLUMN(firms, "", "Firms assessed"), ETS_COLUMN(firms_short, "", "Of these, short"),
      ETS_COLUMN(abatement_cny, "CNY", "Cost of abatement"),
      ETS_COLUMN(carbon_cost_cny, "CNY", "Net cost of allowances"));
};

template <>
struct Table<sim::LedgerRow> {
  using Row = sim::LedgerRow;
  static constexpr const char* kName = "ledger";
  static constexpr const char* kAbout =
      "The scarcity ledger, one row per calendar year, exact to the tonne: held_before + "
      "issued_free "
      "- taken_back + sold + offsets_used = obligations_met + expired + cancelled + held_after. "
      "The last five columns stand beside it, at the year's end.";
  static constexpr auto kColumns =
      std::tuple(ETS_COLUMN(year, "year", "Calendar year"),
                 ETS_COLUMN(held_before_t, "t", "Held by firms before"),
                 ETS_COLUMN(issued_free_t, "t", "Issued free"),
                 ETS_COLUMN(taken_back_t, "t", "Taken back at the true-up"),
                 ETS_COLUMN(sold_t, "t", "Sold at auction, containment included"),
                 ETS_COLUMN(containment_t, "t", "Of these, from the stability stock"),
                 ETS_COLUMN(offsets_used_t, "t", "Offsets used"),
                 ETS_COLUMN(obligations_met_t, "t", "Obligations met, with units and offsets"),
                 ETS_COLUMN(expired_t, "t", "Expired"), ETS_COLUMN(cancelled_t, "t", "Cancelled"),
                 ETS_COLUMN(held_after_t, "t", "Held by firms after"),
                 ETS_COLUMN(converted_t, "t", "Converted to a later vintage (nets to zero)"),
                 ETS_COLUMN(reserve_t, "t", "In the reserve"),
                 ETS_COLUMN(stability_t, "t", "In the stability stock"),
                 ETS_COLUMN(unsold_stock_t, "t", "Unsold at auction, to be offered again"),
                 ETS_COLUMN(bank_t, "t",
                            "Private bank: held beyond everything emitted and still owed, free "
                            "allocation due counted in; negative: firms are short"));
};

template <>
struct Table<sim::CbamRow> {
  using Row = sim::CbamRow;
  static constexpr const char* kName = "cbam";
  static constexpr const char* kAbout =
      "One row per sector and year, for exporters of covered goods to the European Union.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(sector, "", "Sector"), ETS_COLUMN(year, "year", "Year of export"),
      ETS_COLUMN(exporters, "", "Firms that export"),
      ETS_COLUMN(exports_t, "t of goods", "Exports to the European Union"),
      ETS_COLUMN(embedded_t, "t", "Embedded emissions"),
      ETS_COLUMN(chargeable_t, "t",
                 "Embedded emissions for which certificates are due, before the deduction"),
      ETS_COLUMN(certificate_eur, "EUR/t", "The year's mean certificate price, as applied"),
      ETS_COLUMN(gross_eur, "EUR", "Bill without the deduction"),
      ETS_COLUMN(deduction_eur, "EUR", "Deduction for the Chinese price actually paid"),
      ETS_COLUMN(net_eur, "EUR", "Bill with the deduction"),
      ETS_COLUMN(paid_cny_per_t, "CNY/t", "Effectively paid in China per tonne emitted, mean"),
      ETS_COLUMN(
          break_even_cny, "CNY/t",
          "Chinese price at which the deduction would cover the whole bill, given the share of "
          "emissions exporters pay for; 0: there is none"),
      ETS_COLUMN(recognised, "", "1 where the Chinese price is recognised"),
      ETS_COLUMN(with_data, "", "Exporters that declare actual values"),
      ETS_COLUMN(home_eur, "EUR", "Paid in China for the emissions embedded in the exports"),
      ETS_COLUMN(cost_recognised_eur, "EUR",
                 "Paid in China and Europe together, were the Chinese price deducted"),
      ETS_COLUMN(cost_unrecognised_eur, "EUR", "The same, were it not"),
      ETS_COLUMN(cost_free_eur, "EUR", "The same, were every Chinese allowance free"));
};

template <>
struct Table<sim::CbamProvinceRow> {
  using Row = sim::CbamProvinceRow;
  static constexpr const char* kName = "cbam_provinces";
  static constexpr const char* kAbout =
      "One row per sector, province and year with exporters: what credible data are worth.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(sector, "", "Sector"), ETS_COLUMN(province, "", "Province"),
      ETS_COLUMN(year, "year", "Year of export"), ETS_COLUMN(exporters, "", "Firms that export"),
      ETS_COLUMN(with_data, "", "Of them, that declare actual values"),
      ETS_COLUMN(exports_t, "t of goods", "Exports to the European Union"),
      ETS_COLUMN(gross_eur, "EUR", "Bill without the deduction"),
      ETS_COLUMN(net_eur, "EUR", "Bill with the deduction"),
      ETS_COLUMN(home_eur, "EUR", "Paid in China for the emissions embedded in the exports"),
      ETS_COLUMN(by_default_eur, "EUR", "Bill if all of them declared default values"),
      ETS_COLUMN(by_actual_eur, "EUR", "Bill if all of them declared actual values, rightly"),
      ETS_COLUMN(data_worth_eur, "EUR", "What credible data are worth: the first less the second"),
      ETS_COLUMN(data_gained_eur, "EUR", "Of it, what those who have such data gain"),
      ETS_COLUMN(hidden_eur, "EUR", "Not paid, because emissions were understated and not found"),
      ETS_COLUMN(penalties_eur, "EUR", "Penalties after audits"));
};

template <>
struct Table<sim::CbamImporterRow> {
  using Row = sim::CbamImporterRow;
  static constexpr const char* kName = "cbam_importers";
  static constexpr const char* kAbout =
      "One row per sector and year of import that was settled: the certificates of those who buy "
      "the exports, as their own registry keeps them.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(sector, "", "Sector"), ETS_COLUMN(year, "year", "Year of import"),
      ETS_COLUMN(due, "certificates", "To be surrendered by 30 September of the next year"),
      ETS_COLUMN(bought, "certificates", "Bought, for the holding duty and to surrender"),
      ETS_COLUMN(surrendered, "certificates", "Surrendered"),
      ETS_COLUMN(repurchased, "certificates", "Taken back by 31 October at the price paid"),
      ETS_COLUMN(remaining, "certificates", "Left over; cancelled later without compensation"),
      ETS_COLUMN(cost_eur, "EUR", "Paid less got back"),
      ETS_COLUMN(penalty_eur, "EUR", "Penalties for what was missing"));
};

template <>
struct Table<sim::EquilibriumRow> {
  using Row = sim::EquilibriumRow;
  static constexpr const char* kName = "equilibrium";
  static constexpr const char* kAbout =
      "The frictionless competitive benchmark of the same scenario, one row per year.";
  static constexpr auto kColumns =
      std::tuple(ETS_COLUMN(year, "year", "Year"), ETS_COLUMN(price_cny, "CNY/t", "Price"),
                 ETS_COLUMN(bank_mt, "Mt", "Units held at the year's end"),
                 ETS_COLUMN(emissions_mt, "Mt", "Covered emissions"));
};

template <>
struct Table<sim::EventRow> {
  using Row = sim::EventRow;
  static constexpr const char* kName = "events";
  static constexpr const char* kAbout = "Policy steps and deadlines.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(date, "", "Day"), ETS_COLUMN(kind, "", "`policy`, `deadline` or `issue`"),
      ETS_COLUMN(label, "", "In words"));
};

template <>
struct Table<sim::TradeRow> {
  using Row = sim::TradeRow;
  static constexpr const char* kName = "trades";
  static constexpr const char* kAbout =
      "One row per trade, where the scenario asks for them (`trade_detail = \"all\"`); else empty.";
  static constexpr auto kColumns =
      std::tuple(ETS_COLUMN(trade, "", "Number of the trade"), ETS_COLUMN(date, "", "Trading day"),
                 ETS_COLUMN(instrument, "", "Instrument"),
                 ETS_COLUMN(channel, "", "`listed`, `block` or `auction`"),
                 ETS_COLUMN(seller, "", "Firm; -1: the authority or an offset project"),
                 ETS_COLUMN(buyer, "", "Firm"), ETS_COLUMN(price, "CNY/t", "Price"),
                 ETS_COLUMN(quantity_t, "t", "Quantity"));
};

template <>
struct Table<sim::CirculationRow> {
  using Row = sim::CirculationRow;
  static constexpr const char* kName = "circulation";
  static constexpr const char* kAbout =
      "One row per figure that the reserve rule published (docs/stability.md): circulation = "
      "supplied + offsets - verified - cancelled - in_reserve. Empty where the rule is off.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(year, "year", "Whose circulation it is"),
      ETS_COLUMN(published, "", "Day of publication"),
      ETS_COLUMN(supplied_t, "t", "Units of the vintages to that year, issued by its end"),
      ETS_COLUMN(offsets_t, "t", "Offsets used instead of units"),
      ETS_COLUMN(verified_t, "t",
                 "Verified emissions; of a sector without a cap, without the last year"),
      ETS_COLUMN(cancelled_t, "t", "Cancelled by the year's end"),
      ETS_COLUMN(in_reserve_t, "t", "In the stability stock and the authority's other accounts"),
      ETS_COLUMN(circulation_t, "t", "In circulation"),
      ETS_COLUMN(whole_t, "t", "What the thresholds are shares of"),
      ETS_COLUMN(upper_t, "t", "Upper threshold"), ETS_COLUMN(lower_t, "t", "Lower threshold"),
      ETS_COLUMN(floor_t, "t", "Threshold of release"),
      ETS_COLUMN(branch, "", "`rate`, `band`, `nothing` or `release`"),
      ETS_COLUMN(intake_t, "t", "Taken in"), ETS_COLUMN(release_t, "t", "Released"),
      ETS_COLUMN(held_t, "t", "In the stability stock on the day of publication"),
      ETS_COLUMN(first, "", "First day on which it acts"),
      ETS_COLUMN(last, "", "Last day on which it acts"),
      ETS_COLUMN(first_part_t, "t", "Of the volume: September to December"),
      ETS_COLUMN(rest_t, "t", "Of the volume: January to August"));
};

template <>
struct Table<sim::StabilityRow> {
  using Row = sim::StabilityRow;
  static constexpr const char* kName = "stability";
  static constexpr const char* kAbout =
      "The stability stock, one row per calendar year, exact to the tonne: held_before + withheld "
      "+ "
      "set_aside + unsold + left_over - released - price_rules - containment + returned - "
      "cancelled "
      "= held_after. The last column stands beside it.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(year, "year", "Calendar year"), ETS_COLUMN(held_before_t, "t", "Held before"),
      ETS_COLUMN(withheld_t, "t", "Taken off the auctions by the reserve rule"),
      ETS_COLUMN(set_aside_t, "t", "Taken off the auctions for tiers inside them"),
      ETS_COLUMN(unsold_t, "t", "Unsold at auction and not offered again"),
      ETS_COLUMN(left_over_t, "t", "Left of the reserve for entrants, and by rounding"),
      ETS_COLUMN(released_t, "t", "Offered at auctions by the reserve rule"),
      ETS_COLUMN(price_rules_t, "t", "Offered by price rules and at the ceiling"),
      ETS_COLUMN(containment_t, "t", "Offered at the containment trigger and in tiers"),
      ETS_COLUMN(returned_t, "t", "Of these three: not sold, and back"),
      ETS_COLUMN(cancelled_t, "t", "Cancelled: above what may be held"),
      ETS_COLUMN(held_after_t, "t", "Held after"),
      ETS_COLUMN(above_caps_t, "t", "Issued above the caps at the ceiling, and sold"));
};

template <>
struct Table<sim::TriggerRow> {
  using Row = sim::TriggerRow;
  static constexpr const char* kName = "triggers";
  static constexpr const char* kAbout =
      "One row per month and price rule that could be read, and per auction whose price moved a "
      "volume. Empty where these rules are off.";
  static constexpr auto kColumns = std::tuple(
      ETS_COLUMN(date, "", "Day of the reading"),
      ETS_COLUMN(rule, "",
                 "`excessive_price`, `cost_containment`, `tier`, `withholding` or `ceiling`"),
      ETS_COLUMN(recent_cny, "CNY/t", "Price that was read: mean of months, or of the auction"),
      ETS_COLUMN(reference_cny, "CNY/t", "Mean of the two years before; 0: the threshold is given"),
      ETS_COLUMN(threshold_cny, "CNY/t", "What it was held against"),
      ETS_COLUMN(triggered, "", "1 where the condition is met"),
      ETS_COLUMN(volume_t, "t", "Volume that it moves; 0 in a pause or when nobody acts"));
};

#undef ETS_COLUMN

// Every table but `run`, in the order in which they are created, exported and described.
using AllRows =
    std::tuple<sim::InputRow, sim::PriceRow, sim::AuctionRow, sim::WeekRow, sim::SectorRow,
               sim::FirmRow, sim::FirmYearRow, sim::SectorYearRow, sim::LedgerRow, sim::CbamRow,
               sim::CbamProvinceRow, sim::CbamImporterRow, sim::CirculationRow, sim::StabilityRow,
               sim::TriggerRow, sim::EquilibriumRow, sim::EventRow, sim::TradeRow>;

// Calls f(column) for each column of the table in order.
template <typename Row, typename F>
void ForEachColumn(F&& f) {
  std::apply([&](const auto&... column) { (f(column), ...); }, Table<Row>::kColumns);
}

// Calls f.template operator()<Row>() for each table in order.
template <typename F>
void ForEachTable(F&& f) {
  [&]<typename... Row>(std::tuple<Row...>*) {
    (f.template operator()<Row>(), ...);
  }(static_cast<AllRows*>(nullptr));
}

// The tables in Markdown: the middle part of docs/results.md.
std::string DescribeTables();

}  // namespace ets::report
