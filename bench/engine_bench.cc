// What a message costs in the matching engine, on the neutral streams: throughput against a plain
// book of maps and lists in the same run, latency by kind of message with the timer taken off, the
// time from arrival to answer at offered rates, allocations, and memory over a long stream.
//
//   ninja engine_bench && bin/engine_bench [--messages N] [--rounds N] [--profile P] [--only PART]
//
// The engine is the product's, with all it does for each message: the member's own order id looked
// up, units or cash reserved and settled in the table of holdings, self-trade prevention on, an
// event. Messages are in memory, as orders, before the clock starts.

#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/prng.h"
#include "bench/order_stream/generate.h"
#include "bench/order_stream/plain_book.h"
#include "matching/count_allocations.h"
#include "matching/engine.h"

namespace ets {
namespace {

using matching::Engine;
using matching::StreamMessage;
using matching::StreamType;

constexpr std::uint32_t kMembers = 200;

// A message as a gateway hands it on.
struct Message {
  enum class Kind : std::uint8_t { kAdd, kImmediate, kCancel, kChange };
  Kind kind = Kind::kAdd;
  matching::OrderEntry entry;  // Of a change: limit and what shall be open.
};
constexpr const char* kKindNames[] = {"add", "immediate", "cancel", "change"};

std::vector<Message> MessagesOf(const matching::OrderStream& stream) {
  std::vector<Message> messages;
  messages.reserve(stream.messages.size());
  std::vector<std::uint32_t> owner_of(stream.messages.size() + 1);
  std::uint64_t number = 0;
  for (const StreamMessage& from : stream.messages) {
    if (from.flags != 0) continue;  // The sweep is no session.
    Message message;
    matching::OrderEntry& entry = message.entry;
    if (from.type == StreamType::kAdd) {
      owner_of[from.id] = from.owner;
      message.kind = from.immediate != 0 ? Message::Kind::kImmediate : Message::Kind::kAdd;
      entry.number = ++number;
    } else {
      message.kind =
          from.type == StreamType::kCancel ? Message::Kind::kCancel : Message::Kind::kChange;
    }
    entry.owner = MemberId(owner_of[from.id]);
    entry.side = from.side == 0 ? matching::Side::kBuy : matching::Side::kSell;
    entry.time_in_force = from.immediate != 0 ? matching::TimeInForce::kImmediateOrCancel
                                              : matching::TimeInForce::kGoodTillCancel;
    entry.self_trade = matching::SelfTradePrevention::kCancelResting;
    entry.limit = Price::FromMinorPerTonne(from.price);
    entry.quantity = Tonnes(from.quantity);
    // An arbitrary name of the client's: the number, mixed.
    entry.client_id = matching::ClientOrderId::FromNumber(from.id * 0x9E3779B97F4A7C15U);
    messages.push_back(message);
  }
  return messages;
}

// The engine and its table of holdings.
class Venue {
 public:
  explicit Venue(const matching::OrderStream& stream) : holdings_(2), engine_(Make(stream)) {}

  // Returns how many events there were.
  std::size_t On(const Message& message) {
    const matching::OrderEntry& entry = message.entry;
    if (message.kind <= Message::Kind::kImmediate) {
      accepted_ += engine_.Place(entry).ok() ? 1U : 0U;
      return engine_.events().size();
    }
    const OrderId order = engine_.FindClientId(entry.owner, entry.client_id);
    if (order == OrderId()) return 0;
    if (message.kind == Message::Kind::kCancel) {
      engine_.Cancel(entry.owner, order);
    } else {
      const Tonnes whole = engine_.FilledOf(order) + entry.quantity;
      accepted_ += engine_.Change(entry.owner, order, entry.limit, whole).ok() ? 1U : 0U;
    }
    return engine_.events().size();
  }
  Engine& engine() { return engine_; }
  std::uint64_t accepted() const { return accepted_; }

