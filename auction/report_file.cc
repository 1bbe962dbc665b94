#include "auction/report_file.h"

#include "auction/csv_table.h"
#include "base/date.h"

namespace ets::auction {
namespace {

constexpr std::int64_t kTonnesMax = 10'000'000'000;

class ReportReader {
 public:
  explicit ReportReader(std::string_view text)
      : table_(text,
               {"date",
                "price_eur",
                "min_bid",
                "max_bid",
                "mean_bid",
                "median_bid",
                "volume",
                "total_bid_volume",
                "n_bids",
                "n_successful_bids",
                "avg_bids_per_bidder",
                "avg_bid_size",
                "avg_vol_bid_per_bidder",
                "sd_vol_bid_per_bidder",
                "avg_vol_won_per_bidder",
                "sd_vol_won_per_bidder",
                "cover_ratio",
                "n_bidders",
                "n_successful_bidders",
                "revenue_eur"},
               {"time_cet", "auction_name", "contract", "status", "zone"}) {}

  Result<std::vector<ReportRow>, std::vector<BidProblem>> Read() {
    if (!table_.usable()) return Fail{table_.Take()};
    std::vector<ReportRow> rows;
    while (table_.Next()) rows.push_back(ReadRow());
    if (rows.empty() && table_.clean()) table_.Add(1, "no row; allowed: one auction a line");
    if (!table_.clean()) return Fail{table_.Take()};
    return rows;
  }

 private:
  void Wrong(std::string_view column, const char* allowed) {
    const CsvCell cell = table_.At(column);
    table_.Add(cell.column,
               std::string(column) + ": " + Quoted(cell.text) + "; allowed: " + allowed);
  }
  Price PriceAt(std::string_view column) {
    const auto price = Price::Parse(table_.At(column).text);
    if (!price) Wrong(column, "a number with at most two decimals");
    return price.value_or(Price());
  }
  Tonnes TonnesAt(std::string_view column) {
    const auto tonnes = WholeNumber(table_.At(column).text, 0, kTonnesMax);
    if (!tonnes) Wrong(column, "whole tonnes");
    return Tonnes(tonnes.value_or(0));
  }
  std::uint32_t CountAt(std::string_view column) {
    const auto count = WholeNumber(table_.At(column).text, 0, 1'000'000);
    if (!count) Wrong(column, "a whole number");
    return static_cast<std::uint32_t>(count.value_or(0));
  }
  std::uint64_t HundredthsAt(std::string_view column) {
    return static_cast<std::uint64_t>(PriceAt(column).minor_per_tonne());
  }

  ReportRow ReadRow() {
    ReportRow row;
    row.line = table_.line();
    row.date = table_.At("date").text;
    if (!Date::Parse(row.date)) Wrong("date", "a date like 2026-01-08");
    row.auction = table_.At("auction_name").text;
    Statistics& figures = row.figures;
    const std::string_view status = table_.At("status").text;
    const bool sold = status.empty() || status == "successful";
    figures.status = sold ? Status::kCleared : Status::kUndersubscribed;
    figures.price = PriceAt("price_eur");
    figures.lowest_bid = PriceAt("min_bid");
    figures.highest_bid = PriceAt("max_bid");
    figures.mean_bid = PriceAt("mean_bid");
    figures.median_bid = PriceAt("median_bid");
    figures.volume = TonnesAt("volume");
    figures.sold = sold ? figures.volume : Tonnes();
    figures.bid_volume = TonnesAt("total_bid_volume");
    figures.bids = CountAt("n_bids");
    figures.successful_bids = CountAt("n_successful_bids");
    figures.bidders = CountAt("n_bidders");
    figures.successful_bidders = CountAt("n_successful_bidders");
    figures.bids_per_bidder_hundredths = HundredthsAt("avg_bids_per_bidder");
    figures.bid_size = TonnesAt("avg_bid_size");
    figures.bid_per_bidder = TonnesAt("avg_vol_bid_per_bidder");
    figures.bid_per_bidder_sd = TonnesAt("sd_vol_bid_per_bidder");
    figures.won_per_bidder = TonnesAt("avg_vol_won_per_bidder");
    figures.won_per_bidder_sd = TonnesAt("sd_vol_won_per_bidder");
    figures.cover_hundredths = HundredthsAt("cover_ratio");
    figures.revenue = Money::FromMinor(PriceAt("revenue_eur").minor_per_tonne());
    return row;
  }

  CsvTable table_;
};

}  // namespace

Result<std::vector<ReportRow>, std::vector<BidProblem>> ReadReport(std::string_view text) {
  return ReportReader(text).Read();
}

}  // namespace ets::auction
