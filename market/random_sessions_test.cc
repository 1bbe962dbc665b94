// Random days on the exchange, of every input there is, many of them refused: what must hold after
// every input, what the registry would see, that the events alone rebuild the books, and that the
// journal or a snapshot alone rebuilds it all.
#include <algorithm>
#include <map>

#include "base/prng.h"
#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

using matching::Side;

constexpr std::uint16_t kLedgers = 4;
constexpr LedgerId kCash{0};
constexpr SimTime kMinute = 60 * kMicrosPerSecond;

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

// Every book as someone keeps it who hears the events and nothing else.
class HeardBooks {
 public:
  void Hear(const OrderEvent& event) {
    if (event.kind == OrderEventKind::kAccepted || event.kind == OrderEventKind::kTriggered) return;
    if (event.kind == OrderEventKind::kTraded && !orders_.contains(event.order)) return;
    const bool left = event.open == Tonnes(0) || event.kind == OrderEventKind::kReplaced ||
                      event.kind == OrderEventKind::kWaits;
    if (left) {
      orders_.erase(event.order);
    } else if (event.kind == OrderEventKind::kRested || orders_.contains(event.order)) {
      orders_[event.order] = event;
    }
  }
  void ExpectToBe(const Market& market) const {
    std::size_t resting = 0;
    for (std::uint16_t i = 0; i < market.instrument_count(); ++i) {
      market.engine(InstrumentId(i)).ForEach([&](const matching::OrderView& order) {
        if (order.state != matching::OrderState::kResting) return;
        ++resting;
        const auto heard = orders_.find(order.id);
        ASSERT_NE(heard, orders_.end()) << "order " << order.id.raw() << " was not heard of";
        ASSERT_EQ(heard->second.price, order.limit);
        ASSERT_EQ(heard->second.open, order.open);
        ASSERT_EQ(heard->second.member, order.owner);
        ASSERT_EQ(heard->second.client_id, order.client_id);
      });
    }
    ASSERT_EQ(resting, orders_.size());
  }

 private:
  std::map<OrderId, OrderEvent> orders_;
};

