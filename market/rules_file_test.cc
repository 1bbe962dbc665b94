#include "market/rules_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/journal.h"
#include "market/codec.h"
#include "market/schedule.h"

namespace ets::market {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

VenueRules Read(const std::string& text) {
  auto parsed = ParseRules(text, "venue.toml");
  if (parsed.ok()) return std::move(parsed.value());
  for (const std::string& problem : parsed.error()) ADD_FAILURE() << problem;
  return {};
}

RulesProblems ProblemsOf(const std::string& text) {
  const auto parsed = ParseRules(text, "venue.toml");
  return parsed.ok() ? RulesProblems{} : parsed.error();
}

TEST(RulesFile, AnEmptyFileIsWhatIsShipped) {
  EXPECT_EQ(Read(""), ShippedRules());
  EXPECT_EQ(Read("").sessions.size(), SessionTypes().size());
}

TEST(RulesFile, WhatIsWrittenIsReadBack) {
  EXPECT_EQ(Read(FormatRules(ShippedRules())), ShippedRules());
  EXPECT_EQ(Read(FormatRules(VenueRules())), VenueRules());
}

// Rules of any kind that the market would take.
VenueRules Random(std::uint64_t seed) {
  std::mt19937_64 dice(seed);
  const auto upto = [&dice](std::uint64_t n) { return dice() % (n + 1); };
  VenueRules rules = ShippedRules();
  rules.zone = {static_cast<std::int16_t>(static_cast<int>(upto(1'560)) - 720), upto(1) == 1};
  rules.holding_limit = Tonnes(static_cast<std::int64_t>(upto(1'000'000)));
  rules.large_holder_from = Tonnes(static_cast<std::int64_t>(upto(1'000'000)));
  rules.bids_per_bidder_max = static_cast<std::uint32_t>(1 + upto(50));
  rules.fee_account = AccountId(static_cast<std::uint32_t>(upto(9)));
  for (std::uint64_t i = upto(4); i > 0; --i) {
    rules.closed_days.push_back(Date::Of(2026, 1, 1) + static_cast<int>(10 * (5 - i) + upto(8)));
  }
  for (SessionType& type : rules.sessions) {
    type.fees.maker = {static_cast<std::uint32_t>(upto(1'000)),
                       Price::FromMinorPerTonne(static_cast<std::int64_t>(upto(10'000)))};
    type.fees.taker.bp = static_cast<std::uint32_t>(upto(1'000));
    type.band_bp = static_cast<std::uint32_t>(1 + upto(9'999));
    type.lot = Tonnes(static_cast<std::int64_t>(1 + upto(100)));
    type.visible_levels = static_cast<std::uint8_t>(upto(255));
    type.open_orders_max = static_cast<std::uint32_t>(upto(500));
    type.resale_next_day = upto(1) == 1;
    type.ticks.rows[0].tick = Price::FromMinorPerTonne(1);
    if (upto(1) == 1) {
      type.ticks.rows[1] = {Price::FromMinorPerTonne(5'000), Price::FromMinorPerTonne(5)};
    }
    if (upto(2) == 0) type.hours = {};
  }
  return rules;
}

TEST(RulesFile, RulesOfAnyKindComeBackFromTheFileAndFromTheJournal) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const VenueRules rules = Random(seed);
    ASSERT_EQ(WhatIsWrong(rules), "");
    EXPECT_EQ(Read(FormatRules(rules)), rules) << FormatRules(rules);
    std::string payload;
    EncodeFounding({rules, 7}, payload);
    const auto founding = DecodeFounding(payload);
    ASSERT_TRUE(founding.ok()) << founding.error();
    EXPECT_EQ(founding->rules, rules);
  }
}

TEST(RulesFile, ASessionStartsFromTheShippedOneOfItsNameOrOfTheOneItIsLike) {
  const VenueRules rules = Read(
      "[session.zz-first]\nlike = \"continuous\"\nhours = [\"10:00-11:00\"]\n"
      "[session.cn-listed]\nband = 0.05\n"
      "[session.plain]\nlot_t = 10\n");
  ASSERT_EQ(rules.sessions.size(), 3U);
  SessionType first = *FindSessionType("continuous");
  first.name = "zz-first";
  first.hours = {Window{600, 660}};
  EXPECT_EQ(rules.sessions[0], first) << "in the order of the file";
  SessionType listed = *FindSessionType("cn-listed");
  listed.band_bp = 500;
  EXPECT_EQ(rules.sessions[1], listed);
  EXPECT_EQ(rules.sessions[2].lot, Tonnes(10));
  EXPECT_EQ(rules.sessions[2].hours[0], Window{}) << "at every hour";
}

TEST(RulesFile, AllFaultsComeAtOnceWithTheirPlaceAndWhatIsAllowed) {
  EXPECT_THAT(
      ProblemsOf("zone = \"Beijing\"\n"
                 "holding_limit = 5\n"
                 "closed_days = [\"2026-10-01\"]\n"
                 "[session.cn-listed]\n"
                 "hours = [\"13:00-15:00\", \"09:30-11:30\"]\n"
                 "band = 10\n"
                 "  ticks = [{ from = 0, tick = 0.02 }, { from = 0.03, tick = 0.02 }]\n"
                 "taker_fee = 0.00001\n"
                 "[session.mine]\n"
                 "like = \"continous\"\n"),
      ElementsAre(
          "venue.toml:1:8: zone is \"Beijing\"; allowed: an offset from UTC as in \"+08:00\", "
          "from \"-12:00\" to \"+14:00\"",
          AllOf(HasSubstr("venue.toml:2:1: unknown key 'holding_limit'; allowed: "),
                HasSubstr("holding_limit_t, "), HasSubstr(", session")),
          HasSubstr("venue.toml:3:15: closed_days is [\"2026-10-01\"]; allowed: a list of dates"),
          HasSubstr("venue.toml:5:9: session.cn-listed.hours is [\"13:00-15:00\", "
                    "\"09:30-11:30\"]; allowed: up to four windows in order"),
          "venue.toml:6:8: session.cn-listed.band is 10; allowed: 0 to 1, at most four decimals",
          HasSubstr("venue.toml:7:11: session.cn-listed.ticks is [{ from = 0, tick = 0.02 }, "),
          HasSubstr("venue.toml:8:13: session.cn-listed.taker_fee is 1e-05; allowed: 0 to 0.10"),
          "venue.toml:10:8: session.mine.like is \"continous\"; allowed: cn-listed, cn-block, "
          "cn-oneway, continuous, in quotes"));
}

TEST(RulesFile, KeysThatContradictEachOtherAreNamed) {
  EXPECT_THAT(ProblemsOf("[session.cn-listed]\nquantity_from_t = 10\nquantity_below_t = 10\n"
                         "static_range = 0.1\nopening_call_min = 200\n"),
              ElementsAre("venue.toml:3:20: session.cn-listed.quantity_below_t is 10; allowed: 0, "
                          "or above quantity_from_t (10)",
                          HasSubstr("venue.toml:1:10: session.cn-listed.volatility_call_min is 0; "
                                    "allowed: above 0 where there is a static_range"),
                          HasSubstr("venue.toml:5:20: session.cn-listed.opening_call_min is 200; "
                                    "allowed: ")));
  EXPECT_THAT(ProblemsOf("[session.cn-block]\n"),
              ElementsAre(HasSubstr("no session type has mechanism = \"order_book\"")));
  EXPECT_THAT(ProblemsOf("[session.cn-listed]\nmaker_fee = 0.001\n"),
              ElementsAre(HasSubstr("fee_account is missing; allowed where there are fees")));
  EXPECT_THAT(ProblemsOf("fee_account = 3\nfee_account = 4\n"),
              ElementsAre(HasSubstr("venue.toml:2:15: not TOML")));
}

TEST(RulesFile, ALineThatIsNotTomlDoesNotHideTheOthers) {
  EXPECT_THAT(
      ProblemsOf("zone = +08:00\nband = 1\n[session.cn-listed]\nlot_t = 0\n"),
      ElementsAre(HasSubstr("venue.toml:1:"), HasSubstr("venue.toml:2:1: unknown key 'band'"),
                  HasSubstr("venue.toml:4:9: session.cn-listed.lot_t is 0")));
}

TEST(RulesFile, NoValueOutsideWhatItsKeyAllowsIsTaken) {
  const std::vector<std::string> odd = {"-1",   "\"x\"", "1e18",       "[]",  "{}",
                                        "true", "nan",   "2026-01-01", "0.5", "[[1]]"};
  for (const RuleKey& key : RuleKeys()) {
    int refused = 0;
    for (const std::string& value : odd) {
      const std::string line = std::string(key.name) + " = " + value + "\n";
      const RulesProblems problems =
          ProblemsOf(key.of_session ? "[session.cn-listed]\n" + line : line);
      refused += problems.empty() ? 0 : 1;
    }
    EXPECT_GE(refused, 7) << key.name;
    EXPECT_FALSE(key.allowed.empty() || key.words.empty()) << key.name;
  }
}

TEST(TradingDay, GoesFromTheFirstHourToTheLastOnDaysThatTrade) {
  VenueRules rules = ShippedRules();
  rules.closed_days = {Date::Of(2026, 3, 3)};
  const auto day = TradingDayOf(rules, Date::Of(2026, 3, 2));
  ASSERT_TRUE(day);
  const SimTime midnight = InstantOf(Date::Of(2026, 3, 2), 0, kBeijingOffset);
  EXPECT_EQ(day->opens, midnight + 9 * 3'600 * kMicrosPerSecond) << "continuous opens at nine";
  EXPECT_EQ(day->closes, midnight + 17 * 3'600 * kMicrosPerSecond);
  EXPECT_FALSE(TradingDayOf(rules, Date::Of(2026, 3, 3))) << "a closed day";
  EXPECT_FALSE(TradingDayOf(rules, Date::Of(2026, 3, 7))) << "a Saturday";
  EXPECT_FALSE(TradingDayOf(VenueRules(), Date::Of(2026, 3, 2))) << "no hours";
}

}  // namespace
}  // namespace ets::market
