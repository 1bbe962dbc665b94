// What an auction and the end of a day cost in the exchange. engine_bench.cc and market_bench.cc:
// what a message does; auction_bench.cc: clearing alone.

#include <benchmark/benchmark.h>

#include <vector>

#include "auction/auction.h"
#include "base/prng.h"
#include "market/market.h"

namespace ets {
namespace {

constexpr std::uint64_t kSeed = 1;

// Takes records and keeps none.
class Discard final : public Journal {
 public:
  void Append(const JournalRecord& record) override { bytes_ += record.payload.size(); }

 private:
  std::uint64_t bytes_ = 0;
};

// An exchange of the given number of members, 25 ledgers of which one is cash and six are traded.
struct Exchange {
  static constexpr std::uint16_t kLedgers = 25;
  static constexpr std::uint16_t kInstruments = 6;

  explicit Exchange(std::uint32_t count) : members(count), market({}, kLedgers, &journal, nullptr) {
    for (std::uint32_t m = 0; m < members; ++m) {
      Do(market::AdmitMember{AccountId(2 * m), AccountId(2 * m + 1)});
      for (std::uint16_t l = 0; l <= kInstruments; ++l) {
        Do(market::Position{++positions, MemberId(m), LedgerId(l),
                            l == 0 ? 100'000'000'000 : 10'000'000});
      }
    }
    for (std::uint16_t i = 0; i < kInstruments; ++i) {
      Do(market::ListInstrument{LedgerId(static_cast<std::uint16_t>(i + 1)), LedgerId(0),
                                Price::FromMinorPerTonne(8'000)});
    }
  }
  bool Do(const market::Input& input) { return market.Apply(Envelope{}, input).ok(); }

  std::uint32_t members;
  std::uint64_t positions = 0;
  Discard journal;
  market::Market market;
};

// 20,000 bids a window, its opening, clearing and fills included.
void AuctionWeek(benchmark::State& state) {
  Exchange exchange(5'560);
  auction::Terms terms;
  terms.format = *auction::FindFormat("cn-weekly");
  terms.supply = Tonnes(5'000'000);
  terms.reserve = Price::FromMinorPerTonne(6'000);
  const MemberId auctioneer(5'559);
  std::size_t refused = 0;
  Prng dice(kSeed);
  std::vector<market::SubmitBid> bids;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    bids.push_back({MemberId(i % 5'559),
                    Price::FromMinorPerTonne(static_cast<std::int64_t>(6'000 + dice.Below(2'000))),
                    Tonnes(1'000)});
  }
  std::int32_t day = 0;
  for (auto _ : state) {
    exchange.Do(market::OpenSession{Date(++day)});
    exchange.Do(
        market::Position{++exchange.positions, auctioneer, LedgerId(1), terms.supply.count()});
    exchange.Do(market::OpenAuction{auctioneer, InstrumentId(0), terms});
    for (const market::SubmitBid& bid : bids) refused += exchange.Do(bid) ? 0U : 1U;
    exchange.Do(market::CloseAuction{});
    exchange.Do(market::CloseSession{});
    benchmark::DoNotOptimize(exchange.market.TakeSettlement());
  }
  const auto total = static_cast<std::int64_t>(bids.size()) * state.iterations();
  state.SetItemsProcessed(total);
  state.counters["refused/bid"] = static_cast<double>(refused) / static_cast<double>(total);
}
BENCHMARK(AuctionWeek)->Unit(benchmark::kMillisecond);

// What the end of every simulated day costs.
void CheckInvariants(benchmark::State& state) {
  Exchange exchange(static_cast<std::uint32_t>(state.range(0)));
  for (auto _ : state) exchange.market.CheckInvariants();
}
BENCHMARK(CheckInvariants)->Arg(5'560)->Arg(60'000)->Unit(benchmark::kMicrosecond);

void StateHash(benchmark::State& state) {
  Exchange exchange(static_cast<std::uint32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(exchange.market.StateHash());
}
BENCHMARK(StateHash)->Arg(5'560)->Arg(60'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ets

BENCHMARK_MAIN();
