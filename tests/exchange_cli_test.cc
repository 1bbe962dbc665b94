// `capclear market` and `capclear auction` against a server at work: what they print for people and
// for programs, and how they say what is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
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

TEST_F(ExchangeVerbs, ShowFiveLevelsOfABookAndTheNextWhenOneGoes) {
  for (int i = 0; i < 8; ++i) {
    Place("4", "sell", "70." + std::to_string(10 + i), "10", {"--client-id", std::to_string(i)});
    Place("6", "buy", "69." + std::to_string(90 - i), "20");
  }
  const auto prices = [this] {
    std::vector<std::int64_t> shown;
    for (const auto& level : Done({"market", "book", "--instrument", "CEA26"})) {
      shown.push_back(level["price"]);
    }
    return shown;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(prices(), ElementsAre(7014, 7013, 7012, 7011, 7010, 6990, 6989, 6988, 6987, 6986));
  Done({"market", "cancel", "--member", "4", "--instrument", "CEA26", "--client-id", "2"});
  EXPECT_THAT(prices(), ElementsAre(7015, 7014, 7013, 7011, 7010, 6990, 6989, 6988, 6987, 6986));
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
  EXPECT_FALSE(Done({"market", "resume"}).contains("cancelled"));
  EXPECT_EQ(Place("6", "buy", "70", "1")["traded"], 1);
  EXPECT_EQ(Done({"market", "halt", "--cancel-orders"})["cancelled"], 1);
  Done({"market", "resume", "--instrument", "CEA26"});
  const nlohmann::json closed = Done({"market", "close"});
  EXPECT_EQ(closed["failed"], 0);
  EXPECT_EQ(closed["mismatches"], "none");
}

TEST_F(ExchangeVerbs, SettleTheDayOfAMemberThatTradedWithItself) {
  Place("4", "sell", "70.50", "30");
  const nlohmann::json bought =
      Done({"market", "place", "--member", "4", "--side", "buy", "--price", "70.50", "--quantity",
            "30", "--instrument", "CEA26", "--self-trade", "off"});
  EXPECT_EQ(bought["traded"], 30);
  EXPECT_EQ(Done({"market", "instruments"})[0]["close"], 7050) << "so far";
  const nlohmann::json closed = Done({"market", "close"});
  EXPECT_EQ(closed["failed"], 0);
  EXPECT_EQ(closed["mismatches"], "none");
  EXPECT_EQ(Done({"market", "status"})["alarms"], 0);
}

TEST_F(ExchangeVerbs, ShowNoPriceOfAnOrderThatHasNone) {
  Done({"market", "place", "--member", "4", "--side", "sell", "--type", "stop", "--stop", "69",
        "--quantity", "1", "--instrument", "CEA26"});
  const nlohmann::json orders = Done({"market", "orders", "--member", "4"});
  EXPECT_TRUE(orders[0]["price"].is_null()) << orders;
  EXPECT_EQ(orders[0]["stop"], 6900);
}

TEST_F(ExchangeVerbs, NameTheLimitThatAnOrderBroke) {
  const auto order = [](const char* price, const char* quantity) {
    return std::vector<std::string>{"market",       "place", "--member",   "4",
                                    "--side",       "sell",  "--price",    price,
                                    "--instrument", "CEA26", "--quantity", quantity};
  };
  Refuses(order("90", "1"), 1,
          {"FAILED_PRECONDITION PRICE_OUTSIDE_BAND (7): asked 90.00, limit 77.00"});
  Refuses(order("70", "100000"), 1, {"QUANTITY_OF_WRONG_CHANNEL (5): asked 100000, limit 100000"});
  Refuses(order("70", "99999999999999999999"), 1, {"QUANTITY_OF_WRONG_CHANNEL (5)"});
  Refuses(order("99999999999999999999", "1"), 1, {"PRICE_OUTSIDE_BAND (7)", "limit 77.00"});
  Refuses(order("70", "0"), 2, {"QUANTITY_NOT_POSITIVE (4)"});
  Refuses(order("70.005", "1"), 2, {"PRICE_OFF_TICK (6): asked 70.005, limit 0.01"});
  Refuses(order("70", "1.5"), 2, {"QUANTITY_OFF_LOT (25): asked 1.5, limit 1"});
  Refuses({"market", "place", "--member", "99", "--side", "sell", "--price", "70", "--quantity",
           "1", "--instrument", "CEA26"},
          2, {"NOT_FOUND MEMBER_NOT_FOUND", "members/99"});
  for (const char* const unknown : {"CEA30", "CEA26-EUR", "NOPE"}) {
    Refuses({"market", "book", "--instrument", unknown}, 2, {"INSTRUMENT_NOT_FOUND (2)", unknown});
  }
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
  Refuses(with({"--side", "buy", "--price", "70.123"}), 2, {"--price", "70.123", "0.01"});
  Refuses(with({"--side", "buy", "--price", "-1"}), 2, {"--price", "-1"});
  Refuses(with({"--side", "buy", "--type", "odd"}), 2, {"--type", "odd", "stop_limit"});
  Refuses(with({"--side", "buy", "--expire", "2026-02-30"}), 2, {"--expire", "2026-02-30"});
  Refuses(with({"--side", "buy", "--price", "many"}), 2, {"--price", "many", "70.25"});
  Refuses({"market", "place", "--member", "4", "--instrument", "CEA26", "--side", "buy",
           "--quantity", "many"},
          2, {"--quantity", "many", "1500"});
  Refuses({"market", "cancel", "--member", "4"}, 2, {"--order", "--client-id", "--all"});
  Refuses({"market", "book"}, 2, {"--instrument"});
  const Said nobody = Capclear({"market", "status", "--server", "127.0.0.1:1", "--timeout", "1"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("allowed: the address")));
}

// ---- The venue's rules ----

TEST_F(ExchangeVerbs, ShowTheRulesAndWhatIsListed) {
  const nlohmann::json sessions = Done({"market", "sessions"});
  ASSERT_EQ(sessions.size(), 4U);
  EXPECT_EQ(sessions[3]["session"], "continuous");
  EXPECT_EQ(sessions[3]["volatility_call"], 5);
  EXPECT_EQ(sessions[3]["dynamic_range"], 300);
  EXPECT_TRUE(sessions[0]["hours"].is_null()) << "open as long as a session is";
  EXPECT_EQ(Ask({"market", "rules"}).out, Capclear({"market", "rules", "--always-open"}).out);
  const Said shipped = Capclear({"market", "rules"});
  EXPECT_THAT(shipped.out, AllOf(HasSubstr("[session.continuous]"),
                                 HasSubstr("hours = [\"09:30-11:30\", \"13:00-15:00\"]")));

  rg::OpenLedgerRequest ledger;
  ledger.set_request_id(Uuid(8, 1));
  ledger.set_unit("CEA27");
  rg::OpenLedgerResponse opened;
  const auto units = rg::UnitService::NewStub(place_.channel());
  Must(Call(*units, &rg::UnitService::Stub::OpenLedger, ledger, opened));
  Refuses({"market", "list", "--unit", "CEA27", "--reference", "71", "--session", "cn-block"}, 2,
          {"session_type: \"cn-block\"; allowed: cn-listed, continuous"});
  Refuses({"market", "list", "--unit", "CEA27", "--reference", "71", "--last-day", "2027-12-31",
           "--delisting-day", "2027-12-31"},
          2, {"delisting_day: \"2027-12-31\"; allowed: a day after 2027-12-31"});
  const nlohmann::json listed =
      Done({"market", "list", "--unit", "CEA27", "--reference", "71", "--session", "continuous",
            "--last-day", "2027-12-31", "--delisting-day", "2028-01-15", "--holding-limit",
            "900000", "--large-holder-from", "500000"});
  EXPECT_EQ(listed["instrument"], "CEA27-CNY");
  const nlohmann::json terms = Done({"market", "instruments", "--terms"});
  ASSERT_EQ(terms.size(), 2U);
  EXPECT_EQ(terms[1]["number"], 1);
  EXPECT_EQ(terms[1]["session"], "continuous");
  EXPECT_EQ(terms[1]["tick"], 1);
  EXPECT_EQ(terms[1]["holding_limit"], 900'000);
  EXPECT_EQ(terms[1]["large_holder_from"], 500'000);
  EXPECT_EQ(terms[1]["last_day"], "2027-12-31");
  EXPECT_EQ(terms[1]["delisting_day"], "2028-01-15");
  EXPECT_EQ(terms[0]["below"], 100'000);
  EXPECT_EQ(Done({"market", "instruments"})[1]["number"], 1);
}

TEST_F(ExchangeVerbs, LimitWhatAMemberHoldsAndDelist) {
  Done({"market", "limit", "--member", "6", "--instrument", "CEA26", "--tonnes", "1000050"});
  Place("4", "sell", "70", "100");
  Refuses({"market", "place", "--member", "6", "--side", "buy", "--price", "70", "--quantity", "51",
           "--instrument", "CEA26"},
          1, {"ABOVE_HOLDING_LIMIT"});
  Refuses({"market", "limit", "--member", "6", "--instrument", "CEA26"}, 2,
          {"--tonnes", "--as-listed"});
  Done({"market", "limit", "--member", "6", "--instrument", "CEA26", "--as-listed"});
  EXPECT_EQ(Place("6", "buy", "70", "51")["traded"], 51);
  EXPECT_EQ(Done({"market", "holders"}).size(), 0U) << "nobody is reported";
  Done({"market", "delist", "--instrument", "CEA26"});
  EXPECT_EQ(Done({"market", "orders", "--member", "4"}).size(), 0U);
  EXPECT_EQ(Done({"market", "instruments"})[0]["phase"], "delisted");
}

TEST_F(ExchangeVerbs, SuspendAMemberAndLetItTradeAgain) {
  Place("4", "sell", "70", "100");
  Done({"market", "suspend", "--member", "4"});
  EXPECT_TRUE(Done({"market", "orders", "--member", "4"}).empty()) << "cancelled";
  Refuses({"market", "place", "--member", "4", "--instrument", "CEA26", "--side", "sell", "--price",
           "70", "--quantity", "100"},
          1, {"MEMBER_BLOCKED (40)"});
  Done({"market", "reinstate", "--member", "4"});
  EXPECT_EQ(Place("4", "sell", "70", "100")["resting"], 100);
  Refuses({"market", "reinstate", "--member", "4"}, 1, {"ALREADY_SO"});
}

TEST_F(ExchangeVerbs, NameWhatIsWrongWithAFileOfRules) {
  const std::string file = folder_ / "venue.toml";
  std::ofstream(file) << "zone = 8\n[session.cn-listed]\nband = 3\n";
  const Said said = Capclear({"serve", "--data", folder_ / "x", "--rules", file});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, AllOf(HasSubstr(file + ":1:8: zone is 8; allowed: "),
                              HasSubstr(file + ":3:8: session.cn-listed.band is 3; allowed: ")));
  const Said nothing = Capclear({"serve", "--data", folder_ / "x", "--rules", folder_ / "none"});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("capclear market rules"));
}

// ---- auction ----

TEST_F(ExchangeVerbs, LoadACalendarWhoseAuctionsOpenByTheClock) {
  const std::string file = folder_ / "plan.csv";
  const auto write = [&](const std::string& rows) {
    std::ofstream(file) << "date,auctioneer,first_volume,volume,sold\n" + rows;
  };
  const auto load = [&](std::vector<std::string> more = {}) {
    std::vector<std::string> line = {"auction",  "calendar", "--load",       file,
                                     "--member", "4",        "--instrument", "CEA26"};
    line.insert(line.end(), more.begin(), more.end());
    return line;
  };
  const auto advance = [&](int day, int hour) {
    server::Submission submission;
    submission.command = registry::AdvanceTo{
        InstantOf(Date::Of(2026, 3, day), hour * 3'600 * kMicrosPerSecond, kBeijingOffset)};
    submission.source = SourceKind::kAuthority;
    place_.server().branches()->main().SubmitAndWait(std::move(submission));
  };
  const auto state = [&] {
    const nlohmann::json list = Done({"auction", "results"});
    return list.empty() ? std::string() : list.back()["state"].get<std::string>();
  };
  const auto until = [&](const std::string& what) {
    for (int i = 0; i < 200 && state() != what; ++i) {
    }
    return state() == what;
  };
  write("2026-03-02,A,5000,5000,\n2026-03-09,A,5000,5000,\n2026-03-16,A,5000,5000,\n");
  EXPECT_EQ(Done(load())[1]["volume"], 5'000);
  advance(2, 9);
  ASSERT_TRUE(until("open"));
  Done({"auction", "bid", "--member", "6", "--price", "70", "--quantity", "5000"});
  advance(2, 11);
  ASSERT_TRUE(until("done"));
  nlohmann::json calendar = Done({"auction", "calendar"});
  ASSERT_EQ(calendar.size(), 3U);
  EXPECT_EQ(calendar[0]["sold"], 5'000);
  EXPECT_EQ(calendar[0]["auction"], "1");

  write("2026-03-09,A,5000,2500,\n2026-03-16,A,5000,2500,\n");
  advance(3, 9);
  Done(load({"--why", "stability rule"}));
  EXPECT_EQ(Done({"auction", "calendar", "--as-of", "2026-03-02"})[1]["volume"], 5'000);
  EXPECT_EQ(Done({"auction", "calendar", "--as-of", "2026-03-03"})[1]["volume"], 2'500);
  EXPECT_THAT(Ask({"auction", "calendar"}).out, HasSubstr("as of 2026-03-03: stability rule"));
  advance(9, 10);
  ASSERT_TRUE(until("open"));
  EXPECT_EQ(Done({"auction", "results"}).back()["supply"], 2'500);

  Refuses(load({"--as-of", "2026-04-01"}), 2, {"as_of: \"2026-04-01\"; allowed: today"});
  Refuses(load({"--window", "11:00-09:00"}), 2, {"closes: \"09:00\"; allowed: a time after 11:00"});
  write("2026-03-16,A,5000,750,\n");
  Refuses(load(), 2, {"auctions[0].volume: \"750\"; allowed: ", "lots of 500"});
  write("2026-03-16,A,5000,500,\n2026-03-16,A,5000,500,\n");
  Refuses(load(), 2, {"auctions[1].date: \"2026-03-16\"; allowed: a date after 2026-03-16"});
  write("2026-03-16,A,5000,500,\n2026-03-17,B,5000,500,\n");
  Refuses(load(), 2, {"it has A and B", "--auctioneer"});
  Refuses({"auction", "calendar", "--auctioneer", "Z"}, 2, {"calendars/Z"});
}

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
  const nlohmann::json bids =
      Done({"auction", "bid", "--member", "6", "--schedule", "70:5000", "69.00:1000"});
  ASSERT_EQ(bids.size(), 2U);
  EXPECT_EQ(bids[1]["bid"], 2);
  EXPECT_EQ(bids[1]["price"], 6900);
  Refuses({"auction", "bid", "--member", "6", "--schedule", "70:1000", "69", "5:-3"}, 2,
          {"--schedule 69", "--schedule 5:-3", "PRICE:TONNES"});
  Refuses({"auction", "bid", "--member", "6", "--schedule", "70:1000", "--price", "70",
           "--quantity", "1000"},
          2, {"--schedule", "--price"});
  Refuses({"auction", "bid", "--member", "6"}, 2, {"--schedule", "--price"});
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
          {"INSUFFICIENT_CASH", "asked 130000.00, limit 100000.00"});
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
