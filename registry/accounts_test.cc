#include "registry/registry_desk.h"

namespace ets::registry {
namespace {

class AccountsTest : public Desk {};

// ---- What an account may do ----

TEST_F(AccountsTest, SendsReceivesAndSurrendersByItsCapabilities) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(VerifyEmissions{0, 2025, Tonnes(100)});

  Must(SetAccount{is_.holder, kMayReceive | kMaySurrender});  // The EU's "blocked".
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 1), Refusal::kAccountBlocked);
  ExpectRefused(ConvertUnits{is_.holder, is_.cea25, is_.cea26, 1}, Refusal::kAccountBlocked);
  ExpectRefused(CancelUnits{is_.holder, is_.cea25, 1, "", ""}, Refusal::kAccountBlocked);
  Must(Surrender{is_.holder, is_.cea25, 2025, 1});
  Must(Issue{is_.holder, is_.cea25, 1});

  Must(SetAccount{is_.holder, kMaySend});
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 1));
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 1}, Refusal::kAccountRestricted);
  ExpectRefused(SurrenderInOrder{is_.holder, 2025, 1}, Refusal::kAccountRestricted);
  ExpectRefused(Issue{is_.holder, is_.cea25, 1}, Refusal::kAccountRestricted);
  ExpectRefused(Plain(is_.other_holder, is_.holder, is_.cea25, 1), Refusal::kAccountRestricted);

  Must(SetAccount{is_.holder, 0});  // Suspended.
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 1), Refusal::kAccountSuspended);
  ExpectRefused(Plain(is_.other_holder, is_.holder, is_.cea25, 1), Refusal::kAccountSuspended);
  ExpectRefused(Surrender{is_.holder, is_.cea25, 2025, 1}, Refusal::kAccountSuspended);
  Must(SetAccount{is_.holder});
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 1));
  EXPECT_EQ(registry_.account(is_.holder).capabilities, kMayAll);
}

TEST_F(AccountsTest, KnowsNoOtherCapabilitiesThanThree) {
  ExpectRefused(SetAccount{is_.holder, 8}, Refusal::kValueInvalid);
  ExpectRefused(SetAccount{AccountId(999), 8}, Refusal::kAccountNotFound);
}

TEST_F(AccountsTest, MaySendAgainAfterAFailedSettlementWhenItIsSetTo) {
  Must(Settle{1, {{is_.escrow, is_.other_escrow, is_.cea25, is_.cny, 1, 0}}, {}});
  EXPECT_TRUE(registry_.account(is_.holder).blocked);
  Must(SetAccount{is_.holder, kMayReceive | kMaySurrender});
  EXPECT_TRUE(registry_.account(is_.holder).blocked);
  Must(SetAccount{is_.holder});
  EXPECT_FALSE(registry_.account(is_.holder).blocked);
}

// ---- Closing ----

TEST_F(AccountsTest, ClosesForGoodOnceNothingIsLeftInIt) {
  Must(Issue{is_.holder, is_.cea25, 5});
  ExpectRefused(CloseAccount{is_.holder}, Refusal::kAccountNotEmpty);
  const std::uint32_t freeze = Must(Freeze{is_.holder, is_.cea24, 1, 0, "a court"}).id;
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 5));
  ExpectRefused(CloseAccount{is_.holder}, Refusal::kAccountNotEmpty);
  Must(Unfreeze{freeze});
  Must(CloseAccount{is_.holder});
  EXPECT_TRUE(registry_.account(is_.holder).closed);
  ExpectRefused(CloseAccount{is_.holder}, Refusal::kAccountClosed);
  ExpectRefused(SetAccount{is_.holder}, Refusal::kAccountClosed);
  ExpectRefused(Issue{is_.holder, is_.cea25, 1}, Refusal::kAccountClosed);
  ExpectRefused(Plain(is_.other_holder, is_.holder, is_.cea25, 1), Refusal::kAccountClosed);
  ExpectRefused(Freeze{is_.holder, is_.cea25, 1, 0, "a court"}, Refusal::kAccountClosed);
  ExpectRefused(AddTrusted{is_.other_holder, is_.holder}, Refusal::kAccountClosed);
}

TEST_F(AccountsTest, StaysOpenWhileATransferIntoItIsPending) {
  Must(Issue{is_.other_holder, is_.cea25, 5});
  const std::uint32_t pending =
      Must(ReserveTransfer{{is_.other_holder, is_.holder, is_.cea25, 5}, 0}).id;
  ExpectRefused(CloseAccount{is_.holder}, Refusal::kAccountNotEmpty);
  Must(VoidPending{pending});
  Must(CloseAccount{is_.holder});
}

