// The FIX gateway as QuickFIX's own initiator sees it, with docs/fix44.xml as its dictionary: what
// the gateway sends is held to it as well.
#include "server/fix_entry.h"

#include "server/fix_fixture.h"

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;
using ::testing::HasSubstr;

// Fields of a report as "39=0 14=0".
std::string Fields(const std::optional<FIX::Message>& message, std::initializer_list<int> tags) {
  if (!message) return "nothing came";
  std::string text;
  for (const int number : tags) {
    text += (text.empty() ? "" : " ") + std::to_string(number) + "=" + ValueOf(*message, number);
  }
  return text;
}

class FixEntryTest : public FixTest {
 protected:
  FixEntryTest() : seller_(entry_->port(), "10"), buyer_(entry_->port(), "20") {
    EXPECT_TRUE(seller_.AwaitLogon());
    EXPECT_TRUE(buyer_.AwaitLogon());
  }
  // Each takes its time: QuickFIX looks once a second.
  ~FixEntryTest() override {
    std::thread first([this] { seller_.Cut(); });
    buyer_.Cut();
    first.join();
  }

  Trader seller_, buyer_;
};

TEST_F(FixEntryTest, TakesOrdersAndReportsTradesToBothSides) {
  seller_.Send(Limit("s1", '2', "70.10", "100"));
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11, 39, 38, 44, 151, 14, 54, 55}),
            "11=s1 39=0 38=100 44=70.10 151=100 14=0 54=2 55=CEA26-CNY");
  buyer_.Send(Limit("b1", '1', "70.20", "30"));
  EXPECT_EQ(Fields(buyer_.NextReport("0"), {11, 39}), "11=b1 39=0");
  const auto bought = buyer_.NextReport("F");
  EXPECT_EQ(Fields(bought, {11, 39, 31, 32, 151, 14, 6}),
            "11=b1 39=2 31=70.10 32=30 151=0 14=30 6=70.10");
  const auto sold = seller_.NextReport("F");
  EXPECT_EQ(Fields(sold, {11, 39, 31, 32, 151, 14, 6}),
            "11=s1 39=1 31=70.10 32=30 151=70 14=30 6=70.10");
  EXPECT_EQ(Fields(sold, {527}), Fields(bought, {527}));
  EXPECT_NE(ValueOf(*sold, tag::ExecID), "");
}

TEST_F(FixEntryTest, SaysWhichLimitARefusedOrderBroke) {
  buyer_.Send(Limit("b1", '1', "90.00", "10"));
  EXPECT_EQ(Fields(buyer_.NextReport("8"), {11, 37, 39, 103, 58, 5001, 5002, 5003, 151}),
            "11=b1 37=NONE 39=8 103=3 58=PRICE_OUTSIDE_BAND: asked 90.00, limit 77.00 5001=7 "
            "5002=9000 5003=7700 151=0");
}

TEST_F(FixEntryTest, NumbersWhatOnlyTheWireCanSee) {
  buyer_.Send(Limit("b1", '1', "70.123", "10"));
  EXPECT_EQ(Fields(buyer_.NextReport("8"), {5001, 5002, 5003}), "5001=6 5002=7012 5003=1");
  buyer_.Send(Limit("b2", '1', "70.00", "10.5"));
  EXPECT_EQ(Fields(buyer_.NextReport("8"), {103, 5001, 5002, 5003}),
            "103=13 5001=25 5002=10 5003=1");
}

