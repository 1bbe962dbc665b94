// What is published, and the identities that hold between the figures.
#include "auction/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "auction/random_books.h"

namespace ets::auction {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(StatisticsOf, GivesEveryPublishedFigure) {
  Terms terms;
  terms.format = *FindFormat("eu");
  terms.supply = Tonnes(5'000);
  const auto price = [](std::int64_t minor) { return Price::FromMinorPerTonne(minor); };
  const std::vector<Bid> bids = {{MemberId(1), price(1), Tonnes(500)},
                                 {MemberId(1), price(7'000), Tonnes(4'000)},
                                 {MemberId(2), price(7'004), Tonnes(1'500)},
                                 {MemberId(3), price(15'000), Tonnes(500)}};
  const Statistics row = StatisticsOf(bids, Clear(bids, terms));
  EXPECT_EQ(row.price, price(7'000));
  EXPECT_EQ(row.bids_per_bidder_hundredths, 133U);
  EXPECT_EQ(row.bid_size, Tonnes(1'625));
  EXPECT_EQ(row.bid_per_bidder, Tonnes(2'167));
  // 4,500, 1,500 and 500: variance 4,333,333.3.
  EXPECT_EQ(row.bid_per_bidder_sd, Tonnes(2'082));
  EXPECT_EQ(row.won_per_bidder, Tonnes(1'667));
  EXPECT_EQ(row.won_per_bidder_sd, Tonnes(1'258));
  EXPECT_EQ(row.cover_hundredths, 130U);
  EXPECT_EQ(row.successful_bids, 3U);
  EXPECT_EQ(row.revenue, Money::FromMinor(35'000'000));
  EXPECT_THAT(BrokenIdentities(row, Tonnes(500)), IsEmpty());
}

TEST(BrokenIdentities, AreNoneOnRandomAuctionsOfEveryProfile) {
  for (const Profile& profile : Profiles()) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
      Prng dice(seed);
      const Book book = RandomBook(profile.format, dice);
      const Clearing clearing = Clear(book.bids, book.terms);
      const Statistics row = StatisticsOf(book.bids, clearing);
      ASSERT_THAT(BrokenIdentities(row, profile.format.lot), IsEmpty())
          << profile.format.name << " " << seed;
    }
  }
}

TEST(BrokenIdentities, NameTheIdentityAndBothNumbers) {
  Statistics row;
  row.status = Status::kCleared;
  row.price = row.lowest_bid = row.median_bid = row.highest_bid = Price::FromMinorPerTonne(7'000);
  row.volume = row.sold = row.bid_volume = Tonnes(500);
  row.bids = row.bidders = row.successful_bids = row.successful_bidders = 1;
  row.bids_per_bidder_hundredths = row.cover_hundredths = 100;
  row.bid_size = row.bid_per_bidder = row.won_per_bidder = Tonnes(500);
  row.revenue = Money::FromMinor(3'500'000);
  ASSERT_THAT(BrokenIdentities(row, Tonnes(500)), IsEmpty());
  Statistics wrong = row;
  wrong.revenue = Money::FromMinor(3'500'001);
  EXPECT_THAT(BrokenIdentities(wrong, Tonnes(500)),
              ElementsAre("revenue = price x sold: 3500001 against 3500000"));
  EXPECT_THAT(BrokenIdentities(wrong, Tonnes(500), false), IsEmpty());
  wrong = row;
  wrong.cover_hundredths = 101;
  wrong.lowest_bid = Price::FromMinorPerTonne(7'001);
  EXPECT_THAT(BrokenIdentities(wrong, Tonnes(300)),
              ElementsAre(HasSubstr("cover"), HasSubstr("lowest bid <= median"),
                          HasSubstr("lowest bid <= price"), HasSubstr("lots")));
}

TEST(SplitRevenue, SharesEveryCentByLargestRemainder) {
  const std::vector<std::uint64_t> weights = {1, 1, 1};
  EXPECT_THAT(SplitRevenue(Money::FromMinor(100), weights),
              ElementsAre(Money::FromMinor(34), Money::FromMinor(33), Money::FromMinor(33)));
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Prng dice(seed);
    std::vector<std::uint64_t> random(1 + dice.Below(28));
    for (std::uint64_t& weight : random) weight = 1 + dice.Below(1'000'000);
    const Money revenue = Money::FromMinor(static_cast<std::int64_t>(dice.Below(1ULL << 50U)));
    Money sum;
    for (const Money part : SplitRevenue(revenue, random)) sum += part;
    ASSERT_EQ(sum, revenue);
  }
}

// printf 'capclear tie seed\nEU 2026-01-08\n7\n' | sha256sum
TEST(SeedCommitment, IsTheDocumentedHash) {
  EXPECT_EQ(SeedCommitment("EU 2026-01-08", 7),
            "f7be4beb552a56c773d8385f24f22dcda12a57679dcd8797d7904d982775ca4c");
  EXPECT_NE(SeedCommitment("EU 2026-01-08", 8), SeedCommitment("EU 2026-01-08", 7));
  EXPECT_NE(SeedCommitment("EU 2026-01-09", 7), SeedCommitment("EU 2026-01-08", 7));
}

}  // namespace
}  // namespace ets::auction