TEST_F(AccountsTest, ClosesNoneOfTheAuthority) {
  ExpectRefused(CloseAccount{is_.stock}, Refusal::kWrongAccountKind);
  ExpectRefused(CloseAccount{AccountId(999)}, Refusal::kAccountNotFound);
}

TEST_F(AccountsTest, StaysOpenWhileItOwesAReturnOfExcess) {
  Must(Issue{is_.allocation, is_.cea25, 100});
  Must(SetEntitlement{0, 2025, 1, 100});
  Must(RunAllocation{2025, 1, is_.allocation, is_.cea25});
  Must(SetEntitlement{0, 2025, 1, 60});
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 100));
  ExpectRefused(CloseAccount{is_.holder}, Refusal::kReturnOfExcessPending);
  EXPECT_EQ(registry_.detail().limit, 40);
  Must(Plain(is_.other_holder, is_.holder, is_.cea25, 40));
  Must(ReturnExcess{is_.holder, is_.allocation, is_.cea25, 2025, 1, 40});
  Must(CloseAccount{is_.holder});
}

// ---- Entities ----

TEST_F(AccountsTest, KeepsAFirmsYearsAndGroup) {
  Must(SetEntity{0, 2021, 2030, 7});
  Must(ExcludeYear{0, 2024});
  Must(ExcludeYear{0, 2022});
  Must(ExcludeYear{0, 2022});
  EntityView firm = registry_.entity(0);
  EXPECT_EQ(firm.first_year, 2021);
  EXPECT_EQ(firm.last_year, 2030);
  EXPECT_EQ(firm.group, 7U);
  EXPECT_THAT(firm.excluded_years, testing::ElementsAre(2022, 2024));
  Must(ExcludeYear{0, 2022, false});
  Must(SetEntity{0, 2021, 0, 0});
  firm = registry_.entity(0);
  EXPECT_EQ(firm.last_year, 0);
  EXPECT_THAT(firm.excluded_years, testing::ElementsAre(2024));
  EXPECT_THAT(registry_.entities(), testing::ElementsAre(0, 1));
  EXPECT_FALSE(registry_.has_entity(2));
}

TEST_F(AccountsTest, RefusesYearsThatAreNoneAndFirmsItDoesNotKnow) {
  ExpectRefused(SetEntity{5, 2021, 0, 0}, Refusal::kEntityNotFound);
  ExpectRefused(SetEntity{0, 1999, 0, 0}, Refusal::kValueInvalid);
  ExpectRefused(SetEntity{0, 2025, 2024, 0}, Refusal::kValueInvalid);
  ExpectRefused(ExcludeYear{5, 2025}, Refusal::kEntityNotFound);
  ExpectRefused(ExcludeYear{0, 2100}, Refusal::kValueInvalid);
}

// ---- Trusted lists ----

Profile OnTrustedListsOnly() {
  Profile law = TwoPeriods();
  law.trusted_list_only = true;
  law.trusted_entry.kind = ExecutionRule::Kind::kAtMinute;
  law.trusted_entry.cutoff_minute = 1'439;
  law.trusted_entry.at_minute = 720;
  law.trusted_entry.days_before = 4;
  law.trusted_entry.days_after = 4;
  return law;
}
class TrustedListTest : public Desk {
 protected:
  TrustedListTest() : Desk(OnTrustedListsOnly()) {}
};

TEST_F(TrustedListTest, LetsAHolderSendOnlyToWhomItTrustsByThen) {
  Must(Issue{is_.holder, is_.cea25, 100});
  Until(2026, 3, 2, 9);  // A Monday.
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 1), Refusal::kNotOnTrustedList);
  EXPECT_EQ(registry_.detail().account, is_.other_holder);
  Must(AddTrusted{is_.holder, is_.other_holder});
  Must(AddTrusted{is_.holder, is_.other_holder});  // Once more changes nothing.
  ASSERT_EQ(registry_.trusted(is_.holder).size(), 1U);
  EXPECT_EQ(registry_.trusted(is_.holder)[0].state, TrustState::kPending);
  EXPECT_EQ(Local(registry_.next_due()).date, Date::Of(2026, 3, 6));
  Until(2026, 3, 6, 11, 59);
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 1), Refusal::kNotOnTrustedList);
  EXPECT_EQ(Until(2026, 3, 6, 12).amount, 1);
  EXPECT_TRUE(registry_.is_trusted(is_.holder, is_.other_holder));
  Must(Plain(is_.holder, is_.other_holder, is_.cea25, 1));
  ExpectRefused(Plain(is_.other_holder, is_.holder, is_.cea25, 1), Refusal::kNotOnTrustedList);
  Must(RemoveTrusted{is_.holder, is_.other_holder});
  ExpectRefused(Plain(is_.holder, is_.other_holder, is_.cea25, 1), Refusal::kNotOnTrustedList);
  ExpectRefused(RemoveTrusted{is_.holder, is_.other_holder}, Refusal::kNotOnTrustedList);
}

