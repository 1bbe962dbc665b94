#include "cbam/declaration.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace ets::cbam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The published price of the first quarter of 2026.
constexpr double kPrice = 75.36;

DeclaredGood HotRolledCoil(int year) {
  DeclaredGood good;
  good.name = "hot-rolled coil";
  good.cn = "72083900";
  good.origin = "CN";
  good.route = "bf_bof";
  good.tonnes = 1;
  good.imported = Date::Of(year, 2, 1);
  good.certificate_price = kPrice;
  return good;
}
YearDeclaration Of(int year, std::vector<DeclaredGood> goods) {
  YearDeclaration declaration;
  declaration.importer = "importer";
  declaration.year = year;
  declaration.goods = std::move(goods);
  declaration.further_tonnes = 1'000;  // In scope, unless a test says otherwise.
  return declaration;
}
YearBill Work(const YearDeclaration& declaration, const ReportPrices& prices = ReportPrices()) {
  const auto bill = WorkOut(declaration, prices);
  EXPECT_TRUE(bill.ok()) << (bill.ok() ? "" : bill.error().front().what);
  return bill.ok() ? *bill : YearBill{};
}
std::vector<std::string> Mistakes(const YearDeclaration& declaration,
                                  const ReportPrices& prices = ReportPrices()) {
  const auto bill = WorkOut(declaration, prices);
  std::vector<std::string> all;
  if (bill.ok()) return all;
  for (const Mistake& mistake : bill.error()) all.push_back(mistake.what);
  return all;
}

// B1: factor .975, CSCF 1, benchmark 0.044; published implementers' test.
TEST(Declaration, B1_AdjustsByFactorAndBenchmark) {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 1;
  good.benchmark_a = 0.044;
  EXPECT_NEAR(Work(Of(2026, {good})).goods[0].free_adjustment, 0.0429, 1e-12);
}

// B2: a precursor of 110 t per activity level of 100 with SEFA 0.5 adds 0.55.
TEST(Declaration, B2_RollsUpThePrecursorsAdjustment) {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 1;
  good.benchmark_a = 0.044;
  good.precursors = {{"sinter", 110, 100, 0.3, 0.5, false}};
  const GoodBill bill = Work(Of(2026, {good})).goods[0];
  EXPECT_NEAR(bill.free_adjustment, 0.5929, 1e-12);
  EXPECT_NEAR(bill.embedded, 1.33, 1e-12);
}

TEST(Declaration, CountsJointPrecursorsOnce) {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 1;
  good.benchmark_a = 0.044;
  good.precursors = {{"sinter", 110, 100, 0.3, 0.5, true}};
  const GoodBill bill = Work(Of(2026, {good})).goods[0];
  EXPECT_NEAR(bill.free_adjustment, 0.0429, 1e-12);
  EXPECT_NEAR(bill.embedded, 1, 1e-12);
}

// Column B is the whole chain's: the precursors' benchmarks are in it already.
TEST(Declaration, AddsNoPrecursorsAdjustmentToColumnB) {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 1;
  good.precursors = {{"sinter", 110, 100, 0.3, 0.5, false}};
  EXPECT_NEAR(Work(Of(2026, {good})).goods[0].free_adjustment, 1.33575, 1e-12);
}

// B3: factor .975, CSCF 1, benchmark 0.481.
TEST(Declaration, B3_TakesTheRoutesBenchmark) {
  DeclaredGood good = HotRolledCoil(2026);
  good.route = "dri_eaf";
  EXPECT_NEAR(Work(Of(2026, {good})).goods[0].free_adjustment, 0.468975, 1e-12);
}

// B6, and the table of section 6: Chinese hot-rolled coil on default values at 75.36.
TEST(Declaration, B6_ChargesChineseCoilOnDefaultsAsThePublishedFiguresGive) {
  struct Row {
    int year;
    double embedded, adjustment, charged, cost;
  };
  for (const Row& row :
       {Row{2026, 3.509, 1.33575, 2.17325, 163.78}, Row{2027, 3.828, 1.30150, 2.52650, 190.40},
        Row{2028, 4.147, 1.23300, 2.91400, 219.60}, Row{2030, 4.147, 0.70555, 3.44145, 259.35},
        Row{2034, 4.147, 0, 4.147, 312.52}}) {
    const GoodBill bill = Work(Of(row.year, {HotRolledCoil(row.year)})).goods[0];
    EXPECT_NEAR(bill.embedded, row.embedded, 1e-9) << row.year;
    EXPECT_NEAR(bill.free_adjustment, row.adjustment, 1e-9) << row.year;
    EXPECT_NEAR(bill.certificates, row.charged, 1e-9) << row.year;
    EXPECT_DOUBLE_EQ(bill.cost, row.cost) << row.year;
  }
}

