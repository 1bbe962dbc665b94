// A simulated run held to what the exchange's real record shows (1,235 trading days, 2,022
// vintage-days): no listed price outside its vintage's band, no block outside its own, every close
// the listed average to the fen. The reader has the journal, its own memory of each vintage's
// closes and nothing of the market's bands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "market/codec.h"
#include "market/market.h"
#include "store/journal_reader.h"
#include "tests/capclear_process.h"

namespace ets {
namespace {

constexpr std::int64_t kBlockFrom = 100'000;

// round(value / volume) to the fen, halves up; and the ends of a band, rounded inwards.
std::int64_t Average(std::int64_t value, std::int64_t volume) {
  return (2 * value + volume) / (2 * volume);
}
std::int64_t Low(std::int64_t close, std::int64_t percent) {
  return (close * (100 - percent) + 99) / 100;
}
std::int64_t High(std::int64_t close, std::int64_t percent) {
  return close * (100 + percent) / 100;
}

class RecordReader : public market::Listener {
 public:
  struct Vintage {
    std::int64_t close = 0;              // The previous close; at first the price it was listed at.
    std::int64_t value = 0, volume = 0;  // Listed, today.
  };
  struct Counts {
    int sessions = 0, listed = 0, blocks = 0, vintage_days = 0, closes_with_trades = 0;
    int first_days = 0;
  };

  void OnFill(const market::Fill& fill) override {
    Vintage& vintage = vintages_[fill.instrument.raw()];
    const std::int64_t price = fill.price.minor_per_tonne();
    const std::int64_t quantity = fill.quantity.count();
    if (fill.channel == market::Channel::kListed) {
      ++counts.listed;
      EXPECT_LT(quantity, kBlockFrom);
      EXPECT_GE(price, Low(vintage.close, 10)) << Where(fill.instrument);
      EXPECT_LE(price, High(vintage.close, 10)) << Where(fill.instrument);
      vintage.value += price * quantity;
      vintage.volume += quantity;
    } else if (fill.channel == market::Channel::kBlock) {
      ++counts.blocks;
      EXPECT_GE(quantity, kBlockFrom) << Where(fill.instrument);
      EXPECT_GE(price, Low(vintage.close, 30)) << Where(fill.instrument);
      EXPECT_LE(price, High(vintage.close, 30)) << Where(fill.instrument);
    }
  }
  void OnAuctionCleared(InstrumentId, const auction::Clearing&) override {}

  void Read(const std::string& folder) {
    const auto reader = store::JournalReader::Open(folder);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    const auto read = reader->Read({}, store::kToTheEnd, [&](const JournalRecord& record) {
      Take(record);
      return !::testing::Test::HasFailure();
    });
    ASSERT_TRUE(read.ok()) << read.error().message;
  }
  const std::map<std::uint16_t, Vintage>& vintages() const { return vintages_; }

  Counts counts;

 private:
  std::string Where(InstrumentId instrument) const {
    return "instrument " + std::to_string(instrument.raw()) + " on " +
           ToString(market_->session_date());
  }
  void Take(const JournalRecord& record) {
    if (!market_) {
      const auto founding = market::Market::FoundingOf(record);
      ASSERT_TRUE(founding.ok()) << founding.error();
      market_.emplace(founding->rules, founding->ledger_count_max, nullptr, this);
    }
    const auto input = market::Decode(record.kind, record.payload);
    const std::uint16_t instruments = market_->instrument_count();
    ASSERT_EQ(market_->Replay(record), "");
    if (!input) return;
    if (const auto* const list = std::get_if<market::ListInstrument>(&*input)) {
      if (market_->instrument_count() == instruments) return;  // Refused.
      vintages_[instruments].close = list->reference.minor_per_tonne();
      ++counts.first_days;
    } else if (std::holds_alternative<market::CloseSession>(*input)) {
      EndDay();
    }
  }
  void EndDay() {
    ++counts.sessions;
    for (auto& [number, vintage] : vintages_) {
      const InstrumentId instrument(number);
      if (!market_->instrument(instrument).listed) continue;
      ++counts.vintage_days;
      if (vintage.volume > 0) {
        ++counts.closes_with_trades;
        vintage.close = Average(vintage.value, vintage.volume);
      }
      EXPECT_EQ(market_->instrument(instrument).close.minor_per_tonne(), vintage.close)
          << Where(instrument);
      vintage.value = vintage.volume = 0;
    }
  }

  std::optional<market::Market> market_;
  std::map<std::uint16_t, Vintage> vintages_;
};

TEST(SimulatedRecord, KeepsTheBandsAndClosesOfTheRealOne) {
  const TestFolder folder;
  WriteSmallPopulation(folder / "small.csv");
  const std::string run = folder / "run";
  const Said said = Capclear(SmallRun(folder / "small.csv", run));
  ASSERT_EQ(said.code, 0) << said.err;
  RecordReader record;
  ASSERT_NO_FATAL_FAILURE(record.Read(run + "/exchange"));
  // Few firms trade on some days only, but in both channels; else the rules were kept by nobody.
  EXPECT_GT(record.counts.sessions, 300);
  EXPECT_GT(record.counts.listed, 100);
  EXPECT_GT(record.counts.blocks, 10);
  EXPECT_GT(record.counts.closes_with_trades, 40);
  EXPECT_GE(record.counts.first_days, 2);
  std::cout << "sessions " << record.counts.sessions << ", vintage-days "
            << record.counts.vintage_days << ", closes with trades "
            << record.counts.closes_with_trades << ", listed trades " << record.counts.listed
            << ", blocks " << record.counts.blocks << "\n";
}

// The reader must be able to fail: its arithmetic, on the edges.
TEST(SimulatedRecord, RoundsBandsInwardsAndClosesHalfUp) {
  EXPECT_EQ(Low(7'005, 10), 6'305);
  EXPECT_EQ(High(7'005, 10), 7'705);
  EXPECT_EQ(Low(7'001, 30), 4'901);
  EXPECT_EQ(High(7'001, 30), 9'101);
  EXPECT_EQ(Average(2 * 7'000 + 1, 2), 7'001);
  EXPECT_EQ(Average(3 * 7'000 + 1, 3), 7'000);
}

}  // namespace
}  // namespace ets
