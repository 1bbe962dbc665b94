#include "clients/cli/auction_tables.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "auction/statistics.h"
#include "clients/cli/auction_publication.h"
#include "clients/cli/rows.h"

namespace ets::cli {
namespace {

Cell Decimals(const std::string& text) { return {text, text, true}; }
Cell PriceCell(Price price) { return Decimals(ToString(price)); }
Cell TonnesCell(Tonnes tonnes) { return Tonnage(tonnes.count()); }
Cell MoneyCell(Money money) {
  Cell cell = Decimals(ToString(money));
  std::string& shown = cell.shown;
  const std::size_t first = shown.starts_with('-') ? 1 : 0;
  for (std::size_t at = shown.find('.'); at > first + 3;) shown.insert(at -= 3, ",");
  return cell;
}
Cell Hundredths(std::uint64_t value) {
  return Decimals(ToString(Money::FromMinor(static_cast<std::int64_t>(value))));
}
bool Sells(const auction::Clearing& clearing) { return clearing.sold > Tonnes(); }

using Facts = std::vector<std::pair<std::string, Cell>>;

// Bids of which not all counts, and what does not.
std::pair<std::uint64_t, Tonnes> CutOf(const HeldAuction& held) {
  const std::vector<CountedBid> counted = CountedOf(held);
  std::pair<std::uint64_t, Tonnes> cut;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (counted[i].cut_by.empty()) continue;
    ++cut.first;
    cut.second += held.table.bids[i].quantity - counted[i].counted;
  }
  return cut;
}

Facts ResultFacts(const HeldAuction& held) {
  const auction::Clearing& clearing = held.clearing;
  Facts facts = {
      {"status", Text(std::string(ToString(clearing.status)))},
      {"price", Sells(clearing) ? PriceCell(clearing.price) : Nothing()},
      {"currency", Text(std::string(held.terms.format.currency))},
      {"supply", TonnesCell(clearing.supply)},
      {"sold", TonnesCell(clearing.sold)},
      {"unsold", TonnesCell(clearing.unsold)},
      {"revenue", MoneyCell(clearing.revenue)},
  };
  if (held.terms.reserve) facts.emplace_back("reserve", PriceCell(*held.terms.reserve));
  if (held.terms.secret_reserve) {
    facts.emplace_back("secret_reserve", PriceCell(*held.terms.secret_reserve));
  }
  if (clearing.contained > Tonnes())
    facts.emplace_back("contained", TonnesCell(clearing.contained));
  if (clearing.withheld > Tonnes()) facts.emplace_back("withheld", TonnesCell(clearing.withheld));
  const auto [cut_bids, cut] = CutOf(held);
  if (cut_bids > 0) {
    facts.emplace_back("cut_bids", Number(cut_bids));
    facts.emplace_back("cut", TonnesCell(cut));
  }
  Tonnes consigned;
  for (const Tonnes part : auction::ConsignedSold(held.terms, clearing.sold)) consigned += part;
  if (!held.terms.consignments.empty()) {
    facts.emplace_back("consigned_sold", TonnesCell(consigned));
  }
  return facts;
}

Facts StatisticsFacts(const HeldAuction& held) {
  const auction::Statistics row = auction::StatisticsOf(held.table.bids, held.clearing);
  return {{"lowest_bid", PriceCell(row.lowest_bid)},
          {"highest_bid", PriceCell(row.highest_bid)},
          {"mean_bid", PriceCell(row.mean_bid)},
          {"median_bid", PriceCell(row.median_bid)},
          {"volume", TonnesCell(row.volume)},
          {"bid_volume", TonnesCell(row.bid_volume)},
          {"bids", Number(row.bids)},
          {"successful_bids", Number(row.successful_bids)},
          {"bids_per_bidder", Hundredths(row.bids_per_bidder_hundredths)},
          {"bid_size", TonnesCell(row.bid_size)},
          {"bid_per_bidder", TonnesCell(row.bid_per_bidder)},
          {"bid_per_bidder_sd", TonnesCell(row.bid_per_bidder_sd)},
          {"won_per_bidder", TonnesCell(row.won_per_bidder)},
          {"won_per_bidder_sd", TonnesCell(row.won_per_bidder_sd)},
          {"cover_ratio", Hundredths(row.cover_hundredths)},
          {"bidders", Number(row.bidders)},
          {"successful_bidders", Number(row.successful_bidders)}};
}

void PrintFills(const HeldAuction& held, const std::string& output) {
  std::vector<auction::Award> awards(held.table.bids.size());
  for (const auction::Award& award : held.clearing.awards) awards[award.bid] = award;
  const std::vector<CountedBid> counted = CountedOf(held);
  Rows rows(output,
            {"id", "bidder", "price", "quantity", "filled", "pays", "value", "counted", "cut_by"});
  for (std::size_t i = 0; i < awards.size(); ++i) {
    const auction::Bid& bid = held.table.bids[i];
    const bool won = awards[i].quantity > Tonnes();
    rows.Add({Text(held.table.rows[i].id), Text(held.table.rows[i].bidder), PriceCell(bid.price),
              TonnesCell(bid.quantity), TonnesCell(awards[i].quantity),
              won ? PriceCell(awards[i].price) : Nothing(),
              MoneyCell(awards[i].price * awards[i].quantity), TonnesCell(counted[i].counted),
              counted[i].cut_by.empty() ? Nothing() : Text(std::string(counted[i].cut_by))});
  }
  rows.End();
}

void PrintCurve(const HeldAuction& held, const std::string& output) {
  Rows rows(output, {"price", "volume", "cover"});
  for (const auction::DemandStep& step : auction::DemandCurve(held.table.bids, held.terms)) {
    const Tonnes supply = held.clearing.supply;
    const std::int64_t cover =
        AveragePrice(Money::FromMinor(step.volume.count() * 100), supply).minor_per_tonne();
    rows.Add({PriceCell(step.price), TonnesCell(step.volume),
              Hundredths(static_cast<std::uint64_t>(cover))});
  }
  rows.End();
}

void PrintOrder(const HeldAuction& held, const std::string& output) {
  Rows rows(output, {"place", "bid", "id"});
  std::uint64_t place = 0;
  for (const std::uint32_t bid :
       auction::TieOrder(held.terms.format, held.table.bids.size(), held.terms.tie_seed)) {
    rows.Add({Number(++place), Number(bid), Text(held.table.rows[bid].id)});
  }
  rows.End();
}

// A row of the comparison: its name, and what each format has there.
struct CompareRow {
  const char* name;
  Cell (*cell)(const ComparedAuction&);
};
const CompareRow kCompareRows[] = {
    {"status",
     [](const ComparedAuction& one) {
       return Text(std::string(ToString(one.held.clearing.status)));
     }},
    {"price",
     [](const ComparedAuction& one) {
       return Sells(one.held.clearing) ? PriceCell(one.held.clearing.price) : Nothing();
     }},
    {"sold", [](const ComparedAuction& one) { return TonnesCell(one.held.clearing.sold); }},
    {"unsold", [](const ComparedAuction& one) { return TonnesCell(one.held.clearing.unsold); }},
    {"revenue", [](const ComparedAuction& one) { return MoneyCell(one.held.clearing.revenue); }},
    {"reserve",
     [](const ComparedAuction& one) {
       return one.held.terms.reserve ? PriceCell(*one.held.terms.reserve) : Nothing();
     }},
    {"secret_reserve",
     [](const ComparedAuction& one) {
       const bool used = one.held.terms.secret_reserve.has_value() &&
                         one.held.terms.format.secret != auction::SecretReserve::kNone;
       return used ? PriceCell(*one.held.terms.secret_reserve) : Nothing();
     }},
    {"successful_bids",
     [](const ComparedAuction& one) { return Number(one.held.clearing.successful_bids); }},
    {"successful_bidders",
     [](const ComparedAuction& one) { return Number(one.held.clearing.successful_bidders); }},
    {"tie",
     [](const ComparedAuction& one) { return Text(std::string(one.held.terms.format.tie->name)); }},
    {"shortage",
     [](const ComparedAuction& one) {
       return Text(std::string(ToString(one.held.terms.format.shortage)));
     }},
    {"cut", [](const ComparedAuction& one) { return TonnesCell(CutOf(one.held).second); }},
    {"unknown",
     [](const ComparedAuction& one) {
       return one.unknown.empty() ? Nothing() : Text(one.unknown);
     }},
    {"widened",
     [](const ComparedAuction& one) {
       std::string words;
       for (const std::string& word : one.widened) words += (words.empty() ? "" : "; ") + word;
       return words.empty() ? Nothing() : Text(words);
     }},
};

Cell FillUnder(const ComparedAuction& one, const std::string& id) {
  for (const auction::Award& award : one.held.clearing.awards) {
    if (one.held.table.rows[award.bid].id == id) return TonnesCell(award.quantity);
  }
  return Tonnage(0);
}

// Formats as columns read well side by side; programs get a row a format.
void CompareInColumns(const std::vector<ComparedAuction>& compared) {
  std::vector<std::string> columns = {""};
  for (const ComparedAuction& one : compared) {
    columns.emplace_back(one.held.terms.format.name);
  }
  Rows rows("table", columns);
  const auto add = [&](const std::string& name, auto cell) {
    std::vector<Cell> row = {Text(name)};
    for (const ComparedAuction& one : compared) row.push_back(cell(one));
    rows.Add(std::move(row));
  };
  for (const CompareRow& row : kCompareRows) add(row.name, row.cell);
  const auction::BidTable& table = compared.front().held.table;
  constexpr std::size_t kFillsMax = 60;
  for (std::size_t i = 0; i < std::min(table.rows.size(), kFillsMax); ++i) {
    const std::string& id = table.rows[i].id;
    add(table.rows[i].bidder + " " + ToString(table.bids[i].price) + " x " +
            ToString(table.bids[i].quantity),
        [&id](const ComparedAuction& one) { return FillUnder(one, id); });
  }
  rows.End();
  if (table.rows.size() > kFillsMax) {
    std::cout << "and " << table.rows.size() - kFillsMax
              << " bids more; --output csv has a row a format\n";
  }
}

}  // namespace

