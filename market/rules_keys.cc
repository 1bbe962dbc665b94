#include "market/rules_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

namespace ets::market {
namespace {

// No file names more minutes, tonnes or money a tonne than these.
constexpr std::int64_t kMinutesMax = 600;
constexpr double kFeeShareMax = 0.10;
constexpr double kFeePerTonneMax = 100;

// ---- One value, read and written ----

std::optional<double> NumberOf(const toml::node& node) {
  if (const auto* const whole = node.as_integer()) return static_cast<double>(whole->get());
  const auto* const real = node.as_floating_point();
  if (real == nullptr || !std::isfinite(real->get())) return std::nullopt;
  return real->get();
}

// `value` x `scale` as a whole number; empty when it is none, or out of range.
std::optional<std::int64_t> Scaled(const toml::node& node, double scale, double low, double high) {
  const auto value = NumberOf(node);
  if (!value || *value < low || *value > high) return std::nullopt;
  const double scaled = *value * scale;
  const double whole = std::round(scaled);
  if (std::abs(scaled - whole) > 1e-6) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

// A share of 1 as basis points.
bool ReadShare(const toml::node& node, double most, std::uint32_t& bp) {
  const auto read = Scaled(node, 10'000, 0, most);
  if (read) bp = static_cast<std::uint32_t>(*read);
  return read.has_value();
}

bool ReadPrice(const toml::node& node, double most, Price& price) {
  const auto read = Scaled(node, 100, 0, most);
  if (read) price = Price::FromMinorPerTonne(*read);
  return read.has_value();
}

bool ReadWhole(const toml::node& node, std::int64_t low, std::int64_t high, std::int64_t& out) {
  const auto* const whole = node.as_integer();
  if (whole == nullptr || whole->get() < low || whole->get() > high) return false;
  out = whole->get();
  return true;
}

template <typename Whole>
bool ReadWhole(const toml::node& node, std::int64_t low, std::int64_t high, Whole& out) {
  std::int64_t read = 0;
  if (!ReadWhole(node, low, high, read)) return false;
  out = static_cast<Whole>(read);
  return true;
}

bool ReadTonnes(const toml::node& node, std::int64_t low, Tonnes& out) {
  std::int64_t read = 0;
  if (!ReadWhole(node, low, kAmountMax, read)) return false;
  out = Tonnes(read);
  return true;
}

bool ReadFlag(const toml::node& node, bool& out) {
  const auto* const flag = node.as_boolean();
  if (flag != nullptr) out = flag->get();
  return flag != nullptr;
}

// "09:30", up to "24:00".
std::optional<int> MinuteOf(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  int hour = 0, minute = 0;
  const char* const begin = text.data();
  const auto [hour_end, no_hour] = std::from_chars(begin, begin + 2, hour);
  const auto [minute_end, no_minute] = std::from_chars(begin + 3, begin + 5, minute);
  const bool is_time = no_hour == std::errc() && no_minute == std::errc() &&
                       hour_end == begin + 2 && minute_end == begin + 5 && hour >= 0 &&
                       minute >= 0 && minute < 60 && hour * 60 + minute <= 24 * 60;
  return is_time ? std::optional(hour * 60 + minute) : std::nullopt;
}

std::string TextOfMinute(int minute) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d", minute / 60, minute % 60);
  return text.data();
}

bool ReadHours(const toml::node& node, SessionType& type) {
  const auto* const list = node.as_array();
  if (list == nullptr || list->size() > type.hours.size()) return false;
  std::array<Window, SessionType::kWindowsMax> hours{};
  int last = 0;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto* const text = list->get(i)->as_string();
    if (text == nullptr || text->get().size() != 11 || text->get()[5] != '-') return false;
    const auto from = MinuteOf(std::string_view(text->get()).substr(0, 5));
    const auto to = MinuteOf(std::string_view(text->get()).substr(6));
    if (!from || !to || *from < last || *to <= *from) return false;
    last = *to;
    hours[i] = {static_cast<std::uint16_t>(*from), static_cast<std::uint16_t>(*to)};
  }
  type.hours = hours;
  return true;
}

std::string TextOfHours(const SessionType& type) {
  std::string text;
  for (const std::string& window : HoursOf(type)) {
    text += (text.empty() ? "\"" : ", \"") + window + "\"";
  }
  return "[" + text + "]";
}

// The rows stand in the order and on the multiples that TickTable asks for.
bool IsUsable(const TickTable& ticks) {
  SessionType probe;
  probe.name = "ticks";
  probe.mechanism = Mechanism::kNegotiated;
  probe.ticks = ticks;
  return WhatIsWrong(probe).empty();
}

bool ReadTicks(const toml::node& node, SessionType& type) {
  constexpr double kMost = 100'000;
  const auto* const list = node.as_array();
  TickTable ticks;
  if (list == nullptr) {
    if (!ReadPrice(node, kMost, ticks.rows[0].tick)) return false;
  } else {
    if (list->empty() || list->size() > ticks.rows.size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto* const row = list->get(i)->as_table();
      if (row == nullptr || row->size() != 2 || !row->contains("from") || !row->contains("tick") ||
          !ReadPrice(*row->get("from"), kMost, ticks.rows[i].from) ||
          !ReadPrice(*row->get("tick"), kMost, ticks.rows[i].tick) ||
          ticks.rows[i].tick == Price()) {
        return false;
      }
    }
  }
  if (!IsUsable(ticks)) return false;
  type.ticks = ticks;
  return true;
}

std::string TextOfTicks(const SessionType& type) {
  std::string text;
  for (const TickTable::Row& row : type.ticks.rows) {
    if (row.tick == Price()) break;
    text += (text.empty() ? "" : ", ") + ("{ from = " + ToString(row.from)) +
            ", tick = " + ToString(row.tick) + " }";
  }
  return "[" + text + "]";
}

std::string TextOfShare(std::uint32_t bp) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%u.%04u", bp / 10'000, bp % 10'000);
  std::string share(text.data());
  while (share.back() == '0' && share[share.size() - 2] != '.') share.pop_back();
  return share;
}

std::string TextOfFlag(bool flag) { return flag ? "true" : "false"; }

// Words that stand for the enumerators of E, in their order from 1.
template <typename E, std::size_t n>
bool ReadWord(const toml::node& node, const std::array<std::string_view, n>& words, E& out) {
  const auto* const text = node.as_string();
  const auto found = text == nullptr
                         ? words.end()
                         : std::find(words.begin(), words.end(), std::string_view(text->get()));
  if (found != words.end()) out = static_cast<E>(found - words.begin() + 1);
  return found != words.end();
}
template <typename E, std::size_t n>
std::string TextOfWord(const std::array<std::string_view, n>& words, E value) {
  return '"' + std::string(words[static_cast<std::size_t>(value) - 1]) + '"';
}

constexpr std::array<std::string_view, 3> kMechanisms = {"order_book", "negotiated", "one_way"};
constexpr std::array<std::string_view, 3> kCloses = {"none", "average", "closing_call"};

// "+08:00"
bool ReadZone(const toml::node& node, VenueRules& rules) {
  const auto* const text = node.as_string();
  if (text == nullptr || text->get().size() != 6) return false;
  const char sign = text->get()[0];
  const auto minutes = MinuteOf(std::string_view(text->get()).substr(1));
  if ((sign != '+' && sign != '-') || !minutes) return false;
  const int offset = sign == '-' ? -*minutes : *minutes;
  if (offset < -720 || offset > 840) return false;
  rules.zone.offset_minutes = static_cast<std::int16_t>(offset);
  return true;
}

bool ReadClosedDays(const toml::node& node, VenueRules& rules) {
  const auto* const list = node.as_array();
  if (list == nullptr) return false;
  std::vector<Date> days;
  for (const toml::node& item : *list) {
    const auto* const day = item.as_date();
    if (day == nullptr) return false;
    const toml::date date = day->get();
    days.push_back(Date::Of(date.year, date.month, date.day));
  }
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  rules.closed_days = std::move(days);
  return true;
}

std::string TextOfDays(const std::vector<Date>& days) {
  std::string text;
  for (const Date day : days) text += (text.empty() ? "" : ", ") + ToString(day);
  return "[" + text + "]";
}

// ---- The keys ----

template <auto field>
bool Minutes(const toml::node& node, SessionType& type) {
  return ReadWhole(node, 0, kMinutesMax, type.*field);
}
template <auto field, std::int64_t low>
bool Quantity(const toml::node& node, SessionType& type) {
  return ReadTonnes(node, low, type.*field);
}
template <auto field>
bool Share(const toml::node& node, SessionType& type) {
  return ReadShare(node, 1, type.*field);
}
template <auto field, typename T>
std::string Whole(const T& from) {
  return std::to_string(from.*field);
}
template <auto field, typename T>
std::string Count(const T& from) {
  return ToString(from.*field);
}
template <auto field>
std::string ShareText(const SessionType& type) {
  return TextOfShare(type.*field);
}

constexpr const char* kMinutesText = "0 to 600 whole minutes";
constexpr const char* kShareText = "0 to 1, at most four decimals";
constexpr const char* kTonnesText = "0 or more whole tonnes";
constexpr const char* kFeeShareText = "0 to 0.10, at most four decimals";
constexpr const char* kFeeMoneyText = "0 to 100, at most two decimals";

}  // namespace

