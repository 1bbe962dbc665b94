#include "server/bar_store.h"

#include <algorithm>

#include "base/date.h"

namespace ets::server {
namespace {

constexpr SimTime kMinute = SimTime{60} * kMicrosPerSecond;

constexpr SimTime FloorTo(SimTime time, SimTime length) {
  const SimTime rest = time % length;
  return time - (rest < 0 ? rest + length : rest);
}

void Join(Bar& into, const Bar& bar) {
  into.high = std::max(into.high, bar.high);
  into.low = std::min(into.low, bar.low);
  into.close = bar.close;
  into.volume += bar.volume;
  into.value += bar.value;
  into.trades += bar.trades;
}

}  // namespace

void TradeHistory::Add(const market::Fill& fill, std::uint64_t sequence, SimTime time) {
  tape_.push_back({fill.instrument,
                   sequence,
                   time,
                   {fill.trade_id, fill.channel, fill.price, fill.quantity, fill.taker}});
  if (tape_.size() > tape_max_) tape_.pop_front();
  if (fill.channel != market::Channel::kListed) return;
  std::vector<Bar>& bars = bars_[fill.instrument.raw()];
  const Bar bar{
      FloorTo(time, kMinute),     fill.price, fill.price, fill.price, fill.price, fill.quantity,
      fill.price * fill.quantity, 1};
  if (bars.empty() || bars.back().begin != bar.begin) {
    bars.push_back(bar);
  } else {
    Join(bars.back(), bar);
  }
}

std::vector<Bar> TradeHistory::Bars(InstrumentId instrument, std::uint32_t minutes, SimTime from,
                                    SimTime to, std::size_t count_max) const {
  std::vector<Bar> joined;
  const auto found = bars_.find(instrument.raw());
  if (found == bars_.end()) return joined;
  const SimTime length = kMinute * minutes;
  const auto first =
      std::lower_bound(found->second.begin(), found->second.end(), FloorTo(from, length),
                       [](const Bar& bar, SimTime time) { return bar.begin < time; });
  for (auto bar = first; bar != found->second.end(); ++bar) {
    const SimTime begin = FloorTo(bar->begin, length);
    if (begin >= to) break;
    if (begin < from) continue;
    if (!joined.empty() && joined.back().begin == begin) {
      Join(joined.back(), *bar);
      continue;
    }
    if (joined.size() == count_max) break;
    joined.push_back(*bar);
    joined.back().begin = begin;
  }
  return joined;
}

std::vector<TradeHistory::Trade> TradeHistory::Trades(std::optional<InstrumentId> instrument,
                                                      std::uint64_t from,
                                                      std::size_t count_max) const {
  std::vector<Trade> trades;
  auto trade = std::lower_bound(
      tape_.begin(), tape_.end(), from,
      [](const Trade& kept, std::uint64_t id) { return kept.print.trade_id < id; });
  for (; trade != tape_.end() && trades.size() < count_max; ++trade) {
    if (!instrument || trade->instrument == *instrument) trades.push_back(*trade);
  }
  return trades;
}

void TradeHistory::Save(ByteWriter& out) const {
  out.Put(std::uint64_t{tape_max_});
  out.Put(std::uint64_t{tape_.size()});
  for (const Trade& trade : tape_) {
    out.Put(trade.instrument.raw());
    out.Put(trade.sequence);
    out.Put(trade.time);
    out.Put(trade.print.trade_id);
    out.Put(trade.print.channel);
    out.Put(trade.print.price.minor_per_tonne());
    out.Put(trade.print.quantity.count());
    out.Put(trade.print.taker);
  }
  out.Put(std::uint64_t{bars_.size()});
  for (const auto& [instrument, bars] : bars_) {
    out.Put(instrument);
    out.Put(std::uint64_t{bars.size()});
    for (const Bar& bar : bars) {
      out.Put(bar.begin);
      for (const Price price : {bar.open, bar.high, bar.low, bar.close}) {
        out.Put(price.minor_per_tonne());
      }
      out.Put(bar.volume.count());
      out.Put(bar.value.minor());
      out.Put(bar.trades);
    }
  }
}

std::optional<TradeHistory> TradeHistory::Load(ByteReader& in) {
  TradeHistory history(in.Get<std::uint64_t>());
  const auto price = [&in] { return Price::FromMinorPerTonne(in.Get<std::int64_t>()); };
  const auto trades = in.Get<std::uint64_t>();
  for (std::uint64_t i = 0; i < trades && in.ok(); ++i) {
    Trade& trade = history.tape_.emplace_back();
    trade.instrument = InstrumentId(in.Get<std::uint16_t>());
    trade.sequence = in.Get<std::uint64_t>();
    trade.time = in.Get<SimTime>();
    trade.print.trade_id = in.Get<std::uint64_t>();
    trade.print.channel = in.Get<market::Channel>();
    trade.print.price = price();
    trade.print.quantity = Tonnes(in.Get<std::int64_t>());
    trade.print.taker = in.Get<matching::Side>();
  }
  const auto instruments = in.Get<std::uint64_t>();
  for (std::uint64_t i = 0; i < instruments && in.ok(); ++i) {
    std::vector<Bar>& bars = history.bars_[in.Get<std::uint16_t>()];
    const auto count = in.Get<std::uint64_t>();
    for (std::uint64_t b = 0; b < count && in.ok(); ++b) {
      Bar& bar = bars.emplace_back();
      bar.begin = in.Get<SimTime>();
      bar.open = price();
      bar.high = price();
      bar.low = price();
      bar.close = price();
      bar.volume = Tonnes(in.Get<std::int64_t>());
      bar.value = Money::FromMinor(in.Get<std::int64_t>());
      bar.trades = in.Get<std::uint32_t>();
    }
  }
  if (!in.ok()) return std::nullopt;
  return history;
}

}  // namespace ets::server
