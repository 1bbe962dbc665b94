#include "tests/conformance/reasons.h"

#include <algorithm>
#include <string_view>

namespace ets::conformance {
namespace {

constexpr ReasonRow kTable[] = {
#include "reason_table.inc"
};

const char* ProfileOf(const ReasonRow& row) {
  const ReasonCase* const found = FindReasonCase(row.reason);
  return found == nullptr ? "sim" : found->profile;
}

class Reason : public World, public ::testing::WithParamInterface<ReasonRow> {
 protected:
  Reason() : World(ProfileOf(GetParam())) {}
};

void ExpectAsInTheTable(const Said& said, const ReasonRow& row) {
  const auto metadata = [&](const char* key) {
    const auto found = said.metadata.find(key);
    return found == said.metadata.end() ? std::string() : found->second;
  };
  EXPECT_EQ(said.code, row.code) << said.text();
  EXPECT_EQ(said.infos, 1) << said.text();
  EXPECT_EQ(said.reason, row.reason) << said.text();
  EXPECT_EQ(said.domain, "capclear");
  EXPECT_EQ(metadata("uk_code"), row.uk);
  EXPECT_EQ(metadata("itl_code"), row.itl);
  EXPECT_FALSE(said.message.empty());
}

TEST_P(Reason, IsGivenAsTheErrorTableSays) {
  const ReasonRow& row = GetParam();
  const ReasonCase* const found = FindReasonCase(row.reason);
  ASSERT_NE(found, nullptr) << "no case provokes " << row.reason;
  Case("error table", found->words);
  if (found->starts_servers && !MayStartServers()) GTEST_SKIP() << "starts servers of its own";
  const Said said = found->provoke(*this);
  switch (found->heard) {
    case Heard::kAsItem:
      EXPECT_EQ(said.reason, row.reason);
      return;
    case Heard::kByClientItself:
      EXPECT_EQ(said.code, row.code) << said.text();
      return;
    case Heard::kAsError:
      ExpectAsInTheTable(said, row);
      return;
  }
}

INSTANTIATE_TEST_SUITE_P(OfTheTable, Reason, ::testing::ValuesIn(kTable),
                         [](const auto& each) { return std::string(each.param.reason); });

TEST(Reasons, OfAllCasesAreInTheTable) {
  for (const auto cases : {EdgeReasonCases(), LawReasonCases()}) {
    for (const ReasonCase& each : cases) {
      const std::string_view reason = each.reason;
      EXPECT_TRUE(std::any_of(std::begin(kTable), std::end(kTable),
                              [&](const ReasonRow& row) { return reason == row.reason; }))
          << reason << " has a case and is no reason any more";
    }
  }
}

}  // namespace

const ReasonCase* FindReasonCase(std::string_view reason) {
  for (const auto cases : {EdgeReasonCases(), LawReasonCases()}) {
    for (const ReasonCase& each : cases) {
      if (reason == each.reason) return &each;
    }
  }
  return nullptr;
}

}  // namespace ets::conformance
