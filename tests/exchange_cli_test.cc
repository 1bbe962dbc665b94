// `capclear market` and `capclear auction` against a server at work: what they print for people and
// for programs, and how they say what is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/capclear_process.h"
#include "tests/market_place.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ExchangeVerbs : public ::testing::Test {
 protected:
  Said Ask(std::vector<std::string> line) const {
    line.insert(line.end(), {"--server", place_.address()});
    return Capclear(line);
  }
  nlohmann::json Done(std::vector<std::string> line) const {
    line.insert(line.end(), {"--output", "json"});
    const Said said = Ask(line);
    EXPECT_EQ(said.code, 0) << ::testing::PrintToString(line) << said.err;
    return said.code == 0 ? nlohmann::json::parse(said.out) : nlohmann::json();
  }
  // Refused, with this exit code and these words.
  void Refuses(const std::vector<std::string>& line, int code,
               const std::vector<std::string>& words) const {
    const Said said = Ask(line);
    EXPECT_EQ(said.code, code) << ::testing::PrintToString(line) << said.out << said.err;
    EXPECT_EQ(said.out, "");
    for (const std::string& word : words) EXPECT_THAT(said.err, HasSubstr(word));
  }
  nlohmann::json Place(const std::string& member, const std::string& side, const std::string& price,
                       const std::string& quantity, std::vector<std::string> more = {}) const {
    std::vector<std::string> line = {"market",       "place", "--member",   member,
                                     "--side",       side,    "--price",    price,
                                     "--instrument", "CEA26", "--quantity", quantity};
    line.insert(line.end(), more.begin(), more.end());
    return Done(line);
  }

  const TestFolder folder_;
  MarketPlace place_{4};
};

// ---- market ----

TEST_F(ExchangeVerbs, ShowTheBookForPeopleAndForPrograms) {
  Place("4", "sell", "70.25", "1500");
  Place("6", "sell", "70.10", "200");
  Place("8", "buy", "69.90", "300");
  const nlohmann::json book = Done({"market", "book", "--instrument", "CEA26"});
  ASSERT_EQ(book.size(), 3U);
  EXPECT_EQ(book[0],
            (nlohmann::json{{"side", "sell"}, {"price", 7025}, {"quantity", 1500}, {"orders", 1}}));
  EXPECT_EQ(book[2]["price"], 6990);
  const Said table = Ask({"market", "book", "--instrument", "CEA26-CNY"});
  EXPECT_THAT(table.out, AllOf(StartsWith("instruments/CEA26-CNY  continuous  last 70.00"),
                               HasSubstr("band 63.00 to 77.00"), HasSubstr("70.25")));
  const Said csv = Ask({"market", "book", "--instrument", "CEA26", "--output", "csv"});
  EXPECT_EQ(csv.out,
            "side,price,quantity,orders\nsell,7025,1500,1\nsell,7010,200,1\n"
            "buy,6990,300,1\n");
}

