// The numbered acceptance cases of the auctions, each with its source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "auction/auction.h"
#include "auction/calendar.h"
#include "auction/statistics.h"

namespace ets::auction {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Price Minor(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

Terms TermsOf(std::string_view format, std::int64_t supply) {
  Terms terms;
  terms.format = *FindFormat(format);
  terms.supply = Tonnes(supply);
  return terms;
}

std::vector<std::int64_t> Won(std::span<const Bid> bids, const Terms& terms) {
  std::vector<std::int64_t> won(bids.size());
  for (const Award& award : Clear(bids, terms).awards) won[award.bid] = award.quantity.count();
  return won;
}

// KRX, auction of paid allowances, worked example: 10,000 t, minimum price KRW 10,000; bids in the
// order of their entry.
std::vector<Bid> KrxBook() {
  const std::vector<std::pair<std::int64_t, std::int64_t>> rows = {
      {11'000, 1'000}, {11'000, 1'500}, {11'000, 2'500}, {10'500, 1'000}, {10'500, 2'000},
      {10'300, 1'000}, {10'300, 1'000}, {10'300, 2'000}, {10'000, 1'000}, {10'000, 2'000}};
  std::vector<Bid> bids;
  for (const auto& [won_price, quantity] : rows) {
    bids.push_back({MemberId(static_cast<std::uint32_t>(bids.size())), Minor(won_price * 100),
                    Tonnes(quantity)});
  }
  return bids;
}

// A1. KRX rules, case as published by the exchange.
TEST(Acceptance, A1TheKoreanExampleByTime) {
  const std::vector<Bid> bids = KrxBook();
  Terms terms = TermsOf("kr", 10'000);
  terms.reserve = Minor(1'000'000);
  const Clearing clearing = Clear(bids, terms);
  EXPECT_EQ(clearing.status, Status::kCleared);
  EXPECT_EQ(clearing.price, Minor(1'030'000));
  EXPECT_THAT(Won(bids, terms),
              ElementsAre(1'000, 1'500, 2'500, 1'000, 2'000, 1'000, 1'000, 0, 0, 0));
}

// A2. The same book under Quebec's tie rule (Q-2, r. 46.1, s. 61.5), derived.
TEST(Acceptance, A2TheKoreanExampleProRata) {
  const std::vector<Bid> bids = KrxBook();
  Terms terms = TermsOf("kr", 10'000);
  terms.format.tie = FindTieRule("pro_rata_random");
  for (terms.tie_seed = 0; terms.tie_seed < 20; ++terms.tie_seed) {
    EXPECT_EQ(Clear(bids, terms).price, Minor(1'030'000));
    EXPECT_THAT(Won(bids, terms),
                ElementsAre(1'000, 1'500, 2'500, 1'000, 2'000, 500, 500, 1'000, 0, 0));
  }
}

// A3. The same book under Art. 7's tie rule: all six orders of the three tied bids, derived.
TEST(Acceptance, A3TheKoreanExampleInEveryRandomOrder) {
  const std::vector<Bid> bids = KrxBook();
  Terms terms = TermsOf("eu", 10'000);
  std::set<std::vector<std::uint32_t>> orders;
  std::set<std::vector<std::int64_t>> splits;
  for (terms.tie_seed = 0; terms.tie_seed < 200; ++terms.tie_seed) {
    std::vector<std::uint32_t> order;
    for (const std::uint32_t bid : TieOrder(terms.format, bids.size(), terms.tie_seed)) {
      if (bid >= 5 && bid <= 7) order.push_back(bid);
    }
    orders.insert(order);
    EXPECT_EQ(Clear(bids, terms).price, Minor(1'030'000));
    const std::vector<std::int64_t> won = Won(bids, terms);
    EXPECT_THAT(std::vector(won.begin(), won.begin() + 5),
                ElementsAre(1'000, 1'500, 2'500, 1'000, 2'000));
    EXPECT_EQ(won[5] + won[6] + won[7], 2'000);
    int in_part = 0;
    for (std::size_t i = 0; i < bids.size(); ++i) {
      in_part += won[i] > 0 && won[i] < bids[i].quantity.count() ? 1 : 0;
    }
    EXPECT_LE(in_part, 1);
    EXPECT_EQ(won[8] + won[9], 0);
    splits.insert({won[5], won[6], won[7]});
  }
  EXPECT_EQ(orders.size(), 6U);
  EXPECT_THAT(splits, ElementsAre(std::vector<std::int64_t>{0, 0, 2'000},
                                  std::vector<std::int64_t>{0, 1'000, 1'000},
                                  std::vector<std::int64_t>{1'000, 0, 1'000},
                                  std::vector<std::int64_t>{1'000, 1'000, 0}));
}

// A4. Bids C and D tie for 1,500 t: Del. Reg. (EU) 2023/2830 (Reg. 1031/2010 Art. 7), derived.
TEST(Acceptance, A4TheLastTiedBidIsFilledInPart) {
  const std::vector<Bid> bids = {{MemberId(0), Minor(7'010), Tonnes(2'000)},
                                 {MemberId(1), Minor(7'005), Tonnes(1'500)},
                                 {MemberId(2), Minor(7'000), Tonnes(1'500)},
                                 {MemberId(3), Minor(7'000), Tonnes(1'000)},
                                 {MemberId(4), Minor(6'999), Tonnes(500)}};
  Terms terms = TermsOf("eu", 5'000);
  int c_first = 0, d_first = 0;
  for (terms.tie_seed = 0; terms.tie_seed < 200; ++terms.tie_seed) {
    EXPECT_EQ(Clear(bids, terms).price, Minor(7'000));
    const std::vector<std::int64_t> won = Won(bids, terms);
    const auto order = TieOrder(terms.format, bids.size(), terms.tie_seed);
    if (std::ranges::find(order, 2U) < std::ranges::find(order, 3U)) {
      EXPECT_THAT(won, ElementsAre(2'000, 1'500, 1'500, 0, 0));
      ++c_first;
    } else {
      EXPECT_THAT(won, ElementsAre(2'000, 1'500, 500, 1'000, 0));
      ++d_first;
    }
  }
  // Either order is as likely: 100 +- 4 standard deviations of 7.1.
  EXPECT_NEAR(c_first, 100, 28);
  EXPECT_EQ(c_first + d_first, 200);
}

// A5. 4,500 t are bid for 5,000 t: Art. 7(5); SI 2021/484 Reg. 7(b); Guangdong, September 2014.
TEST(Acceptance, A5ShortBooksCancelInTheUnionAndSellElsewhere) {
  const std::vector<Bid> bids = {{MemberId(0), Minor(7'100), Tonnes(2'000)},
                                 {MemberId(1), Minor(7'050), Tonnes(1'500)},
                                 {MemberId(2), Minor(7'000), Tonnes(1'000)}};
  const Clearing eu = Clear(bids, TermsOf("eu", 5'000));
  EXPECT_EQ(eu.status, Status::kUndersubscribed);
  EXPECT_THAT(eu.awards, IsEmpty());
  EXPECT_EQ(eu.unsold, Tonnes(5'000));
  for (const std::string_view name : {"uk", "guangdong"}) {
    SCOPED_TRACE(name);
    const Clearing sold = Clear(bids, TermsOf(name, 5'000));
    EXPECT_EQ(sold.status, Status::kPartial);
    EXPECT_EQ(sold.price, Minor(7'000));
    EXPECT_THAT(Won(bids, TermsOf(name, 5'000)), ElementsAre(2'000, 1'500, 1'000));
    EXPECT_EQ(sold.unsold, Tonnes(500));
  }
  // The next four auctions of the same auctioneer take 5,000 t in the EU, 500 t in the UK.
  for (const auto& [name, sold, returned] :
       {std::tuple("eu", 0, 5'000), std::tuple("uk", 4'500, 500)}) {
    std::vector<Date> days;
    for (int week = 0; week < 6; ++week) days.push_back(Date(20'000 + 7 * week));
    Calendar calendar(name, *FindFormat(name), days[0],
                      EvenVolumes(days, Tonnes(30'000), Tonnes(500)));
    calendar.Held(Tonnes(sold));
    Tonnes added;
    for (std::size_t i = 1; i <= 4; ++i) {
      added += calendar.auctions()[i].slot.volume - calendar.auctions()[i].slot.first_volume;
    }
    EXPECT_EQ(added, Tonnes(returned)) << name;
    EXPECT_EQ(calendar.auctions()[5].slot.volume, Tonnes(5'000)) << name;
    EXPECT_EQ(calendar.totals().carried, Tonnes(0)) << name;
  }
}

// A9. The 54 auctions of the first quarter of 2026, by the facts that this product holds: date,
// auctioneer, price and volume. The revenue is exact, the volumes are whole lots, and each is what
// the calendar of 2026 says.
TEST(Acceptance, A9ThePublishedAuctionsOfEarly2026KeepTheirIdentities) {
  std::ifstream file("scenarios/data/eu_auctions_2026q1.csv");
  ASSERT_TRUE(file) << "run from the project's folder";
  std::map<std::pair<std::string, Date>, Tonnes> planned;
  for (const std::string_view auctioneer : EuropeanAuctioneers()) {
    for (const PlannedAuction& auction : EuropeanAuctions2026(auctioneer, Date::Of(2026, 3, 31))) {
      planned[{std::string(auctioneer), auction.date}] = auction.slot.volume;
    }
  }
  std::string line;
  std::getline(file, line);
  ASSERT_EQ(line, "date,auctioneer,price,volume");
  std::size_t rows = 0;
  std::int64_t revenue = 0, volume = 0;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string date, auctioneer, price, tonnes;
    std::getline(
        std::getline(std::getline(std::getline(fields, date, ','), auctioneer, ','), price, ','),
        tonnes, ',');
    Statistics row;
    row.status = Status::kCleared;
    row.price = row.lowest_bid = row.median_bid = row.highest_bid = *Price::Parse(price);
    row.volume = row.sold = row.bid_volume = Tonnes(std::stoll(tonnes));
    row.revenue = row.price * row.sold;
    row.cover_hundredths = 100;
    row.bids = row.bidders = row.successful_bidders = 1;
    row.bids_per_bidder_hundredths = 100;
    row.bid_size = row.bid_per_bidder = row.won_per_bidder = row.volume;
    EXPECT_THAT(BrokenIdentities(row, Tonnes(500)), IsEmpty()) << line;
    EXPECT_EQ((planned[{auctioneer, *Date::Parse(date)}]), row.volume) << line;
    revenue += row.revenue.minor();
    volume += row.volume.count();
    ++rows;
  }
  EXPECT_EQ(rows, 54U);
  EXPECT_EQ(planned.size(), 54U);
  EXPECT_EQ(volume, 119'928'500);
  // The quarter's mean by volume, divided once: EUR 75.36 (published certificate price).
  EXPECT_EQ(AveragePrice(Money::FromMinor(revenue), Tonnes(volume)), Minor(7'536));
}

}  // namespace
}  // namespace ets::auction
