#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auction/bid_file.h"

namespace ets::auction {

// One value of a row, without the blanks around it, and the column of its first character.
struct CsvCell {
  std::string_view text;
  int column = 1;
};

// A table's rows by the names of its columns, and the mistakes found on the way. Values stand
// without quotes. Internal to the room; the text must outlive the table.
class CsvTable {
 public:
  CsvTable(std::string_view text, const std::vector<std::string_view>& required,
           const std::vector<std::string_view>& optional);

  // False when the header is wrong: then nothing else can be read.
  bool usable() const { return header_read_; }
  bool clean() const { return problems_.empty(); }
  bool Has(std::string_view column) const { return columns_.contains(column); }

  // Moves to the next row that has as many values as there are columns.
  bool Next();
  // Of the row; empty when there is no such column.
  CsvCell At(std::string_view column) const;
  int line() const { return static_cast<int>(at_) + 1; }

  // A mistake in the row.
  void Add(int column, std::string what);
  // By line and column.
  std::vector<BidProblem> Take();

 private:
  void ReadHeader(const std::vector<std::string_view>& required,
                  const std::vector<std::string_view>& optional);

  std::vector<std::string_view> lines_;
  std::map<std::string_view, std::size_t> columns_;
  std::size_t at_ = 0;
  std::vector<CsvCell> cells_;
  std::vector<BidProblem> problems_;
  bool header_read_ = false;
};

// A whole number from `low` to `high`, and nothing else.
std::optional<std::int64_t> WholeNumber(std::string_view text, std::int64_t low, std::int64_t high);
std::string Quoted(std::string_view text);  // 'text'

}  // namespace ets::auction
