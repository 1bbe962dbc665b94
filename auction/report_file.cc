#include "auction/report_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

#include "auction/csv_table.h"
#include "base/date.h"

namespace ets::auction {
namespace {

constexpr std::int64_t kTonnesMax = 10'000'000'000;
constexpr std::size_t kHeaderWithin = 30;  // Lines of a workbook in which its header stands.

// A column by its short name and by the exchange's heading, which units or currencies may follow.
struct Heading {
  std::string_view name;
  std::string_view exchange;
  bool is_required = true;
};
constexpr Heading kHeadings[] = {
    {"date", "date"},
    {"time_cet", "time", false},
    {"auction_name", "auction name", false},
    {"contract", "contract", false},
    {"status", "status", false},
    {"zone", "zone", false},
    {"zone", "country", false},  // Before 2026.
    {"price_eur", "auction price"},
    {"min_bid", "minimum bid"},
    {"max_bid", "maximum bid"},
    {"mean_bid", "mean"},
    {"median_bid", "median"},
    {"volume", "auction volume"},
    {"total_bid_volume", "total amount of bids"},
    {"n_bids", "number of bids submitted"},
    {"n_successful_bids", "number of successful bids"},
    {"avg_bids_per_bidder", "average number of bids per bidder"},
    {"avg_bid_size", "average bid size"},
    {"avg_vol_bid_per_bidder", "average volume bid per bidder"},
    {"sd_vol_bid_per_bidder", "standard deviation of bid volume per bidder"},
    {"avg_vol_won_per_bidder", "average volume won per bidder"},
    {"sd_vol_won_per_bidder", "standard deviation of volume won per bidder"},
    {"cover_ratio", "cover ratio"},
    {"n_bidders", "total number of bidders"},
    {"n_successful_bidders", "number of successful bidders"},
    {"revenue_eur", "total revenue"},
};

std::vector<std::string_view> ShortNames(bool required) {
  std::vector<std::string_view> names;
  for (const Heading& heading : kHeadings) {
    const bool is_first = names.empty() || names.back() != heading.name;
    if (heading.is_required == required && is_first) names.push_back(heading.name);
  }
  return names;
}

// Lower case, with every run of other characters as one blank: "auction price tco2".
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      plain += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!plain.empty() && plain.back() != ' ') {
      plain += ' ';
    }
  }
  if (plain.ends_with(' ')) plain.pop_back();
  return plain;
}

// A workbook's number times `factor` as a whole one, rounded half up: "3.2857142857142856" times
// 100 is 329.
std::optional<std::int64_t> Scaled(std::string_view text, double factor) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  constexpr double kMost = 1e15;
  if (!(number >= 0 && number * factor < kMost)) return std::nullopt;
  constexpr double kBinary = 1e-6;  // What 3.285 is short of itself, and more.
  return static_cast<std::int64_t>(std::floor(number * factor + 0.5 + kBinary));
}

// The exchange's own report: rows of cells, some lines above the header, columns of no interest
// here, dates as the serial numbers of a spreadsheet. Read by short names, like a CsvTable; the
// header may have these as well.
class SheetTable {
 public:
  explicit SheetTable(const ReportCells& rows) : rows_(rows) { FindHeader(); }

  bool usable() const { return problems_.empty(); }
  bool clean() const { return problems_.empty(); }
  bool Next() {
    while (++row_ < rows_.size()) {
      const bool is_empty = std::ranges::all_of(rows_[row_], [](const std::string& cell) {
        return cell.find_first_not_of(" \t") == cell.npos;
      });
      if (!is_empty) return true;
    }
    return false;
  }
  std::string_view At(std::string_view column) const {
    const auto found = columns_.find(column);
    if (found == columns_.end() || found->second >= rows_[row_].size()) return {};
    return rows_[row_][found->second];
  }
  int line() const { return static_cast<int>(row_) + 1; }
  void Add(std::string what) { problems_.push_back({line(), 1, std::move(what)}); }
  void AddAt(std::string_view column, std::string what) {
    const auto found = columns_.find(column);
    const std::size_t cell = found == columns_.end() ? 0 : found->second;
    problems_.push_back({line(), static_cast<int>(cell) + 1, std::move(what)});
  }
  std::vector<BidProblem> Take() { return std::move(problems_); }

