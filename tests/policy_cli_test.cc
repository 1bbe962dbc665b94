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

TEST(PolicyReserve, InvalidatesNothingBefore2023) {
  for (const char* year : {"2017", "2018", "2019"}) {
    EXPECT_THAT(Reserve({"--tnac", "1654909824", "--year", year}).out,
                HasSubstr("\"then_invalid\": 0"))
        << year;
  }
  EXPECT_THAT(
      Reserve({"--tnac", "1000000000", "--year", "2022", "--held", "600000000"}).out,
      AllOf(HasSubstr("\"invalid_on\": \"2025-01-01\""), HasSubstr("\"then_invalid\": 440000000")));
}

// The limit of 2023 is the volume auctioned in 2022, which is not known here.
TEST(PolicyReserve, DoesNotGuessTheLimitOf2023) {
  std::vector<std::string> options = {"--tnac", "500000000", "--year",
                                      "2020",   "--held",    "3000000000"};
  const Said unknown = Reserve(options);
  EXPECT_THAT(unknown.out, HasSubstr("\"then_invalid\": null"));
  EXPECT_THAT(unknown.err, HasSubstr("--auctioned-in-2022 gives it"));
  options.insert(options.end(), {"--auctioned-in-2022", "480000000"});
  EXPECT_THAT(Reserve(options).out, HasSubstr("\"then_invalid\": 2520000000"));
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