 private:
  Engine Make(const matching::OrderStream& stream) {
    std::int64_t lowest = kAmountMax;
    std::int64_t highest = 1;
    for (const StreamMessage& message : stream.messages) {
      if (message.type == StreamType::kCancel) continue;
      lowest = std::min(lowest, message.price);
      highest = std::max(highest, message.price);
    }
    for (std::uint32_t i = 0; i < kMembers; ++i) {
      holdings_.AddMember();
      for (const LedgerId ledger : {LedgerId(0), LedgerId(1)}) {
        holdings_.Credit(MemberId(i), ledger, kAmountMax / kMembers / 2);
      }
    }
    matching::EngineTerms terms;
    terms.unit_ledger = LedgerId(0);
    terms.cash_ledger = LedgerId(1);
    terms.resale_next_day = false;
    Engine engine(holdings_, terms);
    engine.OpenRange(Price::FromMinorPerTonne(lowest), Price::FromMinorPerTonne(highest));
    engine.SetPhase(matching::BookPhase::kContinuous);
    return engine;
  }

  matching::Holdings holdings_;
  Engine engine_;
  std::uint64_t accepted_ = 0;
};

// Of this thread on a processor: what others do beside it counts less than on a clock.
double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
double SecondsOf(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct Speeds {
  std::vector<double> engine, plain, ratio;  // M messages/s of processor time, by round.
};
double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Speeds Throughput(const matching::OrderStream& stream, const std::vector<Message>& messages,
                  int rounds) {
  Speeds speeds;
  const auto count = static_cast<double>(messages.size()) / 1e6;
  for (int round = 0; round < rounds; ++round) {
    Venue venue(stream);
    double begin = ThreadSeconds();
    for (const Message& message : messages) venue.On(message);
    speeds.engine.push_back(count / (ThreadSeconds() - begin));
    bench::PlainBook book;
    book.trades.reserve(messages.size());
    begin = ThreadSeconds();
    for (std::size_t i = 0; i < messages.size(); ++i) book.On(stream.messages[i]);
    speeds.plain.push_back(count / (ThreadSeconds() - begin));
    speeds.ratio.push_back(speeds.engine.back() / speeds.plain.back());
  }
  return speeds;
}

std::uint64_t Now() {
  _mm_lfence();
  const std::uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
}
double NanosecondsPerTick() {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t ticks = __rdtsc();
  while (SecondsOf(begin) < 0.2) {
  }
  return SecondsOf(begin) * 1e9 / static_cast<double>(__rdtsc() - ticks);
}

double At(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[index]);
}

struct Latencies {
  std::vector<float> by_message;  // ns, the timer taken off.
  std::vector<float> by_kind[4];
};

Latencies MeasureLatency(const matching::OrderStream& stream,
                         const std::vector<Message>& messages) {
  const double tick = NanosecondsPerTick();
  std::vector<float> empty;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t begin = Now();
    empty.push_back(static_cast<float>(static_cast<double>(Now() - begin) * tick));
  }
  std::sort(empty.begin(), empty.end());
  const double timer = At(empty, 0.5);
  Latencies all;
  Venue venue(stream);
  all.by_message.reserve(messages.size());
  for (const Message message : messages) {  // A copy, at hand as what a gateway has just read.
    const std::uint64_t begin = Now();
    venue.On(message);
    const double took = static_cast<double>(Now() - begin) * tick - timer;
    all.by_message.push_back(static_cast<float>(std::max(0.0, took)));
    all.by_kind[static_cast<int>(message.kind)].push_back(all.by_message.back());
  }
  return all;
}

// A queue that these service times serve: arrivals do not wait for answers.
void PrintWaiting(const std::vector<float>& service) {
  for (const double rate : {1e6, 2e6, 5e6, 10e6, 15e6}) {
    Prng dice(7);
    double arrival = 0;
    double free_at = 0;
    std::vector<float> waits;
    waits.reserve(service.size());
    for (const float took : service) {
      const double uniform = (static_cast<double>(dice.Next() >> 11U) + 1) / 9007199254740993.0;
      arrival += -std::log(uniform) * 1e9 / rate;
      free_at = std::max(free_at, arrival) + static_cast<double>(took);
      waits.push_back(static_cast<float>(free_at - arrival));
    }
    std::sort(waits.begin(), waits.end());
    std::printf("  offered %4.0f M/s   p50 %7.0f   p99 %8.0f   p99.9 %9.0f ns\n", rate / 1e6,
                At(waits, 0.5), At(waits, 0.99), At(waits, 0.999));
  }
}

std::size_t ResidentKiB() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1'024;
}

