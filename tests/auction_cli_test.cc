// `capclear auction` from outside: what it prints, draws and publishes, and how it says what is
// wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/capclear_process.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Del. Reg. (EU) 2023/2830, case A4: bids C and D tie for 1,500 t.
constexpr const char* kBids =
    "bidder,price,quantity\n"
    "A,70.10,2000\n"
    "B,70.05,1500\n"
    "C,70.00,1500\n"
    "D,70.00,1000\n"
    "E,69.99,500\n";
// KRX, worked example of the auction of paid allowances.
constexpr const char* kKoreanBids =
    "bidder,price,quantity\n"
    "A,11000,1000\nB,11000,1500\nC,11000,2500\nD,10500,1000\nE,10500,2000\n"
    "F,10300,1000\nG,10300,1000\nH,10300,2000\nI,10000,1000\nJ,10000,2000\n";

class AuctionVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    Write(folder_ / "bids.csv", kBids);
    Write(folder_ / "krx.csv", kKoreanBids);
  }
  Said Clear(std::vector<std::string> more, const std::string& bids = "bids.csv") {
    std::vector<std::string> line = {"auction", "clear", "--bids", folder_ / bids};
    line.insert(line.end(), more.begin(), more.end());
    return Capclear(line);
  }
  nlohmann::json Json(std::vector<std::string> more, const std::string& bids = "bids.csv") {
    more.insert(more.end(), {"--output", "json"});
    const Said said = Clear(more, bids);
    EXPECT_EQ(said.code, 0) << said.err;
    return nlohmann::json::parse(said.out);
  }
  static std::vector<int> Fills(const nlohmann::json& result) {
    std::vector<int> fills;
    for (const auto& fill : result.at("fills")) fills.push_back(fill.at("filled"));
    return fills;
  }

  TestFolder folder_;
};

