#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "matching/engine.h"

namespace ets::matching {

// An engine in continuous trading between 90.00 and 110.00, and members 0 to 9 who each have
// 100,000 t and 1,000,000.00 and do not care about meeting themselves unless an order says so.
class EngineTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kMembers = 10;
  static constexpr LedgerId kUnits{0};
  static constexpr LedgerId kCash{1};

  EngineTest() {
    engine_.OpenRange(Fen(9'000), Fen(11'000));
    engine_.SetPhase(BookPhase::kContinuous);
  }
  ~EngineTest() override {
    engine_.CheckInvariants();
    holdings_.CheckInvariants();
    std::vector<std::int64_t> units(kMembers);
    std::vector<std::int64_t> cash(kMembers);
    engine_.AddReserved(units, cash);
    for (std::uint32_t i = 0; i < kMembers; ++i) {
      EXPECT_EQ(holdings_.at(MemberId(i), kUnits).reserved, units[i]);
      EXPECT_EQ(holdings_.at(MemberId(i), kCash).reserved, cash[i]);
    }
  }

  static constexpr Price Fen(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

  OrderEntry Entry(std::uint32_t owner, Side side, std::int64_t limit, std::int64_t quantity) {
    OrderEntry entry;
    entry.number = ++number_;
    entry.owner = MemberId(owner);
    entry.side = side;
    entry.self_trade = SelfTradePrevention::kOff;
    entry.limit = Fen(limit);
    entry.quantity = Tonnes(quantity);
    return entry;
  }
  OrderEntry Buy(std::uint32_t owner, std::int64_t limit, std::int64_t quantity) {
    return Entry(owner, Side::kBuy, limit, quantity);
  }
  OrderEntry Sell(std::uint32_t owner, std::int64_t limit, std::int64_t quantity) {
    return Entry(owner, Side::kSell, limit, quantity);
  }
  OrderEntry AtMarket(std::uint32_t owner, Side side, std::int64_t quantity) {
    OrderEntry entry = Entry(owner, side, 0, quantity);
    entry.type = OrderType::kMarket;
    entry.time_in_force = TimeInForce::kImmediateOrCancel;
    return entry;
  }
  OrderEntry Stop(std::uint32_t owner, Side side, std::int64_t stop, std::int64_t quantity) {
    OrderEntry entry = Entry(owner, side, 0, quantity);
    entry.type = OrderType::kStop;
    entry.stop = Fen(stop);
    return entry;
  }

  // The order's id. REQUIRES: it is accepted.
  OrderId Place(const OrderEntry& entry) {
    const auto placed = engine_.Place(entry);
    if (placed.ok()) return placed->order;
    ADD_FAILURE() << "refused for " << static_cast<int>(placed.error().why);
    return OrderId();
  }
  EngineRefusal WhyRefused(const OrderEntry& entry) {
    const std::uint64_t before = engine_.StateHash();
    const std::uint64_t held = holdings_.StateHash();
    const auto placed = engine_.Place(entry);
    if (placed.ok()) {
      ADD_FAILURE() << "accepted";
      return EngineRefusal{};
    }
    EXPECT_TRUE(engine_.events().empty());
    EXPECT_EQ(engine_.StateHash(), before) << "a refusal changes nothing";
    EXPECT_EQ(holdings_.StateHash(), held) << "a refusal changes nothing";
    return placed.error().why;
  }

  // "5@100.00 7@100.01": what the last operation traded.
  std::string Trades() const {
    std::string text;
    for (const Event& event : engine_.events()) {
      if (event.kind != EventKind::kTraded) continue;
      text += (text.empty() ? "" : " ") + ToString(event.quantity) + "@" + ToString(event.price);
    }
    return text;
  }
  // Whose orders rested there, in the order in which the last operation traded with them.
  std::vector<std::uint32_t> Makers() const {
    std::vector<std::uint32_t> makers;
    for (const Event& event : engine_.events()) {
      if (event.kind == EventKind::kTraded) makers.push_back(event.owner.raw());
    }
    return makers;
  }
  std::size_t CountOf(EventKind kind, Departure why = Departure::kNone) const {
    std::size_t count = 0;
    for (const Event& event : engine_.events()) {
      count += event.kind == kind && event.why == why ? 1U : 0U;
    }
    return count;
  }
  std::string Best(Side side) const {
    const Engine::Quote quote = engine_.best(side);
    return quote.present ? ToString(quote.quantity) + "@" + ToString(quote.price) : "none";
  }

  std::uint64_t number_ = 0;
  Holdings holdings_ = Holdings(2);
  Engine engine_ = Make();

 private:
  Engine Make() {
    for (std::uint32_t i = 0; i < kMembers; ++i) {
      holdings_.AddMember();
      holdings_.Credit(MemberId(i), kUnits, 100'000);
      holdings_.Credit(MemberId(i), kCash, 100'000'000);
    }
    EngineTerms terms;
    terms.unit_ledger = kUnits;
    terms.cash_ledger = kCash;
    terms.orders_max = 6'000;
    return {holdings_, terms};
  }
};

}  // namespace ets::matching
