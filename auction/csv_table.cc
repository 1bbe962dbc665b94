#include "auction/csv_table.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

namespace ets::auction {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// Whether every lead byte is followed by as many others as it says.
bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80U                    ? 1
                               : lead >= 0xC2U && lead < 0xE0U ? 2
                               : lead >= 0xE0U && lead < 0xF0U ? 3
                               : lead >= 0xF0U && lead < 0xF5U ? 4
                                                               : 0;
    if (length == 0 || i + length > text.size()) return false;
    const auto next = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0U;
    const bool is_wrong = (lead == 0xE0U && next < 0xA0U) || (lead == 0xEDU && next > 0x9FU) ||
                          (lead == 0xF0U && next < 0x90U) || (lead == 0xF4U && next > 0x8FU);
    if (is_wrong) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if (!Continues(text[i + k])) return false;
    }
    i += length;
  }
  return true;
}

std::string Joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

}  // namespace

CsvTable::CsvTable(std::string_view text, const std::vector<std::string_view>& required,
                   const std::vector<std::string_view>& optional)
    : text_(text) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  ReadHeader(required, optional);
}

void CsvTable::ReadHeader(const std::vector<std::string_view>& required,
                          const std::vector<std::string_view>& optional) {
  const std::string allowed =
      Joined(required) + (optional.empty() ? "" : "; if wanted: " + Joined(optional));
  bool whole = true;
  if (!ReadRecord(whole)) return Add("the file is empty; allowed: a header of " + allowed);
  if (!whole) return;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const CsvCell& cell = cells_[i];
    const bool known = std::ranges::find(required, cell.text) != required.end() ||
                       std::ranges::find(optional, cell.text) != optional.end();
    if (!known) {
      AddAtByte(cell.line, cell.at, Quoted(cell.text) + " is no column; allowed: " + allowed);
    } else if (!columns_.emplace(cell.text, i).second) {
      AddAtByte(cell.line, cell.at, "the column " + cell.text + " is there twice; allowed: once");
    }
  }
  for (const std::string_view column : required) {
    if (columns_.contains(column)) continue;
    Add("the column " + std::string(column) + " is missing; allowed: a header of " + allowed);
  }
  header_read_ = problems_.empty();
}

bool CsvTable::Next() {
  bool whole = true;
  while (ReadRecord(whole)) {
    if (!whole) continue;
    if (cells_.size() == columns_.size()) return true;
    Add(std::to_string(cells_.size()) + " values; allowed: " + std::to_string(columns_.size()) +
        ", one for each column of the header");
  }
  return false;
}

bool CsvTable::ReadRecord(bool& whole) {
  for (; at_ < text_.size(); ++line_) {  // Past lines without anything.
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    if (!Trimmed(text_.substr(at_, end - at_)).empty()) break;
    at_ = std::min(end + 1, text_.size());
  }
  if (at_ == text_.size()) return false;
  whole = true;
  cells_.clear();
  row_line_ = line_;
  for (;; ++at_) {
    SkipBlanks();
    const bool is_quoted = at_ < text_.size() && text_[at_] == '"';
    cells_.push_back(is_quoted ? ReadQuoted(whole) : ReadPlain(whole));
    const CsvCell& cell = cells_.back();
    if (!IsUtf8(cell.text)) {
      AddAtByte(cell.line, cell.at, "the value is not UTF-8; allowed: a file saved as UTF-8");
      whole = false;
    }
    if (at_ == text_.size()) return true;
    if (text_[at_] == '\n') break;
  }
  ++at_;
  ++line_;
  return true;
}

CsvCell CsvTable::ReadPlain(bool& whole) {
  CsvCell cell{"", line_, at_};
  const std::size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
  cell.text = Trimmed(text_.substr(at_, end - at_));
  at_ = end;
  if (const std::size_t quote = cell.text.find('"'); quote != cell.text.npos) {
    AddAtByte(cell.line, cell.at + quote,
              "a quote within a value; allowed: the whole value in quotes, those in it doubled");
    whole = false;
  }
  return cell;
}

CsvCell CsvTable::ReadQuoted(bool& whole) {
  CsvCell cell{"", line_, at_};
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '"') {
      if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') break;
      ++at_;
    }
    if (text_[at_] == '\n') ++line_;
    cell.text += text_[at_];
  }
  if (at_ == text_.size()) {  // The lines below are read as if this one had been closed.
    AddAtByte(cell.line, cell.at, "the quote is not closed; allowed: a quote at the value's end");
    whole = false;
    line_ = cell.line;
    at_ = std::min(text_.find('\n', cell.at), text_.size());
    cell.text.clear();
    return cell;
  }
  ++at_;
  SkipBlanks();
  if (!AtEndOfValue()) {
    AddAtByte(line_, at_, "text behind a closing quote; allowed: a comma, or the end of the line");
    whole = false;
    at_ = std::min(text_.find_first_of(",\n", at_), text_.size());
  } else if (at_ < text_.size() && text_[at_] == '\r') {
    ++at_;
  }
  return cell;
}

void CsvTable::SkipBlanks() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
}

bool CsvTable::AtEndOfValue() const {
  const std::string_view rest = text_.substr(at_);
  return rest.empty() || rest == "\r" || rest.starts_with(',') || rest.starts_with('\n') ||
         rest.starts_with("\r\n");
}

std::string_view CsvTable::At(std::string_view column) const {
  const auto found = columns_.find(column);
  return found == columns_.end() ? std::string_view() : cells_[found->second].text;
}

void CsvTable::Add(std::string what) { problems_.push_back({row_line_, 1, std::move(what)}); }

void CsvTable::AddAt(std::string_view column, std::string what) {
  const auto found = columns_.find(column);
  if (found == columns_.end()) return Add(std::move(what));
  AddAtByte(cells_[found->second].line, cells_[found->second].at, std::move(what));
}

void CsvTable::AddAtByte(int line, std::size_t at, std::string what) {
  const std::string_view before = text_.substr(0, at);
  const std::size_t begin = before.rfind('\n') + 1;  // 0 when there is none.
  const auto characters = std::ranges::count_if(before.substr(begin), std::not_fn(Continues));
  problems_.push_back({line, static_cast<int>(characters) + 1, std::move(what)});
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
