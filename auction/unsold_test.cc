#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auction/calendar.h"
#include "base/prng.h"

namespace ets::auction {
namespace {

using ::testing::ElementsAre;

std::vector<Slot> Calendar(int count, std::int64_t volume) {
  return std::vector<Slot>(static_cast<std::size_t>(count), Slot{Tonnes(volume), Tonnes(volume)});
}
std::vector<std::int64_t> Volumes(const std::vector<Slot>& slots) {
  std::vector<std::int64_t> volumes;
  for (const Slot& slot : slots) volumes.push_back(slot.volume.count());
  return volumes;
}

constexpr UnsoldRule kEu{.auctions = 4, .ceiling_bp = 0};
constexpr UnsoldRule kChina{.auctions = 4, .ceiling_bp = 12'500};

// Case A5: the cancelled 5,000 t of an EU auction return over the next four.
TEST(SpreadUnsold, SplitsEvenlyOverTheNextFourWithTheRemainderInTheFirst) {
  std::vector<Slot> slots = Calendar(6, 5'000);
  EXPECT_EQ(SpreadUnsold(slots, 0, Tonnes(5'000), kEu, Tonnes(500)), Tonnes(0));
  EXPECT_THAT(Volumes(slots), ElementsAre(5'000, 7'000, 6'000, 6'000, 6'000, 5'000));
}

TEST(SpreadUnsold, PutsASingleLotIntoTheNextAuction) {
  std::vector<Slot> slots = Calendar(6, 5'000);
  EXPECT_EQ(SpreadUnsold(slots, 1, Tonnes(500), kEu, Tonnes(500)), Tonnes(0));
  EXPECT_THAT(Volumes(slots), ElementsAre(5'000, 5'000, 5'500, 5'000, 5'000, 5'000));
}

TEST(SpreadUnsold, GivesBackWhatNoAuctionOfTheWindowHasRoomFor) {
  std::vector<Slot> slots = Calendar(6, 100'000);
  EXPECT_EQ(SpreadUnsold(slots, 0, Tonnes(120'000), kChina, Tonnes(1'000)), Tonnes(20'000));
  EXPECT_THAT(Volumes(slots), ElementsAre(100'000, 125'000, 125'000, 125'000, 125'000, 100'000));
}

// UK Regulations 2021 Reg. 8: the ceiling counts from the volume first proposed, however often
// volumes stack, and what one auction cannot take goes to the others of the four.
TEST(SpreadUnsold, StacksUpToTheCeilingOfTheFirstVolume) {
  std::vector<Slot> slots = Calendar(7, 100'000);
  EXPECT_EQ(SpreadUnsold(slots, 0, Tonnes(80'000), kChina, Tonnes(1'000)), Tonnes(0));
  EXPECT_EQ(SpreadUnsold(slots, 1, Tonnes(30'000), kChina, Tonnes(1'000)), Tonnes(0));
  EXPECT_THAT(Volumes(slots),
              ElementsAre(100'000, 120'000, 125'000, 125'000, 125'000, 115'000, 100'000));
}

TEST(SpreadUnsold, UsesTheAuctionsThatAreLeftAtTheEndOfACalendar) {
  std::vector<Slot> slots = Calendar(3, 100'000);
  EXPECT_EQ(SpreadUnsold(slots, 1, Tonnes(10'000), kChina, Tonnes(1'000)), Tonnes(0));
  EXPECT_THAT(Volumes(slots), ElementsAre(100'000, 100'000, 110'000));
  EXPECT_EQ(SpreadUnsold(slots, 2, Tonnes(10'000), kChina, Tonnes(1'000)), Tonnes(10'000));
}

TEST(SpreadUnsold, ConservesTonnesInWholeLotsBelowTheCeilingOverRandomCancellations) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Prng dice(seed);
    const UnsoldRule rule{.auctions = static_cast<int>(dice.Below(6)),
                          .ceiling_bp = dice.Below(2) == 0 ? 0U : 12'500U};
    std::vector<Slot> slots = Calendar(20, static_cast<std::int64_t>(1 + dice.Below(60)) * 1'000);
    std::int64_t offered = 0;
    std::int64_t left_over = 0;
    const std::int64_t first = slots[0].volume.count() * 20;
    std::int64_t sold = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      offered = slots[i].volume.count();
      const auto unsold =
          static_cast<std::int64_t>(dice.Below(static_cast<std::uint64_t>(offered / 1'000 + 1))) *
          1'000;
      sold += offered - unsold;
      left_over += SpreadUnsold(slots, i, Tonnes(unsold), rule, Tonnes(1'000)).count();
      for (const Slot& slot : slots) {
        ASSERT_EQ(slot.volume.count() % 1'000, 0);
        if (rule.ceiling_bp != 0) {
          ASSERT_LE(slot.volume.count() * 4, slot.first_volume.count() * 5);
        }
      }
    }
    ASSERT_EQ(sold + left_over, first);
  }
}

}  // namespace
}  // namespace ets::auction