TEST_F(FixEntryTest, NamesTheFieldThatCannotBeRead) {
  struct Case {
    const char* order;
    const char* text;
  };
  for (const Case& wrong : std::initializer_list<Case>{
           {"44=70.123", "PRICE_OFF_TICK: asked 70.12, limit 0.01; Price(44) '70.123'"},
           {"38=10.5", "QUANTITY_OFF_LOT: asked 10, limit 1; OrderQty(38) '10.5'"},
           {"11=t 38=9007199254740992",
            "QUANTITY_OF_WRONG_CHANNEL: asked 9007199254740992, limit 100000"},
           {"11=u 38=99999999999999999999", "QUANTITY_OF_WRONG_CHANNEL: asked 9223372036854775807"},
           {"11=v 44=90071992547409.92",
            "PRICE_OUTSIDE_BAND: asked 90071992547409.92, limit 77.00"},
           {"110=0.5", "MinQty(110) '0.5'"},
           {"11=w 111=11", "ORDER_FIELDS_CONTRADICT: display: below 0 or more than the whole"},
           {"55=CEA99-CNY", "INSTRUMENT_NOT_FOUND"},
           {"11=much-too-long-for-an-order-id", "CLIENT_ORDER_ID_INVALID: asked 29, limit 20"},
           {"38=0", "QUANTITY_NOT_POSITIVE"},
           {"11=y 38=-5", "QUANTITY_NOT_POSITIVE: asked -5"},
           {"11=z 59=6", "EXPIRE_DATE_INVALID"}}) {
    buyer_.Send(Limit("x", '1', "70.00", "10", wrong.order));
    const auto report = buyer_.NextReport("8");
    ASSERT_TRUE(report) << wrong.order;
    EXPECT_THAT(ValueOf(*report, tag::Text), HasSubstr(wrong.text)) << wrong.order;
  }
  EXPECT_EQ(OrdersAccepted(), 0U);
}