void PrintAuction(const HeldAuction& held, const std::string& output, const std::string& show) {
  if (output == "json") {
    std::cout << ResultJson(held);
    return;
  }
  const std::string what = output == "csv" && show.empty() ? "fills" : show;
  if (what.empty()) {
    std::cout << held.terms.format.name << ": " << held.terms.format.description << "\n\n";
    PrintFacts(output, ResultFacts(held));
    std::cout << "\nFills\n";
    PrintFills(held, output);
    std::cout << "\nStatistics\n";
    PrintFacts(output, StatisticsFacts(held));
    std::cout << "\nDemand\n";
    PrintCurve(held, output);
    std::cout << "\nTies: " << held.terms.format.tie->name << ", seed " << held.terms.tie_seed
              << ", commitment " << auction::SeedCommitment(held.name, held.terms.tie_seed) << "\n";
  } else if (what == "fills") {
    PrintFills(held, output);
  } else if (what == "statistics") {
    Facts facts = ResultFacts(held);
    for (auto& fact : StatisticsFacts(held)) facts.push_back(std::move(fact));
    PrintFacts(output, facts);
  } else if (what == "curve") {
    PrintCurve(held, output);
  } else {
    PrintOrder(held, output);
  }
}

void PrintComparison(const std::vector<ComparedAuction>& compared, const std::string& output) {
  if (output == "table") return CompareInColumns(compared);
  std::vector<std::string> columns = {"format"};
  for (const CompareRow& row : kCompareRows) columns.emplace_back(row.name);
  Rows rows(output, columns);
  for (const ComparedAuction& one : compared) {
    std::vector<Cell> row = {Text(std::string(one.held.terms.format.name))};
    for (const CompareRow& cell : kCompareRows) row.push_back(cell.cell(one));
    rows.Add(std::move(row));
  }
  rows.End();
}

}  // namespace ets::cli
