// Whole runs of the shipped scenarios: what must hold in every one, and which way prices go.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

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
    return days > 0 ? sum / days : 0;
  }
  double MeanPrice(int first, int last) const {
    double sum = 0;
    for (int year = first; year <= last; ++year) sum += MeanPrice(year);
    return sum / (last - first + 1);
  }
};

// Without the common shocks of the sectors' growth, so that only the change under test differs.
Finished RunOf(const std::string& name, std::vector<std::string> overrides = {}) {
  overrides.emplace_back("behaviour.sector_shock_sd=0");
  const Scenario scenario = Shipped(name, overrides);
  Finished finished;
  RunInputs inputs;
  inputs.scenario = &scenario;
  inputs.population = DrawPopulation(scenario);
  inputs.recorder = &finished.rows;
  finished.result = Run(inputs);
  return finished;
}

const Finished& Transition() {
  static const Finished finished = RunOf("china-transition.toml");
  return finished;
}

TEST(TheTransition, EndsWithoutAnAlarmAndWithALedgerThatAddsUp) {
  EXPECT_TRUE(Transition().result.completed);
  EXPECT_EQ(Transition().result.alarms, 0U);
  ASSERT_EQ(Transition().rows.ledger.size(), 11U);
  std::int64_t before = Transition().rows.ledger.front().held_before_t;
  for (const LedgerRow& row : Transition().rows.ledger) {
    EXPECT_EQ(row.held_before_t, before);
    EXPECT_EQ(
        row.held_before_t + row.issued_free_t - row.taken_back_t + row.sold_t + row.offsets_used_t,
        row.obligations_met_t + row.expired_t + row.cancelled_t + row.held_after_t)
        << row.year;
    before = row.held_after_t;
  }
}

// An import of 2026 owes the price of its own quarter, so an even year costs what its importers
// pay.
TEST(TheTransition, ChargesImportsOf2026TheirOwnQuartersPrices) {
  int compared = 0;
  for (const CbamRow& row : Transition().rows.cbam) {
    if (row.year != 2026) continue;
    for (const CbamImporterRow& importer : Transition().rows.cbam_importers) {
      if (importer.year != 2026 || importer.sector != row.sector) continue;
      ++compared;
      EXPECT_NEAR(importer.cost_eur / static_cast<double>(importer.bought), row.certificate_eur,
                  0.01)
          << row.sector;
    }
  }
  EXPECT_EQ(compared, 2);
}

// What is neither given nor sold is the reserve, and what floors leave: less than a tonne a firm.
TEST(TheTransition, GivesSellsAndReservesTheWholeOfEachCap) {
  int capped = 0;
  for (const SectorYearRow& row : Transition().rows.sector_years) {
    if (row.cap_t <= 0) continue;
    ++capped;
    const double rest = row.cap_t - static_cast<double>(row.allocated_t + row.offered_t);
    EXPECT_GE(rest, std::floor(0.02 * row.cap_t)) << row.sector << row.year;
    EXPECT_LE(rest, 0.02 * row.cap_t + row.firms + 1) << row.sector << row.year;
  }
  EXPECT_EQ(capped, 2 * 3 + 1 + 10 * 5);
}

// Fines are many times the price: but for the firm in a thousand that never surrenders, what is due
// is found. A decade in which hundreds fail is a decade in which abatement came too late.
TEST(TheTransition, LeavesNextToNobodyShort) {
  std::map<std::int64_t, int> short_years;
  for (const FirmYearRow& row : Transition().rows.firm_years)
    short_years[row.firm] += row.surrendered_t == 0 && row.shortfall_t > 0 ? 1 : 0;
  for (int year = 2024; year <= 2034; ++year) {
    std::int64_t owed = 0, missing = 0;
    int firms = 0;
    for (const FirmYearRow& row : Transition().rows.firm_years) {
      if (row.year != year || short_years[row.firm] >= 6) continue;
      owed += row.verified_t;
      missing += row.shortfall_t;
      firms += row.shortfall_t > 0 ? 1 : 0;
    }
    EXPECT_LT(static_cast<double>(missing), 0.002 * static_cast<double>(owed)) << year;
    EXPECT_LT(firms, 100) << year;
  }
}

// Next year's offsets may pay for this year's emissions; beyond them nothing can be owed in
// advance.
TEST(TheTransition, OwesNoMoreThanTheComingYearsOffsetsWillPay) {
  for (const LedgerRow& row : Transition().rows.ledger) {
    const double coming = 1e6 * Default().offset_supply_mt.At(row.year + 1);
    EXPECT_GT(static_cast<double>(row.bank_t), -coming) << row.year;
    EXPECT_LT(static_cast<double>(row.bank_t), 400e6) << row.year;
    EXPECT_LE(static_cast<double>(row.offsets_used_t), 1.3 * coming) << row.year;
  }
}

