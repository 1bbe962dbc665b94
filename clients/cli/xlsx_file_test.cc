// Workbooks as the exchange writes them, and broken ones; each is packed here.
#include "clients/cli/xlsx_file.h"

#include <gmock/gmock.h>
#include <unistd.h>
#include <zip.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "clients/cli/cbam_auctions.h"

namespace ets::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Parts = std::map<std::string, std::string>;

constexpr const char* kWorkbook =
    R"(<workbook xmlns:r="r"><sheets><sheet name="Primary" r:id="rId1"/></sheets></workbook>)";
constexpr const char* kRelations =
    R"(<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>)";

std::string Sheet(const std::string& rows) {
  return "<worksheet><sheetData>" + rows + "</sheetData></worksheet>";
}
Parts WorkbookOf(const std::string& rows) {
  return {{"xl/workbook.xml", kWorkbook},
          {"xl/_rels/workbook.xml.rels", kRelations},
          {"xl/worksheets/sheet1.xml", Sheet(rows)}};
}
// A row of inline strings; "#1" is the number 1.
std::string Row(int number, const std::vector<std::string>& cells) {
  std::string row = "<row r=\"" + std::to_string(number) + "\">";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string at = std::string(1, static_cast<char>('A' + i)) + std::to_string(number);
    row += cells[i].starts_with('#')
               ? "<c r=\"" + at + "\"><v>" + cells[i].substr(1) + "</v></c>"
               : "<c r=\"" + at + "\" t=\"inlineStr\"><is><t>" + cells[i] + "</t></is></c>";
  }
  return row + "</row>";
}