TEST_F(TrustedListTest, ForgetsAnEntryThatIsTakenBackBeforeItCounts) {
  Must(AddTrusted{is_.holder, is_.other_holder});
  Must(RemoveTrusted{is_.holder, is_.other_holder});
  EXPECT_EQ(registry_.next_due(), std::numeric_limits<SimTime>::max());
  EXPECT_TRUE(registry_.trusted(is_.holder).empty());
}

TEST_F(TrustedListTest, TrustsTheAuthorityAndTheHoldersOwnAccountsByItself) {
  const AccountId second = Opens(AccountKind::kHolder, 0);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(Plain(is_.holder, second, is_.cea25, 1));
  Must(Plain(is_.holder, is_.escrow, is_.cea25, 1));
  Must(Plain(is_.holder, is_.stock, is_.cea25, 1));
  EXPECT_TRUE(registry_.is_trusted(is_.holder, second));
  EXPECT_TRUE(registry_.trusted(is_.holder).empty());
}

TEST_F(TrustedListTest, LetsThoseSendAnywhereWhoOptedOutOrTrade) {
  const AccountId trader = Opens(AccountKind::kTrading, 9);
  Must(Issue{is_.holder, is_.cea25, 100});
  Must(SetAccount{is_.holder, kMayAll, true});
  Must(Plain(is_.holder, trader, is_.cea25, 10));
  Must(Plain(trader, is_.other_holder, is_.cea25, 10));
}

TEST_F(TrustedListTest, KeepsListsForHoldersOfOtherAccountsOnly) {
  ExpectRefused(AddTrusted{is_.holder, is_.holder}, Refusal::kSameAccount);
  ExpectRefused(AddTrusted{is_.stock, is_.holder}, Refusal::kWrongAccountKind);
  ExpectRefused(AddTrusted{is_.holder, AccountId(999)}, Refusal::kAccountNotFound);
  ExpectRefused(RemoveTrusted{AccountId(999), is_.holder}, Refusal::kAccountNotFound);
}

// ---- People ----

TEST_F(AccountsTest, KnowsPeopleByTheirNumbersAndWhatTheyMayDo) {
  SetPrincipal person{7, Role::kHolder, true, "Person", {}};
  person.token_hash.fill('h');
  Must(person);
  Must(SetGrant{7, is_.holder, kMayRead | kMayInitiate});
  EXPECT_EQ(registry_.rights(7, is_.holder), kMayRead | kMayInitiate);
  EXPECT_EQ(registry_.rights(7, is_.other_holder), 0);
  ASSERT_NE(registry_.FindPrincipal(7), nullptr);
  EXPECT_EQ(registry_.FindPrincipal(7)->token_hash, person.token_hash);
  person.active = false;
  Must(person);
  ASSERT_EQ(registry_.principals().size(), 1U);
  EXPECT_FALSE(registry_.principals()[0].active);
  Must(SetGrant{7, is_.holder, 0});
  EXPECT_EQ(registry_.rights(7, is_.holder), 0);
}

TEST_F(AccountsTest, GivesAVerifierNoRightOnAnAccount) {
  Person(1, Role::kVerifier);
  ExpectRefused(SetGrant{1, is_.holder, kMayRead}, Refusal::kValueInvalid);
  Person(2);
  Must(SetGrant{2, is_.holder, kMayRead});
  ExpectRefused(SetPrincipal{2, Role::kVerifier, true, "now a verifier", {}},
                Refusal::kValueInvalid);
}

TEST_F(AccountsTest, RefusesPeopleWithoutNameNumberOrRole) {
  ExpectRefused(SetPrincipal{0, Role::kHolder, true, "x", {}}, Refusal::kValueInvalid);
  ExpectRefused(SetPrincipal{1, Role{}, true, "x", {}}, Refusal::kValueInvalid);
  ExpectRefused(SetPrincipal{1, static_cast<Role>(kRoleCount), true, "x", {}},
                Refusal::kValueInvalid);
  ExpectRefused(SetPrincipal{1, Role::kHolder, true, "", {}}, Refusal::kValueInvalid);
  ExpectRefused(SetPrincipal{1, Role::kHolder, true, std::string(65, 'x'), {}},
                Refusal::kValueInvalid);
  ExpectRefused(SetGrant{1, is_.holder, kMayRead}, Refusal::kPrincipalNotFound);
  Person(1);
  ExpectRefused(SetGrant{1, is_.holder, 8}, Refusal::kValueInvalid);
  ExpectRefused(SetGrant{1, AccountId(999), kMayRead}, Refusal::kAccountNotFound);
}

}  // namespace
}  // namespace ets::registry
