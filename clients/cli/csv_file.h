#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace ets::cli {

// A csv file from a person: the first line names the columns, each further line is a row. No
// quoting: what is read here are numbers and short words. Mistakes name file, line and column.
class CsvFile {
 public:
  class Row {
   public:
    // Empty when the column is not there.
    std::string Text(const std::string& column) const;
    // 0 where an optional column is not there or empty.
    Result<std::int64_t, std::string> Number(const std::string& column, std::int64_t low,
                                             std::int64_t high) const;
    std::string place() const;  // "plan.csv:7"

   private:
    friend class CsvFile;
    std::string file_;
    std::size_t line_ = 0;
    std::map<std::string, std::string> values_;
  };

  // Every required column must be there, and none that is neither required nor optional.
  static Result<CsvFile, std::string> Read(const std::string& path,
                                           const std::vector<std::string>& required,
                                           const std::vector<std::string>& optional);
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
};

}  // namespace ets::cli