TEST(TheTransition, PricesLieWithinAFactorOfOneAndAHalfOfTheBenchmark) {
  for (const EquilibriumRow& row : Transition().rows.equilibrium) {
    if (row.year > 2034) continue;
    const double ratio = Transition().MeanPrice(row.year) / row.price_cny;
    EXPECT_GT(ratio, 1 / 1.5) << row.year;
    EXPECT_LT(ratio, 1.5) << row.year;
  }
}

TEST(TheTransition, TradesMostBeforeTheDeadline) {
  for (int year = 2025; year <= 2035; ++year) {
    double all = 0, last_quarter = 0;
    for (const PriceRow& row : Transition().rows.prices) {
      if (row.date.year() != year) continue;
      const auto traded = static_cast<double>(row.listed_t + row.block_t);
      all += traded;
      if (row.date.month() >= 10) last_quarter += traded;
    }
    EXPECT_GT(last_quarter, 0.45 * all) << year;
  }
}

// Scarcity sets the price, not the purse: who has drawn the whole line has bought what it needs.
TEST(TheTransition, LeavesNobodyShortForWantOfCredit) {
  for (int year = 2027; year <= 2034; ++year) {
    std::int64_t owed = 0, missing = 0;
    for (const FirmYearRow& row : Transition().rows.firm_years) {
      if (row.year != year || row.product_value_cny <= 0) continue;
      if (row.credit_drawn_cny < 0.95 * Default().credit_line_share * row.product_value_cny)
        continue;
      owed += row.verified_t;
      missing += row.shortfall_t;
    }
    EXPECT_LE(missing, owed / 200) << year;
  }
}

TEST(TheTransition, ChargesInterestOnWhatIsDrawnForTheDaysItIsDrawn) {
  double drawn = 0, interest = 0;
  for (const FirmYearRow& row : Transition().rows.firm_years) {
    EXPECT_LE(row.interest_cny, Default().credit_rate * row.credit_drawn_cny) << row.firm;
    drawn += row.credit_drawn_cny;
    interest += row.interest_cny;
  }
  EXPECT_GT(interest, 0.1 * Default().credit_rate * drawn);
}

TEST(Prices, RiseWithLowerCaps) {
  std::vector<std::string> lower;
  for (int year = 2030; year <= 2034; ++year) {
    const double cap = SectorOf(Default(), "power").cap_mt.At(year);
    lower.push_back("sectors.power.cap_mt." + std::to_string(year) + "=" +
                    std::to_string(0.97 * cap));
  }
  EXPECT_GT(RunOf("china-transition.toml", lower).MeanPrice(2030, 2034),
            1.05 * Transition().MeanPrice(2030, 2034));
}

TEST(Prices, RiseWithOutput) {
  std::vector<std::string> more;
  for (int year = 2027; year <= 2034; ++year) {
    const double growth = SectorOf(Default(), "power").growth.At(year);
    more.push_back("sectors.power.growth." + std::to_string(year) + "=" +
                   std::to_string(growth + 0.005));
  }
  EXPECT_GT(RunOf("china-transition.toml", more).MeanPrice(2028, 2034),
            1.05 * Transition().MeanPrice(2028, 2034));
}

TEST(Prices, FallWithMoreOffsets) {
  std::vector<std::string> more;
  for (int year = 2027; year <= 2034; ++year) {
    more.push_back("offsets.supply_mt." + std::to_string(year) + "=" +
                   std::to_string(2 * Default().offset_supply_mt.At(year)));
  }
  EXPECT_LT(RunOf("china-transition.toml", more).MeanPrice(2027, 2034),
            0.95 * Transition().MeanPrice(2027, 2034));
}

TEST(Prices, RiseWithTheCostOfAbatement) {
  // 30% dearer for every firm.
  const double mean = Default().abatement_multiplier_mean + std::log(1.3);
  EXPECT_GT(RunOf("china-transition.toml", {"abatement.multiplier_mean=" + std::to_string(mean)})
                .MeanPrice(2027, 2034),
            1.05 * Transition().MeanPrice(2027, 2034));
}

TEST(Prices, TellThreeStories) {
  const double stay = RunOf("stay-intensity.toml").MeanPrice(2030, 2034);
  const double fast = RunOf("fast-cap.toml").MeanPrice(2028, 2030);
  EXPECT_LT(stay, 0.7 * Transition().MeanPrice(2030, 2034));
  EXPECT_GT(stay, 40);
  EXPECT_GT(fast, 1.15 * Transition().MeanPrice(2028, 2030));
}

}  // namespace
}  // namespace ets::sim
