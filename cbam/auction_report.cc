#include "cbam/auction_report.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace ets::cbam {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::size_t kHeaderWithin = 30;  // Lines.
constexpr std::string_view kOurHeader = "date,auctioneer,price,volume";
constexpr std::int64_t kLot = 500;  // Allowances; auctions sell whole lots.
// Day 0 of a spreadsheet's dates.
constexpr std::int32_t kSerialEpoch = -25'569;

// Lower case, with every run of other characters as one space: "Auction Price EUR/tCO2" is
// "auction price eur tco2".
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_kept = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_kept) {
      plain += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!plain.empty() && plain.back() != ' ') {
      plain += ' ';
    }
  }
  while (!plain.empty() && plain.back() == ' ') plain.pop_back();
  return plain;
}

struct Columns {
  std::size_t date = kNone, price = kNone, volume = kNone;
  std::size_t status = kNone, contract = kNone, auctioneer = kNone;
  bool in_auction_name = false;  // The auctioneer is the last word of the column's text.

  bool AreComplete() const {
    return date != kNone && price != kNone && volume != kNone && auctioneer != kNone;
  }
};

Columns ColumnsOf(const std::vector<std::string>& row) {
  Columns columns;
  std::size_t auction_name = kNone;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string name = Plain(row[i]);
    const auto take = [&](std::size_t& column, bool is_it) {
      if (is_it && column == kNone) column = i;
    };
    take(columns.date, name == "date");
    take(columns.price, name == "price" || name.starts_with("auction price") ||
                            name.starts_with("price eur") || name == "clearing price");
    take(columns.volume, name == "volume" || name.starts_with("auction volume"));
    take(columns.status, name == "status");
    take(columns.contract, name == "contract");
    take(columns.auctioneer, name == "auctioneer" || name == "zone" || name == "country");
    take(auction_name, name == "auction name");
  }
  columns.in_auction_name = columns.auctioneer == kNone;
  if (columns.in_auction_name) columns.auctioneer = auction_name;
  return columns;
}

