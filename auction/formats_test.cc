// Profiles and their fields: what a designer sees and changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "auction/fields.h"

namespace ets::auction {
namespace {

using ::testing::HasSubstr;

TEST(Profiles, AreFoundByNameOnlyAndEachIsUsable) {
  for (const Profile& profile : Profiles()) {
    EXPECT_EQ(FindProfile(profile.format.name), &profile);
    EXPECT_EQ(WrongWith(profile.format), "") << profile.format.name;
    EXPECT_EQ(profile.format.currency.size(), 3U) << profile.format.name;
  }
  for (const char* name :
       {"eu", "uk", "wci", "rggi", "nz", "kr", "guangdong", "shanghai", "cn-weekly"}) {
    EXPECT_NE(FindFormat(name), nullptr) << name;
  }
  EXPECT_EQ(FindFormat("cn_weekly"), FindFormat("cn-weekly"));
  EXPECT_EQ(FindFormat("dutch"), nullptr);
  EXPECT_EQ(FindFormat(""), nullptr);
}

// A field that decides something has a source, or is said to be a choice.
TEST(Profiles, NameASourceForEveryFieldThatDiffersFromTheNeutralOne) {
  const Format neutral;
  for (const Profile& profile : Profiles()) {
    std::set<std::string_view> named;
    for (const FieldSource& source : profile.sources) {
      EXPECT_NE(FindField(source.field), nullptr) << source.field;
      EXPECT_FALSE(source.source.empty());
      EXPECT_TRUE(named.insert(source.field).second) << source.field << " twice";
    }
    for (const std::string_view field : {"tie", "shortage", "lot", "unsold"}) {
      EXPECT_TRUE(named.contains(field)) << profile.format.name << " " << field;
    }
    for (const Field& field : Fields()) {
      // These two follow the lot where nothing says more; the source of the lot is theirs.
      if (field.name == "smallest_bid" || field.name == "award_unit") continue;
      if (field.get(profile.format) == field.get(neutral)) continue;
      EXPECT_TRUE(named.contains(field.name)) << profile.format.name << " " << field.name;
    }
  }
}

TEST(Fields, ReadBackWhatTheyShow) {
  for (const Profile& profile : Profiles()) {
    Format copy;
    copy.name = profile.format.name;
    for (const Field& field : Fields()) {
      ASSERT_TRUE(SetField(copy, field.name, field.get(profile.format)).ok()) << field.name;
      EXPECT_EQ(field.get(copy), field.get(profile.format)) << field.name;
      EXPECT_EQ(FindField(field.name), &field);
    }
  }
}

TEST(Fields, OfferEveryTieRuleAndEveryWord) {
  EXPECT_EQ(FindField("tie")->choices().size(), TieRules().size());
  EXPECT_EQ(FindField("shortage")->choices().size(), 4U);
  EXPECT_EQ(FindField("unsold")->choices().size(), 5U);
}

TEST(Fields, SayWhatIsAllowedInsteadOfAWrongValue) {
  Format format;
  EXPECT_THAT(SetField(format, "tie", "lottery").error(),
              HasSubstr("tie is 'lottery'; allowed: random, time, pro_rata_random"));
  EXPECT_THAT(SetField(format, "lot", "0").error(), HasSubstr("whole tonnes from 1"));
  EXPECT_THAT(SetField(format, "tick", "0.001").error(), HasSubstr("at most two decimals"));
  EXPECT_THAT(SetField(format, "bidder_limit", "0.12345").error(), HasSubstr("four decimals"));
  EXPECT_THAT(SetField(format, "irrevocable", "perhaps").error(), HasSubstr("true, false"));
  EXPECT_THAT(SetField(format, "containment_tiers", "3").error(), HasSubstr("0 to 2"));
  EXPECT_THAT(SetField(format, "colour", "red").error(), HasSubstr("no field"));
  EXPECT_EQ(format.lot, Format().lot);
}

TEST(Fields, TakeSharesExactly) {
  Format format;
  ASSERT_TRUE(SetField(format, "bidder_limit", "0.1234").ok());
  EXPECT_EQ(format.bidder_limit_bp, 1'234U);
  ASSERT_TRUE(SetField(format, "unsold_ceiling", "1.25").ok());
  EXPECT_EQ(format.unsold_ceiling_bp, 12'500U);
  ASSERT_TRUE(SetField(format, "bidder_limit", "1").ok());
  EXPECT_EQ(format.bidder_limit_bp, 10'000U);
}

TEST(WrongWith, NamesTheFieldThatDoesNotFit) {
  const auto with = [](auto change) {
    Format format;
    change(format);
    return WrongWith(format);
  };
  EXPECT_THAT(with([](Format& f) { f.smallest_bid = Tonnes(700); }), HasSubstr("smallest_bid"));
  EXPECT_THAT(with([](Format& f) { f.award_unit = Tonnes(300); }), HasSubstr("award_unit"));
  EXPECT_THAT(with([](Format& f) { f.bidder_limit_bp = 0; }), HasSubstr("bidder_limit"));
  EXPECT_THAT(with([](Format& f) { f.unsold_auctions = 0; }), HasSubstr("unsold_auctions"));
  EXPECT_THAT(with([](Format& f) { f.unsold_ceiling_bp = 9'000; }), HasSubstr("unsold_ceiling"));
}

}  // namespace
}  // namespace ets::auction
