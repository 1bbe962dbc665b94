// The FIX gateway and a client of raw bytes that breaks the rules of the session on purpose: each
// offence ends or is rejected as FIX has it, and touches nobody else.
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "base/prng.h"
#include "registry/profile.h"
#include "server/fix_fixture.h"
#include "server/serve.h"

namespace ets::server::fix {
namespace {

using ::testing::HasSubstr;

const std::string kOrder = "35=D|11=x|55=CEA26-CNY|54=2|60=20260302-09:30:00|40=2|44=70.00|38=1";

// What a client of the port hears last or at all; `type` is the message that must hold `words`.
struct Offence {
  const char* name;
  std::function<void(RawClient&)> offend;
  const char* type;
  const char* words;
};

class FixRawTest : public FixTest {
 protected:
  FixRawTest() : honest_(entry_->port()) {
    honest_.LogOn("20");
    EXPECT_NE(honest_.NextOf("A"), "");
  }

  // Another session still trades.
  void ExpectHonestTrades() {
    honest_.Say("35=D|11=h" + std::to_string(honest_.next()) +
                    "|55=CEA26-CNY|54=1|60=20260302-09:30:00|40=2|44=69.00|38=1",
                "49=20");
    EXPECT_THAT(honest_.NextOf("8"), HasSubstr("|39=0|"));
  }
  void Expect(const Offence& offence) {
    RawClient client(entry_->port());
    offence.offend(client);
    EXPECT_THAT(client.NextOf(offence.type), HasSubstr(offence.words)) << offence.name;
    client.Close();
    ExpectHonestTrades();
  }
  // What was journaled makes the same exchange once more.
  void ExpectReplayIsEqual() {
    const std::uint64_t hash = StateHash();
    Restart();
    EXPECT_EQ(StateHash(), hash);
  }

