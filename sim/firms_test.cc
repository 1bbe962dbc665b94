#include "sim/firms.h"

#include <gtest/gtest.h>

#include "sim/run_fixture.h"

namespace ets::sim {
namespace {

// One power plant whose multiplier is 1, before a price that stays what it is.
class PlantTest : public ::testing::Test {
 protected:
  PlantTest() {
    path_.first_year = 2025;
    outlook_.planned = outlook_.fallback = &path_;
    agent_.sector = static_cast<std::size_t>(Default().SectorIndex("power"));
  }
  void LiveTo(int month, double price) {
    path_.price.assign(16, price);
    agent_.expected_price = price;
    for (; month_ <= month; ++month_) {
      DecideAbatement(agent_, Default(), Default().sectors[agent_.sector], outlook_,
                      {.per_tonne = 1}, month_);
      lowest_ = std::min(lowest_, agent_.structural);
    }
  }

  EquilibriumPath path_;
  Outlook outlook_;
  Agent agent_;
  int month_ = 12;  // January 2025.
  double lowest_ = 1;
};

TEST_F(PlantTest, AStepWorksAYearAfterItIsDecided) {
  LiveTo(12, 120);
  ASSERT_EQ(agent_.steps.size(), 1U);
  EXPECT_EQ(agent_.structural, 0);
  LiveTo(23, 120);
  EXPECT_EQ(agent_.structural, 0);
  LiveTo(24, 120);
  EXPECT_GT(agent_.structural, 0);
}

TEST_F(PlantTest, StepsThatEndAreReplacedBeforeTheyEnd) {
  LiveTo(60, 120);
  const double reached = agent_.structural;
  ASSERT_GT(reached, 0.02);
  lowest_ = 1;
  LiveTo(60 + 12 * 14, 120);  // Every step of the first years has ended by then.
  // Costs fall, so the plant never does less than it did, but for the size of one step.
  EXPECT_GT(lowest_, reached - 0.02);
}

TEST_F(PlantTest, StepsAreNotReplacedWhereThePriceHasFallen) {
  LiveTo(60, 120);
  LiveTo(60 + 12 * 14, 20);
  EXPECT_EQ(agent_.structural, 0);
}

}  // namespace
}  // namespace ets::sim
