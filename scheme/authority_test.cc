#include "scheme/authority.h"

#include <numeric>

#include "scheme/authority_fixture.h"

namespace ets::scheme {
namespace {

TEST_F(AuthorityTest, PreAllocatesAShareOfTheLastVerifiedEmissionsRoundedDown) {
  const std::size_t sector = AddSector("neutral");
  rules(sector, 2025).pre_allocation_share = 0.7;
  Start();
  const FirmId firm = AddFirm(sector, 100'001);
  LiveTo(Date::Of(2026, 4, 9));
  EXPECT_EQ(Holds(firm, 2025), 0);
  LiveTo(Date::Of(2026, 4, 10));
  EXPECT_EQ(Holds(firm, 2025), 70'000);
  EXPECT_EQ(registry_.totals(authority_->Ledger(2025)).issued, 70'000);
  EXPECT_EQ(authority_->firm_vintage(firm, 2025).pre_allocated, Tonnes(70'000));
}

TEST_F(AuthorityTest, GivesTheRestWhenTheFinalAllocationIsMore) {
  const std::size_t sector = AddSector("neutral");
  rules(sector, 2025).pre_allocation_share = 0.7;
  Start();
  const FirmId firm = AddFirm(sector, 100'000);
  authority_->File(firm, 2025, Did(120'000));
  LiveTo(Date::Of(2026, 9, 29));
  EXPECT_EQ(Holds(firm, 2025), 70'000);
  EXPECT_EQ(registry_.compliance(firm.raw(), 2025).emissions, Tonnes(120'000));
  LiveTo(Date::Of(2026, 9, 30));
  EXPECT_EQ(Holds(firm, 2025), 120'000);
  EXPECT_EQ(authority_->totals().issued_free, 120'000);
  EXPECT_EQ(authority_->totals().taken_back, 0);
}

TEST_F(AuthorityTest, TakesBackWhatWasTooMuchAndCancelsItWhereThereIsNoCap) {
  const std::size_t sector = AddSector("neutral");
  rules(sector, 2025).pre_allocation_share = 0.7;
  Start();
  const FirmId firm = AddFirm(sector, 100'000);
  authority_->File(firm, 2025, Did(50'000));
  LiveTo(Date::Of(2026, 9, 30));
  EXPECT_EQ(Holds(firm, 2025), 50'000);
  EXPECT_EQ(authority_->firm_vintage(firm, 2025).taken_back, Tonnes(20'000));
  EXPECT_EQ(registry_.totals(authority_->Ledger(2025)).issued, 70'000);
  EXPECT_EQ(registry_.totals(authority_->Ledger(2025)).cancelled, 20'000);
  EXPECT_EQ(In(accounts().allocation, 2025), 0);
}

TEST_F(AuthorityTest, NetsWhatWasSoldBeforeItCouldBeTakenBackFromTheNextAllocation) {
  const std::size_t sector = AddSector("neutral");
  rules(sector, 2025).pre_allocation_share = 0.7;
  rules(sector, 2026).pre_allocation_share = 0.7;
  Start();
  const FirmId firm = AddFirm(sector, 100'000);
  const FirmId buyer = AddFirm(sector, 0);
  authority_->File(firm, 2025, Did(50'000));
  LiveTo(Date::Of(2026, 9, 29));
  Give(firm, buyer, 2025, 65'000);
  LiveTo(Date::Of(2026, 9, 30));
  // 20,000 t too much, 5,000 t still there.
  EXPECT_EQ(Holds(firm, 2025), 0);
  EXPECT_EQ(Holds(buyer, 2025), 65'000);
  EXPECT_EQ(authority_->totals().taken_back, 5'000);
  LiveTo(Date::Of(2027, 4, 10));
  EXPECT_EQ(Holds(firm, 2026), 35'000 - 15'000);
  EXPECT_EQ(authority_->totals().taken_back, 20'000);
}

TEST_F(AuthorityTest, GivesAFirmBelowTheThresholdWhatItEmittedWhereThereIsNoCap) {
  const std::size_t sector = AddSector("band");
  Start();
  const FirmId clean = AddFirm(sector, 40'000, 40'000);
  const FirmId dirty = AddFirm(sector, 60'000, 40'000);
  const FirmId small = AddFirm(sector, 25'999, 5'000);
  authority_->File(clean, 2025, Did(40'000, 40'000));
  authority_->File(dirty, 2025, Did(60'000, 40'000));
  authority_->File(small, 2025, Did(25'999, 5'000));
  LiveTo(Date::Of(2026, 9, 30));
  EXPECT_EQ(Holds(small, 2025), 25'999);
  EXPECT_GT(Holds(clean, 2025), 40'000);
  EXPECT_LT(Holds(dirty, 2025), 60'000);
  // The band is neutral for its sector; each firm's tonnes are rounded down.
  EXPECT_NEAR(static_cast<double>(Holds(clean, 2025) + Holds(dirty, 2025)), 100'000, 2);
  EXPECT_GT(authority_->sector_figure(sector, 2025), 1.0);
  EXPECT_LT(authority_->sector_figure(sector, 2025), 1.5);
}

TEST_F(AuthorityTest, IssuesACapInThreePartsThatAddUpExactly) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 1'000'003, 0.25);
  book_.auction_enabled = false;
  Start();
  LiveTo(Date::Of(2027, 1, 1));
  EXPECT_EQ(In(accounts().auction_stock, 2027), 250'000);
  EXPECT_EQ(In(accounts().reserve, 2027), 20'000);
  EXPECT_EQ(In(accounts().allocation, 2027), 1'000'003 - 270'000);
  EXPECT_EQ(authority_->offered(sector, 2027), Tonnes(250'000));
  EXPECT_EQ(registry_.totals(authority_->Ledger(2027)).issued, 1'000'003);
  EXPECT_EQ(registry_.cap(authority_->Ledger(2027)), 1'000'003);
}

TEST_F(AuthorityTest, BindsACapBySectorAndNotByLedgerWhereAnotherSectorHasNone) {
  const std::size_t capped = AddSector("cap", 2027);
  AddSector("neutral", 2027);
  Cap(capped, 2027, 1'000'000, 0);
  Start();
  LiveTo(Date::Of(2027, 1, 1));
  EXPECT_EQ(registry_.cap(authority_->Ledger(2027)), 0);
  EXPECT_EQ(registry_.totals(authority_->Ledger(2027)).issued, 1'000'000);
}

TEST_F(AuthorityTest, SharesACappedSectorsPoolByOutputAndLeavesTheReserveToTheStabilityStock) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 1'000'003, 0.25);
  rules(sector, 2027).pre_allocation_share = 0.5;
  book_.auction_enabled = false;
  Start();
  const FirmId one = AddFirm(sector, 300'000, 1'000);
  const FirmId three = AddFirm(sector, 700'000, 3'000);
  LiveTo(Date::Of(2027, 4, 30));
  EXPECT_EQ(Holds(one, 2027), 730'003 / 2 / 4);
  EXPECT_EQ(Holds(three, 2027), static_cast<std::int64_t>(730'003 * 0.5 * 0.75));
  // Its output grew: two of five parts instead of one of four.
  authority_->File(one, 2027, Did(300'000, 2'000));
  authority_->File(three, 2027, Did(700'000, 3'000));
  LiveTo(Date::Of(2028, 9, 30));
  EXPECT_EQ(Holds(one, 2027), 730'003 * 2 / 5);
  EXPECT_EQ(Holds(three, 2027), 730'003 * 3 / 5);
  // The reserve and the tonne lost to rounding.
  EXPECT_EQ(In(accounts().reserve, 2027), 0);
  EXPECT_EQ(In(accounts().allocation, 2027), 0);
  EXPECT_EQ(In(accounts().stability, 2027), 20'000 + 1);
  EXPECT_EQ(registry_.totals(authority_->Ledger(2027)).issued, 1'000'003);
}

TEST_F(AuthorityTest, ServesEntrantsOutOfTheReserveUntilItIsEmptyAndThenFromThePool) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 1'000'000, 0.25);
  book_.auction_enabled = false;
  Start();
  const FirmId old = AddFirm(sector, 900'000, 3'000);
  const FirmId first = AddFirm(sector, 0, 0);
  const FirmId second = AddFirm(sector, 0, 0);
  authority_->File(old, 2027, Did(900'000, 3'000));
  policy::Activity entrant = Did(20'001, 1'000);
  entrant.neutral = true;
  authority_->File(first, 2027, entrant);
  authority_->File(second, 2027, entrant);
  LiveTo(Date::Of(2028, 9, 30));
  // Three quarters of what the first emitted come out of the reserve of 20,000 t; the 5,000 t left
  // do not cover the second, which shares in the pool by its output.
  EXPECT_EQ(Holds(first, 2027), 15'000);
  EXPECT_EQ(Holds(second, 2027), 730'000 / 4);
  EXPECT_EQ(Holds(old, 2027), 730'000 * 3 / 4);
  EXPECT_EQ(In(accounts().stability, 2027), 5'000);
  EXPECT_EQ(registry_.totals(authority_->Ledger(2027)).issued, 1'000'000);
}

TEST_F(AuthorityTest, KeepsTheReserveUntilTheLastSectorHasItsFinalAllocation) {
  const std::size_t early = AddSector("cap", 2027);
  const std::size_t late = AddSector("cap", 2027);
  for (const std::size_t sector : {early, late}) Cap(sector, 2027, 1'000'000, 0);
  rules(late, 2027).dates.final_issue = Date::Of(2028, 10, 31);
  Start();
  for (const std::size_t sector : {early, late}) {
    const FirmId firm = AddFirm(sector, 900'000);
    authority_->File(firm, 2027, Did(900'000));
  }
  LiveTo(Date::Of(2028, 10, 30));
  EXPECT_EQ(In(accounts().reserve, 2027), 40'000);
  LiveTo(Date::Of(2028, 10, 31));
  EXPECT_EQ(In(accounts().reserve, 2027), 0);
  EXPECT_EQ(In(accounts().stability, 2027), 40'000);
}

TEST_F(AuthorityTest, SellsThePaidShareInWholeLotsOverTheYear) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 10'000'000, 0.333333);
  Start();
  AddFirm(sector, 1);
  LiveTo(Date::Of(2027, 12, 31));
  EXPECT_EQ(held_.size(), book_.calendar.AuctionDays(2027, Weekday::kWednesday).size());
  std::int64_t sold = 0;
  for (const PlannedAuction& planned : held_) {
    EXPECT_EQ(planned.volume.count() % 1'000, 0);
    EXPECT_EQ(planned.reserve, Price::FromMinorPerTonne(60'00));
    EXPECT_EQ(planned.offer, Offer::kRegular);
    sold += planned.volume.count();
  }
  // Less than a lot is left, and withheld.
  EXPECT_EQ(sold, 3'333'000);
  EXPECT_EQ(In(accounts().auction_stock, 2027), 0);
  EXPECT_EQ(In(accounts().stability, 2027), 330);
}

TEST_F(AuthorityTest, CountsTheAuctionsThatAreLeft) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 10'000'000, 0.5);
  Start();
  AddFirm(sector, 1);
  LiveTo(Date::Of(2027, 1, 5));
  const std::size_t all = book_.calendar.AuctionDays(2027, Weekday::kWednesday).size();
  EXPECT_EQ(authority_->AuctionsLeft(Date::Of(2027, 1, 6)), all);
  EXPECT_EQ(authority_->AuctionsLeft(Date::Of(2027, 1, 7)), all - 1);
  EXPECT_EQ(authority_->AuctionsLeft(Date::Of(2027, 12, 31)), 0U);
}

TEST_F(AuthorityTest, CarriesUnsoldVolumeOverFourAuctionsUpToTheCeilingAndWithholdsTheRest) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 20'000'000, 0.5);
  sold_share_ = [](std::size_t auction) { return auction == 1 ? 0.0 : 1.0; };
  Start();
  AddFirm(sector, 1);
  LiveTo(Date::Of(2027, 3, 31));
  const std::int64_t first = held_[0].volume.count();
  const std::int64_t ceiling = first * 5 / 4 / 1'000 * 1'000;
  for (std::size_t i = 1; i <= 4; ++i) EXPECT_EQ(held_[i].volume.count(), ceiling) << i;
  EXPECT_EQ(held_[5].volume.count(), first);
  EXPECT_EQ(In(accounts().stability, 2027), first - 4 * (ceiling - first));
}

TEST_F(AuthorityTest, WithholdsEverythingWhenNobodyBuysAllYear) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 20'000'000, 0.5);
  sold_share_ = [](std::size_t) { return 0.0; };
  Start();
  AddFirm(sector, 1);
  LiveTo(Date::Of(2027, 12, 31));
  EXPECT_EQ(In(accounts().auction_stock, 2027), 0);
  EXPECT_EQ(In(accounts().stability, 2027), 10'000'000);
  for (const PlannedAuction& planned : held_)
    EXPECT_LE(planned.volume.count(), held_[0].volume.count() * 5 / 4);
}

TEST_F(AuthorityTest, OffersAQuarterOfTheStabilityStockAfterFourAuctionsAtTheTrigger) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 200'000'000, 0.5);
  // The first three auctions fail and fill the stability stock; then prices reach the trigger.
  sold_share_ = [](std::size_t auction) { return auction <= 3 ? 0.0 : 1.0; };
  price_ = Price::FromMinorPerTonne(150'00);
  Start();
  AddFirm(sector, 1);
  const auto days = book_.calendar.AuctionDays(2027, Weekday::kWednesday);
  LiveTo(days[6]);
  const std::int64_t stock = In(accounts().stability, 2027);
  ASSERT_GE(stock, 100'000);
  ASSERT_EQ(held_.size(), 7U) << "a failed auction counts at its reserve price";
  LiveTo(days[7]);
  ASSERT_EQ(held_.size(), 9U);
  EXPECT_EQ(held_[7].offer, Offer::kRegular);
  EXPECT_EQ(held_[8].offer, Offer::kContainment);
  EXPECT_EQ(held_[8].volume.count(), stock / 4 / 1'000 * 1'000);
  EXPECT_EQ(held_[8].reserve, Price::FromMinorPerTonne(150'00));
  EXPECT_EQ(In(accounts().stability, 2027), stock - held_[8].volume.count());
}

TEST_F(AuthorityTest, OffersNothingExtraAFenBelowTheTrigger) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 200'000'000, 0.5);
  sold_share_ = [](std::size_t auction) { return auction <= 3 ? 0.0 : 1.0; };
  price_ = Price::FromMinorPerTonne(149'99);
  Start();
  AddFirm(sector, 1);
  LiveTo(Date::Of(2027, 12, 31));
  for (const PlannedAuction& planned : held_) EXPECT_EQ(planned.offer, Offer::kRegular);
}

TEST_F(AuthorityTest, PutsUnsoldContainmentVolumeBackIntoTheStabilityStock) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 200'000'000, 0.5);
  sold_share_ = [](std::size_t auction) { return auction <= 3 || auction == 9 ? 0.0 : 1.0; };
  price_ = Price::FromMinorPerTonne(150'00);
  Start();
  AddFirm(sector, 1);
  const auto days = book_.calendar.AuctionDays(2027, Weekday::kWednesday);
  LiveTo(days[6]);
  const std::int64_t stock = In(accounts().stability, 2027);
  LiveTo(days[7]);
  ASSERT_EQ(held_.back().offer, Offer::kContainment);
  EXPECT_EQ(In(accounts().stability, 2027), stock);
}

TEST_F(AuthorityTest, CancelsTheStabilityStockAboveItsCeilingOnNewYearsDay) {
  const std::size_t sector = AddSector("cap", 2027);
  Cap(sector, 2027, 20'000'000, 0.5);
  Cap(sector, 2028, 10'000'000, 0);
  sold_share_ = [](std::size_t) { return 0.0; };
  Start();
  AddFirm(sector, 1);
  LiveTo(Date::Of(2027, 12, 31));
  ASSERT_EQ(In(accounts().stability, 2027), 10'000'000);
  LiveTo(Date::Of(2028, 1, 1));
  // 6% of the new year's caps stay.
  EXPECT_EQ(In(accounts().stability, 2027), 600'000);
  EXPECT_EQ(In(accounts().cancellation, 2027), 9'400'000);
}

TEST_F(AuthorityTest, FinesShortfallsFiveSevenAndTenTimesAndKeepsThemDue) {
  const std::size_t sector = AddSector("neutral");
  Start();
  const FirmId firm = AddFirm(sector, 100'000);
  const Price price = Price::FromMinorPerTonne(80'00);
  const int multiples[] = {5, 7, 10, 10};
  std::int64_t fines = 0;
  for (int i = 0; i < 4; ++i) {
    const int vintage = 2025 + i;
    authority_->File(firm, vintage, Did(100'000));
    LiveTo(Date::Of(vintage + 1, 12, 30));
    EXPECT_FALSE(authority_->firm_vintage(firm, vintage).assessed);
    LiveTo(Date::Of(vintage + 1, 12, 31), price);
    const FirmVintage& record = authority_->firm_vintage(firm, vintage);
    EXPECT_TRUE(record.assessed);
    EXPECT_EQ(record.shortfall, Tonnes(100'000));
    EXPECT_EQ(record.fine, price * Tonnes(100'000 * multiples[i])) << vintage;
    fines += record.fine.minor();
    EXPECT_EQ(authority_->arrears(firm), Tonnes(100'000 * (i + 1)));
  }
  EXPECT_EQ(registry_.balance(accounts().treasury, authority_->cny()), fines);
  EXPECT_EQ(registry_.balance(accounts().bank, authority_->cny()), -fines);
  authority_->PaidArrears(firm, Tonnes(150'000));
  EXPECT_EQ(authority_->arrears(firm), Tonnes(250'000));
}

TEST_F(AuthorityTest, FinesNobodyWhoSurrenderedInFull) {
  const std::size_t sector = AddSector("neutral");
  Start();
  const FirmId firm = AddFirm(sector, 100'000);
  authority_->File(firm, 2025, Did(100'000));
  LiveTo(Date::Of(2026, 12, 30));
  ASSERT_TRUE(registry_
                  .Apply({}, registry::Surrender{holders_[firm.raw()], authority_->Ledger(2025),
                                                 2025, 100'000})
                  .ok());
  LiveTo(Date::Of(2026, 12, 31));
  EXPECT_EQ(authority_->firm_vintage(firm, 2025).fine, Money());
  EXPECT_EQ(authority_->arrears(firm), Tonnes());
  EXPECT_EQ(registry_.compliance(firm.raw(), 2025).symbol, registry::ComplianceSymbol::kCompliant);
}

TEST_F(AuthorityTest, CarriesNothingOverForAFirmThatWasShort) {
  const std::size_t sector = AddSector("neutral", 2024);
  scheme::VintageDates& dates = rules(sector, 2024).dates;
  dates.verification = Date::Of(2025, 12, 2);
  dates.final_issue = Date::Of(2025, 12, 3);
  dates.deadline = Date::Of(2025, 12, 31);
  today_ = Date::Of(2025, 12, 1);
  Start();
  const FirmId firm = AddFirm(sector, 100'000);
  authority_->File(firm, 2024, Did(100'000));
  ASSERT_TRUE(registry_
                  .Apply({}, registry::Issue{holders_[firm.raw()], authority_->Ledger(2023), 20'000,
                                             TransferCode::kIssue})
                  .ok());
  EXPECT_EQ(authority_->CarryOverRoom(firm, Tonnes(), Tonnes(20'000)), Tonnes(10'000));
  LiveTo(Date::Of(2025, 12, 31));  // It surrenders nothing.
  EXPECT_EQ(authority_->CarryOverRoom(firm, Tonnes(), Tonnes(20'000)), Tonnes());
  EXPECT_EQ(authority_->CarryOver(firm, Tonnes(10'000)), Tonnes());
  EXPECT_EQ(Holds(firm, 2023), 20'000);
}

TEST_F(AuthorityTest, CarriesOverTheOldestUnitsFirstWithinWhatNetSalesAllow) {
  const std::size_t sector = AddSector("neutral", 2024);
  Start();
  const FirmId firm = AddFirm(sector, 100'000);
  for (const int vintage : {2021, 2023}) {
    ASSERT_TRUE(registry_
                    .Apply({}, registry::Issue{holders_[firm.raw()], authority_->Ledger(vintage),
                                               20'000, TransferCode::kIssue})
                    .ok());
  }
  // A base of 10,000 t and one and a half times the net sales; never more than there is.
  EXPECT_EQ(authority_->CarryOverRoom(firm, Tonnes(10'000), Tonnes(40'000)), Tonnes(25'000));
  EXPECT_EQ(authority_->CarryOverRoom(firm, Tonnes(-10'000), Tonnes(40'000)), Tonnes(10'000));
  EXPECT_EQ(authority_->CarryOverRoom(firm, Tonnes(90'000), Tonnes(40'000)), Tonnes(40'000));
  EXPECT_EQ(authority_->CarryOver(firm, Tonnes(25'000)), Tonnes(25'000));
  EXPECT_EQ(Holds(firm, 2021), 0);
  EXPECT_EQ(Holds(firm, 2023), 15'000);
  EXPECT_EQ(Holds(firm, 2025), 25'000);
  // What was not carried over has no use after the expiry.
  LiveTo(Date::Of(2026, 6, 29));
  EXPECT_EQ(Holds(firm, 2023), 15'000);
  LiveTo(Date::Of(2026, 6, 30));
  EXPECT_EQ(Holds(firm, 2023), 0);
  EXPECT_EQ(Holds(firm, 2025), 25'000);
  EXPECT_EQ(authority_->totals().expired_from_firms, 15'000);
  EXPECT_EQ(authority_->totals().converted, 25'000);
}

}  // namespace
}  // namespace ets::scheme
