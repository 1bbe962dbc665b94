#include "policy/market_stability.h"

#include <gmock/gmock.h>

#include "base/prng.h"
#include "policy/cap_path.h"
#include "policy/price_triggers.h"

namespace ets::policy {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
Tonnes Millions(std::int64_t count) { return Tonnes(count * kMillion); }

// M2 and the table of published figures.
TEST(Reserve, TakesInWhatWasPublished) {
  for (const PublishedCirculation& row : PublishedCirculations()) {
    EXPECT_EQ(ActOn(EuropeanRule(row.year), row.circulation, Tonnes(0)).intake, row.intake)
        << row.year;
  }
  // The first figure under the band rule; 24% of it would be 245.6 m.
  const ReserveAction action = ActOn(EuropeanRule(2025), Tonnes(1'023'494'202), Tonnes(0));
  EXPECT_EQ(action.branch, ReserveBranch::kBand);
  EXPECT_EQ(action.intake, Tonnes(190'494'202));
}

TEST(Reserve, HasThreeBranchesAndTheirEdges) {
  const ReserveRule rule = EuropeanRule(2025);
  const auto branch = [&](Tonnes figure) { return ActOn(rule, figure, Millions(500)).branch; };
  EXPECT_EQ(branch(Tonnes(1'096 * kMillion + 1)), ReserveBranch::kRate);
  EXPECT_EQ(branch(Millions(1'096)), ReserveBranch::kBand);
  EXPECT_EQ(branch(Millions(833)), ReserveBranch::kBand);
  EXPECT_EQ(branch(Tonnes(833 * kMillion - 1)), ReserveBranch::kNothing);
  EXPECT_EQ(branch(Millions(400)), ReserveBranch::kNothing);
  EXPECT_EQ(branch(Tonnes(400 * kMillion - 1)), ReserveBranch::kRelease);
  // Almost continuous at the kink: 263.04 m against 263 m.
  EXPECT_EQ(ActOn(rule, Tonnes(1'096 * kMillion + 1), Tonnes(0)).intake, Tonnes(263'040'000));
  EXPECT_EQ(ActOn(rule, Millions(1'096), Tonnes(0)).intake, Millions(263));
}

TEST(Reserve, ReleasesAtMostWhatItHolds) {
  const ReserveRule rule = EuropeanRule(2025);
  EXPECT_EQ(ActOn(rule, Millions(300), Millions(500)).release, Millions(100));
  EXPECT_EQ(ActOn(rule, Millions(300), Millions(40)).release, Millions(40));
}

TEST(Reserve, HalvesItsRateFrom2031On) {
  EXPECT_EQ(EuropeanRule(2029).rate_permille, 240);
  EXPECT_EQ(EuropeanRule(2030).rate_permille, 120);
}

TEST(Reserve, ActsFromSeptemberToAugust) {
  const ReservePeriod period = PeriodOf(2022);
  EXPECT_EQ(period.first, Date::Of(2023, 9, 1));
  EXPECT_EQ(period.last, Date::Of(2024, 8, 31));
  const auto parts = ByCalendarYear(period, Tonnes(272'350'737));
  ASSERT_EQ(parts.size(), 2U);
  // Published: 90,783,578, rounded by auctioneer.
  EXPECT_NEAR(static_cast<double>(parts[0].volume.count()), 90'783'578, 1);
  EXPECT_EQ(parts[0].volume + parts[1].volume, Tonnes(272'350'737));
  // The first figure acted for eight months.
  const ReservePeriod first = PeriodOf(2017);
  EXPECT_EQ(first.first, Date::Of(2019, 1, 1));
  EXPECT_EQ(ByCalendarYear(first, Tonnes(1'200))[0].volume, Tonnes(800));
}

TEST(Reserve, InvalidatesWhatIsAboveUnlessTheAmendmentPasses) {
  EXPECT_EQ(Invalidated(EuropeanRule(2025), Millions(671)), Millions(271));
  EXPECT_EQ(Invalidated(EuropeanRule(2025), Millions(399)), Tonnes(0));
  EXPECT_EQ(Invalidated(EuropeanRule(2025, false), Millions(671)), Tonnes(0));
}

// Nothing before 2023, then by what was auctioned in 2022, 400 m from 2024 on.
TEST(Reserve, InvalidatesFrom2023On) {
  for (int year = 2017; year < 2020; ++year) {
    EXPECT_EQ(Invalidated(EuropeanRule(year), Millions(2'000)), Tonnes(0)) << year;
  }
  EXPECT_EQ(InvalidatedOn(2017), Date::Of(2020, 1, 1));
  EXPECT_EQ(InvalidatedOn(2020), Date::Of(2023, 1, 1));
  EXPECT_EQ(Invalidated(EuropeanRule(2020, true, Millions(480)), Millions(3'000)), Millions(2'520));
  EXPECT_EQ(Invalidated(EuropeanRule(2020, false, Millions(480)), Millions(3'000)), Tonnes(0));
  EXPECT_EQ(Invalidated(EuropeanRule(2020), Millions(3'000)), Tonnes(0)) << "not known";
  EXPECT_EQ(Invalidated(EuropeanRule(2021), Millions(671)), Millions(271));
}

TEST(Reserve, ScalesToAnotherMarket) {
  const ReserveRule rule = RuleByShares(Millions(8'000), 80, 60, 30);
  EXPECT_EQ(rule.upper, Millions(640));
  EXPECT_EQ(rule.lower, Millions(480));
  EXPECT_EQ(rule.floor, Millions(240));
  EXPECT_EQ(ActOn(rule, Millions(700), Tonnes(0)).intake, Millions(168));
  EXPECT_EQ(ActOn(rule, Millions(500), Tonnes(0)).intake, Millions(20));
  EXPECT_EQ(ActOn(rule, Millions(100), Millions(1'000)).release, Millions(60));
}

TEST(Reserve, NeverTakesMoreThanThereIsNorBothWays) {
  Prng dice(5);
  for (int i = 0; i < 20'000; ++i) {
    const ReserveRule rule = EuropeanRule(2017 + static_cast<int>(dice.Below(20)));
    const Tonnes figure(static_cast<std::int64_t>(dice.Below(3'000'000'000)));
    const Tonnes held(static_cast<std::int64_t>(dice.Below(1'000'000'000)));
    const ReserveAction action = ActOn(rule, figure, held);
    EXPECT_LE(action.intake, figure);
    EXPECT_LE(action.release, held);
    EXPECT_TRUE(action.intake == Tonnes(0) || action.release == Tonnes(0));
  }
}

TEST(Circulation, IsSupplyLessUseLessTheReserve) {
  EXPECT_EQ(InCirculation({.banked = Tonnes(10),
                           .allocated = Tonnes(100),
                           .auctioned = Tonnes(50),
                           .credits = Tonnes(5),
                           .verified = Tonnes(90),
                           .cancelled = Tonnes(3),
                           .in_reserve = Tonnes(12)}),
            Tonnes(60));
}

TEST(CapPath, GivesThePublishedEuropeanCaps) {
  const auto caps = CapsOf(EuropeanCap(), 2028);
  EXPECT_EQ(caps[0].cap, Tonnes(1'571'583'007));
  EXPECT_EQ(caps[1].step, Tonnes(43'003'515));
  EXPECT_EQ(caps[1].cap, Tonnes(1'528'579'492));
  EXPECT_EQ(caps[2].cap, Tonnes(1'485'575'977));
  EXPECT_EQ(caps[3].rebased, Tonnes(-11'600'000));
  EXPECT_EQ(caps[3].step, Tonnes(87'924'232));
  EXPECT_EQ(caps[3].cap, Tonnes(1'386'051'745));
  EXPECT_EQ(caps[5].rebased, Tonnes(-27'000'000));
  EXPECT_EQ(caps[7].step, Tonnes(89'968'982));
}

TEST(CapPath, EndsAtNothing) {
  const CapPath path{"x", 2030, Tonnes(100), {{2031, 60'000, Tonnes(100)}}, {}};
  const auto caps = CapsOf(path, 2033);
  EXPECT_EQ(caps[1].cap, Tonnes(40));
  EXPECT_EQ(caps[2].cap, Tonnes(0));
  EXPECT_EQ(caps[3].cap, Tonnes(0));
}

std::vector<Price> Months(std::int64_t before, std::int64_t after) {
  std::vector<Price> months(24, Price::FromMinorPerTonne(before));
  months.resize(30, Price::FromMinorPerTonne(after));
  return months;
}

TEST(ExcessivePrice, TriggersStrictlyAboveTheMultiple) {
  const ExcessivePriceRule rule = EuropeanExcessivePrice();
  EXPECT_FALSE(Read(rule, Months(5'000, 12'000))->triggered);
  const TriggerReading reading = *Read(rule, Months(5'000, 12'001));
  EXPECT_TRUE(reading.triggered);
  EXPECT_EQ(reading.threshold, Price::FromMinorPerTonne(12'000));
  EXPECT_FALSE(Read(rule, std::vector<Price>(29)).has_value());
}

TEST(ExcessivePrice, ComparesTheLargestPricesToo) {
  ExcessivePriceRule rule = EuropeanExcessivePrice();
  rule.multiple_percent = 100;
  EXPECT_FALSE(Read(rule, Months(kAmountMax, kAmountMax))->triggered);
  EXPECT_TRUE(Read(rule, Months(kAmountMax - 1, kAmountMax))->triggered);
  rule.multiple_percent = 10'000;
  const TriggerReading reading = *Read(rule, Months(kAmountMax, kAmountMax));
  EXPECT_FALSE(reading.triggered);
  EXPECT_EQ(reading.threshold, Price::FromMinorPerTonne(kAmountMax));
}

TEST(ExcessivePrice, IsStricterInLaterYearsOfTheBritishScheme) {
  EXPECT_EQ(BritishCostContainment(1).multiple_percent, 200);
  EXPECT_EQ(BritishCostContainment(2).multiple_percent, 250);
  EXPECT_EQ(BritishCostContainment(3).multiple_percent, 300);
  EXPECT_EQ(BritishCostContainment(2).months, 3);
  EXPECT_EQ(BritishCostContainment(6).months, 6);
}

TEST(PriceCollar, GrowsAndHolds) {
  const PriceCollar collar{Price::FromMinorPerTonne(5'000), Price::FromMinorPerTonne(12'000),
                           5'000};
  EXPECT_EQ(collar.InYear(1).floor, Price::FromMinorPerTonne(5'250));
  EXPECT_EQ(collar.InYear(2).ceiling, Price::FromMinorPerTonne(13'230));
  EXPECT_EQ(collar.Within(Price::FromMinorPerTonne(1)), collar.floor);
  EXPECT_EQ(collar.Within(Price::FromMinorPerTonne(99'999)), collar.ceiling);
  const PriceCollar steep{Price::FromMinorPerTonne(5'000), Price::FromMinorPerTonne(12'000),
                          50'000};
  EXPECT_EQ(steep.InYear(100).floor, Price::FromMinorPerTonne(kAmountMax));
}

}  // namespace
}  // namespace ets::policy