TEST(Declaration, ChargesChineseAluminiumAsThePublishedFiguresGive) {
  DeclaredGood good = HotRolledCoil(2026);
  good.cn = "7601";
  good.route = "primary";
  GoodBill bill = Work(Of(2026, {good})).goods[0];
  EXPECT_NEAR(bill.certificates, 1.912575, 1e-9);
  EXPECT_DOUBLE_EQ(bill.cost, 144.13);
  good.imported = Date::Of(2034, 1, 1);
  bill = Work(Of(2034, {good})).goods[0];
  EXPECT_NEAR(bill.certificates, 3.9, 1e-9);
  EXPECT_DOUBLE_EQ(bill.cost, 293.90);
}

// Trap 15: 3.19 x 1.1 = 3.509, not the printed 3.51; CN 7318 of Taiwan 2.707 -> 2.978 as printed.
TEST(Declaration, MarksUpTheBaseValueUnrounded) {
  DeclaredGood good = HotRolledCoil(2026);
  good.cn = "7318";
  good.origin = "TW";
  good.benchmark_b = 1;
  EXPECT_NEAR(Work(Of(2026, {good})).goods[0].embedded, 2.9777, 1e-9);
}

// B7: a good whose emissions are its benchmark owes 2.5% of it in 2026.
TEST(Declaration, B7_OwesTheSmallShareOnlyAtTheBenchmark) {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 1.370;
  good.tonnes = 1'000;
  EXPECT_NEAR(Work(Of(2026, {good})).goods[0].certificates, 0.025 * 1'370, 1e-9);
}

TEST(Declaration, B8_OwesNothingBelowTheAdjustment) {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 0.5;
  const YearBill bill = Work(Of(2026, {good}));
  EXPECT_EQ(bill.goods[0].certificates, 0);
  EXPECT_EQ(bill.cost, 0);
}

// B10: 49.9 t of steel, then 0.2 t of aluminium: the whole 50.1 t are in scope.
TEST(Declaration, B10_TakesTheWholeYearInOnceFiftyTonnesAreCrossed) {
  DeclaredGood steel = HotRolledCoil(2026);
  steel.tonnes = 49.9;
  DeclaredGood aluminium = HotRolledCoil(2026);
  aluminium.cn = "7601";
  aluminium.route = "primary";
  aluminium.tonnes = 0.2;
  YearDeclaration declaration = Of(2026, {steel, aluminium});
  declaration.further_tonnes = 0;
  const YearBill bill = Work(declaration);
  EXPECT_TRUE(bill.in_scope);
  EXPECT_NEAR(bill.threshold_tonnes, 50.1, 1e-9);
  EXPECT_EQ(bill.goods.size(), 2U);
  EXPECT_NEAR(bill.certificates, 49.9 * 2.17325 + 0.2 * 1.912575, 1e-9);

  declaration.goods.pop_back();
  const YearBill below = Work(declaration);
  EXPECT_FALSE(below.in_scope);
  EXPECT_TRUE(below.on_watch_list);
  EXPECT_EQ(below.cost, 0);
  declaration.goods[0].tonnes = 50;
  EXPECT_FALSE(Work(declaration).in_scope);
}

TEST(Declaration, HasNoThresholdForHydrogenAndElectricity) {
  DeclaredGood good = HotRolledCoil(2026);
  good.cn = "2716";
  good.route.clear();
  good.default_value = 0.5;
  good.tonnes = 10;
  YearDeclaration declaration = Of(2026, {good});
  declaration.further_tonnes = 0;
  const YearBill bill = Work(declaration);
  EXPECT_TRUE(bill.in_scope);
  EXPECT_NEAR(bill.certificates, 5, 1e-9);  // No mark-up, no free adjustment.
}

// B11: short by n certificates: n times the penalty, and they are still owed.
TEST(Declaration, B11_FinesWhatIsMissingAndStillAsksForIt) {
  DeclaredGood good = HotRolledCoil(2026);
  good.tonnes = 100;
  YearDeclaration declaration = Of(2026, {good});
  declaration.surrendered = 200;
  YearBill bill = Work(declaration);
  EXPECT_EQ(bill.to_surrender, 218);
  EXPECT_DOUBLE_EQ(bill.penalty, 1'800);
  declaration.authorised = false;
  bill = Work(declaration);
  EXPECT_DOUBLE_EQ(bill.penalty, 5'400);
  EXPECT_EQ(bill.to_surrender, 218);
}

DeclaredGood WithPricePaid(double purchases, double sales) {
  DeclaredGood good = HotRolledCoil(2028);
  good.actual = true;
  good.direct = 2.5;
  good.paid = {.purchases = purchases,
               .sales = sales,
               .price = 80,
               .verified_emissions = 1'000'000,
               .rate = 8,
               .covered_share = 0.9};
  return good;
}

// B12: all allowances free: nothing was paid, whatever the price.
TEST(Declaration, B12_DeductsNothingForFreeAllowances) {
  EXPECT_EQ(Work(Of(2028, {WithPricePaid(0, 0)})).goods[0].deduction, 0);
  EXPECT_EQ(Work(Of(2028, {WithPricePaid(100, 5'000)})).goods[0].deduction, 0);
}

TEST(Declaration, DeductsThePriceEffectivelyPaid) {
  // 250,000 t net at 80 CNY, 8 CNY a euro, over a million tonnes: 2.5 EUR/t.
  const GoodBill bill = Work(Of(2028, {WithPricePaid(300'000, 50'000)})).goods[0];
  EXPECT_NEAR(bill.deduction, 2.5 * 0.9 * 2.5 / kPrice, 1e-9);
  EXPECT_NEAR(bill.certificates, 2.5 - 1.233 - bill.deduction, 1e-9);
}

TEST(Declaration, DeductsAtMostWhatIsOwed) {
  DeclaredGood good = WithPricePaid(1e9, 0);
  const GoodBill bill = Work(Of(2028, {good})).goods[0];
  EXPECT_EQ(bill.certificates, 0);
  EXPECT_NEAR(bill.deduction, bill.before_deduction, 1e-12);
}

TEST(Declaration, DeductsNothingBeforeTheRecognition) {
  YearDeclaration declaration = Of(2028, {WithPricePaid(300'000, 0)});
  declaration.recognised_from = Date::Of(2028, 2, 2);
  EXPECT_EQ(Work(declaration).goods[0].deduction, 0);
  declaration.recognised_from = Date::Of(2028, 2, 1);
  EXPECT_GT(Work(declaration).goods[0].deduction, 0);
}

TEST(Declaration, GivesGoodsOnDefaultsTheDefaultPriceOnly) {
  YearDeclaration declaration = Of(2028, {HotRolledCoil(2028)});
  declaration.default_carbon_price = 1;
  EXPECT_NEAR(Work(declaration).goods[0].deduction, 4.147 / kPrice, 1e-9);
  declaration.goods[0].paid = WithPricePaid(1, 0).paid;
  EXPECT_THAT(Mistakes(declaration), ElementsAre(HasSubstr("paid: with default values")));
}

TEST(Declaration, Prices2026ByTheImportsQuarterAndLaterByThePurchase) {
  AuctionReport report;
  report.held = MissingAuctions({}, Date::Of(2026, 1, 1), Date::Of(2026, 6, 30));
  for (const AuctionDay& day : MissingAuctions({}, Date::Of(2027, 2, 1), Date::Of(2027, 2, 7)))
    report.held.push_back(day);
  for (const AuctionDay& day : report.held) {
    const int cents = day.date < Date::Of(2026, 4, 1)   ? 7'000
                      : day.date < Date::Of(2026, 7, 1) ? 9'000
                                                        : 8'000;
    report.facts.push_back({day.date, Price::FromMinorPerTonne(cents), Tonnes(500)});
  }
  const ReportPrices prices(report);
  DeclaredGood good = HotRolledCoil(2026);
  good.certificate_price.reset();
  EXPECT_EQ(Work(Of(2026, {good}), prices).goods[0].price, 70);
  good.imported = Date::Of(2026, 6, 30);
  EXPECT_EQ(Work(Of(2026, {good}), prices).goods[0].price, 90);
  good.imported = Date::Of(2027, 1, 15);
  good.purchased = Date::Of(2027, 2, 9);  // The Tuesday after the week of 1 February.
  EXPECT_EQ(Work(Of(2027, {good}), prices).goods[0].price, 80);
}

// The first quarter of 2026 at 70 EUR, but for its last two auctions.
ReportPrices CutShort() {
  AuctionReport report;
  report.held = MissingAuctions({}, Date::Of(2026, 1, 1), Date::Of(2026, 3, 29));
  for (const AuctionDay& day : report.held)
    report.facts.push_back({day.date, Price::FromMinorPerTonne(7'000), Tonnes(500)});
  return ReportPrices(report);
}

TEST(Declaration, RefusesAPriceThatLacksAuctions) {
  DeclaredGood good = HotRolledCoil(2026);
  good.certificate_price.reset();
  EXPECT_THAT(Mistakes(Of(2026, {good}), CutShort()),
              ElementsAre(HasSubstr("certificate_price: 2026-Q1 lacks auctions (2): EU 2026-03-30, "
                                    "EU 2026-03-31; allowed: ")));
  good.imported = Date::Of(2027, 1, 15);
  good.purchased = Date::Of(2027, 3, 1);
  EXPECT_THAT(Mistakes(Of(2027, {good}), CutShort()),
              ElementsAre(HasSubstr("certificate_price: 2027-W07 lacks auctions ")));
}

TEST(Declaration, MarksAProvisionalPriceThatWasAskedFor) {
  DeclaredGood good = HotRolledCoil(2026);
  good.certificate_price.reset();
  const auto bill = WorkOut(Of(2026, {good, HotRolledCoil(2026)}), CutShort(), true);
  ASSERT_TRUE(bill.ok());
  EXPECT_EQ(bill->goods[0].price, 70);
  EXPECT_TRUE(bill->goods[0].provisional);
  EXPECT_FALSE(bill->goods[1].provisional);
  EXPECT_TRUE(bill->provisional);
  const auto is_price = [](const Step& step) { return step.name == "price"; };
  EXPECT_THAT(std::ranges::find_if(bill->goods[0].steps, is_price)->formula,
              HasSubstr("PROVISIONAL: 2026-Q1 lacks auctions (2)"));
}

TEST(Declaration, RefusesAPurchaseBeforeSalesBegin) {
  DeclaredGood good = HotRolledCoil(2027);
  good.purchased = Date::Of(2027, 1, 31);
  EXPECT_THAT(Mistakes(Of(2027, {good})),
              ElementsAre(HasSubstr("purchased: 2027-01-31; allowed: a day from 2027-02-01 on")));
  good.purchased = Date::Of(2027, 2, 1);
  EXPECT_THAT(Mistakes(Of(2027, {good})), IsEmpty());
}

DeclaredGood WithPrecursor() {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 1.6;
  good.benchmark_a = 0.044;
  good.precursors = {{"ore", 10, 100, 0.1, 0.1, false}, {"pig iron", 110, 100, 0.9, {}, false}};
  return good;
}

// Trap 14: a SEFA that is missing is not 0.
TEST(Declaration, AsksForTheAdjustmentOfAPrecursorWhereItCounts) {
  DeclaredGood good = WithPrecursor();
  EXPECT_THAT(Mistakes(Of(2026, {good})),
              ElementsAre(HasSubstr("precursors.pig iron.free_adjustment: none; allowed: ")));
  EXPECT_EQ(WorkOut(Of(2026, {good}), {}).error()[0].field, "precursors.1.free_adjustment");
  good.precursors[1].joint = true;
  EXPECT_THAT(Mistakes(Of(2026, {good})), IsEmpty());
  good.precursors[1].joint = false;
  good.benchmark_a.reset();  // Column B has it in it.
  EXPECT_THAT(Mistakes(Of(2026, {good})), IsEmpty());
}

TEST(Declaration, AsksForActualEmissions) {
  DeclaredGood good = HotRolledCoil(2026);
  good.actual = true;
  EXPECT_THAT(Mistakes(Of(2026, {good})), ElementsAre(HasSubstr("direct: none; allowed: ")));
  DeclaredGood cement = good;
  cement.cn = "2523";
  cement.route.clear();
  cement.benchmark_b = 0.7;
  cement.direct = 0.8;
  EXPECT_THAT(Mistakes(Of(2026, {cement})), ElementsAre(HasSubstr("indirect: none; allowed: ")));
}

TEST(Declaration, RefusesWhatWouldNotCount) {
  DeclaredGood good = HotRolledCoil(2026);
  good.direct = 1.6;
  good.indirect = 0.1;
  good.benchmark_a = 1;
  EXPECT_THAT(Mistakes(Of(2026, {good})),
              ElementsAre(HasSubstr("direct: with default values"),
                          HasSubstr("indirect: with default values"),
                          HasSubstr("benchmark_a: with default values")));
  good = HotRolledCoil(2026);
  good.actual = true;
  good.direct = 2;
  good.default_value = 3;
  EXPECT_THAT(Mistakes(Of(2026, {good})),
              ElementsAre(HasSubstr("default_value: with actual emissions")));
}

TEST(Declaration, WantsAThirdCountrysLettersAsOrigin) {
  DeclaredGood good = HotRolledCoil(2026);
  for (const char* unknown : {"China", "cn", "", "*", "XX", "C", "CN "}) {
    good.origin = unknown;
    EXPECT_THAT(
        Mistakes(Of(2026, {good})),
        ElementsAre(HasSubstr("origin: \"" + std::string(unknown) + "\"; allowed: a country")));
  }
  for (const char* exempt : {"DE", "FR", "NO", "CH"}) {
    good.origin = exempt;
    EXPECT_THAT(Mistakes(Of(2026, {good})), ElementsAre(HasSubstr("a third country"))) << exempt;
  }
  good.origin = "ZA";  // One of the others.
  EXPECT_NEAR(Work(Of(2026, {good})).goods[0].embedded, 4.05 * 1.1, 1e-9);
}

TEST(Declaration, NamesAnUnknownRouteWhateverTheBenchmark) {
  DeclaredGood good = HotRolledCoil(2026);
  good.route = "x";
  good.benchmark_b = 1.3;
  const auto names_route = ElementsAre(HasSubstr("route: \"x\"; allowed: bf_bof, dri_eaf"));
  EXPECT_THAT(Mistakes(Of(2026, {good})), names_route);
  good.benchmark_b.reset();
  good.imported = Date::Of(2034, 2, 1);  // No benchmark counts any more.
  EXPECT_THAT(Mistakes(Of(2034, {good})), names_route);
  DeclaredGood cement = HotRolledCoil(2026);
  cement.cn = "2523";
  cement.default_value = 0.9;
  cement.benchmark_b = 0.7;
  EXPECT_THAT(Mistakes(Of(2026, {cement})), ElementsAre(HasSubstr("have no routes")));
  cement.route.clear();
  EXPECT_THAT(Mistakes(Of(2026, {cement})), IsEmpty());
}

// Nothing of a size that no import has comes out as garbage.
TEST(Declaration, NamesNumbersThatAreTooLarge) {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double huge : {1e300, infinite, std::nan(""), -1.0}) {
    DeclaredGood good = HotRolledCoil(2026);
    good.tonnes = huge;
    EXPECT_THAT(Mistakes(Of(2026, {good})), ElementsAre(HasSubstr("tonnes: "))) << huge;
    good = WithPrecursor();
    good.precursors[1].free_adjustment = 0.5;
    good.direct = huge;
    good.precursors[1].mass = huge;
    good.certificate_price = huge;
    EXPECT_THAT(Mistakes(Of(2026, {good})),
                ElementsAre(HasSubstr("direct: "), HasSubstr("precursors.pig iron.mass: "),
                            HasSubstr("certificate_price: ")))
        << huge;
  }
  // Each within its bounds, their product not.
  DeclaredGood good = HotRolledCoil(2026);
  good.tonnes = 1e12;
  good.certificate_price = 1e9;
  EXPECT_THAT(Mistakes(Of(2026, {good})), ElementsAre(HasSubstr("tonnes: 3509000000000 t CO2e")));
  good.certificate_price = 20;
  EXPECT_THAT(Mistakes(Of(2026, {good})), IsEmpty());
  EXPECT_THAT(Mistakes(Of(2026, {good, good, good})), ElementsAre(HasSubstr("goods: ")));
  good = WithPrecursor();
  good.precursors[1].free_adjustment = 0.5;
  good.precursors[1].activity_level = 1e-300;
  EXPECT_THAT(Mistakes(Of(2026, {good})), ElementsAre(HasSubstr("tonnes: ")));
  YearDeclaration declaration = Of(2026, {HotRolledCoil(2026)});
  declaration.goods[0].tonnes = 1e12;
  declaration.goods[0].certificate_price = 1;
  declaration.surrendered = 0;
  EXPECT_THAT(Mistakes(declaration), ElementsAre(HasSubstr("penalty_eur: a penalty of ")));
}

TEST(Declaration, CannotHaveSurrenderedLessThanNothing) {
  YearDeclaration declaration = Of(2026, {HotRolledCoil(2026)});
  declaration.surrendered = -5;
  EXPECT_THAT(Mistakes(declaration), ElementsAre(HasSubstr("surrendered: -5; allowed: 0 or more")));
}

TEST(Declaration, StillNamesWhatIsWrongWithTheGoodsOfAWrongYear) {
  DeclaredGood good = HotRolledCoil(2026);
  good.tonnes = -1;
  good.origin = "China";
  EXPECT_THAT(Mistakes(Of(1999, {good})),
              ElementsAre(HasSubstr("year: 1999"), HasSubstr("origin: "), HasSubstr("tonnes: -1")));
}

TEST(Declaration, NamesAnUnknownRouteOfAnUnknownGood) {
  DeclaredGood good = HotRolledCoil(2026);
  good.cn = "9999";
  good.route = "magic";
  EXPECT_THAT(Mistakes(Of(2026, {good})),
              ElementsAre(HasSubstr("cn: \"9999\""), HasSubstr("route: \"magic\"; allowed: ")));
}

TEST(Declaration, HasADutyToHoldHalfAtQuarterEndsFrom2027) {
  DeclaredGood good = HotRolledCoil(2027);
  good.tonnes = 1'000;
  const YearBill bill = Work(Of(2027, {good}));
  int holds = 0;
  for (const Step& duty : bill.duties) {
    if (!duty.name.starts_with("hold")) continue;
    ++holds;
    EXPECT_EQ(duty.value, 1'914);
  }
  EXPECT_EQ(holds, 4);
}

TEST(Declaration, NamesEveryMistakeAndComputesNothing) {
  DeclaredGood coil = HotRolledCoil(2026);
  coil.route = "magic";
  coil.tonnes = -1;
  DeclaredGood scrap = HotRolledCoil(2027);
  scrap.cn = "72044900";
  scrap.certificate_price.reset();
  EXPECT_THAT(Mistakes(Of(2026, {coil, scrap})),
              ElementsAre(HasSubstr("tonnes: -1"), HasSubstr("bf_bof (2026 to 2030)"),
                          HasSubstr("cn: \"72044900\""), HasSubstr("imported: 2027-02-01")));
}

// A missing factor is not 1 and a missing benchmark is not 0.
TEST(Declaration, AsksForFactorsThatAreNotPublished) {
  DeclaredGood coil = HotRolledCoil(2031);
  EXPECT_THAT(Mistakes(Of(2031, {coil})),
              ElementsAre(HasSubstr("cross_sectoral_factor: none for 2031"),
                          HasSubstr("has no benchmark for 72083900 in 2031")));
  coil.cross_sectoral_factor = 0.97;
  coil.benchmark_b = 1.3;
  EXPECT_NEAR(Work(Of(2031, {coil})).goods[0].free_adjustment, 0.39 * 0.97 * 1.3, 1e-12);
  DeclaredGood other = HotRolledCoil(2026);
  other.cn = "2523";
  EXPECT_THAT(Mistakes(Of(2026, {other})),
              ElementsAre(HasSubstr("default_value: none for 2523 from CN"),
                          HasSubstr("has no benchmark for 2523")));
}

}  // namespace
}  // namespace ets::cbam