TEST_F(FixEntryTest, ReplacesKeepingTheWholeQuantityAndBothIds) {
  seller_.Send(Limit("s1", '2', "70.00", "100"));
  ASSERT_TRUE(seller_.NextReport("0"));
  buyer_.Send(Limit("b1", '1', "70.00", "30"));
  ASSERT_TRUE(seller_.NextReport("F"));
  seller_.Send(Said("35=G 11=s2 41=s1 55=CEA26-CNY 54=2 40=2 44=70.50 38=80"));
  EXPECT_EQ(Fields(seller_.NextReport("5"), {11, 41, 39, 38, 44, 151, 14}),
            "11=s2 41=s1 39=1 38=80 44=70.50 151=50 14=30");
  // Its old name is gone.
  seller_.Send(Said("35=F 11=s3 41=s1 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Fields(seller_.NextOf("9"), {11, 41, 39, 434, 102, 58}),
            "11=s3 41=s1 39=8 434=1 102=1 58=ORDER_NOT_FOUND");
  seller_.Send(Said("35=F 11=s4 41=s2 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Fields(seller_.NextReport("4"), {11, 41, 39, 151, 14}), "11=s4 41=s2 39=4 151=0 14=30");
  seller_.Send(Said("35=F 11=s5 41=s2 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Fields(seller_.NextOf("9"), {11, 39, 102}), "11=s5 39=4 102=0");  // Too late.
}

TEST_F(FixEntryTest, AChangeToWhatIsFilledCancelsTheRest) {
  seller_.Send(Limit("s1", '2', "70.00", "100"));
  buyer_.Send(Limit("b1", '1', "70.00", "30"));
  ASSERT_TRUE(seller_.NextReport("F"));
  seller_.Send(Said("35=G 11=s2 41=s1 55=CEA26-CNY 54=2 40=2 44=70.00 38=30"));
  EXPECT_EQ(Fields(seller_.NextReport("4"), {11, 41, 39, 151, 14, 58}),
            "11=s2 41=s1 39=4 151=0 14=30 58=replaced_to_nothing");
  seller_.Send(Limit("s3", '2', "70.00", "10"));
  ASSERT_TRUE(seller_.NextReport("0"));
  seller_.Send(Said("35=G 11=s4 41=s3 55=CEA26-CNY 54=1 40=2 44=70.00 38=30"));
  EXPECT_THAT(Fields(seller_.NextOf("9"), {434, 58}),
              HasSubstr("434=2 58=Side(54) '1'; allowed: the order's, 2"));
  seller_.Send(Said("35=G 11=s4 41=s3 55=CEA26-CNY 54=2 40=1 38=30"));
  EXPECT_THAT(Fields(seller_.NextOf("9"), {434, 58}),
              HasSubstr("434=2 58=OrdType(40) '1'; allowed: the order's, 2"));
  seller_.Send(Said("35=F 11=s4 41=s3 55=CEA26-CNY 54=1"));
  EXPECT_THAT(Fields(seller_.NextOf("9"), {434, 58}),
              HasSubstr("434=1 58=Side(54) '1'; allowed: the order's, 2"));
  seller_.Send(Said("35=G 11=s4 41=s3 55=CEA26-CNY 54=2 40=2 44=70.00 38=10"));
  EXPECT_EQ(Fields(seller_.NextReport("5"), {11, 41, 38}), "11=s4 41=s3 38=10");  // A new name.
}

TEST_F(FixEntryTest, CancelsByTheExchangesNumberToo) {
  seller_.Send(Limit("s1", '2', "70.00", "100"));
  const auto placed = seller_.NextReport("0");
  ASSERT_TRUE(placed);
  seller_.Send(Said("35=F 11=s2 37=" + ValueOf(*placed, tag::OrderID) + " 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Fields(seller_.NextReport("4"), {11, 41}), "11=s2 41=s1");
  seller_.Send(Said("35=F 11=s3 55=CEA26-CNY 54=2"));
  EXPECT_THAT(Fields(seller_.NextOf("9"), {58}), HasSubstr("OrigClOrdID(41) or OrderID(37)"));
}

TEST_F(FixEntryTest, CancelsAllOfASideOrAnInstrument) {
  for (const char* const id : {"s1", "s2", "s3"}) seller_.Send(Limit(id, '2', "70.00", "10"));
  seller_.Send(Said("35=q 11=m1 530=7 54=1"));
  EXPECT_EQ(Fields(seller_.NextOf("r"), {11, 530, 531, 533}), "11=m1 530=7 531=7 533=0");
  seller_.Send(Said("35=q 11=m2 530=1 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Fields(seller_.NextOf("r"), {11, 530, 531, 533}), "11=m2 530=1 531=1 533=3");
  EXPECT_EQ(Fields(seller_.NextReport("4"), {11, 39}), "11=s1 39=4");
  seller_.Send(Said("35=q 11=m3 530=1 55=NO-SUCH"));
  EXPECT_EQ(Fields(seller_.NextOf("r"), {11, 531, 532, 5001}), "11=m3 531=0 532=1 5001=2");
  seller_.Send(Said("35=q 11=m4 530=7 55=CEA26-CNY"));
  EXPECT_THAT(Fields(seller_.NextOf("r"), {531, 58}),
              HasSubstr("531=0 58=Symbol(55) does not go with"));
}

// Each row: what rests before, the order, and the reports about it, ExecType and OrdStatus each.
TEST_F(FixEntryTest, TakesEveryKindOfOrder) {
  struct Case {
    const char* name;
    const char* resting;  // Quantity the seller offers at 70.00 before; empty: nothing.
    const char* order;    // Of the buyer.
    const char* reports;
  };
  int number = 0;
  for (const Case& it : std::initializer_list<Case>{
           {"market", "10", "54=1 40=1 38=10 59=3", "00 F2"},
           {"market without an offer", "", "54=1 40=1 38=10 59=3", "88"},
           {"immediate or cancel", "10", "54=1 40=2 44=70.00 38=15 59=3", "00 F1 44"},
           {"fill or kill", "10", "54=1 40=2 44=70.00 38=10 59=4", "00 F2"},
           {"fill or kill of too much", "10", "54=1 40=2 44=70.00 38=11 59=4", "88"},
           {"minimum quantity", "10", "54=1 40=2 44=70.00 38=15 110=10", "00 F1"},
           {"minimum quantity of too much", "10", "54=1 40=2 44=70.00 38=15 110=11", "88"},
           {"post-only", "", "54=1 40=2 44=70.00 38=5 18=6", "00"},
           {"post-only that would trade", "10", "54=1 40=2 44=70.00 38=5 18=6", "88"},
           {"iceberg", "", "54=1 40=2 44=69.00 38=50 111=5", "00"},
           {"display above the whole", "", "54=1 40=2 44=69.00 38=50 111=51", "88"},
           {"good till cancel", "", "54=1 40=2 44=69.00 38=5 59=1", "00"},
           {"good till date", "", "54=1 40=2 44=69.00 38=5 59=6 432=20260310", "00"},
           {"good till yesterday", "", "54=1 40=2 44=69.00 38=5 59=6 432=20260301", "88"},
           {"stop", "", "54=1 40=3 99=71.00 38=5", "00"},
           {"stop-limit", "", "54=1 40=4 99=71.00 44=72.00 38=5", "00"},
           {"market that is post-only", "10", "54=1 40=1 38=5 18=6", "88"}}) {
    const std::string id = "k" + std::to_string(++number);
    if (it.resting[0] != '\0') {
      seller_.Send(Limit("r" + id, '2', "70.00", it.resting));
      ASSERT_TRUE(seller_.NextReport("0")) << it.name;
    }
    buyer_.Send(Said("35=D 11=" + id + " 55=CEA26-CNY " + it.order));
    std::string reports;
    for (std::istringstream expected(it.reports); !expected.eof();) {
      std::string word;
      expected >> word;
      const auto report = buyer_.Next(
          [&](const FIX::Message& message) { return ValueOf(message, tag::ClOrdID) == id; });
      ASSERT_TRUE(report) << it.name;
      reports += (reports.empty() ? "" : " ") + ValueOf(*report, tag::ExecType) +
                 ValueOf(*report, tag::OrdStatus);
    }
    EXPECT_EQ(reports, it.reports) << it.name;
    // Whatever is left goes, so that the next row begins with nothing.
    for (Trader* const trader : {&seller_, &buyer_}) {
      trader->Send(Said("35=q 11=m" + id + " 530=7"));
      ASSERT_TRUE(trader->NextOf("r")) << it.name;
    }
  }
}

TEST_F(FixEntryTest, KeepsAMemberFromTradingWithItself) {
  seller_.Send(Limit("s1", '2', "70.00", "10"));
  ASSERT_TRUE(seller_.NextReport("0"));
  buyer_.Send(Limit("b0", '1', "70.00", "10"));
  ASSERT_TRUE(buyer_.NextReport("F"));
  // The buyer has units now, but bought today: T+1 of the instrument's session would refuse them,
  // so the prevention is seen from the seller, who has both.
  ASSERT_TRUE(seller_.NextReport("F"));
  seller_.Send(Limit("s2", '2', "70.00", "10"));
  ASSERT_TRUE(seller_.NextReport("0"));
  seller_.Send(Limit("s3", '1', "70.00", "4", "5004=4"));
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11}), "11=s3");
  EXPECT_EQ(Fields(seller_.NextReport("D"), {11, 378, 38, 151, 58}),
            "11=s2 378=99 38=6 151=6 58=reduced");
  EXPECT_EQ(Fields(seller_.NextReport("4"), {11, 58}), "11=s3 58=self_trade");
}

TEST_F(FixEntryTest, TriggersStops) {
  buyer_.Send(Said("35=D 11=st 55=CEA26-CNY 54=1 40=4 99=70.50 44=71.00 38=5"));
  ASSERT_TRUE(buyer_.NextReport("0"));
  seller_.Send(Limit("s1", '2', "70.50", "10"));
  buyer_.Send(Limit("b1", '1', "70.50", "3"));
  const auto triggered = buyer_.NextReport("D");
  EXPECT_EQ(Fields(triggered, {11, 39, 58}), "11=st 39=0 58=triggered");
  EXPECT_EQ(Fields(buyer_.NextReport("F"), {11, 32, 31, 39}), "11=st 32=5 31=70.50 39=2");
}

TEST_F(FixEntryTest, AppliesARepeatedOrderOnceAndAnswersWithItsState) {
  seller_.Send(Limit("s1", '2', "70.00", "10"));
  const auto placed = seller_.NextReport("0");
  ASSERT_TRUE(placed);
  FIX::Message again = Limit("s1", '2', "70.00", "10");
  again.getHeader().setField(tag::PossResend, "Y");
  seller_.Send(again);
  const auto state = seller_.NextReport("I");
  EXPECT_EQ(Fields(state, {11, 37, 39, 151}), Fields(placed, {11, 37, 39, 151}));
  EXPECT_EQ(OrdersAccepted(), 1U);
  seller_.Send(Limit("s1", '2', "70.00", "11"));  // Another order under the same name.
  EXPECT_EQ(Fields(seller_.NextReport("8"), {11, 103, 5001}), "11=s1 103=6 5001=28");
}

TEST_F(FixEntryTest, TellsTheStateOfOneOrderAndOfAll) {
  seller_.Send(Limit("s1", '2', "70.00", "10"));
  seller_.Send(Limit("s2", '2', "70.10", "20"));
  ASSERT_TRUE(seller_.NextReport("0"));
  ASSERT_TRUE(seller_.NextReport("0"));
  seller_.Send(Said("35=H 11=s2 790=q1 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Fields(seller_.NextReport("I"), {11, 790, 39, 38, 17}), "11=s2 790=q1 39=0 38=20 17=0");
  seller_.Send(Said("35=H 11=nothing 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Fields(seller_.NextReport("I"), {39, 103, 58}), "39=8 103=5 58=ORDER_NOT_FOUND");
  seller_.Send(Said("35=AF 584=all 585=7"));
  EXPECT_EQ(Fields(seller_.NextReport("I"), {11, 584, 911, 912}), "11=s1 584=all 911=2 912=N");
  EXPECT_EQ(Fields(seller_.NextReport("I"), {11, 584, 911, 912}), "11=s2 584=all 911=2 912=Y");
  seller_.Send(Said("35=AF 584=b 585=7 54=1"));
  EXPECT_EQ(Fields(seller_.NextOf("j"), {372, 380, 58}), "372=AF 380=1 58=no order waits");
}

TEST_F(FixEntryTest, RejectsWhatItDoesNotTake) {
  seller_.Send(Said("35=8 37=1"));  // Fields are missing before anything else.
  EXPECT_EQ(Fields(seller_.NextOf("3"), {372, 373}), "372=8 373=1");
  seller_.Send(Said("35=Y 262=a 281=0"));  // Only ever the exchange's.
  EXPECT_EQ(Fields(seller_.NextOf("j"), {372, 380}), "372=Y 380=3");
  seller_.Send(Said("35=R 131=a"));
  EXPECT_EQ(Fields(seller_.NextOf("3"), {372, 373}), "372=R 373=11");
  seller_.Send(Limit("a", '9', "70.00", "10"));
  EXPECT_EQ(Fields(seller_.NextOf("3"), {371, 372, 373}), "371=54 372=D 373=5");
  seller_.Send(Limit("a", '1', "70.00", "10", "211=1"));  // A pegged order.
  EXPECT_EQ(Fields(seller_.NextOf("3"), {371, 372, 373}), "371=211 372=D 373=0");
  seller_.Send(Limit("a", '1', "high", "10"));
  EXPECT_EQ(Fields(seller_.NextOf("3"), {371, 372, 373}), "371=44 372=D 373=6");
}

// ---- Sessions ----

TEST_F(FixEntryTest, SendsAgainWhatHappenedWhileTheClientWasAway) {
  seller_.Send(Limit("s1", '2', "70.00", "100"));
  ASSERT_TRUE(seller_.NextReport("0"));
  seller_.Cut();
  buyer_.Send(Limit("b1", '1', "70.00", "30"));
  ASSERT_TRUE(buyer_.NextReport("F"));
  seller_.Start();
  const auto sold = seller_.NextReport("F");
  EXPECT_EQ(Fields(sold, {11, 32, 14, 151}), "11=s1 32=30 14=30 151=70");
  ASSERT_TRUE(sold);
  EXPECT_EQ(ValueOf(sold->getHeader(), tag::PossDupFlag), "Y");
}

TEST_F(FixEntryTest, GoesOnAfterARestartOfTheServer) {
  seller_.Send(Limit("s1", '2', "70.00", "100"));
  ASSERT_TRUE(seller_.NextReport("0"));
  const int next = seller_.session().getExpectedSenderNum();
  ASSERT_GT(next, 2);
  Restart();
  ASSERT_TRUE(seller_.AwaitLogon());
  ASSERT_TRUE(buyer_.AwaitLogon());
  seller_.Send(Limit("s1", '2', "70.00", "100"));
  EXPECT_EQ(Fields(seller_.NextReport("I"), {11, 39, 151}), "11=s1 39=0 151=100");
  EXPECT_GE(seller_.session().getExpectedSenderNum(), next);
  buyer_.Send(Limit("b1", '1', "70.00", "30"));
  EXPECT_EQ(Fields(seller_.NextReport("F"), {11, 32}), "11=s1 32=30");
  EXPECT_EQ(OrdersAccepted(), 2U);
}

TEST_F(FixEntryTest, AsksForWhatIsMissingAndTakesAGapFill) {
  seller_.session().setNextSenderMsgSeqNum(seller_.session().getExpectedSenderNum() + 5);
  seller_.Send(Limit("s1", '2', "70.00", "100"));
  // The client fills the gap of five and sends the order again; it is applied once.
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11, 39}), "11=s1 39=0");
  seller_.Send(Limit("s2", '2', "70.00", "100"));
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11, 39}), "11=s2 39=0");
  EXPECT_EQ(OrdersAccepted(), 2U);
}

TEST_F(FixEntryTest, FillsTheGapWhereTheClientLostMessages) {
  for (const char* const id : {"s1", "s2", "s3"}) {
    seller_.Send(Limit(id, '2', "70.00", "10"));
    ASSERT_TRUE(seller_.NextReport("0"));
  }
  // The client forgets the last two: it gets them once more.
  seller_.session().setNextTargetMsgSeqNum(seller_.session().getExpectedTargetNum() - 2);
  seller_.Send(Limit("s4", '2', "70.00", "10"));
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11}), "11=s2");
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11}), "11=s3");
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11}), "11=s4");
}