class XlsxFile : public ::testing::Test {
 protected:
  XlsxFile() {
    char name[] = "/tmp/xlsx_file_test.XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~XlsxFile() override { std::filesystem::remove_all(folder_); }

  std::string Pack(const Parts& parts) {
    const std::string path = folder_ + "/report.xlsx";
    int error = 0;
    zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
    EXPECT_NE(archive, nullptr);
    for (const auto& [name, text] : parts) {
      zip_source_t* const source = zip_source_buffer(archive, text.data(), text.size(), 0);
      EXPECT_GE(zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8), 0);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return path;
  }
  std::string Write(const std::string& bytes) {
    const std::string path = folder_ + "/report.xlsx";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string BytesOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // What is said of the file; its folder left out.
  std::string Wrong(const std::string& path) {
    const auto report = ReadAuctionFile(path);
    EXPECT_FALSE(report.ok());
    std::string said = report.ok() ? "" : report.error();
    for (std::size_t at = 0; (at = said.find(folder_ + "/", at)) != said.npos;)
      said.erase(at, folder_.size() + 1);
    return said;
  }

  std::string folder_;
};

const std::vector<std::string> kHeader = {"Date",
                                          "Time",
                                          "Auction Name",
                                          "Status",
                                          "Contract",
                                          "Auction Price EUR/tCO2",
                                          "Auction Volume tCO2"};

// As downloaded: five lines above the header, dates as serial numbers, the newest row first.
TEST_F(XlsxFile, ReadsTheExchangesReport) {
  const std::string path = Pack(
      WorkbookOf(Row(1, {"Emission Spot Primary Market Auction Report"}) + Row(6, kHeader) +
                 Row(7, {"#46030", "11:00", "EU", "successful", "T3PA", "#85.42", "#2712500"}) +
                 Row(8, {"#46029", "11:00", "DE", "cancelled", "T3PA", "", "#1093000"}) +
                 Row(9, {"#46029", "11:00", "EU", "successful", "T3PA", "#86.01", "#2712500"})));
  const auto report = ReadAuctionFile(path);
  ASSERT_TRUE(report.ok()) << report.error();
  ASSERT_EQ(report->facts.size(), 2U);
  EXPECT_EQ(report->facts[0].date, Date::Of(2026, 1, 7));
  EXPECT_EQ(report->facts[0].price, Price::FromMinorPerTonne(86'01));
  EXPECT_EQ(report->facts[1].date, Date::Of(2026, 1, 8));
  EXPECT_EQ(report->facts[1].volume, Tonnes(2'712'500));
  EXPECT_EQ(report->not_cleared, 1);
}

TEST_F(XlsxFile, ReadsSharedStringsOfRunsAndLeavesGapsEmpty) {
  Parts parts =
      WorkbookOf(R"(<row r="2"><c r="B2" t="s"><v>1</v></c><c r="D2"><v>7</v></c></row>)");
  parts["xl/sharedStrings.xml"] =
      "<sst><si><t>no</t></si><si><r><t>auction </t></r><r><t>price</t></r><rPh><t>x</t></rPh></si>"
      "</sst>";
  const auto rows = ReadFirstSheet(BytesOf(Pack(parts)));
  ASSERT_TRUE(rows.ok()) << rows.error();
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_TRUE((*rows)[0].empty());
  EXPECT_THAT((*rows)[1], ElementsAre("", "auction price", "", "7"));
}

TEST_F(XlsxFile, FollowsAnAbsoluteTarget) {
  Parts parts = WorkbookOf("");
  parts["xl/_rels/workbook.xml.rels"] =
      R"(<Relationships><Relationship Id="rId1" Target="/else/where.xml"/></Relationships>)";
  parts["else/where.xml"] = Sheet(Row(1, {"here"}));
  const auto rows = ReadFirstSheet(BytesOf(Pack(parts)));
  ASSERT_TRUE(rows.ok()) << rows.error();
  EXPECT_THAT(rows->at(0), ElementsAre("here"));
}

// ---- What is wrong is said with the file, and the row and column where there is one ----

TEST_F(XlsxFile, SaysWhenTheContainerIsBroken) {
  const std::string whole = BytesOf(Pack(WorkbookOf(Row(1, kHeader))));
  for (const std::size_t length : {std::size_t{5}, whole.size() / 2, whole.size() - 1}) {
    EXPECT_THAT(Wrong(Write(whole.substr(0, length))),
                StartsWith("report.xlsx: the workbook cannot be unpacked: "))
        << length;
  }
  // A sheet whose packed bytes are damaged does not become a shorter table.
  std::string damaged = whole;
  const std::size_t sheet = damaged.find("sheet1.xml");
  ASSERT_NE(sheet, damaged.npos);
  for (std::size_t i = sheet + 10; i < sheet + 40; ++i) damaged[i] = static_cast<char>(~damaged[i]);
  EXPECT_THAT(Wrong(Write(damaged)), StartsWith("report.xlsx: "));
}

TEST_F(XlsxFile, SaysWhenThereIsNoSheet) {
  const std::string said =
      "report.xlsx: the workbook has no first sheet that can be read; allowed: a workbook as the "
      "exchange publishes it, or a csv of date,auctioneer,price,volume";
  Parts parts = WorkbookOf(Row(1, kHeader));
  for (const char* missing :
       {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"}) {
    Parts without = parts;
    without.erase(missing);
    EXPECT_EQ(Wrong(Pack(without)), said) << missing;
  }
  parts["xl/worksheets/sheet1.xml"] = "<worksheet><sheetData><row";
  EXPECT_EQ(Wrong(Pack(parts)), said);
  parts["xl/worksheets/sheet1.xml"] = Sheet("");
  EXPECT_THAT(Wrong(Pack(parts)), HasSubstr("line 1: a header with a date, a price"));
}

TEST_F(XlsxFile, SaysWhichColumnsAreMissing) {
  EXPECT_THAT(Wrong(Pack(WorkbookOf(Row(1, {"Date", "Auction Name", "Auction Volume tCO2"}) +
                                    Row(2, {"#46029", "EU", "#2712500"})))),
              ::testing::AllOf(StartsWith("report.xlsx: "), HasSubstr("price")));
}

TEST_F(XlsxFile, SaysEveryBadCellWithItsRowAndColumn) {
  const std::string said = Wrong(Pack(
      WorkbookOf(Row(6, kHeader) +
                 Row(7, {"soon", "11:00", "EU", "successful", "T3PA", "#85.42", "#2712500"}) +
                 Row(9, {"#46029", "11:00", "EU", "successful", "T3PA", "dear", "#2712500.5"}))));
  EXPECT_THAT(said, HasSubstr("line 7, column A"));
  EXPECT_THAT(said, HasSubstr("line 9, column F"));
  EXPECT_THAT(said, HasSubstr("line 9, column G"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2);
}

TEST_F(XlsxFile, SaysWhichRowOrCellHasNoPlace) {
  EXPECT_THAT(Wrong(Pack(WorkbookOf(Row(7, kHeader) + Row(7, {"#46029"})))),
              HasSubstr("row 7 of the sheet is out of order; allowed: rising rows to 100000"));
  EXPECT_THAT(Wrong(Pack(WorkbookOf(R"(<row r="3"><c r="3"><v>1</v></c></row>)"))),
              HasSubstr("row 3 of the sheet has a cell '3'; allowed: names such as B3"));
  EXPECT_THAT(Wrong(Pack(WorkbookOf(R"(<row r="3"><c r="C3" t="s"><v>9</v></c></row>)"))),
              HasSubstr("row 3, column C: text number 9 of 0; allowed: one that is there"));
}

TEST_F(XlsxFile, SurvivesAnyDamage) {
  const std::string whole =
      BytesOf(Pack(WorkbookOf(Row(6, kHeader) + Row(7, {"#46030", "11:00", "EU", "successful",
                                                        "T3PA", "#85.42", "#500"}))));
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const auto report = ReadAuctionFile(Write(damaged));
    if (!report.ok()) {
      EXPECT_THAT(report.error(), HasSubstr("report.xlsx: "));
      continue;
    }
    EXPECT_EQ(report->facts.size() + static_cast<std::size_t>(report->not_cleared), 1U) << at;
  }
}

}  // namespace
}  // namespace ets::cli
