#include "cbam/auction_report.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace ets::cbam {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::size_t kHeaderWithin = 30;  // Lines.
constexpr std::string_view kOurHeader = "date,auctioneer,price,volume";
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

  bool AreComplete() const { return date != kNone && price != kNone && volume != kNone; }
};

Columns ColumnsOf(const std::vector<std::string>& row) {
  Columns columns;
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
  }
  return columns;
}

// "AB" for column 27.
std::string ColumnLetters(std::size_t column) {
  std::string letters;
  for (std::size_t left = column + 1; left > 0; left = (left - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (left - 1) % 26));
  }
  return letters;
}

std::optional<std::int64_t> WholeNumber(std::string_view text) {
  // A spreadsheet may write a whole number with a fraction of zeros.
  if (const std::size_t point = text.find('.'); point != std::string_view::npos) {
    if (text.find_first_not_of('0', point + 1) != std::string_view::npos) return std::nullopt;
    text = text.substr(0, point);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<Date> DateOf(std::string_view text) {
  if (const auto date = Date::Parse(text.substr(0, 10))) {
    // A time of day may follow.
    if (text.size() == 10 || text[10] == ' ' || text[10] == 'T') return date;
  }
  const std::size_t point = text.find('.');
  const auto serial = WholeNumber(text.substr(0, point));
  if (!serial || *serial < 36'526 || *serial > 73'050) return std::nullopt;  // 2000 to 2099.
  return Date(static_cast<std::int32_t>(*serial) + kSerialEpoch);
}

// At most two decimals that matter.
std::optional<Price> PriceOf(std::string_view text) {
  std::string plain(text);
  if (plain.find('.') == std::string::npos) std::replace(plain.begin(), plain.end(), ',', '.');
  if (const std::size_t point = plain.find('.'); point != std::string::npos) {
    while (plain.size() > point + 3 && plain.back() == '0') plain.pop_back();
  }
  const auto price = Price::Parse(plain);
  if (!price || *price <= Price()) return std::nullopt;
  return price;
}

class Reader {
 public:
  Reader(const TextRows& rows, std::size_t header, const Columns& columns, bool oldest_first)
      : rows_(rows), header_(header), columns_(columns), oldest_first_(oldest_first) {}

  Result<AuctionReport, std::vector<std::string>> Read() {
    for (std::size_t i = header_ + 1; i < rows_.size(); ++i) {
      if (IsEmpty(rows_[i])) continue;
      ReadRow(i);
    }
    Order();
    if (!wrong_.empty()) return Fail{std::move(wrong_)};
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
  void Wrong(std::size_t line, std::size_t column, const char* what) {
    wrong_.push_back("line " + std::to_string(line + 1) + ", column " + ColumnLetters(column) +
                     " (" + Cell(header_, column) + "): " + what + " expected, not \"" +
                     Cell(line, column) + "\"");
  }

  void ReadRow(std::size_t line) {
    if (rows_[line].size() > rows_[header_].size() ||
        rows_[line].size() <= std::max({columns_.date, columns_.price, columns_.volume})) {
      wrong_.push_back("line " + std::to_string(line + 1) + ": " +
                       std::to_string(rows_[header_].size()) + " fields expected, not " +
                       std::to_string(rows_[line].size()));
      return;
    }
    const auto date = DateOf(Cell(line, columns_.date));
    if (!date) return Wrong(line, columns_.date, "a date like 2026-01-07");
    if (rows_read_ == 0 || *date < report_.earliest) report_.earliest = *date;
    if (rows_read_ == 0 || *date > report_.latest) report_.latest = *date;
    ++rows_read_;
    if (columns_.contract != kNone && Plain(Cell(line, columns_.contract)) != "t3pa") {
      ++report_.of_other_contracts;
      return;
    }
    if (columns_.status != kNone && Plain(Cell(line, columns_.status)) != "successful") {
      ++report_.not_cleared;
      return;
    }
    if (columns_.auctioneer != kNone && Cell(line, columns_.auctioneer).empty()) {
      Wrong(line, columns_.auctioneer, "an auctioneer");
    }
    dates_.push_back({*date, line});
    const auto price = PriceOf(Cell(line, columns_.price));
    if (!price) Wrong(line, columns_.price, "a price above 0 with at most two decimals");
    const auto volume = WholeNumber(Cell(line, columns_.volume));
    const bool is_volume = volume && *volume > 0 && *volume <= kAmountMax;
    if (!is_volume) Wrong(line, columns_.volume, "a volume in whole tonnes above 0");
    if (!price || !is_volume) return;
    report_.facts.push_back({.date = *date, .price = *price, .volume = Tonnes(*volume)});
    report_.lines.push_back(line + 1);
  }

  // The newest first, or the oldest first; anything else is a file that was put together wrongly.
  void Order() {
    const bool newest_first =
        !oldest_first_ && dates_.size() > 1 && dates_.front().date > dates_.back().date;
    for (std::size_t i = 1; i < dates_.size(); ++i) {
      const Date before = dates_[i - 1].date;
      const bool in_order = newest_first ? before >= dates_[i].date : before <= dates_[i].date;
      if (!in_order) Wrong(dates_[i].line, columns_.date, "dates in order");
    }
    if (!newest_first) return;
    std::ranges::reverse(report_.facts);
    std::ranges::reverse(report_.lines);
  }

  const TextRows& rows_;
  const std::size_t header_;
  const Columns columns_;
  const bool oldest_first_;
  AuctionReport report_;
  std::size_t rows_read_ = 0;
  struct DatedLine {
    Date date;
    std::size_t line;
  };
  std::vector<DatedLine> dates_;  // Of auctions that count, bad prices and volumes included.
  std::vector<std::string> wrong_;
};

}  // namespace

TextRows SplitCsv(std::string_view text) {
  const auto is_more = [&text](char a, char b) {
    return std::count(text.begin(), text.end(), a) > std::count(text.begin(), text.end(), b);
  };
  const char separator = is_more(';', ',') ? ';' : ',';
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TextRows rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  const auto end_row = [&] {
    if (!row.empty() || !cell.empty()) row.push_back(std::move(cell));
    cell.clear();
    rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
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
    } else if (c == separator) {
      row.push_back(std::move(cell));
      cell.clear();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell += c;
    }
  }
  if (!row.empty() || !cell.empty()) end_row();
  return rows;
}

Result<AuctionReport, std::vector<std::string>> ReadAuctionReport(const TextRows& rows,
                                                                  bool oldest_first) {
  for (std::size_t line = 0; line < std::min(rows.size(), kHeaderWithin); ++line) {
    const Columns columns = ColumnsOf(rows[line]);
    if (columns.AreComplete()) return Reader(rows, line, columns, oldest_first).Read();
  }
  return Fail{std::vector<std::string>{
      "line 1: a header with a date, a price and a volume expected in the first " +
      std::to_string(kHeaderWithin) + " lines, as " + std::string(kOurHeader)}};
}

Result<std::vector<AuctionFact>, std::string> ParseAuctionCsv(std::string_view text) {
  const TextRows rows = SplitCsv(text);
  std::string first = rows.empty() ? "" : std::string(text.substr(0, text.find('\n')));
  if (first.ends_with('\r')) first.pop_back();
  if (first != kOurHeader) {
    return Fail{"line 1: the header " + std::string(kOurHeader) + " expected, not \"" + first +
                "\""};
  }
  auto report = ReadAuctionReport(rows, true);
  if (report.ok()) return std::move(report->facts);
  std::string all;
  for (const std::string& wrong : report.error()) all += (all.empty() ? "" : "\n") + wrong;
  return Fail{std::move(all)};
}

}  // namespace ets::cbam
