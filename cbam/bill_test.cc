#include "cbam/bill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ets::cbam {
namespace {

constexpr double kFirstQuarter2026 = 75.36;

// One tonne of Chinese hot-rolled coil (CN 7208, route C) on default values.
Declaration Coil(int year) {
  Declaration declaration;
  declaration.year = year;
  declaration.tonnes = 1;
  declaration.default_intensity = 3.19;
  declaration.benchmark = 1.370;
  declaration.certificate_price_eur = kFirstQuarter2026;
  return declaration;
}

Declaration Aluminium(int year) {
  Declaration declaration = Coil(year);
  declaration.default_intensity = 3.00;
  declaration.benchmark = 1.423;
  return declaration;
}

// An exporter with measured emissions whose carbon price at home counts.
Declaration Measured(double intensity) {
  Declaration declaration = Coil(2028);
  declaration.actual = true;
  declaration.actual_intensity = intensity;
  declaration.recognised = true;
  declaration.covered_share = 0.9;
  declaration.average_cny_per_eur = 8.2;
  return declaration;
}

TEST(CbamFactor, FallsFromNinetySevenPointFivePercentToNothing) {
  const int published[] = {975, 950, 900, 775, 515, 390, 265, 140, 0};
  for (int i = 0; i < 9; ++i) EXPECT_EQ(CbamFactorPermille(2026 + i), published[i]) << 2026 + i;
  EXPECT_EQ(CbamFactorPermille(2025), 1000);
  EXPECT_EQ(CbamFactorPermille(2050), 0);
}

TEST(DefaultMarkup, IsTenThenTwentyThenThirtyPercent) {
  EXPECT_EQ(DefaultMarkupPercent(2026), 10);
  EXPECT_EQ(DefaultMarkupPercent(2027), 20);
  EXPECT_EQ(DefaultMarkupPercent(2028), 30);
  EXPECT_EQ(DefaultMarkupPercent(2034), 30);
}

TEST(Bill, OfHotRolledCoilOnDefaultsFollowsThePublishedTable) {
  EXPECT_NEAR(ComputeBill(Coil(2026)).chargeable, 2.17325, 1e-12);
  EXPECT_NEAR(ComputeBill(Coil(2026)).gross_eur, 163.78, 0.005);
  EXPECT_NEAR(ComputeBill(Coil(2027)).gross_eur, 190.40, 0.005);
  EXPECT_NEAR(ComputeBill(Coil(2028)).gross_eur, 219.60, 0.005);
  EXPECT_NEAR(ComputeBill(Coil(2030)).gross_eur, 259.35, 0.005);
  EXPECT_NEAR(ComputeBill(Coil(2034)).gross_eur, 312.52, 0.005);
}

TEST(Bill, OfUnwroughtAluminiumOnDefaultsFollowsThePublishedTable) {
  EXPECT_NEAR(ComputeBill(Aluminium(2026)).chargeable, 1.912575, 1e-12);
  EXPECT_NEAR(ComputeBill(Aluminium(2026)).gross_eur, 144.13, 0.005);
  EXPECT_NEAR(ComputeBill(Aluminium(2034)).gross_eur, 293.90, 0.005);
}

TEST(Bill, AdjustsForFreeAllocationByFactorAndBenchmark) {
  Declaration scrap = Coil(2026);
  scrap.benchmark = 0.044;
  EXPECT_NEAR(ComputeBill(scrap).free_adjustment, 0.0429, 1e-12);
  scrap.benchmark = 0.481;
  EXPECT_NEAR(ComputeBill(scrap).free_adjustment, 0.468975, 1e-12);
  scrap.cross_sectoral_factor = 0.5;
  EXPECT_NEAR(ComputeBill(scrap).free_adjustment, 0.468975 / 2, 1e-12);
}

TEST(Bill, ChargesAFortiethForAGoodExactlyAtTheBenchmarkIn2026) {
  Declaration at_benchmark = Coil(2026);
  at_benchmark.actual = true;
  at_benchmark.actual_intensity = 1.370;
  at_benchmark.tonnes = 1'000;
  EXPECT_NEAR(ComputeBill(at_benchmark).chargeable, 0.025 * 1'370, 1e-9);
}

TEST(Bill, IsNothingForAGoodCleanerThanItsAdjustment) {
  Declaration clean = Measured(0.5);
  clean.paid_eur_per_tonne = 10;
  const Bill bill = ComputeBill(clean);
  EXPECT_EQ(bill.chargeable, 0);
  EXPECT_EQ(bill.gross_eur, 0);
  EXPECT_EQ(bill.deduction_eur, 0);
  EXPECT_EQ(bill.net_eur, 0);
}

TEST(Bill, DeductsWhatWasPaidAtHomeForTheCoveredEmissions) {
  Declaration exporter = Measured(2.1);
  exporter.tonnes = 1'000;
  exporter.paid_eur_per_tonne = 3;
  const Bill bill = ComputeBill(exporter);
  EXPECT_NEAR(bill.deduction_eur, 3 * 0.9 * 2'100, 1e-9);
  EXPECT_NEAR(bill.net_eur, bill.gross_eur - bill.deduction_eur, 1e-9);
}

TEST(Bill, NeverDeductsMoreThanIsOwed) {
  Declaration exporter = Measured(2.1);
  exporter.paid_eur_per_tonne = 500;
  const Bill bill = ComputeBill(exporter);
  EXPECT_GT(bill.gross_eur, 0);
  EXPECT_EQ(bill.deduction_eur, bill.gross_eur);
  EXPECT_EQ(bill.net_eur, 0);
}

TEST(Bill, DeductsNothingWhenEverythingWasFree) {
  Declaration exporter = Measured(2.1);
  exporter.paid_eur_per_tonne = 0;
  EXPECT_EQ(ComputeBill(exporter).deduction_eur, 0);
}

TEST(Bill, DeductsNothingForDefaultsOrBeforeRecognition) {
  Declaration exporter = Measured(2.1);
  exporter.paid_eur_per_tonne = 3;
  exporter.recognised = false;
  EXPECT_EQ(ComputeBill(exporter).deduction_eur, 0);
  exporter.recognised = true;
  exporter.actual = false;
  EXPECT_EQ(ComputeBill(exporter).deduction_eur, 0);
}

TEST(Bill, BreaksEvenWhereTheChinesePriceLeavesNothingToPay) {
  Declaration exporter = Measured(2.1);
  exporter.paid_share = 0.05;
  const Bill before = ComputeBill(exporter);
  // Pc* = (E - A) Pe / (s c E).
  EXPECT_NEAR(before.break_even_cny,
              (2.1 - 0.9 * 1.370) * kFirstQuarter2026 / (0.05 * 0.9 * 2.1) * 8.2, 1e-9);
  exporter.paid_eur_per_tonne = 0.05 * before.break_even_cny / 8.2;
  EXPECT_NEAR(ComputeBill(exporter).net_eur, 0, 1e-9);
  exporter.paid_eur_per_tonne *= 0.5;
  EXPECT_NEAR(ComputeBill(exporter).net_eur, before.gross_eur / 2, 1e-9);
}

TEST(Bill, HasNoBreakEvenWhenNothingIsPaidForAtHome) {
  EXPECT_EQ(ComputeBill(Measured(2.1)).break_even_cny, 0);
}

}  // namespace
}  // namespace ets::cbam