TEST_F(ExchangeVerbs, PlaceChangeCancelAndListOrders) {
  const nlohmann::json placed = Place("4", "sell", "70", "100", {"--client-id", "ask-1"});
  EXPECT_EQ(placed["resting"], 100);
  EXPECT_EQ(Place("4", "sell", "70", "100", {"--client-id", "ask-1"}), placed) << "applied once";
  const nlohmann::json bought = Place("6", "buy", "71", "40");
  EXPECT_EQ(bought["traded"], 40);
  EXPECT_EQ(bought["value"], 40 * 7'000);
  nlohmann::json orders = Done({"market", "orders", "--member", "4"});
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0]["client_order_id"], "ask-1");
  EXPECT_EQ(orders[0]["open"], 60);
  Done({"market", "change", "--member", "4", "--instrument", "CEA26", "--client-id", "ask-1",
        "--quantity", "90"});
  EXPECT_EQ(Done({"market", "orders", "--member", "4"})[0]["open"], 50);
  nlohmann::json trades;
  for (int i = 0; i < 100 && trades.size() != 1; ++i) trades = Done({"market", "trades"});
  ASSERT_EQ(trades.size(), 1U);
  EXPECT_EQ(trades[0]["price"], 7000);
  EXPECT_EQ(trades[0]["taker"], "buy");
  EXPECT_EQ(trades[0]["channel"], "listed");
  Done({"market", "cancel", "--member", "4", "--instrument", "CEA26", "--client-id", "ask-1"});
  EXPECT_EQ(Done({"market", "orders", "--member", "4"}).size(), 0U);
  Place("4", "sell", "70", "10"), Place("4", "sell", "71", "10"), Place("4", "buy", "69", "10");
  EXPECT_EQ(Done({"market", "cancel", "--member", "4", "--all", "--side", "sell"})["cancelled"], 2);
  EXPECT_EQ(Done({"market", "orders", "--member", "4"}).size(), 1U);
}

TEST_F(ExchangeVerbs, HaltAndResumeAndCloseTheDay) {
  Place("4", "sell", "70", "10");
  EXPECT_EQ(Done({"market", "halt", "--instrument", "CEA26"})["cancelled"], 0);
  EXPECT_EQ(Done({"market", "instruments"})[0]["phase"], "halted");
  Refuses({"market", "place", "--member", "6", "--side", "buy", "--price", "70", "--quantity", "1",
           "--instrument", "CEA26"},
          1, {"FAILED_PRECONDITION INSTRUMENT_HALTED"});
  Refuses({"market", "halt", "--instrument", "CEA26"}, 1, {"ALREADY_SO"});
  Done({"market", "resume"});
  EXPECT_EQ(Place("6", "buy", "70", "1")["traded"], 1);
  EXPECT_EQ(Done({"market", "halt", "--cancel-orders"})["cancelled"], 1);
  Done({"market", "resume", "--instrument", "CEA26"});
  const nlohmann::json closed = Done({"market", "close"});
  EXPECT_EQ(closed["failed"], 0);
  EXPECT_EQ(closed["mismatches"], "none");
}

TEST_F(ExchangeVerbs, NameTheLimitThatAnOrderBroke) {
  const auto order = [](const char* price, const char* quantity) {
    return std::vector<std::string>{"market",       "place", "--member",   "4",
                                    "--side",       "sell",  "--price",    price,
                                    "--instrument", "CEA26", "--quantity", quantity};
  };
  Refuses(order("90", "1"), 1, {"PRICE_OUTSIDE_BAND", "asked 9000, limit 7700"});
  Refuses(order("70", "100000"), 1, {"QUANTITY_OF_WRONG_CHANNEL", "asked 100000, limit 100000"});
  Refuses({"market", "place", "--member", "99", "--side", "sell", "--price", "70", "--quantity",
           "1", "--instrument", "CEA26"},
          2, {"NOT_FOUND MEMBER_NOT_FOUND", "members/99"});
  Refuses({"market", "book", "--instrument", "CEA30"}, 2, {"CEA30"});
  Refuses({"market", "cancel", "--member", "4", "--instrument", "CEA26", "--order", "77"}, 2,
          {"ORDER_NOT_FOUND", "asked 77"});
}

