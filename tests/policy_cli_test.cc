// The stability rules' calculator from outside: what it says and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capclear_process.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Said Reserve(std::vector<std::string> options) {
  options.insert(options.begin(), {"policy", "reserve"});
  options.insert(options.end(), {"--output", "json"});
  return Capclear(options);
}
Said Cap(std::vector<std::string> options) {
  options.insert(options.begin(), {"policy", "cap"});
  options.insert(options.end(), {"--output", "csv"});
  return Capclear(options);
}
std::ptrdiff_t Lines(const Said& said) { return std::ranges::count(said.err, '\n'); }

// M2.
TEST(PolicyReserve, M2_TakesInWhatWasPublished) {
  EXPECT_THAT(Reserve({"--tnac", "1023494202"}).out,
              AllOf(HasSubstr("\"intake\": 190494202"), HasSubstr("\"branch\": \"band\"")));
}

// On each 1 January, what the year's part of the intake has brought above the limit.
TEST(PolicyReserve, InvalidatesOnEach1January) {
  EXPECT_THAT(Reserve({"--tnac", "1023494202"}).out,
              AllOf(HasSubstr("\"invalid_on_2027-01-01\": 63498067"),
                    HasSubstr("\"invalid_on_2028-01-01\": 126996135")));
  // 100 m that were there and a third of the intake, then the rest of it.
  EXPECT_THAT(
      Reserve({"--tnac", "1000000000", "--year", "2022", "--held", "500000000"}).out,
      AllOf(HasSubstr("\"intake\": 240000000"), HasSubstr("\"invalid_on_2024-01-01\": 180000000"),
            HasSubstr("\"invalid_on_2025-01-01\": 160000000")));
  EXPECT_THAT(
      Reserve({"--tnac", "300000000", "--held", "600000000"}).out,
      AllOf(HasSubstr("\"release\": 100000000"), HasSubstr("\"invalid_on_2027-01-01\": 166666667"),
            HasSubstr("\"invalid_on_2028-01-01\": 0")));
  EXPECT_THAT(
      Reserve({"--tnac", "1023494202", "--no-invalidation"}).out,
      AllOf(HasSubstr("\"invalid_on_2027-01-01\": 0"), HasSubstr("\"invalid_on_2028-01-01\": 0")));
}

TEST(PolicyReserve, InvalidatesNothingBefore2023) {
  for (const auto& [year, day] : {std::pair("2017", "2020"), {"2018", "2021"}, {"2019", "2022"}}) {
    EXPECT_THAT(Reserve({"--tnac", "1654909824", "--year", year}).out,
                HasSubstr("\"invalid_on_" + std::string(day) + "-01-01\": 0"));
  }
}

// The limit of 2023 is the volume auctioned in 2022, which is not known here.
TEST(PolicyReserve, DoesNotGuessTheLimitOf2023) {
  std::vector<std::string> options = {"--tnac", "500000000", "--year",
                                      "2020",   "--held",    "3000000000"};
  const Said unknown = Reserve(options);
  EXPECT_THAT(unknown.out, AllOf(HasSubstr("\"invalid_on_2022-01-01\": 0"),
                                 HasSubstr("\"invalid_on_2023-01-01\": null")));
  EXPECT_THAT(unknown.err, HasSubstr("--auctioned-in-2022 gives it"));
  options.insert(options.end(), {"--auctioned-in-2022", "480000000"});
  EXPECT_THAT(Reserve(options).out, HasSubstr("\"invalid_on_2023-01-01\": 2520000000"));
  // What is left after it is not known either.
  EXPECT_THAT(Reserve({"--tnac", "500000000", "--year", "2021", "--held", "3000000000"}).out,
              HasSubstr("\"invalid_on_2024-01-01\": null"));
}

TEST(PolicyReserve, RefusesSharesThatAreNone) {
  for (const char* shares : {"nan,6,3", "8,nan,3", "inf,6,3", "3,6,8", "8,6,-3", "8,6.00001,3"}) {
    const Said said = Reserve({"--tnac", "5", "--cap", "1000", "--shares", shares});
    EXPECT_EQ(said.code, 2) << shares;
    EXPECT_THAT(said.err, HasSubstr("--shares: '" + std::string(shares).substr(0, 3)));
    EXPECT_THAT(said.out, IsEmpty());
  }
  EXPECT_EQ(Lines(Reserve({"--shares", "3,6,8"})), 3) << "no figure, no cap, no falling shares";
}

TEST(PolicyReserve, TakesSharesToTheFourthDecimal) {
  EXPECT_THAT(Reserve({"--tnac", "5", "--cap", "100000000", "--shares", "8.25,6.0625,3"}).out,
              AllOf(HasSubstr("\"upper\": 8250000"), HasSubstr("\"lower\": 6062500"),
                    HasSubstr("\"floor\": 3000000")));
}

TEST(PolicyCap, NamesEveryMistake) {
  const Said said = Cap({"--first-year", "2030", "--first-cap", "100", "--factor", "2026:2",
                         "--factor", "2031:nan%", "--factor", "2032:1.00005%", "--rebase", "x",
                         "--rebase", "2030:5", "--to", "2029"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.out, IsEmpty());
  EXPECT_EQ(Lines(said), 6);
  for (const char* mistake :
       {"--factor: '2026:2'", "--factor: '2031:nan%'", "--factor: '2032:1.00005%'", "--rebase: 'x'",
        "--rebase: '2030:5'", "--to: 2029"}) {
    EXPECT_THAT(said.err, HasSubstr(mistake));
  }
}

TEST(PolicyCap, NamesChangesThatWouldOverflow) {
  std::vector<std::string> options = {"--first-year", "2030",    "--first-cap", "100",
                                      "--factor",     "2031:1%", "--to",        "2032"};
  for (const char* change :
       {"2031:9223372036854775807", "2031:-9223372036854775807", "2031:9007199254740991"}) {
    std::vector<std::string> with = options;
    with.insert(with.end(), {"--rebase", change});
    const Said said = Cap(with);
    EXPECT_EQ(said.code, 2) << change;
    EXPECT_THAT(said.err, HasSubstr("--rebase: '" + std::string(change) + "'"));
  }
  options.insert(options.end(), {"--rebase", "2031:900"});
  EXPECT_THAT(Cap(options).out, HasSubstr("2031,900,1,999\n"));
}

}  // namespace
}  // namespace ets
