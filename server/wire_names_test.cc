#include "server/wire_names.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "server/registry_errors.h"

namespace ets::server::wire {
namespace {

const Home kHome{"cn", "CN"};

std::string ReasonOfError(const grpc::Status& status) { return server::ReasonOf(status); }

TEST(Names, AreReadWithAndWithoutThePrefixOfTheOwnRegistry) {
  for (const std::string prefix : {"", "registries/cn/branches/main/"}) {
    NameReader names(kHome);
    const auto account = names.Account("name", prefix + "accounts/12");
    ASSERT_TRUE(account.ok());
    EXPECT_EQ(account->account, AccountId(12));
    EXPECT_EQ(names.branch(), "main");
  }
  NameReader names(kHome);
  EXPECT_TRUE(names.Account("name", "registries/cn/branches/what-if/accounts/12").ok());
  EXPECT_EQ(names.branch(), "what-if");
}

TEST(Names, OfOneRequestLieOnOneBranch) {
  NameReader names(kHome);
  ASSERT_TRUE(names.Parent("parent", "registries/cn/branches/b").ok());
  EXPECT_TRUE(names.Account("debit", "registries/cn/branches/b/accounts/1").ok());
  EXPECT_FALSE(names.Account("credit", "accounts/2").ok());
  EXPECT_FALSE(names.Account("credit", "registries/cn/branches/c/accounts/2").ok());
}

TEST(Names, OfAnotherRegistryAreNotThere) {
  NameReader names(kHome);
  const auto other = names.Account("name", "registries/eu/branches/main/accounts/1");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(ReasonOfError(other.error()), "BRANCH_NOT_FOUND");
}

TEST(Names, ThatAreMalformedAreSaidWithTheirField) {
  for (const std::string name :
       {"", "accounts", "accounts/", "accounts/-1", "accounts/01", "accounts/4294967296",
        "accounts/1/", "account/1", "registries/cn/accounts/1", "accounts/x", "accounts/1 "}) {
    NameReader names(kHome);
    const auto read = names.Account("debit", name);
    ASSERT_FALSE(read.ok()) << name;
    EXPECT_EQ(read.error().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_TRUE(read.error().error_message().starts_with("debit: ")) << name;
  }
}

TEST(DisplayNumbers, HaveTheCheckDigitsOfTheUkRegistry) {
  // A published account number of the UK registry: type 100, id 10000056, period 0, digits 72.
  // Ours has type 100 + kind, so kind 0 gives the published number.
  EXPECT_EQ(DisplayNumber("UK", registry::AccountKind{}, AccountId(56)), "UK-100-10000056-0-72");
  EXPECT_EQ(DisplayNumber("CN", registry::AccountKind::kHolder, AccountId(12)),
            "CN-108-10000012-0-22");
}

TEST(DisplayNumbers, AreReadBackForEveryKindAndFailWithAnyOtherDigits) {
  for (std::size_t kind = 1; kind < registry::kAccountKindCount; ++kind) {
    for (const std::uint32_t id : {0U, 1U, 12U, 99'999U, 4'000'000'000U}) {
      const auto its_kind = static_cast<registry::AccountKind>(kind);
      const std::string number = DisplayNumber("CN", its_kind, AccountId(id));
      NameReader names(kHome);
      const auto read = names.Account("name", "accounts/" + number);
      ASSERT_TRUE(read.ok()) << number;
      EXPECT_EQ(read->account, AccountId(id));
      EXPECT_EQ(read->kind, its_kind);
      for (int digits = 0; digits < 100; ++digits) {
        const std::string two = (digits < 10 ? "0" : "") + std::to_string(digits);
        const std::string other = number.substr(0, number.size() - 2) + two;
        if (other == number) continue;
        const auto wrong = names.Account("name", "accounts/" + other);
        ASSERT_FALSE(wrong.ok()) << other;
        EXPECT_EQ(ReasonOfError(wrong.error()), "CHECK_DIGITS_INVALID");
      }
    }
  }
}

TEST(DisplayNumbers, CatchEverySingleWrongDigitOfTheId) {
  const std::string number = DisplayNumber("CN", registry::AccountKind::kHolder, AccountId(1'234));
  for (std::size_t at = 7; at < 15; ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string typo = number;
      typo[at] = digit;
      if (typo == number || typo[7] == '0') continue;
      NameReader names(kHome);
      EXPECT_FALSE(names.Account("name", "accounts/" + typo).ok()) << typo;
    }
  }
}

TEST(Units, AreReadInBothFormsAndWrittenInTheLongOneInNames) {
  struct Row {
    const char* full;
    const char* brief;
  };
  for (const Row& row :
       {Row{"CEA-2026", "CEA26"}, Row{"CEA-2020", "CEA19-20"}, Row{"AVI-2027", "AVI27"},
        Row{"RET-2027", "RET27"}, Row{"CCU-2027", "CCU27"}, Row{"CBAM-2026", "CBAM26"},
        Row{"CCER", "CCER"}, Row{"CNY", "CNY"}, Row{"EUR", "EUR"}}) {
    const auto full = ParseUnitText("unit", row.full);
    const auto brief = ParseUnitText("unit", row.brief);
    ASSERT_TRUE(full.ok()) << row.full;
    ASSERT_TRUE(brief.ok()) << row.brief;
    EXPECT_EQ(*full, *brief);
    EXPECT_EQ(FullUnit(*full), row.full);
    EXPECT_EQ(ets::ToString(*full), row.brief);
  }
  for (const char* wrong : {"", "CEA", "CEA-", "CEA-26", "CEA-1999", "CEA-2100", "CEA-02026",
                            "CCER-2026", "CNY-2026", "cea26", "CEA20", "USD", "CEA-2026 "}) {
    EXPECT_FALSE(ParseUnitText("unit", wrong).ok()) << wrong;
  }
}

TEST(RequestIds, AreUuidsInOneForm) {
  const auto lower = ParseRequestId("123e4567-e89b-42d3-a456-426614174000");
  const auto upper = ParseRequestId("123E4567-E89B-42D3-A456-426614174000");
  ASSERT_TRUE(lower.ok() && upper.ok());
  EXPECT_EQ(*lower, *upper);
  EXPECT_EQ(static_cast<unsigned char>((*lower)[0]), 0x12U);
  EXPECT_EQ(static_cast<unsigned char>((*lower)[4]), 0xE8U);
  EXPECT_EQ(static_cast<unsigned char>((*lower)[15]), 0x00U);
  for (const char* wrong :
       {"", "1", "123e4567e89b42d3a456426614174000", "123e4567-e89b-42d3-a456-42661417400",
        "123e4567-e89b-42d3-a456-4266141740000", "123e4567-e89b-42d3-a456-42661417400g",
        "123e4567-e89b-42d3-a456_426614174000"}) {
    const auto read = ParseRequestId(wrong);
    ASSERT_FALSE(read.ok()) << wrong;
    EXPECT_EQ(ReasonOfError(read.error()), "REQUEST_ID_INVALID");
  }
}

TEST(Times, KeepMicrosecondsOnBothSidesOf1970) {
  for (const SimTime time :
       {SimTime{0}, SimTime{1}, SimTime{-1}, SimTime{1'772'409'600'000'000}, SimTime{-1'000'001}}) {
    google::protobuf::Timestamp stamp;
    Fill(time, &stamp);
    EXPECT_GE(stamp.nanos(), 0);
    const auto read = ParseTime("time", stamp, Rounding::kDown);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, time);
  }
  google::protobuf::Timestamp stamp;
  stamp.set_nanos(1'500);
  EXPECT_EQ(*ParseTime("time", stamp, Rounding::kDown), 1);
  EXPECT_EQ(*ParseTime("time", stamp, Rounding::kUp), 2);
  stamp.set_nanos(-1);
  EXPECT_FALSE(ParseTime("time", stamp, Rounding::kDown).ok());
  stamp.set_nanos(0);
  stamp.set_seconds(300'000'000'000);
  EXPECT_FALSE(ParseTime("time", stamp, Rounding::kDown).ok());
}

TEST(PageTokens, AreReadBackForTheSameQuestionOnly) {
  const PageToken token{7, 123'456'789'012, 42};
  const auto read = ParsePageToken(Encode(token), 42);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->sequence, 7U);
  EXPECT_EQ(read->position, 123'456'789'012U);
  EXPECT_FALSE(ParsePageToken(Encode(token), 43).ok());
  EXPECT_FALSE(ParsePageToken(Encode(token) + "0", 42).ok());
  EXPECT_FALSE(ParsePageToken(std::string(48, 'x'), 42).ok());
  EXPECT_FALSE(ParsePageToken(Encode({0, 1, 42}), 42).ok());
}

TEST(PageSizes, HaveADefaultAndAMost) {
  EXPECT_EQ(*ParsePageSize(0), 100U);
  EXPECT_EQ(*ParsePageSize(7), 7U);
  EXPECT_EQ(*ParsePageSize(5'000), 1'000U);
  EXPECT_FALSE(ParsePageSize(-1).ok());
}

TEST(Texts, AreCutWithinNoCharacter) {
  const std::string text(79, 'a');
  EXPECT_EQ(Shortened(text + "\u00e9\u00e9"), text + "...");
  EXPECT_EQ(Shortened("short"), "short");
}

}  // namespace
}  // namespace ets::server::wire