  RawClient honest_;
};

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

TEST_F(FixRawTest, EndsWhatIsNoSession) {
  for (const Offence& offence : std::initializer_list<Offence>{
           {"garbage", [](RawClient& it) { it.Bytes("GET / HTTP/1.1\r\n\r\n"); }, "5",
            "58=these bytes do not begin a FIX message: GET / HTTP/1.1"},
           {"zeros", [](RawClient& it) { it.Bytes(std::string(64, '\0')); }, "5", "58=these bytes"},
           {"an order first", [](RawClient& it) { it.Say(kOrder); }, "5",
            "58=the first message must be a Logon(A)"},
           {"another version",
            [](RawClient& it) {
              std::string logon = RawClient::Message("35=A|98=0|108=30|554=secret", "34=1");
              logon = Replaced(logon, "FIX.4.4", "FIX.4.2");
              const unsigned sum = static_cast<unsigned>(std::stoi(logon.substr(logon.size() - 4)));
              const std::string by = std::to_string((sum + 254) % 256);
              logon.replace(logon.size() - 4, 3, std::string(3 - by.size(), '0') + by);
              it.Bytes(logon);
            },
            "5", "58=BeginString(8) FIX.4.2; allowed: FIX.4.4"},
           {"another venue", [](RawClient& it) { it.Say("35=A|98=0|108=30", "56=LSE"); }, "5",
            "58=TargetCompID(56) 'LSE'; allowed: CAPCLEAR"},
           {"a wrong token", [](RawClient& it) { it.Say("35=A|98=0|108=30|554=x"); }, "5",
            "58=nobody is known by that token"},
           {"a path for a name",
            [](RawClient& it) { it.Say("35=A|98=0|108=30|554=secret", "49=10-../../x"); }, "5",
            "58=SenderCompID(49) '10-../../x'; allowed"},
           {"encryption", [](RawClient& it) { it.Say("35=A|98=1|108=30|554=secret"); }, "5",
            "58=EncryptMethod(98)"},
           {"a heartbeat below zero", [](RawClient& it) { it.Say("35=A|98=0|108=-5|554=secret"); },
            "5", "58=HeartBtInt(108) '-5'; allowed"},
           {"a reset that does not begin at one",
            [](RawClient& it) {
              it.set_next(7);
              it.Say("35=A|98=0|108=30|554=secret|141=Y");
            },
            "5", "58=MsgSeqNum(34) 7; allowed with ResetSeqNumFlag(141) Y: 1"},
           {"a clock that is wrong",
            [](RawClient& it) {
              it.Say("35=A|98=0|108=30|554=secret|141=Y", "52=" + RawClient::Now(-600));
            },
            "5", " s behind this clock; allowed: 120 either way"},
           {"a field that a logon has not",
            [](RawClient& it) { it.Say("35=A|98=0|108=30|554=secret|44=1"); }, "5",
            "58=Tag not defined for this message type, field 44"},
           {"a member that is logged on", [](RawClient& it) { it.LogOn("20"); }, "5",
            "58=20 is logged on already"},
           {"a body as long as a book",
            [](RawClient& it) {
              it.Bytes(
                  "8=FIX.4.4\x01"
                  "9=99999\x01");
            },
            "5", "58=BodyLength(9) 99999; allowed"},
           {"a body of no length",
            [](RawClient& it) {
              it.Bytes(
                  "8=FIX.4.4\x01"
                  "9=ten\x01");
            },
            "5", "58=BodyLength(9) ten; allowed"},
           {"a begin without an end", [](RawClient& it) { it.Bytes("8=" + std::string(50, 'F')); },
            "5", "58=these bytes do not begin a FIX message"}}) {
    Expect(offence);
  }
  ExpectReplayIsEqual();
}

TEST_F(FixRawTest, EndsASessionWhoseClientBreaksItsRules) {
  for (const Offence& offence : std::initializer_list<Offence>{
           {"a second logon",
            [](RawClient& it) {
              it.LogOn();
              it.Say("35=A|98=0|108=30|554=secret");
            },
            "5", "58=a second Logon(A)"},
           {"no number",
            [](RawClient& it) {
              it.LogOn();
              it.Bytes(RawClient::Message(kOrder, ""));
            },
            "5", "58=MsgSeqNum(34) is missing"},
           {"a number of many digits",
            [](RawClient& it) {
              it.LogOn();
              it.Bytes(RawClient::Message(kOrder, "34=99999999999"));
            },
            "5", "58=MsgSeqNum(34) is missing or no number"},
           {"many digits elsewhere",
            [](RawClient& it) {
              it.LogOn();
              it.Say("35=2|7=1|16=99999999999");
            },
            "5", "58=field 16 '99999999999'; allowed"},
           {"a number that was",
            [](RawClient& it) {
              it.LogOn();
              it.set_next(1);
              it.Say(kOrder);
            },
            "5", "58=MsgSeqNum too low, expecting 2 but received 1"},
           {"another client's name",
            [](RawClient& it) {
              it.LogOn();
              it.Say(kOrder, "49=20");
            },
            "3", "|373=9|"},
           {"another client's name ends it",
            [](RawClient& it) {
              it.LogOn();
              it.Say(kOrder, "49=20");
            },
            "5", ""},
           {"a clock that is wrong",
            [](RawClient& it) {
              it.LogOn();
              it.Say(kOrder, "52=" + RawClient::Now(-600));
            },
            "3", "|373=10|"},
           {"a clock that is wrong ends it",
            [](RawClient& it) {
              it.LogOn();
              it.Say(kOrder, "52=" + RawClient::Now(600));
            },
            "5", ""},
           {"a length that is wrong",
            [](RawClient& it) {
              it.LogOn();
              it.Bytes(Replaced(RawClient::Message(kOrder, "34=2"), "9=1", "9=0"));
            },
            "5", "does not lead to CheckSum(10)"},
           {"a field that is none",
            [](RawClient& it) {
              it.LogOn();
              it.Say("35=D|11=a\x01no field");
            },
            "5", "58='no field' is no field"},
           {"garbage behind a message",
            [](RawClient& it) {
              it.LogOn();
              it.Bytes("and then?");
            },
            "5", "58=these bytes do not begin a FIX message: and then?"},
           {"too much ahead of its turn",
            [](RawClient& it) {
              it.LogOn();
              it.set_next(10);
              for (int i = 0; i < 150; ++i) it.Say(kOrder + "|58=" + std::string(8'000, 'x'));
            },
            "5", "too much waits for message 2"}}) {
    Expect(offence);
  }
  ExpectReplayIsEqual();
}

TEST_F(FixRawTest, RejectsAMessageAndGoesOn) {
  RawClient client(entry_->port());
  client.LogOn();
  ASSERT_NE(client.NextOf("A"), "");
  struct Case {
    std::string message;
    const char* words;
  };
  for (const Case& it : std::initializer_list<Case>{
           {"35=ZZ", "|372=ZZ|373=11|"},
           {Replaced(kOrder, "54=2|", ""), "|371=54|372=D|373=1|"},
           {Replaced(kOrder, "54=2", "54="), "|371=54|372=D|373=4|"},
           {kOrder + "|54=2", "|371=54|372=D|373=13|"},
           {kOrder + "|9999=x", "|371=9999|372=D|373=0|"},
           {kOrder + "|112=x", "|371=112|372=D|373=2|"},
           {Replaced(kOrder, "60=20260302-09:30:00", "60=today"), "|371=60|372=D|373=6|"},
           {"35=V|262=a|263=0|264=0|267=2|269=0|146=1|55=CEA26-CNY", "|373=16|"},
           {"35=4|123=Y|36=1", "|373=5|"}}) {
    client.Say(it.message);
    EXPECT_THAT(client.NextOf("3"), HasSubstr(it.words)) << it.message;
    // A SequenceReset that is rejected does not count.
    if (it.message.starts_with("35=4")) client.set_next(client.next() - 1);
  }
  client.Say(kOrder);
  EXPECT_THAT(client.NextOf("8"), HasSubstr("|39=0|"));
  ExpectHonestTrades();
}

TEST_F(FixRawTest, IgnoresWhatWasGarbledAndAsksForItAgain) {
  RawClient client(entry_->port());
  std::string garbled = RawClient::Message("35=A|98=0|108=30|554=secret|141=Y", "34=1");
  garbled[30] ^= 1;
  client.Bytes(garbled);  // As if it had never come.
  client.LogOn();
  ASSERT_NE(client.NextOf("A"), "");
  garbled = RawClient::Message(kOrder, "34=2");
  garbled[garbled.size() - 2] = garbled[garbled.size() - 2] == '9' ? '0' : '9';
  client.Bytes(garbled);
  client.set_next(3);
  client.Say("35=1|112=still there?");
  EXPECT_THAT(client.NextOf("2"), HasSubstr("|7=2|16=0|"));
  client.Bytes(
      RawClient::Message(kOrder, "34=2|43=Y|122=" + RawClient::Now()));  // Sent again; 3 was kept.
  EXPECT_THAT(client.NextOf("8"), HasSubstr("|11=x|"));
}

TEST_F(FixRawTest, AnswersATestRequestAndALogout) {
  RawClient client(entry_->port());
  client.LogOn();
  ASSERT_NE(client.NextOf("A"), "");
  client.Say("35=1|112=are you there?");
  EXPECT_THAT(client.NextOf("0"), HasSubstr("|112=are you there?|"));
  client.Say("35=5");
  EXPECT_NE(client.NextOf("5"), "");
  EXPECT_TRUE(client.HasEnded());
}

TEST_F(FixRawTest, AsksASilentClientAndThenEndsIt) {
  RawClient client(entry_->port());
  client.Say("35=A|98=0|108=1|554=secret|141=Y");
  ASSERT_NE(client.NextOf("A"), "");
  EXPECT_NE(client.NextOf("1"), "");
  EXPECT_THAT(client.NextOf("5"), HasSubstr("58=nothing was heard for 1 s"));
  EXPECT_TRUE(client.HasEnded());
  ExpectHonestTrades();
}

TEST_F(FixRawTest, DropsWhatCameBeforeUnderTheSameNumber) {
  RawClient client(entry_->port());
  client.LogOn();
  ASSERT_NE(client.NextOf("A"), "");
  client.Say(kOrder);
  ASSERT_NE(client.NextOf("8"), "");
  client.Bytes(RawClient::Message(kOrder, "34=2|43=Y|122=" + RawClient::Now()));
  client.Bytes(RawClient::Message(kOrder, "34=2|43=Y"));  // Without the first one's time.
  EXPECT_THAT(client.NextOf("3"), HasSubstr("|371=122|372=D|373=1|"));
  EXPECT_EQ(OrdersAccepted(), 1U);
}

TEST_F(FixRawTest, SendsMessagesAgainAndFillsTheGapsBetween) {
  RawClient client(entry_->port());
  client.LogOn();
  client.Say("35=1|112=a");  // A Heartbeat is 2.
  client.Say(kOrder);
  EXPECT_THAT(client.NextOf("8"), HasSubstr("|34=3|"));
  client.Say("35=V|262=q|263=0|264=0|267=1|269=0|146=1|55=CEA26-CNY");
  EXPECT_THAT(client.NextOf("W"), HasSubstr("|34=4|"));
  client.Say(Replaced(kOrder, "11=x", "11=y"));
  EXPECT_THAT(client.NextOf("8"), HasSubstr("|34=5|"));
  client.Say("35=2|7=1|16=0");
  EXPECT_THAT(client.NextOf("4"), HasSubstr("|36=3|"));
  const std::string again = client.NextOf("8");
  EXPECT_THAT(again, HasSubstr("|34=3|"));
  EXPECT_THAT(again, HasSubstr("|43=Y|"));
  EXPECT_THAT(client.NextOf("4"), HasSubstr("|36=5|"));
  EXPECT_THAT(client.NextOf("8"), HasSubstr("|34=5|"));
  client.Say("35=2|7=4|16=4");  // Market data alone: only its gap is filled.
  EXPECT_THAT(client.NextOf("4"), HasSubstr("|36=5|"));
  client.Say("35=2|7=4|16=5");
  EXPECT_THAT(client.NextOf("4"), HasSubstr("|36=5|"));
  EXPECT_THAT(client.NextOf("8"), HasSubstr("|34=5|"));
}

TEST_F(FixRawTest, BeginsAnewInTheMiddleOfASession) {
  RawClient client(entry_->port());
  client.LogOn();
  client.Say(kOrder);
  ASSERT_NE(client.NextOf("8"), "");
  client.set_next(1);
  client.LogOn();
  EXPECT_THAT(client.NextOf("A"), HasSubstr("|34=1|"));
  client.Say("35=F|11=y|41=x|55=CEA26-CNY|54=2|60=20260302-09:30:00");
  EXPECT_THAT(client.NextOf("8"), HasSubstr("|11=y|"));
}

// ---- Slow readers ----

// Enters orders past the port.
class Maker final : public SessionListener {
 public:
  void OnAnswer(const VenueAnswer&) override { ++answers_; }
  void OnReport(const Report&) override {}

  // One after the other, until all are answered.
  static void Enter(Venue& venue, MemberId member, std::uint64_t count,
                    const std::function<MemberRequest(std::uint64_t)>& request) {
    const auto maker = std::make_shared<Maker>();
    const auto session = venue.Connect({.name = "maker", .member = member}, maker);
    for (std::uint64_t i = 1; i <= count; ++i) {
      session->Submit(VenueRequest{i, request(i)});
      while (maker->answers_ + 10'000 < i) std::this_thread::yield();
    }
    while (maker->answers_ < count) std::this_thread::yield();
  }

 private:
  std::atomic<std::uint64_t> answers_ = 0;
};

market::PlaceOrder OrderOf(matching::Side side, std::int64_t quantity) {
  market::PlaceOrder order;
  order.side = side;
  order.limit = Price::FromMinorPerTonne(7'000);
  order.quantity = Tonnes(quantity);
  return order;
}

TEST_F(FixRawTest, CutsOffWhoDoesNotReadItsReportsAndKeepsThemForIt) {
  RawClient client(entry_->port());
  client.LogOn("10-desk2");
  ASSERT_NE(client.NextOf("A"), "");
  constexpr int kOrders = 40'000;
  Maker::Enter(*venue_, *Member(kSeller), kOrders,
               [](std::uint64_t) { return OrderOf(matching::Side::kSell, 1); });
  EXPECT_TRUE(client.HasEnded());
  ExpectHonestTrades();
  // It comes back without a reset, and gets all of them once more.
  RawClient again(entry_->port());
  again.set_next(2);
  again.Say("35=A|98=0|108=30|554=secret", "49=10-desk2");
  ASSERT_NE(again.NextOf("A"), "");
  again.Say("35=2|7=2|16=0", "49=10-desk2");
  for (int i = 0; i < kOrders; ++i) ASSERT_NE(again.NextOf("8"), "") << i;
}

TEST_F(FixRawTest, ShowsASlowReaderTheBookAnew) {
  RawClient client(entry_->port());
  client.LogOn("30");
  client.Say("35=V|262=v|263=1|264=0|265=1|267=2|269=0|269=2|146=1|55=CEA26-CNY", "49=30");
  ASSERT_NE(client.NextOf("W"), "");
  constexpr int kTrades = 90'000;
  Maker::Enter(*venue_, *Member(kBuyer), 1,
               [](std::uint64_t) { return OrderOf(matching::Side::kBuy, kTrades + 7); });
  Maker::Enter(*venue_, *Member(kSeller), kTrades,
               [](std::uint64_t) { return OrderOf(matching::Side::kSell, 1); });
  // The first level, trades as far as they fit, then how things stand.
  std::string last;
  do {
    last = client.NextOf("W");
    ASSERT_NE(last, "");
  } while (last.find("|270=70.00|271=7|") == last.npos);
}

// ---- Mutations ----

std::uint64_t Parameter(const char* name, std::uint64_t usual) {
  const char* const text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

// Bodies of all kinds a client may send, with what makes them interesting.
const std::vector<std::string>& Bodies() {
  static const std::vector<std::string> kBodies{
      kOrder,
      "35=D|11=i|55=CEA26-CNY|54=1|60=20260302-09:30:00|40=4|44=70.00|99=71.00|38=9|59=6|"
      "432=20260310|111=3|110=1|18=6|5004=2",
      "35=F|11=c|41=x|37=1|55=CEA26-CNY|54=2|60=20260302-09:30:00",
      "35=G|11=g|41=x|55=CEA26-CNY|54=2|60=20260302-09:30:00|40=2|44=71.00|38=5",
      "35=H|11=x|55=CEA26-CNY|54=2",
      "35=AF|584=a|585=7",
      "35=q|11=m|530=1|55=CEA26-CNY|54=2|60=20260302-09:30:00",
      "35=V|262=v|263=1|264=5|265=1|267=3|269=0|269=1|269=2|146=1|55=CEA26-CNY",
      "35=V|262=v|263=2|264=5|267=1|269=0|146=2|55=CEA26-CNY|55=CEA26-CNY",
      "35=x|320=l|559=4",
      "35=e|324=s|55=CEA26-CNY|263=1",
      "35=g|335=t|263=0",
      "35=0",
      "35=1|112=t",
      "35=2|7=1|16=0",
      "35=4|123=Y|36=9",
      "35=4|36=9",
      "35=3|45=1|373=5",
      "35=5|58=bye",
      "35=A|98=0|108=30|554=secret|141=Y",
      "35=j|372=8|380=0",
      "35=8|37=1|17=1|150=0|39=0|55=a|54=1|151=0|14=0|6=0"};
  return kBodies;
}

// One body with some of its fields changed, gone, doubled or moved.
std::string MutatedBody(std::string body, Prng& dice) {
  for (std::uint64_t changes = dice.Below(4); changes > 0; --changes) {
    const std::size_t at = dice.Below(body.size());
    switch (dice.Below(6)) {
      case 0:
        body[at] = static_cast<char>(' ' + dice.Below(95));
        break;
      case 1:
        body.erase(at, dice.Below(12));
        break;
      case 2:
        body.insert(at, body.substr(dice.Below(body.size()), dice.Below(20)));
        break;
      case 3:
        body.insert(at, std::to_string(dice.Next()));
        break;
      case 4:
        body += "|" + std::to_string(dice.Below(1'200)) + "=" + std::to_string(dice.Below(100));
        break;
      default:
        body.insert(at, "-");
    }
    if (body.size() < 5) body = "35=0";
  }
  return body;
}

// The bytes of a body under a number, framed rightly for the most part.
std::string MutatedMessage(const std::string& body, int number, Prng& dice) {
  const std::size_t bar = body.find('|');
  std::string text = body.substr(0, bar) + "|49=10|56=CAPCLEAR|34=" + std::to_string(number) +
                     "|52=" + RawClient::Now() + (bar == body.npos ? "" : body.substr(bar)) + "|";
  std::replace(text.begin(), text.end(), '|', kSoh);
  std::string message = "8=FIX.4.4";
  message += kSoh;
  message += "9=" + std::to_string(text.size()) + kSoh + text;
  unsigned sum = 0;
  for (const char c : message) sum += static_cast<unsigned char>(c);
  const std::string digits = std::to_string(sum % 256);
  message += "10=" + std::string(3 - digits.size(), '0') + digits + kSoh;
  if (dice.Chance(0.03)) {
    for (std::uint64_t flips = 1 + dice.Below(4); flips > 0; --flips) {
      message[dice.Below(message.size())] = static_cast<char>(dice.Next());
    }
  }
  if (dice.Chance(0.02)) message.resize(dice.Below(message.size() + 1));
  return message;
}

// CAPCLEAR_FIX_CONVERSATIONS: how many; CAPCLEAR_FIX_SEED: which.
TEST_F(FixRawTest, OutlivesMutatedConversations) {
  const std::uint64_t conversations = Parameter("CAPCLEAR_FIX_CONVERSATIONS", 1'000);
  const std::uint64_t seed = Parameter("CAPCLEAR_FIX_SEED", 1);
  Prng dice(seed);
  std::uint64_t messages = 0, answers = 0;
  for (std::uint64_t i = 0; i < conversations; ++i) {
    RawClient client(entry_->port());
    int number = 1;
    std::string bytes;
    if (dice.Chance(0.9)) {
      bytes = MutatedMessage("35=A|98=0|108=30|554=secret|141=Y", number++, dice);
    }
    for (std::uint64_t count = 1 + dice.Below(12); count > 0; --count) {
      const auto& bodies = Bodies();
      // What ends or derails a session comes last in the list, and seldom.
      std::string body = bodies[dice.Below(dice.Chance(0.85) ? 14 : bodies.size())];
      if (dice.Chance(0.5)) body = Replaced(body, "=x", "=x" + std::to_string(dice.Below(99)));
      if (dice.Chance(0.5)) body = MutatedBody(std::move(body), dice);
      if (dice.Chance(0.03)) number += static_cast<int>(dice.Below(5));
      bytes += MutatedMessage(body, number++, dice);
      ++messages;
    }
    client.Bytes(bytes);
    // Its last words are a Logout, so that the end comes when all was looked at.
    client.Bytes(MutatedMessage("35=5", number, dice));
    client.Bytes(std::string(kMessageMax, 'z'));  // Ends whatever was begun.
    while (!client.Next().empty()) ++answers;
    if (i % 25 == 0) ExpectHonestTrades();
    if (HasFailure()) break;
  }
  ExpectHonestTrades();
  EXPECT_GT(answers, conversations);
  std::printf("seed %lu: %lu conversations, %lu messages, %lu answers, %lu orders accepted\n",
              static_cast<unsigned long>(seed), static_cast<unsigned long>(conversations),
              static_cast<unsigned long>(messages), static_cast<unsigned long>(answers),
              static_cast<unsigned long>(OrdersAccepted()));
  ExpectReplayIsEqual();
}

// ---- Served ----

TEST(FixServed, IsThereWhereItIsAskedFor) {
  const std::string folder = NewFolder();
  ServeOptions options;
  options.live.data = folder;
  options.live.fsync = false;
  options.live.profile = *registry::FindProfile("sim");
  options.services.auth.required = false;
  options.port.listen = "127.0.0.1:0";
  options.fix_listen = "127.0.0.1:0";
  auto server = LiveServer::Start(options);
  ASSERT_TRUE(server.ok()) << server.error().message;
  RawClient client((*server)->fix_port());
  client.LogOn();
  EXPECT_THAT(client.NextOf("5"), HasSubstr("58=member 10: nothing was deposited there"));
  EXPECT_EQ((*server)->Shutdown(), "");
  EXPECT_TRUE(std::filesystem::is_directory(folder + "/fix"));
  server = LiveServer::Start(options);
  ASSERT_TRUE(server.ok());
  options.fix_listen = "nonsense";
  options.live.data += "/other";
  const auto refused = LiveServer::Start(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "the FIX gateway: 'nonsense'; allowed: ADDRESS:PORT, as 127.0.0.1:0");
  EXPECT_EQ((*server)->Shutdown(), "");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ets::server::fix
