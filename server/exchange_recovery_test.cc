#include "server/exchange_recovery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/bytes.h"
#include "store/journal_store.h"

namespace ets::server {
namespace {

constexpr LedgerId kCash{0}, kUnits{1};
constexpr std::uint32_t kMembers = 5;
constexpr int kOrders = 400;

std::string HistoryOf(const ExchangeRelay& relay) {
  std::string bytes;
  ByteWriter out(bytes);
  relay.history().Save(out);
  return bytes;
}

// An exchange that has traded, in a journal of its own.
class ExchangeRecovery : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("exchange-recovery-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    store_ = std::move(
        store::JournalStore::Create(folder_.string(), store::Durability::kAtClose).value());
    market_ = std::make_unique<market::Market>(market::VenueRules(), std::uint16_t{4}, store_.get(),
                                               nullptr);
    std::uint64_t positions = 0;
    for (std::uint32_t m = 0; m < kMembers; ++m) {
      Do(market::AdmitMember{AccountId(2 * m), AccountId(2 * m + 1)});
      for (const LedgerId ledger : {kCash, kUnits}) {
        Do(market::Position{++positions, MemberId(m), ledger, 1'000'000'000});
      }
    }
    Do(market::ListInstrument{kUnits, kCash, Price::FromMinorPerTonne(7'000)});
    Do(market::OpenSession{Date(20'000)});
    Do(market::SetPhase{InstrumentId(0), market::Phase::kContinuous});
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Do(const market::Input& input) {
    time_ += kMicrosPerSecond;
    Envelope envelope;
    envelope.sim_time = time_;
    (void)market_->Apply(envelope, input);
  }
  // Ends with a batch.
  void Trade(int orders) {
    for (int i = 0; i < orders; ++i) {
      market::PlaceOrder order;
      order.member = MemberId(static_cast<std::uint32_t>(dice_() % kMembers));
      order.instrument = InstrumentId(0);
      order.side = dice_() % 2 == 0 ? matching::Side::kBuy : matching::Side::kSell;
      order.limit = Price::FromMinorPerTonne(6'990 + static_cast<std::int64_t>(dice_() % 20));
      order.quantity = Tonnes(1 + static_cast<std::int64_t>(dice_() % 9));
      order.client_id = matching::ClientOrderId::FromNumber(++last_id_);
      Do(order);
    }
    (void)market_->TakeSettlement();
    store_->EndBatch();
  }
  RebuiltExchange Rebuilt(ExchangeRelay& relay) {
    auto rebuilt = RebuildExchange(store_->Reader(), relay, never_);
    EXPECT_TRUE(rebuilt.ok());
    return std::move(rebuilt.value());
  }
  store::Snapshot SnapshotNow() {
    ExchangeRelay relay;
    const RebuiltExchange now = Rebuilt(relay);
    return SnapshotOf(now, relay);
  }

  std::filesystem::path folder_;
  std::unique_ptr<store::JournalStore> store_;
  std::unique_ptr<market::Market> market_;
  SimTime time_ = SimTime{20'000} * 86'400 * kMicrosPerSecond;
  std::mt19937_64 dice_{7};
  std::uint64_t last_id_ = 0;
  const std::atomic<bool> never_ = false;
};

TEST_F(ExchangeRecovery, ComesToTheSameStateWithASnapshotAndWithout) {
  Trade(kOrders);
  const store::Snapshot snapshot = SnapshotNow();
  ASSERT_TRUE(store_->PutSnapshot(snapshot).ok());
  Trade(kOrders);
  ExchangeRelay with, without;
  RebuiltExchange by_snapshot = Rebuilt(with);
  store_->DropSnapshot(snapshot.at.sequence);
  RebuiltExchange by_replay = Rebuilt(without);
  EXPECT_EQ(by_snapshot.from, snapshot.at.sequence);
  EXPECT_EQ(by_replay.from, 0U);
  EXPECT_EQ(by_snapshot.market->StateHash(), market_->StateHash());
  EXPECT_EQ(by_replay.market->StateHash(), market_->StateHash());
  EXPECT_EQ(by_snapshot.market->sequence(), market_->sequence());
  EXPECT_EQ(by_snapshot.positions_taken, by_replay.positions_taken);
  EXPECT_EQ(by_snapshot.positions_taken, 2U * kMembers);
  EXPECT_EQ(by_snapshot.open_day, Date(20'000));
  EXPECT_EQ(by_replay.open_day, Date(20'000));
  EXPECT_EQ(by_snapshot.end.sequence, by_replay.end.sequence);
  EXPECT_FALSE(with.history().Trades({}, 0, 1'000).empty());
  EXPECT_EQ(HistoryOf(with), HistoryOf(without));
  // And what goes to the registry again.
  const auto again = by_snapshot.market->TakeSettlement();
  const auto once = by_replay.market->TakeSettlement();
  ASSERT_EQ(again.size(), once.size());
  ASSERT_FALSE(again.empty());
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].sequence, once[i].sequence);
    EXPECT_EQ(again[i].fills.size(), once[i].fills.size());
  }
}

TEST_F(ExchangeRecovery, PassesOverASnapshotThatIsOfNoUse) {
  Trade(kOrders);
  const store::Snapshot good = SnapshotNow();
  ASSERT_TRUE(store_->PutSnapshot(good).ok());
  Trade(kOrders);
  const store::Snapshot whole = SnapshotNow();
  Trade(kOrders);
  int broken = 0;
  for (std::size_t at = 0; at < whole.bytes.size(); at += whole.bytes.size() / 60 + 1, ++broken) {
    store::Snapshot bad = whole;
    bad.bytes[at] = static_cast<char>(bad.bytes[at] ^ 0x40);
    ASSERT_TRUE(store_->PutSnapshot(bad).ok());
    ExchangeRelay relay;
    const RebuiltExchange rebuilt = Rebuilt(relay);
    EXPECT_EQ(rebuilt.market->StateHash(), market_->StateHash());
    EXPECT_EQ(rebuilt.market->sequence(), market_->sequence());
  }
  EXPECT_GT(broken, 30);
  store::Snapshot cut = whole;
  cut.bytes.resize(cut.bytes.size() / 2);
  ASSERT_TRUE(store_->PutSnapshot(cut).ok());
  ExchangeRelay relay;
  EXPECT_EQ(Rebuilt(relay).from, good.at.sequence);
  store::Snapshot lie = whole;
  lie.state_hash ^= 1;
  ASSERT_TRUE(store_->PutSnapshot(lie).ok());
  EXPECT_EQ(Rebuilt(relay).from, good.at.sequence);
}

TEST_F(ExchangeRecovery, EndsWhenItIsToldTo) {
  Trade(kOrders);
  const std::atomic<bool> stop = true;
  ExchangeRelay relay;
  const auto rebuilt = RebuildExchange(store_->Reader(), relay, stop);
  ASSERT_FALSE(rebuilt.ok());
  EXPECT_EQ(rebuilt.error().kind, LiveFailure::Kind::kStopped);
}

}  // namespace
}  // namespace ets::server
