#include "auction/csv_table.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ets::auction {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<CsvCell> Split(std::string_view line) {
  std::vector<CsvCell> cells;
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    const std::string_view whole = line.substr(at, end - at);
    const std::string_view text = Trimmed(whole);
    const std::size_t blanks =
        text.empty() ? 0 : static_cast<std::size_t>(text.data() - whole.data());
    cells.push_back({text, static_cast<int>(at + blanks) + 1});
    if (end == line.size()) return cells;
    at = end + 1;
  }
}

// Lines without their ends; a byte order mark is no text.
std::vector<std::string_view> LinesOf(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

std::string Joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

}  // namespace

CsvTable::CsvTable(std::string_view text, const std::vector<std::string_view>& required,
                   const std::vector<std::string_view>& optional)
    : lines_(LinesOf(text)) {
  ReadHeader(required, optional);
}

void CsvTable::ReadHeader(const std::vector<std::string_view>& required,
                          const std::vector<std::string_view>& optional) {
  const std::string allowed =
      Joined(required) + (optional.empty() ? "" : "; if wanted: " + Joined(optional));
  if (lines_.empty()) return Add(1, "the file is empty; allowed: a header of " + allowed);
  const std::vector<CsvCell> header = Split(lines_[0]);
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto [text, column] = header[i];
    const bool known = std::ranges::find(required, text) != required.end() ||
                       std::ranges::find(optional, text) != optional.end();
    if (!known) {
      Add(column, Quoted(text) + " is no column; allowed: " + allowed);
    } else if (!columns_.emplace(text, i).second) {
      Add(column, "the column " + std::string(text) + " is there twice; allowed: once");
    }
  }
  for (const std::string_view column : required) {
    if (columns_.contains(column)) continue;
    Add(1, "the column " + std::string(column) + " is missing; allowed: a header of " + allowed);
  }
  header_read_ = problems_.empty();
}

bool CsvTable::Next() {
  while (++at_ < lines_.size()) {
    if (Trimmed(lines_[at_]).empty()) continue;
    cells_ = Split(lines_[at_]);
    if (cells_.size() == columns_.size()) return true;
    Add(1, std::to_string(cells_.size()) + " values; allowed: " + std::to_string(columns_.size()) +
               ", one for each column of the header");
  }
  return false;
}

CsvCell CsvTable::At(std::string_view column) const {
  const auto found = columns_.find(column);
  return found == columns_.end() ? CsvCell{} : cells_[found->second];
}

void CsvTable::Add(int column, std::string what) {
  problems_.push_back({line(), column, std::move(what)});
}

std::vector<BidProblem> CsvTable::Take() {
  std::ranges::stable_sort(problems_, {}, [](const BidProblem& problem) {
    return std::pair(problem.line, problem.column);
  });
  return std::move(problems_);
}

std::optional<std::int64_t> WholeNumber(std::string_view text, std::int64_t low,
                                        std::int64_t high) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < low || number > high) return std::nullopt;
  return number;
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace ets::auction