const std::vector<VenueKey>& VenueKeys() {
  using R = VenueRules;
  static const std::vector<VenueKey> keys = {
      {"zone", "an offset from UTC as in \"+08:00\", from \"-12:00\" to \"+14:00\"", "of all hours",
       ReadZone,
       [](const R& rules) {
         const int offset = rules.zone.offset_minutes;
         return std::string(offset < 0 ? "\"-" : "\"+") + TextOfMinute(std::abs(offset)) + '"';
       }},
      {"daylight_saving", "true or false", "one hour more in summer, by the European rule",
       [](const toml::node& node, R& rules) { return ReadFlag(node, rules.zone.daylight_saving); },
       [](const R& rules) { return TextOfFlag(rules.zone.daylight_saving); }},
      {"closed_days", "a list of dates as in [2026-10-01, 2026-10-02]",
       "no trading, beside Saturdays and Sundays", ReadClosedDays,
       [](const R& rules) { return TextOfDays(rules.closed_days); }},
      {"fee_account", "the number of an account at the registry that is no firm's, as in 3",
       "where fees go, an account of kind fees; needed where there are fees",
       [](const toml::node& node, R& rules) {
         std::uint32_t number = 0;
         if (!ReadWhole(node, 0, 0xFFFF'FFFE, number)) return false;
         rules.fee_account = AccountId(number);
         return true;
       },
       [](const R& rules) { return std::to_string(rules.fee_account.raw()); }},
      {"holding_limit_t", kTonnesText,
       "what one member may hold and bid for, of an instrument that is listed without a limit of "
       "its own; 0: none",
       [](const toml::node& node, R& rules) { return ReadTonnes(node, 0, rules.holding_limit); },
       Count<&R::holding_limit, R>},
      {"large_holder_from_t", kTonnesText,
       "who holds so much is reported, in the same way; 0: nobody",
       [](const toml::node& node, R& rules) {
         return ReadTonnes(node, 0, rules.large_holder_from);
       },
       Count<&R::large_holder_from, R>},
      {"bids_per_bidder_max", "1 to 1,000,000", "live bids of one bidder in an auction",
       [](const toml::node& node, R& rules) {
         return ReadWhole(node, 1, 1'000'000, rules.bids_per_bidder_max);
       },
       Whole<&R::bids_per_bidder_max, R>},
  };
  return keys;
}

namespace {

template <auto side>
bool FeeShare(const toml::node& node, SessionType& type) {
  return ReadShare(node, kFeeShareMax, (type.fees.*side).bp);
}
template <auto side>
bool FeeMoney(const toml::node& node, SessionType& type) {
  return ReadPrice(node, kFeePerTonneMax, (type.fees.*side).per_tonne);
}
template <auto side>
std::string FeeShareText(const SessionType& type) {
  return TextOfShare((type.fees.*side).bp);
}
template <auto side>
std::string FeeMoneyText(const SessionType& type) {
  return ToString((type.fees.*side).per_tonne);
}

}  // namespace

const std::vector<SessionKey>& SessionKeys() {
  using S = SessionType;
  using Fees = matching::FeeRates;
  static const std::vector<SessionKey> keys = {
      {"mechanism", "\"order_book\", \"negotiated\" or \"one_way\"",
       "orders meet in a book, two members agree, or one side is announced and the other bids",
       [](const toml::node& node, S& type) { return ReadWord(node, kMechanisms, type.mechanism); },
       [](const S& type) { return TextOfWord(kMechanisms, type.mechanism); }},
      {"hours", "up to four windows in order, as in [\"09:30-11:30\", \"13:00-15:00\"]",
       "of a trading day; [] trades as long as a session is open", ReadHours, TextOfHours},
      {"opening_call_min", kMinutesText, "call auction at the start of the first window; 0: none",
       Minutes<&S::opening_call>, Whole<&S::opening_call, S>},
      {"closing_call_min", kMinutesText, "at the end of the last window; 0: none",
       Minutes<&S::closing_call>, Whole<&S::closing_call, S>},
      {"volatility_call_min", kMinutesText, "after a price left its range; 0: none",
       Minutes<&S::volatility_call>, Whole<&S::volatility_call, S>},
      {"band", kShareText, "+- around the previous close; every price lies within",
       Share<&S::band_bp>, ShareText<&S::band_bp>},
      {"static_range", kShareText, "+- around the last auction's price; 0: none",
       Share<&S::static_range_bp>, ShareText<&S::static_range_bp>},
      {"dynamic_range", kShareText, "+- around the last trade; 0: none",
       Share<&S::dynamic_range_bp>, ShareText<&S::dynamic_range_bp>},
      {"lot_t", "1 or more whole tonnes", "quantities are multiples of it", Quantity<&S::lot, 1>,
       Count<&S::lot, S>},
      {"quantity_from_t", "1 or more whole tonnes", "an order's least",
       Quantity<&S::quantity_from, 1>, Count<&S::quantity_from, S>},
      {"quantity_below_t", kTonnesText, "an order is smaller than this; 0: no end",
       Quantity<&S::quantity_below, 0>, Count<&S::quantity_below, S>},
      {"quantity_max_t", kTonnesText, "an order is not larger than this; 0: no end",
       Quantity<&S::quantity_max, 0>, Count<&S::quantity_max, S>},
      {"open_orders_max", "0 to 1,000,000", "one member's in one instrument; 0: no end",
       [](const toml::node& node, S& type) {
         return ReadWhole(node, 0, 1'000'000, type.open_orders_max);
       },
       Whole<&S::open_orders_max, S>},
      {"ticks",
       "a price above 0, or up to eight rows as in [{ from = 0, tick = 0.01 }, { from = 100, tick "
       "= 0.05 }], ascending, each start a multiple of the ticks on both sides",
       "the steps of prices, from a price on", ReadTicks, TextOfTicks},
      {"visible_levels", "0 to 255", "price levels a side that everybody sees; 0: all",
       [](const toml::node& node, S& type) { return ReadWhole(node, 0, 255, type.visible_levels); },
       [](const S& type) { return std::to_string(int{type.visible_levels}); }},
      {"resale_next_day", "true or false", "T+1: what was bought today is not sold today",
       [](const toml::node& node, S& type) { return ReadFlag(node, type.resale_next_day); },
       [](const S& type) { return TextOfFlag(type.resale_next_day); }},
      {"close", "\"none\", \"average\" or \"closing_call\"",
       "what the day's close is: the previous one, the volume-weighted average, or the closing "
       "call's price, else the last trade's",
       [](const toml::node& node, S& type) { return ReadWord(node, kCloses, type.close); },
       [](const S& type) { return TextOfWord(kCloses, type.close); }},
      {"maker_fee", kFeeShareText, "of the value, from whose order rested; on a desk from both",
       FeeShare<&Fees::maker>, FeeShareText<&Fees::maker>},
      {"taker_fee", kFeeShareText, "of the value, from whose order came second",
       FeeShare<&Fees::taker>, FeeShareText<&Fees::taker>},
      {"maker_fee_per_t", kFeeMoneyText, "money a tonne beside it", FeeMoney<&Fees::maker>,
       FeeMoneyText<&Fees::maker>},
      {"taker_fee_per_t", kFeeMoneyText, "the same of the taker", FeeMoney<&Fees::taker>,
       FeeMoneyText<&Fees::taker>},
  };
  return keys;
}

std::string Shown(const toml::node& node) {
  std::string text;
  if (const auto* const words = node.as_string()) return '"' + words->get() + '"';
  if (const auto* const whole = node.as_integer()) return std::to_string(whole->get());
  if (const auto* const flag = node.as_boolean()) return TextOfFlag(flag->get());
  if (const auto* const real = node.as_floating_point()) {
    std::array<char, 32> shown{};
    std::snprintf(shown.data(), shown.size(), "%.10g", real->get());
    return shown.data();
  }
  if (const auto* const list = node.as_array()) {
    for (const toml::node& item : *list) text += (text.empty() ? "" : ", ") + Shown(item);
    return "[" + text + "]";
  }
  if (const auto* const table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      text += (text.empty() ? "" : ", ") + std::string(key.str()) + " = " + Shown(value);
    }
    return "{ " + text + " }";
  }
  return "a date or time";
}

}  // namespace ets::market
