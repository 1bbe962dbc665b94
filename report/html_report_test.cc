#include "report/html_report.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "report/embedded_page.h"
#include "report/run_database.h"
#include "report/test_files.h"

namespace ets::report {
namespace {

// The page's data, as the JSON text between the page's tags.
std::string DataOf(const std::string& page) {
  const std::string begin = "<script id=\"data\" type=\"application/json\">\n";
  const auto from = page.find(begin);
  EXPECT_NE(from, std::string::npos);
  return page.substr(from + begin.size(), page.find("</script>", from) - from - begin.size());
}

// SQLite reads JSON too: '$.ledger.check_t' gives "[0,1]".
std::string JsonAt(const std::string& json, const std::string& path) {
  SQLite::Database database(":memory:");
  SQLite::Statement query(database, "SELECT json_extract(?, ?)");
  query.bind(1, json);
  query.bind(2, path);
  EXPECT_TRUE(query.executeStep());
  return query.getColumn(0).getString();
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The page but for the chart library, whose text speaks of things that the page never asks it to
// do.
std::string OursOf(std::string page) {
  const auto at = page.find(embedded::Charts());
  EXPECT_NE(at, std::string::npos);
  return page.erase(at, embedded::Charts().size());
}

class HtmlReport : public testing::Test {
 protected:
  HtmlReport() { EXPECT_TRUE(run_.Create(database_)); }

  // What the rows recorded so far make of the page.
  std::string Page() {
    EXPECT_TRUE(run_.Close()) << run_.error();
    EXPECT_EQ(WriteHtmlReport(database_, html_), "");
    return Contents(html_);
  }

  Folder folder_;
  const std::string database_ = folder_ / "run.sqlite", html_ = folder_ / "report.html";
  RunDatabase run_;
};

TEST_F(HtmlReport, HasEverySectionEvenWhenTheTablesAreEmpty) {
  const std::string page = Page();
  for (const char* id : {"story",     "numbers",   "price",     "auctions", "emissions",  "caps",
                         "ledger",    "stability", "positions", "margin",   "compliance", "costs",
                         "firm",      "cash",      "revenue",   "cbam",     "vintages",   "days",
                         "benchmark", "rules",     "calendar",  "limits",   "about"}) {
    EXPECT_EQ(CountOf(page, " id=\"" + std::string(id) + "\""), 1) << id;
  }
  SQLite::Database database(":memory:");
  SQLite::Statement valid(database, "SELECT json_valid(?)");
  valid.bind(1, DataOf(page));
  ASSERT_TRUE(valid.executeStep());
  EXPECT_EQ(valid.getColumn(0).getInt(), 1);
  EXPECT_EQ(OursOf(page).find("{{"), std::string::npos);
}

TEST_F(HtmlReport, LoadsNothingFromAnywhere) {
  const std::string page = OursOf(Page());
  for (const char* loading : {"<link", "<img", "<iframe", "src=\"", "src='", "@import"}) {
    EXPECT_EQ(page.find(loading), std::string::npos) << loading;
  }
  EXPECT_THAT(page, testing::HasSubstr("default-src 'none'"));
  for (const auto part : {embedded::Template(), embedded::Style(), embedded::Script()}) {
    EXPECT_EQ(part.find("http:"), std::string_view::npos);
    EXPECT_EQ(part.find("https:"), std::string_view::npos);
    EXPECT_EQ(part.find("url("), std::string_view::npos);
  }
}

TEST_F(HtmlReport, CarriesTheChartLibraryUnchanged) {
  EXPECT_EQ(embedded::Charts(), Contents("third_party/echarts/echarts.common.min.js"));
  EXPECT_THAT(Page(), testing::HasSubstr(std::string(embedded::Charts())));
}

TEST_F(HtmlReport, ShowsHostileTextAsText) {
  const std::string hostile = "</script><script>alert(\"1\")</script> & {{script}} \\ \n'";
  run_.Record("title", hostile);
  sim::InputRow input;
  input.title = hostile;
  run_.Record(input);
  const std::string page = Page();
  EXPECT_EQ(CountOf(page, "</script>"), 3);
  EXPECT_EQ(CountOf(page, "<script>alert"), 0);
  EXPECT_THAT(page, testing::HasSubstr("<h1>&lt;/script>&lt;script>alert(\"1\")"));
  EXPECT_EQ(JsonAt(DataOf(page), "$.run.value[0]"), hostile);
  EXPECT_EQ(JsonAt(DataOf(page), "$.inputs.title[0]"), hostile);
}

TEST_F(HtmlReport, ChecksTheLedgerToTheTonne) {
  sim::LedgerRow good{.year = 2026,
                      .held_before_t = 100,
                      .issued_free_t = 1'000'000'007,
                      .taken_back_t = 7,
                      .sold_t = 50,
                      .offsets_used_t = 5,
                      .obligations_met_t = 1'000'000'015,
                      .expired_t = 20,
                      .cancelled_t = 10,
                      .held_after_t = 110};
  sim::LedgerRow bad = good;
  bad.year = 2027;
  bad.held_after_t = 109;
  run_.Record(good);
  run_.Record(bad);
  EXPECT_EQ(JsonAt(DataOf(Page()), "$.ledger.check_t"), "[0,1]");
}

TEST_F(HtmlReport, TellsTheYearOfTheMiddleShortPowerFirmUnderACapThatBoughtAtAuction) {
  run_.Record(sim::SectorYearRow{.sector = "power", .year = 2029, .rule = "benchmark"});
  run_.Record(sim::SectorYearRow{.sector = "power", .year = 2030, .rule = "cap", .cap_t = 1});
  run_.Record(sim::SectorYearRow{.sector = "power", .year = 2031, .rule = "cap", .cap_t = 1});
  for (const int year : {2029, 2031, 2030}) {
    for (int firm = 0; firm < 5; ++firm) {
      sim::FirmYearRow row;
      row.firm = firm;
      row.year = year;
      row.sector = "power";
      row.verified_t = 1'000 - 100 * firm;
      row.allocated_t = firm == 4 ? 600 : 500;
      row.bought_auction_t = 10;
      row.status = year == 2031 ? "open" : "compliant";
      run_.Record(row);
    }
  }
  for (int firm = 0; firm < 5; ++firm) {
    sim::FirmRow row;
    row.firm = firm;
    row.name = "Firm " + std::to_string(firm);
    run_.Record(row);
  }
  const std::string data = DataOf(Page());
  EXPECT_EQ(JsonAt(data, "$.firm.year"), "[2030]");
  EXPECT_EQ(JsonAt(data, "$.firm.alike"), "[4]");  // Firm 4 is not short.
  EXPECT_EQ(JsonAt(data, "$.firm.name"), "[\"Firm 2\"]");
}

TEST_F(HtmlReport, IsTheSameForTheSameRun) {
  run_.Record("title", "Twice");
  const std::string page = Page();
  ASSERT_EQ(WriteHtmlReport(database_, folder_ / "again.html"), "");
  EXPECT_EQ(Contents(folder_ / "again.html"), page);
}

// The page's files are one script: a name that two of them declare would stop all of it.
TEST(PageScript, DeclaresEachNameOnce) {
  const std::string script(embedded::Script());
  const std::regex declared("(?:^|\n)(?:const|let|function) (\\w+)");
  std::set<std::string> names;
  for (std::sregex_iterator at(script.begin(), script.end(), declared), end; at != end; ++at)
    EXPECT_TRUE(names.insert((*at)[1]).second) << (*at)[1];
  EXPECT_GT(names.size(), 50U);
}

TEST(PageScript, AsksOnlyForQueriesThatExist) {
  const std::string script(embedded::Script()), queries(embedded::Queries());
  const std::regex asked("rows\\('([a-z_]+)'\\)");
  int found = 0;
  for (std::sregex_iterator it(script.begin(), script.end(), asked), end; it != end; ++it) {
    ++found;
    EXPECT_NE(queries.find("-- name: " + it->str(1) + "\n"), std::string::npos) << it->str(1);
  }
  EXPECT_GT(found, 10);
}

TEST_F(HtmlReport, SaysWhatIsWrongAndLeavesNoFileWhenThereIsNoDatabase) {
  EXPECT_THAT(WriteHtmlReport(folder_ / "none.sqlite", html_), testing::HasSubstr("none.sqlite: "));
  EXPECT_FALSE(std::filesystem::exists(html_));
}

TEST_F(HtmlReport, SaysWhatIsWrongWhenTheDatabaseIsNoRun) {
  std::ofstream(folder_ / "text.sqlite")
      << "this is a text, and long enough to be read as a header";
  EXPECT_NE(WriteHtmlReport(folder_ / "text.sqlite", html_), "");
  EXPECT_FALSE(std::filesystem::exists(html_));
}

TEST_F(HtmlReport, SaysWhatIsWrongWhenTheFolderIsMissing) {
  ASSERT_TRUE(run_.Close());
  EXPECT_EQ(WriteHtmlReport(database_, folder_ / "missing/report.html"),
            folder_ / "missing/report.html: No such file or directory");
}

TEST_F(HtmlReport, LeavesWhatStoodThereWhenTheDiskIsFull) {
  ASSERT_TRUE(run_.Close());
  std::ofstream(html_) << "an older report";
  const FileSizeLimit limit(100'000);
  EXPECT_THAT(WriteHtmlReport(database_, html_), testing::HasSubstr("report.html: "));
  EXPECT_EQ(Contents(html_), "an older report");
  EXPECT_FALSE(std::filesystem::exists(html_ + ".part"));
}

}  // namespace
}  // namespace ets::report
