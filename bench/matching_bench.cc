// What a message costs through the whole exchange, and in an auction. engine_bench.cc: in the
// engine.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "auction/auction.h"
#include "base/prng.h"
#include "market/market.h"

namespace ets {
namespace {

constexpr std::uint64_t kSeed = 1;

// A calm session: 40% cancels, the rest day orders a few ticks from a price that drifts, one in ten
// through it. Ids are dense; cancels aim at one of the last orders, often one that is gone.
struct Message {
  bool cancel = false;
  OrderId id;
  MemberId owner;
  matching::Side side = matching::Side::kBuy;
  Price limit;
  Tonnes quantity;
};
std::vector<Message> CalmStream(int count, std::uint64_t owners, std::int64_t lowest,
                                std::int64_t highest) {
  Prng dice(kSeed);
  std::vector<Message> messages;
  std::vector<MemberId> owner_of(1);  // By order id.
  std::int64_t fair = (lowest + highest) / 2;
  for (int i = 0; i < count; ++i) {
    fair += static_cast<std::int64_t>(dice.Below(3)) - 1;
    fair = std::clamp(fair, lowest + 100, highest - 100);
    Message message;
    const std::uint64_t orders = owner_of.size() - 1;
    if (orders > 0 && dice.Below(100) < 40) {
      message.cancel = true;
      message.id = OrderId(orders - dice.Below(std::min<std::uint64_t>(orders, 512)));
      message.owner = owner_of[message.id.raw()];
    } else {
      std::int64_t distance = 1;
      while (distance < 90 && dice.Below(9) != 0) ++distance;
      if (dice.Below(10) == 0) distance = -distance;
      const bool buys = dice.Below(2) == 0;
      message.id = OrderId(orders + 1);
      message.owner = MemberId(static_cast<std::uint32_t>(dice.Below(owners)));
      message.side = buys ? matching::Side::kBuy : matching::Side::kSell;
      message.limit = Price::FromMinorPerTonne(buys ? fair - distance : fair + distance);
      message.quantity = Tonnes(static_cast<std::int64_t>(1 + dice.Below(50)));
      owner_of.push_back(message.owner);
    }
    messages.push_back(message);
  }
  return messages;
}

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

// Days of 100,000 messages over all members; opening and closing the session counts.
void ExchangeMessages(benchmark::State& state) {
  Exchange exchange(static_cast<std::uint32_t>(state.range(0)));
  const std::vector<Message> messages = CalmStream(100'000, exchange.members, 7'200, 8'800);
  std::vector<OrderId> ids(messages.size() + 1);
  std::size_t refused = 0;
  std::int32_t day = 0;
  for (auto _ : state) {
    exchange.Do(market::OpenSession{Date(++day)});
    std::uint64_t placed = 0;
    for (const Message& message : messages) {
      // One busy instrument: the first. Its close stays near 80.00, so the band holds the stream.
      const InstrumentId instrument(0);
      if (message.cancel) {
        const std::uint64_t target = message.id.raw();
        if (!exchange.Do(market::CancelOrder{message.owner, instrument, ids[target]})) ++refused;
        continue;
      }
      const auto placed_order = exchange.market.Apply(
          Envelope{},
          market::PlaceOrder{message.owner, instrument, message.side, matching::TimeInForce::kDay,
                             message.limit, message.quantity});
      if (!placed_order.ok()) ++refused;
      ids[++placed] = placed_order.ok() ? placed_order->order : OrderId(0);
    }
    exchange.Do(market::CloseSession{});
    benchmark::DoNotOptimize(exchange.market.TakeSettlement());
  }
  const auto total = static_cast<std::int64_t>(messages.size()) * state.iterations();
  state.SetItemsProcessed(total);
  state.counters["refused/message"] = static_cast<double>(refused) / static_cast<double>(total);
}
BENCHMARK(ExchangeMessages)->Arg(5'560)->Arg(60'000)->Unit(benchmark::kMillisecond);

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

void Clear(benchmark::State& state) {
  Prng dice(kSeed);
  std::vector<auction::Bid> bids;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    bids.push_back(
        {.bidder = MemberId(static_cast<std::uint32_t>(dice.Below(5'560))),
         .price = Price::FromMinorPerTonne(static_cast<std::int64_t>(6'000 + dice.Below(4'000))),
         .quantity = Tonnes(static_cast<std::int64_t>(1'000 * (1 + dice.Below(20))))});
  }
  auction::Terms terms;
  terms.format = *auction::FindFormat("cn-weekly");
  terms.supply = Tonnes(state.range(0) * 4'000);
  for (auto _ : state) {
    ++terms.tie_seed;
    benchmark::DoNotOptimize(auction::Clear(bids, terms));
  }
  state.SetItemsProcessed(state.range(0) * state.iterations());
}
BENCHMARK(Clear)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

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
