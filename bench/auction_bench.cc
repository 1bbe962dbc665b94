// What clearing costs: every format, books of up to 100,000 bids, and the table of bids itself.
#include <benchmark/benchmark.h>

#include <string>

#include "auction/auction.h"
#include "auction/bid_file.h"
#include "auction/statistics.h"
#include "base/prng.h"

namespace ets {
namespace {

constexpr std::uint64_t kSeed = 2026;

// 5,560 bidders, prices on 4,000 ticks, some three bids for two lots offered.
std::vector<auction::Bid> Bids(const auction::Format& format, std::int64_t count) {
  Prng dice(kSeed);
  std::vector<auction::Bid> bids;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto bidder = static_cast<std::uint32_t>(dice.Below(5'560));
    const auto ticks = static_cast<std::int64_t>(2'000 + dice.Below(4'000));
    const auto lots = static_cast<std::int64_t>(dice.Below(20));
    bids.push_back({MemberId(bidder),
                    Price::FromMinorPerTonne(ticks * format.tick.minor_per_tonne()),
                    format.smallest_bid + Tonnes(lots * format.lot.count())});
  }
  return bids;
}

auction::Terms TermsFor(const auction::Format& format, const std::vector<auction::Bid>& bids) {
  auction::Terms terms;
  terms.format = format;
  Tonnes asked;
  for (const auction::Bid& bid : bids) asked += bid.quantity;
  const std::int64_t lot = format.lot.count();
  terms.supply = Tonnes(asked.count() * 2 / 3 / lot * lot);
  terms.reserve = Price::FromMinorPerTonne(2'100 * format.tick.minor_per_tonne());
  terms.secret_reserve = terms.reserve;
  const Tonnes part(terms.supply.count() / 10 / lot * lot);
  if (format.containment_tiers > 0) {
    terms.containment = {{Price::FromMinorPerTonne(2'500 * format.tick.minor_per_tonne()), part}};
  }
  return terms;
}

void ClearUnder(benchmark::State& state, const auction::Format* format, std::int64_t count) {
  const std::vector<auction::Bid> bids = Bids(*format, count);
  auction::Terms terms = TermsFor(*format, bids);
  for (auto _ : state) {
    ++terms.tie_seed;
    benchmark::DoNotOptimize(auction::Clear(bids, terms));
  }
  state.SetItemsProcessed(count * state.iterations());
}

// The worst book for a tie: every bid at one price.
void ClearOnePrice(benchmark::State& state, const auction::Format* format, std::int64_t count) {
  std::vector<auction::Bid> bids = Bids(*format, count);
  for (auction::Bid& bid : bids) bid.price = bids.front().price;
  auction::Terms terms = TermsFor(*format, bids);
  terms.format.bidder_limit_bp = 10'000;
  for (auto _ : state) {
    ++terms.tie_seed;
    benchmark::DoNotOptimize(auction::Clear(bids, terms));
  }
  state.SetItemsProcessed(count * state.iterations());
}

void Statistics(benchmark::State& state) {
  const auction::Format& format = *auction::FindFormat("eu");
  const std::vector<auction::Bid> bids = Bids(format, 100'000);
  const auction::Clearing clearing = auction::Clear(bids, TermsFor(format, bids));
  for (auto _ : state) benchmark::DoNotOptimize(auction::StatisticsOf(bids, clearing));
}
BENCHMARK(Statistics)->Unit(benchmark::kMillisecond);

void ReadTable(benchmark::State& state) {
  const auction::Format& format = *auction::FindFormat("eu");
  const std::vector<auction::Bid> bids = Bids(format, 100'000);
  std::string text = "bidder,price,quantity,id\n";
  for (std::size_t i = 0; i < bids.size(); ++i) {
    text += "B" + std::to_string(bids[i].bidder.raw()) + "," + ToString(bids[i].price) + "," +
            ToString(bids[i].quantity) + "," + std::to_string(i) + "\n";
  }
  const auction::Terms terms = TermsFor(format, bids);
  auction::BidTableRules rules;
  rules.currency = "EUR";
  for (auto _ : state) benchmark::DoNotOptimize(auction::ReadBids(text, terms, rules));
}
BENCHMARK(ReadTable)->Unit(benchmark::kMillisecond);

void Register() {
  for (const auction::Profile& profile : auction::Profiles()) {
    const auction::Format* format = &profile.format;
    for (const std::int64_t count : {1'000, 100'000}) {
      const std::string name = std::string(format->name) + "/" + std::to_string(count);
      benchmark::RegisterBenchmark(("Clear/" + name).c_str(), ClearUnder, format, count)
          ->Unit(benchmark::kMillisecond);
    }
    benchmark::RegisterBenchmark(("ClearOnePrice/" + std::string(format->name) + "/100000").c_str(),
                                 ClearOnePrice, format, 100'000)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  ets::Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