TEST_F(FixEntryTest, StartsFromOneWhenTheClientSaysSo) {
  for (const char* const cancels : {"", "s1"}) {
    // A client that keeps no numbers: without the flag its second logon would be too low.
    Trader forgetful(entry_->port(), "10-desk2", "secret", {{tag::ResetSeqNumFlag, "Y"}});
    ASSERT_TRUE(forgetful.AwaitLogon());
    if (cancels[0] == '\0') {
      forgetful.Send(Limit("s1", '2', "70.00", "10"));
      ASSERT_TRUE(forgetful.NextReport("0"));
    } else {
      forgetful.Send(Said("35=F 11=s2 41=s1 55=CEA26-CNY 54=2"));
      EXPECT_EQ(Fields(forgetful.NextReport("4"), {11, 41}), "11=s2 41=s1");
    }
  }
}

TEST_F(FixEntryTest, RefusesALogonWithTheReason) {
  struct Case {
    const char* client;
    const char* password;
    const char* reason;
  };
  for (const Case& it : std::initializer_list<Case>{
           {"10-other", "wrong", "nobody is known by that token"},
           {"99", "secret", "member 99: nothing was deposited there"},
           {"ACME", "secret", "SenderCompID(49) 'ACME'; allowed: the number of an escrow"}}) {
    Trader stranger(entry_->port(), it.client, it.password);
    ASSERT_TRUE(stranger.AwaitLogout());
    EXPECT_THAT(stranger.goodbye(), HasSubstr(it.reason));
  }
  // Nobody else noticed.
  seller_.Send(Limit("s1", '2', "70.00", "10"));
  EXPECT_TRUE(seller_.NextReport("0"));
}

