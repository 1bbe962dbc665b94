#include "market/session_types.h"

#include "base/assert.h"

// The table of session types. China: announcement of the Shanghai exchange of 22 June 2021 (hours,
// channels, bands) and the trading rules of the national carbon market (close, T+1). `continuous`
// is modelled on European spot venues: calls around a continuous phase, interruptions when a price
// leaves its range.
namespace ets::market {
namespace {

constexpr std::uint16_t At(int hour, int minute = 0) {
  return static_cast<std::uint16_t>(hour * 60 + minute);
}
constexpr Window kMorning{At(9, 30), At(11, 30)};
constexpr Window kAfternoon{At(13), At(15)};
constexpr Tonnes kBlockFrom{100'000};
constexpr Price kFeePerTonneMax = Price::FromMinorPerTonne(10'000);

std::array<SessionType, 4> MakeTable() {
  std::array<SessionType, 4> table;

  SessionType& listed = table[0];
  listed.name = "cn-listed";
  listed.hours = {kMorning, kAfternoon};
  listed.band_bp = 1'000;
  listed.quantity_below = kBlockFrom;
  listed.visible_levels = 5;
  listed.resale_next_day = true;
  listed.close = CloseRule::kAverage;

  SessionType& block = table[1];
  block.name = "cn-block";
  block.mechanism = Mechanism::kNegotiated;
  block.hours = {kAfternoon};
  block.band_bp = 3'000;
  block.quantity_from = kBlockFrom;
  block.resale_next_day = true;

  // Its hours are each announcement's.
  SessionType& one_way = table[2];
  one_way.name = "cn-oneway";
  one_way.mechanism = Mechanism::kOneWay;
  one_way.resale_next_day = true;

  SessionType& continuous = table[3];
  continuous.name = "continuous";
  continuous.hours = {Window{At(9), At(17)}};
  continuous.opening_call = 15;
  continuous.closing_call = 10;
  continuous.volatility_call = 5;
  continuous.band_bp = 5'000;
  continuous.static_range_bp = 1'000;
  continuous.dynamic_range_bp = 300;
  continuous.close = CloseRule::kClosingCall;
  return table;
}

std::string Wrong(const SessionType& type, std::string_view field, std::int64_t value,
                  std::string_view allowed) {
  std::string text = "session type '" + type.name + "': ";
  text += field;
  text += " is " + std::to_string(value) + ", allowed is ";
  return text += allowed;
}

std::string WhatIsWrongInHours(const SessionType& type) {
  int last = 0;
  bool ended = false;
  for (const Window& window : type.hours) {
    if (window == Window{}) {
      ended = true;
      continue;
    }
    if (ended || window.from < last || window.from >= window.to || window.to > 24 * 60) {
      return Wrong(type, "a window's start", window.from,
                   "a minute of the day, behind the window before it and ahead of its own end");
    }
    last = window.to;
  }
  const Window& first = type.hours[0];
  if (first == Window{}) return "";
  std::size_t last_at = 0;
  while (last_at + 1 < type.hours.size() && type.hours[last_at + 1] != Window{}) ++last_at;
  const Window& final = type.hours[last_at];
  const int calls = last_at == 0 ? type.opening_call + type.closing_call : type.opening_call;
  if (calls > first.to - first.from) {
    return Wrong(type, last_at == 0 ? "opening_call + closing_call" : "opening_call", calls,
                 "at most the minutes of the first window");
  }
  if (type.closing_call > final.to - final.from) {
    return Wrong(type, "closing_call", type.closing_call, "at most the minutes of the last window");
  }
  return "";
}

std::string WhatIsWrongInTicks(const SessionType& type) {
  const auto& rows = type.ticks.rows;
  if (rows[0].from != Price() || rows[0].tick <= Price()) {
    return Wrong(type, "the first tick", rows[0].tick.minor_per_tonne(), "above 0, from price 0");
  }
  bool ended = false;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].tick == Price()) {
      ended = true;
      continue;
    }
    const std::int64_t from = rows[i].from.minor_per_tonne();
    if (ended || rows[i].tick < Price() || rows[i].from <= rows[i - 1].from) {
      return Wrong(type, "a tick row's start", from, "above that of the row before it");
    }
    if (from % rows[i - 1].tick.minor_per_tonne() != 0 ||
        from % rows[i].tick.minor_per_tonne() != 0) {
      return Wrong(type, "a tick row's start", from, "a multiple of the ticks on both sides of it");
    }
  }
  return "";
}

}  // namespace

std::string_view ToString(Phase phase) {
  switch (phase) {
    case Phase::kClosed:
      return "closed";
    case Phase::kOpeningCall:
      return "opening_call";
    case Phase::kContinuous:
      return "continuous";
    case Phase::kBreak:
      return "break";
    case Phase::kVolatilityCall:
      return "volatility_call";
    case Phase::kClosingCall:
      return "closing_call";
    case Phase::kHalted:
      return "halted";
  }
  return "unknown";
}

std::span<const SessionType> SessionTypes() {
  static const std::array<SessionType, 4> table = MakeTable();
  return table;
}

const SessionType* FindSessionType(std::string_view name) {
  for (const SessionType& type : SessionTypes()) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

std::vector<std::string> HoursOf(const SessionType& type) {
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  const auto clock = [&two](int minute) { return two(minute / 60) + ":" + two(minute % 60); };
  std::vector<std::string> hours;
  for (const Window& window : type.hours) {
    if (window == Window{}) break;
    hours.push_back(clock(window.from) + "-" + clock(window.to));
  }
  return hours;
}

std::string WhatIsWrong(const SessionType& type) {
  if (type.name.empty()) return "a session type has no name";
  if (const std::string wrong = WhatIsWrongInHours(type); !wrong.empty()) return wrong;
  if (const std::string wrong = WhatIsWrongInTicks(type); !wrong.empty()) return wrong;
  if (type.lot <= Tonnes(0)) return Wrong(type, "lot", type.lot.count(), "above 0 t");
  if (type.quantity_from <= Tonnes(0)) {
    return Wrong(type, "quantity_from", type.quantity_from.count(), "above 0 t");
  }
  if (type.quantity_below != Tonnes(0) && type.quantity_below <= type.quantity_from) {
    return Wrong(type, "quantity_below", type.quantity_below.count(), "0 or above quantity_from");
  }
  for (const std::uint32_t bp : {type.band_bp, type.static_range_bp, type.dynamic_range_bp}) {
    if (bp > 10'000) return Wrong(type, "a band or range", bp, "at most 10,000 basis points");
  }
  if (type.band_bp == 0 && type.mechanism == Mechanism::kOrderBook) {
    return Wrong(type, "band_bp", 0, "above 0 where there is an order book");
  }
  for (const matching::FeeRate& fee : {type.fees.maker, type.fees.taker}) {
    if (fee.bp > 1'000) return Wrong(type, "a fee", fee.bp, "at most 1,000 basis points");
    if (fee.per_tonne < Price() || fee.per_tonne > kFeePerTonneMax) {
      return Wrong(type, "a fee a tonne", fee.per_tonne.minor_per_tonne(), "0 to 10,000");
    }
  }
  const bool ranges = type.static_range_bp != 0 || type.dynamic_range_bp != 0;
  if (ranges && type.volatility_call == 0) {
    return Wrong(type, "volatility_call", 0, "above 0 minutes where there is a range");
  }
  return "";
}

}  // namespace ets::market
