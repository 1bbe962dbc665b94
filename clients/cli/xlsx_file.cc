#include "clients/cli/xlsx_file.h"

#include <zip.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <pugixml.hpp>
#include <vector>

namespace ets::cli {
namespace {

// What a sheet may ask for; the exchange's yearly report has some 250 rows.
constexpr zip_uint64_t kPartMax = zip_uint64_t{64} << 20U;
constexpr std::size_t kRowsMax = 100'000;
constexpr std::size_t kColumnsMax = 1'000;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

Result<Archive, std::string> OpenArchive(const std::string& bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* const opened =
      source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  if (opened == nullptr) {
    if (source != nullptr) zip_source_free(source);
    std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    return Fail{"the workbook cannot be unpacked: " + why};
  }
  zip_error_fini(&error);
  return Archive(opened, &zip_discard);
}

// False: it is not there, or too large.
bool ReadPart(zip_t& archive, const std::string& name, pugi::xml_document& document) {
  zip_stat_t stat;
  if (zip_stat(&archive, name.c_str(), 0, &stat) != 0 || stat.size > kPartMax) return false;
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(
      zip_fopen(&archive, name.c_str(), 0), &zip_fclose);
  std::string text(stat.size, '\0');
  if (file == nullptr ||
      zip_fread(file.get(), text.data(), text.size()) != static_cast<zip_int64_t>(text.size())) {
    return false;
  }
  return static_cast<bool>(document.load_buffer(text.data(), text.size()));
}

// The text of <t> children, of runs too; not of phonetic ones.
std::string TextOf(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children()) {
    const std::string_view name = child.name();
    if (name == "t") text += child.text().get();
    if (name == "r") text += child.child("t").text().get();
  }
  return text;
}

std::vector<std::string> SharedStrings(zip_t& archive) {
  std::vector<std::string> strings;
  pugi::xml_document document;
  if (!ReadPart(archive, "xl/sharedStrings.xml", document)) return strings;
  for (const pugi::xml_node& item : document.child("sst").children("si")) {
    strings.push_back(TextOf(item));
  }
  return strings;
}

std::string PathOfFirstSheet(zip_t& archive) {
  pugi::xml_document workbook;
  pugi::xml_document relations;
  if (!ReadPart(archive, "xl/workbook.xml", workbook) ||
      !ReadPart(archive, "xl/_rels/workbook.xml.rels", relations)) {
    return {};
  }
  const std::string id =
      workbook.child("workbook").child("sheets").child("sheet").attribute("r:id").value();
  for (const pugi::xml_node& relation : relations.child("Relationships").children()) {
    if (id != relation.attribute("Id").value()) continue;
    const std::string target = relation.attribute("Target").value();
    return target.starts_with('/') ? target.substr(1) : "xl/" + target;
  }
  return {};
}

// 27 for "AB12". 0: it is no such name.
std::size_t ColumnOf(std::string_view name) {
  std::size_t column = 0;
  for (const char c : name) {
    if (c < 'A' || c > 'Z') break;
    column = column * 26 + static_cast<std::size_t>(c - 'A' + 1);
    if (column > kColumnsMax) return 0;
  }
  return column;
}

// "AB" for 28.
std::string LettersOf(std::size_t column) {
  std::string letters;
  for (; column > 0; column = (column - 1) / 26)
    letters.insert(letters.begin(), static_cast<char>('A' + (column - 1) % 26));
  return letters;
}

Result<std::string, std::string> CellText(const pugi::xml_node& cell,
                                          const std::vector<std::string>& strings) {
  const std::string_view type = cell.attribute("t").value();
  if (type == "inlineStr") return TextOf(cell.child("is"));
  const std::string value = cell.child("v").text().get();
  if (type != "s") return value;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), index);
  if (error == std::errc{} && end == value.data() + value.size() && index < strings.size())
    return strings[index];
  return Fail{"text number " + value + " of " + std::to_string(strings.size()) +
              "; allowed: one that is there"};
}

}  // namespace

bool LooksLikeXlsx(const std::string& bytes) {
  return bytes.size() > 4 && std::memcmp(bytes.data(), "PK\x03\x04", 4) == 0;
}

Result<cbam::TextRows, std::string> ReadFirstSheet(const std::string& bytes) {
  auto archive = OpenArchive(bytes);
  if (!archive.ok()) return Fail{archive.error()};
  zip_t& zip = **archive;
  const std::string path = PathOfFirstSheet(zip);
  pugi::xml_document sheet;
  if (path.empty() || !ReadPart(zip, path, sheet)) {
    return Fail{
        std::string("the workbook has no first sheet that can be read; allowed: a workbook as the "
                    "exchange publishes it, or a csv of date,auctioneer,price,volume")};
  }
  const std::vector<std::string> strings = SharedStrings(zip);
  cbam::TextRows rows;
  for (const pugi::xml_node& row : sheet.child("worksheet").child("sheetData").children("row")) {
    const std::size_t number = row.attribute("r").as_uint(static_cast<unsigned>(rows.size() + 1));
    if (number == 0 || number > kRowsMax || number <= rows.size()) {
      return Fail{"row " + std::to_string(number) +
                  " of the sheet is out of order; allowed: rising rows to " +
                  std::to_string(kRowsMax)};
    }
    rows.resize(number);
    std::vector<std::string>& cells = rows.back();
    for (const pugi::xml_node& cell : row.children("c")) {
      const pugi::xml_attribute name = cell.attribute("r");
      const std::size_t column = name ? ColumnOf(name.value()) : cells.size() + 1;
      const std::string row_name = "row " + std::to_string(number);
      if (column == 0) {
        return Fail{row_name + " of the sheet has a cell '" + name.value() +
                    "'; allowed: names such as B" + std::to_string(number)};
      }
      if (cells.size() < column) cells.resize(column);
      auto text = CellText(cell, strings);
      if (!text.ok()) {
        return Fail{row_name + ", column " + LettersOf(column) + ": " + text.error()};
      }
      cells[column - 1] = std::move(text.value());
    }
  }
  return rows;
}

}  // namespace ets::cli
