#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/journal.h"
#include "market/auction_codec.h"
#include "market/auction_plan.h"
#include "market/events.h"
#include "market/inputs.h"
#include "matching/engine_words.h"

// How the exchange's records and snapshots are packed: little-endian, without padding.
namespace ets::market {

// The last enumerator of each enum in an input; all are dense from 1.
template <typename E>
constexpr E kLast = E{};
template <>
constexpr auto kLast<matching::Side> = matching::Side::kSell;
template <>
constexpr auto kLast<matching::TimeInForce> = matching::TimeInForce::kGoodTillDate;
template <>
constexpr auto kLast<matching::OrderType> = matching::OrderType::kStopLimit;
template <>
constexpr auto kLast<matching::SelfTradePrevention> = matching::SelfTradePrevention::kDecrementBoth;
template <>
constexpr auto kLast<Mechanism> = Mechanism::kOneWay;
template <>
constexpr auto kLast<Phase> = Phase::kHalted;
template <>
constexpr auto kLast<CloseRule> = CloseRule::kClosingCall;
template <>
constexpr auto kLast<Channel> = Channel::kOneWay;
template <>
constexpr auto kLast<matching::OrderState> = matching::OrderState::kAtMarket;
template <>
constexpr auto kLast<matching::BookPhase> = matching::BookPhase::kHalted;
template <>
constexpr auto kLast<SourceKind> = SourceKind::kStream;
template <>
constexpr auto kLast<OneWayPricing> = OneWayPricing::kUniform;
template <>
constexpr auto kLast<AuctionPlan::Step::Kind> = AuctionPlan::Step::Kind::kCancelled;

// One list of fields per struct, Fields(io, struct), serves both directions: Writer packs what
// Reader reads back.
class Writer {
 public:
  explicit Writer(std::string& payload) : out_(payload), bytes_(payload) {}

  template <typename... T>
  void operator()(const T&... fields) {
    (Put(fields), ...);
  }
  // Fields that most structs leave at their default: a bit for each that is not, then those.
  template <typename... T>
  void Rare(const T&... fields) {
    std::uint8_t bits = 0;
    std::uint8_t bit = 1;
    ((bits |= fields == T{} ? std::uint8_t{0} : bit, bit = static_cast<std::uint8_t>(bit << 1U)),
     ...);
    bytes_.Put(bits);
    ((fields == T{} ? void() : Put(fields)), ...);
  }
  // The same at the end of a struct, for fields that older journals do not have: nothing at all
  // when every one is at its default.
  template <typename... T>
  void Tail(const T&... fields) {
    if (!((fields == T{}) && ...)) Rare(fields...);
  }

 private:
  template <typename T, typename Tag>
  void Put(const Tagged<T, Tag>& id) {
    bytes_.Put(id.raw());
  }
  void Put(const Tonnes& tonnes) { bytes_.Put(tonnes.count()); }
  void Put(const Money& money) { bytes_.Put(money.minor()); }
  void Put(const Price& price) { bytes_.Put(price.minor_per_tonne()); }
  void Put(const Date& date) { bytes_.Put(date.days()); }
  void Put(const std::string_view& text) { bytes_.PutText(text); }
  void Put(const std::string& text) { bytes_.PutText(text); }
  void Put(const bool& flag) { bytes_.Put(std::uint8_t{flag}); }
  void Put(const Window& window) { (*this)(window.from, window.to); }
  void Put(const TickTable::Row& row) { (*this)(row.from, row.tick); }
  void Put(const matching::ClientOrderId& id) {
    const std::string_view text = id.text();
    bytes_.Put(static_cast<std::uint8_t>(text.size()));
    out_.append(text);
  }
  template <typename T>
  void Put(const std::optional<T>& value) {
    bytes_.Put(std::uint8_t{value.has_value()});
    if (value) Put(*value);
  }
  template <typename T, std::size_t n>
  void Put(const std::array<T, n>& row) {
    for (const T& value : row) Put(value);
  }
  template <typename T>
  void Put(const std::vector<T>& rows) {
    bytes_.Put(static_cast<std::uint32_t>(rows.size()));
    for (const T& row : rows) Put(row);
  }
  template <typename A, typename B>
  void Put(const std::pair<A, B>& both) {
    (*this)(both.first, both.second);
  }
  void Put(const auction::Terms& terms) { WriteTerms(terms, bytes_); }
  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void Put(const T& number) { bytes_.Put(number); }
  template <typename T>
  requires std::is_class_v<T>
  void Put(const T& fields) { Fields(*this, fields); }

