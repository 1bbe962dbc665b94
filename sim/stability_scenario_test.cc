// The keys of the stability rules and of linear caps: what they become, and what is refused.
#include <gmock/gmock.h>

#include <cmath>

#include "sim/population.h"
#include "sim/rulebook.h"
#include "sim/run_fixture.h"

namespace ets::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Refused(const std::vector<std::string>& overrides) {
  const std::string text = TextOf("scenarios/china-transition.toml");
  std::map<std::string, std::string> data;
  for (const std::string& file : MentionsOf(text).data) data[file] = TextOf("scenarios/" + file);
  std::vector<std::string> said;
  for (const Problem& problem :
       ParseScenario({{"china-transition.toml", text}}, overrides, data).problems)
    said.push_back(ToString(problem));
  return said;
}

scheme::StabilityRules RulesOf(const std::vector<std::string>& overrides) {
  const Scenario scenario = Shipped("china-transition.toml", overrides);
  return MakeRulebook(scenario, DrawPopulation(scenario)).stability;
}

TEST(StabilityKeys, SwitchNothingOnByThemselves) {
  EXPECT_FALSE(Default().stability.any());
  EXPECT_FALSE(Default().linear_caps.enabled);
  EXPECT_FALSE(RulesOf({}).any());
}

TEST(StabilityKeys, ReachTheRulebookToTheMillionth) {
  const scheme::StabilityRules rules =
      RulesOf({"stability.reserve.enabled=true", "stability.reserve.upper_share=0.0625",
               "stability.reserve.lower_share=0.05", "stability.reserve.floor_share=0.0125",
               "stability.reserve.intake_rate=0.12", "stability.reserve.release_share=0.01",
               "stability.reserve.keeps_share=0.04", "stability.reserve.invalidates=false",
               "stability.reserve.base=emissions", "stability.reserve.first_year=2028",
               "stability.reserve.published=08-15"});
  EXPECT_TRUE(rules.any());
  EXPECT_EQ(rules.reserve.shares.upper, 62'500);
  EXPECT_EQ(rules.reserve.shares.lower, 50'000);
  EXPECT_EQ(rules.reserve.shares.floor, 12'500);
  EXPECT_EQ(rules.reserve.shares.rate_permille, 120);
  EXPECT_EQ(rules.reserve.shares.release, 10'000);
  EXPECT_EQ(rules.reserve.shares.keeps_at_most, 40'000);
  EXPECT_FALSE(rules.reserve.invalidates);
  EXPECT_TRUE(rules.reserve.of_emissions);
  EXPECT_EQ(rules.reserve.first_year, 2028);
  EXPECT_EQ(rules.reserve.published, 815);
}

TEST(StabilityKeys, HaveTheThresholdsForChina) {
  const policy::ReserveShares shares = RulesOf({}).reserve.shares;
  EXPECT_EQ(shares.upper, 80'000);
  EXPECT_EQ(shares.lower, 60'000);
  EXPECT_EQ(shares.floor, 30'000);
}

TEST(StabilityKeys, ScheduleTheBritishRuleByTheYearOfTheScheme) {
  const scheme::PriceRule rule = RulesOf({"stability.cost_containment.enabled=true",
                                          "stability.cost_containment.source=later_auctions",
                                          "stability.cost_containment.acts=false"})
                                     .cost_containment;
  ASSERT_EQ(rule.by_year.size(), 3U);
  EXPECT_EQ(rule.by_year[0].multiple_percent, 200);
  EXPECT_EQ(rule.by_year[1].multiple_percent, 250);
  EXPECT_EQ(rule.by_year[2].months, 6);
  EXPECT_TRUE(rule.from_later_auctions);
  EXPECT_FALSE(rule.acts);
}

TEST(StabilityKeys, ExchangeTheStoredTableOfRggi) {
  const scheme::AuctionTriggers triggers = RulesOf({"stability.triggers.cny_per_usd=7"}).triggers;
  EXPECT_EQ(triggers.by_year.at(2027).tier_one, Price::FromMinorPerTonne(136'50));
  EXPECT_EQ(triggers.by_year.at(2027).tier_two, Price::FromMinorPerTonne(204'75));
  EXPECT_FALSE(triggers.by_year.at(2027).withhold_below.has_value());
  EXPECT_EQ(triggers.by_year.at(2037).tier_one, Price::FromMinorPerTonne(268'52));
  EXPECT_FALSE(triggers.by_year.at(2038).tier_one.has_value());  // The table ends.
}

TEST(StabilityKeys, TakePricesOfOnesOwn) {
  const scheme::AuctionTriggers triggers =
      RulesOf({"stability.triggers.table=own", "stability.triggers.tier_one_cny.2027=150",
               "stability.triggers.withhold_below_cny.2027=70",
               "stability.triggers.tier_one_cny.2030=180"})
          .triggers;
  EXPECT_EQ(triggers.by_year.at(2029).tier_one, Price::FromMinorPerTonne(150'00));
  EXPECT_EQ(triggers.by_year.at(2031).tier_one, Price::FromMinorPerTonne(180'00));
  EXPECT_EQ(triggers.by_year.at(2031).withhold_below, Price::FromMinorPerTonne(70'00));
  EXPECT_FALSE(triggers.by_year.at(2031).tier_two.has_value());
}

TEST(StabilityKeys, GrowTheCollarFromTheFirstAuctionYear) {
  const scheme::Collar collar = RulesOf({"stability.collar.ceiling_cny=200"}).collar;
  EXPECT_EQ(collar.by_year.at(2027).ceiling, Price::FromMinorPerTonne(200'00));
  EXPECT_EQ(collar.by_year.at(2028).ceiling, Price::FromMinorPerTonne(212'00));
  EXPECT_EQ(collar.by_year.at(2028).floor, Price::FromMinorPerTonne(63'60));
}

// ---- Linear caps ----

TEST(LinearCaps, FallByTheSameAmountEveryYear) {
  const Scenario scenario = Shipped(
      "china-transition.toml",
      {"caps.path.enabled=true", "caps.path.factor.2031=0.022", "caps.path.factor.2033=0.044"});
  const YearSeries& power = SectorOf(scenario, "power").cap_mt;
  EXPECT_DOUBLE_EQ(power.At(2030), 4'998);
  EXPECT_DOUBLE_EQ(power.At(2031), 4'998 - 109.956);
  EXPECT_DOUBLE_EQ(power.At(2032), 4'998 - 2 * 109.956);
  EXPECT_DOUBLE_EQ(power.At(2033), 4'998 - 2 * 109.956 - 219.912);
  EXPECT_DOUBLE_EQ(SectorOf(scenario, "cement").cap_mt.At(2029), 782);
}

TEST(LinearCaps, SplitARebasingByCapsToTheTonne) {
  const std::vector<std::string> path = {"caps.path.enabled=true", "caps.path.factor.2031=0.02"};
  std::vector<std::string> rebased = path;
  rebased.emplace_back("caps.path.rebasing_mt.2032=-100");
  const Scenario before = Shipped("china-transition.toml", path);
  const Scenario after = Shipped("china-transition.toml", rebased);
  double change = 0;
  for (std::size_t s = 0; s < before.sectors.size(); ++s) {
    EXPECT_EQ(after.sectors[s].cap_mt.At(2031), before.sectors[s].cap_mt.At(2031));
    const double sector = after.sectors[s].cap_mt.At(2032) - before.sectors[s].cap_mt.At(2032);
    EXPECT_NEAR(sector, -100 * before.sectors[s].cap_mt.At(2030) / 8'647.4, 1e-5);
    change += sector;
    EXPECT_NEAR(after.sectors[s].cap_mt.At(2035) - before.sectors[s].cap_mt.At(2035), sector, 1e-9);
  }
  EXPECT_NEAR(change, -100, 1e-9);
}

// ---- What is refused ----

struct Wrong {
  std::vector<std::string> overrides;
  const char* said;
};
class WrongStability : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongStability, IsSaidOnceWithItsPlaceAndWhatIsAllowed) {
  const std::vector<std::string> said = Refused(GetParam().overrides);
  ASSERT_THAT(said, ::testing::SizeIs(1));
  EXPECT_THAT(said[0], ::testing::StartsWith("--set:"));
  EXPECT_THAT(said[0], HasSubstr(GetParam().said));
  EXPECT_THAT(said[0], HasSubstr(" allowed: "));
}

const Wrong kWrong[] = {
    {{"stability.reserve.enabled=true", "stability.reserve.lower_share=0.09"},
     "--set:2:1: stability.reserve.lower_share is 0.09; allowed: from floor_share, 0.03, to "
     "upper_share, 0.08"},
    {{"stability.reserve.enabled=true", "stability.reserve.floor_share=0.07"},
     "stability.reserve.lower_share is 0.06; allowed: from floor_share, 0.07"},
    {{"stability.reserve.enabled=true", "stability.reserve.published=06-01"},
     "stability.reserve.published is 06-01; allowed: after the last verification, 07-31"},
    {{"stability.reserve.enabled=true", "stability.reserve.first_year=2026"},
     "stability.reserve.first_year is 2026, when no sector is capped"},
    {{"stability.reserve.enabled=1"}, "stability.reserve.enabled is 1; allowed: true or false"},
    {{"stability.reserve.base=output"},
     "stability.reserve.base is \"output\"; allowed: \"caps\", \"emissions\""},
    {{"stability.reserve.intake_rate=24"},
     "stability.reserve.intake_rate is 24; allowed: a number from 0 to 1"},
    {{"auction.enabled=false", "sectors.power.paid_share={}", "sectors.steel.paid_share={}",
      "stability.excessive_price.enabled=true"},
     "stability.excessive_price.enabled is true without an auction"},
    {{"stability.cost_containment.source=thin_air"}, "allowed: \"stock\", \"later_auctions\""},
    {{"stability.triggers.enabled=true", "stability.triggers.table=own"},
     "stability.triggers.table is \"own\" without a price for 2027"},
    {{"stability.triggers.enabled=true", "stability.triggers.table=own",
      "stability.triggers.tier_one_cny.2027=150", "stability.triggers.tier_two_cny.2030=150"},
     "stability.triggers.tier_two_cny is 150 in 2030; allowed: above tier_one_cny, 150"},
    {{"stability.triggers.enabled=true", "stability.triggers.table=own",
      "stability.triggers.tier_one_cny.2027=150", "stability.triggers.withhold_below_cny.2028=160"},
     "stability.triggers.withhold_below_cny is 160 in 2028; allowed: below tier_one_cny, 150"},
    {{"stability.collar.enabled=true", "stability.collar.ceiling_cny=50"},
     "stability.collar.ceiling_cny is 50; allowed: above floor_cny, 60"},
    {{"stability.collar.enabled=true", "stability.collar.floor_cny=40",
      "stability.collar.ceiling_cny=70", "stability.collar.growth=0"},
     "stability.collar.ceiling_cny is 70 in 2030; allowed: above the reserve price, 71.46"},
    {{"stability.colar.enabled=true"}, "unknown key 'stability.colar'; did you mean 'collar'?"},
    {{"caps.path.enabled=true"}, "caps.path.enabled is true without a caps.path.factor"},
    {{"caps.path.enabled=true", "caps.path.factor.2031=0.02", "caps.path.rebasing_mt.2030=-5"},
     "caps.path.rebasing_mt has 2030; allowed: years after caps.path.base_year, 2030"},
    {{"caps.path.enabled=true", "caps.path.factor.2026=0.02", "caps.path.base_year=2025"},
     "caps.path.base_year is 2025, when no sector is capped"},
    {{"caps.path.enabled=true", "caps.path.factor.2031=0.5"},
     "caps.path.factor takes the cap of power to 0 in 2032"},
};
INSTANTIATE_TEST_SUITE_P(All, WrongStability, ::testing::ValuesIn(kWrong));

TEST(WrongStability, IsAllSaidAtOnce) {
  EXPECT_THAT(
      Refused({"stability.reserve.enabled=true", "stability.reserve.first_year=2026",
               "stability.collar.enabled=true", "stability.collar.ceiling_cny=50",
               "caps.path.enabled=true"}),
      ElementsAre(HasSubstr("first_year"), HasSubstr("ceiling_cny"), HasSubstr("caps.path")));
}

// What is off may be unfinished.
TEST(StabilityKeys, AreHeldAgainstOneAnotherOnlyWhereTheyAreOn) {
  EXPECT_THAT(Refused({"stability.reserve.lower_share=0.09", "stability.collar.ceiling_cny=50"}),
              ::testing::IsEmpty());
}

}  // namespace
}  // namespace ets::sim
