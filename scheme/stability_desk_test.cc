// The stability rules in a scheme of one or two firms: what is withheld, released, cancelled,
// issued.
#include "scheme/stability_desk.h"

#include <algorithm>
#include <map>

#include "base/prng.h"
#include "scheme/authority_fixture.h"

namespace ets::scheme {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

Price Yuan(std::int64_t yuan) { return Price::FromMinorPerTonne(yuan * 100); }

class StabilityTest : public AuthorityTest {
 protected:
  // A sector with a cap of 100 m t from 2027 on, half of it sold; 1.96 m t an auction.
  void StartCapped(double paid = 0.5) {
    sector_ = AddSector("cap", 2027);
    for (int year = 2027; year <= 2030; ++year) Cap(sector_, year, 100 * kMillion, paid);
    book_.containment_share = 0;
    Start();
    firm_ = AddFirm(sector_, 95e6, 1'000);
  }
  void Emits(int year, double emissions) { authority_->File(firm_, year, Did(emissions, 1'000)); }
  ReserveRules& reserve() {
    book_.stability.reserve.enabled = true;
    book_.stability.reserve.first_year = 2027;
    return book_.stability.reserve;
  }

  std::int64_t Planned(Date first, Date last) const {
    std::int64_t sum = 0;
    const AuctionPlan& plan = authority_->auction_plan();
    for (std::size_t i = 0; i < plan.days.size(); ++i) {
      if (plan.days[i] >= first && plan.days[i] <= last) sum += plan.slots[i].volume.count();
    }
    return sum;
  }
  std::int64_t PlannedIn(int year) const {
    return Planned(Date::Of(year, 1, 1), Date::Of(year, 12, 31));
  }
  std::int64_t Offered(Offer offer) const {
    std::int64_t sum = 0;
    for (const PlannedAuction& planned : held_) {
      if (planned.offer == offer) sum += planned.volume.count();
    }
    return sum;
  }
  std::int64_t Stock() const { return authority_->stability().stock(2030).count(); }
  void ExpectTheStockAddsUp() const {
    EXPECT_EQ(authority_->stability().stock_year().held_after(), Stock()) << ToString(today_);
  }

  std::size_t sector_ = 0;
  FirmId firm_;
};

// ---- The reserve rule ----

TEST_F(StabilityTest, CountsWhatIsInCirculationOnTheDayItIsVerified) {
  reserve();
  StartCapped();
  Emits(2027, 80e6);
  LiveTo(Date::Of(2028, 7, 31));
  EXPECT_TRUE(authority_->stability().figures().empty());
  LiveTo(Date::Of(2028, 8, 1));
  ASSERT_EQ(authority_->stability().figures().size(), 1U);
  const CirculationFigure& figure = authority_->stability().figures()[0];
  EXPECT_EQ(figure.year, 2027);
  EXPECT_EQ(figure.published, Date::Of(2028, 8, 1));
  EXPECT_EQ(figure.supplied, Tonnes(100 * kMillion));
  EXPECT_EQ(figure.verified, Tonnes(80 * kMillion));
  EXPECT_EQ(figure.in_reserve, Tonnes(2 * kMillion));  // Held back for entrants.
  EXPECT_EQ(figure.circulation, Tonnes(18 * kMillion));
  EXPECT_EQ(figure.rule.upper, Tonnes(8 * kMillion));
  EXPECT_EQ(figure.action.branch, policy::ReserveBranch::kRate);
  EXPECT_EQ(figure.action.intake, Tonnes(4'320'000));
  EXPECT_EQ(figure.period.first, Date::Of(2028, 9, 1));
  EXPECT_EQ(figure.period.last, Date::Of(2029, 8, 31));
}

TEST_F(StabilityTest, WithholdsAThirdUntilDecemberAndTheRestUntilAugust) {
  reserve();
  StartCapped();
  Emits(2027, 80e6);
  LiveTo(Date::Of(2028, 8, 31));
  const std::int64_t before = PlannedIn(2028);
  const std::int64_t until_august = Planned(Date::Of(2028, 1, 1), Date::Of(2028, 8, 31));
  const std::int64_t stock = In(accounts().auction_stock, 2028);
  LiveTo(Date::Of(2028, 9, 1));
  EXPECT_EQ(before - PlannedIn(2028), 1'440'000);
  EXPECT_EQ(Planned(Date::Of(2028, 1, 1), Date::Of(2028, 8, 31)), until_august);
  EXPECT_EQ(In(accounts().auction_stock, 2028), stock - 1'440'000);
  EXPECT_EQ(In(accounts().stability, 2028), 1'440'000);
  // The next figure is not due: what was announced acts until August only.
  Emits(2028, 97.9e6);
  LiveTo(Date::Of(2028, 12, 31));
  LiveTo(Date::Of(2029, 1, 1));
  const std::int64_t year = 50 * kMillion / 1'000 * 1'000;
  EXPECT_EQ(year - PlannedIn(2029), 2'880'000);
  EXPECT_EQ(In(accounts().stability, 2029), 2'880'000);
  const AuctionPlan& plan = authority_->auction_plan();
  for (std::size_t i = 0; i < plan.days.size(); ++i) {
    const bool acts = plan.days[i] <= Date::Of(2029, 8, 31);
    EXPECT_EQ(plan.slots[i].volume < plan.slots[i].first_volume, acts) << ToString(plan.days[i]);
  }
  ExpectTheStockAddsUp();
}

TEST_F(StabilityTest, TakesInOnlyWhatLiesAboveBetweenTheThresholds) {
  reserve();
  StartCapped();
  Emits(2027, 91e6);
  LiveTo(Date::Of(2028, 8, 1));
  const CirculationFigure& figure = authority_->stability().figures()[0];
  EXPECT_EQ(figure.circulation, Tonnes(7 * kMillion));
  EXPECT_EQ(figure.action.branch, policy::ReserveBranch::kBand);
  EXPECT_EQ(figure.action.intake, Tonnes(1 * kMillion));
}

TEST_F(StabilityTest, LeavesAuctionsAloneAboveTheFloor) {
  reserve();
  StartCapped();
  Emits(2027, 93e6);
  LiveTo(Date::Of(2028, 8, 31));
  const std::int64_t before = PlannedIn(2028);
  LiveTo(Date::Of(2028, 9, 1));
  EXPECT_EQ(authority_->stability().figures()[0].action.branch, policy::ReserveBranch::kNothing);
  EXPECT_EQ(PlannedIn(2028), before);
}

TEST_F(StabilityTest, ReleasesBelowTheFloorInSeptemberToAugustWhatItHolds) {
  reserve();
  // Two auctions that fail fill the stock with what the next ones have no room for.
  sold_share_ = [](std::size_t auction) { return auction <= 2 ? 0.0 : 1.0; };
  StartCapped();
  Emits(2027, 96e6);
  LiveTo(Date::Of(2028, 8, 31));
  const CirculationFigure& figure = authority_->stability().figures()[0];
  EXPECT_EQ(figure.action.branch, policy::ReserveBranch::kRelease);
  EXPECT_EQ(figure.action.release, Tonnes(750'000));
  EXPECT_EQ(Offered(Offer::kReserveRule), 0);
  LiveTo(Date::Of(2028, 12, 31));
  EXPECT_EQ(Offered(Offer::kReserveRule), 250'000);
  EXPECT_EQ(authority_->stability().stock_year().released, 250'000);
  Emits(2028, 93e6);
  LiveTo(Date::Of(2029, 8, 31));
  EXPECT_EQ(Offered(Offer::kReserveRule), 750'000);
  for (const PlannedAuction& planned : held_) {
    EXPECT_EQ(planned.reserve, Yuan(60));
  }
  ExpectTheStockAddsUp();
}

TEST_F(StabilityTest, ReleasesAllWhenFewerAreHeld) {
  reserve().shares.release = 100'000;  // 10 m t.
  sold_share_ = [](std::size_t auction) { return auction <= 2 ? 0.0 : 1.0; };
  StartCapped();
  Emits(2027, 96e6);
  LiveTo(Date::Of(2028, 8, 31));
  const Tonnes held = authority_->stability().figures()[0].held;
  EXPECT_GT(held, Tonnes());
  EXPECT_EQ(authority_->stability().figures()[0].action.release, held);
}

TEST_F(StabilityTest, InvalidatesAboveWhatMayBeHeldOnNewYearsDay) {
  reserve().shares.keeps_at_most = 5'000;  // 0.5 m t.
  StartCapped();
  Emits(2027, 80e6);
  LiveTo(Date::Of(2028, 12, 31));
  const std::int64_t held = Stock();  // 1.44 m t withheld, 2 m t of the reserve for entrants.
  ASSERT_GT(held, 3 * kMillion);
  Emits(2028, 90e6);
  LiveTo(Date::Of(2029, 1, 1));
  EXPECT_EQ(authority_->stability().stock_year().cancelled, held - 500'000);
  EXPECT_EQ(Stock(), 500'000 + 2'880'000);  // With what is withheld until August.
  ExpectTheStockAddsUp();
}

TEST_F(StabilityTest, KeepsEverythingIfTheAmendmentPasses) {
  reserve().shares.keeps_at_most = 5'000;
  book_.stability.reserve.invalidates = false;
  book_.stability_ceiling = 0;
  StartCapped();
  Emits(2027, 80e6);
  LiveTo(Date::Of(2028, 12, 31));
  const std::int64_t held = Stock();
  LiveTo(Date::Of(2029, 1, 1));
  EXPECT_EQ(Stock(), held + 2'880'000);
  EXPECT_EQ(authority_->stability().stock_year().cancelled, 0);
}

TEST_F(StabilityTest, LeavesASectorWithoutACapOutOfItsLastYear) {
  reserve().of_emissions = true;
  const std::size_t open = AddSector("neutral", 2027);
  rules(open, 2027).pre_allocation_share = 0.5;
  StartCapped();
  const FirmId other = AddFirm(open, 200e6);
  authority_->File(other, 2027, Did(200e6));
  Emits(2027, 80e6);
  LiveTo(Date::Of(2028, 8, 1));
  const CirculationFigure& figure = authority_->stability().figures()[0];
  // It has half of its allocation by then, and none of its emissions count.
  EXPECT_EQ(figure.supplied, Tonnes(100 * kMillion));
  EXPECT_EQ(figure.verified, Tonnes(80 * kMillion));
  EXPECT_EQ(figure.whole, Tonnes(280 * kMillion));
  authority_->File(other, 2028, Did(200e6));
  Emits(2028, 80e6);
  LiveTo(Date::Of(2029, 8, 1));
  const CirculationFigure& next = authority_->stability().figures()[1];
  EXPECT_EQ(next.supplied, Tonnes(400 * kMillion));
  EXPECT_EQ(next.verified, Tonnes(360 * kMillion));
}

// ---- Rules that look at prices ----

TEST_F(StabilityTest, ReleasesWhenMonthsAreDearAndThenPauses) {
  PriceRule& rule = book_.stability.excessive_price;
  rule.enabled = true;
  rule.by_year = {policy::EuropeanExcessivePrice()};
  rule.first_year = 0;
  rule.volume = 10'000;  // 1 m t.
  // 24 months at 50 until the end of 2027, then 120.01.
  month_mean_ = [](Date day) {
    return day.year() < 2028 ? Yuan(50) : Price::FromMinorPerTonne(120'01);
  };
  sold_share_ = [](std::size_t auction) { return auction <= 2 ? 0.0 : 1.0; };
  StartCapped();
  Emits(2027, 95e6);
  LiveTo(Date::Of(2028, 7, 1));
  const auto& readings = authority_->stability().readings();
  ASSERT_FALSE(readings.empty());
  EXPECT_EQ(readings.back().date, Date::Of(2028, 7, 1));
  EXPECT_TRUE(readings.back().triggered);
  EXPECT_EQ(readings.back().threshold, Yuan(120));
  EXPECT_EQ(readings.back().volume, Tonnes(kMillion));
  EXPECT_EQ(Offered(Offer::kExcessivePrice), 0);
  LiveTo(Date::Of(2028, 9, 30));
  EXPECT_EQ(Offered(Offer::kExcessivePrice), kMillion);
  // Dear as it is, nothing more comes for a year.
  LiveTo(Date::Of(2029, 6, 30));
  EXPECT_EQ(Offered(Offer::kExcessivePrice), kMillion);
  ExpectTheStockAddsUp();
}

class CostContainmentTest : public StabilityTest {
 protected:
  CostContainmentTest() {
    PriceRule& rule = book_.stability.cost_containment;
    rule.enabled = true;
    for (const int year : {1, 2, 3}) rule.by_year.push_back(policy::BritishCostContainment(year));
    rule.first_year = 2027;
    rule.volume = 30'000;  // 3 m t.
    rule.from_later_auctions = true;
    month_mean_ = [](Date day) { return day < Date::Of(2028, 3, 1) ? Yuan(50) : Yuan(130); };
  }
};

TEST_F(CostContainmentTest, BringsVolumeForwardFromLaterAuctionsOfTheYear) {
  StartCapped();
  // The scheme's second year: 2.5 times for three months.
  LiveTo(Date::Of(2028, 5, 31));
  const std::int64_t year = PlannedIn(2028);
  const std::int64_t summer = Planned(Date::Of(2028, 6, 1), Date::Of(2028, 8, 31));
  LiveTo(Date::Of(2028, 6, 1));
  EXPECT_TRUE(authority_->stability().readings().back().triggered);
  EXPECT_EQ(PlannedIn(2028), year);
  EXPECT_EQ(Planned(Date::Of(2028, 6, 1), Date::Of(2028, 8, 31)), summer + 3 * kMillion);
  EXPECT_EQ(Stock(), 0);
}

TEST_F(CostContainmentTest, OnlyTellsWhenNobodyActs) {
  book_.stability.cost_containment.acts = false;
  StartCapped();
  LiveTo(Date::Of(2028, 5, 31));
  const std::int64_t summer = Planned(Date::Of(2028, 6, 1), Date::Of(2028, 8, 31));
  LiveTo(Date::Of(2028, 6, 1));
  EXPECT_TRUE(authority_->stability().readings().back().triggered);
  EXPECT_EQ(authority_->stability().readings().back().volume, Tonnes());
  EXPECT_EQ(Planned(Date::Of(2028, 6, 1), Date::Of(2028, 8, 31)), summer);
}

class AuctionTriggersTest : public StabilityTest {
 protected:
  AuctionTriggersTest() {
    book_.stability.triggers.enabled = true;
    book_.stability.triggers.by_year[2027] = {Yuan(150), Yuan(220), Yuan(65)};
  }
};

TEST_F(AuctionTriggersTest, SetAsideWhatTheTiersNeedAndOfferItAboveTheirPrices) {
  StartCapped();
  LiveTo(Date::Of(2027, 1, 1));
  EXPECT_EQ(PlannedIn(2027), 40 * kMillion);
  EXPECT_EQ(Stock(), 10 * kMillion);
  EXPECT_EQ(authority_->stability().stock_year().set_aside, 10 * kMillion);
  // The second auction takes 200,000 t of the first tier.
  clears_ = [this](const PlannedAuction&, auction::Clearing& clearing) {
    if (held_.size() != 2) return;
    clearing.contained = Tonnes(200'000);
    clearing.sold += clearing.contained;
  };
  LiveTo(Date::Of(2027, 1, 20));
  ASSERT_EQ(held_.size(), 3U);
  ASSERT_EQ(held_[0].tiers.size(), 2U);
  EXPECT_EQ(held_[0].tiers[0].price, Yuan(150));
  EXPECT_EQ(held_[0].tiers[0].volume, Tonnes(5 * kMillion));
  EXPECT_EQ(held_[0].tiers[1].price, Yuan(220));
  EXPECT_EQ(held_[1].tiers[0].volume, Tonnes(5 * kMillion));
  EXPECT_EQ(held_[2].tiers[0].volume, Tonnes(4'800'000));
  EXPECT_EQ(held_[2].tiers[1].volume, Tonnes(5 * kMillion));
  EXPECT_EQ(Stock(), 9'800'000);
  EXPECT_EQ(authority_->stability().readings().back().volume, Tonnes(200'000));
  ExpectTheStockAddsUp();
}

TEST_F(AuctionTriggersTest, CancelWhatLowPricesKeepBackUpToTheYearsShare) {
  book_.stability.triggers.withheld = 1'000;  // 50,000 t.
  clears_ = [](const PlannedAuction& planned, auction::Clearing& clearing) {
    if (!planned.withholding) return;
    clearing.withheld = std::min(planned.withholding->volume, Tonnes(30'000));
    clearing.sold -= clearing.withheld;
  };
  StartCapped();
  LiveTo(Date::Of(2027, 1, 31));
  ASSERT_GE(held_.size(), 3U);
  EXPECT_EQ(held_[0].withholding->volume, Tonnes(50'000));
  EXPECT_EQ(held_[1].withholding->volume, Tonnes(20'000));
  EXPECT_FALSE(held_[2].withholding.has_value());
  EXPECT_EQ(In(accounts().cancellation, 2027), 50'000);
}

class CollarTest : public StabilityTest {
 protected:
  CollarTest() {
    book_.stability.collar.enabled = true;
    for (int year = 2027; year <= 2030; ++year)
      book_.stability.collar.by_year[year] = {Yuan(80), Yuan(200), 0};
  }
};

TEST_F(CollarTest, SellsNothingBelowItsFloor) {
  StartCapped();
  LiveTo(Date::Of(2027, 1, 31));
  for (const PlannedAuction& planned : held_) EXPECT_EQ(planned.reserve, Yuan(80));
}

TEST_F(CollarTest, IssuesAboveTheCapAtItsCeilingAndCancelsWhatNobodyTakes) {
  StartCapped();
  LiveTo(Date::Of(2027, 1, 12));
  close_ = Yuan(200);
  sold_share_ = [this](std::size_t) { return held_.back().offer == Offer::kCeiling ? 0.25 : 1.0; };
  LiveTo(Date::Of(2027, 1, 13));
  const PlannedAuction& last = held_.back();
  EXPECT_EQ(last.offer, Offer::kCeiling);
  EXPECT_EQ(last.reserve, Yuan(200));
  EXPECT_EQ(last.volume, Tonnes(kMillion));
  EXPECT_TRUE(last.above_cap);
  EXPECT_EQ(authority_->stability().above_caps(), 250'000);
  const LedgerId ledger = authority_->Ledger(2027);
  EXPECT_EQ(registry_.totals(ledger).issued, 101 * kMillion);
  EXPECT_EQ(registry_.totals(ledger).cancelled, 750'000);
  EXPECT_EQ(registry_.cap(ledger), 101 * kMillion);
  close_ = Yuan(199);
  LiveTo(Date::Of(2027, 1, 20));
  EXPECT_EQ(held_.back().offer, Offer::kRegular);
}

TEST_F(CollarTest, EndsWithTheStockWhereItHasAnEnd) {
  book_.stability.collar.without_end = false;
  sold_share_ = [](std::size_t auction) { return auction <= 2 ? 0.0 : 1.0; };
  StartCapped();
  LiveTo(Date::Of(2027, 1, 19));
  const std::int64_t held = Stock();
  ASSERT_GT(held, 0);
  close_ = Yuan(300);
  LiveTo(Date::Of(2027, 12, 31));
  EXPECT_EQ(Offered(Offer::kCeiling), held / 1'000 * 1'000);
  EXPECT_EQ(registry_.totals(authority_->Ledger(2027)).issued, 100 * kMillion);
}

// ---- Whatever happens ----

// Rules, emissions, sales and prices thrown with a seed.
class AnyWeather : public StabilityTest, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  AnyWeather() {
    StabilityRules& rules = book_.stability;
    rules.reserve.enabled = dice_.Chance(0.8);
    rules.reserve.first_year = 2027;
    rules.reserve.invalidates = dice_.Chance(0.5);
    rules.reserve.shares.rate_permille = static_cast<std::int32_t>(dice_.Below(1'000));
    rules.reserve.shares.release = static_cast<std::int32_t>(dice_.Below(200'000));
    PriceRule& dear = rules.excessive_price;
    dear.enabled = dice_.Chance(0.5);
    dear.by_year = {policy::EuropeanExcessivePrice()};
    dear.by_year[0].months = 2;
    dear.first_year = 0;
    dear.volume = 20'000;
    dear.from_later_auctions = dice_.Chance(0.5);
    rules.triggers.enabled = dice_.Chance(0.5);
    rules.collar.enabled = dice_.Chance(0.5);
    rules.collar.without_end = dice_.Chance(0.5);
    for (int year = 2027; year <= 2030; ++year) {
      rules.triggers.by_year[year] = {Yuan(90), Yuan(120), Yuan(70)};
      rules.collar.by_year[year] = {Yuan(65), Yuan(140), 0};
    }
    month_mean_ = [this](Date) { return Yuan(20 + static_cast<std::int64_t>(dice_.Below(200))); };
    sold_share_ = [this](std::size_t) { return dice_.Chance(0.3) ? dice_.Uniform() : 1.0; };
    clears_ = [this](const PlannedAuction& planned, auction::Clearing& clearing) {
      if (!planned.tiers.empty() && clearing.unsold == Tonnes() && dice_.Chance(0.5)) {
        clearing.contained = planned.tiers[0].volume;
        clearing.sold += clearing.contained;
      } else if (planned.withholding && clearing.unsold == Tonnes()) {
        clearing.withheld = planned.withholding->volume;
        clearing.sold -= clearing.withheld;
      }
      if (planned.offer == Offer::kRegular)
        left_the_calendar_[today_.year()] +=
            (clearing.sold - clearing.contained + clearing.withheld).count();
    };
  }
  // What firms hold or have used, and what is still due to them, of the vintages to `year`.
  std::int64_t Supplied(int year) {
    std::int64_t sum = 0;
    for (int vintage = 2027; vintage <= year; ++vintage) {
      sum += Holds(firm_, vintage) + In(accounts().allocation, vintage) +
             registry_.totals(authority_->Ledger(vintage)).surrendered;
    }
    return sum;
  }

  Prng dice_{GetParam()};
  // By year: sold in regular auctions, or kept back for ever.
  std::map<int, std::int64_t> left_the_calendar_;
};

TEST_P(AnyWeather, LosesNoTonne) {
  const double paid = 0.2 + 0.7 * dice_.Uniform();
  StartCapped(paid);
  LiveTo(Date::Of(2026, 12, 31));
  for (int year = 2027; year <= 2029; ++year) {
    SCOPED_TRACE(year);
    Emits(year, 80e6 + 25e6 * dice_.Uniform());
    while (today_ <= Date::Of(year, 12, 31)) {
      close_ = Yuan(100 + static_cast<std::int64_t>(dice_.Below(60)));
      LiveTo(today_);
      ExpectTheStockAddsUp();
    }
    // What the year was to sell: sold, withheld by a rule, set aside, or left over.
    const StockYear& flows = authority_->stability().stock_year();
    EXPECT_EQ(authority_->offered(sector_, year).count(),
              left_the_calendar_[year] + flows.withheld + flows.set_aside + flows.unsold);
    const std::int64_t supplied = Supplied(year);
    LiveTo(Date::Of(year + 1, 8, 1));
    if (!book_.stability.reserve.enabled) continue;
    std::int64_t emitted = 0;
    for (int past = 2027; past <= year; ++past) {
      emitted +=
          registry_.compliance(firm_.raw(), static_cast<std::uint16_t>(past)).emissions.count();
    }
    ASSERT_EQ(authority_->stability().figures().size(), static_cast<std::size_t>(year - 2026));
    EXPECT_EQ(authority_->stability().figures().back().circulation.count(), supplied - emitted);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyWeather, ::testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace ets::scheme
