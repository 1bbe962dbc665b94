#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/date.h"
#include "base/ids.h"
#include "base/prng.h"
#include "base/quantity.h"
#include "base/result.h"
#include "base/state_hash.h"
#include "base/unit.h"

namespace ets {
namespace {

template <typename A, typename B>
concept Addable = requires(A a, B b) {
  a + b;
};

// What must not compile is part of the contract.
static_assert(!Addable<Money, Price>);
static_assert(!Addable<Money, Tonnes>);
static_assert(!Addable<AccountId, AccountId>);
static_assert(!std::is_convertible_v<std::int64_t, Tonnes>);
static_assert(!std::is_convertible_v<std::uint32_t, AccountId>);
static_assert(!std::is_convertible_v<AccountId, MemberId>);

TEST(Price, ParsesAtMostTwoDecimalsAndNothingElse) {
  EXPECT_EQ(Price::Parse("71.25"), Price::FromMinorPerTonne(7125));
  EXPECT_EQ(Price::Parse("71.2"), Price::FromMinorPerTonne(7120));
  EXPECT_EQ(Price::Parse("71"), Price::FromMinorPerTonne(7100));
  for (const char* bad : {"", "71.", ".5", "-1", "71.255", "7 1", "1e3", "71,25"}) {
    EXPECT_FALSE(Price::Parse(bad).has_value()) << bad;
  }
}

TEST(Price, AverageRoundsHalfUpOnce) {
  EXPECT_EQ(AveragePrice(Money::FromMinor(15), Tonnes(10)), Price::FromMinorPerTonne(2));
  EXPECT_EQ(AveragePrice(Money::FromMinor(14), Tonnes(10)), Price::FromMinorPerTonne(1));
  EXPECT_EQ(AveragePrice(Money::FromMinor(kAmountMax), Tonnes(1)),
            Price::FromMinorPerTonne(kAmountMax));
}

TEST(Money, PrintsItsSignAndBothDecimals) {
  EXPECT_EQ(ToString(Money::FromMinor(-1205)), "-12.05");
  EXPECT_EQ(ToString(Money::FromMinor(7)), "0.07");
}

TEST(Unit, NamesReadBackAsThemselves) {
  for (int year = 2020; year <= 2060; ++year) {
    const Unit unit = Unit::Allowance(static_cast<Vintage>(year));
    EXPECT_EQ(ParseUnit(ToString(unit)), unit) << ToString(unit);
  }
  EXPECT_EQ(ToString(Unit::Allowance(2020)), "CEA19-20");
  EXPECT_EQ(ParseUnit("CCER"), Unit::Offset());
  EXPECT_FALSE(ParseUnit("CEA20").has_value());
}

TEST(Unit, EveryTypeHasANameThatReadsBack) {
  for (const UnitType type : {UnitType::kAllowance, UnitType::kAviation, UnitType::kRegulated,
                              UnitType::kCountryCoded, UnitType::kCertificate}) {
    for (int year = 2000; year <= 2099; ++year) {
      const Unit unit = Unit::Of(type, static_cast<Vintage>(year));
      EXPECT_EQ(ParseUnit(ToString(unit)), unit) << ToString(unit);
    }
  }
  EXPECT_EQ(ToString(Unit::Of(UnitType::kAviation, 2027)), "AVI27");
  EXPECT_EQ(ToString(Unit::Of(UnitType::kRegulated, 2009)), "RET09");
  EXPECT_EQ(ToString(Unit::Of(UnitType::kCountryCoded, 2020)), "CCU20");
  EXPECT_EQ(ToString(Unit::Of(UnitType::kCertificate, 2026)), "CBAM26");
  EXPECT_EQ(ParseUnit("EUR"), Unit::Cash(Currency::kEur));
}

TEST(Unit, ReadsNoOtherText) {
  for (const char* bad : {"", "CEA", "CEA2", "CEA024", "cea24", "CEA24 ", "CEA-1", "CBAM", "CBAM6",
                          "XXX24", "CCER24", "USD", "AVI19-20"}) {
    EXPECT_FALSE(ParseUnit(bad).has_value()) << bad;
  }
}

TEST(Date, KnowsTheWeekdaysWeeksAndEasters) {
  EXPECT_EQ(Date::Of(2026, 1, 7).weekday(), Weekday::kWednesday);
  EXPECT_EQ(ToString(IsoWeekOf(Date::Of(2025, 12, 29))), "2026-W01");
  EXPECT_EQ(ToString(IsoWeekOf(Date::Of(2027, 1, 3))), "2026-W53");
  EXPECT_EQ(EasterSunday(2026), Date::Of(2026, 4, 5));
  EXPECT_EQ(EasterSunday(2035), Date::Of(2035, 3, 25));
  EXPECT_EQ(MondayOf(Date::Of(2026, 1, 4)), Date::Of(2025, 12, 29));
}

TEST(Date, ParsesOnlyDatesThatExist) {
  EXPECT_EQ(Date::Parse("2028-02-29"), Date::Of(2028, 2, 29));
  for (const char* bad : {"2027-02-29", "2027-13-01", "2027-1-01", "2027-01-00", "tomorrow", ""}) {
    EXPECT_FALSE(Date::Parse(bad).has_value()) << bad;
  }
}

TEST(Date, RoundTripsEveryDayOfTwentyYears) {
  for (Date day = Date::Of(2021, 1, 1); day < Date::Of(2041, 1, 1); day = day + 1) {
    ASSERT_EQ(Date::Parse(ToString(day)), day);
    ASSERT_EQ(Date::Of(day.year(), day.month(), day.day()), day);
  }
}

TEST(Prng, StreamsAreReproducibleAndDoNotDependOnEachOther) {
  Prng a = Prng::Stream(7, "firm", 1);
  Prng b = Prng::Stream(7, "firm", 1);
  Prng other = Prng::Stream(7, "firm", 2);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto x = a.Next();
    ASSERT_EQ(x, b.Next());
    equal += x == other.Next() ? 1 : 0;
  }
  EXPECT_EQ(equal, 0);
}

TEST(Prng, DrawsHaveTheMomentsTheyPromise) {
  Prng prng(1);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = prng.Normal();
    sum += x;
    squares += x * x;
    ASSERT_LT(prng.Below(10), 10U);
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(Bytes, ReadBackWhatWasWrittenAndNoticeAMissingByte) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.Put(std::uint16_t{0x0102});
  writer.Put(std::int64_t{-5});
  writer.PutText("CEA24");
  EXPECT_EQ(bytes.substr(0, 2), std::string("\x02\x01", 2)) << "little-endian";
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Get<std::uint16_t>(), 0x0102);
  EXPECT_EQ(reader.Get<std::int64_t>(), -5);
  EXPECT_EQ(reader.GetText(), "CEA24");
  EXPECT_TRUE(reader.ok() && reader.empty());
  ByteReader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
  cut.Get<std::uint16_t>();
  cut.Get<std::int64_t>();
  cut.GetText();
  EXPECT_FALSE(cut.ok());
}

TEST(Result, HoldsEitherAValueOrARefusal) {
  const Result<int, bool> good = 3;
  const Result<int, bool> bad = Fail{true};
  EXPECT_EQ(good, 3);
  EXPECT_EQ(bad, Fail{true});
  EXPECT_DEATH(static_cast<void>(bad.value()), "assertion failed");
}

}  // namespace
}  // namespace ets
