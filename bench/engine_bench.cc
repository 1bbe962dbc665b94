// What a message costs in the matching engine, on the neutral streams: throughput against a plain
// book of maps and lists in the same run, latency by kind of message with the timer taken off, the
// time from arrival to answer at offered rates, allocations, and memory over a long stream.
//
//   ninja engine_bench && bin/engine_bench --markdown ../../bench/README.md
//
// The engine is the product's, with all it does for each message: the member's own order id looked
// up, units or cash reserved and settled in the table of holdings, self-trade prevention on, an
// event. Messages are in memory, as orders, before the clock starts.

#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
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
constexpr std::array<std::string_view, 4> kKindNames = {"add", "immediate", "cancel", "change"};

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

using Nanoseconds = std::vector<float>;

double At(const Nanoseconds& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[index]);
}

double TimerNanoseconds(double tick) {
  Nanoseconds empty;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t begin = Now();
    empty.push_back(static_cast<float>(static_cast<double>(Now() - begin) * tick));
  }
  std::sort(empty.begin(), empty.end());
  return At(empty, 0.5);
}

// Of each message, the timer taken off.
Nanoseconds TimeOnce(const matching::OrderStream& stream, const std::vector<Message>& messages,
                     double tick) {
  const double timer = TimerNanoseconds(tick);
  Venue venue(stream);
  Nanoseconds times;
  times.reserve(messages.size());
  for (const Message& next : messages) {
    const Message message = next;  // At hand, as what a gateway has just read.
    const std::uint64_t begin = Now();
    venue.On(message);
    const double took = static_cast<double>(Now() - begin) * tick - timer;
    times.push_back(static_cast<float>(std::max(0.0, took)));
  }
  return times;
}

// Each message's median of three runs: what hits a message once in three is not the engine's.
Nanoseconds MeasureLatency(const matching::OrderStream& stream,
                           const std::vector<Message>& messages) {
  const double tick = NanosecondsPerTick();
  Nanoseconds a = TimeOnce(stream, messages, tick);
  const Nanoseconds b = TimeOnce(stream, messages, tick);
  const Nanoseconds c = TimeOnce(stream, messages, tick);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = std::max(std::min(a[i], b[i]), std::min(std::max(a[i], b[i]), c[i]));
  }
  return a;
}

constexpr std::array kOfferedRates = {1e6, 2e6, 5e6, 10e6, 15e6};  // Messages/s.

// From arrival to answer in a queue that these service times serve. Messages arrive at random and
// do not wait for answers.
Nanoseconds WaitingTimes(const Nanoseconds& service, double rate) {
  Prng dice(7);
  double arrival = 0;
  double free_at = 0;
  Nanoseconds waits;
  waits.reserve(service.size());
  for (const float took : service) {
    const double uniform = (static_cast<double>(dice.Next() >> 11U) + 1) / 9007199254740993.0;
    arrival += -std::log(uniform) * 1e9 / rate;
    free_at = std::max(free_at, arrival) + static_cast<double>(took);
    waits.push_back(static_cast<float>(free_at - arrival));
  }
  return waits;
}

// Memory of its own: code that is read from the program's file for the first time is no growth.
std::size_t OwnKiB() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  std::size_t of_files = 0;
  statm >> total >> resident >> of_files;
  return (resident - of_files) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1'024;
}

[[gnu::format(printf, 1, 2)]] std::string Text(const char* format, ...) {
  std::array<char, 256> text;
  va_list values;
  va_start(values, format);
  std::vsnprintf(text.data(), text.size(), format, values);
  va_end(values);
  return text.data();
}
// p50 / p99 / p99.9
std::string Percentiles(Nanoseconds values) {
  std::sort(values.begin(), values.end());
  return Text(" %.0f / %.0f / %.0f |", At(values, 0.5), At(values, 0.99), At(values, 0.999));
}

// The tables of bench/README.md, a row a stream.
struct Tables {
  std::string speed, latency, waiting, memory;
};

bench::StreamOptions OptionsOf(std::string_view profile, std::uint64_t count) {
  bench::StreamOptions options;
  options.profile = std::string(profile);
  options.messages = count;
  return options;
}

void AddSpeed(std::string_view profile, std::uint64_t count, int rounds, Tables& tables) {
  const matching::OrderStream stream = bench::Generate(OptionsOf(profile, count)).stream;
  const Speeds speeds = Throughput(stream, MessagesOf(stream), rounds);
  const auto [lowest, highest] = std::minmax_element(speeds.engine.begin(), speeds.engine.end());
  tables.speed +=
      Text("| %s | %.0f | %.1f (%.1f to %.1f) | %.1f | %.2f |\n", std::string(profile).c_str(),
           static_cast<double>(count) / 1e6, Median(speeds.engine), *lowest, *highest,
           Median(speeds.plain), Median(speeds.ratio));
}

void AddLatency(std::string_view profile, std::uint64_t count, Tables& tables) {
  const matching::OrderStream stream = bench::Generate(OptionsOf(profile, count)).stream;
  const std::vector<Message> messages = MessagesOf(stream);
  const Nanoseconds times = MeasureLatency(stream, messages);
  std::array<Nanoseconds, kKindNames.size()> by_kind;
  for (std::size_t i = 0; i < times.size(); ++i) {
    by_kind[static_cast<std::size_t>(messages[i].kind)].push_back(times[i]);
  }
  const std::string begin = "| " + std::string(profile) + " |";
  tables.latency += begin + Percentiles(times);
  for (const Nanoseconds& of_kind : by_kind) tables.latency += Percentiles(of_kind);
  tables.latency += "\n";
  tables.waiting += begin;
  for (const double rate : kOfferedRates) {
    tables.waiting += Percentiles(WaitingTimes(times, rate));
  }
  tables.waiting += "\n";
}

