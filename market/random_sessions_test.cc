// Random days on the exchange, many of their inputs refused: what must hold after every input, what
// the registry would see, and that the journal alone rebuilds it all.
#include <algorithm>
#include <map>

#include "base/prng.h"
#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

constexpr std::uint16_t kLedgers = 4;
constexpr LedgerId kCash{0};

// The members' escrow as a registry would keep it: deposits in, settled pairs and withdrawals out.
class Escrow {
 public:
  void Deposit(MemberId member, LedgerId ledger, std::int64_t amount) {
    balances_[{member, ledger}] += amount;
  }
  void Take(MemberId member, LedgerId ledger, std::int64_t amount) {
    std::int64_t& balance = balances_[{member, ledger}];
    balance -= amount;
    EXPECT_GE(balance, 0) << "a pair or withdrawal would fail in the registry";
  }
  void Drop(LedgerId ledger) {
    for (auto& [key, balance] : balances_) {
      if (key.second == ledger) balance = 0;
    }
  }
  std::int64_t at(MemberId member, LedgerId ledger) { return balances_[{member, ledger}]; }

 private:
  std::map<std::pair<MemberId, LedgerId>, std::int64_t> balances_;
};

class RandomDays : public Listener {
 public:
  explicit RandomDays(std::uint64_t seed) : dice_(seed) {}