std::optional<std::int64_t> WholeNumber(std::string_view text) {
  // A spreadsheet may write a whole number as 500.0; 1.000 may be a thousand.
  if (text.ends_with(".0")) text.remove_suffix(2);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<Date> DateOf(std::string_view text) {
  if (const auto date = Date::Parse(text.substr(0, 10))) {
    // A time of day may follow.
    const bool is_time = text.size() > 10 && (text[10] == ' ' || text[10] == 'T') &&
                         text.find_first_not_of("0123456789:.+-Z", 11) == std::string_view::npos;
    return text.size() == 10 || is_time ? date : std::nullopt;
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  if (text.find_first_not_of("0123456789", std::min(point + 1, text.size())) !=
      std::string_view::npos) {
    return std::nullopt;
  }
  const auto serial = WholeNumber(text.substr(0, point));
  if (!serial || *serial < 36'526 || *serial > 73'050) return std::nullopt;  // 2000 to 2099.
  return Date(static_cast<std::int32_t>(*serial) + kSerialEpoch);
}

// At most two decimals that matter. With a comma, two at most: 1,230 may be a thousand and more.
std::optional<Price> PriceOf(std::string_view text) {
  std::string plain(text);
  const std::size_t comma = plain.find(',');
  if (comma != plain.npos && plain.find('.') == plain.npos) {
    if (plain.size() > comma + 3) return std::nullopt;
    plain[comma] = '.';
  }
  if (const std::size_t point = plain.find('.'); point != plain.npos) {
    while (plain.size() > point + 3 && plain.back() == '0') plain.pop_back();
  }
  const auto price = Price::Parse(plain);
  if (!price || *price <= Price()) return std::nullopt;
  return price;
}

// What stands in the status column of an auction that took place.
struct StatusRow {
  std::string_view name;
  bool has_cleared;
};
constexpr StatusRow kStatuses[] = {
    {"successful", true}, {"cancelled", false}, {"canceled", false}, {"unsuccessful", false}};

class Reader {
 public:
  Reader(const TextRows& rows, std::size_t header, const Columns& columns, ReportForm form)
      : rows_(rows), header_(header), columns_(columns), form_(form) {}

  Result<AuctionReport, std::vector<std::string>> Read() {
    report_.header_line = header_ + 1;
    report_.date_column = columns_.date;
    for (std::size_t i = header_ + 1; i < rows_.size(); ++i) {
      if (!IsEmpty(rows_[i])) ReadRow(i);
    }
    CheckOrder();
    if (!wrong_.empty()) return Fail{std::move(wrong_)};
    if (report_.newest_first) {
      std::ranges::reverse(report_.facts);
      std::ranges::reverse(report_.held);
      std::ranges::reverse(report_.lines);
    }
    return std::move(report_);
  }

 private:
  static bool IsEmpty(const std::vector<std::string>& row) {
    return std::all_of(row.begin(), row.end(), [](const std::string& cell) {
      return cell.find_first_not_of(" \t") == std::string::npos;
    });
  }
  std::string Cell(std::size_t line, std::size_t column) const {
    return column < rows_[line].size() ? rows_[line][column] : std::string();
  }
  void Wrong(std::size_t line, std::size_t column, const std::string& what) {
    wrong_.push_back("line " + std::to_string(line + 1) + ", column " + ColumnLetters(column) +
                     " (" + Cell(header_, column) + "): " + what + " expected, not \"" +
                     Cell(line, column) + "\"");
  }

  void ReadRow(std::size_t line) {
    const std::size_t fields = rows_[header_].size();
    const std::size_t given = rows_[line].size();
    if (given > fields || (given < fields && !form_.short_rows)) {
      wrong_.push_back("line " + std::to_string(line + 1) + ": " + std::to_string(fields) +
                       " fields expected, not " + std::to_string(given));
      return;
    }
    const auto date = DateOf(Cell(line, columns_.date));
    if (!date) Wrong(line, columns_.date, "a date like 2026-01-07");
    if (!IsOfGeneralAllowances(line)) return;
    const auto auctioneer = AuctioneerOf(line);
    if (date) dates_.push_back({*date, line});
    if (date && auctioneer) Hold(line, {*date, *auctioneer});
    if (!HasCleared(line)) return;
    ReadAmounts(line, date.value_or(Date()));
  }

  // False: of another contract, or it cannot be told.
  bool IsOfGeneralAllowances(std::size_t line) {
    if (columns_.contract == kNone) return true;
    const std::string contract = Plain(Cell(line, columns_.contract));
    if (contract == "t3pa") return true;
    if (contract.size() == 4 && contract.find(' ') == contract.npos) {
      ++report_.of_other_contracts;
    } else {
      Wrong(line, columns_.contract, "T3PA or the four letters of another contract");
    }
    return false;
  }

  std::optional<Auctioneer> AuctioneerOf(std::size_t line) {
    std::string name = Cell(line, columns_.auctioneer);
    if (columns_.in_auction_name) {
      name = Plain(name);
      name = name.substr(name.rfind(' ') + 1);
    }
    const auto auctioneer = FindAuctioneer(name);
    if (!auctioneer) {
      Wrong(line, columns_.auctioneer,
            std::string(columns_.in_auction_name ? "a name that ends with an auctioneer ("
                                                 : "an auctioneer (") +
                std::string(kAuctioneers) + ")");
    }
    return auctioneer;
  }

  void Hold(std::size_t line, const AuctionDay& day) {
    const auto [first, is_new] = line_of_.try_emplace({day.date, day.auctioneer}, line + 1);
    if (!is_new) {
      return Wrong(line, columns_.date,
                   "one auction of " + std::string(ToString(day.auctioneer)) + " a day (line " +
                       std::to_string(first->second) + " has one already)");
    }
    report_.held.push_back(day);
    report_.lines.push_back(line + 1);
  }

  bool HasCleared(std::size_t line) {
    if (columns_.status == kNone) return true;
    const StatusRow* const row =
        std::ranges::find(kStatuses, Plain(Cell(line, columns_.status)), &StatusRow::name);
    if (row == std::ranges::end(kStatuses)) {
      Wrong(line, columns_.status, "successful, cancelled or unsuccessful");
      return true;  // Its amounts are looked at all the same.
    }
    if (!row->has_cleared) ++report_.not_cleared;
    return row->has_cleared;
  }

  void ReadAmounts(std::size_t line, Date date) {
    const auto price = PriceOf(Cell(line, columns_.price));
    if (!price) Wrong(line, columns_.price, "a price above 0 with at most two decimals");
    const auto volume = WholeNumber(Cell(line, columns_.volume));
    const bool is_volume = volume && *volume > 0 && *volume <= kAmountMax && *volume % kLot == 0;
    if (!is_volume) {
      Wrong(line, columns_.volume, "a volume in whole tonnes above 0, a multiple of 500");
    }
    if (!price || !is_volume) return;
    // price x volume <= what is left, without a product that could overflow.
    if (*volume > (kAmountMax - value_) / price->minor_per_tonne()) {
      return Wrong(line, columns_.volume,
                   "price x volume of all auctions up to " +
                       ets::ToString(Money::FromMinor(kAmountMax)) + " EUR");
    }
    value_ += *volume * price->minor_per_tonne();
    report_.facts.push_back({.date = date, .price = *price, .volume = Tonnes(*volume)});
  }

  // The newest first, or the oldest first; anything else is a file that was put together wrongly.
  void CheckOrder() {
    report_.newest_first =
        !form_.oldest_first && dates_.size() > 1 && dates_.front().date > dates_.back().date;
    for (std::size_t i = 1; i < dates_.size(); ++i) {
      const Date before = dates_[i - 1].date;
      const bool in_order =
          report_.newest_first ? before >= dates_[i].date : before <= dates_[i].date;
      if (!in_order) Wrong(dates_[i].line, columns_.date, "dates in order");
    }
  }

  const TextRows& rows_;
  const std::size_t header_;
  const Columns columns_;
  const ReportForm form_;
  AuctionReport report_;
  struct DatedLine {
    Date date;
    std::size_t line;
  };
  std::vector<DatedLine> dates_;  // Of auctions of general allowances, bad ones included.
  std::map<std::pair<Date, Auctioneer>, std::size_t> line_of_;
  std::int64_t value_ = 0;  // Cents.
  std::vector<std::string> wrong_;
};

}  // namespace

std::string ColumnLetters(std::size_t column) {
  std::string letters;
  for (std::size_t left = column + 1; left > 0; left = (left - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (left - 1) % 26));
  }
  return letters;
}