// The same million again and again, its book emptied in between: what a year of sessions does.
void AddMemory(std::uint64_t total, Tables& tables) {
  const matching::OrderStream stream = bench::Generate(OptionsOf("calm", 1'000'000)).stream;
  std::vector<Message> messages = MessagesOf(stream);
  Venue venue(stream);
  std::uint64_t sent = 0;
  std::uint64_t allocations = 0;
  std::size_t own = 0;
  std::uint64_t number = 0;
  while (sent < total) {
    for (Message& message : messages) {
      if (message.kind <= Message::Kind::kImmediate) message.entry.number = ++number;
      venue.On(message);
    }
    sent += messages.size();
    venue.engine().CancelAll({}, {}, matching::Departure::kByOperator);
    if (sent == messages.size()) {
      own = OwnKiB();
      allocations = matching::AllocationCount();
    }
  }
  allocations = matching::AllocationCount() - allocations;
  tables.memory =
      Text("Over %llu million messages after the first: %llu allocations, %+lld KiB of memory.\n",
           static_cast<unsigned long long>((sent - messages.size()) / 1'000'000),
           static_cast<unsigned long long>(allocations),
           static_cast<long long>(OwnKiB()) - static_cast<long long>(own));
}

std::string Report(const Tables& tables, int rounds) {
  double load = 0;
  getloadavg(&load, 1);
  std::string text = Text("Load average at the end: %.1f.\n", load);
  if (!tables.speed.empty()) {
    text +=
        Text("\n| stream | million messages | M messages/s, median of %d | plain book | ratio |\n",
             rounds);
    text += "|---|---|---|---|---|\n" + tables.speed;
  }
  if (!tables.latency.empty()) {
    text += "\n| p50 / p99 / p99.9 ns | all |";
    for (const std::string_view name : kKindNames) text += " " + std::string(name) + " |";
    text += "\n|---|---|---|---|---|---|\n" + tables.latency;
    text += "\n| arrival to answer, offered |";
    for (const double rate : kOfferedRates) text += Text(" %.0f M/s |", rate / 1e6);
    text += "\n|---|---|---|---|---|---|\n" + tables.waiting;
  }
  if (!tables.memory.empty()) text += "\n" + tables.memory;
  return text;
}

// Puts the report into a file between two lines that name this program. False: there are none.
bool PutInto(const std::string& path, const std::string& report) {
  constexpr std::string_view kBegin = "<!-- engine_bench -->\n";
  constexpr std::string_view kEnd = "<!-- /engine_bench -->";
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos) return false;
  text.replace(begin + kBegin.size(), end - begin - kBegin.size(), report);
  return static_cast<bool>(std::ofstream(path) << text << std::flush);
}

// For a count of instructions of one kind of message: callgrind collects in here only.
[[gnu::noinline]] void CountHere(Venue& venue, const Message& message) { venue.On(message); }

void RunCounted(std::string_view profile, std::uint64_t count, std::string_view kind) {
  const matching::OrderStream stream = bench::Generate(OptionsOf(profile, count)).stream;
  Venue venue(stream);
  std::uint64_t counted = 0;
  for (const Message& message : MessagesOf(stream)) {
    if (kKindNames[static_cast<std::size_t>(message.kind)] == kind) {
      CountHere(venue, message);
      ++counted;
    } else {
      venue.On(message);
    }
  }
  std::printf("%llu\n", static_cast<unsigned long long>(counted));
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  std::uint64_t count = 1'000'000;
  std::uint64_t more = 5'000'000;
  int rounds = 7;
  std::string profile = "all";
  std::uint64_t long_run = 51'000'000;
  std::string into;
  std::string counted;
  CLI::App app("The matching engine on the neutral order streams.");
  app.add_option("--messages", count)->check(CLI::Range(1'000, 50'000'000))->capture_default_str();
  app.add_option("--more", more, "calm and deep once more with so many; 0: not")
      ->check(CLI::Range(0, 50'000'000))
      ->capture_default_str();
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--profile", profile, "calm, deep, swing, thin, or all")->capture_default_str();
  app.add_option("--long", long_run, "messages of the memory run; 0: none")->capture_default_str();
  app.add_option("--markdown", into, "puts the report into this file, between its marks");
  app.add_option("--count", counted, "only sends messages, of this kind through CountHere()");
  CLI11_PARSE(app, argc, argv);
  if (!counted.empty()) {
    ets::RunCounted(profile, count, counted);
    return 0;
  }
  ets::Tables tables;
  for (const std::string_view name : ets::bench::Profiles()) {
    if (profile != "all" && profile != name) continue;
    ets::AddSpeed(name, count, rounds, tables);
    if (more > 0 && (name == "calm" || name == "deep")) {
      ets::AddSpeed(name, more, std::max(1, rounds / 2), tables);
    }
    ets::AddLatency(name, count, tables);
  }
  if (long_run > 0) ets::AddMemory(long_run, tables);
  const std::string report = ets::Report(tables, rounds);
  std::fputs(report.c_str(), stdout);
  if (!into.empty() && !ets::PutInto(into, report)) {
    std::fprintf(stderr, "%s: no lines <!-- engine_bench --> and <!-- /engine_bench -->\n",
                 into.c_str());
    return 1;
  }
  return 0;
}
