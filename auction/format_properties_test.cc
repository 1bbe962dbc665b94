// What every format promises, on random books, and a plain clearing that says the same by itself.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "auction/random_books.h"

namespace ets::auction {

void PrintTo(const Profile& profile, std::ostream* out) { *out << profile.format.name; }

namespace {

std::vector<Tonnes> WonByBid(const Book& book, const Clearing& clearing) {
  std::vector<Tonnes> won(book.bids.size());
  for (const Award& award : clearing.awards) won[award.bid] = award.quantity;
  return won;
}
std::map<MemberId, Tonnes> WonByBidder(const Book& book, const Clearing& clearing) {
  std::map<MemberId, Tonnes> won;
  for (const Award& award : clearing.awards) won[book.bids[award.bid].bidder] += award.quantity;
  return won;
}

void ExpectAgreement(const Book& book, const Clearing& clearing) {
  const PlainOutcome plain = PlainClearing(book).Run();
  ASSERT_EQ(clearing.status, plain.status);
  ASSERT_EQ(clearing.sold.count(), plain.sold);
  ASSERT_EQ(clearing.contained.count(), plain.contained);
  ASSERT_EQ(clearing.withheld.count(), plain.withheld);
  ASSERT_EQ(clearing.price.minor_per_tonne(), plain.price);
  ASSERT_EQ(clearing.revenue.minor(), plain.revenue);
  const std::vector<Tonnes> won = WonByBid(book, clearing);
  for (std::size_t i = 0; i < won.size(); ++i) ASSERT_EQ(won[i].count(), plain.won[i]) << i;
}

std::vector<std::int64_t> CountedByBid(const Book& book) {
  std::vector<std::int64_t> counted;
  for (const Bid& bid : book.bids) counted.push_back(bid.quantity.count());
  for (const Cut& cut : CutsOf(book.bids, book.terms)) counted[cut.bid] = cut.counted.count();
  return counted;
}

class EveryFormat : public ::testing::TestWithParam<Profile> {
 protected:
  template <typename Check>
  void OnRandomBooks(int count, Check check) {
    for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(count); ++seed) {
      SCOPED_TRACE(seed);
      Prng dice(seed);
      const Book book = RandomBook(GetParam().format, dice);
      check(book, Clear(book.bids, book.terms));
      if (HasFatalFailure()) return;
    }
  }
};

TEST_P(EveryFormat, SellsNoMoreThanItsSupplyAndAccountsForEveryTonne) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    Tonnes awarded;
    for (const Award& award : clearing.awards) awarded += award.quantity;
    ASSERT_EQ(awarded, clearing.sold);
    ASSERT_EQ(clearing.sold + clearing.unsold + clearing.withheld,
              book.terms.supply + clearing.contained);
    ASSERT_GE(clearing.unsold, Tonnes(0));
    ASSERT_EQ(clearing.status == Status::kCleared,
              clearing.unsold == Tonnes(0) && clearing.sold > Tonnes(0));
    ASSERT_EQ(clearing.status == Status::kPartial,
              clearing.sold > Tonnes(0) && clearing.unsold > Tonnes(0));
  });
}

TEST_P(EveryFormat, GivesAwardUnitsToBidsAtOrAboveThePriceAndTheReserves) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    const Format& format = book.terms.format;
    int in_part = 0;
    for (const Award& award : clearing.awards) {
      const Bid& bid = book.bids[award.bid];
      ASSERT_GT(award.quantity, Tonnes(0));
      ASSERT_LE(award.quantity, bid.quantity);
      ASSERT_EQ(award.quantity.count() % format.award_unit.count(), 0);
      in_part += award.quantity.count() % format.lot.count() != 0 ? 1 : 0;
      ASSERT_LE(award.price, bid.price);
      ASSERT_LE(clearing.price, bid.price);
      if (book.terms.reserve) {
        ASSERT_GE(award.price, *book.terms.reserve);
      }
      if (book.terms.secret_reserve && format.secret != SecretReserve::kNone) {
        ASSERT_GE(award.price, *book.terms.secret_reserve);
      }
    }
    if (format.award_unit == format.lot) {
      ASSERT_EQ(in_part, 0);
    }
  });
}

