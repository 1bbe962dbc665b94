#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/registry.h"
#include "registry/registry_fixture.h"

namespace ets::registry {
namespace {

// Issue under a law in which a year's cap warns and a phase's binds.
class PhaseCap : public testing::Test {
 protected:
  PhaseCap() {
    Open(registry_, AccountKind::kIssuance);
    total_ = Open(registry_, AccountKind::kTotalQuantity);
    uka29_ = Open(registry_, Unit::Allowance(2029), 100);
    uka30_ = Open(registry_, Unit::Allowance(2030), 50);
    uka31_ = Open(registry_, Unit::Allowance(2031), 40);
  }

  Result<Receipt, Refusal> Issued(LedgerId ledger, std::int64_t amount) {
    return registry_.Apply({}, Issue{total_, ledger, amount});
  }

  Registry registry_{*FindProfile("uk"), nullptr};
  AccountId total_;
  LedgerId uka29_, uka30_, uka31_;
};

TEST_F(PhaseCap, AYearsCapOnlyWarns) {
  EXPECT_EQ(Issued(uka30_, 50)->amount, 0);
  EXPECT_EQ(Issued(uka30_, 30)->amount, 30) << "t above the year's cap";
  registry_.CheckInvariants();
}

TEST_F(PhaseCap, ThePhasesCapBinds) {
  ASSERT_TRUE(Issued(uka30_, 120).ok());
  EXPECT_EQ(Issued(uka29_, 31), Fail{Refusal::kCapExceeded});
  EXPECT_EQ(Issued(uka30_, 31), Fail{Refusal::kCapExceeded});
  EXPECT_TRUE(Issued(uka29_, 30).ok());
  EXPECT_EQ(Issued(uka29_, 1), Fail{Refusal::kCapExceeded});
  registry_.CheckInvariants();
}

TEST_F(PhaseCap, IsOfOnePhaseOnly) {
  ASSERT_TRUE(Issued(uka29_, 150).ok());
  EXPECT_TRUE(Issued(uka31_, 40).ok());
  EXPECT_EQ(Issued(uka31_, 1), Fail{Refusal::kCapExceeded});
}

TEST_F(PhaseCap, IsNotOfALedgerWithoutACapAndGrowsWithItsVintages) {
  const LedgerId without = Open(registry_, Unit::Allowance(2028));
  EXPECT_TRUE(Issued(without, 1'000).ok());
  EXPECT_TRUE(Issued(uka29_, 150).ok());
  EXPECT_EQ(Issued(uka29_, 1), Fail{Refusal::kCapExceeded});
  Open(registry_, Unit::Allowance(2027), 5);
  EXPECT_TRUE(Issued(uka29_, 5).ok());
}

TEST(Cap, WithoutPhasesAndWithoutBindingNothingIsRefused) {
  Profile profile = *FindProfile("uk");
  profile.cap_phase_years = 0;
  Registry registry(profile, nullptr);
  Open(registry, AccountKind::kIssuance);
  const AccountId total = Open(registry, AccountKind::kTotalQuantity);
  const LedgerId ledger = Open(registry, Unit::Allowance(2029), 100);
  EXPECT_EQ(registry.Apply({}, Issue{total, ledger, 500})->amount, 400);
}

}  // namespace
}  // namespace ets::registry