TEST_F(AuctionVerb, GivesPriceFillsStatisticsCurveAndTies) {
  const auto result = Json({"--supply", "5000", "--reserve", "65.00", "--seed", "7"});
  EXPECT_EQ(result.at("status"), "cleared");
  EXPECT_EQ(result.at("price"), 70.0);
  EXPECT_EQ(result.at("revenue"), 350'000.0);
  EXPECT_EQ(Fills(result)[2] + Fills(result)[3], 1'500);
  EXPECT_EQ(result.at("statistics").at("cover_ratio"), 1.3);
  EXPECT_EQ(result.at("statistics").at("bids"), 5);
  EXPECT_EQ(result.at("curve")[2].at("volume"), 6'000);
  EXPECT_EQ(result.at("ties").at("order").size(), 5U);
  EXPECT_EQ(result.at("terms").at("secret_reserve"), "65.00");
}

TEST_F(AuctionVerb, TakesTheSecretReserveFromTheSecondaryPrice) {
  // 73.00 x (1 - 2 x 0.02) = 70.08, above the clearing price: cancelled.
  const auto result = Json({"--supply", "5000", "--secondary", "73"});
  EXPECT_EQ(result.at("status"), "below_reserve");
  EXPECT_TRUE(result.at("price").is_null());
  EXPECT_EQ(result.at("unsold"), 5'000);
  EXPECT_EQ(Json({"--supply", "5000", "--secondary", "72.9"}).at("status"), "cleared");
}

TEST_F(AuctionVerb, ClearsTheKoreanExampleByTimeAndProRata) {
  const auto by_time =
      Json({"--format", "kr", "--supply", "10000", "--reserve", "10000"}, "krx.csv");
  EXPECT_EQ(by_time.at("price"), 10'300.0);
  EXPECT_EQ(Fills(by_time),
            (std::vector<int>{1'000, 1'500, 2'500, 1'000, 2'000, 1'000, 1'000, 0, 0, 0}));
  const auto shared =
      Json({"--format", "kr", "--supply", "10000", "--set", "tie=pro_rata_random"}, "krx.csv");
  EXPECT_EQ(Fills(shared),
            (std::vector<int>{1'000, 1'500, 2'500, 1'000, 2'000, 500, 500, 1'000, 0, 0}));
}

TEST_F(AuctionVerb, ComparesEveryFormatSideBySide) {
  const Said said = Clear({"--supply", "10000", "--reserve", "10000", "--all-formats"}, "krx.csv");
  EXPECT_EQ(said.code, 0) << said.err;
  for (const char* name :
       {"eu", "uk", "wci", "rggi", "nz", "kr", "guangdong", "shanghai", "cn-weekly"}) {
    EXPECT_THAT(said.out, HasSubstr(name));
  }
  EXPECT_THAT(said.out, HasSubstr("lot 500"));  // California's lot, widened.
  const Said csv = Clear({"--supply", "10000", "--all-formats", "--output", "csv"}, "krx.csv");
  EXPECT_THAT(csv.out,
              AllOf(StartsWith("format,status,price,"), HasSubstr("\nkr,cleared,10300.00")));
}

TEST_F(AuctionVerb, DrawsAPictureThatNeedsNothingElse) {
  for (const char* name : {"a.html", "a.svg"}) {
    const Said said = Clear({"--supply", "5000", "--plot", folder_ / name});
    EXPECT_EQ(said.code, 0) << said.err;
    const std::string picture = Contents(folder_ / name);
    EXPECT_THAT(picture,
                AllOf(HasSubstr("<svg"), HasSubstr("offered 5,000 t"), HasSubstr(">70.00<"),
                      Not(HasSubstr("<script")), Not(HasSubstr("href"))));
  }
  EXPECT_EQ(Clear({"--supply", "5000", "--plot", folder_ / "a.png"}).code, 2);
}

TEST_F(AuctionVerb, PublishesWhatCanBeClearedAgain) {
  ASSERT_EQ(Clear({"--supply", "5000", "--publish", folder_ / "a.json"}).code, 0);
  EXPECT_EQ(Capclear({"auction", "verify", folder_ / "a.json"}).code, 0);
  std::string text = Contents(folder_ / "a.json");
  EXPECT_THAT(text, Not(HasSubstr("\"E\"")));  // Bidders are numbers.
  const std::size_t at = text.find("\"2000\"") == text.npos ? text.find("2000") : 0;
  text.replace(at, 4, "2500");
  Write(folder_ / "a.json", text);
  EXPECT_EQ(Capclear({"auction", "verify", folder_ / "a.json"}).code, 1);
  Write(folder_ / "a.json", "{}");
  EXPECT_EQ(Capclear({"auction", "verify", folder_ / "a.json"}).code, 2);
}

TEST_F(AuctionVerb, SaysAllThatIsWrongAtOnceAndClearsNothing) {
  Write(folder_ / "bad.csv", "bidder,price,quantity\nA,70.123,500\nB,70\nC,70,750\nD,70,0\n");
  const Said said = Clear({"--supply", "5000"}, "bad.csv");
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.out, IsEmpty());
  EXPECT_THAT(said.err,
              AllOf(HasSubstr("bad.csv:2:3: price: '70.123'"), HasSubstr("bad.csv:3:1: 2 values"),
                    HasSubstr("bad.csv:4:6: quantity: the quantity 750 t is off the lot"),
                    HasSubstr("bad.csv:5:6: quantity: the quantity 0 t is not above 0")));
}

TEST_F(AuctionVerb, SaysWhatIsWrongWithItsFlags) {
  const Said said = Clear({"--supply", "5100", "--set", "tie=lottery", "--reserve", "x", "--close",
                           "noon", "--rate", "CAD"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err,
              AllOf(HasSubstr("--supply 5100: off the lot"), HasSubstr("tie is 'lottery'"),
                    HasSubstr("--reserve x"), HasSubstr("--close noon"), HasSubstr("--rate CAD")));
  EXPECT_THAT(Clear({"--supply", "5000", "--format", "dutch"}).err, HasSubstr("allowed: eu, uk"));
  EXPECT_THAT(Clear({"--supply", "5000"}, "none.csv").err, HasSubstr("cannot be read"));
}

TEST_F(AuctionVerb, NamesBidsAboveLimitsAndAfterTheClose) {
  Write(folder_ / "late.csv",
        "bidder,price,quantity,time,currency\n"
        "A,3.00,3000,10:59:59,USD\n"
        "B,3.00,2000,11:00:00,USD\n"
        "C,3.00,1000,10:00:00,EUR\n");
  const Said said =
      Clear({"--format", "rggi", "--supply", "10000", "--close", "11:00"}, "late.csv");
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err,
              AllOf(HasSubstr("late.csv:2:8: quantity: the bidder asks 3000 t in all"),
                    HasSubstr("late.csv:3:13: time: '11:00:00' is after the close"),
                    HasSubstr("late.csv:4:22: currency: 'EUR' is not the auction's currency")));
}

TEST_F(AuctionVerb, ListsFormatsWithTheSourceOfEveryField) {
  EXPECT_THAT(Capclear({"auction", "formats"}).out, HasSubstr("cn-weekly"));
  const Said one = Capclear({"auction", "formats", "uk"});
  EXPECT_THAT(one.out, AllOf(HasSubstr("SI 2021/484 Reg. 7"), HasSubstr("unsold_ceiling")));
  EXPECT_EQ(Capclear({"auction", "formats", "dutch"}).code, 2);
  EXPECT_THAT(Capclear({"auction", "triggers", "--output", "csv"}).out,
              HasSubstr("2037,38.36,57.53,,yes"));
}

TEST_F(AuctionVerb, ShowsACalendarAndWhatACancelledAuctionDoesToIt) {
  const Said said = Capclear({"auction", "calendar", "--auctioneer", "PL", "--cancelled",
                              "2026-02-18", "--last", "2026-04-30", "--output", "csv"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr("2026-02-18,PL,1524500,1524500,0\n"),
                              HasSubstr("2026-03-04,PL,1524500,1906000,\n"),
                              HasSubstr("2026-04-15,PL,1524500,1905500,\n"),
                              HasSubstr("2026-04-29,PL,1524500,1524500,\n")));
  const Said before = Capclear({"auction", "calendar", "--auctioneer", "PL", "--cancelled",
                                "2026-02-18", "--as-of", "2026-02-17", "--output", "csv"});
  EXPECT_THAT(before.out, HasSubstr("2026-03-04,PL,1524500,1524500,\n"));
  // What came later had not happened yet, in the totals neither.
  const Said totals = Capclear({"auction", "calendar", "--auctioneer", "PL", "--cancelled",
                                "2026-03-04", "--as-of", "2026-02-01"});
  EXPECT_THAT(totals.out, AllOf(HasSubstr("sold         3,049,000\n"),
                                HasSubstr("pending      34,420,500\n"), Not(HasSubstr("unsold"))));
  EXPECT_EQ(Capclear({"auction", "calendar", "--cancelled", "2026-02-19x"}).code, 2);
}

TEST_F(AuctionVerb, RefusesATriggerOfLessThanALot) {
  for (const char* flag : {"--withholding", "--containment"}) {
    const Said said =
        Clear({"--format", "rggi", "--supply", "5000", "--reserve", "2", flag, "6.00:500"});
    EXPECT_EQ(said.code, 2) << said.out;
    EXPECT_THAT(said.err, HasSubstr(std::string(flag) + " 6.00:500: less than a lot"));
  }
}

TEST_F(AuctionVerb, RefusesBidsAboveTheirCollateralByLineAndColumn) {
  Write(folder_ / "lodged.csv", "bidder,guarantee\nA,140200\nB,105074.99\nC,0\nD,1e6\nE,99999\n");
  const Said typo = Clear({"--supply", "5000", "--bidders", folder_ / "lodged.csv"});
  EXPECT_THAT(typo.err, HasSubstr("lodged.csv:5:3: guarantee: '1e6'"));
  Write(folder_ / "lodged.csv", "bidder,guarantee\nA,140200\nB,105074.99\nC,0\nD,70000\n");
  for (const char* format : {"eu", "uk", "nz", "shanghai"}) {
    const Said said =
        Clear({"--format", format, "--supply", "5000", "--bidders", folder_ / "lodged.csv"});
    EXPECT_EQ(said.code, 2) << format;
    EXPECT_THAT(said.out, IsEmpty());
    EXPECT_THAT(said.err,
                AllOf(Not(HasSubstr("bids.csv:2:")), Not(HasSubstr("bids.csv:5:")),
                      HasSubstr("bids.csv:3:9: quantity: the bidder's bids need a guarantee of "
                                "105075.00; allowed: up to what it lodged, 105074.99"),
                      HasSubstr("bids.csv:4:9: quantity: the bidder's bids need a guarantee of "
                                "105000.00; allowed: up to what it lodged, 0.00"),
                      HasSubstr("bids.csv:6:1: bidder: 'E' has lodged no guarantee")))
        << format;
  }
}

TEST_F(AuctionVerb, TakesNoBidOfATraderWhereUnitsServeComplianceOnly) {
  Write(folder_ / "traders.csv", "bidder,covered\nA,no\nB,yes\nC,yes\nD,yes\nE,yes\n");
  const std::vector<std::string> flags = {"--supply", "5000", "--bidders", folder_ / "traders.csv"};
  std::vector<std::string> shanghai = {"--format", "shanghai"};
  shanghai.insert(shanghai.end(), flags.begin(), flags.end());
  EXPECT_EQ(Clear(shanghai).code, 2);
  EXPECT_THAT(Clear(shanghai).err,
              HasSubstr("bids.csv:2:1: bidder: the bidder has no obligations"));
  EXPECT_EQ(Clear(flags).code, 0);
}

// California's limits and guarantees, China's limits: what is cut is told, bid by bid.
TEST_F(AuctionVerb, TellsWhatWasCutOfEveryBidAndWhy) {
  Write(folder_ / "cut.csv",
        "bidder,price,quantity\n"
        "A,40.00,3000\nA,35.00,2000\nB,30.00,3000\nC,29.00,1000\nD,20.00,1000\n");
  Write(folder_ / "lodged.csv", "bidder,room,guarantee\nA,,\nB,,61000\nC,0,\nD,,\n");
  const std::vector<std::string> wci = {"--format",  "wci",   "--supply",  "16000",
                                        "--reserve", "27.94", "--bidders", folder_ / "lodged.csv"};
  const auto result = Json(wci, "cut.csv");
  std::vector<std::string> told;
  for (const auto& fill : result.at("fills")) {
    told.push_back(fill.at("counted").dump() + " " + fill.at("cut_by").dump());
  }
  EXPECT_EQ(told, (std::vector<std::string>{"3000 null", "1000 \"bidder_limit\"",
                                            "2000 \"guarantee\"", "0 \"room\"", "0 \"reserve\""}));
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), wci.begin(), wci.end());
    return Clear(more, "cut.csv").out;
  };
  EXPECT_THAT(with({"--output", "csv"}),
              AllOf(HasSubstr("id,bidder,price,quantity,filled,pays,value,counted,cut_by\n"),
                    HasSubstr("2,A,35.00,2000,1000,27.94,27940.00,1000,bidder_limit\n"),
                    HasSubstr("5,D,20.00,1000,0,,0.00,0,reserve\n")));
  EXPECT_THAT(with({}), AllOf(HasSubstr("cut_bids  4\n"), HasSubstr("cut       4,000\n"),
                              HasSubstr("guarantee")));
  EXPECT_THAT(with({"--plot", folder_ / "cut.svg", "--publish", folder_ / "cut.json"}),
              Not(IsEmpty()));
  EXPECT_THAT(Contents(folder_ / "cut.svg"), HasSubstr("4 bids cut by 4,000 t"));
  EXPECT_EQ(Capclear({"auction", "verify", folder_ / "cut.json"}).code, 0);
  std::string published = Contents(folder_ / "cut.json");
  const std::size_t at = published.find("\"bidder_limit\"", published.find("\"bids\""));
  ASSERT_NE(at, published.npos);
  Write(folder_ / "cut.json", published.replace(at, 14, "\"room\""));
  EXPECT_EQ(Capclear({"auction", "verify", folder_ / "cut.json"}).code, 1);

  const Said weekly =
      Clear({"--format", "cn-weekly", "--supply", "20000", "--output", "csv"}, "cut.csv");
  EXPECT_THAT(weekly.out, AllOf(HasSubstr("1,A,40.00,3000,2000,20.00,40000.00,2000,bidder_limit\n"),
                                HasSubstr("2,A,35.00,2000,0,,0.00,0,bidder_limit\n")));
  const Said all = Clear({"--supply", "16000", "--bidders", folder_ / "lodged.csv", "--all-formats",
                          "--output", "csv"},
                         "cut.csv");
  EXPECT_THAT(
      all.out,
      AllOf(HasSubstr("shortage,cut,unknown,widened\n"),
            HasSubstr("cn-weekly,partial,20.00,3000,13000,60000.00,,,3,3,random,sell_at_reserve,"
                      "7000,,\n"),
            HasSubstr("0.00,,,0,0,random,cancel,2000,,limits cut\n")));
}

TEST_F(AuctionVerb, ReadsAndWritesNamesWithCommas) {
  Write(folder_ / "quoted.csv",
        "\xEF\xBB\xBF\"bidder\",\"price\",quantity\r\n\"A, Inc\",70.00,\"5000\"\r\n");
  const Said said = Clear({"--supply", "5000", "--output", "csv"}, "quoted.csv");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("1,\"A, Inc\",70.00,5000,5000,70.00,350000.00,5000,\n"));
}

TEST_F(AuctionVerb, NamesEveryMistakeOfItsFlagsAndNoOther) {
  const Said said = Clear({"--supply", "-500", "--format", "dutch", "--secondary", "x", "--sigma",
                           "y", "--plot", "a.png", "--close", "noon", "--consigned", "A"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(HasSubstr("--supply -500: not a volume"), HasSubstr("--format dutch"),
                              HasSubstr("--secondary x"), HasSubstr("--sigma y"),
                              HasSubstr("--plot a.png"), HasSubstr("--close noon"),
                              HasSubstr("--consigned A: no volume"), Not(HasSubstr("t in all"))));
  EXPECT_EQ(std::ranges::count(said.err, '\n'), 7);
  const Said large = Clear({"--supply", "500", "--consigned", "A=9000000000000000000",
                            "--consigned", "B=9000000000000000000"});
  EXPECT_THAT(large.err, HasSubstr("--consigned A=9000000000000000000: no volume"));
}

TEST_F(AuctionVerb, NamesAFlagThatAFormatHasNoUseFor) {
  EXPECT_THAT(Clear({"--format", "kr", "--supply", "10000", "--secondary", "10000"}, "krx.csv").err,
              HasSubstr("--secondary: kr takes no reserve price from it; allowed: --reserve"));
  EXPECT_THAT(Clear({"--format", "rggi", "--supply", "10000", "--secret", "2"}).err,
              HasSubstr("--secret: rggi has no secret reserve price"));
  EXPECT_THAT(Clear({"--supply", "5000", "--year", "2026"}).err,
              HasSubstr("--year 2026: eu publishes no reserve price by years"));
}

TEST_F(AuctionVerb, TakesNoYearWhoseReserveNobodyPublished) {
  const auto of = [this](const char* format, const char* year, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--format", format, "--supply", "5000", "--year", year});
    return Clear(more);
  };
  EXPECT_EQ(of("uk", "2026").code, 0);
  EXPECT_THAT(
      of("uk", "2027").err,
      AllOf(HasSubstr("--year 2027: no public reserve price of uk is known for it; allowed: "
                      "2021 (22.00)"),
            HasSubstr("2026 (28.00), or a price of your own by --reserve")));
  EXPECT_EQ(of("uk", "2027", {"--reserve", "29.00"}).code, 0);
  Write(folder_ / "rggi.csv", "bidder,price,quantity\nA,10.00,1000\n");
  const std::vector<std::string> rggi = {"--format", "rggi", "--supply", "4000", "--year", "2026"};
  EXPECT_THAT(Clear(rggi, "rggi.csv").err,
              HasSubstr("2015 (2.05), 2025 (2.62), 2027 (9.00), or a price"));
  EXPECT_THAT(of("nz", "2026").err, HasSubstr("allowed: a price of your own by --reserve"));
  const Said all = Clear({"--supply", "5000", "--year", "2026", "--all-formats"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("reserve of 2026"));
}

// Every step of the Korean example lies within the picture, also the lowest.
TEST_F(AuctionVerb, DrawsEveryStepOfTheDemand) {
  ASSERT_EQ(
      Clear({"--format", "kr", "--supply", "10000", "--plot", folder_ / "a.svg"}, "krx.csv").code,
      0);
  const auto lowest = [this](const char* name) {
    const std::string svg = Contents(folder_ / name);
    const std::size_t path = svg.find("stroke=\"var(--demand)\"");
    std::stringstream corners(svg.substr(svg.rfind("d=\"M", path) + 4, 400));
    std::vector<double> heights;
    std::string one;
    while (std::getline(corners, one, 'L')) {
      heights.push_back(std::stod(one.substr(one.find(' ') + 1)));
    }
    return heights;
  };
  const std::vector<double> krx = lowest("a.svg");
  ASSERT_EQ(krx.size(), 10U);  // A corner above, two a step, and the foot.
  for (std::size_t i = 1; i + 1 < krx.size(); ++i) {
    EXPECT_GT(krx[i], 84.0) << i;
    EXPECT_LT(krx[i], 496.0) << i;
  }
  EXPECT_THAT(Contents(folder_ / "a.svg"), Not(HasSubstr("not drawn")));
  Write(folder_ / "silly.csv", std::string(kBids) + "F,150.00,500\nG,0.01,1000\n");
  ASSERT_EQ(Clear({"--supply", "5000", "--plot", folder_ / "b.svg"}, "silly.csv").code, 0);
  EXPECT_THAT(Contents(folder_ / "b.svg"),
              HasSubstr("not drawn: 500 t bid above, 1,000 t bid below"));
}

TEST_F(AuctionVerb, TakesTheStabilityRulesVolumesThoughTheyAreNoLots) {
  const Said said = Capclear({"auction", "calendar", "--auctioneer", "EU", "--withdraw",
                              "2026-07-14:2026-09-01:2026-12-31=33498067", "--withdraw",
                              "2026-07-14:2026-09-01:2026-12-31=498067", "--withdraw",
                              "2026-07-14:2026-09-01:2026-12-31=498068"});
  EXPECT_EQ(said.code, 0) << said.err;
  // 67 + 67 + 68 t are still less than a lot.
  EXPECT_THAT(said.out, HasSubstr("withdrawn    34,494,000"));
  EXPECT_EQ(said.err,
            "--withdraw: 202 t of EU are less than a lot of 500 and stay in its auctions\n");
  const Said more = Capclear({"auction", "calendar", "--auctioneer", "DE", "--withdraw",
                              "2026-07-14:2026-12-18:2026-12-18=1500000"});
  EXPECT_EQ(more.code, 2);
  EXPECT_THAT(more.err,
              HasSubstr("more than DE still offers in those days; allowed: up to 1000000"));
  EXPECT_THAT(
      Capclear({"auction", "calendar", "--withdraw", "2026-07-14:2026-09-01:2026-12-31=500"}).err,
      HasSubstr("allowed: with --auctioneer"));
}

TEST_F(AuctionVerb, SaysWhatACalendarCannotPlan) {
  const std::vector<std::string> week = {"auction",    "calendar", "--first",
                                         "2026-03-02", "--last",   "2026-03-06"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), week.begin(), week.end());
    return Capclear(more);
  };
  const Said odd = with({"--volume", "1000001"});
  EXPECT_EQ(odd.code, 0);
  EXPECT_EQ(odd.err, "--volume: 1 t are less than a lot of 500 and are not planned\n");
  const Said all = with({"--format", "dutch", "--weekdays", "someday", "--without", "x", "--sold",
                         "y", "--volume", "-1"});
  EXPECT_THAT(all.err,
              AllOf(HasSubstr("--format dutch"), HasSubstr("--weekdays someday"),
                    HasSubstr("--without x"), HasSubstr("--sold y"), HasSubstr("--volume -1")));
  EXPECT_THAT(with({"--volume", "400"}).err,
              HasSubstr("--volume 400: less than a lot in each of 3 auctions; allowed: from 1500"));
  EXPECT_THAT(with({"--volume", "9000000000000000000"}).err, HasSubstr("no volume; allowed"));
  EXPECT_THAT(with({"--volume", "1500", "--as-of", "2020-01-01"}).err,
              HasSubstr("--as-of 2020-01-01: before the calendar of auctioneer was proposed; "
                        "allowed: from 2025-12-01"));
  EXPECT_THAT(with({"--volume", "1500", "--sold", "2026-03-02=499"}).err,
              HasSubstr("not in lots; allowed: multiples of 500"));
}

// What people copy from the help and from the manual works as it stands there.
class AuctionExamples : public ::testing::Test {
 protected:
  static std::string Unwrapped(std::string text) {
    for (std::size_t at; (at = text.find("\\\n")) != text.npos;) text.replace(at, 2, " ");
    return text;
  }
  // Lines that begin with the program's name, those that need no server.
  static std::vector<std::string> ExamplesIn(const std::string& text) {
    std::vector<std::string> examples;
    std::stringstream lines(Unwrapped(text));
    for (std::string line; std::getline(lines, line);) {
      const std::size_t first = line.find_first_not_of(' ');
      if (first == line.npos || !line.substr(first).starts_with("capclear auction ")) continue;
      const bool needs_server = line.find("$S") != line.npos || line.find("--server") != line.npos;
      if (!needs_server) examples.push_back(line.substr(first));
    }
    return examples;
  }
  Said Run(const std::string& line) const {
    const std::string program = CAPCLEAR;
    const std::string path = program.substr(0, program.rfind('/'));
    return RunCommand(
        {"/bin/sh", "-c",
         "cd " + folder_.path().string() + " && PATH=\"" + path + ":$PATH\" && " + line});
  }
  void SetUp() override {
    Write(folder_ / "bids.csv", kBids);
    Write(folder_ / "b.csv", kKoreanBids);
    ASSERT_EQ(
        Run("capclear auction clear --supply 5000 --bids bids.csv --publish auction.json").code, 0);
  }

  TestFolder folder_;
};

TEST_F(AuctionExamples, RunAsTheHelpPrintsThem) {
  const Said help = Capclear({"auction", "--help"});
  std::stringstream lines(help.out.substr(help.out.find("ubcommands:")));
  std::size_t verbs = 0, examples = 0;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    if (line.size() < 3 || line.substr(0, 2) != "  " || line[2] == ' ') continue;
    const std::string verb = line.substr(2, line.find(' ', 2) - 2);
    const Said of_verb = Capclear({"auction", verb, "--help"});
    EXPECT_EQ(of_verb.code, 0) << verb;
    ++verbs;
    for (const std::string& example : ExamplesIn(of_verb.out)) {
      const Said said = Run(example);
      EXPECT_EQ(said.code, 0) << example << "\n" << said.err;
      EXPECT_THAT(said.err, IsEmpty()) << example;
      ++examples;
    }
  }
  EXPECT_GE(verbs, 15U);
  EXPECT_GE(examples, 6U);
}

TEST_F(AuctionExamples, RunAsTheManualPrintsThem) {
  const std::vector<std::string> examples = ExamplesIn(Contents("docs/auctions.md"));
  EXPECT_GE(examples.size(), 1U);
  for (const std::string& example : examples) {
    const Said said = Run(example);
    EXPECT_EQ(said.code, 0) << example << "\n" << said.err;
  }
}

}  // namespace
}  // namespace ets