TEST_F(ExchangeVerbs, NameTheFlagItsValueAndWhatIsAllowed) {
  const std::vector<std::string> order = {"market",       "place", "--member",   "4",
                                          "--instrument", "CEA26", "--quantity", "1"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> line = order;
    line.insert(line.end(), more.begin(), more.end());
    return line;
  };
  Refuses(with({"--side", "hold"}), 2, {"--side", "hold", "buy", "sell"});
  Refuses(with({"--side", "buy", "--price", "70.123"}), 2, {"--price", "70.123", "70.25"});
  Refuses(with({"--side", "buy", "--price", "-1"}), 2, {"--price", "-1"});
  Refuses(with({"--side", "buy", "--type", "odd"}), 2, {"--type", "odd", "stop_limit"});
  Refuses(with({"--side", "buy", "--expire", "2026-02-30"}), 2, {"--expire", "2026-02-30"});
  Refuses({"market", "place", "--member", "4", "--instrument", "CEA26", "--side", "buy",
           "--quantity", "0"},
          2, {"--quantity", "0"});
  Refuses({"market", "cancel", "--member", "4"}, 2, {"--order", "--client-id", "--all"});
  Refuses({"market", "book"}, 2, {"--instrument"});
  const Said nobody = Capclear({"market", "status", "--server", "127.0.0.1:1", "--timeout", "1"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("allowed: the address")));
}

// ---- auction ----

TEST_F(ExchangeVerbs, HoldAnAuctionThatAStrangerClearsAgain) {
  const nlohmann::json opened =
      Done({"auction", "open", "--auctioneer", "4", "--instrument", "CEA26", "--supply", "5000",
            "--seed", "7", "--pay-day", "2026-03-02"});
  EXPECT_EQ(opened["auction"], "1");
  const auto bid = [&](const char* verb, const char* member, const char* price,
                       const char* quantity, std::vector<std::string> more = {}) {
    std::vector<std::string> line = {"auction", verb,  "--member",   member,
                                     "--price", price, "--quantity", quantity};
    line.insert(line.end(), more.begin(), more.end());
    return Done(line);
  };
  const nlohmann::json first = bid("bid", "6", "70.10", "2000", {"--client-id", "b-1"});
  EXPECT_EQ(bid("bid", "6", "70.10", "2000", {"--client-id", "b-1"}), first);
  bid("bid", "8", "70.00", "1500");
  bid("bid", "10", "69.00", "2000");
  bid("change", "10", "70.00", "2500", {"--bid", "3"});
  bid("bid", "8", "71.00", "500");
  Done({"auction", "withdraw", "--member", "8", "--bid", "4"});
  EXPECT_EQ(Done({"auction", "bids"}).size(), 3U);
  EXPECT_EQ(Done({"auction", "bids", "--member", "8"})[0]["price"], 7000);

  Refuses({"auction", "bid", "--member", "6", "--price", "70", "--quantity", "501"}, 2,
          {"INVALID_ARGUMENT BID_NOT_IN_LOTS", "asked 501, limit 500"});
  Refuses({"auction", "bid", "--member", "6", "--price", "70", "--quantity", "500", "--currency",
           "EUR"},
          2, {"currency: \"EUR\"; allowed: CNY"});
  Refuses({"auction", "withdraw", "--member", "6", "--bid", "2"}, 2, {"ORDER_NOT_FOUND"});
  Refuses({"auction", "bid", "--member", "6", "--price", "x", "--quantity", "500"}, 2,
          {"--price", "x", "70.25"});
  Refuses({"auction", "results", "--publish", folder_ / "a.json"}, 2, {"--publish", "--auction N"});
  Refuses({"auction", "results", "--auction", "9"}, 2, {"AUCTION_NOT_FOUND", "auctions/9"});
  Refuses({"auction", "open", "--auctioneer", "4", "--instrument", "CEA26", "--supply", "5000",
           "--containment", "70"},
          2, {"--containment 70", "PRICE:TONNES"});

  const nlohmann::json result = Done({"auction", "close"});
  EXPECT_EQ(result["price"], 7000);
  EXPECT_EQ(result["sold"], 5000);
  EXPECT_EQ(result["state"], "awaits_payment");
  EXPECT_EQ(Done({"auction", "pay", "--auction", "1"})["paid"], 5000);
  const nlohmann::json list = Done({"auction", "results"});
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["state"], "done");
  const nlohmann::json won = Done({"auction", "awards", "--auction", "1", "--member", "6"});
  EXPECT_EQ(won[0]["won"], 2000);
  EXPECT_EQ(won[0]["counted"], 2000);
  EXPECT_TRUE(won[0]["cut_by"].is_null());
  EXPECT_EQ(Done({"auction", "results", "--auction", "1", "--bids"}).size(), 3U);
  const nlohmann::json watched = Done({"auction", "watch", "--count", "4", "--timeout", "20"});
  EXPECT_EQ(watched[0]["what"], "done");
  EXPECT_EQ(watched[1]["what"], "bid_won");
  EXPECT_THAT(watched[0]["time"].get<std::string>(), StartsWith("20"));

  const std::string file = folder_ / "auction.json";
  Done({"auction", "results", "--auction", "1", "--publish", file});
  const Said verified = Capclear({"auction", "verify", file});
  EXPECT_EQ(verified.code, 0) << verified.err;
  const nlohmann::json published = nlohmann::json::parse(Contents(file));
  EXPECT_EQ(published["auction"], "auctions/1");
  EXPECT_EQ(published["ties"]["commitment"], opened["commitment"]);
}