TEST_P(EveryFormat, KeepsEveryBidderWithinItsLimits) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    std::map<MemberId, BidderTerms> limits;
    for (const BidderTerms& bidder : book.terms.bidders) limits[bidder.bidder] = bidder;
    for (const auto& [bidder, quantity] : WonByBidder(book, clearing)) {
      const BidderTerms own = limits.contains(bidder) ? limits[bidder] : BidderTerms{};
      ASSERT_LE(quantity, LimitOf(book.terms, own));
      if (own.room) {
        ASSERT_LE(quantity, *own.room);
      }
    }
  });
}

TEST_P(EveryFormat, TellsOfEveryBidHowMuchOfItCounts) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing&) {
    ASSERT_EQ(CountedByBid(book), PlainClearing(book).Run().counted);
  });
}

TEST_P(EveryFormat, FillsTheHigherBidsOfABidderFirst) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    const std::vector<Tonnes> won = WonByBid(book, clearing);
    for (std::size_t low = 0; low < won.size(); ++low) {
      for (std::size_t high = 0; high < won.size(); ++high) {
        const bool same = book.bids[low].bidder == book.bids[high].bidder;
        if (!same || book.bids[low].price >= book.bids[high].price) continue;
        if (won[low] > Tonnes(0)) {
          ASSERT_EQ(won[high], book.bids[high].quantity);
        }
      }
    }
  });
}

TEST_P(EveryFormat, FillsOneBidInPartWhereTiesGoByAnOrder) {
  const std::string_view tie = GetParam().format.tie->name;
  if (tie != "random" && tie != "time") GTEST_SKIP() << "ties are shared";
  OnRandomBooks(2'000, [](Book book, const Clearing&) {
    book.terms.bidders.clear();
    book.terms.format.bidder_limit_bp = 10'000;
    int in_part = 0;
    for (const Award& award : Clear(book.bids, book.terms).awards) {
      in_part += award.quantity < book.bids[award.bid].quantity ? 1 : 0;
    }
    ASSERT_LE(in_part, 1);
  });
}

TEST_P(EveryFormat, NeverLosesVolumeForABidderThatRaisesABid) {
  OnRandomBooks(1'500, [](Book book, const Clearing&) {
    // A guarantee covers less at a higher price: that is no rule of the clearing.
    for (BidderTerms& bidder : book.terms.bidders) bidder.guarantee.reset();
    const Clearing before = Clear(book.bids, book.terms);
    const std::vector<Tonnes> won = WonByBid(book, before);
    auto bidders = WonByBidder(book, before);
    for (std::size_t i = 0; i < book.bids.size(); ++i) {
      Book raised = book;
      const std::int64_t tick = book.terms.format.tick.minor_per_tonne();
      raised.bids[i].price = Price::FromMinorPerTonne(book.bids[i].price.minor_per_tonne() +
                                                      tick * static_cast<std::int64_t>(1 + i % 5));
      const Clearing after = Clear(raised.bids, raised.terms);
      ASSERT_GE(WonByBid(raised, after)[i], won[i]) << "bid " << i;
      // Shares are rounded: a bidder's other bids at the old price may lose a unit.
      const bool shared = book.terms.format.tie->share != kRandomOrder.share;
      const MemberId bidder = book.bids[i].bidder;
      ASSERT_GE(
          WonByBidder(raised, after)[bidder] + (shared ? book.terms.format.award_unit : Tonnes(0)),
          bidders[bidder])
          << "bid " << i;
    }
  });
}

TEST_P(EveryFormat, GivesEqualResultsForEqualSeeds) {
  OnRandomBooks(500, [](const Book& book, const Clearing& clearing) {
    const Clearing again = Clear(book.bids, book.terms);
    ASSERT_EQ(again.awards, clearing.awards);
    ASSERT_EQ(again.price, clearing.price);
  });
}

