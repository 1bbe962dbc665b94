#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "market/market.h"

namespace ets::matching {
inline void PrintTo(const Holding& holding, std::ostream* out) {
  *out << holding.available << " available, " << holding.reserved << " reserved, "
       << holding.bought_today << " bought today";
}
}  // namespace ets::matching

namespace ets::market {

using Outcome = Result<Receipt, Refusal>;

inline void PrintTo(Refusal refusal, std::ostream* out) { *out << ToString(refusal); }

// Keeps every record, payload included.
class MemoryJournal final : public Journal {
 public:
  struct Kept {
    JournalRecord record;
    std::string payload;
  };

  void Append(const JournalRecord& record) override {
    kept_.push_back({record, std::string(record.payload)});
  }
  std::size_t size() const { return kept_.size(); }
  JournalRecord at(std::size_t index) const {
    JournalRecord record = kept_[index].record;
    record.payload = kept_[index].payload;
    return record;
  }

 private:
  std::vector<Kept> kept_;
};

// A small exchange for tests: ledger 0 is cash, 1 and 2 are allowances. Prices are in fen.
class ExchangeTest : public ::testing::Test, protected Listener {
 protected:
  static constexpr LedgerId kCash{0};
  static constexpr LedgerId kUnits{1};
  static constexpr LedgerId kOtherUnits{2};
  static constexpr auto kBuy = matching::Side::kBuy;
  static constexpr auto kSell = matching::Side::kSell;
  static constexpr auto kDay = matching::TimeInForce::kDay;

  static constexpr Price Fen(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

  Outcome Do(const Input& input) { return market_.Apply(envelope_, input); }

  MemberId Admit() {
    const auto escrow = 100 + market_.member_count();
    return MemberId(Do(AdmitMember{AccountId(escrow), AccountId(escrow + 1'000)})->id);
  }
  InstrumentId List(LedgerId units, std::int64_t reference) {
    return InstrumentId(
        static_cast<std::uint16_t>(Do(ListInstrument{units, kCash, Fen(reference)})->id));
  }
  void Deposit(MemberId member, LedgerId ledger, std::int64_t amount) {
    ASSERT_TRUE(Do(Position{++positions_, member, ledger, amount}).ok());
  }
  // A member with a purse and a stock.
  MemberId Trader(std::int64_t cash, std::int64_t units) {
    const MemberId member = Admit();
    if (cash > 0) Deposit(member, kCash, cash);
    if (units > 0) Deposit(member, kUnits, units);
    return member;
  }
  void Open() {
    today_ = today_ + 1;
    ASSERT_TRUE(Do(OpenSession{today_}).ok());
  }
  void Close() { ASSERT_TRUE(Do(CloseSession{}).ok()); }

  Outcome Buy(MemberId member, InstrumentId instrument, std::int64_t limit, std::int64_t quantity,
              matching::TimeInForce tif = kDay) {
    return Do(PlaceOrder{member, instrument, kBuy, tif, Fen(limit), Tonnes(quantity)});
  }
  Outcome Sell(MemberId member, InstrumentId instrument, std::int64_t limit, std::int64_t quantity,
               matching::TimeInForce tif = kDay) {
    return Do(PlaceOrder{member, instrument, kSell, tif, Fen(limit), Tonnes(quantity)});
  }
  Outcome Block(MemberId seller, MemberId buyer, InstrumentId instrument, std::int64_t price,
                std::int64_t quantity) {
    return Do(TradeBlock{seller, buyer, instrument, Fen(price), Tonnes(quantity)});
  }
  matching::Holding Cash(MemberId member) const { return market_.holding(member, kCash); }
  matching::Holding Units(MemberId member) const { return market_.holding(member, kUnits); }

  void OnFill(const Fill& fill) override { fills_.push_back(fill); }
  void OnAuctionCleared(InstrumentId, const auction::Clearing& clearing) override {
    clearings_.push_back(clearing);
  }

  // Keeps the market's books in order after every test.
  void TearDown() override { market_.CheckInvariants(); }

  VenueRules rules_;
  MemoryJournal journal_;
  Market market_{rules_, 3, &journal_, this};
  Envelope envelope_;
  Date today_ = Date::Of(2027, 1, 5);
  std::uint64_t positions_ = 0;
  std::vector<Fill> fills_;
  std::vector<auction::Clearing> clearings_;
};

}  // namespace ets::market