  static std::optional<Date> DateOf(std::string_view text) {
    if (const auto date = Date::Parse(text.substr(0, 10))) return date;
    const auto serial = Scaled(text, 1);  // Days since 30 December 1899.
    if (!serial || *serial < 1 || *serial > 100'000) return std::nullopt;
    return Date::Of(1899, 12, 30) + static_cast<int>(*serial);
  }
  static std::optional<std::int64_t> Hundredths(std::string_view text) { return Scaled(text, 100); }
  static std::optional<std::int64_t> WholeOf(std::string_view text) { return Scaled(text, 1); }

 private:
  void FindHeader() {
    for (row_ = 0; row_ < std::min(rows_.size(), kHeaderWithin); ++row_) {
      if (std::ranges::find(rows_[row_], "date", Plain) == rows_[row_].end()) continue;
      for (std::size_t i = 0; i < rows_[row_].size(); ++i) {
        const std::string plain = Plain(rows_[row_][i]);
        for (const Heading& heading : kHeadings) {
          const bool is_it = plain == Plain(heading.name) ||
                             (heading.name != "date" && plain.starts_with(heading.exchange));
          if (is_it) columns_.emplace(heading.name, i);
        }
      }
      for (const Heading& heading : kHeadings) {
        if (!heading.is_required || columns_.contains(heading.name)) continue;
        Add("no column '" + std::string(heading.exchange) + "' or " + std::string(heading.name) +
            "; allowed: the exchange's own report with all of its columns");
      }
      return;
    }
    row_ = 0;
    Add("no header within " + std::to_string(kHeaderWithin) +
        " lines; allowed: the exchange's own report, or a csv with a header of date, price_eur, "
        "min_bid ...");
  }

  const ReportCells& rows_;
  std::map<std::string_view, std::size_t> columns_;
  std::size_t row_ = 0;
  std::vector<BidProblem> problems_;
};

// Our own csv, whose figures are written as they are meant.
class ShortTable : public CsvTable {
 public:
  explicit ShortTable(std::string_view text)
      : CsvTable(text, ShortNames(true), ShortNames(false)) {}
  static std::optional<Date> DateOf(std::string_view text) { return Date::Parse(text); }
  static std::optional<std::int64_t> Hundredths(std::string_view text) {
    const auto price = Price::Parse(text);
    if (!price) return std::nullopt;
    return price->minor_per_tonne();
  }
  static std::optional<std::int64_t> WholeOf(std::string_view text) {
    return WholeNumber(text, 0, kTonnesMax);
  }
};

template <typename Table>
class ReportReader {
 public:
  explicit ReportReader(Table table) : table_(std::move(table)) {}

  Result<std::vector<ReportRow>, std::vector<BidProblem>> Read() {
    if (!table_.usable()) return Fail{table_.Take()};
    std::vector<ReportRow> rows;
    while (table_.Next()) rows.push_back(ReadRow());
    if (rows.empty() && table_.clean()) table_.Add("no row; allowed: one auction a line");
    if (!table_.clean()) return Fail{table_.Take()};
    return rows;
  }

