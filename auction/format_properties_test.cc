// What every format promises, on random books, and a slow clearing that says the same by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "auction/auction.h"
#include "base/prng.h"

namespace ets::auction {

void PrintTo(const Format& format, std::ostream* out) { *out << format.name; }

namespace {

struct Book {
  std::vector<Bid> bids;
  Terms terms;
};

// Small books with many ties, few bidders and supplies near the volume bid.
Book RandomBook(const Format& format, Prng& dice) {
  Book book;
  book.terms.format = format;
  const std::int64_t lot = format.lot.count();
  const auto below = [&dice](std::uint64_t bound) {
    return static_cast<std::int64_t>(dice.Below(bound));
  };
  book.terms.supply = Tonnes((1 + below(60)) * lot);
  book.terms.tie_seed = dice.Next();
  if (dice.Below(3) != 0) book.terms.reserve = Price::FromMinorPerTonne(6'990 + below(20));
  const std::uint64_t count = dice.Below(30);
  for (std::uint64_t i = 0; i < count; ++i) {
    book.bids.push_back({.bidder = MemberId(static_cast<std::uint32_t>(dice.Below(8))),
                         .price = Price::FromMinorPerTonne(6'990 + below(25)),
                         .quantity = Tonnes((1 + below(10)) * lot)});
  }
  return book;
}

// Article 7 lot by lot: a lot goes to the best bid that still wants one. Bids of one price are
// asked in the order of a permutation that the caller chooses.
struct Outcome {
  bool sells = false;
  Price price;
  std::vector<std::int64_t> won;
};
Outcome ClearLotByLot(const Book& book, const std::vector<std::uint32_t>& permutation) {
  const Format& format = book.terms.format;
  const std::int64_t lot = format.lot.count();
  std::vector<std::uint32_t> order = permutation;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return book.bids[a].price > book.bids[b].price;
  });
  Outcome outcome;
  outcome.won.assign(book.bids.size(), 0);
  std::map<MemberId, std::int64_t> total;
  std::int64_t left = book.terms.supply.count();
  for (const std::uint32_t i : order) {
    const Bid& bid = book.bids[i];
    if (!format.reserve_cancels && book.terms.reserve && bid.price < *book.terms.reserve) continue;
    for (std::int64_t asked = 0; asked < bid.quantity.count() && left > 0; asked += lot) {
      std::int64_t& mine = total[bid.bidder];
      const bool first_lot = mine == 0;
      // In basis points of the supply, so nothing is divided.
      if (!first_lot &&
          (mine + lot) * 10'000 > book.terms.supply.count() * format.purchase_limit_bp)
        break;
      mine += lot;
      outcome.won[i] += lot;
      left -= lot;
      outcome.price = bid.price;
    }
  }
  outcome.sells = left < book.terms.supply.count();
  if (outcome.sells && left > 0) {
    outcome.sells = format.shortage != ShortageRule::kCancel;
    if (format.shortage == ShortageRule::kSellAtReserve && book.terms.reserve) {
      outcome.price = *book.terms.reserve;
    }
  }
  if (format.reserve_cancels && book.terms.reserve && outcome.price < *book.terms.reserve) {
    outcome.sells = false;
  }
  if (!outcome.sells) outcome.won.assign(book.bids.size(), 0);
  return outcome;
}

std::int64_t Sum(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

class EveryFormat : public ::testing::TestWithParam<Format> {
 protected:
  template <typename Check>
  void OnRandomBooks(int count, Check check) {
    for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(count); ++seed) {
      SCOPED_TRACE(seed);
      Prng dice(seed);
      const Book book = RandomBook(GetParam(), dice);
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
    ASSERT_EQ(clearing.sold + clearing.unsold, book.terms.supply);
    ASSERT_GE(clearing.unsold, Tonnes(0));
    ASSERT_EQ(clearing.status == Status::kCleared, clearing.unsold == Tonnes(0));
    ASSERT_EQ(clearing.status == Status::kPartial,
              clearing.sold > Tonnes(0) && clearing.unsold > Tonnes(0));
  });
}

TEST_P(EveryFormat, GivesWholeLotsToBidsAtOrAboveThePriceAndTheReserve) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    for (const Award& award : clearing.awards) {
      ASSERT_GT(award.quantity, Tonnes(0));
      ASSERT_EQ(award.quantity.count() % book.terms.format.lot.count(), 0);
      ASSERT_LE(award.quantity, book.bids[award.bid].quantity);
      ASSERT_LE(clearing.price, book.bids[award.bid].price);
      if (book.terms.reserve) {
        ASSERT_GE(clearing.price, *book.terms.reserve);
      }
    }
  });
}

