#include "clients/cli/csv_file.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>

namespace ets::cli {
namespace {

std::vector<std::string> Split(std::string line) {
  if (line.ends_with('\r')) line.pop_back();
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = line.find(',', at);
    parts.push_back(line.substr(at, end - at));
    if (end == std::string::npos) return parts;
    at = end + 1;
  }
}

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Empty, or what is wrong with the first line.
std::string CheckColumns(const std::vector<std::string>& columns,
                         const std::vector<std::string>& required,
                         const std::vector<std::string>& optional) {
  std::set<std::string> known(required.begin(), required.end());
  known.insert(optional.begin(), optional.end());
  std::set<std::string> seen;
  for (const std::string& column : columns) {
    if (!known.contains(column)) {
      return "'" + column + "' is no column; allowed: " + Listed(required) +
             (optional.empty() ? "" : "; if wanted " + Listed(optional));
    }
    if (!seen.insert(column).second) return "the column " + column + " is there twice";
  }
  for (const std::string& column : required) {
    if (!seen.contains(column)) return "the column " + column + " is missing";
  }
  return "";
}

}  // namespace

std::string CsvFile::Row::Text(const std::string& column) const {
  const auto found = values_.find(column);
  return found == values_.end() ? "" : found->second;
}

std::string CsvFile::Row::place() const { return file_ + ":" + std::to_string(line_); }

Result<std::int64_t, std::string> CsvFile::Row::Number(const std::string& column, std::int64_t low,
                                                       std::int64_t high) const {
  const std::string text = Text(column);
  if (text.empty() && low <= 0) return 0;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < low || number > high) {
    return Fail{place() + ": " + column + " is '" + text + "'; allowed: " + std::to_string(low) +
                " to " + std::to_string(high)};
  }
  return number;
}

Result<CsvFile, std::string> CsvFile::Read(const std::string& path,
                                           const std::vector<std::string>& required,
                                           const std::vector<std::string>& optional) {
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) return Fail{path + " cannot be read, or is empty"};
  const std::vector<std::string> columns = Split(line);
  if (const std::string wrong = CheckColumns(columns, required, optional); !wrong.empty()) {
    return Fail{path + ":1: " + wrong};
  }
  CsvFile file;
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    if (line.empty() || line == "\r") continue;
    const std::vector<std::string> values = Split(line);
    if (values.size() != columns.size()) {
      return Fail{path + ":" + std::to_string(number) + ": " + std::to_string(values.size()) +
                  " values in " + std::to_string(columns.size()) + " columns"};
    }
    Row row;
    row.file_ = path;
    row.line_ = number;
    for (std::size_t i = 0; i < columns.size(); ++i) row.values_.emplace(columns[i], values[i]);
    file.rows_.push_back(std::move(row));
  }
  if (file.rows_.empty()) return Fail{path + ": no rows behind the first line"};
  return file;
}

}  // namespace ets::cli
