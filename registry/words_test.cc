#include "registry/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ets::registry {
namespace {

// Names of the values 1 to count - 1 differ, and the values around them have none.
template <typename Enum>
void ExpectNamesDiffer(std::size_t first, std::size_t count, std::string_view unknown) {
  std::set<std::string> names;
  for (std::size_t value = first; value < count; ++value) {
    const std::string name(ToString(static_cast<Enum>(value)));
    EXPECT_NE(name, unknown) << value;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(ToString(static_cast<Enum>(count)), unknown);
}

TEST(Words, EveryValueHasANameOfItsOwn) {
  ExpectNamesDiffer<AccountKind>(1, kAccountKindCount, "unknown");
  ExpectNamesDiffer<Refusal>(1, kRefusalCount, "UNKNOWN");
  ExpectNamesDiffer<TransferCode>(1, kTransferCodeCount, "unknown");
  ExpectNamesDiffer<Role>(1, kRoleCount, "unknown");
  ExpectNamesDiffer<Symbol>(0, 6, "unknown");
  ExpectNamesDiffer<EmissionsSource>(1, 4, "unknown");
  EXPECT_EQ(ToString(Refusal{}), "UNKNOWN");
  EXPECT_EQ(ToString(AccountKind{}), "unknown");
}

TEST(Words, NamesStandAtTheirNumbers) {
  EXPECT_EQ(ToString(AccountKind::kAuctionStock), "auction_stock");
  EXPECT_EQ(ToString(AccountKind::kImporter), "importer");
  EXPECT_EQ(ToString(Refusal::kStreamGap), "STREAM_GAP");
  EXPECT_EQ(ToString(Refusal::kReversalWindowPassed), "REVERSAL_WINDOW_PASSED");
  EXPECT_EQ(ToString(Refusal::kInsufficientHolding), "INSUFFICIENT_HOLDING");
  EXPECT_EQ(ToString(Refusal::kLinkedFailed), "LINKED_FAILED");
  EXPECT_EQ(ToString(TransferCode::kOther), "other");
  EXPECT_EQ(ToString(TransferCode::kReversal), "reversal");
  EXPECT_EQ(ToString(TransferCode::kCertificateRepurchase), "certificate_repurchase");
  EXPECT_EQ(ToString(Role::kRegistryAdmin), "registry_admin");
  EXPECT_EQ(ToString(Role::kAuditor), "auditor");
}

TEST(Words, ReasonsFitTheWire) {
  for (std::uint16_t value = 1; value < kRefusalCount; ++value) {
    const std::string name(ToString(static_cast<Refusal>(value)));
    EXPECT_LE(name.size(), 63U) << name;
    EXPECT_EQ(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), std::string::npos) << name;
  }
}

TEST(Kinds, AnAccountBelongsToTheAuthorityOrToSomebodyElse) {
  for (std::size_t kind = 1; kind < kAccountKindCount; ++kind) {
    const KindRow& row = Kinds()[kind];
    EXPECT_NE(row.central, row.has_entity) << row.name;
    EXPECT_FALSE(row.has_obligations && !row.has_entity) << row.name;
  }
}

TEST(Kinds, NothingComesOutOfASinkAndOnlySourcesIssue) {
  for (std::size_t kind = 1; kind < kAccountKindCount; ++kind) {
    const KindRow& row = Kinds()[kind];
    if (row.pool == Pool::kHeld) continue;
    EXPECT_TRUE(row.central) << row.name;
    EXPECT_EQ(row.receives_cash, row.kind == AccountKind::kBank) << row.name;
    // Other sinks have commands of their own.
    EXPECT_EQ(row.receives_units, row.kind == AccountKind::kCancellation) << row.name;
  }
  EXPECT_EQ(RowOf(AccountKind::kIssuance).pool, Pool::kSource);
  EXPECT_EQ(RowOf(AccountKind::kBank).pool, Pool::kSource);
}

}  // namespace
}  // namespace ets::registry