TEST_P(EveryFormat, KeepsEveryBidderWithinThePurchaseLimit) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    std::map<MemberId, Tonnes> won;
    for (const Award& award : clearing.awards) won[book.bids[award.bid].bidder] += award.quantity;
    for (const auto& [bidder, quantity] : won) {
      if (quantity == book.terms.format.lot) continue;
      ASSERT_LE(quantity.count() * 10'000,
                book.terms.supply.count() * book.terms.format.purchase_limit_bp);
    }
  });
}

TEST_P(EveryFormat, FillsTheHigherBidsOfABidderFirst) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    std::vector<Tonnes> won(book.bids.size());
    for (const Award& award : clearing.awards) won[award.bid] = award.quantity;
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

TEST_P(EveryFormat, GivesEqualResultsForEqualSeeds) {
  OnRandomBooks(500, [](const Book& book, const Clearing& clearing) {
    const Clearing again = Clear(book.bids, book.terms);
    ASSERT_EQ(again.awards, clearing.awards);
    ASSERT_EQ(again.price, clearing.price);
  });
}

TEST_P(EveryFormat, AgreesWithTheLotByLotClearingUpToTheOrderOfTies) {
  OnRandomBooks(2'000, [](const Book& book, const Clearing& clearing) {
    std::vector<std::uint32_t> forward(book.bids.size());
    std::iota(forward.begin(), forward.end(), 0U);
    const Outcome outcome = ClearLotByLot(book, forward);
    ASSERT_EQ(clearing.status == Status::kCleared || clearing.status == Status::kPartial,
              outcome.sells);
    ASSERT_EQ(clearing.sold.count(), Sum(outcome.won));
    if (!outcome.sells) return;
    ASSERT_EQ(clearing.price, outcome.price);
    // Above the marginal price ties do not matter between bidders.
    std::map<std::pair<Price, MemberId>, std::int64_t> expected;
    for (const Award& award : clearing.awards) {
      const Bid& bid = book.bids[award.bid];
      if (bid.price > clearing.price) expected[{bid.price, bid.bidder}] += award.quantity.count();
    }
    for (std::size_t i = 0; i < book.bids.size(); ++i) {
      const Bid& bid = book.bids[i];
      if (outcome.won[i] > 0 && bid.price > clearing.price) {
        expected[{bid.price, bid.bidder}] -= outcome.won[i];
      }
    }
    for (const auto& [key, difference] : expected) ASSERT_EQ(difference, 0);
  });
}

// On tiny books every order of ties can be tried: each result is one of them, and each is reached.
TEST_P(EveryFormat, PicksTiesFromAllOrdersAndNoOthers) {
  Book book;
  book.terms.format = GetParam();
  book.terms.format.purchase_limit_bp = 10'000;
  const std::int64_t lot = book.terms.format.lot.count();
  book.terms.supply = Tonnes(4 * lot);
  const Price price = Price::FromMinorPerTonne(7'000);
  book.bids = {{MemberId(1), price, Tonnes(lot)},
               {MemberId(2), price, Tonnes(2 * lot)},
               {MemberId(3), price, Tonnes(3 * lot)}};
  std::set<std::vector<std::int64_t>> possible;
  std::vector<std::uint32_t> permutation = {0, 1, 2};
  do {
    possible.insert(ClearLotByLot(book, permutation).won);
  } while (std::next_permutation(permutation.begin(), permutation.end()));
  std::set<std::vector<std::int64_t>> reached;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    book.terms.tie_seed = seed;
    std::vector<std::int64_t> won(3);
    for (const Award& award : Clear(book.bids, book.terms).awards) {
      won[award.bid] = award.quantity.count();
    }
    reached.insert(won);
  }
  EXPECT_EQ(reached, possible);
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         ::testing::ValuesIn(Formats().begin(), Formats().end()),
                         [](const auto& format) { return std::string(format.param.name); });

}  // namespace
}  // namespace ets::auction
