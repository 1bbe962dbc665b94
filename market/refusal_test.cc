// Refusals in words, and the table of them that people read.
#include "market/refusal.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "market/session_types.h"
#include "matching/order_words.h"

namespace ets::market {
namespace {

using ::testing::HasSubstr;

std::string Manual() {
  std::filesystem::path at = std::filesystem::current_path();
  while (!std::filesystem::exists(at / "docs/market.md") && at != at.parent_path()) {
    at = at.parent_path();
  }
  std::ifstream in(at / "docs/market.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Refusals, StandInTheManualWithNumberAndNameAndWhatTheyCount) {
  const std::string manual = Manual();
  std::set<std::string_view> names;
  for (std::size_t i = 1; i <= kRefusalCount; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    EXPECT_TRUE(names.insert(ToString(refusal)).second) << ToString(refusal);
    const std::string row =
        "\n| " + std::to_string(i) + " | `" + std::string(ToString(refusal)) + "` | ";
    const std::size_t at = manual.find(row);
    ASSERT_NE(at, manual.npos) << row;
    // "what is asked | what is the limit |"
    const std::string cells =
        manual.substr(at + row.size(), manual.find('\n', at + 1) - at - row.size());
    const std::string limit = cells.substr(cells.find('|') + 1);
    const bool has_limit = limit.find_first_not_of(" |") != limit.npos;
    EXPECT_EQ(has_limit, CountedBy(refusal).limit != Counts::kNothing) << row << cells;
  }
}

TEST(Refusals, NameEveryContradictionInTheManual) {
  const std::string manual = Manual();
  int count = 0;
  for (int i = 1; !ToString(static_cast<matching::Contradiction>(i)).empty(); ++i, ++count) {
    EXPECT_THAT(manual,
                HasSubstr("\n| " + std::to_string(i) + " | " +
                          std::string(ToString(static_cast<matching::Contradiction>(i))) + " |\n"));
  }
  EXPECT_EQ(count, 10);
}

TEST(Refusals, AreWrittenAsPeopleWritePricesDaysAndPhases) {
  EXPECT_EQ(Explained(Refusal::kPriceOutsideBand, {9'000, 7'700}),
            "PRICE_OUTSIDE_BAND: asked 90.00, limit 77.00");
  EXPECT_EQ(Explained(Refusal::kInsufficientCash, {100'050, 0}),
            "INSUFFICIENT_CASH: asked 1000.50, limit 0.00");
  EXPECT_EQ(Explained(Refusal::kQuantityOfWrongChannel, {100'000, 100'000}),
            "QUANTITY_OF_WRONG_CHANNEL: asked 100000, limit 100000");
  EXPECT_EQ(Explained(Refusal::kExpireDateInvalid, {20'513, 20'514}),
            "EXPIRE_DATE_INVALID: asked 2026-03-01, limit 2026-03-02");
  EXPECT_EQ(Explained(Refusal::kExpireDateInvalid, {0, 20'514}),
            "EXPIRE_DATE_INVALID: asked no day, limit 2026-03-02");
  EXPECT_EQ(Explained(Refusal::kBiddingNotOpen, {1'772'416'800'000'000, 1'772'420'400'500'000}),
            "BIDDING_NOT_OPEN: asked 2026-03-02T02:00:00Z, limit 2026-03-02T03:00:00Z");
  EXPECT_EQ(Explained(Refusal::kWrongSession, {static_cast<std::int64_t>(Phase::kBreak),
                                               static_cast<std::int64_t>(Phase::kContinuous)}),
            "WRONG_SESSION: asked break, limit continuous");
  EXPECT_EQ(Explained(Refusal::kOrderFieldsContradict,
                      {static_cast<std::int64_t>(matching::Contradiction::kNoStop), 0}),
            "ORDER_FIELDS_CONTRADICT: stop: missing");
  EXPECT_EQ(Explained(Refusal::kDuplicateClientOrderId, {0, 77}),
            "DUPLICATE_CLIENT_ORDER_ID: limit 77");
  EXPECT_EQ(Explained(Refusal::kNothingChanges, {}), "NOTHING_CHANGES");
}

}  // namespace
}  // namespace ets::market
