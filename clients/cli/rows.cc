#include "clients/cli/rows.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

namespace ets::cli {
namespace {

constexpr std::size_t kWaitingMax = 1'000;

std::string WithThousands(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string Json(const Cell& cell) {
  return cell.is_number ? cell.raw : nlohmann::json(cell.raw).dump();
}

// A text with a comma, a quote or a line end is quoted, as RFC 4180 has it.
std::string Csv(const Cell& cell) {
  if (cell.is_number && cell.raw == "null") return "";
  if (cell.is_number && (cell.raw == "true" || cell.raw == "false")) return cell.shown;
  if (cell.raw.find_first_of(",\"\r\n") == std::string::npos) return cell.raw;
  std::string quoted = "\"";
  for (const char letter : cell.raw) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

void PrintCsv(const std::vector<Cell>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) std::cout << (i == 0 ? "" : ",") << Csv(cells[i]);
  std::cout << "\n";
}

}  // namespace

Cell Text(std::string text) { return {text, text, false}; }
Cell YesNo(bool truth) { return {truth ? "true" : "false", truth ? "yes" : "no", true}; }
Cell Number(std::uint64_t number) { return {std::to_string(number), std::to_string(number)}; }
Cell Signed(std::int64_t number) { return {std::to_string(number), std::to_string(number)}; }
Cell Tonnage(std::int64_t tonnes) { return {std::to_string(tonnes), WithThousands(tonnes)}; }
Cell Nothing() { return {"null", "-", true}; }

Cell Amount(const Unit& unit, std::int64_t amount) {
  Cell cell = Tonnage(amount);
  if (unit.type == UnitType::kCurrency) {
    const std::string cents = std::to_string(std::abs(amount % 100) + 100).substr(1);
    const bool lost_sign = amount < 0 && amount > -100;
    cell.shown = (lost_sign ? "-" : "") + WithThousands(amount / 100) + "." + cents;
  }
  return cell;
}

Rows::Rows(std::string output, std::vector<std::string> columns)
    : output_(std::move(output)), columns_(std::move(columns)) {
  if (output_ == "json") std::cout << "[";
  if (output_ != "csv") return;
  std::vector<Cell> head;
  for (const std::string& column : columns_) head.push_back(Text(column));
  PrintCsv(head);
}

void Rows::Add(std::vector<Cell> row) {
  if (output_ == "table") {
    waiting_.push_back(std::move(row));
    if (waiting_.size() >= kWaitingMax) PrintWaiting();
  } else if (output_ == "csv") {
    PrintCsv(row);
  } else {
    std::cout << (count_ == 0 ? "\n" : ",\n") << "  {";
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::cout << (i == 0 ? "" : ", ") << '"' << columns_[i] << "\": " << Json(row[i]);
    }
    std::cout << "}";
  }
  ++count_;
}

void Rows::End() {
  if (output_ == "table") PrintWaiting();
  if (output_ == "json") std::cout << (count_ == 0 ? "]\n" : "\n]\n");
  std::cout.flush();
}

void Rows::PrintWaiting() {
  const bool is_first = widths_.empty();
  if (is_first) {
    for (const std::string& column : columns_) widths_.push_back(column.size());
  }
  for (const std::vector<Cell>& row : waiting_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths_[i] = std::max(widths_[i], row[i].shown.size());
    }
  }
  if (is_first) {
    std::vector<Cell> head;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool is_number = !waiting_.empty() && waiting_.front()[i].is_number;
      head.push_back({"", columns_[i], is_number});
    }
    PrintRow(head);
  }
  for (const std::vector<Cell>& row : waiting_) PrintRow(row);
  waiting_.clear();
}

void Rows::PrintRow(const std::vector<Cell>& row) const {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string padding(widths_[i] - std::min(widths_[i], row[i].shown.size()), ' ');
    line += (i == 0 ? "" : "  ");
    line += row[i].is_number ? padding + row[i].shown : row[i].shown + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  std::cout << line << "\n";
}

void PrintFacts(const std::string& output, const std::vector<std::pair<std::string, Cell>>& facts) {
  if (output == "table") {
    std::size_t width = 0;
    for (const auto& [name, cell] : facts) width = std::max(width, name.size());
    for (const auto& [name, cell] : facts) {
      std::cout << name << std::string(width + 2 - name.size(), ' ') << cell.shown << "\n";
    }
  } else if (output == "json") {
    std::cout << "{";
    for (std::size_t i = 0; i < facts.size(); ++i) {
      std::cout << (i == 0 ? "\n" : ",\n") << "  \"" << facts[i].first
                << "\": " << Json(facts[i].second);
    }
    std::cout << "\n}\n";
  } else {
    std::vector<Cell> head, row;
    for (const auto& [name, cell] : facts) {
      head.push_back(Text(name));
      row.push_back(cell);
    }
    PrintCsv(head);
    PrintCsv(row);
  }
  std::cout.flush();
}

}  // namespace ets::cli