TEST_F(FixEntryTest, CancelsOnDisconnectForThoseWhoAskForIt) {
  Trader desk(entry_->port(), "10-desk2", "secret", {{5005, "Y"}});
  ASSERT_TRUE(desk.AwaitLogon());
  seller_.Send(Limit("s1", '2', "70.00", "10"));
  ASSERT_TRUE(seller_.NextReport("0"));
  desk.Send(Limit("d1", '2', "70.00", "10"));
  EXPECT_EQ(Fields(seller_.NextReport("0"), {11}), "11=d1");  // Also its member's.
  desk.Cut();
  EXPECT_EQ(Fields(seller_.NextReport("4"), {11, 39}), "11=d1 39=4");
  seller_.Send(Said("35=AF 584=all 585=7"));
  EXPECT_EQ(Fields(seller_.NextReport("I"), {11, 911}), "11=s1 911=1");
}

// ---- Market data ----

// Entries of W and X as "0 70.00 10; 1 70.10 20": action if any, type, price, size.
std::string Entries(const std::optional<FIX::Message>& message) {
  if (!message) return "nothing came";
  std::string text;
  for (unsigned i = 1; i <= message->groupCount(tag::NoMDEntries); ++i) {
    const bool is_change = ValueOf(message->getHeader(), tag::MsgType) == "X";
    FIX::Group group(tag::NoMDEntries, is_change ? tag::MDUpdateAction : tag::MDEntryType);
    message->getGroup(i, group);
    text += text.empty() ? "" : "; ";
    for (const int number : {tag::MDUpdateAction, tag::MDEntryType, tag::MDEntryPx,
                             tag::MDEntrySize, tag::NumberOfOrders}) {
      const std::string value = ValueOf(group, number);
      if (value.empty()) continue;
      text += (text.empty() || text.back() == ' ' ? "" : " ") + value;
    }
  }
  return text;
}