VenueRules RandomRules() {
  VenueRules rules;
  rules.zone = {0, false};
  rules.fee_account = AccountId(7'000);
  rules.bids_per_bidder_max = 3;
  SessionType& listed = *rules.First(Mechanism::kOrderBook);
  listed.quantity_below = Tonnes(1'000);
  listed.open_orders_max = 25;
  listed.fees.maker.bp = 3;
  listed.fees.taker = {7, Price::FromMinorPerTonne(2)};
  SessionType& block = *rules.First(Mechanism::kNegotiated);
  block.quantity_from = Tonnes(1'000);
  block.fees.maker.bp = 5;
  rules.First(Mechanism::kOneWay)->fees.maker.per_tonne = Price::FromMinorPerTonne(1);
  rules.sessions.push_back(*FindSessionType("continuous"));
  rules.sessions.back().resale_next_day = false;
  return rules;
}

class RandomDays : public Listener {
 public:
  explicit RandomDays(std::uint64_t seed) : dice_(seed) {}

  void Run(int days) {
    for (std::uint32_t i = 0; i < 12; ++i) {
      Do(AdmitMember{AccountId(i), AccountId(100 + i)});
      for (std::uint16_t l = 0; l < kLedgers; ++l) {
        Deposit(MemberId(i), LedgerId(l), l == 0 ? 50'000'000 : 5'000);
      }
    }
    for (std::uint16_t l = 1; l < kLedgers; ++l) {
      ListInstrument list{LedgerId(l), kCash, Fen(l * 1'000)};
      list.session = l == 3 ? 3 : 0;
      if (l == 2) list.holding_limit = Tonnes(9'000);
      if (l == 2) list.large_holder_from = Tonnes(6'000);
      if (l == 3) list.last_day = Date(days - 2);
      Do(list);
    }
    for (int day = 0; day < days; ++day) {
      const SimTime midnight = day * kMicrosPerDay;
      Do(AdvanceTo{midnight + 8 * 60 * kMinute});
      Do(OpenSession{Date(day)});
      for (int i = 0; i < 300; ++i) {
        Step();
        if (i % 3 == 0) Do(AdvanceTo{now_ + Below(13) * kMinute});
      }
      if (day == days / 2) Do(DelistInstrument{InstrumentId(0)});
      Do(CloseSession{});
      for (int i = 0; i < 5; ++i) Step();  // Between sessions most things are refused.
      if (market_.auction_open()) Do(CloseAuction{});
      if (day == days / 2) Do(AdvanceTo{now_ + 60 * kMinute});  // One-way windows have ended.
      Settle();
      if (day == days / 2) {
        escrow_.Drop(LedgerId(1));
        totals_[1] = 0;
        ASSERT_TRUE(Do(DropLedger{LedgerId(1)}));
      }
      Reconcile();
      CheckAll();
      Do(DayClosed{Date(day), market_.settlement_sequence(), 0, market_.StateHash()});
    }
  }

  void OnFill(const Fill& fill) override {
    ++fill_count_[static_cast<std::size_t>(fill.channel)];
    if (fill.seller != fill.buyer) to_settle_.push_back(fill.trade_id);
    totals_[0] -= fill.seller_fee.minor() + fill.buyer_fee.minor();
    const InstrumentView& view = market_.instrument(fill.instrument);
    if (fill.channel == Channel::kListed) {
      ASSERT_LE(view.band_low, fill.price);
      ASSERT_LE(fill.price, view.band_high);
      ASSERT_NE(fill.sell_order, OrderId());
      ASSERT_NE(fill.buy_order, OrderId());
    }
    if (fill.channel == Channel::kBlock) {
      ASSERT_NE(fill.seller, fill.buyer);
      ASSERT_GE(fill.quantity, Tonnes(1'000));
      ASSERT_LE(view.block_band_low, fill.price);
      ASSERT_LE(fill.price, view.block_band_high);
    }
  }
  void OnAuctionCleared(InstrumentId, const auction::Clearing& clearing) override {
    sold_at_auction_ += clearing.sold.count();
  }
  void OnOrder(const OrderEvent& event) override {
    ++told_[static_cast<std::size_t>(event.kind)];
    books_.Hear(event);
  }
  void OnPhase(const PhaseEvent& event) override { ++phases_[static_cast<std::size_t>(event.to)]; }

  Market& market() { return market_; }
  const MemoryJournal& journal() const { return journal_; }
  const VenueRules& rules() const { return rules_; }
  std::uint64_t fill_count(Channel channel) const {
    return fill_count_[static_cast<std::size_t>(channel)];
  }
  std::uint64_t told(OrderEventKind kind) const { return told_[static_cast<std::size_t>(kind)]; }
  std::uint64_t phases(Phase phase) const { return phases_[static_cast<std::size_t>(phase)]; }
  std::int64_t sold_at_auction() const { return sold_at_auction_; }
  // How often each refusal came.
  const std::map<Refusal, std::uint64_t>& refusals() const { return refusals_; }

 private:
  static Price Fen(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }
  std::int64_t Below(std::uint64_t bound) { return static_cast<std::int64_t>(dice_.Below(bound)); }
  bool OneIn(std::uint64_t bound) { return dice_.Below(bound) == 0; }

  bool Do(const Input& input) {
    const bool may_change = std::holds_alternative<AdvanceTo>(input);
    const std::uint64_t before = may_change ? 0 : market_.StateHash();
    const auto outcome = market_.Apply(Envelope{.sim_time = now_}, input);
    if (!outcome.ok()) {
      ++refusals_[outcome.error()];
      // Only the answers to client ids are kept of what was refused.
      const auto* order = std::get_if<PlaceOrder>(&input);
      const auto* change = std::get_if<ChangeOrder>(&input);
      const bool keeps_answer = (order != nullptr && !order->client_id.empty()) ||
                                (change != nullptr && !change->new_client_id.empty());
      if (!may_change && !keeps_answer) {
        EXPECT_EQ(market_.StateHash(), before) << input.index();
      }
    }
    if (const auto* order = std::get_if<PlaceOrder>(&input); order && outcome.ok()) {
      orders_.push_back({order->member, order->instrument, outcome->order, order->client_id});
      if (orders_.size() > 30) orders_.erase(orders_.begin());
    }
    if (outcome.ok() && outcome->offer != OfferId()) last_offer_ = outcome->offer.raw();
    if (const auto* advance = std::get_if<AdvanceTo>(&input)) now_ = advance->sim_time;
    if (const auto* withdraw = std::get_if<Withdraw>(&input); withdraw && outcome.ok()) {
      totals_[withdraw->ledger.raw()] -= withdraw->amount;
    }
    CheckAll();
    return outcome.ok();
  }
  void CheckAll() {
    market_.CheckInvariants();
    books_.ExpectToBe(market_);
    for (std::uint16_t l = 0; l < kLedgers; ++l) {
      std::int64_t total = 0;
      for (std::uint32_t m = 0; m < market_.member_count(); ++m) {
        total += market_.holding(MemberId(m), LedgerId(l)).total();
      }
      ASSERT_EQ(total, totals_[l]) << "ledger " << l << " is not conserved";
    }
  }
  void Deposit(MemberId member, LedgerId ledger, std::int64_t amount) {
    totals_[ledger.raw()] += amount;
    ASSERT_TRUE(Do(Position{++positions_, member, ledger, amount}));
    escrow_.Deposit(member, ledger, amount);
  }
  MemberId AnyMember() {
    return MemberId(static_cast<std::uint32_t>(dice_.Below(OneIn(40) ? 13 : 12)));
  }  // 12: nobody.
  InstrumentId AnyInstrument() {
    return InstrumentId(static_cast<std::uint16_t>(dice_.Below(OneIn(40) ? 4 : 3)));
  }
  Side AnySide() { return OneIn(2) ? Side::kBuy : Side::kSell; }
  // One of the last orders, mostly by the right member and in the right place.
  CancelOrder AnyOrder() {
    CancelOrder order{AnyMember(), AnyInstrument(), OrderId(), AnyClientId()};
    if (orders_.empty() || OneIn(20)) return order;
    order = orders_[dice_.Below(orders_.size())];
    if (OneIn(20)) order.member = AnyMember();
    if (OneIn(3) && !order.client_id.empty()) order.order = OrderId();
    return order;
  }
  OfferId AnyOffer() { return OfferId(last_offer_ - std::min(last_offer_, dice_.Below(4))); }
  // One that is open, while there is one.
  OfferId AnyAnnouncement() {
    const std::vector<OneWayView> open = market_.one_way();
    return open.empty() ? AnyOffer() : open[dice_.Below(open.size())].offer;
  }
  matching::ClientOrderId AnyClientId() {
    if (!OneIn(3)) return {};
    return matching::ClientOrderId::FromNumber(dice_.Below(400));
  }
  Price AnyPrice(InstrumentId instrument, std::int64_t permille) {
    const std::int64_t close = instrument.raw() < market_.instrument_count()
                                   ? market_.instrument(instrument).previous_close.minor_per_tonne()
                                   : 1'000;
    return Fen(close * (1'000 - permille + Below(static_cast<std::uint64_t>(2 * permille))) /
               1'000);
  }

  PlaceOrder AnyPlace(InstrumentId instrument) {
    PlaceOrder order;
    order.member = AnyMember();
    order.instrument = instrument;
    order.side = AnySide();
    order.type = OneIn(4) ? static_cast<matching::OrderType>(1 + dice_.Below(4))
                          : matching::OrderType::kLimit;
    order.time_in_force = static_cast<matching::TimeInForce>(1 + dice_.Below(OneIn(2) ? 5 : 1));
    order.self_trade = static_cast<matching::SelfTradePrevention>(1 + dice_.Below(4));
    if (order.type != matching::OrderType::kMarket && order.type != matching::OrderType::kStop) {
      order.limit = AnyPrice(instrument, 120);
    }
    if (order.type == matching::OrderType::kStop || order.type == matching::OrderType::kStopLimit) {
      order.stop = AnyPrice(instrument, 60);
    }
    order.quantity = Tonnes(Below(OneIn(20) ? 1'010 : 300));
    if (OneIn(8)) order.display = Tonnes(1 + Below(60));
    if (OneIn(12)) order.minimum = Tonnes(1 + Below(60));
    order.post_only = OneIn(10);
    if (order.time_in_force == matching::TimeInForce::kGoodTillDate) {
      order.expire = market_.session_date() + static_cast<std::int32_t>(Below(4)) - 1;
    }
    order.client_id = AnyClientId();
    return order;
  }

  void Step() {
    const InstrumentId instrument = AnyInstrument();
    const std::uint64_t kind = dice_.Below(100);
    if (kind < 50) {
      const PlaceOrder order = AnyPlace(instrument);
      Do(order);
      if (!order.client_id.empty() && OneIn(3)) Do(order);
    } else if (kind < 58) {
      Do(AnyOrder());
    } else if (kind < 66) {
      const CancelOrder of = AnyOrder();
      ChangeOrder change{of.member, of.instrument, of.order, of.client_id, {}, {}, {}};
      if (OneIn(2)) change.limit = AnyPrice(instrument, 110);
      if (OneIn(2)) change.quantity = Tonnes(Below(300));
      if (OneIn(4)) change.new_client_id = AnyClientId();
      Do(change);
    } else if (kind < 68) {
      CancelOrders cancel{AnyMember(), {}, {}};
      if (OneIn(2)) cancel.instrument = instrument;
      if (OneIn(2)) cancel.side = AnySide();
      Do(cancel);
    } else if (kind < 84) {
      StepAtTheDesks(kind, instrument);
    } else {
      StepOfTheVenue(kind, instrument);
    }
  }

  void StepAtTheDesks(std::uint64_t kind, InstrumentId instrument) {
    if (kind < 70) {
      Do(TradeBlock{AnyMember(), AnyMember(), instrument, AnyPrice(instrument, 320),
                    Tonnes(900 + Below(1'500))});
    } else if (kind < 73) {
      QuoteBlock quote{
          AnyMember(), instrument, AnySide(), AnyPrice(instrument, 320), Tonnes(900 + Below(1'500)),
          {}};
      if (OneIn(2)) quote.counterparty = AnyMember();
      Do(quote);
    } else if (kind < 76) {
      Do(ConfirmBlock{AnyMember(), AnyOffer()});
    } else if (kind < 77) {
      Do(CancelBlock{AnyMember(), AnyOffer()});
    } else if (kind < 79) {
      AnnounceOneWay announce{AnyMember(), instrument, AnySide(), AnyPrice(instrument, 100),
                              Tonnes(100 + Below(600))};
      announce.bid_from = Tonnes(1 + Below(40));
      announce.sell_from = Tonnes(Below(200));
      announce.pricing = OneIn(2) ? OneWayPricing::kPayAsBid : OneWayPricing::kUniform;
      announce.opens = now_ + Below(5) * kMinute - kMinute;
      announce.closes = announce.opens + Below(40) * kMinute;
      Do(announce);
    } else if (kind < 83) {
      Do(BidOneWay{AnyMember(), AnyAnnouncement(), AnyPrice(instrument, 150), Tonnes(Below(300))});
    } else {
      Do(WithdrawOneWay{AnyMember(), AnyAnnouncement(), OneIn(2) ? OfferId() : AnyOffer()});
    }
  }

  void StepOfTheVenue(std::uint64_t kind, InstrumentId instrument) {
    if (kind < 86) {
      const auto profiles = auction::Profiles();
      auction::Terms terms;
      terms.format = profiles[dice_.Below(profiles.size())].format;
      terms.supply = Tonnes(terms.format.lot.count() * Below(5));
      terms.reserve = Fen(900 + Below(300));
      terms.tie_seed = dice_.Next();
      terms.format.pricing = static_cast<auction::Pricing>(1 + dice_.Below(2));
      if (OneIn(3)) {
        terms.consignments = {{AnyMember(), Tonnes(terms.format.lot.count() * Below(3))}};
      }
      if (OneIn(3)) terms.containment = {{Fen(1'000), terms.format.lot}};
      std::optional<Date> pay_day;
      if (OneIn(2)) pay_day = Date(30'000);
      Do(OpenAuction{AnyMember(), instrument, terms, pay_day});
    } else if (kind < 90) {
      const auto bid = static_cast<std::uint32_t>(1 + dice_.Below(12));
      if (OneIn(6)) {
        Do(ChangeBid{AnyMember(), bid, Fen(900 + Below(400)), Tonnes(500 * Below(6))});
      } else if (OneIn(6)) {
        Do(WithdrawBid{AnyMember(), bid});
      } else {
        const MemberId member = AnyMember();
        const SubmitBids::Step step = {Fen(900 + Below(400)), Tonnes(500 * Below(6))};
        if (bid % 3 != 0) {
          Do(SubmitBid{member, step.price, step.quantity});
        } else {
          Do(SubmitBids{
              member, {step, {Fen(step.price.minor_per_tonne() + bid), Tonnes(500)}}, {}, 0});
        }
      }
    } else if (kind < 91) {
      if (OneIn(2)) Do(PayAuction{static_cast<std::uint32_t>(1 + dice_.Below(40))});
      Do(CloseAuction{});
    } else if (kind < 93) {
      Do(Withdraw{AnyMember(), LedgerId(static_cast<std::uint16_t>(dice_.Below(kLedgers + 1))),
                  Below(500)});
    } else if (kind < 94) {
      Settle();
    } else if (kind < 96) {
      Deposit(MemberId(static_cast<std::uint32_t>(dice_.Below(12))),
              LedgerId(static_cast<std::uint16_t>(dice_.Below(kLedgers))), 1 + Below(100'000));
    } else if (kind < 97) {
      HaltTrading halt{{}, OneIn(3)};
      if (!OneIn(4)) halt.instrument = instrument;
      Do(halt);
      halted_ = true;
    } else if (kind < 98) {
      if (halted_) Do(ResumeTrading{});
      Do(SetPhase{instrument, static_cast<Phase>(1 + dice_.Below(kPhaseCount))});
      Do(SetPhase{instrument, Phase::kContinuous});
    } else if (kind < 99) {
      const MemberId member = AnyMember();
      if (Do(BlockMember{member, true}) && OneIn(2)) Step();
      Do(BlockMember{member, false});
    } else {
      SetHoldingLimit limit{AnyMember(), instrument, {}};
      if (OneIn(2)) limit.limit = Tonnes(Below(20'000));
      Do(limit);
    }
  }

  void Settle() {
    for (const SettlementMessage& message : market_.TakeSettlement()) {
      ASSERT_EQ(message.sequence, ++messages_);
      ASSERT_LE(message.fills.size(), kFillsPerMessageMax);
      for (const Fill& fill : message.fills) {
        ASSERT_NE(fill.seller, fill.buyer) << "the registry moves nothing to where it is";
        ASSERT_LT(settled_, to_settle_.size());
        ASSERT_EQ(fill.trade_id, to_settle_[settled_++]);
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
  std::vector<CancelOrder> orders_;  // Would cancel the last ones.
  std::uint64_t last_offer_ = 0;
  bool halted_ = false;
  const VenueRules rules_ = RandomRules();
  MemoryJournal journal_;
  HeardBooks books_;
  Market market_{rules_, kLedgers, &journal_, this};
  SimTime now_ = 0;
  Escrow escrow_;
  std::array<std::int64_t, kLedgers> totals_{};
  std::uint64_t positions_ = 0;
  std::uint64_t messages_ = 0;
  std::vector<std::uint64_t> to_settle_;  // Trades that were told, but of a member with itself.
  std::size_t settled_ = 0;
  std::array<std::uint64_t, 5> fill_count_{};
  std::array<std::uint64_t, 11> told_{};
  std::array<std::uint64_t, kPhaseCount + 1> phases_{};
  std::map<Refusal, std::uint64_t> refusals_;
  std::int64_t sold_at_auction_ = 0;
};

class RandomSessions : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomSessions, ConserveEverythingAndAgreeWithTheRegistryEveryEvening) {
  RandomDays days(GetParam());
  days.Run(12);
  for (const Channel channel : {Channel::kListed, Channel::kBlock, Channel::kOneWay}) {
    EXPECT_GT(days.fill_count(channel), 0U) << static_cast<int>(channel);
  }
  EXPECT_GT(days.sold_at_auction(), 0);
  for (const OrderEventKind kind :
       {OrderEventKind::kRested, OrderEventKind::kReduced, OrderEventKind::kReplaced,
        OrderEventKind::kTriggered, OrderEventKind::kCancelled, OrderEventKind::kExpired,
        OrderEventKind::kWaits, OrderEventKind::kRefreshed}) {
    EXPECT_GT(days.told(kind), 0U) << ToString(kind);
  }
  for (const Phase phase : {Phase::kOpeningCall, Phase::kVolatilityCall, Phase::kClosingCall,
                            Phase::kHalted, Phase::kBreak}) {
    EXPECT_GT(days.phases(phase), 0U) << ToString(phase);
  }
  EXPECT_GT(days.refusals().size(), 20U);
}

TEST_P(RandomSessions, AreRebuiltFromTheirJournalAndFromSnapshotsAlongIt) {
  RandomDays days(GetParam());
  days.Run(6);
  const auto founding = Market::FoundingOf(days.journal().at(0));
  ASSERT_TRUE(founding.ok());
  EXPECT_EQ(founding->rules, days.rules());
  auto again =
      std::make_unique<Market>(founding->rules, founding->ledger_count_max, nullptr, nullptr);
  Prng dice(GetParam());
  for (std::size_t i = 0; i < days.journal().size(); ++i) {
    ASSERT_EQ(again->Replay(days.journal().at(i)), "") << "kind " << days.journal().at(i).kind;
    if (dice.Below(50) != 0) continue;
    // From here on the snapshot's market replays in its place.
    std::string bytes;
    again->Save(bytes);
    auto loaded = Market::Load(bytes, nullptr, nullptr);
    ASSERT_TRUE(loaded.ok()) << loaded.error();
    ASSERT_EQ((*loaded)->StateHash(), again->StateHash()) << "record " << i;
    (*loaded)->CheckInvariants();
    std::string same;
    (*loaded)->Save(same);
    ASSERT_EQ(same, bytes);
    again = std::move(loaded.value());
  }
  EXPECT_EQ(again->StateHash(), days.market().StateHash());
  EXPECT_EQ(again->sequence(), days.market().sequence());
  EXPECT_EQ(again->settlement_sequence(), days.market().settlement_sequence());
  // The last DayClosed acknowledged everything.
  EXPECT_TRUE(again->TakeSettlement().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSessions,
                         ::testing::Range(std::uint64_t{1}, std::uint64_t{9}));

}  // namespace
}  // namespace ets::market
