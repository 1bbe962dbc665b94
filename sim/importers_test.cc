#include "sim/importers.h"

#include <gtest/gtest.h>

namespace ets::sim {
namespace {

// An auction a week at EUR 80 in 2026 and EUR 90 after.
cbam::CertificatePrices Prices() {
  cbam::CertificatePrices prices;
  for (Date day = Date::Of(2026, 1, 5); day < Date::Of(2030, 1, 1); day = day + 7) {
    prices.Add({day, Price::FromMinorPerTonne(day.year() == 2026 ? 8'000 : 9'000), Tonnes(1'000)});
  }
  return prices;
}

TEST(Importers, PayTheQuartersPriceFor2026AndThatOfThePurchaseAfter) {
  const cbam::CertificatePrices prices = Prices();
  Importers importers({"steel"});
  EXPECT_TRUE(importers.Live(2026, {{1'000, 600}}, prices).empty()) << "on sale from 2027";
  const auto first = importers.Live(2027, {{1'000, 600}}, prices);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].year, 2026);
  EXPECT_EQ(first[0].bought, 600);
  EXPECT_EQ(first[0].surrendered, 600);
  EXPECT_EQ(first[0].cost_eur, 600 * 80);
  EXPECT_EQ(first[0].penalty_eur, 0);
  const auto second = importers.Live(2028, {{1'000, 600}}, prices);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].surrendered, 600);
  EXPECT_EQ(second[0].bought, 600);
  EXPECT_EQ(second[0].cost_eur, 600 * 90);
}

// Half of what is embedded is to be held, though less is owed: the rest goes back at its price.
TEST(Importers, SellBackWhatTheHoldingDutyMadeThemBuy) {
  const cbam::CertificatePrices prices = Prices();
  Importers importers({"steel", "aluminium"});
  (void)importers.Live(2026, {{0, 0}, {0, 0}}, prices);
  (void)importers.Live(2027, {{1'000, 300}, {1'000, 0}}, prices);
  const auto rows = importers.Live(2028, {{0, 0}, {0, 0}}, prices);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].bought, 500);
  EXPECT_EQ(rows[0].surrendered, 300);
  EXPECT_EQ(rows[0].repurchased, 200);
  EXPECT_EQ(rows[0].cost_eur, 300 * 90);
  EXPECT_EQ(rows[1].repurchased, 500);
  EXPECT_EQ(rows[1].cost_eur, 0);
  EXPECT_EQ(rows[1].remaining, 0);
  importers.registry().CheckInvariants();
}

}  // namespace
}  // namespace ets::sim