  std::string& out_;
  ByteWriter bytes_;
};

class Reader {
 public:
  explicit Reader(ByteReader& bytes) : bytes_(bytes) {}

  template <typename... T>
  void operator()(T&... fields) {
    (Get(fields), ...);
  }
  template <typename... T>
  void Rare(T&... fields) {
    const auto bits = bytes_.Get<std::uint8_t>();
    known_ = known_ && bits >> sizeof...(T) == 0;
    std::uint8_t bit = 1;
    ((GetIf((bits & bit) != 0, fields), bit = static_cast<std::uint8_t>(bit << 1U)), ...);
  }
  template <typename... T>
  void Tail(T&... fields) {
    if (bytes_.empty()) return ((fields = T{}), ...), void();
    Rare(fields...);
    known_ = known_ && !((fields == T{}) && ...);
  }
  // Nothing was missing, and every enumerator exists.
  bool ok() const { return known_ && bytes_.ok(); }

 private:
  // Nothing is written that has its default.
  template <typename T>
  void GetIf(bool present, T& field) {
    field = T{};
    if (!present) return;
    Get(field);
    known_ = known_ && !(field == T{});
  }
  template <typename T, typename Tag>
  void Get(Tagged<T, Tag>& id) {
    id = Tagged<T, Tag>(bytes_.Get<T>());
  }
  void Get(Tonnes& tonnes) { tonnes = Tonnes(bytes_.Get<std::int64_t>()); }
  void Get(Money& money) { money = Money::FromMinor(bytes_.Get<std::int64_t>()); }
  void Get(Price& price) { price = Price::FromMinorPerTonne(bytes_.Get<std::int64_t>()); }
  void Get(Date& date) { date = Date(bytes_.Get<std::int32_t>()); }
  void Get(std::string_view& text) { text = bytes_.GetText(); }
  void Get(std::string& text) { text = bytes_.GetText(); }
  void Get(bool& flag) {
    const auto raw = bytes_.Get<std::uint8_t>();
    known_ = known_ && raw <= 1;
    flag = raw == 1;
  }
  void Get(Window& window) { (*this)(window.from, window.to); }
  void Get(TickTable::Row& row) { (*this)(row.from, row.tick); }
  void Get(matching::ClientOrderId& id) {
    const auto parsed = matching::ClientOrderId::Parse(bytes_.GetBytes(bytes_.Get<std::uint8_t>()));
    known_ = known_ && parsed.has_value();
    id = parsed.value_or(matching::ClientOrderId());
  }
  template <typename T>
  void Get(std::optional<T>& value) {
    bool present = false;
    Get(present);
    if (present) {
      Get(value.emplace());
    } else {
      value.reset();
    }
  }
  template <typename T, std::size_t n>
  void Get(std::array<T, n>& row) {
    for (T& value : row) Get(value);
  }
  template <typename T>
  void Get(std::vector<T>& rows) {
    rows.clear();
    const auto count = bytes_.Get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && bytes_.ok(); ++i) {
      T row{};
      Get(row);
      rows.push_back(std::move(row));
    }
  }
  template <typename A, typename B>
  void Get(std::pair<A, B>& both) {
    (*this)(both.first, both.second);
  }
  void Get(auction::Terms& terms) { known_ = ReadTerms(bytes_, terms) && known_; }
  template <typename T>
  requires std::integral<T>
  void Get(T& number) { number = bytes_.Get<T>(); }
  template <typename E>
  requires std::is_enum_v<E>
  void Get(E& value) {
    static_assert(kLast<E> != E{});
    value = bytes_.Get<E>();
    known_ = known_ && E{} < value && value <= kLast<E>;
  }

  template <typename T>
  requires std::is_class_v<T>
  void Get(T& fields) { Fields(*this, fields); }

  ByteReader& bytes_;
  bool known_ = true;
};

// `in` is const for a Writer.
template <typename In, typename T>
concept Is = std::same_as<std::remove_const_t<In>, T>;

}  // namespace ets::market
