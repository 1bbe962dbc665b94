#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auction/bid_file.h"

namespace ets::auction {

// One value of a row, without its quotes and the blanks around it, and where it begins.
struct CsvCell {
  std::string text;
  int line = 1;
  std::size_t at = 0;  // Byte of the whole text.
};

// A table's rows by the names of its columns, and the mistakes found on the way. RFC 4180: a value
// in quotes may hold commas, line ends and quotes, these doubled; lines end with or without a
// carriage return; a byte order mark is no text. Empty lines are skipped. Text is UTF-8, and
// columns of mistakes count its characters. Internal to the room; the text must outlive the table.
class CsvTable {
 public:
  CsvTable(std::string_view text, const std::vector<std::string_view>& required,
           const std::vector<std::string_view>& optional);

  // False when the header is wrong: then nothing else can be read.
  bool usable() const { return header_read_; }
  bool clean() const { return problems_.empty(); }
  bool Has(std::string_view column) const { return columns_.contains(column); }

  // Moves to the next row that is whole and has as many values as there are columns.
  bool Next();
  // Of the row, until the next one; empty when there is no such column.
  std::string_view At(std::string_view column) const;
  int line() const { return row_line_; }  // Where the row begins.

  // A mistake in the row: at its beginning, or at one of its values.
  void Add(std::string what);
  void AddAt(std::string_view column, std::string what);
  // By line and column.
  std::vector<BidProblem> Take();

 private:
  void ReadHeader(const std::vector<std::string_view>& required,
                  const std::vector<std::string_view>& optional);
  // The next record into cells_; false at the end. `whole` says whether it can be used.
  bool ReadRecord(bool& whole);
  CsvCell ReadPlain(bool& whole);
  CsvCell ReadQuoted(bool& whole);
  void SkipBlanks();
  bool AtEndOfValue() const;
  void AddAtByte(int line, std::size_t at, std::string what);

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::map<std::string, std::size_t, std::less<>> columns_;
  int row_line_ = 1;
  std::vector<CsvCell> cells_;
  std::vector<BidProblem> problems_;
  bool header_read_ = false;
};

// A whole number from `low` to `high`, and nothing else.
std::optional<std::int64_t> WholeNumber(std::string_view text, std::int64_t low, std::int64_t high);
std::string Quoted(std::string_view text);  // 'text'

}  // namespace ets::auction