void RunProfile(const std::string& profile, std::uint64_t count, int rounds) {
  bench::StreamOptions options;
  options.profile = profile;
  options.messages = count;
  const matching::OrderStream stream = bench::Generate(options).stream;
  const std::vector<Message> messages = MessagesOf(stream);
  std::printf("%s, %zu messages, seed %llu\n", profile.c_str(), messages.size(),
              static_cast<unsigned long long>(options.seed));
  const Speeds speeds = Throughput(stream, messages, rounds);
  std::printf("  %.1f M messages/s, median of %d (%.1f to %.1f); plain book %.1f; ratio %.2f\n",
              Median(speeds.engine), rounds,
              *std::min_element(speeds.engine.begin(), speeds.engine.end()),
              *std::max_element(speeds.engine.begin(), speeds.engine.end()), Median(speeds.plain),
              Median(speeds.ratio));
  Latencies latencies = MeasureLatency(stream, messages);
  PrintWaiting(latencies.by_message);
  const auto print = [](const char* name, std::vector<float>& values) {
    std::sort(values.begin(), values.end());
    std::printf("  %-10s p50 %5.0f   p99 %5.0f   p99.9 %6.0f ns\n", name, At(values, 0.5),
                At(values, 0.99), At(values, 0.999));
  };
  for (int kind = 0; kind < 4; ++kind) print(kKindNames[kind], latencies.by_kind[kind]);
  print("all", latencies.by_message);
}

// The same million again and again, its book emptied in between: what a year of sessions does.
void RunLong(std::uint64_t total) {
  bench::StreamOptions options;
  const matching::OrderStream stream = bench::Generate(options).stream;
  const std::vector<Message> messages = MessagesOf(stream);
  Venue venue(stream);
  std::uint64_t sent = 0;
  std::uint64_t allocations = 0;
  std::size_t resident = 0;
  std::uint64_t number = 0;
  while (sent < total) {
    for (Message message : messages) {
      if (message.kind <= Message::Kind::kImmediate) message.entry.number = ++number;
      venue.On(message);
    }
    sent += messages.size();
    venue.engine().CancelAll({}, {}, matching::Departure::kByOperator);
    if (sent == messages.size()) {
      resident = ResidentKiB();
      allocations = matching::AllocationCount();
    }
  }
  allocations = matching::AllocationCount() - allocations;
  const auto growth = static_cast<long long>(ResidentKiB()) - static_cast<long long>(resident);
  std::printf("%llu M messages after the first million: %llu allocations, memory %+lld KiB\n",
              static_cast<unsigned long long>((sent - messages.size()) / 1'000'000),
              static_cast<unsigned long long>(allocations), growth);
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  std::uint64_t count = 1'000'000;
  int rounds = 7;
  std::string profile = "all";
  std::uint64_t long_run = 50'000'000;
  CLI::App app("The matching engine on the neutral order streams.");
  app.add_option("--messages", count)->check(CLI::Range(1'000, 50'000'000))->capture_default_str();
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--profile", profile, "calm, deep, swing, thin, or all")->capture_default_str();
  app.add_option("--long", long_run, "messages of the memory run; 0: none")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  for (const std::string_view name : ets::bench::Profiles()) {
    if (profile == "all" || profile == name) ets::RunProfile(std::string(name), count, rounds);
  }
  if (long_run > 0) ets::RunLong(long_run);
  return 0;
}
