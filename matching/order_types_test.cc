#include "matching/order_types.h"

#include <gtest/gtest.h>

#include <set>

namespace ets::matching {
namespace {

TEST(TimesInForce, HaveOneRowEachWithItsOwnName) {
  std::set<std::string_view> names;
  for (const TimeInForceRow& row : kTimesInForce) {
    EXPECT_EQ(&RowOf(row.time_in_force), &row);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  }
}

TEST(TimesInForce, LetOnlyDayOrdersRest) {
  EXPECT_TRUE(RowOf(TimeInForce::kDay).may_rest);
  EXPECT_FALSE(RowOf(TimeInForce::kImmediateOrCancel).may_rest);
  EXPECT_FALSE(RowOf(TimeInForce::kFillOrKill).may_rest);
}

TEST(TimesInForce, LetAllButFillOrKillFillPartly) {
  EXPECT_TRUE(RowOf(TimeInForce::kDay).may_fill_partly);
  EXPECT_TRUE(RowOf(TimeInForce::kImmediateOrCancel).may_fill_partly);
  EXPECT_FALSE(RowOf(TimeInForce::kFillOrKill).may_fill_partly);
}

}  // namespace
}  // namespace ets::matching
