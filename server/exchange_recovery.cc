#include "server/exchange_recovery.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "market/codec.h"
#include "server/live_registry_impl.h"

namespace ets::server {
namespace {

using Kind = LiveFailure::Kind;

constexpr std::uint32_t kSnapshotVersion = 1;
constexpr std::int32_t kNoDay = -1;

// Empty: of no use.
std::optional<RebuiltExchange> FromSnapshot(const store::Snapshot& snapshot, ExchangeRelay& relay) {
  ByteReader in(snapshot.bytes);
  if (in.Get<std::uint32_t>() != kSnapshotVersion) return std::nullopt;
  RebuiltExchange rebuilt;
  rebuilt.positions_taken = in.Get<std::uint64_t>();
  const auto day = in.Get<std::int32_t>();
  if (day != kNoDay) rebuilt.open_day = Date(day);
  auto history = TradeHistory::Load(in);
  const std::string_view state = in.GetText();
  if (!history || !in.ok() || !in.empty()) return std::nullopt;
  auto market = market::Market::Load(state, nullptr, &relay);
  if (!market.ok() || market.value()->sequence() != snapshot.at.sequence ||
      market.value()->StateHash() != snapshot.state_hash) {
    return std::nullopt;
  }
  rebuilt.market = std::move(market.value());
  rebuilt.end = snapshot.at;
  rebuilt.from = snapshot.at.sequence;
  relay.PutHistory(std::move(*history));
  return rebuilt;
}

// The newest one of use, or an exchange that is still to be founded.
RebuiltExchange Beginning(const store::JournalReader& reader, ExchangeRelay& relay) {
  std::uint64_t at_or_before = store::kToTheEnd;
  while (const auto snapshot = reader.LatestSnapshot(at_or_before)) {
    if (auto rebuilt = FromSnapshot(*snapshot, relay)) return std::move(*rebuilt);
    if (snapshot->at.sequence == 0) break;
    at_or_before = snapshot->at.sequence - 1;
  }
  return {};
}

void Note(const JournalRecord& record, RebuiltExchange& in) {
  const auto input = market::Decode(record.kind, record.payload);
  if (!input) return;
  if (const auto* const position = std::get_if<market::Position>(&*input)) {
    in.positions_taken = std::max(in.positions_taken, position->sequence);
  } else if (const auto* const session = std::get_if<market::OpenSession>(&*input)) {
    if (in.market->session_open()) in.open_day = session->date;
  } else if (std::holds_alternative<market::DayClosed>(*input)) {
    in.open_day.reset();
  }
}

// Empty, or what is wrong.
std::string Replay(const JournalRecord& record, ExchangeRelay& relay, RebuiltExchange& in) {
  if (!in.market) {
    const auto founding = market::Market::FoundingOf(record);
    if (!founding.ok()) return founding.error();
    in.market = std::make_unique<market::Market>(founding->rules, founding->ledger_count_max,
                                                 nullptr, &relay);
  }
  relay.SetTime(record.sequence, record.envelope.sim_time);
  std::string wrong = in.market->Replay(record);
  Note(record, in);
  return wrong;
}

}  // namespace

Live<RebuiltExchange> RebuildExchange(const store::JournalReader& reader, ExchangeRelay& relay,
                                      const std::atomic<bool>& stop) {
  RebuiltExchange rebuilt = Beginning(reader, relay);
  std::string wrong;
  const auto read = reader.Read(rebuilt.end, store::kToTheEnd, [&](const JournalRecord& record) {
    wrong = Replay(record, relay, rebuilt);
    return wrong.empty() && !stop;
  });
  if (stop) return Fail{LiveFailure{Kind::kStopped, "the exchange is shut down"}};
  if (!read.ok()) return Fail{FailureOf(read.error())};
  if (!wrong.empty()) return Fail{LiveFailure{Kind::kDataLoss, wrong}};
  rebuilt.end = *read;
  return rebuilt;
}

store::Snapshot SnapshotOf(const RebuiltExchange& exchange, const ExchangeRelay& relay) {
  store::Snapshot snapshot{exchange.end, exchange.market->StateHash(), {}};
  ByteWriter out(snapshot.bytes);
  out.Put(kSnapshotVersion);
  out.Put(exchange.positions_taken);
  out.Put(exchange.open_day ? exchange.open_day->days() : kNoDay);
  relay.history().Save(out);
  std::string state;
  exchange.market->Save(state);
  out.PutText(state);
  return snapshot;
}

}  // namespace ets::server
