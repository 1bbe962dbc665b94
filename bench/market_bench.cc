// How many orders a second the whole venue takes in one process, on a neutral stream: the market
// (gate, client ids, engine, reservations), then with its records packed for the journal, then with
// every event copied for market data and reports, then with the journal written, chained and synced
// by its own thread, group by group. Part by part, so that each one's price shows.
//
//   ninja market_bench && bin/market_bench [--messages N] [--profile P] [--rounds N] [--folder F]
//
// Messages are in memory before the clock starts. Settlement runs at the day's end, outside the
// clock, as in the venue. A number counts every message: orders, cancels and changes.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bench/order_stream/generate.h"
#include "market/market.h"
#include "matching/count_allocations.h"
#include "server/journal_writer.h"
#include "store/journal_store.h"

namespace ets {
namespace {

using matching::StreamMessage;
using matching::StreamType;

constexpr std::uint32_t kMembers = 200;
constexpr LedgerId kCash{0};
constexpr LedgerId kUnits{1};
constexpr InstrumentId kInstrument{0};

struct Change {
  MemberId member;
  matching::ClientOrderId client_id;
  Price limit;
  Tonnes open;
};
using Message = std::variant<market::PlaceOrder, market::CancelOrder, Change>;

std::vector<Message> MessagesOf(const matching::OrderStream& stream, bool client_ids) {
  std::vector<Message> messages;
  messages.reserve(stream.messages.size());
  std::vector<std::uint32_t> owner_of(stream.messages.size() + 1);
  for (const StreamMessage& from : stream.messages) {
    if (from.flags != 0) continue;  // The sweep is no session.
    const auto name = client_ids
                          ? matching::ClientOrderId::FromNumber(from.id * 0x9E3779B97F4A7C15U)
                          : matching::ClientOrderId();
    if (from.type == StreamType::kAdd) {
      owner_of[from.id] = from.owner;
      market::PlaceOrder order;
      order.member = MemberId(from.owner);
      order.instrument = kInstrument;
      order.side = from.side == 0 ? matching::Side::kBuy : matching::Side::kSell;
      order.time_in_force = from.immediate != 0 ? matching::TimeInForce::kImmediateOrCancel
                                                : matching::TimeInForce::kGoodTillCancel;
      order.limit = Price::FromMinorPerTonne(from.price);
      order.quantity = Tonnes(from.quantity);
      order.client_id = name;
      messages.emplace_back(order);
    } else if (from.type == StreamType::kCancel) {
      messages.emplace_back(
          market::CancelOrder{MemberId(owner_of[from.id]), kInstrument, OrderId(from.id), name});
    } else {
      messages.emplace_back(Change{MemberId(owner_of[from.id]), name,
                                   Price::FromMinorPerTonne(from.price), Tonnes(from.quantity)});
    }
  }
  return messages;
}

// Copies what market data and reports are made from, as a publisher's queue would.
class EventQueue final : public market::Listener {
 public:
  void OnFill(const market::Fill& fill) override { fills_[count_++ % kKept] = fill; }
  void OnAuctionCleared(InstrumentId, const auction::Clearing&) override {}
  void OnOrder(const market::OrderEvent& event) override { events_[count_++ % kKept] = event; }
  std::uint64_t count() const { return count_; }