 private:
  void Wrong(std::string_view column, const char* allowed) {
    table_.AddAt(column,
                 std::string(column) + ": " + Quoted(table_.At(column)) + "; allowed: " + allowed);
  }
  std::int64_t HundredthsAt(std::string_view column) {
    if (is_blank_allowed_ && table_.At(column).empty()) return 0;
    const auto number = Table::Hundredths(table_.At(column));
    if (!number) Wrong(column, "a number with at most two decimals");
    return number.value_or(0);
  }
  Price PriceAt(std::string_view column) { return Price::FromMinorPerTonne(HundredthsAt(column)); }
  std::int64_t WholeAt(std::string_view column, std::int64_t most, const char* allowed) {
    if (is_blank_allowed_ && table_.At(column).empty()) return 0;
    const auto number = Table::WholeOf(table_.At(column));
    if (number && *number <= most) return *number;
    Wrong(column, allowed);
    return 0;
  }
  Tonnes TonnesAt(std::string_view column) {
    return Tonnes(WholeAt(column, kTonnesMax, "whole tonnes"));
  }
  std::uint32_t CountAt(std::string_view column) {
    return static_cast<std::uint32_t>(WholeAt(column, 1'000'000, "a whole number"));
  }

  // Whether the auction sold; a word that nobody knows is a mistake.
  bool ReadStatus() {
    const std::string status = Plain(table_.At("status"));
    if (status.empty() || status == "successful") return true;
    constexpr std::string_view kOthers[] = {"cancelled", "canceled", "unsuccessful"};
    if (std::ranges::find(kOthers, status) == std::end(kOthers)) {
      Wrong("status", "successful, cancelled or unsuccessful");
    }
    return false;
  }

  // Oldest or newest first, each auction once.
  void ReadDate(ReportRow& row) {
    const auto date = Table::DateOf(table_.At("date"));
    if (!date) return Wrong("date", "a date like 2026-01-08");
    row.date = ToString(*date);
    if (last_ && *date != *last_) {
      const bool rises = *date > *last_;
      if (rises_.value_or(rises) != rises) {
        Wrong("date", "dates in order, the oldest or the newest first");
      }
      rises_ = rises_.value_or(rises);
    }
    last_ = *date;
    const auto key =
        std::tuple(*date, std::string(table_.At("auction_name")), std::string(table_.At("zone")),
                   std::string(table_.At("contract")), std::string(table_.At("time_cet")));
    const auto [first, fresh] = seen_.emplace(key, table_.line());
    if (fresh) return;
    table_.AddAt("date", "the auction of line " + std::to_string(first->second) +
                             " again; allowed: each once");
  }

  ReportRow ReadRow() {
    ReportRow row;
    row.line = table_.line();
    ReadDate(row);
    row.auction = table_.At("auction_name");
    Statistics& figures = row.figures;
    const bool sold = ReadStatus();
    is_blank_allowed_ = !sold;  // What was not sold has no price.
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
    figures.bids_per_bidder_hundredths =
        static_cast<std::uint64_t>(HundredthsAt("avg_bids_per_bidder"));
    figures.bid_size = TonnesAt("avg_bid_size");
    figures.bid_per_bidder = TonnesAt("avg_vol_bid_per_bidder");
    figures.bid_per_bidder_sd = TonnesAt("sd_vol_bid_per_bidder");
    figures.won_per_bidder = TonnesAt("avg_vol_won_per_bidder");
    figures.won_per_bidder_sd = TonnesAt("sd_vol_won_per_bidder");
    figures.cover_hundredths = static_cast<std::uint64_t>(HundredthsAt("cover_ratio"));
    figures.revenue = Money::FromMinor(HundredthsAt("revenue_eur"));
    return row;
  }

  Table table_;
  bool is_blank_allowed_ = false;
  std::optional<Date> last_;
  std::optional<bool> rises_;
  std::map<std::tuple<Date, std::string, std::string, std::string, std::string>, int> seen_;
};

}  // namespace

Result<std::vector<ReportRow>, std::vector<BidProblem>> ReadReport(std::string_view text) {
  return ReportReader<ShortTable>(ShortTable(text)).Read();
}

Result<std::vector<ReportRow>, std::vector<BidProblem>> ReadReport(const ReportCells& rows) {
  return ReportReader<SheetTable>(SheetTable(rows)).Read();
}

bool IsShortReport(std::string_view text) {
  return text.substr(0, text.find('\n')).find("price_eur") != text.npos;
}

}  // namespace ets::auction
