// Short runs of the transition with few firms, each with a stability rule switched on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/kernel.h"
#include "sim/run_fixture.h"

namespace ets::sim {
namespace {

struct Finished {
  Rows rows;
  RunResult result;

  double MeanPrice(int year) const {
    double sum = 0;
    int days = 0;
    for (const PriceRow& row : rows.prices) {
      if (!row.headline || row.date.year() != year) continue;
      sum += row.close;
      ++days;
    }
    return sum / days;
  }
  std::int64_t Sum(int year, const char* rule, std::int64_t AuctionRow::*member) const {
    std::int64_t sum = 0;
    for (const AuctionRow& row : rows.auctions) {
      if (row.market == "cn" && row.rule == rule && row.date.year() == year) sum += row.*member;
    }
    return sum;
  }
  const StabilityRow& Stock(int year) const {
    const auto row = std::ranges::find(rows.stability, year, &StabilityRow::year);
    EXPECT_NE(row, rows.stability.end()) << year;
    return *row;
  }
  std::int64_t Moved(const char* rule) const {
    std::int64_t sum = 0;
    for (const TriggerRow& row : rows.triggers) sum += row.rule == rule ? row.volume_t : 0;
    return sum;
  }
};

// The transition until 2031 with a thirtieth of its firms, and as many emissions.
Finished RunOf(std::vector<std::string> overrides) {
  overrides.insert(overrides.begin(), {"last_day=2031-12-31", "horizon_year=2036", "power.groups=2",
                                       "opening.utilities=20"});
  Scenario scenario = Shipped("china-transition.toml", overrides);
  for (Sector& sector : scenario.sectors) {
    for (SizeClass& size : sector.sizes) size.firms = std::max(4, size.firms / 30);
  }
  Finished finished;
  RunInputs inputs;
  inputs.scenario = &scenario;
  inputs.population = DrawPopulation(scenario);
  inputs.recorder = &finished.rows;
  finished.result = Run(inputs);
  return finished;
}

void ExpectGoodBooks(const Finished& run) {
  EXPECT_TRUE(run.result.completed);
  EXPECT_EQ(run.result.alarms, 0U);
  std::int64_t held = 0;
  for (const StabilityRow& row : run.rows.stability) {
    SCOPED_TRACE(row.year);
    EXPECT_EQ(row.held_before_t, held);
    EXPECT_EQ(row.held_before_t + row.withheld_t + row.set_aside_t + row.unsold_t +
                  row.left_over_t - row.released_t - row.price_rules_t - row.containment_t +
                  row.returned_t - row.cancelled_t,
              row.held_after_t);
    held = row.held_after_t;
    const auto ledger = std::ranges::find(run.rows.ledger, row.year, &LedgerRow::year);
    ASSERT_NE(ledger, run.rows.ledger.end());
    EXPECT_EQ(ledger->stability_t, row.held_after_t);
  }
  for (const CirculationRow& row : run.rows.circulation) {
    EXPECT_EQ(row.circulation_t,
              row.supplied_t + row.offsets_t - row.verified_t - row.cancelled_t - row.in_reserve_t);
    EXPECT_EQ(row.first_part_t + row.rest_t, row.intake_t + row.release_t);
  }
}

// What the regular auctions of a year were to sell, from its caps: 28 Mt in 2027 and so on.
double ToSell(int year) {
  double mt = 0;
  for (const Sector& sector : Default().sectors) {
    if (year >= sector.first_vintage && sector.RuleOf(year) == "cap")
      mt += sector.cap_mt.At(year) * sector.paid_share.At(year);
  }
  return mt * 1e6;
}

const Finished& Off() {
  static const Finished run = RunOf({});
  return run;
}

TEST(StabilityRun, HasNothingToTellOfRulesThatAreOff) {
  ExpectGoodBooks(Off());
  EXPECT_TRUE(Off().rows.circulation.empty());
  EXPECT_TRUE(Off().rows.triggers.empty());
  for (const AuctionRow& row : Off().rows.auctions) {
    EXPECT_EQ(row.market == "cn", !row.rule.empty());
    EXPECT_TRUE(row.rule.empty() || row.rule == "regular" || row.rule == "containment");
  }
}

TEST(StabilityRun, TakesInWhatIsTooMuch) {
  const Finished run =
      RunOf({"stability.reserve.enabled=true", "stability.reserve.first_year=2027",
             "stability.reserve.base=emissions", "stability.reserve.upper_share=0.0002",
             "stability.reserve.lower_share=0.0001", "stability.reserve.floor_share=0"});
  ExpectGoodBooks(run);
  ASSERT_EQ(run.rows.circulation.size(), 4U);  // 2027 to 2030.
  const CirculationRow& first = run.rows.circulation.front();
  EXPECT_EQ(first.published, Date::Of(2028, 8, 1));
  EXPECT_EQ(first.branch, "rate");
  EXPECT_EQ(first.intake_t, std::lround(0.24 * static_cast<double>(first.circulation_t)));
  // September to December 2028: in whole lots, and the rest in the next part.
  const std::int64_t withheld = run.Stock(2028).withheld_t;
  EXPECT_GT(withheld, 0);
  EXPECT_LE(withheld, first.first_part_t);
  EXPECT_GE(withheld, std::min(first.first_part_t - 999, std::lround(ToSell(2028) / 4)));
  // What the regular auctions sold is what they were to sell less that, and what went unsold.
  EXPECT_NEAR(static_cast<double>(run.Sum(2028, "regular", &AuctionRow::sold_t) + withheld +
                                  run.Stock(2028).unsold_t),
              ToSell(2028), 10);
  EXPECT_EQ(run.Stock(2028).released_t, 0);
}

TEST(StabilityRun, ReleasesWhatIsTooLittle) {
  const Finished run =
      RunOf({"stability.reserve.enabled=true", "stability.reserve.first_year=2028",
             "stability.reserve.base=emissions", "stability.reserve.upper_share=1",
             "stability.reserve.lower_share=1", "stability.reserve.floor_share=1",
             "stability.reserve.release_share=0.001", "stability.reserve.keeps_share=1"});
  ExpectGoodBooks(run);
  const CirculationRow& first = run.rows.circulation.front();
  EXPECT_EQ(first.branch, "release");
  EXPECT_EQ(first.release_t, std::min(first.held_t, std::lround(1e-3 * double(first.whole_t))));
  EXPECT_GT(run.Stock(2029).released_t, 0);
  EXPECT_EQ(run.Sum(2029, "reserve", &AuctionRow::offered_t), run.Stock(2029).released_t);
  // A lot an auction may be left over.
  EXPECT_GE(run.Stock(2029).released_t, first.first_part_t - 1'000);
  const LedgerRow& ledger = *std::ranges::find(run.rows.ledger, 2029, &LedgerRow::year);
  EXPECT_GE(ledger.containment_t, run.Sum(2029, "reserve", &AuctionRow::sold_t));
}

TEST(StabilityRun, CancelsAboveWhatTheReserveMayKeepUnlessTheAmendmentPasses) {
  std::vector<std::string> keys = {"stability.reserve.enabled=true",
                                   "stability.reserve.first_year=2028",
                                   "stability.reserve.keeps_share=0.0001"};
  const Finished law = RunOf(keys);
  ExpectGoodBooks(law);
  EXPECT_GT(law.Stock(2030).cancelled_t, 0);
  keys.emplace_back("stability.reserve.invalidates=false");
  const Finished amended = RunOf(keys);
  ExpectGoodBooks(amended);
  EXPECT_EQ(amended.Stock(2030).cancelled_t, 0);
  EXPECT_EQ(amended.Stock(2031).cancelled_t, 0);
}

TEST(StabilityRun, ReleasesAfterDearMonths) {
  const Finished run =
      RunOf({"stability.excessive_price.enabled=true", "stability.excessive_price.multiple=1.1",
             "stability.excessive_price.volume_share=0.002"});
  ExpectGoodBooks(run);
  EXPECT_GT(run.Moved("excessive_price"), 0);
  std::int64_t offered = 0;
  for (int year = 2027; year <= 2031; ++year)
    offered += run.Sum(year, "excessive_price", &AuctionRow::offered_t);
  EXPECT_GT(offered, 0);
  EXPECT_LE(offered, run.Moved("excessive_price"));
  // One reading a month from the 30th on.
  EXPECT_EQ(std::ranges::count(run.rows.triggers, "excessive_price", &TriggerRow::rule),
            7 * 12 - 30);
}

TEST(StabilityRun, BringsAuctionsForwardByTheBritishRule) {
  const Finished run = RunOf({"stability.cost_containment.enabled=true",
                              "stability.cost_containment.first_year=2027",
                              "stability.cost_containment.source=later_auctions"});
  ExpectGoodBooks(run);
  EXPECT_FALSE(run.rows.triggers.empty());
  for (const TriggerRow& row : run.rows.triggers) {
    EXPECT_EQ(row.rule, "cost_containment");
    EXPECT_EQ(row.triggered, row.recent_cny > row.threshold_cny) << ToString(row.date);
  }
}

TEST(StabilityRun, SellsTiersAboveTheirPricesInsideTheAuction) {
  const Finished run = RunOf({"stability.triggers.enabled=true", "stability.triggers.table=own",
                              "stability.triggers.tier_one_cny.2027=90",
                              "stability.triggers.tier_two_cny.2027=140"});
  ExpectGoodBooks(run);
  EXPECT_NEAR(static_cast<double>(run.Stock(2030).set_aside_t), 0.2 * ToSell(2030), 2'000);
  EXPECT_GT(run.Moved("tier"), 0);
  std::int64_t contained = 0;
  for (const AuctionRow& row : run.rows.auctions) {
    if (row.market != "cn" || row.rule != "regular") continue;
    contained += row.containment_t;
    // Sold in addition only above the price, and never below it.
    EXPECT_TRUE(row.containment_t == 0 || row.price >= 90) << ToString(row.date);
    EXPECT_EQ(row.offered_t, row.sold_t + row.unsold_t);
  }
  EXPECT_EQ(contained, run.Moved("tier"));
}

TEST(StabilityRun, KeepsBackAndCancelsBelowAPrice) {
  const Finished run = RunOf({"stability.triggers.enabled=true", "stability.triggers.table=own",
                              "stability.triggers.withhold_below_cny.2027=400",
                              "stability.triggers.withhold_share=0.05"});
  ExpectGoodBooks(run);
  EXPECT_GT(run.Moved("withholding"), 0);
  for (int year = 2027; year <= 2031; ++year) {
    std::int64_t kept = 0;
    for (const TriggerRow& row : run.rows.triggers)
      kept += row.date.year() == year ? row.volume_t : 0;
    EXPECT_LE(static_cast<double>(kept), 0.05 * ToSell(year) + 1) << year;
  }
}

TEST(StabilityRun, HoldsTheCollar) {
  const Finished run = RunOf({"stability.collar.enabled=true", "stability.collar.floor_cny=85",
                              "stability.collar.ceiling_cny=105", "stability.collar.growth=0",
                              "auction.reserve_growth=0"});
  ExpectGoodBooks(run);
  std::int64_t above = 0;
  for (const StabilityRow& row : run.rows.stability) above += row.above_caps_t;
  EXPECT_GT(above, 0);
  for (const AuctionRow& row : run.rows.auctions) {
    if (row.market != "cn" || row.sold_t == 0) continue;
    EXPECT_GE(row.price, 85) << ToString(row.date);
    EXPECT_TRUE(row.rule != "ceiling" || row.price >= 105) << ToString(row.date);
  }
  // Nobody pays more on the exchange than at the next auction.
  for (int year = 2028; year <= 2031; ++year) EXPECT_LE(run.MeanPrice(year), 105.5) << year;
  EXPECT_GT(Off().MeanPrice(2030), 115);
}

TEST(StabilityRun, TakesTheStockAloneWhereTheCeilingHasAnEnd) {
  const Finished run = RunOf({"stability.collar.enabled=true", "stability.collar.ceiling_cny=105",
                              "stability.collar.growth=0", "auction.reserve_growth=0",
                              "stability.collar.without_end=false"});
  ExpectGoodBooks(run);
  for (const StabilityRow& row : run.rows.stability) EXPECT_EQ(row.above_caps_t, 0);
  EXPECT_GT(run.Moved("ceiling"), 0);
}

TEST(StabilityRun, RaisesTheBenchmarkWithAFasterLinearFactorAndStillMore) {
  const auto benchmark = [](const Finished& run) {
    return std::ranges::find(run.rows.equilibrium, 2030, &EquilibriumRow::year)->price_cny;
  };
  const std::vector<std::string> slow = {"caps.path.enabled=true", "caps.path.factor.2031=0.02"};
  std::vector<std::string> rebased = slow;
  rebased.emplace_back("caps.path.rebasing_mt.2031=-100");
  const Finished first = RunOf(slow);
  const Finished second = RunOf(rebased);
  EXPECT_EQ(first.result.alarms + second.result.alarms, 0U);
  EXPECT_GT(benchmark(second), 1.02 * benchmark(first));
  EXPECT_GT(benchmark(RunOf({"caps.path.enabled=true", "caps.path.factor.2031=0.03"})),
            1.02 * benchmark(first));
}

// Every rule at once: the books hold, and a second run is the same to the bit.
TEST(StabilityRun, IsTheSameTwiceWithEverythingOn) {
  const std::vector<std::string> all = {"stability.reserve.enabled=true",
                                        "stability.reserve.first_year=2027",
                                        "stability.excessive_price.enabled=true",
                                        "stability.excessive_price.multiple=1.2",
                                        "stability.cost_containment.enabled=true",
                                        "stability.triggers.enabled=true",
                                        "stability.triggers.cny_per_usd=5",
                                        "stability.collar.enabled=true",
                                        "stability.collar.ceiling_cny=130",
                                        "caps.path.enabled=true",
                                        "caps.path.factor.2031=0.02"};
  const Finished one = RunOf(all);
  const Finished two = RunOf(all);
  ExpectGoodBooks(one);
  EXPECT_EQ(one.result.event_hash, two.result.event_hash);
  EXPECT_EQ(one.result.registry_hash, two.result.registry_hash);
  EXPECT_NE(one.result.event_hash, Off().result.event_hash);
}

}  // namespace
}  // namespace ets::sim
