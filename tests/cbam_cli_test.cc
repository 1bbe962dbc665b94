// The CBAM desk from outside: prices and bills, and what stops them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capclear_process.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kFirstQuarter = "scenarios/data/eu_auctions_2026q1.csv";

constexpr const char* kCoil = R"(importer = "X"
year = 2026
[[goods]]
name = "coil"
cn = "72083900"
origin = "CN"
route = "bf_bof"
tonnes = 1000
imported = 2026-02-14
)";

// The report up to a day.
std::string Until(const std::string& last) {
  std::istringstream whole(Contents(kFirstQuarter));
  std::string cut, line;
  while (std::getline(whole, line)) {
    if (line.starts_with("date") || line.substr(0, 10) <= last) cut += line + "\n";
  }
  return cut;
}

Said Price(const std::string& file, std::vector<std::string> more) {
  std::vector<std::string> command = {"cbam", "price", "--auctions", file};
  command.insert(command.end(), more.begin(), more.end());
  return Capclear(command);
}

TEST(CbamPrice, OfTheFirstQuarterOf2026IsThePublishedOne) {
  const Said said = Price(kFirstQuarter, {"--quarter", "2026-Q1", "--output", "csv"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("2026-Q1,75.36,75.36408,54,119928500,2026-04-07,2026-01-01,"
                                  "2026-03-31,no,"));
}

TEST(CbamPrice, StopsAtAFileThatEndsEarly) {
  const TestFolder folder;
  Write(folder / "cut.csv", Until("2026-03-25"));
  const Said said = Price(folder / "cut.csv", {"--quarter", "2026-Q1"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.out, IsEmpty());
  EXPECT_THAT(said.err, AllOf(HasSubstr("line 51, column A (date)"),
                              HasSubstr("EU 2026-03-26, DE 2026-03-27, EU 2026-03-30"),
                              HasSubstr("auctions of 2026-Q1 that are missing: 4; allowed: ")));
  EXPECT_EQ(Price(kFirstQuarter, {"--week", "2027-W05"}).code, 2);
}

TEST(CbamPrice, IsMarkedAsProvisionalInEveryOutput) {
  const TestFolder folder;
  Write(folder / "cut.csv", Until("2026-03-25"));
  for (const auto& [output, mark] :
       {std::pair("table", " yes  for imports"), std::pair("csv", ",yes,"),
        std::pair("json", "\"provisional\": true")}) {
    const Said said =
        Price(folder / "cut.csv", {"--quarter", "2026-Q1", "--provisional", "--output", output});
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_THAT(said.out, AllOf(HasSubstr("75.80"), HasSubstr(mark),
                                HasSubstr("provisional: auctions missing: 4")));
  }
}

TEST(CbamPrice, SeriesShowsWholePeriodsOnly) {
  const TestFolder folder;
  Write(folder / "cut.csv", Until("2026-03-25"));
  Said said = Price(folder / "cut.csv", {"--series", "--output", "csv"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, AllOf(HasSubstr("\n2026-W12,"), Not(HasSubstr("\n2026-W13,")),
                              Not(HasSubstr("2026-Q1"))));
  EXPECT_THAT(said.err, StartsWith("left out: 2026-Q1, 2026-W13: "));
  // A week without auctions in the middle is no empty week.
  const std::string cut = Until("2026-03-31");
  Write(folder / "gap.csv",
        cut.substr(0, cut.find("2026-02-02")) + cut.substr(cut.find("2026-02-09")));
  said = Price(folder / "gap.csv", {"--series"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("EU 2026-02-02, EU 2026-02-03, PL 2026-02-04"));
}

TEST(CbamPrice, NamesNumbersThatWouldOverflow) {
  const TestFolder folder;
  Write(folder / "huge.csv",
        "date,auctioneer,price,volume\n2026-01-05,EU,86.27,9007199254740500\n"
        "2026-01-06,EU,99999999.99,9007199254740500\n");
  const Said said = Price(folder / "huge.csv", {"--week", "2026-W02"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(HasSubstr("line 2, column D"), HasSubstr("line 3, column D")));
}

TEST(CbamPrice, SaysWhichWeeksPriceNeverApplies) {
  const TestFolder folder;
  Write(folder / "a.csv", "date,auctioneer,price,volume\n2025-12-15,EU,84.60,500\n");
  const Said said = Price(folder / "a.csv", {"--week", "2025-W52", "--output", "csv"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr("2025-W52,84.60,"), HasSubstr(",,,no,"),
                              HasSubstr("never applies; no auction: as 2025-W51")));
}

TEST(CbamBill, PricesImportsByTheirQuarter) {
  const TestFolder folder;
  Write(folder / "d.toml", kCoil);
  const Said said =
      Capclear({"cbam", "bill", folder / "d.toml", "--auctions", kFirstQuarter, "--output", "csv"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("coil,3509.000000,1335.750000,0.000000,2173.250000,75.36,"
                                  "163776.12,no\n"));
}

TEST(CbamBill, StopsAtAFileThatEndsEarlyOrMarksItsPrice) {
  const TestFolder folder;
  Write(folder / "d.toml", kCoil);
  Write(folder / "cut.csv", Until("2026-03-25"));
  std::vector<std::string> command = {"cbam", "bill", folder / "d.toml", "--auctions",
                                      folder / "cut.csv"};
  Said said = Capclear(command);
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err,
              HasSubstr("d.toml:3:1: coil: certificate_price: 2026-Q1 lacks auctions (4)"));
  command.push_back("--provisional");
  said = Capclear(command);
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr("PROVISIONAL: 2026-Q1 lacks auctions (4)"),
                              HasSubstr("Total, PROVISIONAL: ")));
  command.insert(command.end(), {"--output", "json"});
  said = Capclear(command);
  EXPECT_THAT(said.out, AllOf(HasSubstr("      \"provisional\": true"),
                              HasSubstr("\n  \"provisional\": true")));
}

TEST(CbamBill, NamesEveryMistakeWithItsLineAndColumn) {
  const TestFolder folder;
  Write(folder / "d.toml", R"(year = 2026
surrendered = -3
[[goods]]
name = "pig"
cn = "72083900"
origin = "China"
route = "bf_bof"
tonnes = 1e300
imported = 2026-02-14
certificate_price = 75.36
emissions = "actual"
benchmark_a = 0.044
[[goods.precursors]]
name = "ore"
mass = 10
activity_level = inf
embedded = 0.1
free_adjustment = 0.1
[[goods.precursors]]
name = "coke"
mass = 10
activity_level = 100
embedded = 0.1
)");
  const Said said = Capclear({"cbam", "bill", folder / "d.toml"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.out, IsEmpty());
  for (const char* mistake : {"d.toml:2:15: surrendered: -3", "d.toml:6:10: pig: origin: \"China\"",
                              "d.toml:8:10: pig: tonnes: 1e+300", "d.toml:3:1: pig: direct: none",
                              "d.toml:16:18: pig: precursors.ore.activity_level: inf",
                              "d.toml:19:1: pig: precursors.coke.free_adjustment: none"}) {
    EXPECT_THAT(said.err, HasSubstr(mistake));
  }
  EXPECT_EQ(std::ranges::count(said.err, '\n'), 6);
}

TEST(CbamGoods, ListsWhatABillLooksUp) {
  const Said said = Capclear({"cbam", "goods", "--output", "csv"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr("7208,iron_steel,bf_bof,,2026,2030,1.370,"),
                              HasSubstr("7208,iron_steel,,others,,,4.050,"),
                              HasSubstr("7601,aluminium,,CN,,,3.000,")));
}

// What is said of a key does not hide what is wrong beside it.
TEST(CbamBill, NamesWhatIsMissingBesideAMissingKey) {
  const TestFolder folder;
  Write(folder / "d.toml",
        "year = 4294969322\n[[goods]]\ncn = 7208\nroute = \"bf_bof\"\ntonnes = 1\n"
        "imported = 2026-02-14\nemissions = \"actual\"\n");
  const Said said = Capclear({"cbam", "bill", folder / "d.toml"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(HasSubstr("d.toml:1:8: year: 4294969322; allowed: 2026 to 2050"),
                              HasSubstr("d.toml:2:1: origin is missing"),
                              HasSubstr("d.toml:2:1: good 1: direct: none")));
}

}  // namespace
}  // namespace ets