// A tenth of the supply a bidder: what is above it is cut, and told to everybody.
TEST_F(ExchangeVerbs, TellWhatALimitCutOfABid) {
  Done({"auction", "open", "--auctioneer", "4", "--instrument", "CEA26", "--supply", "10000",
        "--format", "cn-weekly"});
  Done({"auction", "bid", "--member", "6", "--price", "70", "--quantity", "5000"});
  Done({"auction", "bid", "--member", "6", "--price", "69", "--quantity", "1000"});
  Done({"auction", "close"});
  for (const nlohmann::json& told : {Done({"auction", "awards", "--auction", "1", "--member", "6"}),
                                     Done({"auction", "results", "--auction", "1", "--bids"})}) {
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0]["won"], 1000);
    EXPECT_EQ(told[0]["counted"], 1000);
    EXPECT_EQ(told[0]["cut_by"], "bidder_limit");
    EXPECT_EQ(told[1]["counted"], 0);
    EXPECT_EQ(told[1]["cut_by"], "bidder_limit");
  }
}

// Shanghai: covered firms only; a bid above its collateral is refused, with what the others need.
TEST_F(ExchangeVerbs, HoldBiddersToTheirCollateralAndToTheirObligations) {
  Done({"auction", "open", "--auctioneer", "4", "--instrument", "CEA26", "--supply", "10000",
        "--format", "shanghai", "--guarantee", "6=100000.00", "--room", "6=9000", "--not-covered",
        "8"});
  Done({"auction", "bid", "--member", "6", "--price", "70", "--quantity", "1000"});
  Refuses({"auction", "bid", "--member", "6", "--price", "60", "--quantity", "1000"}, 1,
          {"INSUFFICIENT_CASH", "asked 13000000, limit 10000000"});
  Refuses({"auction", "bid", "--member", "8", "--price", "70", "--quantity", "1000"}, 1,
          {"QUANTITY_ABOVE_MAX", "limit 0"});
  Refuses({"auction", "open", "--auctioneer", "4", "--instrument", "CEA26", "--supply", "5000",
           "--guarantee", "6"},
          2, {"--guarantee 6", "MEMBER=MONEY"});
}

TEST_F(ExchangeVerbs, DrawASeedOfTheirOwnAndCommitToIt) {
  const std::vector<std::string> open = {"auction",      "open",  "--auctioneer", "4",
                                         "--instrument", "CEA26", "--supply",     "500"};
  const nlohmann::json one = Done(open);
  Done({"auction", "close"});
  const nlohmann::json result = Done({"auction", "results", "--auction", "1"});
  EXPECT_EQ(result["commitment"], one["commitment"]);
  EXPECT_GT(result["tie_seed"].get<std::string>().size(), 9U);
}

}  // namespace
}  // namespace ets