  void Run(int days) {
    for (int i = 0; i < 12; ++i) {
      Do(AdmitMember{AccountId(static_cast<std::uint32_t>(i)), AccountId(100)});
      for (std::uint16_t l = 0; l < kLedgers; ++l) {
        Deposit(MemberId(static_cast<std::uint32_t>(i)), LedgerId(l), l == 0 ? 50'000'000 : 5'000);
      }
    }
    for (std::uint16_t l = 1; l < kLedgers; ++l)
      Do(ListInstrument{LedgerId(l), kCash, Fen(l * 1'000)});
    for (int day = 0; day < days; ++day) {
      Do(AdvanceTo{day * kMicrosPerDay});
      Do(OpenSession{Date(day)});
      for (int i = 0; i < 300; ++i) Step();
      if (day == days / 2) Do(DelistInstrument{InstrumentId(0)});
      Do(CloseSession{});
      for (int i = 0; i < 5; ++i) Step();  // Between sessions most things are refused.
      if (market_.auction_open()) Do(CloseAuction{});
      Settle();
      if (day == days / 2 && Do(DropLedger{LedgerId(1)})) escrow_.Drop(LedgerId(1));
      Reconcile();
      market_.CheckInvariants();
      Do(DayClosed{Date(day), market_.settlement_sequence(), 0, market_.StateHash()});
    }
  }

  void OnFill(const Fill& fill) override {
    ++fill_count_;
    ASSERT_NE(fill.seller, fill.buyer);
    const InstrumentView& view = market_.instrument(fill.instrument);
    if (fill.channel == Channel::kListed) {
      ASSERT_LE(view.band_low, fill.price);
      ASSERT_LE(fill.price, view.band_high);
    }
    if (fill.channel == Channel::kBlock) {
      ASSERT_GE(fill.quantity, rules_.First(Mechanism::kNegotiated)->quantity_from);
      ASSERT_LE(view.block_band_low, fill.price);
      ASSERT_LE(fill.price, view.block_band_high);
    }
  }
  void OnAuctionCleared(InstrumentId, const auction::Clearing& clearing) override {
    sold_at_auction_ += clearing.sold.count();
  }

  Market& market() { return market_; }
  const MemoryJournal& journal() const { return journal_; }
  const VenueRules& rules() const { return rules_; }
  std::uint64_t fill_count() const { return fill_count_; }
  std::int64_t sold_at_auction() const { return sold_at_auction_; }
  std::uint64_t refused() const { return refused_; }

 private:
  static Price Fen(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }
  std::int64_t Below(std::uint64_t bound) { return static_cast<std::int64_t>(dice_.Below(bound)); }

  bool Do(const Input& input) {
    const auto outcome = market_.Apply(Envelope{.sim_time = now_}, input);
    if (outcome.ok() && outcome->order != OrderId()) orders_.push_back(outcome->order);
    if (orders_.size() > 30) orders_.erase(orders_.begin());
    if (const auto* advance = std::get_if<AdvanceTo>(&input)) now_ = advance->sim_time;
    if (!outcome.ok()) ++refused_;
    return outcome.ok();
  }
  void Deposit(MemberId member, LedgerId ledger, std::int64_t amount) {
    ASSERT_TRUE(Do(Position{++positions_, member, ledger, amount}));
    escrow_.Deposit(member, ledger, amount);
  }
  MemberId AnyMember() {
    return MemberId(static_cast<std::uint32_t>(dice_.Below(13)));
  }  // 12: nobody.
  InstrumentId AnyInstrument() { return InstrumentId(static_cast<std::uint16_t>(dice_.Below(4))); }

  void Step() {
    const InstrumentId instrument = AnyInstrument();
    const std::int64_t close = instrument.raw() < market_.instrument_count()
                                   ? market_.instrument(instrument).previous_close.minor_per_tonne()
                                   : 1'000;
    const std::uint64_t kind = dice_.Below(100);
    if (kind < 70) {
      const auto side = dice_.Below(2) == 0 ? matching::Side::kBuy : matching::Side::kSell;
      const auto tif = static_cast<matching::TimeInForce>(1 + dice_.Below(3));
      Do(PlaceOrder{AnyMember(), instrument, side, tif, Fen(close * (880 + Below(240)) / 1'000),
                    Tonnes(Below(1'010))});
    } else if (kind < 80) {
      Do(CancelOrder{AnyMember(), instrument,
                     orders_.empty() ? OrderId() : orders_[dice_.Below(orders_.size())]});
    } else if (kind < 84) {
      Do(TradeBlock{AnyMember(), AnyMember(), instrument, Fen(close * (680 + Below(640)) / 1'000),
                    Tonnes(900 + Below(1'500))});
    } else if (kind < 86) {
      const auto profiles = auction::Profiles();
      auction::Terms terms;
      terms.format = profiles[dice_.Below(profiles.size())].format;
      terms.supply = Tonnes(terms.format.lot.count() * Below(5));
      terms.reserve = Fen(900 + Below(300));
      terms.tie_seed = dice_.Next();
      Do(OpenAuction{AnyMember(), instrument, terms});
    } else if (kind < 93) {
      Do(SubmitBid{AnyMember(), Fen(900 + Below(400)), Tonnes(500 * Below(6))});
    } else if (kind < 95) {
      Do(CloseAuction{});
    } else if (kind < 98) {
      Do(Withdraw{AnyMember(), LedgerId(static_cast<std::uint16_t>(dice_.Below(kLedgers + 1))),
                  Below(500)});
    } else if (kind < 99) {
      Settle();
    } else {
      Deposit(MemberId(static_cast<std::uint32_t>(dice_.Below(12))),
              LedgerId(static_cast<std::uint16_t>(dice_.Below(kLedgers))), 1 + Below(100'000));
    }
  }

  void Settle() {
    for (const SettlementMessage& message : market_.TakeSettlement()) {
      ASSERT_EQ(message.sequence, ++messages_);
      ASSERT_LE(message.fills.size(), kFillsPerMessageMax);
      for (const Fill& fill : message.fills) {
        ASSERT_EQ(fill.trade_id, ++settled_trades_);
        const InstrumentView& view = market_.instrument(fill.instrument);
        const std::int64_t value = (fill.price * fill.quantity).minor();
        escrow_.Take(fill.seller, view.unit_ledger, fill.quantity.count());
        escrow_.Take(fill.buyer, view.cash_ledger, value);
        escrow_.Deposit(fill.buyer, view.unit_ledger, fill.quantity.count());
        escrow_.Deposit(fill.seller, view.cash_ledger, value);
      }
      for (const WithdrawalReady& ready : message.withdrawals) {
        escrow_.Take(ready.member, ready.ledger, ready.amount);
      }
    }
  }

  void Reconcile() {
    for (std::uint32_t m = 0; m < market_.member_count(); ++m) {
      for (std::uint16_t l = 0; l < kLedgers; ++l) {
        ASSERT_EQ(market_.holding(MemberId(m), LedgerId(l)).total(),
                  escrow_.at(MemberId(m), LedgerId(l)))
            << "member " << m << ", ledger " << l;
      }
    }
  }

  Prng dice_;
  std::vector<OrderId> orders_;  // The last ones.
  static VenueRules Rules() {
    VenueRules rules;
    rules.First(Mechanism::kOrderBook)->quantity_below = Tonnes(1'000);
    rules.First(Mechanism::kNegotiated)->quantity_from = Tonnes(1'000);
    rules.bids_per_bidder_max = 3;
    return rules;
  }
  const VenueRules rules_ = Rules();
  MemoryJournal journal_;
  Market market_{rules_, kLedgers, &journal_, this};
  SimTime now_ = 0;
  Escrow escrow_;
  std::uint64_t positions_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t settled_trades_ = 0;
  std::uint64_t fill_count_ = 0;
  std::uint64_t refused_ = 0;
  std::int64_t sold_at_auction_ = 0;
};

class RandomSessions : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomSessions, SettleWithoutAFailingPairAndAgreeWithTheRegistryEveryEvening) {
  RandomDays days(GetParam());
  days.Run(20);
  EXPECT_GT(days.fill_count(), 300U);
  EXPECT_GT(days.sold_at_auction(), 0);
  EXPECT_GT(days.refused(), 300U);
}

TEST_P(RandomSessions, AreRebuiltFromTheirJournal) {
  RandomDays days(GetParam());
  days.Run(8);
  const auto founding = Market::FoundingOf(days.journal().at(0));
  ASSERT_TRUE(founding.ok());
  EXPECT_EQ(founding->rules, days.rules());
  Market again(founding->rules, founding->ledger_count_max, nullptr, nullptr);
  for (std::size_t i = 0; i < days.journal().size(); ++i) {
    ASSERT_EQ(again.Replay(days.journal().at(i)), "");
  }
  EXPECT_EQ(again.StateHash(), days.market().StateHash());
  EXPECT_EQ(again.sequence(), days.market().sequence());
  EXPECT_EQ(again.settlement_sequence(), days.market().settlement_sequence());
  // The last DayClosed acknowledged everything.
  EXPECT_TRUE(again.TakeSettlement().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSessions,
                         ::testing::Range(std::uint64_t{1}, std::uint64_t{9}));

}  // namespace
}  // namespace ets::market
