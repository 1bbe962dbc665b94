// Tables of bids: what is read, and how every mistake is told.
#include "auction/bid_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/prng.h"

namespace ets::auction {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Terms TermsOf(std::string_view format, std::int64_t supply) {
  Terms terms;
  terms.format = *FindFormat(format);
  terms.supply = Tonnes(supply);
  return terms;
}
BidTableRules Euro() {
  BidTableRules rules;
  rules.currency = "EUR";
  return rules;
}
Result<BidTable, std::vector<BidProblem>> Read(std::string_view text,
                                               const BidTableRules& rules = Euro()) {
  return ReadBids(text, TermsOf("eu", 5'000), rules);
}

TEST(ReadBids, ReadsBiddersPricesAndQuantities) {
  const auto table =
      Read("bidder,price,quantity\nA,70.1,2000\n B , 70.05 ,1500\r\n\nA,69.99,500\n");
  ASSERT_TRUE(table.ok());
  ASSERT_THAT(table->bids, SizeIs(3));
  EXPECT_THAT(table->bidders, ElementsAre("A", "B"));
  EXPECT_EQ(table->bids[0].price, Price::FromMinorPerTonne(7'010));
  EXPECT_EQ(table->bids[1].bidder, MemberId(1));
  EXPECT_EQ(table->bids[2].bidder, MemberId(0));
  EXPECT_EQ(table->rows[2].line, 5);
  EXPECT_EQ(table->rows[2].id, "3");
}

TEST(ReadBids, TakesColumnsInAnyOrderAndAByteOrderMark) {
  const auto table = Read("\xEF\xBB\xBFquantity,id,bidder,price\n500,x,A,70\n500,y,A,70\n");
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->rows[1].id, "y");
}

// RFC 4180.
TEST(ReadBids, ReadsValuesInQuotes) {
  const auto table = Read(
      "\xEF\xBB\xBF\"bidder\",price,\"quantity\"\r\n"
      "\"A\",\"70.10\",2000\r\n"
      "A,70.05,1500\r\n"
      "\"A, Inc\" , 70.00 , \"1000\"\r\n"
      "\"The \"\"B\"\" firm\r\nof two lines\",69.99,500\r\n"
      "C,69.98,500");
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->bidders, ElementsAre("A", "A, Inc", "The \"B\" firm\r\nof two lines", "C"));
  EXPECT_EQ(table->bids[1].bidder, MemberId(0));
  EXPECT_EQ(table->bids[2].quantity, Tonnes(1'000));
  EXPECT_EQ(table->rows[3].line, 5);
  EXPECT_EQ(table->rows[4].line, 7);
}

// Any name comes back as it was written by the rule, in lines that end one way or the other.
TEST(ReadBids, ReadsBackEveryNameThatWasWrittenInQuotes) {
  constexpr std::string_view kLetters[] = {"a", ",", "\"", "\n", "\r\n", " ", "\t", "华", ";"};
  Prng dice(7);
  for (int round = 0; round < 300; ++round) {
    const std::string_view end = dice.Below(2) == 0 ? "\n" : "\r\n";
    std::string text = "bidder,price,quantity" + std::string(end);
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < 1 + dice.Below(4); ++i) {
      std::string name = std::to_string(i);
      for (std::uint64_t left = dice.Below(6); left > 0; --left) name += kLetters[dice.Below(9)];
      std::string quoted;
      for (const char letter : name) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
      text += "\"" + quoted + "\",70,500" + std::string(end);
      names.push_back(std::move(name));
    }
    const auto table = Read(text);
    ASSERT_TRUE(table.ok()) << text << table.error()[0].what;
    ASSERT_EQ(table->bidders, names) << text;
  }
}

// Whatever bytes come: read, or named with a line and a column of the text.
TEST(ReadBids, ComesToAnEndWithAnyBytes) {
  constexpr std::string_view kPieces[] = {"\"", ",",   "\n", "\r",   "A",
                                          "70", "500", " ",  "\xE5", std::string_view("\0", 1)};
  Prng dice(11);
  for (int round = 0; round < 2'000; ++round) {
    std::string text = dice.Below(4) == 0 ? "" : "bidder,price,quantity\n";
    for (std::uint64_t left = dice.Below(40); left > 0; --left) text += kPieces[dice.Below(10)];
    const auto table = Read(text);
    if (table.ok()) continue;
    const auto lines = std::ranges::count(text, '\n') + 1;
    for (const BidProblem& problem : table.error()) {
      ASSERT_GE(problem.line, 1) << text;
      ASSERT_LE(problem.line, lines) << text;
      ASSERT_GE(problem.column, 1) << text;
      ASSERT_LE(problem.column, static_cast<int>(text.size()) + 1) << text;
    }
  }
}

TEST(ReadBids, NamesBrokenQuotesAndReadsOn) {
  const auto table = Read(
      "bidder,price,quantity\n"
      "B\"x\",70,500\n"
      "\"C\" x,70,500\n"
      "\"D, E\",70,750\n"
      "\"A,70,500\n"
      "F,70,750\n");
  ASSERT_FALSE(table.ok());
  ASSERT_THAT(table.error(), SizeIs(5));
  EXPECT_THAT(table.error()[0].what, HasSubstr("a quote within a value"));
  EXPECT_EQ(table.error()[0].column, 2);
  EXPECT_THAT(table.error()[1].what, HasSubstr("text behind a closing quote"));
  EXPECT_EQ(table.error()[1].column, 5);
  EXPECT_EQ(table.error()[2].line, 4);
  EXPECT_EQ(table.error()[2].column, 11);
  EXPECT_EQ(table.error()[3],
            (BidProblem{5, 1, "the quote is not closed; allowed: a quote at the value's end"}));
  EXPECT_EQ(table.error()[4].line, 6);
}

TEST(ReadBids, CountsColumnsInCharactersAndNamesWhatIsNoUtf8) {
  const auto table = Read("bidder,price,quantity\n华能,70.123,500\n\xBB\xAA,70,500\n");
  ASSERT_FALSE(table.ok());
  ASSERT_THAT(table.error(), SizeIs(2));
  EXPECT_EQ(table.error()[0].column, 4);
  EXPECT_EQ(table.error()[1],
            (BidProblem{3, 1, "the value is not UTF-8; allowed: a file saved as UTF-8"}));
}

TEST(ReadBids, TakesTimesWithADateOrWithoutButNotBoth) {
  BidTableRules rules = Euro();
  rules.close = ParseBidTime("11:00");
  const auto table = Read("bidder,price,quantity,time\nA,70,500,2026-01-08T09:00\n", rules);
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(table.error()[0].what, HasSubstr("'2026-01-08T09:00' has a date, unlike"));
  const auto mixed =
      Read("bidder,price,quantity,time\nA,70,500,2026-01-08T09:00\nB,70,500,10:00\n");
  ASSERT_FALSE(mixed.ok());
  EXPECT_THAT(mixed.error()[0].what, HasSubstr("'10:00' has no date"));
}

TEST(ReadBids, PutsBidsIntoTheOrderOfTheirTimes) {
  const auto table =
      Read("bidder,price,quantity,time\nA,70,500,09:30:00.5\nB,70,500,09:30\nC,70,500,09:01:59\n");
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->rows[0].bidder, "C");
  EXPECT_EQ(table->rows[1].bidder, "B");
  EXPECT_EQ(table->bids[2].bidder, MemberId(0));
}

TEST(ReadBids, FindsEveryMistakeAndGivesNothingBack) {
  const auto table = Read(
      "bidder,price,quantity\n"
      "A,70.001,2000\n"
      "B,70.05\n"
      ",70.05,500\n"
      "C,-1,750\n"
      "D,70,5e2\n"
      "E,70,500,x\n");
  ASSERT_FALSE(table.ok());
  const std::vector<BidProblem>& problems = table.error();
  ASSERT_THAT(problems, SizeIs(6));
  EXPECT_EQ(problems[0].line, 2);
  EXPECT_EQ(problems[0].column, 3);
  EXPECT_THAT(problems[0].what, HasSubstr("price: '70.001' is no price"));
  EXPECT_EQ(problems[1],
            (BidProblem{3, 1, "2 values; allowed: 3, one for each column of the header"}));
  EXPECT_EQ(problems[2], (BidProblem{4, 1, "bidder: empty; allowed: a name"}));
  EXPECT_EQ(problems[3], (BidProblem{5, 3, "price: '-1' is not above 0; allowed: from 0.01"}));
  EXPECT_THAT(problems[4].what, HasSubstr("quantity: '5e2' is no quantity"));
  EXPECT_EQ(problems[4].column, 6);
  EXPECT_EQ(problems[5].line, 7);
}

TEST(ReadBids, HoldsEveryBidToTheFormat) {
  const auto table = Read("bidder,price,quantity\nA,70,750\nA,0,500\n");
  ASSERT_FALSE(table.ok());
  ASSERT_THAT(table.error(), SizeIs(2));
  EXPECT_EQ(
      table.error()[0],
      (BidProblem{2, 6, "quantity: the quantity 750 t is off the lot; allowed: multiples of 500"}));
  EXPECT_EQ(table.error()[1].line, 3);
  EXPECT_EQ(table.error()[1].column, 3);
}

TEST(ReadBids, NamesDuplicatesByIdOrByValue) {
  const auto same = Read("bidder,price,quantity\nA,70,500\nA,70.00,500\n");
  ASSERT_FALSE(same.ok());
  EXPECT_THAT(same.error()[0].what, HasSubstr("the same bid as in line 2"));
  EXPECT_TRUE(Read("bidder,price,quantity,id\nA,70,500,1\nA,70,500,2\n").ok());
  const auto twice = Read("bidder,price,quantity,id\nA,70,500,1\nB,71,500,1\n");
  ASSERT_FALSE(twice.ok());
  EXPECT_THAT(twice.error()[0].what, HasSubstr("'1' was in line 2 already"));
}

TEST(ReadBids, NamesOtherCurrenciesAndConvertsThoseWithARate) {
  const auto other = Read("bidder,price,quantity,currency\nA,70,500,GBP\n");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error()[0],
            (BidProblem{2, 10, "currency: 'GBP' is not the auction's currency; allowed: EUR"}));
  // 2026: USD 27.94 = CAD 38.15; CAD are converted to whole US cents before ranking.
  BidTableRules rules;
  rules.currency = "USD";
  rules.rates = {{"CAD", 7'324}};
  const auto table =
      ReadBids("bidder,price,quantity,currency\nA,38.15,1000,CAD\nB,27.95,1000,USD\n",
               TermsOf("wci", 5'000), rules);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->bids[0].price, Price::FromMinorPerTonne(2'794));
  EXPECT_EQ(table->bids[1].price, Price::FromMinorPerTonne(2'795));
}

TEST(ReadBids, NamesBidsAfterTheClose) {
  BidTableRules rules = Euro();
  rules.close = ParseBidTime("11:00");
  const auto table =
      Read("bidder,price,quantity,time\nA,70,500,10:59:59.999\nB,70,500,11:00:00\n", rules);
  ASSERT_FALSE(table.ok());
  ASSERT_THAT(table.error(), SizeIs(1));
  EXPECT_EQ(table.error()[0],
            (BidProblem{3, 10, "time: '11:00:00' is after the close; allowed: before it"}));
}

TEST(ReadBids, NamesBiddersWithoutAGuaranteeAndBidsAboveIt) {
  BidTableRules rules = Euro();
  BidderTerms covered;
  covered.guarantee = Money::FromMinor(7'000 * 500);
  rules.limits = {{"A", covered}};
  const auto table = Read("bidder,price,quantity\nA,70,500\nA,1,500\nB,70,500\n", rules);
  ASSERT_FALSE(table.ok());
  ASSERT_THAT(table.error(), SizeIs(2));
  EXPECT_THAT(table.error()[0].what,
              HasSubstr("need a guarantee of 35500.00; allowed: up to what it lodged, 35000.00"));
  EXPECT_EQ(table.error()[1].line, 4);
  EXPECT_THAT(table.error()[1].what, HasSubstr("'B' has lodged no guarantee"));
}

TEST(ReadBids, NamesWhatIsWrongWithTheHeader) {
  EXPECT_THAT(Read("").error()[0].what, HasSubstr("the file is empty"));
  EXPECT_THAT(Read("bidder,price\n").error()[0].what, HasSubstr("the column quantity is missing"));
  const auto unknown = Read("bidder,price,quantity,colour\nA,70,500,red\n");
  ASSERT_FALSE(unknown.ok());
  ASSERT_THAT(unknown.error(), SizeIs(1));
  EXPECT_EQ(unknown.error()[0].column, 23);
  EXPECT_THAT(Read("bidder,price,quantity\n").error()[0].what, HasSubstr("no bid"));
  EXPECT_THAT(Read("bidder,price,price,quantity\n").error()[0].what, HasSubstr("twice"));
}

TEST(ParseBidTime, ReadsTimesAloneAndBehindADate) {
  EXPECT_EQ(ParseBidTime("09:15"), 33'300'000'000);
  EXPECT_EQ(ParseBidTime("09:15:00.25"), 33'300'250'000);
  EXPECT_EQ(ParseBidTime("1970-01-02T00:00:01"), 86'401'000'000);
  EXPECT_EQ(ParseBidTime("1970-01-02 00:00"), 86'400'000'000);
  for (const char* wrong : {"", "9:15", "25:00", "09:60", "09:15:", "09:15:00.", "09:15:00.1234567",
                            "1970-13-01T00:00", "noon", "09-15"}) {
    EXPECT_EQ(ParseBidTime(wrong), std::nullopt) << wrong;
  }
}

TEST(ReadBidders, ReadsLimitsAndNamesMistakes) {
  const auto limits = ReadBidders("bidder,covered,room,guarantee\nA,no,,100.50\nB,,7000,\n");
  ASSERT_TRUE(limits.ok());
  EXPECT_FALSE(limits->at("A").covered);
  EXPECT_EQ(limits->at("A").guarantee, Money::FromMinor(10'050));
  EXPECT_EQ(limits->at("B").room, Tonnes(7'000));
  EXPECT_EQ(limits->at("B").guarantee, std::nullopt);
  EXPECT_FALSE(ReadBidders("bidder,guarantee\nA,9007199254.75\n").ok());
  EXPECT_EQ(ReadBidders("bidder,guarantee\n\"A, Inc\",1\n")->count("A, Inc"), 1U);
  const auto wrong = ReadBidders("bidder,covered,room\nA,maybe,-1\nA,,\n");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error(), SizeIs(3));
}

}  // namespace
}  // namespace ets::auction