TEST_P(EveryFormat, AgreesWithThePlainClearing) {
  OnRandomBooks(
      2'000, [](const Book& book, const Clearing& clearing) { ExpectAgreement(book, clearing); });
}

TEST_P(EveryFormat, SellsConsignedUnitsFirstOrAlike) {
  OnRandomBooks(500, [](Book book, const Clearing& clearing) {
    const std::int64_t supply = book.terms.supply.count();
    if (supply < 5) return;
    book.terms.consignments = {{MemberId(90), Tonnes(supply / 5)},
                               {MemberId(91), Tonnes(supply / 3)}};
    const std::vector<Tonnes> parts = ConsignedSold(book.terms, clearing.sold);
    ASSERT_EQ(parts.size(), 2U);
    const Tonnes consigned(supply / 5 + supply / 3);
    ASSERT_LE(parts[0], book.terms.consignments[0].volume);
    ASSERT_LE(parts[1], book.terms.consignments[1].volume);
    if (book.terms.format.consigned_first) {
      ASSERT_EQ(parts[0] + parts[1], std::min(consigned, clearing.sold));
    } else {
      ASSERT_LE(parts[0] + parts[1], clearing.sold);
    }
  });
}

// On tiny books every order of ties can be tried: each result is one of them, and each is reached.
TEST(RandomOrder, PicksTiesFromAllOrdersAndNoOthers) {
  Book book;
  book.terms.format = *FindFormat("eu");
  book.terms.supply = Tonnes(2'000);
  const Price price = Price::FromMinorPerTonne(7'000);
  const std::vector<std::int64_t> wanted = {500, 1'000, 1'500};
  for (std::uint32_t i = 0; i < 3; ++i) {
    book.bids.push_back({MemberId(i), price, Tonnes(wanted[i])});
  }
  std::set<std::vector<std::int64_t>> possible;
  std::vector<std::size_t> permutation = {0, 1, 2};
  do {
    std::vector<std::int64_t> won(3);
    std::int64_t left = 2'000;
    for (const std::size_t bid : permutation) left -= won[bid] = std::min(left, wanted[bid]);
    possible.insert(won);
  } while (std::next_permutation(permutation.begin(), permutation.end()));
  std::set<std::vector<std::int64_t>> reached;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    book.terms.tie_seed = seed;
    std::vector<std::int64_t> won;
    for (const Tonnes tonnes : WonByBid(book, Clear(book.bids, book.terms))) {
      won.push_back(tonnes.count());
    }
    reached.insert(won);
  }
  EXPECT_EQ(reached, possible);
}

TEST(EveryCombinationOfFields, AgreesWithThePlainClearingOnRandomBooks) {
  std::uint64_t seed = 0;
  std::map<Status, int> seen;
  int contained = 0, withheld = 0;
  for (const Format& format : EveryCombination()) {
    ASSERT_EQ(WrongWith(format), "");
    for (int i = 0; i < 8; ++i) {
      SCOPED_TRACE(++seed);
      Prng dice(seed);
      const Book book = RandomBook(format, dice);
      const Clearing clearing = Clear(book.bids, book.terms);
      ExpectAgreement(book, clearing);
      if (::testing::Test::HasFatalFailure()) return;
      ++seen[clearing.status];
      contained += clearing.contained > Tonnes() ? 1 : 0;
      withheld += clearing.withheld > Tonnes() ? 1 : 0;
    }
  }
  // The books reach every way in which an auction can end.
  for (const Status status : {Status::kCleared, Status::kPartial, Status::kUndersubscribed,
                              Status::kBelowReserve, Status::kDeclined}) {
    EXPECT_GT(seen[status], 100) << ToString(status);
  }
  EXPECT_GT(contained, 100);
  EXPECT_GT(withheld, 100);
}

INSTANTIATE_TEST_SUITE_P(Profiles, EveryFormat,
                         ::testing::ValuesIn(Profiles().begin(), Profiles().end()),
                         [](const auto& profile) {
                           std::string name(profile.param.format.name);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace ets::auction
