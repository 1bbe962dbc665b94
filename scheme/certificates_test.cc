#include "scheme/certificates.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace ets::scheme {
namespace {

constexpr std::uint32_t kFirst = 1, kSecond = 2;
Price Eur(std::int64_t cents) { return Price::FromMinorPerTonne(cents); }
Money Euro(std::int64_t euro) { return Money::FromMinor(euro * 100); }

struct Desk : ::testing::Test {
  Desk() {
    for (const std::uint32_t importer : {kFirst, kSecond}) {
      desk.Authorise(importer);
      desk.PayIn(importer, Euro(1'000'000));
    }
  }
  ~Desk() override { registry.CheckInvariants(); }

  // Imports of a year, half of them covered at each quarter's end, and the declaration of it.
  void Year(int year, std::int64_t due) {
    desk.Import(kFirst, Date::Of(year, 3, 1), due);
    ASSERT_TRUE(desk.Buy(kFirst, Date::Of(year, 12, 30), year, due, Eur(8'000)).ok());
    ASSERT_TRUE(desk.Declare(kFirst, Date::Of(year + 1, 5, 1), year, due).ok());
  }

  registry::Registry registry{CertificateLaw(), nullptr};
  CertificateDesk desk{registry};
};

TEST_F(Desk, SellsFromFebruary2027OnAlsoForImportsOf2026) {
  EXPECT_EQ(desk.Buy(kFirst, Date::Of(2027, 1, 31), 2026, 1, Eur(7'536)),
            Fail{CertificateRefusal::kNotOnSaleYet});
  EXPECT_EQ(desk.Buy(kFirst, Date::Of(2027, 2, 1), 2028, 1, Eur(7'536)),
            Fail{CertificateRefusal::kNotOnSaleYet});
  const auto paid = desk.Buy(kFirst, Date::Of(2027, 2, 1), 2026, 1'000, Eur(7'536));
  ASSERT_TRUE(paid.ok());
  EXPECT_EQ(paid.value(), Euro(75'360));
  EXPECT_EQ(desk.money(kFirst), Euro(924'640));
  EXPECT_EQ(desk.held(kFirst, 2026), 1'000);
  EXPECT_EQ(desk.Buy(kFirst, Date::Of(2027, 2, 2), 2026, 100'000, Eur(7'536)),
            Fail{CertificateRefusal::kNotInFunds});
}

TEST_F(Desk, MovesNoCertificateFromOneDeclarantToAnother) {
  ASSERT_TRUE(desk.Buy(kFirst, Date::Of(2027, 2, 1), 2026, 10, Eur(7'536)).ok());
  const auto moved = registry.Apply(
      {.sim_time = registry.now()},
      registry::MakeTransfer{{desk.account(kFirst), desk.account(kSecond),
                              registry.ledger(Unit::Of(UnitType::kCertificate, 2026)), 1}});
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error(), registry::Refusal::kUnitNotTransferable);
}

TEST_F(Desk, AsksForHalfOfWhatWasEmbeddedSinceJanuaryAtEachQuartersEnd) {
  desk.Import(kFirst, Date::Of(2026, 11, 1), 500);
  EXPECT_EQ(desk.HoldingDuty(kFirst, Date::Of(2026, 12, 31)), 0) << "the duty starts in 2027";
  desk.Import(kFirst, Date::Of(2027, 2, 1), 101);
  desk.Import(kFirst, Date::Of(2027, 5, 1), 100);
  EXPECT_EQ(desk.HoldingDuty(kFirst, Date::Of(2027, 3, 31)), 51) << "50.5 in whole certificates";
  EXPECT_EQ(desk.HoldingDuty(kFirst, Date::Of(2027, 6, 30)), 101);
  EXPECT_EQ(desk.HoldingDuty(kFirst, Date::Of(2028, 3, 31)), 0) << "a new year";
  EXPECT_EQ(desk.HeldTowards(kFirst, Date::Of(2027, 3, 31)), 0);
}

TEST_F(Desk, TakesWhatIsOwedUntilItIsPaid) {
  Year(2027, 100);
  EXPECT_EQ(desk.Surrender(kSecond, Date::Of(2028, 9, 1), 2027, 1),
            Fail{CertificateRefusal::kNotDeclared});
  EXPECT_EQ(desk.Surrender(kFirst, Date::Of(2028, 9, 1), 2027, 101),
            Fail{CertificateRefusal::kMoreThanOwed});
  EXPECT_TRUE(desk.Surrender(kFirst, Date::Of(2028, 9, 30), 2027, 100).ok());
  desk.EndDay(Date::Of(2028, 9, 30));
  EXPECT_EQ(desk.owed(kFirst, 2027), 0);
  EXPECT_EQ(desk.penalty(kFirst, 2027), Money());
}

// Acceptance case B11.
TEST_F(Desk, FinesWhatIsMissingAndStillAsksForIt) {
  Year(2027, 100);
  ASSERT_TRUE(desk.Surrender(kFirst, Date::Of(2028, 9, 29), 2027, 93).ok());
  desk.EndDay(Date::Of(2028, 9, 30));
  EXPECT_EQ(desk.penalty(kFirst, 2027), Euro(700));
  EXPECT_EQ(desk.owed(kFirst, 2027), 7);
  EXPECT_TRUE(desk.Surrender(kFirst, Date::Of(2028, 10, 5), 2027, 7).ok());
  EXPECT_EQ(desk.owed(kFirst, 2027), 0);
  EXPECT_EQ(desk.penalty(kFirst, 2027), Euro(700)) << "paid late is fined all the same";
}

TEST_F(Desk, BuysBackAtThePricePaidWithinTheLimitAndInTime) {
  desk.Import(kFirst, Date::Of(2027, 3, 1), 60);
  ASSERT_TRUE(desk.Buy(kFirst, Date::Of(2027, 3, 30), 2027, 40, Eur(8'000)).ok());
  ASSERT_TRUE(desk.Buy(kFirst, Date::Of(2027, 6, 30), 2027, 40, Eur(9'000)).ok());
  const Money before = desk.money(kFirst);
  EXPECT_EQ(desk.RepurchaseLimit(kFirst, Date::Of(2028, 10, 1)), 30) << "half of 60 had to be held";
  EXPECT_EQ(desk.Repurchase(kFirst, Date::Of(2028, 10, 31), 2027, 31),
            Fail{CertificateRefusal::kOverLimit});
  EXPECT_EQ(desk.Repurchase(kFirst, Date::Of(2028, 11, 1), 2027, 1),
            Fail{CertificateRefusal::kTooLate});
  const auto paid = desk.Repurchase(kFirst, Date::Of(2028, 10, 31), 2027, 30);
  ASSERT_TRUE(paid.ok());
  EXPECT_EQ(paid.value(), Euro(2'700)) << "the newest, at 90";
  EXPECT_EQ(desk.money(kFirst).minor(), before.minor() + 270'000);
  EXPECT_EQ(desk.held(kFirst, 2027), 50);
  EXPECT_EQ(desk.RepurchaseLimit(kFirst, Date::Of(2028, 10, 31)), 0);
}

TEST_F(Desk, BuysBackAThirdOfTheYearBeforeByTheTextOf2023) {
  registry::Registry other(CertificateLaw(), nullptr);
  CertificateDesk old(other, {.repurchase_of_a_third = true});
  old.Authorise(kFirst);
  old.PayIn(kFirst, Euro(1'000'000));
  ASSERT_TRUE(old.Buy(kFirst, Date::Of(2027, 3, 30), 2027, 100, Eur(8'000)).ok());
  EXPECT_EQ(old.RepurchaseLimit(kFirst, Date::Of(2028, 6, 1)), 33);
}

TEST_F(Desk, CancelsOnFirstNovemberWhatWasBoughtInTheYearBeforeTheLast) {
  ASSERT_TRUE(desk.Buy(kFirst, Date::Of(2027, 3, 30), 2027, 10, Eur(8'000)).ok());
  ASSERT_TRUE(desk.Buy(kFirst, Date::Of(2028, 3, 30), 2028, 20, Eur(8'000)).ok());
  const Money before = desk.money(kFirst);
  EXPECT_EQ(desk.EndDay(Date::Of(2028, 11, 1)), 0);
  EXPECT_EQ(desk.EndDay(Date::Of(2029, 10, 31)), 0);
  EXPECT_EQ(desk.EndDay(Date::Of(2029, 11, 1)), 10);
  EXPECT_EQ(desk.held(kFirst, 2027), 0);
  EXPECT_EQ(desk.held(kFirst, 2028), 20);
  EXPECT_EQ(desk.money(kFirst), before) << "without compensation";
}

// Whatever declarants do: what was sold is held, surrendered, taken back or cancelled, and no money
// appears or is lost.
TEST(Certificates, AreConservedWhateverDeclarantsDo) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Prng dice(seed);
    registry::Registry registry(CertificateLaw(), nullptr);
    CertificateDesk desk(registry);
    for (std::uint32_t importer = 1; importer <= 3; ++importer) {
      desk.Authorise(importer);
      desk.PayIn(importer, Euro(2'000'000));
    }
    std::int64_t sold = 0, gone = 0, cancelled = 0;
    std::int64_t revenue = 0;
    for (Date day = Date::Of(2027, 2, 1); day < Date::Of(2031, 1, 1); day = day + 1) {
      const auto importer = static_cast<std::uint32_t>(1 + dice.Below(3));
      const int year = day.year() - static_cast<int>(dice.Below(2));
      const auto count = static_cast<std::int64_t>(1 + dice.Below(60));
      desk.Import(importer, day, count);
      if (const auto paid = desk.Buy(importer, day, year, count, Eur(7'000)); paid.ok()) {
        sold += count;
        revenue += paid.value().minor();
      }
      if (dice.Chance(.02)) (void)desk.Declare(importer, day, year, count * 30);
      if (desk.Surrender(importer, day, year, count / 2 + 1).ok()) gone += count / 2 + 1;
      if (const auto back = desk.Repurchase(importer, day, year, count / 3 + 1); back.ok()) {
        gone += count / 3 + 1;
        revenue -= back.value().minor();
      }
      cancelled += desk.EndDay(day);
    }
    std::int64_t held = 0, money = 0;
    for (std::uint32_t importer = 1; importer <= 3; ++importer) {
      money += desk.money(importer).minor();
      for (int year = 2026; year <= 2030; ++year) held += desk.held(importer, year);
      EXPECT_EQ(desk.HeldTowards(importer, Date::Of(2030, 12, 31)),
                desk.held(importer, 2026) + desk.held(importer, 2027) + desk.held(importer, 2028) +
                    desk.held(importer, 2029) + desk.held(importer, 2030));
    }
    EXPECT_EQ(sold, held + gone + cancelled);
    EXPECT_EQ(money + revenue, 3 * 200'000'000) << seed;
    EXPECT_GT(gone, 0);
    registry.CheckInvariants();
  }
}

}  // namespace
}  // namespace ets::scheme