Result<TextRows, std::string> SplitCsv(std::string_view text) {
  const auto is_more = [&text](char a, char b) {
    return std::count(text.begin(), text.end(), a) > std::count(text.begin(), text.end(), b);
  };
  const char separator = is_more(';', ',') ? ';' : ',';
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TextRows rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  std::size_t quoted_from = 0;  // The line on which the quote opens.
  std::size_t line = 1;
  const auto end_row = [&] {
    if (!row.empty() || !cell.empty()) row.push_back(std::move(cell));
    cell.clear();
    rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"' && cell.empty()) {
      quoted = true;
      quoted_from = line;
    } else if (c == separator) {
      row.push_back(std::move(cell));
      cell.clear();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell += c;
    }
  }
  if (quoted) return Fail{"line " + std::to_string(quoted_from) + ": a quote that never ends"};
  if (!row.empty() || !cell.empty()) end_row();
  return rows;
}

Result<AuctionReport, std::vector<std::string>> ReadAuctionReport(const TextRows& rows,
                                                                  ReportForm form) {
  for (std::size_t line = 0; line < std::min(rows.size(), kHeaderWithin); ++line) {
    const Columns columns = ColumnsOf(rows[line]);
    if (columns.AreComplete()) return Reader(rows, line, columns, form).Read();
  }
  return Fail{std::vector<std::string>{
      "line 1: a header with a date, a price, a volume and an auctioneer (or an auction name) "
      "expected in the first " +
      std::to_string(kHeaderWithin) + " lines, as " + std::string(kOurHeader)}};
}

Result<std::vector<AuctionFact>, std::string> ParseAuctionCsv(std::string_view text) {
  auto rows = SplitCsv(text);
  if (!rows.ok()) return Fail{rows.error()};
  std::string first = rows->empty() ? "" : std::string(text.substr(0, text.find('\n')));
  if (first.ends_with('\r')) first.pop_back();
  if (first != kOurHeader) {
    return Fail{"line 1: the header " + std::string(kOurHeader) + " expected, not \"" + first +
                "\""};
  }
  auto report = ReadAuctionReport(*rows, {.oldest_first = true});
  if (report.ok()) return std::move(report->facts);
  std::string all;
  for (const std::string& wrong : report.error()) all += (all.empty() ? "" : "\n") + wrong;
  return Fail{std::move(all)};
}

}  // namespace ets::cbam
