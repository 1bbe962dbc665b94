// The journal: what a record looks like, and what replay does with good and bad ones.
#include "market/codec.h"
#include "market/exchange_fixture.h"
#include "matching/count_allocations.h"

namespace ets::market {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Price Fen(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

// One of every input, no field at its default.
std::vector<Input> OneOfEach() {
  const matching::ClientOrderId id = *matching::ClientOrderId::Parse("abcdefghij0123456789");
  auction::Terms terms;
  terms.format = *auction::FindFormat("cn-weekly");
  terms.format.bidder_limit_bp = 1'234;
  terms.secret_reserve = Fen(6'100);
  terms.bidders = {{MemberId(7), false, Tonnes(3'000), Money::FromMinor(9)},
                   {MemberId(8), true, {}, {}}};
  terms.consignments = {{MemberId(9), Tonnes(4'000)}};
  terms.containment = {{Fen(7'000), Tonnes(5'000)}};
  terms.withholding = auction::Trigger{Fen(6'500), Tonnes(6'000)};
  terms.supply = Tonnes(77'000);
  terms.reserve = Fen(6'000);
  terms.tie_seed = 0x0123456789ABCDEF;
  return {AdmitMember{AccountId(1), AccountId(2)},
          ListInstrument{LedgerId(1), LedgerId(2), Fen(8'000), 4, Date(5), Date(6), Date(7),
                         Tonnes(8), Tonnes(9)},
          DelistInstrument{InstrumentId(3)},
          Position{4, MemberId(5), LedgerId(6), 7},
          OpenSession{Date(20'000)},
          PlaceOrder{MemberId(1), InstrumentId(2), matching::Side::kSell,
                     matching::TimeInForce::kFillOrKill, Fen(3), Tonnes(4),
                     matching::OrderType::kStopLimit, matching::SelfTradePrevention::kDecrementBoth,
                     true, Fen(5), Tonnes(6), Tonnes(7), Date(8), id},
          CancelOrder{MemberId(1), InstrumentId(2), OrderId(3), id},
          TradeBlock{MemberId(1), MemberId(2), InstrumentId(3), Fen(4), Tonnes(5)},
          OpenAuction{MemberId(1), InstrumentId(2), terms, Date(20'003)},
          SubmitBid{MemberId(1), Fen(2), Tonnes(3)},
          CloseAuction{},
          Withdraw{MemberId(1), LedgerId(2), 3},
          CloseSession{},
          DropLedger{LedgerId(1)},
          AdvanceTo{123'456},
          DayClosed{Date(20'000), 1, 2, 3},
          BlockMember{MemberId(1), true},
          SetHoldingLimit{MemberId(1), InstrumentId(2), Tonnes(3)},
          HaltTrading{InstrumentId(1), true},
          ResumeTrading{InstrumentId(1)},
          SetPhase{InstrumentId(1), Phase::kClosingCall},
          ChangeOrder{MemberId(1), InstrumentId(2), OrderId(3), id, Fen(4), Tonnes(5), id},
          CancelOrders{MemberId(1), InstrumentId(2), matching::Side::kSell},
          QuoteBlock{MemberId(1), InstrumentId(2), matching::Side::kSell, Fen(3), Tonnes(4),
                     MemberId(5)},
          ConfirmBlock{MemberId(1), OfferId(2)},
          CancelBlock{MemberId(1), OfferId(2)},
          AnnounceOneWay{MemberId(1), InstrumentId(2), matching::Side::kBuy, Fen(3), Tonnes(4),
                         Tonnes(5), Tonnes(6), OneWayPricing::kUniform, 7, 8},
          BidOneWay{MemberId(1), OfferId(2), Fen(3), Tonnes(4)},
          WithdrawOneWay{MemberId(1), OfferId(2), OfferId(3)},
          ChangeBid{MemberId(1), 2, Fen(3), Tonnes(4)},
          WithdrawBid{MemberId(1), 2},
          PayAuction{3},
          SetAuctionCalendar{"EU",
                             MemberId(1),
                             InstrumentId(2),
                             terms,
                             3,
                             4,
                             5,
                             Date(6),
                             "why",
                             {{Date(7), Tonnes(8), Tonnes(9)}}},
          SubmitBids{MemberId(1), {{Fen(2), Tonnes(3)}, {Fen(1), Tonnes(4)}}}};
}

TEST(Codec, ReadsBackWhatWasLeftOut) {
  for (const Input& input :
       {Input(HaltTrading{}), Input(ResumeTrading{}), Input(CancelOrders{MemberId(1), {}, {}}),
        Input(SetHoldingLimit{}), Input(QuoteBlock{}), Input(ChangeOrder{})}) {
    std::string payload;
    const auto kind = static_cast<std::uint16_t>(Encode(input, payload));
    const auto read = Decode(kind, payload);
    ASSERT_TRUE(read.has_value()) << kind;
    std::string again;
    Encode(*read, again);
    EXPECT_EQ(again, payload) << kind;
  }
}

TEST(Codec, ReadsBackEveryInput) {
  std::size_t index = 0;
  for (const Input& input : OneOfEach()) {
    ASSERT_EQ(input.index(), index++) << "an input is missing from this test";
    std::string payload;
    const auto kind = static_cast<std::uint16_t>(Encode(input, payload));
    const auto read = Decode(kind, payload);
    ASSERT_TRUE(read.has_value()) << kind;
    ASSERT_EQ(read->index(), input.index());
    std::string again;
    EXPECT_EQ(static_cast<std::uint16_t>(Encode(*read, again)), kind);
    EXPECT_EQ(again, payload) << kind;
  }
  EXPECT_EQ(index, std::variant_size_v<Input>);
}

TEST(Codec, RefusesPayloadsThatAreTooShortOrTooLong) {
  for (const Input& input : OneOfEach()) {
    std::string payload;
    const auto kind = static_cast<std::uint16_t>(Encode(input, payload));
    EXPECT_FALSE(Decode(kind, payload + '\0').has_value()) << kind;
    for (std::size_t size = 0; size < payload.size(); ++size) {
      EXPECT_FALSE(Decode(kind, std::string_view(payload).substr(0, size)).has_value()) << kind;
    }
  }
}

TEST(Codec, RefusesEnumeratorsThatDoNotExist) {
  std::string payload;
  const auto kind = static_cast<std::uint16_t>(Encode(OneOfEach()[5], payload));
  for (const char side : {'\0', '\3'}) {
    std::string bad = payload;
    bad[6] = side;
    EXPECT_FALSE(Decode(kind, bad).has_value());
  }
  EXPECT_FALSE(Decode(0, "").has_value());
  EXPECT_FALSE(Decode(999, "").has_value());
}

// On disk for good: these bytes may never change.
TEST(Codec, PacksAnOrderIntoTwentySevenBytesLittleEndian) {
  std::string payload;
  const PlaceOrder order{MemberId(0x01020304),  InstrumentId(0x0506),
                         matching::Side::kSell, matching::TimeInForce::kImmediateOrCancel,
                         Fen(0x0708),           Tonnes(9)};
  EXPECT_EQ(Encode(order, payload), RecordKind::kPlaceOrder);
  const std::string start("\x04\x03\x02\x01\x06\x05\x02\x02\x08\x07\0\0\0\0\0\0\x09\0\0\0\0\0\0\0",
                          24);
  // A limit order with self-trade rule 2 and nothing else.
  EXPECT_EQ(payload, start + std::string("\x01\x02\0", 3));
}

class Replay : public ExchangeTest {
 protected:
  void SetUp() override {
    seller_ = Trader(0, 1'000);
    buyer_ = Trader(1'000'000'000, 0);
    cea_ = List(kUnits, 8'000);
    Open();
    ASSERT_TRUE(Sell(seller_, cea_, 8'000, 10).ok());
    ASSERT_TRUE(Buy(buyer_, cea_, 8'000, 4).ok());
  }
  std::string ReplayInto(Market& market) {
    for (std::size_t i = 0; i < journal_.size(); ++i) {
      const std::string wrong = market.Replay(journal_.at(i));
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  MemberId seller_;
  MemberId buyer_;
  InstrumentId cea_;
};

TEST_F(Replay, GivesTheSameStateWithOrdersAndAnAuctionOpen) {
  auction::Terms terms;
  terms.format = *auction::FindFormat("eu");
  terms.supply = Tonnes(500);
  ASSERT_TRUE(Do(OpenAuction{seller_, cea_, terms}).ok());
  ASSERT_TRUE(Do(SubmitBid{buyer_, Fen(8'000), Tonnes(500)}).ok());
  Market again(rules_, 3, nullptr, nullptr);
  EXPECT_EQ(ReplayInto(again), "");
  EXPECT_EQ(again.StateHash(), market_.StateHash());
  EXPECT_TRUE(again.auction_open());
  EXPECT_EQ(again.engine(cea_).live_count(), 1U);
  again.CheckInvariants();
}

TEST_F(Replay, GivesUnacknowledgedMessagesOnceMoreWithTheSameCuts) {
  const auto first = market_.TakeSettlement();
  ASSERT_TRUE(Buy(buyer_, cea_, 8'000, 3).ok());
  const auto second = market_.TakeSettlement();
  ASSERT_TRUE(Do(DayClosed{today_, 1, 0, 0}).ok());  // The first one arrived.
  ASSERT_TRUE(Buy(buyer_, cea_, 8'000, 2).ok());
  Market again(rules_, 3, nullptr, nullptr);
  ASSERT_EQ(ReplayInto(again), "");
  const auto messages = again.TakeSettlement();
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[0].sequence, second[0].sequence);
  EXPECT_EQ(messages[0].fills.size(), second[0].fills.size());
  EXPECT_EQ(messages[0].fills[0].trade_id, second[0].fills[0].trade_id);
  EXPECT_EQ(messages[1].sequence, 3U);
  EXPECT_THAT(again.TakeSettlement(), IsEmpty());
}

TEST_F(Replay, ContinuesItsJournalWhereItStopped) {
  Market again(rules_, 3, nullptr, nullptr);
  ASSERT_EQ(ReplayInto(again), "");
  const std::size_t before = journal_.size();
  again.ContinueJournal(&journal_);
  ASSERT_TRUE(again.Apply(envelope_, CloseSession{}).ok());
  ASSERT_EQ(journal_.size(), before + 1);
  EXPECT_EQ(journal_.at(before).sequence, before + 1);
}

TEST_F(Replay, NamesTheRecordThatIsWrong) {
  Market again(rules_, 3, nullptr, nullptr);
  EXPECT_THAT(again.Replay(journal_.at(2)), HasSubstr("record 3: expected 2"));
  JournalRecord bad = journal_.at(1);
  bad.payload = "short";
  EXPECT_THAT(again.Replay(bad), HasSubstr("record 2: cannot be decoded"));
  VenueRules other = rules_;
  other.sessions[0].band_bp = 500;
  Market elsewhere(other, 3, nullptr, nullptr);
  EXPECT_THAT(elsewhere.Replay(journal_.at(0)), HasSubstr("other rules"));
}

TEST_F(Replay, NoticesADayWhoseStateDiffers) {
  ASSERT_TRUE(Do(DayClosed{today_, 0, 0, market_.StateHash() + 1}).ok());
  Market again(rules_, 3, nullptr, nullptr);
  EXPECT_THAT(ReplayInto(again), HasSubstr("2027-01-06"));
}

TEST_F(Replay, FoundsNoMarketOnAnotherRecord) {
  EXPECT_EQ(Market::FoundingOf(journal_.at(0)), (Founding{rules_, 3}));
  EXPECT_FALSE(Market::FoundingOf(journal_.at(1)).ok());
  JournalRecord cut = journal_.at(0);
  cut.payload.remove_suffix(1);
  EXPECT_FALSE(Market::FoundingOf(cut).ok());
}

class Discard final : public Journal {
 public:
  void Append(const JournalRecord&) override {}
};

TEST(Market, AllocatesNothingPerMessageOnceItIsWarm) {
  Discard journal;
  Market market({}, 2, &journal, nullptr);
  const auto apply = [&market](const Input& input) { return market.Apply(Envelope{}, input).ok(); };
  for (std::uint32_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(apply(AdmitMember{}));
    ASSERT_TRUE(apply(Position{2 * i + 1, MemberId(i), LedgerId(0), 1'000'000'000}));
    ASSERT_TRUE(apply(Position{2 * i + 2, MemberId(i), LedgerId(1), 1'000'000}));
  }
  ASSERT_TRUE(apply(ListInstrument{LedgerId(1), LedgerId(0), Fen(8'000)}));
  const auto session = [&](int day) {
    apply(OpenSession{Date(day)});
    for (std::uint32_t i = 0; i < 2'000; ++i) {
      const auto side = i % 2 == 0 ? matching::Side::kBuy : matching::Side::kSell;
      apply(PlaceOrder{MemberId(i * 7 % 20), InstrumentId(0), side, matching::TimeInForce::kDay,
                       Fen(8'000 + static_cast<std::int64_t>(i % 5)), Tonnes(1 + i % 3)});
      if (i % 3 == 0) apply(CancelOrder{MemberId(i * 7 % 20), InstrumentId(0), OrderId(i)});
    }
    const std::uint64_t after_orders = matching::AllocationCount();
    apply(CloseSession{});
    market.TakeSettlement();
    return after_orders;
  };
  session(1);
  session(2);
  const std::uint64_t before = matching::AllocationCount();
  EXPECT_EQ(session(3), before);
}

}  // namespace
}  // namespace ets::market
