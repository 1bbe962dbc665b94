// Auctions that open and close by the clock, and the editions of their calendars.
#include <random>

#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Calendars : public ExchangeTest {
 protected:
  static constexpr std::uint16_t kNine = 9 * 60, kEleven = 11 * 60;

  void SetUp() override {
    auctioneer_ = Trader(0, 100'000);
    bidder_ = Trader(2'000'000'000, 0);
    cea_ = List(kUnits, 8'000);
    today_ = Day(1) - 1;
    Advance(1, 0);
  }
  static Date Day(int day) { return Date::Of(2027, 2, day); }  // 1 February is a Monday.
  static SimTime At(int day, int hour, int minute = 0) {
    return InstantOf(Day(day), (hour * 60 + minute) * 60 * kMicrosPerSecond, kBeijingOffset);
  }
  void Advance(int day, int hour, int minute = 0) {
    envelope_.sim_time = At(day, hour, minute);
    ASSERT_TRUE(Do(AdvanceTo{envelope_.sim_time}).ok());
  }
  // Lots of 500 t; what is not sold goes to the next four.
  SetAuctionCalendar Plan(const std::vector<std::pair<int, std::int64_t>>& volumes) const {
    SetAuctionCalendar plan;
    plan.name = "EU";
    plan.auctioneer = auctioneer_;
    plan.instrument = cea_;
    plan.terms.format = *auction::FindFormat("eu");
    plan.terms.tie_seed = 7;
    plan.opens = kNine;
    plan.closes = kEleven;
    plan.as_of = Day(1);
    plan.why = "first proposed";
    for (const auto& [day, volume] : volumes) {
      plan.auctions.push_back({Day(day), Tonnes(volume), Tonnes(volume)});
    }
    return plan;
  }
  Outcome Bid(std::int64_t quantity) {
    return Do(SubmitBid{bidder_, Fen(8'000), Tonnes(quantity)});
  }
  const auction::Calendar& calendar() const { return market_.calendars()[0].calendar(); }
  std::vector<std::int64_t> Volumes() const {
    std::vector<std::int64_t> volumes;
    for (const auto& one : calendar().auctions()) volumes.push_back(one.slot.volume.count());
    return volumes;
  }
  // As a journal and as a snapshot it is the same market.
  void CheckRebuilt() {
    const auto founding = Market::FoundingOf(journal_.at(0));
    ASSERT_TRUE(founding.ok());
    Market replayed(founding->rules, founding->ledger_count_max, nullptr, nullptr);
    for (std::size_t i = 0; i < journal_.size(); ++i) {
      ASSERT_EQ(replayed.Replay(journal_.at(i)), "");
    }
    EXPECT_EQ(replayed.StateHash(), market_.StateHash());
    std::string bytes;
    market_.Save(bytes);
    const auto loaded = Market::Load(bytes, nullptr, nullptr);
    ASSERT_TRUE(loaded.ok()) << loaded.error();
    EXPECT_EQ((*loaded)->StateHash(), market_.StateHash());
    ASSERT_EQ((*loaded)->calendars().size(), market_.calendars().size());
    EXPECT_EQ((*loaded)->calendars()[0].calendar().auctions(), calendar().auctions());
    EXPECT_EQ((*loaded)->next_due(), market_.next_due());
  }

  MemberId auctioneer_, bidder_;
  InstrumentId cea_;
};

TEST_F(Calendars, OpenAndCloseEachAuctionOnItsDayWithItsVolume) {
  ASSERT_TRUE(Do(Plan({{1, 2'000}, {3, 4'000}})).ok());
  EXPECT_EQ(market_.next_due(), At(1, 9));
  Advance(1, 8, 59);
  EXPECT_FALSE(market_.auction_open());
  Advance(1, 9);
  ASSERT_TRUE(market_.auction_open());
  EXPECT_EQ(market_.open_auction()->terms.supply, Tonnes(2'000));
  EXPECT_EQ(market_.open_auction()->closes, At(1, 11));
  EXPECT_EQ(Units(auctioneer_).reserved, 2'000);
  ASSERT_TRUE(Bid(2'000).ok());
  CheckRebuilt();
  Advance(1, 11);
  EXPECT_FALSE(market_.auction_open());
  ASSERT_THAT(fills_, SizeIs(1));
  EXPECT_EQ(fills_[0].quantity, Tonnes(2'000));
  EXPECT_TRUE(calendar().auctions()[0].held);
  EXPECT_EQ(calendar().auctions()[0].sold, Tonnes(2'000));
  const std::uint64_t seed = market_.closed_auction(1)->view.terms.tie_seed;
  Advance(3, 10);
  ASSERT_TRUE(market_.auction_open());
  EXPECT_EQ(market_.open_auction()->terms.supply, Tonnes(4'000));
  EXPECT_NE(market_.open_auction()->terms.tie_seed, seed) << "a seed for each";
  CheckRebuilt();
}

TEST_F(Calendars, BringBackWhatIsNotSoldByTheFormatsRule) {
  ASSERT_TRUE(Do(Plan({{1, 10'000}, {2, 10'000}, {3, 10'000}, {4, 10'000}, {5, 10'000}})).ok());
  Advance(1, 9);
  ASSERT_TRUE(Bid(2'000).ok());  // The bids fall short: nothing is sold.
  Advance(1, 11);
  EXPECT_THAT(Volumes(), ElementsAre(10'000, 12'500, 12'500, 12'500, 12'500));
  EXPECT_EQ(calendar().editions().back().why, "unsold volume returns");
  Advance(2, 9);
  EXPECT_EQ(market_.open_auction()->terms.supply, Tonnes(12'500));
  CheckRebuilt();
}

TEST_F(Calendars, TakeANewEditionForWhatIsToComeAndKeepTheOldOneAsOfItsDay) {
  ASSERT_TRUE(Do(Plan({{1, 2'000}, {3, 4'000}, {5, 4'000}})).ok());
  Advance(1, 9);
  ASSERT_TRUE(Bid(2'000).ok());
  Advance(2, 10);
  SetAuctionCalendar next = Plan({{1, 9'000}, {3, 1'000}, {4, 500}});
  next.as_of = Day(2);
  next.why = "stability rule";
  ASSERT_TRUE(Do(next).ok());
  EXPECT_THAT(Volumes(), ElementsAre(2'000, 1'000, 500)) << "the day that is over is left aside";
  ASSERT_NE(calendar().AsOf(Day(1)), nullptr);
  EXPECT_THAT(calendar().AsOf(Day(1))->auctions, SizeIs(3));
  EXPECT_EQ(calendar().AsOf(Day(2))->why, "stability rule");
  CheckRebuilt();
  Advance(3, 9, 30);
  EXPECT_EQ(market_.open_auction()->terms.supply, Tonnes(1'000));
  next = Plan({{3, 9'000}, {5, 1'500}});
  next.as_of = Day(3);
  ASSERT_TRUE(Do(next).ok());
  EXPECT_THAT(Volumes(), ElementsAre(2'000, 1'000, 1'500)) << "what is open stays as it is";
  next.as_of = Day(2);
  EXPECT_EQ(Do(next), Fail{Refusal::kTimeGoesBack});
  EXPECT_EQ(market_.detail(), (RefusalDetail{Day(2).days(), Day(3).days()}));
  next.as_of = Day(4);
  EXPECT_EQ(Do(next), Fail{Refusal::kTimeGoesBack}) << "tomorrow";
  CheckRebuilt();
}

TEST_F(Calendars, PassOverAnAuctionThatCannotOpen) {
  SetAuctionCalendar plan = Plan({{1, 200'000}, {2, 2'000}, {3, 2'000}});
  ASSERT_TRUE(Do(plan).ok());
  Advance(1, 9);
  EXPECT_FALSE(market_.auction_open()) << "the auctioneer has half of it";
  ASSERT_THAT(market_.calendars()[0].started(), SizeIs(1));
  EXPECT_EQ(market_.calendars()[0].started()[0].why, "INSUFFICIENT_UNITS");
  EXPECT_THAT(Volumes(), ElementsAre(200'000, 102'000, 102'000));
  envelope_.sim_time = At(2, 12);
  ASSERT_TRUE(Do(AdvanceTo{At(2, 12)}).ok());
  EXPECT_EQ(market_.calendars()[0].started()[1].why, "its time had passed");
  EXPECT_EQ(market_.auctions_opened(), 0U);
  CheckRebuilt();
}

TEST_F(Calendars, WaitForPayDayBeforeTheyKnowWhatWasSold) {
  SetAuctionCalendar plan = Plan({{5, 2'000}, {8, 10'000}, {9, 10'000}, {10, 10'000}});
  plan.pay_days = 1;
  plan.terms.format.guarantee_bp = 2'500;
  ASSERT_TRUE(Do(plan).ok());
  Advance(5, 9);
  const MemberId poor = Trader(9'000'000, 0);
  ASSERT_TRUE(Do(SubmitBid{poor, Fen(8'000), Tonnes(2'000)}).ok()) << "its guarantee is enough";
  Advance(5, 11);
  EXPECT_FALSE(calendar().auctions()[0].held);
  Advance(8, 9);
  ASSERT_TRUE(market_.auction_open());
  EXPECT_EQ(market_.open_auction()->terms.supply, Tonnes(10'000));
  Advance(9, 0);  // The pay day of Friday's auction, Monday, is over.
  EXPECT_TRUE(calendar().auctions()[0].held);
  EXPECT_EQ(calendar().auctions()[0].sold, Tonnes(0)) << "not paid";
  CheckRebuilt();
}

TEST_F(Calendars, ShareTheClockWithEachOther) {
  SetAuctionCalendar other = Plan({{1, 1'000}});
  other.name = "PL";
  other.opens = kNine + 30;
  other.closes = kEleven + 60;
  ASSERT_TRUE(Do(Plan({{1, 2'000}})).ok());
  ASSERT_TRUE(Do(other).ok());
  Advance(1, 10);
  EXPECT_EQ(market_.open_auction()->terms.supply, Tonnes(2'000));
  Advance(1, 11);
  ASSERT_TRUE(market_.auction_open()) << "the second waited for the first";
  EXPECT_EQ(market_.open_auction()->terms.supply, Tonnes(1'000));
  Advance(1, 12);
  EXPECT_FALSE(market_.auction_open());
  CheckRebuilt();
}

// Random years of every format: whatever is bid, paid or planned anew, every tonne is somewhere,
// and journal and snapshot tell the same.
class RandomCalendars : public Calendars, public ::testing::WithParamInterface<std::uint64_t> {};

TEST_P(RandomCalendars, AccountForEveryTonne) {
  std::mt19937_64 dice(GetParam());
  const auto upto = [&dice](std::uint64_t n) {
    return static_cast<std::int64_t>(dice() % (n + 1));
  };
  const auto& profiles = auction::Profiles();
  const auction::Format& format = profiles[GetParam() % profiles.size()].format;
  const std::int64_t lot = format.lot.count();
  const auto plan = [&](int from) {
    SetAuctionCalendar next = Plan({});
    next.terms.format = format;
    next.pay_days = static_cast<std::uint16_t>(upto(2));
    next.as_of = Day(from);
    for (int day = from; day <= 28; ++day) {
      if (upto(2) == 0) continue;
      const Tonnes volume(lot * upto(40));
      next.auctions.push_back({Day(day), volume, Tonnes(lot * upto(40))});
    }
    next.auctions.push_back({Day(28) + 1, Tonnes(lot), Tonnes(lot)});
    return next;
  };
  Deposit(auctioneer_, kUnits, 5'000'000);
  std::vector<MemberId> bidders;
  for (int i = 0; i < 4; ++i) bidders.push_back(Trader(400'000'000 * (1 + upto(4)), 0));
  ASSERT_TRUE(Do(plan(1)).ok());
  for (int day = 1; day <= 28; ++day) {
    if (upto(5) == 0) Advance(day, 8);
    if (upto(9) == 0) {
      static_cast<void>(Do(plan(day)));
    }
    Advance(day, 10);
    for (std::int64_t i = upto(5); i > 0; --i) {
      const auto bidder = static_cast<std::size_t>(upto(3));
      static_cast<void>(
          Do(SubmitBid{bidders[bidder], Fen(100 * (70 + upto(20))), Tonnes(lot * (1 + upto(15)))}));
    }
    if (upto(9) == 0) static_cast<void>(Do(CloseAuction{}));
    if (upto(9) == 0) {
      Withdraw all{bidders[0], kCash, Cash(bidders[0]).available};
      static_cast<void>(Do(all));
    }
    if (upto(3) != 0) Advance(day, 12);
    const auction::CalendarTotals totals = calendar().totals();
    EXPECT_EQ(totals.proposed, totals.sold + totals.pending + totals.kept + totals.carried +
                                   totals.reserved + totals.withdrawn + totals.written_off);
    market_.CheckInvariants();
  }
  Advance(28, 24 * 5);
  EXPECT_EQ(calendar().Next(), nullptr) << "all are over, and paid";
  EXPECT_GT(market_.auctions_opened(), 3U);
  CheckRebuilt();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCalendars, ::testing::Range<std::uint64_t>(1, 49));

TEST_F(Calendars, RefuseWhatIsNoCalendar) {
  const auto refused = [&](const SetAuctionCalendar& plan, Refusal refusal) {
    const std::uint64_t before = market_.StateHash();
    EXPECT_EQ(Do(plan), Fail{refusal});
    EXPECT_EQ(market_.StateHash(), before);
    EXPECT_THAT(market_.calendars(), IsEmpty());
  };
  refused(Plan({}), Refusal::kQuantityNotPositive);
  refused(Plan({{2, 1'000}, {1, 1'000}}), Refusal::kWindowInvalid);
  refused(Plan({{2, 1'000}, {2, 1'000}}), Refusal::kWindowInvalid);
  refused(Plan({{2, 750}}), Refusal::kBidNotInLots);
  EXPECT_EQ(market_.detail(), (RefusalDetail{750, 500}));
  refused(Plan({{2, -500}}), Refusal::kQuantityNotPositive);
  SetAuctionCalendar plan = Plan({{2, 1'000}});
  plan.closes = plan.opens;
  refused(plan, Refusal::kWindowInvalid);
  plan = Plan({{2, 1'000}});
  plan.name = "a b";
  refused(plan, Refusal::kAuctionNotFound);
  plan = Plan({{2, 1'000}});
  plan.auctioneer = MemberId(99);
  refused(plan, Refusal::kMemberNotFound);
  plan = Plan({{2, 1'000}});
  plan.terms.supply = Tonnes(1'000);
  refused(plan, Refusal::kAuctionFormatInvalid);
}

}  // namespace
}  // namespace ets::market
