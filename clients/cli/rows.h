#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/unit.h"

namespace ets::cli {

// One value of a row: as a program reads it, and as a person does.
struct Cell {
  std::string raw;
  std::string shown;
  bool is_number = true;
};

Cell Text(std::string text);
Cell YesNo(bool truth);  // json true and false; csv and people yes and no.
Cell Number(std::uint64_t number);
Cell Signed(std::int64_t number);
// Tonnes, or minor units of a currency, which a person reads as 1,234.05.
Cell Amount(const Unit& unit, std::int64_t amount);
Cell Tonnage(std::int64_t tonnes);
Cell Nothing();  // json null, csv empty, people '-'.

// Rows on standard output: as an aligned table, as one JSON array of objects, or as CSV. A long
// list is printed as it comes, with the widths its first rows ask for.
class Rows {
 public:
  // `output` is table, json or csv.
  Rows(std::string output, std::vector<std::string> columns);

  void Add(std::vector<Cell> row);  // REQUIRES: as many cells as columns.
  void End();

 private:
  void PrintWaiting();
  void PrintRow(const std::vector<Cell>& row) const;

  std::string output_;
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> waiting_;
  std::vector<std::size_t> widths_;
  std::uint64_t count_ = 0;
};

// One thing with many names: a line a name in a table, one object in JSON, one row in CSV.
void PrintFacts(const std::string& output, const std::vector<std::pair<std::string, Cell>>& facts);

}  // namespace ets::cli
