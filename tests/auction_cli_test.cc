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
  EXPECT_EQ(Capclear({"auction", "calendar", "--cancelled", "2026-02-19x"}).code, 2);
}

}  // namespace
}  // namespace ets