// Waits until what everybody may see has so many levels: it is told after the execution reports.
void AwaitLevels(Venue& venue, std::size_t count) {
  for (int i = 0; i < 500; ++i) {
    if (venue.market_data().Snapshot(InstrumentId(0))->book.levels.size() == count) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "there are never " << count << " levels";
}

FIX::Message Quotes(const std::string& id, char subscription, const std::string& types,
                    const std::string& more = {}, const std::string& symbol = kSymbol) {
  FIX::Message message = Said("35=V 262=" + id + " 264=0 265=1 263=" + subscription + " " + more);
  for (const char type : types) {
    FIX::Group group(tag::NoMDEntryTypes, tag::MDEntryType);
    group.setField(tag::MDEntryType, std::string(1, type));
    message.addGroup(group);
  }
  FIX::Group group(tag::NoRelatedSym, tag::Symbol);
  group.setField(tag::Symbol, symbol);
  message.addGroup(group);
  return message;
}

TEST_F(FixEntryTest, ShowsTheBookAndWhatChangesInIt) {
  seller_.Send(Limit("s1", '2', "70.10", "10"));
  seller_.Send(Limit("s2", '2', "70.10", "5"));
  seller_.Send(Limit("s3", '2', "70.30", "7", "111=2"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(seller_.NextReport("0"));
  AwaitLevels(*venue_, 2);
  buyer_.Send(Quotes("q", '1', "012"));
  EXPECT_EQ(Entries(buyer_.NextOf("W")), "1 70.10 15 2; 1 70.30 2 1");
  seller_.Send(Limit("s4", '2', "70.20", "9"));
  EXPECT_EQ(Entries(buyer_.NextOf("X")), "0 1 70.20 9 1");
  buyer_.Send(Limit("b1", '1', "70.10", "12"));
  EXPECT_EQ(Entries(buyer_.NextOf("X")), "1 1 70.10 3 1; 0 2 70.10 10; 0 2 70.10 2");
  seller_.Send(Said("35=F 11=c1 41=s2 55=CEA26-CNY 54=2"));
  EXPECT_EQ(Entries(buyer_.NextOf("X")), "2 1 70.10");
  // No more once it is unsubscribed: the next thing to come is the answer to a second request.
  buyer_.Send(Quotes("q", '2', "012"));
  buyer_.Send(Quotes("q", '2', "012"));
  EXPECT_EQ(Fields(buyer_.NextOf("Y"), {262, 281}), "262=q 281=1");
  seller_.Send(Limit("s5", '2', "70.40", "1"));
  ASSERT_TRUE(seller_.NextReport("4"));
  AwaitLevels(*venue_, 3);
  buyer_.Send(Quotes("p", '0', "1B4578"));
  const auto next = buyer_.Next([](const FIX::Message& message) {
    return ValueOf(message.getHeader(), tag::MsgType) != "8";
  });
  EXPECT_THAT(Fields(next, {262}), "262=p");
  EXPECT_THAT(Entries(next), HasSubstr("4 70.10; 7 70.10; 8 70.10"));
  EXPECT_THAT(Entries(next), HasSubstr("B 12"));
}

TEST_F(FixEntryTest, ShowsAsManyLevelsAsAreAskedFor) {
  for (const char* const price : {"70.10", "70.20", "70.30"}) {
    seller_.Send(Limit(std::string("s") + price, '2', price, "10"));
    ASSERT_TRUE(seller_.NextReport("0"));
  }
  AwaitLevels(*venue_, 3);
  buyer_.Send(Quotes("top", '1', "01", "264=1 265=0"));
  EXPECT_EQ(Entries(buyer_.NextOf("W")), "1 70.10 10 1");
  seller_.Send(Limit("s4", '2', "70.00", "4"));
  EXPECT_EQ(Entries(buyer_.NextOf("W")), "1 70.00 4 1");  // A whole refresh.
  buyer_.Send(Quotes("none", '0', "0"));
  EXPECT_EQ(Entries(buyer_.NextOf("W")), "J");  // An empty side.
}

TEST_F(FixEntryTest, RejectsMarketDataThatThereIsNone) {
  struct Case {
    FIX::Message request;
    const char* answer;
  };
  const Case cases[] = {{Quotes("a", '1', "0", "", "NO-SUCH"), "262=a 281=0"},
                        {Quotes("b", '1', "J"), "262=b 281=8"},
                        {Quotes("c", '1', "0", "266=N"), "262=c 281=7"},
                        {Quotes("d", '1', "0", "264=-1"), "262=d 281=5"}};
  for (const Case& it : cases) {
    buyer_.Send(it.request);
    EXPECT_EQ(Fields(buyer_.NextOf("Y"), {262, 281}), it.answer);
  }
}

TEST_F(FixEntryTest, ListsInstrumentsAndTheirStatus) {
  buyer_.Send(Said("35=x 320=l 559=4"));
  const auto list = buyer_.NextOf("y");
  EXPECT_EQ(Fields(list, {320, 560, 393, 893}), "320=l 560=0 393=1 893=Y");
  ASSERT_TRUE(list);
  FIX::Group group(tag::NoRelatedSym, tag::Symbol);
  list->getGroup(1, group);
  EXPECT_EQ(ValueOf(group, tag::Symbol), kSymbol);
  EXPECT_EQ(ValueOf(group, 5006) + " " + ValueOf(group, 5007), "63.00 77.00");
  buyer_.Send(Said("35=e 324=st 55=CEA26-CNY 263=1"));
  EXPECT_EQ(Fields(buyer_.NextOf("f"), {324, 326, 58}), "324=st 326=17 58=continuous");
  EXPECT_TRUE(venue_->Operate(market::HaltTrading{}).ok());
  EXPECT_EQ(Fields(buyer_.NextOf("f"), {324, 326, 58}), "324=st 326=2 58=halted");
  buyer_.Send(Said("35=g 335=g 263=0"));
  EXPECT_EQ(Fields(buyer_.NextOf("h"), {335, 336, 340}), "335=g 336=cn-listed 340=1");
}

}  // namespace
}  // namespace ets::server::fix