 private:
  static constexpr std::size_t kKept = 8'192;
  std::vector<market::Fill> fills_ = std::vector<market::Fill>(kKept);
  std::vector<market::OrderEvent> events_ = std::vector<market::OrderEvent>(kKept);
  std::uint64_t count_ = 0;
};

// What comes with the market.
struct With {
  const char* name;
  bool records;
  bool events;
  bool disk;
};
constexpr With kParts[] = {{"market alone", false, false, false},
                           {"+ records packed", true, false, false},
                           {"+ events", true, true, false},
                           {"+ journal, synced", true, true, true}};

struct Outcome {
  double seconds = 0;
  double cpu_seconds = 0;  // Of all threads.
  std::uint64_t refused = 0;
  std::uint64_t events = 0;
  std::uint64_t batches = 0;
  double allocations_a_message = 0;  // Second half.
};

market::VenueRules RulesFor(const matching::OrderStream& stream, Price& reference) {
  std::int64_t lowest = kAmountMax, highest = 1;
  for (const StreamMessage& message : stream.messages) {
    if (message.type == StreamType::kCancel || message.flags != 0) continue;
    lowest = std::min(lowest, message.price);
    highest = std::max(highest, message.price);
  }
  reference = Price::FromMinorPerTonne((lowest + highest) / 2);
  market::VenueRules rules;
  market::SessionType& listed = *rules.First(market::Mechanism::kOrderBook);
  listed.band_bp = static_cast<std::uint32_t>(
      std::min<std::int64_t>(9'000, (highest - lowest) * 5'000 / (lowest + highest) * 2 + 100));
  listed.quantity_below = Tonnes(1'000'000'000);
  listed.resale_next_day = false;
  return rules;
}

class Venue {
 public:
  Venue(const With& with, const matching::OrderStream& stream, const std::string& folder)
      : with_(with) {
    Price reference;
    const market::VenueRules rules = RulesFor(stream, reference);
    if (with.disk) {
      std::filesystem::remove_all(folder);
      auto store = store::JournalStore::Create(folder, store::Durability::kEveryBatch);
      ETS_ASSERT(store.ok());
      writer_ = std::make_unique<server::JournalWriter>(std::move(store.value()),
                                                        server::JournalWriter::Ears{});
    }
    market_ = std::make_unique<market::Market>(rules, std::uint16_t{2},
                                               with.records ? &batch_.records : nullptr,
                                               with.events ? &events_ : nullptr);
    std::uint64_t positions = 0;
    for (std::uint32_t m = 0; m < kMembers; ++m) {
      Do(market::AdmitMember{AccountId(2 * m), AccountId(2 * m + 1)});
      for (const LedgerId ledger : {kCash, kUnits}) {
        Do(market::Position{++positions, MemberId(m), ledger, kAmountMax / kMembers / 2});
      }
    }
    Do(market::ListInstrument{kUnits, kCash, reference});
    Do(market::OpenSession{Date(1)});
    // As many answers are kept as after days of trading: those of orders that were refused.
    for (std::uint64_t i = 0; i < market::kClientAnswersMax; ++i) {
      market::PlaceOrder order;
      order.member = MemberId(static_cast<std::uint32_t>(i % kMembers));
      order.client_id = matching::ClientOrderId::FromNumber(i * 0xBF58476D1CE4E5B9U + 1);
      static_cast<void>(market_->Apply(Envelope{}, order));
      if (batch_.records.is_full()) HandOver();
    }
    HandOver();
  }

  Outcome Run(const std::vector<Message>& messages) {
    Outcome outcome;
    const std::uint64_t events_before = events_.count();
    const std::uint64_t batches_before = writer_ == nullptr ? 0 : writer_->batches();
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t cpu_begin = std::clock();
    std::uint64_t allocations = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (i == messages.size() / 2) allocations = matching::AllocationCount();
      outcome.refused += On(messages[i]) ? 0U : 1U;
      if (batch_.records.is_full()) HandOver();
      if (writer_ != nullptr && i % 64 == 0 && writer_->idle()) HandOver();
    }
    allocations = matching::AllocationCount() - allocations;
    if (writer_ != nullptr) {
      HandOver();
      writer_->WaitIdle();
    }
    outcome.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    outcome.events = events_.count() - events_before;
    outcome.allocations_a_message =
        static_cast<double>(allocations) / (static_cast<double>(messages.size()) / 2);
    outcome.cpu_seconds = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
    if (writer_ != nullptr) outcome.batches = writer_->batches() - batches_before;
    return outcome;
  }

 private:
  bool On(const Message& message) {
    if (const auto* order = std::get_if<market::PlaceOrder>(&message)) {
      return market_->Apply(Envelope{}, *order).ok();
    }
    if (const auto* cancel = std::get_if<market::CancelOrder>(&message)) {
      market::CancelOrder by_name = *cancel;
      by_name.order = OrderId();
      return market_->Apply(Envelope{}, by_name).ok();
    }
    const Change& change = std::get<Change>(message);
    const matching::Engine& engine = market_->engine(kInstrument);
    const OrderId id = engine.FindClientId(change.member, change.client_id);
    if (id == OrderId()) return false;
    const Tonnes whole = engine.FilledOf(id) + change.open;
    return market_
        ->Apply(Envelope{},
                market::ChangeOrder{change.member, kInstrument, id, {}, change.limit, whole, {}})
        .ok();
  }
  void HandOver() {
    if (writer_ != nullptr) {
      writer_->WaitIdle();
      writer_->HandOver(batch_);
    } else {
      batch_.records.Clear();
    }
  }
  void Do(const market::Input& input) {
    ETS_ASSERT(market_->Apply(Envelope{}, input).ok());
    if (batch_.records.is_full()) HandOver();
  }

  const With with_;
  server::JournalWriter::Batch batch_;
  std::unique_ptr<server::JournalWriter> writer_;
  EventQueue events_;
  std::unique_ptr<market::Market> market_;
};

int Main(int argc, char** argv) {
  CLI::App app{"Throughput of the venue in one process"};
  bench::StreamOptions options;
  int rounds = 3;
  std::string folder = (std::filesystem::temp_directory_path() / "capclear-market-bench").string();
  app.add_option("--messages", options.messages, "of the stream");
  app.add_option("--profile", options.profile, "calm, deep, swing or thin");
  app.add_option("--seed", options.seed, "of the stream");
  app.add_option("--rounds", rounds, "the best one counts");
  app.add_option("--folder", folder, "of the journal; made, and removed at the end");
  CLI11_PARSE(app, argc, argv);
  const matching::OrderStream stream = bench::Generate(options).stream;
  const std::vector<Message> messages = MessagesOf(stream, true);
  std::printf("%zu messages of '%s', %u members, every order with a client id\n", messages.size(),
              options.profile.c_str(), kMembers);
  std::printf("%-20s %12s %10s %10s %12s %10s %12s\n", "", "M messages/s", "ns each", "CPU ns",
              "events each", "batches", "allocations");
  for (const With& with : kParts) {
    Outcome best;
    for (int round = 0; round < rounds; ++round) {
      Venue venue(with, stream, folder);
      const Outcome outcome = venue.Run(messages);
      if (round == 0 || outcome.seconds < best.seconds) best = outcome;
    }
    const auto count = static_cast<double>(messages.size());
    std::printf("%-20s %12.2f %10.0f %10.0f %12.2f %10llu %12.4f\n", with.name,
                count / best.seconds / 1e6, best.seconds / count * 1e9,
                best.cpu_seconds / count * 1e9, static_cast<double>(best.events) / count,
                static_cast<unsigned long long>(best.batches), best.allocations_a_message);
    if (best.refused > messages.size() / 10)
      std::printf("  refused: %llu\n", static_cast<unsigned long long>(best.refused));
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) { return ets::Main(argc, argv); }
